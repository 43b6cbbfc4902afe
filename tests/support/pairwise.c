/* pairwise.c -- see pairwise.h. The envelope sweeps two functions from left to right over the
 * union of their knots; between two knots both are straight, so they cross at most once. */
#include "support/pairwise.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static inline double least(double a, double b) { return a < b ? a : b; }
static inline double most(double a, double b) { return a > b ? a : b; }

/* Appends a piece that ends at `end`; joins it to the last one if the slopes are equal. */
static inline void append(vo_value *out, double slope, double end) {
    if (!(end > out->x[out->n])) return; /* no width: an outage, or a cut at a knot */
    if (out->n && out->m[out->n - 1] == slope) {
        out->x[out->n] = end;
        return;
    }
    out->m[out->n] = slope;
    out->x[++out->n] = end;
}

/* A function with the value at its left end, so that two can be compared. */
typedef struct {
    vo_value f;
    double v0;
} anchored;

/* Last piece of the concave run that begins at piece i, plus one. */
static size_t run_end(const vo_value *f, size_t i) {
    if (f->n == 0) return 0;
    for (i++; i < f->n && f->m[i] <= f->m[i - 1]; i++)
        ;
    return i;
}

static size_t runs(const vo_value *f) {
    size_t count = 0, i = 0;
    do {
        i = run_end(f, i);
        count++;
    } while (i < f->n);
    return count;
}

/* A cursor over an anchored function: where it is, how high, and how steep from there on. */
typedef struct {
    const vo_value *f;
    size_t i;
    double v; /* at x[i] */
} cursor;

static inline bool inside(const cursor *c, double x) {
    return x >= c->f->x[0] && x < c->f->x[c->f->n];
}

/* Moves to the piece that holds [x, ...): x[i] <= x < x[i + 1]. */
static inline void seek(cursor *c, double x) {
    while (c->i < c->f->n && c->f->x[c->i + 1] <= x) {
        c->v += c->f->m[c->i] * (c->f->x[c->i + 1] - c->f->x[c->i]);
        c->i++;
    }
}

static inline double height(const cursor *c, double x) {
    return c->i < c->f->n ? c->v + c->f->m[c->i] * (x - c->f->x[c->i]) : c->v;
}

static inline double next_knot(const cursor *c, double x) {
    if (x < c->f->x[0]) return c->f->x[0];
    return c->i < c->f->n ? c->f->x[c->i + 1] : (double)INFINITY;
}

/* One elementary stretch [x, to): which is on top, and where that changes. */
static inline void emit_top(const cursor *a, const cursor *b, double x, double to,
                            vo_value *out) {
    const double slope_a = a->f->m[a->i], slope_b = b->f->m[b->i];
    const double ahead = height(a, x) - height(b, x);
    const double after = ahead + (slope_a - slope_b) * (to - x);
    if (ahead >= 0 && after >= 0) {
        append(out, slope_a, to);
    } else if (ahead <= 0 && after <= 0) {
        append(out, slope_b, to);
    } else {
        const double cross = least(most(x + ahead / (slope_b - slope_a), x), to);
        if (cross > x) append(out, ahead > 0 ? slope_a : slope_b, cross);
        if (to > cross) append(out, ahead > 0 ? slope_b : slope_a, to);
    }
}

/* out = upper envelope of a and b, whose domains overlap or touch. */
static void envelope(const anchored *a, const anchored *b, anchored *out) {
    cursor ca = {&a->f, 0, a->v0}, cb = {&b->f, 0, b->v0};
    const double end = most(a->f.x[a->f.n], b->f.x[b->f.n]);
    double x = least(a->f.x[0], b->f.x[0]);
    const bool both = a->f.x[0] == b->f.x[0];
    out->v0 = both ? most(a->v0, b->v0) : a->f.x[0] < b->f.x[0] ? a->v0 : b->v0;
    out->f.n = 0;
    out->f.x[0] = x;
    while (x < end) {
        seek(&ca, x);
        seek(&cb, x);
        const double to = least(least(next_knot(&ca, x), next_knot(&cb, x)), end);
        if (inside(&ca, x) && inside(&cb, x))
            emit_top(&ca, &cb, x, to, &out->f);
        else if (inside(&ca, x))
            append(&out->f, ca.f->m[ca.i], to);
        else if (inside(&cb, x))
            append(&out->f, cb.f->m[cb.i], to);
        x = to;
    }
}

/* The piece range [i, j) of f as a function of its own. */
static vo_value part(const vo_value *f, size_t i, size_t j) {
    return (vo_value){f->x + i, f->m + i, j - i, true};
}

/* Four functions live in the scratch block: the merged pair, the chain of one run of g, the
 * total so far, and a spare to write the next envelope into. */
enum { MERGED, CHAIN, TOTAL, SPARE, BUFFERS };

/* Bounded by: every knot of every merged pair, plus one crossing between any two knots. */
static size_t room_for(const vo_value *f, const vo_value *g) {
    return 4 * (runs(f) * (g->n + 1) + runs(g) * (f->n + 1)) + 8;
}

static void swap(anchored *a, anchored *b) {
    const anchored t = *a;
    *a = *b;
    *b = t;
}

