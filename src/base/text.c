/* text.c -- see text.h for the contract.
 *
 * Numbers take the exact path of Clinger (1990) where it applies: a mantissa below 2^53 times
 * or over a power of ten up to 10^22 is one correctly rounded operation. The rest goes through
 * strtod with the locale's decimal point put in. Writing asks base/decimal.h for the shortest
 * digits and lays them out as printf's %g does: whole or with a point from 1e-5 to 2^53 and where
 * there are as many digits as places, with an exponent elsewhere.
 */
#include "base/text.h"

#include <assert.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"

#define MAX_NUMBER 500
#define MAX_POINT 8 /* bytes of a locale's decimal point */
#define TWO_53 9007199254740992.0

static const double pow10_exact[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                     1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                     1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
static unsigned char lower(char c) {
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

const char *vo_text_trim(const char *s, size_t *len) {
    while (*len > 0 && is_blank(s[0])) s++, --*len;
    while (*len > 0 && is_blank(s[*len - 1])) --*len;
    return s;
}

/* ---- numbers in -------------------------------------------------------------- */

/* What the grammar found: value = mantissa * 10^exponent while the mantissa is below 10^18. */
typedef struct {
    bool negative;
    uint64_t mantissa;
    int exponent;
} decimal;

static void take_digit(decimal *d, char c, bool fraction) {
    if (d->mantissa >= UINT64_C(1000000000000000000)) return; /* beyond 2^53 it is not used */
    d->mantissa = d->mantissa * 10 + (uint64_t)(c - '0');
    if (fraction) d->exponent--;
}

/* [sign] digits [. digits] [e [sign] digits], at least one digit before any e. */
static bool scan_decimal(const char *s, size_t len, decimal *d) {
    size_t i = 0, digits = 0;
    if (i < len && (s[i] == '-' || s[i] == '+')) d->negative = s[i++] == '-';
    for (; i < len && is_digit(s[i]); i++, digits++) take_digit(d, s[i], false);
    if (i < len && s[i] == '.')
        for (i++; i < len && is_digit(s[i]); i++, digits++) take_digit(d, s[i], true);
    if (digits == 0) return false;
    if (i < len && (s[i] == 'e' || s[i] == 'E')) {
        bool negative = false;
        int e = 0;
        if (++i < len && (s[i] == '-' || s[i] == '+')) negative = s[i++] == '-';
        if (i == len) return false;
        for (; i < len && is_digit(s[i]); i++)
            if (e < 100000) e = e * 10 + (s[i] - '0');
        d->exponent += negative ? -e : e;
    }
    return i == len;
}

/* strtod wants the locale's decimal point; the grammar has been checked already. */
static double slow_number(const char *s, size_t len) {
    char text[MAX_NUMBER + MAX_POINT + 1];
    const char *point = localeconv()->decimal_point;
    const size_t point_len = strlen(point);
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '.' && point_len > 0 && point_len <= MAX_POINT) {
            memcpy(text + n, point, point_len);
            n += point_len;
        } else {
            text[n++] = s[i];
        }
    }
    text[n] = '\0';
    return strtod(text, NULL);
}

bool vo_text_number(const char *s, size_t len, double *out) {
    s = vo_text_trim(s, &len);
    decimal d = {0};
    if (len > MAX_NUMBER || !scan_decimal(s, len, &d)) return false;

    double v;
    if (d.mantissa <= (uint64_t)TWO_53 && d.exponent >= -22 && d.exponent <= 22) {
        v = (double)d.mantissa;
        v = d.exponent < 0 ? v / pow10_exact[-d.exponent] : v * pow10_exact[d.exponent];
        if (d.negative) v = -v;
    } else {
        v = slow_number(s, len);
        if (!isfinite(v)) return false;
    }
    *out = v;
    return true;
}

bool vo_text_integer(const char *s, size_t len, int64_t *out) {
    s = vo_text_trim(s, &len);
    const bool negative = len > 0 && s[0] == '-';
    size_t i = len > 0 && (s[0] == '-' || s[0] == '+') ? 1 : 0;
    if (i == len) return false;
    /* Collected as a negative number: that side holds one more. */
    int64_t v = 0;
    for (; i < len; i++) {
        if (!is_digit(s[i])) return false;
        const int digit = s[i] - '0';
        if (v < (INT64_MIN + digit) / 10) return false;
        v = v * 10 - digit;
    }
    if (!negative && v == INT64_MIN) return false;
    *out = negative ? v : -v;
    return true;
}

/* ---- numbers out ------------------------------------------------------------- */

