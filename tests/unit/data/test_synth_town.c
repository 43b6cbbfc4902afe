/* test_synth_town.c -- a town's days, weather and sun: those of the zone, the sky and the almanac. */
#include "data/synth_town.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static vo_synth_weather_options californian(void) {
    vo_synth_weather_options w = vo_synth_weather_options_default();
    w.zone = "America/Los_Angeles";
    w.latitude = 37.34;
    w.longitude = -121.89;
    w.elevation_m = 25;
    w.interval_minutes = 30;
    return w;
}

static vo_synth_town look(const vo_synth_weather_options *w, int64_t first_day, int32_t days,
                          const vo_synth_spell *spell) {
    vo_synth_town t;
    vo_error err = {0};
    cr_assert_eq(vo_synth_town_init(w, first_day, days, spell, false, &t, &err), VO_OK, "%s",
                 err.msg);
    return t;
}

/* 9 March 2025: at 02:00 it is 03:00. Every hour of the wall clock is where the zone has it. */
Test(synth_town, hours_of_the_wall_clock_are_the_zones) {
    const vo_synth_weather_options w = californian();
    const int64_t change = vo_civil_days(2025, 3, 9);
    vo_synth_town t = look(&w, change - 3, 6, NULL);
    cr_expect_eq(t.span.n, 6u * 48 - 2);
    cr_expect_eq(t.date[t.lead].day, change - 3);
    size_t even = 0;
    for (int64_t day = change - 10; day < change + 3; day++) {
        even += t.date[day - t.date[0].day].even;
        for (double hour = 0; hour < 47; hour += 0.75) {
            int64_t first, second;
            vo_zone_instants(t.span.zone, day * 86400 + (int64_t)(hour * 3600), &first,
                             &second);
            cr_assert_eq(vo_synth_town_at(&t, day, hour), first, "%g", hour);
        }
        cr_expect_eq(t.date[day - t.date[0].day].weekend, vo_civil_weekday(day) >= 5);
    }
    cr_expect_eq(even, 11u, "all but the change and the day before it");
    vo_synth_town_fini(&t);
}

/* The parts and rays that homes see are the weather generator's own, at their middles. */
Test(synth_town, what_homes_see_is_the_weather_of_that_instant) {
    const vo_synth_weather_options w = californian();
    vo_synth_town t = look(&w, vo_civil_days(2025, 5, 20), 3, NULL);
    cr_expect_eq(t.part_s, (int64_t)600);
    cr_expect_eq(t.rays, 2u);
    cr_expect_eq(t.n_parts, (VO_SYNTH_LEAD_DAYS + 3) * 144u);
    for (size_t i = 0; i < t.n_parts; i++) {
        const int64_t at = t.part_first_s + (int64_t)i * 600 + 300;
        cr_assert_float_eq(t.part[i].out_c, vo_synth_at(&t.sky_span, t.sky.temperature_c, at),
                           0);
        cr_assert(t.part[i].dark >= 0.08 && t.part[i].dark <= 1 && t.part[i].sun_kw >= 0);
    }
    for (size_t k = 0; k < t.span.n; k++) {
        const int64_t at = t.span.first_s + (int64_t)k * 1800;
        vo_synth_panel p = vo_synth_panel_default(w.latitude);
        const vo_synth_direction normal = vo_synth_panel_normal(&p);
        double sum = 0;
        for (size_t i = 0; i < 2; i++) {
            const vo_synth_ray *r = &t.ray[2 * k + i];
            sum += vo_synth_panel_towards_kw(&p, &normal, &r->sun, r->light, r->temperature_c);
        }
        cr_assert_float_eq(
            sum / 2, vo_synth_weather_panel_kw(&w, &t.sky_span, &t.sky, &p, at, 1800), 1e-12);
    }
    vo_synth_town_fini(&t);
}