/* into = envelope(into, add), or add alone if there is nothing yet. */
static void absorb(anchored *into, bool *have, anchored *add, anchored *spare) {
    if (*have) {
        envelope(into, add, spare);
        swap(into, spare);
    } else {
        swap(into, add);
    }
    *have = true;
}

/* The merged function of run [i,j) of f and run [k,l) of g, cut to lo..hi. */
static bool merge_runs(const vo_value *f, const vo_value *g, const size_t range[4],
                       const double start[2], double lo, double hi, anchored *out) {
    const vo_value pf = part(f, range[0], range[1]), pg = part(g, range[2], range[3]);
    vo_value_merge(&pf, &pg, &out->f);
    const double left = out->f.x[0];
    vo_value whole = out->f;
    if (!(left <= hi && out->f.x[out->f.n] >= lo)) return false;
    /* the value at the new left end, before the cut moves it */
    out->v0 = start[0] + start[1] + (lo > left ? vo_value_rise(&whole, lo) : 0);
    return vo_value_restrict(&out->f, lo, hi);
}

/* Restricting moves a view's arrays forward; this lays it back to its buffer's start. */
static void settle_view(anchored *a, double *base, size_t room) {
    memmove(base, a->f.x, (a->f.n + 1) * sizeof(double));
    memmove(base + room, a->f.m, a->f.n * sizeof(double));
    a->f.x = base;
    a->f.m = base + room;
}

static double rise_over(const vo_value *f, size_t from, size_t to) {
    double v = 0;
    for (size_t p = from; p < to; p++) v += f->m[p] * (f->x[p + 1] - f->x[p]);
    return v;
}

/* into = the higher of the two, where `add` begins and ends no earlier than `into` does: only
 * what lies beyond add's beginning can change. *end is into's value at its right end. */
static void extend(anchored *into, double *end, const anchored *add, anchored *spare) {
    vo_value *f = &into->f;
    size_t k = f->n;
    double v = *end;
    for (; k > 0 && f->x[k] > add->f.x[0]; k--) v -= f->m[k - 1] * (f->x[k] - f->x[k - 1]);
    const size_t tail = f->n - k;
    spare->v0 = v;
    spare->f.n = tail;
    memcpy(spare->f.x, f->x + k, (tail + 1) * sizeof(double));
    memcpy(spare->f.m, f->m + k, tail * sizeof(double));
    anchored out = {.f = {.x = f->x + k, .m = f->m + k}};
    envelope(spare, add, &out);
    f->n = k + out.f.n;
    if (k == 0) into->v0 = out.v0; /* both begin where the domain is cut */
    *end = out.v0 + rise_over(&out.f, 0, out.f.n);
}

/* chain = sup-convolution of all of f with pieces k..l-1 of g, which are concave; false if
 * nothing of it lies in lo..hi. Runs of f are taken from left to right: each reaches over the
 * next by no more than what the pieces of g can move. */
static bool convolve_run(const vo_value *f, const vo_value *g, size_t k, size_t l,
                         double start_g, double lo, double hi, size_t room, anchored *chain,
                         anchored *merged, anchored *spare) {
    bool have = false;
    double start_f = 0, end = 0;
    for (size_t i = 0, j; i <= f->n; i = j) {
        double *const base = merged->f.x;
        j = run_end(f, i);
        if (merge_runs(f, g, (size_t[4]){i, j, k, l}, (double[2]){start_f, start_g}, lo, hi,
                       merged)) {
            settle_view(merged, base, room);
            if (have) {
                extend(chain, &end, merged, spare);
            } else {
                swap(chain, merged);
                end = chain->v0 + rise_over(&chain->f, 0, chain->f.n);
            }
            have = true;
        } else {
            merged->f = (vo_value){.x = base, .m = base + room};
        }
        start_f += rise_over(f, i, j);
        if (j >= f->n) break;
    }
    return have;
}

bool pairwise_convolve(const vo_value *f, const vo_value *g, double lo, double hi,
                       vo_value *out) {
    const size_t room = room_for(f, g);
    double *const block = calloc(2 * BUFFERS * room, sizeof *block);
    assert(block);
    anchored buf[BUFFERS] = {0};
    for (size_t b = 0; b < BUFFERS; b++)
        buf[b].f = (vo_value){.x = block + 2 * b * room, .m = block + (2 * b + 1) * room};
    bool some = false;
    double start_g = 0;
    for (size_t k = 0, l; k <= g->n; k = l) {
        l = run_end(g, k);
        if (convolve_run(f, g, k, l, start_g, lo, hi, room, &buf[CHAIN], &buf[MERGED],
                         &buf[SPARE]))
            absorb(&buf[TOTAL], &some, &buf[CHAIN], &buf[SPARE]);
        start_g += rise_over(g, k, l);
        if (l >= g->n) break;
    }
    if (some) {
        out->n = buf[TOTAL].f.n;
        memcpy(out->x, buf[TOTAL].f.x, (out->n + 1) * sizeof(double));
        memcpy(out->m, buf[TOTAL].f.m, out->n * sizeof(double));
    }
    free(block);
    return some;
}
