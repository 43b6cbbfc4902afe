/* test_forecaster_ensemble.c -- the ensembles behind the seam: what they may know, whether they
 * continue as they were, and days that are not of 24 hours. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "learn/forecaster.h"
#include "support/local_hours.h"

enum { DAYS = 130 };

static const double level[] = {0.05, 0.5, 0.95};

/* From February on: the clock goes forward on day 48 (2019-03-31 in Paris). */
static vo_series *prices(void) {
    vo_series *s = local_hours("Europe/Paris", 2019, 2, 11, DAYS, "load forecast");
    vo_random r = vo_random_seed(8, 0);
    double calm = 0;
    for (size_t t = 0; t < s->n; t++) {
        const double load = 50 + 12 * sin((double)(t % 24) / 3.8) + 4 * vo_random_normal(&r);
        calm = 0.97 * calm + vo_random_normal(&r);
        s->column[1].value[t] = load;
        s->column[0].value[t] = load - 10 + calm + 1.5 * vo_random_normal(&r);
    }
    return s;
}

static vo_forecaster *made(const char *spec, const vo_series *s, const vo_learning *world) {
    vo_forecaster *f = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_forecaster_create(spec, s, world, &f, &err), VO_OK, "%s", err.msg);
    return f;
}

static size_t first_of(const vo_series *s, int32_t day) {
    size_t t = 0;
    while (s->day[t] != day) t++;
    return t;
}

static void fit(vo_forecaster *f, const double *history, size_t until) {
    vo_error err = {0};
    cr_assert_eq(vo_forecaster_fit(f, history, until, &err), VO_OK, "%s", err.msg);
}

/* Forecast and quantiles of [from, to) by what is known until `known`: out[4][to - from]. */
static void ask(vo_forecaster *f, const double *history, size_t known, size_t from, size_t to,
                double *out) {
    vo_error err = {0};
    size_t filled = 0;
    const size_t n = to - from;
    cr_assert_eq(vo_forecaster_predict(f, history, known, from, to, out, &filled, &err), VO_OK,
                 "%s", err.msg);
    cr_assert_eq(vo_forecaster_quantiles(f, history, known, from, to, level, 3, out + n, &err),
                 VO_OK, "%s", err.msg);
    for (size_t i = 0; i < 4 * n; i++) cr_assert(isfinite(out[i]));
    for (size_t i = 0; i < n; i++)
        cr_assert(out[n + 3 * i] <= out[n + 3 * i + 1] &&
                  out[n + 3 * i + 1] <= out[n + 3 * i + 2]);
}

static const vo_learning weekly = {.alloc = &vo_alloc_libc, .recalibrate_days = 7, .seed = 3};

Test(forecaster_ensemble, nothing_after_known_makes_a_difference) {
    vo_series *s = prices();
    const double *price = s->column[0].value;
    double *scrambled = malloc(s->n * sizeof *scrambled), a[4 * 48], b[4 * 48];
    static const char *const spec[] = {"ensemble", "lear"};
    const size_t until = first_of(s, 100);
    for (int k = 0; k < 2; k++) {
        vo_forecaster *f = made(spec[k], s, &weekly), *g = made(spec[k], s, &weekly);
        for (size_t t = 0; t < s->n; t++)
            scrambled[t] = t < until ? price[t] : -1e6 - (double)t;
        fit(f, price, until);
        fit(g, scrambled, until);
        for (size_t known = until; known + 48 < s->n; known += 31) {
            for (size_t t = 0; t < s->n; t++)
                scrambled[t] = t < known ? price[t] : -1e6 - (double)t;
            ask(f, price, known, known, known + 48, a);
            ask(g, scrambled, known, known, known + 48, b);
            cr_assert_eq(memcmp(a, b, sizeof a), 0, "%s at %zu", spec[k], known);
        }
        vo_forecaster_free(f);
        vo_forecaster_free(g);
    }
    free(scrambled);
    vo_series_free(s);
}

/* The day's forecast is made at its midnight; tomorrow's uses the hours known since. */
Test(forecaster_ensemble, inside_a_day_its_forecast_stands_and_tomorrows_improves) {
    vo_series *s = prices();
    const double *price = s->column[0].value;
    const size_t day = first_of(s, 101);
    double morning[4 * 48], noon[4 * 36], again[4 * 36];
    vo_forecaster *f = made("lear", s, &weekly);
    fit(f, price, day);
    ask(f, price, day, day, day + 48, morning);
    ask(f, price, day + 12, day + 12, day + 48, noon);
    ask(f, price, day + 12, day + 12, day + 48, again);
    cr_assert_eq(memcmp(morning + 12, noon, 12 * sizeof *noon), 0);
    cr_assert_neq(memcmp(morning + 24, noon + 12, 24 * sizeof *noon), 0);
    cr_assert_eq(memcmp(noon, again, sizeof noon), 0);
    vo_forecaster_free(f);
    vo_series_free(s);
}

/* Asked in any order, the answers are the same, back to where it was fitted. */
Test(forecaster_ensemble, going_back_and_forth_changes_no_answer) {
    vo_series *s = prices();
    const double *price = s->column[0].value;
    double a[4 * 24], b[4 * 24], past[4 * 24];
    vo_forecaster *f = made("lear", s, &weekly);
    fit(f, price, first_of(s, 100));
    ask(f, price, first_of(s, 104), first_of(s, 104), first_of(s, 105), a);
    ask(f, price, first_of(s, 112), first_of(s, 112), first_of(s, 113), b);
    ask(f, price, first_of(s, 104), first_of(s, 104), first_of(s, 105), b);
    cr_assert_eq(memcmp(a, b, sizeof a), 0);
    ask(f, price, first_of(s, 80), first_of(s, 80), first_of(s, 81), past);
    ask(f, price, first_of(s, 104), first_of(s, 104), first_of(s, 105), b);
    cr_assert_eq(memcmp(a, b, sizeof a), 0);
    vo_forecaster_free(f);
    vo_series_free(s);
}

