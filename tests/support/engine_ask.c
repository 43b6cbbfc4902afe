/* engine_ask.c -- see engine_ask.h. */
#include "support/engine_ask.h"

#include <criterion/criterion.h>
#include <string.h>

vo_json *engine_ask(const char *lake, engine_call call, const char *request) {
    vo_engine_options o = vo_engine_options_default();
    vo_engine *e = NULL;
    char *text = NULL;
    vo_json *root = NULL;
    vo_error err = {0};
    o.lake = lake;
    o.allow_files = 1;
    cr_assert_eq(vo_engine_open(&o, &e, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(call(e, request, &text, &err), VO_OK, "%s: %s", request, err.msg);
    cr_assert_eq(vo_json_parse(text, strlen(text), &root, &err), VO_OK, "%s", err.msg);
    vo_text_free(text);
    vo_engine_close(e);
    return root;
}

const char *member_text(const vo_json *object, const char *key) {
    return vo_json_string(vo_json_get(object, key));
}

double member_number(const vo_json *object, const char *key) {
    return vo_json_number(vo_json_get(object, key));
}
