/* test_lp_highs.c -- each test states one promise of lp_highs.h. */
#include "optimize/lp_highs.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "optimize/lp_model.h"
#include "support/brute_force.h"
#include "support/random_problem.h"

#define CHECK_NEAR(a, b, tol)                                                                  \
    do {                                                                                       \
        const double a_ = (a), b_ = (b);                                                       \
        cr_assert(fabs(a_ - b_) <= (tol), "%.12g is not near %.12g", a_, b_);                  \
    } while (0)

static vo_plan *solved(const vo_problem *p) {
    const vo_schedule_options o = vo_schedule_options_default();
    vo_plan *plan = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_problem_check(p, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_plan_create(p->n, p->n_batteries, &plan, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_lp_schedule(p, &o, plan, &err), VO_OK, "%s", err.msg);
    return plan;
}

static double violated(const vo_plan *plan) {
    double sum = 0;
    for (int32_t i = 0; i < plan->n_violations; i++) sum += plan->violation[i].amount;
    return sum;
}

/* 2 MW, 4 MWh, 90 % on charging, from empty to empty. */
static vo_battery reference_battery(void) {
    vo_battery b = vo_battery_default();
    b.capacity_mwh = 4;
    b.charge_mw = b.discharge_mw = 2;
    b.charge_efficiency = 0.9;
    b.discharge_efficiency = 1;
    b.final_kind = VO_FINAL_EXACT;
    return b;
}

static vo_problem problem_of(const vo_battery *b, const double *price, size_t n) {
    vo_problem p = vo_problem_default();
    p.battery = b;
    p.price = price;
    p.n = n;
    return p;
}

/* ---- against trying everything ---------------------------------------------------- */

Test(lp_highs, it_earns_and_violates_what_brute_force_does) {
    int contradictory = 0;
    for (uint64_t seed = 1; seed <= 1500; seed++) {
        grid_problem g;
        grid_problem_init(&g, seed);
        const brute_force_answer best = brute_force(&g.p);
        vo_plan *plan = solved(&g.p);
        cr_assert(fabs(violated(plan) - best.violation) < 1e-7 &&
                      fabs(plan->profit - best.profit) < 1e-6,
                  "seed %d: profit %.9f and violation %.9f, best is %.9f and %.9f", (int)seed,
                  plan->profit, violated(plan), best.profit, best.violation);
        cr_assert_eq(plan->verdict,
                     best.violation > 0 ? VO_VERDICT_LEAST_VIOLATING : VO_VERDICT_OPTIMAL);
        cr_assert(plan->bound >= plan->profit && plan->bound < best.profit + 1e-6,
                  "seed %d: bound %.9g, profit %.9g, verdict %d", (int)seed, plan->bound,
                  plan->profit, (int)plan->verdict);
        contradictory += best.violation > 0;
        vo_plan_free(plan);
    }
    cr_assert(contradictory > 50 && contradictory < 500, "%d", contradictory);
}

/* ---- one direction ------------------------------------------------------------------ */

Test(lp_highs, it_does_not_burn_paid_energy_by_charging_and_discharging_at_once) {
    vo_battery b = reference_battery();
    b.capacity_mwh = b.charge_mw = b.discharge_mw = 1;
    b.charge_efficiency = 0.8;
    const double price[] = {-100, -100, -100, 50, 50};
    const vo_problem p = problem_of(&b, price, 5);
    vo_plan *plan = solved(&p);
    double relaxed = 0;
    CHECK_NEAR(plan->profit, 190, 1e-9);
    cr_assert_eq(vo_lp_relaxed_profit(&p, &relaxed, NULL), VO_OK);
    CHECK_NEAR(relaxed, 210, 1e-7);
    vo_plan_free(plan);
}

Test(lp_highs, it_does_not_import_and_export_at_once_where_selling_pays_more) {
    const vo_battery b = reference_battery();
    const double price[] = {10, 10}, sell[] = {30, 30}, pv[] = {1, 1}, load[] = {0, 3};
    vo_problem p = problem_of(&b, price, 2);
    p.export_price = sell;
    p.pv_mw = pv;
    p.load_mw = load;
    vo_plan *plan = solved(&p);
    for (int t = 0; t < 2; t++) cr_assert(plan->import_mw[t] == 0 || plan->export_mw[t] == 0);
    /* hour 0 buys 2 - 1 MW to store 1.8 (or exports 1): 1.8 MWh in hour 1 save 18 of 20 */
    CHECK_NEAR(plan->profit, 30 - 20, 1e-9);
    vo_plan_free(plan);
}

/* ---- what couples intervals ------------------------------------------------------- */

Test(lp_highs, a_demand_charge_levels_the_import) {
    vo_battery b = reference_battery();
    b.charge_efficiency = b.discharge_efficiency = 0.95;
    b.capacity_mwh = 10, b.charge_mw = 5, b.final_soc = 0.4;
    const double price[] = {30, 30, 30, 30};
    vo_problem p = problem_of(&b, price, 4);
    p.demand_charge_per_mw = 100;
    vo_plan *plan = solved(&p);
    for (int t = 0; t < 4; t++) CHECK_NEAR(plan->power_mw[t], -1.0526315789, 1e-8);
    CHECK_NEAR(plan->profit, -4 / 0.95 * 30 - 1 / 0.95 * 100, 1e-7);
    vo_plan_free(plan);
}

Test(lp_highs, each_demand_period_has_its_own_peak) {
    vo_battery b = reference_battery();
    b.charge_efficiency = 1, b.final_soc = 1, b.charge_mw = 4;
    const double price[] = {10, 10, 20, 20};
    const int32_t period[] = {0, 0, 1, 1};
    vo_problem p = problem_of(&b, price, 4);
    p.demand_charge_per_mw = 15;
    p.demand_period = period;
    vo_plan *plan = solved(&p);
    /* all of it in the first period, level: 2 MW; a second peak would cost 7.5 + 10 per MWh */
    CHECK_NEAR(plan->profit, -4 * 10 - 2 * 15, 1e-8);
    vo_plan_free(plan);
}

Test(lp_highs, the_ramp_limit_holds_between_neighbours) {
    vo_battery b = reference_battery();
    b.charge_efficiency = 1;
    const double price[] = {0, 100, 0, 0};
    vo_problem p = problem_of(&b, price, 4);
    p.ramp_mw_per_h = 1;
    vo_plan *plan = solved(&p);
    for (int t = 1; t < 4; t++)
        cr_assert(fabs(plan->power_mw[t] - plan->power_mw[t - 1]) <= 1 + 1e-9);
    /* -x then 1 - x: stored after the second hour is 2x - 1 >= 0, so x = 1/2 sells 1/2 */
    CHECK_NEAR(plan->profit, 50, 1e-8);
    vo_plan_free(plan);
}

Test(lp_highs, two_half_batteries_earn_what_one_whole_earns) {
    for (uint64_t seed = 1; seed <= 40; seed++) {
        random_problem r;
        random_problem_init(&r, seed,
                            random_problem_mask(seed, RANDOM_WEAR | RANDOM_LOAD | RANDOM_PV |
                                                          RANDOM_EXPORT_PRICE),
                            24);
        vo_battery half[2] = {r.battery[0], r.battery[0]};
        for (int k = 0; k < 2; k++)
            half[k].capacity_mwh /= 2, half[k].charge_mw /= 2, half[k].discharge_mw /= 2;
        vo_problem p = r.p;
        p.battery = half;
        p.n_batteries = 2;
        vo_plan *one = solved(&r.p), *two = solved(&p);
        CHECK_NEAR(one->profit, two->profit, 1e-8 * fmax(1, fabs(one->profit)));
        vo_plan_free(one);
        vo_plan_free(two);
        random_problem_fini(&r);
    }
}

/* ---- the value of a stored MWh ---------------------------------------------------- */

Test(lp_highs, the_value_of_a_stored_mwh_is_what_one_more_would_earn) {
    int seen = 0;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        random_problem r;
        random_problem_init(&r, seed,
                            random_problem_mask(seed, RANDOM_WEAR | RANDOM_LOAD | RANDOM_PV |
                                                          RANDOM_CURTAIL |
                                                          RANDOM_SELF_DISCHARGE),
                            24);
        vo_battery *b = &r.battery[0];
        b->final_kind = VO_FINAL_FREE;
        b->initial_soc = 0.5;
        const double delta = 1e-5, keep = vo_battery_over(b, r.p.interval_h).keep;
        vo_plan *at = solved(&r.p);
        b->initial_soc = 0.5 + delta;
        vo_plan *more = solved(&r.p);
        b->initial_soc = 0.5 - delta;
        vo_plan *less = solved(&r.p);
        const double mwh = delta * b->capacity_mwh, value = keep * at->value_of_stored_mwh[0];
        const double right = (more->profit - at->profit) / mwh;
        const double left = (at->profit - less->profit) / mwh;
        cr_assert(value >= right - 1e-4 && value <= left + 1e-4,
                  "seed %d: %.9g is not within %.9g..%.9g", (int)seed, value, right, left);
        seen += value > 1;
        vo_plan_free(at);
        vo_plan_free(more);
        vo_plan_free(less);
        random_problem_fini(&r);
    }
    cr_assert(seen > 30, "only %d problems where storing is worth something", seen);
}

