/* price_model.h -- "what will the price be?", one boosted model per horizon, with an interval.
 *
 * Horizon h: the target is the h-th interval after the last known one (features.h). For each
 * there is a point model and one model per quantile level, trained on the earliest part of
 * history, stopped by the next, made honest (conformal.h) and judged on the
 * last:
 *
 *     |--- train ---|gap|- stop -|gap|- calibrate -|gap|---- test ----|
 *
 * with gaps of the horizon. Trees cannot go beyond the prices they were shown, and prices
 * drift: so every price in a row is shown as its distance from the mean of the longest window,
 * the local mean, which itself stays as it is. What boosting fits is the price, its change
 * since the last known one or the same time a day before, or its distance from the local mean,
 * plain or asinh; by default what was nearest on the part that stops. With `refit` the models
 * kept are then trained again on all of it with as many trees; scores are those from before.
 * Split by days, nothing but the origins of those last days is learned from.
 *
 * Threads: read-only once trained or loaded; predicting allocates nothing.
 */
#ifndef VO_LEARN_PRICE_MODEL_H
#define VO_LEARN_PRICE_MODEL_H

#include "learn/features.h"
#include "learn/gbt.h"
#include "learn/learning.h"
#include "learn/metrics.h"
#include "learn/split.h"

#define VO_PRICE_HORIZONS 64
#define VO_PRICE_LEVELS 16
#define VO_PRICE_FEATURES 1024
#define VO_PRICE_FEATURE_NAME 128

// clang-format off
#define VO_PRICE_TARGET_MAP(X)                                                        \
    X(LEVEL,      "level",      "the price itself")                                   \
    X(CHANGE,     "change",     "its change since the last known price")              \
    X(CHANGE_DAY, "change_day", "its change since the same time a day before")        \
    X(CHANGE_MEAN, "change_mean", "its distance from the local mean")                 \
    X(ASINH,      "asinh",      "asinh of that distance")                             \
    X(AUTO,       "auto",       "whichever of these was nearest on held-out prices")
// clang-format on

typedef enum {
#define X(name, text, help) VO_PRICE_TARGET_##name,
    VO_PRICE_TARGET_MAP(X)
#undef X
        VO_PRICE_TARGET_COUNT
} vo_price_target;

const char *vo_price_target_name(int32_t target); /* "auto"; "?" if unknown */

typedef struct {
    vo_features_settings features;
    size_t n_horizons, n_levels;
    int32_t horizon[VO_PRICE_HORIZONS]; /* intervals, ascending                               */
    double level[VO_PRICE_LEVELS];      /* of quantiles, ascending within (0, 1); none: n = 0 */
    vo_gbt_settings point, quantile; /* objective and level of the latter are set per level */
    vo_split_rule split;
    size_t max_rows;   /* origins trained on; of more every 2nd, 3rd, ... is taken  */
    size_t n_shuffled; /* rows for permutation importance; 0: none                  */
    int32_t target;    /* a vo_price_target                                         */
    int32_t refit;     /* 1: see above                                              */
} vo_price_settings;

/* For intervals of `step_h` hours. Hourly: 1..24 intervals ahead; finer: those of 1, 5, 15 and
 * 60 minutes that are whole intervals. Levels 0.05, 0.25, 0.5, 0.75, 0.95; squared error. */
vo_price_settings vo_price_settings_default(double step_h);
vo_status vo_price_settings_check(const vo_price_settings *s, vo_error *err);

/* Adds the columns beside the price of series[0..until) that have a value there: those known ahead
 * (known_ahead.h) as forecasts published the day before; with `parts` also congestion and loss, of
 * which only what came with a price is read. Others, and more than there is room for, are not.
 * VO_EINVAL: a name that cannot be one. */
vo_status vo_price_settings_columns(vo_price_settings *s, const vo_series *series, size_t until,
                                    bool parts, vo_error *err);

