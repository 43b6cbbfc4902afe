/* synth.h -- SYNTHETIC electricity prices: the project's own generator, no market's data.
 *
 * price = energy + loss + congestion, currency/MWh, whole cents (docs/models/synth.md):
 *   energy      common to all nodes: year, week and day shape, fast and slow noise, spikes in
 *               clusters, midday lowered by PV
 *   loss        a share of energy by the node's distance from the middle of the market
 *   congestion  0, or an amount while the node's mix of zonal factors is beyond a threshold;
 *               near nodes share factors, far ones do not
 * The day-ahead state lives at the middle of each hour: 5 minutes and 60 minutes of one seed
 * are one market, and the real-time process moves around it. Same options: same bits on any
 * machine; fewer days are the beginning of more days; a node does not depend on how many others
 * are made.
 */
#ifndef VO_DATA_SYNTH_H
#define VO_DATA_SYNTH_H

#include <stdbool.h>

#include "grid/series.h"

typedef struct {
    uint64_t seed;           /* 1                                                     */
    int32_t year;            /* 2025: first local year                                */
    int32_t days;            /* 0: the whole year; else that many days from 1 January */
    double interval_minutes; /* 60; a divisor of 60, >= 1                             */
    const char *zone;        /* "America/Mexico_City"                                 */
    const char *currency;    /* "MXN"                                                 */
    bool real_time;          /* false: day-ahead (MDA); true: real-time (MTR)         */
    double level;            /* 900, mean price without spikes and PV                 */
    double noise;            /* 0.12, standard deviation of hours, log                */
    double slow;             /* 0.10, of weeks (fuel, water), log                     */
    double spike_per_day;    /* 0.15, spikes begun per day, in clusters               */
    double spike_height;     /* 1.5, mean height / level                              */
    double spike_tail;  /* 0.2, in 0..0.9: 0 exponential, else as heavy as Pareto's 1/tail */
    double spike_hours; /* 1, how long they take to fade                         */
    double negative_midday;         /* 0.25, share of days whose midday falls below zero     */
    double negative_depth;          /* 0.35, how far: largest fall / midday price            */
    double pv_dip;                  /* 0.25, what PV takes off midday on other days, 0..0.9  */
    double morning, evening, night; /* 0.18, 0.50, 0.12: bumps of the day / level   */
    double evening_hour;            /* 20                                           */
    double weekend;                 /* 0.08, how much cheaper                       */
    double season;                  /* 0.15, half the yearly swing / level          */
    double season_day;              /* 200, dearest day of the year                 */
    double latitude, longitude;     /* 19.43, -99.13: of the sun that PV sees       */
    double floor_price, cap_price;  /* -1e9, 1e9: of the energy part                */
    double congested_share;         /* 0.10, share of time a node is congested      */
    double congestion;              /* 0.2, its usual size / level                  */
    double correlation_km;          /* 300, how far a congestion factor reaches     */
    double loss;                    /* 0.05, mean loss share                        */
    double real_time_noise;         /* 0.20, of real-time around day-ahead, log     */
    double real_time_spike_per_day; /* 0.5                                          */
} vo_synth_options;

vo_synth_options vo_synth_options_default(void);

/* Defaults tuned to the main moments of a real market (docs/models/synth.md shows how near):
 * "mem", "caiso", "aemo", or "default". VO_EINVAL naming those there are. */
vo_status vo_synth_preset(const char *name, vo_synth_options *out, vo_error *err);

/* Intervals that these options make. VO_EINVAL naming the option that is outside its domain. */
vo_status vo_synth_count(const vo_synth_options *o, size_t *n, vo_error *err);

/* Node `node` (0..): columns price, energy, loss, congestion; label "synthetic node 0007". */
vo_status vo_synth_series(const vo_synth_options *o, uint32_t node, vo_series **out,
                          vo_error *err);

/* Prices alone of nodes first..first+nodes-1, node-major into price[nodes * n]: for benches. */
vo_status vo_synth_fleet(const vo_synth_options *o, uint32_t first, uint32_t nodes,
                         double *price, vo_error *err);

/* Where a node lies, in a square of 1200 km. */
void vo_synth_position(const vo_synth_options *o, uint32_t node, double *x_km, double *y_km);

#endif
