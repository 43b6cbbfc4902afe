/* forecaster_ensemble.c -- day-ahead ensembles as forecasters: `ensemble` of all kinds of
 * members, `lear` of lassos alone.
 *
 * A day's forecast is made when it begins, from the days before it, and stands all day; policies
 * correct its level with the error they see (policy_forecast.c). Days further on are forecast
 * from what is complete, with the hours known of today, and the forecast where nothing is
 * known yet. With sub-hourly prices each interval takes its hour's forecast.
 *
 * Members: a world that recalibrates every day gets the thorough set, with daily warm-up (the
 * protocol of the benchmark); else the quick one. Saved models say which they have.
 *
 * Asked about a day before the one it stands at, it returns to where fit or load left it; before
 * even that, what it knows now is applied to that day's inputs.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "learn/day_ensemble.h"
#include "learn/forecaster.h"

enum { H = VO_DAY_HOURS, SPEC = 128, LEAST_FIT_DAYS = 42 };

/* ---- the sets of members ----------------------------------------------------------------- */

typedef struct {
    const char *name;
    const char *const *quick, *const *thorough; /* NULL-terminated; dear ones first */
} kind;

// clang-format off
static const char *const ensemble_quick[] = {
    "net:nets=2,level=28", "lear:days=728,level=28,spread=14", "lear:days=364,level=7",
    "lear:days=84", NULL};
static const char *const ensemble_thorough[] = {
    "net:nets=5,level=28", "net:nets=5,level=84", "net:nets=4,level=28,spread=56",
    "gbt:loss=0,every=14", "gbt:loss=1,every=14",
    "lear:days=1092,level=28", "lear:days=1092,level=28,spread=14", "lear:days=364,level=7",
    "lear:days=84", NULL};
static const char *const lear_quick[] = {
    "lear:days=728,level=28,spread=14", "lear:days=364,level=7", "lear:days=84", NULL};
static const char *const lear_thorough[] = {
    "lear:days=1456,level=7", "lear:days=1092,level=28", "lear:days=1092,level=28,spread=14",
    "lear:days=364,level=7", "lear:days=84", NULL};
// clang-format on

static const kind ensemble_kind = {"ensemble", ensemble_quick, ensemble_thorough};
static const kind lear_kind = {"lear", lear_quick, lear_thorough};

/* ---- state --------------------------------------------------------------------------------- */

typedef struct {
    vo_forecaster base;
    const vo_learning *given;
    vo_learning world; /* the same, but for a loaded model without refits */
    vo_day_table *table;
    vo_day_ensemble *ensemble;
    vo_forecaster *fallback; /* epf_naive: for hours no member says anything of */
    void *mark;              /* the ensemble as fit or load left it             */
    size_t mark_len, mark_day;
    double *ahead;         /* [n_days][H] forecasts of days after `today`     */
    size_t today, n_ahead; /* how many of them are made, with `ahead_known`   */
    size_t ahead_known;
} ensemble;

#define MARK "ENSEMBLE"

static void ensemble_free(vo_forecaster *f) {
    ensemble *v = (ensemble *)(void *)f;
    const vo_alloc *a = f->alloc;
    vo_day_ensemble_free(v->ensemble);
    vo_day_table_free(v->table);
    vo_forecaster_free(v->fallback);
    free(v->mark);
    a->free(a->ctx, v->ahead);
    a->free(a->ctx, v);
}

static void settle(ensemble *v) { v->n_ahead = 0, v->ahead_known = 0, v->today = SIZE_MAX; }

/* Remembers the ensemble as it is, to come back to. */
static vo_status put_mark(ensemble *v, vo_error *err) {
    vo_artefact_out *w = NULL;
    void *bytes = NULL;
    size_t len = 0;
    vo_status st = vo_artefact_out_create(MARK, 1, &w, err);
    if (st != VO_OK) return st;
    st = vo_day_ensemble_save(v->ensemble, v->table, w, err);
    if (st == VO_OK) st = vo_artefact_out_take(w, &bytes, &len, err);
    vo_artefact_out_free(w);
    if (st != VO_OK) return st;
    free(v->mark);
    v->mark = bytes;
    v->mark_len = len;
    v->mark_day = vo_day_ensemble_day(v->ensemble);
    settle(v);
    return VO_OK;
}

