/* Compare and backtest as documents. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/compare.h"
#include "port/file.h"

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
        {", \"policies\": \" \"", "policies is empty: name some of perfect"},
        {", \"lookahead_h\": 24", "lookahead_h = 24 with the protocol \"planned\""},
        {", \"policies\": [3]", "policies[0] is a number"},
        {", \"policies\": \"perfect,,cycle\"", "policies"},
        {", \"policies\": \"mpc:column=No\"", "No"},
        {", \"protocol\": \"planed\"", "protocol = \"planed\""},
        {", \"protocol\": \"rolling\", \"days_alone\": true", "days_alone"},
        {", \"skip_days\": 14", "skip_days = 14 leaves no day"},
        {", \"train_until\": \"2024-01-01\"", "prices from 2024-01-01 to 2024-01-14"},
        {", \"train_until\": \"2024-02-01\"", "some must lie before it to learn from"},
        {", \"train_until\": \"2024-01-14T05:00\"", "no whole local day"},
        {", \"train_until\": \"soon\"", "train_until"},
        {", \"train_days\": 5", "train_days goes with train_until"},
        {", \"recalibrate_days\": -1", "recalibrate_days"},
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

Test(compare, a_part_is_played_with_the_days_before_as_history) {
    vo_json *whole = NULL, *part = NULL;
    char *text = NULL, *other = NULL;
    vo_error err = {0};
    cr_assert_eq(run(", \"policies\": \"mpc:naive_week\", \"skip_days\": 8", true, 1, &whole,
                     &text, &err),
                 VO_OK, "%s", err.msg);
    cr_assert_eq(run(", \"policies\": \"mpc:naive_week\", \"from\": \"2024-01-09\"", true, 1,
                     &part, &other, &err),
                 VO_OK, "%s", err.msg);
    const vo_json *a = vo_json_at(vo_json_get(whole, "policies"), 0);
    const vo_json *b = vo_json_at(vo_json_get(part, "policies"), 0);
    cr_expect_str_eq(vo_json_string(vo_json_get(part, "first_day")), "2024-01-09");
    cr_expect_eq(num(part, "history_days"), 8);
    cr_expect_eq(num(b, "held"), 0);
    cr_expect_eq(num(a, "profit"), num(b, "profit"), "the same days, known the same way");
    vo_json_free(whole);
    vo_json_free(part);
    free(text);
    free(other);
}

Test(compare, what_lies_before_train_until_is_learned_from_and_not_settled) {
    static const struct {
        const char *rest, *first_day, *train_from;
        size_t notes;
    } span[] = {
        {"\"train_until\": \"2024-01-09\"", "2024-01-09", "2024-01-01", 0},
        {"\"train_until\": \"2024-01-09T07:00\"", "2024-01-10", "2024-01-01", 0},
        {"\"train_until\": \"2024-01-09\", \"train_days\": 3", "2024-01-09", "2024-01-06", 0},
        {"\"train_until\": \"2024-01-09\", \"from\": \"2024-01-12\"", "2024-01-12",
         "2024-01-01", 0},
        {"\"train_until\": \"2024-01-09\", \"from\": \"2024-01-03\"", "2024-01-09",
         "2024-01-01", 1},
    };
    for (size_t i = 0; i < sizeof span / sizeof span[0]; i++) {
        vo_json *r = NULL;
        char *text = NULL, rest[300];
        vo_error err = {0};
        snprintf(rest, sizeof rest, ", \"policies\": \"mpc\", %s", span[i].rest);
        cr_assert_eq(run(rest, false, 1, &r, &text, &err), VO_OK, "%s", err.msg);
        cr_expect_str_eq(vo_json_string(vo_json_get(r, "first_day")), span[i].first_day);
        cr_expect_str_eq(vo_json_string(vo_json_get(r, "train_from")), span[i].train_from);
        cr_expect_eq(vo_json_size(vo_json_get(r, "notes")), span[i].notes);
        cr_expect_eq(num(vo_json_at(vo_json_get(r, "policies"), 0), "train_s"), 0);
        cr_expect_eq(num(r, "recalibrate_days"), 28);
        vo_json_free(r);
        free(text);
    }
}

/* ---- published forecasts, from files ---- */

#define FOLDER VOLTEO_BINARY_DIR "/tests/compare"