Test(lp_highs, a_plan_only_request_leaves_out_the_values) {
    const vo_battery b = reference_battery();
    const double price[] = {10, 20};
    const vo_problem p = problem_of(&b, price, 2);
    vo_schedule_options o = vo_schedule_options_default();
    o.detail = VO_DETAIL_PLAN;
    vo_plan *plan = NULL;
    cr_assert_eq(vo_plan_create(2, 1, &plan, NULL), VO_OK);
    cr_assert_eq(vo_lp_schedule(&p, &o, plan, NULL), VO_OK);
    cr_assert(isnan(plan->value_of_stored_mwh[0]) && isnan(plan->flip_below[0]));
    cr_assert_str_eq(plan->method, "lp");
    vo_plan_free(plan);
}

/* ---- contradictory limits ----------------------------------------------------------- */

Test(lp_highs, an_end_out_of_reach_is_missed_by_least_and_priced) {
    vo_battery b = reference_battery();
    b.charge_mw = 0.5, b.final_soc = 1;
    const double price[] = {100, 50};
    const vo_problem p = problem_of(&b, price, 2);
    vo_plan *plan = solved(&p);
    cr_assert_eq(plan->verdict, VO_VERDICT_LEAST_VIOLATING);
    cr_assert_eq(plan->n_violations, 1);
    cr_assert_eq(plan->violation[0].limit, VO_LIMIT_FINAL_SOC);
    cr_assert_eq(plan->violation[0].interval, -1);
    CHECK_NEAR(plan->violation[0].amount, 4 - 0.9, 1e-8);
    CHECK_NEAR(plan->violation[0].shadow_price, 100 / 0.9, 1e-6);
    CHECK_NEAR(plan->profit, -75, 1e-6);
    vo_plan_free(plan);
}

