/* test_openapi.c -- each test states one promise of openapi.h, on a small document and on the
 * service's own. */
#include "serve/openapi.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve/assets.h"

/* Documents are written with ' for ". */
#define OPERATION(id, more)                                                                    \
    "{'operationId':'" id "','x-volteo-scope':'read','x-volteo-run':'pool','x-volteo-cost':1," \
    "'responses':{'200':{'description':'done'}}" more "}"
#define PARAMETERS(list) ",'parameters':[" list "]"
#define DOCUMENT(paths) "{'openapi':'3.1.0','paths':{" paths "}}"

// clang-format off
static const char small[] = DOCUMENT(
    "'/things':{"
    "  'get':" OPERATION("list", PARAMETERS(
    "    {'name':'limit','in':'query','schema':{'type':'integer','minimum':1,'maximum':10,'default':5}},"
    "    {'name':'after','in':'query','schema':{'type':'string'}},"
    "    {'name':'Idempotency-Key','in':'header','schema':{'type':'string','maxLength':8}}")) ","
    "  'post':" OPERATION("add", ",'requestBody':{'required':true,'content':{"
    "    'application/json':{'schema':{'type':'object','required':['n'],'properties':{'n':{'maximum':3}}}},"
    "    'text/csv':{}}}") "},"
    "'/things/{id}':{"
    "  'parameters':[{'name':'id','in':'path','required':true,'schema':{'type':'string','maxLength':9}}],"
    "  'get':" OPERATION("one", "") ",'delete':" OPERATION("drop", "") "},"
    "'/things/new':{'get':" OPERATION("fresh", "") "},"
    "'/old/{id}':{'x-volteo-same-as':'#/paths/~1things~1{id}'}");
// clang-format on

static vo_status try_to_load(const char *text, vo_openapi **out, vo_error *err) {
    char *copy = strdup(text);
    cr_assert_not_null(copy);
    for (char *c = copy; *c; c++)
        if (*c == '\'') *c = '"';
    const vo_status s = vo_openapi_load(copy, strlen(copy), out, err);
    free(copy);
    return s;
}

static vo_openapi *load(const char *text) {
    vo_openapi *a = NULL;
    vo_error err = {0};
    cr_assert_eq(try_to_load(text, &a, &err), VO_OK, "%s", err.msg);
    return a;
}

static vo_openapi *load_own(void) {
    vo_openapi *a = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_openapi_load(vo_asset_openapi, vo_asset_openapi_size, &a, &err), VO_OK,
                 "%s", err.msg);
    return a;
}

static const char *matched(const vo_openapi *a, const char *method, const char *path) {
    const vo_operation *op = NULL;
    const vo_match m = vo_openapi_match(a, method, path, &op, NULL);
    return m == VO_MATCH_FOUND ? op->id : m == VO_MATCH_NO_PATH ? "(no path)" : "(no method)";
}

Test(openapi, a_request_finds_its_operation) {
    vo_openapi *a = load(small);
    cr_expect_eq((int)vo_openapi_count(a), 5);
    cr_expect_str_eq(matched(a, "GET", "/things"), "list");
    cr_expect_str_eq(matched(a, "HEAD", "/things"), "list");
    cr_expect_str_eq(matched(a, "POST", "/things"), "add");
    cr_expect_str_eq(matched(a, "GET", "/things/7"), "one");
    cr_expect_str_eq(matched(a, "GET", "/things/new"), "fresh"); /* the literal wins */
    cr_expect_str_eq(matched(a, "GET", "/things/newer"), "one");
    cr_expect_str_eq(matched(a, "GET", "/things/"), "(no path)");
    cr_expect_str_eq(matched(a, "GET", "/things/7/"), "(no path)");
    cr_expect_str_eq(matched(a, "GET", "/things/7/8"), "(no path)");
    cr_expect_str_eq(matched(a, "GET", "/thing"), "(no path)");
    cr_expect_str_eq(matched(a, "GET", ""), "(no path)");
    cr_expect_str_eq(matched(a, "PUT", "/things"), "(no method)");
    cr_expect_str_eq(matched(a, "get", "/things"), "(no method)"); /* methods have a case */
    vo_openapi_free(a);
}

Test(openapi, another_spelling_of_a_path_is_the_same_operation) {
    vo_openapi *a = load(small);
    const vo_operation *first = NULL, *second = NULL;
    cr_assert_eq(vo_openapi_match(a, "GET", "/things/7", &first, NULL), VO_MATCH_FOUND);
    cr_assert_eq(vo_openapi_match(a, "GET", "/old/7", &second, NULL), VO_MATCH_FOUND);
    cr_expect_eq(first, second);
    vo_params *p = NULL;
    vo_finding f = {0};
    cr_assert_eq(vo_openapi_params(second, "/old/7", "", NULL, NULL, &p, &f), VO_OK);
    cr_expect_str_eq(vo_param(p, "id"), "7");
    vo_params_free(p);
    vo_openapi_free(a);
}

