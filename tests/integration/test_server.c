/* The service as its clients see it: the program is started on a free port with folders of its
 * own, and asked over sockets. */
#define _XOPEN_SOURCE 700
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "port/clock.h"
#include "port/http.h"
#include "port/pause.h"
#include "store/api_keys.h"
#include "support/served.h"

static served at;

static void start(const char *const *flag) {
    if (served_start(&at, VOLTEO_PROGRAM, flag)) return;
    char *log = served_log(&at);
    cr_assert(false, "the server did not start: %s", log);
}

static void stop(void) {
    const int code = served_stop(&at, SIGTERM);
    char *log = served_log(&at);
    cr_expect_eq(code, 0, "%d: %s", code, log);
    free(log);
    served_remove(&at);
}

/* Asks, and expects this status and these words in the answer. */
static void expect(const char *method, const char *target, const char *headers,
                   const char *body, int status, const char *words) {
    reply r = served_ask(&at, method, target, headers, body);
    cr_expect_eq(r.status, status, "%s %s: %d, not %d: %.600s", method, target, r.status,
                 status, r.text ? r.text : "");
    cr_expect(r.body && strstr(r.body, words), "%s %s: no %s in %.600s", method, target, words,
              r.text ? r.text : "");
    reply_drop(&r);
}

/* The text between `before` and the next quote, of the body. */
static void word_after(const reply *r, const char *before, char *out, size_t size) {
    const char *from = r->body ? strstr(r->body, before) : NULL;
    cr_assert_not_null(from, "%s: %s", before, r->text ? r->text : "");
    from += strlen(before);
    snprintf(out, size, "%.*s", (int)strcspn(from, "\""), from);
}

static void add_job(const char *order, char id[64]) {
    reply r = served_ask(&at, "POST", "/api/v1/jobs", NULL, order);
    cr_assert_eq(r.status, 202, "%s", r.text);
    word_after(&r, "\"id\":\"", id, 64);
    reply_drop(&r);
}

/* Asks again until the job is over; its state. */
static void wait_job(const char *id, char state[32]) {
    char path[120];
    const double until_s = vo_clock_monotonic_s() + 60;
    snprintf(path, sizeof path, "/api/v1/jobs/%s", id);
    for (;;) {
        reply r = served_ask(&at, "GET", path, NULL, NULL);
        cr_assert_eq(r.status, 200, "%s", r.text);
        word_after(&r, "\"state\":\"", state, 32);
        const bool over = strcmp(state, "queued") != 0 && strcmp(state, "running") != 0;
        if (over) {
            reply_drop(&r);
            return;
        }
        cr_assert(vo_clock_monotonic_s() < until_s, "%s", r.text);
        reply_drop(&r);
        vo_pause_s(0.02);
    }
}

#define BATTERY "\"battery_params\":{\"power_mw\":2,\"capacity_mwh\":4,\"efficiency\":0.85}"
static const char four[] = "{" BATTERY ",\"prices\":[100,50,200,-100]}";
static const char order[] =
    "{\"kind\":\"optimize\",\"request\":{" BATTERY ",\"prices\":[100,50,200,-100]}}";

/* A compare that takes a good while; malloc'ed. */
static char *long_request(const char *before, const char *after, size_t hours) {
    char *text = malloc(hours * 4 + 600);
    cr_assert_not_null(text);
    int n = sprintf(text,
                    "%s{" BATTERY ",\"policies\":[\"mpc:naive_week\",\"spread\"],"
                    "\"start\":\"2024-01-01\",\"interval_minutes\":60,\"prices\":[",
                    before);
    for (size_t i = 0; i < hours; i++)
        n += sprintf(text + n, "%s%d", i ? "," : "", (int)(i * 7919 % 97));
    sprintf(text + n, "]}%s", after);
    return text;
}

/* ---- routes ------------------------------------------------------------------------------ */

