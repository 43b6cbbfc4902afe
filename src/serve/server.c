/* server.c -- see server.h for the contract: what is opened, who looks after it, how it ends.
 *
 * Threads: the loop (the caller's), the pool, the worker's, the log's, and one that keeps house:
 * it alone reads the database for all of them at fixed times (keys, events, counts), so that the
 * loop never waits for a disk. What is written at fixed times is the clerk's (clerk.h).
 *
 * The service, the worker, the clerk and the house have a connection to the database each: one does
 * not wait for the other's commits. The house only reads, which nobody who writes keeps waiting.
 */
#include "serve/server.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "jobs/worker.h"
#include "port/clock.h"
#include "port/file.h"
#include "port/folder.h"
#include "port/limits.h"
#include "port/task.h"
#include "port/thread.h"
#include "serve/assets.h"
#include "serve/clerk.h"
#include "serve/hub_topics.h"
#include "serve/job_kinds.h"
#include "serve/service.h"
#include "serve/trouble.h"
#include "store/api_keys.h"
#include "store/event_log.h"
#include "store/job_book.h"

#define KEPT_EVENTS 100000
#define KEPT_JOBS_MS (INT64_C(90) * 24 * 3600 * 1000)
#define RATE_WITH_KEYS 1000 /* a second; an optimize costs 5 */
#define LEAST_FILES 64      /* for the databases, the loop and a few connections */
#define SPARE_FILES 256     /* beside connections: databases, models, the lake */
#define BUSY_S 1            /* for who holds the database: then "later", and tried again */
#define FAREWELL_S 2        /* for listeners to hear the last events */

/* What fails again and again until somebody looks: X(NAME, in the log, at /readyz while it lasts) */
// clang-format off
#define TROUBLES(X)                                                                             \
    X(KEYS,      "keys cannot be read",              "keys cannot be read: see the log")        \
    X(STATE,     "the state database does not answer", "the state database does not answer")    \
    X(EVENTS,    "events cannot be read",            "events cannot be read: see the log")      \
    X(JOBS,      "jobs",                             "jobs cannot be done: see the log")        \
    X(SCHEDULES, "schedules",                        "schedules cannot be kept: see the log")   \
    X(WRITING,   "nothing can be written to the state database",                                \
                 "nothing can be written to the state database: see the log")                   \
    X(PRICES,    "new prices could not be told of",  "new prices cannot be told of: see the log") \
    X(OLD,       "old jobs and events cannot be removed",                                       \
                 "old jobs and events cannot be removed: see the log")
// clang-format on

enum {
#define X(name, log, ready) TROUBLE_##name,
    TROUBLES(X) N_TROUBLES
#undef X
};

typedef struct {
    char host[64];
    int32_t port;
    bool loopback;
} address;

typedef struct {
    const vo_server_settings *s;
    address at;
    bool auth_on;
    double rate_per_s;
    vo_database *db, *house_db, *work_db, *clerk_db; /* db: of the service */
    vo_queue *queue, *house_queue, *work_queue, *clerk_queue;
    vo_openapi *api;
    vo_auth *auth;
    vo_rate_limit *rate;
    vo_access_log *log;
    vo_hub *hub;
    vo_service *service;
    vo_transport *transport;
    vo_job_doer doer;
    vo_worker *worker;
    vo_timetable *timetable;
    vo_clerk *clerk;
    vo_lock *lock; /* of what follows */
    bool news, ended, worked;
    vo_trouble trouble[N_TROUBLES];
    /* the house's */
    vo_task *house, *ender;
    enum { SERVING, DRAINING, PARTING, LEAVING } phase;
    double end_s, parted_s;
    atomic_llong jobs[VO_JOB_STATES], ready, leased; /* as the house counted them last */
} server;

vo_server_settings vo_server_settings_default(void) {
    return (vo_server_settings){.listen = "127.0.0.1:8080",
                                .lake = "lake",
                                .models = "models",
                                .state = "state.db",
                                .auth = -1,
                                .rate_per_s = -1,
                                .burst = 0,
                                .max_body = (size_t)8 << 20,
                                .line = 64,
                                .job_threads = 1,
                                .engine_threads = 1,
                                .log_level = "info",
                                .log_requests = true,
                                .drain_s = 20};
}

