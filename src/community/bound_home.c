/* bound_home.c -- see the header. All V_t are kept, one behind the other, for the walk forward.
 *
 * Sup-convolution of concave piecewise-linear functions is a merge of their slopes (Rockafellar,
 * Convex Analysis, section 16): V_t is the reward's slopes merged into those of V_{t+1}, beginning
 * where the battery charges most, then cut to what the store holds.
 */
#include "community/bound_home.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "optimize/home_value.h"

typedef struct {
    double slope, width;
} piece;

/* A concave function on [low, low + widths]: `level` there, then falling slopes. */
typedef struct {
    double low, level;
    size_t first, n; /* pieces in the pool */
} concave;

struct vo_bound_work {
    const vo_alloc *alloc;
    size_t steps;
    concave *value; /* [steps + 1] */
    piece *pool;
    size_t used, room;
};

vo_status vo_bound_work_create(size_t steps, const vo_alloc *alloc, vo_bound_work **out,
                               vo_error *err) {
    if (!alloc) alloc = &vo_alloc_libc;
    vo_bound_work *w = alloc->zalloc(alloc->ctx, sizeof *w);
    if (!w) goto fail;
    w->alloc = alloc;
    w->steps = steps;
    w->room = 12 * steps + 2 * VO_BOUND_PIECES;
    w->value = alloc->zalloc(alloc->ctx, (steps + 1) * sizeof *w->value);
    w->pool = alloc->zalloc(alloc->ctx, w->room * sizeof *w->pool);
    if (!w->value || !w->pool) goto fail;
    *out = w;
    return VO_OK;
fail:
    vo_bound_work_free(w);
    return vo_fail(err, VO_ENOMEM, "no memory for a plan of %zu intervals", steps);
}

void vo_bound_work_free(vo_bound_work *w) {
    if (!w) return;
    w->alloc->free(w->alloc->ctx, w->value);
    w->alloc->free(w->alloc->ctx, w->pool);
    w->alloc->free(w->alloc->ctx, w);
}

/* Room for one more function. */
static bool reserve(vo_bound_work *w) {
    if (w->room - w->used >= 2 * VO_BOUND_PIECES) return true;
    piece *more = w->alloc->zalloc(w->alloc->ctx, 2 * w->room * sizeof *more);
    if (!more) return false;
    memcpy(more, w->pool, w->used * sizeof *more);
    w->alloc->free(w->alloc->ctx, w->pool);
    w->pool = more;
    w->room *= 2;
    return true;
}

/* ---- one interval ------------------------------------------------------------------------ */

#define REWARD_PIECES 5

/* What taking z out of the store earns, z from `low` on. */
typedef struct {
    double low, level;
    piece p[REWARD_PIECES];
    size_t n;
} reward;

typedef struct {
    double charge_kwh, discharge_kwh, in, out; /* at the terminals; efficiencies */
} limits;

/* A kWh at the meter, cheapest first: the slopes of c_t made convex from below, and what that
 * shifts it by. */
typedef struct {
    double out, into, shift;
} meter_prices;

static meter_prices convex_prices(const vo_bound_step *x, const limits *l) {
    meter_prices m = {fmax(x->out, 0), x->into, 0};
    if (x->into < 0) m.shift = x->into * x->pv_kwh; /* PV may be turned down to take more */
    if (m.out > m.into) {              /* the chord over what the meter can reach */
        const bool free = x->into < 0; /* then limits are left out: cheaper still */
        const double in = free ? (double)INFINITY : x->into_kwh;
        const double out = free ? (double)INFINITY : x->out_kwh;
        const double most_in = fmin(in, fmax(0, x->net_kwh + l->charge_kwh));
        const double most_out = fmin(out, fmax(0, l->discharge_kwh - x->net_kwh));
        const double all = most_in + most_out;
        const double chord = all > 0 ? (m.into * most_in + m.out * most_out) / all : m.into;
        m.shift += most_out * (chord - m.out);
        m.into = m.out = chord;
    }
    return m;
}

static double meter_cost(const vo_bound_step *x, const meter_prices *m, double kwh) {
    const double over = fmax(0, kwh - x->into_kwh);
    if (x->into < 0) return m->into * kwh + m->shift;
    if (kwh < 0) return m->shift - m->out * fmin(-kwh, x->out_kwh);
    return m->shift + m->into * (kwh - over) + fmax(VO_HOME_SHORT_PER_KWH, m->into) * over;
}

static void add_piece(reward *r, double slope, double width) {
    if (width > 0) r->p[r->n++] = (piece){slope, width};
}

