/* test_forecaster_gbt.c -- boosted models as a forecaster: nearer than the naive by what the
 * prices allow, blind to the future, the same after saving, and refitted when told. */
#include "learn/forecaster.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/random.h"
#include "learn/known_ahead.h"
#include "learn/price_model.h"
#include "support/data_folder.h"
#include "support/local_hours.h"

/* Models are trained with threads in every test of this file; what is about accuracy takes minutes
 * under ThreadSanitizer and shows it nothing new. */
#ifdef __SANITIZE_THREAD__
#define NOT_OF_THREADS() cr_skip_test("about accuracy: judged by the other builds")
#else
#define NOT_OF_THREADS() (void)0
#endif

/* A daily wave, a load that a forecast is published of, and an autoregression. */
static vo_series *made_with(const char *column, int days, uint64_t seed) {
    vo_series *s = local_hours("Europe/Paris", 2021, 1, 4, days, column);
    vo_random r = vo_random_seed(seed, 0);
    double a = 0, load = 0;
    for (size_t t = 0; t < s->n; t++) {
        if (t % 24 == 0) load = vo_random_between(&r, -1, 1);
        a = 0.8 * a + 3 * vo_random_normal(&r);
        s->column[1].value[t] = load;
        s->column[0].value[t] =
            50 + 20 * sin(6.2831853 * (double)(t % 24) / 24) + 15 * load + a;
    }
    return s;
}

static vo_series *made(int days, uint64_t seed) {
    return made_with("load forecast", days, seed);
}

/* Prices known so far, then NAN, as the seam hands them. */
static double *known_of(const vo_series *s, size_t known) {
    double *h = calloc(s->n, sizeof *h);
    for (size_t t = 0; t < s->n; t++) h[t] = t < known ? s->column[0].value[t] : (double)NAN;
    return h;
}

static const vo_learning plain = {.alloc = &vo_alloc_libc};

static vo_forecaster *opened(const vo_series *s, const vo_learning *world) {
    vo_forecaster *f = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_forecaster_create("gbt", s, world, &f, &err), VO_OK, "%s", err.msg);
    return f;
}

static void fitted(vo_forecaster *f, const vo_series *s, size_t until) {
    double *h = known_of(s, until);
    vo_error err = {0};
    cr_assert_eq(vo_forecaster_fit(f, h, until, &err), VO_OK, "%s", err.msg);
    free(h);
}

static void say(vo_forecaster *f, const vo_series *s, size_t known, size_t to, double *out) {
    double *h = known_of(s, known);
    size_t filled = 0;
    vo_error err = {0};
    cr_assert_eq(vo_forecaster_predict(f, h, known, known, to, out, &filled, &err), VO_OK, "%s",
                 err.msg);
    cr_assert_eq(filled, 0);
    free(h);
}

static size_t first_of(const vo_series *s, int32_t day) {
    size_t t = 0;
    while (s->day[t] != day) t++;
    return t;
}

/* Errors that cannot be avoided have a mean absolute size of at most sqrt(2 / pi) * 5 = 4 (the
 * autoregression's deviation is 3 / 0.6 = 5). The naive is off by the difference of two days'
 * loads besides, 15 * 2/3 = 10 on average. Most of the way between them lies in knowing load,
 * hour and level: more than half of it is asked for. */
