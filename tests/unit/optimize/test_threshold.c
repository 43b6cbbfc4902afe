/* test_threshold.c -- percentiles against their definition, the rule against hand-made days. */
#include "optimize/threshold.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "base/random.h"

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The definition, by a full sort. */
static double sorted_percentile(const double *v, size_t n, double q) {
    double *w = malloc(n * sizeof *w);
    for (size_t i = 0; i < n; i++) w[i] = v[i];
    qsort(w, n, sizeof *w, by_value);
    const double rank = q / 100 * (double)(n - 1);
    const size_t k = (size_t)rank;
    const double x = k + 1 < n ? w[k] + (rank - (double)k) * (w[k + 1] - w[k]) : w[n - 1];
    free(w);
    return x;
}

Test(threshold, percentiles_are_those_of_a_full_sort) {
    vo_random g = vo_random_seed(3, 0);
    for (int round = 0; round < 2000; round++) {
        const size_t n = 1 + (size_t)vo_random_below(&g, round < 1900 ? 40 : 3000);
        const int kind = round % 4; /* noise, few values, rising, organ pipe */
        double v[3001], scratch[3001];
        for (size_t i = 0; i < n; i++)
            v[i] = kind == 0   ? vo_random_between(&g, -50, 50)
                   : kind == 1 ? (double)vo_random_below(&g, 3)
                   : kind == 2 ? (double)i
                               : (double)(i < n / 2 ? i : n - i);
        const double a = vo_random_between(&g, 0, 100), b = vo_random_between(&g, 0, 100);
        double low = 0, high = 0;
        cr_assert(vo_threshold_levels(v, n, a, b, scratch, &low, &high));
        cr_assert_float_eq(low, sorted_percentile(v, n, fmin(a, b)), 1e-12);
        cr_assert_float_eq(high, sorted_percentile(v, n, fmax(a, b)), 1e-12);
    }
}

Test(threshold, percentiles_leave_missing_prices_out) {
    const double nan = (double)NAN, v[] = {nan, 30, nan, 10, 20, nan};
    double scratch[6], low = 0, high = 0;
    cr_assert(vo_threshold_levels(v, 6, 0, 50, scratch, &low, &high));
    cr_assert_float_eq(low, 10, 0);
    cr_assert_float_eq(high, 20, 0);
    cr_assert_not(vo_threshold_levels(v, 1, 0, 50, scratch, &low, &high));
}

static vo_battery lossless(void) {
    vo_battery b = vo_battery_default();
    b.capacity_mwh = 2;
    b.charge_efficiency = b.discharge_efficiency = 1;
    return b;
}

static vo_problem hours(const double *price, size_t n, const vo_battery *b) {
    vo_problem p = vo_problem_default();
    p.n = n;
    p.price = price;
    p.battery = b;
    return p;
}

/* 10 10 and 20 are at or below 20, 80 and 90 at or above 80. The third cheap hour finds the
 * battery full. Bought 10 + 10, sold 80 + 90. */
Test(threshold, cheap_hours_charge_and_dear_hours_discharge) {
    const double price[] = {10, 10, 20, 50, 80, 90};
    const double power[] = {-1, -1, 0, 0, 1, 1};
    const vo_battery b = lossless();
    const vo_problem p = hours(price, 6, &b);
    vo_plan *plan = NULL;
    cr_assert_eq(vo_plan_create(6, 1, &plan, NULL), VO_OK);
    cr_assert_eq(vo_threshold_follow(&p, 20, 80, plan, NULL), VO_OK);
    for (size_t t = 0; t < 6; t++) cr_assert_float_eq(plan->power_mw[t], power[t], 0);
    cr_assert_float_eq(plan->profit, 150, 1e-12);
    cr_assert_eq(plan->verdict, VO_VERDICT_FEASIBLE);
    cr_assert_str_eq(plan->method, "threshold");
    cr_assert(isnan(plan->bound) && isnan(plan->value_of_stored_mwh[0]) &&
              isnan(plan->flip_above[5]) && isnan(plan->flip_below[5]));
    vo_plan_free(plan);
}

/* Final = initial = full: the last dear hour may not be used, for nothing could refill after.
 */
Test(threshold, the_end_rule_holds_back_what_could_not_be_refilled) {
    const double price[] = {90, 10, 10, 90};
    vo_battery b = lossless();
    b.initial_soc = 1;
    const vo_problem p = hours(price, 4, &b);
    vo_plan *plan = NULL;
    cr_assert_eq(vo_plan_create(4, 1, &plan, NULL), VO_OK);
    cr_assert_eq(vo_threshold_follow(&p, 10, 90, plan, NULL), VO_OK);
    const double power[] = {1, -1, 0, 0};
    for (size_t t = 0; t < 4; t++) cr_assert_float_eq(plan->power_mw[t], power[t], 0);
    cr_assert_float_eq(plan->profit, 80, 1e-12);
    vo_plan_free(plan);
}

Test(threshold, levels_that_are_not_known_hold) {
    const double price[] = {10, 90};
    const vo_battery b = lossless();
    const vo_problem p = hours(price, 2, &b);
    vo_plan *plan = NULL;
    cr_assert_eq(vo_plan_create(2, 1, &plan, NULL), VO_OK);
    cr_assert_eq(vo_threshold_follow(&p, (double)NAN, (double)NAN, plan, NULL), VO_OK);
    cr_assert_float_eq(plan->power_mw[0], 0, 0);
    cr_assert_float_eq(plan->profit, 0, 0);
    vo_plan_free(plan);
}

Test(threshold, a_flat_market_is_neither_cheap_nor_dear) {
    const double price[] = {40, 40, 40, 40};
    vo_battery b = lossless();
    b.initial_soc = 0.5;
    b.final_kind = VO_FINAL_FREE;
    const vo_problem p = hours(price, 4, &b);
    const vo_schedule_options o = vo_schedule_options_default();
    vo_plan *plan = NULL;
    cr_assert_eq(vo_plan_create(4, 1, &plan, NULL), VO_OK);
    cr_assert_eq(vo_threshold_schedule(&p, &o, plan, NULL), VO_OK);
    for (size_t t = 0; t < 4; t++) cr_assert_float_eq(plan->power_mw[t], 0, 0);
    vo_plan_free(plan);
}

Test(threshold, percentiles_out_of_order_or_range_are_refused_by_name) {
    const double price[] = {10, 90};
    const vo_battery b = lossless();
    const vo_problem p = hours(price, 2, &b);
    vo_plan *plan = NULL;
    cr_assert_eq(vo_plan_create(2, 1, &plan, NULL), VO_OK);
    vo_schedule_options o = vo_schedule_options_default();
    vo_error err = {0};
    o.low_percentile = 101;
    cr_assert_eq(vo_threshold_schedule(&p, &o, plan, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "low_percentile = 101"));
    o.low_percentile = 80;
    cr_assert_eq(vo_threshold_schedule(&p, &o, plan, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "exchange"));
    o.low_percentile = (double)NAN;
    cr_assert_eq(vo_threshold_schedule(&p, &o, plan, &err), VO_EINVAL);
    vo_plan_free(plan);
}
