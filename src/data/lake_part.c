/* lake_part.c -- see lake_part.h. The file is made with zeros for the checksum, which is then
 * computed over the bytes as they are and put in their place: it covers data, statistics and
 * schema alike. */
#include "data/lake_part.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/folder.h"

#define MAX_FILE ((size_t)1 << 31)
#define MICRO INT64_C(1000000)
#define SUM_DIGITS 16
#define MARK "volteo1 sum="
#define ENTRY "volteo_lake"
#define MAX_ENTRY 16384
#define TAIL ((size_t)65536) /* the entry lies near the end: 64 names of 63 bytes, encoded */

/* ---- the checksum ---------------------------------------------------------------------- */

static uint64_t word_at(const unsigned char *p, size_t n) {
    uint64_t w = 0;
    for (size_t i = 0; i < n; i++) w |= (uint64_t)p[i] << (8 * i);
    return w;
}

static uint64_t mixed_in(uint64_t h, uint64_t w) {
    h = (h ^ w) * UINT64_C(0x9e3779b97f4a7c15); /* odd: reversible */
    return h << 31 | h >> 33;
}

/* Four lanes, so that one multiplication need not wait for the other. Each step is reversible
 * in its word: a single word that differs always shows. */
uint64_t vo_lake_sum(const char *data, size_t len) {
    const unsigned char *p = (const unsigned char *)data;
    uint64_t lane[4] = {1, 2, 3, 4}, h = len;
    size_t at = 0;
    for (; len - at >= 32; at += 32)
        for (size_t k = 0; k < 4; k++) lane[k] = mixed_in(lane[k], word_at(p + at + 8 * k, 8));
    for (size_t k = 0; at < len; k++) {
        const size_t n = len - at < 8 ? len - at : 8;
        lane[k] = mixed_in(lane[k], word_at(p + at, n));
        at += n;
    }
    for (size_t k = 0; k < 4; k++) {
        h = mixed_in(h, lane[k]);
        h ^= h >> 32;
    }
    return h;
}

static void put_sum(char to[SUM_DIGITS + 1], uint64_t sum) {
    snprintf(to, SUM_DIGITS + 1, "%016llx", (unsigned long long)sum);
}

/* ---- the entry -------------------------------------------------------------------------- */

static char *find_last(char *data, size_t from, size_t len, const char *what) {
    const size_t n = strlen(what);
    for (size_t at = len < n ? 0 : len - n + 1; at-- > from;)
        if (memcmp(data + at, what, n) == 0) return data + at;
    return NULL;
}

static bool is_parquet(const char *data, size_t len) {
    return len >= 12 && memcmp(data, "PAR1", 4) == 0 && memcmp(data + len - 4, "PAR1", 4) == 0;
}

static bool value_of(const char *entry, const char *key, char *out, size_t size) {
    const char *p = strstr(entry, key);
    if (!p) return false;
    p += strlen(key);
    const size_t len = strcspn(p, " ;");
    if (len >= size) return false;
    memcpy(out, p, len);
    out[len] = '\0';
    return true;
}

static bool integer_of(const char *entry, const char *key, int64_t *out) {
    char text[32];
    return value_of(entry, key, text, sizeof text) && vo_text_integer(text, strlen(text), out);
}

static bool sum_of(const char *entry, const char *key, uint64_t *out) {
    char text[SUM_DIGITS + 1];
    if (!value_of(entry, key, text, sizeof text) || strlen(text) != SUM_DIGITS) return false;
    uint64_t sum = 0;
    for (const char *p = text; *p; p++) {
        const bool digit = *p >= '0' && *p <= '9';
        if (!digit && !(*p >= 'a' && *p <= 'f')) return false;
        sum = sum << 4 | (uint64_t)(digit ? *p - '0' : *p - 'a' + 10);
    }
    *out = sum;
    return true;
}

static bool name_of(const char *entry, const char *key, char *out, size_t size) {
    char text[3 * 64 + 1];
    return value_of(entry, key, text, sizeof text) && vo_lake_decode(text, out, size);
}

