/* source_json.c -- see source_json.h. Whatever the shape, there is a header of paths and a
 * function that fills one row's cells; the rest is table.c. The header is what the first SAMPLE
 * rows have.
 */
#include "data/source_json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "data/csv.h"
#include "data/source_csv.h"
#include "data/stamp.h"
#include "data/table.h"

#define SAMPLE 20u
#define MAX_DEPTH 8
#define MANY 4u /* numbers in a list that are a series, and not a place with its height */
#define CHUNK 65536u

typedef struct { /* lines of a stream */
    char *text;
    size_t capacity, from, to; /* text[from, to) is not yet taken */
    bool end;
    uint32_t line;
} lines;

typedef struct {
    const char *name;
    vo_bytes *in;
    const vo_source_options *o;
    vo_json *document; /* NULL: NDJSON */
    const vo_json *rows;
    bool by_column;         /* rows is an object of arrays */
    const vo_json *stamps;  /* by_column: column 0, which lies apart; NULL: it does not */
    vo_source_options ours; /* what a file of export.c says of itself */
    size_t n_rows, first;
    lines lines;
    size_t n_columns;
    char (*column)[VO_COLUMN_NAME];
    const char **names;
    vo_csv_field *cell;
    char (*number)[VO_TEXT_NUMBER];
    bool named;
    char listed[VO_COLUMN_NAME]; /* a column that is an array of many values; "" none */
} reader;

bool vo_source_json_is(const char *head, size_t len) {
    head = vo_text_trim(head, &len);
    return len > 0 && (head[0] == '{' || head[0] == '[');
}

static bool is_scalar(const vo_json *v) {
    const vo_json_kind k = vo_json_kind_of(v);
    return k != VO_JSON_ARRAY && k != VO_JSON_OBJECT;
}

static bool is_kind(const vo_json *v, vo_json_kind kind) {
    return v && vo_json_kind_of(v) == kind;
}

/* ---- paths ------------------------------------------------------------------------- */

/* The value at "a.b[0]" below `v`; a member whose own name is the whole path comes first. NULL:
 * there is none. */
static const vo_json *at_path(const vo_json *v, const char *path) {
    char key[256];
    while (v && *path) {
        if (*path == '[') {
            int64_t i = 0;
            const char *close = strchr(path, ']');
            if (!close || !vo_text_integer(path + 1, (size_t)(close - path - 1), &i) || i < 0 ||
                !is_kind(v, VO_JSON_ARRAY))
                return NULL;
            v = vo_json_at(v, (size_t)i);
            path = close + 1;
        } else {
            if (!is_kind(v, VO_JSON_OBJECT)) return NULL;
            const vo_json *whole = vo_json_get(v, path);
            if (whole) return whole;
            const size_t n = strcspn(path, ".[");
            if (n == 0 || n >= sizeof key) return NULL;
            memcpy(key, path, n);
            key[n] = '\0';
            v = vo_json_get(v, key);
            path += n;
        }
        if (*path == '.') path++;
    }
    return v;
}

/* "a.b" of "a" and "b". False: it does not fit. */
static bool join(const char *path, const char *key, char *to, size_t size) {
    vo_text out = vo_text_over(to, size);
    vo_text_append(&out, "%s%s%s", path, *path ? "." : "", key);
    return !out.cut;
}

static vo_status add_column(reader *r, const char *path, vo_error *err) {
    for (size_t i = 0; i < r->n_columns; i++)
        if (strcmp(r->column[i], path) == 0) return VO_OK;
    if (r->n_columns == VO_SOURCE_JSON_MAX_COLUMNS)
        return vo_fail(err, VO_EINVAL, "%s: rows have more than %u values", r->name,
                       VO_SOURCE_JSON_MAX_COLUMNS);
    snprintf(r->column[r->n_columns++], VO_COLUMN_NAME, "%s", path);
    return VO_OK;
}

