/* test_node.c -- a home's orders never lose by its own plan, its dispatch adds up and keeps every
 * limit, whatever the truth; what is told to people moves the right way. */
#include "community/node.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "base/random.h"
#include "community/ledger.h"

static size_t rounds(size_t usual, size_t longer) {
    return getenv("VOLTEO_LONG") ? longer : usual;
}

typedef struct {
    vo_market_rules rules;
    vo_node_view view;
    vo_home_value value;
} node;

/* A home with any battery, tariff and forecast, and V from a random day behind it. */
static void a_node(vo_random *r, node *n) {
    n->rules = vo_market_rules_default();
    if (vo_random_below(r, 3) == 0) n->rules.fee = (int64_t)vo_random_below(r, 40000);
    n->rules.loss = vo_random_below(r, 4) ? 0.05 : vo_random_between(r, 0, 0.3);
    vo_node_view *v = &n->view;
    vo_home_store *b = &v->store;
    b->low_kwh = vo_random_between(r, 0, 2);
    b->high_kwh = b->low_kwh + (vo_random_below(r, 9) ? vo_random_between(r, 0.5, 12) : 0);
    b->charge_kwh = vo_random_below(r, 9) ? vo_random_between(r, 0.1, 4) : 0;
    b->discharge_kwh = vo_random_below(r, 9) ? vo_random_between(r, 0.1, 4) : 0;
    b->charge_efficiency = vo_random_between(r, 0.8, 1);
    b->discharge_efficiency = vo_random_between(r, 0.8, 1);
    const uint64_t where = vo_random_below(r, 6);
    v->stored_kwh = where == 0   ? b->low_kwh
                    : where == 1 ? b->high_kwh
                                 : vo_random_between(r, b->low_kwh, b->high_kwh);
    v->load_kwh = vo_random_between(r, 0, 3);
    v->pv_kwh = vo_random_below(r, 2) ? vo_random_between(r, 0, 5) : 0;
    if (vo_random_below(r, 6) == 0) v->pv_kwh = v->load_kwh;
    v->buy = vo_random_between(r, 0.1, 0.7);
    v->sell = vo_random_below(r, 5) ? vo_random_between(r, 0, v->buy)
                                    : vo_random_between(r, -0.1, 0.9);
    v->import_kwh = vo_random_below(r, 3) ? 10 : vo_random_between(r, 0, 2);
    v->export_kwh = vo_random_below(r, 3) ? 4 : vo_random_between(r, 0, 2);
    v->signal = vo_random_between(r, 0.1, 0.6);
    v->may_sell_kwh = vo_random_below(r, 3) ? 10 : vo_random_between(r, 0, 1);
    v->rules = &n->rules;
    n->value = vo_home_value_end(b, b->low_kwh, 1, 0.05);
    const double one = 1;
    for (uint64_t t = vo_random_below(r, 30); t > 0; t--) {
        const vo_home_prices p = {.buy = vo_random_between(r, 0.1, 0.7),
                                  .sell = vo_random_between(r, 0, 0.1),
                                  .import_kwh = 10,
                                  .export_kwh = 4};
        const double net = vo_random_between(r, -3, 3);
        vo_home_value_back(&n->value, b, &p, &net, &one, 1);
    }
}

static double worth_of(const vo_home_value *v, double s) {
    double sum = 0, x = s - v->low_kwh;
    for (int32_t i = 0; i < v->n; i++) {
        const double w = fmax(fmin(x, v->width[i]), 0);
        sum += w * v->slope[i];
        x -= w;
    }
    return sum;
}

/* What the plan is worth with these trades, money for them aside. */
static double plan_worth(const node *n, double bought, double sold) {
    const vo_node_view *v = &n->view;
    const vo_node_result r =
        vo_node_dispatch(v, &n->value, v->load_kwh, v->pv_kwh, bought, sold);
    cr_assert_float_eq(r.undelivered_kwh, 0, 1e-9);
    return r.export_credit - r.import_cost - VO_HOME_SHORT_PER_KWH * r.short_kwh +
           worth_of(&n->value, r.stored_kwh);
}

