/* yaml.c -- see yaml.h for the contract.
 *
 * Reading: libyaml's events build a tree (tree.h); what a plain scalar means is decided here by
 * the tables of YAML 1.2.2, section 10.3 (core schema). Writing is our own: block style, and
 * every text in double quotes that a reader of YAML 1.1 or 1.2 could take for something else.
 */
#include "base/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/text.h"
#include "base/tree.h"

#define MAX_TEXT ((size_t)16 << 20)

/* ---- plain scalars ----------------------------------------------------------- */

typedef enum { NOT_NUMBER, DECIMAL, HEXADECIMAL, OCTAL, INFINITE } number_form;

static bool is_one_of(const char *s, size_t len, const char *const *words) {
    for (; *words; words++)
        if (strlen(*words) == len && memcmp(s, *words, len) == 0) return true;
    return false;
}

static const char *const NULLS[] = {"", "~", "null", "Null", "NULL", NULL};
static const char *const TRUES[] = {"true", "True", "TRUE", NULL};
static const char *const FALSES[] = {"false", "False", "FALSE", NULL};
static const char *const INFINITES[] = {".inf", ".Inf", ".INF", NULL};
static const char *const NANS[] = {".nan", ".NaN", ".NAN", NULL};

static size_t digits(const char *s, size_t len, const char *allowed) {
    size_t n = 0;
    while (n < len && s[n] != '\0' && strchr(allowed, s[n])) n++;
    return n;
}

/* [-+]? ( \.[0-9]+ | [0-9]+ (\.[0-9]*)? ) ([eE][-+]?[0-9]+)? */
static bool is_decimal(const char *s, size_t len) {
    size_t i = len > 0 && (s[0] == '-' || s[0] == '+');
    const size_t whole = digits(s + i, len - i, "0123456789");
    size_t fraction = 0;
    i += whole;
    if (i < len && s[i] == '.') {
        fraction = digits(s + i + 1, len - i - 1, "0123456789");
        i += 1 + fraction;
    }
    if (whole + fraction == 0) return false;
    if (i < len && (s[i] == 'e' || s[i] == 'E')) {
        i++;
        i += i < len && (s[i] == '-' || s[i] == '+');
        const size_t exponent = digits(s + i, len - i, "0123456789");
        if (exponent == 0) return false;
        i += exponent;
    }
    return i == len;
}

static number_form form_of(const char *s, size_t len) {
    if (len > 2 && s[0] == '0' && s[1] == 'x' &&
        digits(s + 2, len - 2, "0123456789abcdefABCDEF") == len - 2)
        return HEXADECIMAL;
    if (len > 2 && s[0] == '0' && s[1] == 'o' && digits(s + 2, len - 2, "01234567") == len - 2)
        return OCTAL;
    const size_t sign = len > 0 && (s[0] == '-' || s[0] == '+');
    if (is_one_of(s + sign, len - sign, INFINITES) || is_one_of(s, len, NANS)) return INFINITE;
    return is_decimal(s, len) ? DECIMAL : NOT_NUMBER;
}

