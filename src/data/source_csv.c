/* source_csv.c -- see source_csv.h. Records become the rows of a table (table.h): here is what
 * is a header, how many fields a row has, and how to begin again. */
#include "data/source_csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/csv.h"
#include "data/letters.h"
#include "data/stamp.h"
#include "data/table.h"

typedef struct {
    const char *name;
    vo_bytes *in;
    const vo_source_options *o;
    vo_csv *csv;
    size_t n_header;
    char (*header)[VO_COLUMN_NAME];
    const char **names;
    vo_csv_field *cell;
    bool named; /* the file has a header */
    bool decimal_comma;
    bool from_1252; /* a name of the header was no UTF-8 */
    bool at_first;  /* the record at hand is the first row */
} reader;

void vo_source_label(const char *path, char label[128]) {
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    const size_t len = strcspn(base, ".");
    snprintf(label, 128, "%.*s", (int)vo_letters_whole(base, len, 120), base);
}

static void put(char *to, size_t size, const char *text) {
    if (text && !to[0]) snprintf(to, size, "%s", text);
}

void vo_source_finish(const char *name, const vo_source_options *o, vo_readings_set *set) {
    for (size_t i = 0; i < set->n; i++) {
        vo_readings *r = set->item[i];
        put(r->currency, sizeof r->currency, o->currency);
        put(r->zone, sizeof r->zone, o->zone ? o->zone : "UTC");
        put(r->kind, sizeof r->kind, o->kind);
        put(r->unit, sizeof r->unit, o->unit);
        if (!(r->interval_h > 0)) r->interval_h = o->interval_minutes / 60;
        if (!r->label[0] && r->node[0])
            snprintf(r->label, sizeof r->label, "%s%s%s%s%.*s", r->market,
                     r->market[0] ? " " : "", r->process, r->process[0] ? " " : "",
                     (int)vo_letters_whole(r->node, strlen(r->node), 60), r->node);
        if (!r->label[0]) vo_source_label(name, r->label);
        r->stamps_at_end = r->stamps_at_end || o->stamps_at_end;
    }
}

/* ---- the header ------------------------------------------------------------------ */

static bool is_number(vo_csv_field f, bool decimal_comma) {
    double v;
    return vo_number_parse(f.text, f.len, decimal_comma, &v);
}

/* A record is data, not a header, if it has a stamp or nothing but numbers. */
static bool is_data(const reader *r) {
    bool all_numbers = true;
    for (size_t i = 0; i < vo_csv_count(r->csv); i++) {
        const vo_csv_field f = vo_csv_at(r->csv, i);
        if (is_number(f, r->decimal_comma)) continue;
        if (vo_stamp_is(f.text, f.len, r->o->date_order)) return true;
        all_numbers = all_numbers && vo_number_is_missing(f.text, f.len);
    }
    return all_numbers;
}

/* At most VO_COLUMN_NAME - 1 bytes of whole letters. */
static void take_name(reader *r, vo_csv_field f, char *to) {
    if (!vo_letters_are_utf8(f.text, f.len) &&
        vo_letters_from_1252(f.text, f.len, to, VO_COLUMN_NAME)) {
        r->from_1252 = true;
        return;
    }
    memcpy(to, f.text, vo_letters_whole(f.text, f.len, VO_COLUMN_NAME - 1));
}

static vo_status take_header(reader *r, vo_error *err) {
    r->n_header = vo_csv_count(r->csv);
    r->header = calloc(r->n_header, sizeof *r->header);
    r->names = calloc(r->n_header, sizeof *r->names);
    r->cell = calloc(r->n_header, sizeof *r->cell);
    if (!r->header || !r->names || !r->cell)
        return vo_fail(err, VO_ENOMEM, "%s: no memory for its header", r->name);
    for (size_t i = 0; i < r->n_header; i++) {
        const vo_csv_field f = vo_csv_at(r->csv, i);
        if (r->named && f.len)
            take_name(r, f, r->header[i]);
        else
            snprintf(r->header[i], VO_COLUMN_NAME, "column_%zu", i + 1);
        r->names[i] = r->header[i];
    }
    return VO_OK;
}

