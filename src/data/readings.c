/* readings.c -- see readings.h. Rows of a node lie in parallel arrays that double; nodes are
 * found through an open-addressing hash of (market, process, node). */
#include "data/readings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <volteo/schedule.h>

#include "data/letters.h"
#include "data/spill.h"

vo_status vo_kind_check(const char *kind, vo_error *err) {
    const size_t n = strspn(kind, "abcdefghijklmnopqrstuvwxyz_");
    if (n > 0 && n < 16 && kind[n] == '\0') return VO_OK;
    return vo_fail(err, VO_EINVAL,
                   "kind = \"%.40s\": must be prices, load, weather, carbon or another name of "
                   "1..15 lower-case letters",
                   kind);
}

vo_status vo_readings_set_create(vo_readings_set **out, vo_error *err) {
    vo_readings_set *set = calloc(1, sizeof *set);
    if (!set) return vo_fail(err, VO_ENOMEM, "no memory for readings");
    *out = set;
    return VO_OK;
}

vo_status vo_readings_set_create_spilling(const char *folder, size_t budget_bytes,
                                          vo_readings_set **out, vo_error *err) {
    vo_readings_set *set = calloc(1, sizeof *set);
    if (!set) return vo_fail(err, VO_ENOMEM, "no memory for readings");
    const vo_status st = vo_spill_create(folder, &set->spill, err);
    if (st != VO_OK) {
        vo_readings_set_free(set);
        return st;
    }
    set->budget = budget_bytes;
    *out = set;
    return VO_OK;
}

static void free_rows(vo_readings *r) {
    for (size_t c = 0; c < r->n_columns; c++) {
        free(r->column[c].value);
        r->column[c].value = NULL;
    }
    free(r->start_s);
    free(r->line);
    free(r->flag);
    r->start_s = NULL;
    r->line = NULL;
    r->flag = NULL;
    r->n = r->capacity = 0;
}

static void readings_free(vo_readings *r) {
    if (!r) return;
    free_rows(r);
    free(r->extent);
    free(r);
}

void vo_readings_set_free(vo_readings_set *set) {
    if (!set) return;
    for (size_t i = 0; i < set->n; i++) readings_free(set->item[i]);
    free(set->item);
    free(set->bucket);
    vo_spill_free(set->spill);
    free(set);
}

static uint64_t hash_more(uint64_t h, const char *s) { /* FNV-1a, with the NUL as separator */
    do h = (h ^ (unsigned char)*s) * 1099511628211u;
    while (*s++);
    return h;
}

static uint64_t hash_key(const char *market, const char *process, const char *node) {
    return hash_more(hash_more(hash_more(14695981039346656037u, node), process), market);
}

static bool is_key(const vo_readings *r, const char *market, const char *process,
                   const char *node) {
    return strcmp(r->node, node) == 0 && strcmp(r->process, process) == 0 &&
           strcmp(r->market, market) == 0;
}

/* The bucket of a key: holds index + 1, or 0 where the key would go. */
static size_t *slot(vo_readings_set *set, const char *market, const char *process,
                    const char *node) {
    size_t i = (size_t)hash_key(market, process, node) & (set->n_buckets - 1);
    while (set->bucket[i] && !is_key(set->item[set->bucket[i] - 1], market, process, node))
        i = (i + 1) & (set->n_buckets - 1);
    return &set->bucket[i];
}

static vo_status grow_nodes(vo_readings_set *set, vo_error *err) {
    const size_t capacity = set->capacity ? set->capacity * 2 : 8;
    vo_readings **item = realloc(set->item, capacity * sizeof *item);
    if (!item) return vo_fail(err, VO_ENOMEM, "no memory for %zu nodes", capacity);
    set->item = item;
    size_t *bucket = calloc(capacity * 2, sizeof *bucket);
    if (!bucket) return vo_fail(err, VO_ENOMEM, "no memory for %zu nodes", capacity);
    free(set->bucket);
    set->bucket = bucket;
    set->n_buckets = capacity * 2;
    set->capacity = capacity;
    for (size_t i = 0; i < set->n; i++) {
        const vo_readings *r = set->item[i];
        *slot(set, r->market, r->process, r->node) = i + 1;
    }
    return VO_OK;
}

