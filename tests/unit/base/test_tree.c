/* test_tree.c -- each test states one promise of tree.h. */
#include "base/tree.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const vo_tree_place AT = {3, 7};

static vo_tree *new_tree(void) {
    vo_tree *t = NULL;
    cr_assert_eq(vo_tree_create("TEST", &t, NULL), VO_OK);
    return t;
}

static uint32_t add(vo_tree *t, uint32_t parent, const char *key, vo_json_kind kind) {
    uint32_t id = VO_TREE_NONE;
    vo_error err = {0};
    cr_assert_eq(vo_tree_add(t, parent, key, key ? strlen(key) : 0, kind, AT, &id, &err), VO_OK,
                 "%s", err.msg);
    return id;
}

Test(tree, keeps_the_order_and_every_kind_of_value) {
    vo_tree *t = new_tree();
    const uint32_t root = add(t, VO_TREE_NONE, NULL, VO_JSON_OBJECT);
    const uint32_t list = add(t, root, "z", VO_JSON_ARRAY);
    vo_tree_at(t, add(t, list, NULL, VO_JSON_NUMBER))->number = 2.5;
    vo_tree_at(t, add(t, list, NULL, VO_JSON_BOOL))->number = 1;
    const uint32_t text = add(t, root, "a", VO_JSON_STRING);
    cr_assert_eq(vo_tree_set_text(t, text, "h\"i", 3, AT, NULL), VO_OK);
    add(t, root, "", VO_JSON_NULL);
    vo_json *json = NULL;
    cr_assert_eq(vo_tree_finish(t, &json, NULL), VO_OK);
    const char *key = NULL;
    const vo_json *v = NULL;
    cr_assert(vo_json_member(json, 0, &key, &v));
    cr_assert_str_eq(key, "z");
    cr_assert_eq(vo_json_number(vo_json_at(v, 0)), 2.5);
    cr_assert(vo_json_bool(vo_json_at(v, 1)));
    cr_assert_str_eq(vo_json_string(vo_json_get(json, "a")), "h\"i");
    cr_assert_eq(vo_json_kind_of(vo_json_get(json, "")), VO_JSON_NULL);
    vo_json_free(json);
    vo_tree_free(t);
}

Test(tree, finds_each_of_ten_thousand_members_under_its_own_parent) {
    vo_tree *t = new_tree();
    const uint32_t root = add(t, VO_TREE_NONE, NULL, VO_JSON_OBJECT);
    const uint32_t a = add(t, root, "a", VO_JSON_OBJECT), b = add(t, root, "b", VO_JSON_OBJECT);
    char key[16];
    for (int i = 0; i < 5000; i++) {
        snprintf(key, sizeof key, "k%d", i);
        vo_tree_at(t, add(t, a, key, VO_JSON_NUMBER))->number = i;
        vo_tree_at(t, add(t, b, key, VO_JSON_NUMBER))->number = -i;
    }
    for (int i = 0; i < 5000; i++) {
        const size_t len = (size_t)snprintf(key, sizeof key, "k%d", i);
        cr_assert_eq(vo_tree_at(t, vo_tree_find(t, a, key, len))->number, i);
        cr_assert_eq(vo_tree_at(t, vo_tree_find(t, b, key, len))->number, -i);
    }
    cr_assert_eq(vo_tree_find(t, a, "k5000", 5), VO_TREE_NONE);
    cr_assert_eq(vo_tree_find(t, a, "k1x", 2), vo_tree_find(t, a, "k1", 2));
    vo_tree_free(t);
}

Test(tree, refuses_a_key_given_twice_a_nul_and_too_much_depth) {
    vo_tree *t = new_tree();
    vo_error err = {0};
    uint32_t id = 99;
    const uint32_t root = add(t, VO_TREE_NONE, NULL, VO_JSON_OBJECT);
    uint32_t deep = add(t, root, "x", VO_JSON_ARRAY);
    cr_assert_eq(vo_tree_add(t, root, "x", 1, VO_JSON_NULL, AT, &id, &err), VO_EINVAL);
    cr_assert_str_eq(err.msg,
                     "TEST, line 3, column 7: \"x\" is given twice (before in line 3): "
                     "keep one");
    cr_assert_eq(vo_tree_add(t, root, "a\0b", 3, VO_JSON_NULL, AT, &id, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "NUL"));
    for (int depth = 2; depth <= VO_TREE_DEPTH; depth++)
        deep = add(t, deep, NULL, VO_JSON_ARRAY);
    cr_assert_eq(vo_tree_add(t, deep, NULL, 0, VO_JSON_NULL, AT, &id, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "nested more than 64 deep"));
    cr_assert_eq(id, 99, "a refusal leaves the output alone");
    const uint32_t text = add(t, root, "t", VO_JSON_STRING);
    cr_assert_eq(vo_tree_set_text(t, text, "\0", 1, AT, &err), VO_EINVAL);
    vo_tree_free(t);
}

Test(tree, without_values_is_null) {
    vo_tree *t = new_tree();
    vo_json *json = NULL;
    cr_assert_eq(vo_tree_finish(t, &json, NULL), VO_OK);
    cr_assert_eq(vo_json_kind_of(json), VO_JSON_NULL);
    vo_json_free(json);
    vo_tree_free(t);
}
