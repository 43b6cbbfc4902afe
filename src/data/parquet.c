/* parquet.c -- see parquet.h. Format: github.com/apache/parquet-format (parquet.thrift,
 * Encodings.md); metadata are in Thrift's compact protocol. Every column is OPTIONAL: a page is
 * its definition levels (is there a value?) and then its values:
 *     times, integers   differences in blocks of 128, packed to the bits they need
 *     doubles           indexes into a dictionary where values are few, else as they are
 *     one text          an index into a dictionary of one
 *     texts             as they are
 */
#include "data/parquet.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define GROUP 122880u /* rows */
#define MAX_PAGE ((size_t)1 << 30)
#define LEVEL 1 /* of zstd */

#define FEW 256u    /* values of a dictionary */
#define SLOTS 1024u /* of the table that finds them */

typedef struct { /* bytes that grow; what does not fit into memory is remembered */
    unsigned char *at;
    size_t n, capacity;
    bool failed;
} sink;

struct vo_parquet {
    ZSTD_CCtx *zstd;
    bool small;
    sink out, page, packed;
    double *present; /* [GROUP] values that are not missing */
    uint16_t slot[SLOTS];
    uint8_t index[GROUP];
    double few[FEW];
};

vo_status vo_parquet_create(vo_parquet **out, vo_error *err) {
    vo_parquet *p = calloc(1, sizeof *p);
    if (p) p->zstd = ZSTD_createCCtx();
    if (!p || !p->zstd) {
        vo_parquet_free(p);
        return vo_fail(err, VO_ENOMEM, "no memory to write Parquet");
    }
    *out = p;
    return VO_OK;
}

void vo_parquet_free(vo_parquet *p) {
    if (!p) return;
    ZSTD_freeCCtx(p->zstd);
    free(p->out.at);
    free(p->page.at);
    free(p->packed.at);
    free(p->present);
    free(p);
}

/* ---- bytes ------------------------------------------------------------------------------ */

static bool has_room(sink *s, size_t more) {
    if (s->failed) return false;
    if (more <= s->capacity - s->n) return true;
    size_t capacity = s->capacity ? s->capacity : 4096;
    while (capacity < s->n + more) capacity *= 2;
    unsigned char *larger = realloc(s->at, capacity);
    s->failed = !larger;
    if (!larger) return false;
    s->at = larger;
    s->capacity = capacity;
    return true;
}

static void put(sink *s, const void *data, size_t n) {
    if (n == 0 || !has_room(s, n)) return;
    memcpy(s->at + s->n, data, n);
    s->n += n;
}

static void put_byte(sink *s, unsigned byte) {
    if (has_room(s, 1)) s->at[s->n++] = (unsigned char)byte;
}

static void put_varint(sink *s, uint64_t v) {
    for (; v >= 0x80; v >>= 7) put_byte(s, (unsigned)(v & 0x7f) | 0x80);
    put_byte(s, (unsigned)v);
}

static uint64_t zigzag(int64_t v) { return (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0); }

static void put_word(sink *s, uint64_t v, size_t n) { /* little-endian */
    unsigned char byte[8];
    for (size_t i = 0; i < n; i++) byte[i] = (unsigned char)(v >> (8 * i));
    put(s, byte, n);
}

static void put_plain(sink *s, const double *v, size_t n) {
    if (!has_room(s, 8 * n)) return;
    unsigned char *to = s->at + s->n;
    for (size_t i = 0; i < n; i++, to += 8) {
        uint64_t bits;
        memcpy(&bits, &v[i], sizeof bits);
        for (size_t k = 0; k < 8; k++) to[k] = (unsigned char)(bits >> (8 * k));
    }
    s->n += 8 * n;
}

/* The low `width` bits of each, the first ones lowest. */
static void put_bits(sink *s, const uint64_t *v, size_t n, unsigned width) {
    unsigned have = 0, byte = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t rest = v[i];
        for (unsigned left = width; left > 0;) {
            const unsigned take = left < 8 - have ? left : 8 - have;
            byte |= (unsigned)(rest & ((1u << take) - 1)) << have;
            rest >>= take;
            left -= take;
            have += take;
            if (have < 8) continue;
            put_byte(s, byte);
            byte = have = 0;
        }
    }
    if (have) put_byte(s, byte);
}

static unsigned width_of(uint64_t v) {
    unsigned width = 0;
    for (; v; v >>= 1) width++;
    return width;
}

