/* test_schedule_agreement.c -- every optimal back-end of vo_schedule, on the same problems.
 *
 * What one method says must be what the others say, what trying everything says, and what the
 * certificate re-computes. A failure prints seed, size and the features it shrank to.
 */
#include <volteo/schedule.h>

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "optimize/lp_highs.h"
#include "port/thread.h"
#include "support/brute_force.h"
#include "support/random_problem.h"

static const char *const back_end[] = {"exact", "lp", "auto"};
enum { EXACT, LP, AUTO, BACK_ENDS };

static vo_schedule_options options_for(int which) {
    vo_schedule_options o = vo_schedule_options_default();
    vo_method method = VO_METHOD_AUTO;
    cr_assert_eq(vo_method_parse(back_end[which], &method, NULL), VO_OK);
    o.method = (int32_t)method;
    return o;
}

static vo_plan *solved(const vo_problem *p, int which) {
    const vo_schedule_options o = options_for(which);
    vo_plan *plan = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_plan_create(p->n, p->n_batteries, &plan, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_schedule(p, &o, plan, &err), VO_OK, "%s: %s", back_end[which], err.msg);
    return plan;
}

/* Money that is lost in rounding: 1e-7 of the profit, or a billionth of a full battery. */
static double allowed(const vo_problem *p, double a, double b) {
    double price = 1, mwh = 0;
    for (size_t t = 0; t < p->n; t++) price = fmax(price, fabs(p->price[t]));
    for (size_t k = 0; k < p->n_batteries; k++) mwh += p->battery[k].capacity_mwh;
    return 1e-7 * fmax(fabs(a), fabs(b)) + 1e-9 * price * mwh;
}

static double violated(const vo_plan *plan) {
    double sum = 0;
    for (int32_t i = 0; i < plan->n_violations; i++) sum += plan->violation[i].amount;
    return sum;
}

/* NULL, or what is wrong with a plan seen alone. */
static const char *complaint(const vo_problem *p, const vo_plan *plan) {
    static char text[256];
    vo_certificate c;
    vo_error err = {0};
    if (vo_certify(p, plan, &c, &err) != VO_OK) {
        snprintf(text, sizeof text, "no certificate: %.200s", err.msg);
        return text;
    }
    const bool whole = plan->verdict == VO_VERDICT_OPTIMAL;
    if (whole && !c.valid) {
        int worst = 0;
        for (int i = 1; i < VO_LIMIT_COUNT; i++)
            if (c.limit_excess[i] > c.limit_excess[worst]) worst = i;
        snprintf(text, sizeof text,
                 "not valid: %s by %g, residual %g, profit %.9g claimed %.9g",
                 vo_limit_name(worst), c.limit_excess[worst], c.energy_residual_mwh, c.profit,
                 c.profit_claimed);
        return text;
    }
    if (whole && !(plan->bound >= plan->profit - allowed(p, plan->bound, plan->profit)))
        return "bound below profit";
    if (!whole && plan->n_violations == 0) return "not optimal, yet nothing is violated";
    return NULL;
}

/* NULL, or how the back-ends differ on p. */
static const char *disagreement(const vo_problem *p) {
    static char text[320];
    vo_plan *a = solved(p, EXACT), *b = solved(p, LP);
    const double room = allowed(p, a->profit, b->profit);
    const char *wrong = complaint(p, a);
    if (wrong) {
        snprintf(text, sizeof text, "exact: %.256s", wrong);
    } else if ((wrong = complaint(p, b)) != NULL) {
        snprintf(text, sizeof text, "lp: %.256s", wrong);
    } else if (a->verdict != b->verdict || !(fabs(a->profit - b->profit) <= room) ||
               !(fabs(violated(a) - violated(b)) <= 1e-6)) {
        wrong = text;
        snprintf(text, sizeof text, "%s %.12g (%s), lp %.12g (%s)", a->method, a->profit,
                 vo_verdict_name(a->verdict), b->profit, vo_verdict_name(b->verdict));
    } else if (b->profit > a->bound + room || a->profit > b->bound + room) {
        wrong = text;
        snprintf(text, sizeof text, "profit %.12g above bound %.12g", b->profit, a->bound);
    }
    vo_plan_free(a);
    vo_plan_free(b);
    return wrong ? text : NULL;
}

