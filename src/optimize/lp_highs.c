/* lp_highs.c -- see lp_highs.h for the contract; the only file that knows HiGHS.
 *
 * First the relaxation is solved. If it keeps one direction per interval by itself, which is
 * usual, it is optimal and its duals are the values of stored energy. Otherwise the binaries of
 * the model become integers, branch and bound runs, and the linear program with the binaries
 * held at their optimum gives a clean vertex and duals.
 * Contradictory limits: three solves over one elastic model (lp_model.h): least total slack;
 * most profit with the total capped there; the same with each limit's slack capped on its own,
 * whose duals are the limits' shadow prices.
 */
#include "optimize/lp_highs.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* The header declares a static function that nobody defines; gcc says so at the file's end. */
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wunused-function"
#endif
#include <interfaces/highs_c_api.h>

#include "base/alloc.h"
#include "optimize/lp_model.h"

#define FEASIBILITY 1e-9 /* in units of the largest battery */
#define SAME 1e-8        /* two flows below this are not "both"; slack below it is none */

typedef enum { SOLVED, STOPPED, IMPOSSIBLE } outcome;

typedef struct {
    const vo_problem *p;
    vo_lp_model *m;
    void *highs;
    double *x, *x_dual, *row, *row_dual; /* the last solution, scaled  */
    double bound;                        /* of the last cost, scaled   */
    HighsInt *kind;                      /* [n_binaries] scratch of set_binaries */
    const vo_schedule_options *o; /* its time limit is of each branch and bound; or NULL */
    bool stopped;                 /* the caller wants no answer */
    const double *start;          /* a plan to begin from, or NULL */
    outcome outcome;
} solver;

/* ---- HiGHS as an object --------------------------------------------------------- */

static void solver_fini(solver *s) {
    if (s->highs) Highs_destroy(s->highs);
    vo_alloc_libc.free(NULL, s->x);
    vo_alloc_libc.free(NULL, s->kind);
    vo_lp_model_free(s->m);
    *s = (solver){0};
}

static double time_limit_s(const solver *s) {
    return s->o ? s->o->time_limit_s : (double)INFINITY;
}

/* HiGHS asks at each iteration and node; once said, "stop" stays. */
static void ask_whether_to_stop(int kind, const char *message, const HighsCallbackDataOut *out,
                                HighsCallbackDataIn *in, void *ctx) {
    (void)kind;
    (void)message;
    (void)out;
    solver *s = ctx;
    if (!s->stopped) s->stopped = s->o->stop(s->o->stop_ctx) != 0;
    if (in && s->stopped) in->user_interrupt = 1;
}

static bool set_stop(solver *s) {
    if (!s->o || !s->o->stop) return true;
    return Highs_setCallback(s->highs, ask_whether_to_stop, s) == kHighsStatusOk &&
           Highs_startCallback(s->highs, kHighsCallbackSimplexInterrupt) == kHighsStatusOk &&
           Highs_startCallback(s->highs, kHighsCallbackIpmInterrupt) == kHighsStatusOk &&
           Highs_startCallback(s->highs, kHighsCallbackMipInterrupt) == kHighsStatusOk;
}

static vo_status going_on(solver *s, vo_error *err) {
    if (s->o && s->o->stop && !s->stopped) s->stopped = s->o->stop(s->o->stop_ctx) != 0;
    return s->stopped ? vo_fail(err, VO_ECANCELED, "stopped while solving") : VO_OK;
}

static bool set_options(void *h, double limit_s) {
    const struct {
        const char *name;
        double value;
    } real[] = {{"primal_feasibility_tolerance", FEASIBILITY},
                {"dual_feasibility_tolerance", FEASIBILITY},
                {"mip_feasibility_tolerance", FEASIBILITY},
                {"mip_rel_gap", 0},
                {"mip_abs_gap", 1e-10},
                {"time_limit", limit_s}};
    bool ok = Highs_setBoolOptionValue(h, "output_flag", 0) == kHighsStatusOk &&
              Highs_setIntOptionValue(h, "threads", 1) == kHighsStatusOk &&
              Highs_setStringOptionValue(h, "parallel", "off") == kHighsStatusOk;
    for (size_t i = 0; i < sizeof real / sizeof real[0]; i++)
        ok = ok && Highs_setDoubleOptionValue(h, real[i].name, real[i].value) == kHighsStatusOk;
    return ok;
}

