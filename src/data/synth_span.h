/* synth_span.h -- the time that a generator covers: local days of a zone, from 1 January.
 *
 * States of a generator live at the middle of each hour ("knots") whatever the step, so that 5
 * minutes and 60 minutes of one seed are the same market, sky and home.
 */
#ifndef VO_DATA_SYNTH_SPAN_H
#define VO_DATA_SYNTH_SPAN_H

#include "base/random.h"
#include "base/zone.h"
#include "grid/series.h"

typedef struct {
    vo_zone *zone;
    int64_t first_day, first_s, step_s; /* day: since 1970-01-01                              */
    size_t n, knots;                    /* intervals; hours, the last one may be begun only   */
} vo_synth_span;

/* VO_EINVAL naming year, days or interval_minutes; VO_ENOTFOUND the zone. days 0: the year. */
vo_status vo_synth_span_open(const char *zone, int32_t year, int32_t days,
                             double interval_minutes, vo_synth_span *out, vo_error *err);
/* Some days of a span, in steps of their own, of its zone, which it keeps: not to be closed. */
vo_status vo_synth_span_of(const vo_synth_span *whole, int64_t first_day, int32_t days,
                           double interval_minutes, vo_synth_span *out, vo_error *err);
void vo_synth_span_close(vo_synth_span *span); /* accepts a zeroed one */

/* What a wall clock and a calendar show. */
typedef struct {
    int64_t utc_s, day, next_s; /* next_s: where the next local day begins */
    int32_t of_year, weekday;   /* 0 = 1 January; 0 = Monday               */
    double hour;                /* of the wall clock, 0 .. 24              */
} vo_synth_clock;

vo_synth_clock vo_synth_clock_start(const vo_synth_span *span);
/* To utc_s, which never goes back. True if a new local day began. */
bool vo_synth_clock_move(const vo_synth_span *span, vo_synth_clock *c, int64_t utc_s);

int64_t vo_synth_knot_s(const vo_synth_span *span, size_t knot); /* middle of an hour */

/* Value at an instant between knots: linear, flat before the first and after the last. */
double vo_synth_at(const vo_synth_span *span, const double *knot, int64_t utc_s);

/* A series of this span: starts, lengths, days, zone; columns NAN. */
vo_status vo_synth_span_series(const vo_synth_span *span, const char *const *names,
                               size_t n_columns, vo_series **out, vo_error *err);

/* Mean-reverting noise of mean 0 and variance 1 at the knots: x(t+1h) = phi x + sqrt(1-phi^2)
 * N, phi = exp(-1/tau_h). */
void vo_synth_noise(vo_random *rng, double tau_h, size_t n, double *x);

/* Two-state chain, one draw: share of time on, mean length (in draws) of being on. */
bool vo_synth_chain(vo_random *rng, bool on, double share, double length);

/* VO_EINVAL "name = 3 is not in 0..1". */
vo_status vo_synth_within(const char *name, double v, double lo, double hi, vo_error *err);

#endif
