/* service.c -- see service.h for the contract: the way of a request, from its head to the log.
 *
 * The loop routes, authenticates and limits, all from memory; bodies are parsed and checked where
 * they are computed with, on the pool.
 */
#include "serve/service.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "port/clock.h"
#include "port/entropy.h"
#include "port/file.h"
#include "port/task.h"
#include "serve/assets.h"
#include "serve/docs_page.h"
#include "serve/problem_json.h"
#include "serve/routes.h"
#include "store/sha256.h"

enum { ETAG = 24, HEAVY_COST = 20, METRICS_LINE = 256 };

#define GATE_PATIENCE_S 0.5 /* with a call into the state database: then others hear "later" */
#define GATE_REST_S 1.0

/* A thread of the pool: its engine, and what that computes now. */
typedef struct {
    vo_service *service;
    vo_engine *engine;
    vo_exchange *x;
    double until_s;
} hand;

struct vo_service {
    vo_service_settings settings;
    vo_pool *pool;
    vo_pool *aside; /* one thread for the metrics, which are asked for above all under load */
    hand *hands;    /* [settings.threads] */
    vo_route **handler;     /* [n_operations] */
    const char **operation; /* [n_operations]: ids */
    size_t n_operations;
    vo_metrics_page *page;
    vo_lock *page_lock;
    vo_gate *gate;
    _Atomic(const char *) trouble;
    atomic_bool draining, stopping, farewell;
    uint64_t keys_seen;       /* the edition of keys that listeners were last held against */
    _Atomic double drained_s; /* monotonic: nothing is computed longer */
    atomic_ullong full, late;
    atomic_size_t hub_clients; /* as the loop saw them last */
    atomic_ullong hub_sent, hub_dropped, hub_events;
    uint64_t first_id;
    atomic_ullong ids;
    char etag_api[ETAG], etag_docs[ETAG], docs_policy[VO_DOCS_POLICY];
};

vo_service_settings vo_service_settings_default(void) {
    return (vo_service_settings){.threads = 2, .line = 64, .deadline_s = 10, .most_s = 30};
}

/* ---- answers ---------------------------------------------------------------------------- */

void vo_answer_set(vo_exchange *x, const char *name, const char *value) {
    for (size_t i = 0; i < x->n_headers; i++) {
        if (!vo_text_same(x->header[i].name, name)) continue;
        snprintf(x->header[i].value, sizeof x->header[i].value, "%s", value);
        return;
    }
    vo_exchange_header(x, name, "%s", value);
}

void vo_answer_json(vo_exchange *x, char *text, size_t len) {
    if (x->status == 0) x->status = 200;
    x->type = "application/json";
    x->answer = text;
    x->answer_len = len;
}

void vo_answer_out(vo_exchange *x, int status, vo_json_out *w) {
    char *text = NULL;
    size_t len = 0;
    vo_error err = {0};
    const vo_status s = vo_json_out_take(w, &text, &len, &err);
    vo_json_out_free(w);
    if (s != VO_OK) {
        vo_problem_engine(x, s, &err, NULL);
        return;
    }
    x->status = status;
    vo_answer_json(x, text, len);
}

void vo_answer_busy(vo_exchange *x, int after_s, const char *why) {
    vo_exchange_header(x, "Retry-After", "%d", after_s);
    vo_problem(x, 503, why);
}

void vo_answer_still(vo_exchange *x, const char *type, const char *text, size_t len,
                     const char *etag) {
    vo_answer_set(x, "Cache-Control", "no-cache");
    vo_answer_set(x, "ETag", etag);
    const bool known = strstr(x->if_none_match, etag) || strcmp(x->if_none_match, "*") == 0;
    x->status = known ? 304 : 200;
    if (known) return;
    x->type = type;
    x->still = text;
    x->answer_len = len;
}

/* The client's request id if it can stand in logs as it is. */
static bool decent_id(const char *id) {
    const size_t len = strlen(id);
    return len >= 1 && len <= 60 &&
           strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
               len;
}

