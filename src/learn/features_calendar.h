/* features_calendar.h -- local days as features see them: one sine and cosine per day or minute,
 * not per row.
 *
 * A wall clock changes at most once in a local day; between, it is UTC plus an offset.
 * Threads: plain values.
 */
#ifndef VO_LEARN_FEATURES_CALENDAR_H
#define VO_LEARN_FEATURES_CALENDAR_H

#include "learn/features_settings.h"

#define VO_DAY_MINUTES 1440

/* A local day; days tile time: the next one's start is this one's end. */
typedef struct {
    int64_t start_s, end_s; /* UTC instants                                            */
    int64_t change_s;       /* the clock changes then; end_s: it does not              */
    int32_t offset_s[2];    /* east of UTC, before and from change_s on                */
    float weekday[2];       /* sine, cosine                                            */
    float season[2];
    float holiday;
    int32_t reserved;
    int64_t published_s[VO_FEATURES_MAX_EXOG]; /* when the day's values of a column published
                                                  the day before are there               */
} vo_feature_day;

/* `market` is not VO_HOLIDAY_BY_ZONE. date: days since 1970-01-01. */
void vo_feature_day_fill(const vo_zone *zone, vo_holiday_market market,
                         const vo_features_settings *s, int64_t date, vo_feature_day *out);

/* Minute of the wall clock, 0..1439, at an instant of the day. */
static inline int32_t vo_feature_day_minute(const vo_feature_day *d, int64_t utc_s) {
    const int64_t wall_s = utc_s + d->offset_s[utc_s >= d->change_s];
    const int64_t of_day_s = wall_s % 86400;
    return (int32_t)((of_day_s < 0 ? of_day_s + 86400 : of_day_s) / 60);
}

/* Sine and cosine of each minute's place in the day. */
void vo_feature_minutes_fill(float turn[VO_DAY_MINUTES][2]);

#endif