Test(node, no_order_loses_by_its_own_plan_however_it_is_filled) {
    vo_random r = vo_random_seed(3, 1);
    size_t sells = 0, buys = 0;
    for (size_t i = 0; i < rounds(20000, 400000); i++) {
        node n;
        vo_order order[VO_NODE_ORDERS];
        a_node(&r, &n);
        const size_t k = vo_node_orders(&n.view, &n.value, 5, order);
        const double idle = plan_worth(&n, 0, 0);
        for (int32_t side = 0; side < 2; side++)
            for (int part = 0; part < 3; part++) { /* wholly, by parts, or some of them */
                int64_t filled = 0, received = 0;
                double money = 0;
                for (size_t j = 0; j < k; j++) {
                    if (order[j].side != side) continue;
                    int64_t q = order[j].quantity;
                    if (part == 1) q = (int64_t)((double)q * vo_random_unit(&r));
                    if (part == 2) q *= (int64_t)vo_random_below(&r, 2);
                    filled += q, received += vo_delivered(n.rules.loss, q);
                    money += (double)order[j].price * (double)q / VO_MICRO / VO_MICRO;
                }
                if (!filled) continue;
                *(side ? &sells : &buys) += 1;
                const double with =
                    side ? plan_worth(&n, 0, (double)filled / VO_MICRO) + money
                         : plan_worth(&n, (double)received / VO_MICRO, 0) - money;
                cr_assert_geq(with, idle - 5e-6, "%zu %d: %.9f of %.9f", i, side, with, idle);
            }
    }
    cr_assert_gt(sells, 1000);
    cr_assert_gt(buys, 1000);
}

Test(node, orders_keep_every_rule_and_limit) {
    vo_random r = vo_random_seed(4, 1);
    for (size_t i = 0; i < rounds(20000, 400000); i++) {
        node n;
        vo_order order[VO_NODE_ORDERS];
        a_node(&r, &n);
        const vo_node_view *v = &n.view;
        const size_t k = vo_node_orders(v, &n.value, 77, order);
        int64_t sum[2] = {0}, dearest_bid = 0, cheapest_offer = INT64_MAX;
        cr_assert_leq(k, (size_t)VO_NODE_ORDERS);
        for (size_t j = 0; j < k; j++) {
            cr_assert_eq(order[j].home, 77u);
            cr_assert_geq(order[j].price, n.rules.least_price);
            cr_assert_leq(order[j].price, n.rules.most_price);
            cr_assert_eq(order[j].price % 100, 0);
            cr_assert_gt(order[j].quantity, 0);
            sum[order[j].side] += order[j].quantity;
            if (order[j].side == VO_ORDER_SELL && order[j].price < cheapest_offer)
                cheapest_offer = order[j].price;
            if (order[j].side == VO_ORDER_BUY && order[j].price > dearest_bid)
                dearest_bid = order[j].price;
        }
        cr_assert_leq(sum[0], n.rules.most_quantity);
        cr_assert_leq(sum[1], n.rules.most_quantity);
        const double sold = (double)sum[1] / VO_MICRO;
        const double bought = (double)vo_delivered(n.rules.loss, sum[0]) / VO_MICRO;
        cr_assert_leq(sold, v->may_sell_kwh + 1e-9);
        cr_assert_leq(sold, v->export_kwh + 1e-9);
        cr_assert_leq(bought, v->import_kwh + 1e-9);
        cr_assert(dearest_bid < cheapest_offer, "a home would trade with itself");
    }
}

Test(node, energy_of_the_grid_is_never_sold) {
    vo_random r = vo_random_seed(5, 1);
    for (size_t i = 0; i < rounds(20000, 400000); i++) {
        node n;
        vo_order order[VO_NODE_ORDERS];
        a_node(&r, &n);
        const vo_node_view *v = &n.view;
        const size_t k = vo_node_orders(v, &n.value, 0, order);
        int64_t sold = 0;
        for (size_t j = 0; j < k; j++)
            if (order[j].side == VO_ORDER_SELL) sold += order[j].quantity;
        if (!sold) continue;
        const double own = v->pv_kwh - v->load_kwh +
                           fmin(v->store.discharge_kwh, (v->stored_kwh - v->store.low_kwh) *
                                                            v->store.discharge_efficiency);
        cr_assert_leq((double)sold / VO_MICRO, own + 1e-9);
    }
}

