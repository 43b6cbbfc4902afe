/* test_exact.c -- answers of the exact method, proved without it: by moving prices and energies
 * and solving again, by Lagrange's bound, and by running out of memory at every step. */
#include "optimize/exact.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "optimize/reward.h"
#include "support/random_problem.h"

/* What the sweep does itself: no cycle limits, nothing that couples intervals, no
 * contradiction. */
static const uint32_t features = RANDOM_NEGATIVE | RANDOM_TIES | RANDOM_EXPORT_PRICE |
                                 RANDOM_CHEAP_BUY | RANDOM_FEE | RANDOM_CARBON | RANDOM_LOAD |
                                 RANDOM_PV | RANDOM_CURTAIL | RANDOM_OUTAGE | RANDOM_SOC_RANGE |
                                 RANDOM_FINAL_KIND | RANDOM_UNEVEN | RANDOM_SELF_DISCHARGE |
                                 RANDOM_WEAR | RANDOM_LOSSLESS;
static const uint32_t plain = RANDOM_TIES | RANDOM_EXPORT_PRICE | RANDOM_FEE | RANDOM_CARBON |
                              RANDOM_OUTAGE | RANDOM_SOC_RANGE | RANDOM_FINAL_KIND |
                              RANDOM_UNEVEN | RANDOM_WEAR | RANDOM_LOSSLESS;

static vo_plan *solved(const vo_problem *p, bool *feasible) {
    vo_exact *e = NULL;
    vo_plan *plan = NULL;
    vo_error err = {0};
    bool closed = false;
    cr_assert_eq(vo_plan_create(p->n, 1, &plan, &err), VO_OK);
    cr_assert_eq(vo_exact_create(NULL, &e, &err), VO_OK);
    cr_assert_eq(vo_exact_solve(e, p, VO_DETAIL_ALL, plan, feasible, &closed, &err), VO_OK,
                 "%s", err.msg);
    cr_assert(closed);
    vo_exact_free(e);
    return plan;
}

static double most_price(const vo_problem *p) {
    double most = 1;
    for (size_t t = 0; t < p->n; t++) most = fmax(most, fabs(p->price[t]));
    return most;
}

Test(exact, energy_is_conserved_and_limits_are_kept) {
    for (uint64_t seed = 1; seed <= 600; seed++) {
        random_problem r;
        bool feasible;
        random_problem_init(&r, seed, random_problem_mask(seed, features), 40);
        vo_plan *plan = solved(&r.p, &feasible);
        const vo_battery *b = r.p.battery;
        for (size_t t = 0; t < r.p.n && feasible; t++) {
            const double dt = r.p.dt_h ? r.p.dt_h[t] : r.p.interval_h;
            const vo_battery_interval o = vo_battery_over(b, dt);
            const double u = plan->power_mw[t] * dt;
            const double next = o.keep * plan->stored_mwh[t] - u * (u > 0 ? o.drain : o.gain);
            const double size = 1e-9 * b->capacity_mwh;
            cr_assert(fabs(next - plan->stored_mwh[t + 1]) <= size, "seed %d at %zu", (int)seed,
                      t);
            cr_assert(next >= b->min_soc * b->capacity_mwh - size);
            cr_assert(next <= b->max_soc * b->capacity_mwh + size);
            cr_assert(plan->power_mw[t] <= b->discharge_mw * (1 + 1e-9));
            cr_assert(plan->power_mw[t] >= -b->charge_mw * (1 + 1e-9));
        }
        vo_plan_free(plan);
        random_problem_fini(&r);
    }
}

/* A load that is always 0 changes nothing but which code solves the problem. */
Test(exact, a_load_of_zero_changes_nothing) {
    static const double zero[64];
    for (uint64_t seed = 1; seed <= 800; seed++) {
        random_problem r;
        bool feasible, same;
        random_problem_init(&r, seed, random_problem_mask(seed, plain), 64);
        vo_plan *a = solved(&r.p, &feasible);
        r.p.load_mw = zero;
        vo_plan *b = solved(&r.p, &same);
        cr_assert_eq(feasible, same, "seed %d", (int)seed);
        if (feasible)
            cr_assert(fabs(a->profit - b->profit) <=
                          1e-9 * (fabs(a->profit) + most_price(&r.p)),
                      "seed %d: %.12g alone, %.12g with a load of 0", (int)seed, a->profit,
                      b->profit);
        vo_plan_free(a), vo_plan_free(b);
        r.p.load_mw = NULL;
        random_problem_fini(&r);
    }
}