/* ---- Thrift ----------------------------------------------------------------------------- */

enum { T_TRUE = 1, T_INT32 = 5, T_INT64 = 6, T_TEXT = 8, T_LIST = 9, T_STRUCT = 12 };

typedef struct { /* fields come with rising numbers */
    sink *to;
    unsigned last;
} record;

static record begin_field(record *r, unsigned field, unsigned type) {
    put_byte(r->to, (field - r->last) << 4 | type);
    r->last = field;
    return (record){r->to, 0};
}

static record begin_struct(record *r, unsigned field) {
    return begin_field(r, field, T_STRUCT);
}

static void end_struct(record *r) { put_byte(r->to, 0); }

static void put_int32(record *r, unsigned field, int32_t v) {
    begin_field(r, field, T_INT32);
    put_varint(r->to, zigzag(v));
}

static void put_int64(record *r, unsigned field, size_t v) {
    begin_field(r, field, T_INT64);
    put_varint(r->to, zigzag((int64_t)v));
}

static void put_text(sink *s, const char *text) {
    put_varint(s, strlen(text));
    put(s, text, strlen(text));
}

static void put_text_field(record *r, unsigned field, const char *text) {
    begin_field(r, field, T_TEXT);
    put_text(r->to, text);
}

static record begin_list(record *r, unsigned field, unsigned type, size_t n) {
    begin_field(r, field, T_LIST);
    put_byte(r->to, (unsigned)(n < 15 ? n : 15) << 4 | type);
    if (n >= 15) put_varint(r->to, n);
    return (record){r->to, 0};
}

/* ---- values ----------------------------------------------------------------------------- */

enum { INT64 = 2, DOUBLE = 5, BYTE_ARRAY = 6 };                    /* Type */
enum { PLAIN = 0, RLE = 3, DELTA_PACKED = 5, RLE_DICTIONARY = 8 }; /* Encoding */
enum { UNCOMPRESSED = 0, ZSTD = 6 };                               /* CompressionCodec */
enum { DATA_PAGE = 0, DICTIONARY_PAGE = 2 };                       /* PageType */

static int32_t type_of(const vo_duck_column *c) {
    if (c->kind == VO_DUCK_DOUBLE) return DOUBLE;
    return c->kind == VO_DUCK_TEXT || c->kind == VO_DUCK_TEXTS ? BYTE_ARRAY : INT64;
}

typedef struct { /* of one column in one group */
    int32_t encoding, codec;
    size_t n, missing;
    size_t begin, data_at, dictionary_at; /* in the file; 0: there is no dictionary */
    size_t raw_bytes;
    size_t bytes_of_bound; /* 0: least and greatest are not known */
    char least[8], greatest[8];
    const char *text; /* the only one */
} chunk;

/* DELTA_BINARY_PACKED: blocks of 4 x 32 differences above the least of their block. */
static void put_deltas(sink *s, const int64_t *v, size_t n) {
    put_varint(s, 128);
    put_varint(s, 4);
    put_varint(s, n);
    put_varint(s, zigzag(v[0]));
    for (size_t at = 1; at < n; at += 128) {
        const size_t m = n - at < 128 ? n - at : 128;
        uint64_t delta[128] = {0};
        unsigned width[4] = {0};
        int64_t least = INT64_MAX;
        for (size_t i = 0; i < m; i++) {
            delta[i] = (uint64_t)v[at + i] - (uint64_t)v[at + i - 1];
            if ((int64_t)delta[i] < least) least = (int64_t)delta[i];
        }
        for (size_t i = 0; i < m; i++) {
            delta[i] -= (uint64_t)least;
            const unsigned w = width_of(delta[i]);
            if (w > width[i / 32]) width[i / 32] = w;
        }
        put_varint(s, zigzag(least));
        for (size_t k = 0; k < 4; k++) put_byte(s, width[k]);
        for (size_t k = 0; k < 4; k++) put_bits(s, delta + 32 * k, 32, width[k]);
    }
}

static void bound_integers(chunk *c, const int64_t *v, size_t n) {
    int64_t least = v[0], greatest = v[0];
    for (size_t i = 1; i < n; i++) {
        if (v[i] < least) least = v[i];
        if (v[i] > greatest) greatest = v[i];
    }
    for (size_t i = 0; i < 8; i++) {
        c->least[i] = (char)((uint64_t)least >> (8 * i));
        c->greatest[i] = (char)((uint64_t)greatest >> (8 * i));
    }
    c->bytes_of_bound = 8;
}

