/* marginal.h -- what one MWh more, or less, in the store would change.
 *
 * Along a finished plan of a concave problem the one-sided derivatives of V follow from the
 * plan alone, backward: a MWh more at the start of t is either taken out in t or kept, V_t'(s+)
 * = keep_t * max(q_t'(z+), V_{t+1}'(s'+)),  and less:  keep_t * min(q_t'(z-), V_{t+1}'(s'-)).
 * Where V is not concave the same holds wherever the best action is the only one; elsewhere it
 * is the slope along the action that was taken.
 */
#ifndef VO_OPTIMIZE_MARGINAL_H
#define VO_OPTIMIZE_MARGINAL_H

#include "optimize/reward.h"

/* Slopes of interval t's reward at z. Energies that differ by rounding count as the same. */
vo_slopes vo_marginal_reward(const vo_reward_source *s, size_t t, double z);

/* dual[t0..t1-1]: one path of prices of stored energy that supports every action of a concave
 * problem's plan. The price may rise only where the battery is full, fall only where it is
 * empty, and an action allows the prices between the two slopes of its reward. Backward, the
 * prices that this and all later actions agree on are intersected into low and high, [t1 - t0];
 * forward, the price stays what it was if it can. `end` are V's slopes at t1; `worth` is the
 * price before t0, NAN if there is none. Returns the last price. */
double vo_marginal_duals(const vo_reward_source *s, size_t t0, size_t t1, vo_slopes end,
                         double worth, const double *stored_mwh, double *low, double *high,
                         double *dual);

/* value[t0..t1-1] = V_{t+1}'(s+) at the plan's stored energy: what one more MWh at the
 * interval's end earns. Where the battery is full, what the last one is worth; where neither
 * exists (an exact final SOC), dual[t]. `end` as above. */
void vo_marginal_values(const vo_reward_source *s, size_t t0, size_t t1, vo_slopes end,
                        const double *stored_mwh, const double *dual, double *value);

#endif
