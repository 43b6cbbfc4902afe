/* test_certificate.c -- the certificate believes what is true and nothing else.
 *
 * Two kinds of lies are told to it: a good plan with one number changed, and a good plan shown
 * with a problem that is a little tighter, for which the excess is known beforehand.
 */
#include <volteo/schedule.h>

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "grid/settlement.h"
#include "support/random_problem.h"

#define INF ((double)INFINITY)
#define NOT_A_NUMBER ((double)NAN)

static const uint32_t single = RANDOM_ALL & ~(uint32_t)RANDOM_COUPLED;
static const uint32_t cycles = RANDOM_DAY_CYCLES | RANDOM_CYCLES;

static vo_plan *solved(const vo_problem *p, vo_method method) {
    vo_schedule_options o = vo_schedule_options_default();
    o.method = (int32_t)method;
    vo_plan *plan = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_plan_create(p->n, p->n_batteries, &plan, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_schedule(p, &o, plan, &err), VO_OK, "%s", err.msg);
    return plan;
}

static vo_certificate certified(const vo_problem *p, const vo_plan *plan) {
    vo_certificate c;
    vo_error err = {0};
    cr_assert_eq(vo_certify(p, plan, &c, &err), VO_OK, "%s", err.msg);
    return c;
}

/* ---- what is true --------------------------------------------------------------- */

Test(certificate, optimal_plans_of_all_kinds_are_valid) {
    int seen = 0;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        random_problem r;
        const bool coupled = seed <= 60;
        random_problem_init(&r, seed, random_problem_mask(seed, coupled ? RANDOM_ALL : single),
                            coupled ? 8 : 16);
        vo_plan *plan = solved(&r.p, VO_METHOD_AUTO);
        const vo_certificate c = certified(&r.p, plan);
        if (plan->verdict == VO_VERDICT_OPTIMAL) {
            cr_assert(c.valid && c.n_violations == 0, "seed %d, by %s", (int)seed,
                      plan->method);
            cr_assert_eq(c.profit_claimed, plan->profit);
            cr_assert(isnan(c.gap) || c.gap == c.bound - c.profit);
            seen++;
        } else {
            cr_assert(!c.valid && c.n_violations > 0, "seed %d keeps all limits", (int)seed);
        }
        vo_plan_free(plan);
        random_problem_fini(&r);
    }
    cr_assert(seen > 200, "%d", seen);
}

/* The gap is the certifier's own, and it is closed: at any price sign without cycle limits, and
 * with them where the problem is concave enough for exact to answer. */
Test(certificate, the_gap_of_exact_answers_is_closed) {
    int seen = 0, negative = 0, limited = 0;
    for (uint64_t seed = 1; seed <= 800; seed++) {
        const uint32_t drawn = random_problem_mask(seed, single);
        random_problem r;
        random_problem_init(&r, seed, seed % 2 ? drawn & ~cycles : drawn, seed % 25 ? 16 : 60);
        vo_plan *plan = solved(&r.p, VO_METHOD_EXACT);
        if (strcmp(plan->method, "exact") == 0) {
            const vo_certificate c = certified(&r.p, plan);
            cr_assert(c.valid && c.bound_recomputed, "seed %d, mask 0x%x", (int)seed, r.mask);
            cr_assert(fabs(c.gap_relative) <= 1e-7, "seed %d, mask 0x%x: gap %g of %g",
                      (int)seed, r.mask, c.gap, c.bound);
            seen++;
            negative += (r.mask & RANDOM_NEGATIVE) != 0;
            limited += (r.mask & cycles) != 0;
        }
        vo_plan_free(plan);
        random_problem_fini(&r);
    }
    cr_assert(seen >= 500 && negative >= 150 && limited >= 50, "%d, %d, %d", seen, negative,
              limited);
}

/* ---- random plans that keep every limit ----------------------------------------- */

