/* test_simulate.c -- each test states one promise of simulate.h. */
#include "engine/simulate.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/file.h"
#include "support/engine_ask.h"

#define TARIFF VOLTEO_SOURCE_DIR "/config/tariffs/pge_e_tou_c_2026-03-01.yaml"

static vo_json *simulate(const char *rest) {
    char text[800];
    snprintf(text, sizeof text, "{\"tariff\": \"" TARIFF "\", %s}", rest);
    return engine_ask("nowhere", vo_engine_simulate, text);
}

static double energy(const vo_json *home, const char *key) {
    return member_number(vo_json_get(home, "energy_kwh"), key);
}

static double cost(const vo_json *home, const char *key) {
    return member_number(vo_json_get(home, "costs"), key);
}

Test(simulate, energy_is_conserved_in_every_home_and_the_plans_are_proved) {
    vo_json *r = simulate("\"homes\": 3, \"days\": 2, \"seed\": 5, \"efficiency\": 1");
    const vo_json *homes = vo_json_get(r, "households");
    cr_assert_eq(vo_json_size(homes), 3);
    for (size_t i = 0; i < 3; i++) {
        const vo_json *h = vo_json_at(homes, i);
        cr_expect_eq(member_number(h, "id"), (double)i + 1);
        cr_expect(vo_json_bool(vo_json_get(h, "certified")));
        cr_expect(vo_json_bool(vo_json_get(h, "proved_optimal")));
        cr_expect_float_eq(energy(h, "imported") + energy(h, "pv") + energy(h, "discharged"),
                           energy(h, "load") + energy(h, "exported") + energy(h, "charged"),
                           1e-6);
        cr_expect_gt(energy(h, "pv"), 0, "it is July");
    }
    vo_json_free(r);
}

Test(simulate, panels_save_and_a_battery_saves_more) {
    vo_json *r = simulate("\"homes\": 4, \"days\": 3");
    const vo_json *homes = vo_json_get(r, "households");
    const vo_json *all = vo_json_get(r, "aggregate_metrics");
    double baseline = 0, optimized = 0, percent = 0;
    for (size_t i = 0; i < 4; i++) {
        const vo_json *h = vo_json_at(homes, i);
        cr_expect_lt(cost(h, "pv_only_total"), cost(h, "baseline_pge_total"));
        cr_expect_leq(cost(h, "optimized_total"), cost(h, "pv_only_total") + 1e-9);
        cr_expect_float_eq(cost(h, "savings"),
                           cost(h, "baseline_pge_total") - cost(h, "optimized_total"), 1e-9);
        cr_expect_float_eq(cost(h, "savings_percent"),
                           100 * cost(h, "savings") / cost(h, "baseline_pge_total"), 1e-9);
        baseline += cost(h, "baseline_pge_total");
        optimized += cost(h, "optimized_total");
        percent += cost(h, "savings_percent") / 4;
    }
    cr_expect_float_eq(member_number(all, "baseline_pge_total"), baseline, 1e-9);
    cr_expect_float_eq(member_number(all, "optimized_total"), optimized, 1e-9);
    cr_expect_float_eq(member_number(all, "avg_household_savings_percent"), percent, 1e-9);
    cr_expect_eq(member_number(all, "total_energy_traded_kwh"), 0);
    cr_expect_not(vo_json_bool(vo_json_get(r, "trading")), "homes are alone");
    vo_json_free(r);
}

