/* json.c -- see json.h for the contract.
 *
 * Reading: a vo_json is a json_t of jansson seen through an opaque name. The usual document (ASCII
 * without escapes, numbers) is read here in one pass; whatever is not that, faults among it, is
 * left to jansson, whose word is the one that counts, after a scan for depth (it recurses).
 * Writing: a growing buffer and a stack of what is open.
 */
#include "base/json.h"

#include <assert.h>
#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/text.h"

#define MAX_TEXT ((size_t)256 << 20)
#define MAX_DEPTH 128
#define ASKED_EVERY ((size_t)1 << 20) /* bytes of writing */
#define MAX_MEMBERS 20000             /* of one object: vo_json_member walks */

/* ---- reading ----------------------------------------------------------------- */

/* jansson asks for mutable values even where it only reads. */
static json_t *raw(const vo_json *v) { return (json_t *)(uintptr_t)v; }
static const vo_json *wrap(const json_t *v) { return (const vo_json *)v; }

/* Brackets outside strings; whether they match is the parser's question. */
static vo_status check_depth(const char *text, size_t len, vo_error *err) {
    size_t depth = 0, line = 1, line_start = 0;
    bool in_string = false;
    for (size_t i = 0; i < len; i++) {
        const char c = text[i];
        if (c == '\n') {
            line++;
            line_start = i + 1;
        } else if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            if (++depth > MAX_DEPTH)
                return vo_fail(err, VO_EINVAL,
                               "JSON, line %zu, column %zu: nested more than %d deep", line,
                               i - line_start + 1, MAX_DEPTH);
        } else if ((c == ']' || c == '}') && depth > 0) {
            depth--;
        }
    }
    return VO_OK;
}

static vo_status check_members(json_t *v, vo_error *err) {
    if (json_is_array(v)) {
        for (size_t i = 0; i < json_array_size(v); i++) {
            json_t *element = json_array_get(v, i);
            if (!json_is_array(element) && !json_is_object(element)) continue;
            if (check_members(element, err) != VO_OK) return VO_EINVAL;
        }
    } else if (json_is_object(v)) {
        if (json_object_size(v) > MAX_MEMBERS)
            return vo_fail(err, VO_EINVAL,
                           "JSON: an object with %zu members; at most %d: use an array",
                           json_object_size(v), MAX_MEMBERS);
        for (void *i = json_object_iter(v); i; i = json_object_iter_next(v, i))
            if (check_members(json_object_iter_value(i), err) != VO_OK) return VO_EINVAL;
    }
    return VO_OK;
}

/* The usual document. */

typedef struct {
    const char *at, *end;
    unsigned depth;
} scanner;

static json_t *scan_value(scanner *c);

static char skip_blanks(scanner *c) {
    while (c->at < c->end &&
           (*c->at == ' ' || *c->at == '\n' || *c->at == '\r' || *c->at == '\t'))
        c->at++;
    return c->at < c->end ? *c->at : '\0';
}

static bool scan_char(scanner *c, char wanted) {
    if (skip_blanks(c) != wanted) return false;
    c->at++;
    return true;
}

static size_t scan_digits(scanner *c) {
    const char *from = c->at;
    while (c->at < c->end && *c->at >= '0' && *c->at <= '9') c->at++;
    return (size_t)(c->at - from);
}

static json_t *scan_number(scanner *c) {
    const char *from = c->at;
    double v = 0;
    if (*c->at == '-') c->at++;
    const bool zero = c->at < c->end && *c->at == '0';
    const size_t whole = scan_digits(c);
    if (whole == 0 || (zero && whole > 1)) return NULL;
    if (c->at < c->end && *c->at == '.') {
        c->at++;
        if (scan_digits(c) == 0) return NULL;
    }
    if (c->at < c->end && (*c->at == 'e' || *c->at == 'E')) {
        c->at++;
        if (c->at < c->end && (*c->at == '+' || *c->at == '-')) c->at++;
        if (scan_digits(c) == 0) return NULL;
    }
    return vo_text_number(from, (size_t)(c->at - from), &v) ? json_real(v) : NULL;
}

/* ASCII that stands for itself in a string. Of a char that has no sign, too: letters beyond ASCII
 * are jansson's to judge. */
