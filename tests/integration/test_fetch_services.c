/* The live clients end to end: request -> server on loopback -> lake, against the server's
 * formula, and CENACE's real prices fetched against the same prices imported. */
#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/json.h"
#include "data/import.h"
#include "data/lake.h"
#include "data/live.h"
#include "engine/data_fetch.h"
#include "port/clock.h"
#include "port/file.h"
#include "port/pause.h"
#include "support/data_folder.h"
#include "support/replay_server.h"

#define FAST "\"requests_per_minute\":60000"

typedef struct {
    char folder[DATA_PATH], lake[DATA_PATH + 8];
    replay_server server;
    vo_engine_options o;
    size_t rows_bytes; /* 0: as the program does */
    char *response;
    vo_json *answer;
    vo_error err;
} fixture;

static void start_with(fixture *x, const char *csv, const char *files) {
    *x = (fixture){0};
    cr_assert(temporary_folder(x->folder));
    snprintf(x->lake, sizeof x->lake, "%s/lake", x->folder);
    REPLAY_START(&x->server, x->folder, csv, files);
    x->o = (vo_engine_options){.lake = x->lake, .allow_files = 1};
}

static void start(fixture *x) { start_with(x, NULL, NULL); }

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

/* Runs a fetch; members are the request's but for base_url, which is the server's + path. */
static vo_status fetch(fixture *x, const char *path, const char *members) {
    char request[2000];
    vo_json_out *w = NULL;
    size_t len = 0;
    forget(x);
    snprintf(request, sizeof request, "{\"base_url\":\"%s%s\",%s}", x->server.base, path,
             members);
    cr_assert_eq(vo_json_out_create(&w, NULL), VO_OK);
    const vo_status s = x->rows_bytes
                            ? vo_data_fetch_within(&x->o, request, x->rows_bytes, w, &x->err)
                            : vo_data_fetch_run(&x->o, request, w, &x->err);
    if (s == VO_OK) {
        cr_assert_eq(vo_json_out_take(w, &x->response, &len, NULL), VO_OK);
        cr_assert_eq(vo_json_parse(x->response, len, &x->answer, &x->err), VO_OK, "%s",
                     x->err.msg);
    }
    vo_json_out_free(w);
    return s;
}

static double number(const fixture *x, const char *key) {
    const vo_json *v = vo_json_get(x->answer, key);
    cr_assert(v && vo_json_kind_of(v) == VO_JSON_NUMBER, "%s in %s", key, x->response);
    return vo_json_number(v);
}

static vo_series *read_span(const char *root, const vo_lake_key *key, int64_t from_s,
                            int64_t until_s) {
    vo_lake *lake = NULL;
    vo_series *s = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_lake_open(root, &lake, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_lake_read(lake, key, (vo_time){from_s}, (vo_time){until_s}, &s, &err),
                 VO_OK, "%s", err.msg);
    vo_lake_close(lake);
    return s;
}

static vo_lake_entry *list(const char *root, size_t *n) {
    vo_lake *lake = NULL;
    vo_lake_entry *entry = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_lake_open(root, &lake, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_lake_list(lake, &entry, n, &err), VO_OK, "%s", err.msg);
    vo_lake_close(lake);
    return entry;
}

/* Every hour of [from, from + n h) is there with the price and parts of the formula. */
static void expect_formula(const fixture *x, const char *market, const char *process,
                           const char *node, int64_t from_s, size_t n, bool parts) {
    const vo_lake_key key = {market, process, node, NULL};
    vo_series *s = read_span(x->lake, &key, from_s, from_s + (int64_t)n * 3600);
    cr_assert_eq(s->n, n, "%s: %zu of %zu hours", node, s->n, n);
    for (size_t t = 0; t < n; t++) {
        int64_t part[3];
        const int64_t sum = replay_cents(node, from_s / 3600 + (int64_t)t, part);
        cr_assert_eq(s->start[t].s, from_s + (int64_t)t * 3600);
        cr_assert_eq(s->column[0].value[t], (double)sum / 100, "%s, hour %zu", node, t);
        for (size_t k = 0; parts && k < 3; k++)
            cr_assert_eq(s->column[k + 1].value[t], (double)part[k] / 100);
    }
    vo_series_free(s);
}

static int64_t utc(int32_t y, int32_t m, int32_t d, int32_t hour) {
    return vo_civil_days(y, m, d) * 86400 + hour * 3600;
}

/* ---- each client ----------------------------------------------------------------------- */

#define MONTH "\"client\":\"cenace\",\"from\":\"2016-10-20\",\"to\":\"2016-11-10\"," FAST

