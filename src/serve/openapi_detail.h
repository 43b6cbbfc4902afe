/* openapi_detail.h -- what an operation knows of its parameters and answers, between openapi.c
 * and openapi_params.c. */
#ifndef VO_SERVE_OPENAPI_DETAIL_H
#define VO_SERVE_OPENAPI_DETAIL_H

#include "base/text.h"
#include "serve/openapi.h"

enum { VO_OPENAPI_PARAMETERS = 32, VO_OPENAPI_SPELLINGS = 4 };

typedef enum { VO_IN_PATH, VO_IN_QUERY, VO_IN_HEADER } vo_openapi_place;

typedef struct {
    const char *name;
    vo_openapi_place place;
    bool required, has_default;
    const vo_schema *schema;
    const char *absent; /* its default as text */
    double absent_number;
    char absent_text[VO_TEXT_NUMBER];
} vo_openapi_parameter;

typedef struct {
    int status;
    const char *type; /* "" no content */
    const vo_schema *schema;
} vo_openapi_answer_detail;

typedef struct {
    const char *spelling[VO_OPENAPI_SPELLINGS]; /* paths with {parameters} */
    size_t n_spellings;
    vo_openapi_parameter *parameter; /* [n_parameters], owned */
    size_t n_parameters;
    vo_openapi_answer_detail *answer; /* [n_answers], owned */
    size_t n_answers;
} vo_openapi_detail;

/* A {name} and what stands in its place, as sent. */
typedef struct {
    const char *name;
    size_t name_len;
    const char *value;
    size_t len;
} vo_openapi_span;

/* Has the path this form? value[most] may be NULL with most 0. */
bool vo_openapi_fits(const char *template, const char *path, vo_openapi_span *value,
                     size_t most, size_t *n);

#endif
