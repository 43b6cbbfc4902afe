/* test_price_model.c -- on prices whose best possible forecast is known, models of all horizons
 * come near it, their intervals cover, and nothing of the future or of chance gets in. */
#include "learn/price_model.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/local_hours.h"

#define DAYS 250
#define PHI 0.8
#define SIGMA 4.0

/* A daily wave plus an autoregression: the best forecast h ahead errs by a normal deviate of
 * variance SIGMA^2 (1 - PHI^2h) / (1 - PHI^2). */
static vo_series *made(uint64_t seed) {
    vo_series *s = local_hours("UTC", 2021, 1, 4, DAYS, NULL);
    vo_random r = vo_random_seed(seed, 0);
    double a = 0;
    for (size_t t = 0; t < s->n; t++) {
        a = PHI * a + SIGMA * vo_random_normal(&r);
        s->column[0].value[t] = 50 + 20 * sin(6.283185307179586 * (double)(t % 24) / 24) + a;
    }
    return s;
}

static double best_mae(double h) {
    const double variance = SIGMA * SIGMA * (1 - pow(PHI, 2 * h)) / (1 - PHI * PHI);
    return sqrt(2 * variance / 3.141592653589793);
}

static vo_price_settings quick(void) {
    vo_price_settings s = vo_price_settings_default(1);
    const int32_t horizon[] = {1, 6, 24};
    memcpy(s.horizon, horizon, sizeof horizon);
    s.n_horizons = 3;
    s.point.trees = s.quantile.trees = 60;
    s.point.depth = s.quantile.depth = 3;
    s.point.bins = s.quantile.bins = 64;
    s.n_shuffled = 200;
    return s;
}

/* Where it matters which bits come out, not how near they are. */
static vo_price_settings quicker(void) {
    vo_price_settings s = quick();
    s.point.trees = s.quantile.trees = 12;
    s.n_shuffled = 20;
    return s;
}

static vo_price_model *trained(const vo_series *s, const double *price, size_t until,
                               const vo_price_settings *set, size_t threads) {
    vo_price_model *m = NULL;
    vo_error err = {0};
    const vo_learning world = {.threads = threads};
    cr_assert_eq(vo_price_model_train(s, price, until, set, &world, &m, &err), VO_OK, "%s",
                 err.msg);
    return m;
}

/* Everything a model says of some origins. */
#define SAID 60
static void said(const vo_price_model *m, const vo_series *s, double out[SAID][3][6]) {
    vo_features *f = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_price_model_open_features(m, s, NULL, &f, &err), VO_OK, "%s", err.msg);
    float *row = calloc(vo_price_model_features(m), sizeof *row);
    const vo_features_input in = {.price = s->column[0].value};
    for (size_t i = 0; i < SAID; i++)
        for (size_t k = 0; k < 3; k++) {
            const size_t known = 2000 + 31 * i;
            const size_t h = (size_t)vo_price_model_settings(m)->horizon[k];
            cr_assert_eq(vo_features_fill(f, &in, known, known + 1, h, row, NULL), VO_OK);
            out[i][k][0] = vo_price_model_predict(m, k, row);
            vo_price_model_quantiles(m, k, row, out[i][k] + 1);
        }
    free(row);
    vo_features_free(f);
}

Test(price_model, comes_near_the_best_possible_forecast_and_covers) {
    vo_series *s = made(1);
    const vo_price_settings set = quick();
    vo_price_model *m = trained(s, NULL, s->n, &set, 1);
    for (size_t k = 0; k < 3; k++) {
        const vo_price_score *score = vo_price_model_score(m, k);
        const double best = best_mae(set.horizon[k]);
        cr_assert(score->test.mae > 0.85 * best && score->test.mae < 1.25 * best,
                  "horizon %d: %g, possible %g", (int)set.horizon[k], score->test.mae, best);
        /* The weekly naive takes the difference of two independent draws. */
        cr_assert_float_eq(score->naive.mae, sqrt(2) * best_mae(1e3), 0.15 * best_mae(1e3));
        cr_assert(score->test.coverage > 0.84 && score->test.coverage < 0.96, "%d: %g",
                  (int)set.horizon[k], score->test.coverage);
        cr_assert_lt(score->test.rmae_week, 0.95);
    }
    vo_price_model_free(m);
    vo_series_free(s);
}

