/* test_load_model.c -- boosted models of loads: they find what the light forecaster cannot, cover as
 * often as they say, never look ahead, and come back from their bytes as they were. */
#include "learn/load_model.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/fault_alloc.h"
#include "support/local_hours.h"

enum { DAYS = 150, HOMES = 3, S = 24 };

/* Homes that heat by the weather: a temperature of its own every day, known ahead, and noise. */
static vo_series *heated(uint64_t home, double size, const char *name) {
    vo_series *s = local_hours("UTC", 2024, 1, 1, DAYS, "temperature_forecast_c");
    vo_random sky = vo_random_seed(5, 1), own = vo_random_seed(5, 100 + home);
    snprintf(s->column[0].name, sizeof s->column[0].name, "%s", name);
    double day = 10;
    for (size_t t = 0; t < s->n; t++) {
        if (t % S == 0) day = vo_random_between(&sky, -5, 20);
        const double cold = fmax(0, 15 - day) / 15;
        s->column[1].value[t] = day;
        s->column[0].value[t] = size * (0.3 + (t % S >= 6 && t % S < 22 ? 1.5 * cold : 0) +
                                        0.1 * vo_random_unit(&own));
    }
    return s;
}

typedef struct {
    vo_series *s[HOMES];
    vo_load_history home[HOMES];
} village;

static village make(size_t until) {
    village v;
    for (size_t i = 0; i < HOMES; i++) {
        v.s[i] = heated(i, 0.5 + (double)i, "load");
        v.home[i] = (vo_load_history){v.s[i], v.s[i]->column[0].value, until};
    }
    return v;
}

static void done(village *v) {
    for (size_t i = 0; i < HOMES; i++) vo_series_free(v->s[i]);
}

static vo_load_model *train(const village *v, const vo_learning *world) {
    const vo_load_settings s = vo_load_settings_default();
    vo_load_model *m = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_load_model_train(v->home, HOMES, &s, world, &m, &err), VO_OK, "%s",
                 err.msg);
    return m;
}

Test(load_model, it_learns_from_all_homes_what_the_weather_does_to_them) {
    const size_t until = 45 * S;
    village v = make(until);
    vo_load_model *m = train(&v, NULL);
    double ours = 0, profile = 0;
    for (size_t i = 0; i < HOMES; i++) {
        vo_load_eye e = {0};
        cr_assert_eq(vo_load_eye_init(&e, v.s[i], &vo_alloc_libc, NULL), VO_OK);
        for (size_t t = until; t + S <= 60 * S; t += 5) {
            vo_load_eye_to(&e, v.home[i].value, t, S);
            for (size_t k = 0; k < S; k++) {
                const double y = v.home[i].value[t + k];
                ours += fabs(vo_load_model_predict(m, &e, t + k) - y) / e.scale;
                profile += fabs(vo_load_eye_profile(&e, t + k) - y) / e.scale;
            }
        }
        vo_load_eye_fini(&e);
    }
    cr_assert_lt(ours, 0.6 * profile, "%g %g", ours, profile);
    const vo_load_score score = vo_load_model_score(m);
    cr_assert_lt(score.mae, score.profile_mae);
    double gain[VO_LOAD_FEATURES];
    vo_load_model_importance(m, gain);
    size_t best = 0;
    for (size_t j = 0; j < VO_LOAD_FEATURES; j++)
        if (gain[j] > gain[best]) best = j;
    cr_assert(best == VO_LOAD_temperature || best == VO_LOAD_warmer, "%s",
              vo_load_feature_name(best));
    vo_load_model_free(m);
    done(&v);
}

