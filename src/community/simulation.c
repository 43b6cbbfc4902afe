/* simulation.c -- the clock of a community: interval by interval, phase by phase.
 *
 * Everything that depends on all homes (signal, match, feeder, ledger) is done here, serially and in
 * order of home numbers; everything else in simulation_homes.c. See simulation_run.h for the phases.
 */
#include "community/simulation.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/normal.h"
#include "community/simulation_run.h"

static const double micro = 1e-6;

/* See vo_central_view; docs/models/community.md has the measurements. */
static const double unlike = 0.2;

/* Fewer are done before a thread has been woken. */
enum { CREW_HOMES = 64 };

vo_simulation_options vo_simulation_options_default(void) {
    return (vo_simulation_options){.kind = VO_RUN_COMMUNITY,
                                   .matching = VO_MATCHING_pay_as_clear,
                                   .rules = vo_market_rules_default(),
                                   .forecaster = "profile",
                                   .horizon = 48,
                                   .replan_every = 1,
                                   .scenarios = 3};
}

vo_status vo_simulation_options_check(const vo_simulation_options *o, vo_error *err) {
    if (o->kind < VO_RUN_COMMUNITY || o->kind > VO_RUN_GRID_ONLY)
        return vo_fail(err, VO_EINVAL, "kind = %d: give 0 (community) to 4 (grid only)",
                       (int)o->kind);
    if (o->matching < 0 || o->matching >= VO_MATCHINGS)
        return vo_fail(err, VO_EINVAL, "matching = %d: give 0..%d", (int)o->matching,
                       (int)VO_MATCHINGS - 1);
    if (o->horizon < 1 || o->horizon > 2016)
        return vo_fail(err, VO_EINVAL, "horizon = %zu intervals: give 1..2016", o->horizon);
    if (o->replan_every < 1 || o->replan_every > o->horizon)
        return vo_fail(err, VO_EINVAL, "replan_every = %zu intervals: give 1..horizon = %zu",
                       o->replan_every, o->horizon);
    if (o->scenarios < 1 || o->scenarios > VO_HOME_SCENARIOS)
        return vo_fail(err, VO_EINVAL, "scenarios = %zu: give 1..%d", o->scenarios,
                       VO_HOME_SCENARIOS);
    return vo_market_rules_check(&o->rules, err);
}

/* ---- series ------------------------------------------------------------------------------ */

typedef struct {
    const vo_homes *h;
    vo_home_series *s;
} filling;

static vo_status fill_home(void *arg, size_t i, size_t worker, vo_error *err) {
    const filling *f = arg;
    float *load = f->s->load_kwh + i * f->h->steps, *pv = f->s->pv_kwh + i * f->h->steps;
    vo_status st = f->h->source.fill(f->h->source.ctx, (uint32_t)i, worker, load, pv, err);
    for (size_t t = 0; st == VO_OK && t < f->h->steps; t++)
        if (!(load[t] >= 0 && load[t] <= 1e6f && pv[t] >= 0 && pv[t] <= 1e6f))
            return vo_fail(err, VO_EINVAL,
                           "home %zu, interval %zu: load %g kWh, PV %g kWh: give 0 to 1e6 kWh",
                           i, t, (double)load[t], (double)pv[t]);
    return st;
}

vo_status vo_home_series_fill(const vo_homes *h, vo_home_series *out, vo_error *err) {
    const vo_alloc *a = &vo_alloc_libc;
    vo_status st = vo_homes_check(h, err);
    if (st != VO_OK) return st;
    vo_home_series s = {.load_kwh = a->zalloc(a->ctx, h->homes * h->steps * sizeof(float)),
                        .pv_kwh = a->zalloc(a->ctx, h->homes * h->steps * sizeof(float))};
    filling f = {h, &s};
    st = s.load_kwh && s.pv_kwh
             ? vo_crew_run(&h->crew, h->homes, fill_home, &f, err)
             : vo_fail(err, VO_ENOMEM, "no memory for %zu homes x %zu intervals: take fewer",
                       h->homes, h->steps);
    if (st == VO_OK)
        *out = s;
    else
        vo_home_series_fini(&s);
    return st;
}

