/* exact.c -- see exact.h: what surrounds the sweep. */
#include "optimize/exact.h"

#include <math.h>
#include <string.h>

#include "optimize/cycle_limits.h"
#include "optimize/sweep.h"

struct vo_exact {
    const vo_alloc *alloc;
    vo_sweep sweep;
    vo_cycle_limits *limits; /* made when first needed */
};

vo_status vo_exact_create(const vo_alloc *alloc, vo_exact **out, vo_error *err) {
    if (!alloc) alloc = &vo_alloc_libc;
    vo_exact *e = alloc->zalloc(alloc->ctx, sizeof *e);
    if (!e) return vo_fail(err, VO_ENOMEM, "the exact solver");
    e->alloc = alloc;
    vo_sweep_init(&e->sweep, alloc);
    *out = e;
    return VO_OK;
}

void vo_exact_free(vo_exact *e) {
    if (!e) return;
    vo_cycle_limits_free(e->limits);
    vo_sweep_fini(&e->sweep);
    e->alloc->free(e->alloc->ctx, e);
}

vo_status vo_exact_supports(const vo_problem *p, vo_error *err) {
    const char *field = p->n_batteries > 1            ? "n_batteries"
                        : p->demand_charge_per_mw > 0 ? "demand_charge_per_mw"
                        : isfinite(p->ramp_mw_per_h)  ? "ramp_mw_per_h"
                                                      : NULL;
    if (!field) return VO_OK;
    return vo_fail(err, VO_EUNSUPPORTED,
                   "%s couples intervals beyond the stored energy, which method exact cannot: "
                   "use method lp or auto",
                   field);
}

/* Sums and products of rounded energies may miss a limit by their noise; that is not a
 * contradiction. */
static double noise_of(const vo_battery *b) { return 1e-9 * b->capacity_mwh; }

static bool within(const vo_value *v, double x, double noise) {
    return x >= v->x[0] - noise && x <= v->x[v->n] + noise;
}

/* A SOC as energy; on the SOC limit that it misses by rounding. */
static double energy_at(const vo_reward_source *s, double soc) {
    const double x = soc * s->p->battery->capacity_mwh, noise = noise_of(s->p->battery);
    if (x < s->lo_mwh && x >= s->lo_mwh - noise) return s->lo_mwh;
    return x > s->hi_mwh && x <= s->hi_mwh + noise ? s->hi_mwh : x;
}

/* V at the horizon's end, at most one piece. */
typedef struct {
    double x[2], m[1];
    vo_value v;
} terminal_value;

static void terminal(const vo_reward_source *s, terminal_value *end) {
    const vo_battery *b = s->p->battery;
    double lo = s->lo_mwh, hi = s->hi_mwh;
    end->m[0] = 0;
    switch ((vo_final_kind)b->final_kind) {
    case VO_FINAL_AT_LEAST_INITIAL:
        lo = fmax(lo, energy_at(s, b->initial_soc));
        break;
    case VO_FINAL_AT_LEAST:
        lo = fmax(lo, energy_at(s, b->final_soc));
        break;
    case VO_FINAL_EXACT:
        lo = fmax(lo, energy_at(s, b->final_soc));
        hi = fmin(hi, energy_at(s, b->final_soc));
        break;
    case VO_FINAL_VALUE:
        end->m[0] = b->final_value_per_mwh;
        break;
    case VO_FINAL_FREE:
        break;
    }
    end->x[0] = lo;
    end->x[1] = hi;
    end->v = (vo_value){end->x, end->m, hi > lo, true};
}

/* Whether a plan made without cycle limits keeps them: then it is the best with them, too. */
static bool keeps_cycle_limits(const vo_problem *p, const double *power_mw) {
    const vo_battery *b = p->battery;
    if (!isfinite(b->max_cycles_per_day) && !isfinite(b->max_cycles)) return true;
    const double usable = vo_battery_usable_mwh(b);
    double day = 0, most = 0, all = 0;
    for (size_t t = 0; t < p->n; t++) {
        if (t && p->day && p->day[t] != p->day[t - 1]) day = 0;
        const double out = power_mw[t] * (p->dt_h ? p->dt_h[t] : p->interval_h);
        if (out > 0) day += out, all += out;
        most = fmax(most, day);
    }
    return most <= b->max_cycles_per_day * usable && all <= b->max_cycles * usable;
}

