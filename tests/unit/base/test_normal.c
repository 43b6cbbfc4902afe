/* test_normal.c -- the normal distribution against tables (Abramowitz and Stegun). */
#include "base/normal.h"

#include <criterion/criterion.h>
#include <math.h>

Test(normal, it_is_that_of_the_tables_far_into_the_tails) {
    cr_expect_float_eq(vo_normal_below(0), 0.5, 1e-16);
    cr_expect_float_eq(vo_normal_below(-1.2815515655446004), 0.1, 1e-14);
    cr_expect_float_eq(vo_normal_below(-1.6448536269514722), 0.05, 1e-14);
    cr_expect_float_eq(vo_normal_below(1.959963984540054), 0.975, 1e-14);
    cr_expect_float_eq(vo_normal_below(-3), 0.0013498980316300946, 1e-15);
    cr_expect_float_eq(vo_normal_below(-5) / 2.866515718791933e-07, 1, 1e-12);
    cr_expect_float_eq(vo_normal_below(-8) / 6.22096057427174e-16, 1, 1e-12);
}

Test(normal, scores_are_its_inverse) {
    for (double p = 1e-6; p < 1; p += 0.00731)
        cr_expect_float_eq(vo_normal_below(vo_normal_score(p)), p, 1e-9, "%g", p);
}

Test(normal, the_near_score_is_the_score_but_for_its_last_digits) {
    for (double p = 0x1p-53; p < 1; p = p < 1e-4 ? 3 * p : p + 0.000731) {
        const double z = vo_normal_score(p);
        cr_expect_float_eq(vo_normal_score_near(p), z, 1.2e-9 * fabs(z) + 1e-15, "%g", p);
    }
    cr_expect_float_eq(vo_normal_score_near(1 - 0x1p-53), 8.209536151601387, 1e-7);
}
