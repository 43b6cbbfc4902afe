/* test_json.c -- each test states one promise of json.h. */
#include "base/json.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

static vo_json *parse(const char *text) {
    vo_json *root = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_json_parse(text, strlen(text), &root, &err), VO_OK, "%s", err.msg);
    return root;
}

static char *take(vo_json_out *w) {
    char *text = NULL;
    size_t len = 0;
    vo_error err = {0};
    cr_assert_eq(vo_json_out_take(w, &text, &len, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(strlen(text), len);
    return text;
}

static vo_json_out *writer(void) {
    vo_json_out *w = NULL;
    cr_assert_eq(vo_json_out_create(&w, NULL), VO_OK);
    return w;
}

/* ---- reading ----------------------------------------------------------------- */

Test(json, every_kind_is_read) {
    vo_json *root =
        parse("{\"a\": [1, -2.5, 1e3], \"b\": {\"c\": null}, \"d\": true, \"e\": false,"
              " \"f\": \"h\\u00e9 \\\"x\\\"\"}");
    cr_assert_eq(vo_json_kind_of(root), VO_JSON_OBJECT);
    cr_assert_eq(vo_json_size(root), 5u);
    const vo_json *a = vo_json_get(root, "a");
    cr_assert_eq(vo_json_kind_of(a), VO_JSON_ARRAY);
    cr_assert_eq(vo_json_size(a), 3u);
    cr_assert(vo_json_number(vo_json_at(a, 0)) == 1);
    cr_assert(vo_json_number(vo_json_at(a, 1)) == -2.5);
    cr_assert(vo_json_number(vo_json_at(a, 2)) == 1000);
    cr_assert_null(vo_json_at(a, 3));
    cr_assert_eq(vo_json_kind_of(vo_json_get(vo_json_get(root, "b"), "c")), VO_JSON_NULL);
    cr_assert(vo_json_bool(vo_json_get(root, "d")));
    cr_assert_not(vo_json_bool(vo_json_get(root, "e")));
    cr_assert_str_eq(vo_json_string(vo_json_get(root, "f")), "h\xC3\xA9 \"x\"");
    cr_assert_null(vo_json_get(root, "absent"));
    cr_assert_null(vo_json_get(a, "not an object"));
    cr_assert_null(vo_json_at(root, 0));
    cr_assert_eq(vo_json_size(vo_json_get(root, "d")), 0u);
    vo_json_free(root);
    vo_json_free(NULL);
}

/* Beside a text with an escape a document is read another way than alone. */
static void expect_same_beside_an_escape(const char *text) {
    char both[512];
    vo_error err = {0}, beside_err = {0};
    vo_json *alone = NULL, *beside = NULL;
    const int n = snprintf(both, sizeof both, "[\"\\n\", %s]", text);
    cr_assert(n > 0 && (size_t)n < sizeof both);
    const vo_status st = vo_json_parse(text, strlen(text), &alone, &err);
    cr_assert_eq(vo_json_parse(both, (size_t)n, &beside, &beside_err), st, "%s: %s; %s", text,
                 err.msg, beside_err.msg);
    if (st == VO_OK) {
        vo_json_out *a = writer(), *b = writer();
        vo_json_out_value(a, alone);
        vo_json_out_value(b, vo_json_at(beside, 1));
        char *one = take(a), *other = take(b);
        cr_assert_str_eq(one, other, "%s", text);
        free(one);
        free(other);
        vo_json_out_free(a);
        vo_json_out_free(b);
    }
    vo_json_free(alone);
    vo_json_free(beside);
}

Test(json, both_ways_of_reading_accept_and_refuse_the_same) {
    static const char *const text[] = {"0",
                                       "-0",
                                       "12.50",
                                       "-3.5E+7",
                                       "1e-400",
                                       "1e400",
                                       "01",
                                       "1.",
                                       ".5",
                                       "-",
                                       "+1",
                                       "1e",
                                       "1e+",
                                       "0x1",
                                       "NaN",
                                       "true",
                                       "tru",
                                       "truely",
                                       "null",
                                       "nul",
                                       "[]",
                                       "[ ]",
                                       "[1,]",
                                       "[,1]",
                                       "[1 2]",
                                       "[[[1]]]",
                                       "{}",
                                       "{ }",
                                       "{\"a\":1}",
                                       "{\"a\":1,}",
                                       "{\"a\" 1}",
                                       "{a:1}",
                                       "{\"a\":}",
                                       "{\"a\":1,\"a\":2}",
                                       "{\"\": [ ]}",
                                       "\"a/b\"",
                                       "\"<\"",
                                       "\"\x7f\"",
                                       "\"\x01\"",
                                       "\"\xc3\xa9\"",
                                       "\"\xff\"",
                                       "\"open",
                                       " [ 1 , 2 ] ",
                                       "\t{\r\n\"a\" : [ true , false ] }\n",
                                       "4.9e-324",
                                       "0.30000000000000004",
                                       "123456789012345678901234567890",
                                       "9007199254740993",
                                       "1 1",
                                       "[1]]",
                                       "\v1"};
    for (size_t i = 0; i < sizeof text / sizeof text[0]; i++)
        expect_same_beside_an_escape(text[i]);
}

Test(json, members_come_in_document_order) {
    vo_json *root =
        parse("{\"z\":0,\"a\":1,\"m\":2,\"b\":3,\"y\":4,\"c\":5,\"x\":6,\"d\":7,\"w\":8}");
    const char *key;
    const vo_json *value;
    const char order[] = "zambycxdw";
    for (size_t i = 0; i < 9; i++) {
        cr_assert(vo_json_member(root, i, &key, &value));
        cr_assert(key[0] == order[i] && vo_json_number(value) == (double)i);
    }
    cr_assert_not(vo_json_member(root, 9, &key, &value));
    cr_assert_not(vo_json_member(vo_json_get(root, "a"), 0, &key, &value));
    vo_json_free(root);
}

Test(json, a_root_may_be_any_value_and_begin_with_a_byte_order_mark) {
    vo_json *root = parse("\xEF\xBB\xBF 12.5");
    cr_assert(vo_json_number(root) == 12.5);
    vo_json_free(root);
}

Test(json, whole_numbers_of_any_size_are_numbers) {
    vo_json *root =
        parse("[9007199254740993, 123456789012345678901234567890, -9223372036854775809]");
    cr_assert(vo_json_number(vo_json_at(root, 0)) == 9007199254740992.0);
    cr_assert(vo_json_number(vo_json_at(root, 1)) == 123456789012345678901234567890.0);
    cr_assert(vo_json_number(vo_json_at(root, 2)) == -9223372036854775808.0);
    vo_json_free(root);
}

Test(json, what_is_not_json_is_refused_with_line_and_column) {
    static const struct {
        const char *text, *says;
    } c[] = {{"", "line 1"},
             {"{\"a\": 1,\n \"a\": 2}", "line 2"},
             {"[1,\n2,\n NaN]", "line 3, column 4"},
             {"[Infinity]", "line 1"},
             {"[-inf]", "line 1"},
             {"[1e999]", "line 1"},
             {"[1 2]", "line 1, column 4"},
             {"[1,]", "line 1"},
             {"{\"a\" 1}", "line 1"},
             {"[01]", "line 1"},
             {"[.5]", "line 1"},
             {"['a']", "line 1"},
             {"\"\\u0000\"", "\\u0000, which none may"},
             {"\"\xFF\"", "line 1"},
             {"[1] x", "line 1"},
             {"{", "line 1"}};
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        vo_json *root = NULL;
        vo_error err = {0};
        cr_assert_eq(vo_json_parse(c[i].text, strlen(c[i].text), &root, &err), VO_EINVAL, "%s",
                     c[i].text);
        cr_assert_null(root);
        cr_assert_not_null(strstr(err.msg, c[i].says), "%s: %s", c[i].text, err.msg);
        cr_assert_not_null(strstr(err.msg, "column"), "%s", err.msg);
    }
    vo_json *root = NULL;
    cr_assert_eq(vo_json_parse("[1]\0", 4, &root, NULL), VO_EINVAL);
}

/* n times `open`, then `inside`, then n times `close`. */
static char *nested(size_t n, char open, const char *inside, char close) {
    char *text = malloc(2 * n + strlen(inside) + 1);
    memset(text, open, n);
    strcpy(text + n, inside);
    memset(text + n + strlen(inside), close, n);
    text[2 * n + strlen(inside)] = '\0';
    return text;
}

Test(json, nesting_is_bounded) {
    char *text = nested(128, '[', "1", ']');
    vo_json *root = parse(text);
    vo_json_out *w = writer();
    vo_json_out_value(w, root); /* what can be read can be written */
    char *back = take(w);
    cr_assert_str_eq(back, text);
    free(back);
    vo_json_out_free(w);
    vo_json_free(root);
    free(text);

    const size_t depths[] = {129, 3000000};
    for (size_t i = 0; i < 2; i++) {
        text = nested(depths[i], '[', "1", ']');
        vo_error err = {0};
        root = NULL;
        cr_assert_eq(vo_json_parse(text, strlen(text), &root, &err), VO_EINVAL);
        cr_assert_not_null(strstr(err.msg, "line 1, column 129: nested"), "%s", err.msg);
        free(text);
    }
    text = nested(200, '[', "\"]", ' '); /* brackets in a string are text, also after \" */
    char *quoted = malloc(strlen(text) + 8);
    strcpy(quoted, "[\"\\\"");
    strcat(quoted, text);
    vo_json_free(parse(quoted));
    free(quoted);
    free(text);
}

Test(json, sizes_are_bounded) {
    vo_json *root = NULL;
    vo_error err = {0};
    /* The size is refused before the text is looked at. */
    cr_assert_eq(vo_json_parse("[]", ((size_t)256 << 20) + 1, &root, &err), VO_EINVAL);
    cr_assert_not_null(strstr(err.msg, "268435456"), "%s", err.msg);

    char *text = malloc(20001 * 12 + 2);
    size_t n = 0;
    for (int i = 0; i < 20001; i++)
        n += (size_t)sprintf(text + n, "%c\"%d\":0", i ? ',' : '{', i);
    strcpy(text + n, "}");
    cr_assert_eq(vo_json_parse(text, n + 1, &root, &err), VO_EINVAL);
    cr_assert_not_null(strstr(err.msg, "20001 members"), "%s", err.msg);
    free(text);
}

/* ---- writing ----------------------------------------------------------------- */

Test(json, commas_and_colons_are_put_where_they_belong) {
    vo_json_out *w = writer();
    vo_json_out_object(w);
    vo_json_out_key(w, "a");
    vo_json_out_array(w);
    vo_json_out_number(w, 1.5);
    vo_json_out_integer(w, -7);
    vo_json_out_bool(w, true);
    vo_json_out_bool(w, false);
    vo_json_out_null(w);
    vo_json_out_string(w, NULL);
    vo_json_out_object(w);
    vo_json_out_end(w);
    vo_json_out_array(w);
    vo_json_out_end(w);
    vo_json_out_end(w);
    vo_json_out_key(w, "b");
    vo_json_out_string(w, "x");
    vo_json_out_end(w);
    char *text = take(w);
    cr_assert_str_eq(text, "{\"a\":[1.5,-7,true,false,null,null,{},[]],\"b\":\"x\"}");
    free(text);

    vo_json_out_integer(w, 3); /* after take: a new document */
    text = take(w);
    cr_assert_str_eq(text, "3");
    free(text);
    vo_json_out_free(w);
    vo_json_out_free(NULL);
}

Test(json, indented_text_is_the_same_document) {
    vo_json_out *w = writer();
    vo_json_out_indent(w, true);
    vo_json_out_object(w);
    vo_json_out_key(w, "a");
    vo_json_out_array(w);
    vo_json_out_integer(w, 1);
    vo_json_out_integer(w, 2);
    vo_json_out_end(w);
    vo_json_out_key(w, "b");
    vo_json_out_object(w);
    vo_json_out_end(w);
    vo_json_out_end(w);
    char *text = take(w);
    cr_assert_str_eq(text, "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {}\n}\n");
    free(text);
    vo_json_out_free(w);
}

Test(json, a_key_of_the_source_is_written_like_any_other) {
    for (int indent = 0; indent < 2; indent++) {
        vo_json_out *a = writer(), *b = writer();
        vo_json_out_indent(a, indent);
        vo_json_out_indent(b, indent);
        vo_json_out_reserve(a, 5000);
        vo_json_out_object(a);
        vo_json_out_object(b);
        vo_json_out_name(a, "soc_start"), vo_json_out_number(a, 0.25);
        vo_json_out_key(b, "soc_start"), vo_json_out_number(b, 0.25);
        vo_json_out_name(a, "x"), vo_json_out_bool(a, true);
        vo_json_out_key(b, "x"), vo_json_out_bool(b, true);
        vo_json_out_end(a);
        vo_json_out_end(b);
        char *one = take(a), *other = take(b);
        cr_assert_str_eq(one, other);
        free(one);
        free(other);
        vo_json_out_free(a);
        vo_json_out_free(b);
    }
}

/* More different numbers than are kept, each twice and in two orders. */
Test(json, a_number_written_again_is_written_the_same) {
    vo_json_out *w = writer();
    char expected[64], *at;
    vo_json_out_array(w);
    for (int i = 0; i < 4000; i++) vo_json_out_number(w, (i * 37 % 500) / 7.0 - 20);
    vo_json_out_end(w);
    char *text = take(w);
    at = text;
    for (int i = 0; i < 4000; i++) {
        cr_assert(*at == (i ? ',' : '['));
        char *end = NULL;
        const double back = strtod(at + 1, &end), v = (i * 37 % 500) / 7.0 - 20;
        snprintf(expected, sizeof expected, "%.17g", v);
        cr_assert(back == v, "%.*s is not %s", (int)(end - at), at, expected);
        at = end;
    }
    cr_assert_str_eq(at, "]");
    free(text);
    vo_json_out_free(w);
}

Test(json, strings_are_escaped_and_bad_utf8_is_replaced) {
#define BAD "\xEF\xBF\xBD"
    static const struct {
        const char *in, *out;
    } c[] = {{"a\"b\\c/d", "\"a\\\"b\\\\c/d\""},
             {"\b\f\n\r\t\x01\x1f\x7f", "\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\""},
             {"</script>", "\"<\\/script>\""},
             {"M\xC3\xA9xico \xE2\x82\xAC \xF0\x9F\x94\x8B",
              "\"M\xC3\xA9xico \xE2\x82\xAC \xF0\x9F\x94\x8B\""},
             {"\xFF", "\"" BAD "\""},
             {"a\xC3", "\"a" BAD "\""},
             {"\xC3(", "\"" BAD "(\""},
             {"\xC0\xAF", "\"" BAD BAD "\""}, /* overlong */
             {"\xE0\x80\xAF", "\"" BAD BAD BAD "\""},
             {"\xF0\x80\x80\xAF", "\"" BAD BAD BAD BAD "\""},
             {"\xE0\xA4\x85\xEE\x80\x80\xF3\xA0\x80\x81",
              "\"\xE0\xA4\x85\xEE\x80\x80\xF3\xA0\x80\x81\""},
             {"\xED\xA0\x80", "\"" BAD BAD BAD "\""},         /* a surrogate */
             {"\xF4\x90\x80\x80", "\"" BAD BAD BAD BAD "\""}, /* beyond U+10FFFF */
             {"\xE2\x82", "\"" BAD BAD "\""},
             {"", "\"\""}};
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        vo_json_out *w = writer();
        vo_json_out_string(w, c[i].in);
        char *text = take(w);
        cr_assert_str_eq(text, c[i].out);
        vo_json_free(parse(text)); /* jansson checks UTF-8 by itself */
        free(text);
        vo_json_out_free(w);
    }
}

