/* source_json.h -- JSON of any shape that holds rows: an array of objects or of arrays, an
 * object of columns, or one object per line (NDJSON).
 *
 *     [{"t": "2024-01-01T00:00Z", "price": 1.5}, ...]       {"data": {"items": [[...], ...]}}
 *     {"hourly": {"time": [...], "price": [...]}}           {"t": ..., "price": ...}\n{...}
 *
 * rows_path says where the rows are ("data.items", "results[0].rows"); without one they are the
 * document itself or its only array of rows. Members of members are columns by their path below
 * the row: "a.b", "a[0]". Numbers may be texts. A document is read whole, at most
 * VO_SOURCE_JSON_MAX_BYTES; NDJSON line by line, without end.
 */
#ifndef VO_DATA_SOURCE_JSON_H
#define VO_DATA_SOURCE_JSON_H

#include "data/source.h"

#define VO_SOURCE_JSON_MAX_BYTES ((size_t)256 << 20)
#define VO_SOURCE_JSON_MAX_LINE ((size_t)1 << 20)
#define VO_SOURCE_JSON_MAX_COLUMNS 1024u

bool vo_source_json_is(const char *head, size_t len);

/* Errors name row ("row 3", the 3rd of the array; of NDJSON "line 3"), column and value. */
vo_status vo_source_json_parse(vo_bytes *in, const vo_source_options *o, vo_readings_set *set,
                               vo_error *err);

#endif
