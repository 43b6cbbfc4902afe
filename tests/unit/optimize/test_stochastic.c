/* test_stochastic.c -- values under uncertain prices: against the exact method where nothing is
 * uncertain, by hand, against a recursion over a grid of energies that knows no functions, and
 * by playing every scenario. */
#include "optimize/stochastic.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "optimize/exact.h"
#include "optimize/reward.h"
#include "support/fault_alloc.h"
#include "support/random_problem.h"

static const uint32_t alone = RANDOM_TIES | RANDOM_EXPORT_PRICE | RANDOM_FEE | RANDOM_CARBON |
                              RANDOM_OUTAGE | RANDOM_SOC_RANGE | RANDOM_FINAL_KIND |
                              RANDOM_UNEVEN | RANDOM_SELF_DISCHARGE | RANDOM_WEAR |
                              RANDOM_LOSSLESS;
static const uint32_t metered = alone | RANDOM_LOAD | RANDOM_PV | RANDOM_CURTAIL;
static const uint32_t bent = metered | RANDOM_NEGATIVE | RANDOM_CHEAP_BUY;

static vo_stochastic *program(size_t limit) {
    vo_stochastic *s = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_stochastic_create(limit, NULL, &s, &err), VO_OK);
    return s;
}

/* V from `first` on; false: contradiction. */
static bool back(vo_stochastic *s, const vo_problem *p, size_t first, const vo_price_nodes *n) {
    bool feasible = false;
    vo_error err = {0};
    cr_assert_eq(vo_stochastic_back(s, p, first, n, &feasible, &err), VO_OK, "%s", err.msg);
    return feasible;
}

static double exact_profit(const vo_problem *p, bool *feasible) {
    vo_exact *e = NULL;
    vo_plan *plan = NULL;
    vo_error err = {0};
    bool closed = false;
    cr_assert_eq(vo_plan_create(p->n, 1, &plan, &err), VO_OK);
    cr_assert_eq(vo_exact_create(NULL, &e, &err), VO_OK);
    cr_assert_eq(vo_exact_solve(e, p, VO_DETAIL_PLAN, plan, feasible, &closed, &err), VO_OK);
    const double profit = plan->profit;
    vo_exact_free(e);
    vo_plan_free(plan);
    return profit;
}

static double initial(const vo_problem *p) {
    return p->battery->initial_soc * p->battery->capacity_mwh;
}

/* One node per interval: nothing is uncertain. */
Test(stochastic, with_certain_prices_it_is_the_exact_optimum) {
    static const double one = 1;
    vo_stochastic *s = program(4096);
    int checked = 0;
    for (uint64_t seed = 1; seed <= 500; seed++) {
        const uint32_t allowed = seed % 3 == 0 ? alone : seed % 3 == 1 ? metered : bent;
        random_problem r;
        random_problem_init(&r, seed, random_problem_mask(seed, allowed), 30);
        bool feasible = false;
        const double best = exact_profit(&r.p, &feasible);
        const vo_price_nodes nodes = {
            .k = 1, .price = r.p.price, .export_price = r.p.export_price, .weight = &one};
        const bool can = back(s, &r.p, 0, &nodes);
        const vo_value *v = vo_stochastic_value(s);
        const double soc = initial(&r.p), near = 1e-7 * r.p.battery->capacity_mwh;
        const bool reached = can && v->x[0] <= soc + near && v->x[v->n] >= soc - near;
        cr_assert_eq(reached, feasible, "seed %d", (int)seed);
        const vo_reward_source src = vo_reward_open(&r.p);
        if (feasible) {
            const double value = vo_stochastic_expected(s, soc);
            const double slack = 1e-7 * (1 + fabs(best));
            const bool concave = vo_reward_count_bent(&src) == 0;
            if (concave) cr_assert_float_eq(value, best, slack, "seed %d", (int)seed);
            if (!concave && src.alone) cr_assert_leq(value, best + slack, "seed %d", (int)seed);
            if (!concave && !src.alone) cr_assert_geq(value, best - slack, "%d", (int)seed);
            cr_assert(vo_stochastic_error(s) == 0);
            checked += concave;
        }
        random_problem_fini(&r);
    }
    cr_assert_gt(checked, 200);
    vo_stochastic_free(s);
}