Test(server, every_route_answers, .timeout = 120) {
    start(NULL);
    expect("GET", "/healthz", NULL, NULL, 200, "ok");
    expect("GET", "/readyz", NULL, NULL, 200, "ready");
    expect("GET", "/openapi.json", NULL, NULL, 200, "\"openapi\"");
    expect("GET", "/docs", NULL, NULL, 200, "<html");
    expect("POST", "/optimize", NULL, four, 200, "\"profit\":464.705882352");
    char *month = long_request("", "", 24 * 28);
    expect("POST", "/api/v1/compare", NULL, month, 200, "mpc:naive_week");
    expect("POST", "/api/v1/backtest", NULL, month, 200, "\"days\"");
    free(month);
    expect("POST", "/api/v1/decide", NULL,
           "{" BATTERY ",\"policy\":\"threshold\",\"prices\":[31,29,28,27,28,33,45,60,72,55,40,"
           "30,22,18,20,28,44,70,95,110,88,62,45,36]}",
           200, "\"confidence\"");
    expect("POST", "/api/v1/prices", NULL,
           "{\"market\":\"DESK\",\"process\":\"DA\",\"node\":\"HUB1\",\"tz\":\"UTC\","
           "\"currency\":\"USD\",\"start\":\"2025-03-01T00:00:00Z\",\"interval_minutes\":60,"
           "\"prices\":[41.5,39.25,38,40]}",
           200, "HUB1");
    expect("GET", "/api/v1/markets", NULL, NULL, 200, "DESK");
    expect("GET", "/api/v1/nodes?market=DESK", NULL, NULL, 200, "HUB1");
    expect("GET", "/api/v1/prices?market=DESK&node=HUB1", NULL, NULL, 200, "39.25");
    expect("GET", "/api/v1/prices?market=DESK&node=HUB1&format=csv", NULL, NULL, 200, "39.25");
    expect("GET", "/api/v1/prices?market=DESK&node=HUB1&format=parquet", NULL, NULL, 200,
           "PAR1");
    expect("GET", "/api/v1/models", NULL, NULL, 200, "\"registered\"");
    expect("GET", "/api/v1/models/nothing", NULL, NULL, 404, "nothing");
    expect("POST", "/api/v1/models/nothing/promote", NULL, "{\"reason\":\"x\"}", 404,
           "nothing");
    expect("POST", "/api/v1/models/nothing/rollback", NULL, "{\"reason\":\"x\"}", 404,
           "nothing");
    expect("GET", "/api/v1/jobs", NULL, NULL, 200, "\"jobs\":[]");
    expect("GET", "/api/v1/events", NULL, NULL, 426, "WebSocket");
    expect("GET", "/metrics", NULL, NULL, 200, "volteo_http_requests_total{");
    expect("HEAD", "/healthz", NULL, NULL, 200, "");
    stop();
}

Test(server, a_table_is_trained_by_a_job_and_decides_after, .timeout = 120) {
    start(NULL);
    char id[64], state[32];
    char *train = malloc(40000);
    int n = sprintf(train, "{\"what\":\"q\",\"id\":\"desk\",\"episodes\":20," BATTERY
                           ",\"start\":\"2024-01-01\",\"interval_minutes\":60,\"prices\":[");
    for (int i = 0; i < 24 * 60; i++) n += sprintf(train + n, "%s%d", i ? "," : "", i % 24 * 5);
    sprintf(train + n, "]}");
    reply r = served_ask(&at, "POST", "/api/v1/models/train", NULL, train);
    free(train);
    cr_assert_eq(r.status, 202, "%s", r.text);
    cr_expect(strncmp(reply_header(&r, "Location"), "/api/v1/jobs/j_", 15) == 0);
    word_after(&r, "\"id\":\"", id, sizeof id);
    reply_drop(&r);
    wait_job(id, state);
    char path[120];
    snprintf(path, sizeof path, "/api/v1/jobs/%s/result", id);
    expect("GET", path, NULL, NULL, 200, "desk");
    cr_expect_str_eq(state, "done");
    expect("GET", "/api/v1/models/desk", NULL, NULL, 200, "rl_battery");
    expect("POST", "/api/v1/models/desk/promote", NULL, "{\"reason\":\"first\"}", 422,
           "is champion already");
    stop();
}

/* ---- jobs and events --------------------------------------------------------------------- */

/* Reads events until one has both texts; how many were read. */
static int hear_until(int fd, const char *one, const char *two) {
    for (int n = 1;; n++) {
        int code = 0;
        char *text = served_hear(fd, 30, &code);
        cr_assert_not_null(text, "no event %s %s (closed: %d)", one, two, code);
        const bool found = strstr(text, one) && strstr(text, two);
        free(text);
        if (found) return n;
    }
}

