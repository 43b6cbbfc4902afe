/* openapi.c -- see openapi.h: the document read into operations, and requests matched to them.
 *
 * What the document says and this code does not know is refused at load: a keyword that is
 * overlooked would be a check that is not made. Values of parameters are checked in
 * openapi_params.c.
 */
#include "serve/openapi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "serve/openapi_detail.h"

/* X(member of a path, method) */
#define METHOD_MAP(X)                                                                          \
    X("get", "GET")                                                                            \
    X("head", "HEAD")                                                                          \
    X("post", "POST") X("put", "PUT") X("patch", "PATCH") X("delete", "DELETE")
static const char *const method_key[] = {
#define X(key, method) key,
    METHOD_MAP(X)
#undef X
};
static const char *const method_name[] = {
#define X(key, method) method,
    METHOD_MAP(X)
#undef X
};
enum { METHODS = sizeof method_key / sizeof method_key[0] };

/* A path and what it answers to. */
typedef struct {
    const char *path;
    int operation[METHODS]; /* index + 1, 0: none */
} route;

struct vo_openapi {
    vo_json *root;
    vo_schema_set *schemas;
    vo_operation *operation; /* [n] */
    vo_openapi_detail *detail;
    size_t n;
    route *routes; /* literal segments before {parameters} */
    size_t n_routes;
};

void vo_openapi_free(vo_openapi *a) {
    if (!a) return;
    for (size_t i = 0; i < a->n; i++) {
        free(a->detail[i].parameter);
        free(a->detail[i].answer);
    }
    free(a->detail);
    free(a->operation);
    free(a->routes);
    vo_schema_set_free(a->schemas);
    vo_json_free(a->root);
    free(a);
}

size_t vo_openapi_count(const vo_openapi *a) { return a->n; }
const vo_operation *vo_openapi_at(const vo_openapi *a, size_t i) { return &a->operation[i]; }
const vo_json *vo_openapi_document(const vo_openapi *a) { return a->root; }
const vo_schema *vo_openapi_schema(const vo_openapi *a, const char *name) {
    return vo_schema_named(a->schemas, name);
}

/* ---- reading the document ------------------------------------------------------------- */

static const char *text_of(const vo_json *object, const char *key) {
    const vo_json *v = vo_json_kind_of(object) == VO_JSON_OBJECT ? vo_json_get(object, key) : 0;
    return v && vo_json_kind_of(v) == VO_JSON_STRING ? vo_json_string(v) : NULL;
}

static const vo_json *object_of(const vo_json *object, const char *key) {
    const vo_json *v = vo_json_kind_of(object) == VO_JSON_OBJECT ? vo_json_get(object, key) : 0;
    return v && vo_json_kind_of(v) == VO_JSON_OBJECT ? v : NULL;
}

/* Members of an object are among known[n], or begin with x- if `extended`. */
static vo_status check_members(const vo_json *v, const char *where, const char *const *known,
                               size_t n, bool extended, vo_error *err) {
    if (vo_json_kind_of(v) != VO_JSON_OBJECT)
        return vo_fail(err, VO_EINVAL, "%s must be an object", where);
    const char *key = NULL;
    const vo_json *unused = NULL;
    for (size_t m = 0; vo_json_member(v, m, &key, &unused); m++) {
        size_t i = 0;
        while (i < n && strcmp(known[i], key) != 0) i++;
        if (i < n || (extended && strncmp(key, "x-", 2) == 0)) continue;
        return vo_fail(err, VO_EINVAL, "%s: the member %.60s is not understood", where, key);
    }
    return VO_OK;
}
#define CHECK_MEMBERS(v, where, extended, err, ...)                                            \
    check_members(v, where, (const char *const[]){__VA_ARGS__},                                \
                  sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *), extended, err)

