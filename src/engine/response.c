/* response.c -- see response.h.
 *
 * Money per interval is settled here from the plan's meter flows, as the certificate does: the
 * days' revenues, less demand charges and plus the value left in store, add up to the profit.
 */
#include "engine/response.h"
#include "engine/members.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "grid/settlement.h"

/* One local day, or the whole span. */
typedef struct {
    size_t from, to;
    double revenue;                      /* cash of the meter less wear     */
    double charged_mwh, discharged_mwh;  /* at the terminals, all batteries */
    double charge_cost, discharge_worth; /* those times the market price    */
    double baseline;                     /* cash without any battery        */
} totals;

static double hours_of(const vo_problem *p, size_t t) {
    return p->dt_h ? p->dt_h[t] : p->interval_h;
}

/* What a solver's rounding leaves is no action: below 1e-9 of the battery's power is 0. */
static double power_of(const vo_problem *p, const vo_plan *plan, size_t b, size_t t) {
    const double mw = plan->power_mw[b * p->n + t];
    const double most = fmax(p->battery[b].charge_mw, p->battery[b].discharge_mw);
    return fabs(mw) <= 1e-9 * most ? 0 : mw;
}

static totals sum_up(const vo_problem *p, const vo_plan *plan, size_t from, size_t to) {
    const bool has_site =
        p->load_mw || p->pv_mw; /* without, there is nothing but the battery */
    totals sum = {.from = from, .to = to};
    for (size_t t = from; t < to; t++) {
        const double dt_h = hours_of(p, t);
        const vo_site_interval site = vo_site_at(p, t);
        sum.revenue +=
            (site.sell * plan->export_mw[t] - site.buy * plan->import_mw[t]) * site.dt_h;
        if (has_site) sum.baseline += vo_site_settle(&site, 0).cash;
        for (size_t b = 0; b < p->n_batteries; b++) {
            const double mwh = power_of(p, plan, b, t) * dt_h;
            if (mwh > 0) {
                sum.discharged_mwh += mwh;
                sum.discharge_worth += mwh * p->price[t];
                sum.revenue -= mwh * p->battery[b].wear_cost_per_mwh;
            } else {
                sum.charged_mwh -= mwh;
                sum.charge_cost -= mwh * p->price[t];
            }
        }
    }
    return sum;
}

/* ---- small pieces ----------------------------------------------------------------- */

static const char *action_name(double mw) {
    return mw > 0 ? "discharge" : mw < 0 ? "charge" : "idle";
}

/* ---- reasons -------------------------------------------------------------------- */

/* Appends a clause, if its number exists. */
static void clause(char *out, size_t size, const char *before, double v) {
    const size_t len = strlen(out);
    if (!isnan(v)) snprintf(out + len, size - len, "%s%.2f", before, v);
}

void vo_response_reason(const vo_problem *p, const vo_solution *s, size_t b, size_t t,
                        char *out, size_t size) {
    const size_t i = b * p->n + t;
    const vo_battery *battery = &p->battery[b];
    const double mw = power_of(p, s->plan, b, t), soc = s->end_mwh[i] / battery->capacity_mwh;
    const double price = mw > 0 && p->export_price ? p->export_price[t] : p->price[t];
    const double below = s->plan->flip_below[i], above = s->plan->flip_above[i];
    const bool full = soc >= battery->max_soc - 1e-9, empty = soc <= battery->min_soc + 1e-9;
    if (mw < 0) {
        snprintf(out, size, "charging at %.2f", price);
        clause(out, size, ": pays up to ", above);
    } else if (mw > 0) {
        snprintf(out, size, "discharging at %.2f", price);
        clause(out, size, ": pays down to ", below);
    } else {
        snprintf(out, size, "%s at %.2f", full ? "full" : empty ? "empty" : "waiting", price);
        clause(out, size, "; charging pays below ", below);
        clause(out, size, "; discharging pays above ", above);
    }
    clause(out, size,
           full ? "; the last MWh stored is worth "
                : "; after it, one MWh more in store is worth ",
           s->plan->value_of_stored_mwh[i]);
}

/* ---- one interval ----------------------------------------------------------------- */

typedef struct {
    const vo_request *r;
    const vo_inputs *in;
    const vo_solution *s;
    bool explain;
    vo_json_out *w;
} writer;