void vo_home_series_fini(vo_home_series *s) {
    vo_alloc_libc.free(vo_alloc_libc.ctx, s->load_kwh);
    vo_alloc_libc.free(vo_alloc_libc.ctx, s->pv_kwh);
    *s = (vo_home_series){0};
}

/* ---- memory ------------------------------------------------------------------------------ */

static bool get(vo_run *r, void *at, size_t n, size_t size) {
    void *p = r->alloc->zalloc(r->alloc->ctx, (n ? n : 1) * size);
    memcpy(at, &p, sizeof p);
    return p != NULL;
}

static bool keeps_peak(const vo_run *r) { return r->o->keep_peak && r->trades; }

#define GET(field, n) get(r, &r->field, (n), sizeof *r->field)

static bool get_arrays(vo_run *r) {
    const size_t homes = r->h->homes, H = r->horizon;
    const size_t workers = r->h->crew.run && r->h->crew.workers > 1 ? r->h->crew.workers : 1;
    bool ok = GET(stored, homes) && GET(result, homes) && GET(block, r->blocks);
    if (r->plans)
        ok = ok && GET(value, homes) && GET(anchor, homes) && GET(net, homes * H) &&
             GET(soon_load, homes * r->every) && GET(soon_pv, homes * r->every) &&
             GET(scratch, workers * 2 * H) && GET(block_sum, r->blocks * VO_SUMS * H) &&
             GET(sum, VO_SUMS * H);
    if (r->trades)
        ok = ok && GET(sold_today, homes) && GET(heard, homes) && GET(bought, homes) &&
             GET(sold, homes) && GET(allowance, homes) && GET(scratch_price, workers * H) &&
             GET(scratch_value, workers * (H + 1)) && GET(order, homes * VO_NODE_ORDERS) &&
             GET(orders, homes) && GET(book, homes * VO_NODE_ORDERS) && GET(path, H * H) &&
             GET(path_n, H);
    if (isfinite(r->h->feeder_kwh) || keeps_peak(r))
        ok = ok && GET(import_limit, homes) && GET(export_limit, homes);
    if (r->o->tell) ok = ok && GET(told, 8 * homes) && GET(told_small, 2 * homes);
    if (r->o->tell && r->o->score && r->plans) ok = ok && GET(told_score, homes);
    return ok;
}

static void fini(vo_run *r) {
    void *all[] = {r->stored,        r->result,       r->block,      r->value,
                   r->anchor,        r->net,          r->soon_load,  r->soon_pv,
                   r->scratch,       r->block_sum,    r->sum,        r->sold_today,
                   r->heard,         r->bought,       r->sold,       r->order,
                   r->orders,        r->book,         r->path,       r->path_n,
                   r->import_limit,  r->export_limit, r->allowance,  r->scratch_price,
                   r->scratch_value, r->told,         r->told_small, r->told_score};
    for (size_t k = 0; k < sizeof all / sizeof all[0]; k++)
        r->alloc->free(r->alloc->ctx, all[k]);
    vo_home_forecasts_free(r->forecasts);
    vo_market_free(r->market);
    vo_ledger_free(r->ledger);
}

/* Scenarios of equal weight at the middles of equal shares of the normal distribution, stretched
 * to its variance. */
static void set_scenarios(vo_run *r) {
    const size_t n = r->o->scenarios;
    double square = 0;
    for (size_t k = 0; k < n; k++) {
        r->node[k] = n > 1 ? vo_normal_score(((double)k + 0.5) / (double)n) : 0;
        r->weight[k] = 1 / (double)n;
        square += r->node[k] * r->node[k] / (double)n;
    }
    for (size_t k = 0; n > 1 && k < n; k++) r->node[k] /= sqrt(square);
}