static bool too_large(const vo_problem *p, const vo_schedule_options *o) {
    return o && o->most_lp_steps > 0 &&
           (int64_t)(p->n * p->n_batteries) > o->most_lp_steps; /* both are bounded */
}

static vo_status refuse_large(const vo_problem *p, const vo_schedule_options *o,
                              vo_error *err) {
    return vo_fail(err, VO_EUNSUPPORTED,
                   "%zu intervals times %zu batteries make a linear program of more than %lld "
                   "steps: use fewer batteries, a coarser resolution, horizon day, or method "
                   "exact where it can",
                   p->n, p->n_batteries, (long long)o->most_lp_steps);
}

/* HiGHS keeps the address of *s. */
static vo_status solver_init(solver *s, const vo_problem *p, vo_lp_shape shape,
                             const vo_schedule_options *o, vo_error *err) {
    *s = (solver){.p = p, .o = o};
    if (too_large(p, o)) return refuse_large(p, o, err);
    vo_status status = vo_lp_model_create(p, shape, &s->m, err);
    if (status != VO_OK) goto fail;
    const vo_lp_model *m = s->m;
    const size_t cols = (size_t)m->n_cols, rows = (size_t)m->n_rows;
    s->x = vo_alloc_libc.zalloc(NULL, 2 * (cols + rows) * sizeof *s->x);
    s->kind = vo_alloc_libc.zalloc(NULL, ((size_t)m->n_binaries + 1) * sizeof *s->kind);
    s->highs = s->x && s->kind ? Highs_create() : NULL;
    status = VO_ENOMEM;
    if (!s->highs) {
        vo_fail(err, status, "HiGHS for %d columns", m->n_cols);
        goto fail;
    }
    s->x_dual = s->x + cols;
    s->row = s->x_dual + cols;
    s->row_dual = s->row + rows;
    status = VO_ENUMERIC;
    if (!set_options(s->highs, time_limit_s(s)) || !set_stop(s) ||
        Highs_passLp(s->highs, m->n_cols, m->n_rows, m->n_terms, kHighsMatrixFormatRowwise,
                     kHighsObjSenseMinimize, 0, m->cost, m->col_lower, m->col_upper,
                     m->row_lower, m->row_upper, m->row_start, m->column,
                     m->value) == kHighsStatusError) {
        vo_fail(err, status, "HiGHS %s refused the linear program", Highs_version());
        goto fail;
    }
    return VO_OK;
fail:
    solver_fini(s);
    return status;
}

/* ---- running ---------------------------------------------------------------------- */

static bool is_answer(HighsInt status) {
    return status == kHighsModelStatusOptimal || status == kHighsModelStatusInfeasible ||
           status == kHighsModelStatusUnboundedOrInfeasible ||
           status == kHighsModelStatusTimeLimit;
}

static bool has_plan(void *highs) {
    HighsInt status = kHighsSolutionStatusNone;
    return Highs_getIntInfoValue(highs, "primal_solution_status", &status) == kHighsStatusOk &&
           status == kHighsSolutionStatusFeasible;
}

/* Everything is bounded, so "unbounded or infeasible" is infeasible. A run that ends without
 * an answer is repeated once without presolve, which is slower and steadier. */
static vo_status run(solver *s, vo_error *err) {
    vo_status going = going_on(s, err);
    if (going != VO_OK) return going;
    Highs_zeroAllClocks(s->highs); /* its time limit counts all runs since then */
    Highs_run(s->highs);
    HighsInt status = Highs_getModelStatus(s->highs);
    going = going_on(s, err);
    if (going != VO_OK) return going;
    if (!is_answer(status)) {
        Highs_clearSolver(s->highs);
        Highs_setStringOptionValue(s->highs, "presolve", "off");
        Highs_run(s->highs);
        status = Highs_getModelStatus(s->highs);
        Highs_setStringOptionValue(s->highs, "presolve", "choose");
        going = going_on(s, err);
        if (going != VO_OK) return going;
    }
    if (!is_answer(status))
        return vo_fail(err, VO_ENUMERIC,
                       "HiGHS ended with model status %d on %d columns: use method exact, or "
                       "look for values of very different size",
                       (int)status, s->m->n_cols);
    s->outcome = IMPOSSIBLE;
    if (status == kHighsModelStatusInfeasible ||
        status == kHighsModelStatusUnboundedOrInfeasible)
        return VO_OK;
    if (status == kHighsModelStatusTimeLimit && !has_plan(s->highs))
        return vo_fail(err, VO_ECANCELED,
                       "time_limit_s passed before HiGHS had a plan: raise it or use exact");
    s->outcome = status == kHighsModelStatusOptimal ? SOLVED : STOPPED;
    Highs_getSolution(s->highs, s->x, s->x_dual, s->row, s->row_dual);
    return VO_OK;
}