/* Objects one after the other, or numbers: rows that lie within a row. */
static bool is_series(const vo_json *array) {
    const size_t n = vo_json_size(array);
    if (n < 2) return false;
    if (!is_scalar(vo_json_at(array, 0))) return true;
    return n >= MANY && is_kind(vo_json_at(array, 0), VO_JSON_NUMBER);
}

/* Paths of all scalars below a row; what is too deep or too long to name is left out. */
static vo_status add_paths(reader *r, const vo_json *v, const char *path, int depth,
                           vo_error *err) {
    char below[VO_COLUMN_NAME + 16];
    const char *key = NULL;
    const vo_json *x = NULL;
    vo_status st = VO_OK;
    if (is_scalar(v)) return add_column(r, *path ? path : "column_1", err);
    if (depth == MAX_DEPTH) return VO_OK;
    if (is_kind(v, VO_JSON_ARRAY)) {
        if (*path && is_series(v) && !r->listed[0])
            snprintf(r->listed, sizeof r->listed, "%.*s", VO_COLUMN_NAME - 1, path);
        for (size_t i = 0; st == VO_OK && i < vo_json_size(v); i++) {
            if (*path)
                snprintf(below, sizeof below, "%s[%zu]", path, i);
            else
                snprintf(below, sizeof below, "column_%zu", i + 1);
            if (strlen(below) < VO_COLUMN_NAME)
                st = add_paths(r, vo_json_at(v, i), below, depth + 1, err);
        }
        return st;
    }
    for (size_t i = 0; st == VO_OK && vo_json_member(v, i, &key, &x); i++) {
        if (join(path, key, below, VO_COLUMN_NAME)) st = add_paths(r, x, below, depth + 1, err);
    }
    return st;
}

/* ---- where the rows are ------------------------------------------------------------- */

/* The length that two or more arrays of scalars have; 0 if it is no such object. */
static size_t column_length(const vo_json *object) {
    const char *key = NULL;
    const vo_json *x = NULL;
    size_t n = 0, arrays = 0;
    for (size_t i = 0; vo_json_member(object, i, &key, &x); i++) {
        if (!is_kind(x, VO_JSON_ARRAY) || vo_json_size(x) == 0 || !is_scalar(vo_json_at(x, 0)))
            continue;
        if (arrays++ && vo_json_size(x) != n) return 0;
        n = vo_json_size(x);
    }
    return arrays >= 2 ? n : 0;
}

static bool is_rows(const vo_json *v) {
    if (is_kind(v, VO_JSON_ARRAY)) return vo_json_size(v) > 0 && !is_scalar(vo_json_at(v, 0));
    return is_kind(v, VO_JSON_OBJECT) && column_length(v) > 0;
}

/* Every place that looks like rows, by path; the first one goes to *found. */
static size_t find_rows(const vo_json *v, const char *path, int depth, const vo_json **found,
                        vo_text *paths) {
    const char *key = NULL;
    const vo_json *x = NULL;
    size_t n = 0;
    if (is_rows(v)) {
        vo_text_append(paths, "%s%s", paths->len ? ", " : "", *path ? path : "(the document)");
        if (!*found) *found = v;
        return 1;
    }
    if (depth == MAX_DEPTH || !is_kind(v, VO_JSON_OBJECT)) return 0;
    for (size_t i = 0; vo_json_member(v, i, &key, &x); i++) {
        char below[256];
        if (!is_scalar(x) && join(path, key, below, sizeof below))
            n += find_rows(x, below, depth + 1, found, paths);
    }
    return n;
}

