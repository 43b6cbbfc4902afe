/* bootstrap.c -- see bootstrap.h. */
#include "policy/bootstrap.h"

#include <math.h>

#include "base/random.h"
#include "optimize/threshold.h"

vo_status vo_bootstrap_ratio(const double *a, const double *b, size_t n, int32_t resamples,
                             uint64_t seed, double confidence, const vo_alloc *alloc,
                             double *low, double *high, vo_error *err) {
    if (resamples < 100 || resamples > 1000000)
        return vo_fail(err, VO_EINVAL, "resamples = %d is not in 100..1000000: 1000 is usual",
                       (int)resamples);
    if (!(confidence > 0 && confidence < 1))
        return vo_fail(err, VO_EINVAL, "confidence = %g is not in (0, 1): give 0.95",
                       confidence);
    if (!alloc) alloc = &vo_alloc_libc;
    const size_t m = (size_t)resamples;
    double *ratio = alloc->zalloc(alloc->ctx, 2 * m * sizeof *ratio); /* and a workspace */
    if (!ratio) return vo_fail(err, VO_ENOMEM, "%zu resamples", m);

    for (size_t r = 0; r < m; r++) {
        vo_random chance = vo_random_seed(seed, r);
        double sum_a = 0, sum_b = 0;
        for (size_t k = 0; k < n; k++) {
            const size_t day = (size_t)vo_random_below(&chance, n);
            sum_a += a[day];
            sum_b += b[day];
        }
        ratio[r] = sum_b > 0 ? sum_a / sum_b : (double)NAN;
    }
    *low = *high = (double)NAN;
    const double tail = 50 * (1 - confidence);
    (void)vo_threshold_levels(ratio, m, tail, 100 - tail, ratio + m, low, high);
    alloc->free(alloc->ctx, ratio);
    return VO_OK;
}
