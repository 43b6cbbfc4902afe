/* The answer to optimize: the documented fields, and money that adds up. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <volteo/engine.h>

#include "engine/response.h"

static vo_json *answer(const char *request) {
    const vo_engine_options o = vo_engine_options_default();
    vo_engine *e = NULL;
    vo_error err = {0};
    char *text = NULL;
    vo_json *root = NULL;
    cr_assert_eq(vo_engine_open(&o, &e, &err), VO_OK);
    cr_assert_eq(vo_engine_optimize(e, request, &text, &err), VO_OK, "%s: %s", request,
                 err.msg);
    cr_assert_eq(vo_json_parse(text, strlen(text), &root, &err), VO_OK, "%s", err.msg);
    vo_text_free(text);
    vo_engine_close(e);
    return root;
}

static double num(const vo_json *o, const char *key) {
    const vo_json *v = vo_json_get(o, key);
    cr_assert_not_null(v, "%s is missing", key);
    cr_assert_eq(vo_json_kind_of(v), VO_JSON_NUMBER, "%s is no number", key);
    return vo_json_number(v);
}

static const char *str(const vo_json *o, const char *key) {
    const vo_json *v = vo_json_get(o, key);
    cr_assert(v && vo_json_kind_of(v) == VO_JSON_STRING, "%s", key);
    return vo_json_string(v);
}

static const vo_json *hour(const vo_json *r, size_t d, size_t t) {
    return vo_json_at(vo_json_get(vo_json_at(vo_json_get(r, "daily_schedules"), d), "schedule"),
                      t);
}

#define B90                                                                                    \
    "\"battery_params\": {\"power_mw\": 2, \"capacity_mwh\": 4, \"charge_efficiency\": 0.9, "  \
    "\"discharge_efficiency\": 1, \"initial_soc\": 0, \"final_soc\": 0}"

Test(response, a_published_case_comes_out_with_its_dispatch) {
    vo_json *r = answer("{" B90 ", \"prices\": [10, -50, 200, -50, 200]}");
    static const double imports[] = {0.444444, 2, -2, 2, -2};
    cr_expect_float_eq(num(r, "profit"), 995.555556, 1e-6);
    cr_expect_str_eq(str(r, "verdict"), "optimal");
    cr_expect(vo_json_bool(vo_json_get(vo_json_get(r, "certificate"), "valid")));
    cr_expect_float_eq(num(vo_json_get(r, "certificate"), "profit"), 995.555556, 1e-6);
    for (size_t t = 0; t < 5; t++) {
        const vo_json *x = hour(r, 0, t);
        cr_expect_float_eq(num(x, "power"), fabs(imports[t]), 1e-6);
        cr_expect_str_eq(str(x, "action"), imports[t] > 0 ? "charge" : "discharge");
        cr_expect_eq(num(x, "hour"), (double)t);
        cr_expect_eq(num(x, "soc"), num(x, "soc_end"), "soc is at the end");
    }
    cr_expect_float_eq(num(hour(r, 0, 0), "soc_end"), 0.444444 * 0.9 / 4, 1e-6);
    cr_expect_eq(num(hour(r, 0, 0), "soc_start"), 0);
    vo_json_free(r);
}

Test(response, revenues_less_charges_plus_final_value_are_the_profit) {
    vo_json *r = answer(
        "{\"battery_params\": {\"power_mw\": 2, \"capacity_mwh\": 4, \"efficiency\": 0.8, "
        "\"wear_cost_per_mwh\": 3, \"final_soc\": {\"value_per_mwh\": 17}}, \"fee_per_mwh\": "
        "1.5, "
        "\"load_mw\": 1, \"pv_mw\": 0.25, \"demand_charge_per_mw\": 4, \"demand_period\": "
        "\"day\", \"export_price\": 12, "
        "\"interval_minutes\": 720, \"prices\": [10, 60, 8, 90, -20, 40]}");
    const vo_json *days = vo_json_get(r, "daily_schedules"), *sum = vo_json_get(r, "summary");
    double revenue = 0, in = 0, out = 0;
    cr_assert_eq(vo_json_size(days), 3);
    for (size_t d = 0; d < 3; d++) {
        revenue += num(vo_json_at(days, d), "revenue");
        in += num(vo_json_at(days, d), "energy_charged");
        out += num(vo_json_at(days, d), "energy_discharged");
    }
    cr_expect_float_eq(revenue - num(sum, "demand_charge") + num(sum, "final_value"),
                       num(r, "profit"), 1e-9);
    cr_expect_float_eq(revenue, num(sum, "total_revenue"), 1e-9);
    cr_expect_float_eq(in, num(sum, "energy_charged"), 1e-12);
    cr_expect_float_eq(out, num(sum, "energy_discharged"), 1e-12);
    cr_expect_gt(num(sum, "demand_charge"), 0);
    /* Without a battery: (1 - 0.25) MW bought for 12 h at price + fee. */
    cr_expect_float_eq(num(sum, "revenue_without_battery"),
                       -0.75 * 12 * (10 + 60 + 8 + 90 - 20 + 40 + 6 * 1.5), 1e-9);
    cr_expect_float_eq(num(sum, "savings"), revenue - num(sum, "revenue_without_battery"),
                       1e-9);
    vo_json_free(r);
}

