/* test_yaml.c -- each test states one promise of yaml.h. */
#include "base/yaml.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/json_text.h"

static vo_json *parse(const char *text) {
    vo_json *root = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_yaml_parse(text, strlen(text), &root, &err), VO_OK, "%s\n%s", err.msg,
                 text);
    return root;
}

static void expect(const char *yaml, const char *json) {
    vo_json *root = parse(yaml);
    char *text = json_text(root);
    cr_expect_str_eq(text, json, "%s\ngave %s\nnot  %s", yaml, text, json);
    free(text);
    vo_json_free(root);
}

static void refuse(const char *yaml, const char *says) {
    vo_json *root = (vo_json *)1;
    vo_error err = {0};
    cr_expect_eq(vo_yaml_parse(yaml, strlen(yaml), &root, &err), VO_EINVAL, "%s", yaml);
    cr_expect(strstr(err.msg, says), "\"%s\" gave \"%s\", not \"%s\"", yaml, err.msg, says);
    cr_expect(strstr(err.msg, "line "), "%s", err.msg);
    cr_expect_eq(root, (vo_json *)1);
}

Test(yaml, plain_scalars_follow_the_core_schema_of_yaml_1_2) {
    expect("[null, Null, NULL, ~, ]", "[null,null,null,null]");
    expect("a:\nb: ''", "{\"a\":null,\"b\":\"\"}");
    expect("[true, True, TRUE, false, False, FALSE]", "[true,true,true,false,false,false]");
    expect("[0, -12, +3, 0x1F, 0o17, 007]", "[0,-12,3,31,15,7]");
    expect("[1.5, .5, -.5, 1., 1e3, 1.5E-2, +.1e1]", "[1.5,0.5,-0.5,1,1000,0.015,1]");
    expect("[yes, no, on, off, 1_000, 0b1, 1:30, tRUE]",
           "[\"yes\",\"no\",\"on\",\"off\",\"1_000\",\"0b1\",\"1:30\",\"tRUE\"]");
    expect("day: 2024-01-31", "{\"day\":\"2024-01-31\"}");
    expect("['1', \"true\", '~']", "[\"1\",\"true\",\"~\"]");
    expect("2009: 0.5\n", "{\"2009\":0.5}");
}

Test(yaml, reads_block_and_flow_collections_texts_and_comments) {
    expect("# head\na: 1 # tail\nb:\n  - x\n  - {c: [1, 2], d: 'it''s'}\n",
           "{\"a\":1,\"b\":[\"x\",{\"c\":[1,2],\"d\":\"it's\"}]}");
    expect("a: |\n  one\n  two\nb: >-\n  one\n  two\n",
           "{\"a\":\"one\\ntwo\\n\",\"b\":\"one two\"}");
    expect("- - 1\n  - 2\n- []\n- {}\n", "[[1,2],[],{}]");
    expect("\"\\u00e9\\x41\\U0001F600\"", "\"\xC3\xA9"
                                          "A\xF0\x9F\x98\x80\"");
    expect("? a\n: b\n", "{\"a\":\"b\"}");
    expect("\xEF\xBB\xBF"
           "a: 1",
           "{\"a\":1}");
    expect("%YAML 1.2\n---\na: 1\n...\n", "{\"a\":1}");
    expect("", "null");
    expect("# only a comment\n", "null");
}

Test(yaml, refuses_what_has_no_place_in_the_tree_by_name) {
    refuse("a: &x 1", "anchors (&x)");
    refuse("a: *x", "aliases (*x)");
    refuse("a: !!str 1", "tags (tag:yaml.org,2002:str)");
    refuse("a: !mine [1]", "tags (!mine)");
    refuse("<<: {a: 1}", "merge keys");
    refuse("a: 1\n---\nb: 2\n", "second document");
    refuse("a: 1\na: 2\n", "line 2, column 1: \"a\" is given twice (before in line 1)");
    refuse("[a]: 1", "a key must be text");
    refuse("{a: 1}: 1", "a key must be text");
    refuse("?\n: 1", "without a key");
    refuse("- .inf", ".inf: not a number");
    refuse("- -.INF", "not a number");
    refuse("- .nan", "not a number");
    refuse("- 1e999", "1e999: not a number");
    refuse("- 0xFFFFFFFFFFFFFFFFFF", "not a number");
    refuse("\"a\\0b\"", "NUL");
}

Test(yaml, refuses_broken_documents_with_line_and_column) {
    refuse("a: [1, 2", "line ");
    refuse("a: 'x", "line ");
    refuse("a: 1\n b: 2\n", "line 2");
    refuse("\tx: 1", "line 1");
    refuse("a: \xFF", "line ");
    refuse("a: \"\\q\"", "line 1");
    char deep[200];
    memset(deep, '[', 100);
    memset(deep + 100, ']', 99);
    deep[199] = '\0';
    refuse(deep, "nested more than 64 deep");
    deep[64] = '\0';
    memset(deep + 32, ']', 32);
    vo_json_free(parse(deep));
}

