/* lake_changes.h -- the file changes.parquet of one year: what cleaning did to its rows. Inside
 * of the lake.
 *
 * Columns: start, column VARCHAR ('*' = the whole row), old, new DOUBLE, rule VARCHAR, line
 * BIGINT, source VARCHAR; sorted by start, rule, line, column. The file's head says which part
 * it belongs to, by the part's checksum.
 */
#ifndef VO_DATA_LAKE_CHANGES_H
#define VO_DATA_LAKE_CHANGES_H

#include "data/lake_part.h"

typedef struct {
    size_t n, capacity;
    vo_lake_change *item;
} vo_lake_kept;

void vo_lake_kept_fini(vo_lake_kept *k);

/* Appends those of a file; an absent file has none. VO_EIO: BAD. */
vo_status vo_lake_kept_read(vo_lake *lake, const char *path, vo_lake_kept *k,
                            vo_lake_head *head, vo_error *err);

/* Writes all as a file that belongs to the part of checksum `of` (0: there is no part). */
vo_status vo_lake_kept_write(vo_lake *lake, const char *path, const vo_lake_kept *k,
                             uint64_t of, vo_lake_head *head, vo_error *err);

/* Drops those of [first_s, last_s] and of the starts that `report` names; puts those of
 * `report` that lie in `year` in their place, sorted. `report` may be NULL. */
vo_status vo_lake_kept_replace(vo_lake_kept *k, int32_t year, int64_t first_s, int64_t last_s,
                               const vo_series *s, const vo_clean_report *report,
                               const char *source, vo_error *err);

#endif
