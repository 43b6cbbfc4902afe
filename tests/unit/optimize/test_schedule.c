/* test_schedule.c -- the one door: every method's flows, which method answers, what it refuses,
 * what it does when limits contradict each other, and prices at which decisions flip. */
#include <volteo/schedule.h>

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "support/random_problem.h"

#define INF ((double)INFINITY)

static const uint32_t single = RANDOM_ALL & ~(uint32_t)RANDOM_COUPLED;

static vo_schedule_options options(vo_method method) {
    vo_schedule_options o = vo_schedule_options_default();
    o.method = (int32_t)method;
    return o;
}

static vo_plan *plan_for(const vo_problem *p) {
    vo_plan *plan = NULL;
    cr_assert_eq(vo_plan_create(p->n, p->n_batteries, &plan, NULL), VO_OK);
    return plan;
}

static vo_plan *solved(const vo_problem *p, vo_method method) {
    const vo_schedule_options o = options(method);
    vo_plan *plan = plan_for(p);
    vo_error err = {0};
    cr_assert_eq(vo_schedule(p, &o, plan, &err), VO_OK, "%s", err.msg);
    return plan;
}

static vo_battery lossless(double capacity_mwh, double mw) {
    vo_battery b = vo_battery_default();
    b.capacity_mwh = capacity_mwh;
    b.charge_mw = b.discharge_mw = mw;
    b.charge_efficiency = b.discharge_efficiency = 1;
    return b;
}

static vo_problem problem_of(const vo_battery *b, const double *price, size_t n) {
    vo_problem p = vo_problem_default();
    p.n = n, p.price = price, p.battery = b;
    return p;
}

/* ---- flows ---------------------------------------------------------------------- */

/* The header's two equations, over the plan's own flows: what goes in comes out, and profit. */
static void flows_hold(const vo_problem *p, const vo_plan *q, const char *who, uint64_t seed) {
    double profit = 0, peak = 0, size = 1;
    for (size_t t = 0; t < p->n; t++) {
        const double dt = p->dt_h ? p->dt_h[t] : p->interval_h;
        const double pv = p->pv_mw ? p->pv_mw[t] : 0, load = p->load_mw ? p->load_mw[t] : 0;
        const double in = q->import_mw[t], out = q->export_mw[t], lost = q->curtailed_mw[t];
        double power = 0;
        for (size_t k = 0; k < p->n_batteries; k++) {
            const double mw = q->power_mw[k * p->n + t];
            power += mw;
            profit -= p->battery[k].wear_cost_per_mwh * fmax(mw, 0) * dt;
        }
        cr_assert(fabs(out - in - (power + pv - lost - load)) <= 1e-9 * (1 + pv + load),
                  "%s, seed %d, interval %zu: flows do not balance", who, (int)seed, t);
        cr_assert(in >= 0 && out >= 0 && fmin(in, out) <= 1e-9, "%s, seed %d, interval %zu",
                  who, (int)seed, t);
        cr_assert(lost >= 0 && lost <= (p->curtailable ? pv : 0) + 1e-9, "%s, seed %d", who,
                  (int)seed);
        const double kg = p->carbon_kg_per_mwh ? p->carbon_kg_per_mwh[t] : 0;
        const double buy = p->price[t] + p->fee_per_mwh + kg / 1000 * p->carbon_price_per_t;
        const double sell = (p->export_price ? p->export_price : p->price)[t] - p->fee_per_mwh;
        profit += (sell * out - buy * in) * dt;
        size += fabs(sell * out) + fabs(buy * in);
        if (t && p->demand_period && p->demand_period[t] != p->demand_period[t - 1]) {
            profit -= p->demand_charge_per_mw * peak;
            peak = 0;
        }
        peak = fmax(peak, in);
    }
    profit -= p->demand_charge_per_mw * peak;
    for (size_t k = 0; k < p->n_batteries; k++)
        if (p->battery[k].final_kind == VO_FINAL_VALUE)
            profit += p->battery[k].final_value_per_mwh * q->stored_mwh[k * (p->n + 1) + p->n];
    cr_assert(fabs(profit - q->profit) <= 1e-8 * size, "%s, seed %d: profit %.12g, flows %.12g",
              who, (int)seed, q->profit, profit);
}

