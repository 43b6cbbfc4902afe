/* source.h -- market data in: any supported file or reply becomes readings.
 *
 * One entry for all formats. The format is told from the content, not from the name:
 *   generic CSV     header with a time column and numeric columns, or prices only
 *   CENACE          normalised CSV, monthly and daily CSV reports, SW-PML/SW-PEND JSON and XML
 *   EPF             epftoolbox prices (Date,Price,...) and published forecasts
 *   Parquet         a time column and numeric columns
 * CSV, JSON and XML may be compressed with zstd or gzip.
 * To add one: a file source_NAME.c with a parse function over memory, a row in source.c.
 */
#ifndef VO_DATA_SOURCE_H
#define VO_DATA_SOURCE_H

#include "base/zone.h"
#include "data/readings.h"

#define VO_SOURCE_MAX_BYTES ((size_t)1 << 30) /* of the file as it lies on disk */

typedef enum { /* order of day and month where a stamp does not begin with the year */
               VO_DATE_YEAR_FIRST = 0, /* only 2024-01-31 and 2024/01/31 are understood */
               VO_DATE_DAY_FIRST = 1,  /* 31/01/2024 */
               VO_DATE_MONTH_FIRST = 2 /* 01/31/2024 */
} vo_date_order;

/* All optional; strings are borrowed for the call. */
typedef struct {
    const char *time_column;  /* NULL: found by name ("timestamp", "date", ...) or content   */
    const char *price_column; /* NULL: "price", or the one whose name contains it, or the    */
                              /*   first numeric column                                      */
    const char *node_column;  /* NULL: none; else one series per value of this column        */
    const char *zone;         /* IANA zone of stamps without an offset, and of local days;   */
                              /*   NULL: the source's own, else UTC                          */
    double interval_minutes;  /* 0: from the stamps; needed where the file has only prices   */
    int64_t start_utc_s;      /* first interval of a file with only prices; 0: 1970-01-01    */
    bool stamps_at_end;       /* stamps name the end of their interval                       */
    vo_date_order date_order;
    const char *market, *process, *node; /* identity where the file does not say             */
    const char *currency;
    const char *only_node;    /* keep only this node of a many-node file (blank = '-' = '_') */
    const char *only_process; /* "MDA" or "MTR": keep only these rows                        */
} vo_source_options;

vo_source_options vo_source_options_default(void);

/* Reads a file ("-": standard input). *out is the caller's: vo_readings_set_free.
 * VO_ENOTFOUND, VO_EIO; VO_EINVAL naming file, line, column, value and remedy. */
vo_status vo_source_read(const char *path, const vo_source_options *o, vo_readings_set **out,
                         vo_error *err);

/* The same over memory (not Parquet: VO_EUNSUPPORTED); `name` is for messages. */
vo_status vo_source_parse(const char *name, const char *data, size_t len,
                          const vo_source_options *o, vo_readings_set **out, vo_error *err);

/* "2016-01-29T00:00:00-06:00", or with Z where the offset is 0; zone NULL: UTC. */
void vo_source_stamp(const vo_zone *zone, int64_t utc_s, char out[40]);

/* vo_series -> CSV: "timestamp,<columns>", local stamps of the series' zone with their offset,
 * shortest decimals that read back to the same double, empty where NAN. Written atomically;
 * "-": standard output. */
vo_status vo_series_write_csv(const vo_series *s, const char *path, vo_error *err);

#endif
