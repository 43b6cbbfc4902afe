/* lake.c -- see lake.h. A part is merged in memory, written by DuckDB to ROOT/.part.tmp under
 * the lake's lock, and put in its place by an atomic, flushed write. */
#include "data/lake.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <volteo/schedule.h>

#include "base/zone.h"
#include "data/lake_duckdb.h"
#include "port/file.h"

#define MAX_ROOT 2048
#define MAX_SQL 65536
#define MAX_PART ((size_t)1 << 31)
#define MICRO INT64_C(1000000)
/* "prices/market=.../node=..." percent-encoded is at most 3 * 126 + 40 bytes. */
#define PARTITION 1024

struct vo_lake {
    char root[MAX_ROOT];
    vo_duck *duck;
    char *sql; /* [MAX_SQL] the query under construction */
};

vo_status vo_lake_open(const char *root, vo_lake **out, vo_error *err) {
    if (!root[0] || strlen(root) + PARTITION >= MAX_ROOT)
        return vo_fail(err, VO_EINVAL, "the lake's root has %zu bytes; 1..%d", strlen(root),
                       MAX_ROOT - PARTITION - 1);
    if (strpbrk(root, "*?[]{}"))
        return vo_fail(err, VO_EINVAL,
                       "the lake's root \"%.200s\" has wildcard characters; choose "
                       "a folder without * ? [ ] { }",
                       root);
    vo_lake *lake = calloc(1, sizeof *lake);
    if (!lake) return vo_fail(err, VO_ENOMEM, "no memory for a lake");
    memcpy(lake->root, root, strlen(root) + 1);
    vo_status st = VO_OK;
    if (!(lake->sql = malloc(MAX_SQL))) st = vo_fail(err, VO_ENOMEM, "no memory for a lake");
    if (st == VO_OK) st = vo_duck_open(&lake->duck, err);
    if (st != VO_OK) {
        vo_lake_close(lake);
        return st;
    }
    *out = lake;
    return VO_OK;
}

void vo_lake_close(vo_lake *lake) {
    if (!lake) return;
    vo_duck_close(lake->duck);
    free(lake->sql);
    free(lake);
}

const char *vo_lake_root(const vo_lake *lake) { return lake->root; }

static vo_text query(vo_lake *lake) { return vo_text_over(lake->sql, MAX_SQL); }

static vo_status run(vo_lake *lake, const vo_text *sql, vo_duck_take take, void *ctx,
                     vo_error *err) {
    if (sql->cut) return vo_fail(err, VO_EINVAL, "too many columns for one query of the lake");
    return vo_duck_query(lake->duck, lake->sql, take, ctx, err);
}

/* ---- names and paths ------------------------------------------------------------------------
 */

