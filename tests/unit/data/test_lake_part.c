/* test_lake_part.c -- a file says of itself what is in it, and any bit that is not as it was
 * written is noticed. */
#include "data/lake_part.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/data_folder.h"

static char root[DATA_PATH], path[DATA_PATH + 32];
static vo_lake *lake;

static void begin(void) {
    cr_assert(temporary_folder(root));
    snprintf(path, sizeof path, "%s/part.parquet", root);
    cr_assert_eq(vo_lake_open(root, &lake, NULL), VO_OK);
}
static void end(void) {
    vo_lake_close(lake);
    temporary_folder_remove(root);
}

static vo_series *make(size_t n) {
    static const char *const names[] = {"price", "a,b;c= \"\xc3\xb1\"", "Volteo1 sum=0"};
    vo_series *s = NULL;
    cr_assert_eq(vo_series_create(n, names, 3, NULL, &s, NULL), VO_OK);
    for (size_t t = 0; t < n; t++) {
        s->start[t].s = 1700000000 + 3600 * (int64_t)t;
        s->dt_h[t] = 1;
        s->column[0].value[t] = 0.1 * (double)(t * t % 997);
        s->column[1].value[t] = t % 3 ? -1e-300 * (double)t : (double)NAN;
    }
    strcpy(s->zone, "America/Mexico_City");
    strcpy(s->currency, "MX N;");
    strcpy(s->unit, "MWh");
    return s;
}

static void same(const vo_series *a, const vo_series *b) {
    cr_assert(a->n == b->n && a->n_columns == b->n_columns);
    cr_assert_eq(memcmp(a->start, b->start, a->n * sizeof *a->start), 0);
    cr_assert_eq(memcmp(a->dt_h, b->dt_h, a->n * sizeof *a->dt_h), 0);
    for (size_t c = 0; c < a->n_columns; c++) {
        cr_assert_str_eq(a->column[c].name, b->column[c].name);
        for (size_t t = 0; t < a->n; t++) {
            const double x = a->column[c].value[t], y = b->column[c].value[t];
            cr_assert(isnan(x) ? isnan(y) : x == y);
        }
    }
    cr_assert_str_eq(a->zone, b->zone);
    cr_assert_str_eq(a->currency, b->currency);
    cr_assert_str_eq(a->unit, b->unit);
}

/* FNV-like hashes are easy to get subtly wrong: every single bit of any length must count. */
Test(lake_part, every_bit_counts_in_the_sum) {
    char data[75];
    for (size_t i = 0; i < sizeof data; i++) data[i] = (char)(i * 37);
    for (size_t len = 0; len <= sizeof data; len++) {
        const uint64_t sum = vo_lake_sum(data, len);
        for (size_t bit = 0; bit < 8 * len; bit++) {
            data[bit / 8] = (char)(data[bit / 8] ^ 1 << bit % 8);
            cr_assert_neq(vo_lake_sum(data, len), sum, "%zu of %zu", bit, len);
            data[bit / 8] = (char)(data[bit / 8] ^ 1 << bit % 8);
        }
        if (len) cr_assert_neq(vo_lake_sum(data, len - 1), sum);
    }
}

Test(lake_part, a_part_comes_back_and_says_what_is_in_it, .init = begin, .fini = end) {
    vo_series *s = make(5000), *back = NULL;
    vo_lake_head wrote, head;
    vo_error err = {0};
    for (int packed = 0; packed < 2; packed++) {
        cr_assert_eq(vo_lake_part_write(lake, path, s, packed, &wrote, &err), VO_OK, "%s",
                     err.msg);
        cr_assert_eq(vo_lake_part_read(lake, path, &back, &head, &err), VO_OK, "%s", err.msg);
        same(s, back);
        cr_assert(head.state == VO_LAKE_WHOLE && head.sum == wrote.sum && head.sum);
        cr_assert(head.rows == 5000 && head.first_s == s->start[0].s &&
                  head.last_s == s->start[4999].s && head.interval_h == 1 && !head.mixed &&
                  head.packed == packed && head.bytes == wrote.bytes);
        vo_series_free(back);
    }
    s->dt_h[17] = 0.25;
    cr_assert_eq(vo_lake_part_write(lake, path, s, false, &wrote, &err), VO_OK);
    cr_assert_eq(vo_lake_head_load(lake, path, &head, &err), VO_OK);
    cr_assert(head.mixed && head.interval_h == 1);
    vo_series_free(s);
    cr_assert_eq(vo_lake_head_load(lake, "/nowhere/part.parquet", &head, &err), VO_OK);
    cr_assert_eq(head.state, VO_LAKE_ABSENT);
}

