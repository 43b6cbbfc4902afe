/* marginal.h -- what one MWh more, or less, in the store would change.
 *
 * Along a finished plan of a concave problem the one-sided derivatives of V follow from the plan
 * alone, backward: a MWh more at the start of t is either taken out in t or kept,
 *     V_t'(s+) = keep_t * max(q_t'(z+), V_{t+1}'(s'+)),  and less:  keep_t * min(q_t'(z-), V_{t+1}'(s'-)).
 * Where V is not concave the same holds wherever the best action is the only one.
 */
#ifndef VO_OPTIMIZE_MARGINAL_H
#define VO_OPTIMIZE_MARGINAL_H

#include "optimize/reward.h"

/* Slopes of interval t's reward right and left of z: what another MWh taken out earns, and what
 * the last one did. Infinite at the ends of what is possible. */
void vo_marginal_slopes(const vo_reward_source *s, size_t t, double z, double *right,
                        double *left);

/* value[t] = V_{t+1}'(s+) at the plan's stored energy: what one more MWh at the interval's end
 * earns. Where the battery is full, what the last one is worth; where neither exists (an exact
 * final SOC), dual[t]. stored_mwh[n + 1], dual[n] and value[n] may not overlap. */
void vo_marginal_values(const vo_reward_source *s, const double *stored_mwh,
                        const double *dual, double *value);

#endif
