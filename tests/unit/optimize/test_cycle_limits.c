/* test_cycle_limits.c -- exact plans under limits on what is discharged, per day and in all. */
#include "optimize/cycle_limits.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "optimize/exact.h"
#include "optimize/lp_highs.h"
#include "optimize/proof.h"
#include "support/fault_alloc.h"
#include "support/random_problem.h"

#define INF ((double)INFINITY)

/* No interval's reward bends the wrong way: what the solver asks for. */
static const uint32_t concave =
    RANDOM_ALL & ~(uint32_t)(RANDOM_COUPLED | RANDOM_NEGATIVE | RANDOM_CHEAP_BUY |
                             RANDOM_EXPORT_LIMIT | RANDOM_START_OUTSIDE | RANDOM_DAY_CYCLES |
                             RANDOM_CYCLES | RANDOM_FEE | RANDOM_EXPORT_PRICE);

static vo_plan *plan_for(const vo_problem *p) {
    vo_plan *plan = NULL;
    cr_assert_eq(vo_plan_create(p->n, 1, &plan, NULL), VO_OK);
    return plan;
}

/* Through vo_exact; the method must answer itself. */
static vo_plan *exact(vo_exact *e, const vo_problem *p, bool *feasible) {
    vo_plan *plan = plan_for(p);
    bool closed = false;
    vo_error err = {0};
    cr_assert_eq(vo_exact_solve(e, p, VO_DETAIL_ALL, plan, feasible, &closed, &err), VO_OK,
                 "%s", err.msg);
    cr_assert(closed, "the gap is open");
    return plan;
}

static vo_plan *by_lp(const vo_problem *p) {
    const vo_schedule_options o = vo_schedule_options_default();
    vo_plan *plan = plan_for(p);
    vo_error err = {0};
    cr_assert_eq(vo_lp_schedule(p, &o, plan, &err), VO_OK, "%s", err.msg);
    return plan;
}

static double hours(const vo_problem *p, size_t t) {
    return p->dt_h ? p->dt_h[t] : p->interval_h;
}

static double scale(const vo_problem *p) {
    double price = 1, site = 0;
    for (size_t t = 0; t < p->n; t++) {
        price = fmax(price, fabs(p->price[t]));
        site += ((p->load_mw ? p->load_mw[t] : 0) + (p->pv_mw ? p->pv_mw[t] : 0)) * hours(p, t);
    }
    return price * (p->battery->capacity_mwh + site);
}

static double discharged(const vo_problem *p, const vo_plan *plan) {
    double all = 0;
    for (size_t t = 0; t < p->n; t++) all += fmax(plan->power_mw[t], 0) * hours(p, t);
    return all;
}

/* Each local day and the horizon within their limits. */
static void keeps_limits(const vo_problem *p, const vo_plan *plan, uint64_t seed) {
    const vo_battery *b = p->battery;
    const double usable = vo_battery_usable_mwh(b), noise = 1e-9 * b->capacity_mwh;
    double day = 0;
    for (size_t t = 0; t < p->n; t++) {
        if (t && p->day && p->day[t] != p->day[t - 1]) day = 0;
        day += fmax(plan->power_mw[t], 0) * hours(p, t);
        cr_assert(day <= b->max_cycles_per_day * usable + noise || b->max_cycles_per_day == INF,
                  "seed %d, interval %zu: %.12g MWh of %.12g", (int)seed, t, day,
                  b->max_cycles_per_day * usable);
    }
    cr_assert(b->max_cycles == INF || discharged(p, plan) <= b->max_cycles * usable + noise,
              "seed %d: %.12g MWh of %.12g", (int)seed, discharged(p, plan),
              b->max_cycles * usable);
}

/* A random concave problem of a few local days, hourly; the days of the clock change among
 * them. */
typedef struct {
    random_problem r;
    vo_problem p;
    vo_battery b;
    int32_t day[200];
} days_problem;

static void draw_days(days_problem *d, uint64_t seed, uint32_t more, bool per_day, bool whole) {
    static const int length[] = {24, 23, 25, 24, 25, 23};
    static const double limit[] = {0, 0.25, 0.5, 1, 1.5, 2};
    vo_random g = vo_random_seed(seed, 77);
    random_problem_init(&d->r, seed, random_problem_mask(seed, concave) | more, 72);
    d->p = d->r.p, d->b = d->r.battery[0];
    d->p.battery = &d->b;
    size_t t = 0;
    for (int i = (int)vo_random_below(&g, 6), k = 0; t < d->p.n; i++, k++)
        for (int h = 0; h < length[i % 6] && t < d->p.n; h++) d->day[t++] = 17000 + k;
    d->p.day = d->day;
    if (per_day) d->b.max_cycles_per_day = limit[vo_random_below(&g, 6)];
    if (whole) d->b.max_cycles = 1.3 * limit[vo_random_below(&g, 6)];
}

