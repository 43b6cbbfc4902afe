/* cycle_limits.h -- the exact optimum under limits on the energy discharged per day and in all.
 *
 * A limit E_d on day d gets a multiplier mu_d >= 0, a wear cost on top. For a concave problem
 *
 *     V_d(s) = min over mu of [ V_d^mu(s) + mu E_d ],
 *
 * where V_d^mu is the day's sweep with that wear and V_{d+1} at its end; so the days are still
 * solved one after another, backward. For one s the minimum over mu is found by intersecting
 * tangents, which is exact after finitely many; V_d as a function of s likewise, by
 * intersecting its tangents until every corner is proved to lie on the curve. Forward, the two
 * tangents that meet at the best multiplier belong to two plans, one discharging too much and
 * one too little; where their energies mix to exactly E_d, the mix of their stored energies is
 * optimal and keeps the limit. The horizon's limit is one more multiplier around all of it.
 */
#ifndef VO_OPTIMIZE_CYCLE_LIMITS_H
#define VO_OPTIMIZE_CYCLE_LIMITS_H

#include "optimize/sweep.h"

typedef struct vo_cycle_limits vo_cycle_limits;

vo_status vo_cycle_limits_create(const vo_alloc *alloc, vo_cycle_limits **out, vo_error *err);
void vo_cycle_limits_free(vo_cycle_limits *c); /* accepts NULL */

/* `s` must be concave in every interval and without extra wear; `last` is V at the horizon's
 * end. Limits are those of s->p->battery, days those of s->p->day. profit is before any final
 * value. *feasible false: no plan keeps the limits. *gap_closed false: the tangents did not
 * meet within the accuracy of doubles, and the plan is left unspecified. VO_ENOMEM. */
vo_status vo_cycle_limits_solve(vo_cycle_limits *c, const vo_reward_source *s,
                                const vo_value *last, const vo_sweep_path *path, double *profit,
                                bool *feasible, bool *gap_closed, vo_error *err);

#endif