/* Any other tool can read a part: the same rows, zone, currency and unit as text. */
static vo_status take_row(void *ctx, const vo_duck_rows *r, vo_error *err) {
    (void)err;
    size_t len = 0;
    for (size_t i = 0; i < r->rows; i++) {
        const char *zone = vo_duck_text(&r->column[0], i, &len);
        cr_assert(len == 19 && memcmp(zone, "America/Mexico_City", len) == 0);
        cr_assert(r->column[1].kind == VO_DUCK_TEXT && r->column[2].kind == VO_DUCK_TEXT);
        cr_assert(r->column[3].kind == VO_DUCK_TIME);
        ++*(size_t *)ctx;
    }
    return VO_OK;
}

Test(lake_part, other_tools_see_zone_currency_and_unit_in_every_row, .init = begin,
     .fini = end) {
    vo_series *s = make(3000);
    vo_lake_head head;
    size_t n = 0;
    cr_assert_eq(vo_lake_part_write(lake, path, s, false, &head, NULL), VO_OK);
    vo_text sql = vo_lake_query(lake);
    vo_text_append(&sql, "SELECT zone, currency, unit, start FROM read_parquet('%s')", path);
    vo_error err = {0};
    cr_assert_eq(vo_lake_run(lake, &sql, take_row, &n, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(n, 3000u);
    vo_series_free(s);
}

/* A bit in every byte of the file, a different one from byte to byte. */
Test(lake_part, a_flipped_bit_anywhere_is_found, .init = begin, .fini = end, .timeout = 120) {
    vo_series *s = make(700);
    vo_lake_head head;
    char *data = NULL;
    size_t len = 0, bad = 0;
    cr_assert_eq(vo_lake_part_write(lake, path, s, false, &head, NULL), VO_OK);
    cr_assert_eq(vo_file_read(path, 1 << 24, &data, &len, NULL), VO_OK);
    vo_lake_head_parse(data, len, &head);
    cr_assert_eq(head.state, VO_LAKE_WHOLE);
    for (size_t i = 0; i < len; i++) {
        const char bit = (char)(1 << i % 8);
        data[i] = (char)(data[i] ^ bit);
        vo_lake_head_parse(data, len, &head);
        cr_assert_neq(head.state, VO_LAKE_WHOLE, "byte %zu of %zu", i, len);
        bad += head.state == VO_LAKE_BAD;
        data[i] = (char)(data[i] ^ bit);
    }
    cr_assert_eq(bad, len);
    for (size_t cut = 0; cut < len; cut += 1 + cut / 50) {
        vo_lake_head_parse(data, cut, &head);
        cr_assert_eq(head.state, VO_LAKE_BAD, "%zu", cut);
    }
    free(data);
    vo_series_free(s);
}

static void write_with(const char *select) {
    vo_text sql = vo_lake_query(lake);
    vo_error err = {0};
    vo_text_append(&sql, "COPY (%s) TO '%s' (FORMAT parquet)", select, path);
    cr_assert_eq(vo_lake_run(lake, &sql, NULL, NULL, &err), VO_OK, "%s", err.msg);
}

Test(lake_part, parts_without_a_sum_are_read_and_what_is_no_part_is_not, .init = begin,
     .fini = end) {
    vo_series *s = NULL;
    vo_lake_head head;
    vo_error err = {0};
    write_with("SELECT make_timestamptz((1700000000 + 3600 * i) * 1000000) AS start, "
               "1.0::DOUBLE AS dt_h, i::DOUBLE AS price, NULL AS zone, 'MXN' AS currency "
               "FROM range(100) r(i)");
    cr_assert_eq(vo_lake_part_read(lake, path, &s, &head, &err), VO_OK, "%s", err.msg);
    cr_assert(head.state == VO_LAKE_OLD && head.sum && head.rows == 100 &&
              head.interval_h == 1 && head.first_s == 1700000000);
    cr_assert(s->n == 100 && s->start[99].s == 1700000000 + 99 * 3600 &&
              s->column[0].value[99] == 99);
    cr_assert_str_eq(s->zone, "UTC");
    cr_assert_str_eq(s->currency, "MXN");
    vo_series_free(s);
    static const char *const odd[] = {
        "SELECT 1 AS a", "SELECT 'x' AS start, 1.0::DOUBLE AS dt_h, 1.0::DOUBLE AS price",
        "SELECT make_timestamptz(0) AS start, 1 AS dt_h, 'x' AS price",
        "SELECT make_timestamptz(0) AS start, 1.0::DOUBLE AS dt_h, 'x' AS price"};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        write_with(odd[i]);
        cr_assert_eq(vo_lake_part_read(lake, path, &s, &head, &err), VO_EIO, "%zu", i);
        cr_assert(strstr(err.msg, "--mend") && !strstr(err.msg, "DuckDB"), "%s", err.msg);
    }
    static const char *const garbage[] = {"", "x", "PAR1PAR1", "PAR1xxxxxxxxxxxxxxxxxxxxPAR1"};
    for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        cr_assert_eq(vo_file_write(path, garbage[i], strlen(garbage[i]), NULL), VO_OK);
        cr_assert_eq(vo_lake_part_read(lake, path, &s, &head, &err), VO_EIO, "%zu", i);
        cr_assert_eq(head.state, VO_LAKE_BAD);
    }
}
