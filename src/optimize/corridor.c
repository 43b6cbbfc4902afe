/* corridor.c -- see corridor.h for the idea and the equations.
 *
 * One backward pass fixes the edges, one forward pass plays. The backward pass ends as soon as
 * both edges have reached min and max in a problem whose power limits do not vary: before
 * that moment everything is reachable.
 */
#include "optimize/corridor.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

#include "grid/settlement.h"

double vo_corridor_dt(const vo_corridor *c, size_t t) {
    return c->p->dt_h ? c->p->dt_h[t] : c->p->interval_h;
}

const vo_corridor_step_length *vo_corridor_length(vo_corridor *c, size_t t) {
    const double dt_h = vo_corridor_dt(c, t);
    if (dt_h != c->length.dt_h) {
        c->length.dt_h = dt_h;
        c->length.over = vo_battery_over(c->b, dt_h);
    }
    return &c->length;
}

/* fmin and fmax are calls here, for the sake of NAN; these are instructions. */
static double least(double a, double b) { return a < b ? a : b; }
static double most(double a, double b) { return a > b ? a : b; }

static double clamp(double x, double low, double high) {
    return x < low ? low : x > high ? high : x;
}

vo_corridor_range vo_corridor_range_at(const vo_corridor *c, size_t t) {
    const vo_problem *p = c->p;
    vo_corridor_range r = {-c->b->charge_mw, c->b->discharge_mw};
    if (!c->ranged) return r;
    if (p->charge_limit_mw) r.min_mw = most(r.min_mw, -p->charge_limit_mw[t]);
    if (p->discharge_limit_mw) r.max_mw = least(r.max_mw, p->discharge_limit_mw[t]);
    const double load = p->load_mw ? p->load_mw[t] : 0, pv = p->pv_mw ? p->pv_mw[t] : 0;
    const vo_corridor_range own = r;
    if (p->import_limit_mw)
        r.min_mw = clamp(load - pv - p->import_limit_mw[t], own.min_mw, own.max_mw);
    if (p->export_limit_mw)
        r.max_mw = clamp(p->export_limit_mw[t] + load - (p->curtailable ? 0 : pv), r.min_mw,
                         own.max_mw);
    return r;
}

/* MWh added to the store by a power at the terminals. */
static double added_mwh(const vo_corridor_step_length *l, double power_mw) {
    return power_mw > 0 ? -l->over.drain * power_mw * l->dt_h
                        : -l->over.gain * power_mw * l->dt_h;
}

/* The power that adds so much; the inverse of added_mwh. */
static double power_that_adds(const vo_corridor_step_length *l, double mwh) {
    return mwh < 0 ? -mwh / (l->over.drain * l->dt_h) : -mwh / (l->over.gain * l->dt_h);
}

static void set_end_rule(vo_corridor *c) {
    const vo_battery *b = c->b;
    const double cap = b->capacity_mwh;
    c->final_low_mwh = c->min_mwh;
    c->final_high_mwh = c->max_mwh;
    c->final_value_per_mwh = 0;
    switch ((vo_final_kind)b->final_kind) {
    case VO_FINAL_AT_LEAST_INITIAL:
        c->final_low_mwh = b->initial_soc * cap;
        break;
    case VO_FINAL_EXACT:
        c->final_low_mwh = c->final_high_mwh = b->final_soc * cap;
        break;
    case VO_FINAL_AT_LEAST:
        c->final_low_mwh = b->final_soc * cap;
        break;
    case VO_FINAL_FREE:
        break;
    case VO_FINAL_VALUE:
        c->final_value_per_mwh = b->final_value_per_mwh;
        break;
    }
    c->final_low_mwh = clamp(c->final_low_mwh, c->min_mwh, c->max_mwh);
    c->final_high_mwh = clamp(c->final_high_mwh, c->min_mwh, c->max_mwh);
}

static bool same_day(const vo_problem *p, size_t a, size_t b) {
    return !p->day || p->day[a] == p->day[b];
}

/* Fills low, high (and, with cycle limits, drop_left_mwh) from the end backwards. */
static void draw_edges(vo_corridor *c) {
    const vo_problem *p = c->p;
    double low = c->final_low_mwh, high = c->final_high_mwh;
    double day_high = high, drop = 0; /* of the day of interval t */
    /* what is allowed once is allowed before, unless energy leaks from the floor */
    const bool steady =
        !c->ranged && !c->limited && (c->min_mwh <= 0 || c->b->self_discharge_per_h <= 0);
    for (size_t t = p->n; t-- > 0;) {
        if (t + 1 < p->n && !same_day(p, t, t + 1)) day_high = high, drop = 0;
        c->low[t] = low;
        c->high[t] = high;
        if (c->limited) c->drop_left_mwh[t] = drop;
        if (steady && low <= c->min_mwh && high >= c->max_mwh) {
            c->tight_from = t;
            return;
        }
        const vo_corridor_range r = vo_corridor_range_at(c, t);
        const vo_corridor_step_length *l = vo_corridor_length(c, t);
        low = (low - added_mwh(l, r.min_mw)) / l->over.keep;
        high = (high - added_mwh(l, r.max_mw)) / l->over.keep;
        if (c->limited) {
            drop += most(r.max_mw, 0) * l->dt_h;
            high = least(high, day_high + l->over.drain * least(c->day_allowance_mwh, drop));
        }
        low = clamp(low, c->min_mwh, c->max_mwh);
        high = clamp(high, c->min_mwh, c->max_mwh);
        if (low > high) low = high = 0.5 * (low + high); /* a contradiction: shown at close */
    }
    c->tight_from = 0;
}

