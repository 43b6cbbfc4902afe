/* backtest.c -- see backtest.h.
 *
 * The loop owns the only copy of prices a policy sees: a row of NAN into which real prices are
 * written as they become known. What a policy asks for is clipped to what the battery can do
 * and then paid by vo_site_settle, so that plans and money come from different code; vo_certify
 * looks at the whole once more.
 */
#include "policy/backtest.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/zone.h"
#include "grid/settlement.h"
#include "policy/bootstrap.h"

static const char *const protocol_name[] = {
#define X(name, value, text, help) [value] = text,
    VO_PROTOCOL_MAP(X)
#undef X
};

const char *vo_protocol_name(int32_t protocol) {
    return protocol >= 0 && protocol < VO_PROTOCOL_COUNT ? protocol_name[protocol] : "?";
}

vo_status vo_protocol_parse(const char *name, vo_protocol *out, vo_error *err) {
    for (int32_t i = 0; i < VO_PROTOCOL_COUNT; i++)
        if (strcmp(name, protocol_name[i]) == 0) {
            *out = (vo_protocol)i;
            return VO_OK;
        }
    return vo_fail(err, VO_EINVAL, "protocol = \"%.40s\" is unknown: use planned or rolling",
                   name);
}

vo_backtest_settings vo_backtest_settings_default(void) {
    return (vo_backtest_settings){.protocol = VO_PROTOCOL_PLANNED,
                                  .resamples = 1000,
                                  .seed = 1,
                                  .confidence = 0.95,
                                  .low_percentile = 25,
                                  .high_percentile = 75};
}

/* ---- one policy over the span ------------------------------------------------------ */

/* What the loop carries. Result arrays are filled in place; `t` below counts from the start of
 * the problem, results from settings->first. */
typedef struct {
    const vo_problem *p; /* day numbers are the calendar's          */
    const vo_series *calendar;
    const vo_backtest_settings *s;
    vo_policy *policy;
    vo_backtest_result *r;
    double *seen, *seen_export; /* [n] real up to `known`, then NAN    */
    size_t known;
    double *wanted_mw; /* [longest]                                */
    double stored_mwh;
    double day_allowance_mwh, day_left_mwh, span_left_mwh;
    int32_t final_kind; /* rule handed to windows                   */
    double final_soc;
    double in_policy_s; /* time spent deciding                      */
    bool report;        /* whether to call progress                 */
} run;

static void run_fini(run *x) {
    const vo_alloc *a = x->r->alloc;
    vo_policy_free(x->policy);
    a->free(a->ctx, x->seen);
    a->free(a->ctx, x->seen_export);
    a->free(a->ctx, x->wanted_mw);
}

static size_t day_after(const vo_series *cal, size_t t) {
    const int32_t day = cal->day[t];
    while (t < cal->n && cal->day[t] == day) t++;
    return t;
}

static double interval_h(const vo_problem *p, size_t t) {
    return p->dt_h ? p->dt_h[t] : p->interval_h;
}

/* End of the window that begins at t. */
static size_t window_end(const vo_problem *p, const vo_series *cal,
                         const vo_backtest_settings *s, size_t t) {
    size_t end = day_after(cal, t);
    if (s->protocol == VO_PROTOCOL_PLANNED) return end;
    if (s->horizon_h > 0) {
        double h = 0;
        for (end = t; end < p->n && h < s->horizon_h * (1 - 1e-9); end++)
            h += interval_h(p, end);
        return end;
    }
    return end < p->n ? day_after(cal, end) : end;
}

static size_t longest_window(const vo_problem *p, const vo_series *cal,
                             const vo_backtest_settings *s) {
    size_t longest = 1;
    for (size_t t = s->first; t < p->n;) {
        const size_t n = window_end(p, cal, s, t) - t;
        if (n > longest) longest = n;
        t = s->protocol == VO_PROTOCOL_ROLLING && s->horizon_h > 0 ? t + 1 : day_after(cal, t);
    }
    return longest;
}