static bool columns_of(const char *entry, vo_lake_head *h) {
    const char *p = strstr(entry, " columns=");
    if (!p) return false;
    for (p += 9; *p && *p != ';';) {
        char text[3 * VO_COLUMN_NAME];
        const size_t len = strcspn(p, ",;");
        if (len == 0 || len >= sizeof text || h->n_columns == VO_SERIES_MAX_COLUMNS)
            return false;
        memcpy(text, p, len);
        text[len] = '\0';
        if (!vo_lake_decode(text, h->column[h->n_columns++], VO_COLUMN_NAME)) return false;
        p += len + (p[len] == ',');
    }
    return *p == ';';
}

/* `entry` is NUL-terminated and ends in ';'. */
static bool parse_entry(const char *entry, vo_lake_head *h) {
    char step[VO_TEXT_NUMBER];
    int64_t mixed = 0, packed = 0;
    const bool ok =
        sum_of(entry, " sum=", &h->sum) && integer_of(entry, " rows=", &h->rows) &&
        integer_of(entry, " first=", &h->first_s) && integer_of(entry, " last=", &h->last_s) &&
        value_of(entry, " step=", step, sizeof step) &&
        vo_text_number(step, strlen(step), &h->interval_h) &&
        integer_of(entry, " mixed=", &mixed) && integer_of(entry, " packed=", &packed) &&
        integer_of(entry, " touched=", &h->touched) && sum_of(entry, " of=", &h->of) &&
        name_of(entry, " zone=", h->zone, sizeof h->zone) &&
        name_of(entry, " currency=", h->currency, sizeof h->currency) &&
        name_of(entry, " unit=", h->unit, sizeof h->unit) && columns_of(entry, h);
    h->mixed = mixed != 0;
    h->packed = packed != 0;
    return ok && h->rows >= 0 && h->rows <= INT64_C(1) << 40;
}

static void bad(vo_lake_head *h, const char *why) {
    const int64_t bytes = h->bytes;
    const uint64_t sum = h->sum;
    *h = (vo_lake_head){.state = VO_LAKE_BAD, .bytes = bytes, .sum = sum};
    snprintf(h->why, sizeof h->why, "%s", why);
}

void vo_lake_head_parse(char *data, size_t len, vo_lake_head *out) {
    static char zeros[] = "0000000000000000";
    char entry[MAX_ENTRY], digits[SUM_DIGITS];
    vo_lake_head *h = out;
    const size_t from = len > TAIL ? len - TAIL : 0;
    *h = (vo_lake_head){.state = VO_LAKE_OLD, .bytes = (int64_t)len};
    if (!is_parquet(data, len)) {
        bad(h, "it is cut off, or not Parquet");
        return;
    }
    char *mark = find_last(data, from, len, MARK);
    if (!mark) {
        h->sum = vo_lake_sum(data, len);
        if (find_last(data, from, len, ENTRY)) bad(h, "its checksum is lost");
        return;
    }
    const size_t left = (size_t)(data + len - mark);
    const char *end = memchr(mark, ';', left);
    const size_t n = end ? (size_t)(end - mark) + 1 : 0;
    char *sum_at = mark + strlen(MARK);
    if (n < strlen(MARK) + SUM_DIGITS || n >= sizeof entry) {
        bad(h, "its description is cut off");
        return;
    }
    memcpy(entry, mark, n);
    entry[n] = '\0';
    memcpy(digits, sum_at, SUM_DIGITS);
    memcpy(sum_at, zeros, SUM_DIGITS);
    const uint64_t sum = vo_lake_sum(data, len);
    memcpy(sum_at, digits, SUM_DIGITS);
    if (!parse_entry(entry, h))
        bad(h, "its description is not understood");
    else if (h->sum != sum)
        bad(h, "its checksum is not that of its bytes");
    else
        h->state = VO_LAKE_WHOLE;
}

