/* decide.h -- what should the battery do now? One action with its reasons, by any policy.
 *
 * Prices before and in the present interval are known, later ones if they are given (`known` says
 * how many of them count); beyond, the policy's forecaster speaks, or the request's `forecast`.
 * The answer is the first action that a rolling backtest of the same policy would play, with the
 * prices at which it would be another and a confidence (policy/confidence.h).
 */
#ifndef VO_ENGINE_DECIDE_H
#define VO_ENGINE_DECIDE_H

#include <volteo/engine.h>

#include "base/json.h"

vo_status vo_decide_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                        vo_error *err);

#endif
