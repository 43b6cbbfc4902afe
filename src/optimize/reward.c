/* reward.c -- see reward.h.
 *
 * At the meter, u MWh from the battery earn  cash(u) = max over curtailment of
 * sell * export - buy * import  (grid/settlement.h). cash is linear between the points where
 * export, import or curtailment start, stop or hit a limit; those points are known in closed
 * form. Between two of them d cash / du is one of sell, buy or 0, told by which flow moved.
 */
#include "optimize/reward.h"

#include <math.h>

#include "base/wide.h"
#include "grid/settlement.h"

vo_reward_source vo_reward_open(const vo_problem *p) {
    const vo_battery *b = p->battery;
    const bool alone = !p->load_mw && !p->pv_mw && !p->import_limit_mw && !p->export_limit_mw;
    return (vo_reward_source){
        .p = p,
        .over = vo_battery_over(b, p->dt_h ? 1.0 : p->interval_h),
        .lo_mwh = b->min_soc * b->capacity_mwh,
        .hi_mwh = b->max_soc * b->capacity_mwh,
        .alone = alone,
        .simple = alone,
    };
}

/* The most that may change the store in each of the intervals from limit_mw[0] on. */
VO_WIDE static void limits_at(const double *limit_mw, double most_mw, double per,
                              const double *dt_h, size_t n, double *restrict z) {
    if (!limit_mw) {
        for (size_t k = 0; k < n; k++) z[k] = most_mw * dt_h[k] * per;
        return;
    }
    for (size_t k = 0; k < n; k++) {
        const double mw = limit_mw[k] < most_mw ? limit_mw[k] : most_mw;
        z[k] = mw * dt_h[k] * per;
    }
}

/* Prices at the terminals, as vo_reward_simple_at has them. */
VO_WIDE static void prices_at(const vo_reward_source *s, size_t t, size_t n,
                              double *restrict buy, double *restrict sell) {
    const vo_problem *p = s->p;
    const double fee = p->fee_per_mwh, wear = p->battery->wear_cost_per_mwh;
    const double *price = p->price + t;
    const double *export_price = p->export_price ? p->export_price + t : price;
    for (size_t k = 0; k < n; k++) buy[k] = price[k] + fee;
    for (size_t k = 0; k < n; k++) sell[k] = export_price[k] - fee - wear;
    if (p->carbon_kg_per_mwh)
        for (size_t k = 0; k < n; k++)
            buy[k] += p->carbon_kg_per_mwh[t + k] * 1e-3 * p->carbon_price_per_t;
    if (s->extra_wear)
        for (size_t k = 0; k < n; k++) sell[k] -= s->extra_wear[t + k];
}

/* Lengths and limits: those of the interval before, if they are the same everywhere. */
VO_WIDE static void sizes_at(const vo_reward_source *s, size_t t, size_t n,
                             vo_reward_rates *r) {
    const vo_problem *p = s->p;
    const vo_battery *b = p->battery;
    const bool same = !p->dt_h && !p->charge_limit_mw && !p->discharge_limit_mw;
    if (same && r->same >= n) return;
    for (size_t k = 0; k < n; k++) r->dt_h[k] = p->dt_h ? p->dt_h[t + k] : p->interval_h;
    limits_at(p->charge_limit_mw ? p->charge_limit_mw + t : NULL, b->charge_mw, s->over.gain,
              r->dt_h, n, r->charge_z);
    limits_at(p->discharge_limit_mw ? p->discharge_limit_mw + t : NULL, b->discharge_mw,
              s->over.drain, r->dt_h, n, r->discharge_z);
    r->same = same ? n : 0;
}

VO_WIDE bool vo_reward_rates_at(const vo_reward_source *s, size_t t, size_t n,
                                vo_reward_rates *r) {
    const double gain = s->over.gain, drain = s->over.drain;
    r->n = n;
    sizes_at(s, t, n, r);
    prices_at(s, t, n, r->buy, r->sell);
    int64_t bent = 0, shut = 0;
    for (size_t k = 0; k < n; k++) bent += r->buy[k] * drain < r->sell[k] * gain;
    for (size_t k = 0; k < n; k++) r->charge[k] = r->buy[k] / gain;
    for (size_t k = 0; k < n; k++) {
        const double discharge = r->sell[k] / drain;
        r->discharge[k] = discharge < r->charge[k] ? discharge : r->charge[k];
    }
    if (bent == 0) return true;
    for (size_t k = 0; k < n; k++) { /* a direction that is shut has no price of its own */
        if (!(r->buy[k] * drain < r->sell[k] * gain)) continue;
        if (!(r->charge_z[k] > 0)) r->charge[k] = r->discharge[k] = r->sell[k] / drain;
        shut += !(r->charge_z[k] > 0) || !(r->discharge_z[k] > 0);
    }
    return shut == bent;
}

/* Kinks closer together than rounding are one: between them no slope could be told. */
static void add_kink(double *u, size_t *n, double at, double lo, double hi) {
    const double near = 1e-12 * (hi - lo + fabs(at));
    if (!(at > lo + near && at < hi - near)) return;
    size_t i = *n;
    while (i > 0 && u[i - 1] > at) i--;
    if (i > 0 && at - u[i - 1] <= near) return;
    if (i < *n && u[i] - at <= near) return;
    for (size_t k = *n; k > i; k--) u[k] = u[k - 1];
    u[i] = at;
    ++*n;
}