/* What every answer has. May be called again. */
static void begin(vo_service *v, vo_exchange *x) {
    if (x->id[0]) return;
    const unsigned long long n = atomic_fetch_add(&v->ids, 1);
    if (decent_id(x->request_id))
        snprintf(x->id, sizeof x->id, "%s", x->request_id);
    else /* odd factor: no two of a server are equal, and they do not look alike */
        snprintf(x->id, sizeof x->id, "%016llx",
                 (unsigned long long)((v->first_id + n) * 0x9E3779B97F4A7C15u));
    vo_exchange_header(x, "X-Request-Id", "%s", x->id);
    vo_exchange_header(x, "X-Content-Type-Options", "nosniff");
    vo_exchange_header(x, "Cache-Control", "no-store");
}

/* ---- the head: route, key, rate, type ---------------------------------------------------- */

static void no_path(const vo_service *v, vo_exchange *x) {
    const char *name[256];
    size_t n = 0;
    for (; n < vo_openapi_count(v->settings.api) && n < 256; n++)
        name[n] = vo_openapi_at(v->settings.api, n)->path;
    const char *near = strlen(x->path) < 100 ? vo_text_nearest(x->path, name, n) : NULL;
    char why[400];
    snprintf(why, sizeof why, "there is no %.100s here%s%s; /docs lists what there is", x->path,
             near ? "; did you mean " : "", near ? near : "");
    vo_problem(x, 404, why);
}

static void no_method(vo_exchange *x, const char *allow) {
    vo_answer_set(x, "Allow", allow);
    char why[200];
    snprintf(why, sizeof why, "%.20s is not for this path: it takes %s", x->method, allow);
    vo_problem(x, 405, why);
}

#define GUESSES_PER_S 10 /* of wrong keys from one address */

/* Who guesses keys is slowed down (but where there are no limits), and a right one from the same
 * address is not. */
static bool guesses_too_much(vo_service *v, vo_exchange *x) {
    if (!vo_rate_limit_on(v->settings.rate)) return false;
    char address[VO_RATE_WHO], who[VO_RATE_WHO + 1];
    vo_rate_limit_peer(x->peer, address);
    snprintf(who, sizeof who, "!%s", address);
    const double wait_s =
        vo_rate_limit_take(v->settings.rate, who, 1, GUESSES_PER_S, vo_clock_monotonic_s());
    if (!(wait_s > 0)) return false;
    vo_exchange_header(x, "Retry-After", "%.0f", fmin(ceil(wait_s), 86400));
    vo_problem(x, 429, "too many wrong keys from this address: wait, and check the key");
    return true;
}

static bool may(vo_service *v, vo_exchange *x, const vo_operation *op, double *own_rate) {
    const char *why = "";
    const int status =
        vo_auth_check(v->settings.auth, x, op->scope, vo_clock_utc_ms(), own_rate, &why);
    if (status == 0) return true;
    if (status == 401 && guesses_too_much(v, x)) return false;
    if (status == 401) vo_answer_set(x, "WWW-Authenticate", "Bearer");
    vo_problem(x, status, why);
    return false;
}

/* What the key may still ask at once, and when it may ask all of it again. */
static void tell_rate(const vo_service *v, vo_exchange *x, double own_rate, double now_s) {
    const vo_rate_state r = vo_rate_limit_look(v->settings.rate, x->key_id, own_rate, now_s);
    if (!(r.limit > 0)) return;
    vo_exchange_header(x, "RateLimit-Limit", "%.0f", floor(r.limit));
    vo_exchange_header(x, "RateLimit-Remaining", "%.0f", floor(r.remaining));
    vo_exchange_header(x, "RateLimit-Reset", "%.0f", fmin(ceil(r.reset_s), 86400));
}

static bool in_rate(vo_service *v, vo_exchange *x, const vo_operation *op, double own_rate) {
    if (op->scope == VO_SCOPE_NONE) return true;
    char address[VO_RATE_WHO];
    vo_rate_limit_peer(x->peer, address);
    const char *who = x->key_id[0] ? x->key_id : address;
    const double now_s = vo_clock_monotonic_s();
    const double wait_s = vo_rate_limit_take(v->settings.rate, who, op->cost, own_rate, now_s);
    if (x->key_id[0]) tell_rate(v, x, own_rate, now_s);
    if (!(wait_s > 0)) return true;
    const double whole_s = fmin(ceil(wait_s), 86400);
    vo_exchange_header(x, "Retry-After", "%.0f", whole_s);
    char why[200];
    snprintf(
        why, sizeof why,
        "more requests than %s is granted: wait %.0f s, or ask for a key with a higher rate",
        x->key_id[0] ? "this key" : "this address", whole_s);
    vo_problem(x, 429, why);
    return false;
}

