/* order.c -- see order.h. The quantile is the seventh of Hyndman and Fan (1996), which numpy and
 * R take where nothing is said. */
#include "base/order.h"

#include <stdint.h>
#include <stdlib.h>

int vo_order_double(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int vo_order_int64(const void *a, const void *b) {
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int vo_order_int32(const void *a, const void *b) {
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

double vo_order_quantile(const double *sorted, size_t n, double p) {
    const double at = p * (double)(n - 1);
    const size_t i = (size_t)at;
    if (i + 1 >= n) return sorted[n - 1];
    return sorted[i] + (at - (double)i) * (sorted[i + 1] - sorted[i]);
}

static void swap(double *a, double *b) {
    const double kept = *a;
    *a = *b;
    *b = kept;
}

/* Hoare's selection: v[k] becomes what it would be were v sorted, with nothing greater before it
 * and nothing less behind. What is unlucky for the pivots is sorted instead. */
static void select_nth(double *v, size_t n, size_t k) {
    size_t lo = 0, hi = n - 1;
    for (int rounds = 0; lo < hi; rounds++) {
        if (rounds == 64) {
            qsort(v + lo, hi - lo + 1, sizeof *v, vo_order_double);
            return;
        }
        const size_t middle = lo + (hi - lo) / 2;
        if (v[middle] < v[lo]) swap(&v[middle], &v[lo]);
        if (v[hi] < v[lo]) swap(&v[hi], &v[lo]);
        if (v[hi] < v[middle]) swap(&v[hi], &v[middle]);
        const double pivot = v[middle];
        size_t i = lo, j = hi;
        while (i <= j) {
            while (v[i] < pivot) i++;
            while (v[j] > pivot) j--;
            if (i > j) break;
            swap(&v[i++], &v[j]);
            if (j-- == 0) break;
        }
        if (k <= j && j < n)
            hi = j;
        else if (k >= i)
            lo = i;
        else
            return;
    }
}

double vo_order_median(double *v, size_t n) {
    const size_t i = (n - 1) / 2;
    select_nth(v, n, i);
    if (n % 2) return v[i];
    double next = v[i + 1];
    for (size_t t = i + 2; t < n; t++) next = v[t] < next ? v[t] : next;
    return v[i] + 0.5 * (next - v[i]);
}