static void reveal(run *x, size_t known) {
    for (; x->known < known; x->known++) {
        x->seen[x->known] = x->p->price[x->known];
        if (x->seen_export) x->seen_export[x->known] = x->p->export_price[x->known];
    }
}

/* Lets the policy learn before the span is played. It is shown a row of NAN with the prices of
 * train_from..train_until-1 in it. */
static vo_status train(run *x, vo_error *err) {
    const vo_backtest_settings *s = x->s;
    if (s->train_until == 0) return VO_OK;
    const size_t from = s->train_from, n = s->train_until - from;
    memcpy(x->seen + from, x->p->price + from, n * sizeof(double));
    if (x->seen_export)
        memcpy(x->seen_export + from, x->p->export_price + from, n * sizeof(double));
    const bool timed = s->clock_s && vo_policy_learns(x->r->policy);
    const double before = timed ? s->clock_s(s->clock_ctx) : 0;
    const vo_status st = vo_policy_fit(x->policy, x->seen, x->seen_export, s->train_until, err);
    if (timed) x->r->train_s = s->clock_s(s->clock_ctx) - before;
    return st;
}

/* Asks the policy for intervals from..to-1, with prices known before `known`. */
static vo_status decide(run *x, size_t from, size_t to, size_t known, vo_error *err) {
    reveal(x, known);
    const bool clairvoyant = vo_policy_flags(x->policy) & VO_POLICY_SEES_FUTURE;
    const vo_policy_view view = {
        .from = from,
        .to = to,
        .known = known,
        .price = x->seen,
        .export_price = x->seen_export,
        .future = clairvoyant ? x->p->price : NULL,
        .future_export = clairvoyant ? x->p->export_price : NULL,
        .stored_mwh = x->stored_mwh,
        .day_left_mwh = x->day_left_mwh,
        .span_left_mwh = x->span_left_mwh,
        .final_kind = x->final_kind,
        .final_soc = x->final_soc,
        .only_first = x->s->protocol == VO_PROTOCOL_ROLLING && !clairvoyant,
    };
    const double before = x->s->clock_s ? x->s->clock_s(x->s->clock_ctx) : 0;
    const vo_status st = vo_policy_plan(x->policy, &view, x->wanted_mw, err);
    if (x->s->clock_s) x->in_policy_s += x->s->clock_s(x->s->clock_ctx) - before;
    return st;
}

/* The power nearest to `want` that battery, outages and allowances permit. */
static double possible_mw(const run *x, size_t t, double want, const vo_battery_interval *over,
                          double dt_h) {
    const vo_problem *p = x->p;
    const vo_battery *b = p->battery;
    const double kept = over->keep * x->stored_mwh;
    if (want > 0) {
        double most = fmin(b->discharge_mw,
                           p->discharge_limit_mw ? p->discharge_limit_mw[t] : b->discharge_mw);
        most = fmin(most, fmax(fmin(x->day_left_mwh, x->span_left_mwh), 0) / dt_h);
        most = fmin(most, fmax(kept - b->min_soc * b->capacity_mwh, 0) / (over->drain * dt_h));
        return fmin(want, most);
    }
    double most = fmin(b->charge_mw, p->charge_limit_mw ? p->charge_limit_mw[t] : b->charge_mw);
    most = fmin(most, fmax(b->max_soc * b->capacity_mwh - kept, 0) / (over->gain * dt_h));
    return -fmin(-want, most);
}

