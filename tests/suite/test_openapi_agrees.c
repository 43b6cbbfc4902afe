/* test_openapi_agrees.c -- the document says what the code does: its operations are the handlers,
 * its request schemas are the engine's tables of fields, its answers are what the engine answers.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <volteo/engine.h>

#include "base/json.h"
#include "base/text.h"
#include "engine/data_fetch.h"
#include "engine/model_requests.h"
#include "engine/price_requests.h"
#include "engine/request.h"
#include "engine/simulate.h"
#include "port/file.h"
#include "serve/assets.h"
#include "serve/job_kinds.h"
#include "serve/openapi.h"
#include "serve/routes.h"
#include "support/data_folder.h"

static vo_openapi *load(void) {
    vo_openapi *a = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_openapi_load(vo_asset_openapi, vo_asset_openapi_size, &a, &err), VO_OK,
                 "%s", err.msg);
    return a;
}

static const vo_operation *operation(const vo_openapi *a, const char *id) {
    for (size_t i = 0; i < vo_openapi_count(a); i++)
        if (strcmp(vo_openapi_at(a, i)->id, id) == 0) return vo_openapi_at(a, i);
    cr_assert_fail("there is no operation %s", id);
    return NULL;
}

static const vo_json *schema_named(const vo_openapi *a, const char *name) {
    const vo_json *components = vo_json_get(vo_openapi_document(a), "components");
    const vo_json *v = vo_json_get(vo_json_get(components, "schemas"), name);
    cr_assert_not_null(v, "there is no schema %s", name);
    return v;
}

/* ---- operations ----------------------------------------------------------------------------- */

Test(openapi_agrees, every_operation_has_a_handler_and_every_handler_an_operation) {
    static const char *const handler[] = {
#define X(id) #id,
        VO_HANDLER_MAP(X)
#undef X
    };
    const size_t n = sizeof handler / sizeof handler[0];
    vo_openapi *a = load();
    cr_expect_eq(vo_openapi_count(a), n);
    for (size_t i = 0; i < n; i++) operation(a, handler[i]);
    vo_openapi_free(a);
}

Test(openapi_agrees, what_changes_something_needs_more_than_a_key_that_reads) {
    static const struct {
        const char *id;
        vo_scope scope;
    } more[] = {{"prices_add", VO_SCOPE_TRADE}, {"job_add", VO_SCOPE_TRADE},
                {"job_cancel", VO_SCOPE_TRADE}, {"job_retry", VO_SCOPE_TRADE},
                {"train", VO_SCOPE_ADMIN},      {"promote", VO_SCOPE_ADMIN},
                {"rollback", VO_SCOPE_ADMIN},   {"healthz", VO_SCOPE_NONE},
                {"readyz", VO_SCOPE_NONE},      {"openapi", VO_SCOPE_NONE},
                {"docs", VO_SCOPE_NONE}};
    vo_openapi *a = load();
    for (size_t i = 0; i < vo_openapi_count(a); i++) {
        const vo_operation *op = vo_openapi_at(a, i);
        vo_scope scope = VO_SCOPE_READ;
        for (size_t k = 0; k < sizeof more / sizeof more[0]; k++)
            if (strcmp(more[k].id, op->id) == 0) scope = more[k].scope;
        cr_expect_eq((int)op->scope, (int)scope, "%s", op->id);
    }
    vo_openapi_free(a);
}

/* The texts of an enum, "a,b,c"; null is left out. */
static void words_of(const vo_json *list, char out[400]) {
    cr_assert_not_null(list);
    vo_text t = vo_text_over(out, 400);
    for (size_t i = 0; i < vo_json_size(list); i++) {
        const vo_json *v = vo_json_at(list, i);
        if (vo_json_kind_of(v) == VO_JSON_STRING)
            vo_text_append(&t, "%s%s", t.len ? "," : "", vo_json_string(v));
    }
}