static bool keeps_directions(const solver *s) {
    for (int32_t i = 0; i < s->m->n_binaries; i++) {
        const vo_lp_direction d = s->m->direction[i];
        if (fmin(s->x[d.on], s->x[d.off]) > SAME) return false;
    }
    return true;
}

/* The binaries: all integer or all real, and within lower..upper. */
static void set_binaries(solver *s, bool integer, const double *lower, const double *upper) {
    const HighsInt first = s->m->binary, count = s->m->n_binaries;
    for (HighsInt i = 0; i < count; i++)
        s->kind[i] = integer ? kHighsVarTypeInteger : kHighsVarTypeContinuous;
    Highs_changeColsIntegralityByRange(s->highs, first, first + count - 1, s->kind);
    Highs_changeColsBoundsByRange(s->highs, first, first + count - 1, lower, upper);
}

static void release_binaries(solver *s) {
    const int32_t first = s->m->binary;
    if (s->m->n_binaries > 0)
        set_binaries(s, false, s->m->col_lower + first, s->m->col_upper + first);
}

/* Where branch and bound begins: a plan that is known, else the directions that the relaxed
 * plan leans to, which HiGHS completes. */
static vo_status begin_from(solver *s, vo_error *err) {
    if (s->start) {
        Highs_setSolution(s->highs, s->start, NULL, NULL, NULL);
        return VO_OK;
    }
    const size_t count = (size_t)s->m->n_binaries;
    HighsInt *index = vo_alloc_libc.zalloc(NULL, count * sizeof *index);
    double *value = vo_alloc_libc.zalloc(NULL, count * sizeof *value);
    const bool ready = index && value;
    for (size_t i = 0; ready && i < count; i++) {
        const vo_lp_direction d = s->m->direction[i];
        index[i] = s->m->binary + (HighsInt)i;
        value[i] = s->x[d.on] > s->x[d.off] ? 1 : 0;
    }
    if (ready) Highs_setSparseSolution(s->highs, (HighsInt)count, index, value);
    vo_alloc_libc.free(NULL, index);
    vo_alloc_libc.free(NULL, value);
    return ready ? VO_OK : vo_fail(err, VO_ENOMEM, "HiGHS for %zu binaries", count);
}

/* Branch and bound, then the linear program with the binaries held where it put them. They
 * stay held: release_binaries. */
static vo_status run_integer(solver *s, vo_error *err) {
    const int32_t first = s->m->binary;
    set_binaries(s, true, s->m->col_lower + first, s->m->col_upper + first);
    vo_status status = begin_from(s, err);
    if (status == VO_OK) status = run(s, err);
    if (status != VO_OK || s->outcome == IMPOSSIBLE) return status;
    const outcome first_outcome = s->outcome;
    Highs_getDoubleInfoValue(s->highs, "mip_dual_bound", &s->bound);
    double *held = s->x + first;
    for (int32_t i = 0; i < s->m->n_binaries; i++) held[i] = held[i] > 0.5 ? 1 : 0;
    Highs_setDoubleOptionValue(s->highs, "time_limit", (double)INFINITY); /* it is quick */
    set_binaries(s, false, held, held);
    status = run(s, err);
    Highs_setDoubleOptionValue(s->highs, "time_limit", time_limit_s(s));
    if (status != VO_OK) return status;
    if (s->outcome != SOLVED)
        return vo_fail(err, VO_ENUMERIC, "HiGHS lost its integer solution when it was held");
    s->outcome = first_outcome;
    return VO_OK;
}

/* Solves for the present cost and bounds, one direction per interval. */
static vo_status solve(solver *s, vo_error *err) {
    vo_status status = run(s, err);
    if (status != VO_OK || s->outcome == IMPOSSIBLE) return status;
    s->bound = s->outcome == SOLVED ? Highs_getObjectiveValue(s->highs) : -(double)INFINITY;
    return keeps_directions(s) ? VO_OK : run_integer(s, err);
}