/* A member of an interval, of which an answer has thousands. */
#define MEMBER(w, name, kind, value) (vo_json_out_name(w, name), vo_json_out_##kind(w, value))

static void write_battery_state(const writer *x, size_t b, size_t t) {
    const vo_problem *p = &x->in->problem;
    const vo_plan *plan = x->s->plan;
    const size_t i = b * p->n + t;
    const double capacity = p->battery[b].capacity_mwh;
    vo_json_out *w = x->w;
    const double mw = power_of(p, plan, b, t);
    MEMBER(w, "action", string, action_name(mw));
    MEMBER(w, "power", number, fabs(mw));
    MEMBER(w, "soc", number, x->s->end_mwh[i] / capacity);
    MEMBER(w, "soc_start", number, plan->stored_mwh[b * (p->n + 1) + t] / capacity);
    MEMBER(w, "soc_end", number, x->s->end_mwh[i] / capacity);
    MEMBER(w, "value_of_stored_mwh", number, plan->value_of_stored_mwh[i]);
    MEMBER(w, "flip_below", number, plan->flip_below[i]);
    MEMBER(w, "flip_above", number, plan->flip_above[i]);
    if (x->explain) {
        char reason[256];
        vo_response_reason(p, x->s, b, t, reason, sizeof reason);
        MEMBER(w, "reason", string, reason);
    }
}

/* Several batteries: their sum first, then each. */
static void write_fleet_state(const writer *x, size_t t) {
    const vo_problem *p = &x->in->problem;
    vo_json_out *w = x->w;
    double mw = 0, capacity = 0, start = 0, end = 0;
    for (size_t b = 0; b < p->n_batteries; b++) {
        mw += power_of(p, x->s->plan, b, t);
        capacity += p->battery[b].capacity_mwh;
        start += x->s->plan->stored_mwh[b * (p->n + 1) + t];
        end += x->s->end_mwh[b * p->n + t];
    }
    MEMBER(w, "action", string, action_name(mw));
    MEMBER(w, "power", number, fabs(mw));
    MEMBER(w, "soc", number, end / capacity);
    MEMBER(w, "soc_start", number, start / capacity);
    MEMBER(w, "soc_end", number, end / capacity);
    vo_json_out_name(w, "batteries");
    vo_json_out_array(w);
    for (size_t b = 0; b < p->n_batteries; b++) {
        vo_json_out_object(w);
        write_battery_state(x, b, t);
        vo_json_out_end(w);
    }
    vo_json_out_end(w);
}

static void write_interval(const writer *x, size_t t, vo_inputs_clock *clock) {
    const vo_problem *p = &x->in->problem;
    vo_json_out *w = x->w;
    const int32_t hour = vo_inputs_tick(x->in, t, clock);
    vo_json_out_object(w);
    MEMBER(w, "hour", integer, hour);
    MEMBER(w, "timestamp", string, clock->stamp);
    MEMBER(w, "price", number, p->price[t]);
    if (p->export_price) MEMBER(w, "export_price", number, p->export_price[t]);
    if (p->n_batteries == 1)
        write_battery_state(x, 0, t);
    else
        write_fleet_state(x, t);
    if (x->in->has_site) {
        MEMBER(w, "load", number, p->load_mw ? p->load_mw[t] : 0);
        MEMBER(w, "pv", number, p->pv_mw ? p->pv_mw[t] : 0);
        MEMBER(w, "import", number, x->s->plan->import_mw[t]);
        MEMBER(w, "export", number, x->s->plan->export_mw[t]);
        MEMBER(w, "curtailed", number, x->s->plan->curtailed_mw[t]);
    }
    vo_json_out_end(w);
}

/* ---- days and summary ---------------------------------------------------------------- */

static double average(double sum, double mwh) { return mwh > 0 ? sum / mwh : (double)NAN; }

static void write_totals(const totals *d, vo_json_out *w) {
    vo_member_number(w, "energy_charged", d->charged_mwh);
    vo_member_number(w, "energy_discharged", d->discharged_mwh);
    vo_member_number(w, "avg_charge_price", average(d->charge_cost, d->charged_mwh));
    vo_member_number(w, "avg_discharge_price", average(d->discharge_worth, d->discharged_mwh));
}

