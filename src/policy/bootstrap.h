/* bootstrap.h -- how sure is a ratio of two sums over days?
 *
 * Percentile bootstrap (Efron 1979) of the ratio estimator sum(a) / sum(b): days are drawn with
 * replacement, both sums over the same draw, and the interval is cut from the sorted ratios.
 */
#ifndef VO_POLICY_BOOTSTRAP_H
#define VO_POLICY_BOOTSTRAP_H

#include <stddef.h>
#include <stdint.h>

#include <volteo/status.h>

#include "base/alloc.h"

/* a[n], b[n], n > 0. *low and *high are NAN if no draw has sum(b) > 0. Same seed, same bits.
 * VO_EINVAL: resamples < 100 or > 1 000 000, confidence not in (0, 1); VO_ENOMEM. */
vo_status vo_bootstrap_ratio(const double *a, const double *b, size_t n, int32_t resamples,
                             uint64_t seed, double confidence, const vo_alloc *alloc,
                             double *low, double *high, vo_error *err);

#endif