Test(fetch_cenace, zones_come_whole_across_the_day_of_25_hours) {
    fixture x;
    start(&x);
    cr_assert_eq(fetch(&x, "", MONTH ",\"zones\":[\"APATZINGAN\",\"ACAPULCO\"]"), VO_OK, "%s",
                 x.err.msg);
    cr_assert_eq(number(&x, "calls"), 4);
    cr_assert_eq(number(&x, "requests"), 4);
    cr_assert_eq(number(&x, "stored"), 2);
    cr_assert_eq(number(&x, "rows"), 2 * (22 * 24 + 1));
    cr_assert_eq(number(&x, "intervals"), 2 * (22 * 24 + 1));
    cr_assert_eq(number(&x, "kept"), 4);
    cr_assert_eq(number(&x, "empty"), 0);
    expect_formula(&x, "MEM", "MDA", "APATZINGAN", utc(2016, 10, 20, 5), 22 * 24 + 1, true);
    expect_formula(&x, "MEM", "MDA", "ACAPULCO", utc(2016, 10, 20, 5), 22 * 24 + 1, true);
    cr_assert_eq(replay_count(&x.server, "/SWPEND/SIM/SIN/MDA/APATZINGAN,ACAPULCO/2016/1"), 4);
    stop(&x);
}

Test(fetch_cenace, many_nodes_split_by_twenty_and_seven_days) {
    fixture x;
    char members[1200] = MONTH ",\"system\":\"BCA\",\"nodes\":\"";
    start(&x);
    for (int i = 0; i < 45; i++)
        snprintf(members + strlen(members), sizeof members - strlen(members), "%s07N%02d-115",
                 i ? "," : "", i);
    strcat(members, "\",\"parallel\":4");
    cr_assert_eq(fetch(&x, "", members), VO_OK, "%s", x.err.msg);
    cr_assert_eq(number(&x, "calls"), 3 * 4);
    cr_assert_eq(replay_count(&x.server, "/SWPML/SIM/BCA/MDA/07N"), 12);
    cr_assert_eq(number(&x, "stored"), 45);
    /* BCA keeps the United States' dates: its long day is 2016-11-06 */
    cr_assert_eq(number(&x, "rows"), 45 * (22 * 24 + 1));
    expect_formula(&x, "MEM", "MDA", "07N44-115", utc(2016, 10, 20, 7), 22 * 24 + 1, true);
    stop(&x);
}

Test(fetch_cenace, names_that_the_service_does_not_know_are_listed) {
    fixture x;
    start(&x);
    cr_assert_eq(fetch(&x, "", MONTH ",\"zones\":\"ACAPULCO, NOTHERE\""), VO_OK, "%s",
                 x.err.msg);
    const vo_json *missing = vo_json_get(x.answer, "missing");
    cr_assert_eq(vo_json_size(missing), 1);
    cr_assert_str_eq(vo_json_string(vo_json_at(missing, 0)), "NOTHERE");
    cr_assert_eq(fetch(&x, "", MONTH ",\"zones\":\"NOTHERE\""), VO_ENOTFOUND);
    cr_assert(strstr(x.err.msg, "cenace has no data") != NULL, "%s", x.err.msg);
    stop(&x);
}

/* 1 058 rows of 4 columns take some 50 KiB. */
Test(fetch_memory, rows_beyond_the_bound_wait_on_disk_and_come_out_the_same) {
    static const size_t bound[] = {0, 1, 4096};
    for (size_t i = 0; i < 3; i++) {
        char spill[DATA_PATH + 24];
        fixture x;
        start(&x);
        x.rows_bytes = bound[i];
        cr_assert_eq(
            fetch(&x, "", MONTH ",\"zones\":[\"APATZINGAN\",\"ACAPULCO\",\"NOTHERE\"]"), VO_OK,
            "%s", x.err.msg);
        snprintf(spill, sizeof spill, "%s/.spill", x.lake);
        cr_assert_eq(vo_file_exists(spill), bound[i] > 0, "bound %zu", bound[i]);
        cr_assert_eq(number(&x, "rows"), 2 * (22 * 24 + 1));
        cr_assert_eq(number(&x, "intervals"), 2 * (22 * 24 + 1));
        cr_assert_eq(vo_json_size(vo_json_get(x.answer, "missing")), 1);
        expect_formula(&x, "MEM", "MDA", "APATZINGAN", utc(2016, 10, 20, 5), 22 * 24 + 1, true);
        expect_formula(&x, "MEM", "MDA", "ACAPULCO", utc(2016, 10, 20, 5), 22 * 24 + 1, true);
        stop(&x);
    }
}

Test(fetch_caiso, a_zip_per_31_days_becomes_one_series_with_its_parts) {
    fixture x;
    start(&x);
    cr_assert_eq(fetch(&x, "",
                       "\"client\":\"caiso\",\"from\":\"2024-03-01\",\"to\":\"2024-04-15\","
                       "\"nodes\":\"TH_NP15_GEN-APND,TH_SP15_GEN-APND\"," FAST),
                 VO_OK, "%s", x.err.msg);
    cr_assert_eq(number(&x, "calls"), 2);
    cr_assert_eq(number(&x, "stored"), 2);
    cr_assert_eq(number(&x, "intervals"), 2 * (46 * 24 - 1));
    expect_formula(&x, "CAISO", "DAM", "TH_SP15_GEN-APND", utc(2024, 3, 1, 8), 46 * 24 - 1,
                   true);
    cr_assert_eq(
        fetch(&x, "",
              "\"client\":\"caiso\",\"from\":\"2024-03-01\",\"nodes\":\"NOTHERE\"," FAST),
        VO_ENOTFOUND);
    cr_assert(strstr(x.err.msg, "No data returned") != NULL, "%s", x.err.msg);
    stop(&x);
}

