/* walk.c -- see walk.h. */
#include "optimize/walk.h"

#include <math.h>

#include "grid/settlement.h"

#define INF ((double)INFINITY)

static inline double least(double a, double b) { return a < b ? a : b; }
static inline double most(double a, double b) { return a > b ? a : b; }

/* What was decided for one interval. */
typedef struct {
    double z; /* taken out of the store, MWh; < 0 charges                       */
    double worth_lo, worth_hi; /* prices of stored energy at which z is still the best     */
    double below, above; /* price changes at which the direction flips; NAN: none          */
} decision;

static void add_profit(vo_walker *w, double cash) { /* Neumaier's sum */
    const double sum = w->profit + cash;
    w->profit_low +=
        fabs(w->profit) >= fabs(cash) ? (w->profit - sum) + cash : (cash - sum) + w->profit;
    w->profit = sum;
}

/* The piece that holds y: the last with x[i] <= y. */
static inline size_t find_piece(const vo_value *v, double y, size_t hint) {
    size_t i = hint < v->n ? hint : (v->n ? v->n - 1 : 0);
    while (i + 1 < v->n && v->x[i + 1] <= y) i++;
    while (i > 0 && v->x[i] > y) i--;
    return i;
}

/* One-sided slopes of v at y; beyond the domain, infinite so that one returns to it. */
static inline double slope_right(const vo_value *v, size_t i, double y) {
    if (y < v->x[0]) return INF;
    return y >= v->x[v->n] ? -INF : v->m[i];
}

static inline double slope_left(const vo_value *v, size_t i, double y) {
    if (y <= v->x[0]) return INF;
    if (y > v->x[v->n]) return -INF;
    return y > v->x[i] ? v->m[i] : v->m[i - 1];
}

/* ---- a battery alone at its meter, V concave ------------------------------------ */

/* Buy while a stored MWh is worth more than it costs. */
static inline double charge_to(const vo_value *v, size_t i, double y, double cost,
                               double most_z) {
    size_t k = i;
    const double limit = y + most_z;
    if (y < v->x[0]) k = 0;
    while (k < v->n && v->m[k] > cost && v->x[k + 1] <= limit) k++;
    if (k < v->n && v->m[k] > cost) return limit; /* power binds inside this piece */
    return v->x[k] > y ? least(v->x[k], limit) : y;
}

/* Sell while it is worth less than it earns. */
static inline double discharge_to(const vo_value *v, size_t i, double y, double earns,
                                  double most_z) {
    const double limit = y - most_z;
    size_t k = y > v->x[i] ? i + 1 : i;
    if (y > v->x[v->n]) k = v->n;
    while (k > 0 && v->m[k - 1] < earns && v->x[k - 1] >= limit) k--;
    if (k > 0 && v->m[k - 1] < earns) return limit;
    return v->x[k] < y ? most(v->x[k], limit) : y;
}

static inline decision decide_simple(const vo_value *v, size_t i, double y,
                                     const vo_reward_simple *r) {
    const double cost = r->buy / r->gain, earns = r->sell / r->drain;
    const double up = slope_right(v, i, y), down = slope_left(v, i, y);
    const double nan = (double)NAN;
    const double to_charge = r->charge_z > 0 && isfinite(up) ? r->gain * up - r->buy : nan;
    const double to_discharge =
        r->discharge_z > 0 && isfinite(down) ? r->drain * down - r->sell : nan;
    decision d = {
        .worth_lo = earns, .worth_hi = cost, .below = to_charge, .above = to_discharge};
    if (up > cost && r->charge_z > 0) {
        const double to = charge_to(v, i, y, cost, r->charge_z);
        d.z = y - to;
        d.worth_lo = cost;
        if (to >= y + r->charge_z) d.worth_hi = INF;
        d.below = nan;
        d.above = to_charge;
    } else if (down < earns && r->discharge_z > 0) {
        const double to = discharge_to(v, i, y, earns, r->discharge_z);
        d.z = y - to;
        d.worth_hi = earns;
        if (to <= y - r->discharge_z) d.worth_lo = -INF;
        d.below = to_discharge;
        d.above = nan;
    } else {
        if (!(r->charge_z > 0)) d.worth_hi = INF;
        if (!(r->discharge_z > 0)) d.worth_lo = -INF;
    }
    return d;
}

/* ---- any reward, any V ------------------------------------------------------------ */

/* The corners of z -> q(z) + V(y - z) on one side of `start`, walked outwards. */
typedef struct {
    const vo_value *q, *v;
    double y, z, gained; /* current corner and what it gains over the start */
    size_t iq, iv;       /* pieces ahead                                    */
    int side;            /* +1 discharging more, -1 charging more           */
} corner_walk;

