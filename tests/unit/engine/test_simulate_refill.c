/* test_simulate_refill.c -- what missing energy costs at the end: known answers, and the promise that
 * cost and refill of any plan are no less than the bound. */
#include "engine/simulate_refill.h"

#include <criterion/criterion.h>
#include <math.h>

#include "base/random.h"
#include "community/bound_home.h"
#include "optimize/home_value.h"

enum { N = 12 };

typedef struct {
    vo_homes h;
    vo_home_battery b;
    double buy[N], sell[N];
    uint8_t down[N];
    float load[N], pv[N];
} place;

/* 10 kWh from half full, 2 kWh an interval in and out, 0.8 each way, nothing used. */
static void lay(place *p) {
    *p = (place){.b = {.capacity_kwh = 10,
                       .charge_kw = 2,
                       .discharge_kw = 2,
                       .charge_efficiency = 0.8,
                       .discharge_efficiency = 0.8,
                       .min_soc = 0.1,
                       .max_soc = 0.9,
                       .initial_soc = 0.5}};
    for (size_t t = 0; t < N; t++) p->buy[t] = 0.1 * (double)(t + 1);
    p->h = (vo_homes){.homes = 1,
                      .steps = N,
                      .dt_h = 1,
                      .buy = p->buy,
                      .sell = p->sell,
                      .battery = &p->b,
                      .import_limit_kwh = 10,
                      .export_limit_kwh = 10,
                      .feeder_kwh = (double)INFINITY};
}

static vo_refill_price price(const place *p) {
    return vo_simulate_refill_price(&p->h, 0, p->load, p->pv);
}

/* 4 kWh at most are missing, 1.6 are stored in an interval: the last three, of which the last is
 * the dearest; and in reverse. */
Test(simulate_refill, is_the_dearest_price_of_as_many_last_intervals_as_filling_takes) {
    place p;
    lay(&p);
    cr_expect_float_eq(price(&p).paid, 1.2 / 0.8, 1e-12);
    cr_expect_float_eq(price(&p).weighed, 1.2 / 0.8, 1e-12);
    for (size_t t = 0; t < N; t++) p.buy[t] = 0.1 * (double)(N - t);
    cr_expect_float_eq(price(&p).paid, 0.3 / 0.8, 1e-12);
    p.h.import_limit_kwh = 1; /* then it takes five */
    cr_expect_float_eq(price(&p).paid, 0.5 / 0.8, 1e-12);
    p.load[N - 1] = 1; /* and there is no room in the last */
    cr_expect_float_eq(price(&p).paid, 0.6 / 0.8, 1e-12);
    p.pv[N - 1] = 3; /* but the sun fills it as fast as it can */
    p.load[N - 1] = 0;
    cr_expect_float_eq(price(&p).paid, 0.4 / 0.8, 1e-12);
}

/* In the last interval 1 kWh of load comes out of the battery, 1.25 of the store: 5.25 at 0.8 each take
 * seven more. After an outage the reserve may be empty, too: 5 kWh at 1.6 take four. */
Test(simulate_refill, what_the_meter_cannot_bring_and_the_reserve_are_filled_too) {
    place p;
    lay(&p);
    for (size_t t = 0; t < N; t++) p.buy[t] = 0.1 * (double)(N - t);
    p.h.import_limit_kwh = 1;
    p.load[N - 1] = 2;
    cr_expect_float_eq(price(&p).paid, 0.8 / 0.8, 1e-12);
    p.load[N - 1] = 0;
    p.h.import_limit_kwh = 10;
    p.h.grid_down = p.down;
    cr_expect_float_eq(price(&p).paid, 0.3 / 0.8, 1e-12);
    p.down[0] = 1;
    cr_expect_float_eq(price(&p).paid, 0.4 / 0.8, 1e-12);
}

Test(simulate_refill, without_room_it_counts_as_load_that_is_not_served) {
    place p;
    lay(&p);
    p.h.grid_down = p.down;
    for (size_t t = 0; t < N; t++) p.down[t] = 1;
    cr_expect_float_eq(price(&p).paid, 1.2 / 0.8, 1e-12);
    cr_expect_float_eq(price(&p).weighed, VO_HOME_SHORT_PER_KWH / 0.8, 1e-12);
    p.b.capacity_kwh = 0;
    cr_expect_eq(price(&p).weighed, 0, "no battery lacks anything");
}

/* Nearly full at the end, and before it 2 kWh of load that the battery alone can serve: it cannot have
 * been fuller than full. */
