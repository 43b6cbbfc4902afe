/* test_day_table.c -- days of 23, 24 and 25 hours, halves of hours, gaps, and what is revealed
 * when. */
#include "learn/day_table.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/civil.h"
#include "base/zone.h"
#include "support/fault_alloc.h"
#include "support/local_hours.h"

static vo_day_table *table_of(const vo_series *s) {
    vo_day_table *t = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_day_table_create(s, NULL, &t, &err), VO_OK, "%s", err.msg);
    return t;
}

static void number(double *v, size_t n) {
    for (size_t i = 0; i < n; i++) v[i] = (double)i;
}

Test(day_table, a_row_is_a_local_day_and_hours_are_its_columns) {
    vo_series *s = local_hours("Europe/Paris", 2016, 3, 7, 10, "load forecast"); /* a Monday */
    number(s->column[0].value, s->n);
    number(s->column[1].value, s->n);
    s->column[1].value[5] = (double)NAN;
    vo_day_table *t = table_of(s);
    cr_assert_eq(t->n_days, 10);
    cr_assert_eq(t->n_exog, 1);
    cr_assert_str_eq(t->exog_name[0], "load forecast");
    cr_assert_eq(t->date[0], vo_civil_days(2016, 3, 7));
    for (size_t d = 0; d < 10; d++) {
        cr_assert_eq(t->weekday[d], (int32_t)(d % 7));
        for (size_t h = 0; h < 24; h++) {
            cr_assert(isnan(t->price[d * 24 + h]), "nothing is revealed yet");
            if (d * 24 + h != 5)
                cr_assert_float_eq(t->exog[0][d * 24 + h], (double)(d * 24 + h), 0);
        }
    }
    cr_assert(isnan(t->exog[0][5]));
    vo_day_table_free(t);
    vo_series_free(s);
}

Test(day_table, a_skipped_hour_is_the_mean_of_its_neighbours) {
    vo_series *s = local_hours("Europe/Paris", 2016, 3, 26, 3, NULL); /* 27th: no 02:00 */
    number(s->column[0].value, s->n);
    vo_day_table *t = table_of(s);
    vo_day_table_reveal(t, s->column[0].value, s->n);
    const double *day = t->price + 24;
    cr_assert_eq(t->first[2] - t->first[1], 23);
    cr_assert_float_eq(day[1], 25, 0);
    cr_assert_float_eq(day[2], 25.5, 0);
    cr_assert_float_eq(day[3], 26, 0);
    for (size_t i = 0; i < 23; i++) cr_assert_eq(t->hour[t->first[1] + i], i < 2 ? i : i + 1);
    vo_day_table_free(t);
    vo_series_free(s);
}

Test(day_table, a_repeated_hour_is_the_mean_of_both) {
    vo_series *s = local_hours("Europe/Paris", 2016, 10, 29, 3, NULL); /* 30th: 02:00 twice */
    number(s->column[0].value, s->n);
    vo_day_table *t = table_of(s);
    vo_day_table_reveal(t, s->column[0].value, s->n);
    const double *day = t->price + 24;
    cr_assert_eq(t->first[2] - t->first[1], 25);
    cr_assert_float_eq(day[1], 25, 0);
    cr_assert_float_eq(day[2], 26.5, 0);
    cr_assert_float_eq(day[3], 28, 0);
    for (size_t i = 0; i < 25; i++) cr_assert_eq(t->hour[t->first[1] + i], i < 3 ? i : i - 1);
    vo_day_table_free(t);
    vo_series_free(s);
}

/* Half-hours from 2016-02-01 00:00 UTC on. */
static vo_series *halves(size_t n) {
    static const char *const names[] = {"price"};
    vo_series *s = NULL;
    cr_assert_eq(vo_series_create(n, names, 1, NULL, &s, NULL), VO_OK);
    for (size_t i = 0; i < n; i++) {
        s->start[i].s = vo_civil_days(2016, 2, 1) * 86400 + (int64_t)i * 1800;
        s->dt_h[i] = 0.5;
        s->day[i] = (int32_t)(i / 48);
        s->column[0].value[i] = (double)i;
    }
    return s;
}

Test(day_table, shorter_intervals_are_averaged_over_their_hour) {
    vo_series *s = halves(96);
    vo_day_table *t = table_of(s);
    vo_day_table_reveal(t, s->column[0].value, s->n);
    for (size_t i = 0; i < 48; i++) cr_assert_float_eq(t->price[i], 2 * (double)i + 0.5, 0);
    for (size_t i = 0; i < 48; i++) cr_assert_eq(t->hour[t->first[1] + i], i / 2);
    vo_day_table_free(t);
    vo_series_free(s);
}

Test(day_table, only_complete_days_are_revealed) {
    vo_series *s = local_hours("UTC", 2016, 2, 1, 4, NULL);
    number(s->column[0].value, s->n);
    vo_day_table *t = table_of(s);
    vo_day_table_reveal(t, s->column[0].value, 47);
    cr_assert_float_eq(t->price[23], 23, 0);
    cr_assert(isnan(t->price[24]));
    vo_day_table_reveal(t, s->column[0].value, 48);
    cr_assert_float_eq(t->price[47], 47, 0);
    cr_assert(isnan(t->price[48]));
    vo_day_table_reveal(t, s->column[0].value, 30); /* back in time: what came after is gone */
    cr_assert(isnan(t->price[24]));
    cr_assert_float_eq(t->price[23], 23, 0);
    vo_day_table_free(t);
    vo_series_free(s);
}

