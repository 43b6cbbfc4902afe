/* window.c -- see window.h. */
#include "policy/window.h"

#include <math.h>
#include <string.h>

#include "optimize/cycle.h"
#include "optimize/exact.h"
#include "optimize/spread.h"
#include "optimize/threshold.h"

struct vo_window {
    const vo_policy_world *world;
    const vo_alloc *alloc;
    vo_exact *exact;
    vo_plan *plan;            /* for the longest window; plan->n is set to the present one   */
    double *discharge_cap_mw; /* [longest] */
    vo_battery battery;
    vo_problem problem;
};

static vo_status refuse(const char *field, vo_error *err) {
    return vo_fail(err, VO_EUNSUPPORTED,
                   "%s: policies run one battery whose intervals are tied by its energy only; "
                   "optimize the span with method \"lp\"",
                   field);
}

static vo_status check(const vo_policy_world *world, vo_error *err) {
    const vo_problem *p = world->site;
    if (p->n_batteries != 1) return refuse("n_batteries > 1", err);
    if (p->demand_charge_per_mw > 0) return refuse("demand_charge_per_mw", err);
    if (isfinite(p->ramp_mw_per_h)) return refuse("ramp_mw_per_h", err);
    if (world->calendar->n != p->n)
        return vo_fail(err, VO_EINVAL,
                       "calendar has %zu intervals and the problem %zu: give the same span",
                       world->calendar->n, p->n);
    if (world->longest == 0 || world->longest > p->n)
        return vo_fail(err, VO_EINVAL, "longest = %zu is not in 1..%zu", world->longest, p->n);
    return VO_OK;
}

vo_status vo_window_create(const vo_policy_world *world, vo_window **out, vo_error *err) {
    vo_status st = check(world, err);
    if (st != VO_OK) return st;
    const vo_alloc *a = world->alloc ? world->alloc : &vo_alloc_libc;
    vo_window *w = a->zalloc(a->ctx, sizeof *w);
    if (!w) return vo_fail(err, VO_ENOMEM, "a planning window");
    w->world = world;
    w->alloc = a;
    w->discharge_cap_mw = a->zalloc(a->ctx, world->longest * sizeof(double));
    if (!w->discharge_cap_mw) {
        st = vo_fail(err, VO_ENOMEM, "a planning window of %zu intervals", world->longest);
        goto fail;
    }
    st = vo_plan_create(world->longest, 1, &w->plan, err);
    if (st != VO_OK) goto fail;
    st = vo_exact_create(a, &w->exact, err);
    if (st != VO_OK) goto fail;
    *out = w;
    return VO_OK;

fail:
    vo_window_free(w);
    return st;
}

void vo_window_free(vo_window *w) {
    if (!w) return;
    vo_exact_free(w->exact);
    vo_plan_free(w->plan);
    w->alloc->free(w->alloc->ctx, w->discharge_cap_mw);
    w->alloc->free(w->alloc->ctx, w);
}

static const double *shifted(const double *v, size_t from) { return v ? v + from : NULL; }

/* What is left of the local day's allowance, for a day already under way. */
static void limit_today(vo_window *w, const vo_policy_view *view) {
    const vo_problem *site = w->world->site;
    const vo_series *cal = w->world->calendar;
    const double usable = vo_battery_usable_mwh(&w->battery);
    if (!(view->day_left_mwh < w->battery.max_cycles_per_day * usable)) return;
    if (cal->day[view->from] == cal->day[view->to - 1]) {
        w->battery.max_cycles_per_day = fmax(view->day_left_mwh, 0) / usable;
        return;
    }
    const size_t n = view->to - view->from;
    for (size_t i = 0; i < n; i++) {
        const size_t t = view->from + i;
        const double own =
            site->discharge_limit_mw ? site->discharge_limit_mw[t] : w->battery.discharge_mw;
        const double dt_h = site->dt_h ? site->dt_h[t] : site->interval_h;
        const bool today = cal->day[t] == cal->day[view->from];
        w->discharge_cap_mw[i] = today ? fmin(own, fmax(view->day_left_mwh, 0) / dt_h) : own;
    }
    w->problem.discharge_limit_mw = w->discharge_cap_mw;
}