Test(server, a_listener_hears_a_job_begin_and_end, .timeout = 60) {
    start(NULL);
    int fd = -1, code = 0;
    char id[64], state[32], path[120];
    cr_assert_eq(served_listen(&at, "/api/v1/events", NULL, &fd), 101);
    cr_assert(served_say(fd, "{\"subscribe\":[\"job\"]}"));
    add_job(order, id);
    hear_until(fd, id, "\"done\"");
    wait_job(id, state);
    cr_expect_str_eq(state, "done");
    snprintf(path, sizeof path, "/api/v1/jobs/%s/result", id);
    expect("GET", path, NULL, NULL, 200, "\"profit\":464.705882352");
    /* Who comes later and has seen nothing gets it all again. */
    int late = -1;
    cr_assert_eq(served_listen(&at, "/api/v1/events?last_event_id=0", NULL, &late), 101);
    hear_until(late, id, "\"done\"");
    close(late);
    cr_expect_eq(served_stop(&at, SIGTERM), 0);
    while (served_hear(fd, 10, &code)) {
    }
    cr_expect_eq(code, 1001);
    close(fd);
    served_remove(&at);
}

Test(server, prices_that_come_in_are_told, .timeout = 60) {
    start(NULL);
    int fd = -1;
    cr_assert_eq(served_listen(&at, "/api/v1/events", NULL, &fd), 101);
    cr_assert(served_say(fd, "{\"subscribe\":[\"price\"],\"about\":[\"HUB1\"]}"));
    expect("POST", "/api/v1/prices", NULL,
           "{\"market\":\"DESK\",\"process\":\"DA\",\"node\":\"HUB1\",\"tz\":\"UTC\","
           "\"start\":\"2025-03-01T00:00:00Z\",\"interval_minutes\":60,"
           "\"prices\":[41.5,39.25,38,40]}",
           200, "HUB1");
    hear_until(fd, "\"event\":\"price\"", "\"market\":\"DESK\"");
    close(fd);
    stop();
}

Test(server, two_servers_on_one_state_share_jobs_and_events, .timeout = 60) {
    static const char *const no_jobs[] = {"--job-threads", "0", NULL};
    start(no_jobs);
    served other = {0};
    memcpy(other.folder, at.folder, sizeof other.folder);
    cr_assert(served_start(&other, VOLTEO_PROGRAM, NULL));
    int fd = -1;
    char id[64], state[32];
    cr_assert_eq(served_listen(&at, "/api/v1/events", NULL, &fd), 101);
    cr_assert(served_say(fd, "{\"subscribe\":[\"job\"]}"));
    add_job(order, id);             /* accepted here */
    hear_until(fd, id, "\"done\""); /* done there, heard here */
    wait_job(id, state);
    cr_expect_str_eq(state, "done");
    close(fd);
    cr_expect_eq(served_stop(&other, SIGTERM), 0);
    stop();
}

Test(server, a_worker_of_its_own_does_the_jobs, .timeout = 60) {
    static const char *const no_jobs[] = {"--job-threads", "0", NULL};
    static const char *const worker[] = {"worker", NULL};
    start(no_jobs);
    char id[64], state[32];
    add_job(order, id);
    const pid_t pid = served_run(&at, VOLTEO_PROGRAM, worker, "worker.log");
    wait_job(id, state);
    cr_expect_str_eq(state, "done");
    cr_expect_eq(served_end(pid, SIGTERM), 0);
    stop();
}

Test(server, a_job_that_was_accepted_outlives_a_kill, .timeout = 90) {
    static const char *const no_jobs[] = {"--job-threads", "0", NULL};
    start(no_jobs);
    char id[64], state[32];
    add_job(order, id);
    cr_expect_eq(served_stop(&at, SIGKILL), 128 + SIGKILL);
    start(NULL);
    wait_job(id, state);
    cr_expect_str_eq(state, "done");
    stop();
}

Test(server, a_running_job_can_be_cancelled, .timeout = 90) {
    start(NULL);
    char id[64], state[32], path[120];
    char *work = long_request("{\"kind\":\"compare\",\"request\":", "}", 24 * 12000);
    add_job(work, id);
    free(work);
    snprintf(path, sizeof path, "/api/v1/jobs/%s", id);
    reply r = served_ask(&at, "DELETE", path, NULL, NULL);
    cr_expect(r.status == 200 || r.status == 202, "%s", r.text);
    reply_drop(&r);
    wait_job(id, state);
    cr_expect_str_eq(state, "cancelled");
    stop();
}