/* ---- settings ------------------------------------------------------------------------------- */

static vo_status read_listen(const char *text, address *out, vo_error *err) {
    const char *colon = strrchr(text, ':');
    int64_t port = -1;
    if (!colon || !vo_text_integer(colon + 1, strlen(colon + 1), &port) || port < 0 ||
        port > 65535)
        return vo_fail(err, VO_EINVAL,
                       "listen = \"%.80s\": must be ADDRESS:PORT, like 127.0.0.1:8080, "
                       "[::1]:8080 or :8080 (all addresses)",
                       text);
    size_t len = (size_t)(colon - text);
    if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    if (len >= sizeof out->host)
        return vo_fail(err, VO_EINVAL, "listen = \"%.80s\": the address is too long", text);
    snprintf(out->host, sizeof out->host, "%.*s", (int)len, text);
    if (len == 0) snprintf(out->host, sizeof out->host, "0.0.0.0");
    if (vo_text_same(out->host, "localhost"))
        snprintf(out->host, sizeof out->host, "127.0.0.1");
    out->port = (int32_t)port;
    out->loopback = strncmp(out->host, "127.", 4) == 0 || strcmp(out->host, "::1") == 0;
    return VO_OK;
}

static vo_status check_count(const char *name, int32_t v, int32_t lo, int32_t hi,
                             vo_error *err) {
    if (v >= lo && v <= hi) return VO_OK;
    return vo_fail(err, VO_EINVAL, "%s = %d: must be in %d..%d", name, v, lo, hi);
}

static vo_status check_settings(server *v, vo_error *err) {
    const vo_server_settings *s = v->s;
    vo_status r = read_listen(s->listen, &v->at, err);
    v->auth_on = s->auth < 0 ? !v->at.loopback : s->auth > 0;
    if (r == VO_OK && !v->auth_on && !v->at.loopback)
        r = vo_fail(err, VO_EINVAL,
                    "auth = off: %s can be reached by others, who would need no key: make keys "
                    "with `volteo keys create` and leave auth on, or listen to 127.0.0.1",
                    v->at.host);
    if (r == VO_OK && !s->tls_certificate != !s->tls_key)
        r = vo_fail(err, VO_EINVAL, "tls_certificate and tls_key go together: give both");
    if (r == VO_OK) r = check_count("threads", s->threads, 0, 256, err);
    if (r == VO_OK) r = check_count("line", s->line, 1, 100000, err);
    if (r == VO_OK) r = check_count("job_threads", s->job_threads, 0, 64, err);
    if (r == VO_OK) r = check_count("max_connections", s->max_connections, 0, 1000000, err);
    if (r == VO_OK && (s->max_body < 1024 || s->max_body > (size_t)VO_SERVER_MOST_BODY))
        r = vo_fail(err, VO_EINVAL, "max_body = %zu: must be in 1024..%zu bytes", s->max_body,
                    (size_t)VO_SERVER_MOST_BODY);
    v->rate_per_s = s->rate_per_s >= 0 ? s->rate_per_s : v->auth_on ? RATE_WITH_KEYS : 0;
    if (r == VO_OK && !(v->rate_per_s <= 1e9))
        r = vo_fail(err, VO_EINVAL, "rate = %g: must be in [0, 1e9] a second", s->rate_per_s);
    if (r == VO_OK && !(s->burst >= 0 && s->burst <= 1e9))
        r = vo_fail(err, VO_EINVAL, "burst = %g: must be in [0, 1e9]", s->burst);
    if (r == VO_OK && !(s->drain_s >= 0 && s->drain_s <= 3600))
        r = vo_fail(err, VO_EINVAL, "drain = %g: must be in [0, 3600] s", s->drain_s);
    return r;
}

/* ---- what is said --------------------------------------------------------------------------- */

static void say(server *v, vo_log_level level, const char *what, const vo_error *err) {
    char text[sizeof err->msg + 256];
    snprintf(text, sizeof text, "%s%s%s", what, err ? ": " : "", err ? err->msg : "");
    vo_access_log_say(v->log, level, text, NULL);
}

