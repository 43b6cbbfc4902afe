/* gbt_search.h -- settings of boosting chosen by what they would have been worth before.
 *
 * Candidates are a grid of values, all of it or seeded draws from it without repetition. Each
 * is trained on every fold of a cross-validation in order of time (split.h), stopped early on
 * the fold's later block and scored by the loss there; a candidate's score is the mean over
 * folds. Of equals the first wins, and the settings searched around are candidate 0.
 */
#ifndef VO_LEARN_GBT_SEARCH_H
#define VO_LEARN_GBT_SEARCH_H

#include "learn/gbt.h"
#include "learn/learning.h"

/* name (a field of vo_gbt_settings), type of the field, values tried by default */
// clang-format off
#define VO_GBT_SEARCH_MAP(X)                                  \
    X(depth,            int32_t, 3, 4, 6, 8)                  \
    X(rate,             double,  0.03, 0.05, 0.1)             \
    X(min_child_weight, double,  1, 5, 20, 60)                \
    X(subsample,        double,  0.6, 0.8, 1)                 \
    X(colsample,        double,  0.4, 0.6, 0.8, 1)            \
    X(lambda,           double,  0.3, 1, 5, 20)
// clang-format on

#define VO_GBT_SEARCH_VALUES 8
#define VO_GBT_SEARCH_CANDIDATES 10000

typedef struct {
    size_t n; /* 0: as in the settings searched around */
    double value[VO_GBT_SEARCH_VALUES];
} vo_gbt_choice;

typedef struct {
#define X(name, type, ...) vo_gbt_choice name;
    VO_GBT_SEARCH_MAP(X)
#undef X
    size_t draws; /* candidates beside the given settings; 0: the whole grid */
    size_t folds;
    bool sliding;
    size_t gap; /* origins from a row to its label (split.h) */
    uint64_t seed;
} vo_gbt_search;

vo_gbt_search vo_gbt_search_default(void); /* the values above, 20 draws, 3 expanding folds */

typedef struct {
    vo_gbt_settings settings;
    double loss; /* mean over folds */
} vo_gbt_candidate;

typedef struct {
    const vo_alloc *alloc;
    size_t n, best;
    vo_gbt_candidate *tried; /* [n] in the order drawn; 0 is the settings searched around */
} vo_gbt_found;

/* x[n][f] and label[n] in order of time. World: memory, threads, progress ("search", loss: the
 * best so far); NULL: defaults. Fills *out: vo_gbt_found_fini. VO_EINVAL: settings, values, too
 * few rows, a fold without labels; VO_ECANCELED; VO_ENOMEM. */
vo_status vo_gbt_search_run(const float *x, const double *label, size_t n, size_t f,
                            const vo_gbt_settings *around, const vo_gbt_search *search,
                            const vo_learning *world, vo_gbt_found *out, vo_error *err);
void vo_gbt_found_fini(vo_gbt_found *found); /* accepts a zeroed one */

#endif