/* A sky runs on from 1 January of its year: days and length of the span do not matter. */
Test(synth_town, the_sky_is_the_same_whatever_days_are_looked_at) {
    const vo_synth_weather_options w = californian();
    const int64_t day = vo_civil_days(2026, 2, 1);
    vo_synth_town a = look(&w, day, 5, NULL), b = look(&w, day - 200, 230, NULL);
    const size_t from = b.n_parts - 25 * 144 - a.n_parts;
    cr_expect_eq(memcmp(a.part, b.part + from, a.n_parts * sizeof *a.part), 0);
    const size_t step = b.span.n - 25 * 48 - a.span.n;
    cr_expect_eq(memcmp(a.ray, b.ray + 2 * step, a.span.n * 2 * sizeof *a.ray), 0);
    vo_synth_town_fini(&a);
    vo_synth_town_fini(&b);
}

Test(synth_town, a_spell_adds_degrees_and_takes_clouds_within_its_days) {
    const vo_synth_weather_options w = californian();
    const int64_t day = vo_civil_days(2025, 7, 10);
    const vo_synth_spell spell = {day, 2, 8, 0.25};
    vo_synth_town a = look(&w, day - 2, 6, NULL), b = look(&w, day - 2, 6, &spell);
    for (size_t k = 0; k < a.sky_span.knots; k++) {
        const int64_t s = vo_synth_knot_s(&a.sky_span, k) - vo_zone_day_start(a.span.zone, day);
        const double warmer = b.sky.temperature_c[k] - a.sky.temperature_c[k];
        if (s < 0 || s >= 2 * 86400) {
            cr_assert_float_eq(warmer, 0, 0);
            cr_assert_float_eq(a.sky.cloud[k], b.sky.cloud[k], 0);
        } else if (s >= 43200 && s < 3 * 43200) {
            cr_assert_float_eq(warmer, 8, 1e-12);
            cr_assert_float_eq(b.sky.cloud[k], 0.25 * a.sky.cloud[k], 1e-12);
        } else {
            cr_assert(warmer > 0 && warmer < 8, "%g", warmer);
        }
    }
    vo_synth_town_fini(&a);
    vo_synth_town_fini(&b);
}

/* Errors of a forecast: of the temperature about 1.3 C; its nights are dark. */
Test(synth_town, what_is_known_a_day_ahead_is_near_the_truth_and_not_the_truth) {
    const vo_synth_weather_options w = californian();
    vo_synth_town t = look(&w, vo_civil_days(2025, 4, 1), 120, NULL);
    const size_t n = t.span.n;
    double *c = calloc(2 * n, sizeof *c), sum = 0;
    cr_assert_eq(vo_synth_town_outlook(&t, &w, c, c + n, NULL), VO_OK);
    for (size_t k = 0; k < n; k++) {
        const int64_t at = t.span.first_s + (int64_t)k * 1800 + 900;
        const double e = c[k] - vo_synth_at(&t.sky_span, t.sky.temperature_c, at);
        sum += e * e;
        cr_assert(c[n + k] >= 0 && c[n + k] < 1300);
        if (k % 48 < 8) cr_assert_float_eq(c[n + k], 0, 0);
    }
    cr_expect_float_eq(sqrt(sum / (double)n), 1.3, 0.4, "%g", sqrt(sum / (double)n));
    free(c);
    vo_synth_town_fini(&t);
}

Test(synth_town, days_before_their_sky_or_none_at_all_are_refused) {
    vo_synth_weather_options w = californian();
    vo_synth_town t;
    vo_error err = {0};
    const int64_t before = vo_civil_days(2024, 12, 31), day = vo_civil_days(2025, 2, 1);
    cr_expect_eq(vo_synth_town_init(&w, before, 2, NULL, false, &t, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "1 January 2025"), "%s", err.msg);
    cr_expect_eq(vo_synth_town_init(&w, day, 0, NULL, false, &t, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "days"), "%s", err.msg);
    w.interval_minutes = 7;
    cr_expect_eq(vo_synth_town_init(&w, day, 1, NULL, false, &t, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "interval_minutes"), "%s", err.msg);
    w = californian();
    w.cloudiness = 2;
    cr_expect_eq(vo_synth_town_init(&w, day, 1, NULL, false, &t, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "cloudiness"), "%s", err.msg);
}