static void done(days_problem *d) { random_problem_fini(&d->r); }

static bool is_concave(const vo_problem *p) {
    const vo_reward_source s = vo_reward_open(p);
    return vo_reward_count_bent(&s) == 0;
}

/* What the referee says: the same profit, the same contradictions. The certificate closes its
 * own gap at the duals; with both limits its search for two multipliers may stop a little
 * early. */
static int compare(vo_exact *e, const days_problem *d, uint64_t seed) {
    if (!is_concave(&d->p)) return 0; /* see the last test */
    bool feasible = false;
    vo_plan *a = exact(e, &d->p, &feasible), *b = by_lp(&d->p);
    cr_assert_eq(feasible, b->verdict == VO_VERDICT_OPTIMAL, "seed %d, mask 0x%x", (int)seed,
                 d->r.mask);
    if (feasible) {
        const double room = 1e-8 * scale(&d->p);
        cr_assert(fabs(a->profit - b->profit) <= room,
                  "seed %d, mask 0x%x: %.12g, the linear program says %.12g", (int)seed,
                  d->r.mask, a->profit, b->profit);
        keeps_limits(&d->p, a, seed);
        for (size_t t = 0; t < d->p.n; t++) { /* flows, for the certificate */
            const double net = a->power_mw[t] + (d->p.pv_mw ? d->p.pv_mw[t] : 0) -
                               (d->p.load_mw ? d->p.load_mw[t] : 0);
            a->import_mw[t] = fmax(-net, 0), a->export_mw[t] = fmax(net, 0);
        }
        vo_certificate c;
        cr_assert_eq(vo_certify(&d->p, a, &c, NULL), VO_OK);
        const bool both = isfinite(d->b.max_cycles_per_day) && isfinite(d->b.max_cycles);
        cr_assert(c.valid && (both || c.bound_recomputed) && fabs(c.gap_relative) <= 1e-7,
                  "seed %d, mask 0x%x: gap %g of %g", (int)seed, d->r.mask, c.gap, c.bound);
        const double bound = vo_proof_lagrangian(&d->p, a->dual_per_mwh);
        cr_assert(bound - a->profit <= (both ? 1e-5 : 1e-8) * scale(&d->p),
                  "seed %d, mask 0x%x: bound %.12g, profit %.12g", (int)seed, d->r.mask, bound,
                  a->profit);
    }
    vo_plan_free(a);
    vo_plan_free(b);
    return feasible;
}

static void compare_many(uint64_t from, uint64_t to, uint32_t more, bool per_day, bool whole,
                         int least) {
    vo_exact *e = NULL;
    int seen = 0;
    cr_assert_eq(vo_exact_create(NULL, &e, NULL), VO_OK);
    for (uint64_t seed = from; seed < to; seed++) {
        days_problem d;
        draw_days(&d, seed, more, per_day, whole);
        seen += compare(e, &d, seed);
        done(&d);
    }
    vo_exact_free(e);
    cr_assert(seen >= least, "only %d had a plan", seen);
}

Test(cycle_limits, each_day_keeps_its_limit_and_earns_what_the_linear_program_earns) {
    compare_many(1, 121, 0, true, false, 60);
}

/* With few prices many plans earn the same, and only a mix of two discharges just enough. */
Test(cycle_limits, ties_do_not_matter) { compare_many(200, 300, RANDOM_TIES, true, false, 50); }

Test(cycle_limits, the_horizon_keeps_its_limit_and_earns_what_the_linear_program_earns) {
    compare_many(400, 460, 0, false, true, 30);
}

Test(cycle_limits, both_limits_at_once_are_kept) {
    compare_many(500, 560, 0, true, true, 25);
    compare_many(560, 600, RANDOM_TIES, true, true, 15);
}