/* A lossless MWh in an hour, empty, no rule for the end. Then prices of 10 or 30, then of 0 or
 * 40, all equally likely. What is stored sells for 20 on average: worth buying at 10. */
Test(stochastic, two_stages_are_as_by_hand) {
    static const double price[] = {10, 30, 0, 40}, half[] = {0.5, 0.5};
    vo_battery b = vo_battery_default();
    b.capacity_mwh = b.charge_mw = b.discharge_mw = 1;
    b.charge_efficiency = b.discharge_efficiency = 1;
    b.final_kind = VO_FINAL_FREE;
    double none[2] = {0, 0};
    vo_problem p = vo_problem_default();
    p.n = 2;
    p.price = none;
    p.battery = &b;
    vo_price_nodes nodes = {.k = 2, .price = price, .weight = half};
    vo_stochastic *s = program(64);
    cr_assert(back(s, &p, 0, &nodes));
    cr_assert_float_eq(vo_stochastic_expected(s, 0), 0.5 * (20 - 10), 1e-12);
    /* a full one sells at 30, or waits for 20 on average when 10 is paid */
    cr_assert_float_eq(vo_stochastic_expected(s, 1), 0.5 * 20 + 0.5 * 30, 1e-12);

    /* the dear second hour follows the dear first: buying at 10 is for nothing, at 30 for 10 */
    static const double same[] = {1, 0, 0, 1}, other[] = {0, 1, 1, 0};
    nodes.move = same;
    cr_assert(back(s, &p, 0, &nodes));
    cr_assert_float_eq(vo_stochastic_expected(s, 0), 0.5 * (40 - 30), 1e-12);
    /* or the other way round: 10 -> 40 */
    nodes.move = other;
    cr_assert(back(s, &p, 0, &nodes));
    cr_assert_float_eq(vo_stochastic_expected(s, 0), 0.5 * (40 - 10), 1e-12);
    /* and 10 is known to come */
    static const double first[] = {1, 0};
    nodes.start = first;
    cr_assert(back(s, &p, 0, &nodes));
    cr_assert_float_eq(vo_stochastic_expected(s, 0), 30, 1e-12);
    vo_stochastic_free(s);
}

/* ---- a recursion that knows no functions ------------------------------------------------ */

enum { T = 6, K = 3 };

typedef struct {
    vo_battery b;
    vo_problem p;
    double zero[T], price[T * K], weight[K], move[K * K];
    vo_price_nodes nodes;
} chain;

static void random_chain(chain *c, uint64_t seed, double efficiency, double lowest) {
    vo_random g = vo_random_seed(seed, 0);
    memset(c, 0, sizeof *c);
    c->b = vo_battery_default();
    c->b.capacity_mwh = 3;
    c->b.charge_efficiency = c->b.discharge_efficiency = efficiency;
    c->b.final_kind = VO_FINAL_FREE;
    c->b.wear_cost_per_mwh = 2;
    c->p = vo_problem_default();
    c->p.n = T;
    c->p.price = c->zero;
    c->p.battery = &c->b;
    for (size_t i = 0; i < T * K; i++) c->price[i] = vo_random_between(&g, lowest, 100);
    for (size_t i = 0; i <= K; i++) {
        double *row = i < K ? c->move + i * K : c->weight, sum = 0;
        for (size_t j = 0; j < K; j++) sum += row[j] = 0.05 + vo_random_unit(&g);
        for (size_t j = 0; j < K; j++) row[j] /= sum;
    }
    c->nodes =
        (vo_price_nodes){.k = K, .price = c->price, .weight = c->weight, .move = c->move};
}

