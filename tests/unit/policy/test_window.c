/* test_window.c -- a look ahead is the site's problem, cut and started where the battery is. */
#include "policy/window.h"

#include <criterion/criterion.h>
#include <math.h>

#include "support/local_hours.h"

typedef struct {
    vo_series *s;
    vo_battery battery;
    vo_problem site;
    vo_policy_world world;
    vo_window *w;
} bench;

static void set_up(bench *x, int days) {
    x->s = local_hours("UTC", 2016, 2, 1, days, NULL);
    x->battery = vo_battery_default();
    x->battery.capacity_mwh = 2;
    x->battery.charge_efficiency = x->battery.discharge_efficiency = 1;
    x->site = vo_problem_default();
    x->site.n = x->s->n;
    x->site.price = x->s->column[0].value;
    x->site.battery = &x->battery;
    x->world = (vo_policy_world){.site = &x->site, .calendar = x->s, .longest = x->s->n};
    cr_assert_eq(vo_window_create(&x->world, &x->w, NULL), VO_OK);
}

static void tear_down(bench *x) {
    vo_window_free(x->w);
    vo_series_free(x->s);
}

static vo_policy_view view_of(size_t from, size_t to, double stored_mwh) {
    return (vo_policy_view){.from = from,
                            .to = to,
                            .known = from,
                            .stored_mwh = stored_mwh,
                            .day_left_mwh = (double)INFINITY,
                            .span_left_mwh = (double)INFINITY,
                            .final_kind = VO_FINAL_AT_LEAST,
                            .final_soc = 0};
}

static const double price[] = {50, 10, 20, 90, 80, 30};

Test(window, it_starts_with_the_energy_there_is) {
    bench x;
    set_up(&x, 1);
    double power[6];
    vo_policy_view v = view_of(6, 12, 2);
    cr_assert_eq(vo_window_solve(x.w, &v, price, NULL, VO_METHOD_EXACT, 0, power, NULL), VO_OK);
    /* sells 1 at 50, buys at 10, sells 90 and 80: by hand 50 - 10 + 170 */
    double cash = 0;
    for (int i = 0; i < 6; i++) cash += price[i] * power[i];
    cr_assert_float_eq(cash, 210, 1e-9);
    v.stored_mwh = 0;
    cr_assert_eq(vo_window_solve(x.w, &v, price, NULL, VO_METHOD_EXACT, 0, power, NULL), VO_OK);
    cash = 0;
    for (int i = 0; i < 6; i++) cash += price[i] * power[i];
    cr_assert_float_eq(cash, 140, 1e-9);
    tear_down(&x);
}

Test(window, what_is_left_of_today_is_all_that_is_discharged_today) {
    bench x;
    set_up(&x, 2);
    x.battery.max_cycles_per_day = 1;
    const vo_method method[] = {VO_METHOD_EXACT, VO_METHOD_SPREAD, VO_METHOD_CYCLE};
    for (size_t k = 0; k < 3; k++) {
        double power[6];
        vo_policy_view v = view_of(6, 12, 2);
        v.day_left_mwh = 0.25;
        cr_assert_eq(vo_window_solve(x.w, &v, price, NULL, method[k], 0, power, NULL), VO_OK);
        double out = 0;
        for (int i = 0; i < 6; i++) out += fmax(power[i], 0);
        cr_assert(out <= 0.25 + 1e-9 && out > 0.2, "%s discharges %g",
                  vo_method_name((int32_t)method[k]), out);
    }
    /* across midnight: today's intervals are capped one by one, tomorrow is free */
    double power[6];
    vo_policy_view v = view_of(21, 27, 2);
    v.day_left_mwh = 0;
    cr_assert_eq(vo_window_solve(x.w, &v, price, NULL, VO_METHOD_EXACT, 0, power, NULL), VO_OK);
    for (int i = 0; i < 3; i++) cr_assert(power[i] <= 0);
    cr_assert_float_eq(power[3] + power[4], 2, 1e-9);
    tear_down(&x);
}

