/* Any bytes as what a client sends: a body for every operation, a path, a query, a header. Refused
 * with words and a place, or taken; never worse. The problem that the client would be sent must be
 * JSON again, whatever stood in the request. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "serve/assets.h"
#include "serve/openapi.h"
#include "serve/problem_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const vo_openapi *document(void) {
    static vo_openapi *api; /* one for the process */
    if (!api && vo_openapi_load(vo_asset_openapi, vo_asset_openapi_size, &api, NULL) != VO_OK)
        abort();
    return api;
}

static void tell(const vo_finding *f) {
    vo_exchange x = {.id = "fuzz"};
    vo_json *v = NULL;
    if (!f->detail[0]) abort();
    vo_problem_finding(&x, 400, f);
    if (x.status != 400 || !x.answer) abort();
    if (vo_json_parse(x.answer, x.answer_len, &v, NULL) != VO_OK) abort();
    vo_json_free(v);
    free(x.answer);
}

static void check_body(const vo_openapi *api, const char *text, size_t len) {
    vo_json *body = NULL;
    vo_error err = {0};
    if (vo_json_parse(text, len, &body, &err) != VO_OK) {
        if (!err.msg[0]) abort();
        return;
    }
    for (size_t i = 0; i < vo_openapi_count(api); i++) {
        vo_finding f = {0};
        if (vo_openapi_check(vo_openapi_at(api, i), body, &f) != VO_OK) tell(&f);
    }
    vo_json_free(body);
}

static const char *only_header(void *ctx, const char *name) {
    (void)name;
    return ctx;
}

/* "PATH?QUERY", and the same text as the query and a header of every operation. */
static void check_address(const vo_openapi *api, char *text) {
    char *query = strchr(text, '?');
    if (query) *query++ = '\0';
    static const char *const methods[] = {"GET", "HEAD", "POST", "DELETE", "PUT"};
    const vo_operation *op = NULL;
    char allow[64];
    for (size_t m = 0; m < 5; m++) {
        if (vo_openapi_match(api, methods[m], text, &op, allow) != VO_MATCH_FOUND) continue;
        vo_params *p = NULL;
        vo_finding f = {0};
        if (vo_openapi_params(op, text, query ? query : "", NULL, NULL, &p, &f) != VO_OK)
            tell(&f);
        vo_params_free(p);
    }
    for (size_t i = 0; i < vo_openapi_count(api); i++) {
        vo_params *p = NULL;
        vo_finding f = {0};
        op = vo_openapi_at(api, i);
        if (vo_openapi_params(op, op->path, text, only_header, text, &p, &f) != VO_OK) tell(&f);
        vo_params_free(p);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const vo_openapi *api = document();
    if (size < 1) return 0;
    char *text = malloc(size);
    if (!text) return 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    if (data[0] & 1)
        check_address(api, text);
    else
        check_body(api, text, size - 1);
    free(text);
    return 0;
}
