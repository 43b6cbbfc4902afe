/* test_policy.c -- the list of policies by name, and what each is allowed to see. */
#include "policy/policy.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/fault_alloc.h"
#include "support/local_hours.h"

static const char *const every[] = {
#define X(name, create, flags, help) #name,
    VO_POLICY_MAP(X)
#undef X
};
#define EVERY (sizeof every / sizeof every[0])

typedef struct {
    vo_series *s;
    vo_battery battery;
    vo_problem site;
    vo_policy_world world;
} bench;

static void set_up(bench *x) {
    x->s = local_hours("UTC", 2016, 2, 1, 10, "guess");
    for (size_t t = 0; t < x->s->n; t++)
        x->s->column[0].value[t] = 40 + 30 * sin((double)t * 0.2618) + (double)(t % 7);
    x->battery = vo_battery_default();
    x->site = vo_problem_default();
    x->site.n = x->s->n;
    x->site.price = x->s->column[0].value;
    x->site.battery = &x->battery;
    x->world = (vo_policy_world){.site = &x->site,
                                 .calendar = x->s,
                                 .longest = 48,
                                 .low_percentile = 25,
                                 .high_percentile = 75};
}

Test(policy, every_name_makes_a_policy_with_the_flags_of_the_list) {
    bench x;
    set_up(&x);
    for (size_t k = 0; k < EVERY; k++) {
        vo_policy *p = NULL;
        cr_assert_eq(vo_policy_create(every[k], &x.world, &p, NULL), VO_OK);
        const bool perfect = strcmp(every[k], "perfect") == 0;
        cr_assert_eq((vo_policy_flags(p) & VO_POLICY_SEES_FUTURE) != 0, perfect);
        cr_assert(strstr(vo_policy_names(), every[k]));
        vo_policy_free(p);
    }
    vo_policy_free(NULL);
    vo_series_free(x.s);
}

Test(policy, a_bad_spec_is_refused_with_what_there_is) {
    bench x;
    set_up(&x);
    vo_policy *p = NULL;
    vo_error err = {0};
    const struct {
        const char *spec, *says;
        vo_status code;
    } bad[] = {{"magic", "perfect, threshold", VO_EINVAL},
               {"", "perfect, threshold", VO_EINVAL},
               {"perfect:naive_day", "no forecaster", VO_EINVAL},
               {"mpc:naive", "naive_day", VO_EINVAL},
               {"mpc:", "naive_day", VO_EINVAL},
               {"mpc:column=nothing", "guess", VO_ENOTFOUND}};
    for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
        cr_assert_eq(vo_policy_create(bad[k].spec, &x.world, &p, &err), bad[k].code, "%s",
                     bad[k].spec);
        cr_assert(strstr(err.msg, bad[k].says), "%s: %s", bad[k].spec, err.msg);
        cr_assert_null(p);
    }
    vo_series_free(x.s);
}

/* The view's row of prices ends where knowledge ends; the real prices of the site are changed
 * behind the policy's back and must not matter. */
Test(policy, only_perfect_plans_differently_when_the_future_changes) {
    bench x;
    set_up(&x);
    double *seen = malloc(x.s->n * sizeof *seen);
    for (size_t k = 0; k < EVERY; k++) {
        double power[2][48];
        for (int world = 0; world < 2; world++) {
            vo_policy *p = NULL;
            cr_assert_eq(vo_policy_create(every[k], &x.world, &p, NULL), VO_OK);
            for (size_t t = 0; t < x.s->n; t++)
                seen[t] = t < 192 ? x.s->column[0].value[t] : (double)NAN;
            cr_assert_eq(vo_policy_fit(p, seen, NULL, 192, NULL), VO_OK);
            for (size_t t = 192; world == 1 && t < x.s->n; t++)
                x.s->column[0].value[t] = -x.s->column[0].value[t];
            const vo_policy_view view = {
                .from = 192,
                .to = 216,
                .known = 192,
                .price = seen,
                .future = strcmp(every[k], "perfect") == 0 ? x.site.price : NULL,
                .day_left_mwh = (double)INFINITY,
                .span_left_mwh = (double)INFINITY,
                .final_kind = VO_FINAL_AT_LEAST};
            cr_assert_eq(vo_policy_plan(p, &view, power[world], NULL), VO_OK);
            for (size_t t = 192; world == 1 && t < x.s->n; t++)
                x.s->column[0].value[t] = -x.s->column[0].value[t];
            cr_assert_eq(vo_policy_count(p).plans, 1);
            vo_policy_free(p);
        }
        const bool same = memcmp(power[0], power[1], 24 * sizeof(double)) == 0;
        cr_assert_eq(same, strcmp(every[k], "perfect") != 0, "%s", every[k]);
    }
    free(seen);
    vo_series_free(x.s);
}