/* Energies at the terminals that keep power, the store and the meter within their limits. */
static bool action_range(const vo_problem *p, size_t t, double stored, double *lo, double *hi) {
    const vo_battery *b = p->battery;
    const vo_site_interval site = vo_site_at(p, t);
    const vo_battery_interval over = vo_battery_over(b, site.dt_h);
    double in = b->charge_mw, out = b->discharge_mw;
    if (p->charge_limit_mw) in = fmin(in, p->charge_limit_mw[t]);
    if (p->discharge_limit_mw) out = fmin(out, p->discharge_limit_mw[t]);
    const double kept = over.keep * stored, top = b->max_soc * b->capacity_mwh;
    const double bottom = b->min_soc * b->capacity_mwh, rest = site.load_mwh - site.pv_mwh;
    *lo = -fmin(in * site.dt_h, (top - kept) / over.gain);
    *hi = fmin(out * site.dt_h, (kept - bottom) / over.drain);
    if (kept > top) *lo = (kept - top) / over.drain;
    if (kept < bottom) *hi = -(bottom - kept) / over.gain;
    *lo = fmax(*lo, rest - site.import_limit_mwh);
    *hi = fmin(*hi, rest + site.export_limit_mwh + (p->curtailable ? site.pv_mwh : 0));
    return *lo <= *hi;
}

/* Acts at random in every interval; false if it painted itself into a corner or missed the end
 * or a cycle limit. Flows and money are settlement's. */
static bool act_at_random(const vo_problem *p, vo_random *g, vo_plan *plan) {
    const vo_battery *b = p->battery;
    const double calm = vo_random_unit(g), usable = vo_battery_usable_mwh(b);
    double stored = b->initial_soc * b->capacity_mwh, day = 0, all = 0;
    plan->stored_mwh[0] = stored;
    plan->profit = 0;
    for (size_t t = 0; t < p->n; t++) {
        double lo, hi;
        if (!action_range(p, t, stored, &lo, &hi)) return false;
        if (t && p->day && p->day[t] != p->day[t - 1]) day = 0;
        const double left =
            fmin(b->max_cycles_per_day * usable - day, b->max_cycles * usable - all);
        if (lo > left) return false;
        hi = fmin(hi, fmax(left, 0));
        if (hi < lo) return false;
        double u = vo_random_between(g, lo, hi);
        if (vo_random_unit(g) < calm && lo <= 0 && hi >= 0) u = 0;
        const vo_site_interval site = vo_site_at(p, t);
        const vo_battery_interval over = vo_battery_over(b, site.dt_h);
        const vo_site_flow f = vo_site_settle(&site, u);
        if (f.excess_mwh > 1e-9) return false;
        stored = over.keep * stored - (u > 0 ? over.drain : over.gain) * u;
        day += fmax(u, 0), all += fmax(u, 0);
        plan->power_mw[t] = u / site.dt_h;
        plan->stored_mwh[t + 1] = stored;
        plan->import_mw[t] = f.import_mwh / site.dt_h;
        plan->export_mw[t] = f.export_mwh / site.dt_h;
        plan->curtailed_mw[t] = f.curtailed_mwh / site.dt_h;
        plan->profit += f.cash - b->wear_cost_per_mwh * fmax(u, 0);
    }
    const double end = b->final_soc * b->capacity_mwh, most = 1e-9 * b->capacity_mwh;
    if (b->final_kind == VO_FINAL_VALUE) plan->profit += b->final_value_per_mwh * stored;
    if (b->final_kind == VO_FINAL_AT_LEAST_INITIAL) return stored >= plan->stored_mwh[0] - most;
    if (b->final_kind == VO_FINAL_AT_LEAST) return stored >= end - most;
    return b->final_kind != VO_FINAL_EXACT || fabs(stored - end) <= most;
}

