/* test_service.c -- each test states one promise of service.h, with exchanges made by hand: no
 * socket, but a real database, key table, document and engine. */
#include "serve/service.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "port/clock.h"
#include "port/task.h"
#include "serve/assets.h"
#include "serve/problem_json.h"
#include "serve/routes.h"
#include "store/api_keys.h"
#include "store/event_log.h"
#include "support/data_folder.h"

typedef struct {
    char folder[DATA_PATH], state[DATA_PATH + 20], lake[DATA_PATH + 20], models[DATA_PATH + 20];
    vo_database *db;
    vo_queue *queue;
    vo_openapi *api;
    vo_auth *auth;
    vo_rate_limit *rate;
    vo_service *service;
    vo_lock *lock;
    int replies;
    int jobs_added;
    char key[4][VO_KEY_TEXT]; /* by scope */
} bench;

static const vo_handler *handler(void) {
    static vo_handler h;
    h = vo_service_handler();
    return &h;
}

static void take_reply(void *ctx, vo_exchange *x) {
    bench *b = ctx;
    (void)x;
    vo_lock_take(b->lock);
    b->replies++;
    vo_lock_wake_all(b->lock);
    vo_lock_release(b->lock);
}

static void job_added(void *ctx) {
    bench *b = ctx;
    vo_lock_take(b->lock);
    b->jobs_added++;
    vo_lock_release(b->lock);
}

static void ok(vo_status s, const vo_error *err) { cr_assert_eq(s, VO_OK, "%s", err->msg); }

typedef struct {
    bool keys;
    double rate_per_s, burst, deadline_s, most_s;
    size_t threads, line;
} bench_settings;

static void bench_open(bench *b, const bench_settings *s) {
    vo_error err = {0};
    memset(b, 0, sizeof *b);
    cr_assert(temporary_folder(b->folder));
    snprintf(b->state, sizeof b->state, "%s/state.db", b->folder);
    snprintf(b->lake, sizeof b->lake, "%s/lake", b->folder);
    snprintf(b->models, sizeof b->models, "%s/models", b->folder);
    ok(vo_lock_create(&b->lock, &err), &err);
    ok(vo_database_open(b->state, &b->db, &err), &err);
    ok(vo_event_log_migrate(b->db, &err), &err);
    ok(vo_job_book_migrate(b->db, &err), &err);
    ok(vo_api_keys_migrate(b->db, &err), &err);
    ok(vo_queue_open("local", b->db, &b->queue, &err), &err);
    for (int scope = 1; s->keys && scope <= 3; scope++) {
        vo_api_key wanted = {.name = "test", .scope = scope}, made;
        ok(vo_api_keys_create(b->db, &wanted, vo_clock_utc_ms(), b->key[scope], &made, &err),
           &err);
    }
    static const char *const origin[] = {"https://app.example"};
    const vo_auth_settings a = {
        .on = s->keys, .origin = origin, .n_origins = 1, .db = s->keys ? b->db : NULL};
    ok(vo_openapi_load(vo_asset_openapi, vo_asset_openapi_size, &b->api, &err), &err);
    ok(vo_auth_open(&a, &b->auth, &err), &err);
    ok(vo_rate_limit_create(s->rate_per_s, s->burst > 0 ? s->burst : 1000, 100, &b->rate, &err),
       &err);
    vo_service_settings v = vo_service_settings_default();
    v.lake = b->lake;
    v.models = b->models;
    v.db = b->db;
    v.queue = b->queue;
    v.api = b->api;
    v.auth = b->auth;
    v.rate = b->rate;
    if (s->threads) v.threads = s->threads;
    if (s->line) v.line = s->line;
    if (s->deadline_s > 0) v.deadline_s = s->deadline_s;
    if (s->most_s > 0) v.most_s = s->most_s;
    v.job_added = job_added;
    v.job_ctx = b;
    v.reply = take_reply;
    v.reply_ctx = b;
    ok(vo_service_create(&v, &b->service, &err), &err);
}

static void bench_close(bench *b) {
    vo_service_free(b->service);
    vo_rate_limit_free(b->rate);
    vo_auth_close(b->auth);
    vo_openapi_free(b->api);
    vo_queue_close(b->queue);
    vo_database_close(b->db);
    vo_lock_free(b->lock);
    temporary_folder_remove(b->folder);
}

/* A request as the transport would hand it over. */
static vo_exchange ask(const char *method, const char *path) {
    vo_exchange x = {.method = method,
                     .path = path,
                     .query = "",
                     .peer = "127.0.0.1",
                     .body = "",
                     .came_s = vo_clock_monotonic_s()};
#define X(member, header) x.member = "";
    VO_EXCHANGE_HEADER_MAP(X)
#undef X
    x.host = "127.0.0.1:8080";
    return x;
}

static vo_exchange post(const char *path, const char *body) {
    vo_exchange x = ask("POST", path);
    x.content_type = "application/json";
    x.body = body;
    x.body_len = strlen(body);
    return x;
}

/* As the transport does: head, and if that says so the request, until the reply. */
static int send(bench *b, vo_exchange *x) {
    if (!handler()->head(b->service, x)) return x->status;
    vo_lock_take(b->lock);
    const int before = b->replies;
    vo_lock_release(b->lock);
    handler()->request(b->service, x);
    vo_lock_take(b->lock);
    while (b->replies == before) vo_lock_wait(b->lock, -1);
    vo_lock_release(b->lock);
    return x->status;
}