Test(openapi_agrees, the_kinds_of_jobs_are_those_that_the_worker_knows) {
    vo_openapi *a = load();
    const vo_json *mapping =
        vo_json_get(vo_json_get(schema_named(a, "JobOrder"), "discriminator"), "mapping");
    size_t n = 0;
    const vo_job_kind_row *kind = vo_job_kind_list(&n);
    cr_expect_eq(vo_json_size(mapping), n);
    const vo_json *said = vo_json_get(
        vo_json_get(vo_json_get(schema_named(a, "Job"), "properties"), "kind"), "enum");
    cr_expect_eq(vo_json_size(said), n);
    char words[400], list[410];
    words_of(said, words);
    snprintf(list, sizeof list, ",%s,", words);
    for (size_t i = 0; i < n; i++) {
        char wanted[60];
        snprintf(wanted, sizeof wanted, ",%s,", kind[i].name);
        cr_expect(vo_json_get(mapping, kind[i].name), "%s", kind[i].name);
        cr_expect(strstr(list, wanted), "%s", kind[i].name);
    }
    vo_openapi_free(a);
}

Test(openapi_agrees, the_states_of_jobs_are_those_of_the_book) {
    vo_openapi *a = load();
    char words[400], states[400];
    vo_text said = vo_text_over(states, sizeof states);
    for (int s = 0; s < VO_JOB_STATES; s++)
        vo_text_append(&said, "%s%s", s ? "," : "", vo_job_state_name((vo_job_state)s));
    const vo_json *properties = vo_json_get(schema_named(a, "Job"), "properties");
    words_of(vo_json_get(vo_json_get(properties, "state"), "enum"), words);
    cr_expect_str_eq(words, states);
    vo_openapi_free(a);
}

/* Both spellings, member by member, but their names. */
static void expect_like(const char *path, const vo_json *one, const vo_json *two) {
    cr_assert_eq((int)vo_json_kind_of(one), (int)vo_json_kind_of(two), "%s", path);
    const vo_json_kind kind = vo_json_kind_of(one);
    if (kind == VO_JSON_STRING)
        cr_expect_str_eq(vo_json_string(one), vo_json_string(two), "%s", path);
    if (kind == VO_JSON_NUMBER)
        cr_expect_eq(vo_json_number(one), vo_json_number(two), "%s", path);
    if (kind == VO_JSON_BOOL) cr_expect_eq(vo_json_bool(one), vo_json_bool(two), "%s", path);
    if (kind != VO_JSON_ARRAY && kind != VO_JSON_OBJECT) return;
    cr_expect_eq(vo_json_size(one), vo_json_size(two), "%s", path);
    for (size_t i = 0; kind == VO_JSON_ARRAY && i < vo_json_size(one); i++)
        expect_like(path, vo_json_at(one, i), vo_json_at(two, i));
    const char *key = NULL;
    const vo_json *v = NULL;
    for (size_t i = 0; kind == VO_JSON_OBJECT && vo_json_member(one, i, &key, &v); i++) {
        cr_assert(vo_json_get(two, key), "%s: %s", path, key);
        if (strcmp(key, "operationId") != 0) expect_like(path, v, vo_json_get(two, key));
    }
}

/* "#/paths/~1a~1b" */
static const vo_json *path_referred(const vo_json *paths, const char *ref) {
    char path[200];
    size_t n = 0;
    for (ref += strlen("#/paths/"); *ref && n < sizeof path - 1; ref++) {
        if (*ref == '~')
            path[n++] = *++ref == '1' ? '/' : '~';
        else
            path[n++] = *ref;
    }
    path[n] = '\0';
    return vo_json_get(paths, path);
}

Test(openapi_agrees, short_spellings_say_what_the_long_ones_say) {
    vo_openapi *a = load();
    const vo_json *paths = vo_json_get(vo_openapi_document(a), "paths"), *item = NULL;
    const char *path = NULL;
    size_t n = 0;
    for (size_t i = 0; vo_json_member(paths, i, &path, &item); i++) {
        const vo_json *same = vo_json_get(item, "x-volteo-same-as"), *op = NULL;
        cr_expect_null(vo_json_get(item, "$ref"), "%s: its operations would be there twice",
                       path);
        if (!same) continue;
        const vo_json *other = path_referred(paths, vo_json_string(same));
        cr_assert_not_null(other, "%s", path);
        const char *key = NULL;
        cr_expect_eq(vo_json_size(item), vo_json_size(other) + 1, "%s", path);
        for (size_t k = 0; vo_json_member(other, k, &key, &op); k++) {
            cr_assert(vo_json_get(item, key), "%s has no %s", path, key);
            expect_like(path, op, vo_json_get(item, key));
        }
        n++;
    }
    cr_expect_eq(n, (size_t)4);
    vo_openapi_free(a);
}

