/* test_value.c -- sup-convolutions against trying every pair of knots and points between. */
#include "optimize/value.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/pairwise.h"

enum { MOST = 4096 };

typedef struct {
    double x[MOST], m[MOST];
    vo_value v;
} function;

static function *blank(void) {
    function *f = calloc(1, sizeof *f);
    cr_assert(f);
    f->v = (vo_value){.x = f->x, .m = f->m};
    return f;
}

static int falling(const void *a, const void *b) {
    const double p = *(const double *)a, q = *(const double *)b;
    return p < q ? 1 : p > q ? -1 : 0;
}

/* Pieces of random width (some of none) and slope; concave: slopes sorted. */
static void draw(vo_random *r, size_t n, double from, bool concave, function *f) {
    f->v = (vo_value){f->x, f->m, n, concave};
    f->x[0] = from;
    for (size_t i = 0; i < n; i++) {
        f->m[i] = round(vo_random_between(r, -6, 6)); /* ties are common */
        f->x[i + 1] = f->x[i] + (vo_random_below(r, 6) ? vo_random_between(r, 0.1, 1) : 0);
    }
    if (concave) qsort(f->m, n, sizeof *f->m, falling);
}

/* max over z of q(z) + v(s - z), at every knot of either: between knots the sum is linear. */
static double best(const vo_value *v, const vo_value *q, double s) {
    double most = -HUGE_VAL;
    const double near = 1e-12;
    for (size_t i = 0; i <= q->n + 1 + v->n; i++) {
        const double z = i <= q->n ? q->x[i] : s - v->x[i - q->n - 1];
        if (z < q->x[0] - near || z > q->x[q->n] + near) continue;
        if (s - z < v->x[0] - near || s - z > v->x[v->n] + near) continue;
        most = fmax(most, vo_value_rise(q, z) + vo_value_rise(v, s - z));
    }
    return most;
}

/* Same shape as the maximum, whatever the constant. */
static void is_best(const vo_value *v, const vo_value *q, const vo_value *w, int seed) {
    double apart = (double)NAN;
    for (int k = 0; k <= 60; k++) {
        const double s = w->x[0] + (w->x[w->n] - w->x[0]) * k / 60;
        const double want = best(v, q, s), got = vo_value_rise(w, s);
        if (k == 0) apart = want - got;
        cr_assert(fabs(want - got - apart) < 1e-9, "seed %d: W(%g) = %g, not %g", seed, s,
                  got + apart, want);
    }
}

Test(value, merging_concave_functions_is_their_sup_convolution) {
    function *f = blank(), *g = blank(), *w = blank();
    for (int seed = 1; seed <= 500; seed++) {
        vo_random r = vo_random_seed((uint64_t)seed, 1);
        draw(&r, vo_random_below(&r, 8), 0, true, f);
        draw(&r, vo_random_below(&r, 4), -1, true, g);
        vo_value_merge(&f->v, &g->v, &w->v);
        cr_assert_float_eq(w->x[0], f->x[0] + g->x[0], 1e-12);
        cr_assert_float_eq(w->x[w->v.n], f->x[f->v.n] + g->x[g->v.n], 1e-12);
        cr_assert(vo_value_is_concave(&w->v));
        is_best(&f->v, &g->v, &w->v, seed);
    }
    free(f), free(g), free(w);
}

/* Any f of up to 60 pieces and any g of up to 4, several kinds of slope among them. */
static void draw_pair(int seed, function *f, function *g) {
    vo_random r = vo_random_seed((uint64_t)seed, 2);
    draw(&r, vo_random_below(&r, seed % 10 == 0 ? 61 : 9), 0, false, f);
    draw(&r, vo_random_below(&r, 5), -vo_random_between(&r, 0, 2), false, g);
    const uint64_t kind = vo_random_below(&r, 4);
    for (size_t i = 0; i < f->v.n; i++) {
        if (kind == 0) f->m[i] = i % 2 ? -3 : 3; /* saw teeth */
        if (kind == 1) f->m[i] = vo_random_between(&r, -6, 6);
        if (kind == 1 && i < g->v.n) g->m[i] = vo_random_between(&r, -6, 6);
    }
    if (kind == 2) f->v.concave = true, qsort(f->m, f->v.n, sizeof *f->m, falling);
}

