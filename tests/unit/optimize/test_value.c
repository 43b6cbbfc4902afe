/* test_value.c -- sup-convolutions against trying every pair of knots and points between. */
#include "optimize/value.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "base/random.h"

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

Test(value, convolving_any_functions_is_trying_every_pair_of_knots) {
    function *f = blank(), *g = blank(), *w = blank();
    vo_value_scratch scratch = {0};
    for (int seed = 1; seed <= 4000; seed++) {
        vo_random r = vo_random_seed((uint64_t)seed, 2);
        draw(&r, vo_random_below(&r, seed % 50 == 0 ? 60 : 9), 0, false, f);
        draw(&r, vo_random_below(&r, 5), -vo_random_between(&r, 0, 2), false, g);
        const double lo = f->x[0], hi = f->x[f->v.n];
        cr_assert(vo_value_convolve_room(&f->v, &g->v) < MOST);
        bool empty = true;
        cr_assert_eq(vo_value_convolve(&f->v, &g->v, lo, hi, &scratch, &w->v, &empty, NULL),
                     VO_OK);
        const bool apart = f->x[f->v.n] + g->x[g->v.n] < lo || f->x[0] + g->x[0] > hi;
        cr_assert_eq(empty, apart, "seed %d", seed);
        if (!empty) is_best(&f->v, &g->v, &w->v, seed);
    }
    vo_value_scratch_fini(&scratch);
    free(f), free(g), free(w);
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
