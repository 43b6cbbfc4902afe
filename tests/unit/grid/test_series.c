/* test_series.c -- each test states one promise of series.h. */
#include "grid/series.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "support/fault_alloc.h"

static const char *const two[] = {"price", "Load_MW"};

/* Hours from 2024-01-01T00:00Z, a new day every 24. */
static vo_series *hourly(size_t n) {
    vo_series *s = NULL;
    cr_assert_eq(vo_series_create(n, two, 2, NULL, &s, NULL), VO_OK);
    for (size_t t = 0; t < n; t++) {
        s->start[t].s = 1704067200 + (int64_t)t * 3600;
        s->dt_h[t] = 1;
        s->day[t] = (int32_t)(t / 24);
        s->column[0].value[t] = (double)t;
        s->column[1].value[t] = -(double)t;
    }
    return s;
}

Test(series, a_new_series_has_zeroed_times_and_missing_values) {
    vo_series *s = NULL;
    cr_assert_eq(vo_series_create(1000, two, 2, NULL, &s, NULL), VO_OK);
    cr_assert(s->n == 1000 && s->n_columns == 2);
    for (size_t t = 0; t < s->n; t++) {
        cr_assert(s->start[t].s == 0 && s->dt_h[t] == 0 && s->day[t] == 0);
        cr_assert(isnan(s->column[0].value[t]) && isnan(s->column[1].value[t]));
    }
    cr_assert_str_eq(s->zone, "UTC");
    cr_assert_str_eq(s->currency, "");
    vo_series_free(s);
    vo_series_free(NULL);
}

Test(series, columns_are_found_without_case) {
    vo_series *s = hourly(3);
    cr_assert_eq(vo_series_find(s, "PRICE"), s->column[0].value);
    cr_assert_eq(vo_series_find(s, "load_mw"), s->column[1].value);
    cr_assert_null(vo_series_find(s, "pric"));
    const double *v = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_series_column(s, "Price", &v, &err), VO_OK);
    cr_assert_eq(v, (const double *)s->column[0].value);
    v = NULL;
    cr_assert_eq(vo_series_column(s, "prise", &v, &err), VO_ENOTFOUND);
    cr_assert_null(v);
    cr_assert_str_eq(err.msg, "there is no column \"prise\": did you mean \"price\"? "
                              "There are: price, Load_MW");
    cr_assert_eq(vo_series_column(s, "temperature", &v, &err), VO_ENOTFOUND);
    cr_assert_str_eq(err.msg, "there is no column \"temperature\". There are: price, Load_MW");
    vo_series_free(s);
}

Test(series, impossible_sizes_and_names_are_refused) {
    const char *many[65], *twice[] = {"a", "b", "A"}, *empty[] = {""};
    char longest[65];
    memset(longest, 'x', sizeof longest);
    longest[64] = '\0';
    const char *long_name[] = {longest};
    char name[65][4];
    for (int i = 0; i < 65; i++) {
        name[i][0] = (char)('A' + i / 26);
        name[i][1] = (char)('0' + i % 10);
        name[i][2] = (char)('a' + i % 26);
        name[i][3] = '\0';
        many[i] = name[i];
    }
    vo_series *s = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_series_create(0, two, 2, NULL, &s, &err), VO_EINVAL);
    cr_assert_eq(vo_series_create(10000001, two, 2, NULL, &s, &err), VO_EINVAL);
    cr_assert_not_null(strstr(err.msg, "10000001"));
    cr_assert_eq(vo_series_create(SIZE_MAX, two, 2, NULL, &s, &err), VO_EINVAL);
    cr_assert_eq(vo_series_create(1, many, 65, NULL, &s, &err), VO_EINVAL);
    cr_assert_not_null(strstr(err.msg, "65 columns"));
    cr_assert_eq(vo_series_create(1, twice, 3, NULL, &s, &err), VO_EINVAL);
    cr_assert_str_eq(err.msg, "columns 1 and 3 are both named \"A\": rename one");
    cr_assert_eq(vo_series_create(1, empty, 1, NULL, &s, &err), VO_EINVAL);
    cr_assert_eq(vo_series_create(1, long_name, 1, NULL, &s, &err), VO_EINVAL);
    cr_assert_null(s);
    longest[63] = '\0';
    cr_assert_eq(vo_series_create(1, long_name, 1, NULL, &s, &err), VO_OK);
    vo_series_free(s);
    cr_assert_eq(vo_series_create(1, many, 64, NULL, &s, &err), VO_OK);
    vo_series_free(s);
}

