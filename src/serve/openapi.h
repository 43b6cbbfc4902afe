/* openapi.h -- the OpenAPI document as the source of routing and validation.
 *
 * openapi.json is read once at start: its paths become the routes, its parameters and schemas
 * (the JSON Schema keywords that VO_SCHEMA_KEYWORD_MAP in schema.h lists; any other is refused at
 * load) the checks of every request. An operation's own words for the server:
 *     "x-volteo-scope": "none" | "read" | "trade" | "admin"    who may
 *     "x-volteo-run":   "loop" | "pool"                        where: at once, or on a thread
 *     "x-volteo-cost":  1..1000                                what it takes of a key's rate
 * A path with "x-volteo-same-as": "#/paths/~1api~1v1~1models~1train" is a
 * second spelling of it: the same operations.
 *
 * Threads: read-only after load.
 */
#ifndef VO_SERVE_OPENAPI_H
#define VO_SERVE_OPENAPI_H

#include <stdbool.h>
#include <stddef.h>

#include "serve/schema.h"

typedef enum { VO_SCOPE_NONE, VO_SCOPE_READ, VO_SCOPE_TRADE, VO_SCOPE_ADMIN } vo_scope;

typedef struct vo_openapi vo_openapi;

typedef struct {
    const char *id;     /* operationId: "optimize" */
    const char *method; /* "POST"                  */
    const char *path;   /* "/api/v1/jobs/{id}"     */
    vo_scope scope;
    bool on_loop; /* answers from memory alone, in microseconds */
    int cost;
    bool takes_body, body_required;
    const char *body_types[8]; /* "application/json", "text/csv"; NULL-terminated            */
    const vo_schema *body;     /* of application/json; NULL: none */
    const void *detail;        /* openapi.c's own: parameters     */
    size_t index;              /* 0..vo_openapi_count-1           */
} vo_operation;

/* *out is the caller's: vo_openapi_free. VO_EINVAL says what in the document is not understood. */
vo_status vo_openapi_load(const char *json, size_t len, vo_openapi **out, vo_error *err);
void vo_openapi_free(vo_openapi *a); /* accepts NULL */
size_t vo_openapi_count(const vo_openapi *a);
const vo_operation *vo_openapi_at(const vo_openapi *a, size_t i);

/* Parameters of path, query and headers, percent-decoded, checked, with defaults filled in. */
typedef struct vo_params vo_params;
void vo_params_free(vo_params *p);                          /* accepts NULL */
const char *vo_param(const vo_params *p, const char *name); /* NULL: absent */
double vo_param_number(const vo_params *p, const char *name, double absent);

typedef enum { VO_MATCH_FOUND, VO_MATCH_NO_PATH, VO_MATCH_NO_METHOD } vo_match;

/* Which operation this is; a literal segment wins over a {parameter}. NO_METHOD: `allow` (or
 * NULL) receives "GET, HEAD, POST". HEAD matches GET. */
vo_match vo_openapi_match(const vo_openapi *a, const char *method, const char *path,
                          const vo_operation **op, char allow[64]);

/* Path and query parameters (and the headers that `header` yields by lower-case name, "" absent).
 * VO_EINVAL with *f filled: missing, repeated, unknown (query), malformed. *out is the caller's. */
vo_status vo_openapi_params(const vo_operation *op, const char *path, const char *query,
                            const char *(*header)(void *ctx, const char *name), void *ctx,
                            vo_params **out, vo_finding *f);

/* A JSON body against its schema: the first thing wrong, in document order. VO_EINVAL. */
vo_status vo_openapi_check(const vo_operation *op, const vo_json *body, vo_finding *f);

/* For tests and tools: is this status documented; with which type ("" none), and, for JSON, what
 * schema (NULL: none)? */
bool vo_openapi_answer(const vo_operation *op, int status, const char **type,
                       const vo_schema **schema);
const vo_schema *vo_openapi_schema(const vo_openapi *a, const char *name); /* NULL: none */
const vo_json *vo_openapi_document(const vo_openapi *a);

#endif
