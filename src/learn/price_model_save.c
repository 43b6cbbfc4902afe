/* price_model_save.c -- price models as bytes: section "PMOD" of the settings, the feature
 * names and, per horizon, "HORI" with its numbers, scores and boosted models. Values that may
 * be NAN (scores) go with a flag, since a file holds only finite numbers.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "learn/price_model_parts.h"

/* ---- pieces ------------------------------------------------------------------------------ */

static void put_maybe(vo_artefact_out *out, double v) {
    vo_artefact_put_u32(out, isnan(v) ? 0u : 1u);
    vo_artefact_put_double(out, isnan(v) ? 0 : v);
}

static vo_status get_maybe(vo_artefact *in, double *v, vo_error *err) {
    uint32_t there = 0;
    vo_status st = vo_artefact_get_u32(in, &there, err);
    if (st == VO_OK) st = vo_artefact_get_double(in, v, err);
    if (st == VO_OK && !there) *v = (double)NAN;
    return st;
}

static void put_metrics(vo_artefact_out *out, const vo_metrics *m) {
    vo_artefact_put_u64(out, m->n);
    vo_artefact_put_u64(out, m->skipped);
    vo_artefact_put_u32(out, VO_METRIC_COUNT);
#define X(name, help) put_maybe(out, m->name);
    VO_METRIC_MAP(X)
#undef X
}

static vo_status get_metrics(vo_artefact *in, vo_metrics *m, vo_error *err) {
    uint64_t n = 0, skipped = 0;
    uint32_t count = 0;
    vo_status st = vo_artefact_get_u64(in, &n, err);
    if (st == VO_OK) st = vo_artefact_get_u64(in, &skipped, err);
    if (st == VO_OK) st = vo_artefact_get_u32(in, &count, err);
    if (st == VO_OK && count != VO_METRIC_COUNT)
        st = vo_fail(err, VO_EINVAL, "a score of %u metrics where there are %d",
                     (unsigned)count, VO_METRIC_COUNT);
    if (st != VO_OK) return st;
    m->n = (size_t)n;
    m->skipped = (size_t)skipped;
#define X(name, help)                                                                          \
    if (st == VO_OK) st = get_maybe(in, &m->name, err);
    VO_METRIC_MAP(X)
#undef X
    return st;
}

/* Integers and doubles of boosting's settings, in one order for both ways. */
#define GBT_INTEGERS(X) X(objective) X(trees) X(depth) X(bins) X(stopping_rounds)
#define GBT_DOUBLES(X)                                                                         \
    X(level)                                                                                   \
    X(stopping_threshold) X(rate) X(subsample) X(colsample) X(min_child_weight) X(lambda)

static void put_gbt_settings(vo_artefact_out *out, const vo_gbt_settings *s) {
#define X(name) vo_artefact_put_u32(out, (uint32_t)s->name);
    GBT_INTEGERS(X)
#undef X
#define X(name) vo_artefact_put_double(out, s->name);
    GBT_DOUBLES(X)
#undef X
    vo_artefact_put_u64(out, s->seed);
}

static vo_status get_gbt_settings(vo_artefact *in, vo_gbt_settings *s, vo_error *err) {
    vo_status st = VO_OK;
    uint32_t v = 0;
#define X(name)                                                                                \
    if (st == VO_OK) st = vo_artefact_get_u32(in, &v, err);                                    \
    s->name = (int32_t)v;
    GBT_INTEGERS(X)
#undef X
#define X(name)                                                                                \
    if (st == VO_OK) st = vo_artefact_get_double(in, &s->name, err);
    GBT_DOUBLES(X)
#undef X
    if (st == VO_OK) st = vo_artefact_get_u64(in, &s->seed, err);
    return st;
}

/* ---- settings ---------------------------------------------------------------------------- */

