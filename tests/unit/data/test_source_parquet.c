/* test_source_parquet.c -- every way that Parquet files of the wild hold a time. */
#include "data/source_parquet.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/lake_duckdb.h"
#include "support/data_folder.h"

#define JAN1 INT64_C(1704067200) /* 2024-01-01T00:00Z */

static char folder[DATA_PATH], path[DATA_PATH + 16];

static void begin(void) {
    cr_assert(temporary_folder(folder));
    snprintf(path, sizeof path, "%s/it's.parquet", folder);
}
static void end(void) { temporary_folder_remove(folder); }

static void write_file(const char *select) {
    char buffer[4096];
    vo_duck *d = NULL;
    vo_error err = {0};
    vo_text sql = vo_text_over(buffer, sizeof buffer);
    vo_text_append(&sql, "COPY (%s) TO ", select);
    vo_duck_literal(&sql, path);
    vo_text_append(&sql, " (FORMAT parquet)");
    cr_assert_eq(vo_duck_open(&d, &err), VO_OK);
    cr_assert_eq(vo_duck_query(d, buffer, NULL, NULL, &err), VO_OK, "%s", err.msg);
    vo_duck_close(d);
}

static vo_readings_set *read_ok(vo_source_options o) {
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_source_read(path, &o, &set, &err), VO_OK, "%s", err.msg);
    return set;
}

Test(source_parquet, one_instant_held_in_many_types, .init = begin, .fini = end) {
    static const char *const time[] = {"TIMESTAMPTZ '2024-01-01 00:00:00+00'",
                                       "TIMESTAMPTZ '2023-12-31 18:00:00-06'",
                                       "TIMESTAMP '2024-01-01 00:00:00'",
                                       "TIMESTAMP_NS '2024-01-01 00:00:00'",
                                       "TIMESTAMP_S '2024-01-01 00:00:00'",
                                       "DATE '2024-01-01'",
                                       "'2024-01-01T00:00:00Z'",
                                       "1704067200::INTEGER",
                                       "1704067200000::BIGINT",
                                       "1704067200000000::BIGINT",
                                       "1704067200000000000::BIGINT"};
    for (size_t i = 0; i < sizeof time / sizeof time[0]; i++) {
        char select[512];
        snprintf(
            select, sizeof select,
            "SELECT 'x' AS kind, %s AS time, 7::FLOAT AS price, NULL::DECIMAL(9,2) AS load",
            time[i]);
        write_file(select);
        vo_readings_set *set = read_ok((vo_source_options){0});
        const vo_readings *r = set->item[0];
        cr_assert(r->n == 1 && r->n_columns == 2);
        cr_assert_eq(r->start_s[0], JAN1, "%s", time[i]);
        cr_assert(r->column[0].value[0] == 7 && isnan(r->column[1].value[0]));
        vo_readings_set_free(set);
    }
}

Test(source_parquet, naive_times_follow_the_zone, .init = begin, .fini = end) {
    write_file("SELECT TIMESTAMP '2024-01-01 00:00:00' AS start, 1 AS price");
    vo_readings_set *set = read_ok((vo_source_options){.zone = "America/Mexico_City"});
    cr_assert_eq(set->item[0]->start_s[0], JAN1 + 6 * 3600);
    cr_assert_str_eq(set->item[0]->zone, "America/Mexico_City");
    vo_readings_set_free(set);
}

Test(source_parquet, a_node_column_splits_the_file_of_any_length, .init = begin, .fini = end) {
    write_file("SELECT make_timestamptz((1704067200 + (i // 3) * 3600) * 1000000) AS t, 'N' || "
               "(i % 3) AS node, "
               "i::DOUBLE AS price FROM range(30000) r(i)");
    vo_readings_set *set = read_ok((vo_source_options){.node_column = "node"});
    cr_assert(set->n == 3 && set->rows == 30000);
    for (size_t k = 0; k < 3; k++) {
        const vo_readings *r = set->item[k];
        cr_assert_eq(r->n, 10000u);
        for (size_t t = 0; t < r->n; t++) {
            cr_assert_eq(r->start_s[t], JAN1 + (int64_t)t * 3600);
            cr_assert_eq(r->column[0].value[t], (double)(3 * t + k));
        }
    }
    vo_readings_set_free(set);
    set = read_ok((vo_source_options){.node_column = "node", .only_node = "N1"});
    cr_assert(set->n == 1 && set->rows == 10000);
    vo_readings_set_free(set);
}

