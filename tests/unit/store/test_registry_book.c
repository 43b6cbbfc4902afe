/* test_registry_book.c -- registry.json in memory: the requirements' form is read, ours survives
 * writing and reading, what cannot be true is refused. */
#include "store/registry_book.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/fault_alloc.h"

/* As the requirements give it. */
static const char plain[] =
    "{\"models\": {\"price_prediction_15m\": {\"type\": \"price_prediction\", \"versions\": "
    "[\"v20260211_134500\", \"v20260210_100000\"], \"latest\": \"v20260211_134500\"}, "
    "\"battery_policy\": {\"type\": \"rl_battery\", \"versions\": [\"v20260211_140000\"], "
    "\"latest\": \"v20260211_140000\"}}}";

static vo_registry_book *parse(const char *text) {
    vo_registry_book *b = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_registry_book_parse(text, strlen(text), "r.json", NULL, &b, &err), VO_OK,
                 "%s", err.msg);
    return b;
}

static char *text_of(const vo_registry_book *b) {
    char *text = NULL;
    size_t len = 0;
    vo_error err = {0};
    cr_assert_eq(vo_registry_book_text(b, &text, &len, &err), VO_OK, "%s", err.msg);
    return text;
}

static void add(vo_registry_book *b, const char *id, const char *version) {
    const vo_registry_version v = {version, "2026-02-11T13:45:00Z", "APATZINGAN", "mae", 3.25,
                                   1000};
    vo_error err = {0};
    cr_assert_eq(vo_registry_book_add(b, id, "t", &v, &err), VO_OK, "%s", err.msg);
}

Test(registry_book, the_form_of_the_requirements_is_read) {
    vo_registry_book *b = parse(plain);
    cr_assert_eq(b->n, 2u);
    const vo_registry_model *m = vo_registry_book_find(b, "price_prediction_15m");
    cr_assert_str_eq(m->type, "price_prediction");
    cr_assert(m->n == 2 && strcmp(m->version[1].version, "v20260210_100000") == 0);
    cr_assert_str_eq(m->latest, "v20260211_134500");
    cr_assert(!m->alias[0] && !m->alias[1] && m->n_former == 0);
    vo_registry_book_free(b);
}

Test(registry_book, what_is_written_has_the_members_of_the_requirements) {
    vo_registry_book *b = parse(plain);
    char *text = text_of(b);
    vo_json *root = NULL;
    cr_assert_eq(vo_json_parse(text, strlen(text), &root, NULL), VO_OK);
    const vo_json *m = vo_json_get(vo_json_get(root, "models"), "price_prediction_15m");
    cr_assert_str_eq(vo_json_string(vo_json_get(m, "type")), "price_prediction");
    cr_assert_str_eq(vo_json_string(vo_json_get(m, "latest")), "v20260211_134500");
    cr_assert_str_eq(vo_json_string(vo_json_at(vo_json_get(m, "versions"), 1)),
                     "v20260210_100000");
    vo_json_free(root);
    vo_registry_book_free(b);
    free(text);
}

Test(registry_book, everything_survives_writing_and_reading) {
    vo_registry_book *b = NULL;
    cr_assert_eq(vo_registry_book_create(NULL, &b, NULL), VO_OK);
    const char *const version[] = {"v1", "v2", "v3", "v4", "v5", "v6", "v7"};
    for (int i = 0; i < 7; i++) add(b, "a", version[i]);
    add(b, "b", "v1");
    vo_registry_model *m = vo_registry_book_find(b, "a");
    for (int i = 0; i < 4; i++) vo_registry_model_promote(m, version[i], VO_REGISTRY_CHAMPION);
    vo_registry_model_promote(m, "v6", VO_REGISTRY_CHALLENGER);
    b->log = 17;
    char *text = text_of(b);
    vo_registry_book *back = parse(text);
    char *again = text_of(back);
    cr_assert_str_eq(text, again);
    m = vo_registry_book_find(back, "a");
    cr_assert(back->log == 17 && back->n == 2 && m->n == 7 && m->n_former == 3);
    cr_assert_str_eq(m->latest, "v7");
    cr_assert_str_eq(m->alias[VO_REGISTRY_CHAMPION], "v4");
    cr_assert_str_eq(m->alias[VO_REGISTRY_CHALLENGER], "v6");
    cr_assert_str_eq(m->former[0], "v3");
    cr_assert_str_eq(m->version[0].node, "APATZINGAN");
    cr_assert_str_eq(m->version[6].version, "v1");
    cr_assert(m->version[0].value == 3.25 && m->version[0].bytes == 1000);
    vo_registry_book_free(b);
    vo_registry_book_free(back);
    free(text);
    free(again);
}