/* Digits, then zeros or a point in them: digits * 10^exponent without an exponent. */
static char *put_fixed(char *p, const char *digit, int32_t n, int32_t exponent) {
    const int32_t whole = n + exponent; /* places before the point */
    if (exponent >= 0) {
        memcpy(p, digit, (size_t)n);
        memset(p + n, '0', (size_t)exponent);
        return p + whole;
    }
    if (whole > 0) {
        memcpy(p, digit, (size_t)whole);
        p[whole] = '.';
        memcpy(p + whole + 1, digit + whole, (size_t)-exponent);
        return p + n + 1;
    }
    memcpy(p, "0.", 2);
    memset(p + 2, '0', (size_t)-whole);
    memcpy(p + 2 - whole, digit, (size_t)n);
    return p + 2 - exponent;
}

/* "1.5e-07": at least two digits of exponent. */
static char *put_scientific(char *p, const char *digit, int32_t n, int32_t exponent) {
    char places[VO_DECIMAL_DIGITS];
    const int32_t e = exponent + n - 1;
    *p++ = digit[0];
    if (n > 1) *p++ = '.';
    memcpy(p, digit + 1, (size_t)(n - 1));
    p += n - 1;
    *p++ = 'e';
    *p++ = e < 0 ? '-' : '+';
    const int32_t len = vo_decimal_write((uint64_t)(e < 0 ? -e : e), places);
    if (len == 1) *p++ = '0';
    memcpy(p, places, (size_t)len);
    return p + len;
}

/* Any locale's decimal point becomes '.'. */
static size_t plain_point(char *s) {
    char *to = s;
    bool point = false;
    for (const char *p = s; *p; p++) {
        if (is_digit(*p) || *p == '-' || *p == '+' || *p == 'e') {
            *to++ = *p;
        } else if (!point) {
            *to++ = '.';
            point = true;
        }
    }
    *to = '\0';
    return (size_t)(to - s);
}

/* Subnormals, which have fewer than 15 digits, and powers of two, whose neighbours are unevenly
 * far: the first of 15, 16 and 17 digits that reads back. */
static size_t format_odd(double v, char out[VO_TEXT_NUMBER]) {
    for (int precision = 15;; precision++) {
        snprintf(out, VO_TEXT_NUMBER, "%.*g", precision, v);
        if (precision == 17 || strtod(out, NULL) == v) return plain_point(out);
    }
}

/* Prices and other numbers of at most two decimals, without asking for the shortest; also
 * every whole number below 2^53. */
static bool few_decimals(double a, vo_decimal *out) {
    const uint64_t whole = (uint64_t)a;
    *out = (vo_decimal){whole, 0};
    if ((double)whole == a) return true;
    const double scaled = a * 100 + 0.5;
    if (scaled >= 1e15) return false; /* beyond 15 digits there may be two that read back */
    const uint64_t m = (uint64_t)scaled;
    *out = m % 10 ? (vo_decimal){m, -2} : (vo_decimal){m / 10, -1};
    return (double)m / 100 == a;
}

/* 16 digits below 2^53 are taken as one rounded product has them if that reads back: it may be
 * the neighbour of the nearest. */
static bool near_two_53(double a, vo_decimal *d) {
    if (d->exponent < -20) return false;
    const double scaled = a * pow10_exact[-d->exponent] + 0.5;
    if (scaled >= TWO_53) return false;
    const uint64_t m = (uint64_t)scaled;
    if ((double)m / pow10_exact[-d->exponent] != a) return false;
    d->digits = m;
    return true;
}

size_t vo_text_format_number(double v, char out[VO_TEXT_NUMBER]) {
    assert(isfinite(v));
    const double a = fabs(v);
    const bool usual = a == 0 || (a >= 1e-5 && a < TWO_53);
    int mantissa_exponent = 0;
    if (!usual && (a < DBL_MIN || frexp(a, &mantissa_exponent) == 0.5))
        return format_odd(v, out);

    vo_decimal d;
    bool fixed = usual && few_decimals(a, &d);
    if (!fixed) d = vo_decimal_shortest(a);
    char digit[VO_DECIMAL_DIGITS];
    int32_t n = vo_decimal_write(d.digits, digit);
    if (!fixed && usual) fixed = n <= 15;
    if (!fixed && usual && n == 16 && near_two_53(a, &d)) {
        fixed = true;
        n = vo_decimal_write(d.digits, digit);
    }
    const int32_t e = d.exponent + n - 1;

    char *p = out;
    if (v < 0) *p++ = '-';
    p = fixed || (e >= -4 && e < n) ? put_fixed(p, digit, n, d.exponent)
                                    : put_scientific(p, digit, n, d.exponent);
    *p = '\0';
    return (size_t)(p - out);
}