static void done(bench *b, vo_exchange *x) {
    handler()->done(b->service, x);
    free(x->answer);
    x->answer = NULL;
}

static const char *header(const vo_exchange *x, const char *name) {
    for (size_t i = 0; i < x->n_headers; i++)
        if (strcmp(x->header[i].name, name) == 0) return x->header[i].value;
    return "(none)";
}

static const char *answer(const vo_exchange *x) {
    return x->answer ? x->answer : x->still ? x->still : "";
}

static bool says(const vo_exchange *x, const char *words) {
    return strstr(answer(x), words) != NULL;
}

#define EXPECT(b, x, wanted, words)                                                            \
    do {                                                                                       \
        const int status_ = send(b, x);                                                        \
        cr_expect_eq(status_, wanted, "%s %s: %d, not %d: %s", (x)->method, (x)->path,         \
                     status_, wanted, answer(x));                                              \
        cr_expect(says(x, words), "%s: %s", words, answer(x));                                 \
        done(b, x);                                                                            \
    } while (0)

static const char day[] =
    "{\"battery_params\":{\"power_mw\":2,\"capacity_mwh\":4,\"efficiency\":0.85},"
    "\"prices\":[100,50,200,-100]}";

static bench at;

/* ---- heads ---------------------------------------------------------------------------------- */

/* Prices that training can begin with. */
#define TEN "1,2,3,4,5,4,3,2,1,0,"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define ENOUGH HUNDRED HUNDRED HUNDRED "6"

Test(service, an_optimize_request_is_answered_with_its_schedule) {
    bench_open(&at, &(bench_settings){0});
    vo_exchange x = post("/optimize", day);
    EXPECT(&at, &x, 200, "\"schedule\"");
    cr_expect_str_eq(x.type, "application/json");
    bench_close(&at);
}

Test(service, every_answer_has_a_request_id_and_the_headers_of_caution) {
    bench_open(&at, &(bench_settings){0});
    static const struct {
        const char *sent;
        bool kept;
    } row[] = {{"abc-1.2_X", true},
               {"", false},
               {"a b", false},
               {"a\"b", false},
               {"0123456789012345678901234567890123456789012345678901234567890", false}};
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        vo_exchange x = ask("GET", i % 2 ? "/healthz" : "/nothing");
        x.request_id = row[i].sent;
        send(&at, &x);
        const char *id = header(&x, "X-Request-Id");
        cr_expect_str_eq(id, x.id);
        cr_expect_eq(strcmp(id, row[i].sent) == 0, row[i].kept, "%s", row[i].sent);
        cr_expect(strlen(id) >= 1 && strlen(id) <= 60);
        cr_expect_str_eq(header(&x, "X-Content-Type-Options"), "nosniff");
        cr_expect_str_eq(header(&x, "Cache-Control"), "no-store");
        done(&at, &x);
    }
    bench_close(&at);
}

Test(service, ids_that_it_makes_are_all_different) {
    bench_open(&at, &(bench_settings){0});
    char id[50][VO_EXCHANGE_ID];
    for (size_t i = 0; i < 50; i++) {
        vo_exchange x = ask("GET", "/healthz");
        send(&at, &x);
        memcpy(id[i], x.id, sizeof id[i]);
        for (size_t j = 0; j < i; j++) cr_expect_str_neq(id[i], id[j]);
        done(&at, &x);
    }
    bench_close(&at);
}

Test(service, an_unknown_path_is_404_and_names_the_nearest) {
    bench_open(&at, &(bench_settings){0});
    vo_exchange x = ask("GET", "/api/v1/market");
    EXPECT(&at, &x, 404, "did you mean /api/v1/markets");
    x = ask("GET", "/");
    EXPECT(&at, &x, 404, "/docs lists");
    bench_close(&at);
}

Test(service, a_method_that_a_path_has_not_is_405_with_those_it_has) {
    bench_open(&at, &(bench_settings){0});
    static const char *const wrong[] = {"GET", "PUT", "TRACE", "FOO"};
    for (size_t i = 0; i < 4; i++) {
        vo_exchange x = ask(wrong[i], "/optimize");
        cr_expect_eq(send(&at, &x), 405);
        cr_expect(strstr(header(&x, "Allow"), "POST"));
        cr_expect(says(&x, "it takes"));
        done(&at, &x);
    }
    bench_close(&at);
}

Test(service, options_is_answered_with_what_a_path_takes) {
    bench_open(&at, &(bench_settings){.keys = true});
    vo_exchange x = ask("OPTIONS", "/api/v1/jobs");
    cr_expect_eq(send(&at, &x), 204);
    cr_expect(strstr(header(&x, "Allow"), "POST"));
    cr_expect(strstr(header(&x, "Allow"), "GET"));
    cr_expect_null(x.type);
    done(&at, &x);
    bench_close(&at);
}

