/* confidence.h -- how sure is an action, as a probability?
 *
 * Of a plan on forecast prices: the share of futures in which the same method, had it been told
 * them, would act in the same direction now. Futures are drawn from the forecaster's law
 * (price_law.h: its own quantiles, or its past errors). Without errors to go by, or with a forecast
 * that came from outside, errors are normal, of one size, and fade over six hours:
 *
 *     e_{t+1} = rho e_t + sqrt(1 - rho^2) size * noise,   rho = exp(-dt / 6 h).
 *
 * Those futures come in pairs with opposite errors (antithetic variates): each has its law, and the
 * share of them is the surer the more it leans one way.
 *
 * Of a rule on levels: the chance that the price lies on that side of the market's true
 * percentiles, which are known by n prices only: with F the share of them below the price, the
 * estimate of it is normal with variance q (1 - q) / n.
 *
 * Chance: the same futures at every call.
 */
#ifndef VO_POLICY_CONFIDENCE_H
#define VO_POLICY_CONFIDENCE_H

#include "policy/policy.h"

enum { VO_CONFIDENCE_FUTURES = 64 };

/* Of the first action `power_mw` of a window planned by `method` (EXACT, SPREAD, CYCLE) on
 * believed[to - from], of which the prices of from..known-1 are known. `forecaster` (a spec), or
 * NULL: errors are of the size error_per_mwh, NAN: half the standard deviation of the prices
 * known and believed. 1 if all are known. */
vo_status vo_confidence_plan(const vo_policy_world *world, const vo_policy_view *view,
                             const char *forecaster, vo_method method, const double *believed,
                             const double *believed_export, double error_per_mwh,
                             double power_mw, double *confidence, vo_error *err);

/* Of acting in `direction` (-1 charge, 0 hold, 1 discharge) at `now`, for a rule that charges below
 * the percentile low of price[n] (NAN: missing) and discharges above that of high, 0..100. */
double vo_confidence_levels(const double *price, size_t n, double now, double low, double high,
                            int direction);

#endif
