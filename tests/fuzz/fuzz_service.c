/* Any bytes as a request to the service, over a real engine, key table, queue and database, an
 * empty lake and no models: METHOD PATH?QUERY, headers, an empty line, a body. Whatever comes, there
 * is one answer, it is no fault of the server's own (500), and the document describes it: its status,
 * its type, and what is in it.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/clock.h"
#include "port/task.h"
#include "serve/assets.h"
#include "serve/service.h"
#include "store/event_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    char folder[64], state[96], lake[96], models[96];
    vo_database *db;
    vo_queue *queue;
    vo_openapi *api;
    vo_auth *auth;
    vo_rate_limit *rate;
    vo_service *service;
    vo_handler handler;
    vo_lock *lock;
    size_t replies;
} world;

static void must(vo_status s, const vo_error *err) {
    if (s == VO_OK) return;
    fprintf(stderr, "%s\n", err->msg);
    abort();
}

static void take_reply(void *ctx, vo_exchange *x) {
    world *w = ctx;
    (void)x;
    vo_lock_take(w->lock);
    w->replies++;
    vo_lock_wake_all(w->lock);
    vo_lock_release(w->lock);
}

static void open_world(world *w) {
    vo_error err = {0};
    snprintf(w->folder, sizeof w->folder, "/tmp/fuzz_service_XXXXXX");
    if (!mkdtemp(w->folder)) abort();
    snprintf(w->state, sizeof w->state, "%s/state.db", w->folder);
    snprintf(w->lake, sizeof w->lake, "%s/lake", w->folder);
    snprintf(w->models, sizeof w->models, "%s/models", w->folder);
    must(vo_lock_create(&w->lock, &err), &err);
    must(vo_database_open(w->state, &w->db, &err), &err);
    must(vo_event_log_migrate(w->db, &err), &err);
    must(vo_job_book_migrate(w->db, &err), &err);
    must(vo_queue_open("local", w->db, &w->queue, &err), &err);
    must(vo_openapi_load(vo_asset_openapi, vo_asset_openapi_size, &w->api, &err), &err);
    must(vo_auth_open(&(vo_auth_settings){.on = false}, &w->auth, &err), &err);
    must(vo_rate_limit_create(0, 1, 1, &w->rate, &err), &err);
    vo_service_settings s = vo_service_settings_default();
    s.lake = w->lake;
    s.models = w->models;
    s.db = w->db;
    s.queue = w->queue;
    s.api = w->api;
    s.auth = w->auth;
    s.rate = w->rate;
    s.threads = 1;
    s.most_s = 0.5;
    s.reply = take_reply;
    s.reply_ctx = w;
    must(vo_service_create(&s, &w->service, &err), &err);
    vo_service_ready(w->service, NULL);
    w->handler = vo_service_handler();
}

/* Cuts the line off the text; "" at its end. */
static char *take_line(char **text) {
    char *line = *text;
    const size_t len = strcspn(line, "\n");
    *text = line[len] ? line + len + 1 : line + len;
    line[len] = '\0';
    if (len > 0 && line[len - 1] == '\r') line[len - 1] = '\0';
    return line;
}

static void read_header(vo_exchange *x, char *line) {
    char *colon = strchr(line, ':');
    if (!colon) return;
    *colon = '\0';
    const char *value = colon + 1 + strspn(colon + 1, " ");
#define X(member, header)                                                                      \
    if (strcmp(line, header) == 0) x->member = value;
    VO_EXCHANGE_HEADER_MAP(X)
#undef X
}

/* As the transport does it; the exchange borrows from text. */
static void read_exchange(vo_exchange *x, char *text, size_t size) {
    char *end = text + size;
#define X(member, header) x->member = "";
    VO_EXCHANGE_HEADER_MAP(X)
#undef X
    x->host = "127.0.0.1:8080";
    x->content_type = "application/json";
    char *first = take_line(&text);
    char *path = strchr(first, ' ');
    x->method = first;
    x->path = "/";
    if (path) {
        *path++ = '\0';
        if (*path == '/') x->path = path;
    }
    if (strlen(first) > 15) first[15] = '\0';
    char *query = path ? strchr(path, '?') : NULL;
    x->query = query ? query + 1 : "";
    if (query) *query = '\0';
    for (char *line = take_line(&text); *line; line = take_line(&text)) read_header(x, line);
    x->body = text;
    x->body_len = (size_t)(end - text);
    x->peer = "127.0.0.1";
    x->came_s = vo_clock_monotonic_s();
}

static void fault(const vo_exchange *x, const char *what, const char *why) {
    fprintf(stderr, "%s %s?%s: %d: %s: %s\n%s\n", x->method, x->path, x->query, x->status, what,
            why, x->answer ? x->answer : "");
    abort();
}

static void check_json(const vo_exchange *x, const vo_schema *schema) {
    const char *text = x->answer ? x->answer : x->still;
    vo_json *v = NULL;
    vo_error err = {0};
    vo_finding f = {0};
    if (vo_json_parse(text, x->answer_len, &v, &err) != VO_OK) fault(x, "no JSON", err.msg);
    if (schema && !vo_schema_check(schema, v, &f)) fault(x, f.pointer, f.detail);
    vo_json_free(v);
}

static void check_answer(const world *w, const vo_exchange *x) {
    const vo_operation *op = NULL;
    const vo_schema *schema = NULL;
    const char *type = NULL;
    if (x->status < 200 || x->status > 599) fault(x, "status", "none");
    if (x->status == 500) fault(x, "status", "a fault of the server's own");
    const bool found =
        vo_openapi_match(w->api, x->method, x->path, &op, NULL) == VO_MATCH_FOUND;
    if (found && !vo_openapi_answer(op, x->status, &type, &schema))
        fault(x, "status", "not in the document");
    if (!x->type) return;
    if (x->status >= 400 && strcmp(x->type, "application/problem+json") != 0)
        fault(x, "type", x->type);
    const bool described = found && (!type || strcmp(x->type, type) == 0);
    if (strstr(x->type, "json") && strcmp(x->method, "HEAD") != 0)
        check_json(x, described ? schema : NULL);
}

static void send(world *w, vo_exchange *x) {
    if (!w->handler.head(w->service, x)) return;
    const size_t before = w->replies;
    w->handler.request(w->service, x);
    vo_lock_take(w->lock);
    while (w->replies == before) vo_lock_wait(w->lock, -1);
    if (w->replies != before + 1) fault(x, "replies", "more than one");
    vo_lock_release(w->lock);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static world w; /* one for the process */
    if (!w.service) open_world(&w);
    char *text = malloc(size + 1);
    vo_exchange *x = calloc(1, sizeof *x);
    if (!text || !x) abort();
    for (size_t i = 0; i < size; i++) text[i] = data[i] ? (char)data[i] : ' ';
    text[size] = '\0';
    read_exchange(x, text, size);
    send(&w, x);
    check_answer(&w, x);
    w.handler.done(w.service, x);
    free(x->answer);
    free(x);
    free(text);
    return 0;
}
