/* http_chunks.h -- a body in chunks (RFC 9112, 7.1), strictly, piece by piece. Extensions and
 * trailers are read over, within bounds. */
#ifndef VO_SERVE_HTTP_CHUNKS_H
#define VO_SERVE_HTTP_CHUNKS_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    int state;
    uint64_t left;            /* of the chunk's data             */
    uint32_t digits, skipped; /* of its size; of what is read over */
} vo_chunks;                  /* begin with zeros */

typedef enum { VO_CHUNKS_MORE, VO_CHUNKS_DATA, VO_CHUNKS_END, VO_CHUNKS_BAD } vo_chunks_said;

/* Reads on in bytes[0, n); *used of them are done with. DATA: *data and *len are a piece of the
 * body within them, come again. MORE: all are used. END: the body is whole. */
vo_chunks_said vo_chunks_read(vo_chunks *c, const char *bytes, size_t n, size_t *used,
                              const char **data, size_t *len);

#endif
