/* source_parquet.h -- Parquet files with a time column and numeric columns, read by DuckDB.
 *
 * Time columns: TIMESTAMP (any unit), TIMESTAMP WITH TIME ZONE, DATE, text stamps, or whole
 * numbers of seconds, milliseconds, microseconds or nanoseconds since 1970 (told by their
 * size). Column names are chosen as for CSV; `node_column` splits the file into series.
 */
#ifndef VO_DATA_SOURCE_PARQUET_H
#define VO_DATA_SOURCE_PARQUET_H

#include "data/source.h"

bool vo_source_parquet_is(const char *data, size_t len);

/* As vo_source_stream. Errors name row instead of line. */
vo_status vo_source_parquet_read(const char *path, const vo_source_options *o,
                                 vo_readings_set *set, vo_error *err);

#endif
