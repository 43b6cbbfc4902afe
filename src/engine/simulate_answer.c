/* simulate_answer.c -- see simulate_answer.h.
 *
 * Sums of money are written from whole micro-units; readings are rounded to the milliwatt-hour so
 * that a document of many homes stays readable.
 */
#include "engine/simulate_answer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/simulate.h"
#include "engine/simulate_answer_parts.h"

static double fleet_efficiency(const vo_answer *a) {
    double charged = 0, discharged = 0, first = 0, last = 0;
    for (size_t i = 0; i < a->h->homes; i++) {
        const vo_home_sums *s = &a->r->community.home[i];
        charged += s->charged_kwh;
        discharged += s->discharged_kwh;
        first += s->first_kwh;
        last += s->last_kwh;
    }
    return efficiency(charged, discharged, first, last);
}

/* ---- what was simulated ------------------------------------------------------------------------------ */

static void write_tariff(const vo_answer *a) {
    const vo_tariff *t = vo_world_tariff(a->c->world);
    open_object(a->w, "tariff");
    vo_member_text(a->w, "name", vo_world_tariff_name(a->c->world));
    vo_member_text(a->w, "utility", t ? t->utility : NULL);
    vo_member_text(a->w, "schedule", t ? t->schedule : NULL);
    vo_json_out_end(a->w);
}

static void write_head(const vo_answer *a) {
    vo_json_out *w = a->w;
    const vo_simulate_case *c = a->c;
    const size_t end = a->h->steps - 1;
    char text[40];
    vo_member_bool(w, "synthetic", vo_world_synthetic(c->world));
    vo_member_integer(w, "homes", (long long)a->h->homes);
    vo_member_integer(w, "days", c->days);
    vo_member_integer(w, "history_days",
                      a->h->first ? a->h->day[a->h->first] - a->h->day[0] : 0);
    vo_member_integer(w, "intervals", (long long)c->played);
    vo_member_number(w, "interval_minutes", a->h->dt_h * 60);
    vo_member_integer(w, "seed", (long long)c->asked.seed);
    vo_member_text(w, "scenario", c->asked.scenario ? c->asked.scenario : "base");
    vo_member_text(w, "scenario_note", vo_world_scenario_note(c->world));
    stamp(a, "from", a->h->first);
    vo_export_stamp(a->zone, a->h->start[end].s + (int64_t)llround(a->h->dt_h * 3600), text);
    vo_member_text(w, "to", text);
    vo_member_text(w, "tz", a->h->zone);
    write_tariff(a);
    vo_member_text(w, "currency", vo_world_currency(c->world));
    vo_member_text(
        w, "note",
        "costs and savings are energy charges, trades and the refill of batteries that end "
        "with less than they began with; fixed charges stand in each home's bill");
}

/* Load that nobody serves costs nothing: where there is any, costs alone would praise the darker run. */
static void write_weighed(const vo_answer *a) {
    const vo_simulate_outcome *from = &a->r->of[VO_SIMULATE_grid_only],
                              *to = &a->r->of[VO_SIMULATE_community];
    vo_json_out *w = a->w;
    vo_json_out_key(w, "weighed");
    if (from->weighed == from->cost && to->weighed == to->cost) {
        vo_json_out_null(w);
        return;
    }
    vo_json_out_object(w);
    money(w, "baseline_pge_cost", true, from->weighed);
    money(w, "optimized_cost", true, to->weighed);
    money(w, "savings", true, from->weighed - to->weighed);
    vo_member_number(w, "savings_percent",
                     percent_of(from->weighed - to->weighed, from->weighed));
    vo_member_number(w, "short_per_kwh", VO_HOME_SHORT_PER_KWH);
    vo_member_text(w, "note",
                   "load that is not served costs nobody anything: plain costs and savings "
                   "praise the darker run; here each kWh that was short, or could not be "
                   "delivered, counts short_per_kwh");
    vo_json_out_end(w);
}