static vo_status guess_rows(reader *r, vo_error *err) {
    char text[300];
    vo_text paths = vo_text_over(text, sizeof text);
    const vo_json *found = NULL;
    if (is_kind(r->document, VO_JSON_ARRAY)) {
        r->rows = r->document;
        return VO_OK;
    }
    const size_t n = find_rows(r->document, "", 0, &found, &paths);
    r->rows = found;
    if (n == 1) return VO_OK;
    if (n == 0)
        return vo_fail(err, VO_EINVAL,
                       "%s has no array of rows and no arrays of one length that could be "
                       "columns; say where they are: rows_path = \"data.items\"",
                       r->name);
    return vo_fail(err, VO_EINVAL,
                   "%s has %zu places with rows; say which one: rows_path = one of %s", r->name,
                   n, text);
}

static vo_status path_rows(reader *r, vo_error *err) {
    const char *path = r->o->rows_path;
    r->rows = at_path(r->document, path);
    const vo_json *v = r->rows;
    if (v && (is_kind(v, VO_JSON_ARRAY) || is_rows(v))) return VO_OK;
    char text[300];
    vo_text paths = vo_text_over(text, sizeof text);
    const vo_json *found = NULL;
    const size_t n = find_rows(r->document, "", 0, &found, &paths);
    return vo_fail(err, VO_EINVAL, "%s: rows_path = \"%.80s\": %s%s%s", r->name, path,
                   v ? "that is no array of rows" : "there is nothing",
                   n ? "; there are rows at " : "", n ? text : "");
}

typedef struct {
    size_t n;
    char path[256];
} longest;

/* The longest array of objects (or arrays) below `v`. */
static void find_longest(const vo_json *v, const char *path, int depth, longest *best) {
    char below[256];
    const char *key = NULL;
    const vo_json *x = NULL;
    if (depth > MAX_DEPTH) return;
    if (is_kind(v, VO_JSON_ARRAY)) {
        const size_t n = vo_json_size(v);
        if (n > best->n && !is_scalar(vo_json_at(v, 0))) {
            best->n = n;
            snprintf(best->path, sizeof best->path, "%s", path);
        }
        for (size_t i = 0; i < n && i < SAMPLE; i++) {
            vo_text t = vo_text_over(below, sizeof below);
            vo_text_append(&t, "%s[%zu]", path, i);
            if (!t.cut) find_longest(vo_json_at(v, i), below, depth + 1, best);
        }
    } else if (is_kind(v, VO_JSON_OBJECT)) {
        for (size_t i = 0; vo_json_member(v, i, &key, &x); i++)
            if (!is_scalar(x) && join(path, key, below, sizeof below))
                find_longest(x, below, depth + 1, best);
    }
}

/* Every value of a list would become a column of its own, and a series one row. */
static vo_status refuse_listed(const reader *r, vo_error *err) {
    longest best = {0};
    const vo_json *rows = NULL;
    if (!r->listed[0] || r->o->n_columns) return VO_OK;
    if (r->document) find_longest(r->document, "", 0, &best);
    if (best.n > 1) rows = at_path(r->document, best.path);
    if (rows && rows != r->rows)
        return vo_fail(
            err, VO_EINVAL,
            "%s: in each row \"%s\" is a list of its own; if that is the series, say "
            "rows_path = \"%s\" (%zu rows), else name the columns to take",
            r->name, r->listed, best.path, best.n);
    return vo_fail(err, VO_EINVAL,
                   "%s: in each row \"%s\" is a list of its own; name the columns to take "
                   "(columns = \"price=%s[0]\"), or write a row for each value",
                   r->name, r->listed, r->listed);
}

/* ---- cells ------------------------------------------------------------------------ */

static vo_csv_field cell_of(reader *r, size_t i, const vo_json *v) {
    if (!v) return (vo_csv_field){"", 0};
    switch (vo_json_kind_of(v)) {
    case VO_JSON_STRING:
        return (vo_csv_field){vo_json_string(v), strlen(vo_json_string(v))};
    case VO_JSON_BOOL:
        return vo_json_bool(v) ? (vo_csv_field){"true", 4} : (vo_csv_field){"false", 5};
    case VO_JSON_NUMBER: {
        const double x = vo_json_number(v);
        size_t n = 0;
        if (x == floor(x) && fabs(x) < 1e15) /* all digits: it may be Unix time */
            n = (size_t)snprintf(r->number[i], VO_TEXT_NUMBER, "%.0f", x);
        else
            n = vo_text_format_number(x, r->number[i]);
        return (vo_csv_field){r->number[i], n};
    }
    case VO_JSON_NULL:
    case VO_JSON_ARRAY:
    case VO_JSON_OBJECT:
        break;
    }
    return (vo_csv_field){"", 0};
}