#define SPAIN "\"client\":\"entsoe\",\"zones\":\"10YES-REE------0\"," FAST
#define TOKEN ",\"key\":\"" REPLAY_KEY "\""

Test(fetch_entsoe, a_year_and_a_day_is_two_calls_and_repeats_are_filled_in) {
    fixture x;
    start(&x);
    cr_assert_eq(
        fetch(&x, "/api", SPAIN TOKEN ",\"from\":\"2023-01-01\",\"to\":\"2024-01-01\""), VO_OK,
        "%s", x.err.msg);
    cr_assert_eq(number(&x, "calls"), 2);
    cr_assert_eq(number(&x, "intervals"), 366 * 24);
    size_t n = 0;
    vo_lake_entry *entry = list(x.lake, &n);
    cr_assert_eq(n, 1);
    const vo_lake_key key = {entry[0].market, entry[0].process, entry[0].node, NULL};
    vo_series *s = read_span(x.lake, &key, utc(2022, 12, 31, 23), utc(2024, 1, 1, 23));
    for (size_t t = 0; t < s->n; t++) {
        int64_t part[3];
        cr_assert_eq(s->column[0].value[t],
                     (double)replay_cents("10YES-REE------0", s->start[t].s / 3600, part) /
                         100);
    }
    vo_series_free(s);
    free(entry);
    stop(&x);
}

Test(fetch_entsoe, an_acknowledgement_is_no_data_and_a_bad_token_a_refusal) {
    fixture x;
    start(&x);
    cr_assert_eq(fetch(&x, "/api",
                       "\"client\":\"entsoe\",\"zones\":\"10YNOTHERE-----0\"," FAST TOKEN
                       ",\"from\":\"2023-01-01\""),
                 VO_ENOTFOUND, "%s", x.err.msg);
    cr_assert(strstr(x.err.msg, "No matching data found") != NULL, "%s", x.err.msg);
    cr_assert_eq(fetch(&x, "/api", SPAIN ",\"key\":\"wrong-token-99\",\"from\":\"2023-01-01\""),
                 VO_EINVAL);
    cr_assert(strstr(x.err.msg, "status 401") && strstr(x.err.msg, "token refused: ***"), "%s",
              x.err.msg);
    cr_assert_null(strstr(x.err.msg, "wrong-token-99"));
    cr_assert_eq(fetch(&x, "/api", SPAIN ",\"from\":\"2023-01-01\""), VO_EINVAL);
    cr_assert(strstr(x.err.msg, "VOLTEO_ENTSOE_TOKEN") != NULL, "%s", x.err.msg);
    stop(&x);
}

Test(fetch_open_meteo, the_weather_of_a_place_is_stored_under_its_name) {
    fixture x;
    start(&x);
    cr_assert_eq(fetch(&x, "",
                       "\"client\":\"open_meteo\",\"latitude\":19.0886,\"longitude\":-102.35,"
                       "\"nodes\":\"APATZINGAN\",\"from\":\"2023-01-01\",\"to\":\"2024-01-10\","
                       "\"variables\":\"temperature_2m,shortwave_radiation\"," FAST),
                 VO_OK, "%s", x.err.msg);
    cr_assert_eq(number(&x, "calls"), 2);
    cr_assert_eq(number(&x, "intervals"), 375 * 24, "%s", x.response);
    size_t n = 0;
    vo_lake_entry *entry = list(x.lake, &n);
    cr_assert_eq(n, 1);
    cr_assert_str_eq(entry[0].kind, "weather");
    cr_assert_str_eq(entry[0].node, "APATZINGAN");
    const vo_lake_key key = {entry[0].market, entry[0].process, entry[0].node, "weather"};
    vo_series *s = read_span(x.lake, &key, utc(2023, 1, 1, 0), utc(2024, 1, 11, 0));
    cr_assert_eq(s->n, 375 * 24);
    cr_assert_str_eq(s->column[0].name, "temperature_c");
    cr_assert_str_eq(s->column[1].name, "ghi_w_m2");
    int64_t part[3];
    for (size_t t = 0; t < s->n; t += 97) {
        const int64_t hour = s->start[t].s / 3600;
        const double want = (double)(replay_cents("temperature_2m", hour, part) % 1000) / 10;
        cr_assert_float_eq(s->column[0].value[t], want, 1e-9);
    }
    vo_series_free(s);
    free(entry);
    stop(&x);
}

#define BATU                                                                                   \
    "\"client\":\"batu\",\"nodes\":\"01PLO-115\",\"from\":\"2024-01-01\",\"to\":\"2024-02-"    \
    "29\"," FAST