Test(load_model, quantiles_ascend_and_cover_about_as_often_as_they_say) {
    const size_t until = 110 * S;
    village v = make(until);
    vo_load_model *m = train(&v, NULL);
    size_t n = 0, below10 = 0, below90 = 0;
    for (size_t i = 0; i < HOMES; i++) {
        vo_load_eye e = {0};
        cr_assert_eq(vo_load_eye_init(&e, v.s[i], &vo_alloc_libc, NULL), VO_OK);
        for (size_t t = until; t + S <= v.s[i]->n; t += 3) {
            vo_load_eye_to(&e, v.home[i].value, t, S);
            for (size_t k = 0; k < S; k++) {
                const double y = v.home[i].value[t + k];
                const double said = vo_load_model_predict(m, &e, t + k);
                double last = 0;
                for (double p = 0.005; p < 1; p += 0.045) {
                    const double q = vo_load_model_quantile(m, &e, t + k, said, p);
                    cr_assert_geq(q, last);
                    last = q;
                }
                below10 += y < vo_load_model_quantile(m, &e, t + k, said, 0.1);
                below90 += y < vo_load_model_quantile(m, &e, t + k, said, 0.9);
                n++;
            }
        }
        vo_load_eye_fini(&e);
    }
    cr_assert_float_eq((double)below10 / (double)n, 0.1, 0.09, "%zu of %zu", below10, n);
    cr_assert_float_eq((double)below90 / (double)n, 0.9, 0.09, "%zu of %zu", below90, n);
    vo_load_model_free(m);
    done(&v);
}

static void bytes_of(const vo_load_model *m, void **bytes, size_t *len) {
    vo_artefact_out *w = NULL;
    cr_assert_eq(vo_artefact_out_create("LOADTEST", 1, &w, NULL), VO_OK);
    vo_load_model_save(m, w);
    cr_assert_eq(vo_artefact_out_take(w, bytes, len, NULL), VO_OK);
    vo_artefact_out_free(w);
}

/* What comes at or after `until` and `known`, poisoned. */
Test(load_model, what_is_to_come_changes_neither_model_nor_forecast) {
    const size_t until = 40 * S;
    village v = make(until), w = make(until);
    for (size_t i = 0; i < HOMES; i++)
        for (size_t t = until; t < w.s[i]->n; t++) w.s[i]->column[0].value[t] = 1e6;
    vo_load_model *a = train(&v, NULL), *b = train(&w, NULL);
    void *bytes[2];
    size_t len[2];
    bytes_of(a, &bytes[0], &len[0]);
    bytes_of(b, &bytes[1], &len[1]);
    cr_assert(len[0] == len[1] && memcmp(bytes[0], bytes[1], len[0]) == 0);
    free(bytes[0]);
    free(bytes[1]);
    vo_load_eye e = {0}, f = {0};
    cr_assert_eq(vo_load_eye_init(&e, v.s[1], &vo_alloc_libc, NULL), VO_OK);
    cr_assert_eq(vo_load_eye_init(&f, w.s[1], &vo_alloc_libc, NULL), VO_OK);
    for (size_t t = 20 * S; t <= until; t += 7) {
        vo_load_eye_to(&e, v.home[1].value, t, S);
        vo_load_eye_to(&f, w.home[1].value, t, S);
        for (size_t k = 0; k < S; k++)
            cr_assert_float_eq(vo_load_model_predict(a, &e, t + k),
                               vo_load_model_predict(b, &f, t + k), 0);
    }
    vo_load_eye_fini(&e);
    vo_load_eye_fini(&f);
    vo_load_model_free(a);
    vo_load_model_free(b);
    done(&v);
    done(&w);
}

Test(load_model, same_histories_and_seed_give_the_same_bytes_and_threads_do_not_matter) {
    village v = make(30 * S);
    const vo_learning one = {.seed = 9, .threads = 1}, four = {.seed = 9, .threads = 4};
    const vo_learning other = {.seed = 10};
    vo_load_model *m[3] = {train(&v, &one), train(&v, &four), train(&v, &other)};
    void *bytes[3];
    size_t len[3];
    for (int k = 0; k < 3; k++) bytes_of(m[k], &bytes[k], &len[k]);
    cr_assert_eq(len[0], len[1]);
    cr_assert_eq(memcmp(bytes[0], bytes[1], len[0]), 0);
    cr_assert(len[2] != len[0] || memcmp(bytes[0], bytes[2], len[0]) != 0);
    for (int k = 0; k < 3; k++) {
        free(bytes[k]);
        vo_load_model_free(m[k]);
    }
    done(&v);
}

