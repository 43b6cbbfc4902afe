/* problem.c -- the names, defaults and refusals of include/volteo/schedule.h, and plans as
 * memory.
 *
 * Every number that may have come from outside is bounded here, once, so that the solvers may
 * divide, sort and sum without looking back.
 */
#include <volteo/schedule.h>

#include <math.h>
#include <string.h>

#include "base/alloc.h"

#define VO_MAX_PRICE 1e9 /* currency per MWh; beyond it sums lose their cents */
#define VO_MAX_MW 1e9
#define VO_MIN_INTERVAL_H 1e-6
#define VO_MAX_INTERVAL_H 8784.0
#define VO_LEAST_KEPT 1e-6 /* of the stored energy over one interval; models divide by it */

static const char *const limit_name[] = {
#define X(name, value, text, unit) [value] = text,
    VO_LIMIT_MAP(X)
#undef X
};
static const char *const method_name[] = {
#define X(name, value, text, help) [value] = text,
    VO_METHOD_MAP(X)
#undef X
};

const char *vo_limit_name(int32_t limit) {
    return limit >= 0 && limit < VO_LIMIT_COUNT ? limit_name[limit] : "?";
}

const char *vo_method_name(int32_t method) {
    return method >= 0 && method < VO_METHOD_COUNT ? method_name[method] : "?";
}

const char *vo_verdict_name(int32_t verdict) {
    static const char *const name[] = {"optimal", "feasible", "least_violating"};
    return verdict >= 0 && verdict <= VO_VERDICT_LEAST_VIOLATING ? name[verdict] : "?";
}

vo_status vo_method_parse(const char *name, vo_method *out, vo_error *err) {
    char list[128] = "";
    for (int32_t m = 0; m < VO_METHOD_COUNT; m++) {
        if (strcmp(name, method_name[m]) == 0) {
            *out = (vo_method)m;
            return VO_OK;
        }
        if (m) strncat(list, ", ", sizeof list - strlen(list) - 1);
        strncat(list, method_name[m], sizeof list - strlen(list) - 1);
    }
    return vo_fail(err, VO_EINVAL, "method = \"%.40s\" is unknown: use one of %s", name, list);
}

vo_problem vo_problem_default(void) {
    return (vo_problem){.interval_h = 1, .ramp_mw_per_h = (double)INFINITY, .n_batteries = 1};
}

vo_schedule_options vo_schedule_options_default(void) {
    return (vo_schedule_options){.method = VO_METHOD_AUTO,
                                 .time_limit_s = (double)INFINITY,
                                 .low_percentile = 25,
                                 .high_percentile = 75};
}

/* One array: every element within lo..hi. Written so that NaN fails. */
static vo_status check_array(const char *name, const double *v, size_t n, double lo, double hi,
                             const char *remedy, vo_error *err) {
    if (!v) return VO_OK;
    for (size_t t = 0; t < n; t++)
        if (!(v[t] >= lo && v[t] <= hi))
            return vo_fail(err, VO_EINVAL, "%s[%zu] = %g is outside %g..%g: %s", name, t, v[t],
                           lo, hi, remedy);
    return VO_OK;
}

static vo_status check_order(const char *name, const int32_t *v, size_t n, vo_error *err) {
    if (!v) return VO_OK;
    for (size_t t = 1; t < n; t++)
        if (v[t] < v[t - 1])
            return vo_fail(err, VO_EINVAL,
                           "%s[%zu] = %d comes after %d: sort the intervals by time", name, t,
                           (int)v[t], (int)v[t - 1]);
    return VO_OK;
}

static vo_status check_scalar(const char *name, double v, double lo, double hi,
                              const char *remedy, vo_error *err) {
    if (v >= lo && v <= hi) return VO_OK;
    return vo_fail(err, VO_EINVAL, "%s = %g is outside %g..%g: %s", name, v, lo, hi, remedy);
}

static vo_status check_sizes(const vo_problem *p, vo_error *err) {
    if (p->n == 0)
        return vo_fail(err, VO_EINVAL, "n = 0: the series is empty, give at least one price");
    if (p->n > VO_MAX_INTERVALS)
        return vo_fail(err, VO_EINVAL, "n = %zu intervals is more than %u: split the series",
                       p->n, VO_MAX_INTERVALS);
    if (!p->price) return vo_fail(err, VO_EINVAL, "price is missing: give one per interval");
    if (!p->battery || p->n_batteries == 0 || p->n_batteries > VO_MAX_BATTERIES)
        return vo_fail(err, VO_EINVAL, "n_batteries = %zu: give 1 to %u batteries",
                       p->battery ? p->n_batteries : 0, VO_MAX_BATTERIES);
    return VO_OK;
}

static vo_status check_scalars(const vo_problem *p, vo_error *err) {
    if (!p->dt_h && !(p->interval_h >= VO_MIN_INTERVAL_H && p->interval_h <= VO_MAX_INTERVAL_H))
        return vo_fail(err, VO_EINVAL, "interval_h = %g is outside %g..%g: give hours",
                       p->interval_h, VO_MIN_INTERVAL_H, VO_MAX_INTERVAL_H);
    if (check_scalar("fee_per_mwh", p->fee_per_mwh, 0, VO_MAX_PRICE,
                     "give a cost per MWh, 0 for none", err) != VO_OK ||
        check_scalar("carbon_price_per_t", p->carbon_price_per_t, 0, VO_MAX_PRICE,
                     "give a cost per tonne, 0 for none", err) != VO_OK ||
        check_scalar("demand_charge_per_mw", p->demand_charge_per_mw, 0, VO_MAX_PRICE,
                     "give a cost per MW, 0 for none", err) != VO_OK)
        return VO_EINVAL;
    if (!(p->ramp_mw_per_h > 0))
        return vo_fail(err, VO_EINVAL,
                       "ramp_mw_per_h = %g is not positive: give MW per hour, or infinity",
                       p->ramp_mw_per_h);
    return VO_OK;
}