static void set_batteries(vo_run *r) {
    vo_home_store *p = &r->pool;
    double in = 0, out = 0;
    for (size_t i = 0; i < r->h->homes; i++) {
        const vo_home_battery *b = &r->h->battery[i];
        const vo_home_store s = vo_node_store(b, r->h->dt_h, false);
        const bool battery = r->o->kind != VO_RUN_PV_ONLY && r->o->kind != VO_RUN_GRID_ONLY;
        r->stored[i] = battery ? b->initial_soc * b->capacity_kwh : 0;
        r->goal_kwh += b->initial_soc * b->capacity_kwh;
        r->out->home[i].first_kwh = r->stored[i];
        p->low_kwh += s.low_kwh;
        p->high_kwh += s.high_kwh;
        p->charge_kwh += s.charge_kwh;
        p->discharge_kwh += s.discharge_kwh;
        in += s.charge_kwh * s.charge_efficiency;
        out += s.discharge_kwh * s.discharge_efficiency;
    }
    p->charge_efficiency = p->charge_kwh > 0 ? in / p->charge_kwh : 1;
    p->discharge_efficiency = p->discharge_kwh > 0 ? out / p->discharge_kwh : 1;
}

static vo_status observe_history(void *arg, size_t home, size_t worker, vo_error *err) {
    vo_run *r = arg;
    (void)worker;
    (void)err;
    const float *load = r->series->load_kwh + home * r->h->steps;
    const float *pv = r->series->pv_kwh + home * r->h->steps;
    for (size_t t = 0; t < r->h->first; t++)
        vo_home_forecasts_observe(r->forecasts, (uint32_t)home, t, (double)load[t],
                                  (double)pv[t]);
    return VO_OK;
}

static vo_status start(vo_run *r, vo_error *err) {
    const vo_homes *h = r->h;
    r->plans = r->o->kind == VO_RUN_COMMUNITY || r->o->kind == VO_RUN_ALONE;
    r->trades = r->o->kind == VO_RUN_COMMUNITY;
    if (!get_arrays(r) ||
        !(r->out->home = r->alloc->zalloc(r->alloc->ctx, h->homes * sizeof *r->out->home)))
        return vo_fail(err, VO_ENOMEM, "no memory for %zu homes: take fewer", h->homes);
    set_scenarios(r);
    set_batteries(r);
    vo_status st = vo_ledger_create(h->homes, r->alloc, &r->ledger, err);
    if (st == VO_OK && r->trades) st = vo_market_create(r->alloc, &r->market, err);
    if (st == VO_OK && r->plans)
        st = vo_home_forecasts_create(r->o->forecaster ? r->o->forecaster : "profile", h,
                                      r->series->load_kwh, r->series->pv_kwh, r->horizon,
                                      r->o->learning, &r->forecasts, err);
    if (st == VO_OK && r->plans) st = vo_crew_run(&r->crew, h->homes, observe_history, r, err);
    return st;
}

/* ---- phases between homes ---------------------------------------------------------------- */

static bool new_day(const vo_run *r) {
    return r->t == r->h->first || r->h->day[r->t] != r->h->day[r->t - 1];
}

static vo_status begin_interval(vo_run *r, vo_error *err) {
    const vo_homes *h = r->h;
    const size_t left = h->steps - r->t;
    if (new_day(r)) {
        vo_status st = vo_home_forecasts_new_day(r->forecasts, r->t, err);
        if (st != VO_OK) return st;
        if (r->trades) memset(r->sold_today, 0, h->homes * sizeof *r->sold_today);
    }
    if ((r->t - h->first) % r->every != 0) return VO_OK;
    r->planned = r->t;
    r->ahead = left < r->horizon ? left : r->horizon;
    vo_status st = vo_crew_run(&r->crew, r->blocks, vo_run_foresee, r, err);
    if (st != VO_OK) return st;
    memset(r->sum, 0, VO_SUMS * r->horizon * sizeof *r->sum);
    for (size_t b = 0; b < r->blocks; b++)
        for (size_t k = 0; k < VO_SUMS * r->horizon; k++)
            r->sum[k] += r->block_sum[b * VO_SUMS * r->horizon + k];
    return VO_OK;
}

