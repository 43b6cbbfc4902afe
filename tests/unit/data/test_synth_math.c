/* test_synth_math.c -- the generators' own functions against the C library's, and their
 * identities. */
#include "data/synth_math.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/random.h"

Test(synth_math, agrees_with_the_c_library) {
    vo_random r = vo_random_seed(1, 2);
    for (int i = 0; i < 200000; i++) {
        const double x = vo_random_between(&r, -50, 50), u = vo_random_between(&r, -1, 1);
        const double y = vo_random_between(&r, -5, 5);
        cr_assert_float_eq(vo_synth_exp(x) / exp(x), 1, 1e-14, "exp %.17g", x);
        cr_assert_float_eq(vo_synth_log(exp(x)), x, 1e-13, "log %.17g", x);
        cr_assert_float_eq(vo_synth_sin(x), sin(x), 1e-14, "sin %.17g", x);
        cr_assert_float_eq(vo_synth_cos(x), cos(x), 1e-14, "cos %.17g", x);
        cr_assert_float_eq(vo_synth_asin(u), asin(u), 1e-14, "asin %.17g", u);
        cr_assert_float_eq(vo_synth_atan2(y, x), atan2(y, x), 1e-14, "atan2 %.17g", y);
    }
}

Test(synth_math, edges_are_finite) {
    cr_expect(vo_synth_exp(-1e6) <= 0 && isfinite(vo_synth_exp(1e6)));
    cr_expect_float_eq(vo_synth_asin(1.0001), VO_SYNTH_PI / 2, 0);
    cr_expect_float_eq(vo_synth_asin(-2), -VO_SYNTH_PI / 2, 0);
    cr_expect_float_eq(vo_synth_atan2(1, 0), VO_SYNTH_PI / 2, 1e-15);
    cr_expect_float_eq(vo_synth_atan2(0, -1), VO_SYNTH_PI, 1e-15);
    cr_expect_float_eq(vo_synth_log(1), 0, 0);
}

/* Quantiles of the normal distribution as printed in tables. */
Test(synth_math, the_tail_of_the_bell_is_where_tables_say) {
    cr_expect_float_eq(vo_synth_normal_tail(0.5), 0, 5e-4);
    cr_expect_float_eq(vo_synth_normal_tail(0.025), 1.959964, 5e-4);
    cr_expect_float_eq(vo_synth_normal_tail(0.1), 1.281552, 5e-4);
    cr_expect_float_eq(vo_synth_normal_tail(0.975), -1.959964, 5e-4);
}

/* The same bits on every machine: these were computed once; any other rounding changes them. */
Test(synth_math, bits_are_pinned) {
    uint64_t sum = 0;
    vo_random r = vo_random_seed(3, 4);
    for (int i = 0; i < 10000; i++) {
        const double x = vo_random_between(&r, -20, 20);
        const double v[4] = {vo_synth_exp(x), vo_synth_sin(x), vo_synth_log(fabs(x) + 1e-3),
                             vo_synth_asin(x / 20)};
        uint64_t bits[4];
        memcpy(bits, v, sizeof bits);
        for (int k = 0; k < 4; k++) sum = sum * UINT64_C(6364136223846793005) + bits[k];
    }
    cr_expect_eq(sum, UINT64_C(16952426302701286278), "%llu", (unsigned long long)sum);
}
