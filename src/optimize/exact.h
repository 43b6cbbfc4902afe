/* exact.h -- the exact optimum of one battery, by dynamic programming without a grid.
 *
 * Backward in time, the value of stored energy V_t(s) is one sup-convolution per interval (see
 * value.h); forward in time, the action is read off V_{t+1} and the price. With prices >= 0 and
 * losses every V is concave, and a step only removes some width at the two ends and inserts one
 * piece for charging and one for discharging where the price belongs among the slopes.
 *
 * Memory: V_t of every interval would not fit for long horizons, so the backward sweep keeps
 * those of the earliest block and one V per later block, and sweeps a block again when the
 * forward pass arrives there. Time is linear, memory O(sqrt) in practice.
 *
 * Threads: a solver has one owner at a time.
 */
#ifndef VO_OPTIMIZE_EXACT_H
#define VO_OPTIMIZE_EXACT_H

#include <volteo/schedule.h>

#include "base/alloc.h"

typedef struct vo_exact vo_exact;

/* alloc NULL: libc. *out is the caller's: vo_exact_free. VO_ENOMEM. */
vo_status vo_exact_create(const vo_alloc *alloc, vo_exact **out, vo_error *err);
void vo_exact_free(vo_exact *e); /* accepts NULL */

/* Whether this method can solve p at all: one battery, nothing that couples intervals beyond
 * the stored energy. VO_EUNSUPPORTED names the field and the method that can. */
vo_status vo_exact_supports(const vo_problem *p, vo_error *err);

/* Solves p (checked by vo_problem_check) into plan: power, stored energy, duals and flip prices
 * as far as `detail` asks for them, profit, bound, verdict OPTIMAL. Memory is kept for the next
 * call; arrays of the plan that were not asked for hold nothing of use.
 * *feasible false: the limits contradict each other, plan is unspecified.
 * *gap_closed false: the cycle limits meet a reward that is not concave, and a plan that keeps
 * them was not proved optimal: ask the mixed-integer method. VO_ENOMEM. */
vo_status vo_exact_solve(vo_exact *e, const vo_problem *p, vo_detail detail, vo_plan *plan,
                         bool *feasible, bool *gap_closed, vo_error *err);

/* Only the first interval's power, MW: what a rolling policy needs. Cycle limits are not seen.
 */
vo_status vo_exact_first(vo_exact *e, const vo_problem *p, double *power_mw, bool *feasible,
                         vo_error *err);

#endif
