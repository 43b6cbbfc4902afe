/* compare.h -- several policies over the same days: one table, or with curves for a report.
 *
 * Policies run on as many threads as the engine may use; each is deterministic by itself, so
 * the table does not depend on how many there are (but for us_per_decision and train_s). Each
 * is trained, where it learns, on the thread that plays it.
 */
#ifndef VO_ENGINE_COMPARE_H
#define VO_ENGINE_COMPARE_H

#include <volteo/engine.h>

#include "base/json.h"
#include "learn/learning.h"

/* Writes the response to `request`. `days` adds each policy's profit per day; the request's
 * `curves` adds prices, powers and SOC per interval. */
vo_status vo_compare_run(const vo_engine_options *o, const char *request, bool days,
                         vo_json_out *w, vo_error *err);

/* The same with trained models that policies may name (`mpc:gbt=ID@champion`): of `models` only
 * model and model_ctx are used, from several threads at once; NULL: names are refused. */
vo_status vo_compare_run_with(const vo_engine_options *o, const char *request, bool days,
                              const vo_learning *models, vo_json_out *w, vo_error *err);

/* Would it begin to play? Reads the request, its prices and its policies' names. */
vo_status vo_compare_check(const vo_engine_options *o, const char *request, vo_error *err);

#endif
