/* test_planning.c -- homes, central model and market played together with everything known ahead:
 * what selfish price takers save next to what nobody can beat (bound.h). */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "community/bound.h"
#include "community/central.h"
#include "community/ledger.h"
#include "community/node.h"

enum { HOMES = 10, DAYS = 6, DAY = 48, STEPS = DAYS * DAY, AHEAD = 48 };

typedef struct {
    float load[HOMES][STEPS], pv[HOMES][STEPS];
    double buy[STEPS], sell[STEPS];
    vo_time start[STEPS];
    int32_t day[STEPS];
    vo_home_battery battery[HOMES];
} town;

/* Homes of all sizes, some with hardly any PV, an evening peak in load and tariff. */
static void build(town *w, uint64_t seed, double pv) {
    vo_random r = vo_random_seed(seed, 1);
    double sky = 1;
    for (size_t t = 0; t < STEPS; t++) {
        w->buy[t] = t % DAY >= 32 && t % DAY < 42 ? 0.54 : 0.3;
        w->sell[t] = 0.05;
        w->start[t].s = (int64_t)t * 1800;
        w->day[t] = (int32_t)(t / DAY);
    }
    for (size_t i = 0; i < HOMES; i++) {
        const double size = pv * vo_random_between(&r, 0, 2.6) * (i < 3 ? 0.2 : 1);
        const double base = vo_random_between(&r, 0.2, 0.9);
        const double evening = vo_random_between(&r, 0.2, 1.6);
        for (size_t t = 0; t < STEPS; t++) {
            const double k = (double)(t % DAY), sun = sin((k - 13) * acos(-1) / 24);
            if (t % DAY == 0) sky = vo_random_between(&r, 0.4, 1);
            const double peak = evening * exp(-pow((k - 38) / 4, 2));
            w->load[i][t] = (float)(base * vo_random_between(&r, 0.4, 1.6) +
                                    peak * vo_random_between(&r, 0.3, 1.7));
            w->pv[i][t] =
                (float)(sun > 0 ? size * sky * sun * vo_random_between(&r, 0.7, 1.1) : 0);
        }
        w->battery[i] = vo_home_battery_default();
    }
}

/* What homes believe of the market while they plan. */
typedef enum { NOTHING, ALL_ALLOWED } belief;

typedef struct {
    const town *w;
    vo_market_rules rules;
    belief belief;
    bool allowance; /* is priced */
    double stored[HOMES], sold_today[HOMES];
    double load[AHEAD], pv[AHEAD], signal[AHEAD];
    vo_home_value value[HOMES];
    vo_node_view view[HOMES];
    double bought[HOMES], sold[HOMES];
    vo_market *market;
    size_t t, n; /* now; intervals ahead */
    double cost;
} play;

static double start_kwh(const vo_home_battery *b) { return b->initial_soc * b->capacity_kwh; }

static void ask_central(play *p) {
    static vo_home_value work[AHEAD + 1];
    const town *w = p->w;
    vo_central_view v = {.n = p->n,
                         .load_kwh = p->load,
                         .pv_kwh = p->pv,
                         .buy = w->buy + p->t,
                         .sell = w->sell + p->t,
                         .import_kwh = 10.0 * HOMES,
                         .export_kwh = 4.0 * HOMES,
                         .rules = &p->rules};
    memset(p->load, 0, 2 * sizeof p->load);
    for (size_t i = 0; i < HOMES; i++) {
        const vo_home_store b = vo_node_store(&w->battery[i], 0.5, false);
        v.stored_kwh += p->stored[i];
        v.goal_kwh += p->t + p->n == STEPS ? start_kwh(&w->battery[i]) : 0;
        v.store = (vo_home_store){v.store.low_kwh + b.low_kwh,
                                  v.store.high_kwh + b.high_kwh,
                                  v.store.charge_kwh + b.charge_kwh,
                                  v.store.discharge_kwh + b.discharge_kwh,
                                  b.charge_efficiency,
                                  b.discharge_efficiency};
        for (size_t k = 0; k < p->n; k++) {
            const double load = (double)w->load[i][p->t + k], pv = (double)w->pv[i][p->t + k];
            p->load[k] += load, p->pv[k] += pv;
        }
    }
    vo_central_signal(&v, work, p->signal);
}