/* Most that can be earned from interval t on with grid[i] stored, the last node being `from`. */
static double over_grid(const chain *c, size_t t, size_t from, size_t i, size_t cells,
                        double *memo) {
    if (t == T) return 0;
    double *known = memo + (t * (K + 1) + from) * (cells + 1) + i;
    if (!isnan(*known)) return *known;
    const double eta = c->b.charge_efficiency, step = c->b.capacity_mwh / (double)cells;
    double sum = 0;
    for (size_t j = 0; j < K; j++) {
        double best = -(double)INFINITY;
        for (size_t to = 0; to <= cells; to++) {
            const double dz = ((double)i - (double)to) * step; /* out of the store */
            const double mw = dz > 0 ? dz * eta : dz / eta;
            if (fabs(mw) > 1 + 1e-9) continue;
            const double cash = c->price[t * K + j] * mw - 2 * fmax(mw, 0);
            best = fmax(best, cash + over_grid(c, t + 1, j, to, cells, memo));
        }
        sum += best * (from == K ? c->weight[j] : c->move[from * K + j]);
    }
    return *known = sum;
}

static double grid_value(const chain *c, double soc, size_t cells) {
    const size_t n = T * (K + 1) * (cells + 1);
    double *memo = malloc(n * sizeof *memo);
    for (size_t i = 0; i < n; i++) memo[i] = (double)NAN;
    const double v = over_grid(c, 0, K, (size_t)lround(soc * (double)cells), cells, memo);
    free(memo);
    return v;
}

/* Without losses whole MWh are optimal, and the grid is exact. */
Test(stochastic, a_grid_of_whole_actions_agrees) {
    vo_stochastic *s = program(512);
    for (uint64_t seed = 1; seed <= 60; seed++) {
        chain c;
        random_chain(&c, seed, 1, -20);
        if (seed % 2) c.nodes.move = NULL;
        if (seed % 2)
            for (size_t i = 0; i < K; i++) memcpy(c.move + i * K, c.weight, sizeof c.weight);
        cr_assert(back(s, &c.p, 0, &c.nodes));
        for (int e = 0; e <= 3; e++)
            cr_assert_float_eq(vo_stochastic_expected(s, e), grid_value(&c, e / 3.0, 3), 1e-9,
                               "seed %d, %d MWh", (int)seed, e);
    }
    vo_stochastic_free(s);
}

/* With losses a grid is a little worse, and the less so the finer. */
Test(stochastic, a_fine_grid_agrees_within_its_error) {
    vo_stochastic *s = program(512);
    for (uint64_t seed = 1; seed <= 6; seed++) {
        chain c;
        random_chain(&c, seed, 0.9, 0);
        cr_assert(back(s, &c.p, 0, &c.nodes));
        const double v = vo_stochastic_expected(s, 1.5), rough = grid_value(&c, 0.5, 60),
                     fine = grid_value(&c, 0.5, 240);
        cr_assert_leq(rough, v + 1e-9);
        cr_assert_leq(fine, v + 1e-9);
        cr_assert_gt(fine, v - 0.01 * (1 + v), "seed %d: %g, %g, %g", (int)seed, rough, fine,
                     v);
    }
    vo_stochastic_free(s);
}

/* ---- what must hold of any ---------------------------------------------------------------- */

Test(stochastic, values_are_concave_and_energy_is_worth_something) {
    vo_stochastic *s = program(512);
    for (uint64_t seed = 1; seed <= 50; seed++) {
        chain c;
        random_chain(&c, seed, 0.85, 0);
        cr_assert(back(s, &c.p, 0, &c.nodes));
        const vo_value *v = vo_stochastic_value(s);
        for (size_t i = 0; i < v->n; i++) {
            cr_assert(v->x[i] < v->x[i + 1]);
            cr_assert_geq(v->m[i], -1e-9);
            if (i) cr_assert_leq(v->m[i], v->m[i - 1] + 1e-9);
        }
        cr_assert_float_eq(v->x[0], 0, 1e-9);
        cr_assert_float_eq(v->x[v->n], 3, 1e-9);
    }
    vo_stochastic_free(s);
}

