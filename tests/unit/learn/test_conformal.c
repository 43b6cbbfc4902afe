/* test_conformal.c -- the finite-sample level, coverage on exchangeable days, and who recovers
 * when the world changes. */
#include "learn/conformal.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/fault_alloc.h"

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

static vo_conformal *made(vo_conformal_kind kind, size_t window) {
    const vo_conformal_settings s = {kind, 0.1, 0.02, window};
    vo_conformal *c = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_conformal_create(&s, NULL, &c, &err), VO_OK, "%s", err.msg);
    return c;
}

/* Normal prices whose deviation is `before`, then `after`; the interval always -1.6449..1.6449.
 * Coverage of the last `last` of n steps. */
static double coverage(vo_conformal_kind kind, size_t window, size_t n, size_t change,
                       double after, size_t last) {
    vo_conformal *c = made(kind, window);
    vo_random r = vo_random_seed(5, 2);
    size_t held = 0;
    for (size_t t = 0; t < n; t++) {
        const double y = (t < change ? 1 : after) * vo_random_normal(&r);
        const double widen = vo_conformal_widen(c);
        if (t + last >= n) held += fabs(y) <= 1.6448536 + widen;
        vo_conformal_step(c, y, -1.6448536, 1.6448536);
    }
    vo_conformal_free(c);
    return (double)held / (double)last;
}

Test(conformal, every_kind_covers_exchangeable_data) {
    for (int kind = 0; kind < VO_CONFORMAL_COUNT; kind++) {
        const double share = coverage((vo_conformal_kind)kind, 2000, 12000, 12000, 1, 10000);
        cr_assert_float_eq(share, 0.9, 0.012, "kind %d: %g", kind, share); /* 4 deviations */
    }
}

/* Half way the deviation is 2.5 times what it was, and most of the window is of the old time. */
Test(conformal, after_a_shift_the_adaptive_ones_recover_and_split_conformal_does_not) {
    const double fixed = coverage(VO_CONFORMAL_FIXED, 20000, 12000, 10000, 2.5, 1500),
                 aci = coverage(VO_CONFORMAL_ACI, 20000, 12000, 10000, 2.5, 1500),
                 dtaci = coverage(VO_CONFORMAL_DTACI, 20000, 12000, 10000, 2.5, 1500);
    cr_assert_lt(fixed, 0.75, "%g", fixed);
    cr_assert_float_eq(aci, 0.9, 0.03, "%g", aci);
    cr_assert_float_eq(dtaci, 0.9, 0.03, "%g", dtaci);
}

/* Gibbs and Candes, proposition 4.1: |mean miss - alpha| <= (max(level_1, 1 - level_1) + rate) /
 * (rate T) for any sequence, so long as no price lies beyond all seen before. */
Test(conformal, adaptive_levels_cover_any_sequence_in_the_long_run) {
    enum { T = 20000 };
    vo_conformal *c = made(VO_CONFORMAL_ACI, 300);
    vo_random r = vo_random_seed(9, 0);
    vo_conformal_step(c, 1e6, 0, 0); /* the largest ever: an interval of everything exists */
    int missed = 0;
    for (int t = 0; t < T; t++) {
        const double y = (1 + 0.9 * sin(t / 400.0)) * fabs(vo_random_normal(&r)) + (t / 5000);
        missed += fabs(y) > vo_conformal_widen(c);
        vo_conformal_step(c, t % 250 == 0 ? 1e6 : y, 0, 0);
    }
    vo_conformal_free(c);
    cr_assert_float_eq(missed / (double)T, 0.1, (0.9 + 0.02) / (0.02 * T) + 1.0 / 250);
}

Test(conformal, a_price_that_is_not_known_changes_nothing) {
    vo_conformal *c = made(VO_CONFORMAL_DTACI, 50);
    cr_assert_float_eq(vo_conformal_widen(c), 0, 0);
    for (int i = 0; i < 60; i++) vo_conformal_step(c, i % 7, 0, 3);
    const double widen = vo_conformal_widen(c), level = vo_conformal_level(c);
    vo_conformal_step(c, (double)NAN, 0, 3);
    vo_conformal_step(c, 1, (double)NAN, 3);
    vo_conformal_step(c, (double)INFINITY, 0, 3);
    cr_assert_float_eq(vo_conformal_widen(c), widen, 0);
    cr_assert_float_eq(vo_conformal_level(c), level, 0);
    vo_conformal_free(c);
}

/* The window forgets: after `window` scores of 5 nothing of the 100s is left. */
Test(conformal, scores_leave_the_window_in_the_order_they_came) {
    vo_conformal *c = made(VO_CONFORMAL_FIXED, 20);
    for (int i = 0; i < 33; i++) vo_conformal_step(c, 100 + i % 3, 0, 0);
    for (int i = 0; i < 19; i++) vo_conformal_step(c, 5, 0, 0);
    cr_assert_float_eq(vo_conformal_widen(c), 5, 0); /* rank ceil(21 * 0.9) = 19 of 20 */
    vo_conformal_free(c);
    c = made(VO_CONFORMAL_FIXED, 20);
    for (int i = 0; i < 20; i++) vo_conformal_step(c, 100, 0, 0);
    for (int i = 0; i < 18; i++) vo_conformal_step(c, 5, 0, 0);
    cr_assert_float_eq(vo_conformal_widen(c), 100, 0);
    vo_conformal_free(c);
}

