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
    for (uint64_t seed = 0; seed < rounds(300, 20000); seed++) {
        const home h = a_home(seed);
        double end;
        backward(&h, h.stored, v);
        const double cost = played(&h, v, &end), profit = scheduled(&h);
        cr_assert_geq(end, h.stored - 1e-9);
        cr_assert_float_eq(-cost, profit, 1e-9, "seed %llu: %.12f, not %.12f",
                           (unsigned long long)seed, -cost, profit);
    }
}
