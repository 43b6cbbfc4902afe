/* test_forecaster_load_gbt.c -- the forecaster load_gbt keeps the promises of forecaster.h. */
#include "learn/forecaster_load_gbt.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/local_hours.h"

enum { S = 24, DAYS = 50, FIT = 40 * S };

static vo_series *home(uint64_t seed) {
    vo_series *s = local_hours("Europe/Paris", 2024, 3, 1, DAYS, NULL);
    vo_random r = vo_random_seed(seed, 1);
    snprintf(s->column[0].name, sizeof s->column[0].name, "load");
    for (size_t t = 0; t < s->n; t++)
        s->column[0].value[t] = 0.4 + 0.05 * vo_random_unit(&r) +
                                (t % S > 17 ? 1.2 : 0) * (vo_random_unit(&r) < 0.7 ? 1 : 0.2);
    return s;
}

static vo_forecaster *make(const char *spec, const vo_series *s, const vo_learning *world) {
    vo_forecaster *f = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_forecaster_create(spec, s, world, &f, &err), VO_OK, "%s", err.msg);
    return f;
}

static void fit(vo_forecaster *f, const vo_series *s, size_t until) {
    vo_error err = {0};
    cr_assert_eq(vo_forecaster_fit(f, s->column[0].value, until, &err), VO_OK, "%s", err.msg);
}

static void predict(vo_forecaster *f, const double *history, size_t known, double out[S]) {
    size_t filled = 0;
    vo_error err = {0};
    cr_assert_eq(vo_forecaster_predict(f, history, known, known, known + S, out, &filled, &err),
                 VO_OK, "%s", err.msg);
}

Test(forecaster_load_gbt, it_reads_nothing_to_come_when_fitting_and_when_asked) {
    vo_series *s = home(1);
    double *poisoned = malloc(s->n * sizeof *poisoned), a[S], b[S];
    memcpy(poisoned, s->column[0].value, s->n * sizeof *poisoned);
    for (size_t t = FIT; t < s->n; t++) poisoned[t] = 1e7;
    vo_forecaster *f = make("load_gbt", s, NULL), *g = make("load_gbt", s, NULL);
    cr_assert(vo_forecaster_learns("load_gbt") && vo_forecaster_can_fit(f));
    fit(f, s, FIT);
    cr_assert_eq(vo_forecaster_fit(g, poisoned, FIT, NULL), VO_OK);
    for (size_t known = FIT - 3 * S; known <= FIT; known += 5) {
        predict(f, s->column[0].value, known, a);
        predict(g, poisoned, known, b);
        cr_assert_eq(memcmp(a, b, sizeof a), 0);
    }
    vo_forecaster_free(f);
    vo_forecaster_free(g);
    free(poisoned);
    vo_series_free(s);
}

