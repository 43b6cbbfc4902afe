/* simulate_answer_homes.c -- the households of a simulation's document: costs, energy, battery,
 * account, bill, and what they did interval by interval. */
#include "engine/simulate_answer_parts.h"

static void home_cost(const vo_answer *a, const char *key, vo_simulate_run_id id, size_t i) {
    const vo_simulate_outcome *o = &a->r->of[id];
    money(a->w, key, o->made, o->made ? o->home_cost[i] : 0);
}

/* What compares with the bound, and how much load was short in each run. */
static void write_weighed_home(const vo_answer *a, size_t i) {
    static const struct {
        const char *key;
        vo_simulate_run_id id;
    } of[] = {{"baseline_pge", VO_SIMULATE_grid_only},
              {"alone", VO_SIMULATE_alone},
              {"optimized", VO_SIMULATE_community}};
    const size_t n = sizeof of / sizeof of[0];
    open_object(a->w, "weighed");
    for (size_t k = 0; k < n; k++) {
        const vo_simulate_outcome *o = &a->r->of[of[k].id];
        money(a->w, of[k].key, o->made, o->made ? o->more[i].weighed : 0);
    }
    vo_json_out_end(a->w);
    open_object(a->w, "short_kwh");
    for (size_t k = 0; k < n; k++) {
        const vo_simulate_outcome *o = &a->r->of[of[k].id];
        kwh(a->w, of[k].key, o->made ? o->more[i].short_kwh : (double)NAN);
    }
    vo_json_out_end(a->w);
}

static void write_costs(const vo_answer *a, size_t i) {
    const int64_t before = a->r->of[VO_SIMULATE_grid_only].home_cost[i];
    const int64_t after = a->r->of[VO_SIMULATE_community].home_cost[i];
    vo_json_out *w = a->w;
    open_object(w, "costs");
    home_cost(a, "baseline_pge_total", VO_SIMULATE_grid_only, i);
    home_cost(a, "pv_only_total", VO_SIMULATE_pv_only, i);
    home_cost(a, "greedy_total", VO_SIMULATE_greedy, i);
    home_cost(a, "alone_total", VO_SIMULATE_alone, i);
    home_cost(a, "optimized_total", VO_SIMULATE_community, i);
    money(w, "refill", true, a->r->of[VO_SIMULATE_community].more[i].refill);
    money(w, "savings", true, before - after);
    vo_member_number(w, "savings_percent", percent_of(before - after, before));
    money(w, "alone_bound", a->r->bounded, a->r->bounded ? a->r->alone_bound[i] : 0);
    write_weighed_home(a, i);
    vo_json_out_end(w);
}

static void write_energy(const vo_answer *a, const vo_home_sums *s) {
    vo_json_out *w = a->w;
    open_object(w, "energy_kwh");
    kwh(w, "load", s->load_kwh);
    kwh(w, "pv", s->pv_kwh);
    kwh(w, "charged", s->charged_kwh);
    kwh(w, "discharged", s->discharged_kwh);
    kwh(w, "imported", s->imported_kwh);
    kwh(w, "exported", s->exported_kwh);
    kwh(w, "bought", s->bought_kwh);
    kwh(w, "sold", s->sold_kwh);
    kwh(w, "curtailed", s->curtailed_kwh);
    kwh(w, "short", s->short_kwh);
    kwh(w, "undelivered", s->undelivered_kwh);
    vo_json_out_end(w);
}

static void write_battery(const vo_answer *a, const vo_home_sums *s, size_t i) {
    const vo_home_battery *b = &a->h->battery[i];
    const double usable = (b->max_soc - b->min_soc) * b->capacity_kwh;
    vo_json_out *w = a->w;
    open_object(w, "battery");
    vo_member_number(w, "capacity_kwh", b->capacity_kwh);
    vo_member_number(w, "power_kw", b->discharge_kw);
    vo_member_number(w, "min_soc", b->min_soc);
    vo_member_number(w, "max_soc", b->max_soc);
    vo_member_number(w, "first_soc",
                     b->capacity_kwh > 0 ? brief(s->first_kwh / b->capacity_kwh) : (double)NAN);
    vo_member_number(w, "last_soc",
                     b->capacity_kwh > 0 ? brief(s->last_kwh / b->capacity_kwh) : (double)NAN);
    vo_member_number(w, "cycles", usable > 0 ? brief(s->discharged_kwh / usable) : (double)NAN);
    vo_member_number(
        w, "efficiency",
        brief(efficiency(s->charged_kwh, s->discharged_kwh, s->first_kwh, s->last_kwh)));
    vo_json_out_end(w);
}

static void write_account(const vo_answer *a, const vo_account *s) {
    vo_json_out *w = a->w;
    open_object(w, "account");
    vo_member_integer(w, "imported", s->imported);
    vo_member_integer(w, "exported", s->exported);
    vo_member_integer(w, "paid", s->paid);
    vo_member_integer(w, "received", s->received);
    vo_member_integer(w, "fees", s->fees);
    vo_json_out_end(w);
}

