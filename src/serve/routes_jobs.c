/* routes_jobs.c -- work that takes longer than an answer may: accepted, looked at, cancelled.
 *
 * A job is on disk, and in the queue, before its 202 leaves. All of it goes through the gate before
 * the state database (gate.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/json.h"
#include "jobs/accept.h"
#include "port/clock.h"
#include "serve/job_kinds.h"
#include "serve/problem_json.h"
#include "serve/routes.h"
#include "store/json_get.h"

/* ---- a job as a document ------------------------------------------------------------------ */

static void put_time(vo_json_out *w, const char *key, int64_t ms) {
    vo_json_out_key(w, key);
    if (ms <= 0) {
        vo_json_out_null(w);
        return;
    }
    const vo_civil c = vo_civil_from_seconds(ms / 1000);
    char seconds[32], text[48];
    vo_civil_format(&c, seconds);
    snprintf(text, sizeof text, "%s.%03dZ", seconds, (int)(ms % 1000));
    vo_json_out_string(w, text);
}

static void put_text(vo_json_out *w, const char *key, const char *text) {
    vo_json_out_key(w, key);
    vo_json_out_string(w, text && *text ? text : NULL);
}

static void put_link(vo_json_out *w, const char *key, const char *id, const char *end) {
    char path[80];
    snprintf(path, sizeof path, "/api/v1/jobs/%s%s", id, end);
    vo_json_out_key(w, key);
    vo_json_out_string(w, path);
}

static void put_job(vo_json_out *w, const vo_job *j) {
    vo_json_out_object(w);
    put_text(w, "id", j->id);
    put_text(w, "kind", j->kind);
    put_text(w, "state", vo_job_state_name(j->state));
    vo_json_out_key(w, "progress");
    vo_json_out_number(w, j->progress);
    put_text(w, "phase", j->phase);
    vo_put_document(w, "metrics", j->metrics);
    vo_json_out_key(w, "attempt");
    vo_json_out_integer(w, j->attempt);
    vo_json_out_key(w, "max_attempts");
    vo_json_out_integer(w, j->max_attempts);
    put_time(w, "created", j->created_ms);
    put_time(w, "started", j->started_ms);
    put_time(w, "ended", j->ended_ms);
    put_text(w, "error", j->error);
    vo_json_out_key(w, "links");
    vo_json_out_object(w);
    put_link(w, "self", j->id, "");
    if (j->state == VO_JOB_DONE) put_link(w, "result", j->id, "/result");
    if (vo_job_state_over(j->state) && j->state != VO_JOB_DONE)
        put_link(w, "retry", j->id, "/retry");
    vo_json_out_end(w);
    vo_json_out_end(w);
}

static vo_status told(void *ctx, const vo_job *j, vo_error *err) {
    (void)err;
    put_job(ctx, j);
    return VO_OK;
}

/* ---- the gate ------------------------------------------------------------------------------- */

static void in_turn(const vo_call *c, vo_route *inside) {
    vo_gate *g = vo_service_gate(c->service);
    if (!vo_gate_enter(g)) {
        vo_answer_busy(c->x, 2, "the state database does not answer now: ask again soon");
        return;
    }
    inside(c);
    vo_gate_leave(g, c->x->status != 503);
}

/* ---- answers ------------------------------------------------------------------------------- */

/* The state database is in use by others for too long, or its disk is full: not for ever. */
static void fault(vo_exchange *x, vo_status s, const vo_error *err) {
    if (s == VO_EIO)
        vo_answer_busy(x, 2, "the state database does not answer now: ask again soon");
    else
        vo_problem_engine(x, s, err, NULL);
}

static void answer_job(const vo_call *c, const char *id, int status) {
    vo_json_out *w = NULL;
    vo_error err = {0};
    vo_status s = vo_json_out_create(&w, &err);
    if (s == VO_OK) s = vo_job_book_get(c->settings->db, id, told, w, &err);
    if (s == VO_OK) {
        vo_answer_out(c->x, status, w);
        return;
    }
    vo_json_out_free(w);
    fault(c->x, s, &err);
}

/* 202 with a job of this kind, or 200 with the one that exists. */
static void accept(const vo_call *c, const char *kind, const char *request,
                   int32_t max_attempts) {
    vo_exchange *x = c->x;
    vo_error err = {0};
    char id[VO_JOB_ID] = "", location[80];
    bool existed = false;
    const vo_job_order o = {.kind = kind,
                            .request = request,
                            .key = *x->idempotency_key ? x->idempotency_key : NULL,
                            .owner = x->key_id,
                            .max_attempts = max_attempts};
    if (vo_service_state_lost(c->service)) {
        vo_problem(x, 503, VO_STATE_LOST);
        return;
    }
    const vo_status s = vo_accept_job(c->settings->db, c->settings->queue, &o,
                                      vo_clock_utc_ms(), id, &existed, &err);
    if (s == VO_EINVAL && o.key) {
        vo_problem(x, 409, err.msg);
        return;
    }
    if (s != VO_OK) {
        fault(x, s, &err);
        return;
    }
    if (!existed) vo_service_job_added(c->service);
    snprintf(location, sizeof location, "/api/v1/jobs/%s", id);
    vo_answer_set(x, "Location", location);
    answer_job(c, id, existed ? 200 : 202);
}

