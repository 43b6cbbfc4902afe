/* lake_duckdb.c -- see lake_duckdb.h. The one file that knows DuckDB's C API. Results are read
 * as vectors, 2 048 rows at a time. Extensions are neither loaded nor fetched. One thread: the
 * files of a lake are small, and a second one spends more on waiting than it saves. Nothing of
 * a file is kept in memory: files are replaced under their names. */
#include "data/lake_duckdb.h"

#include <duckdb.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_COLUMNS 1024
#define MAX_COPY 131072

typedef struct { /* what vo_rows() hands out */
    size_t n, at, n_columns;
    const vo_duck_column *column;
} writing;

struct vo_duck {
    duckdb_database database;
    duckdb_connection connection;
    writing writing;
    vo_duck_column column[MAX_COLUMNS];
};

static vo_status register_rows(vo_duck *d, vo_error *err);

static vo_status open_database(vo_duck *d, vo_error *err) {
    static const char *const setting[][2] = {{"autoinstall_known_extensions", "false"},
                                             {"autoload_known_extensions", "false"},
                                             {"enable_external_file_cache", "false"},
                                             {"threads", "1"}};
    duckdb_config config = NULL;
    char *why = NULL;
    vo_status st = VO_OK;
    if (duckdb_create_config(&config) != DuckDBSuccess) goto fail;
    for (size_t i = 0; i < sizeof setting / sizeof setting[0]; i++)
        if (duckdb_set_config(config, setting[i][0], setting[i][1]) != DuckDBSuccess) goto fail;
    if (duckdb_open_ext(NULL, &d->database, config, &why) != DuckDBSuccess) goto fail;
    if (duckdb_connect(d->database, &d->connection) != DuckDBSuccess) goto fail;
    duckdb_destroy_config(&config);
    return VO_OK;
fail:
    st = vo_fail(err, VO_EIO, "DuckDB does not start: %.300s", why ? why : "no reason given");
    duckdb_free(why);
    if (config) duckdb_destroy_config(&config);
    return st;
}

vo_status vo_duck_open(vo_duck **out, vo_error *err) {
    vo_duck *d = calloc(1, sizeof *d);
    if (!d) return vo_fail(err, VO_ENOMEM, "no memory for DuckDB");
    vo_status st = open_database(d, err);
    if (st == VO_OK) st = register_rows(d, err);
    if (st != VO_OK) {
        vo_duck_close(d);
        return st;
    }
    *out = d;
    return VO_OK;
}

void vo_duck_close(vo_duck *d) {
    if (!d) return;
    if (d->connection) duckdb_disconnect(&d->connection);
    if (d->database) duckdb_close(&d->database);
    free(d);
}

static vo_duck_kind kind_of(duckdb_type type) {
    if (type == DUCKDB_TYPE_BIGINT) return VO_DUCK_INTEGER;
    if (type == DUCKDB_TYPE_DOUBLE) return VO_DUCK_DOUBLE;
    if (type == DUCKDB_TYPE_VARCHAR) return VO_DUCK_TEXT;
    if (type == DUCKDB_TYPE_TIMESTAMP || type == DUCKDB_TYPE_TIMESTAMP_TZ) return VO_DUCK_TIME;
    return VO_DUCK_OTHER;
}

const char *vo_duck_text(const vo_duck_column *c, size_t row, size_t *len) {
    duckdb_string_t *s =
        (duckdb_string_t *)(uintptr_t)c->text + row; /* the API takes no const */
    *len = duckdb_string_t_length(*s);
    return duckdb_string_t_data(s);
}

static vo_status take_chunk(vo_duck *d, duckdb_data_chunk chunk, vo_duck_take take, void *ctx,
                            vo_error *err) {
    const size_t n = (size_t)duckdb_data_chunk_get_column_count(chunk);
    for (size_t c = 0; c < n; c++) {
        duckdb_vector v = duckdb_data_chunk_get_vector(chunk, c);
        void *data = duckdb_vector_get_data(v);
        vo_duck_column *to = &d->column[c];
        to->integer = data;
        to->number = data;
        to->text = data;
        to->valid = duckdb_vector_get_validity(v);
    }
    const vo_duck_rows rows = {(size_t)duckdb_data_chunk_get_size(chunk), n, d->column};
    return take(ctx, &rows, err);
}