Test(service, a_preflight_of_a_listed_origin_is_answered_and_no_other) {
    bench_open(&at, &(bench_settings){.keys = true});
    vo_exchange x = ask("OPTIONS", "/optimize");
    x.origin = "https://app.example";
    x.cors_method = "POST";
    cr_expect_eq(send(&at, &x), 204);
    cr_expect_str_eq(header(&x, "Access-Control-Allow-Origin"), "https://app.example");
    done(&at, &x);
    static const char *const refused[] = {"/nothing", "/optimize"}; /* 404, 405 */
    for (int i = 0; i < 2; i++) {
        x = ask("GET", refused[i]);
        x.origin = "https://app.example";
        cr_expect_eq(send(&at, &x), 404 + i);
        cr_expect_str_eq(header(&x, "Access-Control-Allow-Origin"), "https://app.example");
        done(&at, &x);
    }
    x = ask("OPTIONS", "/optimize");
    x.origin = "https://evil.example";
    x.cors_method = "POST";
    send(&at, &x);
    cr_expect_str_eq(header(&x, "Access-Control-Allow-Origin"), "(none)");
    done(&at, &x);
    bench_close(&at);
}

/* ---- who may ---------------------------------------------------------------------------------- */

static vo_exchange with_key(vo_exchange x, const char *key) {
    x.api_key = key;
    return x;
}

Test(service, without_a_key_it_is_401_and_says_how) {
    bench_open(&at, &(bench_settings){.keys = true});
    vo_exchange x = post("/optimize", day);
    cr_expect_eq(send(&at, &x), 401);
    cr_expect_str_eq(header(&x, "WWW-Authenticate"), "Bearer");
    done(&at, &x);
    x = ask("GET", "/healthz");
    EXPECT(&at, &x, 200, "ok");
    bench_close(&at);
}

/* The table of the document: what a key of each scope gets that has only to be let in. */
Test(service, a_key_reaches_as_far_as_its_scope) {
    bench_open(&at, &(bench_settings){.keys = true});
    static const struct {
        const char *method, *path;
        int needed;
    } row[] = {{"GET", "/api/v1/jobs", 1},
               {"POST", "/optimize", 1},
               {"DELETE", "/api/v1/jobs/j_01K00000000000000000000000", 2},
               {"POST", "/api/v1/models/x/rollback", 3},
               {"POST", "/api/v1/models/train", 3}};
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++)
        for (int scope = 1; scope <= 3; scope++) {
            vo_exchange x = ask(row[i].method, row[i].path);
            x = with_key(x, at.key[scope]);
            const int status = send(&at, &x);
            cr_expect_eq(status == 403, scope < row[i].needed, "%s %s scope %d: %d", x.method,
                         x.path, scope, status);
            done(&at, &x);
        }
    bench_close(&at);
}

Test(service, a_job_of_a_kind_for_admins_takes_an_admins_key) {
    bench_open(&at, &(bench_settings){.keys = true});
    static const char train[] = "{\"kind\":\"train\",\"request\":{\"prices\":[" ENOUGH "]}}";
    vo_exchange x = with_key(post("/api/v1/jobs", train), at.key[2]);
    EXPECT(&at, &x, 403, "scope admin");
    x = with_key(post("/api/v1/jobs", train), at.key[3]);
    EXPECT(&at, &x, 202, "\"queued\"");
    bench_close(&at);
}

Test(service, too_many_requests_are_429_with_the_seconds_to_wait) {
    bench_open(&at, &(bench_settings){.rate_per_s = 0.5, .burst = 5});
    vo_exchange x = post("/optimize", day); /* costs 5 */
    EXPECT(&at, &x, 200, "schedule");
    x = post("/optimize", day);
    cr_expect_eq(send(&at, &x), 429);
    const int wait_s = atoi(header(&x, "Retry-After"));
    cr_expect(wait_s >= 9 && wait_s <= 10, "%d", wait_s);
    done(&at, &x);
    x = ask("GET", "/healthz");
    EXPECT(&at, &x, 200, "ok");
    bench_close(&at);
}

/* 200 guesses in a moment: twenty or so are answered. Where there are no limits, all are. */
Test(service, who_guesses_keys_is_slowed_down_where_there_are_limits) {
    for (int limited = 0; limited < 2; limited++) {
        bench_open(&at, &(bench_settings){.keys = true, .rate_per_s = 1000.0 * limited});
        int told = 0;
        for (int i = 0; i < 200; i++) {
            vo_exchange x = with_key(ask("GET", "/api/v1/jobs"), "vo_AAAAAAAA_no");
            const int status = send(&at, &x);
            cr_expect(status == 401 || status == 429, "%d", status);
            told += status == 401;
            done(&at, &x);
        }
        cr_expect(limited ? told >= 10 && told < 150 : told == 200, "%d", told);
        vo_exchange x = with_key(ask("GET", "/api/v1/jobs"), at.key[1]);
        EXPECT(&at, &x, 200, "jobs");
        bench_close(&at);
    }
}

/* ---- bodies ------------------------------------------------------------------------------------ */

