/* test_server_life.c -- what happens to a running server while its clients look on: schedules,
 * troubles of its state database, being stopped under load. */
#define _XOPEN_SOURCE 700
#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "port/clock.h"
#include "port/http.h"
#include "port/pause.h"
#include "store/job_book.h"
#include "support/served.h"

static served at;

static void begin(void) {
    at = (served){0};
    cr_assert(temporary_folder(at.folder));
}
static void end(void) { served_remove(&at); }

static void start(served *s, const char *const *flag) {
    if (served_start(s, VOLTEO_PROGRAM, flag)) return;
    char *log = served_log(s);
    cr_assert(false, "the server did not start: %s", log);
}

static void stop(served *s) {
    const int code = served_stop(s, SIGTERM);
    char *log = served_log(s);
    cr_expect_eq(code, 0, "%d: %s", code, log);
    free(log);
}

static vo_database *open_state(void) {
    char path[DATA_PATH + 20];
    vo_database *db = NULL;
    vo_error err = {0};
    snprintf(path, sizeof path, "%s/state.db", at.folder);
    cr_assert_eq(vo_database_open(path, &db, &err), VO_OK, "%s", err.msg);
    return db;
}

static void change(const char *sql) {
    vo_error err = {0};
    vo_database *db = open_state();
    cr_assert_eq(vo_database_run(db, sql, NULL, 0, NULL, NULL, NULL, &err), VO_OK, "%s",
                 err.msg);
    vo_database_close(db);
}

static vo_status take_count(void *ctx, const vo_db_value *value, size_t n, vo_error *err) {
    (void)n, (void)err;
    *(int64_t *)ctx = value[0].integer;
    return VO_OK;
}

static int64_t count(const char *sql) {
    vo_error err = {0};
    int64_t n = -1;
    vo_database *db = open_state();
    cr_assert_eq(vo_database_run(db, sql, NULL, 0, take_count, &n, NULL, &err), VO_OK, "%s",
                 err.msg);
    vo_database_close(db);
    return n;
}

/* ---- schedules ------------------------------------------------------------------------------ */

/* A schedule that has slept an hour fires at once; each further minute that the test happens to
 * see fires too. However many: one job each, made by one of the two. */
Test(server_life, two_servers_on_one_state_make_one_job_of_a_firing, .init = begin, .fini = end,
     .timeout = 120) {
    char table[DATA_PATH + 20];
    snprintf(table, sizeof table, "%s/schedules.yaml", at.folder);
    FILE *f = fopen(table, "w");
    cr_assert_not_null(f);
    fputs("schedules:\n"
          "  - name: each_minute\n"
          "    cron: \"* * * * *\"\n"
          "    kind: optimize\n"
          "    request: {battery_params: {power_mw: 2, capacity_mwh: 4, efficiency: 0.85},"
          " prices: [100, 50, 200, -100]}\n",
          f);
    fclose(f);
    const char *const flag[] = {"--schedules", table, "--job-threads", "1", NULL};
    start(&at, flag);
    stop(&at);
    cr_assert_eq(count("SELECT COUNT(*) FROM vo_schedule WHERE name = 'each_minute'"), 1);
    change("UPDATE vo_schedule SET seen_ms = seen_ms - 3600000");
    const int64_t before = count("SELECT COUNT(*) FROM vo_job");
    served other = {0};
    memcpy(other.folder, at.folder, sizeof other.folder);
    start(&at, flag); /* each takes its first step before it listens */
    start(&other, flag);
    const double until_s = vo_clock_monotonic_s() + 60;
    while (count("SELECT COUNT(*) FROM vo_job WHERE state = 'done'") <= before) {
        cr_assert(vo_clock_monotonic_s() < until_s, "no scheduled job was done");
        vo_pause_s(0.05);
    }
    stop(&other);
    stop(&at);
    const int64_t jobs = count("SELECT COUNT(*) FROM vo_job") - before;
    cr_expect_geq(jobs, 1);
    cr_expect_leq(jobs, 3, "%d jobs: those of the missed hour were not dropped", (int)jobs);
    cr_expect_eq(count("SELECT COUNT(*) FROM vo_event WHERE event = 'schedule' AND document "
                       "LIKE '%\"made\"%'"),
                 before + jobs, "a firing that was told is a job");
}

/* ---- troubles ---------------------------------------------------------------------------------- */

