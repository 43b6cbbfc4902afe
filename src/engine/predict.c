/* predict.c -- see predict.h. */
#include "engine/predict.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/export.h"
#include "engine/going_on.h"
#include "engine/inputs.h"
#include "engine/learn_world.h"
#include "engine/members.h"
#include "engine/model_cache.h"
#include "engine/train.h"
#include "learn/forecaster.h"
#include "learn/q_environment.h"

enum { LEVELS = 32, MOST_AHEAD = 20000 };

typedef struct {
    const vo_engine_options *o;
    vo_request request;
    vo_inputs in; /* zeroed without prices */
    bool priced;
    vo_model_cache *own; /* where the options bring none */
    vo_model_cache *cache;
    const vo_kept_model *model;
    vo_zone *zone; /* of timestamp, where there are no prices */
    bool timed;    /* timestamp is given */
    int64_t at_s;
    size_t known; /* prices before `timestamp` */
    char
        other[VO_TRAIN_ORIGIN]; /* where the model learned, if the prices are of another node */
    double level[LEVELS];
    size_t n_levels;
    vo_json_out *w;
} predict;

/* ---- what is known --------------------------------------------------------------------------- */

static vo_status needs(const predict *p, const char *field, const char *what, vo_error *err) {
    return vo_fail(err, VO_EINVAL, "%s is missing: model %s needs %s", field,
                   p->model->found.id, what);
}

static vo_status read_time(predict *p, vo_error *err) {
    const char *text = vo_request_text(&p->request, VO_PRE_timestamp, NULL);
    const char *tz = vo_request_text(&p->request, VO_REQ_tz, NULL);
    vo_status s = VO_OK;
    p->known = p->priced ? p->in.series->n : 0;
    if (!p->priced && text) s = vo_inputs_zone(tz, &p->zone, err);
    if (s != VO_OK || !text) return s;
    s = vo_inputs_instant(p->priced ? p->in.zone : p->zone, text, "timestamp", false, &p->at_s,
                          err);
    if (s != VO_OK) return s;
    p->timed = true;
    if (!p->priced) return VO_OK;
    const vo_series *series = p->in.series;
    const size_t last = series->n - 1;
    p->known = vo_series_lower_bound(series, (vo_time){p->at_s});
    if (p->known == 0)
        return vo_fail(err, VO_EINVAL, "timestamp = \"%.40s\" lies before every price", text);
    if ((double)p->at_s > (double)series->start[last].s + series->dt_h[last] * 3600)
        return vo_fail(err, VO_EINVAL,
                       "timestamp = \"%.40s\" lies behind the last price: give newer prices",
                       text);
    return VO_OK;
}

static vo_status check_step(const predict *p, double step_h, vo_error *err) {
    const vo_series *s = p->in.series;
    for (size_t t = 0; t < p->known; t++)
        if (fabs(s->dt_h[t] - step_h) > 1e-9)
            return vo_fail(err, VO_EINVAL,
                           "prices have intervals of %g min, model %s learned from %g min: use "
                           "one trained on such",
                           60 * s->dt_h[t], p->model->found.id, 60 * step_h);
    return VO_OK;
}

/* ---- the document ----------------------------------------------------------------------------- */

static void write_head(const predict *p, const char *method) {
    char words[VO_TRAIN_ORIGIN + 80];
    vo_json_out_object(p->w);
    vo_member_text(p->w, "model_id", p->model->found.id);
    vo_member_text(p->w, "version", p->model->found.version);
    vo_member_text(p->w, "type", p->model->type);
    vo_member_text(p->w, "method", method);
    snprintf(words, sizeof words, "the model learned from %s, not from these prices", p->other);
    vo_member_text(p->w, "warning", *p->other ? words : NULL);
}

/* What the model learned from, where the request names prices of another node. */
static vo_status find_origin(predict *p, vo_error *err) {
    char exact[2 * VO_REGISTRY_NAME + 2];
    vo_registry *registry = NULL;
    if (!p->request.value[VO_REQ_market_params].json) return VO_OK;
    snprintf(exact, sizeof exact, "%s@%s", p->model->found.id, p->model->found.version);
    vo_status s = vo_registry_open(p->o->models, NULL, &registry, err);
    if (s == VO_OK) s = vo_train_other_origin(registry, exact, &p->request, p->other, err);
    vo_registry_close(registry);
    return s;
}

/* Fields that were given and that this kind of model does not read. */
static void write_ignored(const predict *p, const int *field, const char *const *names,
                          size_t n) {
    vo_json_out_key(p->w, "ignored");
    vo_json_out_array(p->w);
    for (size_t i = 0; i < n; i++)
        if (p->request.value[field[i]].json) vo_json_out_string(p->w, names[i]);
    vo_json_out_end(p->w);
}

