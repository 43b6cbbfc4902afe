/* Coarser steps against sums over minutes: every minute of a span is put into the step that its
 * wall-clock time names, and the means are compared. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/price_resample.h"

static int64_t utc(int32_t year, int32_t month, int32_t day, int32_t hour, int32_t minute) {
    const vo_civil c = {year, month, day, hour, minute, 0};
    return vo_civil_seconds(&c);
}

static vo_zone *zone_of(const char *name) {
    vo_zone *z = NULL;
    cr_assert_eq(vo_zone_open(name, &z, NULL), VO_OK);
    return z;
}

static vo_series *series(int64_t from_s, int64_t to_s, int64_t step_s) {
    const char *const name[] = {"price", "loss"};
    const size_t n = (size_t)((to_s - from_s) / step_s);
    vo_series *s = NULL;
    cr_assert_eq(vo_series_create(n, name, 2, NULL, &s, NULL), VO_OK);
    for (size_t t = 0; t < n; t++) {
        s->start[t].s = from_s + (int64_t)t * step_s;
        s->dt_h[t] = (double)step_s / 3600;
        s->column[0].value[t] = 50 + 40 * sin((double)t * 0.7) + (double)(t % 5);
        s->column[1].value[t] = t % 7 == 3 ? (double)NAN : (double)t;
    }
    return s;
}

static vo_step step_of(const char *text) {
    vo_step s = {0};
    vo_error err = {0};
    cr_assert_eq(vo_step_parse(text, &s, &err), VO_OK, "%s", err.msg);
    return s;
}

static vo_series *resample(const vo_series *s, const vo_zone *z, const char *step,
                           vo_statistic statistic) {
    const vo_step k = step_of(step);
    vo_series *to = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_price_resample(s, z, &k, statistic, &to, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_series_check(to, NULL), VO_OK);
    return to;
}

/* The name of a minute's step: date, and number of the step in its day by the wall clock; steps of
 * up to an hour tell the two passes through a repeated hour apart by their offset. */
static int64_t name_of(const vo_zone *z, int64_t at, int32_t minutes) {
    const int32_t offset_s = vo_zone_offset(z, at);
    const int64_t wall_m = (at + offset_s) / 60;
    const int64_t name = wall_m / minutes * 8;
    return minutes <= 60 ? name * 100000 + offset_s : name;
}

static void agrees(const char *zone_name, int64_t from_s, int64_t to_s, int64_t data_s,
                   const char *text, int32_t minutes) {
    vo_zone *z = zone_of(zone_name);
    vo_series *s = series(from_s, to_s, data_s), *to = resample(s, z, text, VO_STATISTIC_MEAN);
    size_t row = 0;
    double sum = 0, n = 0;
    int64_t first = from_s;
    for (int64_t at = from_s; at <= to_s; at += 60) {
        if (at == to_s ||
            (at > from_s && name_of(z, at, minutes) != name_of(z, at - 60, minutes))) {
            cr_assert(row < to->n, "%s %s: too few rows", zone_name, text);
            cr_expect_eq(to->start[row].s, first, "%s %s row %zu: %lld, not %lld", zone_name,
                         text, row, (long long)to->start[row].s, (long long)first);
            cr_expect_float_eq(to->column[0].value[row], sum / n, 1e-9, "%s %s row %zu",
                               zone_name, text, row);
            cr_expect_float_eq(to->dt_h[row], n / 60, 1e-9, "%s %s row %zu", zone_name, text,
                               row);
            row++;
            sum = n = 0;
            first = at;
        }
        if (at == to_s) break;
        sum += s->column[0].value[(at - from_s) / data_s];
        n++;
    }
    cr_expect_eq(row, to->n);
    vo_series_free(to);
    vo_series_free(s);
    vo_zone_close(z);
}

Test(price_resample, means_are_those_of_minutes_also_where_clocks_change) {
    /* whole local days around 2024-03-10 and 2024-11-03 */
    const int64_t spring = utc(2024, 3, 9, 5, 0), spring_end = utc(2024, 3, 12, 4, 0);
    const int64_t autumn = utc(2024, 11, 2, 4, 0), autumn_end = utc(2024, 11, 5, 5, 0);
    static const struct {
        const char *text;
        int32_t minutes;
    } step[] = {{"15m", 15},   {"PT30M", 30}, {"60", 60},      {"1h", 60},  {"2h", 120},
                {"PT3H", 180}, {"6h", 360},   {"720min", 720}, {"1d", 1440}};
    for (size_t i = 0; i < sizeof step / sizeof step[0]; i++) {
        agrees("America/New_York", spring, spring_end, 300, step[i].text, step[i].minutes);
        agrees("America/New_York", autumn, autumn_end, 300, step[i].text, step[i].minutes);
        agrees("UTC", utc(2024, 2, 28, 0, 0), utc(2024, 3, 2, 0, 0), 900, step[i].text,
               step[i].minutes);
        agrees("Asia/Kathmandu", utc(2024, 5, 1, 18, 15), utc(2024, 5, 3, 18, 15), 900,
               step[i].text, step[i].minutes);
    }
    agrees("America/New_York", spring, spring_end, 3600, "1h", 60);
    /* clocks go by half an hour, also in the midst of a step */
    agrees("Australia/Lord_Howe", utc(2024, 4, 5, 13, 0), utc(2024, 4, 7, 13, 30), 300, "1h",
           60);
    agrees("Australia/Lord_Howe", utc(2024, 10, 4, 13, 30), utc(2024, 10, 6, 13, 0), 300, "1h",
           60);
    /* ... and once at a minute past midnight */
    agrees("America/St_Johns", utc(2006, 4, 1, 3, 30), utc(2006, 4, 3, 2, 30), 60, "1h", 60);
    agrees("America/St_Johns", utc(2006, 10, 28, 2, 30), utc(2006, 10, 30, 3, 30), 60, "1h",
           60);
    agrees("America/St_Johns", utc(2006, 4, 1, 3, 30), utc(2006, 4, 3, 2, 30), 60, "20m", 20);
}

