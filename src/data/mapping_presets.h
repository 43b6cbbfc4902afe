/* mapping_presets.h -- the files of config/sources, embedded by cmake/VolteoPresets.cmake,
 * sorted by name. Private to mapping.c. */
#ifndef VO_DATA_MAPPING_PRESETS_H
#define VO_DATA_MAPPING_PRESETS_H

#include <stddef.h>

typedef struct {
    const char *name; /* "octopus"                  */
    const char *text; /* NUL-terminated             */
    size_t size;      /* of the text, without a NUL */
} vo_mapping_embedded;

extern const vo_mapping_embedded vo_mapping_presets[];
extern const size_t vo_mapping_n_presets;

#endif
