/* spread.h -- the day-ahead rule: one round trip per local day if its spread pays.
 *
 * Rule:   each local day has one moment that parts it in two. The cheapest intervals of one
 *         part charge, the dearest of the other discharge, matched in order of price as long
 *         as the next pair pays for losses, fees and wear. Charge-then-discharge uses the room
 *         above the day's first stored energy, discharge-then-charge what lies below; the
 *         moment and the order that earn most are taken. Every day but the last returns to
 *         where it started; the last goes where the final rule pays best.
 * Which:  needs the prices of the whole day: day-ahead prices, a forecast, or hindsight.
 * Limits: corridor.h keeps battery, power, site, final and cycle limits.
 */
#ifndef VO_OPTIMIZE_SPREAD_H
#define VO_OPTIMIZE_SPREAD_H

#include <volteo/schedule.h>

/* The contract of vo_schedule. No option is used. */
vo_status vo_spread_schedule(const vo_problem *p, const vo_schedule_options *o, vo_plan *plan,
                             vo_error *err);

#endif
