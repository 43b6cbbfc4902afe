/* test_train.c -- each test states one promise of train.h, of the documents and of the registry.
 * Horizons are trained side by side on the engine's threads. */
#include "engine/train.h"

#include <criterion/criterion.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/artefact.h"
#include "learn/price_model.h"
#include "port/file.h"
#include "port/thread.h"
#include "support/data_folder.h"
#include "support/engine_ask.h"
#include "support/learn_ask.h"
#include "support/local_hours.h"

static char root[DATA_PATH];
static void begin(void) { cr_assert(temporary_folder(root)); }
static void end(void) { temporary_folder_remove(root); }
TestSuite(train, .init = begin, .fini = end);

#define SMALL "\"trees\": 30, \"depth\": 3, \"horizons\": [60, 1440]"

static const vo_json *horizon(const vo_json *answer, size_t k) {
    return vo_json_at(vo_json_get(vo_json_get(answer, "results"), "horizons"), k);
}

Test(train, boosting_learns_what_there_is_to_learn_and_says_how_well) {
    vo_json *a = learn_must(vo_engine_train, root, LEARN_DAYS, SMALL);
    cr_expect_str_eq(member_text(a, "id"), "price_prediction");
    cr_expect_str_eq(member_text(a, "type"), "price_prediction");
    cr_expect_str_eq(member_text(a, "alias"), "champion");
    for (size_t k = 0; k < 2; k++) {
        const vo_json *h = horizon(a, k);
        cr_expect_eq(member_number(h, "minutes"), k ? 1440 : 60);
        /* the level walks: a week ago says less than an hour or a day ago */
        cr_expect_lt(member_number(vo_json_get(h, "metrics"), "mae"),
                     member_number(vo_json_get(h, "naive_week"), "mae"));
        cr_expect_gt(vo_json_size(vo_json_get(h, "importance")), 0);
    }
    /* within a day the level does not move: one hour ahead is easier than a day */
    cr_expect_lt(member_number(vo_json_get(horizon(a, 0), "metrics"), "mae"),
                 member_number(vo_json_get(horizon(a, 1), "metrics"), "mae"));
    vo_json_free(a);
}

Test(train, the_first_version_is_champion_and_the_next_challenger) {
    vo_json *a = learn_must(vo_engine_train, root, LEARN_DAYS, SMALL);
    vo_json *b = learn_must(vo_engine_train, root, LEARN_DAYS, SMALL ", \"seed\": 7");
    vo_registry *r = NULL;
    vo_registry_found found;
    vo_error err = {0};
    cr_assert_str_eq(member_text(b, "alias"), "challenger");
    cr_assert_str_neq(member_text(a, "version"), member_text(b, "version"));
    cr_assert_eq(vo_registry_open(root, NULL, &r, &err), VO_OK);
    cr_assert_eq(vo_registry_get(r, "price_prediction", &found, &err), VO_OK, "%s", err.msg);
    cr_expect_str_eq(found.version, member_text(a, "version"));
    cr_assert_eq(vo_registry_get(r, "price_prediction@challenger", &found, &err), VO_OK);
    cr_expect_str_eq(found.version, member_text(b, "version"));
    vo_registry_close(r);
    vo_json_free(a);
    vo_json_free(b);
}

/* What the registry holds of a version, byte for byte. */
static void *artefact(const char *reference, size_t *len) {
    vo_registry *r = NULL;
    void *bytes = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_registry_open(root, NULL, &r, &err), VO_OK);
    cr_assert_eq(vo_registry_load(r, reference, NULL, &bytes, len, NULL, &err), VO_OK, "%s",
                 err.msg);
    vo_registry_close(r);
    return bytes;
}

Test(train, the_same_seed_gives_the_same_bytes_and_another_one_others) {
    vo_json_free(learn_must(vo_engine_train, root, LEARN_DAYS, SMALL ", \"id\": \"a\""));
    vo_json_free(learn_must(vo_engine_train, root, LEARN_DAYS, SMALL ", \"id\": \"b\""));
    vo_json_free(
        learn_must(vo_engine_train, root, LEARN_DAYS, SMALL ", \"id\": \"c\", \"seed\": 5"));
    size_t n[3];
    void *x[3] = {artefact("a", &n[0]), artefact("b", &n[1]), artefact("c", &n[2])};
    cr_expect(n[0] == n[1] && memcmp(x[0], x[1], n[0]) == 0);
    cr_expect(n[0] != n[2] || memcmp(x[0], x[2], n[0]) != 0);
    for (size_t i = 0; i < 3; i++) free(x[i]);
}