static void write_result(const vo_answer *a) {
    vo_json_out *w = a->w;
    const int64_t before = cost_of(a, VO_SIMULATE_grid_only);
    const int64_t after = cost_of(a, VO_SIMULATE_community);
    money(w, "baseline_pge_cost", true, before);
    money(w, "optimized_cost", true, after);
    money(w, "savings", true, before - after);
    vo_member_number(w, "savings_percent", percent_of(before - after, before));
    money(w, "refill", true, a->r->of[VO_SIMULATE_community].refill);
    write_weighed(a);
    vo_member_integer(w, "trades_executed", (long long)a->b->all_trades);
    vo_member_number(w, "battery_efficiency", fleet_efficiency(a));
}

static void write_rules(vo_json_out *w, const vo_market_rules *r, bool none) {
    open_object(w, "rules");
    vo_member_bool(w, "limits", !none);
    vo_member_number(w, "least_price", none ? (double)NAN : (double)r->least_price / VO_MICRO);
    vo_member_number(w, "most_price", none ? (double)NAN : (double)r->most_price / VO_MICRO);
    vo_member_number(w, "most_trade_kwh",
                     none ? (double)NAN : (double)r->most_quantity / VO_MICRO);
    vo_member_number(w, "most_sold_daily_kwh",
                     none ? (double)NAN : (double)r->most_sold_daily / VO_MICRO);
    vo_member_number(w, "loss", r->loss);
    vo_member_number(w, "fee", (double)r->fee / VO_MICRO);
    vo_member_number(w, "price_point", r->point);
    vo_json_out_end(w);
}

static void write_market(const vo_answer *a) {
    const vo_simulation_options *o = &a->c->options;
    vo_json_out *w = a->w;
    open_object(w, "market");
    vo_member_text(w, "matching", vo_matching_name(o->matching));
    write_rules(w, &o->rules, a->c->free_market);
    vo_member_text(w, "forecaster", o->forecaster);
    vo_member_integer(w, "horizon", (long long)o->horizon);
    vo_member_integer(w, "replan_every", (long long)o->replan_every);
    vo_member_integer(w, "load_cases", (long long)o->scenarios);
    vo_member_bool(w, "keep_peak", o->keep_peak);
    kwh(w, "import_limit_kwh", a->h->import_limit_kwh);
    kwh(w, "export_limit_kwh", a->h->export_limit_kwh);
    vo_member_number(w, "feeder_kwh", a->h->feeder_kwh);
    vo_json_out_end(w);
}

/* ---- sums -------------------------------------------------------------------------------------------- */

typedef struct {
    double load, pv, imported, exported, curtailed, short_of, undelivered, charged, discharged;
    double saved_percent;
    size_t counted;
} totals;

static totals add_up(const vo_answer *a) {
    totals t = {0};
    for (size_t i = 0; i < a->h->homes; i++) {
        const vo_home_sums *s = &a->r->community.home[i];
        const int64_t before = a->r->of[VO_SIMULATE_grid_only].home_cost[i];
        const int64_t after = a->r->of[VO_SIMULATE_community].home_cost[i];
        t.load += s->load_kwh;
        t.pv += s->pv_kwh;
        t.imported += s->imported_kwh;
        t.exported += s->exported_kwh;
        t.curtailed += s->curtailed_kwh;
        t.short_of += s->short_kwh;
        t.undelivered += s->undelivered_kwh;
        t.charged += s->charged_kwh;
        t.discharged += s->discharged_kwh;
        if (before <= 0) continue;
        t.saved_percent += percent_of(before - after, before);
        t.counted++;
    }
    return t;
}

static double mape_at(const vo_answer *a, double lead_h) {
    for (size_t k = 0; k < VO_FORECAST_LEADS; k++) {
        const vo_forecast_error *e = &a->r->community.load_error[k];
        if (e->count > 0 && e->lead == (size_t)lround(lead_h / a->h->dt_h))
            return e->mape_percent;
    }
    return (double)NAN;
}

static void write_peaks(const vo_answer *a) {
    const double before = a->r->of[VO_SIMULATE_grid_only].peak_import_kw;
    const double pv = a->r->of[VO_SIMULATE_pv_only].peak_import_kw;
    const double after = a->r->of[VO_SIMULATE_community].peak_import_kw;
    kwh(a->w, "peak_import_kw_baseline", before);
    kwh(a->w, "peak_import_kw_pv_only", pv);
    kwh(a->w, "peak_import_kw", after);
    vo_member_number(a->w, "peak_reduction_percent",
                     before > 0 ? 100 * (1 - after / before) : (double)NAN);
}