Test(price_model, prices_that_drift_beyond_what_was_seen_are_followed) {
    vo_series *s = made(2);
    for (size_t t = 0; t < s->n; t++) s->column[0].value[t] += 0.05 * (double)t; /* +300 */
    const vo_price_settings set = quick();
    vo_price_model *m = trained(s, NULL, s->n, &set, 1);
    for (size_t k = 0; k < 3; k++)
        cr_assert_lt(vo_price_model_score(m, k)->test.mae, 1.4 * best_mae(set.horizon[k]));
    vo_price_model_free(m);
    vo_series_free(s);
}

Test(price_model, training_reads_nothing_from_until_on) {
    vo_series *s = made(3);
    vo_price_settings set = quicker();
    const size_t until = 4000;
    double *scrambled = calloc(s->n, sizeof *scrambled);
    for (size_t t = 0; t < s->n; t++)
        scrambled[t] = t < until ? s->column[0].value[t] : 1e6 * sin((double)t);
    static double a[SAID][3][6], b[SAID][3][6];
    vo_price_model *m = trained(s, NULL, until, &set, 1);
    said(m, s, a);
    vo_price_model_free(m);
    m = trained(s, scrambled, until, &set, 1);
    said(m, s, b);
    cr_assert_eq(memcmp(a, b, sizeof a), 0);
    vo_price_model_free(m);
    free(scrambled);
    vo_series_free(s);
}

Test(price_model, saved_and_loaded_or_trained_on_threads_it_says_the_same_bits) {
    vo_series *s = made(4);
    const vo_price_settings set = quicker();
    static double a[SAID][3][6], b[SAID][3][6];
    vo_price_model *m = trained(s, NULL, s->n, &set, 1), *back = NULL;
    said(m, s, a);
    vo_price_model *parallel = trained(s, NULL, s->n, &set, 3);
    said(parallel, s, b);
    cr_assert_eq(memcmp(a, b, sizeof a), 0);
    vo_artefact_out *out = NULL;
    vo_artefact *in = NULL;
    void *bytes = NULL;
    size_t len = 0;
    vo_error err = {0};
    cr_assert_eq(vo_artefact_out_create("price", 1, &out, NULL), VO_OK);
    vo_price_model_save(m, out);
    cr_assert_eq(vo_artefact_out_take(out, &bytes, &len, NULL), VO_OK);
    cr_assert_eq(vo_artefact_open(bytes, len, "price", 1, "here", &in, NULL), VO_OK);
    cr_assert_eq(vo_price_model_load(in, NULL, &back, &err), VO_OK, "%s", err.msg);
    said(back, s, b);
    cr_assert_eq(memcmp(a, b, sizeof a), 0);
    cr_assert_eq(vo_price_model_score(back, 1)->test.mae, vo_price_model_score(m, 1)->test.mae);
    cr_assert_str_eq(vo_price_model_feature(back, 0), vo_price_model_feature(m, 0));
    vo_artefact_close(in);
    vo_artefact_out_free(out);
    free(bytes);
    vo_price_model_free(m);
    vo_price_model_free(back);
    vo_price_model_free(parallel);
    vo_series_free(s);
}

