/* synth_preset.c -- the generator's settings, tuned to moments that real markets published.
 *
 * What each was tuned to and how near it comes: docs/models/synth.md (bench/moments.c
 * measures).
 */
#include <math.h>
#include <string.h>

#include "data/synth.h"

vo_synth_options vo_synth_options_default(void) {
    return (vo_synth_options){.seed = 1,
                              .year = 2025,
                              .interval_minutes = 60,
                              .zone = "America/Mexico_City",
                              .currency = "MXN",
                              .level = 900,
                              .noise = 0.12,
                              .slow = 0.10,
                              .spike_per_day = 0.15,
                              .spike_height = 1.5,
                              .spike_tail = 0.2,
                              .spike_hours = 1,
                              .negative_midday = 0.25,
                              .negative_depth = 0.35,
                              .pv_dip = 0.25,
                              .morning = 0.18,
                              .evening = 0.50,
                              .night = 0.12,
                              .evening_hour = 20,
                              .weekend = 0.08,
                              .season = 0.15,
                              .season_day = 200,
                              .latitude = 19.43,
                              .longitude = -99.13,
                              .floor_price = -1e9,
                              .cap_price = 1e9,
                              .congested_share = 0.10,
                              .congestion = 0.2,
                              .correlation_km = 300,
                              .loss = 0.05,
                              .real_time_noise = 0.20,
                              .real_time_spike_per_day = 0.5};
}

/* Mexico 2016-17: no PV yet, no negative price, dear days from May to December. */
static void mem(vo_synth_options *o) {
    o->level = 850;
    o->noise = 0.20;
    o->slow = 0.19;
    o->spike_per_day = 0.5;
    o->spike_height = 0.45;
    o->spike_hours = 3;
    o->negative_midday = o->pv_dip = o->morning = 0;
    o->evening = 0.12;
    o->night = 0.42;
    o->weekend = 0.17;
    o->season = 0.08;
    o->season_day = 230;
    o->congested_share = 0.3;
    o->congestion = 0.06;
}

/* California 2020-23: deep middays, dear evenings, heat and cold spells. */
static void caiso(vo_synth_options *o) {
    o->zone = "America/Los_Angeles";
    o->currency = "USD";
    o->latitude = 37.4;
    o->longitude = -121;
    o->level = 57;
    o->noise = 0.18;
    o->slow = 0.58;
    o->spike_per_day = 0.3;
    o->spike_height = 1.8;
    o->spike_tail = 0.35;
    o->spike_hours = 1.5;
    o->negative_midday = 0.01;
    o->negative_depth = 0.2;
    o->pv_dip = 0.32;
    o->morning = 0.1;
    o->evening = 0.55;
    o->evening_hour = 19.3;
    o->night = 0.08;
    o->season = 0.25;
    o->season_day = 260;
    o->floor_price = -150;
    o->cap_price = 2000;
    o->congestion = 0.1;
}

/* Victoria 2024-25, five minutes: floor -1000, cap 17 500, a fifth of time below zero. */
static void aemo(vo_synth_options *o) {
    o->zone = "+10:00"; /* market time all year */
    o->currency = "AUD";
    o->interval_minutes = 5;
    o->real_time = true;
    o->latitude = -37.8;
    o->longitude = 145;
    o->level = 112;
    o->noise = 0.30;
    o->slow = 0.15;
    o->spike_per_day = 0.1;
    o->spike_height = 10;
    o->spike_tail = 0.75;
    o->spike_hours = 0.5;
    o->negative_midday = 0.60;
    o->negative_depth = 0.50;
    o->pv_dip = 0.70;
    o->morning = 0.10;
    o->evening = 0.85;
    o->evening_hour = 18.7;
    o->night = 0.08;
    o->season = 0.10;
    o->season_day = 180;
    o->floor_price = -1000;
    o->cap_price = 17500;
    o->congestion = 0.05;
    o->real_time_noise = 0.15;
    o->real_time_spike_per_day = 0.35;
}

vo_status vo_synth_preset(const char *name, vo_synth_options *out, vo_error *err) {
    vo_synth_options o = vo_synth_options_default();
    if (strcmp(name, "mem") == 0)
        mem(&o);
    else if (strcmp(name, "caiso") == 0)
        caiso(&o);
    else if (strcmp(name, "aemo") == 0)
        aemo(&o);
    else if (strcmp(name, "default") != 0)
        return vo_fail(err, VO_EINVAL,
                       "preset \"%.40s\" is not known; there are default, mem, caiso, aemo",
                       name);
    *out = o;
    return VO_OK;
}