Test(json, numbers_read_back_to_the_same_double_and_nan_is_null) {
    vo_json_out *w = writer();
    vo_random r = vo_random_seed(9, 0);
    enum { N = 20000 };
    static double v[N];
    vo_json_out_array(w);
    for (int i = 0; i < N; i++) {
        const uint64_t bits = vo_random_u64(&r);
        memcpy(&v[i], &bits, sizeof bits);
        if (i % 2) v[i] = vo_random_between(&r, -1000, 1000);
        vo_json_out_number(w, v[i]);
    }
    vo_json_out_end(w);
    char *text = take(w);
    vo_json *root = parse(text);
    for (size_t i = 0; i < N; i++) {
        const vo_json *e = vo_json_at(root, i);
        if (isfinite(v[i]))
            cr_assert(vo_json_number(e) == v[i]);
        else
            cr_assert_eq(vo_json_kind_of(e), VO_JSON_NULL);
    }
    vo_json_free(root);
    free(text);
    vo_json_out_free(w);
}

Test(json, what_was_read_is_written_whole) {
    const char *text = "{\"z\":[1,2.5,{\"k\":null}],\"a\":{\"t\":true,\"f\":false,\"s\":"
                       "\"\xC3\xB1\\n\"},\"e\":[]}";
    vo_json *root = parse(text);
    vo_json_out *w = writer();
    vo_json_out_value(w, root);
    char *back = take(w);
    cr_assert_str_eq(back, text);
    free(back);
    vo_json_out_free(w);
    vo_json_free(root);
}