Test(response, the_example_of_the_requirements_is_answered_in_its_own_words) {
    char prices[400] = "", request[800];
    for (int i = 0; i < 48; i++) strcat(prices, i ? (i % 24 < 6 ? ",20" : ",80") : "20");
    snprintf(
        request, sizeof request,
        "{\"battery_params\": {\"capacity_mw\": 10, \"duration_hours\": 4, \"efficiency\": "
        "0.85, \"min_soc\": 0.1, \"max_soc\": 1.0}, \"start\": \"2024-01-01\", \"prices\": "
        "[%s]}",
        prices);
    vo_json *r = answer(request);
    const vo_json *day = vo_json_at(vo_json_get(r, "daily_schedules"), 1);
    cr_expect_str_eq(str(day, "date"), "2024-01-02");
    cr_expect_eq(vo_json_size(vo_json_get(day, "schedule")), 24);
    /* 36 MWh usable: bought at 20 / sqrt(0.85), sold at 80 * sqrt(0.85), on both days. */
    cr_expect_float_eq(num(day, "revenue"), 36 * (80 * sqrt(0.85) - 20 / sqrt(0.85)), 1e-9);
    cr_expect_float_eq(num(day, "avg_charge_price"), 20, 1e-9);
    cr_expect_float_eq(num(day, "avg_discharge_price"), 80, 1e-9);
    const vo_json *sum = vo_json_get(r, "summary");
    cr_expect_float_eq(num(sum, "avg_daily_revenue"), num(sum, "total_revenue") / 2, 1e-9);
    str(vo_json_get(sum, "best_day"), "date");
    num(vo_json_get(sum, "worst_day"), "revenue");
    vo_json_free(r);
}

Test(response, reasons_are_given_when_asked_for_and_only_then) {
    vo_json *r = answer("{" B90 ", \"prices\": [20, 61, 61], \"explain\": true}");
    const char *reason = str(hour(r, 0, 0), "reason");
    cr_expect(strstr(reason, "charging at 20.00"), "%s", reason);
    cr_expect(strstr(reason, "pays up to 54.90"), "%s", reason);
    cr_expect(strstr(reason, "after it, one MWh more in store is worth 61.00"), "%s", reason);
    vo_json_free(r);
    r = answer("{" B90 ", \"prices\": [20, 61, 61]}");
    cr_expect_null(vo_json_get(hour(r, 0, 0), "reason"));
    vo_json_free(r);
}

Test(response, several_batteries_are_summed_and_listed) {
    vo_json *r =
        answer("{\"batteries\": [{\"power_mw\": 1, \"capacity_mwh\": 1, \"efficiency\": 1},"
               "{\"name\": \"big\", \"power_mw\": 3, \"capacity_mwh\": 3, \"efficiency\": 1}],"
               "\"prices\": [10, 50]}");
    cr_expect_float_eq(num(r, "profit"), 160, 1e-6);
    const vo_json *x = hour(r, 0, 0);
    cr_expect_float_eq(num(x, "power"), 4, 1e-6);
    cr_expect_float_eq(num(x, "soc"), 1, 1e-6);
    cr_expect_float_eq(num(vo_json_at(vo_json_get(x, "batteries"), 1), "power"), 3, 1e-6);
    cr_expect_str_eq(str(vo_json_at(vo_json_get(r, "batteries"), 1), "name"), "big");
    vo_json_free(r);
}