/* Many days, so that their values outgrow the memory first taken for them. */
Test(cycle_limits, a_hundred_days_are_no_different) {
    enum { LONG = 2400 };
    static double price[LONG];
    static int32_t day[LONG];
    vo_random g = vo_random_seed(9, 9);
    for (int t = 0; t < LONG; t++) {
        price[t] = 50 + 30 * sin(t * 0.2618) + vo_random_between(&g, 0, 40);
        day[t] = t / 24;
    }
    vo_battery b = vo_battery_default();
    b.max_cycles_per_day = 0.8, b.capacity_mwh = 5, b.self_discharge_per_h = 0.001;
    vo_problem p = vo_problem_default();
    p.n = LONG, p.price = price, p.battery = &b, p.day = day;
    vo_exact *e = NULL;
    bool feasible = false;
    cr_assert_eq(vo_exact_create(NULL, &e, NULL), VO_OK);
    vo_plan *one = exact(e, &p, &feasible), *two = by_lp(&p);
    cr_assert(feasible && two->verdict == VO_VERDICT_OPTIMAL);
    cr_assert_float_eq(one->profit, two->profit, 1e-7 * two->profit, "%.12g, %.12g",
                       one->profit, two->profit);
    keeps_limits(&p, one, 0);
    vo_plan_free(one);
    vo_plan_free(two);
    vo_exact_free(e);
}

/* ---- by hand -------------------------------------------------------------------- */

static vo_battery one_mw(double capacity_mwh) {
    vo_battery b = vo_battery_default();
    b.capacity_mwh = capacity_mwh;
    b.charge_efficiency = b.discharge_efficiency = 1;
    return b;
}

static vo_problem problem_of(const vo_battery *b, const double *price, const int32_t *day,
                             size_t n) {
    vo_problem p = vo_problem_default();
    p.n = n, p.price = price, p.battery = b, p.day = day;
    return p;
}

/* Two days. With 0.6 MWh a day, 1 MWh is bought at 10: 0.6 of it earns 80 each on the first
 * day, 0.4 of it 50 on the second, where 0.2 more earn 40. Unlimited: 80 + 40 + 5. */
Test(cycle_limits, two_days_worked_out_by_hand) {
    const double price[] = {10, 90, 20, 60, 15, 20};
    const int32_t day[] = {0, 0, 1, 1, 1, 1};
    vo_battery b = one_mw(1);
    const vo_problem p = problem_of(&b, price, day, 6);
    const double limit[] = {0, 0.25, 0.6, 1, 1.5, INF},
                 earned[] = {0, 32.5, 76, 120, 122.5, 125};
    vo_exact *e = NULL;
    cr_assert_eq(vo_exact_create(NULL, &e, NULL), VO_OK);
    for (int i = 0; i < 6; i++) {
        bool feasible = false;
        b.max_cycles_per_day = limit[i];
        vo_plan *plan = exact(e, &p, &feasible);
        cr_assert(feasible);
        cr_assert_float_eq(plan->profit, earned[i], 1e-9, "%g: %.12g", limit[i], plan->profit);
        keeps_limits(&p, plan, 0);
        vo_plan_free(plan);
    }
    vo_exact_free(e);
}

/* Every hour is worth the same: any plan under one multiplier sells all or nothing, and the
 * limit lies in between. */
Test(cycle_limits, flat_steps_are_mixed_to_the_limit) {
    const double price[] = {10, 10, 50, 50, 50, 50};
    vo_battery b = one_mw(2);
    const vo_problem p = problem_of(&b, price, NULL, 6);
    vo_exact *e = NULL;
    cr_assert_eq(vo_exact_create(NULL, &e, NULL), VO_OK);
    for (int i = 0; i <= 20; i++) {
        bool feasible = false;
        b.max_cycles_per_day = 0.05 * i; /* of 2 MWh */
        vo_plan *plan = exact(e, &p, &feasible);
        cr_assert(feasible);
        cr_assert_float_eq(plan->profit, 40 * 0.1 * i, 1e-9, "%d", i);
        cr_assert_float_eq(discharged(&p, plan), 0.1 * i, 1e-9, "%d", i);
        vo_plan_free(plan);
    }
    vo_exact_free(e);
}

Test(cycle_limits, a_limit_of_nothing_discharges_nothing_at_all) {
    vo_exact *e = NULL;
    int seen = 0;
    cr_assert_eq(vo_exact_create(NULL, &e, NULL), VO_OK);
    for (uint64_t seed = 1; seed <= 60; seed++) {
        days_problem d;
        draw_days(&d, seed, 0, false, false);
        *(seed % 2 ? &d.b.max_cycles_per_day : &d.b.max_cycles) = 0;
        bool feasible = false;
        if (!is_concave(&d.p)) {
            done(&d);
            continue;
        }
        vo_plan *plan = exact(e, &d.p, &feasible);
        if (feasible) {
            cr_assert(discharged(&d.p, plan) <= 1e-12 * d.b.capacity_mwh, "seed %d: %g",
                      (int)seed, discharged(&d.p, plan));
            seen++;
        }
        vo_plan_free(plan);
        done(&d);
    }
    vo_exact_free(e);
    cr_assert(seen > 30, "%d", seen);
}

