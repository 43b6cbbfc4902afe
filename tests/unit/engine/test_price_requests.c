/* Markets, nodes and prices over a lake that the test fills through the same door: what goes in
 * comes out in every format, page by page, and twice in is once in. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <volteo/engine.h>

#include "base/civil.h"
#include "base/text.h"
#include "data/lake_duckdb.h"
#include "engine/price_requests.h"
#include "port/file.h"

#define MA "\"market\": \"M\", \"node\": \"A\""

static char folder[400], lake[450];

static vo_engine *engine(const char *name) {
    char command[900];
    snprintf(folder, sizeof folder, "%s/tests/price_requests_%s", VOLTEO_BINARY_DIR, name);
    snprintf(lake, sizeof lake, "%s/lake", folder);
    snprintf(command, sizeof command, "rm -rf '%s' && mkdir -p '%s'", folder, folder);
    cr_assert_eq(system(command), 0);
    vo_engine_options o = vo_engine_options_default();
    o.lake = lake;
    vo_engine *e = NULL;
    cr_assert_eq(vo_engine_open(&o, &e, NULL), VO_OK);
    return e;
}

typedef vo_status call(vo_engine *e, const char *request, char **response, vo_error *err);

static vo_json *parse(const char *text) {
    vo_json *root = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_json_parse(text, strlen(text), &root, &err), VO_OK, "%s", err.msg);
    return root;
}

static vo_json *ask(vo_engine *e, call *f, const char *request) {
    vo_error err = {0};
    char *text = NULL;
    cr_assert_eq(f(e, request, &text, &err), VO_OK, "%.300s: %s", request, err.msg);
    vo_json *root = parse(text);
    vo_text_free(text);
    return root;
}

static vo_document fetch(vo_engine *e, const char *request) {
    vo_document d = {0};
    vo_error err = {0};
    cr_assert_eq(vo_engine_prices(e, request, &d, &err), VO_OK, "%s: %s", request, err.msg);
    return d;
}

static vo_json *fetch_json(vo_engine *e, const char *request) {
    vo_document d = fetch(e, request);
    cr_assert_str_eq(d.content_type, "application/json");
    vo_json *root = parse(d.bytes);
    vo_document_fini(&d);
    return root;
}

static void refuses(vo_engine *e, call *f, const char *request, const char *says) {
    vo_error err = {0};
    char *text = NULL;
    vo_document d = {0};
    const vo_status s = f ? f(e, request, &text, &err) : vo_engine_prices(e, request, &d, &err);
    cr_expect(s == VO_EINVAL || s == VO_ENOTFOUND, "%.200s: %d", request, (int)s);
    cr_expect(!text && !d.bytes && strstr(err.msg, says), "%.200s: \"%s\" is not in: %s",
              request, says, err.msg);
    vo_text_free(text);
    vo_document_fini(&d);
}

static double number(const vo_json *r, const char *key) {
    return vo_json_number(vo_json_get(r, key));
}
static const char *text(const vo_json *r, const char *key) {
    return vo_json_string(vo_json_get(r, key));
}

/* Hours from 2024-03-09 in New York, over the day of 23 hours: 100, 101, ... */
static void add(vo_engine *e, const char *node, int hours) {
    static char request[65536];
    char *at = request + snprintf(request, sizeof request,
                                  "{\"market\": \"M\", \"node\": \"%s\", \"tz\": "
                                  "\"America/New_York\", \"currency\": \"USD\", \"start\": "
                                  "\"2024-03-09\", \"prices\": [",
                                  node);
    for (int h = 0; h < hours; h++) at += sprintf(at, "%s%d", h ? "," : "", 100 + h);
    sprintf(at, "]}");
    vo_json *r = ask(e, vo_engine_prices_add, request);
    cr_expect_eq(number(r, "added"), hours);
    vo_json_free(r);
}