static vo_home_prices believed(const play *p, size_t k) {
    const double most = (double)p->rules.most_quantity / VO_MICRO;
    vo_home_prices x = {.buy = p->w->buy[p->t + k],
                        .sell = p->w->sell[p->t + k],
                        .market_buy = p->signal[k] / (1 - p->rules.loss),
                        .market_sell = p->signal[k],
                        .import_kwh = 10,
                        .export_kwh = 4};
    if (p->belief == NOTHING) return x;
    x.market_in_kwh = fmin(10, most), x.market_out_kwh = fmin(4, most);
    return x;
}

static void plan(play *p, size_t i) {
    const town *w = p->w;
    const double one = 1;
    const size_t t = p->t, today = DAY - t % DAY;
    const vo_home_store b = vo_node_store(&w->battery[i], 0.5, false);
    vo_home_value *v = &p->value[i];
    vo_home_prices price[AHEAD];
    float net[AHEAD];
    for (size_t k = 0; k < p->n; k++) {
        net[k] = w->load[i][t + k] - w->pv[i][t + k];
        price[k] = believed(p, k);
    }
    *v = t + p->n == STEPS
             ? vo_home_value_end(&b, start_kwh(&w->battery[i]), VO_HOME_SHORT_PER_KWH, 0)
             : vo_home_value_end(&b, 0, 10, 0.3 * b.discharge_efficiency);
    vo_node_view *x = &p->view[i];
    *x = (vo_node_view){.store = b,
                        .stored_kwh = p->stored[i],
                        .load_kwh = (double)w->load[i][t],
                        .pv_kwh = (double)w->pv[i][t],
                        .buy = w->buy[t],
                        .sell = w->sell[t],
                        .import_kwh = 10,
                        .export_kwh = 4,
                        .signal = p->signal[0],
                        .rules = &p->rules};
    x->may_sell_kwh = (double)p->rules.most_sold_daily / VO_MICRO - p->sold_today[i];
    if (p->allowance) {
        static vo_home_value work[AHEAD + 1];
        x->allowance_per_kwh = vo_node_allowance(&b, p->stored[i], v, price, net, p->n, today,
                                                 x->may_sell_kwh, work);
    }
    for (size_t k = p->n; k-- > 1;) {
        const double now = (double)net[k];
        if (k < today) price[k].market_sell -= x->allowance_per_kwh;
        vo_home_value_back(v, &b, &price[k], &now, &one, 1);
    }
}

static void trade(play *p) {
    vo_order order[HOMES * VO_NODE_ORDERS];
    vo_match m;
    size_t n = 0;
    for (size_t i = 0; i < HOMES; i++)
        n += vo_node_orders(&p->view[i], &p->value[i], (uint32_t)i, order + n);
    cr_assert_eq(
        vo_market_match(p->market, VO_MATCHING_pay_as_clear, &p->rules, 0, order, n, &m, NULL),
        VO_OK);
    memset(p->bought, 0, sizeof p->bought);
    memset(p->sold, 0, sizeof p->sold);
    for (size_t k = 0; k < m.n_trades; k++) {
        const vo_trade *x = &m.trade[k];
        p->bought[x->buyer] += (double)vo_delivered(p->rules.loss, x->quantity) / VO_MICRO;
        p->sold[x->seller] += (double)x->quantity / VO_MICRO;
    }
}

