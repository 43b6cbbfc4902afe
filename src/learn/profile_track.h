/* profile_track.h -- the light forecaster (load_profile.h) following a series.
 *
 * Knows which slot of its local day each interval is, by the wall clock: days of 23 and 25 hours
 * shift nothing. Where it stands depends on the history alone, not on what was asked before.
 * Threads: one owner at a time.
 */
#ifndef VO_LEARN_PROFILE_TRACK_H
#define VO_LEARN_PROFILE_TRACK_H

#include "grid/series.h"
#include "learn/load_profile.h"

typedef struct {
    const vo_alloc *alloc;
    const vo_series *series;
    vo_profile_shape shape;
    uint16_t *slot;        /* [n] of the local day                        */
    uint8_t *weekday;      /* [n] 0 Monday .. 6                           */
    uint8_t *weekend;      /* [n]                                         */
    float *state;          /* of load_profile.h                           */
    size_t seen;           /* intervals that state has observed           */
    const double *history; /* where they were read, and the last of them: */
    double last;           /* another history begins anew                 */
} vo_profile_track;

/* The series is borrowed. Fills *out, the caller's: vo_profile_track_fini. VO_EINVAL: the series'
 * step is not even, or not a whole part of a day of 5 minutes or more; VO_ENOMEM. */
vo_status vo_profile_track_init(vo_profile_track *out, const vo_series *series, int32_t kind,
                                const vo_alloc *alloc, vo_error *err);
void vo_profile_track_fini(vo_profile_track *t); /* accepts a zeroed one */

/* To where history[0..known) is observed; NAN: missing. */
void vo_profile_track_to(vo_profile_track *t, const double *history, size_t known);

/* Intervals seen .. seen + n - 1 of the series. */
void vo_profile_track_predict(const vo_profile_track *t, size_t n, float *out);

/* Has it seen a value? */
bool vo_profile_track_knows(const vo_profile_track *t);

#endif
