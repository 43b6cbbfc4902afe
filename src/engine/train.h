/* train.h -- training what forecasts and decides, and putting it into the registry.
 *
 * Behind `volteo train price` and `volteo train q`; retrain.h uses the pieces. A request about loads,
 * "what": "load", goes on to train_load.h.
 */
#ifndef VO_ENGINE_TRAIN_H
#define VO_ENGINE_TRAIN_H

#include "engine/inputs.h"
#include "engine/learn_world.h"
#include "learn/metrics.h"
#include "store/registry.h"

vo_status vo_train_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                       vo_error *err);

/* Would vo_train_run begin to learn? Reads the request and its prices, and learns nothing. */
vo_status vo_train_check(const vo_engine_options *o, const char *request, vo_error *err);

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

/* Settings of boosting: what the results tell, and what a retraining takes over from them.
 * X(name, type in vo_gbt_settings, lowest, highest). */
// clang-format off
#define VO_TRAIN_BOOSTING_MAP(X)               \
    X(trees,            int32_t, 1, 10000)     \
    X(depth,            int32_t, 1, 16)        \
    X(rate,             double,  0, 1)         \
    X(subsample,        double,  0, 1)         \
    X(colsample,        double,  0, 1)         \
    X(min_child_weight, double,  0, 1e9)       \
    X(lambda,           double,  0, 1e9)

/* The same of Q-learning: X(name, lowest, highest), of vo_q_settings and of vo_battery. */
#define VO_TRAIN_TABLE_MAP(X) \
    X(episodes,     1, 1e6)   \
    X(environments, 1, 1e6)   \
    X(max_steps,    1, 1e7)
#define VO_TRAIN_BATTERY_MAP(X)       \
    X(charge_mw,            0, 1e6)   \
    X(discharge_mw,         0, 1e6)   \
    X(capacity_mwh,         1e-9, 1e8) \
    X(charge_efficiency,    1e-9, 1)  \
    X(discharge_efficiency, 1e-9, 1)  \
    X(min_soc,              0, 1)     \
    X(max_soc,              0, 1)     \
    X(wear_cost_per_mwh,    0, 1e8)
// clang-format on

typedef struct {
#define X(name, type, lo, hi) double name;
    VO_TRAIN_BOOSTING_MAP(X)
#undef X
} vo_train_boosting;

/* What was asked for. NAN and 0 numbers: the method's own. */
typedef struct {
    vo_train_method method;
    char id[VO_REGISTRY_NAME];
    uint64_t seed;
    double horizon_min[VO_TRAIN_HORIZONS], level[VO_TRAIN_LEVELS];
    size_t n_horizons, n_levels;
    bool split_days; /* vo_split_rule_days */
    vo_train_boosting point, quantile;
    size_t search; /* settings of boosting tried */
    double episodes, environments, max_steps;
    const vo_battery *battery; /* of q_learning; never NULL for it */
} vo_training;

/* Reads what train and retrain have in common. Where the request is silent, `like` (or NULL), the
 * results of a model of the same method, is followed: its settings, horizons, levels, seed, and
 * the battery that a table was learned for. `battery` holds the one that stands for lack of
 * another, and receives what was found. VO_EINVAL with the field. */
vo_status vo_training_read(const vo_request *r, const vo_json *like, vo_battery *battery,
                           vo_training *out, vo_error *err);

/* Only the model's id, as the request alone has it. */
vo_status vo_training_id(const vo_request *r, char out[VO_REGISTRY_NAME], vo_error *err);

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

/* Could it learn from these prices, as far as can be told without learning: intervals that horizons
 * are whole numbers of, a history that is long enough, even steps? VO_EINVAL with the field. */
vo_status vo_train_check_prices(const vo_training *t, const vo_inputs *in, size_t until,
                                vo_error *err);

/* Learns from the prices of intervals 0..until-1. *out is the caller's: vo_trained_fini. */
vo_status vo_train(const vo_training *t, const vo_inputs *in, size_t until,
                   vo_learn_world *world, vo_trained *out, vo_error *err);
void vo_trained_fini(vo_trained *t); /* accepts a zeroed one */

/* The version of a model that is champion, or "". */
vo_status vo_train_champion(const vo_registry *registry, const char *id,
                            char out[VO_REGISTRY_NAME], vo_error *err);

/* "CAISO NP15": what a version learned from, if the request's prices are of another market or node
 * of the lake; "" if they are the same, or one of them does not say. */
enum { VO_TRAIN_ORIGIN = 160 };
vo_status vo_train_other_origin(const vo_registry *registry, const char *reference,
                                const vo_request *r, char out[VO_TRAIN_ORIGIN], vo_error *err);

/* VO_EINVAL with the remedy if the champion learned from another market or node. */
vo_status vo_train_check_origin(const vo_registry *registry, const char *id,
                                const vo_request *r, vo_error *err);

/* Puts it into the registry as a new version of t->id. `parent` may be NULL. */
vo_status vo_train_register(const vo_registry *registry, const vo_training *t,
                            const vo_inputs *in, const vo_request *r, const vo_trained *trained,
                            const char *parent, char version[VO_REGISTRY_NAME], vo_error *err);

/* The version that was made by a request with this one's `key`, if one was ("" if not), and
 * whether it has been decided yet which alias it has. */
vo_status vo_train_made_before(const vo_registry *registry, const vo_request *r, const char *id,
                               char version[VO_REGISTRY_NAME], bool *decided, vo_error *err);

#endif
