/* test_state_held.c -- another process (this one) holds the state database: the server goes on with
 * whatever needs no writing, says so, and ends when it is told to. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/clock.h"
#include "port/pause.h"
#include "store/database.h"
#include "support/served.h"

#define BATTERY "\"battery_params\":{\"power_mw\":2,\"capacity_mwh\":4,\"efficiency\":0.85}"
static const char plan[] = "{" BATTERY ",\"prices\":[100,50,200,-100]}";
static const char order[] =
    "{\"kind\":\"optimize\",\"request\":{" BATTERY ",\"prices\":[100,50,200,-100]}}";

static served at;

static void start(const char *const *flag) {
    if (served_start(&at, VOLTEO_PROGRAM, flag)) return;
    char *log = served_log(&at);
    cr_assert(false, "the server did not start: %s", log);
}

static int status_of(const char *method, const char *target, const char *body) {
    reply r = served_ask(&at, method, target, NULL, body);
    const int status = r.status;
    reply_drop(&r);
    return status;
}

static void hold(vo_db_work meanwhile) {
    char path[DATA_PATH + 20];
    vo_database *db = NULL;
    vo_error err = {0};
    snprintf(path, sizeof path, "%s/state.db", at.folder);
    cr_assert_eq(vo_database_open(path, &db, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_database_transact(db, meanwhile, NULL, &err), VO_OK, "%s", err.msg);
    vo_database_close(db);
}

static void wait_ready(int status) {
    while (status_of("GET", "/readyz", NULL) != status) vo_pause_s(0.02);
}

enum { ORDERS = 6 };

/* Of old, each order would have kept a thread for ten seconds, one after the other. */
static vo_status ask_meanwhile(void *ctx, vo_database *db, vo_error *err) {
    int fd[ORDERS];
    (void)ctx, (void)db, (void)err;
    for (int i = 0; i < ORDERS; i++) {
        fd[i] = served_send(&at, "POST", "/api/v1/jobs", NULL, order);
        cr_assert_geq(fd[i], 0);
    }
    const double began_s = vo_clock_monotonic_s();
    for (int i = 0; i < 5; i++) cr_expect_eq(status_of("POST", "/optimize", plan), 200);
    const double took_s = vo_clock_monotonic_s() - began_s;
    cr_expect_lt(took_s, 4, "five plans took %.2f s", took_s);
    for (int i = 0; i < ORDERS; i++) {
        reply r = served_receive(fd[i]);
        cr_expect_eq(r.status, 503, "%s", r.text ? r.text : "");
        cr_expect_neq(reply_header(&r, "Retry-After")[0], '\0');
        reply_drop(&r);
    }
    wait_ready(503);
    cr_expect_eq(status_of("GET", "/healthz", NULL), 200);
    return VO_OK;
}

Test(state_held, threads_that_plan_are_not_kept_waiting, .timeout = 90) {
    static const char *const flag[] = {"--threads", "2", NULL};
    start(flag);
    cr_expect_eq(status_of("POST", "/api/v1/jobs", order), 202);
    hold(ask_meanwhile);
    wait_ready(200);
    while (status_of("POST", "/api/v1/jobs", order) != 202) vo_pause_s(0.02);
    cr_expect_eq(served_stop(&at, SIGTERM), 0);
    served_remove(&at);
}

static vo_status stop_meanwhile(void *ctx, vo_database *db, vo_error *err) {
    static const char *const flag[] = {"--drain", "1", NULL};
    (void)ctx, (void)db, (void)err;
    start(flag); /* its worker finds the job, and cannot take it */
    const double began_s = vo_clock_monotonic_s();
    cr_expect_eq(served_stop(&at, SIGTERM), 0);
    const double took_s = vo_clock_monotonic_s() - began_s;
    cr_expect_lt(took_s, 8, "it took %.1f s to end", took_s);
    return VO_OK;
}

Test(state_held, it_ends_in_time_though_its_threads_wait_for_the_database, .timeout = 90) {
    static const char *const none[] = {"--job-threads", "0", NULL}, *const two[] = {NULL};
    start(none);
    cr_expect_eq(status_of("POST", "/api/v1/jobs", order), 202);
    cr_expect_eq(served_stop(&at, SIGTERM), 0);
    hold(stop_meanwhile);
    start(two); /* and the job is not lost */
    for (bool done = false; !done; vo_pause_s(0.02)) {
        reply r = served_ask(&at, "GET", "/api/v1/jobs?state=done", NULL, NULL);
        done = r.body && strstr(r.body, "\"id\":\"j_");
        reply_drop(&r);
    }
    cr_expect_eq(served_stop(&at, SIGTERM), 0);
    served_remove(&at);
}
