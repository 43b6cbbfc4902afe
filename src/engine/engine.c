/* engine.c -- the public calls: open, answer a document with a document, close. */
#include <volteo/engine.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "data/live.h"
#include "engine/compare.h"
#include "engine/data_fetch.h"
#include "engine/data_requests.h"
#include "engine/data_synth.h"
#include "engine/decide.h"
#include "engine/doctor.h"
#include "engine/duel.h"
#include "engine/evaluate.h"
#include "engine/forecast.h"
#include "engine/inputs.h"
#include "engine/lake_requests.h"
#include "engine/learn_world.h"
#include "engine/model_cache.h"
#include "engine/model_requests.h"
#include "engine/predict.h"
#include "engine/price_requests.h"
#include "engine/report_html.h"
#include "engine/response.h"
#include "engine/retrain.h"
#include "engine/simulate.h"
#include "engine/solution.h"
#include "engine/train.h"

/* For each search of a mixed-integer program, where a request does not say. A plan that is
 * stopped there is still a plan, with its bound. */
#define DEFAULT_TIME_LIMIT_S 20.0

struct vo_engine {
    vo_engine_options options;
    vo_price_desk *desk; /* open lakes, for requests that are answered in milliseconds */
    char names[];        /* of the folders, which options.lake and options.models point to */
};

int32_t vo_abi_version(void) { return VO_ABI_VERSION; }
const char *vo_version(void) { return "0.1.0"; }
void vo_text_free(char *text) { free(text); }

vo_engine_options vo_engine_options_default(void) {
    return (vo_engine_options){.lake = "lake", .models = "models"};
}

vo_status vo_engine_open(const vo_engine_options *o, vo_engine **out, vo_error *err) {
    const char *lake = o->lake && *o->lake ? o->lake : "lake";
    const char *models = o->models && *o->models ? o->models : "models";
    const size_t lake_size = strlen(lake) + 1, models_size = strlen(models) + 1;
    if (o->threads < 0 || o->threads > 4096)
        return vo_fail(err, VO_EINVAL, "threads = %d: must be in 0..4096", o->threads);
    vo_engine *e = calloc(1, sizeof *e + lake_size + models_size);
    if (!e) return vo_fail(err, VO_ENOMEM, "an engine");
    e->options = *o;
    e->options.kept = NULL;
    e->options.lake = memcpy(e->names, lake, lake_size);
    e->options.models = memcpy(e->names + lake_size, models, models_size);
    vo_status s = vo_price_desk_create(e->options.lake, &e->desk, err);
    if (s == VO_OK) s = vo_model_cache_create(e->options.models, &e->options.kept, err);
    if (s != VO_OK) {
        vo_engine_close(e);
        return s;
    }
    *out = e;
    return VO_OK;
}

void vo_engine_close(vo_engine *e) {
    if (!e) return;
    vo_model_cache_free(e->options.kept);
    vo_price_desk_free(e->desk);
    free(e);
}

/* ---- the calls ---------------------------------------------------------------------- */

typedef vo_status answer(const vo_engine_options *o, const char *request, vo_json_out *w,
                         vo_error *err);

static int32_t nobody_waits(void *ctx) {
    const vo_engine_options *o = ctx;
    return o->progress(o->progress_ctx, "writing", 1);
}

static void bound(vo_engine_options *o, vo_json_out *w) {
    const size_t most = o->most_bytes > 0 ? (size_t)o->most_bytes : 0;
    vo_json_out_bound(w, most, o->progress ? nobody_waits : NULL, o);
}

static vo_status call(const vo_engine *e, answer *run, const char *request, char **response,
                      vo_error *err) {
    if (!request) return vo_fail(err, VO_EINVAL, "the request is missing: send a JSON object");
    vo_engine_options o = e->options;
    vo_json_out *w = NULL;
    size_t len = 0;
    vo_status s = vo_json_out_create(&w, err);
    if (s == VO_OK) bound(&o, w);
    if (s == VO_OK) s = run(&o, request, w, err);
    if (s == VO_OK) s = vo_json_out_take(w, response, &len, err);
    vo_json_out_free(w);
    return s;
}

