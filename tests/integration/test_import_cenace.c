/* test_import_cenace.c -- every CENACE file that lies among the real data: rows, minimum, mean
 * and maximum as counted by awk over the same files, odd days, placeholders, and through the
 * lake. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/zone.h"
#include "data/import.h"
#include "port/file.h"
#include "support/data_folder.h"
#include "support/engine_ask.h"

static vo_readings_set *read_file(const char *path) {
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_source_read(path, NULL, &set, &err), VO_OK, "%s", err.msg);
    return set;
}

typedef struct {
    size_t nodes, rows, zeros;
    double min, sum, max, worst_sum;
} totals;

static totals count(const vo_readings_set *set, const char *process) {
    totals k = {.min = (double)INFINITY, .max = -(double)INFINITY};
    for (size_t i = 0; i < set->n; i++) {
        const vo_readings *r = set->item[i];
        if (process && strcmp(r->process, process) != 0) continue;
        k.nodes++;
        for (size_t t = 0; t < r->n; t++) {
            const double p = r->column[0].value[t];
            const double parts =
                r->column[1].value[t] + r->column[2].value[t] + r->column[3].value[t];
            if (isnan(p)) continue;
            k.rows++;
            k.zeros += !(p < 0) && !(p > 0);
            k.min = fmin(k.min, p);
            k.max = fmax(k.max, p);
            k.sum += p;
            k.worst_sum = fmax(k.worst_sum, fabs(p - parts));
        }
    }
    return k;
}

static const struct {
    const char *file, *process;
    size_t nodes, rows, zeros;
    double min, mean, max, worst_sum;
} normalised[] = {
    {"apatzingan_mda_mtr.csv", "MDA", 1, 10272, 0, 353.22, 930.552059, 3467.46, 0.02},
    {"apatzingan_mda_mtr.csv", "MTR", 1, 1848, 1, 0.00, 1214.920433, 5391.46, 0.02},
    {"bca_nodal.csv.zst", "MDA", 8, 82552, 0, 290.72, 560.449143, 6734.29, 0.01},
    {"bca_nodal.csv.zst", "MTR", 8, 15160, 0, 360.23, 664.040570, 8019.05, 0.01},
    {"bcs_nodal.csv.zst", "MDA", 4, 35904, 0, 828.50, 2161.426591, 4233.13, 0.01},
    {"bcs_nodal.csv.zst", "MTR", 4, 7392, 0, 1106.02, 1900.191381, 5889.05, 0.01},
    {"sin_zonal_mda.csv.zst", "MDA", 82, 842304, 0, 126.04, 890.072481, 6855.00, 0.02},
    {"sin_zonal_mtr.csv.zst", "MTR", 82, 151536, 82, 0.00, 1143.267437, 7297.76, 0.02},
};

Test(import_cenace, normalised_files_have_the_rows_and_prices_that_awk_counts) {
    for (size_t i = 0; i < sizeof normalised / sizeof normalised[0]; i++) {
        char relative[128], path[DATA_PATH];
        snprintf(relative, sizeof relative, "mx_cenace_pml/%s", normalised[i].file);
        NEED_DATA(relative, path);
        vo_readings_set *set = read_file(path);
        const totals k = count(set, normalised[i].process);
        cr_assert_eq(k.nodes, normalised[i].nodes, "%s: %zu nodes", relative, k.nodes);
        cr_assert_eq(k.rows, normalised[i].rows, "%s: %zu rows", relative, k.rows);
        cr_assert_eq(k.zeros, normalised[i].zeros, "%s: %zu zeros", relative, k.zeros);
        cr_assert(k.min == normalised[i].min && k.max == normalised[i].max, "%s", relative);
        cr_assert_float_eq(k.sum / (double)k.rows, normalised[i].mean, 1e-6, "%s", relative);
        cr_assert_leq(k.worst_sum, normalised[i].worst_sum + 1e-9, "%s", relative);
        vo_readings_set_free(set);
    }
}

/* Values that are other than the file's: not those that are only named. */
static size_t changed(const vo_clean_report *report) {
    size_t n = 0;
    for (size_t i = 0; i < report->n; i++)
        n += strcmp(vo_clean_rule_done(report->touch[i].rule), "kept") != 0;
    return n;
}

