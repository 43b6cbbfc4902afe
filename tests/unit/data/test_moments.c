/* test_moments.c -- sequences whose moments are known without a computer. */
#include "data/moments.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

/* `n` steps of dt_h from Monday 2024-01-01T00:00Z. */
static vo_series *series(size_t n, double dt_h) {
    static const char *const name[] = {"load_kw"};
    vo_series *s = NULL;
    cr_assert_eq(vo_series_create(n, name, 1, NULL, &s, NULL), VO_OK);
    strcpy(s->zone, "UTC");
    for (size_t t = 0; t < n; t++) {
        s->start[t].s = 1704067200 + (int64_t)((double)t * dt_h * 3600);
        s->dt_h[t] = dt_h;
        s->day[t] = (int32_t)((double)t * dt_h / 24);
        s->column[0].value[t] = 0;
    }
    return s;
}

static vo_moments of(const vo_series *s) {
    vo_moments m;
    vo_error err = {0};
    cr_assert_eq(vo_moments_of(s, s->column[0].value, &m, &err), VO_OK, "%s", err.msg);
    return m;
}

#define IS(m, what, expected)                                                                  \
    cr_expect_float_eq((m).value[VO_MOMENT_##what], expected, 1e-12, "%s = %.15g", #what,      \
                       (m).value[VO_MOMENT_##what])

/* 0..100: mean 50, variance (101^2 - 1) / 12 = 850, kurtosis of a discrete uniform. */
Test(moments, of_zero_to_a_hundred_are_in_the_books) {
    vo_series *s = series(101, 1);
    for (size_t t = 0; t < 101; t++) s->column[0].value[(t * 37) % 101] = (double)t;
    const vo_moments m = of(s);
    IS(m, mean, 50);
    IS(m, sd, sqrt(850));
    IS(m, skewness, 0);
    IS(m, kurtosis, 3 - 6.0 / 5 * (101.0 * 101 + 1) / (101.0 * 101 - 1));
    IS(m, q01, 1);
    IS(m, q05, 5);
    IS(m, q25, 25);
    IS(m, q50, 50);
    IS(m, q99, 99);
    IS(m, load_factor, 0.5);
    IS(m, zero_share, 1.0 / 101);
    IS(m, negative_share, 0);
    vo_series_free(s);
}

/* Ninety-nine zeros and one 100: mean 1, variance 99, skewness 98/sqrt(99). */
Test(moments, of_one_spike_among_zeros_are_those_of_a_bernoulli_draw) {
    vo_series *s = series(100, 1);
    s->column[0].value[42] = 100;
    const vo_moments m = of(s);
    IS(m, mean, 1);
    IS(m, sd, sqrt(99));
    IS(m, skewness, 98 / sqrt(99));
    IS(m, kurtosis, 1 / 0.0099 - 3);
    IS(m, spike_share, 0.01);
    IS(m, peak_hour, 42 % 24);
    vo_series_free(s);
}

Test(moments, a_cosine_of_the_day_comes_back_after_a_day_and_is_opposite_after_half) {
    vo_series *s = series(4 * 24 * 28, 0.25);
    for (size_t t = 0; t < s->n; t++)
        s->column[0].value[t] = 10 + cos(2 * 3.14159265358979323846 * (double)t / 96);
    const vo_moments m = of(s);
    cr_expect_float_eq(m.value[VO_MOMENT_lag_1h], cos(2 * 3.14159265358979 / 24), 3e-3);
    cr_expect_float_eq(m.value[VO_MOMENT_lag_24h], 1, 1e-9);
    cr_expect_float_eq(m.value[VO_MOMENT_lag_168h], 1, 1e-9);
    cr_expect_float_eq(m.value[VO_MOMENT_weekend_ratio], 1, 1e-9);
    IS(m, low_hour, 12); /* 12:00 is the lowest, and 12:15 .. 12:45 mirror 11:45 .. 11:15 */
    IS(m, peak_hour, 0);
    vo_series_free(s);
}

Test(moments, week_and_year_are_local_and_what_is_missing_is_left_out) {
    vo_series *s = series(24 * 366, 1);
    strcpy(s->zone,
           "America/Mexico_City"); /* UTC-6: the first six hours are Sunday, December */
    for (size_t t = 0; t < s->n; t++) {
        const int64_t local_h = (s->start[t].s - 6 * 3600) / 3600;
        const int64_t weekday = (local_h / 24 + 3) % 7; /* 1970-01-01 was a Thursday */
        s->column[0].value[t] = weekday >= 5 ? 3 : 1;
    }
    s->column[0].value[100] = s->column[0].value[101] = (double)NAN;
    const vo_moments m = of(s);
    cr_expect_eq(m.missing, 2u);
    cr_expect_eq(m.n, 24u * 366 - 2);
    IS(m, weekend_ratio, 3);
    IS(m, lag_168h, m.value[VO_MOMENT_lag_168h]);
    cr_expect_gt(m.value[VO_MOMENT_lag_168h], 0.999);
    cr_expect_gt(m.month[11], m.month[0] * 0.5, "December has a value");
    vo_series_free(s);
}

Test(moments, a_gap_in_time_does_not_make_neighbours) {
    vo_series *s = series(48, 1);
    for (size_t t = 0; t < 48; t++) s->column[0].value[t] = t % 2 ? 1 : -1;
    for (size_t t = 24; t < 48; t++) { /* an hour is missing, and the turn in it too */
        s->start[t].s += 3600;
        s->column[0].value[t] *= -1;
    }
    const vo_moments m = of(s);
    IS(m, lag_1h, -1);
    vo_series_free(s);
}

Test(moments, near_is_within_the_band_and_round_the_clock) {
    cr_expect_eq(vo_moments_verdict(VO_MOMENT_mean, 110, 100), VO_MOMENT_NEAR);
    cr_expect_eq(vo_moments_verdict(VO_MOMENT_mean, 130, 100), VO_MOMENT_OFF);
    cr_expect_eq(vo_moments_verdict(VO_MOMENT_mean, -100, 100), VO_MOMENT_OFF);
    cr_expect_eq(vo_moments_verdict(VO_MOMENT_mean, (double)NAN, 100), VO_MOMENT_NONE);
    cr_expect_eq(vo_moments_verdict(VO_MOMENT_peak_hour, 23, 1), VO_MOMENT_NEAR);
    cr_expect_eq(vo_moments_verdict(VO_MOMENT_peak_hour, 20, 1), VO_MOMENT_OFF);
    cr_expect_eq(vo_moments_verdict(VO_MOMENT_negative_share, 0, 0.02), VO_MOMENT_NEAR);
    cr_expect_eq(vo_moments_verdict(VO_MOMENT_q05, 0, 0), VO_MOMENT_NEAR);
}

Test(moments, correlation_is_one_of_a_line_minus_one_of_its_mirror_and_none_of_a_constant) {
    const double a[5] = {1, 2, 3, 4, (double)NAN}, b[5] = {-2, -4, -6, -8, 100};
    const double c[5] = {7, 7, 7, 7, 7}, d[5] = {1, -1, -1, 1, 9};
    cr_expect_float_eq(vo_moments_correlation(a, a, 5), 1, 1e-12);
    cr_expect_float_eq(vo_moments_correlation(a, b, 5), -1, 1e-12);
    cr_expect_float_eq(vo_moments_correlation(a, d, 5), 0, 1e-12);
    cr_expect(isnan(vo_moments_correlation(a, c, 5)));
}

Test(moments, of_a_million_normal_draws_are_those_of_a_bell) {
    vo_series *s = series(1000000, 1);
    vo_random r = vo_random_seed(7, 7);
    for (size_t t = 0; t < s->n; t++) s->column[0].value[t] = vo_random_normal(&r);
    const vo_moments m = of(s);
    cr_expect_float_eq(m.value[VO_MOMENT_skewness], 0, 0.01);
    cr_expect_float_eq(m.value[VO_MOMENT_kurtosis], 3, 0.02);
    cr_expect_float_eq(m.value[VO_MOMENT_q95], 1.6449, 0.01);
    cr_expect_float_eq(m.value[VO_MOMENT_q01], -2.3263, 0.02);
    cr_expect_float_eq(m.value[VO_MOMENT_lag_1h], 0, 0.005);
    cr_expect_float_eq(m.value[VO_MOMENT_spike_share], 0.00135, 0.0002);
    vo_series_free(s);
}

Test(moments, too_few_values_are_refused_and_json_has_every_moment) {
    vo_series *s = series(3, 1);
    vo_moments m;
    vo_error err = {0};
    s->column[0].value[0] = s->column[0].value[1] = (double)NAN;
    cr_assert_eq(vo_moments_of(s, s->column[0].value, &m, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "at least 2"), "%s", err.msg);
    s->column[0].value[0] = 4;
    m = of(s);
    vo_json_out *w = NULL;
    char *text = NULL;
    size_t len = 0;
    vo_json *root = NULL;
    cr_assert_eq(vo_json_out_create(&w, NULL), VO_OK);
    vo_json_out_object(w);
    vo_moments_compare_json(&m, &m, w);
    vo_json_out_end(w);
    cr_assert_eq(vo_json_out_take(w, &text, &len, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_json_parse(text, len, &root, &err), VO_OK, "%s", err.msg);
    cr_expect_eq(vo_json_size(vo_json_get(root, "moments")), (size_t)VO_MOMENTS);
    cr_expect_eq(vo_json_number(vo_json_get(root, "off")), 0);
    cr_expect_str_eq(vo_moment_name(VO_MOMENT_sd), "sd");
    vo_json_free(root);
    free(text);
    vo_json_out_free(w);
    vo_series_free(s);
}