Test(openapi_agrees, every_operation_of_every_path_has_a_name_of_its_own) {
    static const char *const method[] = {"get", "put", "post", "delete", "patch", "head"};
    vo_openapi *a = load();
    const vo_json *paths = vo_json_get(vo_openapi_document(a), "paths"), *item = NULL;
    const char *path = NULL, *name[256];
    size_t n = 0;
    for (size_t i = 0; vo_json_member(paths, i, &path, &item); i++) {
        const vo_json *ref = vo_json_get(item, "$ref");
        if (ref) item = path_referred(paths, vo_json_string(ref));
        for (size_t m = 0; m < sizeof method / sizeof method[0]; m++) {
            const vo_json *op = vo_json_get(item, method[m]);
            if (!op) continue;
            cr_assert_lt(n, sizeof name / sizeof name[0]);
            name[n] = vo_json_string(vo_json_get(op, "operationId"));
            for (size_t k = 0; k < n; k++) cr_expect_str_neq(name[k], name[n], "%s", path);
            n++;
        }
    }
    cr_expect_eq(n, vo_openapi_count(a) + 4);
    vo_openapi_free(a);
}

/* ---- requests ------------------------------------------------------------------------------- */

/* Fields that a request over the network may not have: files of the server's machine and how they
 * are read; addresses and secrets of web services; what only the server itself says. */
static const char *const left_out[] = {"prices_file", "price_column", "time_column",
                                       "node_column", "date_order",   "stamps_at_end",
                                       "tariff",      "home",         "forecasts_file",
                                       "epf",         "published",    "key",
                                       "mapping",     "base_url",     "proxy",
                                       "ca_file",     "cache",        "timeout_s",
                                       "retries",     "parallel",     "requests_per_minute",
                                       "homes_from",  "parquet"};

static bool is_left_out(const char *schema, const char *name) {
    if (strcmp(schema, "SimulateRequest") == 0 && strcmp(name, "tariff") == 0)
        return false; /* a name there, not a file */
    if (strcmp(schema, "PricesAddRequest") == 0 &&
        (strcmp(name, "time_column") == 0 || strcmp(name, "date_order") == 0))
        return false; /* of the request's own csv */
    if (strcmp(schema, "OptimizeRequest") == 0 && strcmp(name, "tariff") == 0)
        return false; /* a name, not a file */
    for (size_t i = 0; i < sizeof left_out / sizeof left_out[0]; i++)
        if (strcmp(left_out[i], name) == 0) return true;
    return false;
}

static bool has_type(const vo_json *schema, const char *type) {
    const vo_json *v = vo_json_get(schema, "type");
    if (!v) return false;
    if (vo_json_kind_of(v) == VO_JSON_STRING) return strcmp(vo_json_string(v), type) == 0;
    for (size_t i = 0; i < vo_json_size(v); i++)
        if (strcmp(vo_json_string(vo_json_at(v, i)), type) == 0) return true;
    return false;
}

static double number_of(const vo_json *schema, const char *key) {
    const vo_json *v = vo_json_get(schema, key);
    cr_assert(v && vo_json_kind_of(v) == VO_JSON_NUMBER, "there is no %s", key);
    return vo_json_number(v);
}

