/* test_profile_track.c -- the light forecaster along a series: by the wall clock, from the history
 * alone. */
#include "learn/profile_track.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/zone.h"
#include "learn/forecaster.h"
#include "support/fault_alloc.h"
#include "support/local_hours.h"

/* 10 plus the wall hour, the same every day. */
static void by_wall_clock(vo_series *s) {
    vo_zone *z = NULL;
    cr_assert_eq(vo_zone_open(s->zone, &z, NULL), VO_OK);
    for (size_t t = 0; t < s->n; t++) {
        const int64_t local = s->start[t].s + vo_zone_offset(z, s->start[t].s);
        s->column[0].value[t] = 10 + (double)(local % 86400 / 3600);
    }
    vo_zone_close(z);
}

/* Paris: 2016-03-27 has 23 hours, 2016-10-30 25. */
Test(profile_track, days_of_23_and_25_hours_shift_nothing) {
    static const int begin[2][2] = {{3, 20}, {10, 23}};
    for (int k = 0; k < 2; k++) {
        vo_series *s = local_hours("Europe/Paris", 2016, begin[k][0], begin[k][1], 12, NULL);
        vo_profile_track p = {0};
        float out[48];
        by_wall_clock(s);
        cr_assert_eq(vo_profile_track_init(&p, s, VO_PROFILE_SIGNED, &vo_alloc_libc, NULL),
                     VO_OK);
        for (size_t known = 24; known + 48 <= s->n; known++) {
            vo_profile_track_to(&p, s->column[0].value, known);
            vo_profile_track_predict(&p, 48, out);
            for (size_t i = 0; i < 48; i++)
                cr_assert_float_eq((double)out[i], s->column[0].value[known + i], 1e-4,
                                   "%zu + %zu", known, i);
        }
        vo_profile_track_fini(&p);
        vo_series_free(s);
    }
}

Test(profile_track, where_it_stands_depends_on_the_history_alone) {
    vo_series *s = local_hours("Europe/Paris", 2016, 3, 20, 20, NULL);
    double *other = malloc(s->n * sizeof *other);
    for (size_t t = 0; t < s->n; t++) {
        s->column[0].value[t] = (double)(t * 7919 % 101) - 40;
        other[t] = s->column[0].value[t] + (t < 10 ? 30 : 0); /* ends alike */
    }
    vo_profile_track a = {0}, b = {0};
    float x[24], y[24];
    cr_assert_eq(vo_profile_track_init(&a, s, VO_PROFILE_SIGNED, &vo_alloc_libc, NULL), VO_OK);
    cr_assert_eq(vo_profile_track_init(&b, s, VO_PROFILE_SIGNED, &vo_alloc_libc, NULL), VO_OK);
    for (size_t k = 0; k < 60; k++) { /* back and forth, and through another history */
        const size_t known = k * 37 % (s->n - 24);
        vo_profile_track_to(&a, other, k * 11 % (s->n - 24));
        vo_profile_track_to(&a, s->column[0].value, known);
        vo_profile_track_predict(&a, 24, x);
        vo_profile_track_to(&b, s->column[0].value, 0);
        vo_profile_track_to(&b, s->column[0].value, known);
        vo_profile_track_predict(&b, 24, y);
        cr_assert_eq(memcmp(x, y, sizeof x), 0, "at %zu", known);
        cr_assert_eq(vo_profile_track_knows(&a), known > 0);
    }
    vo_profile_track_fini(&a);
    vo_profile_track_fini(&b);
    free(other);
    vo_series_free(s);
}

Test(profile_track, uneven_steps_are_refused_with_the_interval) {
    vo_series *s = local_hours("UTC", 2016, 2, 1, 3, NULL);
    vo_profile_track p = {0};
    vo_error err = {0};
    s->dt_h[17] = 0.5;
    cr_assert_eq(vo_profile_track_init(&p, s, VO_PROFILE_LOAD, &vo_alloc_libc, &err),
                 VO_EINVAL);
    cr_assert(strstr(err.msg, "interval 17") && strstr(err.msg, "0.5"), "%s", err.msg);
    for (size_t t = 0; t < s->n; t++) s->dt_h[t] = 0.7;
    cr_assert_eq(vo_profile_track_init(&p, s, VO_PROFILE_LOAD, &vo_alloc_libc, &err),
                 VO_EINVAL);
    cr_assert(strstr(err.msg, "42 min"), "%s", err.msg);
    vo_profile_track_fini(&p);
    vo_series_free(s);
}

Test(profile_track, out_of_memory_leaks_nothing) {
    vo_series *s = local_hours("UTC", 2016, 2, 1, 3, NULL);
    for (long budget = 0;; budget++) {
        fault ft = {.left = budget};
        const vo_alloc alloc = fault_alloc(&ft);
        vo_profile_track p = {0};
        const vo_status st = vo_profile_track_init(&p, s, VO_PROFILE_LOAD, &alloc, NULL);
        vo_profile_track_fini(&p);
        cr_assert_eq(ft.live, 0);
        if (st == VO_OK) break;
        cr_assert_eq(st, VO_ENOMEM);
        cr_assert_lt(budget, 20);
    }
    vo_series_free(s);
}

/* Behind the seam: a price may be negative, a load not. */
Test(profile_track, the_forecaster_takes_the_sign_from_the_name_of_the_series) {
    static const char *const names[] = {"price", "load", "pv"};
    for (int k = 0; k < 3; k++) {
        vo_series *s = local_hours("UTC", 2016, 2, 1, 6, NULL);
        vo_forecaster *f = NULL;
        double out[24];
        size_t filled = 0;
        snprintf(s->column[0].name, sizeof s->column[0].name, "%s", names[k]);
        for (size_t t = 0; t < s->n; t++) s->column[0].value[t] = t < 100 ? 2 : -2;
        if (k > 0)
            for (size_t t = 100; t < s->n; t++) s->column[0].value[t] = 0;
        cr_assert_eq(vo_forecaster_create("profile", s, NULL, &f, NULL), VO_OK);
        cr_assert_eq(
            vo_forecaster_predict(f, s->column[0].value, 120, 120, 144, out, &filled, NULL),
            VO_OK);
        for (size_t i = 0; i < 24; i++) {
            if (k == 0) cr_assert_lt(out[0], 0);
            if (k > 0) cr_assert_geq(out[i], 0);
        }
        cr_assert_eq(vo_forecaster_predict(f, s->column[0].value, 0, 0, 24, out, &filled, NULL),
                     VO_OK);
        cr_assert(isnan(out[0]), "nothing is known yet");
        vo_forecaster_free(f);
        vo_series_free(s);
    }
}
