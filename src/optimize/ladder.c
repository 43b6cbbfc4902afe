/* ladder.c -- see ladder.h. Room is made, offsets are settled and rungs that were pushed over
 * an end are dropped before every GROUP of steps, so that the steps themselves need no checks:
 * in a group, each part can grow by all rungs there are and two per step. */
#include "optimize/ladder.h"

#include <math.h>
#include <string.h>

#define INF ((double)INFINITY)

enum { GROUP = 64 };

void vo_ladder_init(vo_ladder *l, const vo_alloc *alloc) {
    *l = (vo_ladder){.alloc = alloc ? alloc : &vo_alloc_libc};
}

void vo_ladder_fini(vo_ladder *l) {
    l->alloc->free(l->alloc->ctx, l->block);
    *l = (vo_ladder){.alloc = l->alloc};
}

size_t vo_ladder_size(const vo_ladder *l) {
    return l->low_top + (l->mid_to - l->mid_from) + l->high_top;
}

/* New memory, if more is needed for `rungs` in any part and two more per step of a group.
 * `old` is what l was, for the caller to copy from and to free. */
static vo_status reserve(vo_ladder *l, size_t rungs, vo_ladder *old, vo_error *err) {
    *old = *l;
    const size_t room = rungs + 2 * GROUP + 4;
    if (room <= l->room) return VO_OK;
    const size_t wanted = 2 * room;
    vo_rung *block = l->alloc->zalloc(l->alloc->ctx, 5 * wanted * sizeof *block);
    if (!block) return vo_fail(err, VO_ENOMEM, "%zu rungs of a value function", 5 * wanted);
    l->block = block;
    l->low = block + 1;
    l->high = block + wanted + 1;
    l->mid = block + 2 * wanted;
    l->room = wanted;
    return VO_OK;
}

static void release(const vo_ladder *l, const vo_ladder *old) {
    if (old->block != l->block) l->alloc->free(l->alloc->ctx, old->block);
}

static void clear(vo_ladder *l) {
    l->low[0] = l->low[-1] = (vo_rung){INF, -INF};
    l->high[0] = l->high[-1] = (vo_rung){-INF, INF};
    l->low_top = l->high_top = 0;
    l->mid_from = l->mid_to = l->room + l->room / 2;
    l->low_off = l->high_off = 0;
}

vo_status vo_ladder_set(vo_ladder *l, const vo_value *v, double lo, double hi, vo_error *err) {
    vo_ladder old;
    const vo_status st = reserve(l, v->n + 2, &old, err);
    if (st != VO_OK) return st;
    release(l, &old);
    clear(l);
    l->lo = lo;
    l->hi = hi;
    if (v->x[0] > lo) l->low[++l->low_top] = (vo_rung){INF, v->x[0]};
    for (size_t i = 0; i < v->n; i++) l->mid[l->mid_to++] = (vo_rung){v->m[i], v->x[i + 1]};
    if (v->x[v->n] < hi) l->high[++l->high_top] = (vo_rung){-INF, hi};
    return VO_OK;
}

/* Appends a rung; joins it to the last one if the slopes are equal. */
static void append(vo_value *v, double slope, double end) {
    if (!(end > v->x[v->n])) return;
    if (!(v->n && v->m[v->n - 1] == slope)) v->m[v->n++] = slope;
    v->x[v->n] = end;
}

void vo_ladder_get(const vo_ladder *l, vo_value *v) {
    v->n = 0;
    v->concave = true;
    v->x[0] = l->lo;
    for (size_t k = 1; k <= l->low_top; k++) {
        const double end = l->low[k].x - l->low_off;
        if (l->low[k].m == INF)
            v->x[0] = end > l->lo ? end : l->lo;
        else
            append(v, l->low[k].m, end);
    }
    for (size_t k = l->mid_from; k < l->mid_to; k++) append(v, l->mid[k].m, l->mid[k].x);
    for (size_t k = l->high_top; k > 0 && l->high[k].m > -INF; k--) {
        const double end = l->high[k].x + l->high_off;
        append(v, l->high[k].m, end < l->hi ? end : l->hi);
    }
}

