/* test_load_rows.c -- rows about loads hold what their names say, worked out by hand. */
#include "learn/load_rows.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/local_hours.h"

enum { S = 24, DAYS = 30 };

/* 2024-01-01 was a Monday. Value = 1 + index / 1000: every lookup shows where it was. */
static vo_series *ramp(void) {
    vo_series *s = local_hours("UTC", 2024, 1, 1, DAYS, "temperature_forecast");
    snprintf(s->column[0].name, sizeof s->column[0].name, "load");
    for (size_t t = 0; t < s->n; t++) {
        s->column[0].value[t] = 1 + (double)t / 1000;
        s->column[1].value[t] = (double)t * 0.5;
    }
    return s;
}

static double at(size_t t) { return 1 + (double)t / 1000; }

static double mean(size_t from, size_t to) { /* of a ramp */
    return (at(from) + at(to - 1)) / 2;
}

Test(load_rows, every_lookup_is_where_its_name_says) {
    vo_series *s = ramp();
    vo_load_eye e = {0};
    float row[VO_LOAD_FEATURES];
    const size_t known = 20 * S + 10;
    cr_assert_eq(vo_load_eye_init(&e, s, &vo_alloc_libc, NULL), VO_OK);
    vo_load_eye_to(&e, s->column[0].value, known, S);
    const double k = mean(known - 14 * S, known);
    cr_assert_float_eq(e.scale, k, 1e-12);
    for (size_t lead = 1; lead <= S; lead++) {
        const size_t t = known + lead - 1;
        vo_load_eye_row(&e, t, row);
        const struct {
            int feature;
            double want;
        } is[] = {
            {VO_LOAD_lead_h, (double)lead},
            {VO_LOAD_hour, (double)(t % S)},
            {VO_LOAD_weekday, (double)(t / S % 7)},
            {VO_LOAD_profile, vo_load_eye_profile(&e, t) / k},
            {VO_LOAD_spread, vo_load_eye_spread(&e, t) / k},
            {VO_LOAD_last, at(known - 1) / k},
            {VO_LOAD_mean_1h, at(known - 1) / k},
            {VO_LOAD_mean_3h, mean(known - 3, known) / k},
            {VO_LOAD_mean_24h, mean(known - S, known) / k},
            {VO_LOAD_least_24h, at(known - S) / k},
            {VO_LOAD_most_24h, at(known - 1) / k},
            {VO_LOAD_mean_7d, mean(known - 7 * S, known) / k},
            {VO_LOAD_yesterday, at(t - S) / k},
            {VO_LOAD_before, at(t - 2 * S) / k},
            {VO_LOAD_last_week, at(t - 7 * S) / k},
            {VO_LOAD_temperature, 0.5 * (double)t},
            {VO_LOAD_warmer, 0.5 * S},
        };
        for (size_t i = 0; i < sizeof is / sizeof *is; i++)
            cr_assert_float_eq((double)row[is[i].feature], is[i].want, 1e-5, "%s, lead %zu",
                               vo_load_feature_name((size_t)is[i].feature), lead);
        /* an hour before to an hour after, as far as it is known */
        const size_t end = t - S + 2 < known ? t - S + 2 : known;
        cr_assert_float_eq((double)row[VO_LOAD_yesterday_2h], mean(t - S - 1, end) / k, 1e-5);
        cr_assert(isnan(row[VO_LOAD_irradiance]) && isnan(row[VO_LOAD_brighter]));
    }
    vo_load_eye_fini(&e);
    vo_series_free(s);
}

Test(load_rows, beyond_a_day_yesterday_is_the_last_day_that_is_known) {
    vo_series *s = ramp();
    vo_load_eye e = {0};
    float row[VO_LOAD_FEATURES];
    const size_t known = 20 * S, t = known + S + 5;
    cr_assert_eq(vo_load_eye_init(&e, s, &vo_alloc_libc, NULL), VO_OK);
    vo_load_eye_to(&e, s->column[0].value, known, 2 * S);
    vo_load_eye_row(&e, t, row);
    cr_assert_float_eq((double)row[VO_LOAD_yesterday] * e.scale, at(t - 2 * S), 1e-5);
    cr_assert_float_eq((double)row[VO_LOAD_before] * e.scale, at(t - 3 * S), 1e-5);
    vo_load_eye_fini(&e);
    vo_series_free(s);
}

