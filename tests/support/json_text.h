/* json_text.h -- a tree as JSON text in one line, to compare trees with. For tests and fuzz
 * targets. */
#ifndef TESTS_SUPPORT_JSON_TEXT_H
#define TESTS_SUPPORT_JSON_TEXT_H

#include <stdlib.h>

#include "base/json.h"

/* The caller frees it. Aborts without memory. */
static inline char *json_text(const vo_json *v) {
    vo_json_out *w = NULL;
    char *text = NULL;
    if (vo_json_out_create(&w, NULL) != VO_OK) abort();
    vo_json_out_value(w, v);
    if (vo_json_out_take(w, &text, NULL, NULL) != VO_OK) abort();
    vo_json_out_free(w);
    return text;
}

#endif
