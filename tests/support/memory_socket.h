/* memory_socket.h -- a connection of serve/connection.h over memory: its bytes go into a buffer, the
 * socket chokes when it is told to, and the handler answers at once or when asked. */
#ifndef VO_TESTS_MEMORY_SOCKET_H
#define VO_TESTS_MEMORY_SOCKET_H

#include "serve/connection.h"

typedef struct {
    vo_connections all;
    vo_connection *connection;
    char *out; /* everything written; NUL-terminated */
    size_t out_len, out_cap;
    bool choked, choke_each_write, closed, finished, paused, wants_writable, holds;
    vo_exchange *held;
    size_t heads, requests, refusals, done, opened, ended, messages;
    char last_body[256];
} memory_socket;

void memory_socket_open(memory_socket *m, const vo_transport_settings *s);
void memory_socket_feed(memory_socket *m, const char *bytes, size_t n);
void memory_socket_drain(memory_socket *m);  /* unchokes until nothing more is written */
void memory_socket_answer(memory_socket *m); /* the held exchange */
void memory_socket_close(memory_socket *m);  /* the client has gone; everything is freed */

#endif
