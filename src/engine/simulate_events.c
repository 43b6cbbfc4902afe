/* simulate_events.c -- see simulate_events.h. */
#include "engine/simulate_events.h"

#include <stdlib.h>

#include "data/export.h"
#include "engine/members.h"

/* Indexes of the largest trades, the earlier of equals first. */
static size_t largest(const vo_match *m, size_t out[VO_EVENT_TRADES]) {
    size_t n = 0;
    for (size_t i = 0; i < m->n_trades; i++) {
        size_t k = n < VO_EVENT_TRADES ? n : VO_EVENT_TRADES - 1;
        if (n == VO_EVENT_TRADES && m->trade[i].quantity <= m->trade[out[k]].quantity) continue;
        for (; k > 0 && m->trade[out[k - 1]].quantity < m->trade[i].quantity; k--)
            out[k] = out[k - 1];
        out[k] = i;
        if (n < VO_EVENT_TRADES) n++;
    }
    return n;
}

static void write_trade(vo_json_out *w, const vo_trade *t) {
    vo_json_out_object(w);
    vo_member_integer(w, "seller", (long long)t->seller + 1);
    vo_member_integer(w, "buyer", (long long)t->buyer + 1);
    vo_member_number(w, "energy_kwh", (double)t->quantity / VO_MICRO);
    vo_member_number(w, "price", (double)t->seller_price / VO_MICRO);
    vo_json_out_end(w);
}

static void write_event(vo_json_out *w, const vo_simulate_case *c, const vo_interval_view *v) {
    const vo_match *m = v->match;
    const int64_t at_s = c->homes->start[v->step].s;
    size_t top[VO_EVENT_TRADES];
    const size_t n = largest(m, top);
    vo_json_out_object(w);
    vo_member_instant(w, "timestamp", at_s);
    vo_member_text(w, "matching", vo_matching_name(c->options.matching));
    vo_member_text(w, "currency", vo_world_currency(c->world));
    vo_member_integer(w, "trades_executed", (long long)m->n_trades);
    vo_member_number(w, "energy_kwh", (double)m->quantity / VO_MICRO);
    vo_member_number(w, "price", (double)m->price / VO_MICRO);
    vo_member_number(w, "buyers_pay", (double)v->ledger.buyers_pay / VO_MICRO);
    vo_json_out_key(w, "largest");
    vo_json_out_array(w);
    for (size_t i = 0; i < n; i++) write_trade(w, &m->trade[top[i]]);
    vo_json_out_end(w);
    vo_json_out_end(w);
}

vo_status vo_simulate_event(const vo_simulate_case *c, const vo_interval_view *v,
                            vo_error *err) {
    const vo_engine_options *o = c->o;
    const size_t every = (c->played + VO_EVENT_INTERVALS - 1) / VO_EVENT_INTERVALS;
    if (!o->event || !v->match || v->match->n_trades == 0 ||
        (v->step - c->homes->first) % every != 0)
        return VO_OK;
    vo_json_out *w = NULL;
    char *text = NULL;
    vo_status s = vo_json_out_create(&w, err);
    if (s != VO_OK) return s;
    write_event(w, c, v);
    s = vo_json_out_take(w, &text, NULL, err);
    if (s == VO_OK) o->event(o->event_ctx, "trade", text);
    free(text);
    vo_json_out_free(w);
    return s;
}
