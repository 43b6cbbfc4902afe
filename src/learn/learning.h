/* learning.h -- what everything that learns is given from outside: memory, chance, threads,
 * trained models by name, and somebody to tell how far it is.
 *
 * Borrowed; must outlive whoever was given it. All zero is a good default, and so is NULL.
 */
#ifndef VO_LEARN_LEARNING_H
#define VO_LEARN_LEARNING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <volteo/status.h>

#include "base/alloc.h"

struct vo_q_table;
struct vo_price_model;

/* What was read out of a trained model's bytes already; NULL: it was not, or they hold no such. */
typedef struct {
    const struct vo_q_table *table;        /* q_table.h     */
    const struct vo_price_model *boosting; /* price_model.h */
    int64_t boosting_until_s;              /* see vo_forecaster_gbt_until */
} vo_learned;

typedef struct {
    const vo_alloc *alloc; /* NULL: libc                                                     */
    uint64_t seed;
    size_t threads; /* at most; 0 or 1: the calling one. Results do not depend on it     */
    /* Models fitted on history refit themselves when this many local days have become known
     * since; 0: never. Loaded ones stay as they were stored (they observe and reweigh, but are
     * not fitted again) unless refit_loaded. */
    int32_t recalibrate_days;
    bool refit_loaded;
    /* The bytes of a trained model by name, "ID", "ID@VERSION" or "ID@champion"; they stay
     * valid while the world does. NULL: there are none, and names are refused. */
    vo_status (*model)(void *ctx, const char *name, const void **bytes, size_t *len,
                       vo_error *err);
    void *model_ctx;
    /* What is ready of bytes that `model` gave, as long as they are valid; it is shared and not
     * to be changed. Reading them again gives the same. NULL: nothing is. */
    void (*ready)(void *ctx, const void *bytes, vo_learned *out);
    void *ready_ctx;
    /* `loss` is NAN where there is none to tell. false: stop with VO_ECANCELED. Or NULL. */
    bool (*progress)(void *ctx, const char *phase, double fraction, double loss);
    void *progress_ctx;
    int32_t
        *epoch; /* or NULL: what learns in rounds writes the one just done, from 1, before */
                /* it calls progress                                                     */
} vo_learning;

#endif
