/* lake_duckdb.h -- the embedded SQL engine behind the lake and the Parquet reader: an in-memory
 * DuckDB that only ever touches files named in its queries.
 *
 * Values come as 64-bit integers, doubles or text; times as microseconds since 1970. Text that
 * goes into a query passes vo_duck_literal or vo_duck_name. Threads: one owner per connection.
 */
#ifndef VO_DATA_LAKE_DUCKDB_H
#define VO_DATA_LAKE_DUCKDB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <volteo/status.h>

#include "base/text.h"

typedef struct vo_duck vo_duck;

vo_status vo_duck_open(vo_duck **out, vo_error *err);
void vo_duck_close(vo_duck *d); /* accepts NULL */

typedef enum {
    VO_DUCK_INTEGER,
    VO_DUCK_DOUBLE,
    VO_DUCK_TEXT,
    VO_DUCK_TIME,
    VO_DUCK_TEXTS, /* only for vo_duck_write */
    VO_DUCK_OTHER
} vo_duck_kind;

typedef struct { /* one column of some rows */
    const char *name;
    vo_duck_kind kind;
    const int64_t *integer; /* INTEGER, TIME */
    const double *number;   /* DOUBLE */
    const void *text;       /* for vo_duck_text */
    const uint64_t *valid;  /* NULL: all; else a bit per row, for vo_duck_has */
} vo_duck_column;

typedef struct {
    size_t rows, n_columns;
    const vo_duck_column *column;
} vo_duck_rows;

static inline bool vo_duck_has(const vo_duck_column *c, size_t row) {
    return !c->valid || (c->valid[row / 64] >> (row % 64) & 1);
}

/* Not NUL-terminated; valid during the call of `take`. */
const char *vo_duck_text(const vo_duck_column *c, size_t row, size_t *len);

/* Called for each block of rows, in order; a failure ends the query and is passed on. */
typedef vo_status (*vo_duck_take)(void *ctx, const vo_duck_rows *rows, vo_error *err);

/* VO_EIO with DuckDB's words; VO_ENOMEM. `take` may be NULL. */
vo_status vo_duck_query(vo_duck *d, const char *sql, vo_duck_take take, void *ctx,
                        vo_error *err);

/* Writes n rows as a Parquet file, over one of that name. A NAN is NULL. A TEXT column holds
 * one NUL-terminated text in `text` for all rows, a TEXTS column one for each, `const char
 * *const *`. `key` and `value` go into the file's metadata. `small`: at the cost of time.
 * VO_EIO, then the file may be there in part; VO_ENOMEM. */
vo_status vo_duck_write(vo_duck *d, const char *path, size_t n, const vo_duck_column *column,
                        size_t n_columns, const char *key, const char *value, bool small,
                        vo_error *err);

/* 'it''s' and "odd ""name""": appended to a query under construction. */
void vo_duck_literal(vo_text *sql, const char *text);
void vo_duck_name(vo_text *sql, const char *name);

#endif
