/* list, show, export, doctor and compact over a lake of made-up prices. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <volteo/engine.h>

#include "data/lake_duckdb.h"
#include "engine/lake_requests.h"
#include "port/file.h"

static char folder[400];

/* Two days of nodes A (MDA and MTR) and B; of A's MTR an hour is missing and one is 0. */
static vo_engine *engine(const char *name) {
    char command[900];
    snprintf(folder, sizeof folder, "%s/tests/lake_requests_%s", VOLTEO_BINARY_DIR, name);
    snprintf(command, sizeof command, "rm -rf '%s' && mkdir -p '%s'", folder, folder);
    cr_assert_eq(system(command), 0);
    char lake[450];
    snprintf(lake, sizeof lake, "%s/lake", folder);
    vo_engine_options o = vo_engine_options_default();
    o.lake = lake;
    o.allow_files = 1;
    vo_engine *e = NULL;
    cr_assert_eq(vo_engine_open(&o, &e, NULL), VO_OK);
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

static void refuses(vo_engine *e, call *f, const char *request, const char *says) {
    vo_error err = {0};
    char *text = NULL;
    const vo_status s = f(e, request, &text, &err);
    cr_expect(s == VO_EINVAL || s == VO_ENOTFOUND, "%s", request);
    cr_expect(!text && strstr(err.msg, says), "%s: \"%s\" is not in: %s", request, says,
              err.msg);
    vo_text_free(text);
}

static double number(const vo_json *r, const char *key) {
    return vo_json_number(vo_json_get(r, key));
}

static const char *text(const vo_json *r, const char *key) {
    return vo_json_string(vo_json_get(r, key));
}

static void import(vo_engine *e, const char *process, const char *node, int gap, int flat) {
    char csv[4096] = "timestamp,price\n", path[450], request[700];
    for (int h = 0; h < 48; h++) {
        if (h == gap) continue;
        char line[64];
        snprintf(line, sizeof line, "2025-01-%02dT%02d:00:00Z,%d\n", 1 + h / 24, h % 24,
                 h == flat ? 0 : 100 + h);
        strcat(csv, line);
    }
    snprintf(path, sizeof path, "%s/in.csv", folder);
    cr_assert_eq(vo_file_write(path, csv, strlen(csv), NULL), VO_OK);
    snprintf(request, sizeof request,
             "{\"file\": \"%s\", \"market\": \"M\", \"process\": \"%s\", \"node\": \"%s\", "
             "\"zero\": \"missing\", \"currency\": \"EUR\"}",
             path, process, node);
    vo_json_free(ask(e, vo_engine_data_import, request));
}

static void fill(vo_engine *e) {
    import(e, "MDA", "A", -1, -1);
    import(e, "MTR", "A", 10, 20);
    import(e, "MDA", "B", -1, -1);
}

Test(lake_requests, the_list_says_what_there_is_and_can_be_narrowed) {
    vo_engine *e = engine("list");
    fill(e);
    vo_json *r = ask(e, vo_engine_data_list, "{}");
    const vo_json *list = vo_json_get(r, "series");
    cr_assert_eq(vo_json_size(list), 3);
    const vo_json *mtr = vo_json_at(list, 1), *mda = vo_json_at(list, 0);
    cr_expect_str_eq(text(mtr, "kind"), "prices");
    cr_expect_str_eq(text(mda, "node"), "A");
    cr_expect(number(mda, "rows") == 48 && number(mda, "interval_minutes") == 60);
    cr_expect(number(mda, "changes") == 0);
    vo_json_free(r);
    r = ask(e, vo_engine_data_list, "{\"process\": \"MTR\"}");
    cr_expect_eq(vo_json_size(vo_json_get(r, "series")), 1);
    vo_json_free(r);
    r = ask(e, vo_engine_data_list, "{\"kind\": \"weather\"}");
    cr_expect_eq(vo_json_size(vo_json_get(r, "series")), 0);
    vo_json_free(r);
    refuses(e, vo_engine_data_list, "{\"raw\": true}", "raw is not for this request");
    refuses(e, vo_engine_data_list, "{\"kind\": \"Prices!\"}", "kind = \"Prices!\"");
    vo_engine_close(e);
}

Test(lake_requests, a_series_is_shown_with_its_changes) {
    vo_engine *e = engine("show");
    fill(e);
    vo_json *r = ask(e, vo_engine_data_show, "{\"node\": \"A\", \"process\": \"MTR\"}");
    const vo_json *price = vo_json_at(vo_json_get(r, "columns"), 0);
    cr_expect_str_eq(text(price, "name"), "price");
    cr_expect(number(price, "count") == 48);
    /* 100..147, the two gaps filled on the straight line they lie on */
    cr_expect_float_eq(number(vo_json_get(price, "moments"), "mean"), 123.5, 1e-9);
    const vo_json *counts = vo_json_get(r, "counts");
    cr_expect(number(counts, "interpolated") == 2 && number(counts, "zero_placeholder") == 1);
    cr_expect(number(r, "touched_total") == 3);
    const vo_json *gap = vo_json_at(vo_json_get(r, "touched"), 0);
    cr_expect_str_eq(text(gap, "time"), "2025-01-01T10:00:00Z");
    cr_expect_str_eq(text(gap, "done"), "interpolated");
    cr_expect(strstr(text(gap, "source"), "in.csv"));
    vo_json_free(r);
    r = ask(e, vo_engine_data_show, "{\"node\": \"A\", \"from\": \"2025-01-02\"}");
    cr_expect_str_eq(text(r, "process"), "MDA", "of several processes the day-ahead one");
    cr_expect(number(vo_json_get(r, "shown"), "intervals") == 24);
    vo_json_free(r);
    refuses(e, vo_engine_data_show, "{}", "which series?");
    refuses(e, vo_engine_data_show, "{\"node\": \"C\"}", "prices M MDA A");
    refuses(e, vo_engine_data_show, "{\"node\": \"B\", \"from\": \"2025-02-01\"}", "2025");
    refuses(e, vo_engine_data_show,
            "{\"node\": \"B\", \"from\": \"2025-01-02\", \"to\": \"2025-01-01\"}", "swap them");
    vo_engine_close(e);
}

/* Of four columns, so that a dropped row leaves four entries. */
Test(lake_requests, a_dropped_row_counts_once_whatever_its_columns) {
    vo_engine *e = engine("rows");
    const char *csv = "timestamp,price,energy,loss,congestion\n2025-01-01T00:00Z,6,3,2,1\n"
                      "2025-01-01T01:00Z,9,5,3,1\n2025-01-01T01:00Z,9,5,3,1\n"
                      "2025-01-01T02:00Z,6,3,2,1\n";
    char path[450], request[700];
    snprintf(path, sizeof path, "%s/in.csv", folder);
    cr_assert_eq(vo_file_write(path, csv, strlen(csv), NULL), VO_OK);
    snprintf(request, sizeof request, "{\"file\": \"%s\", \"node\": \"N\"}", path);
    vo_json *r = ask(e, vo_engine_data_import, request);
    const vo_json *report = vo_json_get(vo_json_at(vo_json_get(r, "series"), 0), "report");
    cr_expect(number(vo_json_get(report, "counts"), "duplicate_same") == 1);
    vo_json_free(r);
    r = ask(e, vo_engine_data_show, "{\"node\": \"N\"}");
    cr_expect(number(vo_json_get(r, "counts"), "duplicate_same") == 1);
    cr_expect(number(r, "touched_total") == 4);
    vo_json_free(r);
    vo_engine_close(e);
}

static char *exported(vo_engine *e, const char *fields, const char *name, double rows) {
    char request[900], path[450];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    snprintf(request, sizeof request, "{%s, \"out\": \"%s\"}", fields, path);
    vo_json *r = ask(e, vo_engine_data_export, request);
    cr_expect(number(r, "written") == rows, "%s: %g rows", fields, number(r, "written"));
    vo_json_free(r);
    char *out = NULL;
    size_t len = 0;
    cr_assert_eq(vo_file_read(path, 1 << 20, &out, &len, NULL), VO_OK);
    return out;
}

Test(lake_requests, an_export_gives_the_clean_the_raw_and_what_lies_between) {
    vo_engine *e = engine("export");
    fill(e);
    const char *mtr = "\"node\": \"A\", \"process\": \"MTR\"";
    char fields[200];
    char *out = exported(e, mtr, "clean.csv", 48);
    cr_expect(strstr(out, "2025-01-01T10:00:00Z,110\n") && strstr(out, "T20:00:00Z,120\n"));
    free(out);
    snprintf(fields, sizeof fields, "%s, \"raw\": true", mtr);
    out = exported(e, fields, "raw.csv", 47);
    cr_expect(!strstr(out, "2025-01-01T10:00:00Z") && strstr(out, "2025-01-01T20:00:00Z,0\n"));
    free(out);
    snprintf(fields, sizeof fields, "%s, \"changes\": true", mtr);
    out = exported(e, fields, "changes.csv", 3);
    cr_expect(strstr(out, "2025-01-01T20:00:00Z,price,0,,zero_placeholder,dropped,"), "%s",
              out);
    free(out);
    free(exported(e, mtr, "a.parquet", 48));
    refuses(e, vo_engine_data_export, "{\"node\": \"B\"}", "out is missing");
    refuses(e, vo_engine_data_export,
            "{\"node\": \"B\", \"out\": \"x\", \"raw\": true, \"changes\": true}",
            "choose one");
    vo_engine_close(e);
}

/* The same rows, uncompressed, without the lake's entry. */
static void write_as_others_do(const char *part) {
    char sql[3000];
    vo_duck *d = NULL;
    vo_error err = {0};
    snprintf(sql, sizeof sql,
             "COPY (SELECT * FROM read_parquet('%s', hive_partitioning=false)) TO '%s.other' "
             "(FORMAT parquet, COMPRESSION uncompressed, DICTIONARY_SIZE_LIMIT 1)",
             part, part);
    cr_assert_eq(vo_duck_open(&d, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_duck_query(d, sql, NULL, NULL, &err), VO_OK, "%s", err.msg);
    vo_duck_close(d);
    snprintf(sql, sizeof sql, "%s.other", part);
    cr_assert_eq(rename(sql, part), 0);
}

Test(lake_requests, a_sound_lake_is_well_and_a_damaged_part_is_found_and_mended) {
    vo_engine *e = engine("doctor");
    refuses(e, vo_engine_data_doctor, "{}", "there is no lake at");
    refuses(e, vo_engine_data_compact, "{}", "there is no lake at");
    fill(e);
    vo_json *r = ask(e, vo_engine_data_doctor, "{}");
    cr_expect(vo_json_bool(vo_json_get(r, "ok")));
    cr_expect(number(r, "parts") == 3 && number(r, "series") == 3 && number(r, "rows") == 144);
    vo_json_free(r);
    char part[900];
    snprintf(part, sizeof part,
             "%s/lake/prices/market=M/process=MDA/node=B/year=2025/part.parquet", folder);
    cr_assert_eq(vo_file_write(part, "PAR1 broken", 11, NULL), VO_OK);
    r = ask(e, vo_engine_data_list, "{}");
    cr_expect_eq(vo_json_size(vo_json_get(r, "series")), 3, "it hides no other series");
    vo_json_free(r);
    r = ask(e, vo_engine_data_doctor, "{}");
    cr_expect(!vo_json_bool(vo_json_get(r, "ok")));
    cr_expect_str_eq(text(vo_json_at(vo_json_get(r, "findings"), 0), "ill"), "damaged");
    cr_expect(number(r, "bytes_before") == number(r, "bytes_after"), "nothing was changed");
    vo_json_free(r);
    r = ask(e, vo_engine_data_compact, "{}");
    cr_expect(!vo_json_bool(vo_json_get(r, "ok")), "what cannot be read is not well");
    cr_expect_str_eq(text(vo_json_at(vo_json_get(r, "findings"), 0), "ill"), "damaged");
    vo_json_free(r);
    r = ask(e, vo_engine_data_doctor, "{\"mend\": true}");
    cr_expect(vo_json_bool(vo_json_get(r, "ok")));
    vo_json_free(r);
    import(e, "MDA", "B", -1, -1);
    r = ask(e, vo_engine_data_show, "{\"node\": \"B\"}");
    cr_expect(number(r, "rows") == 48);
    vo_json_free(r);
    write_as_others_do(part);
    r = ask(e, vo_engine_data_compact, "{}");
    cr_expect(number(r, "bytes_after") <= number(r, "bytes_before"));
    cr_expect(vo_json_bool(vo_json_get(r, "ok")) && number(r, "rewritten") >= 1);
    vo_json_free(r);
    refuses(e, vo_engine_data_compact, "{\"mend\": true}", "mend is not for this request");
    vo_engine_close(e);
}

Test(lake_requests, files_are_not_written_where_they_are_not_allowed) {
    vo_engine_options o = vo_engine_options_default();
    o.lake = "lake";
    vo_engine *e = NULL;
    cr_assert_eq(vo_engine_open(&o, &e, NULL), VO_OK);
    refuses(e, vo_engine_data_export, "{\"node\": \"A\", \"out\": \"x.csv\"}",
            "not written here");
    vo_engine_close(e);
}

/* Whoever plans on prices of the lake is told which of them were not there. */
Test(lake_requests, a_plan_on_filled_prices_says_so) {
    static const struct {
        const char *span;
        double filled;
    } span[] = {{"", 2},
                {", \"start_date\": \"2025-01-02\"", 0},
                {", \"end_date\": \"2025-01-01\"", 2}};
    vo_engine *e = engine("planned");
    fill(e);
    for (size_t i = 0; i < 3; i++) {
        char request[300];
        snprintf(
            request, sizeof request,
            "{\"battery_params\": {\"power_mw\": 1, \"capacity_mwh\": 4}, "
            "\"market_params\": {\"market\": \"M\", \"zone\": \"A\", \"process\": \"MTR\"%s}}",
            span[i].span);
        vo_json *r = ask(e, vo_engine_optimize, request);
        const vo_json *repairs = vo_json_get(vo_json_get(r, "prices"), "repairs");
        cr_expect(number(vo_json_get(repairs, "counts"), "interpolated") == span[i].filled,
                  "%s", span[i].span);
        vo_json_free(r);
    }
    vo_engine_close(e);
}

Test(lake_requests, the_lake_s_own_files_are_not_written_over) {
    vo_engine *e = engine("own");
    char request[1100];
    fill(e);
    snprintf(request, sizeof request,
             "{\"node\": \"B\", \"out\": "
             "\"%s/lake/prices/market=M/process=MDA/node=B/year=2025/part.parquet\"}",
             folder);
    refuses(e, vo_engine_data_export, request, "lies in the lake");
    refuses(e, vo_engine_data_export, "{\"node\": \"B\", \"out\": \"b.xlsx\"}", "must end in");
    vo_engine_close(e);
}
