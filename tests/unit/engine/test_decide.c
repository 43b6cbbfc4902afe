/* test_decide.c -- each test states one promise of decide.h. */
#include "engine/decide.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/learn_world.h"
#include "engine/model_cache.h"
#include "support/data_folder.h"
#include "support/engine_ask.h"
#include "support/learn_ask.h"

/* Two days with cheap nights and dear evenings; no two prices alike. */
static const double prices[48] = {41.3, 35.2, 30.1, 28.4, 27.7, 31.9, 45.6, 60.2, 70.8, 65.1,
                                  50.4, 45.9, 40.2, 38.8, 42.7, 50.9, 66.3, 80.5, 95.4, 90.6,
                                  75.7, 61.4, 52.8, 46.1, 39.7, 34.6, 29.3, 26.9, 25.8, 33.3,
                                  47.2, 63.9, 72.4, 64.4, 49.8, 44.7, 37.1, 36.4, 43.5, 53.6,
                                  68.9, 83.1, 91.7, 88.2, 74.3, 59.5, 51.2, 43.1};

#define BATTERY                                                                                \
    "\"battery_params\": {\"power_mw\": 1, \"capacity_mwh\": 2, \"efficiency\": 0.85, "        \
    "\"wear_cost_per_mwh\": 2}"

static char *request_of(char *out, size_t size, int now, double present, double soc,
                        const char *rest) {
    int len = snprintf(out, size,
                       "{" BATTERY ", \"soc\": %g, \"start\": \"2024-03-04\", "
                       "\"at\": \"2024-03-%02dT%02d:00Z\", \"prices\": [",
                       soc, 4 + now / 24, now % 24);
    for (int t = 0; t < 48; t++)
        len += snprintf(out + len, size - (size_t)len, "%s%.17g", t ? "," : "",
                        t == now ? present : prices[t]);
    snprintf(out + len, size - (size_t)len, "], %s}", rest);
    return out;
}

static char root[DATA_PATH];
static vo_engine *engine;
static void begin(void) {
    cr_assert(temporary_folder(root));
    vo_engine_options o = vo_engine_options_default();
    o.models = root;
    cr_assert_eq(vo_engine_open(&o, &engine, NULL), VO_OK);
}
static void end(void) {
    vo_engine_close(engine);
    temporary_folder_remove(root);
}
TestSuite(decide, .init = begin, .fini = end);

static vo_json *must(const char *request) {
    char *text = NULL;
    vo_json *root_of = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_engine_decide(engine, request, &text, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_json_parse(text, strlen(text), &root_of, &err), VO_OK);
    vo_text_free(text);
    return root_of;
}

/* -1 charge, 0 hold, 1 discharge. */
static int action_at(int now, double present, double soc, const char *rest) {
    char text[2048];
    vo_json *a = must(request_of(text, sizeof text, now, present, soc, rest));
    const char *name = member_text(a, "action");
    const int direction = name[0] == 'c' ? -1 : name[0] == 'd' ? 1 : 0;
    cr_assert(direction != 0 || strcmp(name, "hold") == 0);
    cr_assert_geq(member_number(a, "power"), 0);
    vo_json_free(a);
    return direction;
}

static double flip(const vo_json *a, const char *key) {
    const vo_json *v = vo_json_get(a, key);
    return vo_json_kind_of(v) == VO_JSON_NUMBER ? vo_json_number(v) : (double)NAN;
}

/* The action is the same all the way to a flip price, and another behind it. */
static void expect_flips(int now, double soc, const char *rest) {
    char text[2048];
    vo_json *a = must(request_of(text, sizeof text, now, prices[now], soc, rest));
    const char *name = member_text(a, "action");
    const int is = name[0] == 'c' ? -1 : name[0] == 'd' ? 1 : 0;
    const double below = flip(a, "flip_below"), above = flip(a, "flip_above");
    const double lowest = isnan(below) ? -300 : below, highest = isnan(above) ? 400 : above;
    vo_json_free(a);
    cr_expect(isnan(below) || below <= prices[now] + 1e-6);
    cr_expect(isnan(above) || above >= prices[now] - 1e-6);
    for (int i = 1; i <= 12; i++) {
        const double down = prices[now] + (lowest - prices[now]) * (i / 12.0);
        const double up = prices[now] + (highest - prices[now]) * (i / 12.0);
        cr_expect_eq(action_at(now, down + (i == 12 ? 1e-4 : 0), soc, rest), is,
                     "%s, hour %d, %s at %g: flips at %g already", rest, now, name, down,
                     below);
        cr_expect_eq(action_at(now, up - (i == 12 ? 1e-4 : 0), soc, rest), is,
                     "%s, hour %d, %s at %g: flips at %g already", rest, now, name, up, above);
    }
    if (!isnan(below))
        cr_expect_neq(action_at(now, below - 1e-4, soc, rest), is, "%s, hour %d below %g", rest,
                      now, below);
    if (!isnan(above))
        cr_expect_neq(action_at(now, above + 1e-4, soc, rest), is, "%s, hour %d above %g", rest,
                      now, above);
}

