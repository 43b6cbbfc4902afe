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
 * cpu-seconds for four years of hours. It reads the columns that are known ahead
 * (known_ahead.h). A model that refits itself keeps the settings it was made with.
 *
 * Prices drift, and what calibrated the quantiles lies a while back. So the model is also asked
 * what it would have said at the beginning of each of the last WINDOW local days that it has not
 * learned from, and every quantile moves to where it would have been right in them
 * (conformal.h), in widths w of the interval, for near, middle and far leads apart:
 *
 *     q_p(x) + n / (n + TRUST) * offset_p * w(x),    n days so far
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "learn/conformal.h"
#include "learn/forecaster.h"
#include "learn/price_model.h"

enum { WINDOW = 60, SLOTS = 24, GROUPS = 3, NO_DAY = -1 };
#define TRUST 10.0 /* days */

/* How wrong quantiles were: what they should have been, in widths away from what they were. */
typedef struct {
    int32_t today;       /* the day that `offset` is for; NO_DAY: none yet     */
    int32_t day[WINDOW]; /* whose errors are in `off`, by day % WINDOW; NO_DAY */
    float off[WINDOW][SLOTS][VO_PRICE_LEVELS]; /* NAN: unknown                 */
    double offset[GROUPS][VO_PRICE_LEVELS];
    double work[4 * WINDOW * SLOTS];
} errors_made;

typedef struct {
    vo_forecaster base;
    const vo_series *series;
    const vo_learning *world;
    vo_forecaster *fallback;
    const vo_price_model *model; /* NULL: neither fitted nor loaded */
    vo_price_model *own;         /* the same, unless it is borrowed */
    vo_features *features;
    float *row;    /* [features]                                                  */
    size_t taught; /* intervals that had passed when the model was made; SIZE_MAX: */
                   /* loaded, counted from when it is first asked                  */
    size_t seen;   /* intervals that it may have learned from; SIZE_MAX: not said  */
    bool loaded;   /* the model was                                                */
    errors_made *errors;
} boosted;

static void boosted_free(vo_forecaster *f) {
    boosted *v = (boosted *)(void *)f;
    vo_forecaster_free(v->fallback);
    vo_features_free(v->features);
    vo_price_model_free(v->own);
    f->alloc->free(f->alloc->ctx, v->row);
    f->alloc->free(f->alloc->ctx, v->errors);
    f->alloc->free(f->alloc->ctx, v);
}

/* ---- the model --------------------------------------------------------------------------- */

static void forget_errors(errors_made *e) {
    e->today = NO_DAY;
    for (size_t i = 0; i < WINDOW; i++) e->day[i] = NO_DAY;
}

/* Uses the model from now on, or leaves everything as it was; `own` (m, or NULL: it is borrowed) is
 * taken over, or freed. */
static vo_status adopt(boosted *v, const vo_price_model *m, vo_price_model *own, bool loaded,
                       size_t taught, size_t seen, vo_error *err) {
    const vo_alloc *a = v->base.alloc;
    vo_features *features = NULL;
    vo_status st = vo_price_model_open_features(m, v->series, a, &features, err);
    float *row =
        st == VO_OK ? a->zalloc(a->ctx, vo_features_count(features) * sizeof *row) : NULL;
    if (st == VO_OK && !row) st = vo_fail(err, VO_ENOMEM, "a row of features");
    if (st != VO_OK) {
        vo_features_free(features);
        vo_price_model_free(own);
        return st;
    }
    vo_features_free(v->features);
    vo_price_model_free(v->own);
    a->free(a->ctx, v->row);
    v->features = features;
    v->model = m;
    v->own = own;
    v->row = row;
    v->loaded = loaded;
    v->taught = taught;
    v->seen = seen;
    forget_errors(v->errors);
    return VO_OK;
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
    return vo_price_settings_columns(s, series, until, false, err);
}

