/* test_lake_rules.c -- stored data are not replaced or relabelled unseen; replace and remove do
 * it by name. */
#include "data/lake_rules.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/export.h"
#include "data/import.h"
#include "port/file.h"
#include "support/data_folder.h"

#define DEC31 INT64_C(1735603200) /* 2024-12-31T00:00Z: a day before the UTC year's end */

static const vo_lake_key key = {"M", "DA", "N", NULL};
static char root[DATA_PATH], folder[DATA_PATH];
static vo_lake *lake;

static void begin(void) {
    vo_error err = {0};
    cr_assert(temporary_folder(root) && temporary_folder(folder));
    cr_assert_eq(vo_lake_open(root, &lake, &err), VO_OK, "%s", err.msg);
}

static void end(void) {
    vo_lake_close(lake);
    temporary_folder_remove(root);
    temporary_folder_remove(folder);
}

/* n intervals from DEC31 + first hours; prices are level + number of the interval. */
static vo_series *make(double first_h, size_t n, double dt_h, double level) {
    static const char *const names[] = {"price"};
    vo_series *s = NULL;
    cr_assert_eq(vo_series_create(n, names, 1, NULL, &s, NULL), VO_OK);
    for (size_t t = 0; t < n; t++) {
        s->start[t].s = DEC31 + llround((first_h + (double)t * dt_h) * 3600);
        s->dt_h[t] = dt_h;
        s->column[0].value[t] = level + 0.001 * level * (double)t;
    }
    strcpy(s->zone, "Europe/Madrid");
    strcpy(s->currency, "EUR");
    strcpy(s->unit, "MWh");
    return s;
}

typedef struct {
    vo_status st;
    char zone[64];
    vo_error err;
} outcome;

/* `s` goes in and is freed. */
static outcome put(vo_series *s, const vo_lake_how *how) {
    outcome o = {.st = VO_OK};
    o.st = vo_lake_upsert_as(lake, &key, s, NULL, "test", how, o.zone, &o.err);
    vo_series_free(s);
    return o;
}

static void stored(vo_series *s) {
    const outcome o = put(s, NULL);
    cr_assert_eq(o.st, VO_OK, "%s", o.err.msg);
}

static void refused(vo_series *s, const vo_lake_how *how, const char *says, const char *too) {
    const outcome o = put(s, how);
    cr_assert_eq(o.st, VO_EINVAL, "status %d: %s", (int)o.st, says);
    cr_assert(strstr(o.err.msg, says) && strstr(o.err.msg, too), "\"%s\" of: %s", says,
              o.err.msg);
}

static vo_series *get(int64_t from_s, int64_t to_s) {
    vo_series *s = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_lake_read(lake, &key, (vo_time){from_s}, (vo_time){to_s}, &s, &err), VO_OK,
                 "%s", err.msg);
    return s;
}

static void holds(size_t n, double dt_h, const char *zone, const char *currency) {
    vo_series *s = get(INT64_MIN, INT64_MAX);
    cr_assert_eq(s->n, n, "%zu", s->n);
    for (size_t t = 0; t < n; t++) cr_assert_eq(s->dt_h[t], dt_h);
    cr_assert_str_eq(s->zone, zone);
    cr_assert_str_eq(s->currency, currency);
    vo_series_free(s);
}

static void is_well(void) {
    vo_lake_health health;
    cr_assert_eq(vo_lake_doctor(lake, false, NULL, NULL, &health, NULL), VO_OK);
    cr_assert_eq(health.findings, 0u);
}

/* ---- lengths ------------------------------------------------------------------------------ */