/* For any prices lambda of stored energy, no plan earns more than
 *     sum max_z [q_t(z) - lambda_t z] + sum max_s [(keep lambda_t - lambda_{t-1}) s],
 * s within the SOC limits, at the ends what the problem fixes; the plan's own meet it. */
static double lagrange(const vo_problem *p, const double *lambda) {
    const vo_battery *b = p->battery;
    const vo_reward_source s = vo_reward_open(p);
    double bound = 0, keep = 1;
    for (size_t t = 0; t < p->n; t++) {
        double x[VO_REWARD_MAX_PIECES + 1], m[VO_REWARD_MAX_PIECES], best = -HUGE_VAL;
        vo_value q = {.x = x, .m = m};
        const vo_reward_simple r = vo_reward_simple_at(&s, t);
        vo_reward_of_simple(&r, &q);
        for (size_t i = 0; i <= q.n; i++) {
            const double u = q.x[i] > 0 ? q.x[i] / r.drain : q.x[i] / r.gain;
            best = fmax(best, vo_reward_cash(&s, t, &r, u) - lambda[t] * q.x[i]);
        }
        keep = r.keep;
        const double at_start = b->initial_soc * b->capacity_mwh;
        const double g = keep * lambda[t] - (t ? lambda[t - 1] : 0);
        bound += best + (t ? fmax(g * s.lo_mwh, g * s.hi_mwh) : g * at_start);
    }
    double lo = s.lo_mwh, hi = s.hi_mwh, g = -lambda[p->n - 1];
    if (b->final_kind == VO_FINAL_AT_LEAST_INITIAL)
        lo = fmax(lo, b->initial_soc * b->capacity_mwh);
    if (b->final_kind == VO_FINAL_AT_LEAST || b->final_kind == VO_FINAL_EXACT)
        lo = fmax(lo, b->final_soc * b->capacity_mwh);
    if (b->final_kind == VO_FINAL_EXACT) hi = b->final_soc * b->capacity_mwh;
    if (b->final_kind == VO_FINAL_VALUE) g += b->final_value_per_mwh;
    return bound + fmax(g * lo, g * hi);
}

Test(exact, the_duals_prove_the_profit) {
    int seen = 0;
    for (uint64_t seed = 1; seed <= 1500; seed++) {
        random_problem r;
        bool feasible;
        const uint32_t allowed = plain | (seed % 3 ? 0 : RANDOM_SELF_DISCHARGE);
        random_problem_init(&r, seed, random_problem_mask(seed, allowed), seed % 10 ? 40 : 400);
        vo_plan *plan = solved(&r.p, &feasible);
        if (feasible) {
            const double bound = lagrange(&r.p, plan->dual_per_mwh);
            const double room =
                1e-8 * (fabs(plan->profit) + most_price(&r.p) * r.battery[0].capacity_mwh);
            cr_assert(fabs(bound - plan->profit) <= room, "seed %d: profit %.12g, bound %.12g",
                      (int)seed, plan->profit, bound);
            seen++;
        }
        vo_plan_free(plan);
        random_problem_fini(&r);
    }
    cr_assert(seen > 1200, "only %d", seen);
}

/* The first interval's direction with its price moved: -1 charges, 0 holds, 1 discharges. */
static int first_direction(vo_problem p, double price) {
    double *moved = malloc(p.n * sizeof *moved);
    memcpy(moved, p.price, p.n * sizeof *moved);
    moved[0] = price;
    p.price = moved;
    bool feasible;
    vo_plan *plan = solved(&p, &feasible);
    const double power = plan->power_mw[0];
    vo_plan_free(plan);
    free(moved);
    return power > 1e-7 ? 1 : power < -1e-7 ? -1 : 0;
}

Test(exact, the_first_decision_flips_exactly_at_its_flip_prices) {
    int seen = 0;
    for (uint64_t seed = 1; seed <= 800; seed++) {
        random_problem r;
        bool feasible;
        const uint32_t flips = RANDOM_NEGATIVE | RANDOM_SOC_RANGE | RANDOM_WEAR |
                               RANDOM_SELF_DISCHARGE | RANDOM_FINAL_KIND;
        random_problem_init(&r, seed, random_problem_mask(seed, flips), 24);
        vo_plan *plan = solved(&r.p, &feasible);
        const int now = first_direction(r.p, r.p.price[0]);
        const double below = plan->flip_below[0], above = plan->flip_above[0];
        const double step = 1e-5 * most_price(&r.p);
        if (feasible && isfinite(above)) {
            cr_assert(above >= r.p.price[0] - step, "seed %d: above %g, price %g", (int)seed,
                      above, r.p.price[0]);
            cr_assert_geq(first_direction(r.p, above + step), now + 1, "seed %d, above %g",
                          (int)seed, above);
            if (above - step > r.p.price[0])
                cr_assert_eq(first_direction(r.p, above - step), now, "seed %d", (int)seed);
            seen++;
        }
        if (feasible && isfinite(below)) {
            cr_assert(below <= r.p.price[0] + step, "seed %d: below %g, price %g", (int)seed,
                      below, r.p.price[0]);
            cr_assert_leq(first_direction(r.p, below - step), now - 1, "seed %d, below %g",
                          (int)seed, below);
            if (below + step < r.p.price[0])
                cr_assert_eq(first_direction(r.p, below + step), now, "seed %d", (int)seed);
            seen++;
        }
        vo_plan_free(plan);
        random_problem_fini(&r);
    }
    cr_assert(seen > 500, "only %d", seen);
}