static vo_status add_node(vo_readings_set *set, const char *market, const char *process,
                          const char *node, const char *const *columns, size_t n_columns,
                          vo_readings **out, vo_error *err) {
    if (set->n >= VO_READINGS_MAX_NODES)
        return vo_fail(err, VO_EINVAL, "more than %u nodes in one file; split it",
                       VO_READINGS_MAX_NODES);
    if (n_columns == 0 || n_columns > VO_SERIES_MAX_COLUMNS)
        return vo_fail(err, VO_EINVAL, "%zu columns; a series has 1..%d", n_columns,
                       VO_SERIES_MAX_COLUMNS);
    if (set->n == set->capacity && grow_nodes(set, err) != VO_OK) return VO_ENOMEM;
    vo_readings *r = calloc(1, sizeof *r);
    if (!r) return vo_fail(err, VO_ENOMEM, "no memory for node %s", node);
    strcpy(r->market, market);
    strcpy(r->process, process);
    strcpy(r->node, node);
    r->n_columns = n_columns;
    r->last_s = INT64_MIN;
    for (size_t c = 0; c < n_columns; c++) {
        const size_t len = strlen(columns[c]);
        memcpy(r->column[c].name, columns[c], len < VO_COLUMN_NAME ? len : VO_COLUMN_NAME - 1);
    }
    *slot(set, market, process, node) = set->n + 1;
    set->item[set->n++] = r;
    *out = r;
    return VO_OK;
}

vo_status vo_readings_set_node(vo_readings_set *set, const char *market, const char *process,
                               const char *node, const char *const *columns, size_t n_columns,
                               vo_readings **out, vo_error *err) {
    static const char *const what[] = {"market", "process", "node"};
    const vo_readings *shape = NULL;
    if (strlen(market) >= sizeof shape->market)
        return vo_fail(err, VO_EINVAL, "market \"%.40s...\" is longer than 31 bytes", market);
    if (strlen(process) >= sizeof shape->process)
        return vo_fail(err, VO_EINVAL, "process \"%.40s...\" is longer than 31 bytes", process);
    if (strlen(node) >= sizeof shape->node)
        return vo_fail(err, VO_EINVAL, "node \"%.70s...\" is longer than %d bytes", node,
                       VO_NODE_NAME - 1);
    if (set->n_buckets) {
        const size_t at = *slot(set, market, process, node);
        if (at) {
            *out = set->item[at - 1];
            return VO_OK;
        }
    }
    const char *const name[] = {market, process, node};
    for (size_t i = 0; i < 3 + n_columns; i++) {
        const char *text = i < 3 ? name[i] : columns[i - 3];
        if (!vo_letters_are_utf8(text, strlen(text)))
            return vo_fail(err, VO_EINVAL,
                           "the %s \"%.70s\" is not UTF-8; save the file as UTF-8",
                           i < 3 ? what[i] : "column", text);
    }
    return add_node(set, market, process, node, columns, n_columns, out, err);
}

bool vo_readings_same_node(const char *a, const char *b) {
    for (; *a && *b; a++, b++) {
        const bool a_gap = *a == ' ' || *a == '-' || *a == '_';
        const bool b_gap = *b == ' ' || *b == '-' || *b == '_';
        if (a_gap != b_gap || (!a_gap && *a != *b)) return false;
    }
    return *a == *b;
}

