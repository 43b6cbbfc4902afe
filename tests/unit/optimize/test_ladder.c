/* test_ladder.c -- the ladder's steps against merging whole functions, piece by piece. */
#include "optimize/ladder.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "base/random.h"

enum { MOST = 20000 };

/* A market with limits that vary, ties among prices, and outages. */
typedef struct {
    vo_problem p;
    vo_battery b;
    double *price, *export_price, *limit_in, *limit_out;
    vo_reward_source s;
} market;

static void open_market(market *m, uint64_t seed, size_t n) {
    vo_random r = vo_random_seed(seed, 7);
    m->b = vo_battery_default();
    m->b.capacity_mwh = vo_random_between(&r, 0.5, 12);
    m->b.min_soc = vo_random_below(&r, 2) ? 0.1 : 0;
    m->p = vo_problem_default();
    m->p.n = n;
    m->p.interval_h = vo_random_below(&r, 2) ? 1 : 0.1;
    double **a[] = {&m->price, &m->export_price, &m->limit_in, &m->limit_out};
    for (size_t i = 0; i < 4; i++) {
        *a[i] = calloc(n, sizeof(double));
        cr_assert(*a[i]);
    }
    for (size_t t = 0; t < n; t++) {
        m->price[t] = round(vo_random_between(&r, 0, 60));
        m->export_price[t] = m->price[t] - (double)vo_random_below(&r, 3);
        m->limit_in[t] = vo_random_below(&r, 5) ? 1 : vo_random_below(&r, 2) ? 0.37 : 0;
        m->limit_out[t] = vo_random_below(&r, 5) ? 1 : vo_random_below(&r, 2) ? 0.41 : 0;
    }
    m->p.price = m->price;
    if (seed % 3) m->p.export_price = m->export_price;
    if (seed % 4 == 0) m->p.charge_limit_mw = m->limit_in;
    if (seed % 4 <= 1) m->p.discharge_limit_mw = m->limit_out;
    m->p.battery = &m->b;
    m->s = vo_reward_open(&m->p);
}

static void close_market(market *m) {
    free(m->price), free(m->export_price), free(m->limit_in), free(m->limit_out);
}

typedef struct {
    double x[MOST], m[MOST];
} pieces;

/* One step back by merging; returns the new function in `to`. */
static vo_value merged(const market *m, size_t t, const vo_value *v, pieces *to) {
    double qx[3], qm[2];
    vo_value q = {.x = qx, .m = qm}, w = {.x = to->x, .m = to->m};
    const vo_reward_simple r = vo_reward_simple_at(&m->s, t);
    vo_reward_of_simple(&r, &q);
    vo_value_merge(v, &q, &w);
    cr_assert(vo_value_restrict(&w, m->s.lo_mwh, m->s.hi_mwh));
    w.concave = true;
    return w;
}

/* Where the slope falls to `price`: the end of the last piece steeper (or as steep). */
static double falls_to(const vo_value *v, double price, bool as_steep) {
    double end = v->x[0];
    for (size_t i = 0; i < v->n; i++)
        if (as_steep ? v->m[i] >= price : v->m[i] > price) end = v->x[i + 1];
    return end;
}

static vo_value at_end(const market *m, double *x, double *slope, uint64_t seed) {
    slope[0] = seed % 2 ? 0 : 20;
    x[0] = m->s.lo_mwh;
    x[1] = m->s.hi_mwh;
    if (seed % 5 == 0) x[0] = x[1] = 0.5 * (x[0] + x[1]); /* an exact final energy */
    if (seed % 5 == 1) x[0] = 0.3 * x[0] + 0.7 * x[1];    /* at least so much */
    return (vo_value){x, slope, x[1] > x[0], true};
}