Test(price_model, a_stream_says_what_rows_say_in_order_and_with_confidence) {
    vo_series *s = made(5);
    const vo_price_settings set = quicker();
    vo_price_model *m = trained(s, NULL, s->n, &set, 2);
    vo_features *f = NULL;
    vo_features_stream *stream = NULL;
    static double want[SAID][3][6];
    said(m, s, want);
    cr_assert_eq(vo_price_model_open_features(m, s, NULL, &f, NULL), VO_OK);
    cr_assert_eq(vo_features_stream_create(f, 0, NULL, &stream, NULL), VO_OK);
    const vo_features_input in = {.price = s->column[0].value};
    float *row = calloc(vo_price_model_features(m), sizeof *row);
    for (size_t i = 0; i < SAID; i++) {
        double all[3];
        vo_features_stream_follow(stream, f, &in, 2000 + 31 * i);
        vo_price_model_predict_all_horizons(m, stream, row, all);
        for (size_t k = 0; k < 3; k++) {
            cr_assert_eq(all[k], want[i][k][0]);
            vo_features_stream_get(stream, (size_t)set.horizon[k], row);
            const vo_price_confidence c = vo_price_model_predict_with_confidence(m, k, row);
            cr_assert(c.point == all[k] && c.low == want[i][k][1] && c.high == want[i][k][5]);
            cr_assert_float_eq(c.confidence, 0.9, 1e-12);
            for (int q = 1; q < 5; q++) cr_assert_leq(want[i][k][q], want[i][k][q + 1]);
        }
    }
    free(row);
    vo_features_stream_free(stream);
    vo_features_free(f);
    vo_price_model_free(m);
    vo_series_free(s);
}

/* Without the wave, one step ahead everything but the last price is noise. */
Test(price_model, importance_names_what_the_price_depends_on) {
    vo_series *s = made(6);
    for (size_t t = 0; t < s->n; t++)
        s->column[0].value[t] -= 20 * sin(6.283185307179586 * (double)(t % 24) / 24);
    vo_price_settings set = quick();
    set.target = VO_PRICE_TARGET_CHANGE_MEAN;
    set.n_horizons = 1;
    set.n_levels = 0;
    vo_price_model *m = trained(s, NULL, s->n, &set, 1);
    const size_t f = vo_price_model_features(m);
    double *gain = calloc(f, sizeof *gain), *shuffled = calloc(f, sizeof *shuffled);
    vo_price_model_importance(m, 0, VO_GBT_GAIN, gain);
    vo_price_model_permutation(m, 0, shuffled);
    size_t top[2] = {0};
    for (size_t j = 0; j < f; j++) {
        if (gain[j] > gain[top[0]]) top[0] = j;
        if (shuffled[j] > shuffled[top[1]]) top[1] = j;
    }
    cr_assert_str_eq(vo_price_model_feature(m, top[0]), "price");
    cr_assert_str_eq(vo_price_model_feature(m, top[1]), "price");
    cr_assert_gt(shuffled[top[1]], 0.5); /* the loss grows by more than half */
    free(gain);
    free(shuffled);
    vo_price_model_free(m);
    vo_series_free(s);
}

Test(price_model, defaults_follow_the_step) {
    const struct {
        double step_h;
        size_t n;
        int32_t first, last;
    } want[] = {{1.0 / 60, 4, 1, 60},
                {5.0 / 60, 3, 1, 12},
                {0.25, 2, 1, 4},
                {0.5, 1, 2, 2},
                {1, 24, 1, 24}};
    for (int i = 0; i < 5; i++) {
        const vo_price_settings s = vo_price_settings_default(want[i].step_h);
        cr_assert_eq(s.n_horizons, want[i].n, "%d", i);
        cr_assert_eq(s.horizon[0], want[i].first);
        cr_assert_eq(s.horizon[s.n_horizons - 1], want[i].last);
        cr_assert_eq(vo_price_settings_check(&s, NULL), VO_OK);
        cr_assert(s.point.trees == 200 && s.point.depth == 6 && s.point.rate == 0.1);
    }
}

Test(price_model, what_cannot_be_trained_is_refused_in_words) {
    vo_series *s = made(7);
    vo_price_settings bad[5];
    for (int k = 0; k < 5; k++) bad[k] = quick();
    bad[0].horizon[1] = 1;
    bad[1].level[0] = 0;
    bad[2].features.battery = 1;
    bad[3].n_horizons = 0;
    bad[4].point.rate = -1;
    const char *word[] = {"horizon 1", "level 0", "battery", "horizons", "rate"};
    vo_price_model *m = NULL;
    for (int k = 0; k < 5; k++) {
        vo_error err = {0};
        cr_assert_eq(vo_price_model_train(s, NULL, s->n, &bad[k], NULL, &m, &err), VO_EINVAL);
        cr_assert(strstr(err.msg, word[k]), "%s", err.msg);
    }
    const vo_price_settings good = quick();
    vo_error err = {0};
    cr_assert_eq(vo_price_model_train(s, NULL, 60, &good, NULL, &m, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "60 intervals"), "%s", err.msg);
    s->column[0].value[5] = (double)INFINITY;
    cr_assert_eq(vo_price_model_train(s, NULL, s->n, &good, NULL, &m, &err), VO_EINVAL);
    cr_assert_null(m);
    vo_series_free(s);
}

