/* test_simulation.c -- a community's interval-by-interval run: what must balance balances, what is
 * forbidden does not happen, what is not known yet changes nothing, and threads change no bit. */
#include "community/simulation.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "community/bound.h"
#include "community/simulation_run.h"
#include "support/crew.h"
#include "support/fault_alloc.h"
#include "support/village.h"

/* What a run looked like from outside, added up by other code than the simulation's. */
typedef struct {
    const village *v;
    vo_market_rules rules;
    size_t intervals, trades, buys, sells;
    int64_t buyers_pay, sellers_receive;
    double *sold_today;
    double stored, worst_balance, imports, exports, worst_feeder;
    double *shorts; /* [homes] */
    uint64_t hash;
    size_t stop_hash_at; /* steps before this are hashed */
} watch;

static void mix(watch *w, const void *p, size_t n) {
    const unsigned char *b = p;
    for (size_t i = 0; i < n; i++) w->hash = (w->hash ^ b[i]) * UINT64_C(1099511628211);
}

static void watch_trades(watch *w, const vo_interval_view *x) {
    const vo_homes *h = &w->v->h;
    if (x->step % 48 == 0)
        for (size_t i = 0; i < h->homes; i++) w->sold_today[i] = 0;
    int64_t in_interval[2][64] = {{0}};
    for (size_t k = 0; x->match && k < x->match->n_trades; k++) {
        const vo_trade *t = &x->match->trade[k];
        cr_assert_neq(t->seller, t->buyer);
        cr_assert(t->quantity > 0);
        cr_assert(t->seller_price >= w->rules.least_price &&
                  t->buyer_price <= w->rules.most_price);
        cr_assert(t->buyer_price - w->rules.fee >= t->seller_price);
        in_interval[0][t->seller] += t->quantity;
        in_interval[1][t->buyer] += t->quantity;
        w->sold_today[t->seller] += (double)t->quantity * 1e-6;
        w->trades++;
    }
    for (size_t i = 0; i < h->homes; i++) {
        cr_assert(in_interval[0][i] <= w->rules.most_quantity);
        cr_assert(in_interval[1][i] <= w->rules.most_quantity);
        cr_assert(in_interval[0][i] == 0 || in_interval[1][i] == 0, "bought and sold at once");
        cr_assert(w->sold_today[i] <= (double)w->rules.most_sold_daily * 1e-6 + 1e-9);
        if (h->grid_down[x->step])
            cr_assert(in_interval[0][i] == 0 && in_interval[1][i] == 0, "traded in an outage");
    }
}

static void watch_home(watch *w, const vo_interval_view *x, size_t i) {
    const vo_homes *h = &w->v->h;
    const vo_node_result *r = &x->result[i];
    const bool down = h->grid_down[x->step];
    const double bought = x->bought_kwh ? (double)x->bought_kwh[i] : 0;
    const double sold = x->sold_kwh ? (double)x->sold_kwh[i] : 0;
    const double uses =
        (double)x->load_kwh[i] + fmax(0, -r->terminal_kwh) + sold + r->export_kwh;
    const double has = (double)x->pv_kwh[i] - r->curtailed_kwh + fmax(0, r->terminal_kwh) +
                       bought + r->import_kwh + r->short_kwh + r->undelivered_kwh;
    /* bought and sold are told as floats */
    w->worst_balance = fmax(w->worst_balance, fabs(uses - has) - 1e-6 * (bought + sold));
    cr_assert(r->import_kwh + bought <= (down ? 0 : h->import_limit_kwh) + 1e-6);
    cr_assert(r->export_kwh + sold <= (down ? 0 : h->export_limit_kwh) + 1e-6);
    w->shorts[i] += r->short_kwh;
    w->imports += r->import_kwh;
    w->exports += r->export_kwh;
}

