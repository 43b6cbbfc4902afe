/* hour_table.c -- see hour_table.h. */
#include "engine/hour_table.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "data/csv.h"

#define ABSENT SIZE_MAX
#define MOST_COLUMNS 8

typedef struct {
    const char *file;
    vo_csv *csv;
    vo_hour_column *column;
    size_t n;
    size_t at[MOST_COLUMNS]; /* in a record */
    size_t rows, room;
} reading;

static vo_status find_columns(reading *r, vo_error *err) {
    bool more = false;
    const vo_status st = vo_csv_next(r->csv, &more, err);
    if (st != VO_OK) return st;
    if (!more)
        return vo_fail(err, VO_EINVAL, "%s is empty: a header and an hour per row", r->file);
    for (size_t i = 0; i < r->n; i++) {
        r->at[i] = ABSENT;
        for (size_t k = 0; k < vo_csv_count(r->csv); k++) {
            if (!vo_field_is(vo_csv_at(r->csv, k), r->column[i].name)) continue;
            if (r->at[i] != ABSENT)
                return vo_fail(err, VO_EINVAL, "%s:%u: column %s is there twice", r->file,
                               (unsigned)vo_csv_line(r->csv), r->column[i].name);
            r->at[i] = k;
        }
        if (r->at[i] == ABSENT && r->column[i].needed)
            return vo_fail(err, VO_EINVAL, "%s:%u: there is no column %s in the header",
                           r->file, (unsigned)vo_csv_line(r->csv), r->column[i].name);
    }
    return VO_OK;
}

static vo_status grow(reading *r, vo_error *err) {
    const size_t room = r->room ? 2 * r->room : 1024;
    for (size_t i = 0; i < r->n; i++) {
        if (r->at[i] == ABSENT) continue;
        double *more = realloc(r->column[i].value, room * sizeof *more);
        if (!more) return vo_fail(err, VO_ENOMEM, "%s: no memory for %zu rows", r->file, room);
        r->column[i].value = more;
    }
    r->room = room;
    return VO_OK;
}

static vo_status take_row(reading *r, vo_error *err) {
    if (r->rows == VO_HOUR_ROWS)
        return vo_fail(err, VO_EINVAL, "%s:%u: more than %u rows of an hour", r->file,
                       (unsigned)vo_csv_line(r->csv), VO_HOUR_ROWS);
    vo_status st = r->rows == r->room ? grow(r, err) : VO_OK;
    for (size_t i = 0; st == VO_OK && i < r->n; i++) {
        if (r->at[i] == ABSENT) continue;
        const vo_hour_column *c = &r->column[i];
        const vo_csv_field f = vo_csv_at(r->csv, r->at[i]);
        const int shown = f.len < 40 ? (int)f.len : 40;
        double v = 0;
        if (!vo_number_parse(f.text, f.len, false, &v))
            st = vo_fail(err, VO_EINVAL,
                         "%s:%u: %s = \"%.*s\" is not a number: give one for every hour",
                         r->file, (unsigned)vo_csv_line(r->csv), c->name, shown, f.text);
        else if (!(v >= c->lo && v <= c->hi))
            st = vo_fail(err, VO_EINVAL, "%s:%u: %s = %.*s is not in %g..%g%s%s", r->file,
                         (unsigned)vo_csv_line(r->csv), c->name, shown, f.text, c->lo, c->hi,
                         *c->unit ? " " : "", c->unit);
        else
            c->value[r->rows] = v;
    }
    if (st == VO_OK) r->rows++;
    return st;
}

vo_status vo_hour_table_read(vo_bytes *in, vo_hour_column *column, size_t n, size_t *rows,
                             vo_error *err) {
    reading r = {.file = vo_bytes_name(in), .column = column, .n = n};
    for (size_t i = 0; i < n; i++) column[i].value = NULL;
    if (n > MOST_COLUMNS) return vo_fail(err, VO_EINVAL, "%zu columns at once", n);
    vo_status st = vo_csv_open(in, 0, &r.csv, err);
    if (st == VO_OK) st = find_columns(&r, err);
    bool more = st == VO_OK;
    while (st == VO_OK && more) {
        st = vo_csv_next(r.csv, &more, err);
        if (st == VO_OK && more) st = take_row(&r, err);
    }
    if (st == VO_OK && r.rows == 0)
        st = vo_fail(err, VO_EINVAL, "%s has a header and no rows", r.file);
    vo_csv_close(r.csv);
    if (st == VO_OK) *rows = r.rows;
    return st;
}

vo_status vo_hour_table_load(const char *path, vo_hour_column *column, size_t n, size_t *rows,
                             vo_error *err) {
    vo_bytes *in = NULL;
    for (size_t i = 0; i < n; i++) column[i].value = NULL;
    vo_status st = vo_bytes_open_file(path, &in, err);
    if (st == VO_OK) st = vo_hour_table_read(in, column, n, rows, err);
    vo_bytes_close(in);
    return st;
}