Test(fetch_batu, the_mapping_with_cenaces_names_reads_an_api_with_a_key) {
    fixture x;
    start(&x);
    cr_assert_eq(fetch(&x, "", BATU TOKEN), VO_OK, "%s", x.err.msg);
    cr_assert_eq(number(&x, "calls"), 2);
    cr_assert_eq(number(&x, "intervals"), 60 * 24);
    expect_formula(&x, "MEM", "MDA", "01PLO-115", utc(2024, 1, 1, 6), 60 * 24, true);
    cr_assert_eq(fetch(&x, "", BATU ",\"key\":\"stolen-key-7\""), VO_OK, "from the cache");
    cr_assert_eq(number(&x, "requests"), 0);
    cr_assert_eq(fetch(&x, "", BATU ",\"key\":\"stolen-key-7\",\"cache\":\"none\""), VO_EINVAL);
    cr_assert(strstr(x.err.msg, "bad key Bearer ***") != NULL, "%s", x.err.msg);
    cr_assert_eq(fetch(&x, "", BATU), VO_EINVAL, "no key");
    stop(&x);
}

/* 0 at 3 and at 4 o'clock of 10 days, in 4 columns; the shipped mapping has CENACE's zeros. */
Test(fetch_batu, a_price_of_zero_is_none_unless_the_mapping_keeps_it) {
    static const char keep[] =
        "url: \"{base}/pml?node={node}&from={from}&to={to}\"\nrows_path: data\n"
        "headers: {Authorization: \"Bearer {key}\"}\ncurrency: MXN\nmarket: MEM\n"
        "process: MDA\ntz: America/Mexico_City\ntime_column: fecha\nperiod_column: hora\n"
        "period_minutes: 60\ninterval_minutes: 60\nnode_column: clv_nodo\nzero: keep\n"
        "columns:\n  - {name: price, column: pml}\n";
    for (int kept = 0; kept <= 1; kept++) {
        fixture x;
        char path[DATA_PATH + 16], members[DATA_PATH + 300];
        start(&x);
        snprintf(path, sizeof path, "%s/keep.yaml", x.folder);
        cr_assert_eq(vo_file_write(path, keep, strlen(keep), NULL), VO_OK);
        snprintf(members, sizeof members,
                 "\"client\":\"batu\",\"nodes\":\"ZEROS\",\"from\":\"2024-01-01\","
                 "\"to\":\"2024-01-10\",\"mapping\":\"%s\"," FAST TOKEN,
                 kept ? path : "batu");
        cr_assert_eq(fetch(&x, "", members), VO_OK, "%s", x.err.msg);
        const char *count = kept ? "\"zero_placeholder\":0," : "\"zero_placeholder\":80,";
        cr_assert(strstr(x.response, count) != NULL, "%s", x.response);
        const vo_lake_key key = {"MEM", "MDA", "ZEROS", NULL};
        vo_series *s = read_span(x.lake, &key, utc(2024, 1, 1, 6), utc(2024, 1, 11, 6));
        cr_assert_eq(s->n, 240);
        for (size_t t = 0; t < s->n; t++)
            cr_assert_eq(s->column[0].value[t] == 0, kept && (t % 24 == 3 || t % 24 == 4));
        vo_series_free(s);
        stop(&x);
    }
}

/* As long as the lake's names may be. */
Test(fetch_names, a_name_of_127_bytes_is_asked_for_stored_and_found) {
    static const char *const client[] = {
        "\"client\":\"cenace\"", "\"client\":\"cenace\",\"process\":\"MTR\"",
        "\"client\":\"batu\"" TOKEN,
        "\"client\":\"open_meteo\",\"latitude\":19,\"longitude\":-102"};
    fixture x;
    char name[VO_NODE_NAME], members[400];
    start(&x);
    snprintf(name, sizeof name, "N%0*d", VO_NODE_NAME - 2, 7);
    for (size_t i = 0; i < 4; i++) {
        snprintf(members, sizeof members, "%s,\"nodes\":\"%s\",\"from\":\"2024-05-01\"," FAST,
                 client[i], name);
        cr_assert_eq(fetch(&x, "", members), VO_OK, "%s: %s", client[i], x.err.msg);
        cr_assert_eq(vo_json_size(vo_json_get(x.answer, "missing")), 0, "%s", x.response);
        cr_assert_eq(number(&x, "stored"), 1);
        if (i < 3)
            expect_formula(&x, "MEM", i == 1 ? "MTR" : "MDA", name, utc(2024, 5, 1, 6), 24,
                           true);
    }
    size_t n = 0;
    vo_lake_entry *entry = list(x.lake, &n);
    cr_assert_eq(n, 3);
    for (size_t i = 0; i < n; i++) cr_assert_str_eq(entry[i].node, name);
    free(entry);
    stop(&x);
}

/* ---- what goes wrong ----------------------------------------------------------------- */

#define WEEK                                                                                   \
    "\"client\":\"cenace\",\"zones\":\"ACAPULCO\",\"from\":\"2016-03-01\",\"to\":\"2016-03-"   \
    "07\"," FAST

