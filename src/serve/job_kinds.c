/* job_kinds.c -- see job_kinds.h: a job is an engine call with its progress told.
 *
 * What lasts is made once: train and retrain get the job's id as their key, an upsert into the
 * lake is the same the second time, and the others only compute.
 */
#include "serve/job_kinds.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "port/clock.h"
#include "serve/exchange.h"
#include "store/event_log.h"
#include "store/json_get.h"

#define TELL_EVERY_S 0.25

static const vo_job_kind_row rows[] = {
#define X(name, scope, keyed) {#name, VO_SCOPE_##scope, keyed, VO_JOB_CALL_##name},
#define VO_JOB_CALL_optimize vo_engine_optimize
#define VO_JOB_CALL_compare vo_engine_compare
#define VO_JOB_CALL_backtest vo_engine_backtest
#define VO_JOB_CALL_evaluate vo_engine_evaluate
#define VO_JOB_CALL_train vo_engine_train
#define VO_JOB_CALL_retrain vo_engine_retrain
#define VO_JOB_CALL_fetch vo_engine_data_fetch
#define VO_JOB_CALL_simulate vo_engine_simulate
    VO_JOB_KIND_MAP(X)
#undef X
};

enum { N_ROWS = sizeof rows / sizeof rows[0] };

const vo_job_kind_row *vo_job_kind_list(size_t *n) {
    *n = N_ROWS;
    return rows;
}

const vo_job_kind_row *vo_job_kind_find(const char *name) {
    for (size_t i = 0; i < N_ROWS; i++)
        if (strcmp(rows[i].name, name) == 0) return &rows[i];
    return NULL;
}

void vo_put_document(vo_json_out *w, const char *name, const char *text) {
    vo_json *v = NULL;
    vo_json_out_key(w, name);
    if (text && vo_json_parse(text, strlen(text), &v, NULL) == VO_OK)
        vo_json_out_value(w, v);
    else
        vo_json_out_null(w);
    vo_json_free(v);
}

/* ---- the request ---------------------------------------------------------------------------- */

/* The request with one more member, unless it has it. */
static vo_status with_member(const char *request, const char *key, const char *value,
                             char **out, vo_error *err) {
    vo_json *root = NULL;
    vo_json_out *w = NULL;
    vo_status s = vo_json_parse(request, strlen(request), &root, err);
    if (s == VO_OK && vo_json_kind_of(root) != VO_JSON_OBJECT)
        s = vo_fail(err, VO_EINVAL, "the request of a job must be a JSON object");
    if (s == VO_OK) s = vo_json_out_create(&w, err);
    if (s == VO_OK) {
        const char *name = NULL;
        const vo_json *v = NULL;
        vo_json_out_object(w);
        for (size_t i = 0; vo_json_member(root, i, &name, &v); i++) {
            vo_json_out_key(w, name);
            vo_json_out_value(w, v);
        }
        if (value && !vo_json_get(root, key)) {
            vo_json_out_key(w, key);
            vo_json_out_string(w, value);
        }
        vo_json_out_end(w);
        s = vo_json_out_take(w, out, NULL, err);
    }
    vo_json_out_free(w);
    vo_json_free(root);
    return s;
}

static const char *service_key(const vo_job_doer *d, const char *request) {
    vo_json *root = NULL;
    if (!d->secret || vo_json_parse(request, strlen(request), &root, NULL) != VO_OK)
        return NULL;
    const char *variable = vo_engine_key_variable(vo_json_get_text(root, "client"));
    vo_json_free(root);
    return variable ? d->secret(d->secret_ctx, variable) : NULL;
}

static vo_status make_request(const vo_job_doer *d, const vo_job_kind_row *kind,
                              const vo_job_run *run, char **out, vo_error *err) {
    if (kind->keyed) return with_member(run->request, "key", run->id, out, err);
    if (kind->call == vo_engine_data_fetch)
        return with_member(run->request, "key", service_key(d, run->request), out, err);
    return with_member(run->request, "", NULL, out, err);
}

/* ---- progress ------------------------------------------------------------------------------- */

typedef struct {
    const vo_job_doer *doer;
    const vo_job_run *run;
    const vo_job_kind_row *kind;
    char model[160];
    double told_s; /* the engine calls from one thread at a time */
    bool stop;
} doing;

