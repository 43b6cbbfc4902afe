/* From a request to a problem: days, lengths, site series, and what may not be read. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "engine/inputs.h"

#define BATTERY "\"battery_params\": {\"power_mw\": 2, \"capacity_mwh\": 4}"

typedef struct {
    vo_request r;
    vo_inputs in;
    vo_error err;
    vo_status status;
} loaded;

static loaded load_as(vo_request_kind kind, const char *rest) {
    loaded x = {0};
    char text[2048];
    snprintf(text, sizeof text, "{" BATTERY ", %s}", rest);
    const vo_engine_options o = vo_engine_options_default();
    cr_assert_eq(vo_request_read(text, kind, &x.r, &x.err), VO_OK, "%s: %s", rest, x.err.msg);
    x.status = vo_inputs_load(&o, &x.r, &x.in, &x.err);
    return x;
}

static loaded load(const char *rest) { return load_as(VO_REQUEST_OPTIMIZE, rest); }

static void drop(loaded *x) {
    vo_inputs_fini(&x->in);
    vo_request_fini(&x->r);
}

Test(inputs, a_local_day_of_a_clock_change_has_25_hours) {
    char rest[900] =
        "\"tz\": \"America/Mexico_City\", \"start\": \"2016-10-30\", \"prices\": [";
    for (int i = 0; i < 49; i++) strcat(rest, i ? ",1" : "1");
    strcat(rest, "]");
    loaded x = load(rest);
    cr_assert_eq(x.status, VO_OK, "%s", x.err.msg);
    cr_expect_eq(x.in.series->day[24], 0);
    cr_expect_eq(x.in.series->day[25], 1);
    char stamp[40], date[40];
    vo_inputs_stamp(&x.in, 0, stamp);
    cr_expect_str_eq(stamp, "2016-10-30T00:00:00-05:00");
    vo_inputs_stamp(&x.in, 24, stamp);
    cr_expect_str_eq(stamp, "2016-10-30T23:00:00-06:00");
    vo_inputs_date(&x.in, 25, date);
    cr_expect_str_eq(date, "2016-10-31");
    cr_expect_eq(vo_inputs_hour(&x.in, 1), 1);
    cr_expect_eq(vo_inputs_hour(&x.in, 2), 1, "the repeated hour");
    drop(&x);
}

Test(inputs, equal_steps_become_one_number_and_uneven_ones_an_array) {
    loaded x = load("\"prices\": [1, 2, 3], \"interval_minutes\": 30");
    cr_assert_eq(x.status, VO_OK, "%s", x.err.msg);
    cr_expect_eq(x.in.problem.interval_h, 0.5);
    cr_expect_null(x.in.problem.dt_h);
    drop(&x);
    x = load("\"repair\": \"uneven\", \"prices\": {\"timestamps\": [\"2024-01-01T00:00Z\", "
             "\"2024-01-01T01:00Z\", \"2024-01-01T04:00Z\"], \"prices\": [1, 2, 3]}");
    cr_assert_eq(x.status, VO_OK, "%s", x.err.msg);
    cr_assert_not_null(x.in.problem.dt_h);
    cr_expect_eq(x.in.problem.dt_h[0], 1);
    cr_expect_eq(x.in.problem.dt_h[1], 3);
    drop(&x);
}

Test(inputs, site_series_are_numbers_arrays_or_columns) {
    loaded x =
        load("\"export_price\": 40, \"load_mw\": [1, 2], \"pv_mw\": \"sun\","
             "\"prices\": {\"timestamps\": [\"2024-01-01T00:00Z\", \"2024-01-01T01:00Z\"],"
             "\"prices\": [1, 2], \"sun\": [0, 3], \"import_limit_mw\": [5, 6]}");
    cr_assert_eq(x.status, VO_OK, "%s", x.err.msg);
    cr_expect(x.in.problem.export_price[0] == 40 && x.in.problem.export_price[1] == 40);
    cr_expect_eq(x.in.problem.load_mw[1], 2);
    cr_expect_eq(x.in.problem.pv_mw[1], 3);
    cr_expect_eq(x.in.problem.import_limit_mw[1], 6, "a column inside the request by its name");
    cr_expect_null(x.in.problem.export_limit_mw);
    drop(&x);
}

Test(inputs, a_part_is_cut_out_by_local_days_the_last_included) {
    char rest[900] =
        "\"start\": \"2024-01-01\", \"from\": \"2024-01-02\", \"to\": \"2024-01-02\", "
        "\"prices\": [";
    for (int i = 0; i < 72; i++) strcat(rest, i ? ",1" : "1");
    strcat(rest, "]");
    loaded x = load(rest);
    cr_assert_eq(x.status, VO_OK, "%s", x.err.msg);
    cr_expect_eq(x.in.series->n, 24);
    char stamp[40];
    vo_inputs_stamp(&x.in, 0, stamp);
    cr_expect_str_eq(stamp, "2024-01-02T00:00:00Z");
    drop(&x);
}

Test(inputs, a_gap_outside_the_part_is_not_held_against_it) {
    loaded x =
        load("\"from\": \"2024-01-02\", \"prices\": {\"timestamps\": "
             "[\"2024-01-01T00:00Z\", \"2024-01-01T05:00Z\", \"2024-01-02T00:00Z\", "
             "\"2024-01-02T01:00Z\"], \"prices\": [1, 2, 3, 4], \"load_mw\": [5, 6, 7, 8]}");
    cr_assert_eq(x.status, VO_OK, "%s", x.err.msg);
    cr_expect_eq(x.in.series->n, 2);
    cr_expect_eq(x.in.problem.price[1], 4);
    cr_expect_eq(x.in.problem.load_mw[0], 7);
    drop(&x);
}

/* 72 hours from 1 January; the price of hour `bad` is left out (-1: none). */
static const char *three_days(const char *rest, int bad) {
    static char text[2048];
    snprintf(text, sizeof text, "%s, \"prices\": {\"timestamps\": [", rest);
    for (int i = 0, n = 0; i < 72; i++)
        if (i != bad)
            sprintf(text + strlen(text), "%s\"2024-01-%02dT%02d:00Z\"", n++ ? "," : "",
                    1 + i / 24, i % 24);
    strcat(text, "], \"prices\": [");
    for (int i = 0, n = 0; i < 72; i++)
        if (i != bad) sprintf(text + strlen(text), "%s%d", n++ ? "," : "", i % 7);
    strcat(text, "]}");
    return text;
}

