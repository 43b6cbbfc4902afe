/* http_head.h -- the head of an HTTP/1.x request: request line and headers, judged strictly.
 *
 * Whatever two programs could read differently is refused: bare CR or LF, folded lines, blanks
 * before a colon, a repeated or signed Content-Length, Content-Length beside
 * Transfer-Encoding, codings other than "chunked", several Hosts, control characters, "%00".
 * RFC 9112; targets in origin form or absolute ("http://host/path": its host is the one that counts,
 * Host must be there all the same), and "*" of OPTIONS.
 */
#ifndef VO_SERVE_HTTP_HEAD_H
#define VO_SERVE_HTTP_HEAD_H

#include "serve/exchange.h"

#include <stdint.h>

/* How the rest of the connection is to be read, and the handshake of a WebSocket. */
typedef struct {
    bool http10, keep_alive;
    bool chunked, has_length, expects_continue;
    uint64_t length;
    const char *key, *version; /* sec-websocket-*; "" */
} vo_http_framing;

/* Where a head ends (the byte after its empty line), 0: not yet, or -1: a line without CR.
 * *seen (begin with 0) is how far it has looked. */
int64_t vo_http_head_end(const char *bytes, size_t n, size_t *seen);

/* `text` is a whole head of n bytes with a NUL after it; it is cut into strings in place. Fills
 * the request of x (path, method, headers, upgrade) and *f. Returns 0, or the status of the
 * refusal (400, 431, 501, 505) with *why a literal; x's strings are all set in any case. */
int vo_http_head_parse(char *text, size_t n, vo_exchange *x, vo_http_framing *f,
                       const char **why);

#endif