Test(lp_highs, a_start_above_the_maximum_returns_as_soon_as_it_can) {
    vo_battery b = reference_battery();
    b.initial_soc = 1, b.max_soc = 0.25, b.discharge_mw = 1, b.final_kind = VO_FINAL_FREE;
    const double price[] = {-5, -5, -5, 40, 40};
    const vo_problem p = problem_of(&b, price, 5);
    vo_plan *plan = solved(&p);
    for (int t = 0; t < 3; t++) CHECK_NEAR(plan->stored_mwh[t + 1], 3 - t, 1e-8);
    cr_assert_eq(plan->violation[0].limit, VO_LIMIT_MAX_SOC);
    cr_assert_eq(plan->violation[0].interval, 0);
    CHECK_NEAR(plan->violation[0].amount, 2 + 1, 1e-8);
    CHECK_NEAR(plan->profit, -15 + 40, 1e-6);
    vo_plan_free(plan);
}

Test(lp_highs, a_load_beyond_the_import_limit_is_named_with_its_first_interval) {
    vo_battery b = reference_battery();
    const double price[] = {10, 10, 10, 10}, load[] = {1, 1, 6, 5}, limit[] = {2, 2, 2, 2};
    vo_problem p = problem_of(&b, price, 4);
    p.load_mw = load;
    p.import_limit_mw = limit;
    vo_plan *plan = solved(&p);
    cr_assert_eq(plan->n_violations, 1);
    cr_assert_eq(plan->violation[0].limit, VO_LIMIT_IMPORT_LIMIT);
    cr_assert_eq(plan->violation[0].interval, 2);
    CHECK_NEAR(plan->violation[0].amount, 4 + 3 - 2 * 0.9, 1e-8);
    vo_plan_free(plan);
}

