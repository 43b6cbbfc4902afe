/* order.h -- numbers in order: comparisons for qsort and bsearch, values between sorted ones. */
#ifndef VO_BASE_ORDER_H
#define VO_BASE_ORDER_H

#include <stddef.h>

/* Ascending, of what a and b point at; a NAN is equal to all, so keep them out. */
int vo_order_double(const void *a, const void *b);
int vo_order_int64(const void *a, const void *b);
int vo_order_int32(const void *a, const void *b);

/* The value at p (n - 1) of sorted[n], n > 0, p in 0..1; linear between its neighbours. */
double vo_order_quantile(const double *sorted, size_t n, double p);

/* The median of v[n], n > 0, without NAN, as the quantile has it; v is left in another order. A
 * sort would take several times as long. */
double vo_order_median(double *v, size_t n);

#endif
