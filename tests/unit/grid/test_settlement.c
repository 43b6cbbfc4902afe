/* test_settlement.c -- each test states one promise of settlement.h. */
#include "grid/settlement.h"

#include <criterion/criterion.h>
#include <math.h>

#include "base/random.h"

static vo_site_interval site(double buy, double sell, double load, double pv) {
    return (vo_site_interval){.dt_h = 1,
                              .buy = buy,
                              .sell = sell,
                              .load_mwh = load,
                              .pv_mwh = pv,
                              .import_limit_mwh = (double)INFINITY,
                              .export_limit_mwh = (double)INFINITY};
}

static void expect(vo_site_flow f, double in, double out, double curtailed, double cash,
                   double excess) {
    cr_assert_float_eq(f.import_mwh, in, 1e-12, "import %g", f.import_mwh);
    cr_assert_float_eq(f.export_mwh, out, 1e-12, "export %g", f.export_mwh);
    cr_assert_float_eq(f.curtailed_mwh, curtailed, 1e-12, "curtailed %g", f.curtailed_mwh);
    cr_assert_float_eq(f.cash, cash, 1e-12, "cash %g", f.cash);
    cr_assert_float_eq(f.excess_mwh, excess, 1e-12, "excess %g", f.excess_mwh);
}

Test(settlement, a_lone_battery_pays_buy_and_earns_sell) {
    vo_site_interval s = site(50, 40, 0, 0);
    expect(vo_site_settle(&s, 2), 0, 2, 0, 80, 0);
    expect(vo_site_settle(&s, -2), 2, 0, 0, -100, 0);
    expect(vo_site_settle(&s, 0), 0, 0, 0, 0, 0);
}

Test(settlement, load_and_pv_net_behind_the_meter) {
    vo_site_interval s = site(50, 40, 3, 1);
    expect(vo_site_settle(&s, 1), 1, 0, 0, -50, 0);
    expect(vo_site_settle(&s, 5), 0, 3, 0, 120, 0);
}

Test(settlement, pv_is_curtailed_only_when_that_earns_more_and_is_allowed) {
    vo_site_interval s = site(-10, -20, 1, 4);
    expect(vo_site_settle(&s, 0), 0, 3, 0, -60, 0); /* not curtailable */
    s.curtailable = 1;
    expect(vo_site_settle(&s, 0), 1, 0, 4, 10, 0); /* paid to import: all pv off */
    s.buy = 5;
    expect(vo_site_settle(&s, 0), 0, 0, 3, 0, 0); /* export costs, import costs: stop at 0 */
    s.sell = 20;
    expect(vo_site_settle(&s, 0), 0, 3, 0, 60, 0);
    s.sell = 0;
    expect(vo_site_settle(&s, 0), 0, 3, 0, 0, 0); /* worth nothing either way: leave it on */
}

Test(settlement, a_buy_price_below_the_sell_price_compares_both_ends) {
    vo_site_interval s = site(-30, 10, 2, 4); /* import is paid 30, export 10 */
    s.curtailable = 1;
    expect(vo_site_settle(&s, 0), 2, 0, 4, 60, 0);
    s.buy = -5;
    expect(vo_site_settle(&s, 0), 0, 2, 0, 20, 0);
}

Test(settlement, limits_curtail_first_and_then_are_exceeded_by_the_least) {
    vo_site_interval s = site(50, 40, 0, 4);
    s.export_limit_mwh = 1;
    expect(vo_site_settle(&s, 0), 0, 4, 0, 160, 3); /* may not curtail */
    s.curtailable = 1;
    expect(vo_site_settle(&s, 0), 0, 1, 3, 40, 0);
    expect(vo_site_settle(&s, 2), 0, 2, 4, 80, 1);
    s = site(-50, -60, 4, 1);
    s.curtailable = 1;
    s.import_limit_mwh = 2;
    expect(vo_site_settle(&s, 0), 3, 0, 0, 150, 1); /* importing pays, but the limit binds */
    s.import_limit_mwh = 3.5;
    expect(vo_site_settle(&s, 0), 3.5, 0, 0.5, 175, 0);
}

/* Oracle: try every curtailment of a fine grid; least excess first, then most cash. All numbers
 * are multiples of 1/4, so that the best curtailment is on the grid. */
