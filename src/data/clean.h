/* clean.h -- readings in, an even series out, and a report of every value touched.
 *
 * Rules, in the order they are applied (docs/models/data.md says why):
 *   dst_skipped        row stamped in an hour that its zone skips: dropped
 *   sorted             rows put in order of time (no value changes; counted)
 *   joined             rows of one start that complete each other (no column has two values):
 *                      one row with all their values (counted)
 *   duplicate_same     further row of the same start with the same values: dropped
 *   duplicate_last     further row with other values: the later row of the file is kept
 *   not_finite         inf: missing
 *   zero_placeholder   price exactly 0 where the source publishes that for "none": missing,
 *                      with the other values of its row
 *   trimmed            price (of other kinds: everything) missing at either end: cut off
 *   interpolated       missing, or no row, for at most max_interpolate_h: linear between its
 *                      neighbours
 *   same_hour_of_week  missing for longer, up to max_fill_h: mean of the same local hour one
 *                      week before and after, else of the one there is, else 2..4 weeks away
 *   left_missing       what none of these can fill and is not a price: stays NAN
 *   dst_short_day      first interval after a clock went forward: the day has 23 hours: kept
 *   dst_long_day       first interval after a clock went back: the day has 25 hours: kept
 *   component_sum      energy + loss + congestion differ from the price by over 0.05: kept
 *   spike              price farther than spike_iqr interquartile ranges from the median: kept
 * A price that none of these can fill is refused, naming the gap. Nothing is filled from filled
 * values, so the result does not depend on order. The readings stay as they are.
 */
#ifndef VO_DATA_CLEAN_H
#define VO_DATA_CLEAN_H

#include "data/clean_report.h"
#include "data/readings.h"
#include "grid/series.h"

/* X(constant, what people write): what to do with prices of exactly 0. AS_SOURCE: as the
 * source's readings say (CENACE: missing). */
#define VO_ZERO_MAP(X)                                                                         \
    X(AS_SOURCE, "source")                                                                     \
    X(KEEP, "keep")                                                                            \
    X(MISSING, "missing")

typedef enum {
#define X(name, text) VO_ZERO_##name,
    VO_ZERO_MAP(X)
#undef X
} vo_zero_policy;

#define VO_ZERO_POLICIES 3
extern const char *const vo_zero_policy_name[VO_ZERO_POLICIES];

/* The same of `repair`, which people ask for: repair all, refuse, or keep stamps as they come
 * (`strict` and `uneven` below). */
#define VO_REPAIR_MAP(X)                                                                       \
    X(CLEAN, "clean")                                                                          \
    X(NONE, "none")                                                                            \
    X(UNEVEN, "uneven")

typedef enum {
#define X(name, text) VO_REPAIR_##name,
    VO_REPAIR_MAP(X)
#undef X
} vo_repair;

#define VO_REPAIRS 3
extern const char *const vo_repair_name[VO_REPAIRS];

typedef struct {
    bool strict; /* refuse instead of repairing; the error names line and rule */
    bool uneven; /* keep stamps as they come: no grid, no filling; a length is */
                 /*   the distance to the next start                           */
    vo_zero_policy zero;
    double interval_minutes;  /* 0: as the source says, else the most common step           */
    double max_interpolate_h; /* default 6                                                  */
    double max_fill_h;        /* default 192 (8 days); longer gaps of prices are refused    */
    double spike_iqr;         /* default 6; 0: no price is called a spike                   */
} vo_clean_options;

vo_clean_options vo_clean_options_default(void);

/* *series and *report are the caller's; report may be NULL. VO_EINVAL (refused, see above),
 * VO_ENOMEM. The first column is "price". */
vo_status vo_clean(const vo_readings *r, const vo_clean_options *o, vo_series **series,
                   vo_clean_report **report, vo_error *err);

#endif
