/* home_value.c -- see home_value.h.
 *
 * The reward of an interval, q(z) = -cost(net - g(z)), is at most seven straight pieces: the cost's
 * six levels, and the turn from charging to discharging. max over z of q(z) + V(s - z) is the
 * sup-convolution of two concave functions: all pieces of both in order of slope (Rockafellar,
 * Convex Analysis, 1970, par. 5), as in value.h; here without memory of its own, and what the store
 * cannot hold is never written down. */
#include "optimize/home_value.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/least.h"

enum {
    LEVELS = 6,                          /* of the meter's cost                          */
    REWARDS = LEVELS + 1,                /* pieces of q                                  */
    MERGED = VO_HOME_PIECES + 2,         /* V, padded to the store                       */
    STEPPED = MERGED + REWARDS,          /* after a step with one scenario               */
    MIXED = STEPPED * VO_HOME_SCENARIOS, /* after averaging                              */
};

/* Currency: what a mean of scenarios may lose at a knot that is left out. */
#define UNNOTICED 3e-4
#define LEAST_LOST 1e-8 /* where there are too many pieces: the first pass */
#define INF ((double)INFINITY)
/* Energies are sums of the same numbers in different orders: closer than this they are equal. */
#define NOISE_KWH 1e-12
#define NOISE_PER_KWH 1e-12

/* ---- what the meter costs --------------------------------------------------------------- */

/* Level i holds from edge[i] up to edge[i - 1] kWh of import; the last one down to -INFINITY. */
typedef struct {
    double edge[LEVELS - 1], slope[LEVELS];
} meter_levels;

static inline meter_levels levels_of(const vo_home_prices *p) {
    const double sell = vo_most(p->sell, 0);
    const double in = p->market_buy < p->buy ? vo_least(p->market_in_kwh, p->import_kwh) : 0;
    const double out = p->market_sell > sell ? vo_least(p->market_out_kwh, p->export_kwh) : 0;
    const double export_kwh = p->sell < 0 ? out : p->export_kwh;
    return (meter_levels){
        {p->import_kwh, in, 0, -out, -export_kwh},
        {VO_HOME_SHORT_PER_KWH, p->buy, p->market_buy, p->market_sell, sell, 0}};
}

double vo_home_cost(const vo_home_prices *p, double meter_kwh) {
    const meter_levels l = levels_of(p);
    double cost = 0;
    if (meter_kwh > 0) {
        for (size_t i = 0; i < 3; i++) {
            const double top = i ? vo_least(l.edge[i - 1], meter_kwh) : meter_kwh;
            if (top > l.edge[i]) cost += (top - l.edge[i]) * l.slope[i];
        }
    } else {
        for (size_t i = 3; i < LEVELS; i++) {
            const double bottom = i < LEVELS - 1 ? vo_most(l.edge[i], meter_kwh) : meter_kwh;
            if (l.edge[i - 1] > bottom) cost -= (l.edge[i - 1] - bottom) * l.slope[i];
        }
    }
    return cost;
}

double vo_home_terminal(const vo_home_store *b, double z_kwh) {
    return z_kwh > 0 ? z_kwh * b->discharge_efficiency : z_kwh / b->charge_efficiency;
}

/* ---- the reward of an interval ------------------------------------------------------------ */

/* Pieces of q as z rises from its least; the first `charging` of them lie below z = 0. */
typedef struct {
    double slope[REWARDS], width[REWARDS];
    int32_t n, charging;
    double least_z; /* <= 0 */
} reward;

static inline void add_piece(reward *r, double slope, double width) {
    if (width <= NOISE_KWH) return;
    r->slope[r->n] = slope;
    r->width[r->n++] = width;
}

