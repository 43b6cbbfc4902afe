/* test_gbt_trees.c -- a tree written by hand is read, walked and saved as it was meant, and
 * what is no tree is refused. That walks agree with XGBoost's: test_gbt_xgboost.c. */
#include "learn/gbt_trees.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/fault_alloc.h"

static const float none = (float)NAN;

/* x0 < 1.5 ? (x1 < -2 ? 10 : 20) : 30; missing x0 goes right, missing x1 left. */
static const char hand[] = "0:[f0<1.5] yes=1,no=2,missing=2,gain=8,cover=12\n"
                           "\t1:[f1<-2] yes=3,no=4,missing=3,gain=2,cover=7\n"
                           "\t\t3:leaf=10,cover=3\n"
                           "\t\t4:leaf=20,cover=4\n"
                           "\t2:leaf=30,cover=5\n";

static float by_hand(const float *x) {
    if (!(x[0] < 1.5f)) return 30;
    return isnan(x[1]) || x[1] < -2 ? 10 : 20;
}

static vo_gbt_trees read_hand(vo_gbt_worth *worth) {
    vo_gbt_trees t = {.alloc = &vo_alloc_libc, .n_features = 2};
    vo_error err = {0};
    cr_assert_eq(vo_gbt_trees_append_dump(&t, hand, worth, &err), VO_OK, "%s", err.msg);
    return t;
}

Test(gbt_trees, a_tree_by_hand_is_walked_as_written_also_where_values_are_missing) {
    vo_gbt_trees t = read_hand(NULL);
    const float at[] = {-3, -2, -1, 1.4999f, 1.5f, 2, none};
    for (size_t i = 0; i < 7; i++)
        for (size_t j = 0; j < 7; j++) {
            const float x[2] = {at[i], at[j]};
            cr_assert_eq(vo_gbt_trees_sum(&t, x), by_hand(x), "%zu %zu", i, j);
            cr_assert_eq(t.node[vo_gbt_trees_leaf(&t, 0, x)].value, by_hand(x));
        }
    vo_gbt_trees_fini(&t);
}

Test(gbt_trees, sums_run_over_the_trees_that_are_kept) {
    vo_gbt_trees t = read_hand(NULL);
    cr_assert_eq(vo_gbt_trees_append_dump(&t, "0:leaf=0.25,cover=12\n", NULL, NULL), VO_OK);
    const float x[2] = {0, 0};
    cr_assert_eq(vo_gbt_trees_sum(&t, x), 20.25f);
    vo_gbt_trees_cut(&t, 1);
    cr_assert_eq(vo_gbt_trees_sum(&t, x), 20);
    vo_gbt_trees_cut(&t, 0);
    cr_assert_eq(vo_gbt_trees_sum(&t, x), 0);
    vo_gbt_trees_fini(&t);
}

Test(gbt_trees, splits_count_for_their_features) {
    double gain[2] = {0}, cover[2] = {0}, splits[2] = {0};
    vo_gbt_worth worth = {gain, cover, splits};
    vo_gbt_trees t = read_hand(&worth);
    cr_assert_eq(vo_gbt_trees_append_dump(&t, hand, &worth, NULL), VO_OK);
    cr_assert(gain[0] == 16 && gain[1] == 4 && cover[0] == 24 && cover[1] == 14);
    cr_assert(splits[0] == 2 && splits[1] == 2);
    vo_gbt_trees_fini(&t);
}

Test(gbt_trees, what_is_no_tree_is_refused_and_changes_nothing) {
    const char *const bad[] = {
        "",
        "x",
        "0:leaf=1\n", /* no cover           */
        "0:leaf=nan,cover=1\n",
        "0:[f2<1] yes=1,no=2,missing=1,gain=1,cover=1\n1:leaf=1,cover=1\n2:leaf=1,cover=1\n",
        "0:[f0<1] yes=1,no=2,missing=1,gain=1,cover=1\n1:leaf=1,cover=1\n", /* no node 2     */
        "0:[f0<1] yes=0,no=1,missing=1,gain=1,cover=1\n1:leaf=1,cover=1\n", /* in circles    */
        "0:[f0<1] yes=1,no=1,missing=1,gain=1,cover=1\n1:leaf=1,cover=1\n2:leaf=1,cover=1\n",
        "0:[f0<inf] yes=1,no=2,missing=1,gain=1,cover=1\n1:leaf=1,cover=1\n2:leaf=1,cover=1\n",
        "0:[f0<1] yes=1,no=-2,missing=1,gain=1,cover=1\n1:leaf=1,cover=1\n2:leaf=1,cover=1\n",
        "0:leaf=1,cover=1\n0:leaf=2,cover=1\n", /* twice              */
    };
    vo_gbt_trees t = read_hand(NULL);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        vo_error err = {0};
        cr_assert_eq(vo_gbt_trees_append_dump(&t, bad[i], NULL, &err), VO_EINVAL, "%zu", i);
        cr_assert(err.msg[0]);
        cr_assert_eq(t.n_trees, 1);
    }
    vo_gbt_trees_fini(&t);
}

