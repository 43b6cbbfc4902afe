/* test_load_profile.c -- the light forecaster against homes whose next day is known. */
#include "learn/load_profile.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

enum { S = 48, ROOM = 3000 };

typedef struct {
    vo_profile_shape shape;
    float state[ROOM];
    size_t t; /* observed so far; day 0 is a Monday */
} home;

static home *new_home(int32_t kind, size_t slots, bool weekends) {
    home *h = calloc(1, sizeof *h);
    h->shape = (vo_profile_shape){slots, weekends, kind};
    cr_assert_leq(vo_profile_floats(&h->shape), (size_t)ROOM);
    return h;
}

static bool free_day(size_t day) { return day % 7 >= 5; }

static void observe(home *h, double value) {
    const size_t slots = h->shape.slots;
    vo_profile_observe(&h->shape, h->state, h->t % slots, free_day(h->t / slots), value);
    h->t++;
}

static void predict(const home *h, size_t n, float *out) {
    uint16_t slot[1000];
    uint8_t weekend[1000];
    for (size_t i = 0; i < n; i++) {
        slot[i] = (uint16_t)((h->t + i) % h->shape.slots);
        weekend[i] = free_day((h->t + i) / h->shape.slots);
    }
    vo_profile_predict(&h->shape, h->state, slot, weekend, n, out);
}

/* Sun from 6 to 18 o'clock. */
static double sun(size_t slot, size_t slots) {
    const double x = sin(3.14159265358979 * ((double)slot / (double)slots - 0.25) * 2);
    return x > 0 ? x : 0;
}

static double cooking(size_t slot) { return 0.2 + (slot == 14 || slot == 37 ? 1.5 : 0); }

Test(load_profile, one_that_has_seen_nothing_says_0_and_has_no_errors) {
    home *h = new_home(VO_PROFILE_LOAD, S, true), *p = new_home(VO_PROFILE_PV, S, false);
    float out[S];
    predict(h, S, out);
    for (size_t i = 0; i < S; i++) cr_assert_float_eq((double)out[i], 0, 0);
    predict(p, S, out);
    for (size_t i = 0; i < S; i++) cr_assert_float_eq((double)out[i], 0, 0);
    cr_assert_float_eq(vo_profile_spread(&h->shape, h->state, 3, 1), 0, 0);
    cr_assert_float_eq(vo_profile_spread(&p->shape, p->state, 3, 48), 0, 0);
    free(h);
    free(p);
}

Test(load_profile, what_is_the_same_every_day_is_foretold_after_one) {
    static const size_t slots[] = {1, 24, 48, 96, 288};
    for (size_t k = 0; k < sizeof slots / sizeof *slots; k++) {
        home *h = new_home(VO_PROFILE_LOAD, slots[k], true);
        home *p = new_home(VO_PROFILE_PV, slots[k], true);
        float load[288], pv[288];
        for (size_t t = 0; t < 5 * slots[k]; t++) {
            observe(h, cooking(t % slots[k]));
            observe(p, sun(t % slots[k], slots[k]));
            if (h->t < slots[k]) continue;
            predict(h, slots[k], load);
            predict(p, slots[k], pv);
            for (size_t i = 0; i < slots[k]; i++) {
                const size_t at = (h->t + i) % slots[k];
                cr_assert_float_eq((double)load[i], cooking(at), 2e-6);
                cr_assert_float_eq((double)pv[i], sun(at, slots[k]), 2e-6);
            }
        }
        cr_assert_lt(vo_profile_spread(&h->shape, h->state, 0, slots[k]), 1e-5);
        free(h);
        free(p);
    }
}

