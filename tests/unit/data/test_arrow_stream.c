/* An Arrow stream read again by a reader of its own: FlatBuffers followed by their offsets, as
 * "Columnar.html" and "flatbuffers internals" say, buffers by their places in the body. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/arrow_stream.h"

/* ---- FlatBuffers ------------------------------------------------------------------------- */

typedef struct {
    const unsigned char *at;
    size_t n;
} span;

static uint64_t word(span b, size_t at, size_t n) {
    uint64_t v = 0;
    cr_assert(at + n <= b.n, "%zu + %zu of %zu", at, n, b.n);
    cr_assert_eq(at % n, 0u, "misaligned: %zu of %zu", at, n);
    for (size_t i = 0; i < n; i++) v |= (uint64_t)b.at[at + i] << (8 * i);
    return v;
}

/* The place of a table's field, 0 if it is absent. */
static size_t field(span b, size_t table, size_t i) {
    const size_t list = table - (size_t)(int32_t)word(b, table, 4);
    if (4 + 2 * i >= word(b, list, 2)) return 0;
    const size_t offset = (size_t)word(b, list + 4 + 2 * i, 2);
    return offset ? table + offset : 0;
}

static size_t follow(span b, size_t at) { return at + (size_t)word(b, at, 4); }
static size_t child(span b, size_t table, size_t i) {
    const size_t at = field(b, table, i);
    cr_assert(at, "field %zu is absent", i);
    return follow(b, at);
}
static const char *text_at(span b, size_t at) {
    const size_t len = (size_t)word(b, at, 4);
    cr_assert(at + 4 + len < b.n && b.at[at + 4 + len] == 0);
    return (const char *)b.at + at + 4;
}

/* ---- messages ------------------------------------------------------------------------------ */

typedef struct {
    span meta, body;
    size_t header;
    unsigned type;
} message;

/* False: the end mark. */
static bool next(span all, size_t *at, message *m) {
    cr_assert_eq(word(all, *at, 4), UINT32_MAX);
    const size_t n = (size_t)word(all, *at + 4, 4);
    *at += 8;
    if (n == 0) return false;
    cr_assert_eq(n % 8, 0u);
    cr_assert(*at + n <= all.n);
    m->meta = (span){all.at + *at, n};
    const size_t table = follow(m->meta, 0);
    cr_assert_eq(word(m->meta, field(m->meta, table, 0), 2), 4u, "version 5");
    m->type = (unsigned)word(m->meta, field(m->meta, table, 1), 1);
    m->header = child(m->meta, table, 2);
    const size_t length = field(m->meta, table, 3);
    const size_t body = length ? (size_t)word(m->meta, length, 8) : 0;
    *at += n;
    cr_assert_eq(body % 8, 0u);
    cr_assert(*at + body <= all.n);
    m->body = (span){all.at + *at, body};
    *at += body;
    return true;
}

static void check_schema(const message *m, const vo_arrow_column *column, size_t n) {
    const span b = m->meta;
    const size_t fields = child(b, m->header, 1);
    cr_assert_eq(m->type, 1u);
    cr_assert_eq(word(b, fields, 4), n);
    for (size_t c = 0; c < n; c++) {
        const size_t f = follow(b, fields + 4 + 4 * c), type = child(b, f, 3);
        cr_expect_str_eq(text_at(b, child(b, f, 0)), column[c].name);
        const size_t nullable = field(b, f, 1);
        cr_expect_eq(nullable ? word(b, nullable, 1) : 0, column[c].number ? 1u : 0u);
        cr_expect_eq(word(b, field(b, f, 2), 1), column[c].time_ms ? 10u : 3u);
        cr_expect_eq(word(b, field(b, type, 0), 2), column[c].time_ms ? 1u : 2u);
        if (column[c].time_ms) cr_expect_str_eq(text_at(b, child(b, type, 1)), "UTC");
        cr_expect_eq(word(b, child(b, f, 5), 4), 0u, "children");
    }
}

