/* lasso.c -- see lasso.h.
 *
 * Between knots, with A the active columns and s the signs of their correlations,
 *     (G_AA + ridge I) w = s,  b_A += step w,  correlation_j -= step (G_jA w),  lambda -= step
 * The Cholesky factor of G_AA + ridge I grows by a row when a column joins; when one leaves,
 * the rows behind it are made again.
 */
#include "learn/lasso.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/wide.h"

enum { TILE_I = 4, TILE_J = 8 };

#define PATIENCE 25        /* knots without a better score before the path is left       */
#define LEAST_PENALTY 1e-4 /* of the first: nobody goes farther                         */
#define DEPENDENT 1e-9     /* of a column's square left by the active ones: it adds nothing */
#define NOTHING 1e-12      /* of y'y left unexplained is none                            */

typedef enum { OUT, IN, DROPPED } place;

struct vo_lasso {
    const vo_alloc *alloc;
    size_t width;
    double *factor;      /* [width][width] Cholesky factor of the active, lower */
    double *correlation; /* [width] c - Gb - ridge b                            */
    double *slope;       /* [width] its fall per unit of lambda                 */
    double *b;           /* [width] at the present knot                         */
    double *w, *half;    /* [width] direction of the active; of the solve       */
    size_t *active;      /* [width] in order of joining                         */
    place *where;        /* [width] DROPPED: dependent, never asked again       */
    size_t n_active;
    double lambda;
};

vo_status vo_lasso_create(size_t width, const vo_alloc *alloc, vo_lasso **out, vo_error *err) {
    assert(width > 0);
    if (!alloc) alloc = &vo_alloc_libc;
    const size_t bytes =
        width * ((width + 5) * sizeof(double) + sizeof(size_t) + sizeof(place));
    vo_lasso *s = alloc->zalloc(alloc->ctx, sizeof *s + bytes);
    if (!s) return vo_fail(err, VO_ENOMEM, "a regression on %zu columns", width);
    s->alloc = alloc;
    s->width = width;
    s->factor = (double *)(void *)(s + 1);
    s->correlation = s->factor + width * width;
    s->slope = s->correlation + width;
    s->b = s->slope + width;
    s->w = s->b + width;
    s->half = s->w + width;
    s->active = (size_t *)(void *)(s->half + width);
    s->where = (place *)(void *)(s->active + width);
    *out = s;
    return VO_OK;
}

