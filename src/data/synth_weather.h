/* synth_weather.h -- SYNTHETIC weather: the project's own generator, no station's data.
 *
 * Temperature: year, day and mean-reverting noise, damped by clouds, with heat waves. Clouds:
 * mean-reverting, U-shaped between clear and overcast. Irradiance from the sun's position and
 * the clouds (synth_sun.h). States live at the middle of each hour; values between are linear,
 * so 15 minutes and 60 minutes of one seed are the same sky. Equations: docs/models/synth.md.
 */
#ifndef VO_DATA_SYNTH_WEATHER_H
#define VO_DATA_SYNTH_WEATHER_H

#include "data/synth_span.h"
#include "data/synth_sun.h"

typedef struct {
    uint64_t seed;                /* 1                                                    */
    int32_t year;                 /* 2025: first local year                               */
    int32_t days;                 /* 0: the whole year; else that many from 1 January     */
    double interval_minutes;      /* 60; a divisor of 60, >= 1                            */
    const char *zone;             /* "America/Mexico_City"                                */
    double latitude, longitude;   /* 19.43, -99.13: degrees north and east                */
    double elevation_m;           /* 2240                                                 */
    double mean_temperature_c;    /* NAN: by latitude and elevation                       */
    double annual_swing_c;        /* NAN: by latitude; warmest minus coldest month's mean */
    double daily_swing_c;         /* 11, warmest minus coldest hour of a clear day        */
    double noise_c;               /* 2.4, standard deviation of what days differ by       */
    double cloudiness;            /* 0.45, about the mean cloud cover                     */
    double wind_m_s;              /* 3, mean                                              */
    double relative_humidity_pct; /* 68, mean                                          */
    double heat_waves_per_year;   /* 3, of 5 days on average                              */
} vo_synth_weather_options;

vo_synth_weather_options vo_synth_weather_options_default(void);

/* A year's weather at the knots, for generators that live under the same sky. */
typedef struct {
    double *memory; /* one block for the four */
    double *temperature_c, *cloud, *wind_m_s, *relative_humidity_pct; /* [span.knots] */
} vo_synth_sky;

/* VO_EINVAL naming the option that is outside its domain. The caller frees with _fini. */
vo_status vo_synth_sky_init(const vo_synth_weather_options *o, const vo_synth_span *span,
                            uint32_t site, vo_synth_sky *out, vo_error *err);
void vo_synth_sky_fini(vo_synth_sky *sky); /* accepts a zeroed one */

/* Site `site` (0..) of a seed: columns temperature_c, relative_humidity_pct, cloud_cover_pct,
 * wind_speed_m_s, dew_point_c, ghi_w_m2, dni_w_m2, dhi_w_m2; unit "C"; label
 * "synthetic weather 0003". A site's weather does not depend on how many others are made. */
vo_status vo_synth_weather(const vo_synth_weather_options *o, uint32_t site, vo_series **out,
                           vo_error *err);

/* Mean AC power of a panel over [utc_s, utc_s + step_s), in parts of at most 15 minutes. */
double vo_synth_weather_panel_kw(const vo_synth_weather_options *o, const vo_synth_span *span,
                                 const vo_synth_sky *sky, const vo_synth_panel *p,
                                 int64_t utc_s, int64_t step_s);

#endif