/* "application/json; charset=utf-8" -> whether it is one that this operation takes. */
static const char *body_type(const vo_operation *op, const char *sent) {
    size_t len = strcspn(sent, ";");
    const char *charset = strchr(sent, ';');
    if (charset && vo_text_has(charset, strlen(charset), "charset") &&
        !vo_text_has(charset, strlen(charset), "utf-8"))
        return NULL;
    const char *name = vo_text_trim(sent, &len);
    for (size_t i = 0; i < 8 && op->body_types[i]; i++)
        if (vo_text_same_span(name, len, op->body_types[i])) return op->body_types[i];
    return NULL;
}

static void wrong_type(vo_exchange *x, const vo_operation *op) {
    char buffer[300];
    vo_text why = vo_text_over(buffer, sizeof buffer);
    vo_text_append(&why, "the body's Content-Type is %s%.60s%s: send ",
                   *x->content_type ? "\"" : "missing", x->content_type,
                   *x->content_type ? "\"" : "");
    size_t n = 0;
    while (n < 8 && op->body_types[n]) n++;
    vo_text_append_names(&why, op->body_types, n);
    vo_text_append(&why, " in UTF-8");
    vo_problem(x, 415, buffer);
}

/* true: go on. */
static bool admit(vo_service *v, vo_exchange *x) {
    const vo_operation *op = NULL;
    char allow[64] = "";
    const vo_match m = vo_openapi_match(v->settings.api, x->method, x->path, &op, allow);
    const bool preflight = /* before refusals: a page of another origin may read those too */
        vo_auth_cors(v->settings.auth, x, m == VO_MATCH_FOUND ? op->method : allow);
    if (m == VO_MATCH_NO_PATH) {
        no_path(v, x);
        return false;
    }
    if (m == VO_MATCH_NO_METHOD) {
        if (preflight || strcmp(x->method, "OPTIONS") == 0) {
            if (!preflight) vo_answer_set(x, "Allow", allow);
            x->status = 204;
        } else {
            no_method(x, allow);
        }
        return false;
    }
    x->operation = op;
    double own_rate = 0;
    if (!may(v, x, op, &own_rate) || !in_rate(v, x, op, own_rate)) return false;
    if (op->takes_body && *x->content_type && !body_type(op, x->content_type)) {
        wrong_type(x, op);
        return false;
    }
    if (x->upgrade && strcmp(op->id, "events") != 0) {
        vo_problem(x, 400, "only /api/v1/events is a WebSocket: send this without Upgrade");
        return false;
    }
    return true;
}

/* A refused request that has no body anyway need not cost its connection. */
static bool bodiless(const vo_exchange *x) {
    return !x->upgrade && (strcmp(x->method, "GET") == 0 || strcmp(x->method, "HEAD") == 0 ||
                           strcmp(x->method, "OPTIONS") == 0);
}

static bool on_head(void *ctx, vo_exchange *x) {
    vo_service *v = ctx;
    begin(v, x);
    return admit(v, x) || bodiless(x);
}

/* ---- the request: what is asked, and the answer ------------------------------------------- */

static const char *request_header(void *ctx, const char *name) {
    const vo_exchange *x = ctx;
#define X(member, header)                                                                      \
    if (strcmp(name, header) == 0) return x->member;
    VO_EXCHANGE_HEADER_MAP(X)
#undef X
    return "";
}

static bool read_params(vo_exchange *x, const vo_operation *op) {
    vo_finding f = {0};
    vo_params *params = NULL;
    const vo_status s =
        vo_openapi_params(op, x->path, x->query, request_header, x, &params, &f);
    x->params = params;
    if (s == VO_EINVAL)
        vo_problem_finding(x, 400, &f);
    else if (s != VO_OK)
        vo_answer_busy(x, 1, "out of memory: try again");
    return s == VO_OK;
}