/* {"$ref": "#/components/KIND/NAME"} is followed, once. */
static vo_status follow(const vo_openapi *a, const char *kind, const char *where,
                        const vo_json **v, vo_error *err) {
    const char *ref = text_of(*v, "$ref");
    if (!ref) return VO_OK;
    char before[64];
    const int n = snprintf(before, sizeof before, "#/components/%s/", kind);
    const vo_json *components = object_of(a->root, "components");
    const vo_json *group = components ? object_of(components, kind) : NULL;
    const vo_json *to = NULL;
    if (group && strncmp(ref, before, (size_t)n) == 0) to = object_of(group, ref + n);
    if (!to || text_of(to, "$ref"))
        return vo_fail(err, VO_EINVAL, "%s: there is no %.100s", where, ref);
    *v = to;
    return VO_OK;
}

/* ---- parameters ----------------------------------------------------------------------- */

static vo_status read_default(const vo_json *schema, const char *where, vo_openapi_parameter *p,
                              vo_error *err) {
    const vo_json *v = vo_json_get(schema, "default");
    if (!v) return VO_OK;
    vo_finding f = {0};
    if (!vo_schema_check(p->schema, v, &f))
        return vo_fail(err, VO_EINVAL, "%s: the default %.100s", where, f.detail);
    p->has_default = true;
    if (vo_json_kind_of(v) == VO_JSON_STRING) {
        p->absent = vo_json_string(v);
    } else if (vo_json_kind_of(v) == VO_JSON_NUMBER) {
        p->absent_number = vo_json_number(v);
        vo_text_format_number(p->absent_number, p->absent_text);
        p->absent = p->absent_text;
    } else {
        return vo_fail(err, VO_EINVAL, "%s: a default must be a text or a number", where);
    }
    return VO_OK;
}

static vo_status read_parameter(vo_openapi *a, const vo_json *v, const char *where,
                                vo_openapi_parameter *p, vo_error *err) {
    vo_status s = follow(a, "parameters", where, &v, err);
    if (s == VO_OK)
        s = CHECK_MEMBERS(v, where, true, err, "name", "in", "description", "required",
                          "schema", "example", "examples");
    if (s != VO_OK) return s;
    static const char *const places[] = {"path", "query", "header"};
    const char *in = text_of(v, "in");
    p->name = text_of(v, "name");
    size_t place = 0;
    while (in && place < 3 && strcmp(places[place], in) != 0) place++;
    const vo_json *schema = object_of(v, "schema"), *required = vo_json_get(v, "required");
    if (!p->name || !*p->name || strlen(p->name) > 60 || !in || place == 3 || !schema)
        return vo_fail(err, VO_EINVAL,
                       "%s: a parameter needs a name, a schema, and to be in path, query or "
                       "header",
                       where);
    p->place = (vo_openapi_place)place;
    p->required =
        required && vo_json_kind_of(required) == VO_JSON_BOOL && vo_json_bool(required);
    if (p->place == VO_IN_PATH && !p->required)
        return vo_fail(err, VO_EINVAL, "%s: %.60s is in the path: required must be true", where,
                       p->name);
    char at[300];
    snprintf(at, sizeof at, "%s, parameter %.60s", where, p->name);
    s = vo_schema_compile(a->schemas, schema, at, &p->schema, err);
    return s == VO_OK ? read_default(schema, at, p, err) : s;
}

/* Those of the path first, then the operation's own. */
static vo_status read_parameters(vo_openapi *a, const vo_json *item, const vo_json *op,
                                 const char *where, vo_openapi_detail *d, vo_error *err) {
    const vo_json *list[2] = {vo_json_get(item, "parameters"), vo_json_get(op, "parameters")};
    size_t n = 0;
    for (size_t k = 0; k < 2; k++) {
        if (list[k] && vo_json_kind_of(list[k]) != VO_JSON_ARRAY)
            return vo_fail(err, VO_EINVAL, "%s: parameters must be an array", where);
        n += list[k] ? vo_json_size(list[k]) : 0;
    }
    if (n == 0) return VO_OK;
    if (n > VO_OPENAPI_PARAMETERS)
        return vo_fail(err, VO_EINVAL, "%s: at most %d parameters", where,
                       VO_OPENAPI_PARAMETERS);
    d->parameter = calloc(n, sizeof *d->parameter);
    if (!d->parameter) return vo_fail(err, VO_ENOMEM, "%s: parameters", where);
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; list[k] && i < vo_json_size(list[k]); i++) {
            const vo_status s = read_parameter(a, vo_json_at(list[k], i), where,
                                               &d->parameter[d->n_parameters], err);
            if (s != VO_OK) return s;
            d->n_parameters++;
        }
    return VO_OK;
}

