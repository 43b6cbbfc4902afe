/* yaml.h -- YAML in and out as the JSON tree of json.h, through libyaml.
 *
 * Mappings become objects, sequences arrays; plain scalars become null, true/false or numbers
 * by YAML 1.2's core rules, everything else text (a plain 2024-01-31 is text). Anchors, tags,
 * merge keys and several documents are refused by name. Bounds: 16 MiB, depth 64.
 */
#ifndef VO_BASE_YAML_H
#define VO_BASE_YAML_H

#include "base/json.h"

/* *out is the caller's: vo_json_free. VO_EINVAL with line and column. */
vo_status vo_yaml_parse(const char *text, size_t len, vo_json **out, vo_error *err);

/* Block style, keys in order, numbers in the shortest decimals that read back equal; arrays of
 * numbers alone in one line, [1, 2], wrapped; in quotes what YAML 1.1 would not take for text.
 * Each line of `comment` (or NULL) stands before it after "# ". *text is malloc'ed: free().
 * VO_EINVAL: nested more than 64 deep. */
vo_status vo_yaml_write(const vo_json *root, const char *comment, char **text, vo_error *err);

#endif
