/* test_order.c -- each test states one promise of order.h. */
#include "base/order.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

Test(order, numbers_of_any_size_are_sorted_ascending) {
    double d[] = {2, -HUGE_VAL, 1e-300, 0, -1e300, HUGE_VAL, 2};
    qsort(d, 7, sizeof *d, vo_order_double);
    const double sorted[] = {-HUGE_VAL, -1e300, 0, 1e-300, 2, 2, HUGE_VAL};
    for (size_t i = 0; i < 7; i++) cr_expect(d[i] <= sorted[i] && d[i] >= sorted[i], "%zu", i);
    int64_t l[] = {1, INT64_MAX, INT64_MIN, 0, -1}; /* differences overflow */
    qsort(l, 5, sizeof *l, vo_order_int64);
    for (size_t i = 1; i < 5; i++) cr_expect_lt(l[i - 1], l[i], "%zu", i);
    int32_t s[] = {1, INT32_MAX, INT32_MIN, 0, -1};
    qsort(s, 5, sizeof *s, vo_order_int32);
    for (size_t i = 1; i < 5; i++) cr_expect_lt(s[i - 1], s[i], "%zu", i);
    const int32_t key = -1;
    cr_expect_eq(bsearch(&key, s, 5, sizeof *s, vo_order_int32), &s[1]);
}

/* Of numpy.quantile([1, 2, 4, 8], p). */
Test(order, a_quantile_lies_linearly_between_its_neighbours) {
    const double v[] = {1, 2, 4, 8};
    const struct {
        double p, value;
    } c[] = {{0, 1}, {0.25, 1.75}, {0.5, 3}, {0.75, 5}, {0.9, 6.8}, {1, 8}};
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++)
        cr_expect_float_eq(vo_order_quantile(v, 4, c[i].p), c[i].value, 1e-12, "%g", c[i].p);
    cr_expect_float_eq(vo_order_quantile(v, 1, 0.3), 1, 0);
}

/* Against a sort: random, with ties, in order, against it, all equal, and what a pivot in the
 * middle finds worst. */
Test(order, the_median_is_that_of_the_sorted_numbers) {
    enum { MOST = 300 };
    double v[MOST], sorted[MOST];
    for (size_t n = 1; n <= MOST; n++)
        for (int kind = 0; kind < 6; kind++) {
            uint32_t noise = (uint32_t)(n * 7 + (size_t)kind);
            for (size_t i = 0; i < n; i++) {
                noise = noise * 1664525u + 1013904223u;
                const double at = (double)i, all = (double)n;
                v[i] = kind == 0   ? (double)(noise >> 8) - 8e6
                       : kind == 1 ? (double)(noise >> 30)
                       : kind == 2 ? at
                       : kind == 3 ? -at
                       : kind == 4 ? 5
                                   : fabs(at - all / 2);
            }
            for (size_t i = 0; i < n; i++) sorted[i] = v[i];
            qsort(sorted, n, sizeof *sorted, vo_order_double);
            cr_assert_eq(vo_order_median(v, n), vo_order_quantile(sorted, n, 0.5), "%zu, %d", n,
                         kind);
            qsort(v, n, sizeof *v, vo_order_double); /* the same numbers still */
            for (size_t i = 0; i < n; i++) cr_assert_eq(v[i], sorted[i]);
        }
}
