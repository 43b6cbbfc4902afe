/* day_member.c -- the list of day-ahead models by name; see day_member.h. */
#include "learn/day_member.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    vo_day_member_maker *create;
} entry[] = {
#define X(name, create, help) {#name, create},
    VO_DAY_MEMBER_MAP(X)
#undef X
};

enum { N_ENTRIES = sizeof entry / sizeof entry[0] };

const char *vo_day_member_names(void) {
    static const char list[] =
#define X(name, create, help) ", " #name
        VO_DAY_MEMBER_MAP(X)
#undef X
        ;
    return list + 2;
}

vo_status vo_day_member_create(const char *spec, const vo_day_table *t,
                               const vo_learning *world, vo_day_member **out, vo_error *err) {
    static const vo_learning plain = {.alloc = &vo_alloc_libc};
    vo_learning mine = world ? *world : plain;
    if (!mine.alloc) mine.alloc = &vo_alloc_libc;
    const size_t len = strcspn(spec, ":");
    for (size_t i = 0; i < N_ENTRIES; i++)
        if (strlen(entry[i].name) == len && strncmp(entry[i].name, spec, len) == 0)
            return entry[i].create(spec[len] ? spec + len + 1 : NULL, t, &mine, out, err);
    return vo_fail(err, VO_EINVAL,
                   "member = \"%.60s\" is unknown: use one of %s (with arguments: "
                   "lear:days=84)",
                   spec, vo_day_member_names());
}

void vo_day_member_free(vo_day_member *m) {
    if (m) m->ops->free(m);
}

vo_status vo_day_member_fit(vo_day_member *m, const vo_day_table *t, size_t day,
                            vo_error *err) {
    assert(day <= t->n_days);
    return m->ops->fit(m, t, day, err);
}

vo_status vo_day_member_predict(vo_day_member *m, const vo_day_table *t, size_t day,
                                double *out, vo_error *err) {
    assert(day < t->n_days);
    return m->ops->predict(m, t, day, out, err);
}

vo_status vo_day_member_save(const vo_day_member *m, vo_artefact_out *out, vo_error *err) {
    return m->ops->save(m, out, err);
}

vo_status vo_day_member_load(vo_day_member *m, vo_artefact *in, vo_error *err) {
    return m->ops->load(m, in, err);
}

/* ---- arguments ----------------------------------------------------------------------- */

static vo_status refuse_key(const char *name, const char *text, size_t len,
                            const vo_day_member_key *key, size_t n, vo_error *err) {
    char list[256] = "none";
    size_t used = 0;
    for (size_t i = 0; i < n && used + strlen(key[i].name) + 3 < sizeof list; i++) {
        if (used) memcpy(list + used, ", ", 3), used += 2;
        memcpy(list + used, key[i].name, strlen(key[i].name) + 1);
        used += strlen(key[i].name);
    }
    return vo_fail(err, VO_EINVAL,
                   "member %s: \"%.*s\" is no argument of it: write KEY=NUMBER with one of %s",
                   name, (int)(len > 60 ? 60 : len), text, list);
}

static vo_status set_key(const char *name, const char *text, size_t len,
                         const vo_day_member_key *key, size_t n, vo_error *err) {
    const char *equals = memchr(text, '=', len);
    const size_t word = equals ? (size_t)(equals - text) : len;
    char number[32] = "";
    size_t i = 0;
    while (i < n && (strlen(key[i].name) != word || strncmp(key[i].name, text, word) != 0)) i++;
    if (i == n || !equals) return refuse_key(name, text, len, key, n, err);
    const size_t digits = len - word - 1;
    if (digits < sizeof number) memcpy(number, equals + 1, digits);
    char *end = number;
    const double v = strtod(number, &end);
    if (digits == 0 || digits >= sizeof number || end != number + digits || !isfinite(v) ||
        v < key[i].low || v > key[i].high || (key[i].whole && v != floor(v)))
        return vo_fail(err, VO_EINVAL, "member %s: %.*s is not a %snumber in %g..%g", name,
                       (int)(len > 60 ? 60 : len), text, key[i].whole ? "whole " : "",
                       key[i].low, key[i].high);
    *key[i].value = v;
    return VO_OK;
}

vo_status vo_day_member_arguments(const char *name, const char *argument,
                                  const vo_day_member_key *key, size_t n, vo_error *err) {
    if (!argument) return VO_OK;
    for (const char *text = argument;;) {
        const size_t len = strcspn(text, ",");
        const vo_status st = set_key(name, text, len, key, n, err);
        if (st != VO_OK) return st;
        if (!text[len]) return VO_OK;
        text += len + 1;
    }
}
