/* proof_interval.c -- see proof_interval.h.
 *
 * With n = u + pv - curtailed - load at the meter, cash = sell * n if n > 0, buy * n if n < 0.
 * For one u the curtailment that earns most is at an end of its range or where n is 0 or at a
 * limit. As a function of u the best cash bends only where n meets 0 or a limit with
 * curtailment at an end of its range, or where two of these choices are worth the same.
 */
#include "optimize/proof_interval.h"

#include <math.h>

#define INF ((double)INFINITY)

static double per(const double *column, size_t t, double otherwise) {
    return column ? column[t] : otherwise;
}

/* fmin and fmax of numbers that are numbers, without a call. */
static double least(double a, double b) { return a < b ? a : b; }
static double most(double a, double b) { return a > b ? a : b; }

vo_proof_interval vo_proof_interval_at(const vo_problem *p, size_t t) {
    const vo_battery *b = p->battery;
    vo_proof_interval v = {.dt_h = per(p->dt_h, t, p->interval_h), .keep = 1};
    double f = 1;
    if (b->self_discharge_per_h > 0) {
        const double rate = -log1p(-b->self_discharge_per_h); /* per hour */
        v.keep = exp(-rate * v.dt_h);
        f = -expm1(-rate * v.dt_h) / (rate * v.dt_h);
    }
    v.stored_per_charged = b->charge_efficiency * f;
    v.taken_per_discharged = f / b->discharge_efficiency;
    v.charge_mwh = least(b->charge_mw, per(p->charge_limit_mw, t, INF)) * v.dt_h;
    v.discharge_mwh = least(b->discharge_mw, per(p->discharge_limit_mw, t, INF)) * v.dt_h;
    const double carbon = per(p->carbon_kg_per_mwh, t, 0) / 1000 * p->carbon_price_per_t;
    v.buy = p->price[t] + p->fee_per_mwh + carbon;
    v.sell = per(p->export_price, t, p->price[t]) - p->fee_per_mwh;
    v.wear = b->wear_cost_per_mwh;
    v.load_mwh = per(p->load_mw, t, 0) * v.dt_h;
    v.pv_mwh = per(p->pv_mw, t, 0) * v.dt_h;
    v.curtail_mwh = p->curtailable ? v.pv_mwh : 0;
    v.import_mwh = per(p->import_limit_mw, t, INF) * v.dt_h;
    v.export_mwh = per(p->export_limit_mw, t, INF) * v.dt_h;
    return v;
}

double vo_proof_keep(const vo_problem *p, size_t t) {
    const double lost = p->battery->self_discharge_per_h;
    return lost > 0 ? exp(log1p(-lost) * per(p->dt_h, t, p->interval_h)) : 1;
}

double vo_proof_stored(const vo_proof_interval *v, double u) {
    return u > 0 ? -u * v->taken_per_discharged : -u * v->stored_per_charged;
}

double vo_proof_cash(const vo_proof_interval *v, double u) {
    const double open = u + v->pv_mwh - v->load_mwh; /* at the meter, nothing curtailed */
    const double slack = 1e-9 * (1 + v->load_mwh + v->pv_mwh + fabs(u));
    if (!(v->curtail_mwh > 0)) { /* no choice: the tries below would all be this one */
        if (open < -v->import_mwh - slack || open > v->export_mwh + slack) return -INF;
        const double cash = open > 0 ? v->sell * open : v->buy * open;
        return u > 0 ? cash - v->wear * u : cash;
    }
    const double tries[] = {0, v->curtail_mwh, open, open + v->import_mwh,
                            open - v->export_mwh};
    double best = -INF;
    for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
        const double curtailed = fmin(fmax(tries[i], 0), v->curtail_mwh);
        const double n = open - curtailed;
        if (n < -v->import_mwh - slack || n > v->export_mwh + slack) continue;
        best = fmax(best, n > 0 ? v->sell * n : v->buy * n);
    }
    return u > 0 ? best - v->wear * u : best;
}

static size_t insert(double *u, size_t n, double at, double lo, double hi) {
    if (!(at >= lo && at <= hi)) return n;
    size_t i = n;
    while (i > 0 && u[i - 1] > at) i--;
    if (i > 0 && u[i - 1] == at) return n;
    for (size_t k = n; k > i; k--) u[k] = u[k - 1];
    u[i] = at;
    return n + 1;
}

size_t vo_proof_bends(const vo_proof_interval *v, double *u) {
    const double base = v->load_mwh - v->pv_mwh; /* the u that balances the meter */
    const double lo = most(-v->charge_mwh, base - v->import_mwh);
    const double hi = least(v->discharge_mwh, base + v->curtail_mwh + v->export_mwh);
    if (!(lo <= hi)) return 0;
    const double meter[] = {0, -v->import_mwh, v->export_mwh};
    size_t n = insert(u, 0, lo, lo, hi);
    n = insert(u, n, hi, lo, hi);
    n = insert(u, n, 0, lo, hi);
    for (size_t i = 0; i < 3; i++) {
        n = insert(u, n, meter[i] + base, lo, hi);
        n = insert(u, n, meter[i] + base + v->curtail_mwh, lo, hi);
    }
    if (v->buy < 0 && v->curtail_mwh > 0) {
        /* exporting all is worth what importing with all PV lost is worth */
        n = insert(u, n, base - v->buy * v->curtail_mwh / (v->sell - v->buy), lo, hi);
        n = insert(u, n, base - v->buy * v->import_mwh / v->sell, lo, hi);
        n = insert(u, n, base + v->curtail_mwh + v->sell * v->export_mwh / v->buy, lo, hi);
    }
    return n;
}