Test(node, who_exports_does_not_bid_and_who_imports_does_not_offer) {
    vo_random r = vo_random_seed(9, 1);
    for (size_t i = 0; i < rounds(20000, 400000); i++) {
        node n;
        vo_order order[VO_NODE_ORDERS];
        a_node(&r, &n);
        const vo_node_view *v = &n.view;
        const vo_node_result x = vo_node_dispatch(v, &n.value, v->load_kwh, v->pv_kwh, 0, 0);
        const size_t k = vo_node_orders(v, &n.value, 0, order);
        for (size_t j = 0; j < k; j++)
            cr_assert_leq(order[j].side == VO_ORDER_SELL ? x.import_kwh : x.export_kwh, 1e-6);
    }
}

/* The truth may be anything, trades too, and the reserve may have been used before. */
static void adversarial(vo_random *r, node *n, double *load, double *pv, double *bought,
                        double *sold) {
    a_node(r, n);
    vo_node_view *v = &n->view;
    *load = vo_random_below(r, 5) ? vo_random_between(r, 0, 3) : vo_random_between(r, 0, 1000);
    *pv = vo_random_below(r, 5) ? vo_random_between(r, 0, 3) : vo_random_between(r, 0, 1000);
    if (vo_random_below(r, 4) == 0) *load = 0;
    if (vo_random_below(r, 4) == 0) *pv = 0;
    *bought = vo_random_below(r, 3) ? 0 : vo_random_between(r, 0, v->import_kwh);
    *sold = vo_random_below(r, 3) ? 0 : vo_random_between(r, 0, v->export_kwh);
    if (vo_random_below(r, 8) == 0) v->import_kwh = v->export_kwh = *bought = *sold = 0;
    if (vo_random_below(r, 8) == 0) v->stored_kwh = vo_random_between(r, 0, v->store.low_kwh);
    if (vo_random_below(r, 8) == 0) v->stored_kwh = v->store.high_kwh * 1.2;
    if (vo_random_below(r, 8) == 0) v->store.low_kwh = 0;
    if (vo_random_below(r, 8) == 0)
        v->store.low_kwh = v->store.high_kwh = v->store.charge_kwh = v->store.discharge_kwh =
            v->stored_kwh = 0;
}

static void check_result(const node *n, const vo_node_result *x, double load, double pv,
                         double bought, double sold) {
    const vo_node_view *v = &n->view;
    const vo_home_store *b = &v->store;
    const double charge = fmax(-x->terminal_kwh, 0), discharge = fmax(x->terminal_kwh, 0);
    const double in = pv - x->curtailed_kwh + discharge + bought + x->import_kwh +
                      x->short_kwh + x->undelivered_kwh;
    cr_assert_float_eq(load + charge + sold + x->export_kwh, in, 1e-9);
    cr_assert_float_eq(v->stored_kwh - discharge / b->discharge_efficiency +
                           charge * b->charge_efficiency,
                       x->stored_kwh, 1e-9);
    const double parts[] = {x->import_kwh,    x->export_kwh,      x->short_kwh,
                            x->curtailed_kwh, x->undelivered_kwh, x->stored_kwh + 1e-9};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) cr_assert_geq(parts[i], 0);
    cr_assert_leq(x->import_kwh + bought, v->import_kwh + 1e-9);
    cr_assert_leq(x->export_kwh + sold, v->export_kwh + 1e-9);
    cr_assert_leq(charge, b->charge_kwh + 1e-9);
    cr_assert_leq(discharge, b->discharge_kwh + 1e-9);
    cr_assert_leq(x->stored_kwh, fmax(b->high_kwh, v->stored_kwh) + 1e-9);
    cr_assert_geq(x->stored_kwh, fmin(b->low_kwh, v->stored_kwh) - 1e-9);
    cr_assert_leq(x->curtailed_kwh, pv + bought + 1e-9);
    cr_assert_leq(x->short_kwh, load + 1e-9);
    cr_assert_leq(x->undelivered_kwh, sold + 1e-9);
    cr_assert(x->import_kwh == 0 || x->export_kwh == 0);
    if (x->short_kwh + x->undelivered_kwh > 1e-9) { /* only after all else */
        cr_assert_float_eq(x->import_kwh + bought, v->import_kwh, 1e-9);
        cr_assert_eq(charge, 0);
    }
    const double dearest = fmax(v->buy, (double)n->rules.most_price / VO_MICRO);
    cr_assert_float_eq(x->undelivered_cost, x->undelivered_kwh * dearest, 1e-12);
    cr_assert_float_eq(x->import_cost, x->import_kwh * v->buy + x->undelivered_cost, 1e-12);
    cr_assert_float_eq(x->export_credit, x->export_kwh * v->sell, 1e-12);
}

