/* gbt_trees.h -- regression trees as flat arrays: what a boosted model is once it is trained.
 *
 * A tree is a row of nodes from its root; the children of a node stand side by side behind it,
 * so a walk is one comparison and one addition per level:
 *
 *     next = child + (x[feature] is missing ? !left_if_missing : !(x[feature] < value))
 *
 * which is XGBoost's rule in float32, to the bit (sum over trees in order, in float).
 *
 * Threads: read-only once built; may then be shared.
 */
#ifndef VO_LEARN_GBT_TREES_H
#define VO_LEARN_GBT_TREES_H

#include "base/alloc.h"
#include "base/artefact.h"

#define VO_GBT_MAX_DEPTH 16
#define VO_GBT_MAX_TREES 100000
#define VO_GBT_MAX_FEATURES 100000

typedef struct {
    float value;      /* threshold of a split, value of a leaf                         */
    uint32_t child;   /* the left one, counted from the tree's root; 0: this is a leaf */
    uint32_t feature; /* column; the top bit: missing goes left                        */
} vo_gbt_node;

#define VO_GBT_MISSING_LEFT 0x80000000u

/* Zeroed but for alloc and n_features it is an empty forest. */
typedef struct {
    const vo_alloc *alloc;
    size_t n_features;
    size_t n_trees, n_nodes;
    size_t *root;      /* [n_trees + 1] first node of a tree, then the end */
    vo_gbt_node *node; /* [n_nodes]                                        */
    size_t trees_room, nodes_room;
} vo_gbt_trees;

void vo_gbt_trees_fini(vo_gbt_trees *t); /* accepts an empty forest; leaves one */

/* What the splits of a tree were worth: sums over its splits, by feature [n_features]. */
typedef struct {
    double *gain, *cover, *splits;
} vo_gbt_worth;

/* Appends the tree of XGBoost's text dump ("0:[f1<0.5] yes=1,no=2,missing=1,gain=..,cover=..")
 * and adds to `worth` (or NULL). VO_EINVAL, naming the line: not such a dump, a feature beyond
 * n_features, not a tree; VO_ENOMEM. On failure the forest is as before. */
vo_status vo_gbt_trees_append_dump(vo_gbt_trees *t, const char *dump, vo_gbt_worth *worth,
                                   vo_error *err);

/* Keeps the first n trees. */
void vo_gbt_trees_cut(vo_gbt_trees *t, size_t n);

/* The leaf (index into node) that x[n_features] falls into; NAN is missing. */
size_t vo_gbt_trees_leaf(const vo_gbt_trees *t, size_t tree, const float *x);

/* The sum of all trees' leaves for x[n_features]. */
float vo_gbt_trees_sum(const vo_gbt_trees *t, const float *x);

void vo_gbt_trees_save(const vo_gbt_trees *t, vo_artefact_out *out);

/* Into an empty forest (alloc and n_features given). VO_EINVAL: not trees over n_features. */
vo_status vo_gbt_trees_load(vo_gbt_trees *t, vo_artefact *in, vo_error *err);

#endif