static vo_status optimize(const vo_engine_options *o, const char *request, vo_json_out *w,
                          vo_error *err) {
    static const char *const horizons[] = {"all", "day"};
    vo_request r = {0};
    vo_inputs in = {0};
    vo_solution solution = {0};
    vo_schedule_options so = vo_schedule_options_default();
    size_t by_day = 0;
    vo_method method = VO_METHOD_AUTO;
    vo_status s = vo_request_read(request, VO_REQUEST_OPTIMIZE, &r, err);
    if (s == VO_OK)
        s = vo_method_parse(vo_request_text(&r, VO_OPT_method, "auto"), &method, err);
    if (s == VO_OK)
        s = vo_request_choice(&r, VO_OPT_horizon, "horizon", horizons, 2, 0, &by_day, err);
    if (s == VO_OK) {
        so.method = (int32_t)method;
        so.time_limit_s = vo_request_number(&r, VO_OPT_time_limit_s, DEFAULT_TIME_LIMIT_S);
        so.low_percentile = vo_request_number(&r, VO_REQ_low_percentile, so.low_percentile);
        so.high_percentile = vo_request_number(&r, VO_REQ_high_percentile, so.high_percentile);
        s = vo_inputs_load(o, &r, &in, err);
    }
    if (s == VO_OK) s = vo_solution_find(&in.problem, &so, by_day == 1, o, &solution, err);
    if (s == VO_OK) vo_response_optimize(&r, &in, &solution, by_day == 1, w);
    vo_solution_fini(&solution);
    vo_inputs_fini(&in);
    vo_request_fini(&r);
    return s;
}

static vo_status with_models(const vo_engine_options *o, const char *request, bool days,
                             vo_json_out *w, vo_error *err) {
    vo_learn_world world;
    vo_learn_world_init(&world, o, 0);
    const vo_status s = vo_compare_run_with(o, request, days, &world.learning, w, err);
    vo_learn_world_fini(&world);
    return s;
}

static vo_status compare(const vo_engine_options *o, const char *request, vo_json_out *w,
                         vo_error *err) {
    return with_models(o, request, false, w, err);
}

static vo_status backtest(const vo_engine_options *o, const char *request, vo_json_out *w,
                          vo_error *err) {
    return with_models(o, request, true, w, err);
}

vo_status vo_engine_optimize(vo_engine *e, const char *request, char **response,
                             vo_error *err) {
    return call(e, optimize, request, response, err);
}

vo_status vo_engine_compare(vo_engine *e, const char *request, char **response, vo_error *err) {
    return call(e, compare, request, response, err);
}

vo_status vo_engine_decide(vo_engine *e, const char *request, char **response, vo_error *err) {
    return call(e, vo_decide_run, request, response, err);
}

vo_status vo_engine_training_id(const char *request, int32_t again, char **id, vo_error *err) {
    vo_request r = {0};
    char name[VO_REGISTRY_NAME] = "";
    if (!request) return vo_fail(err, VO_EINVAL, "the request is missing: send a JSON object");
    vo_status s =
        vo_request_read(request, again ? VO_REQUEST_RETRAIN : VO_REQUEST_TRAIN, &r, err);
    if (s == VO_OK) s = vo_training_id(&r, name, err);
    char *copy = s == VO_OK ? malloc(sizeof name) : NULL;
    if (s == VO_OK && !copy) s = vo_fail(err, VO_ENOMEM, "a model's id");
    if (copy) *id = memcpy(copy, name, sizeof name);
    vo_request_fini(&r);
    return s;
}

