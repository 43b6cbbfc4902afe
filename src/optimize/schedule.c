/* schedule.c -- one door to every method.
 *
 * Checks the problem, picks the method, and sees to it that there is always an answer: what the
 * exact method finds contradictory, or cannot prove, goes to the linear or mixed-integer
 * program. The meter's flows are filled here, the same way for every method.
 */
#include <volteo/schedule.h>

#include <math.h>
#include <stdio.h>

#include "grid/settlement.h"
#include "optimize/cycle.h"
#include "optimize/exact.h"
#include "optimize/lp_highs.h"
#include "optimize/spread.h"
#include "optimize/threshold.h"

static void name_method(vo_plan *plan, vo_method method) {
    snprintf(plan->method, sizeof plan->method, "%s", vo_method_name((int32_t)method));
}

static void fill_flows(const vo_problem *p, vo_plan *plan) {
    for (size_t t = 0; t < p->n; t++) {
        const vo_site_interval site = vo_site_at(p, t);
        double u_mwh = 0;
        for (size_t k = 0; k < p->n_batteries; k++)
            u_mwh += plan->power_mw[k * p->n + t] * site.dt_h;
        const vo_site_flow f = vo_site_settle(&site, u_mwh);
        plan->import_mw[t] = f.import_mwh / site.dt_h;
        plan->export_mw[t] = f.export_mwh / site.dt_h;
        plan->curtailed_mw[t] = f.curtailed_mwh / site.dt_h;
    }
}

static void clear_values(vo_plan *plan) {
    for (size_t i = 0; i < plan->n * plan->n_batteries; i++)
        plan->value_of_stored_mwh[i] = plan->dual_per_mwh[i] = (double)NAN;
}

static void clear_flips(vo_plan *plan) {
    for (size_t i = 0; i < plan->n * plan->n_batteries; i++)
        plan->flip_below[i] = plan->flip_above[i] = (double)NAN;
}

static vo_status solve_exact(const vo_problem *p, const vo_schedule_options *o, vo_plan *plan,
                             vo_error *err) {
    vo_exact *e = NULL;
    bool feasible = false, gap_closed = false;
    vo_status st = vo_exact_supports(p, err);
    if (st == VO_OK) st = vo_exact_create(NULL, &e, err);
    if (st == VO_OK)
        st = vo_exact_solve(e, p, (vo_detail)o->detail, plan, &feasible, &gap_closed, err);
    vo_exact_free(e);
    if (st != VO_OK) return st;
    if (!feasible || !gap_closed) { /* that it is infeasible need not be proved again */
        st = feasible ? vo_lp_schedule(p, o, plan, err)
                      : vo_lp_schedule_elastic(p, o, plan, err);
        if (st == VO_OK) name_method(plan, VO_METHOD_LP);
        return st;
    }
    if (o->detail == VO_DETAIL_PLAN) clear_values(plan);
    if (o->detail != VO_DETAIL_ALL) clear_flips(plan);
    fill_flows(p, plan);
    name_method(plan, VO_METHOD_EXACT);
    return VO_OK;
}

static vo_status solve_rule(vo_method method, const vo_problem *p, const vo_schedule_options *o,
                            vo_plan *plan, vo_error *err) {
    const vo_status st = method == VO_METHOD_THRESHOLD ? vo_threshold_schedule(p, o, plan, err)
                         : method == VO_METHOD_SPREAD  ? vo_spread_schedule(p, o, plan, err)
                                                       : vo_cycle_schedule(p, o, plan, err);
    if (st != VO_OK) return st;
    clear_values(plan);
    clear_flips(plan);
    fill_flows(p, plan);
    name_method(plan, method);
    return VO_OK;
}

vo_status vo_schedule(const vo_problem *p, const vo_schedule_options *o, vo_plan *plan,
                      vo_error *err) {
    vo_status st = vo_problem_check(p, err);
    if (st != VO_OK) return st;
    if (plan->n != p->n || plan->n_batteries != p->n_batteries)
        return vo_fail(err, VO_EINVAL,
                       "plan is for %zu intervals and %zu batteries, problem has %zu and %zu: "
                       "create it for the problem",
                       plan->n, plan->n_batteries, p->n, p->n_batteries);
    if (o->detail < VO_DETAIL_ALL || o->detail > VO_DETAIL_PLAN)
        return vo_fail(err, VO_EINVAL,
                       "detail = %d is not one of 0 (all), 1 (no flip prices), "
                       "2 (the plan alone)",
                       (int)o->detail);
    vo_method method = (vo_method)o->method;
    if (method == VO_METHOD_AUTO)
        method = vo_exact_supports(p, NULL) == VO_OK ? VO_METHOD_EXACT : VO_METHOD_LP;
    switch (method) {
    case VO_METHOD_EXACT:
        return solve_exact(p, o, plan, err);
    case VO_METHOD_LP:
        st = vo_lp_schedule(p, o, plan, err);
        if (st == VO_OK) name_method(plan, VO_METHOD_LP);
        return st;
    case VO_METHOD_THRESHOLD:
    case VO_METHOD_SPREAD:
    case VO_METHOD_CYCLE:
        return solve_rule(method, p, o, plan, err);
    case VO_METHOD_AUTO:
    case VO_METHOD_COUNT:
        break;
    }
    return vo_fail(err, VO_EINVAL, "method = %d is not one of 0..%d", (int)o->method,
                   VO_METHOD_COUNT - 1);
}
