/* test_source_json.c -- the same three prices in every shape that JSON gives them. */
#include "data/source_json.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/read_text.h"

#define JAN1 INT64_C(1704067200) /* 2024-01-01T00:00Z */

static vo_status parse(const char *text, const vo_source_options *o, vo_readings_set **out,
                       vo_error *err) {
    return read_text(vo_source_json_parse, "x/prices.json", text, strlen(text), o, out, err);
}

static vo_readings_set *read_ok(const char *text, vo_source_options o) {
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(parse(text, &o, &set, &err), VO_OK, "%s: %s", text, err.msg);
    return set;
}

static void refuses(const char *text, vo_source_options o, const char *says) {
    vo_readings_set *set = NULL;
    vo_error err = {0};
    const vo_status st = parse(text, &o, &set, &err);
    cr_assert(st != VO_OK, "%s", text);
    cr_assert(strstr(err.msg, says), "\"%s\" is not in: %s", says, err.msg);
    cr_assert(strstr(err.msg, "prices.json"), "%s", err.msg);
}

#define T0 "2024-01-01T00:00Z"
#define T1 "2024-01-01T01:00Z"
#define T2 "2024-01-01T02:00Z"

Test(source_json, every_shape_of_rows_gives_the_same_readings) {
    static const struct {
        const char *text, *rows_path;
    } shape[] = {
        {"[{\"time\":\"" T0 "\",\"price\":10},{\"time\":\"" T1
         "\",\"price\":null},{\"time\":\"" T2 "\",\"price\":-1.5}]",
         NULL},
        {"{\"status\":\"ok\",\"data\":{\"items\":[{\"time\":\"" T0
         "\",\"price\":\"10\"},{\"time\":\"" T1 "\"},{\"time\":\"" T2
         "\",\"price\":\"-1.5\"}]}}",
         NULL},
        {"{\"a\":[{\"b\":[[\"" T0 "\",10],[\"" T1 "\",null],[\"" T2 "\",-1.5]]}]}", "a[0].b"},
        {"[[\"time\",\"price\"],[\"" T0 "\",10],[\"" T1 "\",null],[\"" T2 "\",-1.5]]", NULL},
        {"{\"hourly\":{\"time\":[\"" T0 "\",\"" T1 "\",\"" T2 "\"],\"price\":[10,null,-1.5]}}",
         NULL},
        {"{\"time\":\"" T0 "\",\"price\":10}\n{\"time\":\"" T1
         "\",\"price\":\"\"}\r\n\n{\"time\":\"" T2 "\",\"price\":-1.5}",
         NULL},
        {"[\"" T0 "\",10]\n[\"" T1 "\",null]\n[\"" T2 "\",-1.5]\n", NULL},
        {"[\"time\",\"price\"]\n[\"" T0 "\",10]\n[\"" T1 "\",null]\n[\"" T2 "\",-1.5]\n", NULL},
        {"[{\"time\":1704067200,\"price\":10},{\"time\":1704070800},{\"time\":1704074400,"
         "\"price\":-1.5}]",
         NULL},
        {"[{\"time\":1704067200000,\"price\":10},{\"time\":1704070800000},{\"time\":"
         "1704074400000,\"price\":-1.5}]",
         NULL},
        {"[\n  {\"time\": \"" T0 "\", \"price\": 10},\n  {\"time\": \"" T1
         "\"},\n  {\"time\": \"" T2 "\", \"price\": -1.5}\n]\n",
         NULL},
    };
    for (size_t i = 0; i < sizeof shape / sizeof shape[0]; i++) {
        vo_readings_set *set =
            read_ok(shape[i].text, (vo_source_options){.rows_path = shape[i].rows_path});
        const vo_readings *r = set->item[0];
        cr_assert(set->n == 1 && r->n == 3 && r->n_columns == 1, "%zu", i);
        cr_assert_str_eq(r->column[0].name, "price");
        for (size_t t = 0; t < 3; t++) cr_assert_eq(r->start_s[t], JAN1 + 3600 * (int64_t)t);
        const double *v = r->column[0].value;
        cr_assert(v[0] == 10 && isnan(v[1]) && v[2] == -1.5, "%zu", i);
        vo_readings_set_free(set);
    }
}

Test(source_json, values_inside_values_are_columns_by_their_path) {
    static const vo_source_column columns[] = {{"price", "value.total", 1000, 0},
                                               {"loss", "parts[1]", 1, 0.5}};
    vo_readings_set *set =
        read_ok("[{\"at\":\"" T0
                "\",\"where\":{\"node\":\"A\"},\"value\":{\"total\":0.25},\"parts\":[1,2]},"
                "{\"at\":\"" T0
                "\",\"where\":{\"node\":\"B\"},\"value\":{\"total\":0.5},\"parts\":[3,4]}]",
                (vo_source_options){.time_column = "at",
                                    .node_column = "where.node",
                                    .column = columns,
                                    .n_columns = 2});
    cr_assert(set->n == 2 && set->rows == 2);
    cr_assert_str_eq(set->item[1]->node, "B");
    cr_assert_eq(set->item[0]->column[0].value[0], 250);
    cr_assert_eq(set->item[1]->column[0].value[0], 500);
    cr_assert_eq(set->item[1]->column[1].value[0], 4.5);
    vo_readings_set_free(set);
}

