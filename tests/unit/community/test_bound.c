/* test_bound.c -- bounds against plans that were found otherwise: the exact method for a home alone,
 * a linear program for homes that share, and feasible plans, which may never cost less. */
#include "community/bound.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "optimize/home_value.h"
#include "support/crew.h"
#include "support/fault_alloc.h"
#include "support/pool_lp.h"
#include "support/village.h"

static vo_bounds find(const village *v, double loss, size_t rounds, double *alone) {
    const vo_bound_options o = {.loss = loss, .rounds = rounds, .tolerance = 1e-6};
    vo_bounds b = {.alone = alone};
    vo_error err = {0};
    cr_assert_eq(vo_bounds_find(&v->h, v->load, v->pv, &o, NULL, NULL, &b, &err), VO_OK, "%s",
                 err.msg);
    return b;
}

/* A plan of home_value.h, walked forward: it can be done, and is the best one. */
static double walked(const village *v, size_t i) {
    const vo_homes *h = &v->h;
    const vo_home_battery *b = &h->battery[i];
    const size_t n = h->steps - h->first;
    vo_home_store s = {.low_kwh = b->min_soc * b->capacity_kwh,
                       .high_kwh = b->max_soc * b->capacity_kwh,
                       .charge_kwh = b->charge_kw * h->dt_h,
                       .discharge_kwh = b->discharge_kw * h->dt_h,
                       .charge_efficiency = b->charge_efficiency,
                       .discharge_efficiency = b->discharge_efficiency};
    vo_home_value *value = calloc(n + 1, sizeof *value);
    double stored = b->initial_soc * b->capacity_kwh, cost = 0;
    const double goal = stored, one = 1;
    value[n] = vo_home_value_end(&s, goal, 100, 0);
    for (size_t pass = 0; pass < 2; pass++)
        for (size_t k = 0; k < n; k++) {
            const size_t t = pass == 0 ? n - 1 - k : k, at = h->first + t;
            const double net =
                (double)v->load[i * v->steps + at] - (double)v->pv[i * v->steps + at];
            const vo_home_prices p = {.buy = h->buy[at],
                                      .sell = h->sell[at],
                                      .import_kwh = h->import_limit_kwh,
                                      .export_kwh = h->export_limit_kwh};
            if (pass == 0) {
                value[t] = value[t + 1];
                vo_home_value_back(&value[t], &s, &p, &net, &one, 1);
                continue;
            }
            const double z = vo_home_value_best(&value[t + 1], &s, &p, net, stored);
            cost += vo_home_cost(&p, net - vo_home_terminal(&s, z));
            stored -= z;
        }
    cr_assert(stored >= goal - 1e-9);
    free(value);
    return cost;
}

Test(bound, alone_a_home_costs_what_its_best_plan_costs) {
    for (uint64_t seed = 1; seed <= 12; seed++) {
        village v;
        village_make(&v, seed, 5, 3, 1, seed % 3 == 0 ? 1 : 0.5);
        double alone[5], sum = 0;
        if (seed % 4 == 0) v.h.import_limit_kwh = 3;
        if (seed % 4 == 1) v.h.export_limit_kwh = 0.4;
        const vo_bounds b = find(&v, 0.05, 0, alone);
        for (size_t i = 0; i < 5; i++) {
            const double plan = walked(&v, i);
            cr_assert_float_eq(alone[i], plan, 1e-9 * (1 + fabs(plan)),
                               "seed %d home %d: %.12g %.12g", (int)seed, (int)i, alone[i],
                               plan);
            sum += alone[i];
        }
        cr_assert_float_eq(b.alone_sum, sum, 1e-9);
        cr_assert(isnan(b.pooled), "not asked for");
        village_free(&v);
    }
}

Test(bound, the_pool_is_the_linear_programs_optimum_from_below) {
    for (uint64_t seed = 1; seed <= 8; seed++) {
        village v;
        village_make(&v, seed, 2 + seed % 4, 1 + seed % 3, 0, 0.5);
        if (seed >= 6) v.h.import_limit_kwh = 0.6; /* some load is short */
        if (seed == 7) v.h.export_limit_kwh = 0.3;
        double alone[8];
        const double loss = seed % 2 ? 0.05 : 0.2;
        const vo_bounds b = find(&v, loss, 1500, alone);
        const double lp = pool_lp_cost(&v.h, v.load, v.pv, loss);
        cr_assert(b.pooled <= lp + 1e-9 * fabs(lp), "seed %d: %.9g beyond %.9g", (int)seed,
                  b.pooled, lp);
        cr_assert(b.pooled >= lp - 1e-3 * fabs(lp), "seed %d: %.9g far from %.9g", (int)seed,
                  b.pooled, lp);
        cr_assert(b.lossless <= lp + 1e-9 * fabs(lp) && lp <= b.alone_sum + 1e-9 * fabs(lp));
        village_free(&v);
    }
}

