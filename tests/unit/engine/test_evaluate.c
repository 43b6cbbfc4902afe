/* test_evaluate.c -- each test states one promise of evaluate.h. */
#include "engine/evaluate.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/report_html.h"
#include "learn/diebold_mariano.h"
#include "port/file.h"
#include "support/engine_ask.h"
#include "support/learn_ask.h"

static const vo_json *named(const vo_json *list, const char *key, const char *name) {
    for (size_t i = 0; i < vo_json_size(list); i++)
        if (strcmp(member_text(vo_json_at(list, i), key), name) == 0)
            return vo_json_at(list, i);
    cr_assert(false, "%s is not there", name);
    return NULL;
}

static double metric(const vo_json *answer, const char *forecast, const char *name) {
    const vo_json *f = named(vo_json_get(answer, "forecasts"), "name", forecast);
    return member_number(vo_json_get(f, "metrics"), name);
}

/* Yesterday's price is off by the change of the level times the day's shape, so its error can be
 * worked out from the prices by hand. */
static double error_of_yesterday(int days, int judged) {
    char *text = malloc(20000);
    double price[LEARN_DAYS * 24], sum = 0;
    learn_prices(text, 20000, days);
    char *p = text + 1;
    for (int i = 0; i < days * 24; i++) price[i] = strtod(p, &p), p++;
    for (int i = (days - judged) * 24; i < days * 24; i++)
        sum += fabs(price[i] - price[i - 24]);
    free(text);
    return sum / (judged * 24);
}

Test(evaluate, errors_are_those_of_the_days_judged) {
    vo_json *a = learn_must(vo_engine_evaluate, "models", 50,
                            "\"method\": \"naive_day\", \"test_days\": 20");
    cr_expect_float_eq(metric(a, "naive_day", "mae"), error_of_yesterday(50, 20), 1e-9);
    cr_expect_eq(metric(a, "naive_week", "rmae_week"), 1);
    cr_expect_eq(metric(a, "epf_naive", "rmae_epf"), 1);
    cr_expect_float_eq(metric(a, "naive_day", "rmae_week"),
                       metric(a, "naive_day", "mae") / metric(a, "naive_week", "mae"), 1e-12);
    const vo_json *test = vo_json_get(a, "test");
    cr_expect_eq(member_number(test, "days"), 20);
    cr_expect_eq(member_number(test, "history_days"), 30);
    cr_expect_str_eq(member_text(test, "first_day"), "2024-01-31");
    vo_json_free(a);
}

/* Groups are the whole, cut up: their errors add up to it. */
Test(evaluate, months_years_and_hours_add_up_to_the_whole) {
    static const char *const grouping[] = {"by_year", "by_month", "by_hour"};
    static const size_t groups[] = {1, 2, 24};
    vo_json *a = learn_must(vo_engine_evaluate, "models", 50,
                            "\"method\": \"naive_day\", \"test_days\": 20");
    const vo_json *f = named(vo_json_get(a, "forecasts"), "name", "naive_day");
    for (size_t g = 0; g < 3; g++) {
        const vo_json *list = vo_json_get(f, grouping[g]);
        double n = 0, sum = 0;
        cr_expect_eq(vo_json_size(list), groups[g], "%s", grouping[g]);
        for (size_t i = 0; i < vo_json_size(list); i++) {
            const vo_json *x = vo_json_at(list, i);
            n += member_number(x, "n");
            sum += member_number(x, "n") * member_number(x, "mae");
        }
        cr_expect_eq(n, 480);
        cr_expect_float_eq(sum / n, metric(a, "naive_day", "mae"), 1e-9, "%s", grouping[g]);
    }
    vo_json_free(a);
}

/* A naive forecaster that is asked for is judged once, as ours. */
Test(evaluate, a_benchmark_may_be_what_is_evaluated) {
    vo_json *a = learn_must(vo_engine_evaluate, "models", 45,
                            "\"method\": \"naive_week, naive_day\", \"test_days\": 10");
    const vo_json *list = vo_json_get(a, "forecasts");
    cr_assert_eq(vo_json_size(list), 3);
    cr_expect_str_eq(member_text(named(list, "name", "naive_week"), "kind"), "ours");
    cr_expect_str_eq(member_text(named(list, "name", "epf_naive"), "kind"), "benchmark");
    cr_expect_eq(metric(a, "naive_week", "rmae_week"), 1);
    vo_json_free(a);
}