/* ---- files ----------------------------------------------------------------------------- */

static void saved(const vo_gbt_trees *t, void **bytes, size_t *len) {
    vo_artefact_out *out = NULL;
    cr_assert_eq(vo_artefact_out_create("trees", 1, &out, NULL), VO_OK);
    vo_gbt_trees_save(t, out);
    cr_assert_eq(vo_artefact_out_take(out, bytes, len, NULL), VO_OK);
    vo_artefact_out_free(out);
}

static vo_status loaded(const void *bytes, size_t len, vo_gbt_trees *t, vo_error *err) {
    vo_artefact *in = NULL;
    cr_assert_eq(vo_artefact_open(bytes, len, "trees", 1, "a test", &in, NULL), VO_OK);
    const vo_status st = vo_gbt_trees_load(t, in, err);
    vo_artefact_close(in);
    return st;
}

Test(gbt_trees, saved_and_loaded_they_are_the_same_bits) {
    vo_gbt_trees t = read_hand(NULL), back = {.alloc = &vo_alloc_libc, .n_features = 2};
    cr_assert_eq(vo_gbt_trees_append_dump(&t, hand, NULL, NULL), VO_OK);
    void *bytes = NULL;
    size_t len = 0;
    saved(&t, &bytes, &len);
    cr_assert_eq(loaded(bytes, len, &back, NULL), VO_OK);
    cr_assert_eq(back.n_trees, 2);
    cr_assert_eq(back.n_nodes, t.n_nodes);
    cr_assert_eq(memcmp(back.node, t.node, t.n_nodes * sizeof *t.node), 0);
    cr_assert_eq(memcmp(back.root, t.root, 3 * sizeof *t.root), 0);
    free(bytes);
    vo_gbt_trees_fini(&t);
    vo_gbt_trees_fini(&back);
}

/* Each of these would send a walk out of the tree or round in it. */
Test(gbt_trees, a_file_whose_trees_do_not_hang_together_is_refused) {
    const vo_gbt_node broken[][3] = {
        {{1, 1, 2}, {1, 0, 0}, {2, 0, 0}},           /* a third feature of two */
        {{1, 2, 0}, {1, 0, 0}, {2, 0, 0}},           /* a child beyond the end */
        {{1, 1, 0}, {1, 1, 0}, {2, 0, 0}},           /* its own child          */
        {{1, 0, 0}, {1, 0, 0}, {2, 0, 0}},           /* two nodes nobody owns  */
        {{INFINITY, 1, 0}, {1, 0, 0}, {2, 0, 0}},    /* no number              */
        {{1, 0x80000001u, 0}, {1, 0, 0}, {2, 0, 0}}, /* far away               */
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        vo_gbt_node node[3];
        size_t root[2] = {0, 3};
        memcpy(node, broken[i], sizeof node);
        const vo_gbt_trees t = {
            .n_features = 2, .n_trees = 1, .n_nodes = 3, .root = root, .node = node};
        vo_gbt_trees back = {.alloc = &vo_alloc_libc, .n_features = 2};
        vo_error err = {0};
        void *bytes = NULL;
        size_t len = 0;
        saved(&t, &bytes, &len);
        cr_assert_eq(loaded(bytes, len, &back, &err), VO_EINVAL, "%zu", i);
        cr_assert(err.msg[0] && !back.node && !back.root);
        free(bytes);
    }
}

Test(gbt_trees, trees_over_other_features_are_refused) {
    vo_gbt_trees t = read_hand(NULL), back = {.alloc = &vo_alloc_libc, .n_features = 3};
    void *bytes = NULL;
    size_t len = 0;
    vo_error err = {0};
    saved(&t, &bytes, &len);
    cr_assert_eq(loaded(bytes, len, &back, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "2 features where there are 3"), "%s", err.msg);
    free(bytes);
    vo_gbt_trees_fini(&t);
}

Test(gbt_trees, when_memory_ends_nothing_leaks) {
    for (long n = 0;; n++) {
        fault f = {.left = n};
        const vo_alloc a = fault_alloc(&f);
        vo_gbt_trees t = {.alloc = &a, .n_features = 2};
        const vo_status st = vo_gbt_trees_append_dump(&t, hand, NULL, NULL);
        vo_gbt_trees_fini(&t);
        cr_assert_eq(f.live, 0);
        if (st == VO_OK) {
            cr_assert_geq(n, 4);
            break;
        }
        cr_assert_eq(st, VO_ENOMEM);
    }
}