static void write_day(const writer *x, const totals *d) {
    char date[40];
    vo_inputs_date(x->in, d->from, date);
    vo_json_out_object(x->w);
    vo_member_text(x->w, "date", date);
    vo_json_out_key(x->w, "schedule");
    vo_json_out_array(x->w);
    vo_inputs_clock clock = {0};
    for (size_t t = d->from; t < d->to; t++) write_interval(x, t, &clock);
    vo_json_out_end(x->w);
    vo_member_number(x->w, "revenue", d->revenue);
    if (x->in->has_site) vo_member_number(x->w, "revenue_without_battery", d->baseline);
    write_totals(d, x->w);
    vo_json_out_end(x->w);
}

static void write_named_day(const writer *x, const char *key, const totals *d) {
    char date[40];
    vo_inputs_date(x->in, d->from, date);
    vo_json_out_key(x->w, key);
    vo_json_out_object(x->w);
    vo_member_text(x->w, "date", date);
    vo_member_number(x->w, "revenue", d->revenue);
    vo_json_out_end(x->w);
}

/* Sum over demand periods of the largest import. */
static double demand_charge(const vo_problem *p, const vo_plan *plan) {
    double sum = 0, peak = 0;
    for (size_t t = 0; t < p->n; t++) {
        if (t && p->demand_period && p->demand_period[t] != p->demand_period[t - 1])
            sum += peak, peak = 0;
        peak = fmax(peak, plan->import_mw[t]);
    }
    return (sum + peak) * p->demand_charge_per_mw;
}

static double final_value(const vo_problem *p, const vo_solution *s, bool by_day) {
    double sum = 0;
    for (size_t t = 0; t < p->n; t++) {
        if (t + 1 < p->n && !(by_day && p->day[t] != p->day[t + 1])) continue;
        for (size_t b = 0; b < p->n_batteries; b++)
            if (p->battery[b].final_kind == VO_FINAL_VALUE)
                sum += p->battery[b].final_value_per_mwh * s->end_mwh[b * p->n + t];
    }
    return sum;
}

/* Best day, worst day and the whole are found while the days are written, in one pass. */
static void write_days(const writer *x, bool by_day) {
    const vo_problem *p = &x->in->problem;
    vo_json_out *w = x->w;
    totals best = {0}, worst = {0}, all = {0};
    size_t n_days = 0;
    vo_json_out_key(w, "daily_schedules");
    vo_json_out_array(w);
    for (size_t from = 0, to; from < p->n; from = to) {
        to = from + 1;
        while (to < p->n && p->day[to] == p->day[from]) to++;
        const totals d = sum_up(p, x->s->plan, from, to);
        write_day(x, &d);
        if (n_days == 0 || d.revenue > best.revenue) best = d;
        if (n_days == 0 || d.revenue < worst.revenue) worst = d;
        all.revenue += d.revenue, all.baseline += d.baseline;
        all.charged_mwh += d.charged_mwh, all.charge_cost += d.charge_cost;
        all.discharged_mwh += d.discharged_mwh, all.discharge_worth += d.discharge_worth;
        n_days++;
    }
    vo_json_out_end(w);

    double usable = 0;
    for (size_t b = 0; b < p->n_batteries; b++) usable += vo_battery_usable_mwh(&p->battery[b]);
    vo_json_out_key(w, "summary");
    vo_json_out_object(w);
    vo_member_number(w, "total_revenue", all.revenue);
    vo_member_number(w, "avg_daily_revenue", all.revenue / (double)n_days);
    write_named_day(x, "best_day", &best);
    write_named_day(x, "worst_day", &worst);
    vo_member_integer(w, "days", (long long)n_days);
    write_totals(&all, w);
    vo_member_number(w, "cycles", average(all.discharged_mwh, usable));
    vo_member_number(w, "demand_charge", demand_charge(p, x->s->plan));
    vo_member_number(w, "final_value", final_value(p, x->s, by_day));
    vo_member_number(w, "profit", x->s->plan->profit);
    if (x->in->has_site) {
        vo_member_number(w, "revenue_without_battery", all.baseline);
        vo_member_number(w, "savings", all.revenue - all.baseline);
    }
    vo_json_out_end(w);
}

/* ---- proof ---------------------------------------------------------------------------- */