Test(window, what_is_left_of_the_span_is_all_that_is_discharged) {
    bench x;
    set_up(&x, 1);
    x.battery.max_cycles = 5;
    double power[6];
    vo_policy_view v = view_of(0, 6, 2);
    v.span_left_mwh = 0.5;
    cr_assert_eq(vo_window_solve(x.w, &v, price, NULL, VO_METHOD_EXACT, 0, power, NULL), VO_OK);
    double out = 0;
    for (int i = 0; i < 6; i++) out += fmax(power[i], 0);
    cr_assert_float_eq(out, 0.5, 1e-9);
    tear_down(&x);
}

Test(window, only_the_first_action_is_that_of_the_whole_plan) {
    bench x;
    set_up(&x, 1);
    for (int k = 0; k <= 8; k++) {
        double all[6], first[6];
        vo_policy_view v = view_of(3, 9, 0.25 * k);
        v.final_soc = 0.3;
        cr_assert_eq(vo_window_solve(x.w, &v, price, NULL, VO_METHOD_EXACT, 0, all, NULL),
                     VO_OK);
        v.only_first = 1;
        cr_assert_eq(vo_window_solve(x.w, &v, price, NULL, VO_METHOD_EXACT, 0, first, NULL),
                     VO_OK);
        cr_assert_float_eq(all[0], first[0], 1e-9);
    }
    tear_down(&x);
}

Test(window, a_gain_too_small_to_care_about_is_left) {
    bench x;
    set_up(&x, 1);
    const double nearly_flat[] = {30, 30, 31, 30, 30, 30};
    const vo_method method[] = {VO_METHOD_EXACT, VO_METHOD_SPREAD, VO_METHOD_CYCLE};
    for (size_t k = 0; k < 3; k++) {
        double trade[6], idle[6];
        const vo_policy_view v = view_of(0, 6, 0);
        cr_assert_eq(vo_window_solve(x.w, &v, nearly_flat, NULL, method[k], 0.9, trade, NULL),
                     VO_OK);
        cr_assert_float_eq(trade[2], 1, 1e-9);
        cr_assert_eq(vo_window_solve(x.w, &v, nearly_flat, NULL, method[k], 1.1, idle, NULL),
                     VO_OK);
        for (int i = 0; i < 6; i++) cr_assert_float_eq(idle[i], 0, 0);
    }
    tear_down(&x);
}

Test(window, an_end_out_of_reach_still_gets_a_plan) {
    bench x;
    set_up(&x, 1);
    double power[2];
    vo_policy_view v = view_of(0, 2, 0);
    v.final_kind = VO_FINAL_EXACT;
    v.final_soc = 0.75; /* 1.5 MWh in two hours is possible, 2 MW in one is not */
    cr_assert_eq(vo_window_solve(x.w, &v, price, NULL, VO_METHOD_EXACT, 0, power, NULL), VO_OK);
    cr_assert_float_eq(power[0] + power[1], -1.5, 1e-9);
    v.to = 1;
    cr_assert_eq(vo_window_solve(x.w, &v, price, NULL, VO_METHOD_EXACT, 0, power, NULL), VO_OK);
    cr_assert_float_eq(power[0], -1, 1e-6);
    tear_down(&x);
}

Test(window, a_site_that_couples_intervals_is_refused_by_field) {
    bench x;
    set_up(&x, 1);
    vo_window *w = NULL;
    vo_error err = {0};
    x.site.demand_charge_per_mw = 1;
    cr_assert_eq(vo_window_create(&x.world, &w, &err), VO_EUNSUPPORTED);
    cr_assert(strstr(err.msg, "demand_charge_per_mw"));
    x.site.demand_charge_per_mw = 0;
    x.site.ramp_mw_per_h = 1;
    cr_assert_eq(vo_window_create(&x.world, &w, &err), VO_EUNSUPPORTED);
    cr_assert(strstr(err.msg, "ramp_mw_per_h"));
    cr_assert_null(w);
    tear_down(&x);
}