/* One property against the field of its name. */
static void compare(const char *where, const vo_field *f, const vo_json *p) {
    const vo_json *help = vo_json_get(p, "description");
    cr_expect(help && *vo_json_string(help), "%s.%s has no description", where, f->name);
    if (help && *f->unit && f->kind != VO_FIELD_ANY)
        cr_expect(strstr(vo_json_string(help), f->unit), "%s.%s does not say %s", where,
                  f->name, f->unit);
    switch (f->kind) {
    case VO_FIELD_BOOL:
        cr_expect(has_type(p, "boolean"), "%s.%s", where, f->name);
        return;
    case VO_FIELD_TEXT:
        cr_expect(has_type(p, "string"), "%s.%s", where, f->name);
        cr_expect(vo_json_get(p, "enum") || number_of(p, "minLength") >= 1, "%s.%s", where,
                  f->name);
        cr_expect(vo_json_get(p, "enum") || number_of(p, "maxLength") > 0, "%s.%s", where,
                  f->name);
        return;
    case VO_FIELD_ANY:
        return;
    case VO_FIELD_INTEGER:
    case VO_FIELD_NUMBER:
    case VO_FIELD_PART:
    case VO_FIELD_ABOVE:
    case VO_FIELD_RATIO:
        break;
    }
    const bool above = f->kind == VO_FIELD_ABOVE || f->kind == VO_FIELD_RATIO;
    cr_expect(has_type(p, f->kind == VO_FIELD_INTEGER ? "integer" : "number"), "%s.%s", where,
              f->name);
    cr_expect_eq(number_of(p, above ? "exclusiveMinimum" : "minimum"), f->lo, "%s.%s", where,
                 f->name);
    cr_expect_eq(number_of(p, "maximum"), f->hi, "%s.%s", where, f->name);
}

static const vo_field *find(const vo_field *field, size_t n, const char *name) {
    for (size_t i = 0; i < n; i++)
        if (strcmp(field[i].name, name) == 0) return &field[i];
    return NULL;
}

/* All fields but those left out, and no others. */
static void expect_same(const vo_openapi *a, const char *name, const vo_field *field,
                        size_t n) {
    const vo_json *schema = schema_named(a, name);
    const vo_json *properties = vo_json_get(schema, "properties");
    for (size_t i = 0; i < n; i++) {
        const vo_json *p = vo_json_get(properties, field[i].name);
        if (is_left_out(name, field[i].name))
            cr_expect_null(p, "%s.%s is not for the network", name, field[i].name);
        else if (p)
            compare(name, &field[i], p);
        else
            cr_expect(false, "%s lacks the engine's field %s", name, field[i].name);
    }
    const char *key = NULL;
    const vo_json *p = NULL;
    for (size_t i = 0; vo_json_member(properties, i, &key, &p); i++)
        cr_expect(find(field, n, key), "%s.%s is no field of the engine", name, key);
    const vo_json *other = vo_json_get(schema, "additionalProperties");
    cr_expect(other && vo_json_kind_of(other) == VO_JSON_BOOL && !vo_json_bool(other), "%s",
              name);
}

Test(openapi_agrees, request_schemas_are_the_engines_tables_of_fields) {
    static const struct {
        const char *schema;
        vo_request_kind kind;
    } table[] = {
        {"OptimizeRequest", VO_REQUEST_OPTIMIZE}, {"CompareRequest", VO_REQUEST_COMPARE},
        {"BacktestRequest", VO_REQUEST_COMPARE},  {"DecideRequest", VO_REQUEST_DECIDE},
        {"PredictRequest", VO_REQUEST_PREDICT},   {"TrainRequest", VO_REQUEST_TRAIN},
        {"RetrainRequest", VO_REQUEST_RETRAIN},   {"EvaluateRequest", VO_REQUEST_EVALUATE}};
    vo_openapi *a = load();
    size_t n = 0;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const vo_field *f = vo_request_fields(table[i].kind, &n);
        expect_same(a, table[i].schema, f, n);
    }
    const vo_field *f = vo_request_battery_fields(&n);
    expect_same(a, "Battery", f, n);
    f = vo_request_market_fields(&n);
    expect_same(a, "MarketParams", f, n);
    f = vo_data_fetch_fields(&n);
    expect_same(a, "FetchRequest", f, n);
    f = vo_simulate_request_fields(&n);
    expect_same(a, "SimulateRequest", f, n);
    f = vo_prices_add_fields(&n);
    expect_same(a, "PricesAddRequest", f, n);
    vo_openapi_free(a);
}

Test(openapi_agrees, promote_and_rollback_take_fields_of_the_registry) {
    vo_openapi *a = load();
    size_t n = 0;
    const vo_field *field = vo_models_request_fields(&n);
    static const char *const names[] = {"PromoteRequest", "RollbackRequest"};
    for (size_t i = 0; i < 2; i++) {
        const vo_json *properties = vo_json_get(schema_named(a, names[i]), "properties");
        const char *key = NULL;
        const vo_json *p = NULL;
        for (size_t k = 0; vo_json_member(properties, k, &key, &p); k++) {
            const vo_field *f = find(field, n, key);
            cr_assert_not_null(f, "%s.%s", names[i], key);
            compare(names[i], f, p);
        }
    }
    vo_openapi_free(a);
}