static bool stands_for_itself(char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

/* The span of a string's text. */
static bool scan_text(scanner *c, const char **text, size_t *len) {
    if (!scan_char(c, '"')) return false;
    *text = c->at;
    while (c->at < c->end && stands_for_itself(*c->at)) c->at++;
    *len = (size_t)(c->at - *text);
    return c->at < c->end && *c->at++ == '"';
}

static json_t *scan_string(scanner *c) {
    const char *text = NULL;
    size_t len = 0;
    return scan_text(c, &text, &len) ? json_stringn_nocheck(text, len) : NULL;
}

static json_t *scan_array(scanner *c) {
    json_t *array = json_array();
    c->at++;
    if (!array || scan_char(c, ']')) return array;
    do {
        json_t *element = scan_value(c);
        if (!element || json_array_append_new(array, element) != 0) goto fail;
    } while (scan_char(c, ','));
    if (scan_char(c, ']')) return array;
fail:
    json_decref(array);
    return NULL;
}

static bool scan_member(scanner *c, json_t *object) {
    char key[64];
    const char *text = NULL;
    size_t len = 0;
    if (!scan_text(c, &text, &len) || len >= sizeof key || !scan_char(c, ':')) return false;
    memcpy(key, text, len);
    key[len] = '\0';
    if (json_object_get(object, key)) return false; /* refused below, by name */
    json_t *value = scan_value(c);
    return value && json_object_set_new_nocheck(object, key, value) == 0;
}

static json_t *scan_object(scanner *c) {
    json_t *object = json_object();
    size_t n = 0;
    c->at++;
    if (!object || scan_char(c, '}')) return object;
    do {
        if (++n > MAX_MEMBERS || !scan_member(c, object)) goto fail;
    } while (scan_char(c, ','));
    if (scan_char(c, '}')) return object;
fail:
    json_decref(object);
    return NULL;
}

static bool scan_word(scanner *c, const char *word) {
    const size_t n = strlen(word);
    if ((size_t)(c->end - c->at) < n || memcmp(c->at, word, n) != 0) return false;
    c->at += n;
    return true;
}

/* NULL where the text is not the usual, is at fault, or memory is out. */
static json_t *scan_value(scanner *c) {
    const char first = skip_blanks(c);
    json_t *v = NULL;
    if (first == '"') return scan_string(c);
    if (first == 't') return scan_word(c, "true") ? json_true() : NULL;
    if (first == 'f') return scan_word(c, "false") ? json_false() : NULL;
    if (first == 'n') return scan_word(c, "null") ? json_null() : NULL;
    if (first != '[' && first != '{')
        return first == '-' || (first >= '0' && first <= '9') ? scan_number(c) : NULL;
    if (c->depth == MAX_DEPTH) return NULL;
    c->depth++;
    v = first == '[' ? scan_array(c) : scan_object(c);
    c->depth--;
    return v;
}

static json_t *scan_document(const char *text, size_t len) {
    scanner c = {.at = text, .end = text + len};
    json_t *root = scan_value(&c);
    skip_blanks(&c);
    if (root && c.at == c.end) return root;
    json_decref(root);
    return NULL;
}

vo_status vo_json_parse(const char *text, size_t len, vo_json **out, vo_error *err) {
    if (len > MAX_TEXT)
        return vo_fail(err, VO_EINVAL, "JSON of %zu bytes; at most %zu: split it", len,
                       MAX_TEXT);
    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) { /* byte order mark */
        text += 3;
        len -= 3;
    }
    json_t *root = scan_document(text, len);
    if (root) {
        *out = (vo_json *)root;
        return VO_OK;
    }
    const vo_status st = check_depth(text, len, err);
    if (st != VO_OK) return st;

    json_error_t e;
    root = json_loadb(text, len,
                      JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, &e);
    const bool no_memory = !root && (json_error_code(&e) == json_error_out_of_memory ||
                                     e.text[0] == '\0'); /* it failed before it read a byte */
    if (no_memory) return vo_fail(err, VO_ENOMEM, "JSON of %zu bytes", len);
    if (!root) /* jansson's word for the first would be an option of its own */
        return vo_fail(err, VO_EINVAL, "JSON, line %d, column %d: %s", e.line, e.column,
                       json_error_code(&e) == json_error_null_character
                           ? "a text holds the character \\u0000, which none may: leave it out"
                           : e.text);
    if (check_members(root, err) != VO_OK) {
        json_decref(root);
        return VO_EINVAL;
    }
    *out = (vo_json *)root;
    return VO_OK;
}