static vo_status return_to_mark(ensemble *v, vo_error *err) {
    vo_artefact *in = NULL;
    vo_status st = vo_artefact_open(v->mark, v->mark_len, MARK, 1, "memory", &in, err);
    if (st != VO_OK) return st;
    st = vo_day_ensemble_load(v->ensemble, v->table, in, err);
    vo_artefact_close(in);
    settle(v);
    return st;
}

/* ---- forecasting --------------------------------------------------------------------------- */

/* The hours of `day` that are known, and what is believed of the others, into its row. */
static void fill_row(const ensemble *v, size_t day, const double *history, size_t known,
                     const double *believed) {
    const vo_day_table *t = v->table;
    double *row = t->price + day * H, sum[H] = {0};
    int count[H] = {0};
    for (size_t i = t->first[day]; i < t->first[day + 1] && i < known; i++) {
        if (!isfinite(history[i])) continue;
        sum[t->hour[i]] += history[i];
        count[t->hour[i]]++;
    }
    for (int h = 0; h < H; h++) row[h] = count[h] ? sum[h] / count[h] : believed[h];
}

/* To where all days before `today` are observed; false: it stands further on, for good. */
static vo_status come_to(ensemble *v, const double *history, size_t known, size_t today,
                         bool *there, vo_error *err) {
    vo_status st = VO_OK;
    vo_day_table_reveal(v->table, history, known);
    if (today < vo_day_ensemble_day(v->ensemble) && today >= v->mark_day &&
        vo_day_ensemble_day(v->ensemble) > v->mark_day)
        st = return_to_mark(v, err);
    *there = today >= vo_day_ensemble_day(v->ensemble);
    if (st == VO_OK && *there) st = vo_day_ensemble_advance(v->ensemble, v->table, today, err);
    return st;
}

/* Forecasts of days today .. last into v->ahead, and with n_levels > 0 the quantiles of `last`. */
static vo_status look_ahead(ensemble *v, const double *history, size_t known, size_t last,
                            const double *level, size_t n_levels, double *quantile,
                            vo_error *err) {
    const size_t today = vo_day_table_day(v->table, known);
    bool there = false;
    vo_status st = come_to(v, history, known, today, &there, err);
    if (st != VO_OK) return st;
    if (v->today != today || v->ahead_known != known || n_levels > 0) v->n_ahead = 0;
    v->today = today;
    v->ahead_known = known;
    for (size_t i = 0; st == VO_OK && today + i <= last; i++) {
        const size_t day = today + i;
        double *out = v->ahead + i * H;
        const bool wanted = n_levels > 0 && day == last;
        if (i >= v->n_ahead || wanted) {
            if (i == 0 && there) {
                vo_day_ensemble_forecast(v->ensemble, out);
                if (wanted) vo_day_ensemble_quantiles(v->ensemble, level, n_levels, quantile);
            } else {
                st = vo_day_ensemble_peek(v->ensemble, v->table, day, out, level, n_levels,
                                          wanted ? quantile : NULL, err);
            }
            if (st == VO_OK && i >= v->n_ahead) v->n_ahead = i + 1;
        }
        fill_row(v, day, history, known, out);
    }
    for (size_t d = today; d <= last; d++) /* what was believed is not known */
        for (int h = 0; h < H; h++) v->table->price[d * H + (size_t)h] = (double)NAN;
    return st;
}

static vo_status check_ready(const ensemble *v, vo_error *err) {
    return vo_day_ensemble_ready(v->ensemble)
               ? VO_OK
               : vo_fail(err, VO_EINVAL,
                         "forecaster %s has not learned yet: fit it on history or name a "
                         "trained model, %s=MODEL",
                         v->base.ops->name, v->base.ops->name);
}

static vo_status ensemble_predict(vo_forecaster *f, const double *history, size_t known,
                                  size_t from, size_t to, double *out, size_t *filled,
                                  vo_error *err) {
    ensemble *v = (ensemble *)(void *)f;
    vo_status st = check_ready(v, err);
    if (st != VO_OK) return st;
    const size_t last = vo_day_table_day(v->table, to - 1);
    st = look_ahead(v, history, known, last, NULL, 0, NULL, err);
    for (size_t t = from; st == VO_OK && t < to; t++) {
        const size_t day = vo_day_table_day(v->table, t);
        size_t ignored = 0;
        out[t - from] = v->ahead[(day - v->today) * H + v->table->hour[t]];
        if (isfinite(out[t - from])) continue;
        st = vo_forecaster_predict(v->fallback, history, known, t, t + 1, &out[t - from],
                                   &ignored, err);
        if (st == VO_OK && !isnan(out[t - from])) ++*filled;
    }
    return st;
}