Test(schedule, every_method_fills_flows_that_balance_and_pay_the_profit) {
    int answers[VO_METHOD_COUNT] = {0};
    for (uint64_t seed = 1; seed <= 120; seed++) {
        random_problem r;
        random_problem_init(&r, seed, random_problem_mask(seed, single), 16);
        for (int32_t m = 0; m < VO_METHOD_COUNT; m++) {
            const vo_schedule_options o = options((vo_method)m);
            vo_plan *plan = plan_for(&r.p);
            vo_error err = {0};
            const vo_status st = vo_schedule(&r.p, &o, plan, &err);
            if (st == VO_OK) {
                flows_hold(&r.p, plan, plan->method, seed);
                answers[m]++;
                const bool rule = m >= VO_METHOD_THRESHOLD;
                cr_assert(!rule || strcmp(plan->method, vo_method_name(m)) == 0, "%s",
                          plan->method);
                cr_assert(rule || strcmp(plan->method, "exact") == 0 ||
                              strcmp(plan->method, "lp") == 0,
                          "%s", plan->method);
                cr_assert(m != VO_METHOD_LP || strcmp(plan->method, "lp") == 0);
            } else { /* only a rule may decline, in words */
                cr_assert(m >= VO_METHOD_THRESHOLD && st == VO_EUNSUPPORTED && err.msg[0],
                          "seed %d, %s: %s", (int)seed, vo_method_name(m), err.msg);
            }
            vo_plan_free(plan);
        }
        random_problem_fini(&r);
    }
    for (int32_t m = 0; m < VO_METHOD_COUNT; m++)
        cr_assert(answers[m] >= 60, "%s answered %d of 120", vo_method_name(m), answers[m]);
}

Test(schedule, coupled_problems_have_flows_too) {
    for (uint64_t seed = 1; seed <= 60; seed++) {
        random_problem r;
        random_problem_init(&r, seed, random_problem_mask(seed, RANDOM_ALL), 8);
        vo_plan *plan = solved(&r.p, VO_METHOD_AUTO);
        flows_hold(&r.p, plan, plan->method, seed);
        vo_plan_free(plan);
        random_problem_fini(&r);
    }
}

/* ---- which method --------------------------------------------------------------- */

static const double four[] = {10, 90, 20, 80};

Test(schedule, auto_takes_lp_for_what_couples_intervals_and_exact_for_the_rest) {
    const vo_battery two[] = {lossless(2, 1), lossless(2, 1)};
    for (int i = 0; i < 4; i++) {
        vo_problem p = problem_of(two, four, 4);
        if (i == 1) p.demand_charge_per_mw = 5;
        if (i == 2) p.ramp_mw_per_h = 1.5;
        if (i == 3) p.n_batteries = 2;
        vo_plan *plan = solved(&p, VO_METHOD_AUTO);
        cr_assert_str_eq(plan->method, i == 0 ? "exact" : "lp");
        cr_assert_eq(plan->verdict, VO_VERDICT_OPTIMAL);
        vo_plan_free(plan);
    }
}

/* By hand: 1 MWh is bought at 10 and at 20, sold at 90 and 80. Demand: the peak of 1 MW
 * costs 5. Ramp 1.5: |-x - y| <= 1.5 between all neighbours, so x + y <= 1.5 for each: 0.75 of
 * all. */
Test(schedule, what_lp_answers_is_what_a_pencil_says) {
    const vo_battery b = lossless(1, 1);
    vo_problem p = problem_of(&b, four, 4);
    const double earned[] = {140, 135, 105};
    for (int i = 0; i < 3; i++) {
        p.demand_charge_per_mw = i == 1 ? 5 : 0;
        p.ramp_mw_per_h = i == 2 ? 1.5 : INF;
        vo_plan *plan = solved(&p, VO_METHOD_AUTO);
        cr_assert_float_eq(plan->profit, earned[i], 1e-7, "%d: %.9g", i, plan->profit);
        vo_plan_free(plan);
    }
}

/* A reward that is not concave, and cycle limits: exact hands over, and says so. */
Test(schedule, an_answer_names_the_method_that_made_it) {
    const double price[] = {-50, -60, 40, -20, 70, -10};
    vo_battery b = lossless(2, 1);
    b.charge_efficiency = 0.8;
    b.max_cycles_per_day = 0.4;
    vo_problem p = problem_of(&b, price, 6);
    vo_plan *plan = solved(&p, VO_METHOD_EXACT);
    cr_assert_str_eq(plan->method, "lp");
    vo_plan_free(plan);
    b.max_cycles_per_day = INF;
    plan = solved(&p, VO_METHOD_EXACT);
    cr_assert_str_eq(plan->method, "exact");
    vo_plan_free(plan);
}

