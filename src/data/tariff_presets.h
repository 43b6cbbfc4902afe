/* tariff_presets.h -- the files of config/tariffs, embedded by cmake/VolteoPresets.cmake, sorted
 * by name. Private to tariff_shipped.c. */
#ifndef VO_DATA_TARIFF_PRESETS_H
#define VO_DATA_TARIFF_PRESETS_H

#include <stddef.h>

typedef struct {
    const char *name; /* "flat_peak_off_peak"       */
    const char *text; /* NUL-terminated             */
    size_t size;      /* of the text, without a NUL */
} vo_tariff_embedded;

extern const vo_tariff_embedded vo_tariff_presets[];
extern const size_t vo_tariff_n_presets;

#endif