Test(forecaster_gbt, a_day_ahead_it_is_nearer_to_the_best_than_to_the_naive_and_covers) {
    NOT_OF_THREADS();
    vo_series *s = made(120, 1);
    vo_forecaster *f = opened(s, &plain), *naive = NULL;
    cr_assert_eq(vo_forecaster_create("epf_naive", s, NULL, &naive, NULL), VO_OK);
    fitted(f, s, first_of(s, 100));
    const double level[] = {0.05, 0.5, 0.95};
    double mae[2] = {0}, inside = 0, n = 0;
    for (int32_t day = 100; day < 120; day++) {
        const size_t from = first_of(s, day), to = day < 119 ? first_of(s, day + 1) : s->n;
        double a[25], b[25], q[25][3], *h = known_of(s, from);
        size_t filled = 0;
        say(f, s, from, to, a);
        cr_assert_eq(vo_forecaster_predict(naive, h, from, from, to, b, &filled, NULL), VO_OK);
        cr_assert_eq(vo_forecaster_quantiles(f, h, from, from, to, level, 3, q[0], NULL),
                     VO_OK);
        for (size_t t = from; t < to; t++) {
            const double real = s->column[0].value[t];
            mae[0] += fabs(a[t - from] - real);
            mae[1] += fabs(b[t - from] - real);
            cr_assert(q[t - from][0] <= q[t - from][1] && q[t - from][1] <= q[t - from][2]);
            inside += real >= q[t - from][0] && real <= q[t - from][2];
            n++;
        }
        free(h);
    }
    cr_assert_lt(mae[0] / n, (4 + mae[1] / n) / 2, "%g, naive %g", mae[0] / n, mae[1] / n);
    cr_assert_gt(mae[0] / n, 2);
    /* 480 hours judged and 240 calibrated on, of which every ninth is independent: the
     * deviation is sqrt(0.09 / 53 + 0.09 / 27) = 0.07. */
    cr_assert_gt(inside / n, 0.9 - 3 * 0.07, "coverage %g", inside / n);
    vo_forecaster_free(f);
    vo_forecaster_free(naive);
    vo_series_free(s);
}

/* What lies at or after `known`, and columns after the local day asked for, may be anything. */
Test(forecaster_gbt, the_future_changes_nothing) {
    vo_series *s = made(60, 2), *other = made(60, 2);
    const size_t known = first_of(s, 55) + 5, to = first_of(s, 57);
    vo_forecaster *f = opened(s, &plain), *g = opened(other, &plain);
    vo_random r = vo_random_seed(9, 0);
    for (size_t t = known; t < s->n; t++) other->column[0].value[t] = 1e4 * vo_random_unit(&r);
    for (size_t t = to; t < s->n; t++) other->column[1].value[t] = 1e4 * vo_random_unit(&r);
    fitted(f, s, first_of(s, 50));
    double *h = calloc(s->n, sizeof *h); /* not even NAN: real prices that must not be read */
    memcpy(h, other->column[0].value, s->n * sizeof *h);
    cr_assert_eq(vo_forecaster_fit(g, h, first_of(s, 50), NULL), VO_OK);
    double a[48], b[48], qa[48][2], qb[48][2];
    const double level[] = {0.01, 0.7};
    size_t filled = 0;
    say(f, s, known, to, a);
    cr_assert_eq(vo_forecaster_predict(g, h, known, known, to, b, &filled, NULL), VO_OK);
    cr_assert_eq(memcmp(a, b, (to - known) * sizeof *a), 0);
    double *before = known_of(s, known);
    vo_status st = vo_forecaster_quantiles(f, before, known, known, to, level, 2, qa[0], NULL);
    cr_assert_eq(st, VO_OK);
    st = vo_forecaster_quantiles(g, h, known, known, to, level, 2, qb[0], NULL);
    cr_assert_eq(st, VO_OK);
    cr_assert_eq(memcmp(qa, qb, (to - known) * sizeof qa[0]), 0);
    for (size_t i = 0; i < to - known; i++) cr_assert(isfinite(a[i]) && qa[i][0] < qa[i][1]);
    free(before);
    free(h);
    vo_forecaster_free(f);
    vo_forecaster_free(g);
    vo_series_free(s);
    vo_series_free(other);
}

/* Day 55's forecasts with two columns that differ from day 56 on. */
Test(forecaster_gbt, columns_of_tomorrow_are_there_from_noon_on) {
    NOT_OF_THREADS();
    vo_series *s = made(60, 2), *other = made(60, 2);
    vo_random r = vo_random_seed(11, 0);
    for (size_t t = first_of(s, 56); t < s->n; t++)
        other->column[1].value[t] = 10 * vo_random_between(&r, -1, 1);
    vo_forecaster *f = opened(s, &plain), *g = opened(other, &plain);
    fitted(f, s, first_of(s, 50));
    fitted(g, other, first_of(s, 50));
    const int hour[] = {0, 11, 12};
    for (int k = 0; k < 3; k++) {
        const size_t known = first_of(s, 55) + (size_t)hour[k];
        double a[24], b[24];
        say(f, s, known, known + 24, a);
        say(g, other, known, known + 24, b);
        cr_assert_eq(memcmp(a, b, sizeof a) == 0, hour[k] < 12, "at %d", hour[k]);
    }
    cr_assert_eq(VO_KNOWN_AHEAD_MINUTE, 12 * 60);
    vo_forecaster_free(f);
    vo_forecaster_free(g);
    vo_series_free(s);
    vo_series_free(other);
}

