/* lake.h -- the price lake: Hive-partitioned Parquet that any tool can read.
 *
 *     ROOT/prices/market=MEM/process=MDA/node=APATZINGAN/year=2016/part.parquet
 *
 * Columns: start TIMESTAMP WITH TIME ZONE (UTC), dt_h DOUBLE, price and further DOUBLE columns,
 * zone and currency VARCHAR. `year` is the UTC year of `start`. Names are percent-encoded where
 * they are not letters, digits, '_', '.' or '-'. A part is written beside itself and renamed:
 * readers see the old or the new one; leftovers of a killed writer are ignored and swept.
 * Upserts are idempotent by `start` and serialised by ROOT/.lock between processes and threads.
 * Threads: one vo_lake per thread; any number of them on one ROOT.
 */
#ifndef VO_DATA_LAKE_H
#define VO_DATA_LAKE_H

#include "data/readings.h"
#include "grid/series.h"

typedef struct vo_lake vo_lake;

/* ROOT need not exist yet. VO_EINVAL: a root with wildcard characters; VO_EIO. */
vo_status vo_lake_open(const char *root, vo_lake **out, vo_error *err);
void vo_lake_close(vo_lake *lake); /* accepts NULL */

/* Which series. process NULL or "" in vo_lake_read: the only one there is, MDA before others.
 */
typedef struct {
    const char *market, *process, *node;
} vo_lake_key;

/* Merges `s` into the lake: rows with a known start replace the stored ones, others are added.
 * Columns that the stored part lacks are added to it. VO_EINVAL: empty or bad name; VO_EIO. */
vo_status vo_lake_upsert(vo_lake *lake, const vo_lake_key *key, const vo_series *s,
                         vo_error *err);

/* The part with from <= start < to, sorted, local-day numbers by the stored zone.
 * VO_ENOTFOUND, naming the node and what there is; VO_EINVAL; VO_EIO. */
vo_status vo_lake_read(vo_lake *lake, const vo_lake_key *key, vo_time from, vo_time to,
                       vo_series **out, vo_error *err);

typedef struct {
    char market[32], process[32], node[64];
    char zone[64], currency[16];
    int64_t rows;
    int64_t first_s, last_s; /* starts of the first and the last interval, UTC */
} vo_lake_entry;

/* Every series in the lake, sorted by market, process, node. *out is malloc'ed: free(). An
 * empty or absent lake gives n = 0. */
vo_status vo_lake_list(vo_lake *lake, vo_lake_entry **out, size_t *n, vo_error *err);

#endif