Test(server_life, a_state_database_that_fails_is_told_once_and_at_readyz, .init = begin,
     .fini = end, .timeout = 120) {
    start(&at, NULL);
    const double until_s = vo_clock_monotonic_s() + 60;
    int status = 0;
    change("ALTER TABLE vo_job RENAME TO elsewhere");
    for (double since_s = 0; since_s <= 0 || vo_clock_monotonic_s() < since_s + 2.5;) {
        reply r = served_ask(&at, "GET", "/readyz", NULL, NULL);
        if (since_s <= 0 && r.status == 503) since_s = vo_clock_monotonic_s();
        status = r.status;
        reply_drop(&r);
        cr_assert(vo_clock_monotonic_s() < until_s, "it says that it is ready");
        vo_pause_s(0.02);
    }
    cr_expect_eq(status, 503);
    char *log = served_log(&at);
    int told = 0;
    for (const char *t = log; (t = strstr(t, "the state database does not answer: ")); t++)
        told++;
    cr_expect_eq(told, 1, "told %d times: %s", told, log);
    free(log);
    change("ALTER TABLE elsewhere RENAME TO vo_job");
    while (status != 200) {
        reply r = served_ask(&at, "GET", "/readyz", NULL, NULL);
        status = r.status;
        reply_drop(&r);
        cr_assert(vo_clock_monotonic_s() < until_s, "it does not get well");
        vo_pause_s(0.02);
    }
    stop(&at);
}

Test(server_life, a_state_database_that_was_removed_is_not_ready_and_takes_no_job,
     .init = begin, .fini = end, .timeout = 120) {
    static const char *const job =
        "{\"kind\":\"optimize\",\"request\":{\"battery_params\":{\"power_mw\":1,"
        "\"capacity_mwh\":2},\"prices\":[1,2]}}";
    start(&at, NULL);
    reply r = served_ask(&at, "POST", "/api/v1/jobs", NULL, job);
    cr_assert_eq(r.status, 202);
    reply_drop(&r);
    char path[DATA_PATH + 20];
    snprintf(path, sizeof path, "%s/state.db", at.folder);
    cr_assert_eq(remove(path), 0);
    r = served_ask(&at, "POST", "/api/v1/jobs", NULL, job);
    cr_expect_eq(r.status, 503);
    reply_drop(&r);
    r = served_ask(&at, "GET", "/readyz", NULL, NULL);
    cr_expect_eq(r.status, 503);
    reply_drop(&r);
    stop(&at);
}

/* ---- TLS ------------------------------------------------------------------------------------- */

enum { CLIENTS = 4 };
static char certificate[DATA_PATH + 20], base[80];
static atomic_int answered, whole, broken;
static atomic_bool halted;

/* Asks over one kept connection until the server is gone. An answer is whole or there is none. */
static void *ask_on(void *ctx) {
    vo_http *h = NULL;
    (void)ctx;
    if (vo_http_open(&h, NULL) != VO_OK) return NULL;
    for (bool goes = true; goes;) {
        char url[120];
        vo_error err = {0};
        vo_http_reply r = {0};
        snprintf(url, sizeof url, "%s/optimize", base);
        vo_http_request q = vo_http_request_default(url);
        const vo_http_header type[] = {{"Content-Type", "application/json"}};
        q.ca_file = certificate;
        q.header = type;
        q.n_headers = 1;
        q.body = "{\"battery_params\":{\"power_mw\":2,\"capacity_mwh\":4,\"efficiency\":0.85},"
                 "\"prices\":[100,50,200,-100]}";
        q.body_len = strlen(q.body);
        goes = vo_http_send(h, &q, &r, NULL, &err) == VO_OK;
        if (goes) {
            atomic_fetch_add(&answered, 1);
            const bool good = r.status == 200 && r.body && strstr(r.body, "464.705882352");
            atomic_fetch_add(good || r.status == 503 ? &whole : &broken, 1);
        }
        if (!goes && !atomic_load(&halted)) atomic_fetch_add(&broken, 1);
        vo_http_reply_fini(&r);
    }
    vo_http_close(h);
    return NULL;
}

Test(server_life, stopping_amid_tls_traffic_of_threads_breaks_no_answer, .init = begin,
     .fini = end, .timeout = 120) {
    char command[3 * DATA_PATH], key[DATA_PATH + 20];
    snprintf(certificate, sizeof certificate, "%s/cert.pem", at.folder);
    snprintf(key, sizeof key, "%s/key.pem", at.folder);
    snprintf(command, sizeof command,
             "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
             "-days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -keyout '%s' "
             "-out '%s' >/dev/null 2>&1",
             key, certificate);
    if (system(command) != 0) cr_skip_test("openssl is not here");
    const char *const flag[] = {"--tls-certificate", certificate, "--tls-key", key, NULL};
    pthread_t client[CLIENTS];
    start(&at, flag);
    snprintf(base, sizeof base, "https://127.0.0.1:%d", at.port);
    for (int i = 0; i < CLIENTS; i++)
        cr_assert_eq(pthread_create(&client[i], NULL, ask_on, NULL), 0);
    const double until_s = vo_clock_monotonic_s() + 60;
    while (atomic_load(&answered) < 10 * CLIENTS) {
        cr_assert(vo_clock_monotonic_s() < until_s, "only %d answers", atomic_load(&answered));
        vo_pause_s(0.005);
    }
    atomic_store(&halted, true);
    stop(&at);
    for (int i = 0; i < CLIENTS; i++) pthread_join(client[i], NULL);
    cr_expect_eq(atomic_load(&broken), 0, "%d broken", atomic_load(&broken));
    cr_expect_eq(atomic_load(&whole), atomic_load(&answered));
}