Test(lp_highs, room_for_violation_changes_nothing_where_limits_agree) {
    const vo_schedule_options o = vo_schedule_options_default();
    for (uint64_t seed = 1; seed <= 60; seed++) {
        random_problem r;
        random_problem_init(&r, seed, random_problem_mask(seed, RANDOM_ALL), 12);
        vo_plan *hard = solved(&r.p), *soft = NULL;
        cr_assert_eq(vo_plan_create(r.p.n, r.p.n_batteries, &soft, NULL), VO_OK);
        vo_error err = {0};
        cr_assert_eq(vo_lp_schedule_elastic(&r.p, &o, soft, &err), VO_OK, "%s", err.msg);
        cr_assert_eq(soft->verdict, hard->verdict, "seed %d", (int)seed);
        cr_assert(fabs(hard->profit - soft->profit) <= 1e-6 * fmax(1, fabs(hard->profit)),
                  "seed %d: %.9g is not %.9g", (int)seed, soft->profit, hard->profit);
        vo_plan_free(hard);
        vo_plan_free(soft);
        random_problem_fini(&r);
    }
}

/* ---- refusals ------------------------------------------------------------------------ */

Test(lp_highs, a_time_limit_of_nothing_is_an_error_that_names_it) {
    vo_battery b = reference_battery();
    b.final_soc = 0.5; /* doing nothing is no plan */
    double price[500];
    for (int t = 0; t < 500; t++) price[t] = 100 * sin(t * 1.7) - 20;
    const vo_problem p = problem_of(&b, price, 500);
    vo_schedule_options o = vo_schedule_options_default();
    o.time_limit_s = 0;
    vo_plan *plan = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_plan_create(500, 1, &plan, NULL), VO_OK);
    plan->profit = 17;
    cr_assert_eq(vo_lp_schedule(&p, &o, plan, &err), VO_ECANCELED);
    cr_assert(strstr(err.msg, "time_limit_s") != NULL, "%s", err.msg);
    cr_assert_eq(plan->profit, 17);
    vo_plan_free(plan);
}

Test(lp_highs, the_relaxation_of_a_contradiction_is_refused) {
    vo_battery b = reference_battery();
    b.charge_mw = 0.5, b.final_soc = 1;
    const double price[] = {100, 50};
    const vo_problem p = problem_of(&b, price, 2);
    double profit = 17;
    cr_assert_eq(vo_lp_relaxed_profit(&p, &profit, NULL), VO_EINVAL);
    cr_assert_eq(profit, 17);
}

/* What PV may neither export nor lose must break the limit; a store that burns some of it makes
 * the search for the least hard. Stopped early, it still has a plan, and each search its own
 * time. */
