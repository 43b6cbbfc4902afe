/* synth_weather.c -- see synth_weather.h. h local hour, d day of the year:
 *
 *   cloud  c = clamp(0.5 + 2.2 (cloudiness - 0.5) + 0.85 (0.92 y + 0.39 z), 0, 1)
 *              y: 25 h, z: 1.5 h mean reversion; 2.2: less than half of the normal lies between
 *              clear and overcast
 *   T      = mean + swing_year/2 cos(2 pi (d-203)/365.25)           203: late July, north
 *            + swing_day/2 (1 - 0.5 c) shape(h) + noise (70 h) + heat wave
 *   shape  = cosine, coldest at 6 h, warmest at 15 h
 *   wind   = mean (1 + 0.4 shape(h-1)) max(0, 0.98 + 0.65 N)        18 h mean reversion
 *   RH     = mean + 25 (c - cloudiness) - 2.6 (T - its day's mean) + noise, 8..100
 *   dew point from T and RH by Magnus (Alduchov, Eskridge 1996)
 */
#include "data/synth_weather.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/synth_math.h"

#define STREAM UINT64_C(0x57EA000000000000) /* weather's own streams of a seed */

enum { CLOUD_SLOW, CLOUD_FAST, DAYS_NOISE, WIND, HUMIDITY, WAVES, STREAMS };

vo_synth_weather_options vo_synth_weather_options_default(void) {
    return (vo_synth_weather_options){.seed = 1,
                                      .year = 2025,
                                      .interval_minutes = 60,
                                      .zone = "America/Mexico_City",
                                      .latitude = 19.43,
                                      .longitude = -99.13,
                                      .elevation_m = 2240,
                                      .mean_temperature_c = (double)NAN,
                                      .annual_swing_c = (double)NAN,
                                      .daily_swing_c = 11,
                                      .noise_c = 2.4,
                                      .cloudiness = 0.45,
                                      .wind_m_s = 3,
                                      .relative_humidity_pct = 68,
                                      .heat_waves_per_year = 3};
}

static vo_status check(const vo_synth_weather_options *o, vo_error *err) {
    const struct {
        const char *name;
        double v, lo, hi;
    } field[] = {{"latitude", o->latitude, -90, 90},
                 {"longitude", o->longitude, -180, 180},
                 {"elevation_m", o->elevation_m, -500, 6000},
                 {"daily_swing_c", o->daily_swing_c, 0, 40},
                 {"noise_c", o->noise_c, 0, 20},
                 {"cloudiness", o->cloudiness, 0, 1},
                 {"wind_m_s", o->wind_m_s, 0, 50},
                 {"relative_humidity_pct", o->relative_humidity_pct, 0, 100},
                 {"heat_waves_per_year", o->heat_waves_per_year, 0, 50}};
    vo_status st = VO_OK;
    for (size_t i = 0; st == VO_OK && i < sizeof field / sizeof field[0]; i++)
        st = vo_synth_within(field[i].name, field[i].v, field[i].lo, field[i].hi, err);
    if (st == VO_OK && !isnan(o->mean_temperature_c))
        st = vo_synth_within("mean_temperature_c", o->mean_temperature_c, -40, 45, err);
    if (st == VO_OK && !isnan(o->annual_swing_c))
        st = vo_synth_within("annual_swing_c", o->annual_swing_c, 0, 70, err);
    return st;
}

static double clamp(double v, double lo, double hi) { return v < lo ? lo : v > hi ? hi : v; }

/* Coldest (-1) at 6 h, warmest (+1) at 15 h, smooth between. */
static double day_shape(double hour) {
    const double since = hour < 6 ? hour + 18 : hour - 6;
    const double turn = since < 9 ? since / 9 : 1 + (since - 9) / 15;
    return -vo_synth_cos(VO_SYNTH_PI * turn);
}

/* Heat waves: begun on warm days only, so that their yearly number is kept; they rise over a
 * day and fall over a day. */
typedef struct {
    vo_random rng;
    double per_day, warm, left_d, heat_c;
} waves;

static double next_day_of_waves(waves *w, double season) {
    const double u = vo_random_unit(&w->rng), days = vo_random_unit(&w->rng);
    const double peak = vo_random_between(&w->rng, 4, 8);
    if (w->left_d <= 0 && season > 0.5 && u < w->per_day) { /* a third of the year is warm */
        w->left_d = 2 + floor(-3 * vo_synth_log(1 - days) + 0.5);
        w->heat_c = peak;
    }
    const double now = w->left_d > 0 ? w->heat_c : 0;
    w->left_d--;
    return now;
}

