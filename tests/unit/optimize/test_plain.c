/* test_plain.c -- the plain sweep by itself: what it takes, and walks that stop early. */
#include "optimize/plain.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/random.h"

enum { N = 700 }; /* several chunks */

typedef struct {
    vo_problem p;
    vo_battery b;
    double price[N], power[N], stored[N + 1], value[N], below[N], above[N];
    vo_sweep_path path;
    vo_sweep_sums sums;
} run;

static void prepare(run *r, uint64_t seed) {
    vo_random g = vo_random_seed(seed, 1);
    memset(r, 0, sizeof *r);
    for (size_t t = 0; t < N; t++)
        r->price[t] = 50 + 30 * sin((double)t * 0.26) + vo_random_between(&g, -15, 15);
    r->b = vo_battery_default();
    r->b.capacity_mwh = 3.7;
    r->p = vo_problem_default();
    r->p.n = N, r->p.price = r->price, r->p.battery = &r->b;
    r->path = (vo_sweep_path){.power_mw = r->power,
                              .stored_mwh = r->stored,
                              .value = r->value,
                              .below = r->below,
                              .above = r->above};
}

static bool suits(const run *r, const vo_value *last) {
    vo_plain p;
    bool yes = false;
    const vo_reward_source s = vo_reward_open(&r->p);
    vo_plain_init(&p, NULL);
    cr_assert_eq(vo_plain_back(&p, &s, 0, N, last, &yes, NULL), VO_OK);
    vo_plain_fini(&p);
    return yes;
}

static double ends[] = {0, 3.7}, nothing[] = {0};

Test(plain, takes_what_it_says_and_nothing_else) {
    static run r;
    const vo_value last = {ends, nothing, 1, true};
    double falling[] = {-1};
    const double load[N] = {0};
    prepare(&r, 1);
    cr_assert(suits(&r, &last));
    cr_assert_not(suits(&r, &(vo_value){ends, falling, 1, true}), "energy as a burden");
    r.p.load_mw = load;
    cr_assert_not(suits(&r, &last), "a load");
    r.p.load_mw = NULL;
    r.b.self_discharge_per_h = 0.01;
    cr_assert_not(suits(&r, &last), "self-discharge");
    r.b.self_discharge_per_h = 0;
    r.price[350] = -1;
    cr_assert_not(suits(&r, &last), "a negative price");
    r.b.charge_efficiency = r.b.discharge_efficiency = 1;
    cr_assert_not(suits(&r, &last), "paid charging, which makes a full battery a burden");
    r.price[350] = 1;
    double dear[N];
    memcpy(dear, r.price, sizeof dear);
    r.p.export_price = dear;
    cr_assert(suits(&r, &last));
    dear[350] += 1;
    cr_assert_not(suits(&r, &last), "selling for more than buying costs");
}

static void walk(run *r, size_t t0, size_t t1, double start, size_t steps) {
    vo_plain p;
    bool yes = false;
    const vo_value last = {ends, nothing, 1, true};
    const vo_reward_source s = vo_reward_open(&r->p);
    vo_plain_init(&p, NULL);
    cr_assert_eq(vo_plain_back(&p, &s, t0, t1, &last, &yes, NULL), VO_OK);
    cr_assert(yes);
    cr_assert_eq(vo_plain_walk(&p, &s, start, steps, &r->path, &r->sums, NULL), VO_OK);
    vo_plain_fini(&p);
}

Test(plain, a_walk_that_stops_early_is_the_beginning_of_the_whole) {
    static run whole, part;
    const size_t stops[] = {1, 127, 128, 129, 400, N, N + 50};
    for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++) {
        const size_t stop = stops[i] < N ? stops[i] : N;
        prepare(&whole, i), prepare(&part, i);
        walk(&whole, 0, N, 1.3, N);
        walk(&part, 0, N, 1.3, stops[i]);
        for (size_t t = 0; t < stop; t++) {
            cr_assert_eq(part.power[t], whole.power[t]);
            cr_assert_eq(part.stored[t + 1], whole.stored[t + 1]);
            cr_assert_eq(isnan(part.below[t]), isnan(whole.below[t]));
            cr_assert_eq(isnan(part.above[t]), isnan(whole.above[t]));
            if (!isnan(whole.below[t])) cr_assert_float_eq(part.below[t], whole.below[t], 1e-9);
            if (!isnan(whole.above[t])) cr_assert_float_eq(part.above[t], whole.above[t], 1e-9);
        }
        if (stop < N) cr_assert_eq(part.power[stop], 0, "beyond the end nothing is written");
    }
}

/* From the middle on, the best is what the best was from there. */
Test(plain, a_range_of_its_own_continues_the_whole) {
    static run whole, rest;
    prepare(&whole, 3), prepare(&rest, 3);
    walk(&whole, 0, N, 0, N);
    walk(&rest, 300, N, whole.stored[300], N);
    for (size_t t = 300; t < N; t++)
        cr_assert_float_eq(rest.power[t], whole.power[t], 1e-9, "at %zu", t);
    cr_assert_eq(rest.power[299], 0);
}

/* Charging only when it pays: prices of stored energy bracket every action. */
Test(plain, the_price_of_stored_energy_explains_every_action) {
    static run r;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        prepare(&r, seed);
        walk(&r, 0, N, 0, N);
        const double each_way = r.b.charge_efficiency;
        for (size_t t = 0; t < N; t++) {
            const double cost = r.price[t] / each_way, earns = r.price[t] * each_way;
            if (r.power[t] < 0) cr_assert(r.value[t] >= cost - 1e-9);
            if (r.power[t] > 0) cr_assert(r.value[t] <= earns + 1e-9);
            if (r.power[t] > -1 + 1e-9) cr_assert(r.value[t] <= cost + 1e-9);
            if (r.power[t] < 1 - 1e-9) cr_assert(r.value[t] >= earns - 1e-9);
            const bool inside = r.stored[t] > 1e-9 && r.stored[t] < 3.7 - 1e-9;
            if (t && inside) cr_assert_float_eq(r.value[t], r.value[t - 1], 1e-9);
        }
    }
}
