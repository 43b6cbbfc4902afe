/* forecaster_gbt.c -- boosted price models (price_model.h) as a forecaster, "gbt".
 *
 * An interval h intervals ahead takes the model of horizon h on the row made for h. Between two
 * horizons a < h < b that the model has, both say what they think of the row made for h,
 * weighted
 *
 *     w_b = ln(h / a) / ln(b / a)
 *
 * and beyond the farthest that one speaks alone, up to eight days ahead; farther out epf_naive
 * fills in. Nothing predicted is fed back, so no error feeds on itself and no column is read at
 * a time that has not come.
 *
 * Fitted here it is a quick one (`volteo train price` makes thorough ones): horizons on a
 * ladder up to a day (1, 3, 6, 12, 24 hours or 1, 2, 4, ... shorter intervals), asinh
 * of distances from the local mean, absolute error, at most 80 trees of depth 4; some 25
 * cpu-seconds for four years of hours. It reads every column beside the price as published when
 * the day before began; parts of the price (congestion, loss, energy) are left out, since they
 * are known no sooner than it.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "learn/forecaster.h"
#include "learn/price_model.h"

typedef struct {
    vo_forecaster base;
    const vo_series *series;
    const vo_learning *world;
    vo_forecaster *fallback;
    vo_price_model *model; /* NULL: neither fitted nor loaded */
    vo_features *features;
    float *row;    /* [features]                                                  */
    size_t taught; /* intervals that had passed when the model was made; SIZE_MAX: */
                   /* loaded, counted from when it is first asked                  */
} boosted;

static void boosted_free(vo_forecaster *f) {
    boosted *v = (boosted *)(void *)f;
    vo_forecaster_free(v->fallback);
    vo_features_free(v->features);
    vo_price_model_free(v->model);
    f->alloc->free(f->alloc->ctx, v->row);
    f->alloc->free(f->alloc->ctx, v);
}

/* ---- the model --------------------------------------------------------------------------- */

/* Takes the model over, or leaves everything as it was and frees it. */
static vo_status adopt(boosted *v, vo_price_model *m, size_t taught, vo_error *err) {
    const vo_alloc *a = v->base.alloc;
    vo_features *features = NULL;
    vo_status st = vo_price_model_open_features(m, v->series, a, &features, err);
    float *row =
        st == VO_OK ? a->zalloc(a->ctx, vo_features_count(features) * sizeof *row) : NULL;
    if (st == VO_OK && !row) st = vo_fail(err, VO_ENOMEM, "a row of features");
    if (st != VO_OK) {
        vo_features_free(features);
        vo_price_model_free(m);
        return st;
    }
    vo_features_free(v->features);
    vo_price_model_free(v->model);
    a->free(a->ctx, v->row);
    v->features = features;
    v->model = m;
    v->row = row;
    v->taught = taught;
    return VO_OK;
}

static bool is_part_of_price(const char *name) {
    const size_t len = strlen(name);
    return vo_text_has(name, len, "congestion") || vo_text_has(name, len, "loss") ||
           vo_text_same(name, "energy");
}

static bool has_values(const double *v, size_t n) {
    for (size_t t = 0; t < n; t++)
        if (isfinite(v[t])) return true;
    return false;
}

static vo_status fit_settings(const boosted *v, size_t until, vo_price_settings *s,
                              vo_error *err) {
    const vo_series *series = v->series;
    const double step_h = series->dt_h[0];
    *s = vo_price_settings_default(step_h);
    const double level[] = {0.05, 0.25, 0.75, 0.95};
    s->n_levels = sizeof level / sizeof *level;
    memcpy(s->level, level, sizeof level);
    s->target = VO_PRICE_TARGET_ASINH; /* with the absolute error: a spike teaches little */
    s->point.objective = VO_GBT_ABSOLUTE;
    s->n_shuffled = 0;
    s->max_rows = 60000;
    s->split = (vo_split_rule){.train = 0.75, .valid = 0.20, .test = 0.05};
    s->point.bins = s->quantile.bins = 64;
    s->point.trees = s->quantile.trees = 80;
    s->point.depth = s->quantile.depth = 4;
    if (step_h == 1) {
        const int32_t hours[] = {1, 3, 6, 12, 24};
        s->n_horizons = sizeof hours / sizeof *hours;
        memcpy(s->horizon, hours, sizeof hours);
    } else {
        const int32_t day = (int32_t)lround(24 / step_h);
        s->n_horizons = 0;
        for (int32_t h = 1; h < day && s->n_horizons < VO_PRICE_HORIZONS - 1; h *= 2)
            s->horizon[s->n_horizons++] = h;
        s->horizon[s->n_horizons++] = day;
    }
    for (size_t k = 1; k < series->n_columns; k++) {
        const vo_column *c = &series->column[k];
        if (is_part_of_price(c->name) || !has_values(c->value, until)) continue;
        if (s->features.n_exog == VO_FEATURES_MAX_EXOG) break;
        const vo_status st = vo_features_settings_add_exog(&s->features, c->name,
                                                           VO_PUBLICATION_DAY_AHEAD, 0, err);
        if (st != VO_OK) return st;
    }
    return VO_OK;
}

