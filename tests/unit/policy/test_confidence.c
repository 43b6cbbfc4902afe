/* test_confidence.c -- each test states one promise of confidence.h. */
#include "policy/confidence.h"

#include <criterion/criterion.h>
#include <math.h>

#include "base/normal.h"
#include "support/local_hours.h"

/* Two intervals, a battery without losses that holds one MWh and half of it is stored: it sells now
 * if the later price is lower, buys if it is higher. */
typedef struct {
    vo_series *s;
    vo_battery battery;
    vo_problem site;
    vo_policy_world world;
    vo_policy_view view;
    double price[24];
} bench;

static void set_up(bench *x) {
    x->s = local_hours("UTC", 2016, 2, 1, 1, NULL);
    x->battery = vo_battery_default();
    x->battery.capacity_mwh = 1;
    x->battery.min_soc = 0, x->battery.max_soc = 1;
    x->battery.charge_efficiency = x->battery.discharge_efficiency = 1;
    x->site = vo_problem_default();
    x->site.n = x->s->n;
    x->site.price = x->s->column[0].value;
    x->site.battery = &x->battery;
    x->world = (vo_policy_world){.site = &x->site, .calendar = x->s, .longest = 2};
    for (int t = 0; t < 24; t++) x->price[t] = (double)NAN;
    x->price[0] = 50;
    x->view = (vo_policy_view){.from = 0,
                               .to = 2,
                               .known = 1,
                               .price = x->price,
                               .stored_mwh = 0.5,
                               .day_left_mwh = (double)INFINITY,
                               .span_left_mwh = (double)INFINITY,
                               .final_kind = VO_FINAL_AT_LEAST,
                               .final_soc = 0,
                               .only_first = 1};
}

static double sure(bench *x, double later, double error, double power_mw) {
    const double believed[] = {50, later};
    double out = -1;
    vo_error err = {0};
    cr_assert_eq(vo_confidence_plan(&x->world, &x->view, NULL, VO_METHOD_EXACT, believed, NULL,
                                    error, power_mw, &out, &err),
                 VO_OK, "%s", err.msg);
    return out;
}

Test(confidence, it_is_the_chance_that_the_later_price_stays_on_its_side) {
    bench x;
    set_up(&x);
    /* buys now if the later price, 60 give or take 10, is above 50: 84.1 % */
    cr_expect_float_eq(sure(&x, 60, 10, -1), vo_normal_below(1), 0.12);
    cr_expect_float_eq(sure(&x, 50, 10, -1), 0.5, 0.16);
    cr_expect_float_eq(sure(&x, 60, 10, -1) + sure(&x, 60, 10, 1), 1, 1e-12,
                       "one or the other");
    cr_expect_gt(sure(&x, 90, 10, -1), 0.999);
    cr_expect_lt(sure(&x, 90, 10, 1), 0.001);
    vo_series_free(x.s);
}

/* Whatever was drawn, the opposite was as well. */
Test(confidence, where_as_much_speaks_for_it_as_against_it_is_half) {
    bench x;
    set_up(&x);
    cr_expect_eq(sure(&x, 50, 10, -1), 0.5);
    cr_expect_eq(sure(&x, 50, 10, 1), 0.5);
    vo_series_free(x.s);
}

/* Of the hours to come all but the last are shut: its error decides alone. */
Test(confidence, errors_keep_their_size_while_they_fade) {
    static const size_t last[] = {1, 4, 9};
    for (size_t i = 0; i < 3; i++) {
        bench x;
        double open[24] = {0}, believed[24], out = -1;
        vo_error err = {0};
        set_up(&x);
        for (size_t t = 0; t < 24; t++) believed[t] = 60;
        believed[0] = 50;
        open[0] = open[last[i]] = 1;
        x.site.charge_limit_mw = x.site.discharge_limit_mw = open;
        x.view.to = x.world.longest = last[i] + 1;
        cr_assert_eq(vo_confidence_plan(&x.world, &x.view, NULL, VO_METHOD_EXACT, believed,
                                        NULL, 10, -1, &out, &err),
                     VO_OK, "%s", err.msg);
        cr_expect_float_eq(out, vo_normal_below(1), 0.1, "%zu h ahead: %g", last[i], out);
        vo_series_free(x.s);
    }
}

Test(confidence, what_is_known_is_sure) {
    bench x;
    set_up(&x);
    x.view.known = 2;
    cr_expect_eq(sure(&x, 60, 1000, -1), 1);
    vo_series_free(x.s);
}

Test(confidence, the_same_twice) {
    bench x;
    set_up(&x);
    cr_expect_eq(sure(&x, 55, 20, -1), sure(&x, 55, 20, -1));
    vo_series_free(x.s);
}

Test(confidence, without_errors_they_are_half_the_deviation_of_the_prices) {
    bench x;
    set_up(&x);
    x.price[0] = 30, x.price[1] = 50;
    x.view.from = 1, x.view.to = 3, x.view.known = 2;
    /* of 30, 50 and 52; a difference of 2 is then no certainty */
    const double mean = 132.0 / 3;
    const double deviation =
        sqrt((pow(30 - mean, 2) + pow(50 - mean, 2) + pow(52 - mean, 2)) / 3);
    const double share = sure(&x, 52, (double)NAN, -1);
    cr_expect_eq(share, sure(&x, 52, 0.5 * deviation, -1));
    cr_expect_neq(share, sure(&x, 52, 0.7 * deviation, -1));
    vo_series_free(x.s);
}

Test(confidence, of_a_level_it_is_the_chance_that_the_price_lies_on_that_side_of_it) {
    double price[100];
    for (int t = 0; t < 100; t++) price[t] = t + 1;
    /* the 25th percentile of a hundred prices: its share is known to sqrt(.25 * .75 / 100) */
    const double deviation = sqrt(0.25 * 0.75 / 100);
    cr_expect_float_eq(vo_confidence_levels(price, 100, 10.5, 25, 75, -1),
                       vo_normal_below((0.25 - 0.10) / deviation), 1e-12);
    cr_expect_float_eq(vo_confidence_levels(price, 100, 90.5, 25, 75, 1),
                       vo_normal_below((0.90 - 0.75) / deviation), 1e-12);
    cr_expect_float_eq(vo_confidence_levels(price, 100, 25.5, 25, 75, -1), 0.5, 1e-12);
    cr_expect_gt(vo_confidence_levels(price, 100, 50, 25, 75, 0), 0.999);
    /* four times the prices: twice as sure in deviations */
    cr_expect_lt(vo_confidence_levels(price, 25, 5, 25, 75, -1),
                 vo_confidence_levels(price, 100, 20, 25, 75, -1) + 0.2);
    price[0] = (double)NAN;
    cr_expect_eq(vo_confidence_levels(price, 1, 5, 25, 75, 0), 0, "nothing is known");
}
