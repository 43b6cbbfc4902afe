/* kind.c -- see kind.h. */
#include "data/kind.h"

#include <string.h>

#include "data/readings.h"

bool vo_kind_is_prices(const char *kind) {
    return !kind || !kind[0] || strcmp(kind, VO_KIND_PRICES) == 0;
}
