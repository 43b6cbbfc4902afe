/* lake_changes.c -- see lake_changes.h, and vo_lake_changes of lake.h. */
#include "data/lake_changes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/order.h"

#define MICRO INT64_C(1000000)

void vo_lake_kept_fini(vo_lake_kept *k) {
    free(k->item);
    *k = (vo_lake_kept){.n = 0};
}

static vo_lake_change *add(vo_lake_kept *k) {
    if (k->n == k->capacity) {
        const size_t capacity = k->capacity ? k->capacity * 2 : 64;
        vo_lake_change *more = realloc(k->item, capacity * sizeof *more);
        if (!more) return NULL;
        k->item = more;
        k->capacity = capacity;
    }
    vo_lake_change *c = &k->item[k->n++];
    memset(c, 0, sizeof *c);
    return c;
}

static vo_status no_memory(vo_error *err) {
    return vo_fail(err, VO_ENOMEM, "no memory for the changes kept with the lake");
}

/* ---- the file ---------------------------------------------------------------------------- */

enum { START, COLUMN, OLD, NEW, RULE, LINE, SOURCE, N_FIELDS };

static void copy_text(char *to, size_t size, const vo_duck_column *c, size_t row) {
    size_t len = 0;
    if (!vo_duck_has(c, row)) return;
    const char *text = vo_duck_text(c, row, &len);
    snprintf(to, size, "%.*s", (int)(len < size ? len : size - 1), text);
}

static double number_at(const vo_duck_column *c, size_t row) {
    return vo_duck_has(c, row) ? c->number[row] : (double)NAN;
}

static vo_status take_changes(void *ctx, const vo_duck_rows *rows, vo_error *err) {
    vo_lake_kept *k = ctx;
    const vo_duck_column *field = rows->column;
    static const vo_duck_kind kind[N_FIELDS] = {VO_DUCK_TIME,   VO_DUCK_TEXT, VO_DUCK_DOUBLE,
                                                VO_DUCK_DOUBLE, VO_DUCK_TEXT, VO_DUCK_INTEGER,
                                                VO_DUCK_TEXT};
    for (size_t i = 0; i < N_FIELDS; i++)
        if (field[i].kind != kind[i]) return VO_EIO;
    for (size_t i = 0; i < rows->rows; i++) {
        char rule[32] = "";
        if (!vo_duck_has(&field[START], i) || !vo_duck_has(&field[LINE], i)) return VO_EIO;
        vo_lake_change *c = add(k);
        if (!c) return no_memory(err);
        copy_text(c->column, sizeof c->column, &field[COLUMN], i);
        copy_text(c->source, sizeof c->source, &field[SOURCE], i);
        copy_text(rule, sizeof rule, &field[RULE], i);
        const int64_t line = field[LINE].integer[i];
        c->touch = (vo_touch){.start_s = field[START].integer[i] / MICRO,
                              .old_value = number_at(&field[OLD], i),
                              .new_value = number_at(&field[NEW], i),
                              .rule = vo_clean_rule_find(rule),
                              .column = strcmp(c->column, "*") == 0 ? -1 : 0,
                              .line = line > 0 && line <= UINT32_MAX ? (uint32_t)line : 0};
    }
    return VO_OK;
}

/* As parts are read: a writer may come in between, then once more. */
vo_status vo_lake_kept_read(vo_lake *lake, const char *path, vo_lake_kept *k,
                            vo_lake_head *head, vo_error *err) {
    const size_t n = k->n;
    uint64_t sum = 0;
    for (int i = 0; i < 100; i++) {
        vo_status st = vo_lake_head_load(lake, path, head, err);
        if (st != VO_OK) return st;
        if (head->state == VO_LAKE_ABSENT) return VO_OK;
        if (head->state == VO_LAKE_BAD) return vo_lake_refuse_bad(path, head, err);
        if (i && head->sum == sum) break;
        sum = head->sum;
        vo_text sql = vo_lake_query(lake);
        vo_text_append(&sql, "SELECT start, \"column\", old, new, rule, line, source "
                             "FROM read_parquet(");
        vo_duck_literal(&sql, path);
        vo_text_append(&sql, ", hive_partitioning=false)");
        st = vo_lake_run(lake, &sql, take_changes, k, NULL);
        if (st == VO_ENOMEM) return no_memory(err);
        if (st == VO_OK && (head->state == VO_LAKE_OLD || k->n - n == (size_t)head->rows))
            return VO_OK;
        k->n = n;
    }
    head->state = VO_LAKE_BAD;
    snprintf(head->why, sizeof head->why, "its rows cannot be read as changes");
    return vo_lake_refuse_bad(path, head, err);
}

