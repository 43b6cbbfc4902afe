/* test_gbt.c -- boosting learns what can be learned, stops where it should, says which features
 * matter, and gives the same bits again. */
#include "learn/gbt.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/fault_alloc.h"

enum { N = 2400, F = 5 };

typedef struct {
    float x[N * F];
    double y[N];
} sample;

/* y = step(x0) + x1 * noise: spread of y depends on x1; x3, x4 are nothing. Uniform noise, so
 * that quantiles are known: q(p) = step + (x1 + 1) * (2 p - 1). */
static double step_of(const float *x) { return x[0] < 0.3f ? 100 : 120; }

static sample *made(uint64_t seed) {
    sample *s = calloc(1, sizeof *s);
    vo_random r = vo_random_seed(seed, 0);
    for (size_t i = 0; i < N * F; i++) s->x[i] = (float)vo_random_unit(&r);
    for (size_t i = 0; i < N; i++)
        s->y[i] = step_of(s->x + i * F) +
                  ((double)s->x[i * F + 1] + 1) * vo_random_between(&r, -1, 1);
    return s;
}

static vo_gbt *trained(const float *x, const double *y, const double *w, size_t n,
                       const vo_gbt_held_out *valid, const vo_gbt_settings *set) {
    vo_gbt_rows *rows = NULL;
    vo_gbt *m = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_gbt_rows_create(x, n, F, NULL, &rows, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_gbt_train(rows, y, w, valid, set, NULL, &m, &err), VO_OK, "%s", err.msg);
    vo_gbt_rows_free(rows);
    return m;
}

static vo_gbt_settings small(vo_gbt_objective objective, double level) {
    vo_gbt_settings s = vo_gbt_settings_default();
    s.objective = (int32_t)objective;
    s.level = level;
    s.trees = 120;
    s.depth = 3;
    s.min_child_weight = 60; /* a leaf's tail is some rows */
    return s;
}

/* The noise has a mean absolute size of E|u| E(x1 + 1) = 3/4: no model can be nearer than that,
 * one that knows the step is no farther than a little more. A constant is 10 away. */
Test(gbt, point_losses_find_the_step) {
    sample *a = made(1), *b = made(2);
    const vo_gbt_objective kind[] = {VO_GBT_SQUARED, VO_GBT_ABSOLUTE};
    for (int k = 0; k < 2; k++) {
        const vo_gbt_settings s = small(kind[k], 0.5);
        vo_gbt *m = trained(a->x, a->y, NULL, N, NULL, &s);
        double sum = 0;
        for (size_t i = 0; i < N; i++)
            sum += fabs(vo_gbt_predict_row(m, b->x + i * F) - b->y[i]);
        cr_assert(sum / N > 0.7 && sum / N < 0.9, "kind %d: %g", k, sum / N);
        vo_gbt_free(m);
    }
    free(a);
    free(b);
}

/* A fifth of the labels is 1000 too high: the mean follows, the median does not. */
Test(gbt, absolute_error_does_not_follow_outliers) {
    sample *a = made(1), *b = made(2);
    for (size_t i = 0; i < N; i += 5) a->y[i] += 1000;
    double off[2];
    for (int k = 0; k < 2; k++) {
        const vo_gbt_settings s = small(k ? VO_GBT_ABSOLUTE : VO_GBT_SQUARED, 0.5);
        vo_gbt *m = trained(a->x, a->y, NULL, N, NULL, &s);
        off[k] = 0;
        for (size_t i = 0; i < N; i++)
            off[k] += fabs(vo_gbt_predict_row(m, b->x + i * F) - b->y[i]) / N;
        vo_gbt_free(m);
    }
    cr_assert_gt(off[0], 150);
    cr_assert_lt(off[1], 1.1);
    free(a);
    free(b);
}

Test(gbt, quantiles_cover_their_share_also_where_the_spread_differs) {
    sample *a = made(1), *b = made(2);
    const double level[] = {0.05, 0.25, 0.5, 0.75, 0.95};
    for (int k = 0; k < 5; k++) {
        const vo_gbt_settings s = small(VO_GBT_QUANTILE, level[k]);
        vo_gbt *m = trained(a->x, a->y, NULL, N, NULL, &s);
        double below[2] = {0}, in[2] = {0}, off = 0;
        for (size_t i = 0; i < N; i++) {
            const float *x = b->x + i * F;
            const double q = vo_gbt_predict_row(m, x);
            const int wide = x[1] > 0.5f;
            below[wide] += b->y[i] <= q;
            in[wide]++;
            off += fabs(q - step_of(x) - ((double)x[1] + 1) * (2 * level[k] - 1)) / N;
        }
        for (int wide = 0; wide < 2; wide++)
            cr_assert_float_eq(below[wide] / in[wide], level[k], 0.06, "level %g, half %d: %g",
                               level[k], wide, below[wide] / in[wide]);
        cr_assert_lt(off, 0.4, "level %g is %g off", level[k], off);
        vo_gbt_free(m);
    }
    free(a);
    free(b);
}

