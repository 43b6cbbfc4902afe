/* price_model.c -- settings of price models, and predicting with them. Training:
 * price_model_train.c; files: price_model_save.c. */
#include "learn/price_model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "base/text.h"
#include "learn/known_ahead.h"
#include "learn/price_model_parts.h"

/* The shortest width that shifts are counted in, as a share of the labels' own spread. */
#define LEAST_WIDTH 1e-3

const char *vo_price_target_name(int32_t target) {
    switch (target) {
#define X(name, text, help)                                                                    \
    case VO_PRICE_TARGET_##name:                                                               \
        return text;
        VO_PRICE_TARGET_MAP(X)
#undef X
    default:
        return "?";
    }
}

static void set_list(int32_t *to, size_t *n, const int32_t *values, size_t count) {
    memcpy(to, values, count * sizeof *to);
    *n = count;
}

vo_price_settings vo_price_settings_default(double step_h) {
    const double level[] = {0.05, 0.25, 0.5, 0.75, 0.95};
    const int32_t minutes[] = {1, 5, 15, 60};
    vo_price_settings s = {.features = vo_features_settings_default(),
                           .n_levels = 5,
                           .point = vo_gbt_settings_default(),
                           .quantile = vo_gbt_settings_default(),
                           .split = vo_split_rule_default(),
                           .max_rows = 200000,
                           .n_shuffled = 500,
                           .target = VO_PRICE_TARGET_AUTO,
                           .refit = 1};
    memcpy(s.level, level, sizeof level);
    s.point.min_child_weight = 5;
    s.quantile.objective = VO_GBT_QUANTILE;
    s.quantile.min_child_weight = 20;
    const double step_min = 60 * step_h;
    for (size_t i = 0; i < 4 && step_min < 60; i++) {
        const double k = minutes[i] / step_min;
        if (k >= 1 && fabs(k - round(k)) < 1e-6) s.horizon[s.n_horizons++] = (int32_t)round(k);
    }
    if (s.n_horizons) return s;
    for (int32_t h = 1; h <= 24; h++) s.horizon[s.n_horizons++] = h;
    const int32_t lags[] = {1, 2, 3, 6, 12}, days[] = {1, 2, 3, 7, 14};
    const int32_t windows[] = {3, 6, 24, 168};
    set_list(s.features.lag, &s.features.n_lags, lags, 5);
    set_list(s.features.day, &s.features.n_days, days, 5);
    set_list(s.features.window, &s.features.n_windows, windows, 4);
    return s;
}

static bool has_values(const double *v, size_t n) {
    for (size_t t = 0; t < n; t++)
        if (isfinite(v[t])) return true;
    return false;
}

static bool named(const char *name, const char *word, const char *code) {
    const size_t n = strlen(name);
    return vo_text_has(name, n, word) || vo_text_has(name, n, code);
}

vo_status vo_price_settings_columns(vo_price_settings *s, const vo_series *series, size_t until,
                                    bool parts, vo_error *err) {
    vo_features_settings *f = &s->features;
    vo_status st = VO_OK;
    for (size_t k = 1; st == VO_OK && k < series->n_columns; k++) {
        const char *name = series->column[k].name;
        if (!has_values(series->column[k].value, until)) continue;
        if (vo_known_ahead(series, k)) {
            if (f->n_exog < VO_FEATURES_MAX_EXOG)
                st = vo_features_settings_add_exog(f, name, VO_PUBLICATION_DAY_AHEAD,
                                                   VO_KNOWN_AHEAD_MINUTE, err);
        } else if (parts && named(name, "congestion", "pml_cng"))
            snprintf(f->congestion, sizeof f->congestion, "%s", name);
        else if (parts && named(name, "loss", "pml_per"))
            snprintf(f->loss, sizeof f->loss, "%s", name);
    }
    return st;
}

vo_status vo_price_settings_check(const vo_price_settings *s, vo_error *err) {
    vo_status st = vo_features_settings_check(&s->features, err);
    if (st == VO_OK) st = vo_gbt_settings_check(&s->point, err);
    if (st == VO_OK) st = vo_gbt_settings_check(&s->quantile, err);
    if (st != VO_OK) return st;
    if (s->n_horizons < 1 || s->n_horizons > VO_PRICE_HORIZONS)
        return vo_fail(err, VO_EINVAL, "price model: %zu horizons; give 1 to %d", s->n_horizons,
                       VO_PRICE_HORIZONS);
    for (size_t k = 0; k < s->n_horizons; k++)
        if (s->horizon[k] < 1 || (k && s->horizon[k] <= s->horizon[k - 1]))
            return vo_fail(err, VO_EINVAL,
                           "price model: horizon %d of %zu is not above the one before it",
                           (int)s->horizon[k], k);
    if (s->n_levels > VO_PRICE_LEVELS)
        return vo_fail(err, VO_EINVAL, "price model: %zu levels; at most %d", s->n_levels,
                       VO_PRICE_LEVELS);
    for (size_t k = 0; k < s->n_levels; k++)
        if (!(s->level[k] > 0 && s->level[k] < 1) || (k && s->level[k] <= s->level[k - 1]))
            return vo_fail(err, VO_EINVAL,
                           "price model: level %g is not between 0 and 1 and above the one "
                           "before it, e.g. 0.05,0.5,0.95",
                           s->level[k]);
    if (s->target < 0 || s->target >= VO_PRICE_TARGET_COUNT)
        return vo_fail(err, VO_EINVAL, "price model: target %d is none of %d", (int)s->target,
                       VO_PRICE_TARGET_COUNT);
    if (s->point.objective == VO_GBT_QUANTILE)
        return vo_fail(err, VO_EINVAL, "price model: the point model fits no quantile");
    if (s->features.battery)
        return vo_fail(err, VO_EINVAL,
                       "price model: battery=1, but a price does not depend on one battery");
    if (s->max_rows < 100)
        return vo_fail(err, VO_EINVAL, "price model: max_rows = %zu; give 100 or more",
                       s->max_rows);
    return VO_OK;
}