Test(service, a_type_that_is_not_taken_is_415_and_names_those_that_are) {
    bench_open(&at, &(bench_settings){0});
    static const char *const wrong[] = {"text/plain", "application/x-www-form-urlencoded",
                                        "application/json; charset=latin1", ""};
    for (size_t i = 0; i < 4; i++) {
        vo_exchange x = post("/optimize", day);
        x.content_type = wrong[i];
        EXPECT(&at, &x, 415, "application/json");
    }
    static const char *const right[] = {"application/json; charset=utf-8", "Application/JSON",
                                        "application/json;charset=\"UTF-8\""};
    for (size_t i = 0; i < 3; i++) {
        vo_exchange x = post("/optimize", day);
        x.content_type = right[i];
        EXPECT(&at, &x, 200, "schedule");
    }
    bench_close(&at);
}

Test(service, a_body_that_is_not_what_the_document_says_is_400_with_a_pointer) {
    bench_open(&at, &(bench_settings){0});
    static const struct {
        const char *body, *words;
    } row[] = {
        {"", "missing"},
        {"{", "JSON"},
        {"\"\xff\"", "UTF-8"},
        {"[]", "\"pointer\":\"\""},
        {"{\"battery_params\":{\"power_mw\":2,\"capacity_mwh\":4,\"efficiency\":85},"
         "\"prices\":[1,2]}",
         "/battery_params/efficiency"},
        {"{\"prices\":[1,\"x\"],\"battery_params\":{\"power_mw\":2,\"capacity_mwh\":4}}",
         "/prices"},
        {"{\"prices_file\":\"/etc/passwd\",\"battery_params\":{\"power_mw\":2,"
         "\"capacity_mwh\":4}}",
         "prices_file"},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        vo_exchange x = post("/optimize", row[i].body);
        EXPECT(&at, &x, 400, row[i].words);
        cr_expect_str_eq(x.type, "application/problem+json");
    }
    bench_close(&at);
}

Test(service, what_only_the_engine_can_know_is_422_with_a_pointer) {
    bench_open(&at, &(bench_settings){0});
    vo_exchange x = post(
        "/optimize", "{\"battery_params\":{\"power_mw\":2,\"capacity_mwh\":4,\"min_soc\":0.9,"
                     "\"max_soc\":0.1},\"prices\":[1,2]}");
    EXPECT(&at, &x, 422, "/battery_params/min_soc");
    bench_close(&at);
}

Test(service, parameters_are_checked_and_named) {
    bench_open(&at, &(bench_settings){0});
    static const struct {
        const char *query, *words;
    } row[] = {{"limit=x", "limit"},
               {"limit=0", "limit"},
               {"nothing=1", "nothing"},
               {"state=odd", "state"}};
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        vo_exchange x = ask("GET", "/api/v1/jobs");
        x.query = row[i].query;
        EXPECT(&at, &x, 400, row[i].words);
    }
    bench_close(&at);
}

/* ---- pages and state ---------------------------------------------------------------------------- */

Test(service, readyz_is_503_until_it_is_ready_and_again_when_it_stops) {
    bench_open(&at, &(bench_settings){0});
    vo_exchange x = ask("GET", "/readyz");
    EXPECT(&at, &x, 503, "just been started");
    vo_service_ready(at.service, NULL);
    x = ask("GET", "/readyz");
    EXPECT(&at, &x, 200, "ready");
    vo_service_ready(at.service, "the disk is on fire");
    x = ask("GET", "/readyz");
    EXPECT(&at, &x, 503, "on fire");
    vo_service_ready(at.service, NULL);
    vo_service_drain(at.service, 60);
    x = ask("GET", "/readyz");
    EXPECT(&at, &x, 503, "stopping");
    x = post("/optimize", day);
    EXPECT(&at, &x, 503, "stopping");
    x = ask("GET", "/healthz");
    EXPECT(&at, &x, 200, "ok");
    bench_close(&at);
}

Test(service, pages_have_an_etag_and_are_not_sent_twice) {
    bench_open(&at, &(bench_settings){0});
    static const char *const path[] = {"/openapi.json", "/docs"};
    for (size_t i = 0; i < 2; i++) {
        vo_exchange x = ask("GET", path[i]);
        char etag[80];
        cr_expect_eq(send(&at, &x), 200);
        cr_expect(x.answer_len > 1000);
        cr_expect_str_eq(header(&x, "Cache-Control"), "no-cache");
        snprintf(etag, sizeof etag, "%s", header(&x, "ETag"));
        cr_expect_eq(etag[0], '"');
        done(&at, &x);
        x = ask("GET", path[i]);
        x.if_none_match = etag;
        cr_expect_eq(send(&at, &x), 304);
        cr_expect_eq((int)x.answer_len, 0);
        done(&at, &x);
    }
    bench_close(&at);
}

Test(service, metrics_count_what_was_answered) {
    bench_open(&at, &(bench_settings){0});
    for (int i = 0; i < 3; i++) {
        vo_exchange x = post("/optimize", i ? day : "{");
        send(&at, &x);
        done(&at, &x);
    }
    vo_exchange x = ask("GET", "/metrics");
    cr_expect_eq(send(&at, &x), 200);
    cr_expect(says(&x, "volteo_up 1"));
    /* at most a thread that has just replied and not yet sat down: metrics are not in the pool */
    cr_expect(says(&x, "volteo_pool_busy 0") || says(&x, "volteo_pool_busy 1"));
    cr_expect(strstr(x.type, "version=0.0.4"));
    int found = 0;
    for (const char *line = answer(&x); line; line = strchr(line, '\n'), line += line != NULL) {
        const size_t len = strcspn(line, "\n");
        char text[400];
        snprintf(text, sizeof text, "%.*s", (int)len, line);
        if (text[0] == '#' || !strstr(text, "optimize") || !strstr(text, "requests_total"))
            continue;
        if (strstr(text, "\"200\"")) found += strcmp(strrchr(text, ' '), " 2") == 0;
        if (strstr(text, "\"400\"")) found += strcmp(strrchr(text, ' '), " 1") == 0;
    }
    cr_expect_eq(found, 2, "%s", answer(&x));
    done(&at, &x);
    bench_close(&at);
}