static inline void reward_of(const vo_home_store *b, const meter_levels *l, double net,
                             reward *r) {
    const double in = b->charge_efficiency, out = b->discharge_efficiency;
    const double top = net + b->charge_kwh, end = net - b->discharge_kwh;
    r->n = 0;
    r->least_z = -b->charge_kwh * in;
    double at = top;
    int32_t i = 0;
    while (i < LEVELS - 1 && l->edge[i] >= at) i++;
    for (; at > net; i++) { /* from the most import down to no battery */
        const double to = i < LEVELS - 1 ? vo_most(l->edge[i], net) : net;
        add_piece(r, l->slope[i] / in, (at - to) * in);
        at = to;
        if (at <= net) break;
    }
    r->charging = r->n;
    while (i < LEVELS - 1 && l->edge[i] >= at) i++;
    for (; at > end; i++) {
        const double to = i < LEVELS - 1 ? vo_most(l->edge[i], end) : end;
        add_piece(r, l->slope[i] * out, (at - to) / out);
        at = to;
    }
}

static inline bool falls(const reward *r) {
    for (int32_t i = 1; i < r->n; i++)
        if (r->slope[i] > r->slope[i - 1]) return false;
    return true;
}

/* The concave hull: neighbours whose slopes rise become one chord. */
static void take_hull(reward *r) {
    int32_t n = 0;
    for (int32_t i = 0; i < r->n; i++) {
        double slope = r->slope[i], width = r->width[i];
        while (n > 0 && slope > r->slope[n - 1]) {
            n--;
            slope = (slope * width + r->slope[n] * r->width[n]) / (width + r->width[n]);
            width += r->width[n];
        }
        r->slope[n] = slope;
        r->width[n++] = width;
    }
    r->n = n;
}

/* ---- a step back ---------------------------------------------------------------------------- */

/* All pieces of V and q by slope, less `skip` kWh of the steepest and all beyond `keep` kWh.
 * v and q end with a slope of -INFINITY. */
static inline int32_t merge(const double *vs, const double *vw, const double *qs,
                            const double *qw, double skip, double keep, double *slope,
                            double *width) {
    int32_t n = 0;
    while (keep > NOISE_KWH) {
        const bool first = *vs >= *qs;
        const double s = first ? *vs : *qs;
        double w = first ? *vw : *qw;
        if (s == -INF) break; /* only rounding is left */
        vs += first, vw += first;
        qs += !first, qw += !first;
        const double cut = vo_least(w, skip);
        skip -= cut;
        w = vo_least(w - cut, keep);
        if (w <= NOISE_KWH) {
            keep -= w;
            continue;
        }
        keep -= w;
        if (n > 0 && slope[n - 1] == s) {
            width[n - 1] += w;
        } else {
            slope[n] = s;
            width[n++] = w;
        }
    }
    return n;
}

/* V over the store's own range: beyond its ends the reserve's worth. */
typedef struct {
    double slope[MERGED + 1], width[MERGED + 1];
} padded;

static void pad(const vo_home_value *v, const vo_home_store *b, padded *out) {
    double slope[MERGED], width[MERGED], skip = vo_most(b->low_kwh - v->low_kwh, 0);
    double left = b->high_kwh - b->low_kwh;
    int32_t n = 0, m = 0;
    if (v->low_kwh > b->low_kwh)
        slope[n] = VO_HOME_RESERVE_PER_KWH, width[n++] = v->low_kwh - b->low_kwh;
    for (int32_t i = 0; i < v->n; i++) slope[n] = v->slope[i], width[n++] = v->width[i];
    if (b->high_kwh > v->high_kwh)
        slope[n] = -VO_HOME_RESERVE_PER_KWH, width[n++] = b->high_kwh - v->high_kwh;
    for (int32_t i = 0; i < n; i++) {
        const double cut = vo_least(width[i], skip), w = vo_least(width[i] - cut, left);
        skip -= cut;
        if (w <= 0) continue;
        left -= w;
        out->slope[m] = slope[i], out->width[m++] = w;
    }
    out->slope[m] = -INF;
    out->width[m] = 0;
}