Test(schedule, a_plan_only_answer_is_the_same_plan_without_prices) {
    for (uint64_t seed = 1; seed <= 60; seed++) {
        random_problem r;
        random_problem_init(&r, seed, random_problem_mask(seed, single), 20);
        vo_schedule_options o = options(VO_METHOD_EXACT);
        o.detail = VO_DETAIL_PLAN;
        vo_plan *full = solved(&r.p, VO_METHOD_EXACT), *bare = plan_for(&r.p);
        cr_assert_eq(vo_schedule(&r.p, &o, bare, NULL), VO_OK);
        cr_assert_float_eq(full->profit, bare->profit, 1e-9 * (1 + fabs(full->profit)));
        for (size_t t = 0; t < r.p.n; t++)
            cr_assert(isnan(bare->value_of_stored_mwh[t]) && isnan(bare->dual_per_mwh[t]) &&
                          isnan(bare->flip_below[t]) && isnan(bare->flip_above[t]),
                      "seed %d", (int)seed);
        vo_plan_free(full);
        vo_plan_free(bare);
        random_problem_fini(&r);
    }
}

/* ---- contradictions ------------------------------------------------------------- */

/* The plan that violates least, and its first violation, all worked out by hand. */
static void breaks(const vo_problem *p, int32_t limit, int64_t interval, double amount,
                   double shadow_price, double profit) {
    const vo_method ways[] = {VO_METHOD_AUTO, VO_METHOD_EXACT, VO_METHOD_LP};
    for (int i = 0; i < 3; i++) {
        vo_plan *plan = solved(p, ways[i]);
        const vo_violation v = plan->violation[0];
        cr_expect_eq(plan->verdict, VO_VERDICT_LEAST_VIOLATING);
        cr_expect_eq(plan->n_violations, 1, "%d violations", (int)plan->n_violations);
        cr_expect_eq(v.limit, limit, "%s, not %s", vo_limit_name(v.limit),
                     vo_limit_name(limit));
        cr_expect_eq(v.interval, interval, "%lld", (long long)v.interval);
        cr_expect_float_eq(v.amount, amount, 1e-7, "%.9g", v.amount);
        cr_expect_float_eq(v.shadow_price, shadow_price, 1e-5, "%.9g", v.shadow_price);
        cr_expect_float_eq(plan->profit, profit, 1e-5, "%.9g", plan->profit);
        cr_expect_str_eq(plan->method, "lp");
        vo_certificate c;
        cr_expect_eq(vo_certify(p, plan, &c, NULL), VO_OK);
        cr_expect(!c.valid && c.limit_excess[limit] > 0 &&
                  c.limit_excess[limit] < amount + 1e-6);
        flows_hold(p, plan, "lp", 0);
        vo_plan_free(plan);
    }
}

/* 2 MW at 50 % for 3 hours store 3 of the 9 MWh asked for. One more missed saves the dearest
 * half MW: 30 / 0.5. */
Test(schedule, a_final_soc_out_of_reach_is_missed_by_the_least) {
    const double price[] = {10, 20, 30};
    vo_battery b = lossless(10, 2);
    b.charge_efficiency = 0.5;
    b.final_kind = VO_FINAL_EXACT, b.final_soc = 0.9;
    const vo_problem p = problem_of(&b, price, 3);
    breaks(&p, VO_LIMIT_FINAL_SOC, -1, 6, 60, -120);
}

/* 6 MW of load, 3 may be imported, 2 come from the battery. One more MWh imported at 10 would
 * leave one to save the second hour's 50. */
Test(schedule, a_load_above_the_import_limit_is_served_and_flagged) {
    const double price[] = {10, 50}, load[] = {6, 1}, limit[] = {3, INF};
    vo_battery b = lossless(2, 2);
    b.initial_soc = 1, b.final_kind = VO_FINAL_FREE;
    vo_problem p = problem_of(&b, price, 2);
    p.load_mw = load, p.import_limit_mw = limit;
    breaks(&p, VO_LIMIT_IMPORT_LIMIT, 0, 1, 40, -4 * 10 - 1 * 50);
}