/* Parameters of the query are the fields of the call. */
static void expect_query(const vo_openapi *a, const char *path, const vo_field *field,
                         size_t n) {
    const vo_json *get =
        vo_json_get(vo_json_get(vo_json_get(vo_openapi_document(a), "paths"), path), "get");
    const vo_json *list = vo_json_get(get, "parameters");
    cr_expect_eq(vo_json_size(list), n, "%s", path);
    for (size_t i = 0; i < vo_json_size(list); i++) {
        const vo_json *p = vo_json_at(list, i);
        const vo_field *f = find(field, n, vo_json_string(vo_json_get(p, "name")));
        cr_assert_not_null(f, "%s: %s", path, vo_json_string(vo_json_get(p, "name")));
        const vo_json *schema = vo_json_get(p, "schema");
        if (f->kind == VO_FIELD_INTEGER) {
            cr_expect_eq(number_of(schema, "minimum"), f->lo, "%s", f->name);
            cr_expect_eq(number_of(schema, "maximum"), f->hi, "%s", f->name);
        } else {
            cr_expect(has_type(schema, "string"), "%s", f->name);
        }
    }
}

Test(openapi_agrees, parameters_of_market_data_are_the_engines_fields) {
    vo_openapi *a = load();
    size_t n = 0;
    const vo_field *f = vo_nodes_fields(&n);
    expect_query(a, "/api/v1/nodes", f, n);
    f = vo_prices_fields(&n);
    expect_query(a, "/api/v1/prices", f, n);
    vo_openapi_free(a);
}

/* ---- the page of the service ------------------------------------------------------------------ */

/* The path of a curl command's URL: what follows the server's address, up to the query. `prefix` is
 * what $api stands for beyond the address. */
static bool path_of(const char *command, size_t len, const char *prefix, char out[200]) {
    static const char *const address[] = {"\"http://$(cat address)", "\"http://$(cat locked)",
                                          "\"$api"};
    for (size_t i = 0; i < 3; i++) {
        const char *at = strstr(command, address[i]);
        if (!at || at >= command + len) continue;
        at += strlen(address[i]);
        snprintf(out, 200, "%s%.*s", i == 2 ? prefix : "", (int)strcspn(at, "?\""), at);
        return true;
    }
    return false;
}

static bool holds(const char *text, size_t len, const char *what) {
    const char *at = strstr(text, what);
    return at && at < text + len;
}

/* Marks the operation that each curl command of the block asks for. */
static void mark_block(const vo_openapi *a, const char *block, const char *end, bool *shown) {
    const char *prefix = holds(block, (size_t)(end - block), "api=http://$(cat address)/api/v1")
                             ? "/api/v1"
                             : "";
    for (const char *at = strstr(block, "curl "), *next; at && at < end; at = next) {
        next = strstr(at + 1, "curl ");
        const size_t len = (size_t)((next && next < end ? next : end) - at);
        const char *method = holds(at, len, "-X DELETE")                           ? "DELETE"
                             : holds(at, len, "-X POST") || holds(at, len, " -d ") ? "POST"
                                                                                   : "GET";
        char path[200];
        const vo_operation *op = NULL;
        if (!path_of(at, len, prefix, path)) continue;
        cr_expect_eq(vo_openapi_match(a, method, path, &op, NULL), VO_MATCH_FOUND,
                     "docs/serve.md asks for what there is not: %s %s", method, path);
        if (op) shown[op->index] = true;
    }
}

Test(openapi_agrees, the_page_of_the_service_shows_every_operation_with_curl) {
    vo_openapi *a = load();
    char *page = NULL;
    size_t len = 0;
    bool shown[256] = {false};
    cr_assert_eq(vo_file_read(VOLTEO_SOURCE_DIR "/docs/serve.md", 1u << 20, &page, &len, NULL),
                 VO_OK);
    cr_assert_leq(vo_openapi_count(a), sizeof shown / sizeof shown[0]);
    for (const char *at = page; (at = strstr(at, "\n```sh\n"));) {
        const char *end = strstr(at + 4, "\n```");
        cr_assert_not_null(end);
        mark_block(a, at, end, shown);
        at = end + 4;
    }
    for (size_t i = 0; i < vo_openapi_count(a); i++)
        cr_expect(shown[i], "docs/serve.md has no curl example of %s %s",
                  vo_openapi_at(a, i)->method, vo_openapi_at(a, i)->path);
    free(page);
    vo_openapi_free(a);
}