/* ---- solution to plan ------------------------------------------------------------- */

static double clamp(double v, double lo, double hi) { return fmin(fmax(v, lo), hi); }

/* Power follows from the stored energies, so energy balances to the last bits and a tie in
 * which the relaxation charged and discharged at once becomes one direction. */
static void fill_battery(const solver *s, size_t k, vo_plan *plan) {
    const vo_lp_model *m = s->m;
    const size_t n = m->n;
    const vo_battery *b = &s->p->battery[k];
    double *stored = plan->stored_mwh + k * (n + 1), *power = plan->power_mw + k * n;
    stored[0] = b->initial_soc * b->capacity_mwh;
    for (size_t t = 0; t < n; t++) {
        const size_t j = k * n + t, end = (size_t)m->stored + j;
        const double h = vo_lp_hours(s->p, t);
        const vo_battery_interval over = vo_battery_over(b, h);
        stored[t + 1] = clamp(s->x[end], m->col_lower[end], m->col_upper[end]) * m->energy_unit;
        const double moved = stored[t + 1] - over.keep * stored[t];
        const double in = m->col_upper[(size_t)m->charge + j] * m->energy_unit;
        const double out = m->col_upper[(size_t)m->discharge + j] * m->energy_unit;
        power[t] = fabs(moved) <= 1e-12 * b->capacity_mwh ? 0
                   : moved > 0                            ? -fmin(moved / over.gain, in) / h
                                                          : fmin(-moved / over.drain, out) / h;
    }
}

static void fill_flows(const solver *s, vo_plan *plan) {
    const vo_problem *p = s->p;
    for (size_t t = 0; t < p->n; t++) {
        const double pv = p->pv_mw ? p->pv_mw[t] : 0, load = p->load_mw ? p->load_mw[t] : 0;
        double curtailed = 0, net = pv - load;
        if (s->m->curtailed >= 0)
            curtailed =
                s->x[(size_t)s->m->curtailed + t] * s->m->energy_unit / vo_lp_hours(p, t);
        plan->curtailed_mw[t] = clamp(curtailed, 0, pv);
        for (size_t k = 0; k < p->n_batteries; k++) net += plan->power_mw[k * p->n + t];
        net -= plan->curtailed_mw[t];
        plan->import_mw[t] = net < 0 ? -net : 0;
        plan->export_mw[t] = net > 0 ? net : 0;
    }
}

static void fill_values(const solver *s, bool wanted, vo_plan *plan) {
    const size_t size = s->m->n * s->m->n_batteries;
    for (size_t j = 0; j < size; j++) {
        const double cost_per_unit = s->row_dual[(size_t)s->m->balance + j];
        plan->value_of_stored_mwh[j] = plan->dual_per_mwh[j] =
            wanted ? -cost_per_unit * s->m->price_unit + 0.0 : (double)NAN;
        plan->flip_below[j] = plan->flip_above[j] = (double)NAN;
    }
}

static double demand_charges(const vo_problem *p, const vo_plan *plan) {
    double sum = 0, peak = 0;
    for (size_t t = 0; t < p->n; t++) {
        if (t > 0 && p->demand_period && p->demand_period[t] != p->demand_period[t - 1]) {
            sum += peak;
            peak = 0;
        }
        peak = fmax(peak, plan->import_mw[t]);
    }
    return p->demand_charge_per_mw * (sum + peak);
}

/* From the plan's own actions, not from the solver's objective. */
static double plan_profit(const vo_problem *p, const vo_plan *plan) {
    const size_t n = p->n;
    double profit = -demand_charges(p, plan);
    for (size_t t = 0; t < n; t++)
        profit += vo_lp_hours(p, t) * (vo_lp_sell(p, t) * plan->export_mw[t] -
                                       vo_lp_buy(p, t) * plan->import_mw[t]);
    for (size_t k = 0; k < p->n_batteries; k++) {
        const vo_battery *b = &p->battery[k];
        for (size_t t = 0; t < n; t++)
            profit -=
                b->wear_cost_per_mwh * vo_lp_hours(p, t) * fmax(plan->power_mw[k * n + t], 0);
        if (b->final_kind == VO_FINAL_VALUE)
            profit += b->final_value_per_mwh * plan->stored_mwh[k * (n + 1) + n];
    }
    return profit;
}