/* Each {name} of the path is a parameter and the other way round. */
static vo_status check_path(const char *path, const vo_openapi_detail *d, const char *where,
                            vo_error *err) {
    size_t named = 0, declared = 0;
    for (const char *p = strchr(path, '{'); p; p = strchr(p + 1, '{'), named++) {
        const size_t n = strcspn(p + 1, "}");
        bool found = false;
        for (size_t i = 0; i < d->n_parameters; i++)
            found = found ||
                    (d->parameter[i].place == VO_IN_PATH && strlen(d->parameter[i].name) == n &&
                     memcmp(d->parameter[i].name, p + 1, n) == 0);
        if (!found)
            return vo_fail(err, VO_EINVAL, "%s: {%.*s} is not among the parameters", where,
                           (int)(n < 40 ? n : 40), p + 1);
    }
    for (size_t i = 0; i < d->n_parameters; i++)
        declared += d->parameter[i].place == VO_IN_PATH;
    if (declared != named || *path != '/')
        return vo_fail(err, VO_EINVAL, "%s: the path does not name each of its parameters once",
                       where);
    return VO_OK;
}

/* ---- bodies and answers ----------------------------------------------------------------- */

static vo_status read_body(vo_openapi *a, const vo_json *op, const char *where,
                           vo_operation *out, vo_error *err) {
    const vo_json *body = vo_json_get(op, "requestBody");
    if (!body) return VO_OK;
    vo_status s = CHECK_MEMBERS(body, where, true, err, "required", "description", "content");
    if (s != VO_OK) return s;
    const vo_json *content = object_of(body, "content"), *v = NULL;
    const vo_json *required = vo_json_get(body, "required");
    const size_t most = sizeof out->body_types / sizeof out->body_types[0] - 1;
    if (!content || vo_json_size(content) == 0 || vo_json_size(content) > most)
        return vo_fail(err, VO_EINVAL, "%s: requestBody has no content, or more than %zu types",
                       where, most);
    out->takes_body = true;
    out->body_required =
        required && vo_json_kind_of(required) == VO_JSON_BOOL && vo_json_bool(required);
    for (size_t i = 0; vo_json_member(content, i, &out->body_types[i], &v); i++) {
        const vo_json *schema = object_of(v, "schema");
        if (strcmp(out->body_types[i], "application/json") != 0 || !schema) continue;
        char at[300];
        snprintf(at, sizeof at, "%s, body", where);
        s = vo_schema_compile(a->schemas, schema, at, &out->body, err);
        if (s != VO_OK) return s;
    }
    return VO_OK;
}

static vo_status read_answer(vo_openapi *a, const char *status, const vo_json *v,
                             const char *where, vo_openapi_detail *d, vo_error *err) {
    vo_status s = follow(a, "responses", where, &v, err);
    if (s == VO_OK)
        s = CHECK_MEMBERS(v, where, true, err, "description", "headers", "content", "links");
    if (s != VO_OK) return s;
    int64_t code = 0;
    if (!vo_text_integer(status, strlen(status), &code) || code < 100 || code > 599)
        return vo_fail(err, VO_EINVAL, "%s: an answer must be a status, not %.20s", where,
                       status);
    const vo_json *content = object_of(v, "content"), *media = NULL;
    vo_openapi_answer_detail *to = &d->answer[d->n_answers++];
    to->status = (int)code;
    to->type = "";
    if (!content || !vo_json_member(content, 0, &to->type, &media)) return VO_OK;
    const vo_json *schema = object_of(media, "schema");
    if (!schema) return VO_OK;
    char at[300];
    snprintf(at, sizeof at, "%s, answer %.3s", where, status);
    return vo_schema_compile(a->schemas, schema, at, &to->schema, err);
}