/* ---- answers -------------------------------------------------------------------------------- */

typedef vo_status engine_call(vo_engine *e, const char *request, char **response,
                              vo_error *err);

typedef struct {
    vo_openapi *api;
    vo_engine *engine;
    char folder[DATA_PATH], lake[DATA_PATH + 8], models[DATA_PATH + 8];
} world;

/* {"$ref": "#/components/schemas/NAME"} is followed, however often. */
static const vo_json *followed(const vo_openapi *a, const vo_json *schema) {
    const vo_json *ref = schema ? vo_json_get(schema, "$ref") : NULL;
    return ref ? followed(a, schema_named(a, strrchr(vo_json_string(ref), '/') + 1)) : schema;
}

/* The value has no member that the schema does not name; one that names none is open. */
static void expect_named(const vo_openapi *a, const vo_json *schema, const vo_json *v,
                         const char *where) {
    schema = followed(a, schema);
    if (!schema || vo_json_kind_of(schema) != VO_JSON_OBJECT) return;
    if (vo_json_kind_of(v) == VO_JSON_ARRAY) {
        for (size_t i = 0; i < vo_json_size(v); i++)
            expect_named(a, vo_json_get(schema, "items"), vo_json_at(v, i), where);
        return;
    }
    const vo_json *known = vo_json_get(schema, "properties");
    const vo_json *more = vo_json_get(schema, "additionalProperties");
    if (vo_json_kind_of(v) != VO_JSON_OBJECT || !(known || more)) return;
    const char *key = NULL;
    const vo_json *member = NULL;
    for (size_t i = 0; vo_json_member(v, i, &key, &member); i++) {
        char at[300];
        snprintf(at, sizeof at, "%.200s.%.60s", where, key);
        const vo_json *to = known ? vo_json_get(known, key) : NULL;
        cr_expect(to || more, "no schema names %s", at);
        expect_named(a, to ? to : more, member, at);
    }
}

static const vo_json *answer_schema(const vo_openapi *a, const vo_operation *op) {
    const vo_json *item = vo_json_get(vo_json_get(vo_openapi_document(a), "paths"), op->path);
    const vo_json *v = vo_json_get(item, strcmp(op->method, "GET") == 0 ? "get" : "post");
    static const char *const down[] = {"responses", "200", "content", "application/json",
                                       "schema"};
    for (size_t i = 0; i < sizeof down / sizeof down[0]; i++) {
        v = vo_json_get(v, down[i]);
        cr_assert_not_null(v, "%s has no %s", op->id, down[i]);
    }
    return v;
}

static void expect_answer(const vo_openapi *a, const vo_operation *op, const char *text,
                          size_t len) {
    const char *type = NULL;
    const vo_schema *schema = NULL;
    vo_json *v = NULL;
    vo_error err = {0};
    vo_finding f = {0};
    cr_assert(vo_openapi_answer(op, 200, &type, &schema), "%s", op->id);
    cr_expect_str_eq(type, "application/json");
    cr_assert_not_null(schema, "%s", op->id);
    cr_assert_eq(vo_json_parse(text, len, &v, &err), VO_OK, "%s", err.msg);
    cr_expect(vo_schema_check(schema, v, &f), "%s answers what its schema refuses: %s %s",
              op->id, f.pointer, f.detail);
    expect_named(a, answer_schema(a, op), v, op->id);
    vo_json_free(v);
}

/* The document takes the request, the engine answers it, and the document takes the answer. `id`
 * NULL: only the engine is asked. */