Test(node, every_interval_adds_up_and_keeps_every_limit_whatever_the_truth) {
    vo_random r = vo_random_seed(6, 1);
    for (size_t i = 0; i < rounds(40000, 1000000); i++) {
        node n;
        double load, pv, bought, sold;
        adversarial(&r, &n, &load, &pv, &bought, &sold);
        vo_node_result x = vo_node_dispatch(&n.view, &n.value, load, pv, bought, sold);
        check_result(&n, &x, load, pv, bought, sold);
        x = vo_node_greedy(&n.view, load, pv);
        check_result(&n, &x, load, pv, 0, 0);
    }
}

Test(node, no_other_battery_action_is_better_than_the_dispatched_one) {
    vo_random r = vo_random_seed(7, 1);
    for (size_t i = 0; i < rounds(2000, 40000); i++) {
        node n;
        a_node(&r, &n);
        const vo_node_view *v = &n.view;
        const vo_home_store *b = &v->store;
        const vo_home_prices p = {.buy = v->buy,
                                  .sell = v->sell,
                                  .import_kwh = v->import_kwh,
                                  .export_kwh = v->export_kwh};
        const vo_node_result x = vo_node_dispatch(v, &n.value, v->load_kwh, v->pv_kwh, 0, 0);
        const double net = v->load_kwh - v->pv_kwh;
        const double best = worth_of(&n.value, x.stored_kwh) + x.export_credit - x.import_cost -
                            x.short_kwh * VO_HOME_SHORT_PER_KWH;
        for (int j = 0; j <= 200; j++) {
            const double t = -b->charge_kwh + (b->charge_kwh + b->discharge_kwh) * j / 200;
            const double s = v->stored_kwh -
                             (t > 0 ? t / b->discharge_efficiency : t * b->charge_efficiency);
            if (s < b->low_kwh || s > b->high_kwh) continue;
            const double other = worth_of(&n.value, s) - vo_home_cost(&p, net - t);
            cr_assert_leq(other, best + 1e-9, "%zu: %g out", i, t);
        }
    }
}

/* ---- known answers ------------------------------------------------------------------------- */

static node plain_node(void) {
    node n = {.rules = vo_market_rules_default()};
    n.view = (vo_node_view){.store = {1, 11, 2.5, 2.5, 1, 1},
                            .stored_kwh = 6,
                            .load_kwh = 0,
                            .pv_kwh = 0,
                            .buy = 0.5,
                            .sell = 0.05,
                            .import_kwh = 10,
                            .export_kwh = 4,
                            .signal = 0.3,
                            .may_sell_kwh = 10};
    n.value = vo_home_value_end(&n.view.store, 1, 1, 0.4); /* all energy worth 0.4 */
    return n;
}

Test(node, a_home_that_needs_nothing_offers_stored_energy_at_what_it_is_worth) {
    node n = plain_node();
    n.view.rules = &n.rules;
    vo_order o[VO_NODE_ORDERS];
    const size_t k = vo_node_orders(&n.view, &n.value, 3, o);
    cr_assert_eq(k, 2u);
    cr_assert_eq(o[0].side, VO_ORDER_BUY); /* 0.4 x 0.95 per kWh injected, 2 kWh of room */
    cr_assert_eq(o[0].price, 380000);
    cr_assert_eq(o[0].quantity, 2000000);
    cr_assert_eq(o[1].side, VO_ORDER_SELL);
    cr_assert_eq(o[1].price, 400000);
    cr_assert_eq(o[1].quantity, 2000000);
}