Test(gbt, same_rows_and_seed_give_the_same_bits_after_anything) {
    sample *a = made(1), *b = made(2);
    for (int k = 0; k < 3; k++) {
        vo_gbt_settings s = small((vo_gbt_objective)k, 0.9), other = s;
        other.seed = 7;
        vo_gbt *m[3] = {trained(a->x, a->y, NULL, N, NULL, &s),
                        trained(b->x, b->y, NULL, N, NULL, &other), NULL};
        m[2] = trained(a->x, a->y, NULL, N, NULL, &s);
        bool differs = false;
        vo_gbt *seeded = trained(a->x, a->y, NULL, N, NULL, &other);
        for (size_t i = 0; i < N; i++) {
            const double p = vo_gbt_predict_row(m[0], b->x + i * F);
            cr_assert_eq(p, vo_gbt_predict_row(m[2], b->x + i * F));
            differs |= p != vo_gbt_predict_row(seeded, b->x + i * F);
        }
        cr_assert(differs, "the seed changes nothing");
        for (int j = 0; j < 3; j++) vo_gbt_free(m[j]);
        vo_gbt_free(seeded);
    }
    free(a);
    free(b);
}

/* Labels that nothing explains: each round learns noise, the held-out loss only grows. */
Test(gbt, noise_is_stopped_early_and_the_best_round_kept) {
    sample *a = made(1), *b = made(2);
    vo_random r = vo_random_seed(3, 0);
    for (size_t i = 0; i < N; i++)
        a->y[i] = vo_random_normal(&r), b->y[i] = vo_random_normal(&r);
    vo_gbt_settings s = vo_gbt_settings_default();
    const vo_gbt_held_out valid = {b->x, b->y, N};
    vo_gbt *m = trained(a->x, a->y, NULL, N, &valid, &s);
    cr_assert_lt(vo_gbt_trees_kept(m), 10);
    cr_assert_float_eq(vo_gbt_valid_loss(m), vo_gbt_loss(m, b->x, b->y, N), 1e-12);
    cr_assert_lt(vo_gbt_valid_loss(m), 1.05);
    vo_gbt_free(m);
    s.stopping_rounds = 0;
    m = trained(a->x, a->y, NULL, N, &valid, &s);
    cr_assert_eq(vo_gbt_trees_kept(m), 200);
    cr_assert_gt(vo_gbt_valid_loss(m), 1.05);
    vo_gbt_free(m);
    free(a);
    free(b);
}

typedef struct {
    int32_t calls, stop_at;
    double first, last;
} watched;

static bool watch(void *ctx, int32_t round, int32_t rounds, double train, double valid) {
    watched *w = ctx;
    cr_assert_eq(round, w->calls);
    cr_assert_eq(rounds, 120);
    cr_assert(isnan(valid));
    if (w->calls++ == 0) w->first = train;
    w->last = train;
    return w->calls != w->stop_at;
}

Test(gbt, progress_is_told_each_round_and_may_stop_it) {
    sample *a = made(1);
    vo_gbt_rows *rows = NULL;
    vo_gbt *m = NULL;
    const vo_gbt_settings s = small(VO_GBT_SQUARED, 0.5);
    watched w = {0};
    const vo_gbt_progress p = {watch, &w};
    cr_assert_eq(vo_gbt_rows_create(a->x, N, F, NULL, &rows, NULL), VO_OK);
    cr_assert_eq(vo_gbt_train(rows, a->y, NULL, NULL, &s, &p, &m, NULL), VO_OK);
    cr_assert_eq(w.calls, 120);
    /* Before the first tree it is the labels' own deviation: 0.3, 0.7 at 100, 120. */
    cr_assert_float_eq(w.first, sqrt(400 * 0.3 * 0.7 + 7.0 / 9), 0.3, "%g", w.first);
    cr_assert_lt(w.last, 1);
    vo_gbt_free(m);
    w = (watched){.stop_at = 5};
    m = NULL;
    cr_assert_eq(vo_gbt_train(rows, a->y, NULL, NULL, &s, &p, &m, NULL), VO_ECANCELED);
    cr_assert_null(m);
    cr_assert_eq(w.calls, 5);
    vo_gbt_rows_free(rows);
    free(a);
}