static bool stop_at_third(void *ctx, const char *phase, double fraction, double loss) {
    int *calls = ctx;
    cr_assert(strstr(phase, "horizon 1 of 3"));
    cr_assert(fraction > 0 && fraction < 0.5 && loss > 0);
    return ++*calls < 3;
}

Test(price_model, progress_may_stop_it) {
    vo_series *s = made(8);
    const vo_price_settings set = quick();
    int calls = 0;
    const vo_learning world = {.progress = stop_at_third, .progress_ctx = &calls};
    vo_price_model *m = NULL;
    cr_assert_eq(vo_price_model_train(s, NULL, s->n, &set, &world, &m, NULL), VO_ECANCELED);
    cr_assert_null(m);
    cr_assert_eq(calls, 3);
    vo_series_free(s);
}

/* Local mean and label of successive rows add up to successive prices, up to where training ends. */
Test(price_model, rows_for_a_search_are_what_the_point_model_is_fitted_to) {
    vo_series *s = made(3);
    const double *price = s->column[0].value;
    vo_price_settings set = quicker();
    vo_price_model *m = trained(s, NULL, s->n, &set, 1);
    vo_price_rows r;
    vo_error err = {0};
    size_t mean = 0;
    set.target = VO_PRICE_TARGET_CHANGE_MEAN;
    cr_assert_eq(vo_price_model_rows(s, NULL, s->n, &set, 1, 500, NULL, &r, &err), VO_OK, "%s",
                 err.msg);
    cr_assert_eq(r.n, 500);
    cr_assert_eq(r.width, vo_price_model_features(m));
    cr_expect_eq(r.gap, 6);
    cr_expect_eq(r.target, VO_PRICE_TARGET_CHANGE_MEAN);
    while (strcmp(vo_price_model_feature(m, mean), "price_mean_168") != 0)
        cr_assert_lt(++mean, r.width);
    size_t at = 0;
    while (at < s->n && fabs((double)r.x[mean] + r.label[0] - price[at]) > 1e-9) at++;
    cr_assert_lt((double)(at + r.n), 0.73 * (double)s->n, "%zu", at);
    for (size_t i = 0; i < r.n; i++)
        cr_assert_float_eq((double)r.x[i * r.width + mean] + r.label[i], price[at + i], 1e-9);
    vo_price_rows_fini(&r);
    vo_price_model_free(m);
    vo_series_free(s);
}

Test(price_model, columns_are_taken_for_what_their_names_say) {
    const char *const names[] = {"price",         "pml_cng",       "pml_per",
                                 "load_forecast", "wind_forecast", "load_actual"};
    vo_series *s = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_series_create(48, names, 6, NULL, &s, &err), VO_OK, "%s", err.msg);
    for (size_t k = 0; k < 6; k++)
        for (size_t t = 0; t < 48; t++)
            s->column[k].value[t] = k == 4 && t < 24 ? (double)NAN : 1;
    vo_price_settings set = vo_price_settings_default(1);
    cr_assert_eq(vo_price_settings_columns(&set, s, 24, true, &err), VO_OK, "%s", err.msg);
    cr_expect_str_eq(set.features.congestion, "pml_cng");
    cr_expect_str_eq(set.features.loss, "pml_per");
    cr_assert_eq(set.features.n_exog, 1); /* no wind before t = 24; what is actual came after */
    cr_expect_str_eq(set.features.exog[0].column, "load_forecast");
    set = vo_price_settings_default(1);
    cr_assert_eq(vo_price_settings_columns(&set, s, 48, false, &err), VO_OK, "%s", err.msg);
    cr_expect_str_eq(set.features.congestion, "");
    cr_expect_eq(set.features.n_exog, 2);
    vo_series_free(s);
}
