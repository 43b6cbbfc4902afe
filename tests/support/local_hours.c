/* local_hours.c -- see local_hours.h. */
#include "support/local_hours.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/zone.h"

vo_series *local_hours(const char *zone, int year, int month, int day, int days,
                       const char *extra) {
    vo_zone *z = NULL;
    if (vo_zone_open(zone, &z, NULL) != VO_OK) abort();
    const int64_t date = vo_civil_days(year, month, day);
    const int64_t from = vo_zone_day_start(z, date), to = vo_zone_day_start(z, date + days);
    const char *names[] = {"price", extra};
    vo_series *s = NULL;
    if (vo_series_create((size_t)(to - from) / 3600, names, extra ? 2 : 1, NULL, &s, NULL) !=
        VO_OK)
        abort();
    for (size_t t = 0; t < s->n; t++) {
        s->start[t].s = from + 3600 * (int64_t)t;
        s->dt_h[t] = 1;
        s->day[t] = (int32_t)(vo_zone_local_day(z, s->start[t].s) - date);
        s->column[0].value[t] = 0;
    }
    (void)snprintf(s->zone, sizeof s->zone, "%s", zone);
    vo_zone_close(z);
    return s;
}
