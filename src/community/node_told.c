/* node_told.c -- see node.h: what a home tells people of itself. Formulas and weights:
 * docs/models/community.md. */
#include <math.h>

#include "base/least.h"
#include "community/node.h"

static double percent(double part) { return 100 * vo_most(vo_least(part, 1), 0); }

/* What the home's orders would trade at the signal, kWh injected. */
static double tradable(const vo_node_view *v, const vo_order *order, size_t n) {
    const double noise = 1e-9, fee = (double)v->rules->fee / VO_MICRO;
    double kwh = 0;
    for (size_t i = 0; i < n; i++) {
        const double limit = (double)order[i].price / VO_MICRO;
        const bool takes = order[i].side == VO_ORDER_SELL ? limit <= v->signal + noise
                                                          : limit - fee >= v->signal - noise;
        if (takes) kwh += (double)order[i].quantity / VO_MICRO;
    }
    return kwh;
}

vo_profitability vo_node_profitability(const vo_node_view *v, const vo_home_value *value) {
    const vo_market_rules *r = v->rules;
    const vo_home_store *b = &v->store;
    const vo_home_prices p = {.buy = v->buy,
                              .sell = v->sell,
                              .import_kwh = v->import_kwh,
                              .export_kwh = v->export_kwh};
    const double net = v->load_kwh - v->pv_kwh;
    const double kwh =
        vo_home_terminal(b, vo_home_value_best(value, b, &p, net, v->stored_kwh));
    vo_profitability f = {0};

    /* between what the grid pays and what it costs lies all that a shared kWh can gain */
    const double bid = v->buy * (1 - r->loss) - (double)r->fee / VO_MICRO;
    const double can_kwh = vo_most(b->discharge_kwh, b->charge_kwh) + fabs(net);
    const double most_kwh = vo_least((double)r->most_quantity / VO_MICRO, can_kwh);
    const double wedge = bid - v->sell;
    if (isfinite(v->signal) && wedge > 0 && most_kwh > 0) {
        vo_order order[VO_NODE_ORDERS];
        const size_t n = vo_node_orders(v, value, 0, order);
        const double pays = v->signal - v->sell, saves = bid - v->signal;
        const double side = net < 0 ? pays : net > 0 ? saves : vo_most(pays, saves);
        f.trading_potential = percent(tradable(v, order, n) / most_kwh);
        f.market_conditions = percent(side / wedge);
    }
    const double usable = b->high_kwh - b->low_kwh;
    const double filled = usable > 0 ? (v->stored_kwh - b->low_kwh) / usable : 0;
    f.battery_health = percent(4 * filled * (1 - filled));
    const double can = kwh > 0 ? b->discharge_kwh : b->charge_kwh;
    f.capacity_utilisation = can > 0 ? percent(fabs(kwh) / can) : 0;
    f.score = 0.4 * f.trading_potential + 0.25 * f.market_conditions + 0.2 * f.battery_health +
              0.15 * f.capacity_utilisation;
    return f;
}

vo_need vo_node_need(const vo_node_view *v, const float *net_kwh, size_t n) {
    vo_node_view ahead = *v;
    for (size_t t = 0; t < n; t++) {
        const double net = (double)net_kwh[t];
        const vo_node_result r = vo_node_greedy(&ahead, vo_most(net, 0), vo_most(-net, 0));
        if (r.import_kwh + r.short_kwh > 1e-6) return VO_NEED_RED;
        ahead.stored_kwh = r.stored_kwh;
    }
    return VO_NEED_GREEN;
}