/* The first knot at or above `at`, or above it; v->n, v->n + 1 if there is none below v's end. */
static size_t first_knot(const vo_value *v, double at, int above) {
    size_t a = 0, b = v->n + (above ? 1 : 0); /* the answer is in a..b */
    while (a < b) {
        const size_t middle = a + (b - a) / 2;
        if (above ? v->x[middle] > at : v->x[middle] >= at)
            b = middle;
        else
            a = middle + 1;
    }
    return a;
}

static corner_walk corners_from(const vo_value *q, const vo_value *v, double y, double start,
                                int side) {
    corner_walk c = {.q = q, .v = v, .y = y, .z = start, .side = side};
    const double at = y - start;
    if (side > 0) {
        while (c.iq < q->n && q->x[c.iq + 1] <= start) c.iq++;
        c.iv = first_knot(v, at, 0);
    } else {
        c.iq = q->n;
        while (c.iq > 0 && q->x[c.iq - 1] >= start) c.iq--;
        c.iv = first_knot(v, at, 1);
        c.iv -= c.iv > 0;
    }
    return c;
}

/* Moves to the next corner; false when an end is reached. For side > 0 the pieces ahead are
 * q's iq and v's iv - 1; for side < 0, q's iq - 1 and v's iv. */
static bool next_corner(corner_walk *c) {
    double to_q, to_v, slope_q, slope_v;
    if (c->side > 0) {
        if (c->iq == c->q->n || c->iv == 0) return false;
        to_q = c->q->x[c->iq + 1], to_v = c->y - c->v->x[c->iv - 1];
        slope_q = c->q->m[c->iq], slope_v = c->v->m[c->iv - 1];
    } else {
        if (c->iq == 0 || c->iv == c->v->n) return false;
        to_q = c->q->x[c->iq - 1], to_v = c->y - c->v->x[c->iv + 1];
        slope_q = c->q->m[c->iq - 1], slope_v = c->v->m[c->iv];
    }
    const double to = c->side > 0 ? least(to_q, to_v) : most(to_q, to_v);
    c->gained += (slope_q - slope_v) * (to - c->z);
    c->z = to;
    if (to == to_q) c->iq += c->side > 0 ? 1 : (size_t)-1;
    if (to == to_v) c->iv -= c->side > 0 ? 1 : (size_t)-1;
    return true;
}

typedef struct {
    double z, gained;
} corner;

/* The corner on one side that gains most when market prices move by `shift`; per MWh at the
 * terminals every corner gains shift * u(z), u = z / drain or z / gain. */
static corner best_corner(const vo_value *q, const vo_value *v, double y, double start,
                          int side, double shift, const vo_reward_simple *r) {
    const double per = side > 0 ? 1 / r->drain : 1 / r->gain;
    corner best = {start, 0};
    double best_value = 0;
    corner_walk c = corners_from(q, v, y, start, side);
    while (next_corner(&c)) {
        const double value = c.gained + shift * (c.z - start) * per;
        const double noise = 1e-13 * (fabs(c.gained) + fabs(best.gained));
        if (value > best_value + noise) {
            best = (corner){c.z, c.gained};
            best_value = value;
        }
    }
    return best;
}

/* The price change at which the best corner of one side only just equals staying at start. */
static double flip_shift(const vo_value *q, const vo_value *v, double y, int side,
                         const vo_reward_simple *r) {
    const double per = side > 0 ? 1 / r->drain : 1 / r->gain;
    double best = side > 0 ? INF : -INF;
    corner_walk c = corners_from(q, v, y, 0, side);
    while (next_corner(&c)) {
        const double shift = -c.gained / (c.z * per);
        best = side > 0 ? least(best, shift) : most(best, shift);
    }
    return isfinite(best) ? best : (double)NAN;
}

/* Where charging turns straight into discharging, with no price at which to hold: V's valley
 * makes both better. Newton's iteration on a convex difference of maxima. */
static double direct_flip(const vo_value *q, const vo_value *v, double y,
                          const vo_reward_simple *r, double shift) {
    for (int i = 0; i < 32; i++) {
        const corner in = best_corner(q, v, y, 0, -1, shift, r);
        const corner out = best_corner(q, v, y, 0, 1, shift, r);
        const double apart = out.z / r->drain - in.z / r->gain;
        if (!(apart > 0)) break;
        const double next = (in.gained - out.gained) / apart;
        if (fabs(next - shift) <= 1e-12 * most(1, fabs(shift))) return next;
        shift = next;
    }
    return shift;
}

