/* cycle.h -- the greedy rule: the best charge-discharge pairs of each local day, in turn.
 *
 * Rule:   take the pair of one charging and one discharging interval of the day that earns
 *         most per stored MWh after losses, fees and wear, move as much as power, stored
 *         energy between the two and the cycle limit allow, and repeat until no pair pays.
 *         A discharge before its charge borrows from what the day started with. Nothing once
 *         taken is undone, which is what separates it from the optimum.
 * Which:  needs the prices of the whole day: day-ahead prices, a forecast, or hindsight.
 * Limits: corridor.h keeps battery, power, site, final and cycle limits.
 */
#ifndef VO_OPTIMIZE_CYCLE_H
#define VO_OPTIMIZE_CYCLE_H

#include <volteo/schedule.h>

/* The contract of vo_schedule. No option is used. */
vo_status vo_cycle_schedule(const vo_problem *p, const vo_schedule_options *o, vo_plan *plan,
                            vo_error *err);

#endif