static bool they_disagree(const random_problem *r) { return disagreement(&r->p) != NULL; }

static void agree_on(uint64_t seed, uint32_t mask, size_t max_n) {
    random_problem r;
    random_problem_init(&r, seed, mask, max_n);
    const bool failed = they_disagree(&r);
    random_problem_fini(&r);
    if (!failed) return;
    char names[400];
    random_problem_shrink(seed, &mask, &max_n, they_disagree);
    random_problem_names(mask, names, sizeof names);
    random_problem_init(&r, seed, mask, max_n);
    const char *how = disagreement(&r.p);
    cr_assert(false, "seed %llu, at most %zu intervals (%zu), mask 0x%x (%s): %s",
              (unsigned long long)seed, max_n, r.p.n, mask, names, how ? how : "?");
}

static const uint32_t single = RANDOM_ALL & ~(uint32_t)RANDOM_COUPLED;

Test(schedule_agreement, exact_and_lp_agree_on_two_thousand_random_problems, .timeout = 280) {
    int exact = 0;
    for (uint64_t seed = 1; seed <= 2600; seed++) {
        const uint32_t mask = random_problem_mask(seed, single);
        const size_t max_n = seed % 100 == 0 ? 150 : seed % 5 == 0 ? 40 : 14;
        agree_on(seed, mask, max_n);
        random_problem r;
        random_problem_init(&r, seed, mask, max_n);
        vo_plan *plan = solved(&r.p, EXACT);
        exact += strcmp(plan->method, "exact") == 0;
        vo_plan_free(plan);
        random_problem_fini(&r);
    }
    cr_assert(exact >= 2000, "only %d were solved by the exact method itself", exact);
}

Test(schedule_agreement, they_agree_on_long_horizons) {
    const uint32_t masks[] = {0,
                              RANDOM_WEAR | RANDOM_EXPORT_PRICE,
                              RANDOM_NEGATIVE,
                              RANDOM_NEGATIVE | RANDOM_LOAD | RANDOM_PV | RANDOM_CURTAIL,
                              RANDOM_DAY_CYCLES,
                              RANDOM_SELF_DISCHARGE | RANDOM_TIES};
    for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++)
        for (uint64_t seed = 1; seed <= 2; seed++) agree_on(seed, masks[i], 1200);
}

Test(schedule_agreement, every_back_end_finds_what_trying_everything_finds) {
    for (uint64_t seed = 5000; seed < 6000; seed++) {
        grid_problem g;
        grid_problem_init(&g, seed);
        const brute_force_answer best = brute_force(&g.p);
        for (int which = 0; which < BACK_ENDS; which++) {
            vo_plan *plan = solved(&g.p, which);
            cr_assert(fabs(violated(plan) - best.violation) < 1e-6 &&
                          fabs(plan->profit - best.profit) < 1e-5,
                      "seed %d, %s: profit %.9f, violation %.9f; best is %.9f, %.9f", (int)seed,
                      back_end[which], plan->profit, violated(plan), best.profit,
                      best.violation);
            const char *wrong = complaint(&g.p, plan);
            cr_assert(wrong == NULL, "seed %d, %s: %s", (int)seed, back_end[which], wrong);
            vo_plan_free(plan);
        }
    }
}

/* ---- what couples intervals ------------------------------------------------------- */