/* Energy and money hold, whatever became of the limits that may be broken. The slack is the
 * certifier's: where it finds the plan valid there is nothing to look at. */
static bool verified(const vo_problem *p, const vo_certificate *c) {
    static const vo_limit physical[] = {VO_LIMIT_ENERGY_BALANCE, VO_LIMIT_ONE_DIRECTION,
                                        VO_LIMIT_CHARGE_POWER, VO_LIMIT_DISCHARGE_POWER,
                                        VO_LIMIT_CURTAILMENT};
    if (c->valid) return true;
    double size = 0;
    for (size_t b = 0; b < p->n_batteries; b++) size += p->battery[b].capacity_mwh;
    bool holds = c->energy_residual_mwh <= 1e-7 * size;
    for (size_t i = 0; i < sizeof physical / sizeof physical[0]; i++)
        holds = holds && c->limit_excess[physical[i]] <= 1e-7 * size;
    const double money = fmax(1, fmax(fabs(c->profit), fabs(c->profit_claimed)));
    return holds && fabs(c->profit - c->profit_claimed) <= 1e-9 * money + 1e-6;
}

static void write_certificate(const vo_problem *p, const vo_certificate *c, vo_json_out *w) {
    vo_json_out_key(w, "certificate");
    vo_json_out_object(w);
    vo_member_bool(w, "valid", c->valid);
    vo_member_bool(w, "verified", verified(p, c));
    vo_member_bool(w, "proved", c->proved != 0);
    vo_member_bool(w, "bound_recomputed", c->bound_recomputed != 0);
    vo_member_number(w, "profit", c->profit);
    vo_member_number(w, "profit_claimed", c->profit_claimed);
    vo_member_number(w, "bound", c->bound);
    vo_member_number(w, "gap", c->gap);
    vo_member_number(w, "gap_relative", c->gap_relative);
    vo_member_number(w, "energy_residual_mwh", c->energy_residual_mwh);
    vo_member_integer(w, "n_violations", c->n_violations);
    vo_json_out_key(w, "limit_excess");
    vo_json_out_object(w);
    for (int32_t i = 0; i < VO_LIMIT_COUNT; i++)
        vo_member_number(w, vo_limit_name(i), c->limit_excess[i]);
    vo_json_out_end(w);
    vo_json_out_end(w);
}

static void write_violations(const vo_inputs *in, const vo_plan *plan, vo_json_out *w) {
    static const char *const unit[] = {
#define X(name, value, label, u) [value] = u,
        VO_LIMIT_MAP(X)
#undef X
    };
    vo_json_out_key(w, "violations");
    vo_json_out_array(w);
    for (int32_t i = 0; i < plan->n_violations; i++) {
        const vo_violation *v = &plan->violation[i];
        vo_json_out_object(w);
        vo_member_text(w, "limit", vo_limit_name(v->limit));
        vo_json_out_key(w, "timestamp");
        char stamp[40] = "";
        if (v->interval >= 0 && (size_t)v->interval < plan->n)
            vo_inputs_stamp(in, (size_t)v->interval, stamp);
        vo_json_out_string(w, *stamp ? stamp : NULL);
        vo_member_number(w, "amount", v->amount);
        vo_member_text(w, "unit",
                       v->limit >= 0 && v->limit < VO_LIMIT_COUNT ? unit[v->limit] : "");
        vo_member_number(w, "shadow_price", v->shadow_price);
        vo_json_out_end(w);
    }
    vo_json_out_end(w);
}

static void write_final(const vo_battery *b, vo_json_out *w) {
    vo_json_out_key(w, "final_soc");
    switch ((vo_final_kind)b->final_kind) {
    case VO_FINAL_EXACT:
        vo_json_out_number(w, b->final_soc);
        return;
    case VO_FINAL_FREE:
        vo_json_out_string(w, "free");
        return;
    case VO_FINAL_AT_LEAST_INITIAL:
        vo_json_out_string(w, "initial");
        return;
    case VO_FINAL_AT_LEAST:
        vo_json_out_object(w);
        vo_member_number(w, "at_least", b->final_soc);
        vo_json_out_end(w);
        return;
    case VO_FINAL_VALUE:
        vo_json_out_object(w);
        vo_member_number(w, "value_per_mwh", b->final_value_per_mwh);
        vo_json_out_end(w);
        return;
    }
}