Test(service, events_without_a_websocket_are_426_and_other_paths_are_no_websocket) {
    bench_open(&at, &(bench_settings){0});
    vo_exchange x = ask("GET", "/api/v1/events");
    cr_expect_eq(send(&at, &x), 426);
    cr_expect_str_eq(header(&x, "Upgrade"), "websocket");
    done(&at, &x);
    x = ask("GET", "/api/v1/jobs");
    x.upgrade = true;
    cr_expect_eq(send(&at, &x), 400);
    done(&at, &x);
    bench_close(&at);
}

Test(service, what_the_transport_refuses_is_a_problem_too) {
    bench_open(&at, &(bench_settings){0});
    vo_exchange x = ask("", "");
    handler()->refuse(at.service, &x, 431, "the head is larger than 16 KiB");
    cr_expect_eq(x.status, 431);
    cr_expect(says(&x, "16 KiB"));
    cr_expect_str_neq(header(&x, "X-Request-Id"), "(none)");
    done(&at, &x);
    bench_close(&at);
}

/* ---- the pool: full, late, gone, too long ---------------------------------------------------------- */

/* Bytes of a compare request that keeps a thread busy for a good while; malloc'ed. */
static char *long_work(void) {
    const size_t hours = 24 * 1500;
    char *text = malloc(hours * 4 + 400);
    cr_assert_not_null(text);
    int n = sprintf(text, "{\"battery_params\":{\"power_mw\":2,\"capacity_mwh\":4,"
                          "\"efficiency\":0.85},\"policies\":[\"stochastic\"],"
                          "\"protocol\":\"rolling\",\"start\":\"2024-01-01\",\"interval_"
                          "minutes\":60,\"prices\":[");
    for (size_t i = 0; i < hours; i++)
        n += sprintf(text + n, "%s%d", i ? "," : "", (int)(i * 7919 % 97));
    sprintf(text + n, "]}");
    return text;
}

static void wait_replies(int n) {
    vo_lock_take(at.lock);
    while (at.replies < n) vo_lock_wait(at.lock, -1);
    vo_lock_release(at.lock);
}

static void wait_busy(size_t n) {
    while (vo_service_count(at.service).busy < n) {
    }
}

/* threads: a request that stands in the pool, and more than the line takes behind it. */
Test(service, a_full_line_is_503_at_once_with_threads_busy) {
    bench_open(&at, &(bench_settings){.threads = 1, .line = 2});
    char *work = long_work();
    vo_exchange first = post("/api/v1/compare", work), more[4];
    cr_assert(handler()->head(at.service, &first));
    handler()->request(at.service, &first);
    wait_busy(1);
    for (int i = 0; i < 4; i++) {
        more[i] = post("/optimize", day);
        cr_assert(handler()->head(at.service, &more[i]));
        handler()->request(at.service, &more[i]);
    }
    cr_expect_eq(more[2].status, 503);
    cr_expect_eq(more[3].status, 503);
    cr_expect_str_eq(header(&more[2], "Retry-After"), "1");
    atomic_store(&first.gone, true); /* the client leaves: the thread is free for the others */
    wait_replies(5);
    cr_expect_eq(first.status, 504); /* it was stopped, not finished */
    cr_expect_eq(more[0].status, 200, "%s", answer(&more[0]));
    cr_expect_eq(more[1].status, 200);
    cr_expect_eq((int)vo_service_count(at.service).full, 2);
    done(&at, &first);
    for (int i = 0; i < 4; i++) done(&at, &more[i]);
    free(work);
    bench_close(&at);
}

Test(service, what_takes_too_long_is_504_and_sent_to_the_jobs) {
    bench_open(&at, &(bench_settings){.most_s = 1e-3});
    char *work = long_work();
    vo_exchange x = post("/api/v1/compare", work);
    EXPECT(&at, &x, 504, "POST /api/v1/jobs");
    free(work);
    bench_close(&at);
}

Test(service, what_waited_too_long_is_503_and_was_not_begun) {
    bench_open(&at, &(bench_settings){.deadline_s = 1e-9});
    vo_exchange x = post("/optimize", day);
    EXPECT(&at, &x, 503, "not begun");
    cr_expect_eq((int)vo_service_count(at.service).late, 1);
    bench_close(&at);
}

static void hand(vo_exchange *x) {
    cr_assert(handler()->head(at.service, x));
    handler()->request(at.service, x);
}

