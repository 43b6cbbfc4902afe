/* csv.c -- see csv.h. A window over the bytes: the unread rest is moved to its front, then it
 * is filled; a record always lies whole in the window, so fields are pointers into it and
 * quoted ones are unescaped where they stand. */
#include "data/csv.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/bytes.h"

#define FIRST_WINDOW ((size_t)1 << 16)
#define LAST_WINDOW (2 * VO_CSV_MAX_RECORD)

struct vo_csv {
    const char *name;
    vo_bytes *bytes;
    char delimiter;
    bool at_end; /* the bytes are used up */
    bool started;
    size_t size;     /* of the window: grows to LAST_WINDOW for long records */
    size_t from, to; /* unread part of it */
    uint32_t line, next_line;
    size_t n;
    vo_csv_field field[VO_CSV_MAX_FIELDS];
    char *window;
};

vo_status vo_csv_open(vo_bytes *in, char delimiter, vo_csv **out, vo_error *err) {
    vo_csv *c = calloc(1, sizeof *c);
    if (!c) return vo_fail(err, VO_ENOMEM, "%s: no memory to read it", vo_bytes_name(in));
    c->name = vo_bytes_name(in);
    c->bytes = in;
    c->delimiter = delimiter;
    c->next_line = 1;
    c->size = FIRST_WINDOW;
    if (!(c->window = malloc(c->size))) {
        vo_csv_close(c);
        return vo_fail(err, VO_ENOMEM, "%s: no memory to read it", vo_bytes_name(in));
    }
    *out = c;
    return VO_OK;
}

void vo_csv_close(vo_csv *c) {
    if (!c) return;
    free(c->window);
    free(c);
}

/* Moves the unread rest to the front and reads on; a window that is full of it grows first. */
static vo_status fill(vo_csv *c, vo_error *err) {
    if (c->from == 0 && c->to == c->size && c->size < LAST_WINDOW) {
        char *larger = realloc(c->window, c->size * 2);
        if (!larger) return vo_fail(err, VO_ENOMEM, "%s: no memory to read it", c->name);
        c->window = larger;
        c->size *= 2;
    }
    memmove(c->window, c->window + c->from, c->to - c->from);
    c->to -= c->from;
    c->from = 0;
    while (!c->at_end && c->to < c->size) {
        size_t got = 0;
        const vo_status st =
            vo_bytes_read(c->bytes, c->window + c->to, c->size - c->to, &got, err);
        if (st != VO_OK) return st;
        c->to += got;
        c->at_end = got == 0;
    }
    return VO_OK;
}

/* The delimiter that the first line has most of, outside quotes; a comma if it has none. */
static char sniff(const char *text, size_t len) {
    static const char candidate[] = ",;\t|";
    size_t count[4] = {0}, best = 0;
    bool quoted = false;
    for (size_t i = 0; i < len && text[i] != '\n'; i++) {
        if (text[i] == '"') quoted = !quoted;
        for (size_t k = 0; k < 4 && !quoted; k++) count[k] += text[i] == candidate[k];
    }
    for (size_t k = 1; k < 4; k++)
        if (count[k] > count[best]) best = k;
    return candidate[best];
}

/* Lines before the table that begin with '#' are comments; the last of them is the header if
 * it has as many delimiters as the line below it. */
static void skip_comments(vo_csv *c) {
    while (c->from < c->to && c->window[c->from] == '#') {
        char *line = c->window + c->from;
        const size_t left = c->to - c->from;
        const char *end = memchr(line, '\n', left);
        if (!end || end + 1 == line + left) return;
        const size_t len = (size_t)(end - line) + 1;
        const char delimiter = c->delimiter ? c->delimiter : sniff(line + len, left - len);
        size_t above = 0, below = 0;
        for (size_t i = 0; i < len; i++) above += line[i] == delimiter;
        for (size_t i = len; i < left && line[i] != '\n'; i++) below += line[i] == delimiter;
        if (above == below && below > 0) {
            line[0] = ' ';
            return;
        }
        c->from += len;
        c->next_line++;
    }
}

