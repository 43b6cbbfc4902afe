/* day_member_lear.c -- LEAR: for each hour a lasso on last week's prices and on forecasts
 * published for the day (Uniejewski, Nowotarski, Weron 2016; Lago, Marcjasz, De Schutter, Weron
 * 2021, Applied Energy 293:116983), on day_design.h's inputs.
 *
 * Inputs and prices are scaled by median, MAD and asinh over the calibration window. The penalty
 * of each hour minimises RSS / var(y) + 2 (active columns) on a path; in between it stays the same
 * fraction of the least penalty that leaves nothing, and the solution is continued from
 * yesterday's. A missing input counts as its median.
 *
 * Arguments: days = calibration window, every = fits between choices of the penalty.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "learn/day_design.h"
#include "learn/day_member.h"
#include "learn/day_scale.h"
#include "learn/lasso.h"

enum { H = VO_DAY_HOURS, LEAST_ROWS = 28, PATH = 40 };
#define PATH_END 1e-3

typedef struct {
    vo_day_member base;
    double days, every;
    size_t width;
    bool fitted;
    size_t fitted_day, since_choice;
    vo_lasso *lasso;
    vo_day_scale *column; /* [width] */
    vo_day_scale price[H];
    double *mean; /* [width] of the scaled inputs */
    double price_mean[H], price_square[H];
    double fraction[H]; /* of the least penalty that leaves nothing */
    double *b;          /* [H][width] */
    double *x, *y;      /* [days][width], [days][H] workspace */
    double *gram, *cross, *work;
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

/* Rows of the window before `day` into x and y; their number. */
static size_t gather(lear *v, const vo_day_table *t, size_t day) {
    size_t n = 0, from = day > (size_t)v->days ? day - (size_t)v->days : 0;
    if (from < VO_DAY_DESIGN_FIRST) from = VO_DAY_DESIGN_FIRST;
    for (size_t d = from; d < day; d++) {
        if (!vo_day_design_has_prices(t, d)) continue;
        vo_day_design_row(t, d, v->x + n * v->width);
        memcpy(v->y + n * H, t->price + d * H, H * sizeof(double));
        n++;
    }
    return n;
}

static vo_day_scale scale_column(lear *v, vo_scale_kind kind, double *x, size_t rows,
                                 size_t width, double *mean) {
    double *value = v->work, *spare = v->work + rows;
    for (size_t r = 0; r < rows; r++) value[r] = x[r * width];
    const vo_day_scale s = vo_day_scale_fit(kind, value, rows, spare);
    *mean = 0;
    for (size_t r = 0; r < rows; r++) {
        const double z = vo_day_scale_apply(&s, x[r * width]);
        x[r * width] = isfinite(z) ? z : 0;
        *mean += x[r * width] / (double)rows;
    }
    for (size_t r = 0; r < rows; r++) x[r * width] -= *mean;
    return s;
}

static void scale_sample(lear *v, size_t rows) {
    const size_t marks = v->width - vo_day_design_marks();
    for (size_t j = 0; j < v->width; j++) {
        if (j < marks) {
            v->column[j] =
                scale_column(v, VO_SCALE_ASINH, v->x + j, rows, v->width, &v->mean[j]);
            continue;
        }
        v->column[j] = (vo_day_scale){.kind = VO_SCALE_PLAIN, .spread = 1};
        v->mean[j] = 0;
        for (size_t r = 0; r < rows; r++) v->mean[j] += v->x[r * v->width + j] / (double)rows;
        for (size_t r = 0; r < rows; r++) v->x[r * v->width + j] -= v->mean[j];
    }
    for (size_t h = 0; h < H; h++) {
        v->price[h] = scale_column(v, VO_SCALE_ASINH, v->y + h, rows, H, &v->price_mean[h]);
        v->price_square[h] = 0;
        for (size_t r = 0; r < rows; r++)
            v->price_square[h] += v->y[r * H + h] * v->y[r * H + h];
    }
}

/* ---- fitting ---------------------------------------------------------------------------- */

