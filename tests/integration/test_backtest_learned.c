/* test_backtest_learned.c -- policies on real prices: trained on what lies before a date, paid for
 * what lies after it, and what uncertainty is worth in a real-time market. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <volteo/engine.h>

#include "base/json.h"
#include "port/file.h"

/* The answer to a backtest of a file of the shared data, or a visible skip. */
static vo_json *backtest(const char *file, const char *rest) {
    const char *root = getenv("VOLTEO_DATA");
    char path[1024], request[3000];
    (void)snprintf(path, sizeof path, "%s/%s",
                   root ? root : VOLTEO_SOURCE_DIR "/../shared/data", file);
    if (!vo_file_exists(path))
        cr_skip_test("real data is not here: %s (set VOLTEO_DATA)", path);
    (void)snprintf(request, sizeof request,
                   "{\"prices_file\": \"%s\", \"battery_params\": {\"power_mw\": 1, "
                   "\"capacity_mwh\": 2, \"efficiency\": 0.9}, %s}",
                   path, rest);
    vo_engine_options o = vo_engine_options_default();
    o.allow_files = 1;
    vo_engine *e = NULL;
    vo_error err = {0};
    char *text = NULL;
    vo_json *r = NULL;
    cr_assert_eq(vo_engine_open(&o, &e, &err), VO_OK);
    cr_assert_eq(vo_engine_backtest(e, request, &text, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_json_parse(text, strlen(text), &r, &err), VO_OK);
    vo_text_free(text);
    vo_engine_close(e);
    return r;
}

static const vo_json *policy(const vo_json *r, const char *name) {
    const vo_json *list = vo_json_get(r, "policies");
    for (size_t i = 0; i < vo_json_size(list); i++) {
        const vo_json *p = vo_json_at(list, i);
        if (strcmp(vo_json_string(vo_json_get(p, "policy")), name) == 0) return p;
    }
    cr_assert_fail("no policy %s in the answer", name);
    return NULL;
}

static double number(const vo_json *o, const char *key) {
    const vo_json *v = vo_json_get(o, key);
    cr_assert(v && vo_json_kind_of(v) == VO_JSON_NUMBER, "%s", key);
    return vo_json_number(v);
}

/* All policies on two weeks of NP15, of which those that learn had the seventeen weeks before. */
Test(backtest_learned, what_learns_plays_what_it_was_not_trained_on) {
    vo_json *r = backtest("hourly_prices_2020_2023/caiso_np15_dam_hourly.csv.zst",
                          "\"policies\": \"q_learning,stochastic,mpc,perfect\", \"from\": "
                          "\"2021-06-01\", \"to\": \"2021-06-14\", \"train_until\": "
                          "\"2021-06-01\", \"train_days\": 120, \"recalibrate_days\": 0");
    cr_expect_str_eq(vo_json_string(vo_json_get(r, "first_day")), "2021-06-01");
    cr_expect_str_eq(vo_json_string(vo_json_get(r, "train_from")), "2021-02-01");
    cr_expect_eq(number(r, "days"), 14);
    const vo_json *list = vo_json_get(r, "policies");
    for (size_t i = 0; i < vo_json_size(list); i++) {
        const vo_json *p = vo_json_at(list, i);
        const char *name = vo_json_string(vo_json_get(p, "policy"));
        cr_expect(vo_json_bool(vo_json_get(p, "certified")), "%s", name);
        cr_expect_eq(number(p, "violations"), 0, "%s", name);
        cr_expect_leq(number(p, "capture"), 1 + 1e-9, "%s", name);
        cr_expect_eq(number(p, "train_s") > 0, strcmp(name, "q_learning") == 0, "%s", name);
    }
    cr_expect_gt(number(policy(r, "stochastic"), "capture"), 0.7);
    vo_json_free(r);
}

/* GB imbalance prices, four weeks: half-hourly, half of the profit lies in what nobody foresees.
 * The same forecast is worth far more with its errors than without. */
Test(backtest_learned, in_real_time_uncertainty_is_worth_more_than_the_forecast) {
    vo_json *r = backtest("gb_halfhourly/elexon_ssp_sbp_niv_halfhourly.csv.zst",
                          "\"policies\": \"mpc:naive_day,stochastic:naive_day\", \"protocol\": "
                          "\"rolling\", \"from\": \"2017-10-01\", \"to\": \"2017-10-28\"");
    const double plain = number(policy(r, "mpc:naive_day"), "capture");
    const double law = number(policy(r, "stochastic:naive_day"), "capture");
    cr_expect_gt(law, plain + 0.15, "stochastic %.3f, mpc %.3f", law, plain);
    vo_json_free(r);
}