static vo_status ensemble_quantiles(vo_forecaster *f, const double *history, size_t known,
                                    size_t from, size_t to, const double *level,
                                    size_t n_levels, double *out, vo_error *err) {
    ensemble *v = (ensemble *)(void *)f;
    const vo_alloc *a = f->alloc;
    vo_status st = check_ready(v, err);
    if (st != VO_OK) return st;
    double *q = a->zalloc(a->ctx, H * n_levels * sizeof *q);
    if (!q) return vo_fail(err, VO_ENOMEM, "%zu quantiles of a day", n_levels);
    for (size_t t = from; st == VO_OK && t < to;) {
        const size_t day = vo_day_table_day(v->table, t), end = v->table->first[day + 1];
        st = look_ahead(v, history, known, day, level, n_levels, q, err);
        for (; st == VO_OK && t < to && t < end; t++)
            memcpy(out + (t - from) * n_levels, q + v->table->hour[t] * n_levels,
                   n_levels * sizeof *q);
    }
    a->free(a->ctx, q);
    return st;
}

/* ---- learning ------------------------------------------------------------------------------ */

static vo_status ensemble_fit(vo_forecaster *f, const double *history, size_t until,
                              vo_error *err) {
    ensemble *v = (ensemble *)(void *)f;
    const size_t day = until < f->n ? vo_day_table_day(v->table, until) : v->table->n_days - 1;
    if (day < LEAST_FIT_DAYS)
        return vo_fail(err, VO_EINVAL,
                       "forecaster %s learns from whole days: %zu before the day it is to "
                       "forecast are too few, at least %d are needed",
                       f->ops->name, day, (int)LEAST_FIT_DAYS);
    settle(v);
    v->world.recalibrate_days = v->given->recalibrate_days;
    vo_day_table_reveal(v->table, history, 0);
    vo_day_table_reveal(v->table, history, until);
    const vo_status st = vo_day_ensemble_fit(v->ensemble, v->table, day, err);
    return st == VO_OK ? put_mark(v, err) : st;
}

static vo_status ensemble_save(const vo_forecaster *f, vo_artefact_out *out, vo_error *err) {
    const ensemble *v = (const ensemble *)(const void *)f;
    const vo_status st = check_ready(v, err);
    if (st != VO_OK) return st;
    vo_artefact_begin(out, "DAYS");
    const size_t n = vo_day_ensemble_members(v->ensemble);
    vo_artefact_put_u32(out, (uint32_t)n);
    for (size_t k = 0; k < n; k++)
        vo_artefact_put_text(out, vo_day_ensemble_member(v->ensemble, k));
    vo_artefact_put_u32(out, (uint32_t)v->table->n_exog);
    for (size_t k = 0; k < v->table->n_exog; k++)
        vo_artefact_put_text(out, v->table->exog_name[k]);
    vo_artefact_end(out);
    return vo_day_ensemble_save(v->ensemble, v->table, out, err);
}

static vo_status create_ensemble(const ensemble *v, const char *const *member, size_t n,
                                 vo_day_ensemble **out, vo_error *err) {
    const bool daily = v->given->recalibrate_days == 1;
    vo_day_ensemble_settings s = vo_day_ensemble_settings_default();
    s.member = member;
    s.n_members = n;
    s.warmup_days = daily ? 182 : 91;
    s.warmup_refit_days = daily ? 1 : 14;
    return vo_day_ensemble_create(v->table, &s, &v->world, out, err);
}

/* The columns it was trained on must be those there are, in their order. */
static vo_status check_columns(const ensemble *v, vo_artefact *in, vo_error *err) {
    char name[VO_COLUMN_NAME];
    uint32_t n = 0;
    vo_status st = vo_artefact_get_u32(in, &n, err);
    if (st == VO_OK && n != v->table->n_exog)
        st = vo_fail(err, VO_EINVAL,
                     "the model was trained with %u columns beside the price, here are %zu", n,
                     v->table->n_exog);
    for (size_t k = 0; st == VO_OK && k < v->table->n_exog; k++) {
        st = vo_artefact_get_text(in, name, sizeof name, err);
        if (st == VO_OK && strcmp(name, v->table->exog_name[k]) != 0)
            st = vo_fail(err, VO_EINVAL,
                         "the model was trained with the column \"%.60s\" where \"%.60s\" is",
                         name, v->table->exog_name[k]);
    }
    return st;
}

