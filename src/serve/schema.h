/* schema.h -- JSON Schema (the part of 2020-12 that openapi.json uses), compiled once.
 *
 * A schema with a keyword that is not in VO_SCHEMA_KEYWORD_MAP, or with a form of one that is not
 * understood, is refused at load: nothing is checked less than it says. Narrower than the standard:
 *     enum, const   scalars
 *     pattern       "^...$" of literals, classes [a-z0-9_] and counts {m,n} {n} + * ?, matched
 *                   greedily and without going back
 *     format        date, date-time
 *     $ref          #/components/schemas/NAME; what stands beside it is only for readers
 *     discriminator with oneOf of objects: chooses by that member, whose schema has a const
 *     oneOf         without one: exactly one branch must take the value
 *
 * Threads: read-only after the set is made.
 */
#ifndef VO_SERVE_SCHEMA_H
#define VO_SERVE_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"

/* X(keyword, what it does): checks, and what is only for readers. */
// clang-format off
#define VO_SCHEMA_KEYWORD_MAP(X)                                                                \
    X("type", CHECKS) X("enum", CHECKS) X("const", CHECKS)                                      \
    X("minimum", CHECKS) X("maximum", CHECKS) X("exclusiveMinimum", CHECKS)                     \
    X("exclusiveMaximum", CHECKS) X("multipleOf", CHECKS)                                       \
    X("minLength", CHECKS) X("maxLength", CHECKS) X("pattern", CHECKS) X("format", CHECKS)      \
    X("items", CHECKS) X("minItems", CHECKS) X("maxItems", CHECKS)                              \
    X("properties", CHECKS) X("required", CHECKS) X("additionalProperties", CHECKS)             \
    X("minProperties", CHECKS) X("maxProperties", CHECKS)                                       \
    X("$ref", CHECKS) X("allOf", CHECKS) X("anyOf", CHECKS) X("oneOf", CHECKS)                  \
    X("discriminator", CHECKS)                                                                  \
    X("default", TELLS) X("title", TELLS) X("description", TELLS) X("examples", TELLS)          \
    X("example", TELLS) X("deprecated", TELLS)
// clang-format on

/* What a client did wrong, and where: one entry of a problem's "errors". */
typedef struct {
    char pointer[256];  /* JSON pointer (RFC 6901) into the body: "/battery_params/efficiency";
                           "" the whole, and of a parameter. Longer ones end in "..." */
    char parameter[64]; /* its name where it is one of path, query or header */
    char detail[400];   /* "must be at most 1, is 85" */
} vo_finding;

typedef struct vo_schema vo_schema;
typedef struct vo_schema_set vo_schema_set; /* schemas that may refer to one another */

/* components: the object of named schemas, borrowed for the set's life; NULL: none. All of them
 * are compiled. *out is the caller's: vo_schema_set_free. VO_EINVAL says where in the document. */
vo_status vo_schema_set_create(const vo_json *components, vo_schema_set **out, vo_error *err);
void vo_schema_set_free(vo_schema_set *set); /* accepts NULL */

/* The schema of that name; NULL: there is none. */
const vo_schema *vo_schema_named(const vo_schema_set *set, const char *name);

/* One more schema of the set, which owns it; v is borrowed for the set's life. `where` is how
 * messages name it. */
vo_status vo_schema_compile(vo_schema_set *set, const vo_json *v, const char *where,
                            const vo_schema **out, vo_error *err);

/* Is v what the schema says? If not, *f has the first thing wrong, in document order. */
bool vo_schema_check(const vo_schema *s, const vo_json *v, vo_finding *f);

/* A parameter: text that stands for a text, a number or true/false, as the schema wants it. *number
 * is its value if it is a number. */
bool vo_schema_check_text(const vo_schema *s, const char *text, double *number, vo_finding *f);

#endif
