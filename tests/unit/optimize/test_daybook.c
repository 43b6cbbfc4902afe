/* test_daybook.c -- days end where they should, and cost and worth are per stored MWh. */
#include "optimize/daybook.h"

#include <criterion/criterion.h>
#include <math.h>

typedef struct {
    vo_battery battery;
    vo_problem p;
    vo_plan *plan;
    vo_corridor c;
} bench;

static void set_up(bench *x, const double *price, const int32_t *day, size_t n) {
    x->battery = vo_battery_default();
    x->battery.charge_efficiency = 0.8;
    x->battery.discharge_efficiency = 0.5;
    x->battery.initial_soc = 0.5;
    x->p = vo_problem_default();
    x->p.n = n;
    x->p.price = price;
    x->p.day = day;
    x->p.battery = &x->battery;
    cr_assert_eq(vo_plan_create(n, 1, &x->plan, NULL), VO_OK);
}

static vo_daybook book; /* large: not on a test's stack beside others */

Test(daybook, a_day_ends_where_its_number_ends_even_with_23_or_25_hours) {
    double price[72];
    int32_t day[72];
    for (int t = 0; t < 72; t++) price[t] = 1, day[t] = t < 23 ? 4 : t < 48 ? 5 : 6;
    bench x;
    set_up(&x, price, day, 72);
    cr_assert_eq(vo_corridor_open(&x.c, &x.p, x.plan, "test", NULL), VO_OK);
    cr_assert_eq(vo_daybook_open(&book, &x.c, 0), 23);
    cr_assert_eq(vo_daybook_open(&book, &x.c, 23), 48);
    cr_assert_eq(vo_daybook_open(&book, &x.c, 48), 72);
    vo_plan_free(x.plan);
}

Test(daybook, without_day_numbers_a_day_is_24_hours_of_whatever_length) {
    double price[100];
    for (int t = 0; t < 100; t++) price[t] = 1;
    bench x;
    set_up(&x, price, NULL, 100);
    x.p.interval_h = 0.5;
    cr_assert_eq(vo_corridor_open(&x.c, &x.p, x.plan, "test", NULL), VO_OK);
    cr_assert_eq(vo_daybook_open(&book, &x.c, 0), 48);
    cr_assert_eq(vo_daybook_open(&book, &x.c, 96), 100);
    vo_plan_free(x.plan);
}

Test(daybook, a_day_without_end_is_cut_to_the_size_of_the_book) {
    static double price[5000];
    static int32_t day[5000];
    bench x;
    set_up(&x, price, day, 5000);
    cr_assert_eq(vo_corridor_open(&x.c, &x.p, x.plan, "test", NULL), VO_OK);
    cr_assert_eq(vo_daybook_open(&book, &x.c, 0), VO_DAYBOOK_MAX);
    vo_plan_free(x.plan);
}

Test(daybook, cost_and_worth_are_per_stored_mwh) {
    const double price[] = {40, 60};
    bench x;
    set_up(&x, price, NULL, 2);
    x.p.fee_per_mwh = 2;
    x.battery.wear_cost_per_mwh = 3;
    cr_assert_eq(vo_corridor_open(&x.c, &x.p, x.plan, "test", NULL), VO_OK);
    vo_daybook_open(&book, &x.c, 0);
    cr_assert_float_eq(book.cost[0], 42 / 0.8, 1e-12);
    cr_assert_float_eq(book.worth[1], (60 - 2 - 3) * 0.5, 1e-12);
    cr_assert_float_eq(book.in_left_mwh[0], 0.8, 1e-12);
    cr_assert_float_eq(book.out_left_mwh[0], 2, 1e-12);
    vo_plan_free(x.plan);
}

/* Behind the meter with a load of 0.4 MW: discharging 1 MW saves 0.4 at the import price and
 * exports 0.6 at the feed-in price; charging costs the import price. */
Test(daybook, behind_a_meter_worth_is_what_the_bill_loses) {
    const double price[] = {50}, feed_in[] = {10}, load[] = {0.4};
    bench x;
    set_up(&x, price, NULL, 1);
    x.p.export_price = feed_in;
    x.p.load_mw = load;
    cr_assert_eq(vo_corridor_open(&x.c, &x.p, x.plan, "test", NULL), VO_OK);
    vo_daybook_open(&book, &x.c, 0);
    cr_assert_float_eq(book.worth[0], (0.4 * 50 + 0.6 * 10) * 0.5, 1e-12);
    cr_assert_float_eq(book.cost[0], 50 / 0.8, 1e-12);
    vo_plan_free(x.plan);
}

Test(daybook, a_move_shifts_the_path_after_it_and_fixes_the_direction) {
    const double price[] = {10, 20, 30};
    bench x;
    set_up(&x, price, NULL, 3);
    cr_assert_eq(vo_corridor_open(&x.c, &x.p, x.plan, "test", NULL), VO_OK);
    vo_daybook_open(&book, &x.c, 0);
    vo_daybook_move(&book, 1, 0.4, true);
    const double level[] = {1, 1, 1.4, 1.4};
    for (size_t k = 0; k < 4; k++) cr_assert_float_eq(book.level[k], level[k], 1e-12);
    cr_assert_float_eq(book.in_left_mwh[1], 0.4, 1e-12);
    cr_assert_float_eq(book.out_left_mwh[1], 0, 0);
    vo_daybook_play(&book, &x.c);
    cr_assert_float_eq(x.plan->power_mw[1], -0.5, 1e-12);
    cr_assert_float_eq(x.plan->stored_mwh[3], 1.4, 1e-12);
    vo_plan_free(x.plan);
}
