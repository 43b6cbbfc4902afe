/* solution.c -- see solution.h. */
#include "engine/solution.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/clock.h"

static bool told_to_stop(const vo_engine_options *eo, const char *phase, double fraction) {
    return eo->progress && eo->progress(eo->progress_ctx, phase, fraction) != 0;
}

#define ASK_EVERY_S 0.02

/* A solver asks at each of its steps, which may take a microsecond. */
typedef struct {
    const vo_engine_options *eo;
    double asked_s, fraction;
    bool stopped;
} asking;

/* Where answers are bounded, so is the work: a linear program of more takes minutes and gigabytes,
 * and its solver does not look up while it presolves. */
enum { MOST_LP_STEPS = 200000 };

static int32_t ask(void *ctx) {
    asking *a = ctx;
    const double now_s = vo_clock_monotonic_s();
    if (a->stopped || now_s - a->asked_s < ASK_EVERY_S) return a->stopped;
    a->asked_s = now_s;
    a->stopped = told_to_stop(a->eo, "solving", a->fraction);
    return a->stopped;
}

static vo_status schedule(const vo_problem *p, const vo_schedule_options *o,
                          const vo_engine_options *eo, double fraction, vo_plan *plan,
                          vo_error *err) {
    asking a = {.eo = eo, .asked_s = vo_clock_monotonic_s(), .fraction = fraction};
    vo_schedule_options asked = *o;
    asked.stop = eo->progress ? ask : NULL;
    asked.stop_ctx = &a;
    if (eo->most_bytes > 0) asked.most_lp_steps = MOST_LP_STEPS;
    return vo_schedule(p, &asked, plan, err);
}

/* Who asked to stop while a method that does not ask was at work gets no answer after it. */
static vo_status solve_whole(const vo_problem *p, const vo_schedule_options *o,
                             const vo_engine_options *eo, vo_solution *s, vo_error *err) {
    if (told_to_stop(eo, "solving", 0)) return vo_fail(err, VO_ECANCELED, "stopped");
    const double began_s = vo_clock_monotonic_s();
    const vo_status status = schedule(p, o, eo, 0, s->plan, err);
    s->solve_s += vo_clock_monotonic_s() - began_s;
    if (status != VO_OK) return status;
    if (told_to_stop(eo, "solving", 1)) return vo_fail(err, VO_ECANCELED, "stopped");
    for (size_t b = 0; b < p->n_batteries; b++)
        memcpy(s->end_mwh + b * p->n, s->plan->stored_mwh + b * (p->n + 1) + 1,
               p->n * sizeof(double));
    return vo_certify(p, s->plan, &s->cert, err);
}

/* ---- each day alone ------------------------------------------------------------- */

#define SHIFT(pointer) ((pointer) ? (pointer) + from : NULL)

static vo_problem part_of(const vo_problem *p, size_t from, size_t to) {
    vo_problem q = *p;
    q.n = to - from;
    q.dt_h = SHIFT(p->dt_h);
    q.price = SHIFT(p->price);
    q.export_price = SHIFT(p->export_price);
    q.day = SHIFT(p->day);
    q.charge_limit_mw = SHIFT(p->charge_limit_mw);
    q.discharge_limit_mw = SHIFT(p->discharge_limit_mw);
    q.load_mw = SHIFT(p->load_mw);
    q.pv_mw = SHIFT(p->pv_mw);
    q.import_limit_mw = SHIFT(p->import_limit_mw);
    q.export_limit_mw = SHIFT(p->export_limit_mw);
    q.carbon_kg_per_mwh = SHIFT(p->carbon_kg_per_mwh);
    q.demand_period = SHIFT(p->demand_period);
    return q;
}

static void copy_part(const vo_plan *day, size_t from, vo_solution *s) {
    vo_plan *all = s->plan;
    const size_t n = day->n, bytes = n * sizeof(double);
    memcpy(all->curtailed_mw + from, day->curtailed_mw, bytes);
    memcpy(all->import_mw + from, day->import_mw, bytes);
    memcpy(all->export_mw + from, day->export_mw, bytes);
    for (size_t b = 0; b < all->n_batteries; b++) {
        const size_t to = b * all->n + from;
        memcpy(all->power_mw + to, day->power_mw + b * n, bytes);
        memcpy(all->value_of_stored_mwh + to, day->value_of_stored_mwh + b * n, bytes);
        memcpy(all->dual_per_mwh + to, day->dual_per_mwh + b * n, bytes);
        memcpy(all->flip_below + to, day->flip_below + b * n, bytes);
        memcpy(all->flip_above + to, day->flip_above + b * n, bytes);
        memcpy(s->end_mwh + to, day->stored_mwh + b * (n + 1) + 1, bytes);
        memcpy(all->stored_mwh + b * (all->n + 1) + from, day->stored_mwh + b * (n + 1),
               (n + 1) * sizeof(double));
    }
    all->profit += day->profit;
    all->bound += day->bound; /* NAN of one day stays */
    if (day->verdict > all->verdict) all->verdict = day->verdict;
    memcpy(all->method, day->method, sizeof all->method);
    for (int32_t v = 0; v < day->n_violations && all->n_violations < 16; v++) {
        vo_violation *x = &all->violation[all->n_violations++];
        *x = day->violation[v];
        if (x->interval >= 0) x->interval += (int64_t)from;
    }
}

