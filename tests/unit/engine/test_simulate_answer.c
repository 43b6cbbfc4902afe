/* test_simulate_answer.c -- the document, checked against itself: every cost from the readings and the
 * trades it tells of, every sum from its parts. */
#include "engine/simulate_answer.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/engine_ask.h"

static double at(const vo_json *object, const char *key) { return member_number(object, key); }

static double energy(const vo_json *home, const char *key) {
    return at(vo_json_get(home, "energy_kwh"), key);
}

/* Meter, PV, battery, neighbours: what comes in goes out. */
static void expect_balance(const vo_json *h) {
    cr_expect_float_eq(energy(h, "imported") + energy(h, "pv") + energy(h, "discharged") +
                           energy(h, "bought") + energy(h, "short") + energy(h, "undelivered"),
                       energy(h, "load") + energy(h, "exported") + energy(h, "charged") +
                           energy(h, "sold") + energy(h, "curtailed"),
                       2e-5);
}

Test(simulate_answer, energy_is_conserved_in_every_home_and_interval) {
    vo_json *r = engine_ask("nowhere", vo_engine_simulate,
                            "{\"homes\":5,\"days\":2,\"timeline\":true,\"bounds\":\"off\"}");
    const vo_json *homes = vo_json_get(r, "households");
    for (size_t i = 0; i < 5; i++) {
        const vo_json *h = vo_json_at(homes, i), *line = vo_json_get(h, "timeline");
        expect_balance(h);
        cr_assert_eq(vo_json_size(line), (size_t)96);
        for (size_t t = 0; t < 96; t++) {
            const vo_json *x = vo_json_at(line, t);
            cr_expect_float_eq(at(x, "import_kwh") + at(x, "pv_kwh") + at(x, "bought_kwh") +
                                   at(x, "battery_kwh") + at(x, "short_kwh"),
                               at(x, "load_kwh") + at(x, "export_kwh") + at(x, "sold_kwh") +
                                   at(x, "curtailed_kwh"),
                               1e-5, "home %zu, interval %zu", i, t);
            cr_expect_leq(at(x, "import_kwh"), 10 + 1e-6);
            cr_expect_leq(at(x, "export_kwh"), 4 + 1e-6);
            cr_expect_leq(at(x, "sold_kwh"), 2 + 1e-6);
        }
    }
    vo_json_free(r);
}

/* Paid to others, less what they paid, by the list of trades. */
static double traded(const vo_json *r, size_t home) {
    const vo_json *trades = vo_json_get(r, "trades");
    double sum = 0;
    for (size_t i = 0; i < vo_json_size(trades); i++) {
        const vo_json *x = vo_json_at(trades, i);
        if ((size_t)at(x, "buyer") == home + 1) sum += at(x, "paid");
        if ((size_t)at(x, "seller") == home + 1) sum -= at(x, "received");
    }
    return sum;
}

Test(simulate_answer, a_homes_cost_is_its_readings_at_the_tariffs_prices_and_its_trades) {
    vo_json *r = engine_ask("nowhere", vo_engine_simulate,
                            "{\"homes\":6,\"days\":1,\"timeline\":true,\"fee\":0.01,"
                            "\"tariff\":\"pge_e_tou_c_2026-03-01\"}");
    const vo_json *homes = vo_json_get(r, "households");
    for (size_t i = 0; i < 6; i++) {
        const vo_json *h = vo_json_at(homes, i), *line = vo_json_get(h, "timeline");
        double paid = traded(r, i), bought = 0;
        for (size_t t = 0; t < vo_json_size(line); t++) {
            const vo_json *x = vo_json_at(line, t);
            /* in summer 0.52240 from 16:00 to 21:00, else 0.39940 */
            const int hour = atoi(member_text(x, "timestamp") + 11);
            const double price = hour >= 16 && hour < 21 ? 0.52240 : 0.39940;
            cr_expect_float_eq(at(x, "price"), price, 1e-12);
            paid += price * at(x, "import_kwh") - at(x, "export_price") * at(x, "export_kwh");
            bought += price * at(x, "load_kwh");
        }
        cr_expect_float_eq(at(vo_json_get(h, "costs"), "optimized_total"), paid, 2e-4, "%zu",
                           i);
        cr_expect_float_eq(at(vo_json_get(h, "costs"), "baseline_pge_total"), bought, 2e-4);
    }
    vo_json_free(r);
}

