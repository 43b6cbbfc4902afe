/* test_gbt_xgboost.c -- what comes out of XGBoost is what XGBoost itself says, to the bit. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xgboost/c_api.h>

#include "base/random.h"
#include "learn/gbt.h"

enum { ROWS = 700, FEATURES = 7, TREES = 25 };

static float x[ROWS * FEATURES];
static float y[ROWS];

/* Smooth in some features, steps in others; every ninth value missing. */
static void make_rows(uint64_t seed) {
    vo_random r = vo_random_seed(seed, 0);
    for (size_t i = 0; i < ROWS * FEATURES; i++)
        x[i] = vo_random_below(&r, 9) == 0 ? (float)NAN : (float)vo_random_normal(&r);
    for (size_t i = 0; i < ROWS; i++) {
        const float *v = x + i * FEATURES;
        y[i] = (isnan(v[0]) ? 2.0f : sinf(3 * v[0])) + (v[1] > 0 && v[2] < 1 ? 5.0f : 0.0f) +
               (float)vo_random_normal(&r);
    }
}

#define WORKS(call) cr_assert_eq((call), 0, "%s", XGBGetLastError())

typedef struct {
    DMatrixHandle matrix;
    BoosterHandle booster;
} peer;

static peer peer_train(uint64_t seed, int depth) {
    peer p;
    char text[2][20];
    snprintf(text[0], sizeof text[0], "%d", depth);
    snprintf(text[1], sizeof text[1], "%d", (int)seed);
    const char *const set[][2] = {{"tree_method", "hist"}, {"max_depth", text[0]},
                                  {"eta", "0.3"},          {"subsample", "0.7"},
                                  {"seed", text[1]},       {"nthread", "1"},
                                  {"base_score", "0"},     {"colsample_bytree", "0.6"}};
    WORKS(XGDMatrixCreateFromMat(x, ROWS, FEATURES, (float)NAN, &p.matrix));
    WORKS(XGDMatrixSetFloatInfo(p.matrix, "label", y, ROWS));
    WORKS(XGBoosterCreate(&p.matrix, 1, &p.booster));
    for (size_t i = 0; i < sizeof set / sizeof *set; i++)
        WORKS(XGBoosterSetParam(p.booster, set[i][0], set[i][1]));
    for (int k = 0; k < TREES; k++) WORKS(XGBoosterUpdateOneIter(p.booster, k, p.matrix));
    return p;
}

static void peer_free(peer p) {
    XGBoosterFree(p.booster);
    XGDMatrixFree(p.matrix);
}

static vo_gbt_trees taken_over(peer p, vo_gbt_worth *worth) {
    vo_gbt_trees t = {.alloc = &vo_alloc_libc, .n_features = FEATURES};
    bst_ulong n = 0;
    const char **dump = NULL;
    vo_error err = {0};
    WORKS(XGBoosterDumpModelEx(p.booster, "", 1, "text", &n, &dump));
    cr_assert_eq(n, TREES);
    for (bst_ulong k = 0; k < n; k++)
        cr_assert_eq(vo_gbt_trees_append_dump(&t, dump[k], worth, &err), VO_OK, "%s", err.msg);
    return t;
}

Test(gbt_xgboost, flat_trees_predict_the_same_bits_as_xgboost) {
    const char config[] = "{\"type\":0,\"training\":false,\"iteration_begin\":0,"
                          "\"iteration_end\":0,\"strict_shape\":false}";
    for (uint64_t seed = 1; seed <= 6; seed++) {
        make_rows(seed);
        peer p = peer_train(seed, 1 + (int)seed);
        vo_gbt_trees t = taken_over(p, NULL);
        const bst_ulong *shape = NULL;
        bst_ulong dim = 0;
        const float *said = NULL;
        WORKS(XGBoosterPredictFromDMatrix(p.booster, p.matrix, config, &shape, &dim, &said));
        cr_assert_eq(shape[0], ROWS);
        for (size_t i = 0; i < ROWS; i++) {
            const float ours = vo_gbt_trees_sum(&t, x + i * FEATURES);
            cr_assert_eq(memcmp(&ours, &said[i], sizeof ours), 0, "row %zu: %.9g %.9g", i,
                         (double)ours, (double)said[i]);
        }
        vo_gbt_trees_fini(&t);
        peer_free(p);
    }
}

Test(gbt_xgboost, gain_and_cover_are_those_of_xgboost) {
    make_rows(3);
    peer p = peer_train(3, 5);
    double sums[3][FEATURES] = {{0}};
    vo_gbt_worth worth = {sums[0], sums[1], sums[2]};
    vo_gbt_trees t = taken_over(p, &worth);
    const char *const kind[] = {"gain", "cover"};
    for (int k = 0; k < 2; k++) {
        char config[60];
        bst_ulong n = 0, dim = 0;
        const bst_ulong *shape = NULL;
        const char **names = NULL;
        const float *score = NULL;
        snprintf(config, sizeof config, "{\"importance_type\":\"%s\"}", kind[k]);
        WORKS(XGBoosterFeatureScore(p.booster, config, &n, &names, &dim, &shape, &score));
        cr_assert_gt(n, 2);
        for (bst_ulong i = 0; i < n; i++) {
            const long j = strtol(names[i] + 1, NULL, 10);
            const double ours = sums[k][j] / sums[2][j];
            cr_assert_float_eq(ours, score[i], 1e-4 * ours, "%s of %s: %g, %g", kind[k],
                               names[i], ours, (double)score[i]);
        }
    }
    vo_gbt_trees_fini(&t);
    peer_free(p);
}