/* A column whose name does not say that it was published before came with the price. */
Test(forecaster_gbt, a_column_that_is_no_forecast_is_not_read) {
    NOT_OF_THREADS();
    const char *const name[] = {"load", "load forecast"};
    for (int k = 0; k < 2; k++) {
        vo_series *s = made_with(name[k], 36, 7), *other = made_with(name[k], 36, 7);
        vo_random r = vo_random_seed(3, 0);
        for (size_t t = 0; t < s->n; t++) other->column[1].value[t] = vo_random_unit(&r);
        vo_forecaster *f = opened(s, &plain), *g = opened(other, &plain);
        const size_t known = first_of(s, 30);
        double a[24], b[24];
        fitted(f, s, known);
        fitted(g, other, known);
        say(f, s, known, known + 24, a);
        say(g, other, known, known + 24, b);
        cr_assert_eq(memcmp(a, b, sizeof a) == 0, k == 0, "%s", name[k]);
        vo_forecaster_free(f);
        vo_forecaster_free(g);
        vo_series_free(s);
        vo_series_free(other);
    }
}

/* ---- intervals that follow ------------------------------------------------------------------ */

static void quantiles(vo_forecaster *f, const vo_series *s, size_t known, size_t n,
                      double (*q)[2]) {
    const double level[] = {0.05, 0.95};
    double *h = known_of(s, known);
    vo_error err = {0};
    cr_assert_eq(vo_forecaster_quantiles(f, h, known, known, known + n, level, 2, q[0], &err),
                 VO_OK, "%s", err.msg);
    free(h);
}

/* From day 60 on prices have a second noise, deviation 15 beside the 5 there were: intervals
 * as wide as before cover 40 % of it, 1.65 * 5 / 15.8 = 0.52 deviations either way. */
static vo_series *made_wild(int days) {
    vo_series *s = made(days, 8);
    vo_random r = vo_random_seed(5, 0);
    for (size_t t = first_of(s, 60); t < s->n; t++)
        s->column[0].value[t] += 15 * vo_random_normal(&r);
    return s;
}

Test(forecaster_gbt, intervals_follow_prices_that_have_become_wilder) {
    NOT_OF_THREADS();
    vo_series *s = made_wild(140);
    vo_forecaster *f = opened(s, &plain);
    double inside[2] = {0}, n[2] = {0}, q[24][2];
    fitted(f, s, first_of(s, 60));
    for (int32_t day = 61; day < 139; day += day == 63 ? 40 : 1) {
        const size_t known = first_of(s, day);
        quantiles(f, s, known, 24, q);
        for (size_t i = 0; i < 24; i++) {
            const double real = s->column[0].value[known + i];
            inside[day > 63] += real >= q[i][0] && real <= q[i][1];
            n[day > 63]++;
        }
    }
    cr_assert_lt(inside[0] / n[0], 0.75, "at first %g", inside[0] / n[0]);
    /* 864 hours: a deviation of 0.01, and as much from the sixty days' own quantiles */
    cr_assert(inside[1] / n[1] > 0.87 && inside[1] / n[1] < 0.95, "then %g", inside[1] / n[1]);
    vo_forecaster_free(f);
    vo_series_free(s);
}

