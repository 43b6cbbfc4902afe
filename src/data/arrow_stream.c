/* arrow_stream.c -- see arrow_stream.h.
 *
 * The metadata of a message is a FlatBuffer (flatbuffers.dev, "internals"): written from its end
 * to its beginning, so that what a table points to is there before it; a place is its distance
 * from the end. A table begins with the distance to its list of fields, which lies before it.
 */
#include "data/arrow_stream.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define BATCH 65536u /* rows */
#define ALIGN 64u    /* of buffers in a body */
#define MAX_NAME 255u
#define MAX_FIELDS 8u /* of a table here */

/* ---- bytes that grow ---------------------------------------------------------------- */

typedef struct {
    char *at;
    size_t n, capacity;
    bool failed;
} sink;

static char *take_room(sink *s, size_t more) {
    if (s->failed) return NULL;
    if (more > s->capacity - s->n) {
        size_t capacity = s->capacity ? s->capacity : 4096;
        while (capacity < s->n + more) capacity *= 2;
        char *larger = realloc(s->at, capacity);
        s->failed = !larger;
        if (!larger) return NULL;
        s->at = larger;
        s->capacity = capacity;
    }
    char *at = s->at + s->n;
    s->n += more;
    return at;
}

static void put_le(char *to, uint64_t v, size_t n) {
    for (size_t i = 0; i < n; i++) to[i] = (char)(unsigned char)(v >> (8 * i));
}

static void put_word(sink *s, uint32_t v) {
    char *to = take_room(s, 4);
    if (to) put_le(to, v, 4);
}

/* ---- a FlatBuffer ---------------------------------------------------------------------- */

typedef struct {
    unsigned char *at; /* [capacity]; the last n bytes are in use */
    size_t n, capacity;
    bool failed;
    size_t field[MAX_FIELDS], begin; /* of the table under construction */
} flat;

static unsigned char *push(flat *f, size_t n) {
    if (f->failed) return NULL;
    if (n > f->capacity - f->n) {
        size_t capacity = f->capacity ? f->capacity : 1024;
        while (capacity < f->n + n) capacity *= 2;
        unsigned char *larger = malloc(capacity);
        f->failed = !larger;
        if (!larger) return NULL;
        if (f->n) memcpy(larger + capacity - f->n, f->at + f->capacity - f->n, f->n);
        free(f->at);
        f->at = larger;
        f->capacity = capacity;
    }
    f->n += n;
    return f->at + f->capacity - f->n;
}

/* So that, `more` bytes on, the place is a multiple of `size`. */
static void align(flat *f, size_t size, size_t more) {
    const size_t rest = (f->n + more) % size;
    unsigned char *to = rest ? push(f, size - rest) : NULL;
    if (to) memset(to, 0, size - rest);
}

static size_t push_number(flat *f, uint64_t v, size_t size) {
    align(f, size, 0);
    unsigned char *to = push(f, size);
    if (to) put_le((char *)to, v, size);
    return f->n;
}

static size_t push_reference(flat *f, size_t place) {
    align(f, 4, 0);
    return push_number(f, f->n + 4 - place, 4);
}

static size_t push_text(flat *f, const char *text) {
    const size_t len = strlen(text);
    align(f, 4, len + 1);
    unsigned char *to = push(f, len + 1);
    if (to) memcpy(to, text, len + 1);
    return push_number(f, len, 4);
}

static size_t push_list(flat *f, const size_t *place, size_t n) {
    align(f, 4, 4 * n);
    for (size_t i = n; i-- > 0;) push_reference(f, place[i]);
    return push_number(f, n, 4);
}

/* Structs of two 64-bit numbers each. */
static size_t push_pairs(flat *f, uint64_t (*pair)[2], size_t n) {
    for (size_t i = n; i-- > 0;) {
        push_number(f, pair[i][1], 8);
        push_number(f, pair[i][0], 8);
    }
    return push_number(f, n, 4);
}

static void begin_table(flat *f) {
    f->begin = f->n;
    memset(f->field, 0, sizeof f->field);
}

