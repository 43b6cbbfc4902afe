/* test_bound_walk.c -- a home's best plan with everything known: against the exact method, and its own
 * walk forward, which must cost what the values said, keep every limit and be supported by its prices. */
#include "community/bound_home.h"

#include <criterion/criterion.h>
#include <math.h>
#include <volteo/schedule.h>

#include "base/random.h"

/* Many kinks: a big store behind a thin wire at prices of chance, where V is simplified, against the
 * exact method's plan of the same battery. */
Test(bound_walk, simplified_values_err_to_the_safe_side) {
    enum { N = 600 };
    vo_random r = vo_random_seed(5, 5);
    vo_bound_step step[N];
    double price[N], load[N];
    const vo_home_battery b = {100, 0.3, 0.4, 0.95, 0.93, 0, 1, 0.5};
    vo_battery battery = vo_battery_default();
    battery.capacity_mwh = 100;
    battery.charge_mw = 0.3;
    battery.discharge_mw = 0.4;
    battery.charge_efficiency = 0.95;
    battery.discharge_efficiency = 0.93;
    battery.initial_soc = 0.5;
    for (size_t t = 0; t < N; t++) {
        load[t] = vo_random_between(&r, 0, 0.5);
        price[t] = vo_random_between(&r, 0.1, 1);
        step[t] = (vo_bound_step){.net_kwh = load[t],
                                  .into = price[t],
                                  .out = price[t],
                                  .into_kwh = (double)INFINITY,
                                  .out_kwh = (double)INFINITY};
    }
    vo_problem p = vo_problem_default();
    p.n = N;
    p.price = price;
    p.load_mw = load;
    p.battery = &battery;
    vo_plan *plan = NULL;
    const vo_schedule_options o = vo_schedule_options_default();
    cr_assert_eq(vo_plan_create(N, 1, &plan, NULL), VO_OK);
    cr_assert_eq(vo_schedule(&p, &o, plan, NULL), VO_OK);
    vo_bound_work *w = NULL;
    double cost = 0;
    cr_assert_eq(vo_bound_work_create(N, NULL, &w, NULL), VO_OK);
    cr_assert_eq(vo_bound_home(w, &b, 1, step, N, N, &cost, NULL, NULL, NULL), VO_OK);
    const double best = -plan->profit;
    cr_assert(cost <= best + 1e-9 * fabs(best), "%.12g beyond %.12g", cost, best);
    cr_assert(cost >= best - 1e-3 * fabs(best), "%.12g far below %.12g", cost, best);
    vo_bound_work_free(w);
    vo_plan_free(plan);
}

enum { STEPS = 96 };

static vo_home_battery any_battery(vo_random *r) {
    vo_home_battery b = vo_home_battery_default();
    b.capacity_kwh = vo_random_unit(r) < 0.1 ? 0 : vo_random_between(r, 1, 20);
    b.charge_kw = vo_random_between(r, 0, 6);
    b.discharge_kw = vo_random_between(r, 0, 6);
    b.charge_efficiency = vo_random_between(r, 0.8, 1);
    b.discharge_efficiency = vo_random_between(r, 0.8, 1);
    return b;
}

static void any_steps(vo_random *r, vo_bound_step *step) {
    for (size_t t = 0; t < STEPS; t++) {
        const double sun = fmax(0, sin(((double)(t % 48) - 12) / 24 * 3.14159));
        const double pv = sun * vo_random_between(r, 0, 3);
        step[t] = (vo_bound_step){.net_kwh = vo_random_between(r, 0, 1.5) - pv,
                                  .pv_kwh = pv,
                                  .into = vo_random_between(r, 0.2, 0.6),
                                  .out = vo_random_between(r, 0, 0.2),
                                  .into_kwh = 10,
                                  .out_kwh = 4};
    }
}

