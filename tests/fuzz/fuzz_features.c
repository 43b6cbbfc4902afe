/* fuzz_features.c -- any bytes as a choice of features: refused in words, or settings that pass
 * their check and whose text reads back to the same text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "learn/features_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    vo_features_settings s, again;
    vo_error err = {0};
    char text[VO_FEATURES_TEXT], second[VO_FEATURES_TEXT], name[VO_FEATURE_NAME];
    if (size > 65536) return 0;
    if (vo_features_settings_parse((const char *)data, size, &s, &err) != VO_OK) {
        if (!err.msg[0]) abort();
        return 0;
    }
    if (vo_features_settings_check(&s, &err) != VO_OK) abort();
    vo_features_settings_format(&s, text);
    if (vo_features_settings_parse(text, strlen(text), &again, &err) != VO_OK) abort();
    vo_features_settings_format(&again, second);
    if (strcmp(text, second) != 0) abort();
    const vo_feature_layout l = vo_feature_layout_of(&s);
    for (size_t i = 0; i < l.at[VO_FEATURE_KINDS]; i++) vo_feature_name(&s, i, name);
    return 0;
}
