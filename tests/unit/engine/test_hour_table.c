/* test_hour_table.c -- columns by name, bounds, and where something is wrong. */
#include "engine/hour_table.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static vo_status read_text(const char *text, vo_hour_column *c, size_t n, size_t *rows,
                           vo_error *err) {
    vo_bytes *in = NULL;
    vo_status st = vo_bytes_open("t.csv", text, strlen(text), &in, err);
    if (st == VO_OK) st = vo_hour_table_read(in, c, n, rows, err);
    vo_bytes_close(in);
    return st;
}

Test(hour_table, columns_are_found_by_name_in_any_order_and_case) {
    vo_hour_column c[] = {{"load", true, 0, 10, "kWh", NULL},
                          {"sun", false, 0, 10, "W", NULL},
                          {"price", false, -1, 1, "", NULL}};
    size_t rows = 0;
    vo_error err = {0};
    cr_assert_eq(read_text("# by hand\n\"Price\",x,LOAD\n-0.5,text,3\n0.25,,1e-3\n\n1,,0\n", c,
                           3, &rows, &err),
                 VO_OK, "%s", err.msg);
    cr_assert_eq(rows, 3u);
    cr_expect_null(c[1].value, "absent");
    cr_expect_float_eq(c[0].value[0] + 1000 * c[0].value[1] + c[0].value[2], 4, 1e-12);
    cr_expect_float_eq(c[2].value[0] + 10 * c[2].value[1] + 100 * c[2].value[2], 102, 1e-12);
    for (size_t i = 0; i < 3; i++) free(c[i].value);
}

Test(hour_table, many_rows_are_kept) {
    enum { N = 5000 };
    char *text = malloc(20 * N);
    size_t n = (size_t)sprintf(text, "v\n"), rows = 0;
    for (int k = 0; k < N; k++) n += (size_t)sprintf(text + n, "%d\n", k);
    vo_hour_column c = {"v", true, 0, N, "", NULL};
    cr_assert_eq(read_text(text, &c, 1, &rows, NULL), VO_OK);
    cr_assert_eq(rows, (size_t)N);
    for (size_t k = 0; k < N; k++) cr_assert_float_eq(c.value[k], (double)k, 0);
    free(c.value);
    free(text);
}

Test(hour_table, what_is_wrong_is_named_with_line_column_and_value) {
    static const struct {
        const char *text, *a, *b;
    } bad[] = {{"x\n1\n", "t.csv:1", "no column load"},
               {"load,load\n1,1\n", "t.csv:1", "twice"},
               {"load\n1\n11\n", "t.csv:3: load = 11", "0..10 kWh"},
               {"load\n1\nnan\n", "t.csv:3: load = \"nan\"", "number"},
               {"a,load\n1,1\n1\n", "t.csv:3: load = \"\"", "every hour"},
               {"load\n", "t.csv", "no rows"},
               {"", "t.csv", "empty"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        vo_hour_column c = {"load", true, 0, 10, "kWh", NULL};
        size_t rows = 99;
        vo_error err = {0};
        cr_expect_eq(read_text(bad[i].text, &c, 1, &rows, &err), VO_EINVAL);
        cr_expect(strstr(err.msg, bad[i].a) && strstr(err.msg, bad[i].b), "%s", err.msg);
        cr_expect_eq(rows, 99u);
        free(c.value);
    }
    vo_hour_column c = {"load", true, 0, 10, "kWh", NULL};
    size_t rows = 0;
    cr_expect_eq(vo_hour_table_load("/nowhere/t.csv", &c, 1, &rows, NULL), VO_ENOTFOUND);
    cr_expect_null(c.value);
}