/* Yesterday: cheap at 3, 4 and 5, dear at 10, 11 and 12, all alike; one MWh is moved. Charging
 * at 5 and discharging at 10 holds it shortest, and flat hours see no trade. */
Test(policy, of_equal_plans_the_one_that_holds_energy_shortest_is_taken) {
    bench x;
    set_up(&x);
    x.battery.capacity_mwh = 1;
    x.battery.charge_efficiency = x.battery.discharge_efficiency = 1;
    const char *const spec[] = {"mpc:naive_day", "spread:naive_day", "cycle:naive_day"};
    for (size_t t = 0; t < 24; t++)
        x.s->column[0].value[t] = t >= 3 && t <= 5 ? 10 : t >= 10 && t <= 12 ? 90 : 40;
    for (size_t k = 0; k < 3; k++) {
        vo_policy *p = NULL;
        double power[24];
        const vo_policy_view view = {.from = 24,
                                     .to = 48,
                                     .known = 24,
                                     .price = x.s->column[0].value,
                                     .day_left_mwh = (double)INFINITY,
                                     .span_left_mwh = (double)INFINITY,
                                     .final_kind = VO_FINAL_AT_LEAST};
        cr_assert_eq(vo_policy_create(spec[k], &x.world, &p, NULL), VO_OK);
        cr_assert_eq(vo_policy_plan(p, &view, power, NULL), VO_OK);
        for (int i = 0; i < 24; i++)
            cr_assert_float_eq(power[i],
                               i == 5    ? -1
                               : i == 10 ? 1
                                         : 0,
                               1e-9, "%s at %d: %g", spec[k], i, power[i]);
        vo_policy_free(p);
    }
    vo_series_free(x.s);
}

Test(policy, without_history_a_forecasting_policy_holds_and_says_so) {
    bench x;
    set_up(&x);
    double *seen = malloc(x.s->n * sizeof *seen);
    for (size_t t = 0; t < x.s->n; t++) seen[t] = (double)NAN;
    for (size_t k = 0; k < EVERY; k++) {
        if (strcmp(every[k], "perfect") == 0) continue;
        vo_policy *p = NULL;
        double power[24];
        const vo_policy_view view = {.from = 0,
                                     .to = 24,
                                     .known = 0,
                                     .price = seen,
                                     .day_left_mwh = (double)INFINITY,
                                     .span_left_mwh = (double)INFINITY,
                                     .final_kind = VO_FINAL_AT_LEAST};
        cr_assert_eq(vo_policy_create(every[k], &x.world, &p, NULL), VO_OK);
        if (vo_policy_learns(every[k])) /* it learned once, and now sees nothing */
            cr_assert_eq(vo_policy_fit(p, x.site.price, NULL, 192, NULL), VO_OK);
        cr_assert_eq(vo_policy_plan(p, &view, power, NULL), VO_OK);
        for (int i = 0; i < 24; i++) cr_assert_float_eq(power[i], 0, 0);
        cr_assert_eq(vo_policy_count(p).held, 1);
        vo_policy_free(p);
    }
    free(seen);
    vo_series_free(x.s);
}

Test(policy, out_of_memory_leaks_nothing) {
    bench x;
    set_up(&x);
    for (size_t k = 0; k < EVERY; k++)
        for (int budget = 0;; budget++) {
            fault ft = {.left = budget};
            const vo_alloc alloc = fault_alloc(&ft);
            x.world.alloc = &alloc;
            vo_policy *p = NULL;
            const vo_status st = vo_policy_create(every[k], &x.world, &p, NULL);
            if (st != VO_OK) {
                cr_assert_eq(st, VO_ENOMEM);
                cr_assert_null(p);
                cr_assert_eq(ft.live, 0, "%s leaks after %d", every[k], budget);
                continue;
            }
            vo_policy_free(p);
            cr_assert_eq(ft.live, 0);
            break;
        }
    vo_series_free(x.s);
}