static bool with_base(const char *s, size_t len, int base, double *out) {
    *out = 0;
    if (len > 2 + 13) return false; /* beyond 52 bits a double would round */
    for (size_t i = 2; i < len; i++) {
        const char c = s[i];
        *out = *out * base + (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return true;
}

/* ---- reading ----------------------------------------------------------------- */

typedef struct {
    vo_tree *tree;
    yaml_parser_t parser;
    uint32_t open; /* the collection being filled, or VO_TREE_NONE */
    char *key;     /* read, its value still to come; or NULL       */
    size_t key_len;
    vo_tree_place key_at;
    size_t documents;
} reader;

static vo_tree_place place(yaml_mark_t mark) {
    return (vo_tree_place){mark.line + 1, mark.column + 1};
}

static vo_status parser_error(reader *r, vo_error *err) {
    const yaml_parser_t *p = &r->parser;
    if (p->error == YAML_MEMORY_ERROR) return vo_fail(err, VO_ENOMEM, "a YAML document");
    vo_tree_place at = place(p->problem_mark);
    if (p->error == YAML_READER_ERROR) at = place(p->mark);
    return vo_tree_refuse(r->tree, at, err, "%s%s%s", p->context ? p->context : "",
                          p->context ? ": " : "", p->problem ? p->problem : "not YAML");
}

static bool in_mapping(const reader *r) {
    return r->open != VO_TREE_NONE && vo_tree_at(r->tree, r->open)->kind == VO_JSON_OBJECT;
}

/* A value: under the key that waits for it, behind the others, or as the root. */
static vo_status add(reader *r, vo_json_kind kind, vo_tree_place at, uint32_t *id,
                     vo_error *err) {
    if (in_mapping(r) && !r->key) return vo_tree_refuse(r->tree, at, err, "a key must be text");
    const vo_status st = vo_tree_add(r->tree, r->open, r->key, r->key_len, kind,
                                     r->key ? r->key_at : at, id, err);
    free(r->key);
    r->key = NULL;
    return st;
}

static vo_status take_key(reader *r, const char *s, size_t len, bool plain, vo_tree_place at,
                          vo_error *err) {
    if (plain && len == 0) return vo_tree_refuse(r->tree, at, err, "a value without a key");
    if (plain && len == 2 && memcmp(s, "<<", 2) == 0)
        return vo_tree_refuse(r->tree, at, err,
                              "merge keys (<<) are not understood: write the members out");
    r->key = malloc(len + 1);
    if (!r->key) return vo_fail(err, VO_ENOMEM, "a YAML key of %zu bytes", len);
    memcpy(r->key, s, len);
    r->key[len] = '\0';
    r->key_len = len;
    r->key_at = at;
    return VO_OK;
}

static vo_status take_number(reader *r, const char *s, size_t len, number_form form,
                             vo_tree_place at, vo_error *err) {
    double v = 0;
    uint32_t id;
    const int shown = len > 60 ? 60 : (int)len;
    const bool read = form == HEXADECIMAL ? with_base(s, len, 16, &v)
                      : form == OCTAL     ? with_base(s, len, 8, &v)
                      : form == DECIMAL   ? vo_text_number(s, len, &v)
                                          : false;
    if (!read)
        return vo_tree_refuse(r->tree, at, err,
                              "%.*s: not a number that can be held here; put it in quotes if "
                              "it is text",
                              shown, s);
    const vo_status st = add(r, VO_JSON_NUMBER, at, &id, err);
    if (st == VO_OK) vo_tree_at(r->tree, id)->number = v;
    return st;
}

static vo_status take_scalar(reader *r, const yaml_event_t *e, vo_error *err) {
    const char *s = (const char *)e->data.scalar.value;
    const size_t len = e->data.scalar.length;
    const bool plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    const vo_tree_place at = place(e->start_mark);
    uint32_t id;
    if (in_mapping(r) && !r->key) return take_key(r, s, len, plain, at, err);
    if (plain && is_one_of(s, len, NULLS)) return add(r, VO_JSON_NULL, at, &id, err);
    const bool yes = plain && is_one_of(s, len, TRUES);
    if (yes || (plain && is_one_of(s, len, FALSES))) {
        const vo_status st = add(r, VO_JSON_BOOL, at, &id, err);
        if (st == VO_OK) vo_tree_at(r->tree, id)->number = yes ? 1 : 0;
        return st;
    }
    const number_form form = plain ? form_of(s, len) : NOT_NUMBER;
    if (form != NOT_NUMBER) return take_number(r, s, len, form, at, err);
    const vo_status st = add(r, VO_JSON_STRING, at, &id, err);
    return st == VO_OK ? vo_tree_set_text(r->tree, id, s, len, at, err) : st;
}

/* Everything in YAML that has no place in the tree, by name. */
static vo_status refuse_extras(reader *r, const yaml_event_t *e, vo_error *err) {
    const yaml_char_t *anchor = NULL, *tag = NULL;
    const vo_tree_place at = place(e->start_mark);
    if (e->type == YAML_SCALAR_EVENT) {
        anchor = e->data.scalar.anchor;
        tag = e->data.scalar.tag;
    } else if (e->type == YAML_SEQUENCE_START_EVENT) {
        anchor = e->data.sequence_start.anchor;
        tag = e->data.sequence_start.tag;
    } else if (e->type == YAML_MAPPING_START_EVENT) {
        anchor = e->data.mapping_start.anchor;
        tag = e->data.mapping_start.tag;
    } else if (e->type == YAML_ALIAS_EVENT) {
        return vo_tree_refuse(r->tree, at, err,
                              "aliases (*%.60s) are not understood: write the value out",
                              (const char *)e->data.alias.anchor);
    } else if (e->type == YAML_DOCUMENT_START_EVENT && ++r->documents > 1) {
        return vo_tree_refuse(r->tree, at, err, "a second document (---): one per file");
    }
    if (anchor)
        return vo_tree_refuse(r->tree, at, err, "anchors (&%.60s) are not understood: drop it",
                              (const char *)anchor);
    if (tag)
        return vo_tree_refuse(r->tree, at, err, "tags (%.60s) are not understood: drop it",
                              (const char *)tag);
    return VO_OK;
}

static vo_status take_event(reader *r, const yaml_event_t *e, vo_error *err) {
    vo_status st = refuse_extras(r, e, err);
    if (st != VO_OK) return st;
    if (e->type == YAML_SCALAR_EVENT) return take_scalar(r, e, err);
    if (e->type == YAML_MAPPING_START_EVENT || e->type == YAML_SEQUENCE_START_EVENT) {
        uint32_t id;
        st = add(r, e->type == YAML_MAPPING_START_EVENT ? VO_JSON_OBJECT : VO_JSON_ARRAY,
                 place(e->start_mark), &id, err);
        if (st == VO_OK) r->open = id;
    } else if (e->type == YAML_MAPPING_END_EVENT || e->type == YAML_SEQUENCE_END_EVENT) {
        r->open = vo_tree_at(r->tree, r->open)->parent;
    }
    return st;
}

static vo_status read_events(reader *r, vo_error *err) {
    for (bool more = true; more;) {
        yaml_event_t e;
        if (!yaml_parser_parse(&r->parser, &e)) return parser_error(r, err);
        more = e.type != YAML_STREAM_END_EVENT;
        const vo_status st = take_event(r, &e, err);
        yaml_event_delete(&e);
        if (st != VO_OK) return st;
    }
    return VO_OK;
}

vo_status vo_yaml_parse(const char *text, size_t len, vo_json **out, vo_error *err) {
    if (len > MAX_TEXT)
        return vo_fail(err, VO_EINVAL, "YAML of %zu bytes; at most %zu: split it", len,
                       MAX_TEXT);
    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) { /* byte order mark */
        text += 3;
        len -= 3;
    }
    reader r = {.open = VO_TREE_NONE};
    vo_status st = vo_tree_create("YAML", &r.tree, err);
    if (st != VO_OK) return st;
    if (!yaml_parser_initialize(&r.parser)) {
        vo_tree_free(r.tree);
        return vo_fail(err, VO_ENOMEM, "a YAML reader");
    }
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
    st = read_events(&r, err);
    if (st == VO_OK) st = vo_tree_finish(r.tree, out, err);
    yaml_parser_delete(&r.parser);
    free(r.key);
    vo_tree_free(r.tree);
    return st;
}

/* ---- writing ----------------------------------------------------------------- */

#define WIDTH 96
#define MAX_SIMPLE_KEY 900 /* YAML's limit is 1024 characters; longer ones stand after "? " */

typedef struct {
    char *text;
    size_t len, size;
    bool failed; /* out of memory */
} writer;

static void put(writer *w, const char *s, size_t n) {
    if (w->failed) return;
    if (n >= w->size - w->len) {
        size_t size = w->size ? w->size : 1024;
        while (n >= size - w->len) size *= 2;
        char *text = realloc(w->text, size);
        if (!text) {
            w->failed = true;
            return;
        }
        w->text = text;
        w->size = size;
    }
    memcpy(w->text + w->len, s, n);
    w->len += n;
    w->text[w->len] = '\0';
}

static void put_text(writer *w, const char *s) { put(w, s, strlen(s)); }

static void put_blanks(writer *w, int n) {
    while (n-- > 0) put(w, " ", 1);
}

/* Words of YAML 1.1 that are no texts there. */
static bool is_old_word(const char *s) {
    static const char *const words[] = {"y",    "n",     "yes",  "no",   "on",  "off",
                                        "true", "false", "null", "none", "nan", "inf"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (vo_text_same(s, words[i])) return true;
    return false;
}

/* Letters first, then letters, digits, and what has no meaning inside a plain scalar. */
static bool is_safe_plain(const char *s) {
    const size_t len = strlen(s);
    if (len == 0 || len > 80 || is_old_word(s) || s[len - 1] == ' ') return false;
    if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_", s[0])) return false;
    for (size_t i = 1; i < len; i++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./()+ ",
                    s[i]))
            return false;
    return true;
}

/* One character of well-formed UTF-8 (jansson has checked it). */
static uint32_t code_point(const unsigned char *s, size_t *n) {
    *n = s[0] < 0x80 ? 1 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
    uint32_t c = *n == 1 ? s[0] : s[0] & (0x7Fu >> *n);
    for (size_t i = 1; i < *n; i++) c = c << 6 | (s[i] & 0x3Fu);
    return c;
}

/* Line separators, byte order marks and what YAML calls not printable must be escaped. */
static bool is_printable(uint32_t c) {
    return (c >= 0x20 && c < 0x7F) ||
           (c >= 0xA0 && c <= 0xFFFD && c != 0x2028 && c != 0x2029 && c != 0xFEFF) ||
           c >= 0x10000;
}

static void put_quoted(writer *w, const char *string) {
    const unsigned char *s = (const unsigned char *)string;
    put(w, "\"", 1);
    for (size_t n; *s; s += n) {
        const uint32_t c = code_point(s, &n);
        char text[16];
        if (c == '"' || c == '\\')
            put(w, text, (size_t)snprintf(text, sizeof text, "\\%c", (int)c));
        else if (is_printable(c))
            put(w, (const char *)s, n);
        else if (c == '\n' || c == '\t' || c == '\r')
            put_text(w, c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r");
        else
            put(w, text, (size_t)snprintf(text, sizeof text, "\\u%04X", c));
    }
    put(w, "\"", 1);
}

static void put_string(writer *w, const char *s) {
    if (is_safe_plain(s))
        put_text(w, s);
    else
        put_quoted(w, s);
}

/* "1e-05" is a text in YAML 1.1; "1.0e-05" is a number in both. */
static void put_number(writer *w, double v) {
    char text[VO_TEXT_NUMBER];
    const size_t len = vo_text_format_number(v, text);
    const char *e = strchr(text, 'e');
    if (!e || strchr(text, '.')) {
        put(w, text, len);
        return;
    }
    put(w, text, (size_t)(e - text));
    put_text(w, ".0");
    put_text(w, e);
}

static void put_scalar(writer *w, const vo_json *v) {
    const vo_json_kind k = vo_json_kind_of(v);
    if (k == VO_JSON_NUMBER)
        put_number(w, vo_json_number(v));
    else if (k == VO_JSON_STRING)
        put_string(w, vo_json_string(v));
    else
        put_text(w, k == VO_JSON_NULL ? "null" : vo_json_bool(v) ? "true" : "false");
}

static bool is_collection(const vo_json *v) {
    const vo_json_kind k = vo_json_kind_of(v);
    return k == VO_JSON_ARRAY || k == VO_JSON_OBJECT;
}

static bool only_numbers(const vo_json *v) {
    if (vo_json_kind_of(v) != VO_JSON_ARRAY) return false;
    for (size_t i = 0; i < vo_json_size(v); i++)
        if (vo_json_kind_of(vo_json_at(v, i)) != VO_JSON_NUMBER) return false;
    return true;
}

/* [1, 2, 3], wrapped */
static void put_numbers(writer *w, const vo_json *v, int indent) {
    size_t line = w->len - (size_t)indent;
    put(w, "[", 1);
    for (size_t i = 0; i < vo_json_size(v); i++) {
        if (i > 0) put(w, ",", 1);
        if (i > 0 && w->len - line > WIDTH - 16) {
            put(w, "\n", 1);
            line = w->len;
            put_blanks(w, indent + 2);
        } else if (i > 0) {
            put(w, " ", 1);
        }
        put_number(w, vo_json_number(vo_json_at(v, i)));
    }
    put(w, "]", 1);
}

static vo_status put_members(writer *w, const vo_json *v, int indent, int depth,
                             bool after_dash, vo_error *err);

/* What follows "key:" or "-": on the same line if it is short, else indented below. */
static vo_status put_value(writer *w, const vo_json *v, int indent, int depth, bool after_dash,
                           vo_error *err) {
    const bool object = vo_json_kind_of(v) == VO_JSON_OBJECT;
    if (!is_collection(v) || vo_json_size(v) == 0 || only_numbers(v)) {
        put(w, " ", 1);
        if (!is_collection(v))
            put_scalar(w, v);
        else if (vo_json_size(v) == 0)
            put_text(w, object ? "{}" : "[]");
        else
            put_numbers(w, v, indent);
        put(w, "\n", 1);
        return VO_OK;
    }
    const bool same_line = after_dash; /* "- key: ..." and "- - ..." */
    put_text(w, same_line ? " " : "\n");
    return put_members(w, v, indent + 2, depth + 1, same_line, err);
}

/* `started`: the first member stands on the line of the dash before it. */
static vo_status put_members(writer *w, const vo_json *v, int indent, int depth, bool started,
                             vo_error *err) {
    if (depth > VO_TREE_DEPTH)
        return vo_fail(err, VO_EINVAL, "YAML nested more than %d deep", VO_TREE_DEPTH);
    const bool object = vo_json_kind_of(v) == VO_JSON_OBJECT;
    for (size_t i = 0; i < vo_json_size(v); i++) {
        const char *key = NULL;
        const vo_json *value = vo_json_at(v, i);
        if (object) (void)vo_json_member(v, i, &key, &value);
        if (i > 0 || !started) put_blanks(w, indent);
        if (!object) {
            put(w, "-", 1);
        } else if (strlen(key) > MAX_SIMPLE_KEY / 6) { /* an escape takes up to six bytes */
            put_text(w, "? ");
            put_string(w, key);
            put(w, "\n", 1);
            put_blanks(w, indent);
            put(w, ":", 1);
        } else {
            put_string(w, key);
            put(w, ":", 1);
        }
        const vo_status st = put_value(w, value, indent, depth, !object, err);
        if (st != VO_OK) return st;
    }
    return VO_OK;
}

static void put_comment(writer *w, const char *comment) {
    while (comment && *comment) {
        const size_t n = strcspn(comment, "\n");
        put_text(w, n > 0 ? "# " : "#");
        for (size_t i = 0; i < n; i++)
            put(w, (unsigned char)comment[i] < 0x20 ? " " : comment + i, 1);
        put(w, "\n", 1);
        comment += n + (comment[n] == '\n');
    }
}

vo_status vo_yaml_write(const vo_json *root, const char *comment, char **text, vo_error *err) {
    writer w = {0};
    vo_status st = VO_OK;
    put_comment(&w, comment);
    if (is_collection(root) && vo_json_size(root) > 0) {
        st = put_members(&w, root, 0, 1, false, err);
    } else {
        put_text(&w, "---");
        st = put_value(&w, root, 0, 0, false, err);
    }
    if (st == VO_OK && w.failed) st = vo_fail(err, VO_ENOMEM, "YAML text of %zu bytes", w.len);
    if (st != VO_OK) {
        free(w.text);
        return st;
    }
    *text = w.text;
    return VO_OK;
}
