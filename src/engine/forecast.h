/* forecast.h -- prices to come, with quantiles: the document behind `volteo forecast`. */
#ifndef VO_ENGINE_FORECAST_H
#define VO_ENGINE_FORECAST_H

#include <volteo/engine.h>

#include "base/json.h"

vo_status vo_forecast_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                          vo_error *err);

#endif