Test(lake_rules, quarters_over_hours_are_refused_and_so_are_hours_over_quarters, .init = begin,
     .fini = end) {
    stored(make(0, 48, 1, 50));
    refused(make(0, 192, 0.25, 50), NULL, "stored every 60 min", "come every 15 min");
    refused(make(40, 40, 0.25, 50), NULL, "another process or node", "replace = true");
    refused(make(-1, 2, 2, 50), NULL, "come every 120 min", "");
    holds(48, 1, "Europe/Madrid", "EUR");
    /* What does not overlap may have a step of its own: markets were reformed. */
    stored(make(48, 96, 0.25, 50));
    refused(make(47, 10, 1, 50), NULL, "stored every 15 min", "come every 60 min");
    vo_series *s = get(INT64_MIN, INT64_MAX);
    cr_assert(s->n == 144 && s->dt_h[47] == 1 && s->dt_h[48] == 0.25);
    vo_series_free(s);
    /* A file over the change, as the market published it, goes in again and again. */
    s = get(INT64_MIN, INT64_MAX);
    stored(s);
}

Test(lake_rules, intervals_as_long_as_they_were_logged_are_no_step, .init = begin,
     .fini = end) {
    static const int starts[] = {0, 7, 9, 20, 31, 33};
    vo_series *s = make(0, 6, 1, 50);
    for (size_t t = 0; t < 6; t++) {
        s->start[t].s = DEC31 + starts[t] * 60;
        s->dt_h[t] = (t < 5 ? starts[t + 1] - starts[t] : 60) / 60.0;
    }
    stored(s);
    s = make(0, 3, 1, 50); /* the last one was shorter than was thought */
    s->start[0].s = DEC31 + 40 * 60;
    s->start[1].s = DEC31 + 43 * 60;
    s->start[2].s = DEC31 + 55 * 60;
    s->dt_h[0] = 3 / 60.0;
    s->dt_h[1] = 12 / 60.0;
    s->dt_h[2] = 9 / 60.0;
    stored(s);
    s = get(INT64_MIN, INT64_MAX);
    cr_assert_eq(s->n, 9u);
    vo_series_free(s);
}

Test(lake_rules, replace_takes_every_row_between_the_first_and_the_last_start, .init = begin,
     .fini = end) {
    const vo_lake_how how = {.replace = true};
    stored(make(0, 48, 1, 50)); /* two UTC years, a day in each */
    const outcome o = put(make(12, 96, 0.25, 70), &how);
    cr_assert_eq(o.st, VO_OK, "%s", o.err.msg);
    vo_series *s = get(INT64_MIN, INT64_MAX);
    cr_assert_eq(s->n, 12u + 96 + 12, "%zu", s->n);
    cr_assert(s->dt_h[11] == 1 && s->dt_h[12] == 0.25 && s->dt_h[107] == 0.25 &&
              s->dt_h[108] == 1);
    cr_assert(s->column[0].value[11] < 51 && s->column[0].value[12] == 70);
    vo_series_free(s);
}

Test(lake_rules, replace_empties_years_in_which_the_new_series_has_nothing, .init = begin,
     .fini = end) {
    const vo_lake_how how = {.replace = true};
    stored(make(0, 48, 1, 50));
    stored(make(24 * 367, 24, 1, 50)); /* 2026 */
    vo_series *s = make(0, 2, 1, 60);  /* one interval in 2024, one in 2026 */
    s->start[1].s = DEC31 + INT64_C(367) * 86400 + 3600;
    const outcome o = put(s, &how);
    cr_assert_eq(o.st, VO_OK, "%s", o.err.msg);
    vo_lake_entry *entry = NULL;
    size_t n = 0;
    cr_assert_eq(vo_lake_list(lake, &entry, &n, NULL), VO_OK);
    cr_assert(n == 1 && entry[0].rows == 1 + 1 + 22, "%lld", (long long)entry[0].rows);
    free(entry);
}

/* ---- what values are in ------------------------------------------------------------------- */