/* 5 MW of PV that may not be turned down, 1 into the battery, 2 may be exported: 2 too many.
 * One more exported earns 10 instead of 4 an hour later. */
Test(schedule, pv_above_the_export_limit_is_exported_and_flagged) {
    const double price[] = {10, 4}, pv[] = {5, 0}, limit[] = {2, 2};
    vo_battery b = lossless(2, 1);
    b.final_kind = VO_FINAL_FREE;
    vo_problem p = problem_of(&b, price, 2);
    p.pv_mw = pv, p.export_limit_mw = limit;
    breaks(&p, VO_LIMIT_EXPORT_LIMIT, 0, 2, 6, 40 + 4);
}

/* Full at 4 MWh where 2 are allowed, 1 MW: 3 after an hour, 1 too many, 2 after another. To
 * keep one MWh from the first hour's 5 to a later 30 breaks the limit at two interval
 * ends: 12.5. */
Test(schedule, a_start_above_the_maximum_comes_back_as_soon_as_it_can) {
    const double price[] = {5, 20, 30, 30, 30, 30};
    vo_battery b = lossless(4, 1);
    b.initial_soc = 1, b.max_soc = 0.5, b.final_kind = VO_FINAL_FREE;
    const vo_problem p = problem_of(&b, price, 6);
    breaks(&p, VO_LIMIT_MAX_SOC, 0, 1, 12.5, 5 + 20 + 30 + 30);
}

/* 1 MWh where 2 are asked for, half a MW: 0.5 short after an hour. Waiting with the first half
 * hour's 40 until the 5 of the third is short at two interval ends: 35 / 2. */
Test(schedule, a_start_below_the_minimum_comes_back_as_soon_as_it_can) {
    const double price[] = {40, 10, 5};
    vo_battery b = lossless(4, 0.5);
    b.initial_soc = 0.25, b.min_soc = 0.5, b.final_kind = VO_FINAL_FREE;
    const vo_problem p = problem_of(&b, price, 3);
    breaks(&p, VO_LIMIT_MIN_SOC, 0, 0.5, 17.5, -20 - 5);
}

/* 2 MWh must leave, 1 may. The second is sold too, at 40, which misses no other limit; one more
 * would be sold at 30 and bought back at 10. */
Test(schedule, a_cycle_limit_against_a_forced_discharge_is_broken_by_the_least) {
    const double price[] = {30, 10, 40};
    vo_battery b = lossless(2, 2);
    b.initial_soc = 1, b.final_kind = VO_FINAL_EXACT, b.final_soc = 0;
    b.max_cycles_per_day = 0.5;
    const vo_problem p = problem_of(&b, price, 3);
    breaks(&p, VO_LIMIT_CYCLES_PER_DAY, 0, 1, 20, 80); /* the day that begins there */
    b.max_cycles_per_day = INF, b.max_cycles = 0.5;
    breaks(&p, VO_LIMIT_CYCLES, -1, 1, 20, 80);
}

/* ---- refusals ------------------------------------------------------------------- */

static void mark(vo_plan *plan) {
    for (size_t t = 0; t < plan->n; t++) {
        plan->power_mw[t] = 1, plan->stored_mwh[t] = 2, plan->import_mw[t] = 3;
        plan->export_mw[t] = 4, plan->curtailed_mw[t] = 5, plan->value_of_stored_mwh[t] = 6;
        plan->dual_per_mwh[t] = 9, plan->flip_below[t] = 7, plan->flip_above[t] = 8;
    }
    plan->profit = 17, plan->bound = 18, plan->verdict = VO_VERDICT_FEASIBLE;
    plan->n_violations = 1;
    plan->violation[0] = (vo_violation){.amount = 19};
    memcpy(plan->method, "mine", 5);
}