/* Beyond `known` the array may hold anything; it is never looked at. */
Test(day_table, what_is_not_known_yet_is_not_read) {
    vo_series *s = local_hours("UTC", 2016, 2, 1, 3, NULL);
    double history[24];
    number(history, 24);
    vo_day_table *t = table_of(s);
    vo_day_table_reveal(t, history, 24); /* 24 values long: reading on would be out of bounds */
    cr_assert_float_eq(t->price[23], 23, 0);
    vo_day_table_free(t);
    vo_series_free(s);
}

Test(day_table, revealing_bit_by_bit_is_revealing_at_once) {
    vo_series *s = local_hours("Europe/Paris", 2016, 3, 20, 14, NULL);
    number(s->column[0].value, s->n);
    s->column[0].value[77] = (double)NAN;
    vo_day_table *a = table_of(s), *b = table_of(s);
    for (size_t k = 0; k <= s->n; k += 5) vo_day_table_reveal(a, s->column[0].value, k);
    vo_day_table_reveal(a, s->column[0].value, s->n);
    vo_day_table_reveal(b, s->column[0].value, s->n);
    cr_assert_eq(memcmp(a->price, b->price, a->n_days * 24 * sizeof(double)), 0);
    vo_day_table_free(a);
    vo_day_table_free(b);
    vo_series_free(s);
}

Test(day_table, days_without_rows_keep_their_place_in_the_calendar) {
    vo_series *whole = halves(48 * 5);
    for (size_t i = 48; i + 48 < whole->n; i++) { /* the second day is not there */
        whole->start[i] = whole->start[i + 48];
        whole->day[i] = whole->day[i + 48];
    }
    whole->n -= 48;
    vo_day_table *t = table_of(whole);
    vo_day_table_reveal(t, whole->column[0].value, whole->n);
    cr_assert_eq(t->n_days, 5);
    cr_assert_eq(t->first[1], t->first[2]);
    cr_assert(isnan(t->price[24]));
    cr_assert_float_eq(t->price[48], 48.5, 0);
    cr_assert_eq(vo_day_table_day(t, 47), 0);
    cr_assert_eq(vo_day_table_day(t, 48), 2);
    vo_day_table_free(t);
    vo_series_free(whole);
}

Test(day_table, every_interval_belongs_to_the_day_of_the_series) {
    vo_series *s = local_hours("America/Mexico_City", 2016, 3, 25, 30, NULL);
    vo_day_table *t = table_of(s);
    for (size_t i = 0; i < s->n; i++) cr_assert_eq(vo_day_table_day(t, i), (size_t)s->day[i]);
    vo_day_table_free(t);
    vo_series_free(s);
}

Test(day_table, holidays_come_from_the_zone_or_a_word_of_the_label) {
    vo_series *s = local_hours("Europe/Paris", 2016, 7, 13, 2, NULL);
    vo_day_table *t = table_of(s);
    cr_assert_eq(t->holiday[0], 0);
    cr_assert_eq(t->holiday[1], 1); /* 14 July */
    vo_day_table_free(t);
    vo_series_free(s);
    s = local_hours("UTC", 2016, 7, 4, 11, NULL);
    strcpy(s->label, "EPF DA PJM");
    t = table_of(s);
    cr_assert_eq(t->holiday[0], 1); /* 4 July */
    cr_assert_eq(t->holiday[10], 0);
    vo_day_table_free(t);
    strcpy(s->label, "EPF DA FR");
    t = table_of(s);
    cr_assert_eq(t->holiday[0], 0);
    cr_assert_eq(t->holiday[10], 1);
    vo_day_table_free(t);
    vo_series_free(s);
}

Test(day_table, long_intervals_too_many_columns_and_unknown_zones_are_refused) {
    vo_series *s = halves(20);
    vo_day_table *t = NULL;
    vo_error err = {0};
    for (size_t i = 0; i < s->n; i++) s->dt_h[i] = 6;
    cr_assert_eq(vo_day_table_create(s, NULL, &t, &err), VO_EINVAL);
    cr_assert_not_null(strstr(err.msg, "6 h"), "%s", err.msg);
    for (size_t i = 0; i < s->n; i++) s->dt_h[i] = 0.5;
    strcpy(s->zone, "Nowhere/Land");
    cr_assert_eq(vo_day_table_create(s, NULL, &t, &err), VO_ENOTFOUND);
    vo_series_free(s);

    const char *names[] = {"p", "a", "b", "c", "d", "e", "f", "g", "h",
                           "i", "j", "k", "l", "m", "n", "o", "q", "r"};
    cr_assert_eq(vo_series_create(24, names, 18, NULL, &s, NULL), VO_OK);
    memcpy(s->label, "EPF test", 9); /* where every column is a forecast */
    for (size_t i = 0; i < 24; i++) s->start[i].s = (int64_t)i * 3600, s->dt_h[i] = 1;
    for (size_t k = 1; k < 17; k++) s->column[k].value[3] = 1; /* one column has no value */
    cr_assert_eq(vo_day_table_create(s, NULL, &t, &err), VO_OK);
    cr_assert_eq(t->n_exog, 16);
    vo_day_table_free(t);
    t = NULL;
    s->column[17].value[0] = 1;
    cr_assert_eq(vo_day_table_create(s, NULL, &t, &err), VO_EINVAL);
    cr_assert_not_null(strstr(err.msg, "\"r\""), "%s", err.msg);
    cr_assert_null(t);
    vo_series_free(s);
}

Test(day_table, a_failed_allocation_leaves_nothing_behind) {
    vo_series *s = local_hours("UTC", 2016, 2, 1, 3, NULL);
    for (long left = 0; left < 2; left++) {
        fault f = {.left = left};
        const vo_alloc alloc = fault_alloc(&f);
        vo_day_table *t = NULL;
        cr_assert_eq(vo_day_table_create(s, &alloc, &t, NULL), VO_ENOMEM);
        cr_assert_null(t);
        cr_assert_eq(f.live, 0);
    }
    vo_series_free(s);
}
