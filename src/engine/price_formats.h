/* price_formats.h -- a series as one document in memory: CSV, Parquet, Arrow.
 *
 *     CSV      RFC 4180: "timestamp,price\r\n2016-01-29T00:00:00-06:00,353.2\r\n", missing is empty
 *     Parquet  timestamp (UTC, microseconds), then the columns; the zone in the metadata
 *     Arrow    a stream: timestamp[ms, UTC], then the columns; tz, currency, unit in the schema
 */
#ifndef VO_ENGINE_PRICE_FORMATS_H
#define VO_ENGINE_PRICE_FORMATS_H

#include <volteo/engine.h>

#include "grid/series.h"

/* X(constant, what people write, media type) */
#define VO_PRICE_FORMAT_MAP(X)                                                                 \
    X(JSON, "json", "application/json")                                                        \
    X(CSV, "csv", "text/csv; charset=utf-8")                                                   \
    X(PARQUET, "parquet", "application/vnd.apache.parquet")                                    \
    X(ARROW, "arrow", "application/vnd.apache.arrow.stream")

typedef enum {
#define X(name, text, type) VO_PRICE_FORMAT_##name,
    VO_PRICE_FORMAT_MAP(X) VO_PRICE_FORMATS
#undef X
} vo_price_format;

extern const char *const vo_price_format_name[VO_PRICE_FORMATS];
extern const char *const vo_price_format_type[VO_PRICE_FORMATS];

/* Rows [from, to) of the given columns (places in s->column), to > from. Not JSON, which the
 * request's own answer is. *out is the caller's. VO_ENOMEM. */
vo_status vo_price_document(const vo_series *s, const vo_zone *zone, size_t from, size_t to,
                            const size_t *column, size_t n_columns, vo_price_format format,
                            vo_document *out, vo_error *err);

#endif