static bool is_touched(const vo_touch *t) {
    return strcmp(vo_clean_rule_done(t->rule), "kept") != 0;
}

vo_status vo_lake_kept_write(vo_lake *lake, const char *path, const vo_lake_kept *k,
                             uint64_t of, vo_lake_head *head, vo_error *err) {
    const size_t n = k->n;
    const size_t row = 2 * sizeof(int64_t) + 2 * sizeof(double) + 3 * sizeof(char *);
    int64_t *start = malloc(n * row);
    if (!start) return no_memory(err);
    int64_t *line = start + n;
    double *old_value = (double *)(line + n), *new_value = old_value + n;
    const char **column = (const char **)(new_value + n), **rule = column + n,
               **source = rule + n;
    *head = (vo_lake_head){.rows = (int64_t)n, .of = of, .n_columns = 1, .column = {"old"}};
    for (size_t i = 0; i < n; i++) {
        const vo_touch *t = &k->item[i].touch;
        start[i] = t->start_s * MICRO;
        line[i] = t->line;
        old_value[i] = t->old_value;
        new_value[i] = t->new_value;
        column[i] = k->item[i].column;
        rule[i] = vo_clean_rule_name(t->rule);
        source[i] = k->item[i].source;
        head->touched += is_touched(t);
    }
    head->first_s = k->item[0].touch.start_s;
    head->last_s = k->item[n - 1].touch.start_s;
    const vo_duck_column field[N_FIELDS] = {
        {.name = "start", .kind = VO_DUCK_TIME, .integer = start},
        {.name = "column", .kind = VO_DUCK_TEXTS, .text = column},
        {.name = "old", .kind = VO_DUCK_DOUBLE, .number = old_value},
        {.name = "new", .kind = VO_DUCK_DOUBLE, .number = new_value},
        {.name = "rule", .kind = VO_DUCK_TEXTS, .text = rule},
        {.name = "line", .kind = VO_DUCK_INTEGER, .integer = line},
        {.name = "source", .kind = VO_DUCK_TEXTS, .text = source}};
    const vo_status st = vo_lake_file_write(lake, path, n, field, N_FIELDS, head, err);
    free(start);
    return st;
}

/* ---- those of a new import instead of the old ------------------------------------- */

/* `reserved` keeps the order of entries that are equal otherwise: of two rows of one start and
 * no line, each value stays with its row. */
static int by_place(const void *a, const void *b) {
    const vo_lake_change *x = a, *y = b;
    const vo_touch *s = &x->touch, *t = &y->touch;
    if (s->start_s != t->start_s) return s->start_s < t->start_s ? -1 : 1;
    if (s->rule != t->rule) return s->rule < t->rule ? -1 : 1;
    if (s->line != t->line) return s->line < t->line ? -1 : 1;
    const int order = strcmp(x->column, y->column);
    if (order) return order;
    return (s->reserved > t->reserved) - (s->reserved < t->reserved);
}

static void drop(vo_lake_kept *k, int64_t first_s, int64_t last_s, const int64_t *named,
                 size_t n_named) {
    size_t kept = 0;
    for (size_t i = 0; i < k->n; i++) {
        const int64_t at = k->item[i].touch.start_s;
        if (at >= first_s && at <= last_s) continue;
        if (n_named && bsearch(&at, named, n_named, sizeof at, vo_order_int64)) continue;
        k->item[kept++] = k->item[i];
    }
    k->n = kept;
}

static bool in_year(int64_t s, int32_t year) { return vo_civil_from_seconds(s).year == year; }