/* The site's problem between from and to, as it stands now. */
static void frame(vo_window *w, const vo_policy_view *view, const double *price,
                  const double *export_price) {
    const vo_problem *site = w->world->site;
    const size_t from = view->from;
    w->battery = site->battery[0];
    const double soc = view->stored_mwh / w->battery.capacity_mwh;
    w->battery.initial_soc = soc < 0 ? 0 : soc > 1 ? 1 : soc;
    w->battery.final_kind = view->final_kind;
    w->battery.final_soc = view->final_soc;
    if (isfinite(view->span_left_mwh))
        w->battery.max_cycles =
            fmax(view->span_left_mwh, 0) / vo_battery_usable_mwh(&w->battery);

    w->problem = *site;
    w->problem.n = view->to - from;
    w->problem.battery = &w->battery;
    w->problem.price = price;
    w->problem.export_price = export_price;
    w->problem.dt_h = shifted(site->dt_h, from);
    w->problem.day = w->world->calendar->day + from;
    w->problem.charge_limit_mw = shifted(site->charge_limit_mw, from);
    w->problem.discharge_limit_mw = shifted(site->discharge_limit_mw, from);
    w->problem.load_mw = shifted(site->load_mw, from);
    w->problem.pv_mw = shifted(site->pv_mw, from);
    w->problem.import_limit_mw = shifted(site->import_limit_mw, from);
    w->problem.export_limit_mw = shifted(site->export_limit_mw, from);
    w->problem.carbon_kg_per_mwh = shifted(site->carbon_kg_per_mwh, from);
    w->problem.demand_period = NULL;
    limit_today(w, view);
    w->plan->n = w->problem.n;
}

/* Exact, on the solver's kept workspace; what it cannot settle goes through vo_schedule. */
static vo_status solve_exact(vo_window *w, bool only_first, double *power_mw, vo_error *err) {
    const vo_battery *b = &w->battery;
    bool feasible = false, closed = true;
    vo_status st;
    if (only_first && isinf(b->max_cycles_per_day) && isinf(b->max_cycles)) {
        st = vo_exact_first(w->exact, &w->problem, power_mw, &feasible, err);
        if (st != VO_OK || feasible) return st;
    } else {
        st = vo_exact_solve(w->exact, &w->problem, VO_DETAIL_PLAN, w->plan, &feasible, &closed,
                            err);
    }
    if (st == VO_OK && !(feasible && closed)) {
        vo_schedule_options o = vo_schedule_options_default();
        o.detail = VO_DETAIL_PLAN;
        st = vo_schedule(&w->problem, &o, w->plan, err);
    }
    if (st == VO_OK) memcpy(power_mw, w->plan->power_mw, w->problem.n * sizeof *power_mw);
    return st;
}

vo_status vo_window_solve(vo_window *w, const vo_policy_view *view, const double *price,
                          const double *export_price, vo_method method,
                          double idle_gain_per_mwh, double *power_mw, vo_error *err) {
    frame(w, view, price, export_price);
    w->battery.wear_cost_per_mwh += idle_gain_per_mwh;
    if (method == VO_METHOD_EXACT) return solve_exact(w, view->only_first, power_mw, err);
    const vo_schedule_options o = vo_schedule_options_default();
    const vo_status st = method == VO_METHOD_SPREAD
                             ? vo_spread_schedule(&w->problem, &o, w->plan, err)
                             : vo_cycle_schedule(&w->problem, &o, w->plan, err);
    if (st == VO_OK) memcpy(power_mw, w->plan->power_mw, w->problem.n * sizeof *power_mw);
    return st;
}

const vo_problem *vo_window_problem(vo_window *w, const vo_policy_view *view,
                                    const double *price, const double *export_price) {
    frame(w, view, price, export_price);
    return &w->problem;
}

vo_status vo_window_explain(vo_window *w, const vo_policy_view *view, const double *price,
                            const double *export_price, double idle_gain_per_mwh,
                            vo_policy_why *out, vo_error *err) {
    bool feasible = false, closed = true;
    frame(w, view, price, export_price);
    w->battery.wear_cost_per_mwh += idle_gain_per_mwh;
    vo_status st =
        vo_exact_solve(w->exact, &w->problem, VO_DETAIL_ALL, w->plan, &feasible, &closed, err);
    if (st == VO_OK && !(feasible && closed)) {
        const vo_schedule_options o = vo_schedule_options_default();
        st = vo_schedule(&w->problem, &o, w->plan, err);
        out->by_lp = st == VO_OK;
    }
    if (st != VO_OK) return st;
    out->flip_below = w->plan->flip_below[0];
    out->flip_above = w->plan->flip_above[0];
    out->value_per_mwh = w->plan->value_of_stored_mwh[0];
    return VO_OK;
}

vo_status vo_window_follow(vo_window *w, const vo_policy_view *view, const double *price,
                           const double *export_price, double low, double high,
                           double *power_mw, vo_error *err) {
    frame(w, view, price, export_price);
    const vo_status st = vo_threshold_follow(&w->problem, low, high, w->plan, err);
    if (st == VO_OK) memcpy(power_mw, w->plan->power_mw, w->problem.n * sizeof *power_mw);
    return st;
}
