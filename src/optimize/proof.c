/* proof.c -- see proof.h. */
#include "optimize/proof.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "optimize/proof_interval.h"

#define INF ((double)INFINITY)

/* ---- Lagrangian ------------------------------------------------------------------ */

typedef struct {
    double value, discharged;
} choice;

/* The best action at a price of stored energy and a price mu on every MWh discharged. */
static choice best_action(const vo_proof_interval *v, double worth, double mu) {
    double u[VO_PROOF_MAX_BENDS];
    const size_t n = vo_proof_bends(v, u);
    choice best = {-INF, 0};
    for (size_t i = 0; i < n; i++) {
        const double out = u[i] > 0 ? u[i] : 0;
        const double value =
            vo_proof_cash(v, u[i]) + worth * vo_proof_stored(v, u[i]) - mu * out;
        if (value > best.value) best = (choice){value, out};
    }
    return best;
}

static choice best_actions(const vo_problem *p, const double *worth, size_t from, size_t to,
                           double mu) {
    choice sum = {0, 0};
    for (size_t t = from; t < to; t++) {
        const vo_proof_interval v = vo_proof_interval_at(p, t);
        const choice c = best_action(&v, worth[t], mu);
        sum.value += c.value;
        sum.discharged += c.discharged;
    }
    return sum;
}

/* min over mu >= base of best_actions(mu) + (mu - base) * limit: convex, so halve on its slope.
 * Any mu gives a bound; the best one found is returned. */
static double least_over_multiplier(const vo_problem *p, const double *worth, size_t from,
                                    size_t to, double base, double limit) {
    choice c = best_actions(p, worth, from, to, base);
    double best = c.value;
    if (!isfinite(limit) || c.discharged <= limit) return best;
    double lo = base, hi = base + 1;
    for (int i = 0; i < 60; i++, hi = base + 4 * (hi - base)) {
        c = best_actions(p, worth, from, to, hi);
        best = fmin(best, c.value + (hi - base) * limit);
        if (c.discharged <= limit) break;
        lo = hi;
    }
    for (int i = 0; i < 60 && hi - lo > 1e-14 * hi; i++) {
        const double mid = 0.5 * (lo + hi);
        c = best_actions(p, worth, from, to, mid);
        best = fmin(best, c.value + (mid - base) * limit);
        *(c.discharged > limit ? &lo : &hi) = mid;
    }
    return best;
}

/* All days, with a price `nu` on every MWh discharged besides the days' own. */
static double days_bound(const vo_problem *p, const double *worth, double nu) {
    const double limit = p->battery->max_cycles_per_day * vo_battery_usable_mwh(p->battery);
    double sum = 0;
    for (size_t from = 0, to; from < p->n; from = to) {
        to = p->n;
        if (p->day)
            for (to = from + 1; to < p->n && p->day[to] == p->day[from]; to++)
                ;
        sum += least_over_multiplier(p, worth, from, to, nu, limit);
    }
    return sum;
}

static double actions_bound(const vo_problem *p, const double *worth) {
    const vo_battery *b = p->battery;
    const bool daily = isfinite(b->max_cycles_per_day), whole = isfinite(b->max_cycles);
    const double limit = b->max_cycles * vo_battery_usable_mwh(b);
    if (!daily) return least_over_multiplier(p, worth, 0, p->n, 0, whole ? limit : INF);
    double best = days_bound(p, worth, 0);
    if (!whole) return best;
    double lo = 0, hi = 0; /* golden section over the horizon's price: convex */
    for (size_t t = 0; t < p->n; t++) hi = fmax(hi, fabs(p->price[t]) * 4 + 1);
    for (int i = 0; i < 64; i++) {
        const double a = lo + 0.381966 * (hi - lo), c = hi - 0.381966 * (hi - lo);
        const double at_a = days_bound(p, worth, a) + a * limit;
        const double at_c = days_bound(p, worth, c) + c * limit;
        best = fmin(best, fmin(at_a, at_c));
        *(at_a < at_c ? &hi : &lo) = at_a < at_c ? c : a;
    }
    return best;
}