/* What the grid is paid for all homes; trades among them cancel. */
static double played(const town *w, vo_market_rules rules, belief b, bool allowance) {
    static play p;
    p = (play){.w = w, .rules = rules, .belief = b, .allowance = allowance};
    cr_assert_eq(vo_market_create(NULL, &p.market, NULL), VO_OK);
    for (size_t i = 0; i < HOMES; i++) p.stored[i] = start_kwh(&w->battery[i]);
    for (; p.t < STEPS; p.t++) {
        p.n = STEPS - p.t < AHEAD ? STEPS - p.t : AHEAD;
        if (p.t % DAY == 0) memset(p.sold_today, 0, sizeof p.sold_today);
        ask_central(&p);
        for (size_t i = 0; i < HOMES; i++) plan(&p, i);
        trade(&p);
        for (size_t i = 0; i < HOMES; i++) {
            const vo_node_result r =
                vo_node_dispatch(&p.view[i], &p.value[i], p.view[i].load_kwh, p.view[i].pv_kwh,
                                 p.bought[i], p.sold[i]);
            cr_assert_float_eq(r.short_kwh + r.undelivered_kwh, 0, 1e-9);
            p.cost += r.import_cost - r.export_credit;
            p.stored[i] = r.stored_kwh;
            p.sold_today[i] += p.sold[i];
        }
    }
    for (size_t i = 0; i < HOMES; i++)
        cr_assert_geq(p.stored[i], start_kwh(&w->battery[i]) - 1e-6);
    vo_market_free(p.market);
    return p.cost;
}

static vo_bounds bounds_of(const town *w, double alone[HOMES]) {
    const vo_homes h = {.homes = HOMES,
                        .steps = STEPS,
                        .dt_h = 0.5,
                        .start = w->start,
                        .day = w->day,
                        .zone = "UTC",
                        .buy = w->buy,
                        .sell = w->sell,
                        .battery = w->battery,
                        .import_limit_kwh = 10,
                        .export_limit_kwh = 4,
                        .feeder_kwh = (double)INFINITY,
                        .crew = {.workers = 1}};
    const vo_bound_options o = {.loss = 0.05, .rounds = 100, .tolerance = 1e-5};
    vo_bounds b = {.alone = alone};
    vo_error err = {0};
    cr_assert_eq(vo_bounds_find(&h, w->load[0], w->pv[0], &o, NULL, NULL, &b, &err), VO_OK,
                 "%s", err.msg);
    return b;
}

static double without_batteries(const town *w) {
    double cost = 0;
    for (size_t i = 0; i < HOMES; i++)
        for (size_t t = 0; t < STEPS; t++) {
            const double net = (double)w->load[i][t] - (double)w->pv[i][t];
            cost += net * (net > 0 ? w->buy[t] : w->sell[t]);
        }
    return cost;
}

Test(planning, price_takers_who_know_the_day_save_what_the_pool_could) {
    static town w;
    vo_market_rules free_rules = vo_market_rules_none();
    free_rules.loss = 0.05;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        double alone[HOMES];
        build(&w, seed, 1);
        const vo_bounds b = bounds_of(&w, alone);
        const double all = without_batteries(&w), most = all - b.pooled;
        const double full = (all - played(&w, free_rules, ALL_ALLOWED, false)) / most;
        const double none = (all - played(&w, free_rules, NOTHING, false)) / most;
        cr_assert_leq(full, 1 + 1e-6, "nobody beats the bound");
        cr_assert_gt(full, 0.98, "%f", full);
        cr_assert_gt(full, none, "%f %f", full, none);
        cr_assert_lt(b.pooled, b.alone_sum);
    }
}

Test(planning, a_priced_allowance_saves_more_where_the_daily_limit_binds) {
    static town w;
    double with = 0, without = 0;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        build(&w, seed, 2);
        with += played(&w, vo_market_rules_default(), ALL_ALLOWED, true);
        without += played(&w, vo_market_rules_default(), ALL_ALLOWED, false);
    }
    cr_assert_lt(with, without - 1, "%f, %f without", with, without);
}