static void fill_plan(const solver *s, const vo_schedule_options *o, vo_plan *plan) {
    for (size_t k = 0; k < s->m->n_batteries; k++) fill_battery(s, k, plan);
    fill_flows(s, plan);
    fill_values(s, o->detail != VO_DETAIL_PLAN, plan);
    plan->profit = plan_profit(s->p, plan);
    plan->bound =
        isfinite(s->bound) ? -s->bound * s->m->energy_unit * s->m->price_unit : (double)NAN;
    const double under = plan->profit - plan->bound; /* by rounding: equal; by more: seen */
    if (under > 0 && under <= 1e-9 * (1 + fabs(plan->profit))) plan->bound = plan->profit;
    plan->verdict = s->outcome == SOLVED ? VO_VERDICT_OPTIMAL : VO_VERDICT_FEASIBLE;
    plan->n_violations = 0;
    memset(plan->violation, 0, sizeof plan->violation);
    memset(plan->method, 0, sizeof plan->method);
    strcpy(plan->method, "lp");
}

/* ---- contradictory limits --------------------------------------------------------- */

/* Minimise total slack: cost 1 on slacks, 0 elsewhere. Before the first run: x holds nothing. */
static void ask_for_least_slack(solver *s) {
    for (int32_t j = 0; j < s->m->n_cols; j++)
        s->x[j] = j >= s->m->slack && j < s->m->slack + s->m->n_slacks ? 1 : 0;
    Highs_changeColsCostByRange(s->highs, 0, s->m->n_cols - 1, s->x);
}

static void ask_for_profit(solver *s) {
    Highs_changeColsCostByRange(s->highs, 0, s->m->n_cols - 1, s->m->cost);
}

static void cap_row(solver *s, int32_t row, double most) {
    Highs_changeRowBounds(s->highs, row, -(double)INFINITY, most);
}

static double total_slack(const solver *s) {
    double sum = 0;
    for (int32_t i = 0; i < s->m->n_slacks; i++) sum += fmax(s->x[s->m->slack + i], 0);
    return sum;
}

/* One entry per broken limit, largest first. */
static void list_violations(const solver *s, vo_plan *plan) {
    for (int32_t limit = 0; limit < VO_LP_SOFT_LIMITS; limit++) {
        vo_violation v = {.limit = limit, .interval = INT64_MAX};
        for (int32_t i = 0; i < s->m->n_slacks; i++) {
            const double slack = s->x[s->m->slack + i];
            if (s->m->slack_limit[i] != limit || slack <= SAME) continue;
            v.amount += slack * s->m->energy_unit;
            if (s->m->slack_interval[i] < v.interval) v.interval = s->m->slack_interval[i];
        }
        if (!(v.amount > 0)) continue;
        v.shadow_price = fmax(0, -s->row_dual[s->m->limit_row + limit] * s->m->price_unit);
        int32_t at = plan->n_violations++;
        for (; at > 0 && plan->violation[at - 1].amount < v.amount; at--)
            plan->violation[at] = plan->violation[at - 1];
        plan->violation[at] = v;
    }
    if (plan->n_violations > 0) plan->verdict = VO_VERDICT_LEAST_VIOLATING;
}

/* Caps each limit's slack at what the plan uses of it. The plan, which stays in s->x, is still
 * optimal there: only the duals are news. */
static vo_status price_limits(solver *s, double total, vo_error *err) {
    const size_t size = (size_t)s->m->n_cols * sizeof *s->x;
    double used[VO_LP_SOFT_LIMITS] = {0};
    for (int32_t i = 0; i < s->m->n_slacks; i++)
        used[s->m->slack_limit[i]] += fmax(s->x[s->m->slack + i], 0);
    for (int32_t limit = 0; limit < VO_LP_SOFT_LIMITS; limit++)
        cap_row(s, s->m->limit_row + limit,
                used[limit] + FEASIBILITY * (1 + total)); /* no plan: only duals */
    cap_row(s, s->m->limit_row + VO_LP_SOFT_LIMITS, (double)INFINITY);

    double *plan = vo_alloc_libc.zalloc(NULL, size);
    if (!plan) return vo_fail(err, VO_ENOMEM, "HiGHS for %d columns", s->m->n_cols);
    memcpy(plan, s->x, size);
    const outcome before = s->outcome;
    vo_status status = run(s, err);
    if (status == VO_OK && s->outcome != SOLVED)
        status = vo_fail(err, VO_ENUMERIC, "HiGHS lost its least-violating plan when priced");
    s->outcome = before;
    memcpy(s->x, plan, size);
    vo_alloc_libc.free(NULL, plan);
    return status;
}