Test(load_rows, values_to_come_and_columns_not_known_ahead_are_not_read) {
    vo_series *s = ramp(), *poisoned = ramp();
    vo_load_eye e = {0}, f = {0};
    float a[VO_LOAD_FEATURES], b[VO_LOAD_FEATURES];
    const size_t known = 15 * S + 3;
    for (size_t t = known; t < s->n; t++) poisoned->column[0].value[t] = -1e9;
    snprintf(s->column[1].name, sizeof s->column[1].name, "temperature_c"); /* measured */
    cr_assert_eq(vo_load_eye_init(&e, s, &vo_alloc_libc, NULL), VO_OK);
    cr_assert_eq(vo_load_eye_init(&f, poisoned, &vo_alloc_libc, NULL), VO_OK);
    cr_assert_null(e.temperature);
    cr_assert_not_null(f.temperature);
    vo_load_eye_to(&e, s->column[0].value, known, S);
    vo_load_eye_to(&f, poisoned->column[0].value, known, S);
    for (size_t t = known; t < known + S; t++) {
        vo_load_eye_row(&e, t, a);
        vo_load_eye_row(&f, t, b);
        cr_assert_eq(memcmp(a, b, VO_LOAD_temperature * sizeof *a), 0);
        cr_assert(isnan(a[VO_LOAD_temperature]) && !isnan(b[VO_LOAD_temperature]));
    }
    vo_load_eye_fini(&e);
    vo_load_eye_fini(&f);
    vo_series_free(s);
    vo_series_free(poisoned);
}

Test(load_rows, a_home_twice_as_large_has_the_same_rows) {
    vo_series *s = ramp(), *twice = ramp();
    vo_load_eye e = {0}, f = {0};
    float a[VO_LOAD_FEATURES], b[VO_LOAD_FEATURES];
    for (size_t t = 0; t < s->n; t++) twice->column[0].value[t] *= 2;
    s->column[0].value[200] = twice->column[0].value[200] = (double)NAN;
    cr_assert_eq(vo_load_eye_init(&e, s, &vo_alloc_libc, NULL), VO_OK);
    cr_assert_eq(vo_load_eye_init(&f, twice, &vo_alloc_libc, NULL), VO_OK);
    vo_load_eye_to(&e, s->column[0].value, 250, S);
    vo_load_eye_to(&f, twice->column[0].value, 250, S);
    for (size_t t = 250; t < 250 + S; t++) {
        vo_load_eye_row(&e, t, a);
        vo_load_eye_row(&f, t, b);
        cr_assert_eq(memcmp(a, b, sizeof a), 0);
    }
    vo_load_eye_fini(&e);
    vo_load_eye_fini(&f);
    vo_series_free(s);
    vo_series_free(twice);
}

Test(load_rows, nothing_known_is_missing_and_not_zero) {
    vo_series *s = ramp();
    vo_load_eye e = {0};
    float row[VO_LOAD_FEATURES];
    cr_assert_eq(vo_load_eye_init(&e, s, &vo_alloc_libc, NULL), VO_OK);
    vo_load_eye_to(&e, s->column[0].value, 0, S);
    vo_load_eye_row(&e, 5, row);
    cr_assert_float_eq(e.scale, 0, 0);
    cr_assert(isnan(row[VO_LOAD_last]) && isnan(row[VO_LOAD_yesterday]) &&
              isnan(row[VO_LOAD_mean_7d]));
    vo_load_eye_fini(&e);
    vo_load_eye_fini(&e);
    vo_series_free(s);
}