Test(certificate, no_random_plan_earns_more_than_the_bound) {
    vo_random g = vo_random_seed(31, 0);
    int tried = 0;
    for (uint64_t seed = 1; seed <= 250; seed++) {
        random_problem r;
        random_problem_init(&r, seed, random_problem_mask(seed, single), 12);
        vo_plan *plan = solved(&r.p, VO_METHOD_AUTO), *wild = NULL;
        cr_assert_eq(vo_plan_create(r.p.n, 1, &wild, NULL), VO_OK);
        const vo_certificate best = certified(&r.p, plan);
        for (int i = 0; i < 40 && plan->verdict == VO_VERDICT_OPTIMAL; i++) {
            if (!act_at_random(&r.p, &g, wild)) continue;
            const double room = 1e-8 * fmax(1, fabs(best.bound));
            cr_assert(wild->profit <= best.bound + room && best.bound >= best.profit - room,
                      "seed %d: %.12g at random, bound %.12g", (int)seed, wild->profit,
                      best.bound);
            tried++;
        }
        vo_plan_free(wild);
        vo_plan_free(plan);
        random_problem_fini(&r);
    }
    cr_assert(tried > 2000, "%d", tried);
}

/* No false alarm, and settlement's money is the certifier's. */
Test(certificate, a_random_plan_that_keeps_the_limits_is_valid_without_a_bound) {
    vo_random g = vo_random_seed(32, 0);
    int tried = 0;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        random_problem r;
        random_problem_init(&r, seed, random_problem_mask(seed, single), 12);
        vo_plan *wild = NULL;
        cr_assert_eq(vo_plan_create(r.p.n, 1, &wild, NULL), VO_OK);
        wild->verdict = VO_VERDICT_FEASIBLE;
        for (size_t t = 0; t < r.p.n; t++) wild->dual_per_mwh[t] = NOT_A_NUMBER;
        for (int i = 0; i < 10; i++) {
            if (!act_at_random(&r.p, &g, wild)) continue;
            const vo_certificate c = certified(&r.p, wild);
            cr_assert(c.valid && isnan(c.bound) && isnan(c.gap) && !c.bound_recomputed,
                      "seed %d", (int)seed);
            cr_assert_float_eq(c.profit, wild->profit, 1e-9 * (1 + fabs(c.profit)));
            tried++;
        }
        vo_plan_free(wild);
        random_problem_fini(&r);
    }
    cr_assert(tried > 800, "%d", tried);
}

/* ---- lies about the plan -------------------------------------------------------- */

/* Load, PV that is partly lost, a limit each way, wear, ramp, two cheap and two dear hours. */
enum { HOURS = 6 };
typedef struct {
    vo_problem p;
    vo_battery b;
    vo_plan *plan;
} stage;
static const double price[HOURS] = {-30, 20, 70, 15, 5, 90};
static const double sell[HOURS] = {-35, 15, 60, 10, 4, 80};
static const double load[HOURS] = {1, 1, 2, 1, 0.5, 3};
static const double pv[HOURS] = {3, 1, 0, 0, 2, 0};
static const double in[HOURS] = {3, 3, 3, 3, 3, 3}, out[HOURS] = {2, 2, 2, 2, 2, 2};
static const double hours[HOURS] = {1, 1, 0.5, 1, 2, 1};
static const double carbon[HOURS] = {100, 200, 300, 400, 300, 200};

