/* test_tariff.c -- each test states one promise of tariff.h; figures are worked out by hand. */
#include "grid/tariff.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "support/instant.h"

#define HOUR 3600

static void set_rate(vo_tariff_rate *r, const char *name, double price, double sell) {
    strcpy(r->name, name);
    r->n_tiers = 1;
    r->tier[0] = (vo_tariff_tier){(double)INFINITY, price, sell};
}

/* Summer June to September: 0.5 from 16 to 21 on weekdays, 0.3 else; winter 0.2. Credit 0.1. */
static vo_tariff *two_seasons(void) {
    vo_tariff *t = NULL;
    cr_assert_eq(vo_tariff_create("America/Los_Angeles", &t, NULL), VO_OK);
    strcpy(t->schedule, "TEST");
    t->n_seasons = 2;
    strcpy(t->season[0].name, "summer");
    t->season[0].n_ranges = 1;
    t->season[0].range[0] = (vo_tariff_range){6, 1, 9, 30};
    strcpy(t->season[1].name, "winter");
    t->season[1].n_ranges = 1;
    t->season[1].range[0] = (vo_tariff_range){10, 1, 5, 31};
    t->n_rates = 3;
    set_rate(&t->rate[0], "summer peak", 0.5, 0.05);
    set_rate(&t->rate[1], "summer off_peak", 0.3, 0.04);
    set_rate(&t->rate[2], "winter", 0.2, 0.03);
    for (int h = 0; h < 24; h++) {
        t->season[0].hour[VO_TARIFF_WEEKDAY][h] = h >= 16 && h < 21 ? 0 : 1;
        t->season[0].hour[VO_TARIFF_WEEKEND][h] = 1;
        t->season[1].hour[0][h] = t->season[1].hour[1][h] = 2;
    }
    t->has_baseline = true;
    t->baseline_credit = 0.1;
    t->n_territories = 1;
    strcpy(t->territory[0].class_name, "basic");
    strcpy(t->territory[0].code, "X");
    t->territory[0].kwh_per_day[0] = 10;
    t->territory[0].kwh_per_day[1] = 8;
    return t;
}

static vo_tariff *checked(vo_tariff *t) {
    vo_error err = {0};
    cr_assert_eq(vo_tariff_check(t, &err), VO_OK, "%s", err.msg);
    return t;
}

Test(tariff, prices_follow_season_kind_of_day_and_local_hour) {
    vo_tariff *t = checked(two_seasons());
    /* 2026-06-01 is a Monday */
    cr_expect_eq(vo_tariff_import_price(t, at("2026-06-01T16:00:00-07:00"), 0, true), 0.5);
    cr_expect_eq(vo_tariff_import_price(t, at("2026-06-01T15:59:59-07:00"), 0, true), 0.3);
    cr_expect_eq(vo_tariff_import_price(t, at("2026-06-01T21:00:00-07:00"), 0, true), 0.3);
    cr_expect_eq(vo_tariff_import_price(t, at("2026-06-06T16:00:00-07:00"), 0, true), 0.3);
    cr_expect_eq(vo_tariff_import_price(t, at("2026-05-31T23:59:59-07:00"), 0, true), 0.2);
    cr_expect_eq(vo_tariff_import_price(t, at("2024-02-29T12:00:00-08:00"), 0, true), 0.2);
    cr_expect_float_eq(vo_tariff_import_price(t, at("2026-06-01T16:00:00-07:00"), 0, false),
                       0.4, 1e-15);
    t->holiday[t->n_holidays++] = (int32_t)vo_civil_days(2026, 6, 1);
    cr_expect_eq(vo_tariff_import_price(t, at("2026-06-01T16:00:00-07:00"), 0, true), 0.3);
    vo_tariff_free(t);
}

