/* going_on.c -- see going_on.h. */
#include "engine/going_on.h"

vo_status vo_going_on(const vo_engine_options *o, const char *phase, double fraction,
                      vo_error *err) {
    if (!o->progress || o->progress(o->progress_ctx, phase, fraction) == 0) return VO_OK;
    return vo_fail(err, VO_ECANCELED, "stopped before %s", phase);
}