static vo_status boosted_fit(vo_forecaster *f, const double *history, size_t until,
                             vo_error *err) {
    boosted *v = (boosted *)(void *)f;
    vo_price_settings s;
    vo_price_model *m = NULL;
    vo_status st = fit_settings(v, until, &s, err);
    if (st == VO_OK)
        st = vo_price_model_train(v->series, history, until, &s, v->world, &m, err);
    return st == VO_OK ? adopt(v, m, until, err) : st;
}

/* Fits again when so many local days have passed as the world says. */
static vo_status keep_up(boosted *v, const double *history, size_t known, vo_error *err) {
    if (!v->model)
        return vo_fail(err, VO_EINVAL,
                       "forecaster gbt has learned nothing yet: fit it on a history, or name a "
                       "trained model, gbt=ID");
    if (v->taught == SIZE_MAX || known < v->taught) v->taught = known;
    const int32_t days = v->world->recalibrate_days;
    if (days <= 0 || known <= v->taught || known == 0) return VO_OK;
    const int32_t then = v->taught ? v->series->day[v->taught - 1] : -1;
    if (v->series->day[known - 1] - then < days) return VO_OK;
    return boosted_fit(&v->base, history, known, err);
}

/* ---- asking it --------------------------------------------------------------------------- */

/* The two horizons around h, and how much the later one weighs. */
typedef struct {
    size_t early, late;
    double weight;
} between;

static between place(const vo_price_settings *s, size_t h) {
    const size_t n = s->n_horizons;
    size_t k = 0;
    while (k < n && (size_t)s->horizon[k] < h) k++;
    if (k == n) return (between){n - 1, n - 1, 0};
    if (k == 0 || (size_t)s->horizon[k] == h) return (between){k, k, 0};
    const double a = s->horizon[k - 1], b = s->horizon[k];
    return (between){k - 1, k, log((double)h / a) / log(b / a)};
}

/* Makes the row for interval t; false: nothing can be said of it. */
static vo_status make_row(boosted *v, const double *history, size_t known, size_t t, bool *made,
                          vo_error *err) {
    const size_t h = t - known + 1;
    *made = known > 0 && h <= vo_features_longest(v->features);
    if (!*made) return VO_OK;
    const vo_features_input in = {.price = history};
    return vo_features_fill(v->features, &in, known, known + 1, h, v->row, err);
}

static vo_status boosted_predict(vo_forecaster *f, const double *history, size_t known,
                                 size_t from, size_t to, double *out, size_t *filled,
                                 vo_error *err) {
    boosted *v = (boosted *)(void *)f;
    vo_status st = keep_up(v, history, known, err);
    for (size_t t = from; st == VO_OK && t < to; t++) {
        bool made = false;
        st = make_row(v, history, known, t, &made, err);
        if (st != VO_OK) return st;
        if (!made) {
            size_t ignored = 0;
            st = vo_forecaster_predict(v->fallback, history, known, t, t + 1, &out[t - from],
                                       &ignored, err);
            if (st == VO_OK && !isnan(out[t - from])) ++*filled;
            continue;
        }
        const between b = place(vo_price_model_settings(v->model), t - known + 1);
        const double early = vo_price_model_predict(v->model, b.early, v->row);
        out[t - from] = early;
        if (b.weight > 0)
            out[t - from] +=
                b.weight * (vo_price_model_predict(v->model, b.late, v->row) - early);
    }
    return st;
}

