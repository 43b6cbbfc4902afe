/* test_lake_changes.c -- what cleaning did stays beside the part, and undoing it gives what the
 * source wrote: cleaning that again gives the stored series. */
#include "data/lake_changes.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/data_folder.h"

#define DEC31 INT64_C(1735603200) /* 2024-12-31T00:00Z */
#define ALL ((vo_time){INT64_MIN}), ((vo_time){INT64_MAX})

static char root[DATA_PATH];
static vo_lake *lake;
static const vo_lake_key key = {"MEM", "MDA", "N", NULL};

static void begin(void) {
    cr_assert(temporary_folder(root));
    cr_assert_eq(vo_lake_open(root, &lake, NULL), VO_OK);
}
static void end(void) {
    vo_lake_close(lake);
    temporary_folder_remove(root);
}

static vo_readings *new_readings(vo_readings_set **set) {
    static const char *const names[] = {"price", "energy"};
    vo_readings *r = NULL;
    cr_assert_eq(vo_readings_set_create(set, NULL), VO_OK);
    cr_assert_eq(vo_readings_set_node(*set, "MEM", "MDA", "N", names, 2, &r, NULL), VO_OK);
    strcpy(r->zone, "America/Mexico_City");
    strcpy(r->currency, "MXN");
    strcpy(r->unit, "MWh");
    r->zero_is_missing = true;
    return r;
}

static void add(vo_readings_set *set, vo_readings *r, int hour, double price, double energy,
                uint8_t flag) {
    const double v[] = {price, energy};
    cr_assert_eq(
        vo_readings_add(set, r, DEC31 + 3600 * hour, (uint32_t)r->n + 2, flag, v, NULL), VO_OK);
}

/* Two days around the year's end with everything that cleaning knows: placeholders, a gap, an
 * infinite part, rows twice (the same and not), a row in a skipped hour, bare ends. */
static vo_readings *dirty(vo_readings_set **set) {
    vo_readings *r = new_readings(set);
    const double nan = (double)NAN;
    for (int h = 0; h < 48; h++) {
        if (h == 30 || h == 31) continue;         /* no rows */
        if (h == 10) add(*set, r, h, 77, 7, 0);   /* other values: the later row counts */
        if (h == 11) add(*set, r, h, 111, 11, 0); /* the same values */
        if (h == 11) add(*set, r, h, 111, 11, 0);
        if (h == 12) add(*set, r, h, 5, nan, VO_READING_SKIPPED_HOUR);
        if (h == 12) add(*set, r, h, 6, 66, VO_READING_SKIPPED_HOUR);
        const double price = h < 2 || h > 45 || h == 33 ? nan : h == 5 || h == 20 ? 0 : 100 + h;
        const double energy = h == 33 ? nan : h == 25 ? (double)INFINITY : h;
        add(*set, r, h, price, energy, 0); /* hour 33: a row without a value is a row */
    }
    return r;
}

static vo_series *import(const vo_readings *r, vo_clean_report **report) {
    vo_series *s = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_clean(r, &(vo_clean_options){.max_interpolate_h = 6, .max_fill_h = 192}, &s,
                          report, &err),
                 VO_OK, "%s", err.msg);
    cr_assert_eq(vo_lake_upsert(lake, &key, s, *report, "file.csv", &err), VO_OK, "%s",
                 err.msg);
    return s;
}

static bool same_number(double a, double b) { return isnan(a) ? isnan(b) : a == b; }

static void same_series(const vo_series *a, const vo_series *b) {
    cr_assert(a->n == b->n && a->n_columns == b->n_columns);
    for (size_t t = 0; t < a->n; t++) {
        cr_assert_eq(a->start[t].s, b->start[t].s);
        for (size_t c = 0; c < a->n_columns; c++)
            cr_assert(same_number(a->column[c].value[t], b->column[c].value[t]),
                      "%zu %zu: %g %g", t, c, a->column[c].value[t], b->column[c].value[t]);
    }
}

