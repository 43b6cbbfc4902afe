/* test_tariff_export.c -- each test states one promise of tariff_export.h. */
#include "grid/tariff_export.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "support/instant.h"

/* value = year + month/100 + (weekend) 0.5 + hour/10000, the second part is 1 */
static vo_export_table *numbered(void) {
    vo_export_table *x = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_export_table_create("America/Los_Angeles", 2026, 2, 2, &x, &err), VO_OK,
                 "%s", err.msg);
    for (size_t y = 0; y < 2; y++)
        for (size_t m = 0; m < 12; m++)
            for (int k = 0; k < 2; k++)
                for (int h = 0; h < 24; h++) {
                    vo_export_table_hours(x, y, 0, m, (vo_tariff_day)k)[h] =
                        (double)y + (double)m / 100 + k * 0.5 + h / 10000.0;
                    vo_export_table_hours(x, y, 1, m, (vo_tariff_day)k)[h] = 1;
                }
    return x;
}

static double value(const vo_export_table *x, const char *when) {
    double v = -1;
    vo_error err = {0};
    cr_assert_eq(vo_export_table_value(x, 0, at(when), &v, &err), VO_OK, "%s", err.msg);
    return v;
}

Test(tariff_export, values_are_those_of_the_local_year_month_day_and_hour) {
    vo_export_table *x = numbered();
    cr_expect_float_eq(value(x, "2026-01-01T00:00:00-08:00"), 0, 1e-12);
    cr_expect_float_eq(value(x, "2026-07-03T16:59:59-07:00"), 0.06 + 0.0016, 1e-12);
    cr_expect_float_eq(value(x, "2026-07-04T16:00:00-07:00"), 0.06 + 0.5 + 0.0016, 1e-12);
    cr_expect_float_eq(value(x, "2027-12-31T23:00:00-08:00"), 1 + 0.11 + 0.0023, 1e-12);
    x->holiday[x->n_holidays++] = (int32_t)vo_civil_days(2026, 7, 3);
    cr_expect_float_eq(value(x, "2026-07-03T16:00:00-07:00"), 0.56 + 0.0016, 1e-12);
    double v = 0;
    cr_assert_eq(vo_export_table_value(x, 2, at("2026-07-03T16:00:00-07:00"), &v, NULL), VO_OK);
    cr_expect_float_eq(v, 1.5616, 1e-12, "all parts together");
    vo_export_table_free(x);
}

Test(tariff_export, the_second_of_two_equal_hours_counts_as_the_next) {
    vo_export_table *x = numbered();
    cr_expect_float_eq(value(x, "2026-11-01T08:30:00Z"), 0.1 + 0.5 + 0.0001, 1e-12);
    cr_expect_float_eq(value(x, "2026-11-01T09:30:00Z"), 0.1 + 0.5 + 0.0002, 1e-12);
    cr_expect_float_eq(value(x, "2026-11-01T10:30:00Z"), 0.1 + 0.5 + 0.0002, 1e-12);
    cr_expect_float_eq(value(x, "2026-03-08T09:59:59Z"), 0.02 + 0.5 + 0.0001, 1e-12);
    cr_expect_float_eq(value(x, "2026-03-08T10:00:00Z"), 0.02 + 0.5 + 0.0003, 1e-12);
    vo_export_table_free(x);
}

Test(tariff_export, refuses_years_and_values_it_cannot_have) {
    vo_export_table *x = numbered(), *y = NULL;
    vo_error err = {0};
    double v = 7;
    cr_expect_eq(vo_export_table_value(x, 0, at("2025-12-31T23:59:59-08:00"), &v, &err),
                 VO_ENOTFOUND);
    cr_expect(strstr(err.msg, "2026 to 2027, not 2025"), "%s", err.msg);
    cr_expect_eq(v, 7);
    cr_assert_eq(vo_export_table_check(x, &err), VO_OK, "%s", err.msg);
    vo_export_table_hours(x, 1, 0, 4, VO_TARIFF_WEEKEND)[3] = 500;
    cr_expect_eq(vo_export_table_check(x, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "year 2027, month 5, hour 3: 500"), "%s", err.msg);
    vo_export_table_free(x);
    cr_expect_eq(vo_export_table_create("UTC", 2026, 65, 1, &y, &err), VO_EINVAL);
    cr_expect_eq(vo_export_table_create("UTC", 2026, 1, 5, &y, &err), VO_EINVAL);
    cr_expect_eq(vo_export_table_create("No/Where", 2026, 1, 1, &y, &err), VO_ENOTFOUND);
    cr_expect_null(y);
}