/* Of an array its elements are column_1, column_2, ... or what the first row called them. */
static const vo_json *value_in(const reader *r, const vo_json *row, size_t i) {
    if (is_kind(row, VO_JSON_ARRAY)) return vo_json_at(row, i);
    if (is_scalar(row)) return row;
    const vo_json *v = vo_json_get(row, r->column[i]);
    return v ? v : at_path(row, r->column[i]);
}

static vo_status give_row(reader *r, const vo_json *row, uint32_t line, vo_table_take take,
                          void *take_ctx, vo_error *err) {
    if (is_kind(row, VO_JSON_ARRAY) && vo_json_size(row) > r->n_columns)
        return vo_fail(err, VO_EINVAL, "%s row %u has %zu values where the first has %zu",
                       r->name, line, vo_json_size(row), r->n_columns);
    for (size_t i = 0; i < r->n_columns; i++) r->cell[i] = cell_of(r, i, value_in(r, row, i));
    return take(take_ctx, r->cell, line, err);
}

static const vo_json *column_of(const reader *r, size_t i) {
    return i == 0 && r->stamps ? r->stamps : vo_json_get(r->rows, r->column[i]);
}

static vo_status each_row(void *ctx, vo_table_take take, void *take_ctx, vo_error *err) {
    reader *r = ctx;
    vo_status st = VO_OK;
    for (size_t k = r->first; st == VO_OK && k < r->n_rows; k++) {
        if (!r->by_column) {
            st = give_row(r, vo_json_at(r->rows, k), (uint32_t)(k + 1), take, take_ctx, err);
            continue;
        }
        for (size_t i = 0; i < r->n_columns; i++)
            r->cell[i] = cell_of(r, i, vo_json_at(column_of(r, i), k));
        st = take(take_ctx, r->cell, (uint32_t)(k + 1), err);
    }
    return st;
}

/* ---- headers ------------------------------------------------------------------------ */

/* Rows that are arrays may begin with one of names. */
static bool is_header(const reader *r, const vo_json *row) {
    if (!is_kind(row, VO_JSON_ARRAY) || vo_json_size(row) == 0) return false;
    for (size_t i = 0; i < vo_json_size(row); i++) {
        const vo_json *v = vo_json_at(row, i);
        double x;
        if (!is_kind(v, VO_JSON_STRING)) return false;
        const char *text = vo_json_string(v);
        const size_t n = strlen(text);
        if (n == 0 || n >= VO_COLUMN_NAME || vo_number_parse(text, n, false, &x) ||
            vo_stamp_is(text, n, r->o->date_order))
            return false;
    }
    return true;
}

static vo_status header_of_columns(reader *r, vo_error *err) {
    const char *key = NULL;
    const vo_json *x = NULL;
    vo_status st = VO_OK;
    r->by_column = true;
    r->n_rows = column_length(r->rows);
    for (size_t i = 0; st == VO_OK && vo_json_member(r->rows, i, &key, &x); i++)
        if (is_kind(x, VO_JSON_ARRAY) && vo_json_size(x) == r->n_rows &&
            is_scalar(vo_json_at(x, 0)) && strlen(key) < VO_COLUMN_NAME)
            st = add_column(r, key, err);
    return st;
}

