/* test_conformal.c -- the finite-sample level, coverage on exchangeable days, and a
 * tracker that settles. */
#include "learn/conformal.h"

#include <criterion/criterion.h>
#include <math.h>

#include "base/random.h"

Test(conformal, a_score_is_the_distance_outside_the_interval) {
    cr_assert_float_eq(vo_conformal_score(5, 4, 8), -1, 0);
    cr_assert_float_eq(vo_conformal_score(2, 4, 8), 2, 0);
    cr_assert_float_eq(vo_conformal_score(11, 4, 8), 3, 0);
    cr_assert(isnan(vo_conformal_score((double)NAN, 4, 8)));
    cr_assert(isnan(vo_conformal_score(1, 4, (double)NAN)));
}

/* Scores 1..19 (and one row without a price): level 0.9 wants rank ceil(20 * 0.9) = 18, level
 * 0.95 rank 19, level 0.96 has none. */
Test(conformal, the_offset_is_the_order_statistic_of_the_finite_sample_level) {
    double y[20], low[20], high[20], work[20];
    for (int i = 0; i < 20; i++) y[i] = (i * 7) % 19 + 1, low[i] = -100, high[i] = 0;
    y[19] = (double)NAN;
    cr_assert_float_eq(vo_conformal_offset(y, low, high, 20, 0.1, work), 18, 0);
    cr_assert_float_eq(vo_conformal_offset(y, low, high, 20, 0.05, work), 19, 0);
    cr_assert_float_eq(vo_conformal_offset(y, low, high, 20, 0.5, work), 10, 0);
    cr_assert(isinf(vo_conformal_offset(y, low, high, 20, 0.04, work)));
    cr_assert(isinf(vo_conformal_offset(y, low, high, 0, 0.5, work)));
}

/* Exchangeable data: whatever the quantile pair, the coverage over calibration samples and new
 * points is ceil((n + 1)(1 - alpha)) / (n + 1). Binomial bounds of four deviations. */
Test(conformal, split_conformal_covers_exchangeable_data_exactly_as_often_as_it_says) {
    enum { N = 49, ROUNDS = 20000 };
    const double alpha = 0.1, exact = 45.0 / 50;
    double y[N], low[N], high[N], work[N];
    int held = 0;
    vo_random r = vo_random_seed(3, 1);
    for (int k = 0; k < ROUNDS; k++) {
        for (int i = 0; i <= N; i++) {
            const double x = vo_random_unit(&r), v = (0.5 + 2 * x) * vo_random_normal(&r);
            const double l = -0.3 - x, h = 0.2 + 0.5 * x; /* bad quantiles */
            if (i < N) {
                y[i] = v, low[i] = l, high[i] = h;
                continue;
            }
            const double widen = vo_conformal_offset(y, low, high, N, alpha, work);
            held += v >= l - widen && v <= h + widen;
        }
    }
    const double sd = sqrt(exact * (1 - exact) / ROUNDS);
    cr_assert_float_eq(held / (double)ROUNDS, exact, 4 * sd, "%g", held / (double)ROUNDS);
}

Test(conformal, a_tracker_settles_where_misses_are_as_aimed) {
    vo_tracker t = {.alpha = 0.1, .rate = 0.2, .keep = 1};
    vo_random r = vo_random_seed(4, 4);
    double missed = 0;
    for (int i = 0; i < 20000; i++) {
        const double miss = fabs(3 * vo_random_normal(&r)) > 1.6448536 * exp(t.log_factor);
        if (i >= 1000) missed += miss;
        vo_tracker_step(&t, miss);
    }
    cr_assert_float_eq(missed / 19000, 0.1, 0.005);
    const vo_tracker settled = {.alpha = 0.1, .rate = 0.2, .keep = 0.5, .log_factor = 1};
    vo_tracker u = settled;
    vo_tracker_step(&u, 0.1); /* as aimed: only forgetting is left */
    cr_assert_float_eq(u.log_factor, 0.5, 1e-15);
}