Test(cycle_limits, a_limit_that_never_binds_changes_nothing) {
    vo_exact *e = NULL;
    cr_assert_eq(vo_exact_create(NULL, &e, NULL), VO_OK);
    int seen = 0;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        days_problem d;
        draw_days(&d, seed, 0, false, false);
        bool feasible = false, with = false;
        if (!is_concave(&d.p)) {
            done(&d);
            continue;
        }
        vo_plan *loose = exact(e, &d.p, &feasible);
        d.b.max_cycles_per_day = 1000;
        if (seed % 2) d.b.max_cycles = 1000;
        if (vo_battery_usable_mwh(&d.b) > 1e-3 * d.b.capacity_mwh) {
            vo_plan *limited = exact(e, &d.p, &with);
            cr_assert_eq(feasible, with, "seed %d", (int)seed);
            if (feasible)
                cr_assert(fabs(loose->profit - limited->profit) <= 1e-10 * scale(&d.p),
                          "seed %d: %.12g, limited %.12g", (int)seed, loose->profit,
                          limited->profit);
            seen += feasible;
            vo_plan_free(limited);
        }
        vo_plan_free(loose);
        done(&d);
    }
    vo_exact_free(e);
    cr_assert(seen > 30, "%d", seen);
}

/* More may be discharged, never less is earned; and the unlimited plan is the end of it. */
Test(cycle_limits, a_wider_limit_never_earns_less) {
    vo_exact *e = NULL;
    cr_assert_eq(vo_exact_create(NULL, &e, NULL), VO_OK);
    for (uint64_t seed = 1; seed <= 25; seed++) {
        days_problem d;
        draw_days(&d, seed, 0, false, false);
        d.b.final_kind = VO_FINAL_FREE; /* doing nothing is a plan, but for load and limits */
        double before = -INF;
        for (int i = 0; i <= 8 && is_concave(&d.p); i++) {
            bool feasible = false;
            d.b.max_cycles_per_day = i < 8 ? 0.3 * i : INF;
            vo_plan *plan = exact(e, &d.p, &feasible);
            cr_assert(feasible || before == -INF, "seed %d", (int)seed);
            if (feasible) {
                cr_assert(plan->profit >= before - 1e-9 * scale(&d.p), "seed %d, limit %g",
                          (int)seed, d.b.max_cycles_per_day);
                before = plan->profit;
            }
            vo_plan_free(plan);
        }
        done(&d);
    }
    vo_exact_free(e);
}

/* ---- the solver itself ---------------------------------------------------------- */

/* Without vo_exact around it: day 0 may sell 0.5 of 1 MWh; the other half is worth 30 at the
 * end. */
Test(cycle_limits, the_end_may_be_any_concave_function) {
    const double price[] = {10, 70};
    vo_battery b = one_mw(1);
    b.max_cycles_per_day = 0.5;
    const vo_problem p = problem_of(&b, price, NULL, 2);
    const vo_reward_source s = vo_reward_open(&p);
    double x[] = {0, 0.25, 1}, m[] = {30, 5};
    const vo_value last = {x, m, 2, true};
    double power[2], stored[3] = {0}, profit = 0;
    const vo_sweep_path path = {.power_mw = power, .stored_mwh = stored};
    bool feasible = false, closed = false;
    vo_cycle_limits *c = NULL;
    cr_assert_eq(vo_cycle_limits_create(NULL, &c, NULL), VO_OK);
    cr_assert_eq(vo_cycle_limits_solve(c, &s, &last, &path, &profit, &feasible, &closed, NULL),
                 VO_OK);
    cr_assert(feasible && closed);
    /* 0.5 sold for 60 each, 0.25 more bought at 10 for 30; the rest would be bought for 5 */
    cr_assert_float_eq(profit, 0.5 * 70 - 0.75 * 10, 1e-9, "%.12g", profit);
    cr_assert_float_eq(stored[2], 0.25, 1e-9);
    vo_cycle_limits_free(c);
}

Test(cycle_limits, what_cannot_be_kept_is_infeasible_not_an_error) {
    const double price[] = {10, 20};
    vo_battery b = one_mw(2);
    b.initial_soc = 1, b.final_kind = VO_FINAL_EXACT, b.final_soc = 0;
    const vo_problem p = problem_of(&b, price, NULL, 2);
    vo_exact *e = NULL;
    cr_assert_eq(vo_exact_create(NULL, &e, NULL), VO_OK);
    for (int i = 0; i < 3; i++) { /* 2 MWh must leave */
        bool feasible = true;
        b.max_cycles_per_day = i == 0 ? 0.999 : INF, b.max_cycles = i == 1 ? 0.999 : INF;
        if (i == 2) b.max_cycles_per_day = b.max_cycles = 1;
        vo_plan_free(exact(e, &p, &feasible));
        cr_assert_eq(feasible, i == 2, "%d", i);
    }
    vo_exact_free(e);
}