static void put_entry(vo_text *to, const vo_lake_head *h) {
    char step[VO_TEXT_NUMBER], of[SUM_DIGITS + 1];
    vo_text_format_number(h->interval_h, step);
    put_sum(of, h->of);
    vo_text_append(to,
                   MARK "0000000000000000 rows=%lld first=%lld last=%lld step=%s mixed=%d "
                        "packed=%d touched=%lld of=%s zone=",
                   (long long)h->rows, (long long)h->first_s, (long long)h->last_s, step,
                   h->mixed, h->packed, (long long)h->touched, of);
    vo_lake_put_encoded(to, h->zone);
    vo_text_append(to, " currency=");
    vo_lake_put_encoded(to, h->currency);
    vo_text_append(to, " unit=");
    vo_lake_put_encoded(to, h->unit);
    vo_text_append(to, " columns=");
    for (size_t c = 0; c < h->n_columns; c++) {
        vo_text_append(to, "%s", c ? "," : "");
        vo_lake_put_encoded(to, h->column[c]);
    }
    vo_text_append(to, ";");
}

/* ---- files that we did not write -------------------------------------------------------- */

static void copy_text(char *to, size_t size, const vo_duck_column *c) {
    size_t len = 0;
    if (!vo_duck_has(c, 0)) return;
    const char *text = vo_duck_text(c, 0, &len);
    snprintf(to, size, "%.*s", (int)(len < size ? len : size - 1), text);
}

typedef struct {
    vo_lake_head *head;
    bool start, dt_h;
} shape;

static vo_status take_shape(void *ctx, const vo_duck_rows *rows, vo_error *err) {
    shape *s = ctx;
    vo_lake_head *h = s->head;
    (void)err;
    if (rows->rows == 0 || s->start) return VO_OK;
    for (size_t c = 0; c < rows->n_columns; c++) {
        const vo_duck_column *at = &rows->column[c];
        const char *name = at->name;
        if (strcmp(name, "start") == 0)
            s->start = at->kind == VO_DUCK_TIME;
        else if (strcmp(name, "dt_h") == 0)
            s->dt_h = at->kind == VO_DUCK_DOUBLE;
        else if (at->kind == VO_DUCK_TEXT && strcmp(name, "zone") == 0)
            copy_text(h->zone, sizeof h->zone, at);
        else if (at->kind == VO_DUCK_TEXT && strcmp(name, "currency") == 0)
            copy_text(h->currency, sizeof h->currency, at);
        else if (at->kind == VO_DUCK_TEXT && strcmp(name, "unit") == 0)
            copy_text(h->unit, sizeof h->unit, at);
        else if (at->kind == VO_DUCK_DOUBLE && h->n_columns < VO_SERIES_MAX_COLUMNS &&
                 name[0] && strlen(name) < VO_COLUMN_NAME)
            memcpy(h->column[h->n_columns++], name, strlen(name) + 1);
    }
    return VO_OK;
}

static vo_status take_extent(void *ctx, const vo_duck_rows *rows, vo_error *err) {
    vo_lake_head *h = ctx;
    (void)err;
    if (rows->rows == 0) return VO_OK;
    h->rows = rows->column[0].integer[0];
    if (!vo_duck_has(&rows->column[1], 0) || !vo_duck_has(&rows->column[3], 0)) return VO_OK;
    h->first_s = rows->column[1].integer[0] / MICRO;
    h->last_s = rows->column[2].integer[0] / MICRO;
    h->interval_h = rows->column[3].number[0];
    h->mixed = rows->column[4].integer[0] > 1;
    return VO_OK;
}

static void put_source(vo_text *sql, const char *path) {
    vo_text_append(sql, " FROM read_parquet(");
    vo_duck_literal(sql, path);
    vo_text_append(sql, ", hive_partitioning=false)");
}

static void look_into(vo_lake *lake, const char *path, vo_lake_head *h) {
    shape s = {.head = h};
    vo_text sql = vo_lake_query(lake);
    vo_text_append(&sql, "SELECT count(*), min(start), max(start), mode(dt_h), "
                         "count(DISTINCT dt_h)");
    put_source(&sql, path);
    vo_status st = vo_lake_run(lake, &sql, take_extent, h, NULL);
    sql = vo_lake_query(lake);
    vo_text_append(&sql, "SELECT *");
    put_source(&sql, path);
    vo_text_append(&sql, " LIMIT 1");
    if (st == VO_OK && h->rows) st = vo_lake_run(lake, &sql, take_shape, &s, NULL);
    if (st != VO_OK)
        bad(h, "it cannot be read as Parquet with start and dt_h");
    else if (h->rows && (!s.start || !s.dt_h || h->n_columns == 0))
        bad(h, "it lacks start, dt_h or a column of numbers");
}