/* ---- models ------------------------------------------------------------------------------ */

vo_price_model *vo_price_model_new(const vo_alloc *a, const vo_price_settings *s,
                                   size_t n_features) {
    vo_price_model *m = a->zalloc(a->ctx, sizeof *m);
    if (!m) return NULL;
    m->alloc = a;
    m->settings = *s;
    m->n_features = n_features;
    m->name = a->zalloc(a->ctx, n_features * sizeof *m->name);
    m->is_price = a->zalloc(a->ctx, n_features);
    bool made = m->name && m->is_price;
    for (size_t k = 0; made && k < s->n_horizons; k++) {
        m->h[k].permutation = a->zalloc(a->ctx, n_features * sizeof(double));
        m->h[k].score.test = m->h[k].score.naive = vo_metrics_none();
        made = m->h[k].permutation != NULL;
    }
    if (made) return m;
    vo_price_model_free(m);
    return NULL;
}

void vo_price_model_free(vo_price_model *m) {
    if (!m) return;
    const vo_alloc *a = m->alloc;
    for (size_t k = 0; k < VO_PRICE_HORIZONS; k++) {
        vo_gbt_free(m->h[k].point);
        for (size_t q = 0; q < VO_PRICE_LEVELS; q++) vo_gbt_free(m->h[k].quantile[q]);
        a->free(a->ctx, m->h[k].permutation);
    }
    a->free(a->ctx, m->name);
    a->free(a->ctx, m->is_price);
    a->free(a->ctx, m);
}

static bool begins(const char *name, const char *with) {
    return strncmp(name, with, strlen(with)) == 0;
}

void vo_price_model_place(vo_price_model *m) {
    const vo_features_settings *f = &m->settings.features;
    char mean[VO_PRICE_FEATURE_NAME] = "";
    if (f->n_windows)
        snprintf(mean, sizeof mean, "price_mean_%d", (int)f->window[f->n_windows - 1]);
    m->at_price = m->at_day = m->at_mean = VO_PRICE_NO_FEATURE;
    for (size_t j = 0; j < m->n_features; j++) {
        const char *name = m->name[j];
        if (strcmp(name, "price") == 0) m->at_price = j;
        if (strcmp(name, "target_day_1") == 0) m->at_day = j;
        if (strcmp(name, mean) == 0) m->at_mean = j;
        m->is_price[j] =
            m->at_mean != j && (strcmp(name, "price") == 0 || begins(name, "price_lag_") ||
                                begins(name, "price_day_") || begins(name, "target_day_") ||
                                begins(name, "price_mean_") || begins(name, "price_min_") ||
                                begins(name, "price_max_"));
    }
}

const vo_price_settings *vo_price_model_settings(const vo_price_model *m) {
    return &m->settings;
}
const vo_price_score *vo_price_model_score(const vo_price_model *m, size_t k) {
    return &m->h[k].score;
}
double vo_price_model_step_h(const vo_price_model *m) { return m->step_h; }
size_t vo_price_model_features(const vo_price_model *m) { return m->n_features; }
const char *vo_price_model_feature(const vo_price_model *m, size_t j) { return m->name[j]; }

vo_status vo_price_model_open_features(const vo_price_model *m, const vo_series *series,
                                       const vo_alloc *alloc, vo_features **out,
                                       vo_error *err) {
    vo_features *f = NULL;
    if (series->n && fabs(series->dt_h[0] - m->step_h) > 1e-9)
        return vo_fail(err, VO_EINVAL,
                       "the model was trained on intervals of %g h, these are %g h", m->step_h,
                       series->dt_h[0]);
    const vo_status st = vo_features_create(series, &m->settings.features, alloc, &f, err);
    if (st != VO_OK) return st;
    const char *const *names = vo_features_names(f);
    bool same = vo_features_count(f) == m->n_features;
    for (size_t j = 0; same && j < m->n_features; j++)
        same = strncmp(names[j], m->name[j], VO_PRICE_FEATURE_NAME - 1) == 0;
    if (!same) {
        vo_features_free(f);
        return vo_fail(err, VO_EINVAL,
                       "the model was trained on other features than this version makes: "
                       "train it again");
    }
    *out = f;
    return VO_OK;
}

