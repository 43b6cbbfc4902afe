/* test_gbt_search.c -- the search finds settings that are better on data where that is known,
 * and goes the way it says. */
#include "learn/gbt_search.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

enum { N = 1200, F = 4 };

static float x[N * F];
static double y[N];

/* A product of three signs: a tree of depth one or two can say nothing about it. */
static void make_parity(void) {
    vo_random r = vo_random_seed(1, 0);
    for (size_t i = 0; i < N * F; i++) x[i] = (float)vo_random_between(&r, -1, 1);
    for (size_t i = 0; i < N; i++) {
        const float *v = x + i * F;
        y[i] = (v[0] > 0 ? 1 : -1) * (v[1] > 0 ? 1 : -1) * (v[2] > 0.2f ? 1 : -1) +
               0.1 * vo_random_normal(&r);
    }
}

static vo_gbt_search only_depth(void) {
    vo_gbt_search s = vo_gbt_search_default();
    s.rate.n = s.min_child_weight.n = s.subsample.n = s.colsample.n = s.lambda.n = 0;
    s.depth = (vo_gbt_choice){3, {1, 2, 5}};
    s.draws = 0;
    s.folds = 2;
    s.gap = 3;
    return s;
}

static vo_gbt_settings quick(void) {
    vo_gbt_settings s = vo_gbt_settings_default();
    s.trees = 60;
    s.depth = 1;
    s.colsample = 1;
    return s;
}

Test(gbt_search, depth_is_found_where_only_depth_can_see) {
    make_parity();
    const vo_gbt_search search = only_depth();
    const vo_gbt_settings around = quick();
    vo_gbt_found found = {0};
    vo_error err = {0};
    cr_assert_eq(vo_gbt_search_run(x, y, N, F, &around, &search, NULL, &found, &err), VO_OK,
                 "%s", err.msg);
    cr_assert_eq(found.n, 4);
    cr_assert_eq(found.tried[0].settings.depth, 1);
    cr_assert_eq(found.tried[found.best].settings.depth, 5);
    cr_assert_eq(found.tried[0].loss, found.tried[1].loss); /* the same settings twice */
    cr_assert_gt(found.tried[1].loss, 0.9);                 /* the labels' own deviation is 1 */
    cr_assert_lt(found.tried[3].loss, 0.6);
    vo_gbt_found_fini(&found);
}

/* The score of a candidate by hand: train and judge on the folds of split.h. */
Test(gbt_search, a_score_is_the_mean_loss_of_the_folds) {
    make_parity();
    const vo_gbt_search search = only_depth();
    const vo_gbt_settings around = quick();
    vo_gbt_found found = {0};
    cr_assert_eq(vo_gbt_search_run(x, y, N, F, &around, &search, NULL, &found, NULL), VO_OK);
    double sum = 0;
    for (size_t k = 0; k < 2; k++) { /* blocks of 400 */
        const size_t at = 400 * (k + 1);
        const vo_gbt_held_out valid = {x + at * F, y + at, 400};
        vo_gbt_rows *rows = NULL;
        vo_gbt *m = NULL;
        cr_assert_eq(vo_gbt_rows_create(x, at - 3, F, NULL, &rows, NULL), VO_OK);
        cr_assert_eq(
            vo_gbt_train(rows, y, NULL, &valid, &found.tried[3].settings, NULL, &m, NULL),
            VO_OK);
        sum += vo_gbt_valid_loss(m) / 2;
        vo_gbt_free(m);
        vo_gbt_rows_free(rows);
    }
    cr_assert_float_eq(found.tried[3].loss, sum, 1e-12);
    vo_gbt_found_fini(&found);
}

Test(gbt_search, draws_are_distinct_seeded_and_the_same_on_any_number_of_threads) {
    make_parity();
    for (size_t i = 0; i < N; i++)
        y[i] += 5 * (double)x[i * F + 3]; /* something to gain at once */
    vo_gbt_search search = vo_gbt_search_default();
    vo_gbt_settings around = quick();
    around.trees = 5;
    search.draws = 6;
    search.folds = 1;
    vo_gbt_found found[3] = {{0}};
    for (size_t k = 0; k < 3; k++) {
        const vo_learning world = {.threads = k + 1};
        if (k == 2) search.seed = 7;
        cr_assert_eq(vo_gbt_search_run(x, y, N, F, &around, &search, &world, &found[k], NULL),
                     VO_OK);
        cr_assert_eq(found[k].n, 7);
    }
    bool other = false;
    for (size_t i = 0; i < 7; i++) {
        cr_assert_eq(memcmp(&found[0].tried[i], &found[1].tried[i], sizeof *found[0].tried), 0);
        other |= memcmp(&found[0].tried[i].settings, &found[2].tried[i].settings,
                        sizeof around) != 0;
        for (size_t j = 1; j < i; j++)
            cr_assert_neq(
                memcmp(&found[0].tried[i].settings, &found[0].tried[j].settings, sizeof around),
                0);
    }
    cr_assert(other);
    for (int k = 0; k < 3; k++) vo_gbt_found_fini(&found[k]);
}

typedef struct {
    int calls, stop_at;
    double fraction;
} watched;

static bool watch(void *ctx, const char *phase, double fraction, double loss) {
    watched *w = ctx;
    cr_assert_str_eq(phase, "search");
    cr_assert(fraction > w->fraction && fraction <= 1 + 1e-12 && loss > 0);
    w->fraction = fraction;
    return ++w->calls != w->stop_at;
}

Test(gbt_search, progress_ends_at_one_and_may_stop_it) {
    make_parity();
    const vo_gbt_search search = only_depth();
    const vo_gbt_settings around = quick();
    vo_gbt_found found = {0};
    watched w = {0};
    vo_learning world = {.progress = watch, .progress_ctx = &w};
    cr_assert_eq(vo_gbt_search_run(x, y, N, F, &around, &search, &world, &found, NULL), VO_OK);
    cr_assert_eq(w.calls, 8);
    cr_assert_float_eq(w.fraction, 1, 1e-12);
    vo_gbt_found_fini(&found);
    w = (watched){.stop_at = 3};
    cr_assert_eq(vo_gbt_search_run(x, y, N, F, &around, &search, &world, &found, NULL),
                 VO_ECANCELED);
    cr_assert_null(found.tried);
}

Test(gbt_search, what_cannot_be_searched_is_refused_in_words) {
    make_parity();
    const vo_gbt_settings around = quick();
    vo_gbt_search bad[5];
    for (int k = 0; k < 5; k++) bad[k] = only_depth();
    bad[0].depth.value[1] = 99;
    bad[1].folds = 0;
    bad[2].gap = 400;
    bad[3].rate.n = 9;
    bad[4] = vo_gbt_search_default();
    bad[4].draws = 20000;
    const char *word[] = {"depth", "folds", "gaps", "rate", "20000"};
    for (int k = 0; k < 5; k++) {
        vo_error err = {0};
        vo_gbt_found found = {0};
        cr_assert_eq(vo_gbt_search_run(x, y, N, F, &around, &bad[k], NULL, &found, &err),
                     VO_EINVAL);
        cr_assert(strstr(err.msg, word[k]), "%s", err.msg);
    }
}