Test(decide, an_exact_action_changes_at_its_flip_prices_and_not_before) {
    for (int now = 0; now < 30; now += 5)
        for (int soc = 0; soc <= 2; soc++) expect_flips(now, soc / 2.0, "\"policy\": \"mpc\"");
}

Test(decide, so_does_one_by_a_rule_on_levels) {
    /* levels are of the day before: the present price does not move them */
    for (int now = 24; now < 48; now += 5)
        for (int soc = 0; soc <= 2; soc++)
            expect_flips(now, soc / 2.0, "\"policy\": \"threshold\"");
}

Test(decide, so_does_one_by_the_rules_on_days) {
    for (int now = 1; now < 30; now += 9) {
        expect_flips(now, 0.5, "\"policy\": \"spread\"");
        expect_flips(now, 0.5, "\"policy\": \"cycle\"");
    }
}

Test(decide, it_acts_as_the_best_schedule_of_what_is_known_begins) {
    char text[2048];
    for (int now = 0; now < 40; now += 7) {
        vo_json *d =
            must(request_of(text, sizeof text, now, prices[now], 0.5, "\"policy\": \"mpc\""));
        int len = snprintf(text, sizeof text,
                           "{\"battery_params\": {\"power_mw\": 1, \"capacity_mwh\": 2, "
                           "\"efficiency\": 0.85, \"wear_cost_per_mwh\": 2, \"initial_soc\": "
                           "0.5, \"final_soc\": {\"at_least\": 0}}, \"prices\": [");
        for (int t = now; t < 48; t++)
            len += snprintf(text + len, sizeof text - (size_t)len, "%s%.17g",
                            t > now ? "," : "", prices[t]);
        snprintf(text + len, sizeof text - (size_t)len, "]}");
        vo_json *o = engine_ask(root, vo_engine_optimize, text);
        const vo_json *first = vo_json_at(
            vo_json_get(vo_json_at(vo_json_get(o, "daily_schedules"), 0), "schedule"), 0);
        const char *said = member_text(d, "action");
        if (strcmp(said, "hold") == 0) said = "idle"; /* as a schedule calls it */
        cr_expect_str_eq(said, member_text(first, "action"));
        cr_expect_float_eq(member_number(d, "power"), member_number(first, "power"), 1e-6);
        cr_expect_eq(member_number(d, "confidence"), 1, "all prices are known");
        vo_json_free(o);
        vo_json_free(d);
    }
}

Test(decide, prices_behind_those_known_change_nothing) {
    char a[2048], b[2048];
    static const char *const policy[] = {"mpc", "threshold", "spread", "cycle", "stochastic"};
    for (size_t i = 0; i < sizeof policy / sizeof policy[0]; i++) {
        char rest[80];
        snprintf(rest, sizeof rest, "\"known\": 31, \"policy\": \"%s\"", policy[i]);
        request_of(a, sizeof a, 30, prices[30], 0.5, rest);
        request_of(b, sizeof b, 30, prices[30], 0.5, rest);
        char *later = strstr(b, "91.7"); /* the 43rd price */
        cr_assert(later);
        memcpy(later, "11.1", 4);
        char *x = NULL, *y = NULL;
        cr_assert_eq(vo_engine_decide(engine, a, &x, NULL), VO_OK);
        cr_assert_eq(vo_engine_decide(engine, b, &y, NULL), VO_OK);
        cr_expect_str_eq(x, y);
        vo_text_free(x);
        vo_text_free(y);
    }
}