/* Day-ahead files have no gap: 428 local days, one of 23 and one of 25 hours, no value touched.
 */
Test(import_cenace, day_ahead_years_are_contiguous_across_odd_days) {
    static const struct {
        const char *file;
        size_t short_days, long_days;
    } year[] = {{"mx_cenace_pml/sin_zonal_mda.csv.zst", 1, 1},
                {"mx_cenace_pml/bcs_nodal.csv.zst", 1, 1},
                {"mx_cenace_pml/bca_nodal.csv.zst", 2, 1}};
    for (size_t f = 0; f < 3; f++) {
        char path[DATA_PATH];
        NEED_DATA(year[f].file, path);
        vo_readings_set *set = read_file(path);
        for (size_t i = 0; i < set->n; i++) {
            const vo_readings *r = set->item[i];
            if (strcmp(r->process, "MDA") != 0) continue;
            vo_series *s = NULL;
            vo_clean_report *report = NULL;
            vo_error err = {0};
            const vo_clean_options strict = {.strict = true};
            cr_assert_eq(vo_clean(r, &strict, &s, &report, &err), VO_OK, "%s", err.msg);
            cr_assert(s->n == r->n && changed(report) == 0 &&
                      report->count[VO_CLEAN_COMPONENT_SUM] == 0);
            cr_assert(report->n_short_days == year[f].short_days &&
                          report->n_long_days == year[f].long_days,
                      "%s", r->label);
            cr_assert_eq(s->start[s->n - 1].s - s->start[0].s, (int64_t)(s->n - 1) * 3600);
            vo_series_free(s);
            vo_clean_report_free(report);
        }
        vo_readings_set_free(set);
    }
}

/* 23 January 2017, hour 5, is 0 in all 82 zones; 12, 21 and 22 January are missing. */
Test(import_cenace, placeholders_and_missing_days_are_found_filled_and_reported) {
    char path[DATA_PATH];
    NEED_DATA("mx_cenace_pml/sin_zonal_mtr.csv.zst", path);
    vo_readings_set *set = read_file(path);
    size_t zeros = 0;
    for (size_t i = 0; i < set->n; i++) {
        vo_series *s = NULL;
        vo_clean_report *report = NULL;
        vo_error err = {0};
        cr_assert_eq(vo_clean(set->item[i], NULL, &s, &report, &err), VO_OK, "%s", err.msg);
        cr_assert_eq(s->n, 80u * 24);
        cr_assert_eq(report->count[VO_CLEAN_SAME_HOUR_OF_WEEK], 72u * 4);
        cr_assert_eq(changed(report), 72u * 4 + 8);
        for (size_t k = 0; k < report->n; k++) {
            const vo_touch *t = &report->touch[k];
            if (t->rule != VO_CLEAN_ZERO_PLACEHOLDER || t->column != 0) continue;
            cr_assert_eq(t->start_s, 1485165600); /* 2017-01-23T04:00-06:00 */
            zeros++;
        }
        for (size_t t = 0; t < s->n; t++) cr_assert_gt(s->column[0].value[t], 0);
        vo_series_free(s);
        vo_clean_report_free(report);
    }
    cr_assert_eq(zeros, 82u);
    vo_readings_set_free(set);
}