Test(registry_book, a_changed_bit_anywhere_is_refused_with_the_path) {
    vo_registry_book *b = NULL, *bad = NULL;
    cr_assert_eq(vo_registry_book_create(NULL, &b, NULL), VO_OK);
    add(b, "a", "v1");
    add(b, "a", "v2");
    vo_registry_model_promote(vo_registry_book_find(b, "a"), "v1", VO_REGISTRY_CHAMPION);
    char *text = text_of(b);
    const size_t len = strlen(text);
    for (size_t i = 0; i < len; i++)
        for (int bit = 0; bit < 8; bit++) {
            vo_error err = {0};
            text[i] = (char)(text[i] ^ (1 << bit));
            cr_assert_eq(vo_registry_book_parse(text, len, "m/r.json", NULL, &bad, &err),
                         VO_EINVAL, "byte %zu of %s", i, text);
            cr_assert(strstr(err.msg, "m/r.json"), "%s", err.msg);
            text[i] = (char)(text[i] ^ (1 << bit));
        }
    for (size_t cut = 0; cut < len - 1; cut++)
        cr_assert_eq(vo_registry_book_parse(text, cut, "m/r.json", NULL, &bad, NULL),
                     VO_EINVAL);
    vo_registry_book_free(b);
    free(text);
}

Test(registry_book, what_cannot_be_true_is_refused_in_words) {
    static const struct {
        const char *text, *says;
    } bad[] = {{"", "JSON"},
               {"[]", "no object"},
               {"{}", "models are missing"},
               {"{\"models\": []}", "models are missing"},
               {"{\"models\": {}, \"extra\": 1}", "extra"},
               {"{\"models\": {}, \"sha256\": \"00\"}", "sha256"},
               {"{\"models\": {\"../x\": {}}}", "../x"},
               {"{\"models\": {\"a\": 1}}", "a is no object"},
               {"{\"models\": {\"a\": {\"versions\": []}}}", "no type"},
               {"{\"models\": {\"a\": {\"type\": \"t\"}}}", "no versions"},
               {"{\"models\": {\"a\": {\"type\": \"t\", \"versions\": [1]}}}", "no name"},
               {"{\"models\": {\"a\": {\"type\": \"t\", \"versions\": [\"..\"]}}}", "no name"},
               {"{\"models\": {\"a\": {\"type\": \"t\", \"versions\": [\"a/b\"]}}}", "no name"},
               {"{\"models\": {\"a\": {\"type\": \"t\", \"versions\": [\"v1\", \"v2\", "
                "\"v1\"]}}}",
                "twice"},
               {"{\"models\": {\"a\": {\"type\": \"t\", \"versions\": [\"v1\"], \"latest\": "
                "\"v2\"}}}",
                "latest"},
               {"{\"models\": {\"a\": {\"type\": \"t\", \"versions\": [\"v1\"], \"aliases\": "
                "{\"champion\": \"v2\"}}}}",
                "alias"},
               {"{\"models\": {\"a\": {\"type\": \"t\", \"versions\": [\"v1\"], \"former\": "
                "[\"v2\"]}}}",
                "former"},
               {"{\"models\": {\"a\": {\"type\": \"t\", \"versions\": [\"v1\"], \"details\": "
                "[]}}}",
                "details"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        vo_registry_book *b = NULL;
        vo_error err = {0};
        cr_assert_eq(vo_registry_book_parse(bad[i].text, strlen(bad[i].text), "m/r.json", NULL,
                                            &b, &err),
                     VO_EINVAL, "%s", bad[i].text);
        cr_assert(strstr(err.msg, bad[i].says) && strstr(err.msg, "m/r.json"), "%s: %s",
                  bad[i].text, err.msg);
        cr_assert_null(b);
    }
}

Test(registry_book, names_are_safe_as_folders) {
    static const char *const good[] = {"a", "v20260211_134500", "gbt-15.min", "0"};
    static const char *const bad[] = {"",    ".",   "..",   ".hidden", "a/b", "a b", "é",
                                      "a\n", "-rf", "a\\b", "_a",      "a:b", NULL};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        cr_assert_eq(vo_registry_check_name(good[i], "id", NULL), VO_OK);
    char longest[VO_REGISTRY_NAME + 1] = "";
    memset(longest, 'a', VO_REGISTRY_NAME);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        vo_error err = {0};
        cr_assert_eq(vo_registry_check_name(bad[i], "id", &err), VO_EINVAL, "%s", bad[i]);
        cr_assert(strstr(err.msg, "id = "), "%s", err.msg);
    }
    cr_assert_eq(vo_registry_check_name(longest, "id", NULL), VO_EINVAL);
    longest[VO_REGISTRY_NAME - 1] = '\0';
    cr_assert_eq(vo_registry_check_name(longest, "id", NULL), VO_OK);
}