static void choose_penalty(lear *v, size_t h, size_t rows, double *path) {
    const vo_lasso_settings s = vo_lasso_settings_default();
    const double *c = v->cross + h * v->width;
    const double most = vo_lasso_lambda_max(v->width, c, NULL), yy = v->price_square[h];
    double best = (double)INFINITY;
    memset(path, 0, v->width * sizeof *path);
    memset(v->b + h * v->width, 0, v->width * sizeof *path);
    v->fraction[h] = 1;
    for (int k = 1; k <= PATH && most > 0; k++) {
        const double f = pow(PATH_END, (double)k / PATH);
        const vo_lasso_result r =
            vo_lasso_solve(v->lasso, &s, v->gram, c, NULL, f * most, 0, path);
        const double score = (yy - r.explained) / (yy / (double)rows) + 2 * (double)r.active;
        if (score < best) {
            best = score;
            v->fraction[h] = f;
            memcpy(v->b + h * v->width, path, v->width * sizeof *path);
        }
    }
}

static vo_status lear_fit(vo_day_member *m, const vo_day_table *t, size_t day, vo_error *err) {
    lear *v = (lear *)(void *)m;
    const size_t rows = gather(v, t, day);
    if (rows < LEAST_ROWS)
        return vo_fail(err, VO_EINVAL,
                       "member lear: %zu days with prices before day %zu: at least %d are "
                       "needed, after a first week",
                       rows, day, LEAST_ROWS);
    const bool anew = !v->fitted || day < v->fitted_day || v->since_choice >= (size_t)v->every;
    const vo_lasso_settings s = vo_lasso_settings_default();
    scale_sample(v, rows);
    vo_lasso_products(rows, v->width, v->x, H, v->y, v->gram, v->cross);
    for (size_t h = 0; h < H; h++) {
        const double *c = v->cross + h * v->width;
        const double most = vo_lasso_lambda_max(v->width, c, NULL);
        if (anew) choose_penalty(v, h, rows, v->work);
        if (!anew && most > 0)
            vo_lasso_solve(v->lasso, &s, v->gram, c, NULL, v->fraction[h] * most, 0,
                           v->b + h * v->width);
    }
    v->since_choice = anew ? 1 : v->since_choice + 1;
    v->fitted = true;
    v->fitted_day = day;
    return VO_OK;
}

static vo_status lear_predict(vo_day_member *m, const vo_day_table *t, size_t day, double *out,
                              vo_error *err) {
    lear *v = (lear *)(void *)m;
    if (!v->fitted) return vo_fail(err, VO_EINVAL, "member lear: neither fitted nor loaded");
    double *row = v->work;
    vo_day_design_row(t, day, row);
    for (size_t j = 0; j < v->width; j++) {
        const double z = vo_day_scale_apply(&v->column[j], row[j]);
        row[j] = (isfinite(z) ? z : 0) - v->mean[j];
    }
    for (size_t h = 0; h < H; h++) {
        double z = v->price_mean[h];
        for (size_t j = 0; j < v->width; j++) z += row[j] * v->b[h * v->width + j];
        out[h] = vo_day_scale_invert(&v->price[h], z);
    }
    return VO_OK;
}

/* ---- keeping ------------------------------------------------------------------------------ */

static vo_status lear_save(const vo_day_member *m, vo_artefact_out *out, vo_error *err) {
    const lear *v = (const lear *)(const void *)m;
    if (!v->fitted) return vo_fail(err, VO_EINVAL, "member lear: nothing fitted to save");
    vo_artefact_begin(out, "LEAR");
    vo_artefact_put_u64(out, v->width);
    vo_artefact_put_u64(out, v->fitted_day);
    vo_artefact_put_u64(out, v->since_choice);
    for (size_t j = 0; j < v->width; j++) {
        vo_artefact_put_double(out, v->column[j].centre);
        vo_artefact_put_double(out, v->column[j].spread);
    }
    for (size_t h = 0; h < H; h++) {
        vo_artefact_put_double(out, v->price[h].centre);
        vo_artefact_put_double(out, v->price[h].spread);
    }
    vo_artefact_put_doubles(out, v->mean, v->width);
    vo_artefact_put_doubles(out, v->price_mean, H);
    vo_artefact_put_doubles(out, v->fraction, H);
    vo_artefact_put_doubles(out, v->b, H * v->width);
    vo_artefact_end(out);
    return VO_OK;
}

