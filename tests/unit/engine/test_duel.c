/* test_duel.c -- each test states one promise of duel.h. */
#include "engine/duel.h"

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
TestSuite(duel, .init = begin, .fini = end);

#define TRAIN "\"what\": \"q\", \"episodes\": 5"

Test(duel, both_versions_play_the_same_days_and_a_version_against_itself_is_even) {
    vo_json_free(learn_must(vo_engine_train, root, 40, TRAIN));
    vo_json_free(learn_must(vo_engine_train, root, 40, TRAIN ", \"seed\": 9"));
    vo_json *a = learn_must(vo_engine_models_compare, root, 40,
                            "\"id\": \"battery_policy\", \"backtest_days\": 7");
    vo_json *b = learn_must(vo_engine_models_compare, root, 40,
                            "\"id\": \"battery_policy\", \"backtest_days\": 7, \"versions\": "
                            "[\"champion\", \"champion\"]");
    const vo_json *x = vo_json_get(a, "versions"), *y = vo_json_get(b, "versions");
    cr_assert_eq(vo_json_size(x), 2);
    cr_expect_eq(member_number(vo_json_get(a, "backtest"), "days"), 7);
    cr_expect_str_neq(member_text(vo_json_at(x, 0), "version"),
                      member_text(vo_json_at(x, 1), "version"));
    for (size_t i = 0; i < 2; i++) {
        cr_expect_eq(member_number(vo_json_at(y, i), "profit"),
                     member_number(vo_json_at(x, 0), "profit"));
        cr_expect_eq(member_number(vo_json_at(x, i), "days_seen_in_training"), 7);
        cr_expect_eq(member_number(vo_json_at(x, i), "violations"), 0);
    }
    cr_expect_eq(vo_json_kind_of(vo_json_get(b, "better")), VO_JSON_NULL);
    const double p = member_number(vo_json_at(x, 0), "profit");
    const double q = member_number(vo_json_at(x, 1), "profit");
    if (p != q)
        cr_expect_str_eq(member_text(a, "better"),
                         member_text(vo_json_at(x, p > q ? 0 : 1), "version"));
    vo_json_free(a);
    vo_json_free(b);
}

Test(duel, what_cannot_be_is_refused_with_field_and_remedy) {
    vo_json_free(learn_must(vo_engine_train, root, 40, TRAIN));
    static const struct {
        const char *rest, *says;
    } refused[] = {
        {"\"backtest_days\": 7", "id is missing"},
        {"\"id\": \"nobody\"", "nobody"},
        {"\"id\": \"battery_policy\"", "challenger"}, /* there is none */
        {"\"id\": \"battery_policy\", \"versions\": [\"champion\"]", "name two of them"},
        {"\"id\": \"battery_policy\", \"versions\": \"champion\"", "name two of them"},
        {"\"id\": \"battery_policy\", \"versions\": 3", "name two of them"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        vo_error err = {0};
        vo_json *a = learn_ask(vo_engine_models_compare, root, 40, refused[i].rest, &err);
        cr_expect_null(a, "%s", refused[i].rest);
        cr_expect(strstr(err.msg, refused[i].says), "%s: %s", refused[i].rest, err.msg);
        vo_json_free(a);
    }
}

Test(duel, bytes_that_are_no_model_have_no_policy) {
    char spec[VO_POLICY_SPEC_MAX];
    vo_error err = {0};
    cr_expect_eq(vo_duel_spec("nothing of the kind", 19, "x@y", spec, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "x@y"), "%s", err.msg);
}