/* The central model's path, written where homes that miss later ones will find it. */
static void signal_prices(vo_run *r) {
    const vo_homes *h = r->h;
    const size_t H = r->horizon, done = r->t - r->planned, n = r->ahead - done;
    double stored = 0;
    for (size_t i = 0; i < h->homes; i++) stored += r->stored[i];
    const bool ends = r->t + n == h->steps;
    const double meters = (double)h->homes;
    const vo_central_view v = {.n = n,
                               .load_kwh = r->sum + VO_SUM_LOAD * H + done,
                               .pv_kwh = r->sum + VO_SUM_PV * H + done,
                               .buy = h->buy + r->t,
                               .sell = h->sell + r->t,
                               .store = r->pool,
                               .stored_kwh = stored,
                               .goal_kwh = ends ? r->goal_kwh : 0,
                               .import_kwh = fmin(h->feeder_kwh, meters * h->import_limit_kwh),
                               .export_kwh = fmin(h->feeder_kwh, meters * h->export_limit_kwh),
                               .unlike = unlike,
                               .rules = &r->o->rules};
    vo_central_signal(&v, r->scratch_value, r->path + (r->t % H) * H);
    r->path_n[r->t % H] = (uint32_t)n;
}

static vo_status match_orders(vo_run *r, vo_error *err) {
    const size_t homes = r->h->homes;
    const double price = r->path[(r->t % r->horizon) * r->horizon];
    size_t n = 0;
    for (size_t i = 0; i < homes; i++)
        for (size_t k = 0; k < r->orders[i]; k++)
            r->book[n++] = r->order[i * VO_NODE_ORDERS + k];
    memset(r->bought, 0, homes * sizeof *r->bought);
    memset(r->sold, 0, homes * sizeof *r->sold);
    vo_status st = vo_market_match(r->market, (vo_matching)r->o->matching, &r->o->rules,
                                   (int64_t)llround(price * 1e6), r->book, n, &r->match, err);
    for (size_t k = 0; st == VO_OK && k < r->match.n_trades; k++) {
        const vo_trade *x = &r->match.trade[k];
        r->sold[x->seller] += x->quantity;
        r->sold_today[x->seller] += x->quantity;
        r->bought[x->buyer] += vo_delivered(r->o->rules.loss, x->quantity);
        r->out->traded_kwh += (double)x->quantity * micro;
    }
    if (st != VO_OK) return st;
    r->out->trades += r->match.n_trades;
    return vo_run_audit_trades(r, err);
}

static void add_blocks(const vo_run *r, double *in, double *out) {
    *in = *out = 0;
    for (size_t b = 0; b < r->blocks; b++) {
        *in += r->block[b].import_kwh;
        *out += r->block[b].export_kwh;
    }
}

/* Batteries that answered have left some of the feeder to others: who is short of load shares it. */
static vo_status share_what_is_left(vo_run *r, vo_error *err) {
    double in = 0, out = 0, short_kwh = 0;
    add_blocks(r, &in, &out);
    const double left = r->h->feeder_kwh + out - in;
    for (size_t i = 0; i < r->h->homes; i++) short_kwh += r->result[i].short_kwh;
    if (!(left > 1e-9) || !(short_kwh > 1e-9)) return VO_OK;
    const double share = fmin(1, left / short_kwh);
    for (size_t i = 0; i < r->h->homes; i++)
        r->import_limit[i] += share * r->result[i].short_kwh;
    return vo_crew_run(&r->crew, r->blocks, vo_run_dispatch, r, err);
}

/* Where the feeder would carry too much, every home that draws on it may draw (or feed) the same share
 * of what it would have: batteries answer first, then load is short or PV turned down. */
static vo_status keep_feeder(vo_run *r, vo_error *err) {
    const double most = r->h->feeder_kwh;
    double in = 0, out = 0;
    add_blocks(r, &in, &out);
    if (fabs(in - out) <= most) return VO_OK;
    const double in_share = in - out > most ? (most + out) / in : 1;
    const double out_share = out - in > most ? (most + in) / out : 1;
    for (size_t i = 0; i < r->h->homes; i++) {
        /* of the whole meter: what was traded passes it, too */
        const double bought = r->trades ? (double)r->bought[i] * micro : 0;
        const double sold = r->trades ? (double)r->sold[i] * micro : 0;
        r->import_limit[i] =
            in_share < 1 ? bought + r->result[i].import_kwh * in_share : (double)INFINITY;
        r->export_limit[i] =
            out_share < 1 ? sold + r->result[i].export_kwh * out_share : (double)INFINITY;
    }
    vo_status st = vo_crew_run(&r->crew, r->blocks, vo_run_dispatch, r, err);
    return st == VO_OK && in_share < 1 ? share_what_is_left(r, err) : st;
}