/* {"timestamps": [...], "columns": {"price": [...], ...}}: what export.c writes. */
static bool is_export(const vo_json *document) {
    const vo_json *stamps =
        is_kind(document, VO_JSON_OBJECT) ? vo_json_get(document, "timestamps") : NULL;
    const vo_json *columns = stamps ? vo_json_get(document, "columns") : NULL, *x = NULL;
    const char *key = NULL;
    size_t n = 0;
    if (!is_kind(stamps, VO_JSON_ARRAY) || !is_kind(columns, VO_JSON_OBJECT)) return false;
    for (; vo_json_member(columns, n, &key, &x); n++)
        if (!is_kind(x, VO_JSON_ARRAY) || vo_json_size(x) != vo_json_size(stamps)) return false;
    return n > 0 && vo_json_size(stamps) > 0;
}

static const char *said(const reader *r, const char *key, const char *given) {
    const vo_json *v = vo_json_get(r->document, key);
    return given || !is_kind(v, VO_JSON_STRING) ? given : vo_json_string(v);
}

static vo_status header_of_export(reader *r, vo_error *err) {
    const char *key = NULL;
    const vo_json *x = NULL;
    r->rows = vo_json_get(r->document, "columns");
    r->stamps = vo_json_get(r->document, "timestamps");
    r->n_rows = vo_json_size(r->stamps);
    r->by_column = true;
    r->ours = *r->o;
    r->ours.time_column = "timestamps";
    r->ours.zone = said(r, "tz", r->o->zone);
    r->ours.currency = said(r, "currency", r->o->currency);
    r->ours.unit = said(r, "unit", r->o->unit);
    r->o = &r->ours;
    vo_status st = add_column(r, "timestamps", err);
    for (size_t i = 0; st == VO_OK && vo_json_member(r->rows, i, &key, &x); i++) {
        if (strlen(key) >= VO_COLUMN_NAME || strcmp(key, "timestamps") == 0)
            return vo_fail(err, VO_EINVAL, "%s: column \"%.80s\" needs another name", r->name,
                           key);
        st = add_column(r, key, err);
    }
    return st;
}

static vo_status add_row(reader *r, const vo_json *row, vo_error *err) {
    vo_status st = VO_OK;
    if (!is_header(r, row)) return add_paths(r, row, "", 0, err);
    for (size_t i = 0; st == VO_OK && i < vo_json_size(row); i++)
        st = add_column(r, vo_json_string(vo_json_at(row, i)), err);
    if (st == VO_OK && r->n_columns != vo_json_size(row))
        st = vo_fail(err, VO_EINVAL, "%s: two columns have one name in its first row", r->name);
    return st;
}

static vo_status header_of_rows(reader *r, vo_error *err) {
    vo_status st = VO_OK;
    r->n_rows = vo_json_size(r->rows);
    r->named = is_kind(vo_json_at(r->rows, 0), VO_JSON_OBJECT);
    if (r->n_rows && is_header(r, vo_json_at(r->rows, 0))) {
        r->named = true;
        r->first = 1;
        return add_row(r, vo_json_at(r->rows, 0), err);
    }
    for (size_t k = 0; st == VO_OK && k < r->n_rows && k < SAMPLE; k++)
        st = add_row(r, vo_json_at(r->rows, k), err);
    return st;
}

static vo_status read_table(reader *r, const char *rows,
                            vo_status (*each)(void *, vo_table_take, void *, vo_error *),
                            vo_readings_set *set, vo_error *err) {
    if (r->n_columns == 0)
        return vo_fail(err, VO_EINVAL, "%s has no rows; it needs at least one price", r->name);
    const vo_status listed = refuse_listed(r, err);
    if (listed != VO_OK) return listed;
    r->names = calloc(r->n_columns, sizeof *r->names);
    r->cell = calloc(r->n_columns, sizeof *r->cell);
    r->number = calloc(r->n_columns, sizeof *r->number);
    if (!r->names || !r->cell || !r->number)
        return vo_fail(err, VO_ENOMEM, "%s: no memory for its columns", r->name);
    for (size_t i = 0; i < r->n_columns; i++) r->names[i] = r->column[i];
    const vo_table table = {.name = r->name,
                            .rows = rows,
                            .n_columns = r->n_columns,
                            .column = r->names,
                            .named = r->named,
                            .each = each,
                            .ctx = r};
    const vo_status st = vo_table_read(&table, r->o, set, err);
    if (st == VO_OK) vo_source_finish(r->name, r->o, set);
    return st;
}