/* Over all K^T paths: expected profit of perfect foresight. */
static double clairvoyant(const chain *c) {
    double sum = 0;
    size_t paths = 1;
    for (size_t t = 0; t < T; t++) paths *= K;
    for (size_t path = 0; path < paths; path++) {
        double price[T], chance = 1;
        size_t before = K;
        for (size_t t = 0, rest = path; t < T; t++, rest /= K) {
            const size_t j = rest % K;
            price[t] = c->price[t * K + j];
            chance *= before == K ? c->weight[j] : c->move[before * K + j];
            before = j;
        }
        vo_problem p = c->p;
        p.price = price;
        bool feasible;
        sum += chance * exact_profit(&p, &feasible);
    }
    return sum;
}

/* A plan made on mean prices <= what prices tell as they come <= all told at once. */
Test(stochastic, more_information_never_hurts) {
    vo_stochastic *s = program(512);
    for (uint64_t seed = 1; seed <= 10; seed++) {
        chain c;
        random_chain(&c, seed, 0.9, 0);
        double mean[T] = {0}, now[K];
        memcpy(now, c.weight, sizeof now);
        for (size_t t = 0; t < T; t++) {
            double next[K] = {0};
            for (size_t j = 0; j < K; j++) {
                mean[t] += now[j] * c.price[t * K + j];
                for (size_t i = 0; i < K; i++) next[i] += now[j] * c.move[j * K + i];
            }
            memcpy(now, next, sizeof now);
        }
        vo_problem p = c.p;
        p.price = mean;
        bool feasible;
        const double blind = exact_profit(&p, &feasible);
        cr_assert(back(s, &c.p, 0, &c.nodes));
        const double told = vo_stochastic_expected(s, 0), all = clairvoyant(&c);
        cr_assert_leq(blind, told + 1e-9);
        cr_assert_leq(told, all + 1e-9);
        cr_assert_lt(blind, all - 1, "or there is nothing to tell");
    }
    vo_stochastic_free(s);
}

/* Plays every scenario from interval t on, each action chosen when its price is known. */
static double played(const chain *c, vo_stochastic *s, size_t t, size_t from, double stored) {
    if (t == T) return 0;
    double sum = 0;
    for (size_t j = 0; j < K; j++) {
        const double chance = from == K ? c->weight[j] : c->move[from * K + j];
        double real[T] = {0}, mw = 0;
        real[0] = c->price[t * K + j];
        vo_problem p = c->p;
        p.n = T - t;
        p.price = real;
        bool feasible = false;
        vo_error err = {0};
        if (p.n > 1) {
            vo_price_nodes rest = c->nodes;
            rest.price = c->price + (t + 1) * K;
            rest.start = c->move + j * K;
            cr_assert(back(s, &p, 1, &rest));
            cr_assert_eq(vo_stochastic_choose(s, &p, stored, &mw, &feasible, &err), VO_OK);
            cr_assert(feasible);
        } else {
            const double most = stored * c->b.discharge_efficiency;
            mw = real[0] > 2 ? fmin(1, most) : 0;
        }
        const double next =
            stored - (mw > 0 ? mw / c->b.discharge_efficiency : mw * c->b.charge_efficiency);
        cr_assert(next > -1e-9 && next < 3 + 1e-9 && fabs(mw) < 1 + 1e-9);
        sum += chance * (real[0] * mw - 2 * fmax(mw, 0) + played(c, s, t + 1, j, next));
    }
    return sum;
}

Test(stochastic, playing_the_chosen_actions_earns_what_was_expected) {
    vo_stochastic *s = program(512);
    for (uint64_t seed = 1; seed <= 6; seed++) {
        chain c;
        random_chain(&c, seed, 0.92, 0);
        cr_assert(back(s, &c.p, 0, &c.nodes));
        const double promised = vo_stochastic_expected(s, 1.2);
        cr_assert_float_eq(played(&c, s, 0, K, 1.2), promised, 1e-7, "seed %d", (int)seed);
    }
    vo_stochastic_free(s);
}