static void put_settings(vo_artefact_out *out, const vo_price_settings *s) {
    vo_features_settings_save(&s->features, out);
    vo_artefact_put_u32(out, (uint32_t)s->n_horizons);
    for (size_t k = 0; k < s->n_horizons; k++)
        vo_artefact_put_u32(out, (uint32_t)s->horizon[k]);
    vo_artefact_put_u32(out, (uint32_t)s->n_levels);
    vo_artefact_put_doubles(out, s->level, s->n_levels);
    put_gbt_settings(out, &s->point);
    put_gbt_settings(out, &s->quantile);
    vo_artefact_put_double(out, s->split.train);
    vo_artefact_put_double(out, s->split.valid);
    vo_artefact_put_double(out, s->split.test);
    vo_artefact_put_u32(out, s->split.days);
    vo_artefact_put_u64(out, s->max_rows);
    vo_artefact_put_u64(out, s->n_shuffled);
    vo_artefact_put_u32(out, (uint32_t)s->target);
    vo_artefact_put_u32(out, (uint32_t)s->refit);
}

static vo_status get_count(vo_artefact *in, size_t most, size_t *n, vo_error *err) {
    uint32_t v = 0;
    const vo_status st = vo_artefact_get_u32(in, &v, err);
    if (st != VO_OK) return st;
    if (v > most)
        return vo_fail(err, VO_EINVAL, "a price model with %u of at most %zu", v, most);
    *n = v;
    return VO_OK;
}

static vo_status get_lists(vo_artefact *in, vo_price_settings *s, vo_error *err) {
    vo_status st = vo_features_settings_load(in, &s->features, err);
    if (st == VO_OK) st = get_count(in, VO_PRICE_HORIZONS, &s->n_horizons, err);
    for (size_t k = 0; st == VO_OK && k < s->n_horizons; k++) {
        uint32_t v = 0;
        st = vo_artefact_get_u32(in, &v, err);
        s->horizon[k] = (int32_t)v;
    }
    if (st == VO_OK) st = get_count(in, VO_PRICE_LEVELS, &s->n_levels, err);
    if (st == VO_OK) st = vo_artefact_get_doubles(in, s->level, s->n_levels, err);
    return st;
}

static vo_status get_settings(vo_artefact *in, vo_price_settings *s, vo_error *err) {
    uint32_t days = 0, target = 0, again = 0;
    uint64_t rows = 0, shuffled = 0;
    vo_status st = get_lists(in, s, err);
    if (st == VO_OK) st = get_gbt_settings(in, &s->point, err);
    if (st == VO_OK) st = get_gbt_settings(in, &s->quantile, err);
    if (st == VO_OK) st = vo_artefact_get_double(in, &s->split.train, err);
    if (st == VO_OK) st = vo_artefact_get_double(in, &s->split.valid, err);
    if (st == VO_OK) st = vo_artefact_get_double(in, &s->split.test, err);
    if (st == VO_OK) st = vo_artefact_get_u32(in, &days, err);
    if (st == VO_OK) st = vo_artefact_get_u64(in, &rows, err);
    if (st == VO_OK) st = vo_artefact_get_u64(in, &shuffled, err);
    if (st == VO_OK) st = vo_artefact_get_u32(in, &target, err);
    if (st == VO_OK) st = vo_artefact_get_u32(in, &again, err);
    if (st != VO_OK) return st;
    s->split.days = days != 0;
    s->max_rows = (size_t)rows;
    s->n_shuffled = (size_t)shuffled;
    s->target = (int32_t)target;
    s->refit = again != 0;
    return vo_price_settings_check(s, err);
}

/* ---- horizons ---------------------------------------------------------------------------- */

static void put_horizon(vo_artefact_out *out, const vo_price_model *m,
                        const vo_price_horizon *h) {
    vo_artefact_begin(out, "HORI");
    vo_artefact_put_double(out, h->scale);
    vo_artefact_put_double(out, h->reference);
    vo_artefact_put_doubles(out, h->shift, m->settings.n_levels);
    vo_artefact_put_doubles(out, h->permutation, m->n_features);
    vo_artefact_put_u32(out, (uint32_t)h->score.target);
    vo_artefact_put_u64(out, h->score.trees);
    put_metrics(out, &h->score.test);
    put_metrics(out, &h->score.naive);
    vo_gbt_save(h->point, out);
    for (size_t q = 0; q < m->settings.n_levels; q++) vo_gbt_save(h->quantile[q], out);
    vo_artefact_end(out);
}

static vo_status get_boosted(vo_artefact *in, const vo_price_model *m, vo_gbt **out,
                             vo_error *err) {
    vo_gbt *g = NULL;
    vo_status st = vo_gbt_load(in, m->alloc, &g, err);
    if (st == VO_OK && vo_gbt_features(g) != m->n_features) {
        st = vo_fail(err, VO_EINVAL, "a boosted model over %zu features in one of %zu",
                     vo_gbt_features(g), m->n_features);
        vo_gbt_free(g);
    } else if (st == VO_OK) {
        *out = g;
    }
    return st;
}