/* Zeros are told as the format wants it: the least as -0, the greatest as +0. */
static void bound_doubles(chunk *c, const double *v, size_t n) {
    double least = v[0], greatest = v[0];
    for (size_t i = 1; i < n; i++) {
        least = v[i] < least ? v[i] : least;
        greatest = v[i] > greatest ? v[i] : greatest;
    }
    if (!(least < 0 || least > 0)) least = -0.0;
    if (!(greatest < 0 || greatest > 0)) greatest = 0.0;
    sink to = {.at = (unsigned char *)c->least, .capacity = 8};
    put_plain(&to, &least, 1);
    to = (sink){.at = (unsigned char *)c->greatest, .capacity = 8};
    put_plain(&to, &greatest, 1);
    c->bytes_of_bound = 8;
}

/* Up to FEW different values of v into p->few, their places into p->index; 0 if there are more
 * or they would save nothing. */
static size_t find_few(vo_parquet *p, const double *v, size_t n) {
    size_t few = 0;
    memset(p->slot, 0, sizeof p->slot);
    for (size_t i = 0; i < n; i++) {
        uint64_t bits;
        memcpy(&bits, &v[i], sizeof bits); /* 0 and -0 are two */
        size_t at = (size_t)(bits * UINT64_C(0x9e3779b97f4a7c15) >> 54);
        while (p->slot[at] && memcmp(&p->few[p->slot[at] - 1], &v[i], sizeof bits) != 0)
            at = (at + 1) % SLOTS;
        if (!p->slot[at]) {
            if (few == FEW) return 0;
            p->few[few++] = v[i];
            p->slot[at] = (uint16_t)few;
        }
        p->index[i] = (uint8_t)(p->slot[at] - 1);
    }
    return few;
}

/* The places of `few` values: their width, then one run, or all packed to bits. */
static void put_indexes(sink *s, const uint8_t *index, size_t n, size_t few) {
    const unsigned width = few < 3 ? 1 : width_of(few - 1);
    put_byte(s, width);
    if (few == 1) {
        put_varint(s, (uint64_t)n << 1);
        put_byte(s, 0);
        return;
    }
    put_varint(s, (uint64_t)((n + 7) / 8) << 1 | 1);
    for (size_t at = 0; at < n; at += 8) {
        uint64_t v[8] = {0};
        for (size_t i = at; i < n && i < at + 8; i++) v[i - at] = index[i];
        put_bits(s, v, 8, width);
    }
}

/* Definition levels: 1 where there is a value. */
static void put_levels(sink *s, const double *v, size_t n, size_t missing) {
    const size_t length_at = s->n;
    put_word(s, 0, 4);
    if (missing == 0) {
        put_varint(s, (uint64_t)n << 1);
        put_byte(s, 1);
    } else {
        put_varint(s, (uint64_t)((n + 7) / 8) << 1 | 1);
        for (size_t at = 0; at < n; at += 8) {
            unsigned byte = 0;
            for (size_t i = at; i < n && i < at + 8; i++)
                byte |= (unsigned)!isnan(v[i]) << (i - at);
            put_byte(s, byte);
        }
    }
    if (s->failed) return;
    const size_t length = s->n - length_at - 4;
    for (size_t i = 0; i < 4; i++) s->at[length_at + i] = (unsigned char)(length >> (8 * i));
}

/* ---- pages ------------------------------------------------------------------------------ */

static void pack_at(vo_parquet *p, int level) {
    if (p->packed.failed) return;
    p->packed.n = ZSTD_compressCCtx(p->zstd, p->packed.at, p->packed.capacity, p->page.at,
                                    p->page.n, level);
    p->packed.failed = ZSTD_isError(p->packed.n);
}

/* p->page into p->packed. A higher level is mostly, not always, the smaller one. */
static void pack(vo_parquet *p) {
    static const int levels[] = {1, 9, 19};
    size_t best = SIZE_MAX;
    int level = LEVEL;
    p->packed.n = 0;
    if (!has_room(&p->packed, ZSTD_compressBound(p->page.n))) return;
    for (size_t i = 0; p->small && i < sizeof levels / sizeof levels[0]; i++) {
        pack_at(p, levels[i]);
        if (p->packed.n >= best) continue;
        best = p->packed.n;
        level = levels[i];
    }
    if (p->packed.n != best) pack_at(p, level);
}