static void same_bits(const vo_plan *a, const vo_plan *b, uint64_t seed) {
    cr_assert(memcmp(&a->profit, &b->profit, sizeof a->profit) == 0, "seed %d", (int)seed);
    cr_assert(memcmp(a + 1, b + 1, 6 * a->n * sizeof(double)) == 0, "seed %d", (int)seed);
}

/* Memory kept from other problems leaves no trace in an answer. */
Test(cycle_limits, a_used_solver_gives_the_bits_of_a_new_one) {
    vo_exact *used = NULL;
    cr_assert_eq(vo_exact_create(NULL, &used, NULL), VO_OK);
    for (uint64_t seed = 1; seed <= 40; seed++) {
        days_problem d;
        vo_exact *fresh = NULL;
        bool feasible = false, again = false;
        draw_days(&d, seed, seed % 3 ? 0 : RANDOM_TIES, true, seed % 4 == 0);
        if (!is_concave(&d.p)) {
            done(&d);
            continue;
        }
        cr_assert_eq(vo_exact_create(NULL, &fresh, NULL), VO_OK);
        vo_plan *a = exact(used, &d.p, &feasible), *b = exact(fresh, &d.p, &again);
        cr_assert_eq(feasible, again);
        if (feasible) same_bits(a, b, seed);
        vo_plan_free(a);
        vo_plan_free(b);
        vo_exact_free(fresh);
        done(&d);
    }
    vo_exact_free(used);
}

/* ---- out of memory -------------------------------------------------------------- */

/* Whichever allocation fails: an error, nothing leaks, and the solver can be used again. */
Test(cycle_limits, the_nth_allocation_fails_and_nothing_is_lost) {
    days_problem d;
    draw_days(&d, 3, 0, true, true);
    d.b.max_cycles_per_day = 0.7, d.b.max_cycles = 1;
    d.b.final_kind = VO_FINAL_FREE;
    vo_exact *plain = NULL;
    bool feasible = false, closed = false;
    cr_assert_eq(vo_exact_create(NULL, &plain, NULL), VO_OK);
    vo_plan *right = exact(plain, &d.p, &feasible), *plan = plan_for(&d.p);
    cr_assert(feasible);
    vo_exact_free(plain);
    long failures = 0;
    for (long n = 0; n < 100000; n += n < 60 ? 1 : 37) {
        fault m = {.left = n};
        const vo_alloc alloc = fault_alloc(&m);
        vo_error err = {0};
        vo_exact *e = NULL;
        vo_status st = vo_exact_create(&alloc, &e, &err);
        if (st == VO_OK)
            st = vo_exact_solve(e, &d.p, VO_DETAIL_ALL, plan, &feasible, &closed, &err);
        if (st != VO_OK) {
            cr_assert(st == VO_ENOMEM && err.code == VO_ENOMEM && err.msg[0], "%ld: %s", n,
                      vo_status_name(st));
            failures++;
        }
        m.left = -1;
        if (st != VO_OK && e) {
            cr_assert_eq(vo_exact_solve(e, &d.p, VO_DETAIL_ALL, plan, &feasible, &closed, &err),
                         VO_OK);
            cr_assert(feasible && closed);
        }
        if (e) same_bits(plan, right, (uint64_t)n);
        vo_exact_free(e);
        cr_assert_eq(m.live, 0, "allocation %ld failed and %ld blocks are lost", n, m.live);
        if (st == VO_OK) break;
    }
    cr_assert(failures > 5, "%ld", failures);
    vo_plan_free(right);
    vo_plan_free(plan);
    done(&d);
}

/* Nothing drawn here is worth more in parts: buying costs what selling pays or more, and waste
 * pays nothing. Limits that fall on a kink, or miss it by rounding, change nothing about that.
 */
Test(cycle_limits, what_is_concave_is_seen_to_be) {
    for (uint64_t seed = 1; seed <= 600; seed++) {
        days_problem d;
        draw_days(&d, seed, RANDOM_IMPORT_LIMIT | RANDOM_LOAD | RANDOM_PV, true, false);
        cr_assert(is_concave(&d.p), "seed %d, mask 0x%x", (int)seed, d.r.mask);
        done(&d);
    }
}