Test(registry_book, champions_are_a_stack_that_remembers_eight) {
    static const char *const version[] = {"v0", "v1", "v2", "v3", "v4",  "v5",
                                          "v6", "v7", "v8", "v9", "v10", "v11"};
    vo_registry_book *b = NULL;
    cr_assert_eq(vo_registry_book_create(NULL, &b, NULL), VO_OK);
    for (int i = 0; i < 12; i++) add(b, "a", version[i]);
    vo_registry_model *m = vo_registry_book_find(b, "a");
    vo_registry_model_promote(m, "v1", VO_REGISTRY_CHALLENGER);
    for (int i = 0; i < 12; i++) vo_registry_model_promote(m, version[i], VO_REGISTRY_CHAMPION);
    cr_assert_null(m->alias[VO_REGISTRY_CHALLENGER], "who became champion challenges no more");
    cr_assert_eq(m->n_former, 8u);
    for (int i = 10; i >= 3; i--) {
        vo_registry_model_roll_back(m);
        cr_assert_str_eq(m->alias[VO_REGISTRY_CHAMPION], version[i]);
    }
    cr_assert_eq(m->n_former, 0u);
    vo_registry_book_free(b);
}

Test(registry_book, a_dropped_version_is_nowhere_any_more) {
    vo_registry_book *b = NULL;
    cr_assert_eq(vo_registry_book_create(NULL, &b, NULL), VO_OK);
    add(b, "a", "v1");
    add(b, "a", "v2");
    add(b, "a", "v3");
    vo_registry_model *m = vo_registry_book_find(b, "a");
    vo_registry_model_promote(m, "v1", VO_REGISTRY_CHAMPION);
    vo_registry_model_promote(m, "v2", VO_REGISTRY_CHAMPION);
    vo_registry_model_promote(m, "v3", VO_REGISTRY_CHALLENGER);
    vo_registry_model_drop(m, m->latest);
    cr_assert(m->n == 2 && strcmp(m->latest, "v2") == 0 && !m->alias[VO_REGISTRY_CHALLENGER]);
    vo_registry_model_drop(m, "v1");
    cr_assert(m->n == 1 && m->n_former == 0);
    vo_registry_model_drop(m, "v1");
    vo_registry_model_drop(m, "v2");
    cr_assert(m->n == 0 && !m->latest && !m->alias[VO_REGISTRY_CHAMPION]);
    char *text = text_of(b);
    vo_registry_book *back = parse(text);
    cr_assert_eq(back->model[0].n, 0u);
    vo_registry_book_free(back);
    vo_registry_book_free(b);
    free(text);
}

Test(registry_book, a_model_keeps_its_type_and_a_version_its_name) {
    vo_registry_book *b = NULL;
    const vo_registry_version v = {.version = "v1", .created = "", .node = "", .metric = ""};
    vo_error err = {0};
    cr_assert_eq(vo_registry_book_create(NULL, &b, NULL), VO_OK);
    add(b, "a", "v1");
    cr_assert_eq(vo_registry_book_add(b, "a", "t", &v, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "v1"), "%s", err.msg);
    cr_assert_eq(vo_registry_book_add(b, "a", "u", &v, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "\"u\"") && strstr(err.msg, "\"t\""), "%s", err.msg);
    vo_registry_book_free(b);
}

Test(registry_book, any_allocation_may_fail_and_nothing_leaks) {
    vo_registry_book *b = NULL;
    fault f = {-1, 0};
    for (long n = 0;; n++) {
        f.left = n;
        const vo_alloc a = fault_alloc(&f);
        const vo_registry_version v = {
            .version = "v9", .created = "", .node = "", .metric = ""};
        vo_error err = {0};
        vo_status st = vo_registry_book_parse(plain, strlen(plain), "r", &a, &b, &err);
        if (st == VO_OK) {
            for (int i = 0; i < 3 && st == VO_OK; i++) {
                static const char *const id[] = {"x", "y", "battery_policy"};
                st = vo_registry_book_add(b, id[i], i < 2 ? "t" : "rl_battery", &v, &err);
            }
            vo_registry_book_free(b);
        }
        cr_assert_eq(f.live, 0);
        if (st == VO_OK) break;
        cr_assert_eq(st, VO_ENOMEM, "%s", err.msg);
        cr_assert_lt(n, 100);
    }
}
