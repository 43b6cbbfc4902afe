/* Files written from series, raw rows and changes, read back. */
#include "data/export.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "port/file.h"

static char path[512];

static const char *file(const char *name) {
    snprintf(path, sizeof path, "%s/tests/export_%s", VOLTEO_BINARY_DIR, name);
    return path;
}

/* Four hours across Mexico's change of clocks of 2016-10-30, a value missing. */
static vo_series *autumn(void) {
    static const char *const names[] = {"price", "odd \"name\", indeed"};
    vo_series *s = NULL;
    cr_assert_eq(vo_series_create(4, names, 2, NULL, &s, NULL), VO_OK);
    for (size_t t = 0; t < 4; t++) {
        s->start[t].s = INT64_C(1477803600) + (int64_t)t * 3600; /* 2016-10-30T05:00Z */
        s->dt_h[t] = 1;
        s->column[0].value[t] = 0.1 * (double)t;
        s->column[1].value[t] = t == 2 ? (double)NAN : 1e300;
    }
    strcpy(s->zone, "America/Mexico_City");
    return s;
}

static char *text_of(const char *name) {
    char *text = NULL;
    size_t len = 0;
    vo_error err = {0};
    cr_assert_eq(vo_file_read(name, 1 << 20, &text, &len, &err), VO_OK, "%s", err.msg);
    return text;
}

Test(export, csv_has_local_stamps_with_their_offsets_and_nothing_where_nothing_is) {
    vo_series *s = autumn();
    cr_assert_eq(vo_export_series(s, VO_EXPORT_CSV, file("a.csv"), NULL), VO_OK);
    char *text = text_of(path);
    cr_expect_str_eq(text, "timestamp,price,\"odd \"\"name\"\", indeed\"\n"
                           "2016-10-30T00:00:00-05:00,0,1e+300\n"
                           "2016-10-30T01:00:00-05:00,0.1,1e+300\n"
                           "2016-10-30T01:00:00-06:00,0.2,\n"
                           "2016-10-30T02:00:00-06:00,0.30000000000000004,1e+300\n");
    free(text);
    vo_series_free(s);
}

Test(export, json_is_columns_of_arrays) {
    vo_series *s = autumn();
    vo_json *root = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_export_series(s, VO_EXPORT_JSON, file("a.json"), NULL), VO_OK);
    char *text = text_of(path);
    cr_assert_eq(vo_json_parse(text, strlen(text), &root, &err), VO_OK, "%s", err.msg);
    const vo_json *columns = vo_json_get(root, "columns");
    const vo_json *odd = vo_json_get(columns, "odd \"name\", indeed");
    cr_assert_eq(vo_json_size(vo_json_get(root, "timestamps")), 4);
    cr_expect_str_eq(vo_json_string(vo_json_at(vo_json_get(root, "timestamps"), 2)),
                     "2016-10-30T01:00:00-06:00");
    cr_expect(vo_json_number(vo_json_at(vo_json_get(columns, "price"), 3)) == 0.1 * 3);
    cr_expect_eq(vo_json_kind_of(vo_json_at(odd, 2)), VO_JSON_NULL);
    vo_json_free(root);
    free(text);
    vo_series_free(s);
}

Test(export, raw_rows_may_share_a_start) {
    static const char *const names[] = {"price"};
    vo_readings_set *set = NULL;
    vo_readings *r = NULL;
    cr_assert_eq(vo_readings_set_create(&set, NULL), VO_OK);
    cr_assert_eq(vo_readings_set_node(set, "M", "P", "N", names, 1, &r, NULL), VO_OK);
    for (int i = 0; i < 3; i++) {
        const double v = i;
        cr_assert_eq(vo_readings_add(set, r, i / 2 * 3600, 1, 0, &v, NULL), VO_OK);
    }
    cr_assert_eq(vo_export_readings(r, VO_EXPORT_CSV, file("raw.csv"), NULL), VO_OK);
    char *text = text_of(path);
    cr_expect_str_eq(text, "timestamp,price\n1970-01-01T00:00:00Z,0\n1970-01-01T00:00:00Z,1\n"
                           "1970-01-01T01:00:00Z,2\n");
    free(text);
    cr_expect_eq(vo_export_readings(r, VO_EXPORT_PARQUET, path, NULL), VO_EUNSUPPORTED);
    vo_readings_set_free(set);
}

Test(export, changes_say_what_was_done_by_which_rule) {
    const vo_lake_change change[2] = {{.touch = {.start_s = 3600,
                                                 .old_value = (double)NAN,
                                                 .new_value = 2.5,
                                                 .rule = VO_CLEAN_INTERPOLATED},
                                       .column = "price",
                                       .source = "a,b.csv"},
                                      {.touch = {.start_s = 7200,
                                                 .old_value = 9,
                                                 .new_value = 9,
                                                 .rule = VO_CLEAN_SPIKE,
                                                 .line = 12},
                                       .column = "price"}};
    cr_assert_eq(vo_export_changes(change, 2, VO_EXPORT_CSV, file("c.csv"), NULL), VO_OK);
    char *text = text_of(path);
    cr_expect_str_eq(text,
                     "start,column,old,new,rule,done,line,source\n"
                     "1970-01-01T01:00:00Z,price,,2.5,interpolated,interpolated,,\"a,b.csv\"\n"
                     "1970-01-01T02:00:00Z,price,9,9,spike,kept,12,\n");
    free(text);
    cr_assert_eq(vo_export_changes(change, 2, VO_EXPORT_JSON, file("c.json"), NULL), VO_OK);
    text = text_of(path);
    vo_json *root = NULL;
    cr_assert_eq(vo_json_parse(text, strlen(text), &root, NULL), VO_OK);
    cr_expect_eq(vo_json_number(vo_json_get(vo_json_at(root, 1), "line")), 12);
    vo_json_free(root);
    free(text);
}

Test(export, the_format_is_told_by_the_name) {
    cr_expect_eq(vo_export_format_of("a.JSON"), VO_EXPORT_JSON);
    cr_expect_eq(vo_export_format_of("x/y.parquet"), VO_EXPORT_PARQUET);
    cr_expect_eq(vo_export_format_of("-"), VO_EXPORT_CSV);
    cr_expect_eq(vo_export_format_of("a.csv"), VO_EXPORT_CSV);
}

Test(export, a_stamp_has_its_offset_also_before_the_epoch) {
    char stamp[40];
    vo_export_stamp(NULL, -1, stamp);
    cr_expect_str_eq(stamp, "1969-12-31T23:59:59Z");
}

Test(export, a_file_that_cannot_be_written_is_named) {
    vo_series *s = autumn();
    vo_error err = {0};
    cr_expect_neq(vo_export_series(s, VO_EXPORT_CSV, "/no/such/folder/a.csv", &err), VO_OK);
    cr_expect(strstr(err.msg, "/no/such/folder/a.csv"), "%s", err.msg);
    vo_series_free(s);
}
