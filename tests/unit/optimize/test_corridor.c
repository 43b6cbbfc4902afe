/* test_corridor.c -- whatever is wished for, the limits hold. */
#include "optimize/corridor.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "support/random_problem.h"

static vo_battery battery(void) {
    vo_battery b = vo_battery_default();
    b.capacity_mwh = 4;
    b.charge_efficiency = b.discharge_efficiency = 1;
    b.initial_soc = 0.5;
    return b;
}

static vo_problem problem(const double *price, size_t n, const vo_battery *b) {
    vo_problem p = vo_problem_default();
    p.n = n;
    p.price = price;
    p.battery = b;
    return p;
}

static const double flat[] = {50, 50, 50, 50, 50, 50};

/* Walks with one wish for all intervals. */
static vo_plan *walk(const vo_problem *p, double wish) {
    vo_plan *plan = NULL;
    vo_corridor c;
    cr_assert_eq(vo_plan_create(p->n, 1, &plan, NULL), VO_OK);
    cr_assert_eq(vo_corridor_open(&c, p, plan, "test", NULL), VO_OK);
    for (size_t t = 0; t < p->n; t++) vo_corridor_step(&c, t, wish);
    vo_corridor_close(&c, "test");
    return plan;
}

Test(corridor, a_greedy_discharge_stops_where_it_can_still_return) {
    const vo_battery b = battery();
    const vo_problem p = problem(flat, 6, &b);
    vo_plan *plan = walk(&p, HUGE_VAL); /* 2 MWh, back to 2 MWh at 1 MW: down 2, up 2 */
    const double stored[] = {2, 1, 0, 0, 0, 1, 2};
    for (size_t t = 0; t <= 6; t++) cr_assert_float_eq(plan->stored_mwh[t], stored[t], 1e-12);
    cr_assert_eq(plan->verdict, VO_VERDICT_FEASIBLE);
    vo_plan_free(plan);
}

Test(corridor, an_exact_end_is_met_from_above_and_below) {
    vo_battery b = battery();
    b.final_kind = VO_FINAL_EXACT;
    b.final_soc = 0.25;
    const vo_problem p = problem(flat, 6, &b);
    const double wishes[] = {HUGE_VAL, -HUGE_VAL, 0, 0.3};
    for (size_t k = 0; k < 4; k++) {
        vo_plan *plan = walk(&p, wishes[k]);
        cr_assert_float_eq(plan->stored_mwh[6], 1, 1e-12);
        cr_assert_eq(plan->verdict, VO_VERDICT_FEASIBLE);
        vo_plan_free(plan);
    }
}

/* 4 MWh must come down to 0 by Saturday's end with 2 MWh a day: from the first day on. */
Test(corridor, a_daily_cycle_limit_is_spared_for_the_way_down) {
    const int32_t day[] = {0, 0, 0, 1, 1, 1};
    vo_battery b = battery();
    b.initial_soc = 1;
    b.final_kind = VO_FINAL_EXACT;
    b.final_soc = 0;
    b.max_cycles_per_day = 0.5;
    vo_problem p = problem(flat, 6, &b);
    p.day = day;
    vo_plan *plan = walk(&p, -HUGE_VAL);
    cr_assert_float_eq(plan->stored_mwh[3], 2, 1e-12);
    cr_assert_float_eq(plan->stored_mwh[6], 0, 1e-12);
    cr_assert_eq(plan->verdict, VO_VERDICT_FEASIBLE);
    vo_plan_free(plan);
}

/* Load 1.5 beyond an import limit of 1 needs 0.5 MW from the battery; hour 4 needs 1 MW. */
Test(corridor, energy_is_kept_for_hours_that_the_site_cannot_do_without) {
    const double load[] = {0, 1.5, 0, 0, 2, 0}, limit[] = {1, 1, 1, 1, 1, 1};
    vo_battery b = battery();
    b.final_kind = VO_FINAL_FREE;
    vo_problem p = problem(flat, 6, &b);
    p.load_mw = load;
    p.import_limit_mw = limit;
    vo_plan *plan = walk(&p, 0);
    cr_assert_float_eq(plan->power_mw[1], 0.5, 1e-12);
    cr_assert_float_eq(plan->power_mw[4], 1, 1e-12);
    for (size_t t = 0; t < 6; t++) cr_assert(plan->import_mw[t] <= 1 + 1e-12);
    cr_assert_eq(plan->verdict, VO_VERDICT_FEASIBLE);
    vo_plan_free(plan);
    plan = walk(&p, HUGE_VAL);
    cr_assert(plan->power_mw[4] >= 1 - 1e-12, "the greedy wish left too little");
    vo_plan_free(plan);
}

Test(corridor, an_end_out_of_reach_is_flagged_with_what_is_missing) {
    vo_battery b = battery();
    b.initial_soc = 0;
    b.final_kind = VO_FINAL_AT_LEAST;
    b.final_soc = 1;
    const vo_problem p = problem(flat, 2, &b);
    vo_plan *plan = walk(&p, 0);
    cr_assert_eq(plan->verdict, VO_VERDICT_LEAST_VIOLATING);
    cr_assert_eq(plan->n_violations, 1);
    cr_assert_eq(plan->violation[0].limit, VO_LIMIT_FINAL_SOC);
    cr_assert_float_eq(plan->violation[0].amount, 2, 1e-12); /* 2 of 4 MWh in two hours */
    vo_plan_free(plan);
}

Test(corridor, a_start_outside_the_range_returns_as_soon_as_it_can) {
    vo_battery b = battery();
    b.initial_soc = 0;
    b.min_soc = 0.5;
    b.final_kind = VO_FINAL_FREE;
    const vo_problem p = problem(flat, 4, &b);
    vo_plan *plan = walk(&p, HUGE_VAL);
    cr_assert_float_eq(plan->stored_mwh[1], 1, 1e-12);
    cr_assert_float_eq(plan->stored_mwh[2], 2, 1e-12);
    cr_assert_float_eq(plan->stored_mwh[4], 2, 1e-12);
    vo_plan_free(plan);
}