static size_t check_batch(const message *m, const vo_arrow_column *column, size_t n_columns,
                          size_t from) {
    const span b = m->meta;
    const size_t n = (size_t)word(b, field(b, m->header, 0), 8);
    const size_t nodes = child(b, m->header, 1), buffers = child(b, m->header, 2);
    cr_assert_eq(m->type, 3u);
    cr_assert_eq(word(b, nodes, 4), n_columns);
    cr_assert_eq(word(b, buffers, 4), 2 * n_columns);
    for (size_t c = 0; c < n_columns; c++) {
        const uint64_t nulls = word(b, nodes + 4 + 16 * c + 8, 8);
        const size_t valid = buffers + 4 + 32 * c, values = valid + 16;
        const size_t valid_at = (size_t)word(b, valid, 8);
        const size_t valid_len = (size_t)word(b, valid + 8, 8);
        const size_t at = (size_t)word(b, values, 8);
        cr_assert_eq(word(b, nodes + 4 + 16 * c, 8), n);
        cr_assert_eq(word(b, values + 8, 8), 8 * n);
        cr_assert(valid_at % 8 == 0 && at % 8 == 0 && valid_len == (nulls ? (n + 7) / 8 : 0));
        cr_assert(valid_at + valid_len <= m->body.n);
        uint64_t seen = 0;
        for (size_t i = 0; i < n; i++) {
            const bool there = !nulls || (m->body.at[valid_at + i / 8] >> (i % 8) & 1);
            const uint64_t bits = word(m->body, at + 8 * i, 8);
            double v;
            memcpy(&v, &bits, sizeof v);
            seen += !there;
            if (column[c].time_ms)
                cr_assert_eq((int64_t)bits, column[c].time_ms[from + i]);
            else
                cr_assert(there ? v == column[c].number[from + i]
                                : isnan(column[c].number[from + i]));
        }
        cr_assert_eq(seen, nulls);
    }
    return n;
}

static void round_trip(size_t n) {
    int64_t *stamp = malloc((n + 1) * sizeof *stamp);
    double *a = malloc((n + 1) * sizeof *a), *b = malloc((n + 1) * sizeof *b);
    for (size_t i = 0; i < n; i++) {
        stamp[i] = ((int64_t)i - 3) * 3600000;
        a[i] = (double)i * 0.25 - 7;
        b[i] = i % 3 ? (double)NAN : -(double)i;
    }
    const vo_arrow_column column[] = {{.name = "timestamp", .time_ms = stamp},
                                      {.name = "price", .number = a},
                                      {.name = "energía", .number = b}};
    const vo_arrow_note note[] = {{"tz", "America/Mexico_City"}, {"currency", ""}};
    char *bytes = NULL;
    size_t len = 0, at = 0, rows = 0;
    message m;
    cr_assert_eq(vo_arrow_stream(n, column, 3, note, 2, &bytes, &len, NULL), VO_OK);
    const span all = {(const unsigned char *)bytes, len};
    cr_assert(next(all, &at, &m));
    check_schema(&m, column, 3);
    const size_t notes = child(m.meta, m.header, 2), tz = follow(m.meta, notes + 4);
    cr_expect_eq(word(m.meta, notes, 4), 2u);
    cr_expect_str_eq(text_at(m.meta, child(m.meta, tz, 0)), "tz");
    cr_expect_str_eq(text_at(m.meta, child(m.meta, tz, 1)), "America/Mexico_City");
    while (next(all, &at, &m)) rows += check_batch(&m, column, 3, rows);
    cr_expect_eq(rows, n);
    cr_expect_eq(at, len);
    free(bytes);
    free(stamp);
    free(a);
    free(b);
}

Test(arrow_stream, what_is_written_is_read_again) {
    round_trip(1);
    round_trip(63);
    round_trip(64);
    round_trip(8784);
}

Test(arrow_stream, long_tables_come_in_several_batches) { round_trip(65536 + 9); }

Test(arrow_stream, no_rows_are_a_schema_and_an_end) { round_trip(0); }

Test(arrow_stream, what_no_schema_can_hold_is_refused) {
    const double v = 1;
    char *bytes = NULL, name[300];
    size_t len = 0;
    vo_error err = {0};
    memset(name, 'n', sizeof name);
    name[299] = '\0';
    const vo_arrow_column too_long = {.name = name, .number = &v},
                          bad = {.name = "\xff", .number = &v};
    cr_expect_eq(vo_arrow_stream(1, &too_long, 1, NULL, 0, &bytes, &len, &err), VO_EINVAL);
    cr_expect_eq(vo_arrow_stream(1, &bad, 1, NULL, 0, &bytes, &len, &err), VO_EINVAL);
    cr_expect(!bytes && strstr(err.msg, "UTF-8"));
    static const vo_arrow_column many[VO_ARROW_COLUMNS + 1];
    cr_expect_eq(vo_arrow_stream(1, many, VO_ARROW_COLUMNS + 1, NULL, 0, &bytes, &len, &err),
                 VO_EINVAL);
}