/* The interval that is spoken of: so far behind the last known price, or `timestamp`. */
static int64_t time_of(const predict *p, double horizon_min) {
    const vo_series *s = p->in.series;
    if (!p->priced) return p->at_s + llround(60 * horizon_min);
    return s->start[p->known - 1].s + llround(60 * horizon_min);
}

static void write_price(const predict *p, double price, double low, double high, double level,
                        const double *quantile, double horizon_min) {
    static const int field[] = {VO_PRE_charge_level,       VO_PRE_current_price,
                                VO_PRE_price_forecast_1m,  VO_PRE_price_forecast_5m,
                                VO_PRE_price_forecast_15m, VO_PRE_hour};
    static const char *const names[] = {"charge_level",       "current_price",
                                        "price_forecast_1m",  "price_forecast_5m",
                                        "price_forecast_15m", "hour"};
    char number[VO_TEXT_NUMBER];
    vo_member_number(p->w, "prediction", price);
    vo_json_out_key(p->w, "confidence_interval");
    if (isnan(low) || isnan(high)) {
        vo_json_out_null(p->w);
    } else {
        vo_json_out_object(p->w);
        vo_member_number(p->w, "level", round(level * 1e9) / 1e9); /* 0.95 - 0.05 */
        vo_member_number(p->w, "low", low);
        vo_member_number(p->w, "high", high);
        vo_json_out_end(p->w);
    }
    if (p->n_levels) {
        vo_json_out_key(p->w, "quantiles");
        vo_json_out_object(p->w);
        for (size_t i = 0; i < p->n_levels; i++) {
            vo_text_format_number(p->level[i], number);
            vo_member_number(p->w, number, quantile[i]);
        }
        vo_json_out_end(p->w);
    }
    vo_member_number(p->w, "horizon_minutes", horizon_min);
    char stamp[40] = "";
    if (p->priced || p->timed)
        vo_export_stamp(p->priced ? p->in.zone : p->zone, time_of(p, horizon_min), stamp);
    vo_member_text(p->w, "timestamp", *stamp ? stamp : NULL);
    write_ignored(p, field, names, sizeof field / sizeof field[0]);
    vo_json_out_end(p->w);
}

/* ---- boosted price models ---------------------------------------------------------------------- */

static vo_status find_horizon(const predict *p, size_t *k, vo_error *err) {
    const vo_price_settings *s = vo_price_model_settings(p->model->boosting);
    const double step_min = 60 * vo_price_model_step_h(p->model->boosting);
    const double asked = vo_request_number(&p->request, VO_PRE_horizon, 0);
    char list[160] = "";
    *k = 0;
    if (asked <= 0) return VO_OK;
    for (*k = 0; *k < s->n_horizons; ++*k)
        if (fabs(step_min * s->horizon[*k] - asked) < 1e-6) return VO_OK;
    for (size_t i = 0; i < s->n_horizons && strlen(list) < sizeof list - 24; i++) {
        const size_t len = strlen(list);
        snprintf(list + len, sizeof list - len, "%s%g", i ? ", " : "",
                 step_min * s->horizon[i]);
    }
    return vo_fail(err, VO_EINVAL, "horizon = %g: model %s has %s min: ask for one of those",
                   asked, p->model->found.id, list);
}

/* The row from the request's own `features`: every one, by name; null: missing. */
static vo_status row_from_features(const predict *p, float *row, vo_error *err) {
    const vo_price_model *m = p->model->boosting;
    const vo_json *given = p->request.value[VO_PRE_features].json;
    const size_t n = vo_price_model_features(m);
    if (vo_json_kind_of(given) != VO_JSON_OBJECT)
        return vo_fail(err, VO_EINVAL, "features is %s: must be an object of names and numbers",
                       vo_fields_kind(given));
    size_t found = 0;
    for (size_t j = 0; j < n; j++) {
        const char *name = vo_price_model_feature(m, j);
        const vo_json *v = vo_json_get(given, name);
        const vo_json_kind kind = v ? vo_json_kind_of(v) : VO_JSON_BOOL;
        if (!v || (kind != VO_JSON_NUMBER && kind != VO_JSON_NULL))
            return vo_fail(err, VO_EINVAL,
                           "features.%s is %s: model %s has %zu features, each a number or "
                           "null; or give prices, and they are made",
                           name, v ? vo_fields_kind(v) : "missing", p->model->found.id, n);
        if (kind == VO_JSON_NUMBER && !(fabs(vo_json_number(v)) <= VO_FEATURE_MOST))
            return vo_fail(err, VO_EINVAL, "features.%s = %g: must be in [%g, %g]", name,
                           vo_json_number(v), -VO_FEATURE_MOST, VO_FEATURE_MOST);
        row[j] = kind == VO_JSON_NULL ? NAN : (float)vo_json_number(v);
        found++;
    }
    const char *key = NULL;
    const vo_json *v = NULL;
    for (size_t i = 0; vo_json_size(given) > found && vo_json_member(given, i, &key, &v); i++) {
        bool known = false;
        for (size_t j = 0; j < n && !known; j++)
            known = strcmp(key, vo_price_model_feature(m, j)) == 0;
        if (!known)
            return vo_fail(err, VO_EINVAL, "features.%.60s: model %s has no such feature", key,
                           p->model->found.id);
    }
    return VO_OK;
}