/* Rows of weight 0, rows without a label and rows that are not there are one and the same. */
Test(gbt, rows_without_label_or_weight_teach_nothing) {
    sample *a = made(1);
    double *w = calloc(N, sizeof *w), *y = calloc(N, sizeof *y);
    vo_gbt_settings s = small(VO_GBT_QUANTILE, 0.8);
    s.subsample = 1;
    for (size_t i = 0; i < N; i++) w[i] = i % 3 == 0 ? 0 : 1, y[i] = a->y[i];
    vo_gbt *want = trained(a->x, y, w, N, NULL, &s);
    for (size_t i = 0; i < N; i += 3) y[i] = i % 2 ? (double)NAN : 1e6;
    for (size_t i = 0; i < N; i++) w[i] = i % 3 == 0 && i % 2 == 0 ? 0 : 1;
    vo_gbt *got = trained(a->x, y, w, N, NULL, &s);
    for (size_t i = 0; i < N; i++)
        cr_assert_eq(vo_gbt_predict_row(want, a->x + i * F),
                     vo_gbt_predict_row(got, a->x + i * F));
    vo_gbt_free(want);
    vo_gbt_free(got);
    free(w);
    free(y);
    free(a);
}

/* Doubling a row's weight is showing it twice. */
Test(gbt, a_weight_counts_rows) {
    sample *a = made(1);
    double w[N / 2];
    for (size_t i = 0; i < N / 2; i++) w[i] = 2;
    memcpy(a->x + N / 2 * F, a->x, N / 2 * F * sizeof *a->x);
    memcpy(a->y + N / 2, a->y, N / 2 * sizeof *a->y);
    vo_gbt_settings s = small(VO_GBT_SQUARED, 0.5);
    s.subsample = 1;
    vo_gbt *twice = trained(a->x, a->y, NULL, N, NULL, &s);
    vo_gbt *heavy = trained(a->x, a->y, w, N / 2, NULL, &s);
    double off = 0;
    for (size_t i = 0; i < N / 2; i++)
        off = fmax(off, fabs(vo_gbt_predict_row(twice, a->x + i * F) -
                             vo_gbt_predict_row(heavy, a->x + i * F)));
    cr_assert_lt(off, 1e-3, "%g", off);
    vo_gbt_free(twice);
    vo_gbt_free(heavy);
    free(a);
}

Test(gbt, importance_points_at_the_features_that_matter) {
    sample *a = made(1), *b = made(2);
    const vo_gbt_settings s = small(VO_GBT_SQUARED, 0.5);
    vo_gbt *m = trained(a->x, a->y, NULL, N, NULL, &s);
    double gain[F], cover[F], splits[F], shuffled[F];
    vo_gbt_importance(m, VO_GBT_GAIN, gain);
    vo_gbt_importance(m, VO_GBT_COVER, cover);
    vo_gbt_importance(m, VO_GBT_SPLITS, splits);
    cr_assert_eq(vo_gbt_permutation(m, b->x, b->y, N, 1, 3, shuffled, NULL), VO_OK);
    for (int j = 1; j < F; j++) {
        cr_assert_gt(gain[0], 10 * gain[j]);
        cr_assert_gt(shuffled[0], 100 * fabs(shuffled[j]));
    }
    /* Shuffled, the step is known by chance only: the error has variance 2 * 84 + noise. */
    cr_assert_float_eq(shuffled[0], sqrt(168 + 7.0 / 9) - sqrt(7.0 / 9), 0.6, "%g",
                       shuffled[0]);
    double total = 0;
    for (int j = 0; j < F; j++) total += splits[j];
    cr_assert_leq(total, 120 * 7); /* seven splits in a tree of depth three */
    cr_assert_leq(cover[0], 0.8 * N * 1.1);
    vo_gbt_free(m);
    free(a);
    free(b);
}

