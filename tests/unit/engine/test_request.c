/* Requests: batteries from any two of power, energy and duration; refusals; documentation. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/data_fetch.h"
#include "engine/data_requests.h"
#include "engine/data_synth.h"
#include "engine/lake_requests.h"
#include "engine/request.h"
#include "port/file.h"

static vo_status read_battery(const char *fields, vo_battery *b, vo_error *err) {
    char text[512];
    snprintf(text, sizeof text, "{\"battery_params\": {%s}, \"prices\": [1, 2]}", fields);
    vo_request r = {0};
    const vo_status s = vo_request_read(text, VO_REQUEST_OPTIMIZE, &r, err);
    if (s == VO_OK) *b = r.battery[0];
    vo_request_fini(&r);
    return s;
}

static vo_battery battery(const char *fields) {
    vo_battery b = {0};
    vo_error err = {0};
    cr_assert_eq(read_battery(fields, &b, &err), VO_OK, "%s: %s", fields, err.msg);
    return b;
}

Test(request, any_two_of_power_energy_and_duration_make_a_battery) {
    static const char *const ways[] = {
        "\"power_mw\": 10, \"capacity_mwh\": 40",
        "\"capacity_mw\": 10, \"duration_hours\": 4",
        "\"power_mw\": 10, \"duration_hours\": 4",
        "\"capacity_mwh\": 40, \"duration_hours\": 4",
        "\"charge_mw\": 10, \"discharge_mw\": 10, \"capacity_mwh\": 40",
        "\"power_mw\": 10, \"capacity_mwh\": 40, \"duration_hours\": 4"};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        const vo_battery b = battery(ways[i]);
        cr_expect_eq(b.charge_mw, 10, "%s", ways[i]);
        cr_expect_eq(b.discharge_mw, 10, "%s", ways[i]);
        cr_expect_eq(b.capacity_mwh, 40, "%s", ways[i]);
    }
}

#define SIZE "\"power_mw\": 2, \"capacity_mwh\": 4, "

Test(request, efficiency_is_split_evenly_and_each_way_overrides_it) {
    const vo_battery even = battery(SIZE "\"efficiency\": 0.81");
    cr_expect_float_eq(even.charge_efficiency, 0.9, 1e-15);
    cr_expect_float_eq(even.discharge_efficiency, 0.9, 1e-15);
    const vo_battery one = battery(SIZE "\"efficiency\": 0.81, \"discharge_efficiency\": 1");
    cr_expect_float_eq(one.charge_efficiency, 0.9, 1e-15);
    cr_expect_eq(one.discharge_efficiency, 1);
}

Test(request, soc_starts_at_its_minimum_unless_told) {
    cr_expect_eq(battery(SIZE "\"min_soc\": 0.1").initial_soc, 0.1);
    cr_expect_eq(battery(SIZE "\"min_soc\": 0.1, \"initial_soc\": 0.5").initial_soc, 0.5);
}

Test(request, final_soc_has_five_forms) {
    cr_expect_eq(battery(SIZE "\"min_soc\": 0").final_kind, VO_FINAL_AT_LEAST_INITIAL);
    cr_expect_eq(battery(SIZE "\"final_soc\": \"initial\"").final_kind,
                 VO_FINAL_AT_LEAST_INITIAL);
    cr_expect_eq(battery(SIZE "\"final_soc\": \"free\"").final_kind, VO_FINAL_FREE);
    const vo_battery exact = battery(SIZE "\"final_soc\": 0.25");
    cr_expect(exact.final_kind == VO_FINAL_EXACT && exact.final_soc == 0.25);
    const vo_battery least = battery(SIZE "\"final_soc\": {\"at_least\": 0.2}");
    cr_expect(least.final_kind == VO_FINAL_AT_LEAST && least.final_soc == 0.2);
    const vo_battery value = battery(SIZE "\"final_soc\": {\"value_per_mwh\": 50}");
    cr_expect(value.final_kind == VO_FINAL_VALUE && value.final_value_per_mwh == 50);
}

Test(request, bad_batteries_are_refused_in_words) {
    static const struct {
        const char *fields, *says;
    } refused[] = {
        {"\"power_mw\": 2", "its energy is missing"},
        {"\"capacity_mwh\": 2", "its power is missing"},
        {"\"charge_mw\": 2, \"capacity_mwh\": 4", "its power is missing"},
        {"\"power_mw\": 2, \"capacity_mwh\": 4, \"duration_hours\": 3", "contradicts"},
        {"\"power_mw\": 2, \"capacity_mw\": 3, \"capacity_mwh\": 4", "contradicts"},
        {"\"power_mw\": 0, \"duration_hours\": 3", "must be above 0"},
        {SIZE "\"efficiency\": 85", "write 0.85"},
        {SIZE "\"initial_soc\": 1.2", "battery_params.initial_soc = 1.2"},
        {SIZE "\"min_soc\": 0.9, \"max_soc\": 0.5", "min_soc = 0.9 is above max_soc = 0.5"},
        {SIZE "\"final_soc\": \"full\"", "battery_params.final_soc is none of"},
        {SIZE "\"final_soc\": {\"at_least\": 7}", "final_soc.at_least = 7"},
        {SIZE "\"final_soc\": {}", "final_soc is none of"},
        {SIZE "\"final_soc\": {\"at_least\": null}", "final_soc is none of"},
        {SIZE "\"max_cycles_per_day\": -1", "max_cycles_per_day = -1"},
        {"\"power_mw\": 2, \"capacity_mwh\": 0", "capacity_mwh = 0"},
        {SIZE "\"capcity\": 1", "no such field"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        vo_battery b;
        vo_error err = {0};
        cr_expect_eq(read_battery(refused[i].fields, &b, &err), VO_EINVAL, "%s",
                     refused[i].fields);
        cr_expect(strstr(err.msg, refused[i].says), "%s: %s", refused[i].fields, err.msg);
    }
}

Test(request, bad_requests_are_refused_in_words) {
    static const struct {
        const char *text, *says;
    } refused[] = {
        {"", "JSON"},
        {"{\"battery_params\": {}, \"prices\": [1, NaN]}", "JSON"},
        {"{\"battery_params\": {}, \"prices\": [1e999]}", "JSON"},
        {"{\"prices\": [1]}", "battery_params is missing"},
        {"{\"battery_params\": {" SIZE "\"min_soc\": 0}}", "no prices"},
        {"{\"battery_params\": {" SIZE
         "\"min_soc\": 0}, \"prices\": [1], \"prices_file\": \"x\"}",
         "give one of them, not 2"},
        {"{\"battery_params\": {}, \"batteries\": []}", "give one of them"},
        {"{\"batteries\": [], \"prices\": [1]}", "batteries has 0 elements"},
        {"{\"batteries\": {}, \"prices\": [1]}", "must be an array"},
        {"{\"batteries\": [{" SIZE "\"soc\": 0}], \"prices\": [1]}", "batteries[0].soc"},
        {"{\"battery_params\": {" SIZE "\"min_soc\": 0}, \"market_params\": {\"zon\": \"X\"}}",
         "market_params.zon: no such field; did you mean zone?"},
        {"{\"battery_params\": {}, \"pricse\": [1]}", "did you mean prices?"},
        {"{\"battery_params\": {}, \"policies\": []}", "policies: no such field"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        vo_request r = {0};
        vo_error err = {0};
        cr_expect_eq(vo_request_read(refused[i].text, VO_REQUEST_OPTIMIZE, &r, &err), VO_EINVAL,
                     "%s", refused[i].text);
        cr_expect(strstr(err.msg, refused[i].says), "%s: %s", refused[i].text, err.msg);
    }
}

static void expect_documented(const char *doc, const vo_field *f, size_t n) {
    for (size_t i = 0; i < n; i++) {
        char quoted[80];
        snprintf(quoted, sizeof quoted, "`%s`", f[i].name);
        cr_expect(strstr(doc, quoted), "docs/api.md says nothing of %s", f[i].name);
    }
}

Test(request, every_field_stands_in_the_documentation) {
    char *doc = NULL;
    size_t len = 0, n = 0;
    vo_error err = {0};
    cr_assert_eq(vo_file_read(VOLTEO_SOURCE_DIR "/docs/api.md", 1u << 20, &doc, &len, &err),
                 VO_OK, "%s", err.msg);
    const vo_field *f = NULL;
    for (int k = 0; k < VO_REQUEST_KINDS; k++) {
        f = vo_request_fields((vo_request_kind)k, &n);
        expect_documented(doc, f, n);
    }
    f = vo_request_battery_fields(&n);
    expect_documented(doc, f, n);
    f = vo_request_market_fields(&n);
    expect_documented(doc, f, n);
    f = vo_data_import_fields(&n);
    expect_documented(doc, f, n);
    f = vo_data_synth_fields(&n);
    expect_documented(doc, f, n);
    f = vo_data_fetch_fields(&n);
    expect_documented(doc, f, n);
    f = vo_lake_request_fields(&n);
    expect_documented(doc, f, n);
    free(doc);
}