Test(price_requests, what_is_added_comes_out_with_the_stamps_of_its_zone) {
    vo_engine *e = engine("out");
    add(e, "A", 71);
    vo_json *r = fetch_json(e, "{\"market\": \"M\", \"node\": \"A\", \"from\": \"2024-03-10\", "
                               "\"to\": \"2024-03-10\"}");
    const vo_json *stamps = vo_json_get(r, "timestamps");
    const vo_json *prices = vo_json_get(vo_json_get(r, "values"), "price");
    cr_assert(vo_json_size(stamps) == 23 && vo_json_size(prices) == 23);
    cr_expect_str_eq(vo_json_string(vo_json_at(stamps, 0)), "2024-03-10T00:00:00-05:00");
    cr_expect_str_eq(vo_json_string(vo_json_at(stamps, 2)), "2024-03-10T03:00:00-04:00");
    cr_expect_eq(vo_json_number(vo_json_at(prices, 2)), 126);
    cr_expect_str_eq(text(r, "process"), "DA");
    cr_expect_str_eq(text(r, "currency"), "USD");
    cr_expect(number(r, "rows") == 23 && number(r, "interval_minutes") == 60);
    vo_json_free(r);
    r = fetch_json(e, "{\"market\": \"M\", \"node\": \"A\", \"resolution\": \"1d\"}");
    prices = vo_json_get(vo_json_get(r, "values"), "price");
    cr_assert_eq(vo_json_size(prices), 3);
    /* 24 hours from 100, 23 from 124, 24 from 147 */
    cr_expect_float_eq(vo_json_number(vo_json_at(prices, 0)), 111.5, 1e-12);
    cr_expect_float_eq(vo_json_number(vo_json_at(prices, 1)), 135, 1e-12);
    cr_expect_float_eq(vo_json_number(vo_json_at(prices, 2)), 158.5, 1e-12);
    cr_expect_str_eq(text(r, "statistic"), "mean");
    vo_json_free(r);
    vo_engine_close(e);
}

Test(price_requests, csv_is_rfc_4180) {
    vo_engine *e = engine("csv");
    vo_json_free(ask(
        e, vo_engine_prices_add,
        "{\"market\": \"M\", \"node\": \"A\", \"kind\": \"weather\", \"prices\": "
        "[{\"timestamp\": \"2024-01-01T00:00Z\", \"price\": 1.5, \"a \\\"b\\\", c\": -2}, "
        "{\"timestamp\": \"2024-01-01T01:00Z\", \"price\": 1e-7, \"a \\\"b\\\", c\": null}]}"));
    vo_document d = fetch(e, "{\"market\": \"M\", \"node\": \"A\", \"kind\": \"weather\", "
                             "\"format\": \"csv\"}");
    cr_expect_str_eq(d.content_type, "text/csv; charset=utf-8");
    cr_expect_str_eq(d.bytes, "timestamp,price,\"a \"\"b\"\", c\"\r\n"
                              "2024-01-01T00:00:00Z,1.5,-2\r\n2024-01-01T01:00:00Z,1e-07,\r\n");
    vo_document_fini(&d);
    vo_document_fini(&d);
    vo_engine_close(e);
}

typedef struct {
    size_t rows;
    int64_t first_us, last_us;
    double sum;
} seen;

static vo_status take(void *ctx, const vo_duck_rows *rows, vo_error *err) {
    seen *s = ctx;
    (void)err;
    for (size_t i = 0; i < rows->rows; i++) {
        if (s->rows++ == 0) s->first_us = rows->column[0].integer[i];
        s->last_us = rows->column[0].integer[i];
        s->sum += rows->column[1].number[i];
    }
    return VO_OK;
}

Test(price_requests, parquet_is_read_by_duckdb) {
    vo_engine *e = engine("parquet");
    add(e, "A", 71);
    vo_document d = fetch(e, "{\"market\": \"M\", \"node\": \"A\", \"format\": \"parquet\"}");
    char path[460], sql[600];
    vo_duck *duck = NULL;
    seen s = {0};
    vo_error err = {0};
    cr_expect_str_eq(d.content_type, "application/vnd.apache.parquet");
    snprintf(path, sizeof path, "%s/a.parquet", folder);
    cr_assert_eq(vo_file_write(path, d.bytes, d.len, NULL), VO_OK);
    snprintf(sql, sizeof sql, "SELECT \"timestamp\", price FROM read_parquet('%s')", path);
    cr_assert_eq(vo_duck_open(&duck, NULL), VO_OK);
    cr_assert_eq(vo_duck_query(duck, sql, take, &s, &err), VO_OK, "%s", err.msg);
    cr_expect(s.rows == 71 && s.sum == 71 * 100 + 70 * 71 / 2);
    cr_expect_eq(s.first_us, INT64_C(1709960400000000)); /* 2024-03-09T05:00Z */
    cr_expect_eq(s.last_us - s.first_us, INT64_C(70) * 3600 * 1000000);
    vo_duck_close(duck);
    vo_document_fini(&d);
    vo_engine_close(e);
}

