/* test_diebold_mariano.c -- tails of known distributions, statistics by hand, symmetry, and the
 * size of the test under simulated equal accuracy. */
#include "learn/diebold_mariano.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "base/normal.h"
#include "base/random.h"

/* From scipy.stats.t.sf. */
Test(diebold_mariano, tails_of_students_distribution_are_the_tables) {
    cr_assert_float_eq(vo_student_above(0.5, 1), 0.35241638234956674, 1e-13);
    cr_assert_float_eq(vo_student_above(2, 5), 0.050969739414929174, 1e-13);
    cr_assert_float_eq(vo_student_above(3.5, 727), 0.00024681208972273733, 1e-13);
    cr_assert_float_eq(vo_student_above(-1, 3), 0.8044988905221148, 1e-13);
    cr_assert_float_eq(vo_student_above(0, 9), 0.5, 1e-13);
    /* one degree is Cauchy's, 1/2 - atan(x)/pi */
    for (double x = -4; x < 5; x += 0.7)
        cr_assert_float_eq(vo_student_above(x, 1), 0.5 - atan(x) / 3.14159265358979323846,
                           1e-13);
    cr_assert_float_eq(vo_student_above(2, 1e7), vo_normal_below(-2), 1e-7);
}

/* d = 1, 3, -1, 5: mean 2, variance (1 + 1 + 9 + 9) / 4 = 5, statistic 2 / sqrt(5/4). */
static const double zero[8] = {0}, first[] = {2, 2, 3, 5, 1, 1, 4, 8},
                    second[] = {1, 1, 1, 1, 2, 2, 1, 1};

Test(diebold_mariano, a_statistic_by_hand) {
    const vo_dm r = vo_dm_days(zero, first, second, 4, 2, &(vo_dm_settings){0});
    cr_assert_eq(r.n, 4);
    cr_assert_float_eq(r.mean_difference, 2, 1e-15);
    cr_assert_float_eq(r.statistic, 2 / sqrt(5 / 4.0), 1e-12);
    cr_assert_float_eq(r.p_second, vo_normal_below(-r.statistic), 1e-15);
    cr_assert_float_eq(r.p_first + r.p_second, 1, 1e-15);
}

Test(diebold_mariano, a_statistic_with_overlap_and_small_sample_correction_by_hand) {
    /* deviations -1, 1, -3, 3; lag 1: (-1 - 3 - 9) / 4 = -3.25: 5 - 6.5 < 0, so Bartlett's
     * 5 + 2 (1/2)(-3.25) = 1.75 */
    const vo_dm_settings two = {.horizon = 2}, small = {.horizon = 2, .harvey = true};
    const double plain = 2 / sqrt(1.75 / 4), k = sqrt((4 + 1 - 4 + 2 / 4.0) / 4);
    const vo_dm a = vo_dm_days(zero, first, second, 4, 2, &two);
    const vo_dm b = vo_dm_days(zero, first, second, 4, 2, &small);
    cr_assert_float_eq(a.statistic, plain, 1e-12);
    cr_assert_float_eq(b.statistic, k * plain, 1e-12);
    cr_assert_float_eq(b.p_second, vo_student_above(k * plain, 3), 1e-15);
    /* with gains that persist, the plain sum: d = 1, 1, 3, 3; deviations -1 -1 1 1; lag 1: 1/4 */
    const double f[] = {1, 1, 3, 3};
    const vo_dm c = vo_dm_days(zero, f, zero, 4, 1, &two);
    cr_assert_float_eq(c.statistic, 2 / sqrt((1 + 2 * 0.25) / 4), 1e-12);
}

Test(diebold_mariano, swapping_the_forecasts_swaps_the_verdict) {
    const vo_dm_settings set = {.squared = true, .harvey = true};
    const vo_dm a = vo_dm_days(zero, first, second, 4, 2, &set);
    const vo_dm b = vo_dm_days(zero, second, first, 4, 2, &set);
    cr_assert_float_eq(a.statistic, -b.statistic, 1e-15);
    cr_assert_float_eq(a.p_first, b.p_second, 1e-15);
}

