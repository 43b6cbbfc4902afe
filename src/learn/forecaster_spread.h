/* forecaster_spread.h -- how far a forecaster may be off: price distributions for any of them.
 *
 * A forecaster with quantiles of its own is believed. For another, what it said then is held
 * against what came: every six hours of the past `days` it is asked for the next local day and a
 * half or so, in its seam's own terms, and its errors are sorted by the local hour they are about
 * (with the hours beside it) and by how far ahead they were.
 *
 * Prices have spikes and errors grow with them, so both are compared on the scale
 *
 *     y = arsinh((price - median) / (median absolute deviation / 0.6745))
 *
 * of the days looked at (Uniejewski, Weron and Ziel, IEEE TPWRS 33, 2018), and a forecast is only
 * followed as far as it used to be right: y = b f + error, b by least squares within 0..1.
 *
 * Information: only prices before `known` are read, and predictions are asked for with the prices
 * that were known then. One that learns is asked about the present only: what it would say now of
 * days that it was fitted on is no error to learn from.
 *
 * Threads: one owner at a time. Memory: all of it at create.
 */
#ifndef VO_LEARN_FORECASTER_SPREAD_H
#define VO_LEARN_FORECASTER_SPREAD_H

#include "learn/forecaster.h"

typedef struct vo_spread vo_spread;

/* Forecaster and series are borrowed. `longest`: the farthest that will be asked for, intervals;
 * learns: it is fitted on history (vo_forecaster_learns). *out is the caller's: vo_spread_free.
 * VO_EINVAL: days < 2; VO_ENOMEM. */
vo_status vo_spread_create(vo_forecaster *f, const vo_series *series, size_t longest,
                           bool learns, int32_t days, const vo_alloc *alloc, vo_spread **out,
                           vo_error *err);
void vo_spread_free(vo_spread *s); /* accepts NULL */

/* As vo_forecaster_quantiles, for any forecaster. NAN where nothing can be said; before there are
 * errors to go by, all levels are the forecast. *filled as of vo_forecaster_predict. */
vo_status vo_spread_quantiles(vo_spread *s, const double *history, size_t known, size_t from,
                              size_t to, const double *level, size_t n_levels, double *out,
                              size_t *filled, vo_error *err);

/* How an error carries on, as correlations of normal scores (the standard normal value of the
 * same rank). */
typedef struct {
    double
        along;  /* of two neighbouring intervals of one forecast                              */
    double now; /* of the error of a price just known and the one that was forecast next      */
    double
        score; /* of the price of interval known - 1 among what was said of it; NAN: unknown */
} vo_spread_memory;

/* The memory at `known`. Quantiles asked for after it, with the same `known`, go along where the
 * last price was farther off than any before: by so much, the less the farther ahead. */
vo_status vo_spread_recall(vo_spread *s, const double *history, size_t known,
                           vo_spread_memory *out, vo_error *err);

#endif
