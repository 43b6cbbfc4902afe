/* test_known_answers.c -- answers that others published, asked of every optimal back-end.
 *
 * From energypylinear's documentation and tests and evcc's optimizer tests, re-solved with CBC.
 * Hourly, from empty to empty, all loss on charging, unless said otherwise. Figures hold to
 * 1e-6; the six-digit figures beyond 1000 came out of CBC, whose own tolerance is about 1e-10
 * of them, and hold to 1e-9 relative. Rainflow counts of the same sources are about wear, not
 * schedules, and have no counterpart here.
 */
#include <volteo/schedule.h>

#include <criterion/criterion.h>
#include <math.h>

#include "optimize/lp_highs.h"
#include "support/numpy_random.h"

static const vo_method back_end[] = {VO_METHOD_EXACT, VO_METHOD_LP};
#define BACK_ENDS (sizeof back_end / sizeof back_end[0])
#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static vo_battery battery_of(double power_mw, double capacity_mwh, double efficiency) {
    vo_battery b = vo_battery_default();
    b.charge_mw = b.discharge_mw = power_mw;
    b.capacity_mwh = capacity_mwh;
    b.charge_efficiency = efficiency;
    b.discharge_efficiency = 1;
    b.final_kind = VO_FINAL_EXACT;
    return b;
}

static vo_problem problem_of(const vo_battery *b, const double *price, size_t n) {
    vo_problem p = vo_problem_default();
    p.battery = b;
    p.price = price;
    p.n = n;
    return p;
}

static double room(double want) { return fmax(1e-6, 1e-9 * fabs(want)); }

