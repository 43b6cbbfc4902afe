/* instant.h -- at("2024-03-10T10:00Z"): a text as an instant, for tests. */
#ifndef TESTS_SUPPORT_INSTANT_H
#define TESTS_SUPPORT_INSTANT_H

#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "grid/series.h"

/* Without an offset: UTC. Aborts if it is none. */
static inline vo_time at(const char *text) {
    vo_civil c;
    bool has_offset;
    int32_t offset_s;
    if (vo_civil_parse(text, strlen(text), &c, &has_offset, &offset_s, NULL) != VO_OK) abort();
    return (vo_time){vo_civil_seconds(&c) - (has_offset ? offset_s : 0)};
}

#endif
