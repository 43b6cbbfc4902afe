/* brute_force.c -- see brute_force.h. Shares no arithmetic with the engine. */
#include "support/brute_force.h"

#include <math.h>
#include <stdbool.h>

#include "base/random.h"

#define EPS 1e-9

/* ---- drawing ------------------------------------------------------------------------ */

static double whole(vo_random *r, int lo, int hi) {
    return lo + (double)vo_random_below(r, (uint64_t)(hi - lo + 1));
}

static bool chance(vo_random *r, double p) { return vo_random_unit(r) < p; }

static void draw_battery(vo_battery *b, vo_random *r) {
    *b = vo_battery_default();
    b->capacity_mwh = whole(r, 1, 4);
    b->charge_efficiency = chance(r, 0.5) ? 1 : 0.5;
    b->discharge_efficiency = chance(r, 0.5) ? 1 : 0.5;
    b->charge_mw = whole(r, 0, 3) / b->charge_efficiency;
    b->discharge_mw = whole(r, 0, 3) * b->discharge_efficiency;
    const double lo = chance(r, 0.3) ? whole(r, 0, (int)b->capacity_mwh) : 0;
    const double hi =
        chance(r, 0.3) ? whole(r, (int)lo, (int)b->capacity_mwh) : b->capacity_mwh;
    b->min_soc = lo / b->capacity_mwh;
    b->max_soc = hi / b->capacity_mwh;
    b->initial_soc = whole(r, (int)lo, (int)hi) / b->capacity_mwh;
    if (chance(r, 0.1)) b->initial_soc = whole(r, 0, (int)b->capacity_mwh) / b->capacity_mwh;
    b->final_kind = (int32_t)vo_random_below(r, 5);
    b->final_soc = whole(r, (int)lo, (int)hi) / b->capacity_mwh;
    b->final_value_per_mwh = whole(r, -10, 80);
    if (chance(r, 0.3)) b->wear_cost_per_mwh = whole(r, 0, 30);
    const double unit = b->discharge_efficiency; /* delivered by one stored MWh */
    if (hi > lo && chance(r, 0.3)) b->max_cycles_per_day = whole(r, 0, 4) * unit / (hi - lo);
    if (hi > lo && chance(r, 0.2)) b->max_cycles = whole(r, 0, 5) * unit / (hi - lo);
}

/* Even numbers only: half of one is whole, whatever the losses. */
static void draw_site(grid_problem *g, vo_random *r) {
    vo_problem *p = &g->p;
    const bool load = chance(r, 0.4), pv = chance(r, 0.4);
    const bool in = chance(r, 0.2), out = chance(r, 0.2);
    p->load_mw = load ? g->load : NULL;
    p->pv_mw = pv ? g->pv : NULL;
    p->import_limit_mw = in ? g->import_limit : NULL;
    p->export_limit_mw = out ? g->export_limit : NULL;
    p->curtailable = chance(r, 0.5);
    for (size_t t = 0; t < p->n; t++) {
        g->load[t] = 2 * whole(r, 0, 2);
        g->pv[t] = 2 * whole(r, 0, 2);
        g->import_limit[t] = (load ? g->load[t] : 0) + 2 * whole(r, chance(r, 0.2) ? -1 : 0, 2);
        g->import_limit[t] = fmax(g->import_limit[t], 0);
        g->export_limit[t] = (pv ? g->pv[t] : 0) + 2 * whole(r, chance(r, 0.2) ? -1 : 0, 2);
        g->export_limit[t] = fmax(g->export_limit[t], 0);
    }
}

static void draw_prices(grid_problem *g, vo_random *r) {
    const bool spread = chance(r, 0.3), cheap = chance(r, 0.2), positive = chance(r, 0.4);
    g->p.price = g->price;
    g->p.export_price = spread || cheap ? g->export_price : NULL;
    for (size_t t = 0; t < g->p.n; t++) {
        g->price[t] = whole(r, positive ? 0 : -100, 100);
        g->export_price[t] = g->price[t] + whole(r, spread ? -60 : 0, cheap ? 60 : 0);
        g->carbon[t] = whole(r, 0, 500);
    }
    if (chance(r, 0.2)) g->p.fee_per_mwh = whole(r, 0, 20);
    if (chance(r, 0.2)) g->p.carbon_kg_per_mwh = g->carbon, g->p.carbon_price_per_t = 50;
}

void grid_problem_init(grid_problem *g, uint64_t seed) {
    vo_random random = vo_random_seed(seed, 77), *r = &random;
    *g = (grid_problem){.p = vo_problem_default()};
    vo_problem *p = &g->p;
    p->battery = &g->battery;
    p->n = (size_t)whole(r, 1, GRID_MAX_INTERVALS);
    draw_battery(&g->battery, r);
    draw_prices(g, r);
    draw_site(g, r);
    const bool outage = chance(r, 0.2);
    p->charge_limit_mw = outage ? g->charge_limit : NULL;
    p->discharge_limit_mw = outage ? g->discharge_limit : NULL;
    p->dt_h = chance(r, 0.2) ? g->hours : NULL;
    p->day = chance(r, 0.7) ? g->day : NULL;
    for (size_t t = 0; t < p->n; t++) {
        g->charge_limit[t] = whole(r, 0, 2) / g->battery.charge_efficiency;
        g->discharge_limit[t] = whole(r, 0, 2) * g->battery.discharge_efficiency;
        g->hours[t] = whole(r, 1, 2);
        g->day[t] = (t ? g->day[t - 1] : 0) + chance(r, 0.3);
    }
}

