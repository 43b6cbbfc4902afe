/* bytes.h -- a block of memory as a stream of bytes, decompressed on the way if need be.
 *
 * zstd and gzip are told by their first bytes; concatenated frames and members are read
 * through. The output is bounded so that a small hostile file cannot run for ever.
 */
#ifndef VO_DATA_BYTES_H
#define VO_DATA_BYTES_H

#include <stddef.h>

#include <volteo/status.h>

#define VO_BYTES_MAX_OUT ((size_t)8 << 30)

typedef struct vo_bytes vo_bytes;

/* `data` is borrowed until close. *out is the caller's. VO_ENOMEM. */
vo_status vo_bytes_open(const char *name, const char *data, size_t len, vo_bytes **out,
                        vo_error *err);
void vo_bytes_close(vo_bytes *b); /* accepts NULL */

/* Fills `into` with at most `cap` > 0 bytes; *got = 0 means the end. VO_EINVAL: damaged. */
vo_status vo_bytes_read(vo_bytes *b, char *into, size_t cap, size_t *got, vo_error *err);

/* Everything at once, NUL-terminated, malloc'ed: free(). VO_EINVAL if longer than `max`. */
vo_status vo_bytes_all(const char *name, const char *data, size_t len, size_t max, char **text,
                       size_t *text_len, vo_error *err);

#endif
