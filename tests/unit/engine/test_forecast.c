/* test_forecast.c -- each test states one promise of forecast.h. */
#include "engine/forecast.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/data_folder.h"
#include "support/engine_ask.h"
#include "support/learn_ask.h"

static char root[DATA_PATH];
static void begin(void) { cr_assert(temporary_folder(root)); }
static void end(void) { temporary_folder_remove(root); }
TestSuite(forecast, .init = begin, .fini = end);

Test(forecast, a_naive_one_is_yesterday_behind_the_last_price) {
    vo_json *a = learn_must(vo_engine_forecast, root, 20,
                            "\"method\": \"naive_day\", \"horizon\": 1440");
    vo_json *b = learn_must(vo_engine_forecast, root, 20,
                            "\"method\": \"naive_day\", \"horizon\": 60, \"at\": "
                            "\"2024-01-20T00:00\"");
    const vo_json *list = vo_json_get(a, "predictions");
    cr_assert_eq(vo_json_size(list), 24);
    for (size_t i = 0; i < 24; i++)
        cr_expect_eq(member_number(vo_json_at(list, i), "minutes_ahead"),
                     60.0 * (double)(i + 1));
    cr_expect_str_eq(member_text(vo_json_at(list, 0), "timestamp"), "2024-01-21T00:00:00Z");
    cr_expect_str_eq(member_text(a, "last_known"), "2024-01-20T23:00:00Z");
    /* a day earlier, of the day before that */
    cr_expect_eq(vo_json_size(vo_json_get(b, "predictions")), 1);
    cr_expect_str_eq(member_text(vo_json_at(vo_json_get(b, "predictions"), 0), "timestamp"),
                     "2024-01-20T00:00:00Z");
    vo_json_free(a);
    vo_json_free(b);
}

Test(forecast, quantiles_ascend_also_where_a_forecaster_has_none_of_its_own) {
    static const char *const level[] = {"0.05", "0.5", "0.95"};
    vo_json *a = learn_must(vo_engine_forecast, root, 40,
                            "\"method\": \"epf_naive\", \"horizon\": 720, \"quantiles\": "
                            "[0.05, 0.5, 0.95]");
    const vo_json *list = vo_json_get(a, "predictions");
    for (size_t i = 0; i < vo_json_size(list); i++) {
        const vo_json *q = vo_json_get(vo_json_at(list, i), "quantiles");
        double last = -(double)INFINITY;
        for (size_t k = 0; k < 3; k++) {
            cr_expect_geq(member_number(q, level[k]), last);
            last = member_number(q, level[k]);
        }
        cr_expect_gt(member_number(q, "0.95"), member_number(q, "0.05"));
    }
    vo_json_free(a);
}

Test(forecast, a_trained_model_is_used_by_name_and_says_which_version_it_was) {
    vo_json *t = learn_must(vo_engine_train, root, LEARN_DAYS,
                            "\"trees\": 30, \"depth\": 3, \"horizons\": [60, 1440]");
    vo_json *a = learn_must(vo_engine_forecast, root, LEARN_DAYS,
                            "\"model\": \"price_prediction@champion\", \"horizon\": 60, "
                            "\"quantiles\": \"0.05,0.95\"");
    cr_expect_str_eq(member_text(a, "method"), "gbt");
    cr_expect_str_eq(member_text(a, "version"), member_text(t, "version"));
    const vo_json *p = vo_json_at(vo_json_get(a, "predictions"), 0);
    /* the level holds within a day and moves by about a tenth from one to the next */
    cr_expect_float_eq(member_number(p, "price"), 60, 40);
    cr_expect_lt(member_number(vo_json_get(p, "quantiles"), "0.05"),
                 member_number(vo_json_get(p, "quantiles"), "0.95"));
    vo_json_free(t);
    vo_json_free(a);
}

Test(forecast, who_forecasts_must_be_said_and_be_there) {
    static const struct {
        const char *rest, *says;
    } refused[] = {
        {"\"horizon\": 60", "which forecaster"},
        {"\"method\": \"epf_naive\", \"model\": \"x\"", "give one of them"},
        {"\"method\": \"oracle\"", "epf_naive"},
        {"\"model\": \"nothing\"", "nothing"},
        {"\"method\": \"epf_naive\", \"horizon\": 0", "horizon"},
        {"\"method\": \"epf_naive\", \"quantiles\": [0.9, 0.1]", "not above"},
        {"\"method\": \"epf_naive\", \"at\": \"2020-01-01\"", "no price is known"},
        {"\"method\": \"epf_naive\", \"at\": \"2024-03-01\"", "lies behind the last price"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        vo_error err = {0};
        vo_json *a = learn_ask(vo_engine_forecast, root, 20, refused[i].rest, &err);
        cr_expect_null(a, "%s", refused[i].rest);
        cr_expect(strstr(err.msg, refused[i].says), "%s: %s", refused[i].rest, err.msg);
        vo_json_free(a);
    }
}

Test(forecast, a_table_of_actions_is_no_forecaster) {
    vo_error err = {0};
    vo_json_free(
        learn_must(vo_engine_train, root, LEARN_DAYS, "\"what\": \"q\", \"episodes\": 1"));
    cr_expect_null(
        learn_ask(vo_engine_forecast, root, 20, "\"model\": \"battery_policy\"", &err));
    cr_expect(strstr(err.msg, "battery_policy"), "%s", err.msg);
}