/* A value of the body as a text of its own, in one form for all ways to write it: so the same
 * request with the same key is the same job. NULL: out of memory. */
static char *text_of(const vo_json *v) {
    vo_json_out *w = NULL;
    char *text = NULL;
    if (vo_json_out_create(&w, NULL) == VO_OK) {
        vo_json_out_value(w, v);
        if (vo_json_out_take(w, &text, NULL, NULL) != VO_OK) text = NULL;
    }
    vo_json_out_free(w);
    return text;
}

static void accept_value(const vo_call *c, const vo_job_kind_row *kind, const vo_json *request,
                         int32_t max_attempts) {
    char *text = text_of(request);
    if (text)
        accept(c, kind->name, text, max_attempts);
    else
        vo_answer_busy(c->x, 1, "out of memory: ask again");
    free(text);
}

static void train(const vo_call *c) { accept_value(c, vo_job_kind_find("train"), c->body, 0); }

/* Does a refusal begin with the path of a member that the request has? */
static bool names_member(const char *msg, const vo_json *request) {
    char name[64];
    const size_t n = strspn(msg, "abcdefghijklmnopqrstuvwxyz_0123456789");
    if (n == 0 || n >= sizeof name) return false;
    memcpy(name, msg, n);
    name[n] = '\0';
    return vo_json_get(request, name) != NULL;
}

/* Work that could never begin is refused now, in its own words, not when its turn comes. What
 * only fails at present is accepted. */
static bool can_begin(const vo_call *c, const vo_job_kind_row *kind, const vo_json *request) {
    vo_error err = {0}, said = {0};
    char *text = text_of(request);
    const vo_status s =
        text && c->engine ? vo_engine_check(c->engine, kind->name, text, &err) : VO_OK;
    free(text);
    if (s != VO_EINVAL && s != VO_ENOTFOUND && s != VO_EUNSUPPORTED) return true;
    (void)vo_fail(&said, s, "%s%.480s",
                  request != c->body && names_member(err.msg, request) ? "request." : "",
                  err.msg);
    vo_problem_engine(c->x, s, &said, c->body);
    return false;
}

void vo_route_train(const vo_call *c) {
    if (can_begin(c, vo_job_kind_find("train"), c->body)) in_turn(c, train);
}

/* What a key may not make, it may not end or begin again either. */
static bool may_handle(const vo_call *c, const vo_job_kind_row *kind, const char *name) {
    char why[160];
    if ((int)(kind ? kind->scope : VO_SCOPE_ADMIN) <= c->x->scope) return true;
    snprintf(why, sizeof why, "a job of kind %.24s takes a key of scope admin", name);
    vo_problem(c->x, 403, why);
    return false;
}

static void add(const vo_call *c) {
    const vo_job_kind_row *kind = vo_job_kind_find(vo_json_get_text(c->body, "kind"));
    const vo_json *request = vo_json_get_kind(c->body, "request", VO_JSON_OBJECT);
    const vo_json *most = vo_json_get_kind(c->body, "max_attempts", VO_JSON_NUMBER);
    if (!kind || !request)
        vo_problem(c->x, 400, "kind and request are wanted: the kind of a job, and an object");
    else if (may_handle(c, kind, kind->name))
        accept_value(c, kind, request, most ? (int32_t)vo_json_number(most) : 0);
}

void vo_route_job_add(const vo_call *c) {
    const vo_job_kind_row *kind = vo_job_kind_find(vo_json_get_text(c->body, "kind"));
    const vo_json *request = vo_json_get_kind(c->body, "request", VO_JSON_OBJECT);
    const bool allowed = kind && request && (int)kind->scope <= c->x->scope;
    if (!allowed || can_begin(c, kind, request)) in_turn(c, add);
}

static void show(const vo_call *c) { answer_job(c, vo_param(c->params, "id"), 200); }

void vo_route_job(const vo_call *c) { in_turn(c, show); }

static vo_status take_kind(void *ctx, const vo_job *j, vo_error *err) {
    (void)err;
    memcpy(ctx, j->kind, sizeof j->kind);
    return VO_OK;
}

/* The kind of a job never changes: what is read here still holds afterwards. */
static bool may_handle_stored(const vo_call *c, const char *id) {
    char kind[VO_JOB_KIND] = "";
    vo_error err = {0};
    const vo_status s = vo_job_book_get(c->settings->db, id, take_kind, kind, &err);
    if (s != VO_OK) fault(c->x, s, &err);
    return s == VO_OK && may_handle(c, vo_job_kind_find(kind), kind);
}

