/* test_cycle.c -- pairs taken greedily, on days whose answer is plain. */
#include "optimize/cycle.h"

#include <criterion/criterion.h>
#include <math.h>

static vo_battery battery(double mwh, double efficiency) {
    vo_battery b = vo_battery_default();
    b.capacity_mwh = mwh;
    b.charge_efficiency = efficiency;
    b.discharge_efficiency = 1;
    return b;
}

static vo_plan *plan_of(const double *price, const int32_t *day, size_t n,
                        const vo_battery *b) {
    vo_problem p = vo_problem_default();
    p.n = n;
    p.price = price;
    p.day = day;
    p.battery = b;
    const vo_schedule_options o = vo_schedule_options_default();
    vo_plan *plan = NULL;
    cr_assert_eq(vo_plan_create(n, 1, &plan, NULL), VO_OK);
    cr_assert_eq(vo_cycle_schedule(&p, &o, plan, NULL), VO_OK);
    cr_assert_eq(plan->verdict, VO_VERDICT_FEASIBLE);
    return plan;
}

static void check_power(const vo_plan *plan, const double *power) {
    for (size_t t = 0; t < plan->n; t++)
        cr_assert_float_eq(plan->power_mw[t], power[t], 1e-12, "power[%zu] = %g, not %g", t,
                           plan->power_mw[t], power[t]);
}

/* The day of the reference table: 1 MW, 1 MWh, no loss. By hand: buy 27 sell 38, buy -10 sell
 * 85, 11 + 95 = 106, which is also the published optimum. */
Test(cycle, two_cycles_of_a_day_are_both_found) {
    const double price[] = {32,  30, 28, 27, 28, 31, 38, 35, 18, 5,  -3, -8,
                            -10, -9, -4, 6,  25, 48, 72, 85, 78, 60, 45, 37};
    const vo_battery b = battery(1, 1);
    vo_plan *plan = plan_of(price, NULL, 24, &b);
    cr_assert_float_eq(plan->profit, 106, 1e-9);
    cr_assert_float_eq(plan->power_mw[12], -1, 1e-12);
    cr_assert_float_eq(plan->power_mw[19], 1, 1e-12);
    cr_assert_float_eq(plan->power_mw[3], -1, 1e-12);
    cr_assert_float_eq(plan->power_mw[6], 1, 1e-12);
    vo_plan_free(plan);
}

Test(cycle, the_limit_keeps_the_best_cycle) {
    const double price[] = {10, 30, 10, 80};
    const double power[] = {0, 0, -1, 1}, swapped[] = {-1, 0, 0, 1};
    vo_battery b = battery(1, 1);
    b.max_cycles_per_day = 1;
    vo_plan *plan = plan_of(price, NULL, 4, &b);
    check_power(plan, plan->power_mw[0] < 0 ? swapped : power); /* both earn 70 */
    cr_assert_float_eq(plan->profit, 70, 1e-12);
    vo_plan_free(plan);
}

Test(cycle, the_allowance_is_new_every_local_day) {
    const double price[] = {10, 30, 20, 40, 10, 30, 20, 40};
    const int32_t day[] = {0, 0, 0, 0, 1, 1, 1, 1};
    vo_battery b = battery(1, 1);
    b.max_cycles_per_day = 1;
    vo_plan *plan = plan_of(price, day, 8, &b);
    cr_assert_float_eq(plan->profit, 60, 1e-12); /* 10 -> 40 each day */
    vo_plan_free(plan);
}

Test(cycle, the_limit_over_the_horizon_is_kept) {
    const double price[] = {10, 30, 10, 40, 10, 30, 10, 40};
    const int32_t day[] = {0, 0, 0, 0, 1, 1, 1, 1};
    vo_battery b = battery(1, 1);
    b.max_cycles = 3;
    vo_plan *plan = plan_of(price, day, 8, &b);
    double out = 0;
    for (size_t t = 0; t < 8; t++) out += fmax(plan->power_mw[t], 0);
    cr_assert_float_eq(out, 3, 1e-12);
    vo_plan_free(plan);
}

Test(cycle, a_full_battery_sells_and_buys_back) {
    const double price[] = {90, 20, 10, 30};
    const double power[] = {1, 0, -1, 0};
    vo_battery b = battery(2, 1);
    b.initial_soc = 1;
    vo_plan *plan = plan_of(price, NULL, 4, &b);
    check_power(plan, power);
    cr_assert_float_eq(plan->profit, 80, 1e-12);
    vo_plan_free(plan);
}

/* Room between the two hours: 2 MWh at 10 fill the battery for 100; the 5 in between is full.
 */
Test(cycle, a_pair_never_overfills_the_battery_between_its_hours) {
    const double price[] = {10, 10, 5, 50, 100, 100};
    const vo_battery b = battery(2, 1);
    vo_plan *plan = plan_of(price, NULL, 6, &b);
    for (size_t t = 0; t <= 6; t++)
        cr_assert(plan->stored_mwh[t] >= 0 && plan->stored_mwh[t] <= 2);
    cr_assert_float_eq(plan->profit, 200 - 15, 1e-12);
    vo_plan_free(plan);
}

Test(cycle, several_batteries_are_refused_with_the_method_that_can) {
    const double price[] = {10, 90};
    const vo_battery two[] = {battery(1, 1), battery(1, 1)};
    vo_problem p = vo_problem_default();
    p.n = 2;
    p.price = price;
    p.battery = two;
    p.n_batteries = 2;
    const vo_schedule_options o = vo_schedule_options_default();
    vo_plan *plan = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_plan_create(2, 2, &plan, NULL), VO_OK);
    cr_assert_eq(vo_cycle_schedule(&p, &o, plan, &err), VO_EUNSUPPORTED);
    cr_assert(strstr(err.msg, "n_batteries") && strstr(err.msg, "lp"));
    vo_plan_free(plan);
}