/* Days first..last of January, a column of perfect forecasts and one of yesterday's prices. */
static void put_forecasts(const char *name, const char *header, int first, int last, int hole) {
    static char text[65536];
    char path[600];
    vo_error err = {0};
    int n = sprintf(text, "%s\n", header);
    for (int d = first; d <= last; d++)
        for (int h = 0; h < 24; h++)
            n += d == hole && h == 5
                     ? sprintf(text + n, "2024-01-%02dT%02d:00Z,,\n", d, h)
                     : sprintf(text + n, "2024-01-%02dT%02d:00Z,%d,%d\n", d, h, h * 3 + d, h);
    snprintf(path, sizeof path, FOLDER "/%s", name);
    cr_assert_eq(vo_file_make_folders(FOLDER, &err), VO_OK);
    cr_assert_eq(vo_file_write(path, text, (size_t)n, &err), VO_OK, "%s", err.msg);
}

static vo_json *play(const char *file, const char *rest, vo_error *err) {
    static char prices[8192], request[12000];
    vo_json *root = NULL;
    char *text = NULL;
    vo_engine *e = NULL;
    vo_engine_options o = vo_engine_options_default();
    write_prices(prices);
    snprintf(request, sizeof request,
             "{\"battery_params\": {\"power_mw\": 1, \"capacity_mwh\": 2}, \"start\": "
             "\"2024-01-01\", \"forecasts_file\": \"" FOLDER "/%s\", \"prices\": %s%s}",
             file, prices, rest);
    o.allow_files = 1;
    cr_assert_eq(vo_engine_open(&o, &e, err), VO_OK);
    if (vo_engine_compare(e, request, &text, err) == VO_OK)
        cr_assert_eq(vo_json_parse(text, strlen(text), &root, err), VO_OK);
    vo_text_free(text);
    vo_engine_close(e);
    return root;
}

static const char *note_of(const vo_json *r, size_t i) {
    const vo_json *v = vo_json_at(vo_json_get(r, "notes"), i);
    return v ? vo_json_string(v) : "";
}

Test(compare, every_column_of_forecasts_keeps_its_name) {
    vo_error err = {0};
    put_forecasts("names.csv", "timestamp,mean,week", 1, 14, 0);
    vo_json *r = play("names.csv", "", &err);
    cr_assert_not_null(r, "%s", err.msg);
    const vo_json *list = vo_json_get(r, "policies");
    cr_assert_eq(vo_json_size(list), 9);
    cr_expect_str_eq(vo_json_string(vo_json_get(vo_json_at(list, 7), "policy")),
                     "mpc:column=mean");
    cr_expect_str_eq(vo_json_string(vo_json_get(vo_json_at(list, 8), "policy")),
                     "mpc:column=week");
    cr_expect_eq(vo_json_size(vo_json_get(r, "notes")), 0, "all days are covered");
    vo_json_free(r);
    put_forecasts("price.csv", "timestamp,price,week", 1, 14, 0);
    r = play("price.csv", ", \"policies\": \"mpc:column=forecast\"", &err);
    cr_expect_not_null(r, "a column called like the prices' own: %s", err.msg);
    vo_json_free(r);
}

Test(compare, forecasts_are_played_where_they_are_unless_days_were_asked_for) {
    vo_error err = {0};
    put_forecasts("some.csv", "timestamp,mean,week", 4, 12, 4);
    vo_json *r = play("some.csv", ", \"skip_days\": 2", &err);
    cr_assert_not_null(r, "%s", err.msg);
    cr_expect_str_eq(vo_json_string(vo_json_get(r, "first_day")), "2024-01-07",
                     "the 4th has a hole; two days skipped from the 5th");
    cr_expect_str_eq(vo_json_string(vo_json_get(r, "last_day")), "2024-01-12");
    cr_expect_eq(num(r, "days"), 6);
    cr_expect_eq(num(r, "history_days"), 6);
    cr_expect(strstr(note_of(r, 0), "2024-01-05 to 2024-01-12, of 14 days"), "%s",
              note_of(r, 0));
    cr_expect_eq(num(vo_json_at(vo_json_get(r, "policies"), 8), "filled"), 0);
    vo_json_free(r);
    r = play("some.csv", ", \"from\": \"2024-01-03\"", &err);
    cr_assert_not_null(r, "%s", err.msg);
    cr_expect_eq(num(r, "days"), 12);
    cr_expect_eq(vo_json_size(vo_json_get(r, "notes")), 1, "one line, not one per policy");
    cr_expect(strstr(note_of(r, 0), "cover only 8 of the 12 days"), "%s", note_of(r, 0));
    vo_json_free(r);
    r = play("some.csv", ", \"policies\": \"perfect, spread\"", &err);
    cr_expect_eq(num(r, "days"), 14, "nobody uses them");
    vo_json_free(r);
}

Test(compare, forecasts_that_share_no_day_are_refused) {
    vo_error err = {0};
    put_forecasts("hole.csv", "timestamp,mean,week", 4, 4, 4);
    cr_expect_null(play("hole.csv", "", &err));
    cr_expect(strstr(err.msg, "no local day"), "%s", err.msg);
}
