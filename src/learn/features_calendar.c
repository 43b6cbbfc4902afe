/* features_calendar.c -- see features_calendar.h. */
#include "learn/features_calendar.h"

#include <math.h>

#include "learn/features_value.h"

#define TWO_PI 6.283185307179586477

static void turn_of(double part, float out[2]) {
    out[0] = vo_feature_value(sin(TWO_PI * part));
    out[1] = vo_feature_value(cos(TWO_PI * part));
}

/* First instant in (from, to) at which the offset is not that of `from`; to if there is none. */
static int64_t change(const vo_zone *zone, int64_t from, int64_t to) {
    const int32_t before = vo_zone_offset(zone, from);
    if (to - from < 2 || vo_zone_offset(zone, to - 1) == before) return to;
    int64_t same = from, other = to - 1;
    while (other - same > 1) {
        const int64_t middle = same + (other - same) / 2;
        if (vo_zone_offset(zone, middle) == before)
            same = middle;
        else
            other = middle;
    }
    return other;
}

void vo_feature_day_fill(const vo_zone *zone, vo_holiday_market market,
                         const vo_features_settings *s, int64_t date, vo_feature_day *out) {
    vo_civil c;
    vo_civil_from_days(date, &c);
    const int64_t new_year = vo_civil_days(c.year, 1, 1);
    const int64_t year_days = vo_civil_days(c.year + 1, 1, 1) - new_year;
    out->start_s = vo_zone_day_start(zone, date);
    out->end_s = vo_zone_day_start(zone, date + 1);
    out->change_s = change(zone, out->start_s, out->end_s);
    out->offset_s[0] = vo_zone_offset(zone, out->start_s);
    out->offset_s[1] = vo_zone_offset(zone, out->change_s);
    turn_of(vo_civil_weekday(date) / 7.0, out->weekday);
    turn_of((double)(date - new_year) / (double)year_days, out->season);
    out->holiday = vo_holiday(market, date);
    for (size_t k = 0; k < s->n_exog; k++) {
        int64_t first, last; /* of a time that is met twice the later: nothing is used early */
        vo_zone_instants(zone, (date - 1) * 86400 + 60 * (int64_t)s->exog[k].minutes, &first,
                         &last);
        out->published_s[k] = s->exog[k].rule == VO_PUBLICATION_DAY_AHEAD ? last : INT64_MIN;
    }
}

void vo_feature_minutes_fill(float turn[VO_DAY_MINUTES][2]) {
    for (int m = 0; m < VO_DAY_MINUTES; m++) turn_of(m / (double)VO_DAY_MINUTES, turn[m]);
}
