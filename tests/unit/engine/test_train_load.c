/* test_train_load.c -- a model of homes' loads gets into the registry, and a simulation uses it. */
#include "engine/train_load.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/data_folder.h"
#include "support/engine_ask.h"
#include "support/model_folder.h"

static char root[DATA_PATH];
static void begin(void) { cr_assert(temporary_folder(root)); }
static void end(void) { temporary_folder_remove(root); }
TestSuite(train_load, .init = begin, .fini = end);

static vo_json *ask(engine_call call, const char *request, vo_error *err) {
    vo_engine_options o = vo_engine_options_default();
    vo_engine *e = NULL;
    vo_json *answer = NULL;
    char *response = NULL;
    o.models = root;
    o.threads = 1;
    o.allow_files = 1;
    cr_assert_eq(vo_engine_open(&o, &e, err), VO_OK, "%s", err->msg);
    if (call(e, request, &response, err) == VO_OK)
        cr_assert_eq(vo_json_parse(response, strlen(response), &answer, err), VO_OK);
    vo_text_free(response);
    vo_engine_close(e);
    return answer;
}

static vo_json *must(engine_call call, const char *request) {
    vo_error err = {0};
    vo_json *a = ask(call, request, &err);
    cr_assert_not_null(a, "%s: %s", request, err.msg);
    return a;
}

#define SMALL "{\"what\": \"load\", \"homes\": 4, \"days\": 20"

Test(train_load, it_is_registered_with_what_it_learned_from_and_beats_the_profile) {
    vo_json *a = must(vo_engine_train, SMALL "}");
    const vo_json *on = vo_json_get(a, "trained_on"), *r = vo_json_get(a, "results");
    cr_expect_str_eq(member_text(a, "id"), "load");
    cr_expect_str_eq(member_text(a, "alias"), "champion");
    cr_expect_str_eq(member_text(a, "method"), "load_gbt");
    cr_expect_eq(member_number(on, "homes"), 4);
    /* twenty days that begin on 2026-03-01: on the 8th clocks go forward */
    cr_expect_eq(member_number(on, "intervals"), 20 * 48 - 2);
    cr_expect_gt(member_number(r, "rows"), 1000);
    cr_expect_lt(member_number(r, "mae_of_mean"), member_number(r, "profile_mae_of_mean"));
    vo_json *b = must(vo_engine_train, SMALL ", \"seed\": 2}");
    cr_expect_str_eq(member_text(b, "alias"), "challenger");
    cr_expect_str_neq(member_text(a, "version"), member_text(b, "version"));
    cr_expect_neq(member_number(r, "profile_mae_of_mean"), /* other homes */
                  member_number(vo_json_get(b, "results"), "profile_mae_of_mean"));
    vo_registry *registry = model_folder_open(root);
    model_folder_healthy(registry);
    vo_registry_close(registry);
    vo_json_free(a);
    vo_json_free(b);
}

static double first_error(const vo_json *answer) {
    const vo_json *lead =
        vo_json_at(vo_json_get(vo_json_get(answer, "forecasts"), "by_lead"), 3);
    return member_number(vo_json_get(lead, "load"), "mae_kwh");
}

Test(train_load, a_simulation_forecasts_with_it_and_another_model_forecasts_otherwise) {
    vo_json_free(must(vo_engine_train, SMALL "}"));
    vo_json_free(must(vo_engine_train, SMALL ", \"seed\": 2, \"id\": \"other\"}"));
    static const char *const spec[] = {"profile", "load_gbt=load", "load_gbt=other",
                                       "load_gbt=load@champion"};
    double error[4];
    for (int k = 0; k < 4; k++) {
        char request[256];
        snprintf(request, sizeof request,
                 "{\"homes\": 4, \"days\": 1, \"history_days\": 14, \"bounds\": \"off\", "
                 "\"forecaster\": \"%s\"}",
                 spec[k]);
        vo_json *a = must(vo_engine_simulate, request);
        cr_expect_str_eq(member_text(vo_json_get(a, "forecasts"), "forecaster"), spec[k]);
        error[k] = first_error(a);
        vo_json_free(a);
    }
    cr_expect_neq(error[0], error[1]);
    cr_expect_neq(error[1], error[2]);
    cr_expect_eq(error[1], error[3]);
}

