/* cli_answer.c -- members of the engine's answers: what is absent or null is NAN or "". */
#include <math.h>

#include "apps/cli.h"

double cli_num(const vo_json *object, const char *key) {
    const vo_json *v = object ? vo_json_get(object, key) : NULL;
    return v && vo_json_kind_of(v) == VO_JSON_NUMBER ? vo_json_number(v) : (double)NAN;
}

const char *cli_str(const vo_json *object, const char *key) {
    const vo_json *v = object ? vo_json_get(object, key) : NULL;
    return v && vo_json_kind_of(v) == VO_JSON_STRING ? vo_json_string(v) : "";
}

bool cli_yes(const vo_json *object, const char *key) {
    const vo_json *v = object ? vo_json_get(object, key) : NULL;
    return v && vo_json_kind_of(v) == VO_JSON_BOOL && vo_json_bool(v);
}