static vo_status read_answers(vo_openapi *a, const vo_json *op, const char *where,
                              vo_openapi_detail *d, vo_error *err) {
    const vo_json *answers = object_of(op, "responses"), *v = NULL;
    const char *status = NULL;
    if (!answers || vo_json_size(answers) == 0)
        return vo_fail(err, VO_EINVAL, "%s has no responses", where);
    d->answer = calloc(vo_json_size(answers), sizeof *d->answer);
    if (!d->answer) return vo_fail(err, VO_ENOMEM, "%s: responses", where);
    for (size_t i = 0; vo_json_member(answers, i, &status, &v); i++) {
        const vo_status s = read_answer(a, status, v, where, d, err);
        if (s != VO_OK) return s;
    }
    return VO_OK;
}

bool vo_openapi_answer(const vo_operation *op, int status, const char **type,
                       const vo_schema **schema) {
    const vo_openapi_detail *d = op->detail;
    for (size_t i = 0; i < d->n_answers; i++) {
        if (d->answer[i].status != status) continue;
        *type = d->answer[i].type;
        *schema = d->answer[i].schema;
        return true;
    }
    return false;
}

/* ---- operations ------------------------------------------------------------------------- */

/* Our own words, and that the document's `security` says the same. */
static vo_status read_words(const vo_json *op, const char *where, vo_operation *out,
                            vo_error *err) {
    static const char *const scopes[] = {"none", "read", "trade", "admin"};
    const char *scope = text_of(op, "x-volteo-scope"), *run = text_of(op, "x-volteo-run");
    const vo_json *cost = vo_json_get(op, "x-volteo-cost");
    size_t i = 0;
    while (scope && i < 4 && strcmp(scopes[i], scope) != 0) i++;
    if (!scope || i == 4)
        return vo_fail(err, VO_EINVAL, "%s: x-volteo-scope must be none, read, trade or admin",
                       where);
    out->scope = (vo_scope)i;
    if (!run || (strcmp(run, "loop") != 0 && strcmp(run, "pool") != 0))
        return vo_fail(err, VO_EINVAL, "%s: x-volteo-run must be loop or pool", where);
    out->on_loop = strcmp(run, "loop") == 0;
    const double c = cost && vo_json_kind_of(cost) == VO_JSON_NUMBER ? vo_json_number(cost) : 0;
    if (!(c >= 1 && c <= 1000) || c != (int)c)
        return vo_fail(err, VO_EINVAL, "%s: x-volteo-cost must be a whole number, 1 to 1000",
                       where);
    out->cost = (int)c;
    const vo_json *security = vo_json_get(op, "security");
    const bool open = security && vo_json_size(security) == 0;
    if (open != (out->scope == VO_SCOPE_NONE))
        return vo_fail(err, VO_EINVAL,
                       "%s: \"security\": [] and \"x-volteo-scope\": \"none\" go together",
                       where);
    return VO_OK;
}

