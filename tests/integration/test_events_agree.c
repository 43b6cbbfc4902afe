/* test_events_agree.c -- what a running server tells its listeners is what openapi.json says of
 * events (x-volteo-events): every kind, with every member, and none that it does not name.
 */
#define _XOPEN_SOURCE 700
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <volteo/engine.h>

#include "base/json.h"
#include "port/file.h"
#include "serve/assets.h"
#include "serve/openapi.h"
#include "store/database.h"
#include "store/event_log.h"
#include "support/served.h"

enum { KINDS = 11 };
static const char *const kind[KINDS] = {"job",   "job_progress", "model_training_progress",
                                        "price", "schedule",     "job_unknown",
                                        "gap",   "error",        "subscribed",
                                        "pong",  "trade"};

static served at;
static vo_openapi *api;
static bool heard[KINDS];

static const char *schema_of(const char *event) {
    const vo_json *paths = vo_json_get(vo_openapi_document(api), "paths");
    const vo_json *get = vo_json_get(vo_json_get(paths, "/api/v1/events"), "get");
    const vo_json *v = vo_json_get(vo_json_get(get, "x-volteo-events"), event);
    const char *reference = v ? vo_json_string(vo_json_get(v, "$ref")) : NULL;
    return reference && *reference ? strrchr(reference, '/') + 1 : NULL;
}

/* Fits its schema, and has no member that the schema does not name. */
static void check(const char *text) {
    vo_json *v = NULL;
    vo_finding f = {0};
    vo_error err = {0};
    cr_assert_eq(vo_json_parse(text, strlen(text), &v, &err), VO_OK, "%s", err.msg);
    const char *event = vo_json_string(vo_json_get(v, "event")), *name = schema_of(event);
    cr_assert_not_null(name, "the document has no event %s", event);
    cr_expect(vo_schema_check(vo_openapi_schema(api, name), v, &f), "%s: %s %s", text,
              f.pointer, f.detail);
    const vo_json *components = vo_json_get(vo_openapi_document(api), "components");
    const vo_json *known =
        vo_json_get(vo_json_get(vo_json_get(components, "schemas"), name), "properties");
    const char *key = NULL;
    const vo_json *value = NULL;
    for (size_t i = 0; vo_json_member(v, i, &key, &value); i++)
        cr_expect(vo_json_get(known, key), "%s does not name \"%s\": %s", name, key, text);
    for (size_t i = 0; i < KINDS; i++) heard[i] |= strcmp(kind[i], event) == 0;
    vo_json_free(v);
}

/* Until one with both texts. */
static void hear_until(int fd, const char *one, const char *two) {
    for (;;) {
        int code = 0;
        char *text = served_hear(fd, 60, &code);
        cr_assert_not_null(text, "no event %s %s (closed: %d)", one, two, code);
        check(text);
        const bool found = strstr(text, one) && strstr(text, two);
        free(text);
        if (found) return;
    }
}

static void post(const char *path, const char *body, int status) {
    reply r = served_ask(&at, "POST", path, NULL, body);
    cr_expect_eq(r.status, status, "%s: %s", path, r.text ? r.text : "");
    reply_drop(&r);
}

static void change(const char *sql) {
    char path[DATA_PATH + 20];
    vo_database *db = NULL;
    vo_error err = {0};
    snprintf(path, sizeof path, "%s/state.db", at.folder);
    cr_assert_eq(vo_database_open(path, &db, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_database_run(db, sql, NULL, 0, NULL, NULL, NULL, &err), VO_OK, "%s",
                 err.msg);
    vo_database_close(db);
}

static void make_prices(void) {
    char lake[DATA_PATH + 8], *response = NULL;
    snprintf(lake, sizeof lake, "%s/lake", at.folder);
    vo_engine *e = NULL;
    vo_engine_options o = vo_engine_options_default();
    o.lake = lake;
    vo_error err = {0};
    cr_assert_eq(vo_engine_open(&o, &e, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_engine_data_synth(e,
                                      "{\"market\":\"SYNTH\",\"days\":45,\"preset\":\"mem\"}",
                                      &response, &err),
                 VO_OK, "%s", err.msg);
    vo_text_free(response);
    vo_engine_close(e);
}

/* Starts it with a schedule that has slept an hour, so that it fires at once. */
static void start_late(void) {
    static const char text[] =
        "schedules:\n"
        "  - name: each_minute\n"
        "    cron: \"* * * * *\"\n"
        "    kind: optimize\n"
        "    request: {battery_params: {power_mw: 1, capacity_mwh: 2}, prices: [1, 2]}\n";
    char table[DATA_PATH + 20];
    snprintf(table, sizeof table, "%s/schedules.yaml", at.folder);
    cr_assert_eq(vo_file_write(table, text, strlen(text), NULL), VO_OK);
    const char *const flag[] = {"--schedules", table, NULL};
    cr_assert(served_start(&at, VOLTEO_PROGRAM, flag), "%s", served_log(&at));
    cr_assert_eq(served_stop(&at, SIGTERM), 0);
    change("UPDATE vo_schedule SET seen_ms = seen_ms - 3600000");
    change("INSERT INTO vo_queue (id, ready_ms, lease_ms, token, deliveries, worker)"
           " VALUES ('j_01k00000000000000000000000', 0, 0, 0, 0, '')");
    cr_assert(served_start(&at, VOLTEO_PROGRAM, flag), "%s", served_log(&at));
}

static void hear_answers(void) {
    int fd = -1;
    cr_assert_eq(served_listen(&at, "/api/v1/events?last_event_id=1000000", NULL, &fd), 101);
    hear_until(fd, "\"gap\"", "");
    cr_assert(served_say(fd, "{\"ping\":7}") && served_say(fd, "{\"subscribe\":[\"job*\"]}") &&
              served_say(fd, "{\"subscribe\":7}"));
    hear_until(fd, "\"error\"", "subscribe");
    close(fd);
}

Test(events_agree, what_listeners_hear_is_what_the_document_says, .timeout = 120) {
    vo_error err = {0};
    int fd = -1;
    cr_assert_eq(vo_openapi_load(vo_asset_openapi, vo_asset_openapi_size, &api, &err), VO_OK,
                 "%s", err.msg);
    cr_assert(temporary_folder(at.folder));
    make_prices();
    start_late();
    cr_assert_eq(served_listen(&at, "/api/v1/events?last_event_id=0", NULL, &fd), 101);
    hear_until(fd, "\"job_unknown\"", "");
    post("/api/v1/prices",
         "{\"market\":\"DESK\",\"node\":\"HUB\",\"start\":\"2025-01-01\",\"prices\":[1,2]}",
         200);
    post("/api/v1/models/train",
         "{\"market_params\":{\"market\":\"SYNTH\",\"node\":\"NODE0000\"},\"method\":\"gbt\","
         "\"horizons\":[60],\"trees\":5,\"id\":\"m\"}",
         202);
    hear_until(fd, "\"train\"", "\"done\"");
    post("/api/v1/jobs", "{\"kind\":\"simulate\",\"request\":{\"homes\":6,\"bounds\":\"off\"}}",
         202);
    hear_until(fd, "\"event\":\"trade\"", "\"largest\":[{");
    hear_until(fd, "\"simulate\"", "\"done\"");
    hear_answers();
    for (size_t i = 0; i < KINDS; i++) cr_expect(heard[i], "no event %s came", kind[i]);
    close(fd);
    cr_expect_eq(served_stop(&at, SIGTERM), 0);
    served_remove(&at);
    vo_openapi_free(api);
}
