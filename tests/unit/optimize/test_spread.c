/* test_spread.c -- one round trip a day, on days whose answer is plain. */
#include "optimize/spread.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "base/random.h"

static vo_battery battery(double mwh, double efficiency) {
    vo_battery b = vo_battery_default();
    b.capacity_mwh = mwh;
    b.charge_efficiency = efficiency;
    b.discharge_efficiency = 1;
    return b;
}

static vo_plan *plan_of(const double *price, const int32_t *day, size_t n, const vo_battery *b,
                        double fee) {
    vo_problem p = vo_problem_default();
    p.n = n;
    p.price = price;
    p.day = day;
    p.battery = b;
    p.fee_per_mwh = fee;
    const vo_schedule_options o = vo_schedule_options_default();
    vo_plan *plan = NULL;
    cr_assert_eq(vo_plan_create(n, 1, &plan, NULL), VO_OK);
    cr_assert_eq(vo_spread_schedule(&p, &o, plan, NULL), VO_OK);
    cr_assert_eq(plan->verdict, VO_VERDICT_FEASIBLE);
    return plan;
}

static void check_power(const vo_plan *plan, const double *power) {
    for (size_t t = 0; t < plan->n; t++)
        cr_assert_float_eq(plan->power_mw[t], power[t], 1e-12, "power[%zu] = %g, not %g", t,
                           plan->power_mw[t], power[t]);
}

/* The dearest hour, 100, comes before the cheap ones: it cannot be served. */
Test(spread, the_cheapest_hours_charge_before_the_dearest_after_them) {
    const double price[] = {100, 20, 10, 30, 60, 70, 50};
    const double power[] = {0, -1, -1, 0, 1, 1, 0};
    const vo_battery b = battery(2, 1);
    vo_plan *plan = plan_of(price, NULL, 7, &b, 0);
    check_power(plan, power);
    cr_assert_float_eq(plan->profit, 60 + 70 - 10 - 20, 1e-12);
    vo_plan_free(plan);
}

Test(spread, a_full_battery_sells_first_and_buys_back) {
    const double price[] = {100, 20, 10, 30};
    const double power[] = {1, 0, -1, 0};
    vo_battery b = battery(2, 1);
    b.initial_soc = 1;
    vo_plan *plan = plan_of(price, NULL, 4, &b, 0);
    check_power(plan, power);
    vo_plan_free(plan);
}

/* 10 / 0.5 = 20 per stored MWh: 20 + 2 * 3 / ... does not pay at 25 with a fee of 3 and wear 2:
 * (10 + 3) / 0.5 = 26 > 25 - 3 - 2; it does at 35: 26 < 30. */
Test(spread, a_spread_that_does_not_pay_for_losses_fees_and_wear_is_left) {
    vo_battery b = battery(1, 0.5);
    b.wear_cost_per_mwh = 2;
    const double poor[] = {10, 10, 25}, rich[] = {10, 10, 35};
    vo_plan *plan = plan_of(poor, NULL, 3, &b, 3);
    const double nothing[] = {0, 0, 0}, trade[] = {-1, -1, 1};
    check_power(plan, nothing);
    vo_plan_free(plan);
    plan = plan_of(rich, NULL, 3, &b, 3);
    check_power(plan, trade);
    cr_assert_float_eq(plan->profit, 35 - 3 - 2 - 2 * 13, 1e-12);
    vo_plan_free(plan);
}

/* 10 -> 60 pays, 55 -> 50 does not, and 55 lies on the charging side of every moment that
 * works. */
Test(spread, a_second_pair_that_does_not_pay_is_left) {
    const double price[] = {55, 10, 60, 50};
    const double power[] = {0, -1, 1, 0};
    const vo_battery b = battery(2, 1);
    vo_plan *plan = plan_of(price, NULL, 4, &b, 0);
    check_power(plan, power);
    vo_plan_free(plan);
}

Test(spread, every_local_day_stands_for_itself) {
    const double price[] = {50, 60, 55, 10, 100, 90};
    const int32_t day[] = {0, 0, 0, 1, 1, 1};
    const double power[] = {-1, 1, 0, -1, 1, 0};
    const vo_battery b = battery(1, 1);
    vo_plan *plan = plan_of(price, day, 6, &b, 0);
    check_power(plan, power);
    vo_plan_free(plan);
}

Test(spread, the_daily_cycle_limit_caps_the_trip) {
    const double price[] = {10, 10, 90, 90};
    vo_battery b = battery(2, 1);
    b.max_cycles_per_day = 0.75;
    vo_plan *plan = plan_of(price, NULL, 4, &b, 0);
    double out = 0;
    for (size_t t = 0; t < 4; t++) out += fmax(plan->power_mw[t], 0);
    cr_assert_float_eq(out, 1.5, 1e-12);
    cr_assert_float_eq(plan->profit, 1.5 * 80, 1e-9);
    vo_plan_free(plan);
}

Test(spread, a_full_battery_that_may_end_empty_sells_in_the_dearest_hours) {
    const double price[] = {40, 70, 60, 50};
    const double power[] = {0, 1, 1, 0};
    vo_battery b = battery(2, 1);
    b.initial_soc = 1;
    b.final_kind = VO_FINAL_FREE;
    vo_plan *plan = plan_of(price, NULL, 4, &b, 0);
    check_power(plan, power);
    vo_plan_free(plan);
}

Test(spread, an_exact_end_above_the_start_is_bought_in_the_cheapest_hours) {
    const double price[] = {40, 10, 30, 20};
    const double power[] = {0, -1, 0, -1};
    vo_battery b = battery(2, 1);
    b.final_kind = VO_FINAL_EXACT;
    b.final_soc = 1;
    vo_plan *plan = plan_of(price, NULL, 4, &b, 0);
    check_power(plan, power);
    vo_plan_free(plan);
}

static int rising(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The best of all moments, by sorting both parts of the day for each: 1 MW, no losses. */
static double best_of_all_moments(const double *price, size_t n, size_t hours, bool full) {
    double best = 0, early[300], late[300];
    for (size_t m = 1; m < n; m++) {
        for (size_t i = 0; i < n; i++)
            if (i < m)
                early[i] = full ? -price[i] : price[i];
            else
                late[i - m] = full ? -price[i] : price[i];
        qsort(early, m, sizeof *early, rising);
        qsort(late, n - m, sizeof *late, rising);
        double gain = 0;
        for (size_t k = 0; k < hours && k < m && k < n - m; k++)
            gain += fmax(late[n - m - 1 - k] - early[k], 0);
        best = fmax(best, gain);
    }
    return best;
}

Test(spread, no_other_moment_of_the_day_earns_more) {
    vo_random g = vo_random_seed(5, 0);
    int32_t day[300] = {0};
    double price[300];
    for (int round = 0; round < 600; round++) {
        const size_t n = 2 + (size_t)vo_random_below(&g, round % 10 ? 24 : 298);
        const size_t hours = 1 + (size_t)vo_random_below(&g, 6);
        for (size_t i = 0; i < n; i++)
            price[i] = round % 3 ? vo_random_between(&g, 40, 120) +
                                       30 * sin(6.3 * (double)i / (double)n)
                                 : 10 * (double)vo_random_below(&g, 5);
        vo_battery b = battery((double)hours, 1);
        const bool full = round % 2;
        b.initial_soc = full ? 1 : 0;
        vo_plan *plan = plan_of(price, day, n, &b, 0);
        cr_assert_float_eq(plan->profit, best_of_all_moments(price, n, hours, full), 1e-9,
                           "round %d, %zu hours", round, n);
        vo_plan_free(plan);
    }
}