/* Between two groups: offsets become 0, what lies beyond lo and hi goes, mid is centred. */
static vo_status tidy(vo_ladder *l, vo_error *err) {
    size_t low_dead = 0, high_dead = 0;
    while (low_dead < l->low_top && l->low[low_dead + 1].x - l->low_off <= l->lo) low_dead++;
    /* the last rung but one that ends at or above hi hides all behind it */
    while (high_dead + 1 < l->high_top && l->high[high_dead + 2].x + l->high_off >= l->hi)
        high_dead++;
    vo_ladder old;
    const vo_status st = reserve(l, vo_ladder_size(l), &old, err);
    if (st != VO_OK) return st;
    clear(l);
    for (size_t k = low_dead + 1; k <= old.low_top; k++)
        l->low[++l->low_top] = (vo_rung){old.low[k].m, old.low[k].x - old.low_off};
    for (size_t k = high_dead + 1; k <= old.high_top; k++)
        l->high[++l->high_top] = (vo_rung){old.high[k].m, old.high[k].x + old.high_off};
    const size_t n = old.mid_to - old.mid_from;
    l->mid_from -= n / 2;
    memmove(l->mid + l->mid_from, old.mid + old.mid_from, n * sizeof *l->mid);
    l->mid_to = l->mid_from + n;
    release(l, &old);
    return VO_OK;
}

/* ---- one step ---------------------------------------------------------------------- */

/* The three parts as pointers to where they are changed: top and high to the rungs at the gaps,
 * from and to around mid. from[-1] is {INFINITY, lower gap}, to[0].m is -INFINITY. */
typedef struct {
    vo_rung *top, *high, *from, *to;
    vo_rung *low0, *high0;
    double low_off, high_off, lo, hi;
} cursor;

static cursor cursor_of(const vo_ladder *l) {
    cursor c = {l->low + l->low_top,
                l->high + l->high_top,
                l->mid + l->mid_from,
                l->mid + l->mid_to,
                l->low,
                l->high,
                l->low_off,
                l->high_off,
                l->lo,
                l->hi};
    c.from[-1] = (vo_rung){INF, c.top->x - c.low_off};
    c.to->m = -INF;
    return c;
}

static void keep_cursor(vo_ladder *l, const cursor *c) {
    l->low_top = (size_t)(c->top - l->low);
    l->high_top = (size_t)(c->high - l->high);
    l->mid_from = (size_t)(c->from - l->mid);
    l->mid_to = (size_t)(c->to - l->mid);
    l->low_off = c->low_off;
    l->high_off = c->high_off;
}

/* Carries rungs over the gaps until they lie at c and e. Those of no width left on a stack go
 * all at once. */
static inline void move_gaps(cursor *w, double c, double e) {
    for (; w->high->m >= e; w->high--) {
        if (w->to[-1].x >= w->hi) {
            w->high = w->high0;
            break;
        }
        const double end = w->high->x + w->high_off;
        *w->to++ = (vo_rung){w->high->m, end < w->hi ? end : w->hi};
        w->to->m = -INF;
    }
    for (; w->from->m > c; w->from++)
        *++w->top = (vo_rung){w->from->m, w->from->x + w->low_off};
    for (; w->top->m <= c; w->top--) {
        const double end = w->top->x - w->low_off;
        if (end <= w->lo) {
            w->top = w->low0;
            break;
        }
        *--w->from = (vo_rung){w->top->m, end};
    }
    w->from[-1].m = INF;
    for (; w->to[-1].m < e; w->to--)
        *++w->high = (vo_rung){w->to[-1].m, w->to[-1].x - w->high_off};
    w->to->m = -INF;
}

/* The energies at the gaps. */
static inline void gaps(cursor *w, double *p, double *q) {
    const double end = w->top->x - w->low_off;
    *p = end > w->lo ? end : w->lo;
    w->from[-1].x = *p;
    *q = w->to[-1].x > *p ? w->to[-1].x : *p;
}

/* Slides both ends and fills the gaps at p and q. */
static inline void fill_gaps(cursor *w, double c, double e, double charge_z, double discharge_z,
                             double p, double q) {
    w->low_off += charge_z;
    w->top[1] = (vo_rung){c, p + w->low_off};
    w->top += charge_z > 0;
    w->high[1] = (vo_rung){e, q - w->high_off};
    w->high += discharge_z > 0;
    w->high_off += discharge_z;
}

/* ---- looking up slopes ----------------------------------------------------------------- */

