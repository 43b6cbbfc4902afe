/* clash.c -- see clash.h. Of each node the rows of a span of time are sorted by it. */
#include "data/clash.h"

#include <math.h>
#include <stdlib.h>

#define ROWS ((size_t)1 << 18) /* of one node */
#define ALL_ROWS ((size_t)1 << 20)

typedef struct {
    int64_t start_s;
    size_t i;
} place;

static int by_time(const void *a, const void *b) {
    const place *x = a, *y = b;
    if (x->start_s != y->start_s) return x->start_s < y->start_s ? -1 : 1;
    return x->i < y->i ? -1 : x->i > y->i;
}

/* A value in one and none in the other is no contradiction. */
static bool differ(const vo_readings *r, size_t a, size_t b) {
    for (size_t c = 0; c < r->n_columns; c++) {
        const double x = r->column[c].value[a], y = r->column[c].value[b];
        if (x < y || x > y) return true;
    }
    return false;
}

static void count(const vo_readings *r, const place *p, size_t n, vo_clash *out) {
    for (size_t from = 0, to = 0; from < n; from = to) {
        size_t other = 0;
        for (to = from + 1; to < n && p[to].start_s == p[from].start_s; to++)
            if (!other && differ(r, p[from].i, p[to].i)) other = to;
        if (!other) continue;
        if (!out->clashing) {
            out->line[0] = r->line[p[from].i];
            out->line[1] = r->line[p[other].i];
        }
        out->clashing += to - from;
    }
}

static vo_status look_at(const vo_readings *r, vo_clash *out, vo_error *err) {
    place *p = malloc((r->n + 1) * sizeof *p);
    size_t n = 0;
    if (!p) return vo_fail(err, VO_ENOMEM, "no memory to compare %zu rows", r->n);
    for (size_t i = 0; i < r->n; i++)
        if (!(r->flag[i] & VO_READING_SKIPPED_HOUR)) p[n++] = (place){r->start_s[i], i};
    qsort(p, n, sizeof *p, by_time);
    count(r, p, n, out);
    out->rows += n;
    free(p);
    return VO_OK;
}

/* Some of a long node's rows, from its first on: as many as are likely in such a span. */
static vo_status look_at_some(vo_readings_set *set, size_t i, vo_clash *out, vo_error *err) {
    int64_t first_s = 0, last_s = 0;
    vo_readings *some = NULL;
    vo_status st = vo_readings_set_span(set, i, &first_s, &last_s, err);
    if (st != VO_OK) return st;
    const double share = fmin(1, (double)ROWS / (double)set->item[i]->added);
    const int64_t to_s = first_s + (int64_t)(share * ((double)last_s - (double)first_s)) + 1;
    st = vo_readings_set_load(set, i, first_s, to_s, &some, err);
    if (st == VO_OK) st = look_at(some, out, err);
    vo_readings_set_drop(set, i, some);
    return st;
}

vo_status vo_clash_look(vo_readings_set *set, vo_clash *out, vo_error *err) {
    vo_status st = VO_OK;
    *out = (vo_clash){0};
    for (size_t i = 0; i < set->n && out->rows < ALL_ROWS && st == VO_OK; i++) {
        const vo_readings *r = set->item[i];
        const bool here = r->n_extents == 0 && r->n <= ROWS;
        if (r->added) st = here ? look_at(r, out, err) : look_at_some(set, i, out, err);
    }
    return st;
}

bool vo_clash_is_layout(const vo_clash *c) {
    return c->clashing >= 3 && 2 * c->clashing > c->rows;
}
