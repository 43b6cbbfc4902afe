/* test_simulate_bill.c -- bills of homes, against sums by hand from the tariff's published charges. */
#include "engine/simulate_bill.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/zone.h"
#include "support/engine_ask.h"

static double at(const vo_json *object, const char *key) { return member_number(object, key); }

static vo_json *simulate(const char *request) {
    return engine_ask("nowhere", vo_engine_simulate, request);
}

/* By hand: a timeline's meter through the tariff's own bill; `exports` NULL: none. Territory X, where the
 * tariff has quantities for it. */
static double bill_by_hand(const vo_json *home, const char *imports, const char *exports) {
    vo_error err = {0};
    vo_simulate_case c;
    const vo_engine_options o = {.lake = "lake", .models = "models"};
    cr_assert_eq(vo_simulate_case_read(&o, "{\"homes\":1}", &c, &err), VO_OK);
    cr_assert_eq(vo_simulate_case_open(&c, &err), VO_OK, "%s", err.msg);
    static vo_tariff_bill bill;
    vo_tariff_customer customer = {.territory = "X"};
    vo_time start[48];
    double dt_h[48], in[48], out[48];
    const vo_json *line = vo_json_get(home, "timeline");
    for (size_t i = 0; i < 48; i++) {
        start[i] = c.homes->start[c.homes->first + i];
        dt_h[i] = 0.5;
        in[i] = at(vo_json_at(line, i), imports);
        out[i] = exports ? at(vo_json_at(line, i), exports) : 0;
    }
    const vo_tariff *t = vo_world_tariff(c.world);
    vo_status s = vo_tariff_bill_month(t, &customer, start, dt_h, in, out, 48, &bill, &err);
    customer.territory = NULL;
    if (s == VO_ENOTFOUND)
        s = vo_tariff_bill_month(t, &customer, start, dt_h, in, out, 48, &bill, &err);
    cr_assert_eq(s, VO_OK, "%s", err.msg);
    vo_simulate_case_close(&c);
    return bill.total;
}

Test(simulate_bill, a_bill_is_the_tariffs_for_the_meter_and_what_was_traded) {
    vo_json *r = simulate("{\"homes\":4,\"timeline\":true,\"bounds\":\"off\"}");
    const vo_json *homes = vo_json_get(r, "households");
    for (size_t i = 0; i < 4; i++) {
        const vo_json *h = vo_json_at(homes, i), *b = vo_json_get(h, "bill");
        const vo_json *account = vo_json_get(h, "account");
        const double trades = (at(account, "paid") - at(account, "received")) / 1e6;
        cr_expect_eq(at(b, "months"), 1);
        cr_expect_float_eq(at(b, "baseline_total"), bill_by_hand(h, "load_kwh", NULL), 1e-4);
        cr_expect_float_eq(at(b, "optimized_total"),
                           bill_by_hand(h, "import_kwh", "export_kwh") + trades, 1e-4);
        cr_expect_float_eq(at(b, "energy_charges"),
                           at(vo_json_get(h, "costs"), "optimized_total"), 1e-6);
        cr_expect_float_eq(at(b, "energy_charges") + at(b, "other_charges"),
                           at(b, "optimized_total"), 2e-6);
        cr_expect_float_eq(at(b, "baseline_total") - at(b, "optimized_total"), at(b, "savings"),
                           2e-6);
    }
    vo_json_free(r);
}

Test(simulate_bill, a_territory_that_the_tariff_lacks_is_refused_when_asked_for) {
    vo_engine_options o = vo_engine_options_default();
    vo_engine *e = NULL;
    char *answer = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_engine_open(&o, &e, NULL), VO_OK);
    cr_expect_eq(vo_engine_simulate(e, "{\"homes\":1,\"bounds\":\"off\",\"territory\":\"A9\"}",
                                    &answer, &err),
                 VO_ENOTFOUND);
    cr_expect(strstr(err.msg, "territory \"A9\""), "%s", err.msg);
    vo_engine_close(e);
}

Test(simulate_bill, days_of_two_months_make_two_bills) {
    vo_json *r =
        simulate("{\"homes\":1,\"days\":4,\"from\":\"2026-07-30\",\"bounds\":\"off\"}");
    const vo_json *b = vo_json_get(vo_json_at(vo_json_get(r, "households"), 0), "bill");
    cr_expect_eq(at(b, "months"), 2);
    vo_json_free(r);
}

Test(simulate_bill, where_a_scenario_changes_prices_there_is_no_bill_and_it_says_so) {
    vo_json *r = simulate("{\"homes\":1,\"bounds\":\"off\",\"scenario\":\"price_spike\"}");
    cr_expect_eq(
        vo_json_kind_of(vo_json_get(vo_json_at(vo_json_get(r, "households"), 0), "bill")),
        VO_JSON_NULL);
    cr_expect(strstr(member_text(r, "bills"), "scenario"), "%s", member_text(r, "bills"));
    vo_json_free(r);
}
