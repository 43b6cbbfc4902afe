/* test_proof.c -- bounds that must never be below the best plan, and should touch it. */
#include "optimize/proof.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/brute_force.h"
#include "support/random_problem.h"

static const uint32_t single = RANDOM_ALL & ~(uint32_t)RANDOM_COUPLED;
static const uint32_t bent = RANDOM_NEGATIVE | RANDOM_CHEAP_BUY | RANDOM_EXPORT_LIMIT;
static const uint32_t cycles = RANDOM_DAY_CYCLES | RANDOM_CYCLES;

/* Money that moves in the problem, for what counts as equal. */
static double scale(const vo_problem *p) {
    double price = 1, mwh = 0;
    for (size_t t = 0; t < p->n; t++) {
        const double dt = p->dt_h ? p->dt_h[t] : p->interval_h;
        price = fmax(price, fabs(p->price[t]));
        if (p->export_price) price = fmax(price, fabs(p->export_price[t]));
        mwh += ((p->load_mw ? p->load_mw[t] : 0) + (p->pv_mw ? p->pv_mw[t] : 0)) * dt;
    }
    return (price + p->fee_per_mwh + 100) * (p->battery->capacity_mwh + mwh);
}

static vo_plan *solved(const vo_problem *p, vo_method method) {
    vo_schedule_options o = vo_schedule_options_default();
    o.method = (int32_t)method;
    vo_plan *plan = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_plan_create(p->n, p->n_batteries, &plan, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_schedule(p, &o, plan, &err), VO_OK, "%s", err.msg);
    return plan;
}

/* ---- Lagrangian ----------------------------------------------------------------- */

/* By hand: 1 MWh is full and could be sold for 100. At a worth of 0 it is sold: 100. At 100,
 * selling gains nothing and the MWh itself is worth 100. At 200 buying another gains 100 on top
 * of 200: a bound, but a bad one. */
Test(proof, the_bound_of_one_interval_is_what_a_pencil_says) {
    const double price[] = {100}, worth[][1] = {{0}, {100}, {200}};
    const double by_hand[] = {100, 100, 300};
    vo_battery b = vo_battery_default();
    b.capacity_mwh = 1, b.charge_efficiency = b.discharge_efficiency = 1;
    b.initial_soc = 1, b.final_kind = VO_FINAL_FREE;
    vo_problem p = vo_problem_default();
    p.n = 1, p.price = price, p.battery = &b;
    for (int i = 0; i < 3; i++)
        cr_assert_float_eq(vo_proof_lagrangian(&p, worth[i]), by_hand[i], 1e-9, "%d", i);
    b.max_cycles_per_day = 0.5; /* half of it may be sold */
    cr_assert_float_eq(vo_proof_lagrangian(&p, worth[0]), 50, 1e-6);
    b.max_cycles_per_day = (double)INFINITY;
    b.max_cycles = 0.25;
    cr_assert_float_eq(vo_proof_lagrangian(&p, worth[0]), 25, 1e-6);
    b.max_cycles_per_day = 0.5;
    cr_assert_float_eq(vo_proof_lagrangian(&p, worth[0]), 25, 1e-3);
}

static void draw_worth(vo_random *g, int kind, const vo_plan *plan, double *worth) {
    const double level = vo_random_between(g, -100, 200);
    for (size_t t = 0; t < plan->n; t++) {
        const double noise = vo_random_normal(g);
        worth[t] = kind == 0   ? level
                   : kind == 1 ? 60 * noise
                   : kind == 2 ? plan->dual_per_mwh[t] + noise
                   : kind == 3 ? 1e6 * noise
                   : kind == 4 ? plan->dual_per_mwh[t] * (1 + 1e-6 * noise)
                               : 0;
        if (!isfinite(worth[t])) worth[t] = level;
    }
}

Test(proof, any_worths_bound_the_best_plan) {
    enum { MOST = 30 };
    vo_random g = vo_random_seed(21, 0);
    int draws = 0, limited = 0;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        random_problem r;
        random_problem_init(&r, seed, random_problem_mask(seed, single), MOST);
        vo_plan *plan = solved(&r.p, VO_METHOD_AUTO);
        const double room = 1e-9 * scale(&r.p);
        for (int kind = 0; kind < 6 && plan->verdict == VO_VERDICT_OPTIMAL; kind++) {
            double worth[MOST];
            draw_worth(&g, kind, plan, worth);
            const double bound = vo_proof_lagrangian(&r.p, worth);
            cr_assert(bound >= plan->profit - room - 1e-13 * fabs(bound),
                      "seed %d, kind %d: bound %.12g, yet a plan earns %.12g", (int)seed, kind,
                      bound, plan->profit);
            draws++;
            limited += (r.mask & cycles) != 0;
        }
        vo_plan_free(plan);
        random_problem_fini(&r);
    }
    cr_assert(draws >= 1500 && limited >= 300, "%d, %d", draws, limited);
}