/* ---- trying ------------------------------------------------------------------------- */

typedef struct {
    const vo_problem *p;
    const vo_battery *b;
    brute_force_answer best;
} search;

/* A plan begun: what it did so far. */
typedef struct {
    double stored, today, ever, violation, profit;
} walk;

static double at(const double *v, size_t t, double otherwise) { return v ? v[t] : otherwise; }
static double above(double v, double limit) { return v > limit + EPS ? v - limit : 0; }

static bool is_better(brute_force_answer a, brute_force_answer b) {
    if (fabs(a.violation - b.violation) > EPS) return a.violation < b.violation;
    return a.profit > b.profit;
}

/* Interval t at the meter with `x` MWh from battery, PV and load together, over the few amounts
 * of curtailment that can be best. */
static brute_force_answer best_at_meter(const search *s, size_t t, double x, double pv,
                                        double h) {
    const vo_problem *p = s->p;
    const double in = at(p->import_limit_mw, t, (double)INFINITY) * h;
    const double out = at(p->export_limit_mw, t, (double)INFINITY) * h;
    const double buy = p->price[t] + p->fee_per_mwh +
                       at(p->carbon_kg_per_mwh, t, 0) * p->carbon_price_per_t / 1000;
    const double sell = at(p->export_price, t, p->price[t]) - p->fee_per_mwh;
    const double tried[] = {0, pv, x, x - out, x + in};
    brute_force_answer best = {.violation = (double)INFINITY};
    for (int i = 0; i < (p->curtailable ? 5 : 1); i++) {
        const double left = x - tried[i];
        if (!(tried[i] >= 0 && tried[i] <= pv)) continue;
        const brute_force_answer now = {.violation = above(left, out) + above(-left, in),
                                        .profit = left > 0 ? sell * left : buy * left};
        if (is_better(now, best)) best = now;
    }
    return best;
}

static double missed_at_end(const vo_battery *b, double stored) {
    const double final = b->final_soc * b->capacity_mwh;
    const double initial = b->initial_soc * b->capacity_mwh;
    if (b->final_kind == VO_FINAL_AT_LEAST_INITIAL) return above(initial, stored);
    if (b->final_kind == VO_FINAL_AT_LEAST) return above(final, stored);
    if (b->final_kind == VO_FINAL_EXACT) return above(final, stored) + above(stored, final);
    return 0;
}

static double usable(const vo_battery *b) {
    return (b->max_soc - b->min_soc) * b->capacity_mwh;
}

static void end_day(const search *s, walk *w) {
    if (isfinite(s->b->max_cycles_per_day))
        w->violation += above(w->today, s->b->max_cycles_per_day * usable(s->b));
    w->today = 0;
}

static void finish(search *s, walk w) {
    end_day(s, &w);
    if (isfinite(s->b->max_cycles))
        w.violation += above(w.ever, s->b->max_cycles * usable(s->b));
    w.violation += missed_at_end(s->b, w.stored);
    if (s->b->final_kind == VO_FINAL_VALUE) w.profit += s->b->final_value_per_mwh * w.stored;
    const brute_force_answer now = {w.violation, w.profit};
    if (is_better(now, s->best)) s->best = now;
}

/* The walk after moving to `next` in interval t; false if power limits forbid it. */
static bool step(const search *s, size_t t, double next, walk *w) {
    const vo_problem *p = s->p;
    const vo_battery *b = s->b;
    const double h = at(p->dt_h, t, p->interval_h);
    const double in = fmin(b->charge_mw, at(p->charge_limit_mw, t, b->charge_mw)) * h;
    const double out = fmin(b->discharge_mw, at(p->discharge_limit_mw, t, b->discharge_mw)) * h;
    const double up = next > w->stored ? (next - w->stored) / b->charge_efficiency : 0;
    const double down = next < w->stored ? (w->stored - next) * b->discharge_efficiency : 0;
    if (up > in + EPS || down > out + EPS) return false;
    const double pv = at(p->pv_mw, t, 0) * h, load = at(p->load_mw, t, 0) * h;
    const brute_force_answer meter = best_at_meter(s, t, down - up + pv - load, pv, h);
    w->violation += meter.violation + above(next, b->max_soc * b->capacity_mwh) +
                    above(b->min_soc * b->capacity_mwh, next);
    w->profit += meter.profit - b->wear_cost_per_mwh * down;
    w->today += down;
    w->ever += down;
    w->stored = next;
    return true;
}

static void try_all(search *s, size_t t, walk w) {
    if (t == s->p->n) {
        finish(s, w);
        return;
    }
    if (t > 0 && s->p->day && s->p->day[t] != s->p->day[t - 1]) end_day(s, &w);
    for (double next = 0; next <= s->b->capacity_mwh; next++) {
        walk further = w;
        if (step(s, t, next, &further)) try_all(s, t + 1, further);
    }
}

brute_force_answer brute_force(const vo_problem *p) {
    search s = {.p = p, .b = p->battery, .best = {.violation = (double)INFINITY}};
    try_all(&s, 0, (walk){.stored = rint(s.b->initial_soc * s.b->capacity_mwh)});
    return s.best;
}
