/* hour_table.h -- a CSV file with a header and an hour per row, columns by name in any order. */
#ifndef VO_ENGINE_HOUR_TABLE_H
#define VO_ENGINE_HOUR_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "data/bytes.h"

#define VO_HOUR_ROWS 876000u /* a century */

typedef struct {
    const char *name; /* compared without case                                  */
    bool needed;      /* else it may be absent: value stays NULL                */
    double lo, hi;    /* each value must lie within                             */
    const char *unit; /* for messages: "kWh"                                    */
    double *value;    /* [rows] out, malloc'ed: the caller's, also after errors */
} vo_hour_column;

/* VO_EINVAL naming file, line, column, value and remedy; no rows; more than VO_HOUR_ROWS. */
vo_status vo_hour_table_read(vo_bytes *in, vo_hour_column *column, size_t n, size_t *rows,
                             vo_error *err);
vo_status vo_hour_table_load(const char *path, vo_hour_column *column, size_t n, size_t *rows,
                             vo_error *err);

#endif
