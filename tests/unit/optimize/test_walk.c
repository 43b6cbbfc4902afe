/* test_walk.c -- one interval's choice against trying many. */
#include "optimize/walk.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/random.h"

enum { PIECES = 12 };

typedef struct {
    double x[PIECES + 1], m[PIECES];
    vo_value v;
    vo_battery b;
    vo_problem p;
    double price[1], load[1], pv[1];
} scene;

static void draw(scene *s, uint64_t seed) {
    vo_random r = vo_random_seed(seed, 4);
    memset(s, 0, sizeof *s);
    const size_t n = 1 + vo_random_below(&r, PIECES);
    s->b = vo_battery_default();
    for (size_t i = 0; i < n; i++) {
        s->x[i + 1] = s->x[i] + vo_random_between(&r, 0.05, 0.7);
        s->m[i] = vo_random_between(&r, -80, 80);
    }
    if (seed % 3 == 0) /* concave */
        for (size_t i = 1; i < n; i++) s->m[i] = s->m[i - 1] - vo_random_between(&r, 0, 15);
    s->v = (vo_value){s->x, s->m, n, false};
    s->v.concave = vo_value_is_concave(&s->v);
    s->b.capacity_mwh = s->x[n];
    s->p = vo_problem_default();
    s->price[0] = vo_random_between(&r, -70, 90);
    s->load[0] = vo_random_unit(&r);
    s->pv[0] = vo_random_unit(&r);
    s->p.n = 1, s->p.price = s->price, s->p.battery = &s->b;
    if (seed % 4 == 0) s->p.load_mw = s->load, s->p.pv_mw = s->pv, s->p.curtailable = 1;
}

typedef struct {
    double power, value_after, profit, below, above;
} choice;

static choice choose(scene *s, double stored) {
    double power[1] = {0}, path[2], value[1], below[1], above[1];
    const vo_reward_source source = vo_reward_open(&s->p);
    vo_walker w = {.source = &source,
                   .path = {.power_mw = power,
                            .stored_mwh = path,
                            .value = value,
                            .below = below,
                            .above = above},
                   .stored_mwh = stored};
    vo_walk_range(&w, 0, 1, NULL, &s->v, 1);
    return (choice){power[0], vo_value_rise(&s->v, path[1]), w.profit + w.profit_low, below[0],
                    above[0]};
}

Test(walk, no_other_action_earns_more) {
    for (uint64_t seed = 1; seed <= 3000; seed++) {
        scene s;
        draw(&s, seed);
        const vo_reward_source source = vo_reward_open(&s.p);
        const vo_reward_simple r = vo_reward_simple_at(&source, 0);
        const double end = s.x[s.v.n], stored = end * (double)(seed % 11) / 10;
        const choice c = choose(&s, stored);
        const double earned = c.profit + c.value_after;
        for (int k = 0; k <= 400; k++) {
            const double u = -1 + k / 200.0;
            const double next = stored - u * (u > 0 ? r.drain : r.gain);
            if (next < 0 || next > end) continue;
            const double other = vo_reward_cash(&source, 0, &r, u) + vo_value_rise(&s.v, next);
            cr_assert(earned >= other - 1e-9, "seed %d: %g MW earns %.12g, %g MW %.12g",
                      (int)seed, c.power, earned, u, other);
        }
    }
}

static int direction(double power) { return power > 1e-9 ? 1 : power < -1e-9 ? -1 : 0; }

Test(walk, the_direction_turns_at_the_flip_prices_and_not_before) {
    int seen = 0;
    for (uint64_t seed = 1; seed <= 3000; seed++) {
        scene s;
        draw(&s, seed);
        if (s.p.load_mw) continue; /* there a price may be met by curtailing first */
        const double stored = s.x[s.v.n] * (double)(seed % 11) / 10, price = s.price[0];
        const choice c = choose(&s, stored);
        const int now = direction(c.power);
        const double flips[] = {c.below, c.above};
        for (int side = 0; side < 2; side++) {
            if (isnan(flips[side])) continue;
            const double out = side ? 1e-6 : -1e-6;
            s.price[0] = flips[side] + out;
            const int then = direction(choose(&s, stored).power);
            cr_assert(side ? then > now : then < now, "seed %d: %g does not turn at %g",
                      (int)seed, c.power, flips[side]);
            s.price[0] = flips[side] - out;
            if (side ? s.price[0] > price : s.price[0] < price)
                cr_assert_eq(direction(choose(&s, stored).power), now, "seed %d: %g at %g",
                             (int)seed, c.power, flips[side]);
            seen++;
        }
    }
    cr_assert(seen > 2000, "only %d", seen);
}