static vo_status read_document(reader *r, vo_readings_set *set, vo_error *err) {
    char *text = NULL;
    size_t len = 0;
    vo_error why = {0};
    vo_status st = vo_bytes_all(r->in, VO_SOURCE_JSON_MAX_BYTES, &text, &len, &why);
    if (st != VO_OK)
        return vo_fail(err, st,
                       "%s; one JSON document may have %zu MiB: write an object per line "
                       "(NDJSON), which may have any length",
                       why.msg, VO_SOURCE_JSON_MAX_BYTES >> 20);
    st = vo_json_parse(text, len, &r->document, &why);
    free(text);
    if (st != VO_OK) return vo_fail(err, st, "%s: %.400s", r->name, why.msg);
    if (!r->o->rows_path && is_export(r->document)) {
        r->named = true;
        st = header_of_export(r, err);
        return st == VO_OK ? read_table(r, "row", each_row, set, err) : st;
    }
    st = r->o->rows_path ? path_rows(r, err) : guess_rows(r, err);
    if (st != VO_OK) return st;
    r->named = true;
    st = is_kind(r->rows, VO_JSON_OBJECT) ? header_of_columns(r, err) : header_of_rows(r, err);
    return st == VO_OK ? read_table(r, "row", each_row, set, err) : st;
}

/* ---- one object per line ------------------------------------------------------------- */

static vo_status fill(reader *r, vo_error *err) {
    lines *l = &r->lines;
    if (l->from > 0) {
        memmove(l->text, l->text + l->from, l->to - l->from);
        l->to -= l->from;
        l->from = 0;
    }
    if (l->to > VO_SOURCE_JSON_MAX_LINE)
        return vo_fail(err, VO_EINVAL, "%s line %u is longer than %zu KiB", r->name,
                       l->line + 1, VO_SOURCE_JSON_MAX_LINE >> 10);
    if (l->to + CHUNK > l->capacity) {
        char *more = realloc(l->text, l->to + CHUNK);
        if (!more) return vo_fail(err, VO_ENOMEM, "%s: no memory for a line", r->name);
        l->text = more;
        l->capacity = l->to + CHUNK;
    }
    size_t got = 0;
    const vo_status st = vo_bytes_read(r->in, l->text + l->to, CHUNK, &got, err);
    l->to += got;
    l->end = got == 0;
    return st;
}

/* The next line that is not blank; *text = NULL at the end. */
static vo_status next_line(reader *r, const char **text, size_t *len, vo_error *err) {
    lines *l = &r->lines;
    vo_status st = VO_OK;
    *text = NULL;
    size_t looked = 0;
    for (;;) {
        const size_t have = l->to - l->from;
        const char *nl =
            have > looked ? memchr(l->text + l->from + looked, '\n', have - looked) : NULL;
        looked = have;
        if (!nl && !l->end) {
            if ((st = fill(r, err)) != VO_OK) return st;
            continue;
        }
        if (!nl && have == 0) return VO_OK;
        *len = nl ? (size_t)(nl - (l->text + l->from)) : have;
        *text = l->text + l->from;
        l->from += *len + (nl ? 1 : 0);
        l->line++;
        looked = 0;
        if (l->line == 1 && *len >= 3 && memcmp(*text, "\xef\xbb\xbf", 3) == 0)
            *text += 3, *len -= 3;
        *text = vo_text_trim(*text, len);
        if (*len > 0) return VO_OK;
        *text = NULL;
    }
}

