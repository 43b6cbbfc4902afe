/* transport.h -- the seam to the network: HTTP/1.1, WebSocket and TLS on one event loop.
 *
 * The transport accepts connections, reads bounded requests, writes answers and frames, and
 * gives up on slow clients. It knows nothing of routes, keys or documents: the handler does.
 * transport_lws.c is libwebsockets: sockets, TLS and its libuv loop (epoll: idle connections cost
 * nothing). HTTP/1.1 and WebSocket themselves are connection.h, which knows no sockets, because
 * the server of libwebsockets 4.1 reads neither chunked bodies nor unknown methods nor the
 * requests that a strict reader must refuse. No HTTP/2, neither by upgrade nor by ALPN.
 *
 * Threads: the handler is called on the loop's thread only, and must not block.
 *          vo_transport_reply, _wake, _drain and _stop may be called from any thread.
 *
 * To add one: write transport_NAME.c with these functions; tests/unit/serve/test_transport.c
 * runs over it.
 */
#ifndef VO_SERVE_TRANSPORT_H
#define VO_SERVE_TRANSPORT_H

#include "serve/exchange.h"

typedef struct vo_transport vo_transport;
typedef struct vo_peer vo_peer; /* an open WebSocket */

typedef struct {
    /* The head is complete, the body is not read yet. false: do not read it, the answer is in
     * x (401, 404, 413, 429, ...) and, where a body was announced, the connection closes after
     * it. Not called for a head that the transport itself refuses (400, 414, 417, 431, 501,
     * 505), which it answers with vo_handler.refuse. */
    bool (*head)(void *ctx, vo_exchange *x);
    /* The whole request is here. Answer with vo_transport_reply, now or later, exactly once. */
    void (*request)(void *ctx, vo_exchange *x);
    /* Fills the answer for what the transport found wrong itself: those, 408, 413, 426, 503. Often
     * there is no path and no method ("") then. NULL: a bare status line. */
    void (*refuse)(void *ctx, vo_exchange *x, int status, const char *why);
    /* The answer has left, or nobody is there to take it; x is freed after this. */
    void (*done)(void *ctx, vo_exchange *x);

    /* A WebSocket handshake (head was called and said true). *user is the peer's from here on.
     * Headers that it adds to x go into the 101 answer: of the subprotocols that a client
     * offers it must find one there, else browsers fail the connection.
     * false: refused, with the answer in x. */
    bool (*peer_open)(void *ctx, vo_exchange *x, vo_peer *p, void **user);
    /* A whole text message, NUL-terminated. false: close with 1008 (binary ones: 1003, closed by
     * the transport; too long: 1009). */
    bool (*peer_message)(void *ctx, void *user, const char *text, size_t len);
    /* The socket takes more: the next text to send, valid until the next call for this peer;
     * NULL: nothing now. *close with a code (1000..4999): close after it. */
    const char *(*peer_next)(void *ctx, void *user, size_t *len, int *close);
    void (*peer_closed)(void *ctx, void *user);

    void (*woken)(void *ctx); /* after vo_transport_wake, once for any number of them */
    void (*tick)(void *ctx);  /* about every 100 ms                                   */
} vo_handler;

typedef struct {
    const char *host; /* "127.0.0.1", "::1", "0.0.0.0": an address, not a name      */
    int32_t port;     /* 0: a free one                                              */
    const char *tls_certificate, *tls_key; /* PEM files; NULL: plain                   */
    size_t max_head;    /* bytes of the request line and all headers; 16 KiB        */
    size_t max_body;    /* 8 MiB; head() may be told less by content-length itself */
    size_t max_message; /* of a WebSocket client; 64 KiB                            */
    size_t max_held; /* of all that clients have sent and that is not answered yet, bodies above
                        all; beyond it 503; 256 MiB. The last eighth is for small ones       */
    size_t max_connections; /* 12 000; for one more the one that has been idle longest goes; if
                               all are at work it is turned away                         */
    double head_timeout_s;  /* from the connection, or the end of the last answer's
                               first following byte, to the whole head; 10              */
    double body_timeout_s;  /* for the whole body; 30                                  */
    double idle_timeout_s;  /* between requests of a connection; 60                    */
    double write_timeout_s; /* without progress while an answer is written; 30         */
    double min_write_per_s; /* bytes of an answer that a client takes on the mean, after the
                               first write_timeout_s; 16 KiB; 0: any                      */
    double ended_timeout_s; /* of computing for one who has said its end (a half-closed
                               connection, which looks like one that has left); 10; 0: it has left */
    double ping_s;          /* WebSocket pings; no pong for as long again: closed; 30   */
} vo_transport_settings;

vo_transport_settings vo_transport_settings_default(void);

/* Listens when it returns. *out is the caller's: vo_transport_close. Settings and handler are
 * copied, the texts that settings point to are not. Raises the process's limit of open files to
 * what max_connections needs, and lowers max_connections to what it got. VO_EINVAL: a bad address, port or certificate, named; VO_EIO: the port is taken. */
vo_status vo_transport_open(const vo_transport_settings *s, const vo_handler *handler,
                            void *ctx, vo_transport **out, vo_error *err);
int32_t vo_transport_port(const vo_transport *t); /* the one it listens on */
/* How it waits: "epoll", or "poll" where libwebsockets' libuv plug-in is not installed: then an
 * idle connection costs time at each turn of the loop. */
const char *vo_transport_loop(const vo_transport *t);

/* Serves until stopped. VO_EIO. */
vo_status vo_transport_run(vo_transport *t, vo_error *err);

/* The answer in x is complete. */
void vo_transport_reply(vo_transport *t, vo_exchange *x);

/* Have handler.woken called on the loop soon; async-signal-safe it is not. */
void vo_transport_wake(vo_transport *t);

/* This peer has something to say: peer_next will be called when its socket takes it. Loop
 * thread only. */
void vo_peer_ready(vo_peer *p);

/* The first half of stopping: no new connections, requests under way are answered; WebSockets stay. */
void vo_transport_drain(vo_transport *t);

/* No new connections; requests under way are answered, WebSockets closed with 1001; run returns
 * when all have left. After drain_s those that are still there are cut off (x->gone), and run
 * returns as soon as every exchange has come back by vo_transport_reply. */
void vo_transport_stop(vo_transport *t, double drain_s);

typedef struct {
    size_t connections, peers;             /* open now                                        */
    uint64_t accepted, timed_out, refused; /* since the start                     */
} vo_transport_counts;
vo_transport_counts vo_transport_count(const vo_transport *t); /* any thread */

void vo_transport_close(vo_transport *t); /* accepts NULL; after run has returned */

#endif