/* threads: the only one is taken, and the line is full. */
Test(service, the_metrics_answer_whoever_computes_and_waits) {
    bench_open(&at, &(bench_settings){.threads = 1, .line = 1});
    char *work = long_work();
    vo_exchange first = post("/api/v1/compare", work), next = post("/optimize", day),
                full = post("/optimize", day), x = ask("GET", "/metrics");
    hand(&first);
    wait_busy(1);
    hand(&next);
    hand(&full);
    cr_expect_eq(full.status, 503);
    EXPECT(&at, &x, 200, "volteo_pool_waiting 1");
    cr_expect_eq(first.status + next.status, 0);
    atomic_store(&first.gone, true);
    wait_replies(4);
    done(&at, &first);
    done(&at, &next);
    done(&at, &full);
    free(work);
    bench_close(&at);
}

/* threads: they stay at what they do, and the loop's ticks answer. */
Test(service, who_waits_too_long_is_told_in_time_though_no_thread_is_free) {
    bench_open(&at, &(bench_settings){.threads = 1, .deadline_s = 0.2});
    char *work = long_work();
    vo_exchange first = post("/api/v1/compare", work), light = post("/optimize", day),
                heavy = post("/api/v1/compare", work);
    hand(&first);
    wait_busy(1);
    const double began_s = vo_clock_monotonic_s();
    hand(&light);
    hand(&heavy);
    handler()->tick(at.service);
    cr_expect_eq(light.status + heavy.status, 0); /* there is time yet */
    while (vo_clock_monotonic_s() - began_s < 0.2 + 0.001) handler()->tick(at.service);
    handler()->tick(at.service);
    cr_expect_eq(at.replies, 2);
    cr_expect_eq(light.status, 503);
    cr_expect_eq(heavy.status, 503);
    cr_expect_eq(first.status, 0);
    cr_expect_eq((int)vo_service_count(at.service).late, 2);
    cr_expect_eq((int)vo_service_count(at.service).waiting, 0);
    atomic_store(&first.gone, true);
    wait_replies(3);
    done(&at, &first);
    done(&at, &light);
    done(&at, &heavy);
    free(work);
    bench_close(&at);
}

/* threads: all heavy ones together leave one free. */
Test(service, light_requests_do_not_wait_for_heavy_ones) {
    bench_open(&at, &(bench_settings){.threads = 2});
    char *work = long_work();
    vo_exchange heavy[4], light;
    for (int i = 0; i < 4; i++) {
        heavy[i] = post("/api/v1/compare", work);
        hand(&heavy[i]);
    }
    for (int i = 0; i < 5; i++) {
        light = post("/optimize", day);
        EXPECT(&at, &light, 200, "schedule");
    }
    int unfinished = 0;
    for (int i = 0; i < 4; i++) unfinished += heavy[i].status == 0;
    cr_expect_geq(unfinished, 3);
    for (int i = 0; i < 4; i++) atomic_store(&heavy[i].gone, true);
    wait_replies(9);
    for (int i = 0; i < 4; i++) done(&at, &heavy[i]);
    free(work);
    bench_close(&at);
}

Test(service, a_drain_gives_what_is_computed_so_long_and_no_longer) {
    bench_open(&at, &(bench_settings){.threads = 1});
    char *work = long_work();
    vo_exchange first = post("/api/v1/compare", work);
    cr_assert(handler()->head(at.service, &first));
    handler()->request(at.service, &first);
    wait_busy(1);
    vo_service_drain(at.service, 0.01);
    wait_replies(1);
    cr_expect_eq(first.status, 503, "%s", answer(&first));
    cr_expect(says(&first, "stopping"));
    done(&at, &first);
    free(work);
    bench_close(&at);
}

Test(service, its_end_stops_the_threads_that_compute_and_answers_them) {
    bench_open(&at, &(bench_settings){.threads = 1});
    char *work = long_work();
    vo_exchange first = post("/api/v1/compare", work), second = post("/optimize", day);
    cr_assert(handler()->head(at.service, &first));
    cr_assert(handler()->head(at.service, &second));
    handler()->request(at.service, &first);
    handler()->request(at.service, &second);
    wait_busy(1);
    vo_service_finish(at.service);
    cr_expect_eq(at.replies, 2);
    cr_expect_eq(first.status, 503, "%s", answer(&first));
    cr_expect_neq(second.status, 0);
    done(&at, &first);
    done(&at, &second);
    free(work);
    bench_close(&at);
}

/* ---- jobs ------------------------------------------------------------------------------------------ */

static const char order[] =
    "{\"kind\":\"optimize\",\"request\":{\"battery_params\":{\"power_mw\":2,"
    "\"capacity_mwh\":4},\"prices\":[1,2,3]}}";

/* The id of the job that the answer is about. */
static void job_id(const vo_exchange *x, char out[64]) {
    const char *id = strstr(answer(x), "\"j_");
    cr_assert_not_null(id, "%s", answer(x));
    snprintf(out, 64, "%.28s", id + 1);
}

