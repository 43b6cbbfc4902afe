/* value.c -- see value.h.
 *
 * Against a reward of one slope t, z in [z0, z1], the best that can be had is
 *
 *     W(x) = t x + max over y in [x - z1, x - z0] of h(y),      h(y) = f(y) - t y,
 *
 * a maximum in a sliding window. The level sets of h grow by [z0, z1]: what rises in h moves by
 * z0, what falls by z1, a flat of slope t fills the gap at every peak, and at every valley the
 * two sides have moved over one another by z1 - z0 and are cut where they cross. So all is
 * copied, and only valleys need arithmetic. Rewards of falling slopes are taken slope by slope,
 * each from the last one's result; for the others the higher function counts, which a sweep
 * over the union of the knots finds: between two of them both are straight.
 */
#include "optimize/value.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* Of numbers: without the calls that fmin and fmax are. */
static inline double least(double a, double b) { return a < b ? a : b; }
static inline double most(double a, double b) { return a > b ? a : b; }

bool vo_value_is_concave(const vo_value *f) {
    for (size_t i = 1; i < f->n; i++)
        if (f->m[i] > f->m[i - 1]) return false;
    return true;
}

void vo_value_envelope(vo_value *f) {
    size_t n = 0; /* pieces 0..n-1 are the envelope of all that was read */
    for (size_t i = 0; i < f->n; i++) {
        double slope = f->m[i], wide = f->x[i + 1] - f->x[i];
        while (n > 0 && f->m[n - 1] < slope) { /* a valley: one line across it */
            const double before = f->x[n] - f->x[n - 1];
            slope = (slope * wide + f->m[n - 1] * before) / (wide + before);
            wide += before;
            n--;
        }
        f->m[n] = slope;
        f->x[++n] = f->x[i + 1];
    }
    f->n = n;
}

vo_slopes vo_value_slopes(const vo_value *f, double x, double noise) {
    const double inf = (double)INFINITY; /* beyond the domain: so that one returns to it */
    if (x < f->x[0] - noise) return (vo_slopes){inf, inf};
    if (x > f->x[f->n] + noise) return (vo_slopes){-inf, -inf};
    vo_slopes at = {-inf, inf};
    for (size_t i = 0; i < f->n; i++) {
        if (f->x[i] < x - noise) at.left = f->m[i];
        if (f->x[i + 1] > x + noise) {
            at.right = f->m[i];
            break;
        }
    }
    return at;
}

double vo_value_rise(const vo_value *f, double x) {
    double v = 0;
    for (size_t i = 0; i < f->n && f->x[i] < x; i++)
        v += f->m[i] * (least(f->x[i + 1], x) - f->x[i]);
    return v;
}

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

void vo_value_merge(const vo_value *f, const vo_value *g, vo_value *out) {
    size_t i = 0, j = 0;
    out->n = 0;
    out->x[0] = f->x[0] + g->x[0];
    while (i < f->n || j < g->n) {
        const bool from_f = j == g->n || (i < f->n && f->m[i] >= g->m[j]);
        const double slope = from_f ? f->m[i] : g->m[j];
        if (from_f)
            i++;
        else
            j++;
        append(out, slope, f->x[i] + g->x[j]);
    }
}

bool vo_value_restrict(vo_value *f, double lo, double hi) {
    if (!(f->x[0] <= hi && f->x[f->n] >= lo)) return false;
    while (f->n && f->x[1] <= lo) {
        f->x++;
        f->m++;
        f->n--;
    }
    if (f->x[0] < lo) f->x[0] = lo;
    while (f->n && f->x[f->n - 1] >= hi) f->n--;
    if (f->x[f->n] > hi) f->x[f->n] = hi;
    return true;
}

/* ---- the general case --------------------------------------------------------- */

/* Last piece of the concave run that begins at piece i, plus one. */
static size_t run_end(const vo_value *f, size_t i) {
    if (f->n == 0) return 0;
    for (i++; i < f->n && f->m[i] <= f->m[i - 1]; i++)
        ;
    return i;
}

static size_t runs(const vo_value *f) {
    size_t count = 1;
    for (size_t i = 1; i < f->n; i++) count += f->m[i] > f->m[i - 1];
    return count;
}

