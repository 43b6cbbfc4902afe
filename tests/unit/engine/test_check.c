/* vo_engine_check: what could never begin is refused with its field before it is accepted, and what
 * could is not; nothing is learned and nothing registered. */
#include <volteo/engine.h>

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "support/data_folder.h"
#include "support/learn_ask.h"

#define BATTERY "\"battery_params\": {\"power_mw\": 1, \"capacity_mwh\": 2}"

static char root[DATA_PATH];
static vo_engine *engine;
static void begin(void) {
    vo_engine_options o = vo_engine_options_default();
    cr_assert(temporary_folder(root));
    o.models = o.lake = root;
    cr_assert_eq(vo_engine_open(&o, &engine, NULL), VO_OK);
}
static void end(void) {
    vo_engine_close(engine);
    temporary_folder_remove(root);
}
TestSuite(check, .init = begin, .fini = end);

static const char *kind; /* of the request that learn_ask sends */

static vo_status check(vo_engine *e, const char *request, char **response, vo_error *err) {
    const vo_status s = vo_engine_check(e, kind, request, err);
    if (s != VO_OK) return s;
    *response = strcpy(malloc(3), "{}");
    return VO_OK;
}

static void expect(const char *of_kind, int days, const char *rest, const char *says) {
    vo_error err = {0};
    kind = of_kind;
    vo_json *a = learn_ask(check, root, days, rest, &err);
    if (!says) cr_expect_not_null(a, "%s %s: %s", of_kind, rest, err.msg);
    if (says) cr_expect(!a && strstr(err.msg, says), "%s %s: %s", of_kind, rest, err.msg);
    vo_json_free(a);
}

Test(check, work_that_cannot_begin_is_refused_by_its_field) {
    static const struct {
        const char *kind, *request, *says;
    } bare[] = {{"train", "{}", "no prices"},
                {"train", "{\"market_params\": {\"market\": \"M\", \"zone\": \"N\"}}", "\"N\""},
                {"retrain", "{}", "no prices"},
                {"backtest", "{" BATTERY "}", "no prices"},
                {"optimize", "{\"prices\": [1, 2]}", "battery_params is missing"},
                {"simulate", "{\"homes\": 0}", "homes"},
                {"simulate", "{\"matching\": \"auction\"}", "pay_as_clear"}};
    for (size_t i = 0; i < sizeof bare / sizeof bare[0]; i++) {
        vo_error err = {0};
        cr_expect_neq(vo_engine_check(engine, bare[i].kind, bare[i].request, &err), VO_OK);
        cr_expect(strstr(err.msg, bare[i].says), "%s: %s", bare[i].request, err.msg);
    }
    expect("train", 30, "\"horizons\": [7]", "horizons: 7 min is no whole number");
    expect("train", 4, "\"horizons\": [60]",
           "horizons: one of 60 min needs 102 prices or more");
    expect("train", 30, "\"what\": \"q\", \"method\": \"gbt\"", "gbt");
    expect("backtest", 3, BATTERY ", \"policies\": [\"mpc\", \"nix\"]",
           "policies[1] = \"nix\"");
    expect("compare", 3, BATTERY ", \"skip_days\": 5", "skip_days");
    expect("optimize", 3, BATTERY ", \"method\": \"magic\"", "magic");
}

Test(check, work_that_can_begin_is_accepted_and_not_done) {
    expect("train", 30, "\"horizons\": [60]", NULL);
    expect("train", 30, "\"what\": \"q\"", NULL);
    expect("backtest", 3, BATTERY ", \"policies\": \"mpc:naive_day, threshold\"", NULL);
    expect("compare", 3, BATTERY, NULL);
    expect("optimize", 3, BATTERY, NULL);
    expect("evaluate", 3, "\"homes\": 2", NULL);
    char *list = NULL;
    cr_assert_eq(vo_engine_models_list(engine, "{}", &list, NULL), VO_OK);
    cr_expect(strstr(list, "\"registered\":[]"), "%s", list);
    vo_text_free(list);
}