Test(price_requests, arrow_begins_with_its_mark_and_ends_with_another) {
    vo_engine *e = engine("arrow");
    add(e, "A", 24);
    vo_document d = fetch(e, "{\"market\": \"M\", \"node\": \"A\", \"format\": \"arrow\"}");
    cr_expect_str_eq(d.content_type, "application/vnd.apache.arrow.stream");
    cr_expect(d.len % 8 == 0 && memcmp(d.bytes, "\xff\xff\xff\xff", 4) == 0);
    cr_expect_eq(memcmp(d.bytes + d.len - 8, "\xff\xff\xff\xff\0\0\0\0", 8), 0);
    vo_document_fini(&d);
    vo_engine_close(e);
}

Test(price_requests, pages_give_every_row_once) {
    vo_engine *e = engine("pages");
    add(e, "A", 71);
    char request[200], next[64] = "";
    int expected = 100, pages = 0;
    do {
        snprintf(request, sizeof request,
                 "{\"market\": \"M\", \"node\": \"A\", \"limit\": 10%s%s%s}",
                 *next ? ", \"after\": \"" : "", next, *next ? "\"" : "");
        vo_json *r = fetch_json(e, request);
        const vo_json *prices = vo_json_get(vo_json_get(r, "values"), "price");
        for (size_t i = 0; i < vo_json_size(prices); i++)
            cr_expect_eq(vo_json_number(vo_json_at(prices, i)), expected++);
        const vo_json *v = vo_json_get(r, "next");
        snprintf(next, sizeof next, "%s",
                 vo_json_kind_of(v) == VO_JSON_STRING ? vo_json_string(v) : "");
        vo_json_free(r);
    } while (*next && ++pages < 50);
    cr_expect_eq(expected, 171);
    cr_expect_eq(pages, 7);
    vo_engine_close(e);
}

/* The pages' rows one after the other, as "stamp=value ". */
static void collect(vo_engine *e, const char *of, int limit, const char *after, char *out,
                    size_t size) {
    char request[300], next[64] = "";
    snprintf(next, sizeof next, "%s", after);
    vo_text t = vo_text_over(out, size);
    for (int pages = 0; pages < 500; pages++) {
        char page[40] = "";
        if (limit) snprintf(page, sizeof page, ", \"limit\": %d", limit);
        snprintf(request, sizeof request, "{\"market\": \"M\", \"node\": \"A\", %s%s%s%s%s}",
                 of, page, *next ? ", \"after\": \"" : "", next, *next ? "\"" : "");
        vo_json *r = fetch_json(e, request);
        const vo_json *stamps = vo_json_get(r, "timestamps");
        const vo_json *prices = vo_json_get(vo_json_get(r, "values"), "price");
        for (size_t i = 0; i < vo_json_size(prices); i++)
            vo_text_append(&t, "%s=%.12g ", vo_json_string(vo_json_at(stamps, i)),
                           vo_json_number(vo_json_at(prices, i)));
        const vo_json *v = vo_json_get(r, "next");
        snprintf(next, sizeof next, "%s",
                 vo_json_kind_of(v) == VO_JSON_STRING ? vo_json_string(v) : "");
        vo_json_free(r);
        if (!*next) return;
    }
    cr_assert_fail("pages without end: %s", of);
}

