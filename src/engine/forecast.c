/* forecast.c -- see forecast.h.
 *
 * The series is made longer by the horizon, with nothing known there but what the file itself
 * brings (rows without a price, with forecasts of load or weather), and the forecaster is asked
 * once. One that has no quantiles of its own gets those of its past errors.
 */
#include "engine/forecast.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/inputs.h"
#include "engine/learn_world.h"
#include "engine/members.h"
#include "engine/response.h"
#include "engine/train.h"
#include "learn/forecaster.h"
#include "learn/forecaster_spread.h"

#define MAX_LEVELS 32
#define SPREAD_DAYS 60
#define DEFAULT_HORIZON_MIN 60.0

typedef struct {
    const vo_engine_options *o;
    vo_request request;
    vo_inputs in;
    vo_learn_world world;
    vo_series *series; /* in.series and the horizon              */
    double *history;   /* [series->n] NAN from `known` on        */
    size_t known, n;   /* intervals forecast: known .. known + n - 1 */
    char method[VO_FORECASTER_NAME];
    vo_forecaster *forecaster;
    vo_registry_found found;     /* the model; "" without one */
    char other[VO_TRAIN_ORIGIN]; /* the node that it learned from, if that is another */
    double level[MAX_LEVELS];
    size_t n_levels, filled;
    double *said, *quantile; /* [n], [n][n_levels] */
} forecast;

/* ---- what is known ------------------------------------------------------------------------ */

/* The first interval that is to be forecast: that of `at`, else behind the last price. */
static vo_status find_known(forecast *f, vo_error *err) {
    const vo_series *s = f->in.series;
    const double *price = s->column[0].value;
    const char *text = vo_request_text(&f->request, VO_FOR_at, NULL);
    int64_t at_s = 0;
    f->known = s->n;
    while (f->known > 0 && isnan(price[f->known - 1])) f->known--;
    if (text) {
        const vo_status st = vo_inputs_instant(f->in.zone, text, "at", false, &at_s, err);
        if (st != VO_OK) return st;
        const size_t at = vo_series_lower_bound(s, (vo_time){at_s}), last = f->known - 1;
        if (f->known > 0 && (double)at_s > (double)s->start[last].s + s->dt_h[last] * 3600) {
            char stamp[40];
            vo_inputs_stamp(&f->in, last, stamp);
            return vo_fail(err, VO_EINVAL,
                           "at = \"%.40s\" lies behind the last price, that of %s: give newer "
                           "prices, or a longer horizon",
                           text, stamp);
        }
        f->known = at < f->known ? at : f->known;
    }
    if (f->known > 0) return VO_OK;
    return vo_fail(err, VO_EINVAL, "%s: no price is known before %s", f->in.source,
                   text ? text : "the forecast");
}

static vo_status make_room(forecast *f, vo_error *err) {
    const vo_series *s = f->in.series;
    const double minutes = vo_request_number(&f->request, VO_FOR_horizon, DEFAULT_HORIZON_MIN);
    const double step_min = 60 * s->dt_h[s->n - 1];
    f->n = (size_t)ceil(minutes / step_min - 1e-9);
    if (f->n == 0) f->n = 1;
    const size_t need = f->known + f->n;
    vo_status st = VO_OK;
    if (need > s->n)
        st = vo_series_extend(s, need - s->n, f->in.zone, &f->series, err);
    else
        st = vo_series_slice(s, s->start[0], (vo_time){s->start[s->n - 1].s + 1}, &f->series,
                             err);
    if (st != VO_OK) return st;
    f->history = malloc(f->series->n * sizeof *f->history);
    f->said = calloc(f->n, sizeof *f->said);
    f->quantile = calloc(f->n * (f->n_levels + 1), sizeof *f->quantile);
    if (!f->history || !f->said || !f->quantile)
        return vo_fail(err, VO_ENOMEM, "a forecast of %zu intervals", f->n);
    for (size_t t = 0; t < f->series->n; t++) {
        if (t >= f->known) f->series->column[0].value[t] = (double)NAN;
        f->history[t] = f->series->column[0].value[t];
    }
    return VO_OK;
}