Test(source_json, a_member_may_have_a_dot_in_its_own_name) {
    vo_readings_set *set =
        read_ok("[{\"t\":\"" T0 "\",\"a.b\":7}]",
                (vo_source_options){.time_column = "t", .price_column = "a.b"});
    cr_assert_eq(set->item[0]->column[0].value[0], 7);
    vo_readings_set_free(set);
}

Test(source_json, lines_go_on_past_every_buffer) {
    const size_t n = 50000;
    char *text = malloc(n * 64);
    size_t len = 0;
    for (size_t i = 0; i < n; i++)
        len += (size_t)snprintf(text + len, 64, "{\"t\": %zu, \"price\": %zu}\n",
                                (size_t)JAN1 + 3600 * i, i);
    vo_readings_set *set = read_ok(text, (vo_source_options){.time_column = "t"});
    cr_assert_eq(set->rows, n);
    for (size_t i = 0; i < n; i++) {
        cr_assert_eq(set->item[0]->start_s[i], JAN1 + 3600 * (int64_t)i);
        cr_assert_eq(set->item[0]->column[0].value[i], (double)i);
    }
    cr_assert_eq(set->item[0]->line[n - 1], n);
    vo_readings_set_free(set);
    free(text);
}

Test(source_json, what_is_wrong_is_refused_by_row_and_column) {
    static const vo_source_options none = {0};
    refuses("[]", none, "no rows");
    refuses("{\"a\": 1}", none, "say where they are: rows_path = \"data.items\"");
    refuses("{\"a\": [{\"t\": 1}], \"b\": [{\"t\": 1}]}", none,
            "2 places with rows; say which one: rows_path = one of a, b");
    refuses("{\"a\": [{\"t\": 1}]}", (vo_source_options){.rows_path = "b"},
            "rows_path = \"b\": there is nothing; there are rows at a");
    refuses("{\"a\": 5}", (vo_source_options){.rows_path = "a"}, "that is no array of rows");
    refuses("[{\"time\": \"" T0 "\", \"price\": \"dear\"}]",
            (vo_source_options){.price_column = "price"},
            "row 1, column \"price\": \"dear\" is not a number");
    refuses("[{\"time\": \"" T0 "\", \"price\": 1}, {\"time\": \"noon\", \"price\": 1}]", none,
            "row 2, column \"time\": \"noon\" is not a time");
    refuses("{\"time\": \"" T0 "\", \"price\": 1}\n{\"time\": \"" T1 "\", \"price\": 1\n", none,
            "line 2: ");
    refuses("[{\"time\": \"" T0 "\", \"price\": 1}]",
            (vo_source_options){.price_column = "prize"},
            "no column \"prize\" for the price; it has: time, price");
    refuses("[{\"time\": \"" T0 "\", \"price\": 1}", none, "line 1");
    refuses("[[\"time\", \"time\"], [1, 2]]", none, "two columns have one name");
    refuses("[{\"time\":\"" T0 "\",\"node\":\"A\",\"price\":1},{\"time\":\"" T0
            "\",\"node\":\"B\",\"price\":2}]",
            none, "node");
}

Test(source_json, a_list_within_a_row_names_the_path_of_its_rows) {
    static const char deep[] =
        "{\"result\":{\"series\":[{\"name\":\"x\",\"points\":[{\"t\":\"" T0
        "\",\"v\":1},{\"t\":\"" T1 "\",\"v\":2},{\"t\":\"" T2 "\",\"v\":3}]}]}}";
    refuses(deep, (vo_source_options){0}, "rows_path = \"result.series[0].points\" (3 rows)");
    vo_readings_set *set =
        read_ok(deep, (vo_source_options){.rows_path = "result.series[0].points"});
    cr_expect_eq(set->item[0]->n, 3);
    vo_readings_set_free(set);
    refuses("[{\"day\":\"2024-01-01\",\"price\":[1,2,3,4]}]", (vo_source_options){0},
            "columns = \"price=price[0]\"");
    set = read_ok("[{\"time\":\"" T0 "\",\"price\":1,\"place\":[1.5,2.5]}]",
                  (vo_source_options){0});
    cr_expect_eq(set->item[0]->n_columns, 3);
    vo_readings_set_free(set);
}

Test(source_json, seconds_since_1970_called_t_are_the_time) {
    vo_readings_set *set =
        read_ok("{\"t\":1704067200,\"price\":10}\n{\"t\":1704070800,\"price\":11}\n",
                (vo_source_options){0});
    cr_expect_eq(set->item[0]->start_s[1], JAN1 + 3600);
    vo_readings_set_free(set);
}
