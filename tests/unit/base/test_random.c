/* test_random.c -- each test states one promise of random.h. */
#include "base/random.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

/* The first outputs of the reference implementation from the state 1, 2, 3, 4. */
Test(random, the_generator_is_xoshiro256_starstar) {
    static const uint64_t expected[] = {
        UINT64_C(11520),
        UINT64_C(0),
        UINT64_C(1509978240),
        UINT64_C(1215971899390074240),
        UINT64_C(1216172134540287360),
        UINT64_C(607988272756665600),
        UINT64_C(16172922978634559625),
        UINT64_C(8476171486693032832),
        UINT64_C(10595114339597558777),
        UINT64_C(2904607092377533576),
    };
    vo_random r = {{1, 2, 3, 4}};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        cr_assert_eq(vo_random_u64(&r), expected[i]);
}

Test(random, same_seed_same_bits_other_seed_or_stream_other_bits) {
    vo_random a = vo_random_seed(1, 2), b = vo_random_seed(1, 2), c = vo_random_seed(2, 1),
              d = vo_random_seed(1, 3);
    int same_c = 0, same_d = 0;
    for (int i = 0; i < 1000; i++) {
        const uint64_t v = vo_random_u64(&a);
        cr_assert_eq(v, vo_random_u64(&b));
        same_c += v == vo_random_u64(&c);
        same_d += v == vo_random_u64(&d);
    }
    cr_assert_eq(same_c, 0);
    cr_assert_eq(same_d, 0);
}

/* Means and variances within five standard errors of a fixed sample. */
Test(random, unit_is_uniform_and_below_one) {
    vo_random r = vo_random_seed(42, 0);
    const int n = 200000;
    double sum = 0, squares = 0;
    for (int i = 0; i < n; i++) {
        const double u = vo_random_unit(&r);
        cr_assert(u >= 0 && u < 1);
        sum += u;
        squares += u * u;
    }
    cr_assert_lt(fabs(sum / n - 0.5), 5 * sqrt(1.0 / 12 / n));
    cr_assert_lt(fabs(squares / n - 1.0 / 3), 5 * sqrt(4.0 / 45 / n));
}

Test(random, between_stays_between) {
    vo_random r = vo_random_seed(7, 7);
    double low = 1e9, high = -1e9;
    for (int i = 0; i < 10000; i++) {
        const double v = vo_random_between(&r, -3, 5);
        cr_assert(v >= -3 && v <= 5);
        low = fmin(low, v);
        high = fmax(high, v);
    }
    cr_assert(low < -2.98 && high > 4.98);
}

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Kolmogorov-Smirnov against the normal distribution of libm's erfc: sees a wrong logarithm. */
Test(random, normal_has_the_normal_distribution) {
    enum { N = 200000 };
    static double sample[N];
    vo_random r = vo_random_seed(42, 1);
    for (int i = 0; i < N; i++) sample[i] = vo_random_normal(&r);
    qsort(sample, N, sizeof sample[0], by_value);
    double worst = 0;
    for (int i = 0; i < N; i++) {
        const double p = 0.5 * erfc(-sample[i] / sqrt(2));
        worst = fmax(worst, fmax(fabs(p - (double)i / N), fabs(p - (i + 1.0) / N)));
    }
    cr_assert_lt(worst, 1.63 / sqrt(N)); /* the 1 % point */
    cr_assert(sample[N - 1] > 4 && sample[0] < -4);
}

/* The polar method once more, with libm's logarithm: only the last bits may differ. */
Test(random, normal_is_the_polar_method) {
    vo_random r = vo_random_seed(8, 0), twin = r;
    for (int i = 0; i < 100000; i++) {
        double x, s;
        do {
            x = 2 * vo_random_unit(&twin) - 1;
            const double y = 2 * vo_random_unit(&twin) - 1;
            s = x * x + y * y;
        } while (s >= 1 || s == 0);
        const double expected = x * sqrt(-2 * log(s) / s), got = vo_random_normal(&r);
        cr_assert(fabs(got - expected) <= 1e-14 * fabs(expected), "%.17g %.17g", got, expected);
    }
}

Test(random, below_is_uniform_where_the_range_does_not_divide_two_to_the_64) {
    vo_random r = vo_random_seed(3, 0);
    int count[7] = {0};
    const int n = 70000;
    for (int i = 0; i < n; i++) count[vo_random_below(&r, 7)]++;
    double chi2 = 0;
    for (int i = 0; i < 7; i++) chi2 += pow(count[i] - n / 7.0, 2) / (n / 7.0);
    cr_assert_lt(chi2, 22.46); /* the 0.1 % point of 6 degrees of freedom */

    /* With n = 3/4 of 2^64 a plain remainder would hit the lower third twice as often. */
    const uint64_t big = UINT64_C(3) << 62;
    int low = 0;
    for (int i = 0; i < 30000; i++) {
        const uint64_t v = vo_random_below(&r, big);
        cr_assert_lt(v, big);
        low += v < big / 3;
    }
    cr_assert(abs(low - 10000) < 5 * 82, "%d of 30000", low);
    cr_assert_eq(vo_random_below(&r, 1), 0u);
}

Test(random, logarithms_are_those_of_the_c_library) {
    for (double x = 1e-300; x < 1e300; x *= 1.37)
        cr_assert_float_eq(vo_random_log(x), log(x), 1e-13 * (1 + fabs(log(x))), "%.17g", x);
    cr_assert_float_eq(vo_random_log(1), 0, 0);
}