Test(price_requests, pages_are_cuts_of_the_whole_whatever_the_step_and_the_holes) {
    static char whole[60000], pages[60000];
    static const char *const of[] = {
        "\"resolution\": \"raw\"",
        "\"resolution\": \"1h\"",
        "\"resolution\": \"360\"",
        "\"resolution\": \"1d\"",
        "\"resolution\": \"1w\"",
        "\"resolution\": \"1mo\"",
        "\"resolution\": \"1d\", \"from\": \"2024-03-09T17:00Z\", \"to\": \"2024-06-02\""};
    vo_engine *e = engine("cuts");
    add(e, "A", 71);
    vo_json_free(ask(e, vo_engine_prices_add,
                     "{\"market\": \"M\", \"node\": \"A\", \"tz\": \"America/New_York\", "
                     "\"start\": \"2024-05-31T23:00\", \"prices\": [7, 8, 9, 11, 12]}"));
    vo_json_free(ask(e, vo_engine_prices_add,
                     "{\"market\": \"M\", \"node\": \"A\", \"tz\": \"America/New_York\", "
                     "\"start\": \"2026-01-01\", \"prices\": [1, 2, 3]}"));
    for (size_t i = 0; i < sizeof of / sizeof of[0]; i++) {
        collect(e, of[i], 0, "", whole, sizeof whole);
        for (int limit = 1; limit < 6; limit += 2) {
            collect(e, of[i], limit, "", pages, sizeof pages);
            cr_expect_str_eq(pages, whole, "%s, pages of %d", of[i], limit);
        }
    }
    /* From the middle of a step on: the next step is the first, and whole. */
    collect(e, of[3], 0, "", whole, sizeof whole);
    collect(e, of[3], 2, "2024-03-10T12:30:00-04:00", pages, sizeof pages);
    cr_expect_str_eq(pages, strstr(whole, "2024-03-11"));
    /* After the last there is nothing, which is no error. */
    collect(e, of[0], 3, "2026-01-01T02:00:00-05:00", pages, sizeof pages);
    cr_expect_str_eq(pages, "");
    collect(e, of[0], 3, "2030-01-01T00:00:00Z", pages, sizeof pages);
    cr_expect_str_eq(pages, "");
    vo_engine_close(e);
}

static int32_t stop(void *ctx, const char *phase, double fraction) {
    (void)phase;
    (void)fraction;
    int *left = ctx;
    return --*left < 0;
}

Test(price_requests, who_does_not_wait_any_more_stops_the_call) {
    static const char *const body =
        "{\"market\": \"M\", \"node\": \"B\", \"start\": \"2025-01-01\", \"prices\": [1, 2]}";
    vo_engine *e = engine("stops"), *told = NULL;
    add(e, "A", 71);
    int left = 0;
    vo_engine_options o = vo_engine_options_default();
    o.lake = lake;
    o.progress = stop;
    o.progress_ctx = &left;
    cr_assert_eq(vo_engine_open(&o, &told, NULL), VO_OK);
    vo_error err = {0};
    char *response = NULL;
    vo_document d = {0};
    for (int times = 0; times < 3; times++) {
        left = times;
        cr_expect_eq(vo_engine_prices(told, "{" MA "}", &d, &err), VO_ECANCELED, "%d", times);
        left = times;
        cr_expect_eq(vo_engine_prices_add(told, body, &response, &err), VO_ECANCELED, "%d",
                     times);
    }
    cr_expect(!d.bytes && !response);
    left = 0;
    cr_expect_eq(vo_engine_markets(told, "{}", &response, &err), VO_ECANCELED);
    left = 0;
    cr_expect_eq(vo_engine_nodes(told, "{}", &response, &err), VO_ECANCELED);
    refuses(e, NULL, "{\"market\": \"M\", \"node\": \"B\"}", "B");
    vo_engine_close(told);
    vo_engine_close(e);
}

