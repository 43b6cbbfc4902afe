/* schema_pattern.c -- "^[A-Za-z0-9_.-]{1,64}$": rows of classes with counts.
 *
 * Both ECMA-262 and this code read such a pattern alike as long as no class can take what the one
 * after it begins with; where they overlap, greedy matching without going back would be stricter,
 * so that is refused unless the count is fixed.
 */
#include <string.h>

#include "serve/schema_node.h"

static bool takes(const vo_pattern_atom *a, unsigned char c) {
    return (a->set[c >> 6] >> (c & 63)) & 1;
}

static void take(vo_pattern_atom *a, unsigned char c) {
    a->set[c >> 6] |= UINT64_C(1) << (c & 63);
}

/* One class or literal; returns what follows, NULL if it is not understood. */
static const char *read_class(const char *p, vo_pattern_atom *a) {
    if (*p == '\0' || strchr("\\.(){}|*+?^$", *p)) return NULL;
    if (*p != '[') {
        take(a, (unsigned char)*p);
        return p + 1;
    }
    p++;
    if (*p == '^' || *p == ']') return NULL;
    for (; *p && *p != ']'; p++) {
        if (*p == '\\') return NULL;
        const unsigned char first = (unsigned char)*p;
        unsigned char last = first;
        if (p[1] == '-' && p[2] != ']' && p[2] != '\0') {
            last = (unsigned char)p[2];
            p += 2;
        }
        if (last < first || last >= 0x80) return NULL;
        for (unsigned c = first; c <= last; c++) take(a, (unsigned char)c);
    }
    return *p == ']' ? p + 1 : NULL;
}

static const char *read_digits(const char *p, size_t *out) {
    if (*p < '0' || *p > '9') return NULL;
    for (*out = 0; *p >= '0' && *p <= '9' && *out < 100000; p++)
        *out = *out * 10 + (size_t)(*p - '0');
    return p;
}

static const char *read_count(const char *p, vo_pattern_atom *a) {
    a->least = a->most = 1;
    if (*p == '*' || *p == '+' || *p == '?') {
        a->least = *p == '+';
        a->most = *p == '?' ? 1 : SIZE_MAX;
        return p + 1;
    }
    if (*p != '{') return p;
    p = read_digits(p + 1, &a->least);
    if (!p) return NULL;
    a->most = a->least;
    if (*p == ',') {
        a->most = SIZE_MAX;
        if (p[1] != '}') {
            p = read_digits(p + 1, &a->most);
            if (!p) return NULL;
        } else {
            p++;
        }
    }
    return *p == '}' && a->least <= a->most ? p + 1 : NULL;
}

static bool overlap(const vo_pattern_atom *a, const vo_pattern_atom *b) {
    for (size_t i = 0; i < 4; i++)
        if (a->set[i] & b->set[i]) return true;
    return false;
}

vo_status vo_pattern_compile(const char *text, const char *where, vo_pattern *out,
                             vo_error *err) {
    vo_pattern made = {.text = text};
    const char *p = *text == '^' ? text + 1 : NULL;
    while (p && *p && strcmp(p, "$") != 0) {
        if (made.n == sizeof made.atom / sizeof made.atom[0]) {
            p = NULL;
            break;
        }
        vo_pattern_atom *a = &made.atom[made.n++];
        p = read_class(p, a);
        if (p) p = read_count(p, a);
        if (p && made.n > 1 && a[-1].least != a[-1].most && overlap(&a[-1], a)) p = NULL;
    }
    if (!p || strcmp(p, "$") != 0)
        return vo_fail(err, VO_EINVAL,
                       "%s: pattern \"%.80s\" must be ^ classes and counts $, as in "
                       "\"^[a-z0-9_]{1,64}$\"",
                       where, text);
    *out = made;
    return VO_OK;
}

bool vo_pattern_match(const vo_pattern *p, const char *text) {
    const unsigned char *at = (const unsigned char *)text;
    for (size_t i = 0; i < p->n; i++) {
        const vo_pattern_atom *a = &p->atom[i];
        size_t n = 0;
        while (n < a->most && *at && takes(a, *at)) at++, n++;
        if (n < a->least) return false;
    }
    return *at == '\0';
}