static loaded load_days(vo_request_kind kind, const char *rest, int bad) {
    static char text[4096];
    loaded x = {0};
    snprintf(text, sizeof text, "{" BATTERY ", %s}", three_days(rest, bad));
    const vo_engine_options o = vo_engine_options_default();
    cr_assert_eq(vo_request_read(text, kind, &x.r, &x.err), VO_OK, "%s", x.err.msg);
    x.status = vo_inputs_load(&o, &x.r, &x.in, &x.err);
    cr_assert_eq(x.status, VO_OK, "%s", x.err.msg);
    return x;
}

Test(inputs, policies_get_the_prices_before_the_part_and_a_plan_does_not) {
    loaded x = load_days(VO_REQUEST_OPTIMIZE, "\"from\": \"2024-01-03\"", -1);
    cr_expect(x.in.series->n == 24 && x.in.first == 0 && x.in.part_asked);
    drop(&x);
    x = load_days(VO_REQUEST_COMPARE, "\"from\": \"2024-01-03\"", -1);
    cr_expect(x.in.series->n == 72 && x.in.first == 48 && x.in.series->day[48] == 2);
    drop(&x);
    x = load_days(VO_REQUEST_COMPARE, "\"to\": \"2024-01-02\"", -1);
    cr_expect(x.in.series->n == 48 && x.in.first == 0);
    drop(&x);
}