static void write_bill(const vo_answer *a, size_t i) {
    vo_json_out *w = a->w;
    vo_json_out_key(w, "bill");
    if (!a->bill) {
        vo_json_out_null(w);
        return;
    }
    const vo_simulate_bill *b = &a->bill[i];
    vo_json_out_object(w);
    vo_member_integer(w, "months", b->months);
    kwh(w, "baseline_total", b->baseline);
    kwh(w, "optimized_total", b->optimized);
    kwh(w, "savings", b->baseline - b->optimized);
    kwh(w, "energy_charges", b->optimized_energy);
    kwh(w, "other_charges", b->optimized - b->optimized_energy);
    vo_json_out_end(w);
}

static void write_row(const vo_answer *a, size_t t, const vo_book_row *r, double capacity) {
    static const char *const action[] = {"hold", "buy", "sell"};
    vo_json_out *w = a->w;
    const size_t step = a->h->first + t;
    vo_json_out_object(w);
    stamp(a, "timestamp", step);
    kwh(w, "predicted_load_kwh", (double)r->predicted_load);
    kwh(w, "load_kwh", (double)r->load);
    kwh(w, "predicted_pv_kwh", (double)r->predicted_pv);
    kwh(w, "pv_kwh", (double)r->pv);
    kwh(w, "battery_kwh", (double)r->battery);
    kwh(w, "battery_kw", (double)r->battery / a->h->dt_h);
    vo_member_number(w, "soc",
                     capacity > 0 ? brief((double)r->stored / capacity) : (double)NAN);
    vo_member_text(w, "action", action[r->action <= VO_ACTION_SELL ? r->action : 0]);
    kwh(w, "order_kwh", (double)r->order_kwh);
    vo_member_number(w, "limit_price",
                     r->action == VO_ACTION_HOLD ? (double)NAN : brief((double)r->order_price));
    kwh(w, "bought_kwh", (double)r->bought);
    kwh(w, "sold_kwh", (double)r->sold);
    kwh(w, "import_kwh", (double)r->imported);
    kwh(w, "export_kwh", (double)r->exported);
    kwh(w, "curtailed_kwh", (double)r->curtailed);
    kwh(w, "short_kwh", (double)r->short_of);
    vo_member_number(w, "price", a->h->buy[step]);
    vo_member_number(w, "export_price", a->h->sell[step]);
    kwh(w, "signal", a->b->interval[t].signal);
    vo_member_number(w, "score", brief((double)r->score));
    vo_member_text(w, "need", r->need == VO_NEED_RED ? "RED" : "GREEN");
    vo_json_out_end(w);
}

static void write_timeline(const vo_answer *a, size_t i) {
    open_array(a->w, "timeline");
    for (size_t t = 0; t < a->b->done; t++)
        write_row(a, t, &a->b->row[t * a->h->homes + i], a->h->battery[i].capacity_kwh);
    vo_json_out_end(a->w);
}

static void write_equipment(const vo_answer *a, size_t i) {
    const vo_world_equipment e = vo_world_home_equipment(a->c->world, (uint32_t)i);
    vo_json_out *w = a->w;
    vo_json_out_key(w, "equipment");
    vo_json_out_object(w);
    vo_member_number(w, "pv_kw", brief(e.pv_kw));
    if (e.appliances) {
        vo_member_bool(w, "ev", e.ev);
        vo_member_bool(w, "air_conditioning", e.cooling);
        vo_member_bool(w, "heat_pump", e.heating);
        vo_member_integer(w, "persons", e.persons);
    }
    vo_json_out_end(w);
}

static void write_home(const vo_answer *a, size_t i) {
    static const char *const honesty[] = {"honest", "lies_offers", "lies_bids"};
    const vo_home_sums *s = &a->r->community.home[i];
    vo_json_out *w = a->w;
    vo_json_out_object(w);
    vo_member_integer(w, "id", (long long)i + 1);
    vo_member_text(w, "name", vo_world_home_name(a->c->world, (uint32_t)i));
    if (a->h->honesty && a->h->honesty[i] <= VO_LIES_BIDS)
        vo_member_text(w, "honesty", honesty[a->h->honesty[i]]);
    write_equipment(a, i);
    write_costs(a, i);
    write_energy(a, s);
    write_battery(a, s, i);
    write_account(a, &s->account);
    write_bill(a, i);
    vo_member_number(w, "profitability",
                     a->b->score && a->b->done > 0 ? brief(a->b->score[i] / (double)a->b->done)
                                                   : (double)NAN);
    const double red = (double)a->b->red[i] / (double)a->b->n;
    vo_member_text(w, "need", red > 0.5 ? "RED" : "GREEN");
    vo_member_number(w, "red_share", red);
    if (a->b->row) write_timeline(a, i);
    vo_json_out_end(w);
}

void vo_simulate_answer_homes(const vo_answer *a) {
    const size_t n = a->c->listed ? a->h->homes : 0;
    vo_member_text(a->w, "bills", a->bills);
    open_array(a->w, "households");
    for (size_t i = 0; i < n; i++) write_home(a, i);
    vo_json_out_end(a->w);
    vo_member_integer(a->w, "households_left_out", (long long)(a->h->homes - n));
}
