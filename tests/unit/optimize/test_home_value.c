/* test_home_value.c -- the value of a home's stored energy against the exact scheduler, brute
 * force over a grid, and what a concave function must keep. */
#include "optimize/home_value.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include <volteo/schedule.h>

#include "base/random.h"

enum { STEPS = 48 };

static size_t rounds(size_t usual, size_t longer) {
    return getenv("VOLTEO_LONG") ? longer : usual;
}

typedef struct {
    vo_home_store store;
    vo_home_prices price[STEPS];
    double net[STEPS], load[STEPS], pv[STEPS];
    double stored;
} home;

static home a_home(uint64_t seed) {
    home h = {.store = {1.35, 10.8, 2.5, 2.5, sqrt(0.9), sqrt(0.9)}};
    vo_random r = vo_random_seed(seed, 7);
    h.store.low_kwh = vo_random_between(&r, 0, 2);
    h.store.high_kwh = h.store.low_kwh + vo_random_between(&r, 1, 12);
    h.store.charge_kwh = vo_random_between(&r, 0.2, 4);
    h.store.discharge_kwh = vo_random_between(&r, 0.2, 4);
    h.store.charge_efficiency = vo_random_between(&r, 0.7, 1);
    h.store.discharge_efficiency = vo_random_between(&r, 0.7, 1);
    h.stored = vo_random_between(&r, h.store.low_kwh, h.store.high_kwh);
    const bool flat = seed % 3 == 0;
    for (size_t t = 0; t < STEPS; t++) {
        vo_home_prices *p = &h.price[t];
        *p = (vo_home_prices){.buy = flat ? (t % 48 < 32 ? 0.3 : 0.5)
                                          : vo_random_between(&r, 0.1, 0.6)};
        p->sell = flat ? 0.05 : vo_random_between(&r, 0, p->buy);
        p->export_kwh = seed % 2 ? 4 : vo_random_between(&r, 0.1, 2);
        h.load[t] = vo_random_between(&r, 0, 2.5);
        h.pv[t] = vo_random_below(&r, 2) ? vo_random_between(&r, 0, 4) : 0;
        h.net[t] = h.load[t] - h.pv[t];
        p->import_kwh = seed % 5 ? 10 : fmax(h.net[t], 0) + 0.3; /* always enough */
    }
    return h;
}

static double played(const home *h, const vo_home_value v[STEPS + 1], double *end) {
    double s = h->stored, cost = 0;
    for (size_t t = 0; t < STEPS; t++) {
        const double z = vo_home_value_best(&v[t + 1], &h->store, &h->price[t], h->net[t], s);
        cost += vo_home_cost(&h->price[t], h->net[t] - vo_home_terminal(&h->store, z));
        s -= z;
        cr_assert_geq(s, h->store.low_kwh - 1e-9);
        cr_assert_leq(s, h->store.high_kwh + 1e-9);
    }
    *end = s;
    return cost;
}

static void backward(const home *h, double goal, vo_home_value v[STEPS + 1]) {
    const double one = 1;
    v[STEPS] = vo_home_value_end(&h->store, goal, VO_HOME_SHORT_PER_KWH, 0);
    for (size_t t = STEPS; t-- > 0;) {
        v[t] = v[t + 1];
        vo_home_value_back(&v[t], &h->store, &h->price[t], &h->net[t], &one, 1);
    }
}

