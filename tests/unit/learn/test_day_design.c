/* test_day_design.c -- where each input of the row comes from, what stands in for a missing one,
 * and the level of the days before. */
#include "learn/day_design.h"

#include <criterion/criterion.h>
#include <math.h>

#include "support/local_hours.h"

enum { H = VO_DAY_HOURS, DAYS = 40, DAY = 20, WIDTH = 96 + 72 + 8 };

/* Prices 100 day + hour, loads the same negative; 2016-02-01 is a Monday. */
static vo_day_table *made_table(void) {
    vo_series *s = local_hours("Europe/Paris", 2016, 2, 1, DAYS, "load forecast");
    vo_day_table *t = NULL;
    for (size_t i = 0; i < s->n; i++) {
        s->column[0].value[i] = 100.0 * (double)(i / H) + (double)(i % H);
        s->column[1].value[i] = -s->column[0].value[i];
    }
    cr_assert_eq(vo_day_table_create(s, NULL, &t, NULL), VO_OK);
    vo_day_table_reveal(t, s->column[0].value, s->n);
    vo_series_free(s);
    return t;
}

Test(day_design, each_input_is_where_the_header_says) {
    static const size_t price_lag[] = {1, 2, 3, 7}, load_lag[] = {0, 1, 7};
    vo_day_table *t = made_table();
    double row[WIDTH];
    cr_assert_eq(vo_day_design_width(1), WIDTH);
    cr_assert_eq(vo_day_design_marks(), 8);
    vo_day_design_row(t, DAY, row);
    for (size_t k = 0; k < 4; k++)
        for (size_t h = 0; h < H; h++)
            cr_assert_float_eq(row[k * H + h], 100.0 * (double)(DAY - price_lag[k]) + (double)h,
                               0);
    for (size_t k = 0; k < 3; k++)
        for (size_t h = 0; h < H; h++)
            cr_assert_float_eq(row[96 + k * H + h],
                               -100.0 * (double)(DAY - load_lag[k]) - (double)h, 0);
    for (size_t w = 0; w < 7; w++) cr_assert_float_eq(row[168 + w], DAY % 7 == w, 0);
    cr_assert_float_eq(row[175], 0, 0);
    t->holiday[DAY] = 1;
    vo_day_design_row(t, DAY, row);
    cr_assert_float_eq(row[175], 1, 0);
    vo_day_table_free(t);
}

Test(day_design, a_missing_hour_is_that_of_the_latest_day_before_within_a_week) {
    vo_day_table *t = made_table();
    double row[WIDTH];
    t->price[(DAY - 1) * H + 5] = (double)NAN;
    t->price[(DAY - 2) * H + 5] = (double)NAN;
    for (size_t d = 0; d <= DAY; d++) t->exog[0][d * H + 9] = (double)NAN;
    vo_day_design_row(t, DAY, row);
    cr_assert_float_eq(row[5], 100.0 * (DAY - 3) + 5, 0);
    cr_assert_float_eq(row[H + 5], 100.0 * (DAY - 3) + 5, 0);
    cr_assert_float_eq(row[6], 100.0 * (DAY - 1) + 6, 0);
    cr_assert(isnan(row[96 + 9]));
    t->exog[0][(DAY - 7) * H + 9] = 3; /* just near enough for today */
    vo_day_design_row(t, DAY, row);
    cr_assert_float_eq(row[96 + 9], 3, 0);
    t->exog[0][(DAY - 7) * H + 9] = (double)NAN;
    t->exog[0][(DAY - 8) * H + 9] = 3; /* too far for today, near enough for yesterday */
    vo_day_design_row(t, DAY, row);
    cr_assert(isnan(row[96 + 9]));
    cr_assert_float_eq(row[96 + H + 9], 3, 0);
    vo_day_table_free(t);
}

Test(day_design, a_day_has_prices_if_it_has_all) {
    vo_day_table *t = made_table();
    cr_assert(vo_day_design_has_prices(t, DAY));
    t->price[DAY * H + 23] = (double)NAN;
    cr_assert_not(vo_day_design_has_prices(t, DAY));
    vo_day_table_free(t);
}

Test(day_design, the_level_is_mean_and_distance_of_the_days_before) {
    vo_day_table *t = made_table();
    vo_day_level l = vo_day_design_level(t, DAY, 0, 0);
    cr_assert_float_eq(l.centre, 0, 0);
    cr_assert_float_eq(l.spread, 1, 0);
    l = vo_day_design_level(t, DAY, 3, 0); /* days 17, 18, 19 and 11.5 for the hours */
    cr_assert_float_eq(l.centre, 1811.5, 1e-9);
    cr_assert_float_eq(l.spread, 1, 0);
    double sum = 0;
    for (size_t d = DAY - 2; d < DAY; d++)
        for (size_t h = 0; h < H; h++)
            sum += fabs(100.0 * (double)d + (double)h - 1811.5) / (2 * H);
    l = vo_day_design_level(t, DAY, 3, 2);
    cr_assert_float_eq(l.spread, sum, 1e-9);
    t->price[(DAY - 1) * H] = (double)NAN; /* left out of the mean */
    l = vo_day_design_level(t, DAY, 1, 0);
    cr_assert_float_eq(l.centre, 1900 + 276.0 / 23, 1e-9);
    for (size_t i = 0; i < (size_t)DAY * H; i++) t->price[i] = (double)NAN;
    l = vo_day_design_level(t, DAY, 7, 7);
    cr_assert_float_eq(l.centre, 0, 0);
    cr_assert_float_eq(l.spread, 1, 0);
    for (size_t i = 0; i < (size_t)DAY * H; i++) t->price[i] = 8; /* nothing moves */
    l = vo_day_design_level(t, DAY, 7, 7);
    cr_assert_float_eq(l.centre, 8, 0);
    cr_assert_float_eq(l.spread, 1, 0);
    vo_day_table_free(t);
}
