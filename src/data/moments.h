/* moments.h -- what a series is like in numbers, and how near two series are to each other.
 *
 * Of one column: mean, spread, quantiles, tails, memory, and its shape over the local day, week
 * and year. Missing values (NAN) are left out and counted. Threads: pure functions.
 */
#ifndef VO_DATA_MOMENTS_H
#define VO_DATA_MOMENTS_H

#include <stdbool.h>

#include "base/json.h"
#include "grid/series.h"

// clang-format off
/* X(name, band, relative, help): near means within a factor 1 + band (relative) or within +-band */
#define VO_MOMENT_MAP(X)                                                                        \
    X(mean,           0.15, true,  "")                                                          \
    X(sd,             0.30, true,  "standard deviation, divided by n")                          \
    X(variation,      0.30, true,  "sd / |mean|")                                               \
    X(min,            0.50, true,  "")                                                          \
    X(q01,            0.40, true,  "1 % lie below; linear between values")                      \
    X(q05,            0.30, true,  "")                                                          \
    X(q25,            0.25, true,  "")                                                          \
    X(q50,            0.20, true,  "median")                                                    \
    X(q75,            0.20, true,  "")                                                          \
    X(q95,            0.25, true,  "")                                                          \
    X(q99,            0.35, true,  "")                                                          \
    X(max,            0.50, true,  "")                                                          \
    X(skewness,       0.50, true,  "third moment / sd^3; 0 if symmetric")                       \
    X(kurtosis,       0.60, true,  "fourth moment / sd^4; 3 if normal")                         \
    X(lag_1h,         0.10, false, "autocorrelation one hour apart")                            \
    X(lag_24h,        0.15, false, "a day apart")                                               \
    X(lag_168h,       0.20, false, "a week apart")                                              \
    X(negative_share, 0.03, false, "share of values below 0")                                   \
    X(zero_share,     0.05, false, "share of values equal to 0")                                \
    X(spike_share,    0.01, false, "share above mean + 3 sd")                                   \
    X(load_factor,    0.50, true,  "mean / max: of loads, and of PV")                           \
    X(peak_hour,      2.00, false, "local hour whose mean is largest")                          \
    X(low_hour,       3.00, false, "local hour whose mean is smallest")                         \
    X(day_swing,      0.35, true,  "(largest - smallest hour's mean) / mean")                   \
    X(weekend_ratio,  0.10, false, "mean of Saturday and Sunday / mean of the other days")      \
    X(season_swing,   0.50, true,  "(largest - smallest month's mean) / mean")
// clang-format on

enum {
#define X(name, band, relative, help) VO_MOMENT_##name,
    VO_MOMENT_MAP(X)
#undef X
        VO_MOMENTS
};

typedef struct {
    size_t n, missing;        /* values, and places without one                     */
    double step_h;            /* most common length of an interval                  */
    double value[VO_MOMENTS]; /* NAN: cannot be told (too short, or all the same)   */
    double hour[24];          /* mean by local hour / mean                          */
    double month[12];         /* mean by local month / mean; NAN: no value          */
} vo_moments;

const char *vo_moment_name(int32_t moment);

/* Of v[s->n], with the starts and the zone of `s`. VO_EINVAL: fewer than 2 values. VO_ENOMEM.
 */
vo_status vo_moments_of(const vo_series *s, const double *v, vo_moments *out, vo_error *err);

typedef enum {
    VO_MOMENT_NEAR = 0, /* within its band                            */
    VO_MOMENT_OFF = 1,  /* outside                                    */
    VO_MOMENT_NONE = 2  /* one of the two cannot be told              */
} vo_moment_verdict;

vo_moment_verdict vo_moments_verdict(int32_t moment, double ours, double reference);

/* Pearson's correlation over the places where both have a value; NAN if it cannot be told. */
double vo_moments_correlation(const double *a, const double *b, size_t n);

/* Members of the open object: "moments": {..}, "hour": [24], "month": [12], "values",
 * "missing".
 */
void vo_moments_json(const vo_moments *m, vo_json_out *w);

/* Members of the open object: "moments": [{name, ours, reference, ratio, band, verdict}],
 * "near", "off", "hour", "reference_hour", "month", "reference_month". */
void vo_moments_compare_json(const vo_moments *ours, const vo_moments *reference,
                             vo_json_out *w);

#endif
