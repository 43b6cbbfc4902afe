/* test_import.c -- a file of several nodes goes into the lake, node by node. */
#include "data/import.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/file.h"
#include "support/data_folder.h"

#define HEADER                                                                                 \
    "sistema,mercado,tipo,clave,fecha,hora,precio,c_energia,c_perdidas,c_congestion\n"

static char folder[DATA_PATH], path[DATA_PATH + 16];

static void begin(void) {
    cr_assert(temporary_folder(folder));
    snprintf(path, sizeof path, "%s/prices.csv", folder);
}
static void end(void) { temporary_folder_remove(folder); }

static void write_file(const char *text) {
    cr_assert_eq(vo_file_write(path, text, strlen(text), NULL), VO_OK);
}

static vo_status note(void *ctx, size_t done, size_t nodes, const vo_lake_key *key,
                      const vo_clean_report *report, vo_error *err) {
    char *log = ctx;
    (void)err;
    if (!key) return VO_OK; /* still reading */
    sprintf(log + strlen(log), "%zu/%zu %s %s %s; ", done, nodes, key->process, key->node,
            report ? "stored" : "refused");
    return VO_OK;
}

/* Node B has a month's hole and is left out; A and C are stored. */
Test(import, a_node_that_cannot_be_cleaned_does_not_stop_the_others, .init = begin,
     .fini = end) {
    write_file(HEADER "SIN,MDA,PND,A,2017-01-01,1,1,1,0,0\nSIN,MDA,PND,A,2017-01-01,2,2,2,0,0\n"
                      "SIN,MDA,PND,B,2017-01-01,1,1,1,0,0\nSIN,MDA,PND,B,2017-02-01,2,2,2,0,0\n"
                      "SIN,MTR,PND,C,2017-01-01,1,1,1,0,0\n");
    vo_lake *lake = NULL;
    vo_import_summary sum = {0};
    vo_error err = {0};
    char log[512] = "";
    cr_assert_eq(vo_lake_open(folder, &lake, NULL), VO_OK);
    cr_assert_eq(vo_import(lake, path, NULL, NULL, note, log, &sum, &err), VO_OK, "%s",
                 err.msg);
    cr_assert_str_eq(log, "1/3 MDA A stored; 2/3 MDA B refused; 3/3 MTR C stored; ");
    cr_assert(sum.nodes == 2 && sum.rows == 5 && sum.intervals == 3 && sum.refused == 1);
    cr_assert(strstr(sum.first_refusal.msg, "MEM MDA B"), "%s", sum.first_refusal.msg);
    vo_series *s = NULL;
    cr_assert_eq(vo_lake_read(lake, &(vo_lake_key){"MEM", NULL, "A", NULL}, (vo_time){0},
                              (vo_time){INT64_MAX}, &s, NULL),
                 VO_OK);
    cr_assert(s->n == 2 && s->column[0].value[1] == 2);
    vo_series_free(s);
    vo_lake_close(lake);
}

Test(import, a_plain_file_is_stored_under_its_name, .init = begin, .fini = end) {
    write_file("timestamp,price\n2024-01-01T00:00Z,1\n2024-01-01T01:00Z,2\n");
    vo_lake *lake = NULL;
    vo_import_summary sum = {0};
    cr_assert_eq(vo_lake_open(folder, &lake, NULL), VO_OK);
    cr_assert_eq(vo_import(lake, path, NULL, NULL, NULL, NULL, &sum, NULL), VO_OK);
    vo_lake_entry *entry = NULL;
    size_t n = 0;
    cr_assert_eq(vo_lake_list(lake, &entry, &n, NULL), VO_OK);
    cr_assert_eq(n, 1u);
    cr_assert_str_eq(entry[0].market, "LOCAL");
    cr_assert_str_eq(entry[0].process, "DA");
    cr_assert_str_eq(entry[0].node, "prices");
    cr_assert(entry[0].rows == 2 && entry[0].first_s == 1704067200 &&
              entry[0].last_s == 1704070800);
    free(entry);
    vo_lake_close(lake);
}

Test(import, a_command_gets_the_one_series_of_a_file, .init = begin, .fini = end) {
    vo_series *s = NULL;
    vo_clean_report *report = NULL;
    vo_error err = {0};
    char said[256] = "";
    write_file("timestamp,price\n2024-01-01T00:00,1\n2024-01-01T02:00,3\n2024-01-01T03:00,4\n");
    cr_assert_eq(vo_import_series(path, NULL, NULL, &s, &report, said, &err), VO_OK, "%s",
                 err.msg);
    cr_assert(s->n == 4 && s->column[0].value[1] == 2 && report->n == 1);
    cr_assert(strstr(said, "read as UTC"));
    vo_series_free(s);
    vo_clean_report_free(report);
    s = NULL;
    const vo_clean_options strict = {.strict = true};
    cr_assert_eq(vo_import_series(path, NULL, &strict, &s, NULL, NULL, &err), VO_EINVAL);
    cr_assert_null(s);
    write_file(HEADER
               "SIN,MDA,PND,A,2017-01-01,1,1,1,0,0\nSIN,MDA,PND,B,2017-01-01,1,5,5,0,0\n");
    cr_assert_eq(vo_import_series(path, NULL, NULL, &s, NULL, NULL, &err), VO_ENOTFOUND);
    cr_assert(strstr(err.msg, "A MDA, B MDA"), "%s", err.msg);
    const vo_source_options only = {.only_node = "B"};
    cr_assert_eq(vo_import_series(path, &only, NULL, &s, NULL, NULL, &err), VO_OK, "%s",
                 err.msg);
    cr_assert_eq(s->column[0].value[0], 5);
    vo_series_free(s);
}
