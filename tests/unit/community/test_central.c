/* test_central.c -- the pool's price path: known answers at the tariff's ends, between them where
 * batteries decide, and never outside what the market and both sides can accept. */
#include "community/central.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "base/random.h"

enum { N = 48 };

static size_t rounds(size_t usual, size_t longer) {
    return getenv("VOLTEO_LONG") ? longer : usual;
}

typedef struct {
    double load[N], pv[N], buy[N], sell[N];
    vo_home_value work[N + 1];
    vo_market_rules rules;
    vo_central_view view;
} pool;

/* Ten homes' worth; a battery of `kwh`. */
static void a_pool(pool *p, double load, double pv, double kwh) {
    p->rules = vo_market_rules_default();
    for (size_t t = 0; t < N; t++) {
        p->load[t] = load, p->pv[t] = pv;
        p->buy[t] = 0.5, p->sell[t] = 0.05;
    }
    p->view = (vo_central_view){.n = N,
                                .load_kwh = p->load,
                                .pv_kwh = p->pv,
                                .buy = p->buy,
                                .sell = p->sell,
                                .store = {0, kwh, kwh / 4, kwh / 4, 1, 1},
                                .stored_kwh = 0,
                                .goal_kwh = 0,
                                .import_kwh = 100,
                                .export_kwh = 40,
                                .rules = &p->rules};
}

Test(central, a_pool_that_imports_pays_what_a_received_kwh_saves) {
    pool p;
    double signal[N];
    a_pool(&p, 5, 0, 0);
    vo_central_signal(&p.view, p.work, signal);
    for (size_t t = 0; t < N; t++) cr_assert_float_eq(signal[t], 0.475, 1e-12);
    p.rules.fee = 20000;
    vo_central_signal(&p.view, p.work, signal);
    for (size_t t = 0; t < N; t++) cr_assert_float_eq(signal[t], 0.455, 1e-12);
}

Test(central, a_pool_that_exports_pays_what_the_grid_does_within_the_rules) {
    pool p;
    double signal[N];
    a_pool(&p, 1, 5, 0);
    vo_central_signal(&p.view, p.work, signal);
    for (size_t t = 0; t < N; t++) cr_assert_float_eq(signal[t], 0.10, 1e-12, "the floor");
    p.rules.least_price = 0;
    vo_central_signal(&p.view, p.work, signal);
    for (size_t t = 0; t < N; t++) cr_assert_float_eq(signal[t], 0.05, 1e-12);
}

/* Cheap first, dear later, a battery that can carry all: energy is worth the cheap price throughout;
 * one that can carry little: the dear price when it is dear. */
Test(central, a_battery_that_suffices_carries_the_cheap_price_into_the_dear_hours) {
    pool p;
    double signal[N];
    for (int large = 0; large < 2; large++) {
        a_pool(&p, 1, 0, large ? 400 : 4);
        for (size_t t = 0; t < N; t++) p.buy[t] = t < 24 ? 0.3 : 0.6;
        vo_central_signal(&p.view, p.work, signal);
        cr_assert_float_eq(signal[0], 0.3 * 0.95, 1e-9);
        /* at zero the pool's kWh is worth 0.3, of which half the losses are the seller's */
        cr_assert_float_eq(signal[N - 1], large ? 0.3 * 0.975 : 0.6 * 0.95, 1e-4);
    }
}

/* A full store lets the price rise: what is exported at noon says nothing of the evening. */
Test(central, a_store_that_fills_parts_the_cheap_hours_from_the_dear_ones) {
    pool p;
    double signal[N];
    a_pool(&p, 0, 5, 4);
    for (size_t t = 24; t < N; t++) { /* 4.8 kWh are needed, 0.8 of them bought for 50 cents */
        p.load[t] = 0.2, p.pv[t] = 0;
        p.buy[t] = t < 36 ? 0.6 : 0.5;
    }
    vo_central_signal(&p.view, p.work, signal);
    for (size_t t = 0; t < 24; t++) cr_assert_float_eq(signal[t], 0.1, 1e-9, "exporting");
    for (size_t t = 24; t < 36; t++) cr_assert_float_eq(signal[t], 0.4875, 1e-9, "%zu", t);
    for (size_t t = 36; t < N; t++) cr_assert_float_eq(signal[t], 0.475, 1e-9, "%zu", t);
}

