/* test_lake_duckdb.c -- values go in and come out as they are; odd text stays text. */
#include "data/lake_duckdb.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/data_folder.h"

typedef struct {
    size_t rows;
    double sum;
    char text[256];
    bool null_seen;
} seen;

static vo_status take(void *ctx, const vo_duck_rows *r, vo_error *err) {
    seen *s = ctx;
    (void)err;
    for (size_t i = 0; i < r->rows; i++, s->rows++) {
        if (vo_duck_has(&r->column[0], i))
            s->sum += r->column[0].number[i];
        else
            s->null_seen = true;
        size_t len = 0;
        const char *text = vo_duck_text(&r->column[1], i, &len);
        memcpy(s->text, text, len);
        s->text[len] = '\0';
    }
    return VO_OK;
}

Test(lake_duckdb, rows_that_were_written_come_back) {
    vo_duck *d = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_duck_open(&d, &err), VO_OK, "%s", err.msg);
    const size_t n = 5000; /* more than one vector */
    double *v = malloc(n * sizeof *v), sum = 0;
    for (size_t i = 0; i < n; i++)
        v[i] = i == 17 ? (double)NAN : (double)i, sum += i == 17 ? 0 : (double)i;
    const char **each = malloc(n * sizeof *each);
    for (size_t i = 0; i < n; i++) each[i] = i % 2 ? "odd" : "even, and longer than twelve";
    const vo_duck_column c[] = {
        {.name = "v", .kind = VO_DUCK_DOUBLE, .number = v},
        {.name = "w \"x\"", .kind = VO_DUCK_TEXT, .text = "it's longer than twelve bytes"},
        {.name = "each", .kind = VO_DUCK_TEXTS, .text = each}};
    char folder[DATA_PATH], path[DATA_PATH + 32], sql[2 * DATA_PATH];
    cr_assert(temporary_folder(folder));
    snprintf(path, sizeof path, "%s/it's.parquet", folder);
    cr_assert_eq(vo_duck_write(d, path, n, c, 3, "a key", "it's a value", false, &err), VO_OK,
                 "%s", err.msg);
    vo_text text = vo_text_over(sql, sizeof sql);
    vo_text_append(&text, "SELECT v, \"w \"\"x\"\"\" FROM read_parquet(");
    vo_duck_literal(&text, path);
    vo_text_append(&text, ")");
    seen s = {.rows = 0};
    cr_assert_eq(vo_duck_query(d, sql, take, &s, &err), VO_OK, "%s", err.msg);
    cr_assert(s.rows == n && s.sum == sum && s.null_seen);
    cr_assert_str_eq(s.text, "it's longer than twelve bytes");
    s = (seen){.rows = 0};
    text = vo_text_over(sql, sizeof sql);
    vo_text_append(&text, "SELECT count(*)::DOUBLE, \"each\" FROM read_parquet(");
    vo_duck_literal(&text, path);
    vo_text_append(&text, ") WHERE mod(v, 2) = 1 GROUP BY 2");
    cr_assert_eq(vo_duck_query(d, sql, take, &s, &err), VO_OK, "%s", err.msg);
    cr_assert(s.rows == 1 && s.sum == (double)n / 2 - 1);
    cr_assert_str_eq(s.text, "odd");
    cr_assert_eq(vo_duck_write(d, "/nowhere/x.parquet", n, c, 3, "k", "v", false, &err),
                 VO_EIO);
    temporary_folder_remove(folder);
    free(each);
    free(v);
    vo_duck_close(d);
    vo_duck_close(NULL);
}

Test(lake_duckdb, quoted_text_stays_text) {
    static const char *const odd[] = {"it's",    "'; DROP TABLE t; --", "\"", "a\\'b", "''",
                                      "\xc3\xb1"};
    vo_duck *d = NULL;
    cr_assert_eq(vo_duck_open(&d, NULL), VO_OK);
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        char buffer[512];
        seen s = {.rows = 0};
        vo_error err = {0};
        vo_text sql = vo_text_over(buffer, sizeof buffer);
        vo_text_append(&sql, "SELECT 1.5::DOUBLE AS ");
        vo_duck_name(&sql, odd[i]);
        vo_text_append(&sql, ", ");
        vo_duck_literal(&sql, odd[i]);
        cr_assert_eq(vo_duck_query(d, buffer, take, &s, &err), VO_OK, "%s: %s", buffer,
                     err.msg);
        cr_assert_str_eq(s.text, odd[i]);
    }
    vo_duck_close(d);
}

static vo_status stop(void *ctx, const vo_duck_rows *r, vo_error *err) {
    (void)r;
    ++*(int *)ctx;
    return vo_fail(err, VO_ECANCELED, "enough");
}

Test(lake_duckdb, errors_come_back_in_words_and_a_reader_may_stop) {
    vo_duck *d = NULL;
    vo_error err = {0};
    int calls = 0;
    cr_assert_eq(vo_duck_open(&d, NULL), VO_OK);
    cr_assert_eq(vo_duck_query(d, "SELEC 1", NULL, NULL, &err), VO_EIO);
    cr_assert(strstr(err.msg, "SELEC"), "%s", err.msg);
    cr_assert_eq(vo_duck_query(d, "SELECT error('no such luck')", take, NULL, &err), VO_EIO);
    cr_assert_eq(
        vo_duck_query(d, "SELECT i::DOUBLE FROM range(100000) r(i)", stop, &calls, &err),
        VO_ECANCELED);
    cr_assert_eq(calls, 1);
    cr_assert_eq(vo_duck_query(d, "SELECT 1", NULL, NULL, &err), VO_OK); /* still usable */
    vo_duck_close(d);
}