/* Half of what is usual on working days. */
Test(load_profile, weekends_are_kept_apart_where_that_is_asked_for) {
    home *apart = new_home(VO_PROFILE_LOAD, S, true),
         *one = new_home(VO_PROFILE_LOAD, S, false);
    double wrong[2] = {0};
    for (size_t t = 0; t < 20 * 7 * S; t++) {
        const double y = free_day(t / S) ? 0.4 : 0.8;
        if (t >= 15 * 7 * S && t % S == 0) {
            float out[2][S];
            predict(apart, S, out[0]);
            predict(one, S, out[1]);
            for (size_t i = 0; i < S; i++)
                for (int k = 0; k < 2; k++) wrong[k] += fabs((double)out[k][i] - y);
        }
        observe(apart, y);
        observe(one, y);
    }
    cr_assert_lt(wrong[0], 0.6 * wrong[1], "%g %g", wrong[0], wrong[1]);
    free(apart);
    free(one);
}

/* A house in which something large was switched on an hour ago. */
Test(load_profile, what_differs_now_is_believed_for_a_while_and_then_less) {
    home *h = new_home(VO_PROFILE_LOAD, S, true);
    for (size_t t = 0; t < 10 * S; t++) observe(h, 0.5);
    for (size_t t = 0; t < 2; t++) observe(h, 2.5);
    float out[S];
    predict(h, S, out);
    cr_assert_gt(out[0], 1.2F);
    for (size_t i = 1; i < S - 3; i++) cr_assert_leq(out[i], out[i - 1]);
    cr_assert_lt(out[24], 0.9F);
    cr_assert_gt(out[24], 0.5F);
    free(h);
}

Test(load_profile, a_dull_morning_lowers_the_afternoon_and_no_sun_shines_at_night) {
    home *h = new_home(VO_PROFILE_PV, S, false);
    for (size_t t = 0; t < 10 * S; t++) observe(h, sun(t % S, S));
    for (size_t t = 0; t < 22; t++) observe(h, 0.4 * sun(t % S, S));
    float out[S];
    predict(h, S, out);
    for (size_t i = 0; i < S; i++) {
        const double usual = sun((h->t + i) % S, S), said = (double)out[i];
        cr_assert_leq(said, usual + 1e-6);
        if (usual == 0) cr_assert_lt(said, 1e-12);
    }
    cr_assert_lt((double)out[0], 0.8 * sun(22, S)); /* a quarter of the way to noon */
    cr_assert_gt((double)out[0], 0.4 * sun(22, S));
    cr_assert_gt((double)out[47] / sun(21, S), (double)out[0] / sun(22, S)); /* it fades */
    free(h);
}

/* The first light of a day is a weak witness: 2 % of noon, tripled, triples nothing. */
Test(load_profile, sunrise_alone_does_not_decide_over_the_day) {
    enum { FINE = 288 };
    home *h = new_home(VO_PROFILE_PV, FINE, false);
    for (size_t t = 0; t < 10 * FINE; t++) observe(h, sun(t % FINE, FINE));
    while (h->t % FINE != 73) observe(h, 0);
    observe(h, 3 * sun(73, FINE)); /* the first light */
    float out[FINE / 2];
    predict(h, FINE / 2, out);
    for (size_t i = 0; i < FINE / 2; i++) {
        const double usual = sun((h->t + i) % FINE, FINE);
        cr_assert_float_eq((double)out[i], usual, 0.03 * usual + 1e-9, "%zu: %g of %g", i,
                           (double)out[i], usual);
    }
    free(h);
}

Test(load_profile, the_unit_does_not_matter) {
    home *kwh = new_home(VO_PROFILE_LOAD, S, true), *wh = new_home(VO_PROFILE_LOAD, S, true);
    home *pkwh = new_home(VO_PROFILE_PV, S, true), *pwh = new_home(VO_PROFILE_PV, S, true);
    vo_random r = vo_random_seed(1, 1);
    for (size_t t = 0; t < 20 * S + 17; t++) {
        const double y = vo_random_unit(&r), z = y * sun(t % S, S);
        observe(kwh, y);
        observe(wh, 1024 * y);
        observe(pkwh, z);
        observe(pwh, 1024 * z);
    }
    float a[S], b[S];
    predict(kwh, S, a);
    predict(wh, S, b);
    for (size_t i = 0; i < S; i++) cr_assert_float_eq((double)b[i], 1024 * (double)a[i], 0);
    predict(pkwh, S, a);
    predict(pwh, S, b);
    for (size_t i = 0; i < S; i++)
        cr_assert_float_eq((double)b[i], 1024 * (double)a[i], 1e-4 * (double)b[i] + 1e-9);
    free(kwh);
    free(wh);
    free(pkwh);
    free(pwh);
}

