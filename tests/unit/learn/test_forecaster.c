/* test_forecaster.c -- every forecaster of the list keeps the promises of forecaster.h, and the
 * naive ones look where they say, also when the clock changes. */
#include "learn/forecaster.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/zone.h"
#include "support/fault_alloc.h"
#include "support/local_hours.h"

/* Prices that say where they come from: 100 * local day + wall hour, + 0.5 for the second time
 * an hour is shown. */
static double label(const vo_series *s, size_t t) {
    vo_zone *z = NULL;
    cr_assert_eq(vo_zone_open(s->zone, &z, NULL), VO_OK);
    const int64_t local = s->start[t].s + vo_zone_offset(z, s->start[t].s);
    const int64_t before = s->start[t].s - 3600 + vo_zone_offset(z, s->start[t].s - 3600);
    vo_zone_close(z);
    const bool again = before == local;
    return 100.0 * s->day[t] + (double)(local % 86400 / 3600) + (again ? 0.5 : 0);
}

static void label_all(vo_series *s) {
    for (size_t t = 0; t < s->n; t++) s->column[0].value[t] = label(s, t);
}

static vo_forecaster *made(const char *spec, const vo_series *s) {
    vo_forecaster *f = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_forecaster_create(spec, s, NULL, &f, &err), VO_OK, "%s", err.msg);
    return f;
}

static size_t first_of(const vo_series *s, int32_t day) {
    size_t t = 0;
    while (s->day[t] != day) t++;
    return t;
}

/* Forecast of a whole local day, made before it begins. */
static size_t predict_day(const char *spec, const vo_series *s, int32_t day, double *out,
                          size_t *filled) {
    vo_forecaster *f = made(spec, s);
    const size_t from = first_of(s, day);
    size_t to = from;
    while (to < s->n && s->day[to] == day) to++;
    *filled = 0;
    cr_assert_eq(
        vo_forecaster_predict(f, s->column[0].value, from, from, to, out, filled, NULL), VO_OK);
    vo_forecaster_free(f);
    return to - from;
}

Test(forecaster, yesterday_and_last_week_are_found_by_local_hour) {
    vo_series *s = local_hours("America/Mexico_City", 2016, 2, 1, 10, NULL);
    label_all(s);
    double out[25];
    size_t filled;
    cr_assert_eq(predict_day("naive_day", s, 8, out, &filled), 24);
    for (int h = 0; h < 24; h++) cr_assert_float_eq(out[h], 700 + h, 0);
    predict_day("naive_week", s, 8, out, &filled);
    for (int h = 0; h < 24; h++) cr_assert_float_eq(out[h], 100 + h, 0);
    cr_assert_eq(filled, 0);
    vo_series_free(s);
}

/* 2016-02-01 was a Monday. */
Test(forecaster, epf_naive_takes_yesterday_from_tuesday_to_friday_only) {
    vo_series *s = local_hours("UTC", 2016, 2, 1, 14, NULL);
    label_all(s);
    const int32_t source[] = {0, 7, 8, 9, 10, 5, 6}; /* for days 7 (Monday) .. 13 (Sunday) */
    for (int32_t d = 7; d < 14; d++) {
        double out[25];
        size_t filled;
        predict_day("epf_naive", s, d, out, &filled);
        cr_assert_float_eq(out[5], 100.0 * source[d - 7] + 5, 0, "day %d", (int)d);
        cr_assert_eq(filled, 0);
    }
    vo_series_free(s);
}

/* In Paris 02:00 was skipped on 2016-03-27 and shown twice on 2016-10-30. */
Test(forecaster, a_day_of_23_hours_shifts_nothing) {
    vo_series *s = local_hours("Europe/Paris", 2016, 3, 26, 3, NULL);
    label_all(s);
    double out[25];
    size_t filled;
    cr_assert_eq(predict_day("naive_day", s, 1, out, &filled), 23);
    for (int i = 0; i < 23; i++) cr_assert_float_eq(out[i], i < 2 ? i : i + 1, 0);
    cr_assert_eq(predict_day("naive_day", s, 2, out, &filled), 24);
    for (int h = 0; h < 24; h++) cr_assert_float_eq(out[h], 100 + (h == 2 ? 1 : h), 0);
    vo_series_free(s);
}

