/* test_lake.c -- what is put in comes out; upserts are idempotent. Writers that meet and are
 * killed: test_lake_writers.c, test_lake_crash.c. */
#include "data/lake.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/file.h"
#include "support/data_folder.h"

#define DEC31 INT64_C(1735603200) /* 2024-12-31T00:00Z: a day before the UTC year's end */

static char root[DATA_PATH];

static void begin(void) { cr_assert(temporary_folder(root)); }
static void end(void) { temporary_folder_remove(root); }

static vo_lake *open_lake(void) {
    vo_lake *lake = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_lake_open(root, &lake, &err), VO_OK, "%s", err.msg);
    return lake;
}

/* n hours from DEC31 + first hours; price = factor * hour */
static vo_series *make(int first, size_t n, double factor) {
    static const char *const names[] = {"price", "odd \"name\""};
    vo_series *s = NULL;
    cr_assert_eq(vo_series_create(n, names, 2, NULL, &s, NULL), VO_OK);
    for (size_t t = 0; t < n; t++) {
        const int h = first + (int)t;
        s->start[t].s = DEC31 + h * 3600;
        s->dt_h[t] = 1;
        s->day[t] = (int32_t)(t / 24);
        s->column[0].value[t] = factor * h;
        s->column[1].value[t] = h % 5 ? h : (double)NAN;
    }
    strcpy(s->zone, "America/Mexico_City");
    strcpy(s->currency, "MXN");
    return s;
}

static void put(vo_lake *lake, const vo_lake_key *key, int first, size_t n, double factor) {
    vo_series *s = make(first, n, factor);
    vo_error err = {0};
    cr_assert_eq(vo_lake_upsert(lake, key, s, NULL, NULL, &err), VO_OK, "%s", err.msg);
    vo_series_free(s);
}

static vo_series *get(vo_lake *lake, const vo_lake_key *key) {
    vo_series *s = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_lake_read(lake, key, (vo_time){INT64_MIN}, (vo_time){INT64_MAX}, &s, &err),
                 VO_OK, "%s", err.msg);
    return s;
}

static const vo_lake_key key = {"MEM", "MDA", "APATZINGAN", NULL};

Test(lake, what_is_put_in_comes_out_across_a_year_end, .init = begin, .fini = end) {
    vo_lake *lake = open_lake();
    put(lake, &key, 0, 72, 1.25);
    char path[DATA_PATH + 128];
    snprintf(path, sizeof path,
             "%s/prices/market=MEM/process=MDA/node=APATZINGAN/year=2025/part.parquet", root);
    cr_assert(vo_file_exists(path));
    vo_series *s = get(lake, &key);
    cr_assert(s->n == 72 && s->n_columns == 2);
    for (int t = 0; t < 72; t++) {
        cr_assert(s->start[t].s == DEC31 + t * 3600 && s->dt_h[t] == 1);
        cr_assert_eq(s->column[0].value[t], 1.25 * t);
        cr_assert_eq(isnan(s->column[1].value[t]), t % 5 == 0);
        cr_assert_eq(s->day[t], (t + 18) / 24); /* midnight in Mexico City is 06:00Z */
    }
    cr_assert_str_eq(s->column[1].name, "odd \"name\"");
    cr_assert_str_eq(s->zone, "America/Mexico_City");
    cr_assert_str_eq(s->currency, "MXN");
    vo_series_free(s);
    cr_assert_eq(vo_lake_read(lake, &key, (vo_time){DEC31 + 23 * 3600},
                              (vo_time){DEC31 + 25 * 3600}, &s, NULL),
                 VO_OK);
    cr_assert(s->n == 2 && s->column[0].value[1] == 1.25 * 24);
    vo_series_free(s);
    vo_lake_close(lake);
}

Test(lake, an_upsert_replaces_by_start_adds_the_rest_and_may_be_repeated, .init = begin,
     .fini = end) {
    vo_lake *lake = open_lake();
    for (int i = 0; i < 2; i++) {
        put(lake, &key, 0, 20, 1);
        put(lake, &key, 10, 20, -1);
        vo_series *s = get(lake, &key);
        cr_assert_eq(s->n, 30u);
        for (int t = 0; t < 30; t++) cr_assert_eq(s->column[0].value[t], t < 10 ? t : -t);
        vo_series_free(s);
    }
    vo_lake_close(lake);
}

Test(lake, a_hole_is_refused_and_each_side_of_it_is_not, .init = begin, .fini = end) {
    vo_lake *lake = open_lake();
    vo_series *s = NULL;
    vo_error err = {0};
    put(lake, &key, 0, 10, 1);
    put(lake, &key, 12, 10, 1);
    cr_assert_eq(vo_lake_read(lake, &key, (vo_time){0}, (vo_time){INT64_MAX}, &s, &err),
                 VO_EINVAL);
    cr_assert(strstr(err.msg, "2024-12-31T09:00:00Z and 2024-12-31T12:00:00Z"), "%s", err.msg);
    cr_assert_eq(
        vo_lake_read(lake, &key, (vo_time){DEC31 + 12 * 3600}, (vo_time){INT64_MAX}, &s, &err),
        VO_OK);
    cr_assert_eq(s->n, 10u);
    vo_series_free(s);
    put(lake, &key, 10, 2, 1);
    s = get(lake, &key);
    cr_assert_eq(s->n, 22u);
    vo_series_free(s);
    vo_lake_close(lake);
}