/* p->page behind a header; `values` of them. */
static vo_status put_page(vo_parquet *p, chunk *c, int32_t type, size_t values, vo_error *err) {
    const sink *raw = &p->page, *body = raw;
    const size_t header_at = p->out.n;
    if (raw->n > MAX_PAGE)
        return vo_fail(err, VO_EINVAL, "%zu bytes of texts: too many for a page", raw->n);
    if (c->codec == ZSTD && !raw->failed) {
        pack(p);
        body = &p->packed;
    }
    if (raw->failed || p->packed.failed)
        return vo_fail(err, VO_ENOMEM, "no memory to write %zu values", values);
    record header = {&p->out, 0};
    put_int32(&header, 1, type);
    put_int32(&header, 2, (int32_t)raw->n);
    put_int32(&header, 3, (int32_t)body->n);
    record about = begin_struct(&header, type == DATA_PAGE ? 5 : 7);
    put_int32(&about, 1, (int32_t)values);
    put_int32(&about, 2, type == DATA_PAGE ? c->encoding : PLAIN);
    if (type == DATA_PAGE) {
        put_int32(&about, 3, RLE);
        put_int32(&about, 4, RLE);
    }
    end_struct(&about);
    end_struct(&header);
    c->raw_bytes += p->out.n - header_at + raw->n;
    put(&p->out, body->at, body->n);
    return VO_OK;
}

static vo_status put_doubles(vo_parquet *p, chunk *c, const double *v, vo_error *err) {
    for (size_t i = 0; i < c->n; i++) c->missing += isnan(v[i]) != 0;
    const size_t n = c->n - c->missing;
    const double *there = v;
    if (c->missing) {
        if (!p->present && !(p->present = malloc(GROUP * sizeof *p->present)))
            return vo_fail(err, VO_ENOMEM, "no memory to write %zu values", n);
        for (size_t i = 0, k = 0; i < c->n; i++)
            if (!isnan(v[i])) p->present[k++] = v[i];
        there = p->present;
    }
    const size_t few = find_few(p, there, n);
    if (n) bound_doubles(c, there, n);
    if (few) {
        c->encoding = RLE_DICTIONARY;
        c->dictionary_at = p->out.n;
        put_plain(&p->page, p->few, few);
        const vo_status st = put_page(p, c, DICTIONARY_PAGE, few, err);
        if (st != VO_OK) return st;
        p->page.n = 0;
    }
    c->data_at = p->out.n;
    put_levels(&p->page, v, c->n, c->missing);
    if (few)
        put_indexes(&p->page, p->index, n, few);
    else
        put_plain(&p->page, there, n);
    return put_page(p, c, DATA_PAGE, c->n, err);
}

/* One text for all rows. */
static vo_status put_constant(vo_parquet *p, chunk *c, const char *text, vo_error *err) {
    c->codec = UNCOMPRESSED;
    c->encoding = RLE_DICTIONARY;
    c->text = text;
    c->dictionary_at = p->out.n;
    put_word(&p->page, strlen(text), 4);
    put(&p->page, text, strlen(text));
    const vo_status st = put_page(p, c, DICTIONARY_PAGE, 1, err);
    if (st != VO_OK) return st;
    p->page.n = 0;
    c->data_at = p->out.n;
    put_levels(&p->page, NULL, c->n, 0);
    put_indexes(&p->page, NULL, c->n, 1);
    return put_page(p, c, DATA_PAGE, c->n, err);
}

static vo_status put_chunk(vo_parquet *p, const vo_duck_column *column, size_t from, chunk *c,
                           vo_error *err) {
    c->begin = c->data_at = p->out.n;
    c->codec = ZSTD;
    p->page.n = 0;
    if (column->kind == VO_DUCK_DOUBLE) return put_doubles(p, c, column->number + from, err);
    if (column->kind == VO_DUCK_TEXT) return put_constant(p, c, column->text, err);
    put_levels(&p->page, NULL, c->n, 0);
    if (column->kind == VO_DUCK_TEXTS) {
        const char *const *text = (const char *const *)column->text + from;
        for (size_t i = 0; i < c->n; i++) {
            put_word(&p->page, strlen(text[i]), 4);
            put(&p->page, text[i], strlen(text[i]));
        }
    } else {
        c->codec = UNCOMPRESSED;
        c->encoding = DELTA_PACKED;
        put_deltas(&p->page, column->integer + from, c->n);
        bound_integers(c, column->integer + from, c->n);
    }
    return put_page(p, c, DATA_PAGE, c->n, err);
}