static void make_temperature(const vo_synth_weather_options *o, const vo_synth_span *span,
                             uint64_t stream, const vo_synth_sky *sky) {
    const double north = o->latitude >= 0 ? 1 : -1, far = fabs(o->latitude);
    const double mean = isnan(o->mean_temperature_c)
                            ? 27.5 - 0.36 * fmax(far - 12, 0) - 0.0045 * o->elevation_m
                            : o->mean_temperature_c;
    const double swing = isnan(o->annual_swing_c) ? 0.32 * far : o->annual_swing_c;
    waves w = {vo_random_seed(o->seed, stream + WAVES), o->heat_waves_per_year / 122, 0, 0, 0};
    vo_synth_clock c = vo_synth_clock_start(span);
    double heat = 0, wave = 0;
    for (size_t k = 0; k < span->knots; k++) {
        const bool new_day = vo_synth_clock_move(span, &c, vo_synth_knot_s(span, k));
        const double season =
            north * vo_synth_cos(2 * VO_SYNTH_PI * (c.of_year - 203) / 365.25);
        if (new_day) wave = next_day_of_waves(&w, season);
        heat += (wave - heat) / 12; /* hours to rise and fall */
        sky->temperature_c[k] =
            mean + swing / 2 * season +
            o->daily_swing_c / 2 * (1 - 0.5 * sky->cloud[k]) * day_shape(c.hour) +
            o->noise_c * sky->temperature_c[k] + heat;
    }
}

/* Wind and humidity from their noise, after the temperature is known. */
static void make_air(const vo_synth_weather_options *o, const vo_synth_span *span,
                     const vo_synth_sky *sky) {
    vo_synth_clock c = vo_synth_clock_start(span);
    double day_mean = sky->temperature_c[0];
    for (size_t k = 0; k < span->knots; k++) {
        vo_synth_clock_move(span, &c, vo_synth_knot_s(span, k));
        const double t = sky->temperature_c[k];
        day_mean += (t - day_mean) / 36;
        const double afternoon = 1 + 0.4 * day_shape(c.hour < 1 ? c.hour + 23 : c.hour - 1);
        sky->wind_m_s[k] = o->wind_m_s * afternoon * fmax(0, 0.98 + 0.65 * sky->wind_m_s[k]);
        sky->relative_humidity_pct[k] =
            clamp(o->relative_humidity_pct + 25 * (sky->cloud[k] - o->cloudiness) -
                      2.6 * (t - day_mean) + 11 * sky->relative_humidity_pct[k],
                  8, 100);
    }
}

vo_status vo_synth_sky_init(const vo_synth_weather_options *o, const vo_synth_span *span,
                            uint32_t site, vo_synth_sky *out, vo_error *err) {
    const vo_status st = check(o, err);
    if (st != VO_OK) return st;
    const size_t n = span->knots;
    vo_synth_sky sky = {.memory = calloc(4 * n, sizeof(double))};
    if (!sky.memory) return vo_fail(err, VO_ENOMEM, "no memory for %zu hours of weather", n);
    sky.temperature_c = sky.memory;
    sky.cloud = sky.memory + n;
    sky.wind_m_s = sky.memory + 2 * n;
    sky.relative_humidity_pct = sky.memory + 3 * n;
    const uint64_t stream = STREAM + (uint64_t)site * STREAMS;
    vo_random rng[STREAMS];
    for (unsigned i = 0; i < STREAMS; i++) rng[i] = vo_random_seed(o->seed, stream + i);
    vo_synth_noise(&rng[CLOUD_SLOW], 25, n, sky.cloud);
    vo_synth_noise(&rng[CLOUD_FAST], 1.5, n, sky.wind_m_s);
    for (size_t k = 0; k < n; k++)
        sky.cloud[k] = clamp(0.5 + 2.2 * (o->cloudiness - 0.5) +
                                 0.85 * (0.92 * sky.cloud[k] + 0.39 * sky.wind_m_s[k]),
                             0, 1);
    vo_synth_noise(&rng[DAYS_NOISE], 70, n, sky.temperature_c);
    make_temperature(o, span, stream, &sky);
    vo_synth_noise(&rng[WIND], 18, n, sky.wind_m_s);
    vo_synth_noise(&rng[HUMIDITY], 60, n, sky.relative_humidity_pct);
    make_air(o, span, &sky);
    *out = sky;
    return VO_OK;
}