void vo_response_batteries(const vo_request *r, vo_json_out *w) {
    vo_json_out_key(w, "batteries");
    vo_json_out_array(w);
    for (size_t i = 0; i < r->n_batteries; i++) {
        const vo_battery *b = &r->battery[i];
        vo_json_out_object(w);
        if (*r->battery_name[i]) vo_member_text(w, "name", r->battery_name[i]);
        vo_member_number(w, "charge_mw", b->charge_mw);
        vo_member_number(w, "discharge_mw", b->discharge_mw);
        vo_member_number(w, "capacity_mwh", b->capacity_mwh);
        vo_member_number(w, "charge_efficiency", b->charge_efficiency);
        vo_member_number(w, "discharge_efficiency", b->discharge_efficiency);
        vo_member_number(w, "self_discharge_per_h", b->self_discharge_per_h);
        vo_member_number(w, "min_soc", b->min_soc);
        vo_member_number(w, "max_soc", b->max_soc);
        vo_member_number(w, "initial_soc", b->initial_soc);
        write_final(b, w);
        vo_member_number(w, "max_cycles_per_day", b->max_cycles_per_day); /* null: no limit */
        vo_member_number(w, "max_cycles", b->max_cycles);
        vo_member_number(w, "wear_cost_per_mwh", b->wear_cost_per_mwh);
        vo_json_out_end(w);
    }
    vo_json_out_end(w);
}

void vo_response_inputs(const vo_inputs *in, vo_json_out *w) {
    char stamp[40];
    vo_member_text(w, "source", in->source);
    vo_member_text(w, "label", in->series->label);
    vo_member_text(w, "tz", vo_zone_name(in->zone));
    vo_member_text(w, "currency", in->currency);
    vo_member_bool(w, "synthetic", in->synthetic);
    vo_member_integer(w, "intervals", (long long)(in->series->n - in->first));
    vo_member_number(w, "interval_minutes", in->series->dt_h[in->first] * 60);
    vo_inputs_stamp(in, in->first, stamp);
    vo_member_text(w, "first", stamp);
    vo_inputs_stamp(in, in->series->n - 1, stamp);
    vo_member_text(w, "last", stamp);
    vo_member_integer(w, "history_days", in->series->day[in->first]);
    vo_member_text(w, "note", *in->note ? in->note : NULL);
    if (!in->report) return;
    vo_json_out_key(w, "repairs");
    vo_clean_report_json(in->report, 100, w);
}

/* Only the exact method knows flip prices: whether their nulls mean "at no price". */
static void write_flips_known(const vo_plan *plan, vo_json_out *w) {
    char text[64] = "every interval";
    if (strcmp(plan->method, vo_method_name(VO_METHOD_EXACT)) != 0)
        snprintf(text, sizeof text, "not computed by %s", plan->method);
    vo_member_text(w, "flip_prices", text);
}

void vo_response_optimize(const vo_request *r, const vo_inputs *in, const vo_solution *s,
                          bool by_day, vo_json_out *w) {
    const writer x = {.r = r,
                      .in = in,
                      .s = s,
                      .w = w,
                      .explain = vo_request_number(r, VO_OPT_explain, 0) > 0};
    vo_json_out_reserve(w, 4096 + s->plan->n * s->plan->n_batteries * (x.explain ? 400 : 260));
    vo_json_out_object(w);
    vo_member_text(w, "method", s->plan->method);
    vo_member_text(w, "verdict", vo_verdict_name(s->plan->verdict));
    vo_member_text(w, "horizon", by_day ? "day" : "all");
    write_flips_known(s->plan, w);
    vo_member_number(w, "profit", s->plan->profit);
    if (vo_request_number(r, VO_OPT_timing, 0) > 0)
        vo_member_number(w, "solve_ms", s->solve_s * 1e3);
    write_certificate(&in->problem, &s->cert, w);
    write_violations(in, s->plan, w);
    vo_json_out_key(w, "prices");
    vo_json_out_object(w);
    vo_response_inputs(in, w);
    vo_json_out_end(w);
    vo_response_batteries(r, w);
    write_days(&x, by_day);
    vo_json_out_end(w);
}