/* Stored energy along the meter's path; its cost; checks limits on the way. */
static double follow(const vo_home_battery *b, const vo_bound_step *step, const double *meter) {
    double stored = b->initial_soc * b->capacity_kwh, cost = 0;
    for (size_t t = 0; t < STEPS; t++) {
        const double g = step[t].net_kwh - meter[t];
        const double power = b->capacity_kwh > 0 ? 0.5 : 0;
        cr_assert(g <= b->discharge_kw * power + 1e-9 && -g <= b->charge_kw * power + 1e-9);
        stored -= g > 0 ? g / b->discharge_efficiency : g * b->charge_efficiency;
        cr_assert(stored >= b->min_soc * b->capacity_kwh - 1e-9);
        cr_assert(stored <= b->max_soc * b->capacity_kwh + 1e-9);
        cost += meter[t] > 0 ? step[t].into * meter[t]
                             : -step[t].out * fmin(-meter[t], step[t].out_kwh);
    }
    cr_assert(stored >= b->initial_soc * b->capacity_kwh - 1e-9);
    return cost;
}

Test(bound_walk, the_walk_forward_costs_what_the_values_say_and_keeps_every_limit) {
    vo_random r = vo_random_seed(1, 1);
    vo_bound_work *w = NULL;
    cr_assert_eq(vo_bound_work_create(STEPS, NULL, &w, NULL), VO_OK);
    size_t exact = 0;
    for (size_t k = 0; k < 400; k++) {
        vo_bound_step step[STEPS];
        double meter[STEPS], price[STEPS], cost = 0;
        const vo_home_battery b = any_battery(&r);
        any_steps(&r, step);
        cr_assert_eq(vo_bound_home(w, &b, 0.5, step, STEPS, STEPS, &cost, meter, price, NULL),
                     VO_OK);
        const double walked = follow(&b, step, meter);
        /* a large store behind a thin wire has more pieces than are kept: below, and near */
        cr_assert(cost <= walked + 1e-9 * (1 + fabs(cost)), "%zu: %.12g %.12g", k, cost,
                  walked);
        cr_assert(cost >= walked - 1e-4 * (1 + fabs(cost)), "%zu: %.12g %.12g", k, cost,
                  walked);
        exact += walked - cost <= 1e-9 * (1 + fabs(cost));
        for (size_t t = 0; t < STEPS; t++) {
            cr_assert(price[t] >= step[t].out - 1e-12 && price[t] <= step[t].into + 1e-12);
            if (meter[t] > 1e-6) cr_assert_float_eq(price[t], step[t].into, 1e-12);
            if (meter[t] < -1e-6) cr_assert_float_eq(price[t], step[t].out, 1e-12);
        }
    }
    cr_assert(exact >= 380, "%zu", exact);
    vo_bound_work_free(w);
}

/* At its own prices in place of the tariff's, buying and selling alike, the same plan is still best: what
 * makes them the first prices of the pool. */
Test(bound_walk, its_prices_support_its_plan) {
    vo_random r = vo_random_seed(2, 1);
    vo_bound_work *w = NULL;
    cr_assert_eq(vo_bound_work_create(STEPS, NULL, &w, NULL), VO_OK);
    for (size_t k = 0; k < 200; k++) {
        vo_bound_step step[STEPS];
        double meter[STEPS], price[STEPS], cost = 0, again = 0, paid = 0;
        const vo_home_battery b = any_battery(&r);
        any_steps(&r, step);
        cr_assert_eq(vo_bound_home(w, &b, 0.5, step, STEPS, STEPS, &cost, meter, price, NULL),
                     VO_OK);
        for (size_t t = 0; t < STEPS; t++) {
            paid += price[t] * meter[t];
            step[t].into = step[t].out = price[t];
            step[t].into_kwh = step[t].out_kwh = (double)INFINITY;
        }
        cr_assert_float_eq(cost, paid, 1e-6, "%zu: %g %g", k, cost, paid);
        cr_assert_eq(vo_bound_home(w, &b, 0.5, step, STEPS, STEPS, &again, NULL, NULL, NULL),
                     VO_OK);
        cr_assert_float_eq(again, cost, 1e-6 * (1 + fabs(cost)), "%zu: %.9g %.9g", k, again,
                           cost);
    }
    vo_bound_work_free(w);
}
