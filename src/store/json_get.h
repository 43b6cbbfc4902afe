/* json_get.h -- members of documents that others may have written: what is not there, or is of
 * another kind, is absent and no error.
 */
#ifndef VO_STORE_JSON_GET_H
#define VO_STORE_JSON_GET_H

#include "base/json.h"

/* NULL: absent. `object` may be NULL. */
static inline const vo_json *vo_json_get_kind(const vo_json *object, const char *key,
                                              vo_json_kind kind) {
    const vo_json *v = object ? vo_json_get(object, key) : NULL;
    return v && vo_json_kind_of(v) == kind ? v : NULL;
}

/* "": absent. */
static inline const char *vo_json_get_text(const vo_json *object, const char *key) {
    const vo_json *v = vo_json_get_kind(object, key, VO_JSON_STRING);
    return v ? vo_json_string(v) : "";
}

#endif