void vo_json_free(vo_json *root) { json_decref(raw(root)); }

vo_json_kind vo_json_kind_of(const vo_json *v) {
    switch (json_typeof(raw(v))) {
    case JSON_OBJECT:
        return VO_JSON_OBJECT;
    case JSON_ARRAY:
        return VO_JSON_ARRAY;
    case JSON_STRING:
        return VO_JSON_STRING;
    case JSON_INTEGER:
    case JSON_REAL:
        return VO_JSON_NUMBER;
    case JSON_TRUE:
    case JSON_FALSE:
        return VO_JSON_BOOL;
    case JSON_NULL:
        break;
    }
    return VO_JSON_NULL;
}

const char *vo_json_kind_name(vo_json_kind k) {
    switch (k) {
    case VO_JSON_NULL:
        return "null";
    case VO_JSON_BOOL:
        return "true or false";
    case VO_JSON_NUMBER:
        return "number";
    case VO_JSON_STRING:
        return "string";
    case VO_JSON_ARRAY:
        return "array";
    case VO_JSON_OBJECT:
        return "object";
    }
    return "?";
}

size_t vo_json_size(const vo_json *v) {
    const json_t *j = raw(v);
    return json_is_array(j) ? json_array_size(j) : json_is_object(j) ? json_object_size(j) : 0;
}

const vo_json *vo_json_at(const vo_json *array, size_t i) {
    return wrap(json_array_get(raw(array), i));
}

const vo_json *vo_json_get(const vo_json *object, const char *key) {
    return wrap(json_object_get(raw(object), key));
}

bool vo_json_member(const vo_json *object, size_t i, const char **key, const vo_json **value) {
    json_t *o = raw(object);
    if (!json_is_object(o) || i >= json_object_size(o)) return false;
    void *at = json_object_iter(o);
    for (; i > 0; i--) at = json_object_iter_next(o, at);
    *key = json_object_iter_key(at);
    *value = wrap(json_object_iter_value(at));
    return true;
}

double vo_json_number(const vo_json *v) {
    assert(vo_json_kind_of(v) == VO_JSON_NUMBER);
    return json_number_value(raw(v));
}

bool vo_json_bool(const vo_json *v) {
    assert(vo_json_kind_of(v) == VO_JSON_BOOL);
    return json_is_true(raw(v));
}

const char *vo_json_string(const vo_json *v) {
    assert(vo_json_kind_of(v) == VO_JSON_STRING);
    return json_string_value(raw(v));
}

/* ---- writing ----------------------------------------------------------------- */

/* Numbers of an answer repeat: a state of charge ends one interval and begins the next, a value
 * holds for hours. So the last ones written are kept, each at a place that its bits give. */
#define MEMO_BITS 6

typedef struct {
    uint64_t bits;
    size_t len; /* 0: nothing is kept here */
    char text[VO_TEXT_NUMBER];
} written_number;

struct vo_json_out {
    char *text;
    size_t len, size;
    vo_status failed; /* VO_OK until something went wrong */
    bool indent;
    bool after_key;
    bool done;       /* the root value is complete */
    bool too_large;  /* why it failed              */
    size_t capacity; /* of text; size is less where there is something to ask */
    size_t most;     /* bytes, 0: any number                                  */
    int32_t (*stop)(void *ctx);
    void *stop_ctx;
    unsigned depth;
    struct {
        bool object, any;
    } level[MAX_DEPTH];
    written_number memo[1 << MEMO_BITS];
};

vo_status vo_json_out_create(vo_json_out **out, vo_error *err) {
    vo_json_out *w = calloc(1, sizeof *w);
    if (!w) return vo_fail(err, VO_ENOMEM, "a JSON writer");
    *out = w;
    return VO_OK;
}