Test(lake_rules, another_currency_is_refused_also_where_no_stored_row_would_stay, .init = begin,
     .fini = end) {
    const vo_lake_how how = {.replace = true};
    stored(make(0, 24, 1, 50));
    vo_series *s = make(0, 24, 1, 50);
    strcpy(s->currency, "USD");
    refused(s, NULL, "EUR", "USD");
    s = make(0, 24, 1, 50);
    strcpy(s->unit, "kWh");
    refused(s, NULL, "MWh", "kWh");
    s = make(3, 4, 1, 50); /* of the others some would stay */
    strcpy(s->currency, "USD");
    refused(s, &how, "EUR", "USD");
    holds(24, 1, "Europe/Madrid", "EUR");
    s = make(0, 24, 1, 50);
    strcpy(s->currency, "USD");
    cr_assert_eq(put(s, &how).st, VO_OK);
    holds(24, 1, "Europe/Madrid", "USD");
}

Test(lake_rules, prices_a_hundredth_or_hundredfold_of_the_stored_ones_are_refused,
     .init = begin, .fini = end) {
    const vo_lake_how how = {.replace = true};
    stored(make(0, 24, 1, 50));
    refused(make(24 * 400, 24, 1, 0.05), NULL, "about 0.0506", "price_unit = \"kwh\"");
    refused(make(24 * 400, 24, 1, 50000), NULL, "per kWh", "replace = true");
    refused(make(0, 24, 1, 0.5), NULL, "about", "another node");
    stored(make(24 * 400, 23, 1, 0.05)); /* too few to tell */
    stored(make(24, 24, 1, 4000));       /* dear, but no other unit */
    cr_assert_eq(put(make(24 * 500, 24, 1, 1), &how).st, VO_OK);
    vo_series *s = make(24 * 400, 24, 1, 50);
    const vo_lake_key load = {"M", "DA", "N", "load"};
    cr_assert_eq(vo_lake_upsert(lake, &load, s, NULL, NULL, NULL), VO_OK);
    for (size_t t = 0; t < s->n; t++) s->column[0].value[t] /= 1000;
    cr_assert_eq(vo_lake_upsert(lake, &load, s, NULL, NULL, NULL), VO_OK, "loads may");
    vo_series_free(s);
}

/* ---- zones -------------------------------------------------------------------------------- */

Test(lake_rules, days_follow_the_stored_zone_until_all_rows_are_replaced, .init = begin,
     .fini = end) {
    const vo_lake_how named = {.zone_named = true};
    const vo_lake_how replace = {.zone_named = true, .replace = true};
    stored(make(0, 48, 1, 50));
    vo_series *s = make(46, 10, 1, 50);
    strcpy(s->zone, "UTC");
    outcome o = put(s, NULL);
    cr_assert_eq(o.st, VO_OK, "%s", o.err.msg);
    cr_assert_str_eq(o.zone, "Europe/Madrid");
    s = make(24 * 400, 10, 1, 50); /* a year of its own */
    strcpy(s->zone, "+02:00");
    o = put(s, NULL);
    cr_assert_str_eq(o.zone, "Europe/Madrid");
    s = get(DEC31 + 400 * 86400, INT64_MAX);
    cr_assert_str_eq(s->zone, "Europe/Madrid");
    vo_series_free(s);
    s = make(46, 10, 1, 50);
    strcpy(s->zone, "UTC");
    refused(s, &named, "Europe/Madrid", "tz = \"UTC\"");
    s = make(0, 48, 1, 50);
    strcpy(s->zone, "UTC");
    refused(s, &replace, "Europe/Madrid", "UTC"); /* rows of later years would stay */
    s = make(0, 24 * 401, 1, 50);
    strcpy(s->zone, "UTC");
    o = put(s, &replace);
    cr_assert_eq(o.st, VO_OK, "%s", o.err.msg);
    holds(24 * 401, 1, "UTC", "EUR");
}

/* ---- names -------------------------------------------------------------------------------- */