/* ---- metadata --------------------------------------------------------------------------- */

static void put_schema(record *file, const vo_duck_column *column, size_t n_columns) {
    enum { OPTIONAL = 1, UTF8 = 0, TIMESTAMP_MICROS = 10, INT_64 = 18 };
    record root = begin_list(file, 2, T_STRUCT, n_columns + 1);
    put_text_field(&root, 4, "schema");
    put_int32(&root, 5, (int32_t)n_columns);
    end_struct(&root);
    for (size_t c = 0; c < n_columns; c++) {
        const int32_t type = type_of(&column[c]);
        record e = {file->to, 0};
        put_int32(&e, 1, type);
        put_int32(&e, 3, OPTIONAL);
        put_text_field(&e, 4, column[c].name);
        if (type == BYTE_ARRAY) put_int32(&e, 6, UTF8);
        if (column[c].kind == VO_DUCK_INTEGER) put_int32(&e, 6, INT_64);
        if (column[c].kind == VO_DUCK_TIME) {
            put_int32(&e, 6, TIMESTAMP_MICROS);
            record logical = begin_struct(&e, 10), time = begin_struct(&logical, 8);
            begin_field(&time, 1, T_TRUE); /* adjusted to UTC */
            record unit = begin_struct(&time, 2), micros = begin_struct(&unit, 2);
            end_struct(&micros);
            end_struct(&unit);
            end_struct(&time);
            end_struct(&logical);
        }
        end_struct(&e);
    }
}

static void put_bounds(record *about, const chunk *c) {
    record s = begin_struct(about, 12);
    put_int64(&s, 3, c->missing);
    if (c->text) {
        put_text_field(&s, 5, c->text);
        put_text_field(&s, 6, c->text);
    } else if (c->bytes_of_bound) {
        begin_field(&s, 5, T_TEXT);
        put_varint(s.to, c->bytes_of_bound);
        put(s.to, c->greatest, c->bytes_of_bound);
        begin_field(&s, 6, T_TEXT);
        put_varint(s.to, c->bytes_of_bound);
        put(s.to, c->least, c->bytes_of_bound);
    }
    end_struct(&s);
}

static void put_about_chunk(record *group, const vo_duck_column *column, const chunk *c,
                            size_t end) {
    record at = {group->to, 0};
    put_int64(&at, 2, 0); /* deprecated: where the metadata would be repeated */
    record about = begin_struct(&at, 3);
    put_int32(&about, 1, type_of(column));
    record used = begin_list(&about, 2, T_INT32, c->dictionary_at ? 3 : 2);
    put_varint(used.to, zigzag(RLE));
    if (c->dictionary_at) put_varint(used.to, zigzag(PLAIN));
    put_varint(used.to, zigzag(c->encoding));
    record path = begin_list(&about, 3, T_TEXT, 1);
    put_text(path.to, column->name);
    put_int32(&about, 4, c->codec);
    put_int64(&about, 5, c->n);
    put_int64(&about, 6, c->raw_bytes);
    put_int64(&about, 7, end - c->begin);
    put_int64(&about, 9, c->data_at);
    if (c->dictionary_at) put_int64(&about, 11, c->dictionary_at);
    put_bounds(&about, c);
    end_struct(&about);
    end_struct(&at);
}

static void put_groups(record *file, const chunk *chunks, size_t n_groups,
                       const vo_duck_column *column, size_t n_columns, size_t end) {
    record groups = begin_list(file, 4, T_STRUCT, n_groups);
    for (size_t g = 0; g < n_groups; g++) {
        const chunk *c = chunks + g * n_columns;
        size_t raw_bytes = 0;
        record group = {groups.to, 0};
        record list = begin_list(&group, 1, T_STRUCT, n_columns);
        for (size_t i = 0; i < n_columns; i++) {
            const bool last = g + 1 == n_groups && i + 1 == n_columns;
            put_about_chunk(&list, &column[i], &c[i], last ? end : c[i + 1].begin);
            raw_bytes += c[i].raw_bytes;
        }
        put_int64(&group, 2, raw_bytes);
        put_int64(&group, 3, c->n);
        end_struct(&group);
    }
}