Test(node, who_imports_bids_the_tariff_less_the_losses_and_offers_nothing) {
    node n = plain_node();
    n.view.rules = &n.rules;
    n.view.load_kwh = 3.5, n.view.stored_kwh = 1; /* empty: imports 3.5 */
    n.value = vo_home_value_end(&n.view.store, 1, 1, 0.3);
    vo_order o[VO_NODE_ORDERS];
    const size_t k = vo_node_orders(&n.view, &n.value, 3, o);
    cr_assert_eq(k, 1u);
    cr_assert_eq(o[0].side, VO_ORDER_BUY);
    cr_assert_eq(o[0].price, 475000);
    cr_assert_eq(o[0].quantity, 2000000);
    n.view.load_kwh =
        0.95; /* 1 kWh injected arrives as that; the store takes the rest for less */
    cr_assert_eq(vo_node_orders(&n.view, &n.value, 3, o), 2u);
    cr_assert_eq(o[0].price, 475000);
    cr_assert_eq(o[0].quantity, 1000000);
    cr_assert_eq(o[1].price, 285000);
    cr_assert_eq(o[1].quantity, 1000000);
}

Test(node, who_exports_offers_at_the_floor_and_bids_nothing) {
    node n = plain_node();
    n.view.rules = &n.rules;
    n.view.pv_kwh = 1.5, n.view.stored_kwh = 11; /* full */
    vo_order o[VO_NODE_ORDERS];
    const size_t k = vo_node_orders(&n.view, &n.value, 3, o);
    cr_assert_eq(k, 2u);
    cr_assert_eq(o[0].side, VO_ORDER_SELL);
    cr_assert_eq(o[0].price, 100000, "5 cents raised to the least price");
    cr_assert_eq(o[0].quantity, 1500000);
    cr_assert_eq(o[1].side, VO_ORDER_SELL);
    cr_assert_eq(o[1].price, 400000);
    cr_assert_eq(o[1].quantity, 500000);
}

/* 2 kWh sold, 1 kWh of load, nothing stored: half a kWh may be imported beyond the load. */
Test(node, what_was_sold_and_is_not_delivered_costs_no_less_than_it_brought) {
    node n = plain_node();
    n.view.rules = &n.rules;
    n.view.stored_kwh = 1, n.view.import_kwh = 1.5;
    vo_node_result x = vo_node_dispatch(&n.view, &n.value, 1, 0, 0, 2);
    cr_assert_float_eq(x.import_kwh, 1.5, 1e-12);
    cr_assert_float_eq(x.undelivered_kwh, 1.5, 1e-12);
    cr_assert_float_eq(x.short_kwh, 0, 1e-12);
    cr_assert_float_eq(x.undelivered_cost, 1.5 * 1.00, 1e-12, "the rules' highest price");
    cr_assert_float_eq(x.import_cost, 1.5 * 0.5 + 1.5 * 1.00, 1e-12);
    n.view.buy = 1.2;
    x = vo_node_dispatch(&n.view, &n.value, 1, 0, 0, 2);
    cr_assert_float_eq(x.undelivered_cost, 1.5 * 1.2, 1e-12,
                       "the tariff, where that is dearer");
    n.rules = vo_market_rules_none();
    x = vo_node_dispatch(&n.view, &n.value, 1, 0, 0, 2);
    cr_assert_float_eq(x.undelivered_cost, 1.5 * VO_HOME_SHORT_PER_KWH, 1e-12);
    n.view.import_kwh = 3; /* delivered after all, at the tariff */
    x = vo_node_dispatch(&n.view, &n.value, 1, 0, 0, 2);
    cr_assert(x.undelivered_kwh == 0 && x.undelivered_cost == 0);
    cr_assert_float_eq(x.import_cost, 3 * 1.2, 1e-12);
}