Test(fetch_trouble, what_passes_is_asked_again_until_it_comes) {
    static const char *const mode[] = {"/~500,1",    "/~reset,1",     "/~truncated,1",
                                       "/~429,1,1",  "/~gzip/~503,1", "/~type",
                                       "/~delay,0.2"};
    static const double retried[] = {1, 1, 1, 1, 1, 0, 0};
    fixture x;
    start(&x);
    for (size_t i = 0; i < sizeof mode / sizeof *mode; i++) {
        cr_assert_eq(fetch(&x, mode[i], WEEK), VO_OK, "%s: %s", mode[i], x.err.msg);
        cr_assert_eq(number(&x, "retried"), retried[i], "%s", mode[i]);
        cr_assert_eq(number(&x, "requests"), 1 + retried[i]);
        cr_assert_eq(number(&x, "intervals"), 7 * 24);
    }
    expect_formula(&x, "MEM", "MDA", "ACAPULCO", utc(2016, 3, 1, 6), 7 * 24, true);
    stop(&x);
}

Test(fetch_trouble, a_service_that_says_wait_a_second_is_not_asked_before) {
    fixture x;
    start(&x);
    cr_assert_eq(fetch(&x, "/~429,1,2", WEEK), VO_OK, "%s", x.err.msg);
    const double span = replay_span_s(&x.server);
    cr_assert(span >= 1.99, "%f s", span);
    stop(&x);
}

Test(fetch_trouble, what_does_not_pass_is_refused_in_words) {
    static const struct {
        const char *mode, *word;
    } c[] = {{"/~html", "web page"},
             {"/~garbage", "CENACE SIN MDA ACAPULCO, 2016-03-01 to 2016-03-07: "},
             {"/~loop", "redirected more than"},
             {"/~404,0", "status 404"},
             {"/~403,0", "check the key"},
             {"/~400,0", "told to fail"},
             {"/~429,0,3600", "asks to wait 3600 s"}};
    fixture x;
    start(&x);
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
        cr_assert_neq(fetch(&x, c[i].mode, WEEK), VO_OK);
        cr_assert(strstr(x.err.msg, c[i].word) != NULL, "%s: %s", c[i].mode, x.err.msg);
    }
    cr_assert_neq(fetch(&x, "/~500,0", WEEK ",\"retries\":1"), VO_OK);
    cr_assert(strstr(x.err.msg, "status 500 after 2 tries") != NULL, "%s", x.err.msg);
    cr_assert_neq(fetch(&x, "/~drip", WEEK ",\"retries\":0,\"timeout_s\":0.5"), VO_OK);
    cr_assert(strstr(x.err.msg, "imed out") != NULL, "%s", x.err.msg);
    cr_assert(!vo_file_exists(x.lake), "nothing was stored");
    stop(&x);
}

Test(fetch_trouble, a_redirect_elsewhere_does_not_carry_the_key) {
    fixture x;
    char path[64], folder[DATA_PATH];
    replay_server other;
    start(&x);
    cr_assert(temporary_folder(folder));
    REPLAY_START(&other, folder, NULL, NULL);
    snprintf(path, sizeof path, "/~elsewhere,%d", other.port);
    cr_assert_neq(fetch(&x, path, BATU TOKEN), VO_OK);
    cr_assert(replay_count(&other, "/elsewhere") >= 1);
    cr_assert_eq(replay_count(&other, REPLAY_KEY), 0);
    cr_assert(replay_count(&x.server, REPLAY_KEY) >= 1);
    replay_stop(&other);
    temporary_folder_remove(folder);
    stop(&x);
}

/* ---- politeness, cache, resume ------------------------------------------------------- */

/* Four requests 0.3 s apart, if the first is not late itself; the gaps are the unit test's,
 * in virtual time. */
Test(fetch_polite, requests_keep_their_distance_at_the_server) {
    fixture x;
    start(&x);
    cr_assert_eq(fetch(&x, "",
                       "\"client\":\"cenace\",\"zones\":\"ACAPULCO\",\"from\":\"2016-03-01\","
                       "\"to\":\"2016-03-28\",\"requests_per_minute\":200,\"parallel\":3"),
                 VO_OK, "%s", x.err.msg);
    const double span = replay_span_s(&x.server);
    cr_assert(span >= 0.6, "%f s", span);
    stop(&x);
}

Test(fetch_cache, a_second_fetch_asks_nothing_and_a_longer_one_only_what_is_new) {
    fixture x;
    start(&x);
    cr_assert_eq(fetch(&x, "", WEEK), VO_OK);
    replay_forget(&x.server);
    cr_assert_eq(fetch(&x, "", WEEK), VO_OK);
    cr_assert_eq(number(&x, "requests"), 0);
    cr_assert_eq(number(&x, "cached"), 1);
    cr_assert_eq(number(&x, "intervals"), 7 * 24);
    cr_assert_eq(replay_count(&x.server, ""), 0);
    cr_assert_eq(fetch(&x, "",
                       "\"client\":\"cenace\",\"zones\":\"ACAPULCO\",\"from\":\"2016-03-01\","
                       "\"to\":\"2016-03-21\"," FAST),
                 VO_OK);
    cr_assert_eq(number(&x, "requests"), 2);
    cr_assert_eq(replay_count(&x.server, "SWPEND"), 2);
    stop(&x);
}

