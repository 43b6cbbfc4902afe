/* features_frame.h -- what batch and stream share: where a row stands in time, what was
 * published by then. Internal to features*.c.
 */
#ifndef VO_LEARN_FEATURES_FRAME_H
#define VO_LEARN_FEATURES_FRAME_H

#include "learn/features.h"
#include "learn/features_calendar.h"
#include "learn/features_list.h"

/* Interval i lasts from start_s + i step_s on. */
typedef struct {
    int64_t start_s, step_s;
    int64_t per_day; /* intervals, 0: the step does not divide the day */
    vo_holiday_market market;
} vo_feature_frame;

static inline int64_t vo_feature_at(const vo_feature_frame *f, int64_t i) {
    return f->start_s + i * f->step_s;
}

/* First interval that starts at or after an instant; may be negative. */
static inline int64_t vo_feature_first(const vo_feature_frame *f, int64_t utc_s) {
    const int64_t d = utc_s - f->start_s;
    return d > 0 ? (d + f->step_s - 1) / f->step_s : -(-d / f->step_s);
}

/* How far back of t the price of 24 hours times `days` before t + h is, or of the least multiple
 * of that which is known. */
static inline int64_t vo_feature_target_back(const vo_feature_frame *f, int32_t days,
                                             int64_t h) {
    const int64_t back = days * f->per_day;
    return (h + back - 1) / back * back - h;
}

/* How many intervals after its own end a value is there, 0 or less: before. Day-ahead: 0. */
static inline int64_t vo_feature_late(const vo_feature_frame *f, const vo_features_exog *x) {
    if (x->rule == VO_PUBLICATION_DAY_AHEAD) return 0;
    const int64_t late_s = 60 * (int64_t)x->minutes;
    return late_s >= 0 ? (late_s + f->step_s - 1) / f->step_s : -(-late_s / f->step_s);
}

/* Intervals 0..result-1 of exogenous column k were published by the origin `known`. today and
 * the day after it: of that moment. */
static inline int64_t vo_feature_published(const vo_feature_frame *f, const vo_features_exog *x,
                                           size_t k, const vo_feature_day *today,
                                           const vo_feature_day *tomorrow, int64_t known) {
    int64_t n = known - vo_feature_late(f, x);
    if (x->rule == VO_PUBLICATION_DAY_AHEAD) {
        const bool next = tomorrow->published_s[k] <= vo_feature_at(f, known);
        n = vo_feature_first(f, next ? tomorrow->end_s : today->end_s);
    }
    return n > 0 ? n : 0;
}

struct vo_features {
    const vo_alloc *alloc;
    const vo_series *series;
    vo_features_settings settings;
    vo_feature_layout layout;
    vo_feature_frame frame;
    vo_zone *zone;
    size_t n_days;
    vo_feature_day
        *day; /* [n_days] from the first interval's to beyond the farthest target's */
    char (*name)[VO_FEATURE_NAME]; /* [F] */
    const char **names;            /* [F] */
    float minute[VO_DAY_MINUTES][2];
    const double *region[VO_FEATURES_MAX_REGIONS]; /* columns of the series */
    const double *exog[VO_FEATURES_MAX_EXOG];
    const double *congestion, *loss;
};

#endif
