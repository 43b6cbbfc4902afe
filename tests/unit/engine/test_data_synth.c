/* test_data_synth.c -- prices, weather and homes on request; what does not belong is refused.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <volteo/engine.h>

#include "engine/data_synth.h"
#include "port/file.h"

/* A fresh folder below the build, emptied of what the last run left. */
static vo_engine *engine_at(const char *name, int32_t files) {
    char lake[512], command[600];
    snprintf(lake, sizeof lake, "%s/tests/lake_synth_%s", VOLTEO_BINARY_DIR, name);
    snprintf(command, sizeof command, "rm -rf '%s'", lake);
    cr_assert_eq(system(command), 0);
    vo_engine_options o = vo_engine_options_default();
    o.lake = lake;
    o.allow_files = files;
    vo_engine *e = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_engine_open(&o, &e, &err), VO_OK);
    return e;
}

static vo_json *ask(vo_engine *e, const char *request) {
    vo_error err = {0};
    char *text = NULL;
    vo_json *root = NULL;
    cr_assert_eq(vo_engine_data_synth(e, request, &text, &err), VO_OK, "%s: %s", request,
                 err.msg);
    cr_assert_eq(vo_json_parse(text, strlen(text), &root, &err), VO_OK, "%s", err.msg);
    vo_text_free(text);
    return root;
}

static const vo_json *first(const vo_json *r) {
    return vo_json_at(vo_json_get(r, "series"), 0);
}

static double number(const vo_json *object, const char *key) {
    const vo_json *v = vo_json_get(object, key);
    cr_assert(v && vo_json_kind_of(v) == VO_JSON_NUMBER, "%s", key);
    return vo_json_number(v);
}

Test(data_synth, weather_comes_as_columns_under_the_sun_of_its_place) {
    vo_engine *e = engine_at("weather", 0);
    vo_json *r = ask(e, "{\"what\": \"weather\", \"days\": 2, \"latitude\": 60, \"longitude\": "
                        "25, \"tz\": \"Europe/Helsinki\", \"mean_temperature_c\": 5}");
    const vo_json *columns = vo_json_get(vo_json_get(first(r), "data"), "columns");
    cr_assert_eq(vo_json_size(columns), 8u);
    const vo_json *ghi = vo_json_get(columns, "ghi_w_m2");
    cr_assert_eq(vo_json_size(ghi), 48u);
    double light = 0;
    for (size_t t = 0; t < 24; t++) light += vo_json_number(vo_json_at(ghi, t)) > 0;
    cr_expect(light >= 5 && light <= 8, "%g hours of light on 1 January at 60 N", light);
    cr_expect_str_eq(vo_json_string(vo_json_get(r, "what")), "weather");
    cr_expect_str_eq(vo_json_string(vo_json_get(first(r), "kind")), "weather");
    vo_json_free(r);
    vo_engine_close(e);
}

Test(data_synth, homes_come_with_their_cars_and_sum_up) {
    vo_engine *e = engine_at("home", 0);
    vo_json *r =
        ask(e, "{\"what\": \"home\", \"days\": 14, \"ev_share\": 1, \"sessions\": true, "
               "\"charger_kw\": 11, \"first_node\": 3}");
    const vo_json *columns = vo_json_get(vo_json_get(first(r), "data"), "columns");
    cr_expect_str_eq(vo_json_string(vo_json_get(first(r), "node")), "HOME0003");
    cr_assert_eq(vo_json_size(columns), 12u);
    cr_assert_eq(vo_json_size(vo_json_get(columns, "load_kw")), 14u * 48);
    for (size_t t = 0; t < 14 * 48; t++) {
        double sum = 0;
        for (size_t k = 2; k < 12; k++) {
            const char *key = NULL;
            const vo_json *column = NULL;
            vo_json_member(columns, k, &key, &column);
            sum += vo_json_number(vo_json_at(column, t));
        }
        cr_assert(sum == vo_json_number(vo_json_at(vo_json_get(columns, "load_kw"), t)));
    }
    const vo_json *sessions = vo_json_get(first(r), "sessions");
    cr_assert_gt(vo_json_size(sessions), 2u);
    cr_expect_gt(number(vo_json_at(sessions, 0), "energy_kwh"), 0);
    cr_expect(strcmp(vo_json_string(vo_json_get(vo_json_at(sessions, 0), "arrival")),
                     vo_json_string(vo_json_get(vo_json_at(sessions, 0), "departure"))) < 0);
    vo_json_free(r);
    vo_engine_close(e);
}

