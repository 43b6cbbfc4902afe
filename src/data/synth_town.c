/* synth_town.c -- see synth_town.h. */
#include "data/synth_town.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <volteo/schedule.h>

#include "data/synth_math.h"

#define DAY_S INT64_C(86400)
#define HOUR_S INT64_C(3600)
#define WINDOWS_M2 4.0 /* of a house, times the share of the sun that they let in */
#define OUTLOOK UINT64_C(0x0071000000000000) /* forecasts' own streams of a seed */

static double clamp(double v, double lo, double hi) { return v < lo ? lo : v > hi ? hi : v; }

/* ---- dates ------------------------------------------------------------------------ */

static vo_synth_date date_of(const vo_zone *zone, int64_t day) {
    vo_synth_date d = {.day = day, .start_s = vo_zone_day_start(zone, day)};
    d.offset_s = vo_zone_offset(zone, d.start_s);
    d.even = d.start_s == day * DAY_S - d.offset_s &&
             vo_zone_offset(zone, d.start_s + DAY_S) == d.offset_s &&
             vo_zone_offset(zone, d.start_s + 2 * DAY_S) == d.offset_s;
    d.weekend = vo_civil_weekday(day) >= 5;
    return d;
}

int64_t vo_synth_town_at(const vo_synth_town *t, int64_t day, double hour) {
    const int64_t wall_s = day * DAY_S + (int64_t)(hour * 3600);
    const int64_t k = day - t->date[0].day;
    if (k >= 0 && (size_t)k < t->n_dates && t->date[k].even && hour >= 0 && hour < 48)
        return wall_s - t->date[k].offset_s;
    int64_t first, second;
    vo_zone_instants(t->span.zone, wall_s, &first, &second);
    return first;
}

static vo_status make_dates(vo_synth_town *t, int32_t days, vo_error *err) {
    t->lead = VO_SYNTH_LEAD_DAYS;
    t->n_dates = t->lead + (size_t)days + 2;
    t->date = malloc(t->n_dates * sizeof *t->date);
    if (!t->date) return vo_fail(err, VO_ENOMEM, "no memory for %d days", (int)days);
    for (size_t k = 0; k < t->n_dates; k++)
        t->date[k] = date_of(t->span.zone, t->span.first_day + (int64_t)k - (int64_t)t->lead);
    return VO_OK;
}

/* ---- weather ---------------------------------------------------------------------- */

/* 1 within the spell, rising and fading over 12 hours at its ends. */
static double within_spell(const vo_synth_spell *spell, const vo_zone *zone, int64_t at_s) {
    const int64_t from = vo_zone_day_start(zone, spell->first_day);
    const int64_t to = vo_zone_day_start(zone, spell->first_day + spell->days);
    const double since_h = (double)(at_s - from) / 3600, left_h = (double)(to - at_s) / 3600;
    return clamp(fmin(since_h, left_h) / 12, 0, 1);
}

static void make_spell(vo_synth_town *t, const vo_synth_spell *spell) {
    for (size_t k = 0; k < t->sky_span.knots; k++) {
        const double part = within_spell(spell, t->span.zone, vo_synth_knot_s(&t->sky_span, k));
        t->sky.temperature_c[k] += part * spell->warmer_c;
        t->sky.cloud[k] = clamp(t->sky.cloud[k] * (1 + part * (spell->cloud - 1)), 0, 1);
    }
}

static void make_parts(vo_synth_town *t, const vo_synth_weather_options *w) {
    for (size_t i = 0; i < t->n_parts; i++) {
        const int64_t at = t->part_first_s + (int64_t)i * t->part_s + t->part_s / 2;
        const vo_synth_sun sun = vo_synth_sun_at(w->latitude, w->longitude, at);
        const double cloud = vo_synth_at(&t->sky_span, t->sky.cloud, at);
        const double ghi = vo_synth_light_at(&sun, cloud).ghi_w_m2;
        const double out_c = vo_synth_at(&t->sky_span, t->sky.temperature_c, at);
        t->part[i] = (vo_synth_part){.out_c = out_c,
                                     .sun_kw = ghi / 1000 * WINDOWS_M2,
                                     .dark = clamp(1 - ghi / 120, 0.08, 1),
                                     .cop_cool = clamp(3.6 - 0.06 * (out_c - 25), 1.8, 5),
                                     .cop_heat = clamp(3.0 + 0.07 * (out_c - 7), 1.5, 5)};
    }
}

static void make_rays(vo_synth_town *t, const vo_synth_weather_options *w) {
    const int64_t ray_s = t->span.step_s / (int64_t)t->rays;
    for (size_t i = 0; i < t->span.n * t->rays; i++) {
        const int64_t at = t->span.first_s + (int64_t)(i / t->rays) * t->span.step_s +
                           (int64_t)(i % t->rays) * ray_s + ray_s / 2;
        const vo_synth_sun sun = vo_synth_sun_at(w->latitude, w->longitude, at);
        const double cloud = vo_synth_at(&t->sky_span, t->sky.cloud, at);
        t->ray[i] = (vo_synth_ray){.sun = vo_synth_sun_direction(&sun),
                                   .light = vo_synth_light_at(&sun, cloud),
                                   .temperature_c =
                                       vo_synth_at(&t->sky_span, t->sky.temperature_c, at)};
    }
}