/* ---- predicting -------------------------------------------------------------------------- */

static double local_mean(const vo_price_model *m, const vo_price_horizon *h, const float *row) {
    if (m->at_mean == VO_PRICE_NO_FEATURE || isnan(row[m->at_mean])) return h->reference;
    return (double)row[m->at_mean];
}

void vo_price_show_row(const vo_price_model *m, const vo_price_horizon *h, const float *from,
                       float *to) {
    const float mean = (float)local_mean(m, h, from);
    for (size_t j = 0; j < m->n_features; j++)
        to[j] = m->is_price[j] ? from[j] - mean : from[j];
}

/* What a target's change is from. Prices in a shown row are distances from the local mean. */
static double reference_price(const vo_price_model *m, const vo_price_horizon *h,
                              const float *shown) {
    const double mean = local_mean(m, h, shown);
    const int32_t target = h->score.target;
    if (target != VO_PRICE_TARGET_CHANGE && target != VO_PRICE_TARGET_CHANGE_DAY) return mean;
    const size_t at = target == VO_PRICE_TARGET_CHANGE_DAY ? m->at_day : m->at_price;
    const double away = at == VO_PRICE_NO_FEATURE ? (double)NAN : (double)shown[at];
    return isnan(away) ? mean : mean + away;
}

double vo_price_to_target(const vo_price_model *m, const vo_price_horizon *h, double price,
                          const float *shown) {
    if (h->score.target == VO_PRICE_TARGET_LEVEL) return price;
    const double change = price - reference_price(m, h, shown);
    return h->score.target == VO_PRICE_TARGET_ASINH ? asinh(change / h->scale) : change;
}

double vo_price_from_target(const vo_price_model *m, const vo_price_horizon *h, double value,
                            const float *shown) {
    if (h->score.target == VO_PRICE_TARGET_LEVEL) return value;
    const bool bent = h->score.target == VO_PRICE_TARGET_ASINH;
    const double change = bent ? h->scale * sinh(value) : value;
    return change + reference_price(m, h, shown);
}

double vo_price_raw_quantiles(const vo_price_model *m, const vo_price_horizon *h,
                              const float *shown, double *out) {
    const size_t n = m->settings.n_levels;
    for (size_t q = 0; q < n; q++)
        out[q] = vo_price_from_target(m, h, vo_gbt_predict_row(h->quantile[q], shown), shown);
    qsort(out, n, sizeof *out, vo_order_double);
    const double width = n > 1 ? out[n - 1] - out[0] : h->scale;
    return fmax(width, LEAST_WIDTH * h->scale);
}

void vo_price_quantiles(const vo_price_model *m, const vo_price_horizon *h, const float *shown,
                        double *out) {
    const size_t n = m->settings.n_levels;
    const double width = vo_price_raw_quantiles(m, h, shown, out);
    for (size_t q = 0; q < n; q++) out[q] += h->shift[q] * width;
    qsort(out, n, sizeof *out, vo_order_double);
}

double vo_price_model_predict(const vo_price_model *m, size_t k, const float *row) {
    float shown[VO_PRICE_FEATURES];
    const vo_price_horizon *h = &m->h[k];
    vo_price_show_row(m, h, row, shown);
    return vo_price_from_target(m, h, vo_gbt_predict_row(h->point, shown), shown);
}

void vo_price_model_quantiles(const vo_price_model *m, size_t k, const float *row,
                              double *out) {
    float shown[VO_PRICE_FEATURES];
    vo_price_show_row(m, &m->h[k], row, shown);
    vo_price_quantiles(m, &m->h[k], shown, out);
}

vo_price_confidence vo_price_model_predict_with_confidence(const vo_price_model *m, size_t k,
                                                           const float *row) {
    const vo_price_settings *s = &m->settings;
    vo_price_confidence c = {vo_price_model_predict(m, k, row), (double)NAN, (double)NAN,
                             (double)NAN};
    if (s->n_levels < 2) return c;
    double q[VO_PRICE_LEVELS];
    vo_price_model_quantiles(m, k, row, q);
    c.low = q[0];
    c.high = q[s->n_levels - 1];
    c.confidence = s->level[s->n_levels - 1] - s->level[0];
    return c;
}

void vo_price_model_predict_all_horizons(const vo_price_model *m, const vo_features_stream *s,
                                         float *row, double *out) {
    for (size_t k = 0; k < m->settings.n_horizons; k++) {
        vo_features_stream_get(s, (size_t)m->settings.horizon[k], row);
        out[k] = vo_price_model_predict(m, k, row);
    }
}

void vo_price_model_importance(const vo_price_model *m, size_t k, vo_gbt_importance_kind kind,
                               double *out) {
    vo_gbt_importance(m->h[k].point, kind, out);
}

void vo_price_model_permutation(const vo_price_model *m, size_t k, double *out) {
    memcpy(out, m->h[k].permutation, m->n_features * sizeof *out);
}
