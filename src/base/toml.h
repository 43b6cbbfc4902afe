/* toml.h -- TOML 1.0 in, as the JSON tree of json.h; dates and times become text.
 *
 * Bounds: 16 MiB, depth 64.
 */
#ifndef VO_BASE_TOML_H
#define VO_BASE_TOML_H

#include "base/json.h"

/* *out is the caller's: vo_json_free. VO_EINVAL with line and column. */
vo_status vo_toml_parse(const char *text, size_t len, vo_json **out, vo_error *err);

#endif
