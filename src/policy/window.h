/* window.h -- one look ahead of a policy, as a battery problem of its own, solved and read off.
 *
 * The window is the site's problem between two intervals with the prices the policy believes,
 * the energy stored now, the end rule of the view and what is left of the cycle allowances. A
 * local day that is already under way has less than a full allowance: if the window ends on
 * that day the limit is exact, else each of its intervals alone is capped by what is left, and
 * whoever plays the plan stops at the allowance.
 *
 * Memory: all of it at create; solve allocates nothing but what the solver keeps.
 */
#ifndef VO_POLICY_WINDOW_H
#define VO_POLICY_WINDOW_H

#include "policy/policy.h"

typedef struct vo_window vo_window;

/* *out is the caller's: vo_window_free. The world is borrowed. VO_EINVAL: longest is 0 or the
 * calendar is of another length; VO_EUNSUPPORTED as vo_policy_create; VO_ENOMEM. */
vo_status vo_window_create(const vo_policy_world *world, vo_window **out, vo_error *err);
void vo_window_free(vo_window *w); /* accepts NULL */

/* Plans with price[to - from] (and export_price, or NULL) by `method`, EXACT, SPREAD or CYCLE,
 * into power_mw[to - from]. What gains less than `idle_gain_per_mwh` discharged is left alone.
 */
vo_status vo_window_solve(vo_window *w, const vo_policy_view *view, const double *price,
                          const double *export_price, vo_method method,
                          double idle_gain_per_mwh, double *power_mw, vo_error *err);

/* The problem that vo_window_solve solves: valid until the next call on the window. */
const vo_problem *vo_window_problem(vo_window *w, const vo_policy_view *view,
                                    const double *price, const double *export_price);

/* After a window solved EXACT with these prices: flip prices of its first interval, and what one
 * more MWh at its end earns; NAN where there are none. */
vo_status vo_window_explain(vo_window *w, const vo_policy_view *view, const double *price,
                            const double *export_price, double idle_gain_per_mwh,
                            vo_policy_why *out, vo_error *err);

/* The threshold rule with given levels; NAN levels hold, but still keep every limit. */
vo_status vo_window_follow(vo_window *w, const vo_policy_view *view, const double *price,
                           const double *export_price, double low, double high,
                           double *power_mw, vo_error *err);

#endif