/* Joins neighbours where the chord over both loses less than `lost` at the knot between. */
static int32_t join_below(double *slope, double *width, int32_t n, double lost) {
    int32_t m = 0;
    for (int32_t i = 1; i < n; i++) {
        const double w = width[m] + width[i];
        if ((slope[m] - slope[i]) * (width[m] * width[i]) < lost * w) {
            slope[m] = (slope[m] * width[m] + slope[i] * width[i]) / w;
            width[m] = w;
        } else {
            m++;
            slope[m] = slope[i], width[m] = width[i];
        }
    }
    return m + 1;
}

/* Until VO_HOME_PIECES fit: whole passes at a rising loss, not one knot at a time. */
static int32_t join(double *slope, double *width, int32_t n) {
    for (double lost = LEAST_LOST; n > VO_HOME_PIECES; lost *= 4)
        n = join_below(slope, width, n, lost);
    return n;
}

static void put(vo_home_value *v, double *slope, double *width, int32_t n) {
    n = join(slope, width, n);
    v->n = n;
    memcpy(v->slope, slope, (size_t)n * sizeof *slope);
    memcpy(v->width, width, (size_t)n * sizeof *width);
}

static int32_t step(const double *vs, const double *vw, const vo_home_store *b,
                    const meter_levels *l, double net, double *slope, double *width) {
    reward r;
    double qs[REWARDS + 1], qw[REWARDS + 1];
    reward_of(b, l, net, &r);
    if (!falls(&r)) take_hull(&r);
    memcpy(qs, r.slope, sizeof r.slope);
    memcpy(qw, r.width, sizeof r.width);
    qs[r.n] = -INF;
    qw[r.n] = 0;
    return merge(vs, vw, qs, qw, -r.least_z, b->high_kwh - b->low_kwh, slope, width);
}

/* The weighted mean of k concave functions over one domain: their knots together, less those whose
 * absence is not noticed. end: of the pieces, from 0 on; the last is INFINITY. */
static inline int32_t mix(const double (*slope)[STEPPED + 1], const double (*end)[STEPPED + 1],
                          const double *weight, size_t k, double *ms, double *mw) {
    size_t at[VO_HOME_SCENARIOS] = {0};
    int32_t n = 0;
    double x = 0, rise = INF, wide = 0;
    for (;;) {
        double next = INF, s = 0;
        for (size_t j = 0; j < k; j++) next = vo_least(next, end[j][at[j]]);
        if (next == INF) break;
        for (size_t j = 0; j < k; j++) s += weight[j] * slope[j][at[j]];
        for (size_t j = 0; j < k; j++) at[j] += end[j][at[j]] <= next + NOISE_KWH;
        const double w = next - x;
        if (w <= NOISE_KWH) continue;
        x = next;
        /* the chord over both loses (slope before - s) wide w / (wide + w) at the knot */
        const bool joins = (rise - s * wide) * w <= UNNOTICED * (wide + w);
        rise = joins ? rise + s * w : s * w;
        wide = joins ? wide + w : w;
        n += !joins;
        ms[n - 1] = rise;
        mw[n - 1] = wide;
    }
    for (int32_t i = 0; i < n; i++) ms[i] /= mw[i];
    return n;
}

static void back_mixed(vo_home_value *v, const double *vs, const double *vw,
                       const vo_home_store *b, const meter_levels *l, const double *net,
                       const double *weight, size_t k) {
    double slope[VO_HOME_SCENARIOS][STEPPED + 1], width[VO_HOME_SCENARIOS][STEPPED + 1];
    double ms[MIXED], mw[MIXED];
    const double(*cs)[STEPPED + 1] = (const double(*)[STEPPED + 1]) slope;
    const double(*cw)[STEPPED + 1] = (const double(*)[STEPPED + 1]) width;
    for (size_t j = 0; j < k; j++) {
        const int32_t n = step(vs, vw, b, l, net[j], slope[j], width[j]);
        slope[j][n] = n > 0 ? slope[j][n - 1] : 0;
        for (int32_t i = 1; i < n; i++) width[j][i] += width[j][i - 1];
        width[j][n] = INF;
    }
    const int32_t n = k == 3 ? mix(cs, cw, weight, 3, ms, mw) /* unrolled */
                             : mix(cs, cw, weight, k, ms, mw);
    put(v, ms, mw, n);
}

