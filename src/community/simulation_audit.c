/* simulation_audit.c -- nobody's word is taken: what every interval must come to, computed again.
 *
 * Energy of each home to 1e-9 kWh (of the energy that moved, where that is more than 1 kWh), limits
 * of meter and battery, rules of the market. A breach is an error of the program.
 */
#include <math.h>

#include "community/simulation_run.h"

static const double tolerance = 1e-9;

/* The result's own numbers; the battery's energy is checked against what went in and out. */
vo_status vo_run_audit_home(const vo_run *r, size_t home, double *residual, vo_error *err) {
    const vo_homes *h = r->h;
    const size_t at = home * h->steps + r->t;
    const vo_node_result *x = &r->result[home];
    const vo_home_battery *b = &h->battery[home];
    const bool battery = r->o->kind != VO_RUN_PV_ONLY && r->o->kind != VO_RUN_GRID_ONLY;
    const bool down = vo_run_down(r, r->t);
    const double load = (double)r->series->load_kwh[at];
    const double pv = r->o->kind == VO_RUN_GRID_ONLY ? 0 : (double)r->series->pv_kwh[at];
    const double bought = r->trades ? (double)r->bought[home] * 1e-6 : 0;
    const double sold = r->trades ? (double)r->sold[home] * 1e-6 : 0;
    const double in = fmax(0, -x->terminal_kwh), out = fmax(0, x->terminal_kwh);
    const double uses = load + in + sold + x->export_kwh;
    const double has = pv - x->curtailed_kwh + out + bought + x->import_kwh + x->short_kwh +
                       x->undelivered_kwh;
    const double moved = fmax(1, fmax(uses, r->stored[home]));
    const double stored =
        battery ? r->stored[home] + in * b->charge_efficiency - out / b->discharge_efficiency
                : x->stored_kwh;
    *residual = fmax(fabs(uses - has), fabs(stored - x->stored_kwh));
    const double low = fmin(down ? 0 : b->min_soc * b->capacity_kwh, r->stored[home]);
    const double high = fmax(b->max_soc * b->capacity_kwh, r->stored[home]);
    const double power = b->capacity_kwh > 0 && battery ? h->dt_h : 0;
    const double import_kwh = down ? 0 : h->import_limit_kwh;
    const double export_kwh = down ? 0 : h->export_limit_kwh;
    const double slack = tolerance * moved;
    const char *what = NULL;
    if (!(*residual <= slack)) what = "energy does not balance";
    if (x->import_kwh + bought > import_kwh + slack) what = "imports pass the limit";
    if (x->export_kwh + sold > export_kwh + slack) what = "exports pass the limit";
    if (battery && (x->stored_kwh < low - slack || x->stored_kwh > high + slack))
        what = "stored energy passes its limits";
    if (in > b->charge_kw * power + slack || out > b->discharge_kw * power + slack)
        what = "the battery's power passes its limits";
    if (x->curtailed_kwh > pv + bought + slack || x->short_kwh > load + slack ||
        x->undelivered_kwh > sold + slack)
        what = "more is turned down, short or undelivered than there was";
    if (!(fmin(fmin(x->import_kwh, x->export_kwh), fmin(x->curtailed_kwh, x->short_kwh)) >= 0))
        what = "a flow is negative";
    if (!what) return VO_OK;
    return vo_fail(
        err, VO_ENUMERIC,
        "home %zu, step %zu: %s: load %g, pv %g, battery %g (%g to %g stored), bought %g, "
        "sold %g, import %g, export %g, curtailed %g, short %g, undelivered %g; off by %g. "
        "This is an error of the program: please report it",
        home, r->t, what, load, pv, x->terminal_kwh, r->stored[home], x->stored_kwh, bought,
        sold, x->import_kwh, x->export_kwh, x->curtailed_kwh, x->short_kwh, x->undelivered_kwh,
        *residual);
}

vo_status vo_run_audit_trades(const vo_run *r, vo_error *err) {
    const vo_market_rules *rules = &r->o->rules;
    const char *what = NULL;
    int64_t quantity = 0;
    size_t k = 0;
    for (; !what && k < r->match.n_trades; k++) {
        const vo_trade *x = &r->match.trade[k];
        quantity += x->quantity;
        if (x->seller == x->buyer) what = "a home trades with itself";
        if (x->seller_price < rules->least_price || x->buyer_price > rules->most_price)
            what = "a price outside the rules";
        if (x->buyer_price - rules->fee < x->seller_price) what = "the operator pays";
        if (x->quantity <= 0 || r->sold[x->seller] > rules->most_quantity)
            what = "more than may be sold";
        if (r->bought[x->buyer] > rules->most_quantity) what = "more than may be bought";
        if (r->sold_today[x->seller] > rules->most_sold_daily)
            what = "more than may be sold a day";
    }
    if (!what && quantity != r->match.quantity) what = "quantities do not add up";
    if (!what) return VO_OK;
    return vo_fail(
        err, VO_ENUMERIC,
        "step %zu, trade %zu of %zu: %s. This is an error of the program: please report it",
        r->t, k, r->match.n_trades, what);
}
