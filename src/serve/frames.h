/* frames.h -- WebSocket frames and the handshake's answer (RFC 6455), as pure functions. */
#ifndef VO_SERVE_FRAMES_H
#define VO_SERVE_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    VO_FRAME_MORE = 0x0,
    VO_FRAME_TEXT = 0x1,
    VO_FRAME_BINARY = 0x2,
    VO_FRAME_CLOSE = 0x8,
    VO_FRAME_PING = 0x9,
    VO_FRAME_PONG = 0xA
};

typedef struct {
    bool last;
    int kind;
    uint64_t len; /* of the payload */
    size_t head;  /* bytes before it */
    uint8_t mask[4];
} vo_frame;

/* The head of a client's frame. 1: *f is filled; 0: more bytes are needed; -1: against the
 * protocol (not masked, reserved bits, unknown kind, a long or cut control frame). */
int vo_frame_read(const char *bytes, size_t n, vo_frame *f);
void vo_frame_unmask(const vo_frame *f, const char *from, char *to, size_t n);

/* The head of a server's frame of n bytes: 2..10 bytes into `to`, their count. */
size_t vo_frame_write(int kind, size_t n, char to[10]);

bool vo_frame_close_code(int code); /* may a peer send it? */

/* Sec-WebSocket-Accept of a Sec-WebSocket-Key; false: that is no key (base64 of 16 bytes). */
bool vo_frame_accept(const char *key, char out[29]);

#endif
