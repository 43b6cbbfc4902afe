/* Days alone: each day's plan, money and proof side by side. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "engine/solution.h"

/* Day 0 can earn 50 - 10 = 40 on one MWh, day 1 can earn 30 - 20 = 10; together, buying at 10
 * twice is not possible with 1 MWh, so alone and together agree but for carrying. */
static const double price[] = {10, 50, 20, 30};
static const int32_t day[] = {0, 0, 1, 1};

static vo_problem problem(vo_battery *b) {
    *b = vo_battery_default();
    b->charge_mw = b->discharge_mw = b->capacity_mwh = 1;
    b->charge_efficiency = b->discharge_efficiency = 1;
    b->final_kind = VO_FINAL_EXACT;
    vo_problem p = vo_problem_default();
    p.n = 4, p.price = price, p.day = day, p.battery = b;
    return p;
}

Test(solution, days_alone_add_up_and_start_at_the_initial_soc) {
    vo_battery b;
    const vo_problem p = problem(&b);
    const vo_engine_options eo = vo_engine_options_default();
    const vo_schedule_options so = vo_schedule_options_default();
    vo_solution s = {0};
    vo_error err = {0};
    cr_assert_eq(vo_solution_find(&p, &so, true, &eo, &s, &err), VO_OK, "%s", err.msg);
    cr_expect_float_eq(s.plan->profit, 50, 1e-9);
    cr_expect_float_eq(s.cert.profit, 50, 1e-9);
    cr_expect(s.cert.valid);
    cr_expect_float_eq(s.plan->stored_mwh[2], 0, 1e-12);
    cr_expect_float_eq(s.end_mwh[0], 1, 1e-12);
    cr_expect_float_eq(s.end_mwh[1], 0, 1e-12);
    cr_expect_float_eq(s.end_mwh[2], 1, 1e-12);
    vo_solution_fini(&s);
}

Test(solution, energy_may_jump_at_midnight_when_it_is_not_sold) {
    static const double negative[] = {-5, 1, 20, 30};
    vo_battery b;
    vo_problem p = problem(&b);
    p.price = negative;
    b.final_kind = VO_FINAL_AT_LEAST;
    b.final_soc = 1;
    const vo_engine_options eo = vo_engine_options_default();
    const vo_schedule_options so = vo_schedule_options_default();
    vo_solution s = {0};
    vo_error err = {0};
    cr_assert_eq(vo_solution_find(&p, &so, true, &eo, &s, &err), VO_OK, "%s", err.msg);
    cr_expect_float_eq(s.end_mwh[1], 1, 1e-12, "the first day ends full");
    cr_expect_float_eq(s.plan->stored_mwh[2], 0, 1e-12, "the second starts empty");
    cr_expect_float_eq(s.plan->profit, 5 - 20, 1e-9);
    vo_solution_fini(&s);
}

Test(solution, what_couples_days_is_refused_for_days_alone) {
    vo_battery b;
    vo_problem p = problem(&b);
    p.demand_charge_per_mw = 5;
    const vo_engine_options eo = vo_engine_options_default();
    const vo_schedule_options so = vo_schedule_options_default();
    vo_solution s = {0};
    vo_error err = {0};
    cr_expect_eq(vo_solution_find(&p, &so, true, &eo, &s, &err), VO_EUNSUPPORTED);
    cr_expect(strstr(err.msg, "demand_charge_per_mw"), "%s", err.msg);
    cr_expect_null(s.plan);
    p.demand_charge_per_mw = 0;
    p.ramp_mw_per_h = 0.5;
    cr_expect_eq(vo_solution_find(&p, &so, true, &eo, &s, &err), VO_EUNSUPPORTED);
    cr_expect(strstr(err.msg, "ramp_mw_per_h = 0.5"), "%s", err.msg);
    p.ramp_mw_per_h = (double)INFINITY;
    b.max_cycles = 1;
    cr_expect_eq(vo_solution_find(&p, &so, true, &eo, &s, &err), VO_EUNSUPPORTED);
    cr_expect(strstr(err.msg, "max_cycles = 1"), "%s", err.msg);
    b.max_cycles = (double)INFINITY;
    cr_expect_eq(vo_solution_find(&p, &so, true, &eo, &s, &err), VO_OK);
    cr_expect(s.cert.proved && s.cert.bound_recomputed);
    vo_solution_fini(&s);
}

static int32_t stop(void *ctx, const char *phase, double fraction) {
    (void)phase, (void)fraction;
    ++*(int *)ctx;
    return 1;
}

Test(solution, the_callback_stops_the_work) {
    vo_battery b;
    const vo_problem p = problem(&b);
    int calls = 0;
    vo_engine_options eo = vo_engine_options_default();
    eo.progress = stop, eo.progress_ctx = &calls;
    const vo_schedule_options so = vo_schedule_options_default();
    vo_solution s = {0};
    vo_error err = {0};
    cr_expect_eq(vo_solution_find(&p, &so, true, &eo, &s, &err), VO_ECANCELED);
    cr_expect_eq(calls, 1);
}

/* Only where answers are bounded, and only for the method that needs it. */
Test(solution, where_answers_are_bounded_a_large_linear_program_is_refused) {
    enum { MANY = 200001 };
    static double many[MANY];
    static int32_t one_day[MANY];
    for (int t = 0; t < MANY; t++) many[t] = t % 24;
    vo_battery b;
    vo_problem p = problem(&b);
    p.n = MANY, p.price = many, p.day = one_day;
    vo_engine_options eo = vo_engine_options_default();
    vo_schedule_options so = vo_schedule_options_default();
    vo_solution s = {0};
    vo_error err = {0};
    eo.most_bytes = 1 << 20;
    so.method = VO_METHOD_LP;
    so.time_limit_s = 0.01;
    cr_expect_eq(vo_solution_find(&p, &so, false, &eo, &s, &err), VO_EUNSUPPORTED);
    cr_expect(strstr(err.msg, "200001 intervals times 1 batteries"), "%s", err.msg);
    vo_solution_fini(&s);
    so.method = VO_METHOD_EXACT;
    cr_expect_eq(vo_solution_find(&p, &so, false, &eo, &s, &err), VO_OK, "%s", err.msg);
    vo_solution_fini(&s);
}
