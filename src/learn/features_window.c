/* features_window.c -- see features_window.h.
 *
 * Levels are lengths, shortest first; level 0 is the values themselves. A level keeps the places
 * of the present run behind as many earlier ones as a longer level will look back on.
 */
#include "learn/features_window.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "learn/features_value.h"

enum { CHUNK = 128 };

typedef struct {
    size_t length;
    size_t newer, older; /* levels that this one is put together from         */
    size_t keep;         /* places before the present run                     */
    double *mean, *m2;   /* [keep + CHUNK]; of level 0 all m2 are 0           */
    float *least, *most; /* [keep + CHUNK]                                    */
} level;

struct vo_windows {
    const vo_alloc *alloc;
    size_t n, n_levels;
    size_t at;       /* places of the present run that are filled, up to CHUNK */
    size_t *of;      /* [n] level of each window                               */
    level *level;    /* [n_levels]                                             */
    double *numbers; /* all their places                                       */
};

/* ---- making ------------------------------------------------------------------------------- */

static size_t find(const level *l, size_t n, size_t length) {
    size_t k = 0;
    while (k < n && l[k].length != length) k++;
    return k;
}

/* Puts a length together from what is there, adding what is missing; returns its level. Doubling
 * and halving: at most 2 log2(length) levels more. */
static size_t add(level *l, size_t *n, size_t length) {
    size_t k = find(l, *n, length), longest = 0;
    if (k < *n) return k;
    for (size_t i = 0; i < *n; i++)
        if (l[i].length < length && l[i].length > l[longest].length) longest = i;
    if (length > 2 * l[longest].length) {
        add(l, n, 2 * l[longest].length);
        return add(l, n, length);
    }
    const size_t rest = add(l, n, length - l[longest].length);
    l[*n] = (level){.length = length, .newer = rest, .older = longest};
    if (l[longest].keep < l[rest].length) l[longest].keep = l[rest].length;
    return (*n)++;
}

/* Hands out the numbers; with NULL only counts them. */
static size_t place(vo_windows *v, double *numbers) {
    size_t used = 0;
    for (size_t k = 0; k < v->n_levels; k++) {
        level *l = &v->level[k];
        const size_t room = l->keep + CHUNK;
        if (numbers) {
            l->mean = numbers + used;
            l->m2 = l->mean + room;
            l->least = (float *)(void *)(l->m2 + room);
            l->most = l->least + room;
            for (size_t i = 0; i < room; i++) {
                l->mean[i] = (double)NAN;
                l->m2[i] = 0;
                l->least[i] = l->most[i] = NAN;
            }
        }
        used += 3 * room;
    }
    return used;
}

void vo_windows_free(vo_windows *v) {
    if (!v) return;
    v->alloc->free(v->alloc->ctx, v->of);
    v->alloc->free(v->alloc->ctx, v->level);
    v->alloc->free(v->alloc->ctx, v->numbers);
    v->alloc->free(v->alloc->ctx, v);
}

vo_status vo_windows_create(const int32_t *length, size_t n, const vo_alloc *alloc,
                            vo_windows **out, vo_error *err) {
    if (!alloc) alloc = &vo_alloc_libc;
    vo_windows *v = alloc->zalloc(alloc->ctx, sizeof *v);
    if (!v) return vo_fail(err, VO_ENOMEM, "%zu windows", n);
    v->alloc = alloc;
    v->n = n;
    v->of = alloc->zalloc(alloc->ctx, (n + 1) * sizeof *v->of);
    v->level = alloc->zalloc(alloc->ctx, (1 + 60 * n) * sizeof *v->level);
    if (!v->of || !v->level) goto fail;
    v->level[v->n_levels++].length = 1;
    for (size_t i = 0; i < n; i++) {
        assert(length[i] >= 2 && length[i] < 1 << 30);
        v->of[i] = add(v->level, &v->n_levels, (size_t)length[i]);
    }
    v->numbers = alloc->zalloc(alloc->ctx, place(v, NULL) * sizeof *v->numbers);
    if (!v->numbers) goto fail;
    place(v, v->numbers);
    *out = v;
    return VO_OK;

fail:
    vo_windows_free(v);
    return vo_fail(err, VO_ENOMEM, "%zu windows", n);
}

