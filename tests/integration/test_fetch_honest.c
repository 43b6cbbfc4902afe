/* Services that answer another question than was asked: nothing of it is stored or kept. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/json.h"
#include "data/lake.h"
#include "engine/data_fetch.h"
#include "port/file.h"
#include "support/data_folder.h"
#include "support/replay_server.h"

#define FAST ",\"requests_per_minute\":60000"
#define WEEK ",\"from\":\"2016-03-01\",\"to\":\"2016-03-07\"" FAST
#define ZONE "\"client\":\"cenace\",\"zones\":\"ACAPULCO\""
#define KEYED ",\"key\":\"" REPLAY_KEY "\""

/* One request a client, of a week or a part of it. */
static const struct {
    const char *path, *members;
} service[] = {{"", ZONE WEEK},
               {"", "\"client\":\"cenace\",\"nodes\":\"01PLO-115\",\"system\":\"BCA\"" WEEK},
               {"", "\"client\":\"caiso\",\"nodes\":\"TH_NP15_GEN-APND\"" WEEK},
               {"/api", "\"client\":\"entsoe\",\"zones\":\"10YES-REE------0\"" KEYED WEEK},
               {"", "\"client\":\"batu\",\"nodes\":\"01PLO-115\"" KEYED WEEK},
               {"", "\"client\":\"open_meteo\",\"latitude\":19,\"longitude\":-102,\"nodes\":"
                    "\"HERE\",\"variables\":\"temperature_2m\"" WEEK}};
#define SERVICES (sizeof service / sizeof *service)
#define OPEN_METEO 5

typedef struct {
    char folder[DATA_PATH], lake[DATA_PATH + 8], cache[DATA_PATH + 24];
    replay_server server;
    vo_engine_options o;
    char *response;
    vo_json *answer;
    vo_error err;
} fixture;

static void start(fixture *x) {
    *x = (fixture){0};
    cr_assert(temporary_folder(x->folder));
    snprintf(x->lake, sizeof x->lake, "%s/lake", x->folder);
    snprintf(x->cache, sizeof x->cache, "%s/lake.replies", x->folder);
    REPLAY_START(&x->server, x->folder, NULL, NULL);
    x->o = (vo_engine_options){.lake = x->lake, .allow_files = 1};
}

static void forget(fixture *x) {
    vo_json_free(x->answer);
    free(x->response);
    x->answer = NULL;
    x->response = NULL;
    x->err = (vo_error){0};
}

static void stop(fixture *x) {
    forget(x);
    replay_stop(&x->server);
    temporary_folder_remove(x->folder);
}

static vo_status ask(fixture *x, const char *base, const char *members) {
    char request[2000];
    vo_json_out *w = NULL;
    size_t len = 0;
    forget(x);
    snprintf(request, sizeof request, "{\"base_url\":\"%s\",%s}", base, members);
    cr_assert_eq(vo_json_out_create(&w, NULL), VO_OK);
    const vo_status s = vo_data_fetch_run(&x->o, request, w, &x->err);
    if (s == VO_OK) {
        cr_assert_eq(vo_json_out_take(w, &x->response, &len, NULL), VO_OK);
        cr_assert_eq(vo_json_parse(x->response, len, &x->answer, &x->err), VO_OK);
    }
    vo_json_out_free(w);
    return s;
}

static vo_status fetch(fixture *x, const char *mode, const char *path, const char *members) {
    char base[300];
    snprintf(base, sizeof base, "%s%s%s", x->server.base, mode, path);
    return ask(x, base, members);
}

static double number(const fixture *x, const char *key) {
    const vo_json *v = vo_json_get(x->answer, key);
    cr_assert(v && vo_json_kind_of(v) == VO_JSON_NUMBER, "%s in %s", key, x->response);
    return vo_json_number(v);
}

static const char *text(const fixture *x, const char *key) {
    const vo_json *v = vo_json_get(x->answer, key);
    return v && vo_json_kind_of(v) == VO_JSON_STRING ? vo_json_string(v) : "";
}

static void refused(fixture *x, size_t i, const char *mode, const char *word) {
    cr_assert_eq(fetch(x, mode, service[i].path, service[i].members), VO_EINVAL, "%zu %s", i,
                 mode);
    cr_assert(strstr(x->err.msg, word) != NULL, "%zu %s: %s", i, mode, x->err.msg);
    cr_assert(!vo_file_exists(x->cache), "%zu %s: the reply was kept", i, mode);
}

static size_t series_in(const fixture *x) {
    vo_lake *lake = NULL;
    vo_lake_entry *entry = NULL;
    size_t n = 0;
    cr_assert_eq(vo_lake_open(x->lake, &lake, NULL), VO_OK);
    cr_assert_eq(vo_lake_list(lake, &entry, &n, NULL), VO_OK);
    free(entry);
    vo_lake_close(lake);
    return n;
}

/* ---- other days, other names, another process ------------------------------------------ */

