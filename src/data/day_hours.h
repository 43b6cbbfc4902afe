/* day_hours.h -- the time of day in a column of its own, beside a column of dates: settlement
 * periods, hours, clock times.
 *
 * Three conventions are met: hours numbered 1..24 (23 and 25 on the days when clocks change)
 * are elapsed time from local midnight; hours 0..23 and clock times ("01:00") are the wall
 * clock's. The values decide: a 0 makes 0..23, a 24 or 25 makes 1..24; numbers of 1..24 that
 * name a 24th hour on a day of 23 skip one, so they are the wall clock's. "Hour ending" names
 * the end; so do clock times that have 24:00 and no 00:00.
 */
#ifndef VO_DATA_DAY_HOURS_H
#define VO_DATA_DAY_HOURS_H

#include "base/zone.h"
#include "data/csv.h"
#include "data/source.h"
#include "data/stamp.h"

typedef enum {
    VO_HOURS_NONE = 0, /* it is no time of day                                  */
    VO_HOURS_ELAPSED,  /* 1..25 from local midnight                             */
    VO_HOURS_WALL,     /* numbers on the wall clock                             */
    VO_HOURS_CLOCK     /* "01:00", "1:00 PM", "24:00"                           */
} vo_hours_kind;

typedef struct {
    vo_hours_kind kind;
    int64_t shift_s; /* added to the wall clock read: -3600 where ends are named */
    bool at_end;     /* values name ends, for the note                           */
    bool unsure;     /* 1..23 only: may be either convention                     */
} vo_day_hours;

/* Likelihood from a column's name: 0 none, else higher is likelier. */
int vo_day_hours_score(const char *column);

/* What a column's values were like; begin with {0}. */
typedef struct {
    size_t rows, numbers, clocks;
    int64_t lo, hi, step_s; /* numbers, or seconds of clock times; their greatest divisor */
    bool no_24_there;       /* a 24 on a day of fewer hours */
    bool other;             /* neither numbers nor clock times */
} vo_day_hours_seen;
void vo_day_hours_look(vo_day_hours_seen *seen, const vo_zone *zone, int64_t days,
                       vo_csv_field value);
vo_day_hours vo_day_hours_decide(const vo_day_hours_seen *seen, const char *column);

/* Wall-clock second of WALL and CLOCK on that day. VO_EINVAL without file and line. */
vo_status vo_day_hours_wall(const vo_day_hours *h, int64_t days, vo_csv_field value,
                            int64_t *wall_s, vo_error *err);

/* A whole number: "7", "07", "7.0". */
bool vo_day_hours_number(vo_csv_field f, int64_t *out);

/* Is the text a date without a time (or with midnight)? *days since 1970-01-01. */
bool vo_day_hours_is_date(vo_csv_field date, vo_date_order order, int64_t *days);

/* A settlement period as an instant: local midnight of the stamp's date + (period - 1) lengths
 * of elapsed time. VO_EINVAL without file and line: no period, or more than the day has. */
typedef struct {
    int64_t days, start_s, end_s; /* the day last asked for */
    bool known;
    bool from_zero; /* the first period is 0 */
} vo_period_day;
vo_status vo_period_start(vo_period_day *day, const vo_zone *zone, const vo_source_options *o,
                          vo_csv_field date, vo_csv_field period, int64_t *start_s,
                          vo_error *err);

/* The same for a time of day that was found beside the date; _take puts what that
 * means into the options and the set's note. */
vo_status vo_day_hours_start(const vo_day_hours *h, vo_stamp_reader *s, vo_period_day *day,
                             const vo_source_options *o, vo_csv_field date, vo_csv_field hour,
                             int64_t last_s, int64_t *start_s, uint8_t *flag, vo_error *err);
void vo_day_hours_take(const vo_day_hours *h, const char *date, const char *hour,
                       vo_source_options *o, vo_readings_set *set);

#endif
