/* certificate.c -- the independent check of a plan: vo_certify of volteo/schedule.h.
 *
 * Shares nothing with the solvers: balances, limits and money are summed again from the plan's
 * powers, and the bound is proof.h's. Tolerances are those of doubles summed over a horizon,
 * about a billionth of the battery's size.
 */
#include <volteo/schedule.h>

#include <math.h>
#include <string.h>

#include "optimize/proof.h"
#include "optimize/proof_interval.h"

#define INF ((double)INFINITY)

/* One long sum, compensated. */
typedef struct {
    double high, low, absolute;
} ledger;

static void post(ledger *l, double amount) {
    const double next = l->high + amount;
    l->low +=
        fabs(l->high) >= fabs(amount) ? (l->high - next) + amount : (amount - next) + l->high;
    l->high = next;
    l->absolute += fabs(amount);
}

/* The larger of two; what is not a number stays, for it must not pass as small. */
static double worse(double a, double b) { return isnan(a) || a >= b ? a : b; }

static void exceed(vo_certificate *c, vo_limit limit, double amount) {
    c->limit_excess[limit] = worse(c->limit_excess[limit], amount);
}

static double per(const double *column, size_t t, double otherwise) {
    return column ? column[t] : otherwise;
}

/* Stored energy of battery k from its powers; limits and balance. */
static void check_battery(const vo_problem *p, const vo_plan *plan, size_t k, vo_certificate *c,
                          ledger *wear) {
    const vo_battery *b = &p->battery[k];
    vo_problem alone = *p; /* this battery, with battery 0's outages if it is battery 0 */
    alone.battery = b;
    if (k > 0) alone.charge_limit_mw = alone.discharge_limit_mw = NULL;
    const double *power = plan->power_mw + k * p->n,
                 *stored = plan->stored_mwh + k * (p->n + 1);
    const double lo = b->min_soc * b->capacity_mwh, hi = b->max_soc * b->capacity_mwh;
    const double start = fabs(stored[0] - b->initial_soc * b->capacity_mwh);
    c->energy_residual_mwh = worse(c->energy_residual_mwh, start);
    for (size_t t = 0; t < p->n; t++) {
        const vo_proof_interval v = vo_proof_interval_at(&alone, t);
        const double u = power[t] * v.dt_h;
        const double expected = v.keep * stored[t] + vo_proof_stored(&v, u);
        c->energy_residual_mwh = worse(c->energy_residual_mwh, fabs(stored[t + 1] - expected));
        exceed(c, VO_LIMIT_CHARGE_POWER, -u - v.charge_mwh);
        exceed(c, VO_LIMIT_DISCHARGE_POWER, u - v.discharge_mwh);
        exceed(c, VO_LIMIT_MIN_SOC, lo - stored[t + 1]);
        exceed(c, VO_LIMIT_MAX_SOC, stored[t + 1] - hi);
        if (u > 0) post(wear, b->wear_cost_per_mwh * u);
    }
}

static void check_final(const vo_problem *p, const vo_plan *plan, size_t k, vo_certificate *c,
                        ledger *value) {
    const vo_battery *b = &p->battery[k];
    const double end = plan->stored_mwh[k * (p->n + 1) + p->n], size = b->capacity_mwh;
    switch ((vo_final_kind)b->final_kind) {
    case VO_FINAL_AT_LEAST_INITIAL:
        exceed(c, VO_LIMIT_FINAL_SOC, b->initial_soc * size - end);
        break;
    case VO_FINAL_AT_LEAST:
        exceed(c, VO_LIMIT_FINAL_SOC, b->final_soc * size - end);
        break;
    case VO_FINAL_EXACT:
        exceed(c, VO_LIMIT_FINAL_SOC, fabs(b->final_soc * size - end));
        break;
    case VO_FINAL_VALUE:
        post(value, b->final_value_per_mwh * end);
        break;
    case VO_FINAL_FREE:
        break;
    }
}

static void check_cycles(const vo_problem *p, const vo_plan *plan, size_t k,
                         vo_certificate *c) {
    const vo_battery *b = &p->battery[k];
    const double usable = vo_battery_usable_mwh(b);
    double day = 0, all = 0;
    for (size_t t = 0; t < p->n; t++) {
        const double out = plan->power_mw[k * p->n + t] * per(p->dt_h, t, p->interval_h);
        if (t && p->day && p->day[t] != p->day[t - 1]) day = 0;
        if (out > 0) day += out, all += out;
        if (isfinite(b->max_cycles_per_day))
            exceed(c, VO_LIMIT_CYCLES_PER_DAY, day - b->max_cycles_per_day * usable);
    }
    if (isfinite(b->max_cycles)) exceed(c, VO_LIMIT_CYCLES, all - b->max_cycles * usable);
}

/* The meter: balance, limits, one direction, money. */
static void check_meter(const vo_problem *p, const vo_plan *plan, vo_certificate *c,
                        ledger *cash) {
    for (size_t t = 0; t < p->n; t++) {
        const vo_proof_interval v = vo_proof_interval_at(p, t);
        double power = 0;
        for (size_t k = 0; k < p->n_batteries; k++) power += plan->power_mw[k * p->n + t];
        const double in = plan->import_mw[t], out = plan->export_mw[t];
        const double lost = plan->curtailed_mw[t];
        const double net = power + per(p->pv_mw, t, 0) - lost - per(p->load_mw, t, 0);
        exceed(c, VO_LIMIT_ENERGY_BALANCE, fabs(out - in - net) * v.dt_h);
        exceed(c, VO_LIMIT_ONE_DIRECTION, fmin(in, out) * v.dt_h);
        exceed(c, VO_LIMIT_ONE_DIRECTION, -fmin(in, out) * v.dt_h); /* a flow below zero */
        exceed(c, VO_LIMIT_IMPORT_LIMIT, in * v.dt_h - v.import_mwh);
        exceed(c, VO_LIMIT_EXPORT_LIMIT, out * v.dt_h - v.export_mwh);
        exceed(c, VO_LIMIT_CURTAILMENT, -lost * v.dt_h);
        exceed(c, VO_LIMIT_CURTAILMENT, lost * v.dt_h - v.curtail_mwh);
        post(cash, (v.sell * out - v.buy * in) * v.dt_h);
    }
}