/* append, for loops that hold a function's parts in variables; the new number of pieces. */
static inline size_t put(double *restrict x, double *restrict m, size_t n, double slope,
                         double end) {
    if (!(end > x[n])) return n;
    if (n && m[n - 1] == slope) n--;
    m[n] = slope;
    x[n + 1] = end;
    return n + 1;
}

/* Cuts what has been written, which falls towards its end, where the pieces of f from k on,
 * which rise, come out above it once moved by `up`; the piece that does is returned. Both are
 * climbed from the valley to where they have the same height at the same place. */
static inline size_t cut_valley(vo_value *out, const vo_value *f, size_t k, double t,
                                double up) {
    size_t o = out->n;
    double left = out->x[o],
           right = f->x[k] + up; /* right <= left: they lie over one another */
    while (o > 0 && k < f->n && f->m[k] > t) {
        const double begin = out->x[o - 1], end = f->x[k + 1] + up;
        const double falls = t - out->m[o - 1], rises = f->m[k] - t, both = falls + rises;
        const double over = left - right;
        if (!(over > 0 && falls >= 0)) break; /* the latter by rounding only */
        if (over * rises <= (left - begin) * both && over * falls <= (end - right) * both) {
            left = most(left - over * (rises / both), begin);
            break;
        }
        const double drop = falls * (left - begin), rise = rises * (end - right);
        if (drop <= rise) {
            left = begin;
            right += drop / rises;
            o--;
        } else {
            right = end;
            left = most(left - rise / falls, begin);
            k++;
        }
    }
    if (o > 0 && !(left > out->x[o - 1])) o--; /* cut at a knot */
    out->n = o;
    out->x[o] = left;
    return k;
}

/* out = sup-convolution of f with one piece: slope t from `up` to `down`. */
static void slide(const vo_value *f, double t, double up, double down, vo_value *out) {
    const double *from_x = f->x, *from_m = f->m;
    double *restrict x = out->x, *restrict m = out->m;
    const size_t n = f->n;
    size_t i = 0, o = 0;
    x[0] = from_x[0] + up;
    for (;;) {
        for (; i < n && from_m[i] > t; i++) o = put(x, m, o, from_m[i], from_x[i + 1] + up);
        o = put(x, m, o, t, from_x[i] + down);
        for (; i < n && from_m[i] <= t; i++) o = put(x, m, o, from_m[i], from_x[i + 1] + down);
        if (i == n) break;
        vo_value so_far = {.x = x, .m = m, .n = o};
        i = cut_valley(&so_far, f, i, t, up);
        o = so_far.n;
    }
    out->n = o;
}

/* out = the higher of a and b, where b begins and ends no earlier than a, and begins no later
 * than a ends. `above`: how much higher b begins than a. */
static void envelope(const vo_value *a, const vo_value *b, double above, vo_value *out) {
    const double *ax = a->x, *am = a->m, *bx = b->x, *bm = b->m, end = ax[a->n];
    double *restrict x = out->x, *restrict m = out->m;
    double at = bx[0], ahead = -above; /* a above b */
    size_t i = 0, j = 0, o = 0;
    x[0] = ax[0];
    for (; i < a->n && ax[i + 1] <= at; i++) {
        o = put(x, m, o, am[i], ax[i + 1]);
        ahead += am[i] * (ax[i + 1] - ax[i]);
    }
    if (i < a->n && at > ax[i]) {
        o = put(x, m, o, am[i], at);
        ahead += am[i] * (at - ax[i]);
    }
    while (at < end && j < b->n) {
        const double to_a = ax[i + 1], to_b = bx[j + 1], to = least(to_a, to_b);
        const double slope_a = am[i], slope_b = bm[j];
        const double after = ahead + (slope_a - slope_b) * (to - at);
        if (ahead >= 0 && after >= 0) {
            o = put(x, m, o, slope_a, to);
        } else if (ahead <= 0 && after <= 0) {
            o = put(x, m, o, slope_b, to);
        } else {
            const double cross = least(most(at + ahead / (slope_b - slope_a), at), to);
            o = put(x, m, o, ahead > 0 ? slope_a : slope_b, cross);
            o = put(x, m, o, ahead > 0 ? slope_b : slope_a, to);
        }
        if (to_a < to_b) { /* a guess is quicker than waiting for the sum of comparisons */
            i++;
        } else if (to_b < to_a) {
            j++;
        } else {
            i++, j++;
        }
        at = to;
        ahead = after;
    }
    for (; j < b->n; j++) o = put(x, m, o, bm[j], bx[j + 1]);
    out->n = o;
}