/* *body: of JSON, checked; NULL: no body, or of another type. */
static bool read_body(vo_exchange *x, const vo_operation *op, vo_json **body) {
    if (!op->takes_body) return true;
    if (x->body_len == 0) {
        if (op->body_required) vo_problem(x, 400, "the body is missing");
        return !op->body_required;
    }
    const char *type = body_type(op, x->content_type);
    if (!type) {
        wrong_type(x, op);
        return false;
    }
    const size_t fault = vo_text_utf8_fault(x->body, x->body_len);
    vo_error err = {0};
    vo_finding f = {0};
    if (fault < x->body_len) {
        snprintf(f.detail, sizeof f.detail, "byte %zu of the body is no UTF-8", fault + 1);
        vo_problem(x, 400, f.detail);
        return false;
    }
    if (strcmp(type, "application/json") != 0) return true;
    vo_status s = vo_json_parse(x->body, x->body_len, body, &err);
    if (s == VO_EINVAL) vo_problem(x, 400, err.msg);
    if (s == VO_OK) {
        s = vo_openapi_check(op, *body, &f);
        if (s == VO_EINVAL) vo_problem_finding(x, 400, &f);
    }
    if (s != VO_OK && s != VO_EINVAL) vo_answer_busy(x, 1, "out of memory: try again");
    return s == VO_OK;
}

static void answer(vo_service *v, vo_exchange *x, vo_engine *engine) {
    const vo_operation *op = x->operation;
    vo_json *body = NULL;
    if (read_params(x, op) && read_body(x, op, &body)) {
        const vo_call c = {.service = v,
                           .settings = &v->settings,
                           .x = x,
                           .op = op,
                           .params = x->params,
                           .body = body,
                           .engine = engine};
        v->handler[op->index](&c);
    }
    vo_json_free(body);
    assert(x->status != 0);
}

static void reply(vo_service *v, vo_exchange *x) {
    v->settings.reply(v->settings.reply_ctx, x);
}

static void on_request(void *ctx, vo_exchange *x) {
    vo_service *v = ctx;
    const vo_operation *op = x->operation;
    if (x->status != 0) { /* refused at its head */
    } else if (op->on_loop) {
        x->began_s = vo_clock_monotonic_s();
        answer(v, x, NULL);
    } else if (v->handler[op->index] == vo_route_metrics) {
        if (vo_pool_submit(v->aside, x, false)) return;
        vo_answer_busy(x, 1, "too many ask for the metrics at once");
    } else if (atomic_load(&v->draining)) {
        vo_answer_busy(x, 5, "this server is stopping: ask again soon");
    } else if (vo_pool_submit(v->pool, x, op->cost >= HEAVY_COST)) {
        return;
    } else {
        atomic_fetch_add(&v->full, 1);
        vo_answer_busy(x, 1, "too much is being computed already: ask again soon");
    }
    reply(v, x);
}

static void answer_late(vo_service *v, vo_exchange *x) {
    atomic_fetch_add(&v->late, 1);
    vo_answer_busy(x, 5, "this waited too long for its turn and was not begun: ask again");
}

/* On the thread of the metrics. */
static void work_aside(void *ctx, void *item, size_t worker, bool late) {
    vo_exchange *x = item;
    (void)worker;
    (void)late; /* never too late for them */
    x->began_s = vo_clock_monotonic_s();
    answer(ctx, x, NULL);
    reply(ctx, x);
}

/* On the pool. */
static void work(void *ctx, void *item, size_t worker, bool late) {
    vo_service *v = ctx;
    vo_exchange *x = item;
    hand *h = &v->hands[worker];
    x->began_s = vo_clock_monotonic_s();
    h->x = x;
    h->until_s = x->began_s + v->settings.most_s;
    if (atomic_load(&x->gone)) {
        x->status = 499; /* nobody will see it but the log */
    } else if (late) {
        answer_late(v, x);
    } else {
        answer(v, x, h->engine);
    }
    h->x = NULL;
    reply(v, x);
}

static int32_t watch(void *ctx, const char *phase, double fraction) {
    (void)phase;
    (void)fraction;
    const hand *h = ctx;
    const vo_service *v = h->service;
    const double now_s = vo_clock_monotonic_s();
    return atomic_load(&v->stopping) ||
           (atomic_load(&v->draining) && now_s > atomic_load(&v->drained_s)) ||
           (h->x && atomic_load(&h->x->gone)) || now_s > h->until_s;
}