Test(fetch_honest, a_reply_about_another_month_is_refused_and_not_kept_whatever_the_service) {
    fixture x;
    start(&x);
    for (size_t i = 0; i < SERVICES; i++) {
        refused(&x, i, "/~shift,-60", "the reply is about 2016-01-01..2016-01-0");
        cr_assert(strstr(x.err.msg, "asked were 2016-03-01..2016-03-07") != NULL, "%s",
                  x.err.msg);
        refused(&x, i, "/~shift,60", "nothing of it was stored");
    }
    cr_assert_eq(series_in(&x), 0);
    stop(&x);
}

Test(fetch_honest, a_reply_of_another_name_is_refused_and_not_kept) {
    static const char *const other[] = {"OTHER", "OTHER", "OTHER", "10YFR-RTE------C", "OTHER"};
    fixture x;
    start(&x);
    for (size_t i = 0; i < OPEN_METEO; i++) {
        char mode[64];
        snprintf(mode, sizeof mode, "/~other,%s", other[i]);
        refused(&x, i, mode, i == 3 ? "the reply is about FR" : "the reply is about OTHER");
        cr_assert(strstr(x.err.msg, "asked was ") != NULL, "%s", x.err.msg);
    }
    refused(&x, 0, "/~process,MTR", "is about ACAPULCO MTR, asked was ACAPULCO MDA");
    cr_assert_eq(series_in(&x), 0);
    stop(&x);
}

Test(fetch_honest, a_name_in_other_letters_or_with_other_gaps_is_the_one_asked_for) {
    static const char *const reply[] = {"ciudad valles", "CIUDAD%20VALLES", "CIUDAD_VALLES"};
    fixture x;
    start(&x);
    for (size_t i = 0; i < 3; i++) {
        char mode[64];
        snprintf(mode, sizeof mode, "/~other,%s", reply[i]);
        for (char *c = mode; *c; c++)
            if (*c == ' ') *c = '-';
        cr_assert_eq(
            fetch(&x, mode, "", "\"client\":\"cenace\",\"zones\":\"CIUDAD-VALLES\"" WEEK),
            VO_OK, "%s: %s", reply[i], x.err.msg);
        cr_assert_eq(vo_json_size(vo_json_get(x.answer, "missing")), 0, "%s", x.response);
    }
    stop(&x);
}

Test(fetch_honest, what_comes_beside_what_was_asked_is_left_out_and_counted) {
    fixture x;
    start(&x);
    cr_assert_eq(fetch(&x, "/~more,2,OTHER", "",
                       ZONE ",\"from\":\"2016-03-01\",\"to\":\"2016-03-05\"" FAST),
                 VO_OK, "%s", x.err.msg);
    cr_assert_eq(number(&x, "rows"), 5 * 24);
    cr_assert_eq(number(&x, "intervals"), 5 * 24);
    /* 2 days of the one asked for, 7 of the other */
    cr_assert(strstr(text(&x, "note"), "216 rows that came without being asked for") != NULL,
              "%s", x.response);
    cr_assert(strstr(text(&x, "note"), "(OTHER MDA)") != NULL, "%s", x.response);
    cr_assert_eq(series_in(&x), 1);
    stop(&x);
}

Test(fetch_honest, a_span_moved_by_a_day_loses_that_day_and_says_so) {
    fixture x;
    start(&x);
    cr_assert_eq(fetch(&x, "/~shift,-1", "", ZONE WEEK), VO_OK, "%s", x.err.msg);
    cr_assert_eq(number(&x, "rows"), 6 * 24);
    cr_assert(strstr(text(&x, "note"), "24 rows that came without being asked for") != NULL,
              "%s", x.response);
    cr_assert(strstr(x.response, "\"missing_days\":[{\"node\":\"ACAPULCO\",\"count\":1,"
                                 "\"first\":\"2016-03-07\"}]") != NULL,
              "%s", x.response);
    stop(&x);
}

/* ---- days that did not come, asked anew ------------------------------------------------ */

Test(fetch_honest, days_that_did_not_come_are_counted_with_the_first_one) {
    fixture x;
    start(&x);
    for (size_t i = 0; i < SERVICES; i++) {
        cr_assert_eq(fetch(&x, "", service[i].path, service[i].members), VO_OK, "%zu: %s", i,
                     x.err.msg);
        cr_assert(strstr(x.response, "\"missing_days\":[]") != NULL, "%s", x.response);
        cr_assert(strstr(x.response, "\"missing\":[]") != NULL, "%s", x.response);
        cr_assert(strstr(text(&x, "note"), "without being asked") == NULL, "%s", x.response);
        cr_assert_eq(fetch(&x, "/~only,2", service[i].path, service[i].members), VO_OK,
                     "%zu: %s", i, x.err.msg);
        cr_assert(strstr(x.response, "\"count\":5,\"first\":\"2016-03-03\"}]") != NULL,
                  "%zu: %s", i, x.response);
    }
    cr_assert_eq(fetch(&x, "/~only,2", "",
                       "\"client\":\"batu\",\"nodes\":\"N1\",\"from\":\"2024-01-01\",\"to\":"
                       "\"2024-01-31\"" KEYED FAST),
                 VO_OK, "%s", x.err.msg);
    cr_assert(strstr(x.response, "\"node\":\"N1\",\"count\":29,\"first\":\"2024-01-03\"") !=
                  NULL,
              "%s", x.response);
    stop(&x);
}

