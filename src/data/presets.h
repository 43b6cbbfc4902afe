/* presets.h -- the files of config/sources, config/tariffs and config/scenarios, embedded by
 * cmake/VolteoPresets.cmake, sorted by name. Others reach them through mapping.h, tariff_shipped.h
 * and engine/scenario.h. */
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
extern const vo_preset vo_scenario_presets[];
extern const size_t vo_scenario_n_presets;

#endif