static void enter_day(vo_corridor *c, size_t t) {
    const vo_problem *p = c->p;
    c->day_end = p->n;
    if (p->day)
        for (c->day_end = t + 1; c->day_end < p->n && p->day[c->day_end] == p->day[t];)
            c->day_end++;
    c->day_left_mwh = c->day_allowance_mwh;
    c->day_high_mwh = c->high[c->day_end - 1];
}

static vo_status refuse(const char *field, const char *method, vo_error *err) {
    return vo_fail(err, VO_EUNSUPPORTED,
                   "%s: the method \"%s\" plans one battery, interval by interval; use method "
                   "\"lp\"",
                   field, method);
}

vo_status vo_corridor_open(vo_corridor *c, const vo_problem *p, vo_plan *plan,
                           const char *method, vo_error *err) {
    assert(plan->n == p->n);
    if (p->n_batteries != 1) return refuse("n_batteries > 1", method, err);
    if (p->demand_charge_per_mw > 0) return refuse("demand_charge_per_mw", method, err);
    if (isfinite(p->ramp_mw_per_h)) return refuse("ramp_mw_per_h", method, err);

    const vo_battery *b = p->battery;
    const bool site = p->load_mw || p->pv_mw || p->import_limit_mw || p->export_limit_mw;
    *c = (vo_corridor){
        .p = p,
        .b = b,
        .plan = plan,
        .plain = !site,
        .ranged = p->charge_limit_mw || p->discharge_limit_mw || p->import_limit_mw ||
                  p->export_limit_mw,
        .limited = isfinite(b->max_cycles_per_day) || isfinite(b->max_cycles),
        .min_mwh = b->min_soc * b->capacity_mwh,
        .max_mwh = b->max_soc * b->capacity_mwh,
        .low = plan->value_of_stored_mwh,
        .high = plan->flip_below,
        .drop_left_mwh = plan->flip_above,
        .day_allowance_mwh = b->max_cycles_per_day * vo_battery_usable_mwh(b),
        .span_left_mwh = b->max_cycles * vo_battery_usable_mwh(b),
        .stored_mwh = b->initial_soc * b->capacity_mwh,
        .first_excess = -1,
    };
    c->alike = c->plain && !c->ranged && !c->limited && !p->dt_h;
    if (isnan(c->day_allowance_mwh)) c->day_allowance_mwh = HUGE_VAL; /* INFINITY * 0 MWh */
    if (isnan(c->span_left_mwh)) c->span_left_mwh = HUGE_VAL;
    set_end_rule(c);
    draw_edges(c);
    if (c->limited) enter_day(c, 0);
    plan->stored_mwh[0] = c->stored_mwh;
    return VO_OK;
}

/* Meter flows and money of intervals at their final power, without a site behind the meter. */
static void settle_plain(vo_corridor *c, size_t from, size_t to, double dt_h) {
    const vo_problem *p = c->p;
    vo_plan *plan = c->plan;
    for (size_t t = from; t < to; t++) {
        const double power_mw = plan->power_mw[t];
        plan->curtailed_mw[t] = 0;
        plan->import_mw[t] = power_mw >= 0 ? 0 : -power_mw;
        plan->export_mw[t] = power_mw >= 0 ? power_mw : 0;
    }
    const double *export_price = p->export_price ? p->export_price : p->price;
    const double wear = c->b->wear_cost_per_mwh, fee = p->fee_per_mwh;
    double profit = c->profit;
    for (size_t t = from; t < to; t++) {
        const double power_mw = plan->power_mw[t];
        const double sell = export_price[t] - fee;
        double buy = p->price[t] + fee;
        if (p->carbon_kg_per_mwh) buy += p->carbon_kg_per_mwh[t] / 1000 * p->carbon_price_per_t;
        if (wear > 0) profit -= wear * most(power_mw, 0) * dt_h;
        profit += (power_mw >= 0 ? sell : buy) * power_mw * dt_h;
    }
    c->profit = profit;
}