Test(fetch_honest, refresh_asks_anew_where_a_reply_is_kept_and_replaces_it) {
    fixture x;
    start(&x);
    cr_assert_eq(fetch(&x, "", "", ZONE WEEK), VO_OK);
    replay_forget(&x.server);
    cr_assert_eq(fetch(&x, "", "", ZONE WEEK), VO_OK);
    cr_assert_eq(replay_count(&x.server, "SWPEND"), 0);
    cr_assert_eq(fetch(&x, "", "", ZONE WEEK ",\"refresh\":true"), VO_OK);
    cr_assert_eq(replay_count(&x.server, "SWPEND"), 1);
    cr_assert_eq(number(&x, "cached"), 0);
    cr_assert_eq(number(&x, "kept"), 1);
    cr_assert_eq(fetch(&x, "", "", ZONE WEEK), VO_OK);
    cr_assert_eq(number(&x, "requests"), 0, "the new one is kept");
    stop(&x);
}

/* ---- words ---------------------------------------------------------------------------- */

Test(fetch_honest, an_unreadable_price_is_named_by_node_day_and_hour) {
    fixture x;
    start(&x);
    refused(&x, 0, "/~bad", "ACAPULCO 2016-03-01 hour 5, price: \"abc\" is not a number");
    cr_assert_null(strstr(x.err.msg, "line 0"), "%s", x.err.msg);
    stop(&x);
}

Test(fetch_honest, a_dry_run_shows_the_days_that_would_be_asked_and_why_not_the_others) {
    fixture x = {.o = {.lake = "lake", .allow_files = 1}};
    cr_assert_eq(ask(&x, "http://localhost:1",
                     ZONE ",\"from\":\"2020-01-01\",\"to\":\"2099-01-01\",\"dry_run\":true"),
                 VO_OK, "%s", x.err.msg);
    cr_assert_str_neq(text(&x, "to"), "2099-01-01");
    cr_assert_eq(strlen(text(&x, "to")), 10);
    cr_assert(strstr(text(&x, "note"), "(to = 2099-01-01) were not asked for"), "%s",
              x.response);
    cr_assert(strstr(text(&x, "note"), text(&x, "to")) != NULL, "%s", x.response);
    forget(&x);
}

Test(fetch_honest, a_key_is_found_under_either_spelling_of_its_service) {
    cr_assert_str_eq(vo_engine_key_variable("open_meteo"), "VOLTEO_OPEN_METEO_KEY");
    cr_assert_str_eq(vo_engine_key_variable("open-meteo"), "VOLTEO_OPEN_METEO_KEY");
    cr_assert_null(vo_engine_key_variable("cenace"));
    cr_assert_null(vo_engine_key_variable("omie"));
}

/* ---- Batu's process ------------------------------------------------------------------- */

Test(fetch_honest, batu_stores_the_process_that_was_asked_for_unless_the_mapping_says_another) {
    static const char form[] =
        "url: \"{base}/pml?node={node}&from={from}&to={to}%s\"\nrows_path: data\n"
        "headers: {Authorization: \"Bearer {key}\"}\nmarket: MEM\n%s"
        "tz: America/Mexico_City\ntime_column: fecha\nperiod_column: hora\n"
        "period_minutes: 60\nnode_column: clv_nodo\n"
        "columns:\n  - {name: price, column: pml}\n";
    static const struct {
        const char *url, *mapping, *asked, *stored;
    } c[] = {
        {"&p={process}", "", NULL, "MDA"},   {"", "", NULL, "MDA"},
        {"&p={process}", "", "MTR", "MTR"},  {"&p={process}", "process: MDA\n", "MTR", "MTR"},
        {"", "process: XYZ\n", NULL, "XYZ"}, {"", "process: XYZ\n", "MTR", "XYZ"}};
    fixture x;
    start(&x);
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
        char path[DATA_PATH + 24], yaml[1000], members[DATA_PATH + 400];
        snprintf(path, sizeof path, "%s/form%zu.yaml", x.folder, i);
        snprintf(yaml, sizeof yaml, form, c[i].url, c[i].mapping);
        cr_assert_eq(vo_file_write(path, yaml, strlen(yaml), NULL), VO_OK);
        snprintf(members, sizeof members,
                 "\"client\":\"batu\",\"nodes\":\"N%zu\",\"mapping\":\"%s\"%s%s%s" KEYED WEEK,
                 i, path, c[i].asked ? ",\"process\":\"" : "", c[i].asked ? c[i].asked : "",
                 c[i].asked ? "\"" : "");
        cr_assert_eq(fetch(&x, "", "", members), VO_OK, "%zu: %s", i, x.err.msg);
        char want[64];
        snprintf(want, sizeof want, "\"process\":\"%s\",\"node\":\"N%zu\"", c[i].stored, i);
        cr_assert(strstr(x.response, want) != NULL, "%zu: %s", i, x.response);
    }
    stop(&x);
}
