/* day_member_lear.c -- LEAR: for each hour a lasso on last week's prices and on forecasts
 * published for the day (Uniejewski, Nowotarski, Weron 2016; Lago, Marcjasz, De Schutter, Weron
 * 2021, Applied Energy 293:116983), on day_design.h's inputs.
 *
 * Prices may be measured from where they have been of late (day_design.h, level); where they
 * have been is then an input too. Inputs and prices are scaled by median, MAD and asinh over
 * the calibration window; the penalty of each hour is chosen on its path by the corrected
 * information criterion (lasso.h). A missing input counts as its median. Beyond what the window
 * has seen, a scaled price goes by at most 1, which is a factor of e where prices are far out:
 * sinh forgives no extrapolation. Each fit stands alone: it depends on the table and the day,
 * not on fits before.
 *
 * Arguments: days = calibration window; level, spread = days that tell where prices have been
 * and how far they moved (0: measured from 0, in currency).
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "learn/day_design.h"
#include "learn/day_member.h"
#include "learn/day_scale.h"
#include "learn/lasso.h"

enum { H = VO_DAY_HOURS, LEAST_ROWS = 28, LEVELS = 2 /* inputs: centre and spread */ };
#define COST 2.0      /* of a column: Akaike's                      */
#define RIDGE 1e-6    /* of a column's square: keeps like ones apart */
#define NOTHING 1e-12 /* a variance that is rounding               */
#define BEYOND 1.0    /* the window's extremes, as above             */

typedef struct {
    vo_day_member base;
    double days, level, spread;
    size_t width;
    bool fitted;
    vo_lasso *lasso;
    vo_day_scale *column; /* [width] */
    vo_day_scale price[H];
    double price_mean[H], price_square[H];
    double least[H], most[H]; /* of the scaled prices, centred */
    double *mean;             /* [width] of the scaled inputs */
    double *b;                /* [H][width] */
    double *gram, *cross, *work;
    double *x, *y; /* [days][width], [days][H] */
} lear;

static void lear_free(vo_day_member *m) {
    lear *v = (lear *)(void *)m;
    const vo_alloc *a = m->alloc;
    vo_lasso_free(v->lasso);
    a->free(a->ctx, v->column);
    a->free(a->ctx, v->mean);
    a->free(a->ctx, v->x);
    a->free(a->ctx, v);
}

/* ---- the sample ------------------------------------------------------------------------ */

/* [design: prices, forecasts, marks][centre, spread] */
static vo_day_level fill_row(const lear *v, const vo_day_table *t, size_t day, double *row) {
    const vo_day_level l = vo_day_design_level(t, day, (size_t)v->level, (size_t)v->spread);
    vo_day_design_row(t, day, row);
    for (size_t j = 0; j < VO_DAY_DESIGN_PRICES; j++) row[j] = (row[j] - l.centre) / l.spread;
    row[v->width - 2] = l.centre;
    row[v->width - 1] = l.spread;
    return l;
}

static bool is_mark(const lear *v, size_t j) {
    return j < v->width - LEVELS && j >= v->width - LEVELS - vo_day_design_marks();
}

/* Rows of the window before `day` into x and y; their number. */
static size_t gather(lear *v, const vo_day_table *t, size_t day) {
    size_t n = 0, from = day > (size_t)v->days ? day - (size_t)v->days : 0;
    if (from < VO_DAY_DESIGN_FIRST) from = VO_DAY_DESIGN_FIRST;
    for (size_t d = from; d < day; d++) {
        if (!vo_day_design_has_prices(t, d)) continue;
        const vo_day_level l = fill_row(v, t, d, v->x + n * v->width);
        const double *price = t->price + d * H;
        for (size_t h = 0; h < H; h++) v->y[n * H + h] = (price[h] - l.centre) / l.spread;
        n++;
    }
    return n;
}

/* Scales column x[rows][width] and takes off its mean, in place. */
static vo_day_scale scale_column(lear *v, vo_scale_kind kind, double *x, size_t rows,
                                 size_t width, double *mean) {
    vo_day_scale s = {.kind = VO_SCALE_PLAIN, .spread = 1};
    double *value = v->work, *spare = v->work + rows, sum = 0;
    for (size_t r = 0; r < rows; r++) value[r] = x[r * width];
    if (kind != VO_SCALE_PLAIN) s = vo_day_scale_fit(kind, value, rows, spare);
    for (size_t r = 0; r < rows; r++) {
        const double z = vo_day_scale_apply(&s, value[r]);
        value[r] = isfinite(z) ? z : 0;
        sum += value[r];
    }
    *mean = sum / (double)rows;
    for (size_t r = 0; r < rows; r++) x[r * width] = value[r] - *mean;
    return s;
}