static void refused(const vo_problem *p, const vo_schedule_options *o, vo_plan *plan,
                    vo_status status, const char *field, const char *remedy) {
    vo_error err = {0};
    vo_plan *copy = NULL;
    mark(plan);
    cr_assert_eq(vo_plan_create(plan->n, plan->n_batteries, &copy, NULL), VO_OK);
    mark(copy);
    const vo_status st = vo_schedule(p, o, plan, &err);
    cr_expect_eq(st, status, "%s: %s", field, vo_status_name(st));
    cr_expect_eq(err.code, (int32_t)status, "%s", field);
    cr_expect(strstr(err.msg, field) && strstr(err.msg, remedy), "%s, %s: %s", field, remedy,
              err.msg);
    cr_expect(plan->profit == copy->profit && plan->verdict == copy->verdict, "%s", field);
    cr_expect(plan->bound == copy->bound, "%s: the refusal changed the bound", field);
    cr_expect(plan->n_violations == 1 && plan->violation[0].amount == 19,
              "%s: the refusal changed the violations", field);
    cr_expect_str_eq(plan->method, copy->method);
    cr_expect(memcmp(plan + 1, copy + 1, 9 * plan->n * sizeof(double)) == 0,
              "%s: the refusal changed the arrays", field);
    vo_plan_free(copy);
}

Test(schedule, what_is_refused_leaves_the_plan_as_it_was) {
    const vo_battery two[] = {lossless(2, 1), lossless(2, 1)};
    vo_problem p = problem_of(two, four, 4), bad = p, demand = p, ramp = p, several = p;
    vo_plan *plan = plan_for(&p), *pair = NULL;
    cr_assert_eq(vo_plan_create(4, 2, &pair, NULL), VO_OK);
    const double broken[] = {1, (double)NAN, 3, 4};
    bad.price = broken;
    demand.demand_charge_per_mw = 1;
    ramp.ramp_mw_per_h = 1;
    several.n_batteries = 2;
    vo_schedule_options o = options(VO_METHOD_EXACT);
    refused(&bad, &o, plan, VO_EINVAL, "price[1]", "fill or drop");
    refused(&demand, &o, plan, VO_EUNSUPPORTED, "demand_charge_per_mw", "lp");
    refused(&ramp, &o, plan, VO_EUNSUPPORTED, "ramp_mw_per_h", "lp");
    refused(&several, &o, pair, VO_EUNSUPPORTED, "n_batteries", "lp");
    o.method = VO_METHOD_SPREAD;
    refused(&several, &o, pair, VO_EUNSUPPORTED, "n_batteries", "lp");
    o.method = VO_METHOD_THRESHOLD;
    refused(&ramp, &o, plan, VO_EUNSUPPORTED, "ramp_mw_per_h", "lp");
    o.method = VO_METHOD_COUNT;
    refused(&p, &o, plan, VO_EINVAL, "method", "0..5");
    o.method = -1;
    refused(&p, &o, plan, VO_EINVAL, "method", "0..5");
    o = options(VO_METHOD_AUTO);
    refused(&several, &o, plan, VO_EINVAL, "1 batteries", "create it for the problem");
    p.n = 3;
    refused(&p, &o, plan, VO_EINVAL, "4 intervals", "create it for the problem");
    vo_plan_free(plan);
    vo_plan_free(pair);
}

/* ---- what a stored MWh is worth ------------------------------------------------- */

/* The rest of the horizon from interval t on, from `stored` MWh. */
typedef struct {
    vo_problem p;
    vo_battery b;
    double price[16], sell[16];
} remainder_of;

static void cut(const vo_problem *p, size_t t, double stored, remainder_of *r) {
    r->p = *p, r->b = *p->battery;
    vo_problem *q = &r->p;
    q->n = p->n - t;
    q->battery = &r->b;
    memcpy(r->price, p->price + t, q->n * sizeof *r->price);
    q->price = r->price;
    if (p->export_price) {
        memcpy(r->sell, p->export_price + t, q->n * sizeof *r->sell);
        q->export_price = r->sell;
    }
    if (p->dt_h) q->dt_h += t;
    if (p->day) q->day += t;
    if (p->load_mw) q->load_mw += t;
    if (p->pv_mw) q->pv_mw += t;
    if (p->charge_limit_mw) q->charge_limit_mw += t, q->discharge_limit_mw += t;
    if (p->import_limit_mw) q->import_limit_mw += t;
    if (p->export_limit_mw) q->export_limit_mw += t;
    if (p->carbon_kg_per_mwh) q->carbon_kg_per_mwh += t;
    if (r->b.final_kind == VO_FINAL_AT_LEAST_INITIAL)
        r->b.final_kind = VO_FINAL_AT_LEAST, r->b.final_soc = r->b.initial_soc;
    r->b.initial_soc = fmin(fmax(stored / r->b.capacity_mwh, r->b.min_soc), r->b.max_soc);
}