static void meet(server *v, int which, const vo_error *err) {
    static const char *const words[] = {
#define X(name, log, ready) log,
        TROUBLES(X)
#undef X
    };
    char more[60] = "";
    uint64_t unsaid = 0;
    vo_lock_take(v->lock);
    const bool now = vo_trouble_met(&v->trouble[which], vo_clock_monotonic_s(), &unsaid);
    vo_lock_release(v->lock);
    if (!now) return;
    char text[640];
    snprintf(text, sizeof text, "%s: %s", words[which], err->msg);
    if (unsaid > 0) snprintf(more, sizeof more, "\"unsaid\":%llu", (unsigned long long)unsaid);
    vo_access_log_say(v->log, VO_LOG_ERROR, text, unsaid > 0 ? more : NULL);
}

/* What readyz says of it, or NULL. */
static const char *lasting_trouble(server *v) {
    static const char *const words[] = {
#define X(name, log, ready) ready,
        TROUBLES(X)
#undef X
    };
    const double now_s = vo_clock_monotonic_s();
    const char *found = NULL;
    vo_lock_take(v->lock);
    for (int i = 0; i < N_TROUBLES && !found; i++)
        if (vo_trouble_lasts(&v->trouble[i], now_s)) found = words[i];
    vo_lock_release(v->lock);
    return found;
}

static vo_status count_key(void *ctx, const vo_api_key *k, vo_error *err) {
    (void)err;
    size_t *n = ctx;
    *n += k->revoked_ms == 0;
    return VO_OK;
}

/* What the operator may not have meant. */
static void warn(server *v) {
    size_t keys = 0;
    if (!v->auth_on) return;
    if (vo_api_keys_list(v->house_db, count_key, &keys, NULL) == VO_OK && keys == 0)
        say(v, VO_LOG_WARN,
            "there are no keys yet, so nobody may ask anything: make one with `volteo keys "
            "create`; it is in force a second later",
            NULL);
    if (!v->at.loopback && !v->s->tls_certificate)
        say(v, VO_LOG_WARN,
            "keys travel unencrypted: give --tls-certificate and --tls-key, or let a proxy "
            "speak TLS",
            NULL);
}

static void say_begun(server *v, int32_t port) {
    char *more = NULL;
    size_t len = 0;
    vo_json_out *w = NULL;
    if (vo_json_out_create(&w, NULL) != VO_OK) return;
    vo_json_out_object(w);
    vo_json_out_key(w, "address");
    vo_json_out_string(w, v->at.host);
    vo_json_out_key(w, "port");
    vo_json_out_integer(w, port);
    vo_json_out_key(w, "loop");
    vo_json_out_string(w, vo_transport_loop(v->transport));
    vo_json_out_key(w, "tls");
    vo_json_out_bool(w, v->s->tls_certificate != NULL);
    vo_json_out_key(w, "auth");
    vo_json_out_string(w, v->auth_on ? "keys" : "off: whoever is on this machine may all");
    vo_json_out_key(w, "lake");
    vo_json_out_string(w, v->s->lake);
    vo_json_out_key(w, "models");
    vo_json_out_string(w, v->s->models);
    vo_json_out_key(w, "state");
    vo_json_out_string(w, v->s->state);
    vo_json_out_key(w, "job_threads");
    vo_json_out_integer(w, v->s->job_threads);
    vo_json_out_end(w);
    if (vo_json_out_take(w, &more, &len, NULL) == VO_OK) {
        more[len - 1] = '\0'; /* members without braces */
        vo_access_log_say(v->log, VO_LOG_INFO, "serving", more + 1);
        free(more);
    }
    vo_json_out_free(w);
}

/* ---- keeping house --------------------------------------------------------------------------- */

/* From any thread: there are events. */
static void on_changed(void *ctx) {
    server *v = ctx;
    vo_lock_take(v->lock);
    v->news = true;
    vo_lock_wake_all(v->lock);
    vo_lock_release(v->lock);
}

static void on_trouble(void *ctx, const vo_error *err) { meet(ctx, TROUBLE_JOBS, err); }

static void on_untold_prices(void *ctx, const vo_error *err) { meet(ctx, TROUBLE_PRICES, err); }

static void on_clerk_trouble(void *ctx, vo_clerk_duty duty, const vo_error *err) {
    static const int of[] = {[VO_CLERK_WRITING] = TROUBLE_WRITING,
                             [VO_CLERK_SCHEDULES] = TROUBLE_SCHEDULES,
                             [VO_CLERK_OLD] = TROUBLE_OLD};
    meet(ctx, of[duty], err);
}