static void put_footer(vo_parquet *p, const chunk *chunks, size_t n_groups, size_t n,
                       const vo_duck_column *column, size_t n_columns, const char *key,
                       const char *value) {
    const size_t begin = p->out.n;
    record file = {&p->out, 0};
    put_int32(&file, 1, 2);
    put_schema(&file, column, n_columns);
    put_int64(&file, 3, n);
    put_groups(&file, chunks, n_groups, column, n_columns, begin);
    record pairs = begin_list(&file, 5, T_STRUCT, 1);
    put_text_field(&pairs, 1, key);
    put_text_field(&pairs, 2, value);
    end_struct(&pairs);
    put_text_field(&file, 6, "volteo");
    record orders = begin_list(&file, 7, T_STRUCT, n_columns);
    for (size_t i = 0; i < n_columns; i++) { /* bounds are in the order of the type */
        record order = {orders.to, 0}, of_type = begin_struct(&order, 1);
        end_struct(&of_type);
        end_struct(&order);
    }
    end_struct(&file);
    put_word(&p->out, p->out.n - begin, 4);
    put(&p->out, "PAR1", 4);
}

/* ---- the whole -------------------------------------------------------------------------- */

static bool is_utf8(const char *text) {
    const unsigned char *t = (const unsigned char *)text;
    while (*t) {
        const size_t more = *t < 0x80 ? 0 : *t < 0xe0 ? 1 : *t < 0xf0 ? 2 : 3;
        static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
        if ((*t >= 0x80 && *t < 0xc2) || *t > 0xf4) return false;
        uint32_t code = more ? *t & (0x3fu >> more) : *t;
        t++;
        for (size_t i = 0; i < more; i++, t++) {
            if ((*t & 0xc0) != 0x80) return false;
            code = code << 6 | (*t & 0x3f);
        }
        if (code < least[more] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
            return false;
    }
    return true;
}

static vo_status check_texts(size_t n, const vo_duck_column *column, size_t n_columns,
                             const char *value, vo_error *err) {
    bool ok = is_utf8(value);
    for (size_t c = 0; c < n_columns && ok; c++) {
        ok = is_utf8(column[c].name);
        if (column[c].kind == VO_DUCK_TEXT) ok = ok && is_utf8(column[c].text);
        if (column[c].kind != VO_DUCK_TEXTS) continue;
        const char *const *text = (const char *const *)column[c].text;
        for (size_t i = 0; i < n && ok; i++)
            ok = (i && strcmp(text[i], text[i - 1]) == 0) || is_utf8(text[i]);
    }
    return ok ? VO_OK : vo_fail(err, VO_EINVAL, "a name or a text is not UTF-8");
}

vo_status vo_parquet_encode(vo_parquet *p, size_t n, const vo_duck_column *column,
                            size_t n_columns, const char *key, const char *value, bool small,
                            char **data, size_t *len, vo_error *err) {
    const size_t n_groups = (n + GROUP - 1) / GROUP;
    vo_status st = check_texts(n, column, n_columns, value, err);
    if (st != VO_OK) return st;
    chunk *chunks = calloc(n_groups * n_columns, sizeof *chunks);
    if (!chunks) return vo_fail(err, VO_ENOMEM, "no memory to write %zu rows", n);
    p->small = small;
    p->out.n = 0;
    p->out.failed = p->page.failed = p->packed.failed = false;
    put(&p->out, "PAR1", 4);
    for (size_t g = 0; g < n_groups && st == VO_OK; g++)
        for (size_t i = 0; i < n_columns && st == VO_OK; i++) {
            chunk *c = &chunks[g * n_columns + i];
            c->n = n - g * GROUP < GROUP ? n - g * GROUP : GROUP;
            st = put_chunk(p, &column[i], g * GROUP, c, err);
        }
    if (st == VO_OK) put_footer(p, chunks, n_groups, n, column, n_columns, key, value);
    free(chunks);
    if (st == VO_OK && p->out.failed)
        st = vo_fail(err, VO_ENOMEM, "no memory to write %zu rows", n);
    if (st != VO_OK) return st;
    *data = (char *)p->out.at;
    *len = p->out.n;
    return VO_OK;
}
