/* test_home_forecast_seam.c -- forecasters of the seam for homes: one model for all of them, PV and
 * homes without any, models by name. */
#include "community/home_forecast_seam.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "community/home_forecast.h"
#include "learn/forecaster_load_gbt.h"
#include "support/village.h"

enum { S = 48, HOMES = 3, HISTORY = 14, DAYS = 30, N = 48 };

static village *make(void) {
    village *v = calloc(1, sizeof *v);
    village_make(v, 8, HOMES, DAYS, HISTORY, 0.5);
    return v;
}

static void done(village *v) {
    village_free(v);
    free(v);
}

static void observe(vo_forecast_seam *s, const village *v, size_t from, size_t to) {
    for (uint32_t i = 0; i < HOMES; i++)
        for (size_t t = from; t < to; t++)
            vo_forecast_seam_observe(s, i, t, (double)v->load[i * v->steps + t],
                                     (double)v->pv[i * v->steps + t]);
}

static void ask(vo_forecast_seam *s, uint32_t home, size_t t, float *load, float *pv) {
    vo_error err = {0};
    for (size_t i = 0; i < N; i++) load[i] = pv[i] = -7; /* what was there before */
    cr_assert_eq(vo_forecast_seam_predict(s, home, t, N, load, pv, &err), VO_OK, "%s", err.msg);
}

Test(home_forecast_seam, a_learner_says_nothing_before_it_is_fitted_and_never_of_pv) {
    village *v = make();
    vo_forecast_seam *s = NULL;
    float load[N], pv[N];
    const size_t t = HISTORY * S;
    cr_assert_eq(vo_forecast_seam_create("load_gbt", &v->h, N, NULL, &s, NULL), VO_OK);
    observe(s, v, 0, t);
    cr_assert_eq(vo_forecast_seam_new_day(s, 3 * S, NULL), VO_OK); /* history: not yet */
    ask(s, 0, t, load, pv);
    for (size_t i = 0; i < N; i++) cr_assert_float_eq((double)load[i] + (double)pv[i], -14, 0);
    cr_assert_eq(vo_forecast_seam_new_day(s, t, NULL), VO_OK);
    ask(s, 0, t, load, pv);
    for (size_t i = 0; i < N; i++) {
        cr_assert_geq((double)load[i], 0);
        cr_assert_float_eq((double)pv[i], -7, 0);
    }
    vo_forecast_seam_free(s);
    done(v);
}

/* What the first home will do differs only in what the others did. */
Test(home_forecast_seam, homes_learn_from_one_another) {
    village *v = make(), *w = make();
    for (size_t k = w->steps; k < HOMES * w->steps; k++) w->load[k] = 0.3F;
    vo_forecast_seam *a = NULL, *b = NULL;
    float x[N], y[N], pv[N];
    const size_t t = HISTORY * S;
    cr_assert_eq(vo_forecast_seam_create("load_gbt", &v->h, N, NULL, &a, NULL), VO_OK);
    cr_assert_eq(vo_forecast_seam_create("load_gbt", &w->h, N, NULL, &b, NULL), VO_OK);
    observe(a, v, 0, t);
    observe(b, w, 0, t);
    cr_assert_eq(vo_forecast_seam_new_day(a, t, NULL), VO_OK);
    cr_assert_eq(vo_forecast_seam_new_day(b, t, NULL), VO_OK);
    ask(a, 0, t, x, pv);
    ask(b, 0, t, y, pv);
    cr_assert_neq(memcmp(x, y, sizeof x), 0);
    vo_forecast_seam_free(a);
    vo_forecast_seam_free(b);
    done(v);
    done(w);
}