Test(series, check_names_the_interval_and_its_time) {
    vo_error err = {0};
    vo_series *s = hourly(48);
    cr_assert_eq(vo_series_check(s, &err), VO_OK);
    s->start[5] = s->start[4];
    cr_assert_eq(vo_series_check(s, &err), VO_EINVAL);
    cr_assert_not_null(strstr(err.msg, "interval 5, 2024-01-01T04:00:00Z"), "%s", err.msg);
    cr_assert_not_null(strstr(err.msg, "twice"), "%s", err.msg);
    s->start[5].s -= 7200;
    cr_assert_eq(vo_series_check(s, &err), VO_EINVAL);
    cr_assert_not_null(strstr(err.msg, "sort"), "%s", err.msg);
    vo_series_free(s);

    const double lengths[] = {0, -1, (double)NAN, (double)INFINITY};
    for (int i = 0; i < 4; i++) {
        s = hourly(3);
        s->dt_h[2] = lengths[i];
        cr_assert_eq(vo_series_check(s, &err), VO_EINVAL);
        cr_assert_not_null(strstr(err.msg, "interval 2, 2024-01-01T02:00:00Z: length"), "%s",
                           err.msg);
        vo_series_free(s);
    }
    s = hourly(48);
    s->day[30] = 0;
    cr_assert_eq(vo_series_check(s, &err), VO_EINVAL);
    cr_assert_not_null(strstr(err.msg, "day number 0 after day 1"), "%s", err.msg);
    s->start[0].s = INT64_MIN; /* a time no calendar has is still printed */
    s->start[1].s = INT64_MAX;
    cr_assert_eq(vo_series_check(s, &err), VO_EINVAL);
    vo_series_free(s);
}

Test(series, a_slice_is_the_intervals_that_start_within_it_with_days_from_zero) {
    vo_series *s = hourly(24 * 10), *part = NULL;
    strcpy(s->zone, "Europe/Madrid");
    strcpy(s->currency, "EUR");
    strcpy(s->label, "ES");
    const vo_time from = {s->start[50].s - 10}, to = {s->start[100].s};
    cr_assert_eq(vo_series_slice(s, from, to, &part, NULL), VO_OK);
    cr_assert_eq(part->n, 50u); /* 50..99: `to` is not within */
    for (size_t t = 0; t < part->n; t++) {
        cr_assert_eq(part->start[t].s, s->start[50 + t].s);
        cr_assert(part->column[0].value[t] == (double)(50 + t));
        cr_assert(part->column[1].value[t] == -(double)(50 + t));
        cr_assert(part->dt_h[t] == 1);
        cr_assert_eq(part->day[t], (int32_t)((50 + t) / 24) - 2);
    }
    cr_assert_str_eq(part->zone, "Europe/Madrid");
    cr_assert_str_eq(part->currency, "EUR");
    cr_assert_str_eq(part->label, "ES");
    cr_assert_str_eq(part->column[1].name, "Load_MW");
    cr_assert_eq(vo_series_check(part, NULL), VO_OK);
    vo_series_free(s); /* a copy: the part lives on */
    cr_assert(part->column[0].value[49] == 99);
    vo_series_free(part);
}

Test(series, an_empty_slice_is_not_found_and_says_what_there_is) {
    vo_series *s = hourly(24), *part = NULL;
    vo_error err = {0};
    const vo_time early = {0}, first = s->start[0], late = {s->start[23].s + 1},
                  end = {INT64_MAX};
    cr_assert_eq(vo_series_slice(s, early, first, &part, &err), VO_ENOTFOUND);
    cr_assert_not_null(strstr(err.msg, "2024-01-01T23:00:00Z"), "%s", err.msg);
    cr_assert_eq(vo_series_slice(s, late, end, &part, &err), VO_ENOTFOUND);
    cr_assert_eq(vo_series_slice(s, end, early, &part, &err), VO_ENOTFOUND);
    cr_assert_eq(vo_series_slice(s, first, first, &part, &err), VO_ENOTFOUND);
    cr_assert_null(part);
    cr_assert_eq(vo_series_slice(s, first, end, &part, &err), VO_OK);
    cr_assert_eq(part->n, 24u);
    vo_series_free(part);
    vo_series_free(s);
}

/* ---- memory -------------------------------------------------------------------- */