static size_t end_table(flat *f, size_t n_fields) {
    const size_t table = push_number(f, 0, 4);
    align(f, 2, 0);
    for (size_t i = n_fields; i-- > 0;)
        push_number(f, f->field[i] ? table - f->field[i] : 0, 2);
    push_number(f, table - f->begin, 2);
    const size_t list = push_number(f, 2 * (n_fields + 2), 2);
    if (!f->failed) put_le((char *)(f->at + f->capacity - table), list - table, 4);
    return table;
}

static void set_number(flat *f, size_t i, uint64_t v, size_t size) {
    f->field[i] = push_number(f, v, size);
}

static void set_reference(flat *f, size_t i, size_t place) {
    f->field[i] = push_reference(f, place);
}

/* ---- messages -------------------------------------------------------------------------- */

enum { HEADER_SCHEMA = 1, HEADER_BATCH = 3 };
enum { TYPE_FLOAT = 3, TYPE_TIMESTAMP = 10 };
enum { VERSION_5 = 4, DOUBLE = 2, MILLISECOND = 1 };

/* Message { version, header_type, header, body length }, framed. */
static void put_message(flat *f, unsigned type, size_t header, size_t body_len, sink *out) {
    begin_table(f);
    set_number(f, 3, body_len, 8);
    set_reference(f, 2, header);
    set_number(f, 0, VERSION_5, 2);
    set_number(f, 1, type, 1);
    const size_t message = end_table(f, 4);
    align(f, 8, 4);
    push_reference(f, message);
    put_word(out, UINT32_MAX);
    put_word(out, (uint32_t)f->n);
    char *to = take_room(out, f->n);
    if (to && !f->failed) memcpy(to, f->at + f->capacity - f->n, f->n);
    out->failed = out->failed || f->failed;
    f->n = 0;
}

static size_t push_type(flat *f, const vo_arrow_column *c) {
    const size_t zone = c->time_ms ? push_text(f, "UTC") : 0;
    begin_table(f);
    if (c->time_ms) set_reference(f, 1, zone);
    set_number(f, 0, c->time_ms ? MILLISECOND : DOUBLE, 2);
    return end_table(f, c->time_ms ? 2 : 1);
}

/* Field { name, nullable, type_type, type, dictionary, children } */
static size_t push_field(flat *f, const vo_arrow_column *c) {
    const size_t name = push_text(f, c->name), type = push_type(f, c);
    const size_t children = push_list(f, NULL, 0);
    begin_table(f);
    set_reference(f, 0, name);
    set_reference(f, 3, type);
    set_reference(f, 5, children);
    set_number(f, 1, c->number != NULL, 1);
    set_number(f, 2, c->time_ms ? TYPE_TIMESTAMP : TYPE_FLOAT, 1);
    return end_table(f, 6);
}

static size_t push_note(flat *f, const vo_arrow_note *note) {
    const size_t key = push_text(f, note->key), value = push_text(f, note->value);
    begin_table(f);
    set_reference(f, 0, key);
    set_reference(f, 1, value);
    return end_table(f, 2);
}

/* Schema { endianness, fields, custom_metadata } */
static void put_schema(flat *f, const vo_arrow_column *column, size_t n_columns,
                       const vo_arrow_note *note, size_t n_notes, sink *out) {
    size_t field[VO_ARROW_COLUMNS], text[VO_ARROW_NOTES];
    for (size_t c = 0; c < n_columns; c++) field[c] = push_field(f, &column[c]);
    for (size_t k = 0; k < n_notes; k++) text[k] = push_note(f, &note[k]);
    const size_t fields = push_list(f, field, n_columns);
    const size_t notes = push_list(f, text, n_notes);
    begin_table(f);
    set_reference(f, 1, fields);
    set_reference(f, 2, notes);
    set_number(f, 0, 0, 2);
    put_message(f, HEADER_SCHEMA, end_table(f, 3), 0, out);
}

static size_t padded(size_t n) { return (n + ALIGN - 1) / ALIGN * ALIGN; }

static size_t count_nulls(const vo_arrow_column *c, size_t from, size_t n) {
    size_t nulls = 0;
    for (size_t i = 0; c->number && i < n; i++) nulls += isnan(c->number[from + i]) != 0;
    return nulls;
}

