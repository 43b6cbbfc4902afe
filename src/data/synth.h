/* synth.h -- SYNTHETIC electricity prices: the project's own generator, no market's data.
 *
 * price = energy + loss + congestion, currency/MWh (equations in docs/models/data.md):
 *   energy      level * (season x week x day shape) + mean-reverting noise + spikes - midday
 * dip loss        a fixed share of energy per node, with small noise congestion  0, or a
 * mean-reverting amount while a two-state chain says "congested" The energy part is common to
 * all nodes of one seed. Same options: same bits, and a node's prices do not depend on how many
 * others are made.
 */
#ifndef VO_DATA_SYNTH_H
#define VO_DATA_SYNTH_H

#include "grid/series.h"

typedef struct {
    uint64_t seed;           /* 1                                                     */
    int32_t year;            /* 2025: first local year                                */
    int32_t days;            /* 0: the whole year; else that many days from 1 January */
    double interval_minutes; /* 60; a divisor of 60, >= 1                             */
    const char *zone;        /* "America/Mexico_City"                                 */
    const char *currency;    /* "MXN"                                                 */
    double level;            /* 900, typical price                                    */
    double noise;            /* 0.12, standard deviation of the noise / level         */
    double spike_per_day;    /* 0.15, spikes begun per day                            */
    double negative_midday;  /* 0.25, share of days whose midday falls below zero     */
    double congested_share;  /* 0.10, share of time a node is congested               */
} vo_synth_options;

vo_synth_options vo_synth_options_default(void);

/* Intervals that these options make. VO_EINVAL naming the option that is outside its domain. */
vo_status vo_synth_count(const vo_synth_options *o, size_t *n, vo_error *err);

/* Node `node` (0..): columns price, energy, loss, congestion; label "synthetic node 0007". */
vo_status vo_synth_series(const vo_synth_options *o, uint32_t node, vo_series **out,
                          vo_error *err);

/* Prices alone of nodes first..first+nodes-1, node-major into price[nodes * n]: for benches. */
vo_status vo_synth_fleet(const vo_synth_options *o, uint32_t first, uint32_t nodes,
                         double *price, vo_error *err);

#endif
