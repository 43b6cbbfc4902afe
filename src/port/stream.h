/* stream.h -- files, pipes and temporary files, piece by piece.
 *
 * A temporary file has no name from the moment it exists: it is gone when it is closed or the
 * process ends, however it ends. Threads: one owner per stream.
 */
#ifndef VO_PORT_STREAM_H
#define VO_PORT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <volteo/status.h>

typedef struct {
    int fd;        /* -1: none is open                                              */
    bool borrowed; /* standard input: not closed                                    */
    bool seekable; /* a regular file: vo_stream_read_at works and it can be rewound */
    int64_t size;  /* of a regular file when it was opened; 0: not known            */
} vo_stream;

#define VO_STREAM_NONE ((vo_stream){.fd = -1})

/* For reading; "-" is standard input. VO_ENOTFOUND, VO_EIO; VO_EINVAL: a folder. */
vo_status vo_stream_open(const char *path, vo_stream *out, vo_error *err);

/* For writing and reading; in `folder` (made if need be), NULL: where the system keeps them. */
vo_status vo_stream_temporary(const char *folder, vo_stream *out, vo_error *err);

void vo_stream_close(vo_stream *s); /* accepts one that is not open */

/* At most `cap` bytes of what comes next, waiting for the first of them; *got = 0: the end.
 * VO_ECANCELED: a signal came before any byte did and `stop` says so; `stop` may be NULL. */
typedef bool (*vo_stream_stop)(void *ctx);
vo_status vo_stream_read(vo_stream *s, void *into, size_t cap, size_t *got, vo_stream_stop stop,
                         void *ctx, vo_error *err);

/* `len` bytes from position `at`, fewer only at the end of the file; the place of the next
 * vo_stream_read stays. */
vo_status vo_stream_read_at(const vo_stream *s, int64_t at, void *into, size_t len, size_t *got,
                            vo_error *err);

/* All of `data` at position `at` of a temporary file. VO_EIO: the disk is full, ... */
vo_status vo_stream_write_at(const vo_stream *s, int64_t at, const void *data, size_t len,
                             vo_error *err);

/* Where the next vo_stream_read begins. */
vo_status vo_stream_seek(vo_stream *s, int64_t at, vo_error *err);

#endif