/* What is drawn while the tariff is dearest, of each local day in which it varies. */
static void write_dear_hours(const vo_answer *a) {
    const vo_homes *h = a->h;
    double before = 0, after = 0;
    for (size_t t = 0, end = 0; t < a->b->done; t = end) {
        const int32_t day = h->day[h->first + t];
        double most = -(double)INFINITY, least = (double)INFINITY;
        for (end = t; end < a->b->done && h->day[h->first + end] == day; end++) {
            most = fmax(most, h->buy[h->first + end]);
            least = fmin(least, h->buy[h->first + end]);
        }
        for (size_t k = t; k < end && most > least; k++) {
            if (h->buy[h->first + k] < most) continue;
            before += a->b->interval[k].load;
            after += a->b->interval[k].imported;
        }
    }
    kwh(a->w, "dear_hours_kwh_baseline", before);
    kwh(a->w, "dear_hours_kwh", after);
    vo_member_number(a->w, "dear_hours_reduction_percent",
                     before > 0 ? 100 * (1 - after / before) : (double)NAN);
}

static void write_scores(const vo_answer *a) {
    const vo_profitability *p = &a->b->mean_score;
    vo_json_out *w = a->w;
    vo_json_out_key(w, "profitability");
    if (!a->b->score) {
        vo_json_out_null(w);
        return;
    }
    vo_json_out_object(w);
    kwh(w, "score", p->score);
    kwh(w, "trading_potential", p->trading_potential);
    kwh(w, "battery_health", p->battery_health);
    kwh(w, "market_conditions", p->market_conditions);
    kwh(w, "capacity_utilisation", p->capacity_utilisation);
    vo_json_out_end(w);
}

static void write_metrics(const vo_answer *a) {
    const totals t = add_up(a);
    const vo_simulation *s = &a->r->community;
    const int64_t before = cost_of(a, VO_SIMULATE_grid_only);
    const int64_t after = cost_of(a, VO_SIMULATE_community);
    const double received = (double)(s->ledger.sellers_receive + s->ledger.losses) / VO_MICRO;
    vo_json_out *w = a->w;
    open_object(w, "aggregate_metrics");
    vo_member_number(w, "avg_household_savings_percent",
                     t.counted ? t.saved_percent / (double)t.counted : (double)NAN);
    money(w, "baseline_pge_total", true, before);
    money(w, "optimized_total", true, after);
    money(w, "savings", true, before - after);
    vo_member_number(w, "savings_percent", percent_of(before - after, before));
    kwh(w, "total_energy_traded_kwh", s->traded_kwh);
    vo_member_integer(w, "trades_executed", (long long)s->trades);
    vo_member_number(w, "average_price",
                     s->traded_kwh > 0 ? brief(received / s->traded_kwh) : (double)NAN);
    vo_member_number(w, "battery_efficiency", fleet_efficiency(a));
    write_peaks(a);
    write_dear_hours(a);
    vo_member_number(w, "mape_3h_percent", mape_at(a, 3));
    vo_member_number(w, "mape_24h_percent", mape_at(a, 24));
    vo_member_number(w, "self_consumption",
                     t.pv > 0 ? 1 - (t.exported + t.curtailed) / t.pv : (double)NAN);
    vo_member_number(w, "self_sufficiency", t.load > 0 ? 1 - t.imported / t.load : (double)NAN);
    kwh(w, "load_kwh", t.load);
    kwh(w, "pv_kwh", t.pv);
    kwh(w, "imported_kwh", t.imported);
    kwh(w, "exported_kwh", t.exported);
    kwh(w, "charged_kwh", t.charged);
    kwh(w, "discharged_kwh", t.discharged);
    kwh(w, "curtailed_kwh", t.curtailed);
    kwh(w, "short_kwh", t.short_of);
    kwh(w, "undelivered_kwh", t.undelivered);
    write_scores(a);
    vo_member_number(w, "largest_residual_kwh", s->largest_residual_kwh);
    vo_json_out_end(w);
}