void vo_json_out_free(vo_json_out *w) {
    if (!w) return;
    free(w->text);
    free(w);
}

void vo_json_out_indent(vo_json_out *w, bool on) { w->indent = on; }

void vo_json_out_bound(vo_json_out *w, size_t most, int32_t (*stop)(void *ctx), void *ctx) {
    w->most = most;
    w->stop = stop;
    w->stop_ctx = ctx;
}

/* May it be longer, and is it still wanted? */
static bool may_go_on(vo_json_out *w, size_t n) {
    w->too_large = w->most > 0 && w->len + n > w->most;
    if (w->too_large)
        w->failed = VO_EINVAL;
    else if (w->stop && w->len >= ASKED_EVERY && w->stop(w->stop_ctx) != 0)
        w->failed = VO_ECANCELED;
    return w->failed == VO_OK;
}

static bool take_room(vo_json_out *w, size_t n) {
    size_t size = w->capacity ? w->capacity : 1024;
    if (w->len == 0 && n > size && n < MAX_TEXT) size = n + 1; /* asked for in advance */
    while (size <= SIZE_MAX / 4 && n >= size - w->len) size *= 2;
    char *text = n < size - w->len ? realloc(w->text, size) : NULL;
    if (!text) {
        w->failed = VO_ENOMEM;
        return false;
    }
    w->text = text;
    w->capacity = size;
    return true;
}

/* Of what there is, a writer that is bounded gets about a mebibyte at a time. */
static bool grow(vo_json_out *w, size_t n) {
    if (w->failed != VO_OK || !may_go_on(w, n)) return false;
    if (n >= w->capacity - w->len && !take_room(w, n)) return false;
    const bool bounded = w->most > 0 || w->stop;
    w->size = w->capacity;
    if (bounded && w->capacity - w->len - n > ASKED_EVERY) w->size = w->len + n + ASKED_EVERY;
    return true;
}

/* Room for n more bytes and a NUL. Inline, as what a number or a key needs is: an answer has
 * thousands of them. */
static inline bool reserve(vo_json_out *w, size_t n) {
    return w->failed == VO_OK && n < w->size - w->len ? true : grow(w, n);
}

static inline void put(vo_json_out *w, const char *s, size_t n) {
    if (!reserve(w, n)) return;
    memcpy(w->text + w->len, s, n);
    w->len += n;
}

void vo_json_out_reserve(vo_json_out *w, size_t bytes) {
    const size_t left = w->most == 0 ? bytes : w->most > w->len ? w->most - w->len : 0;
    (void)reserve(w, bytes < left ? bytes : left); /* it is a guess: no reason to refuse */
}

static void new_line(vo_json_out *w) {
    put(w, "\n", 1);
    for (unsigned i = 0; i < w->depth; i++) put(w, "  ", 2);
}

static inline void separate(vo_json_out *w) {
    if (w->level[w->depth - 1].any) put(w, ",", 1);
    w->level[w->depth - 1].any = true;
    if (w->indent) new_line(w);
}

/* What stands before any value. */
static inline void begin_value(vo_json_out *w) {
    if (w->failed != VO_OK) return;
    assert(!w->done && "one document has one root value");
    if (w->depth == 0) return;
    assert(w->level[w->depth - 1].object == w->after_key &&
           "members need a key, elements none");
    if (w->after_key)
        w->after_key = false;
    else
        separate(w);
}

static inline void end_value(vo_json_out *w) {
    if (w->depth == 0) w->done = true;
}

static void scalar(vo_json_out *w, const char *s, size_t n) {
    begin_value(w);
    put(w, s, n);
    end_value(w);
}

static void open_level(vo_json_out *w, bool object) {
    begin_value(w);
    if (w->failed == VO_OK && w->depth == MAX_DEPTH) w->failed = VO_EINVAL;
    if (w->failed != VO_OK) return;
    put(w, object ? "{" : "[", 1);
    w->level[w->depth].object = object;
    w->level[w->depth].any = false;
    w->depth++;
}

void vo_json_out_object(vo_json_out *w) { open_level(w, true); }
void vo_json_out_array(vo_json_out *w) { open_level(w, false); }