/* ---- the head --------------------------------------------------------------------------- */

vo_status vo_lake_head_load(vo_lake *lake, const char *path, vo_lake_head *out, vo_error *err) {
    char *data = NULL;
    size_t len = 0;
    vo_error why = {0};
    const vo_status st = vo_file_read(path, MAX_FILE, &data, &len, &why);
    *out = (vo_lake_head){.state = VO_LAKE_ABSENT};
    if (st == VO_ENOTFOUND) return VO_OK;
    if (st == VO_ENOMEM) return vo_fail(err, st, "%s", why.msg);
    if (st != VO_OK) {
        bad(out, "it cannot be opened or read");
        return VO_OK;
    }
    vo_lake_head_parse(data, len, out);
    free(data);
    if (out->state == VO_LAKE_OLD) look_into(lake, path, out);
    return VO_OK;
}

vo_status vo_lake_refuse_bad(const char *path, const vo_lake_head *head, vo_error *err) {
    return vo_fail(err, VO_EIO,
                   "\"%.300s\" is damaged: %s; \"volteo data doctor --mend\" moves it out of "
                   "the way, then import it again",
                   path, head->why);
}

/* ---- rows ------------------------------------------------------------------------------- */

typedef struct {
    vo_series *s;
    size_t n;
    bool wrong; /* not what the head says: the file was replaced meanwhile */
} filling;

static vo_status fill(void *ctx, const vo_duck_rows *rows, vo_error *err) {
    filling *f = ctx;
    vo_series *s = f->s;
    (void)err;
    if (rows->rows > s->n - f->n || rows->n_columns != s->n_columns + 2 ||
        rows->column[0].kind != VO_DUCK_TIME) {
        f->wrong = true;
        return VO_EIO;
    }
    for (size_t i = 0; i < rows->rows; i++) {
        const int64_t at = rows->column[0].integer[i];
        const bool has = vo_duck_has(&rows->column[0], i);
        s->start[f->n + i].s = has ? at / MICRO - (at % MICRO < 0) : INT64_MIN;
    }
    for (size_t c = 1; c < rows->n_columns; c++) {
        double *to = (c == 1 ? s->dt_h : s->column[c - 2].value) + f->n;
        const vo_duck_column *from = &rows->column[c];
        if (from->kind != VO_DUCK_DOUBLE) {
            f->wrong = true;
            return VO_EIO;
        }
        memcpy(to, from->number, rows->rows * sizeof *to);
        for (size_t i = 0; from->valid && i < rows->rows; i++)
            if (!vo_duck_has(from, i)) to[i] = (double)NAN;
    }
    f->n += rows->rows;
    return VO_OK;
}

static vo_status read_as(vo_lake *lake, const char *path, const vo_lake_head *h,
                         vo_series **out, vo_error *err) {
    const char *name[VO_SERIES_MAX_COLUMNS];
    filling f = {.n = 0};
    for (size_t c = 0; c < h->n_columns; c++) name[c] = h->column[c];
    vo_status st = vo_series_create((size_t)h->rows, name, h->n_columns, NULL, &f.s, err);
    if (st != VO_OK) return st;
    if (h->zone[0]) memcpy(f.s->zone, h->zone, sizeof f.s->zone);
    memcpy(f.s->currency, h->currency, sizeof f.s->currency);
    memcpy(f.s->unit, h->unit, sizeof f.s->unit);
    vo_text sql = vo_lake_query(lake);
    vo_text_append(&sql, "SELECT start, dt_h");
    for (size_t c = 0; c < h->n_columns; c++) {
        vo_text_append(&sql, ", ");
        vo_duck_name(&sql, h->column[c]);
    }
    put_source(&sql, path);
    st = vo_lake_run(lake, &sql, fill, &f, NULL);
    if (st == VO_OK && f.n == f.s->n) {
        *out = f.s;
        return VO_OK;
    }
    vo_series_free(f.s);
    return st == VO_ENOMEM ? vo_fail(err, st, "no memory for %lld rows", (long long)h->rows)
                           : VO_EIO;
}