Test(data_synth, each_kind_goes_into_its_folder_of_the_lake) {
    vo_engine *e = engine_at("kinds", 0);
    static const char *const request[] = {
        "{\"what\": \"home\", \"days\": 2, \"nodes\": 2, \"market\": \"SYNTH\"}",
        "{\"what\": \"prices\", \"days\": 2, \"real_time\": true, \"market\": \"SYNTH\"}",
        "{\"what\": \"weather\", \"days\": 2, \"market\": \"SYNTH\"}"};
    for (int i = 0; i < 3; i++) vo_json_free(ask(e, request[i]));
    vo_error err = {0};
    char *text = NULL;
    cr_assert_eq(vo_engine_data_list(e, "{}", &text, &err), VO_OK, "%s", err.msg);
    static const char *const there[] = {"\"HOME0000\"", "\"HOME0001\"", "\"load\"",
                                        "\"SITE0000\"", "\"weather\"",  "\"NODE0000\"",
                                        "\"MTR\""};
    for (int i = 0; i < 7; i++) cr_expect(strstr(text, there[i]), "%s in %s", there[i], text);
    vo_text_free(text);
    vo_engine_close(e);
}

Test(data_synth, rows_that_are_replaced_are_counted_and_lengths_are_not_mixed) {
    vo_engine *e = engine_at("replaced", 0);
    static const struct {
        const char *request;
        double replaced;
    } turn[] = {{"{\"days\": 2, \"market\": \"SYNTH_S\"}", 0},
                {"{\"days\": 2, \"market\": \"SYNTH_S\"}", 0}, /* the same values */
                {"{\"days\": 1, \"market\": \"SYNTH_S\", \"seed\": 2}", 24},
                {"{\"days\": 2, \"market\": \"SYNTH_S\"}", 24},
                {"{\"days\": 2, \"market\": \"SYNTH_S\", \"first_node\": 1}", 0},
                {"{\"days\": 2, \"market\": \"SYNTH_T\", \"seed\": 2}", 0}};
    for (size_t i = 0; i < sizeof turn / sizeof turn[0]; i++) {
        vo_json *r = ask(e, turn[i].request);
        cr_expect_eq(number(first(r), "replaced"), turn[i].replaced, "turn %zu", i);
        vo_json_free(r);
    }
    static const char *const steps[] = {
        "{\"days\": 1, \"market\": \"SYNTH_S\", \"interval_minutes\": 30}",
        "{\"days\": 1, \"market\": \"SYNTH_H\", \"interval_minutes\": 60}"};
    vo_json_free(ask(e, "{\"days\": 2, \"market\": \"SYNTH_H\", \"interval_minutes\": 15}"));
    for (size_t i = 0; i < 2; i++) {
        vo_error err = {0};
        char *text = NULL;
        cr_expect_eq(vo_engine_data_synth(e, steps[i], &text, &err), VO_EINVAL);
        cr_expect(strstr(err.msg, "of another length"), "%s", err.msg);
    }
    vo_engine_close(e);
}

Test(data_synth, presets_bring_their_zone_and_step_which_fields_override) {
    vo_engine *e = engine_at("preset", 0);
    vo_json *r = ask(e, "{\"preset\": \"aemo\", \"days\": 1}");
    cr_expect_eq(number(first(r), "intervals"), 288);
    cr_expect_str_eq(vo_json_string(vo_json_get(first(r), "currency")), "AUD");
    vo_json_free(r);
    r = ask(e, "{\"preset\": \"caiso\", \"days\": 1, \"interval_minutes\": 15}");
    cr_expect_eq(number(first(r), "intervals"), 96);
    cr_expect_str_eq(vo_json_string(vo_json_get(first(r), "tz")), "America/Los_Angeles");
    vo_json_free(r);
    vo_engine_close(e);
}