static vo_status take_result(vo_duck *d, duckdb_result *result, vo_duck_take take, void *ctx,
                             vo_error *err) {
    const size_t n = (size_t)duckdb_column_count(result);
    if (n > MAX_COLUMNS)
        return vo_fail(err, VO_EINVAL, "%zu columns; at most %d: choose some", n, MAX_COLUMNS);
    for (size_t c = 0; c < n; c++)
        d->column[c] = (vo_duck_column){.name = duckdb_column_name(result, c),
                                        .kind = kind_of(duckdb_column_type(result, c))};
    for (;;) {
        duckdb_data_chunk chunk = duckdb_fetch_chunk(*result);
        if (!chunk) break;
        const vo_status st = take_chunk(d, chunk, take, ctx, err);
        duckdb_destroy_data_chunk(&chunk);
        if (st != VO_OK) return st;
    }
    const char *why = duckdb_result_error(result);
    return why ? vo_fail(err, VO_EIO, "DuckDB: %.450s", why) : VO_OK;
}

/* Streaming: blocks are made as they are fetched, so a large file never lies in memory whole.
 */
vo_status vo_duck_query(vo_duck *d, const char *sql, vo_duck_take take, void *ctx,
                        vo_error *err) {
    duckdb_prepared_statement statement = NULL;
    duckdb_pending_result pending = NULL;
    duckdb_result result = {0};
    vo_status st = VO_OK;
    if (duckdb_prepare(d->connection, sql, &statement) != DuckDBSuccess)
        st = vo_fail(err, VO_EIO, "DuckDB: %.450s", duckdb_prepare_error(statement));
    else if (duckdb_pending_prepared_streaming(statement, &pending) != DuckDBSuccess)
        st = vo_fail(err, VO_EIO, "DuckDB: %.450s", duckdb_pending_error(pending));
    else if (duckdb_execute_pending(pending, &result) != DuckDBSuccess)
        st = vo_fail(err, VO_EIO, "DuckDB: %.450s", duckdb_result_error(&result));
    else if (take)
        st = take_result(d, &result, take, ctx, err);
    duckdb_destroy_result(&result);
    duckdb_destroy_pending(&pending);
    duckdb_destroy_prepare(&statement);
    return st;
}

/* ---- writing ----------------------------------------------------------------------------
 *
 * COPY reads from a table function that hands out the caller's arrays: no table in between. */

static void put_doubles(duckdb_vector v, const double *from, size_t n) {
    uint64_t *valid = NULL;
    memcpy(duckdb_vector_get_data(v), from, n * sizeof *from);
    for (size_t i = 0; i < n; i++) {
        if (!isnan(from[i])) continue;
        if (!valid) {
            duckdb_vector_ensure_validity_writable(v);
            valid = duckdb_vector_get_validity(v);
        }
        duckdb_validity_set_row_invalid(valid, i);
    }
}

static void put_texts(duckdb_vector v, const char *const *from, size_t n) {
    for (size_t i = 0; i < n; i++) duckdb_vector_assign_string_element(v, i, from[i]);
}

static void put_column(duckdb_vector v, const vo_duck_column *c, size_t at, size_t n) {
    switch (c->kind) {
    case VO_DUCK_INTEGER:
    case VO_DUCK_TIME:
        memcpy(duckdb_vector_get_data(v), c->integer + at, n * sizeof(int64_t));
        break;
    case VO_DUCK_DOUBLE:
        put_doubles(v, c->number + at, n);
        break;
    case VO_DUCK_TEXTS:
        put_texts(v, (const char *const *)c->text + at, n);
        break;
    case VO_DUCK_TEXT: /* a constant of the query */
    case VO_DUCK_OTHER:
        break;
    }
}

static void bind_rows(duckdb_bind_info info) {
    static const duckdb_type of_kind[] = {[VO_DUCK_INTEGER] = DUCKDB_TYPE_BIGINT,
                                          [VO_DUCK_DOUBLE] = DUCKDB_TYPE_DOUBLE,
                                          [VO_DUCK_TEXTS] = DUCKDB_TYPE_VARCHAR,
                                          [VO_DUCK_TIME] = DUCKDB_TYPE_TIMESTAMP_TZ};
    const writing *w = duckdb_bind_get_extra_info(info);
    for (size_t c = 0; c < w->n_columns; c++) {
        if (w->column[c].kind == VO_DUCK_TEXT) continue;
        duckdb_logical_type type = duckdb_create_logical_type(of_kind[w->column[c].kind]);
        duckdb_bind_add_result_column(info, w->column[c].name, type);
        duckdb_destroy_logical_type(&type);
    }
    duckdb_bind_set_cardinality(info, w->n, true);
}