/* A writer may replace the file between the look at its head and its rows: then once more. */
vo_status vo_lake_part_read(vo_lake *lake, const char *path, vo_series **out,
                            vo_lake_head *head, vo_error *err) {
    uint64_t sum = 0;
    for (int i = 0; i < 100; i++) {
        vo_status st = vo_lake_head_load(lake, path, head, err);
        if (st != VO_OK) return st;
        if (head->state == VO_LAKE_BAD) return vo_lake_refuse_bad(path, head, err);
        if (head->state == VO_LAKE_ABSENT || head->rows == 0) {
            *out = NULL;
            return VO_OK;
        }
        if (i && head->sum == sum) break; /* it is the same, and still not readable */
        sum = head->sum;
        vo_error why = {0};
        st = read_as(lake, path, head, out, &why);
        if (st == VO_OK) return st;
        if (st != VO_EIO) return vo_fail(err, st, "%s", why.msg);
    }
    bad(head, "its rows cannot be read");
    return vo_lake_refuse_bad(path, head, err);
}

/* ---- writing ---------------------------------------------------------------------------- */

/* The mark in a file with zeros for its checksum gets it. */
static bool put_sum_in(char *data, size_t len, vo_lake_head *head, int64_t *at,
                       char digits[SUM_DIGITS + 1]) {
    char *mark = find_last(data, len > TAIL ? len - TAIL : 0, len, MARK);
    if (!mark) return false;
    head->sum = vo_lake_sum(data, len);
    head->bytes = (int64_t)len;
    head->state = VO_LAKE_WHOLE;
    put_sum(digits, head->sum);
    *at = mark + strlen(MARK) - data;
    memcpy(data + *at, digits, SUM_DIGITS);
    return true;
}

static vo_status write_by_duckdb(vo_lake *lake, const char *path, size_t n,
                                 const vo_duck_column *column, size_t n_columns,
                                 const char *entry, vo_lake_head *head, vo_error *err) {
    char *data = NULL, digits[SUM_DIGITS + 1];
    size_t len = 0;
    int64_t at = 0;
    vo_status st =
        vo_duck_write(lake->duck, path, n, column, n_columns, ENTRY, entry, head->packed, err);
    if (st == VO_OK) st = vo_file_read(path, MAX_FILE, &data, &len, err);
    if (st == VO_OK && !put_sum_in(data, len, head, &at, digits))
        st = vo_fail(err, VO_EIO, "it was not written whole; try again");
    if (st == VO_OK) st = vo_file_patch(path, at, digits, SUM_DIGITS, err);
    free(data);
    return st;
}

/* What is not UTF-8 is left to DuckDB to judge. */
static vo_status write_columns(vo_lake *lake, const char *path, size_t n,
                               const vo_duck_column *column, size_t n_columns,
                               const char *entry, vo_lake_head *head, vo_error *err) {
    char *data = NULL, digits[SUM_DIGITS + 1];
    size_t len = 0;
    int64_t at = 0;
    vo_status st = vo_parquet_encode(lake->parquet, n, column, n_columns, ENTRY, entry,
                                     head->packed, &data, &len, err);
    if (st == VO_EINVAL)
        return write_by_duckdb(lake, path, n, column, n_columns, entry, head, err);
    if (st == VO_OK && !put_sum_in(data, len, head, &at, digits))
        st = vo_fail(err, VO_EINVAL, "names of columns are too long: shorten them");
    return st == VO_OK ? vo_file_put(path, data, len, err) : st;
}