static void set(stage *s) {
    *s = (stage){.p = vo_problem_default(), .b = vo_battery_default()};
    s->b.capacity_mwh = 4, s->b.charge_mw = s->b.discharge_mw = 2;
    s->b.min_soc = 0.1, s->b.max_soc = 0.9, s->b.initial_soc = 0.25;
    s->b.wear_cost_per_mwh = 3;
    s->b.self_discharge_per_h = 0.001;
    s->b.final_kind = VO_FINAL_AT_LEAST_INITIAL;
    vo_problem *p = &s->p;
    p->n = HOURS, p->battery = &s->b;
    p->price = price, p->export_price = sell, p->dt_h = hours;
    p->load_mw = load, p->pv_mw = pv, p->curtailable = 1;
    p->import_limit_mw = in, p->export_limit_mw = out;
    p->carbon_kg_per_mwh = carbon, p->carbon_price_per_t = 20;
    p->fee_per_mwh = 1;
    p->ramp_mw_per_h = 3.9;
    p->demand_charge_per_mw = 2;
    s->plan = solved(p, VO_METHOD_AUTO);
    const vo_certificate c = certified(p, s->plan);
    cr_assert(c.valid && s->plan->verdict == VO_VERDICT_OPTIMAL);
    for (int i = 0; i < VO_LIMIT_COUNT; i++) cr_assert(c.limit_excess[i] < 1e-7);
}

/* Largest and smallest of an array. */
static double most(const double *v, size_t n) {
    double m = -INF;
    for (size_t i = 0; i < n; i++) m = fmax(m, v[i]);
    return m;
}

static double least(const double *v, size_t n) {
    double m = INF;
    for (size_t i = 0; i < n; i++) m = fmin(m, v[i]);
    return m;
}

/* Statement, limit that must be exceeded (-1: only `valid` must fall), by how much. */
// clang-format off
#define LIES(X)                                                                                \
    X(q->stored_mwh[3] += 1e-3,              -1, 0)                                            \
    X(q->stored_mwh[0] += 1e-3,              -1, 0)                                            \
    X(q->stored_mwh[HOURS] += 1e-3,          -1, 0)                                            \
    X(q->stored_mwh[2] = NOT_A_NUMBER,       -1, 0)                                            \
    X(q->stored_mwh[HOURS] = NOT_A_NUMBER,   -1, 0)                                            \
    X(q->power_mw[5] *= 1.01,                VO_LIMIT_ENERGY_BALANCE, 0.01 * q->power_mw[5] / 1.01) \
    X(q->power_mw[5] *= -1,                  VO_LIMIT_ENERGY_BALANCE, -2 * q->power_mw[5])     \
    X(q->power_mw[0] = NOT_A_NUMBER,         -1, 0)                                            \
    X(q->power_mw[1] = NOT_A_NUMBER,         -1, 0)                                            \
    X(q->power_mw[HOURS - 1] = INF,          VO_LIMIT_DISCHARGE_POWER, INF)                    \
    X(q->profit += 1,                        -1, 0)                                            \
    X(q->profit -= 1,                        -1, 0)                                            \
    X(q->profit = NOT_A_NUMBER,              -1, 0)                                            \
    X((q->import_mw[1] += 0.5, q->export_mw[1] += 0.5), VO_LIMIT_ONE_DIRECTION, 0.5)           \
    X(q->import_mw[3] += 0.25,               VO_LIMIT_ENERGY_BALANCE, 0.25)                    \
    X(q->export_mw[4] += 0.25,               VO_LIMIT_ENERGY_BALANCE, 0.5)                     \
    X(q->import_mw[1] = NOT_A_NUMBER,        -1, 0)                                            \
    X(q->curtailed_mw[1] = NOT_A_NUMBER,     -1, 0)                                            \
    X((q->curtailed_mw[2] += 1, q->import_mw[2] += 1), VO_LIMIT_CURTAILMENT, 0.5)              \
    X((q->curtailed_mw[3] -= 1, q->import_mw[3] -= 1), VO_LIMIT_CURTAILMENT, 1)
// clang-format on

static void lie(vo_plan *q, int which, double *excess) {
    int i = 0;
#define X(statement, limit, amount)                                                            \
    if (i++ == which) {                                                                        \
        (void)(statement);                                                                     \
        *excess = (amount);                                                                    \
    }
    LIES(X)
#undef X
}

#define X(statement, limit, amount) {#statement, limit},
static const struct {
    const char *statement;
    int limit;
} lies[] = {LIES(X)};
#undef X