void vo_lasso_free(vo_lasso *s) {
    if (s) s->alloc->free(s->alloc->ctx, s);
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

/* out[ma][nb] = a'b, or with `half` only the tiles that reach the diagonal or right of it. */
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

/* ---- the active columns ----------------------------------------------------------------- */

/* Row k of the factor, for column active[k]; false if the column depends on those before. */
static bool factor_row(vo_lasso *s, const double *gram, double ridge, size_t k) {
    const size_t n = s->width, column = s->active[k];
    double *row = s->factor + k * n;
    double left = gram[column * n + column] + ridge;
    const double whole = left;
    for (size_t i = 0; i < k; i++) {
        const double *other = s->factor + i * n;
        double v = gram[column * n + s->active[i]];
        for (size_t m = 0; m < i; m++) v -= row[m] * other[m];
        row[i] = v / other[i];
        left -= row[i] * row[i];
    }
    if (!(left > DEPENDENT * whole)) return false;
    row[k] = sqrt(left);
    return true;
}

static void join(vo_lasso *s, const double *gram, double ridge, size_t column) {
    s->active[s->n_active] = column;
    const bool adds = factor_row(s, gram, ridge, s->n_active);
    s->where[column] = adds ? IN : DROPPED;
    if (adds) s->n_active++;
}

static void leave(vo_lasso *s, const double *gram, double ridge, size_t position) {
    s->where[s->active[position]] = OUT;
    s->b[s->active[position]] = 0;
    s->n_active--;
    for (size_t i = position; i < s->n_active; i++) s->active[i] = s->active[i + 1];
    for (size_t i = position; i < s->n_active; i++) factor_row(s, gram, ridge, i);
}

/* w: how b of the active grows, and slope: how correlations fall, per unit of lambda. */
VO_WIDE static void find_direction(vo_lasso *s, const double *gram, double ridge) {
    const size_t n = s->width;
    for (size_t i = 0; i < s->n_active; i++) {
        const double *row = s->factor + i * n;
        double v = s->correlation[s->active[i]] > 0 ? 1 : -1;
        for (size_t m = 0; m < i; m++) v -= row[m] * s->half[m];
        s->half[i] = v / row[i];
    }
    memcpy(s->w, s->half, s->n_active * sizeof *s->w);
    for (size_t i = s->n_active; i-- > 0;) {
        const double *row = s->factor + i * n;
        s->w[i] /= row[i];
        for (size_t m = 0; m < i; m++) s->w[m] -= row[m] * s->w[i];
    }
    memset(s->slope, 0, n * sizeof *s->slope);
    for (size_t i = 0; i < s->n_active; i++) {
        const double *row = gram + s->active[i] * n, v = s->w[i];
        for (size_t j = 0; j < n; j++) s->slope[j] += v * row[j];
    }
    for (size_t i = 0; i < s->n_active; i++) s->slope[s->active[i]] += ridge * s->w[i];
}

/* ---- knots ------------------------------------------------------------------------------- */

typedef struct {
    double step;      /* of lambda, to the next knot   */
    bool joins, goes; /* neither: the end of the path  */
    size_t which;     /* column that joins, position of the one that leaves */
} knot;

/* A column's correlation meets +lambda or -lambda first after a fall of lambda by: */
static double meeting(const vo_lasso *s, size_t j) {
    const double c = s->correlation[j], a = s->slope[j];
    double first = (double)INFINITY;
    if (1 - a > NOTHING) first = (s->lambda - c) / (1 - a);
    if (1 + a > NOTHING && (s->lambda + c) / (1 + a) < first) first = (s->lambda + c) / (1 + a);
    return first > 0 ? first : 0; /* rounding only: it is within the bounds now */
}

static knot find_knot(const vo_lasso *s, double end) {
    knot k = {.step = s->lambda - end};
    for (size_t j = 0; j < s->width; j++) {
        if (s->where[j] != OUT) continue;
        const double step = meeting(s, j);
        if (step < k.step) k = (knot){.step = step, .joins = true, .which = j};
    }
    for (size_t i = 0; i < s->n_active; i++) {
        const double b = s->b[s->active[i]];
        if (b * s->w[i] >= 0) continue;
        if (-b / s->w[i] < k.step) k = (knot){.step = -b / s->w[i], .goes = true, .which = i};
    }
    return k;
}

static void advance(vo_lasso *s, double step) {
    for (size_t i = 0; i < s->n_active; i++) s->b[s->active[i]] += step * s->w[i];
    for (size_t j = 0; j < s->width; j++) s->correlation[j] -= step * s->slope[j];
    s->lambda -= step;
}

static double residual(const vo_lasso *s, const double *c, const vo_lasso_rule *rule) {
    double explained = 0;
    for (size_t i = 0; i < s->n_active; i++) {
        const size_t j = s->active[i];
        explained += s->b[j] * (c[j] + s->correlation[j] + rule->ridge * s->b[j]);
    }
    const double left = rule->square - explained;
    return left > NOTHING * rule->square ? left : NOTHING * rule->square;
}

static double score(const vo_lasso_rule *rule, double left, size_t active) {
    const double n = rule->rows, room = n - (double)active - 1;
    if (!(room > 0)) return (double)INFINITY;
    return n * log(left / rule->square) + rule->cost * (double)active * n / room;
}

/* The column that joins first; the path starts at its correlation. */
static size_t begin(vo_lasso *s, const double *c) {
    size_t first = 0;
    memcpy(s->correlation, c, s->width * sizeof *c);
    memset(s->b, 0, s->width * sizeof *s->b);
    s->lambda = 0;
    s->n_active = 0;
    for (size_t j = 0; j < s->width; j++) {
        s->where[j] = OUT;
        if (fabs(c[j]) <= s->lambda) continue;
        s->lambda = fabs(c[j]);
        first = j;
    }
    return first;
}

vo_lasso_result vo_lasso_path(vo_lasso *s, const double *gram, const double *c,
                              const vo_lasso_rule *rule, double *b) {
    assert(rule->square > 0 && rule->rows > 0 && rule->ridge >= 0 && rule->lambda >= 0);
    knot next = {.joins = true, .which = begin(s, c)};
    const double end = rule->lambda > 0 ? rule->lambda : LEAST_PENALTY * s->lambda;
    vo_lasso_result best = {.lambda = s->lambda, .residual = rule->square};
    double best_score = score(rule, rule->square, 0);
    memset(b, 0, s->width * sizeof *b);
    /* Each column joins and leaves a few times at most; the bound is against rounding. */
    for (size_t worse = 0; s->lambda > end && best.knots < 8 * s->width; best.knots++) {
        if (next.joins) join(s, gram, rule->ridge, next.which);
        if (next.goes) leave(s, gram, rule->ridge, next.which);
        find_direction(s, gram, rule->ridge);
        next = find_knot(s, end);
        advance(s, next.step);
        const double left = residual(s, c, rule), now = score(rule, left, s->n_active);
        if (rule->lambda > 0 || now < best_score) {
            best_score = now;
            best.lambda = s->lambda;
            best.residual = left;
            best.active = s->n_active;
            memcpy(b, s->b, s->width * sizeof *b);
            worse = 0;
        } else if (++worse > PATIENCE || !isfinite(now)) {
            break;
        }
        if (!next.joins && !next.goes) break;
    }
    return best;
}
