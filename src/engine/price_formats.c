/* price_formats.c -- see price_formats.h. */
#include "engine/price_formats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/arrow_stream.h"
#include "data/export.h"
#include "data/parquet.h"

#define STAMP 26 /* bytes of the longest, "2016-01-29T00:00:00-06:00", and one */

#define X(name, text, type) text,
const char *const vo_price_format_name[VO_PRICE_FORMATS] = {VO_PRICE_FORMAT_MAP(X)};
#undef X
#define X(name, text, type) type,
const char *const vo_price_format_type[VO_PRICE_FORMATS] = {VO_PRICE_FORMAT_MAP(X)};
#undef X

/* ---- CSV --------------------------------------------------------------------------------- */

/* In quotes where it must be, quotes inside doubled: at most 2 * len + 2 bytes. */
static char *put_field(char *to, const char *text) {
    const bool quoted = strpbrk(text, ",\"\r\n") != NULL;
    if (quoted) *to++ = '"';
    for (; *text; text++) {
        if (*text == '"') *to++ = '"';
        *to++ = *text;
    }
    if (quoted) *to++ = '"';
    return to;
}

static char *put_row(char *to, const vo_series *s, const vo_zone *zone, size_t t,
                     const size_t *column, size_t n_columns) {
    char stamp[40];
    vo_export_stamp(zone, s->start[t].s, stamp);
    const size_t len = strlen(stamp);
    memcpy(to, stamp, len);
    to += len;
    for (size_t c = 0; c < n_columns; c++) {
        const double v = s->column[column[c]].value[t];
        *to++ = ',';
        if (isfinite(v)) to += vo_text_format_number(v, to);
    }
    *to++ = '\r';
    *to++ = '\n';
    return to;
}

static vo_status to_csv(const vo_series *s, const vo_zone *zone, size_t from, size_t to,
                        const size_t *column, size_t n_columns, vo_document *out,
                        vo_error *err) {
    const size_t head = 16 + n_columns * (2 * VO_COLUMN_NAME + 3);
    const size_t row = STAMP + 2 + n_columns * (VO_TEXT_NUMBER + 1);
    char *text = malloc(head + (to - from) * row + VO_TEXT_NUMBER);
    if (!text) return vo_fail(err, VO_ENOMEM, "no memory for %zu rows", to - from);
    char *at = put_field(text, "timestamp");
    for (size_t c = 0; c < n_columns; c++) {
        *at++ = ',';
        at = put_field(at, s->column[column[c]].name);
    }
    *at++ = '\r';
    *at++ = '\n';
    for (size_t t = from; t < to; t++) at = put_row(at, s, zone, t, column, n_columns);
    out->len = (size_t)(at - text);
    *at = '\0';
    out->bytes = text;
    return VO_OK;
}

/* ---- columns ------------------------------------------------------------------------------ */

static vo_status to_parquet(const vo_series *s, size_t from, size_t to, const size_t *column,
                            size_t n_columns, const int64_t *stamp, vo_document *out,
                            vo_error *err) {
    vo_duck_column c[VO_SERIES_MAX_COLUMNS + 1] = {
        {.name = "timestamp", .kind = VO_DUCK_TIME, .integer = stamp}};
    vo_parquet *p = NULL;
    char *data = NULL;
    size_t len = 0;
    for (size_t k = 0; k < n_columns; k++)
        c[k + 1] = (vo_duck_column){.name = s->column[column[k]].name,
                                    .kind = VO_DUCK_DOUBLE,
                                    .number = s->column[column[k]].value + from};
    vo_status st = vo_parquet_create(&p, err);
    if (st == VO_OK)
        st = vo_parquet_encode(p, to - from, c, n_columns + 1, "tz", s->zone, false, &data,
                               &len, err);
    if (st == VO_OK && !(out->bytes = malloc(len)))
        st = vo_fail(err, VO_ENOMEM, "no memory for %zu bytes of Parquet", len);
    if (st == VO_OK) {
        memcpy(out->bytes, data, len);
        out->len = len;
    }
    vo_parquet_free(p);
    return st;
}

static vo_status to_arrow(const vo_series *s, size_t from, size_t to, const size_t *column,
                          size_t n_columns, const int64_t *stamp, vo_document *out,
                          vo_error *err) {
    vo_arrow_column c[VO_SERIES_MAX_COLUMNS + 1] = {{.name = "timestamp", .time_ms = stamp}};
    const vo_arrow_note note[] = {
        {"tz", s->zone}, {"currency", s->currency}, {"unit", s->unit}};
    for (size_t k = 0; k < n_columns; k++)
        c[k + 1] = (vo_arrow_column){.name = s->column[column[k]].name,
                                     .number = s->column[column[k]].value + from};
    return vo_arrow_stream(to - from, c, n_columns + 1, note, 3, &out->bytes, &out->len, err);
}

vo_status vo_price_document(const vo_series *s, const vo_zone *zone, size_t from, size_t to,
                            const size_t *column, size_t n_columns, vo_price_format format,
                            vo_document *out, vo_error *err) {
    vo_document made = {.content_type = vo_price_format_type[format]};
    vo_status st = VO_OK;
    if (format == VO_PRICE_FORMAT_CSV) {
        st = to_csv(s, zone, from, to, column, n_columns, &made, err);
    } else {
        const int64_t unit = format == VO_PRICE_FORMAT_PARQUET ? 1000000 : 1000;
        int64_t *stamp = malloc((to - from) * sizeof *stamp);
        if (!stamp) return vo_fail(err, VO_ENOMEM, "no memory for %zu rows", to - from);
        for (size_t t = from; t < to; t++) stamp[t - from] = s->start[t].s * unit;
        st = format == VO_PRICE_FORMAT_PARQUET
                 ? to_parquet(s, from, to, column, n_columns, stamp, &made, err)
                 : to_arrow(s, from, to, column, n_columns, stamp, &made, err);
        free(stamp);
    }
    if (st == VO_OK) *out = made;
    return st;
}
