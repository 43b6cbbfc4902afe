/* test_job_kinds.c -- each test states one promise of job_kinds.h. */
#include "serve/job_kinds.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/event_log.h"
#include "store/job_book.h"
#include "support/data_folder.h"

static char folder[DATA_PATH];
static vo_database *db;

static void open_folder(void) {
    char state[DATA_PATH + 20];
    vo_error err = {0};
    cr_assert(temporary_folder(folder));
    snprintf(state, sizeof state, "%s/state.db", folder);
    cr_assert_eq(vo_database_open(state, &db, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_event_log_migrate(db, &err), VO_OK, "%s", err.msg);
}

static void close_folder(void) {
    vo_database_close(db);
    temporary_folder_remove(folder);
}

TestSuite(job_kinds, .init = open_folder, .fini = close_folder);

typedef struct {
    int calls, most; /* told so often; says stop from the most-th on; 0: never */
    double last;
} listener;

static bool told(void *ctx, const char *phase, double fraction, const char *metrics) {
    listener *l = ctx;
    (void)metrics;
    cr_expect_not_null(phase);
    l->last = fraction;
    return ++l->calls < l->most || l->most == 0;
}

static vo_job_doer doer(void) {
    static char lake[DATA_PATH + 20], models[DATA_PATH + 20];
    snprintf(lake, sizeof lake, "%s/lake", folder);
    snprintf(models, sizeof models, "%s/models", folder);
    return (vo_job_doer){.lake = lake, .models = models, .engine_threads = 1, .db = db};
}

static vo_status run(const char *kind, const char *request, listener *l, char **response,
                     vo_error *err) {
    vo_job_doer d = doer();
    const vo_job_run r = {.id = "j_01K00000000000000000000000",
                          .kind = kind,
                          .request = request,
                          .attempt = 1,
                          .told = told,
                          .told_ctx = l};
    return vo_job_do(&d, &r, response, err);
}

#define BATTERY "\"battery_params\":{\"power_mw\":2,\"capacity_mwh\":4,\"efficiency\":0.85}"

/* The events of the log, as "name about document" lines. */
static vo_status append(void *ctx, const vo_event *e, vo_error *err) {
    char *text = ctx;
    (void)err;
    const size_t n = strlen(text);
    const char *own = strstr(e->document, "\"market\"");
    snprintf(text + n, 8000 - n, "%s %s %s\n", e->event, e->about, own ? own : e->document);
    return VO_OK;
}

/* Without what differs from run to run. */
static const char *events(void) {
    static char text[8000];
    text[0] = '\0';
    cr_assert_eq(vo_event_log_after(db, 0, 1000, append, text, NULL), VO_OK);
    return text;
}

Test(job_kinds, a_job_gives_what_the_engine_gives) {
    listener l = {0};
    char *response = NULL;
    vo_error err = {0};
    cr_assert_eq(
        run("optimize", "{" BATTERY ",\"prices\":[100,50,200,-100]}", &l, &response, &err),
        VO_OK, "%s", err.msg);
    cr_expect(strstr(response, "\"profit\":464.705882352"), "%s", response);
    free(response);
}

Test(job_kinds, a_kind_that_is_not_there_is_refused_by_name) {
    listener l = {0};
    char *response = NULL;
    vo_error err = {0};
    cr_expect_eq(run("sing", "{}", &l, &response, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "\"sing\""));
    cr_expect_null(response);
}

Test(job_kinds, every_kind_is_found_by_its_name) {
    size_t n = 0;
    const vo_job_kind_row *row = vo_job_kind_list(&n);
    cr_expect_eq((int)n, 8);
    for (size_t i = 0; i < n; i++) {
        cr_expect_eq(vo_job_kind_find(row[i].name), &row[i]);
        cr_expect_not_null(row[i].call);
        cr_expect(row[i].scope == VO_SCOPE_TRADE || row[i].scope == VO_SCOPE_ADMIN);
        cr_expect(strlen(row[i].name) < VO_JOB_KIND);
    }
    cr_expect_null(vo_job_kind_find(""));
}

Test(job_kinds, a_request_that_is_no_object_is_refused) {
    listener l = {0};
    char *response = NULL;
    vo_error err = {0};
    cr_expect_eq(run("optimize", "[1]", &l, &response, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "JSON object"));
}

Test(job_kinds, a_job_that_is_told_to_stop_stops) {
    listener l = {.most = 1};
    char *response = NULL, *request = malloc(40000);
    vo_error err = {0};
    int n = sprintf(request, "{" BATTERY ",\"policies\":[\"mpc:naive_week\"],"
                             "\"start\":\"2024-01-01\",\"interval_minutes\":60,\"prices\":[");
    for (int i = 0; i < 24 * 60; i++) n += sprintf(request + n, "%s%d", i ? "," : "", i % 97);
    sprintf(request + n, "]}");
    cr_expect_eq(run("compare", request, &l, &response, &err), VO_ECANCELED, "%s", err.msg);
    cr_expect_eq(l.calls, 1);
    cr_expect_null(response);
    free(request);
}

/* The second attempt of a job finds what the first has registered. */
Test(job_kinds, a_training_tells_its_progress_and_is_made_once) {
    listener l = {0};
    char *first = NULL, *second = NULL, *list = NULL, *request = malloc(40000);
    vo_error err = {0};
    int n = sprintf(request, "{\"what\":\"q\",\"id\":\"desk\",\"episodes\":20," BATTERY
                             ",\"start\":\"2024-01-01\",\"interval_minutes\":60,\"prices\":[");
    for (int i = 0; i < 24 * 60; i++) n += sprintf(request + n, "%s%d", i ? "," : "", i % 24);
    sprintf(request + n, "]}");
    cr_assert_eq(run("train", request, &l, &first, &err), VO_OK, "%s", err.msg);
    cr_expect(l.calls > 0);
    cr_expect(strstr(events(), "\"event\":\"model_training_progress\""), "%s", events());
    cr_assert_eq(run("train", request, &l, &second, &err), VO_OK, "%s", err.msg);
    vo_engine *e = NULL;
    const vo_job_doer d = doer();
    vo_engine_options o = vo_engine_options_default();
    o.models = d.models;
    cr_assert_eq(vo_engine_open(&o, &e, &err), VO_OK);
    cr_assert_eq(vo_engine_models_list(e, "{\"id\":\"desk\"}", &list, &err), VO_OK, "%s",
                 err.msg);
    int versions = 0;
    for (const char *at = list; (at = strstr(at, "\"version\":\"v")); at++) versions++;
    cr_expect_eq(versions, 1, "%s", list);
    vo_engine_close(e);
    free(list);
    free(first);
    free(second);
    free(request);
}

/* Events may be without an id in the request: the model has one all the same. */
Test(job_kinds, a_training_without_an_id_is_told_under_the_id_that_it_gets) {
    listener l = {0};
    char *response = NULL, *request = malloc(40000), wanted[80];
    vo_error err = {0};
    int n = sprintf(request, "{\"what\":\"q\",\"episodes\":20," BATTERY
                             ",\"start\":\"2024-01-01\",\"interval_minutes\":60,\"prices\":[");
    for (int i = 0; i < 24 * 60; i++) n += sprintf(request + n, "%s%d", i ? "," : "", i % 24);
    sprintf(request + n, "]}");
    cr_assert_eq(run("train", request, &l, &response, &err), VO_OK, "%s", err.msg);
    const char *id = strstr(response, "\"id\":\"");
    cr_assert_not_null(id, "%s", response);
    snprintf(wanted, sizeof wanted, "\"model_id\":\"%.*s\"", (int)strcspn(id + 6, "\""),
             id + 6);
    cr_expect(strstr(events(), wanted), "%s: %s", wanted, events());
    free(response);
    free(request);
}

static bool tells(const char *response) {
    bool told = true;
    vo_error err = {0};
    cr_assert_eq(vo_tell_prices(db, response, strlen(response), &told, &err), VO_OK, "%s",
                 err.msg);
    return told;
}

Test(job_kinds, an_ingest_is_told_by_node_if_it_brought_news) {
    static const char fetched[] =
        "{\"series\":[{\"kind\":\"prices\",\"market\":\"M\",\"process\":\"DA\",\"node\":\"A\","
        "\"stored\":true,\"report\":{\"rows\":24}},"
        "{\"kind\":\"weather\",\"market\":\"M\",\"node\":\"B\",\"report\":{\"rows\":24}},"
        "{\"kind\":\"prices\",\"market\":\"M\",\"process\":\"DA\",\"node\":\"C\","
        "\"stored\":false,\"report\":null}]}";
    static const char added[] =
        "{\"market\":\"M\",\"process\":\"DA\",\"node\":\"D\",\"rows\":2,\"added\":1,"
        "\"changed\":1,\"from\":\"2025-03-01T00:00:00Z\",\"to\":\"2025-03-01T01:00:00Z\"}";
    static const char same[] = "{\"market\":\"M\",\"process\":\"DA\",\"node\":\"E\",\"rows\":2,"
                               "\"added\":0,\"changed\":0}";
    cr_expect(tells(fetched));
    cr_expect(tells(added));
    cr_expect_not(tells(same));
    cr_expect_not(tells("{"));
    cr_expect_str_eq(
        events(),
        "price A \"market\":\"M\",\"process\":\"DA\",\"node\":\"A\",\"from\":null,\"to\":null,"
        "\"rows\":24}\n"
        "price D \"market\":\"M\",\"process\":\"DA\",\"node\":\"D\","
        "\"from\":\"2025-03-01T00:00:00Z\",\"to\":\"2025-03-01T01:00:00Z\",\"rows\":2}\n");
}