/* Plays interval t and books it. */
static void play(run *x, size_t t, double want_mw) {
    const vo_battery *b = x->p->battery;
    const double dt_h = interval_h(x->p, t);
    const vo_battery_interval over = vo_battery_over(b, dt_h);
    const double mw = possible_mw(x, t, want_mw, &over, dt_h);
    const double out_mwh = fmax(mw, 0) * dt_h, in_mwh = fmax(-mw, 0) * dt_h;
    x->stored_mwh = over.keep * x->stored_mwh + over.gain * in_mwh - over.drain * out_mwh;
    x->day_left_mwh -= out_mwh;
    x->span_left_mwh -= out_mwh;

    const vo_site_interval site = vo_site_at(x->p, t);
    const vo_site_flow flow = vo_site_settle(&site, mw * dt_h);
    const double profit = flow.cash - b->wear_cost_per_mwh * out_mwh;
    vo_backtest_result *r = x->r;
    const size_t i = t - r->first;
    r->power_mw[i] = mw;
    r->stored_mwh[i + 1] = x->stored_mwh;
    r->interval_profit[i] = profit;
    r->charged_mwh += in_mwh;
    r->discharged_mwh += out_mwh;
    const double dust_mw = 1e-9 * fmax(b->charge_mw, b->discharge_mw);
    *(mw > dust_mw ? &r->discharging_h : mw < -dust_mw ? &r->charging_h : &r->idle_h) += dt_h;
}

/* One local day from..to-1 under the protocol. A policy that sees the future and carries its
 * energy from day to day has planned the whole span on the first. */
static vo_status play_day(run *x, size_t from, size_t to, vo_error *err) {
    const vo_backtest_settings *s = x->s;
    const bool once = (vo_policy_flags(x->policy) & VO_POLICY_SEES_FUTURE) && !s->days_alone;
    x->day_left_mwh = x->day_allowance_mwh;
    vo_status st = VO_OK;
    if (once ? from == s->first : s->protocol == VO_PROTOCOL_PLANNED)
        st = decide(x, from, once ? x->p->n : to, from, err);
    const size_t planned_from = once ? s->first : from;
    for (size_t t = from; t < to && st == VO_OK; t++) {
        const bool anew = s->protocol == VO_PROTOCOL_ROLLING && !once;
        if (anew) st = decide(x, t, window_end(x->p, x->calendar, s, t), t + 1, err);
        if (st == VO_OK) play(x, t, x->wanted_mw[anew ? 0 : t - planned_from]);
    }
    return st;
}

static vo_status play_span(run *x, vo_error *err) {
    const vo_battery *b = x->p->battery;
    vo_backtest_result *r = x->r;
    r->stored_mwh[0] = x->stored_mwh;
    const double initial_mwh = b->initial_soc * b->capacity_mwh;
    size_t k = 0;
    for (size_t t = x->s->first; t < x->p->n; k++) {
        const size_t end = day_after(x->calendar, t);
        const vo_status st = play_day(x, t, end, err);
        if (st != VO_OK) return st;
        for (; t < end; t++) r->day_profit[k] += r->interval_profit[t - r->first];
        if (x->s->days_alone && fabs(x->stored_mwh - initial_mwh) > 1e-6 * b->capacity_mwh)
            r->violations++; /* this day did not end where the next begins */
        const double done = (double)(end - r->first) / (double)r->n;
        if (x->report && !x->s->progress(x->s->progress_ctx, done))
            return vo_fail(err, VO_ECANCELED, "backtest of %s stopped after %.0f %%", r->policy,
                           100 * done);
    }
    return VO_OK;
}

/* ---- results ----------------------------------------------------------------------- */

void vo_backtest_free(vo_backtest_result *r) {
    if (!r) return;
    const vo_alloc *a = r->alloc;
    a->free(a->ctx, r->day_profit);
    a->free(a->ctx, r->day_perfect);
    a->free(a->ctx, r->day_date);
    a->free(a->ctx, r->power_mw);
    a->free(a->ctx, r->stored_mwh);
    a->free(a->ctx, r->interval_profit);
    a->free(a->ctx, r);
}

static size_t count_days(const vo_series *cal, size_t first) {
    size_t n = 1;
    for (size_t t = first + 1; t < cal->n; t++) n += cal->day[t] != cal->day[t - 1];
    return n;
}