/* One round of squared error on all rows and features, from zero, is a tree that XGBoost's own
 * objective grows as well. */
Test(gbt_xgboost, a_grown_tree_is_the_one_of_xgboosts_own_objective) {
    make_rows(5);
    peer p;
    WORKS(XGDMatrixCreateFromMat(x, ROWS, FEATURES, (float)NAN, &p.matrix));
    WORKS(XGDMatrixSetFloatInfo(p.matrix, "label", y, ROWS));
    WORKS(XGBoosterCreate(&p.matrix, 1, &p.booster));
    const char *const set[][2] = {
        {"tree_method", "hist"}, {"eta", "0.1"}, {"base_score", "0"}, {"nthread", "1"}};
    for (int i = 0; i < 4; i++) WORKS(XGBoosterSetParam(p.booster, set[i][0], set[i][1]));
    WORKS(XGBoosterUpdateOneIter(p.booster, 0, p.matrix));
    bst_ulong n = 0;
    const char **dump = NULL;
    vo_gbt_trees want = {.alloc = &vo_alloc_libc, .n_features = FEATURES}, got = want;
    WORKS(XGBoosterDumpModelEx(p.booster, "", 1, "text", &n, &dump));
    cr_assert_eq(vo_gbt_trees_append_dump(&want, dump[0], NULL, NULL), VO_OK);

    vo_gbt_settings s = vo_gbt_settings_default();
    s.colsample = 1;
    vo_gbt_rows *rows = NULL;
    float grad[ROWS], hess[ROWS];
    for (int i = 0; i < ROWS; i++) grad[i] = 0 - y[i], hess[i] = 1;
    cr_assert_eq(vo_gbt_rows_create(x, ROWS, FEATURES, NULL, &rows, NULL), VO_OK);
    cr_assert_eq(vo_gbt_rows_grow(rows, &s, 9, grad, hess, &got, NULL, NULL), VO_OK);
    cr_assert_gt(got.n_nodes, 20);
    cr_assert_eq(got.n_nodes, want.n_nodes);
    cr_assert_eq(memcmp(got.node, want.node, got.n_nodes * sizeof *got.node), 0);
    vo_gbt_rows_free(rows);
    vo_gbt_trees_fini(&got);
    vo_gbt_trees_fini(&want);
    peer_free(p);
}

Test(gbt_xgboost, the_features_drawn_depend_on_the_seed_alone) {
    make_rows(7);
    vo_gbt_settings s = vo_gbt_settings_default();
    s.colsample = 0.3;
    vo_gbt_rows *rows = NULL;
    vo_gbt_trees t = {.alloc = &vo_alloc_libc, .n_features = FEATURES};
    float grad[ROWS], hess[ROWS];
    for (int i = 0; i < ROWS; i++) grad[i] = -y[i], hess[i] = 1;
    cr_assert_eq(vo_gbt_rows_create(x, ROWS, FEATURES, NULL, &rows, NULL), VO_OK);
    const uint32_t seed[] = {1, 2, 3, 1, 3};
    for (int k = 0; k < 5; k++)
        cr_assert_eq(vo_gbt_rows_grow(rows, &s, seed[k], grad, hess, &t, NULL, NULL), VO_OK);
    const size_t size = t.root[1];
    cr_assert_eq(t.root[4] - t.root[3], size);
    cr_assert_eq(memcmp(t.node, t.node + t.root[3], size * sizeof *t.node), 0);
    cr_assert_eq(memcmp(t.node + t.root[2], t.node + t.root[4],
                        (t.root[3] - t.root[2]) * sizeof *t.node),
                 0);
    cr_assert(size != t.root[2] - t.root[1] ||
              memcmp(t.node, t.node + t.root[1], size * sizeof *t.node) != 0);
    vo_gbt_rows_free(rows);
    vo_gbt_trees_fini(&t);
}

Test(gbt_xgboost, infinite_values_and_empty_rows_are_refused_in_words) {
    vo_gbt_rows *rows = NULL;
    vo_error err = {0};
    const float bad[4] = {1, 2, 3, INFINITY};
    cr_assert_eq(vo_gbt_rows_create(bad, 2, 2, NULL, &rows, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "row 1: feature 1"), "%s", err.msg);
    cr_assert_eq(vo_gbt_rows_create(bad, 0, 2, NULL, &rows, &err), VO_EINVAL);
    cr_assert_eq(vo_gbt_rows_create(bad, 2, 0, NULL, &rows, &err), VO_EINVAL);
    cr_assert_null(rows);
}