static void on_refuse(void *ctx, vo_exchange *x, int status, const char *why) {
    begin(ctx, x);
    vo_problem(x, status, why);
}

static void on_done(void *ctx, vo_exchange *x) {
    vo_service *v = ctx;
    const vo_operation *op = x->operation;
    const double s = vo_clock_monotonic_s() - x->came_s;
    vo_metrics_page_count(v->page, op ? op->index : v->n_operations, x->status, s, x->body_len,
                          x->answer_len);
    if (v->settings.log) vo_access_log_request(v->settings.log, x, op ? op->id : "", 1000 * s);
    vo_params_free(x->params);
    x->params = NULL;
}

/* ---- events ------------------------------------------------------------------------------- */

static bool on_peer_open(void *ctx, vo_exchange *x, vo_peer *p, void **user) {
    vo_service *v = ctx;
    if (x->status != 0 || !read_params(x, x->operation)) return false;
    if (!v->settings.hub || atomic_load(&v->draining)) {
        vo_answer_busy(x, 5, "no events now: this server is stopping");
        return false;
    }
    double last = vo_param_number(x->params, "last_event_id", -1);
    int64_t sent = 0;
    if (last < 0 && vo_text_integer(x->last_event_id, strlen(x->last_event_id), &sent) &&
        sent >= 0)
        last = (double)sent;
    x->status = 101;
    if (vo_hub_open(v->settings.hub, p, last >= 0 ? (int64_t)last : -1, user)) {
        vo_hub_name(v->settings.hub, *user, x->key_id);
        if (vo_auth_offered(x))
            vo_exchange_header(x, "Sec-WebSocket-Protocol", "%s", VO_AUTH_PROTOCOL);
        return true;
    }
    vo_answer_busy(x, 5, "too many listen already");
    return false;
}

static bool on_peer_message(void *ctx, void *user, const char *text, size_t len) {
    return vo_hub_message(((vo_service *)ctx)->settings.hub, user, text, len);
}

static const char *on_peer_next(void *ctx, void *user, size_t *len, int *close) {
    return vo_hub_next(((vo_service *)ctx)->settings.hub, user, len, close);
}

static void on_peer_closed(void *ctx, void *user) {
    vo_hub_closed(((vo_service *)ctx)->settings.hub, user);
}

static void on_woken(void *ctx) {
    const vo_service *v = ctx;
    if (!v->settings.hub) return;
    vo_hub_flush(v->settings.hub);
    if (atomic_load(&v->farewell)) vo_hub_farewell(v->settings.hub);
}

static bool holds(void *ctx, const char *key_id) {
    const vo_service *v = ctx;
    return vo_auth_holds(v->settings.auth, key_id, vo_clock_utc_ms());
}

/* With each new table of keys, which comes about each second, so that time is looked at too. */
static void expel(vo_service *v) {
    const uint64_t edition = vo_auth_edition(v->settings.auth);
    if (edition == v->keys_seen) return;
    v->keys_seen = edition;
    vo_hub_expel(v->settings.hub, holds, v);
}

/* Whoever has waited long enough is told so now, and not when a thread has time for it. */
static void answer_overdue(vo_service *v) {
    vo_exchange *x;
    while (v->pool && (x = vo_pool_overdue(v->pool))) {
        answer_late(v, x);
        reply(v, x);
    }
}

static void on_tick(void *ctx) {
    vo_service *v = ctx;
    answer_overdue(v);
    if (!v->settings.hub) return;
    expel(v);
    const vo_hub_counts n = vo_hub_count(v->settings.hub);
    atomic_store(&v->hub_clients, n.clients);
    atomic_store(&v->hub_sent, n.sent);
    atomic_store(&v->hub_dropped, n.dropped_clients);
    atomic_store(&v->hub_events, n.events);
}

vo_handler vo_service_handler(void) {
    return (vo_handler){.head = on_head,
                        .request = on_request,
                        .refuse = on_refuse,
                        .done = on_done,
                        .peer_open = on_peer_open,
                        .peer_message = on_peer_message,
                        .peer_next = on_peer_next,
                        .peer_closed = on_peer_closed,
                        .woken = on_woken,
                        .tick = on_tick};
}

