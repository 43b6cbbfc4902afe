/* test_proof_interval.c -- the certifier's model of one interval, against a fine grid of what
 * could be curtailed, and against settlement.h, which others wrote from the same equations. */
#include "optimize/proof_interval.h"

#include <criterion/criterion.h>
#include <math.h>

#include "base/random.h"
#include "grid/settlement.h"
#include "support/random_problem.h"

#define INF ((double)INFINITY)

static bool chance(vo_random *g, double p) { return vo_random_unit(g) < p; }

/* Prices of all signs and orders, site and limits there or not, some of them zero. */
static vo_proof_interval drawn(vo_random *g) {
    vo_proof_interval v = {.dt_h = 1, .keep = 1};
    v.stored_per_charged = vo_random_between(g, 0.7, 1);
    v.taken_per_discharged = vo_random_between(g, 1, 1.4);
    v.charge_mwh = chance(g, 0.1) ? 0 : vo_random_between(g, 0, 3);
    v.discharge_mwh = chance(g, 0.1) ? 0 : vo_random_between(g, 0, 3);
    v.buy = chance(g, 0.05) ? 0 : vo_random_between(g, -100, 100);
    v.sell = chance(g, 0.2) ? v.buy : vo_random_between(g, -100, 100);
    v.wear = chance(g, 0.5) ? 0 : vo_random_between(g, 0, 30);
    v.load_mwh = chance(g, 0.4) ? 0 : vo_random_between(g, 0, 3);
    v.pv_mwh = chance(g, 0.4) ? 0 : vo_random_between(g, 0, 4);
    v.curtail_mwh = chance(g, 0.5) ? 0 : v.pv_mwh;
    v.import_mwh = chance(g, 0.5) ? INF : chance(g, 0.1) ? 0 : vo_random_between(g, 0, 4);
    v.export_mwh = chance(g, 0.5) ? INF : chance(g, 0.1) ? 0 : vo_random_between(g, 0, 4);
    return v;
}

static double meter_cash(const vo_proof_interval *v, double net) {
    return net > 0 ? v->sell * net : v->buy * net;
}

/* The best over `steps` amounts of curtailment, the ends among them. */
static double cash_on_grid(const vo_proof_interval *v, double u, int steps) {
    double best = -INF;
    for (int i = 0; i <= steps; i++) {
        const double net = u + v->pv_mwh - v->curtail_mwh * i / steps - v->load_mwh;
        if (net < -v->import_mwh || net > v->export_mwh) continue;
        best = fmax(best, meter_cash(v, net));
    }
    return u > 0 ? best - v->wear * u : best;
}

Test(proof_interval, cash_is_the_best_over_a_fine_grid_of_curtailment) {
    enum { STEPS = 500 };
    vo_random g = vo_random_seed(11, 0);
    int finite = 0, curtailed = 0;
    for (int i = 0; i < 4000; i++) {
        const vo_proof_interval v = drawn(&g);
        const double u = vo_random_between(&g, -v.charge_mwh, v.discharge_mwh);
        const double cash = vo_proof_cash(&v, u), grid = cash_on_grid(&v, u, STEPS);
        const double step = v.curtail_mwh / STEPS;
        const double apart = (fabs(v.buy) + fabs(v.sell)) * step + 1e-9;
        cr_assert(grid <= cash + 1e-9, "draw %d: %.12g, on the grid %.12g", i, cash, grid);
        if (grid == -INF) { /* nothing, or a gap narrower than the grid */
            const double least = u + v.pv_mwh - v.curtail_mwh - v.load_mwh;
            const double open = u + v.pv_mwh - v.load_mwh;
            const double room = fmin(open, v.export_mwh) - fmax(least, -v.import_mwh);
            cr_assert(cash == -INF ? room <= 1e-12 : room >= -1e-8 && room <= step, "draw %d",
                      i);
            continue;
        }
        cr_assert(cash <= grid + apart, "draw %d: %.12g, on the grid %.12g", i, cash, grid);
        finite++;
        curtailed += v.curtail_mwh > 0 && cash > cash_on_grid(&v, u, 1) + 1e-6;
    }
    cr_assert(finite > 2500 && curtailed > 50, "%d, %d", finite, curtailed);
}

Test(proof_interval, bends_are_in_order_and_span_what_the_meter_allows) {
    vo_random g = vo_random_seed(12, 0);
    int none = 0;
    for (int i = 0; i < 4000; i++) {
        const vo_proof_interval v = drawn(&g);
        double u[VO_PROOF_MAX_BENDS];
        const size_t n = vo_proof_bends(&v, u);
        cr_assert(n <= VO_PROOF_MAX_BENDS);
        for (size_t k = 1; k < n; k++) cr_assert(u[k] > u[k - 1], "draw %d", i);
        for (int k = 0; k <= 200; k++) {
            const double at = -v.charge_mwh + (v.charge_mwh + v.discharge_mwh) * k / 200;
            const bool inside = n > 0 && at >= u[0] && at <= u[n - 1];
            const bool near = n > 0 && (fabs(at - u[0]) < 1e-6 || fabs(at - u[n - 1]) < 1e-6);
            const bool allowed = vo_proof_cash(&v, at) > -INF;
            cr_assert(inside == allowed || near, "draw %d, u %g of %zu bends", i, at, n);
        }
        none += n == 0;
    }
    cr_assert(none > 20 && none < 2000, "%d", none);
}

