/* readings.c -- see readings.h. Rows of a node lie in parallel arrays that double; nodes are
 * found through an open-addressing hash of (market, process, node). */
#include "data/readings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <volteo/schedule.h>

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

static void readings_free(vo_readings *r) {
    if (!r) return;
    for (size_t c = 0; c < r->n_columns; c++) free(r->column[c].value);
    free(r->start_s);
    free(r->line);
    free(r->flag);
    free(r);
}

void vo_readings_set_free(vo_readings_set *set) {
    if (!set) return;
    for (size_t i = 0; i < set->n; i++) readings_free(set->item[i]);
    free(set->item);
    free(set->bucket);
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
    const vo_readings *shape = NULL;
    if (strlen(market) >= sizeof shape->market)
        return vo_fail(err, VO_EINVAL, "market \"%.40s...\" is longer than 31 bytes", market);
    if (strlen(process) >= sizeof shape->process)
        return vo_fail(err, VO_EINVAL, "process \"%.40s...\" is longer than 31 bytes", process);
    if (strlen(node) >= sizeof shape->node)
        return vo_fail(err, VO_EINVAL, "node \"%.70s...\" is longer than 63 bytes", node);
    if (set->n_buckets) {
        const size_t at = *slot(set, market, process, node);
        if (at) {
            *out = set->item[at - 1];
            return VO_OK;
        }
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

static vo_status grow_rows(vo_readings *r, vo_error *err) {
    const size_t capacity = r->capacity ? r->capacity * 2 : 64;
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

vo_status vo_readings_add(vo_readings_set *set, vo_readings *r, int64_t start_s, uint32_t line,
                          uint8_t flag, const double *values, vo_error *err) {
    if (set->rows >= VO_MAX_INTERVALS)
        return vo_fail(err, VO_EINVAL, "more than %u rows; split the file or name a node",
                       VO_MAX_INTERVALS);
    if (r->n == r->capacity && grow_rows(r, err) != VO_OK) return VO_ENOMEM;
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

/* ---- taking them out ------------------------------------------------------------ */

static int by_size(const void *a, const void *b) {
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Stamps at interval ends: back by the interval stated, or by the median distance. */
void vo_readings_settle(vo_readings *r) {
    if (!r->stamps_at_end) return;
    r->stamps_at_end = false;
    int64_t step_s = (int64_t)llround(r->interval_h * 3600);
    if (step_s <= 0 && r->n > 1) {
        int64_t sample[1001];
        size_t n = 0;
        for (size_t i = 1; i < r->n && n < 1001; i++)
            if (r->start_s[i] > r->start_s[i - 1])
                sample[n++] = r->start_s[i] - r->start_s[i - 1];
        qsort(sample, n, sizeof sample[0], by_size);
        step_s = n ? sample[n / 2] : 0;
    }
    for (size_t i = 0; i < r->n; i++) r->start_s[i] -= step_s;
}

vo_status vo_readings_set_each(vo_readings_set *set, vo_readings_take take, void *ctx,
                               vo_error *err) {
    for (size_t i = 0; i < set->n; i++) {
        vo_readings_settle(set->item[i]);
        const vo_status st = take(ctx, set->item[i], err);
        if (st != VO_OK) return st;
    }
    return VO_OK;
}