static void general_flips(const vo_value *q, const vo_value *v, double y,
                          const vo_reward_simple *r, decision *d) {
    const double nan = (double)NAN;
    double to_charge = flip_shift(q, v, y, -1, r), to_discharge = flip_shift(q, v, y, 1, r);
    if (to_discharge < to_charge)
        to_charge = to_discharge = direct_flip(q, v, y, r, 0.5 * (to_charge + to_discharge));
    d->below = d->z < 0 ? nan : d->z > 0 ? to_discharge : to_charge;
    d->above = d->z > 0 ? nan : d->z < 0 ? to_charge : to_discharge;
}

/* Slopes of q on either side of z: the prices of stored energy at which z is the best. */
static void worth_range(const vo_value *q, double z, decision *d) {
    size_t i = 0;
    while (i < q->n && q->x[i + 1] <= z) i++;
    d->worth_lo = i < q->n ? q->m[i] : -INF;
    d->worth_hi = i > 0 && q->x[i] >= z ? q->m[i - 1] : i < q->n && z > q->x[0] ? q->m[i] : INF;
}

static decision decide_general(const vo_value *v, double y, const vo_value *q,
                               const vo_reward_simple *r, bool plan_only) {
    const double lo = most(q->x[0], y - v->x[v->n]), hi = least(q->x[q->n], y - v->x[0]);
    const double start = most(least(0, hi), least(lo, hi));
    const corner out = best_corner(q, v, y, start, 1, 0, r);
    const corner in = best_corner(q, v, y, start, -1, 0, r);
    decision d = {
        .z = out.gained > in.gained ? out.z : in.z, .below = (double)NAN, .above = (double)NAN};
    if (plan_only) return d;
    worth_range(q, d.z, &d);
    if (start == 0) general_flips(q, v, y, r, &d);
    return d;
}

/* ---- one interval ------------------------------------------------------------------- */

/* Keeps the value of stored energy on one consistent path of duals: what it was before, unless
 * a limit or a price of this interval moved it. */
static double carry_worth(const vo_walker *w, const vo_value *v, double y, double keep,
                          const decision *d) {
    const size_t i = find_piece(v, y, w->hint);
    const double right = slope_right(v, i, y), left = slope_left(v, i, y);
    const double lo = most(right, d->worth_lo), hi = least(left, d->worth_hi);
    double worth = isnan(w->worth) ? (isfinite(right) ? right : left) : w->worth / keep;
    if (hi < worth) worth = hi;
    if (lo > worth) worth = lo;
    if (isfinite(worth)) return worth;
    return isfinite(lo) ? lo : isfinite(hi) ? hi : 0;
}

static void walk_interval(vo_walker *w, size_t t, const vo_value *v) {
    const vo_reward_source *s = w->source;
    const vo_reward_simple r = vo_reward_simple_at(s, t);
    const double y = r.keep == 1 ? w->stored_mwh : r.keep * w->stored_mwh;
    decision d;
    double qx[VO_REWARD_MAX_PIECES + 1], qm[VO_REWARD_MAX_PIECES];
    vo_value q = {.x = qx, .m = qm};
    w->hint = find_piece(v, y, w->hint);
    if (s->simple && v->concave && vo_reward_is_concave(&r)) {
        d = decide_simple(v, w->hint, y, &r);
    } else {
        if (s->simple)
            vo_reward_of_simple(&r, &q);
        else
            vo_reward_at(s, t, &q);
        d = decide_general(v, y, &q, &r, !w->path.value);
    }
    const double u = d.z > 0 ? d.z / r.drain : d.z / r.gain;
    double next = least(most(y - d.z, s->lo_mwh), s->hi_mwh);
    add_profit(w, vo_reward_cash(s, t, &r, u));
    if (u > 0) w->discharged_mwh += u;
    if (w->path.value) {
        const double price = s->p->price[t];
        w->worth = carry_worth(w, v, next, r.keep, &d);
        w->path.value[t] = w->worth;
        w->path.below[t] = price + d.below;
        w->path.above[t] = price + d.above;
    }
    w->stored_mwh = next;
    w->path.power_mw[t] = u / r.dt_h;
    w->path.stored_mwh[t + 1] = next;
}

void vo_walk_range(vo_walker *w, size_t from, size_t to, const vo_value *value,
                   const vo_value *at_end, size_t end) {
    for (size_t t = from; t < to; t++)
        walk_interval(w, t, t + 1 == end ? at_end : &value[t - from]);
}