Test(conformal, saved_and_loaded_it_continues_with_the_same_bits) {
    for (int kind = 0; kind < VO_CONFORMAL_COUNT; kind++) {
        vo_conformal *a = made((vo_conformal_kind)kind, 40),
                     *b = made((vo_conformal_kind)kind, 40);
        vo_random r = vo_random_seed(1, 1);
        for (int i = 0; i < 70; i++) vo_conformal_step(a, vo_random_normal(&r), -1, 1);
        vo_artefact_out *w = NULL;
        vo_artefact *in = NULL;
        void *bytes = NULL;
        size_t len = 0;
        vo_error err = {0};
        cr_assert_eq(vo_artefact_out_create("TESTCONF", 1, &w, &err), VO_OK);
        cr_assert_eq(vo_conformal_save(a, w, &err), VO_OK);
        cr_assert_eq(vo_artefact_out_take(w, &bytes, &len, &err), VO_OK);
        cr_assert_eq(vo_artefact_open(bytes, len, "TESTCONF", 1, "t", &in, &err), VO_OK);
        cr_assert_eq(vo_conformal_load(b, in, &err), VO_OK, "%s", err.msg);
        for (int i = 0; i < 50; i++) {
            const double x = vo_conformal_widen(a), y = vo_conformal_widen(b);
            cr_assert_eq(memcmp(&x, &y, sizeof x), 0);
            const double price = 2 * vo_random_normal(&r);
            vo_conformal_step(a, price, -1, 1);
            vo_conformal_step(b, price, -1, 1);
        }
        vo_artefact_close(in);
        /* other settings are refused, and nothing changes */
        vo_conformal *other = made((vo_conformal_kind)kind, 41);
        cr_assert_eq(vo_artefact_open(bytes, len, "TESTCONF", 1, "t", &in, &err), VO_OK);
        cr_assert_eq(vo_conformal_load(other, in, &err), VO_EINVAL);
        cr_assert_float_eq(vo_conformal_widen(other), 0, 0);
        vo_artefact_close(in);
        vo_artefact_out_free(w);
        free(bytes);
        vo_conformal_free(a);
        vo_conformal_free(b);
        vo_conformal_free(other);
    }
}

Test(conformal, settings_outside_their_domain_are_refused_in_words) {
    static const vo_conformal_settings bad[] = {
        {(vo_conformal_kind)7, 0.1, 0.02, 100},    {VO_CONFORMAL_ACI, 0, 0.02, 100},
        {VO_CONFORMAL_ACI, 1, 0.02, 100},          {VO_CONFORMAL_ACI, 0.1, 0, 100},
        {VO_CONFORMAL_ACI, 0.1, (double)NAN, 100}, {VO_CONFORMAL_FIXED, 0.1, 0, 1},
        {VO_CONFORMAL_FIXED, 0.1, 0, 1000001}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        vo_conformal *c = NULL;
        vo_error err = {0};
        cr_assert_eq(vo_conformal_create(&bad[i], NULL, &c, &err), VO_EINVAL, "%zu", i);
        cr_assert(strlen(err.msg) > 10);
        cr_assert_null(c);
    }
}

Test(conformal, a_tracker_settles_where_misses_are_as_aimed) {
    vo_tracker t = {.alpha = 0.1, .rate = 0.2, .keep = 1};
    vo_random r = vo_random_seed(4, 4);
    double missed = 0;
    for (int i = 0; i < 20000; i++) {
        const double miss = fabs(3 * vo_random_normal(&r)) > 1.6448536 * vo_tracker_factor(&t);
        if (i >= 1000) missed += miss;
        vo_tracker_step(&t, miss);
    }
    cr_assert_float_eq(missed / 19000, 0.1, 0.005);
    const vo_tracker settled = {.alpha = 0.1, .rate = 0.2, .keep = 0.5, .log_factor = 1};
    vo_tracker u = settled;
    vo_tracker_step(&u, 0.1); /* as aimed: only forgetting is left */
    cr_assert_float_eq(u.log_factor, 0.5, 1e-15);
}

Test(conformal, out_of_memory_leaks_nothing) {
    for (int budget = 0; budget < 3; budget++) {
        fault ft = {.left = budget};
        const vo_alloc alloc = fault_alloc(&ft);
        const vo_conformal_settings s = vo_conformal_settings_default();
        vo_conformal *c = NULL;
        cr_assert_eq(vo_conformal_create(&s, &alloc, &c, NULL), VO_ENOMEM);
        cr_assert_null(c);
        cr_assert_eq(ft.live, 0);
    }
    vo_conformal_free(NULL);
}
