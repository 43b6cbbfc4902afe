/* export_parquet.c -- see export_parquet.h. DuckDB writes beside the file; a rename puts it in
 * place. */
#include "data/export_parquet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/lake_duckdb.h"
#include "port/file.h"
#include "port/folder.h"

#define MICRO INT64_C(1000000)
#define MAX_SQL 65536
#define MAX_PATH 4096

static vo_status make_table(vo_duck *duck, const vo_series *s, char *sql_text, vo_error *err) {
    vo_text sql = vo_text_over(sql_text, MAX_SQL);
    vo_text_append(&sql, "CREATE TEMP TABLE series (start TIMESTAMPTZ, dt_h DOUBLE");
    for (size_t c = 0; c < s->n_columns; c++) {
        vo_text_append(&sql, ", ");
        vo_duck_name(&sql, s->column[c].name);
        vo_text_append(&sql, " DOUBLE");
    }
    vo_text_append(&sql, ")");
    return vo_duck_query(duck, sql_text, NULL, NULL, err);
}

static vo_status fill_table(vo_duck *duck, const vo_series *s, vo_error *err) {
    vo_duck_column column[VO_SERIES_MAX_COLUMNS + 2];
    int64_t *micro = malloc(s->n * sizeof *micro);
    if (!micro) return vo_fail(err, VO_ENOMEM, "no memory to write %zu rows", s->n);
    for (size_t t = 0; t < s->n; t++) micro[t] = s->start[t].s * MICRO;
    column[0] = (vo_duck_column){.kind = VO_DUCK_TIME, .integer = micro};
    column[1] = (vo_duck_column){.kind = VO_DUCK_DOUBLE, .number = s->dt_h};
    for (size_t c = 0; c < s->n_columns; c++)
        column[c + 2] = (vo_duck_column){.kind = VO_DUCK_DOUBLE, .number = s->column[c].value};
    const vo_status st = vo_duck_append(duck, "series", s->n, column, s->n_columns + 2, err);
    free(micro);
    return st;
}

static vo_status copy_out(vo_duck *duck, char *sql_text, const char *path, vo_error *err) {
    vo_text sql = vo_text_over(sql_text, MAX_SQL);
    vo_text_append(&sql, "COPY series TO ");
    vo_duck_literal(&sql, path);
    vo_text_append(&sql, " (FORMAT parquet, COMPRESSION zstd)");
    return vo_duck_query(duck, sql_text, NULL, NULL, err);
}

vo_status vo_export_parquet(const vo_series *s, const char *path, vo_error *err) {
    char temporary[MAX_PATH + 32];
    vo_duck *duck = NULL;
    if (strcmp(path, "-") == 0 || strlen(path) >= MAX_PATH)
        return vo_fail(err, VO_EINVAL,
                       "Parquet goes into a file: name one, such as prices.parquet");
    snprintf(temporary, sizeof temporary, "%s.tmp", path);
    char *sql = malloc(MAX_SQL);
    if (!sql) return vo_fail(err, VO_ENOMEM, "no memory to write %zu rows", s->n);
    vo_status st = vo_duck_open(&duck, err);
    if (st == VO_OK) st = make_table(duck, s, sql, err);
    if (st == VO_OK) st = fill_table(duck, s, err);
    if (st == VO_OK) st = copy_out(duck, sql, temporary, err);
    if (st == VO_OK) st = vo_file_move(temporary, path, err);
    if (st != VO_OK) vo_file_remove(temporary, NULL);
    vo_duck_close(duck);
    free(sql);
    return st;
}
