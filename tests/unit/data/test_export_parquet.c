/* A series as a Parquet file, read back. */
#include "data/export_parquet.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/source.h"

static vo_series *four(void) {
    static const char *const names[] = {"price", "odd \"name\", indeed"};
    vo_series *s = NULL;
    cr_assert_eq(vo_series_create(4, names, 2, NULL, &s, NULL), VO_OK);
    for (size_t t = 0; t < 4; t++) {
        s->start[t].s = INT64_C(1477803600) + (int64_t)t * 3600;
        s->dt_h[t] = 1;
        s->column[0].value[t] = 0.1 * (double)t;
        s->column[1].value[t] = t == 2 ? (double)NAN : 1e300;
    }
    return s;
}

Test(export_parquet, every_value_reads_back_equal) {
    vo_series *s = four();
    vo_readings_set *set = NULL;
    vo_error err = {0};
    char path[512];
    vo_source_options o = vo_source_options_default();
    snprintf(path, sizeof path, "%s/tests/export_series.parquet", VOLTEO_BINARY_DIR);
    cr_assert_eq(vo_export_parquet(s, path, &err), VO_OK, "%s", err.msg);
    o.price_column = "price";
    cr_assert_eq(vo_source_read(path, &o, &set, &err), VO_OK, "%s", err.msg);
    const vo_readings *r = set->item[0];
    cr_assert_eq(r->n, 4);
    for (size_t t = 0; t < 4; t++) {
        cr_expect_eq(r->start_s[t], s->start[t].s);
        cr_expect(r->column[0].value[t] == s->column[0].value[t]);
    }
    size_t odd = 0;
    while (odd < r->n_columns && strcmp(r->column[odd].name, s->column[1].name) != 0) odd++;
    cr_assert(odd < r->n_columns);
    cr_expect(r->column[odd].value[3] == 1e300 && isnan(r->column[odd].value[2]));
    vo_readings_set_free(set);
    vo_series_free(s);
}

Test(export_parquet, it_goes_into_files_only) {
    vo_series *s = four();
    cr_expect_eq(vo_export_parquet(s, "-", NULL), VO_EINVAL);
    cr_expect_eq(vo_export_parquet(s, "/no/such/folder/a.parquet", NULL), VO_EIO);
    vo_series_free(s);
}
