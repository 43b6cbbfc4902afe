/* lp_highs.h -- schedules through HiGHS: what couples intervals, and the referee of the others.
 *
 * The back-end "lp". Handles every field of vo_problem. One direction per interval is kept by
 * binaries where a relaxed optimum would break it, so the answer is optimal at any price sign.
 * Runs on one thread; same problem, same bits (unless a time limit stops it).
 * Threads: calls with different plans may run at the same time.
 */
#ifndef VO_OPTIMIZE_LP_HIGHS_H
#define VO_OPTIMIZE_LP_HIGHS_H

#include <volteo/schedule.h>

/* Fills *plan, made for p's sizes; p has passed vo_problem_check (both asserted). Flip prices
 * are NAN; value_of_stored_mwh are the duals, with the directions held where binaries chose
 * them. Limits that contradict each other: as vo_lp_schedule_elastic.
 * Verdict OPTIMAL with bound ~ profit, or FEASIBLE with its bound when time_limit_s struck; it
 * limits each run of HiGHS, of which there are up to three, more where limits contradict.
 * VO_ECANCELED: time_limit_s passed without any plan, or o->stop said so. VO_ENUMERIC: HiGHS gave
 * up. VO_ENOMEM. VO_EUNSUPPORTED: too many intervals times batteries (lp_model.h). */
vo_status vo_lp_schedule(const vo_problem *p, const vo_schedule_options *o, vo_plan *plan,
                         vo_error *err);

/* The least violation, then the most profit among plans that violate no more. Soft are the
 * limits FINAL_SOC..CYCLES, each MWh beyond one of them counting the same (for SOC: at each
 * interval's end); power, capacity, balance, direction and ramp stay hard. plan->violation
 * holds one entry per broken limit; its shadow_price is the profit that one more MWh of
 * violation of that limit would buy. Verdict LEAST_VIOLATING, or OPTIMAL if nothing need be
 * broken. Errors as vo_lp_schedule. */
vo_status vo_lp_schedule_elastic(const vo_problem *p, const vo_schedule_options *o,
                                 vo_plan *plan, vo_error *err);

/* The profit of the linear relaxation, in which a battery may charge and discharge at once:
 * an upper bound on any plan's profit. VO_EINVAL if the limits contradict each other. */
vo_status vo_lp_relaxed_profit(const vo_problem *p, double *profit, vo_error *err);

#endif