Test(lake_rules, names_that_are_not_utf8_are_refused, .init = begin, .fini = end) {
    static const char *const bad[] = {"pri\xe9", "\xff", "a\xc0\x80", "\xed\xa0\x80"};
    for (size_t i = 0; i < 4; i++) {
        vo_series *s = make(0, 4, 1, 50);
        strcpy(s->column[0].name, bad[i]);
        refused(s, NULL, "UTF-8", "column 1");
    }
    vo_series *s = make(0, 4, 1, 50);
    strcpy(s->column[0].name, "pr\xc3\xa9");
    stored(s);
    is_well();
}

/* ---- files -------------------------------------------------------------------------------- */

static const char *file(const char *name) {
    static char path[DATA_PATH + 32];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static vo_status import(const char *path, const vo_source_options *given, const char *node,
                        vo_import_summary *sum, vo_error *err) {
    vo_source_options o = given ? *given : vo_source_options_default();
    o.market = "M";
    o.process = "DA";
    o.node = node;
    *sum = (vo_import_summary){.nodes = 0};
    return vo_import(lake, path, &o, NULL, NULL, NULL, sum, err);
}

static void write_hours(const char *path, int n, int step_min, const char *offset) {
    char *text = malloc(64 * (size_t)n + 64), *at = text;
    at += sprintf(at, "timestamp,price\n");
    for (int i = 0; i < n; i++)
        at += sprintf(at, "2024-06-%02dT%02d:%02d%s,%d\n", 1 + i * step_min / 1440,
                      i * step_min / 60 % 24, i * step_min % 60, offset, 50 + i % 24);
    cr_assert_eq(vo_file_write(path, text, strlen(text), NULL), VO_OK);
    free(text);
}

Test(lake_rules, an_import_of_another_step_is_refused_and_one_of_another_zone_is_told,
     .init = begin, .fini = end) {
    vo_source_options o = vo_source_options_default();
    vo_import_summary sum;
    vo_error err = {0};
    write_hours(file("da.csv"), 48, 60, "Z");
    o.zone = "Europe/Madrid";
    cr_assert_eq(import(file("da.csv"), &o, "N", &sum, &err), VO_OK, "%s", err.msg);
    cr_assert_str_eq(sum.note, "");
    write_hours(file("rt.csv"), 192, 15, "Z");
    cr_assert_eq(import(file("rt.csv"), NULL, "N", &sum, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "stored every 60 min"), "%s", err.msg);
    write_hours(file("da.csv"), 48, 60, "+02:00");
    cr_assert_eq(import(file("da.csv"), NULL, "N", &sum, &err), VO_OK, "%s", err.msg);
    cr_assert(strstr(sum.note, "days follow the stored zone Europe/Madrid"), "%s", sum.note);
    o.zone = "UTC";
    cr_assert_eq(import(file("da.csv"), &o, "N", &sum, &err), VO_EINVAL);
    o.replace = true;
    o.zone = NULL;
    cr_assert_eq(import(file("rt.csv"), &o, "N", &sum, &err), VO_OK, "%s", err.msg);
    vo_series *s = get(1717200000, 1717200000 + 86400);
    cr_assert_eq(s->n, 96u);
    cr_assert_str_eq(s->zone, "Europe/Madrid");
    vo_series_free(s);
}

/* Nodes of which the lake refuses one: the others are stored. */
Test(lake_rules, a_node_that_the_lake_refuses_does_not_stop_the_others, .init = begin,
     .fini = end) {
    vo_import_summary sum = {0};
    vo_error err = {0};
    write_hours(file("da.csv"), 48, 60, "Z");
    cr_assert_eq(import(file("da.csv"), NULL, "A", &sum, &err), VO_OK, "%s", err.msg);
    char *text = malloc(64 * 200), *at = text;
    at += sprintf(at, "timestamp,node,price\n");
    for (int i = 0; i < 96; i++)
        at += sprintf(at, "2024-06-01T%02d:%02dZ,%c,%d\n", i / 2 / 2, i / 2 % 2 * 30,
                      i % 2 ? 'A' : 'B', i);
    cr_assert_eq(vo_file_write(file("two.csv"), text, strlen(text), NULL), VO_OK);
    free(text);
    vo_source_options o = vo_source_options_default();
    o.node_column = "node";
    cr_assert_eq(import(file("two.csv"), &o, NULL, &sum, &err), VO_OK, "%s", err.msg);
    cr_assert(sum.nodes == 1 && sum.refused == 1, "%zu", sum.refused);
    cr_assert(strstr(sum.first_refusal.msg, "M DA A"), "%s", sum.first_refusal.msg);
}

Test(lake_rules, what_is_exported_comes_back_by_import, .init = begin, .fini = end) {
    static const char *const names[] = {"s.json", "s.parquet"};
    stored(make(-24 * 80, 24 * 100, 1, 50)); /* over a change of clocks, two UTC years */
    vo_series *a = get(INT64_MIN, INT64_MAX);
    for (size_t k = 0; k < 2; k++) {
        vo_import_summary sum;
        vo_error err = {0};
        const char *path = file(names[k]);
        cr_assert_eq(vo_export_series(a, vo_export_format_of(path), path, &err), VO_OK, "%s",
                     err.msg);
        cr_assert_eq(import(path, NULL, names[k], &sum, &err), VO_OK, "%s", err.msg);
        vo_series *b = NULL;
        const vo_lake_key back = {"M", "DA", names[k], NULL};
        cr_assert_eq(
            vo_lake_read(lake, &back, (vo_time){INT64_MIN}, (vo_time){INT64_MAX}, &b, &err),
            VO_OK, "%s", err.msg);
        cr_assert(b->n == a->n && b->n_columns == 1);
        for (size_t t = 0; t < a->n; t++)
            cr_assert(a->start[t].s == b->start[t].s && a->dt_h[t] == b->dt_h[t] &&
                      a->day[t] == b->day[t] && a->column[0].value[t] == b->column[0].value[t]);
        cr_assert_str_eq(b->column[0].name, "price");
        cr_assert_str_eq(b->zone, "Europe/Madrid");
        cr_assert_str_eq(b->currency, "EUR");
        cr_assert_str_eq(b->unit, "MWh");
        vo_series_free(b);
    }
    vo_series_free(a);
}

/* ---- removing ----------------------------------------------------------------------------- */

static vo_lake_removal removed(int64_t from_s, int64_t to_s, bool dry) {
    vo_lake_removal r = {0};
    vo_error err = {0};
    cr_assert_eq(vo_lake_remove(lake, &key, (vo_time){from_s}, (vo_time){to_s}, dry, &r, &err),
                 VO_OK, "%s", err.msg);
    return r;
}

Test(lake_rules, a_span_is_removed_and_the_rest_stays, .init = begin, .fini = end) {
    stored(make(0, 24 * 368, 1, 50)); /* a day of 2024, 2025, two days of 2026 */
    const int64_t to_s = DEC31 + 367 * 86400;
    vo_lake_removal r = removed(DEC31 + 3600, to_s, true);
    cr_assert(r.rows == 24 * 367 - 1 && r.parts == 1 && r.cut == 2);
    cr_assert(r.first_s == DEC31 + 3600 && r.last_s == to_s - 3600);
    holds(24 * 368, 1, "Europe/Madrid", "EUR");
    r = removed(DEC31 + 3600, to_s, false);
    cr_assert(r.rows == 24 * 367 - 1 && r.parts == 1 && r.cut == 2);
    vo_series *s = get(INT64_MIN, DEC31 + 86400);
    cr_assert(s->n == 1 && s->start[0].s == DEC31);
    vo_series_free(s);
    s = get(DEC31 + 86400, INT64_MAX);
    cr_assert(s->n == 24 && s->start[0].s == to_s);
    vo_series_free(s);
    is_well();
    vo_error err = {0};
    cr_assert_eq(
        vo_lake_remove(lake, &key, (vo_time){DEC31 + 3600}, (vo_time){to_s}, false, &r, &err),
        VO_ENOTFOUND, "%s", err.msg);
    r = removed(INT64_MIN, INT64_MAX, false);
    cr_assert(r.rows == 25 && r.parts == 2 && r.cut == 0);
    vo_lake_entry *entry = NULL;
    size_t n = 1;
    cr_assert_eq(vo_lake_list(lake, &entry, &n, NULL), VO_OK);
    cr_assert_eq(n, 0u);
    free(entry);
    char path[DATA_PATH + 32];
    snprintf(path, sizeof path, "%s/prices/market=M", root);
    cr_assert_not(vo_file_exists(path), "folders without a row are gone too");
    is_well();
}

static void damage(const char *path) {
    cr_assert_eq(vo_file_write(path, "PAR1 and no more", 16, NULL), VO_OK);
}

Test(lake_rules, a_damaged_part_is_removed_whole_but_not_cut, .init = begin, .fini = end) {
    char path[DATA_PATH + 100];
    vo_lake_removal r = {0};
    vo_error err = {0};
    stored(make(0, 48, 1, 50));
    snprintf(path, sizeof path, "%s/prices/market=M/process=DA/node=N/year=2024/part.parquet",
             root);
    damage(path);
    cr_assert_eq(vo_lake_remove(lake, &key, (vo_time){DEC31 + 3600}, (vo_time){INT64_MAX},
                                false, &r, &err),
                 VO_EIO);
    cr_assert(vo_file_exists(path));
    r = removed(INT64_MIN, INT64_MAX, false);
    cr_assert(r.damaged == 1 && r.rows == 24 && r.parts == 2);
    is_well();
}

/* ---- lost parts --------------------------------------------------------------------------- */

Test(lake_rules, changes_of_a_lost_part_are_told_and_moved_aside, .init = begin, .fini = end) {
    char part[DATA_PATH + 100], moved[DATA_PATH + 120];
    for (int damaged = 0; damaged < 2; damaged++) {
        vo_series *s = make(0, 24, 1, 50);
        vo_clean_report report = {.n = 1, .n_columns = 1};
        vo_touch touch = {.start_s = DEC31, .old_value = 1, .new_value = 2, .rule = 0};
        vo_error err = {0};
        report.touch = &touch;
        strcpy(report.column[0], "price");
        cr_assert_eq(vo_lake_upsert(lake, &key, s, &report, "f", &err), VO_OK, "%s", err.msg);
        vo_series_free(s);
        snprintf(part, sizeof part,
                 "%s/prices/market=M/process=DA/node=N/year=2024/part.parquet", root);
        if (damaged)
            damage(part);
        else
            cr_assert_eq(vo_file_remove(part, NULL), VO_OK);
        vo_lake_entry *entry = NULL;
        size_t n = 0;
        cr_assert_eq(vo_lake_list(lake, &entry, &n, NULL), VO_OK);
        cr_assert(n == 1 && entry[0].damaged == 1);
        free(entry);
        vo_lake_health health;
        cr_assert_eq(vo_lake_doctor(lake, false, NULL, NULL, &health, NULL), VO_OK);
        cr_assert(health.findings == 1 && health.mended == 0);
        cr_assert_eq(vo_lake_doctor(lake, true, NULL, NULL, &health, NULL), VO_OK);
        cr_assert_eq(health.mended, health.findings);
        is_well();
        cr_assert_eq(vo_lake_list(lake, &entry, &n, NULL), VO_OK);
        cr_assert_eq(n, 0u);
        free(entry);
    }
    snprintf(moved, sizeof moved,
             "%s/damaged/prices/market=M/process=DA/node=N/year=2024/changes.parquet", root);
    cr_assert(vo_file_exists(moved));
}