/* NULL: out of memory. */
static vo_backtest_result *result_create(const vo_problem *p, const vo_series *cal,
                                         const char *policy, const vo_backtest_settings *s) {
    const vo_alloc *a = s->alloc ? s->alloc : &vo_alloc_libc;
    vo_backtest_result *r = a->zalloc(a->ctx, sizeof *r);
    if (!r) return NULL;
    r->alloc = a;
    (void)snprintf(r->policy, sizeof r->policy, "%s", policy);
    r->first = s->first;
    r->n = p->n - s->first;
    r->n_days = count_days(cal, s->first);
    r->day_profit = a->zalloc(a->ctx, r->n_days * sizeof(double));
    r->day_perfect = a->zalloc(a->ctx, r->n_days * sizeof(double));
    r->day_date = a->zalloc(a->ctx, r->n_days * sizeof(int32_t));
    r->power_mw = a->zalloc(a->ctx, r->n * sizeof(double));
    r->stored_mwh = a->zalloc(a->ctx, (r->n + 1) * sizeof(double));
    r->interval_profit = a->zalloc(a->ctx, r->n * sizeof(double));
    if (!r->day_profit || !r->day_perfect || !r->day_date || !r->power_mw || !r->stored_mwh ||
        !r->interval_profit) {
        vo_backtest_free(r);
        return NULL;
    }
    return r;
}

/* Plays one policy; fills everything of the result that needs no yardstick. */
static vo_status run_policy(const vo_problem *p, const vo_series *cal, const char *policy,
                            const vo_backtest_settings *s, bool report,
                            vo_backtest_result **out, vo_error *err) {
    vo_backtest_result *r = result_create(p, cal, policy, s);
    if (!r) return vo_fail(err, VO_ENOMEM, "a backtest of %zu intervals", p->n);

    vo_status st;
    const vo_alloc *a = r->alloc;
    const vo_battery *b = p->battery;
    const double usable = vo_battery_usable_mwh(b), any = (double)INFINITY;
    const bool initial = b->final_kind == VO_FINAL_AT_LEAST_INITIAL;
    run x = {
        .p = p,
        .calendar = cal,
        .s = s,
        .r = r,
        .stored_mwh = b->initial_soc * b->capacity_mwh,
        .day_allowance_mwh =
            isfinite(b->max_cycles_per_day) ? b->max_cycles_per_day * usable : any,
        .span_left_mwh = isfinite(b->max_cycles) ? b->max_cycles * usable : any,
        .final_kind = s->days_alone ? VO_FINAL_EXACT
                      : initial     ? VO_FINAL_AT_LEAST
                                    : b->final_kind,
        .final_soc = s->days_alone || initial ? b->initial_soc : b->final_soc,
        .report = report && s->progress,
    };
    const bool perfect = strcmp(policy, "perfect") == 0;
    const vo_policy_world world = {
        .site = p,
        .calendar = cal,
        .longest = perfect && !s->days_alone ? p->n : longest_window(p, cal, s),
        .low_percentile = s->low_percentile,
        .high_percentile = s->high_percentile,
        .export_price_known = s->export_price_known,
        .alloc = a,
        .learning = s->learning,
    };
    st = vo_policy_create(policy, &world, &x.policy, err);
    if (st != VO_OK) goto fail;
    x.seen = a->zalloc(a->ctx, p->n * sizeof(double));
    x.seen_export = p->export_price ? a->zalloc(a->ctx, p->n * sizeof(double)) : NULL;
    x.wanted_mw = a->zalloc(a->ctx, world.longest * sizeof(double));
    if (!x.seen || (p->export_price && !x.seen_export) || !x.wanted_mw) {
        st = vo_fail(err, VO_ENOMEM, "a backtest of %zu intervals", p->n);
        goto fail;
    }
    for (size_t t = 0; t < p->n; t++) {
        x.seen[t] = (double)NAN;
        if (x.seen_export) x.seen_export[t] = (double)NAN;
    }
    r->train_s = s->clock_s ? 0 : (double)NAN;
    st = train(&x, err);
    if (st != VO_OK) goto fail;
    if (x.report && !s->progress(s->progress_ctx, 0)) {
        st = vo_fail(err, VO_ECANCELED, "backtest of %s stopped after training", policy);
        goto fail;
    }
    st = play_span(&x, err);
    if (st != VO_OK) goto fail;

    const vo_policy_counts counts = vo_policy_count(x.policy);
    r->decisions = counts.plans;
    r->held = counts.held;
    r->filled = counts.filled;
    r->us_per_decision = s->clock_s ? x.in_policy_s * 1e6 / (double)counts.plans : (double)NAN;
    for (size_t k = 0; k < r->n_days; k++) r->profit += r->day_profit[k];
    r->cycles = usable > 0 ? r->discharged_mwh / usable : 0;
    run_fini(&x);
    *out = r;
    return VO_OK;

fail:
    run_fini(&x);
    vo_backtest_free(r);
    return st;
}

