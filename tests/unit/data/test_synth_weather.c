/* test_synth_weather.c -- synthetic weather: physics kept, seeded, shaped as its options say.
 */
#include "data/synth_weather.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "data/moments.h"

static vo_series *make(vo_synth_weather_options o, uint32_t site) {
    vo_series *s = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_synth_weather(&o, site, &s, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_series_check(s, NULL), VO_OK);
    return s;
}

static vo_moments moments(const vo_series *s, const char *column) {
    vo_moments m;
    cr_assert_eq(vo_moments_of(s, vo_series_find(s, column), &m, NULL), VO_OK);
    return m;
}

Test(synth_weather, every_hour_is_physically_possible) {
    vo_series *s = make(vo_synth_weather_options_default(), 3);
    const double *t = vo_series_find(s, "temperature_c"),
                 *dew = vo_series_find(s, "dew_point_c");
    const double *rh = vo_series_find(s, "relative_humidity_pct");
    const double *cloud = vo_series_find(s, "cloud_cover_pct");
    const double *ghi = vo_series_find(s, "ghi_w_m2"), *dhi = vo_series_find(s, "dhi_w_m2");
    const double *dni = vo_series_find(s, "dni_w_m2"),
                 *wind = vo_series_find(s, "wind_speed_m_s");
    cr_assert_eq(s->n, 8760u);
    cr_expect_str_eq(s->label, "synthetic weather 0003");
    cr_expect_str_eq(s->unit, "C");
    for (size_t k = 0; k < s->n; k++) {
        cr_assert(rh[k] >= 8 && rh[k] <= 100 && cloud[k] >= 0 && cloud[k] <= 100);
        cr_assert(t[k] > -30 && t[k] < 50 && wind[k] >= 0 && dew[k] <= t[k] + 0.05);
        cr_assert(ghi[k] >= 0 && dni[k] >= 0 && dni[k] < 1412 && dhi[k] <= ghi[k]);
        const vo_civil c = vo_civil_from_seconds(s->start[k].s - 6 * 3600);
        if (c.hour >= 20 || c.hour < 5) cr_assert(ghi[k] <= 0 && dni[k] <= 0, "night");
        if (c.hour == 12) cr_assert_gt(ghi[k], 100, "the overcast sky still lets through");
    }
    vo_series_free(s);
}

Test(synth_weather, half_steps_have_the_light_and_the_warmth_of_whole_steps) {
    vo_synth_weather_options o = vo_synth_weather_options_default();
    o.days = 40;
    vo_series *hours = make(o, 0);
    o.interval_minutes = 30;
    vo_series *halves = make(o, 0);
    const size_t ghi = 5;
    for (size_t t = 0; t < hours->n; t++) {
        const double mean =
            (halves->column[ghi].value[2 * t] + halves->column[ghi].value[2 * t + 1]) / 2;
        cr_assert_float_eq(mean, hours->column[ghi].value[t], 0.05, "%zu", t);
    }
    cr_expect_float_eq(moments(hours, "temperature_c").value[VO_MOMENT_mean],
                       moments(halves, "temperature_c").value[VO_MOMENT_mean], 0.02);
    vo_series_free(halves);
    vo_series_free(hours);
}

Test(synth_weather, same_seed_same_bits_sites_differ_and_fewer_days_are_a_beginning) {
    vo_synth_weather_options o = vo_synth_weather_options_default();
    o.days = 60;
    vo_series *a = make(o, 5), *b = make(o, 5), *c = make(o, 6);
    o.days = 20;
    vo_series *d = make(o, 5);
    for (size_t k = 0; k < a->n_columns; k++) {
        cr_assert_eq(memcmp(a->column[k].value, b->column[k].value, a->n * sizeof(double)), 0);
        cr_assert_neq(memcmp(a->column[k].value, c->column[k].value, a->n * sizeof(double)), 0);
        cr_assert_eq(memcmp(a->column[k].value, d->column[k].value, d->n * sizeof(double)), 0);
    }
    vo_series_free(a);
    vo_series_free(b);
    vo_series_free(c);
    vo_series_free(d);
}

Test(synth_weather, summers_are_warm_on_both_sides_and_afternoons_everywhere) {
    vo_synth_weather_options o = vo_synth_weather_options_default();
    o.days = 3650;
    o.elevation_m = 0;
    o.zone = "UTC";
    o.longitude = 0;
    for (int south = 0; south < 2; south++) {
        o.latitude = south ? -40 : 40;
        vo_series *s = make(o, 0);
        const vo_moments m = moments(s, "temperature_c");
        cr_expect_eq(m.month[6] > 1.2 && m.month[0] < 0.8, !south);
        cr_expect_eq(m.month[0] > 1.2 && m.month[6] < 0.8, south);
        cr_expect(m.value[VO_MOMENT_peak_hour] >= 13 && m.value[VO_MOMENT_peak_hour] <= 16);
        cr_expect(m.value[VO_MOMENT_low_hour] >= 4 && m.value[VO_MOMENT_low_hour] <= 7);
        const double expected = 27.5 - 0.36 * 28;
        cr_expect_float_eq(m.value[VO_MOMENT_mean], expected, 0.8, "%g",
                           m.value[VO_MOMENT_mean]);
        vo_series_free(s);
    }
    o.mean_temperature_c = 5;
    o.heat_waves_per_year = 0;
    o.annual_swing_c = 0;
    vo_series *s = make(o, 0);
    cr_expect_float_eq(moments(s, "temperature_c").value[VO_MOMENT_mean], 5, 0.3);
    vo_series_free(s);
}

/* Hayward 2018 and San Jose 2023 (weather/SOURCE.md's files): clear or overcast most of the
 * time, the mean of global light about 207 W/m2 at 37.7 degrees. */
Test(synth_weather, a_bay_s_year_is_like_the_measured_one) {
    vo_synth_weather_options o = vo_synth_weather_options_default();
    o.zone = "America/Los_Angeles";
    o.latitude = 37.67;
    o.longitude = -122.12;
    o.elevation_m = 14;
    o.mean_temperature_c = 14;
    o.cloudiness = 0.4;
    o.days = 3650;
    vo_series *s = make(o, 0);
    cr_expect_float_eq(moments(s, "ghi_w_m2").value[VO_MOMENT_mean], 207, 25);
    cr_expect_float_eq(moments(s, "dhi_w_m2").value[VO_MOMENT_mean], 58, 15);
    cr_expect_float_eq(moments(s, "cloud_cover_pct").value[VO_MOMENT_mean], 40, 5);
    cr_expect_gt(moments(s, "cloud_cover_pct").value[VO_MOMENT_sd], 35);
    cr_expect_float_eq(moments(s, "temperature_c").value[VO_MOMENT_lag_24h], 0.85, 0.12);
    vo_series_free(s);
}

Test(synth_weather, options_outside_their_domain_are_named) {
    vo_synth_weather_options bad[4];
    static const char *const name[] = {"latitude", "cloudiness", "annual_swing_c",
                                       "interval_minutes"};
    for (int i = 0; i < 4; i++) bad[i] = vo_synth_weather_options_default();
    bad[0].latitude = 91;
    bad[1].cloudiness = 45;
    bad[2].annual_swing_c = -1;
    bad[3].interval_minutes = 7;
    for (int i = 0; i < 4; i++) {
        vo_series *s = NULL;
        vo_error err = {0};
        cr_expect_eq(vo_synth_weather(&bad[i], 0, &s, &err), VO_EINVAL);
        cr_expect(strstr(err.msg, name[i]) && !s, "%s", err.msg);
    }
}