/* Prices after train_until differ between the two; what was learned does not. */
Test(train, nothing_is_learned_from_what_lies_after_train_until) {
    const char *rest = SMALL ", \"train_until\": \"2024-02-25\"";
    vo_json *a = learn_must(vo_engine_train, root, LEARN_DAYS, rest);
    cr_expect_eq(member_number(vo_json_get(a, "trained_on"), "intervals"), 55 * 24);
    vo_json_free(a);
    size_t n = 0, m = 0;
    void *x = artefact("price_prediction", &n);
    vo_json_free(learn_must(vo_engine_train, root, 55, SMALL ", \"id\": \"short\""));
    void *y = artefact("short", &m);
    cr_expect(n == m && memcmp(x, y, n) == 0);
    free(x);
    free(y);
}

/* The forecaster needs it to let quantiles follow its errors on days that it did not learn from. */
Test(train, a_boosted_model_says_until_when_it_learned) {
    vo_json_free(learn_must(vo_engine_train, root, LEARN_DAYS,
                            SMALL ", \"train_until\": \"2024-02-25\""));
    size_t n = 0;
    void *bytes = artefact("price_prediction", &n);
    vo_artefact *r = NULL;
    uint64_t end_s = 0;
    vo_error err = {0};
    cr_assert_eq(vo_artefact_open(bytes, n, "FORECAST", 1, "model", &r, &err), VO_OK, "%s",
                 err.msg);
    cr_assert_eq(vo_artefact_enter(r, "SEEN", &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_artefact_get_u64(r, &end_s, &err), VO_OK, "%s", err.msg);
    cr_expect_eq(end_s, 1708819200); /* 2024-02-25 00:00 UTC */
    vo_artefact_close(r);
    free(bytes);
}

Test(train, a_model_of_one_horizon_is_named_for_it) {
    vo_json *a = learn_must(vo_engine_train, root, LEARN_DAYS,
                            "\"trees\": 5, \"depth\": 2, \"horizons\": 60");
    cr_expect_str_eq(member_text(a, "id"), "price_prediction_60m");
    vo_json_free(a);
}

Test(train, settings_found_by_search_are_used_and_told) {
    vo_json *a =
        learn_must(vo_engine_train, root, LEARN_DAYS,
                   "\"trees\": 10, \"horizons\": 60, \"search\": 3, \"quantiles\": [0.1, 0.9]");
    const vo_json *settings = vo_json_get(vo_json_get(a, "results"), "settings");
    cr_expect_eq(member_number(settings, "trees"), 10);
    cr_expect_gt(member_number(settings, "depth"), 0);
    cr_expect_eq(vo_json_size(vo_json_get(vo_json_get(a, "results"), "quantiles")), 2);
    vo_json_free(a);
}

/* The mean over folds of the loss of one trained on what vo_price_model_train trains on. */
static double loss_of(const vo_series *s, const vo_price_settings *set, vo_price_rows *rows) {
    vo_error err = {0};
    double sum = 0;
    cr_assert_eq(vo_price_model_rows(s, NULL, s->n, set, 0, SIZE_MAX, NULL, rows, &err), VO_OK,
                 "%s", err.msg);
    for (size_t k = 0; k < 3; k++) {
        vo_part a, b;
        vo_gbt_rows *binned = NULL;
        vo_gbt *m = NULL;
        cr_assert_eq(vo_split_fold((vo_part){0, rows->n}, 3, k, false, rows->gap, &a, &b, &err),
                     VO_OK);
        const vo_gbt_held_out held = {rows->x + b.from * rows->width, rows->label + b.from,
                                      b.to - b.from};
        cr_assert_eq(vo_gbt_rows_create(rows->x + a.from * rows->width, a.to - a.from,
                                        rows->width, NULL, &binned, &err),
                     VO_OK);
        cr_assert_eq(vo_gbt_train(binned, rows->label + a.from, NULL, &held, &set->point, NULL,
                                  &m, &err),
                     VO_OK, "%s", err.msg);
        sum += vo_gbt_valid_loss(m);
        vo_gbt_free(m);
        vo_gbt_rows_free(binned);
    }
    return sum / 3;
}

Test(train, a_search_scores_what_the_model_is_fitted_to) {
    vo_json *a = learn_must(vo_engine_train, root, LEARN_DAYS,
                            "\"trees\": 10, \"depth\": 2, \"horizons\": 180, \"search\": 2");
    const vo_json *found = vo_json_get(vo_json_get(a, "results"), "search");
    char text[20000];
    vo_json *prices = NULL;
    vo_series *s = local_hours("UTC", 2024, 1, 1, LEARN_DAYS, NULL);
    learn_prices(text, sizeof text, LEARN_DAYS);
    cr_assert_eq(vo_json_parse(text, strlen(text), &prices, NULL), VO_OK);
    for (size_t t = 0; t < s->n; t++)
        s->column[0].value[t] = vo_json_number(vo_json_at(prices, t));
    vo_price_settings set = vo_price_settings_default(1);
    set.n_horizons = 1;
    set.horizon[0] = 3;
    set.point.trees = 10;
    set.point.depth = 2;
    vo_price_rows rows;
    const double loss = loss_of(s, &set, &rows);
    cr_expect_float_eq(member_number(found, "loss_before"), loss, 1e-9 * loss, "%.17g", loss);
    cr_expect_leq(member_number(found, "loss"), member_number(found, "loss_before"));
    cr_expect_str_eq(member_text(found, "target"), vo_price_target_name(rows.target));
    cr_expect_eq(member_number(found, "tried"), 3);
    vo_price_rows_fini(&rows);
    vo_series_free(s);
    vo_json_free(prices);
    vo_json_free(a);
}

/* Ten days, and what their features look back on. */
Test(train, split_by_days_learns_from_the_last_ten_days_alone) {
    const char *days = SMALL ", \"split\": \"days\", \"id\": \"all\"";
    const char *late =
        SMALL ", \"split\": \"days\", \"id\": \"late\", \"from\": \"2024-01-20\"";
    size_t n = 0, m = 0;
    vo_json *a = learn_must(vo_engine_train, root, LEARN_DAYS, days);
    cr_expect_str_eq(member_text(vo_json_get(a, "results"), "split"), "days");
    /* 1.5 days of hours are tested on */
    cr_expect_eq(member_number(vo_json_get(horizon(a, 0), "metrics"), "n"), 36);
    vo_json_free(a);
    vo_json_free(learn_must(vo_engine_train, root, LEARN_DAYS, late));
    void *x = artefact("all", &n), *y = artefact("late", &m);
    cr_expect(n == m && memcmp(x, y, n) == 0);
    free(x);
    free(y);
}

/* A carbon price above every price difference: charging is never worth it, so holding is. */
Test(train, a_table_of_actions_counts_the_carbon_of_imports) {
    size_t n = 0, m = 0;
    vo_json_free(learn_must(vo_engine_train, root, 30,
                            "\"what\": \"q\", \"episodes\": 3, \"id\": \"free\""));
    vo_json_free(learn_must(vo_engine_train, root, 30,
                            "\"what\": \"q\", \"episodes\": 3, \"id\": \"dear\", "
                            "\"carbon_kg_per_mwh\": 500, \"carbon_price_per_t\": 100"));
    vo_json_free(learn_must(vo_engine_train, root, 30,
                            "\"what\": \"q\", \"episodes\": 3, \"id\": \"fee\", "
                            "\"fee_per_mwh\": 0, \"carbon_kg_per_mwh\": 500"));
    void *x = artefact("free", &n), *y = artefact("dear", &m);
    cr_expect(n != m || memcmp(x, y, n) != 0);
    free(y);
    y = artefact("fee", &m); /* carbon without a price costs nothing */
    cr_expect(n == m && memcmp(x, y, n) == 0);
    free(x);
    free(y);
}

Test(train, a_table_of_actions_is_learned_for_the_battery_given) {
    vo_json *a = learn_must(vo_engine_train, root, LEARN_DAYS,
                            "\"what\": \"q\", \"episodes\": 3, \"battery_params\": "
                            "{\"power_mw\": 2, \"capacity_mwh\": 6}");
    const vo_json *results = vo_json_get(a, "results");
    cr_expect_str_eq(member_text(a, "id"), "battery_policy");
    cr_expect_str_eq(member_text(a, "type"), "rl_battery");
    /* whole rounds of 4096 environments */
    cr_expect_geq(member_number(results, "steps"), 3 * 14400);
    cr_expect_lt(member_number(results, "steps"), 3 * (14400 + 4096));
    cr_expect_eq(member_number(vo_json_get(results, "battery"), "capacity_mwh"), 6);
    vo_json_free(a);
}

Test(train, what_cannot_be_is_refused_with_field_and_remedy) {
    static const struct {
        const char *rest, *says;
    } refused[] = {
        {"\"method\": \"arima\"", "method"},
        {"\"horizons\": [90]", "whole number of the prices' intervals"},
        {"\"horizons\": [60, 30]", "not above"},
        {"\"what\": \"q\", \"trees\": 5", "trees is of method gbt"},
        {"\"episodes\": 5", "episodes is of method q_learning"},
        {"\"id\": \"../x\"", "id"},
        {"\"train_until\": \"2023-01-01\"", "train_until"},
        {"\"alias\": \"winner\"", "alias"},
        {"\"quantiles\": [1.5]", "quantiles"},
        {"\"split\": \"weeks\"", "split"},
        {"\"method\": \"lear\", \"split\": \"days\"", "split is of method gbt"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        vo_error err = {0};
        vo_json *a = learn_ask(vo_engine_train, root, 30, refused[i].rest, &err);
        cr_expect_null(a, "%s", refused[i].rest);
        cr_expect(strstr(err.msg, refused[i].says), "%s: %s", refused[i].rest, err.msg);
        vo_json_free(a);
    }
}

/* What would be refused in the end is refused in the beginning. */
Test(train, a_reason_too_long_for_the_log_registers_nothing) {
    char rest[2600], reason[2102];
    memset(reason, 'x', sizeof reason - 1);
    reason[sizeof reason - 1] = '\0';
    snprintf(rest, sizeof rest, SMALL ", \"reason\": \"%s\"", reason);
    vo_error err = {0};
    vo_json *a = learn_ask(vo_engine_train, root, LEARN_DAYS, rest, &err);
    cr_assert_null(a);
    cr_expect(strstr(err.msg, "reason has 2101 characters"), "%s", err.msg);
    vo_registry *r = NULL;
    vo_registry_book *book = NULL;
    cr_assert_eq(vo_registry_open(root, NULL, &r, &err), VO_OK);
    cr_assert_eq(vo_registry_list(r, &book, &err), VO_OK);
    cr_expect_eq(book->n, 0);
    vo_registry_book_free(book);
    vo_registry_close(r);
}

/* Ten days of hours, then ten of half hours: a table's step has one length. */
Test(train, a_table_is_not_learned_from_intervals_of_two_lengths) {
    char *request = malloc(80000), *p = request, *response = NULL;
    p += sprintf(p, "{\"what\": \"q\", \"episodes\": 1, \"repair\": \"uneven\", \"prices\": [");
    for (int i = 0; i < 10 * 24 + 10 * 48; i++) {
        const int half = i < 240 ? 2 * i : i + 240;
        p += sprintf(p, "%s{\"timestamp\": \"2024-01-%02dT%02d:%02d:00Z\", \"price\": %d}",
                     i ? "," : "", half / 48 + 1, half % 48 / 2, half % 2 * 30, half % 48);
    }
    sprintf(p, "]}");
    vo_engine_options o = vo_engine_options_default();
    o.models = root;
    vo_engine *e = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_engine_open(&o, &e, &err), VO_OK);
    cr_expect_eq(vo_engine_train(e, request, &response, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "one length"), "%s", err.msg);
    vo_text_free(response);
    vo_engine_close(e);
    free(request);
}

/* ---- two at once ------------------------------------------------------------------------ */

#define AT_ONCE 2

typedef struct {
    pthread_barrier_t *all;
    bool met;
    vo_json *answer;
} trainer;

/* Nobody goes on before all have begun, and so have seen a registry without a champion. */
static int32_t meet(void *ctx, const char *phase, double fraction) {
    trainer *t = ctx;
    cr_assert(*phase && fraction >= 0);
    if (!t->met) pthread_barrier_wait(t->all);
    t->met = true;
    return 0;
}

static vo_status train_one(void *ctx, size_t i, size_t worker, vo_error *err) {
    trainer *t = (trainer *)ctx + i;
    char prices[20000], request[24000], *response = NULL;
    (void)worker;
    learn_prices(prices, sizeof prices, 30);
    snprintf(request, sizeof request,
             "{\"what\": \"q\", \"episodes\": 3, \"prices\": %s, \"start\": \"2024-01-01\"}",
             prices);
    vo_engine_options o = vo_engine_options_default();
    o.models = root;
    o.threads = 1;
    o.progress = meet;
    o.progress_ctx = t;
    vo_engine *e = NULL;
    vo_status st = vo_engine_open(&o, &e, err);
    if (st == VO_OK) st = vo_engine_train(e, request, &response, err);
    if (st == VO_OK) st = vo_json_parse(response, strlen(response), &t->answer, err);
    vo_text_free(response);
    vo_engine_close(e);
    return st;
}

Test(train, of_first_versions_trained_at_once_one_is_champion, .timeout = 120) {
    pthread_barrier_t all;
    trainer t[AT_ONCE] = {{.all = &all}, {.all = &all}};
    vo_registry *r = NULL;
    vo_registry_found found;
    vo_error err = {0};
    size_t champions = 0;
    cr_assert_eq(pthread_barrier_init(&all, NULL, AT_ONCE), 0);
    cr_assert_eq(vo_thread_for(AT_ONCE, AT_ONCE, train_one, t, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_registry_open(root, NULL, &r, &err), VO_OK);
    for (size_t i = 0; i < AT_ONCE; i++) {
        cr_expect(t[i].met);
        const char *alias = member_text(t[i].answer, "alias");
        char reference[64];
        champions += strcmp(alias, "champion") == 0;
        snprintf(reference, sizeof reference, "battery_policy@%s", alias);
        cr_assert_eq(vo_registry_get(r, reference, &found, &err), VO_OK, "%s", err.msg);
        cr_expect_str_eq(found.version, member_text(t[i].answer, "version"));
        vo_json_free(t[i].answer);
    }
    cr_expect_eq(champions, 1);
    vo_registry_close(r);
    pthread_barrier_destroy(&all);
}

static int32_t stop(void *ctx, const char *phase, double fraction) {
    int *calls = ctx;
    cr_assert(*phase && fraction >= 0 && fraction <= 1);
    return ++*calls > 5;
}

Test(train, it_stops_when_told_to_and_registers_nothing) {
    char *prices = malloc(40000), *request = malloc(50000), *response = NULL;
    int calls = 0;
    learn_prices(prices, 40000, LEARN_DAYS);
    snprintf(request, 50000, "{\"prices\": %s, \"start\": \"2024-01-01\"}", prices);
    vo_engine_options o = vo_engine_options_default();
    o.models = root;
    o.progress = stop;
    o.progress_ctx = &calls;
    vo_engine *e = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_engine_open(&o, &e, &err), VO_OK);
    cr_assert_eq(vo_engine_train(e, request, &response, &err), VO_ECANCELED, "%s", err.msg);
    cr_assert_null(response);
    vo_engine_close(e);
    vo_registry *r = NULL;
    vo_registry_book *book = NULL;
    cr_assert_eq(vo_registry_open(root, NULL, &r, &err), VO_OK);
    cr_assert_eq(vo_registry_list(r, &book, &err), VO_OK);
    cr_expect_eq(book->n, 0);
    vo_registry_book_free(book);
    vo_registry_close(r);
    free(prices);
    free(request);
}

Test(train, a_file_in_the_place_of_the_folder_of_models_is_refused_before_the_work) {
    char path[DATA_PATH + 8];
    vo_error err = {0};
    snprintf(path, sizeof path, "%s/file", root);
    cr_assert_eq(vo_file_write(path, "x", 1, &err), VO_OK, "%s", err.msg);
    cr_expect_null(learn_ask(vo_engine_train, path, 5, "", &err));
    cr_expect(strstr(err.msg, "is a file"), "%s", err.msg); /* not: too few prices */
}

/* Registers what was learned from one node of a lake by hand, and asks with another. */
Test(train, a_champion_of_another_node_is_not_trained_over_and_forecasts_with_a_warning) {
    vo_request r = {0};
    vo_registry *registry = NULL;
    vo_error err = {0};
    char other[VO_TRAIN_ORIGIN];
    cr_assert_eq(vo_registry_open(root, NULL, &registry, &err), VO_OK);
    const vo_registry_file file = {"model.volteo", "x", 1};
    const vo_registry_draft d = {.id = "price",
                                 .type = "price_prediction",
                                 .created_s = 1770817500,
                                 .file = &file,
                                 .n_files = 1,
                                 .market = "CAISO",
                                 .node = "NP15",
                                 .from_s = 0,
                                 .to_s = 3600,
                                 .rows = 1};
    char version[VO_REGISTRY_NAME];
    const vo_registry_decision why = {.reason = "first", .when_s = 1770817500};
    cr_assert_eq(vo_registry_register(registry, &d, version, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(
        vo_registry_promote(registry, "price", version, VO_REGISTRY_CHAMPION, &why, &err),
        VO_OK, "%s", err.msg);
    r.market[VO_MKT_market].text = "MEM";
    r.market[VO_MKT_zone].text = "APATZINGAN";
    cr_assert_eq(vo_train_other_origin(registry, "price", &r, other, &err), VO_OK);
    cr_expect_str_eq(other, "CAISO NP15");
    cr_expect_eq(vo_train_check_origin(registry, "price", &r, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "CAISO NP15") && strstr(err.msg, "another id"), "%s", err.msg);
    cr_expect_eq(vo_train_check_origin(registry, "unknown", &r, &err), VO_OK);
    r.market[VO_MKT_market].text = "CAISO";
    r.market[VO_MKT_zone].text = "np15";
    cr_expect_eq(vo_train_check_origin(registry, "price", &r, &err), VO_OK);
    r.market[VO_MKT_zone].text = NULL; /* a file: it does not say */
    cr_assert_eq(vo_train_other_origin(registry, "price", &r, other, &err), VO_OK);
    cr_expect_str_eq(other, "");
    vo_registry_close(registry);
}

/* One answer over a lake beside the models; NULL and the words of a refusal. */
static vo_json *over_lake(engine_call call, const char *lake, const char *request,
                          vo_error *err) {
    vo_engine_options o = vo_engine_options_default();
    char *response = NULL;
    vo_engine *e = NULL;
    vo_json *answer = NULL;
    o.lake = lake;
    o.models = root;
    cr_assert_eq(vo_engine_open(&o, &e, err), VO_OK, "%s", err->msg);
    if (call(e, request, &response, err) == VO_OK)
        cr_assert_eq(vo_json_parse(response, strlen(response), &answer, err), VO_OK);
    vo_text_free(response);
    vo_engine_close(e);
    return answer;
}

#define OF(node) "{\"market_params\": {\"market\": \"SYNTH\", \"zone\": \"" node "\"}, "

Test(train, one_id_is_of_one_node_for_training_retraining_and_forecasting) {
    char lake[DATA_PATH];
    vo_error err = {0};
    cr_assert(temporary_folder(lake));
    vo_json_free(engine_ask(lake, vo_engine_data_synth,
                            "{\"market\": \"SYNTH\", \"nodes\": 2, \"days\": 50}"));
    static const char *const small = "\"method\": \"gbt\", \"horizons\": [60], \"trees\": 5";
    char first[300], other[300];
    snprintf(first, sizeof first, OF("NODE0000") "%s, \"id\": \"m\"}", small);
    snprintf(other, sizeof other, OF("NODE0001") "%s, \"id\": \"m\"}", small);
    vo_json *a = over_lake(vo_engine_train, lake, first, &err);
    cr_assert_not_null(a, "%s", err.msg);
    vo_json_free(a);
    engine_call const calls[] = {vo_engine_train, vo_engine_retrain};
    for (size_t i = 0; i < 2; i++) {
        cr_expect_null(over_lake(calls[i], lake, other, &err));
        cr_expect(strstr(err.msg, "learned from SYNTH NODE0000"), "%s", err.msg);
    }
    a = over_lake(vo_engine_forecast, lake, OF("NODE0001") "\"model\": \"m\"}", &err);
    cr_assert_not_null(a, "%s", err.msg);
    cr_expect(strstr(member_text(a, "warning"), "learned from SYNTH NODE0000"));
    vo_json_free(a);
    a = over_lake(vo_engine_forecast, lake, OF("NODE0000") "\"model\": \"m\"}", &err);
    cr_assert_not_null(a, "%s", err.msg);
    cr_expect_eq(vo_json_kind_of(vo_json_get(a, "warning")), VO_JSON_NULL);
    vo_json_free(a);
    temporary_folder_remove(lake);
}
