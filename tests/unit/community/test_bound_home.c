/* test_bound_home.c -- a home's best plan against trying everything on the grid where one lies: whole
 * kWh, efficiencies 1 and 1/2 and whole limits put every kink of V on halves of a kWh. Where it may
 * only err downwards (negative prices, selling dearer than buying, many pieces): never above. */
#include "community/bound_home.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "optimize/home_value.h"
#include "support/fault_alloc.h"

enum { MOST_STEPS = 8, MOST_CELLS = 64 };

static const double cell_kwh = 0.5;
static const double unlimited = (double)INFINITY;

typedef struct {
    vo_home_battery b;
    size_t n, reserve_free;
    vo_bound_step step[MOST_STEPS];
} home;

static double bound(const home *h, double *meter, double *price) {
    vo_bound_work *w = NULL;
    double cost = (double)NAN;
    cr_assert_eq(vo_bound_work_create(h->n, NULL, &w, NULL), VO_OK);
    cr_assert_eq(
        vo_bound_home(w, &h->b, 1, h->step, h->n, h->reserve_free, &cost, meter, price, NULL),
        VO_OK);
    vo_bound_work_free(w);
    return cost;
}

/* Least cost of an interval whose battery delivers g: PV turned down or not, what is missing short. */
static double interval_cost(const vo_bound_step *x, double g) {
    double best = unlimited;
    const double down[3] = {0, x->pv_kwh, fmin(fmax(g - x->net_kwh, 0), x->pv_kwh)};
    for (size_t k = 0; k < 3; k++)
        for (int limit = 0; limit < 2;
             limit++) { /* as much as possible goes out, or comes in */
            double c = down[k];
            if (limit) c = fmin(fmax(g - x->net_kwh - x->out_kwh, 0), x->pv_kwh);
            const double meter = x->net_kwh + c - g;
            const double missing = fmax(meter - x->into_kwh, 0);
            if (-meter > x->out_kwh + 1e-12) continue;
            const double in = fmax(meter, 0) - missing, out = fmax(-meter, 0);
            best = fmin(best, in * x->into - out * x->out + missing * VO_HOME_SHORT_PER_KWH);
        }
    return best;
}

/* All there is to do, cell by cell of stored energy, back from the end. */
static double tried(const home *h) {
    const vo_home_battery *b = &h->b;
    const int cells = (int)lround(b->capacity_kwh * b->max_soc / cell_kwh);
    const int first = (int)lround(b->capacity_kwh * b->initial_soc / cell_kwh);
    double later[MOST_CELLS], now[MOST_CELLS];
    cr_assert_lt(cells, MOST_CELLS);
    for (int i = 0; i <= cells; i++) later[i] = i >= first ? 0 : unlimited;
    for (size_t t = h->n; t-- > 0;) {
        const double least = t >= h->reserve_free ? 0 : b->min_soc * b->capacity_kwh;
        for (int from = 0; from <= cells; from++) {
            now[from] = unlimited;
            for (int to = 0; to <= cells; to++) {
                const double z = (from - to) * cell_kwh;
                const double g = z > 0 ? z * b->discharge_efficiency : z / b->charge_efficiency;
                if (g > b->discharge_kw || -g > b->charge_kw || to * cell_kwh < least) continue;
                now[from] = fmin(now[from], later[to] + interval_cost(&h->step[t], g));
            }
        }
        memcpy(later, now, sizeof now);
    }
    return later[first];
}

static double whole(vo_random *r, uint64_t most) {
    return (double)vo_random_below(r, most + 1);
}

static void a_home(vo_random *r, home *h) {
    h->n = 1 + vo_random_below(r, MOST_STEPS);
    h->reserve_free = vo_random_below(r, 3) ? h->n : vo_random_below(r, h->n + 1);
    const double half = vo_random_below(r, 2) ? 0.5 : 1;
    h->b = (vo_home_battery){.capacity_kwh = 8,
                             .charge_kw = whole(r, 4),
                             .discharge_kw = whole(r, 3),
                             .charge_efficiency = half,
                             .discharge_efficiency = half,
                             .min_soc = whole(r, 2) / 8,
                             .max_soc = (4 + whole(r, 4)) / 8};
    h->b.initial_soc = h->b.min_soc + (double)vo_random_below(r, 3) /
                                          8; /* at most where it may be filled to */
    for (size_t t = 0; t < h->n; t++) {
        vo_bound_step *x = &h->step[t];
        x->pv_kwh = vo_random_below(r, 2) ? whole(r, 5) : 0;
        x->net_kwh = whole(r, 4) - x->pv_kwh;
        x->into = vo_random_between(r, 0.1, 1);
        x->out = vo_random_below(r, 4) ? x->into * vo_random_unit(r) : -vo_random_unit(r);
        x->into_kwh = vo_random_below(r, 4) ? unlimited : whole(r, 4);
        x->out_kwh = vo_random_below(r, 4) ? unlimited : whole(r, 3);
    }
}