static vo_status no_such_node(const vo_readings_set *set, const char *what, vo_error *err) {
    char names[240] = "";
    size_t at = 0;
    for (size_t i = 0; i < set->n && i < 8; i++) {
        const vo_readings *r = set->item[i];
        const size_t need = strlen(r->node) + strlen(r->process) + 4;
        if (at + need >= sizeof names) break;
        if (i) names[at++] = ',', names[at++] = ' ';
        memcpy(names + at, r->node, strlen(r->node));
        at += strlen(r->node);
        names[at++] = ' ';
        memcpy(names + at, r->process, strlen(r->process));
        at += strlen(r->process);
    }
    names[at] = '\0';
    return vo_fail(err, VO_ENOTFOUND, "%s; the file has %zu series: %s%s", what, set->n, names,
                   set->n > 8 ? ", ..." : "");
}

vo_status vo_readings_set_find(const vo_readings_set *set, const char *process,
                               const char *node, const vo_readings **out, vo_error *err) {
    const vo_readings *found = NULL;
    size_t matches = 0;
    for (size_t i = 0; i < set->n; i++) {
        const vo_readings *r = set->item[i];
        if (process && process[0] && strcmp(process, r->process) != 0) continue;
        if (node && node[0] && !vo_readings_same_node(node, r->node)) continue;
        found = r;
        matches++;
    }
    if (matches == 0) return no_such_node(set, "no such node or process in the file", err);
    if (matches > 1)
        return no_such_node(
            set, "several series: choose with node = \"NAME\", or process = \"NAME\"", err);
    *out = found;
    return VO_OK;
}

/* ---- rows ----------------------------------------------------------------------- */

static size_t row_bytes(const vo_readings *r) { return 13 + 8 * r->n_columns; }

static vo_status make_room(vo_readings *r, size_t capacity, vo_error *err) {
    int64_t *start = realloc(r->start_s, capacity * sizeof *start);
    if (start) r->start_s = start;
    uint32_t *line = realloc(r->line, capacity * sizeof *line);
    if (line) r->line = line;
    uint8_t *flag = realloc(r->flag, capacity * sizeof *flag);
    if (flag) r->flag = flag;
    bool ok = start && line && flag;
    for (size_t c = 0; c < r->n_columns && ok; c++) {
        double *value = realloc(r->column[c].value, capacity * sizeof *value);
        if (value) r->column[c].value = value;
        ok = value != NULL;
    }
    if (!ok) return vo_fail(err, VO_ENOMEM, "no memory for %zu rows of %s", capacity, r->node);
    r->capacity = capacity;
    return VO_OK;
}

static vo_status spill_all(vo_readings_set *set, vo_error *err) {
    for (size_t i = 0; i < set->n; i++) {
        const vo_status st = vo_spill_out(set->spill, set->item[i], err);
        if (st != VO_OK) return st;
        free_rows(set->item[i]);
    }
    set->bytes = 0;
    return vo_spill_flush(set->spill, err);
}

static vo_status grow_rows(vo_readings_set *set, vo_readings *r, vo_error *err) {
    size_t more = r->capacity ? r->capacity : 64;
    if (set->spill && set->bytes > 0 && set->bytes + more * row_bytes(r) > set->budget) {
        const vo_status st = spill_all(set, err);
        if (st != VO_OK) return st;
        more = 64;
    }
    const vo_status st = make_room(r, r->capacity + more, err);
    if (st == VO_OK) set->bytes += more * row_bytes(r);
    return st;
}

vo_status vo_readings_add(vo_readings_set *set, vo_readings *r, int64_t start_s, uint32_t line,
                          uint8_t flag, const double *values, vo_error *err) {
    if (!set->spill && set->rows >= VO_MAX_INTERVALS)
        return vo_fail(err, VO_EINVAL, "more than %u rows; split the file or name a node",
                       VO_MAX_INTERVALS);
    if (r->n == r->capacity) {
        const vo_status st = grow_rows(set, r, err);
        if (st != VO_OK) return st;
    }
    const size_t i = r->n++;
    r->start_s[i] = start_s;
    r->line[i] = line;
    r->flag[i] = flag;
    for (size_t c = 0; c < r->n_columns; c++) r->column[c].value[i] = values[c];
    r->last_s = start_s;
    r->added++;
    set->rows++;
    return VO_OK;
}

