/* retrain.h -- a new model on data to date, in production only if it is not worse.
 *
 * It is trained as the champion was (method, horizons, levels, settings, seed, a table's battery:
 * its training_results.json) wherever the request does not say otherwise; of another method than
 * the champion's, with that method's own settings.
 *
 * The last backtest_days are held out: a model is trained on what lies before them and plays them
 * against the champion. If it earns no less, a model with the same settings is trained on all data
 * and becomes the champion; else it is registered as the challenger, to be looked at. Older
 * versions beyond the backups kept are pruned. What was decided, and why, stands in the log.
 */
#ifndef VO_ENGINE_RETRAIN_H
#define VO_ENGINE_RETRAIN_H

#include <volteo/engine.h>

#include "base/json.h"

vo_status vo_retrain_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                         vo_error *err);

/* Would it begin? Reads the request and its prices, and learns nothing. */
vo_status vo_retrain_check(const vo_engine_options *o, const char *request, vo_error *err);

#endif