/* ---- running ------------------------------------------------------------------------------ */

/* The run is full: its last places become those before the next. */
static void turn(vo_windows *v) {
    for (size_t k = 0; k < v->n_levels; k++) {
        const level *l = &v->level[k];
        memmove(l->mean, l->mean + CHUNK, l->keep * sizeof *l->mean);
        memmove(l->m2, l->m2 + CHUNK, l->keep * sizeof *l->m2);
        memmove(l->least, l->least + CHUNK, l->keep * sizeof *l->least);
        memmove(l->most, l->most + CHUNK, l->keep * sizeof *l->most);
    }
    v->at = 0;
}

static void take(const level *l, size_t at, const double *x, size_t n) {
    double *restrict mean = l->mean + l->keep + at;
    float *restrict least = l->least + l->keep + at, *restrict most = l->most + l->keep + at;
    for (size_t j = 0; j < n; j++) {
        mean[j] = x[j];
        least[j] = most[j] = (float)x[j];
    }
}

static void join(const level *out, const level *a, const level *b, size_t at, size_t n) {
    const size_t ia = a->keep + at, ib = b->keep + at - a->length, io = out->keep + at;
    const double *restrict am = a->mean + ia, *restrict bm = b->mean + ib;
    const double *restrict as = a->m2 + ia, *restrict bs = b->m2 + ib;
    double *restrict mean = out->mean + io, *restrict m2 = out->m2 + io;
    const double part = (double)b->length / (double)out->length;
    const double weight = (double)a->length * part;
    for (size_t j = 0; j < n; j++) {
        const double d = bm[j] - am[j];
        mean[j] = am[j] + d * part;
        m2[j] = as[j] + bs[j] + d * d * weight;
    }
    const float *restrict al = a->least + ia, *restrict bl = b->least + ib;
    const float *restrict ah = a->most + ia, *restrict bh = b->most + ib;
    float *restrict least = out->least + io, *restrict most = out->most + io;
    for (size_t j = 0; j < n; j++) {
        least[j] = al[j] < bl[j] ? al[j] : bl[j];
        most[j] = ah[j] > bh[j] ? ah[j] : bh[j];
    }
}

static void give(const vo_windows *v, size_t i, size_t n, float *out, size_t stride) {
    const level *l = &v->level[v->of[i]];
    const size_t at = l->keep + v->at;
    const double *restrict mean = l->mean + at, *restrict m2 = l->m2 + at;
    const float *restrict least = l->least + at, *restrict most = l->most + at;
    float *restrict m = out + i * stride, *restrict s = out + (v->n + i) * stride;
    float *restrict lo = out + (2 * v->n + i) * stride;
    float *restrict hi = out + (3 * v->n + i) * stride;
    const double per = 1 / (double)(l->length - 1);
    for (size_t j = 0; j < n; j++) {
        m[j] = vo_feature_value(mean[j]);
        s[j] = vo_feature_value(m2[j] * per);
    }
    for (size_t j = 0; j < n; j++) {
        /* Extremes are blind to NAN: m - m is 0, or NAN where the window has one. */
        lo[j] = vo_feature_float(least[j] + (m[j] - m[j]));
        hi[j] = vo_feature_float(most[j] + (m[j] - m[j]));
    }
    for (size_t j = 0; j < n; j++) s[j] = sqrtf(s[j]);
}

void vo_windows_run(vo_windows *v, const double *x, size_t count, float *out, size_t stride) {
    for (size_t j = 0, n; j < count; j += n) {
        if (v->at == CHUNK) turn(v);
        n = count - j < CHUNK - v->at ? count - j : CHUNK - v->at;
        take(&v->level[0], v->at, x + j, n);
        for (size_t k = 1; k < v->n_levels; k++) {
            const level *l = &v->level[k];
            join(l, &v->level[l->newer], &v->level[l->older], v->at, n);
        }
        for (size_t i = 0; i < v->n; i++) give(v, i, n, out + j, stride);
        v->at += n;
    }
}