/* What the two bounds rest on: nothing bends between two neighbours. */
Test(proof_interval, cash_is_straight_between_neighbouring_bends) {
    vo_random g = vo_random_seed(13, 0);
    int pieces = 0;
    for (int i = 0; i < 20000; i++) {
        const vo_proof_interval v = drawn(&g);
        double u[VO_PROOF_MAX_BENDS];
        const size_t n = vo_proof_bends(&v, u);
        for (size_t k = 1; k < n; k++) {
            if (u[k] - u[k - 1] < 1e-6) continue;
            const double a = vo_proof_cash(&v, u[k - 1]), b = vo_proof_cash(&v, u[k]);
            for (int j = 1; j < 8; j++) {
                const double share = j / 8.0, at = u[k - 1] + share * (u[k] - u[k - 1]);
                const double line = a + share * (b - a), cash = vo_proof_cash(&v, at);
                cr_assert(fabs(cash - line) < 1e-6,
                          "draw %d, between %g and %g: %.9g at %g, the line says %.9g; buy %g "
                          "sell %g wear %g load %g pv %g curtail %g import %g export %g",
                          i, u[k - 1], u[k], cash, at, line, v.buy, v.sell, v.wear, v.load_mwh,
                          v.pv_mwh, v.curtail_mwh, v.import_mwh, v.export_mwh);
            }
            pieces++;
        }
    }
    cr_assert(pieces > 20000, "%d", pieces);
}

/* ---- two codes of the same interval --------------------------------------------- */

static const uint32_t single = RANDOM_ALL & ~(uint32_t)RANDOM_COUPLED;

Test(proof_interval, it_says_of_money_what_settlement_says) {
    vo_random g = vo_random_seed(14, 0);
    int kept = 0, broken = 0;
    for (uint64_t seed = 1; seed <= 600; seed++) {
        random_problem r;
        random_problem_init(&r, seed, random_problem_mask(seed, single), 16);
        for (size_t t = 0; t < r.p.n; t++) {
            const vo_proof_interval v = vo_proof_interval_at(&r.p, t);
            const vo_site_interval site = vo_site_at(&r.p, t);
            for (int i = 0; i < 6; i++) {
                const double u =
                    i == 0 ? 0 : vo_random_between(&g, -v.charge_mwh, v.discharge_mwh);
                const vo_site_flow f = vo_site_settle(&site, u);
                const double wear = r.battery[0].wear_cost_per_mwh * fmax(u, 0);
                const double cash = vo_proof_cash(&v, u);
                if (f.excess_mwh > 1e-6) {
                    cr_assert(cash == -INF, "seed %d, interval %zu, u %g", (int)seed, t, u);
                    broken++;
                } else if (f.excess_mwh == 0) {
                    cr_assert(fabs(cash - (f.cash - wear)) <= 1e-9 * (1 + fabs(cash)),
                              "seed %d, interval %zu, u %g: %.12g, settled %.12g", (int)seed, t,
                              u, cash, f.cash - wear);
                    kept++;
                }
            }
        }
        random_problem_fini(&r);
    }
    cr_assert(kept > 10000 && broken > 100, "%d, %d", kept, broken);
}

Test(proof_interval, it_says_of_the_store_what_the_battery_says) {
    for (uint64_t seed = 1; seed <= 600; seed++) {
        random_problem r;
        random_problem_init(&r, seed, random_problem_mask(seed, single) | RANDOM_SELF_DISCHARGE,
                            16);
        for (size_t t = 0; t < r.p.n; t++) {
            const vo_proof_interval v = vo_proof_interval_at(&r.p, t);
            const double dt = r.p.dt_h ? r.p.dt_h[t] : r.p.interval_h;
            const vo_battery_interval over = vo_battery_over(&r.battery[0], dt);
            cr_assert_float_eq(v.keep, over.keep, 1e-13);
            cr_assert_float_eq(vo_proof_stored(&v, -1), over.gain, 1e-11);
            cr_assert_float_eq(vo_proof_stored(&v, 1), -over.drain, 1e-11);
            cr_assert_float_eq(v.dt_h, dt, 0);
        }
        random_problem_fini(&r);
    }
}

/* By hand: 2 MW in, 3 MW out, half an hour, an outage of charging. */
Test(proof_interval, power_is_what_battery_and_outage_allow) {
    vo_battery b = vo_battery_default();
    b.charge_mw = 2, b.discharge_mw = 3;
    const double price[] = {10, 10}, in[] = {0, 9}, out[] = {1, 9};
    vo_problem p = vo_problem_default();
    p.n = 2, p.interval_h = 0.5, p.price = price, p.battery = &b;
    p.charge_limit_mw = in, p.discharge_limit_mw = out;
    const vo_proof_interval a = vo_proof_interval_at(&p, 0), c = vo_proof_interval_at(&p, 1);
    cr_assert(a.charge_mwh == 0 && a.discharge_mwh == 0.5);
    cr_assert(c.charge_mwh == 1 && c.discharge_mwh == 1.5);
}

/* By hand: buy 60 + 5 + 400 kg at 50 a tonne; sell 40 - 5. */
Test(proof_interval, prices_are_those_of_the_header) {
    const vo_battery b = vo_battery_default();
    const double price[] = {60}, sell[] = {40}, carbon[] = {400};
    vo_problem p = vo_problem_default();
    p.n = 1, p.price = price, p.battery = &b, p.export_price = sell;
    p.carbon_kg_per_mwh = carbon, p.carbon_price_per_t = 50, p.fee_per_mwh = 5;
    const vo_proof_interval v = vo_proof_interval_at(&p, 0);
    cr_assert_float_eq(v.buy, 85, 1e-12);
    cr_assert_float_eq(v.sell, 35, 1e-12);
    p.export_price = NULL;
    cr_assert_float_eq(vo_proof_interval_at(&p, 0).sell, 55, 1e-12);
}