static const struct {
    const char *file, *label, *zone;
    size_t nodes, rows;
} raw[] = {
    {"26_01-04-2017_12-57-41_BCA_PreciosNodosDistribuidosMDA.csv", "MEM MDA ENSENADA",
     "America/Tijuana", 1, 3},
    {"5_03-01-2017_15-07-56_BCS_PreciosMargLocalesMDA.csv", "MEM MDA 07BLE-115",
     "America/Mazatlan", 1, 3},
    {"5_09-02-2017_13-34-09_BCA_PreciosMargLocalesMDA.csv", "MEM MDA 07ACU-115",
     "America/Tijuana", 1, 3},
    {"PreciosMargLocales_BCA_MDA_Mes_Nov01_v2016_12_03_06_00_09.csv", "MEM MDA 07APD-230",
     "America/Tijuana", 100, 35763},
    {"PreciosMargLocales_BCS_MTR_Expost_Dia_2017-04-01_v2017_04_07_15_03_56.csv",
     "MEM MTR 07ASJ-115", "America/Mazatlan", 1, 3},
    {"PreciosNodosDistrib_BCA_MTR_Expost_Dia_2017-02-04_v2017_02_10_12_31_58.csv",
     "MEM MTR SANLUIS", "America/Tijuana", 1, 3},
    {"PreciosNodosDistrib_BCS_MDA_Mes_Oct02_v2016_11_03_08_00_05.csv", "MEM MDA CONSTITUCION",
     "America/Mazatlan", 3, 1155},
    {"PreciosNodosDistrib_SIN_MDA_Mes_Abr01_v2017_05_03_08_00_05.csv", "MEM MDA ACAPULCO",
     "America/Mexico_City", 101, 36259},
    {"sw_pend_example_response_manual2020.xml", "MEM MDA ACAPULCO", "America/Mexico_City", 2,
     48},
    {"sw_pml_SIN_MDA_01PLO-115_2026-09-08.json", "MEM MDA 01PLO-115", "America/Mexico_City", 1,
     24},
    {"sw_pml_example_response_manual2020.xml", "MEM MDA 01PLO-115", "America/Mexico_City", 1,
     24},
    {"sw_pml_two_nodes_empty_value_fixture.json", "MEM MDA 01TUL-400", "America/Mexico_City", 2,
     3},
};

Test(import_cenace, files_and_replies_as_published_are_read_and_add_up) {
    for (size_t i = 0; i < sizeof raw / sizeof raw[0]; i++) {
        char relative[160], path[DATA_PATH];
        snprintf(relative, sizeof relative, "mx_cenace_pml/raw/%s", raw[i].file);
        NEED_DATA(relative, path);
        vo_readings_set *set = read_file(path);
        const totals k = count(set, NULL);
        cr_assert_eq(k.nodes, raw[i].nodes, "%s: %zu nodes", relative, k.nodes);
        cr_assert_eq(k.rows, raw[i].rows, "%s: %zu rows", relative, k.rows);
        cr_assert_str_eq(set->item[0]->label, raw[i].label);
        cr_assert_str_eq(set->item[0]->zone, raw[i].zone);
        cr_assert_leq(k.worst_sum, 0.03 + 1e-9, "%s: %g", relative, k.worst_sum);
        vo_readings_set_free(set);
    }
    char path[DATA_PATH];
    vo_readings_set *set = NULL;
    vo_error err = {0};
    NEED_DATA("mx_cenace_pml/raw/sw_pml_range_error_fixture.json", path);
    cr_assert_eq(vo_source_read(path, NULL, &set, &err), VO_ENOTFOUND);
    cr_assert(strstr(err.msg, "lapso mayor a 7 dias"), "%s", err.msg);
}

/* A month as published and the normalised copy of it are the same prices at the same instants.
 */
Test(import_cenace, the_published_month_equals_the_normalised_one) {
    char month_path[DATA_PATH], year_path[DATA_PATH];
    NEED_DATA("mx_cenace_pml/raw/PreciosMargLocales_BCA_MDA_Mes_Nov01_v2016_12_03_06_00_09.csv",
              month_path);
    NEED_DATA("mx_cenace_pml/bca_nodal.csv.zst", year_path);
    vo_readings_set *month = read_file(month_path), *year = read_file(year_path);
    size_t compared = 0;
    for (size_t i = 0; i < year->n; i++) {
        const vo_readings *y = year->item[i], *m = NULL;
        if (strcmp(y->process, "MDA") != 0) continue;
        if (vo_readings_set_find(month, "MDA", y->node, &m, NULL) != VO_OK) continue;
        size_t at = 0;
        for (size_t t = 0; t < m->n; t++) {
            while (at < y->n && y->start_s[at] < m->start_s[t]) at++;
            cr_assert(at < y->n && y->start_s[at] == m->start_s[t], "%s", y->node);
            for (int c = 0; c < 4; c++)
                cr_assert_eq(y->column[c].value[at], m->column[c].value[t]);
            compared++;
        }
    }
    cr_assert_geq(compared, 8u * 361); /* 15 days, one of 25 hours */
    vo_readings_set_free(month);
    vo_readings_set_free(year);
}