#define YEAR                                                                                   \
    "\"client\":\"cenace\",\"zones\":\"ACAPULCO\",\"from\":\"2016-03-01\",\"to\":\"2016-08-"   \
    "31\","                                                                                    \
    "\"requests_per_minute\":1200,\"parallel\":1"

Test(fetch_cache, a_fetch_killed_in_the_middle_asks_only_what_is_missing) {
    fixture x;
    start(&x);
    const pid_t child = fork();
    cr_assert(child >= 0);
    if (child == 0) {
        fetch(&x, "", YEAR);
        _exit(0);
    }
    const double begun = vo_clock_monotonic_s();
    while (replay_count(&x.server, "SWPEND") < 8) {
        cr_assert(vo_clock_monotonic_s() - begun < 60, "it does not get on");
        vo_pause_s(0.005);
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    const size_t before = replay_count(&x.server, "SWPEND");
    cr_assert(before >= 8 && before < 27, "%zu", before);
    replay_forget(&x.server);
    cr_assert_eq(fetch(&x, "", YEAR), VO_OK, "%s", x.err.msg);
    cr_assert_eq(number(&x, "calls"), 27);
    const double cached = number(&x, "cached");
    cr_assert(cached >= (double)before - 1, "%f kept of %zu", cached, before);
    cr_assert_eq(number(&x, "requests"), 27 - cached);
    cr_assert_eq((double)replay_count(&x.server, "SWPEND"), 27 - cached);
    cr_assert_eq(number(&x, "rows"), 184 * 24 - 1);
    expect_formula(&x, "MEM", "MDA", "ACAPULCO", utc(2016, 3, 1, 6), 184 * 24 - 1, true);
    stop(&x);
}

typedef struct {
    int calls, limit;
} patience;

static int32_t lose_patience(void *ctx, const char *phase, double fraction) {
    patience *p = ctx;
    cr_assert(fraction >= 0 && fraction <= 1, "%s", phase);
    return ++p->calls > p->limit;
}

Test(fetch_cache, a_fetch_stopped_by_its_caller_goes_on_where_it_was) {
    fixture x;
    patience p = {0, 12};
    start(&x);
    x.o.progress = lose_patience;
    x.o.progress_ctx = &p;
    cr_assert_eq(fetch(&x, "", YEAR), VO_ECANCELED, "%s", x.err.msg);
    cr_assert(strstr(x.err.msg, "again") != NULL, "%s", x.err.msg);
    const size_t before = replay_count(&x.server, "SWPEND");
    cr_assert(before > 0 && before < 27);
    x.o.progress = NULL;
    cr_assert_eq(fetch(&x, "", YEAR), VO_OK);
    cr_assert(number(&x, "cached") >= (double)before - 1);
    cr_assert_eq(number(&x, "cached") + number(&x, "requests"), 27);
    stop(&x);
}

/* The key is in no file of a folder, not even in a name. */
static void expect_absent(const char *folder, const char *key) {
    char command[DATA_PATH + 200];
    snprintf(command, sizeof command, "grep -rqF --exclude=requests.log -- '%s' '%s'", key,
             folder);
    cr_assert_neq(system(command), 0, "the key lies in %s", folder);
    snprintf(command, sizeof command, "find '%s' | grep -qF -- '%s'", folder, key);
    cr_assert_neq(system(command), 0, "the key is in a file name");
}

Test(fetch_secrets, the_key_is_in_no_answer_no_error_and_no_file) {
    fixture x;
    start(&x);
    cr_assert_eq(fetch(&x, "/api", SPAIN TOKEN ",\"from\":\"2023-01-01\""), VO_OK, "%s",
                 x.err.msg);
    cr_assert_null(strstr(x.response, REPLAY_KEY));
    cr_assert_null(strstr(x.response, "k3y%2F"));
    cr_assert_eq(fetch(&x, "/api", SPAIN TOKEN ",\"from\":\"2023-01-01\",\"dry_run\":true"),
                 VO_OK);
    cr_assert(strstr(x.response, "securityToken=***") != NULL, "%s", x.response);
    cr_assert_null(strstr(x.response, "k3y"));
    cr_assert_eq(fetch(&x, "", BATU TOKEN), VO_OK, "%s", x.err.msg);
    cr_assert_null(strstr(x.response, "k3y"));
    expect_absent(x.folder, REPLAY_KEY);
    expect_absent(x.folder, "k3y%2Fwith");
    static const char *const mode[] = {"/~echo,0/api", "/~garbage/api", "/~html/api",
                                       "/~loop/api",   "/~reset,0/api", "/~truncated,0/api",
                                       "/~500,0/api"};
    for (size_t i = 0; i < sizeof mode / sizeof *mode; i++) {
        cr_assert_neq(fetch(&x, mode[i], SPAIN TOKEN ",\"from\":\"2023-01-02\",\"retries\":0"),
                      VO_OK);
        cr_assert_null(strstr(x.err.msg, "k3y"), "%s: %s", mode[i], x.err.msg);
    }
    stop(&x);
}

Test(fetch_secrets, a_service_behind_tls_is_asked_with_its_certificate_and_not_without) {
    fixture x = {0};
    char cert[DATA_PATH + 8], members[DATA_PATH + 600];
    cr_assert(temporary_folder(x.folder));
    snprintf(x.lake, sizeof x.lake, "%s/lake", x.folder);
    snprintf(cert, sizeof cert, "%s/server", x.folder);
    NEED_CERTIFICATE(cert);
    REPLAY_START_TLS(&x.server, x.folder, cert);
    x.o = (vo_engine_options){.lake = x.lake, .allow_files = 1};
    cr_assert_eq(fetch(&x, "", BATU TOKEN), VO_EIO);
    cr_assert(strstr(x.err.msg, "ertificate") != NULL, "%s", x.err.msg);
    cr_assert_eq(replay_count(&x.server, ""), 0, "the key was sent");
    snprintf(members, sizeof members, BATU TOKEN ",\"ca_file\":\"%s.pem\"", cert);
    cr_assert_eq(fetch(&x, "", members), VO_OK, "%s", x.err.msg);
    cr_assert_eq(number(&x, "intervals"), 60 * 24);
    stop(&x);
}

/* ---- real replies --------------------------------------------------------------------- */

static void import_into(const char *root, const char *path, vo_source_options so) {
    const vo_clean_options co = vo_clean_options_default();
    vo_import_summary sum;
    vo_lake *lake = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_lake_open(root, &lake, &err), VO_OK);
    cr_assert_eq(vo_import(lake, path, &so, &co, NULL, NULL, &sum, &err), VO_OK, "%s", err.msg);
    vo_lake_close(lake);
}

