/* walk.c -- see walk.h. */
#include "optimize/walk.h"

#include <math.h>

#include "grid/settlement.h"

#define INF ((double)INFINITY)

static inline double least(double a, double b) { return a < b ? a : b; }
static inline double most(double a, double b) { return a > b ? a : b; }

/* What was decided for one interval. */
typedef struct {
    double z;            /* taken out of the store, MWh; < 0 charges                       */
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
                                     const vo_reward_simple *r, double noise) {
    const double cost = r->buy / r->gain, earns = r->sell / r->drain;
    const double up = slope_right(v, i, y), down = slope_left(v, i, y);
    const double nan = (double)NAN;
    const vo_slopes at = vo_value_slopes(v, y, noise); /* a knot that y should be on, is it */
    const double to_charge =
        r->charge_z > 0 && isfinite(at.right) ? r->gain * at.right - r->buy : nan;
    const double to_discharge =
        r->discharge_z > 0 && isfinite(at.left) ? r->drain * at.left - r->sell : nan;
    decision d = {.below = to_charge, .above = to_discharge};
    if (up > cost && r->charge_z > 0) {
        const double to = charge_to(v, i, y, cost, r->charge_z);
        d.z = y - to;
        d.below = nan;
        d.above = to_charge;
    } else if (down < earns && r->discharge_z > 0) {
        const double to = discharge_to(v, i, y, earns, r->discharge_z);
        d.z = y - to;
        d.below = to_discharge;
        d.above = nan;
    }
    if (fabs(d.z) > noise) return d;
    return (decision){.z = 0, .below = to_charge, .above = to_discharge};
}

/* ---- any reward, any V ------------------------------------------------------------ */

/* The corners of z -> q(z) + V(y - z) on one side of `start`, walked outwards. */
typedef struct {
    const vo_value *q, *v;
    double y, z, gained; /* current corner and what it gains over the start */
    size_t iq, iv;       /* pieces ahead                                    */
    int side;            /* +1 discharging more, -1 charging more           */
} corner_walk;

/* The first knot at or above `at`, or above it; v->n, v->n + 1 if there is none below v's end.
 */
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
                         const vo_reward_simple *r, double noise) {
    const double per = side > 0 ? 1 / r->drain : 1 / r->gain;
    double best = side > 0 ? INF : -INF;
    corner_walk c = corners_from(q, v, y, 0, side);
    while (next_corner(&c)) {
        if (fabs(c.z) <= noise) continue; /* a knot that y should be on */
        const double shift = -c.gained / (c.z * per);
        best = side > 0 ? least(best, shift) : most(best, shift);
    }
    return isfinite(best) ? best : (double)NAN;
}

/* Where charging turns straight into discharging, with no price at which to hold: V's valley
 * makes both better than that from `low` to `high`. What discharging gains over charging rises
 * with the price in straight pieces: Newton's steps, kept inside the bracket. */
static double direct_flip(const vo_value *q, const vo_value *v, double y,
                          const vo_reward_simple *r, double low, double high) {
    double shift = 0.5 * (low + high);
    for (int i = 0; i < 100 && high - low > 1e-13 * (fabs(low) + fabs(high)); i++) {
        const corner in = best_corner(q, v, y, 0, -1, shift, r);
        const corner out = best_corner(q, v, y, 0, 1, shift, r);
        const double apart = out.z / r->drain - in.z / r->gain;
        const double ahead = out.gained - in.gained + shift * apart;
        if (ahead > 0)
            high = shift;
        else
            low = shift;
        const double next = apart > 0 ? shift - ahead / apart : (double)NAN;
        if (fabs(next - shift) <= 1e-13 * fabs(shift)) return next;
        shift = next > low && next < high ? next : 0.5 * (low + high);
    }
    return shift;
}

static void general_flips(const vo_value *q, const vo_value *v, double y,
                          const vo_reward_simple *r, double noise, decision *d) {
    const double nan = (double)NAN;
    double to_charge = flip_shift(q, v, y, -1, r, noise);
    double to_discharge = flip_shift(q, v, y, 1, r, noise);
    if (to_discharge < to_charge)
        to_charge = to_discharge = direct_flip(q, v, y, r, to_discharge, to_charge);
    d->below = d->z < 0 ? nan : d->z > 0 ? to_discharge : to_charge;
    d->above = d->z > 0 ? nan : d->z < 0 ? to_charge : to_discharge;
}

static decision decide_general(const vo_value *v, double y, const vo_value *q,
                               const vo_reward_simple *r, double noise, bool flips) {
    const double lo = most(q->x[0], y - v->x[v->n]), hi = least(q->x[q->n], y - v->x[0]);
    const double start = most(least(0, hi), least(lo, hi));
    const corner out = best_corner(q, v, y, start, 1, 0, r);
    const corner in = best_corner(q, v, y, start, -1, 0, r);
    decision d = {
        .z = out.gained > in.gained ? out.z : in.z, .below = (double)NAN, .above = (double)NAN};
    if (fabs(d.z) <= noise) d.z = 0; /* what rounding left over is no action */
    if (flips && fabs(start) <= noise) general_flips(q, v, y, r, noise, &d);
    return d;
}

/* ---- one interval ------------------------------------------------------------------- */

static void walk_interval(vo_walker *w, size_t t, const vo_value *v) {
    const vo_reward_source *s = w->source;
    const vo_reward_simple r = vo_reward_simple_at(s, t);
    double y = r.keep == 1 ? w->stored_mwh : r.keep * w->stored_mwh;
    const double noise = 1e-12 * s->p->battery->capacity_mwh;
    decision d;
    double qx[VO_REWARD_MAX_PIECES + 1], qm[VO_REWARD_MAX_PIECES];
    vo_value q = {.x = qx, .m = qm};
    if (fabs(y - v->x[0]) <= noise) y = most(y, v->x[0]); /* outside by rounding is inside */
    if (fabs(y - v->x[v->n]) <= noise) y = least(y, v->x[v->n]);
    w->hint = find_piece(v, y, w->hint);
    const bool flips = w->path.value && !w->path.no_flips;
    if (s->simple)
        vo_reward_of_simple(&r, &q);
    else
        vo_reward_at(s, t, &q);
    if (s->simple && v->concave && vo_reward_is_concave(&r)) {
        d = decide_simple(v, w->hint, y, &r, noise);
        /* where V falls, or selling pays more than buying costs, a price may turn charging
         * straight into discharging: simple cannot see it */
        const bool calm = (v->n == 0 || v->m[v->n - 1] >= 0) && r.sell <= r.buy;
        const bool forced = y < v->x[0] || y > v->x[v->n];
        if (flips && !calm && !forced) general_flips(&q, v, y, &r, noise, &d);
    } else {
        d = decide_general(v, y, &q, &r, noise, flips);
    }
    const double u = d.z > 0 ? d.z / r.drain : d.z / r.gain;
    double next = least(most(y - d.z, s->lo_mwh), s->hi_mwh);
    add_profit(w, vo_reward_cash(s, t, &r, u));
    if (u > 0) w->discharged_mwh += u;
    if (w->path.value) {
        const double price = s->p->price[t];
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