static void write_ledger(const vo_answer *a) {
    const vo_ledger_sums *l = &a->r->community.ledger;
    vo_json_out *w = a->w;
    open_object(w, "ledger");
    vo_member_text(w, "unit", "millionths of the currency");
    vo_member_integer(w, "buyers_pay", l->buyers_pay);
    vo_member_integer(w, "sellers_receive", l->sellers_receive);
    vo_member_integer(w, "losses", l->losses);
    vo_member_integer(w, "fees", l->fees);
    vo_member_integer(w, "residual", l->residual);
    vo_member_integer(w, "grid_charges", l->grid_charges);
    vo_member_integer(w, "grid_credits", l->grid_credits);
    vo_json_out_end(w);
}

/* ---- where savings come from ------------------------------------------------------------------------- */

static void write_against(const vo_answer *a, const char *key, vo_simulate_run_id id) {
    const int64_t before = cost_of(a, id), after = cost_of(a, VO_SIMULATE_community);
    open_object(a->w, key);
    money(a->w, "cost", true, before);
    money(a->w, "savings", true, before - after);
    vo_member_number(a->w, "savings_percent", percent_of(before - after, before));
    kwh(a->w, "short_kwh", a->r->of[id].short_kwh);
    money(a->w, "refill", true, a->r->of[id].refill);
    vo_json_out_end(a->w);
}

static void write_split(const vo_answer *a) {
    vo_json_out *w = a->w;
    const int64_t grid = weighed(a, VO_SIMULATE_grid_only),
                  pv = weighed(a, VO_SIMULATE_pv_only),
                  naive = weighed(a, VO_SIMULATE_alone_naive),
                  alone = weighed(a, VO_SIMULATE_alone),
                  all = weighed(a, VO_SIMULATE_community);
    vo_json_out_key(w, "split");
    if (!a->r->bounded) {
        vo_json_out_null(w);
        return;
    }
    vo_json_out_object(w);
    money(w, "pv", true, grid - pv);
    money(w, "time_shifting", true, pv - naive);
    money(w, "forecasting", true, naive - alone);
    money(w, "trading", true, alone - all);
    money(w, "sum", true, grid - all);
    money(w, "from", true, grid);
    money(w, "to", true, all);
    vo_member_text(w, "naive_forecaster", a->r->naive);
    vo_json_out_end(w);
}

static void write_decomposition(const vo_answer *a) {
    open_object(a->w, "savings_decomposition");
    open_object(a->w, "against");
    write_against(a, "grid_only", VO_SIMULATE_grid_only);
    write_against(a, "pv_only", VO_SIMULATE_pv_only);
    write_against(a, "greedy", VO_SIMULATE_greedy);
    vo_json_out_end(a->w);
    write_split(a);
    vo_json_out_end(a->w);
}

static void write_bound(const vo_answer *a, const char *key, int64_t bound, int64_t reached) {
    const int64_t pv = weighed(a, VO_SIMULATE_pv_only);
    open_object(a->w, key);
    money(a->w, "cost", true, bound);
    money(a->w, "savings", true, pv - bound);
    money(a->w, "reached", true, pv - reached);
    vo_member_number(a->w, "reached_percent", percent_of(pv - reached, pv - bound));
    vo_json_out_end(a->w);
}

static void write_gap(const vo_answer *a) {
    const int64_t all = weighed(a, VO_SIMULATE_community),
                  perfect = weighed(a, VO_SIMULATE_community_perfect),
                  free_market = weighed(a, VO_SIMULATE_community_free),
                  plain = weighed(a, VO_SIMULATE_community_plain), bound = a->r->pooled_bound;
    open_object(a->w, "gap");
    money(a->w, "forecast", true, all - perfect);
    money(a->w, "rules", true, perfect - free_market);
    money(a->w, "world", true, free_market - plain);
    money(a->w, "matching", true, plain - bound);
    money(a->w, "sum", true, all - bound);
    vo_json_out_end(a->w);
}

