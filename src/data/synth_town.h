/* synth_town.h -- SYNTHETIC: the time, weather and sun that all homes of a seed share, made once.
 *
 * A town is a span of local days, from any day on, under one sky. The sky begins on 1 January of
 * weather.year and its noise runs on from there: the same seed and year are the same weather
 * whatever days are looked at. Read-only after it is made; any number of threads.
 */
#ifndef VO_DATA_SYNTH_TOWN_H
#define VO_DATA_SYNTH_TOWN_H

#include "data/synth_weather.h"

/* A spell of other weather, over all homes: rises and fades over 12 hours within its days. */
typedef struct {
    int64_t first_day; /* local, since 1970-01-01     */
    int32_t days;      /* 0: none                     */
    double warmer_c;   /* added                       */
    double cloud;      /* cloud cover times this, >= 0 */
} vo_synth_spell;

/* Local days before the span that homes look back at: blocks of their houses, owed by cars. */
#define VO_SYNTH_LEAD_DAYS 11
#define VO_SYNTH_HOUSE_BLOCK 8 /* days of a house simulated in one go */
#define VO_SYNTH_HOUSE_LEAD 2  /* and before them, unseen             */

/* A local day. even: its hours and the next day's differ from UTC by offset_s, all of them. */
typedef struct {
    int64_t day, start_s; /* since 1970-01-01 */
    int32_t offset_s;
    bool even, weekend;
} vo_synth_date;

/* What a house feels over a part of a step, of 10 minutes at most. */
typedef struct {
    double out_c, sun_kw, dark; /* dark: 0.08..1, how much light is switched on */
    double cop_cool, cop_heat;
} vo_synth_part;

/* What a panel sees, of 15 minutes at most. */
typedef struct {
    vo_synth_direction sun; /* up <= 0: night */
    vo_synth_light light;
    double temperature_c;
} vo_synth_ray;

typedef struct {
    vo_synth_span span; /* what is asked for; its zone is sky_span's      */
    vo_synth_span sky_span;
    vo_synth_sky sky;
    vo_synth_date *date; /* [lead + days + 2]; the span begins at [lead]  */
    size_t lead, n_dates;
    vo_synth_part *part; /* [n_parts] from part_first_s on; NULL: no sky   */
    int64_t part_first_s, part_s;
    size_t n_parts;
    vo_synth_ray *ray; /* [span.n * rays] */
    size_t rays;       /* of a step       */
} vo_synth_town;

/* days >= 1 from first_day (since 1970-01-01), which is on or after 1 January of w->year;
 * w->days is not looked at. bare: only dates, no weather. VO_EINVAL naming the option; the caller
 * frees with _fini. */
vo_status vo_synth_town_init(const vo_synth_weather_options *w, int64_t first_day, int32_t days,
                             const vo_synth_spell *spell, bool bare, vo_synth_town *out,
                             vo_error *err);
void vo_synth_town_fini(vo_synth_town *t); /* accepts a zeroed one */

/* Wall-clock hour of a local day as an instant; hours beyond 24 are in the next day. */
int64_t vo_synth_town_at(const vo_synth_town *t, int64_t day, double hour);

/* What is known of the span's weather a day ahead: the truth with errors of a forecast, standard
 * deviation 1.3 C and 0.15 of cloud cover. Means over the intervals, [span.n] each. */
vo_status vo_synth_town_outlook(const vo_synth_town *t, const vo_synth_weather_options *w,
                                double *temperature_c, double *irradiance_w_m2, vo_error *err);

#endif
