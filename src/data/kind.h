/* kind.h -- which rules a kind of data follows; the kinds are VO_KIND_* of readings.h. */
#ifndef VO_DATA_KIND_H
#define VO_DATA_KIND_H

#include <stdbool.h>

/* NULL and "" mean prices, as everywhere. */
bool vo_kind_is_prices(const char *kind);

#endif