Test(inputs, history_goes_back_to_the_first_gap_and_a_gap_in_it_is_no_error) {
    loaded x = load_days(VO_REQUEST_COMPARE, "\"from\": \"2024-01-03\"", 30);
    cr_expect_eq(x.in.series->n, 72 - 31);
    cr_expect_eq(x.in.first, 48 - 31);
    drop(&x);
    x = load_days(VO_REQUEST_COMPARE, "\"from\": \"2024-01-03\"", 47);
    cr_expect(x.in.series->n == 24 && x.in.first == 0, "the hour just before is missing");
    drop(&x);
}

Test(inputs, a_part_that_begins_within_a_day_has_no_history) {
    loaded x = load_days(VO_REQUEST_COMPARE, "\"from\": \"2024-01-03T06:00Z\"", -1);
    cr_expect(x.in.series->n == 18 && x.in.first == 0);
    drop(&x);
}

Test(inputs, demand_periods_follow_local_months) {
    loaded x = load("\"start\": \"2024-01-31T22:00Z\", \"demand_charge_per_mw\": 5, "
                    "\"demand_period\": \"month\", \"prices\": [1, 2, 3]");
    cr_assert_eq(x.status, VO_OK, "%s", x.err.msg);
    cr_expect_eq(x.in.problem.demand_period[0], x.in.problem.demand_period[1]);
    cr_expect_eq(x.in.problem.demand_period[2], x.in.problem.demand_period[1] + 1);
    drop(&x);
}

Test(inputs, bad_inputs_are_refused_with_their_path) {
    static const struct {
        const char *rest, *says;
        vo_status status;
    } refused[] = {
        {"\"prices_file\": \"/etc/passwd\"", "local files are not read here", VO_EINVAL},
        {"\"prices\": [1, null, 3]", "no price", VO_EINVAL},
        {"\"prices\": [1, 1e30]", "1e+30", VO_EINVAL},
        {"\"prices\": [1], \"tz\": \"Mars/Olympus\"", "tz: time zone \"Mars/Olympus\"",
         VO_EINVAL},
        {"\"prices\": [1], \"export_price\": \"x\"", "export_price", VO_ENOTFOUND},
        {"\"prices\": [1], \"load_mw\": [1, 2]", "load_mw has 2 values for 1 prices",
         VO_EINVAL},
        {"\"prices\": [1], \"load_mw\": -1", "load_mw (given) = -1", VO_EINVAL},
        {"\"prices\": [1], \"load_mw\": [\"x\"]", "load_mw[0]", VO_EINVAL},
        {"\"prices\": [1], \"load_mw\": true", "load_mw is true or false", VO_EINVAL},
        {"\"prices\": [1], \"repair\": \"magic\"", "repair = \"magic\"", VO_EINVAL},
        {"\"prices\": [1], \"start\": \"tomorrow\"", "start", VO_EINVAL},
        {"\"prices\": [1], \"from\": \"2024-01-01\"", "no prices from 2024-01-01",
         VO_ENOTFOUND},
        {"\"prices\": [1], \"from\": \"1970-01-02\", \"to\": \"1970-01-01\"", "swap them",
         VO_EINVAL},
        {"\"prices\": [1], \"demand_period\": \"year\"", "demand_period", VO_EINVAL},
        {"\"market_params\": {\"zone\": \"X\"}, \"tz\": \"UTC\"", "have their own days",
         VO_EINVAL},
        {"\"market_params\": {\"start_date\": \"2024-01-01\"}", "market_params.zone is missing",
         VO_EINVAL},
        {"\"prices\": [{\"timestamp\": \"2024-01-01T01:00Z\", \"price\": 1}, {\"timestamp\": "
         "\"2024-01-01T00:00Z\", \"price\": 1}]",
         "unsorted", VO_EINVAL},
        {"\"prices\": [{\"timestamp\": \"2024-01-01T01:00Z\", \"price\": 1}, {\"timestamp\": "
         "\"2024-01-01T01:00Z\", \"price\": 1}]",
         "twice", VO_EINVAL},
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        loaded x = load(refused[i].rest);
        cr_expect_eq(x.status, refused[i].status, "%s: %s", refused[i].rest, x.err.msg);
        cr_expect(strstr(x.err.msg, refused[i].says), "%s: %s", refused[i].rest, x.err.msg);
        drop(&x);
    }
}