/* What the end may hold, and what it pays. */
static void final_range(const vo_battery *b, double *lo, double *hi, double *pays) {
    const double size = b->capacity_mwh;
    *lo = b->min_soc * size;
    *hi = b->max_soc * size;
    *pays = b->final_kind == VO_FINAL_VALUE ? b->final_value_per_mwh : 0;
    if (b->final_kind == VO_FINAL_AT_LEAST_INITIAL) *lo = fmax(*lo, b->initial_soc * size);
    if (b->final_kind == VO_FINAL_AT_LEAST) *lo = fmax(*lo, b->final_soc * size);
    if (b->final_kind == VO_FINAL_EXACT) *lo = *hi = b->final_soc * size;
}

static double most(double price, double lo, double hi) { return price * (price > 0 ? hi : lo); }

double vo_proof_lagrangian(const vo_problem *p, const double *worth) {
    const vo_battery *b = p->battery;
    const double lo = b->min_soc * b->capacity_mwh, hi = b->max_soc * b->capacity_mwh;
    double sum = actions_bound(p, worth), low = 0, last_lo, last_hi, pays;
    for (size_t t = 0; t < p->n; t++) {
        const double kept = vo_proof_keep(p, t) * worth[t];
        const double term = t == 0 ? kept * b->initial_soc * b->capacity_mwh
                                   : most(kept - worth[t - 1], lo, hi);
        const double next = sum + term; /* Neumaier's sum: gaps are small differences */
        low += fabs(sum) >= fabs(term) ? (sum - next) + term : (term - next) + sum;
        sum = next;
    }
    final_range(b, &last_lo, &last_hi, &pays);
    return sum + low + most(pays - worth[p->n - 1], last_lo, last_hi);
}

/* ---- the second recursion ---------------------------------------------------------- */

/* A function of stored energy by its corners: straight between, -INFINITY outside. */
typedef struct {
    double *x, *v;
    size_t n, room;
} corners;

static double read_corners(const corners *f, double x) {
    const double slack = 1e-12 * (1 + fabs(f->x[f->n - 1]));
    if (x < f->x[0]) return x < f->x[0] - slack ? -INF : f->v[0];
    if (x > f->x[f->n - 1]) return x > f->x[f->n - 1] + slack ? -INF : f->v[f->n - 1];
    size_t a = 0, c = f->n - 1;
    while (c - a > 1) {
        const size_t m = (a + c) / 2;
        *(f->x[m] <= x ? &a : &c) = m;
    }
    if (a == c || f->x[c] == f->x[a]) return fmax(f->v[a], f->v[c]);
    return f->v[a] + (f->v[c] - f->v[a]) * (x - f->x[a]) / (f->x[c] - f->x[a]);
}

static bool put_corner(corners *f, double x, double v) {
    if (f->n >= 2) { /* drop the middle of three in a line */
        const double x0 = f->x[f->n - 2], x1 = f->x[f->n - 1];
        const double v0 = f->v[f->n - 2], v1 = f->v[f->n - 1];
        const double line = x > x0 ? v0 + (v - v0) * (x1 - x0) / (x - x0) : v1;
        if (fabs(line - v1) <= 4 * DBL_EPSILON * (fabs(v0) + fabs(v) + fabs(v1))) f->n--;
    }
    if (f->n == f->room) return false;
    f->x[f->n] = x;
    f->v[f->n++] = v;
    return true;
}

static int ascending(const void *a, const void *b) {
    double x, y;
    x = *(const double *)a;
    y = *(const double *)b;
    return (x > y) - (x < y);
}

/* One interval of the recursion, as the change of stored energy it offers: corners of q. */
typedef struct {
    double keep, move[VO_PROOF_MAX_BENDS], cash[VO_PROOF_MAX_BENDS];
    size_t n;
} offer;

static offer offer_at(const vo_problem *p, size_t t) {
    const vo_proof_interval v = vo_proof_interval_at(p, t);
    double u[VO_PROOF_MAX_BENDS];
    offer o = {.keep = v.keep, .n = vo_proof_bends(&v, u)};
    for (size_t i = 0; i < o.n; i++) { /* descending u: ascending change of stored energy */
        const double at = u[o.n - 1 - i];
        o.move[i] = vo_proof_stored(&v, at);
        o.cash[i] = vo_proof_cash(&v, at);
    }
    return o;
}