/* What it says depends on what is known, not on what it was asked before. */
Test(forecaster_gbt, the_same_question_has_the_same_answer_later_and_after_a_save) {
    vo_series *s = made_wild(140);
    vo_forecaster *f = opened(s, &plain), *back = opened(s, &plain);
    double a[24][2], b[24][2];
    void *bytes = NULL;
    size_t len = 0;
    fitted(f, s, first_of(s, 60));
    quantiles(f, s, first_of(s, 80), 24, a);
    quantiles(f, s, first_of(s, 138), 24, b);
    quantiles(f, s, first_of(s, 80), 24, b);
    cr_assert_eq(memcmp(a, b, sizeof a), 0);
    cr_assert_eq(vo_forecaster_to_bytes(f, &bytes, &len, NULL), VO_OK);
    cr_assert_eq(vo_forecaster_from_bytes(back, bytes, len, "memory", NULL), VO_OK);
    quantiles(back, s, first_of(s, 80), 24, b);
    cr_assert_eq(memcmp(a, b, sizeof a), 0);
    free(bytes);
    vo_forecaster_free(f);
    vo_forecaster_free(back);
    vo_series_free(s);
}

/* ---- trained models by name -------------------------------------------------------------- */

typedef struct {
    void *bytes;
    size_t len;
} shelf;

static vo_status from_shelf(void *ctx, const char *name, const void **bytes, size_t *len,
                            vo_error *err) {
    const shelf *s = ctx;
    if (strcmp(name, "mine@champion") != 0)
        return vo_fail(err, VO_ENOTFOUND, "no model %s", name);
    *bytes = s->bytes;
    *len = s->len;
    return VO_OK;
}

Test(forecaster_gbt, saved_and_opened_by_name_it_says_the_same_bits) {
    vo_series *s = made(60, 3);
    vo_forecaster *f = opened(s, &plain), *back = NULL;
    shelf kept = {0};
    const vo_learning world = {
        .alloc = &vo_alloc_libc, .model = from_shelf, .model_ctx = &kept};
    vo_error err = {0};
    fitted(f, s, first_of(s, 50));
    cr_assert_eq(vo_forecaster_to_bytes(f, &kept.bytes, &kept.len, NULL), VO_OK);
    cr_assert_eq(vo_forecaster_create("gbt=mine@champion", s, &world, &back, &err), VO_OK, "%s",
                 err.msg);
    for (int32_t day = 51; day < 58; day += 2) {
        const size_t known = first_of(s, day) + (size_t)day % 7;
        double a[36], b[36];
        say(f, s, known, known + 36, a);
        say(back, s, known, known + 36, b);
        cr_assert_eq(memcmp(a, b, sizeof a), 0);
    }
    vo_forecaster *none = NULL;
    cr_assert_eq(vo_forecaster_create("gbt=other", s, &world, &none, &err), VO_ENOTFOUND);
    ((char *)kept.bytes)[kept.len / 2] ^= 1;
    cr_assert_eq(vo_forecaster_create("gbt=mine@champion", s, &world, &none, &err), VO_EINVAL);
    cr_assert_null(none);
    free(kept.bytes);
    vo_forecaster_free(f);
    vo_forecaster_free(back);
    vo_series_free(s);
}

static size_t count_models;

static bool count_fits(void *ctx, const char *phase, double fraction, double loss) {
    (void)ctx, (void)phase, (void)loss;
    count_models += fraction >= 1;
    return true;
}

Test(forecaster_gbt, it_refits_when_so_many_days_have_passed_and_not_before) {
    vo_series *s = made(60, 4);
    const vo_learning world = {
        .alloc = &vo_alloc_libc, .recalibrate_days = 7, .progress = count_fits, .threads = 2};
    vo_forecaster *f = opened(s, &world);
    fitted(f, s, first_of(s, 40));
    cr_assert_eq(count_models, 1);
    double out[24];
    for (int32_t day = 40; day < 50; day++) {
        say(f, s, first_of(s, day), first_of(s, day) + 24, out);
        cr_assert_eq(count_models, day < 47 ? 1 : 2, "day %d: %zu", (int)day, count_models);
    }
    vo_forecaster_free(f);
    vo_series_free(s);
}