Test(bound_home, a_plan_costs_what_the_best_of_all_costs) {
    vo_random r = vo_random_seed(11, 1);
    for (int i = 0; i < 3000; i++) {
        home h;
        a_home(&r, &h);
        const double best = tried(&h), cost = bound(&h, NULL, NULL);
        cr_assert_float_eq(cost, best, 1e-9, "home %d: %.12g, tried %.12g", i, cost, best);
    }
}

Test(bound_home, the_plan_it_tells_keeps_the_battery_and_costs_what_it_says) {
    vo_random r = vo_random_seed(11, 2);
    for (int i = 0; i < 3000; i++) {
        home h;
        double meter[MOST_STEPS], cost = 0;
        a_home(&r, &h);
        const double told = bound(&h, meter, NULL);
        double stored = h.b.initial_soc * h.b.capacity_kwh;
        const double goal = stored;
        for (size_t t = 0; t < h.n; t++) {
            const vo_bound_step *x = &h.step[t];
            const double g = x->net_kwh - meter[t];
            const double low = t >= h.reserve_free ? 0 : h.b.min_soc * h.b.capacity_kwh;
            stored -= g > 0 ? g / h.b.discharge_efficiency : g * h.b.charge_efficiency;
            cr_assert(g <= h.b.discharge_kw + 1e-9 && -g <= h.b.charge_kw + 1e-9);
            cr_assert(stored >= low - 1e-9 && stored <= h.b.max_soc * h.b.capacity_kwh + 1e-9);
            const double missing = fmax(meter[t] - x->into_kwh, 0);
            cost += fmax(meter[t], 0) * x->into + missing * (VO_HOME_SHORT_PER_KWH - x->into);
            cost -= fmin(fmax(-meter[t], 0), x->out_kwh) * fmax(x->out, 0);
        }
        cr_assert_geq(stored, goal - 1e-9);
        cr_assert_float_eq(cost, told, 1e-9, "home %d: %.12g, told %.12g", i, cost, told);
    }
}

Test(bound_home, where_prices_are_negative_or_crossed_no_plan_costs_less) {
    vo_random r = vo_random_seed(11, 3);
    size_t near = 0;
    for (int i = 0; i < 3000; i++) {
        home h;
        a_home(&r, &h);
        for (size_t t = 0; t < h.n; t++) {
            if (vo_random_below(&r, 2)) h.step[t].into = vo_random_between(&r, -1, 1);
            if (vo_random_below(&r, 2)) h.step[t].out = vo_random_between(&r, -1, 1);
        }
        const double best = tried(&h), cost = bound(&h, NULL, NULL);
        cr_assert_leq(cost, best + 1e-9, "home %d: %.12g, tried %.12g", i, cost, best);
        near += cost >= best - 1e-9;
    }
    cr_assert_gt(near, 300, "a bound that is often met says something: %d", (int)near);
}

Test(bound_home, without_a_battery_it_is_what_the_meter_costs) {
    home h = {.b = {.charge_kw = 3,
                    .discharge_kw = 3, /* of nothing */
                    .charge_efficiency = 1,
                    .discharge_efficiency = 1,
                    .max_soc = 1},
              .n = 4,
              .reserve_free = 4};
    const vo_bound_step step[4] = {{2, 0, 0.3, 0.5, unlimited, unlimited},
                                   {-2, 3, 0.3, 0.5, unlimited, unlimited},
                                   {-2, 3, 0.3, -0.5, unlimited, unlimited},
                                   {2, 1, -0.2, 0, unlimited, unlimited}};
    /* imports 2; exports 2; turns PV down; turns it down and is paid for 3 kWh of load */
    const double cost[4] = {0.6, -1.0, 0, -0.6};
    for (size_t k = 0; k < 4; k++) {
        h.n = 1, h.step[0] = step[k];
        cr_assert_float_eq(bound(&h, NULL, NULL), cost[k], 1e-12, "step %d", (int)k);
    }
}