static vo_status sweep_back(vo_exact *e, const vo_reward_source *s, double stored_mwh,
                            bool *feasible, vo_error *err) {
    const vo_battery *b = s->p->battery;
    terminal_value end;
    terminal(s, &end);
    *feasible = end.x[0] <= end.x[1];
    if (!*feasible) return VO_OK;
    bool empty = false;
    const vo_status st = vo_sweep_back(&e->sweep, s, 0, s->p->n, &end.v, &empty, err);
    if (st != VO_OK) return st;
    if (empty) {
        *feasible = false;
        return VO_OK;
    }
    const vo_value first = vo_sweep_first(&e->sweep);
    *feasible = within(&first, stored_mwh, noise_of(b));
    return VO_OK;
}

enum { FEW = 50 }; /* one interval in so many */

/* Multipliers close the gap of concave problems only. So where a reward is not concave its
 * envelope is solved instead; if the plan's actions earn there what they really earn, it is
 * optimal, else the gap stays open. */
static vo_status solve_limited(vo_exact *e, const vo_reward_source *s,
                               const vo_sweep_path *path, double *profit, bool *feasible,
                               bool *gap_closed, vo_error *err) {
    const size_t bent = vo_reward_count_bent(s);
    const vo_reward_source hull = vo_reward_hull(s);
    const vo_reward_source *const solved = bent ? &hull : s;
    if (bent > s->p->n / FEW) { /* some of the many would hardly all keep the promise */
        *gap_closed = false;
        return VO_OK;
    }
    if (!e->limits) {
        const vo_status st = vo_cycle_limits_create(e->alloc, &e->limits, err);
        if (st != VO_OK) return st;
    }
    terminal_value end;
    terminal(s, &end);
    *feasible = end.x[0] <= end.x[1];
    if (!*feasible) return VO_OK;
    return vo_cycle_limits_solve(e->limits, solved, &end.v, path, profit, feasible, gap_closed,
                                 err);
}

/* A solution's arrays as the sweep writes them. */
static vo_sweep_path path_of(vo_plan *plan, vo_detail detail) {
    vo_sweep_path path = {.power_mw = plan->power_mw, .stored_mwh = plan->stored_mwh};
    if (detail == VO_DETAIL_PLAN) return path;
    path.no_flips = detail == VO_DETAIL_VALUES;
    path.value = plan->dual_per_mwh;
    path.worth = plan->value_of_stored_mwh;
    path.below = plan->flip_below;
    path.above = plan->flip_above;
    return path;
}

vo_status vo_exact_solve(vo_exact *e, const vo_problem *p, vo_detail detail, vo_plan *plan,
                         bool *feasible, bool *gap_closed, vo_error *err) {
    vo_status st = vo_exact_supports(p, err);
    if (st != VO_OK) return st;
    const vo_battery *b = p->battery;
    const vo_reward_source s = vo_reward_open(p);
    const double stored_mwh = energy_at(&s, b->initial_soc);
    const vo_sweep_path path = path_of(plan, detail);
    vo_sweep_sums sums = {0};
    *gap_closed = true;
    *feasible = stored_mwh >= s.lo_mwh && stored_mwh <= s.hi_mwh;
    if (!*feasible) return VO_OK;
    st = sweep_back(e, &s, stored_mwh, feasible, err);
    if (st == VO_OK && *feasible)
        st = vo_sweep_walk(&e->sweep, &s, stored_mwh, p->n, &path, &sums, err);
    if (st == VO_OK && *feasible && !keeps_cycle_limits(p, plan->power_mw))
        st = solve_limited(e, &s, &path, &sums.profit, feasible, gap_closed, err);
    if (st != VO_OK || !*feasible || !*gap_closed) return st;
    if (b->final_kind == VO_FINAL_VALUE)
        sums.profit += b->final_value_per_mwh * plan->stored_mwh[p->n];
    plan->profit = plan->bound = sums.profit;
    plan->verdict = VO_VERDICT_OPTIMAL;
    plan->n_violations = 0;
    return VO_OK;
}

vo_status vo_exact_first(vo_exact *e, const vo_problem *p, double *power_mw, bool *feasible,
                         vo_error *err) {
    vo_status st = vo_exact_supports(p, err);
    if (st != VO_OK) return st;
    const vo_reward_source s = vo_reward_open(p);
    const double stored_mwh = energy_at(&s, p->battery->initial_soc);
    st = sweep_back(e, &s, stored_mwh, feasible, err);
    if (st != VO_OK || !*feasible) return st;
    double power[1], stored[2];
    vo_sweep_sums sums = {0};
    const vo_sweep_path path = {.power_mw = power, .stored_mwh = stored};
    st = vo_sweep_walk(&e->sweep, &s, stored_mwh, 1, &path, &sums, err);
    if (st == VO_OK) *power_mw = power[0];
    return st;
}