/* The same for one interval of any site. */
static void settle(vo_corridor *c, size_t t, double power_mw, double dt_h) {
    if (c->plain) {
        settle_plain(c, t, t + 1, dt_h);
        return;
    }
    vo_plan *plan = c->plan;
    const vo_site_interval site = vo_site_at(c->p, t);
    const vo_site_flow f = vo_site_settle(&site, power_mw * dt_h);
    c->profit -= c->b->wear_cost_per_mwh * most(power_mw, 0) * dt_h;
    c->profit += f.cash;
    c->site_excess_mwh += f.excess_mwh;
    if (f.excess_mwh > 0 && c->first_excess < 0) c->first_excess = (int64_t)t;
    plan->import_mw[t] = f.import_mwh / dt_h;
    plan->export_mw[t] = f.export_mwh / dt_h;
    plan->curtailed_mw[t] = f.curtailed_mwh / dt_h;
}

/* Today's and the span's allowance bound the power and lower the upper edge. */
static void respect_cycles(vo_corridor *c, size_t t, const vo_corridor_step_length *l,
                           vo_corridor_range *r, double want_mw, double *high) {
    if (t == c->day_end) enter_day(c, t);
    const double left = most(least(c->day_left_mwh, c->span_left_mwh), 0);
    r->max_mw = most(least(r->max_mw, left / l->dt_h), r->min_mw);
    const double used = most(clamp(want_mw, r->min_mw, r->max_mw), 0) * l->dt_h;
    const double day = least(c->day_left_mwh - used, c->drop_left_mwh[t]);
    *high = least(*high, c->day_high_mwh + l->over.drain * most(day, 0));
    *high = least(*high, c->final_high_mwh + l->over.drain * most(c->span_left_mwh - used, 0));
    *high = most(*high, c->min_mwh);
}

/* The power nearest to the wish that ends within the edges, and in *next what is then stored.
 * Power limits hold before the edges, and the low edge before the high one. */
static inline double power_within(const vo_corridor_step_length *l, vo_corridor_range r,
                                  double low, double high, double tol, double want_mw,
                                  double stored_mwh, double *next) {
    const double kept = l->over.keep * stored_mwh;
    double power = clamp(want_mw, r.min_mw, r.max_mw);
    *next = kept + added_mwh(l, power);
    if (*next < low || *next > high) {
        const double goal = *next < low ? low : most(high, low);
        power = clamp(power_that_adds(l, goal - kept), r.min_mw, r.max_mw);
        *next = kept + added_mwh(l, power);
        if (fabs(*next - goal) <= tol) *next = goal;
    }
    return power;
}

static double goal_tolerance(const vo_corridor *c) { return 1e-12 * c->b->capacity_mwh; }

void vo_corridor_step(vo_corridor *c, size_t t, double want_mw) {
    const vo_corridor_step_length *l = vo_corridor_length(c, t);
    vo_corridor_range r = vo_corridor_range_at(c, t);
    double low = c->min_mwh, high = c->max_mwh;
    if (t >= c->tight_from) low = c->low[t], high = c->high[t];
    if (c->limited) respect_cycles(c, t, l, &r, want_mw, &high);

    const double power = power_within(l, r, low, high, goal_tolerance(c), want_mw,
                                      c->stored_mwh, &c->stored_mwh);
    if (c->limited && power > 0) {
        c->day_left_mwh -= power * l->dt_h;
        c->span_left_mwh -= power * l->dt_h;
    }
    c->plan->power_mw[t] = power;
    c->plan->stored_mwh[t + 1] = c->stored_mwh;
    if (!c->alike) settle(c, t, power, l->dt_h);
}

/* Steps through intervals that are alike, with what they share at hand. */
static void play_alike(vo_corridor *c, size_t from, size_t to) {
    const vo_corridor_step_length l = *vo_corridor_length(c, from);
    const vo_corridor_range r = vo_corridor_range_at(c, from);
    const double min = c->min_mwh, max = c->max_mwh, tol = goal_tolerance(c);
    const size_t easy = to < c->tight_from ? to : c->tight_from;
    double *power = c->plan->power_mw, *after = c->plan->stored_mwh + 1;
    double stored = c->stored_mwh;
    size_t t = from;
    for (; t < easy; t++) {
        power[t] = power_within(&l, r, min, max, tol, power[t], stored, &stored);
        after[t] = stored;
    }
    for (; t < to; t++) {
        power[t] = power_within(&l, r, c->low[t], c->high[t], tol, power[t], stored, &stored);
        after[t] = stored;
    }
    c->stored_mwh = stored;
}

void vo_corridor_play(vo_corridor *c, size_t from, size_t to) {
    if (c->alike)
        play_alike(c, from, to);
    else
        for (size_t t = from; t < to; t++) vo_corridor_step(c, t, c->plan->power_mw[t]);
}