Test(lp_highs, a_hard_contradiction_stopped_early_has_an_answer) {
    enum { N = 120 };
    static double price[N], pv[N], none[N];
    for (int t = 0; t < N; t++) price[t] = (t * 37) % 91, pv[t] = 5;
    vo_battery b = vo_battery_default();
    b.charge_mw = b.discharge_mw = 2;
    b.capacity_mwh = 4;
    vo_problem p = vo_problem_default();
    p.n = N, p.price = price, p.pv_mw = pv, p.export_limit_mw = none, p.battery = &b;
    vo_schedule_options o = vo_schedule_options_default();
    o.time_limit_s = 0.5;
    vo_plan *plan = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_plan_create(N, 1, &plan, NULL), VO_OK);
    cr_assert_eq(vo_schedule(&p, &o, plan, &err), VO_OK, "%s", err.msg);
    cr_expect_eq(plan->verdict, VO_VERDICT_LEAST_VIOLATING);
    cr_expect_eq(plan->violation[0].limit, VO_LIMIT_EXPORT_LIMIT);
    cr_expect_lt(plan->violation[0].amount, 5 * N, "less than without a battery");
    vo_plan_free(plan);
}

Test(lp_highs, a_program_of_more_steps_than_the_caller_allows_is_refused_in_words) {
    const double price[] = {1, 5, 2, 9};
    vo_battery b[2] = {vo_battery_default(), vo_battery_default()};
    for (int k = 0; k < 2; k++) b[k].charge_mw = b[k].discharge_mw = b[k].capacity_mwh = 1;
    vo_problem p = vo_problem_default();
    p.n = 4, p.price = price, p.battery = b, p.n_batteries = 2;
    vo_schedule_options o = vo_schedule_options_default();
    o.method = VO_METHOD_LP;
    vo_plan *plan = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_plan_create(4, 2, &plan, NULL), VO_OK);
    o.most_lp_steps = 7;
    cr_expect_eq(vo_schedule(&p, &o, plan, &err), VO_EUNSUPPORTED);
    cr_expect(strstr(err.msg, "4 intervals times 2 batteries"), "%s", err.msg);
    o.most_lp_steps = 8;
    cr_expect_eq(vo_schedule(&p, &o, plan, &err), VO_OK, "%s", err.msg);
    vo_plan_free(plan);
}

/* ---- stopping -------------------------------------------------------------------------- */

static double clock_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

typedef struct {
    int asked, stop_from;
    double said_s;
} impatience;

static int32_t stop_from(void *ctx) {
    impatience *i = ctx;
    if (++i->asked == i->stop_from) i->said_s = clock_s();
    return i->asked >= i->stop_from;
}

/* 32 batteries behind one narrow cable, 3 000 hours: minutes of simplex and of branch and bound. */
Test(lp_highs, work_of_minutes_ends_within_two_seconds_of_the_wish) {
    enum { N = 3000, B = 32 };
    static double price[N], load[N], limit[N];
    static vo_battery b[B];
    for (int t = 0; t < N; t++) price[t] = (t * 7919) % 97 - 20, load[t] = 1, limit[t] = 5;
    for (int k = 0; k < B; k++) {
        b[k] = vo_battery_default();
        b[k].charge_mw = b[k].discharge_mw = 1 + k / 64.0;
        b[k].capacity_mwh = 2;
        b[k].charge_efficiency = 0.5 + k / 200.0;
    }
    vo_problem p = vo_problem_default();
    p.n = N, p.price = price, p.load_mw = load, p.import_limit_mw = limit;
    p.battery = b, p.n_batteries = B;
    for (int from = 2; from <= 200; from += 198) { /* at the start; amid the simplex method */
        impatience i = {.stop_from = from};
        vo_schedule_options o = vo_schedule_options_default();
        o.stop = stop_from, o.stop_ctx = &i;
        vo_plan *plan = NULL;
        vo_error err = {0};
        cr_assert_eq(vo_plan_create(N, B, &plan, NULL), VO_OK);
        plan->profit = 17;
        cr_assert_eq(vo_schedule(&p, &o, plan, &err), VO_ECANCELED, "%s", err.msg);
        cr_expect_lt(clock_s() - i.said_s, 2);
        cr_expect_eq(plan->profit, 17);
        vo_plan_free(plan);
    }
}
