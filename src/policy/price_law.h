/* price_law.h -- what a forecaster believes of the next prices, as a chain of price nodes.
 *
 * Each interval has the same K nodes by rank: ranks are cut at fixed places, closer together in
 * the tails, and a node's price is the mean of the quantiles within its cut. Ranks carry on from
 * interval to interval as those of a normal autoregression do (a Gaussian copula):
 *
 *     z_{t+1} = rho z_t + sqrt(1 - rho^2) noise,   rank = Phi(z),
 *
 * with rho from the forecaster's past errors (forecaster_spread.h). With the present price known,
 * its rank says where the chain begins.
 *
 * Threads: one owner at a time. Memory: all of it at create.
 */
#ifndef VO_POLICY_PRICE_LAW_H
#define VO_POLICY_PRICE_LAW_H

#include "learn/forecaster.h"
#include "optimize/stochastic.h"

typedef struct vo_price_law vo_price_law;

enum { VO_PRICE_LAW_NODES = 11 };

/* Forecaster and series are borrowed; the rest as vo_spread_create. *out is the caller's:
 * vo_price_law_free. */
vo_status vo_price_law_create(vo_forecaster *f, const vo_series *series, size_t longest,
                              bool learns, const vo_alloc *alloc, vo_price_law **out,
                              vo_error *err);
void vo_price_law_free(vo_price_law *l); /* accepts NULL */

/* The law of intervals known..to-1 given history[0 .. known). `present`: history[known - 1] is
 * the price of the interval just begun, and tells of those to come. Before errors were seen all
 * nodes of an interval have one price, and there is neither move nor start. *able false: nothing
 * can be said. The nodes are valid until the next call. */
vo_status vo_price_law_at(vo_price_law *l, const double *history, size_t known, size_t to,
                          bool present, vo_price_nodes *out, size_t *filled, bool *able,
                          vo_error *err);

/* mean[to - known]: of each interval, by where the chain is by then. */
void vo_price_law_mean(const vo_price_nodes *nodes, size_t n, double *mean);

#endif