/* ---- the yardstick and the judge ------------------------------------------------------ */

static const double *shifted(const double *v, size_t from) { return v ? v + from : NULL; }

/* The played span as a problem of its own, with the end rule it was played under. */
static vo_problem played_problem(const vo_problem *p, const vo_backtest_settings *s,
                                 vo_battery *battery) {
    const size_t from = s->first;
    *battery = p->battery[0];
    if (s->days_alone) {
        battery->final_kind = VO_FINAL_EXACT;
        battery->final_soc = battery->initial_soc;
    }
    vo_problem q = *p;
    q.n = p->n - from;
    q.battery = battery;
    q.price = p->price + from;
    q.export_price = shifted(p->export_price, from);
    q.dt_h = shifted(p->dt_h, from);
    q.day = p->day + from;
    q.charge_limit_mw = shifted(p->charge_limit_mw, from);
    q.discharge_limit_mw = shifted(p->discharge_limit_mw, from);
    q.load_mw = shifted(p->load_mw, from);
    q.pv_mw = shifted(p->pv_mw, from);
    q.import_limit_mw = shifted(p->import_limit_mw, from);
    q.export_limit_mw = shifted(p->export_limit_mw, from);
    q.carbon_kg_per_mwh = shifted(p->carbon_kg_per_mwh, from);
    q.demand_period = NULL;
    return q;
}

/* Hands the executed plan, with the profit this file claims, to the independent check. */
static vo_status certify(const vo_problem *p, const vo_backtest_settings *s,
                         vo_backtest_result *r, vo_error *err) {
    vo_battery battery;
    const vo_problem q = played_problem(p, s, &battery);
    vo_plan *plan = NULL;
    vo_status st = vo_plan_create(r->n, 1, &plan, err);
    if (st != VO_OK) return st;
    memcpy(plan->power_mw, r->power_mw, r->n * sizeof(double));
    memcpy(plan->stored_mwh, r->stored_mwh, (r->n + 1) * sizeof(double));
    for (size_t i = 0; i < r->n; i++) {
        const vo_site_interval site = vo_site_at(&q, i);
        const vo_site_flow flow = vo_site_settle(&site, r->power_mw[i] * site.dt_h);
        plan->import_mw[i] = flow.import_mwh / site.dt_h;
        plan->export_mw[i] = flow.export_mwh / site.dt_h;
        plan->curtailed_mw[i] = flow.curtailed_mwh / site.dt_h;
        plan->value_of_stored_mwh[i] = plan->dual_per_mwh[i] = (double)NAN;
        plan->flip_below[i] = plan->flip_above[i] = (double)NAN;
    }
    plan->profit = r->profit;
    if (battery.final_kind == VO_FINAL_VALUE)
        plan->profit += battery.final_value_per_mwh * r->stored_mwh[r->n];
    plan->verdict = VO_VERDICT_FEASIBLE;
    vo_certificate cert;
    st = vo_certify(&q, plan, &cert, err);
    vo_plan_free(plan);
    if (st != VO_OK) return st;
    r->violations += cert.n_violations;
    r->certified = cert.valid;
    return VO_OK;
}

