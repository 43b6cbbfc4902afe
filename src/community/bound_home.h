/* bound_home.h -- one home's best plan when everything is known ahead, for bound.c.
 *
 *   V_t(s) = max over z of [ -c_t(net_t - g(z)) + V_{t+1}(s - z) ],   s stored, z out of the store
 *
 * with c_t convex: a kWh through the meter costs `into` or earns `out` up to the limits, what
 * cannot come in is short (VO_HOME_SHORT_PER_KWH), what cannot go out is turned down. V is concave
 * and piecewise linear; a step merges two lists of falling slopes and cuts what cannot be stored.
 * It shares no code with home_value.h, and where it must simplify (more than VO_BOUND_PIECES
 * pieces, negative prices, selling dearer than buying) it errs upwards in V: the cost it tells is
 * never above the least possible one.
 * Units: kWh, currency/kWh. Threads: a work space has one owner at a time.
 */
#ifndef VO_COMMUNITY_BOUND_HOME_H
#define VO_COMMUNITY_BOUND_HOME_H

#include "base/alloc.h"
#include "community/homes.h"

#define VO_BOUND_PIECES 96

typedef struct {
    double net_kwh, pv_kwh;   /* load less PV; PV                             */
    double into, out;         /* what a kWh through the meter costs and earns */
    double into_kwh, out_kwh; /* at most that much; INFINITY: no limit        */
} vo_bound_step;

typedef struct vo_bound_work vo_bound_work;

/* For plans of up to `steps` intervals. VO_ENOMEM. */
vo_status vo_bound_work_create(size_t steps, const vo_alloc *alloc, vo_bound_work **out,
                               vo_error *err);
void vo_bound_work_free(vo_bound_work *w); /* accepts NULL */

/* step[n]. Starts at the initial SOC and ends with at least that energy; from interval
 * `reserve_free` on the reserve may be used (n: never). *cost: the least possible. meter_kwh[n], or
 * NULL: > 0 in; of equally good plans one that moves least, interval by interval. price[n], or NULL
 * (and then meter_kwh is not): what a kWh more at the meter is worth. VO_ENOMEM. */
vo_status vo_bound_home(vo_bound_work *w, const vo_home_battery *b, double dt_h,
                        const vo_bound_step *step, size_t n, size_t reserve_free, double *cost,
                        double *meter_kwh, double *price, vo_error *err);

#endif
