/* test_day_scale.c -- medians and deviations of known samples, transforms and their inverses. */
#include "learn/day_scale.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "base/order.h"
#include "base/random.h"

static const vo_scale_kind kinds[] = {VO_SCALE_PLAIN, VO_SCALE_ASINH, VO_SCALE_MIRROR_LOG};

Test(day_scale, centre_is_the_median_and_spread_the_mad_of_a_normal) {
    const double odd[] = {9, 1, 4, 2, 100}, even[] = {7, 1, 3, 2};
    double work[5];
    vo_day_scale s = vo_day_scale_fit(VO_SCALE_ASINH, odd, 5, work);
    cr_assert_float_eq(s.centre, 4, 0);
    cr_assert_float_eq(s.spread, 3 / 0.6744897501960817, 1e-12); /* 5 3 0 2 96 */
    s = vo_day_scale_fit(VO_SCALE_ASINH, even, 4, work);
    cr_assert_float_eq(s.centre, 2.5, 0);
    cr_assert_float_eq(s.spread, 1 / 0.6744897501960817, 1e-12); /* 4.5 1.5 0.5 0.5 */
}

Test(day_scale, missing_values_do_not_count) {
    const double x[] = {(double)NAN, 9, 1, (double)INFINITY, 4, 2, 100},
                 y[] = {9, 1, 4, 2, 100};
    double work[7];
    const vo_day_scale a = vo_day_scale_fit(VO_SCALE_PLAIN, x, 7, work);
    const vo_day_scale b = vo_day_scale_fit(VO_SCALE_PLAIN, y, 5, work);
    cr_assert_float_eq(a.centre, b.centre, 0);
    cr_assert_float_eq(a.spread, b.spread, 0);
}

Test(day_scale, samples_without_spread_still_have_a_scale) {
    const double mostly[] = {0, 0, 0, 0, 10}, constant[] = {0.1, 0.1, 0.1},
                 none[] = {(double)NAN};
    double work[5];
    const vo_day_scale m = vo_day_scale_fit(VO_SCALE_ASINH, mostly, 5, work);
    cr_assert_float_eq(m.spread, 4, 1e-12); /* the standard deviation */
    const vo_day_scale c = vo_day_scale_fit(VO_SCALE_ASINH, constant, 3, work);
    cr_assert_float_eq(c.spread, 1, 0);
    cr_assert_float_eq(c.centre, 0.1, 0);
    const vo_day_scale n = vo_day_scale_fit(VO_SCALE_ASINH, none, 1, work);
    cr_assert_float_eq(n.spread, 1, 0);
    cr_assert_float_eq(n.centre, 0, 0);
}

Test(day_scale, transforms_are_odd_rising_and_go_back) {
    for (int k = 0; k < 3; k++) {
        const vo_day_scale s = {kinds[k], 30, 12};
        double last = -(double)INFINITY;
        cr_assert_float_eq(vo_day_scale_apply(&s, 30), 0, 1e-12);
        for (double x = -600; x <= 4000; x += 3.7) {
            const double z = vo_day_scale_apply(&s, x);
            cr_assert_gt(z, last);
            cr_assert_float_eq(vo_day_scale_invert(&s, z), x, 1e-9 * (1 + fabs(x)));
            cr_assert_float_eq(vo_day_scale_apply(&s, 60 - x), -z, 1e-12);
            last = z;
        }
        cr_assert(isnan(vo_day_scale_apply(&s, (double)NAN)));
        cr_assert(isnan(vo_day_scale_invert(&s, (double)NAN)));
    }
}

Test(day_scale, known_values_of_the_transforms) {
    const vo_day_scale a = {VO_SCALE_ASINH, 0, 1}, m = {VO_SCALE_MIRROR_LOG, 0, 1};
    cr_assert_float_eq(vo_day_scale_apply(&a, 1), log(1 + sqrt(2)), 1e-14);
    cr_assert_float_eq(vo_day_scale_apply(&m, -1), -log(4), 1e-14);
}

Test(day_scale, selection_agrees_with_sorting) {
    vo_random random = vo_random_seed(7, 0);
    for (size_t n = 1; n < 60; n++) {
        double v[60], sorted[60], copy[60];
        const uint64_t different = 1 + vo_random_below(&random, 20); /* many ties */
        for (size_t i = 0; i < n; i++)
            v[i] = sorted[i] = (double)vo_random_below(&random, different);
        qsort(sorted, n, sizeof *sorted, vo_order_double);
        for (size_t k = 0; k < n; k++) {
            for (size_t i = 0; i < n; i++) copy[i] = v[i];
            cr_assert_float_eq(vo_day_scale_select(copy, n, k), sorted[k], 0);
            for (size_t i = 0; i < k; i++) cr_assert_leq(copy[i], copy[k]);
            for (size_t i = k; i < n; i++) cr_assert_geq(copy[i], copy[k]);
        }
    }
}