/* Fewer pieces: too low, by no more than is said. */
Test(stochastic, chords_are_too_low_by_at_most_the_stated_error) {
    enum { LONG = 120 };
    static double price[LONG * K], zero[LONG];
    vo_stochastic *fine = program(1 << 20), *rough = program(48);
    double gap = 0;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        chain c;
        random_chain(&c, seed, 0.9, 0);
        vo_random g = vo_random_seed(seed, 7);
        for (size_t i = 0; i < LONG * K; i++) price[i] = vo_random_between(&g, 0, 90);
        c.p.n = LONG;
        c.p.price = zero;
        c.p.interval_h = 0.25;
        c.nodes.price = price;
        if (seed % 2) c.nodes.move = NULL;
        cr_assert(back(fine, &c.p, 0, &c.nodes));
        cr_assert(back(rough, &c.p, 0, &c.nodes));
        cr_assert(vo_stochastic_error(fine) == 0);
        cr_assert_leq(vo_stochastic_value(rough)->n, 48);
        for (double e = 0; e <= 3; e += 0.25) {
            const double low =
                vo_stochastic_expected(fine, e) - vo_stochastic_expected(rough, e);
            cr_assert_geq(low, -1e-7);
            cr_assert_leq(low, vo_stochastic_error(rough) + 1e-7);
            gap = fmax(gap, low);
        }
    }
    cr_assert_gt(gap, 0.01, "or nothing was left out");
    vo_stochastic_free(fine);
    vo_stochastic_free(rough);
}

/* A meter that never binds changes nothing, though it takes the general way. */
Test(stochastic, the_way_behind_a_meter_agrees_with_the_plain_one) {
    static const double wide[T] = {50, 50, 50, 50, 50, 50};
    vo_stochastic *s = program(512), *m = program(512);
    for (uint64_t seed = 1; seed <= 20; seed++) {
        chain c;
        random_chain(&c, seed, 0.9, 0);
        vo_problem p = c.p;
        p.import_limit_mw = wide;
        cr_assert(back(s, &c.p, 0, &c.nodes));
        cr_assert(back(m, &p, 0, &c.nodes));
        for (double e = 0; e <= 3; e += 0.3)
            cr_assert_float_eq(vo_stochastic_expected(s, e), vo_stochastic_expected(m, e),
                               1e-9);
    }
    vo_stochastic_free(s);
    vo_stochastic_free(m);
}

Test(stochastic, an_end_that_cannot_be_reached_is_told) {
    chain c;
    random_chain(&c, 1, 0.9, 0);
    c.b.final_kind = VO_FINAL_EXACT;
    c.b.final_soc = 1;
    c.p.n = 2;
    vo_stochastic *s = program(64);
    cr_assert(back(s, &c.p, 0, &c.nodes));
    const vo_value *v = vo_stochastic_value(s);
    cr_assert_float_eq(v->x[0], 3 - 2 * 0.9, 1e-9, "two hours give 1.8 MWh");
    bool feasible = true;
    double mw;
    vo_error err = {0};
    cr_assert(back(s, &c.p, 1, &c.nodes));
    cr_assert_eq(vo_stochastic_choose(s, &c.p, 0.5, &mw, &feasible, &err), VO_OK);
    cr_assert_not(feasible);
    cr_assert_eq(vo_stochastic_choose(s, &c.p, 3 - 1.8, &mw, &feasible, &err), VO_OK);
    cr_assert(feasible);
    cr_assert_float_eq(mw, -1, 1e-6, "it must charge, whatever it costs");
    c.b.final_soc = 0.5;
    c.b.min_soc = 0.6;
    cr_assert_not(back(s, &c.p, 0, &c.nodes));
    vo_stochastic_free(s);
}

Test(stochastic, the_nth_allocation_may_fail) {
    chain c;
    random_chain(&c, 3, 0.9, 0);
    for (long n = 0;; n++) {
        fault f = {.left = n};
        const vo_alloc a = fault_alloc(&f);
        vo_stochastic *s = NULL;
        vo_error err = {0};
        bool feasible = false;
        vo_status st = vo_stochastic_create(64, &a, &s, &err);
        if (st == VO_OK) st = vo_stochastic_back(s, &c.p, 0, &c.nodes, &feasible, &err);
        if (st != VO_OK) cr_assert_eq(st, VO_ENOMEM);
        vo_stochastic_free(s);
        cr_assert_eq(f.live, 0, "allocation %ld", n);
        if (st == VO_OK) {
            cr_assert_gt(n, 4);
            break;
        }
    }
}
