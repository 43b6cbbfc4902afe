/* test_metrics.c -- metrics by hand, by identities and by closed forms. As published for the
 * open benchmark: tests/integration/test_epf_metrics.c. */
#include "learn/metrics.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/random.h"

static const double nan_ = (double)NAN;

Test(metrics, point_errors_by_hand) {
    const double real[] = {10, -20, 0, 0, 50}, said[] = {12, -10, 0, 3, 40};
    vo_metrics m = vo_metrics_none();
    vo_metrics_point(&m, real, said, 5);
    cr_assert_eq(m.n, 5);
    cr_assert_eq(m.skipped, 0);
    cr_assert_float_eq(m.mae, 25.0 / 5, 1e-12);
    cr_assert_float_eq(m.rmse, sqrt((4 + 100 + 0 + 9 + 100) / 5.0), 1e-12);
    cr_assert_float_eq(m.bias, (2 + 10 + 0 + 3 - 10) / 5.0, 1e-12);
    /* 2*2/22, 2*10/30, both zero counts 0, 2*3/3 = 2, 2*10/90 */
    cr_assert_float_eq(m.smape, 100 * (4 / 22.0 + 20 / 30.0 + 0 + 2 + 20 / 90.0) / 5, 1e-10);
    cr_assert_float_eq(m.mape, 100 * (0.2 + 0.5 + 0.2) / 3, 1e-10);
    cr_assert(isnan(m.coverage) && isnan(m.crps) && isnan(m.rmae_week));
}

Test(metrics, pairs_with_a_nan_are_skipped_and_counted) {
    const double real[] = {1, nan_, 3, 4}, said[] = {2, 2, nan_, 4};
    vo_metrics m = vo_metrics_none();
    vo_metrics_point(&m, real, said, 4);
    cr_assert_eq(m.n, 2);
    cr_assert_eq(m.skipped, 2);
    cr_assert_float_eq(m.mae, 0.5, 0);
    vo_metrics_point(&m, real + 1, said + 1, 1);
    cr_assert_eq(m.n, 0);
    cr_assert(isnan(m.mae) && isnan(m.rmse) && isnan(m.smape) && isnan(m.bias));
}

Test(metrics, relative_error_uses_rows_where_all_three_are_known) {
    const double real[] = {0, 0, 0, 0}, said[] = {1, 100, 1, -1}, naive[] = {2, nan_, -2, 4};
    cr_assert_float_eq(vo_metric_relative(real, said, naive, 4), 3.0 / 8, 1e-15);
    cr_assert(isnan(vo_metric_relative(real, said, real, 4)));
}

/* The constant that minimises the mean pinball loss is the sample's quantile. */
Test(metrics, pinball_loss_is_least_at_the_quantile) {
    double sample[101];
    for (int i = 0; i < 101; i++) sample[i] = i;
    const double level[] = {0.05, 0.5, 0.9};
    for (int k = 0; k < 3; k++) {
        double best = (double)INFINITY, at = -1;
        for (int q = 0; q <= 100; q++) {
            double sum = 0;
            for (int i = 0; i < 101; i++) sum += vo_metric_pinball(sample[i], q, level[k]);
            if (sum < best) best = sum, at = q;
        }
        cr_assert_float_eq(at, 100 * level[k], 1e-12);
    }
    cr_assert_float_eq(vo_metric_pinball(10, 4, 0.9), 5.4, 1e-12);
    cr_assert_float_eq(vo_metric_pinball(4, 10, 0.9), 0.6, 1e-12);
}

/* CRPS of the standard normal distribution at y: y (2 F(y) - 1) + 2 f(y) - 1/sqrt(pi)
 * (Gneiting and Raftery 2007, eq. 21). */
Test(metrics, crps_of_many_normal_quantiles_is_the_closed_form) {
    enum { L = 999 };
    static double level[L], q[L];
    for (int k = 0; k < L; k++) {
        level[k] = (k + 1) / (double)(L + 1);
        double lo = -9, hi = 9; /* quantile by bisection of the distribution function */
        for (int i = 0; i < 80; i++) {
            const double mid = (lo + hi) / 2;
            if (0.5 * erfc(-mid / sqrt(2)) < level[k])
                lo = mid;
            else
                hi = mid;
        }
        q[k] = lo;
    }
    const double pi = 3.14159265358979323846;
    for (double y = -2; y <= 2; y += 0.5) {
        vo_metrics m = vo_metrics_none();
        vo_metrics_quantiles(&m, &y, q, 1, level, L);
        const double cdf = 0.5 * erfc(-y / sqrt(2)), pdf = exp(-y * y / 2) / sqrt(2 * pi);
        cr_assert_float_eq(m.crps, y * (2 * cdf - 1) + 2 * pdf - 1 / sqrt(pi), 3e-4, "%g", y);
    }
}

/* All quantiles equal: the distribution is a point, and CRPS the absolute error. */
Test(metrics, crps_of_a_point_forecast_is_its_absolute_error) {
    const double level[] = {0.25, 0.5, 0.75}, q[] = {7, 7, 7}, real = 10;
    vo_metrics m = vo_metrics_none();
    vo_metrics_quantiles(&m, &real, q, 1, level, 3);
    cr_assert_float_eq(m.crps, 3, 1e-12);
}

Test(metrics, interval_scores_by_hand) {
    const double real[] = {5, 0, 20, nan_, 1}, low[] = {4, 2, 10, 0, 1},
                 high[] = {6, 4, 15, 1, 1};
    vo_metrics m = vo_metrics_none();
    vo_metrics_interval(&m, real, low, high, 5, 0.1);
    cr_assert_float_eq(m.coverage, 2.0 / 4, 0);
    cr_assert_float_eq(m.width, (2 + 2 + 5 + 0) / 4.0, 1e-12);
    cr_assert_float_eq(m.winkler, (2 + (2 + 20 * 2) + (5 + 20 * 5) + 0) / 4.0, 1e-12);
}

/* The Winkler score of an interval is 2/alpha times the pinball losses of its two ends. */
Test(metrics, winkler_score_is_the_sum_of_two_pinball_losses) {
    vo_random r = vo_random_seed(7, 0);
    for (int i = 0; i < 1000; i++) {
        const double y = vo_random_normal(&r), l = vo_random_normal(&r),
                     u = l + vo_random_unit(&r), alpha = 0.2;
        vo_metrics m = vo_metrics_none();
        vo_metrics_interval(&m, &y, &l, &u, 1, alpha);
        const double ends =
            vo_metric_pinball(y, l, alpha / 2) + vo_metric_pinball(y, u, 1 - alpha / 2);
        cr_assert_float_eq(m.winkler, 2 / alpha * ends, 1e-9);
    }
}

Test(metrics, names_and_values_are_those_of_the_fields) {
    vo_metrics m = vo_metrics_none();
    m.rmae_epf = 0.5;
    cr_assert_float_eq(vo_metric_value(&m, VO_METRIC_rmae_epf), 0.5, 0);
    cr_assert_str_eq(vo_metric_name(VO_METRIC_crps), "crps");
}
