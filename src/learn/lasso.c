/* lasso.c -- see lasso.h.
 *
 * The active columns' part of G is copied together (a few dozen columns: it stays in the first
 * cache) and swept until it is optimal; then the gradient of all columns is renewed, columns
 * that break their condition join, and so on until none does.
 */
#include "learn/lasso.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/wide.h"

enum { TILE_I = 4, TILE_J = 8 };

struct vo_lasso {
    const vo_alloc *alloc;
    size_t width;
    double *gradient; /* [width] c - Gb                       */
    double *small;    /* [active][active] of G                */
    double *g;        /* [active] gradient of the active      */
    double *start;    /* [active] b before the sweeps         */
    size_t *active;   /* [width] columns, in order            */
    size_t n_active;
};

vo_lasso_settings vo_lasso_settings_default(void) {
    return (vo_lasso_settings){.tolerance = 1e-3, .max_sweeps = 1000};
}

vo_status vo_lasso_create(size_t width, const vo_alloc *alloc, vo_lasso **out, vo_error *err) {
    assert(width > 0);
    if (!alloc) alloc = &vo_alloc_libc;
    const size_t doubles = width * (width + 3);
    vo_lasso *s = alloc->zalloc(alloc->ctx,
                                sizeof *s + doubles * sizeof(double) + width * sizeof(size_t));
    if (!s) return vo_fail(err, VO_ENOMEM, "a regression on %zu columns", width);
    s->alloc = alloc;
    s->width = width;
    s->small = (double *)(void *)(s + 1);
    s->gradient = s->small + width * width;
    s->g = s->gradient + width;
    s->start = s->g + width;
    s->active = (size_t *)(void *)(s->start + width);
    *out = s;
    return VO_OK;
}

void vo_lasso_free(vo_lasso *s) {
    if (s) s->alloc->free(s->alloc->ctx, s);
}

double vo_lasso_lambda_max(size_t width, const double *c, const double *weight) {
    double most = 0;
    for (size_t j = 0; j < width; j++) {
        const double w = weight ? weight[j] : 1;
        if (w > 0 && fabs(c[j]) > most * w) most = fabs(c[j]) / w;
    }
    return most;
}

/* ---- products ------------------------------------------------------------------------- */

/* out[i][j] = sum_r a[r][i] b[r][j] for a tile; accumulators stay in registers. */
static inline void tile(size_t rows, const double *a, size_t lda, const double *b, size_t ldb,
                        double out[TILE_I][TILE_J]) {
    double sum[TILE_I][TILE_J] = {{0}};
    for (size_t r = 0; r < rows; r++, a += lda, b += ldb)
        for (int i = 0; i < TILE_I; i++)
            for (int j = 0; j < TILE_J; j++) sum[i][j] += a[i] * b[j];
    memcpy(out, sum, sizeof sum);
}

/* A tile at the border, of m x n values. */
static void border(size_t rows, const double *a, size_t lda, size_t m, const double *b,
                   size_t ldb, size_t n, double out[TILE_I][TILE_J]) {
    double sum[TILE_I][TILE_J] = {{0}};
    for (size_t r = 0; r < rows; r++, a += lda, b += ldb)
        for (size_t i = 0; i < m; i++)
            for (size_t j = 0; j < n; j++) sum[i][j] += a[i] * b[j];
    memcpy(out, sum, sizeof sum);
}

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* out[ma][ldo] = a'b, or with `half` only what lies on and right of the diagonal's tiles. */
VO_WIDE static void product(size_t rows, const double *a, size_t ma, const double *b, size_t nb,
                            bool half, double *out) {
    double t[TILE_I][TILE_J];
    for (size_t j = 0; j < nb; j += TILE_J)
        for (size_t i = 0; i < ma && (!half || i < j + TILE_J); i += TILE_I) {
            const size_t m = least(TILE_I, ma - i), n = least(TILE_J, nb - j);
            if (m == TILE_I && n == TILE_J)
                tile(rows, a + i, ma, b + j, nb, t);
            else
                border(rows, a + i, ma, m, b + j, nb, n, t);
            for (size_t k = 0; k < m; k++)
                memcpy(out + (i + k) * nb + j, t[k], n * sizeof(double));
        }
}

void vo_lasso_products(size_t rows, size_t width, const double *x, size_t n_targets,
                       const double *y, double *gram, double *cross) {
    product(rows, x, width, x, width, true, gram);
    for (size_t i = 0; i < width; i++)
        for (size_t j = 0; j < i; j++) gram[i * width + j] = gram[j * width + i];
    product(rows, y, n_targets, x, width, false, cross);
}

