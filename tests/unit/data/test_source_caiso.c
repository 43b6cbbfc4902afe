/* test_source_caiso.c -- parts joined however they come, both formats, and what is refused. */
#include "data/source_caiso.h"

#include <archive.h>
#include <archive_entry.h>
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "data/clean.h"
#include "data/import.h"
#include "port/file.h"
#include "support/data_folder.h"

#define HEADER                                                                                 \
    "INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,OPR_DT,OPR_HR,OPR_INTERVAL,NODE_ID_XML,"        \
    "NODE_ID,NODE,MARKET_RUN_ID,LMP_TYPE,XML_DATA_ITEM,PNODE_RESMRID,GRP_TYPE,POS,MW,GROUP\n"
#define ROW(start, end, type, value)                                                           \
    start ":00-00:00," end ":00-00:00,2024-01-02,1,0,N,N,N,DAM," type ",X,N,ALL,1," value ",1" \
          "\n"
#define H0 "2024-01-02T08:00"
#define H1 "2024-01-02T09:00"
#define H2 "2024-01-02T10:00"
#define H0_S 1704182400 /* date -u -d 2024-01-02T08:00 +%s */

static vo_status parse_into(const char *name, const char *text, vo_source_options o,
                            vo_readings_set *set, vo_error *err) {
    vo_bytes *in = NULL;
    vo_status st = vo_bytes_open(name, text, strlen(text), &in, err);
    if (st == VO_OK) st = vo_source_caiso_parse(in, &o, set, err);
    vo_bytes_close(in);
    return st;
}

/* A new set, NULL on failure. */
static vo_readings_set *parse(const char *text, vo_source_options o, vo_error *err) {
    vo_readings_set *set = NULL;
    cr_assert_eq(vo_readings_set_create(&set, NULL), VO_OK);
    err->code = (int32_t)parse_into("x", text, o, set, err);
    if (err->code == VO_OK) return set;
    vo_readings_set_free(set);
    return NULL;
}

static const vo_source_options standard = {0};

static void assert_row(const vo_readings *r, size_t i, int64_t start_s, double price,
                       double energy, double loss, double congestion) {
    const double v[] = {price, energy, loss, congestion};
    cr_assert_eq(r->start_s[i], start_s, "row %zu: %lld", i, (long long)r->start_s[i]);
    for (size_t c = 0; c < 4; c++) {
        const double got = r->column[c].value[i];
        cr_assert(isnan(v[c]) ? isnan(got) : got == v[c], "row %zu %s: %g is not %g", i,
                  r->column[c].name, got, v[c]);
    }
}

Test(source_caiso, parts_of_an_interval_are_joined_in_any_order) {
    const char *text = HEADER ROW(H1, H2, "LMP", "31.5") ROW(H0, H1, "LMP", "40.25")
        ROW(H1, H2, "MCC", "-1") ROW(H0, H1, "MCL", "-.5") ROW(H0, H1, "MCE", "40.75")
            ROW(H1, H2, "MCL", "0.5") ROW(H0, H1, "MCC", "0") ROW(H1, H2, "MCE", "32");
    vo_error err = {0};
    vo_readings_set *set = parse(text, standard, &err);
    cr_assert(set, "%s", err.msg);
    cr_assert_eq(set->n, 1);
    const vo_readings *r = set->item[0];
    cr_assert_eq(r->n, 2);
    cr_assert_eq(r->n_columns, 4);
    assert_row(r, 0, H0_S + 3600, 31.5, 32, 0.5, -1);
    assert_row(r, 1, H0_S, 40.25, 40.75, -0.5, 0);
    cr_assert_str_eq(r->market, "CAISO");
    cr_assert_str_eq(r->process, "DAM");
    cr_assert_str_eq(r->node, "N");
    cr_assert_str_eq(r->zone, "America/Los_Angeles");
    cr_assert_str_eq(r->currency, "USD");
    cr_assert_str_eq(r->kind, "prices");
    cr_assert_str_eq(r->unit, "MWh");
    cr_assert(r->interval_h == 1 && !r->zero_is_missing);
    cr_assert_str_eq(set->note, "");
    vo_readings_set_free(set);
}

/* PRC_INTVL_LMP calls the price VALUE, PRC_RTPD_LMP calls it PRC, and the order of columns
 * differs; POS and OPR_HR are numbers, too. */