Test(yaml, refuses_more_than_sixteen_mebibytes) {
    vo_json *root = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_yaml_parse("", ((size_t)16 << 20) + 1, &root, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "at most 16777216"));
}

static char *write_yaml(const vo_json *v, const char *comment) {
    char *text = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_yaml_write(v, comment, &text, &err), VO_OK, "%s", err.msg);
    return text;
}

Test(yaml, writes_block_style_with_the_comment_before_it) {
    vo_json *root = NULL;
    const char *json = "{\"b\":1e-300,\"a\":[[16,21]],\"no\":\"off\",\"d\":\"2024-01-01\","
                       "\"e\":{\"f g\":null,\"h\":[\"x\",{\"i\":true,\"j\":[]}]},\"k\":{}}";
    cr_assert_eq(vo_json_parse(json, strlen(json), &root, NULL), VO_OK);
    char *text = write_yaml(root, "one\n\ntwo");
    cr_expect_str_eq(text,
                     "# one\n#\n# two\n"
                     "b: 1.0e-300\n"
                     "a:\n"
                     "  - [16, 21]\n"
                     "\"no\": \"off\"\n"
                     "d: \"2024-01-01\"\n"
                     "e:\n"
                     "  f g: null\n"
                     "  h:\n"
                     "    - x\n"
                     "    - i: true\n"
                     "      j: []\n"
                     "k: {}\n",
                     "%s", text);
    free(text);
    vo_json_free(root);
}

static void put_random_text(vo_json_out *w, vo_random *r, bool key, int serial) {
    static const char *const pieces[] = {"a",
                                         "Z",
                                         "0",
                                         "-",
                                         ":",
                                         ": ",
                                         " #",
                                         "\"",
                                         "\\",
                                         "'",
                                         "\n",
                                         "\t",
                                         "\r",
                                         " ",
                                         "[",
                                         "}",
                                         "%",
                                         "&",
                                         "*",
                                         "!",
                                         "|",
                                         ">",
                                         "null",
                                         "yes",
                                         "~",
                                         "1e5",
                                         "0x1",
                                         "@",
                                         "`",
                                         ",",
                                         "?",
                                         "---",
                                         "...",
                                         "\x01",
                                         "\x7F",
                                         "\xC2\x85",
                                         "\xC3\xA9",
                                         "\xE2\x80\xA8",
                                         "\xEF\xBB\xBF",
                                         "\xEF\xBF\xBE",
                                         "\xF0\x9F\x98\x80",
                                         "<<"};
    char text[2100] = "";
    if (key) snprintf(text, sizeof text, "%d", serial);
    uint64_t n = vo_random_below(r, 5);
    if (vo_random_below(r, 40) == 0) n = 400; /* beyond YAML's simple keys */
    for (; n > 0; n--) {
        const char *p = pieces[vo_random_below(r, sizeof pieces / sizeof *pieces)];
        if (strlen(text) + strlen(p) < sizeof text) strcat(text, p);
    }
    if (key)
        vo_json_out_key(w, text);
    else
        vo_json_out_string(w, text);
}

static void put_random(vo_json_out *w, vo_random *r, int depth) {
    const uint64_t kind = vo_random_below(r, depth > 0 ? 7 : 5);
    if (kind == 0)
        vo_json_out_null(w);
    else if (kind == 1)
        vo_json_out_bool(w, vo_random_below(r, 2));
    else if (kind == 2)
        vo_json_out_number(w,
                           ldexp(vo_random_unit(r) - 0.5, (int)vo_random_below(r, 200) - 100));
    else if (kind <= 4)
        put_random_text(w, r, false, 0);
    else {
        if (kind == 5)
            vo_json_out_array(w);
        else
            vo_json_out_object(w);
        const uint64_t n = vo_random_below(r, 5);
        for (uint64_t i = 0; i < n; i++) {
            if (kind == 6) put_random_text(w, r, true, (int)i);
            put_random(w, r, depth - 1);
        }
        vo_json_out_end(w);
    }
}

Test(yaml, what_is_written_reads_back_equal) {
    vo_random r = vo_random_seed(20240131, 0);
    for (int i = 0; i < 3000; i++) {
        vo_json_out *w = NULL;
        char *json = NULL;
        vo_json *root = NULL;
        vo_error err = {0};
        cr_assert_eq(vo_json_out_create(&w, NULL), VO_OK);
        put_random(w, &r, 6);
        size_t len = 0;
        cr_assert_eq(vo_json_out_take(w, &json, &len, NULL), VO_OK);
        vo_json_out_free(w);
        cr_assert_eq(vo_json_parse(json, len, &root, &err), VO_OK, "%s", err.msg);
        char *yaml = write_yaml(root, i % 2 ? "a comment" : NULL);
        vo_json *again = parse(yaml);
        char *json_again = json_text(again), *json_first = json_text(root);
        cr_assert_str_eq(json_again, json_first, "%s", yaml);
        free(json);
        free(json_again);
        free(json_first);
        free(yaml);
        vo_json_free(again);
        vo_json_free(root);
    }
}