static void tell_model(const doing *d, double fraction, const char *metrics, double epoch) {
    char *text = NULL;
    vo_json_out *w = NULL;
    if (!d->doer->db || !d->kind->keyed || vo_json_out_create(&w, NULL) != VO_OK) return;
    vo_json *m = NULL;
    vo_json_out_object(w);
    vo_json_out_key(w, "model_id");
    vo_json_out_string(w, d->model);
    vo_json_out_key(w, "progress");
    vo_json_out_number(w, fraction);
    vo_json_out_key(w, "epoch");
    if (epoch >= 0)
        vo_json_out_number(w, epoch);
    else
        vo_json_out_null(w);
    vo_json_out_key(w, "metrics");
    if (metrics && vo_json_parse(metrics, strlen(metrics), &m, NULL) == VO_OK) {
        vo_json_out_value(w, m);
    } else {
        vo_json_out_object(w);
        vo_json_out_end(w);
    }
    vo_json_out_key(w, "job");
    vo_json_out_string(w, d->run->id);
    vo_json_out_end(w);
    int64_t id = 0;
    if (vo_json_out_take(w, &text, NULL, NULL) == VO_OK &&
        vo_event_log_add(d->doer->db, "model_training_progress", d->model, text,
                         vo_clock_utc_ms(), &id, NULL) == VO_OK &&
        d->doer->changed)
        d->doer->changed(d->doer->changed_ctx);
    free(text);
    vo_json_free(m);
    vo_json_out_free(w);
}

static int32_t on_detail(void *ctx, const char *phase, double fraction, double loss,
                         int32_t epoch) {
    doing *d = ctx;
    char metrics[120] = "";
    const double now_s = vo_clock_monotonic_s();
    if (d->stop) return 1;
    const bool finite = loss - loss == 0;
    if (finite && epoch >= 0)
        snprintf(metrics, sizeof metrics, "{\"loss\":%.9g,\"epoch\":%d}", loss, (int)epoch);
    else if (finite)
        snprintf(metrics, sizeof metrics, "{\"loss\":%.9g}", loss);
    else if (epoch >= 0)
        snprintf(metrics, sizeof metrics, "{\"epoch\":%d}", (int)epoch);
    const char *m = metrics[0] ? metrics : NULL;
    d->stop = !d->run->told(d->run->told_ctx, phase, fraction, m);
    if (now_s - d->told_s >= TELL_EVERY_S || fraction >= 1) {
        d->told_s = now_s;
        tell_model(d, fraction, m, epoch);
    }
    return d->stop;
}

/* Training calls this beside the other, with less to say. */
static int32_t on_progress(void *ctx, const char *phase, double fraction) {
    doing *d = ctx;
    if (!d->stop) d->stop = !d->run->told(d->run->told_ctx, phase, fraction, NULL);
    return d->stop;
}

/* What a simulation trades, with the job it belongs to. Nobody's work fails because a listener could
 * not be told. */
static void on_event(void *ctx, const char *topic, const char *document) {
    const doing *d = ctx;
    char *text = NULL;
    vo_error err = {0};
    int64_t id = 0;
    if (!d->doer->db) return;
    vo_status s = with_member(document, "job", d->run->id, &text, &err);
    if (s == VO_OK)
        s = vo_event_log_add(d->doer->db, topic, d->run->id, text, vo_clock_utc_ms(), &id,
                             &err);
    if (s == VO_OK && d->doer->changed) d->doer->changed(d->doer->changed_ctx);
    if (s != VO_OK && d->doer->trouble) d->doer->trouble(d->doer->trouble_ctx, &err);
    free(text);
}

/* ---- price events --------------------------------------------------------------------------- */

/* An ingest that says what it added and changed, and did neither, is no news. */
static bool is_news(const vo_json *report) {
    const vo_json *added = vo_json_get_kind(report, "added", VO_JSON_NUMBER);
    const vo_json *changed = vo_json_get_kind(report, "changed", VO_JSON_NUMBER);
    return !added || !changed || vo_json_number(added) + vo_json_number(changed) > 0;
}

static const char *text_at(const vo_json *report, const char *name, const char *other) {
    const vo_json *v = vo_json_get_kind(report, name, VO_JSON_STRING);
    if (!v) v = vo_json_get_kind(report, other, VO_JSON_STRING);
    return v ? vo_json_string(v) : NULL;
}