Test(tariff, exports_earn_by_the_method) {
    vo_tariff *t = checked(two_seasons());
    const vo_time peak = at("2026-06-01T16:00:00-07:00");
    double v = -1;
    cr_assert_eq(vo_tariff_export_price(t, peak, &v, NULL), VO_OK);
    cr_expect_eq(v, 0);
    t->export_method = VO_TARIFF_EXPORT_RETAIL;
    cr_assert_eq(vo_tariff_export_price(t, peak, &v, NULL), VO_OK);
    cr_expect_eq(v, 0.5);
    t->export_method = VO_TARIFF_EXPORT_FIXED;
    t->export_per_kwh = 0.08;
    t->export_adder = 0.01;
    cr_assert_eq(vo_tariff_export_price(t, peak, &v, NULL), VO_OK);
    cr_expect_float_eq(v, 0.09, 1e-15);
    t->export_method = VO_TARIFF_EXPORT_RATES;
    cr_assert_eq(vo_tariff_export_price(t, peak, &v, NULL), VO_OK);
    cr_expect_float_eq(v, 0.06, 1e-15);
    vo_tariff_free(t);
}

Test(tariff, price_series_are_means_over_the_hours_they_touch) {
    vo_tariff *t = checked(two_seasons());
    const vo_tariff *version = t;
    const vo_time start[] = {at("2026-06-01T16:00:00-07:00"), at("2026-06-01T15:30:00-07:00"),
                             at("2026-06-01T00:00:00-07:00"), at("2026-03-08T00:00:00-08:00")};
    const double dt[] = {0.25, 1, 24, 23};
    double buy[4], sell[4];
    vo_error err = {0};
    cr_assert_eq(vo_tariff_prices(&version, 1, start, dt, 4, buy, sell, &err), VO_OK, "%s",
                 err.msg);
    cr_expect_eq(buy[0], 0.5);
    cr_expect_float_eq(buy[1], 0.4, 1e-15);
    cr_expect_float_eq(buy[2], (5 * 0.5 + 19 * 0.3) / 24, 1e-12);
    cr_expect_float_eq(buy[3], 0.2, 1e-12);
    const double none = 0;
    cr_expect_eq(vo_tariff_prices(&version, 1, start, &none, 1, buy, sell, &err), VO_EINVAL);
    vo_tariff_free(t);
}