static void add_violation(vo_plan *plan, vo_limit limit, int64_t interval, double amount) {
    if ((size_t)plan->n_violations >= sizeof plan->violation / sizeof plan->violation[0])
        return;
    plan->violation[plan->n_violations++] = (vo_violation){.limit = (int32_t)limit,
                                                           .interval = interval,
                                                           .amount = amount,
                                                           .shadow_price = (double)NAN};
}

/* Where and by how much stored energy leaves min..max. */
static void list_soc_violations(const vo_corridor *c, double tol) {
    const double *after = c->plan->stored_mwh + 1;
    const double floor_mwh = c->min_mwh - tol, ceiling_mwh = c->max_mwh + tol;
    const size_t n = c->p->n;
    size_t outside = 0; /* nearly always 0 */
    for (size_t t = 0; t < n; t++) outside += (after[t] < floor_mwh) | (after[t] > ceiling_mwh);
    if (outside == 0) return;
    double under = 0, over = 0;
    int64_t under_at = -1, over_at = -1;
    for (size_t t = 0; t < n; t++) {
        if (after[t] < floor_mwh) {
            if (under_at < 0) under_at = (int64_t)t;
            under = most(under, c->min_mwh - after[t]);
        }
        if (after[t] > ceiling_mwh) {
            if (over_at < 0) over_at = (int64_t)t;
            over = most(over, after[t] - c->max_mwh);
        }
    }
    if (under > 0) add_violation(c->plan, VO_LIMIT_MIN_SOC, under_at, under);
    if (over > 0) add_violation(c->plan, VO_LIMIT_MAX_SOC, over_at, over);
}

/* The day that discharges most beyond its allowance. */
static void list_day_violation(vo_corridor *c, double tol) {
    const vo_problem *p = c->p;
    double day = 0, worst = 0;
    int64_t at = -1;
    for (size_t t = 0, first = 0; t < p->n; t++) {
        if (t && !same_day(p, t - 1, t)) day = 0, first = t;
        day += most(c->plan->power_mw[t], 0) * vo_corridor_length(c, t)->dt_h;
        if (day - c->day_allowance_mwh <= worst) continue;
        worst = day - c->day_allowance_mwh;
        at = (int64_t)first;
    }
    if (worst > tol) add_violation(c->plan, VO_LIMIT_CYCLES_PER_DAY, at, worst);
}

/* Names what could not be kept. Cheap tests first: nearly always there is nothing. */
static void list_violations(vo_corridor *c) {
    const vo_problem *p = c->p;
    vo_plan *plan = c->plan;
    const double tol = 1e-9 * c->b->capacity_mwh;
    const double end = c->stored_mwh;
    const vo_battery *b = c->b;
    const double asked = b->final_soc * b->capacity_mwh; /* also where min..max is narrower */
    const bool exact = b->final_kind == VO_FINAL_EXACT;
    const double end_low = b->final_kind == VO_FINAL_AT_LEAST_INITIAL
                               ? b->initial_soc * b->capacity_mwh
                           : exact || b->final_kind == VO_FINAL_AT_LEAST ? asked
                                                                         : c->final_low_mwh;
    const double miss = most(end_low - end, end - (exact ? asked : c->final_high_mwh));
    if (miss > tol) add_violation(plan, VO_LIMIT_FINAL_SOC, (int64_t)p->n - 1, miss);
    if (c->site_excess_mwh > tol) {
        const vo_limit which = p->import_limit_mw && plan->import_mw[c->first_excess] >
                                                         p->import_limit_mw[c->first_excess]
                                   ? VO_LIMIT_IMPORT_LIMIT
                                   : VO_LIMIT_EXPORT_LIMIT;
        add_violation(plan, which, c->first_excess, c->site_excess_mwh);
    }
    if (c->limited && c->span_left_mwh < -tol)
        add_violation(plan, VO_LIMIT_CYCLES, -1, -c->span_left_mwh);
    if (c->limited) list_day_violation(c, tol);
    list_soc_violations(c, tol);
}

void vo_corridor_close(vo_corridor *c, const char *method) {
    vo_plan *plan = c->plan;
    if (c->alike) settle_plain(c, 0, plan->n, c->p->interval_h);
    plan->n_violations = 0;
    list_violations(c);
    plan->profit = c->profit + c->final_value_per_mwh * c->stored_mwh;
    plan->bound = (double)NAN;
    plan->verdict = plan->n_violations ? VO_VERDICT_LEAST_VIOLATING : VO_VERDICT_FEASIBLE;
    for (size_t t = 0; t < plan->n; t++) {
        plan->value_of_stored_mwh[t] = (double)NAN;
        plan->dual_per_mwh[t] = (double)NAN;
        plan->flip_below[t] = (double)NAN;
        plan->flip_above[t] = (double)NAN;
    }
    (void)snprintf(plan->method, sizeof plan->method, "%s", method);
}
