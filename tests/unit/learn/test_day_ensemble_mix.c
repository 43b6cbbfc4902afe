/* test_day_ensemble_mix.c -- weights are weights, good members earn them, and what is not said
 * does no harm. */
#include "learn/day_ensemble_mix.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/fault_alloc.h"

enum { H = VO_DAY_HOURS, K = 4 };

static vo_day_mix *made(size_t k, const vo_day_mix_settings *s) {
    const vo_day_mix_settings usual = vo_day_mix_settings_default();
    vo_day_mix *m = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_day_mix_create(k, s ? s : &usual, NULL, &m, &err), VO_OK, "%s", err.msg);
    return m;
}

/* A day of prices, and members that miss them by noise of their own size. */
static void draw(vo_random *r, const double *size, size_t k, double *members, double *real) {
    for (int h = 0; h < H; h++) real[h] = 40 + 10 * sin(h / 4.0) + 5 * vo_random_normal(r);
    for (size_t i = 0; i < k * H; i++)
        members[i] = real[i % H] + size[i / H] * vo_random_normal(r);
}

static void only(vo_day_mix_settings *s, int rule) {
    *s = vo_day_mix_settings_default();
    s->experience = rule == 0 || rule == 3;
    s->bernstein = rule == 1 || rule == 3;
    s->deviations = rule == 2 || rule == 3;
}

Test(day_ensemble_mix, weights_are_never_negative_and_sum_to_one) {
    const double size[K] = {1, 2, 5, 0.5};
    double x[K * H], real[H], out[H], w[K * H];
    for (int rule = 0; rule < 5; rule++) { /* 4: none of them */
        vo_day_mix_settings s;
        only(&s, rule);
        vo_day_mix *m = made(K, &s);
        vo_random r = vo_random_seed(1, (uint64_t)rule);
        for (int day = 0; day < 60; day++) {
            draw(&r, size, K, x, real);
            if (day % 3 == 0) x[vo_random_below(&r, K * H)] = (double)NAN;
            if (day % 7 == 0) real[vo_random_below(&r, H)] = (double)NAN;
            vo_day_mix_say(m, x, out, w);
            for (int h = 0; h < H; h++) {
                double sum = 0, low = (double)INFINITY, high = -(double)INFINITY;
                for (int k = 0; k < K; k++) {
                    cr_assert_geq(w[k * H + h], 0);
                    sum += w[k * H + h];
                    if (isnan(x[k * H + h])) cr_assert_float_eq(w[k * H + h], 0, 0);
                    low = fmin(low, x[k * H + h]);
                    high = fmax(high, x[k * H + h]);
                }
                cr_assert_float_eq(sum, 1, 1e-12);
                cr_assert(out[h] >= low - 1e-9 && out[h] <= high + 1e-9);
            }
            vo_day_mix_observe(m, x, real);
        }
        vo_day_mix_free(m);
    }
}

Test(day_ensemble_mix, without_experience_all_weigh_the_same) {
    double x[K * H], out[H];
    for (int i = 0; i < K * H; i++) x[i] = i / H;
    vo_day_mix *m = made(K, NULL);
    vo_day_mix_say(m, x, out, NULL);
    for (int h = 0; h < H; h++) cr_assert_float_eq(out[h], 1.5, 1e-12);
    vo_day_mix_free(m);
}

/* Mean |error| of the last 100 of 300 days: of the mix, and of each member. */
static double play(const vo_day_mix_settings *s, const double *size, double *alone) {
    double x[K * H], real[H], out[H], sum = 0;
    vo_day_mix *m = made(K, s);
    vo_random r = vo_random_seed(2, 0);
    for (int k = 0; k < K; k++) alone[k] = 0;
    for (int day = 0; day < 300; day++) {
        draw(&r, size, K, x, real);
        vo_day_mix_say(m, x, out, NULL);
        for (int h = 0; day >= 200 && h < H; h++) {
            sum += fabs(out[h] - real[h]) / (100.0 * H);
            for (int k = 0; k < K; k++) alone[k] += fabs(x[k * H + h] - real[h]) / (100.0 * H);
        }
        vo_day_mix_observe(m, x, real);
    }
    vo_day_mix_free(m);
    return sum;
}

