/* test_simulate_bill.c -- bills of homes, against sums by hand from the tariff's published charges. */
#include "engine/simulate_bill.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/file.h"
#include "support/data_folder.h"
#include "support/engine_ask.h"

static double at(const vo_json *object, const char *key) { return member_number(object, key); }

static vo_json *simulate(const char *request) {
    return engine_ask("nowhere", vo_engine_simulate, request);
}

/* What E-TOU-C asks for since 2026-03-01, as the tariff book prints it: in summer 0.52240 from 16:00 to
 * 21:00 and 0.39940 else; 0.08140 less below the baseline quantity, `quantity` kWh a day; 0.79343
 * a day for the service. Exports earn the means of 2026: 0.40948 and 0.09148. July's timeline, by hand. */
static double bill_by_hand(const vo_json *home, int days, double quantity, const char *imports,
                           const char *exports) {
    const vo_json *line = vo_json_get(home, "timeline");
    double peak = 0, off = 0, earned = 0;
    cr_assert_eq(vo_json_size(line), (size_t)days * 48);
    for (size_t i = 0; i < (size_t)days * 48; i++) {
        const vo_json *now = vo_json_at(line, i);
        const bool is_peak = i % 48 >= 32 && i % 48 < 42;
        *(is_peak ? &peak : &off) += at(now, imports);
        if (exports) earned += (is_peak ? 0.40948 : 0.09148) * at(now, exports);
    }
    const double most = quantity * days, kwh = peak + off;
    const double credit = 0.08140 * (kwh < most ? kwh : most);
    return 0.52240 * peak + 0.39940 * off - credit + 0.79343 * days - earned;
}

static void check_bill(const vo_json *home, int days, double quantity) {
    const vo_json *b = vo_json_get(home, "bill"), *account = vo_json_get(home, "account");
    const double trades = (at(account, "paid") - at(account, "received")) / 1e6;
    cr_expect_eq(at(b, "months"), 1);
    cr_expect_float_eq(at(b, "baseline_total"),
                       bill_by_hand(home, days, quantity, "load_kwh", NULL), 1e-4 * days);
    cr_expect_float_eq(at(b, "optimized_total"),
                       bill_by_hand(home, days, quantity, "import_kwh", "export_kwh") + trades,
                       1e-4 * days);
    cr_expect_float_eq(at(b, "energy_charges"),
                       at(vo_json_get(home, "costs"), "optimized_total"), 1e-6);
    cr_expect_float_eq(at(b, "energy_charges") + at(b, "other_charges"),
                       at(b, "optimized_total"), 2e-6);
    cr_expect_float_eq(at(b, "baseline_total") - at(b, "optimized_total"), at(b, "savings"),
                       2e-6);
}

Test(simulate_bill, a_bill_is_the_tariffs_for_the_meter_and_what_was_traded) {
    vo_json *r = simulate("{\"homes\":4,\"timeline\":true,\"bounds\":\"off\"}");
    cr_expect_str_eq(member_text(r, "bills"), "per home, by local months");
    for (size_t i = 0; i < 4; i++)
        check_bill(vo_json_at(vo_json_get(r, "households"), i), 1, 9.8);
    vo_json_free(r);
}

/* In territory W (19.2 kWh a day in summer; X, where nobody says: 9.8) homes draw less than their quantity
 * in the month, and more; some export. */
Test(simulate_bill, a_whole_month_has_one_bill_with_31_days_of_baseline) {
    vo_json *r = simulate(
        "{\"homes\":10,\"days\":31,\"timeline\":true,\"bounds\":\"off\",\"territory\":\"W\"}");
    int below = 0;
    double exported = 0;
    for (size_t i = 0; i < 10; i++) {
        const vo_json *h = vo_json_at(vo_json_get(r, "households"), i);
        const vo_json *line = vo_json_get(h, "timeline");
        double kwh = 0;
        for (size_t t = 0; t < vo_json_size(line); t++) {
            kwh += at(vo_json_at(line, t), "import_kwh");
            exported += at(vo_json_at(line, t), "export_kwh");
        }
        below += kwh < 19.2 * 31;
        check_bill(h, 31, 19.2);
    }
    cr_expect(below > 0 && below < 10, "%d of 10", below);
    cr_expect_gt(exported, 1);
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
    cr_expect(strstr(err.msg, "territory \"A9\"") && strstr(err.msg, "P, Q, R, S"), "%s",
              err.msg);
    vo_engine_close(e);
}

Test(simulate_bill, days_of_two_months_make_two_bills) {
    vo_json *r =
        simulate("{\"homes\":1,\"days\":4,\"from\":\"2026-07-30\",\"bounds\":\"off\"}");
    const vo_json *b = vo_json_get(vo_json_at(vo_json_get(r, "households"), 0), "bill");
    cr_expect_eq(at(b, "months"), 2);
    vo_json_free(r);
}

static void no_bill_in(const char *scenario) {
    char request[300];
    snprintf(request, sizeof request, "{\"homes\":1,\"bounds\":\"off\",\"scenario\":\"%s\"}",
             scenario);
    vo_json *r = simulate(request);
    const vo_json *home = vo_json_at(vo_json_get(r, "households"), 0);
    cr_expect_eq(vo_json_kind_of(vo_json_get(home, "bill")), VO_JSON_NULL, "%s", scenario);
    cr_expect(strstr(member_text(r, "bills"), "scenario"), "%s", member_text(r, "bills"));
    vo_json_free(r);
}

Test(simulate_bill, where_a_scenario_changes_prices_there_is_no_bill_and_it_says_so) {
    static const char half[] = "kind: scenario\nnote: exports earn half\nwindows:\n"
                               "  - {from_hour: 10, hours: 3, daily: true, sell: 0.5}\n";
    char folder[DATA_PATH], path[DATA_PATH + 16];
    vo_error err = {0};
    cr_assert(temporary_folder(folder));
    snprintf(path, sizeof path, "%s/half.yaml", folder);
    cr_assert_eq(vo_file_write(path, half, sizeof half - 1, &err), VO_OK, "%s", err.msg);
    no_bill_in("price_spike");
    no_bill_in(path);
    temporary_folder_remove(folder);
}