/* A file that holds the price of the next day, or the price plus one: judged as what it is. */
Test(evaluate, published_forecasts_stand_beside_ours_on_the_same_days) {
    const char *path = "test_evaluate.csv";
    char *text = malloc(200000), *prices = malloc(20000);
    learn_prices(prices, 20000, 50);
    char *p = prices + 1, *out = text + sprintf(text, "timestamp,Nearly,Offset,Naive_Day\n");
    for (int i = 0; i < 50 * 24; i++, p++) {
        const double x = strtod(p, &p);
        const int day = i / 24 + 1, month = day > 31 ? 2 : 1;
        out += sprintf(out, "2024-%02d-%02d %02d:00,%.4f,%.4f,%.4f\n", month,
                       month == 2 ? day - 31 : day, i % 24, x + 0.001, x + 1, x + 2);
    }
    vo_error err = {0};
    cr_assert_eq(vo_file_write(path, text, strlen(text), &err), VO_OK, "%s", err.msg);
    char *request = malloc(40000), *response = NULL;
    snprintf(request, 40000,
             "{\"prices\": %s, \"start\": \"2024-01-01\", \"method\": \"naive_day\", "
             "\"test_days\": 20, \"published\": \"%s\", \"curves\": true}",
             prices, path);
    vo_engine_options o = vo_engine_options_default();
    o.allow_files = 1;
    vo_engine *e = NULL;
    vo_json *a = NULL;
    cr_assert_eq(vo_engine_open(&o, &e, &err), VO_OK);
    cr_assert_eq(vo_engine_evaluate(e, request, &response, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_json_parse(response, strlen(response), &a, &err), VO_OK);
    cr_expect_float_eq(metric(a, "Offset", "mae"), 1, 1e-9);
    cr_expect_float_eq(metric(a, "Offset", "bias"), 1, 1e-9);
    cr_expect_float_eq(metric(a, "Nearly", "mae"), 0.001, 1e-9);
    /* one that is called as ours stands beside it */
    cr_expect_float_eq(metric(a, "Naive_Day (published 2)", "mae"), 2, 1e-9);
    /* a forecast that is right up to a constant plans as well as foresight */
    const vo_json *capture = vo_json_at(vo_json_get(a, "capture"), 0);
    const vo_json *list = vo_json_get(capture, "policies");
    cr_expect_float_eq(member_number(named(list, "forecast", "Nearly"), "capture"), 1, 1e-9);
    cr_expect_float_eq(member_number(named(list, "forecast", "Offset"), "capture"), 1, 1e-9);
    cr_expect_leq(member_number(named(list, "forecast", "naive_day"), "capture"), 1 + 1e-9);
    /* ours against Nearly: two losses, and Nearly ahead beyond chance */
    const vo_json *tests = vo_json_get(a, "tests");
    size_t with_nearly = 0;
    for (size_t i = 0; i < vo_json_size(tests); i++) {
        const vo_json *t = vo_json_at(tests, i);
        if (strcmp(member_text(t, "second"), "Nearly") != 0) continue;
        cr_expect_lt(member_number(t, "p_second_better"), 0.01);
        /* twenty days are few: Student's t, not the normal distribution */
        const double student =
            vo_student_above(member_number(t, "statistic"), member_number(t, "days") - 1);
        cr_expect_float_eq(member_number(t, "p_second_better") / student, 1, 1e-6);
        with_nearly++;
    }
    cr_expect_eq(with_nearly, 2);
    /* the answer makes a page */
    char *html = NULL;
    cr_expect_eq(vo_engine_report(e, response, &html, &err), VO_OK, "%s", err.msg);
    cr_expect(html && strstr(html, "VOLTEO FORECASTS"));
    vo_text_free(html);
    vo_text_free(response);
    vo_json_free(a);
    vo_engine_close(e);
    free(request);
    free(prices);
    free(text);
    remove(path);
}

/* Of one forecast, an interval that is to hold more often is wider and holds no less often. */
Test(evaluate, intervals_of_higher_level_are_wider_and_hold_more) {
    static const double level[] = {0.5, 0.8, 0.9, 0.95};
    double width = 0, coverage = 0;
    for (size_t i = 0; i < sizeof level / sizeof level[0]; i++) {
        char rest[120];
        snprintf(rest, sizeof rest,
                 "\"method\": \"naive_day\", \"test_days\": 10, \"level\": %g", level[i]);
        vo_json *a = learn_must(vo_engine_evaluate, "models", 45, rest);
        cr_expect_float_eq(member_number(vo_json_get(a, "test"), "level"), level[i], 1e-12);
        cr_expect_gt(metric(a, "naive_day", "width"), width, "%g", level[i]);
        cr_expect_geq(metric(a, "naive_day", "coverage"), coverage, "%g", level[i]);
        width = metric(a, "naive_day", "width");
        coverage = metric(a, "naive_day", "coverage");
        vo_json_free(a);
    }
    cr_expect_gt(coverage, 0.5);
}

Test(evaluate, what_cannot_be_is_refused_with_field_and_remedy) {
    static const struct {
        const char *rest, *says;
    } refused[] = {
        {"\"method\": \"oracle\", \"test_days\": 5", "epf_naive"},
        {"\"method\": \"naive_day,\", \"test_days\": 5", "method"},
        {"\"method\": \"naive_day\", \"test_days\": 40", "test_days = 40"},
        {"\"method\": \"naive_day, naive_day\", \"test_days\": 5", "naive_day is there twice"},
        {"\"epf\": \"x.csv\"", "stands instead of"},
        {"\"level\": 1", "level"},
        {"\"published\": \"x.csv\", \"method\": \"naive_day\", \"test_days\": 5", "published"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        vo_error err = {0};
        vo_json *a = learn_ask(vo_engine_evaluate, "models", 45, refused[i].rest, &err);
        cr_expect_null(a, "%s", refused[i].rest);
        cr_expect(strstr(err.msg, refused[i].says), "%s: %s", refused[i].rest, err.msg);
        vo_json_free(a);
    }
}

Test(evaluate, what_lies_before_from_is_history_and_not_lost) {
    vo_json *a = learn_must(vo_engine_evaluate, "models", 50,
                            "\"method\": \"naive_day\", \"from\": \"2024-02-10\"");
    const vo_json *test = vo_json_get(a, "test");
    cr_expect_str_eq(member_text(test, "first_day"), "2024-02-10");
    cr_expect_eq(member_number(test, "days"), 10);
    cr_expect_eq(member_number(test, "history_days"), 40);
    vo_json_free(a);
}

/* The literature leaves the first week out of the capture; where there is no more than a week, it
 * is all there is. */
Test(evaluate, the_capture_of_a_benchmark_leaves_the_first_week_out_if_there_is_more) {
    const char *path = "test_evaluate_epf.csv";
    char *prices = malloc(20000), *text = malloc(60000), *p = prices + 1;
    char *out = text + sprintf(text, "Date,Price,Load forecast\n");
    learn_prices(prices, 20000, 31);
    for (int i = 0; i < 31 * 24; i++, p++)
        out += sprintf(out, "2024-01-%02d %02d:00:00,%.4f,%d\n", i / 24 + 1, i % 24,
                       strtod(p, &p), 100 + i % 24);
    vo_error err = {0};
    cr_assert_eq(vo_file_write(path, text, strlen(text), &err), VO_OK, "%s", err.msg);
    static const int judged[] = {7, 10}, played[] = {7, 3};
    for (size_t k = 0; k < 2; k++) {
        char request[200];
        snprintf(request, sizeof request,
                 "{\"epf\": \"%s\", \"method\": \"naive_day\", \"test_days\": %d}", path,
                 judged[k]);
        vo_json *a = engine_ask("lake", vo_engine_evaluate, request);
        cr_expect_eq(member_number(vo_json_get(a, "test"), "days"), judged[k]);
        cr_expect_eq(member_number(vo_json_at(vo_json_get(a, "capture"), 0), "days"),
                     played[k]);
        vo_json_free(a);
    }
    free(prices);
    free(text);
    remove(path);
}