static bool is_plain(char ch, bool first) {
    return (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') ||
           ch == '_' || ch == '-' || (ch == '.' && !first);
}

static void put_encoded(vo_text *path, const char *name) {
    for (size_t i = 0; name[i]; i++) {
        if (is_plain(name[i], i == 0))
            vo_text_append(path, "%c", name[i]);
        else
            vo_text_append(path, "%%%02X", (unsigned)(unsigned char)name[i]);
    }
}

static vo_status check_name(const char *what, const char *name, size_t max, vo_error *err) {
    if (!name || !name[0])
        return vo_fail(err, VO_EINVAL, "the lake needs a %s; name one, such as %s", what,
                       strcmp(what, "market") == 0    ? "MEM"
                       : strcmp(what, "process") == 0 ? "MDA"
                                                      : "APATZINGAN");
    if (strlen(name) > max)
        return vo_fail(err, VO_EINVAL, "%s \"%.40s...\" is longer than %zu bytes", what, name,
                       max);
    for (const char *p = name; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return vo_fail(err, VO_EINVAL, "%s has a control character; rename it", what);
    return VO_OK;
}

static vo_status check_key(const vo_lake_key *key, bool process_too, vo_error *err) {
    vo_status st = check_name("market", key->market, 31, err);
    if (st == VO_OK) st = check_name("node", key->node, 63, err);
    if (st == VO_OK && process_too) st = check_name("process", key->process, 31, err);
    return st;
}

/* ROOT/prices/market=M/process=P/node=N; process "*" as it is. */
static void put_folder(vo_text *path, const vo_lake *lake, const vo_lake_key *key) {
    vo_text_append(path, "%s/prices/market=", lake->root);
    put_encoded(path, key->market);
    vo_text_append(path, "/process=");
    if (key->process && key->process[0])
        put_encoded(path, key->process);
    else
        vo_text_append(path, "*");
    vo_text_append(path, "/node=");
    put_encoded(path, key->node);
}

static int hex(char ch) {
    if (ch >= '0' && ch <= '9') return ch - '0';
    if (ch >= 'A' && ch <= 'F') return ch - 'A' + 10;
    return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

/* The value of "key=..." in a path, percent-decoded. False if it is not there or too long. */
static bool path_value(const char *path, const char *key, char *out, size_t size) {
    const char *p = strstr(path, key);
    if (!p) return false;
    size_t n = 0;
    for (p += strlen(key); *p && *p != '/'; p++) {
        if (n + 1 >= size) return false;
        if (*p == '%' && hex(p[1]) >= 0 && hex(p[2]) >= 0) {
            out[n++] = (char)(hex(p[1]) * 16 + hex(p[2]));
            p += 2;
        } else {
            out[n++] = *p;
        }
    }
    out[n] = '\0';
    return true;
}

static int32_t year_of(int64_t s) { return vo_civil_from_seconds(s).year; }

/* ---- which parts there are
 * -------------------------------------------------------------------- */

typedef struct {
    char process[32];
    int32_t year;
} part;

typedef struct {
    size_t n, capacity;
    part *item;
} parts;

static vo_status take_part(void *ctx, const vo_duck_rows *rows, vo_error *err) {
    parts *list = ctx;
    for (size_t i = 0; i < rows->rows; i++) {
        char path[MAX_ROOT], year[16];
        part p = {.year = 0};
        size_t len = 0;
        const char *text = vo_duck_text(&rows->column[0], i, &len);
        if (len >= sizeof path) continue;
        memcpy(path, text, len);
        path[len] = '\0';
        const char *from = strstr(path, "/prices/market=");
        if (!from || !path_value(from, "/process=", p.process, sizeof p.process) ||
            !path_value(from, "/year=", year, sizeof year))
            continue;
        p.year = (int32_t)strtol(year, NULL, 10);
        if (list->n == list->capacity) {
            const size_t capacity = list->capacity ? list->capacity * 2 : 16;
            part *more = realloc(list->item, capacity * sizeof *more);
            if (!more) return vo_fail(err, VO_ENOMEM, "no memory for the lake's parts");
            list->item = more;
            list->capacity = capacity;
        }
        list->item[list->n++] = p;
    }
    return VO_OK;
}

/* MDA before other processes, years in order. */
static int by_process_and_year(const void *a, const void *b) {
    const part *x = a, *y = b;
    const int mda_x = strcmp(x->process, "MDA") != 0, mda_y = strcmp(y->process, "MDA") != 0;
    if (mda_x != mda_y) return mda_x - mda_y;
    const int order = strcmp(x->process, y->process);
    return order ? order : (x->year > y->year) - (x->year < y->year);
}

static vo_status find_parts(vo_lake *lake, const vo_lake_key *key, parts *list, vo_error *err) {
    char pattern[MAX_ROOT + PARTITION];
    vo_text path = vo_text_over(pattern, sizeof pattern);
    put_folder(&path, lake, key);
    vo_text_append(&path, "/year=*/part.parquet");
    vo_text sql = query(lake);
    vo_text_append(&sql, "SELECT file FROM glob(");
    vo_duck_literal(&sql, pattern);
    vo_text_append(&sql, ")");
    const vo_status st = run(lake, &sql, take_part, list, err);
    if (st == VO_OK && list->n > 1)
        qsort(list->item, list->n, sizeof(part), by_process_and_year);
    return st;
}

/* ---- reading
 * ------------------------------------------------------------------------------------ */

typedef struct { /* rows as they arrive, columns growing */
    size_t n, capacity, n_columns;
    int64_t *start_s;
    double *dt_h, *value[VO_SERIES_MAX_COLUMNS];
    char name[VO_SERIES_MAX_COLUMNS][VO_COLUMN_NAME];
    size_t at[VO_SERIES_MAX_COLUMNS]; /* where each is in the result */
    size_t start_at, dt_at, zone_at, currency_at;
    char zone[64], currency[16];
    bool shaped;
} gathering;

static void gathering_fini(gathering *g) {
    for (size_t c = 0; c < VO_SERIES_MAX_COLUMNS; c++) free(g->value[c]);
    free(g->start_s);
    free(g->dt_h);
}

static vo_status shape(gathering *g, const vo_duck_rows *rows, vo_error *err) {
    g->start_at = g->dt_at = g->zone_at = g->currency_at = SIZE_MAX;
    for (size_t c = 0; c < rows->n_columns; c++) {
        const char *name = rows->column[c].name;
        const vo_duck_kind kind = rows->column[c].kind;
        if (strcmp(name, "start") == 0 && kind == VO_DUCK_TIME)
            g->start_at = c;
        else if (strcmp(name, "dt_h") == 0 && kind == VO_DUCK_DOUBLE)
            g->dt_at = c;
        else if (strcmp(name, "zone") == 0 && kind == VO_DUCK_TEXT)
            g->zone_at = c;
        else if (strcmp(name, "currency") == 0 && kind == VO_DUCK_TEXT)
            g->currency_at = c;
        else if (kind == VO_DUCK_DOUBLE && g->n_columns < VO_SERIES_MAX_COLUMNS &&
                 strlen(name) < VO_COLUMN_NAME) {
            g->at[g->n_columns] = c;
            memcpy(g->name[g->n_columns++], name, strlen(name) + 1);
        }
    }
    if (g->start_at == SIZE_MAX || g->dt_at == SIZE_MAX || g->n_columns == 0)
        return vo_fail(err, VO_EIO,
                       "a part of the lake lacks start, dt_h or price; was it written "
                       "by something else? Import it again");
    g->shaped = true;
    return VO_OK;
}

static bool grow(gathering *g, size_t need) {
    size_t capacity = g->capacity ? g->capacity : 16384;
    while (capacity < need) capacity *= 2;
    if (capacity == g->capacity) return true;
    int64_t *start = realloc(g->start_s, capacity * sizeof *start);
    if (start) g->start_s = start;
    double *dt = realloc(g->dt_h, capacity * sizeof *dt);
    if (dt) g->dt_h = dt;
    bool ok = start && dt;
    for (size_t c = 0; c < g->n_columns && ok; c++) {
        double *v = realloc(g->value[c], capacity * sizeof *v);
        if (v) g->value[c] = v;
        ok = v != NULL;
    }
    if (ok) g->capacity = capacity;
    return ok;
}

static void copy_numbers(double *to, const vo_duck_column *c, size_t n) {
    memcpy(to, c->number, n * sizeof *to);
    for (size_t i = 0; c->valid && i < n; i++)
        if (!vo_duck_has(c, i)) to[i] = (double)NAN;
}

static void copy_text(char *to, size_t size, const vo_duck_rows *rows, size_t at) {
    size_t len = 0;
    if (at == SIZE_MAX || to[0] || !vo_duck_has(&rows->column[at], 0)) return;
    const char *text = vo_duck_text(&rows->column[at], 0, &len);
    snprintf(to, size, "%.*s", (int)(len < size ? len : size - 1), text);
}

static vo_status gather(void *ctx, const vo_duck_rows *rows, vo_error *err) {
    gathering *g = ctx;
    if (rows->rows == 0) return VO_OK;
    if (!g->shaped) {
        const vo_status st = shape(g, rows, err);
        if (st != VO_OK) return st;
    }
    if (g->n + rows->rows > VO_MAX_INTERVALS)
        return vo_fail(err, VO_EINVAL, "more than %u intervals; choose a shorter span",
                       VO_MAX_INTERVALS);
    if (!grow(g, g->n + rows->rows)) return vo_fail(err, VO_ENOMEM, "no memory for a series");
    copy_text(g->zone, sizeof g->zone, rows, g->zone_at);
    copy_text(g->currency, sizeof g->currency, rows, g->currency_at);
    const int64_t *start = rows->column[g->start_at].integer;
    for (size_t i = 0; i < rows->rows; i++) g->start_s[g->n + i] = start[i] / MICRO;
    copy_numbers(g->dt_h + g->n, &rows->column[g->dt_at], rows->rows);
    for (size_t c = 0; c < g->n_columns; c++)
        copy_numbers(g->value[c] + g->n, &rows->column[g->at[c]], rows->rows);
    g->n += rows->rows;
    return VO_OK;
}

static vo_status number_days(vo_series *s, vo_error *err) {
    vo_zone *zone = NULL;
    const vo_status st = vo_zone_open(s->zone, &zone, err);
    if (st != VO_OK) return st;
    const int64_t first = vo_zone_local_day(zone, s->start[0].s);
    int64_t day = first, next_s = INT64_MIN;
    for (size_t t = 0; t < s->n; t++) {
        if (s->start[t].s >= next_s) {
            day = vo_zone_local_day(zone, s->start[t].s);
            next_s = vo_zone_day_start(zone, day + 1);
        }
        s->day[t] = (int32_t)(day - first);
    }
    vo_zone_close(zone);
    return VO_OK;
}

static vo_status to_series(const gathering *g, const char *label, vo_series **out,
                           vo_error *err) {
    const char *name[VO_SERIES_MAX_COLUMNS];
    vo_series *s = NULL;
    for (size_t c = 0; c < g->n_columns; c++) name[c] = g->name[c];
    vo_status st = vo_series_create(g->n, name, g->n_columns, NULL, &s, err);
    if (st != VO_OK) return st;
    for (size_t t = 0; t < g->n; t++) s->start[t].s = g->start_s[t];
    memcpy(s->dt_h, g->dt_h, g->n * sizeof(double));
    for (size_t c = 0; c < g->n_columns; c++)
        memcpy(s->column[c].value, g->value[c], g->n * sizeof(double));
    snprintf(s->zone, sizeof s->zone, "%s", g->zone[0] ? g->zone : "UTC");
    snprintf(s->currency, sizeof s->currency, "%s", g->currency);
    snprintf(s->label, sizeof s->label, "%s", label);
    if ((st = number_days(s, err)) == VO_OK) st = vo_series_check(s, err);
    if (st != VO_OK) {
        vo_series_free(s);
        return st;
    }
    *out = s;
    return VO_OK;
}

static void stamp_text(int64_t s, char out[40]) {
    const vo_civil c = vo_civil_from_seconds(s);
    vo_civil_format(&c, out);
    strcat(out, "Z");
}

/* Lengths must fill the distance to the next start: a plan over a hole would be wrong without
 * anyone noticing. An interval that a finer one was put into is shortened. */
static vo_status close_ranks(vo_series *s, vo_error *err) {
    for (size_t t = 0; t + 1 < s->n; t++) {
        const double gap_h = (double)(s->start[t + 1].s - s->start[t].s) / 3600;
        if (gap_h > s->dt_h[t] * (1 + 1e-9)) {
            char from[40], to[40];
            stamp_text(s->start[t].s, from);
            stamp_text(s->start[t + 1].s, to);
            return vo_fail(err, VO_EINVAL,
                           "%s has nothing between %s and %s; choose a span on "
                           "one side of it, or import what is missing",
                           s->label, from, to);
        }
        s->dt_h[t] = gap_h;
    }
    return VO_OK;
}

static void put_files(vo_text *sql, const vo_lake *lake, const vo_lake_key *key,
                      const parts *list, int32_t from, int32_t to, size_t *n) {
    *n = 0;
    for (size_t i = 0; i < list->n; i++) {
        const part *p = &list->item[i];
        if (p->year < from || p->year > to || strcmp(p->process, key->process) != 0) continue;
        char path[MAX_ROOT + PARTITION];
        vo_text at = vo_text_over(path, sizeof path);
        put_folder(&at, lake, key);
        vo_text_append(&at, "/year=%d/part.parquet", (int)p->year);
        vo_text_append(sql, "%s", (*n)++ ? ", " : "");
        vo_duck_literal(sql, path);
    }
}

static vo_status nothing_there(const vo_lake_key *key, const parts *list, vo_error *err) {
    if (list->n == 0)
        return vo_fail(err, VO_ENOTFOUND,
                       "the lake has nothing of market \"%s\"%s%s, node \"%s\"; "
                       "list what there is, or import it",
                       key->market, key->process && key->process[0] ? ", process " : "",
                       key->process && key->process[0] ? key->process : "", key->node);
    return vo_fail(err, VO_ENOTFOUND,
                   "the lake has no prices of %s %s in that span; it has years "
                   "%d to %d",
                   key->market, key->node, (int)list->item[0].year,
                   (int)list->item[list->n - 1].year);
}

/* The rows of `key` (process known) in the span, as they lie. */
static vo_status read_rows(vo_lake *lake, const vo_lake_key *key, const parts *list,
                           vo_time from, vo_time to, vo_series **out, vo_error *err) {
    /* Stamps beyond what a TIMESTAMP can hold mean "all". */
    const int64_t far = INT64_C(200000000000);
    const int64_t a = from.s < -far ? -far : from.s, b = to.s > far ? far : to.s;
    size_t n = 0;
    vo_text sql = query(lake);
    vo_text_append(&sql, "SELECT * FROM read_parquet([");
    put_files(&sql, lake, key, list, year_of(a), year_of(b - 1), &n);
    if (n == 0) return nothing_there(key, list, err);
    vo_text_append(&sql,
                   "], union_by_name=%s, hive_partitioning=false) WHERE start >= "
                   "make_timestamptz(%lld) AND start < make_timestamptz(%lld)",
                   n > 1 ? "true" : "false", (long long)a * MICRO, (long long)b * MICRO);
    char label[128];
    snprintf(label, sizeof label, "%s %s %s", key->market, key->process, key->node);
    gathering g = {.n = 0};
    vo_status st = run(lake, &sql, gather, &g, err);
    if (st == VO_OK && g.n == 0) st = nothing_there(key, list, err);
    if (st == VO_OK) st = to_series(&g, label, out, err);
    gathering_fini(&g);
    return st;
}

vo_status vo_lake_read(vo_lake *lake, const vo_lake_key *key, vo_time from, vo_time to,
                       vo_series **out, vo_error *err) {
    vo_status st = check_key(key, false, err);
    if (st != VO_OK) return st;
    if (from.s >= to.s)
        return vo_fail(err, VO_EINVAL,
                       "the span from %lld to %lld is empty; from must be before to",
                       (long long)from.s, (long long)to.s);
    parts list = {.n = 0};
    vo_series *s = NULL;
    if ((st = find_parts(lake, key, &list, err)) == VO_OK && list.n == 0)
        st = nothing_there(key, &list, err);
    if (st == VO_OK) {
        const vo_lake_key exact = {key->market, list.item[0].process, key->node, key->kind};
        st = read_rows(lake, &exact, &list, from, to, &s, err);
    }
    if (st == VO_OK) st = close_ranks(s, err);
    if (st == VO_OK) {
        *out = s;
        s = NULL;
    }
    vo_series_free(s);
    free(list.item);
    return st;
}

/* ---- writing
 * ------------------------------------------------------------------------------------ */

/* Union of columns and of rows; where both have a row, the new one's columns win. */
static vo_status merge(const vo_series *old, const vo_series *new, vo_series **out,
                       vo_error *err) {
    const char *name[2 * VO_SERIES_MAX_COLUMNS];
    size_t n_columns = 0, n = 0;
    for (size_t c = 0; c < new->n_columns; c++) name[n_columns++] = new->column[c].name;
    for (size_t c = 0; c < old->n_columns; c++)
        if (!vo_series_find(new, old->column[c].name)) name[n_columns++] = old->column[c].name;
    for (size_t i = 0, j = 0; i < old->n || j < new->n; n++) {
        const int64_t a = i < old->n ? old->start[i].s : INT64_MAX;
        const int64_t b = j < new->n ? new->start[j].s : INT64_MAX;
        i += a <= b;
        j += b <= a;
    }
    vo_series *s = NULL;
    const vo_status st = vo_series_create(n, name, n_columns, NULL, &s, err);
    if (st != VO_OK) return st;
    for (size_t i = 0, j = 0, t = 0; t < n; t++) {
        const int64_t a = i < old->n ? old->start[i].s : INT64_MAX;
        const int64_t b = j < new->n ? new->start[j].s : INT64_MAX;
        s->start[t].s = a < b ? a : b;
        s->dt_h[t] = b <= a ? new->dt_h[j] : old->dt_h[i];
        for (size_t c = 0; c < n_columns; c++) {
            const double *from_new = b <= a ? vo_series_find(new, name[c]) : NULL;
            const double *from_old = a <= b ? vo_series_find(old, name[c]) : NULL;
            if (from_new)
                s->column[c].value[t] = from_new[j];
            else if (from_old)
                s->column[c].value[t] = from_old[i];
        }
        i += a <= b;
        j += b <= a;
    }
    memcpy(s->zone, new->zone, sizeof s->zone);
    memcpy(s->currency, new->currency, sizeof s->currency);
    *out = s;
    return VO_OK;
}

static vo_status fill_table(vo_lake *lake, const vo_series *s, vo_error *err) {
    vo_text sql = query(lake);
    vo_text_append(&sql, "CREATE OR REPLACE TEMP TABLE part (start TIMESTAMPTZ, dt_h DOUBLE");
    for (size_t c = 0; c < s->n_columns; c++) {
        vo_text_append(&sql, ", ");
        vo_duck_name(&sql, s->column[c].name);
        vo_text_append(&sql, " DOUBLE");
    }
    vo_text_append(&sql, ", zone VARCHAR, currency VARCHAR)");
    vo_status st = run(lake, &sql, NULL, NULL, err);
    if (st != VO_OK) return st;
    int64_t *micro = malloc(s->n * sizeof *micro);
    if (!micro) return vo_fail(err, VO_ENOMEM, "no memory to store %zu rows", s->n);
    for (size_t t = 0; t < s->n; t++) micro[t] = s->start[t].s * MICRO;
    vo_duck_column column[VO_SERIES_MAX_COLUMNS + 4] = {
        {.kind = VO_DUCK_TIME, .integer = micro},
        {.kind = VO_DUCK_DOUBLE, .number = s->dt_h},
    };
    size_t n = 2;
    for (size_t c = 0; c < s->n_columns; c++)
        column[n++] = (vo_duck_column){.kind = VO_DUCK_DOUBLE, .number = s->column[c].value};
    column[n++] = (vo_duck_column){.kind = VO_DUCK_TEXT, .text = s->zone};
    column[n++] = (vo_duck_column){.kind = VO_DUCK_TEXT, .text = s->currency};
    st = vo_duck_append(lake->duck, "part", s->n, column, n, err);
    free(micro);
    return st;
}

/* Writes the part of one year; `path` is its file. */
static vo_status write_part(vo_lake *lake, const vo_series *s, const char *path,
                            vo_error *err) {
    char temporary[MAX_ROOT + 32], *data = NULL;
    size_t len = 0;
    snprintf(temporary, sizeof temporary, "%s/.part.tmp", lake->root);
    vo_status st = fill_table(lake, s, err);
    if (st != VO_OK) return st;
    vo_text sql = query(lake);
    vo_text_append(&sql, "COPY part TO ");
    vo_duck_literal(&sql, temporary);
    vo_text_append(&sql, " (FORMAT parquet, COMPRESSION zstd)");
    st = run(lake, &sql, NULL, NULL, err);
    if (st == VO_OK) st = vo_file_read(temporary, MAX_PART, &data, &len, err);
    if (st == VO_OK) st = vo_file_write(path, data, len, err);
    free(data);
    return st;
}

static vo_status take_leftover(void *ctx, const vo_duck_rows *rows, vo_error *err) {
    (void)ctx;
    for (size_t i = 0; i < rows->rows; i++) {
        char path[MAX_ROOT + PARTITION];
        size_t len = 0;
        const char *text = vo_duck_text(&rows->column[0], i, &len);
        if (len >= sizeof path) continue;
        memcpy(path, text, len);
        path[len] = '\0';
        const vo_status st = vo_file_remove(path, err);
        if (st != VO_OK) return st;
    }
    return VO_OK;
}

/* Temporary files of writers that were killed: under the lock nobody else's are alive. */
static vo_status sweep(vo_lake *lake, const char *part_path, vo_error *err) {
    char pattern[MAX_ROOT + PARTITION + 16];
    snprintf(pattern, sizeof pattern, "%s.*.tmp", part_path);
    vo_text sql = query(lake);
    vo_text_append(&sql, "SELECT file FROM glob(");
    vo_duck_literal(&sql, pattern);
    vo_text_append(&sql, ")");
    return run(lake, &sql, take_leftover, NULL, err);
}

/* `s` lies within one year. */
static vo_status upsert_year(vo_lake *lake, const vo_lake_key *key, const vo_series *s,
                             vo_error *err) {
    char path[MAX_ROOT + PARTITION];
    const int32_t year = year_of(s->start[0].s);
    vo_text at = vo_text_over(path, sizeof path);
    put_folder(&at, lake, key);
    vo_text_append(&at, "/year=%d", (int)year);
    const bool is_new = !vo_file_exists(path);
    vo_status st = vo_file_make_folders(path, err);
    if (st != VO_OK) return st;
    vo_text_append(&at, "/part.parquet");
    if (!is_new && (st = sweep(lake, path, err)) != VO_OK) return st;
    if (!vo_file_exists(path)) return write_part(lake, s, path, err);
    vo_series *old = NULL, *all = NULL;
    vo_text sql = query(lake);
    vo_text_append(&sql, "SELECT * FROM read_parquet(");
    vo_duck_literal(&sql, path);
    vo_text_append(&sql, ", hive_partitioning=false)");
    gathering g = {.n = 0};
    st = run(lake, &sql, gather, &g, err);
    if (st == VO_OK && g.n == 0)
        st = write_part(lake, s, path, err);
    else if (st == VO_OK) {
        st = to_series(&g, "", &old, err);
        if (st == VO_OK) st = merge(old, s, &all, err);
        if (st == VO_OK) st = write_part(lake, all, path, err);
    }
    gathering_fini(&g);
    vo_series_free(old);
    vo_series_free(all);
    return st;
}

static vo_status upsert_locked(vo_lake *lake, const vo_lake_key *key, const vo_series *s,
                               vo_error *err) {
    for (size_t a = 0; a < s->n;) {
        const vo_civil next_year = {.year = year_of(s->start[a].s) + 1, .month = 1, .day = 1};
        const vo_time end = {vo_civil_seconds(&next_year)};
        vo_series *year = NULL;
        vo_status st = vo_series_slice(s, s->start[a], end, &year, err);
        if (st != VO_OK) return st;
        a += year->n;
        st = upsert_year(lake, key, year, err);
        vo_series_free(year);
        if (st != VO_OK) return st;
    }
    return VO_OK;
}

static vo_status check_columns(const vo_series *s, vo_error *err) {
    static const char *const taken[] = {"start", "dt_h", "zone", "currency"};
    for (size_t c = 0; c < s->n_columns; c++)
        for (size_t k = 0; k < 4; k++)
            if (vo_text_same(s->column[c].name, taken[k]))
                return vo_fail(err, VO_EINVAL,
                               "column \"%s\" has a name that the lake uses itself; "
                               "rename it",
                               taken[k]);
    return VO_OK;
}

vo_status vo_lake_upsert(vo_lake *lake, const vo_lake_key *key, const vo_series *s,
                         const vo_clean_report *report, const char *source, vo_error *err) {
    (void)report;
    (void)source;
    char path[MAX_ROOT + 32];
    vo_file_lock lock = {-1};
    vo_status st = check_key(key, true, err);
    if (st == VO_OK) st = check_columns(s, err);
    if (st == VO_OK) st = vo_series_check(s, err);
    if (st == VO_OK) st = vo_file_make_folders(lake->root, err);
    if (st != VO_OK) return st;
    snprintf(path, sizeof path, "%s/.lock", lake->root);
    if ((st = vo_file_lock_take(path, &lock, err)) != VO_OK) return st;
    st = upsert_locked(lake, key, s, err);
    vo_file_lock_drop(&lock);
    return st;
}

/* ---- listing
 * ------------------------------------------------------------------------------------- */

typedef struct {
    size_t n, capacity;
    vo_lake_entry *entry;
} listing;

static void copy_path_values(vo_lake_entry *e, const vo_duck_column *c, size_t row) {
    char path[MAX_ROOT + PARTITION];
    size_t len = 0;
    const char *text = vo_duck_text(c, row, &len);
    if (len >= sizeof path) return;
    memcpy(path, text, len);
    path[len] = '\0';
    const char *from = strstr(path, "/prices/market=");
    if (!from) return;
    path_value(from, "/market=", e->market, sizeof e->market);
    path_value(from, "/process=", e->process, sizeof e->process);
    path_value(from, "/node=", e->node, sizeof e->node);
}

/* Rows: folder, count, first, last, zone, currency. */
static vo_status take_entry(void *ctx, const vo_duck_rows *rows, vo_error *err) {
    listing *l = ctx;
    for (size_t i = 0; i < rows->rows; i++) {
        if (l->n == l->capacity) {
            const size_t capacity = l->capacity ? l->capacity * 2 : 64;
            vo_lake_entry *more = realloc(l->entry, capacity * sizeof *more);
            if (!more) return vo_fail(err, VO_ENOMEM, "no memory to list the lake");
            l->entry = more;
            l->capacity = capacity;
        }
        vo_lake_entry *e = &l->entry[l->n];
        memset(e, 0, sizeof *e);
        copy_path_values(e, &rows->column[0], i);
        if (!e->node[0]) continue;
        e->rows = rows->column[1].integer[i];
        e->first_s = rows->column[2].integer[i] / MICRO;
        e->last_s = rows->column[3].integer[i] / MICRO;
        size_t len = 0;
        const char *zone = vo_duck_text(&rows->column[4], i, &len);
        snprintf(e->zone, sizeof e->zone, "%.*s", (int)(len < 64 ? len : 63), zone);
        const char *currency = vo_duck_text(&rows->column[5], i, &len);
        snprintf(e->currency, sizeof e->currency, "%.*s", (int)(len < 16 ? len : 15), currency);
        l->n++;
    }
    return VO_OK;
}

static int by_name(const void *a, const void *b) {
    const vo_lake_entry *x = a, *y = b;
    int order = strcmp(x->market, y->market);
    if (order == 0) order = strcmp(x->process, y->process);
    return order ? order : strcmp(x->node, y->node);
}

static vo_status take_any(void *ctx, const vo_duck_rows *rows, vo_error *err) {
    (void)err;
    *(bool *)ctx = *(bool *)ctx || rows->rows > 0;
    return VO_OK;
}

vo_status vo_lake_list(vo_lake *lake, vo_lake_entry **out, size_t *n, vo_error *err) {
    char pattern[MAX_ROOT + 96];
    bool any = false;
    listing l = {.n = 0};
    snprintf(pattern, sizeof pattern, "%s/prices/market=*/process=*/node=*/year=*/part.parquet",
             lake->root);
    vo_text sql = query(lake);
    vo_text_append(&sql, "SELECT file FROM glob(");
    vo_duck_literal(&sql, pattern);
    vo_text_append(&sql, ") LIMIT 1");
    vo_status st = run(lake, &sql, take_any, &any, err);
    if (st == VO_OK && any) {
        sql = query(lake);
        vo_text_append(&sql,
                       "SELECT regexp_replace(filename, '/year=[^/]*/part.parquet$', ''), "
                       "count(*), min(start), max(start), any_value(zone), any_value(currency) "
                       "FROM read_parquet(");
        vo_duck_literal(&sql, pattern);
        vo_text_append(&sql, ", filename=true, union_by_name=true, hive_partitioning=false) "
                             "GROUP BY 1");
        st = run(lake, &sql, take_entry, &l, err);
    }
    if (st != VO_OK) {
        free(l.entry);
        return st;
    }
    if (l.n > 1) qsort(l.entry, l.n, sizeof *l.entry, by_name);
    *out = l.entry;
    *n = l.n;
    return VO_OK;
}
