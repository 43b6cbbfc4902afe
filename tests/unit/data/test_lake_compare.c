/* What an upsert would change, one series looked up, names alone, and reading over holes. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/lake.h"
#include "support/data_folder.h"

#define NEW_YEAR INT64_C(1735689600) /* 2025-01-01T00:00Z */

static char root[DATA_PATH];
static vo_lake *lake;
static const vo_lake_key key = {"M", "DA", "A", NULL};

static void begin(void) {
    cr_assert(temporary_folder(root));
    cr_assert_eq(vo_lake_open(root, &lake, NULL), VO_OK);
}

static void end(void) {
    vo_lake_close(lake);
    temporary_folder_remove(root);
}

/* Hours first..first+n-1 from the new year; price = hour + shift, the odd ones without a loss. */
static vo_series *make(int first, size_t n, double shift, bool with_loss) {
    static const char *const names[] = {"price", "loss"};
    vo_series *s = NULL;
    cr_assert_eq(vo_series_create(n, names, with_loss ? 2 : 1, NULL, &s, NULL), VO_OK);
    for (size_t t = 0; t < n; t++) {
        const int h = first + (int)t;
        s->start[t].s = NEW_YEAR + h * 3600;
        s->dt_h[t] = 1;
        s->column[0].value[t] = h + shift;
        if (with_loss) s->column[1].value[t] = h % 2 ? (double)NAN : 1;
    }
    return s;
}

static void put(int first, size_t n, double shift, bool with_loss) {
    vo_series *s = make(first, n, shift, with_loss);
    vo_error err = {0};
    cr_assert_eq(vo_lake_upsert(lake, &key, s, NULL, NULL, &err), VO_OK, "%s", err.msg);
    vo_series_free(s);
}

static vo_lake_difference compare(vo_series *s) {
    vo_lake_difference d = {9, 9, 9};
    vo_error err = {0};
    cr_assert_eq(vo_lake_compare(lake, &key, s, &d, &err), VO_OK, "%s", err.msg);
    vo_series_free(s);
    return d;
}

static void expect(vo_lake_difference d, size_t added, size_t changed, size_t same) {
    cr_expect(d.added == added && d.changed == changed && d.same == same, "%zu %zu %zu",
              d.added, d.changed, d.same);
}

Test(lake_compare, rows_are_told_apart_over_the_end_of_a_year, .init = begin, .fini = end) {
    expect(compare(make(-5, 10, 0, true)), 10, 0, 0);
    put(-5, 10, 0, true);
    expect(compare(make(-5, 10, 0, true)), 0, 0, 10);
    expect(compare(make(-5, 10, 0, false)), 0, 0, 10); /* columns that are not given stay */
    expect(compare(make(-5, 10, 0.5, true)), 0, 10, 0);
    expect(compare(make(3, 4, 0, true)), 2, 0, 2);
    vo_series *s = make(-5, 10, 0, true);
    s->column[0].value[4] = (double)NAN;
    s->column[1].value[5] = 7;
    expect(compare(s), 0, 2, 8);
    put(20, 2, 0, true); /* with a hole before it */
    expect(compare(make(18, 4, 0, true)), 2, 0, 2);
}

Test(lake_compare, a_length_that_changes_is_a_change, .init = begin, .fini = end) {
    put(0, 4, 0, true);
    vo_series *s = make(0, 4, 0, true);
    s->dt_h[3] = 0.5;
    expect(compare(s), 0, 1, 3);
}

Test(lake_compare, holes_are_read_over_only_where_that_is_asked, .init = begin, .fini = end) {
    put(0, 4, 0, true);
    put(10, 4, 0, true);
    vo_series *s = NULL;
    vo_error err = {0};
    const vo_time from = {NEW_YEAR}, to = {NEW_YEAR + 86400};
    cr_expect_eq(vo_lake_read(lake, &key, from, to, &s, &err), VO_EINVAL);
    cr_assert_eq(vo_lake_read_holes(lake, &key, from, to, &s, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(s->n, 8u);
    cr_expect_eq(s->start[4].s - s->start[3].s, 7 * 3600);
    cr_expect_eq(s->dt_h[3], 1);
    vo_series_free(s);
}

Test(lake_compare, one_series_is_looked_up_as_the_list_has_it, .init = begin, .fini = end) {
    put(-5, 10, 0, true);
    vo_lake_entry *all = NULL, *names = NULL, one;
    size_t n = 0, m = 0;
    vo_error err = {0};
    const vo_lake_key open = {"M", NULL, "A", NULL}, absent = {"M", NULL, "B", NULL};
    cr_assert_eq(vo_lake_list(lake, &all, &n, NULL), VO_OK);
    cr_assert_eq(vo_lake_names(lake, &names, &m, NULL), VO_OK);
    cr_assert_eq(vo_lake_look(lake, &open, &one, &err), VO_OK, "%s", err.msg);
    cr_assert(n == 1 && m == 1);
    cr_expect_str_eq(one.process, "DA");
    cr_expect(one.rows == 10 && one.first_s == all->first_s && one.last_s == all->last_s);
    cr_expect(one.n_columns == 2 && one.interval_h == 1 && one.damaged == 0);
    cr_expect_str_eq(names->node, "A");
    cr_expect_eq(names->rows, 0, "no file is read");
    cr_expect_eq(vo_lake_look(lake, &absent, &one, &err), VO_ENOTFOUND);
    free(all);
    free(names);
}
