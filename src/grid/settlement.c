/* settlement.c -- see settlement.h for the contract.
 *
 * With x = battery + pv - load - curtailed through the meter, cash(x) = sell * x for x >= 0 and
 * buy * x below: linear on either side of 0. Whatever the signs of the prices and whichever is
 * larger, its maximum over an interval of x lies at an end or at 0, and these are all compared.
 */
#include "grid/settlement.h"

#include <math.h>

vo_site_interval vo_site_at(const vo_problem *p, size_t t) {
    const double dt_h = p->dt_h ? p->dt_h[t] : p->interval_h;
    const double carbon_t = p->carbon_kg_per_mwh ? p->carbon_kg_per_mwh[t] / 1000 : 0;
    const double export_price = p->export_price ? p->export_price[t] : p->price[t];
    return (vo_site_interval){
        .dt_h = dt_h,
        .buy = p->price[t] + p->fee_per_mwh + carbon_t * p->carbon_price_per_t,
        .sell = export_price - p->fee_per_mwh,
        .load_mwh = p->load_mw ? p->load_mw[t] * dt_h : 0,
        .pv_mwh = p->pv_mw ? p->pv_mw[t] * dt_h : 0,
        .import_limit_mwh =
            p->import_limit_mw ? p->import_limit_mw[t] * dt_h : (double)INFINITY,
        .export_limit_mwh =
            p->export_limit_mw ? p->export_limit_mw[t] * dt_h : (double)INFINITY,
        .curtailable = p->curtailable,
    };
}

static double cash(const vo_site_interval *s, double x) {
    return (x >= 0 ? s->sell : s->buy) * x;
}

vo_site_flow vo_site_settle(const vo_site_interval *s, double battery_mwh) {
    /* x is within lowest..highest by curtailment, and should be within the limits. */
    const double highest = battery_mwh + s->pv_mwh - s->load_mwh;
    const double lowest = s->curtailable ? battery_mwh - s->load_mwh : highest;
    double from = fmax(lowest, -s->import_limit_mwh);
    double to = fmin(highest, s->export_limit_mwh);
    if (from > to) /* no choice keeps the limits: the one nearest to them */
        from = to = lowest > s->export_limit_mwh ? lowest : highest;

    double x = to; /* of equals, the one with least curtailment */
    if (from < 0 && to > 0 && cash(s, 0) > cash(s, x)) x = 0;
    if (cash(s, from) > cash(s, x)) x = from;

    return (vo_site_flow){
        .import_mwh = fmax(-x, 0),
        .export_mwh = fmax(x, 0),
        .curtailed_mwh = fmin(fmax(highest - x, 0), s->pv_mwh),
        .cash = cash(s, x),
        .excess_mwh = fmax(fmax(x - s->export_limit_mwh, -s->import_limit_mwh - x), 0),
    };
}
