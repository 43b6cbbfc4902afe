/* toml.c -- see toml.h for the contract.
 *
 * TOML 1.0.0, one pass over the text, one function per production of its grammar. Which tables
 * may still be added to is kept in each value's mark (tree.h): TOML lets every table be written
 * in one place only, whether by [header], by dotted keys or inline.
 */
#include "base/toml.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/tree.h"

#define MAX_TEXT ((size_t)16 << 20)
#define MAX_EXACT 9007199254740992.0 /* 2^53: from it on a double stands for its neighbours */
#define MAX_NUMBER 400

enum {           /* marks */
       OPEN = 0, /* made on the way to another table: one [header] may still define it  */
       HEADED,   /* defined by [header] or an element of [[header]]                     */
       DOTTED,   /* made by dotted keys: no [header] may define it                      */
       TABLES,   /* the array behind [[header]]                                         */
       CLOSED    /* an inline table, a written array, or any other value                */
};

typedef struct {
    const char *s, *end;    /* what is still to be read */
    const char *line_start; /* for columns              */
    size_t line;
    vo_tree *tree;
    char *scratch; /* as long as the document: the text being read  */
    char *key;     /* likewise: the key whose value comes next      */
    size_t key_len;
} reader;

/* ---- characters -------------------------------------------------------------- */

static vo_tree_place here(const reader *r) {
    return (vo_tree_place){r->line, (size_t)(r->s - r->line_start) + 1};
}

static char peek(const reader *r) { return r->s < r->end ? *r->s : '\0'; }

static bool starts(const reader *r, const char *word) {
    const size_t n = strlen(word);
    return (size_t)(r->end - r->s) >= n && memcmp(r->s, word, n) == 0;
}

static bool take(reader *r, const char *word) {
    if (!starts(r, word)) return false;
    r->s += strlen(word);
    return true;
}

static bool take_newline(reader *r) {
    if (!take(r, "\n") && !take(r, "\r\n")) return false;
    r->line++;
    r->line_start = r->s;
    return true;
}

static void skip_blanks(reader *r) {
    while (peek(r) == ' ' || peek(r) == '\t') r->s++;
}

static bool is_control(char c) { return ((unsigned char)c < 0x20 && c != '\t') || c == '\x7F'; }

static vo_status skip_comment(reader *r, vo_error *err) {
    if (peek(r) != '#') return VO_OK;
    for (; r->s < r->end && *r->s != '\n' && !starts(r, "\r\n"); r->s++)
        if (is_control(*r->s))
            return vo_tree_refuse(r->tree, here(r), err, "control character in a comment");
    return VO_OK;
}

/* Blanks, comments and line ends: between statements and inside arrays. */
static vo_status skip_lines(reader *r, vo_error *err) {
    do {
        skip_blanks(r);
        const vo_status st = skip_comment(r, err);
        if (st != VO_OK) return st;
    } while (take_newline(r));
    return VO_OK;
}

static vo_status end_of_line(reader *r, vo_error *err) {
    skip_blanks(r);
    const vo_status st = skip_comment(r, err);
    if (st != VO_OK) return st;
    if (r->s < r->end && !take_newline(r))
        return vo_tree_refuse(r->tree, here(r), err,
                              "nothing more may stand in this line: begin a new one");
    return VO_OK;
}

/* ---- strings ----------------------------------------------------------------- */

static size_t put_code_point(char *out, uint32_t c) {
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    const size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t k = n - 1; k > 0; k--, c >>= 6) out[k] = (char)(0x80 | (c & 0x3F));
    out[0] = (char)((n == 2 ? 0xC0 : n == 3 ? 0xE0 : 0xF0) | c);
    return n;
}