/* A model of two horizons and two levels, none of which are the forecaster's own. */
static void *odd_model(const vo_series *s, size_t until, size_t *len) {
    vo_price_settings p = vo_price_settings_default(1);
    vo_price_model *m = NULL;
    vo_artefact_out *w = NULL;
    vo_error err = {0};
    void *bytes = NULL;
    p.n_horizons = p.n_levels = 2;
    p.horizon[0] = 2, p.horizon[1] = 5;
    p.level[0] = 0.2, p.level[1] = 0.8;
    p.point.trees = p.quantile.trees = 7;
    p.n_shuffled = 0;
    cr_assert_eq(vo_price_model_train(s, NULL, until, &p, NULL, &m, &err), VO_OK, "%s",
                 err.msg);
    cr_assert_eq(vo_forecaster_artefact("gbt", &w, NULL), VO_OK);
    vo_price_model_save(m, w);
    cr_assert_eq(vo_artefact_out_take(w, &bytes, len, NULL), VO_OK);
    vo_artefact_out_free(w);
    vo_price_model_free(m);
    return bytes;
}

Test(forecaster_gbt, a_loaded_model_stays_as_it_was_stored_unless_asked) {
    vo_series *s = made(60, 9);
    const vo_learning world = {
        .alloc = &vo_alloc_libc, .recalibrate_days = 7, .progress = count_fits};
    vo_forecaster *f = opened(s, &world);
    size_t len = 0, len_after = 0;
    void *bytes = odd_model(s, first_of(s, 40), &len), *before = NULL, *after = NULL;
    double out[24];
    cr_assert_eq(vo_forecaster_from_bytes(f, bytes, len, "memory", NULL), VO_OK);
    say(f, s, first_of(s, 40), first_of(s, 41), out);
    cr_assert_eq(vo_forecaster_to_bytes(f, &before, &len, NULL), VO_OK);
    count_models = 0;
    say(f, s, first_of(s, 55), first_of(s, 56), out);
    cr_assert_eq(count_models, 0);
    cr_assert_eq(vo_forecaster_to_bytes(f, &after, &len_after, NULL), VO_OK);
    cr_assert(len == len_after && memcmp(before, after, len) == 0);
    free(before);
    free(after);
    free(bytes);
    vo_forecaster_free(f);
    vo_series_free(s);
}

Test(forecaster_gbt, a_loaded_model_refits_as_it_was_trained_if_asked) {
    vo_series *s = made(60, 9);
    const vo_learning world = {.alloc = &vo_alloc_libc,
                               .recalibrate_days = 7,
                               .refit_loaded = true,
                               .progress = count_fits};
    vo_forecaster *f = opened(s, &world);
    size_t len = 0, len_of[2] = {0};
    void *bytes = odd_model(s, first_of(s, 40), &len), *kept[2] = {0};
    double out[24];
    cr_assert_eq(vo_forecaster_from_bytes(f, bytes, len, "memory", NULL), VO_OK);
    for (int k = 0; k < 2; k++) {
        const size_t known = first_of(s, 40 + 7 * k);
        count_models = 0;
        say(f, s, known, known + 24, out);
        cr_assert_eq(count_models, (size_t)k);
        cr_assert_eq(vo_forecaster_to_bytes(f, &kept[k], &len_of[k], NULL), VO_OK);
        vo_artefact *in = NULL;
        vo_price_model *m = NULL;
        char kind[9];
        cr_assert(vo_artefact_kind(kept[k], len_of[k], kind));
        cr_assert_eq(vo_artefact_open(kept[k], len_of[k], kind, 99, "memory", &in, NULL),
                     VO_OK);
        cr_assert_eq(vo_price_model_load(in, NULL, &m, NULL), VO_OK);
        const vo_price_settings *p = vo_price_model_settings(m);
        cr_assert(p->n_horizons == 2 && p->horizon[1] == 5 && p->n_levels == 2 &&
                  p->level[1] == 0.8 && p->point.trees == 7);
        vo_price_model_free(m);
        vo_artefact_close(in);
        free(kept[k]);
    }
    free(bytes);
    vo_forecaster_free(f);
    vo_series_free(s);
}

Test(forecaster_gbt, unfitted_or_with_too_little_history_it_refuses_in_words) {
    vo_series *s = made(70, 5);
    vo_forecaster *f = opened(s, &plain);
    double out[24];
    size_t filled = 0;
    vo_error err = {0};
    cr_assert(vo_forecaster_learns("gbt") && vo_forecaster_can_fit(f));
    cr_assert_eq(
        vo_forecaster_predict(f, s->column[0].value, 100, 100, 124, out, &filled, &err),
        VO_EINVAL);
    cr_assert(strstr(err.msg, "fit"), "%s", err.msg);
    cr_assert_eq(vo_forecaster_fit(f, s->column[0].value, 48, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "48 intervals"), "%s", err.msg);
    vo_forecaster_free(f);
    vo_series_free(s);
}