static vo_status make_weather(vo_synth_town *t, const vo_synth_weather_options *w,
                              const vo_synth_spell *spell, vo_error *err) {
    const vo_status st = vo_synth_sky_init(w, &t->sky_span, 0, &t->sky, err);
    if (st != VO_OK) return st;
    if (spell && spell->days > 0) make_spell(t, spell);
    const int64_t lead_s =
        t->date[0].start_s > t->sky_span.first_s ? t->date[0].start_s : t->sky_span.first_s;
    t->part_s = t->span.step_s / ((t->span.step_s + 599) / 600);
    const int64_t before = (t->span.first_s - lead_s) / t->part_s;
    t->part_first_s = t->span.first_s - before * t->part_s;
    t->n_parts = (size_t)before + t->span.n * (size_t)(t->span.step_s / t->part_s);
    t->rays = (size_t)((t->span.step_s + 899) / 900);
    t->part = malloc(t->n_parts * sizeof *t->part);
    t->ray = malloc(t->span.n * t->rays * sizeof *t->ray);
    if (!t->part || !t->ray)
        return vo_fail(err, VO_ENOMEM, "no memory for the weather of %zu steps", t->span.n);
    make_parts(t, w);
    make_rays(t, w);
    return VO_OK;
}

/* ---- the town --------------------------------------------------------------------- */

static vo_status make_spans(vo_synth_town *t, const vo_synth_weather_options *w,
                            int64_t first_day, int32_t days, vo_error *err) {
    vo_status st = vo_synth_within("days", days, 1, 36600, err);
    if (st == VO_OK) st = vo_synth_within("year", w->year, 1970, 2200, err);
    if (st != VO_OK) return st;
    const int64_t since = first_day - vo_civil_days(w->year, 1, 1);
    if (since < 0 || since + days > 36599)
        return vo_fail(
            err, VO_EINVAL,
            "days %lld..%lld after 1 January %d: a sky has days 0..36598 of its year",
            (long long)since, (long long)since + days - 1, (int)w->year);
    /* A day longer, so that what is linear between knots is so at the end, too. */
    st = vo_synth_span_open(w->zone, w->year, (int32_t)since + days + 1, 60, &t->sky_span, err);
    if (st != VO_OK) return st;
    return vo_synth_span_of(&t->sky_span, first_day, days, w->interval_minutes, &t->span, err);
}

vo_status vo_synth_town_init(const vo_synth_weather_options *w, int64_t first_day, int32_t days,
                             const vo_synth_spell *spell, bool bare, vo_synth_town *out,
                             vo_error *err) {
    vo_synth_town t;
    memset(&t, 0, sizeof t);
    vo_status st = make_spans(&t, w, first_day, days, err);
    if (st == VO_OK) st = make_dates(&t, days, err);
    if (st == VO_OK && !bare) st = make_weather(&t, w, spell, err);
    if (st == VO_OK)
        *out = t;
    else
        vo_synth_town_fini(&t);
    return st;
}

void vo_synth_town_fini(vo_synth_town *t) {
    free(t->date);
    free(t->part);
    free(t->ray);
    vo_synth_sky_fini(&t->sky);
    vo_synth_span_close(&t->sky_span);
    memset(t, 0, sizeof *t);
}

vo_status vo_synth_town_outlook(const vo_synth_town *t, const vo_synth_weather_options *w,
                                double *temperature_c, double *irradiance_w_m2, vo_error *err) {
    const size_t n = t->sky_span.knots;
    double *error = calloc(2 * n, sizeof *error);
    if (!error) return vo_fail(err, VO_ENOMEM, "no memory for a forecast of %zu hours", n);
    for (unsigned i = 0; i < 2; i++) {
        vo_random rng = vo_random_seed(w->seed, OUTLOOK + i);
        vo_synth_noise(&rng, i ? 6 : 12, n, error + i * n);
    }
    for (size_t k = 0; k < n; k++) {
        error[k] = t->sky.temperature_c[k] + 1.3 * error[k];
        error[n + k] = clamp(t->sky.cloud[k] + 0.15 * error[n + k], 0, 1);
    }
    for (size_t k = 0; k < t->span.n; k++) {
        const int64_t at = t->span.first_s + (int64_t)k * t->span.step_s + t->span.step_s / 2;
        const vo_synth_sun sun = vo_synth_sun_at(w->latitude, w->longitude, at);
        temperature_c[k] = vo_synth_at(&t->sky_span, error, at);
        irradiance_w_m2[k] =
            vo_synth_light_at(&sun, vo_synth_at(&t->sky_span, error + n, at)).ghi_w_m2;
    }
    free(error);
    return VO_OK;
}