static const vo_json *moment(const vo_json *compare, const char *name) {
    const vo_json *list = vo_json_get(compare, "moments");
    for (size_t i = 0; i < vo_json_size(list); i++)
        if (strcmp(vo_json_string(vo_json_get(vo_json_at(list, i), "name")), name) == 0)
            return vo_json_at(list, i);
    cr_assert(false, "no moment %s", name);
    return NULL;
}

/* Compared with itself through the lake everything is near; with twice the level the mean is
 * off. */
Test(data_synth, a_set_is_like_itself_and_unlike_twice_itself) {
    vo_engine *e = engine_at("compare", 0);
    vo_json_free(ask(e, "{\"days\": 60, \"market\": \"SYNTH_M\"}"));
    vo_json *r = ask(e, "{\"days\": 60, \"compare\": \"lake:SYNTH_M/MDA/NODE0000\"}");
    const vo_json *c = vo_json_get(r, "compare");
    cr_expect_eq(number(c, "off"), 0);
    cr_expect_eq(number(moment(c, "q95"), "ratio"), 1);
    cr_expect_str_eq(vo_json_string(vo_json_get(moment(c, "mean"), "verdict")), "near");
    cr_expect_null(vo_json_get(first(r), "prices"), "a comparison does not list values");
    vo_json_free(r);
    r = ask(e, "{\"days\": 60, \"level\": 1800, \"compare\": \"lake:SYNTH_M/MDA/NODE0000\", "
               "\"column\": \"price\", \"compare_column\": \"energy\"}");
    c = vo_json_get(r, "compare");
    cr_expect_str_eq(vo_json_string(vo_json_get(c, "reference_column")), "energy");
    cr_expect_float_eq(number(moment(c, "mean"), "ratio"), 2, 0.25);
    cr_expect_str_eq(vo_json_string(vo_json_get(moment(c, "mean"), "verdict")), "off");
    cr_expect_str_eq(vo_json_string(vo_json_get(moment(c, "peak_hour"), "verdict")), "near");
    vo_json_free(r);
    vo_engine_close(e);
}

Test(data_synth, a_file_is_compared_by_the_column_asked_for) {
    vo_engine *e = engine_at("file", 1);
    char path[512], request[800];
    snprintf(path, sizeof path, "%s/tests/synth_compare.csv", VOLTEO_BINARY_DIR);
    char csv[4000] = "timestamp,price,other\n";
    for (int t = 0; t < 48; t++)
        snprintf(csv + strlen(csv), sizeof csv - strlen(csv), "2024-01-0%d %02d:00,%d,7\n",
                 1 + t / 24, t % 24, 10 + t % 24);
    vo_error err = {0};
    cr_assert_eq(vo_file_write(path, csv, strlen(csv), &err), VO_OK, "%s", err.msg);
    snprintf(request, sizeof request, "{\"days\": 2, \"compare\": \"%s\"}", path);
    vo_json *r = ask(e, request);
    cr_expect_float_eq(number(moment(vo_json_get(r, "compare"), "mean"), "reference"), 21.5,
                       1e-9);
    vo_json_free(r);
    snprintf(request, sizeof request,
             "{\"days\": 2, \"compare\": \"%s\", \"compare_column\": \"other\"}", path);
    r = ask(e, request);
    cr_expect_float_eq(number(moment(vo_json_get(r, "compare"), "mean"), "reference"), 7, 1e-9);
    vo_json_free(r);
    vo_engine_close(e);
}

