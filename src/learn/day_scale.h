/* day_scale.h -- scales on which prices and loads behave: median and MAD, then a transform that
 * stabilises the variance, and back.
 *
 *     z = f((x - centre) / spread),   spread = MAD / 0.6745
 * f is the identity, asinh, or the mirror logarithm sign(u) (ln(|u| + 1/3) + ln 3)
 * (Uniejewski, Weron, Ziel 2018, IEEE Trans. Power Systems 33:2219). Prices may be zero or
 * negative, so the logarithm itself is not among them.
 *
 * A sample of which more than half is one value has MAD 0: the standard deviation takes over,
 * and 1 where that is 0 too. NAN stays NAN in both directions.
 */
#ifndef VO_LEARN_DAY_SCALE_H
#define VO_LEARN_DAY_SCALE_H

#include <stddef.h>

typedef enum { VO_SCALE_PLAIN, VO_SCALE_ASINH, VO_SCALE_MIRROR_LOG } vo_scale_kind;

typedef struct {
    vo_scale_kind kind;
    double centre, spread; /* spread > 0 */
} vo_day_scale;

/* From the finite ones of x[n]; work[n] is overwritten. With none of them: centre 0, spread 1. */
vo_day_scale vo_day_scale_fit(vo_scale_kind kind, const double *x, size_t n, double *work);

double vo_day_scale_apply(const vo_day_scale *s, double x);
double vo_day_scale_invert(const vo_day_scale *s, double z);

/* The k-th smallest (from 0) of v[n], which is put into another order. Without NAN; k < n. */
double vo_day_scale_select(double *v, size_t n, size_t k);

#endif