static void must(const world *w, const char *id, engine_call *call, const char *request) {
    vo_error err = {0};
    char *response = NULL;
    if (id && operation(w->api, id)->body) {
        vo_json *v = NULL;
        vo_finding f = {0};
        cr_assert_eq(vo_json_parse(request, strlen(request), &v, &err), VO_OK, "%s", err.msg);
        cr_expect_eq(vo_openapi_check(operation(w->api, id), v, &f), VO_OK, "%s: %s %s", id,
                     f.pointer, f.detail);
        vo_json_free(v);
    }
    cr_assert_eq(call(w->engine, request, &response, &err), VO_OK, "%s: %s", id ? id : request,
                 err.msg);
    if (id) expect_answer(w->api, operation(w->api, id), response, strlen(response));
    vo_text_free(response);
}

static world world_create(void) {
    world w = {.api = load()};
    cr_assert(temporary_folder(w.folder));
    snprintf(w.lake, sizeof w.lake, "%s/lake", w.folder);
    snprintf(w.models, sizeof w.models, "%s/models", w.folder);
    vo_engine_options o = vo_engine_options_default();
    o.lake = w.lake;
    o.models = w.models;
    o.threads = 1;
    vo_error err = {0};
    cr_assert_eq(vo_engine_open(&o, &w.engine, &err), VO_OK, "%s", err.msg);
    must(&w, NULL, vo_engine_data_synth,
         "{\"market\":\"SYNTH\",\"days\":45,\"preset\":\"mem\"}");
    return w;
}

static void world_fini(world *w) {
    vo_engine_close(w->engine);
    vo_openapi_free(w->api);
    temporary_folder_remove(w->folder);
}

#define BATTERY "\"battery_params\":{\"power_mw\":2,\"capacity_mwh\":4,\"efficiency\":0.85}"
#define WEEK                                                                                   \
    "\"market_params\":{\"market\":\"SYNTH\",\"node\":\"NODE0000\",\"start_date\":"            \
    "\"2025-01-10\",\"end_date\":\"2025-01-14\"}"
#define NUMBERS "\"prices\":[100,50,200,-100,0,200,100,-100]"

Test(openapi_agrees, answers_about_plans_fit_their_schemas) {
    world w = world_create();
    must(&w, "optimize", vo_engine_optimize, "{" BATTERY "," NUMBERS "}");
    must(&w, "optimize", vo_engine_optimize,
         "{" BATTERY "," WEEK ",\"explain\":true,\"timing\":true,\"horizon\":\"day\"}");
    must(&w, "optimize", vo_engine_optimize,
         "{\"batteries\":[{\"name\":\"a\",\"power_mw\":1,\"capacity_mwh\":2,\"final_soc\":{"
         "\"at_least\":0.5}},"
         "{\"power_mw\":2,\"capacity_mwh\":2,\"final_soc\":\"free\"}]," NUMBERS
         ",\"load_mw\":1,\"pv_mw\":0.5,\"curtailable\":true,\"fee_per_mwh\":3}");
    must(&w, "optimize", vo_engine_optimize, /* limits that contradict each other */
         "{" BATTERY "," NUMBERS ",\"load_mw\":5,\"import_limit_mw\":1}");
    must(&w, "compare", vo_engine_compare,
         "{" BATTERY "," WEEK ",\"policies\":[\"perfect\",\"threshold\",\"mpc:naive_day\"]}");
    must(&w, "compare", vo_engine_compare,
         "{" BATTERY ",\"market_params\":{\"market\":\"SYNTH\",\"node\":\"NODE0000\"},"
         "\"policies\":\"perfect,q_learning\",\"train_until\":\"2025-01-30\","
         "\"from\":\"2025-02-01\",\"to\":\"2025-02-03\"}");
    must(&w, "backtest", vo_engine_backtest,
         "{" BATTERY "," WEEK ",\"policies\":\"perfect,spread\",\"curves\":true}");
    must(&w, "backtest", vo_engine_backtest,
         "{\"batteries\":[{\"power_mw\":1,\"capacity_mwh\":2,\"name\":\"a\"}]," WEEK
         ",\"policies\":\"perfect,mpc\",\"load_mw\":1}");
    must(&w, "decide", vo_engine_decide, "{" BATTERY "," NUMBERS "}");
    must(&w, "decide", vo_engine_decide,
         "{" BATTERY "," NUMBERS ",\"policy\":\"threshold\",\"soc\":0.5,\"known\":4}");
    must(&w, "decide", vo_engine_decide,
         "{" BATTERY "," WEEK ",\"policy\":\"stochastic\",\"show_forecast\":true}");
    world_fini(&w);
}