Test(simulate_refill, there_is_no_room_above_the_ceiling) {
    place p;
    lay(&p);
    p.b.initial_soc = 0.8;
    p.h.import_limit_kwh = 3;
    cr_expect_float_eq(price(&p).weighed, 1.2 / 0.8, 1e-12);
    p.load[N - 1] = 5;
    cr_expect_float_eq(price(&p).paid, 1.2 / 0.8, 1e-12);
    cr_expect_float_eq(price(&p).weighed, VO_HOME_SHORT_PER_KWH / 0.8, 1e-12);
    p.b.initial_soc = 0.5; /* what it cannot serve it need not hold */
    p.load[N - 1] = 13;
    cr_expect_float_eq(price(&p).weighed, 1.2 / 0.8, 1e-12);
}

/* A plan of somebody who looks at nothing, or who fills up whenever the meter lets him and spares no
 * load: what it costs, counted here. */
static double wander(const place *p, bool keen, vo_random *rng, double *missing) {
    const vo_home_battery *b = &p->b;
    double cost = 0, stored = b->initial_soc * b->capacity_kwh;
    bool outage = false;
    const double first = stored;
    for (size_t t = 0; t < N; t++) {
        const double limit = p->down[t] ? 0 : p->h.import_limit_kwh;
        const double most = p->down[t] ? 0 : p->h.export_limit_kwh;
        outage = outage || p->down[t];
        const double low = outage ? 0 : b->min_soc * b->capacity_kwh;
        double z = (2 * vo_random_unit(rng) - 1.2) * -2; /* > 0 charges, at the terminals */
        if (keen) z = limit - ((double)p->load[t] - (double)p->pv[t]);
        z = fmin(z, fmin(b->charge_kw, (b->max_soc * b->capacity_kwh - stored) / 0.8));
        z = fmax(z, -fmin(b->discharge_kw, fmax(stored - low, 0) * 0.8));
        stored += z > 0 ? z * 0.8 : z / 0.8;
        const double meter = (double)p->load[t] - (double)p->pv[t] + z;
        cost += meter > 0 ? fmin(meter, limit) * p->buy[t] : -fmin(-meter, most) * p->sell[t];
        cost += fmax(meter - limit, 0) * VO_HOME_SHORT_PER_KWH;
    }
    *missing = fmax(first - stored, 0);
    return cost;
}

static double bound(const place *p, vo_bound_work *w) {
    vo_bound_step step[N];
    double cost = 0;
    size_t free_from = N;
    for (size_t t = N; t-- > 0;) {
        const bool off = p->down[t] != 0;
        if (off) free_from = t;
        step[t] = (vo_bound_step){.net_kwh = (double)p->load[t] - (double)p->pv[t],
                                  .pv_kwh = (double)p->pv[t],
                                  .into = p->buy[t],
                                  .out = p->sell[t],
                                  .into_kwh = off ? 0 : p->h.import_limit_kwh,
                                  .out_kwh = off ? 0 : p->h.export_limit_kwh};
    }
    cr_assert_eq(vo_bound_home(w, &p->b, 1, step, N, free_from, &cost, NULL, NULL, NULL),
                 VO_OK);
    return cost;
}

/* 400 places with meters that bind and outages, 50 walks each. */
Test(simulate_refill, no_walk_and_its_refill_cost_less_than_the_bound) {
    vo_random rng = vo_random_seed(11, 0);
    vo_bound_work *w = NULL;
    size_t emptier = 0;
    cr_assert_eq(vo_bound_work_create(N, NULL, &w, NULL), VO_OK);
    for (size_t k = 0; k < 400; k++) {
        place p;
        lay(&p);
        p.b.initial_soc = 0.1 + 0.8 * vo_random_unit(&rng);
        p.h.import_limit_kwh = k % 3 ? 0.4 + 3 * vo_random_unit(&rng) : 20;
        for (size_t t = 0; t < N; t++) {
            p.buy[t] = 0.1 + vo_random_unit(&rng);
            p.sell[t] = p.buy[t] * vo_random_unit(&rng);
            p.load[t] = (float)((t > N / 2 ? 4 : 2) * vo_random_unit(&rng));
            p.pv[t] = (float)fmax(0, 6 * vo_random_unit(&rng) - 4);
            p.down[t] = k % 4 == 1 && t >= k % N && t < k % N + 3;
        }
        p.h.grid_down = p.down;
        const double least = bound(&p, w);
        const vo_refill_price of = price(&p);
        for (size_t i = 0; i < 50; i++) {
            double missing = 0;
            const double cost = wander(&p, i % 10 == 0, &rng, &missing);
            cr_assert_geq(cost + missing * of.weighed, least - 1e-6, "place %zu, walk %zu", k,
                          i);
            emptier += missing > 0;
        }
    }
    cr_expect_gt(emptier, (size_t)1000, "walks that end with less: %zu", emptier);
    vo_bound_work_free(w);
}