static bool convolve(const function *f, const function *g, vo_value_scratch *scratch,
                     function *w) {
    cr_assert(vo_value_convolve_room(&f->v, &g->v) < MOST);
    w->v = (vo_value){.x = w->x, .m = w->m};
    bool empty = true;
    cr_assert_eq(
        vo_value_convolve(&f->v, &g->v, f->x[0], f->x[f->v.n], scratch, &w->v, &empty, NULL),
        VO_OK);
    return !empty;
}

static bool among(const vo_value *f, double slope) {
    for (size_t i = 0; i < f->n; i++)
        if (f->m[i] == slope) return true;
    return false;
}

/* Its domain ends where it must, its knots rise, its slopes are those of f and g to the bit. */
static void is_well_formed(const vo_value *f, const vo_value *g, const vo_value *w, int seed) {
    cr_assert_float_eq(w->x[0], fmax(f->x[0], f->x[0] + g->x[0]), 1e-12, "seed %d", seed);
    cr_assert_float_eq(w->x[w->n], fmin(f->x[f->n], f->x[f->n] + g->x[g->n]), 1e-12, "seed %d",
                       seed);
    for (size_t i = 0; i < w->n; i++) {
        cr_assert(w->x[i] < w->x[i + 1], "seed %d: piece %zu has no width", seed, i);
        cr_assert(i == 0 || w->m[i] != w->m[i - 1], "seed %d: %zu could be longer", seed, i);
        cr_assert(among(f, w->m[i]) || among(g, w->m[i]), "seed %d: slope %g", seed, w->m[i]);
    }
}

Test(value, convolving_any_functions_is_trying_every_pair_of_knots) {
    function *f = blank(), *g = blank(), *w = blank();
    vo_value_scratch scratch = {0};
    for (int seed = 1; seed <= 4000; seed++) {
        draw_pair(seed, f, g);
        const bool some = convolve(f, g, &scratch, w);
        const double lo = f->x[0], hi = f->x[f->v.n];
        cr_assert_eq(some, f->x[f->v.n] + g->x[g->v.n] >= lo && f->x[0] + g->x[0] <= hi);
        if (!some) continue;
        is_well_formed(&f->v, &g->v, &w->v, seed);
        is_best(&f->v, &g->v, &w->v, seed);
    }
    vo_value_scratch_fini(&scratch);
    free(f), free(g), free(w);
}

/* At every knot of both and halfway between, up to the constant. */
static void is_same(const vo_value *a, const vo_value *b, int seed) {
    cr_assert_float_eq(a->x[0], b->x[0], 1e-12, "seed %d", seed);
    cr_assert_float_eq(a->x[a->n], b->x[b->n], 1e-12, "seed %d", seed);
    for (size_t i = 0; i <= 2 * (a->n + b->n) + 1; i++) {
        const vo_value *of = i < 2 * a->n + 1 ? a : b;
        const size_t k = of == a ? i : i - 2 * a->n - 1;
        const double x = 0.5 * (of->x[k / 2] + of->x[k / 2 + k % 2]);
        cr_assert_float_eq(vo_value_rise(a, x), vo_value_rise(b, x), 1e-9, "seed %d: at %g",
                           seed, x);
    }
}

Test(value, convolving_is_merging_every_pair_of_concave_runs_and_keeping_the_highest) {
    function *f = blank(), *g = blank(), *w = blank(), *want = blank();
    vo_value_scratch scratch = {0};
    for (int seed = 1; seed <= 20000; seed++) {
        draw_pair(seed, f, g);
        const bool some = convolve(f, g, &scratch, w);
        want->v = (vo_value){.x = want->x, .m = want->m};
        cr_assert_eq(pairwise_convolve(&f->v, &g->v, f->x[0], f->x[f->v.n], &want->v), some);
        if (some) is_same(&w->v, &want->v, seed);
    }
    vo_value_scratch_fini(&scratch);
    free(f), free(g), free(w), free(want);
}