Test(certificate, each_lie_about_the_plan_is_found_out) {
    for (int i = 0; i < (int)(sizeof lies / sizeof lies[0]); i++) {
        stage s;
        set(&s);
        double excess = 0;
        lie(s.plan, i, &excess);
        const vo_certificate c = certified(&s.p, s.plan);
        cr_expect(!c.valid, "%s is believed", lies[i].statement);
        if (lies[i].limit >= 0)
            cr_expect(c.limit_excess[lies[i].limit] == excess ||
                          fabs(c.limit_excess[lies[i].limit] - excess) < 1e-9,
                      "%s: %s is exceeded by %.12g, not %.12g", lies[i].statement,
                      vo_limit_name(lies[i].limit), c.limit_excess[lies[i].limit], excess);
        vo_plan_free(s.plan);
    }
}

/* Flows are not negative: with selling below buying, a negative import that balances a negative
 * export would be paid the difference. */
Test(certificate, negative_flows_earn_nothing) {
    stage s;
    set(&s);
    const double spread = price[3] + 0.001 * carbon[3] * 20 + 1 - (sell[3] - 1);
    for (size_t t = 0; t < HOURS; t++) s.plan->dual_per_mwh[t] = NOT_A_NUMBER;
    s.plan->bound = NOT_A_NUMBER;
    s.plan->import_mw[3] -= 5, s.plan->export_mw[3] -= 5;
    s.plan->profit += 5 * spread;
    cr_assert(!certified(&s.p, s.plan).valid, "a plan that exports %g MW is believed",
              s.plan->export_mw[3]);
    vo_plan_free(s.plan);
}

/* ---- a problem a little tighter than the plan ----------------------------------- */