static vo_status check_optimize(const vo_engine_options *o, const char *request,
                                vo_error *err) {
    vo_request r = {0};
    vo_inputs in = {0};
    vo_method method = VO_METHOD_AUTO;
    vo_status s = vo_request_read(request, VO_REQUEST_OPTIMIZE, &r, err);
    if (s == VO_OK)
        s = vo_method_parse(vo_request_text(&r, VO_OPT_method, "auto"), &method, err);
    if (s == VO_OK) s = vo_inputs_load(o, &r, &in, err);
    vo_inputs_fini(&in);
    vo_request_fini(&r);
    return s;
}

vo_status vo_engine_check(vo_engine *e, const char *kind, const char *request, vo_error *err) {
    static const struct {
        const char *kind;
        vo_status (*check)(const vo_engine_options *o, const char *request, vo_error *err);
    } row[] = {{"optimize", check_optimize},   {"compare", vo_compare_check},
               {"backtest", vo_compare_check}, {"train", vo_train_check},
               {"retrain", vo_retrain_check},  {"simulate", vo_simulate_check}};
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++)
        if (strcmp(row[i].kind, kind) == 0) return row[i].check(&e->options, request, err);
    return VO_OK;
}

vo_status vo_engine_train(vo_engine *e, const char *request, char **response, vo_error *err) {
    return call(e, vo_train_run, request, response, err);
}

vo_status vo_engine_forecast(vo_engine *e, const char *request, char **response,
                             vo_error *err) {
    return call(e, vo_forecast_run, request, response, err);
}

vo_status vo_engine_predict(vo_engine *e, const char *request, char **response, vo_error *err) {
    return call(e, vo_predict_run, request, response, err);
}

vo_status vo_engine_retrain(vo_engine *e, const char *request, char **response, vo_error *err) {
    return call(e, vo_retrain_run, request, response, err);
}

vo_status vo_engine_models_list(vo_engine *e, const char *request, char **response,
                                vo_error *err) {
    return call(e, vo_models_list_run, request, response, err);
}

vo_status vo_engine_models_show(vo_engine *e, const char *request, char **response,
                                vo_error *err) {
    return call(e, vo_models_show_run, request, response, err);
}

vo_status vo_engine_models_metrics(vo_engine *e, const char *request, char **response,
                                   vo_error *err) {
    return call(e, vo_models_metrics_run, request, response, err);
}

vo_status vo_engine_models_importance(vo_engine *e, const char *request, char **response,
                                      vo_error *err) {
    return call(e, vo_models_importance_run, request, response, err);
}

vo_status vo_engine_models_promote(vo_engine *e, const char *request, char **response,
                                   vo_error *err) {
    return call(e, vo_models_promote_run, request, response, err);
}

vo_status vo_engine_models_rollback(vo_engine *e, const char *request, char **response,
                                    vo_error *err) {
    return call(e, vo_models_rollback_run, request, response, err);
}

vo_status vo_engine_models_prune(vo_engine *e, const char *request, char **response,
                                 vo_error *err) {
    return call(e, vo_models_prune_run, request, response, err);
}

vo_status vo_engine_models_doctor(vo_engine *e, const char *request, char **response,
                                  vo_error *err) {
    return call(e, vo_models_doctor_run, request, response, err);
}

vo_status vo_engine_models_compare(vo_engine *e, const char *request, char **response,
                                   vo_error *err) {
    return call(e, vo_models_compare_run, request, response, err);
}

vo_status vo_engine_evaluate(vo_engine *e, const char *request, char **response,
                             vo_error *err) {
    return call(e, vo_evaluate_run, request, response, err);
}

vo_status vo_engine_backtest(vo_engine *e, const char *request, char **response,
                             vo_error *err) {
    return call(e, backtest, request, response, err);
}

vo_status vo_engine_data_import(vo_engine *e, const char *request, char **response,
                                vo_error *err) {
    return call(e, vo_data_import_run, request, response, err);
}

