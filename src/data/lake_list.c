/* lake_list.c -- what the lake has (vo_lake_list and vo_lake_look of lake.h), from the heads of its files: each
 * is read through and checked, none is decoded. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/lake_part.h"

#define MAX_LENGTHS 16

typedef struct {
    vo_lake *lake;
    size_t n, capacity;
    vo_lake_entry *entry;
    /* Rows by interval length, of the entry that is being filled. */
    size_t n_lengths;
    struct {
        double h;
        int64_t rows;
    } length[MAX_LENGTHS];
} listing;

static bool is_entry(const vo_lake_entry *e, const vo_lake_key *key) {
    return strcmp(e->kind, key->kind) == 0 && strcmp(e->market, key->market) == 0 &&
           strcmp(e->process, key->process) == 0 && strcmp(e->node, key->node) == 0;
}

/* The years of a series come one after the other. */
static vo_lake_entry *entry_of(listing *l, const vo_lake_key *key) {
    if (l->n && is_entry(&l->entry[l->n - 1], key)) return &l->entry[l->n - 1];
    if (l->n == l->capacity) {
        const size_t capacity = l->capacity ? l->capacity * 2 : 16;
        vo_lake_entry *more = realloc(l->entry, capacity * sizeof *more);
        if (!more) return NULL;
        l->entry = more;
        l->capacity = capacity;
    }
    vo_lake_entry *e = &l->entry[l->n++];
    *e = (vo_lake_entry){.rows = 0};
    snprintf(e->kind, sizeof e->kind, "%s", key->kind);
    snprintf(e->market, sizeof e->market, "%s", key->market);
    snprintf(e->process, sizeof e->process, "%s", key->process);
    snprintf(e->node, sizeof e->node, "%s", key->node);
    l->n_lengths = 0;
    return e;
}

static void add_columns(vo_lake_entry *e, const vo_lake_head *h) {
    for (size_t i = 0; i < h->n_columns; i++) {
        size_t c = 0;
        while (c < e->n_columns && !vo_text_same(e->column[c], h->column[i])) c++;
        if (c == e->n_columns && c < VO_SERIES_MAX_COLUMNS)
            memcpy(e->column[e->n_columns++], h->column[i], VO_COLUMN_NAME);
    }
}

static void add_length(listing *l, vo_lake_entry *e, const vo_lake_head *h) {
    size_t i = 0, best = 0;
    while (i < l->n_lengths && l->length[i].h != h->interval_h) i++;
    e->mixed = e->mixed || h->mixed || (l->n_lengths && i == l->n_lengths);
    if (i == MAX_LENGTHS) return;
    if (i == l->n_lengths) {
        l->length[i].h = h->interval_h;
        l->length[i].rows = 0;
        l->n_lengths++;
    }
    l->length[i].rows += h->rows;
    for (i = 0; i < l->n_lengths; i++)
        if (l->length[i].rows > l->length[best].rows) best = i;
    e->interval_h = l->length[best].h;
}

static void add_part(listing *l, vo_lake_entry *e, const vo_lake_head *h) {
    if (h->rows == 0) return;
    if (e->rows == 0 || h->first_s < e->first_s) e->first_s = h->first_s;
    if (e->rows == 0 || h->last_s > e->last_s) e->last_s = h->last_s;
    e->rows += h->rows;
    if (h->zone[0]) memcpy(e->zone, h->zone, sizeof e->zone);
    if (h->currency[0]) memcpy(e->currency, h->currency, sizeof e->currency);
    if (h->unit[0]) memcpy(e->unit, h->unit, sizeof e->unit);
    add_columns(e, h);
    add_length(l, e, h);
}

static vo_status take_place(void *ctx, const vo_lake_place *place, vo_error *err) {
    listing *l = ctx;
    char path[VO_LAKE_PATH + 32];
    vo_lake_head head;
    if (!place->part && !place->changes) return VO_OK;
    vo_lake_entry *e = entry_of(l, &place->key);
    if (!e) return vo_fail(err, VO_ENOMEM, "no memory to list the lake");
    snprintf(path, sizeof path, "%s/part.parquet", place->folder);
    vo_status st = vo_lake_head_load(l->lake, path, &head, err);
    if (st != VO_OK) return st;
    if (head.state == VO_LAKE_BAD)
        e->damaged++;
    else
        add_part(l, e, &head);
    if (!place->changes) return VO_OK;
    snprintf(path, sizeof path, "%s/changes.parquet", place->folder);
    if ((st = vo_lake_head_load(l->lake, path, &head, err)) != VO_OK) return st;
    if (head.state == VO_LAKE_BAD)
        e->damaged++;
    else if (!place->part && head.of != 0)
        e->damaged++; /* the part that they belong to is lost */
    else
        e->changes += head.touched;
    return VO_OK;
}

static int by_name(const void *a, const void *b) {
    const vo_lake_entry *x = a, *y = b;
    int order = strcmp(x->kind, y->kind);
    if (order == 0) order = strcmp(x->market, y->market);
    if (order == 0) order = strcmp(x->process, y->process);
    return order ? order : strcmp(x->node, y->node);
}

static vo_status take_name(void *ctx, const vo_lake_place *place, vo_error *err) {
    if (!place->part && !place->changes) return VO_OK;
    return entry_of(ctx, &place->key) ? VO_OK
                                      : vo_fail(err, VO_ENOMEM, "no memory to list the lake");
}

static vo_status list(vo_lake *lake,
                      vo_status (*take)(void *ctx, const vo_lake_place *place, vo_error *err),
                      vo_lake_entry **out, size_t *n, vo_error *err) {
    listing l = {.lake = lake};
    const vo_lake_visitor visitor = {.ctx = &l, .place = take};
    const vo_status st = vo_lake_walk(lake, &visitor, err);
    if (st != VO_OK) {
        free(l.entry);
        return st;
    }
    if (l.n > 1) qsort(l.entry, l.n, sizeof *l.entry, by_name);
    *out = l.entry;
    *n = l.n;
    return VO_OK;
}

vo_status vo_lake_list(vo_lake *lake, vo_lake_entry **out, size_t *n, vo_error *err) {
    return list(lake, take_place, out, n, err);
}

vo_status vo_lake_names(vo_lake *lake, vo_lake_entry **out, size_t *n, vo_error *err) {
    return list(lake, take_name, out, n, err);
}

vo_status vo_lake_look(vo_lake *lake, const vo_lake_key *key, vo_lake_entry *out,
                       vo_error *err) {
    listing l = {.lake = lake};
    vo_lake_years years = {.n = 0};
    char folder[VO_LAKE_PATH];
    vo_status st = vo_lake_key_check(key, false, err);
    if (st == VO_OK) st = vo_lake_find_years(lake, key, &years, err);
    if (st == VO_OK && years.n == 0) st = vo_lake_not_there(lake, key, err);
    const vo_lake_key exact = {key->market, years.process, key->node, vo_lake_kind(key)};
    for (size_t i = 0; st == VO_OK && i < years.n; i++) {
        vo_lake_year_folder(lake, &exact, years.year[i], folder);
        const vo_lake_place place = {exact, years.year[i], folder, true, true};
        st = take_place(&l, &place, err);
    }
    if (st == VO_OK) *out = l.entry[0];
    vo_lake_years_fini(&years);
    free(l.entry);
    return st;
}