Test(corridor, money_is_price_fee_wear_and_final_value) {
    const double price[] = {20, 100};
    vo_battery b = battery();
    b.final_kind = VO_FINAL_VALUE;
    b.final_value_per_mwh = 30;
    b.wear_cost_per_mwh = 4;
    vo_problem p = problem(price, 2, &b);
    p.fee_per_mwh = 5;
    vo_plan *plan = NULL;
    vo_corridor c;
    cr_assert_eq(vo_plan_create(2, 1, &plan, NULL), VO_OK);
    cr_assert_eq(vo_corridor_open(&c, &p, plan, "test", NULL), VO_OK);
    vo_corridor_step(&c, 0, -0.5);
    vo_corridor_step(&c, 1, 1);
    vo_corridor_close(&c, "test");
    cr_assert_float_eq(plan->profit, -0.5 * 25 + (100 - 5 - 4) + 1.5 * 30, 1e-12);
    vo_plan_free(plan);
}

/* Bit by bit, where intervals are alike and where lengths or limits set them apart. */
Test(corridor, playing_wishes_is_stepping_through_them) {
    enum { N = 700 };
    double price[N], wish[N], dt_h[N], limit[N];
    vo_random g = vo_random_seed(7, 0);
    for (int round = 0; round < 40; round++) {
        vo_battery b = vo_battery_default();
        b.capacity_mwh = vo_random_between(&g, 1, 6);
        b.initial_soc = 0.4;
        b.final_kind = VO_FINAL_EXACT;
        b.final_soc = round % 2;
        b.wear_cost_per_mwh = round % 3 ? 0 : 4;
        b.self_discharge_per_h = round % 4 ? 0 : 0.01;
        if (round % 8 == 5) b.max_cycles_per_day = 1;
        for (size_t t = 0; t < N; t++) {
            price[t] = vo_random_between(&g, -50, 150);
            wish[t] = vo_random_between(&g, -1.5, 1.5);
            dt_h[t] = vo_random_between(&g, 0.2, 1);
            limit[t] = vo_random_between(&g, 0, 1);
        }
        vo_problem p = problem(price, N, &b);
        p.fee_per_mwh = round % 5 ? 0 : 2;
        if (round % 8 == 6) p.dt_h = dt_h;
        if (round % 8 == 7) p.charge_limit_mw = limit;
        vo_plan *stepped = NULL, *played = NULL;
        vo_corridor c;
        cr_assert_eq(vo_plan_create(N, 1, &stepped, NULL), VO_OK);
        cr_assert_eq(vo_plan_create(N, 1, &played, NULL), VO_OK);
        cr_assert_eq(vo_corridor_open(&c, &p, stepped, "test", NULL), VO_OK);
        for (size_t t = 0; t < N; t++) vo_corridor_step(&c, t, wish[t]);
        vo_corridor_close(&c, "test");
        cr_assert_eq(vo_corridor_open(&c, &p, played, "test", NULL), VO_OK);
        memcpy(played->power_mw, wish, sizeof wish);
        for (size_t t = 0; t < N; t += 100) vo_corridor_play(&c, t, t + 100);
        vo_corridor_close(&c, "test");
        cr_assert_eq(memcmp(stepped->power_mw, played->power_mw, sizeof wish), 0);
        cr_assert_eq(memcmp(stepped->stored_mwh, played->stored_mwh, sizeof wish), 0);
        cr_assert_eq(memcmp(stepped->export_mw, played->export_mw, sizeof wish), 0);
        cr_assert_eq(stepped->profit, played->profit);
        double money = 0; /* and it is what the flows cost */
        for (size_t t = 0; t < N; t++) {
            const double h = p.dt_h ? dt_h[t] : 1;
            money += h * ((price[t] - p.fee_per_mwh) * played->export_mw[t] -
                          (price[t] + p.fee_per_mwh) * played->import_mw[t] -
                          b.wear_cost_per_mwh * played->export_mw[t]);
        }
        cr_assert_float_eq(played->profit, money, 1e-6);
        vo_plan_free(stepped);
        vo_plan_free(played);
    }
}

/* What a rule cannot keep it must name: the certificate would find it. */
Test(corridor, what_is_not_kept_is_named) {
    static const struct {
        uint64_t seed;
        uint32_t mask;
    } hard[] = {{3632, 0x2b1a5}, {2824, 0x80b67}, {2335, 0x18e400}};
    for (size_t i = 0; i < sizeof hard / sizeof hard[0]; i++)
        for (int32_t m = VO_METHOD_THRESHOLD; m <= VO_METHOD_CYCLE; m++) {
            random_problem r;
            random_problem_init(&r, hard[i].seed, hard[i].mask, 16);
            vo_plan *plan = NULL;
            vo_certificate c;
            vo_schedule_options o = vo_schedule_options_default();
            o.method = m;
            cr_assert_eq(vo_plan_create(r.p.n, 1, &plan, NULL), VO_OK);
            cr_assert_eq(vo_schedule(&r.p, &o, plan, NULL), VO_OK);
            cr_assert_eq(vo_certify(&r.p, plan, &c, NULL), VO_OK);
            cr_expect((c.n_violations == 0) == (plan->n_violations == 0),
                      "seed %d, %s: %d named, %d found", (int)hard[i].seed, vo_method_name(m),
                      (int)plan->n_violations, (int)c.n_violations);
            vo_plan_free(plan);
            random_problem_fini(&r);
        }
}