/* Perfect foresight over the same days that ends with the energy the policy ended with. */
static vo_status run_yardstick(const vo_problem *p, const vo_series *cal,
                               const vo_backtest_settings *s, double end_mwh,
                               vo_backtest_result **out, vo_error *err) {
    vo_backtest_result *r = NULL;
    vo_status st = run_policy(p, cal, "perfect", s, false, &r, err);
    if (st != VO_OK) return st;
    const double capacity = p->battery->capacity_mwh;
    if (!s->days_alone && fabs(r->stored_mwh[r->n] - end_mwh) > 1e-9 * capacity) {
        vo_battery same_end = p->battery[0];
        same_end.final_kind = VO_FINAL_EXACT;
        same_end.final_soc = fmin(fmax(end_mwh / capacity, 0), 1);
        vo_problem q = *p;
        q.battery = &same_end;
        vo_backtest_free(r);
        st = run_policy(&q, cal, "perfect", s, false, &r, err);
        if (st != VO_OK) return st;
    }
    *out = r;
    return VO_OK;
}

/* Daily profits with the energy carried over midnight moved to the day that sells it: energy is
 * booked at the mean price of the two days it passes between. The bookings cancel in the sum,
 * so that the capture is what it was; only the days become comparable. */
static void mark_days(const vo_problem *p, const vo_backtest_result *r, double *marked) {
    double mean_before = 0;
    for (size_t k = 0, t = r->first; t < p->n; k++) {
        const size_t begin = t;
        double sum = 0;
        for (; t < p->n && p->day[t] == p->day[begin]; t++) sum += p->price[t];
        const double mean = sum / (double)(t - begin);
        marked[k] = r->day_profit[k];
        if (k > 0) {
            const double carried = 0.5 * (mean_before + mean) * r->stored_mwh[begin - r->first];
            marked[k - 1] += carried;
            marked[k] -= carried;
        }
        mean_before = mean;
    }
}

static vo_status judge_capture(const vo_problem *p, const vo_backtest_settings *s,
                               vo_backtest_result *r, const vo_backtest_result *perfect,
                               vo_error *err) {
    r->perfect_profit = perfect->profit;
    r->capture = r->capture_low = r->capture_high = (double)NAN;
    if (!(r->perfect_profit > 0)) return VO_OK;
    r->capture = r->profit / r->perfect_profit;
    double *marked = r->alloc->zalloc(r->alloc->ctx, 2 * r->n_days * sizeof *marked);
    if (!marked) return vo_fail(err, VO_ENOMEM, "a bootstrap over %zu days", r->n_days);
    mark_days(p, r, marked);
    mark_days(p, perfect, marked + r->n_days);
    const vo_status st =
        vo_bootstrap_ratio(marked, marked + r->n_days, r->n_days, s->resamples, s->seed,
                           s->confidence, r->alloc, &r->capture_low, &r->capture_high, err);
    r->alloc->free(r->alloc->ctx, marked);
    return st;
}

static vo_status judge(const vo_problem *p, const vo_series *cal, const vo_backtest_settings *s,
                       vo_backtest_result *r, vo_error *err) {
    const bool is_yardstick = strcmp(r->policy, "perfect") == 0;
    vo_backtest_result *perfect = r;
    vo_status st = VO_OK;
    if (!is_yardstick) st = run_yardstick(p, cal, s, r->stored_mwh[r->n], &perfect, err);
    if (st != VO_OK) return st;
    memcpy(r->day_perfect, perfect->day_profit, r->n_days * sizeof(double));
    st = judge_capture(p, s, r, perfect, err);
    if (!is_yardstick) vo_backtest_free(perfect);
    return st;
}