/* Kinks of cash(u) inside (lo, hi), ascending, with the two ends: at most 12. */
static size_t kinks(const vo_site_interval *s, double lo, double hi, double *u) {
    const double net = s->pv_mwh - s->load_mwh;
    const double at[] = {0,
                         -net,
                         s->load_mwh,
                         -net - s->import_limit_mwh,
                         s->load_mwh - s->import_limit_mwh,
                         s->export_limit_mwh - net,
                         s->export_limit_mwh + s->load_mwh};
    size_t n = 0;
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) add_kink(u, &n, at[i], lo, hi);
    if (s->curtailable && s->sell > s->buy && s->buy < 0) {
        /* export all of the PV, or curtail it and be paid to import: equal where */
        add_kink(u, &n, -s->buy * s->pv_mwh / (s->sell - s->buy) - net, lo, hi);
        if (s->sell > 0) {
            add_kink(u, &n, -s->buy * s->import_limit_mwh / s->sell - net, lo, hi);
            add_kink(u, &n, s->sell * s->export_limit_mwh / s->buy + s->load_mwh, lo, hi);
        }
    }
    for (size_t i = n; i > 0; i--) u[i] = u[i - 1];
    u[0] = lo;
    u[n + 1] = hi;
    return n + 2;
}

/* d cash / du on (a, b), from which flow moved between the two ends. */
static double slope_between(const vo_site_interval *s, double a, double b) {
    const double third = (b - a) / 3;
    const vo_site_flow fa = vo_site_settle(s, a + third), fb = vo_site_settle(s, b - third);
    const double exported = round((fb.export_mwh - fa.export_mwh) / third);
    const double imported = round((fb.import_mwh - fa.import_mwh) / third);
    return s->sell * exported - s->buy * imported;
}

/* The stretch of u on which the meter's limits hold; false if there is none. */
static bool feasible_range(const vo_site_interval *s, double *lo, double *hi) {
    const double least = s->load_mwh - s->import_limit_mwh - s->pv_mwh;
    const double most = s->export_limit_mwh + s->load_mwh - (s->curtailable ? 0 : s->pv_mwh);
    *lo = fmax(*lo, least);
    *hi = fmin(*hi, most);
    return *lo <= *hi;
}

vo_reward_source vo_reward_hull(const vo_reward_source *s) {
    vo_reward_source h = *s;
    h.hull = true;
    h.simple = false;
    return h;
}

static bool true_reward(const vo_reward_source *s, size_t t, vo_value *q) {
    const vo_reward_simple r = vo_reward_simple_at(s, t);
    if (s->alone) {
        vo_reward_of_simple(&r, q);
        return true;
    }
    const double wear =
        s->p->battery->wear_cost_per_mwh + (s->extra_wear ? s->extra_wear[t] : 0);
    const vo_site_interval site = vo_site_at(s->p, t);
    double u[VO_REWARD_MAX_PIECES];
    double lo = -r.charge_z / r.gain, hi = r.discharge_z / r.drain;
    if (!feasible_range(&site, &lo, &hi)) return false;
    const size_t n = hi > lo ? kinks(&site, lo, hi, u) : 1;
    if (n == 1) u[0] = lo;
    q->n = 0;
    for (size_t i = 0; i < n; i++) {
        q->x[i] = u[i] > 0 ? u[i] * r.drain : u[i] * r.gain;
        if (i == 0) continue;
        const double cash = slope_between(&site, u[i - 1], u[i]);
        q->m[i - 1] = u[i - 1] >= 0 ? (cash - wear) / r.drain : cash / r.gain;
        q->n = i;
    }
    return true;
}

bool vo_reward_at(const vo_reward_source *s, size_t t, vo_value *q) {
    if (!true_reward(s, t, q)) return false;
    if (s->hull) vo_value_envelope(q);
    return true;
}

/* Under the envelope: on the line between the two actions that span the piece. */
static double hull_cash(const vo_reward_source *s, size_t t, const vo_reward_simple *r,
                        double u) {
    double x[VO_REWARD_MAX_PIECES + 1], m[VO_REWARD_MAX_PIECES];
    vo_value q = {.x = x, .m = m};
    vo_reward_source real = *s;
    real.hull = false;
    if (!vo_reward_at(s, t, &q) || q.n == 0) return vo_reward_cash(&real, t, r, u);
    const double z = u > 0 ? u * r->drain : u * r->gain;
    size_t i = 0;
    while (i + 1 < q.n && x[i + 1] <= z) i++;
    const double a = x[i] > 0 ? x[i] / r->drain : x[i] / r->gain;
    return vo_reward_cash(&real, t, r, a) + m[i] * (z - x[i]);
}

double vo_reward_cash(const vo_reward_source *s, size_t t, const vo_reward_simple *r,
                      double u) {
    if (s->hull) return hull_cash(s, t, r, u);
    if (s->alone) return u > 0 ? r->sell * u : r->buy * u;
    const vo_site_interval site = vo_site_at(s->p, t);
    const double wear = site.sell - r->sell; /* own and extra */
    return vo_site_settle(&site, u).cash - (u > 0 ? wear * u : 0);
}

size_t vo_reward_count_bent(const vo_reward_source *s) {
    double x[VO_REWARD_MAX_PIECES + 1], m[VO_REWARD_MAX_PIECES];
    vo_value q = {.x = x, .m = m};
    size_t count = 0;
    for (size_t t = 0; t < s->p->n; t++) {
        if (s->simple) {
            const vo_reward_simple r = vo_reward_simple_at(s, t);
            count += !vo_reward_is_concave(&r);
        } else {
            count += vo_reward_at(s, t, &q) && !vo_value_is_concave(&q);
        }
    }
    return count;
}