static void on_job_added(void *ctx) {
    server *v = ctx;
    if (v->worker) vo_worker_wake(v->worker);
    on_changed(v);
}

static vo_status pass(void *ctx, const char *name, bool is_folder, vo_error *err) {
    (void)ctx;
    (void)name;
    (void)is_folder;
    (void)err;
    return VO_OK;
}

/* What readyz says. */
static const char *find_trouble(server *v) {
    int64_t count[VO_JOB_STATES], ready = 0, leased = 0;
    vo_error err = {0};
    if (vo_job_book_counts(v->house_db, count, &err) != VO_OK ||
        vo_queue_depth(v->house_queue, vo_clock_utc_ms(), &ready, &leased, &err) != VO_OK) {
        meet(v, TROUBLE_STATE, &err);
        return "the state database does not answer";
    }
    for (int i = 0; i < VO_JOB_STATES; i++) atomic_store(&v->jobs[i], count[i]);
    atomic_store(&v->ready, ready);
    atomic_store(&v->leased, leased);
    if (!vo_file_exists(v->s->lake) || vo_folder_list(v->s->lake, pass, NULL, NULL) != VO_OK)
        return "the folder of the lake cannot be read";
    const char *unwritten = v->clerk ? vo_clerk_trouble(v->clerk) : NULL;
    return unwritten ? unwritten : lasting_trouble(v);
}

static void each_second(server *v) {
    vo_error err = {0};
    if (v->auth && vo_auth_refresh(v->auth, &err) != VO_OK) meet(v, TROUBLE_KEYS, &err);
    if (v->service) vo_service_ready(v->service, find_trouble(v));
}

static void read_events(server *v) {
    vo_error err = {0};
    if (!v->hub) return;
    if (vo_hub_tail(v->hub, &err) && v->transport) vo_transport_wake(v->transport);
    if (err.code != 0) meet(v, TROUBLE_EVENTS, &err);
}

static bool asked_to_stop(const server *v) { return v->s->stop && v->s->stop(v->s->stop_ctx); }

static void end_worker(void *ctx) {
    server *v = ctx;
    if (v->worker) vo_worker_stop(v->worker, v->s->drain_s);
    vo_lock_take(v->lock);
    v->worked = v->news = true;
    vo_lock_wake_all(v->lock);
    vo_lock_release(v->lock);
}

/* No new connections; what is under way is answered; jobs go on until drain_s, then go back, while
 * the house goes on telling of them. */
static void begin_to_end(server *v) {
    say(v, VO_LOG_INFO, "stopping: what is under way is finished", NULL);
    v->phase = DRAINING;
    if (v->clerk) vo_clerk_ask_to_stop(v->clerk);
    v->end_s = vo_clock_monotonic_s() + v->s->drain_s;
    if (v->service) vo_service_drain(v->service, 0.7 * v->s->drain_s); /* and time to send it */
    if (v->transport) vo_transport_drain(v->transport);
    if (vo_task_start(end_worker, v, &v->ender, NULL) != VO_OK) end_worker(v);
}

/* Jobs are at rest: listeners hear the last of them and are closed. */
static void part(server *v) {
    v->phase = PARTING;
    v->parted_s = vo_clock_monotonic_s();
    read_events(v);
    vo_service_farewell(v->service);
    vo_transport_wake(v->transport);
}

static void leave(server *v) {
    v->phase = LEAVING;
    vo_transport_stop(v->transport, fmax(v->end_s - vo_clock_monotonic_s(), 0.5));
}

/* false: the end, of a process that only works. */
static bool go_on_ending(server *v) {
    vo_lock_take(v->lock);
    const bool worked = v->worked;
    vo_lock_release(v->lock);
    if (v->phase == DRAINING && worked) {
        if (!v->transport) return false;
        part(v);
    }
    if (v->phase == PARTING && (vo_transport_count(v->transport).peers == 0 ||
                                vo_clock_monotonic_s() - v->parted_s >= FAREWELL_S))
        leave(v);
    return true;
}