Test(bound, without_losses_equal_batteries_pool_into_one_home) {
    for (uint64_t seed = 1; seed <= 6; seed++) {
        village v;
        village_make(&v, seed, 4, 2, 0, 0.5);
        for (size_t i = 0; i < 4; i++) v.battery[i].capacity_kwh = 8;
        double alone[4];
        const vo_bounds b = find(&v, 0, 1, alone);
        const double lp = pool_lp_cost(&v.h, v.load, v.pv, 0);
        cr_assert_float_eq(b.lossless, lp, 1e-6 * fabs(lp), "seed %d: %.9g %.9g", (int)seed,
                           b.lossless, lp);
        cr_assert_float_eq(b.pooled, lp, 1e-6 * fabs(lp), "the first prices are already right");
        village_free(&v);
    }
}

/* What pays for itself in any world: more loss never helps, and no bound beats a wider pool. */
Test(bound, more_loss_costs_more) {
    village v;
    village_make(&v, 3, 4, 2, 0, 0.5);
    double alone[4], before = -1e9;
    const double loss[] = {0, 0.05, 0.1, 0.3, 0.6};
    for (size_t k = 0; k < 5; k++) {
        const vo_bounds b = find(&v, loss[k], 800, alone);
        cr_assert(b.pooled >= before - 2e-3 * fabs(before), "%g: %g after %g", loss[k],
                  b.pooled, before);
        cr_assert(b.pooled <= b.alone_sum * (1 + 1e-9));
        before = b.pooled;
    }
    village_free(&v);
}

/* Plans of chance that keep every limit; negative prices, selling dearer than buying, outages and
 * scarce meters included. What is short counts as the header says. */
static double any_plan(const village *v, size_t i, vo_random *r) {
    const vo_homes *h = &v->h;
    const vo_home_battery *b = &h->battery[i];
    double stored = b->initial_soc * b->capacity_kwh, cost = 0;
    const double goal = stored;
    for (size_t t = h->first; t < h->steps; t++) {
        const bool down = h->grid_down[t];
        const double left = (double)(h->steps - 1 - t);
        const double load = (double)v->load[i * v->steps + t],
                     pv = (double)v->pv[i * v->steps + t];
        const double most_in =
            b->capacity_kwh > 0 ? b->charge_kw * h->dt_h * b->charge_efficiency : 0;
        const double low = fmax(b->min_soc * b->capacity_kwh, goal - left * most_in);
        const double high = b->max_soc * b->capacity_kwh;
        double to = stored + vo_random_between(r, -1, 1) * 3;
        to = fmin(
            fmax(to, fmax(low, stored - b->discharge_kw * h->dt_h / b->discharge_efficiency)),
            fmin(high, stored + most_in));
        const double z = stored - to;
        const double out = z > 0 ? z * b->discharge_efficiency : z / b->charge_efficiency;
        const double import_kwh = down ? 0 : h->import_limit_kwh;
        const double export_kwh = down ? 0 : h->export_limit_kwh;
        double meter = load - pv - out;
        if (meter < 0 && (h->sell[t] < 0 || vo_random_unit(r) < 0.2))
            meter = fmin(0, meter + pv);
        if (meter > import_kwh) cost += VO_HOME_SHORT_PER_KWH * (meter - import_kwh);
        meter = fmin(fmax(meter, -export_kwh), import_kwh);
        cost += meter > 0 ? h->buy[t] * meter : h->sell[t] * meter;
        stored = to;
    }
    return cost;
}

Test(bound, no_plan_that_keeps_the_limits_costs_less) {
    vo_random r = vo_random_seed(7, 7);
    for (uint64_t seed = 1; seed <= 200; seed++) {
        village v;
        village_make(&v, seed, 3, 1, 0, 0.5);
        for (size_t t = 0; t < v.steps; t++) {
            if (seed % 2) v.buy[t] = vo_random_between(&r, -0.4, 1);
            if (seed % 3) v.sell[t] = vo_random_between(&r, -0.5, 0.8);
            v.down[t] = seed % 5 == 0 && vo_random_unit(&r) < 0.2;
        }
        if (seed % 4 == 0) v.h.import_limit_kwh = 0.4;
        if (seed % 7 == 0) v.h.export_limit_kwh = 0.2;
        double alone[3];
        find(&v, 0.05, 0, alone);
        for (size_t i = 0; i < 3; i++)
            for (size_t k = 0; k < 20; k++) {
                const double cost = any_plan(&v, i, &r);
                cr_assert(alone[i] <= cost + 1e-9, "seed %d: bound %g, a plan %g", (int)seed,
                          alone[i], cost);
            }
        village_free(&v);
    }
}