/* ---- interval ends -------------------------------------------------------------- */

#define SAMPLE 1002u

static int by_size(const void *a, const void *b) {
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* By how much ends lie behind starts: the interval stated, or the median distance between the
 * first rows; 0 where stamps are starts. */
static vo_status end_step(const vo_readings_set *set, const vo_readings *r, int64_t *step_s,
                          vo_error *err) {
    int64_t start[SAMPLE], gap[SAMPLE];
    size_t n = 0, m = 0;
    *step_s = r->stamps_at_end ? (int64_t)llround(r->interval_h * 3600) : 0;
    if (!r->stamps_at_end || *step_s > 0) return VO_OK;
    for (size_t e = 0; e < r->n_extents && n < SAMPLE; e++) {
        size_t got = 0;
        const vo_status st =
            vo_spill_starts(set->spill, r, e, 0, start + n, NULL, SAMPLE - n, &got, err);
        if (st != VO_OK) return st;
        n += got;
    }
    for (size_t i = 0; i < r->n && n < SAMPLE; i++) start[n++] = r->start_s[i];
    for (size_t i = 1; i < n; i++)
        if (start[i] != start[i - 1]) gap[m++] = llabs(start[i] - start[i - 1]);
    qsort(gap, m, sizeof gap[0], by_size);
    *step_s = m ? gap[m / 2] : 0;
    return VO_OK;
}

static void shift(vo_readings *r, int64_t step_s) {
    for (size_t i = 0; i < r->n && step_s; i++) r->start_s[i] -= step_s;
    r->stamps_at_end = false;
}

void vo_readings_set_settle(vo_readings_set *set) {
    for (size_t i = 0; i < set->n; i++) {
        int64_t step_s = 0;
        if (set->item[i]->n_extents) continue;
        (void)end_step(set, set->item[i], &step_s, NULL); /* reads nothing: all is in memory */
        shift(set->item[i], step_s);
    }
}

/* ---- taking them out ------------------------------------------------------------ */

/* Rows of the span, at most: extents whose spans do not meet it have none. */
static size_t rows_within(const vo_readings *r, int64_t from_s, int64_t to_s) {
    size_t n = r->n;
    for (size_t e = 0; e < r->n_extents; e++)
        if (r->extent[e].max_s >= from_s && r->extent[e].min_s < to_s)
            n += (size_t)r->extent[e].n;
    return n;
}

/* `r` without its rows. */
static vo_readings *same_node(const vo_readings *r) {
    vo_readings *out = malloc(sizeof *out);
    if (!out) return NULL;
    *out = *r;
    out->start_s = NULL;
    out->line = NULL;
    out->flag = NULL;
    out->extent = NULL;
    out->n = out->capacity = out->n_extents = out->extents_capacity = 0;
    for (size_t c = 0; c < r->n_columns; c++) out->column[c].value = NULL;
    return out;
}

static vo_status copy_tail(const vo_readings *r, int64_t from_s, int64_t to_s, vo_readings *to,
                           vo_error *err) {
    for (size_t i = 0; i < r->n; i++) {
        if (r->start_s[i] < from_s || r->start_s[i] >= to_s) continue;
        if (to->n == to->capacity)
            return vo_fail(err, VO_EIO, "%s: more rows than were counted", r->node);
        to->start_s[to->n] = r->start_s[i];
        to->line[to->n] = r->line[i];
        to->flag[to->n] = r->flag[i];
        for (size_t c = 0; c < r->n_columns; c++)
            to->column[c].value[to->n] = r->column[c].value[i];
        to->n++;
    }
    return VO_OK;
}

static vo_status load(const vo_readings_set *set, const vo_readings *r, int64_t from_s,
                      int64_t to_s, vo_readings **out, vo_error *err) {
    int64_t step_s = 0;
    vo_readings *to = same_node(r);
    if (!to) return vo_fail(err, VO_ENOMEM, "no memory for %s", r->node);
    vo_status st = end_step(set, r, &step_s, err);
    if (from_s > INT64_MIN + step_s) from_s += step_s;
    if (to_s < INT64_MAX - step_s) to_s += step_s;
    const bool all = from_s == INT64_MIN && to_s == INT64_MAX; /* no piece has to be cut */
    const size_t most = rows_within(r, from_s, to_s);
    if (st == VO_OK && most > 0) st = make_room(to, most + (all ? 0 : VO_SPILL_PIECE), err);
    for (size_t e = 0; e < r->n_extents && st == VO_OK; e++)
        st = vo_spill_in(set->spill, r, e, from_s, to_s, to, err);
    if (st == VO_OK) st = copy_tail(r, from_s, to_s, to, err);
    if (st != VO_OK) {
        readings_free(to);
        return st;
    }
    shift(to, step_s);
    to->added = to->n;
    *out = to;
    return VO_OK;
}

vo_status vo_readings_set_load(vo_readings_set *set, size_t i, int64_t from_s, int64_t to_s,
                               vo_readings **out, vo_error *err) {
    vo_readings *r = set->item[i];
    const bool all = from_s == INT64_MIN && to_s == INT64_MAX;
    if (r->n_extents || !all) return load(set, r, from_s, to_s, out, err);
    int64_t step_s = 0;
    (void)end_step(set, r, &step_s, NULL);
    shift(r, step_s);
    *out = r;
    return VO_OK;
}

void vo_readings_set_drop(vo_readings_set *set, size_t i, vo_readings *r) {
    if (r && r != set->item[i]) readings_free(r);
}

vo_status vo_readings_set_span(vo_readings_set *set, size_t i, int64_t *first_s,
                               int64_t *last_s, vo_error *err) {
    const vo_readings *r = set->item[i];
    int64_t min_s = INT64_MAX, max_s = INT64_MIN, step_s = 0;
    if (r->n + r->n_extents == 0) return vo_fail(err, VO_EINVAL, "%s has no rows", r->label);
    const vo_status st = end_step(set, r, &step_s, err);
    if (st != VO_OK) return st;
    for (size_t k = 0; k < r->n; k++) {
        if (r->start_s[k] < min_s) min_s = r->start_s[k];
        if (r->start_s[k] > max_s) max_s = r->start_s[k];
    }
    for (size_t e = 0; e < r->n_extents; e++) {
        if (r->extent[e].min_s < min_s) min_s = r->extent[e].min_s;
        if (r->extent[e].max_s > max_s) max_s = r->extent[e].max_s;
    }
    *first_s = min_s - step_s;
    *last_s = max_s - step_s;
    return VO_OK;
}

vo_status vo_readings_set_starts(vo_readings_set *set, size_t i, vo_readings_take_starts take,
                                 void *ctx, vo_error *err) {
    const vo_readings *r = set->item[i];
    int64_t start_s[4096];
    uint8_t flag[4096];
    for (size_t e = 0; e < r->n_extents; e++)
        for (size_t at = 0, got = 0; at < r->extent[e].n; at += got) {
            const vo_status st =
                vo_spill_starts(set->spill, r, e, at, start_s, flag, 4096, &got, err);
            if (st != VO_OK) return st;
            take(ctx, start_s, flag, got);
        }
    if (r->n) take(ctx, r->start_s, r->flag, r->n);
    return VO_OK;
}

vo_status vo_readings_set_each(vo_readings_set *set, vo_readings_take take, void *ctx,
                               vo_error *err) {
    for (size_t i = 0; i < set->n; i++) {
        vo_readings *r = NULL;
        vo_status st = vo_readings_set_load(set, i, INT64_MIN, INT64_MAX, &r, err);
        if (st == VO_OK) st = take(ctx, r, err);
        vo_readings_set_drop(set, i, r);
        if (st != VO_OK) return st;
    }
    return VO_OK;
}