static vo_status row_from_prices(const predict *p, size_t k, float *row, vo_error *err) {
    const vo_price_model *m = p->model->boosting;
    vo_features *features = NULL;
    vo_status s = check_step(p, vo_price_model_step_h(m), err);
    if (s == VO_OK) s = vo_price_model_open_features(m, p->in.series, NULL, &features, err);
    if (s != VO_OK) return s;
    const vo_features_input in = {.price = p->in.series->column[0].value};
    s = vo_features_fill(features, &in, p->known, p->known + 1,
                         (size_t)vo_price_model_settings(m)->horizon[k], row, err);
    vo_features_free(features);
    return s;
}

/* The model's own levels; another one is refused. */
static vo_status pick_levels(const predict *p, const double *all, double *out, vo_error *err) {
    const vo_price_settings *s = vo_price_model_settings(p->model->boosting);
    char list[160] = "";
    for (size_t i = 0; i < p->n_levels; i++) {
        size_t k = 0;
        while (k < s->n_levels && fabs(s->level[k] - p->level[i]) > 1e-9) k++;
        if (k < s->n_levels) {
            out[i] = all[k];
            continue;
        }
        for (size_t j = 0; j < s->n_levels && strlen(list) < sizeof list - 24; j++) {
            const size_t len = strlen(list);
            snprintf(list + len, sizeof list - len, "%s%g", j ? ", " : "", s->level[j]);
        }
        return vo_fail(err, VO_EINVAL, "quantiles: %g is none of model %s, which has %s",
                       p->level[i], p->model->found.id, s->n_levels ? list : "none");
    }
    return VO_OK;
}

static vo_status say_boosted(predict *p, vo_error *err) {
    const vo_price_model *m = p->model->boosting;
    const vo_price_settings *settings = vo_price_model_settings(m);
    double all[VO_PRICE_LEVELS] = {0}, picked[LEVELS];
    size_t k = 0;
    vo_status s = find_horizon(p, &k, err);
    if (s != VO_OK) return s;
    if (!p->priced && !p->request.value[VO_PRE_features].json)
        return needs(p, "prices", "the prices until now, or its features", err);
    float *row = calloc(vo_price_model_features(m) + 1, sizeof *row);
    if (!row) return vo_fail(err, VO_ENOMEM, "a row of features");
    s = p->request.value[VO_PRE_features].json ? row_from_features(p, row, err)
                                               : row_from_prices(p, k, row, err);
    if (s == VO_OK) {
        const vo_price_confidence c = vo_price_model_predict_with_confidence(m, k, row);
        if (settings->n_levels) vo_price_model_quantiles(m, k, row, all);
        s = pick_levels(p, all, picked, err);
        if (s == VO_OK) {
            write_head(p, "gbt");
            write_price(p, c.point, c.low, c.high, c.confidence, picked,
                        60 * vo_price_model_step_h(m) * settings->horizon[k]);
        }
    }
    free(row);
    return s;
}

/* ---- day-ahead models ---------------------------------------------------------------------------- */

static vo_status ask_forecaster(predict *p, vo_forecaster *f, const vo_series *series,
                                size_t last, const char *method, double minutes,
                                vo_error *err) {
    static const double outer[] = {0.05, 0.95};
    double said = (double)NAN, interval[2], quantile[LEVELS];
    size_t filled = 0;
    const double *history = series->column[0].value;
    vo_status s =
        vo_forecaster_predict(f, history, p->known, last, last + 1, &said, &filled, err);
    if (s == VO_OK)
        s = vo_forecaster_quantiles(f, history, p->known, last, last + 1, outer, 2, interval,
                                    err);
    if (s == VO_OK && p->n_levels)
        s = vo_forecaster_quantiles(f, history, p->known, last, last + 1, p->level, p->n_levels,
                                    quantile, err);
    if (s != VO_OK) return s;
    write_head(p, method);
    write_price(p, said, interval[0], interval[1], 0.9, quantile, minutes);
    return VO_OK;
}

