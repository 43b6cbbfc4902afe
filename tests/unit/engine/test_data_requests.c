/* Import, list and synth against a lake in a temporary folder. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <volteo/engine.h>

#include "engine/data_requests.h"
#include "engine/data_synth.h"
#include "port/file.h"

/* A fresh folder below the build, emptied of what the last run left. */
static vo_engine *engine_at(const char *name, int32_t files) {
    char lake[512], command[600];
    snprintf(lake, sizeof lake, "%s/tests/lake_%s", VOLTEO_BINARY_DIR, name);
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

typedef vo_status call(vo_engine *e, const char *request, char **response, vo_error *err);

static vo_json *ask(vo_engine *e, call *f, const char *request) {
    vo_error err = {0};
    char *text = NULL;
    vo_json *root = NULL;
    cr_assert_eq(f(e, request, &text, &err), VO_OK, "%s: %s", request, err.msg);
    cr_assert_eq(vo_json_parse(text, strlen(text), &root, &err), VO_OK, "%s", err.msg);
    vo_text_free(text);
    return root;
}

static size_t listed(vo_engine *e) {
    vo_json *r = ask(e, vo_engine_data_list, "{}");
    const size_t n = vo_json_size(vo_json_get(r, "series"));
    vo_json_free(r);
    return n;
}

Test(data_requests, what_is_made_up_goes_into_the_lake_and_can_be_optimised) {
    vo_engine *e = engine_at("synth", 0);
    cr_expect_eq(listed(e), 0, "an absent lake is empty");
    vo_json *r =
        ask(e, vo_engine_data_synth, "{\"days\": 3, \"nodes\": 2, \"market\": \"SYNTH\"}");
    cr_expect(vo_json_bool(vo_json_get(r, "synthetic")));
    cr_expect_eq(vo_json_size(vo_json_get(r, "series")), 2);
    vo_json_free(r);
    cr_expect_eq(listed(e), 2);
    r = ask(e, vo_engine_optimize,
            "{\"battery_params\": {\"power_mw\": 1, \"capacity_mwh\": 4}, \"market_params\": "
            "{\"market\": \"SYNTH\", \"zone\": \"NODE0001\", \"start_date\": \"2025-01-02\", "
            "\"end_date\": \"2025-01-03\"}}");
    cr_expect_eq(vo_json_size(vo_json_get(r, "daily_schedules")), 2);
    cr_expect(vo_json_bool(vo_json_get(vo_json_get(r, "prices"), "synthetic")));
    vo_json_free(r);
    r = ask(e, vo_engine_optimize,
            "{\"battery_params\": {\"power_mw\": 1, \"capacity_mwh\": 4}, \"market_params\": "
            "{\"market\": \"SYNTH\", \"zone\": \"NODE0001\", \"start_date\": "
            "\"2025-01-02T00:00:00Z\", \"end_date\": \"2025-01-03T23:59:59Z\"}}");
    const vo_json *days = vo_json_get(r, "daily_schedules");
    cr_expect_eq(vo_json_size(days), 2, "whole days of UTC mean the market's days");
    cr_expect_str_eq(vo_json_string(vo_json_get(vo_json_at(days, 0), "date")), "2025-01-02");
    cr_expect_eq(vo_json_size(vo_json_get(vo_json_at(days, 0), "schedule")), 24);
    vo_json_free(r);
    vo_engine_close(e);
}

Test(data_requests, prices_of_synth_are_a_request_s_prices_and_seeds_tell_them_apart) {
    vo_engine *e = engine_at("inline", 0);
    vo_json *a = ask(e, vo_engine_data_synth, "{\"days\": 1}");
    vo_json *b = ask(e, vo_engine_data_synth, "{\"days\": 1, \"seed\": 2}");
    const vo_json *x = vo_json_get(vo_json_at(vo_json_get(a, "series"), 0), "prices");
    const vo_json *y = vo_json_get(vo_json_at(vo_json_get(b, "series"), 0), "prices");
    cr_assert_eq(vo_json_size(vo_json_get(x, "prices")), 24);
    bool differ = false;
    for (size_t t = 0; t < 24; t++)
        differ = differ || vo_json_number(vo_json_at(vo_json_get(x, "prices"), t)) !=
                               vo_json_number(vo_json_at(vo_json_get(y, "prices"), t));
    cr_expect(differ);
    vo_json_free(a);
    vo_json_free(b);
    vo_engine_close(e);
}

Test(data_requests, a_file_is_cleaned_reported_and_stored) {
    vo_engine *e = engine_at("import", 1);
    char path[512], request[700];
    snprintf(path, sizeof path, "%s/tests/import.csv", VOLTEO_BINARY_DIR);
    const char *csv = "timestamp,price\n2024-01-01T00:00Z,10\n2024-01-01T02:00Z,30\n"
                      "2024-01-01T02:00Z,30\n2024-01-01T03:00Z,40\n";
    vo_error err = {0};
    cr_assert_eq(vo_file_write(path, csv, strlen(csv), &err), VO_OK, "%s", err.msg);
    snprintf(request, sizeof request,
             "{\"file\": \"%s\", \"market\": \"M\", \"process\": \"DA\", \"node\": \"N\"}",
             path);
    vo_json *r = ask(e, vo_engine_data_import, request);
    const vo_json *one = vo_json_at(vo_json_get(r, "series"), 0);
    const vo_json *counts = vo_json_get(vo_json_get(one, "report"), "counts");
    cr_expect_eq(vo_json_number(vo_json_get(counts, "duplicate_same")), 1);
    cr_expect_eq(vo_json_number(vo_json_get(counts, "interpolated")), 1);
    vo_json_free(r);
    r = ask(e, vo_engine_data_list, "{}");
    one = vo_json_at(vo_json_get(r, "series"), 0);
    cr_expect_str_eq(vo_json_string(vo_json_get(one, "node")), "N");
    cr_expect_eq(vo_json_number(vo_json_get(one, "rows")), 4);
    cr_expect_str_eq(vo_json_string(vo_json_get(one, "last")), "2024-01-01T03:00:00Z");
    vo_json_free(r);
    vo_engine_close(e);
}

typedef struct {
    const char *phase; /* to stop in, at its `at`-th call */
    int at, calls;
} stopper;

static int32_t stop_there(void *ctx, const char *phase, double fraction) {
    stopper *s = ctx;
    (void)fraction;
    return strcmp(phase, s->phase) == 0 && ++s->calls == s->at;
}

static void put_nodes(const char *path, int nodes) {
    FILE *f = fopen(path, "w");
    cr_assert_not_null(f);
    fputs("timestamp,node,price\n", f);
    for (int h = 0; h < 24; h++)
        for (int n = 0; n < nodes; n++)
            fprintf(f, "2025-01-01T%02d:00Z,N%03d,%d\n", h, n, h + n);
    cr_assert_eq(fclose(f), 0);
}

/* What a stopped import says that it stored is what the lake lists. */
Test(data_requests, a_stopped_import_says_what_is_stored_and_can_be_finished) {
    static const char path[] = VOLTEO_BINARY_DIR "/tests/import_stopped.csv";
    char request[700];
    put_nodes(path, 150);
    snprintf(request, sizeof request, "{\"file\": \"%s\", \"node_column\": \"node\"}", path);
    for (int at = 0; at <= 70; at += 35) {
        vo_engine *plain = engine_at("stopped", 1), *e = NULL;
        stopper s = {at ? "importing" : "reading", at ? at : 1, 0};
        vo_engine_options o = vo_engine_options_default();
        o.lake = VOLTEO_BINARY_DIR "/tests/lake_stopped";
        o.allow_files = 1;
        o.progress = stop_there;
        o.progress_ctx = &s;
        vo_error err = {0};
        char *text = NULL;
        unsigned stored = 0;
        cr_assert_eq(vo_engine_open(&o, &e, &err), VO_OK);
        cr_assert_eq(vo_engine_data_import(e, request, &text, &err), VO_ECANCELED);
        vo_engine_close(e);
        if (at)
            cr_assert_eq(sscanf(err.msg, "stopped after %u of 150 series, which", &stored), 1,
                         "%s", err.msg);
        else
            cr_assert(strstr(err.msg, "nothing was stored"), "%s", err.msg);
        cr_expect_eq(listed(plain), stored);
        cr_expect(at == 0 || (stored > 0 && stored < 150), "%u", stored);
        vo_json_free(ask(plain, vo_engine_data_import, request));
        cr_expect_eq(listed(plain), 150u);
        vo_engine_close(plain);
    }
}

Test(data_requests, bad_requests_are_refused_in_words) {
    static const struct {
        call *f;
        int32_t files;
        const char *request, *says;
    } refused[] = {
        {vo_engine_data_import, 0, "{\"file\": \"x.csv\"}", "local files are not read here"},
        {vo_engine_data_import, 1, "{}", "file is missing"},
        {vo_engine_data_import, 1, "{\"file\": \"x\", \"market\": \"Synthesis\"}",
         "begin with SYNTH are kept"},
        {vo_engine_data_import, 1, "{\"file\": \"x\", \"columns\": \"price=a*0\"}",
         "columns ="},
        {vo_engine_data_synth, 0, "{\"market\": \"MEM\"}", "must begin with SYNTH"},
        {vo_engine_data_import, 1, "{\"file\": \"/nowhere.csv\"}", "/nowhere.csv"},
        {vo_engine_data_import, 1, "{\"file\": \"x\", \"zero\": \"off\"}", "zero = \"off\""},
        {vo_engine_data_list, 0, "{\"node\": 1}", "node is a number"},
        {vo_engine_data_synth, 0, "{\"days\": 400}", "days = 400"},
        {vo_engine_data_synth, 0, "{\"nodes\": 3}", "give market"},
        {vo_engine_data_synth, 0, "{\"out\": \"x.csv\"}", "not written here"},
        {vo_engine_data_synth, 0, "{\"interval_minutes\": 7}", "interval_minutes"},
        {vo_engine_data_synth, 0, "nonsense", "JSON"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        vo_engine *e = engine_at("refused", refused[i].files);
        vo_error err = {0};
        char *text = NULL;
        cr_expect_neq(refused[i].f(e, refused[i].request, &text, &err), VO_OK, "%s",
                      refused[i].request);
        cr_expect(strstr(err.msg, refused[i].says), "%s: %s", refused[i].request, err.msg);
        cr_expect_null(text);
        vo_engine_close(e);
    }
}

Test(data_requests, one_file_is_not_for_several_series) {
    vo_engine *e = engine_at("two", 1);
    char *text = NULL;
    vo_error err = {0};
    cr_expect_eq(
        vo_engine_data_synth(e, "{\"days\": 1, \"nodes\": 2, \"out\": \"x.csv\"}", &text, &err),
        VO_EINVAL);
    cr_expect(strstr(err.msg, "nodes = 2"), "%s", err.msg);
    cr_expect_null(text);
    vo_engine_close(e);
}