vo_status vo_engine_data_list(vo_engine *e, const char *request, char **response,
                              vo_error *err) {
    return call(e, vo_data_list_run, request, response, err);
}

vo_status vo_engine_data_fetch(vo_engine *e, const char *request, char **response,
                               vo_error *err) {
    return call(e, vo_data_fetch_run, request, response, err);
}

const char *vo_engine_key_variable(const char *client) {
    vo_live_client found = VO_LIVE_CLIENTS;
    if (vo_live_find(client, &found, NULL) != VO_OK) return NULL;
    const char *name = vo_live_service_of(found)->key_env;
    return *name ? name : NULL;
}

vo_status vo_engine_data_show(vo_engine *e, const char *request, char **response,
                              vo_error *err) {
    return call(e, vo_data_show_run, request, response, err);
}

vo_status vo_engine_data_export(vo_engine *e, const char *request, char **response,
                                vo_error *err) {
    return call(e, vo_data_export_run, request, response, err);
}

vo_status vo_engine_data_remove(vo_engine *e, const char *request, char **response,
                                vo_error *err) {
    return call(e, vo_data_remove_run, request, response, err);
}

vo_status vo_engine_data_doctor(vo_engine *e, const char *request, char **response,
                                vo_error *err) {
    return call(e, vo_data_doctor_run, request, response, err);
}

vo_status vo_engine_data_compact(vo_engine *e, const char *request, char **response,
                                 vo_error *err) {
    return call(e, vo_data_compact_run, request, response, err);
}

/* The same for requests that borrow an open lake. */
typedef vo_status desk_answer(const vo_engine_options *o, vo_price_desk *desk,
                              const char *request, vo_json_out *w, vo_error *err);

static vo_status call_desk(const vo_engine *e, desk_answer *run, const char *request,
                           char **response, vo_error *err) {
    if (!request) return vo_fail(err, VO_EINVAL, "the request is missing: send a JSON object");
    vo_engine_options o = e->options;
    vo_json_out *w = NULL;
    size_t len = 0;
    vo_status s = vo_json_out_create(&w, err);
    if (s == VO_OK) bound(&o, w);
    if (s == VO_OK) s = run(&o, e->desk, request, w, err);
    if (s == VO_OK) s = vo_json_out_take(w, response, &len, err);
    vo_json_out_free(w);
    return s;
}

vo_status vo_engine_markets(vo_engine *e, const char *request, char **response, vo_error *err) {
    return call_desk(e, vo_markets_run, request, response, err);
}

vo_status vo_engine_nodes(vo_engine *e, const char *request, char **response, vo_error *err) {
    return call_desk(e, vo_nodes_run, request, response, err);
}

vo_status vo_engine_prices(vo_engine *e, const char *request, vo_document *out, vo_error *err) {
    if (!request) return vo_fail(err, VO_EINVAL, "the request is missing: send a JSON object");
    return vo_prices_run(&e->options, e->desk, request, out, err);
}

void vo_document_fini(vo_document *d) {
    if (!d) return;
    free(d->bytes);
    *d = (vo_document){.len = 0};
}

vo_status vo_engine_prices_add(vo_engine *e, const char *request, char **response,
                               vo_error *err) {
    return call_desk(e, vo_prices_add_run, request, response, err);
}

vo_status vo_engine_data_synth(vo_engine *e, const char *request, char **response,
                               vo_error *err) {
    return call(e, vo_data_synth_run, request, response, err);
}

vo_status vo_engine_simulate(vo_engine *e, const char *request, char **response,
                             vo_error *err) {
    return call(e, vo_simulate_run, request, response, err);
}

vo_status vo_engine_doctor(vo_engine *e, const char *request, char **response, vo_error *err) {
    return call(e, vo_doctor_run, request, response, err);
}

vo_status vo_engine_report(vo_engine *e, const char *backtest_json, char **html,
                           vo_error *err) {
    (void)e;
    return vo_report_html(backtest_json, html, err);
}