Test(openapi, a_wrong_method_learns_the_right_ones) {
    vo_openapi *a = load(small);
    const vo_operation *op = NULL;
    char allow[64];
    cr_expect_eq(vo_openapi_match(a, "PATCH", "/things", &op, allow), VO_MATCH_NO_METHOD);
    cr_expect_str_eq(allow, "GET, HEAD, POST");
    cr_expect_eq(vo_openapi_match(a, "POST", "/things/7", &op, allow), VO_MATCH_NO_METHOD);
    cr_expect_str_eq(allow, "GET, HEAD, DELETE");
    vo_openapi_free(a);
}

static const char *some_header(void *ctx, const char *name) {
    return strcmp(name, "idempotency-key") == 0 ? ctx : "";
}

/* The operation's parameters; NULL: refused, with *f. */
static vo_params *params(const vo_openapi *a, const char *path, const char *query,
                         const char *key, vo_finding *f) {
    const vo_operation *op = NULL;
    vo_params *p = NULL;
    char copy[64];
    snprintf(copy, sizeof copy, "%s", key);
    cr_assert_eq(vo_openapi_match(a, "GET", path, &op, NULL), VO_MATCH_FOUND);
    *f = (vo_finding){0};
    const vo_status s = vo_openapi_params(op, path, query, some_header, copy, &p, f);
    cr_assert(s == VO_OK || s == VO_EINVAL);
    return s == VO_OK ? p : NULL;
}

Test(openapi, parameters_are_decoded_and_defaults_filled_in) {
    vo_openapi *a = load(small);
    vo_finding f = {0};
    vo_params *p = params(a, "/things", "after=a%20b+%C3%B1&&limit=7", "", &f);
    cr_assert_not_null(p, "%s", f.detail);
    cr_expect_str_eq(vo_param(p, "after"), "a b \xC3\xB1");
    cr_expect_eq(vo_param_number(p, "limit", 0), 7.0);
    cr_expect_null(vo_param(p, "Idempotency-Key"));
    vo_params_free(p);

    p = params(a, "/things", "", "k1", &f);
    cr_assert_not_null(p, "%s", f.detail);
    cr_expect_eq(vo_param_number(p, "limit", 0), 5.0);
    cr_expect_str_eq(vo_param(p, "limit"), "5");
    cr_expect_null(vo_param(p, "after"));
    cr_expect_eq(vo_param_number(p, "after", 3), 3.0);
    vo_params_free(p);

    p = params(a, "/things/a+b%2Fc", "", "", &f);
    cr_assert_not_null(p, "%s", f.detail);
    cr_expect_str_eq(vo_param(p, "id"), "a+b/c"); /* in a path + is a plus */
    vo_params_free(p);
    vo_openapi_free(a);
}

Test(openapi, a_parameter_that_is_wrong_is_named) {
    static const struct {
        const char *path, *query, *key, *name, *words;
    } table[] = {
        {"/things", "limit=11", "", "limit", "must be at most 10, is 11"},
        {"/things", "limit=x", "", "limit", "whole number"},
        {"/things", "limit=", "", "limit", "whole number"},
        {"/things", "limit", "", "limit", "whole number"},
        {"/things", "limit=1&limit=2", "", "limit", "more than once"},
        {"/things", "limt=1", "", "limt", "did you mean limit?"},
        {"/things", "zzz=1", "", "zzz", "there are limit, after"},
        {"/things", "after=%zz", "", "after", "percent-encoded"},
        {"/things", "after=%0", "", "after", "percent-encoded"},
        {"/things", "after=%00", "", "after", "without NUL"},
        {"/things", "after=%ff", "", "after", "UTF-8"},
        {"/things", "%ff=1", "", "", "parameter's name"},
        {"/things", "", "123456789", "Idempotency-Key", "at most 8 letters"},
        {"/things/1234567890", "", "", "id", "at most 9 letters"},
        {"/things/7", "x=1", "", "x", "no such parameter"},
    };
    vo_openapi *a = load(small);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        vo_finding f = {0};
        vo_params *p = params(a, table[i].path, table[i].query, table[i].key, &f);
        cr_expect_null(p, "%s?%s", table[i].path, table[i].query);
        cr_expect_str_eq(f.parameter, table[i].name);
        cr_expect(strstr(f.detail, table[i].words), "%s?%s: \"%s\"", table[i].path,
                  table[i].query, f.detail);
        vo_params_free(p);
    }
    vo_openapi_free(a);
}

