/* test_retrain.c -- each test states one promise of retrain.h. */
#include "engine/retrain.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/registry.h"
#include "support/data_folder.h"
#include "support/engine_ask.h"
#include "support/learn_ask.h"

static char root[DATA_PATH];
static void begin(void) { cr_assert(temporary_folder(root)); }
static void end(void) { temporary_folder_remove(root); }
TestSuite(retrain, .init = begin, .fini = end);

#define Q "\"method\": \"q_learning\", \"episodes\": 5, \"backtest_days\": 5"

#define BATTERY                                                                                \
    "\"battery_params\": {\"power_mw\": 1, \"capacity_mwh\": 2, \"efficiency\": 0.9}"

static vo_registry_book *book(void) {
    vo_registry *r = NULL;
    vo_registry_book *b = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_registry_open(root, NULL, &r, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_registry_list(r, &b, &err), VO_OK, "%s", err.msg);
    vo_registry_close(r);
    return b;
}

static bool yes(const vo_json *o, const char *key) {
    const vo_json *v = vo_json_get(o, key);
    return v && vo_json_kind_of(v) == VO_JSON_BOOL && vo_json_bool(v);
}

Test(retrain, the_first_model_becomes_champion_trained_on_everything) {
    vo_json *a = learn_must(vo_engine_retrain, root, 40, Q);
    cr_expect(yes(a, "promoted"));
    cr_expect_eq(vo_json_kind_of(vo_json_get(a, "champion")), VO_JSON_NULL);
    cr_expect_eq(member_number(vo_json_get(a, "backtest"), "days"), 5);
    cr_expect_str_eq(member_text(vo_json_get(a, "backtest"), "first_day"), "2024-02-05");
    cr_expect(strncmp(member_text(a, "challenger_trained_to"), "2024-02-04T23", 13) == 0);
    vo_registry_book *b = book();
    cr_assert_eq(b->n, 1);
    cr_expect_str_eq(b->model[0].alias[VO_REGISTRY_CHAMPION], member_text(a, "version"));
    vo_registry_book_free(b);
    vo_json_free(a);
}

/* What the champion learned from, with its settings and seed, gives its equal. */
Test(retrain, a_challenger_that_is_as_good_replaces_the_champion) {
    vo_json *t = learn_must(vo_engine_train, root, 40,
                            "\"what\": \"q\", \"episodes\": 5, \"train_until\": "
                            "\"2024-02-05\", \"battery_params\": {\"power_mw\": 1, "
                            "\"capacity_mwh\": 2, \"efficiency\": 0.9}");
    vo_json *a = learn_must(vo_engine_retrain, root, 40,
                            Q ", \"battery_params\": {\"power_mw\": 1, \"capacity_mwh\": 2, "
                              "\"efficiency\": 0.9}");
    cr_expect_eq(member_number(vo_json_get(a, "champion"), "profit"),
                 member_number(vo_json_get(a, "challenger"), "profit"));
    cr_expect(yes(a, "promoted"));
    cr_expect(strstr(member_text(a, "reason"), "not worse than"), "%s",
              member_text(a, "reason"));
    vo_registry_book *b = book();
    cr_expect_str_eq(b->model[0].alias[VO_REGISTRY_CHAMPION], member_text(a, "version"));
    cr_expect_str_eq(b->model[0].former[0], member_text(t, "version"));
    vo_registry_book_free(b);
    vo_json_free(t);
    vo_json_free(a);
}

Test(retrain, no_more_versions_stay_than_backups_and_what_has_a_role) {
    for (int i = 0; i < 9; i++) vo_json_free(learn_must(vo_engine_retrain, root, 40, Q));
    vo_registry_book *b = book();
    /* five, and beyond them the champion, the challenger and the one before the champion */
    cr_expect(b->model[0].n >= 5 && b->model[0].n <= 8, "%zu", b->model[0].n);
    vo_registry_book_free(b);
}

Test(retrain, a_dry_run_decides_and_changes_nothing) {
    vo_json *a = learn_must(vo_engine_retrain, root, 40, Q ", \"dry_run\": true");
    cr_expect(yes(a, "dry_run"));
    cr_expect_not(yes(a, "promoted"));
    cr_expect_eq(vo_json_kind_of(vo_json_get(a, "version")), VO_JSON_NULL);
    vo_json_free(a);
    vo_registry_book *b = book();
    cr_expect_eq(b->n, 0);
    vo_registry_book_free(b);
}

