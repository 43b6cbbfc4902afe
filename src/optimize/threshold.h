/* threshold.h -- the static rule: charge when cheap, discharge when dear.
 *
 * Rule:   charge with full power where price <= low, discharge with full power where
 *         price >= high, else hold; low and high are percentiles of prices.
 * Which:  vo_threshold_schedule takes them from the span it schedules itself (a hindsight
 *         baseline: the levels are not causal, the decisions are). A causal user calls
 *         vo_threshold_levels on history and vo_threshold_follow on the span.
 * Limits: corridor.h keeps battery, power, site, final and cycle limits.
 */
#ifndef VO_OPTIMIZE_THRESHOLD_H
#define VO_OPTIMIZE_THRESHOLD_H

#include <volteo/schedule.h>

/* The contract of vo_schedule. Uses o->low_percentile and o->high_percentile. */
vo_status vo_threshold_schedule(const vo_problem *p, const vo_schedule_options *o,
                                vo_plan *plan, vo_error *err);

/* Percentiles 0..100 of price[n], n > 0, linear between order statistics; the same for both
 * orders of arguments. scratch[n] is overwritten; price is not. NANs are left out; false if
 * nothing is left. O(n). */
bool vo_threshold_levels(const double *price, size_t n, double low_percentile,
                         double high_percentile, double *scratch, double *low, double *high);

/* The rule with given levels (market prices, not prices with fees). NAN levels: hold. */
vo_status vo_threshold_follow(const vo_problem *p, double low, double high, vo_plan *plan,
                              vo_error *err);

#endif
