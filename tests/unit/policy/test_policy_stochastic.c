/* test_policy_stochastic.c -- the policy keeps what the seam promises, and beats a plan on one
 * forecast where prices are drawn from what it can learn. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "policy/backtest.h"
#include "policy/policy.h"
#include "support/fault_alloc.h"
#include "support/local_hours.h"

typedef struct {
    vo_series *s;
    double *price;
    vo_battery battery;
    vo_problem p;
    vo_backtest_settings settings;
} bench;

/* A daily shape with an error that carries on, and a rare spike. */
static void set_up(bench *x, int days, double spikes) {
    x->s = local_hours("Europe/Paris", 2016, 3, 1, days, "guess");
    x->price = x->s->column[0].value;
    vo_random g = vo_random_seed(21, 0);
    double e = 0;
    for (size_t t = 0; t < x->s->n; t++) {
        const double h = (double)(t % 24);
        e = 0.6 * e + 8 * vo_random_normal(&g);
        x->s->column[1].value[t] = 50 - 12 * cos(h * 0.2618);
        x->price[t] = x->s->column[1].value[t] + e;
        if (vo_random_unit(&g) < spikes) x->price[t] += 400;
    }
    x->battery = vo_battery_default();
    x->battery.charge_efficiency = x->battery.discharge_efficiency = 0.93;
    x->p = vo_problem_default();
    x->p.n = x->s->n;
    x->p.price = x->price;
    x->p.battery = &x->battery;
    x->settings = vo_backtest_settings_default();
    x->settings.resamples = 100;
    x->settings.protocol = VO_PROTOCOL_ROLLING;
    x->settings.first = vo_series_lower_bound(x->s, x->s->start[30 * 24]);
    while (x->s->day[x->settings.first] == x->s->day[x->settings.first - 1])
        x->settings.first++;
}

static vo_backtest_result *run(const bench *x, const char *policy) {
    vo_backtest_result *r = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_backtest_run(&x->p, x->s, policy, &x->settings, &r, &err), VO_OK, "%s: %s",
                 policy, err.msg);
    cr_assert(r->certified && r->violations == 0, "%s", policy);
    return r;
}

/* The same forecast, known to be off by so much: energy is kept for spikes nobody foresees. */
Test(policy_stochastic, knowing_how_far_a_forecast_is_off_is_worth_money) {
    bench x;
    set_up(&x, 90, 0.02);
    vo_backtest_result *a = run(&x, "stochastic:column=guess"),
                       *b = run(&x, "mpc:column=guess");
    cr_expect_gt(a->capture, b->capture + 0.05, "%.3f, a plan on the forecast %.3f", a->capture,
                 b->capture);
    cr_expect_leq(a->capture, 1);
    vo_backtest_free(a);
    vo_backtest_free(b);
    vo_series_free(x.s);
}

/* A forecast that is never wrong leaves nothing to be uncertain about: the exact plan. */
Test(policy_stochastic, with_the_right_forecast_it_is_mpc) {
    bench x;
    set_up(&x, 60, 0);
    memcpy(x.s->column[1].value, x.price, x.s->n * sizeof(double));
    vo_backtest_result *a = run(&x, "stochastic:column=guess"),
                       *b = run(&x, "mpc:column=guess");
    cr_expect_float_eq(a->capture, b->capture, 2e-3);
    cr_expect_gt(a->capture, 0.97);
    vo_backtest_free(a);
    vo_backtest_free(b);
    vo_series_free(x.s);
}

Test(policy_stochastic, the_future_is_not_read) {
    bench x, y;
    set_up(&x, 45, 0.02);
    set_up(&y, 45, 0.02);
    const size_t until = x.settings.first + 5 * 24;
    for (size_t t = until; t < y.s->n; t++) y.price[t] = 700 - y.price[t];
    for (int protocol = 0; protocol < 2; protocol++) {
        x.settings.protocol = y.settings.protocol = protocol;
        vo_backtest_result *a = run(&x, "stochastic"), *b = run(&y, "stochastic");
        cr_expect_eq(memcmp(a->power_mw, b->power_mw, 5 * 24 * sizeof(double)), 0);
        cr_expect_neq(memcmp(a->power_mw, b->power_mw, a->n * sizeof(double)), 0);
        vo_backtest_free(a);
        vo_backtest_free(b);
    }
    vo_series_free(x.s);
    vo_series_free(y.s);
}