Test(service, a_job_is_accepted_with_202_and_its_place) {
    bench_open(&at, &(bench_settings){0});
    char id[64], path[100];
    vo_exchange x = post("/api/v1/jobs", order);
    cr_expect_eq(send(&at, &x), 202, "%s", answer(&x));
    job_id(&x, id);
    snprintf(path, sizeof path, "/api/v1/jobs/%s", id);
    cr_expect_str_eq(header(&x, "Location"), path);
    cr_expect_eq(at.jobs_added, 1);
    done(&at, &x);

    x = ask("GET", path);
    EXPECT(&at, &x, 200, "\"queued\"");
    x = ask("GET", "/api/v1/jobs");
    EXPECT(&at, &x, 200, id);
    char result[120];
    snprintf(result, sizeof result, "%s/result", path);
    x = ask("GET", result);
    EXPECT(&at, &x, 409, "queued");
    x = ask("DELETE", path);
    EXPECT(&at, &x, 200, "\"cancelled\"");
    x = ask("GET", result);
    EXPECT(&at, &x, 409, "cancelled");
    snprintf(result, sizeof result, "%s/retry", path);
    x = ask("POST", result);
    EXPECT(&at, &x, 202, "\"queued\"");
    x = ask("POST", result);
    EXPECT(&at, &x, 409, "");
    bench_close(&at);
}

static const char training[] =
    "{\"kind\":\"train\",\"request\":{\"method\":\"gbt\",\"horizons\":[60],\"id\":\"m1\","
    "\"prices\":[" ENOUGH "]}}";

Test(service, a_job_that_could_never_begin_is_not_accepted) {
    bench_open(&at, &(bench_settings){0});
    vo_exchange x = post("/api/v1/jobs", "{\"kind\":\"train\",\"request\":{\"horizons\":[7],"
                                         "\"prices\":[" ENOUGH "]}}");
    EXPECT(&at, &x, 422, "\"pointer\":\"/request/horizons\"");
    x = post("/api/v1/models/train", "{\"horizons\":[7],\"prices\":[" ENOUGH "]}");
    EXPECT(&at, &x, 422, "\"pointer\":\"/horizons\"");
    x = post("/api/v1/models/train", "{}");
    EXPECT(&at, &x, 422, "no prices");
    x = post("/api/v1/models/train", "{\"market_params\":{\"market\":\"S\",\"node\":\"N\"}}");
    EXPECT(&at, &x, 404, "the lake has nothing of");
    cr_expect_eq(at.jobs_added, 0);
    bench_close(&at);
}

Test(service, a_job_that_a_key_may_not_make_it_may_not_end_or_begin_again) {
    bench_open(&at, &(bench_settings){.keys = true});
    char id[64], path[100], retry[120];
    vo_exchange x = with_key(post("/api/v1/jobs", training), at.key[2]);
    EXPECT(&at, &x, 403, "admin");
    x = with_key(post("/api/v1/jobs", training), at.key[3]);
    cr_expect_eq(send(&at, &x), 202, "%s", answer(&x));
    job_id(&x, id);
    done(&at, &x);
    snprintf(path, sizeof path, "/api/v1/jobs/%s", id);
    snprintf(retry, sizeof retry, "%s/retry", path);
    x = with_key(ask("DELETE", path), at.key[2]);
    EXPECT(&at, &x, 403, "a job of kind train takes a key of scope admin");
    x = with_key(ask("GET", path), at.key[1]);
    EXPECT(&at, &x, 200, "\"queued\"");
    x = with_key(ask("DELETE", path), at.key[3]);
    EXPECT(&at, &x, 200, "\"cancelled\"");
    x = with_key(ask("POST", retry), at.key[2]);
    EXPECT(&at, &x, 403, "a job of kind train takes a key of scope admin");
    x = with_key(ask("POST", retry), at.key[3]);
    EXPECT(&at, &x, 202, "\"queued\"");
    x = with_key(ask("DELETE", "/api/v1/jobs/j_00000000000000000000000000"), at.key[2]);
    EXPECT(&at, &x, 404, "");
    x = with_key(post("/api/v1/jobs", order), at.key[2]); /* its own it may */
    cr_expect_eq(send(&at, &x), 202, "%s", answer(&x));
    job_id(&x, id);
    done(&at, &x);
    snprintf(path, sizeof path, "/api/v1/jobs/%s", id);
    x = with_key(ask("DELETE", path), at.key[2]);
    EXPECT(&at, &x, 200, "\"cancelled\"");
    bench_close(&at);
}

Test(service, while_the_state_database_is_stuck_routes_of_jobs_say_so_and_plans_go_on) {
    bench_open(&at, &(bench_settings){.threads = 1});
    vo_gate *g = vo_service_gate(at.service);
    cr_assert(vo_gate_enter(g)); /* one is stuck in there */
    vo_exchange x = ask("GET", "/api/v1/jobs");
    cr_expect_eq(send(&at, &x), 503, "%s", answer(&x));
    cr_expect_str_eq(header(&x, "Retry-After"), "2");
    done(&at, &x);
    x = post("/optimize", day);
    EXPECT(&at, &x, 200, "schedule");
    vo_gate_leave(g, true);
    x = ask("GET", "/api/v1/jobs");
    EXPECT(&at, &x, 200, "jobs");
    bench_close(&at);
}