static vo_status first_line(reader *r, vo_error *err) {
    r->lines.from = r->lines.to = 0;
    r->lines.end = false;
    r->lines.line = 0;
    return vo_bytes_rewind(r->in, err);
}

static vo_status parse_line(const reader *r, const char *text, size_t len, vo_json **out,
                            vo_error *err) {
    vo_error why = {0};
    const vo_status st = vo_json_parse(text, len, out, &why);
    if (st == VO_OK) return VO_OK;
    return vo_fail(err, st, "%s line %u: %.400s", r->name, r->lines.line, why.msg);
}

static vo_status each_line(void *ctx, vo_table_take take, void *take_ctx, vo_error *err) {
    reader *r = ctx;
    const char *text = NULL;
    size_t len = 0;
    vo_status st = first_line(r, err);
    while (st == VO_OK && (st = next_line(r, &text, &len, err)) == VO_OK && text) {
        vo_json *row = NULL;
        if ((st = parse_line(r, text, len, &row, err)) != VO_OK) break;
        if (r->first == 0 || r->lines.line > r->first)
            st = give_row(r, row, r->lines.line, take, take_ctx, err);
        vo_json_free(row);
    }
    return st;
}

static vo_status read_lines(reader *r, vo_readings_set *set, vo_error *err) {
    const char *text = NULL;
    size_t len = 0;
    vo_status st = first_line(r, err);
    for (uint32_t k = 0; st == VO_OK && k < SAMPLE && r->first == 0; k++) {
        vo_json *row = NULL;
        if ((st = next_line(r, &text, &len, err)) != VO_OK || !text) break;
        if ((st = parse_line(r, text, len, &row, err)) != VO_OK) break;
        if (k == 0 && is_header(r, row)) r->first = r->lines.line;
        if (k == 0) r->named = r->first || is_kind(row, VO_JSON_OBJECT);
        st = add_row(r, row, err);
        vo_json_free(row);
    }
    return st == VO_OK ? read_table(r, "line", each_line, set, err) : st;
}

/* NDJSON: the first line is a whole value and the next one begins like one. */
static vo_status is_ndjson(reader *r, bool *yes, vo_error *err) {
    const char *text = NULL;
    size_t len = 0;
    vo_json *row = NULL;
    vo_error why = {0};
    *yes = false;
    vo_status st = next_line(r, &text, &len, &why);
    if (st == VO_EINVAL && r->lines.to > VO_SOURCE_JSON_MAX_LINE)
        return vo_bytes_rewind(r->in, err); /* one long line: a document */
    if (st != VO_OK) return vo_fail(err, st, "%s", why.msg);
    if (text && vo_json_parse(text, len, &row, NULL) == VO_OK) {
        st = next_line(r, &text, &len, &why);
        *yes = st == VO_OK && text && (*text == '{' || *text == '[');
    }
    vo_json_free(row);
    if (st != VO_OK && st != VO_EINVAL) return vo_fail(err, st, "%s", why.msg);
    return vo_bytes_rewind(r->in, err);
}

vo_status vo_source_json_parse(vo_bytes *in, const vo_source_options *o, vo_readings_set *set,
                               vo_error *err) {
    reader r = {.name = vo_bytes_name(in), .in = in, .o = o};
    bool by_line = false;
    vo_status st = VO_OK;
    r.column = calloc(VO_SOURCE_JSON_MAX_COLUMNS, sizeof *r.column);
    if (!r.column) return vo_fail(err, VO_ENOMEM, "%s: no memory to read it", r.name);
    st = is_ndjson(&r, &by_line, err);
    if (st == VO_OK) st = by_line ? read_lines(&r, set, err) : read_document(&r, set, err);
    vo_json_free(r.document);
    free(r.lines.text);
    free(r.column);
    free(r.names);
    free(r.cell);
    free(r.number);
    return st;
}
