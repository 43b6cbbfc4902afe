/* tariff_requests.h -- tariffs of a folder, as documents: one in figures, and one as it was
 * published. */
#ifndef VO_ENGINE_TARIFF_REQUESTS_H
#define VO_ENGINE_TARIFF_REQUESTS_H

#include "base/json.h"

/* {"tariff": path, utility, schedule, effective, ..., seasons[]: name, from, rates[] with
 * hours} of a file of kind "tariff", or of one known by name. */
vo_status vo_tariff_show(const char *path, vo_json_out *w, vo_error *err);

/* The publication as JSON into `out` ("-": standard output) and {"tariff", "file"}. */
vo_status vo_tariff_write_out(const char *path, const char *out, vo_json_out *w, vo_error *err);

#endif