static vo_status check_arrays(const vo_problem *p, vo_error *err) {
    const double inf = (double)INFINITY;
    const struct {
        const char *name;
        const double *v;
        double lo, hi;
        const char *remedy;
    } a[] = {
        {"dt_h", p->dt_h, VO_MIN_INTERVAL_H, VO_MAX_INTERVAL_H,
         "lengths are hours, sorted by time"},
        {"price", p->price, -VO_MAX_PRICE, VO_MAX_PRICE, "fill or drop the interval"},
        {"export_price", p->export_price, -VO_MAX_PRICE, VO_MAX_PRICE, "fill the interval"},
        {"charge_limit_mw", p->charge_limit_mw, 0, inf, "give MW, 0 for an outage"},
        {"discharge_limit_mw", p->discharge_limit_mw, 0, inf, "give MW, 0 for an outage"},
        {"load_mw", p->load_mw, 0, VO_MAX_MW, "load is not negative; PV goes in pv_mw"},
        {"pv_mw", p->pv_mw, 0, VO_MAX_MW, "generation is not negative; set night to 0"},
        {"import_limit_mw", p->import_limit_mw, 0, inf, "give MW, infinity for none"},
        {"export_limit_mw", p->export_limit_mw, 0, inf, "give MW, infinity for none"},
        {"carbon_kg_per_mwh", p->carbon_kg_per_mwh, 0, VO_MAX_PRICE, "give kg per MWh"},
    };
    for (size_t i = 0; i < sizeof a / sizeof a[0]; i++)
        if (check_array(a[i].name, a[i].v, p->n, a[i].lo, a[i].hi, a[i].remedy, err) != VO_OK)
            return VO_EINVAL;
    if (check_order("day", p->day, p->n, err) != VO_OK) return VO_EINVAL;
    return check_order("demand_period", p->demand_period, p->n, err);
}

/* Self-discharge must leave something of the energy over the longest interval. */
static vo_status check_kept(const vo_problem *p, const vo_battery *b, vo_error *err) {
    double longest = p->dt_h ? p->dt_h[0] : p->interval_h;
    for (size_t t = 1; p->dt_h && t < p->n; t++) longest = fmax(longest, p->dt_h[t]);
    if (vo_battery_over(b, longest).keep >= VO_LEAST_KEPT) return VO_OK;
    return vo_fail(
        err, VO_EINVAL,
        "self_discharge_per_h = %g leaves nothing of the energy after an interval of "
        "%g h: give shorter intervals or a smaller loss",
        b->self_discharge_per_h, longest);
}

vo_status vo_problem_check(const vo_problem *p, vo_error *err) {
    if (check_sizes(p, err) != VO_OK || check_scalars(p, err) != VO_OK) return VO_EINVAL;
    for (size_t k = 0; k < p->n_batteries; k++) {
        vo_error inner = {0};
        if (vo_battery_check(&p->battery[k], &inner) == VO_OK) continue;
        return p->n_batteries == 1
                   ? vo_fail(err, VO_EINVAL, "%s", inner.msg)
                   : vo_fail(err, VO_EINVAL, "battery[%zu]: %.480s", k, inner.msg);
    }
    if (p->reserved != 0)
        return vo_fail(err, VO_EINVAL, "reserved = %d: set it to 0", (int)p->reserved);
    if (check_arrays(p, err) != VO_OK) return VO_EINVAL;
    for (size_t k = 0; k < p->n_batteries; k++)
        if (check_kept(p, &p->battery[k], err) != VO_OK) return VO_EINVAL;
    return VO_OK;
}

/* One block: the plan, then its arrays. */
vo_status vo_plan_create(size_t n, size_t n_batteries, vo_plan **out, vo_error *err) {
    if (n == 0 || n > VO_MAX_INTERVALS || n_batteries == 0 || n_batteries > VO_MAX_BATTERIES)
        return vo_fail(err, VO_EINVAL,
                       "a plan of %zu intervals for %zu batteries: give 1..%u "
                       "and 1..%u",
                       n, n_batteries, VO_MAX_INTERVALS, VO_MAX_BATTERIES);
    const size_t per_battery = 5 * n + (n + 1), total = per_battery * n_batteries + 3 * n;
    vo_plan *plan = vo_alloc_libc.zalloc(NULL, sizeof *plan + total * sizeof(double));
    if (!plan) return vo_fail(err, VO_ENOMEM, "a plan of %zu intervals", n);
    double *at = (double *)(void *)(plan + 1);
    plan->n = n;
    plan->n_batteries = n_batteries;
    plan->stored_mwh = at, at += (n + 1) * n_batteries;
    plan->power_mw = at, at += n * n_batteries;
    plan->value_of_stored_mwh = at, at += n * n_batteries;
    plan->dual_per_mwh = at, at += n * n_batteries;
    plan->flip_below = at, at += n * n_batteries;
    plan->flip_above = at, at += n * n_batteries;
    plan->curtailed_mw = at, at += n;
    plan->import_mw = at, at += n;
    plan->export_mw = at;
    plan->bound = (double)NAN;
    *out = plan;
    return VO_OK;
}

void vo_plan_free(vo_plan *plan) { vo_alloc_libc.free(NULL, plan); }
