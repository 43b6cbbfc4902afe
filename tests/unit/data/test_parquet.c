/* test_parquet.c -- what is written here DuckDB reads back bit for bit: the other
 * implementation of the format is the judge. */
#include "data/parquet.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/folder.h"
#include "support/data_folder.h"

#define N 130000u /* more than a group of rows */

static int64_t time_us[N], whole[N];
static double few[N], many[N], holes[N], odd[N], none[N];
static const char *text[N];

static void make(size_t n) {
    static const double strange[] = {0.0,  -0.0,    1e308,    -1e308,    5e-324,
                                     1e22, 1.0 / 3, HUGE_VAL, -HUGE_VAL, 123.456};
    static const char *const words[] = {"", "spike", "\xc3\xb1 or \xc3\xba",
                                        "a \"quoted\" 'one'"};
    uint64_t r = 88172645463325252u; /* xorshift64, Marsaglia 2003 */
    for (size_t i = 0; i < n; i++) {
        r ^= r << 13, r ^= r >> 7, r ^= r << 17;
        time_us[i] = (int64_t)i * 3600000000 + (i % 1000 == 7 ? -9999 : 0);
        whole[i] = i % 3 == 0   ? (int64_t)r
                   : i % 3 == 1 ? INT64_MAX - (int64_t)(r % 5)
                                : INT64_MIN;
        few[i] = (double)(r % 200) / 8;
        many[i] = (double)(int64_t)r / 1e9;
        holes[i] = r % 3 ? (double)(r % 1000) : (double)NAN;
        odd[i] = strange[r % 10];
        none[i] = (double)NAN;
        text[i] = words[r % 4];
    }
}

static const vo_duck_column column[] = {
    {.name = "start", .kind = VO_DUCK_TIME, .integer = time_us},
    {.name = "whole \"x\"", .kind = VO_DUCK_INTEGER, .integer = whole},
    {.name = "few", .kind = VO_DUCK_DOUBLE, .number = few},
    {.name = "many", .kind = VO_DUCK_DOUBLE, .number = many},
    {.name = "holes", .kind = VO_DUCK_DOUBLE, .number = holes},
    {.name = "odd", .kind = VO_DUCK_DOUBLE, .number = odd},
    {.name = "none", .kind = VO_DUCK_DOUBLE, .number = none},
    {.name = "text", .kind = VO_DUCK_TEXTS, .text = text},
    {.name = "one", .kind = VO_DUCK_TEXT, .text = "it's one, longer than twelve bytes"}};

enum { COLUMNS = sizeof column / sizeof column[0] };

typedef struct {
    size_t rows, wrong;
    const char *path;
} judge;

static bool same_bits(double a, double b) {
    return isnan(a) ? isnan(b) != 0 : memcmp(&a, &b, sizeof a) == 0;
}

static bool same_text(const vo_duck_column *c, size_t row, const char *wanted) {
    size_t len = 0;
    const char *got = vo_duck_text(c, row, &len);
    return len == strlen(wanted) && memcmp(got, wanted, len) == 0;
}

static vo_status compare(void *ctx, const vo_duck_rows *r, vo_error *err) {
    judge *j = ctx;
    (void)err;
    for (size_t i = 0; i < r->rows; i++, j->rows++)
        for (size_t c = 0; c < COLUMNS; c++) {
            const vo_duck_column *got = &r->column[c], *w = &column[c];
            bool ok = false;
            if (c < 2)
                ok = vo_duck_has(got, i) && got->integer[i] == w->integer[j->rows];
            else if (c < 7)
                ok = same_bits(w->number[j->rows],
                               vo_duck_has(got, i) ? got->number[i] : (double)NAN);
            else
                ok = same_text(got, i, c == 7 ? text[j->rows] : (const char *)w->text);
            j->wrong += !ok;
        }
    return VO_OK;
}

static vo_status keep_row(void *ctx, const vo_duck_rows *r, vo_error *err) {
    double *out = ctx;
    (void)err;
    for (size_t c = 0; c < r->n_columns; c++) out[c] = r->column[c].number[0];
    return VO_OK;
}

static void ask(vo_duck *d, const char *select, const char *path, const char *rest,
                vo_duck_take take, void *ctx) {
    char sql[2 * DATA_PATH];
    vo_error err = {0};
    vo_text t = vo_text_over(sql, sizeof sql);
    vo_text_append(&t, "SELECT %s(", select);
    vo_duck_literal(&t, path);
    vo_text_append(&t, ")%s", rest);
    cr_assert_eq(vo_duck_query(d, sql, take, ctx, &err), VO_OK, "%s: %s", sql, err.msg);
}