/* ---- who forecasts -------------------------------------------------------------------------- */

static vo_status find_model(forecast *f, const char *model, vo_error *err) {
    vo_registry *registry = NULL;
    const void *bytes = NULL;
    size_t len = 0;
    char spec[VO_FORECASTER_NAME + 4 * VO_REGISTRY_NAME];
    vo_status s = vo_registry_open(f->o->models, NULL, &registry, err);
    if (s == VO_OK) s = vo_registry_get(registry, model, &f->found, err);
    if (s == VO_OK) s = vo_train_other_origin(registry, model, &f->request, f->other, err);
    vo_registry_close(registry);
    if (s != VO_OK) return s;
    char exact[2 * VO_REGISTRY_NAME + 2];
    snprintf(exact, sizeof exact, "%s@%s", f->found.id, f->found.version);
    s = f->world.learning.model(f->world.learning.model_ctx, exact, &bytes, &len, err);
    if (s == VO_OK) s = vo_forecaster_name_in(bytes, len, f->found.folder, f->method, err);
    if (s != VO_OK) return s;
    snprintf(spec, sizeof spec, "%s=%s", f->method, exact);
    return vo_forecaster_create(spec, f->series, &f->world.learning, &f->forecaster, err);
}

/* One of model and method; before the prices are read. */
static vo_status check_who(const vo_request *r, vo_error *err) {
    const char *model = vo_request_text(r, VO_FOR_model, NULL);
    const char *method = vo_request_text(r, VO_FOR_method, NULL);
    vo_error inner = {0};
    if (model && method)
        return vo_fail(err, VO_EINVAL,
                       "model = \"%.80s\" and method = \"%.60s\": give one of them", model,
                       method);
    if (!model && !method)
        return vo_fail(err, VO_EINVAL,
                       "model is missing: which forecaster? `volteo train price` makes one, "
                       "`volteo models list` shows them; or method = \"epf_naive\"");
    if (method && vo_forecaster_check(method, &inner) != VO_OK)
        return vo_fail(err, VO_EINVAL, "method: %s", inner.msg);
    return VO_OK;
}

/* Without a model: a forecaster that needs none, or that is fitted here and now. */
static vo_status make_forecaster(forecast *f, vo_error *err) {
    const char *model = vo_request_text(&f->request, VO_FOR_model, NULL);
    const char *method = vo_request_text(&f->request, VO_FOR_method, NULL);
    if (model) return find_model(f, model, err);
    vo_status s =
        vo_forecaster_create(method, f->series, &f->world.learning, &f->forecaster, err);
    if (s == VO_OK && vo_forecaster_learns(method) && !strchr(method, '='))
        s = vo_forecaster_fit(f->forecaster, f->history, f->known, err);
    snprintf(f->method, sizeof f->method, "%.*s", (int)strcspn(method, "="), method);
    return s;
}

static vo_status ask_spread(forecast *f, vo_error *err) {
    vo_spread *spread = NULL;
    size_t ignored = 0;
    vo_status s = vo_spread_create(f->forecaster, f->series, f->n, false, SPREAD_DAYS, NULL,
                                   &spread, err);
    if (s == VO_OK)
        s = vo_spread_quantiles(spread, f->history, f->known, f->known, f->known + f->n,
                                f->level, f->n_levels, f->quantile, &ignored, err);
    vo_spread_free(spread);
    return s;
}

static vo_status ask(forecast *f, vo_error *err) {
    const size_t to = f->known + f->n;
    vo_status s = vo_forecaster_predict(f->forecaster, f->history, f->known, f->known, to,
                                        f->said, &f->filled, err);
    if (s != VO_OK || f->n_levels == 0) return s;
    s = vo_forecaster_quantiles(f->forecaster, f->history, f->known, f->known, to, f->level,
                                f->n_levels, f->quantile, err);
    return s == VO_EUNSUPPORTED ? ask_spread(f, err) : s;
}