static void put_validity(const vo_arrow_column *c, size_t from, size_t n, char *to) {
    for (size_t i = 0; i < n; i++)
        if (!isnan(c->number[from + i]))
            to[i / 8] = (char)((unsigned char)to[i / 8] | 1u << (i % 8));
}

static void put_values(const vo_arrow_column *c, size_t from, size_t n, char *to) {
    for (size_t i = 0; i < n; i++) {
        uint64_t bits = 0;
        if (c->time_ms)
            bits = (uint64_t)c->time_ms[from + i];
        else if (!isnan(c->number[from + i]))
            memcpy(&bits, &c->number[from + i], sizeof bits);
        put_le(to + 8 * i, bits, 8);
    }
}

/* RecordBatch { length, nodes, buffers } and its body: of each column which values there are,
 * and the values. */
static void put_batch(flat *f, size_t from, size_t n, const vo_arrow_column *column,
                      size_t n_columns, sink *out) {
    uint64_t node[VO_ARROW_COLUMNS][2], buffer[2 * VO_ARROW_COLUMNS][2], at = 0;
    for (size_t c = 0; c < n_columns; c++) {
        node[c][0] = n;
        node[c][1] = count_nulls(&column[c], from, n);
        buffer[2 * c][0] = at;
        buffer[2 * c][1] = node[c][1] ? (n + 7) / 8 : 0;
        at += padded(buffer[2 * c][1]);
        buffer[2 * c + 1][0] = at;
        buffer[2 * c + 1][1] = 8 * n;
        at += padded(8 * n);
    }
    const size_t buffers = push_pairs(f, buffer, 2 * n_columns);
    const size_t nodes = push_pairs(f, node, n_columns);
    begin_table(f);
    set_number(f, 0, n, 8);
    set_reference(f, 1, nodes);
    set_reference(f, 2, buffers);
    put_message(f, HEADER_BATCH, end_table(f, 3), at, out);
    char *body = take_room(out, at);
    if (!body) return;
    memset(body, 0, at);
    for (size_t c = 0; c < n_columns; c++) {
        if (buffer[2 * c][1]) put_validity(&column[c], from, n, body + buffer[2 * c][0]);
        put_values(&column[c], from, n, body + buffer[2 * c + 1][0]);
    }
}

static vo_status check_text(const char *text, vo_error *err) {
    const size_t len = strlen(text);
    if (len > MAX_NAME || vo_text_utf8_fault(text, len) != len)
        return vo_fail(err, VO_EINVAL,
                       "\"%.60s\" cannot stand in an Arrow schema: at most %u bytes of UTF-8",
                       text, MAX_NAME);
    return VO_OK;
}

vo_status vo_arrow_stream(size_t n, const vo_arrow_column *column, size_t n_columns,
                          const vo_arrow_note *note, size_t n_notes, char **bytes, size_t *len,
                          vo_error *err) {
    flat f = {.n = 0};
    sink out = {.n = 0};
    vo_status s = VO_OK;
    if (n_columns > VO_ARROW_COLUMNS || n_notes > VO_ARROW_NOTES)
        return vo_fail(err, VO_EINVAL, "%zu columns and %zu notes: at most %d and %d",
                       n_columns, n_notes, VO_ARROW_COLUMNS, VO_ARROW_NOTES);
    for (size_t c = 0; s == VO_OK && c < n_columns; c++) s = check_text(column[c].name, err);
    for (size_t k = 0; s == VO_OK && k < n_notes; k++) s = check_text(note[k].value, err);
    if (s != VO_OK) return s;
    put_schema(&f, column, n_columns, note, n_notes, &out);
    for (size_t from = 0; from < n; from += BATCH)
        put_batch(&f, from, n - from < BATCH ? n - from : BATCH, column, n_columns, &out);
    put_word(&out, UINT32_MAX);
    put_word(&out, 0);
    free(f.at);
    if (out.failed) {
        free(out.at);
        return vo_fail(err, VO_ENOMEM, "no memory for %zu rows of Arrow", n);
    }
    *bytes = out.at;
    *len = out.n;
    return VO_OK;
}
