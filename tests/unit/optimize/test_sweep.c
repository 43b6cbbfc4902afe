/* test_sweep.c -- blocks of value functions: however they are cut, the same answer. */
#include "optimize/sweep.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/random.h"

enum { N = 600 };

typedef struct {
    double price[N], load[N], power[N], stored[N + 1], value[N], below[N], above[N];
    vo_battery b;
    vo_problem p;
    vo_sweep_sums sums;
    size_t blocks;
} run;

static double ends[] = {0, 5}, nothing[] = {0};

static void prepare(run *r, uint64_t seed) {
    vo_random g = vo_random_seed(seed, 2);
    memset(r, 0, sizeof *r);
    for (size_t t = 0; t < N; t++) {
        r->price[t] = vo_random_between(&g, -40, 60);
        r->load[t] = vo_random_between(&g, 0, 0.8);
    }
    r->b = vo_battery_default();
    r->b.capacity_mwh = 5;
    r->b.self_discharge_per_h = seed % 2 ? 0.002 : 0;
    r->p = vo_problem_default();
    r->p.n = N, r->p.price = r->price, r->p.battery = &r->b;
    if (seed % 3 == 0) r->p.load_mw = r->load;
}

static void solve(run *r, size_t held_limit, size_t steps) {
    vo_sweep w;
    bool empty = true;
    const vo_value last = {ends, nothing, 1, true};
    const vo_reward_source s = vo_reward_open(&r->p);
    const vo_sweep_path path = {.power_mw = r->power,
                                .stored_mwh = r->stored,
                                .value = r->value,
                                .below = r->below,
                                .above = r->above};
    vo_sweep_init(&w, NULL);
    if (held_limit) w.held_limit = held_limit;
    cr_assert_eq(vo_sweep_back(&w, &s, 0, N, &last, &empty, NULL), VO_OK);
    cr_assert_not(empty);
    const vo_value first = vo_sweep_first(&w);
    cr_assert_eq(first.x[0], 0);
    cr_assert_float_eq(first.x[first.n], 5, 1e-9);
    r->blocks = w.n_blocks;
    cr_assert_eq(vo_sweep_walk(&w, &s, 2.5, steps, &path, &r->sums, NULL), VO_OK);
    vo_sweep_fini(&w);
}

static bool same(const double *a, const double *b, size_t n) {
    return memcmp(a, b, n * sizeof *a) == 0;
}

Test(sweep, small_blocks_and_large_give_the_same_bits) {
    static run whole, cut;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        const size_t limits[] = {1, 2, 7, 100};
        prepare(&whole, seed);
        solve(&whole, 0, N);
        for (size_t i = 0; i < 4; i++) {
            prepare(&cut, seed);
            solve(&cut, limits[i], N);
            cr_assert(cut.blocks >= N / (limits[i] * 3 / 2 + 1), "%zu blocks", cut.blocks);
            cr_assert(same(whole.power, cut.power, N) &&
                          same(whole.stored, cut.stored, N + 1) &&
                          same(whole.value, cut.value, N) && same(whole.below, cut.below, N) &&
                          same(whole.above, cut.above, N) &&
                          same(&whole.sums.profit, &cut.sums.profit, 1),
                      "seed %d, blocks of %zu", (int)seed, limits[i]);
        }
    }
}

/* V at the beginning rises from the emptier to the fuller store as the profits of walks do. */
Test(sweep, the_first_value_function_is_what_walks_earn) {
    static run r;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        double earned[6] = {0};
        vo_sweep w;
        bool empty = true;
        const vo_value last = {ends, nothing, 1, true};
        prepare(&r, seed);
        const vo_reward_source s = vo_reward_open(&r.p);
        const vo_sweep_path path = {.power_mw = r.power, .stored_mwh = r.stored};
        vo_sweep_init(&w, NULL);
        cr_assert_eq(vo_sweep_back(&w, &s, 0, N, &last, &empty, NULL), VO_OK);
        double rise[6];
        const vo_value first = vo_sweep_first(&w);
        for (int k = 0; k < 6; k++) rise[k] = vo_value_rise(&first, k);
        for (int k = 0; k < 6; k++) {
            cr_assert_eq(vo_sweep_walk(&w, &s, k, N, &path, &r.sums, NULL), VO_OK);
            earned[k] = r.sums.profit;
            cr_assert_eq(vo_sweep_back(&w, &s, 0, N, &last, &empty, NULL), VO_OK);
        }
        for (int k = 1; k < 6; k++)
            cr_assert(fabs((earned[k] - earned[0]) - (rise[k] - rise[0])) < 1e-6,
                      "seed %d: %g MWh more earn %.9g, V rises %.9g", (int)seed, (double)k,
                      earned[k] - earned[0], rise[k] - rise[0]);
        vo_sweep_fini(&w);
    }
}