static vo_status get_horizon(vo_artefact *in, vo_price_model *m, vo_price_horizon *h,
                             vo_error *err) {
    uint32_t target = 0;
    uint64_t trees = 0;
    vo_status st = vo_artefact_enter(in, "HORI", err);
    if (st == VO_OK) st = vo_artefact_get_double(in, &h->scale, err);
    if (st == VO_OK) st = vo_artefact_get_double(in, &h->reference, err);
    if (st == VO_OK) st = vo_artefact_get_doubles(in, h->shift, m->settings.n_levels, err);
    if (st == VO_OK) st = vo_artefact_get_doubles(in, h->permutation, m->n_features, err);
    if (st == VO_OK) st = vo_artefact_get_u32(in, &target, err);
    if (st == VO_OK) st = vo_artefact_get_u64(in, &trees, err);
    if (st == VO_OK) st = get_metrics(in, &h->score.test, err);
    if (st == VO_OK) st = get_metrics(in, &h->score.naive, err);
    if (st == VO_OK) st = get_boosted(in, m, &h->point, err);
    for (size_t q = 0; st == VO_OK && q < m->settings.n_levels; q++)
        st = get_boosted(in, m, &h->quantile[q], err);
    if (st != VO_OK) return st;
    if (target >= VO_PRICE_TARGET_AUTO || !(h->scale > 0))
        return vo_fail(err, VO_EINVAL, "a horizon that fits target %u at scale %g",
                       (unsigned)target, h->scale);
    h->score.target = (int32_t)target;
    h->score.trees = (size_t)trees;
    vo_artefact_leave(in);
    return VO_OK;
}

/* ---- all --------------------------------------------------------------------------------- */

void vo_price_model_save(const vo_price_model *m, vo_artefact_out *out) {
    vo_artefact_begin(out, "PMOD");
    put_settings(out, &m->settings);
    vo_artefact_put_double(out, m->step_h);
    vo_artefact_put_u32(out, (uint32_t)m->n_features);
    for (size_t j = 0; j < m->n_features; j++) vo_artefact_put_text(out, m->name[j]);
    for (size_t k = 0; k < m->settings.n_horizons; k++) put_horizon(out, m, &m->h[k]);
    vo_artefact_end(out);
}

static vo_status load_parts(vo_artefact *in, vo_price_model *m, vo_error *err) {
    vo_status st = VO_OK;
    for (size_t j = 0; st == VO_OK && j < m->n_features; j++)
        st = vo_artefact_get_text(in, m->name[j], sizeof m->name[j], err);
    if (st == VO_OK) vo_price_model_place(m);
    for (size_t k = 0; st == VO_OK && k < m->settings.n_horizons; k++)
        st = get_horizon(in, m, &m->h[k], err);
    return st;
}

vo_status vo_price_model_load(vo_artefact *in, const vo_alloc *alloc, vo_price_model **out,
                              vo_error *err) {
    if (!alloc) alloc = &vo_alloc_libc;
    vo_price_settings s = {.n_horizons = 0};
    double step_h = 0;
    size_t n_features = 0;
    vo_status st = vo_artefact_enter(in, "PMOD", err);
    if (st == VO_OK) st = get_settings(in, &s, err);
    if (st == VO_OK) st = vo_artefact_get_double(in, &step_h, err);
    if (st == VO_OK) st = get_count(in, VO_PRICE_FEATURES, &n_features, err);
    if (st != VO_OK) return st;
    if (!(step_h > 0) || n_features == 0)
        return vo_fail(err, VO_EINVAL, "a price model of %zu features for intervals of %g h",
                       n_features, step_h);
    vo_price_model *m = vo_price_model_new(alloc, &s, n_features);
    if (!m) return vo_fail(err, VO_ENOMEM, "a price model of %zu features", n_features);
    m->step_h = step_h;
    st = load_parts(in, m, err);
    if (st != VO_OK) {
        vo_price_model_free(m);
        return st;
    }
    vo_artefact_leave(in);
    *out = m;
    return VO_OK;
}