Test(source_caiso, the_price_is_found_whatever_it_is_called) {
    static const char *const name[] = {"VALUE", "PRC", "MW"};
    for (int i = 0; i < 3; i++) {
        char text[1024];
        sprintf(text,
                "INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,OPR_DT,OPR_HR,NODE_ID,NODE,"
                "MARKET_RUN_ID,LMP_TYPE,XML_DATA_ITEM,POS,%s,OPR_INTERVAL,GROUP\n"
                "2024-01-02T08:00:00-00:00,2024-01-02T08:05:00-00:00,2024-01-02,01,I,TH_NP15,"
                "RTM,LMP,LMP_PRC,7,55.5,3,1\n"
                "2024-01-02T08:00:00-00:00,2024-01-02T08:05:00-00:00,2024-01-02,01,I,TH_NP15,"
                "RTM,MGHG,LMP_GHG_PRC,7,2.5,3,1\n",
                name[i]);
        vo_error err = {0};
        vo_readings_set *set = parse(text, standard, &err);
        cr_assert(set, "%s", err.msg);
        const vo_readings *r = set->item[0];
        cr_assert_eq(r->n_columns, 5);
        assert_row(r, 0, H0_S, 55.5, (double)NAN, (double)NAN, (double)NAN);
        cr_assert_str_eq(r->column[4].name, "ghg");
        cr_assert(r->column[4].value[0] == 2.5);
        cr_assert_float_eq(r->interval_h, 5.0 / 60, 1e-15);
        cr_assert_str_eq(r->node, "TH_NP15");
        vo_readings_set_free(set);
    }
}

Test(source_caiso, an_interval_without_lmp_has_no_price_rather_than_a_sum) {
    const char *text = HEADER ROW(H0, H1, "LMP", "10") ROW(H1, H2, "MCE", "7")
        ROW(H1, H2, "MCC", "1") ROW(H1, H2, "MCL", "2");
    vo_error err = {0};
    vo_readings_set *set = parse(text, standard, &err);
    cr_assert(set, "%s", err.msg);
    assert_row(set->item[0], 1, H0_S + 3600, (double)NAN, 7, 2, 1);
    cr_assert(strstr(set->note, "1 intervals have parts but no LMP"), "%s", set->note);
    vo_readings_set_free(set);
}