static vo_status read_operation(vo_openapi *a, const char *path, size_t method,
                                const vo_json *item, const vo_json *op, vo_error *err) {
    char where[160];
    snprintf(where, sizeof where, "%s %.120s", method_name[method], path);
    vo_status s =
        CHECK_MEMBERS(op, where, true, err, "operationId", "tags", "summary", "description",
                      "parameters", "requestBody", "responses", "security", "deprecated");
    if (s != VO_OK) return s;
    vo_operation *out = &a->operation[a->n];
    vo_openapi_detail *d = &a->detail[a->n];
    *out = (vo_operation){.id = text_of(op, "operationId"),
                          .method = method_name[method],
                          .path = path,
                          .detail = d,
                          .index = a->n};
    if (!out->id || !*out->id) return vo_fail(err, VO_EINVAL, "%s has no operationId", where);
    for (size_t i = 0; i < a->n; i++)
        if (strcmp(a->operation[i].id, out->id) == 0)
            return vo_fail(err, VO_EINVAL, "%s: the operationId %.60s is there twice", where,
                           out->id);
    a->n++; /* from here on vo_openapi_free knows of it */
    d->spelling[d->n_spellings++] = path;
    s = read_words(op, where, out, err);
    if (s == VO_OK) s = read_parameters(a, item, op, where, d, err);
    if (s == VO_OK) s = check_path(path, d, where, err);
    if (s == VO_OK) s = read_body(a, op, where, out, err);
    if (s == VO_OK) s = read_answers(a, op, where, d, err);
    return s;
}

static vo_status read_path(vo_openapi *a, const char *path, const vo_json *item,
                           vo_error *err) {
    vo_status s = CHECK_MEMBERS(item, path, true, err, "summary", "description", "parameters",
                                "get", "head", "post", "put", "patch", "delete");
    route *r = &a->routes[a->n_routes];
    *r = (route){.path = path};
    for (size_t m = 0; s == VO_OK && m < METHODS; m++) {
        const vo_json *op = vo_json_get(item, method_key[m]);
        if (!op) continue;
        s = read_operation(a, path, m, item, op, err);
        r->operation[m] = (int)a->n;
    }
    a->n_routes++;
    return s;
}

/* Not "$ref": whoever resolves that finds each operationId twice, and the document invalid. */
static const char same_as[] = "x-volteo-same-as";

/* "#/paths/~1a~1b" is the path "/a/b" (RFC 6901). */
static bool refers_to(const char *ref, const char *path) {
    static const char before[] = "#/paths/";
    if (strncmp(ref, before, sizeof before - 1) != 0) return false;
    for (ref += sizeof before - 1; *ref && *path; ref++, path++) {
        char c = *ref;
        if (c == '~') c = *++ref == '1' ? '/' : '~';
        if (c != *path) return false;
    }
    return !*ref && !*path;
}

/* A second spelling of a path that is there. */
static vo_status read_spelling(vo_openapi *a, const char *path, const char *ref,
                               vo_error *err) {
    for (size_t i = 0; i < a->n_routes; i++) {
        if (!refers_to(ref, a->routes[i].path)) continue;
        route *r = &a->routes[a->n_routes++];
        *r = a->routes[i];
        r->path = path;
        for (size_t m = 0; m < METHODS; m++) {
            if (!r->operation[m]) continue;
            vo_openapi_detail *d = &a->detail[r->operation[m] - 1];
            if (d->n_spellings == VO_OPENAPI_SPELLINGS)
                return vo_fail(err, VO_EINVAL, "%s: at most %d spellings of a path", path,
                               VO_OPENAPI_SPELLINGS);
            d->spelling[d->n_spellings++] = path;
            const vo_status s = check_path(path, d, path, err);
            if (s != VO_OK) return s;
        }
        return VO_OK;
    }
    return vo_fail(err, VO_EINVAL, "%s: there is no %.120s", path, ref);
}

/* A literal segment stands before a {parameter}: the first route that fits is the right one. */
static int compare_routes(const void *x, const void *y) {
    const char *a = ((const route *)x)->path, *b = ((const route *)y)->path;
    while (*a && *a == *b) a++, b++;
    if (*a == '{' || *b == '{') return (*a == '{') - (*b == '{');
    return (unsigned char)*a - (unsigned char)*b;
}