/* Load less PV of all homes at step t. */
static double draw_at(const vo_run *r, size_t t) {
    const size_t steps = r->h->steps;
    double kwh = 0;
    for (size_t i = 0; i < r->h->homes; i++)
        kwh += (double)r->series->load_kwh[i * steps + t] -
               (double)r->series->pv_kwh[i * steps + t];
    return kwh;
}

/* The share of what batteries charge from the grid that leaves all meters together where they may
 * be: the highest draw without batteries that was seen, or is foreseen. */
static vo_status keep_peak(vo_run *r, vo_error *err) {
    const size_t H = r->horizon;
    double most = r->usual_kwh, in = 0, out = 0, charged = 0;
    for (size_t k = r->t - r->planned; k < r->ahead; k++)
        most = fmax(most, r->sum[VO_SUM_LOAD * H + k] - r->sum[VO_SUM_PV * H + k]);
    add_blocks(r, &in, &out);
    const double excess = in - out - most;
    if (excess <= 0) return VO_OK;
    for (size_t i = 0; i < r->h->homes; i++)
        charged += fmin(r->result[i].import_kwh, fmax(0, -r->result[i].terminal_kwh));
    const double less = charged > excess ? excess / charged : 1;
    for (size_t i = 0; i < r->h->homes; i++) {
        const vo_node_result *x = &r->result[i];
        r->import_limit[i] = (double)r->bought[i] * micro + x->import_kwh -
                             less * fmin(x->import_kwh, fmax(0, -x->terminal_kwh));
    }
    return vo_crew_run(&r->crew, r->blocks, vo_run_dispatch, r, err);
}

static vo_status dispatch(vo_run *r, vo_error *err) {
    const size_t homes = r->h->homes;
    for (size_t i = 0; r->import_limit && i < homes; i++)
        r->import_limit[i] = r->export_limit[i] = (double)INFINITY;
    vo_status st = vo_crew_run(&r->crew, r->blocks, vo_run_dispatch, r, err);
    if (st == VO_OK && keeps_peak(r)) {
        st = keep_peak(r, err);
        r->usual_kwh = fmax(r->usual_kwh, draw_at(r, r->t));
    }
    if (st == VO_OK && r->import_limit) st = keep_feeder(r, err);
    double in = 0, out = 0;
    add_blocks(r, &in, &out);
    if (st == VO_OK && fabs(in - out) > r->h->feeder_kwh * (1 + 1e-9) + 1e-9)
        st = vo_fail(
            err, VO_ENUMERIC,
            "step %zu: the feeder carries %g kWh of %g. This is an error of the program: "
            "please report it",
            r->t, in - out, r->h->feeder_kwh);
    r->out->peak_import_kw = fmax(r->out->peak_import_kw, (in - out) / r->h->dt_h);
    r->out->mean_import_kw += (in - out) / r->h->dt_h;
    return st;
}

static vo_status book(vo_run *r, vo_ledger_sums *interval, vo_error *err) {
    const size_t homes = r->h->homes;
    const vo_ledger_sums before = vo_ledger_total(r->ledger);
    *interval = (vo_ledger_sums){0};
    vo_status st = VO_OK;
    if (r->trades && r->match.n_trades > 0)
        st = vo_ledger_trades(r->ledger, &r->o->rules, r->match.trade, r->match.n_trades,
                              interval, err);
    for (size_t i = 0; st == VO_OK && i < homes; i++) {
        const vo_node_result *x = &r->result[i];
        if (x->import_cost != 0 || x->export_credit != 0)
            st = vo_ledger_grid(r->ledger, (uint32_t)i, x->import_cost, x->export_credit, err);
    }
    if (st != VO_OK) return st;
    const vo_ledger_sums after = vo_ledger_total(r->ledger);
    interval->grid_charges = after.grid_charges - before.grid_charges;
    interval->grid_credits = after.grid_credits - before.grid_credits;
    if (interval->residual != 0 || after.residual != 0)
        return vo_fail(
            err, VO_ENUMERIC,
            "step %zu: buyers and sellers differ by %lld micro-units. This is an error "
            "of the program: please report it",
            r->t, (long long)interval->residual);
    return VO_OK;
}