static vo_status load_scale(vo_artefact *in, vo_scale_kind kind, vo_day_scale *s,
                            vo_error *err) {
    double centre = 0, spread = 0;
    vo_status st = vo_artefact_get_double(in, &centre, err);
    if (st == VO_OK) st = vo_artefact_get_double(in, &spread, err);
    if (st != VO_OK) return st;
    if (!isfinite(centre) || !(spread > 0) || !isfinite(spread))
        return vo_fail(err, VO_EINVAL, "member lear: a scale of %g and %g is not finite",
                       centre, spread);
    *s = (vo_day_scale){kind, centre, spread};
    return VO_OK;
}

static vo_status load_section(lear *v, vo_artefact *in, vo_error *err) {
    uint64_t width = 0, day = 0, since = 0;
    vo_status st = vo_artefact_get_u64(in, &width, err);
    if (st == VO_OK && width != v->width)
        return vo_fail(err, VO_EINVAL,
                       "member lear: the model has %llu inputs, the table gives %zu: it was "
                       "trained with other columns",
                       (unsigned long long)width, v->width);
    if (st == VO_OK) st = vo_artefact_get_u64(in, &day, err);
    if (st == VO_OK) st = vo_artefact_get_u64(in, &since, err);
    const size_t marks = v->width - vo_day_design_marks();
    for (size_t j = 0; st == VO_OK && j < v->width; j++)
        st = load_scale(in, j < marks ? VO_SCALE_ASINH : VO_SCALE_PLAIN, &v->column[j], err);
    for (size_t h = 0; st == VO_OK && h < H; h++)
        st = load_scale(in, VO_SCALE_ASINH, &v->price[h], err);
    if (st == VO_OK) st = vo_artefact_get_doubles(in, v->mean, v->width, err);
    if (st == VO_OK) st = vo_artefact_get_doubles(in, v->price_mean, H, err);
    if (st == VO_OK) st = vo_artefact_get_doubles(in, v->fraction, H, err);
    if (st == VO_OK) st = vo_artefact_get_doubles(in, v->b, H * v->width, err);
    v->fitted = st == VO_OK;
    v->fitted_day = (size_t)day;
    v->since_choice = (size_t)since;
    return st;
}

static vo_status lear_load(vo_day_member *m, vo_artefact *in, vo_error *err) {
    const vo_status st = vo_artefact_enter(in, "LEAR", err);
    if (st != VO_OK) return st;
    const vo_status got = load_section((lear *)(void *)m, in, err);
    vo_artefact_leave(in);
    return got;
}

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
    const size_t doubles = w + H * w + w * w + H * w + work;
    v->column = a->zalloc(a->ctx, w * sizeof *v->column);
    v->mean = a->zalloc(a->ctx, doubles * sizeof(double));
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
    double days = 364, every = 7;
    const vo_day_member_key key[] = {{"days", &days, LEAST_ROWS, 10000, true},
                                     {"every", &every, 1, 10000, true}};
    vo_status st =
        vo_day_member_arguments("lear", argument, key, sizeof key / sizeof key[0], err);
    if (st != VO_OK) return st;
    lear *v = world->alloc->zalloc(world->alloc->ctx, sizeof *v);
    if (!v) return vo_fail(err, VO_ENOMEM, "member lear");
    v->base = (vo_day_member){&lear_ops, world->alloc};
    v->days = days;
    v->every = every;
    v->width = vo_day_design_width(t->n_exog);
    st = allocate(v, err);
    if (st != VO_OK) {
        lear_free(&v->base);
        return st;
    }
    *out = &v->base;
    return VO_OK;
}