Test(forecaster, a_day_of_25_hours_shifts_nothing) {
    vo_series *s = local_hours("Europe/Paris", 2016, 10, 29, 9, NULL);
    label_all(s);
    double out[25];
    size_t filled;
    cr_assert_eq(predict_day("naive_day", s, 1, out, &filled), 25);
    for (int i = 0; i < 25; i++) cr_assert_float_eq(out[i], i < 3 ? i : i - 1, 0);
    cr_assert_eq(predict_day("naive_day", s, 2, out, &filled), 24);
    for (int h = 0; h < 24; h++) cr_assert_float_eq(out[h], 100 + h, 0);
    cr_assert_eq(predict_day("naive_week", s, 8, out, &filled), 24);
    for (int h = 0; h < 24; h++) cr_assert_float_eq(out[h], 100 + h, 0);
    vo_series_free(s);
}

/* A series from noon to noon: two days of 12 hours that share no hour. The nearest is noon. */
Test(forecaster, days_of_one_length_are_still_matched_by_hour) {
    vo_series *whole = local_hours("UTC", 2016, 2, 1, 2, NULL), *s = NULL;
    label_all(whole);
    const vo_time from = {whole->start[12].s}, to = {whole->start[36].s};
    cr_assert_eq(vo_series_slice(whole, from, to, &s, NULL), VO_OK);
    double out[25];
    size_t filled;
    cr_assert_eq(predict_day("naive_day", s, 1, out, &filled), 12);
    for (int h = 0; h < 12; h++) cr_assert_float_eq(out[h], 12, 0, "%d: %g", h, out[h]);
    vo_series_free(s);
    vo_series_free(whole);
}

Test(forecaster, hours_not_known_yet_take_the_latest_day_that_has_them) {
    vo_series *s = local_hours("UTC", 2016, 2, 1, 3, NULL);
    label_all(s);
    vo_forecaster *f = made("naive_day", s);
    double out[48];
    size_t filled = 0; /* at 10:00 of day 1, that hour included, to the end of day 2 */
    cr_assert_eq(vo_forecaster_predict(f, s->column[0].value, 35, 35, 72, out, &filled, NULL),
                 VO_OK);
    cr_assert_float_eq(out[0], 11, 0);   /* 11:00 of day 1 from day 0 */
    cr_assert_float_eq(out[13], 100, 0); /* 00:00 of day 2 from day 1 */
    cr_assert_float_eq(out[24], 11, 0);  /* 11:00 of day 2: day 1 has none yet */
    cr_assert_eq(filled, 0);
    vo_forecaster_free(f);
    vo_series_free(s);
}

Test(forecaster, gaps_and_weeks_before_the_series_are_filled_and_counted) {
    vo_series *s = local_hours("UTC", 2016, 2, 1, 4, NULL);
    label_all(s);
    s->column[0].value[48 + 7] = (double)NAN; /* 07:00 of day 2 */
    double out[25];
    size_t filled;
    predict_day("naive_day", s, 3, out, &filled);
    cr_assert_float_eq(out[7], 107, 0);
    cr_assert_float_eq(out[8], 208, 0);
    cr_assert_eq(filled, 1);
    predict_day("naive_week", s, 3, out, &filled);
    cr_assert_float_eq(out[8], 208, 0);
    cr_assert_eq(filled, 24);
    vo_series_free(s);
}

Test(forecaster, without_history_nothing_is_said) {
    vo_series *s = local_hours("UTC", 2016, 2, 1, 2, NULL);
    double out[25];
    size_t filled;
    predict_day("epf_naive", s, 0, out, &filled);
    for (int h = 0; h < 24; h++) cr_assert(isnan(out[h]));
    cr_assert_eq(filled, 0);
    vo_series_free(s);
}