/* NAN if no plan of the rest keeps the limits. */
static double profit_from(const vo_problem *p, size_t t, double stored) {
    remainder_of rest;
    cut(p, t, stored, &rest);
    vo_plan *plan = solved(&rest.p, VO_METHOD_LP);
    const double profit = plan->verdict == VO_VERDICT_OPTIMAL ? plan->profit : (double)NAN;
    vo_plan_free(plan);
    return profit;
}

/* A little more at an interval's end, and the rest solved again by the other method. When full,
 * a little less. */
Test(schedule, a_stored_mwh_is_worth_what_one_more_would_earn) {
    int seen = 0, full = 0;
    for (uint64_t seed = 1; seed <= 120; seed++) {
        random_problem r;
        const uint32_t allowed =
            single & ~(uint32_t)(RANDOM_DAY_CYCLES | RANDOM_CYCLES | RANDOM_NEGATIVE |
                                 RANDOM_CHEAP_BUY | RANDOM_START_OUTSIDE | RANDOM_EXPORT_LIMIT);
        random_problem_init(&r, seed, random_problem_mask(seed, allowed), 10);
        const vo_battery *b = &r.battery[0];
        const double d = 1e-6 * b->capacity_mwh, top = b->max_soc * b->capacity_mwh;
        vo_plan *plan = solved(&r.p, VO_METHOD_EXACT);
        for (size_t t = 1; t < r.p.n && plan->verdict == VO_VERDICT_OPTIMAL; t += 2) {
            const double at = plan->stored_mwh[t], value = plan->value_of_stored_mwh[t - 1];
            const bool is_full = at > top - d;
            const double other = profit_from(&r.p, t, is_full ? at - d : at + d);
            const double here = profit_from(&r.p, t, at);
            if (isnan(other) || isnan(here)) continue;
            const double earns = (is_full ? here - other : other - here) / d;
            cr_assert(fabs(value - earns) <= 1e-3 * (1 + fabs(earns)),
                      "seed %d (mask 0x%x), end of interval %zu: %.9g, one more%s earns %.9g",
                      (int)seed, r.mask, t - 1, value, is_full ? " (the last one)" : "", earns);
            seen++;
            full += is_full;
        }
        vo_plan_free(plan);
        random_problem_fini(&r);
    }
    cr_assert(seen > 200 && full > 5, "%d, %d", seen, full);
}

/* ---- flip prices ---------------------------------------------------------------- */

static int direction(double mw, double size) {
    return mw > 1e-9 * size ? 1 : mw < -1e-9 * size ? -1 : 0;
}

/* The direction of interval t's action if its market price were `at`: the rest of the horizon
 * solved again, by the other method, from what the plan had stored. */
static int direction_at(const vo_problem *p, const vo_plan *plan, size_t t, double at) {
    remainder_of rest;
    cut(p, t, plan->stored_mwh[t], &rest);
    rest.price[0] = at;
    if (p->export_price) rest.sell[0] += at - p->price[t];
    vo_plan *again = solved(&rest.p, VO_METHOD_LP);
    const int d = direction(again->power_mw[0], fmax(rest.b.charge_mw, rest.b.discharge_mw));
    vo_plan_free(again);
    return d;
}

/* (Flip prices hold curtailment as it was; problems with it are left out.)
 * Just beyond a flip price the direction is another one, on that side; just before it the same;
 * and where there is none, no price on that side changes it. */