Test(home_forecast_seam, all_homes_learn_again_as_days_pass) {
    village *v = make();
    const vo_learning never = {.alloc = &vo_alloc_libc},
                      weekly = {.alloc = &vo_alloc_libc, .recalibrate_days = 7};
    vo_forecast_seam *a = NULL, *b = NULL;
    float x[N], y[N], pv[N];
    cr_assert_eq(vo_forecast_seam_create("load_gbt", &v->h, N, &never, &a, NULL), VO_OK);
    cr_assert_eq(vo_forecast_seam_create("load_gbt", &v->h, N, &weekly, &b, NULL), VO_OK);
    observe(a, v, 0, HISTORY * S);
    observe(b, v, 0, HISTORY * S);
    for (size_t day = HISTORY; day < HISTORY + 9; day++) {
        const size_t t = day * S;
        cr_assert_eq(vo_forecast_seam_new_day(a, t, NULL), VO_OK);
        cr_assert_eq(vo_forecast_seam_new_day(b, t, NULL), VO_OK);
        ask(a, 1, t, x, pv);
        ask(b, 1, t, y, pv);
        cr_assert_eq(memcmp(x, y, sizeof x) == 0, day < HISTORY + 7, "day %zu", day);
        observe(a, v, t, t + S);
        observe(b, v, t, t + S);
    }
    vo_forecast_seam_free(a);
    vo_forecast_seam_free(b);
    done(v);
}

typedef struct {
    void *bytes;
    size_t len, asked;
} shelf;

static vo_status fetch(void *ctx, const char *name, const void **bytes, size_t *len,
                       vo_error *err) {
    shelf *s = ctx;
    if (strcmp(name, "mine") != 0) return vo_fail(err, VO_ENOTFOUND, "no model %s", name);
    s->asked++;
    *bytes = s->bytes;
    *len = s->len;
    return VO_OK;
}

/* A home of the village as a series, to train a model on beforehand. */
static vo_series *as_series(const village *v, size_t home) {
    static const char *const names[] = {"load"};
    vo_series *s = NULL;
    cr_assert_eq(vo_series_create(v->steps, names, 1, NULL, &s, NULL), VO_OK);
    for (size_t t = 0; t < v->steps; t++) {
        s->start[t] = v->start[t];
        s->dt_h[t] = 0.5;
        s->day[t] = (int32_t)(t / S);
        s->column[0].value[t] = (double)v->load[home * v->steps + t];
    }
    return s;
}

Test(home_forecast_seam, a_model_by_name_is_read_once_and_serves_every_home_at_once) {
    village *v = make();
    vo_series *s = as_series(v, 0);
    vo_forecaster *f = NULL;
    shelf models = {0};
    cr_assert_eq(vo_forecaster_create("load_gbt", s, NULL, &f, NULL), VO_OK);
    cr_assert_eq(vo_forecaster_fit(f, s->column[0].value, HISTORY * S, NULL), VO_OK);
    cr_assert_eq(vo_forecaster_to_bytes(f, &models.bytes, &models.len, NULL), VO_OK);
    const vo_learning world = {
        .alloc = &vo_alloc_libc, .model = fetch, .model_ctx = &models, .recalibrate_days = 1};
    vo_forecast_seam *seam = NULL;
    vo_error err = {0};
    float load[N], pv[N];
    double want[N];
    size_t filled = 0;
    const size_t t = HISTORY * S;
    cr_assert_eq(vo_forecast_seam_create("load_gbt=mine", &v->h, N, &world, &seam, &err), VO_OK,
                 "%s", err.msg);
    cr_assert_eq(models.asked, 1);
    observe(seam, v, 0, t);
    cr_assert_eq(vo_forecast_seam_new_day(seam, t, NULL), VO_OK); /* nothing to fit */
    ask(seam, 0, t, load, pv);
    cr_assert_eq(vo_forecaster_predict(f, s->column[0].value, t, t, t + N, want, &filled, NULL),
                 VO_OK);
    for (size_t i = 0; i < N; i++) {
        cr_assert_float_eq((double)load[i], want[i], 1e-6);
        cr_assert_float_eq((double)pv[i], -7, 0);
    }
    ask(seam, 2, t, load, pv);
    for (size_t i = 0; i < N; i++) cr_assert_geq((double)load[i], 0);
    vo_forecast_seam_free(seam);
    vo_forecast_seam_free(NULL);
    vo_forecaster_free(f);
    vo_series_free(s);
    free(models.bytes);
    done(v);
}