typedef struct {
    int32_t target; /* what was fitted                     */
    size_t trees;   /* of the point model                  */
    vo_metrics test;
    vo_metrics naive; /* of the weekly naive, on the same prices */
} vo_price_score;

typedef struct vo_price_model vo_price_model;

/* Learns from price[0..until) (NAN: missing; NULL: the series' first column) and the series'
 * times and columns. World: memory, seed (0: the settings'), threads, progress ("horizon 3 of
 * 24"); NULL: defaults. *out is the caller's: vo_price_model_free. VO_EINVAL: settings, or too
 * short a history, with how much is needed; VO_ENOTFOUND: no such column; VO_ECANCELED. */
vo_status vo_price_model_train(const vo_series *series, const double *price, size_t until,
                               const vo_price_settings *settings, const vo_learning *world,
                               vo_price_model **out, vo_error *err);
void vo_price_model_free(vo_price_model *m); /* accepts NULL */

/* What the point model of a horizon is fitted to, for choosing settings by cross-validation: the
 * rows of its train part as the trees see them and what boosting fits, in order of time. */
typedef struct {
    const vo_alloc *alloc;
    size_t n, width;
    size_t gap;     /* rows from an origin to its label (split.h)      */
    int32_t target; /* never AUTO: what the given settings would choose */
    float *x;       /* [n][width]                                       */
    double *label;  /* [n]; NAN: unknown                                */
} vo_price_rows;

/* As vo_price_model_train would make them for settings->horizon[k]; of more than `most` the last.
 * Fills *out: vo_price_rows_fini. */
vo_status vo_price_model_rows(const vo_series *series, const double *price, size_t until,
                              const vo_price_settings *settings, size_t k, size_t most,
                              const vo_learning *world, vo_price_rows *out, vo_error *err);
void vo_price_rows_fini(vo_price_rows *r); /* accepts a zeroed one */

const vo_price_settings *vo_price_model_settings(const vo_price_model *m);
const vo_price_score *vo_price_model_score(const vo_price_model *m, size_t k);
double vo_price_model_step_h(const vo_price_model *m);
size_t vo_price_model_features(const vo_price_model *m);
const char *vo_price_model_feature(const vo_price_model *m, size_t j); /* its name */

/* The features of a series as the model wants them; VO_EINVAL if step or names differ. */
vo_status vo_price_model_open_features(const vo_price_model *m, const vo_series *series,
                                       const vo_alloc *alloc, vo_features **out, vo_error *err);

/* Horizon k's prediction for a row made for that horizon (vo_features_stream_get, _fill). */
double vo_price_model_predict(const vo_price_model *m, size_t k, const float *row);

/* out[n_levels], ascending, calibrated. */
void vo_price_model_quantiles(const vo_price_model *m, size_t k, const float *row, double *out);

typedef struct {
    double point, low, high; /* low and high: the outer levels; NAN with fewer than two */
    double confidence;       /* that the price is between: 0.9 for 0.05 and 0.95        */
} vo_price_confidence;
vo_price_confidence vo_price_model_predict_with_confidence(const vo_price_model *m, size_t k,
                                                           const float *row);

/* All horizons at the stream's present origin; row[features] is workspace, out[n_horizons]. */
void vo_price_model_predict_all_horizons(const vo_price_model *m, const vo_features_stream *s,
                                         float *row, double *out);

/* out[features] of horizon k's point model. */
void vo_price_model_importance(const vo_price_model *m, size_t k, vo_gbt_importance_kind kind,
                               double *out);
/* By how much the held-out loss grows when a feature is shuffled; zeros if n_shuffled was 0. */
void vo_price_model_permutation(const vo_price_model *m, size_t k, double *out);

/* A section "PMOD". */
void vo_price_model_save(const vo_price_model *m, vo_artefact_out *out);
vo_status vo_price_model_load(vo_artefact *in, const vo_alloc *alloc, vo_price_model **out,
                              vo_error *err);

#endif