void vo_json_out_end(vo_json_out *w) {
    if (w->failed != VO_OK) return;
    assert(w->depth > 0 && !w->after_key && "nothing to close, or a key without its value");
    w->depth--;
    if (w->indent && w->level[w->depth].any) new_line(w);
    put(w, w->level[w->depth].object ? "}" : "]", 1);
    end_value(w);
}

/* Length of the valid UTF-8 sequence at s, 0 if there is none (RFC 3629). */
static size_t utf8_length(const unsigned char *s) {
    if (s[0] < 0x80) return 1;
    if (s[0] < 0xC2 || s[0] > 0xF4) return 0;
    const size_t n = s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
    const unsigned char lo = s[0] == 0xE0 ? 0xA0 : s[0] == 0xF0 ? 0x90 : 0x80;
    const unsigned char hi = s[0] == 0xED ? 0x9F : s[0] == 0xF4 ? 0x8F : 0xBF;
    if (s[1] < lo || s[1] > hi) return 0;
    for (size_t i = 2; i < n; i++)
        if ((s[i] & 0xC0) != 0x80) return 0; /* the final NUL stops here too */
    return n;
}

static void put_escape(vo_json_out *w, unsigned char c) {
    static const char plain[] = "\"\\/\b\f\n\r\t", letter[] = "\"\\/bfnrt";
    const char *at = strchr(plain, c);
    char text[8];
    if (at)
        put(w, (const char[]){'\\', letter[at - plain]}, 2);
    else
        put(w, text, (size_t)snprintf(text, sizeof text, "\\u%04x", c));
}

/* From the first byte on that needs a look: escapes, what comes after '<', other than ASCII. */
static void put_careful(vo_json_out *w, const char *string) {
    const unsigned char *s = (const unsigned char *)string;
    while (*s) {
        size_t plain = 0; /* a run that is copied as it is */
        bool after_less = false;
        for (size_t n; s[plain]; plain += n) {
            const unsigned char c = s[plain];
            if (c < 0x20 || c == '"' || c == '\\') break;
            if (c == '/' && after_less) break; /* "</" would end a script in HTML */
            if ((n = utf8_length(s + plain)) == 0) break;
            after_less = c == '<';
        }
        put(w, (const char *)s, plain);
        s += plain;
        if (!*s) break;
        if (*s < 0x80)
            put_escape(w, *s);
        else
            put(w, "\xEF\xBF\xBD", 3); /* U+FFFD */
        s++;
    }
}

/* ASCII that is copied as it is, whatever stands beside it: not the quote, the backslash and,
 * for the slash that may follow it, the less-than sign. */
#define ROW 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1
static const unsigned char is_plain[256] = {[0x20] = 1,   1,          0, 1, [0x24] = ROW,
                                            [0x30] = ROW, [0x3C] = 0, 1, 1, 1,
                                            [0x40] = ROW, [0x4C] = 1, 1, 1, 1,
                                            [0x50] = ROW, [0x5C] = 0, 1, 1, 1,
                                            [0x60] = ROW, [0x6C] = 1, 1, 1, 1,
                                            [0x70] = ROW, [0x7C] = 1, 1, 1, 1};
#undef ROW

static void put_quoted(vo_json_out *w, const char *s) {
    size_t n = 0;
    while (is_plain[(unsigned char)s[n]]) n++;
    if (!reserve(w, n + 2)) return;
    char *p = w->text + w->len;
    p[0] = '"';
    memcpy(p + 1, s, n);
    w->len += n + 1;
    if (s[n]) put_careful(w, s + n);
    put(w, "\"", 1);
}

void vo_json_out_key(vo_json_out *w, const char *key) {
    if (w->failed != VO_OK) return;
    assert(w->depth > 0 && w->level[w->depth - 1].object && !w->after_key);
    separate(w);
    put_quoted(w, key);
    put(w, ": ", w->indent ? 2 : 1);
    w->after_key = true;
}

void vo_json_out_quoted_key(vo_json_out *w, const char *quoted, size_t len) {
    if (!reserve(w, len + 1)) return;
    assert(w->depth > 0 && w->level[w->depth - 1].object && !w->after_key);
    w->after_key = true;
    if (w->indent || !w->level[w->depth - 1].any) {
        separate(w);
        put(w, quoted, len);
        if (w->indent) put(w, " ", 1);
        return;
    }
    char *p = w->text + w->len;
    *p = ',';
    memcpy(p + 1, quoted, len);
    w->len += len + 1;
}

