/* presets.h -- the files of config/sources and config/tariffs, embedded by
 * cmake/VolteoPresets.cmake, sorted by name. Private to mapping.c and tariff_shipped.c. */
#ifndef VO_DATA_PRESETS_H
#define VO_DATA_PRESETS_H

#include <stddef.h>

typedef struct {
    const char *name; /* "octopus", "flat_peak_off_peak" */
    const char *text; /* NUL-terminated                  */
    size_t size;      /* of the text, without a NUL      */
} vo_preset;

extern const vo_preset vo_mapping_presets[];
extern const size_t vo_mapping_n_presets;
extern const vo_preset vo_tariff_presets[];
extern const size_t vo_tariff_n_presets;

#endif
