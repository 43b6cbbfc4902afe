/* csv.h -- delimited text, record by record, in bounded memory.
 *
 * RFC 4180 with what files in the wild add: BOM, CRLF or LF, blanks around fields, blank lines
 * (skipped), lines of '#' before the table (skipped, unless they are its header), a delimiter
 * of , ; tab or | told from the first line, zstd and gzip.
 * Bounds: VO_CSV_MAX_FIELDS fields and VO_CSV_MAX_RECORD bytes per record.
 */
#ifndef VO_DATA_CSV_H
#define VO_DATA_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <volteo/status.h>

#include "data/bytes.h"

#define VO_CSV_MAX_FIELDS 1024u
#define VO_CSV_MAX_RECORD ((size_t)1 << 20)

typedef struct {
    const char *text; /* not NUL-terminated; valid until the next record */
    size_t len;
} vo_csv_field;

typedef struct vo_csv vo_csv;

/* `in` is borrowed until close and read from where it stands. delimiter 0: told from the first
 * line. */
vo_status vo_csv_open(vo_bytes *in, char delimiter, vo_csv **out, vo_error *err);
void vo_csv_close(vo_csv *c); /* accepts NULL */

/* The next record; *more = false at the end. VO_EINVAL naming file and line: a quote that never
 * closes, a record too long, UTF-16, damaged compression. */
vo_status vo_csv_next(vo_csv *c, bool *more, vo_error *err);

size_t vo_csv_count(const vo_csv *c);              /* fields of the record       */
vo_csv_field vo_csv_at(const vo_csv *c, size_t i); /* "" past the end            */
uint32_t vo_csv_line(const vo_csv *c);             /* first line of it, from 1   */
char vo_csv_delimiter(const vo_csv *c);

/* ---- fields as values --------------------------------------------------------- */

/* A decimal number, all of the field: "12.5", ".04", "-.86", "1e3". With
 * `decimal_comma`, "12,5" too. Correctly rounded. False if it is not one. */
bool vo_number_parse(const char *text, size_t len, bool decimal_comma, double *out);

/* "", "nan", "null", "none", "na", "n/a", "-": no value. */
bool vo_number_is_missing(const char *text, size_t len);

/* Case-insensitive comparison of a field with a NUL-terminated name. */
bool vo_field_is(vo_csv_field f, const char *name);

#endif