Test(node, the_usual_rule_fills_the_battery_with_what_is_left_and_empties_it_into_the_load) {
    node n = plain_node();
    n.view.rules = &n.rules;
    n.view.store.charge_efficiency = n.view.store.discharge_efficiency = 0.8;
    vo_node_result x = vo_node_greedy(&n.view, 1, 3);
    cr_assert_float_eq(x.terminal_kwh, -2, 1e-12);
    cr_assert_float_eq(x.stored_kwh, 7.6, 1e-12);
    x = vo_node_greedy(&n.view, 1, 6);
    cr_assert_float_eq(x.terminal_kwh, -2.5, 1e-12);
    cr_assert_float_eq(x.export_kwh, 2.5, 1e-12);
    cr_assert_float_eq(x.export_credit, 0.125, 1e-12);
    x = vo_node_greedy(&n.view, 1, 9);
    cr_assert_float_eq(x.export_kwh, 4, 1e-12);
    cr_assert_float_eq(x.curtailed_kwh, 1.5, 1e-12);
    x = vo_node_greedy(&n.view, 3, 1);
    cr_assert_float_eq(x.terminal_kwh, 2, 1e-12);
    cr_assert_float_eq(x.stored_kwh, 3.5, 1e-12);
    cr_assert_float_eq(x.import_kwh, 0, 1e-12);
    n.view.stored_kwh = 1.5;
    x = vo_node_greedy(&n.view, 3, 1);
    cr_assert_float_eq(x.terminal_kwh, 0.4, 1e-12);
    cr_assert_float_eq(x.import_cost, 0.8, 1e-12);
}

Test(node, the_reserve_is_used_when_the_grid_is_down_and_only_then) {
    node n = plain_node();
    n.view.rules = &n.rules;
    n.view.stored_kwh = 1;
    vo_node_result x = vo_node_dispatch(&n.view, &n.value, 0.6, 0, 0, 0);
    cr_assert_eq(x.terminal_kwh, 0);
    cr_assert_float_eq(x.import_kwh, 0.6, 1e-12);
    n.view.import_kwh = n.view.export_kwh = 0;
    n.view.store.low_kwh = 0; /* emergency */
    x = vo_node_dispatch(&n.view, &n.value, 0.6, 0, 0, 0);
    cr_assert_float_eq(x.terminal_kwh, 0.6, 1e-12);
    cr_assert_float_eq(x.short_kwh, 0, 1e-12);
    n.view.import_kwh = 10;
    x = vo_node_dispatch(&n.view, &n.value, 0.6, 0, 0, 0);
    cr_assert_eq(x.terminal_kwh, 0, "the grid is there");
}

Test(node, the_store_of_a_battery_is_its_limits_over_the_interval) {
    const vo_home_battery b = {13.5, 5, 4, 0.95, 0.94, 0.1, 0.8, 0.45};
    const vo_home_store s = vo_node_store(&b, 0.5, false), e = vo_node_store(&b, 0.5, true);
    cr_assert_float_eq(s.low_kwh, 1.35, 1e-12);
    cr_assert_float_eq(s.high_kwh, 10.8, 1e-12);
    cr_assert_eq(s.charge_kwh, 2.5);
    cr_assert_eq(s.discharge_kwh, 2);
    cr_assert_eq(s.charge_efficiency, 0.95);
    cr_assert_eq(s.discharge_efficiency, 0.94);
    cr_assert_eq(e.low_kwh, 0);
    cr_assert_eq(e.high_kwh, s.high_kwh);
}

/* ---- the daily allowance ------------------------------------------------------------------ */

