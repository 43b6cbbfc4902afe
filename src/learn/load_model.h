/* load_model.h -- one boosted model of loads (or of PV) for all homes and all leads up to a day.
 *
 *     median(t + h)   = profile(t + h) + scale * trees(row about t + h)
 *     forecast(t + h) = median + spread(t + h) * mean[h]
 *     quantile_p      = median + spread(t + h) * r_p[h]
 *
 * Trees (gbt.h) learn what the light forecaster leaves over, in units of each home's mean
 * (load_rows.h). The last days of the histories stop the boosting and give mean and quantiles: r_p
 * are those of errors there, divided by the spread that the profile itself expected, so that restless
 * homes and hours get wide intervals (split conformal, by lead). Equations and figures:
 * docs/models/load.md.
 * Threads: a model is read-only once made and may be shared.
 */
#ifndef VO_LEARN_LOAD_MODEL_H
#define VO_LEARN_LOAD_MODEL_H

#include "learn/gbt.h"
#include "learn/learning.h"
#include "learn/load_rows.h"

#define VO_LOAD_LEAST_DAYS 7

/* One home: the calendar and known-ahead columns of `series`, the values of its first column
 * before `until` (NAN: missing). */
typedef struct {
    const vo_series *series;
    const double *value;
    size_t until;
} vo_load_history;

typedef struct {
    vo_gbt_settings trees;
    size_t max_rows;   /* drawn from the histories */
    double valid_part; /* of the time, its end     */
} vo_load_settings;

/* Absolute error (few large loads do not lead the trees astray; the mean is added), 80 trees
 * of depth 5 over 60 000 rows; the last 15 % of the time for stopping. */
vo_load_settings vo_load_settings_default(void);

typedef struct vo_load_model vo_load_model;

/* Of homes of one kind (vo_load_kind of the first one's series) and step. *out is the caller's.
 * VO_EINVAL: fewer than VO_LOAD_LEAST_DAYS days of every home, steps that differ; VO_ECANCELED,
 * VO_ENOMEM. Same bits whatever the threads. */
vo_status vo_load_model_train(const vo_load_history *home, size_t n, const vo_load_settings *s,
                              const vo_learning *world, vo_load_model **out, vo_error *err);
void vo_load_model_free(vo_load_model *m); /* accepts NULL */

/* The eye must stand where it is asked from (vo_load_eye_to). */
double vo_load_model_predict(const vo_load_model *m, const vo_load_eye *e, size_t t);
/* At level p in (0, 1), of a forecast that vo_load_model_predict gave. */
double vo_load_model_quantile(const vo_load_model *m, const vo_load_eye *e, size_t t,
                              double forecast, double p);

/* VO_EINVAL if a series of this kind and step is not what the model learned from. */
vo_status vo_load_model_fits(const vo_load_model *m, const vo_series *series, vo_error *err);

/* What it was trained on and how it did on the days held out, all homes in units of their mean:
 * the median's mean absolute error and the light forecaster's. */
typedef struct {
    size_t rows, held_out, trees;
    double mae, profile_mae;
} vo_load_score;
vo_load_score vo_load_model_score(const vo_load_model *m);
void vo_load_model_importance(const vo_load_model *m, double out[VO_LOAD_FEATURES]);

void vo_load_model_save(const vo_load_model *m, vo_artefact_out *out);
/* VO_EINVAL: no such model. */
vo_status vo_load_model_load(vo_artefact *in, const vo_alloc *alloc, vo_load_model **out,
                             vo_error *err);

#endif