void vo_json_out_null(vo_json_out *w) { scalar(w, "null", 4); }

void vo_json_out_number(vo_json_out *w, double v) {
    if (!isfinite(v)) {
        vo_json_out_null(w);
        return;
    }
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    written_number *m = &w->memo[bits * UINT64_C(0x9E3779B97F4A7C15) >> (64 - MEMO_BITS)];
    if (m->bits != bits || m->len == 0) {
        m->bits = bits;
        m->len = vo_text_format_number(v, m->text);
    }
    begin_value(w);
    if (!reserve(w, VO_TEXT_NUMBER)) return;
    memcpy(w->text + w->len, m->text, VO_TEXT_NUMBER); /* of one length: quicker */
    w->len += m->len;
    end_value(w);
}

void vo_json_out_integer(vo_json_out *w, long long v) {
    char text[1 + VO_DECIMAL_DIGITS] = "-";
    const uint64_t size = v < 0 ? -(uint64_t)v : (uint64_t)v;
    const size_t n = (size_t)vo_decimal_write(size, text + 1);
    scalar(w, v < 0 ? text : text + 1, v < 0 ? n + 1 : n);
}

void vo_json_out_bool(vo_json_out *w, bool v) { scalar(w, v ? "true" : "false", v ? 4 : 5); }

void vo_json_out_string(vo_json_out *w, const char *s) {
    if (!s) {
        vo_json_out_null(w);
        return;
    }
    begin_value(w);
    put_quoted(w, s);
    end_value(w);
}

/* Recursion is bounded: the parser has refused what is deeper than MAX_DEPTH. */
void vo_json_out_value(vo_json_out *w, const vo_json *v) {
    json_t *j = raw(v);
    switch (vo_json_kind_of(v)) {
    case VO_JSON_NULL:
        vo_json_out_null(w);
        return;
    case VO_JSON_BOOL:
        vo_json_out_bool(w, vo_json_bool(v));
        return;
    case VO_JSON_NUMBER:
        vo_json_out_number(w, vo_json_number(v));
        return;
    case VO_JSON_STRING:
        vo_json_out_string(w, vo_json_string(v));
        return;
    case VO_JSON_ARRAY:
        vo_json_out_array(w);
        for (size_t i = 0; i < json_array_size(j); i++) vo_json_out_value(w, vo_json_at(v, i));
        vo_json_out_end(w);
        return;
    case VO_JSON_OBJECT:
        vo_json_out_object(w);
        for (void *i = json_object_iter(j); i; i = json_object_iter_next(j, i)) {
            vo_json_out_key(w, json_object_iter_key(i));
            vo_json_out_value(w, wrap(json_object_iter_value(i)));
        }
        vo_json_out_end(w);
        return;
    }
}

vo_status vo_json_out_take(vo_json_out *w, char **text, size_t *len, vo_error *err) {
    if (w->failed == VO_OK && w->done && w->indent) put(w, "\n", 1);
    if (w->too_large)
        return vo_fail(err, VO_EINVAL,
                       "the answer is of more than %zu bytes: ask for less, such as fewer "
                       "intervals or batteries, and in parts",
                       w->most);
    if (w->failed == VO_ECANCELED)
        return vo_fail(err, VO_ECANCELED, "stopped at byte %zu of the answer", w->len);
    if (w->failed == VO_EINVAL)
        return vo_fail(err, VO_EINVAL, "JSON nested more than %d deep", MAX_DEPTH);
    if (w->failed != VO_OK)
        return vo_fail(err, w->failed, "memory for a JSON text beyond %zu bytes", w->len);
    if (!w->done)
        return vo_fail(err, VO_EINVAL,
                       w->depth ? "JSON text with %u levels still open"
                                : "JSON text with nothing in it (%u levels)",
                       w->depth);
    w->text[w->len] = '\0';
    *text = w->text;
    if (len) *len = w->len;
    *w = (vo_json_out){.indent = w->indent};
    return VO_OK;
}
