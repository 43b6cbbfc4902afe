/* price_resample.h -- a series in coarser steps of local time.
 *
 * Steps up to an hour begin at multiples of the step on the wall clock, each pass through a
 * repeated hour apart; longer ones at the same wall-clock times each day, so that a step in which
 * clocks change is shorter or longer than the others; days, weeks (from Monday) and months are the
 * calendar's. An interval that lies in two steps counts in both by its time in each. A step is
 * labelled by its start; the first and the last may be covered in part.
 */
#ifndef VO_ENGINE_PRICE_RESAMPLE_H
#define VO_ENGINE_PRICE_RESAMPLE_H

#include "grid/series.h"

typedef enum {
    VO_STEP_RAW,     /* as the data are */
    VO_STEP_MINUTES, /* `minutes`, a divisor of 1440 below it */
    VO_STEP_DAY,
    VO_STEP_WEEK,
    VO_STEP_MONTH
} vo_step_kind;

typedef struct {
    vo_step_kind kind;
    int32_t minutes;
} vo_step;

/* "raw", "30", "15m", "1h", "PT15M", "PT1H", "1d" = "P1D", "1w" = "P1W", "1mo" = "P1M".
 * VO_EINVAL with what there is. */
vo_status vo_step_parse(const char *text, vo_step *out, vo_error *err);

// clang-format off
#define VO_STATISTIC_MAP(X)                                                                     \
    X(MEAN,  "mean")  /* weighted by time */                                                    \
    X(MIN,   "min")                                                                             \
    X(MAX,   "max")                                                                             \
    X(FIRST, "first")                                                                           \
    X(LAST,  "last")
// clang-format on
typedef enum {
#define X(name, text) VO_STATISTIC_##name,
    VO_STATISTIC_MAP(X) VO_STATISTICS
#undef X
} vo_statistic;
extern const char *const vo_statistic_name[VO_STATISTICS];

/* Where the step begins that `at` lies in. Not of VO_STEP_RAW. */
int64_t vo_step_begin(const vo_step *step, const vo_zone *zone, int64_t at);

/* The same columns, zone, currency and unit; missing values are left out, a step without any is
 * NAN. *out is the caller's. VO_EINVAL: the data have longer intervals than the step. */
vo_status vo_price_resample(const vo_series *s, const vo_zone *zone, const vo_step *step,
                            vo_statistic statistic, vo_series **out, vo_error *err);

#endif