static double offer_cash(const offer *o, double move) {
    for (size_t i = 0; i + 1 < o->n; i++) {
        if (move < o->move[i] || move > o->move[i + 1]) continue;
        const double wide = o->move[i + 1] - o->move[i];
        const double share = wide > 0 ? (move - o->move[i]) / wide : 0;
        return o->cash[i] + share * (o->cash[i + 1] - o->cash[i]);
    }
    return o->n && move == o->move[0] ? o->cash[0] : -INF;
}

/* All ways that end or act at a corner: the best of them at y is the exact value there. */
static double best_way(const corners *next, const offer *o, double y, double *work) {
    double best = -INF;
    for (size_t j = 0; j < o->n; j++)
        best = fmax(best, o->cash[j] + read_corners(next, y + o->move[j]));
    for (size_t i = 0; i < next->n; i++)
        best = fmax(best, next->v[i] + offer_cash(o, next->x[i] - y));
    *work -= (double)(o->n + next->n);
    return best;
}

/* Between two neighbours of the grid every way is straight, so the best is convex there: a
 * chord is a bound, and its halves a better one, until they are exact or as good as doubles
 * get. */
static bool refine(const corners *next, const offer *o, corners *out, double x0, double v0,
                   double x1, double v1, int depth, double *work) {
    const double mid = 0.5 * (x0 + x1), chord = 0.5 * (v0 + v1);
    if (depth > 0 && mid > x0 && mid < x1) {
        const double vm = best_way(next, o, mid * o->keep, work);
        if (chord - vm > 1e-13 * (fabs(v0) + fabs(v1) + 1)) {
            return refine(next, o, out, x0, v0, mid, vm, depth - 1, work) &&
                   refine(next, o, out, mid, vm, x1, v1, depth - 1, work);
        }
    }
    return put_corner(out, x1, v1);
}

/* out = the function one interval earlier, on lo..hi. `grid` has room for all sums. */
static bool step_back(const corners *next, const offer *o, double lo, double hi, double *grid,
                      corners *out, double *work) {
    size_t m = 0;
    grid[m++] = lo;
    grid[m++] = hi;
    for (size_t i = 0; i < next->n; i++)
        for (size_t j = 0; j < o->n; j++) {
            const double x = (next->x[i] - o->move[j]) / o->keep;
            if (x > lo && x < hi) grid[m++] = x;
        }
    qsort(grid, m, sizeof *grid, ascending);
    out->n = 0;
    double x0 = 0, v0 = -INF;
    for (size_t i = 0; i < m; i++) {
        const double x = grid[i];
        if (i && x - x0 <= 1e-13 * (1 + fabs(hi)) && i + 1 < m) continue;
        const double v = best_way(next, o, x * o->keep, work);
        if (*work < 0) return false;
        if (v == -INF) continue;
        const bool first = out->n == 0;
        if (first ? !put_corner(out, x, v) : !refine(next, o, out, x0, v0, x, v, 40, work))
            return false;
        x0 = x;
        v0 = v;
    }
    return out->n > 0;
}

enum { MAX_CORNERS = 2048 };

double vo_proof_recursion(const vo_problem *p, double work) {
    const vo_battery *b = p->battery;
    const size_t grid_room = (size_t)MAX_CORNERS * VO_PROOF_MAX_BENDS + 2;
    double *block = vo_alloc_libc.zalloc(NULL, (4 * MAX_CORNERS + grid_room) * sizeof *block);
    if (!block) return (double)NAN;
    corners a = {block, block + MAX_CORNERS, 0, MAX_CORNERS};
    corners c = {block + 2 * MAX_CORNERS, block + 3 * MAX_CORNERS, 0, MAX_CORNERS};
    double *grid = block + 4 * MAX_CORNERS, lo, hi, pays;
    final_range(b, &lo, &hi, &pays);
    bool going = lo <= hi && put_corner(&a, lo, pays * lo) &&
                 (hi == lo || put_corner(&a, hi, pays * hi));
    const double floor = b->min_soc * b->capacity_mwh, top = b->max_soc * b->capacity_mwh;
    const double start = b->initial_soc * b->capacity_mwh;
    for (size_t t = p->n; going && t-- > 0;) {
        const offer o = offer_at(p, t);
        const double from = t ? floor : start, to = t ? top : start;
        going = step_back(&a, &o, from, to, grid, &c, &work);
        const corners s = a;
        a = c;
        c = s;
    }
    const double value = going ? a.v[0] : (double)NAN;
    vo_alloc_libc.free(NULL, block);
    return value;
}