Test(source_parquet, what_is_wrong_is_refused_in_words, .init = begin, .fini = end) {
    static const struct {
        const char *select, *price, *says;
    } bad[] = {{"SELECT 1 AS price", NULL, "no time column"},
               {"SELECT DATE '2024-01-01' AS time, 'x' AS name", NULL, "price_column"},
               {"SELECT DATE '2024-01-01' AS time, 1 AS price", "load", "it has: time, price"},
               {"SELECT NULL::DATE AS time, 1 AS price", NULL, "row 1: no time"},
               {"SELECT 'soon' AS time, 1 AS price", NULL, "row 1, column \"time\""},
               {"SELECT DATE '2024-01-01' AS time, 1 AS price WHERE false", NULL, "no rows"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        vo_readings_set *set = NULL;
        vo_error err = {0};
        write_file(bad[i].select);
        cr_assert_neq(vo_source_read(path, &(vo_source_options){.price_column = bad[i].price},
                                     &set, &err),
                      VO_OK);
        cr_assert(strstr(err.msg, bad[i].says) && !set, "\"%s\" is not in: %s", bad[i].says,
                  err.msg);
    }
    vo_readings_set *set = NULL;
    FILE *f = fopen(path, "wb");
    fputs("PAR1 this is none PAR1", f);
    fclose(f);
    cr_assert_eq(vo_source_read(path, NULL, &set, NULL), VO_EIO);
}

#define TWO_NODES                                                                              \
    "SELECT * FROM (VALUES (DATE '2024-01-01', 'MDA', 'A', 1), (DATE '2024-01-01', 'MDA', "    \
    "'B', 2), (DATE '2024-01-01', 'MTR', 'A', 3), (DATE '2024-01-01', 'MTR', 'B', 4)) "        \
    "t(time, process, node, price)"

static void must_refuse(vo_source_options o, const char *says) {
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_neq(vo_source_read(path, &o, &set, &err), VO_OK);
    cr_assert(strstr(err.msg, says), "\"%s\" is not in: %s", says, err.msg);
}

Test(source_parquet, several_series_are_told_apart_as_in_text, .init = begin, .fini = end) {
    write_file(TWO_NODES);
    must_refuse((vo_source_options){0}, "column \"node\" tells 2 series apart (A, B)");
    must_refuse((vo_source_options){.only_node = "B"}, "choose with process = \"MDA\"");
    vo_readings_set *set =
        read_ok((vo_source_options){.only_node = "B", .only_process = "MTR"});
    cr_assert(set->n == 1 && set->rows == 1 && set->item[0]->column[0].value[0] == 4);
    cr_assert_str_eq(set->item[0]->node, "B");
    cr_assert_str_eq(set->item[0]->price_name, "price");
    vo_readings_set_free(set);
}

Test(source_parquet, hours_beside_a_date_are_joined_and_nothing_is_lost, .init = begin,
     .fini = end) {
    write_file(
        "SELECT DATE '2024-01-01' + CAST(i // 24 AS INTEGER) AS date, i % 24 + 1 AS hour, "
        "i * 1.0 AS price FROM range(48) t(i)");
    vo_readings_set *set = read_ok((vo_source_options){0});
    for (size_t i = 0; i < 48; i++)
        cr_assert_eq(set->item[0]->start_s[i], JAN1 + (int64_t)i * 3600, "row %zu", i);
    cr_expect(strstr(set->note, "joined"), "%s", set->note);
    vo_readings_set_free(set);
    write_file(
        "SELECT DATE '2024-01-01' AS date, i AS hour, i + 0.5 AS value FROM range(24) t(i)");
    set = read_ok((vo_source_options){0});
    cr_expect_eq(set->item[0]->column[0].value[3], 3.5);
    cr_expect_eq(set->item[0]->start_s[3], JAN1 + 3 * 3600);
    vo_readings_set_free(set);
    write_file("SELECT DATE '2024-01-01' + CAST(i // 48 AS INTEGER) AS date, i % 48 AS p, "
               "i * 1.0 AS price FROM range(96) t(i)");
    must_refuse((vo_source_options){0}, "\"p\"");
    set = read_ok((vo_source_options){.period_column = "p", .period_minutes = 30});
    for (size_t i = 0; i < 96; i++)
        cr_assert_eq(set->item[0]->start_s[i], JAN1 + (int64_t)i * 1800, "row %zu", i);
    vo_readings_set_free(set);
}

Test(source_parquet, files_of_others_are_read) {
    char file[DATA_PATH];
    NEED_DATA("parquet_samples/ercot_da_prices.parquet", file);
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_source_read(file, NULL, &set, &err), VO_OK, "%s", err.msg);
    cr_assert(set->rows == 16800 && set->n == 1);
    vo_readings_set_free(set);
}