Test(price_requests, markets_and_nodes_say_what_there_is) {
    vo_engine *e = engine("nodes");
    vo_json *r = ask(e, vo_engine_markets, "{}");
    cr_expect_eq(vo_json_size(vo_json_get(r, "markets")), 0);
    vo_json_free(r);
    add(e, "B", 24);
    add(e, "A1", 30);
    add(e, "A2", 24);
    r = ask(e, vo_engine_markets, "{}");
    const vo_json *m = vo_json_at(vo_json_get(r, "markets"), 0);
    cr_expect(number(m, "nodes") == 3 && number(m, "interval_minutes") == 60);
    cr_expect_str_eq(text(m, "from"), "2024-03-09T05:00:00Z");
    cr_expect_str_eq(text(m, "to"), "2024-03-10T10:00:00Z");
    cr_expect_str_eq(text(m, "tz"), "America/New_York");
    cr_expect_eq(vo_json_size(vo_json_get(m, "processes")), 1);
    vo_json_free(r);
    r = ask(e, vo_engine_nodes, "{\"limit\": 2}");
    const vo_json *list = vo_json_get(r, "nodes");
    cr_assert_eq(vo_json_size(list), 2);
    cr_expect_str_eq(text(vo_json_at(list, 0), "node"), "A1");
    cr_expect_eq(number(vo_json_at(list, 0), "rows"), 30);
    char request[200];
    snprintf(request, sizeof request, "{\"limit\": 2, \"after\": \"%s\"}", text(r, "next"));
    vo_json_free(r);
    r = ask(e, vo_engine_nodes, request);
    cr_assert_eq(vo_json_size(vo_json_get(r, "nodes")), 1);
    cr_expect_str_eq(text(vo_json_at(vo_json_get(r, "nodes"), 0), "node"), "B");
    cr_expect_eq(vo_json_kind_of(vo_json_get(r, "next")), VO_JSON_NULL);
    vo_json_free(r);
    r = ask(e, vo_engine_nodes, "{\"prefix\": \"a\", \"market\": \"m\"}");
    cr_expect_eq(vo_json_size(vo_json_get(r, "nodes")), 2);
    vo_json_free(r);
    r = ask(e, vo_engine_nodes, "{\"kind\": \"load\"}");
    cr_expect_eq(vo_json_size(vo_json_get(r, "nodes")), 0);
    vo_json_free(r);
    refuses(e, vo_engine_nodes, "{\"limit\": 0}", "limit = 0");
    refuses(e, vo_engine_nodes, "{\"limit\": 10001}", "limit");
    refuses(e, vo_engine_markets, "{\"market\": \"M\"}", "empty object");
    vo_engine_close(e);
}

Test(price_requests, the_same_body_twice_changes_nothing) {
    vo_engine *e = engine("twice");
    static const char body[] =
        "{\"market\": \"M\", \"node\": \"A\", \"prices\": {\"timestamps\": "
        "[\"2024-01-01T00:00Z\", \"2024-01-01T01:00Z\", \"2024-01-01T03:00Z\"], "
        "\"prices\": [10, 20, 40]}}";
    char path[700], *before = NULL, *after = NULL;
    size_t n = 0, m = 0;
    vo_json *r = ask(e, vo_engine_prices_add, body);
    cr_expect(number(r, "rows") == 3 && number(r, "intervals") == 4);
    cr_expect(number(r, "added") == 4 && number(r, "changed") == 0);
    cr_expect_eq(number(vo_json_get(vo_json_get(r, "repairs"), "counts"), "interpolated"), 1);
    cr_expect_str_eq(text(r, "from"), "2024-01-01T00:00:00Z");
    cr_expect_str_eq(text(r, "to"), "2024-01-01T03:00:00Z");
    vo_json_free(r);
    snprintf(path, sizeof path, "%s/prices/market=M/process=DA/node=A/year=2024/part.parquet",
             lake);
    cr_assert_eq(vo_file_read(path, 1u << 20, &before, &n, NULL), VO_OK);
    r = ask(e, vo_engine_prices_add, body);
    cr_expect(number(r, "added") == 0 && number(r, "changed") == 0 &&
              number(r, "unchanged") == 4);
    vo_json_free(r);
    cr_assert_eq(vo_file_read(path, 1u << 20, &after, &m, NULL), VO_OK);
    cr_expect(n == m && memcmp(before, after, n) == 0);
    free(before);
    free(after);
    /* a correction, and two hours more */
    r = ask(e, vo_engine_prices_add,
            "{\"market\": \"M\", \"node\": \"A\", \"csv\": \"timestamp,price\\n"
            "2024-01-01T02:00:00Z,25\\n2024-01-01T03:00:00Z,40\\n2024-01-01T04:00:00Z,50\\n"
            "2024-01-01T05:00:00Z,60\\n\"}");
    cr_expect(number(r, "added") == 2 && number(r, "changed") == 1 &&
              number(r, "unchanged") == 1);
    vo_json_free(r);
    vo_document d = fetch(e, "{\"market\": \"M\", \"node\": \"A\", \"format\": \"csv\"}");
    cr_expect(strstr(d.bytes, "T02:00:00Z,25\r\n") && strstr(d.bytes, "T05:00:00Z,60\r\n"));
    vo_document_fini(&d);
    vo_engine_close(e);
}

