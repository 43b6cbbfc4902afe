/* test_simulate_book.c -- what is written down of each interval adds up to the homes' sums. */
#include "engine/simulate_book.h"

#include <criterion/criterion.h>
#include <math.h>

#include "support/engine_ask.h"

static double column_sum(const vo_json *r, const char *key) {
    const vo_json *c = vo_json_get(vo_json_get(r, "community"), key);
    double sum = 0;
    cr_assert(c && vo_json_size(c) > 0, "no %s", key);
    for (size_t t = 0; t < vo_json_size(c); t++) sum += vo_json_number(vo_json_at(c, t));
    return sum;
}

Test(simulate_book, intervals_add_up_to_the_sums_of_the_homes) {
    static const char *const pair[][2] = {{"load_kwh", "load_kwh"},
                                          {"pv_kwh", "pv_kwh"},
                                          {"imported_kwh", "imported_kwh"},
                                          {"exported_kwh", "exported_kwh"},
                                          {"traded_kwh", "total_energy_traded_kwh"},
                                          {"trades", "trades_executed"}};
    vo_json *r = engine_ask("nowhere", vo_engine_simulate,
                            "{\"homes\":9,\"days\":2,\"bounds\":\"off\"}");
    const vo_json *all = vo_json_get(r, "aggregate_metrics");
    for (size_t k = 0; k < sizeof pair / sizeof pair[0]; k++)
        cr_expect_float_eq(column_sum(r, pair[k][0]), member_number(all, pair[k][1]), 1e-3,
                           "%s", pair[k][0]);
    cr_expect_gt(member_number(all, "total_energy_traded_kwh"), 0, "they do trade");
    cr_expect_float_eq(column_sum(r, "battery_kwh"),
                       member_number(all, "discharged_kwh") - member_number(all, "charged_kwh"),
                       1e-3);
    vo_json_free(r);
}

static double flow_sum(const vo_json *r) {
    const vo_json *kwh = vo_json_get(vo_json_get(r, "flows"), "kwh");
    const size_t n = vo_json_size(kwh);
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        cr_assert_eq(vo_json_size(vo_json_at(kwh, i)), n);
        for (size_t k = 0; k < n; k++) sum += vo_json_number(vo_json_at(vo_json_at(kwh, i), k));
    }
    return sum;
}

Test(simulate_book, the_map_of_flows_holds_every_trade_of_few_homes_and_of_many) {
    static const char *const asked[] = {"{\"homes\":7,\"bounds\":\"off\"}",
                                        "{\"homes\":90,\"bounds\":\"off\"}"};
    for (size_t i = 0; i < 2; i++) {
        vo_json *r = engine_ask("nowhere", vo_engine_simulate, asked[i]);
        const vo_json *groups = vo_json_get(vo_json_get(r, "flows"), "groups");
        cr_expect_eq(vo_json_size(groups), (size_t)(i == 0 ? 7 : VO_FLOW_GROUPS));
        cr_expect_float_eq(
            flow_sum(r),
            member_number(vo_json_get(r, "aggregate_metrics"), "total_energy_traded_kwh"),
            1e-5);
        vo_json_free(r);
    }
}

Test(simulate_book, groups_are_in_order_cover_all_homes_and_differ_by_one_at_most) {
    vo_homes homes = {.homes = 90};
    const vo_simulate_case c = {.homes = &homes};
    const vo_simulate_book b = {.c = &c, .groups = 40};
    size_t count[40] = {0}, last = 0;
    for (uint32_t i = 0; i < 90; i++) {
        const size_t g = vo_simulate_group(&b, i);
        cr_assert(g < 40 && g >= last);
        count[last = g]++;
    }
    for (size_t g = 0; g < 40; g++) cr_expect(count[g] == 2 || count[g] == 3, "%zu", g);
}