static void write_bounds(const vo_answer *a) {
    vo_json_out_key(a->w, "bounds");
    if (!a->r->bounded) {
        vo_json_out_null(a->w);
        return;
    }
    vo_json_out_object(a->w);
    write_bound(a, "alone", a->r->alone_bound_sum, weighed(a, VO_SIMULATE_alone));
    write_bound(a, "pooled", a->r->pooled_bound, weighed(a, VO_SIMULATE_community));
    money(a->w, "lossless", true, a->r->lossless_bound);
    vo_member_integer(a->w, "rounds", (long long)a->r->bounds.rounds);
    vo_member_number(a->w, "short_per_kwh", VO_HOME_SHORT_PER_KWH);
    write_gap(a);
    vo_json_out_end(a->w);
}

/* ---- forecasts, intervals, flows, trades -------------------------------------------------------------- */

static void write_error(vo_json_out *w, const char *key, const vo_forecast_error *e) {
    open_object(w, key);
    vo_member_number(w, "mae_kwh", e->count ? brief(e->mae_kwh) : (double)NAN);
    vo_member_number(w, "mape_percent", e->count ? brief(e->mape_percent) : (double)NAN);
    vo_member_number(w, "wape_percent", e->count ? brief(e->wape_percent) : (double)NAN);
    vo_member_integer(w, "count", (long long)e->count);
    vo_json_out_end(w);
}

static void write_days_seen(const vo_answer *a) {
    const double seen = a->c->days_seen;
    char note[160];
    vo_member_number(a->w, "days_seen_in_training", seen);
    snprintf(note, sizeof note,
             "%.80s has learned from %.0f of these %d days: its figures are flattered",
             a->c->options.forecaster, ceil(seen), (int)a->c->days);
    vo_member_text(a->w, "note", seen > 0 ? note : NULL);
}

static void write_forecasts(const vo_answer *a) {
    vo_json_out *w = a->w;
    open_object(w, "forecasts");
    vo_member_text(w, "forecaster", a->c->options.forecaster);
    write_days_seen(a);
    open_array(w, "by_lead");
    for (size_t k = 0; k < VO_FORECAST_LEADS; k++) {
        const vo_forecast_error *load = &a->r->community.load_error[k];
        const vo_forecast_error *pv = &a->r->community.pv_error[k];
        if (load->count == 0 && pv->count == 0) continue;
        vo_json_out_object(w);
        vo_member_number(w, "lead_h", (double)load->lead * a->h->dt_h);
        write_error(w, "load", load);
        write_error(w, "pv", pv);
        vo_json_out_end(w);
    }
    vo_json_out_end(w);
    vo_json_out_end(w);
}

#define COLUMN(key, value)                                                                     \
    do {                                                                                       \
        open_array(w, key);                                                                    \
        for (size_t t = 0; t < a->b->done; t++) {                                              \
            const vo_book_interval *at = &a->b->interval[t];                                   \
            vo_json_out_number(w, brief(value));                                               \
        }                                                                                      \
        vo_json_out_end(w);                                                                    \
    } while (0)

static void write_community(const vo_answer *a) {
    static const char *const fan[VO_FAN] = {"soc_p05", "soc_p25", "soc_p50", "soc_p75",
                                            "soc_p95"};
    vo_json_out *w = a->w;
    const vo_homes *h = a->h;
    open_object(w, "community");
    open_array(w, "start_s");
    for (size_t t = 0; t < a->b->done; t++)
        vo_json_out_integer(w, (long long)h->start[h->first + t].s);
    vo_json_out_end(w);
    COLUMN("load_kwh", at->load);
    COLUMN("pv_kwh", at->pv);
    COLUMN("predicted_load_kwh", at->predicted_load);
    COLUMN("predicted_pv_kwh", at->predicted_pv);
    COLUMN("net_before_kwh", at->load - at->pv);
    COLUMN("net_after_kwh", at->imported - at->exported);
    COLUMN("battery_kwh", at->discharged - at->charged);
    COLUMN("imported_kwh", at->imported);
    COLUMN("exported_kwh", at->exported);
    COLUMN("curtailed_kwh", at->curtailed);
    COLUMN("short_kwh", at->short_of);
    COLUMN("traded_kwh", at->traded);
    COLUMN("trades", (double)at->trades);
    COLUMN("paid", at->buyers_pay);
    COLUMN("signal", at->signal);
    COLUMN("price", at->price);
    COLUMN("buy_price", at ? h->buy[h->first + t] : 0);
    for (size_t k = 0; k < VO_FAN; k++) COLUMN(fan[k], at->soc[k]);
    COLUMN("green", (double)at->green);
    vo_json_out_end(w);
}