Test(load_profile, a_missing_value_changes_nothing) {
    home *h = new_home(VO_PROFILE_LOAD, S, true);
    vo_random r = vo_random_seed(2, 1);
    for (size_t t = 0; t < 3 * S; t++) observe(h, vo_random_unit(&r));
    float before[ROOM];
    memcpy(before, h->state, sizeof before);
    observe(h, (double)NAN);
    cr_assert_eq(memcmp(before, h->state, sizeof before), 0);
    free(h);
}

Test(load_profile, whatever_is_observed_forecasts_are_finite_and_not_negative) {
    for (int32_t kind = 0; kind < 2; kind++) {
        home *h = new_home(kind, S, true);
        vo_random r = vo_random_seed(3, (uint64_t)kind);
        float out[2 * S];
        for (size_t t = 0; t < 60 * S; t++) {
            const double u = vo_random_unit(&r);
            observe(h, u < 0.3 ? 0 : u < 0.31 ? 1000 : u < 0.35 ? (double)NAN : u);
            predict(h, 2 * S, out);
            for (size_t i = 0; i < 2 * S; i++)
                cr_assert(out[i] >= 0 && out[i] < 1e6F, "%zu: %g", t, (double)out[i]);
            for (size_t lead = 1; lead <= S; lead += 47)
                cr_assert(vo_profile_spread(&h->shape, h->state, t % S, lead) >= 0);
        }
        free(h);
    }
}

/* Noise of a known deviation about a known day: its forecast errs by little more than the noise,
 * and says so. */
Test(load_profile, the_spread_is_the_noise_that_nobody_can_foretell) {
    home *h = new_home(VO_PROFILE_LOAD, S, true);
    vo_random r = vo_random_seed(4, 1);
    const double quiet = 0.02, loud = 0.2; /* before noon, after */
    for (size_t t = 0; t < 120 * S; t++)
        observe(h, 1 + (t % S < 24 ? quiet : loud) * vo_random_normal(&r));
    double sum[2] = {0};
    for (size_t slot = 0; slot < S; slot++)
        sum[slot >= 24] += vo_profile_spread(&h->shape, h->state, slot, 48) / 24;
    cr_assert_float_eq(sum[1], loud, 0.35 * loud, "%g", sum[1]);
    cr_assert_lt(sum[0], 0.35 * sum[1], "%g %g", sum[0], sum[1]);
    free(h);
}

Test(load_profile, a_load_that_carries_on_is_surer_near_than_far) {
    home *h = new_home(VO_PROFILE_LOAD, S, true);
    vo_random r = vo_random_seed(5, 1);
    double level = 0;
    for (size_t t = 0; t < 120 * S; t++) {
        level = 0.9 * level + 0.1 * vo_random_normal(&r);
        observe(h, 2 + level);
    }
    double near = 0, far = 0;
    for (size_t slot = 0; slot < S; slot++) {
        near += vo_profile_spread(&h->shape, h->state, slot, 1);
        far += vo_profile_spread(&h->shape, h->state, slot, 48);
        for (size_t lead = 2; lead <= S; lead++)
            cr_assert_geq(vo_profile_spread(&h->shape, h->state, slot, lead),
                          vo_profile_spread(&h->shape, h->state, slot, lead - 1));
    }
    cr_assert_lt(near, 0.8 * far);
    free(h);
}