/* Solved, proved optimal and certified; the caller's to free. */
static vo_plan *solved(const vo_problem *p, vo_method method) {
    vo_schedule_options o = vo_schedule_options_default();
    o.method = (int32_t)method;
    vo_plan *plan = NULL;
    vo_certificate c;
    vo_error err = {0};
    const char *name = vo_method_name((int32_t)method);
    cr_assert_eq(vo_plan_create(p->n, p->n_batteries, &plan, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_schedule(p, &o, plan, &err), VO_OK, "%s: %s", name, err.msg);
    cr_assert_str_eq(plan->method, name);
    cr_assert_eq(plan->verdict, VO_VERDICT_OPTIMAL);
    cr_assert_eq(vo_certify(p, plan, &c, &err), VO_OK, "%s", err.msg);
    cr_assert(c.valid, "%s: certificate refuses the plan", name);
    cr_assert(fabs(plan->bound - plan->profit) <= room(plan->profit), "%s: bound %.9f", name,
              plan->bound);
    return plan;
}

/* `import` is the expected net import per interval, or NULL where optima tie. */
static void expect(const vo_problem *p, double profit, const double *import, double tolerance) {
    for (size_t i = 0; i < BACK_ENDS; i++) {
        vo_plan *plan = solved(p, back_end[i]);
        cr_assert(fabs(plan->profit - profit) <= tolerance, "%s: %.9f, published %.9f",
                  plan->method, plan->profit, profit);
        for (size_t t = 0; import && t < p->n; t++)
            cr_assert(fabs(plan->import_mw[t] - plan->export_mw[t] - import[t]) <= 1e-6,
                      "%s: interval %zu imports %.9f, published %.9f", plan->method, t,
                      plan->import_mw[t] - plan->export_mw[t], import[t]);
        vo_plan_free(plan);
    }
}

static void expect_relaxed(const vo_problem *p, double profit) {
    double relaxed = 0;
    vo_error err = {0};
    cr_assert_eq(vo_lp_relaxed_profit(p, &relaxed, &err), VO_OK, "%s", err.msg);
    cr_assert(fabs(relaxed - profit) <= room(profit), "%.9f, published %.9f", relaxed, profit);
}

/* ---- energypylinear: prices of both signs ----------------------------------------- */

static const double eight[] = {100, 50, 200, -100, 0, 200, 100, -100};

Test(known_answers, eight_hours) {
    const vo_battery b = battery_of(2, 4, 0.9);
    const vo_problem p = problem_of(&b, eight, 8);
    expect(&p, 1037.777778, NULL, 1e-6);
}

Test(known_answers, eight_hours_with_a_fixed_export_price) {
    const vo_battery b = battery_of(2, 4, 0.9);
    const double sell[] = {40, 40, 40, 40, 40, 40, 40, 40};
    const double import[] = {0, 0, 0, 2, 2, -1.6, -2, 0};
    vo_problem p = problem_of(&b, eight, 8);
    p.export_price = sell;
    for (size_t i = 0; i < BACK_ENDS; i++) { /* hours 5 and 6 sell at one price: their sum */
        vo_plan *plan = solved(&p, back_end[i]);
        cr_assert(fabs(plan->profit - 344) <= 1e-6, "%s: %.9f", plan->method, plan->profit);
        for (size_t t = 0; t < 5; t++)
            cr_assert(fabs(plan->import_mw[t] - plan->export_mw[t] - import[t]) <= 1e-6);
        cr_assert(fabs(plan->export_mw[5] + plan->export_mw[6] + plan->export_mw[7] - 3.6) <=
                  1e-6);
        vo_plan_free(plan);
    }
}

Test(known_answers, five_hours_of_alternating_sign) {
    const vo_battery b = battery_of(2, 4, 0.9);
    const double price[] = {10, -50, 200, -50, 200};
    const double import[] = {0.4444444444, 2, -2, 2, -2};
    const vo_problem p = problem_of(&b, price, 5);
    expect(&p, 995.555556, import, 1e-6);
}

Test(known_answers, from_a_thousand_below_to_a_thousand_above) {
    const vo_battery b = battery_of(2, 4, 0.9);
    const double price[] = {-1000, -750, -250, -100, 0, 10, 100, 1000};
    const vo_problem p = problem_of(&b, price, 8);
    expect(&p, 5811.111111, NULL, 1e-6);
}

Test(known_answers, a_full_battery_is_emptied_at_the_best_hours) {
    vo_battery b = battery_of(4, 6, 1);
    b.initial_soc = 1;
    const double price[] = {20, 15, 10}, import[] = {-4, -2, 0};
    const vo_problem p = problem_of(&b, price, 3);
    expect(&p, 110, import, 1e-6);
}

Test(known_answers, a_spike_is_met_full) {
    const vo_battery b = battery_of(4, 6, 1);
    const double price[] = {10, 50, 10, 5000, 10}, import[] = {4, -4, 4, -4, 0};
    const vo_problem p = problem_of(&b, price, 5);
    expect(&p, 20120, import, 1e-6);
}

Test(known_answers, flat_prices_move_nothing) {
    const vo_battery b = battery_of(4, 6, 1);
    const double price[] = {10, 10, 10};
    const vo_problem p = problem_of(&b, price, 3);
    expect(&p, 0, NULL, 1e-6);
    vo_plan *plan = solved(&p, VO_METHOD_EXACT); /* lp may pick another of the ties */
    for (size_t t = 0; t < 3; t++) cr_assert_eq(plan->power_mw[t], 0);
    vo_plan_free(plan);
}

Test(known_answers, losses_are_charged_in_the_second_cheapest_hour) {
    const vo_battery b = battery_of(2, 4, 0.9);
    const double price[] = {50, 100, 150}, import[] = {2, 0.2222222222, -2};
    const vo_problem p = problem_of(&b, price, 3);
    expect(&p, 177.777778, import, 1e-6);
}

Test(known_answers, an_hour_where_importing_costs_more_is_left_out) {
    const vo_battery b = battery_of(2, 4, 0.9);
    const double buy[] = {50, 200, 150}, sell[] = {50, 100, 150}, import[] = {2, 0, -1.8};
    vo_problem p = problem_of(&b, buy, 3);
    p.export_price = sell;
    expect(&p, 170, import, 1e-6);
}

Test(known_answers, negative_prices_do_not_pay_for_burning_energy) {
    const vo_battery b = battery_of(1, 1, 0.8);
    const double price[] = {-100, -100, -100, 50, 50};
    const vo_problem p = problem_of(&b, price, 5);
    expect(&p, 190, NULL, 1e-6);
    expect_relaxed(&p, 210); /* what a linear program without binaries says */
}

Test(known_answers, a_day_of_three_batteries) {
    const double price[] = {32,  30, 28, 27, 28, 31, 38, 35, 18, 5,  -3, -8,
                            -10, -9, -4, 6,  25, 48, 72, 85, 78, 60, 45, 37};
    const struct {
        double capacity_mwh, efficiency, profit;
    } row[] = {{1, 1, 106}, {2, 0.9, 195.555556}, {4, 0.85, 336.235294}};
    for (size_t i = 0; i < COUNT(row); i++) {
        const vo_battery b = battery_of(1, row[i].capacity_mwh, row[i].efficiency);
        const vo_problem p = problem_of(&b, price, 24);
        expect(&p, row[i].profit, NULL, 1e-6);
    }
}

/* ---- AEMO, 32 half-hours ------------------------------------------------------------ */

static const double aemo[] = {177.11, 135.31, 143.21, 116.25, 99.97, 99.71,  97.81,  96.1,
                              98.55,  95.78,  98.46,  91.88,  91.69, 101.2,  139.55, 102.9,
                              83.86,  71.1,   60.35,  56.01,  51.22, 48.55,  55.17,  56.21,
                              56.32,  58.79,  73.32,  80.89,  88.43, 201.43, 120.33, 113.26};

static vo_problem aemo_of(const vo_battery *b) {
    vo_problem p = problem_of(b, aemo, COUNT(aemo));
    p.interval_h = 0.5;
    return p;
}

Test(known_answers, aemo) {
    const vo_battery b = battery_of(2, 4, 0.9);
    const vo_problem p = aemo_of(&b);
    expect(&p, 325.8178, NULL, 1e-4); /* four digits were published */
}

Test(known_answers, aemo_with_losses_both_ways) {
    vo_battery b = battery_of(2, 4, sqrt(0.9));
    b.discharge_efficiency = sqrt(0.9);
    const vo_problem p = aemo_of(&b);
    expect(&p, 320.486086, NULL, 1e-6);
}

Test(known_answers, aemo_with_one_cycle) {
    vo_battery b = battery_of(2, 4, 0.9);
    b.max_cycles = 1;
    vo_problem p = aemo_of(&b);
    expect(&p, 299.061111, NULL, 1e-6);
    b.max_cycles = (double)INFINITY;
    b.max_cycles_per_day = 1; /* the same: it is all one day */
    expect(&p, 299.061111, NULL, 1e-6);
}

Test(known_answers, aemo_with_wear) {
    vo_battery b = battery_of(2, 4, 0.9);
    b.wear_cost_per_mwh = 20;
    const vo_problem p = aemo_of(&b);
    expect(&p, 225.168889, NULL, 1e-6);
    for (size_t i = 0; i < BACK_ENDS; i++) {
        vo_plan *plan = solved(&p, back_end[i]);
        double gross = plan->profit;
        for (size_t t = 0; t < p.n; t++) gross += 20 * 0.5 * fmax(plan->power_mw[t], 0);
        cr_assert(fabs(gross - 325.168889) <= 1e-6, "%s: %.9f", plan->method, gross);
        vo_plan_free(plan);
    }
}

/* ---- NumPy's RandomState(42) -------------------------------------------------------- */

static void draw(double *price, size_t n, double lo, double hi, double plus) {
    numpy_random r;
    numpy_random_init(&r, 42);
    for (size_t t = 0; t < n; t++) price[t] = numpy_random_uniform(&r, lo, hi) + plus;
}

/* The first values of init_genrand(5489), from the generator's authors, and of
 * RandomState(42).uniform(), from NumPy's documentation of its legacy streams. */
Test(known_answers, the_twister_is_numpys) {
    numpy_random r;
    numpy_random_init(&r, 5489);
    cr_assert_eq(numpy_random_u32(&r), UINT32_C(3499211612));
    for (int i = 1; i < 9999; i++) (void)numpy_random_u32(&r);
    cr_assert_eq(numpy_random_u32(&r), UINT32_C(4123659995)); /* the 10 000th */
    numpy_random_init(&r, 42);
    cr_assert(fabs(numpy_random_uniform(&r, 0, 1) - 0.3745401188473625) < 1e-16);
    cr_assert(fabs(numpy_random_uniform(&r, 0, 1) - 0.9507143064099162) < 1e-16);
}

Test(known_answers, random_prices_of_both_signs) {
    static double price[672];
    const struct {
        size_t n;
        double profit, relaxed;
    } row[] = {{6, 2261.916739, 2399.605763},
               {24, 17358.164038, 17709.906857},
               {672, 563153.472462, 566834.293821}};
    draw(price, 672, -1000, 1000, 0);
    const vo_battery b = battery_of(2, 4, 0.9);
    for (size_t i = 0; i < COUNT(row); i++) {
        const vo_problem p = problem_of(&b, price, row[i].n);
        expect(&p, row[i].profit, NULL, room(row[i].profit));
        expect_relaxed(&p, row[i].relaxed);
    }
}

Test(known_answers, the_same_prices_earn_less_with_losses) {
    double price[12];
    draw(price, 12, -100, 100, 100);
    const double efficiency[] = {1, 0.9, 0.8}, profit[] = {2486.5747, 2327.7575, 2127.7853};
    for (size_t i = 0; i < 3; i++) {
        const vo_battery b = battery_of(4, 10, efficiency[i]);
        const vo_problem p = problem_of(&b, price, 12);
        expect(&p, profit[i], NULL, 1e-4); /* four digits were published */
    }
}

/* ---- homes: kW as MW ------------------------------------------------------------------ */

Test(known_answers, a_home_with_sun_pays_a_sixth) {
    double buy[24], sell[24];
    const double load[] = {.4, .35, .3, .3, .3, .35, .6,  .8,  .7,  .5,  .5, .5,
                           .6, .5,  .5, .6, .9, 1.4, 1.8, 1.9, 1.6, 1.2, .8, .5};
    const double pv[] = {0,   0, 0,   0,   0, 0,  .1,  .5, 1.2, 2, 2.7, 3.1,
                         3.2, 3, 2.5, 1.8, 1, .4, .05, 0,  0,   0, 0,   0};
    for (int h = 0; h < 24; h++) {
        buy[h] = h >= 16 && h <= 20 ? 0.50 : 0.32;
        sell[h] = 0.05;
    }
    vo_battery b = battery_of(5, 13.5, sqrt(0.9));
    b.discharge_efficiency = sqrt(0.9);
    vo_problem p = problem_of(&b, buy, 24);
    p.export_price = sell;
    p.load_mw = load;
    p.pv_mw = pv;
    expect(&p, -0.622111, NULL, 1e-6);
    b.charge_mw = b.discharge_mw = 0;
    expect(&p, -4.061, NULL, 1e-6); /* without the battery */
}

/* evcc levels demand while it charges to a goal: the least peak is what a demand charge finds.
 */
Test(known_answers, evcc_charges_level_to_its_goal) {
    vo_battery b = battery_of(5000, 10000, 0.95);
    b.discharge_efficiency = 0.95;
    b.final_kind = VO_FINAL_AT_LEAST;
    b.final_soc = 0.4;
    const double price[] = {0.3, 0.3, 0.3, 0.3};
    vo_problem p = problem_of(&b, price, 4);
    p.demand_charge_per_mw = 1;
    vo_plan *plan = solved(&p, VO_METHOD_LP);
    for (int t = 0; t < 4; t++)
        cr_assert(fabs(plan->import_mw[t] - 1052.6316) <= 1e-4, "%.6f", plan->import_mw[t]);
    vo_plan_free(plan);
}

/* evcc levels the feed-in: 6000 - 2105.2632 at most. That is the least export limit that costs
 * nothing: at it the published plan is the best, below it energy is lost to keep the limit. */
Test(known_answers, evcc_levels_its_feed_in_as_far_as_it_costs_nothing) {
    vo_battery b = battery_of(5000, 10000, 0.95);
    b.discharge_efficiency = 0.95;
    b.final_soc = 0.4;
    const double price[] = {0.3, 0.3, 0.3, 0.3}, sell[] = {0.08, 0.08, 0.08, 0.08};
    const double pv[] = {2000, 6000, 6000, 2000}, charged[] = {0, 2105.2632, 2105.2632, 0};
    const double level = 6000 - 2000 / 0.95, income = (16000 - 4000 / 0.95) * 0.08;
    double limit[4];
    vo_problem p = problem_of(&b, price, 4);
    p.export_price = sell;
    p.pv_mw = pv;
    for (size_t i = 0; i < BACK_ENDS; i++) {
        p.export_limit_mw = NULL;
        vo_plan *free_plan = solved(&p, back_end[i]);
        p.export_limit_mw = limit;
        for (int t = 0; t < 4; t++) limit[t] = level * (1 + 1e-12);
        vo_plan *plan = solved(&p, back_end[i]);
        for (int t = 0; t < 4; t++) limit[t] = level - 1;
        vo_plan *lower = solved(&p, back_end[i]);
        cr_assert(fabs(free_plan->profit - income) <= 1e-6);
        cr_assert(fabs(plan->profit - income) <= 1e-6);
        cr_assert(lower->profit < income - 1e-3);
        for (int t = 0; t < 4; t++)
            cr_assert(fabs(-plan->power_mw[t] - charged[t]) <= 1e-4, "%s: %.6f", plan->method,
                      plan->power_mw[t]);
        vo_plan_free(free_plan);
        vo_plan_free(plan);
        vo_plan_free(lower);
    }
}
