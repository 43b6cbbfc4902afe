/* civil.h -- calendar dates and time stamps as text; no zones here (see zone.h). */
#ifndef VO_BASE_CIVIL_H
#define VO_BASE_CIVIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <volteo/status.h>

typedef struct {
    int32_t year, month, day;     /* proleptic Gregorian; month 1..12, day 1..31 */
    int32_t hour, minute, second; /* 0..23, 0..59, 0..59 */
} vo_civil;

/* Days since 1970-01-01 of a date, and back. Any year in -9999..9999. */
int64_t vo_civil_days(int32_t year, int32_t month, int32_t day);
void vo_civil_from_days(int64_t days, vo_civil *out); /* fills the date, zeroes the time */

/* Seconds since the epoch as if the civil time were UTC, and back. */
int64_t vo_civil_seconds(const vo_civil *c);
vo_civil vo_civil_from_seconds(int64_t s);

int32_t vo_civil_weekday(int64_t days); /* 0 = Monday .. 6 = Sunday */

/* Reads "2024-01-31", "2024-01-31T23:59", "2024-01-31 23:59:59", with optional fraction
 * (dropped), optional "Z", "+hh:mm", "+hhmm", "+hh". *has_offset tells whether an offset was
 * there; *offset_s is it (seconds east). Trailing blanks allowed, anything else refused.
 * VO_EINVAL naming the text and what is wrong with it. */
vo_status vo_civil_parse(const char *text, size_t len, vo_civil *out, bool *has_offset,
                         int32_t *offset_s, vo_error *err);

/* "2024-01-31" (11 bytes with NUL) and "2024-01-31T23:00:00" (20). */
void vo_civil_format_date(const vo_civil *c, char out[16]);
void vo_civil_format(const vo_civil *c, char out[32]);

/* An instant, "2024-01-31T23:00:00Z"; an offset, "+05:30" (below 24 hours). Both return out. */
const char *vo_civil_format_utc(int64_t s, char out[32]);
const char *vo_civil_format_offset(int32_t offset_s, char out[8]);

#endif
