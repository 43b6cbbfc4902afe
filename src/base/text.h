/* text.h -- numbers, names and bounded strings as people type them.
 *
 * Nothing here depends on the locale, allocates, or reads past the given length.
 * Threads: pure functions; a vo_text has one owner at a time.
 */
#ifndef VO_BASE_TEXT_H
#define VO_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A finite decimal number and nothing else: "12", ".04", "-.86", "+1e3", blanks around it
 * allowed. "nan", "inf", "0x1", "1,5", "1e999" (too large) and texts of more than 500
 * characters are refused. Correctly rounded. *out is untouched when false is returned. */
bool vo_text_number(const char *s, size_t len, double *out);

/* The same for whole numbers that fit: "-12". "1.0" and "1e3" are refused. */
bool vo_text_integer(const char *s, size_t len, int64_t *out);

/* Shortest decimal that vo_text_number reads back to the same double; v must be finite.
 * Negative zero is written as 0. Returns the length; `out` is NUL-terminated. */
#define VO_TEXT_NUMBER 32
size_t vo_text_format_number(double v, char out[VO_TEXT_NUMBER]);

/* Drops blanks (space, tab, CR, LF) at both ends: returns the new start, shortens *len. */
const char *vo_text_trim(const char *s, size_t *len);

/* Of a hexadecimal digit: 0..15; -1 for any other character. */
int vo_text_hex(char c);

/* Offset of the first byte that is not well-formed UTF-8 (RFC 3629), or len. */
size_t vo_text_utf8_fault(const char *s, size_t len);

/* ASCII only: accents compare as bytes. */
bool vo_text_same(const char *a, const char *b); /* without case */
bool vo_text_same_span(const char *s, size_t len, const char *name);
bool vo_text_begins(const char *s, size_t len, const char *with);      /* without case */
bool vo_text_has(const char *s, size_t len, const char *word);         /* without case; "" is */
bool vo_text_has_exactly(const char *s, size_t len, const char *word); /* with case */

/* Appends to a buffer of fixed size. What does not fit is cut and the text ends in "...". */
typedef struct {
    char *at;
    size_t size, len; /* bytes of the buffer (>= 4); characters so far */
    bool cut;
} vo_text;

vo_text vo_text_over(char *buffer, size_t size);
void vo_text_append(vo_text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "a, b, c", or as many whole names as there is room for, "a, b, ...". */
void vo_text_append_names(vo_text *t, const char *const *names, size_t n);

/* The name most like `wrong`, for "did you mean ...": without case, at most a third of its
 * letters changed (insert, delete, change or swap of neighbours). NULL if none is near. */
const char *vo_text_nearest(const char *wrong, const char *const *names, size_t n);

#endif