/* ---- for the handlers --------------------------------------------------------------------- */

bool vo_service_state_lost(const vo_service *v) {
    return v->settings.state_identity != 0 &&
           vo_file_identity(v->settings.state, VO_STATE_LEAST) != v->settings.state_identity;
}

const char *vo_service_trouble(const vo_service *v) {
    if (atomic_load(&v->draining)) return "this server is stopping";
    if (vo_service_state_lost(v)) return VO_STATE_LOST;
    return atomic_load(&v->trouble);
}

bool vo_service_draining(const vo_service *v) { return atomic_load(&v->draining); }

const char *vo_service_etag(const vo_service *v, bool docs) {
    return docs ? v->etag_docs : v->etag_api;
}

const char *vo_service_docs_policy(const vo_service *v) { return v->docs_policy; }

vo_gate *vo_service_gate(const vo_service *v) { return v->gate; }

void vo_service_job_added(const vo_service *v) {
    if (v->settings.job_added) v->settings.job_added(v->settings.job_ctx);
}

vo_status vo_service_metrics(vo_service *v, char **text, size_t *len, vo_error *err) {
    const vo_service_counts n = vo_service_count(v);
    vo_metrics_value value[VO_SERVICE_FIGURES + 12] = {
        {"volteo_up", "1 while this server serves", NULL, false, 1},
        {"volteo_ready", "1 if /readyz says 200", NULL, false, vo_service_trouble(v) ? 0 : 1},
        {"volteo_pool_waiting", "Requests waiting for a thread", NULL, false,
         (double)n.waiting},
        {"volteo_pool_busy", "Requests being computed", NULL, false, (double)n.busy},
        {"volteo_pool_full_total", "Requests refused as the line was full", NULL, true,
         (double)n.full},
        {"volteo_pool_late_total", "Requests that waited too long to be begun", NULL, true,
         (double)n.late},
        {"volteo_events_clients", "Open WebSockets", NULL, false,
         (double)atomic_load(&v->hub_clients)},
        {"volteo_events_sent_total", "Events sent to WebSockets", NULL, true,
         (double)atomic_load(&v->hub_sent)},
        {"volteo_events_dropped_clients_total", "WebSockets closed as too slow", NULL, true,
         (double)atomic_load(&v->hub_dropped)},
        {"volteo_events_total", "Events seen", NULL, true, (double)atomic_load(&v->hub_events)},
        {"volteo_log_dropped_total", "Lines of the log that were lost", NULL, true,
         v->settings.log ? (double)vo_access_log_dropped(v->settings.log) : 0},
    };
    size_t count = 11;
    if (v->settings.figures)
        count += v->settings.figures(v->settings.figures_ctx, value + count);
    vo_lock_take(v->page_lock);
    const vo_status s = vo_metrics_page_text(v->page, value, count, text, len, err);
    vo_lock_release(v->page_lock);
    return s;
}

/* ---- its life ----------------------------------------------------------------------------- */

static const struct {
    const char *id;
    vo_route *handler;
} handlers[] = {
#define X(id) {#id, vo_route_##id},
    VO_HANDLER_MAP(X)
#undef X
};

enum { N_HANDLERS = sizeof handlers / sizeof handlers[0] };

static vo_status bind(vo_service *v, vo_error *err) {
    bool bound[N_HANDLERS] = {0};
    for (size_t i = 0; i < v->n_operations; i++) {
        const char *id = vo_openapi_at(v->settings.api, i)->id;
        size_t h = 0;
        while (h < N_HANDLERS && strcmp(handlers[h].id, id) != 0) h++;
        if (h == N_HANDLERS)
            return vo_fail(err, VO_EINVAL, "openapi.json: operationId %s has no handler", id);
        v->handler[i] = handlers[h].handler;
        v->operation[i] = id;
        bound[h] = true;
    }
    for (size_t h = 0; h < N_HANDLERS; h++)
        if (!bound[h])
            return vo_fail(err, VO_EINVAL, "openapi.json lacks operationId %s", handlers[h].id);
    return VO_OK;
}