void vo_home_value_back(vo_home_value *v, const vo_home_store *b, const vo_home_prices *p,
                        const double *net_kwh, const double *weight, size_t k) {
    assert(k >= 1 && k <= VO_HOME_SCENARIOS);
    const meter_levels l = levels_of(p);
    padded end;
    if (v->low_kwh == b->low_kwh && v->high_kwh == b->high_kwh) {
        memcpy(end.slope, v->slope, (size_t)v->n * sizeof(double));
        memcpy(end.width, v->width, (size_t)v->n * sizeof(double));
        end.slope[v->n] = -INF;
        end.width[v->n] = 0;
    } else {
        pad(v, b, &end);
    }
    v->low_kwh = b->low_kwh;
    v->high_kwh = b->high_kwh;
    if (k == 1) {
        double slope[STEPPED], width[STEPPED];
        const int32_t n = step(end.slope, end.width, b, &l, net_kwh[0], slope, width);
        put(v, slope, width, n);
    } else {
        back_mixed(v, end.slope, end.width, b, &l, net_kwh, weight, k);
    }
}

vo_home_value vo_home_value_end(const vo_home_store *b, double goal_kwh, double short_per_kwh,
                                double per_kwh) {
    vo_home_value v = {.low_kwh = b->low_kwh, .high_kwh = b->high_kwh};
    const double goal = vo_least(vo_most(goal_kwh, b->low_kwh), b->high_kwh);
    const double width[] = {goal - b->low_kwh, b->high_kwh - goal};
    const double slope[] = {short_per_kwh, vo_least(per_kwh, short_per_kwh)};
    for (size_t i = 0; i < 2; i++) {
        if (width[i] <= NOISE_KWH) continue;
        v.slope[v.n] = slope[i];
        v.width[v.n++] = width[i];
    }
    return v;
}

double vo_home_value_slope(const vo_home_value *v, double stored_kwh, bool up) {
    const double s = up ? stored_kwh + NOISE_KWH : stored_kwh - NOISE_KWH;
    double end = v->low_kwh;
    if (s < end) return VO_HOME_RESERVE_PER_KWH;
    for (int32_t i = 0; i < v->n; i++) {
        end += v->width[i];
        if (s < end) return v->slope[i];
    }
    if (!up && v->n > 0 && stored_kwh <= v->high_kwh + NOISE_KWH) return v->slope[v->n - 1];
    return -VO_HOME_RESERVE_PER_KWH;
}

/* ---- forward ---------------------------------------------------------------------------------- */

/* V from a point on, in one direction: pieces by number, -1 and n being what lies beyond. */
typedef struct {
    const vo_home_value *v;
    int32_t at;
    double left; /* kWh to the piece's end in the direction of travel */
} place;

static double slope_at(const place *p) {
    if (p->at < 0) return VO_HOME_RESERVE_PER_KWH;
    return p->at < p->v->n ? p->v->slope[p->at] : -VO_HOME_RESERVE_PER_KWH;
}

static place place_of(const vo_home_value *v, double s, bool up) {
    place p = {v, -1, 0};
    double begin = v->low_kwh, end = v->low_kwh;
    if (up ? s + NOISE_KWH < begin : s - NOISE_KWH < begin) {
        p.left = up ? begin - s : INF;
        return p;
    }
    for (p.at = 0; p.at < v->n; p.at++, begin = end) {
        end = begin + v->width[p.at];
        if (up ? s + NOISE_KWH < end : s - NOISE_KWH < end) break;
    }
    if (p.at == v->n && s <= v->high_kwh + NOISE_KWH && !up && v->n > 0)
        p.at--, begin -= v->width[p.at];
    p.left = vo_most(up ? (p.at < v->n ? end - s : INF) : s - begin, 0);
    return p;
}