/* ---- rows ------------------------------------------------------------------------ */

/* From the beginning again, to the first row. */
static vo_status restart(reader *r, vo_error *err) {
    bool more = false;
    vo_csv_close(r->csv);
    r->csv = NULL;
    vo_status st = vo_bytes_rewind(r->in, err);
    if (st == VO_OK) st = vo_csv_open(r->in, 0, &r->csv, err);
    if (st == VO_OK) st = vo_csv_next(r->csv, &more, err);
    if (st == VO_OK && r->named) st = vo_csv_next(r->csv, &more, err);
    return st;
}

static vo_status fill_cells(reader *r, vo_error *err) {
    const size_t fields = vo_csv_count(r->csv);
    if (fields != r->n_header &&
        !(fields == r->n_header + 1 && vo_csv_at(r->csv, fields - 1).len == 0))
        return vo_fail(err, VO_EINVAL, "%s line %u has %zu fields where the first row has %zu",
                       r->name, vo_csv_line(r->csv), fields, r->n_header);
    for (size_t i = 0; i < r->n_header; i++) r->cell[i] = vo_csv_at(r->csv, i);
    return VO_OK;
}

static vo_status each(void *ctx, vo_table_take take, void *take_ctx, vo_error *err) {
    reader *r = ctx;
    bool more = true;
    vo_status st = r->at_first ? VO_OK : restart(r, err);
    r->at_first = true;
    while (st == VO_OK && more) {
        if ((st = fill_cells(r, err)) != VO_OK) break;
        if ((st = take(take_ctx, r->cell, vo_csv_line(r->csv), err)) != VO_OK) break;
        r->at_first = false;
        st = vo_csv_next(r->csv, &more, err);
    }
    return st;
}

static void last_time(void *ctx) {
    const reader *r = ctx;
    vo_bytes_settle(r->in);
}

static vo_status read_all(reader *r, vo_readings_set *set, vo_error *err) {
    bool more = false;
    vo_status st = vo_csv_next(r->csv, &more, err);
    if (st != VO_OK) return st;
    if (!more)
        return vo_fail(err, VO_EINVAL, "%s is empty; it needs at least one price", r->name);
    r->decimal_comma = vo_csv_delimiter(r->csv) == ';';
    r->named = !is_data(r);
    if ((st = take_header(r, err)) != VO_OK) return st;
    if (r->named && (st = vo_csv_next(r->csv, &more, err)) != VO_OK) return st;
    if (!more)
        return vo_fail(err, VO_EINVAL,
                       "%s has a header and no rows; it needs at least one price", r->name);
    r->at_first = true;
    const vo_table table = {.name = r->name,
                            .rows = "line",
                            .n_columns = r->n_header,
                            .column = r->names,
                            .named = r->named,
                            .decimal_comma = r->decimal_comma,
                            .each = each,
                            .last_time = last_time,
                            .ctx = r};
    if (r->from_1252) vo_source_say(set, "names read as Windows-1252");
    st = vo_table_read(&table, r->o, set, err);
    if (st == VO_OK) vo_source_finish(r->name, r->o, set);
    return st;
}

bool vo_source_csv_is(const char *head, size_t len) {
    head = vo_text_trim(head, &len);
    return len == 0 || (head[0] != '<' && head[0] != '{' && head[0] != '[');
}

vo_status vo_source_csv_parse(vo_bytes *in, const vo_source_options *o, vo_readings_set *set,
                              vo_error *err) {
    reader r = {.name = vo_bytes_name(in), .in = in, .o = o};
    vo_status st = vo_csv_open(in, 0, &r.csv, err);
    if (st == VO_OK) st = read_all(&r, set, err);
    vo_csv_close(r.csv);
    free(r.header);
    free(r.names);
    free(r.cell);
    return st;
}