Test(forecaster, a_column_says_what_stands_in_it_and_falls_back_where_it_is_empty) {
    vo_series *s = local_hours("UTC", 2016, 2, 2, 2, "DNN Ensemble");
    label_all(s);
    for (size_t t = 24; t < 48; t++) s->column[1].value[t] = 1000 + (double)t;
    s->column[1].value[30] = (double)NAN;
    double out[25];
    size_t filled;
    predict_day("column=DNN Ensemble", s, 1, out, &filled);
    cr_assert_float_eq(out[0], 1024, 0);
    cr_assert_float_eq(out[6], 6, 0); /* yesterday's 06:00 */
    cr_assert_eq(filled, 1);
    vo_series_free(s);
}

/* All of the list: what comes after `known` makes no difference. */
Test(forecaster, no_forecaster_reads_the_prices_to_come) {
    static const char *const spec[] = {
#define X(name, create, flags, help) #name,
        VO_FORECASTER_MAP(X)
#undef X
    };
    vo_series *s = local_hours("Europe/Paris", 2016, 3, 14, 21, "guess");
    label_all(s);
    double *scrambled = malloc(s->n * sizeof *scrambled);
    for (size_t k = 0; k < sizeof spec / sizeof spec[0]; k++) {
        if (vo_forecaster_learns(spec[k])) continue; /* fitted first: in files of their own */
        vo_forecaster *f = made(strcmp(spec[k], "column") == 0 ? "column=guess" : spec[k], s);
        for (size_t known = 1; known + 48 < s->n; known += 7) {
            double a[48], b[48];
            size_t filled = 0;
            for (size_t t = 0; t < s->n; t++)
                scrambled[t] = t < known ? s->column[0].value[t] : -1e6 - (double)t;
            vo_forecaster_predict(f, s->column[0].value, known, known, known + 48, a, &filled,
                                  NULL);
            vo_forecaster_predict(f, scrambled, known, known, known + 48, b, &filled, NULL);
            cr_assert_eq(memcmp(a, b, sizeof a), 0, "%s at %zu", spec[k], known);
        }
        vo_forecaster_free(f);
    }
    free(scrambled);
    vo_series_free(s);
}

Test(forecaster, an_unknown_name_is_answered_with_the_names_there_are) {
    vo_series *s = local_hours("UTC", 2016, 2, 1, 2, NULL);
    vo_forecaster *f = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_forecaster_create("naive", s, NULL, &f, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "\"naive\"") && strstr(err.msg, "epf_naive"));
    cr_assert_eq(vo_forecaster_create("naive_day=3", s, NULL, &f, &err), VO_EINVAL);
    cr_assert_eq(vo_forecaster_create("column", s, NULL, &f, &err), VO_EINVAL);
    cr_assert_eq(vo_forecaster_create("column=", s, NULL, &f, &err), VO_EINVAL);
    cr_assert_eq(vo_forecaster_create("column=none", s, NULL, &f, &err), VO_ENOTFOUND);
    cr_assert_null(f);
    vo_series_free(s);
}

/* ---- out of memory ---------------------------------------------------------------- */

Test(forecaster, out_of_memory_leaks_nothing) {
    vo_series *s = local_hours("UTC", 2016, 2, 1, 9, "guess");
    for (int budget = 0;; budget++) {
        fault ft = {.left = budget};
        const vo_alloc alloc = fault_alloc(&ft);
        const vo_learning world = {.alloc = &alloc};
        vo_forecaster *f = NULL;
        const vo_status st = vo_forecaster_create("column=guess", s, &world, &f, NULL);
        if (st != VO_OK) {
            cr_assert_eq(st, VO_ENOMEM);
            cr_assert_null(f);
            cr_assert_eq(ft.live, 0);
            continue;
        }
        vo_forecaster_free(f);
        cr_assert_eq(ft.live, 0);
        cr_assert(budget > 5);
        break;
    }
    vo_forecaster_free(NULL);
    vo_series_free(s);
}

/* ---- artefacts --------------------------------------------------------------------- */

