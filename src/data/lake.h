/* lake.h -- the lake: Hive-partitioned Parquet that any tool can read.
 *
 *     ROOT/prices/market=MEM/process=MDA/node=APATZINGAN/year=2016/part.parquet
 *     ROOT/prices/market=MEM/process=MDA/node=APATZINGAN/year=2016/changes.parquet
 *     ROOT/load/..., ROOT/weather/...: one folder per kind (readings.h)
 *
 * Columns: start TIMESTAMP WITH TIME ZONE (UTC), dt_h DOUBLE, price and further DOUBLE columns,
 * zone, currency and unit VARCHAR. `year` is the UTC year of `start`, 1..9999. Names are
 * percent-encoded where they are not letters, digits, '_', '.' or '-'. A part is written beside
 * itself and renamed: readers see the old or the new one; leftovers of a killed writer are
 * ignored and swept. The Parquet metadata of both files hold a checksum of the whole file,
 * which every read checks: a flipped bit is said, never returned. Upserts are idempotent by
 * `start`. Those of one node wait for each other, between processes and threads, by one of 64
 * locks in ROOT/.locks; those of other nodes go on beside them. Threads: one vo_lake per
 * thread; any number of them on one ROOT, so that an import is faster with a lake for each of
 * its threads, each with nodes of its own.
 */
#ifndef VO_DATA_LAKE_H
#define VO_DATA_LAKE_H

#include "data/clean.h"
#include "data/readings.h"
#include "grid/series.h"

typedef struct vo_lake vo_lake;

/* ROOT need not exist yet. VO_EINVAL: a root with wildcard characters; VO_EIO. */
vo_status vo_lake_open(const char *root, vo_lake **out, vo_error *err);
void vo_lake_close(vo_lake *lake); /* accepts NULL */
const char *vo_lake_root(const vo_lake *lake);

/* Which series. process NULL or "" in vo_lake_read: the only one there is, MDA before others.
 */
typedef struct {
    const char *market, *process, *node;
    const char *kind; /* NULL: VO_KIND_PRICES */
} vo_lake_key;

/* What a series may do to what is stored. */
typedef struct {
    bool replace;    /* stored rows from first_s to last_s go, whatever the new ones are    */
    bool zone_named; /* the series' zone was asked for, not assumed                         */
    bool checked;    /* vo_lake_check has allowed it                                        */
    int64_t first_s,
        last_s; /* of vo_lake_check; both 0: the first and last start of the series */
} vo_lake_how;

/* Merges `s` into the lake: rows with a known start replace the stored ones, others are added.
 * Columns that the stored part lacks are added to it. `report` (NULL: nothing was touched) is
 * what cleaning did to `s`: it is kept beside the part in changes.parquet (start, column, old,
 * new, rule, line, source), in place of what was kept for the same intervals, so that the
 * values as they were read can always be told. `source` names the file or service, NULL: not
 * known. Days follow the zone that is stored; zone[64] (may be NULL) is told which. Every
 * year's files are written before the first is renamed: what fails leaves the lake as it was;
 * who is killed between two renames leaves each year old or new, and the same import makes it
 * whole.
 * `how` NULL: nothing is replaced, the zone is assumed. VO_EINVAL: empty or bad name, stamps
 * outside the years 1..9999; and, of what is not replaced, so that no stored data are replaced
 * or relabelled unseen: intervals of another length than the stored ones that they overlap
 * (where neither are uneven); another currency or unit; another zone, if it was named; prices
 * whose median is a hundredth or hundredfold of the stored ones' (24 values or more each). A
 * step that changes at some instant is none of these. VO_EIO: the disk; or a stored part or its
 * changes are damaged: nothing is replaced then, vo_lake_doctor with `mend` moves them out of
 * the way. */
vo_status vo_lake_upsert_as(vo_lake *lake, const vo_lake_key *key, const vo_series *s,
                            const vo_clean_report *report, const char *source,
                            const vo_lake_how *how, char zone[64], vo_error *err);

/* The same with neither. */
vo_status vo_lake_upsert(vo_lake *lake, const vo_lake_key *key, const vo_series *s,
                         const vo_clean_report *report, const char *source, vo_error *err);

/* Would vo_lake_upsert_as refuse it? Nothing is written. */
vo_status vo_lake_check(vo_lake *lake, const vo_lake_key *key, const vo_series *s,
                        const vo_lake_how *how, vo_error *err);

/* What vo_lake_remove took, or would take. */
typedef struct {
    size_t rows, parts;      /* parts that go as a whole */
    size_t cut;              /* parts of which rows stay */
    int64_t first_s, last_s; /* starts of the first and the last row */
    size_t damaged;          /* parts that cannot be read; their rows are not counted */
} vo_lake_removal;

/* Removes the rows with from <= start < to, their changes, and folders that are empty then;
 * with `dry` it only tells. Part by part: each is as before or without them. The key has its
 * process. VO_ENOTFOUND: there is nothing of the key, or nothing in the span. VO_EIO: the disk;
 * or the span cuts through a damaged part. */
vo_status vo_lake_remove(vo_lake *lake, const vo_lake_key *key, vo_time from, vo_time to,
                         bool dry, vo_lake_removal *out, vo_error *err);

/* One kept change; column "*" is the whole row. touch.column is -1 for it, else the place of
 * the column in the stored part (0 if the part has none of that name); touch.rule is -1 if
 * unknown.
 */