Test(lake_changes, every_change_is_kept_in_the_year_of_its_start, .init = begin, .fini = end) {
    vo_readings_set *set = NULL;
    vo_clean_report *report = NULL;
    vo_series *s = import(dirty(&set), &report);
    vo_lake_change *change = NULL;
    size_t n = 0, matched = 0;
    vo_error err = {0};
    cr_assert_eq(vo_lake_changes(lake, &key, ALL, &change, &n, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(n, report->n);
    for (size_t i = 0; i < n; i++) { /* each entry of the report once */
        const vo_touch *t = &change[i].touch;
        cr_assert_str_eq(change[i].source, "file.csv");
        cr_assert(i == 0 || t->start_s >= change[i - 1].touch.start_s);
        for (size_t k = 0; k < n; k++) {
            const vo_touch *u = &report->touch[k];
            if (t->start_s == u->start_s && t->rule == u->rule && t->column == u->column &&
                t->line == u->line && same_number(t->old_value, u->old_value) &&
                same_number(t->new_value, u->new_value)) {
                cr_assert_str_eq(change[i].column,
                                 u->column < 0 ? "*" : report->column[u->column]);
                matched++;
            }
        }
    }
    cr_assert_eq(matched, n);
    free(change);
    cr_assert_eq(vo_lake_changes(lake, &key, (vo_time){DEC31 + 86400}, (vo_time){INT64_MAX},
                                 &change, &n, NULL),
                 VO_OK);
    cr_assert(n > 0 && change[0].touch.start_s >= DEC31 + 86400);
    free(change);
    vo_lake_entry *entry = NULL;
    size_t entries = 0, touched = 0;
    for (size_t i = 0; i < report->n; i++)
        touched += strcmp(vo_clean_rule_done(report->touch[i].rule), "kept") != 0;
    cr_assert_eq(vo_lake_list(lake, &entry, &entries, NULL), VO_OK);
    cr_assert(entries == 1 && entry[0].changes == (int64_t)touched && entry[0].damaged == 0);
    free(entry);
    vo_series_free(s);
    vo_clean_report_free(report);
    vo_readings_set_free(set);
}

Test(lake_changes, what_the_source_wrote_comes_back_row_by_row, .init = begin, .fini = end) {
    vo_readings_set *set = NULL, *back = NULL;
    vo_clean_report *report = NULL;
    const vo_readings *r = dirty(&set);
    vo_series *s = import(r, &report);
    vo_error err = {0};
    cr_assert_eq(vo_lake_read_raw(lake, &key, ALL, &back, &err), VO_OK, "%s", err.msg);
    const vo_readings *b = back->item[0];
    cr_assert_str_eq(b->node, "N");
    cr_assert_str_eq(b->unit, "MWh");
    cr_assert(b->zero_is_missing && b->interval_h == 1);
    /* The file is sorted by time but for rows of the skipped hour, which come first at theirs.
     */
    size_t i = 0;
    for (size_t t = 0; t < r->n; t++) {
        cr_assert(i < b->n);
        cr_assert_eq(b->start_s[i], r->start_s[t], "row %zu", i);
        cr_assert_eq(b->flag[i], r->flag[t]);
        for (size_t c = 0; c < 2; c++)
            cr_assert(same_number(b->column[c].value[i], r->column[c].value[t]),
                      "row %zu column %zu: %g instead of %g", i, c, b->column[c].value[i],
                      r->column[c].value[t]);
        if (b->line[i]) cr_assert_eq(b->line[i], r->line[t]);
        i++;
    }
    cr_assert_eq(i, b->n);
    vo_series *again = NULL;
    cr_assert_eq(vo_clean(b, &(vo_clean_options){.max_interpolate_h = 6, .max_fill_h = 192},
                          &again, NULL, &err),
                 VO_OK, "%s", err.msg);
    same_series(s, again);
    vo_series_free(again);
    vo_series_free(s);
    vo_readings_set_free(back);
    vo_readings_set_free(set);
    vo_clean_report_free(report);
}

static vo_status sum_up(void *ctx, const vo_lake_place *p, vo_error *err) {
    static const char *const name[] = {"part.parquet", "changes.parquet"};
    for (size_t i = 0; i < 2; i++) {
        char path[VO_LAKE_PATH + 32];
        vo_lake_head head;
        snprintf(path, sizeof path, "%s/%s", p->folder, name[i]);
        const vo_status st = vo_lake_head_load(lake, path, &head, err);
        if (st != VO_OK) return st;
        if (head.state != VO_LAKE_ABSENT) cr_assert_eq(head.state, VO_LAKE_WHOLE);
        *(uint64_t *)ctx = *(uint64_t *)ctx * 31 + head.sum;
    }
    return VO_OK;
}

static uint64_t whole_lake(void) {
    uint64_t sum = 0;
    const vo_lake_visitor visitor = {.ctx = &sum, .place = sum_up};
    cr_assert_eq(vo_lake_walk(lake, &visitor, NULL), VO_OK);
    return sum;
}

Test(lake_changes, the_same_import_again_changes_nothing, .init = begin, .fini = end) {
    vo_readings_set *set = NULL;
    const vo_readings *r = dirty(&set);
    uint64_t first = 0;
    for (int i = 0; i < 3; i++) {
        vo_clean_report *report = NULL;
        vo_series *s = import(r, &report);
        if (i == 0) first = whole_lake();
        cr_assert(first != 0 && whole_lake() == first);
        vo_series_free(s);
        vo_clean_report_free(report);
    }
    vo_readings_set_free(set);
}

/* A corrected file replaces what was kept for its intervals and nothing else. */
Test(lake_changes, a_corrected_file_takes_its_changes_with_it, .init = begin, .fini = end) {
    vo_readings_set *set = NULL, *clean = NULL;
    vo_clean_report *report = NULL, *none = NULL;
    vo_series_free(import(dirty(&set), &report));
    vo_readings *r = new_readings(&clean);
    for (int h = 4; h < 28; h++) add(clean, r, h, 200 + h, h, 0);
    vo_series_free(import(r, &none));
    vo_lake_change *change = NULL;
    size_t n = 0, outside = 0;
    cr_assert_eq(vo_lake_changes(lake, &key, ALL, &change, &n, NULL), VO_OK);
    for (size_t i = 0; i < report->n; i++) {
        const int64_t h = (report->touch[i].start_s - DEC31) / 3600;
        outside += h < 4 || h >= 28;
    }
    cr_assert(outside > 0 && outside < report->n);
    cr_assert_eq(n, outside + none->n);
    free(change);
    vo_clean_report_free(none);
    vo_readings_set_free(clean);

    r = new_readings(&clean); /* the whole span, clean: no changes are left, nor a file */
    for (int h = 0; h < 48; h++) add(clean, r, h, 200 + h, h, 0);
    vo_series_free(import(r, &none));
    cr_assert_eq(none->n, 0u);
    cr_assert_eq(vo_lake_changes(lake, &key, ALL, &change, &n, NULL), VO_OK);
    cr_assert_eq(n, 0u);
    free(change);
    char path[DATA_PATH + 128];
    snprintf(path, sizeof path,
             "%s/prices/market=MEM/process=MDA/node=N/year=2024/changes.parquet", root);
    cr_assert_not(vo_file_exists(path));
    vo_clean_report_free(none);
    vo_readings_set_free(clean);
    vo_clean_report_free(report);
    vo_readings_set_free(set);
}

/* Rows cut off behind the year's end have a year of their own, without a part. */
Test(lake_changes, a_year_may_have_changes_and_no_part, .init = begin, .fini = end) {
    vo_readings_set *set = NULL, *back = NULL;
    vo_clean_report *report = NULL;
    vo_readings *r = new_readings(&set);
    for (int h = 0; h < 30; h++) add(set, r, h, h < 24 ? 100 + h : 0, 1, 0);
    vo_series *s = import(r, &report);
    cr_assert_eq(s->n, 24u);
    char path[DATA_PATH + 128];
    snprintf(path, sizeof path, "%s/prices/market=MEM/process=MDA/node=N/year=2025", root);
    cr_assert(vo_file_exists(path));
    strcat(path, "/part.parquet");
    cr_assert_not(vo_file_exists(path));
    vo_error err = {0};
    cr_assert_eq(vo_lake_read_raw(lake, &key, ALL, &back, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(back->item[0]->n, 30u);
    for (size_t t = 0; t < 30; t++) {
        cr_assert_eq(back->item[0]->column[0].value[t], t < 24 ? 100 + (double)t : 0);
        cr_assert_eq(back->item[0]->column[1].value[t], 1);
    }
    vo_readings_set_free(back);
    vo_series *read = NULL;
    cr_assert_eq(vo_lake_read(lake, &key, ALL, &read, &err), VO_OK, "%s", err.msg);
    same_series(s, read);
    vo_series_free(read);
    vo_lake_health health;
    cr_assert_eq(vo_lake_doctor(lake, false, NULL, NULL, &health, &err), VO_OK);
    cr_assert_eq(health.findings, 0u);
    vo_series_free(s);
    vo_clean_report_free(report);
    vo_readings_set_free(set);
}

Test(lake_changes, without_changes_the_raw_rows_are_the_series, .init = begin, .fini = end) {
    vo_readings_set *set = NULL, *back = NULL;
    vo_clean_report *report = NULL;
    vo_readings *r = new_readings(&set);
    for (int h = 0; h < 30; h++) add(set, r, h, 5 + h, h % 7 ? h : (double)NAN, 0);
    vo_clean_options o = vo_clean_options_default();
    o.max_interpolate_h = o.max_fill_h = 0;
    vo_series *s = NULL;
    cr_assert_eq(vo_clean(r, &o, &s, &report, NULL), VO_OK);
    cr_assert_eq(vo_lake_upsert(lake, &key, s, NULL, NULL, NULL), VO_OK);
    cr_assert_eq(vo_lake_read_raw(lake, &key, ALL, &back, NULL), VO_OK);
    cr_assert_eq(back->item[0]->n, 30u);
    for (size_t t = 0; t < 30; t++)
        for (size_t c = 0; c < 2; c++)
            cr_assert(same_number(back->item[0]->column[c].value[t], r->column[c].value[t]));
    vo_readings_set_free(back);
    vo_error err = {0};
    cr_assert_eq(
        vo_lake_read_raw(lake, &(vo_lake_key){"MEM", "MDA", "X", NULL}, ALL, &back, &err),
        VO_ENOTFOUND);
    cr_assert_eq(vo_lake_read_raw(lake, &key, (vo_time){0}, (vo_time){1}, &back, &err),
                 VO_ENOTFOUND);
    cr_assert_eq(vo_lake_read_raw(lake, &key, (vo_time){1}, (vo_time){1}, &back, &err),
                 VO_EINVAL);
    vo_series_free(s);
    vo_clean_report_free(report);
    vo_readings_set_free(set);
}

/* Sources without lines: of two dropped rows each keeps its own values. */
Test(lake_changes, rows_without_a_line_stay_apart, .init = begin, .fini = end) {
    static const char *const names[] = {"price", "energy"};
    vo_series *s = NULL;
    vo_readings_set *back = NULL;
    cr_assert_eq(vo_series_create(1, names, 2, NULL, &s, NULL), VO_OK);
    s->start[0].s = DEC31;
    s->dt_h[0] = 1;
    s->column[0].value[0] = 30;
    s->column[1].value[0] = 3;
    vo_touch touch[4];
    for (int i = 0; i < 4; i++) /* rows 10, 1 and 20, 2 */
        touch[i] = (vo_touch){.start_s = DEC31,
                              .old_value = i % 2 ? i / 2 + 1 : 10 * (i / 2 + 1),
                              .new_value = i % 2 ? 3 : 30,
                              .rule = VO_CLEAN_DUPLICATE_LAST,
                              .column = i % 2 ? 1 : -1};
    vo_clean_report report = {
        .n = 4, .touch = touch, .n_columns = 2, .column = {"price", "energy"}};
    vo_error err = {0};
    cr_assert_eq(vo_lake_upsert(lake, &key, s, &report, NULL, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_lake_read_raw(lake, &key, ALL, &back, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(back->item[0]->n, 3u);
    for (size_t t = 0; t < 3; t++) {
        cr_assert_eq(back->item[0]->column[0].value[t], 10 * (double)(t + 1));
        cr_assert_eq(back->item[0]->column[1].value[t], (double)(t + 1));
    }
    vo_readings_set_free(back);
    vo_series_free(s);
}