static void expect_same_series(const vo_series *a, const vo_series *b) {
    cr_assert_eq(a->n, b->n, "%zu and %zu intervals", a->n, b->n);
    cr_assert_eq(a->n_columns, b->n_columns);
    cr_assert_str_eq(a->zone, b->zone);
    cr_assert_str_eq(a->currency, b->currency);
    for (size_t c = 0; c < a->n_columns; c++)
        cr_assert_str_eq(a->column[c].name, b->column[c].name);
    for (size_t t = 0; t < a->n; t++) {
        cr_assert_eq(a->start[t].s, b->start[t].s);
        for (size_t c = 0; c < a->n_columns; c++)
            cr_assert_eq(a->column[c].value[t], b->column[c].value[t], "row %zu, column %zu", t,
                         c);
    }
}

/* The fetched lake and one into which `path` is imported hold the same one series of `n`
 * intervals, under the same names. */
static void expect_as_imported(const fixture *x, const char *path, vo_source_options so,
                               size_t n) {
    char other[DATA_PATH + 8];
    size_t n_a = 0, n_b = 0;
    snprintf(other, sizeof other, "%s/other", x->folder);
    import_into(other, path, so);
    vo_lake_entry *a = list(x->lake, &n_a), *b = list(other, &n_b);
    cr_assert(n_a == 1 && n_b == 1, "%zu and %zu series", n_a, n_b);
    cr_assert_str_eq(a->market, b->market);
    cr_assert_str_eq(a->process, b->process);
    cr_assert_str_eq(a->node, b->node);
    cr_assert_str_eq(a->kind, b->kind);
    const vo_lake_key key = {a->market, a->process, a->node, a->kind};
    vo_series *fetched = read_span(x->lake, &key, 0, utc(2030, 1, 1, 0));
    vo_series *imported = read_span(other, &key, 0, utc(2030, 1, 1, 0));
    cr_assert_eq(imported->n, n, "%zu intervals", imported->n);
    expect_same_series(fetched, imported);
    vo_series_free(fetched);
    vo_series_free(imported);
    free(a);
    free(b);
}

/* Serves the folder of a file of the data folder; `path` is the file's. */
static void start_serving(fixture *x, const char *path) {
    char folder[DATA_PATH];
    snprintf(folder, sizeof folder, "%s", path);
    *strrchr(folder, '/') = '\0';
    start_with(x, NULL, folder);
}

Test(fetch_real, apatzingan_fetched_is_apatzingan_imported) {
    fixture x;
    char csv[DATA_PATH];
    vo_source_options so = vo_source_options_default();
    NEED_DATA("mx_cenace_pml/apatzingan_mda_mtr.csv", csv);
    start_with(&x, csv, NULL);
    so.only_process = "MDA";
    cr_assert_eq(fetch(&x, "",
                       "\"client\":\"cenace\",\"zones\":\"APATZINGAN\",\"from\":\"2016-01-29\","
                       "\"to\":\"2017-06-30\",\"parallel\":4," FAST),
                 VO_OK, "%s", x.err.msg);
    cr_assert_eq(number(&x, "calls"), 75); /* 519 days */
    expect_as_imported(&x, csv, so, (size_t)number(&x, "rows"));
    stop(&x);
}

#define OASIS "PRC_LMP_DAM_2C559_1_B1_20181230.csv"