Test(train_load, what_cannot_be_is_refused_before_anything_is_learned) {
    static const struct {
        const char *request, *says;
    } refused[] = {
        {"{\"what\": \"load\", \"days\": 9}", "days = 9"},
        {"{\"what\": \"load\", \"homes\": 1001}", "homes = 1001"},
        {"{\"what\": \"load\", \"id\": \"../x\"}", "id"},
        {"{\"what\": \"load\", \"trees\": 5}", "trees"},
        {"{\"what\": \"load\", \"alias\": \"king\"}", "champion"},
        {"{\"what\": \"load\", \"homes_from\": \"nowhere/at_all\"}", "nowhere/at_all"},
        {"{\"what\": \"load\", \"interval_minutes\": 7}", "interval_minutes"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        vo_error err = {0}, checked = {0};
        const vo_engine_options o = {.models = root, .threads = 1, .allow_files = 1};
        cr_expect_null(ask(vo_engine_train, refused[i].request, &err));
        cr_expect(strstr(err.msg, refused[i].says), "%s: %s", refused[i].request, err.msg);
        cr_expect_neq(vo_train_load_check(&o, refused[i].request, &checked), VO_OK, "%s",
                      refused[i].request);
        cr_expect_str_eq(err.msg, checked.msg);
    }
    cr_expect(vo_train_load_asked("{\"what\": \"load\"}"));
    cr_expect_not(vo_train_load_asked("{\"what\": \"price\"}"));
    cr_expect_not(vo_train_load_asked("{\"prices\": [1, 2]}"));
    cr_expect_not(vo_train_load_asked("[1"));
}

Test(train_load, real_homes_are_learned_from_files) {
    char path[DATA_PATH], request[DATA_PATH + 200];
    NEED_DATA("citylearn_2022", path);
    snprintf(request, sizeof request,
             "{\"what\": \"load\", \"homes_from\": \"%s\", \"homes\": 5, \"days\": 40}", path);
    vo_json *a = must(vo_engine_train, request);
    const vo_json *r = vo_json_get(a, "results");
    cr_expect_eq(member_number(vo_json_get(a, "trained_on"), "homes"), 5);
    cr_expect_lt(member_number(r, "mae_of_mean"), member_number(r, "profile_mae_of_mean"));
    cr_expect_lt(member_number(r, "mae_of_mean"), 0.6);
    vo_json_free(a);
}

/* Figures of a model that has seen the days it is judged on are flattered: told, of the same homes. */
Test(train_load, days_that_a_model_has_learned_from_are_told_where_it_is_used) {
    static const struct {
        const char *request;
        double days; /* NAN: no model is named */
    } asked[] = {{"{\"homes\":2,\"bounds\":\"off\",\"forecaster\":\"load_gbt=load\",\"seed\":1,"
                  "\"days\":3,\"from\":\"2026-06-14\"}",
                  2},
                 {"{\"homes\":2,\"bounds\":\"off\",\"forecaster\":\"load_gbt=load\",\"seed\":2,"
                  "\"days\":3,\"from\":\"2026-06-14\"}",
                  0},
                 {"{\"homes\":2,\"bounds\":\"off\",\"forecaster\":\"load_gbt=load\",\"seed\":1,"
                  "\"from\":\"2026-06-16\"}",
                  0},
                 {"{\"homes\":2,\"bounds\":\"off\",\"from\":\"2026-06-14\"}", (double)NAN}};
    vo_json_free(
        must(vo_engine_train,
             "{\"what\":\"load\",\"homes\":3,\"days\":15,\"from\":\"2026-06-01\",\"seed\":1}"));
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        vo_json *r = must(vo_engine_simulate, asked[i].request);
        const vo_json *f = vo_json_get(r, "forecasts");
        const vo_json *days = vo_json_get(f, "days_seen_in_training");
        const bool noted = vo_json_kind_of(vo_json_get(f, "note")) == VO_JSON_STRING;
        if (isnan(asked[i].days))
            cr_expect_eq(vo_json_kind_of(days), VO_JSON_NULL);
        else
            cr_expect_float_eq(vo_json_number(days), asked[i].days, 1e-9, "%zu", i);
        cr_expect_eq(noted, asked[i].days > 0, "%zu", i);
        vo_json_free(r);
    }
}