vo_status vo_lake_kept_replace(vo_lake_kept *k, int32_t year, int64_t first_s, int64_t last_s,
                               const vo_series *s, const vo_clean_report *report,
                               const char *source, vo_error *err) {
    const size_t n = report ? report->n : 0;
    if (k->n) {
        int64_t *named = malloc((n + 1) * sizeof *named);
        if (!named) return no_memory(err);
        for (size_t i = 0; i < n; i++) named[i] = report->touch[i].start_s;
        if (n > 1) qsort(named, n, sizeof *named, vo_order_int64);
        drop(k, first_s, last_s, named, n);
        free(named);
    }
    for (size_t i = 0; i < n; i++) {
        const vo_touch *t = &report->touch[i];
        if (!in_year(t->start_s, year)) continue;
        vo_lake_change *c = add(k);
        if (!c) return no_memory(err);
        c->touch = *t;
        const size_t at = t->column < 0 ? 0 : (size_t)t->column;
        snprintf(c->column, sizeof c->column, "%s",
                 t->column < 0            ? "*"
                 : at < report->n_columns ? report->column[at]
                 : at < s->n_columns      ? s->column[at].name
                                          : "?");
        snprintf(c->source, sizeof c->source, "%s", source ? source : "");
    }
    for (size_t i = 0; i < k->n; i++) k->item[i].touch.reserved = (uint32_t)i;
    if (k->n > 1) qsort(k->item, k->n, sizeof *k->item, by_place);
    for (size_t i = 0; i < k->n; i++) k->item[i].touch.reserved = 0;
    return VO_OK;
}

/* ---- asking for them -------------------------------------------------------------- */

static void cut_to_span(vo_lake_kept *k, size_t from_item, vo_time from, vo_time to) {
    size_t kept = from_item;
    for (size_t i = from_item; i < k->n; i++) {
        const int64_t at = k->item[i].touch.start_s;
        if (at >= from.s && at < to.s) k->item[kept++] = k->item[i];
    }
    k->n = kept;
}

static void find_columns(vo_lake_kept *k, size_t from_item, const vo_lake_head *part) {
    for (size_t i = from_item; i < k->n; i++)
        for (size_t c = 0; c < part->n_columns && k->item[i].touch.column >= 0; c++)
            if (vo_text_same(part->column[c], k->item[i].column))
                k->item[i].touch.column = (int32_t)c;
}

static bool overlaps(int32_t year, vo_time from, vo_time to) {
    const vo_civil first = {.year = year, .month = 1, .day = 1};
    const vo_civil next = {.year = year + 1, .month = 1, .day = 1};
    return vo_civil_seconds(&next) > from.s && vo_civil_seconds(&first) < to.s;
}

static vo_status gather(vo_lake *lake, const vo_lake_key *key, const vo_lake_years *years,
                        vo_time from, vo_time to, vo_lake_kept *k, vo_error *err) {
    for (size_t i = 0; i < years->n; i++) {
        char path[VO_LAKE_PATH];
        vo_lake_head head;
        if (!overlaps(years->year[i], from, to)) continue;
        const size_t n = k->n;
        vo_lake_year_folder(lake, key, years->year[i], path);
        const size_t len = strlen(path);
        snprintf(path + len, sizeof path - len, "/changes.parquet");
        vo_status st = vo_lake_kept_read(lake, path, k, &head, err);
        if (st != VO_OK) return st;
        if (k->n == n) continue;
        cut_to_span(k, n, from, to);
        snprintf(path + len, sizeof path - len, "/part.parquet");
        if ((st = vo_lake_head_load(lake, path, &head, err)) != VO_OK) return st;
        find_columns(k, n, &head);
    }
    return VO_OK;
}

vo_status vo_lake_changes(vo_lake *lake, const vo_lake_key *key, vo_time from, vo_time to,
                          vo_lake_change **out, size_t *n, vo_error *err) {
    vo_lake_years years = {.n = 0};
    vo_lake_kept k = {.n = 0};
    vo_status st = vo_lake_find(lake, key, from, to, &years, err);
    if (st != VO_OK) goto fail;
    const vo_lake_key exact = {key->market, years.process, key->node, key->kind};
    if ((st = gather(lake, &exact, &years, from, to, &k, err)) != VO_OK) goto fail;
    *out = k.item;
    *n = k.n;
    k.item = NULL;
fail:
    vo_lake_years_fini(&years);
    vo_lake_kept_fini(&k);
    return st;
}