/* Fifty steps of a recursion, prices of both signs: what one step leaves the next one takes. */
Test(value, step_after_step_convolving_stays_what_merging_pairs_makes) {
    function *f = blank(), *g = blank(), *w = blank(), *want = blank();
    vo_value_scratch scratch = {0};
    for (int seed = 1; seed <= 60; seed++) {
        vo_random r = vo_random_seed((uint64_t)seed, 4);
        f->v = (vo_value){.x = f->x, .m = f->m, .n = 1};
        f->x[0] = f->m[0] = 0, f->x[1] = 4;
        for (int step = 0; step < 50; step++) {
            const double price = vo_random_between(&r, -40, 40);
            g->v = (vo_value){.x = g->x, .m = g->m, .n = 2};
            g->x[0] = -0.09, g->x[1] = 0, g->x[2] = 0.11;
            g->m[0] = price / 0.9, g->m[1] = price * 0.9;
            cr_assert(convolve(f, g, &scratch, w));
            want->v = (vo_value){.x = want->x, .m = want->m};
            cr_assert(pairwise_convolve(&f->v, &g->v, 0, 4, &want->v));
            is_same(&w->v, &want->v, seed);
            is_well_formed(&f->v, &g->v, &w->v, seed);
            memcpy(f->x, w->v.x, (w->v.n + 1) * sizeof *f->x);
            memcpy(f->m, w->v.m, w->v.n * sizeof *f->m);
            f->v.n = w->v.n;
        }
    }
    vo_value_scratch_fini(&scratch);
    free(f), free(g), free(w), free(want);
}

Test(value, convolving_twice_gives_the_same_bits) {
    function *f = blank(), *g = blank(), *w = blank(), *again = blank();
    vo_value_scratch fresh = {0}, used = {0};
    for (int seed = 1; seed <= 300; seed++) {
        draw_pair(seed, f, g);
        const bool some = convolve(f, g, &used, w);
        cr_assert_eq(convolve(f, g, &fresh, again), some);
        vo_value_scratch_fini(&fresh);
        if (!some) continue;
        cr_assert_eq(w->v.n, again->v.n);
        cr_assert_arr_eq(w->v.x, again->v.x, (w->v.n + 1) * sizeof *w->x);
        cr_assert_arr_eq(w->v.m, again->v.m, w->v.n * sizeof *w->m);
    }
    vo_value_scratch_fini(&used);
    free(f), free(g), free(w), free(again);
}

Test(value, a_point_moves_a_function_without_changing_it) {
    function *f = blank(), *g = blank(), *w = blank();
    vo_random r = vo_random_seed(5, 5);
    draw(&r, 6, 0, true, f);
    draw(&r, 0, 0.5, true, g);
    vo_value_merge(&f->v, &g->v, &w->v);
    for (double s = 0; s <= f->x[6]; s += 0.01)
        cr_assert_float_eq(vo_value_rise(&w->v, s + 0.5), vo_value_rise(&f->v, s), 1e-9);
    free(f), free(g), free(w);
}

Test(value, restricting_keeps_what_lies_inside) {
    function *f = blank();
    for (int seed = 1; seed <= 300; seed++) {
        vo_random r = vo_random_seed((uint64_t)seed, 3);
        draw(&r, vo_random_below(&r, 7), 0, false, f);
        const vo_value whole = f->v;
        function *copy = blank();
        *copy = *f;
        copy->v = (vo_value){copy->x, copy->m, whole.n, false};
        const double end = whole.x[whole.n];
        const double lo = vo_random_between(&r, -0.5, end + 0.2), hi = lo + vo_random_unit(&r);
        const bool some = lo <= end && hi >= 0;
        cr_assert_eq(vo_value_restrict(&f->v, lo, hi), some);
        if (some) {
            cr_assert_eq(f->v.x[0], fmax(lo, 0));
            cr_assert_eq(f->v.x[f->v.n], fmin(hi, end));
            for (double s = f->v.x[0]; s < f->v.x[f->v.n]; s += 0.07)
                cr_assert_float_eq(
                    vo_value_rise(&f->v, s),
                    vo_value_rise(&copy->v, s) - vo_value_rise(&copy->v, f->v.x[0]), 1e-9);
        }
        free(copy);
    }
    free(f);
}

static void *no_memory(void *ctx, size_t size) {
    (void)ctx, (void)size;
    return NULL;
}

static void no_free(void *ctx, void *p) { (void)ctx, (void)p; }

Test(value, convolving_without_memory_is_refused) {
    const vo_alloc none = {no_memory, no_free, NULL};
    vo_value_scratch scratch = {.alloc = &none};
    function *f = blank(), *w = blank();
    vo_random r = vo_random_seed(1, 1);
    draw(&r, 5, 0, false, f);
    bool empty;
    vo_error err = {0};
    cr_assert_eq(vo_value_convolve(&f->v, &f->v, 0, 9, &scratch, &w->v, &empty, &err),
                 VO_ENOMEM);
    vo_value_scratch_fini(&scratch);
    free(f), free(w);
}