/* The quantile at p from those at the model's levels: linear between them; outside, tails fall
 * off exponentially at the rate of the two outer levels. */
static double at_level(const vo_price_settings *s, const double *q, double p) {
    const size_t n = s->n_levels;
    const double *level = s->level;
    if (n == 1) return q[0];
    if (p < level[0]) {
        const double rate = (q[1] - q[0]) / log(level[1] / level[0]);
        return q[0] - rate * log(level[0] / fmax(p, 1e-9));
    }
    if (p > level[n - 1]) {
        const double rate =
            (q[n - 1] - q[n - 2]) / log((1 - level[n - 2]) / (1 - level[n - 1]));
        return q[n - 1] + rate * log((1 - level[n - 1]) / fmax(1 - p, 1e-9));
    }
    size_t k = 1;
    while (k + 1 < n && level[k] < p) k++;
    return q[k - 1] + (q[k] - q[k - 1]) * (p - level[k - 1]) / (level[k] - level[k - 1]);
}

static vo_status boosted_quantiles(vo_forecaster *f, const double *history, size_t known,
                                   size_t from, size_t to, const double *level, size_t n_levels,
                                   double *out, vo_error *err) {
    boosted *v = (boosted *)(void *)f;
    vo_status st = keep_up(v, history, known, err);
    if (st != VO_OK) return st;
    const vo_price_settings *s = vo_price_model_settings(v->model);
    if (s->n_levels == 0)
        return vo_fail(err, VO_EUNSUPPORTED, "this model of gbt was trained without quantiles");
    double early[VO_PRICE_LEVELS], late[VO_PRICE_LEVELS];
    for (size_t t = from; t < to; t++) {
        double *q = out + (t - from) * n_levels;
        bool made = false;
        st = make_row(v, history, known, t, &made, err);
        if (st != VO_OK) return st;
        for (size_t i = 0; !made && i < n_levels; i++) q[i] = (double)NAN;
        if (!made) continue;
        const between b = place(s, t - known + 1);
        vo_price_model_quantiles(v->model, b.early, v->row, early);
        if (b.weight > 0) {
            vo_price_model_quantiles(v->model, b.late, v->row, late);
            for (size_t i = 0; i < s->n_levels; i++)
                early[i] += b.weight * (late[i] - early[i]);
        }
        for (size_t i = 0; i < n_levels; i++) q[i] = at_level(s, early, level[i]);
    }
    return VO_OK;
}

/* ---- files ------------------------------------------------------------------------------- */

static vo_status boosted_save(const vo_forecaster *f, vo_artefact_out *out, vo_error *err) {
    const boosted *v = (const boosted *)(const void *)f;
    if (!v->model) return vo_fail(err, VO_EINVAL, "forecaster gbt has learned nothing to save");
    vo_price_model_save(v->model, out);
    return VO_OK;
}

static vo_status boosted_load(vo_forecaster *f, vo_artefact *in, vo_error *err) {
    boosted *v = (boosted *)(void *)f;
    vo_price_model *m = NULL;
    const vo_status st = vo_price_model_load(in, f->alloc, &m, err);
    return st == VO_OK ? adopt(v, m, SIZE_MAX, err) : st;
}

static const vo_forecaster_ops boosted_ops = {.name = "gbt",
                                              .predict = boosted_predict,
                                              .free = boosted_free,
                                              .quantiles = boosted_quantiles,
                                              .fit = boosted_fit,
                                              .save = boosted_save,
                                              .load = boosted_load};

vo_status vo_forecaster_create_gbt(const char *argument, const vo_series *series,
                                   const vo_learning *world, vo_forecaster **out,
                                   vo_error *err) {
    const vo_alloc *a = world->alloc;
    boosted *v = a->zalloc(a->ctx, sizeof *v);
    if (!v) return vo_fail(err, VO_ENOMEM, "forecaster gbt");
    v->base = (vo_forecaster){&boosted_ops, a, series->n};
    v->series = series;
    v->world = world;
    vo_status st = vo_forecaster_create("epf_naive", series, world, &v->fallback, err);
    if (st == VO_OK && argument) st = vo_forecaster_load_model(&v->base, world, argument, err);
    if (st != VO_OK) {
        boosted_free(&v->base);
        return st;
    }
    *out = &v->base;
    return VO_OK;
}
