/* proof.h -- upper bounds on any plan's profit, computed without the solvers.
 *
 * Nothing here is shared with exact, lp or the rules, not even the model of one interval: an
 * error there cannot hide here. One battery; no demand charge, no ramp.
 */
#ifndef VO_OPTIMIZE_PROOF_H
#define VO_OPTIMIZE_PROOF_H

#include <volteo/schedule.h>

/* Lagrangian bound: for ANY prices worth[n] of stored energy,
 *     sum over t of max over actions of (cash + worth_t * stored) + what the SOC limits are
 * worth is at least the profit of every feasible plan; at the right prices, and where the
 * problem is concave, equal to the best. Cycle limits enter with the multiplier that is best
 * here. O(n). */
double vo_proof_lagrangian(const vo_problem *p, const double *worth);

/* The optimum itself by a second recursion, which tries every corner instead of sorting slopes:
 * O(corners^2) per interval. For problems that are not concave; cycle limits are
 * left out, which leaves a bound. NAN if
 * it would take more than `work` evaluations, or memory is short. */
double vo_proof_recursion(const vo_problem *p, double work);

#endif