/* Who earns more in the days judged is champion afterwards. */
Test(retrain, the_one_that_earns_less_does_not_become_champion) {
    vo_json_free(learn_must(vo_engine_train, root, 40,
                            "\"what\": \"q\", \"episodes\": 200, \"train_until\": "
                            "\"2024-02-05\""));
    vo_registry_book *before = book();
    vo_json *a = learn_must(vo_engine_retrain, root, 40, Q ", \"seed\": 3");
    const double old = member_number(vo_json_get(a, "champion"), "profit");
    const double fresh = member_number(vo_json_get(a, "challenger"), "profit");
    vo_registry_book *after = book();
    const vo_registry_model *m = vo_registry_book_find(after, "battery_policy");
    cr_assert_not_null(m);
    cr_expect_eq(yes(a, "promoted"), fresh >= old - 1e-9 * fabs(old));
    if (yes(a, "promoted"))
        cr_expect_str_eq(m->alias[VO_REGISTRY_CHAMPION], member_text(a, "version"));
    else {
        cr_expect_str_eq(m->alias[VO_REGISTRY_CHAMPION],
                         before->model[0].alias[VO_REGISTRY_CHAMPION]);
        cr_expect_str_eq(m->alias[VO_REGISTRY_CHALLENGER], member_text(a, "version"));
    }
    vo_registry_book_free(before);
    vo_registry_book_free(after);
    vo_json_free(a);
}