static void cancel(const vo_call *c) {
    const char *id = vo_param(c->params, "id");
    vo_error err = {0};
    vo_job_state state = VO_JOB_CANCELLED;
    char why[120];
    if (!may_handle_stored(c, id)) return;
    const vo_status s =
        vo_job_book_cancel(c->settings->db, id, vo_clock_utc_ms(), &state, &err);
    if (s != VO_OK) {
        fault(c->x, s, &err);
    } else if (vo_job_state_over(state) && state != VO_JOB_CANCELLED) {
        snprintf(why, sizeof why, "the job is over (%s): there is nothing to cancel",
                 vo_job_state_name(state));
        vo_problem(c->x, 409, why);
    } else {
        answer_job(c, id, state == VO_JOB_CANCELLED ? 200 : 202);
    }
}

void vo_route_job_cancel(const vo_call *c) { in_turn(c, cancel); }

static void retry(const vo_call *c) {
    const char *id = vo_param(c->params, "id");
    vo_error err = {0};
    if (!may_handle_stored(c, id)) return;
    const vo_status s =
        vo_accept_again(c->settings->db, c->settings->queue, id, vo_clock_utc_ms(), &err);
    if (s == VO_EINVAL) {
        vo_problem(c->x, 409, err.msg);
    } else if (s != VO_OK) {
        fault(c->x, s, &err);
    } else {
        vo_service_job_added(c->service);
        answer_job(c, id, 202);
    }
}

void vo_route_job_retry(const vo_call *c) { in_turn(c, retry); }

/* ---- results and lists ---------------------------------------------------------------------- */

static vo_status take_result(void *ctx, const vo_job *j, vo_error *err) {
    vo_exchange *x = ctx;
    char why[480];
    if (j->state == VO_JOB_DONE && j->response) {
        const size_t len = strlen(j->response);
        char *text = malloc(len + 1);
        if (!text) return vo_fail(err, VO_ENOMEM, "an answer of %zu bytes", len);
        memcpy(text, j->response, len + 1);
        vo_answer_json(x, text, len);
        return VO_OK;
    }
    if (vo_job_state_over(j->state)) {
        snprintf(why, sizeof why, "the job has no result (%s)%s%s", vo_job_state_name(j->state),
                 j->error ? ": " : "", j->error ? j->error : "");
    } else {
        vo_exchange_header(x, "Retry-After", "1");
        snprintf(why, sizeof why, "the job is %s, %.0f %% done: ask again",
                 vo_job_state_name(j->state), 100 * j->progress);
    }
    vo_problem(x, 409, why);
    return VO_OK;
}

static void result(const vo_call *c) {
    vo_error err = {0};
    const vo_status s =
        vo_job_book_get(c->settings->db, vo_param(c->params, "id"), take_result, c->x, &err);
    if (s != VO_OK) fault(c->x, s, &err);
}

void vo_route_job_result(const vo_call *c) { in_turn(c, result); }

typedef struct {
    vo_json_out *w;
    size_t n, most;
    char last[VO_JOB_ID];
    bool more;
} job_page;

static vo_status add_to_page(void *ctx, const vo_job *j, vo_error *err) {
    job_page *p = ctx;
    (void)err;
    p->more = p->n == p->most;
    if (p->more) return VO_OK;
    put_job(p->w, j);
    p->n++;
    memcpy(p->last, j->id, sizeof p->last);
    return VO_OK;
}

static void list(const vo_call *c) {
    vo_error err = {0};
    job_page p = {.most = (size_t)vo_param_number(c->params, "limit", 100)};
    vo_job_state state = VO_JOB_QUEUED;
    const char *of = vo_param(c->params, "state");
    vo_status s = of ? vo_job_state_parse(of, &state, &err) : VO_OK;
    const vo_job_query q = {.kind = vo_param(c->params, "kind"),
                            .state = of ? (int32_t)state : -1,
                            .before = vo_param(c->params, "before"),
                            .most = p.most + 1};
    if (s == VO_OK) s = vo_json_out_create(&p.w, &err);
    if (s == VO_OK) {
        vo_json_out_object(p.w);
        vo_json_out_key(p.w, "jobs");
        vo_json_out_array(p.w);
        s = vo_job_book_list(c->settings->db, &q, add_to_page, &p, &err);
        vo_json_out_end(p.w);
        put_text(p.w, "next", p.more ? p.last : NULL);
        vo_json_out_end(p.w);
    }
    if (s == VO_OK) {
        vo_answer_out(c->x, 200, p.w);
        return;
    }
    vo_json_out_free(p.w);
    fault(c->x, s, &err);
}

void vo_route_jobs(const vo_call *c) { in_turn(c, list); }