Test(source_caiso, a_part_that_comes_twice_is_a_second_row_and_the_later_one_stays) {
    const char *text = HEADER ROW(H0, H1, "LMP", "10") ROW(H0, H1, "MCE", "9")
        ROW(H0, H1, "LMP", "11") ROW(H0, H1, "MCC", "2") ROW(H1, H2, "LMP", "20");
    vo_error err = {0};
    vo_readings_set *set = parse(text, standard, &err);
    cr_assert(set, "%s", err.msg);
    const vo_readings *r = set->item[0];
    cr_assert_eq(r->n, 3);
    assert_row(r, 0, H0_S, 10, 9, (double)NAN, (double)NAN);
    assert_row(r, 1, H0_S, 11, 9, (double)NAN, 2);
    const vo_clean_options o = vo_clean_options_default();
    vo_series *s = NULL;
    vo_clean_report *report = NULL;
    cr_assert_eq(vo_clean(r, &o, &s, &report, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(report->count[VO_CLEAN_DUPLICATE_LAST], 1);
    cr_assert_eq(s->n, 2);
    cr_assert(s->column[0].value[0] == 11);
    vo_series_free(s);
    vo_clean_report_free(report);
    vo_readings_set_free(set);
}

Test(source_caiso, a_report_read_twice_gives_the_same_rows_twice) {
    char text[4096];
    const char *rows = ROW(H0, H1, "LMP", "10") ROW(H1, H2, "LMP", "12") ROW(H0, H1, "MCE", "9")
        ROW(H1, H2, "MCE", "8");
    sprintf(text, "%s%s%s", HEADER, rows, rows);
    vo_error err = {0};
    vo_readings_set *set = parse(text, standard, &err);
    cr_assert(set, "%s", err.msg);
    const vo_readings *r = set->item[0];
    cr_assert_eq(r->n, 4);
    assert_row(r, 0, H0_S, 10, 9, (double)NAN, (double)NAN);
    assert_row(r, 2, H0_S, 10, 9, (double)NAN, (double)NAN);
    assert_row(r, 3, H0_S + 3600, 12, 8, (double)NAN, (double)NAN);
    vo_readings_set_free(set);
}

Test(source_caiso, nodes_and_runs_are_series_of_their_own_and_can_be_chosen) {
    const char *text = "INTERVAL_START_GMT,INTERVAL_END_GMT,NODE,MARKET_RUN_ID,LMP_TYPE,MW\n"
                       "2024-01-02T08:00,2024-01-02T09:00,A-B,DAM,LMP,1\n"
                       "2024-01-02T08:00,2024-01-02T09:00,C,DAM,LMP,2\n"
                       "2024-01-02T08:00,2024-01-02T08:15,C,RTPD,LMP,3\n"
                       "2024-01-02T09:00,2024-01-02T10:00,A-B,DAM,LMP,4\n";
    vo_error err = {0};
    vo_readings_set *set = parse(text, standard, &err);
    cr_assert(set, "%s", err.msg);
    cr_assert_eq(set->n, 3);
    cr_assert_eq(set->item[0]->n, 2);
    cr_assert(set->item[2]->interval_h == 0.25);
    vo_readings_set_free(set);
    set = parse(text, (vo_source_options){.only_node = "A_B"}, &err);
    cr_assert(set && set->n == 1 && set->rows == 2);
    vo_readings_set_free(set);
    set = parse(text, (vo_source_options){.only_process = "RTPD", .only_node = "C"}, &err);
    cr_assert(set && set->n == 1 && set->item[0]->column[0].value[0] == 3);
    vo_readings_set_free(set);
    cr_assert(!parse(text, (vo_source_options){.only_node = "D"}, &err));
    cr_assert_eq(err.code, VO_ENOTFOUND);
    cr_assert(strstr(err.msg, "DAM A-B, DAM C, RTPD C"), "%s", err.msg);
}

/* ---- a file for each part, in one zip --------------------------------------------- */

enum { HOURS = 24, NODES = 2, FILES = 5 };
static const char *const file_type[FILES] = {"LMP", "MCE", "MCL", "MCC", "MGHG"};

/* Made so that LMP is the sum of the others, and no two values are the same. */
static double value_of(int node, int hour, int file) {
    const double v[] = {0, 30 + hour, -0.5 * (node + 1), node ? 1.5 * hour : -1.5 * hour, 0.25};
    return file ? v[file] : v[1] + v[2] + v[3] + v[4];
}

/* One part of all nodes, hours last to first. */
static size_t write_part(char *text, int file) {
    char from[32], to[32];
    size_t n = (size_t)sprintf(text, HEADER);
    for (int i = NODES * HOURS - 1; i >= 0; i--) {
        const int node = i % NODES, hour = i / NODES;
        const vo_civil a = vo_civil_from_seconds(H0_S + 3600 * (int64_t)hour);
        const vo_civil b = vo_civil_from_seconds(H0_S + 3600 * (int64_t)(hour + 1));
        vo_civil_format(&a, from);
        vo_civil_format(&b, to);
        n += (size_t)sprintf(text + n, "%s-00:00,%s-00:00,,,,,,N%d,DAM,%s,,,,,%.6f,1\n", from,
                             to, node, file_type[file], value_of(node, hour, file));
    }
    return n;
}

/* Files order[0..n) of the report. */
static void write_zip(const char *path, const int *order, int n) {
    char *text = malloc(16384);
    struct archive *a = archive_write_new();
    cr_assert(text && a);
    archive_write_set_format_zip(a);
    cr_assert_eq(archive_write_open_filename(a, path), ARCHIVE_OK);
    for (int i = 0; i < n; i++) {
        char name[64];
        const size_t len = write_part(text, order[i]);
        struct archive_entry *e = archive_entry_new();
        sprintf(name, "20240102_20240102_DAM_LMP_GRP_N_N_v12_%s.csv", file_type[order[i]]);
        archive_entry_set_pathname(e, name);
        archive_entry_set_size(e, (la_int64_t)len);
        archive_entry_set_filetype(e, AE_IFREG);
        archive_entry_set_perm(e, 0644);
        cr_assert_eq(archive_write_header(a, e), ARCHIVE_OK);
        cr_assert_eq(archive_write_data(a, text, len), (la_ssize_t)len);
        archive_entry_free(e);
    }
    cr_assert_eq(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
    free(text);
}

static void assert_stored(vo_lake *lake, int node, int n_files) {
    char name[16];
    vo_series *s = NULL;
    vo_error err = {0};
    sprintf(name, "N%d", node);
    cr_assert_eq(vo_lake_read(lake, &(vo_lake_key){"CAISO", "DAM", name, NULL}, (vo_time){0},
                              (vo_time){INT64_MAX}, &s, &err),
                 VO_OK, "%s", err.msg);
    cr_assert_eq(s->n, HOURS);
    cr_assert_eq(s->n_columns, FILES);
    for (int hour = 0; hour < HOURS; hour++) {
        cr_assert_eq(s->start[hour].s, H0_S + 3600 * (int64_t)hour);
        for (int c = 0; c < FILES; c++) {
            const double got = s->column[c].value[hour];
            cr_assert(c < n_files ? got == value_of(node, hour, c) : isnan(got),
                      "N%d hour %d column %d: %g", node, hour, c, got);
        }
    }
    vo_series_free(s);
}

Test(source_caiso, the_files_of_a_zip_become_whole_rows_of_the_lake_in_any_order) {
    static const struct {
        int n, order[FILES];
    } zips[] = {
        {4, {0, 3, 1, 2}}, {4, {3, 2, 1, 0}}, {5, {4, 1, 0, 2, 3}}, {5, {0, 1, 2, 3, 4}}};
    for (size_t z = 0; z < sizeof zips / sizeof zips[0]; z++) {
        char folder[DATA_PATH], path[DATA_PATH + 16], root[DATA_PATH + 16];
        vo_lake *lake = NULL;
        vo_import_summary sum = {0};
        vo_error err = {0};
        cr_assert(temporary_folder(folder));
        snprintf(path, sizeof path, "%s/all.zip", folder);
        snprintf(root, sizeof root, "%s/lake", folder);
        write_zip(path, zips[z].order, zips[z].n);
        cr_assert_eq(vo_lake_open(root, &lake, NULL), VO_OK);
        cr_assert_eq(vo_import(lake, path, NULL, NULL, NULL, NULL, &sum, &err), VO_OK, "%s",
                     err.msg);
        cr_assert(sum.nodes == NODES && sum.refused == 0 && sum.intervals == NODES * HOURS);
        cr_assert_eq(sum.rows, (size_t)zips[z].n * NODES * HOURS);
        cr_assert_str_eq(sum.note, "");
        for (int node = 0; node < NODES; node++) assert_stored(lake, node, zips[z].n);
        vo_lake_close(lake);
        temporary_folder_remove(folder);
    }
}

Test(source_caiso, a_zip_of_parts_without_prices_is_refused) {
    char folder[DATA_PATH], path[DATA_PATH + 16];
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert(temporary_folder(folder));
    snprintf(path, sizeof path, "%s/parts.zip", folder);
    for (int n = 1; n <= 2; n++) {
        write_zip(path, (const int[]){3, 1}, n);
        cr_assert_eq(vo_source_read(path, NULL, &set, &err), VO_EINVAL);
        cr_assert(strstr(err.msg, "no LMP") && strstr(err.msg, "in one zip"), "%s", err.msg);
        cr_assert(strstr(err.msg, path), "%s", err.msg);
    }
    write_zip(path, (const int[]){3, 0}, 2);
    cr_assert_eq(vo_source_read(path, NULL, &set, &err), VO_OK, "%s", err.msg);
    cr_assert(set->rows == 2 * NODES * HOURS && set->n == NODES);
    vo_readings_set_free(set);
    temporary_folder_remove(folder);
}

Test(source_caiso, intervals_of_another_length_in_a_later_file_are_refused) {
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_readings_set_create(&set, NULL), VO_OK);
    cr_assert_eq(parse_into("a", HEADER ROW(H0, H1, "LMP", "5"), standard, set, &err), VO_OK);
    cr_assert_eq(
        parse_into("b", HEADER ROW(H0, "2024-01-02T08:15", "MCC", "5"), standard, set, &err),
        VO_EINVAL);
    cr_assert(strstr(err.msg, "0.25 h") && strstr(err.msg, "1 h"), "%s", err.msg);
    vo_readings_set_free(set);
}

/* More than VO_CAISO_PENDING minutes of prices without parts: nothing is waited for. */
Test(source_caiso, prices_without_parts_are_read_whatever_their_number) {
    enum { N = (int)VO_CAISO_PENDING + 1000, ROW_SIZE = 40 };
    char *text = malloc((size_t)N * ROW_SIZE), stamp[32];
    cr_assert(text);
    size_t n = (size_t)sprintf(text, "INTERVAL_START_GMT,NODE,MARKET_RUN_ID,LMP_TYPE,MW\n");
    for (int i = 0; i < N; i++) {
        const vo_civil c = vo_civil_from_seconds(H0_S + 60 * (int64_t)i);
        vo_civil_format(&c, stamp);
        n += (size_t)sprintf(text + n, "%.16s,N,DAM,LMP,%d\n", stamp, i % 1000);
    }
    vo_error err = {0};
    vo_readings_set *set = parse(text, standard, &err);
    free(text);
    cr_assert(set, "%s", err.msg);
    const vo_readings *r = set->item[0];
    cr_assert_eq(r->n, N);
    for (int i = 0; i < N; i++) {
        cr_assert_eq(r->start_s[i], H0_S + 60 * (int64_t)i);
        cr_assert(r->column[0].value[i] == i % 1000);
    }
    cr_assert_str_eq(set->note, "");
    vo_readings_set_free(set);
}

/* More intervals than wait at a time, parts side by side or part after part; one of them (five
 * minutes before the first) has its last part at the very end. */
static void write_long(char *text, int n_intervals, bool grouped) {
    static const char *const type[] = {"LMP", "MCE", "MCL", "MCC"};
    char stamp[32];
    size_t n = (size_t)sprintf(text, "INTERVAL_START_GMT,NODE,MARKET_RUN_ID,LMP_TYPE,MW\n");
    for (int i = 0; i < 4 * n_intervals; i++) {
        const int at = grouped ? i % n_intervals : i / 4;
        const int part = grouped ? i / n_intervals : i % 4;
        const vo_civil c = vo_civil_from_seconds(H0_S + 300 * (int64_t)at);
        vo_civil_format(&c, stamp);
        n += (size_t)sprintf(text + n, "%.16s,N,RTM,%s,%d\n", stamp, type[part],
                             at % 1000 + part);
        for (int p = 0; i == 240000 && p < 3; p++)
            n += (size_t)sprintf(text + n, "2024-01-02T07:55,N,RTM,%s,%d\n", type[p], 7 + p);
    }
    sprintf(text + n, "2024-01-02T07:55,N,RTM,MCC,10\n");
}

/* Each value once, whichever row it is in; a whole row is one. */
static size_t count_values(const vo_readings *r) {
    size_t n = 0;
    for (size_t i = 0; i < r->n; i++) {
        const int64_t at = (r->start_s[i] - H0_S) / 300;
        for (int c = 0; c < 4; c++) {
            const double v = r->column[c].value[i];
            if (isnan(v)) continue;
            cr_assert(v == (double)(at < 0 ? 7 + c : at % 1000 + c), "row %zu", i);
            n++;
        }
    }
    return n;
}

Test(source_caiso, long_files_are_joined_side_by_side_and_part_after_part) {
    enum { N = (int)VO_CAISO_PENDING + 9000, ROW_SIZE = 48 };
    char *text = malloc((size_t)4 * N * ROW_SIZE);
    cr_assert(text);
    for (int grouped = 0; grouped < 2; grouped++) {
        write_long(text, N, grouped);
        vo_error err = {0};
        vo_readings_set *set = parse(text, standard, &err);
        cr_assert(set, "%s", err.msg);
        const vo_readings *r = set->item[0];
        cr_assert_eq(count_values(r), 4u * (N + 1));
        if (grouped) /* not all of it may wait */
            cr_assert_gt(r->n, 2u * N);
        else
            cr_assert_eq(r->n, N + 1u);
        cr_assert_str_eq(set->note, "");
        const vo_clean_options o = vo_clean_options_default();
        vo_series *s = NULL;
        vo_clean_report *report = NULL;
        cr_assert_eq(vo_clean(r, &o, &s, &report, &err), VO_OK, "%s", err.msg);
        cr_assert_eq(s->n, N + 1u);
        for (size_t t = 0; t < s->n; t++)
            for (int c = 0; c < 4; c++)
                cr_assert(s->column[c].value[t] ==
                          (double)(t ? (int)(t - 1) % 1000 + c : 7 + c));
        cr_assert_eq(report->count[VO_CLEAN_JOINED], r->n - s->n);
        cr_assert_eq(report->count[VO_CLEAN_INTERPOLATED], 0);
        vo_series_free(s);
        vo_clean_report_free(report);
        vo_readings_set_free(set);
    }
    free(text);
}

Test(source_caiso, shadow_prices_are_series_of_their_own_kind) {
    const char *text = "MARKET_RUN_ID,PRC_SHADOW,XML_DATA_ITEM,INTERVAL_START_GMT,"
                       "INTERVAL_END_GMT,GROUP\n"
                       "RTD,-9.2,PRC_SHADOW,2024-01-02T08:10:00-00:00,"
                       "2024-01-02T08:15:00-00:00,1\n";
    vo_error err = {0};
    vo_readings_set *set = parse(text, standard, &err);
    cr_assert(set, "%s", err.msg);
    const vo_readings *r = set->item[0];
    cr_assert_str_eq(r->kind, "shadow_price");
    cr_assert_str_eq(r->node, "SYSTEM");
    cr_assert_str_eq(r->process, "RTD");
    cr_assert_str_eq(r->column[0].name, "shadow_price");
    cr_assert(r->n_columns == 1 && r->column[0].value[0] == -9.2);
    cr_assert_eq(r->start_s[0], H0_S + 600);
    vo_readings_set_free(set);
}

Test(source_caiso, names_of_constraints_may_be_long) {
    for (int len = 127; len <= 128; len++) {
        char text[512];
        sprintf(text,
                "MARKET_RUN_ID,PRC_SHADOW,NOMOGRAM_ID,INTERVAL_START_GMT,GROUP\n"
                "RTD,-9.2,%0*d,2024-01-02T08:10:00-00:00,1\n",
                len, 7);
        vo_error err = {0};
        vo_readings_set *set = parse(text, standard, &err);
        cr_assert_eq(set != NULL, len == 127, "%s", err.msg);
        if (set) cr_assert_eq(strlen(set->item[0]->node), 127u);
        if (!set) cr_assert(strstr(err.msg, "1..127 bytes"), "%s", err.msg);
        vo_readings_set_free(set);
    }
}

#define XML_HEAD                                                                               \
    "<?xml version=\"1.0\"?><m:OASISReport xmlns:m=\"urn:x\"><m:MessagePayload><m:RTO>"
#define XML_TAIL "</m:RTO></m:MessagePayload></m:OASISReport>"
#define XML_ITEM(unit, data)                                                                   \
    XML_HEAD "<m:REPORT_ITEM><m:REPORT_HEADER><m:MKT_TYPE>DAM</m:MKT_TYPE><m:UOM>" unit        \
             "</m:UOM></m:REPORT_HEADER>" data "</m:REPORT_ITEM>" XML_TAIL
#define XML_ROW(item, start, end, value)                                                       \
    "<m:REPORT_DATA><m:DATA_ITEM>" item "</m:DATA_ITEM><m:RESOURCE_NAME>N</m:RESOURCE_NAME>"   \
    "<m:INTERVAL_NUM>9</m:INTERVAL_NUM><m:INTERVAL_START_GMT>" start                           \
    ":00-00:00</m:INTERVAL_START_GMT><m:INTERVAL_END_GMT>" end                                 \
    ":00-00:00</m:INTERVAL_END_GMT><m:VALUE>" value "</m:VALUE></m:REPORT_DATA>\n"

Test(source_caiso, xml_is_the_same_rows) {
    const char *text =
        XML_ITEM("US$/MWh",
                 XML_ROW("LMP_PRC", H1, H2, "31.5") XML_ROW("LMP_PRC", H0, H1, "40")
                     XML_ROW("LMP_LOSS_PRC", H1, H2, "-1") XML_ROW("LMP_ENE_PRC", H1, H2, "33")
                         XML_ROW("LMP_CONG_PRC", H1, H2, "-0.5"));
    vo_error err = {0};
    vo_readings_set *set = parse(text, standard, &err);
    cr_assert(set, "%s", err.msg);
    const vo_readings *r = set->item[0];
    cr_assert_eq(r->n, 2);
    assert_row(r, 0, H0_S + 3600, 31.5, 33, -1, -0.5);
    assert_row(r, 1, H0_S, 40, (double)NAN, (double)NAN, (double)NAN);
    cr_assert_str_eq(r->process, "DAM");
    cr_assert_eq(r->line[0], 1);
    vo_readings_set_free(set);
}

Test(source_caiso, what_oasis_says_is_passed_on_in_its_words) {
    const char *text =
        XML_HEAD "<m:ERROR><m:ERR_CODE>1000</m:ERR_CODE><m:ERR_DESC>No data "
                 "returned for the specified selection</m:ERR_DESC></m:ERROR>" XML_TAIL;
    vo_error err = {0};
    cr_assert(!parse(text, standard, &err));
    cr_assert_eq(err.code, VO_ENOTFOUND);
    cr_assert(strstr(err.msg, "1000, \"No data returned for the specified selection\""), "%s",
              err.msg);
    text = XML_HEAD "<m:ERROR><m:ERR_CODE>1015</m:ERR_CODE><m:ERR_DESC>GroupZip DownLoad is in "
                    "Processing</m:ERR_DESC></m:ERROR>" XML_TAIL;
    cr_assert(!parse(text, standard, &err));
    cr_assert_eq(err.code, VO_EINVAL);
    cr_assert(strstr(err.msg, "GroupZip"), "%s", err.msg);
}

Test(source_caiso, every_refusal_names_field_and_value) {
    static const struct {
        const char *text, *says;
    } bad[] = {
        {HEADER, "without rows"},
        {HEADER ROW("2024-13-02T08:00", H1, "LMP", "1"), "interval start: "},
        {HEADER ROW(H0, "x", "LMP", "1"), "interval end: "},
        {HEADER ROW(H1, H0, "LMP", "1"), "is not 1 minute to 1 day after the start"},
        {HEADER ROW(H0, "2024-01-04T08:00", "LMP", "1"), "1 day"},
        {HEADER ROW(H0, H1, "LMP", "1,5"), ""}, /* the comma moves columns, value 1 is right */
        {HEADER ROW(H0, H1, "LMP", "$1"), "value: \"$1\" is not a number"},
        {HEADER H0 "," H1 ",,,,,,A\tB,DAM,LMP,,,,,1,1\n", "node: "},
        {HEADER ROW(H0, H1, "SYS", "1"), "\"SYS\" is no part of an LMP"},
        {HEADER ROW(H0, H1, "LMP", "1") ROW(H1, "2024-01-02T09:05", "LMP", "1"), "300 s"},
        {"INTERVALSTARTTIME_GMT,LMP_TYPE,MW\n2024-01-02T08:00,LMP,1\n", "node"},
        {"INTERVALSTARTTIME_GMT,NODE,LMP_TYPE,MW\n2024-01-02T08:00,N,LMP,1\n", "MARKET_RUN_ID"},
        {"INTERVALSTARTTIME_GMT,NODE,LMP_TYPE\n2024-01-02T08:00,N,LMP\n", "MW, VALUE or PRC"},
        {"OPR_DT,NODE,LMP_TYPE,MW\n2024-01-02,N,LMP,1\n", "INTERVALSTARTTIME_GMT"},
        {"INTERVALSTARTTIME_GMT,NODE,MW\n2024-01-02,N,1\n", "LMP_TYPE"},
        {XML_ITEM("MW", XML_ROW("LMP_PRC", H0, H1, "1")), "UOM: \"MW\""},
        {XML_ITEM("US$/MWh", XML_ROW("SYS_FCST_DA_MW", H0, H1, "1")), "SYS_FCST_DA_MW"},
        {XML_ITEM("US$/MWh", XML_ROW("LMP_PRC", H0, H1, "one")), "\"one\" is not a number"},
        {XML_ITEM("US$/MWh", XML_ROW("LMP_PRC", H0, H1,
                                     "1") "<m:REPORT_DATA><m:DATA_ITEM>LMP_PRC</m:DATA_ITEM>"
                                          "<m:VALUE>2</m:VALUE></m:REPORT_DATA>"),
         "interval start"},
        {XML_ITEM("US$/MWh", ""), "without REPORT_DATA"},
        {XML_HEAD, "line 1"},
        {"<!DOCTYPE a [<!ENTITY b \"c\">]><OASISReport/>", "DOCTYPE"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        vo_error err = {0};
        vo_readings_set *set = parse(bad[i].text, standard, &err);
        if (!bad[i].says[0]) {
            vo_readings_set_free(set);
            continue;
        }
        cr_assert(!set, "%zu was read", i);
        cr_assert_eq(err.code, VO_EINVAL, "%zu: %s", i, err.msg);
        cr_assert(strstr(err.msg, bad[i].says), "%zu: %s", i, err.msg);
    }
}

Test(source_caiso, only_oasis_is_recognised) {
    static const char *const is[] = {HEADER, "\n  <?xml?>\n<m:OASISReport>", "<OASISReport >",
                                     "MARKET_RUN_ID,PRC_SHADOW,INTERVAL_START_GMT\n"};
    static const char *const is_not[] = {"", "INTERVALSTARTTIME_GMT,Price KWH,NODE\n",
                                         "timestamp,price\nINTERVAL_START_GMT,LMP_TYPE\n",
                                         "<Reporte>", "{\"LMP_TYPE\":1}"};
    for (size_t i = 0; i < sizeof is / sizeof is[0]; i++)
        cr_assert(vo_source_caiso_is(is[i], strlen(is[i])), "%zu", i);
    for (size_t i = 0; i < sizeof is_not / sizeof is_not[0]; i++)
        cr_assert(!vo_source_caiso_is(is_not[i], strlen(is_not[i])), "%zu", i);
}

/* ---- clock changes ---------------------------------------------------------------------- */

/* Three local days as OASIS sends them (GMT), last interval first; cleaned. */
static void assert_days(int64_t from_s, int64_t to_s, int64_t step_s, const size_t count[3]) {
    char *text = malloc(200 * 900), from[32], to[32];
    cr_assert(text);
    size_t n = (size_t)sprintf(text, HEADER);
    for (int64_t t = to_s - step_s; t >= from_s; t -= step_s) {
        const vo_civil a = vo_civil_from_seconds(t), b = vo_civil_from_seconds(t + step_s);
        vo_civil_format(&a, from);
        vo_civil_format(&b, to);
        n += (size_t)sprintf(text + n, "%s-00:00,%s-00:00,,,,,,N,RTM,LMP,,,,,%d,1\n", from, to,
                             (int)(t / step_s % 1000));
    }
    vo_error err = {0};
    vo_readings_set *set = parse(text, standard, &err);
    free(text);
    cr_assert(set, "%s", err.msg);
    const vo_clean_options o = vo_clean_options_default();
    vo_series *s = NULL;
    cr_assert_eq(vo_clean(set->item[0], &o, &s, NULL, &err), VO_OK, "%s", err.msg);
    size_t got[4] = {0};
    for (size_t i = 0; i < s->n; i++) {
        cr_assert_lt(s->day[i], 3);
        got[s->day[i]]++;
        cr_assert(s->column[0].value[i] == (double)(s->start[i].s / step_s % 1000));
    }
    for (int d = 0; d < 3; d++) cr_assert_eq(got[d], count[d], "day %d: %zu", d, got[d]);
    vo_series_free(s);
    vo_readings_set_free(set);
}

/* 10 March and 3 November 2024 in California, with the day before and the day after:
 * TZ=America/Los_Angeles date -d "2024-03-09 0:00" +%s, ... */
Test(source_caiso, local_days_of_clock_changes_have_23_and_25_hours) {
    assert_days(1709971200, 1710226800, 3600, (const size_t[]){24, 23, 24});
    assert_days(1709971200, 1710226800, 900, (const size_t[]){96, 92, 96});
    assert_days(1709971200, 1710226800, 300, (const size_t[]){288, 276, 288});
    assert_days(1730530800, 1730793600, 3600, (const size_t[]){24, 25, 24});
    assert_days(1730530800, 1730793600, 300, (const size_t[]){288, 300, 288});
}

/* ---- the files of the data folder ------------------------------------------------- */

static vo_readings_set *read_file(const char *path) {
    vo_readings_set *set = NULL;
    vo_bytes *in = NULL;
    vo_error err = {0};
    const char *head = NULL;
    size_t n = 0;
    cr_assert_eq(vo_readings_set_create(&set, NULL), VO_OK);
    cr_assert_eq(vo_bytes_open_file(path, &in, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_bytes_head(in, &head, &n, &err), VO_OK, "%s", err.msg);
    cr_assert(vo_source_caiso_is(head, n));
    cr_assert_eq(vo_source_caiso_parse(in, &standard, set, &err), VO_OK, "%s", err.msg);
    vo_bytes_close(in);
    return set;
}

static double sum(const vo_readings *r, size_t column) {
    double s = 0;
    for (size_t i = 0; i < r->n; i++) s += r->column[column].value[i];
    return s;
}

/* Sums by Python's csv module. */
Test(source_caiso, the_published_day_is_24_hours_and_the_same_in_csv_and_xml) {
    char csv_path[DATA_PATH], xml_path[DATA_PATH];
    NEED_DATA("caiso_oasis/PRC_LMP_DAM_2C559_1_B1_20181230.csv", csv_path);
    NEED_DATA("caiso_oasis/PRC_LMP_DAM_2C559_1_B1_20181230.xml", xml_path);
    static const double total[] = {844.62474, 859.09364, -11.69616, -2.77273};
    vo_readings_set *a = read_file(csv_path), *b = read_file(xml_path);
    const vo_readings *r = a->item[0], *x = b->item[0];
    cr_assert(a->n == 1 && b->n == 1 && r->n == 24 && x->n == 24);
    cr_assert_str_eq(r->label, x->label);
    cr_assert_str_eq(r->node, "2C559_1_B1");
    for (size_t c = 0; c < 4; c++) cr_assert_float_eq(sum(r, c), total[c], 1e-9);
    for (size_t i = 0; i < 24; i++) {
        cr_assert_eq(r->start_s[i], x->start_s[i]);
        for (size_t c = 0; c < 4; c++)
            cr_assert(r->column[c].value[i] == x->column[c].value[i]);
    }
    const vo_clean_options o = vo_clean_options_default();
    vo_series *s = NULL;
    vo_clean_report *report = NULL;
    cr_assert_eq(vo_clean(r, &o, &s, &report, NULL), VO_OK);
    cr_assert_eq(s->n, 24);
    cr_assert_eq(s->day[23], 0);
    cr_assert_eq(s->start[0].s, 1546156800);
    cr_assert(s->column[0].value[0] == 40.49724 && s->column[0].value[23] == 38.60812);
    cr_assert_eq(report->count[VO_CLEAN_COMPONENT_SUM], 0);
    vo_series_free(s);
    vo_clean_report_free(report);
    vo_readings_set_free(a);
    vo_readings_set_free(b);
}

Test(source_caiso, the_published_shadow_prices_are_175_rows) {
    char path[DATA_PATH];
    NEED_DATA("caiso_oasis/PRC_SHADOW_RTD_5min_20181230.csv", path);
    vo_readings_set *set = read_file(path);
    cr_assert_eq(set->rows, 175);
    cr_assert_float_eq(sum(set->item[0], 0), -1009.5061074173982, 1e-9);
    vo_readings_set_free(set);
}