Test(forecaster_ensemble, saved_and_loaded_it_continues_with_the_same_bits) {
    vo_series *s = prices();
    const double *price = s->column[0].value;
    void *bytes = NULL;
    size_t len = 0;
    vo_error err = {0};
    double a[4 * 30], b[4 * 30];
    vo_learning on = weekly;
    on.refit_loaded = true;
    vo_forecaster *f = made("ensemble", s, &weekly), *g = made("ensemble", s, &on);
    fit(f, price, first_of(s, 100));
    ask(f, price, first_of(s, 103), first_of(s, 103), first_of(s, 104), a);
    cr_assert_eq(vo_forecaster_to_bytes(f, &bytes, &len, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_forecaster_from_bytes(g, bytes, len, "t", &err), VO_OK, "%s", err.msg);
    for (int32_t day = 103; day < 116; day++) {
        const size_t from = first_of(s, day);
        ask(f, price, from, from, from + 30, a);
        ask(g, price, from, from, from + 30, b);
        cr_assert_eq(memcmp(a, b, sizeof a), 0, "day %d", (int)day);
    }
    vo_forecaster *other = made("lear", s, &weekly);
    cr_assert_eq(vo_forecaster_from_bytes(other, bytes, len, "t", &err), VO_EINVAL);
    vo_forecaster_free(other);
    vo_series *bare = local_hours("Europe/Paris", 2019, 2, 11, DAYS, NULL);
    other = made("ensemble", bare, &weekly);
    cr_assert_eq(vo_forecaster_from_bytes(other, bytes, len, "t", &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "column"), "%s", err.msg);
    vo_forecaster_free(other);
    vo_series_free(bare);
    free(bytes);
    vo_forecaster_free(f);
    vo_forecaster_free(g);
    vo_series_free(s);
}

/* 23 hours on day 48: fitted before it, asked for it. */
Test(forecaster_ensemble, a_day_of_23_hours_is_forecast_and_learned_from) {
    vo_series *s = prices();
    const double *price = s->column[0].value;
    const size_t short_day = first_of(s, 48), next = first_of(s, 49);
    double a[4 * 24];
    cr_assert_eq(next - short_day, 23);
    vo_forecaster *f = made("lear", s, &weekly);
    fit(f, price, first_of(s, 46));
    ask(f, price, short_day, short_day, next, a);
    ask(f, price, next, next, next + 24, a);
    double error = 0;
    for (size_t i = 0; i < 24; i++) error += fabs(a[i] - price[next + i]) / 24;
    cr_assert_lt(error, 12, "%g", error);
    vo_forecaster_free(f);
    vo_series_free(s);
}

/* Its members then are those that were stored, however often the world refits its own. */
Test(forecaster_ensemble, a_loaded_model_is_not_refitted_unless_asked) {
    const vo_learning never = {.alloc = &vo_alloc_libc, .seed = 3},
                      asked = {.alloc = &vo_alloc_libc,
                               .recalibrate_days = 7,
                               .refit_loaded = true,
                               .seed = 3};
    const vo_learning *const world[] = {&never, &weekly, &asked};
    vo_series *s = prices();
    const double *price = s->column[0].value;
    const size_t until = first_of(s, 90), later = first_of(s, 112);
    vo_forecaster *f = made("lear", s, &weekly);
    void *bytes = NULL;
    size_t len = 0;
    double said[3][4 * 24];
    fit(f, price, until);
    cr_assert_eq(vo_forecaster_to_bytes(f, &bytes, &len, NULL), VO_OK);
    vo_forecaster_free(f);
    for (int k = 0; k < 3; k++) {
        vo_forecaster *g = made("lear", s, world[k]);
        cr_assert_eq(vo_forecaster_from_bytes(g, bytes, len, "memory", NULL), VO_OK);
        ask(g, price, later, later, later + 24, said[k]);
        vo_forecaster_free(g);
    }
    cr_assert_eq(memcmp(said[0], said[1], sizeof said[0]), 0);
    cr_assert_neq(memcmp(said[0], said[2], sizeof said[0]), 0);
    free(bytes);
    vo_series_free(s);
}

/* The thorough sets, of a world that learns every day, are made of members there are. */
Test(forecaster_ensemble, members_of_the_thorough_sets_exist) {
    const vo_learning daily = {.alloc = &vo_alloc_libc, .recalibrate_days = 1, .seed = 3};
    vo_series *s = prices();
    vo_forecaster *f = made("ensemble", s, &daily);
    vo_forecaster_free(f);
    f = made("lear", s, &daily);
    vo_forecaster_free(f);
    vo_series_free(s);
}

Test(forecaster_ensemble, one_that_has_not_learned_says_how_to_make_it) {
    vo_series *s = prices();
    const double *price = s->column[0].value;
    double out[24];
    size_t filled = 0;
    vo_error err = {0};
    vo_forecaster *f = made("ensemble", s, NULL);
    cr_assert(vo_forecaster_learns("ensemble") && vo_forecaster_can_fit(f));
    cr_assert_eq(vo_forecaster_predict(f, price, 240, 240, 264, out, &filled, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "ensemble=MODEL"), "%s", err.msg);
    cr_assert_eq(vo_forecaster_fit(f, price, 24 * 20, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "42"), "%s", err.msg);
    vo_forecaster_free(f);
    f = NULL;
    cr_assert_neq(vo_forecaster_create("ensemble=none", s, NULL, &f, &err), VO_OK);
    cr_assert_null(f);
    vo_series_free(s);
}
