/* readings.h -- what a source said, row by row, before anything is repaired.
 *
 * A reader turns a file into readings: rows in file order, stamps already in UTC, values as
 * written (NAN where the file has none). Rows may be unsorted, duplicate or missing: that is
 * for vo_clean (clean.h) to refuse or to repair and report. One `vo_readings` per node; a file
 * of many nodes gives a `vo_readings_set`.
 *
 * A set made with vo_readings_set_create_spilling keeps at most a budget of rows in memory and
 * the others in temporary files of its own, so that a file's size is bounded by the disk.
 * Bounds: VO_READINGS_MAX_NODES nodes; without spilling VO_MAX_INTERVALS rows.
 */
#ifndef VO_DATA_READINGS_H
#define VO_DATA_READINGS_H

#include <stdbool.h>

#include "grid/series.h"

#define VO_NODE_NAME 128 /* of constraints some are long */
#define VO_READINGS_MAX_NODES 65536u

/* Kinds of data, each a folder of the lake; any other name of lower-case letters and '_' is one
 * too. What cleaning may do depends on it: a price that cannot be filled refuses the series,
 * anything else stays missing.
 *   prices    first column "price", currency/MWh; "energy", "loss", "congestion" if published
 *   load      first column "load_kw" (mean power over the interval; at a meter "import_kw" and
 *             "export_kw" too), "pv_kw"; wholesale loads "load_mw"
 *   weather   "temperature_c", "relative_humidity_pct", "cloud_cover_pct", "wind_speed_m_s",
 *             "dew_point_c", "pressure_hpa", "ghi_w_m2", "dni_w_m2", "dhi_w_m2", ...
 *   carbon    first column "carbon_kg_per_kwh"                                            */
#define VO_KIND_PRICES "prices"
#define VO_KIND_LOAD "load"
#define VO_KIND_WEATHER "weather"
#define VO_KIND_CARBON "carbon"

/* VO_EINVAL unless the name is 1..15 of a-z and '_'. */
vo_status vo_kind_check(const char *kind, vo_error *err);

/* The stamp names a wall-clock time that its zone skips; start_s is the instant of the jump. */
#define VO_READING_SKIPPED_HOUR 1u

/* Rows of a node that were moved to disk. Private. */
typedef struct {
    int64_t at;
    uint64_t n;
    int64_t min_s, max_s; /* of their starts */
} vo_extent;

typedef struct {
    char market[32];         /* "MEM", "" if not known                                     */
    char process[32];        /* "MDA", "MTR", "" if not known                              */
    char node[VO_NODE_NAME]; /* "APATZINGAN", "" if not known                        */
    char zone[64];           /* IANA name that local days follow; "UTC" if none was given  */
    char currency[16];
    char kind[16];        /* VO_KIND_*; "" means prices                                 */
    char unit[16];        /* of the first column, as vo_series; "" if not known         */
    char label[128];      /* for people                                                 */
    double interval_h;    /* > 0 if the source states it, else 0: from the stamps      */
    bool zero_is_missing; /* the source publishes 0 where it has no price           */
    int64_t last_s;       /* start of the last row added; INT64_MIN: none yet             */
    uint64_t added;       /* rows added, wherever they lie now                            */
    bool stamps_at_end;   /* start_s are interval ends until vo_readings_set_each         */
    bool in_order;        /* its table has no stamps: rows follow the first one by one    */
    size_t n, capacity;   /* rows in memory                                               */
    int64_t *start_s;     /* [n] UTC seconds                                            */
    uint32_t *line;       /* [n] line in the file, from 1; 0 if it has none             */
    uint8_t *flag;        /* [n] VO_READING_*                                           */
    char price_name[VO_COLUMN_NAME]; /* what the file calls the price; "" if nothing  */
    size_t n_columns; /* column 0 is the main one; of prices it is named "price"    */
    vo_column column[VO_SERIES_MAX_COLUMNS];
    vo_extent *extent; /* [n_extents] private */
    size_t n_extents, extents_capacity;
} vo_readings;

typedef struct {
    size_t n, capacity, rows;
    vo_readings **item; /* [n], in order of first appearance */
    size_t *bucket;     /* hash index over market, process, node; private */
    size_t n_buckets;
    struct vo_spill *spill; /* NULL: all rows stay in memory; private */
    size_t bytes, budget;   /* of rows in memory; private */
    char note[256];         /* what a person should know of how it was read; "" if nothing */
} vo_readings_set;

vo_status vo_readings_set_create(vo_readings_set **out, vo_error *err);
void vo_readings_set_free(vo_readings_set *set); /* accepts NULL */

/* `folder` (created if need be; its files are unlinked while in use) holds what does not fit
 * into `budget_bytes` of memory. */
vo_status vo_readings_set_create_spilling(const char *folder, size_t budget_bytes,
                                          vo_readings_set **out, vo_error *err);

/* Every node once, its rows in memory and in file order, interval ends moved to starts; order
 * of nodes as they appeared unless rows were spilled. `take` borrows it. Ends the set's use. */
typedef vo_status (*vo_readings_take)(void *ctx, const vo_readings *r, vo_error *err);
vo_status vo_readings_set_each(vo_readings_set *set, vo_readings_take take, void *ctx,
                               vo_error *err);

/* Node i with its rows of [from_s, to_s) in memory, as vo_readings_set_each gives it; INT64_MIN
 * and INT64_MAX: all. To be given back by _drop. Several threads may do this for nodes of
 * their own once nothing is added any more. */
vo_status vo_readings_set_load(vo_readings_set *set, size_t i, int64_t from_s, int64_t to_s,
                               vo_readings **out, vo_error *err);
void vo_readings_set_drop(vo_readings_set *set, size_t i, vo_readings *r); /* accepts NULL */

/* Interval ends become starts in all nodes that are wholly in memory. */
void vo_readings_set_settle(vo_readings_set *set);

/* Stamps and flags of node i in the order of the file, some at a time. */
typedef void (*vo_readings_take_starts)(void *ctx, const int64_t *start_s, const uint8_t *flag,
                                        size_t n);
vo_status vo_readings_set_starts(vo_readings_set *set, size_t i, vo_readings_take_starts take,
                                 void *ctx, vo_error *err);

/* First and last start of node i, with interval ends moved to starts. VO_EINVAL: no row. */
vo_status vo_readings_set_span(vo_readings_set *set, size_t i, int64_t *first_s,
                               int64_t *last_s, vo_error *err);

/* The readings of a node, made (with the named columns) when first asked for. The pointer
 * lives as long as the set. VO_EINVAL: too many nodes, a name too long or not UTF-8 (the files
 * of the lake could not be read). VO_ENOMEM. */
vo_status vo_readings_set_node(vo_readings_set *set, const char *market, const char *process,
                               const char *node, const char *const *columns, size_t n_columns,
                               vo_readings **out, vo_error *err);

/* Readings by node name (case matters, blank = '-' = '_'); a NULL or empty name means the only
 * one there is. VO_ENOTFOUND with some of the names that there are. */
vo_status vo_readings_set_find(const vo_readings_set *set, const char *process,
                               const char *node, const vo_readings **out, vo_error *err);

/* Same letters, where blank, '-' and '_' are one: CENACE's web service writes blanks of zone
 * names as '-'. */
bool vo_readings_same_node(const char *a, const char *b);

/* Appends a row of r->n_columns values. `set` owns `r`. VO_EINVAL: too many rows. VO_ENOMEM. */
vo_status vo_readings_add(vo_readings_set *set, vo_readings *r, int64_t start_s, uint32_t line,
                          uint8_t flag, const double *values, vo_error *err);

#endif
