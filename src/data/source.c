/* source.c -- see source.h. A table of formats, asked in order; the generic one takes the rest.
 */
#include "data/source.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/text.h"
#include "data/bytes.h"
#include "data/source_cenace.h"
#include "data/source_csv.h"
#include "data/source_epf.h"
#include "data/source_parquet.h"
#include "port/file.h"

vo_source_options vo_source_options_default(void) { return (vo_source_options){0}; }

/* Asked in this order; the first that knows the head reads the stream. */
static const struct {
    bool (*is)(const char *head, size_t len);
    vo_status (*parse)(vo_bytes *in, const vo_source_options *o, vo_readings_set *set,
                       vo_error *err);
} formats[] = {
    {vo_source_cenace_is, vo_source_cenace_parse},
    {vo_source_epf_is, vo_source_epf_parse},
    {vo_source_csv_is, vo_source_csv_parse}, /* last: whatever is neither XML nor JSON */
};

static vo_status unknown(const char *name, const char *head, size_t n, vo_error *err) {
    head = vo_text_trim(head, &n);
    return vo_fail(err, VO_EUNSUPPORTED,
                   "%s is %s of a kind that is not known here; known are files and replies of "
                   "CENACE, CAISO OASIS, ENTSO-E, Green Button, Open-Meteo, EPW, and any CSV, "
                   "Parquet or mapped JSON (docs/models/data.md)",
                   name, n && head[0] == '<' ? "XML" : "JSON");
}

static vo_status parse_one(vo_bytes *in, const vo_source_options *o, vo_readings_set *set,
                           vo_error *err) {
    const char *head = NULL;
    size_t n = 0;
    const vo_status st = vo_bytes_head(in, &head, &n, err);
    if (st != VO_OK) return st;
    if (vo_source_parquet_is(head, n))
        return vo_fail(err, VO_EUNSUPPORTED,
                       "%s is Parquet, which is read from a file of its own: give its path",
                       vo_bytes_name(in));
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (formats[i].is(head, n)) return formats[i].parse(in, o, set, err);
    return unknown(vo_bytes_name(in), head, n, err);
}

/* Every file of a zip, one after the other. */
static vo_status parse_all(vo_bytes *in, const vo_source_options *o, vo_readings_set *set,
                           vo_error *err) {
    bool more = true;
    while (more) {
        vo_status st = parse_one(in, o, set, err);
        if (st == VO_OK) st = vo_bytes_next(in, &more, err);
        if (st != VO_OK) return st;
    }
    return VO_OK;
}

vo_status vo_source_stream(const char *path, const vo_source_options *o, vo_readings_set *set,
                           vo_error *err) {
    const vo_source_options standard = vo_source_options_default();
    const char *head = NULL;
    vo_bytes *in = NULL;
    size_t n = 0;
    if (!o) o = &standard;
    vo_status st = vo_bytes_open_file(path, &in, err);
    if (st == VO_OK) st = vo_bytes_head(in, &head, &n, err);
    if (st == VO_OK && vo_source_parquet_is(head, n) && strcmp(path, "-") != 0)
        st = vo_source_parquet_read(path, o, set, err);
    else if (st == VO_OK)
        st = parse_all(in, o, set, err);
    vo_bytes_close(in);
    return st;
}

static vo_status hand_over(vo_status st, vo_readings_set *set, vo_readings_set **out) {
    if (st != VO_OK) {
        vo_readings_set_free(set);
        return st;
    }
    for (size_t i = 0; i < set->n; i++) vo_readings_settle(set->item[i]);
    *out = set;
    return VO_OK;
}

vo_status vo_source_parse(const char *name, const char *data, size_t len,
                          const vo_source_options *o, vo_readings_set **out, vo_error *err) {
    const vo_source_options standard = vo_source_options_default();
    vo_readings_set *set = NULL;
    vo_bytes *in = NULL;
    vo_status st = vo_readings_set_create(&set, err);
    if (st == VO_OK) st = vo_bytes_open(name, data, len, &in, err);
    if (st == VO_OK) st = parse_all(in, o ? o : &standard, set, err);
    vo_bytes_close(in);
    return hand_over(st, set, out);
}

vo_status vo_source_read(const char *path, const vo_source_options *o, vo_readings_set **out,
                         vo_error *err) {
    vo_readings_set *set = NULL;
    vo_status st = vo_readings_set_create(&set, err);
    if (st == VO_OK) st = vo_source_stream(path, o, set, err);
    return hand_over(st, set, out);
}

/* ---- writing --------------------------------------------------------------------------- */

/* A name that needs it in quotes; quotes inside doubled. */
static size_t put_name(char *to, const char *name) {
    size_t n = 0;
    const bool quote = strpbrk(name, ",\"\r\n") != NULL;
    if (quote) to[n++] = '"';
    for (; *name; name++) {
        if (*name == '"') to[n++] = '"';
        to[n++] = *name;
    }
    if (quote) to[n++] = '"';
    return n;
}

void vo_source_stamp(const vo_zone *zone, int64_t utc_s, char out[40]) {
    const int32_t offset_s = zone ? vo_zone_offset(zone, utc_s) : 0;
    const vo_civil c = vo_civil_from_seconds(utc_s + offset_s);
    const int32_t m = abs(offset_s) / 60;
    vo_civil_format(&c, out);
    if (offset_s == 0)
        snprintf(out + 19, 8, "Z");
    else
        snprintf(out + 19, 16, "%c%02d:%02d", offset_s < 0 ? '-' : '+', (m / 60) % 100, m % 60);
}

static size_t put_row(char *to, const vo_series *s, const vo_zone *zone, size_t t) {
    vo_source_stamp(zone, s->start[t].s, to);
    size_t n = strlen(to);
    for (size_t k = 0; k < s->n_columns; k++) {
        char number[VO_TEXT_NUMBER];
        const double v = s->column[k].value[t];
        to[n++] = ',';
        if (!isfinite(v)) continue;
        const size_t len = vo_text_format_number(v, number);
        memcpy(to + n, number, len);
        n += len;
    }
    to[n++] = '\n';
    return n;
}

vo_status vo_series_write_csv(const vo_series *s, const char *path, vo_error *err) {
    const size_t row = 40 + s->n_columns * (VO_TEXT_NUMBER + 1);
    const size_t header = 16 + s->n_columns * (2 * VO_COLUMN_NAME + 3);
    vo_zone *zone = NULL;
    vo_status st = s->zone[0] ? vo_zone_open(s->zone, &zone, err) : VO_OK;
    if (st != VO_OK) return st;
    char *text = malloc(header + s->n * row + 40);
    if (!text) {
        vo_zone_close(zone);
        return vo_fail(err, VO_ENOMEM, "no memory to write %zu rows", s->n);
    }
    size_t n = (size_t)snprintf(text, 16, "timestamp");
    for (size_t k = 0; k < s->n_columns; k++) {
        text[n++] = ',';
        n += put_name(text + n, s->column[k].name);
    }
    text[n++] = '\n';
    for (size_t t = 0; t < s->n; t++) n += put_row(text + n, s, zone, t);
    vo_zone_close(zone);
    st = vo_file_write(path, text, n, err);
    free(text);
    return st;
}