typedef struct {
    vo_touch touch;
    char column[VO_COLUMN_NAME];
    char source[128];
} vo_lake_change;

/* Those of a span, by time. *out is malloc'ed: free(). VO_ENOTFOUND as vo_lake_read. */
vo_status vo_lake_changes(vo_lake *lake, const vo_lake_key *key, vo_time from, vo_time to,
                          vo_lake_change **out, size_t *n, vo_error *err);

/* The span as its source wrote it: old values back in place, dropped rows back as rows of the
 * same start, filled intervals left out (a row of which the source gave no value at all is left
 * out with them). *out (one node) is the caller's:
 * vo_readings_set_free. */
vo_status vo_lake_read_raw(vo_lake *lake, const vo_lake_key *key, vo_time from, vo_time to,
                           vo_readings_set **out, vo_error *err);

/* The part with from <= start < to, sorted, local-day numbers by the stored zone.
 * VO_ENOTFOUND, naming the node and what there is; VO_EINVAL; VO_EIO. */
vo_status vo_lake_read(vo_lake *lake, const vo_lake_key *key, vo_time from, vo_time to,
                       vo_series **out, vo_error *err);

/* The same where rows may be missing in between: a length may then end before the next start. */
vo_status vo_lake_read_holes(vo_lake *lake, const vo_lake_key *key, vo_time from, vo_time to,
                             vo_series **out, vo_error *err);

typedef struct {
    char kind[16];
    char market[32], process[32], node[VO_NODE_NAME];
    char zone[64], currency[16], unit[16];
    double interval_h; /* the most common one */
    bool mixed;        /* there are intervals of other lengths too */
    size_t n_columns;
    char column[VO_SERIES_MAX_COLUMNS][VO_COLUMN_NAME];
    int64_t rows;
    int64_t changes;         /* values touched by cleaning */
    int64_t first_s, last_s; /* starts of the first and the last interval, UTC */
    size_t damaged;          /* parts that could not be read, or that are lost */
} vo_lake_entry;

/* Every series in the lake, sorted by kind, market, process, node. *out is malloc'ed: free().
 * An empty or absent lake gives n = 0. A damaged part does not hide the others: its series is
 * listed without it, with damaged > 0. */
vo_status vo_lake_list(vo_lake *lake, vo_lake_entry **out, size_t *n, vo_error *err);

/* The same with nothing filled but kind, market, process and node: no file is read. */
vo_status vo_lake_names(vo_lake *lake, vo_lake_entry **out, size_t *n, vo_error *err);

/* The one series of a key, from its own files alone. VO_ENOTFOUND as vo_lake_read. */
vo_status vo_lake_look(vo_lake *lake, const vo_lake_key *key, vo_lake_entry *out,
                       vo_error *err);

/* What an upsert of `s` would do to the stored rows: those that are not there yet, those of which
 * a value or the length changes, those that are as they are. The key has its process; nothing
 * need be stored of it. VO_EIO: a part is damaged. */
typedef struct {
    size_t added, changed, same;
} vo_lake_difference;
vo_status vo_lake_compare(vo_lake *lake, const vo_lake_key *key, const vo_series *s,
                          vo_lake_difference *out, vo_error *err);

/* What vo_lake_doctor may find. */
typedef enum {
    VO_LAKE_DAMAGED = 0,    /* a part that cannot be read, or whose checksum is wrong  */
    VO_LAKE_DISORDERED = 1, /* starts unsorted, twice, or outside the part's year      */
    VO_LAKE_CHANGES = 2,    /* changes that cannot be read or do not fit the part      */
    VO_LAKE_LEFTOVER = 3,   /* a temporary file of a writer that was stopped           */
    VO_LAKE_STRANGER = 4,   /* a file that is not the lake's                           */
    VO_LAKE_MIXED = 5       /* intervals of several lengths in one part: no harm done  */
} vo_lake_ill;

const char *vo_lake_ill_name(vo_lake_ill ill); /* "damaged", "disordered", ... */

typedef struct {
    vo_lake_ill ill;
    bool mended;
    const char *path; /* below the root */
    const char *what; /* in words, with the remedy */
} vo_lake_finding;

typedef struct {
    size_t parts, series, rows, findings, mended;
    int64_t bytes_before, bytes_after; /* of all parts */
} vo_lake_health;

/* Called for each finding and, with finding NULL, after each part. Anything but VO_OK stops. */
typedef vo_status (*vo_lake_told)(void *ctx, size_t done, size_t parts,
                                  const vo_lake_finding *finding, vo_error *err);

/* Reads every part and says what is wrong. With `mend`: leftovers are removed, damaged parts
 * are moved to ROOT/damaged/ with their changes (so that an import can write them anew), as are
 * changes whose part is lost; disordered ones are sorted.
 */
vo_status vo_lake_doctor(vo_lake *lake, bool mend, vo_lake_told told, void *ctx,
                         vo_lake_health *out, vo_error *err);

/* Rewrites parts that are larger or older in form than they need be, drops columns without a
 * value and empty folders. Values stay equal. Damaged parts are told and left as they are.
 * out->mended counts the parts that were rewritten. */
vo_status vo_lake_compact(vo_lake *lake, vo_lake_told told, void *ctx, vo_lake_health *out,
                          vo_error *err);

#endif