/* Functions in the scratch block: two that a chain of slides goes to and fro between, what one
 * run of g makes, and two for the highest so far. */
enum { CHAIN, BACK, RUN, TOTAL, SPARE, BUFFERS };

/* Bounded by: every knot of every merged pair of runs, and as many crossings, twice. */
static size_t room_of(const vo_value *f, size_t runs_f, const vo_value *g, size_t runs_g) {
    return 4 * (runs_f * (g->n + 1) + runs_g * (f->n + 1)) + 8;
}

size_t vo_value_convolve_room(const vo_value *f, const vo_value *g) {
    return room_of(f, runs(f), g, runs(g));
}

void vo_value_scratch_fini(vo_value_scratch *s) {
    if (!s->block) return;
    s->alloc->free(s->alloc->ctx, s->block);
    s->block = NULL;
    s->size = 0;
}

static vo_status reserve(vo_value_scratch *s, size_t doubles, vo_error *err) {
    if (s->size >= doubles) return VO_OK;
    vo_value_scratch_fini(s);
    if (!s->alloc) s->alloc = &vo_alloc_libc;
    s->block = s->alloc->zalloc(s->alloc->ctx, 2 * doubles * sizeof(double));
    if (!s->block) return vo_fail(err, VO_ENOMEM, "%zu pieces of a value function", doubles);
    s->size = 2 * doubles;
    return VO_OK;
}

static inline void swap(vo_value *a, vo_value *b) {
    const vo_value t = *a;
    *a = *b;
    *b = t;
}

/* out = sup-convolution of f with pieces k..l-1 of g, whose slopes fall. buf: CHAIN, BACK. */
static void convolve_run(const vo_value *f, const vo_value *g, size_t k, size_t l,
                         vo_value *buf, vo_value *out) {
    if (k == l) { /* a point */
        slide(f, 0, g->x[k], g->x[k], out);
        return;
    }
    while (l > k + 1 && !(g->x[l] > g->x[l - 1])) l--;
    const vo_value *from = f;
    for (size_t p = k; p < l; p++) {
        const double wide = g->x[p + 1] - g->x[p];
        if (p > k && !(wide > 0)) continue;
        vo_value *to = p + 1 == l ? out : &buf[from == &buf[CHAIN] ? BACK : CHAIN];
        slide(from, g->m[p], p > k ? 0 : g->x[k], p > k ? wide : g->x[k + 1], to);
        from = to;
    }
}

static double rise_over(const vo_value *f, size_t from, size_t to) {
    double v = 0;
    for (size_t p = from; p < to; p++) v += f->m[p] * (f->x[p + 1] - f->x[p]);
    return v;
}

vo_status vo_value_convolve(const vo_value *f, const vo_value *g, double lo, double hi,
                            vo_value_scratch *scratch, vo_value *out, bool *empty,
                            vo_error *err) {
    const size_t room = room_of(f, f->n + 1, g, g->n + 1);
    if (reserve(scratch, 2 * BUFFERS * room, err) != VO_OK) return VO_ENOMEM;
    vo_value buf[BUFFERS];
    for (size_t b = 0; b < BUFFERS; b++)
        buf[b] = (vo_value){.x = scratch->block + 2 * b * room,
                            .m = scratch->block + (2 * b + 1) * room};
    size_t k = run_end(g, 0);
    convolve_run(f, g, 0, k, buf, k < g->n ? &buf[TOTAL] : out);
    double start = rise_over(g, 0, k); /* of the next run, above the beginning of g */
    while (k < g->n) {
        const size_t l = run_end(g, k);
        convolve_run(f, g, k, l, buf, &buf[RUN]);
        envelope(&buf[TOTAL], &buf[RUN], start, l < g->n ? &buf[SPARE] : out);
        swap(&buf[TOTAL], &buf[SPARE]);
        start += rise_over(g, k, l);
        k = l;
    }
    assert(out->n + 1 <= vo_value_convolve_room(f, g));
    *empty = !vo_value_restrict(out, lo, hi);
    return VO_OK;
}