Test(import_cenace, a_zone_year_comes_back_from_the_lake_as_it_was_read) {
    char folder[DATA_PATH], path[DATA_PATH];
    NEED_DATA("mx_cenace_pml/apatzingan_mda_mtr.csv", path);
    cr_assert(temporary_folder(folder));
    vo_lake *lake = NULL;
    vo_import_summary sum = {0};
    vo_error err = {0};
    cr_assert_eq(vo_lake_open(folder, &lake, &err), VO_OK, "%s", err.msg);
    for (int i = 0; i < 2; i++) /* twice: idempotent */
        cr_assert_eq(vo_import(lake, path, NULL, NULL, NULL, NULL, &sum, &err), VO_OK, "%s",
                     err.msg);
    cr_assert(sum.nodes == 2 && sum.rows == 12120 && sum.intervals == 10272 + 1920);
    vo_series *stored = NULL, *direct = NULL;
    vo_readings_set *set = read_file(path);
    const vo_time from = {1454306400}, to = {1485928800}; /* 2016-02-01 .. 2017-02-01, local */
    cr_assert_eq(vo_lake_read(lake, &(vo_lake_key){"MEM", NULL, "APATZINGAN", NULL}, from, to,
                              &stored, &err),
                 VO_OK, "%s", err.msg);
    cr_assert_eq(vo_clean(set->item[0], NULL, &direct, NULL, NULL), VO_OK);
    cr_assert_eq(stored->n, 366u * 24);
    const size_t skip = (size_t)((from.s - direct->start[0].s) / 3600);
    for (size_t t = 0; t < stored->n; t++) {
        cr_assert_eq(stored->start[t].s, direct->start[skip + t].s);
        cr_assert_eq(stored->day[t], direct->day[skip + t] - direct->day[skip]);
        for (int c = 0; c < 4; c++)
            cr_assert_eq(stored->column[c].value[t], direct->column[c].value[skip + t]);
    }
    vo_series_free(stored);
    vo_series_free(direct);
    vo_readings_set_free(set);
    vo_lake_close(lake);
    temporary_folder_remove(folder);
}

/* ---- the published reply of 19 April 2017 as XML and as CSV ----------------------- */

enum { ZONES = 2, HOURS = 24, PARTS = 4 };

typedef struct {
    char zone[ZONES][32];
    char value[ZONES][HOURS][PARTS][24]; /* as they are written */
} published_day;

/* What stands between <tag> and </tag> next; moves on. Knows nothing of XML but that. */
static const char *next_text(const char *at, const char *tag, char *out, size_t size) {
    char open[24];
    snprintf(open, sizeof open, "<%s>", tag);
    at = strstr(at, open);
    cr_assert_not_null(at, "no %s", open);
    at += strlen(open);
    const size_t len = strcspn(at, "<");
    cr_assert_lt(len, size);
    memcpy(out, at, len);
    out[len] = '\0';
    return at + len;
}

static published_day scan(const char *path) {
    static const char *const tag[PARTS] = {"pz", "pz_ene", "pz_per", "pz_cng"};
    published_day day = {0};
    char *text = NULL, field[32];
    size_t len = 0;
    vo_error err = {0};
    cr_assert_eq(vo_file_read(path, 1u << 20, &text, &len, &err), VO_OK, "%s", err.msg);
    const char *at = text;
    for (size_t z = 0; z < ZONES; z++) {
        at = next_text(at, "zona_carga", day.zone[z], sizeof day.zone[z]);
        for (int h = 0; h < HOURS; h++) {
            at = next_text(at, "fecha", field, sizeof field);
            cr_assert_str_eq(field, "2017-04-19");
            at = next_text(at, "hora", field, sizeof field);
            cr_assert_eq(atoi(field), h + 1);
            for (int k = 0; k < PARTS; k++)
                at = next_text(at, tag[k], day.value[z][h][k], sizeof day.value[z][h][k]);
        }
    }
    cr_assert_null(strstr(at, "<pz>"), "there are more values than 48");
    free(text);
    return day;
}

