/* lake_raw.c -- a span as its source wrote it (vo_lake_read_raw of lake.h): the kept changes
 * are undone, so that cleaning the result again gives the stored series.
 *
 * A value that cleaning dropped comes back; one that it filled becomes missing again, and a row
 * of which nothing is left then was never there, unless its line is known. Rows that were
 * dropped come before the row that was kept in their place: the later row of a source is the
 * one that counts. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/lake_changes.h"

typedef struct {
    const vo_series *s; /* NULL: nothing is stored in the span */
    const vo_lake_change *change;
    size_t n, n_columns;
    char column[VO_SERIES_MAX_COLUMNS][VO_COLUMN_NAME];
    vo_readings_set *set;
    vo_readings *r;
} raw;

/* Names of the series first, then those that only changes have. */
static vo_status name_columns(raw *w, vo_error *err) {
    for (size_t c = 0; w->s && c < w->s->n_columns; c++)
        memcpy(w->column[w->n_columns++], w->s->column[c].name, VO_COLUMN_NAME);
    for (size_t i = 0; i < w->n; i++) {
        const char *name = w->change[i].column;
        size_t c = 0;
        if (w->change[i].touch.column < 0) continue;
        while (c < w->n_columns && !vo_text_same(w->column[c], name)) c++;
        if (c < w->n_columns) continue;
        if (c == VO_SERIES_MAX_COLUMNS)
            return vo_fail(err, VO_EINVAL, "the span has over %d columns; choose less",
                           VO_SERIES_MAX_COLUMNS);
        memcpy(w->column[w->n_columns++], name, VO_COLUMN_NAME);
    }
    if (w->n_columns == 0) memcpy(w->column[w->n_columns++], "price", 6);
    return VO_OK;
}

static size_t place_of(const raw *w, const vo_lake_change *change) {
    if (change->touch.column < 0) return 0;
    size_t c = 0;
    while (!vo_text_same(w->column[c], change->column)) c++;
    return c;
}

static bool is_dropped_row(const vo_touch *t) {
    return t->rule == VO_CLEAN_DUPLICATE_SAME || t->rule == VO_CLEAN_DUPLICATE_LAST ||
           t->rule == VO_CLEAN_DST_SKIPPED;
}

static bool is_same_row(const vo_touch *a, const vo_touch *b) {
    return a->start_s == b->start_s && a->rule == b->rule && a->line == b->line;
}

/* The rows of one group of changes [a, b) of one start, rule and line: the k-th value of each
 * column belongs to the k-th row. */
static vo_status add_dropped(raw *w, size_t a, size_t b, vo_error *err) {
    const vo_touch *t = &w->change[a].touch;
    const uint8_t flag = t->rule == VO_CLEAN_DST_SKIPPED ? VO_READING_SKIPPED_HOUR : 0;
    for (size_t k = 0;; k++) {
        double value[VO_SERIES_MAX_COLUMNS];
        size_t seen[VO_SERIES_MAX_COLUMNS] = {0};
        bool any = false;
        for (size_t c = 0; c < w->n_columns; c++) value[c] = (double)NAN;
        for (size_t i = a; i < b; i++) {
            const size_t c = place_of(w, &w->change[i]);
            if (seen[c]++ != k) continue;
            value[c] = w->change[i].touch.old_value;
            any = true;
        }
        if (!any) return VO_OK;
        const vo_status st =
            vo_readings_add(w->set, w->r, t->start_s, t->line, flag, value, err);
        if (st != VO_OK) return st;
    }
}

/* Undoes the changes [a, b) of one start on a row of values. Where a value was first dropped
 * and then filled, the dropped one is the source's. */
static uint32_t undo(const raw *w, size_t a, size_t b, double *value) {
    bool dropped[VO_SERIES_MAX_COLUMNS] = {false};
    uint32_t line = 0;
    for (size_t i = a; i < b; i++) {
        const vo_touch *t = &w->change[i].touch;
        if (is_dropped_row(t)) continue;
        if (t->line) line = t->line;
        if (t->column < 0) continue;
        if (strcmp(vo_clean_rule_done(t->rule), "kept") == 0) continue;
        const size_t c = place_of(w, &w->change[i]);
        const bool fill = isnan(t->old_value);
        if (fill && dropped[c]) continue;
        value[c] = t->old_value;
        dropped[c] = !fill;
    }
    return line;
}

static bool has_value(const double *value, size_t n) {
    for (size_t c = 0; c < n; c++)
        if (!isnan(value[c])) return true;
    return false;
}

