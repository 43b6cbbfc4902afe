/* clash.h -- rows of one time with different values: is that a table's layout, misread?
 *
 * A later row corrects an earlier one; that is how some files are. But where most rows share
 * their time with another one, something else tells them apart that was not understood (a
 * column of hours, of series), and "corrected" would mean lost.
 */
#ifndef VO_DATA_CLASH_H
#define VO_DATA_CLASH_H

#include "data/readings.h"

typedef struct {
    size_t rows, clashing; /* looked at; of these, share their time with other values */
    uint32_t line[2];      /* of two such rows of a node */
} vo_clash;

/* Looks at the first rows (by time) of the set's nodes, about 2^20 at most. VO_ENOMEM, VO_EIO. */
vo_status vo_clash_look(vo_readings_set *set, vo_clash *out, vo_error *err);

/* More than half of the rows, and at least three. */
bool vo_clash_is_layout(const vo_clash *c);

#endif