Test(schedule_agreement, coupled_problems_are_solved_certified_and_never_earn_more) {
    for (uint64_t seed = 1; seed <= 400; seed++) {
        random_problem r;
        random_problem_init(&r, seed, random_problem_mask(seed, RANDOM_ALL), 16);
        vo_plan *plan = solved(&r.p, AUTO);
        const char *wrong = complaint(&r.p, plan);
        cr_assert(wrong == NULL, "seed %d: %s", (int)seed, wrong);
        vo_problem loose = r.p;
        loose.demand_charge_per_mw = 0;
        loose.ramp_mw_per_h = (double)INFINITY;
        vo_plan *more = solved(&loose, AUTO);
        if (plan->verdict == VO_VERDICT_OPTIMAL)
            cr_assert(more->profit >= plan->profit - allowed(&r.p, more->profit, plan->profit),
                      "seed %d: %.9g with fewer limits, %.9g with more", (int)seed,
                      more->profit, plan->profit);
        vo_plan_free(more);
        vo_plan_free(plan);
        random_problem_fini(&r);
    }
}

Test(schedule_agreement, exact_refuses_what_couples_intervals_and_names_it) {
    const struct {
        uint32_t feature;
        const char *name;
    } coupled[] = {
        {RANDOM_DEMAND, "demand"}, {RANDOM_RAMP, "ramp"}, {RANDOM_SEVERAL, "batter"}};
    for (size_t i = 0; i < 3; i++) {
        random_problem r;
        random_problem_init(&r, 3, coupled[i].feature, 16);
        const vo_schedule_options o = options_for(EXACT);
        vo_plan *plan = NULL;
        vo_error err = {0};
        cr_assert_eq(vo_plan_create(r.p.n, r.p.n_batteries, &plan, NULL), VO_OK);
        cr_assert_eq(vo_schedule(&r.p, &o, plan, &err), VO_EUNSUPPORTED);
        cr_assert(strstr(err.msg, coupled[i].name) && strstr(err.msg, "lp"), "%s", err.msg);
        vo_plan_free(plan);
        random_problem_fini(&r);
    }
}

/* ---- properties --------------------------------------------------------------------- */

/* Where no interval's reward bends the wrong way, an hour cut in two changes nothing. Left out:
 * negative prices (two halves may do what one interval may not: charge and discharge), losses
 * over time (half an hour later is less lost), and export limits that must be met by waste. */
Test(schedule_agreement, half_steps_earn_what_whole_steps_earn) {
    const uint32_t concave =
        single & ~(uint32_t)(RANDOM_NEGATIVE | RANDOM_CHEAP_BUY | RANDOM_SELF_DISCHARGE |
                             RANDOM_EXPORT_LIMIT | RANDOM_START_OUTSIDE);
    int seen = 0;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        random_problem whole, halves;
        random_problem_init(&whole, seed, random_problem_mask(seed, concave), 30);
        random_problem_halve(&whole, &halves);
        bool bends = false;
        for (size_t t = 0; t < whole.p.n; t++) {
            const double sell =
                whole.p.export_price ? whole.p.export_price[t] : whole.p.price[t];
            bends = bends || sell - whole.p.fee_per_mwh < 0;
        }
        for (int which = 0; which < 2 && !bends; which++) {
            vo_plan *a = solved(&whole.p, which), *b = solved(&halves.p, which);
            cr_assert_eq(a->verdict, b->verdict);
            const double room = 1e-9 * fmax(1, fabs(a->profit)) * (which == LP ? 100 : 1);
            if (a->verdict == VO_VERDICT_OPTIMAL)
                cr_assert(fabs(a->profit - b->profit) <= room,
                          "seed %d, %s: %.12g in whole steps, %.12g in halves", (int)seed,
                          back_end[which], a->profit, b->profit);
            seen += a->verdict == VO_VERDICT_OPTIMAL;
            vo_plan_free(a);
            vo_plan_free(b);
        }
        random_problem_fini(&whole);
        random_problem_fini(&halves);
    }
    cr_assert(seen > 300, "only %d", seen);
}