/* The most profit among plans that violate no more than `total`. The least violating plan is
 * one of them, and where branch and bound begins: whatever stops it, there is an answer. */
static vo_status solve_capped(solver *s, double total, vo_error *err) {
    vo_status status = VO_OK;
    ask_for_profit(s);
    s->outcome = IMPOSSIBLE;
    for (int i = 0; i < 3 && s->outcome == IMPOSSIBLE; i++) {
        const double room[] = {1e-12, 1e-10, FEASIBILITY};
        release_binaries(s);
        cap_row(s, s->m->limit_row + VO_LP_SOFT_LIMITS, total + room[i] * (1 + total));
        status = solve(s, err);
        if (status != VO_OK) return status;
    }
    if (s->outcome == IMPOSSIBLE)
        return vo_fail(err, VO_ENUMERIC, "HiGHS found no plan even with every limit loosened");
    return VO_OK;
}

static vo_status solve_elastic(solver *s, double *total, vo_error *err) {
    const size_t size = (size_t)s->m->n_cols * sizeof *s->x;
    ask_for_least_slack(s);
    vo_status status = solve(s, err);
    if (status != VO_OK) return status;
    const outcome first = s->outcome;
    *total = first == IMPOSSIBLE ? 0 : total_slack(s);
    double *least = vo_alloc_libc.zalloc(NULL, size);
    if (!least) return vo_fail(err, VO_ENOMEM, "HiGHS for %d columns", s->m->n_cols);
    memcpy(least, s->x, size);
    s->start = first == IMPOSSIBLE ? NULL : least;
    status = solve_capped(s, *total, err);
    s->start = NULL;
    vo_alloc_libc.free(NULL, least);
    if (status != VO_OK) return status;
    if (first == STOPPED) s->outcome = STOPPED;
    return *total > SAME ? price_limits(s, *total, err) : VO_OK;
}

/* ---- entry points ----------------------------------------------------------------- */

vo_status vo_lp_schedule_elastic(const vo_problem *p, const vo_schedule_options *o,
                                 vo_plan *plan, vo_error *err) {
    assert(plan->n == p->n && plan->n_batteries == p->n_batteries);
    solver s;
    vo_status status = solver_init(&s, p, (vo_lp_shape){.elastic = true}, o, err);
    if (status != VO_OK) return status;
    double total = 0;
    status = solve_elastic(&s, &total, err);
    if (status == VO_OK) fill_plan(&s, o, plan);
    if (status == VO_OK && total > SAME) list_violations(&s, plan);
    solver_fini(&s);
    return status;
}

vo_status vo_lp_schedule(const vo_problem *p, const vo_schedule_options *o, vo_plan *plan,
                         vo_error *err) {
    assert(plan->n == p->n && plan->n_batteries == p->n_batteries);
    solver s;
    vo_status status = solver_init(&s, p, (vo_lp_shape){0}, o, err);
    if (status != VO_OK) return status;
    s.outcome = IMPOSSIBLE;
    if (!s.m->contradictory) status = solve(&s, err);
    /* stopped without any plan: perhaps there is none, and then the elastic one is the answer
     */
    const bool impossible =
        !s.stopped && (status == VO_ECANCELED || (status == VO_OK && s.outcome == IMPOSSIBLE));
    if (status == VO_OK && !impossible) fill_plan(&s, o, plan);
    solver_fini(&s);
    return impossible ? vo_lp_schedule_elastic(p, o, plan, err) : status;
}

vo_status vo_lp_relaxed_profit(const vo_problem *p, double *profit, vo_error *err) {
    solver s;
    vo_status status = solver_init(&s, p, (vo_lp_shape){.any_order = true}, NULL, err);
    if (status != VO_OK) return status;
    s.outcome = IMPOSSIBLE;
    if (!s.m->contradictory) status = solve(&s, err);
    if (status == VO_OK && s.outcome == IMPOSSIBLE)
        status =
            vo_fail(err, VO_EINVAL, "the limits contradict each other: no plan keeps them");
    if (status == VO_OK) *profit = -s.bound * s.m->energy_unit * s.m->price_unit;
    solver_fini(&s);
    return status;
}
