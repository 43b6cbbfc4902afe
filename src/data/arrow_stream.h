/* arrow_stream.h -- columns as an Arrow IPC stream, the bytes that every Arrow library reads.
 *
 * A schema, record batches of 65 536 rows, an end mark; metadata version 5, little-endian, no
 * compression. Format: arrow.apache.org/docs/format/Columnar.html (Schema.fbs, Message.fbs).
 * Media type: application/vnd.apache.arrow.stream.
 */
#ifndef VO_DATA_ARROW_STREAM_H
#define VO_DATA_ARROW_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include <volteo/status.h>

typedef struct { /* one of the two arrays, [n] */
    const char *name;
    const int64_t *time_ms; /* timestamp[ms, UTC], never null                 */
    const double *number;   /* float64; a NAN is null                         */
} vo_arrow_column;

/* A text of the schema's metadata. */
typedef struct {
    const char *key, *value;
} vo_arrow_note;

#define VO_ARROW_COLUMNS 256
#define VO_ARROW_NOTES 16

/* n may be 0. *bytes is malloc'ed: free(). VO_EINVAL: too many columns or notes, a name that is
 * not UTF-8 or longer than 255 bytes. VO_ENOMEM. */
vo_status vo_arrow_stream(size_t n, const vo_arrow_column *column, size_t n_columns,
                          const vo_arrow_note *note, size_t n_notes, char **bytes, size_t *len,
                          vo_error *err);

#endif