static vo_status read_paths(vo_openapi *a, const vo_json *paths, vo_error *err) {
    const size_t n = vo_json_size(paths);
    if (n > 500) return vo_fail(err, VO_EINVAL, "at most 500 paths");
    a->routes = calloc(n + 1, sizeof *a->routes);
    a->operation = calloc(n * METHODS + 1, sizeof *a->operation);
    a->detail = calloc(n * METHODS + 1, sizeof *a->detail);
    if (!a->routes || !a->operation || !a->detail)
        return vo_fail(err, VO_ENOMEM, "%zu paths", n);
    const char *path = NULL;
    const vo_json *item = NULL;
    vo_status s = VO_OK;
    for (size_t i = 0; s == VO_OK && vo_json_member(paths, i, &path, &item); i++)
        if (!text_of(item, same_as)) s = read_path(a, path, item, err);
    for (size_t i = 0; s == VO_OK && vo_json_member(paths, i, &path, &item); i++)
        if (text_of(item, same_as)) s = read_spelling(a, path, text_of(item, same_as), err);
    qsort(a->routes, a->n_routes, sizeof *a->routes, compare_routes);
    return s;
}

vo_status vo_openapi_load(const char *json, size_t len, vo_openapi **out, vo_error *err) {
    vo_openapi *a = calloc(1, sizeof *a);
    if (!a) return vo_fail(err, VO_ENOMEM, "the OpenAPI document");
    vo_error inner = {0};
    vo_status s = vo_json_parse(json, len, &a->root, &inner);
    const vo_json *paths = NULL, *components = NULL, *schemas = NULL;
    if (s == VO_OK) {
        paths = object_of(a->root, "paths");
        components = object_of(a->root, "components");
        schemas = components ? object_of(components, "schemas") : NULL;
        if (!paths) s = vo_fail(&inner, VO_EINVAL, "there are no paths");
    }
    if (s == VO_OK) s = vo_schema_set_create(schemas, &a->schemas, &inner);
    if (s == VO_OK) s = read_paths(a, paths, &inner);
    if (s != VO_OK) {
        vo_openapi_free(a);
        return vo_fail(err, s, "OpenAPI document: %s", inner.msg);
    }
    *out = a;
    return VO_OK;
}

/* ---- matching --------------------------------------------------------------------------- */

bool vo_openapi_fits(const char *template, const char *path, vo_openapi_span *value,
                     size_t most, size_t *n) {
    *n = 0;
    while (*template && *path) {
        if (*template != '{') {
            if (*template ++ != *path++) return false;
            continue;
        }
        const size_t len = strcspn(path, "/");
        const char *name = template + 1;
        template += strcspn(template, "}");
        if (len == 0 || !*template) return false;
        if (*n < most)
            value[(*n)++] = (vo_openapi_span){name, (size_t)(template - name), path, len};
        template ++;
        path += len;
    }
    return !*template && !*path;
}

static void list_methods(const route *r, char allow[64]) {
    allow[0] = '\0';
    size_t n = 0;
    for (size_t m = 0; m < METHODS; m++) {
        const bool head = strcmp(method_name[m], "HEAD") == 0 && r->operation[0];
        if (!r->operation[m] && !head) continue;
        n += (size_t)snprintf(allow + n, 64 - n, "%s%s", n ? ", " : "", method_name[m]);
    }
}

vo_match vo_openapi_match(const vo_openapi *a, const char *method, const char *path,
                          const vo_operation **op, char allow[64]) {
    for (size_t i = 0; i < a->n_routes; i++) {
        const route *r = &a->routes[i];
        size_t unused = 0;
        if (!vo_openapi_fits(r->path, path, NULL, 0, &unused)) continue;
        for (size_t m = 0; m < METHODS; m++) {
            const bool same = strcmp(method_name[m], method) == 0;
            const bool head = m == 0 && strcmp(method, "HEAD") == 0;
            if (!r->operation[m] || !(same || head)) continue;
            *op = &a->operation[r->operation[m] - 1];
            return VO_MATCH_FOUND;
        }
        if (allow) list_methods(r, allow);
        return VO_MATCH_NO_METHOD;
    }
    return VO_MATCH_NO_PATH;
}

vo_status vo_openapi_check(const vo_operation *op, const vo_json *body, vo_finding *f) {
    if (!op->body || vo_schema_check(op->body, body, f)) return VO_OK;
    return VO_EINVAL;
}