/* ---- its end ------------------------------------------------------------------------------ */

Test(server, what_is_under_way_is_answered_when_it_is_told_to_stop, .timeout = 90) {
    static const char *const flag[] = {"--threads", "2", NULL};
    start(flag);
    char *work = long_request("", "", 24 * 4000);
    const int fd = served_send(&at, "POST", "/api/v1/compare", NULL, work);
    free(work);
    /* Until a thread has it; not once, as who has just replied may still be counted. */
    for (int busy = 0; busy < 4;) {
        reply r = served_ask(&at, "GET", "/metrics", NULL, NULL);
        cr_assert_eq(r.status, 200);
        busy = strstr(r.body, "volteo_pool_busy 1") ? busy + 1 : 0;
        reply_drop(&r);
    }
    kill(at.pid, SIGTERM);
    reply r = served_receive(fd);
    cr_expect_eq(r.status, 200, "%.300s", r.text ? r.text : "nothing");
    cr_expect(r.body && r.len == (size_t)atol(reply_header(&r, "Content-Length")));
    reply_drop(&r);
    cr_expect_eq(served_stop(&at, 0), 0);
    reply after = served_ask(&at, "GET", "/healthz", NULL, NULL);
    cr_expect_eq(after.status, 0);
    reply_drop(&after);
    served_remove(&at);
}

/* ---- limits -------------------------------------------------------------------------------- */

Test(server, a_full_server_says_503_at_once_and_answers_those_it_took, .timeout = 120) {
    static const char *const flag[] = {"--threads", "1", "--line", "1", NULL};
    start(flag);
    enum { N = 6 };
    int fd[N], took = 0, full = 0;
    char *work = long_request("", "", 24 * 60);
    for (int i = 0; i < N; i++) fd[i] = served_send(&at, "POST", "/api/v1/compare", NULL, work);
    free(work);
    expect("GET", "/healthz", NULL, NULL, 200, "ok");
    for (int i = 0; i < N; i++) {
        reply r = served_receive(fd[i]);
        took += r.status == 200;
        if (r.status == 503) {
            full++;
            cr_expect_str_eq(reply_header(&r, "Retry-After"), "1");
        }
        reply_drop(&r);
    }
    cr_expect_eq(took + full, N);
    cr_expect(took >= 1 && full >= 1, "%d answered, %d refused", took, full);
    stop();
}

Test(server, more_than_the_rate_is_429, .timeout = 60) {
    static const char *const flag[] = {"--rate", "1", "--burst", "10", NULL};
    start(flag);
    int granted = 0, refused = 0;
    for (int i = 0; i < 6; i++) { /* 5 each */
        char header[60];          /* who says that he is somebody else is not */
        snprintf(header, sizeof header, "X-Forwarded-For: 192.0.2.%d\r\n", i);
        reply r = served_ask(&at, "POST", "/optimize", header, four);
        granted += r.status == 200;
        refused += r.status == 429 && atoi(reply_header(&r, "Retry-After")) >= 1;
        reply_drop(&r);
    }
    cr_expect(granted >= 2 && granted <= 4, "%d", granted);
    cr_expect_eq(granted + refused, 6);
    stop();
}

Test(server, a_body_beyond_the_limit_is_413, .timeout = 60) {
    static const char *const flag[] = {"--max-body", "2000", NULL};
    start(flag);
    char *work = long_request("", "", 24 * 60);
    expect("POST", "/optimize", NULL, work, 413, "");
    free(work);
    expect("POST", "/optimize", NULL, four, 200, "profit");
    stop();
}

/* ---- keys and TLS ---------------------------------------------------------------------------- */

