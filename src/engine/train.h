/* train.h -- training what forecasts and decides, and putting it into the registry.
 *
 * Behind `volteo train price` and `volteo train q`; retrain.h uses the pieces.
 */
#ifndef VO_ENGINE_TRAIN_H
#define VO_ENGINE_TRAIN_H

#include "engine/inputs.h"
#include "engine/learn_world.h"
#include "learn/metrics.h"
#include "store/registry.h"

vo_status vo_train_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                       vo_error *err);

/* ---- the pieces -------------------------------------------------------------------------- */

enum { VO_TRAIN_HORIZONS = 64, VO_TRAIN_LEVELS = 16 };

/* How forecasts and decisions are learned: X(name, type in the registry, default id). */
// clang-format off
#define VO_TRAIN_METHOD_MAP(X)                                        \
    X(gbt,        "price_prediction", "price_prediction")             \
    X(lear,       "price_prediction", "price_prediction_lear")        \
    X(ensemble,   "price_prediction", "price_prediction_day_ahead")   \
    X(q_learning, "rl_battery",       "battery_policy")
// clang-format on

typedef enum {
#define X(name, type, id) VO_TRAIN_##name,
    VO_TRAIN_METHOD_MAP(X)
#undef X
        VO_TRAIN_METHODS
} vo_train_method;

const char *vo_train_method_name(vo_train_method m); /* "gbt": a forecaster or a policy */

/* What was asked for. NAN and 0 numbers: the method's own. */
typedef struct {
    vo_train_method method;
    char id[VO_REGISTRY_NAME];
    uint64_t seed;
    double horizon_min[VO_TRAIN_HORIZONS], level[VO_TRAIN_LEVELS];
    size_t n_horizons, n_levels;
    double trees, depth, rate;
    size_t search; /* settings of boosting tried */
    double episodes, environments, max_steps;
    const vo_battery *battery; /* of q_learning; never NULL for it */
} vo_training;

/* Reads what train and retrain have in common; `battery` receives the default one where the
 * request names none. VO_EINVAL with the field. */
vo_status vo_training_read(const vo_request *r, vo_battery *battery, vo_training *out,
                           vo_error *err);

/* A trained model, not yet registered. */
typedef struct {
    void *bytes; /* the artefact, malloc'ed */
    size_t len;
    char *results; /* training_results.json, malloc'ed */
    size_t results_len;
    vo_registry_metric metric[VO_METRIC_COUNT];
    size_t n_metrics;
    char (*feature)[128]; /* [n_features], malloc'ed */
    size_t n_features;
    size_t until; /* intervals of the series that were learned from */
    double seconds;
} vo_trained;

/* Learns from the prices of intervals 0..until-1. *out is the caller's: vo_trained_fini. */
vo_status vo_train(const vo_training *t, const vo_inputs *in, size_t until,
                   vo_learn_world *world, vo_trained *out, vo_error *err);
void vo_trained_fini(vo_trained *t); /* accepts a zeroed one */

/* The version of a model that is champion, or "". */
vo_status vo_train_champion(const vo_registry *registry, const char *id,
                            char out[VO_REGISTRY_NAME], vo_error *err);

/* Puts it into the registry as a new version of t->id. `parent` may be NULL. */
vo_status vo_train_register(const vo_registry *registry, const vo_training *t,
                            const vo_inputs *in, const vo_request *r, const vo_trained *trained,
                            const char *parent, char version[VO_REGISTRY_NAME], vo_error *err);

#endif
