/* test_seal.c -- a sealed document says so, and any changed bit of it is seen. */
#include "store/seal.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "store/sha256.h"

static char *sealed(bool indent, size_t *len) {
    vo_json_out *w = NULL;
    char *text = NULL;
    cr_assert_eq(vo_json_out_create(&w, NULL), VO_OK);
    vo_json_out_indent(w, indent);
    vo_json_out_object(w);
    vo_json_out_key(w, "a");
    vo_json_out_number(w, 1.5);
    vo_json_out_key(w, "b");
    vo_json_out_array(w);
    vo_json_out_end(w);
    vo_json_out_end(w);
    cr_assert_eq(vo_seal_take(w, &text, len, NULL), VO_OK);
    vo_json_out_free(w);
    return text;
}

Test(seal, the_document_stays_json_and_its_last_member_is_the_sum_of_what_stands_before) {
    for (int indent = 0; indent < 2; indent++) {
        size_t len = 0;
        char *text = sealed(indent, &len), hex[VO_SHA256_HEX];
        vo_json *root = NULL;
        bool is = false;
        cr_assert_eq(strlen(text), len);
        cr_assert_eq(vo_json_parse(text, len, &root, NULL), VO_OK, "%s", text);
        cr_assert_eq(vo_json_size(root), 3u);
        const char *end = strstr(text, ",\n  \"sha256\"");
        vo_sha256_of(text, (size_t)(end - text), hex);
        cr_assert_str_eq(vo_json_string(vo_json_get(root, "sha256")), hex);
        cr_assert_eq(vo_seal_check(text, len, "p", &is, NULL), VO_OK);
        cr_assert(is);
        vo_json_free(root);
        free(text);
    }
}

Test(seal, any_changed_bit_breaks_it_or_leaves_no_seal) {
    size_t len = 0;
    char *text = sealed(true, &len);
    for (size_t i = 0; i < len; i++)
        for (int bit = 0; bit < 8; bit++) {
            vo_error err = {0};
            bool is = true;
            text[i] = (char)(text[i] ^ (1 << bit));
            const vo_status st = vo_seal_check(text, len, "models/x.json", &is, &err);
            cr_assert(st == VO_EINVAL ? strstr(err.msg, "models/x.json") != NULL : !is,
                      "byte %zu", i);
            text[i] = (char)(text[i] ^ (1 << bit));
        }
    for (size_t cut = 0; cut < len; cut++) {
        bool is = true;
        cr_assert_eq(vo_seal_check(text, cut, "p", &is, NULL), VO_OK);
        cr_assert(!is);
    }
    free(text);
}

Test(seal, a_broken_one_is_told_with_both_sums) {
    size_t len = 0;
    char *text = sealed(false, &len), is[VO_SHA256_HEX];
    vo_error err = {0};
    bool found = false;
    text[5] = '9';
    const char *end = strstr(text, ",\n  \"sha256\"");
    vo_sha256_of(text, (size_t)(end - text), is);
    cr_assert_eq(vo_seal_check(text, len, "p", &found, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, is), "%s", err.msg);
    char says[VO_SHA256_HEX] = "";
    memcpy(says, end + strlen(",\n  \"sha256\": \""), 64);
    cr_assert(strstr(err.msg, says), "%s", err.msg);
    free(text);
}
