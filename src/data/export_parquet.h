/* export_parquet.h -- a series as one Parquet file: start TIMESTAMPTZ (UTC), dt_h DOUBLE, then
 * its columns, DOUBLE, NULL where missing, and zone, currency and unit VARCHAR, as the parts of
 * a lake have; its zone in the metadata. */
#ifndef VO_DATA_EXPORT_PARQUET_H
#define VO_DATA_EXPORT_PARQUET_H

#include "grid/series.h"

/* Put in place atomically. VO_EINVAL: "-"; VO_EIO. */
vo_status vo_export_parquet(const vo_series *s, const char *path, vo_error *err);

#endif