Test(load_model, saved_and_loaded_it_says_the_same_and_a_cut_one_is_refused) {
    village v = make(30 * S);
    vo_load_model *m = train(&v, NULL), *back = NULL;
    vo_artefact *in = NULL;
    vo_load_eye e = {0};
    void *bytes = NULL;
    size_t len = 0;
    vo_error err = {0};
    bytes_of(m, &bytes, &len);
    cr_assert_eq(vo_artefact_open(bytes, len, "LOADTEST", 1, "x", &in, &err), VO_OK);
    cr_assert_eq(vo_load_model_load(in, NULL, &back, &err), VO_OK, "%s", err.msg);
    vo_artefact_close(in);
    cr_assert_eq(vo_load_eye_init(&e, v.s[0], &vo_alloc_libc, NULL), VO_OK);
    vo_load_eye_to(&e, v.home[0].value, 30 * S, 2 * S);
    for (size_t t = 30 * S; t < 32 * S; t++) {
        const double said = vo_load_model_predict(m, &e, t);
        cr_assert_float_eq(vo_load_model_predict(back, &e, t), said, 0);
        cr_assert_float_eq(vo_load_model_quantile(back, &e, t, said, 0.2),
                           vo_load_model_quantile(m, &e, t, said, 0.2), 0);
    }
    vo_load_eye_fini(&e);
    cr_assert_neq(vo_artefact_open(bytes, len - 9, "LOADTEST", 1, "x", &in, &err), VO_OK);
    free(bytes);
    vo_load_model_free(m);
    vo_load_model_free(back);
    vo_load_model_free(NULL);
    done(&v);
}

Test(load_model, too_little_history_and_mixed_steps_are_refused_in_words) {
    village v = make(6 * S);
    const vo_load_settings s = vo_load_settings_default();
    vo_load_model *m = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_load_model_train(v.home, HOMES, &s, NULL, &m, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "6 days") && strstr(err.msg, "7 days"), "%s", err.msg);
    for (size_t t = 0; t < v.s[1]->n; t++) v.s[1]->dt_h[t] = 0.5;
    for (size_t i = 0; i < HOMES; i++) v.home[i].until = 40 * S;
    cr_assert_eq(vo_load_model_train(v.home, HOMES, &s, NULL, &m, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "home 1"), "%s", err.msg);
    cr_assert_null(m);
    done(&v);
}

Test(load_model, of_loads_it_is_not_used_for_pv_or_for_another_step) {
    village v = make(30 * S);
    vo_load_model *m = train(&v, NULL);
    vo_series *pv = heated(0, 1, "pv");
    vo_error err = {0};
    cr_assert_eq(vo_load_model_fits(m, v.s[2], &err), VO_OK);
    cr_assert_eq(vo_load_model_fits(m, pv, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "pv"), "%s", err.msg);
    v.s[2]->dt_h[0] = 0.5;
    cr_assert_eq(vo_load_model_fits(m, v.s[2], &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "0.5 h"), "%s", err.msg);
    vo_series_free(pv);
    vo_load_model_free(m);
    done(&v);
}

static bool refuse(void *ctx, const char *phase, double fraction, double loss) {
    (void)ctx;
    (void)phase;
    (void)fraction;
    (void)loss;
    return false;
}

Test(load_model, training_can_be_stopped) {
    village v = make(30 * S);
    const vo_load_settings s = vo_load_settings_default();
    const vo_learning world = {.progress = refuse};
    vo_load_model *m = NULL;
    cr_assert_eq(vo_load_model_train(v.home, HOMES, &s, &world, &m, NULL), VO_ECANCELED);
    cr_assert_null(m);
    done(&v);
}

Test(load_model, out_of_memory_leaks_nothing) {
    village v = make(12 * S);
    vo_load_settings s = vo_load_settings_default();
    s.trees.trees = 2;
    s.max_rows = 1500;
    for (long budget = 0;; budget++) {
        fault ft = {.left = budget};
        const vo_alloc alloc = fault_alloc(&ft);
        const vo_learning world = {.alloc = &alloc};
        vo_load_model *m = NULL;
        const vo_status st = vo_load_model_train(v.home, HOMES, &s, &world, &m, NULL);
        vo_load_model_free(m);
        cr_assert_eq(ft.live, 0);
        if (st == VO_OK) break;
        cr_assert_eq(st, VO_ENOMEM, "%d", (int)st);
        cr_assert_lt(budget, 400);
    }
    done(&v);
}