Test(service, the_same_idempotency_key_is_the_same_job_however_it_is_written) {
    bench_open(&at, &(bench_settings){0});
    char first[64], second[64];
    vo_exchange x = post("/api/v1/jobs", order);
    x.idempotency_key = "k-1";
    cr_expect_eq(send(&at, &x), 202);
    job_id(&x, first);
    done(&at, &x);
    x = post("/api/v1/jobs",
             "{\"kind\": \"optimize\", \"request\": {\"battery_params\": {\"power_mw\": 2.0,\n"
             "\"capacity_mwh\": 4}, \"prices\": [1, 2, 3]}}");
    x.idempotency_key = "k-1";
    cr_expect_eq(send(&at, &x), 200, "%s", answer(&x));
    job_id(&x, second);
    cr_expect_str_eq(first, second);
    done(&at, &x);
    x = post("/api/v1/jobs", "{\"kind\":\"optimize\",\"request\":{\"battery_params\":{"
                             "\"power_mw\":3,\"capacity_mwh\":4},\"prices\":[1,2,3]}}");
    x.idempotency_key = "k-1";
    EXPECT(&at, &x, 409, "");
    cr_expect_eq(at.jobs_added, 1);
    bench_close(&at);
}

Test(service, a_job_whose_request_is_wrong_is_refused_before_it_is_one) {
    bench_open(&at, &(bench_settings){0});
    static const char *const wrong[] = {
        "{\"kind\":\"optimize\",\"request\":{\"prices\":\"x\"}}",
        "{\"kind\":\"nothing\",\"request\":{}}",
        "{\"kind\":\"optimize\"}",
        ("{\"kind\":\"fetch\",\"request\":{\"client\":\"batu\","
         "\"base_url\":\"http://10.0.0.1\"}}"),
    };
    for (size_t i = 0; i < 4; i++) {
        vo_exchange x = post("/api/v1/jobs", wrong[i]);
        EXPECT(&at, &x, 400, "errors");
    }
    vo_exchange x = ask("GET", "/api/v1/jobs");
    EXPECT(&at, &x, 200, "\"jobs\":[]");
    cr_expect_eq(at.jobs_added, 0);
    bench_close(&at);
}

Test(service, a_job_that_is_not_there_is_404) {
    bench_open(&at, &(bench_settings){0});
    vo_exchange x = ask("GET", "/api/v1/jobs/j_01K00000000000000000000000");
    EXPECT(&at, &x, 404, "j_01K00000000000000000000000");
    x = ask("GET", "/api/v1/jobs/x");
    EXPECT(&at, &x, 400, "id");
    bench_close(&at);
}

Test(service, jobs_are_listed_page_by_page_newest_first) {
    bench_open(&at, &(bench_settings){0});
    char id[5][64], query[120];
    for (int i = 0; i < 5; i++) {
        vo_exchange x = post("/api/v1/jobs", order);
        cr_assert_eq(send(&at, &x), 202);
        job_id(&x, id[i]);
        done(&at, &x);
    }
    vo_exchange x = ask("GET", "/api/v1/jobs");
    x.query = "limit=3";
    cr_expect_eq(send(&at, &x), 200);
    for (int i = 0; i < 5; i++) cr_expect_eq(says(&x, id[i]), i >= 2);
    cr_expect_not(says(&x, "\"next\":null"));
    done(&at, &x);
    snprintf(query, sizeof query, "limit=3&before=%s", id[2]);
    x = ask("GET", "/api/v1/jobs");
    x.query = query;
    cr_expect_eq(send(&at, &x), 200);
    for (int i = 0; i < 5; i++) cr_expect_eq(says(&x, id[i]), i < 2);
    cr_expect(says(&x, "\"next\":null"));
    done(&at, &x);
    bench_close(&at);
}

/* ---- its beginning ------------------------------------------------------------------------------------ */

Test(service, a_document_that_lacks_an_operation_is_refused_at_the_start) {
    static const char poor[] =
        "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"x\",\"version\":\"1\"},\"paths\":{"
        "\"/"
        "healthz\":{\"get\":{\"operationId\":\"healthz\",\"x-volteo-scope\":\"none\","
        "\"security\":[],"
        "\"x-volteo-run\":\"loop\",\"x-volteo-cost\":1,\"responses\":{\"200\":{\"description\":"
        "\"ok\"}}}}}}";
    vo_error err = {0};
    vo_openapi *api = NULL;
    vo_service *v = NULL;
    ok(vo_openapi_load(poor, sizeof poor - 1, &api, &err), &err);
    vo_service_settings s = vo_service_settings_default();
    s.api = api;
    cr_expect_eq(vo_service_create(&s, &v, &err), VO_EINVAL);
    cr_expect_str_eq(err.msg, "openapi.json lacks operationId optimize");
    cr_expect_null(v);
    vo_openapi_free(api);
}

Test(service, callers_without_a_key_count_by_their_network) {
    static const struct {
        const char *peer;
        int status;
    } row[] = {{"2001:db8:1:2::1", 200}, {"2001:db8:1:2:ffff::9", 429}, /* the same /64 */
               {"2001:db8:1:3::1", 200}, {"::ffff:192.0.2.1", 200},
               {"192.0.2.1", 429},       {"192.0.2.2", 200}};
    bench_open(&at, &(bench_settings){.rate_per_s = 0.001, .burst = 5});
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        vo_exchange x = post("/optimize", day);
        x.peer = row[i].peer;
        cr_expect_eq(send(&at, &x), row[i].status, "%s: %d", row[i].peer, x.status);
        done(&at, &x);
    }
    bench_close(&at);
}