static vo_status start(vo_csv *c, vo_error *err) {
    c->started = true;
    const vo_status st = fill(c, err);
    if (st != VO_OK) return st;
    if (c->to >= 2 &&
        (memcmp(c->window, "\xff\xfe", 2) == 0 || memcmp(c->window, "\xfe\xff", 2) == 0))
        return vo_fail(err, VO_EINVAL, "%s is UTF-16; save it as UTF-8", c->name);
    if (memchr(c->window, '\r', c->to) && !memchr(c->window, '\n', c->to))
        return vo_fail(
            err, VO_EINVAL,
            "%s has lines that end in CR alone, or one line; write LF or CRLF at their "
            "ends: tr '\\r' '\\n'",
            c->name);
    while (c->from < c->to && (c->window[c->from] == '\n' || c->window[c->from] == '\r'))
        c->next_line += c->window[c->from++] == '\n';
    skip_comments(c);
    if (!c->delimiter) c->delimiter = sniff(c->window + c->from, c->to - c->from);
    return VO_OK;
}

static bool is_blank(char ch) { return ch == ' ' || ch == '\t' || ch == '\r'; }

static vo_csv_field trimmed(const char *text, size_t len) {
    while (len && is_blank(text[0])) text++, len--;
    while (len && is_blank(text[len - 1])) len--;
    return (vo_csv_field){text, len};
}

/* A quoted field that opens at *at: unescaped in place. False if it does not close before end.
 */
static bool take_quoted(vo_csv *c, size_t *at, size_t end, vo_csv_field *out) {
    char *w = c->window;
    size_t i = *at + 1, put = i;
    const size_t open = i;
    for (; i < end; i++) {
        if (w[i] != '"') {
            c->next_line += w[i] == '\n';
            w[put++] = w[i];
        } else if (i + 1 < end && w[i + 1] == '"') {
            w[put++] = '"';
            i++;
        } else {
            *out = (vo_csv_field){w + open, put - open};
            *at = i + 1;
            return true;
        }
    }
    return false;
}

/* Index of the line feed that ends the record at c->from, quotes respected; c->to if none. */
static size_t record_end(const vo_csv *c) {
    const char *w = c->window + c->from;
    const size_t len = c->to - c->from;
    const char *nl = memchr(w, '\n', len);
    const size_t first = nl ? (size_t)(nl - w) : len;
    if (!memchr(w, '"', first)) return c->from + first;
    bool quoted = false;
    for (size_t i = 0; i < len; i++) {
        if (w[i] == '"') quoted = !quoted;
        if (w[i] == '\n' && !quoted) return c->from + i;
    }
    return c->to;
}

/* Splits the record [c->from, end) into fields. */
static vo_status split(vo_csv *c, size_t end, vo_error *err) {
    char *w = c->window;
    size_t at = c->from;
    c->n = 0;
    for (bool again = true; again;) {
        if (c->n == VO_CSV_MAX_FIELDS)
            return vo_fail(err, VO_EINVAL,
                           "%s line %u has more than %u fields; is \"%c\" its "
                           "delimiter?",
                           c->name, c->line, VO_CSV_MAX_FIELDS, c->delimiter);
        size_t lead = at;
        while (lead < end && w[lead] == ' ') lead++;
        vo_csv_field f = {w + at, 0};
        bool quoted = lead < end && w[lead] == '"';
        if (quoted && !take_quoted(c, &lead, end, &f))
            return vo_fail(err, VO_EINVAL, "%s line %u: a quote opens and never closes",
                           c->name, c->line);
        if (quoted) at = lead;
        const char *stop = at < end ? memchr(w + at, c->delimiter, end - at) : NULL;
        const size_t to = stop ? (size_t)(stop - w) : end;
        if (!quoted) f = trimmed(w + at, to - at);
        c->field[c->n++] = f;
        again = stop != NULL;
        at = to + 1;
    }
    return VO_OK;
}