Test(tariff, refuses_what_is_wrong_by_the_name_of_the_field) {
    vo_error err = {0};
#define REFUSED(change, says)                                                                  \
    do {                                                                                       \
        vo_tariff *t = two_seasons();                                                          \
        change;                                                                                \
        cr_expect_eq(vo_tariff_check(t, &err), VO_EINVAL, "%s", #change);                      \
        cr_expect(strstr(err.msg, says), "%s: %s", #change, err.msg);                          \
        vo_tariff_free(t);                                                                     \
    } while (0)
    REFUSED(t->n_seasons = 0, "seasons: 0");
    REFUSED(t->season[1].range[0].from_day = 2, "10-01 is in none");
    REFUSED((t->season[1].range[0].to_month = 6, t->season[1].range[0].to_day = 1),
            "06-01 is in summer and in winter");
    REFUSED(t->season[0].range[0].from_month = 13, "13-01");
    REFUSED(t->season[0].range[0].to_day = 31, "09-31");
    REFUSED(t->season[0].hour[1][7] = 3, "hours.summer.weekend[7]: rate 3 of 3");
    REFUSED(t->n_rates = 0, "rates: 0");
    REFUSED(t->rate[1].tier[0].price = 300, "summer off_peak, tier 1: price 300");
    REFUSED(t->rate[1].tier[0].price = (double)NAN, "tier 1: price nan");
    REFUSED(t->rate[1].tier[0].up_to = 5, "every tier but the last ends");
    REFUSED(t->rate[0].n_tiers = 0, "0 tiers");
    REFUSED((t->rate[0].n_tiers = 2, t->rate[0].tier[1] = t->rate[0].tier[0],
             t->rate[0].tier[0].up_to = -1),
            "not above 0");
    REFUSED((t->n_components = 1, t->rate[0].component[0] = 0.5), "components sum to 0.000000");
    REFUSED(t->territory[0].kwh_per_day[1] = -1, "basic.X.winter: -1");
    REFUSED(t->baseline_credit = (double)INFINITY, "credit_per_kwh: inf");
    REFUSED(t->minimum = -1, "minimum.amount: -1");
    REFUSED(t->export_per_kwh = 1000, "export: 1000");
    REFUSED(t->until_day = t->effective_day, "until");
    REFUSED((t->n_fixed = 1, t->fixed[0].amount = 1e7), "fixed");
    REFUSED((t->n_holidays = 2), "holidays[1]");
    REFUSED((t->n_demand_rates = 1, set_rate(&t->demand_rate[0], "d", 10, 0),
             t->season[1].demand_hour[0][3] = 1),
            "demand_hours.winter.weekday[3]");
#undef REFUSED
    vo_tariff *t = NULL;
    cr_expect_eq(vo_tariff_create("Mars/Olympus", &t, &err), VO_ENOTFOUND);
}

/* ---- bills --------------------------------------------------------------------- */

enum { DAYS = 30, N = 24 * DAYS };
static vo_time start[N];
static double dt[N], in[N], out[N];

/* 30 days from 2026-05-17: 15 of winter, 15 of summer */
static void fill(double import_kwh, double export_kwh) {
    const vo_time first = at("2026-05-17T00:00:00-07:00");
    for (int i = 0; i < N; i++) {
        start[i] = (vo_time){first.s + (int64_t)i * HOUR};
        dt[i] = 1;
        in[i] = import_kwh;
        out[i] = export_kwh;
    }
}

static vo_tariff_bill bill(const vo_tariff *t, vo_tariff_customer c, size_t n) {
    vo_tariff_bill b;
    vo_error err = {0};
    cr_assert_eq(vo_tariff_bill_month(t, &c, start, dt, in, out, n, &b, &err), VO_OK, "%s",
                 err.msg);
    double sum = 0;
    for (size_t i = 0; i < b.n_items; i++) sum += b.item[i].amount;
    cr_expect_float_eq(sum, b.total, 1e-9, "a bill is the sum of its items");
    return b;
}

Test(tariff, a_bill_counts_baseline_by_the_days_of_each_season) {
    vo_tariff *t = checked(two_seasons());
    fill(1, 0); /* 24 kWh a day, the baseline is 8 in winter and 10 in summer */
    const vo_tariff_bill b = bill(t, (vo_tariff_customer){.territory = "X"}, N);
    /* 2026-06-01 to 15: eleven weekdays of five peak hours */
    const double energy = 15 * 24 * 0.2 + 11 * 5 * 0.5 + (15 * 24 - 55) * 0.3;
    cr_expect_eq(b.days, 30);
    cr_expect_eq(b.baseline_kwh, 15 * 8 + 15 * 10);
    cr_expect_float_eq(b.total, energy - 0.1 * 270, 1e-9);
    fill(0.125, 0); /* 3 kWh a day: all of it below */
    cr_expect_float_eq(bill(t, (vo_tariff_customer){.territory = "X"}, N).baseline_kwh, 90,
                       1e-9);
    fill(1, 0);
    cr_expect_eq(
        bill(t, (vo_tariff_customer){.territory = "X", .extra_kwh_per_day = 2}, N).baseline_kwh,
        330);
    cr_expect_float_eq(bill(t, (vo_tariff_customer){0}, N).total, energy, 1e-9);
    vo_tariff_bill none;
    vo_error err = {0};
    const vo_tariff_customer lost = {.territory = "Q"};
    cr_expect_eq(vo_tariff_bill_month(t, &lost, start, dt, in, out, N, &none, &err),
                 VO_ENOTFOUND);
    cr_expect(strstr(err.msg, "territory \"Q\"") && strstr(err.msg, "it has X"), "%s", err.msg);
    vo_tariff_free(t);
}

Test(tariff, tiers_count_by_the_month_or_by_the_day) {
    vo_tariff *t = two_seasons();
    for (int r = 0; r < 3; r++) {
        t->rate[r].n_tiers = 2;
        t->rate[r].tier[0] = (vo_tariff_tier){100, 0.1, 0};
        t->rate[r].tier[1] = (vo_tariff_tier){(double)INFINITY, 0.4, 0};
    }
    checked(t);
    fill(1, 0);
    cr_expect_float_eq(bill(t, (vo_tariff_customer){0}, N).total, 100 * 0.1 + 620 * 0.4, 1e-9);
    cr_expect_eq(vo_tariff_import_price(t, start[0], 99.9, true), 0.1);
    cr_expect_eq(vo_tariff_import_price(t, start[0], 100, true), 0.4);
    t->tiers_per = VO_TARIFF_PER_DAY;
    cr_expect_float_eq(bill(t, (vo_tariff_customer){0}, N).total, 720 * 0.1, 1e-9);
    for (int i = 0; i < N; i++) in[i] = 10; /* 240 a day: one interval straddles the edge */
    cr_expect_float_eq(bill(t, (vo_tariff_customer){0}, N).total, 30 * (100 * 0.1 + 140 * 0.4),
                       1e-9);
    in[0] = 250;
    cr_expect_float_eq(bill(t, (vo_tariff_customer){0}, 1).total, 100 * 0.1 + 150 * 0.4, 1e-9);
    vo_tariff_free(t);
}

Test(tariff, fixed_charges_options_demand_and_the_minimum) {
    vo_tariff *t = two_seasons();
    t->n_fixed = 4;
    t->fixed[0] = (vo_tariff_fixed){"base", "tier_1", 0.2, VO_TARIFF_PER_DAY};
    t->fixed[1] = (vo_tariff_fixed){"base", "tier_2", 0.4, VO_TARIFF_PER_DAY};
    t->fixed[2] = (vo_tariff_fixed){"base", "tier_3", 0.8, VO_TARIFF_PER_DAY};
    t->fixed[3] = (vo_tariff_fixed){"meter", "", 3, VO_TARIFF_PER_MONTH};
    checked(t);
    fill(0, 0);
    cr_expect_float_eq(bill(t, (vo_tariff_customer){0}, N).total, 30 * 0.8 + 3, 1e-9);
    cr_expect_float_eq(bill(t, (vo_tariff_customer){.fixed_option = "tier_1"}, N).total,
                       30 * 0.2 + 3, 1e-9);
    vo_tariff_bill b;
    vo_error err = {0};
    const vo_tariff_customer lost = {.fixed_option = "tier_9"};
    cr_expect_eq(vo_tariff_bill_month(t, &lost, start, dt, in, out, N, &b, &err), VO_ENOTFOUND);
    cr_expect(strstr(err.msg, "tier_9"), "%s", err.msg);
    t->minimum = 40;
    b = bill(t, (vo_tariff_customer){0}, N);
    cr_expect_float_eq(b.total, 40, 1e-9);
    cr_expect_float_eq(b.minimum_added, 13, 1e-9);
    t->minimum = 0;
    t->n_demand_rates = 2;
    set_rate(&t->demand_rate[0], "off", 0, 0);
    set_rate(&t->demand_rate[1], "on", 5, 0);
    t->demand_rate[1].n_tiers = 2;
    t->demand_rate[1].tier[0] = (vo_tariff_tier){4, 10, 0};
    t->demand_rate[1].tier[1] = (vo_tariff_tier){(double)INFINITY, 5, 0};
    for (int s = 0; s < 2; s++)
        for (int h = 16; h < 21; h++) t->season[s].demand_hour[VO_TARIFF_WEEKDAY][h] = 1;
    t->n_flat_demand_rates = 1;
    set_rate(&t->flat_demand_rate[0], "flat", 2, 0);
    checked(t);
    in[24 + 17] = 6; /* Monday 2026-05-18, 17:00: 6 kW on peak */
    in[24 + 3] = 9;  /* 03:00: 9 kW */
    cr_expect_float_eq(bill(t, (vo_tariff_customer){0}, N).total,
                       27 + 15 * 0.2 + (4 * 10 + 2 * 5) + 9 * 2, 1e-9);
    dt[24 + 3] = 0.5; /* the same energy in half an hour is twice the power */
    cr_expect_float_eq(bill(t, (vo_tariff_customer){0}, N).total,
                       27 + 15 * 0.2 + (4 * 10 + 2 * 5) + 18 * 2, 1e-9);
    vo_tariff_free(t);
}

Test(tariff, exports_are_credited_and_a_bill_may_be_negative) {
    vo_tariff *t = checked(two_seasons());
    t->export_method = VO_TARIFF_EXPORT_RATES;
    fill(0, 2);
    const vo_tariff_bill b = bill(t, (vo_tariff_customer){0}, N);
    const double earned = 2 * (15 * 24 * 0.03 + 55 * 0.05 + (15 * 24 - 55) * 0.04);
    cr_expect_float_eq(b.export_credit, earned, 1e-9);
    cr_expect_float_eq(b.total, -earned, 1e-9);
    cr_expect_eq(b.export_kwh, 2 * N);
    vo_tariff_free(t);
}

Test(tariff, bills_add_up_over_disjoint_spans_and_grow_with_use) {
    vo_tariff *t = checked(two_seasons());
    vo_random r = vo_random_seed(7, 0);
    t->export_method = VO_TARIFF_EXPORT_RETAIL;
    fill(0, 0);
    for (int i = 0; i < N; i++) {
        in[i] = vo_random_unit(&r) * 3;
        out[i] = vo_random_unit(&r);
    }
    const double whole = bill(t, (vo_tariff_customer){0}, N).total;
    for (size_t cut = 1; cut < N; cut += 97) {
        vo_tariff_bill a, b;
        const vo_tariff_customer c = {0};
        cr_assert_eq(vo_tariff_bill_month(t, &c, start, dt, in, out, cut, &a, NULL), VO_OK);
        cr_assert_eq(vo_tariff_bill_month(t, &c, start + cut, dt, in + cut, out + cut, N - cut,
                                          &b, NULL),
                     VO_OK);
        cr_expect_float_eq(a.total + b.total, whole, 1e-9);
    }
    /* the bill without tiers and baseline is the series times the prices */
    static double buy[N], sell[N];
    const vo_tariff *version = t;
    double money = 0;
    cr_assert_eq(vo_tariff_prices(&version, 1, start, dt, N, buy, sell, NULL), VO_OK);
    for (int i = 0; i < N; i++) money += in[i] * buy[i] - out[i] * sell[i];
    cr_expect_float_eq(money, whole, 1e-9);
    in[5] += 1;
    cr_expect_float_eq(bill(t, (vo_tariff_customer){0}, N).total, whole + buy[5], 1e-9);
    vo_tariff_free(t);
}

Test(tariff, a_bill_refuses_broken_series_by_the_interval) {
    vo_tariff *t = checked(two_seasons());
    vo_tariff_bill b;
    vo_error err = {0};
    const vo_tariff_customer c = {0};
    fill(1, 0);
    in[3] = -1;
    cr_expect_eq(vo_tariff_bill_month(t, &c, start, dt, in, out, N, &b, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "interval 3: import of -1 kWh"), "%s", err.msg);
    fill(1, 0);
    out[4] = (double)NAN;
    cr_expect_eq(vo_tariff_bill_month(t, &c, start, dt, in, out, N, &b, &err), VO_EINVAL);
    fill(1, 0);
    dt[5] = 2;
    cr_expect_eq(vo_tariff_bill_month(t, &c, start, dt, in, out, N, &b, &err), VO_EINVAL);
    fill(1, 0);
    start[6] = start[5];
    cr_expect_eq(vo_tariff_bill_month(t, &c, start, dt, in, out, N, &b, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "interval 6: not after"), "%s", err.msg);
    vo_tariff_free(t);
}

/* ---- a tariff from a tariff ------------------------------------------------------ */

static vo_tariff *with_components(void) {
    vo_tariff *t = two_seasons();
    t->n_components = 3;
    strcpy(t->component_name[0], "generation");
    strcpy(t->component_name[1], "wires");
    strcpy(t->component_name[2], "fund");
    for (int r = 0; r < 3; r++) {
        t->rate[r].component[0] = t->rate[r].tier[0].price - 0.11;
        t->rate[r].component[1] = 0.1;
        t->rate[r].component[2] = 0.01;
    }
    t->dropped[0] = true;
    t->n_pcia = t->n_franchise = 1;
    t->pcia[0] = (vo_tariff_vintage){2020, 0.02};
    t->franchise[0] = (vo_tariff_vintage){2020, 0.001};
    return checked(t);
}

Test(tariff, programmes_suppliers_and_adders_leave_the_original_alone) {
    vo_tariff *t = with_components(), *made = NULL;
    const vo_time peak = at("2026-06-01T16:00:00-07:00");
    const char *exempt[] = {"fund", "unknown"};
    vo_error err = {0};
    cr_assert_eq(vo_tariff_with_programme(t, 0.35, exempt, 2, &made, &err), VO_OK, "%s",
                 err.msg);
    cr_expect_float_eq(vo_tariff_import_price(made, peak, 0, true), 0.49 * 0.65, 1e-15);
    cr_expect_float_eq(made->baseline_credit, 0.065, 1e-15);
    vo_tariff_free(made);
    const double supply[] = {0.3, 0.25, 0.2};
    cr_assert_eq(vo_tariff_with_supplier(t, supply, 2020, &made, &err), VO_OK, "%s", err.msg);
    cr_expect_float_eq(vo_tariff_import_price(made, peak, 0, true), 0.11 + 0.3 + 0.021, 1e-15);
    double v = 0;
    cr_assert_eq(vo_tariff_component(made, peak, "pcia", &v, &err), VO_OK);
    cr_expect_eq(v, 0.02);
    cr_expect_eq(vo_tariff_component(made, peak, "nothing", &v, &err), VO_ENOTFOUND);
    vo_tariff *again = NULL;
    cr_expect_eq(vo_tariff_with_supplier(made, supply, 2020, &again, &err), VO_ENOTFOUND);
    vo_tariff_free(made);
    cr_assert_eq(vo_tariff_with_adder(t, "tax", 0.0003, &made, &err), VO_OK);
    cr_expect_float_eq(vo_tariff_import_price(made, peak, 0, true), 0.5003, 1e-15);
    vo_tariff_free(made);
    cr_expect_eq(vo_tariff_with_programme(t, 35, exempt, 1, &made, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "35 per cent is 0.35"), "%s", err.msg);
    cr_expect_eq(vo_tariff_import_price(t, peak, 0, true), 0.5);
    cr_expect_eq(t->n_components, 3);
    vo_tariff_free(t);
    t = checked(two_seasons());
    cr_expect_eq(vo_tariff_with_programme(t, 0.35, exempt, 1, &made, &err), VO_EINVAL);
    vo_tariff_free(t);
}

Test(tariff, the_latest_version_begun_is_in_force) {
    vo_tariff *a = checked(two_seasons()), *b = checked(two_seasons());
    a->effective_day = (int32_t)vo_civil_days(2026, 1, 1);
    b->effective_day = (int32_t)vo_civil_days(2026, 3, 1);
    b->until_day = (int32_t)vo_civil_days(2026, 4, 1);
    const vo_tariff *v[] = {b, a};
    cr_expect_null(vo_tariff_choose(v, 2, at("2025-12-31T23:59:59-08:00")));
    cr_expect_eq(vo_tariff_choose(v, 2, at("2026-01-01T00:00:00-08:00")), a);
    cr_expect_eq(vo_tariff_choose(v, 2, at("2026-02-28T23:59:59-08:00")), a);
    cr_expect_eq(vo_tariff_choose(v, 2, at("2026-03-01T00:00:00-08:00")), b);
    cr_expect_eq(vo_tariff_choose(v, 2, at("2026-04-01T00:00:00-07:00")), a);
    vo_tariff_free(a);
    vo_tariff_free(b);
}