/* Terminals from -charge to discharge, cut where the price at the meter or the efficiency changes. */
static void make_reward(const vo_bound_step *x, const limits *l, reward *r) {
    const meter_prices m = convex_prices(x, l);
    const double z_low = -l->charge_kwh * l->in, z_high = l->discharge_kwh / l->out;
    r->n = 0;
    r->low = z_low;
    r->level = -meter_cost(x, &m, x->net_kwh + l->charge_kwh);
    if (m.into < 0) { /* not concave at rest: the chord lies above */
        if (z_high > z_low)
            add_piece(r, m.into * (l->charge_kwh + l->discharge_kwh) / (z_high - z_low),
                      z_high - z_low);
        return;
    }
    const double price[4] = {fmax(VO_HOME_SHORT_PER_KWH, m.into), m.into, m.out, 0};
    const double until[4] = {x->net_kwh - x->into_kwh, x->net_kwh, x->net_kwh + x->out_kwh,
                             (double)INFINITY};
    double g = -l->charge_kwh;
    for (size_t k = 0; k < 4; k++) {
        const double end = fmin(until[k], l->discharge_kwh);
        if (end <= g) continue;
        if (g < 0) add_piece(r, price[k] / l->in, (fmin(end, 0) - g) * l->in);
        if (end > 0) add_piece(r, price[k] * l->out, (end - fmax(g, 0)) / l->out);
        g = end;
    }
}

/* ---- back -------------------------------------------------------------------------------- */

/* Takes out the inner piece that is missed least and lets its neighbours meet: nowhere lower. */
static size_t simplify(piece *p, size_t n) {
    size_t best = 1;
    double least = (double)INFINITY;
    for (size_t i = 1; i + 1 < n; i++) {
        const double share = (p[i].slope - p[i + 1].slope) / (p[i - 1].slope - p[i + 1].slope);
        const double lost = share * p[i].width * (p[i - 1].slope - p[i].slope);
        if (lost < least) {
            least = lost;
            best = i;
        }
    }
    const double share =
        (p[best].slope - p[best + 1].slope) / (p[best - 1].slope - p[best + 1].slope);
    p[best - 1].width += share * p[best].width;
    p[best + 1].width += (1 - share) * p[best].width;
    memmove(p + best, p + best + 1, (n - best - 1) * sizeof *p);
    return n - 1;
}

static void put(piece *to, size_t *n, double slope, double width) {
    if (*n > 0 && to[*n - 1].slope == slope)
        to[*n - 1].width += width;
    else
        to[(*n)++] = (piece){slope, width};
}

/* The merged slopes from `skip` on, `keep` of them; *level grows by what is skipped. */
static size_t merge(const piece *a, size_t na, const piece *b, size_t nb, double skip,
                    double keep, double *level, piece *to) {
    size_t n = 0;
    for (size_t i = 0, k = 0; (i < na || k < nb) && (skip > 0 || keep > 0);) {
        const piece *p = k == nb || (i < na && a[i].slope >= b[k].slope) ? &a[i++] : &b[k++];
        double width = p->width;
        if (skip > 0) {
            const double cut = fmin(skip, width);
            *level += cut * p->slope;
            skip -= cut;
            width -= cut;
        }
        width = fmin(width, keep);
        keep -= width;
        if (width > 0) put(to, &n, p->slope, width);
    }
    return n;
}

/* `to`: the function one interval earlier than `from`, cut to [low, high]. */
static void step_back(vo_bound_work *w, const concave *from, const reward *r, double low,
                      double high, concave *to) {
    const double begin = from->low + r->low;
    to->low = fmax(low, begin);
    to->level = from->level + r->level;
    to->first = w->used;
    /* not to->low - begin: what a battery of next to no efficiency can charge is lost in begin */
    const double skip = fmax(0, to->low - from->low - r->low);
    to->n = merge(w->pool + from->first, from->n, r->p, r->n, skip, high - to->low, &to->level,
                  w->pool + w->used);
    while (to->n > VO_BOUND_PIECES) to->n = simplify(w->pool + to->first, to->n);
    w->used += to->n;
}

static double concave_at(const vo_bound_work *w, const concave *v, double s) {
    double x = s - v->low, y = v->level;
    for (size_t i = 0; i < v->n && x > 0; i++) {
        const piece *p = &w->pool[v->first + i];
        y += fmin(x, p->width) * p->slope;
        x -= p->width;
    }
    return y;
}

/* ---- forward ----------------------------------------------------------------------------- */

/* How far into the reward's pieces the first `x` of the merged slopes reach; of equal slopes the
 * reward's first or last. */