Test(price_requests, a_hole_is_left_a_hole) {
    vo_engine *e = engine("hole");
    for (int day = 1; day <= 20; day += 19) {
        char body[200];
        snprintf(
            body, sizeof body,
            "{\"market\": \"M\", \"node\": \"A\", \"start\": \"2024-01-%02d\", \"prices\": "
            "[1, 2, 3]}",
            day);
        vo_json_free(ask(e, vo_engine_prices_add, body));
    }
    vo_json *r = fetch_json(e, "{\"market\": \"M\", \"node\": \"A\"}");
    cr_expect_eq(number(r, "rows"), 6);
    vo_json_free(r);
    r = fetch_json(e, "{\"market\": \"M\", \"node\": \"A\", \"resolution\": \"1d\"}");
    cr_expect_eq(number(r, "rows"), 2);
    vo_json_free(r);
    vo_engine_close(e);
}

/* The same three prices by stamps and by a start: rows of a table follow it one by one. */
Test(price_requests, a_table_without_stamps_begins_where_it_is_told) {
    vo_engine *e = engine("start");
    vo_json_free(ask(e, vo_engine_prices_add,
                     "{" MA ", \"start\": \"2024-01-01T06:00Z\", \"interval_minutes\": 60, "
                     "\"csv\": \"price\\n10\\n20\\n30\\n\"}"));
    vo_json *r = ask(e, vo_engine_prices_add,
                     "{" MA ", \"csv\": \"timestamp,price\\n2024-01-01T06:00:00Z,10\\n"
                     "2024-01-01T07:00:00Z,20\\n2024-01-01T08:00:00Z,30\\n\"}");
    cr_expect_eq(number(r, "unchanged"), 3);
    cr_expect_eq(number(r, "added"), 0);
    vo_json_free(r);
    vo_engine_close(e);
}

/* By default what is stored stays where new rows say nothing; with replace it goes. Columns and
 * dates as the request says. */
Test(price_requests, stored_rows_go_where_replace_says_so) {
    vo_engine *e = engine("replace");
    static const char *const hours = "{" MA ", \"start\": \"2024-02-01\", \"prices\": "
                                     "[1, 2, 3, 4, 5]}";
    vo_json_free(ask(e, vo_engine_prices_add, hours));
    vo_json_free(ask(e, vo_engine_prices_add,
                     "{" MA
                     ", \"replace\": true, \"repair\": \"uneven\", \"date_order\": \"day\", "
                     "\"time_column\": \"when\", \"csv\": "
                     "\"when,price\\n01/02/2024 00:00,7\\n01/02/2024 04:00,8\\n\"}"));
    vo_json *r = fetch_json(e, "{" MA "}");
    cr_expect_eq(number(r, "rows"), 2);
    vo_json_free(r);
    vo_engine_close(e);
}

Test(price_requests, a_table_of_megabytes_is_taken) {
    enum { ROWS = 120000 };
    vo_engine *e = engine("megabytes");
    char *body = malloc(ROWS * 32 + 400);
    cr_assert_not_null(body);
    size_t n = (size_t)sprintf(body, "{" MA ", \"csv\": \"timestamp,price\\n");
    for (int64_t t = 0; t < ROWS; t++) {
        char stamp[32];
        n += (size_t)sprintf(body + n, "%s,%d\\n",
                             vo_civil_format_utc(1262304000 + 3600 * t, stamp), (int)(t % 50));
    }
    sprintf(body + n, "\"}");
    cr_assert_gt(n, 2u << 20);
    vo_json *r = ask(e, vo_engine_prices_add, body);
    cr_expect_eq(number(r, "added"), ROWS);
    vo_json_free(r);
    free(body);
    vo_engine_close(e);
}

