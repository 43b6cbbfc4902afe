/* day_ensemble.h -- several models of tomorrow's prices (day_member.h), run day by day, mixed
 * with weights that only their forecasts of past days have earned (day_ensemble_mix.h), with
 * quantiles (day_ensemble_spread.h).
 *
 * The ensemble stands at a day: its members have forecast it and everything before it has been
 * observed. Members are fitted side by side on the world's threads, so with more than one its
 * alloc must bear that; results do not depend on their number.
 *
 * Threads: one owner at a time.
 */
#ifndef VO_LEARN_DAY_ENSEMBLE_H
#define VO_LEARN_DAY_ENSEMBLE_H

#include "learn/day_ensemble_mix.h"
#include "learn/day_ensemble_spread.h"
#include "learn/day_member.h"

typedef struct {
    const char *const
        *member;        /* [n_members] specs of day_member.h, read at creation; dear ones */
    size_t n_members;   /* first share the threads best                                  */
    size_t warmup_days; /* forecast before the first day, for weights and quantiles: 182 */
    size_t
        warmup_refit_days; /* members are refitted that often in this time, >= 1: 1         */
    vo_day_mix_settings mix;
    vo_day_spread_settings spread;
} vo_day_ensemble_settings;

vo_day_ensemble_settings vo_day_ensemble_settings_default(void); /* no members yet */

typedef struct vo_day_ensemble vo_day_ensemble;

/* The table gives shapes. The world is borrowed. *out is the caller's: vo_day_ensemble_free. */
vo_status vo_day_ensemble_create(const vo_day_table *t,
                                 const vo_day_ensemble_settings *settings,
                                 const vo_learning *world, vo_day_ensemble **out,
                                 vo_error *err);
void vo_day_ensemble_free(vo_day_ensemble *e); /* accepts NULL */

/* Begins anew and comes to stand at `day` (< n_days) after a warm-up on the days before it.
 * VO_EINVAL: no member has enough days, in its words; VO_ECANCELED. After a failure: as never
 * fitted. */
vo_status vo_day_ensemble_fit(vo_day_ensemble *e, const vo_day_table *t, size_t day,
                              vo_error *err);

/* Goes on to a later day (n_days > day >= where it stands), day by day: observes, refits members
 * every world->recalibrate_days, forecasts. VO_EINVAL: never fitted nor loaded. */
vo_status vo_day_ensemble_advance(vo_day_ensemble *e, const vo_day_table *t, size_t day,
                                  vo_error *err);

bool vo_day_ensemble_ready(const vo_day_ensemble *e); /* fitted or loaded */
size_t vo_day_ensemble_day(const vo_day_ensemble *e); /* where it stands */

/* Of the day where it stands: out[24]; NAN where no member could say anything. */
void vo_day_ensemble_forecast(const vo_day_ensemble *e, double *out);
/* out[24][n_levels], levels ascending in (0, 1). NAN before anything was observed. */
void vo_day_ensemble_quantiles(const vo_day_ensemble *e, const double *level, size_t n_levels,
                               double *out);

/* What its members and weights say of any day of the table now, with nothing refitted, observed
 * or changed: of days further ahead, once the caller has put what is believed into the rows
 * between, and of days gone by. quantile[24][n_levels] or NULL. */
vo_status vo_day_ensemble_peek(vo_day_ensemble *e, const vo_day_table *t, size_t day,
                               double *out, const double *level, size_t n_levels,
                               double *quantile, vo_error *err);

size_t vo_day_ensemble_members(const vo_day_ensemble *e);
const char *vo_day_ensemble_member(const vo_day_ensemble *e, size_t k); /* its spec */
/* For checks. Of the day where it stands, [n_members][24]: what each said, and its weight. NULL:
 * not wanted. */
void vo_day_ensemble_detail(const vo_day_ensemble *e, double *said, double *weight);

vo_status vo_day_ensemble_save(const vo_day_ensemble *e, const vo_day_table *t,
                               vo_artefact_out *out, vo_error *err);
/* Into one of the same members and settings, over a table that may begin and end elsewhere: it
 * stands at the same date; if the table begins later, at its ninth day; if it ends
 * earlier, beyond its end, where there is only peek. On failure: as never fitted. */
vo_status vo_day_ensemble_load(vo_day_ensemble *e, const vo_day_table *t, vo_artefact *in,
                               vo_error *err);

#endif
