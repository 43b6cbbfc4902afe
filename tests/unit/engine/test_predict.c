/* test_predict.c -- each test states one promise of predict.h. */
#include "engine/predict.h"

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
TestSuite(predict, .init = begin, .fini = end);

static void train_price(void) {
    vo_json_free(learn_must(vo_engine_train, root, LEARN_DAYS,
                            "\"id\": \"price\", \"trees\": 30, \"depth\": 3, "
                            "\"horizons\": [60, 1440], \"quantiles\": [0.05, 0.5, 0.95]"));
}

Test(predict, a_boosted_model_says_what_its_forecaster_says) {
    train_price();
    for (int days = 20; days <= 40; days += 10) {
        vo_json *a = learn_must(vo_engine_predict, root, days,
                                "\"model_id\": \"price\", \"quantiles\": [0.5]");
        vo_json *f =
            learn_must(vo_engine_forecast, root, days, "\"model\": \"price\", \"horizon\": 60");
        const vo_json *said = vo_json_at(vo_json_get(f, "predictions"), 0);
        const vo_json *interval = vo_json_get(a, "confidence_interval");
        cr_expect_eq(member_number(a, "prediction"), member_number(said, "price"));
        cr_expect_str_eq(member_text(a, "timestamp"), member_text(said, "timestamp"));
        cr_expect_eq(member_number(a, "horizon_minutes"), 60);
        cr_expect_eq(member_number(interval, "level"), 0.9);
        cr_expect_leq(member_number(interval, "low"),
                      member_number(vo_json_get(a, "quantiles"), "0.5"));
        cr_expect_geq(member_number(interval, "high"),
                      member_number(vo_json_get(a, "quantiles"), "0.5"));
        vo_json_free(a);
        vo_json_free(f);
    }
}

Test(predict, a_timestamp_hides_what_came_later) {
    train_price();
    vo_json *a = learn_must(vo_engine_predict, root, 30, "\"model_id\": \"price\"");
    vo_json *b = learn_must(vo_engine_predict, root, 40,
                            "\"model_id\": \"price\", \"timestamp\": \"2024-01-31T00:00Z\"");
    cr_expect_eq(member_number(a, "prediction"), member_number(b, "prediction"));
    cr_expect_str_eq(member_text(a, "timestamp"), "2024-01-31T00:00:00Z");
    cr_expect_str_eq(member_text(b, "timestamp"), "2024-01-31T00:00:00Z");
    vo_json_free(a);
    vo_json_free(b);
}

Test(predict, a_table_says_the_action_of_its_largest_value) {
    static const char *const action[] = {"charge", "hold", "discharge"};
    vo_json_free(learn_must(vo_engine_train, root, 30,
                            "\"what\": \"q\", \"id\": \"table\", \"episodes\": 50"));
    vo_json *a = learn_must(vo_engine_predict, root, 3,
                            "\"model_id\": \"table\", \"charge_level\": 0.5, "
                            "\"current_price\": 75, \"hour\": 6, \"price_forecast_5m\": 70");
    const vo_json *q = vo_json_get(a, "q_values");
    const char *chosen = member_text(a, "action");
    for (int i = 0; i < 3; i++)
        cr_expect_geq(member_number(q, chosen), member_number(q, action[i]));
    cr_expect_str_eq(member_text(a, "prediction"), chosen);
    cr_expect_eq(member_number(a, "hour"), 6);
    cr_expect_eq(member_number(a, "current_price"), 75);
    cr_expect_str_eq(vo_json_string(vo_json_at(vo_json_get(a, "ignored"), 0)),
                     "price_forecast_5m");
    /* without them: the last price, at its own hour */
    vo_json *b = learn_must(vo_engine_predict, root, 3,
                            "\"model_id\": \"table\", \"charge_level\": 0.5");
    cr_expect_eq(member_number(b, "hour"), 23);
    vo_json_free(a);
    vo_json_free(b);
}