Test(proof, the_right_worths_of_a_concave_problem_leave_no_gap) {
    int seen = 0;
    for (uint64_t seed = 1; seed <= 500; seed++) {
        random_problem r;
        const uint32_t mask =
            random_problem_mask(seed, single & ~(bent | cycles | RANDOM_START_OUTSIDE));
        random_problem_init(&r, seed, mask, 60);
        bool concave = true; /* selling never costs, so nothing is worth burning */
        for (size_t t = 0; t < r.p.n; t++)
            concave = concave && r.p.fee_per_mwh <= r.p.price[t] &&
                      (!r.p.export_price || r.p.export_price[t] >= r.p.fee_per_mwh);
        vo_plan *plan = solved(&r.p, VO_METHOD_AUTO);
        if (concave && strcmp(plan->method, "exact") == 0) {
            const double bound = vo_proof_lagrangian(&r.p, plan->dual_per_mwh);
            cr_assert(fabs(bound - plan->profit) <= 1e-9 * scale(&r.p),
                      "seed %d: bound %.12g, profit %.12g", (int)seed, bound, plan->profit);
            seen++;
        }
        vo_plan_free(plan);
        random_problem_fini(&r);
    }
    cr_assert(seen > 150, "%d", seen);
}

/* ---- the second recursion ------------------------------------------------------- */

Test(proof, the_second_recursion_finds_what_exact_finds) {
    int seen = 0;
    for (uint64_t seed = 1; seed <= 700; seed++) {
        random_problem r;
        const uint32_t mask = random_problem_mask(seed, single & ~cycles) | RANDOM_NEGATIVE;
        random_problem_init(&r, seed, mask, seed % 20 == 0 ? 40 : 14);
        vo_plan *plan = solved(&r.p, VO_METHOD_EXACT);
        if (strcmp(plan->method, "exact") == 0) {
            const double best = vo_proof_recursion(&r.p, 1e8);
            cr_assert(fabs(best - plan->profit) <= 1e-9 * fmax(fabs(best), scale(&r.p)),
                      "seed %d, mask 0x%x: %.12g, exact %.12g", (int)seed, mask, best,
                      plan->profit);
            seen++;
        }
        vo_plan_free(plan);
        random_problem_fini(&r);
    }
    cr_assert(seen > 500, "%d", seen);
}

Test(proof, the_second_recursion_finds_what_trying_everything_finds) {
    int seen = 0;
    for (uint64_t seed = 1; seed <= 1200; seed++) {
        grid_problem g;
        grid_problem_init(&g, seed);
        g.battery.max_cycles = g.battery.max_cycles_per_day = (double)INFINITY;
        const double lo = g.battery.min_soc, hi = g.battery.max_soc, at = g.battery.initial_soc;
        if (!(at >= lo && at <= hi)) continue;
        const brute_force_answer best = brute_force(&g.p);
        if (best.violation > 0) continue;
        const double value = vo_proof_recursion(&g.p, 1e7);
        cr_assert(fabs(value - best.profit) < 1e-9, "seed %d: %.12g, best %.12g", (int)seed,
                  value, best.profit);
        seen++;
    }
    cr_assert(seen > 600, "%d", seen);
}

Test(proof, the_second_recursion_stops_when_its_work_is_used_up) {
    random_problem r;
    random_problem_init(&r, 5, RANDOM_NEGATIVE, 200);
    cr_assert(r.p.n > 20);
    cr_assert(isnan(vo_proof_recursion(&r.p, 0)));
    cr_assert(isnan(vo_proof_recursion(&r.p, 100)));
    const double whole = vo_proof_recursion(&r.p, 1e9);
    cr_assert(isfinite(whole));
    double work = 1;
    while (isnan(vo_proof_recursion(&r.p, work))) work *= 2;
    cr_assert(work > 100 && work < 1e9, "%g", work);
    cr_assert_eq(vo_proof_recursion(&r.p, work), whole); /* never a number in between */
    random_problem_fini(&r);
}

/* An end out of reach has no best plan, and no number is made up for it. */
Test(proof, where_no_plan_keeps_the_limits_there_is_no_best) {
    const double price[] = {10, -10};
    vo_battery b = vo_battery_default();
    b.charge_mw = 0.1, b.final_kind = VO_FINAL_EXACT, b.final_soc = 1;
    vo_problem p = vo_problem_default();
    p.n = 2, p.price = price, p.battery = &b;
    cr_assert(isnan(vo_proof_recursion(&p, 1e6)));
}