Test(schedule, a_decision_flips_at_its_flip_prices_and_not_before) {
    int flips = 0, none = 0;
    for (uint64_t seed = 1; seed <= 160; seed++) {
        random_problem r;
        const uint32_t allowed =
            single & ~(uint32_t)(RANDOM_DAY_CYCLES | RANDOM_CYCLES | RANDOM_TIES |
                                 RANDOM_START_OUTSIDE | RANDOM_CURTAIL);
        random_problem_init(&r, seed, random_problem_mask(seed, allowed), 10);
        vo_plan *plan = solved(&r.p, VO_METHOD_EXACT);
        const double size = fmax(r.battery[0].charge_mw, r.battery[0].discharge_mw);
        for (size_t t = 0; t < r.p.n && plan->verdict == VO_VERDICT_OPTIMAL; t += 3) {
            const int now = direction(plan->power_mw[t], size);
            for (int side = -1; side <= 1; side += 2) {
                const double at = side < 0 ? plan->flip_below[t] : plan->flip_above[t];
                const double price = r.p.price[t], step = 1e-4 * (1 + fabs(at - price));
                if (isnan(at)) {
                    const int far = direction_at(&r.p, plan, t, price + side * 1e6);
                    cr_assert(
                        side < 0 ? far >= now : far <= now,
                        "seed %d (mask 0x%x), interval %zu: no flip %s %g, yet %d became %d",
                        (int)seed, r.mask, t, side < 0 ? "below" : "above", price, now, far);
                    none++;
                    continue;
                }
                cr_assert(side < 0 ? at <= price + 1e-6 : at >= price - 1e-6,
                          "seed %d (mask 0x%x), interval %zu: flip %s %g at %g", (int)seed,
                          r.mask, t, side < 0 ? "below" : "above", price, at);
                const int beyond = direction_at(&r.p, plan, t, at + side * step);
                cr_assert(side < 0 ? beyond < now : beyond > now,
                          "seed %d (mask 0x%x), interval %zu: price %.9g, flips %s %.9g, yet "
                          "%d stays %d",
                          (int)seed, r.mask, t, price, side < 0 ? "below" : "above", at, now,
                          beyond);
                flips++;
                if (fabs(at - price) < 3 * step) continue;
                const int before = direction_at(&r.p, plan, t, at - side * step);
                cr_assert_eq(before, now,
                             "seed %d (mask 0x%x), interval %zu: price %.9g, flips %s %.9g, "
                             "yet %d is %d before",
                             (int)seed, r.mask, t, price, side < 0 ? "below" : "above", at, now,
                             before);
            }
        }
        vo_plan_free(plan);
        random_problem_fini(&r);
    }
    cr_assert(flips > 300 && none > 100, "%d, %d", flips, none);
}

/* soc * capacity need not be the same double as the limit that it stands on. */
Test(schedule, limits_missed_by_rounding_are_kept) {
    const double price[] = {3, 1, 4, 1, 5, 9, 2, 6};
    vo_plan *plan = NULL;
    cr_assert_eq(vo_plan_create(8, 1, &plan, NULL), VO_OK);
    for (int i = 1; i < 50; i++) {
        vo_battery b = vo_battery_default();
        b.capacity_mwh = 0.1 * i;
        b.min_soc = nextafter(0.07 * i / i, i % 2 ? 0 : 1);
        b.max_soc = 0.93;
        b.initial_soc = 0.07;
        vo_problem p = vo_problem_default();
        p.n = 8, p.price = price, p.battery = &b;
        const vo_schedule_options o = vo_schedule_options_default();
        cr_assert_eq(vo_schedule(&p, &o, plan, NULL), VO_OK);
        cr_assert_str_eq(plan->method, "exact", "%d", i);
    }
    vo_plan_free(plan);
}

/* Buying at 10 pays while 0.9 * 5 > price, selling 2 dearer while price + 2 > 5 / 0.9: both
 * from 3.556 to 4.5. With 1 MWh either way they are worth the same at 4.0278, and there it
 * flips. */
Test(schedule, charging_may_turn_straight_into_discharging) {
    const double price[] = {10}, sell[] = {12};
    vo_battery b = vo_battery_default();
    b.capacity_mwh = 4;
    b.charge_efficiency = b.discharge_efficiency = 0.9;
    b.initial_soc = 0.5;
    b.final_kind = VO_FINAL_VALUE;
    b.final_value_per_mwh = 5;
    vo_problem p = vo_problem_default();
    p.n = 1, p.price = price, p.export_price = sell, p.battery = &b;
    vo_plan *plan = NULL;
    const vo_schedule_options o = vo_schedule_options_default();
    cr_assert_eq(vo_plan_create(1, 1, &plan, NULL), VO_OK);
    cr_assert_eq(vo_schedule(&p, &o, plan, NULL), VO_OK);
    cr_expect_float_eq(plan->power_mw[0], 1, 1e-12);
    const double level = 0.5 * (0.9 * 5 + 5 / 0.9 - 2);
    cr_expect_float_eq(plan->flip_below[0], level, 1e-9, "%.12g", plan->flip_below[0]);
    cr_expect(isnan(plan->flip_above[0]));
    vo_plan_free(plan);
}