/* Beyond eight days the naive says something, and it is counted. */
Test(forecaster_gbt, farther_than_eight_days_the_naive_fills_in) {
    NOT_OF_THREADS();
    vo_series *s = made(60, 6);
    vo_forecaster *f = opened(s, &plain);
    const size_t known = first_of(s, 45);
    fitted(f, s, known);
    double out[240], *h = known_of(s, known);
    size_t filled = 0;
    cr_assert_eq(vo_forecaster_predict(f, h, known, known, known + 240, out, &filled, NULL),
                 VO_OK);
    cr_assert_eq(filled, 240 - 192);
    for (size_t i = 0; i < 240; i++) cr_assert(isfinite(out[i]), "%zu", i);
    free(h);
    vo_forecaster_free(f);
    vo_series_free(s);
}

/* ---- real prices ------------------------------------------------------------------------- */

enum { REAL_DAYS = 300 };

/* Days of the benchmark's file from its row `skip` on, price and two forecasts. */
static vo_series *read_epf(const char *path, size_t skip) {
    const char *names[] = {"price", "first forecast", "second forecast"};
    vo_series *s = NULL;
    vo_zone *z = NULL;
    char line[256];
    FILE *in = fopen(path, "r");
    cr_assert(in && fgets(line, sizeof line, in));
    for (size_t i = 0; i < skip; i++) cr_assert(fgets(line, sizeof line, in));
    cr_assert_eq(vo_series_create(24 * REAL_DAYS, names, 3, NULL, &s, NULL), VO_OK);
    for (size_t t = 0; t < s->n; t++) {
        int y, m, d, h;
        cr_assert(fgets(line, sizeof line, in));
        cr_assert_eq(sscanf(line, "%d-%d-%d %d:00:00,%lf,%lf,%lf", &y, &m, &d, &h,
                            &s->column[0].value[t], &s->column[1].value[t],
                            &s->column[2].value[t]),
                     7, "%s", line);
        s->start[t].s = 86400 * vo_civil_days(y, m, d) + 3600 * h;
        s->dt_h[t] = 1;
    }
    fclose(in);
    cr_assert_eq(vo_zone_open("UTC", &z, NULL), VO_OK);
    vo_series_number_days(s, z);
    vo_zone_close(z);
    snprintf(s->zone, sizeof s->zone, "UTC");
    return s;
}

Test(forecaster_gbt, on_real_prices_it_is_nearer_than_the_naive) {
    NOT_OF_THREADS();
    const char *const market[] = {"NP", "PJM"};
    for (int k = 0; k < 2; k++) {
        char relative[64], path[DATA_PATH];
        snprintf(relative, sizeof relative, "epf_benchmark/%s.csv", market[k]);
        NEED_DATA(relative, path);
        vo_series *s = read_epf(path, 24 * 700);
        vo_forecaster *f = opened(s, &plain), *naive = NULL;
        cr_assert_eq(vo_forecaster_create("epf_naive", s, NULL, &naive, NULL), VO_OK);
        fitted(f, s, 24 * 240);
        double mae[2] = {0}, a[24], b[24];
        for (size_t from = 24 * 240; from < s->n; from += 24) {
            double *h = known_of(s, from);
            size_t filled = 0;
            say(f, s, from, from + 24, a);
            cr_assert_eq(
                vo_forecaster_predict(naive, h, from, from, from + 24, b, &filled, NULL),
                VO_OK);
            for (size_t i = 0; i < 24; i++) {
                mae[0] += fabs(a[i] - s->column[0].value[from + i]);
                mae[1] += fabs(b[i] - s->column[0].value[from + i]);
            }
            free(h);
        }
        cr_assert_lt(mae[0], mae[1], "%s: %g, naive %g", market[k], mae[0] / 1440,
                     mae[1] / 1440);
        vo_forecaster_free(f);
        vo_forecaster_free(naive);
        vo_series_free(s);
    }
}