Test(predict, what_a_model_needs_and_was_not_given_is_refused_by_name) {
    static const struct {
        const char *rest, *says;
        vo_status is;
    } refused[] = {
        {"\"horizon\": 60", "model_id is missing", VO_EINVAL},
        {"\"model_id\": \"nobody\"", "nobody", VO_ENOTFOUND},
        {"\"model_id\": \"price\", \"horizon\": 30", "60, 1440", VO_EINVAL},
        {"\"model_id\": \"price\", \"quantiles\": [0.1]", "0.05, 0.5, 0.95", VO_EINVAL},
        {"\"model_id\": \"price\", \"features\": {\"x\": 1}", "is missing", VO_EINVAL},
        {"\"model_id\": \"price\", \"timestamp\": \"2030-01-01\"", "newer prices", VO_EINVAL},
        {"\"model_id\": \"price\", \"interval_minutes\": 30", "learned from 60", VO_EINVAL},
        {"\"model_id\": \"table\"", "charge_level is missing", VO_EINVAL},
        {"\"model_id\": \"table\", \"charge_level\": 50", "charge_level", VO_EINVAL},
    };
    train_price();
    vo_json_free(learn_must(vo_engine_train, root, 30,
                            "\"what\": \"q\", \"id\": \"table\", \"episodes\": 5"));
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        vo_error err = {0};
        cr_expect_null(learn_ask(vo_engine_predict, root, 20, refused[i].rest, &err));
        cr_expect_eq((vo_status)err.code, refused[i].is, "%s: %s", refused[i].rest, err.msg);
        cr_expect(strstr(err.msg, refused[i].says), "%s: %s", refused[i].rest, err.msg);
    }
}

Test(predict, a_feature_beyond_any_measure_is_refused_with_its_bounds) {
    char name[64] = "", rest[200];
    vo_error err = {0};
    train_price();
    cr_expect_null(learn_ask(vo_engine_predict, root, 20,
                             "\"model_id\": \"price\", \"features\": {\"x\": 1}", &err));
    cr_assert_eq(sscanf(err.msg, "features.%63[^ ]", name), 1, "%s", err.msg);
    snprintf(rest, sizeof rest, "\"model_id\": \"price\", \"features\": {\"%s\": 1e308}", name);
    cr_expect_null(learn_ask(vo_engine_predict, root, 20, rest, &err));
    cr_expect_eq(err.code, VO_EINVAL);
    cr_expect(strstr(err.msg, name) && strstr(err.msg, "[-1e+12, 1e+12]"), "%s", err.msg);
}

Test(predict, figures_and_importance_of_a_model_are_those_of_its_training) {
    train_price();
    char text[100];
    vo_engine_options o = vo_engine_options_default();
    vo_engine *e = NULL;
    vo_error err = {0};
    o.models = root;
    cr_assert_eq(vo_engine_open(&o, &e, &err), VO_OK);
    char *answer = NULL;
    snprintf(text, sizeof text, "{\"model\": \"price\"}");
    vo_json *m = NULL, *f = NULL;
    cr_assert_eq(vo_engine_models_metrics(e, text, &answer, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_json_parse(answer, strlen(answer), &m, &err), VO_OK);
    vo_text_free(answer);
    cr_assert_eq(vo_engine_models_importance(e, text, &answer, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_json_parse(answer, strlen(answer), &f, &err), VO_OK);
    vo_text_free(answer);
    const vo_json *horizons = vo_json_get(m, "horizons");
    cr_assert_eq(vo_json_size(horizons), 2);
    cr_expect_eq(member_number(vo_json_at(horizons, 1), "minutes"), 1440);
    cr_expect_eq(member_number(vo_json_get(m, "metrics"), "mae"),
                 member_number(vo_json_get(vo_json_at(horizons, 0), "metrics"), "mae"));
    const vo_json *worth = vo_json_get(vo_json_at(vo_json_get(f, "horizons"), 0), "importance");
    cr_expect_gt(vo_json_size(worth), 0);
    for (size_t i = 1; i < vo_json_size(worth); i++)
        cr_expect_leq(member_number(vo_json_at(worth, i), "gain"),
                      member_number(vo_json_at(worth, i - 1), "gain"));
    vo_json_free(m);
    vo_json_free(f);
    vo_engine_close(e);
}