static void keep_house(void *ctx) {
    server *v = ctx;
    double second_s = 0;
    for (;;) {
        vo_lock_take(v->lock);
        if (!v->news && !v->ended) vo_lock_wait(v->lock, 0.1);
        const bool ended = v->ended;
        v->news = false;
        vo_lock_release(v->lock);
        if (ended) break;
        const double now_s = vo_clock_monotonic_s();
        read_events(v);
        if (now_s - second_s >= 1) {
            second_s = now_s;
            each_second(v);
        }
        if (v->phase == SERVING && asked_to_stop(v)) begin_to_end(v);
        if (v->phase != SERVING && !go_on_ending(v)) break;
    }
}

static void end_house(server *v) {
    if (!v->house) return;
    vo_lock_take(v->lock);
    v->ended = true;
    vo_lock_wake_all(v->lock);
    vo_lock_release(v->lock);
    vo_task_join(v->house);
    v->house = NULL;
}

/* ---- figures for /metrics --------------------------------------------------------------------- */

static size_t figures(void *ctx, vo_metrics_value *out) {
    const server *v = ctx;
    const vo_transport_counts n = vo_transport_count(v->transport);
    static const char *const label[] = {
#define X(name, text, over) "state=\"" text "\"",
        VO_JOB_STATE_MAP(X)
#undef X
    };
    size_t at = 0;
    for (int i = 0; i < VO_JOB_STATES; i++)
        out[at++] = (vo_metrics_value){"volteo_jobs", "Jobs by state", label[i], false,
                                       (double)atomic_load(&v->jobs[i])};
    out[at++] = (vo_metrics_value){"volteo_queue_ready", "Jobs waiting for a worker", NULL,
                                   false, (double)atomic_load(&v->ready)};
    out[at++] = (vo_metrics_value){"volteo_queue_leased", "Jobs with a worker", NULL, false,
                                   (double)atomic_load(&v->leased)};
    out[at++] = (vo_metrics_value){"volteo_connections", "Open connections", NULL, false,
                                   (double)n.connections};
    out[at++] = (vo_metrics_value){"volteo_websockets", "Open connections that are WebSockets",
                                   NULL, false, (double)n.peers};
    out[at++] = (vo_metrics_value){"volteo_connections_total", "Connections accepted", NULL,
                                   true, (double)n.accepted};
    out[at++] =
        (vo_metrics_value){"volteo_connections_timed_out_total",
                           "Connections closed as too slow", NULL, true, (double)n.timed_out};
    out[at++] = (vo_metrics_value){"volteo_connections_refused_total",
                                   "Connections or requests the transport refused", NULL, true,
                                   (double)n.refused};
    return at;
}

/* ---- opening ----------------------------------------------------------------------------------- */

static vo_status open_database(const char *state, vo_database **db, vo_queue **queue,
                               vo_error *err) {
    vo_status r = vo_database_open(state, db, err);
    if (r == VO_OK) r = vo_event_log_migrate(*db, err);
    if (r == VO_OK) r = vo_job_book_migrate(*db, err);
    if (r == VO_OK) r = vo_api_keys_migrate(*db, err);
    if (r == VO_OK) r = vo_queue_open("local", *db, queue, err);
    if (r == VO_OK) vo_database_hurry(*db, BUSY_S);
    return r;
}

static const vo_operation *find_operation(const vo_openapi *api, const char *id) {
    for (size_t i = 0; i < vo_openapi_count(api); i++)
        if (strcmp(vo_openapi_at(api, i)->id, id) == 0) return vo_openapi_at(api, i);
    return NULL;
}

/* As if it had been posted. Members of fetch that only the network may not name are the operator's
 * to use: its requests are the engine's to check. */
static vo_status check_order(const vo_openapi *api, const char *kind, const char *request,
                             size_t i, vo_error *err) {
    const vo_operation *op = find_operation(api, "job_add");
    const size_t size = strlen(request) + 100;
    char *order = malloc(size);
    vo_json *body = NULL;
    vo_finding f = {0};
    if (!order) return vo_fail(err, VO_ENOMEM, "a schedule of %zu bytes", size);
    const int len = snprintf(order, size, "{\"kind\":\"%.24s\",\"request\":%s}", kind, request);
    vo_status r = vo_json_parse(order, (size_t)len, &body, err);
    if (r == VO_OK && op && strcmp(kind, "fetch") != 0) r = vo_openapi_check(op, body, &f);
    if (r == VO_EINVAL && f.detail[0])
        vo_fail(err, r, "schedules[%zu]%s: %s", i, f.pointer, f.detail);
    vo_json_free(body);
    free(order);
    return r;
}