/* Slope of the first rung that ends above s (or = false), or at or above it (or = true). */
static inline double low_slope(const cursor *w, size_t *hint, double s, bool or) {
    const double x = s + w->low_off;
    const size_t top = (size_t)(w->top - w->low0);
    size_t k = *hint;
    if (k > top || k == 0) k = top;
    while (k < top && (or ? w->low0[k].x < x : w->low0[k].x <= x)) k++;
    while (k > 1 && (or ? w->low0[k - 1].x >= x : w->low0[k - 1].x > x)) k--;
    *hint = k;
    return w->low0[k].m;
}

/* mid has no fixed beginning: the hint is a rung. */
static inline double mid_slope(const cursor *w, const vo_rung **hint, double s, bool or) {
    const vo_rung *k = *hint;
    if (k < w->from || k >= w->to) k = w->from;
    while (k + 1 < w->to && (or ? k->x < s : k->x <= s)) k++;
    while (k > w->from && (or ? k[-1].x >= s : k[-1].x > s)) k--;
    *hint = k;
    return k->m;
}

static inline double high_slope(const cursor *w, size_t *hint, double s, bool or) {
    const double x = s - w->high_off;
    const size_t top = (size_t)(w->high - w->high0);
    size_t k = *hint;
    if (k > top || k == 0) k = top;
    while (k > 0 && (or ? w->high0[k].x < x : w->high0[k].x <= x)) k--;
    while (k < top && (or ? w->high0[k + 1].x >= x : w->high0[k + 1].x > x)) k++;
    *hint = k;
    return w->high0[k].m;
}

/* Where the last look-ups ended. */
typedef struct {
    size_t low, high;
    const vo_rung *mid;
} hints;

static inline double slope_above(const cursor *w, hints *h, double s, double p, double q) {
    if (s >= w->hi) return -INF;
    return s < p   ? low_slope(w, &h->low, s, false)
           : s < q ? mid_slope(w, &h->mid, s, false)
                   : high_slope(w, &h->high, s, false);
}

static inline double slope_below(const cursor *w, hints *h, double s, double p, double q) {
    if (s <= w->lo) return INF;
    return s <= p   ? low_slope(w, &h->low, s, true)
           : s <= q ? mid_slope(w, &h->mid, s, true)
                    : high_slope(w, &h->high, s, true);
}

/* ---- many steps ------------------------------------------------------------------------- */

vo_status vo_ladder_back(vo_ladder *l, const vo_reward_rates *r, double *to_charge,
                         double *to_discharge, vo_error *err) {
    for (size_t b = r->n, a; b > 0; b = a) {
        a = b > GROUP ? b - GROUP : 0;
        const vo_status st = tidy(l, err);
        if (st != VO_OK) return st;
        cursor w = cursor_of(l);
        for (size_t k = b; k-- > a;) {
            const double c = r->charge[k], e = r->discharge[k];
            double p, q;
            move_gaps(&w, c, e);
            gaps(&w, &p, &q);
            to_charge[k] = r->charge_z[k] > 0 ? p : -INF;
            to_discharge[k] = r->discharge_z[k] > 0 ? q : INF;
            fill_gaps(&w, c, e, r->charge_z[k], r->discharge_z[k], p, q);
        }
        keep_cursor(l, &w);
    }
    return VO_OK;
}

vo_status vo_ladder_back_along(vo_ladder *l, const vo_reward_rates *r, const double *stored,
                               double noise, double *right, double *left, vo_error *err) {
    for (size_t b = r->n, a; b > 0; b = a) {
        a = b > GROUP ? b - GROUP : 0;
        const vo_status st = tidy(l, err);
        if (st != VO_OK) return st;
        cursor w = cursor_of(l);
        hints h = {.mid = w.from};
        for (size_t k = b; k-- > a;) {
            const double c = r->charge[k], e = r->discharge[k], s = stored[k];
            double p, q;
            move_gaps(&w, c, e);
            gaps(&w, &p, &q);
            if (stored[k + 1] > s + noise) right[k] = slope_above(&w, &h, s + noise, p, q);
            if (stored[k + 1] < s - noise) left[k] = slope_below(&w, &h, s - noise, p, q);
            fill_gaps(&w, c, e, r->charge_z[k], r->discharge_z[k], p, q);
        }
        keep_cursor(l, &w);
    }
    return VO_OK;
}