Test(decide, a_forecast_of_its_own_is_believed) {
    /* the last price is the present one; it is low beside what is to come, or high */
    vo_json *low = must("{" BATTERY ", \"soc\": 0.5, \"prices\": [50], "
                        "\"forecast\": [90, 95, 90], \"forecast_error\": 1}");
    vo_json *high = must("{" BATTERY ", \"soc\": 0.5, \"prices\": [50], "
                         "\"forecast\": [20, 15, 20], \"forecast_error\": 1}");
    vo_json *torn = must("{" BATTERY ", \"soc\": 0.5, \"prices\": [50], "
                         "\"forecast\": [90, 95, 90], \"forecast_error\": 300}");
    cr_expect_str_eq(member_text(low, "action"), "charge");
    cr_expect_str_eq(member_text(high, "action"), "discharge");
    cr_expect_eq(member_number(low, "confidence"), 1);
    cr_expect_lt(member_number(torn, "confidence"), 0.95);
    cr_expect_eq(member_number(low, "planned"), 4);
    vo_json_free(low);
    vo_json_free(high);
    vo_json_free(torn);
}

Test(decide, what_it_does_is_possible) {
    /* half a MWh may still be discharged today, a fifth is stored */
    vo_json *a = must("{\"battery_params\": {\"power_mw\": 1, \"capacity_mwh\": 2, "
                      "\"efficiency\": 1, \"max_cycles_per_day\": 1}, \"soc\": 1, "
                      "\"day_discharged_mwh\": 1.5, \"prices\": [90, 10, 5], "
                      "\"at\": \"1970-01-01\"}");
    vo_json *b = must("{\"battery_params\": {\"power_mw\": 1, \"capacity_mwh\": 2, "
                      "\"efficiency\": 1}, \"soc\": 0.2, \"prices\": [90, 10, 5], "
                      "\"at\": \"1970-01-01\"}");
    cr_expect_str_eq(member_text(a, "action"), "discharge");
    cr_expect_float_eq(member_number(a, "power"), 0.5, 1e-6);
    cr_expect_float_eq(member_number(a, "soc_after"), 0.75, 1e-6);
    cr_expect_float_eq(member_number(b, "power"), 0.4, 1e-6);
    cr_expect_float_eq(member_number(b, "soc_after"), 0, 1e-6);
    vo_json_free(a);
    vo_json_free(b);
}

Test(decide, a_table_speaks_for_itself) {
    vo_json *t = learn_must(vo_engine_train, root, 30,
                            "\"what\": \"q\", \"id\": \"table\", \"episodes\": 20");
    vo_json *a = learn_must(vo_engine_decide, root, 3,
                            BATTERY ", \"soc\": 0.5, \"policy\": \"q_learning=table\"");
    const vo_json *q = vo_json_get(a, "q_values"), *model = vo_json_get(a, "model");
    const char *action = member_text(a, "action");
    cr_expect_str_eq(member_text(model, "version"), member_text(t, "version"));
    for (int i = 0; i < 3; i++)
        cr_expect_geq(member_number(q, action),
                      member_number(q, ((const char *[]){"charge", "hold", "discharge"})[i]));
    cr_expect_geq(member_number(a, "confidence"), 0);
    cr_expect_leq(member_number(a, "confidence"), 1);
    vo_json_free(t);
    vo_json_free(a);
}