Test(node, an_allowance_is_worth_what_its_best_hours_pay_more_than_the_grid) {
    const vo_home_store none = {0, 0, 0, 0, 1, 1};
    const float net[] = {-3, -3, -3}; /* two of each find a buyer */
    vo_home_prices p[3];
    vo_home_value work[4];
    const vo_home_value end = vo_home_value_end(&none, 0, 1, 0);
    for (int t = 0; t < 3; t++)
        p[t] = (vo_home_prices){.buy = 0.5,
                                .sell = 0.05,
                                .market_buy = 0.5,
                                .market_sell = 0.2 + 0.1 * t,
                                .market_in_kwh = 2,
                                .market_out_kwh = 2,
                                .import_kwh = 10,
                                .export_kwh = 4};
    double x = vo_node_allowance(&none, 0, &end, p, net, 3, 3, 6, work);
    cr_assert_eq(x, 0, "enough for all");
    x = vo_node_allowance(&none, 0, &end, p, net, 3, 3, 4, work);
    cr_assert_float_eq(x, 0.15, 2e-4, "the first hour is given up: 20 cents less 5");
    x = vo_node_allowance(&none, 0, &end, p, net, 3, 3, 3, work);
    cr_assert_float_eq(x, 0.25, 2e-4);
    x = vo_node_allowance(&none, 0, &end, p, net, 3, 2, 3, work);
    cr_assert_float_eq(x, 0.15, 2e-4, "the third is another day's");
}

/* kWh sold in the first 10 of 12 intervals by who gets `off` less for them. */
static double sold_at(const node *n, const vo_home_prices *price, const float *net,
                      double off) {
    const vo_home_store *b = &n->view.store;
    const double one = 1;
    vo_home_prices p[12];
    vo_home_value v[13];
    double s = n->view.stored_kwh, sold = 0;
    v[12] = n->value;
    for (int t = 11; t >= 0; t--) {
        const double now = (double)net[t];
        p[t] = price[t], v[t] = v[t + 1];
        if (t < 10) p[t].market_sell -= off;
        vo_home_value_back(&v[t], b, &p[t], &now, &one, 1);
    }
    for (int t = 0; t < 10; t++) {
        const double z = vo_home_value_best(&v[t + 1], b, &p[t], (double)net[t], s);
        const double out = vo_home_terminal(b, z) - (double)net[t];
        if (p[t].market_sell > p[t].sell) sold += fmax(fmin(out, p[t].market_out_kwh), 0);
        s -= z;
    }
    return sold;
}

Test(node, less_allowance_is_never_worth_less_and_its_worth_is_the_least_that_keeps_it) {
    vo_random r = vo_random_seed(10, 1);
    size_t binds = 0;
    for (size_t i = 0; i < rounds(60, 3000); i++) {
        node n;
        a_node(&r, &n);
        vo_home_prices p[12];
        vo_home_value work[13];
        float net[12];
        for (int t = 0; t < 12; t++) {
            p[t] =
                (vo_home_prices){.buy = 0.5, .sell = 0.05, .import_kwh = 10, .export_kwh = 4};
            p[t].market_sell = vo_random_between(&r, 0.06, 0.45);
            p[t].market_buy = p[t].market_sell / 0.95;
            p[t].market_in_kwh = p[t].market_out_kwh = 2;
            net[t] = (float)vo_random_between(&r, -3, 1);
        }
        double before = 0;
        for (int k = 20; k >= 0; k--) {
            const double x = vo_node_allowance(&n.view.store, n.view.stored_kwh, &n.value, p,
                                               net, 12, 10, k, work);
            cr_assert_geq(x, before - 2e-4);
            cr_assert_leq(sold_at(&n, p, net, x), k + 1e-9);
            if (x > 2e-4) cr_assert_gt(sold_at(&n, p, net, x - 2e-4), k);
            before = x;
        }
        binds += before > 0;
    }
    cr_assert_gt(binds, 30);
}

Test(node, what_an_allowance_is_worth_is_added_to_what_is_asked) {
    node n = plain_node();
    n.view.rules = &n.rules;
    n.view.allowance_per_kwh = 0.07;
    vo_order o[VO_NODE_ORDERS];
    cr_assert_eq(vo_node_orders(&n.view, &n.value, 3, o), 2u);
    cr_assert_eq(o[0].price, 380000);
    cr_assert_eq(o[1].price, 470000);
}

/* ---- told to people ----------------------------------------------------------------------- */