/* The lights go out at once: who may use the reserve needs not be in the dark. */
Test(bound, in_an_outage_the_reserve_counts) {
    village v;
    village_make(&v, 1, 1, 1, 0, 0.5);
    v.battery[0] = vo_home_battery_default();
    v.battery[0].initial_soc = v.battery[0].min_soc;
    v.down[0] = v.down[1] = 1;
    double alone[1], load = 0;
    for (size_t t = 0; t < v.steps; t++) {
        v.load[t] = 0.2f, v.pv[t] = 0;
        load += (double)v.load[t];
    }
    find(&v, 0.05, 0, alone);
    const double stored_again = 0.4 / 0.9;
    cr_assert(alone[0] <= 0.54 * (load - 0.4 + stored_again), "%g", alone[0]);
    village_free(&v);
}

Test(bound, threads_change_no_bit) {
    village v;
    village_make(&v, 9, 21, 20, 0, 0.5); /* enough for a crew */
    double alone[3][21];
    vo_bounds b[3];
    const size_t workers[3] = {1, 2, 5};
    for (size_t k = 0; k < 3; k++) {
        size_t n = workers[k];
        if (n > 1) v.h.crew = (vo_crew){crew, &n, n};
        b[k] = find(&v, 0.05, 8, alone[k]);
        cr_assert_eq(memcmp(alone[0], alone[k], sizeof alone[0]), 0);
        cr_assert_eq(memcmp(&b[0].pooled, &b[k].pooled, sizeof(double)), 0);
        cr_assert_eq(memcmp(&b[0].lossless, &b[k].lossless, sizeof(double)), 0);
    }
    village_free(&v);
}

static bool stop_at_3(void *ctx) { return ++*(int *)ctx >= 3; }

Test(bound, it_stops_when_told_and_changes_nothing_then) {
    village v;
    village_make(&v, 2, 3, 1, 0, 0.5);
    double alone[3];
    const vo_bound_options o = {.loss = 0.05, .rounds = 100, .tolerance = 1e-6};
    vo_bounds b = {.alone = alone, .pooled = 42};
    int asked = 0;
    cr_assert_eq(vo_bounds_find(&v.h, v.load, v.pv, &o, stop_at_3, &asked, &b, NULL),
                 VO_ECANCELED);
    cr_assert_eq(asked, 3);
    cr_assert_float_eq(b.pooled, 42, 0);
    village_free(&v);
}

Test(bound, every_allocation_that_fails_is_told_and_nothing_leaks) {
    village v;
    village_make(&v, 2, 3, 1, 0, 0.5);
    double alone[3];
    vo_status st = VO_ENOMEM;
    for (long n = 0; st != VO_OK; n++) {
        fault f = {.left = n};
        const vo_alloc a = fault_alloc(&f);
        const vo_bound_options o = {.loss = 0.05, .rounds = 3, .alloc = &a};
        vo_bounds b = {.alone = alone};
        vo_error err = {0};
        st = vo_bounds_find(&v.h, v.load, v.pv, &o, NULL, NULL, &b, &err);
        cr_assert(st == VO_OK || st == VO_ENOMEM, "%ld: %s", n, err.msg);
        cr_assert_eq(f.live, 0L);
        cr_assert(st == VO_OK ? n > 10 : strstr(err.msg, "no memory") != NULL, "%ld", n);
    }
    village_free(&v);
}

Test(bound, options_outside_their_domain_are_refused) {
    village v;
    village_make(&v, 2, 2, 1, 0, 0.5);
    double alone[2];
    vo_bounds b = {.alone = alone};
    vo_error err = {0};
    vo_bound_options o = {.loss = 1, .rounds = 1};
    cr_assert_eq(vo_bounds_find(&v.h, v.load, v.pv, &o, NULL, NULL, &b, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "loss = 1"), "%s", err.msg);
    o = (vo_bound_options){.loss = 0.05, .tolerance = (double)NAN};
    cr_assert_eq(vo_bounds_find(&v.h, v.load, v.pv, &o, NULL, NULL, &b, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "tolerance"), "%s", err.msg);
    village_free(&v);
}
