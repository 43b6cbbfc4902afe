/* spill.c -- see spill.h. An extent is the arrays of its rows one after the other: starts,
 * columns, lines, flags. Small writes are gathered; reads go straight to the file. */
#include "data/spill.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/stream.h"

#define GATHER ((size_t)1 << 20)

struct vo_spill {
    char folder[2048];
    vo_stream file;
    int64_t end; /* of what was moved; what lies behind end - n_gather is not written yet */
    size_t n_gather;
    char gather[GATHER];
};

vo_status vo_spill_create(const char *folder, vo_spill **out, vo_error *err) {
    if (strlen(folder) >= sizeof(*out)->folder)
        return vo_fail(err, VO_EINVAL, "\"%.60s...\": too long a folder name", folder);
    vo_spill *s = malloc(sizeof *s);
    if (!s) return vo_fail(err, VO_ENOMEM, "no memory to move readings to disk");
    snprintf(s->folder, sizeof s->folder, "%s", folder);
    s->file = VO_STREAM_NONE;
    s->end = 0;
    s->n_gather = 0;
    *out = s;
    return VO_OK;
}

void vo_spill_free(vo_spill *s) {
    if (!s) return;
    vo_stream_close(&s->file);
    free(s);
}

/* ---- out --------------------------------------------------------------------------- */

static vo_status write_at(vo_spill *s, int64_t at, const void *data, size_t n, vo_error *err) {
    vo_error why = {0};
    vo_status st = VO_OK;
    if (s->file.fd < 0) st = vo_stream_temporary(s->folder, &s->file, &why);
    if (st == VO_OK) st = vo_stream_write_at(&s->file, at, data, n, &why);
    if (st == VO_OK) return VO_OK;
    return vo_fail(
        err, st,
        "rows that do not fit into memory cannot be kept in \"%.200s\" (%.200s); make "
        "room there, or import the file in parts",
        s->folder, why.msg);
}

vo_status vo_spill_flush(vo_spill *s, vo_error *err) {
    if (s->n_gather == 0) return VO_OK;
    const vo_status st =
        write_at(s, s->end - (int64_t)s->n_gather, s->gather, s->n_gather, err);
    if (st == VO_OK) s->n_gather = 0;
    return st;
}

static vo_status put(vo_spill *s, const void *data, size_t n, vo_error *err) {
    vo_status st = VO_OK;
    if (s->n_gather + n > GATHER) st = vo_spill_flush(s, err);
    if (st != VO_OK) return st;
    if (n > GATHER) {
        st = write_at(s, s->end, data, n, err);
    } else {
        memcpy(s->gather + s->n_gather, data, n);
        s->n_gather += n;
    }
    if (st == VO_OK) s->end += (int64_t)n;
    return st;
}

static vo_status add_extent(const vo_spill *s, vo_readings *r, vo_error *err) {
    if (r->n_extents == r->extents_capacity) {
        const size_t capacity = r->extents_capacity ? 2 * r->extents_capacity : 4;
        vo_extent *more = realloc(r->extent, capacity * sizeof *more);
        if (!more) return vo_fail(err, VO_ENOMEM, "no memory for the rows of %s", r->node);
        r->extent = more;
        r->extents_capacity = capacity;
    }
    vo_extent e = {s->end, r->n, r->start_s[0], r->start_s[0]};
    for (size_t i = 1; i < r->n; i++) {
        if (r->start_s[i] < e.min_s) e.min_s = r->start_s[i];
        if (r->start_s[i] > e.max_s) e.max_s = r->start_s[i];
    }
    r->extent[r->n_extents++] = e;
    return VO_OK;
}