/* A kWh more of load, or less, never costs less than the price says: a subgradient of the cost. */
/* The store has a capacity, but nothing can go in or out: its window has no width, or next to nothing
 * of what is charged arrives. */
Test(bound_home, a_battery_that_cannot_move_costs_what_the_meter_does) {
    home h = {
        .b = {.capacity_kwh = 10,
              .charge_kw = 5,
              .discharge_kw = 5,
              .charge_efficiency = 1,
              .discharge_efficiency = 1,
              .min_soc = 0.5,
              .max_soc = 0.5,
              .initial_soc = 0.5},
        .n = 3,
        .reserve_free = 3,
        .step = {{2, 0, 0.3, 0.1, 10, 4}, {-3, 4, 0.3, 0.1, 10, 4}, {1, 0, 0.5, 0, 10, 4}}};
    const double meter = 2 * 0.3 - 3 * 0.1 + 1 * 0.5;
    cr_assert_float_eq(bound(&h, NULL, NULL), meter, 1e-12);
    for (double efficiency = 1e-9; efficiency > 1e-200; efficiency *= 1e-20) {
        h.b.min_soc = 0.1, h.b.max_soc = 0.9;
        h.b.charge_efficiency = h.b.discharge_efficiency = efficiency;
        cr_assert_float_eq(bound(&h, NULL, NULL), meter, 1e-6, "efficiency %g", efficiency);
    }
}

Test(bound_home, prices_support_the_cost) {
    vo_random r = vo_random_seed(11, 4);
    for (int i = 0; i < 2000; i++) {
        home h, other;
        double meter[MOST_STEPS], price[MOST_STEPS];
        a_home(&r, &h);
        for (size_t t = 0; t < h.n; t++) {
            h.step[t].out = fmax(h.step[t].out, 0);
            h.step[t].into_kwh = h.step[t].out_kwh = unlimited;
            if (vo_random_below(&r, 2)) h.step[t].net_kwh += vo_random_between(&r, -0.5, 0.5);
        }
        const double cost = bound(&h, meter, price);
        for (int k = 0; k < 6; k++) {
            double least = cost;
            other = h;
            for (size_t t = 0; t < h.n; t++) {
                const double more = vo_random_between(&r, -1, 1) * (k < 3 ? 0.05 : 2);
                if (vo_random_below(&r, 2)) continue;
                other.step[t].net_kwh += more;
                least += price[t] * more;
            }
            const double costs = bound(&other, NULL, NULL);
            cr_assert_geq(costs, least - 1e-9, "home %d: %.12g, not %.12g", i, costs, least);
        }
    }
}

/* 4 of 8 kWh stored and wanted back, prices 0.2, 0.6, 0.4, a kWh of load each: two are delivered later,
 * and bought at 0.2 before: a kWh more of load costs at least that, and at most its own price. */
Test(bound_home, a_stored_kwh_is_worth_what_it_replaces) {
    home h = {.b = {.capacity_kwh = 8,
                    .charge_kw = 2,
                    .discharge_kw = 2,
                    .charge_efficiency = 1,
                    .discharge_efficiency = 1,
                    .max_soc = 1,
                    .initial_soc = 0.5},
              .n = 3,
              .reserve_free = 3};
    const double into[3] = {0.2, 0.6, 0.4};
    for (size_t t = 0; t < 3; t++)
        h.step[t] = (vo_bound_step){1, 0, into[t], 0.05, unlimited, unlimited};
    double meter[3], price[3];
    cr_assert_float_eq(bound(&h, meter, price), 0.2 * 3, 1e-12);
    cr_assert_float_eq(meter[0], 3, 1e-12);
    for (size_t t = 1; t < 3; t++) cr_assert_float_eq(meter[t], 0, 1e-12);
    cr_assert_float_eq(price[0], 0.2, 1e-12);
    for (size_t t = 1; t < 3; t++) cr_assert(price[t] >= 0.2 && price[t] <= into[t]);
}

