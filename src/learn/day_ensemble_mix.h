/* day_ensemble_mix.h -- several forecasts of a day into one, with weights learned online.
 *
 * Each hour's weights are >= 0, sum to 1, and come from days that are over. They are the mean of
 * three rules that err differently:
 *   experience  w_k ~ 1 / (exponentially weighted mean |error|)^power, the errors smoothed over
 *               neighbouring hours
 *   bernstein   Bernstein online aggregation of the absolute loss per hour, gradient form
 *               (Wintenberger 2017, Machine Learning 106:119), the weights smoothed over hours
 *   deviations  the weights of least absolute deviations over the last `window` days of all
 *               hours, drawn towards equal ones
 * A member that says nothing (NAN) is left out for the day, the others' weights grow in
 * proportion; it neither wins nor loses by that.
 *
 * Then the mean error of the last weeks may be taken off (bias_share of it).
 * Threads: one owner at a time. observe and say allocate nothing.
 */
#ifndef VO_LEARN_DAY_ENSEMBLE_MIX_H
#define VO_LEARN_DAY_ENSEMBLE_MIX_H

#include <stdbool.h>

#include "base/alloc.h"
#include "base/artefact.h"
#include "learn/day_table.h"

#define VO_DAY_ENSEMBLE_MAX 32

typedef struct {
    bool experience, bernstein,
        deviations;             /* which rules; none: equal weights                */
    double power;               /* experience: 4                                   */
    double half_life_days;      /* of its errors: 30                               */
    double smooth_hours;        /* width of the smoothing, Gaussian: 2; 0: none    */
    size_t window_days;         /* deviations: 182, 14..1000                       */
    double ridge;               /* deviations: pull towards equal weights, 0.1     */
    double bias_share;          /* 0..1: 0                                         */
    double bias_half_life_days; /* 56                                              */
} vo_day_mix_settings;

vo_day_mix_settings vo_day_mix_settings_default(void);

typedef struct vo_day_mix vo_day_mix;

/* *out is the caller's: vo_day_mix_free. VO_EINVAL: 1..VO_DAY_ENSEMBLE_MAX members, settings. */
vo_status vo_day_mix_create(size_t n_members, const vo_day_mix_settings *settings,
                            const vo_alloc *alloc, vo_day_mix **out, vo_error *err);
void vo_day_mix_free(vo_day_mix *m); /* accepts NULL */

/* What members[n_members][24] make together, out[24]: NAN where none says anything. Changes
 * nothing; weights[n_members][24] or NULL: those used. */
void vo_day_mix_say(const vo_day_mix *m, const double *members, double *out, double *weights);

/* The day is over: real[24] (NAN: not known) beside what the members had said. */
void vo_day_mix_observe(vo_day_mix *m, const double *members, const double *real);

vo_status vo_day_mix_save(const vo_day_mix *m, vo_artefact_out *out, vo_error *err);
/* Into one of the same members and settings; on failure m is to be freed. */
vo_status vo_day_mix_load(vo_day_mix *m, vo_artefact *in, vo_error *err);

#endif