Test(price_requests, what_cannot_be_is_refused_in_words) {
    vo_engine *e = engine("refusals");
    add(e, "A", 71);
    refuses(e, NULL, "{}", "market is missing");
    refuses(e, NULL, "{\"market\": \"M\"}", "node is missing");
    refuses(e, NULL, "{" MA ", \"resolution\": \"15m\"}", "60 minutes");
    refuses(e, NULL, "{" MA ", \"resolution\": [1]}", "resolution is an array");
    refuses(e, NULL, "{" MA ", \"statistic\": \"max\"}", "give resolution");
    refuses(e, NULL, "{" MA ", \"format\": \"xml\"}", "parquet");
    refuses(e, NULL, "{" MA ", \"format\": \"csv\", \"limit\": 3}", "limit is for pages");
    refuses(e, NULL, "{" MA ", \"columns\": \"prise\"}", "there are price");
    refuses(e, NULL, "{" MA ", \"columns\": [\"price\", \"Price\"]}", "twice");
    refuses(e, NULL, "{" MA ", \"columns\": []}", "columns is empty");
    refuses(e, NULL, "{" MA ", \"from\": \"2024-03-11\", \"to\": \"2024-03-10\"}", "swap");
    refuses(e, NULL, "{" MA ", \"from\": \"2030-01-01\"}",
            "is there from 2024-03-09T05:00:00Z");
    refuses(e, NULL, "{" MA ", \"from\": \"tomorrow\"}", "from");
    refuses(e, NULL, "{\"market\": \"M\", \"node\": \"B\"}", "there are: A");
    refuses(e, NULL, "{\"market\": \"../lake/prices\", \"node\": \"A\"}", "nothing");
    refuses(e, NULL, "{\"market\": \"M\", \"node\": \"../node=A\"}", "nothing");
    refuses(e, NULL, "{" MA ", \"process\": \"../process=DA\"}", "nothing");
    refuses(e, NULL, "{" MA ", \"kind\": \"../prices\"}", "kind");
    call *in = vo_engine_prices_add;
    refuses(e, in, "{" MA "}", "prices is missing");
    refuses(e, in, "{" MA ", \"prices\": [1], \"csv\": \"a\"}", "either");
    refuses(e, in, "{" MA ", \"prices\": [1, 2]}", "start is missing");
    refuses(e, in, "{" MA ", \"prices\": [], \"start\": \"2024-01-01\"}", "empty");
    refuses(e, in, "{" MA ", \"csv\": \"<html/>\"}", "csv is no table");
    refuses(e, in, "{" MA ", \"interval_minutes\": 60, \"csv\": \"price\\n1\\n2\\n\"}",
            "start is missing");
    refuses(e, in,
            "{" MA ", \"start\": \"2024-01-01\", \"csv\": "
            "\"timestamp,price\\n2024-01-01T00:00Z,1\\n2024-01-01T01:00Z,2\\n\"}",
            "leave it out");
    refuses(e, in, "{" MA ", \"start\": \"2024-01-01\", \"prices\": [1], \"tz\": \"Mexico\"}",
            "tz: time zone \"Mexico\" is not known");
    refuses(e, NULL, "{" MA ", \"after\": \"2024-03-09T05:00:00 01:00\"}", "%2B");
    refuses(e, NULL, "{" MA ", \"process\": \"MTR\"}", "there are processes: ");
    refuses(e, NULL, "{\"market\": \"NOPE\", \"node\": \"A\"}", "there are markets: M");
    refuses(e, NULL, "{" MA ", \"resolution\": 15}", "resolution = 15 minutes: the data have");
    refuses(e, in, "{" MA ", \"file\": \"/etc/passwd\"}", "no such field");
    refuses(e, in, "{\"market\": \"../x\", \"node\": \"A\", \"prices\": [1]}", "market");
    refuses(e, in, "{\"market\": \"M\", \"node\": \"a/b\", \"prices\": [1]}", "node");
    refuses(e, in, "{\"market\": \"M\", \"node\": \".hidden\", \"prices\": [1]}", "dot");
    refuses(e, in, "{" MA ", \"process\": \"..\", \"prices\": [1]}", "process");
    refuses(e, in, "{\"market\": \"SYNTH\", \"node\": \"A\", \"prices\": [1]}", "SYNTH");
    /* nothing stored is relabelled or replaced unseen */
    refuses(e, in,
            "{" MA
            ", \"currency\": \"EUR\", \"start\": \"2024-03-09T05:00Z\", \"prices\": [1, 2]}",
            "USD");
    refuses(
        e, in,
        "{" MA
        ", \"start\": \"2024-03-09T05:00Z\", \"interval_minutes\": 15, \"prices\": [1, 2, 3]}",
        "15");
    refuses(e, in,
            "{" MA
            ", \"repair\": \"none\", \"prices\": {\"timestamps\": [\"2024-05-01T00:00Z\", "
            "\"2024-05-01T01:00Z\", \"2024-05-01T03:00Z\"], \"prices\": [1, 2, 3]}}",
            "intervals are missing before it");
    vo_json *r = fetch_json(e, "{" MA "}");
    cr_expect_eq(number(r, "rows"), 71, "refusals leave the lake as it was");
    vo_json_free(r);
    vo_engine_close(e);
}