static bool is_empty_record(const vo_csv *c) { return c->n == 1 && c->field[0].len == 0; }

vo_status vo_csv_next(vo_csv *c, bool *more, vo_error *err) {
    vo_status st = VO_OK;
    if (!c->started && (st = start(c, err)) != VO_OK) return st;
    for (;;) {
        size_t end = record_end(c);
        while (end == c->to && !c->at_end && end - c->from <= VO_CSV_MAX_RECORD) {
            if ((st = fill(c, err)) != VO_OK) return st;
            end = record_end(c);
        }
        if (end - c->from > VO_CSV_MAX_RECORD)
            return vo_fail(err, VO_EINVAL,
                           "%s line %u: a record of more than %zu bytes; is a "
                           "quote not closed?",
                           c->name, c->next_line, VO_CSV_MAX_RECORD);
        if (c->from == c->to) {
            *more = false;
            c->n = 0;
            return VO_OK;
        }
        c->line = c->next_line;
        if ((st = split(c, end, err)) != VO_OK) return st;
        c->from = end < c->to ? end + 1 : end;
        c->next_line++;
        if (!is_empty_record(c)) break;
    }
    *more = true;
    return VO_OK;
}

size_t vo_csv_count(const vo_csv *c) { return c->n; }
uint32_t vo_csv_line(const vo_csv *c) { return c->line; }
char vo_csv_delimiter(const vo_csv *c) { return c->delimiter; }

vo_csv_field vo_csv_at(const vo_csv *c, size_t i) {
    return i < c->n ? c->field[i] : (vo_csv_field){"", 0};
}

/* ---- fields as values --------------------------------------------------------- */

static bool is_digit(char ch) { return ch >= '0' && ch <= '9'; }

/* What the exact path below cannot do, correctly rounded. */
static bool number_slowly(const char *text, size_t len, bool decimal_comma, double *out) {
    if (!decimal_comma || !memchr(text, ',', len)) return vo_text_number(text, len, out);
    char buf[64];
    if (len >= sizeof buf) return false;
    for (size_t i = 0; i < len; i++) buf[i] = text[i] == ',' ? '.' : text[i];
    return vo_text_number(buf, len, out);
}

/* Clinger's exact case: at most 15 digits and a power of ten up to 22 are both exact doubles,
 * so one division rounds once. Covers every price that a market prints. */
bool vo_number_parse(const char *text, size_t len, bool decimal_comma, double *out) {
    static const double power[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    size_t i = 0, digits = 0, decimals = 0;
    int64_t mantissa = 0;
    const bool negative = len && text[0] == '-';
    if (len && (text[0] == '-' || text[0] == '+')) i++;
    bool point = false;
    for (; i < len; i++) {
        const char ch = text[i];
        if (is_digit(ch)) {
            mantissa = mantissa * 10 + (ch - '0');
            decimals += point;
            if (++digits > 15) return number_slowly(text, len, decimal_comma, out);
        } else if (!point && (ch == '.' || (decimal_comma && ch == ','))) {
            point = true;
        } else {
            return number_slowly(text, len, decimal_comma, out);
        }
    }
    if (digits == 0) return false;
    const double v = (double)mantissa / power[decimals];
    *out = negative ? -v : v;
    return true;
}

bool vo_field_is(vo_csv_field f, const char *name) {
    return vo_text_same_span(f.text, f.len, name);
}

bool vo_number_is_missing(const char *text, size_t len) {
    static const char *const word[] = {"nan", "null", "none", "na", "n/a", "-"};
    if (len == 0) return true;
    for (size_t i = 0; i < sizeof word / sizeof word[0]; i++)
        if (vo_field_is((vo_csv_field){text, len}, word[i])) return true;
    return false;
}