Test(day_ensemble_mix, members_that_err_independently_are_better_together) {
    const double size[K] = {1, 1.2, 1.1, 1};
    double alone[K];
    for (int rule = 0; rule < 4; rule++) {
        vo_day_mix_settings s;
        only(&s, rule);
        const double together = play(&s, size, alone);
        /* equal weights of four would give about 0.54 of one */
        cr_assert_lt(together, 0.75 * alone[0], "rule %d: %g, %g", rule, together, alone[0]);
    }
}

Test(day_ensemble_mix, bad_members_lose_their_weight) {
    const double size[K] = {1, 20, 30, 1};
    double alone[K];
    vo_day_mix_settings equal;
    only(&equal, 4);
    const double naive = play(&equal, size, alone);
    for (int rule = 0; rule < 4; rule++) {
        vo_day_mix_settings s;
        only(&s, rule);
        const double together = play(&s, size, alone);
        cr_assert_lt(together, 1.4 * alone[0], "rule %d: %g, %g", rule, together, alone[0]);
        cr_assert_gt(naive, 3 * together);
    }
}

/* Optimum of the deviations rule, known beforehand: the price is 0.3 of one member and 0.7 of
 * another, exactly. */
Test(day_ensemble_mix, least_deviations_find_the_mixture_that_prices_are_made_of) {
    vo_day_mix_settings s;
    only(&s, 2);
    s.ridge = 0;
    vo_day_mix *m = made(3, &s);
    vo_random r = vo_random_seed(3, 0);
    double x[3 * H], real[H], out[H], w[3 * H];
    for (int day = 0; day < 120; day++) {
        for (int i = 0; i < 3 * H; i++) x[i] = 50 + 10 * vo_random_normal(&r);
        for (int h = 0; h < H; h++) real[h] = 0.3 * x[h] + 0.7 * x[2 * H + h];
        vo_day_mix_observe(m, x, real);
    }
    vo_day_mix_say(m, x, out, w);
    cr_assert_float_eq(w[0], 0.3, 0.01, "%g", w[0]);
    cr_assert_float_eq(w[H], 0, 0.01, "%g", w[H]);
    cr_assert_float_eq(w[2 * H], 0.7, 0.01, "%g", w[2 * H]);
    vo_day_mix_free(m);
}

Test(day_ensemble_mix, the_order_of_members_makes_no_difference) {
    const double size[K] = {1, 2, 3, 0.7};
    double x[K * H], y[K * H], real[H], a[H], b[H];
    vo_day_mix *m = made(K, NULL), *n = made(K, NULL);
    vo_random r = vo_random_seed(4, 0);
    for (int day = 0; day < 80; day++) {
        draw(&r, size, K, x, real);
        for (int k = 0; k < K; k++) memcpy(y + (K - 1 - k) * H, x + k * H, H * sizeof *x);
        vo_day_mix_say(m, x, a, NULL);
        vo_day_mix_say(n, y, b, NULL);
        for (int h = 0; h < H; h++) cr_assert_float_eq(a[h], b[h], 1e-6 * fabs(a[h]));
        vo_day_mix_observe(m, x, real);
        vo_day_mix_observe(n, y, real);
    }
    vo_day_mix_free(m);
    vo_day_mix_free(n);
}

Test(day_ensemble_mix, who_is_silent_neither_wins_nor_loses) {
    double x[2 * H], real[H], out[H], w[2 * H];
    vo_day_mix_settings s;
    only(&s, 1);
    vo_day_mix *m = made(2, &s);
    for (int i = 0; i < H; i++) x[i] = 10, x[H + i] = (double)NAN, real[i] = 30;
    for (int day = 0; day < 40; day++) vo_day_mix_observe(m, x, real);
    vo_day_mix_say(m, x, out, NULL);
    cr_assert_float_eq(out[0], 10, 0);
    x[H] = 20;
    vo_day_mix_say(m, x, out, w);
    cr_assert_float_eq(w[H], 0.5, 1e-12);
    x[0] = x[H] = (double)NAN;
    vo_day_mix_say(m, x, out, w);
    cr_assert(isnan(out[0]));
    vo_day_mix_free(m);
}

