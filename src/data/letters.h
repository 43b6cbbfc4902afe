/* letters.h -- is text UTF-8, and what Excel writes on Windows where it is not.
 *
 * A name in another encoding, stored as it is, makes files that nobody reads again. Source of
 * the table: Unicode's CP1252.TXT.
 */
#ifndef VO_DATA_LETTERS_H
#define VO_DATA_LETTERS_H

#include <stdbool.h>
#include <stddef.h>

/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
bool vo_letters_are_utf8(const char *text, size_t len);

/* The longest part of at most `most` bytes that ends between letters. */
size_t vo_letters_whole(const char *text, size_t len, size_t most);

/* Windows-1252 as UTF-8 into out[size], NUL-terminated, cut between letters where it does not
 * fit. False: a byte that Windows-1252 does not have. */
bool vo_letters_from_1252(const char *text, size_t len, char *out, size_t size);

#endif