/* Every second value is one hour's series. */
Test(diebold_mariano, an_hour_is_compared_by_itself) {
    const vo_dm all = vo_dm_days(zero, first, second, 4, 2, &(vo_dm_settings){0});
    vo_dm h[2];
    for (int k = 0; k < 2; k++) {
        double a[4], b[4];
        for (int d = 0; d < 4; d++) a[d] = first[2 * d + k], b[d] = second[2 * d + k];
        h[k] = vo_dm_days(zero, a, b, 4, 1, &(vo_dm_settings){0});
    }
    cr_assert_float_eq(h[0].mean_difference, (1 + 2 - 1 + 3) / 4.0, 1e-15);
    cr_assert_float_eq((h[0].mean_difference + h[1].mean_difference) / 2, all.mean_difference,
                       1e-15);
}

Test(diebold_mariano, days_with_a_gap_are_left_out_and_equal_forecasts_have_no_verdict) {
    double gap[8];
    for (int i = 0; i < 8; i++) gap[i] = first[i];
    gap[3] = (double)NAN;
    const vo_dm r = vo_dm_days(zero, gap, second, 4, 2, &(vo_dm_settings){0});
    cr_assert_eq(r.n, 3);
    cr_assert_float_eq(r.mean_difference, (1 - 1 + 5) / 3.0, 1e-15);
    const vo_dm same = vo_dm_days(zero, first, first, 4, 2, &(vo_dm_settings){0});
    cr_assert_eq(same.n, 4);
    cr_assert(isnan(same.statistic) && isnan(same.p_first) && isnan(same.p_second));
    cr_assert_eq(vo_dm_days(zero, first, second, 0, 2, &(vo_dm_settings){0}).n, 0);
}

/* Share of one-sided rejections at 5 % among `rounds` pairs of equally good forecasts. Errors of
 * the days follow e_t = u_t + theta u_{t-1}: theta > 0 overlaps like two-step forecasts. */
static double size_of_test(int rounds, size_t days, double theta, const vo_dm_settings *set) {
    double *real = calloc(days, sizeof *real), *a = calloc(days, sizeof *a),
           *b = calloc(days, sizeof *b);
    int rejected = 0;
    for (int k = 0; k < rounds; k++) {
        vo_random r = vo_random_seed(11, (uint64_t)k);
        double ua = vo_random_normal(&r), ub = vo_random_normal(&r);
        for (size_t t = 0; t < days; t++) {
            const double na = vo_random_normal(&r), nb = vo_random_normal(&r);
            a[t] = na + theta * ua;
            b[t] = nb + theta * ub;
            ua = na;
            ub = nb;
        }
        rejected += vo_dm_days(real, a, b, days, 1, set).p_second < 0.05;
    }
    free(real);
    free(a);
    free(b);
    return rejected / (double)rounds;
}

/* 4000 rounds: a rate of 5 % has a standard deviation of 0.34 points. */
Test(diebold_mariano, equally_good_forecasts_are_told_apart_as_often_as_the_level_says) {
    cr_assert_float_eq(size_of_test(4000, 200, 0, &(vo_dm_settings){0}), 0.05, 0.012);
    cr_assert_float_eq(size_of_test(4000, 20, 0, &(vo_dm_settings){.harvey = true}), 0.05,
                       0.012);
    const vo_dm_settings two = {.horizon = 2, .harvey = true};
    const double with = size_of_test(4000, 200, 2, &two),
                 without = size_of_test(4000, 200, 2, &(vo_dm_settings){0});
    cr_assert_float_eq(with, 0.05, 0.015, "%g", with);
    cr_assert_gt(without, with + 0.01, "%g", without);
}