Test(openapi_agrees, answers_about_communities_fit_their_schemas) {
    static const char *const requests[] = {
        "{\"homes\":2,\"bounds\":\"off\"}", "{}",
        "{\"homes\":3,\"timeline\":true,\"scenario\":\"one_liar\",\"matching\":\"signal\"}",
        "{\"homes\":4,\"battery_kwh\":0,\"feeder_kwh\":6}",
        "{\"homes\":1001,\"no_rules\":true}"};
    world w = world_create();
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
        must(&w, "simulate", vo_engine_simulate, requests[i]);
    world_fini(&w);
}

Test(openapi_agrees, answers_about_market_data_fit_their_schemas) {
    world w = world_create();
    must(&w, "prices_add", vo_engine_prices_add,
         "{\"market\":\"DESK\",\"node\":\"HUB1\",\"tz\":\"UTC\",\"currency\":\"USD\","
         "\"prices\":["
         "{\"timestamp\":\"2025-03-01T00:00:00Z\",\"price\":41.5},{\"timestamp\":"
         "\"2025-03-01T01:00:00Z\",\"price\":39.25}]}");
    must(&w, "markets", vo_engine_markets, "{}");
    must(&w, "nodes", vo_engine_nodes, "{\"limit\":1}");
    must(&w, "nodes", vo_engine_nodes, "{}");
    static const char *const requests[] = {
        "{\"market\":\"SYNTH\",\"node\":\"NODE0000\",\"from\":\"2025-01-10\",\"to\":"
        "\"2025-01-10\"}",
        "{\"market\":\"SYNTH\",\"node\":\"NODE0000\",\"resolution\":\"1d\",\"limit\":3}"};
    for (size_t i = 0; i < 2; i++) {
        vo_document d = {0};
        vo_error err = {0};
        cr_assert_eq(vo_engine_prices(w.engine, requests[i], &d, &err), VO_OK, "%s", err.msg);
        expect_answer(w.api, operation(w.api, "prices"), d.bytes, d.len);
        vo_document_fini(&d);
    }
    world_fini(&w);
}

Test(openapi_agrees, answers_about_models_fit_their_schemas) {
    world w = world_create();
    must(&w, NULL, vo_engine_train,
         "{\"market_params\":{\"market\":\"SYNTH\",\"node\":\"NODE0000\"},\"horizons\":[60],"
         "\"trees\":5,\"id\":\"m\"}");
    must(&w, NULL, vo_engine_train,
         "{\"market_params\":{\"market\":\"SYNTH\",\"node\":\"NODE0000\"},\"horizons\":[60],"
         "\"trees\":6,\"id\":\"m\"}");
    must(&w, "models", vo_engine_models_list, "{}");
    must(&w, "model", vo_engine_models_show, "{\"model\":\"m\"}");
    must(&w, "model_metrics", vo_engine_models_metrics, "{\"model\":\"m\"}");
    must(&w, "model_importance", vo_engine_models_importance, "{\"model\":\"m\"}");
    must(&w, "predict", vo_engine_predict, "{\"model_id\":\"m\"," WEEK "}");
    must(&w, "compare", vo_engine_compare,
         "{" BATTERY "," WEEK ",\"policies\":\"perfect,mpc:gbt=m\"}");
    must(&w, "decide", vo_engine_decide, "{" BATTERY "," WEEK ",\"policy\":\"mpc:gbt=m\"}");
    vo_error err = {0};
    char *response = NULL;
    cr_assert_eq(vo_engine_models_promote(w.engine,
                                          "{\"model\":\"m@challenger\",\"reason\":\"test\"}",
                                          &response, &err),
                 VO_OK, "%s", err.msg);
    expect_answer(w.api, operation(w.api, "promote"), response, strlen(response));
    vo_text_free(response);
    cr_assert_eq(vo_engine_models_rollback(w.engine, "{\"id\":\"m\",\"reason\":\"test\"}",
                                           &response, &err),
                 VO_OK, "%s", err.msg);
    expect_answer(w.api, operation(w.api, "rollback"), response, strlen(response));
    vo_text_free(response);
    world_fini(&w);
}