Test(gbt, saved_and_loaded_it_says_the_same_bits) {
    sample *a = made(1), *b = made(2);
    const vo_gbt_held_out valid = {b->x, b->y, N};
    for (int k = 0; k < 2; k++) {
        const vo_gbt_settings s = small(VO_GBT_QUANTILE, 0.7);
        vo_gbt *m = trained(a->x, a->y, NULL, N, k ? &valid : NULL, &s), *back = NULL;
        vo_artefact_out *out = NULL;
        vo_artefact *in = NULL;
        void *bytes = NULL;
        size_t len = 0;
        cr_assert_eq(vo_artefact_out_create("boosted", 1, &out, NULL), VO_OK);
        vo_gbt_save(m, out);
        cr_assert_eq(vo_artefact_out_take(out, &bytes, &len, NULL), VO_OK);
        cr_assert_eq(vo_artefact_open(bytes, len, "boosted", 1, "here", &in, NULL), VO_OK);
        cr_assert_eq(vo_gbt_load(in, NULL, &back, NULL), VO_OK);
        for (size_t i = 0; i < N; i++)
            cr_assert_eq(vo_gbt_predict_row(m, b->x + i * F),
                         vo_gbt_predict_row(back, b->x + i * F));
        double want[F], got[F];
        vo_gbt_importance(m, VO_GBT_GAIN, want);
        vo_gbt_importance(back, VO_GBT_GAIN, got);
        cr_assert_eq(memcmp(want, got, sizeof got), 0);
        cr_assert(isnan(vo_gbt_valid_loss(back)) == (k == 0));
        vo_artefact_close(in);
        vo_artefact_out_free(out);
        free(bytes);
        vo_gbt_free(m);
        vo_gbt_free(back);
    }
    free(a);
    free(b);
}

Test(gbt, labels_that_are_alike_give_a_constant) {
    sample *a = made(1);
    for (size_t i = 0; i < N; i++) a->y[i] = -37.5;
    for (int k = 0; k < 3; k++) {
        const vo_gbt_settings s = small((vo_gbt_objective)k, 0.1);
        vo_gbt *m = trained(a->x, a->y, NULL, N, NULL, &s);
        cr_assert_eq(vo_gbt_trees_kept(m), 0);
        cr_assert_float_eq(vo_gbt_predict_row(m, a->x), -37.5, 1e-12);
        vo_gbt_free(m);
    }
    free(a);
}

Test(gbt, settings_outside_their_range_are_refused_by_name) {
    const vo_gbt_settings good = vo_gbt_settings_default();
    vo_gbt_settings bad[9] = {good, good, good, good, good, good, good, good, good};
    bad[0].trees = 0;
    bad[1].depth = 17;
    bad[2].rate = 0;
    bad[3].subsample = 1.5;
    bad[4].colsample = (double)NAN;
    bad[5].lambda = -1;
    bad[6].bins = 1;
    bad[7].objective = 3;
    bad[8].objective = VO_GBT_QUANTILE;
    bad[8].level = 1;
    const char *name[9] = {"trees",  "depth", "rate",      "subsample", "colsample",
                           "lambda", "bins",  "objective", "level"};
    for (int k = 0; k < 9; k++) {
        vo_error err = {0};
        cr_assert_eq(vo_gbt_settings_check(&bad[k], &err), VO_EINVAL);
        cr_assert(strstr(err.msg, name[k]), "%s", err.msg);
    }
    cr_assert_eq(vo_gbt_settings_check(&good, NULL), VO_OK);
}

Test(gbt, rows_without_any_label_are_refused) {
    sample *a = made(1);
    vo_gbt_rows *rows = NULL;
    vo_gbt *m = NULL;
    vo_error err = {0};
    const vo_gbt_settings s = small(VO_GBT_SQUARED, 0.5);
    for (size_t i = 0; i < N; i++) a->y[i] = (double)NAN;
    cr_assert_eq(vo_gbt_rows_create(a->x, N, F, NULL, &rows, NULL), VO_OK);
    cr_assert_eq(vo_gbt_train(rows, a->y, NULL, NULL, &s, NULL, &m, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "label"), "%s", err.msg);
    cr_assert_null(m);
    vo_gbt_rows_free(rows);
    free(a);
}

Test(gbt, when_memory_ends_nothing_leaks) {
    sample *a = made(1);
    const vo_gbt_held_out valid = {a->x, a->y, 100};
    vo_gbt_settings s = small(VO_GBT_ABSOLUTE, 0.5);
    s.trees = 2;
    for (long n = 0;; n++) {
        fault f = {.left = n};
        const vo_alloc alloc = fault_alloc(&f);
        vo_gbt_rows *rows = NULL;
        vo_gbt *m = NULL;
        vo_status st = vo_gbt_rows_create(a->x, 200, F, &alloc, &rows, NULL);
        if (st == VO_OK) st = vo_gbt_train(rows, a->y, NULL, &valid, &s, NULL, &m, NULL);
        vo_gbt_free(m);
        vo_gbt_rows_free(rows);
        cr_assert_eq(f.live, 0, "after %ld", n);
        if (st == VO_OK) break;
        cr_assert_eq(st, VO_ENOMEM);
    }
    free(a);
}