Test(simulate, every_bill_is_the_sum_of_its_timeline_at_the_tariffs_prices) {
    vo_json *r = simulate("\"homes\": 1, \"days\": 2, \"timeline\": true");
    const vo_json *h = vo_json_at(vo_json_get(r, "households"), 0);
    const vo_json *line = vo_json_get(h, "timeline");
    double paid = 0, bought = 0;
    cr_assert_eq(vo_json_size(line), 96);
    for (size_t t = 0; t < 96; t++) {
        const vo_json *x = vo_json_at(line, t);
        /* in summer 0.52240 from 16:00 to 21:00, else 0.39940; exports are not paid */
        const int hour = atoi(member_text(x, "timestamp") + 11);
        const double price = hour >= 16 && hour < 21 ? 0.52240 : 0.39940;
        cr_expect_float_eq(member_number(x, "price"), price, 1e-12);
        paid += 0.5 * price * member_number(x, "import_kw");
        bought += 0.5 * price * member_number(x, "load_kw");
    }
    cr_expect_float_eq(cost(h, "optimized_total"), paid, 1e-9);
    cr_expect_float_eq(cost(h, "baseline_pge_total"), bought, 1e-9);
    vo_json_free(r);
}

Test(simulate, the_same_seed_gives_the_same_answer_and_another_one_another) {
    vo_json *a = simulate("\"homes\": 2, \"seed\": 3"),
            *b = simulate("\"homes\": 2, \"seed\": 3");
    vo_json *c = simulate("\"homes\": 2, \"seed\": 4");
    const char *key = "optimized_total";
    const double x = member_number(vo_json_get(a, "aggregate_metrics"), key);
    cr_expect_eq(x, member_number(vo_json_get(b, "aggregate_metrics"), key));
    cr_expect_neq(x, member_number(vo_json_get(c, "aggregate_metrics"), key));
    vo_json_free(a);
    vo_json_free(b);
    vo_json_free(c);
}

static int32_t stop_at_two(void *ctx, const char *phase, double fraction) {
    (void)fraction;
    ++*(int *)ctx;
    return strncmp(phase, "home 2", 6) == 0;
}

Test(simulate, it_tells_of_every_home_and_stops_when_told_to) {
    int told = 0;
    vo_engine_options o = vo_engine_options_default();
    vo_engine *e = NULL;
    char *answer = NULL;
    vo_error err = {0};
    o.allow_files = 1;
    o.progress = stop_at_two;
    o.progress_ctx = &told;
    cr_assert_eq(vo_engine_open(&o, &e, NULL), VO_OK);
    cr_expect_eq(
        vo_engine_simulate(e, "{\"homes\": 5, \"tariff\": \"" TARIFF "\"}", &answer, &err),
        VO_ECANCELED);
    cr_expect_eq(told, 2);
    vo_engine_close(e);
}

Test(simulate, what_it_cannot_do_is_refused_in_words) {
    static const struct {
        const char *text, *says;
    } refused[] = {
        {"{\"homes\": 0}", "homes"},
        {"{\"days\": 400}", "days"},
        {"{\"tariff\": \"/etc/passwd\"}", "not read here"},
        {"{\"tariff\": \"..\"}", "not read here"},
        {"{\"tariff\": \"no_such\"}", "there are flat_peak_off_peak, pge_e_tou_c_2025-01-01"},
        {"{\"trade\": true}", "trade"}};
    vo_engine_options o = vo_engine_options_default();
    vo_engine *e = NULL;
    cr_assert_eq(vo_engine_open(&o, &e, NULL), VO_OK);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        char *answer = NULL;
        vo_error err = {0};
        cr_expect_neq(vo_engine_simulate(e, refused[i].text, &answer, &err), VO_OK);
        cr_expect(strstr(err.msg, refused[i].says), "%s: %s", refused[i].text, err.msg);
    }
    vo_engine_close(e);
}

Test(simulate, every_field_stands_in_the_documentation) {
    char *doc = NULL;
    size_t len = 0, n = 0;
    const vo_field *f = vo_simulate_request_fields(&n);
    cr_assert_eq(vo_file_read(VOLTEO_SOURCE_DIR "/docs/api.md", 1u << 20, &doc, &len, NULL),
                 VO_OK);
    for (size_t i = 0; i < n; i++) {
        char quoted[80];
        snprintf(quoted, sizeof quoted, "`%s`", f[i].name);
        cr_expect(strstr(doc, quoted), "docs/api.md says nothing of %s", f[i].name);
    }
    free(doc);
}