/* Names that would leave the folder, end the query or match others. */
Test(lake, names_are_only_names, .init = begin, .fini = end) {
    static const char *const odd[] = {"LA PAZ",    "../../../etc", "a'); DROP TABLE part; --",
                                      "*",         "a/b",          "%2F",
                                      "x=y",       "..",           "\xc3\xb1",
                                      "year=2020", "[ab]",         "{a,b}",
                                      "\"q\"",     "a\\b"};
    const size_t n = sizeof odd / sizeof odd[0];
    vo_lake *lake = open_lake();
    for (size_t i = 0; i < n; i++)
        put(lake, &(vo_lake_key){"M", "P", odd[i], NULL}, 0, 5 + i, (double)i + 1);
    for (size_t i = 0; i < n; i++) {
        vo_series *s = get(lake, &(vo_lake_key){"M", "P", odd[i], NULL});
        cr_assert(s->n == 5 + i && s->column[0].value[1] == (double)i + 1, "%s", odd[i]);
        vo_series_free(s);
    }
    vo_lake_entry *entry = NULL;
    size_t found = 0;
    cr_assert_eq(vo_lake_list(lake, &entry, &found, NULL), VO_OK);
    cr_assert_eq(found, n);
    for (size_t i = 0; i < n; i++) {
        size_t at = 0;
        while (at < n && strcmp(entry[at].node, odd[i]) != 0) at++;
        cr_assert(at < n && entry[at].rows == (int64_t)(5 + i), "%s", odd[i]);
    }
    free(entry);
    vo_series *s = NULL;
    cr_assert_eq(vo_lake_read(lake, &(vo_lake_key){"M", "P", "?", NULL}, (vo_time){0},
                              (vo_time){INT64_MAX}, &s, NULL),
                 VO_ENOTFOUND);
    static const vo_lake_key bad[] = {{"", "P", "N", NULL},
                                      {"M", "P", "", NULL},
                                      {"M", "", "N", NULL},
                                      {"M", "P", "a\nb", NULL},
                                      {NULL, "P", "N", NULL}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        vo_series *one = make(0, 3, 1);
        cr_assert_eq(vo_lake_upsert(lake, &bad[i], one, NULL, NULL, NULL), VO_EINVAL);
        vo_series_free(one);
    }
    vo_lake_close(lake);
    cr_assert_eq(vo_lake_open("a*b", &lake, NULL), VO_EINVAL);
}

Test(lake, a_root_with_quotes_and_blanks_works, .init = begin, .fini = end) {
    strcat(root, "/o'b \"x\" ; --");
    vo_lake *lake = open_lake();
    put(lake, &key, 0, 30, 2);
    vo_series *s = get(lake, &key);
    cr_assert_eq(s->n, 30u);
    vo_series_free(s);
    vo_lake_close(lake);
}

Test(lake, the_process_may_be_left_out_and_mda_comes_first, .init = begin, .fini = end) {
    vo_lake *lake = open_lake();
    put(lake, &(vo_lake_key){"MEM", "EXPOST", "N", NULL}, 0, 5, 1);
    vo_series *s = get(lake, &(vo_lake_key){"MEM", NULL, "N", NULL});
    cr_assert_eq(s->n, 5u);
    vo_series_free(s);
    put(lake, &(vo_lake_key){"MEM", "MDA", "N", NULL}, 0, 7, 1);
    s = get(lake, &(vo_lake_key){"MEM", "", "N", NULL});
    cr_assert_eq(s->n, 7u);
    cr_assert_str_eq(s->label, "MEM MDA N");
    vo_series_free(s);
    vo_lake_close(lake);
}