static void same_bits(const vo_plan *a, const vo_plan *b, const char *what) {
    const size_t size = a->n * a->n_batteries * sizeof(double);
    cr_assert(memcmp(a->power_mw, b->power_mw, size) == 0 &&
                  memcmp(a->stored_mwh, b->stored_mwh, size) == 0 &&
                  memcmp(a->value_of_stored_mwh, b->value_of_stored_mwh, size) == 0 &&
                  memcmp(&a->profit, &b->profit, sizeof a->profit) == 0,
              "%s: %.17g and %.17g", what, a->profit, b->profit);
}

/* Local days of 23 and 25 hours, and other day numbers, are labels: only a limit per day may
 * look at them. */
Test(schedule_agreement, a_year_shifted_across_daylight_saving_changes_only_labels) {
    enum { YEAR = 8760 };
    static double price[YEAR];
    static int32_t plain[YEAR], shifted[YEAR];
    for (int t = 0; t < YEAR; t++) {
        const bool summer = t >= 2138 && t < 7178; /* last Sundays of March and October */
        price[t] = 60 + 40 * sin(t * 0.2618) + 15 * sin(t * 1.7) - (t % 37 == 0 ? 90 : 0);
        plain[t] = t / 24;
        shifted[t] = (t + (summer ? 1 : 0)) / 24 + 17000;
    }
    vo_battery b = vo_battery_default();
    vo_problem p = vo_problem_default();
    p.n = YEAR, p.price = price, p.battery = &b;
    p.day = plain;
    vo_plan *a = solved(&p, EXACT);
    p.day = shifted;
    vo_plan *c = solved(&p, EXACT);
    same_bits(a, c, "exact");
    vo_plan_free(a);
    vo_plan_free(c);
    p.n = 1000;
    for (int t = 0; t < 1000; t++) shifted[t] += 5; /* with daily limits: only the numbers */
    b.max_cycles_per_day = 0.8;
    for (int which = 0; which < 2; which++) {
        p.day = plain;
        vo_plan *d = solved(&p, which);
        for (int t = 0; t < 1000; t++) shifted[t] = plain[t] * 3 + 400;
        p.day = shifted;
        vo_plan *e = solved(&p, which);
        same_bits(d, e, back_end[which]);
        vo_plan_free(d);
        vo_plan_free(e);
    }
}

/* ---- same bits ------------------------------------------------------------------------ */

enum { REPEATED = 24 };
typedef struct {
    random_problem r[REPEATED];
    vo_plan *plan[REPEATED];
} batch;

static vo_status solve_one(void *ctx, size_t i, size_t worker, vo_error *err) {
    (void)worker;
    batch *b = ctx;
    vo_schedule_options o = vo_schedule_options_default();
    o.method = i % 2 ? VO_METHOD_LP : VO_METHOD_AUTO;
    return vo_schedule(&b->r[i].p, &o, b->plan[i], err);
}

static void solve_batch(batch *b, size_t threads) {
    vo_error err = {0};
    for (size_t i = 0; i < REPEATED; i++) {
        random_problem_init(&b->r[i], 900 + i, random_problem_mask(900 + i, RANDOM_ALL), 30);
        cr_assert_eq(vo_plan_create(b->r[i].p.n, b->r[i].p.n_batteries, &b->plan[i], &err),
                     VO_OK);
    }
    cr_assert_eq(vo_thread_for(REPEATED, threads, solve_one, b, &err), VO_OK, "%s", err.msg);
}

Test(schedule_agreement, run_twice_and_on_two_threads_gives_the_same_bits) {
    static batch once, twice, threaded;
    solve_batch(&once, 1);
    solve_batch(&twice, 1);
    solve_batch(&threaded, 2);
    for (size_t i = 0; i < REPEATED; i++) {
        same_bits(once.plan[i], twice.plan[i], "twice");
        same_bits(once.plan[i], threaded.plan[i], "on two threads");
        batch *const all[] = {&once, &twice, &threaded};
        for (int k = 0; k < 3; k++) {
            vo_plan_free(all[k]->plan[i]);
            random_problem_fini(&all[k]->r[i]);
        }
    }
}