/* MEM's day-ahead prices of one zone, where they lie here. */
Test(data_synth, the_mem_preset_is_near_apatzingan) {
    const char *data = getenv("VOLTEO_DATA");
    char path[600], request[1200];
    snprintf(path, sizeof path, "%s/mx_cenace_pml/apatzingan_mda_mtr.csv",
             data ? data : VOLTEO_SOURCE_DIR "/../shared/data");
    FILE *file = fopen(path, "r");
    if (!file) cr_skip_test("no real data: set VOLTEO_DATA");
    fclose(file);
    /* Both markets are in that file: the rows of one go into one that is read here. */
    vo_engine *e = engine_at("mem", 1);
    vo_error err = {0};
    char *text = NULL;
    snprintf(request, sizeof request, "{\"file\": \"%s\", \"only_process\": \"MDA\"}", path);
    cr_assert_eq(vo_engine_data_import(e, request, &text, &err), VO_OK, "%s", err.msg);
    vo_text_free(text);
    vo_json *r = ask(e, "{\"preset\": \"mem\", \"compare\": \"lake:MEM/MDA/APATZINGAN\"}");
    const vo_json *c = vo_json_get(r, "compare");
    cr_expect_eq(number(c, "reference_values"),
                 10272); /* 428 days of SOURCE.md's, from 2016-01-29 */
    static const char *const near[] = {"mean",           "q05",      "q50", "q95",
                                       "negative_share", "day_swing"};
    for (int i = 0; i < 6; i++)
        cr_expect_str_eq(vo_json_string(vo_json_get(moment(c, near[i]), "verdict")), "near",
                         "%s: %g of %g", near[i], number(moment(c, near[i]), "ours"),
                         number(moment(c, near[i]), "reference"));
    vo_json_free(r);
    vo_engine_close(e);
}

#define N32 "NODE0000000000000000000000000000"
#define N127 N32 N32 N32 "NODE000000000000000000000000000"

Test(data_synth, what_does_not_belong_is_refused_in_words) {
    static const struct {
        int32_t files;
        const char *request, *says;
    } refused[] = {
        {0, "{\"what\": \"wind\"}", "one of prices, weather, home"},
        {0, "{\"what\": \"weather\", \"level\": 3}", "level is not for what = \"weather\""},
        {0, "{\"ev_share\": 0.5}", "ev_share is not for what = \"prices\""},
        {0, "{\"what\": \"home\", \"preset\": \"mem\"}", "preset is not for"},
        {0, "{\"preset\": \"nyiso\"}", "default, mem, caiso, aemo"},
        {0, "{\"what\": \"home\", \"interval_minutes\": 7}", "interval_minutes"},
        {0, "{\"what\": \"home\", \"nodes\": 3}", "give market"},
        {0, "{\"what\": \"home\", \"out\": \"x.csv\"}", "not written here"},
        {0, "{\"compare\": \"x.csv\"}", "not read here"},
        {0, "{\"compare\": \"lake:MEM\"}", "lake:MARKET/PROCESS/NODE"},
        {0, "{\"compare\": \"lake:SYNTH_M/MDA/NOWHERE\"}", "NOWHERE"},
        {0, "{\"compare\": \"lake:SYNTH_M/MDA/" N127 "\"}",
         N127}, /* a name, but of nothing there */
        {0, "{\"compare\": \"lake:SYNTH_M/MDA/" N127 "0\"}", "lake:MARKET/PROCESS/NODE"},
        {0, "{\"column\": \"energy\"}", "give compare"},
        {1, "{\"compare\": \"/nowhere.csv\"}", "/nowhere.csv"},
        {0, "{\"what\": \"weather\", \"latitude\": 91}", "latitude"},
        {0, "{\"whta\": \"home\"}", "what"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        vo_engine *e = engine_at("refused", refused[i].files);
        vo_error err = {0};
        char *text = NULL;
        cr_expect_neq(vo_engine_data_synth(e, refused[i].request, &text, &err), VO_OK, "%s",
                      refused[i].request);
        cr_expect(strstr(err.msg, refused[i].says), "%s: %s", refused[i].request, err.msg);
        cr_expect_null(text);
        vo_engine_close(e);
    }
}
