/* doctor.h -- does this machine have what the engine needs? Each check with its remedy. */
#ifndef VO_ENGINE_DOCTOR_H
#define VO_ENGINE_DOCTOR_H

#include <volteo/engine.h>

#include "base/json.h"

/* Writes {"ok": ..., "checks": [{"name", "ok", "detail", "remedy"}]}. */
vo_status vo_doctor_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                        vo_error *err);

#endif