Test(price_requests, more_values_than_an_answer_may_have_are_refused_with_a_remedy) {
    vo_engine *e = engine("many");
    const size_t n = 167000, room = n * 50 + 400; /* minutes of 12 columns */
    char *body = malloc(room), *at = body, *answer = NULL;
    vo_error err = {0};
    cr_assert(body);
    at += sprintf(at, "{" MA ", \"kind\": \"weather\", \"csv\": "
                      "\"timestamp,a,b,c,d,e,f,g,h,i,j,k,l\\n");
    for (size_t i = 0; i < n; i++) {
        char stamp[32];
        vo_civil_format_utc(1704067200 + (int64_t)i * 60, stamp);
        at += sprintf(at, "%s,1,1,1,1,1,1,1,1,1,1,1,1\\n", stamp);
    }
    sprintf(at, "\"}");
    cr_assert_eq(vo_engine_prices_add(e, body, &answer, &err), VO_OK, "%s", err.msg);
    vo_text_free(answer);
    free(body);
    refuses(e, NULL, "{" MA ", \"kind\": \"weather\"}", "more than 2000000 values");
    refuses(e, NULL, "{" MA ", \"kind\": \"weather\", \"format\": \"csv\"}", "narrow the span");
    vo_json *r = fetch_json(e, "{" MA ", \"kind\": \"weather\", \"limit\": 5}");
    cr_expect_eq(number(r, "rows"), 5);
    vo_json_free(r);
    vo_document d = fetch(e, "{" MA ", \"kind\": \"weather\", \"columns\": \"a, l\", "
                             "\"format\": \"parquet\"}");
    vo_document_fini(&d);
    vo_engine_close(e);
}

Test(price_requests, every_field_is_in_the_documentation) {
    char *doc = NULL;
    size_t len = 0;
    const vo_field *(*const table[])(size_t *) = {vo_nodes_fields, vo_prices_fields,
                                                  vo_prices_add_fields};
    cr_assert_eq(vo_file_read(VOLTEO_SOURCE_DIR "/docs/api.md", 1u << 20, &doc, &len, NULL),
                 VO_OK);
    const char *chapter = strstr(doc, "## Markets, nodes and prices");
    cr_assert(chapter, "docs/api.md has no chapter of markets, nodes and prices");
    for (size_t k = 0; k < 3; k++) {
        size_t n = 0;
        const vo_field *f = table[k](&n);
        for (size_t i = 0; i < n; i++) {
            char quoted[80];
            snprintf(quoted, sizeof quoted, "`%s`", f[i].name);
            cr_expect(strstr(chapter, quoted), "docs/api.md says nothing of %s", f[i].name);
        }
    }
    free(doc);
}