static void begin_rows(duckdb_init_info info) {
    writing *w = duckdb_init_get_extra_info(info);
    w->at = 0;
    duckdb_init_set_max_threads(info, 1); /* rows stay in order */
}

static void hand_out_rows(duckdb_function_info info, duckdb_data_chunk chunk) {
    writing *w = duckdb_function_get_extra_info(info);
    const size_t block = (size_t)duckdb_vector_size();
    const size_t n = w->n - w->at < block ? w->n - w->at : block;
    idx_t to = 0;
    for (size_t c = 0; c < w->n_columns; c++)
        if (w->column[c].kind != VO_DUCK_TEXT)
            put_column(duckdb_data_chunk_get_vector(chunk, to++), &w->column[c], w->at, n);
    duckdb_data_chunk_set_size(chunk, n);
    w->at += n;
}

static vo_status register_rows(vo_duck *d, vo_error *err) {
    duckdb_table_function f = duckdb_create_table_function();
    duckdb_table_function_set_name(f, "vo_rows");
    duckdb_table_function_set_extra_info(f, &d->writing, NULL);
    duckdb_table_function_set_bind(f, bind_rows);
    duckdb_table_function_set_init(f, begin_rows);
    duckdb_table_function_set_function(f, hand_out_rows);
    const duckdb_state st = duckdb_register_table_function(d->connection, f);
    duckdb_destroy_table_function(&f);
    return st == DuckDBSuccess ? VO_OK : vo_fail(err, VO_EIO, "DuckDB takes no function");
}

static void put_copy(vo_text *sql, const char *path, const vo_duck_column *column,
                     size_t n_columns, const char *key, const char *value, bool small) {
    vo_text_append(sql, "COPY (SELECT ");
    for (size_t c = 0; c < n_columns; c++) {
        vo_text_append(sql, "%s", c ? ", " : "");
        if (column[c].kind == VO_DUCK_TEXT) {
            vo_duck_literal(sql, column[c].text); /* ENUM: of one value, never hashed */
            vo_text_append(sql, "::ENUM(");
            vo_duck_literal(sql, column[c].text);
            vo_text_append(sql, ") AS ");
        }
        vo_duck_name(sql, column[c].name);
    }
    vo_text_append(sql, " FROM vo_rows()) TO ");
    vo_duck_literal(sql, path);
    vo_text_append(sql,
                   " (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL %d, KV_METADATA {",
                   small ? 9 : 1);
    vo_duck_name(sql, key);
    vo_text_append(sql, ": ");
    vo_duck_literal(sql, value);
    vo_text_append(sql, "})");
}

vo_status vo_duck_write(vo_duck *d, const char *path, size_t n, const vo_duck_column *column,
                        size_t n_columns, const char *key, const char *value, bool small,
                        vo_error *err) {
    char *text = malloc(MAX_COPY);
    if (!text) return vo_fail(err, VO_ENOMEM, "no memory to write %zu columns", n_columns);
    vo_text sql = vo_text_over(text, MAX_COPY);
    put_copy(&sql, path, column, n_columns, key, value, small);
    d->writing = (writing){.n = n, .n_columns = n_columns, .column = column};
    const vo_status st = sql.cut ? vo_fail(err, VO_EINVAL, "too many columns for one file")
                                 : vo_duck_query(d, text, NULL, NULL, err);
    d->writing = (writing){.n = 0};
    free(text);
    return st;
}

/* ---- text in queries ----------------------------------------------------------------------
 */

static void put_quoted(vo_text *sql, const char *text, char quote) {
    vo_text_append(sql, "%c", quote);
    for (size_t n; *text; text += n) {
        n = 1;
        if (*text == quote) {
            vo_text_append(sql, "%c%c", quote, quote);
            continue;
        }
        n = strcspn(text, quote == '"' ? "\"" : "'");
        vo_text_append(sql, "%.*s", (int)n, text);
    }
    vo_text_append(sql, "%c", quote);
}

void vo_duck_literal(vo_text *sql, const char *text) { put_quoted(sql, text, '\''); }
void vo_duck_name(vo_text *sql, const char *name) { put_quoted(sql, name, '"'); }