static double scheduled(const home *h) {
    double buy[STEPS], sell[STEPS], in[STEPS], out[STEPS];
    for (size_t t = 0; t < STEPS; t++) {
        buy[t] = h->price[t].buy, sell[t] = h->price[t].sell;
        in[t] = h->price[t].import_kwh, out[t] = h->price[t].export_kwh;
    }
    const double whole = h->store.high_kwh;
    vo_battery b = vo_battery_default();
    b.capacity_mwh = whole, b.min_soc = h->store.low_kwh / whole, b.max_soc = 1;
    b.charge_mw = h->store.charge_kwh, b.discharge_mw = h->store.discharge_kwh;
    b.charge_efficiency = h->store.charge_efficiency;
    b.discharge_efficiency = h->store.discharge_efficiency;
    b.initial_soc = h->stored / whole;
    vo_problem p = vo_problem_default();
    p.n = STEPS, p.price = buy, p.export_price = sell, p.load_mw = h->load, p.pv_mw = h->pv;
    p.import_limit_mw = in, p.export_limit_mw = out, p.curtailable = 1, p.battery = &b;
    vo_schedule_options o = vo_schedule_options_default();
    o.method = VO_METHOD_EXACT, o.detail = VO_DETAIL_PLAN;
    vo_plan *plan = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_plan_create(STEPS, 1, &plan, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_schedule(&p, &o, plan, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(plan->verdict, VO_VERDICT_OPTIMAL);
    const double profit = plan->profit;
    vo_plan_free(plan);
    return profit;
}

Test(home_value, a_walk_earns_what_the_exact_scheduler_earns) {
    static vo_home_value v[STEPS + 1];
    const size_t n = rounds(300, 20000);
    size_t exact = 0;
    for (uint64_t seed = 0; seed < n; seed++) {
        const home h = a_home(seed);
        double end;
        backward(&h, h.stored, v);
        const double cost = played(&h, v, &end), profit = scheduled(&h);
        cr_assert_geq(end, h.stored - 1e-9);
        bool joined = false; /* more pieces than V holds: close, and never above */
        for (size_t t = 0; t < STEPS; t++) joined |= v[t].n > VO_HOME_PIECES - 6;
        cr_assert_leq(-cost, profit + 1e-9);
        cr_assert_geq(-cost, profit - (joined ? 1e-3 : 1e-9), "seed %llu: %.12f, not %.12f",
                      (unsigned long long)seed, -cost, profit);
        exact += !joined;
    }
    cr_assert_gt(exact, n - n / 50);
}

/* ---- one step against all that it could be ------------------------------------------------- */

typedef struct {
    vo_home_store store;
    vo_home_prices p;
    vo_home_value v;
    double net[VO_HOME_SCENARIOS], weight[VO_HOME_SCENARIOS];
    size_t k;
} one_step;

typedef enum { CONVEX, ANY_PRICES } kind;

static one_step a_step(vo_random *r, kind prices) {
    one_step o = {.store = {.low_kwh = vo_random_between(r, 0, 2),
                            .charge_kwh = vo_random_between(r, 0, 4),
                            .discharge_kwh = vo_random_between(r, 0, 4),
                            .charge_efficiency = vo_random_between(r, 0.7, 1),
                            .discharge_efficiency = vo_random_between(r, 0.7, 1)}};
    o.store.high_kwh = o.store.low_kwh + vo_random_between(r, 0.5, 12);
    if (vo_random_below(r, 6) == 0) o.store.charge_kwh = 0;
    if (vo_random_below(r, 6) == 0) o.store.discharge_kwh = 0;
    vo_home_prices *p = &o.p;
    p->buy = vo_random_between(r, 0.1, 0.7);
    p->sell = vo_random_between(r, 0, p->buy);
    p->market_sell = vo_random_between(r, 0, p->buy);
    p->market_buy = vo_random_between(r, fmax(p->market_sell, p->sell), 0.8);
    if (prices == ANY_PRICES) {
        p->buy = vo_random_between(r, -0.3, 0.7);
        p->sell = vo_random_between(r, -0.3, 0.9);
        p->market_sell = vo_random_between(r, -0.3, 0.9);
        p->market_buy = vo_random_between(r, -0.3, 0.9);
    }
    p->market_in_kwh = vo_random_below(r, 3) ? vo_random_between(r, 0, 2) : 0;
    p->market_out_kwh = vo_random_below(r, 3) ? vo_random_between(r, 0, 2) : 0;
    p->import_kwh = vo_random_below(r, 3) ? (double)INFINITY : vo_random_between(r, 0, 3);
    p->export_kwh = vo_random_below(r, 3) ? (double)INFINITY : vo_random_between(r, 0, 3);
    o.v = (vo_home_value){.low_kwh = o.store.low_kwh, .high_kwh = o.store.high_kwh};
    o.v.n = 1 + (int32_t)vo_random_below(r, 12);
    double slope = vo_random_between(r, 0.2, 1), left = o.store.high_kwh - o.store.low_kwh;
    for (int32_t i = 0; i < o.v.n; i++) {
        o.v.slope[i] = slope;
        o.v.width[i] = i + 1 < o.v.n ? left * vo_random_between(r, 0.05, 0.6) : left;
        left -= o.v.width[i];
        slope -= vo_random_between(r, 0.001, 0.15);
    }
    o.k = 1 + vo_random_below(r, VO_HOME_SCENARIOS);
    for (size_t j = 0; j < o.k; j++) {
        o.net[j] = vo_random_between(r, -4, 4);
        o.weight[j] = 1.0 / (double)o.k;
    }
    return o;
}

static double worth(const vo_home_value *v, double s) {
    double sum = 0, x = s - v->low_kwh;
    for (int32_t i = 0; i < v->n; i++) {
        const double w = fmax(fmin(x, v->width[i]), 0);
        sum += w * v->slope[i];
        x -= w;
    }
    return sum;
}

/* Whoever has to import m kWh goes to the market first if it is cheaper, then to the grid. */
static double cost_of(const vo_home_prices *p, double m) {
    if (m >= 0) {
        const double able = fmin(m, p->import_kwh);
        const double in = p->market_buy < p->buy ? fmin(able, p->market_in_kwh) : 0;
        return in * p->market_buy + (able - in) * p->buy + (m - able) * VO_HOME_SHORT_PER_KWH;
    }
    const double grid = fmax(p->sell, 0), able = fmin(-m, p->export_kwh);
    const double out = p->market_sell > grid ? fmin(able, p->market_out_kwh) : 0;
    return -out * p->market_sell - (able - out) * grid;
}

/* The best of every z at which anything bends. */
static double best_worth(const one_step *o, double net, double s, double *least_z) {
    const vo_home_store *b = &o->store;
    const double edge[] = {o->p.import_kwh,      o->p.market_in_kwh,    0,
                           -o->p.market_out_kwh, -o->p.export_kwh,      net,
                           net + b->charge_kwh,  net - b->discharge_kwh};
    double best = -(double)INFINITY, knot = b->low_kwh;
    double z[sizeof edge / sizeof *edge + VO_HOME_PIECES + 1];
    size_t n = 0;
    for (size_t i = 0; i < sizeof edge / sizeof *edge; i++) {
        const double out = net - edge[i];
        if (!isfinite(out)) continue;
        z[n++] = out > 0 ? out / b->discharge_efficiency : out * b->charge_efficiency;
    }
    for (int32_t i = 0; i <= o->v.n; knot += i < o->v.n ? o->v.width[i] : 0, i++)
        z[n++] = s - knot;
    for (size_t i = 0; i < n; i++) {
        if (s - z[i] < b->low_kwh - 1e-12 || s - z[i] > b->high_kwh + 1e-12) continue;
        const double out =
            z[i] > 0 ? z[i] * b->discharge_efficiency : z[i] / b->charge_efficiency;
        if (out > b->discharge_kwh + 1e-12 || -out > b->charge_kwh + 1e-12) continue;
        const double w = worth(&o->v, s - z[i]) - cost_of(&o->p, net - out);
        if (w > best + 1e-12 || (w > best - 1e-12 && fabs(z[i]) < fabs(*least_z)))
            *least_z = z[i];
        best = fmax(best, w);
    }
    return best;
}

static double mean_worth(const one_step *o, double s) {
    double sum = 0, z;
    for (size_t j = 0; j < o->k; j++) sum += o->weight[j] * best_worth(o, o->net[j], s, &z);
    return sum;
}

static void check_shape(const vo_home_value *v, const vo_home_store *b) {
    double sum = 0;
    cr_assert(v->n >= 1 && v->n <= VO_HOME_PIECES);
    cr_assert_eq(v->low_kwh, b->low_kwh);
    cr_assert_eq(v->high_kwh, b->high_kwh);
    for (int32_t i = 0; i < v->n; i++) {
        cr_assert_gt(v->width[i], 0);
        if (i) cr_assert_leq(v->slope[i], v->slope[i - 1]);
        sum += v->width[i];
    }
    cr_assert_float_eq(sum, b->high_kwh - b->low_kwh, 1e-9);
}

Test(home_value, one_scenario_back_is_the_best_of_all_actions_at_every_energy) {
    vo_random r = vo_random_seed(11, 1);
    for (size_t i = 0; i < rounds(3000, 100000); i++) {
        one_step o = a_step(&r, CONVEX);
        o.k = 1, o.weight[0] = 1;
        vo_home_value v = o.v;
        vo_home_value_back(&v, &o.store, &o.p, o.net, o.weight, 1);
        check_shape(&v, &o.store);
        const double at_low = mean_worth(&o, o.store.low_kwh);
        for (int j = 0; j <= 16; j++) {
            const double s = o.store.low_kwh + (o.store.high_kwh - o.store.low_kwh) * j / 16.0;
            cr_assert_float_eq(worth(&v, s), mean_worth(&o, s) - at_low, 1e-9, "%zu at %g", i,
                               s);
        }
    }
}

Test(home_value, several_scenarios_back_are_their_mean_but_for_what_is_not_noticed) {
    vo_random r = vo_random_seed(12, 1);
    double lost = 0;
    for (size_t i = 0; i < rounds(2000, 50000); i++) {
        one_step o = a_step(&r, CONVEX);
        vo_home_value v = o.v;
        vo_home_value_back(&v, &o.store, &o.p, o.net, o.weight, o.k);
        check_shape(&v, &o.store);
        const double at_low = mean_worth(&o, o.store.low_kwh);
        for (int j = 0; j <= 16; j++) {
            const double s = o.store.low_kwh + (o.store.high_kwh - o.store.low_kwh) * j / 16.0;
            const double mean = mean_worth(&o, s) - at_low, ours = worth(&v, s);
            cr_assert_leq(ours, mean + 1e-9, "%zu at %g: too high", i, s);
            lost = fmax(lost, mean - ours);
        }
        const double top = o.store.high_kwh;
        cr_assert_float_eq(worth(&v, top), mean_worth(&o, top) - at_low, 1e-9, "%zu", i);
    }
    cr_assert_lt(lost, 5e-3);
}

Test(home_value, prices_of_any_sign_and_order_leave_v_concave_over_the_store) {
    vo_random r = vo_random_seed(13, 1);
    for (size_t i = 0; i < rounds(3000, 100000); i++) {
        one_step o = a_step(&r, ANY_PRICES);
        o.k = 1, o.weight[0] = 1;
        vo_home_value v = o.v;
        vo_home_value_back(&v, &o.store, &o.p, o.net, o.weight, 1);
        check_shape(&v, &o.store);
    }
}

Test(home_value, the_best_step_is_the_best_of_all_and_the_smallest_of_those) {
    vo_random r = vo_random_seed(14, 1);
    for (size_t i = 0; i < rounds(10000, 300000); i++) {
        const one_step o = a_step(&r, i % 2 ? CONVEX : ANY_PRICES);
        const double net = o.net[0], span = o.store.high_kwh - o.store.low_kwh;
        const double s = i % 7 == 0   ? o.store.low_kwh
                         : i % 7 == 1 ? o.store.high_kwh
                                      : o.store.low_kwh + span * vo_random_unit(&r);
        double least_z = (double)INFINITY;
        const double best = best_worth(&o, net, s, &least_z);
        const double z = vo_home_value_best(&o.v, &o.store, &o.p, net, s);
        const double out = vo_home_terminal(&o.store, z);
        cr_assert_geq(s - z, o.store.low_kwh - 1e-12);
        cr_assert_leq(s - z, o.store.high_kwh + 1e-12);
        cr_assert_leq(out, o.store.discharge_kwh + 1e-12);
        cr_assert_geq(out, -o.store.charge_kwh - 1e-12);
        const double ours = worth(&o.v, s - z) - cost_of(&o.p, net - out);
        cr_assert_float_eq(ours, best, 1e-9, "%zu", i);
        cr_assert_float_eq(vo_home_cost(&o.p, net - out), cost_of(&o.p, net - out), 1e-12);
        if (i % 2) cr_assert_leq(fabs(z), fabs(least_z) + 1e-9, "%zu", i);
    }
}

/* ---- the edges -------------------------------------------------------------------------------- */

Test(home_value, a_home_without_a_battery_has_no_value_to_keep_and_nothing_to_do) {
    const vo_home_store none = {0, 0, 0, 0, 1, 1};
    const vo_home_prices p = {.buy = 0.5, .sell = 0.1, .import_kwh = 10, .export_kwh = 4};
    vo_home_value v = vo_home_value_end(&none, 0, 1, 0);
    const double net[] = {1, -1, 2}, weight[] = {0.25, 0.5, 0.25};
    for (size_t k = 1; k <= 3; k += 2) {
        vo_home_value_back(&v, &none, &p, net, weight, k);
        cr_assert_eq(v.n, 0);
    }
    cr_assert_eq(vo_home_value_best(&v, &none, &p, 1, 0), 0);
    cr_assert_eq(vo_home_value_best(&v, &none, &p, -1, 0), 0);
}

Test(home_value, nothing_moves_for_nothing) {
    const vo_home_store b = {0, 10, 2, 2, 1, 1};
    const vo_home_prices p = {.buy = 0.4, .sell = 0.4, .import_kwh = 10, .export_kwh = 4};
    const vo_home_value v = {1, 0, 10, {0.4}, {10}};
    cr_assert_eq(vo_home_value_best(&v, &b, &p, 1, 5), 0);
    cr_assert_eq(vo_home_value_best(&v, &b, &p, -1, 5), 0);
}

Test(home_value, slopes_are_read_on_both_sides_of_a_knot_and_beyond_the_ends) {
    const vo_home_value v = {2, 1, 5, {0.5, 0.2}, {1, 3}};
    cr_assert_eq(vo_home_value_slope(&v, 1, true), 0.5);
    cr_assert_eq(vo_home_value_slope(&v, 1, false), VO_HOME_RESERVE_PER_KWH);
    cr_assert_eq(vo_home_value_slope(&v, 2, false), 0.5);
    cr_assert_eq(vo_home_value_slope(&v, 2, true), 0.2);
    cr_assert_eq(vo_home_value_slope(&v, 5, false), 0.2);
    cr_assert_eq(vo_home_value_slope(&v, 5, true), -VO_HOME_RESERVE_PER_KWH);
    cr_assert_eq(vo_home_value_slope(&v, 0.5, true), VO_HOME_RESERVE_PER_KWH);
}

Test(home_value, a_store_that_shrinks_or_grows_keeps_v_on_the_range_of_each_interval) {
    const vo_home_store usual = {2, 10, 2, 2, 1, 1}, open = {0, 10, 2, 2, 1, 1};
    const vo_home_prices grid = {.buy = 0.4, .sell = 0.1, .import_kwh = 10, .export_kwh = 4};
    const vo_home_prices down = {.buy = 0.4, .sell = 0.1};
    const double net = 1, one = 1;
    vo_home_value v = vo_home_value_end(&usual, 2, 1, 0.2);
    vo_home_value_back(&v, &open, &down, &net, &one, 1); /* an outage: the reserve is open */
    check_shape(&v, &open);
    cr_assert_eq(vo_home_value_slope(&v, 0.5, true), VO_HOME_SHORT_PER_KWH);
    cr_assert_eq(vo_home_value_slope(&v, 1.5, true), VO_HOME_RESERVE_PER_KWH);
    cr_assert_eq(vo_home_value_slope(&v, 3.5, true), 0.2);
    vo_home_value_back(&v, &usual, &grid, &net, &one, 1); /* the interval before it */
    check_shape(&v, &usual);
    cr_assert_eq(vo_home_value_slope(&v, 2.5, true), 0.4, "bought now, for the outage");
}

Test(home_value, the_end_asks_for_its_goal_and_pays_for_the_rest) {
    const vo_home_store b = {1, 9, 2, 2, 1, 1};
    vo_home_value v = vo_home_value_end(&b, 4, 0.9, 0.1);
    cr_assert_eq(v.n, 2);
    cr_assert_eq(vo_home_value_slope(&v, 3, true), 0.9);
    cr_assert_eq(vo_home_value_slope(&v, 4, true), 0.1);
    v = vo_home_value_end(&b, 0, 0.9, 0.1);
    cr_assert_eq(v.n, 1);
    cr_assert_eq(v.slope[0], 0.1);
    v = vo_home_value_end(&b, 99, 0.9, 0.1);
    cr_assert_eq(v.n, 1);
    cr_assert_eq(v.slope[0], 0.9);
}