vo_status vo_lake_file_write(vo_lake *lake, const char *path, size_t n,
                             const vo_duck_column *column, size_t n_columns, vo_lake_head *head,
                             vo_error *err) {
    char entry[MAX_ENTRY];
    vo_text text = vo_text_over(entry, sizeof entry);
    vo_error why = {0};
    put_entry(&text, head);
    if (text.cut) return vo_fail(err, VO_EINVAL, "names of columns are too long: shorten them");
    vo_status st = write_columns(lake, path, n, column, n_columns, entry, head, &why);
    if (st == VO_EIO)
        st = vo_fail(err, VO_EIO, "cannot write \"%.300s\": %s", path,
                     strstr(why.msg, "No space")    ? "the disk is full"
                     : strstr(why.msg, "too large") ? "the disk or its quota is full"
                     : strstr(why.msg, "ermission") ? "no permission"
                     : strstr(why.msg, "not written whole")
                         ? "it was not written whole; try again"
                         : "is the disk full, or read-only?");
    else if (st != VO_OK)
        st = vo_fail(err, st, "%s", why.msg);
    if (st != VO_OK) vo_file_remove(path, NULL);
    return st;
}

static int by_size(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The most common length, the shortest of equals, and whether there are others. */
static vo_status common_length(const vo_series *s, vo_lake_head *h, vo_error *err) {
    h->interval_h = s->dt_h[0];
    for (size_t t = 1; t < s->n && !h->mixed; t++)
        h->mixed = fabs(s->dt_h[t] - s->dt_h[0]) > 1e-9 * s->dt_h[0];
    if (!h->mixed) return VO_OK;
    double *sorted = malloc(s->n * sizeof *sorted);
    if (!sorted) return vo_fail(err, VO_ENOMEM, "no memory to store %zu rows", s->n);
    memcpy(sorted, s->dt_h, s->n * sizeof *sorted);
    qsort(sorted, s->n, sizeof *sorted, by_size);
    size_t best = 0, run = 0;
    for (size_t t = 0; t < s->n; t++) {
        run = t && sorted[t] - sorted[t - 1] <= 1e-9 * sorted[t] ? run + 1 : 1;
        if (run > best) best = run, h->interval_h = sorted[t];
    }
    free(sorted);
    return VO_OK;
}

vo_status vo_lake_part_write(vo_lake *lake, const char *path, const vo_series *s, bool packed,
                             vo_lake_head *head, vo_error *err) {
    vo_lake_head *h = head;
    *h = (vo_lake_head){.rows = (int64_t)s->n,
                        .first_s = s->start[0].s,
                        .last_s = s->start[s->n - 1].s,
                        .packed = packed,
                        .n_columns = s->n_columns};
    memcpy(h->zone, s->zone, sizeof h->zone);
    memcpy(h->currency, s->currency, sizeof h->currency);
    memcpy(h->unit, s->unit, sizeof h->unit);
    for (size_t c = 0; c < s->n_columns; c++)
        memcpy(h->column[c], s->column[c].name, VO_COLUMN_NAME);
    vo_status st = common_length(s, h, err);
    if (st != VO_OK) return st;
    int64_t *micro = malloc(s->n * sizeof *micro);
    if (!micro) return vo_fail(err, VO_ENOMEM, "no memory to store %zu rows", s->n);
    for (size_t t = 0; t < s->n; t++) micro[t] = s->start[t].s * MICRO;
    vo_duck_column column[VO_SERIES_MAX_COLUMNS + 5] = {
        {.name = "start", .kind = VO_DUCK_TIME, .integer = micro},
        {.name = "dt_h", .kind = VO_DUCK_DOUBLE, .number = s->dt_h},
    };
    size_t n = 2;
    for (size_t c = 0; c < s->n_columns; c++)
        column[n++] = (vo_duck_column){
            .name = s->column[c].name, .kind = VO_DUCK_DOUBLE, .number = s->column[c].value};
    column[n++] = (vo_duck_column){.name = "zone", .kind = VO_DUCK_TEXT, .text = s->zone};
    column[n++] =
        (vo_duck_column){.name = "currency", .kind = VO_DUCK_TEXT, .text = s->currency};
    column[n++] = (vo_duck_column){.name = "unit", .kind = VO_DUCK_TEXT, .text = s->unit};
    st = vo_lake_file_write(lake, path, s->n, column, n, h, err);
    free(micro);
    return st;
}
