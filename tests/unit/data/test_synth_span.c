/* test_synth_span.c -- local days, knots and chances that generators stand on. */
#include "data/synth_span.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/moments.h"

static vo_synth_span open_span(const char *zone, int32_t year, int32_t days, double minutes) {
    vo_synth_span s;
    vo_error err = {0};
    cr_assert_eq(vo_synth_span_open(zone, year, days, minutes, &s, &err), VO_OK, "%s", err.msg);
    return s;
}

Test(synth_span, days_have_23_24_and_25_hours_and_the_clock_shows_them) {
    vo_synth_span s = open_span("Europe/Madrid", 2025, 0, 30);
    cr_assert_eq(s.n, 365u * 48);
    cr_assert_eq(s.knots, 365u * 24);
    vo_synth_clock c = vo_synth_clock_start(&s);
    int32_t per_day[366] = {0};
    for (size_t k = 0; k < s.knots; k++) {
        const bool begins = vo_synth_clock_move(&s, &c, vo_synth_knot_s(&s, k));
        cr_assert_eq(begins, per_day[c.of_year] == 0);
        cr_assert(c.hour >= 0 && c.hour < 24);
        per_day[c.of_year]++;
    }
    cr_expect_eq(per_day[88], 23, "30 March");
    cr_expect_eq(per_day[298], 25, "26 October");
    cr_expect_eq(per_day[87], 24);
    cr_expect_eq(c.weekday, 2, "31 December 2025 is a Wednesday");
    vo_synth_span_close(&s);
}

Test(synth_span, values_between_knots_are_linear_and_flat_outside) {
    vo_synth_span s = open_span("UTC", 2024, 1, 5);
    double v[24];
    for (size_t k = 0; k < 24; k++) v[k] = (double)k;
    cr_expect_float_eq(vo_synth_at(&s, v, s.first_s), 0, 0);
    cr_expect_float_eq(vo_synth_at(&s, v, s.first_s + 1800), 0, 0);
    cr_expect_float_eq(vo_synth_at(&s, v, s.first_s + 3600), 0.5, 1e-15);
    cr_expect_float_eq(vo_synth_at(&s, v, s.first_s + 5400), 1, 1e-15);
    cr_expect_float_eq(vo_synth_at(&s, v, s.first_s + 86399), 23, 0);
    vo_synth_span_close(&s);
}

Test(synth_span, noise_has_variance_one_and_its_memory) {
    const size_t n = 400000;
    double *x = malloc(n * sizeof *x);
    vo_random r = vo_random_seed(1, 1);
    vo_synth_noise(&r, 12, n, x);
    double mean = 0, var = 0;
    for (size_t k = 0; k < n; k++) mean += x[k] / (double)n;
    for (size_t k = 0; k < n; k++) var += (x[k] - mean) * (x[k] - mean) / (double)n;
    cr_expect_float_eq(mean, 0, 0.03);
    cr_expect_float_eq(var, 1, 0.05);
    cr_expect_float_eq(vo_moments_correlation(x, x + 12, n - 12), exp(-1), 0.02);
    free(x);
}

Test(synth_span, a_chain_is_on_for_its_share_in_spells_of_its_length) {
    vo_random r = vo_random_seed(2, 2);
    bool on = false;
    size_t count = 0, spells = 0;
    for (int k = 0; k < 400000; k++) {
        const bool before = on;
        on = vo_synth_chain(&r, on, 0.25, 3);
        count += on;
        spells += on && !before;
    }
    cr_expect_float_eq((double)count / 400000, 0.25, 0.01);
    cr_expect_float_eq((double)count / (double)spells, 3, 0.1);
}

Test(synth_span, what_is_out_of_range_is_named) {
    vo_synth_span s;
    vo_error err = {0};
    cr_expect_eq(vo_synth_span_open("UTC", 1900, 0, 60, &s, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "year = 1900"), "%s", err.msg);
    cr_expect_eq(vo_synth_span_open("UTC", 2024, -1, 60, &s, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "days = -1"), "%s", err.msg);
    cr_expect_eq(vo_synth_span_open("UTC", 2024, 1, 45, &s, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "interval_minutes = 45"), "%s", err.msg);
    cr_expect_eq(vo_synth_span_open("UTC", 2024, 36600, 1, &s, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "intervals; at most"), "%s", err.msg);
    cr_expect_eq(vo_synth_span_open("Mars/Olympus", 2024, 1, 60, &s, &err), VO_ENOTFOUND);
}