static vo_status date_days(const vo_series *cal, vo_backtest_result *r, vo_error *err) {
    vo_zone *zone = NULL;
    const vo_status st = vo_zone_open(cal->zone[0] ? cal->zone : "UTC", &zone, err);
    if (st != VO_OK) return st;
    size_t k = 0;
    for (size_t t = r->first; t < cal->n; t = day_after(cal, t))
        r->day_date[k++] = (int32_t)vo_zone_local_day(zone, cal->start[t].s);
    vo_zone_close(zone);

    for (k = 1; k < r->n_days; k++)
        if (r->day_profit[k] < r->day_profit[r->worst_day]) r->worst_day = k;
    r->worst_profit = r->day_profit[r->worst_day];
    vo_civil date;
    vo_civil_from_days(r->day_date[r->worst_day], &date);
    vo_civil_format_date(&date, r->worst_date);
    return VO_OK;
}

static vo_status check_training(const char *policy, const vo_backtest_settings *s,
                                vo_error *err) {
    if (s->train_until > s->first)
        return vo_fail(err, VO_EINVAL,
                       "train_until = %zu is behind first = %zu: a policy is not paid for what "
                       "it was trained on",
                       s->train_until, s->first);
    if (s->train_from > 0 && s->train_from >= s->train_until)
        return vo_fail(err, VO_EINVAL, "train_from = %zu is not before train_until = %zu",
                       s->train_from, s->train_until);
    if (s->train_until == 0 && vo_policy_learns(policy))
        return vo_fail(err, VO_EINVAL,
                       "%.60s learns from prices and was given none to learn from: say where "
                       "its training ends (train_until), or name a trained "
                       "model: %.60s=ID@champion",
                       policy, policy);
    return VO_OK;
}

static vo_status check(const vo_problem *p, const vo_series *cal, const char *policy,
                       const vo_backtest_settings *s, vo_error *err) {
    vo_status st = vo_problem_check(p, err);
    if (st != VO_OK) return st;
    if (cal->n != p->n)
        return vo_fail(err, VO_EINVAL,
                       "calendar has %zu intervals and the problem %zu: give the same span",
                       cal->n, p->n);
    if (strlen(policy) >= VO_POLICY_SPEC_MAX)
        return vo_fail(err, VO_EINVAL, "policy = \"%.40s...\" is longer than %d characters",
                       policy, VO_POLICY_SPEC_MAX - 1);
    if (s->protocol < 0 || s->protocol >= VO_PROTOCOL_COUNT)
        return vo_fail(err, VO_EINVAL, "protocol = %d is unknown: use planned or rolling",
                       (int)s->protocol);
    if (s->days_alone && s->protocol != VO_PROTOCOL_PLANNED)
        return vo_fail(err, VO_EINVAL, "days_alone needs the protocol planned");
    if (s->first >= p->n || (s->first > 0 && cal->day[s->first] == cal->day[s->first - 1]))
        return vo_fail(err, VO_EINVAL,
                       "first = %zu does not begin a local day within the %zu intervals",
                       s->first, p->n);
    if (!(s->horizon_h >= 0))
        return vo_fail(err, VO_EINVAL, "horizon_h = %g is not 0 or more hours", s->horizon_h);
    if (!(s->low_percentile >= 0 && s->low_percentile <= s->high_percentile &&
          s->high_percentile <= 100))
        return vo_fail(
            err, VO_EINVAL,
            "low_percentile = %g, high_percentile = %g: give 0 <= low <= high <= 100",
            s->low_percentile, s->high_percentile);
    return check_training(policy, s, err);
}

vo_status vo_backtest_run(const vo_problem *p, const vo_series *calendar, const char *policy,
                          const vo_backtest_settings *settings, vo_backtest_result **out,
                          vo_error *err) {
    vo_status st = check(p, calendar, policy, settings, err);
    if (st != VO_OK) return st;
    vo_problem days = *p; /* local days are the calendar's */
    days.day = calendar->day;
    vo_backtest_result *r = NULL;
    st = run_policy(&days, calendar, policy, settings, true, &r, err);
    if (st != VO_OK) return st;
    st = certify(&days, settings, r, err);
    if (st == VO_OK) st = judge(&days, calendar, settings, r, err);
    if (st == VO_OK) st = date_days(calendar, r, err);
    if (st != VO_OK) {
        vo_backtest_free(r);
        return st;
    }
    *out = r;
    return VO_OK;
}
