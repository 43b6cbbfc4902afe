/* predict.h -- what a trained model says: a price to come with its interval, or an action.
 *
 * Models are kept in memory (model_cache.h). Boosted models take prices and make the features, or
 * take the features themselves; tables take the state of a battery; day-ahead models a history.
 * What a model needs and was not given is refused by name.
 */
#ifndef VO_ENGINE_PREDICT_H
#define VO_ENGINE_PREDICT_H

#include <volteo/engine.h>

#include "base/json.h"

/* A feature's value lies within: models compute in single precision. */
#define VO_FEATURE_MOST 1e12

vo_status vo_predict_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                         vo_error *err);

#endif