/* One start: its dropped rows, then the row itself; row == SIZE_MAX: none is stored. */
static vo_status add_start(raw *w, int64_t start_s, size_t row, size_t a, size_t b,
                           vo_error *err) {
    double value[VO_SERIES_MAX_COLUMNS];
    for (size_t i = a; i < b;) {
        size_t end = i + 1;
        while (end < b && is_same_row(&w->change[i].touch, &w->change[end].touch)) end++;
        if (is_dropped_row(&w->change[i].touch)) {
            const vo_status st = add_dropped(w, i, end, err);
            if (st != VO_OK) return st;
        }
        i = end;
    }
    for (size_t c = 0; c < w->n_columns; c++)
        value[c] =
            row != SIZE_MAX && c < w->s->n_columns ? w->s->column[c].value[row] : (double)NAN;
    const uint32_t line = undo(w, a, b, value);
    if (!has_value(value, w->n_columns) && line == 0) return VO_OK;
    return vo_readings_add(w->set, w->r, start_s, line, 0, value, err);
}

static vo_status add_all(raw *w, vo_error *err) {
    const size_t n = w->s ? w->s->n : 0;
    for (size_t t = 0, i = 0; t < n || i < w->n;) {
        const int64_t row_s = t < n ? w->s->start[t].s : INT64_MAX;
        const int64_t change_s = i < w->n ? w->change[i].touch.start_s : INT64_MAX;
        const int64_t at = row_s < change_s ? row_s : change_s;
        size_t end = i;
        while (end < w->n && w->change[end].touch.start_s == at) end++;
        const vo_status st = add_start(w, at, row_s == at ? t : SIZE_MAX, i, end, err);
        if (st != VO_OK) return st;
        t += row_s == at;
        i = end;
    }
    return VO_OK;
}

static void copy(char *to, size_t size, const char *from) {
    const size_t len = strnlen(from, size - 1);
    memcpy(to, from, len);
    to[len] = '\0';
}

static vo_status make_set(raw *w, const vo_lake_key *key, vo_error *err) {
    const char *name[VO_SERIES_MAX_COLUMNS];
    vo_status st = name_columns(w, err);
    if (st == VO_OK) st = vo_readings_set_create(&w->set, err);
    if (st != VO_OK) return st;
    for (size_t c = 0; c < w->n_columns; c++) name[c] = w->column[c];
    st = vo_readings_set_node(w->set, key->market, key->process, key->node, name, w->n_columns,
                              &w->r, err);
    if (st != VO_OK) return st;
    vo_readings *r = w->r;
    copy(r->kind, sizeof r->kind, vo_lake_kind(key));
    if (w->s) {
        copy(r->zone, sizeof r->zone, w->s->zone);
        copy(r->currency, sizeof r->currency, w->s->currency);
        copy(r->unit, sizeof r->unit, w->s->unit);
        copy(r->label, sizeof r->label, w->s->label);
        r->interval_h = w->s->dt_h[0];
    }
    for (size_t t = 1; w->s && t < w->s->n; t++) /* no grid is known of uneven ones */
        if (fabs(w->s->dt_h[t] - w->s->dt_h[0]) > 1e-9 * w->s->dt_h[0]) r->interval_h = 0;
    for (size_t i = 0; i < w->n; i++)
        if (w->change[i].touch.rule == VO_CLEAN_ZERO_PLACEHOLDER) r->zero_is_missing = true;
    return add_all(w, err);
}

vo_status vo_lake_read_raw(vo_lake *lake, const vo_lake_key *key, vo_time from, vo_time to,
                           vo_readings_set **out, vo_error *err) {
    vo_lake_years years = {.n = 0};
    vo_lake_change *change = NULL;
    vo_series *s = NULL;
    raw w = {.n = 0};
    vo_status st = vo_lake_changes(lake, key, from, to, &change, &w.n, err);
    if (st == VO_OK) st = vo_lake_find_years(lake, key, &years, err);
    if (st != VO_OK) goto fail;
    const vo_lake_key exact = {key->market, years.process, key->node, key->kind};
    if ((st = vo_lake_read_rows(lake, &exact, &years, from, to, &s, err)) != VO_OK) goto fail;
    if (!s && w.n == 0) {
        st = vo_fail(err, VO_ENOTFOUND, "the lake has no %s of %s %s in that span",
                     vo_lake_kind(key), key->market, key->node);
        goto fail;
    }
    w.s = s;
    w.change = change;
    if ((st = make_set(&w, &exact, err)) != VO_OK) goto fail;
    *out = w.set;
    w.set = NULL;
fail:
    vo_readings_set_free(w.set);
    vo_lake_years_fini(&years);
    vo_series_free(s);
    free(change);
    return st;
}