#define NEED_H 3.0 /* how far ahead a home looks for what it will need */

/* ---- told -------------------------------------------------------------------------------- */

static void tell_planned(vo_run *r, vo_interval_view *v) {
    const size_t homes = r->h->homes, done = r->t - r->planned;
    const size_t few = (size_t)fmax(1, NEED_H / r->h->dt_h + 1e-9), left = r->ahead - done;
    const size_t soon = few < left ? few : left;
    float *load = r->told + 2 * homes, *pv = load + homes;
    for (size_t i = 0; i < homes; i++) {
        const vo_node_view view = vo_run_view(r, i);
        load[i] = (float)view.load_kwh;
        pv[i] = (float)view.pv_kwh;
        r->told_small[homes + i] =
            (uint8_t)vo_node_need(&view, r->net + i * r->horizon + done, soon);
        if (r->told_score) r->told_score[i] = vo_node_profitability(&view, &r->value[i]);
    }
    v->predicted_load_kwh = load;
    v->predicted_pv_kwh = pv;
    v->need = r->told_small + homes;
    v->profitability = r->told_score;
}

/* Of one home's orders, those that take the central price: of one side, since nobody's cross. A
 * home offers what it has at no less than its worth, and waits with the rest. */
static vo_node_action at_signal(const vo_order *order, size_t n, double signal, double fee,
                                float *kwh, float *price) {
    vo_node_action action = VO_ACTION_HOLD;
    double all = 0;
    for (size_t k = 0; k < n; k++) {
        const bool sells = order[k].side == VO_ORDER_SELL;
        const double limit = (double)order[k].price * micro;
        const double noise = 1e-9;
        if (sells ? limit > signal + noise : limit - fee < signal - noise) continue;
        if (action == VO_ACTION_HOLD) *price = (float)limit;
        action = sells ? VO_ACTION_SELL : VO_ACTION_BUY;
        all += (double)order[k].quantity * micro;
    }
    *kwh = (float)all;
    return action;
}

/* Before the truth: what was posted is of before it. */
static void tell_orders(vo_run *r, vo_interval_view *v) {
    const size_t homes = r->h->homes;
    const double signal = r->path[(r->t % r->horizon) * r->horizon];
    const double fee = (double)r->o->rules.fee * micro;
    float *kwh = r->told + 4 * homes, *price = kwh + homes;
    for (size_t i = 0; i < homes; i++) {
        price[i] = 0;
        r->told_small[i] = (uint8_t)at_signal(r->order + i * VO_NODE_ORDERS, r->orders[i],
                                              signal, fee, &kwh[i], &price[i]);
    }
    v->action = r->told_small;
    v->order_kwh = kwh;
    v->order_price = price;
    v->signal = r->path + (r->t % r->horizon) * r->horizon;
    v->n_signal = r->ahead - (r->t - r->planned);
    v->match = &r->match;
}

static vo_status tell(vo_run *r, vo_interval_view *v, vo_error *err) {
    const vo_homes *h = r->h;
    const size_t homes = h->homes;
    float *load = r->told, *pv = load + homes;
    float *bought = r->told + 6 * homes, *sold = bought + homes;
    for (size_t i = 0; r->trades && i < homes; i++) {
        bought[i] = (float)((double)r->bought[i] * micro);
        sold[i] = (float)((double)r->sold[i] * micro);
    }
    v->bought_kwh = r->trades ? bought : NULL;
    v->sold_kwh = r->trades ? sold : NULL;
    for (size_t i = 0; i < homes; i++) {
        load[i] = r->series->load_kwh[i * h->steps + r->t];
        pv[i] = r->o->kind == VO_RUN_GRID_ONLY ? 0 : r->series->pv_kwh[i * h->steps + r->t];
    }
    v->step = r->t;
    v->load_kwh = load;
    v->pv_kwh = pv;
    v->result = r->result;
    return r->o->tell(r->o->tell_ctx, v, err);
}

/* ---- the clock --------------------------------------------------------------------------- */

