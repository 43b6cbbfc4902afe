/* test_day_ensemble_spread.c -- quantiles of a forecast cover as often as they say, also when
 * errors grow at once, and never cross. */
#include "learn/day_ensemble_spread.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/fault_alloc.h"

enum { H = VO_DAY_HOURS };

static const double level[] = {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99};
enum { L = sizeof level / sizeof level[0] };

static vo_day_spread *made(void) {
    const vo_day_spread_settings set = vo_day_spread_settings_default();
    vo_day_spread *s = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_day_spread_create(&set, NULL, &s, &err), VO_OK, "%s", err.msg);
    return s;
}

/* A forecast; prices around it with errors that depend on the hour, on the disagreement that is
 * told, and on how the times are. Errors have a tail above. */
static void draw(vo_random *r, double times, double *forecast, double *apart, double *real) {
    const double quarrel = 0.5 + vo_random_unit(r);
    for (int h = 0; h < H; h++) {
        const double z = vo_random_normal(r);
        forecast[h] = 40 + 10 * sin(h / 4.0) + 3 * vo_random_normal(r);
        apart[h] = quarrel * (1 + h / 12.0);
        real[h] = forecast[h] + times * apart[h] * (z > 0 ? 1.5 * z : z);
    }
}

Test(day_ensemble_spread, shares_below_each_level_are_the_level) {
    vo_day_spread *s = made();
    vo_random r = vo_random_seed(1, 0);
    double f[H], apart[H], real[H], q[H * L], below[L] = {0};
    const int days = 700, warm = 60;
    for (int day = 0; day < days; day++) {
        draw(&r, 1, f, apart, real);
        vo_day_spread_say(s, f, apart);
        vo_day_spread_quantiles(s, level, L, q);
        for (int i = 0; day >= warm && i < H * L; i++) below[i % L] += real[i / L] <= q[i];
        vo_day_spread_observe(s, real);
    }
    for (int k = 0; k < L; k++) {
        const double share = below[k] / ((days - warm) * (double)H);
        const double sd = sqrt(level[k] * (1 - level[k]) / ((days - warm) * (double)H));
        /* tracking costs a little where hours are independent: a point, beside four deviations */
        cr_assert_float_eq(share, level[k], 4 * sd + 0.01, "%g: %g", level[k], share);
    }
    vo_day_spread_free(s);
}

/* From one day to the next errors are three times as large: within the first month nine tenths
 * of the way is made; a static interval would hold 42 % (normal errors). */
Test(day_ensemble_spread, a_shift_of_volatility_is_followed_within_days) {
    vo_day_spread *s = made();
    vo_random r = vo_random_seed(2, 0);
    double f[H], apart[H], real[H], q[2 * H];
    const double ends[] = {0.05, 0.95};
    double first = 0, later = 0;
    for (int day = 0; day < 460; day++) {
        draw(&r, day < 400 ? 1 : 3, f, apart, real);
        vo_day_spread_say(s, f, apart);
        vo_day_spread_quantiles(s, ends, 2, q);
        for (int h = 0; h < H; h++) {
            const bool held = real[h] >= q[2 * h] && real[h] <= q[2 * h + 1];
            if (day >= 400 && day < 430) first += held / (30.0 * H);
            if (day >= 430) later += held / (30.0 * H);
        }
        vo_day_spread_observe(s, real);
    }
    cr_assert_gt(first, 0.8, "%g", first);
    cr_assert_float_eq(later, 0.9, 0.03, "%g", later);
    vo_day_spread_free(s);
}

Test(day_ensemble_spread, quantiles_never_cross) {
    double fine[99];
    for (int i = 0; i < 99; i++) fine[i] = (i + 1) / 100.0;
    vo_day_spread *s = made();
    vo_random r = vo_random_seed(3, 0);
    double f[H], apart[H], real[H], q[H * 99];
    for (int day = 0; day < 50; day++) {
        draw(&r, day % 5 == 0 ? 10 : 0.1, f, apart, real); /* trackers of all levels are torn */
        vo_day_spread_say(s, f, apart);
        vo_day_spread_quantiles(s, fine, 99, q);
        for (int i = 0; day > 0 && i < H * 99; i++)
            if (i % 99) cr_assert_geq(q[i], q[i - 1]);
        vo_day_spread_observe(s, real);
    }
    vo_day_spread_free(s);
}

