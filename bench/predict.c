/* predict.c -- one prediction with features from a warm model: how long it takes.
 *
 *     bench_predict [--quick]     20 000 predictions; --quick: 5 000
 *
 * 20 000 synthetic prices at one-minute, then hourly steps; the requirements' models (200 trees
 * of depth 6, no early stopping, so that none is spared); then one interval after the other is
 * pushed, features are made and a price with its interval is predicted for one horizon.
 * Microseconds: median, 99th percentile and worst, of all three and of the prediction alone. There
 * is no peer.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "base/random.h"
#include "learn/price_model.h"
#include "port/clock.h"

enum { HISTORY = 20000, PREDICTIONS = 20000 };
static size_t predictions = PREDICTIONS;

static void check(vo_status st, const vo_error *err) {
    if (st == VO_OK) return;
    fprintf(stderr, "predict: %s\n", err->msg);
    exit(1);
}

static vo_series *made(int64_t step_s) {
    const char *names[] = {"price"};
    vo_series *s = NULL;
    vo_error err = {0};
    check(vo_series_create(HISTORY + PREDICTIONS, names, 1, NULL, &s, &err), &err);
    vo_random r = vo_random_seed(1, 0);
    double a = 0;
    for (size_t t = 0; t < s->n; t++) {
        s->start[t].s = 1609459200 + (int64_t)t * step_s;
        s->dt_h[t] = (double)step_s / 3600;
        s->day[t] = (int32_t)((int64_t)t * step_s / 86400);
        a = 0.95 * a + vo_random_normal(&r);
        s->column[0].value[t] =
            40 + 15 * sin(6.283185307179586 * (double)s->start[t].s / 86400) + 5 * a;
    }
    snprintf(s->zone, sizeof s->zone, "UTC");
    return s;
}

static void print(const char *step, const char *what, double *us, size_t n) {
    qsort(us, n, sizeof *us, vo_order_double);
    const char *const name[] = {"p50", "p99", "worst"};
    const double value[] = {vo_order_quantile(us, n, 0.5), vo_order_quantile(us, n, 0.99),
                            us[n - 1]};
    for (int i = 0; i < 3; i++)
        printf("predict,%s_%s_%s,%.1f,0,0,us\n", step, what, name[i], value[i]);
}

static void measure(const char *step, int64_t step_s) {
    vo_series *s = made(step_s);
    vo_price_settings set = vo_price_settings_default(s->dt_h[0]);
    vo_price_model *m = NULL;
    vo_features *f = NULL;
    vo_features_stream *stream = NULL;
    vo_error err = {0};
    set.horizon[0] = set.horizon[set.n_horizons - 1];
    set.n_horizons = 1;
    set.point.stopping_rounds = set.quantile.stopping_rounds = 0;
    set.target = VO_PRICE_TARGET_CHANGE_MEAN;
    set.max_rows = 6000;
    set.n_shuffled = 0;
    set.refit = 0;
    check(vo_price_model_train(s, NULL, HISTORY, &set, NULL, &m, &err), &err);
    check(vo_price_model_open_features(m, s, NULL, &f, &err), &err);
    check(vo_features_stream_create(f, 0, NULL, &stream, &err), &err);
    const vo_features_input in = {.price = s->column[0].value};
    vo_features_stream_follow(stream, f, &in, HISTORY);

    float *row = calloc(vo_price_model_features(m), sizeof *row);
    double *all = calloc(PREDICTIONS, sizeof *all), *trees = calloc(PREDICTIONS, sizeof *trees);
    double sum = 0;
    if (!row || !all || !trees) exit(1);
    for (size_t i = 0; i < predictions; i++) {
        const vo_features_now now = {.price = s->column[0].value[HISTORY + i]};
        const double a = vo_clock_monotonic_s();
        vo_features_stream_push(stream, &now);
        vo_features_stream_get(stream, (size_t)set.horizon[0], row);
        const double b = vo_clock_monotonic_s();
        const vo_price_confidence c = vo_price_model_predict_with_confidence(m, 0, row);
        const double end = vo_clock_monotonic_s();
        sum += c.point + c.low;
        all[i] = 1e6 * (end - a);
        trees[i] = 1e6 * (end - b);
    }
    print(step, "features_point_interval", all, predictions);
    print(step, "point_interval", trees, predictions);
    fprintf(stderr, "predict: %s: %zu trees of the point model, %zu features, mean %.3f\n",
            step, vo_price_model_score(m, 0)->trees, vo_price_model_features(m),
            sum / (double)predictions);
    free(row);
    free(all);
    free(trees);
    vo_features_stream_free(stream);
    vo_features_free(f);
    vo_price_model_free(m);
    vo_series_free(s);
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "--quick") == 0) predictions = PREDICTIONS / 4;
    measure("1min", 60);
    measure("1h", 3600);
    return 0;
}