/* At one price and without losses every plan is as good as any other. */
Test(bound_home, where_nothing_is_gained_nothing_is_moved) {
    home h = {.b = {.capacity_kwh = 8,
                    .charge_kw = 2,
                    .discharge_kw = 2,
                    .charge_efficiency = 1,
                    .discharge_efficiency = 1,
                    .max_soc = 1,
                    .initial_soc = 0.5},
              .n = 5,
              .reserve_free = 5};
    for (size_t t = 0; t < h.n; t++)
        h.step[t] = (vo_bound_step){3, 0, 0.3, 0.3, unlimited, unlimited};
    double meter[5];
    cr_assert_float_eq(bound(&h, meter, NULL), 5 * 3 * 0.3, 1e-12);
    for (size_t t = 0; t < h.n; t++) cr_assert_float_eq(meter[t], 3, 1e-12, "%zu", t);
}

/* ---- many pieces ------------------------------------------------------------------------- */

enum { LONG = 400, UNITS = 300 };

/* The best of whole steps of one kWh, which is the best of all: prices in, no losses. */
static double best_in_units(const double *price) {
    static double later[UNITS + 1], now[UNITS + 1];
    for (int i = 0; i <= UNITS; i++) later[i] = i >= UNITS / 2 ? 0 : unlimited;
    for (size_t t = LONG; t-- > 0;) {
        for (int i = 0; i <= UNITS; i++) {
            now[i] = later[i];
            if (i > 0) now[i] = fmin(now[i], later[i - 1] - price[t]);
            if (i < UNITS) now[i] = fmin(now[i], later[i + 1] + price[t]);
        }
        memcpy(later, now, sizeof now);
    }
    return later[UNITS / 2];
}

static void long_plan(double *price, vo_bound_step *step) {
    vo_random r = vo_random_seed(11, 5);
    for (size_t t = 0; t < LONG; t++) {
        /* dearer every hour, so that more and more is worth keeping: hundreds of pieces */
        price[t] = (double)t / LONG + vo_random_between(&r, 0, 0.3);
        step[t] = (vo_bound_step){0, 0, price[t], price[t], unlimited, unlimited};
    }
}

static const vo_home_battery large = {.capacity_kwh = UNITS,
                                      .charge_kw = 1,
                                      .discharge_kw = 1,
                                      .charge_efficiency = 1,
                                      .discharge_efficiency = 1,
                                      .max_soc = 1,
                                      .initial_soc = 0.5};

Test(bound_home, more_pieces_than_are_kept_err_a_little_and_downwards) {
    static vo_bound_step step[LONG];
    double price[LONG], cost = 0;
    vo_bound_work *w = NULL;
    long_plan(price, step);
    const double best = best_in_units(price);
    cr_assert_eq(vo_bound_work_create(LONG, NULL, &w, NULL), VO_OK);
    cr_assert_eq(vo_bound_home(w, &large, 1, step, LONG, LONG, &cost, NULL, NULL, NULL), VO_OK);
    cr_assert(cost < best - 1e-9, "%.12g of %.12g: was anything left out?", cost, best);
    cr_assert(cost > best - 1e-3 * fabs(best), "%.12g far below %.12g", cost, best);
    vo_bound_work_free(w);
}

Test(bound_home, every_allocation_that_fails_is_told_and_nothing_leaks) {
    static vo_bound_step step[LONG];
    double price[LONG], cost = 42;
    vo_status st = VO_ENOMEM;
    long n = 0;
    long_plan(price, step);
    for (; st != VO_OK; n++) {
        fault f = {.left = n};
        const vo_alloc a = fault_alloc(&f);
        vo_bound_work *w = NULL;
        vo_error err = {0};
        st = vo_bound_work_create(LONG, &a, &w, &err);
        if (st == VO_OK)
            st = vo_bound_home(w, &large, 1, step, LONG, LONG, &cost, NULL, NULL, &err);
        cr_assert(st == VO_OK || (st == VO_ENOMEM && err.msg[0] && cost == 42));
        vo_bound_work_free(w);
        cr_assert_eq(f.live, 0);
    }
    cr_assert_gt(n, 4, "the pool grew, too");
    vo_bound_work_free(NULL);
}