Test(node, scores_stay_within_0_and_100_and_are_the_weighted_sum_of_their_parts) {
    vo_random r = vo_random_seed(8, 1);
    for (size_t i = 0; i < rounds(20000, 200000); i++) {
        node n;
        a_node(&r, &n);
        if (i % 9 == 0) n.view.signal = (double)NAN;
        const vo_profitability f = vo_node_profitability(&n.view, &n.value);
        const double part[] = {f.trading_potential, f.market_conditions, f.battery_health,
                               f.capacity_utilisation, f.score};
        for (size_t j = 0; j < 5; j++) cr_assert(part[j] >= 0 && part[j] <= 100);
        cr_assert_float_eq(
            f.score, 0.4 * part[0] + 0.25 * part[1] + 0.2 * part[2] + 0.15 * part[3], 1e-9);
    }
}

Test(node, a_higher_price_raises_the_score_of_who_sells_and_lowers_that_of_who_buys) {
    node seller = plain_node(), buyer = plain_node();
    seller.view.rules = &seller.rules, buyer.view.rules = &buyer.rules;
    seller.view.pv_kwh = 4, seller.view.stored_kwh = 11;
    buyer.view.load_kwh = 3, buyer.view.stored_kwh = 1;
    double sells = -1, buys = 101;
    for (int i = 0; i <= 20; i++) {
        seller.view.signal = buyer.view.signal = 0.1 + 0.01 * i;
        const double s = vo_node_profitability(&seller.view, &seller.value).score;
        const double b = vo_node_profitability(&buyer.view, &buyer.value).score;
        cr_assert_gt(s, sells);
        cr_assert_lt(b, buys);
        sells = s, buys = b;
    }
}

Test(node, trading_potential_is_the_share_of_a_trade_that_the_orders_make_at_the_signal) {
    node n = plain_node();
    n.view.rules = &n.rules;
    n.view.pv_kwh = 4, n.view.stored_kwh = 11;
    /* more than 2 kWh of PV at the floor of 0.10, the signal is 0.30: all that may be sold */
    vo_profitability f = vo_node_profitability(&n.view, &n.value);
    cr_assert_float_eq(f.trading_potential, 100, 1e-9);
    cr_assert_float_eq(f.market_conditions, 100 * 0.25 / 0.425, 1e-9);
    n.view.may_sell_kwh = 0.5;
    f = vo_node_profitability(&n.view, &n.value);
    cr_assert_float_eq(f.trading_potential, 25, 1e-9);
    n.view.may_sell_kwh = 10, n.view.signal = 0.09; /* below every offer */
    f = vo_node_profitability(&n.view, &n.value);
    cr_assert_float_eq(f.trading_potential, 0, 1e-9);
}

Test(node, a_battery_is_healthiest_in_the_middle_of_its_range) {
    node n = plain_node();
    n.view.rules = &n.rules;
    double before = -1;
    for (int i = 0; i <= 10; i++) {
        n.view.stored_kwh = 1 + 0.5 * i;
        const double low = vo_node_profitability(&n.view, &n.value).battery_health;
        n.view.stored_kwh = 11 - 0.5 * i;
        const double high = vo_node_profitability(&n.view, &n.value).battery_health;
        cr_assert_float_eq(low, high, 1e-9);
        cr_assert_gt(low, before);
        before = low;
    }
    cr_assert_float_eq(before, 100, 1e-9);
}

Test(node, need_is_red_exactly_when_battery_and_pv_do_not_last) {
    node n = plain_node(); /* 5 kWh to give, at most 2.5 in an interval */
    n.view.rules = &n.rules;
    const float lasts[] = {2, 2, -1, 2}, not_quite[] = {2, 2, -1, 2.1f}, much[] = {2.6f};
    cr_assert_eq(vo_node_need(&n.view, lasts, 4), VO_NEED_GREEN);
    cr_assert_eq(vo_node_need(&n.view, not_quite, 4), VO_NEED_RED);
    cr_assert_eq(vo_node_need(&n.view, not_quite, 3), VO_NEED_GREEN);
    cr_assert_eq(vo_node_need(&n.view, much, 1), VO_NEED_RED, "more than it can deliver");
    cr_assert_eq(vo_node_need(&n.view, lasts, 0), VO_NEED_GREEN);
}