Test(day_ensemble_mix, a_lasting_bias_is_taken_off_by_its_share) {
    vo_day_mix_settings s = vo_day_mix_settings_default();
    s.bias_share = 0.5;
    double x[2 * H], real[H], out[H];
    vo_day_mix *m = made(2, &s);
    for (int i = 0; i < H; i++) x[i] = x[H + i] = 10, real[i] = 14;
    vo_day_mix_say(m, x, out, NULL);
    cr_assert_float_eq(out[5], 10, 1e-12);
    for (int day = 0; day < 30; day++) vo_day_mix_observe(m, x, real);
    vo_day_mix_say(m, x, out, NULL);
    for (int h = 0; h < H; h++) cr_assert_float_eq(out[h], 12, 1e-9);
    vo_day_mix_free(m);
}

Test(day_ensemble_mix, saved_and_loaded_it_continues_with_the_same_bits) {
    const double size[K] = {1, 2, 3, 0.7};
    double x[K * H], real[H], a[H], b[H];
    vo_day_mix_settings s = vo_day_mix_settings_default();
    s.window_days = 20;
    s.bias_share = 0.3;
    vo_day_mix *m = made(K, &s), *n = made(K, &s);
    vo_random r = vo_random_seed(5, 0);
    for (int day = 0; day < 33; day++) {
        draw(&r, size, K, x, real);
        vo_day_mix_observe(m, x, real);
    }
    vo_artefact_out *w = NULL;
    vo_artefact *in = NULL;
    void *bytes = NULL;
    size_t len = 0;
    vo_error err = {0};
    cr_assert_eq(vo_artefact_out_create("TEST", 1, &w, &err), VO_OK);
    cr_assert_eq(vo_day_mix_save(m, w, &err), VO_OK);
    cr_assert_eq(vo_artefact_out_take(w, &bytes, &len, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_artefact_open(bytes, len, "TEST", 1, "t", &in, &err), VO_OK);
    cr_assert_eq(vo_day_mix_load(n, in, &err), VO_OK, "%s", err.msg);
    vo_artefact_close(in);
    for (int day = 0; day < 30; day++) {
        draw(&r, size, K, x, real);
        vo_day_mix_say(m, x, a, NULL);
        vo_day_mix_say(n, x, b, NULL);
        cr_assert_eq(memcmp(a, b, sizeof a), 0);
        vo_day_mix_observe(m, x, real);
        vo_day_mix_observe(n, x, real);
    }
    vo_day_mix *other = made(K - 1, &s);
    cr_assert_eq(vo_artefact_open(bytes, len, "TEST", 1, "t", &in, &err), VO_OK);
    cr_assert_eq(vo_day_mix_load(other, in, &err), VO_EINVAL);
    vo_artefact_close(in);
    vo_artefact_out_free(w);
    free(bytes);
    vo_day_mix_free(m);
    vo_day_mix_free(n);
    vo_day_mix_free(other);
}

Test(day_ensemble_mix, settings_outside_their_domain_are_refused_in_words) {
    const vo_day_mix_settings usual = vo_day_mix_settings_default();
    vo_day_mix_settings bad[6];
    for (int i = 0; i < 6; i++) bad[i] = usual;
    bad[0].power = -1;
    bad[1].half_life_days = 0;
    bad[2].window_days = 3;
    bad[3].ridge = (double)NAN;
    bad[4].bias_share = 1.5;
    bad[5].smooth_hours = -1;
    vo_day_mix *m = NULL;
    vo_error err;
    for (int i = 0; i < 6; i++) {
        err.msg[0] = '\0';
        cr_assert_eq(vo_day_mix_create(3, &bad[i], NULL, &m, &err), VO_EINVAL, "%d", i);
        cr_assert(strlen(err.msg) > 10);
    }
    cr_assert_eq(vo_day_mix_create(0, &usual, NULL, &m, &err), VO_EINVAL);
    cr_assert_eq(vo_day_mix_create(33, &usual, NULL, &m, &err), VO_EINVAL);
    cr_assert_null(m);
}

Test(day_ensemble_mix, out_of_memory_leaks_nothing) {
    const vo_day_mix_settings s = vo_day_mix_settings_default();
    for (int budget = 0; budget < 4; budget++) {
        fault ft = {.left = budget};
        const vo_alloc alloc = fault_alloc(&ft);
        vo_day_mix *m = NULL;
        cr_assert_eq(vo_day_mix_create(3, &s, &alloc, &m, NULL), VO_ENOMEM);
        cr_assert_null(m);
        cr_assert_eq(ft.live, 0);
    }
    vo_day_mix_free(NULL);
}
