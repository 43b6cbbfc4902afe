/* test_homes.c -- a world is refused where it is wrong, in words that name field, value and remedy. */
#include "community/homes.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "support/village.h"

Test(homes, the_default_battery_is_the_one_of_the_requirements) {
    const vo_home_battery b = vo_home_battery_default();
    cr_assert_eq(vo_home_battery_check(&b, NULL), VO_OK);
    cr_assert_float_eq(b.capacity_kwh, 13.5, 0);
    cr_assert_float_eq(b.max_soc * b.capacity_kwh, 10.8, 1e-12);
    cr_assert_float_eq(b.min_soc, 0.1, 0);
    cr_assert_float_eq(b.charge_efficiency * b.discharge_efficiency, 0.9, 1e-15);
    cr_assert_float_eq(b.charge_kw, 5, 0);
    cr_assert_float_eq(b.discharge_kw, 5, 0);
}

static void refused(const vo_home_battery *b, const char *words) {
    vo_error err = {0};
    cr_assert_eq(vo_home_battery_check(b, &err), VO_EINVAL, "%s", words);
    cr_assert(strstr(err.msg, words), "\"%s\" does not say \"%s\"", err.msg, words);
}

Test(homes, a_battery_outside_its_domain_is_refused_by_field) {
    const vo_home_battery good = vo_home_battery_default();
    vo_home_battery b = good;
    b.capacity_kwh = -1, refused(&b, "capacity_kwh = -1");
    b = good, b.capacity_kwh = (double)INFINITY, refused(&b, "capacity_kwh = inf");
    b = good, b.charge_kw = (double)NAN, refused(&b, "charge_kw = nan");
    b = good, b.discharge_kw = -5, refused(&b, "discharge_kw = -5");
    b = good, b.charge_efficiency = 95, refused(&b, "did you mean 0.95");
    b = good, b.discharge_efficiency = 0, refused(&b, "discharge_efficiency = 0");
    b = good, b.max_soc = 80, refused(&b, "did you mean 0.8");
    b = good, b.min_soc = 0.9, refused(&b, "exchange them");
    b = good, b.initial_soc = 0.05, refused(&b, "begin within");
    b = good, b.initial_soc = (double)NAN, refused(&b, "initial_soc = nan");
    b = good, b.capacity_kwh = 0;
    cr_assert_eq(vo_home_battery_check(&b, NULL), VO_OK, "a home may have no battery");
}

static void world_refused(const village *v, const char *words) {
    vo_error err = {0};
    cr_assert_eq(vo_homes_check(&v->h, &err), VO_EINVAL, "%s", words);
    cr_assert(strstr(err.msg, words), "\"%s\" does not say \"%s\"", err.msg, words);
}

Test(homes, a_world_is_refused_by_field_and_index) {
    village v;
    village_make(&v, 1, 3, 2, 1, 0.5);
    cr_assert_eq(vo_homes_check(&v.h, NULL), VO_OK);
    v.h.homes = 0, world_refused(&v, "homes = 0");
    v.h.homes = (size_t)VO_MAX_HOMES + 1, world_refused(&v, "give 1..4000000"), v.h.homes = 3;
    v.h.first = 96, world_refused(&v, "first = 96 of steps = 96"), v.h.first = 48;
    v.h.dt_h = 0, world_refused(&v, "dt_h = 0"), v.h.dt_h = 0.5;
    v.h.sell = NULL, world_refused(&v, "none of them may be missing"), v.h.sell = v.sell;
    v.h.import_limit_kwh = (double)NAN, world_refused(&v, "import_limit_kwh = nan");
    v.h.import_limit_kwh = 10;
    v.h.export_limit_kwh = -1, world_refused(&v, "export_limit_kwh = -1");
    v.h.export_limit_kwh = 4;
    v.h.feeder_kwh = -1, world_refused(&v, "feeder_kwh = -1"), v.h.feeder_kwh = 1;
    v.h.crew.workers = 2, world_refused(&v, "crew.workers = 2"), v.h.crew.workers = 1;
    v.buy[7] = (double)NAN, world_refused(&v, "buy[7] = nan"), v.buy[7] = 0.3;
    v.sell[9] = 1e9, world_refused(&v, "sell[9] = 1e+09"), v.sell[9] = -0.3;
    v.day[50] = 0, world_refused(&v, "day[50] = 0"), v.day[50] = 1;
    v.start[3] = v.start[2], world_refused(&v, "start[3]"), v.start[3].s += 1800;
    v.battery[2].min_soc = 2, world_refused(&v, "battery of home 3: min_soc");
    v.battery[2] = v.battery[1];
    v.honesty[1] = 3, world_refused(&v, "honesty[1] = 3"), v.honesty[1] = VO_LIES_BIDS;
    cr_assert_eq(vo_homes_check(&v.h, NULL), VO_OK);
    village_free(&v);
}

static vo_status count(void *arg, size_t i, size_t worker, vo_error *err) {
    size_t *calls = arg;
    cr_assert_eq(worker, (size_t)0);
    if (i == 7) return vo_fail(err, VO_EIO, "seven");
    cr_assert_eq(*calls, i, "in order");
    ++*calls;
    return VO_OK;
}

Test(homes, without_a_crew_work_is_done_in_order_until_it_fails) {
    const vo_crew alone = {.workers = 1};
    size_t calls = 0;
    vo_error err = {0};
    cr_assert_eq(vo_crew_run(&alone, 7, count, &calls, &err), VO_OK);
    cr_assert_eq(calls, (size_t)7);
    calls = 0;
    cr_assert_eq(vo_crew_run(&alone, 9, count, &calls, &err), VO_EIO);
    cr_assert_eq(calls, (size_t)7);
    cr_assert_str_eq(err.msg, "seven");
}
