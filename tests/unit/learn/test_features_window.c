/* test_features_window.c -- rolling statistics where rounding hurts, against long arithmetic. */
#include "learn/features_window.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/random.h"

enum { N = 4000 };

typedef struct {
    float mean[N], std[N], least[N], most[N];
} rolled;

static rolled *roll(const double *x, size_t w, size_t piece) {
    rolled *r = calloc(1, sizeof *r);
    vo_windows *v = NULL;
    const int32_t length = (int32_t)w;
    cr_assert_eq(vo_windows_create(&length, 1, NULL, &v, NULL), VO_OK);
    for (size_t i = 0, n; i < N; i += n) {
        n = N - i < piece ? N - i : piece;
        vo_windows_run(v, x + i, n, r->mean + i, N);
    }
    vo_windows_free(v);
    return r;
}

static void compare(const double *x, size_t w, double relative, const char *what) {
    rolled *r = roll(x, w, N);
    for (size_t t = 0; t < N; t++) {
        long double mean = 0, m2 = 0;
        double least = (double)INFINITY, most = -(double)INFINITY;
        for (size_t i = t + 1 < w ? t + 1 : t + 1 - w; t + 1 >= w && i <= t; i++) {
            mean += (long double)x[i] / (long double)w;
            least = fmin(least, x[i]);
            most = fmax(most, x[i]);
        }
        for (size_t i = t + 1 < w ? t + 1 : t + 1 - w; t + 1 >= w && i <= t; i++) {
            const long double d = (long double)x[i] - mean;
            m2 += d * d;
        }
        const double std = (double)sqrtl(m2 / (long double)(w - 1));
        const bool right = t + 1 < w ? isnan(r->mean[t]) && isnan(r->std[t]) &&
                                           isnan(r->least[t]) && isnan(r->most[t])
                                     : r->mean[t] == (float)(double)mean ||
                                           fabs((double)r->mean[t] - (double)mean) <=
                                               1.2e-7 * fabs((double)mean);
        if (!right)
            cr_assert_fail("%s, w %zu, t %zu: mean %.9g", what, w, t, (double)r->mean[t]);
        if (t + 1 < w) continue;
        if (r->least[t] != (float)least || r->most[t] != (float)most)
            cr_assert_fail("%s, w %zu, t %zu: extremes", what, w, t);
        if (fabs((double)r->std[t] - std) > relative * std + 1e-22)
            cr_assert_fail("%s, w %zu, t %zu: std %.9g, not %.9g", what, w, t,
                           (double)r->std[t], std);
    }
    free(r);
}

Test(features_window, standard_deviations_survive_a_large_mean) {
    static const size_t lengths[] = {2, 3, 5, 10, 15, 30, 60, 61, 1000};
    static const double level[] = {0, 1e4, -1e4, 1e6};
    static double x[N];
    for (size_t k = 0; k < 4; k++)
        for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
            vo_random r = vo_random_seed(k, i);
            for (size_t t = 0; t < N; t++) x[t] = level[k] + 0.1 * vo_random_normal(&r);
            /* 2e-7: float32 of the variance and of its root */
            compare(x, lengths[i], 2e-7, "noise of 0.1");
        }
}

Test(features_window, standard_deviations_survive_spikes_that_come_and_go) {
    static const size_t lengths[] = {5, 10, 15, 30, 60};
    static double x[N];
    for (size_t i = 0; i < 5; i++) {
        vo_random r = vo_random_seed(7, i);
        for (size_t t = 0; t < N; t++)
            x[t] = vo_random_below(&r, 40) == 0 ? 17500 : 20 + 1e-3 * vo_random_normal(&r);
        compare(x, lengths[i], 3e-7, "spikes");
    }
}

Test(features_window, equal_values_have_no_deviation) {
    static double x[N];
    for (size_t t = 0; t < N; t++) x[t] = 1234.56;
    rolled *r = roll(x, 15, N);
    for (size_t t = 14; t < N; t++)
        if (r->std[t] != 0) cr_assert_fail("t %zu: %g", t, (double)r->std[t]);
    free(r);
}

Test(features_window, pieces_change_no_bit) {
    static double x[N];
    vo_random r = vo_random_seed(3, 3);
    for (size_t t = 0; t < N; t++) x[t] = 1e3 * vo_random_normal(&r);
    rolled *whole = roll(x, 30, N), *single = roll(x, 30, 1), *seven = roll(x, 30, 7);
    cr_expect_arr_eq(whole->std + 29, single->std + 29, (N - 29) * sizeof(float));
    cr_expect_arr_eq(whole->std + 29, seven->std + 29, (N - 29) * sizeof(float));
    cr_expect_arr_eq(whole->mean + 29, seven->mean + 29, (N - 29) * sizeof(float));
    free(whole);
    free(single);
    free(seven);
}

Test(features_window, any_lengths_at_once_are_as_each_alone) {
    enum { SOME = 16 };
    static double x[N];
    static float all[4 * SOME][N];
    vo_random r = vo_random_seed(11, 0);
    for (size_t t = 0; t < N; t++)
        x[t] = vo_random_below(&r, 300) == 0 ? (double)NAN : 100 * vo_random_normal(&r);
    for (int round = 0; round < 20; round++) {
        int32_t length[SOME];
        vo_windows *v = NULL;
        length[0] = 2 + (int32_t)vo_random_below(&r, 9);
        for (size_t i = 1; i < SOME; i++)
            length[i] = length[i - 1] + 1 + (int32_t)vo_random_below(&r, 1u << (1 + i / 2));
        cr_assert_eq(vo_windows_create(length, SOME, NULL, &v, NULL), VO_OK);
        vo_windows_run(v, x, N, all[0], N);
        vo_windows_free(v);
        for (size_t i = 0; i < SOME; i++) {
            rolled *one = roll(x, (size_t)length[i], 50);
            for (size_t t = 0; t < N; t++) {
                /* Put together from other parts, so rounded elsewhere; extremes are exact. */
                const bool missing = isnan(one->mean[t]);
                const bool same = missing
                                      ? isnan(all[i][t]) && isnan(all[3 * SOME + i][t])
                                      : fabsf(all[i][t] - one->mean[t]) <= 1e-5f &&
                                            fabsf(all[SOME + i][t] - one->std[t]) <= 3e-5f &&
                                            all[2 * SOME + i][t] == one->least[t] &&
                                            all[3 * SOME + i][t] == one->most[t];
                if (!same)
                    cr_assert_fail("length %d of round %d, t %zu", (int)length[i], round, t);
            }
            free(one);
        }
    }
}