Test(price_resample, an_interval_in_two_steps_counts_in_both) {
    /* hours of UTC in a zone of a quarter: an hour by the wall is a quarter of one, three of another */
    vo_zone *z = zone_of("Asia/Kathmandu");
    vo_series *s = series(utc(2024, 5, 1, 18, 0), utc(2024, 5, 2, 18, 0), 3600);
    vo_series *to = resample(s, z, "1h", VO_STATISTIC_MEAN);
    const double *v = s->column[0].value;
    cr_expect_eq(to->start[1].s, utc(2024, 5, 1, 18, 15));
    cr_expect_float_eq(to->column[0].value[1], 0.75 * v[0] + 0.25 * v[1], 1e-12);
    vo_series_free(to);
    vo_series_free(s);
    vo_zone_close(z);
}

Test(price_resample, weeks_begin_on_monday_and_months_on_the_first) {
    vo_zone *z = zone_of("Europe/Berlin");
    vo_series *s = series(utc(2024, 1, 2, 23, 0), utc(2024, 4, 30, 22, 0), 3600);
    vo_series *week = resample(s, z, "1w", VO_STATISTIC_MEAN);
    vo_series *month = resample(s, z, "P1M", VO_STATISTIC_FIRST);
    cr_expect_eq(week->start[0].s, utc(2023, 12, 31, 23, 0), "a Monday, before the first hour");
    cr_expect_eq(week->start[13].s, utc(2024, 3, 31, 22, 0), "in summer time");
    cr_assert_eq(month->n, 4u);
    cr_expect_eq(month->start[3].s, utc(2024, 3, 31, 22, 0));
    cr_expect_float_eq(month->dt_h[2], 743, 1e-9, "March 2024 had an hour less");
    cr_expect_eq(month->column[0].value[1], s->column[0].value[29 * 24]);
    vo_series_free(week);
    vo_series_free(month);
    vo_series_free(s);
    vo_zone_close(z);
}

Test(price_resample, other_statistics_are_of_the_values_that_are_there) {
    vo_zone *z = zone_of("UTC");
    vo_series *s = series(utc(2024, 1, 1, 0, 0), utc(2024, 1, 2, 0, 0), 3600);
    static const double want[VO_STATISTICS] = {[VO_STATISTIC_MEAN] = (0 + 1 + 2 + 4 + 5) / 5.0,
                                               [VO_STATISTIC_MIN] = 0,
                                               [VO_STATISTIC_MAX] = 5,
                                               [VO_STATISTIC_FIRST] = 0,
                                               [VO_STATISTIC_LAST] = 5};
    for (size_t k = 0; k < VO_STATISTICS; k++) {
        vo_series *to = resample(s, z, "6h", (vo_statistic)k); /* 0 1 2 - 4 5 */
        cr_expect_eq(to->column[1].value[0], want[k], "%s", vo_statistic_name[k]);
        vo_series_free(to);
    }
    for (size_t t = 0; t < 6; t++) s->column[1].value[t] = (double)NAN;
    vo_series *none = resample(s, z, "6h", VO_STATISTIC_MAX);
    cr_expect(isnan(none->column[1].value[0]) && none->column[1].value[1] == 11);
    vo_series_free(none);
    vo_series_free(s);
    vo_zone_close(z);
}

Test(price_resample, finer_than_the_data_is_refused_with_their_step) {
    vo_zone *z = zone_of("UTC");
    vo_series *s = series(utc(2024, 1, 1, 0, 0), utc(2024, 1, 2, 0, 0), 3600), *to = NULL;
    const vo_step step = step_of("30m");
    vo_error err = {0};
    cr_expect_eq(vo_price_resample(s, z, &step, VO_STATISTIC_MEAN, &to, &err), VO_EINVAL);
    cr_expect(!to && strstr(err.msg, "60 minutes"), "%s", err.msg);
    vo_series_free(s);
    vo_zone_close(z);
}

Test(price_resample, what_is_no_step_is_refused) {
    static const char *const bad[] = {"",     "7m",   "0",   "-15",  "1.5h",     "2d",
                                      "P2M",  "PT1D", "P1H", "48h",  "1y",       "h",
                                      "15 m", "PT",   "P",   "1441", "99999999", "25h"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        vo_step s = {0};
        vo_error err = {0};
        cr_expect_eq(vo_step_parse(bad[i], &s, &err), VO_EINVAL, "%s", bad[i]);
        cr_expect(strstr(err.msg, "resolution ="), "%s", err.msg);
    }
    cr_expect_eq(step_of("24h").kind, VO_STEP_DAY);
    cr_expect_eq(step_of("1440").kind, VO_STEP_DAY);
    cr_expect_eq(step_of("PT1M").minutes, 1);
    cr_expect_eq(step_of("RAW").kind, VO_STEP_RAW);
}
