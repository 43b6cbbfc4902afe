/* test_schema.c -- each test states one promise of schema.h. What a schema takes and refuses is
 * written down as a table: JSON Schema 2020-12 says the same of every line. */
#include "serve/schema.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    vo_json *components, *root;
    vo_schema_set *set;
    const vo_schema *schema;
} fixture;

static vo_json *parse(const char *text) {
    vo_json *v = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_json_parse(text, strlen(text), &v, &err), VO_OK, "%s: %s", text, err.msg);
    return v;
}

/* The schema, beside named ones (or NULL). */
static fixture compile(const char *components, const char *schema) {
    fixture f = {.components = components ? parse(components) : NULL, .root = parse(schema)};
    vo_error err = {0};
    cr_assert_eq(vo_schema_set_create(f.components, &f.set, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_schema_compile(f.set, f.root, "here", &f.schema, &err), VO_OK, "%s",
                 err.msg);
    return f;
}

static void fini(fixture *f) {
    vo_schema_set_free(f->set);
    vo_json_free(f->components);
    vo_json_free(f->root);
}

static bool takes(const fixture *f, const char *value, vo_finding *found) {
    vo_json *v = parse(value);
    const bool fine = vo_schema_check(f->schema, v, found);
    cr_expect_eq(vo_schema_check(f->schema, v, NULL), fine); /* nobody need listen */
    vo_json_free(v);
    return fine;
}

/* Where and why a value is refused. */
static void expect_refusal(const char *components, const char *schema, const char *value,
                           const char *pointer, const char *words) {
    fixture f = compile(components, schema);
    vo_finding found = {0};
    cr_assert_not(takes(&f, value, &found), "%s takes %s", schema, value);
    cr_expect_str_eq(found.pointer, pointer);
    cr_expect(strstr(found.detail, words), "%s: \"%s\" lacks \"%s\"", value, found.detail,
              words);
    fini(&f);
}

typedef struct {
    const char *schema, *value;
    bool fits;
} example;

Test(schema, keywords_take_and_refuse_what_the_standard_says) {
    static const example table[] = {
        {"{}", "[1,{\"a\":null}]", true},
        {"true", "null", true},
        {"{\"type\":\"number\"}", "1.5", true},
        {"{\"type\":\"number\"}", "\"1.5\"", false},
        {"{\"type\":\"integer\"}", "3", true},
        {"{\"type\":\"integer\"}", "3.0", true},
        {"{\"type\":\"integer\"}", "3.5", false},
        {"{\"type\":\"integer\"}", "true", false},
        {"{\"type\":[\"integer\",\"null\"]}", "null", true},
        {"{\"type\":[\"integer\",\"null\"]}", "\"\"", false},
        {"{\"type\":\"boolean\"}", "false", true},
        {"{\"type\":\"boolean\"}", "0", false},
        {"{\"minimum\":2}", "2", true},
        {"{\"minimum\":2}", "1.999", false},
        {"{\"minimum\":2}", "\"a\"", true}, /* of numbers only */
        {"{\"exclusiveMinimum\":2}", "2", false},
        {"{\"exclusiveMinimum\":2}", "2.001", true},
        {"{\"maximum\":2}", "2", true},
        {"{\"maximum\":2}", "2.001", false},
        {"{\"exclusiveMaximum\":2}", "2", false},
        {"{\"exclusiveMaximum\":2}", "1.999", true},
        {"{\"multipleOf\":0.1}", "0.3", true},
        {"{\"multipleOf\":0.1}", "0.35", false},
        {"{\"minLength\":2}", "\"a\"", false},
        {"{\"minLength\":2}", "\"ab\"", true},
        {"{\"maxLength\":2}", "\"\\u00f1\\u00f1\"", true}, /* letters, not bytes */
        {"{\"maxLength\":2}", "\"abc\"", false},
        {"{\"enum\":[1,\"a\",null]}", "null", true},
        {"{\"enum\":[1,\"a\",null]}", "1.0", true},
        {"{\"enum\":[1,\"a\",null]}", "\"b\"", false},
        {"{\"const\":\"a\"}", "\"a\"", true},
        {"{\"const\":\"a\"}", "\"A\"", false},
        {"{\"format\":\"date\"}", "\"2024-02-29\"", true},
        {"{\"format\":\"date\"}", "\"2023-02-29\"", false},
        {"{\"format\":\"date\"}", "\"2024-02-29T00:00\"", false},
        {"{\"format\":\"date-time\"}", "\"2024-02-29T05:00:00Z\"", true},
        {"{\"format\":\"date-time\"}", "\"2024-02-29T05:00:00-06:00\"", true},
        {"{\"format\":\"date-time\"}", "\"2024-02-29T05:00:00\"", false},
        {"{\"items\":{\"type\":\"number\"}}", "[1,2]", true},
        {"{\"items\":{\"type\":\"number\"}}", "[1,\"2\"]", false},
        {"{\"items\":{\"type\":[\"number\",\"null\"],\"maximum\":5}}", "[1,null,5]", true},
        {"{\"items\":{\"type\":[\"number\",\"null\"],\"maximum\":5}}", "[1,null,5.1]", false},
        {"{\"items\":{\"type\":\"number\",\"maximum\":5}}", "[null]", false},
        {"{\"items\":{\"type\":\"number\",\"exclusiveMaximum\":5}}", "[4,5]", false},
        {"{\"items\":{\"type\":\"integer\",\"minimum\":0}}", "[4,5]", true},
        {"{\"items\":{\"type\":\"integer\",\"minimum\":0}}", "[4,5.5]", false},
        {"{\"minItems\":1}", "[]", false},
        {"{\"maxItems\":1}", "[1,2]", false},
        {"{\"properties\":{\"a\":{\"type\":\"number\"}}}", "{\"b\":1}", true},
        {"{\"properties\":{\"a\":{\"type\":\"number\"}}}", "{\"a\":\"1\"}", false},
        {"{\"additionalProperties\":false}", "{}", true},
        {"{\"additionalProperties\":false}", "{\"b\":1}", false},
        {"{\"additionalProperties\":{\"type\":\"number\"}}", "{\"b\":1}", true},
        {"{\"additionalProperties\":{\"type\":\"number\"}}", "{\"b\":[]}", false},
        {"{\"properties\":{\"a\":{}},\"additionalProperties\":{\"type\":\"number\"}}",
         "{\"a\":\"x\"}", true},
        {"{\"minProperties\":1}", "{}", false},
        {"{\"maxProperties\":1}", "{\"a\":1,\"b\":2}", false},
        {"{\"required\":[\"a\"]}", "{\"b\":1}", false},
        {"{\"required\":[\"a\"]}", "{\"a\":null}", true},
        {"{\"allOf\":[{\"minimum\":1},{\"maximum\":3}]}", "2", true},
        {"{\"allOf\":[{\"minimum\":1},{\"maximum\":3}]}", "4", false},
        {"{\"anyOf\":[{\"maximum\":1},{\"minimum\":3}]}", "3", true},
        {"{\"anyOf\":[{\"maximum\":1},{\"minimum\":3}]}", "2", false},
        {"{\"oneOf\":[{\"maximum\":3},{\"minimum\":1}]}", "0", true},
        {"{\"oneOf\":[{\"maximum\":3},{\"minimum\":1}]}", "2", false}, /* fits both */
        {"{\"type\":\"number\",\"anyOf\":[{\"maximum\":1}]}", "0", true},
        {"{\"type\":\"number\",\"anyOf\":[{\"maximum\":1}]}", "\"a\"", false},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        fixture f = compile(NULL, table[i].schema);
        vo_finding found = {0};
        const bool fits = takes(&f, table[i].value, &found);
        cr_expect_eq(fits, table[i].fits, "%s and %s: %s", table[i].schema, table[i].value,
                     found.detail);
        cr_expect(fits || found.detail[0], "%s refuses %s without a word", table[i].schema,
                  table[i].value);
        fini(&f);
    }
}

Test(schema, patterns_are_rows_of_classes) {
    static const example table[] = {
        {"^[a-z_]{1,3}$", "a_b", true},
        {"^[a-z_]{1,3}$", "", false},
        {"^[a-z_]{1,3}$", "abcd", false},
        {"^[a-z_]{1,3}$", "aB", false},
        {"^j_[0-9A-Z]{4}$", "j_01AZ", true},
        {"^j_[0-9A-Z]{4}$", "j_01A", false},
        {"^v[0-9]+x?$", "v12x", true},
        {"^v[0-9]+x?$", "v", false},
        {"^v[0-9]*$", "v", true},
        {"^[a-c.-]{2,}$", "a-.", true},
        {"^[a-c.-]{2,}$", "a", false},
        {"^[!-~]{1,5}$", "a b", false},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char schema[120], value[40];
        snprintf(schema, sizeof schema, "{\"type\":\"string\",\"pattern\":\"%s\"}",
                 table[i].schema);
        snprintf(value, sizeof value, "\"%s\"", table[i].value);
        fixture f = compile(NULL, schema);
        vo_finding found = {0};
        cr_expect_eq(takes(&f, value, &found), table[i].fits, "%s and %s", table[i].schema,
                     value);
        fini(&f);
    }
}

Test(schema, a_finding_says_where_as_a_pointer_and_why_in_words) {
    static const char battery[] =
        "{\"Battery\":{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
        "\"efficiency\":{\"type\":\"number\",\"exclusiveMinimum\":0,\"maximum\":1},"
        "\"a/b~c\":{\"type\":\"string\"}}}}";
    static const char schema[] =
        "{\"type\":\"object\",\"required\":[\"batteries\"],\"properties\":{\"batteries\":{"
        "\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/Battery\"}}}}";
    expect_refusal(battery, schema, "{\"batteries\":[{},{\"efficiency\":85}]}",
                   "/batteries/1/efficiency", "must be at most 1, is 85");
    expect_refusal(battery, schema, "{\"batteries\":[{},{\"efficiency\":85}]}",
                   "/batteries/1/efficiency", "for 85 % write 0.85");
    expect_refusal(battery, schema, "{\"batteries\":[{\"efficiency\":0}]}",
                   "/batteries/0/efficiency", "must be above 0, is 0");
    expect_refusal(battery, schema, "{\"batteries\":[{\"a/b~c\":1}]}", "/batteries/0/a~1b~0c",
                   "must be a text, is 1");
    expect_refusal(battery, schema, "{\"batteries\":[{\"eficiency\":1}]}",
                   "/batteries/0/eficiency", "did you mean efficiency?");
    expect_refusal(battery, schema, "{}", "/batteries", "is missing");
    expect_refusal(battery, schema, "[]", "", "must be an object, is an array");
    expect_refusal(NULL, "{\"enum\":[\"mean\",\"max\"]}", "\"maen\"", "",
                   "did you mean \"mean\"?");
    expect_refusal(NULL, "{\"type\":[\"number\",\"string\",\"null\"]}", "true", "",
                   "must be a number, a text or null, is true");
    expect_refusal(NULL, "{\"minItems\":1}", "[]", "", "at least 1 element, has 0");
}

Test(schema, the_first_thing_wrong_in_document_order_is_told) {
    static const char schema[] = "{\"properties\":{\"a\":{\"type\":\"number\"},\"b\":{\"type\":"
                                 "\"number\"}},\"additionalProperties\":false}";
    expect_refusal(NULL, schema, "{\"b\":\"x\",\"a\":\"y\"}", "/b", "must be a number");
    expect_refusal(NULL, schema, "{\"c\":1,\"a\":\"y\"}", "/c", "no such member");
}

Test(schema, of_a_large_object_the_unknown_member_is_found_too) {
    char *text = malloc(1 << 20);
    cr_assert_not_null(text);
    size_t n = (size_t)sprintf(text, "{\"a\":1");
    for (int i = 0; i < 20000 - 1; i++) n += (size_t)sprintf(text + n, ",\"x%d\":1", i);
    sprintf(text + n, "}");
    fixture closed =
        compile(NULL, "{\"properties\":{\"a\":{},\"b\":{}},\"additionalProperties\":false}");
    fixture open = compile(NULL, "{\"properties\":{\"a\":{\"type\":\"string\"}}}");
    vo_finding found = {0};
    cr_expect_not(takes(&closed, text, &found));
    cr_expect_str_eq(found.pointer, "/x0");
    cr_expect_not(takes(&open, text, &found));
    cr_expect_str_eq(found.pointer, "/a");
    fini(&closed);
    fini(&open);
    free(text);
}

Test(schema, a_discriminator_chooses_the_branch_whose_faults_are_told) {
    static const char kinds[] =
        "{\"A\":{\"type\":\"object\",\"required\":[\"x\"],\"properties\":{\"kind\":{\"const\":"
        "\"apple\"},\"x\":{\"type\":\"number\"}}},\"B\":{\"type\":\"object\",\"properties\":{"
        "\"kind\":{\"const\":\"pear\"},\"x\":{\"type\":\"string\"}}}}";
    static const char schema[] =
        "{\"oneOf\":[{\"$ref\":\"#/components/schemas/A\"},{\"$ref\":"
        "\"#/components/schemas/B\"}],\"discriminator\":{\"propertyName\":\"kind\"}}";
    fixture f = compile(kinds, schema);
    vo_finding found = {0};
    cr_expect(takes(&f, "{\"kind\":\"apple\",\"x\":1}", &found));
    cr_expect(takes(&f, "{\"kind\":\"pear\",\"x\":\"1\"}", &found));
    fini(&f);
    expect_refusal(kinds, schema, "{\"kind\":\"pear\",\"x\":1}", "/x", "must be a text");
    expect_refusal(kinds, schema, "{\"kind\":\"apple\"}", "/x", "is missing");
    expect_refusal(kinds, schema, "{\"kind\":\"plum\"}", "/kind", "one of apple, pear");
    expect_refusal(kinds, schema, "{\"x\":1}", "/kind", "is missing");
    expect_refusal(kinds, schema, "3", "", "must be an object");
}

Test(schema, a_branch_of_the_values_own_type_says_what_is_wrong) {
    static const char schema[] = "{\"anyOf\":[{\"type\":\"null\"},{\"type\":\"object\","
                                 "\"properties\":{\"a\":{\"maximum\":1}}}]}";
    expect_refusal(NULL, schema, "{\"a\":2}", "/a", "at most 1");
    expect_refusal(NULL, schema, "\"x\"", "", "must be an object or null, is \"x\"");
    expect_refusal(NULL, "{\"oneOf\":[{\"maximum\":3},{\"minimum\":1}]}", "2", "",
                   "exclude one another");
}

Test(schema, schemas_may_refer_to_themselves_where_they_descend) {
    static const char tree[] =
        "{\"Tree\":{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
        "\"below\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/Tree\"}}}}}";
    fixture f = compile(tree, "{\"$ref\":\"#/components/schemas/Tree\"}");
    vo_finding found = {0};
    cr_expect(takes(&f, "{\"below\":[{},{\"below\":[]}]}", &found));
    cr_expect_not(takes(&f, "{\"below\":[{},{\"below\":[1]}]}", &found));
    cr_expect_str_eq(found.pointer, "/below/1/below/0");
    fini(&f);
}

Test(schema, what_is_not_understood_is_refused_when_it_is_read) {
    static const struct {
        const char *schema, *words;
    } table[] = {
        {"{\"minimun\":1}", "did you mean minimum?"},
        {"{\"uniqueItems\":true}", "uniqueItems is not understood"},
        {"{\"properties\":{\"a\":{\"patern\":\"x\"}}}", "here/a"},
        {"{\"type\":\"float\"}", "no type \"float\""},
        {"{\"type\":[]}", "type must be"},
        {"{\"minimum\":\"1\"}", "minimum must be a number"},
        {"{\"minimum\":1,\"exclusiveMinimum\":1}", "one of minimum"},
        {"{\"minimum\":3,\"maximum\":1}", "at most maximum"},
        {"{\"maxItems\":-1}", "maxItems must be"},
        {"{\"maxItems\":1.5}", "maxItems must be"},
        {"{\"multipleOf\":0}", "multipleOf must be"},
        {"{\"enum\":[]}", "enum"},
        {"{\"enum\":[[1]]}", "scalars"},
        {"{\"pattern\":\"[a-z]+\"}", "pattern"},        /* not anchored */
        {"{\"pattern\":\"^(a|b)$\"}", "pattern"},       /* groups */
        {"{\"pattern\":\"^[a-z]+[a-c]$\"}", "pattern"}, /* would need to go back */
        {"{\"format\":\"email\"}", "format"},
        {"{\"$ref\":\"#/components/schemas/None\"}", "no schema"},
        {"{\"$ref\":\"other.json\"}", "$ref must be"},
        {"{\"anyOf\":[]}", "anyOf"},
        {"{\"anyOf\":[{}],\"oneOf\":[{}]}", "only one of"},
        {"{\"required\":[1]}", "required"},
        {"{\"discriminator\":{\"propertyName\":\"kind\"}}", "discriminator"},
        {"[]", "must be an object"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        vo_json *v = parse(table[i].schema);
        vo_schema_set *set = NULL;
        const vo_schema *out = NULL;
        vo_error err = {0};
        cr_assert_eq(vo_schema_set_create(NULL, &set, &err), VO_OK);
        cr_expect_eq(vo_schema_compile(set, v, "here", &out, &err), VO_EINVAL, "%s",
                     table[i].schema);
        cr_expect(strstr(err.msg, table[i].words), "%s: \"%s\"", table[i].schema, err.msg);
        vo_schema_set_free(set);
        vo_json_free(v);
    }
}

Test(schema, references_without_end_are_refused) {
    static const char *const endless[] = {
        "{\"A\":{\"$ref\":\"#/components/schemas/A\"}}",
        "{\"A\":{\"$ref\":\"#/components/schemas/B\"},\"B\":{\"anyOf\":[{\"type\":\"null\"},"
        "{\"$ref\":\"#/components/schemas/A\"}]}}",
    };
    for (size_t i = 0; i < 2; i++) {
        vo_json *v = parse(endless[i]);
        vo_schema_set *set = NULL;
        vo_error err = {0};
        cr_expect_eq(vo_schema_set_create(v, &set, &err), VO_EINVAL);
        cr_expect(strstr(err.msg, "without end"), "%s", err.msg);
        vo_json_free(v);
    }
}

Test(schema, texts_of_parameters_are_read_as_the_schema_wants) {
    static const struct {
        const char *schema, *text;
        bool fits;
        double number;
    } table[] = {
        {"{\"type\":\"integer\",\"minimum\":1,\"maximum\":10}", "10", true, 10},
        {"{\"type\":\"integer\",\"minimum\":1,\"maximum\":10}", "11", false, 0},
        {"{\"type\":\"integer\"}", "1e3", false, 0},
        {"{\"type\":\"integer\"}", " 1", false, 0},
        {"{\"type\":\"integer\"}", "", false, 0},
        {"{\"type\":\"number\"}", "-1.5e2", true, -150},
        {"{\"type\":\"number\"}", "nan", false, 0},
        {"{\"type\":\"boolean\"}", "true", true, 1},
        {"{\"type\":\"boolean\"}", "yes", false, 0},
        {"{\"type\":\"string\",\"minLength\":1}", "", false, 0},
        {"{\"type\":\"string\",\"enum\":[\"a\",\"b\"]}", "b", true, 0},
        {"{\"type\":\"string\",\"enum\":[\"a\",\"b\"]}", "c", false, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        fixture f = compile(NULL, table[i].schema);
        vo_finding found = {0};
        double number = 0;
        cr_expect_eq(vo_schema_check_text(f.schema, table[i].text, &number, &found),
                     table[i].fits, "%s and %s: %s", table[i].schema, table[i].text,
                     found.detail);
        cr_expect_eq(number, table[i].number);
        cr_expect(table[i].fits || found.detail[0]);
        fini(&f);
    }
}
