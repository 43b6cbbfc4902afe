/* zone.h -- IANA time zones, read from the system's zone database through GLib.
 *
 * Threads: a zone is immutable and may be shared.
 */
#ifndef VO_BASE_ZONE_H
#define VO_BASE_ZONE_H

#include "base/civil.h"

typedef struct vo_zone vo_zone;

/* "America/Mexico_City", "UTC", "+01:00". VO_ENOTFOUND with the name and a hint (tzdata). */
vo_status vo_zone_open(const char *name, vo_zone **out, vo_error *err);
void vo_zone_close(vo_zone *z); /* accepts NULL */
const char *vo_zone_name(const vo_zone *z);

/* Seconds east of UTC in force at a UTC instant. */
int32_t vo_zone_offset(const vo_zone *z, int64_t utc_s);

/* What a wall-clock time can mean. */
typedef enum {
    VO_WALL_UNIQUE, /* once                                                             */
    VO_WALL_TWICE,  /* the hour that is repeated: `first` and `second` instants         */
    VO_WALL_NEVER   /* the hour that is skipped: first == second == the instant of the jump */
} vo_wall;

/* The UTC instants of a wall-clock time given as seconds of vo_civil_seconds. */
vo_wall vo_zone_instants(const vo_zone *z, int64_t wall_s, int64_t *first, int64_t *second);

/* UTC instant at which local day `days` (days since 1970-01-01 of its date) begins. */
int64_t vo_zone_day_start(const vo_zone *z, int64_t days);

/* Local date (days since 1970-01-01) of a UTC instant: the last day that has begun, so that day
 * numbers never go back. (Where clocks go back across midnight, the minutes of the old date
 * that are shown again count to the new day.) */
int64_t vo_zone_local_day(const vo_zone *z, int64_t utc_s);

#endif
