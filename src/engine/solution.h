/* solution.h -- a plan with its proof, solved whole or each local day alone.
 *
 * Each day alone starts at the battery's initial SOC and keeps its final rule, so the stored
 * energy may jump at midnight; end_mwh therefore stands beside the plan's stored_mwh. The
 * certificates of the days are merged: the worst residual and excess of any, the sum of money.
 */
#ifndef VO_ENGINE_SOLUTION_H
#define VO_ENGINE_SOLUTION_H

#include <volteo/engine.h>
#include <volteo/schedule.h>

typedef struct {
    vo_plan *plan;   /* of the whole horizon; stored_mwh[t] is the start of interval t  */
    double *end_mwh; /* [B, n] stored at the interval's end                             */
    vo_certificate cert;
    double solve_s; /* time taken by the solver, without the certificate               */
} vo_solution;

/* Fills *out; VO_EUNSUPPORTED: by_day with limits that couple the days. VO_ECANCELED. */
vo_status vo_solution_find(const vo_problem *p, const vo_schedule_options *o, bool by_day,
                           const vo_engine_options *eo, vo_solution *out, vo_error *err);
void vo_solution_fini(vo_solution *s); /* accepts a zeroed one */

#endif
