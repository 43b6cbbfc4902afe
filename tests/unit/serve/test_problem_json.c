/* test_problem_json.c -- each test states one promise of problem_json.h. */
#include "serve/problem_json.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* Parses the answer, which must be one. */
static vo_json *read_answer(vo_exchange *x) {
    vo_json *root = NULL;
    vo_error err = {0};
    cr_assert_str_eq(x->type, "application/problem+json");
    cr_assert_not_null(x->answer);
    cr_assert_eq((int)strlen(x->answer), (int)x->answer_len);
    cr_assert_eq(vo_json_parse(x->answer, x->answer_len, &root, &err), VO_OK, "%s", err.msg);
    free(x->answer);
    x->answer = NULL;
    return root;
}

static const char *text(const vo_json *v, const char *key) {
    const vo_json *at = vo_json_get(v, key);
    return at && vo_json_kind_of(at) == VO_JSON_STRING ? vo_json_string(at) : "(none)";
}

/* The pointer of the first error of the answer. */
static void expect_pointer(vo_exchange *x, const char *pointer) {
    vo_json *root = read_answer(x);
    const vo_json *errors = vo_json_get(root, "errors");
    cr_assert(errors && vo_json_size(errors) == 1);
    cr_expect_str_eq(text(vo_json_at(errors, 0), "pointer"), pointer);
    vo_json_free(root);
}

Test(problem, has_type_title_status_detail_and_the_request_id) {
    vo_exchange x = {.id = "r-1"};
    vo_problem(&x, 429, "wait 3 s");
    cr_expect_eq(x.status, 429);
    vo_json *root = read_answer(&x);
    cr_expect_str_eq(text(root, "type"), "about:blank");
    cr_expect_str_eq(text(root, "title"), "Too Many Requests");
    cr_expect_str_eq(text(root, "detail"), "wait 3 s");
    cr_expect_str_eq(text(root, "instance"), "r-1");
    cr_expect_eq(vo_json_number(vo_json_get(root, "status")), 429.0);
    vo_json_free(root);
}

Test(problem, a_second_one_takes_the_place_of_the_first) {
    vo_exchange x = {0};
    vo_problem(&x, 400, "first");
    vo_problem(&x, 500, "second");
    vo_json *root = read_answer(&x);
    cr_expect_str_eq(text(root, "detail"), "second");
    vo_json_free(root);
}

Test(problem, a_finding_has_its_pointer_or_its_parameter) {
    vo_exchange x = {0};
    vo_finding f = {.pointer = "/battery_params/efficiency",
                    .detail = "must be at most 1, is 85"};
    vo_problem_finding(&x, 400, &f);
    vo_json *root = read_answer(&x);
    cr_expect_str_eq(text(root, "detail"),
                     "/battery_params/efficiency: must be at most 1, is 85");
    vo_json_free(root);
    vo_problem_finding(&x, 400, &f);
    expect_pointer(&x, "/battery_params/efficiency");

    f = (vo_finding){.parameter = "limit", .detail = "must be a number"};
    vo_problem_finding(&x, 400, &f);
    root = read_answer(&x);
    const vo_json *e = vo_json_at(vo_json_get(root, "errors"), 0);
    cr_expect_str_eq(text(e, "parameter"), "limit");
    cr_expect_str_eq(text(e, "pointer"), "(none)");
    vo_json_free(root);
}

Test(problem, bytes_that_are_no_text_still_make_a_document) {
    vo_exchange x = {0};
    vo_finding f = {.detail = "is \xff\xfe\"\\\n"};
    vo_problem_finding(&x, 400, &f);
    vo_json *root = read_answer(&x);
    cr_expect_str_eq(text(root, "detail"), "is ?\?\"\\\n");
    vo_json_free(root);
}

/* The path that the engine puts at the head of its sentence leads to the member. */
Test(problem, the_path_of_a_refusal_becomes_a_pointer_if_it_leads_somewhere) {
    static const char document[] = "{\"battery_params\":{\"efficiency\":85},\"batteries\":[{},{"
                                   "\"max_soc\":2}],\"prices\":[1]}";
    static const struct {
        const char *msg, *pointer;
    } row[] = {
        {"battery_params.efficiency = 85: must be in (0, 1]", "/battery_params/efficiency"},
        {"batteries[1].max_soc = 2: must be in [0, 1]", "/batteries/1/max_soc"},
        {"batteries[1].min_soc is missing", "/batteries/1"},
        {"batteries[7].max_soc = 2", "/batteries"},
        {"prices[0] is a text", "/prices/0"},
        {"prices: there must be two", "/prices"},
        {"the prices are wrong", ""},
        {"nodes = 1: no such field", ""},
        {"prices[x]", "/prices"},
        {"prices.a.b", "/prices"},
        {"", ""},
    };
    vo_json *body = NULL;
    cr_assert_eq(vo_json_parse(document, sizeof document - 1, &body, NULL), VO_OK);
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        vo_exchange x = {0};
        vo_error err = {0};
        vo_fail(&err, VO_EINVAL, "%s", row[i].msg);
        vo_problem_engine(&x, VO_EINVAL, &err, body);
        cr_expect_eq(x.status, 422);
        expect_pointer(&x, row[i].pointer);
    }
    vo_json_free(body);
}

Test(problem, each_status_of_the_engine_has_one_of_http) {
    static const struct {
        vo_status s;
        int status;
    } row[] = {
        {VO_EINVAL, 422},    {VO_EUNSUPPORTED, 422}, {VO_ENOTFOUND, 404}, {VO_ENOMEM, 503},
        {VO_ECANCELED, 503}, {VO_EIO, 500},          {VO_ENUMERIC, 500},  {VO_OK, 500}};
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++)
        cr_expect_eq(vo_problem_status(row[i].s), row[i].status);
}

Test(problem, folders_of_this_machine_are_not_told) {
    static const struct {
        const char *msg, *detail;
    } row[] = {
        {"/srv/volteo/lake/prices/x.parquet: cannot be read", "x.parquet: cannot be read"},
        {"model (in /srv/models) is not there", "model (in models) is not there"},
        {"1/2 and a / b stay", "1/2 and a / b stay"},
        {"\"/etc/passwd\" is no file", "\"passwd\" is no file"},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        vo_exchange x = {0};
        vo_error err = {0};
        vo_fail(&err, VO_EIO, "%s", row[i].msg);
        vo_problem_engine(&x, VO_EIO, &err, NULL);
        vo_json *root = read_answer(&x);
        cr_expect_str_eq(text(root, "detail"), row[i].detail);
        vo_json_free(root);
    }
}