Test(ladder, steps_like_merging_whole_functions) {
    pieces *buffer = calloc(2, sizeof *buffer), *got = calloc(1, sizeof *got);
    cr_assert(buffer && got);
    for (uint64_t seed = 1; seed <= 60; seed++) {
        market m;
        vo_ladder l;
        vo_reward_rates r = {0};
        double x[2], slope[1], p[VO_REWARD_RATES], q[VO_REWARD_RATES];
        open_market(&m, seed, 300);
        vo_value v = at_end(&m, x, slope, seed);
        vo_ladder_init(&l, NULL);
        cr_assert_eq(vo_ladder_set(&l, &v, m.s.lo_mwh, m.s.hi_mwh, NULL), VO_OK);
        for (size_t b = 300; b > 0; b -= 100) {
            cr_assert(vo_reward_rates_at(&m.s, b - 100, 100, &r));
            cr_assert_eq(vo_ladder_back(&l, &r, p, q, NULL), VO_OK);
            for (size_t k = 100; k-- > 0;) {
                const double up = falls_to(&v, r.charge[k], false);
                const double down = falls_to(&v, r.discharge[k], true);
                if (r.charge_z[k] > 0)
                    cr_assert(fabs(p[k] - up) < 1e-9, "seed %d, %zu: to %g, not %g", (int)seed,
                              b - 100 + k, p[k], up);
                else
                    cr_assert_eq(p[k], -(double)INFINITY);
                if (r.discharge_z[k] > 0)
                    cr_assert(fabs(q[k] - down) < 1e-9, "seed %d, %zu: down to %g, not %g",
                              (int)seed, b - 100 + k, q[k], down);
                else
                    cr_assert_eq(q[k], (double)INFINITY);
                v = merged(&m, b - 100 + k, &v, &buffer[k % 2]);
            }
            vo_value w = {.x = got->x, .m = got->m};
            vo_ladder_get(&l, &w);
            cr_assert_float_eq(w.x[0], v.x[0], 1e-9);
            cr_assert_float_eq(w.x[w.n], v.x[v.n], 1e-9);
            for (double s = v.x[0]; s < v.x[v.n]; s += (v.x[v.n] - v.x[0]) / 97)
                cr_assert_float_eq(vo_value_rise(&w, s), vo_value_rise(&v, s), 1e-7);
        }
        vo_ladder_fini(&l);
        close_market(&m);
    }
    free(buffer), free(got);
}

Test(ladder, slopes_along_a_walk_are_those_of_the_function) {
    pieces *buffer = calloc(2, sizeof *buffer);
    cr_assert(buffer);
    for (uint64_t seed = 1; seed <= 60; seed++) {
        enum { N = 120 };
        market m;
        vo_ladder l;
        vo_reward_rates r = {0};
        double x[2], slope[1], stored[N + 1], right[N] = {0}, left[N] = {0};
        open_market(&m, seed, N);
        vo_random g = vo_random_seed(seed, 9);
        vo_value v = at_end(&m, x, slope, seed);
        for (size_t t = 0; t <= N;
             t++) /* any walk: look-ups do not ask whether it is the best */
            stored[t] = vo_random_between(&g, m.s.lo_mwh, m.s.hi_mwh);
        vo_ladder_init(&l, NULL);
        cr_assert_eq(vo_ladder_set(&l, &v, m.s.lo_mwh, m.s.hi_mwh, NULL), VO_OK);
        cr_assert(vo_reward_rates_at(&m.s, 0, N, &r));
        cr_assert_eq(vo_ladder_back_along(&l, &r, stored, 1e-12, right, left, NULL), VO_OK);
        for (size_t t = N; t-- > 0;) {
            const double s = stored[t];
            size_t i = 0;
            while (i < v.n && v.x[i + 1] <= s) i++;
            const bool inside = s > v.x[0] + 1e-9 && s < v.x[v.n] - 1e-9;
            if (inside && i < v.n && s - v.x[i] > 1e-9 && v.x[i + 1] - s > 1e-9)
                cr_assert_eq(stored[t + 1] > s ? right[t] : left[t], v.m[i], "seed %d at %zu",
                             (int)seed, t);
            if (s < v.x[0] - 1e-9)
                cr_assert_eq(stored[t + 1] > s ? right[t] : left[t], (double)INFINITY);
            v = merged(&m, t, &v, &buffer[t % 2]);
        }
        vo_ladder_fini(&l);
        close_market(&m);
    }
    free(buffer);
}

/* A store that takes weeks to fill: thousands of rungs, and none of them is lost. */
Test(ladder, thousands_of_rungs_are_kept) {
    market m;
    vo_ladder l;
    vo_reward_rates r = {0};
    double x[2], slope[1], p[VO_REWARD_RATES], q[VO_REWARD_RATES];
    open_market(&m, 2, 6400);
    m.b.capacity_mwh = 2000;
    m.s = vo_reward_open(&m.p);
    vo_value v = at_end(&m, x, slope, 3);
    vo_ladder_init(&l, NULL);
    cr_assert_eq(vo_ladder_set(&l, &v, m.s.lo_mwh, m.s.hi_mwh, NULL), VO_OK);
    for (size_t b = 6400; b > 0; b -= 128) {
        cr_assert(vo_reward_rates_at(&m.s, b - 128, 128, &r));
        cr_assert_eq(vo_ladder_back(&l, &r, p, q, NULL), VO_OK);
    }
    cr_assert(vo_ladder_size(&l) > 1000, "%zu", vo_ladder_size(&l));
    pieces *got = calloc(1, sizeof *got);
    vo_value w = {.x = got->x, .m = got->m};
    vo_ladder_get(&l, &w);
    cr_assert(vo_value_is_concave(&w));
    cr_assert_eq(w.x[0], m.s.lo_mwh);
    cr_assert_float_eq(w.x[w.n], m.s.hi_mwh, 1e-9);
    free(got);
    vo_ladder_fini(&l);
    close_market(&m);
}