Test(lake, an_empty_lake_lists_nothing_and_says_so, .init = begin, .fini = end) {
    vo_lake *lake = open_lake();
    vo_lake_entry *entry = NULL;
    size_t n = 9;
    vo_series *s = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_lake_list(lake, &entry, &n, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(n, 0u);
    free(entry);
    cr_assert_eq(vo_lake_read(lake, &key, (vo_time){0}, (vo_time){1}, &s, &err), VO_ENOTFOUND);
    cr_assert(strstr(err.msg, "APATZINGAN"), "%s", err.msg);
    cr_assert_eq(vo_lake_read(lake, &key, (vo_time){1}, (vo_time){1}, &s, &err), VO_EINVAL);
    vo_lake_close(lake);
}

/* Leftovers of a killed writer are neither read nor kept. */
Test(lake, leftovers_of_a_killed_writer_are_swept, .init = begin, .fini = end) {
    vo_lake *lake = open_lake();
    char path[DATA_PATH + 128];
    put(lake, &key, 0, 10, 1);
    snprintf(path, sizeof path,
             "%s/prices/market=MEM/process=MDA/node=APATZINGAN/year=2024/part.parquet.99.0.tmp",
             root);
    cr_assert_eq(vo_file_write(path, "PAR1 half", 9, NULL), VO_OK);
    vo_series *s = get(lake, &key);
    cr_assert_eq(s->n, 10u);
    vo_series_free(s);
    put(lake, &key, 10, 5, 1);
    cr_assert_not(vo_file_exists(path));
    s = get(lake, &key);
    cr_assert_eq(s->n, 15u);
    vo_series_free(s);
    vo_lake_close(lake);
}

/* Pesos under euros would be wrong without anyone noticing; instead of them they are right. */
Test(lake, another_currency_beside_the_stored_one_is_refused, .init = begin, .fini = end) {
    vo_lake *lake = open_lake();
    vo_error err = {0};
    put(lake, &key, 0, 10, 1);
    vo_series *s = make(5, 10, 2);
    strcpy(s->currency, "EUR");
    cr_assert_eq(vo_lake_upsert(lake, &key, s, NULL, NULL, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "MXN") && strstr(err.msg, "EUR"), "%s", err.msg);
    vo_series_free(s);
    s = make(0, 10, 2);
    strcpy(s->currency, "EUR");
    strcpy(s->unit, "MWh");
    cr_assert_eq(vo_lake_upsert(lake, &key, s, NULL, NULL, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "replace"), "%s", err.msg);
    char zone[64];
    const vo_lake_how all = {.replace = true, .first_s = DEC31, .last_s = DEC31 + 9 * 3600};
    cr_assert_eq(vo_lake_upsert_as(lake, &key, s, NULL, NULL, &all, zone, &err), VO_OK, "%s",
                 err.msg);
    vo_series_free(s);
    s = make(10, 5, 2);
    strcpy(s->currency, "EUR");
    strcpy(s->unit, "kW");
    cr_assert_eq(vo_lake_upsert(lake, &key, s, NULL, NULL, &err), VO_EINVAL);
    vo_series_free(s);
    s = get(lake, &key);
    cr_assert_eq(s->n, 10u);
    cr_assert_str_eq(s->currency, "EUR");
    cr_assert_str_eq(s->unit, "MWh");
    vo_series_free(s);
    vo_lake_close(lake);
}

Test(lake, kinds_lie_apart_and_are_listed, .init = begin, .fini = end) {
    vo_lake *lake = open_lake();
    const vo_lake_key load = {"MEM", "MDA", "APATZINGAN", "load"};
    put(lake, &key, 0, 10, 1);
    put(lake, &load, 0, 7, 2);
    vo_series *s = get(lake, &load);
    cr_assert(s->n == 7 && s->column[0].value[3] == 6);
    vo_series_free(s);
    s = get(lake, &key);
    cr_assert_eq(s->n, 10u);
    vo_series_free(s);
    vo_lake_entry *entry = NULL;
    size_t n = 0;
    cr_assert_eq(vo_lake_list(lake, &entry, &n, NULL), VO_OK);
    cr_assert_eq(n, 2u);
    cr_assert_str_eq(entry[0].kind, "load");
    cr_assert_str_eq(entry[1].kind, "prices");
    cr_assert(entry[1].rows == 10 && entry[1].interval_h == 1 && !entry[1].mixed &&
              entry[1].n_columns == 2 && entry[1].first_s == DEC31 &&
              entry[1].last_s == DEC31 + 9 * 3600);
    cr_assert_str_eq(entry[1].column[0], "price");
    cr_assert_str_eq(entry[1].zone, "America/Mexico_City");
    free(entry);
    vo_lake_close(lake);
}

Test(lake, columns_that_differ_in_case_only_are_one, .init = begin, .fini = end) {
    static const char *const names[] = {"PRICE"};
    vo_lake *lake = open_lake();
    vo_error err = {0};
    vo_series *s = NULL;
    put(lake, &key, 0, 4, 1);
    cr_assert_eq(vo_series_create(1, names, 1, NULL, &s, NULL), VO_OK);
    s->start[0].s = DEC31 + 4 * 3600;
    s->dt_h[0] = 1;
    s->column[0].value[0] = 99;
    cr_assert_eq(vo_lake_upsert(lake, &key, s, NULL, NULL, &err), VO_OK, "%s", err.msg);
    vo_series_free(s);
    s = get(lake, &key);
    cr_assert(s->n == 5 && s->n_columns == 2);
    cr_assert(vo_series_find(s, "price")[4] == 99 && vo_series_find(s, "price")[3] == 3);
    strcpy(s->column[1].name, "PRICE");
    strcpy(s->column[0].name, "price");
    cr_assert_eq(vo_lake_upsert(lake, &key, s, NULL, NULL, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "case"), "%s", err.msg);
    vo_series_free(s);
    vo_lake_close(lake);
}