/* Amounts by which the plan then exceeds the limit, by construction. */
Test(certificate, each_limit_is_measured_to_the_last_digit) {
    stage s;
    set(&s);
    const vo_plan *q = s.plan;
    const double d = 1e-3, capacity = s.b.capacity_mwh;
    double discharged = 0, imported[HOURS], exported[HOURS], lost = 0;
    for (size_t t = 0; t < HOURS; t++) {
        discharged += fmax(q->power_mw[t], 0) * hours[t];
        imported[t] = q->import_mw[t], exported[t] = q->export_mw[t];
        lost = fmax(lost, q->curtailed_mw[t] * hours[t]);
    }
    cr_assert(discharged > 0.5 && lost > 0.1, "%g, %g", discharged, lost);
    const double top = most(q->stored_mwh + 1, HOURS), bottom = least(q->stored_mwh + 1, HOURS);
    const double charge = -least(q->power_mw, HOURS), discharge = most(q->power_mw, HOURS);
    struct {
        int32_t limit;
        double excess;
        vo_problem p;
        vo_battery b;
    } c[16];
    int n = 0;
    for (int i = 0; i < 16; i++) c[i].p = s.p, c[i].b = s.b;
#define TIGHTER(name, amount, ...)                                                             \
    do {                                                                                       \
        c[n].limit = VO_LIMIT_##name, c[n].excess = (amount);                                  \
        __VA_ARGS__;                                                                           \
        n++;                                                                                   \
    } while (0)
    double tight_in[HOURS], tight_out[HOURS], no_charge[HOURS];
    memcpy(tight_in, in, sizeof in);
    memcpy(tight_out, out, sizeof out);
    for (size_t t = 0; t < HOURS; t++) no_charge[t] = 9;
    size_t t_in = 0, t_out = 0, t_charge = 0;
    for (size_t t = 0; t < HOURS; t++) {
        if (imported[t] > imported[t_in]) t_in = t;
        if (exported[t] > exported[t_out]) t_out = t;
        if (q->power_mw[t] < q->power_mw[t_charge]) t_charge = t;
    }
    tight_in[t_in] = imported[t_in] - d;
    tight_out[t_out] = exported[t_out] - d;
    no_charge[t_charge] = 0;
    const double end = q->stored_mwh[HOURS], usable = 0.8 * capacity;
    TIGHTER(MAX_SOC, d, c[n].b.max_soc = (top - d) / capacity);
    TIGHTER(MIN_SOC, d, c[n].b.min_soc = (bottom + d) / capacity);
    TIGHTER(FINAL_SOC, d,
            (c[n].b.final_kind = VO_FINAL_AT_LEAST, c[n].b.final_soc = (end + d) / capacity));
    TIGHTER(FINAL_SOC, d,
            (c[n].b.final_kind = VO_FINAL_EXACT, c[n].b.final_soc = (end - d) / capacity));
    TIGHTER(CYCLES_PER_DAY, d, c[n].b.max_cycles_per_day = (discharged - d) / usable);
    TIGHTER(CYCLES, d, c[n].b.max_cycles = (discharged - d) / usable);
    TIGHTER(CHARGE_POWER, charge * hours[t_charge], c[n].p.charge_limit_mw = no_charge);
    TIGHTER(DISCHARGE_POWER, 2 * d, c[n].b.discharge_mw = discharge - 2 * d);
    TIGHTER(RAMP, d, c[n].p.ramp_mw_per_h = 0); /* set below */
    TIGHTER(IMPORT_LIMIT, d * hours[t_in], c[n].p.import_limit_mw = tight_in);
    TIGHTER(EXPORT_LIMIT, d * hours[t_out], c[n].p.export_limit_mw = tight_out);
    TIGHTER(CURTAILMENT, lost, c[n].p.curtailable = 0);
#undef TIGHTER
    double steepest = 0; /* change of power per hour of the later interval */
    size_t at = 1;
    for (size_t t = 1; t < HOURS; t++) {
        const double rate = fabs(q->power_mw[t] - q->power_mw[t - 1]) / hours[t];
        if (rate > steepest) steepest = rate, at = t;
    }
    c[8].p.ramp_mw_per_h = steepest - d / hours[at];
    for (int i = 0; i < n; i++) {
        c[i].p.battery = &c[i].b;
        const vo_certificate cert = certified(&c[i].p, q);
        const double found = cert.limit_excess[c[i].limit];
        /* the discharge power binds in intervals of several lengths: at least the shortest */
        const bool several = c[i].limit == VO_LIMIT_DISCHARGE_POWER;
        cr_expect(!cert.valid && cert.n_violations >= 1, "case %d: %s", i,
                  vo_limit_name(c[i].limit));
        cr_expect(several ? found >= 0.5 * c[i].excess - 1e-9 && found <= 2 * c[i].excess + 1e-9
                          : fabs(found - c[i].excess) < 1e-9,
                  "case %d: %s exceeded by %.12g, not %.12g", i, vo_limit_name(c[i].limit),
                  found, c[i].excess);
    }
    vo_plan_free(s.plan);
}

/* The limit per day begins anew every day; the one over the horizon does not. */
Test(certificate, cycles_are_counted_by_local_day) {
    const double flat[] = {50, 50, 50, 50};
    const int32_t day[] = {0, 0, 1, 1};
    vo_battery b = vo_battery_default();
    b.capacity_mwh = 2, b.charge_efficiency = b.discharge_efficiency = 1;
    b.initial_soc = 1, b.final_kind = VO_FINAL_FREE;
    vo_problem p = vo_problem_default();
    p.n = 4, p.price = flat, p.battery = &b, p.day = day;
    vo_plan *plan = NULL;
    cr_assert_eq(vo_plan_create(4, 1, &plan, NULL), VO_OK);
    const double power[] = {0.25, 0.75, 1, 0}, stored[] = {2, 1.75, 1, 0, 0};
    memcpy(plan->power_mw, power, sizeof power);
    memcpy(plan->export_mw, power, sizeof power);
    memcpy(plan->stored_mwh, stored, sizeof stored);
    plan->profit = 100;
    plan->verdict = VO_VERDICT_FEASIBLE;
    b.max_cycles_per_day = 0.5; /* 1 MWh a day: just kept on both */
    cr_assert(certified(&p, plan).valid);
    p.day = NULL; /* all one day: 2 MWh */
    cr_assert_float_eq(certified(&p, plan).limit_excess[VO_LIMIT_CYCLES_PER_DAY], 1, 1e-12);
    p.day = day;
    b.max_cycles = 0.75;
    const vo_certificate c = certified(&p, plan);
    cr_assert_float_eq(c.limit_excess[VO_LIMIT_CYCLES], 0.5, 1e-12);
    cr_assert(!c.valid && c.limit_excess[VO_LIMIT_CYCLES_PER_DAY] <= 0);
    vo_plan_free(plan);
}