Test(settlement, no_curtailment_does_better) {
    vo_random r = vo_random_seed(77, 0);
    for (int k = 0; k < 100000; k++) {
#define QUARTERS(lo, hi)                                                                       \
    ((double)((int)vo_random_below(&r, ((hi) - (lo)) * 4 + 1) + (lo)*4) / 4)
        vo_site_interval s =
            site(QUARTERS(-5, 5), QUARTERS(-5, 5), QUARTERS(0, 4), QUARTERS(0, 4));
        if (vo_random_below(&r, 3) > 0) s.import_limit_mwh = QUARTERS(0, 4);
        if (vo_random_below(&r, 3) > 0) s.export_limit_mwh = QUARTERS(0, 4);
        s.curtailable = (int32_t)vo_random_below(&r, 2);
        const double battery = QUARTERS(-3, 3);
        const vo_site_flow f = vo_site_settle(&s, battery);

        double best_excess = (double)INFINITY, best_cash = 0, best_curtailed = 0;
        const int steps = s.curtailable ? (int)(s.pv_mwh * 4) : 0;
        for (int c = 0; c <= steps; c++) {
            const double net = battery + s.pv_mwh - c / 4.0 - s.load_mwh;
            const double cash = net > 0 ? net * s.sell : net * s.buy;
            const double over = net > 0 ? net - s.export_limit_mwh : -net - s.import_limit_mwh;
            const double excess = over > 0 ? over : 0;
            if (excess < best_excess || (excess == best_excess && cash > best_cash)) {
                best_excess = excess;
                best_cash = cash;
                best_curtailed = c / 4.0; /* the first: of equals the least */
            }
        }
        cr_assert(f.excess_mwh == best_excess && f.cash == best_cash,
                  "buy %g sell %g load %g pv %g in %g out %g battery %g: %g, %g not %g, %g",
                  s.buy, s.sell, s.load_mwh, s.pv_mwh, s.import_limit_mwh, s.export_limit_mwh,
                  battery, f.excess_mwh, f.cash, best_excess, best_cash);
        cr_assert(f.curtailed_mwh == best_curtailed);
        /* The flows balance, one direction at a time, and are what the cash is for. */
        cr_assert(f.export_mwh - f.import_mwh ==
                  battery + s.pv_mwh - f.curtailed_mwh - s.load_mwh);
        cr_assert(f.export_mwh >= 0 && f.import_mwh >= 0 && f.export_mwh * f.import_mwh == 0);
        cr_assert(f.curtailed_mwh >= 0 && f.curtailed_mwh <= (s.curtailable ? s.pv_mwh : 0));
        cr_assert(f.cash == s.sell * f.export_mwh - s.buy * f.import_mwh);
    }
}

/* schedule.h's definition of money, with every array present and absent. */
Test(settlement, an_interval_of_a_problem_has_its_prices_and_energies) {
    const double price[] = {10, 20}, export_price[] = {5, 6}, dt_h[] = {1, 0.5},
                 load[] = {1, 2}, pv[] = {3, 4}, in[] = {5, 6}, out[] = {7, 8},
                 carbon[] = {0, 500};
    vo_problem p = {.n = 2, .interval_h = 0.25, .price = price};
    vo_site_interval s = vo_site_at(&p, 1);
    cr_assert(s.dt_h == 0.25 && s.buy == 20 && s.sell == 20 && s.load_mwh == 0 &&
              s.pv_mwh == 0);
    cr_assert(isinf(s.import_limit_mwh) && isinf(s.export_limit_mwh) && !s.curtailable);
    p = (vo_problem){.n = 2,
                     .interval_h = 0.25,
                     .dt_h = dt_h,
                     .price = price,
                     .export_price = export_price,
                     .load_mw = load,
                     .pv_mw = pv,
                     .import_limit_mw = in,
                     .export_limit_mw = out,
                     .carbon_kg_per_mwh = carbon,
                     .carbon_price_per_t = 100,
                     .fee_per_mwh = 2,
                     .curtailable = 1};
    s = vo_site_at(&p, 1);
    cr_assert(s.dt_h == 0.5 && s.buy == 20 + 2 + 50 && s.sell == 6 - 2);
    cr_assert(s.load_mwh == 1 && s.pv_mwh == 2 && s.import_limit_mwh == 3 &&
              s.export_limit_mwh == 4 && s.curtailable == 1);
}