/* The larger of two; what is not a number stays, for it must not pass as small. */
static double worse(double a, double b) { return isnan(a) || a >= b ? a : b; }

static void merge_certificate(const vo_certificate *day, vo_certificate *all) {
    all->energy_residual_mwh = worse(all->energy_residual_mwh, day->energy_residual_mwh);
    for (int i = 0; i < VO_LIMIT_COUNT; i++)
        all->limit_excess[i] = worse(all->limit_excess[i], day->limit_excess[i]);
    all->profit += day->profit;
    all->profit_claimed += day->profit_claimed;
    all->bound += day->bound;
    all->gap += day->gap;
    all->gap_relative = worse(all->gap_relative, day->gap_relative);
    all->n_violations += day->n_violations;
    all->valid = all->valid && day->valid;
    all->proved = all->proved && day->proved;
    all->bound_recomputed = all->bound_recomputed && day->bound_recomputed;
}

static vo_status solve_day(const vo_problem *p, const vo_schedule_options *o,
                           const vo_engine_options *eo, size_t from, size_t to, vo_solution *s,
                           vo_error *err) {
    const vo_problem q = part_of(p, from, to);
    vo_solution day = {0};
    vo_status status = vo_plan_create(q.n, q.n_batteries, &day.plan, err);
    if (status != VO_OK) return status;
    const double began_s = vo_clock_monotonic_s();
    status = schedule(&q, o, eo, (double)from / (double)p->n, day.plan, err);
    s->solve_s += vo_clock_monotonic_s() - began_s;
    if (status == VO_OK) status = vo_certify(&q, day.plan, &day.cert, err);
    if (status == VO_OK) {
        copy_part(day.plan, from, s);
        merge_certificate(&day.cert, &s->cert);
    }
    vo_plan_free(day.plan);
    return status;
}

/* What couples days cannot be kept by solving them apart. */
static vo_status check_days_apart(const vo_problem *p, vo_error *err) {
    const char *field = NULL;
    double value = 0;
    if (p->demand_charge_per_mw > 0)
        field = "demand_charge_per_mw", value = p->demand_charge_per_mw;
    if (isfinite(p->ramp_mw_per_h)) field = "ramp_mw_per_h", value = p->ramp_mw_per_h;
    for (size_t b = 0; b < p->n_batteries; b++)
        if (isfinite(p->battery[b].max_cycles))
            field = "max_cycles", value = p->battery[b].max_cycles;
    if (!field) return VO_OK;
    return vo_fail(
        err, VO_EUNSUPPORTED,
        "horizon = \"day\" with %s = %g, which couples the days: use horizon \"all\"", field,
        value);
}

static vo_status solve_days(const vo_problem *p, const vo_schedule_options *o,
                            const vo_engine_options *eo, vo_solution *s, vo_error *err) {
    const vo_status status = check_days_apart(p, err);
    if (status != VO_OK) return status;
    s->cert.valid = s->cert.proved = s->cert.bound_recomputed = 1;
    for (size_t from = 0, to; from < p->n; from = to) {
        to = from + 1;
        while (to < p->n && p->day[to] == p->day[from]) to++;
        const vo_status solved = solve_day(p, o, eo, from, to, s, err);
        if (solved != VO_OK) return solved;
        if (told_to_stop(eo, "days", (double)to / (double)p->n))
            return vo_fail(err, VO_ECANCELED, "stopped at %.0f %%",
                           100.0 * (double)to / (double)p->n);
    }
    return VO_OK;
}

vo_status vo_solution_find(const vo_problem *p, const vo_schedule_options *o, bool by_day,
                           const vo_engine_options *eo, vo_solution *out, vo_error *err) {
    vo_solution s = {0};
    vo_status status = vo_plan_create(p->n, p->n_batteries, &s.plan, err);
    if (status == VO_OK) {
        s.end_mwh = calloc(p->n_batteries * p->n, sizeof *s.end_mwh);
        if (!s.end_mwh) status = vo_fail(err, VO_ENOMEM, "a plan of %zu intervals", p->n);
    }
    if (status == VO_OK)
        status = by_day ? solve_days(p, o, eo, &s, err) : solve_whole(p, o, eo, &s, err);
    if (status != VO_OK) {
        vo_solution_fini(&s);
        return status;
    }
    *out = s;
    return VO_OK;
}

void vo_solution_fini(vo_solution *s) {
    vo_plan_free(s->plan);
    free(s->end_mwh);
    *s = (vo_solution){0};
}