/* A schedule that no worker could do is found now and not in the night. */
static vo_status check_schedules(const vo_timetable *t, vo_error *err) {
    vo_openapi *api = NULL;
    vo_status r = vo_openapi_load(vo_asset_openapi, vo_asset_openapi_size, &api, err);
    for (size_t i = 0; i < vo_timetable_count(t) && r == VO_OK; i++) {
        const vo_timetable_row row = vo_timetable_at(t, i);
        char *request = NULL;
        if (!vo_job_kind_find(row.kind))
            r = vo_fail(err, VO_EINVAL,
                        "schedules[%zu].kind = \"%.40s\": there is no such kind of job", i,
                        row.kind);
        if (r == VO_OK) r = vo_timetable_request(t, i, vo_clock_utc_s(), &request, err);
        if (r == VO_OK) r = check_order(api, row.kind, request, i, err);
        free(request);
    }
    vo_openapi_free(api);
    return r;
}

static vo_status open_schedules(server *v, vo_error *err) {
    char *text = NULL;
    size_t len = 0;
    if (!v->s->schedules) return VO_OK;
    vo_status r = vo_file_read(v->s->schedules, (size_t)1 << 20, &text, &len, err);
    if (r == VO_OK) r = vo_timetable_read(text, len, &v->timetable, err);
    if (r == VO_OK) r = check_schedules(v->timetable, err);
    free(text);
    return r;
}

static vo_status open_clerk(server *v, vo_error *err) {
    const vo_status r = open_database(v->s->state, &v->clerk_db, &v->clerk_queue, err);
    const vo_clerk_settings s = {.db = v->clerk_db,
                                 .queue = v->clerk_queue,
                                 .timetable = v->timetable,
                                 .keep_jobs_ms = KEPT_JOBS_MS,
                                 .keep_events = KEPT_EVENTS,
                                 .made = on_job_added,
                                 .trouble = on_clerk_trouble,
                                 .ctx = v};
    return r == VO_OK ? vo_clerk_start(&s, &v->clerk, err) : r;
}

static vo_status open_log(server *v, vo_error *err) {
    vo_log_level level = VO_LOG_INFO;
    const vo_status r = vo_log_level_parse(v->s->log_level, &level, err);
    if (r != VO_OK) return r;
    return vo_access_log_open(v->s->log_file, level, v->s->log_requests, &v->log, err);
}

/* A line per attempt: whoever looks at a worker sees what it does. */
static vo_status do_job(void *ctx, const vo_job_run *run, char **response, vo_error *err) {
    server *v = ctx;
    vo_error why = {0};
    char text[200];
    const double began_s = vo_clock_monotonic_s();
    const vo_status s = vo_job_do(&v->doer, run, response, &why);
    snprintf(text, sizeof text, "job %.40s, %.24s, attempt %d: %s after %.0f ms", run->id,
             run->kind, (int)run->attempt,
             s == VO_OK          ? "done"
             : s == VO_ECANCELED ? "stopped"
                                 : "failed",
             1000 * (vo_clock_monotonic_s() - began_s));
    say(v, VO_LOG_INFO, text, s == VO_OK || s == VO_ECANCELED ? NULL : &why);
    if (s != VO_OK && err) *err = why;
    return s;
}

static vo_status open_worker(server *v, vo_error *err) {
    if (v->s->job_threads == 0) return VO_OK;
    const vo_status r = open_database(v->s->state, &v->work_db, &v->work_queue, err);
    if (r != VO_OK) return r;
    vo_worker_settings w = vo_worker_settings_default();
    v->doer = (vo_job_doer){.lake = v->s->lake,
                            .models = v->s->models,
                            .engine_threads = v->s->engine_threads,
                            .db = v->work_db,
                            .trouble = on_untold_prices,
                            .trouble_ctx = v,
                            .secret = v->s->secret,
                            .secret_ctx = v->s->secret_ctx,
                            .changed = on_changed,
                            .changed_ctx = v};
    w.db = v->work_db;
    w.queue = v->work_queue;
    w.work = do_job;
    w.work_ctx = v;
    w.threads = v->s->job_threads;
    w.changed = on_changed;
    w.changed_ctx = v;
    w.trouble = on_trouble;
    w.trouble_ctx = v;
    return vo_worker_start(&w, &v->worker, err);
}