/* As the normalised files beside it are written. */
static void write_normalised(const published_day *day, const char *path) {
    FILE *f = fopen(path, "w");
    cr_assert_not_null(f);
    fputs("sistema,mercado,tipo,clave,fecha,hora,precio,c_energia,c_perdidas,c_congestion\n",
          f);
    for (size_t z = 0; z < ZONES; z++)
        for (int h = 0; h < HOURS; h++)
            fprintf(f, "SIN,MDA,PND,%s,2017-04-19,%d,%s,%s,%s,%s\n", day->zone[z], h + 1,
                    day->value[z][h][0], day->value[z][h][1], day->value[z][h][2],
                    day->value[z][h][3]);
    cr_assert_eq(fclose(f), 0);
}

/* Imports a file into a lake of its own and exports a zone of it, as its source wrote it. */
static char *in_and_out(const char *folder, const char *name, const char *path,
                        const char *zone) {
    char lake[DATA_PATH + 16], out[DATA_PATH + 16], request[3 * DATA_PATH];
    char *text = NULL;
    size_t len = 0;
    vo_error err = {0};
    snprintf(lake, sizeof lake, "%s/%s", folder, name);
    snprintf(out, sizeof out, "%s/%s.csv", folder, name);
    snprintf(request, sizeof request, "{\"file\": \"%s\"}", path);
    vo_json *answer = engine_ask(lake, vo_engine_data_import, request);
    cr_assert_eq(member_number(answer, "rows"), ZONES * HOURS);
    cr_assert_eq(member_number(answer, "stored"), ZONES);
    vo_json_free(answer);
    snprintf(request, sizeof request,
             "{\"node\": \"%s\", \"market\": \"MEM\", \"process\": \"MDA\", \"raw\": true, "
             "\"out\": \"%s\"}",
             zone, out);
    answer = engine_ask(lake, vo_engine_data_export, request);
    cr_assert_eq(member_number(answer, "written"), HOURS);
    vo_json_free(answer);
    cr_assert_eq(vo_file_read(out, 1u << 20, &text, &len, &err), VO_OK, "%s", err.msg);
    return text;
}

/* Hour h of 19 April 2017 begins at h - 1 o'clock at UTC-5: its clocks were set on 2 April. */
static void expect_published(const char *csv, const published_day *day, size_t zone) {
    static const char head[] = "timestamp,price,energy,loss,congestion\n";
    cr_assert_eq(strncmp(csv, head, sizeof head - 1), 0, "%.100s", csv);
    const char *at = csv + sizeof head - 1;
    for (int h = 0; h < HOURS; h++) {
        char stamp[40];
        snprintf(stamp, sizeof stamp, "2017-04-19T%02d:00:00-05:00", h);
        cr_assert_eq(strncmp(at, stamp, strlen(stamp)), 0, "%.60s: not %s", at, stamp);
        at += strlen(stamp);
        for (int k = 0; k < PARTS; k++) {
            char *end = NULL;
            cr_assert_eq(*at, ',');
            const double out = strtod(at + 1, &end);
            cr_assert(end > at + 1, "%s: part %d is empty", stamp, k);
            cr_assert_eq(out, strtod(day->value[zone][h][k], NULL), "%s %s part %d: %.10s",
                         day->zone[zone], stamp, k, at);
            at = end;
        }
        cr_assert_eq(*at++, '\n');
    }
    cr_assert_eq(*at, '\0');
}

/* 48 prices with their parts: as XML and as normalised CSV they are the same, in and out. */
Test(import_cenace, the_published_xml_equals_the_csv_in_all_values) {
    char path[DATA_PATH], csv_path[DATA_PATH + 16], folder[DATA_PATH];
    NEED_DATA("mx_cenace_pml/raw/sw_pend_example_response_manual2020.xml", path);
    cr_assert(temporary_folder(folder));
    const published_day day = scan(path);
    snprintf(csv_path, sizeof csv_path, "%s/day.csv", folder);
    write_normalised(&day, csv_path);
    for (size_t z = 0; z < ZONES; z++) {
        char *of_xml = in_and_out(folder, "xml", path, day.zone[z]);
        char *of_csv = in_and_out(folder, "csv", csv_path, day.zone[z]);
        expect_published(of_xml, &day, z);
        cr_assert_str_eq(of_xml, of_csv);
        free(of_xml);
        free(of_csv);
    }
    temporary_folder_remove(folder);
}
