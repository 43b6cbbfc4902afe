/* spill.h -- rows of readings on disk: one temporary file without a name, to which the rows of
 * a node are appended in blocks ("extents") and from which they are read back in order.
 *
 * Threads: one writer; once it is done, any number of readers.
 */
#ifndef VO_DATA_SPILL_H
#define VO_DATA_SPILL_H

#include "data/readings.h"

typedef struct vo_spill vo_spill;

/* The file is made when the first rows come. VO_ENOMEM. */
vo_status vo_spill_create(const char *folder, vo_spill **out, vo_error *err);
void vo_spill_free(vo_spill *s); /* accepts NULL */

/* Moves the rows that r has in memory behind those it has on disk. VO_EIO: the disk is full. */
vo_status vo_spill_out(vo_spill *s, vo_readings *r, vo_error *err);

/* What was moved can be read from now on. */
vo_status vo_spill_flush(vo_spill *s, vo_error *err);

#define VO_SPILL_PIECE 65536

/* Appends to `to` the rows of extent `e` of `from` whose starts lie in [from_s, to_s). It has
 * the same columns, and room for those rows and VO_SPILL_PIECE further ones. */
vo_status vo_spill_in(const vo_spill *s, const vo_readings *from, size_t e, int64_t from_s,
                      int64_t to_s, vo_readings *to, vo_error *err);

/* Starts, and flags unless `flag` is NULL, of the rows of extent `e` from row `at` on, at most
 * n; *got of them. */
vo_status vo_spill_starts(const vo_spill *s, const vo_readings *from, size_t e, size_t at,
                          int64_t *start_s, uint8_t *flag, size_t n, size_t *got,
                          vo_error *err);

#endif
