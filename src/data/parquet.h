/* parquet.h -- columns as the bytes of a Parquet file, for the many small files of an import.
 *
 * DuckDB writes any table, but spends more on a plan for each file than on its rows; a lake's
 * part has a few columns of known kinds. What is written here any reader of Parquet 2 reads:
 * row groups of 122 880 rows, one page per column, zstd, least and greatest values.
 * Threads: one owner per vo_parquet.
 */
#ifndef VO_DATA_PARQUET_H
#define VO_DATA_PARQUET_H

#include "data/lake_duckdb.h"

typedef struct vo_parquet vo_parquet; /* workspace: kept from file to file */

vo_status vo_parquet_create(vo_parquet **out, vo_error *err);
void vo_parquet_free(vo_parquet *p); /* accepts NULL */

/* n >= 1 rows; columns as for vo_duck_write (a NAN is NULL), `key` and `value` go into the
 * file's metadata. `small`: at the cost of time. *data is the workspace's, valid until the next
 * call; it may be written to. VO_EINVAL: a name or a text is not UTF-8, or a page would be too
 * large. VO_ENOMEM. */
vo_status vo_parquet_encode(vo_parquet *p, size_t n, const vo_duck_column *column,
                            size_t n_columns, const char *key, const char *value, bool small,
                            char **data, size_t *len, vo_error *err);

#endif