/* In cents instead of euros, and with prices a thousand higher, intervals are as wide. */
Test(day_ensemble_spread, units_and_levels_of_price_make_no_difference) {
    vo_day_spread *a = made(), *b = made();
    vo_random r = vo_random_seed(4, 0);
    double f[H], apart[H], real[H], q[H * L], p[H * L];
    for (int day = 0; day < 60; day++) {
        draw(&r, 1, f, apart, real);
        vo_day_spread_say(a, f, apart);
        vo_day_spread_quantiles(a, level, L, q);
        vo_day_spread_observe(a, real);
        for (int h = 0; h < H; h++) {
            f[h] = 100 * f[h] + 1000;
            real[h] = 100 * real[h] + 1000;
            apart[h] *= 100;
        }
        vo_day_spread_say(b, f, apart);
        vo_day_spread_quantiles(b, level, L, p);
        vo_day_spread_observe(b, real);
        for (int i = 0; day > 0 && i < H * L; i++)
            cr_assert_float_eq(p[i], 100 * q[i] + 1000, 1e-6 * fabs(p[i]));
    }
    vo_day_spread_free(a);
    vo_day_spread_free(b);
}

Test(day_ensemble_spread, hours_that_are_not_known_teach_nothing) {
    vo_day_spread *a = made();
    vo_random r = vo_random_seed(5, 0);
    double f[H], apart[H], real[H], q[H * L];
    vo_day_spread_quantiles(a, level, L, q);
    for (int i = 0; i < H * L; i++) cr_assert(isnan(q[i]));
    for (int day = 0; day < 40; day++) {
        draw(&r, 1, f, apart, real);
        if (day % 4 == 0) real[day % H] = (double)NAN;
        if (day % 6 == 0) f[(day + 3) % H] = (double)NAN;
        if (day == 20)
            for (int h = 0; h < H; h++) real[h] = (double)NAN;
        vo_day_spread_say(a, f, apart);
        vo_day_spread_quantiles(a, level, L, q);
        for (int i = 0; day > 0 && i < H * L; i++)
            cr_assert_eq(isnan(q[i]), isnan(f[i / L]), "day %d", day);
        vo_day_spread_observe(a, real);
    }
    vo_day_spread_free(a);
}

Test(day_ensemble_spread, saved_and_loaded_it_continues_with_the_same_bits) {
    vo_day_spread *a = made(), *b = made();
    vo_random r = vo_random_seed(6, 0);
    double f[H], apart[H], real[H], q[H * L], p[H * L];
    for (int day = 0; day < 50; day++) {
        draw(&r, 1, f, apart, real);
        if (day == 9) real[3] = (double)NAN;
        vo_day_spread_say(a, f, apart);
        vo_day_spread_observe(a, real);
    }
    draw(&r, 1, f, apart, real);
    f[7] = (double)NAN;
    vo_day_spread_say(a, f, apart);
    vo_artefact_out *w = NULL;
    vo_artefact *in = NULL;
    void *bytes = NULL;
    size_t len = 0;
    vo_error err = {0};
    cr_assert_eq(vo_artefact_out_create("TEST", 1, &w, &err), VO_OK);
    cr_assert_eq(vo_day_spread_save(a, w, &err), VO_OK);
    cr_assert_eq(vo_artefact_out_take(w, &bytes, &len, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_artefact_open(bytes, len, "TEST", 1, "t", &in, &err), VO_OK);
    cr_assert_eq(vo_day_spread_load(b, in, &err), VO_OK, "%s", err.msg);
    for (int day = 0; day < 30; day++) {
        vo_day_spread_quantiles(a, level, L, q);
        vo_day_spread_quantiles(b, level, L, p);
        cr_assert_eq(memcmp(q, p, sizeof q), 0);
        vo_day_spread_observe(a, real);
        vo_day_spread_observe(b, real);
        draw(&r, 2, f, apart, real);
        vo_day_spread_say(a, f, apart);
        vo_day_spread_say(b, f, apart);
    }
    vo_artefact_close(in);
    vo_artefact_out_free(w);
    free(bytes);
    vo_day_spread_free(a);
    vo_day_spread_free(b);
}

Test(day_ensemble_spread, settings_and_memory_are_refused_in_words) {
    vo_day_spread_settings bad = vo_day_spread_settings_default();
    vo_day_spread *s = NULL;
    vo_error err = {0};
    bad.window_days = 2;
    cr_assert_eq(vo_day_spread_create(&bad, NULL, &s, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "window_days"));
    bad = vo_day_spread_settings_default();
    bad.keep = (double)NAN;
    cr_assert_eq(vo_day_spread_create(&bad, NULL, &s, &err), VO_EINVAL);
    bad = vo_day_spread_settings_default();
    for (int budget = 0; budget < 2; budget++) {
        fault ft = {.left = budget};
        const vo_alloc alloc = fault_alloc(&ft);
        cr_assert_eq(vo_day_spread_create(&bad, &alloc, &s, NULL), VO_ENOMEM);
        cr_assert_eq(ft.live, 0);
    }
    cr_assert_null(s);
    vo_day_spread_free(NULL);
}