static void check(vo_parquet *p, vo_duck *d, const char *path, size_t n) {
    char *data = NULL;
    size_t len = 0;
    vo_error err = {0};
    judge j = {.path = path};
    make(n);
    cr_assert_eq(vo_parquet_encode(p, n, column, COLUMNS, "a key", "it's a value", n % 2 == 0,
                                   &data, &len, &err),
                 VO_OK, "%s", err.msg);
    cr_assert_eq(vo_file_put(path, data, len, &err), VO_OK, "%s", err.msg);
    ask(d, "* FROM read_parquet", path, "", compare, &j);
    cr_assert(j.rows == n && j.wrong == 0, "%zu of %zu rows, %zu values wrong", j.rows, n,
              j.wrong);
}

static vo_parquet *parquet;
static vo_duck *duck;
static char folder[DATA_PATH], path[DATA_PATH + 32];

static void begin(void) {
    vo_error err = {0};
    cr_assert(temporary_folder(folder));
    snprintf(path, sizeof path, "%s/it.parquet", folder);
    cr_assert_eq(vo_parquet_create(&parquet, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_duck_open(&duck, &err), VO_OK, "%s", err.msg);
}

static void end(void) {
    vo_parquet_free(parquet);
    vo_parquet_free(NULL);
    vo_duck_close(duck);
    temporary_folder_remove(folder);
}

TestSuite(parquet, .init = begin, .fini = end);

Test(parquet, every_bit_comes_back_for_any_number_of_rows) {
    static const size_t n[] = {1, 2, 7, 8, 9, 31, 33, 128, 129, 130, 5000, 122880, 122881, N};
    for (size_t i = 0; i < sizeof n / sizeof n[0]; i++) check(parquet, duck, path, n[i]);
    check(parquet, duck, path, 3); /* the workspace of a large file is fit for a small one */
}

Test(parquet, bounds_prune_groups_without_losing_a_row) {
    double got[4] = {0};
    check(parquet, duck, path, N);
    ask(duck, "count(*)::DOUBLE FROM read_parquet", path,
        " WHERE start >= make_timestamptz(122900 * 3600000000)", keep_row, got);
    cr_assert_eq(got[0], N - 122900);
    size_t wanted = 0;
    for (size_t i = 0; i < N; i++) wanted += odd[i] == 0;
    ask(duck, "count(*)::DOUBLE FROM read_parquet", path, " WHERE odd = 0", keep_row, got);
    cr_assert_eq(got[0], (double)wanted);
    double least = many[0], greatest = many[0];
    for (size_t i = 0; i < N; i++)
        least = fmin(least, many[i]), greatest = fmax(greatest, many[i]);
    ask(duck,
        "min(stats_min_value::DOUBLE), max(stats_max_value::DOUBLE) FROM parquet_metadata",
        path, " WHERE path_in_schema = 'many'", keep_row, got);
    cr_assert(got[0] == least && got[1] == greatest);
    ask(duck,
        "count(stats_min_value)::DOUBLE, sum(stats_null_count)::DOUBLE, "
        "count(DISTINCT row_group_id)::DOUBLE FROM parquet_metadata",
        path, " WHERE path_in_schema IN ('start', 'holes')", keep_row, got);
    size_t missing = 0;
    for (size_t i = 0; i < N; i++) missing += isnan(holes[i]) != 0;
    cr_assert(got[0] == 4 && got[1] == (double)missing && got[2] == 2);
}

Test(parquet, the_entry_of_the_metadata_comes_back) {
    double got[1] = {0};
    check(parquet, duck, path, 10);
    ask(duck, "count(*)::DOUBLE FROM parquet_kv_metadata", path,
        " WHERE decode(key) = 'a key' AND decode(value) = 'it''s a value'", keep_row, got);
    cr_assert_eq(got[0], 1);
}

Test(parquet, what_is_not_utf_8_is_refused) {
    static const char *const bad[] = {
        "\xff",         "a\x80",           "\xc3", "\xc0\xaf", "\xe0\x80\x80",
        "\xed\xa0\x80", "\xf5\x80\x80\x80"};
    char *data = NULL;
    size_t len = 0;
    make(1);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        vo_duck_column c = column[8];
        c.text = bad[i];
        cr_assert_eq(vo_parquet_encode(parquet, 1, &c, 1, "k", "v", false, &data, &len, NULL),
                     VO_EINVAL);
        c = column[2];
        c.name = bad[i];
        cr_assert_eq(vo_parquet_encode(parquet, 1, &c, 1, "k", "v", false, &data, &len, NULL),
                     VO_EINVAL);
        c = (vo_duck_column){.name = "t", .kind = VO_DUCK_TEXTS, .text = &bad[i]};
        cr_assert_eq(vo_parquet_encode(parquet, 1, &c, 1, "k", "v", false, &data, &len, NULL),
                     VO_EINVAL);
    }
}
