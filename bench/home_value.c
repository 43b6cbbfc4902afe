/* home_value.c -- a home's value of stored energy: nanoseconds per step back, with one scenario and
 * three, with and without a market, beside the exact scheduler on the same problems.
 *
 * 48 half hours, 13.5 kWh, 5 kW, SOC 0.1..0.8; load and PV drawn anew per home; a tariff of two
 * levels. vo_exact solves the same day (vo_problem with load and PV, VO_DETAIL_PLAN); its time is
 * that of the whole solution, per interval. Least of several. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <volteo/schedule.h>

#include "base/random.h"
#include "optimize/exact.h"
#include "optimize/home_value.h"
#include "port/clock.h"

enum { STEPS = 48, HOMES = 500, SCENARIOS = 3 };

typedef struct {
    double load[HOMES][STEPS], pv[HOMES][STEPS], net[HOMES][STEPS][SCENARIOS];
    double buy[STEPS], sell[STEPS], signal[STEPS];
} world;

static void fill(world *w) {
    vo_random r = vo_random_seed(1, 1);
    for (size_t t = 0; t < STEPS; t++) {
        w->buy[t] = t >= 32 && t < 42 ? 0.54 : 0.44;
        w->sell[t] = 0.06;
        w->signal[t] = 0.25 + 0.12 * sin((double)t * acos(-1) / 24 + 3) +
                       vo_random_between(&r, -0.01, 0.01);
    }
    for (size_t i = 0; i < HOMES; i++)
        for (size_t t = 0; t < STEPS; t++) {
            const double sun = sin(((double)t - 13) * acos(-1) / 24);
            w->load[i][t] = vo_random_between(&r, 0.1, t > 34 && t < 44 ? 1.4 : 0.6);
            w->pv[i][t] = sun > 0 ? sun * vo_random_between(&r, 0.5, 2.5) : 0;
            const double net = w->load[i][t] - w->pv[i][t];
            for (size_t k = 0; k < SCENARIOS; k++)
                w->net[i][t][k] = net + 0.3 * ((double)k - 1);
        }
}

static const vo_home_store store = {
    1.35, 10.8, 2.5, 2.5, 0.94868329805051377, 0.94868329805051377};

static double pieces, sum;

/* Seconds of all homes' horizons; the first scenario alone is the middle one. */
static double go_back(const world *w, size_t k, bool market) {
    const double even[SCENARIOS] = {1.0 / 3, 1.0 / 3, 1.0 / 3}, one = 1;
    const double from = vo_clock_monotonic_s();
    pieces = 0;
    for (size_t i = 0; i < HOMES; i++) {
        vo_home_value v = vo_home_value_end(&store, 5, 10, 0.05);
        for (size_t t = STEPS; t-- > 0;) {
            vo_home_prices p = {
                .buy = w->buy[t], .sell = w->sell[t], .import_kwh = 10, .export_kwh = 4};
            if (market) {
                p.market_buy = w->signal[t] / 0.95;
                p.market_sell = w->signal[t];
                p.market_in_kwh = 1.1;
                p.market_out_kwh = 0.9;
            }
            vo_home_value_back(&v, &store, &p, k == 1 ? &w->net[i][t][1] : w->net[i][t],
                               k == 1 ? &one : even, k);
            pieces += v.n;
        }
        sum += v.slope[0];
    }
    return vo_clock_monotonic_s() - from;
}

static double exact(const world *w, vo_exact *e, vo_plan *plan) {
    vo_error err = {0};
    vo_battery b = vo_battery_default();
    double in[STEPS], out[STEPS], load[STEPS], pv[STEPS];
    bool feasible, closed;
    for (size_t t = 0; t < STEPS; t++) in[t] = 20, out[t] = 8;
    b.capacity_mwh = 13.5, b.charge_mw = b.discharge_mw = 5;
    b.min_soc = 0.1, b.max_soc = 0.8, b.initial_soc = 5 / 13.5;
    vo_problem p = vo_problem_default();
    p.n = STEPS, p.interval_h = 0.5, p.price = w->buy, p.export_price = w->sell;
    p.load_mw = load, p.pv_mw = pv, p.import_limit_mw = in, p.export_limit_mw = out;
    p.curtailable = 1, p.battery = &b;
    const double from = vo_clock_monotonic_s();
    for (size_t i = 0; i < HOMES; i++) {
        for (size_t t = 0; t < STEPS; t++) load[t] = 2 * w->load[i][t], pv[t] = 2 * w->pv[i][t];
        if (vo_exact_solve(e, &p, VO_DETAIL_PLAN, plan, &feasible, &closed, &err) != VO_OK) {
            fprintf(stderr, "home_value: %s\n", err.msg);
            exit(1);
        }
        sum += plan->profit;
    }
    return vo_clock_monotonic_s() - from;
}

int main(int argc, char **argv) {
    const int repeat = argc > 1 && !strcmp(argv[1], "--quick") ? 3 : 20;
    world *w = calloc(1, sizeof *w);
    vo_exact *e = NULL;
    vo_plan *plan = NULL;
    if (!w || vo_exact_create(NULL, &e, NULL) != VO_OK ||
        vo_plan_create(STEPS, 1, &plan, NULL) != VO_OK) {
        fprintf(stderr, "home_value: no memory\n");
        return 1;
    }
    fill(w);
    double peer = HUGE_VAL;
    for (int i = 0; i < repeat; i++) peer = fmin(peer, exact(w, e, plan));
    peer *= 1e9 / (HOMES * STEPS);
    printf("claim,metric,ours,peer,ratio,unit\n");
    for (size_t k = 1; k <= SCENARIOS; k += 2)
        for (int market = 0; market < 2; market++) {
            double best = HUGE_VAL;
            for (int i = 0; i < repeat; i++) best = fmin(best, go_back(w, k, market));
            best *= 1e9 / (HOMES * STEPS);
            printf("home value beside vo_exact,%zu scenario%s%s,%.1f,%.1f,%.2f,ns/step\n", k,
                   k > 1 ? "s" : "", market ? " with market" : "", best, peer, peer / best);
            printf("home value,pieces %zu%s,%.2f,,,mean\n", k, market ? " with market" : "",
                   pieces / (HOMES * STEPS));
        }
    fprintf(stderr, "checksum %.17g\n", sum);
    vo_plan_free(plan);
    vo_exact_free(e);
    free(w);
    return 0;
}