/* An empty one lets it fall: a dear morning says nothing of the energy of a cheap evening. */
Test(central, a_store_that_runs_empty_parts_the_dear_hours_from_the_cheap_ones) {
    pool p;
    double signal[N];
    a_pool(&p, 1, 0, 100);
    p.view.stored_kwh = 4;
    for (size_t t = 12; t < 36; t++) p.pv[t] = 1.25; /* 6 kWh for an evening that needs 12 */
    for (size_t t = 36; t < N; t++) p.buy[t] = 0.3;
    vo_central_signal(&p.view, p.work, signal);
    for (size_t t = 0; t < 12; t++) cr_assert_float_eq(signal[t], 0.475, 1e-9, "%zu", t);
    for (size_t t = 12; t < 36; t++) cr_assert_float_eq(signal[t], 0.2925, 1e-9, "%zu", t);
}

Test(central, where_any_price_would_do_the_middle_is_taken) {
    pool p;
    double signal[N];
    a_pool(&p, 1, 0, 48);
    p.view.stored_kwh = 48; /* lasts to the end, and nothing is left: 5 to 50 cents */
    vo_central_signal(&p.view, p.work, signal);
    for (size_t t = 0; t < N; t++) cr_assert_float_eq(signal[t], 0.2681, 1e-9, "%zu", t);
}

/* 30 kWh for 48 hours of 1 kWh: V's slope is 0.5 for the 47 kWh that are still needed, then 0.05. Half
 * of the store to both sides of 29 kWh are 42 kWh at 0.5 and 6 at 0.05, the last 5 of them exported. */
Test(central, unlike_homes_are_told_the_mean_of_what_energy_is_worth_to_them) {
    pool p;
    double signal[N];
    a_pool(&p, 1, 0, 48);
    p.view.stored_kwh = 30;
    p.buy[0] = 0.6; /* so that it discharges at once */
    p.view.unlike = 0.5;
    vo_central_signal(&p.view, p.work, signal);
    cr_assert_float_eq(signal[0], floor((42 * 0.5 + 6 * 0.05) / 48 * 0.975 * 1e4) * 1e-4, 1e-9,
                       "%g", signal[0]);
    p.view.unlike = 0.01;
    vo_central_signal(&p.view, p.work, signal);
    cr_assert_float_eq(signal[0], 0.4875, 1e-9, "%g", signal[0]);
}

static void random_pool(vo_random *r, pool *p) {
    a_pool(p, 0, 0, vo_random_below(r, 5) ? vo_random_between(r, 1, 100) : 0);
    if (vo_random_below(r, 3) == 0) p->rules.fee = (int64_t)vo_random_below(r, 30000);
    p->view.n = 1 + vo_random_below(r, N);
    p->view.stored_kwh = p->view.store.high_kwh * vo_random_unit(r);
    p->view.goal_kwh = p->view.store.high_kwh * vo_random_unit(r);
    for (size_t t = 0; t < N; t++) {
        p->load[t] = vo_random_between(r, 1, 15);
        p->pv[t] = vo_random_below(r, 2) ? vo_random_between(r, 0, 30) : 0;
        p->buy[t] = t % 24 < 16 ? 0.35 : 0.55;
    }
}

Test(central, the_signal_is_one_that_both_sides_can_accept) {
    vo_random r = vo_random_seed(1, 1);
    for (size_t i = 0; i < rounds(500, 20000); i++) {
        pool p;
        double signal[N];
        random_pool(&r, &p);
        p.view.unlike = i % 2 ? vo_random_unit(&r) : 0;
        vo_central_signal(&p.view, p.work, signal);
        for (size_t t = 0; t < p.view.n; t++) {
            const double top = 0.95 * p.buy[t] - (double)p.rules.fee / VO_MICRO;
            cr_assert_leq(signal[t], top + 1e-9);
            cr_assert_geq(signal[t], 0.1);
            cr_assert_float_eq(signal[t] * 1e4, round(signal[t] * 1e4), 1e-6);
        }
    }
}

Test(central, more_load_never_makes_energy_cheaper) {
    vo_random r = vo_random_seed(2, 1);
    for (size_t i = 0; i < rounds(500, 20000); i++) {
        pool p;
        double before[N], after[N];
        random_pool(&r, &p);
        p.view.n = 1 + vo_random_below(&r, N);
        vo_central_signal(&p.view, p.work, before);
        p.load[0] += vo_random_between(&r, 0, 10);
        vo_central_signal(&p.view, p.work, after);
        for (size_t t = 0; t < p.view.n; t++)
            cr_assert_geq(after[t], before[t] - 1.5e-4, "%zu at %zu", i, t);
    }
}
