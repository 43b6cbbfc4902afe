/* test_bootstrap.c -- the interval of a ratio, against what is known of it. */
#include "policy/bootstrap.h"

#include <criterion/criterion.h>
#include <math.h>

#include "base/random.h"

#define MANY 4000

static void draw(double *a, double *b, size_t n, uint64_t seed) {
    vo_random g = vo_random_seed(seed, 0);
    for (size_t i = 0; i < n; i++) {
        b[i] = vo_random_between(&g, 5, 15);
        a[i] = 0.8 * b[i] + vo_random_normal(&g);
    }
}

static double ratio(const double *a, const double *b, size_t n) {
    double x = 0, y = 0;
    for (size_t i = 0; i < n; i++) x += a[i], y += b[i];
    return x / y;
}

Test(bootstrap, the_interval_contains_the_estimate_and_shrinks_with_the_days) {
    static double a[MANY], b[MANY];
    double low, high, wide_low, wide_high;
    draw(a, b, MANY, 1);
    cr_assert_eq(
        vo_bootstrap_ratio(a, b, 100, 1000, 7, 0.95, NULL, &wide_low, &wide_high, NULL), VO_OK);
    cr_assert(wide_low < ratio(a, b, 100) && ratio(a, b, 100) < wide_high);
    cr_assert_eq(vo_bootstrap_ratio(a, b, MANY, 1000, 7, 0.95, NULL, &low, &high, NULL), VO_OK);
    cr_assert(low < ratio(a, b, MANY) && ratio(a, b, MANY) < high);
    const double shrunk =
        (high - low) / (wide_high - wide_low); /* about sqrt(100/4000) = 0.16 */
    cr_assert(shrunk > 0.1 && shrunk < 0.25, "%g", shrunk);
}

/* sd of the mean of n normal errors over the mean of b: the interval is +-1.96 of it. */
Test(bootstrap, the_width_is_that_of_theory) {
    static double a[MANY], b[MANY];
    double low, high;
    draw(a, b, MANY, 2);
    cr_assert_eq(vo_bootstrap_ratio(a, b, MANY, 4000, 3, 0.95, NULL, &low, &high, NULL), VO_OK);
    const double theory = 2 * 1.96 / sqrt(MANY) / 10;
    cr_assert(fabs((high - low) / theory - 1) < 0.1, "%g", (high - low) / theory);
}

/* 200 experiments: the truth, 0.8, lies inside in about 95 % of them. */
Test(bootstrap, it_covers_the_truth_as_often_as_it_says) {
    double a[150], b[150];
    int inside = 0;
    for (uint64_t k = 0; k < 200; k++) {
        double low, high;
        draw(a, b, 150, 100 + k);
        cr_assert_eq(vo_bootstrap_ratio(a, b, 150, 400, k, 0.95, NULL, &low, &high, NULL),
                     VO_OK);
        inside += low <= 0.8 && 0.8 <= high;
    }
    cr_assert(inside >= 178 && inside <= 199, "%d of 200", inside);
}

Test(bootstrap, the_same_seed_gives_the_same_bits) {
    double a[50], b[50], low[3], high[3];
    draw(a, b, 50, 4);
    const uint64_t seed[] = {9, 9, 10};
    for (int k = 0; k < 3; k++)
        cr_assert_eq(
            vo_bootstrap_ratio(a, b, 50, 500, seed[k], 0.9, NULL, &low[k], &high[k], NULL),
            VO_OK);
    cr_assert(low[0] == low[1] && high[0] == high[1]);
    cr_assert(low[0] != low[2]);
}

Test(bootstrap, days_that_all_agree_leave_no_doubt) {
    const double a[] = {2, 4, 6}, b[] = {4, 8, 12};
    double low, high;
    cr_assert_eq(vo_bootstrap_ratio(a, b, 3, 100, 1, 0.95, NULL, &low, &high, NULL), VO_OK);
    cr_assert_float_eq(low, 0.5, 1e-12);
    cr_assert_float_eq(high, 0.5, 1e-12);
    const double nothing[] = {0, 0, 0};
    cr_assert_eq(vo_bootstrap_ratio(a, nothing, 3, 100, 1, 0.95, NULL, &low, &high, NULL),
                 VO_OK);
    cr_assert(isnan(low) && isnan(high));
}

Test(bootstrap, bad_numbers_are_refused_by_name) {
    const double a[] = {1}, b[] = {1};
    double low, high;
    vo_error err = {0};
    cr_assert_eq(vo_bootstrap_ratio(a, b, 1, 99, 1, 0.95, NULL, &low, &high, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "resamples = 99"));
    cr_assert_eq(vo_bootstrap_ratio(a, b, 1, 100, 1, 95, NULL, &low, &high, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "confidence = 95"));
}
