/* day_ensemble_spread.h -- how far off a forecast of a day may be: quantiles that cover.
 *
 * The error of hour h of a day is taken as scale times a standard error z,
 *     scale = E_h  (F / S)^a  (D_h / D)^b  (R / R_m)^c  exp(d u_h)
 * with E_h the mean |error| of that hour lately (weeks), F and S the mean |error| of the last
 * days and of the last months, D_h how far the members disagree now against usual, R the
 * range of the forecast day against usual, u_h how far the hour lies from its day's mean.
 * Quantiles of z are those of the last year; around their median each side is stretched by
 * trackers (conformal.h) that widen after misses and narrow after hits, per part of the day and
 * level. So the shape is learned slowly, the width reacts within days, and the share of misses
 * is held in the long run whatever the prices do.
 *
 * Threads: one owner at a time. say, quantiles and observe allocate nothing.
 */
#ifndef VO_LEARN_DAY_ENSEMBLE_SPREAD_H
#define VO_LEARN_DAY_ENSEMBLE_SPREAD_H

#include "base/alloc.h"
#include "base/artefact.h"
#include "learn/day_table.h"

typedef struct {
    double hour_half_life_days;                      /* of E: 42                             */
    double fast_half_life_days, slow_half_life_days; /* of F, S: 2, 60                       */
    double by_recent, by_disagreement, by_range;     /* a, b, c: 0.5, 0.4, 0.2               */
    double by_place;                                 /* d: 0.1                               */
    size_t window_days;                              /* of z: 364, 14..1000                  */
    double rate, keep;                               /* of the trackers: 0.3, 0.97           */
} vo_day_spread_settings;

vo_day_spread_settings vo_day_spread_settings_default(void);

typedef struct vo_day_spread vo_day_spread;

/* *out is the caller's: vo_day_spread_free. VO_EINVAL, VO_ENOMEM. */
vo_status vo_day_spread_create(const vo_day_spread_settings *settings, const vo_alloc *alloc,
                               vo_day_spread **out, vo_error *err);
void vo_day_spread_free(vo_day_spread *s); /* accepts NULL */

/* The day to come: the forecast [24] and how far its members disagree, their standard deviation
 * [24] (zeros if there is one only). Sets what quantiles and observe are about. */
void vo_day_spread_say(vo_day_spread *s, const double *forecast, const double *disagreement);

/* out[24][n_levels] at level[n_levels] ascending in (0, 1): ascending rows; NAN where nothing
 * was said or before the first day observed. */
void vo_day_spread_quantiles(const vo_day_spread *s, const double *level, size_t n_levels,
                             double *out);

/* The same for another forecast of some day, with nothing set: for looks further ahead. */
void vo_day_spread_quantiles_of(const vo_day_spread *s, const double *forecast,
                                const double *disagreement, const double *level,
                                size_t n_levels, double *out);

/* The day that was said is over: real[24], NAN where not known. */
void vo_day_spread_observe(vo_day_spread *s, const double *real);

vo_status vo_day_spread_save(const vo_day_spread *s, vo_artefact_out *out, vo_error *err);
/* Into one of the same window; on failure s is to be freed. */
vo_status vo_day_spread_load(vo_day_spread *s, vo_artefact *in, vo_error *err);

#endif