static vo_status tell_series(vo_database *db, const vo_json *at, const vo_json *report,
                             bool *told, vo_error *err) {
    static const char *const name[] = {"market", "process", "node"};
    const vo_json *n = vo_json_get_kind(report, "rows", VO_JSON_NUMBER);
    if (!n) n = vo_json_get_kind(report, "intervals", VO_JSON_NUMBER);
    char *text = NULL;
    vo_json_out *w = NULL;
    if (!is_news(report)) return VO_OK;
    vo_status s = vo_json_out_create(&w, err);
    if (s != VO_OK) return s;
    vo_json_out_object(w);
    for (size_t i = 0; i < 3; i++) {
        vo_json_out_key(w, name[i]);
        vo_json_out_string(w, vo_json_get_text(at, name[i]));
    }
    vo_json_out_key(w, "from");
    vo_json_out_string(w, text_at(report, "from", "first"));
    vo_json_out_key(w, "to");
    vo_json_out_string(w, text_at(report, "to", "last"));
    vo_json_out_key(w, "rows");
    vo_json_out_number(w, n ? vo_json_number(n) : 0);
    vo_json_out_end(w);
    s = vo_json_out_take(w, &text, NULL, err);
    if (s == VO_OK)
        s = vo_event_log_add(db, "price", vo_json_get_text(at, "node"), text, vo_clock_utc_ms(),
                             NULL, err);
    *told |= s == VO_OK;
    free(text);
    vo_json_out_free(w);
    return s;
}

typedef struct {
    const vo_json *root;
    bool told;
} telling;

static vo_status tell_all(void *ctx, vo_database *db, vo_error *err) {
    telling *t = ctx;
    const vo_json *series = vo_json_get_kind(t->root, "series", VO_JSON_ARRAY);
    vo_status s = VO_OK;
    for (size_t i = 0; series && i < vo_json_size(series) && s == VO_OK; i++) {
        const vo_json *at = vo_json_at(series, i);
        const vo_json *report = vo_json_get_kind(at, "report", VO_JSON_OBJECT);
        if (report && strcmp(vo_json_get_text(at, "kind"), "prices") == 0)
            s = tell_series(db, at, report, &t->told, err);
    }
    if (!series && vo_json_get(t->root, "node"))
        s = tell_series(db, t->root, t->root, &t->told, err);
    return s;
}

vo_status vo_tell_prices(vo_database *db, const char *response, size_t len, bool *told,
                         vo_error *err) {
    vo_json *root = NULL;
    *told = false;
    if (!db || vo_json_parse(response, len, &root, NULL) != VO_OK) return VO_OK;
    telling t = {.root = root};
    const vo_status s = vo_database_transact(db, tell_all, &t, err);
    *told = s == VO_OK && t.told;
    vo_json_free(root);
    return s;
}

/* ---- a job ---------------------------------------------------------------------------------- */

/* What cannot be named here is refused by the call itself. */
static void name_model(doing *d) {
    char *id = NULL;
    const bool again = d->kind->call == vo_engine_retrain;
    if (!d->kind->keyed || vo_engine_training_id(d->run->request, again, &id, NULL) != VO_OK)
        return;
    snprintf(d->model, sizeof d->model, "%s", id);
    vo_text_free(id);
}

/* The prices are in the lake, whether or not this succeeds. */
static void tell_fetched(const vo_job_doer *d, const char *response) {
    bool told = false;
    vo_error err = {0};
    if (vo_tell_prices(d->db, response, strlen(response), &told, &err) != VO_OK && d->trouble)
        d->trouble(d->trouble_ctx, &err);
    if (told && d->changed) d->changed(d->changed_ctx);
}

vo_status vo_job_do(void *doer, const vo_job_run *run, char **response, vo_error *err) {
    const vo_job_doer *d = doer;
    doing now = {.doer = d, .run = run, .kind = vo_job_kind_find(run->kind)};
    if (!now.kind)
        return vo_fail(err, VO_EINVAL, "kind = \"%.24s\": there is no such kind of job",
                       run->kind);
    char *request = NULL;
    vo_engine *engine = NULL;
    vo_engine_options o = vo_engine_options_default();
    if (d->lake) o.lake = d->lake;
    if (d->models) o.models = d->models;
    o.threads = d->engine_threads;
    o.progress = on_progress;
    o.progress_ctx = &now;
    o.most_bytes = VO_MOST_ANSWER; /* it is sent as an answer one day */
    o.detail = on_detail;
    o.detail_ctx = &now;
    o.event = on_event;
    o.event_ctx = &now;
    /* Asking web services keeps replies in a folder. Requests that came over the network were
     * held to openapi.json, which has no member that names a file. */
    o.allow_files = now.kind->call == vo_engine_data_fetch;
    name_model(&now);
    vo_status s = make_request(d, now.kind, run, &request, err);
    if (s == VO_OK) s = vo_engine_open(&o, &engine, err);
    if (s == VO_OK) s = now.kind->call(engine, request, response, err);
    if (s == VO_OK && now.kind->call == vo_engine_data_fetch) tell_fetched(d, *response);
    vo_engine_close(engine);
    free(request);
    return s;
}
