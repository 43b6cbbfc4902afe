/* conformal.c -- see conformal.h. */
#include "learn/conformal.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/order.h"

double vo_conformal_score(double observed, double low, double high) {
    const double below = low - observed, above = observed - high;
    if (isnan(below) || isnan(above)) return (double)NAN;
    return below > above ? below : above;
}

double vo_conformal_offset(const double *observed, const double *low, const double *high,
                           size_t n, double alpha, double *work) {
    assert(alpha > 0 && alpha < 1);
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        const double s = vo_conformal_score(observed[i], low[i], high[i]);
        if (!isnan(s)) work[k++] = s;
    }
    /* a hair below, so that 0.9 * 20 is 18 and not the next */
    const double rank = ceil((double)(k + 1) * (1 - alpha) - 1e-9);
    if (rank > (double)k) return (double)INFINITY;
    qsort(work, k, sizeof *work, vo_order_double);
    return work[rank < 1 ? 0 : (size_t)rank - 1];
}

/* ---- tracker --------------------------------------------------------------------------- */

void vo_tracker_step(vo_tracker *t, double missed) {
    t->log_factor = t->keep * (t->log_factor + t->rate * (missed - t->alpha));
}