static void make_key(int32_t scope, char text[VO_KEY_TEXT], char id[VO_KEY_ID]) {
    char state[DATA_PATH + 20];
    vo_database *db = NULL;
    vo_error err = {0};
    vo_api_key wanted = {.name = "test", .scope = scope}, made;
    if (!at.folder[0]) cr_assert(temporary_folder(at.folder));
    snprintf(state, sizeof state, "%s/state.db", at.folder);
    cr_assert_eq(vo_database_open(state, &db, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_api_keys_migrate(db, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_api_keys_create(db, &wanted, vo_clock_utc_ms(), text, &made, &err), VO_OK,
                 "%s", err.msg);
    snprintf(id, VO_KEY_ID, "%s", made.id);
    vo_database_close(db);
}

static void revoke(const char *id) {
    char state[DATA_PATH + 20];
    vo_database *db = NULL;
    snprintf(state, sizeof state, "%s/state.db", at.folder);
    cr_assert_eq(vo_database_open(state, &db, NULL), VO_OK);
    cr_assert_eq(vo_api_keys_revoke(db, id, vo_clock_utc_ms(), NULL), VO_OK);
    vo_database_close(db);
}

Test(server, keys_open_what_their_scope_says_until_they_are_revoked, .timeout = 60) {
    static const char *const flag[] = {"--auth", "on", NULL};
    char read[VO_KEY_TEXT], trade[VO_KEY_TEXT], id[VO_KEY_ID], header[200];
    make_key(VO_KEY_READ, read, id);
    make_key(VO_KEY_TRADE, trade, id);
    start(flag);
    reply r = served_ask(&at, "POST", "/optimize", NULL, four);
    cr_expect_eq(r.status, 401);
    cr_expect_str_eq(reply_header(&r, "WWW-Authenticate"), "Bearer");
    reply_drop(&r);
    expect("GET", "/healthz", NULL, NULL, 200, "ok");
    snprintf(header, sizeof header, "X-Api-Key: %s\r\n", read);
    expect("POST", "/optimize", header, four, 200, "profit");
    expect("POST", "/api/v1/jobs", header, order, 403, "scope");
    snprintf(header, sizeof header, "Authorization: Bearer %s\r\n", trade);
    expect("POST", "/api/v1/jobs", header, order, 202, "queued");
    int fd = -1;
    cr_expect_eq(served_listen(&at, "/api/v1/events", NULL, &fd), 401);
    close(fd);
    cr_expect_eq(served_listen(&at, "/api/v1/events", header, &fd), 101);
    close(fd);
    revoke(id);
    const double until_s = vo_clock_monotonic_s() + 20;
    for (int status = 0; status != 401;) {
        r = served_ask(&at, "GET", "/api/v1/jobs", header, NULL);
        status = r.status;
        reply_drop(&r);
        cr_assert(vo_clock_monotonic_s() < until_s, "the key still opens");
        vo_pause_s(0.05);
    }
    stop();
}

/* A plan costs 5 of 12, and in the test's time next to nothing grows again. */
Test(server, answers_to_a_key_say_what_is_left_of_its_rate, .timeout = 60) {
    static const char *const flag[] = {"--auth",  "on", "--rate", "0.001",
                                       "--burst", "12", NULL};
    static const struct {
        int status, left, reset_s;
    } said[] = {{200, 7, 5000}, {200, 2, 10000}, {429, 2, 10000}};
    char key[VO_KEY_TEXT], id[VO_KEY_ID], header[200];
    make_key(VO_KEY_READ, key, id);
    start(flag);
    snprintf(header, sizeof header, "X-Api-Key: %s\r\n", key);
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        reply r = served_ask(&at, "POST", "/optimize", header, four);
        cr_expect_eq(r.status, said[i].status);
        cr_expect_str_eq(reply_header(&r, "RateLimit-Limit"), "12");
        cr_expect_eq(atoi(reply_header(&r, "RateLimit-Remaining")), said[i].left);
        const int reset_s = atoi(reply_header(&r, "RateLimit-Reset"));
        cr_expect(reset_s > said[i].reset_s - 60 && reset_s <= said[i].reset_s + 1, "%d",
                  reset_s);
        reply_drop(&r);
    }
    stop();
}

Test(server, speaks_tls_with_the_certificate_it_is_given, .timeout = 60) {
    char command[3 * DATA_PATH], certificate[DATA_PATH + 20], key[DATA_PATH + 20], url[80];
    cr_assert(temporary_folder(at.folder));
    snprintf(certificate, sizeof certificate, "%s/cert.pem", at.folder);
    snprintf(key, sizeof key, "%s/key.pem", at.folder);
    snprintf(command, sizeof command,
             "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
             "-days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -keyout '%s' "
             "-out '%s' >/dev/null 2>&1",
             key, certificate);
    if (system(command) != 0) cr_skip_test("openssl is not here");
    const char *const flag[] = {"--tls-certificate", certificate, "--tls-key", key, NULL};
    start(flag);
    vo_http *h = NULL;
    vo_error err = {0};
    vo_http_reply r = {0};
    snprintf(url, sizeof url, "https://127.0.0.1:%d/healthz", at.port);
    vo_http_request q = vo_http_request_default(url);
    q.ca_file = certificate;
    cr_assert_eq(vo_http_open(&h, &err), VO_OK);
    cr_assert_eq(vo_http_send(h, &q, &r, NULL, &err), VO_OK, "%s", err.msg);
    cr_expect_eq(r.status, 200);
    cr_expect_str_eq(r.body, "{\"status\":\"ok\"}");
    vo_http_reply_fini(&r);
    vo_http_close(h);
    stop();
}

/* ---- refusals ---------------------------------------------------------------------------------- */

/* The program ends by itself with this exit code and these words. */
static void refused(const char *const *flag, int code, const char *words) {
    char path[DATA_PATH + 20];
    if (!at.folder[0]) cr_assert(temporary_folder(at.folder));
    snprintf(path, sizeof path, "%s/log", at.folder);
    remove(path);
    const char *argument[20] = {"serve"};
    for (size_t i = 0; flag[i]; i++) argument[i + 1] = flag[i];
    const pid_t pid = served_run(&at, VOLTEO_PROGRAM, argument, "log");
    const int got = served_end(pid, 0);
    char *log = served_log(&at);
    cr_expect_eq(got, code, "%s: %d, not %d: %s", words, got, code, log);
    cr_expect(strstr(log, words), "no %s in %s", words, log);
    free(log);
}

#define REFUSED(code, words, ...)                                                              \
    do {                                                                                       \
        const char *const flag_[] = {__VA_ARGS__, NULL};                                       \
        refused(flag_, code, words);                                                           \
    } while (0)

Test(server, refuses_in_words_what_it_cannot_serve_with, .timeout = 120) {
    char port[40];
    REFUSED(2, "volteo keys create", "--listen", ":0", "--auth", "off");
    REFUSED(2, "ADDRESS:PORT", "--listen", "nowhere");
    REFUSED(2, "--threads", "--threads", "many");
    REFUSED(2, "on, off or auto", "--auth", "perhaps");
    REFUSED(2, "tls_key", "--tls-certificate", "/nothing.pem");
    REFUSED(2, "nothing.pem", "--tls-certificate", "/nothing.pem", "--tls-key", "/nothing.pem",
            "--listen", "127.0.0.1:0");
    REFUSED(2, "no flag", "--listen", "127.0.0.1:0", "more");
    REFUSED(2, "log_level", "--listen", "127.0.0.1:0", "--log-level", "loud");
    start(NULL);
    snprintf(port, sizeof port, "127.0.0.1:%d", at.port);
    REFUSED(1, "is taken", "--listen", port);
    stop();
}

Test(server, a_timetable_that_could_not_be_done_is_refused_at_the_start, .timeout = 60) {
    static const struct {
        const char *text, *words;
    } row[] = {
        {"schedules:\n  - {name: a, cron: \"0 3 * * *\", kind: sing, request: {}}\n", "sing"},
        {"schedules:\n  - {name: a, cron: \"61 3 * * *\", kind: retrain, request: {}}\n",
         "cron"},
        {"schedules:\n  - {name: a, cron: \"0 3 * * *\", kind: retrain, request: {prices_file: "
         "x}}\n",
         "schedules[0]"},
    };
    char path[DATA_PATH + 20];
    cr_assert(temporary_folder(at.folder));
    snprintf(path, sizeof path, "%s/t.yaml", at.folder);
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        FILE *f = fopen(path, "w");
        cr_assert_not_null(f);
        fputs(row[i].text, f);
        fclose(f);
        REFUSED(2, row[i].words, "--listen", "127.0.0.1:0", "--schedules", path);
    }
    served_remove(&at);
}

Test(server, a_file_that_is_no_state_database_is_refused, .timeout = 60) {
    char command[DATA_PATH + 60];
    cr_assert(temporary_folder(at.folder));
    snprintf(command, sizeof command, "echo 'this is no database at all' > '%s/state.db'",
             at.folder);
    cr_assert_eq(system(command), 0);
    REFUSED(2, "state.db", "--listen", "127.0.0.1:0");
    served_remove(&at);
}
