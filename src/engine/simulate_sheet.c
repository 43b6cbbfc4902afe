/* simulate_sheet.c -- see simulate_sheet.h. */
#include "engine/simulate_sheet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/file.h"
#include "port/folder.h"

/* Columns are handed on as arrays of numbers or of pointers. */
_Static_assert(sizeof(vo_cell) == sizeof(double) && sizeof(vo_cell) == sizeof(const char *),
               "cells of one size");

#define LIST_BYTES (VO_SHEET_PATH + 40)

static void part_path(const vo_sheet *s, size_t part, char out[VO_SHEET_PATH + 32]) {
    snprintf(out, VO_SHEET_PATH + 32, "%s.%05zu.part", s->path, part);
}

vo_status vo_sheet_init(vo_sheet *s, const char *folder, const char *name,
                        const vo_sheet_column *column, size_t n_columns, size_t room,
                        vo_error *err) {
    *s = (vo_sheet){.column = column, .n_columns = n_columns, .room = room};
    const int len = snprintf(s->path, sizeof s->path, "%s/%s", folder, name);
    if (len < 0 || (size_t)len >= sizeof s->path)
        return vo_fail(err, VO_EINVAL, "parquet = \"%.60s...\": is too long a path", folder);
    for (size_t k = 0; k < n_columns; k++) {
        s->cell[k] = malloc(room * sizeof *s->cell[k]);
        if (!s->cell[k]) {
            vo_sheet_fini(s);
            return vo_fail(err, VO_ENOMEM, "no memory for %zu rows of %s", room, name);
        }
    }
    return vo_parquet_create(&s->writer, err);
}

void vo_sheet_fini(vo_sheet *s) {
    char path[VO_SHEET_PATH + 32];
    for (size_t i = 0; i < s->parts; i++) {
        part_path(s, i, path);
        (void)vo_file_remove(path, NULL);
    }
    for (size_t k = 0; k < VO_SHEET_COLUMNS; k++) free(s->cell[k]);
    vo_parquet_free(s->writer);
    *s = (vo_sheet){.rows = 0};
}

static vo_duck_column column_of(const vo_sheet *s, size_t k) {
    vo_duck_column c = {.name = s->column[k].name, .kind = s->column[k].kind};
    if (c.kind == VO_DUCK_DOUBLE)
        c.number = &s->cell[k][0].number;
    else if (c.kind == VO_DUCK_TEXTS)
        c.text = &s->cell[k][0].text;
    else
        c.integer = &s->cell[k][0].integer;
    return c;
}

static vo_status flush(vo_sheet *s, vo_error *err) {
    vo_duck_column column[VO_SHEET_COLUMNS];
    char path[VO_SHEET_PATH + 32], *data = NULL;
    size_t len = 0;
    for (size_t k = 0; k < s->n_columns; k++) column[k] = column_of(s, k);
    vo_status st = vo_parquet_encode(s->writer, s->rows, column, s->n_columns, "producer",
                                     "volteo", false, &data, &len, err);
    part_path(s, s->parts, path);
    if (st == VO_OK) st = vo_file_put(path, data, len, err);
    if (st == VO_OK)
        s->parts++;
    else /* what a full disk took of it is of no use */
        (void)vo_file_remove(path, NULL);
    s->rows = 0;
    return st;
}

vo_status vo_sheet_add(vo_sheet *s, const vo_cell *row, vo_error *err) {
    for (size_t k = 0; k < s->n_columns; k++) s->cell[k][s->rows] = row[k];
    s->rows++;
    return s->rows == s->room ? flush(s, err) : VO_OK;
}

/* ---- one file of all ---------------------------------------------------------------------------------- */

static const char *type_of(vo_duck_kind kind) {
    return kind == VO_DUCK_DOUBLE  ? "DOUBLE"
           : kind == VO_DUCK_TEXTS ? "VARCHAR"
           : kind == VO_DUCK_TIME  ? "TIMESTAMPTZ"
                                   : "BIGINT";
}

/* No row at all: still a table with its columns. */
static void select_none(const vo_sheet *s, vo_text *sql) {
    for (size_t k = 0; k < s->n_columns; k++) {
        vo_text_append(sql, "%s CAST(NULL AS %s) AS ", k ? "," : "",
                       type_of(s->column[k].kind));
        vo_duck_name(sql, s->column[k].name);
    }
    vo_text_append(sql, " WHERE false");
}

static void select_parts(const vo_sheet *s, vo_text *sql) {
    char path[VO_SHEET_PATH + 32];
    vo_text_append(sql, " * FROM read_parquet([");
    for (size_t i = 0; i < s->parts; i++) {
        part_path(s, i, path);
        if (i > 0) vo_text_append(sql, ", ");
        vo_duck_literal(sql, path);
    }
    vo_text_append(sql, "])");
}

static vo_status join(const vo_sheet *s, const char *to, vo_error *err) {
    const size_t room = (s->parts + 4) * 2 * LIST_BYTES + 100 * s->n_columns;
    char *buffer = malloc(room);
    vo_duck *duck = NULL;
    if (!buffer)
        return vo_fail(err, VO_ENOMEM, "no memory for a query over %zu parts", s->parts);
    vo_text sql = vo_text_over(buffer, room);
    vo_text_append(&sql, "COPY (SELECT");
    if (s->parts == 0)
        select_none(s, &sql);
    else
        select_parts(s, &sql);
    vo_text_append(&sql, ") TO ");
    vo_duck_literal(&sql, to);
    vo_text_append(&sql, " (FORMAT parquet, COMPRESSION zstd)");
    vo_status st = vo_duck_open(&duck, err);
    if (st == VO_OK) st = vo_duck_query(duck, buffer, NULL, NULL, err);
    vo_duck_close(duck);
    free(buffer);
    return st;
}

vo_status vo_sheet_finish(vo_sheet *s, vo_error *err) {
    char whole[VO_SHEET_PATH + 32];
    vo_status st = s->rows > 0 ? flush(s, err) : VO_OK;
    if (st != VO_OK) return st;
    if (s->parts == 1) {
        part_path(s, 0, whole);
        st = vo_file_move(whole, s->path, err);
        if (st == VO_OK) s->parts = 0;
        return st;
    }
    snprintf(whole, sizeof whole, "%s.whole", s->path);
    st = join(s, whole, err);
    if (st == VO_OK) st = vo_file_move(whole, s->path, err);
    if (st != VO_OK) (void)vo_file_remove(whole, NULL);
    return st;
}
