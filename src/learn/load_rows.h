/* load_rows.h -- what a boosted model of loads sees: a series at one moment, and rows about
 * intervals ahead of it.
 *
 * All values are in units of the series' own mean of the last two weeks, so that rows of many homes
 * are alike; the label is what the light forecaster (profile_track.h) leaves over. Columns of the
 * series beside the first are read where they are known ahead (known_ahead.h) and named for
 * temperature or irradiance. Threads: one owner at a time.
 */
#ifndef VO_LEARN_LOAD_ROWS_H
#define VO_LEARN_LOAD_ROWS_H

#include "learn/profile_track.h"

/* name, what it is; "yesterday" is as many days before the interval as make it known */
// clang-format off
#define VO_LOAD_FEATURE_MAP(X)                                              \
    X(lead_h,        "from now to the interval's start")                    \
    X(hour,          "of the local day")                                    \
    X(weekday,       "0 Monday .. 6")                                       \
    X(profile,       "what the light forecaster says")                      \
    X(spread,        "how far it was off at this time of day")              \
    X(last,          "the last value")                                      \
    X(mean_1h,       "of the last hour")                                    \
    X(mean_3h,       "of the last three")                                   \
    X(mean_24h,      "of the last day")                                     \
    X(least_24h,     "of the last day")                                     \
    X(most_24h,      "of the last day")                                     \
    X(mean_7d,       "of the last week")                                    \
    X(yesterday,     "the same time of day")                                \
    X(yesterday_2h,  "the mean of two hours about it")                      \
    X(before,        "the same time of the day before that")                \
    X(last_week,     "the same time, seven days before or 14")              \
    X(temperature,   "forecast for the interval")                           \
    X(warmer,        "than yesterday at that time, both as forecast")       \
    X(irradiance,    "forecast for the interval")                           \
    X(brighter,      "than yesterday at that time, both as forecast")
// clang-format on

enum {
#define X(name, help) VO_LOAD_##name,
    VO_LOAD_FEATURE_MAP(X)
#undef X
        VO_LOAD_FEATURES
};

const char *vo_load_feature_name(size_t i);

/* A series, and where one stands in it. */
typedef struct {
    vo_profile_track track;
    const double *temperature, *irradiance; /* columns known ahead, or NULL  */
    const double *value;                    /* the history of vo_load_eye_to */
    float *said;                            /* [n] the light forecaster      */
    size_t n_said;                          /* of them made at this moment   */
    double scale;                           /* 0: nothing to measure with    */
    float now[VO_LOAD_FEATURES];            /* what does not depend on the interval */
} vo_load_eye;

/* As of forecasters: a first column named pv is PV, one named load a load, others have a sign. */
int32_t vo_load_kind(const vo_series *s);

/* Series and alloc are borrowed. vo_load_eye_fini. */
vo_status vo_load_eye_init(vo_load_eye *out, const vo_series *series, const vo_alloc *alloc,
                           vo_error *err);
void vo_load_eye_fini(vo_load_eye *e); /* accepts a zeroed one */

/* Stands at `known` in history (borrowed until the next call), to be asked about intervals up to
 * known + ahead - 1. */
void vo_load_eye_to(vo_load_eye *e, const double *history, size_t known, size_t ahead);

/* The row about interval t, known <= t < known + ahead; nothing at or after `known` is read but
 * columns known ahead. */
void vo_load_eye_row(const vo_load_eye *e, size_t t, float row[VO_LOAD_FEATURES]);

/* The light forecaster's word about interval t, and the root mean square of its errors there. */
double vo_load_eye_profile(const vo_load_eye *e, size_t t);
double vo_load_eye_spread(const vo_load_eye *e, size_t t);

#endif