Test(response, contradicting_limits_are_answered_with_the_limit_that_broke) {
    vo_json *r =
        answer("{\"battery_params\": {\"power_mw\": 1, \"capacity_mwh\": 10, \"efficiency\": 1,"
               "\"initial_soc\": 0, \"final_soc\": 1}, \"prices\": [10, 20]}");
    cr_expect_str_eq(str(r, "verdict"), "least_violating");
    const vo_json *v = vo_json_at(vo_json_get(r, "violations"), 0);
    cr_assert_not_null(v);
    cr_expect_str_eq(str(v, "limit"), "final_soc");
    cr_expect_float_eq(num(v, "amount"), 8, 1e-6);
    vo_json_free(r);
}

Test(response, the_same_request_gives_the_same_bytes) {
    const vo_engine_options o = vo_engine_options_default();
    vo_engine *e = NULL;
    vo_error err = {0};
    char *a = NULL, *b = NULL;
    const char *request = "{" B90 ", \"prices\": [3, 1, 4, 1, 5, 9, 2, 6]}";
    cr_assert_eq(vo_engine_open(&o, &e, &err), VO_OK);
    cr_assert_eq(vo_engine_optimize(e, request, &a, &err), VO_OK);
    cr_assert_eq(vo_engine_optimize(e, request, &b, &err), VO_OK);
    cr_expect_str_eq(a, b);
    vo_text_free(a);
    vo_text_free(b);
    vo_engine_close(e);
}

Test(response, a_least_violating_plan_is_verified_though_not_valid) {
    vo_json *r = answer("{\"battery_params\": {\"power_mw\": 0.1, \"capacity_mwh\": 4, "
                        "\"initial_soc\": 0, \"final_soc\": 1}, \"prices\": [1, 2, 3]}");
    const vo_json *proof = vo_json_get(r, "certificate");
    cr_expect_str_eq(str(r, "verdict"), "least_violating");
    cr_expect_not(vo_json_bool(vo_json_get(proof, "valid")));
    cr_expect(vo_json_bool(vo_json_get(proof, "verified")), "energy and profit hold");
    vo_json_free(r);
    r = answer("{" B90 ", \"prices\": [10, -50, 200]}");
    cr_expect(vo_json_bool(vo_json_get(vo_json_get(r, "certificate"), "verified")));
    vo_json_free(r);
}

Test(response, what_rounding_leaves_of_a_power_is_idle) {
    vo_request r = {0};
    vo_inputs in = {0};
    vo_solution s = {0};
    vo_error err = {0};
    vo_json_out *w = NULL;
    vo_json *root = NULL;
    char *text = NULL;
    size_t len = 0;
    double end[2] = {0, 0};
    const vo_engine_options o = vo_engine_options_default();
    const vo_schedule_options so = vo_schedule_options_default();
    cr_assert_eq(
        vo_request_read("{" B90 ", \"prices\": [50, 50]}", VO_REQUEST_OPTIMIZE, &r, &err),
        VO_OK);
    cr_assert_eq(vo_inputs_load(&o, &r, &in, &err), VO_OK);
    cr_assert_eq(vo_solution_find(&in.problem, &so, false, &o, &s, &err), VO_OK);
    memcpy(s.end_mwh, end, sizeof end);
    s.plan->power_mw[0] = -1.9e-9; /* of 2 MW */
    s.plan->power_mw[1] = 2.1e-9;
    cr_assert_eq(vo_json_out_create(&w, &err), VO_OK);
    vo_response_optimize(&r, &in, &s, false, w);
    cr_assert_eq(vo_json_out_take(w, &text, &len, &err), VO_OK);
    cr_assert_eq(vo_json_parse(text, len, &root, &err), VO_OK);
    cr_expect_str_eq(str(hour(root, 0, 0), "action"), "idle");
    cr_expect_eq(num(hour(root, 0, 0), "power"), 0);
    cr_expect_str_eq(str(hour(root, 0, 1), "action"), "discharge", "a little more is one");
    cr_expect_eq(num(vo_json_get(root, "summary"), "energy_charged"), 0);
    vo_json_free(root);
    free(text);
    vo_json_out_free(w);
    vo_solution_fini(&s);
    vo_inputs_fini(&in);
    vo_request_fini(&r);
}