static void reply(void *ctx, vo_exchange *x) {
    vo_transport_reply(((server *)ctx)->transport, x);
}

static vo_status open_service(server *v, vo_error *err) {
    const vo_auth_settings a = {.on = v->auth_on,
                                .origin = v->s->origin,
                                .n_origins = v->s->n_origins,
                                .db = v->auth_on ? v->house_db : NULL};
    vo_hub_settings h = vo_hub_settings_default();
    h.db = v->house_db;
    h.wanted = on_changed;
    h.wanted_ctx = v;
    vo_service_settings s = vo_service_settings_default();
    const double burst = v->s->burst >= 1 ? v->s->burst : fmax(2 * v->rate_per_s, 100);
    vo_status r = vo_openapi_load(vo_asset_openapi, vo_asset_openapi_size, &v->api, err);
    if (r == VO_OK) r = vo_auth_open(&a, &v->auth, err);
    if (r == VO_OK && v->auth_on) r = vo_auth_refresh(v->auth, err);
    if (r == VO_OK) r = vo_rate_limit_create(v->rate_per_s, burst, 65536, &v->rate, err);
    if (r == VO_OK) r = vo_hub_create(&h, &v->hub, err);
    if (r != VO_OK) return r;
    s.lake = v->s->lake;
    s.models = v->s->models;
    s.db = v->db;
    s.queue = v->queue;
    s.state = v->s->state;
    s.state_identity = vo_file_identity(v->s->state, VO_STATE_LEAST);
    s.api = v->api;
    s.auth = v->auth;
    s.rate = v->rate;
    s.log = v->log;
    s.hub = v->hub;
    s.threads = v->s->threads > 0 ? (size_t)v->s->threads : vo_thread_count();
    s.line = (size_t)v->s->line;
    s.job_added = on_job_added;
    s.job_ctx = v;
    s.reply = reply;
    s.reply_ctx = v;
    s.untold = on_untold_prices;
    s.untold_ctx = v;
    s.figures = figures;
    s.figures_ctx = v;
    return vo_service_create(&s, &v->service, err);
}

static vo_status open_transport(server *v, vo_error *err) {
    vo_transport_settings t = vo_transport_settings_default();
    const vo_handler handler = vo_service_handler();
    if (v->s->max_connections > 0) t.max_connections = (size_t)v->s->max_connections;
    const size_t files = vo_limit_files(t.max_connections + SPARE_FILES);
    if (files < t.max_connections + SPARE_FILES) {
        t.max_connections = files > 2 * SPARE_FILES ? files - SPARE_FILES : files / 2;
        char text[120];
        snprintf(text, sizeof text, "at most %zu connections: the system allows %zu open files",
                 t.max_connections, files);
        say(v, VO_LOG_WARN, text, NULL);
    }
    t.host = v->at.host;
    t.port = v->at.port;
    t.tls_certificate = v->s->tls_certificate;
    t.tls_key = v->s->tls_key;
    t.max_body = v->s->max_body;
    t.max_message = VO_HUB_MESSAGE;
    return vo_transport_open(&t, &handler, v->service, &v->transport, err);
}

static vo_status write_port(const server *v, vo_error *err) {
    char text[100];
    if (!v->s->port_file) return VO_OK;
    const bool v6 = strchr(v->at.host, ':') != NULL;
    const int len = snprintf(text, sizeof text, "%s%s%s:%d\n", v6 ? "[" : "", v->at.host,
                             v6 ? "]" : "", vo_transport_port(v->transport));
    return vo_file_write(v->s->port_file, text, (size_t)len, err);
}

/* libuv and SQLite end or fail in their own ways where there are none left. */
static vo_status check_files(vo_error *err) {
    const size_t files = vo_limit_files(LEAST_FILES);
    if (files >= LEAST_FILES) return VO_OK;
    return vo_fail(err, VO_EINVAL,
                   "the system allows %zu open files, at least %d are needed: raise the limit "
                   "(ulimit -n)",
                   files, LEAST_FILES);
}