static vo_status load_members(const ensemble *v, vo_artefact *in, vo_day_ensemble **out,
                              vo_error *err) {
    char spec[VO_DAY_ENSEMBLE_MAX][SPEC];
    const char *member[VO_DAY_ENSEMBLE_MAX];
    uint32_t n = 0;
    vo_status st = vo_artefact_enter(in, "DAYS", err);
    if (st == VO_OK) st = vo_artefact_get_u32(in, &n, err);
    if (st == VO_OK && (n < 1 || n > VO_DAY_ENSEMBLE_MAX))
        st = vo_fail(err, VO_EINVAL, "the saved ensemble has %u members, not 1..%d", n,
                     (int)VO_DAY_ENSEMBLE_MAX);
    for (uint32_t k = 0; st == VO_OK && k < n; k++) {
        st = vo_artefact_get_text(in, spec[k], SPEC, err);
        member[k] = spec[k];
    }
    if (st == VO_OK) st = check_columns(v, in, err);
    if (st != VO_OK) return st;
    vo_artefact_leave(in);
    return create_ensemble(v, member, n, out, err);
}

static vo_status ensemble_load(vo_forecaster *f, vo_artefact *in, vo_error *err) {
    ensemble *v = (ensemble *)(void *)f;
    vo_day_ensemble *loaded = NULL;
    vo_status st = load_members(v, in, &loaded, err);
    if (st == VO_OK) st = vo_day_ensemble_load(loaded, v->table, in, err);
    if (st != VO_OK) {
        vo_day_ensemble_free(loaded);
        return st;
    }
    vo_day_ensemble_free(v->ensemble);
    v->ensemble = loaded;
    v->world.recalibrate_days = v->given->refit_loaded ? v->given->recalibrate_days : 0;
    return put_mark(v, err);
}

static const vo_forecaster_ops ensemble_ops = {.name = "ensemble",
                                               .predict = ensemble_predict,
                                               .free = ensemble_free,
                                               .quantiles = ensemble_quantiles,
                                               .fit = ensemble_fit,
                                               .save = ensemble_save,
                                               .load = ensemble_load};
static const vo_forecaster_ops lear_ops = {.name = "lear",
                                           .predict = ensemble_predict,
                                           .free = ensemble_free,
                                           .quantiles = ensemble_quantiles,
                                           .fit = ensemble_fit,
                                           .save = ensemble_save,
                                           .load = ensemble_load};

static vo_status create(const kind *k, const vo_forecaster_ops *ops, const char *argument,
                        const vo_series *series, const vo_learning *world, vo_forecaster **out,
                        vo_error *err) {
    const vo_alloc *a = world->alloc;
    const char *const *member = world->recalibrate_days == 1 ? k->thorough : k->quick;
    size_t n = 0;
    ensemble *v = a->zalloc(a->ctx, sizeof *v);
    if (!v) return vo_fail(err, VO_ENOMEM, "forecaster %s", k->name);
    v->base = (vo_forecaster){ops, a, series->n};
    v->given = world;
    v->world = *world;
    settle(v);
    vo_status st = vo_day_table_create(series, a, &v->table, err);
    if (st != VO_OK) goto fail;
    v->ahead = a->zalloc(a->ctx, v->table->n_days * H * sizeof(double));
    if (!v->ahead) {
        st = vo_fail(err, VO_ENOMEM, "forecasts of %zu days", v->table->n_days);
        goto fail;
    }
    st = vo_forecaster_create("epf_naive", series, world, &v->fallback, err);
    if (st != VO_OK) goto fail;
    while (member[n]) n++;
    st = create_ensemble(v, member, n, &v->ensemble, err);
    if (st == VO_OK && argument) st = vo_forecaster_load_model(&v->base, world, argument, err);
    if (st != VO_OK) goto fail;
    *out = &v->base;
    return VO_OK;

fail:
    ensemble_free(&v->base);
    return st;
}

vo_status vo_forecaster_create_ensemble(const char *argument, const vo_series *series,
                                        const vo_learning *world, vo_forecaster **out,
                                        vo_error *err) {
    return create(&ensemble_kind, &ensemble_ops, argument, series, world, out, err);
}

vo_status vo_forecaster_create_lear(const char *argument, const vo_series *series,
                                    const vo_learning *world, vo_forecaster **out,
                                    vo_error *err) {
    return create(&lear_kind, &lear_ops, argument, series, world, out, err);
}
