/* test_rules.c -- one suite over the three rules: on random problems with every feature of one
 * battery they keep every limit that can be kept, and never earn more than the optimum. */
#include <volteo/schedule.h>

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "support/random_problem.h"

#define PROBLEMS 1000

static const vo_method rule[] = {VO_METHOD_THRESHOLD, VO_METHOD_SPREAD, VO_METHOD_CYCLE};
#define RULES (sizeof rule / sizeof rule[0])

typedef struct {
    random_problem r;
    vo_plan *best, *plan;
    char features[256];
} trial;

static void begin(trial *x, uint64_t seed, size_t max_n) {
    random_problem_init(&x->r, seed, random_problem_mask(seed, RANDOM_ALL & ~RANDOM_COUPLED),
                        max_n);
    random_problem_names(x->r.mask, x->features, sizeof x->features);
    x->best = x->plan = NULL;
    cr_assert_eq(vo_plan_create(x->r.p.n, 1, &x->best, NULL), VO_OK);
    cr_assert_eq(vo_plan_create(x->r.p.n, 1, &x->plan, NULL), VO_OK);
}

static void end(trial *x) {
    vo_plan_free(x->best);
    vo_plan_free(x->plan);
    random_problem_fini(&x->r);
}

static void solve(const vo_problem *p, vo_method method, vo_plan *plan) {
    vo_schedule_options o = vo_schedule_options_default();
    vo_error err = {0};
    o.method = (int32_t)method;
    o.detail = VO_DETAIL_PLAN;
    cr_assert_eq(vo_schedule(p, &o, plan, &err), VO_OK, "%s: %s", vo_method_name(o.method),
                 err.msg);
}

/* A plan that exists is found: where the optimum keeps all limits, so does every rule. */
Test(rules, limits_hold_and_the_optimum_is_not_beaten, .timeout = 280) {
    double earned[RULES] = {0}, possible = 0;
    int feasible = 0;
    for (uint64_t seed = 0; seed < PROBLEMS; seed++) {
        trial x;
        begin(&x, seed, seed % 50 == 0 ? 400 : 60);
        solve(&x.r.p, VO_METHOD_AUTO, x.best);
        const bool can = x.best->verdict == VO_VERDICT_OPTIMAL;
        for (size_t k = 0; k < RULES; k++) {
            const char *name = vo_method_name((int32_t)rule[k]);
            vo_certificate cert;
            solve(&x.r.p, rule[k], x.plan);
            cr_assert_eq(vo_certify(&x.r.p, x.plan, &cert, NULL), VO_OK);
            cr_assert_float_eq(cert.profit, x.plan->profit, 1e-6 * (1 + fabs(cert.profit)),
                               "seed %d, %s [%s]", (int)seed, name, x.features);
            if (!can) continue;
            cr_assert_eq(x.plan->verdict, VO_VERDICT_FEASIBLE, "seed %d, %s [%s]", (int)seed,
                         name, x.features);
            cr_assert_eq(cert.valid, 1, "seed %d, %s [%s]", (int)seed, name, x.features);
            cr_assert(x.plan->profit <= x.best->profit + 1e-6 * (1 + fabs(x.best->profit)),
                      "seed %d: %s earns %.9g, the optimum %.9g [%s]", (int)seed, name,
                      x.plan->profit, x.best->profit, x.features);
            earned[k] += x.plan->profit;
        }
        feasible += can;
        possible += can ? x.best->profit : 0;
        end(&x);
    }
    cr_assert(feasible > PROBLEMS / 2, "%d", feasible);
    cr_assert(earned[2] > 0.7 * possible, "cycle earns %g of %g", earned[2], possible);
    cr_assert(earned[1] < earned[2] && earned[0] < earned[1]);
}

/* Twice the intervals of half the length: the same market, so nearly the same plan. The
 * threshold rule decides by price alone and must earn exactly the same. */
Test(rules, half_steps_are_whole_steps_for_the_threshold) {
    for (uint64_t seed = 0; seed < 300; seed++) {
        random_problem whole, halves;
        const uint32_t mask = random_problem_mask(seed, RANDOM_NEGATIVE | RANDOM_FEE |
                                                            RANDOM_WEAR | RANDOM_EXPORT_PRICE);
        random_problem_init(&whole, seed, mask, 60);
        whole.battery[0].final_kind = VO_FINAL_FREE;
        random_problem_halve(&whole, &halves);
        vo_plan *a = NULL, *b = NULL;
        cr_assert_eq(vo_plan_create(whole.p.n, 1, &a, NULL), VO_OK);
        cr_assert_eq(vo_plan_create(halves.p.n, 1, &b, NULL), VO_OK);
        vo_schedule_options o = vo_schedule_options_default();
        o.method = VO_METHOD_THRESHOLD;
        o.low_percentile = 0; /* the same for both: the extremes are not interpolated */
        o.high_percentile = 100;
        cr_assert_eq(vo_schedule(&whole.p, &o, a, NULL), VO_OK);
        cr_assert_eq(vo_schedule(&halves.p, &o, b, NULL), VO_OK);
        cr_assert_float_eq(a->profit, b->profit, 1e-6 * (1 + fabs(a->profit)), "seed %d: %g %g",
                           (int)seed, a->profit, b->profit);
        vo_plan_free(a);
        vo_plan_free(b);
        random_problem_fini(&whole);
        random_problem_fini(&halves);
    }
}

/* Refused by field, with the method that can. */
Test(rules, what_couples_intervals_is_refused_with_the_method_that_can) {
    const double price[] = {10, 50};
    const vo_battery b[2] = {vo_battery_default(), vo_battery_default()};
    vo_problem p = vo_problem_default();
    p.n = 2;
    p.price = price;
    p.battery = b;
    vo_problem bad[] = {p, p, p};
    bad[0].demand_charge_per_mw = 1;
    bad[1].ramp_mw_per_h = 1;
    bad[2].n_batteries = 2;
    const char *field[] = {"demand_charge_per_mw", "ramp_mw_per_h", "n_batteries"};
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < RULES; k++) {
            vo_plan *plan = NULL;
            vo_error err = {0};
            vo_schedule_options o = vo_schedule_options_default();
            o.method = (int32_t)rule[k];
            cr_assert_eq(vo_plan_create(2, bad[i].n_batteries, &plan, NULL), VO_OK);
            cr_assert_eq(vo_schedule(&bad[i], &o, plan, &err), VO_EUNSUPPORTED);
            cr_assert(strstr(err.msg, field[i]) && strstr(err.msg, "lp"), "%s", err.msg);
            vo_plan_free(plan);
        }
}
