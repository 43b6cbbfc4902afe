/* test_train_key.c -- a training with a key makes one version, however often it is asked for. */
#include "engine/train.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "port/thread.h"
#include "support/data_folder.h"
#include "support/engine_ask.h"
#include "support/learn_ask.h"
#include "support/model_folder.h"

static char root[DATA_PATH];
static void begin(void) { cr_assert(temporary_folder(root)); }
static void end(void) { temporary_folder_remove(root); }
TestSuite(train_key, .init = begin, .fini = end);

#define Q "\"what\": \"q\", \"id\": \"table\", \"episodes\": 5"

static bool existed(const vo_json *a) { return vo_json_bool(vo_json_get(a, "existed")); }

static size_t versions_of(const char *id) {
    vo_registry *r = model_folder_open(root);
    vo_registry_book *b = NULL;
    cr_assert_eq(vo_registry_list(r, &b, NULL), VO_OK);
    const vo_registry_model *m = vo_registry_book_find(b, id);
    const size_t n = m ? m->n : 0;
    vo_registry_book_free(b);
    vo_registry_close(r);
    return n;
}

Test(train_key, the_second_call_is_answered_from_what_the_first_made) {
    vo_json *a = learn_must(vo_engine_train, root, 30, Q ", \"key\": \"job 1\"");
    vo_json *b = learn_must(vo_engine_train, root, 30, Q ", \"key\": \"job 1\"");
    const vo_json *x = vo_json_get(a, "trained_on"), *y = vo_json_get(b, "trained_on");
    cr_expect_not(existed(a));
    cr_expect(existed(b));
    cr_expect_str_eq(member_text(a, "version"), member_text(b, "version"));
    cr_expect_str_eq(member_text(a, "alias"), member_text(b, "alias"));
    cr_expect_str_eq(member_text(x, "last"), member_text(y, "last"));
    cr_expect_eq(member_number(x, "intervals"), member_number(y, "intervals"));
    cr_expect_eq(member_number(vo_json_get(a, "results"), "loss"),
                 member_number(vo_json_get(b, "results"), "loss"));
    cr_expect_eq(versions_of("table"), 1);
    vo_json_free(a);
    vo_json_free(b);
}

Test(train_key, another_key_and_none_make_versions_of_their_own) {
    vo_json_free(learn_must(vo_engine_train, root, 30, Q ", \"key\": \"one\""));
    vo_json *b = learn_must(vo_engine_train, root, 30, Q ", \"key\": \"two\"");
    vo_json *c = learn_must(vo_engine_train, root, 30, Q);
    cr_expect_not(existed(b));
    cr_expect_not(existed(c));
    cr_expect_eq(versions_of("table"), 3);
    vo_json_free(b);
    vo_json_free(c);
}

Test(train_key, a_version_that_its_maker_left_without_an_alias_gets_it) {
    vo_registry *r = model_folder_open(root);
    vo_registry_draft d = model_draft("table", 1);
    char version[VO_REGISTRY_NAME];
    d.type = "rl_battery";
    d.key = "job 1";
    cr_assert_eq(vo_registry_register(r, &d, version, NULL), VO_OK);
    vo_registry_close(r);
    vo_json *a = learn_must(vo_engine_train, root, 30, Q ", \"key\": \"job 1\"");
    cr_expect(existed(a));
    cr_expect_str_eq(member_text(a, "version"), version);
    cr_expect_str_eq(member_text(a, "alias"), "champion");
    vo_json_free(a);
    /* and it is not given again to one that a later decision took it from */
    vo_json *b = learn_must(vo_engine_train, root, 30, Q ", \"alias\": \"champion\"");
    vo_json *c = learn_must(vo_engine_train, root, 30, Q ", \"key\": \"job 1\"");
    cr_expect_str_eq(member_text(b, "alias"), "champion");
    cr_expect_eq(vo_json_kind_of(vo_json_get(c, "alias")), VO_JSON_NULL);
    vo_json_free(b);
    vo_json_free(c);
}

Test(train_key, a_retraining_with_a_key_is_decided_once) {
    static const char rest[] = "\"method\": \"q_learning\", \"episodes\": 5, "
                               "\"backtest_days\": 5, \"key\": \"month 2\"";
    vo_json *a = learn_must(vo_engine_retrain, root, 40, rest);
    vo_json *b = learn_must(vo_engine_retrain, root, 40, rest);
    cr_expect_not(existed(a));
    cr_expect(existed(b));
    cr_expect_str_eq(member_text(a, "version"), member_text(b, "version"));
    cr_expect_str_eq(member_text(a, "reason"), member_text(b, "reason"));
    cr_expect_eq(vo_json_bool(vo_json_get(a, "promoted")),
                 vo_json_bool(vo_json_get(b, "promoted")));
    cr_expect_eq(versions_of(member_text(a, "id")), 1);
    vo_json_free(a);
    vo_json_free(b);
}

Test(train_key, a_key_that_is_too_long_is_refused_before_the_work) {
    char rest[400], key[300];
    vo_error err = {0};
    memset(key, 'k', sizeof key - 1);
    key[sizeof key - 1] = '\0';
    snprintf(rest, sizeof rest, Q ", \"key\": \"%s\"", key);
    cr_expect_null(learn_ask(vo_engine_train, root, 30, rest, &err));
    cr_expect_eq(err.code, VO_EINVAL);
    cr_expect(strstr(err.msg, "at most 256"), "%s", err.msg);
    cr_expect_eq(versions_of("table"), 0);
}

typedef struct {
    const vo_registry *r;
    char version[8][VO_REGISTRY_NAME];
    bool existed[8];
} race;

static vo_status enter(void *ctx, size_t i, size_t worker, vo_error *err) {
    race *x = ctx;
    (void)worker;
    vo_registry_draft d = model_draft("raced", (int)i);
    d.key = "the same";
    return vo_registry_register_once(x->r, &d, x->version[i], &x->existed[i], err);
}

Test(train_key, of_threads_with_one_key_one_registers) {
    vo_registry *r = model_folder_open(root);
    race x = {.r = r};
    vo_error err = {0};
    cr_assert_eq(vo_thread_for(8, 4, enter, &x, &err), VO_OK, "%s", err.msg);
    int fresh = 0;
    for (size_t i = 0; i < 8; i++) {
        fresh += !x.existed[i];
        cr_expect_str_eq(x.version[i], x.version[0]);
    }
    cr_expect_eq(fresh, 1);
    vo_registry_close(r);
    cr_expect_eq(versions_of("raced"), 1);
}