static char *decided_with(vo_model_cache *kept, const char *request) {
    vo_engine_options o = vo_engine_options_default();
    vo_json_out *w = NULL;
    char *text = NULL;
    size_t len = 0;
    vo_error err = {0};
    o.models = root;
    o.kept = kept;
    cr_assert_eq(vo_json_out_create(&w, &err), VO_OK);
    cr_assert_eq(vo_decide_run(&o, request, w, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_json_out_take(w, &text, &len, &err), VO_OK);
    vo_json_out_free(w);
    return text;
}

Test(decide, a_warm_model_decides_as_its_bytes_do, .timeout = 60) {
    static const char *const policy[] = {"q_learning=table", "mpc:gbt=price",
                                         "spread:gbt=price", "stochastic:gbt=price"};
    static char list[24 * 30 * 24], request[sizeof list + 400];
    vo_model_cache *cache = NULL;
    cr_assert_eq(vo_model_cache_create(root, &cache, NULL), VO_OK);
    vo_json_free(learn_must(vo_engine_train, root, 30,
                            "\"what\": \"q\", \"id\": \"table\", \"episodes\": 20"));
    vo_json_free(learn_must(vo_engine_train, root, 30,
                            "\"id\": \"price\", \"trees\": 8, \"horizons\": [60, 360, 1440]"));
    learn_prices(list, sizeof list, 30);
    for (size_t i = 0; i < 4; i++)
        for (int at = 0; at < 3; at++) { /* later calls find what earlier ones have left */
            snprintf(request, sizeof request,
                     "{\"prices\": %s, \"start\": \"2024-01-01\", " BATTERY
                     ", \"soc\": 0.4, \"policy\": \"%s\", \"known\": %d, "
                     "\"show_forecast\": true}",
                     list, policy[i], 700 + 5 * at);
            char *cold = decided_with(NULL, request), *warm = decided_with(cache, request);
            cr_expect_str_eq(warm, cold);
            free(cold);
            free(warm);
        }
    vo_model_cache_free(cache);
}

/* Two worlds, one after the other, are given the very table of the cache: nothing is read again. */
Test(decide, what_is_warm_is_shared_and_not_read_again) {
    vo_engine_options o = vo_engine_options_default();
    const vo_kept_model *kept = NULL;
    vo_error err = {0};
    vo_json_free(learn_must(vo_engine_train, root, 30,
                            "\"what\": \"q\", \"id\": \"table\", \"episodes\": 20"));
    o.models = root;
    cr_assert_eq(vo_model_cache_create(root, &o.kept, NULL), VO_OK);
    cr_assert_eq(vo_model_cache_take(o.kept, "table", &kept, &err), VO_OK, "%s", err.msg);
    cr_assert_not_null(kept->table);
    for (int i = 0; i < 2; i++) {
        vo_learn_world w;
        vo_learned ready = {0}, strange = {.table = kept->table};
        const void *bytes = NULL;
        size_t len = 0;
        vo_learn_world_init(&w, &o, 1);
        cr_assert_eq(w.learning.model(w.learning.model_ctx, "table", &bytes, &len, &err),
                     VO_OK);
        w.learning.ready(w.learning.ready_ctx, bytes, &ready);
        w.learning.ready(w.learning.ready_ctx, &ready, &strange);
        cr_expect_eq(ready.table, kept->table);
        cr_expect_null(ready.boosting);
        cr_expect_null(strange.table, "bytes that the world did not give");
        vo_learn_world_fini(&w);
    }
    vo_model_cache_give(o.kept, kept);
    vo_model_cache_free(o.kept);
}

Test(decide, what_cannot_be_decided_is_refused_in_words) {
    static const struct {
        const char *rest, *says;
    } refused[] = {
        {"\"policy\": \"perfect\"", "use mpc"},
        {"\"policy\": \"q_learning\"", "q_learning=ID"},
        {"\"policy\": \"mpc:gbt\"", "name a trained model"},
        {"\"policy\": \"clever\"", "threshold"},
        {"\"known\": 4", "there are 3"},
        {"\"at\": \"1971-01-01\"", "no price is known for then"},
        {"\"at\": \"1969-01-01\"", "before the first price"},
        {"\"forecast\": []", "empty"},
        {"\"forecast\": [\"x\"]", "forecast[0]"},
        {"\"forecast\": [50], \"policy\": \"mpc:naive_day\"", "give one of them"},
        {"\"forecast\": [50], \"policy\": \"stochastic\"", "mpc"},
        {"\"forecast\": [50], \"lookahead_h\": 5", "as many"},
        {"\"load_mw\": [1, 1, 1]", "load_mw"},
        {"\"soc\": 1.2", "soc"},
        {"\"polisy\": \"mpc\"", "policy"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        char text[600], *answer = NULL;
        vo_error err = {0};
        snprintf(text, sizeof text, "{" BATTERY ", \"prices\": [50, 40, 60], %s}",
                 refused[i].rest);
        cr_expect_eq(vo_engine_decide(engine, text, &answer, &err), VO_EINVAL, "%s",
                     refused[i].rest);
        cr_expect(strstr(err.msg, refused[i].says), "%s: %s", refused[i].rest, err.msg);
    }
}