/* ---- solving ---------------------------------------------------------------------------- */

typedef struct {
    const double *gram, *c, *weight;
    double lambda, ridge, tolerance;
    double *b;
} problem;

static double weight_of(const problem *p, size_t j) { return p->weight ? p->weight[j] : 1; }

static double shrink(double v, double by) { return v > by ? v - by : v < -by ? v + by : 0; }

VO_WIDE static void renew_gradient(vo_lasso *s, const problem *p) {
    const size_t n = s->width;
    double *g = s->gradient;
    memcpy(g, p->c, n * sizeof *g);
    for (size_t k = 0; k < s->n_active; k++) {
        const double v = p->b[s->active[k]];
        const double *row = p->gram + s->active[k] * n;
        for (size_t j = 0; j < n; j++) g[j] -= v * row[j];
    }
}

static void gather(vo_lasso *s, const problem *p) {
    const size_t n = s->n_active;
    for (size_t i = 0; i < n; i++) {
        const double *row = p->gram + s->active[i] * s->width;
        for (size_t j = 0; j < n; j++) s->small[i * n + j] = row[s->active[j]];
        s->g[i] = s->gradient[s->active[i]];
    }
}

/* One sweep over the active columns; the largest violation it found, relative to the penalty. */
VO_WIDE static double sweep(vo_lasso *s, const problem *p) {
    const size_t n = s->n_active;
    double *g = s->g, worst = 0;
    for (size_t i = 0; i < n; i++) {
        const size_t j = s->active[i];
        const double *row = s->small + i * n, w = weight_of(p, j);
        const double curve = row[i] + p->ridge * w, by = p->lambda * w, was = p->b[j];
        const double now = shrink(g[i] + row[i] * was, by) / curve;
        const double step = now - was;
        if (step == 0) continue;
        p->b[j] = now;
        for (size_t k = 0; k < n; k++) g[k] -= step * row[k];
        const double violation = fabs(step) * curve / (by > 0 ? by : p->lambda);
        if (violation > worst) worst = violation;
    }
    return worst;
}

/* Columns that are not active and break their condition join; true if any did. */
static bool admit(vo_lasso *s, const problem *p) {
    size_t n = 0;
    bool any = false;
    for (size_t j = 0; j < s->width; j++) {
        const double by = p->lambda * weight_of(p, j);
        const bool breaks = p->b[j] == 0 && p->gram[j * s->width + j] > 0 &&
                            fabs(s->gradient[j]) > by * (1 + p->tolerance);
        any = any || breaks;
        if (breaks || p->b[j] != 0) s->active[n++] = j;
    }
    s->n_active = n;
    return any;
}

static vo_lasso_result describe(const vo_lasso *s, const problem *p, int32_t sweeps, bool ok) {
    vo_lasso_result r = {.converged = ok, .sweeps = sweeps};
    for (size_t j = 0; j < s->width; j++) {
        if (p->b[j] == 0) continue;
        r.active++;
        r.explained += p->b[j] * (p->c[j] + s->gradient[j]);
    }
    return r;
}

vo_lasso_result vo_lasso_solve(vo_lasso *s, const vo_lasso_settings *settings,
                               const double *gram, const double *c, const double *weight,
                               double lambda, double ridge, double *b) {
    assert(lambda > 0 && ridge >= 0);
    const problem p = {gram, c, weight, lambda, ridge, settings->tolerance, b};
    int32_t sweeps = 0;
    s->n_active = 0;
    for (size_t j = 0; j < s->width; j++) {
        if (gram[j * s->width + j] <= 0) b[j] = 0;
        if (b[j] != 0) s->active[s->n_active++] = j;
    }
    renew_gradient(s, &p);
    bool more = true, settled = true;
    /* First those handed in, then those that join. */
    for (bool first = true; more; first = false) {
        more = admit(s, &p);
        if (!more && !first) break;
        gather(s, &p);
        double worst = (double)INFINITY;
        while (worst > p.tolerance && sweeps < settings->max_sweeps) {
            worst = sweep(s, &p);
            sweeps++;
        }
        settled = worst <= p.tolerance;
        renew_gradient(s, &p);
        more = sweeps < settings->max_sweeps;
    }
    return describe(s, &p, sweeps, settled && (sweeps < settings->max_sweeps));
}
