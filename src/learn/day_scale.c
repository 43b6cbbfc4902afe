/* day_scale.c -- see day_scale.h. */
#include "learn/day_scale.h"

#include <math.h>
#include <string.h>

#define MAD_OF_NORMAL 0.67448975019608171 /* the normal distribution's upper quartile */
#define LN_3 1.0986122886681098

/* Hoare's selection: everything left of k is at most v[k], everything right at least. */
double vo_day_scale_select(double *v, size_t n, size_t k) {
    size_t lo = 0, hi = n - 1;
    while (lo < hi) {
        const double pivot = v[lo + (hi - lo) / 2];
        size_t i = lo, j = hi;
        for (;;) {
            while (v[i] < pivot) i++;
            while (v[j] > pivot) j--;
            if (i >= j) break;
            const double swap = v[i];
            v[i++] = v[j];
            v[j--] = swap;
        }
        if (k <= j) /* v[lo..j] <= pivot <= v[j+1..hi] */
            hi = j;
        else
            lo = j + 1;
    }
    return v[k];
}

static double median(double *v, size_t n) {
    const double upper = vo_day_scale_select(v, n, n / 2);
    if (n % 2) return upper;
    double lower = v[0]; /* the greatest of those left of the middle */
    for (size_t i = 1; i < n / 2; i++)
        if (v[i] > lower) lower = v[i];
    return 0.5 * (lower + upper);
}

static double deviation(const double *v, size_t n) {
    double mean = 0, sum = 0;
    for (size_t i = 0; i < n; i++) mean += v[i] / (double)n;
    for (size_t i = 0; i < n; i++) sum += (v[i] - mean) * (v[i] - mean);
    return sqrt(sum / (double)n);
}

vo_day_scale vo_day_scale_fit(vo_scale_kind kind, const double *x, size_t n, double *work) {
    vo_day_scale s = {.kind = kind, .centre = 0, .spread = 1};
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        if (isfinite(x[i])) work[m++] = x[i];
    if (m == 0) return s;
    const double plain = deviation(work, m);
    s.centre = median(work, m);
    for (size_t i = 0; i < m; i++) work[i] = fabs(work[i] - s.centre);
    const double mad = median(work, m) / MAD_OF_NORMAL;
    const double least = 1e-9 * (1 + fabs(s.centre)); /* what rounding leaves of a constant */
    if (plain > least) s.spread = plain;
    if (mad > least) s.spread = mad;
    return s;
}

double vo_day_scale_apply(const vo_day_scale *s, double x) {
    const double u = (x - s->centre) / s->spread;
    switch (s->kind) {
    case VO_SCALE_ASINH:
        return asinh(u);
    case VO_SCALE_MIRROR_LOG:
        return copysign(log(fabs(u) + 1.0 / 3) + LN_3, u);
    case VO_SCALE_PLAIN:
        break;
    }
    return u;
}

double vo_day_scale_invert(const vo_day_scale *s, double z) {
    double u = z;
    switch (s->kind) {
    case VO_SCALE_ASINH:
        u = sinh(z);
        break;
    case VO_SCALE_MIRROR_LOG:
        u = copysign(exp(fabs(z) - LN_3) - 1.0 / 3, z);
        break;
    case VO_SCALE_PLAIN:
        break;
    }
    return s->centre + s->spread * u;
}
