/* test_published.c -- each test states one promise of published.h. */
#include "engine/published.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "port/file.h"
#include "support/local_hours.h"

static const char *const path = "test_published.csv";

static void write_file(const char *text) {
    vo_error err = {0};
    cr_assert_eq(vo_file_write(path, text, strlen(text), &err), VO_OK, "%s", err.msg);
}

static vo_series *prices(void) {
    vo_series *s = local_hours("UTC", 2024, 1, 1, 1, "DNN");
    for (size_t t = 0; t < s->n; t++) s->column[0].value[t] = (double)t;
    return s;
}

static vo_status read(const vo_series *s, vo_series **out, vo_error *err) {
    vo_engine_options o = vo_engine_options_default();
    o.allow_files = 1;
    return vo_published_read(&o, "published", path, NULL, s, out, err);
}

Test(published, forecasts_lie_at_the_starts_they_name_and_nowhere_else) {
    write_file("timestamp,Real price,DNN,LEAR\n2024-01-01 01:00,1,10,20\n"
               "2024-01-01 03:00,3,30,40\n2024-01-02 03:00,9,90,90\n");
    vo_series *s = prices(), *joined = NULL;
    vo_error err = {0};
    cr_assert_eq(read(s, &joined, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(joined->n, s->n);
    const double *dnn = vo_series_find(joined, "forecast DNN"); /* DNN is a column of prices */
    const double *lear = vo_series_find(joined, "LEAR");
    cr_assert(dnn && lear);
    cr_assert_eq(joined->n_columns, 4, "the real price is left out");
    for (size_t t = 0; t < s->n; t++) {
        cr_expect(t == 1 ? dnn[t] == 10 : t == 3 ? dnn[t] == 30 : isnan(dnn[t]), "%zu", t);
        cr_expect(t == 1 ? lear[t] == 20 : t == 3 ? lear[t] == 40 : isnan(lear[t]), "%zu", t);
        cr_expect_eq(joined->column[0].value[t], (double)t);
    }
    vo_series_free(joined);
    vo_series_free(s);
    remove(path);
}

Test(published, a_file_of_another_time_is_refused_with_field_and_path) {
    write_file("timestamp,A\n2025-01-01 01:00,10\n2025-01-01 02:00,11\n");
    vo_series *s = prices(), *joined = NULL;
    vo_error err = {0};
    cr_assert_eq(read(s, &joined, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "published test_published.csv has no time stamp in common"), "%s",
              err.msg);
    cr_assert_null(joined);
    vo_series_free(s);
    remove(path);
}

Test(published, files_are_read_only_where_that_is_allowed) {
    vo_series *s = prices(), *joined = NULL;
    const vo_engine_options o = vo_engine_options_default();
    vo_error err = {0};
    cr_assert_eq(vo_published_read(&o, "published", "x.csv", NULL, s, &joined, &err),
                 VO_EINVAL);
    cr_assert(strstr(err.msg, "published = \"x.csv\": local files are not read"), "%s",
              err.msg);
    vo_series_free(s);
}