static void scale_sample(lear *v, size_t rows) {
    for (size_t j = 0; j < v->width; j++)
        v->column[j] = scale_column(v, is_mark(v, j) ? VO_SCALE_PLAIN : VO_SCALE_ASINH,
                                    v->x + j, rows, v->width, &v->mean[j]);
    for (size_t h = 0; h < H; h++) {
        v->price[h] = scale_column(v, VO_SCALE_ASINH, v->y + h, rows, H, &v->price_mean[h]);
        v->price_square[h] = v->least[h] = v->most[h] = 0;
        for (size_t r = 0; r < rows; r++) {
            const double z = v->y[r * H + h];
            v->price_square[h] += z * z;
            if (z < v->least[h]) v->least[h] = z;
            if (z > v->most[h]) v->most[h] = z;
        }
    }
}

/* ---- fitting and predicting ------------------------------------------------------------- */

static vo_status lear_fit(vo_day_member *m, const vo_day_table *t, size_t day, vo_error *err) {
    lear *v = (lear *)(void *)m;
    const size_t rows = gather(v, t, day);
    if (rows < LEAST_ROWS)
        return vo_fail(err, VO_EINVAL,
                       "member lear: %zu days with prices before day %zu: at least %d are "
                       "needed, after a first week",
                       rows, day, LEAST_ROWS);
    scale_sample(v, rows);
    vo_lasso_products(rows, v->width, v->x, H, v->y, v->gram, v->cross);
    for (size_t h = 0; h < H; h++) {
        double *b = v->b + h * v->width;
        const vo_lasso_rule rule = {.square = v->price_square[h],
                                    .rows = (double)rows,
                                    .cost = COST,
                                    .ridge = RIDGE * (double)rows};
        memset(b, 0, v->width * sizeof *b);
        if (rule.square > NOTHING * (double)rows)
            vo_lasso_path(v->lasso, v->gram, v->cross + h * v->width, &rule, b);
    }
    v->fitted = true;
    return VO_OK;
}

static vo_status lear_predict(vo_day_member *m, const vo_day_table *t, size_t day, double *out,
                              vo_error *err) {
    lear *v = (lear *)(void *)m;
    if (!v->fitted) return vo_fail(err, VO_EINVAL, "member lear: neither fitted nor loaded");
    double *row = v->work;
    const vo_day_level l = fill_row(v, t, day, row);
    for (size_t j = 0; j < v->width; j++) {
        const double z = vo_day_scale_apply(&v->column[j], row[j]);
        row[j] = (isfinite(z) ? z : 0) - v->mean[j];
    }
    for (size_t h = 0; h < H; h++) {
        double z = 0;
        for (size_t j = 0; j < v->width; j++) z += row[j] * v->b[h * v->width + j];
        z = fmax(v->least[h] - BEYOND, fmin(v->most[h] + BEYOND, z)) + v->price_mean[h];
        out[h] = l.centre + l.spread * vo_day_scale_invert(&v->price[h], z);
    }
    return VO_OK;
}

/* ---- keeping ----------------------------------------------------------------------------- */

static void put_scale(vo_artefact_out *out, const vo_day_scale *s) {
    vo_artefact_put_double(out, s->centre);
    vo_artefact_put_double(out, s->spread);
}

static vo_status lear_save(const vo_day_member *m, vo_artefact_out *out, vo_error *err) {
    const lear *v = (const lear *)(const void *)m;
    if (!v->fitted) return vo_fail(err, VO_EINVAL, "member lear: nothing fitted to save");
    vo_artefact_begin(out, "LEAR");
    vo_artefact_put_u64(out, v->width);
    vo_artefact_put_double(out, v->level);
    vo_artefact_put_double(out, v->spread);
    for (size_t j = 0; j < v->width; j++) put_scale(out, &v->column[j]);
    for (size_t h = 0; h < H; h++) put_scale(out, &v->price[h]);
    vo_artefact_put_doubles(out, v->mean, v->width);
    vo_artefact_put_doubles(out, v->price_mean, H);
    vo_artefact_put_doubles(out, v->least, H);
    vo_artefact_put_doubles(out, v->most, H);
    vo_artefact_put_doubles(out, v->b, H * v->width);
    vo_artefact_end(out);
    return VO_OK;
}

static vo_status get_scale(vo_artefact *in, vo_scale_kind kind, vo_day_scale *s,
                           vo_error *err) {
    double centre = 0, spread = 0;
    vo_status st = vo_artefact_get_double(in, &centre, err);
    if (st == VO_OK) st = vo_artefact_get_double(in, &spread, err);
    if (st != VO_OK) return st;
    if (!isfinite(centre) || !(spread > 0) || !isfinite(spread))
        return vo_fail(err, VO_EINVAL, "member lear: centre %g with spread %g is no scale",
                       centre, spread);
    *s = (vo_day_scale){kind, centre, spread};
    return VO_OK;
}

