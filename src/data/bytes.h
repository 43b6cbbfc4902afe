/* bytes.h -- a file, standard input or a block of memory as a stream of bytes, decompressed on
 * the way if need be, in bounded memory.
 *
 * zstd, gzip and zip are told by their first bytes; concatenated frames and members are read
 * through; a zip is a sequence of streams, one per file in it. What a pipe gives is spooled to
 * an unlinked temporary file for as long as it may be rewound. A UTF-8 byte order mark is
 * dropped. The output is bounded so that a small hostile file cannot run for ever; packed
 * inside packed and encrypted files are refused.
 */
#ifndef VO_DATA_BYTES_H
#define VO_DATA_BYTES_H

#include <stdbool.h>
#include <stddef.h>

#include <volteo/status.h>

#define VO_BYTES_MAX_OUT ((size_t)64 << 30)
#define VO_BYTES_HEAD 4096u

typedef struct vo_bytes vo_bytes;

/* Over memory: `data` is borrowed until close. *out is the caller's. VO_EINVAL: damaged. */
vo_status vo_bytes_open(const char *name, const char *data, size_t len, vo_bytes **out,
                        vo_error *err);

/* Over a file; "-" is standard input. VO_ENOTFOUND, VO_EIO, VO_EINVAL. */
vo_status vo_bytes_open_file(const char *path, vo_bytes **out, vo_error *err);

/* The same with `stop` called now and then while bytes come, and while a pipe gives none;
 * `share` is how much of the file was read, 0..1, or -1 where its size is not known. True stops
 * whatever is being done: VO_ECANCELED. NULL: never. */
typedef bool (*vo_bytes_stop)(void *ctx, double share);
vo_status vo_bytes_open_watched(const char *path, vo_bytes_stop stop, void *ctx, vo_bytes **out,
                                vo_error *err);
void vo_bytes_close(vo_bytes *b); /* accepts NULL */

/* For messages: the file's name; of a zip "FILE:ENTRY". Valid until next or close. */
const char *vo_bytes_name(const vo_bytes *b);

/* The first bytes of the stream (at most VO_BYTES_HEAD), without taking them. Valid until
 * rewind, next or close. */
vo_status vo_bytes_head(vo_bytes *b, const char **head, size_t *n, vo_error *err);

/* Fills `into` with at most `cap` > 0 bytes; *got = 0 means the end. VO_EINVAL: damaged. */
vo_status vo_bytes_read(vo_bytes *b, char *into, size_t cap, size_t *got, vo_error *err);

/* Back to the first byte of this stream (of this file in a zip). */
vo_status vo_bytes_rewind(vo_bytes *b, vo_error *err);

/* There will be no further rewind of this stream or of the next ones: a pipe is spooled no
 * more. */
void vo_bytes_settle(vo_bytes *b);

/* To the next file of a zip; *more = false where there is none (always, if it is no zip). */
vo_status vo_bytes_next(vo_bytes *b, bool *more, vo_error *err);

/* The rest of the stream at once, NUL-terminated, malloc'ed: free(). VO_EINVAL if it is longer
 * than `max`. */
vo_status vo_bytes_all(vo_bytes *b, size_t max, char **text, size_t *len, vo_error *err);

#endif
