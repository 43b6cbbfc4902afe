/* Compare and backtest as documents. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/compare.h"

/* Fourteen days of 24 h, cheap nights and dear evenings, each day a little different. */
static void write_prices(char *out) {
    strcpy(out, "[");
    for (int d = 0; d < 14; d++)
        for (int h = 0; h < 24; h++)
            sprintf(out + strlen(out), "%s%d", d + h ? "," : "",
                    (h < 6              ? 20
                     : h > 17 && h < 22 ? 90
                                        : 50) +
                        (d * 7 + h * 3) % 11);
    strcat(out, "]");
}

static vo_status run(const char *rest, bool days, int threads, vo_json **root, char **text,
                     vo_error *err) {
    static char prices[8192], request[10000];
    write_prices(prices);
    snprintf(request, sizeof request,
             "{\"battery_params\": {\"power_mw\": 1, \"capacity_mwh\": 2}, \"start\": "
             "\"2024-01-01\", \"prices\": %s%s}",
             prices, rest);
    vo_engine_options o = vo_engine_options_default();
    o.threads = threads;
    vo_json_out *w = NULL;
    size_t len = 0;
    cr_assert_eq(vo_json_out_create(&w, err), VO_OK);
    const vo_status s = vo_compare_run(&o, request, days, w, err);
    if (s == VO_OK) {
        cr_assert_eq(vo_json_out_take(w, text, &len, err), VO_OK, "%s", err->msg);
        cr_assert_eq(vo_json_parse(*text, len, root, err), VO_OK, "%s", err->msg);
    }
    vo_json_out_free(w);
    return s;
}

static double num(const vo_json *o, const char *key) {
    const vo_json *v = vo_json_get(o, key);
    cr_assert(v && vo_json_kind_of(v) == VO_JSON_NUMBER, "%s", key);
    return vo_json_number(v);
}

Test(compare, perfect_foresight_captures_all_and_nobody_more) {
    vo_json *r = NULL;
    char *text = NULL;
    vo_error err = {0};
    cr_assert_eq(run("", false, 1, &r, &text, &err), VO_OK, "%s", err.msg);
    const vo_json *list = vo_json_get(r, "policies");
    cr_assert_eq(vo_json_size(list), 7);
    cr_expect_float_eq(num(vo_json_at(list, 0), "capture"), 1, 1e-9);
    for (size_t i = 0; i < 7; i++) {
        const vo_json *p = vo_json_at(list, i);
        cr_expect_leq(num(p, "capture"), 1 + 1e-9);
        cr_expect_float_eq(num(p, "regret"), 1 - num(p, "capture"), 1e-12);
        cr_expect_eq(num(p, "violations"), 0);
        cr_expect(vo_json_bool(vo_json_get(p, "certified")));
        cr_expect_null(vo_json_get(p, "day_profit"), "days are for backtest");
    }
    vo_json_free(r);
    free(text);
}

Test(compare, days_and_curves_fit_together) {
    vo_json *r = NULL;
    char *text = NULL;
    vo_error err = {0};
    cr_assert_eq(
        run(", \"policies\": \"perfect, mpc:naive_day\", \"skip_days\": 2, \"curves\": true",
            true, 2, &r, &text, &err),
        VO_OK, "%s", err.msg);
    cr_expect_eq(vo_json_size(vo_json_get(r, "dates")), 12);
    cr_expect_str_eq(vo_json_string(vo_json_at(vo_json_get(r, "dates"), 0)), "2024-01-03");
    cr_expect_eq(vo_json_size(vo_json_get(r, "start_s")), 12 * 24);
    cr_expect_eq(vo_json_size(vo_json_get(r, "price")), 12 * 24);
    for (size_t i = 0; i < 2; i++) {
        const vo_json *p = vo_json_at(vo_json_get(r, "policies"), i);
        const vo_json *days = vo_json_get(p, "day_profit");
        double sum = 0;
        for (size_t d = 0; d < vo_json_size(days); d++)
            sum += vo_json_number(vo_json_at(days, d));
        cr_expect_float_eq(sum, num(p, "profit"), 0.01, "curves have four decimals");
        cr_expect_eq(vo_json_size(vo_json_get(p, "power_mw")), 12 * 24);
        cr_expect_eq(vo_json_size(vo_json_get(p, "soc")), 12 * 24 + 1);
    }
    vo_json_free(r);
    free(text);
}

/* us_per_decision is a measurement; everything else must not differ. */
static void drop_times(char *text) {
    for (char *p = text; (p = strstr(p, "\"us_per_decision\":")) != NULL; p++) {
        char *v = p + 18;
        const size_t n = strcspn(v, ",}");
        memmove(v, v + n, strlen(v + n) + 1);
    }
}

Test(compare, threads_change_nothing_but_the_time) {
    vo_json *r = NULL;
    char *one = NULL, *two = NULL;
    vo_error err = {0};
    cr_assert_eq(run("", true, 1, &r, &one, &err), VO_OK, "%s", err.msg);
    vo_json_free(r);
    cr_assert_eq(run("", true, 2, &r, &two, &err), VO_OK, "%s", err.msg);
    vo_json_free(r);
    drop_times(one);
    drop_times(two);
    cr_expect_str_eq(one, two);
    free(one);
    free(two);
}

Test(compare, bad_requests_are_refused_in_words) {
    static const struct {
        const char *rest, *says;
    } refused[] = {
        {", \"policies\": \"perfekt\"", "perfekt"},
        {", \"policies\": []", "policies"},
        {", \"policies\": [3]", "policies[0] is a number"},
        {", \"policies\": \"perfect,,cycle\"", "policies"},
        {", \"policies\": \"mpc:column=No\"", "No"},
        {", \"protocol\": \"planed\"", "protocol = \"planed\""},
        {", \"protocol\": \"rolling\", \"days_alone\": true", "days_alone"},
        {", \"skip_days\": 14", "skip_days = 14 leaves no day"},
        {", \"forecasts_file\": \"/etc/passwd\"", "local files are not read here"},
        {", \"method\": \"lp\"", "method: no such field"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        vo_json *r = NULL;
        char *text = NULL;
        vo_error err = {0};
        cr_expect_neq(run(refused[i].rest, false, 1, &r, &text, &err), VO_OK, "%s",
                      refused[i].rest);
        cr_expect(strstr(err.msg, refused[i].says), "%s: %s", refused[i].rest, err.msg);
    }
}