static void group_name(size_t first, size_t last, char out[48]) {
    if (first == last)
        snprintf(out, 48, "%zu", first);
    else
        snprintf(out, 48, "%zu-%zu", first, last);
}

/* Names of the groups: homes, or "1-25". */
static void write_groups(const vo_answer *a) {
    vo_json_out *w = a->w;
    const size_t homes = a->h->homes, groups = a->b->groups;
    char text[48];
    open_array(w, "groups");
    for (size_t g = 0, first = 0; g < groups; g++) {
        size_t end = first;
        while (end < homes && vo_simulate_group(a->b, (uint32_t)end) == g) end++;
        if (homes == groups)
            vo_json_out_string(w, vo_world_home_name(a->c->world, (uint32_t)g));
        else {
            group_name(first + 1, end, text);
            vo_json_out_string(w, text);
        }
        first = end;
    }
    vo_json_out_end(w);
}

static void write_flows(const vo_answer *a) {
    vo_json_out *w = a->w;
    open_object(w, "flows");
    write_groups(a);
    open_array(w, "kwh");
    for (size_t i = 0; i < a->b->groups; i++) {
        vo_json_out_array(w);
        for (size_t k = 0; k < a->b->groups; k++)
            vo_json_out_number(w, (double)a->b->flow[i * VO_FLOW_GROUPS + k] / VO_MICRO);
        vo_json_out_end(w);
    }
    vo_json_out_end(w);
    vo_json_out_end(w);
}

static void write_trade(const vo_answer *a, const vo_book_trade *t) {
    vo_json_out *w = a->w;
    const vo_trade *d = &t->trade;
    int64_t paid = 0, received = 0; /* as the ledger booked them */
    const bool known = vo_money_of(d->quantity, d->buyer_price, &paid) &&
                       vo_money_of(d->quantity, d->seller_price, &received);
    vo_json_out_object(w);
    stamp(a, "timestamp", a->h->first + t->step);
    vo_member_integer(w, "seller", (long long)d->seller + 1);
    vo_member_integer(w, "buyer", (long long)d->buyer + 1);
    vo_member_number(w, "energy_kwh", (double)d->quantity / VO_MICRO);
    vo_member_number(w, "arrives_kwh",
                     (double)vo_delivered(a->c->options.rules.loss, d->quantity) / VO_MICRO);
    vo_member_number(w, "seller_price", (double)d->seller_price / VO_MICRO);
    vo_member_number(w, "buyer_price", (double)d->buyer_price / VO_MICRO);
    money(w, "paid", known, paid);
    money(w, "received", known, received);
    vo_json_out_end(w);
}

static void write_trades(const vo_answer *a) {
    open_array(a->w, "trades");
    for (size_t i = 0; i < a->b->n_trades; i++) write_trade(a, &a->b->trade[i]);
    vo_json_out_end(a->w);
    vo_member_integer(a->w, "trades_left_out", (long long)(a->b->all_trades - a->b->n_trades));
}

vo_status vo_simulate_answer(vo_simulate_case *c, const vo_simulate_runs *r,
                             const vo_simulate_book *b, vo_json_out *w, vo_error *err) {
    vo_answer a = {.c = c, .r = r, .b = b, .h = c->homes, .w = w};
    vo_status s = vo_zone_open(a.h->zone, &a.zone, err);
    if (s == VO_OK) s = vo_simulate_bills(b, r->community.home, &a.bill, &a.bills, err);
    if (s != VO_OK) goto done;
    vo_json_out_object(w);
    write_head(&a);
    write_result(&a);
    write_market(&a);
    write_metrics(&a);
    write_decomposition(&a);
    write_bounds(&a);
    write_ledger(&a);
    vo_simulate_answer_homes(&a);
    write_forecasts(&a);
    write_community(&a);
    write_flows(&a);
    write_trades(&a);
    vo_json_out_end(w);
done:
    free(a.bill);
    vo_zone_close(a.zone);
    return s;
}