Test(forecaster, one_that_learns_nothing_has_nothing_to_save) {
    vo_series *s = local_hours("UTC", 2016, 2, 1, 9, NULL);
    vo_forecaster *f = made("naive_day", s);
    void *bytes = NULL;
    size_t len = 0;
    vo_error err = {0};
    cr_assert_eq(vo_forecaster_to_bytes(f, &bytes, &len, &err), VO_EUNSUPPORTED);
    cr_assert(strstr(err.msg, "naive"), "%s", err.msg);
    cr_assert_null(bytes);
    cr_assert_not(vo_forecaster_can_fit(f));
    cr_assert_eq(vo_forecaster_fit(f, s->column[0].value, s->n, &err), VO_OK);
    vo_forecaster_free(f);
    vo_series_free(s);
}

Test(forecaster, an_artefact_names_the_forecaster_that_made_it_and_no_other_takes_it) {
    vo_series *s = local_hours("UTC", 2016, 2, 1, 9, NULL);
    vo_forecaster *f = made("naive_day", s);
    vo_artefact_out *w = NULL;
    void *bytes = NULL;
    size_t len = 0;
    char name[VO_FORECASTER_NAME] = "";
    vo_error err = {0};
    cr_assert_eq(vo_forecaster_artefact("gbt", &w, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_artefact_out_take(w, &bytes, &len, &err), VO_OK, "%s", err.msg);
    vo_artefact_out_free(w);
    cr_assert_eq(vo_forecaster_name_in(bytes, len, "x.volteo", name, &err), VO_OK, "%s",
                 err.msg);
    cr_expect_str_eq(name, "gbt");
    cr_expect_eq(vo_forecaster_from_bytes(f, bytes, len, "x.volteo", &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "x.volteo") && strstr(err.msg, "gbt"), "%s", err.msg);
    cr_expect_eq(vo_forecaster_name_in(bytes, len - 1, "x.volteo", name, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "x.volteo"), "%s", err.msg);
    free(bytes);
    vo_forecaster_free(f);
    vo_series_free(s);
}

Test(forecaster, a_named_model_needs_somebody_who_has_models) {
    static const char *const spec[] = {
#define X(name, create, flags, help)                                                           \
    (flags) & VO_FORECASTER_LEARNS ? #name "=some_model" : NULL,
        VO_FORECASTER_MAP(X)
#undef X
    };
    vo_series *s = local_hours("UTC", 2016, 2, 1, 60, NULL);
    for (size_t i = 0; i < sizeof spec / sizeof spec[0]; i++) {
        if (!spec[i]) continue;
        vo_forecaster *f = NULL;
        vo_error err = {0};
        cr_expect_eq(vo_forecaster_create(spec[i], s, NULL, &f, &err), VO_ENOTFOUND, "%s",
                     spec[i]);
        cr_expect(strstr(err.msg, "some_model"), "%s: %s", spec[i], err.msg);
        cr_expect_null(f);
    }
    vo_series_free(s);
}

Test(forecaster, one_that_learns_says_nothing_before_it_has_learned) {
    static const char *const spec[] = {
#define X(name, create, flags, help) (flags) & VO_FORECASTER_LEARNS ? #name : NULL,
        VO_FORECASTER_MAP(X)
#undef X
    };
    vo_series *s = local_hours("UTC", 2016, 2, 1, 60, NULL);
    for (size_t i = 0; i < sizeof spec / sizeof spec[0]; i++) {
        if (!spec[i]) continue;
        double out[24];
        size_t filled = 0;
        vo_error err = {0};
        vo_forecaster *f = made(spec[i], s);
        cr_expect(vo_forecaster_learns(spec[i]) && vo_forecaster_can_fit(f));
        cr_expect_eq(
            vo_forecaster_predict(f, s->column[0].value, 960, 960, 984, out, &filled, &err),
            VO_EINVAL, "%s", spec[i]);
        cr_expect(strstr(err.msg, "fit") || strstr(err.msg, "learned"), "%s: %s", spec[i],
                  err.msg);
        vo_forecaster_free(f);
    }
    vo_series_free(s);
}