static vo_status check_shape(const lear *v, vo_artefact *in, vo_error *err) {
    uint64_t width = 0;
    double level = 0, spread = 0;
    vo_status st = vo_artefact_get_u64(in, &width, err);
    if (st == VO_OK) st = vo_artefact_get_double(in, &level, err);
    if (st == VO_OK) st = vo_artefact_get_double(in, &spread, err);
    if (st == VO_OK && width != v->width)
        return vo_fail(err, VO_EINVAL,
                       "member lear: the model has %llu inputs, the table gives %zu: it was "
                       "trained with other columns",
                       (unsigned long long)width, v->width);
    if (st == VO_OK && (level != v->level || spread != v->spread))
        return vo_fail(err, VO_EINVAL,
                       "member lear: the model has level=%g,spread=%g, the member %g and %g",
                       level, spread, v->level, v->spread);
    return st;
}

static vo_status load_section(lear *v, vo_artefact *in, vo_error *err) {
    vo_status st = check_shape(v, in, err);
    for (size_t j = 0; st == VO_OK && j < v->width; j++)
        st = get_scale(in, is_mark(v, j) ? VO_SCALE_PLAIN : VO_SCALE_ASINH, &v->column[j], err);
    for (size_t h = 0; st == VO_OK && h < H; h++)
        st = get_scale(in, VO_SCALE_ASINH, &v->price[h], err);
    if (st == VO_OK) st = vo_artefact_get_doubles(in, v->mean, v->width, err);
    if (st == VO_OK) st = vo_artefact_get_doubles(in, v->price_mean, H, err);
    if (st == VO_OK) st = vo_artefact_get_doubles(in, v->least, H, err);
    if (st == VO_OK) st = vo_artefact_get_doubles(in, v->most, H, err);
    if (st == VO_OK) st = vo_artefact_get_doubles(in, v->b, H * v->width, err);
    return st;
}

/* What was fitted before is lost also if the load fails. */
static vo_status lear_load(vo_day_member *m, vo_artefact *in, vo_error *err) {
    lear *v = (lear *)(void *)m;
    const vo_status st = vo_artefact_enter(in, "LEAR", err);
    if (st != VO_OK) return st;
    const vo_status got = load_section(v, in, err);
    v->fitted = got == VO_OK;
    vo_artefact_leave(in);
    return got;
}

/* ---- making one -------------------------------------------------------------------------- */

static const vo_day_member_ops lear_ops = {.name = "lear",
                                           .fit = lear_fit,
                                           .predict = lear_predict,
                                           .save = lear_save,
                                           .load = lear_load,
                                           .free = lear_free};

static vo_status allocate(lear *v, vo_error *err) {
    const vo_alloc *a = v->base.alloc;
    const size_t w = v->width, days = (size_t)v->days;
    const size_t work = 2 * days > w ? 2 * days : w;
    v->column = a->zalloc(a->ctx, w * sizeof *v->column);
    v->mean = a->zalloc(a->ctx, (w * (1 + H + w + H) + work) * sizeof(double));
    v->x = a->zalloc(a->ctx, days * (w + H) * sizeof(double));
    if (!v->column || !v->mean || !v->x)
        return vo_fail(err, VO_ENOMEM, "member lear: %zu days of %zu inputs", days, w);
    v->b = v->mean + w;
    v->gram = v->b + H * w;
    v->cross = v->gram + w * w;
    v->work = v->cross + H * w;
    v->y = v->x + days * w;
    return vo_lasso_create(w, a, &v->lasso, err);
}

vo_status vo_day_member_create_lear(const char *argument, const vo_day_table *t,
                                    const vo_learning *world, vo_day_member **out,
                                    vo_error *err) {
    double days = 364, level = 0, spread = 0;
    const vo_day_member_key key[] = {{"days", &days, LEAST_ROWS, 10000, true},
                                     {"level", &level, 0, 364, true},
                                     {"spread", &spread, 0, 364, true}};
    vo_status st =
        vo_day_member_arguments("lear", argument, key, sizeof key / sizeof key[0], err);
    if (st != VO_OK) return st;
    lear *v = world->alloc->zalloc(world->alloc->ctx, sizeof *v);
    if (!v) return vo_fail(err, VO_ENOMEM, "member lear");
    v->base = (vo_day_member){&lear_ops, world->alloc};
    v->days = days;
    v->level = level;
    v->spread = spread;
    v->width = vo_day_design_width(t->n_exog) + LEVELS;
    st = allocate(v, err);
    if (st != VO_OK) {
        lear_free(&v->base);
        return st;
    }
    *out = &v->base;
    return VO_OK;
}
