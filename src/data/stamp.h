/* stamp.h -- time stamps of files as UTC instants: offsets, naive local times, DST days.
 *
 * A naive stamp is wall-clock time of the zone. In the hour that autumn repeats, the first row
 * with a stamp means the first pass and a later row with the same stamp the second one: what
 * decides is whether the first instant lies after the last row read. In a file sorted newest
 * first it is the other way round.
 */
#ifndef VO_DATA_STAMP_H
#define VO_DATA_STAMP_H

#include <stdbool.h>

#include "base/zone.h"
#include "data/source.h"

typedef struct {
    vo_zone *zone; /* of naive stamps; NULL: UTC */
    vo_date_order order;
    size_t n_naive, n_offset;
    int32_t offset_s;  /* the offset of the stamps that have one ...  */
    bool many_offsets; /* ... unless it changes                       */
    int rising;        /* of the last rows of a node: above 0 times rise, below 0 they fall */
    char day[10];  /* the date last read, "2024-01-31", and its first second: the next row's */
    int64_t day_s; /*   is mostly the same; private                                          */
} vo_stamp_reader;

/* Text (or Unix seconds or milliseconds) -> UTC seconds; `last_s` is the last instant read of
 * this node (INT64_MIN: none). *flag is VO_READING_*. VO_EINVAL with what is wrong, without
 * file and line (the caller adds them); a file with both naive stamps and offsets is refused.
 */
vo_status vo_stamp_read(vo_stamp_reader *s, const char *text, size_t len, int64_t last_s,
                        int64_t *utc_s, uint8_t *flag, vo_error *err);

/* The same for a naive stamp that is already a number of wall-clock seconds. */
int64_t vo_stamp_wall(vo_stamp_reader *s, int64_t wall_s, int64_t last_s, uint8_t *flag);

/* Does the text look like a stamp in this order? */
bool vo_stamp_is(const char *text, size_t len, vo_date_order order);

/* "31/01/2024 ..." or "2024/01/31 ..." -> civil time; "24:00" is midnight of the next day,
 * "1:00 PM" is 13:00. VO_EINVAL. */
vo_status vo_stamp_civil(const char *text, size_t len, vo_date_order order, vo_civil *out,
                         bool *has_offset, int32_t *offset_s, vo_error *err);

#endif