Test(forecaster_load_gbt, through_its_bytes_it_says_the_same) {
    vo_series *s = home(2);
    vo_forecaster *f = make("load_gbt", s, NULL), *g = make("load_gbt", s, NULL);
    void *bytes = NULL;
    size_t len = 0;
    double a[S], b[S];
    char name[VO_FORECASTER_NAME];
    vo_error err = {0};
    cr_assert_eq(vo_forecaster_to_bytes(f, &bytes, &len, &err), VO_EINVAL);
    fit(f, s, FIT);
    cr_assert_eq(vo_forecaster_to_bytes(f, &bytes, &len, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_forecaster_name_in(bytes, len, "x", name, &err), VO_OK);
    cr_assert_str_eq(name, "load_gbt");
    cr_assert_eq(vo_forecaster_from_bytes(g, bytes, len, "x", &err), VO_OK, "%s", err.msg);
    for (size_t known = FIT; known + S <= s->n; known += 7) {
        predict(f, s->column[0].value, known, a);
        predict(g, s->column[0].value, known, b);
        cr_assert_eq(memcmp(a, b, sizeof a), 0);
    }
    for (size_t cut = 1; cut < len; cut += 1 + len / 50)
        cr_assert_neq(vo_forecaster_from_bytes(g, bytes, cut, "x", NULL), VO_OK);
    free(bytes);
    vo_forecaster_free(f);
    vo_forecaster_free(g);
    vo_series_free(s);
}

Test(forecaster_load_gbt, quantiles_hold_its_forecast_between_them) {
    vo_series *s = home(3);
    vo_forecaster *f = make("load_gbt", s, NULL);
    const double level[] = {0.05, 0.5, 0.95};
    double said[S], q[S][3];
    size_t between = 0, inside = 0, n = 0;
    fit(f, s, FIT);
    for (size_t known = FIT; known + S <= s->n; known += 5) {
        predict(f, s->column[0].value, known, said);
        cr_assert_eq(vo_forecaster_quantiles(f, s->column[0].value, known, known, known + S,
                                             level, 3, q[0], NULL),
                     VO_OK);
        for (size_t i = 0; i < S; i++) {
            cr_assert(0 <= q[i][0] && q[i][0] <= q[i][1] && q[i][1] <= q[i][2]);
            between += q[i][0] <= said[i] && said[i] <= q[i][2];
            inside += q[i][0] <= s->column[0].value[known + i] &&
                      s->column[0].value[known + i] <= q[i][2];
            n++;
        }
    }
    cr_assert_gt(between, n * 9 / 10);
    cr_assert_gt(inside, n * 8 / 10, "%zu of %zu", inside, n);
    vo_forecaster_free(f);
    vo_series_free(s);
}

/* A load that doubles its evenings after the fit: who refits has learned it. */
Test(forecaster_load_gbt, it_fits_itself_again_when_the_world_says_so) {
    vo_series *s = home(4);
    const vo_learning never = {.alloc = &vo_alloc_libc},
                      weekly = {.alloc = &vo_alloc_libc, .recalibrate_days = 7};
    vo_forecaster *f = make("load_gbt", s, &never), *g = make("load_gbt", s, &weekly);
    double a[S], b[S];
    fit(f, s, FIT);
    fit(g, s, FIT);
    const vo_load_model *first = vo_forecaster_load_gbt_model(g);
    predict(f, s->column[0].value, FIT + 2 * S, a);
    predict(g, s->column[0].value, FIT + 2 * S, b);
    cr_assert_eq(memcmp(a, b, sizeof a), 0);
    const size_t rows = vo_load_model_score(first).rows;
    predict(g, s->column[0].value, FIT + 8 * S, b);
    cr_assert_gt(vo_load_model_score(vo_forecaster_load_gbt_model(g)).rows, rows);
    predict(f, s->column[0].value, FIT + 8 * S, a);
    cr_assert_eq(vo_load_model_score(vo_forecaster_load_gbt_model(f)).rows, rows);
    cr_assert_neq(memcmp(a, b, sizeof a), 0);
    vo_forecaster_free(f);
    vo_forecaster_free(g);
    vo_series_free(s);
}

Test(forecaster_load_gbt, a_model_that_is_lent_is_used_and_outlives_who_borrowed_it) {
    vo_series *s = home(5), *t = home(6);
    const vo_load_history both[] = {{s, s->column[0].value, FIT}, {t, t->column[0].value, FIT}};
    const vo_load_settings settings = vo_load_settings_default();
    vo_load_model *m = NULL;
    vo_load_eye e = {0};
    double out[S];
    cr_assert_eq(vo_load_model_train(both, 2, &settings, NULL, &m, NULL), VO_OK);
    vo_forecaster *f = make("load_gbt", s, NULL);
    fit(f, s, FIT); /* what it had of its own is let go */
    cr_assert_eq(vo_forecaster_load_gbt_use(f, m, NULL), VO_OK);
    cr_assert_eq(vo_forecaster_load_gbt_model(f), m);
    predict(f, s->column[0].value, FIT, out);
    vo_forecaster_free(f);
    cr_assert_eq(vo_load_eye_init(&e, s, &vo_alloc_libc, NULL), VO_OK);
    vo_load_eye_to(&e, s->column[0].value, FIT, S);
    for (size_t i = 0; i < S; i++)
        cr_assert_float_eq(out[i], vo_load_model_predict(m, &e, FIT + i), 0);
    vo_load_eye_fini(&e);
    vo_load_model_free(m);
    vo_series_free(s);
    vo_series_free(t);
}
