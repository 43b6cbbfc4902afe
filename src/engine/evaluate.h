/* evaluate.h -- how good are forecasts? The document behind `volteo evaluate forecast`.
 *
 * Forecasters of ours, forecasts that others published and the naive benchmarks stand in one
 * table over the same days: errors by year, month and hour, how often intervals held, tests of
 * equal accuracy, and what a battery planned on each of them would have earned.
 */
#ifndef VO_ENGINE_EVALUATE_H
#define VO_ENGINE_EVALUATE_H

#include <volteo/engine.h>

#include "base/json.h"

vo_status vo_evaluate_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                          vo_error *err);

#endif