static double reach(const piece *a, size_t na, const reward *r, double x, bool reward_first) {
    double z = r->low;
    for (size_t i = 0, k = 0; (i < na || k < r->n) && x > 0;) {
        const bool mine = i == na || (k < r->n && (reward_first ? r->p[k].slope >= a[i].slope
                                                                : r->p[k].slope > a[i].slope));
        const double width = fmin(x, mine ? r->p[k].width : a[i].width);
        if (mine) z += width;
        x -= width;
        if (mine)
            k++;
        else
            i++;
    }
    return z;
}

/* Narrows [*up, *down] to the slopes on both sides of `x` of pieces that begin at `at`. */
static void slopes_at(const piece *p, size_t n, double at, double x, double *up, double *down) {
    const double nothing = 1e-9;
    for (size_t i = 0; i < n; i++) {
        if (at < x - nothing && at + p[i].width >= x - nothing) *down = fmin(*down, p[i].slope);
        if (at + p[i].width > x + nothing && at <= x + nothing) *up = fmax(*up, p[i].slope);
        at += p[i].width;
    }
}

/* The multiplier of stored energy stays what it was as long as V and the reward allow it: it changes
 * only where the store is full or empty, or the plan stands at a kink. */
static double multiplier(const vo_bound_work *w, const concave *next, const reward *r,
                         double stored, double z, double before) {
    double down = (double)INFINITY, up = 0;
    slopes_at(w->pool + next->first, next->n, next->low, stored, &up, &down);
    slopes_at(r->p, r->n, r->low, z, &up, &down);
    return fmax(fmin(fmax(before, up), down), 0);
}

/* What a kWh more at the meter is worth, to a battery that values stored ones at `stored_worth`. */
static double worth(const vo_bound_step *x, const limits *l, double stored_worth, double z,
                    double meter) {
    const double nothing = 1e-9;
    if (meter > nothing) return x->into;
    if (meter < -nothing) return x->out;
    const double at = z > nothing    ? stored_worth / l->out
                      : z < -nothing ? stored_worth * l->in
                                     : 0.5 * stored_worth * (l->in + 1 / l->out);
    return fmin(fmax(at, x->out), x->into);
}

static void walk(const vo_bound_work *w, const vo_bound_step *step, const limits *l, size_t n,
                 double stored, double *meter_kwh, double *price) {
    double stored_worth = 0;
    for (size_t t = 0; t < n; t++) {
        const concave *next = &w->value[t + 1];
        const piece *p = w->pool + next->first;
        reward r;
        make_reward(&step[t], l, &r);
        const double x = stored - next->low - r.low;
        const double least = reach(p, next->n, &r, x, false);
        const double most = reach(p, next->n, &r, x, true);
        const double z = fmin(fmax(0, least), most);
        meter_kwh[t] = step[t].net_kwh - (z > 0 ? z * l->out : z / l->in);
        stored -= z;
        stored_worth = multiplier(w, next, &r, stored, z, stored_worth);
        if (price) price[t] = worth(&step[t], l, stored_worth, z, meter_kwh[t]);
    }
}

vo_status vo_bound_home(vo_bound_work *w, const vo_home_battery *b, double dt_h,
                        const vo_bound_step *step, size_t n, size_t reserve_free, double *cost,
                        double *meter_kwh, double *price, vo_error *err) {
    assert(n <= w->steps);
    const limits l = {.charge_kwh = b->capacity_kwh > 0 ? b->charge_kw * dt_h : 0,
                      .discharge_kwh = b->capacity_kwh > 0 ? b->discharge_kw * dt_h : 0,
                      .in = b->charge_efficiency,
                      .out = b->discharge_efficiency};
    const double first = b->initial_soc * b->capacity_kwh;
    const double high = b->max_soc * b->capacity_kwh;
    w->used = 0;
    w->value[n] = (concave){.low = first, .level = 0, .first = 0, .n = 0};
    if (high > first) {
        w->pool[w->used++] = (piece){0, high - first};
        w->value[n].n = 1;
    }
    for (size_t t = n; t-- > 0;) {
        reward r;
        if (!reserve(w))
            return vo_fail(err, VO_ENOMEM, "no memory for a plan of %zu intervals", n);
        make_reward(&step[t], &l, &r);
        /* what is stored when t begins is what t - 1 ends with */
        const bool reserve_used = t > 0 && t - 1 >= reserve_free;
        step_back(w, &w->value[t + 1], &r, reserve_used ? 0 : b->min_soc * b->capacity_kwh,
                  high, &w->value[t]);
    }
    *cost = -concave_at(w, &w->value[0], first);
    if (meter_kwh) walk(w, step, &l, n, first, meter_kwh, price);
    return VO_OK;
}