/* Fail the 1st, 2nd, ... allocation of a creation and a slice until both succeed. */
Test(series, out_of_memory_leaks_nothing_and_leaves_the_output_alone) {
    for (int budget = 0;; budget++) {
        fault f = {.left = budget};
        const vo_alloc alloc = fault_alloc(&f);
        vo_series *s = NULL, *part = NULL;
        vo_error err = {0};
        vo_status st = vo_series_create(10, two, 2, &alloc, &s, &err);
        if (st == VO_OK) {
            for (int t = 0; t < 10; t++) s->start[t].s = t;
            st = vo_series_slice(s, (vo_time){2}, (vo_time){5}, &part, &err);
        }
        vo_series_free(part);
        vo_series_free(s);
        cr_assert_eq(f.live, 0);
        if (st == VO_OK) {
            cr_assert_eq(budget, 2); /* one block each */
            return;
        }
        cr_assert_eq(st, VO_ENOMEM);
        cr_assert_null(part);
        cr_assert_neq(err.msg[0], '\0');
        cr_assert_lt(budget, 10);
    }
}

/* Berlin, 30 March to 1 April and 26 to 27 October 2024: days of 23 and 25 hours. */
Test(series, days_are_numbered_by_the_calendar_of_the_zone) {
    vo_zone *zone = NULL;
    cr_assert_eq(vo_zone_open("Europe/Berlin", &zone, NULL), VO_OK);
    const struct {
        int64_t from_s;
        size_t hours[3];
    } c[] = {{1711753200, {24, 23, 24}}, {1729893600, {24, 25, 24}}};
    for (size_t i = 0; i < 2; i++) {
        const size_t n = c[i].hours[0] + c[i].hours[1] + c[i].hours[2];
        vo_series *s = hourly(n);
        for (size_t t = 0; t < n; t++) s->start[t].s = c[i].from_s + (int64_t)t * 3600;
        vo_series_number_days(s, zone);
        size_t count[3] = {0};
        for (size_t t = 0; t < n; t++) {
            cr_assert(s->day[t] >= (t ? s->day[t - 1] : 0) && s->day[t] < 3);
            count[s->day[t]]++;
        }
        for (size_t d = 0; d < 3; d++) cr_expect_eq(count[d], c[i].hours[d], "%zu", d);
        vo_series_free(s);
    }
    vo_zone_close(zone);
}

Test(series, a_day_without_intervals_keeps_its_number) {
    vo_zone *utc = NULL;
    cr_assert_eq(vo_zone_open("UTC", &utc, NULL), VO_OK);
    vo_series *s = hourly(2);
    s->start[1].s = s->start[0].s + 3 * 86400;
    vo_series_number_days(s, utc);
    cr_expect(s->day[0] == 0 && s->day[1] == 3);
    vo_series_free(s);
    vo_zone_close(utc);
}

Test(series, the_lower_bound_is_the_first_interval_at_or_after) {
    vo_series *s = hourly(5);
    const int64_t first = s->start[0].s;
    cr_expect_eq(vo_series_lower_bound(s, (vo_time){first - 1}), 0);
    for (size_t t = 0; t < 5; t++) {
        const int64_t at = first + (int64_t)t * 3600;
        cr_expect_eq(vo_series_lower_bound(s, (vo_time){at}), t);
        cr_expect_eq(vo_series_lower_bound(s, (vo_time){at + 1}), t + 1);
    }
    vo_series_free(s);
}

/* The clocks of Paris go forward on 2024-03-31: that day has 23 hours, and the next begins at
 * 22:00 UTC where days before it began at 23:00. */
Test(series, an_extended_series_goes_on_in_time_and_days_with_nothing_known) {
    vo_zone *paris = NULL;
    vo_series *s = hourly(2), *longer = NULL;
    cr_assert_eq(vo_zone_open("Europe/Paris", &paris, NULL), VO_OK);
    s->start[0].s = 1711753200 - 3600; /* 2024-03-29T22:00Z */
    s->start[1].s = 1711753200;        /* 2024-03-29T23:00Z, a midnight of Paris */
    memcpy(s->label, "one", 4);
    cr_assert_eq(vo_series_extend(s, 47, paris, &longer, NULL), VO_OK);
    cr_assert_eq(longer->n, 49);
    cr_assert_str_eq(longer->label, "one");
    cr_assert_eq(vo_series_check(longer, NULL), VO_OK);
    size_t hours[4] = {0};
    for (size_t t = 0; t < longer->n; t++) {
        cr_assert_eq(longer->start[t].s, s->start[0].s + (int64_t)t * 3600);
        cr_assert_eq(isnan(longer->column[0].value[t]) != 0, t >= 2);
        hours[longer->day[t]]++;
    }
    cr_assert(hours[0] == 1 && hours[1] == 24 && hours[2] == 23 && hours[3] == 1);
    vo_series_free(longer);
    vo_series_free(s);
    vo_zone_close(paris);
}
