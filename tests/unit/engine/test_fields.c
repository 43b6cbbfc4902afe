/* Reading by a table: what is accepted, and what a refusal says. */
#include <criterion/criterion.h>
#include <string.h>

#include "engine/fields.h"

static const vo_field table[] = {
    {"efficiency", VO_FIELD_RATIO, 0, 1, "", ""},
    {"soc", VO_FIELD_PART, 0, 1, "", ""},
    {"power_mw", VO_FIELD_NUMBER, 0, 1e6, "MW", ""},
    {"count", VO_FIELD_INTEGER, 1, 9, "", ""},
    {"on", VO_FIELD_BOOL, 0, 0, "", ""},
    {"name", VO_FIELD_TEXT, 0, 0, "", ""},
    {"any", VO_FIELD_ANY, 0, 0, "", ""},
};
enum { EFFICIENCY, SOC, POWER, COUNT, ON, NAME, ANY, N };

static vo_status read_text(const char *text, vo_field_value *v, vo_error *err) {
    vo_json *root = NULL;
    cr_assert_eq(vo_json_parse(text, strlen(text), &root, err), VO_OK, "%s", err->msg);
    const vo_status s = vo_fields_read(root, "at", table, N, v, err);
    vo_json_free(root);
    return s;
}

Test(fields, given_values_are_read_and_others_stay_absent) {
    vo_field_value v[N];
    vo_error err = {0};
    vo_json *root = NULL;
    const char *text = "{\"efficiency\": 0.85, \"count\": 3, \"on\": true, \"name\": \"x\", "
                       "\"power_mw\": null}";
    cr_assert_eq(vo_json_parse(text, strlen(text), &root, &err), VO_OK);
    cr_assert_eq(vo_fields_read(root, "", table, N, v, &err), VO_OK, "%s", err.msg);
    cr_expect_eq(v[EFFICIENCY].number, 0.85);
    cr_expect_eq(v[COUNT].number, 3);
    cr_expect_eq(v[ON].number, 1);
    cr_expect_str_eq(v[NAME].text, "x");
    cr_expect_null(v[POWER].json, "null counts as absent");
    cr_expect_null(v[SOC].json);
    vo_json_free(root);
}

Test(fields, every_refusal_names_path_value_and_remedy) {
    static const struct {
        const char *text, *says;
    } refused[] = {
        {"{\"efficiency\": 85}", "at.efficiency = 85: must be in (0, 1]; a fraction, not per "
                                 "cent: for 85 % write 0.85"},
        {"{\"efficiency\": 0}", "at.efficiency = 0: must be in (0, 1]"},
        {"{\"soc\": 1.2}", "at.soc = 1.2: must be in [0, 1]"},
        {"{\"power_mw\": -1}", "at.power_mw = -1: must be in [0, 1e+06] MW"},
        {"{\"power_mw\": \"2\"}", "at.power_mw is a text: must be a number in MW"},
        {"{\"count\": 1.5}", "at.count = 1.5: must be a whole number"},
        {"{\"count\": 10}", "at.count = 10: must be in [1, 9]"},
        {"{\"on\": 1}", "at.on is a number: must be true or false"},
        {"{\"name\": \"\"}", "at.name is empty: must be a text"},
        {"{\"eficiency\": 1}", "at.eficiency: no such field; did you mean efficiency?"},
        {"{\"zzzzzzzz\": 1}", "at.zzzzzzzz: no such field; there are efficiency, soc"},
        {"[]", "at is an array: must be an object"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        vo_field_value v[N];
        vo_error err = {0};
        cr_expect_eq(read_text(refused[i].text, v, &err), VO_EINVAL, "%s", refused[i].text);
        cr_expect(strstr(err.msg, refused[i].says), "%s: %s", refused[i].text, err.msg);
    }
}

static vo_status numbers(const char *text, double *out, size_t *n, vo_error *err) {
    vo_json *v = NULL;
    cr_assert_eq(vo_json_parse(text, strlen(text), &v, NULL), VO_OK, "%s", text);
    const vo_status s = vo_fields_numbers(vo_json_get(v, "x"), "x", 0, 100, out, 3, n, err);
    vo_json_free(v);
    return s;
}

Test(fields, numbers_may_be_one_an_array_or_a_text_with_commas) {
    static const char *const same[] = {"{\"x\": [1, 2.5, 60]}", "{\"x\": \"1,2.5, 60\"}"};
    double out[3] = {0};
    size_t n = 9;
    for (size_t i = 0; i < 2; i++) {
        cr_assert_eq(numbers(same[i], out, &n, NULL), VO_OK);
        cr_assert(n == 3 && out[0] == 1 && out[1] == 2.5 && out[2] == 60);
    }
    cr_assert_eq(numbers("{\"x\": 7}", out, &n, NULL), VO_OK);
    cr_assert(n == 1 && out[0] == 7);
    cr_assert_eq(numbers("{}", out, &n, NULL), VO_OK);
    cr_assert_eq(n, 0);
}

Test(fields, numbers_that_are_none_or_not_sorted_or_too_many_are_refused) {
    static const struct {
        const char *text, *says;
    } refused[] = {
        {"{\"x\": []}", "x is empty"},           {"{\"x\": {}}", "must be an array"},
        {"{\"x\": \"1,two\"}", "\"two\" is no"}, {"{\"x\": \"\"}", "is no number"},
        {"{\"x\": [1, \"2\"]}", "x[1] is a"},    {"{\"x\": [2, 1]}", "not above 2"},
        {"{\"x\": [1, 101]}", "[0, 100]"},       {"{\"x\": [1, 2, 3, 4]}", "more than 3"},
        {"{\"x\": \"1,,2\"}", "is no number"},   {"{\"x\": \"1,\"}", "is no number"}};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        double out[3];
        size_t n = 0;
        vo_error err = {0};
        cr_expect_eq(numbers(refused[i].text, out, &n, &err), VO_EINVAL, "%s", refused[i].text);
        cr_expect(strstr(err.msg, refused[i].says), "%s: %s", refused[i].text, err.msg);
    }
}
