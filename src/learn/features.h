/* features.h -- what a price model is shown: one row of F float32 numbers per origin.
 *
 * Origin: `known` intervals, 0..known-1, are over; it is the moment at which interval
 * t = known - 1 ends. A row holds only what is known then: prices, regions, components and
 * battery up to and including t, exogenous values published by that moment. Nothing else is
 * read. With horizon h >= 1 the target is interval t + h (h = 1: the next one); calendar and
 * published values are given for it too. A target may lie beyond the series' end.
 *
 * Missing: NAN. A row never holds an infinity. A window with a missing price is missing.
 * Names, order and meaning: VO_FEATURE_MAP in features_list.h; docs/models/features.md.
 *
 * Batch (fill) and streaming form (push, get) give the same bits; so does a stream, or a shorter
 * series, that begins later, once vo_features_history intervals have passed (values carried
 * forward from before its beginning excepted).
 *
 * This interface is final; what may still change is which features the list has.
 * Threads: a vo_features is read-only after create and may be shared; a stream has one owner.
 */
#ifndef VO_LEARN_FEATURES_H
#define VO_LEARN_FEATURES_H

#include <stdbool.h>

#include "learn/features_settings.h"

/* The farthest target: eight days ahead. */
#define VO_FEATURES_AHEAD_S (8 * 86400)

typedef struct vo_features vo_features;

/* The series gives times, zone and the columns that the settings name; it is borrowed and must
 * outlive *out, which is the caller's: vo_features_free. `alloc` NULL: libc. VO_EINVAL:
 * settings; intervals of different lengths or with gaps (fill them first); days asked of a step
 * that does not divide the day. VO_ENOTFOUND: no such column. VO_ENOMEM. */
vo_status vo_features_create(const vo_series *series, const vo_features_settings *settings,
                             const vo_alloc *alloc, vo_features **out, vo_error *err);
void vo_features_free(vo_features *f); /* accepts NULL */

size_t vo_features_count(const vo_features *f);             /* F               */
const char *const *vo_features_names(const vo_features *f); /* [F], owned by f */
size_t vo_features_history(const vo_features *f); /* intervals that a row looks back on */
size_t vo_features_longest(const vo_features *f); /* the largest horizon, intervals     */

/* What is not in the series' columns, by interval. Each is read before the origin only. */
typedef struct {
    const double *price;   /* [n]; NAN: missing                                      */
    const double *soc;     /* [n] fraction at each interval's end; NULL: missing     */
    const double *cycle_h; /* [n] hours since the last cycle then (features_battery.h) */
} vo_features_input;

/* Rows of origins known = from..to-1, 1 <= from < to <= n + 1, into out[to - from][F].
 * 1 <= horizon <= longest. Memory: out, and a workspace of the call's own: about 1.1 KiB per
 * feature, 24 bytes per interval of the longest window. VO_ENOMEM. */
vo_status vo_features_fill(const vo_features *f, const vo_features_input *in, size_t from,
                           size_t to, size_t horizon, float *out, vo_error *err);

/* ---- streaming: push allocates nothing and is O(1) amortised ----------------------------- */

typedef struct vo_features_stream vo_features_stream;

/* An interval that has ended. Pointers may be NULL where the settings ask for none. */
typedef struct {
    double price;
    const double *region; /* [n_regions] in the settings' order */
    double congestion, loss;
    double soc, cycle_h;
} vo_features_now;

/* A stream whose first push will be interval `first` of f's series, and which may go on past its
 * end. f is not needed afterwards. *out is the caller's. */
vo_status vo_features_stream_create(const vo_features *f, size_t first, const vo_alloc *alloc,
                                    vo_features_stream **out, vo_error *err);
void vo_features_stream_free(vo_features_stream *s); /* accepts NULL */

/* Values of the exogenous column k (the settings' order) for intervals from..from+n-1, as soon
 * as they are there; what the column's rule says is not published yet is kept and not used.
 * Again: replaced. Returns how many were taken, from the first on: those more than 8 days ahead
 * are not, give them later; what is too old to matter is passed over. */
size_t vo_features_stream_publish(vo_features_stream *s, size_t k, size_t from,
                                  const double *value, size_t n);

/* Interval `known` is over. */
void vo_features_stream_push(vo_features_stream *s, const vo_features_now *now);

/* Publishes and pushes from f's series until `until` intervals are known: a warm start. */
void vo_features_stream_follow(vo_features_stream *s, const vo_features *f,
                               const vo_features_input *in, size_t until);

/* The row of the present origin into out[F]; at least one interval was pushed. */
void vo_features_stream_get(const vo_features_stream *s, size_t horizon, float *out);

#endif
