/* published.h -- forecasts that others published, laid beside the prices they are about. */
#ifndef VO_ENGINE_PUBLISHED_H
#define VO_ENGINE_PUBLISHED_H

#include <volteo/engine.h>

#include "grid/series.h"

/* The prices' series with the columns of the file at `path` behind its own, at the same starts;
 * NAN where the file says nothing. A column that equals the price is left out; one that bears
 * the name of a column of the prices gets another. `tz`: of its bare time stamps, or NULL;
 * `field` is what messages call it. *out is the caller's: vo_series_free. VO_EINVAL: no files
 * here, too many columns, no time stamp in common; VO_ENOTFOUND; VO_EIO. */
vo_status vo_published_read(const vo_engine_options *o, const char *field, const char *path,
                            const char *tz, const vo_series *prices, vo_series **out,
                            vo_error *err);

#endif