/* ---- the document ----------------------------------------------------------------------------- */

static void write_interval(const forecast *f, const vo_inputs *at, size_t i, vo_json_out *w) {
    char stamp[40], name[VO_TEXT_NUMBER];
    vo_json_out_object(w);
    vo_inputs_stamp(at, f->known + i, stamp);
    vo_member_text(w, "timestamp", stamp);
    vo_member_number(
        w, "minutes_ahead",
        (double)(f->series->start[f->known + i].s - f->series->start[f->known - 1].s) / 60);
    vo_member_number(w, "price", f->said[i]);
    if (f->n_levels) {
        vo_json_out_key(w, "quantiles");
        vo_json_out_object(w);
        for (size_t k = 0; k < f->n_levels; k++) {
            vo_text_format_number(f->level[k], name);
            vo_member_number(w, name, f->quantile[i * f->n_levels + k]);
        }
        vo_json_out_end(w);
    }
    vo_json_out_end(w);
}

static void write_all(const forecast *f, vo_json_out *w) {
    char stamp[40];
    vo_inputs at = f->in; /* the same zone over the longer series */
    at.series = f->series;
    vo_json_out_object(w);
    vo_member_text(w, "method", f->method);
    vo_member_text(w, "model", *f->found.id ? f->found.id : NULL);
    vo_member_text(w, "version", *f->found.id ? f->found.version : NULL);
    vo_json_out_key(w, "warning");
    if (*f->other) {
        char words[VO_TRAIN_ORIGIN + 80];
        snprintf(words, sizeof words, "the model learned from %s, not from these prices",
                 f->other);
        vo_json_out_string(w, words);
    } else {
        vo_json_out_null(w);
    }
    vo_inputs_stamp(&at, f->known - 1, stamp);
    vo_member_text(w, "last_known", stamp);
    vo_member_number(w, "last_price", f->history[f->known - 1]);
    vo_member_integer(w, "filled", (long long)f->filled);
    vo_json_out_key(w, "predictions");
    vo_json_out_array(w);
    for (size_t i = 0; i < f->n; i++) write_interval(f, &at, i, w);
    vo_json_out_end(w);
    vo_json_out_key(w, "prices");
    vo_json_out_object(w);
    vo_response_inputs(&f->in, w);
    vo_json_out_end(w);
    vo_json_out_end(w);
}

vo_status vo_forecast_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                          vo_error *err) {
    forecast f = {.o = o};
    vo_status s = vo_request_read(request, VO_REQUEST_FORECAST, &f.request, err);
    if (s == VO_OK)
        s = vo_fields_numbers(f.request.value[VO_FOR_quantiles].json, "quantiles", 0.001, 0.999,
                              f.level, MAX_LEVELS, &f.n_levels, err);
    if (s == VO_OK) s = check_who(&f.request, err);
    if (s == VO_OK) s = vo_inputs_load(o, &f.request, &f.in, err);
    if (s == VO_OK) s = find_known(&f, err);
    if (s == VO_OK) s = make_room(&f, err);
    vo_learn_world_init(&f.world, o, (uint64_t)vo_request_number(&f.request, VO_FOR_seed, 42));
    if (s == VO_OK) s = make_forecaster(&f, err);
    if (s == VO_OK) s = ask(&f, err);
    if (s == VO_OK) write_all(&f, w);
    vo_forecaster_free(f.forecaster);
    vo_learn_world_fini(&f.world);
    vo_series_free(f.series);
    free(f.history);
    free(f.said);
    free(f.quantile);
    vo_inputs_fini(&f.in);
    vo_request_fini(&f.request);
    return s;
}