static vo_status interval(vo_run *r, vo_error *err) {
    vo_interval_view v = {0};
    vo_status st = VO_OK;
    if (r->plans) st = begin_interval(r, err);
    if (st == VO_OK && r->trades) signal_prices(r);
    if (st == VO_OK && r->plans) st = vo_crew_run(&r->crew, r->blocks, vo_run_plan, r, err);
    if (st == VO_OK && r->trades) st = match_orders(r, err);
    if (st != VO_OK) return st;
    if (r->o->tell && r->plans) tell_planned(r, &v);
    if (r->o->tell && r->trades) tell_orders(r, &v);
    st = dispatch(r, err);
    if (st == VO_OK) st = vo_crew_run(&r->crew, r->blocks, vo_run_settle, r, err);
    if (st == VO_OK) st = book(r, &v.ledger, err);
    if (st != VO_OK || !r->o->tell) return st;
    return tell(r, &v, err);
}

static vo_status play(vo_run *r, vo_error *err) {
    const vo_homes *h = r->h;
    vo_status st = VO_OK;
    for (size_t t = 0; keeps_peak(r) && t < h->first; t++)
        r->usual_kwh = fmax(r->usual_kwh, draw_at(r, t));
    for (r->t = h->first; st == VO_OK && r->t < h->steps; r->t++) {
        if (r->o->stop && r->o->stop(r->o->stop_ctx))
            return vo_fail(err, VO_ECANCELED, "stopped at interval %zu of %zu", r->t - h->first,
                           h->steps - h->first);
        st = interval(r, err);
        for (size_t b = 0; st == VO_OK && b < r->blocks; b++)
            r->out->largest_residual_kwh =
                fmax(r->out->largest_residual_kwh, r->block[b].residual_kwh);
    }
    if (st == VO_OK) st = vo_ledger_audit(r->ledger, err);
    return st;
}

static void finish(vo_run *r) {
    vo_simulation *out = r->out;
    const vo_account *account = vo_ledger_accounts(r->ledger);
    int64_t cost = 0;
    for (size_t i = 0; i < r->h->homes; i++) {
        const vo_account *a = &account[i];
        const int64_t mine = a->imported - a->exported + a->paid - a->received;
        out->home[i].account = *a;
        out->home[i].cost = (double)mine * micro;
        out->home[i].last_kwh = r->stored[i];
        cost += mine;
    }
    out->cost = (double)cost * micro;
    out->ledger = vo_ledger_total(r->ledger);
    out->mean_import_kw /= (double)(r->h->steps - r->h->first);
    if (r->forecasts) vo_home_forecasts_errors(r->forecasts, false, out->load_error);
    if (r->forecasts) vo_home_forecasts_errors(r->forecasts, true, out->pv_error);
}

static size_t blocks_of(size_t homes) {
    const size_t most = 256, least = homes < most ? homes : most;
    return homes / 1024 > least ? homes / 1024 : least;
}

vo_status vo_simulation_run(const vo_homes *h, const vo_home_series *series,
                            const vo_simulation_options *o, vo_simulation *out, vo_error *err) {
    vo_status st = vo_homes_check(h, err);
    if (st == VO_OK) st = vo_simulation_options_check(o, err);
    if (st != VO_OK) return st;
    vo_simulation found = {0};
    vo_run r = {.h = h, .series = series, .o = o, .out = &found, .horizon = o->horizon};
    r.alloc = o->learning && o->learning->alloc ? o->learning->alloc : &vo_alloc_libc;
    r.every = o->replan_every;
    r.blocks = blocks_of(h->homes);
    r.crew = h->homes >= CREW_HOMES ? h->crew : (vo_crew){.workers = 1};
    found.alloc = r.alloc;
    st = start(&r, err);
    if (st == VO_OK) st = play(&r, err);
    if (st == VO_OK) finish(&r);
    fini(&r);
    if (st == VO_OK)
        *out = found;
    else
        vo_simulation_fini(&found);
    return st;
}

void vo_simulation_fini(vo_simulation *s) {
    const vo_alloc *a = s->alloc ? s->alloc : &vo_alloc_libc;
    a->free(a->ctx, s->home);
    *s = (vo_simulation){0};
}