static vo_status look(void *ctx, const vo_interval_view *x, vo_error *err) {
    watch *w = ctx;
    const vo_homes *h = &w->v->h;
    (void)err;
    double in = 0, out = 0;
    size_t needless = 0;
    cr_assert_eq(x->step, h->first + w->intervals);
    w->intervals++;
    watch_trades(w, x);
    for (size_t i = 0; i < h->homes; i++) {
        watch_home(w, x, i);
        in += x->result[i].import_kwh;
        out += x->result[i].export_kwh;
        if (x->step < w->stop_hash_at) mix(w, &x->result[i], sizeof x->result[i]);
        const double bought = x->bought_kwh ? (double)x->bought_kwh[i] : 0;
        const bool room = x->result[i].import_kwh + bought < h->import_limit_kwh - 1e-6;
        needless += x->result[i].short_kwh > 1e-6 && room && !h->grid_down[x->step];
    }
    if (needless > 0) cr_assert(in - out >= h->feeder_kwh - 1e-6, "short beside a free feeder");
    if (x->step <= w->stop_hash_at && x->match) { /* what was said before the truth came in */
        mix(w, x->predicted_load_kwh, h->homes * sizeof(float));
        mix(w, x->predicted_pv_kwh, h->homes * sizeof(float));
        mix(w, x->order_kwh, h->homes * sizeof(float));
        mix(w, x->order_price, h->homes * sizeof(float));
        mix(w, x->signal, x->n_signal * sizeof(double));
        mix(w, &x->match->quantity, sizeof x->match->quantity);
    }
    w->worst_feeder = fmax(w->worst_feeder, fabs(in - out));
    w->buyers_pay += x->ledger.buyers_pay;
    w->sellers_receive += x->ledger.sellers_receive + x->ledger.losses + x->ledger.fees;
    cr_assert_eq(x->ledger.residual, (int64_t)0);
    if (x->action)
        for (size_t i = 0; i < h->homes; i++) {
            w->buys += x->action[i] == VO_ACTION_BUY;
            w->sells += x->action[i] == VO_ACTION_SELL;
            cr_assert((x->action[i] == VO_ACTION_HOLD) == (x->order_kwh[i] == 0));
            const double limit = (double)x->order_price[i], noise = 1e-6;
            if (x->action[i] == VO_ACTION_SELL) cr_assert(limit <= x->signal[0] + noise);
            if (x->action[i] == VO_ACTION_BUY)
                cr_assert(limit - (double)w->rules.fee * 1e-6 >= x->signal[0] - noise);
        }
    return VO_OK;
}

