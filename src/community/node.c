/* node.c -- see node.h: the battery over an interval, what it does when the truth is in, the usual
 * rule beside it. The orders are in node_orders.c, what is told to people in node_told.c. */
#include "community/node.h"

#include <math.h>

#include "base/least.h"

vo_home_store vo_node_store(const vo_home_battery *b, double dt_h, bool emergency) {
    return (vo_home_store){.low_kwh = emergency ? 0 : b->min_soc * b->capacity_kwh,
                           .high_kwh = b->max_soc * b->capacity_kwh,
                           .charge_kwh = b->charge_kw * dt_h,
                           .discharge_kwh = b->discharge_kw * dt_h,
                           .charge_efficiency = b->charge_efficiency,
                           .discharge_efficiency = b->discharge_efficiency};
}

/* No seller gets more for it; where no rule says how much that is, no honest home bids more. */
static double undelivered_price(const vo_node_view *v) {
    const bool any = v->rules->most_price >= VO_MARKET_MOST_PRICE;
    const double dearest =
        any ? VO_HOME_SHORT_PER_KWH : (double)v->rules->most_price / VO_MICRO;
    return vo_most(v->buy, dearest);
}

/* What is too much is turned down: PV first, then the battery's output, then what was bought. What
 * is missing is not delivered to the market first, then not served; nothing is charged from it. */
static vo_node_result settle(const vo_node_view *v, double load, double pv, double bought,
                             double sold, double z) {
    const vo_home_store *b = &v->store;
    const double import_kwh = vo_most(v->import_kwh - bought, 0);
    const double export_kwh = v->sell < 0 ? 0 : vo_most(v->export_kwh - sold, 0);
    vo_node_result r = {.terminal_kwh = vo_home_terminal(b, z)};
    double meter = load + sold - pv - bought - r.terminal_kwh;
    const double idle = meter > import_kwh ? vo_least(meter - import_kwh, -r.terminal_kwh)
                        : -meter > export_kwh
                            ? vo_least(-meter - export_kwh - pv, r.terminal_kwh)
                            : 0;
    if (idle > 0) { /* the battery had better not have */
        r.terminal_kwh += meter > 0 ? idle : -idle;
        z = r.terminal_kwh > 0 ? r.terminal_kwh / b->discharge_efficiency
                               : r.terminal_kwh * b->charge_efficiency;
        meter = load + sold - pv - bought - r.terminal_kwh;
    }
    r.stored_kwh = v->stored_kwh - z;
    r.import_kwh = vo_least(vo_most(meter, 0), import_kwh);
    r.export_kwh = vo_least(vo_most(-meter, 0), export_kwh);
    const double missing = vo_most(meter - r.import_kwh, 0);
    r.undelivered_kwh = vo_least(missing, sold);
    r.short_kwh = missing - r.undelivered_kwh;
    r.curtailed_kwh = vo_most(-meter - r.export_kwh, 0);
    if (r.undelivered_kwh > 0) r.undelivered_cost = r.undelivered_kwh * undelivered_price(v);
    r.import_cost = r.import_kwh * v->buy + r.undelivered_cost;
    r.export_credit = r.export_kwh * v->sell;
    return r;
}

vo_node_result vo_node_dispatch(const vo_node_view *v, const vo_home_value *value,
                                double true_load_kwh, double true_pv_kwh, double bought_kwh,
                                double sold_kwh) {
    const vo_home_prices p = {.buy = v->buy,
                              .sell = v->sell,
                              .import_kwh = vo_most(v->import_kwh - bought_kwh, 0),
                              .export_kwh = vo_most(v->export_kwh - sold_kwh, 0)};
    const double net = true_load_kwh - true_pv_kwh + sold_kwh - bought_kwh;
    const double z = vo_home_value_best(value, &v->store, &p, net, v->stored_kwh);
    return settle(v, true_load_kwh, true_pv_kwh, bought_kwh, sold_kwh, z);
}

vo_node_result vo_node_greedy(const vo_node_view *v, double true_load_kwh, double true_pv_kwh) {
    const vo_home_store *b = &v->store;
    const double net = true_load_kwh - true_pv_kwh;
    const double in =
        vo_least(b->charge_kwh * b->charge_efficiency, vo_most(b->high_kwh - v->stored_kwh, 0));
    const double out = vo_least(b->discharge_kwh / b->discharge_efficiency,
                                vo_most(v->stored_kwh - b->low_kwh, 0));
    const double z = net > 0 ? vo_least(net / b->discharge_efficiency, out)
                             : -vo_least(-net * b->charge_efficiency, in);
    return settle(v, true_load_kwh, true_pv_kwh, 0, 0, z);
}
