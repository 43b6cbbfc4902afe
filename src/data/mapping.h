/* mapping.h -- how a table of rows is read, written down once: a file of YAML or JSON.
 *
 *     # config/sources/octopus.yaml
 *     market: GB
 *     tz: Europe/London
 *     time_column: Date_Time
 *     price_unit: 10                # pence per kWh -> pounds per MWh
 *     columns:
 *       - {name: price, column: Outgoing Agile Rate (p/kWh)}
 *
 * The same file says where a web service is asked (url, headers). The files of
 * config/sources are embedded: they are known by name everywhere, and a table whose header is
 * exactly that of one of them is read by it without being asked. The keys are the table in
 * mapping.c; docs/models/data.md explains them.
 * Bounds: VO_MAPPING_MAX_BYTES, VO_SERIES_MAX_COLUMNS columns, 16 headers.
 */
#ifndef VO_DATA_MAPPING_H
#define VO_DATA_MAPPING_H

#include "data/source.h"

#define VO_MAPPING_MAX_BYTES ((size_t)1 << 20)
#define VO_MAPPING_MAX_HEADERS 16

typedef struct {
    const char *name, *value; /* "Accept", "application/json" */
} vo_mapping_header;

/* Read-only; all strings live as long as the mapping. */
typedef struct {
    char name[64];             /* "octopus"; of a file its name without folder and ending     */
    const char *description;   /* for people; NULL: none                                      */
    vo_source_options options; /* what the file says; everything else 0                       */
    const char *url;           /* URL template of a web service; NULL: none                   */
    size_t n_headers;
    const vo_mapping_header *header; /* HTTP headers; "{key}" in a value stands for the key   */
    size_t n_recognised;
    const char *const *recognised; /* the table's header, in order; a last "..." means more   */
} vo_mapping;

/* An embedded one by name, or FOLDER/NAME.yaml (folder NULL: none) before it; what has a '/' or
 * ends in .yaml, .yml or .json is a path. *out is the caller's: vo_mapping_free. VO_ENOTFOUND
 * with the names there are; VO_EINVAL naming file, key, value and remedy; VO_EIO. */
vo_status vo_mapping_load(const char *folder, const char *name, vo_mapping **out,
                          vo_error *err);

/* The same from text; `name` is for messages. */
vo_status vo_mapping_parse(const char *name, const char *text, size_t len, vo_mapping **out,
                           vo_error *err);
void vo_mapping_free(vo_mapping *m); /* accepts NULL */

/* Embedded mappings: name of the i-th, NULL past the end. */
const char *vo_mapping_preset(size_t i);

/* Options for a reader: what `given` (NULL: nothing) says, else what the mapping says. Given a
 * price_column or columns, those of the mapping do not count; given a zone, days_of_24 does
 * not. The result borrows from both. */
vo_source_options vo_mapping_options(const vo_mapping *m, const vo_source_options *given);

/* The embedded mapping whose header is exactly this one, the caller's to free; *out = NULL if
 * there is none, or if `given` says itself what the columns are. */
vo_status vo_mapping_recognise(const char *const *header, size_t n,
                               const vo_source_options *given, vo_mapping **out, vo_error *err);

/* The same from the first bytes of delimited text. */
vo_status vo_mapping_recognise_text(const char *head, size_t n, const vo_source_options *given,
                                    vo_mapping **out, vo_error *err);

#endif
