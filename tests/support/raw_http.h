/* raw_http.h -- a client of raw sockets: exactly the bytes a test wants, and what comes back. */
#ifndef VO_TESTS_RAW_HTTP_H
#define VO_TESTS_RAW_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Connected to 127.0.0.1; waits at most 20 s for anything. Fails the test otherwise. */
int raw_connect(int32_t port);
int raw_try_connect(int32_t port); /* -1: refused */
void raw_send(int fd, const void *bytes, size_t n);
void raw_say(int fd, const char *text); /* NUL-terminated */
/* Up to n bytes; the number that came before the end, or before a reset. */
size_t raw_read(int fd, char *to, size_t n);
bool raw_ended(int fd);          /* nothing more comes: end of the stream or reset */
bool raw_silent(int fd, int ms); /* neither bytes nor an end within so many ms */

typedef struct {
    int status; /* 0: no answer came */
    char head[8192];
    char *body; /* malloc'ed, NUL-terminated; by Content-Length */
    size_t len;
} raw_answer;

raw_answer raw_receive(int fd);      /* one answer, not a byte more    */
raw_answer raw_receive_head(int fd); /* of HEAD, 1xx, 204: no body     */
void raw_free(raw_answer *a);
/* Value of a header, "" if there is none; in a static buffer. */
const char *raw_header(const raw_answer *a, const char *name);
/* Connect, say, receive, close; only the status. */
int raw_status(int32_t port, const char *request);

/* WebSocket: a handshake at `path`; the status. Masked frames out; in: the kind, -1 at the end. */
int raw_upgrade(int fd, const char *path);
void raw_frame(int fd, int first_byte, const void *bytes, size_t n);
int raw_frame_in(int fd, char *to, size_t room, size_t *n);
int raw_close_code(int fd); /* reads on to a close frame; -1: there is none */

#endif
