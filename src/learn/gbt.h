/* gbt.h -- gradient boosting: trees fitted one after another to what the ones before leave
 * over.
 *
 *     y(x) = base + scale * sum_k leaf_k(x)
 *
 * Losses: squared error; absolute error; pinball, whose minimum is a quantile. For the last two
 * a tree is grown on the sign of the residuals and each leaf then set to the median (quantile)
 * of the residuals that fell into it, shrunk by n / (n + lambda), times the rate: Friedman
 * 2001, algorithm 3. Labels are centred and scaled first, so settings mean the same in any
 * currency.
 *
 * The seam is one function, grow: from gradients to a tree (gbt_xgboost.c: XGBoost 1.7's
 * histograms). Everything else, rounds, losses, sampling, stopping, prediction, is here, and a
 * trained model does not need XGBoost any more.
 *
 * Shape:   rows are float32 [n][f], row by row; NAN is missing; +-INF is not allowed.
 * Chance:  same rows, labels, settings: same bits, also after other trainings in the process.
 * Threads: a rows object belongs to one thread at a time; a trained model may be shared.
 */
#ifndef VO_LEARN_GBT_H
#define VO_LEARN_GBT_H

#include <stdbool.h>

#include "learn/gbt_trees.h"

typedef enum { VO_GBT_SQUARED, VO_GBT_ABSOLUTE, VO_GBT_QUANTILE } vo_gbt_objective;

typedef struct {
    int32_t objective;       /* a vo_gbt_objective                                           */
    int32_t trees;           /* at most, 1..10 000                                           */
    int32_t depth;           /* of a tree, 1..16                                             */
    int32_t bins;            /* per feature that thresholds are chosen from, 2..65 536       */
    int32_t stopping_rounds; /* without a better validation loss, then stop; 0: never        */
    int32_t reserved;
    double level; /* of VO_GBT_QUANTILE, within 0..1                              */
    double stopping_threshold; /* better means: by more than this fraction of the best loss  */
    double rate;             /* (0, 1]                                                       */
    double subsample;        /* fraction of rows a tree sees, (0, 1]                         */
    double colsample;        /* fraction of features a tree may use, (0, 1]                  */
    double min_child_weight; /* rows (by weight) a leaf must hold at least, >= 0             */
    double lambda;           /* shrinks leaves towards 0, >= 0                               */
    uint64_t seed;
} vo_gbt_settings;

/* 200 trees, depth 6, rate 0.1, subsample and colsample 0.8, 256 bins, stopping after 20 rounds
 * at 0.001, min_child_weight 1, lambda 1, seed 42. */
vo_gbt_settings vo_gbt_settings_default(void);
/* VO_EINVAL naming the setting, its value and its range. */
vo_status vo_gbt_settings_check(const vo_gbt_settings *s, vo_error *err);

/* ---- rows: binned once, trained on for many labels ------------------------------------- */

typedef struct vo_gbt_rows vo_gbt_rows;

/* x[n][f] is borrowed and must outlive *out, which is the caller's. VO_EINVAL: no rows, no
 * features, an infinite value; VO_ENOMEM. */
vo_status vo_gbt_rows_create(const float *x, size_t n, size_t f, const vo_alloc *alloc,
                             vo_gbt_rows **out, vo_error *err);
void vo_gbt_rows_free(vo_gbt_rows *r); /* accepts NULL */

/* The seam. Appends one tree that lowers sum(grad * v + hess * v^2 / 2), v the tree's value of
 * a row; leaf values carry the rate. Rows with hess 0 do not count. */
vo_status vo_gbt_rows_grow(vo_gbt_rows *r, const vo_gbt_settings *s, uint32_t seed, float *grad,
                           float *hess, vo_gbt_trees *out, vo_gbt_worth *worth, vo_error *err);

/* Who grows, with his version: "XGBoost 1.7.4". */
#define VO_GBT_BACKEND 32
void vo_gbt_backend(char out[VO_GBT_BACKEND]);

/* What the shared part of gbt.c reads of a back-end's rows. */
struct vo_gbt_rows {
    const vo_alloc *alloc;
    const float *x;
    size_t n, f;
};

/* ---- training ---------------------------------------------------------------------------- */

/* Rows held out, to stop by. */
typedef struct {
    const float *x;      /* [n][f]                        */
    const double *label; /* [n]; NAN: the row is left out */
    size_t n;
} vo_gbt_held_out;

typedef struct {
    /* Losses so far: root mean squared, mean absolute or mean pinball error in the labels'
     * unit; valid is NAN without validation. false: stop with VO_ECANCELED. */
    bool (*step)(void *ctx, int32_t round, int32_t rounds, double train, double valid);
    void *ctx;
} vo_gbt_progress;

typedef struct vo_gbt vo_gbt;

/* label[n]: NAN leaves a row out; weight[n] >= 0 or NULL: all 1. `valid` or NULL: no stopping;
 * `progress` or NULL. *out is the caller's: vo_gbt_free. VO_EINVAL: settings, no label at all;
 * VO_ECANCELED, VO_ENOMEM. Labels that are all alike give a model without trees. */
vo_status vo_gbt_train(vo_gbt_rows *rows, const double *label, const double *weight,
                       const vo_gbt_held_out *valid, const vo_gbt_settings *settings,
                       const vo_gbt_progress *progress, vo_gbt **out, vo_error *err);
void vo_gbt_free(vo_gbt *m); /* accepts NULL */

/* ---- using ------------------------------------------------------------------------------- */

double vo_gbt_predict_row(const vo_gbt *m, const float *x);

size_t vo_gbt_features(const vo_gbt *m);
size_t vo_gbt_trees_kept(const vo_gbt *m); /* after early stopping: up to the best round */
double vo_gbt_valid_loss(const vo_gbt *m); /* at the best round; NAN: there was none     */

/* The mean loss of the model's own kind on rows with labels; NAN if none has one. */
double vo_gbt_loss(const vo_gbt *m, const float *x, const double *label, size_t n);

typedef enum {
    VO_GBT_GAIN,   /* mean loss reduction of a feature's splits */
    VO_GBT_COVER,  /* mean weight of rows at its splits         */
    VO_GBT_SPLITS, /* how many there are                        */
} vo_gbt_importance_kind;

/* out[f]; 0 for a feature without a split. Over all trees grown, also those cut off. */
void vo_gbt_importance(const vo_gbt *m, vo_gbt_importance_kind kind, double *out);

/* out[f]: how much the loss on these rows grows when a feature's values are shuffled among
 * them, mean of `repeats` seeded shuffles. Honest only on rows not trained on. VO_ENOMEM. */
vo_status vo_gbt_permutation(const vo_gbt *m, const float *x, const double *label, size_t n,
                             uint64_t seed, int32_t repeats, double *out, vo_error *err);

void vo_gbt_save(const vo_gbt *m, vo_artefact_out *out);
/* VO_EINVAL: not a boosted model. */
vo_status vo_gbt_load(vo_artefact *in, const vo_alloc *alloc, vo_gbt **out, vo_error *err);

#endif