static void move_on(place *p, double step_kwh, bool up) {
    p->left -= step_kwh;
    if (p->left > NOISE_KWH) return;
    p->at += up ? 1 : -1;
    p->left = p->at < 0 || p->at >= p->v->n ? INF : p->v->width[p->at];
}

/* How far z goes from 0 while each step pays, q falling: out (discharging) or in. */
static double walk(const vo_home_value *v, const reward *r, double s, double limit, bool out) {
    int32_t i = out ? r->charging : r->charging - 1;
    double gone = 0;
    if (limit <= 0 || i < 0 || i >= r->n) return 0;
    double q_left = r->width[i];
    place p = place_of(v, s, !out);
    while (gone < limit) {
        const double gain = out ? r->slope[i] - slope_at(&p) : slope_at(&p) - r->slope[i];
        if (gain <= NOISE_PER_KWH) break;
        const double by = vo_least(vo_least(q_left, p.left), limit - gone);
        gone += by;
        move_on(&p, by, !out);
        q_left -= by;
        if (q_left > NOISE_KWH) continue;
        i += out ? 1 : -1;
        if (i < (out ? r->charging : 0) || i >= (out ? r->n : r->charging)) break;
        q_left = r->width[i];
    }
    return gone;
}

/* V(s) - V(low), beyond the ends too. */
static double value_at(const vo_home_value *v, double s) {
    double x = s - v->low_kwh, sum = 0;
    if (x < 0) return x * VO_HOME_RESERVE_PER_KWH;
    for (int32_t i = 0; i < v->n && x > 0; i++) {
        sum += v->slope[i] * vo_least(v->width[i], x);
        x -= v->width[i];
    }
    return x > 0 ? sum - x * VO_HOME_RESERVE_PER_KWH : sum;
}

typedef struct {
    const vo_home_value *v;
    const vo_home_store *b;
    const vo_home_prices *p;
    double net, stored, best_z, best;
} search;

static void consider(search *a, double z) {
    const double meter = a->net - vo_home_terminal(a->b, z);
    const double worth = value_at(a->v, a->stored - z) - vo_home_cost(a->p, meter);
    const double more = worth - a->best;
    if (more > NOISE_PER_KWH || (more > -NOISE_PER_KWH && fabs(z) < fabs(a->best_z)))
        a->best_z = z, a->best = worth;
}

/* Where q does not fall: the best lies at a knot of q or V. */
static double try_knots(const vo_home_value *v, const vo_home_store *b, const vo_home_prices *p,
                        const reward *r, double net, double stored, double low_z,
                        double high_z) {
    search a = {v, b, p, net, stored, INF, -INF};
    double z = r->least_z, knot = v->low_kwh;
    consider(&a, 0);
    consider(&a, low_z);
    consider(&a, high_z);
    for (int32_t i = 0; i < r->n; i++, z += r->width[i - 1])
        if (z > low_z && z < high_z) consider(&a, z);
    for (int32_t i = 0; i <= v->n; i++) {
        const double to = stored - knot;
        if (to > low_z && to < high_z) consider(&a, to);
        if (i < v->n) knot += v->width[i];
    }
    return a.best_z;
}

double vo_home_value_best(const vo_home_value *v, const vo_home_store *b,
                          const vo_home_prices *p, double net_kwh, double stored_kwh) {
    const meter_levels l = levels_of(p);
    const double high_z = vo_least(b->discharge_kwh / b->discharge_efficiency,
                                   vo_most(stored_kwh - b->low_kwh, 0));
    const double low_z =
        -vo_least(b->charge_kwh * b->charge_efficiency, vo_most(b->high_kwh - stored_kwh, 0));
    reward r;
    reward_of(b, &l, net_kwh, &r);
    if (!falls(&r)) return try_knots(v, b, p, &r, net_kwh, stored_kwh, low_z, high_z);
    const double out = walk(v, &r, stored_kwh, high_z, true);
    return out > 0 ? out : -walk(v, &r, stored_kwh, -low_z, false);
}