/* With one cycle a day the energy goes to hours that pay more than it earns without a limit. */
Test(policy_stochastic, a_scarce_cycle_is_kept_for_dear_hours) {
    bench x;
    set_up(&x, 60, 0.02);
    double mean[2];
    for (int limited = 0; limited < 2; limited++) {
        x.battery.max_cycles_per_day = limited ? 0.5 : (double)INFINITY;
        vo_backtest_result *r = run(&x, "stochastic:column=guess");
        double sum = 0, out = 0;
        for (size_t i = 0; i < r->n; i++) {
            out += fmax(r->power_mw[i], 0);
            sum += fmax(r->power_mw[i], 0) * x.price[r->first + i];
        }
        mean[limited] = sum / out;
        cr_expect_gt(r->profit, 0);
        vo_backtest_free(r);
    }
    cr_expect_gt(mean[1], mean[0] + 5, "%g with the limit, %g without", mean[1], mean[0]);
    vo_series_free(x.s);
}

/* Fees, wear, losses, load and PV, a meter limit, exports at a market price of their own. */
Test(policy_stochastic, behind_a_meter_with_export_prices_no_limit_is_broken) {
    bench x;
    set_up(&x, 45, 0.01);
    const size_t n = x.s->n;
    double *load = calloc(n, sizeof *load), *pv = calloc(n, sizeof *pv);
    double *out = calloc(n, sizeof *out), *most = calloc(n, sizeof *most);
    for (size_t t = 0; t < n; t++) {
        load[t] = 0.3;
        pv[t] = t % 24 > 8 && t % 24 < 16 ? 0.9 : 0;
        out[t] = 0.7 * x.price[t] - 3;
        most[t] = 0.9;
    }
    x.p.load_mw = load;
    x.p.pv_mw = pv;
    x.p.export_price = out;
    x.p.import_limit_mw = most;
    x.p.fee_per_mwh = 2;
    x.battery.wear_cost_per_mwh = 3;
    x.battery.self_discharge_per_h = 0.002;
    for (int known = 0; known < 2; known++) {
        x.settings.export_price_known = known;
        vo_backtest_result *r = run(&x, "stochastic");
        cr_expect_leq(r->capture, 1 + 1e-9);
        vo_backtest_free(r);
    }
    free(load), free(pv), free(out), free(most);
    vo_series_free(x.s);
}

Test(policy_stochastic, the_same_run_gives_the_same_bits) {
    bench x;
    set_up(&x, 40, 0.02);
    vo_backtest_result *a = run(&x, "stochastic"), *b = run(&x, "stochastic");
    cr_assert_eq(memcmp(a->power_mw, b->power_mw, a->n * sizeof(double)), 0);
    vo_backtest_free(a);
    vo_backtest_free(b);
    vo_series_free(x.s);
}

Test(policy_stochastic, the_nth_allocation_may_fail) {
    bench x;
    set_up(&x, 32, 0);
    const vo_policy_world base = {.site = &x.p, .calendar = x.s, .longest = 48};
    for (long n = 0;; n++) {
        fault f = {.left = n};
        const vo_alloc a = fault_alloc(&f);
        vo_policy_world world = base;
        world.alloc = &a;
        vo_policy *p = NULL;
        vo_error err = {0};
        const vo_status st = vo_policy_create("stochastic", &world, &p, &err);
        if (st != VO_OK) cr_assert_eq(st, VO_ENOMEM, "%s", err.msg);
        vo_policy_free(p);
        cr_assert_eq(f.live, 0, "allocation %ld", n);
        if (st == VO_OK) {
            cr_assert_gt(n, 15);
            break;
        }
    }
    vo_series_free(x.s);
}
