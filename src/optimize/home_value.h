/* home_value.h -- what stored energy is worth to a home behind its meter: the exact recursion of
 * value.h for one small problem, solved a million times.
 *
 * V_t(s) = sum over k of w_k max over z of [ -cost_t(net_k - g(z)) + V_{t+1}(s - z) ]
 *     z     kWh out of the store, g(z) = z e_d (z > 0), z / e_c (z < 0) at the terminals;
 *     net_k load less PV of scenario k, kWh; cost_t convex: see vo_home_prices.
 * A concave V is its slopes, falling, over widths; a step merges the few slopes of the cost into
 * them and cuts what the store cannot hold: exact, no grid. A mean of scenarios has the knots of all:
 * those where a chord would lose less than 0.0003 currency are left out, and more beyond
 * VO_HOME_PIECES (V too low, never too high).
 *
 * Units: kWh, currency/kWh. Threads: none of this has state; workspace is the caller's stack.
 */
#ifndef VO_OPTIMIZE_HOME_VALUE_H
#define VO_OPTIMIZE_HOME_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VO_HOME_PIECES 32
#define VO_HOME_SCENARIOS 8
#define VO_HOME_SHORT_PER_KWH                                                                  \
    10.0 /* what a kWh is worth that can neither be bought nor stored */
#define VO_HOME_RESERVE_PER_KWH                                                                \
    5.0 /* what one is worth beyond V's ends: dearer than any price, and cheaper than load     \
           that is not served, so that a reserve is used then and only then */

/* A battery over one interval. */
typedef struct {
    double low_kwh, high_kwh; /* what may be stored                                    */
    double charge_kwh;        /* >= 0, most that may be drawn at the terminals         */
    double discharge_kwh;     /* >= 0, most that may be delivered at the terminals     */
    double charge_efficiency, discharge_efficiency; /* (0, 1]                              */
} vo_home_store;

/* What a kWh through the meter costs and earns. The first market_in_kwh of import may be bought at
 * market_buy if that is less than buy, the first market_out_kwh of export sold at market_sell if
 * that is more than sell; 0: no market. Beyond import_kwh energy is short, beyond export_kwh PV is
 * turned down; so it is where sell < 0, which counts as 0. Where selling pays more than buying
 * costs, or buy < 0, V is that of the reward's concave hull (never too low), and
 * vo_home_value_best is still exact for the V it is given. */
typedef struct {
    double buy, sell;
    double market_buy, market_sell;
    double market_in_kwh, market_out_kwh;
    double import_kwh, export_kwh; /* INFINITY: no limit */
} vo_home_prices;

/* Concave: V(low + x) = sum of slope_i over the widths up to x. */
typedef struct {
    int32_t n; /* 1..VO_HOME_PIECES; 0 where there is nothing to store in (high = low) */
    double low_kwh, high_kwh;     /* its domain             */
    double slope[VO_HOME_PIECES]; /* falling, currency/kWh  */
    double width[VO_HOME_PIECES]; /* > 0, kWh               */
} vo_home_value;

/* V at the end of the last interval: below `goal_kwh` each kWh is missed at `short_per_kwh`, above it
 * worth `per_kwh` (<= short_per_kwh). */
vo_home_value vo_home_value_end(const vo_home_store *b, double goal_kwh, double short_per_kwh,
                                double per_kwh);

/* One step back, in place: *v is V at the interval's end, then at its start. net[k], weight[k]
 * (summing to 1): the scenarios, k <= VO_HOME_SCENARIOS. */
void vo_home_value_back(vo_home_value *v, const vo_home_store *b, const vo_home_prices *p,
                        const double *net_kwh, const double *weight, size_t k);

/* The slope at s: above it (up) or below. Beyond the ends: reserve above, -reserve below. */
double vo_home_value_slope(const vo_home_value *v, double stored_kwh, bool up);

/* The best z (kWh out of the store) for one net load from `stored_kwh`, V being that of the interval's
 * end. Least movement among equals. Stays within the store from wherever it is. */
double vo_home_value_best(const vo_home_value *v, const vo_home_store *b,
                          const vo_home_prices *p, double net_kwh, double stored_kwh);

/* At the terminals: positive out. */
double vo_home_terminal(const vo_home_store *b, double z_kwh);

/* cost_t of `meter_kwh` (> 0 imported). */
double vo_home_cost(const vo_home_prices *p, double meter_kwh);

#endif