static vo_simulation run(const village *v, vo_simulation_options o, watch *w) {
    const vo_home_series series = {v->load, v->pv};
    vo_simulation s = {0};
    vo_error err = {0};
    watch mine = {0};
    if (!w) w = &mine;
    const size_t stop = w->stop_hash_at ? w->stop_hash_at : SIZE_MAX;
    *w = (watch){.v = v, .rules = o.rules, .hash = 14695981039346656037u, .stop_hash_at = stop};
    w->sold_today = calloc(v->h.homes, sizeof *w->sold_today);
    w->shorts = calloc(v->h.homes, sizeof *w->shorts);
    o.tell = look;
    o.tell_ctx = w;
    cr_assert_eq(vo_simulation_run(&v->h, &series, &o, &s, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(w->intervals, v->h.steps - v->h.first);
    cr_assert(w->worst_balance <= 1e-9, "%g", w->worst_balance);
    cr_assert(s.largest_residual_kwh <= 1e-9);
    cr_assert_eq(w->buyers_pay, w->sellers_receive);
    cr_assert_eq(s.ledger.residual, (int64_t)0);
    free(w->sold_today);
    free(w->shorts);
    w->sold_today = w->shorts = NULL;
    return s;
}

static vo_simulation_options light(vo_run_kind kind) {
    vo_simulation_options o = vo_simulation_options_default();
    o.kind = (int32_t)kind;
    return o;
}

/* Sums of the accounts are the sums of the homes, and money only moves. */
static void check_money(const village *v, const vo_simulation *s) {
    int64_t paid = 0, received = 0, fees = 0;
    double cost = 0;
    for (size_t i = 0; i < v->h.homes; i++) {
        const vo_account *a = &s->home[i].account;
        paid += a->paid;
        received += a->received;
        fees += a->fees;
        cost += s->home[i].cost;
        cr_assert_float_eq(s->home[i].cost,
                           (double)(a->imported - a->exported + a->paid - a->received) * 1e-6,
                           1e-9);
    }
    cr_assert_eq(paid, received + fees, "buyers pay what sellers and the operator get");
    cr_assert_float_eq(cost, s->cost, 1e-6);
}

Test(simulation, energy_and_money_balance_in_every_kind_of_run) {
    const vo_run_kind kind[] = {VO_RUN_COMMUNITY, VO_RUN_ALONE, VO_RUN_GREEDY, VO_RUN_PV_ONLY,
                                VO_RUN_GRID_ONLY};
    double cost[5];
    village v;
    village_make(&v, 4, 12, 5, 2, 0.5);
    for (size_t k = 0; k < 5; k++) {
        watch w = {0};
        vo_simulation s = run(&v, light(kind[k]), &w);
        check_money(&v, &s);
        cost[k] = s.cost;
        for (size_t i = 0; i < 12;
             i++) /* the rule has no end: what it leaves less is bought again */
            cost[k] += 0.5 * (s.home[i].first_kwh - s.home[i].last_kwh);
        cr_assert_eq(s.trades, w.trades);
        cr_assert((s.trades > 0) == (kind[k] == VO_RUN_COMMUNITY));
        for (size_t i = 0; i < 12; i++) {
            const vo_home_sums *x = &s.home[i];
            const vo_home_battery *b = &v.battery[i];
            cr_assert_float_eq(x->load_kwh + x->charged_kwh + x->sold_kwh + x->exported_kwh,
                               x->pv_kwh - x->curtailed_kwh + x->discharged_kwh +
                                   x->bought_kwh + x->imported_kwh + x->short_kwh +
                                   x->undelivered_kwh,
                               1e-6);
            cr_assert_float_eq(x->last_kwh - x->first_kwh,
                               x->charged_kwh * b->charge_efficiency -
                                   x->discharged_kwh / b->discharge_efficiency,
                               1e-6);
            if (k < 2) cr_assert(x->last_kwh >= x->first_kwh - 0.02 * b->capacity_kwh - 1e-9);
        }
        vo_simulation_fini(&s);
    }
    cr_assert(cost[0] < cost[1] && cost[1] < cost[2] && cost[2] < cost[3] && cost[3] < cost[4],
              "%g %g %g %g %g", cost[0], cost[1], cost[2], cost[3], cost[4]);
    village_free(&v);
}

/* The bounds are of what nobody can do better; perfect forecasts come close. */
Test(simulation, nobody_beats_the_bounds_and_with_perfect_forecasts_they_come_close) {
    for (uint64_t seed = 11; seed <= 13; seed++) {
        village v;
        village_make(&v, seed, 6, 4, 1, 0.5);
        double alone[6];
        const vo_bound_options bo = {.loss = 0.05, .rounds = 800, .tolerance = 1e-6};
        vo_bounds b = {.alone = alone};
        cr_assert_eq(vo_bounds_find(&v.h, v.load, v.pv, &bo, NULL, NULL, &b, NULL), VO_OK);
        vo_simulation_options o = light(VO_RUN_PV_ONLY);
        vo_simulation pv_only = run(&v, o, NULL);
        o = light(VO_RUN_ALONE);
        o.forecaster = "perfect";
        o.scenarios = 1;
        vo_simulation by_itself = run(&v, o, NULL);
        o.kind = VO_RUN_COMMUNITY;
        o.rules = vo_market_rules_none();
        vo_simulation pool = run(&v, o, NULL);
        for (size_t i = 0; i < 6; i++)
            cr_assert(by_itself.home[i].cost >= alone[i] - 1e-3, "home %d: %g beats %g", (int)i,
                      by_itself.home[i].cost, alone[i]);
        cr_assert(pool.cost >= b.pooled - 1e-3, "%g beats %g", pool.cost, b.pooled);
        const double most = pv_only.cost - b.alone_sum, most_pool = pv_only.cost - b.pooled;
        cr_assert(pv_only.cost - by_itself.cost > 0.97 * most, "alone: %g of %g",
                  pv_only.cost - by_itself.cost, most);
        cr_assert(pv_only.cost - pool.cost > 0.97 * most_pool, "pool: %g of %g",
                  pv_only.cost - pool.cost, most_pool);
        vo_simulation_fini(&pv_only);
        vo_simulation_fini(&by_itself);
        vo_simulation_fini(&pool);
        village_free(&v);
    }
}

static bool lost(void *ctx, vo_message kind, uint32_t home, size_t step) {
    const double share = *(const double *)ctx;
    vo_random r = vo_random_seed(home * 2 + (uint64_t)kind, step);
    return vo_random_unit(&r) >= share;
}

/* Homes that lie, huge loads, tiny batteries, no PV, outages, scarce feeders and meters, negative
 * prices, lost messages: look() and the simulation's own audit are the judges. */
Test(simulation, no_limit_or_rule_is_crossed_by_adversaries) {
    vo_random r = vo_random_seed(3, 3);
    size_t trades = 0;
    for (uint64_t seed = 1; seed <= 24; seed++) {
        village v;
        watch w = {0};
        village_make(&v, seed, 6 + seed % 3, 3, 1, 0.5);
        double share = 0.3;
        for (size_t i = 0; i < v.h.homes; i++) {
            const double u = vo_random_unit(&r);
            if (u < 0.25) v.honesty[i] = VO_LIES_OFFERS;
            if (u > 0.75) v.honesty[i] = VO_LIES_BIDS;
            if (i == 2) v.battery[i].capacity_kwh = 0.01;
            if (i == 3 && seed % 3 == 0) v.battery[i].charge_kw = 0;
            for (size_t t = 0; t < v.steps; t++) {
                if (i == 1) v.load[i * v.steps + t] *= 40;
                if (i == 4) v.pv[i * v.steps + t] = 0;
                if (i == 5 && seed % 2) v.pv[i * v.steps + t] *= 30;
            }
        }
        for (size_t t = 0; t < v.steps; t++) {
            v.down[t] = seed % 4 == 1 && t > 80 && t < 90;
            if (seed % 5 == 2) v.buy[t] = vo_random_between(&r, -0.3, 0.9);
            if (seed % 5 > 2) v.sell[t] = vo_random_between(&r, -0.2, 0.6);
        }
        if (seed % 3 == 1) v.h.feeder_kwh = 3;
        if (seed % 6 == 2) v.h.import_limit_kwh = 0.5;
        if (seed % 6 == 4) v.h.export_limit_kwh = 0.3;
        if (seed % 2) v.h.post = (vo_post){lost, &share};
        vo_simulation_options o = light(seed % 8 == 7 ? VO_RUN_ALONE : VO_RUN_COMMUNITY);
        o.matching = (int32_t)(seed % VO_MATCHINGS);
        o.replan_every = seed % 4 == 0 ? 5 : 1;
        o.scenarios = seed % 2 ? 1 : 2;
        if (seed % 9 == 0) o.rules = vo_market_rules_none();
        if (seed % 9 == 1) o.rules.fee = 20000;
        vo_simulation s = run(&v, o, &w);
        check_money(&v, &s);
        trades += s.trades;
        if (isfinite(v.h.feeder_kwh))
            cr_assert(w.worst_feeder <= 3 + 1e-6, "%g", w.worst_feeder);
        vo_simulation_fini(&s);
        village_free(&v);
    }
    cr_assert(trades > 1000, "%d", (int)trades);
}

/* Who offers what it has not got buys it at its own tariff; who bids for what it does not need pays. */
Test(simulation, a_liar_pays_for_its_lies_itself) {
    village v;
    village_make(&v, 21, 8, 4, 1, 0.5);
    vo_simulation_options o = light(VO_RUN_COMMUNITY);
    vo_simulation alone, honest = run(&v, o, NULL);
    o.kind = VO_RUN_ALONE;
    alone = run(&v, o, NULL);
    o.kind = VO_RUN_COMMUNITY;
    for (int32_t lie = VO_LIES_OFFERS; lie <= VO_LIES_BIDS; lie++) {
        v.honesty[5] = (uint8_t)lie;
        vo_simulation s = run(&v, o, NULL);
        check_money(&v, &s);
        cr_assert(s.home[5].cost > honest.home[5].cost + 0.1, "lie %d: %g instead of %g",
                  (int)lie, s.home[5].cost, honest.home[5].cost);
        for (size_t i = 0; i < 8; i++)
            if (i != 5)
                cr_assert(s.home[i].cost <=
                              alone.home[i].cost + 0.02 * fabs(alone.home[i].cost) + 0.1,
                          "lie %d: home %d pays %g, alone %g", (int)lie, (int)i, s.home[i].cost,
                          alone.home[i].cost);
        vo_simulation_fini(&s);
    }
    vo_simulation_fini(&honest);
    vo_simulation_fini(&alone);
    village_free(&v);
}

Test(simulation, threads_change_no_bit) {
    village v;
    village_make(&v, 9, 64, 2, 1, 0.5); /* enough for a crew */
    v.h.feeder_kwh = 30;
    uint64_t hash[3];
    double cost[3];
    const size_t workers[3] = {1, 2, 5};
    for (size_t k = 0; k < 3; k++) {
        size_t n = workers[k];
        watch w = {0};
        if (n > 1) v.h.crew = (vo_crew){crew, &n, n};
        vo_simulation_options o = light(VO_RUN_COMMUNITY);
        o.scenarios = 2;
        o.horizon = 24;
        vo_simulation s = run(&v, o, &w);
        hash[k] = w.hash;
        cost[k] = s.cost;
        vo_simulation_fini(&s);
    }
    cr_assert_eq(hash[0], hash[1]);
    cr_assert_eq(hash[0], hash[2]);
    cr_assert(memcmp(&cost[0], &cost[1], sizeof cost[0]) == 0 &&
              memcmp(&cost[0], &cost[2], sizeof cost[0]) == 0);
    village_free(&v);
}

/* Every load and PV from a step on is replaced: nothing before that step may notice. */
Test(simulation, what_is_not_known_yet_changes_nothing) {
    const size_t from = 96 + 17;
    uint64_t hash[2];
    for (size_t k = 0; k < 2; k++) {
        village v;
        watch w = {.stop_hash_at = from};
        village_make(&v, 14, 7, 4, 1, 0.5);
        for (size_t i = 0; k == 1 && i < v.h.homes; i++)
            for (size_t t = from; t < v.steps; t++) {
                v.load[i * v.steps + t] = 9;
                v.pv[i * v.steps + t] = (float)(t % 5);
            }
        for (size_t t = from + 1; k == 1 && t < v.steps; t++) v.down[t] = 1;
        vo_simulation s = run(&v, light(VO_RUN_COMMUNITY), &w);
        hash[k] = w.hash;
        vo_simulation_fini(&s);
        village_free(&v);
    }
    cr_assert_eq(hash[0], hash[1]);
}

/* A home whose price messages are lost goes by the last path; one whose orders are lost does not
 * trade; both run their batteries on. */
static bool home_2_is_cut_off(void *ctx, vo_message kind, uint32_t home, size_t step) {
    (void)step;
    return home != 2 || kind != *(const vo_message *)ctx;
}

Test(simulation, lost_messages_cost_trades_and_nothing_else) {
    village v;
    village_make(&v, 6, 6, 3, 1, 0.5);
    vo_simulation whole = run(&v, light(VO_RUN_COMMUNITY), NULL);
    vo_simulation alone = run(&v, light(VO_RUN_ALONE), NULL);
    vo_message kind = VO_MESSAGE_ORDERS;
    v.h.post = (vo_post){home_2_is_cut_off, &kind};
    vo_simulation mute = run(&v, light(VO_RUN_COMMUNITY), NULL);
    kind = VO_MESSAGE_SIGNAL;
    vo_simulation deaf = run(&v, light(VO_RUN_COMMUNITY), NULL);
    cr_assert(whole.home[2].bought_kwh + whole.home[2].sold_kwh > 0);
    cr_assert_float_eq(mute.home[2].bought_kwh + mute.home[2].sold_kwh, 0, 0);
    cr_assert(mute.home[0].bought_kwh + mute.home[0].sold_kwh > 0);
    cr_assert(deaf.home[2].bought_kwh + deaf.home[2].sold_kwh > 0, "it posts by its own plan");
    cr_assert(mute.home[2].cost <= alone.home[2].cost * 1.1 + 0.5);
    vo_simulation_fini(&whole);
    vo_simulation_fini(&alone);
    vo_simulation_fini(&mute);
    vo_simulation_fini(&deaf);
    village_free(&v);
}

/* In an outage nothing passes the meter, and the reserve serves the load. */
Test(simulation, in_an_outage_the_reserve_serves) {
    village v;
    village_make(&v, 8, 5, 2, 1, 0.5);
    for (size_t t = 84; t < 90; t++) v.down[t] = 1; /* 18:00 to 21:00 */
    for (size_t i = 0; i < 5; i++) v.battery[i].capacity_kwh = i == 0 ? 0 : 14;
    vo_simulation s = run(&v, light(VO_RUN_COMMUNITY), NULL);
    double load = 0;
    for (size_t t = 84; t < 90; t++) load += (double)v.load[t];
    cr_assert_float_eq(s.home[0].short_kwh, load, 1e-5, "no battery, no sun: dark");
    double others = 0;
    for (size_t i = 1; i < 5; i++) others += s.home[i].short_kwh;
    cr_assert(others < 0.5 * load, "%g", others);
    vo_simulation_fini(&s);
    village_free(&v);
}

/* Intervals half as long, the same power: baselines must agree exactly, plans closely. */
Test(simulation, half_steps_are_whole_steps) {
    village a, b;
    village_make(&a, 17, 5, 4, 1, 1);
    village_make(&b, 17, 5, 4, 1, 0.5);
    for (size_t i = 0; i < 5; i++) b.battery[i] = a.battery[i];
    for (size_t t = 0; t < b.steps; t++) {
        b.buy[t] = a.buy[t / 2];
        b.sell[t] = a.sell[t / 2];
        for (size_t i = 0; i < 5; i++) {
            b.load[i * b.steps + t] = a.load[i * a.steps + t / 2] / 2;
            b.pv[i * b.steps + t] = a.pv[i * a.steps + t / 2] / 2;
        }
    }
    a.h.import_limit_kwh = 20, a.h.export_limit_kwh = 8;
    for (int32_t kind = VO_RUN_COMMUNITY; kind <= VO_RUN_GRID_ONLY; kind++) {
        vo_simulation_options o = light((vo_run_kind)kind);
        o.forecaster = "perfect";
        o.scenarios = 1;
        o.rules = vo_market_rules_none();
        o.horizon = 24;
        vo_simulation x = run(&a, o, NULL);
        o.horizon = 48;
        vo_simulation y = run(&b, o, NULL);
        const double near = kind >= VO_RUN_GREEDY ? 1e-4 : 0.01 * fabs(x.cost);
        cr_assert_float_eq(x.cost, y.cost, near, "kind %d: %g %g", (int)kind, x.cost, y.cost);
        vo_simulation_fini(&x);
        vo_simulation_fini(&y);
    }
    village_free(&a);
    village_free(&b);
}

/* Where nothing new is learned, planning again changes nothing. */
Test(simulation, plans_kept_where_nothing_is_new_are_the_same_plans) {
    village v;
    village_make(&v, 5, 8, 1, 0, 0.5);
    vo_simulation_options o = light(VO_RUN_ALONE);
    o.forecaster = "perfect";
    o.scenarios = 1;
    vo_simulation each = run(&v, o, NULL);
    for (size_t every = 2; every <= 48; every += 5) {
        o.replan_every = every;
        vo_simulation kept = run(&v, o, NULL);
        for (size_t i = 0; i < 8; i++)
            cr_assert_float_eq(kept.home[i].cost, each.home[i].cost, 2e-5, "every %d, home %d",
                               (int)every, (int)i);
        vo_simulation_fini(&kept);
    }
    vo_simulation_fini(&each);
    village_free(&v);
}

/* A day ahead is enough: what is left at its end is worth what filling up costs. */
Test(simulation, a_horizon_of_a_day_does_not_end_at_a_cliff) {
    village v;
    village_make(&v, 15, 6, 8, 1, 0.5);
    vo_simulation_options o = light(VO_RUN_ALONE);
    o.forecaster = "perfect";
    o.scenarios = 1;
    vo_simulation day = run(&v, o, NULL);
    o.horizon = 192;
    vo_simulation days = run(&v, o, NULL);
    cr_assert(day.cost <= days.cost + 0.002 * fabs(days.cost), "%g %g", day.cost, days.cost);
    vo_simulation_fini(&day);
    vo_simulation_fini(&days);
    village_free(&v);
}

/* What is stored at a plan's end has its worth: three hours ahead is short, not blind. */
Test(simulation, three_hours_ahead_still_save_a_good_part_of_what_a_day_does) {
    double saved[2] = {0};
    for (uint64_t seed = 1; seed <= 3; seed++) {
        village v;
        village_make(&v, seed, 6, 4, 1, 0.2);
        vo_simulation_options o = light(VO_RUN_PV_ONLY);
        vo_simulation pv = run(&v, o, NULL);
        for (int k = 0; k < 2; k++) {
            o = light(VO_RUN_ALONE);
            o.horizon = k ? 48 : 6;
            vo_simulation s = run(&v, o, NULL);
            saved[k] += pv.cost - s.cost;
            vo_simulation_fini(&s);
        }
        vo_simulation_fini(&pv);
        village_free(&v);
    }
    cr_assert(saved[0] > 0.3 * saved[1], "%g of %g", saved[0], saved[1]);
}

/* Nobody sells at a price that is too low for him; who counts on buying there goes without. */
Test(simulation, a_price_cap_below_the_tariff_makes_nobody_poorer_than_alone) {
    for (uint64_t seed = 3; seed <= 5; seed++) {
        village v;
        village_make(&v, seed, 6, 4, 1, 0.2);
        vo_simulation_options o = light(VO_RUN_COMMUNITY);
        o.rules.least_price = 0;
        o.rules.most_price = 50000;
        vo_simulation capped = run(&v, o, NULL);
        vo_simulation alone = run(&v, light(VO_RUN_ALONE), NULL);
        cr_assert(capped.cost < alone.cost * 1.005, "%g against %g", capped.cost, alone.cost);
        vo_simulation_fini(&capped);
        vo_simulation_fini(&alone);
        village_free(&v);
    }
}

/* Everything known ahead, so that what is foreseen is what comes. */
Test(simulation, batteries_that_keep_the_peak_do_not_raise_it_and_serve_every_load) {
    for (uint64_t seed = 1; seed <= 3; seed++) {
        village v;
        village_make(&v, seed, 8, 4, 1, 0.2);
        vo_simulation_options o = light(VO_RUN_COMMUNITY);
        o.forecaster = "perfect";
        vo_simulation free_run = run(&v, o, NULL);
        o.keep_peak = true;
        vo_simulation kept = run(&v, o, NULL);
        double usual_kwh = 0, short_kwh = 0;
        for (size_t t = 0; t < v.steps; t++) {
            double kwh = 0;
            for (size_t i = 0; i < v.h.homes; i++)
                kwh += (double)v.load[i * v.steps + t] - (double)v.pv[i * v.steps + t];
            usual_kwh = fmax(usual_kwh, kwh);
        }
        for (size_t i = 0; i < v.h.homes; i++) short_kwh += kept.home[i].short_kwh;
        cr_assert(kept.peak_import_kw * v.h.dt_h <= usual_kwh + 1e-5, "%g of %g",
                  kept.peak_import_kw * v.h.dt_h, usual_kwh);
        cr_assert(free_run.peak_import_kw > kept.peak_import_kw * 1.1, "%g, %g",
                  free_run.peak_import_kw, kept.peak_import_kw);
        cr_assert(short_kwh < 1e-9);
        cr_assert(kept.cost < free_run.cost * 1.1);
        vo_simulation_fini(&free_run);
        vo_simulation_fini(&kept);
        village_free(&v);
    }
}

/* One evening of the past when everybody drew a lot: nothing that comes is more. */
Test(simulation, a_peak_of_the_history_is_one_that_may_be_drawn_again) {
    village v;
    village_make(&v, 2, 8, 4, 1, 0.2);
    for (size_t i = 0; i < v.h.homes; i++) v.load[i * v.steps + 10] = 9;
    vo_simulation_options o = light(VO_RUN_COMMUNITY);
    o.forecaster = "perfect";
    vo_simulation free_run = run(&v, o, NULL);
    o.keep_peak = true;
    vo_simulation kept = run(&v, o, NULL);
    cr_assert(v.h.first > 10);
    cr_assert_eq(free_run.cost, kept.cost);
    cr_assert_eq(free_run.peak_import_kw, kept.peak_import_kw);
    vo_simulation_fini(&free_run);
    vo_simulation_fini(&kept);
    village_free(&v);
}

typedef struct {
    const village *v;
    double stored[16];
    int red, green;
} need_watch;

/* What is foreseen is what comes: need, from the truth of the next six half-hours. */
static vo_status judge_need(void *ctx, const vo_interval_view *x, vo_error *err) {
    need_watch *w = ctx;
    const vo_homes *h = &w->v->h;
    (void)err;
    for (size_t i = 0; i < h->homes; i++) {
        float net[6];
        size_t n = 0;
        for (; n < 6 && x->step + n < h->steps; n++)
            net[n] =
                w->v->load[i * h->steps + x->step + n] - w->v->pv[i * h->steps + x->step + n];
        const vo_node_view view = {.store = vo_node_store(&h->battery[i], h->dt_h, false),
                                   .stored_kwh = w->stored[i],
                                   .buy = h->buy[x->step],
                                   .sell = h->sell[x->step],
                                   .import_kwh = h->import_limit_kwh,
                                   .export_kwh = h->export_limit_kwh};
        cr_assert_eq((int)x->need[i], (int)vo_node_need(&view, net, n));
        w->red += x->need[i] == VO_NEED_RED;
        w->green += x->need[i] == VO_NEED_GREEN;
        w->stored[i] = x->result[i].stored_kwh;
    }
    return VO_OK;
}

Test(simulation, need_is_that_of_the_next_three_hours) {
    village v;
    village_make(&v, 4, 6, 3, 1, 0.5);
    need_watch w = {.v = &v};
    for (size_t i = 0; i < v.h.homes; i++)
        w.stored[i] = v.battery[i].initial_soc * v.battery[i].capacity_kwh;
    vo_simulation_options o = light(VO_RUN_COMMUNITY);
    o.forecaster = "perfect";
    o.tell = judge_need;
    o.tell_ctx = &w;
    const vo_home_series series = {v.load, v.pv};
    vo_simulation s = {0};
    vo_error err = {0};
    cr_assert_eq(vo_simulation_run(&v.h, &series, &o, &s, &err), VO_OK, "%s", err.msg);
    cr_assert(w.red > 50 && w.green > 50, "%d red, %d green", w.red, w.green);
    vo_simulation_fini(&s);
    village_free(&v);
}

/* Between two plans a path is shorter than the horizon; behind its end there is nothing. */
Test(simulation, who_missed_the_last_signal_goes_by_the_one_before_to_its_end_only) {
    enum { H = 8 };
    const vo_homes h = {.homes = 1, .steps = 100, .first = 10};
    double path[H * H];
    for (size_t i = 0; i < H * H; i++) path[i] = (double)i;
    uint32_t lengths[H] = {0}, heard[] = {22 - 10 + 1};
    lengths[22 % H] = 5;
    vo_run r = {.h = &h, .trades = true, .horizon = H, .heard = heard, .path = path};
    r.path_n = lengths;
    size_t n = 99;
    for (r.t = 22; r.t < 30; r.t++) {
        const double *p = vo_run_path(&r, 0, &n);
        cr_assert_eq(n, r.t < 27 ? (size_t)27 - r.t : (size_t)0);
        if (n) cr_assert_eq(p[0], (double)((22 % H) * H + r.t - 22));
        cr_assert_eq(p == NULL, n == 0);
    }
}

Test(simulation, plans_kept_for_some_intervals_cost_little) {
    village v;
    village_make(&v, 5, 10, 6, 3, 0.5);
    vo_simulation_options o = light(VO_RUN_COMMUNITY);
    o.scenarios = 1;
    vo_simulation each = run(&v, o, NULL);
    o.replan_every = 6;
    vo_simulation sixth = run(&v, o, NULL);
    o.replan_every = 7; /* does not divide the span */
    vo_simulation seventh = run(&v, o, NULL);
    vo_simulation pv_only = run(&v, light(VO_RUN_PV_ONLY), NULL);
    const double saving = pv_only.cost - each.cost;
    cr_assert(pv_only.cost - sixth.cost > 0.9 * saving, "%g of %g", pv_only.cost - sixth.cost,
              saving);
    cr_assert(pv_only.cost - seventh.cost > 0.9 * saving);
    vo_simulation_fini(&each);
    vo_simulation_fini(&sixth);
    vo_simulation_fini(&seventh);
    vo_simulation_fini(&pv_only);
    village_free(&v);
}

static bool stop_at_5(void *ctx) { return ++*(int *)ctx >= 5; }

static vo_status break_off(void *ctx, const vo_interval_view *v, vo_error *err) {
    (void)v;
    return ++*(int *)ctx == 4 ? vo_fail(err, VO_EIO, "disk full") : VO_OK;
}

Test(simulation, it_stops_when_told_and_passes_on_what_a_listener_says) {
    village v;
    village_make(&v, 2, 3, 2, 1, 0.5);
    const vo_home_series series = {v.load, v.pv};
    vo_simulation_options o = light(VO_RUN_COMMUNITY);
    vo_simulation s = {.cost = 42};
    vo_error err = {0};
    int asked = 0;
    o.stop = stop_at_5;
    o.stop_ctx = &asked;
    cr_assert_eq(vo_simulation_run(&v.h, &series, &o, &s, &err), VO_ECANCELED);
    cr_assert_eq(asked, 5);
    o.stop = NULL;
    o.tell = break_off;
    o.tell_ctx = &asked;
    asked = 0;
    cr_assert_eq(vo_simulation_run(&v.h, &series, &o, &s, &err), VO_EIO);
    cr_assert_str_eq(err.msg, "disk full");
    cr_assert_float_eq(s.cost, 42, 0, "untouched");
    village_free(&v);
}

Test(simulation, options_outside_their_domain_are_refused) {
    const vo_simulation_options good = vo_simulation_options_default();
    vo_simulation_options o = good;
    vo_error err = {0};
    cr_assert_eq(vo_simulation_options_check(&o, &err), VO_OK);
#define REFUSED(change, words)                                                                 \
    o = good, change;                                                                          \
    cr_assert_eq(vo_simulation_options_check(&o, &err), VO_EINVAL, words);                     \
    cr_assert(strstr(err.msg, words), "\"%s\" does not say \"%s\"", err.msg, words)
    REFUSED(o.kind = 9, "kind = 9");
    REFUSED(o.matching = -1, "matching = -1");
    REFUSED(o.horizon = 0, "horizon = 0");
    REFUSED(o.replan_every = 49, "replan_every = 49");
    REFUSED(o.scenarios = 9, "scenarios = 9");
    REFUSED(o.rules.loss = 5, "loss");
}

static vo_status bad_fill(void *ctx, uint32_t home, size_t worker, float *load_kwh,
                          float *pv_kwh, vo_error *err) {
    (void)ctx;
    (void)worker;
    (void)err;
    for (size_t t = 0; t < 48; t++) load_kwh[t] = pv_kwh[t] = 1;
    if (home == 1) pv_kwh[13] = -1;
    return VO_OK;
}

Test(simulation, series_come_from_the_source_and_are_checked) {
    village v;
    village_make(&v, 2, 3, 1, 0, 0.5);
    vo_home_series s = {0};
    vo_error err = {0};
    cr_assert_eq(vo_home_series_fill(&v.h, &s, &err), VO_OK);
    cr_assert_eq(memcmp(s.load_kwh, v.load, 3 * 48 * sizeof(float)), 0);
    cr_assert_eq(memcmp(s.pv_kwh, v.pv, 3 * 48 * sizeof(float)), 0);
    vo_home_series_fini(&s);
    v.h.source.fill = bad_fill;
    cr_assert_eq(vo_home_series_fill(&v.h, &s, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "home 1, interval 13"), "%s", err.msg);
    cr_assert_null(s.load_kwh);
    village_free(&v);
}

Test(simulation, every_allocation_that_fails_is_told_and_nothing_leaks) {
    village v;
    village_make(&v, 2, 3, 2, 1, 0.5);
    v.h.feeder_kwh = 5;
    const vo_home_series series = {v.load, v.pv};
    vo_status st = VO_ENOMEM;
    for (long n = 0; st != VO_OK; n++) {
        fault f = {.left = n};
        const vo_alloc a = fault_alloc(&f);
        const vo_learning learning = {.alloc = &a};
        int asked = -1000;
        vo_simulation_options o = light(VO_RUN_COMMUNITY);
        o.learning = &learning;
        o.score = true;
        o.tell = break_off;
        o.tell_ctx = &asked;
        vo_simulation s = {0};
        vo_error err = {0};
        st = vo_simulation_run(&v.h, &series, &o, &s, &err);
        cr_assert(st == VO_OK || st == VO_ENOMEM, "%ld: %s", n, err.msg);
        cr_assert(st == VO_OK || err.msg[0], "%ld", n);
        if (st == VO_OK) vo_simulation_fini(&s);
        cr_assert_eq(f.live, 0L, "%ld", n);
        cr_assert(st != VO_OK || n > 20);
    }
    village_free(&v);
}