Test(json, an_unfinished_text_is_not_handed_out) {
    vo_json_out *w = writer();
    char *text = NULL;
    size_t len;
    vo_error err = {0};
    cr_assert_eq(vo_json_out_take(w, &text, &len, &err), VO_EINVAL); /* nothing in it */
    vo_json_out_array(w);
    vo_json_out_object(w);
    cr_assert_eq(vo_json_out_take(w, &text, &len, &err), VO_EINVAL);
    cr_assert_not_null(strstr(err.msg, "2 levels"), "%s", err.msg);
    cr_assert_null(text);
    vo_json_out_free(w);

    w = writer(); /* too deep: remembered, and calls after it do nothing */
    for (int i = 0; i < 200; i++) vo_json_out_array(w);
    for (int i = 0; i < 200; i++) vo_json_out_end(w);
    cr_assert_eq(vo_json_out_take(w, &text, &len, &err), VO_EINVAL);
    cr_assert_not_null(strstr(err.msg, "deep"), "%s", err.msg);
    vo_json_out_free(w);
}

static int32_t stop_at_third(void *ctx) {
    int *asked = ctx;
    return ++*asked >= 3;
}

Test(json, a_bounded_text_ends_at_its_bound_or_when_nobody_waits) {
    char *text = NULL;
    size_t len;
    vo_error err = {0};
    vo_json_out *w = writer();
    vo_json_out_bound(w, 2 << 20, NULL, NULL);
    vo_json_out_array(w);
    for (int i = 0; i < 4 << 20; i++) vo_json_out_number(w, 7);
    vo_json_out_end(w);
    cr_assert_eq(vo_json_out_take(w, &text, &len, &err), VO_EINVAL);
    cr_assert_not_null(strstr(err.msg, "2097152 bytes"), "%s", err.msg);
    vo_json_out_free(w);

    int asked = 0;
    w = writer();
    vo_json_out_bound(w, 0, stop_at_third, &asked);
    vo_json_out_array(w);
    for (int i = 0; i < 4 << 20; i++) vo_json_out_number(w, 7);
    vo_json_out_end(w);
    cr_assert_eq(vo_json_out_take(w, &text, &len, &err), VO_ECANCELED);
    cr_assert_eq(asked, 3, "about once a mebibyte, and not after the stop");
    vo_json_out_free(w);

    asked = 0; /* within its bound it is what it would be without */
    w = writer();
    vo_json_out_bound(w, 3000, stop_at_third, &asked);
    vo_json_out_reserve(w, 1 << 20); /* a guess that is wrong */
    vo_json_out_array(w);
    for (int i = 0; i < 1400; i++) vo_json_out_number(w, 7);
    vo_json_out_end(w);
    cr_assert_eq(vo_json_out_take(w, &text, &len, &err), VO_OK, "%s", err.msg);
    cr_assert(len == 2801 && asked == 0);
    free(text);
    vo_json_out_free(w);
}

Test(json, kinds_have_names) {
    cr_assert_str_eq(vo_json_kind_name(VO_JSON_NUMBER), "number");
    cr_assert_str_eq(vo_json_kind_name(VO_JSON_OBJECT), "object");
    cr_assert_str_eq(vo_json_kind_name((vo_json_kind)99), "?");
}