Test(simulate_answer, the_ledger_is_the_sum_of_the_trades_to_the_millionth) {
    static const char *const kind[] = {"signal", "pay_as_bid", "pay_as_clear", "pay_as_offer"};
    for (size_t k = 0; k < 4; k++) {
        char asked[120];
        snprintf(asked, sizeof asked,
                 "{\"homes\":8,\"bounds\":\"off\",\"fee\":0.013,\"matching\":\"%s\"}", kind[k]);
        vo_json *r = engine_ask("nowhere", vo_engine_simulate, asked);
        const vo_json *trades = vo_json_get(r, "trades"), *l = vo_json_get(r, "ledger");
        long long paid = 0, received = 0, kwh = 0;
        for (size_t i = 0; i < vo_json_size(trades); i++) {
            const vo_json *x = vo_json_at(trades, i);
            paid += llround(at(x, "paid") * 1e6);
            received += llround(at(x, "received") * 1e6);
            kwh += llround(at(x, "energy_kwh") * 1e6);
            cr_expect_float_eq(at(x, "arrives_kwh"), 0.95 * at(x, "energy_kwh"), 2e-6);
            cr_expect_geq(at(x, "buyer_price") + 1e-12, at(x, "seller_price") + 0.013);
            cr_expect_neq(at(x, "buyer"), at(x, "seller"));
        }
        cr_expect_eq(paid, (long long)at(l, "buyers_pay"), "%s", kind[k]);
        cr_expect_eq(received, (long long)(at(l, "sellers_receive") + at(l, "losses")), "%s",
                     kind[k]);
        cr_expect_eq(paid - received, (long long)at(l, "fees"), "%s", kind[k]);
        cr_expect_eq(at(l, "residual"), 0);
        cr_expect_float_eq((double)kwh / 1e6,
                           at(vo_json_get(r, "aggregate_metrics"), "total_energy_traded_kwh"),
                           1e-5);
        vo_json_free(r);
    }
}

Test(simulate_answer, the_ledger_and_the_accounts_are_the_community_s_cost) {
    vo_json *r = engine_ask("nowhere", vo_engine_simulate, "{\"homes\":8,\"bounds\":\"off\"}");
    const vo_json *l = vo_json_get(r, "ledger"), *homes = vo_json_get(r, "households");
    double sum = 0;
    for (size_t i = 0; i < 8; i++) {
        const vo_json *a = vo_json_get(vo_json_at(homes, i), "account");
        sum += at(a, "imported") - at(a, "exported") + at(a, "paid") - at(a, "received");
    }
    cr_expect_eq(llround(sum), llround(at(r, "optimized_cost") * 1e6));
    cr_expect_eq(llround(at(l, "grid_charges") - at(l, "grid_credits") + at(l, "fees")),
                 llround(at(r, "optimized_cost") * 1e6), "trades only move money");
    vo_json_free(r);
}

Test(simulate_answer, the_requirements_words_stand_where_they_were_asked_for) {
    static const char *const top[] = {"baseline_pge_cost", "optimized_cost",
                                      "savings",           "savings_percent",
                                      "trades_executed",   "battery_efficiency"};
    vo_json *r = engine_ask("nowhere", vo_engine_simulate, "{\"homes\":3,\"bounds\":\"off\"}");
    for (size_t i = 0; i < sizeof top / sizeof top[0]; i++)
        cr_expect_eq(vo_json_kind_of(vo_json_get(r, top[i])), VO_JSON_NUMBER, "%s", top[i]);
    const vo_json *h = vo_json_at(vo_json_get(r, "households"), 0);
    cr_expect_eq(at(h, "id"), 1);
    cr_expect_not(vo_json_get(h, "timeline"), "only where it is asked for");
    const double efficiency = at(r, "battery_efficiency");
    cr_expect(efficiency >= 0.9 - 1e-6 && efficiency <= 1, "%g", efficiency);
    vo_json_free(r);
}

Test(simulate_answer, many_homes_are_summed_and_said_to_be_left_out) {
    vo_json *r = engine_ask("nowhere", vo_engine_simulate, "{\"homes\":1001,\"max_trades\":0}");
    cr_expect_eq(vo_json_size(vo_json_get(r, "households")), (size_t)0);
    cr_expect_eq(at(r, "households_left_out"), 1001);
    cr_expect_gt(at(r, "trades_left_out"), 0);
    cr_expect_eq(at(r, "trades_left_out"), at(r, "trades_executed"));
    cr_expect_gt(at(r, "savings"), 0);
    vo_json_free(r);
}