vo_status vo_spill_out(vo_spill *s, vo_readings *r, vo_error *err) {
    if (r->n == 0) return VO_OK;
    vo_status st = add_extent(s, r, err);
    if (st == VO_OK) st = put(s, r->start_s, r->n * sizeof r->start_s[0], err);
    for (size_t c = 0; c < r->n_columns && st == VO_OK; c++)
        st = put(s, r->column[c].value, r->n * sizeof(double), err);
    if (st == VO_OK) st = put(s, r->line, r->n * sizeof r->line[0], err);
    if (st == VO_OK) st = put(s, r->flag, r->n * sizeof r->flag[0], err);
    if (st == VO_OK) r->n = 0;
    return st;
}

/* ---- in ---------------------------------------------------------------------------- */

static vo_status read_at(const vo_spill *s, int64_t at, void *into, size_t n, vo_error *err) {
    size_t got = 0;
    const vo_status st = vo_stream_read_at(&s->file, at, into, n, &got, err);
    if (st != VO_OK || got == n) return st;
    return vo_fail(err, VO_EIO, "rows kept in \"%.200s\" are gone", s->folder);
}

/* Drops the rows of to[from..n) that lie outside of the span. */
static void keep_span(vo_readings *to, size_t from, int64_t from_s, int64_t to_s) {
    size_t n = from;
    for (size_t i = from; i < to->n; i++) {
        if (to->start_s[i] < from_s || to->start_s[i] >= to_s) continue;
        to->start_s[n] = to->start_s[i];
        to->line[n] = to->line[i];
        to->flag[n] = to->flag[i];
        for (size_t c = 0; c < to->n_columns; c++)
            to->column[c].value[n] = to->column[c].value[i];
        n++;
    }
    to->n = n;
}

/* Rows are read in pieces and those outside of the span dropped at once, so that `to` needs
 * room for the span and a piece. */
vo_status vo_spill_in(const vo_spill *s, const vo_readings *from, size_t e, int64_t from_s,
                      int64_t to_s, vo_readings *to, vo_error *err) {
    const vo_extent *x = &from->extent[e];
    const int64_t n = (int64_t)x->n, columns_at = x->at + 8 * n;
    const int64_t lines_at = columns_at + 8 * n * (int64_t)from->n_columns;
    const bool all = from_s <= x->min_s && to_s > x->max_s;
    if (x->max_s < from_s || x->min_s >= to_s) return VO_OK;
    for (int64_t i = 0; i < n;) {
        const size_t k = to->n;
        const int64_t left = n - i,
                      piece = all || left < VO_SPILL_PIECE ? left : VO_SPILL_PIECE;
        const size_t m = (size_t)piece;
        if (k + m > to->capacity)
            return vo_fail(err, VO_EIO, "%s: more rows on disk than were counted", from->node);
        vo_status st = read_at(s, x->at + 8 * i, to->start_s + k, 8 * m, err);
        for (size_t c = 0; c < from->n_columns && st == VO_OK; c++)
            st = read_at(s, columns_at + 8 * (n * (int64_t)c + i), to->column[c].value + k,
                         8 * m, err);
        if (st == VO_OK) st = read_at(s, lines_at + 4 * i, to->line + k, 4 * m, err);
        if (st == VO_OK) st = read_at(s, lines_at + 4 * n + i, to->flag + k, m, err);
        if (st != VO_OK) return st;
        to->n += m;
        if (!all) keep_span(to, k, from_s, to_s);
        i += piece;
    }
    return VO_OK;
}

vo_status vo_spill_starts(const vo_spill *s, const vo_readings *from, size_t e, size_t at,
                          int64_t *start_s, uint8_t *flag, size_t n, size_t *got,
                          vo_error *err) {
    const vo_extent *x = &from->extent[e];
    const size_t left = (size_t)x->n - at, m = left < n ? left : n;
    const int64_t flags_at = x->at + (int64_t)x->n * (8 + 8 * (int64_t)from->n_columns + 4);
    vo_status st = read_at(s, x->at + 8 * (int64_t)at, start_s, 8 * m, err);
    if (st == VO_OK && flag) st = read_at(s, flags_at + (int64_t)at, flag, m, err);
    *got = m;
    return st;
}
