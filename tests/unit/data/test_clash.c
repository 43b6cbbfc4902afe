/* test_clash.c -- corrections told from a layout that was not understood. */
#include "data/clash.h"

#include <criterion/criterion.h>
#include <math.h>

#include "support/data_folder.h"

typedef struct {
    int64_t start_s;
    double value;
} row;

static vo_clash look_at(const row *rows, size_t n) {
    const char *column = "price";
    vo_readings_set *set = NULL;
    vo_readings *r = NULL;
    vo_clash c;
    cr_assert_eq(vo_readings_set_create(&set, NULL), VO_OK);
    cr_assert_eq(vo_readings_set_node(set, "M", "P", "N", &column, 1, &r, NULL), VO_OK);
    for (size_t i = 0; i < n; i++)
        cr_assert_eq(
            vo_readings_add(set, r, rows[i].start_s, (uint32_t)i + 2, 0, &rows[i].value, NULL),
            VO_OK);
    cr_assert_eq(vo_clash_look(set, &c, NULL), VO_OK);
    vo_readings_set_free(set);
    return c;
}

Test(clash, rows_of_one_time_clash_only_with_other_values) {
    const row same[] = {{0, 1}, {0, 1}, {3600, 2}, {3600, 2}};
    const row none[] = {{0, 1}, {0, (double)NAN}, {3600, 2}, {7200, 2}};
    const row two[] = {{0, 1}, {3600, 2}, {7200, 5}, {0, 3}};
    const row many[] = {{0, 1}, {3600, 2}, {0, 3}, {0, 1}, {3600, 4}, {7200, 1}};
    cr_expect_eq(look_at(same, 4).clashing, 0);
    cr_expect_eq(look_at(none, 4).clashing, 0);
    vo_clash c = look_at(two, 4);
    cr_expect(c.rows == 4 && c.clashing == 2 && c.line[0] == 2 && c.line[1] == 5);
    cr_expect_not(vo_clash_is_layout(&c));
    c = look_at(many, 6);
    cr_expect(c.rows == 6 && c.clashing == 5 && c.line[0] == 2 && c.line[1] == 4);
    cr_expect(vo_clash_is_layout(&c));
}

/* More rows than are looked at, days one after the other for each hour. */
Test(clash, a_long_table_is_judged_by_its_first_span) {
    enum { DAYS = 20000, HOURS = 24 };
    const char *column = "price";
    vo_readings_set *set = NULL;
    vo_readings *r = NULL;
    vo_clash c;
    char folder[DATA_PATH];
    cr_assert(temporary_folder(folder));
    cr_assert_eq(vo_readings_set_create_spilling(folder, 1 << 20, &set, NULL), VO_OK);
    cr_assert_eq(vo_readings_set_node(set, "M", "P", "N", &column, 1, &r, NULL), VO_OK);
    for (int h = 0; h < HOURS; h++)
        for (int d = 0; d < DAYS; d++) {
            const double v = h + d;
            cr_assert_eq(vo_readings_add(set, r, d * INT64_C(86400), 1, 0, &v, NULL), VO_OK);
        }
    cr_assert_eq(vo_clash_look(set, &c, NULL), VO_OK);
    cr_expect(c.rows > 100000 && c.rows < (size_t)DAYS * HOURS && c.clashing == c.rows,
              "%zu of %zu", c.clashing, c.rows);
    vo_readings_set_free(set);
    temporary_folder_remove(folder);
}