Test(simulate_book, the_fan_of_charge_rises_and_keeps_the_batteries_limits) {
    static const char *const key[VO_FAN] = {"soc_p05", "soc_p25", "soc_p50", "soc_p75",
                                            "soc_p95"};
    vo_json *r = engine_ask("nowhere", vo_engine_simulate, "{\"homes\":12,\"bounds\":\"off\"}");
    const vo_json *c = vo_json_get(r, "community");
    for (size_t t = 0; t < 48; t++)
        for (size_t k = 0; k < VO_FAN; k++) {
            const double soc = vo_json_number(vo_json_at(vo_json_get(c, key[k]), t));
            cr_expect(soc >= 0.1 - 1e-3 && soc <= 0.8 + 1e-3, "%zu: %g", t, soc);
            if (k > 0)
                cr_expect_geq(soc, vo_json_number(vo_json_at(vo_json_get(c, key[k - 1]), t)));
        }
    vo_json_free(r);
}

Test(simulate_book, of_a_hundred_homes_the_fan_is_the_5th_25th_50th_75th_and_95th) {
    enum { HOMES = 102 };
    static const double wanted[VO_FAN] = {0.05, 0.25, 0.5, 0.75, 0.95};
    const vo_engine_options o = vo_engine_options_default();
    vo_home_battery battery[HOMES];
    vo_node_result result[HOMES];
    const float none[HOMES] = {0};
    const vo_time start = {0};
    for (size_t i = 0; i < HOMES; i++) { /* every home but two has its number's per cent */
        battery[i] = vo_home_battery_default();
        if (i >= 100) battery[i].capacity_kwh = 0;
        result[i] = (vo_node_result){.stored_kwh = (double)((i * 37) % 100 + 1) / 100 *
                                                   battery[i].capacity_kwh};
    }
    const vo_homes homes = {.homes = HOMES, .steps = 1, .start = &start, .battery = battery};
    const vo_simulate_case c = {.o = &o, .homes = &homes, .played = 1};
    const vo_interval_view v = {.load_kwh = none, .pv_kwh = none, .result = result};
    vo_simulate_book b;
    cr_assert_eq(vo_simulate_book_init(&c, &b, NULL), VO_OK);
    cr_assert_eq(vo_simulate_book_tell(&b, &v, NULL), VO_OK);
    for (size_t k = 0; k < VO_FAN; k++)
        cr_expect_float_eq(b.interval[0].soc[k], wanted[k], 1e-9, "%zu", k);
    cr_expect_eq(vo_simulate_book_tell(&b, &v, NULL), VO_ENUMERIC, "there was one interval");
    vo_simulate_book_fini(&b);
}

Test(simulate_book, trades_beyond_the_bound_are_counted_not_listed) {
    vo_json *all =
        engine_ask("nowhere", vo_engine_simulate, "{\"homes\":8,\"bounds\":\"off\"}");
    vo_json *some = engine_ask("nowhere", vo_engine_simulate,
                               "{\"homes\":8,\"bounds\":\"off\",\"max_trades\":5}");
    const size_t n = vo_json_size(vo_json_get(all, "trades"));
    cr_assert_gt(n, (size_t)5);
    cr_expect_eq(vo_json_size(vo_json_get(some, "trades")), (size_t)5);
    cr_expect_eq(member_number(some, "trades_left_out"), (double)(n - 5));
    cr_expect_eq(member_number(some, "trades_executed"), (double)n);
    vo_json_free(all);
    vo_json_free(some);
}

Test(simulate_book,
     the_share_of_red_intervals_is_that_of_the_timeline_and_need_is_the_more_frequent) {
    vo_json *r = engine_ask("nowhere", vo_engine_simulate,
                            "{\"homes\":6,\"days\":2,\"bounds\":\"off\",\"timeline\":true}");
    const vo_json *homes = vo_json_get(r, "households");
    double all = 0;
    for (size_t i = 0; i < 6; i++) {
        const vo_json *home = vo_json_at(homes, i), *line = vo_json_get(home, "timeline");
        size_t red = 0;
        for (size_t t = 0; t < vo_json_size(line); t++)
            red += vo_json_string(vo_json_get(vo_json_at(line, t), "need"))[0] == 'R';
        const double share = (double)red / (double)vo_json_size(line);
        cr_expect_float_eq(member_number(home, "red_share"), share, 1e-6);
        cr_expect_eq(vo_json_string(vo_json_get(home, "need"))[0] == 'R', share > 0.5);
        all += share;
    }
    cr_expect_gt(all, 0, "somebody needs energy");
    vo_json_free(r);
}
