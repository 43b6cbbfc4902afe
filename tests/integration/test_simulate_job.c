/* test_simulate_job.c -- homes on a tariff, as a job of a server that runs in a folder where nothing
 * of ours lies. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "port/clock.h"
#include "port/pause.h"
#include "support/served.h"

static served at;
static char away[DATA_PATH];

static reply ask(const char *method, const char *target, const char *body, int status) {
    reply r = served_ask(&at, method, target, NULL, body);
    cr_assert_eq(r.status, status, "%s %s: %s", method, target, r.text ? r.text : "");
    return r;
}

/* Adds the job and waits until it is over: its answer, whatever became of it. */
static reply done(const char *order) {
    char path[120], id[64];
    reply r = ask("POST", "/api/v1/jobs", order, 202);
    const char *from = strstr(r.body, "\"id\":\"");
    cr_assert_not_null(from);
    from += strlen("\"id\":\"");
    snprintf(id, sizeof id, "%.*s", (int)strcspn(from, "\""), from);
    snprintf(path, sizeof path, "/api/v1/jobs/%s", id);
    const double until_s = vo_clock_monotonic_s() + 30;
    do {
        reply_drop(&r);
        vo_pause_s(0.02);
        r = ask("GET", path, NULL, 200);
    } while (
        (strstr(r.body, "\"state\":\"queued\"") || strstr(r.body, "\"state\":\"running\"")) &&
        vo_clock_monotonic_s() < until_s);
    if (!strstr(r.body, "\"state\":\"done\"")) return r;
    reply_drop(&r);
    snprintf(path, sizeof path, "/api/v1/jobs/%s/result", id);
    return ask("GET", path, NULL, 200);
}

/* Neither as a job nor at once. */
static void refused(const char *request, const char *says) {
    char order[200];
    snprintf(order, sizeof order, "{\"kind\":\"simulate\",\"request\":%s}", request);
    const char *const target[] = {"/api/v1/jobs", "/api/v1/simulate"};
    for (size_t i = 0; i < 2; i++) {
        reply r = served_ask(&at, "POST", target[i], NULL, i == 0 ? order : request);
        cr_expect(r.status == 422 || r.status == 400 || r.status == 404, "%s: %d", request,
                  r.status);
        cr_expect(strstr(r.body, says), "%s: %s", request, r.body);
        reply_drop(&r);
    }
}

Test(simulate_job, a_server_knows_the_tariffs_wherever_it_runs, .timeout = 60) {
    cr_assert(temporary_folder(away));
    cr_assert_eq(chdir(away), 0);
    cr_assert(served_start(&at, VOLTEO_PROGRAM, NULL));
    reply r = done("{\"kind\":\"simulate\",\"request\":{\"homes\":1,"
                   "\"tariff\":\"flat_peak_off_peak\"}}");
    cr_expect(strstr(r.body, "\"schedule\":\"flat_peak_off_peak\""), "%s", r.body);
    reply_drop(&r);
    r = done("{\"kind\":\"simulate\",\"request\":{\"homes\":4,\"matching\":\"pay_as_bid\"}}");
    cr_expect(strstr(r.body, "\"matching\":\"pay_as_bid\"") && strstr(r.body, "\"split\":{"),
              "%s", r.body);
    reply_drop(&r);
    refused("{\"homes_from\":\"/etc\"}", "homes_from");
    refused("{\"parquet\":\"/tmp/x\"}", "parquet");
    refused("{\"homes\":1,\"tariff\":\"e_tou_z\"}", "pge_e_tou_c_2026-03-01");
    refused("{\"homes\":1,\"scenario\":\"snow\"}", "heat_wave");
    refused("{\"homes\":1,\"forecaster\":\"lear\"}", "load_gbt=MODEL");
    r = served_ask(&at, "POST", "/api/v1/simulate", NULL, "{\"homes\":1000,\"days\":366}");
    cr_expect(r.status == 400 || r.status == 422, "%d", r.status);
    cr_expect(strstr(r.body, "as a job"), "%s", r.body);
    reply_drop(&r);
    refused("{\"matching\":\"auction\"}", "matching");
    refused("{\"horizon\":4,\"replan_every\":5}", "replan_every");
    cr_expect_eq(served_stop(&at, SIGTERM), 0);
    served_remove(&at);
    cr_assert_eq(chdir("/"), 0);
    temporary_folder_remove(away);
}