/* What a version was trained with. */
static vo_json *results_of(const char *reference) {
    vo_registry *r = NULL;
    vo_json *results = NULL;
    void *bytes = NULL;
    size_t len = 0;
    vo_error err = {0};
    cr_assert_eq(vo_registry_open(root, NULL, &r, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(
        vo_registry_load(r, reference, "training_results.json", &bytes, &len, NULL, &err),
        VO_OK, "%s", err.msg);
    cr_assert_eq(vo_json_parse(bytes, len, &results, &err), VO_OK, "%s", err.msg);
    free(bytes);
    vo_registry_close(r);
    return results;
}

/* The same prices, horizons, levels, depth, trees, rate and seed: the same profit to the last
 * digit, and depth 2 of 9 trees in place of 6 of 200. */
Test(retrain, a_champion_with_settings_of_its_own_is_met_by_a_challenger_of_the_same) {
    vo_json_free(learn_must(vo_engine_train, root, 60,
                            "\"horizons\": [60, 180], \"quantiles\": [0.2, 0.8], \"trees\": 9, "
                            "\"depth\": 2, \"rate\": 0.3, \"seed\": 5, \"split\": \"days\", "
                            "\"train_until\": \"2024-02-25\""));
    vo_json *a = learn_must(vo_engine_retrain, root, 60, "\"backtest_days\": 5");
    cr_expect_eq(member_number(vo_json_get(a, "champion"), "profit"),
                 member_number(vo_json_get(a, "challenger"), "profit"));
    cr_expect(yes(a, "promoted"));
    vo_json *results = results_of("price_prediction");
    static const char *const key[] = {"settings", "quantile_settings"};
    for (size_t i = 0; i < 2; i++) {
        const vo_json *s = vo_json_get(results, key[i]);
        cr_expect_eq(member_number(s, "trees"), 9);
        cr_expect_eq(member_number(s, "depth"), 2);
        cr_expect_eq(member_number(s, "rate"), 0.3);
        cr_expect_eq(member_number(s, "seed"), 5);
        cr_expect_eq(member_number(s, "min_child_weight"), i ? 20 : 5);
    }
    cr_expect_str_eq(member_text(results, "split"), "days");
    const vo_json *h = vo_json_get(results, "horizons"), *q = vo_json_get(results, "quantiles");
    cr_assert_eq(vo_json_size(h), 2);
    cr_expect_eq(member_number(vo_json_at(h, 1), "minutes"), 180);
    cr_assert_eq(vo_json_size(q), 2);
    cr_expect_eq(vo_json_number(vo_json_at(q, 0)), 0.2);
    vo_json_free(results);
    vo_json_free(a);
}

Test(retrain, what_the_request_says_goes_before_the_champions_settings) {
    vo_json_free(learn_must(vo_engine_train, root, 60,
                            "\"horizons\": [60, 180], \"trees\": 9, \"depth\": 2, "
                            "\"train_until\": \"2024-02-25\", \"alias\": \"champion\""));
    vo_json *a = learn_must(vo_engine_retrain, root, 60,
                            "\"backtest_days\": 5, \"depth\": 3, \"horizons\": [60, 120], "
                            "\"quantiles\": [0.1, 0.9], \"split\": \"shares\"");
    vo_json *results = results_of("price_prediction@latest");
    const vo_json *s = vo_json_get(results, "settings");
    cr_expect_eq(member_number(s, "trees"), 9);
    cr_expect_eq(member_number(s, "depth"), 3);
    cr_expect_eq(member_number(vo_json_at(vo_json_get(results, "horizons"), 1), "minutes"),
                 120);
    cr_expect_eq(vo_json_size(vo_json_get(results, "quantiles")), 2);
    vo_json_free(results);
    vo_json_free(a);
}

/* An id is enough: the method, the episodes and the battery are the champion's. */
Test(retrain, a_table_is_learned_again_for_the_battery_it_was_made_for) {
    vo_json_free(learn_must(vo_engine_train, root, 40,
                            "\"what\": \"q\", \"id\": \"mine\", \"episodes\": 6, "
                            "\"environments\": 512, \"max_steps\": 7000, \"train_until\": "
                            "\"2024-02-05\", \"battery_params\": {\"power_mw\": 3, "
                            "\"capacity_mwh\": 7, \"efficiency\": 0.8}"));
    vo_json *a =
        learn_must(vo_engine_retrain, root, 40, "\"id\": \"mine\", \"backtest_days\": 5");
    cr_expect_str_eq(member_text(a, "method"), "q_learning");
    cr_expect_eq(member_number(vo_json_get(a, "backtest"), "capacity_mwh"), 7);
    cr_expect_eq(member_number(vo_json_get(a, "champion"), "profit"),
                 member_number(vo_json_get(a, "challenger"), "profit"));
    vo_json *results = results_of("mine@latest");
    const vo_json *s = vo_json_get(results, "settings");
    cr_expect_eq(member_number(s, "episodes"), 6);
    cr_expect_eq(member_number(s, "environments"), 512);
    cr_expect_eq(member_number(s, "max_steps"), 7000);
    cr_expect_eq(member_number(vo_json_get(results, "battery"), "charge_mw"), 3);
    vo_json_free(results);
    vo_json_free(a);
}

typedef struct {
    char version[VO_REGISTRY_NAME];
    bool done;
} usurper;

/* While the challenger is being judged somebody promotes another version. */
static int32_t usurp(void *ctx, const char *phase, double fraction) {
    usurper *u = ctx;
    const vo_registry_decision why = {.reason = "by hand"};
    vo_registry *r = NULL;
    vo_error err = {0};
    cr_assert(*phase && fraction >= 0);
    if (u->done) return 0;
    cr_assert_eq(vo_registry_open(root, NULL, &r, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(
        vo_registry_promote(r, "battery_policy", u->version, VO_REGISTRY_CHAMPION, &why, &err),
        VO_OK, "%s", err.msg);
    vo_registry_close(r);
    u->done = true;
    return 0;
}

Test(retrain, a_champion_made_meanwhile_is_not_replaced) {
    const char *before =
        "\"what\": \"q\", \"episodes\": 5, \"train_until\": \"2024-02-05\", " BATTERY;
    vo_json_free(learn_must(vo_engine_train, root, 40, before));
    vo_json *other = learn_must(vo_engine_train, root, 40, before);
    usurper u = {.done = false};
    snprintf(u.version, sizeof u.version, "%s", member_text(other, "version"));
    char prices[20000], request[24000], *response = NULL;
    learn_prices(prices, sizeof prices, 40);
    snprintf(request, sizeof request,
             "{" Q ", " BATTERY ", \"prices\": %s, \"start\": \"2024-01-01\"}", prices);
    vo_engine_options o = vo_engine_options_default();
    o.models = root;
    o.threads = 1;
    o.progress = usurp;
    o.progress_ctx = &u;
    vo_engine *e = NULL;
    vo_json *a = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_engine_open(&o, &e, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_engine_retrain(e, request, &response, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_json_parse(response, strlen(response), &a, &err), VO_OK, "%s", err.msg);
    cr_expect(u.done);
    cr_expect_not(yes(a, "promoted"));
    cr_expect(strstr(member_text(a, "reason"), "no longer is"), "%s", member_text(a, "reason"));
    vo_registry_book *b = book();
    cr_expect_str_eq(b->model[0].alias[VO_REGISTRY_CHAMPION], u.version);
    cr_expect_str_eq(b->model[0].alias[VO_REGISTRY_CHALLENGER], member_text(a, "version"));
    vo_registry_book_free(b);
    vo_text_free(response);
    vo_json_free(a);
    vo_json_free(other);
    vo_engine_close(e);
}

Test(retrain, what_cannot_be_is_refused_with_field_and_remedy) {
    static const struct {
        const char *rest, *says;
    } refused[] = {{"\"backtest_days\": 400", "backtest_days = 400"},
                   {"\"method\": \"arima\"", "method"},
                   {"\"train_until\": \"2024-01-20\"", "train_until"},
                   {"\"method\": \"lear\", \"depth\": 3", "depth is of method gbt"},
                   {"\"max_steps\": 3", "max_steps is of method q_learning"},
                   {"\"split\": \"weeks\"", "split"},
                   {"\"protocol\": \"weekly\"", "protocol"}};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        vo_error err = {0};
        vo_json *a = learn_ask(vo_engine_retrain, root, 40, refused[i].rest, &err);
        cr_expect_null(a, "%s", refused[i].rest);
        cr_expect(strstr(err.msg, refused[i].says), "%s: %s", refused[i].rest, err.msg);
        vo_json_free(a);
    }
}