/* By hand: from 1 MW to -1 and back, 0.5 MW per hour allowed over half an hour. */
Test(certificate, ramps_count_up_and_down) {
    const double flat[] = {50, 50};
    vo_battery b = vo_battery_default();
    b.charge_efficiency = b.discharge_efficiency = 1;
    b.initial_soc = 0.5, b.final_kind = VO_FINAL_FREE;
    vo_problem p = vo_problem_default();
    p.n = 2, p.price = flat, p.battery = &b, p.interval_h = 0.5, p.ramp_mw_per_h = 0.5;
    vo_plan *plan = NULL;
    cr_assert_eq(vo_plan_create(2, 1, &plan, NULL), VO_OK);
    for (int sign = -1; sign <= 1; sign += 2) {
        const double power[] = {sign, -sign}, stored[] = {1, 1 - 0.5 * sign, 1};
        memcpy(plan->power_mw, power, sizeof power);
        memcpy(plan->stored_mwh, stored, sizeof stored);
        for (int t = 0; t < 2; t++) {
            plan->import_mw[t] = fmax(-power[t], 0);
            plan->export_mw[t] = fmax(power[t], 0);
        }
        const vo_certificate c = certified(&p, plan);
        cr_assert_float_eq(c.limit_excess[VO_LIMIT_RAMP], 2 - 0.25, 1e-12, "%d", sign);
        cr_assert(!c.valid);
    }
    p.ramp_mw_per_h = 4;
    cr_assert(certified(&p, plan).valid);
    vo_plan_free(plan);
}

/* Every interval balances, but the MWh that is sold was never there. */
Test(certificate, energy_that_was_not_there_at_the_start_is_not_believed) {
    const double flat[] = {50};
    vo_battery b = vo_battery_default();
    b.charge_efficiency = b.discharge_efficiency = 1, b.final_kind = VO_FINAL_FREE;
    vo_problem p = vo_problem_default();
    p.n = 1, p.price = flat, p.battery = &b;
    vo_plan *plan = NULL;
    cr_assert_eq(vo_plan_create(1, 1, &plan, NULL), VO_OK);
    plan->power_mw[0] = plan->export_mw[0] = plan->stored_mwh[0] = 1;
    plan->profit = 50;
    const vo_certificate c = certified(&p, plan);
    cr_assert(!c.valid && c.energy_residual_mwh == 1);
    b.initial_soc = 0.5; /* 1 of 2 MWh */
    cr_assert(certified(&p, plan).valid);
    vo_plan_free(plan);
}

/* ---- money ---------------------------------------------------------------------- */