/* A mistyped path makes a new place that is empty: said, so that nobody wonders where things are. */
static void say_new(server *v, const char *what, const char *path) {
    char text[400];
    snprintf(text, sizeof text, "there was no %s %.300s: it is new and empty", what, path);
    say(v, VO_LOG_WARN, text, NULL);
}

static vo_status open_common(server *v, vo_error *err) {
    const bool no_lake = !vo_file_exists(v->s->lake), no_state = !vo_file_exists(v->s->state);
    vo_status r = check_files(err);
    if (r == VO_OK) r = open_log(v, err);
    if (r == VO_OK) r = vo_lock_create(&v->lock, err);
    if (r == VO_OK) r = vo_file_make_folders(v->s->lake, err);
    if (r == VO_OK) r = vo_file_make_folders(v->s->models, err);
    if (r == VO_OK) r = open_database(v->s->state, &v->house_db, &v->house_queue, err);
    if (r == VO_OK && no_lake) say_new(v, "folder of market data (lake)", v->s->lake);
    if (r == VO_OK && no_state) say_new(v, "state database", v->s->state);
    if (r == VO_OK) r = open_schedules(v, err);
    return r;
}

/* ---- running ----------------------------------------------------------------------------------- */

/* Everything that half a start may have left. The pool ends before the transport, which gives
 * exchanges back to the service, which ends last. */
static void close_all(server *v) {
    if (v->service) vo_service_finish(v->service);
    end_house(v);
    vo_clerk_free(v->clerk); /* it wakes the worker */
    vo_task_join(v->ender);
    vo_worker_free(v->worker);
    vo_transport_close(v->transport);
    vo_service_free(v->service);
    vo_hub_free(v->hub);
    vo_rate_limit_free(v->rate);
    vo_auth_close(v->auth);
    vo_openapi_free(v->api);
    vo_timetable_free(v->timetable);
    vo_queue_close(v->queue);
    vo_queue_close(v->house_queue);
    vo_queue_close(v->work_queue);
    vo_queue_close(v->clerk_queue);
    vo_database_close(v->db);
    vo_database_close(v->house_db);
    vo_database_close(v->work_db);
    vo_database_close(v->clerk_db);
    vo_lock_free(v->lock);
    vo_access_log_close(v->log);
}

vo_status vo_server_run(const vo_server_settings *s, vo_error *err) {
    server *v = calloc(1, sizeof *v);
    if (!v) return vo_fail(err, VO_ENOMEM, "a server");
    v->s = s;
    vo_status r = check_settings(v, err);
    if (r == VO_OK) r = open_common(v, err);
    if (r == VO_OK) r = open_database(s->state, &v->db, &v->queue, err);
    if (r == VO_OK) r = open_service(v, err);
    if (r == VO_OK) r = open_transport(v, err);
    if (r == VO_OK) r = open_worker(v, err);
    if (r == VO_OK) r = open_clerk(v, err);
    if (r == VO_OK) {
        each_second(v);
        r = vo_task_start(keep_house, v, &v->house, err);
    }
    if (r == VO_OK) r = write_port(v, err);
    if (r == VO_OK) {
        say_begun(v, vo_transport_port(v->transport));
        warn(v);
        r = vo_transport_run(v->transport, err);
        say(v, VO_LOG_INFO, "stopped", NULL);
    }
    close_all(v);
    free(v);
    return r;
}

vo_status vo_server_work(const vo_server_settings *s, vo_error *err) {
    server *v = calloc(1, sizeof *v);
    if (!v) return vo_fail(err, VO_ENOMEM, "a worker");
    v->s = s;
    vo_status r = check_count("job_threads", s->job_threads, 1, 64, err);
    if (r == VO_OK) r = open_common(v, err);
    if (r == VO_OK) r = open_worker(v, err);
    if (r == VO_OK) r = open_clerk(v, err);
    if (r == VO_OK) {
        say(v, VO_LOG_INFO, "working", NULL);
        keep_house(v); /* until it is told to stop */
        say(v, VO_LOG_INFO, "stopped", NULL);
    }
    close_all(v);
    free(v);
    return r;
}