Test(openapi, a_parameter_that_is_required_and_absent_is_named) {
    vo_openapi *a = load(DOCUMENT(
        "'/x':{'get':" OPERATION("x", PARAMETERS("{'name':'node','in':'query','required':true,"
                                                 "'schema':{'type':'string'}}")) "}"));
    vo_finding f = {0};
    cr_expect_null(params(a, "/x", "", "", &f));
    cr_expect_str_eq(f.parameter, "node");
    cr_expect(strstr(f.detail, "is missing"));
    vo_openapi_free(a);
}

Test(openapi, a_body_is_checked_against_its_schema) {
    vo_openapi *a = load(small);
    const vo_operation *op = NULL;
    cr_assert_eq(vo_openapi_match(a, "POST", "/things", &op, NULL), VO_MATCH_FOUND);
    cr_expect(op->takes_body && op->body_required);
    cr_expect_str_eq(op->body_types[0], "application/json");
    cr_expect_str_eq(op->body_types[1], "text/csv");
    cr_expect_null(op->body_types[2]);
    vo_json *v = NULL;
    vo_finding f = {0};
    cr_assert_eq(vo_json_parse("{\"n\":3}", 7, &v, NULL), VO_OK);
    cr_expect_eq(vo_openapi_check(op, v, &f), VO_OK);
    vo_json_free(v);
    cr_assert_eq(vo_json_parse("{\"n\":4}", 7, &v, NULL), VO_OK);
    cr_expect_eq(vo_openapi_check(op, v, &f), VO_EINVAL);
    cr_expect_str_eq(f.pointer, "/n");
    vo_json_free(v);
    vo_openapi_free(a);
}