static vo_status say_day_ahead(predict *p, vo_error *err) {
    vo_learn_world world;
    vo_series *longer = NULL;
    vo_forecaster *f = NULL;
    char method[VO_FORECASTER_NAME];
    char spec[VO_FORECASTER_NAME + 2 * VO_REGISTRY_NAME + 4];
    if (!p->priced) return needs(p, "prices", "the prices of the days before", err);
    const double step_min = 60 * p->in.series->dt_h[p->in.series->n - 1];
    const double minutes = vo_request_number(&p->request, VO_PRE_horizon, step_min);
    const size_t ahead = (size_t)fmax(ceil(minutes / step_min - 1e-9), 1);
    if (ahead > MOST_AHEAD)
        return vo_fail(err, VO_EINVAL, "horizon = %g min: at most %d intervals", minutes,
                       MOST_AHEAD);
    const size_t last = p->known + ahead - 1;
    const size_t more = last + 1 > p->in.series->n ? last + 1 - p->in.series->n : 0;
    vo_learn_world_init(&world, p->o, 42);
    vo_status s = vo_forecaster_name_in(p->model->bytes, p->model->len, p->model->found.folder,
                                        method, err);
    if (s == VO_OK)
        s = more ? vo_series_extend(p->in.series, more, p->in.zone, &longer, err)
                 : vo_series_slice(p->in.series, p->in.series->start[0],
                                   (vo_time){p->in.series->start[p->in.series->n - 1].s + 1},
                                   &longer, err);
    if (s == VO_OK) {
        for (size_t t = p->known; t < longer->n; t++) longer->column[0].value[t] = (double)NAN;
        snprintf(spec, sizeof spec, "%s=%s@%s", method, p->model->found.id,
                 p->model->found.version);
        s = vo_forecaster_create(spec, longer, &world.learning, &f, err);
    }
    if (s == VO_OK) s = ask_forecaster(p, f, longer, last, method, minutes, err);
    vo_forecaster_free(f);
    vo_series_free(longer);
    vo_learn_world_fini(&world);
    return s;
}

/* ---- tables of actions ------------------------------------------------------------------------------ */

/* The local hour: as given, of timestamp, or of the present price. */
static vo_status find_hour(const predict *p, size_t now, int32_t *hour, vo_error *err) {
    if (p->request.value[VO_PRE_hour].json) {
        *hour = (int32_t)vo_request_number(&p->request, VO_PRE_hour, 0);
        return VO_OK;
    }
    if (!p->timed && !p->priced) return needs(p, "hour", "the local hour, or timestamp", err);
    const vo_zone *zone = p->priced ? p->in.zone : p->zone;
    const vo_series *s = p->in.series;
    int64_t at_s = p->at_s;
    if (!p->timed)
        at_s = now < s->n ? s->start[now].s
                          : s->start[s->n - 1].s + llround(3600 * s->dt_h[s->n - 1]);
    const int64_t wall_s = at_s + vo_zone_offset(zone, at_s);
    *hour = (int32_t)((wall_s % 86400 + 86400) % 86400 / 3600);
    return VO_OK;
}

/* The price now and those before: current_price, else the last of the prices. */
static vo_status find_signal(const predict *p, double *price, double *signal, size_t *now,
                             vo_error *err) {
    const vo_q_table *t = p->model->table;
    const bool given = p->request.value[VO_PRE_current_price].json != NULL;
    if (!given && !p->priced) return needs(p, "current_price", "the price now", err);
    if (!t->axes.absolute && !p->priced)
        return vo_fail(
            err, VO_EINVAL,
            "prices is missing: model %s holds the present price against those of "
            "the %g h before it, and keeps none itself: send them as prices, or name "
            "them by market_params",
            p->model->found.id, t->axes.signal_h);
    vo_status s = p->priced ? check_step(p, t->interval_h, err) : VO_OK;
    if (s != VO_OK) return s;
    const double *x = p->priced ? p->in.series->column[0].value : NULL;
    *now = p->priced ? (given || p->known == 0 ? p->known : p->known - 1) : 0;
    *price = given ? vo_request_number(&p->request, VO_PRE_current_price, 0) : x[*now];
    *signal = vo_q_signal(&t->axes, t->interval_h, x, *now, *price);
    if (!isnan(*signal)) return VO_OK;
    return vo_fail(err, VO_EINVAL,
                   "prices: %zu before now are too few, model %s holds the present one against "
                   "those of %g h",
                   *now, p->model->found.id, t->axes.signal_h);
}