Test(exact, the_first_decision_alone_is_that_of_the_whole_plan) {
    vo_exact *e = NULL; /* one workspace for all */
    cr_assert_eq(vo_exact_create(NULL, &e, NULL), VO_OK);
    for (uint64_t seed = 1; seed <= 300; seed++) {
        random_problem r;
        bool feasible, same;
        double power = 0;
        random_problem_init(&r, seed, random_problem_mask(seed, features), 60);
        vo_plan *plan = solved(&r.p, &feasible);
        cr_assert_eq(vo_exact_first(e, &r.p, &power, &same, NULL), VO_OK);
        cr_assert_eq(feasible, same);
        if (feasible)
            cr_assert_eq(power, plan->power_mw[0], "seed %d: %.17g, %.17g", (int)seed, power,
                         plan->power_mw[0]);
        vo_plan_free(plan);
        random_problem_fini(&r);
    }
    vo_exact_free(e);
}

Test(exact, solving_again_gives_the_same_bits) {
    vo_exact *e = NULL;
    cr_assert_eq(vo_exact_create(NULL, &e, NULL), VO_OK);
    for (uint64_t seed = 1; seed <= 200; seed++) {
        random_problem r;
        bool feasible, closed;
        random_problem_init(&r, seed, random_problem_mask(seed, features), 300);
        vo_plan *a = solved(&r.p, &feasible), *b = NULL;
        cr_assert_eq(vo_plan_create(r.p.n, 1, &b, NULL), VO_OK);
        cr_assert_eq(vo_exact_solve(e, &r.p, VO_DETAIL_ALL, b, &feasible, &closed, NULL),
                     VO_OK);
        const size_t size = r.p.n * sizeof(double);
        if (feasible)
            cr_assert(memcmp(a->power_mw, b->power_mw, size) == 0 &&
                          memcmp(a->dual_per_mwh, b->dual_per_mwh, size) == 0 &&
                          memcmp(a->flip_below, b->flip_below, size) == 0 &&
                          memcmp(a->flip_above, b->flip_above, size) == 0,
                      "seed %d", (int)seed);
        vo_plan_free(a), vo_plan_free(b);
        random_problem_fini(&r);
    }
    vo_exact_free(e);
}

/* ---- memory --------------------------------------------------------------------------- */

typedef struct {
    int left, held;
} ration;

static void *rationed(void *ctx, size_t size) {
    ration *r = ctx;
    if (r->left-- <= 0) return NULL;
    r->held++;
    return calloc(1, size);
}

static void returned(void *ctx, void *p) {
    ration *r = ctx;
    r->held -= p != NULL;
    free(p);
}

Test(exact, no_memory_at_any_step_is_an_error_and_nothing_leaks) {
    for (uint64_t seed = 1; seed <= 12; seed++) {
        random_problem r;
        random_problem_init(&r, seed, seed % 2 ? 0 : RANDOM_NEGATIVE | RANDOM_LOAD, 300);
        bool done = false;
        for (int allowed = 0; !done && allowed < 60; allowed++) {
            ration given = {allowed, 0};
            const vo_alloc alloc = {rationed, returned, &given};
            vo_exact *e = NULL;
            vo_plan *plan = NULL;
            bool feasible, closed;
            vo_error err = {0};
            cr_assert_eq(vo_plan_create(r.p.n, 1, &plan, NULL), VO_OK);
            vo_status st = vo_exact_create(&alloc, &e, &err);
            if (st == VO_OK)
                st = vo_exact_solve(e, &r.p, VO_DETAIL_ALL, plan, &feasible, &closed, &err);
            done = st == VO_OK;
            cr_assert(done || (st == VO_ENOMEM && err.msg[0]), "seed %d", (int)seed);
            vo_exact_free(e);
            cr_assert_eq(given.held, 0);
            vo_plan_free(plan);
        }
        cr_assert(done);
        random_problem_fini(&r);
    }
}