/* What each price adds to the profit of one and the same plan, by the header's definition. */
Test(certificate, money_is_that_of_the_header) {
    stage s;
    set(&s);
    const vo_plan *q = s.plan;
    double imported = 0, exported = 0, discharged = 0, kg = 0, peak = 0;
    double early = 0, late = 0;
    for (size_t t = 0; t < HOURS; t++) {
        imported += q->import_mw[t] * hours[t];
        exported += q->export_mw[t] * hours[t];
        discharged += fmax(q->power_mw[t], 0) * hours[t];
        kg += carbon[t] * q->import_mw[t] * hours[t];
        peak = fmax(peak, q->import_mw[t]);
        *(t < 3 ? &early : &late) = fmax(t < 3 ? early : late, q->import_mw[t]);
    }
    double by_hand = -discharged * 3 - kg / 1000 * 20 - (imported + exported) * 1 - peak * 2;
    for (size_t t = 0; t < HOURS; t++)
        by_hand += (sell[t] * q->export_mw[t] - price[t] * q->import_mw[t]) * hours[t];
    cr_assert_float_eq(certified(&s.p, q).profit, by_hand, 1e-9);
    const int32_t period[] = {0, 0, 0, 1, 1, 1};
    vo_problem p = s.p;
    vo_battery b = s.b;
    p.battery = &b;
#define DIFFERS(by, ...)                                                                       \
    do {                                                                                       \
        p = s.p, b = s.b, p.battery = &b;                                                      \
        __VA_ARGS__;                                                                           \
        const vo_certificate c = certified(&p, q);                                             \
        cr_expect_float_eq(c.profit - by_hand, (by), 1e-9, "%s: %.12g", #__VA_ARGS__,          \
                           c.profit - by_hand);                                                \
        cr_expect(!c.valid, "%s: the claim is believed", #__VA_ARGS__);                        \
    } while (0)
    DIFFERS(-7 * (imported + exported), p.fee_per_mwh += 7);
    DIFFERS(-kg / 1000 * 11, p.carbon_price_per_t += 11);
    DIFFERS(-13 * discharged, b.wear_cost_per_mwh += 13);
    DIFFERS(-17 * peak, p.demand_charge_per_mw += 17);
    DIFFERS(2 * peak - 2 * (early + late), p.demand_period = period);
    DIFFERS(19 * q->stored_mwh[HOURS],
            (b.final_kind = VO_FINAL_VALUE, b.final_value_per_mwh = 19));
#undef DIFFERS
    vo_plan_free(s.plan);
}

/* A worse plan with honest numbers is valid, and its gap is what it forgoes. */
Test(certificate, the_gap_of_a_worse_plan_is_what_it_forgoes) {
    const double two[] = {10, 90};
    vo_battery b = vo_battery_default();
    b.capacity_mwh = b.charge_mw = b.discharge_mw = 1;
    b.charge_efficiency = b.discharge_efficiency = 1;
    vo_problem p = vo_problem_default();
    p.n = 2, p.price = two, p.battery = &b;
    vo_plan *plan = solved(&p, VO_METHOD_EXACT);
    cr_assert_float_eq(plan->profit, 80, 1e-12);
    plan->power_mw[0] = -0.5, plan->power_mw[1] = 0.5;
    plan->import_mw[0] = plan->export_mw[1] = plan->stored_mwh[1] = 0.5;
    plan->profit = 40;
    const vo_certificate c = certified(&p, plan);
    cr_assert(c.valid);
    cr_assert_float_eq(c.gap, 40, 1e-9);
    cr_assert_float_eq(c.gap_relative, 0.5, 1e-9);
    vo_plan_free(plan);
}

Test(certificate, a_plan_is_certified_only_against_a_problem_of_its_size) {
    stage s;
    set(&s);
    vo_error err = {0};
    vo_certificate c = {.valid = 7};
    s.p.n = HOURS - 1;
    cr_assert_eq(vo_certify(&s.p, s.plan, &c, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "6 intervals") && strstr(err.msg, "has 5"), "%s", err.msg);
    s.p.n = HOURS;
    s.p.fee_per_mwh = -1;
    cr_assert_eq(vo_certify(&s.p, s.plan, &c, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "fee_per_mwh"), "%s", err.msg);
    cr_assert_eq(c.valid, 7, "a refusal changed the certificate");
    vo_plan_free(s.plan);
}