static int hex_digit(char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* \uXXXX or \UXXXXXXXX, the backslash and the letter already taken. */
static vo_status take_unicode(reader *r, int n, size_t *len, vo_error *err) {
    uint32_t c = 0;
    for (int k = 0; k < n; k++, r->s++) {
        const int digit = hex_digit(peek(r));
        if (digit < 0)
            return vo_tree_refuse(r->tree, here(r), err, "\\%c needs %d hexadecimal digits",
                                  n == 4 ? 'u' : 'U', n);
        c = c << 4 | (uint32_t)digit;
    }
    if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        return vo_tree_refuse(r->tree, here(r), err, "U+%04X is no character", (unsigned)c);
    *len += put_code_point(r->scratch + *len, c);
    return VO_OK;
}

static vo_status take_escape(reader *r, bool lines, size_t *len, vo_error *err) {
    static const char letter[] = "btnfr\"\\", value[] = "\b\t\n\f\r\"\\";
    r->s++;
    const char c = peek(r);
    const char *at = c != '\0' ? strchr(letter, c) : NULL;
    if (at) {
        r->scratch[(*len)++] = value[at - letter];
        r->s++;
        return VO_OK;
    }
    if (c == 'u' || c == 'U') {
        r->s++;
        return take_unicode(r, c == 'u' ? 4 : 8, len, err);
    }
    const char *back = r->s;
    skip_blanks(r);
    if (lines && take_newline(r)) { /* a backslash at the end of a line swallows blank space */
        do skip_blanks(r);
        while (take_newline(r));
        return VO_OK;
    }
    r->s = back;
    return vo_tree_refuse(r->tree, here(r), err,
                          "no such escape: there are \\b \\t \\n \\f \\r \\\" \\\\ \\uXXXX "
                          "\\UXXXXXXXX");
}

/* One or two quotes may stand right before the three that end a multi-line string. */
static bool ends_string(const reader *r, char quote, bool lines) {
    if (!lines) return peek(r) == quote;
    const char three[] = {quote, quote, quote, '\0'};
    const char four[] = {quote, quote, quote, quote, '\0'};
    return starts(r, three) && !starts(r, four);
}

/* Any of the four kinds, from the opening quotes; the text is then scratch[0..*len). */
static vo_status take_string(reader *r, bool allow_lines, size_t *len, vo_error *err) {
    const vo_tree_place at = here(r);
    const char quote = *r->s;
    const char three[] = {quote, quote, quote, '\0'};
    const bool lines = allow_lines && starts(r, three);
    r->s += lines ? 3 : 1;
    if (lines) (void)take_newline(r); /* the first line end does not count */
    *len = 0;
    int quotes = 0; /* of a run inside: the fifth of """"" ends it, six are too many */
    while (r->s < r->end) {
        if (ends_string(r, quote, lines)) {
            r->s += lines ? 3 : 1;
            return VO_OK;
        }
        const char c = *r->s;
        quotes = c == quote ? quotes + 1 : 0;
        if (lines && quotes > 2) break;
        if (quote == '"' && c == '\\') {
            const vo_status st = take_escape(r, lines, len, err);
            if (st != VO_OK) return st;
        } else if (lines && take_newline(r)) {
            r->scratch[(*len)++] = '\n';
        } else if (is_control(c)) {
            return vo_tree_refuse(r->tree, here(r), err,
                                  c == '\n' || c == '\r'
                                      ? "a string does not end in its line"
                                      : "control character in a string: use an escape");
        } else {
            r->scratch[(*len)++] = c;
            r->s++;
        }
    }
    return vo_tree_refuse(r->tree, at, err,
                          quotes > 2 ? "too many quotes at the end of the string begun here"
                                     : "the string begun here does not end");
}

/* ---- numbers and dates ------------------------------------------------------- */

static bool is_bare(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '_' || c == '-';
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Copies digits of `base` without the underscores between them; 0 if there is no digit, or an
 * underscore is not between two. */
static size_t copy_digits(const char **s, const char *end, int base, char **out) {
    size_t n = 0;
    bool under = true; /* an underscore may not come next */
    for (; *s < end; (*s)++) {
        const int digit = hex_digit(**s);
        if (**s == '_' && !under) {
            under = true;
        } else if (digit >= 0 && digit < base) {
            *(*out)++ = **s;
            under = false;
            n++;
        } else {
            break;
        }
    }
    return under ? 0 : n;
}

/* [+-] digits [. digits] [e [+-] digits]; *whole: an integer. */
static bool read_decimal(const char *s, const char *end, double *v, bool *whole) {
    char text[MAX_NUMBER + 1], *out = text;
    if (end - s > MAX_NUMBER) return false;
    if (s < end && (*s == '+' || *s == '-')) *out++ = *s++;
    const char *first = s;
    const size_t n = copy_digits(&s, end, 10, &out);
    if (n == 0 || (n > 1 && *first == '0')) return false;
    *whole = s == end;
    if (s < end && *s == '.') {
        *out++ = *s++;
        if (copy_digits(&s, end, 10, &out) == 0) return false;
    }
    if (s < end && (*s == 'e' || *s == 'E')) {
        *out++ = *s++;
        if (s < end && (*s == '+' || *s == '-')) *out++ = *s++;
        if (copy_digits(&s, end, 10, &out) == 0) return false;
    }
    return s == end && vo_text_number(text, (size_t)(out - text), v);
}

static bool read_with_base(const char *s, const char *end, double *v) {
    char text[MAX_NUMBER + 1], *out = text;
    const int base = s[1] == 'x' ? 16 : s[1] == 'o' ? 8 : 2;
    if (end - s > MAX_NUMBER) return false;
    s += 2;
    if (copy_digits(&s, end, base, &out) == 0 || s != end) return false;
    *v = 0;
    for (const char *c = text; c < out; c++) *v = *v * base + hex_digit(*c);
    return true;
}

/* n digits within lo..hi */
static bool take_part(const char **s, const char *end, int n, int lo, int hi, int *out) {
    if (end - *s < n) return false;
    *out = 0;
    for (int k = 0; k < n; k++, (*s)++) {
        if (!is_digit(**s)) return false;
        *out = *out * 10 + (**s - '0');
    }
    return *out >= lo && *out <= hi;
}

static bool take_char(const char **s, const char *end, const char *allowed) {
    if (*s >= end || **s == '\0' || !strchr(allowed, **s)) return false;
    (*s)++;
    return true;
}

static bool take_date(const char **s, const char *end) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year, month, day;
    if (!take_part(s, end, 4, 0, 9999, &year) || !take_char(s, end, "-") ||
        !take_part(s, end, 2, 1, 12, &month) || !take_char(s, end, "-") ||
        !take_part(s, end, 2, 1, 31, &day))
        return false;
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return day <= days[month - 1] + (month == 2 && leap);
}

static bool take_time(const char **s, const char *end) {
    int part;
    if (!take_part(s, end, 2, 0, 23, &part) || !take_char(s, end, ":") ||
        !take_part(s, end, 2, 0, 59, &part) || !take_char(s, end, ":") ||
        !take_part(s, end, 2, 0, 59, &part))
        return false;
    if (!take_char(s, end, ".")) return true;
    const char *fraction = *s;
    while (*s < end && is_digit(**s)) (*s)++;
    return *s > fraction;
}

static bool is_date_or_time(const char *s, const char *end) {
    int part;
    if (end - s > 2 && s[2] == ':') return take_time(&s, end) && s == end;
    if (!take_date(&s, end)) return false;
    if (s == end) return true;
    if (!take_char(&s, end, "Tt ") || !take_time(&s, end)) return false;
    if (s == end) return true;
    if (take_char(&s, end, "Zz")) return s == end;
    return take_char(&s, end, "+-") && take_part(&s, end, 2, 0, 23, &part) &&
           take_char(&s, end, ":") && take_part(&s, end, 2, 0, 59, &part) && s == end;
}

/* The end of a number or date: "2024-01-31 07:32:00" has a blank inside. */
static const char *token_end(const reader *r) {
    const char *s = r->s;
    while (s < r->end && (is_bare(*s) || *s == '+' || *s == '.' || *s == ':')) s++;
    if (s - r->s == 10 && r->s[4] == '-' && r->end - s > 3 && s[0] == ' ' && is_digit(s[1]) &&
        is_digit(s[2]) && s[3] == ':')
        for (s++; s < r->end && (is_bare(*s) || *s == '+' || *s == '.' || *s == ':');) s++;
    return s;
}

static bool is_infinite(const char *s, size_t len) {
    if (len == 4 && (s[0] == '+' || s[0] == '-')) s++, len--;
    return len == 3 && (memcmp(s, "inf", 3) == 0 || memcmp(s, "nan", 3) == 0);
}

static vo_status take_number(reader *r, uint32_t parent, const char *key, vo_tree_place key_at,
                             vo_error *err) {
    const vo_tree_place at = here(r);
    const char *s = r->s, *end = token_end(r);
    const size_t len = (size_t)(end - s);
    const int shown = len > 60 ? 60 : (int)len;
    double v = 0;
    bool whole = true;
    uint32_t id;
    vo_json_kind kind = VO_JSON_NUMBER;
    if (len == 0) return vo_tree_refuse(r->tree, at, err, "a value is missing here");
    if (is_infinite(s, len))
        return vo_tree_refuse(r->tree, at, err, "%.*s: only finite numbers can be held", shown,
                              s);
    if (is_digit(s[0]) && len >= 8 && (s[2] == ':' || s[4] == '-')) kind = VO_JSON_STRING;
    const bool based = len > 2 && s[0] == '0' && strchr("xob", s[1]);
    if (kind == VO_JSON_STRING ? !is_date_or_time(s, end)
        : based                ? !read_with_base(s, end, &v)
                               : !read_decimal(s, end, &v, &whole))
        return vo_tree_refuse(r->tree, at, err,
                              "%.*s: neither a number, a date nor true or false; put text in "
                              "quotes",
                              shown, s);
    if (whole && (v >= MAX_EXACT || v <= -MAX_EXACT))
        return vo_tree_refuse(r->tree, at, err,
                              "%.*s: beyond the whole numbers that are held exactly (2^53); "
                              "put it in quotes",
                              shown, s);
    r->s = end;
    vo_status st = vo_tree_add(r->tree, parent, key, r->key_len, kind, key_at, &id, err);
    if (st != VO_OK) return st;
    vo_tree_at(r->tree, id)->mark = CLOSED;
    vo_tree_at(r->tree, id)->number = v;
    if (kind == VO_JSON_STRING) st = vo_tree_set_text(r->tree, id, s, len, at, err);
    return st;
}

/* ---- keys -------------------------------------------------------------------- */

/* One part of a key into r->key: bare or quoted. */
static vo_status take_key_part(reader *r, vo_error *err) {
    const char c = peek(r);
    if (c == '"' || c == '\'') {
        const vo_status st = take_string(r, false, &r->key_len, err);
        if (st == VO_OK) memcpy(r->key, r->scratch, r->key_len);
        return st;
    }
    const char *s = r->s;
    while (r->s < r->end && is_bare(*r->s)) r->s++;
    r->key_len = (size_t)(r->s - s);
    if (r->key_len == 0)
        return vo_tree_refuse(r->tree, here(r), err,
                              "a key must stand here: letters, digits, - and _, or in quotes");
    memcpy(r->key, s, r->key_len);
    return VO_OK;
}

static bool take_dot(reader *r) {
    skip_blanks(r);
    if (!take(r, ".")) return false;
    skip_blanks(r);
    return true;
}

static vo_status refuse_reopening(const reader *r, uint32_t id, vo_tree_place at,
                                  vo_error *err) {
    return vo_tree_refuse(
        r->tree, at, err, "\"%.*s\" was given in line %u and cannot be added to here",
        r->key_len > 80 ? 80 : (int)r->key_len, r->key, vo_tree_at(r->tree, id)->line);
}

/* Into the table r->key of `*table`, made if absent: a part before a dot. */
static vo_status step_into(reader *r, bool header, vo_tree_place at, uint32_t *table,
                           vo_error *err) {
    uint32_t id = vo_tree_find(r->tree, *table, r->key, r->key_len);
    if (id == VO_TREE_NONE) {
        const vo_status st =
            vo_tree_add(r->tree, *table, r->key, r->key_len, VO_JSON_OBJECT, at, &id, err);
        if (st != VO_OK) return st;
        vo_tree_at(r->tree, id)->mark = header ? OPEN : DOTTED;
    }
    if (header && vo_tree_at(r->tree, id)->mark == TABLES) /* the last element */
        id = vo_tree_at(r->tree, id)->last;
    vo_tree_node *v = vo_tree_at(r->tree, id);
    if (v->mark == CLOSED || v->mark == TABLES || (!header && v->mark == HEADED))
        return refuse_reopening(r, id, at, err);
    if (!header) v->mark = DOTTED;
    *table = id;
    return VO_OK;
}

/* A dotted key up to its last part, which is left in r->key; *table is where it belongs. */
static vo_status take_key(reader *r, bool header, uint32_t *table, vo_tree_place *at,
                          vo_error *err) {
    for (;;) {
        *at = here(r);
        vo_status st = take_key_part(r, err);
        if (st != VO_OK || !take_dot(r)) return st;
        st = step_into(r, header, *at, table, err);
        if (st != VO_OK) return st;
    }
}

/* ---- values ------------------------------------------------------------------ */

static vo_status take_value(reader *r, uint32_t parent, const char *key, vo_tree_place key_at,
                            vo_error *err);

static vo_status take_pair(reader *r, uint32_t table, vo_error *err) {
    vo_tree_place at;
    const vo_status st = take_key(r, false, &table, &at, err);
    if (st != VO_OK) return st;
    skip_blanks(r);
    if (!take(r, "=")) return vo_tree_refuse(r->tree, here(r), err, "= must follow the key");
    skip_blanks(r);
    return take_value(r, table, r->key, at, err);
}

static vo_status take_elements(reader *r, uint32_t array, vo_error *err) {
    r->s++; /* [ */
    for (;;) {
        vo_status st = skip_lines(r, err);
        if (st != VO_OK) return st;
        if (take(r, "]")) return VO_OK;
        st = take_value(r, array, NULL, here(r), err);
        if (st == VO_OK) st = skip_lines(r, err);
        if (st != VO_OK) return st;
        if (!take(r, ",") && peek(r) != ']')
            return vo_tree_refuse(r->tree, here(r), err, ", or ] must stand here");
    }
}

static vo_status take_members(reader *r, uint32_t table, vo_error *err) {
    r->s++; /* { */
    skip_blanks(r);
    if (take(r, "}")) return VO_OK;
    for (;;) {
        const vo_status st = take_pair(r, table, err);
        if (st != VO_OK) return st;
        skip_blanks(r);
        if (take(r, "}")) return VO_OK;
        if (!take(r, ","))
            return vo_tree_refuse(r->tree, here(r), err,
                                  ", or } must stand here, in the same line");
        skip_blanks(r);
    }
}

/* The value of r->key in a table (key == r->key), or the next element of an array (key NULL).
 * Recursion is bounded: vo_tree_add refuses depth before its contents are read. */
static vo_status take_value(reader *r, uint32_t parent, const char *key, vo_tree_place key_at,
                            vo_error *err) {
    const char c = peek(r);
    const bool text = c == '"' || c == '\'';
    const bool yes = starts(r, "true"), no = starts(r, "false");
    if (!text && !yes && !no && c != '[' && c != '{')
        return take_number(r, parent, key, key_at, err);
    const vo_json_kind kind = text       ? VO_JSON_STRING
                              : c == '[' ? VO_JSON_ARRAY
                              : c == '{' ? VO_JSON_OBJECT
                                         : VO_JSON_BOOL;
    const vo_tree_place at = here(r);
    uint32_t id;
    vo_status st = vo_tree_add(r->tree, parent, key, r->key_len, kind, key_at, &id, err);
    if (st != VO_OK) return st;
    if (kind == VO_JSON_BOOL) {
        r->s += yes ? 4 : 5;
        vo_tree_at(r->tree, id)->number = yes ? 1 : 0;
    } else if (text) {
        size_t len = 0;
        st = take_string(r, true, &len, err);
        if (st == VO_OK) st = vo_tree_set_text(r->tree, id, r->scratch, len, at, err);
    } else {
        st = c == '[' ? take_elements(r, id, err) : take_members(r, id, err);
    }
    vo_tree_at(r->tree, id)->mark = CLOSED; /* only now: its own dotted keys went through it */
    return st;
}

/* ---- statements -------------------------------------------------------------- */

/* [a.b] */
static vo_status open_table(reader *r, uint32_t parent, vo_tree_place at, uint32_t *open,
                            vo_error *err) {
    uint32_t id = vo_tree_find(r->tree, parent, r->key, r->key_len);
    if (id != VO_TREE_NONE && vo_tree_at(r->tree, id)->mark != OPEN)
        return refuse_reopening(r, id, at, err);
    if (id == VO_TREE_NONE) {
        const vo_status st =
            vo_tree_add(r->tree, parent, r->key, r->key_len, VO_JSON_OBJECT, at, &id, err);
        if (st != VO_OK) return st;
    }
    vo_tree_at(r->tree, id)->mark = HEADED;
    *open = id;
    return VO_OK;
}

/* [[a.b]] */
static vo_status open_element(reader *r, uint32_t parent, vo_tree_place at, uint32_t *open,
                              vo_error *err) {
    uint32_t array = vo_tree_find(r->tree, parent, r->key, r->key_len);
    if (array != VO_TREE_NONE && vo_tree_at(r->tree, array)->mark != TABLES)
        return refuse_reopening(r, array, at, err);
    vo_status st = VO_OK;
    if (array == VO_TREE_NONE) {
        st = vo_tree_add(r->tree, parent, r->key, r->key_len, VO_JSON_ARRAY, at, &array, err);
        if (st != VO_OK) return st;
        vo_tree_at(r->tree, array)->mark = TABLES;
    }
    st = vo_tree_add(r->tree, array, NULL, 0, VO_JSON_OBJECT, at, open, err);
    if (st == VO_OK) vo_tree_at(r->tree, *open)->mark = HEADED;
    return st;
}

static vo_status take_header(reader *r, uint32_t *open, vo_error *err) {
    const bool element = take(r, "[[");
    if (!element) r->s++;
    skip_blanks(r);
    uint32_t table = 0;
    vo_tree_place at;
    vo_status st = take_key(r, true, &table, &at, err);
    if (st != VO_OK) return st;
    skip_blanks(r);
    if (!take(r, element ? "]]" : "]"))
        return vo_tree_refuse(r->tree, here(r), err, "%s must end the header",
                              element ? "]]" : "]");
    return element ? open_element(r, table, at, open, err)
                   : open_table(r, table, at, open, err);
}

static vo_status read_document(reader *r, vo_error *err) {
    uint32_t open = 0;
    vo_status st =
        vo_tree_add(r->tree, VO_TREE_NONE, NULL, 0, VO_JSON_OBJECT, here(r), &open, err);
    while (st == VO_OK) {
        st = skip_lines(r, err);
        if (st != VO_OK || r->s == r->end) break;
        st = peek(r) == '[' ? take_header(r, &open, err) : take_pair(r, open, err);
        if (st == VO_OK) st = end_of_line(r, err);
    }
    return st;
}

vo_status vo_toml_parse(const char *text, size_t len, vo_json **out, vo_error *err) {
    if (len > MAX_TEXT)
        return vo_fail(err, VO_EINVAL, "TOML of %zu bytes; at most %zu: split it", len,
                       MAX_TEXT);
    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) { /* byte order mark */
        text += 3;
        len -= 3;
    }
    const size_t fault = vo_text_utf8_fault(text, len);
    reader r = {.s = text, .end = text + len, .line_start = text, .line = 1};
    vo_status st = vo_tree_create("TOML", &r.tree, err);
    if (st != VO_OK) return st;
    r.scratch = malloc(2 * (len + 4));
    r.key = r.scratch ? r.scratch + len + 4 : NULL;
    if (!r.scratch) {
        st = vo_fail(err, VO_ENOMEM, "TOML of %zu bytes", len);
    } else if (fault < len) {
        for (; r.s < text + fault; r.s++)
            if (*r.s == '\n') r.line++, r.line_start = r.s + 1;
        st = vo_tree_refuse(r.tree, here(&r), err, "byte 0x%02X is not UTF-8",
                            (unsigned)(unsigned char)text[fault]);
    } else {
        st = read_document(&r, err);
    }
    if (st == VO_OK) st = vo_tree_finish(r.tree, out, err);
    free(r.scratch);
    vo_tree_free(r.tree);
    return st;
}