static vo_status open_engines(vo_service *v, vo_error *err) {
    vo_status s = VO_OK;
    for (size_t i = 0; i < v->settings.threads && s == VO_OK; i++) {
        hand *h = &v->hands[i];
        h->service = v;
        vo_engine_options o = vo_engine_options_default();
        if (v->settings.lake) o.lake = v->settings.lake;
        if (v->settings.models) o.models = v->settings.models;
        o.threads = 1;
        o.progress = watch;
        o.progress_ctx = h;
        o.most_bytes = VO_MOST_ANSWER;
        o.at_once = 1;
        s = vo_engine_open(&o, &h->engine, err);
    }
    return s;
}

static void make_etag(const char *text, size_t len, char out[ETAG]) {
    char hex[VO_SHA256_HEX];
    vo_sha256_of(text, len, hex);
    snprintf(out, ETAG, "\"%.16s\"", hex);
}

vo_status vo_service_create(const vo_service_settings *s, vo_service **out, vo_error *err) {
    const size_t n = vo_openapi_count(s->api);
    vo_service *v = calloc(1, sizeof *v);
    if (!v) return vo_fail(err, VO_ENOMEM, "a service");
    v->settings = *s;
    v->n_operations = n;
    atomic_store(&v->trouble, "this server has just been started");
    vo_status status = VO_ENOMEM;
    v->hands = calloc(s->threads, sizeof *v->hands);
    v->handler = calloc(n, sizeof *v->handler);
    v->operation = calloc(n, sizeof *v->operation);
    if (!v->hands || !v->handler || !v->operation) {
        vo_fail(err, status, "a service of %zu threads", s->threads);
        goto fail;
    }
    make_etag(vo_asset_openapi, vo_asset_openapi_size, v->etag_api);
    make_etag(vo_asset_docs_page, vo_asset_docs_page_size, v->etag_docs);
    status = bind(v, err);
    if (status == VO_OK) status = vo_docs_page_policy(vo_asset_docs_page, v->docs_policy, err);
    if (status == VO_OK) status = vo_entropy_fill(&v->first_id, sizeof v->first_id, err);
    if (status == VO_OK) status = vo_lock_create(&v->page_lock, err);
    if (status == VO_OK) status = vo_gate_create(GATE_PATIENCE_S, GATE_REST_S, &v->gate, err);
    if (status == VO_OK) status = vo_metrics_page_create(v->operation, n, &v->page, err);
    if (status == VO_OK) status = open_engines(v, err);
    if (status == VO_OK)
        status = vo_pool_create(s->threads, s->line, s->deadline_s, work, v, &v->pool, err);
    if (status == VO_OK)
        status = vo_pool_create(1, METRICS_LINE, s->deadline_s, work_aside, v, &v->aside, err);
    if (status != VO_OK) goto fail;
    *out = v;
    return VO_OK;
fail:
    vo_service_free(v);
    return status;
}

void vo_service_ready(vo_service *v, const char *trouble) {
    atomic_store(&v->trouble, trouble);
}
void vo_service_drain(vo_service *v, double most_s) {
    atomic_store(&v->drained_s, vo_clock_monotonic_s() + most_s);
    atomic_store(&v->draining, true);
}

void vo_service_farewell(vo_service *v) { atomic_store(&v->farewell, true); }

void vo_service_finish(vo_service *v) {
    atomic_store(&v->draining, true);
    atomic_store(&v->stopping, true);
    vo_pool_free(v->aside);
    v->aside = NULL;
    vo_pool_free(v->pool);
    v->pool = NULL;
}

vo_service_counts vo_service_count(vo_service *v) {
    return (vo_service_counts){.waiting = vo_pool_waiting(v->pool),
                               .busy = vo_pool_busy(v->pool),
                               .full = atomic_load(&v->full),
                               .late = atomic_load(&v->late)};
}

void vo_service_free(vo_service *v) {
    if (!v) return;
    vo_service_finish(v);
    for (size_t i = 0; v->hands && i < v->settings.threads; i++)
        vo_engine_close(v->hands[i].engine);
    vo_metrics_page_free(v->page);
    vo_lock_free(v->page_lock);
    vo_gate_free(v->gate);
    free(v->operation);
    free(v->handler);
    free(v->hands);
    free(v);
}