Test(fetch_real, a_published_day_of_caiso_in_a_zip_is_the_day_imported) {
    fixture x;
    char path[DATA_PATH];
    NEED_DATA("caiso_oasis/" OASIS, path);
    start_serving(&x, path);
    cr_assert_eq(
        fetch(&x, "/~zip," OASIS,
              "\"client\":\"caiso\",\"nodes\":\"2C559_1_B1\",\"from\":\"2018-12-30\"," FAST),
        VO_OK, "%s", x.err.msg);
    expect_as_imported(&x, path, vo_source_options_default(), 24);
    const vo_lake_key key = {"CAISO", "DAM", "2C559_1_B1", NULL};
    vo_series *s = read_span(x.lake, &key, utc(2018, 12, 30, 8), utc(2018, 12, 31, 8));
    cr_assert_eq(s->n, 24);
    cr_assert_eq(s->column[0].value[0], 40.49724);
    cr_assert_eq(s->column[0].value[20], 46.67103);
    vo_series_free(s);
    stop(&x);
}

#define NETHERLANDS                                                                            \
    "\"client\":\"entsoe\",\"zones\":\"10YNL----------L\",\"from\":\"2025-09-17\"," FAST TOKEN

Test(fetch_real, a_published_day_of_entsoe_is_the_day_imported) {
    fixture x;
    char path[DATA_PATH];
    NEED_DATA("entsoe_xml/A44_dayahead_NL_2025-09-17.xml", path);
    start_serving(&x, path);
    cr_assert_eq(fetch(&x, "/~raw,A44_dayahead_NL_2025-09-17.xml/api", NETHERLANDS), VO_OK,
                 "%s", x.err.msg);
    expect_as_imported(&x, path, vo_source_options_default(), 24);
    stop(&x);
}

Test(fetch_real, the_published_acknowledgement_of_entsoe_is_no_data_and_is_not_kept) {
    static const char *const mode = "/~raw,hexagon_acknowledgement.invalidrequest.xml/api";
    fixture x;
    char path[DATA_PATH];
    NEED_DATA("entsoe_xml/hexagon_acknowledgement.invalidrequest.xml", path);
    start_serving(&x, path);
    for (size_t i = 1; i <= 2; i++) {
        cr_assert_eq(fetch(&x, mode, NETHERLANDS), VO_ENOTFOUND);
        cr_assert(strstr(x.err.msg, "No matching data found") != NULL, "%s", x.err.msg);
        cr_assert_eq(replay_count(&x.server, "/api"), i, "it is asked again");
    }
    stop(&x);
}

Test(fetch_real, a_year_of_open_meteo_is_the_year_imported) {
    fixture x;
    char path[DATA_PATH];
    vo_source_options so = vo_source_options_default();
    NEED_DATA("weather/openmeteo_san_jose_2023.json", path);
    start_serving(&x, path);
    so.zone = "America/Los_Angeles";
    so.node = "SAN-JOSE";
    cr_assert_eq(
        fetch(&x, "/~raw,openmeteo_san_jose_2023.json",
              "\"client\":\"open_meteo\",\"latitude\":37.43,\"longitude\":-121.95,"
              "\"nodes\":\"SAN-JOSE\",\"tz\":\"America/Los_Angeles\","
              "\"from\":\"2023-01-01\",\"to\":\"2023-12-31\",\"variables\":"
              "\"temperature_2m,relative_humidity_2m,cloudcover,windspeed_10m\"," FAST),
        VO_OK, "%s", x.err.msg);
    cr_assert_eq(number(&x, "calls"), 1);
    expect_as_imported(&x, path, so, 8760);
    stop(&x);
}

#define RAW "mx_cenace_pml/raw/sw_pml_SIN_MDA_01PLO-115_2026-09-08.json"

Test(fetch_real, a_stored_reply_of_the_service_is_read_as_it_came) {
    fixture x;
    char path[DATA_PATH];
    NEED_DATA(RAW, path);
    start_serving(&x, path);
    cr_assert_eq(
        fetch(&x, "/~raw,sw_pml_SIN_MDA_01PLO-115_2026-09-08.json",
              "\"client\":\"cenace\",\"nodes\":\"01PLO-115\",\"from\":\"2026-09-08\"," FAST),
        VO_OK, "%s", x.err.msg);
    cr_assert_eq(number(&x, "rows"), 24);
    const vo_lake_key key = {"MEM", "MDA", "01PLO-115", NULL};
    vo_series *s = read_span(x.lake, &key, utc(2026, 9, 8, 6), utc(2026, 9, 9, 6));
    cr_assert_eq(s->n, 24);
    cr_assert_eq(s->column[0].value[0], 1915.49);
    cr_assert_eq(s->column[1].value[0], 1278.23);
    vo_series_free(s);
    cr_assert_eq(
        fetch(&x, "/~raw,sw_pml_range_error_fixture.json",
              "\"client\":\"cenace\",\"nodes\":\"01PLO-115\",\"from\":\"2026-09-08\"," FAST),
        VO_ENOTFOUND);
    cr_assert(strstr(x.err.msg, "mayor a 7 dias") != NULL, "%s", x.err.msg);
    stop(&x);
}
