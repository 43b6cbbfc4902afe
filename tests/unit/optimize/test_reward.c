/* test_reward.c -- what an interval pays, against settling it at the meter. */
#include "optimize/reward.h"

#include <criterion/criterion.h>
#include <math.h>

#include "base/random.h"
#include "grid/settlement.h"
#include "support/random_problem.h"

static const uint32_t single = RANDOM_ALL & ~(uint32_t)RANDOM_COUPLED;

/* Money of z MWh out of the store, settled at the meter, less wear. */
static double settled(const vo_reward_source *s, size_t t, double z) {
    const vo_reward_simple r = vo_reward_simple_at(s, t);
    const vo_site_interval site = vo_site_at(s->p, t);
    const double u = z > 0 ? z / r.drain : z / r.gain;
    return vo_site_settle(&site, u).cash - (u > 0 ? u * s->p->battery->wear_cost_per_mwh : 0);
}

Test(reward, the_pieces_rise_as_settled_money_does) {
    int seen = 0;
    for (uint64_t seed = 1; seed <= 1500; seed++) {
        random_problem p;
        double x[VO_REWARD_MAX_PIECES + 1], m[VO_REWARD_MAX_PIECES];
        random_problem_init(&p, seed, random_problem_mask(seed, single), 8);
        const vo_reward_source s = vo_reward_open(&p.p);
        for (size_t t = 0; t < p.p.n; t++) {
            vo_value q = {.x = x, .m = m};
            if (!vo_reward_at(&s, t, &q)) continue;
            cr_assert(q.n <= VO_REWARD_MAX_PIECES);
            const double from = settled(&s, t, q.x[0]);
            for (int k = 0; k <= 40; k++) {
                const double z = q.x[0] + (q.x[q.n] - q.x[0]) * k / 40;
                const double want = settled(&s, t, z) - from, got = vo_value_rise(&q, z);
                cr_assert(fabs(want - got) <= 1e-7 * fmax(1, fabs(want) + fabs(from)),
                          "seed %d, interval %zu: q(%g) = %.9g, settled %.9g", (int)seed, t, z,
                          got, want);
                seen++;
            }
        }
        random_problem_fini(&p);
    }
    cr_assert(seen > 100000);
}

Test(reward, many_intervals_at_once_are_each_by_itself) {
    for (uint64_t seed = 1; seed <= 400; seed++) {
        random_problem p;
        vo_reward_rates r = {0};
        const uint32_t features = RANDOM_TIES | RANDOM_EXPORT_PRICE | RANDOM_CHEAP_BUY |
                                  RANDOM_FEE | RANDOM_CARBON | RANDOM_OUTAGE |
                                  RANDOM_ZERO_POWER | RANDOM_UNEVEN | RANDOM_WEAR;
        random_problem_init(&p, seed, random_problem_mask(seed, features), 60);
        const vo_reward_source s = vo_reward_open(&p.p);
        bool concave = true;
        for (size_t t = 0; t < p.p.n; t++) {
            const vo_reward_simple one = vo_reward_simple_at(&s, t);
            concave = concave && vo_reward_is_concave(&one);
        }
        cr_assert_eq(vo_reward_rates_at(&s, 0, p.p.n, &r), concave, "seed %d", (int)seed);
        for (size_t t = 0; t < p.p.n && concave; t++) {
            const vo_reward_simple one = vo_reward_simple_at(&s, t);
            cr_assert_eq(r.buy[t], one.buy);
            cr_assert_eq(r.sell[t], one.sell);
            cr_assert_float_eq(r.charge_z[t], one.charge_z, 1e-12 * (1 + one.charge_z));
            cr_assert_float_eq(r.discharge_z[t], one.discharge_z,
                               1e-12 * (1 + one.discharge_z));
            cr_assert(r.discharge[t] <= r.charge[t]);
            if (one.charge_z > 0) cr_assert_eq(r.charge[t], one.buy / one.gain);
            if (one.discharge_z > 0)
                cr_assert_float_eq(r.discharge[t], one.sell / one.drain,
                                   1e-12 * (1 + fabs(r.discharge[t])));
        }
        random_problem_fini(&p);
    }
}

Test(reward, a_market_that_pays_more_for_selling_is_not_concave) {
    const double price[] = {30, -10}, sell[] = {50, -10};
    vo_battery b = vo_battery_default();
    vo_problem p = vo_problem_default();
    p.n = 1, p.price = price, p.export_price = sell, p.battery = &b;
    vo_reward_source s = vo_reward_open(&p);
    cr_assert(vo_reward_count_bent(&s) > 0);
    p.price = price + 1, p.export_price = NULL; /* negative, with losses */
    s = vo_reward_open(&p);
    cr_assert(vo_reward_count_bent(&s) > 0);
    b.charge_efficiency = b.discharge_efficiency = 1;
    s = vo_reward_open(&p);
    cr_assert(vo_reward_count_bent(&s) == 0);
}