/* ---- names ------------------------------------------------------------------- */

bool vo_text_same_span(const char *s, size_t len, const char *name) {
    for (size_t i = 0; i < len; i++)
        if (name[i] == '\0' || lower(s[i]) != lower(name[i])) return false;
    return name[len] == '\0';
}

bool vo_text_begins(const char *s, size_t len, const char *with) {
    const size_t n = strlen(with);
    return len >= n && vo_text_same_span(s, n, with);
}

bool vo_text_has(const char *s, size_t len, const char *word) {
    const size_t n = strlen(word);
    for (size_t i = 0; i + n <= len; i++)
        if (vo_text_same_span(s + i, n, word)) return true;
    return false;
}

bool vo_text_has_exactly(const char *s, size_t len, const char *word) {
    const size_t n = strlen(word);
    for (size_t i = 0; i + n <= len; i++)
        if (memcmp(s + i, word, n) == 0) return true;
    return false;
}

int vo_text_hex(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

size_t vo_text_utf8_fault(const char *text, size_t len) {
    size_t i = 0;
    while (i < len) {
        const unsigned char c = (unsigned char)text[i];
        if (c < 0x80) {
            i++;
            continue;
        }
        if (c < 0xC2 || c > 0xF4) return i;
        const size_t n = c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
        unsigned char lo = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
        unsigned char hi = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
        if (len - i < n) return i;
        for (size_t k = 1; k < n; k++, lo = 0x80, hi = 0xBF)
            if ((unsigned char)text[i + k] < lo || (unsigned char)text[i + k] > hi) return i;
        i += n;
    }
    return len;
}

bool vo_text_same(const char *a, const char *b) { return vo_text_same_span(a, strlen(a), b); }

vo_text vo_text_over(char *buffer, size_t size) {
    assert(size >= 4);
    buffer[0] = '\0';
    return (vo_text){.at = buffer, .size = size};
}

void vo_text_append(vo_text *t, const char *fmt, ...) {
    if (t->cut) return;
    const size_t room = t->size - t->len;
    va_list ap;
    va_start(ap, fmt);
    const int n = vsnprintf(t->at + t->len, room, fmt, ap);
    va_end(ap);
    if (n >= 0 && (size_t)n < room) {
        t->len += (size_t)n;
        return;
    }
    memcpy(t->at + t->size - 4, "...", 4);
    t->len = t->size - 1;
    t->cut = true;
}

void vo_text_append_names(vo_text *t, const char *const *names, size_t n) {
    const size_t rest = sizeof ", ..."; /* with its end */
    for (size_t i = 0; i < n && !t->cut; i++) {
        const size_t need = strlen(names[i]) + (i ? 2 : 0);
        const bool whole = t->len + need + (i + 1 < n ? rest : 1) <= t->size;
        if (i && !whole) {
            vo_text_append(t, ", ...");
            t->cut = true;
            return;
        }
        vo_text_append(t, "%s%s", i ? ", " : "", names[i]);
    }
}

#define MAX_NAME 63

/* Optimal string alignment distance: three rows of the usual table. */
static size_t edit_distance(const char *a, size_t na, const char *b, size_t nb) {
    size_t before[MAX_NAME + 1] = {0}, above[MAX_NAME + 1], row[MAX_NAME + 1] = {0};
    for (size_t j = 0; j <= nb; j++) above[j] = j;
    for (size_t i = 1; i <= na; i++) {
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            size_t best = above[j - 1] + (lower(a[i - 1]) != lower(b[j - 1]));
            if (above[j] + 1 < best) best = above[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]) && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            row[j] = best;
        }
        memcpy(before, above, sizeof before);
        memcpy(above, row, sizeof above);
    }
    return above[nb];
}

const char *vo_text_nearest(const char *wrong, const char *const *names, size_t n) {
    const size_t len = strnlen(wrong, MAX_NAME + 1);
    if (len == 0 || len > MAX_NAME) return NULL;
    const char *best = NULL;
    size_t best_distance = SIZE_MAX;
    for (size_t i = 0; i < n; i++) {
        const size_t name_len = strnlen(names[i], MAX_NAME + 1);
        if (name_len == 0 || name_len > MAX_NAME) continue;
        const size_t distance = edit_distance(wrong, len, names[i], name_len);
        const size_t longer = len > name_len ? len : name_len;
        if (distance * 3 <= longer && distance < best_distance) {
            best = names[i];
            best_distance = distance;
        }
    }
    return best;
}