Test(openapi, a_document_that_is_not_understood_is_refused_in_words) {
    static const struct {
        const char *text, *words;
    } table[] = {
        {"", "JSON"},
        {"[]", "no paths"},
        {"{}", "no paths"},
        {DOCUMENT("'/x':{'trace':{}}"), "trace is not understood"},
        {DOCUMENT("'/x':{'get':{}}"), "no operationId"},
        {DOCUMENT("'/x':{'get':" OPERATION("a", ",'callbacks':{}") "}"),
         "callbacks is not understood"},
        {DOCUMENT("'/x':{'get':" OPERATION("a", "") ",'post':" OPERATION("a", "") "}"),
         "there twice"},
        {DOCUMENT("'/x/{id}':{'get':" OPERATION("a", "") "}"), "{id} is not among"},
        {DOCUMENT(
             "'/x':{'get':" OPERATION("a", PARAMETERS("{'name':'id','in':'path','required':"
                                                      "true,'schema':{}}")) "}"),
         "does not name each"},
        {DOCUMENT("'/x':{'get':" OPERATION("a", PARAMETERS("{'name':'id','in':'cookie',"
                                                           "'schema':{}}")) "}"),
         "path, query or header"},
        {DOCUMENT(
             "'/x':{'get':" OPERATION("a", PARAMETERS("{'name':'n','in':'query','schema':{"
                                                      "'type':'integer','default':1.5}}")) "}"),
         "the default"},
        {DOCUMENT("'/x':{'get':" OPERATION("a", ",'security':[]") "}"), "go together"},
        {DOCUMENT("'/x':{'get':{'operationId':'a','responses':{}}}"), "x-volteo-scope"},
        {DOCUMENT("'/x':{'x-volteo-same-as':'#/paths/~1y'}"), "there is no #/paths/~1y"},
        {DOCUMENT("'/x':{'get':" OPERATION("a",
                                           ",'requestBody':{'content':{'application/json':{"
                                           "'schema':{'typ':1}}}}") "}"),
         "typ is not understood; did you mean type?"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        vo_openapi *a = NULL;
        vo_error err = {0};
        cr_expect_eq(try_to_load(table[i].text, &a, &err), VO_EINVAL, "%s", table[i].text);
        cr_expect(strstr(err.msg, table[i].words), "%s: \"%s\"", table[i].text, err.msg);
    }
}

/* ---- the service's own document ----------------------------------------------------------- */

Test(openapi, every_example_of_the_services_document_fits_its_schema) {
    vo_openapi *a = load_own();
    const vo_json *schemas =
        vo_json_get(vo_json_get(vo_openapi_document(a), "components"), "schemas");
    const char *name = NULL;
    const vo_json *v = NULL;
    int n = 0;
    for (size_t i = 0; vo_json_member(schemas, i, &name, &v); i++) {
        const vo_json *examples = vo_json_get(v, "examples");
        for (size_t k = 0; examples && k < vo_json_size(examples); k++, n++) {
            vo_finding f = {0};
            cr_expect(vo_schema_check(vo_openapi_schema(a, name), vo_json_at(examples, k), &f),
                      "%s, example %zu: %s %s", name, k, f.pointer, f.detail);
        }
    }
    cr_expect_gt(n, 10);
    vo_openapi_free(a);
}

Test(openapi, every_operation_that_takes_a_body_has_an_example_of_it) {
    vo_openapi *a = load_own();
    for (size_t i = 0; i < vo_openapi_count(a); i++) {
        const vo_operation *op = vo_openapi_at(a, i);
        if (!op->takes_body) continue;
        const vo_json *paths = vo_json_get(vo_openapi_document(a), "paths");
        const vo_json *post = vo_json_get(vo_json_get(paths, op->path), "post");
        const vo_json *content = vo_json_get(vo_json_get(post, "requestBody"), "content");
        const vo_json *schema = vo_json_get(vo_json_get(content, "application/json"), "schema");
        const char *ref = vo_json_string(vo_json_get(schema, "$ref"));
        const vo_json *named = vo_json_get(
            vo_json_get(vo_json_get(vo_openapi_document(a), "components"), "schemas"),
            strrchr(ref, '/') + 1);
        cr_expect(vo_json_get(named, "examples"), "%s", ref);
    }
    vo_openapi_free(a);
}

/* Open objects are walked member by member, which the parser's 20 000 would make long. */
static void expect_bounded(const vo_json *v, const char *where) {
    const char *key = NULL;
    const vo_json *x = NULL;
    if (vo_json_kind_of(v) == VO_JSON_OBJECT && vo_json_get(v, "additionalProperties") &&
        vo_json_kind_of(vo_json_get(v, "additionalProperties")) == VO_JSON_OBJECT)
        cr_expect(vo_json_get(v, "maxProperties"), "%s has open members and no maxProperties",
                  where);
    if (vo_json_kind_of(v) == VO_JSON_OBJECT)
        for (size_t i = 0; vo_json_member(v, i, &key, &x); i++) expect_bounded(x, where);
    if (vo_json_kind_of(v) == VO_JSON_ARRAY)
        for (size_t i = 0; i < vo_json_size(v); i++) expect_bounded(vo_json_at(v, i), where);
}

Test(openapi, every_open_object_of_a_request_is_bounded) {
    vo_openapi *a = load_own();
    const vo_json *schemas =
        vo_json_get(vo_json_get(vo_openapi_document(a), "components"), "schemas");
    const char *name = NULL;
    const vo_json *v = NULL;
    int n = 0;
    for (size_t i = 0; vo_json_member(schemas, i, &name, &v); i++) {
        const size_t len = strlen(name);
        if (len < 7 || strcmp(name + len - 7, "Request") != 0) continue;
        expect_bounded(v, name);
        n++;
    }
    expect_bounded(vo_json_get(schemas, "Prices"), "Prices");
    cr_expect_gt(n, 8);
    vo_openapi_free(a);
}

Test(openapi, every_operation_answers_its_errors_as_problems) {
    vo_openapi *a = load_own();
    for (size_t i = 0; i < vo_openapi_count(a); i++) {
        const vo_operation *op = vo_openapi_at(a, i);
        static const int always[] = {400, 403, 429, 500, 503};
        const char *type = NULL;
        const vo_schema *schema = NULL;
        for (size_t k = 0; k < 5; k++)
            cr_expect(vo_openapi_answer(op, always[k], &type, &schema), "%s has no %d", op->id,
                      always[k]);
        for (int status = 400; status < 600; status++) {
            if (!vo_openapi_answer(op, status, &type, &schema)) continue;
            cr_expect_str_eq(type, "application/problem+json");
            cr_expect_not_null(schema, "%s, %d", op->id, status);
        }
        cr_expect_eq(vo_openapi_answer(op, 401, &type, &schema), op->scope != VO_SCOPE_NONE,
                     "%s", op->id);
        cr_expect_eq(vo_openapi_answer(op, 415, &type, &schema), op->takes_body, "%s", op->id);
    }
    vo_openapi_free(a);
}

Test(openapi, the_short_paths_of_models_are_the_long_ones) {
    vo_openapi *a = load_own();
    cr_expect_str_eq(matched(a, "POST", "/models/train"), "train");
    cr_expect_str_eq(matched(a, "POST", "/models/predict"), "predict");
    cr_expect_str_eq(matched(a, "POST", "/models/x/promote"), "promote");
    cr_expect_str_eq(matched(a, "POST", "/models/x/rollback"), "rollback");
    cr_expect_str_eq(matched(a, "POST", "/api/v1/models/x/rollback"), "rollback");
    cr_expect_str_eq(matched(a, "POST", "/models//promote"), "(no path)"); /* no empty id */
    vo_openapi_free(a);
}
