/* node.h -- one home as a trader: predicts, plans, posts orders, runs its battery.
 *
 * Plan:     V_{t+1}, what energy stored at the end of the interval is worth, by the exact recursion
 *           (home_value.h) on the forecasts, the tariff and the central price signal.
 * Orders:   the home's net supply at a price pi is what its battery, at that price and V, would deliver
 *           less its net load: a rising step function. Its steps beyond zero are sell orders, those
 *           before zero buy orders: nobody trades at a loss by its own plan, bought and sold at
 *           once never.
 * Dispatch: when the interval's truth is in, the battery takes the z best for V given what was
 *           traded; the grid takes the rest. The meter never passes its limits: PV is turned down, or
 *           load is short, and both are told.
 * Threads:  pure functions over the caller's state.
 */
#ifndef VO_COMMUNITY_NODE_H
#define VO_COMMUNITY_NODE_H

#include "community/homes.h"
#include "community/matching.h"
#include "optimize/home_value.h"

#define VO_NODE_ORDERS 8 /* steps at most, both sides together */

/* The battery over an interval; `emergency`: the reserve may be used (the grid is down). */
vo_home_store vo_node_store(const vo_home_battery *b, double dt_h, bool emergency);

/* What a home knows at the beginning of an interval, besides V. */
typedef struct {
    vo_home_store store;
    double stored_kwh;
    double load_kwh, pv_kwh; /* predicted for this interval                         */
    double buy, sell;        /* its tariff now                                      */
    double import_kwh, export_kwh;
    double signal;            /* central price, currency/kWh injected; NAN: unknown  */
    double may_sell_kwh;      /* of today's allowance, injected                      */
    double allowance_per_kwh; /* >= 0, what a kWh of it is worth later today: added to   */
                              /* what is asked (vo_node_allowance)                       */
    const vo_market_rules *rules;
} vo_node_view;

/* Orders for the interval, at most VO_NODE_ORDERS, per side at most rules->most_quantity together and
 * sells at most may_sell_kwh; limit prices within the rules, rounded so that no trade loses.
 * Returns how many: 0 is "hold". Energy from the grid is never resold. */
size_t vo_node_orders(const vo_node_view *v, const vo_home_value *value, uint32_t home,
                      vo_order out[VO_NODE_ORDERS]);

/* What a kWh of the daily allowance is worth: the least that must be taken off the market's price in
 * the first `today` of n intervals for the plan to sell no more than may_sell_kwh in them; 0 where
 * the plan needs no more anyway (then it costs one plan, else a dozen). price[n]: with the market as
 * believed; net_kwh[n]; end: V after the last of them. work[n + 1]: scratch. Without it a home sells
 * its allowance in the morning, for less. */
double vo_node_allowance(const vo_home_store *b, double stored_kwh, const vo_home_value *end,
                         const vo_home_prices *price, const float *net_kwh, size_t n,
                         size_t today, double may_sell_kwh, vo_home_value *work);

/* What an interval came to; all kWh >= 0 but terminal. */
typedef struct {
    double terminal_kwh;             /* battery, > 0 discharges                              */
    double stored_kwh;               /* at the end                                           */
    double import_kwh, export_kwh;   /* from and to the grid, trades aside         */
    double curtailed_kwh, short_kwh; /* PV turned down; load not served           */
    double undelivered_kwh;          /* sold, and neither made nor importable              */
    double undelivered_cost;         /* what the seller pays for that; in import_cost, too */
    double import_cost, export_credit;
} vo_node_result;

/* Energy that was sold and is not delivered reaches its buyer all the same: the market's operator
 * brings it in, beyond the seller's own meter. The seller pays for it: the dearer of his tariff and the
 * highest price of the rules (VO_HOME_SHORT_PER_KWH where they have none), so no less than he got.
 *
 * curtailed_kwh is PV and, where there is no room for it at all, energy that was bought.
 * load + charge + sold + export = pv - curtailed + discharge + bought + import + short + undelivered
 * to 1e-9; bought as it arrives, sold as injected. */
vo_node_result vo_node_dispatch(const vo_node_view *v, const vo_home_value *value,
                                double true_load_kwh, double true_pv_kwh, double bought_kwh,
                                double sold_kwh);

/* The rule that people have today: PV first into the load, then the battery, then the grid; the
 * battery covers what load is left. The third baseline. */
vo_node_result vo_node_greedy(const vo_node_view *v, double true_load_kwh, double true_pv_kwh);

/* ---- told to people ------------------------------------------------------------------ */

/* 0..100 with its four parts, each 0..100 (docs/models/community.md has weights and formulas). */
typedef struct {
    double score;
    double trading_potential, battery_health, market_conditions, capacity_utilisation;
} vo_profitability;
vo_profitability vo_node_profitability(const vo_node_view *v, const vo_home_value *value);

/* GREEN: can spare energy in the hours ahead; RED: will need some. */
typedef enum { VO_NEED_GREEN = 0, VO_NEED_RED = 1 } vo_need;
vo_need vo_node_need(const vo_node_view *v, const float *net_kwh, size_t n);

typedef enum { VO_ACTION_HOLD = 0, VO_ACTION_BUY, VO_ACTION_SELL } vo_node_action;

#endif