void vo_synth_sky_fini(vo_synth_sky *sky) {
    free(sky->memory);
    memset(sky, 0, sizeof *sky);
}

/* Parts of a step, none longer than 15 minutes. */
static int64_t part_s(int64_t step_s) { return step_s / ((step_s + 899) / 900); }

static vo_synth_light mean_light(const vo_synth_weather_options *o, const vo_synth_span *span,
                                 const vo_synth_sky *sky, int64_t utc_s, int64_t step_s) {
    vo_synth_light sum = {0};
    const int64_t part = part_s(step_s), parts = step_s / part;
    for (int64_t i = 0; i < parts; i++) {
        const int64_t at = utc_s + i * part + part / 2;
        const vo_synth_sun sun = vo_synth_sun_at(o->latitude, o->longitude, at);
        const vo_synth_light l = vo_synth_light_at(&sun, vo_synth_at(span, sky->cloud, at));
        sum.ghi_w_m2 += l.ghi_w_m2 / (double)parts;
        sum.dni_w_m2 += l.dni_w_m2 / (double)parts;
        sum.dhi_w_m2 += l.dhi_w_m2 / (double)parts;
    }
    return sum;
}

double vo_synth_weather_panel_kw(const vo_synth_weather_options *o, const vo_synth_span *span,
                                 const vo_synth_sky *sky, const vo_synth_panel *p,
                                 int64_t utc_s, int64_t step_s) {
    const int64_t part = part_s(step_s), parts = step_s / part;
    double sum = 0;
    for (int64_t i = 0; i < parts; i++) {
        const int64_t at = utc_s + i * part + part / 2;
        const vo_synth_sun sun = vo_synth_sun_at(o->latitude, o->longitude, at);
        if (sun.sin_elevation <= 0) continue;
        const vo_synth_light l = vo_synth_light_at(&sun, vo_synth_at(span, sky->cloud, at));
        sum += vo_synth_panel_kw(p, &sun, l, vo_synth_at(span, sky->temperature_c, at));
    }
    return sum / (double)parts;
}

/* Magnus: temperature at which air of t and rh is saturated. */
static double dew_point(double t_c, double rh_pct) {
    const double g = vo_synth_log(rh_pct / 100) + 17.625 * t_c / (243.04 + t_c);
    return 243.04 * g / (17.625 - g);
}

static double rounded(double v, double unit) { return floor(v / unit + 0.5) * unit; }

static void fill(const vo_synth_weather_options *o, const vo_synth_span *span,
                 const vo_synth_sky *sky, vo_series *s) {
    for (size_t t = 0; t < s->n; t++) {
        const int64_t from = s->start[t].s, mid = from + span->step_s / 2;
        const double temperature = vo_synth_at(span, sky->temperature_c, mid);
        const double rh = vo_synth_at(span, sky->relative_humidity_pct, mid);
        const vo_synth_light l = mean_light(o, span, sky, from, span->step_s);
        const double v[] = {temperature,
                            rh,
                            100 * vo_synth_at(span, sky->cloud, mid),
                            vo_synth_at(span, sky->wind_m_s, mid),
                            dew_point(temperature, rh),
                            l.ghi_w_m2,
                            l.dni_w_m2,
                            l.dhi_w_m2};
        for (size_t k = 0; k < 8; k++) s->column[k].value[t] = rounded(v[k], 1.0 / 64);
    }
}

vo_status vo_synth_weather(const vo_synth_weather_options *o, uint32_t site, vo_series **out,
                           vo_error *err) {
    static const char *const name[] = {"temperature_c",   "relative_humidity_pct",
                                       "cloud_cover_pct", "wind_speed_m_s",
                                       "dew_point_c",     "ghi_w_m2",
                                       "dni_w_m2",        "dhi_w_m2"};
    vo_synth_span span;
    vo_synth_sky sky = {0};
    vo_series *s = NULL;
    vo_status st =
        vo_synth_span_open(o->zone, o->year, o->days, o->interval_minutes, &span, err);
    if (st != VO_OK) return st;
    st = vo_synth_sky_init(o, &span, site, &sky, err);
    if (st == VO_OK) st = vo_synth_span_series(&span, name, 8, &s, err);
    if (st == VO_OK) {
        fill(o, &span, &sky, s);
        snprintf(s->unit, sizeof s->unit, "C");
        snprintf(s->label, sizeof s->label, "synthetic weather %04u", (unsigned)site);
        *out = s;
    }
    vo_synth_sky_fini(&sky);
    vo_synth_span_close(&span);
    return st;
}
