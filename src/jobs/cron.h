/* cron.h -- when a thing shall happen, as five fields: minute hour day month weekday.
 *
 *     17 5 1 * *        at 05:17 of the first of each month
 *     0,30 8-18/2 * * mon-fri
 *     @hourly @daily (@midnight) @weekly @monthly @yearly (@annually)
 *
 * A field is *, a number, a range a-b, the last two with a step (0-59/15, 8-18/2; * too), or a list of
 * these with commas. Months and weekdays have English names of three letters too; Sunday is 0 and 7. Where
 * day and weekday are both restricted (neither begins with '*'), a day that fits one of them is
 * enough: the rule of Vixie cron, crontab(5).
 *
 * Times are wall-clock times of an IANA zone. One that its zone skips happens at the instant of
 * the jump, together with others that are skipped, once; one that is repeated happens once, the
 * first time it is shown. What shall happen every 60 minutes of real time is given the zone UTC.
 *
 * Threads: pure functions; a vo_cron is a value.
 */
#ifndef VO_JOBS_CRON_H
#define VO_JOBS_CRON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/zone.h"

typedef struct { /* a bit for each value that fits */
    uint64_t minute;
    uint32_t hour, day, month, weekday; /* day 1..31, month 1..12, weekday 0..6 from Sunday */
    bool any_day, any_weekday;          /* the field begins with '*' */
} vo_cron;

/* VO_EINVAL naming the field, what it says and what would be right; also for dates that never
 * come ("0 0 31 2 *"). */
vo_status vo_cron_parse(const char *text, size_t len, vo_cron *out, vo_error *err);

/* The first firing after an instant, UTC seconds; INT64_MAX: none before the year 9999. */
int64_t vo_cron_next(const vo_cron *c, const vo_zone *zone, int64_t after_s);

/* The last firing in (after_s, upto_s]; INT64_MIN: none. */
int64_t vo_cron_last(const vo_cron *c, const vo_zone *zone, int64_t after_s, int64_t upto_s);

#endif
