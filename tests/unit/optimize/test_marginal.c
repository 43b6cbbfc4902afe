/* test_marginal.c -- what one more MWh earns, found again by storing a little more and
 * re-solving. */
#include "optimize/marginal.h"

#include <criterion/criterion.h>
#include <math.h>

#include "optimize/exact.h"
#include "support/random_problem.h"

/* The best profit of the intervals from `from` on, with `stored_mwh` at their start. */
static bool rest_profit(const vo_problem *p, size_t from, double stored_mwh, double *profit) {
    vo_problem rest = *p;
    vo_battery b = *p->battery;
    rest.battery = &b;
    rest.n = p->n - from;
    const double *const *column = (const double *const[]){
        p->dt_h,    p->price, p->export_price,    p->charge_limit_mw, p->discharge_limit_mw,
        p->load_mw, p->pv_mw, p->import_limit_mw, p->export_limit_mw, p->carbon_kg_per_mwh};
    const double **const into[] = {&rest.dt_h,
                                   &rest.price,
                                   &rest.export_price,
                                   &rest.charge_limit_mw,
                                   &rest.discharge_limit_mw,
                                   &rest.load_mw,
                                   &rest.pv_mw,
                                   &rest.import_limit_mw,
                                   &rest.export_limit_mw,
                                   &rest.carbon_kg_per_mwh};
    for (size_t i = 0; i < 10; i++) *into[i] = column[i] ? column[i] + from : NULL;
    rest.day = NULL;
    if (b.final_kind == VO_FINAL_AT_LEAST_INITIAL) {
        b.final_kind = VO_FINAL_AT_LEAST;
        b.final_soc = b.initial_soc;
    }
    b.initial_soc = stored_mwh / b.capacity_mwh;
    if (b.initial_soc < b.min_soc || b.initial_soc > b.max_soc) return false;
    vo_exact *e = NULL;
    vo_plan *plan = NULL;
    bool feasible = false, closed = false;
    cr_assert_eq(vo_exact_create(NULL, &e, NULL), VO_OK);
    cr_assert_eq(vo_plan_create(rest.n, 1, &plan, NULL), VO_OK);
    cr_assert_eq(vo_exact_solve(e, &rest, VO_DETAIL_PLAN, plan, &feasible, &closed, NULL),
                 VO_OK);
    *profit = plan->profit;
    vo_plan_free(plan);
    vo_exact_free(e);
    return feasible;
}

Test(marginal, a_little_more_earns_what_the_value_says) {
    vo_exact *e = NULL;
    cr_assert_eq(vo_exact_create(NULL, &e, NULL), VO_OK);
    const uint32_t allowed =
        RANDOM_ALL & ~(uint32_t)(RANDOM_COUPLED | RANDOM_NEGATIVE | RANDOM_CHEAP_BUY |
                                 RANDOM_DAY_CYCLES | RANDOM_CYCLES | RANDOM_START_OUTSIDE);
    size_t more = 0, less = 0;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        random_problem r;
        random_problem_init(&r, seed, random_problem_mask(seed, allowed), 30);
        const vo_reward_source source = vo_reward_open(&r.p);
        vo_plan *plan = NULL;
        bool feasible = false, closed = false;
        cr_assert_eq(vo_plan_create(r.p.n, 1, &plan, NULL), VO_OK);
        cr_assert_eq(vo_exact_solve(e, &r.p, VO_DETAIL_ALL, plan, &feasible, &closed, NULL),
                     VO_OK);
        const double step = 1e-4 * r.p.battery->capacity_mwh;
        for (size_t t = 0; feasible && vo_reward_count_bent(&source) == 0 && t + 1 < r.p.n;
             t += 3) {
            const double stored = plan->stored_mwh[t + 1];
            const bool full = stored + step > source.hi_mwh;
            double here = 0, there = 0;
            if (!rest_profit(&r.p, t + 1, stored, &here) ||
                !rest_profit(&r.p, t + 1, full ? stored - step : stored + step, &there))
                continue;
            const double slope = full ? (here - there) / step : (there - here) / step;
            cr_expect_float_eq(plan->value_of_stored_mwh[t], slope,
                               1e-6 * (1 + fabs(slope)) + 1e-4,
                               "seed %d, interval %zu of %zu: %.9g, re-solved %.9g", (int)seed,
                               t, r.p.n, plan->value_of_stored_mwh[t], slope);
            *(full ? &less : &more) += 1;
        }
        vo_plan_free(plan);
        random_problem_fini(&r);
    }
    cr_expect(more > 300 && less > 30, "%zu and %zu intervals tried", more, less);
    vo_exact_free(e);
}

Test(marginal, energy_left_over_at_the_end_earns_nothing) {
    const double price[] = {20, 61};
    vo_battery b = vo_battery_default();
    vo_problem p = vo_problem_default();
    p.n = 2;
    p.price = price;
    p.battery = &b;
    vo_plan *plan = NULL;
    const vo_schedule_options o = vo_schedule_options_default();
    cr_assert_eq(vo_plan_create(2, 1, &plan, NULL), VO_OK);
    cr_assert_eq(vo_schedule(&p, &o, plan, NULL), VO_OK);
    cr_expect_eq(plan->value_of_stored_mwh[1], 0);
    vo_plan_free(plan);
}