static vo_status say_action(predict *p, vo_error *err) {
    static const char *const actions[] = {"charge", "hold", "discharge"};
    static const int field[] = {VO_PRE_price_forecast_1m,  VO_PRE_price_forecast_5m,
                                VO_PRE_price_forecast_15m, VO_PRE_horizon,
                                VO_PRE_quantiles,          VO_PRE_features};
    static const char *const names[] = {"price_forecast_1m",  "price_forecast_5m",
                                        "price_forecast_15m", "horizon",
                                        "quantiles",          "features"};
    vo_q_state state = {0};
    double price = 0;
    size_t now = 0;
    if (!p->request.value[VO_PRE_charge_level].json)
        return needs(p, "charge_level", "how full the battery is, 0..1 of what it may use",
                     err);
    vo_status s = find_signal(p, &price, &state.signal, &now, err);
    if (s == VO_OK) s = find_hour(p, now, &state.hour, err);
    if (s != VO_OK) return s;
    state.charge = vo_request_number(&p->request, VO_PRE_charge_level, 0);
    const vo_q_choice c = vo_q_table_act(p->model->table, &state);
    write_head(p, "q_learning");
    vo_member_text(p->w, "prediction", actions[c.action]);
    vo_member_text(p->w, "action", actions[c.action]);
    vo_member_number(p->w, "confidence", c.confidence);
    vo_json_out_key(p->w, "q_values");
    vo_json_out_object(p->w);
    for (size_t i = 0; i < VO_Q_ACTIONS; i++) vo_member_number(p->w, actions[i], c.q[i]);
    vo_json_out_end(p->w);
    vo_member_bool(p->w, "visited", c.visited);
    vo_member_number(p->w, "charge_level", state.charge);
    vo_member_number(p->w, "current_price", price);
    vo_member_number(p->w, "price_signal", state.signal);
    vo_member_integer(p->w, "hour", state.hour);
    vo_member_number(p->w, "horizon_minutes", 60 * p->model->table->interval_h);
    write_ignored(p, field, names, sizeof field / sizeof field[0]);
    vo_json_out_end(p->w);
    return VO_OK;
}

/* ---- whichever ---------------------------------------------------------------------------------------- */

static vo_status find_model(predict *p, vo_error *err) {
    const char *id = vo_request_text(&p->request, VO_PRE_model_id, NULL);
    vo_status s = VO_OK;
    if (!id)
        return vo_fail(err, VO_EINVAL,
                       "model_id is missing: which model? (`volteo models list` shows them)");
    p->cache = p->o->kept;
    if (!p->cache) {
        s = vo_model_cache_create(p->o->models, &p->own, err);
        p->cache = p->own;
    }
    return s == VO_OK ? vo_model_cache_take(p->cache, id, &p->model, err) : s;
}

static bool names_prices(const vo_request *r) {
    return r->value[VO_REQ_prices].json || r->value[VO_REQ_prices_file].json ||
           r->value[VO_REQ_market_params].json || r->value[VO_REQ_tariff].json;
}

vo_status vo_predict_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                         vo_error *err) {
    predict p = {.o = o, .w = w};
    vo_status s = vo_request_read(request, VO_REQUEST_PREDICT, &p.request, err);
    if (s == VO_OK)
        s = vo_fields_numbers(p.request.value[VO_PRE_quantiles].json, "quantiles", 0.001, 0.999,
                              p.level, LEVELS, &p.n_levels, err);
    if (s == VO_OK) s = find_model(&p, err);
    p.priced = s == VO_OK && names_prices(&p.request);
    if (s == VO_OK) s = vo_going_on(o, "reading", 0.3, err);
    if (s == VO_OK && p.priced) s = vo_inputs_load(o, &p.request, &p.in, err);
    if (s == VO_OK) s = vo_going_on(o, "predicting", 0.6, err);
    if (s == VO_OK) s = read_time(&p, err);
    if (s == VO_OK) s = find_origin(&p, err);
    if (s == VO_OK)
        s = p.model->table      ? say_action(&p, err)
            : p.model->boosting ? say_boosted(&p, err)
                                : say_day_ahead(&p, err);
    vo_model_cache_give(p.cache, p.model);
    vo_model_cache_free(p.own);
    vo_zone_close(p.zone);
    if (p.priced) vo_inputs_fini(&p.in);
    vo_request_fini(&p.request);
    return s;
}