static void check_ramp(const vo_problem *p, const vo_plan *plan, vo_certificate *c) {
    if (!isfinite(p->ramp_mw_per_h)) return;
    double before = 0;
    for (size_t t = 0; t < p->n; t++) {
        double power = 0;
        for (size_t k = 0; k < p->n_batteries; k++) power += plan->power_mw[k * p->n + t];
        const double most = p->ramp_mw_per_h * per(p->dt_h, t, p->interval_h);
        if (t) exceed(c, VO_LIMIT_RAMP, fabs(power - before) - most);
        before = power;
    }
}

static void charge_demand(const vo_problem *p, const vo_plan *plan, ledger *cash) {
    if (!(p->demand_charge_per_mw > 0)) return;
    double peak = 0;
    for (size_t t = 0; t < p->n; t++) {
        if (t && p->demand_period && p->demand_period[t] != p->demand_period[t - 1]) {
            post(cash, -p->demand_charge_per_mw * peak);
            peak = 0;
        }
        peak = fmax(peak, plan->import_mw[t]);
    }
    post(cash, -p->demand_charge_per_mw * peak);
}

static bool couples(const vo_problem *p) {
    return p->n_batteries > 1 || p->demand_charge_per_mw > 0 || isfinite(p->ramp_mw_per_h);
}

/* About a second of corners: beyond it the Lagrangian bound has to do. */
#define RECURSION_WORK 5e7

/* The certifier's own bound: Lagrangian, and where that leaves a gap, the second recursion.
 * Only where it has none (several batteries, peaks, ramps) or the method is the mixed-integer
 * program is the solver's own bound taken if it is lower; bound_recomputed says so. */
static void bound_profit(const vo_problem *p, const vo_plan *plan, vo_certificate *c,
                         double money) {
    c->bound = plan->bound;
    if (couples(p) || plan->verdict == VO_VERDICT_LEAST_VIOLATING) return;
    for (size_t t = 0; t < p->n; t++)
        if (!isfinite(plan->dual_per_mwh[t])) return;
    const double closed = 1e-9 * fmax(1, money);
    double bound = vo_proof_lagrangian(p, plan->dual_per_mwh);
    if (bound - c->profit > closed) { /* without cycle limits: a bound with them, too */
        const double exact = vo_proof_recursion(p, RECURSION_WORK);
        if (exact < bound) bound = exact;
    }
    const bool take_theirs = bound - c->profit > closed && plan->bound < bound &&
                             strcmp(plan->method, vo_method_name(VO_METHOD_LP)) == 0;
    c->bound_recomputed = !take_theirs;
    if (!take_theirs) c->bound = bound;
}

static void judge(const vo_problem *p, const vo_plan *plan, vo_certificate *c, double money) {
    double size = 0;
    for (size_t k = 0; k < p->n_batteries; k++) size += p->battery[k].capacity_mwh;
    const double slack = 1e-7 * size;
    for (int i = 0; i < VO_LIMIT_COUNT; i++)
        if (!(c->limit_excess[i] <= slack)) c->n_violations++;
    const bool balanced = c->energy_residual_mwh <= slack;
    const bool honest = fabs(c->profit - plan->profit) <= 1e-9 * fmax(1, money) + 1e-6;
    c->gap = c->bound - c->profit;
    c->gap_relative = c->gap / fmax(1, fmax(fabs(c->bound), money));
    c->valid = balanced && honest && c->n_violations == 0 && !(c->gap < -1e-7 * fmax(1, money));
    c->proved = c->valid && c->gap_relative <= 1e-7;
}

vo_status vo_certify(const vo_problem *p, const vo_plan *plan, vo_certificate *cert,
                     vo_error *err) {
    const vo_status st = vo_problem_check(p, err);
    if (st != VO_OK) return st;
    if (plan->n != p->n || plan->n_batteries != p->n_batteries)
        return vo_fail(err, VO_EINVAL,
                       "plan is for %zu intervals and %zu batteries, problem has %zu and %zu: "
                       "certify a plan against its own problem",
                       plan->n, plan->n_batteries, p->n, p->n_batteries);
    vo_certificate c = {0};
    ledger cash = {0}, wear = {0};
    for (size_t k = 0; k < p->n_batteries; k++) {
        check_battery(p, plan, k, &c, &wear);
        check_final(p, plan, k, &c, &cash);
        check_cycles(p, plan, k, &c);
    }
    check_meter(p, plan, &c, &cash);
    check_ramp(p, plan, &c);
    charge_demand(p, plan, &cash);
    c.profit = cash.high - wear.high + (cash.low - wear.low);
    c.profit_claimed = plan->profit;
    const double money = cash.absolute + wear.absolute;
    bound_profit(p, plan, &c, money);
    judge(p, plan, &c, money);
    *cert = c;
    return VO_OK;
}