static vo_status learn(boosted *v, const double *history, size_t until,
                       const vo_price_settings *s, vo_error *err) {
    vo_price_model *m = NULL;
    const vo_status st = vo_price_model_train(v->series, history, until, s, v->world, &m, err);
    return st == VO_OK ? adopt(v, m, m, false, until, until, err) : st;
}

static vo_status boosted_fit(vo_forecaster *f, const double *history, size_t until,
                             vo_error *err) {
    boosted *v = (boosted *)(void *)f;
    vo_price_settings s;
    const vo_status st = fit_settings(v, until, &s, err);
    return st == VO_OK ? learn(v, history, until, &s, err) : st;
}

/* Fits again when so many local days have passed as the world says. */
static vo_status keep_up(boosted *v, const double *history, size_t known, vo_error *err) {
    if (!v->model)
        return vo_fail(err, VO_EINVAL,
                       "forecaster gbt has learned nothing yet: fit it on a history, or name a "
                       "trained model, gbt=ID");
    if (v->taught == SIZE_MAX || known < v->taught) v->taught = known;
    if (v->seen == SIZE_MAX) v->seen = known;
    const int32_t days = v->world->recalibrate_days;
    if (v->loaded && !v->world->refit_loaded) return VO_OK;
    if (days <= 0 || known <= v->taught || known == 0) return VO_OK;
    const int32_t then = v->taught ? v->series->day[v->taught - 1] : -1;
    if (v->series->day[known - 1] - then < days) return VO_OK;
    const vo_price_settings same = *vo_price_model_settings(v->model);
    return learn(v, history, known, &same, err);
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

/* The model's own quantiles of interval t, [n_levels]; *made false: nothing can be said. */
static vo_status own_quantiles(boosted *v, const double *history, size_t known, size_t t,
                               double *q, bool *made, vo_error *err) {
    const vo_price_settings *s = vo_price_model_settings(v->model);
    const vo_status st = make_row(v, history, known, t, made, err);
    if (st != VO_OK || !*made) return st;
    const between b = place(s, t - known + 1);
    double late[VO_PRICE_LEVELS];
    vo_price_model_quantiles(v->model, b.early, v->row, q);
    if (b.weight > 0) {
        vo_price_model_quantiles(v->model, b.late, v->row, late);
        for (size_t i = 0; i < s->n_levels; i++) q[i] += b.weight * (late[i] - q[i]);
    }
    return VO_OK;
}

/* What offsets count in: the interval between the outer levels. */
static double width_of(const double *q, size_t n_levels) {
    return fmax(q[n_levels - 1] - q[0], 1e-9 * (1 + fabs(q[0])));
}

/* ---- errors made ------------------------------------------------------------------------- */

/* Of leads up to 4, 12 and more hours. */
static size_t group_of(double lead_h) { return lead_h > 12 ? 2 : lead_h > 4 ? 1 : 0; }

/* How wrong the model would have been on the local day first..end-1 when it began. */
static vo_status look_back(boosted *v, const double *history, size_t first, size_t end,
                           vo_error *err) {
    const size_t n = vo_price_model_settings(v->model)->n_levels;
    errors_made *e = v->errors;
    float(*off)[VO_PRICE_LEVELS] = e->off[v->series->day[first] % WINDOW];
    for (size_t i = 0; i < SLOTS; i++) {
        const size_t t = first + i * (end - first) / SLOTS;
        double q[VO_PRICE_LEVELS];
        bool made = false;
        const vo_status st = own_quantiles(v, history, first, t, q, &made, err);
        if (st != VO_OK) return st;
        for (size_t p = 0; p < n; p++)
            off[i][p] = made ? (float)((history[t] - q[p]) / width_of(q, n)) : NAN;
    }
    e->day[v->series->day[first] % WINDOW] = v->series->day[first];
    return VO_OK;
}

/* The errors at level index p of one group and the days before `today`, times `side`, into
 * work; their number. */
static size_t gather(errors_made *e, int32_t today, size_t group, size_t p, double side,
                     size_t *days) {
    size_t n = 0;
    *days = 0;
    for (int32_t d = today < WINDOW ? 0 : today - WINDOW; d < today; d++) {
        if (e->day[d % WINDOW] != d) continue;
        ++*days;
        for (size_t i = 0; i < SLOTS; i++) {
            const double x = (double)e->off[d % WINDOW][i][p];
            if (isnan(x) || group_of(24.0 * (double)(i + 1) / SLOTS) != group) continue;
            e->work[n++] = side * x;
        }
    }
    return n;
}

/* By how many widths the quantile should have been elsewhere, for one group: below the median
 * prices should rarely fall short of it, above rarely exceed it. */
static double offset_of(errors_made *e, int32_t today, size_t group, size_t p, double level) {
    const double side = level < 0.5 ? -1 : 1, miss = level < 0.5 ? level : 1 - level;
    double *far = e->work + WINDOW * SLOTS, *zero = far + WINDOW * SLOTS, most = -HUGE_VAL;
    size_t days = 0;
    const size_t n = gather(e, today, group, p, side, &days);
    if (n == 0) return 0;
    for (size_t i = 0; i < n; i++) {
        far[i] = -HUGE_VAL;
        zero[i] = 0;
        most = fmax(most, e->work[i]);
    }
    /* Hours of a day err together: it is as if there were as many errors as days. */
    const double rest = 1 - (1 - miss) * (double)(days + 1) / (double)days;
    double shift = most; /* too few for the level: the farthest seen */
    if (rest > 1.0 / (double)(n + 1))
        shift = vo_conformal_offset(e->work, far, zero, n, rest, zero + WINDOW * SLOTS);
    return side * shift * (double)days / ((double)days + TRUST);
}

/* Offsets for what is asked when intervals before `known` have passed. */
static vo_status catch_up(boosted *v, const double *history, size_t known, vo_error *err) {
    const vo_series *s = v->series;
    const vo_price_settings *p = vo_price_model_settings(v->model);
    errors_made *e = v->errors;
    const int32_t today = known < s->n ? s->day[known] : s->day[s->n - 1] + 1;
    if (known == 0 || e->today == today) return VO_OK;
    size_t end = known;
    while (end > 0 && s->day[end - 1] == today) end--;
    while (end > v->seen && s->day[end - 1] >= today - WINDOW) {
        size_t first = end - 1;
        while (first > 0 && s->day[first - 1] == s->day[end - 1]) first--;
        if (first < v->seen) break;
        if (e->day[s->day[first] % WINDOW] != s->day[first]) {
            const vo_status st = look_back(v, history, first, end, err);
            if (st != VO_OK) return st;
        }
        end = first;
    }
    for (size_t g = 0; g < GROUPS; g++)
        for (size_t i = 0; i < p->n_levels; i++)
            e->offset[g][i] = offset_of(e, today, g, i, p->level[i]);
    e->today = today;
    return VO_OK;
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
    st = catch_up(v, history, known, err);
    for (size_t t = from; st == VO_OK && t < to; t++) {
        double own[VO_PRICE_LEVELS], *q = out + (t - from) * n_levels;
        bool made = false;
        st = own_quantiles(v, history, known, t, own, &made, err);
        for (size_t i = 0; !made && i < n_levels; i++) q[i] = (double)NAN;
        if (st != VO_OK || !made) continue;
        const double lead_h = (double)(t - known + 1) * v->series->dt_h[0];
        const double width = width_of(own, s->n_levels);
        for (size_t i = 0; i < s->n_levels; i++)
            own[i] += v->errors->offset[group_of(lead_h)][i] * width;
        qsort(own, s->n_levels, sizeof *own, vo_order_double);
        for (size_t i = 0; i < n_levels; i++) q[i] = at_level(s, own, level[i]);
    }
    return st;
}

/* ---- files ------------------------------------------------------------------------------- */

static vo_status boosted_save(const vo_forecaster *f, vo_artefact_out *out, vo_error *err) {
    const boosted *v = (const boosted *)(const void *)f;
    if (!v->model) return vo_fail(err, VO_EINVAL, "forecaster gbt has learned nothing to save");
    vo_price_model_save(v->model, out);
    if (v->seen == SIZE_MAX) return VO_OK;
    const vo_series *s = v->series;
    const int64_t end = v->seen < s->n
                            ? s->start[v->seen].s
                            : s->start[s->n - 1].s + llround(3600 * s->dt_h[s->n - 1]);
    vo_artefact_begin(out, "SEEN"); /* until when it learned, for series that begin elsewhere */
    vo_artefact_put_u64(out, (uint64_t)end);
    vo_artefact_end(out);
    return VO_OK;
}

/* A model made elsewhere may not say. */
vo_status vo_forecaster_gbt_until(vo_artefact *in, int64_t *until_s, vo_error *err) {
    uint64_t end = 0;
    *until_s = INT64_MIN;
    if (!vo_artefact_has(in, "SEEN")) return VO_OK;
    vo_status st = vo_artefact_enter(in, "SEEN", err);
    if (st == VO_OK) st = vo_artefact_get_u64(in, &end, err);
    if (st != VO_OK) return st;
    vo_artefact_leave(in);
    *until_s = (int64_t)end;
    return VO_OK;
}

/* In intervals of the series at hand. */
static size_t seen_of(const boosted *v, int64_t until_s) {
    return until_s == INT64_MIN ? SIZE_MAX
                                : vo_series_lower_bound(v->series, (vo_time){until_s});
}

static vo_status boosted_load(vo_forecaster *f, vo_artefact *in, vo_error *err) {
    boosted *v = (boosted *)(void *)f;
    vo_price_model *m = NULL;
    int64_t until_s = INT64_MIN;
    vo_status st = vo_price_model_load(in, f->alloc, &m, err);
    if (st == VO_OK) st = vo_forecaster_gbt_until(in, &until_s, err);
    if (st == VO_OK) return adopt(v, m, m, true, SIZE_MAX, seen_of(v, until_s), err);
    vo_price_model_free(m);
    return st;
}

static vo_status boosted_take(vo_forecaster *f, const vo_learned *ready, bool *taken,
                              vo_error *err) {
    boosted *v = (boosted *)(void *)f;
    *taken = ready->boosting != NULL;
    if (!*taken) return VO_OK;
    return adopt(v, ready->boosting, NULL, true, SIZE_MAX, seen_of(v, ready->boosting_until_s),
                 err);
}

static const vo_forecaster_ops boosted_ops = {.name = "gbt",
                                              .predict = boosted_predict,
                                              .free = boosted_free,
                                              .quantiles = boosted_quantiles,
                                              .fit = boosted_fit,
                                              .save = boosted_save,
                                              .load = boosted_load,
                                              .take = boosted_take};

vo_status vo_forecaster_create_gbt(const char *argument, const vo_series *series,
                                   const vo_learning *world, vo_forecaster **out,
                                   vo_error *err) {
    const vo_alloc *a = world->alloc;
    boosted *v = a->zalloc(a->ctx, sizeof *v);
    if (!v) return vo_fail(err, VO_ENOMEM, "forecaster gbt");
    v->base = (vo_forecaster){&boosted_ops, a, series->n};
    v->series = series;
    v->world = world;
    v->errors = a->zalloc(a->ctx, sizeof *v->errors);
    vo_status st = v->errors ? VO_OK : vo_fail(err, VO_ENOMEM, "forecaster gbt");
    if (st == VO_OK) st = vo_forecaster_create("epf_naive", series, world, &v->fallback, err);
    if (st == VO_OK && argument) st = vo_forecaster_load_model(&v->base, world, argument, err);
    if (st != VO_OK) {
        boosted_free(&v->base);
        return st;
    }
    *out = &v->base;
    return VO_OK;
}
