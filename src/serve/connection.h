/* connection.h -- private to transports: what happens on a connection, without sockets.
 *
 * Bytes come in (vo_connection_receive), bytes go out (vo_socket_calls.write), time passes
 * (vo_connections_tick). In between is one small machine per connection:
 *
 *   HEAD ──► BODY ──► COMPUTING ──► ANSWER ──► HEAD ...      ──► LINGER (after refusals) ──► gone
 *     └──────────────► PEER (a WebSocket) ──► LINGER
 *
 * One request at a time: what a client sends ahead waits, bounded, and reading pauses. Timers
 * are one list per kind, in order of falling due because all of a kind last equally long; so
 * setting one costs nothing and a tick looks only at what is due.
 *
 * Answers come from any thread over a lock-free list. The loop takes all of it before it sleeps;
 * only a reply that may find it asleep rings the bell.
 *
 * Threads: the loop's, but for vo_connections_reply and the counts.
 */
#ifndef VO_SERVE_CONNECTION_H
#define VO_SERVE_CONNECTION_H

#include "serve/frames.h"
#include "serve/http_chunks.h"
#include "serve/http_head.h"
#include "serve/transport.h"

#define VO_CONNECTION_PIECE 65536 /* bytes of one write              */
#define VO_CONNECTION_FROM 48     /* room for the client's address   */

/* What a connection needs of its socket. None of these calls back. */
typedef struct {
    /* Takes all n (at most VO_CONNECTION_PIECE), keeping what the system does not; false: broken. */
    bool (*write)(void *socket, const void *bytes, size_t n);
    bool (*choked)(void *socket); /* it keeps something: write no more until _writable  */
    void (*ask_writable)(
        void *socket); /* have vo_connection_writable called when it is not    */
    void (*pause)(void *socket, bool paused); /* reading */
    void (*finish)(void *socket); /* no more will be written; reading goes on           */
    void (*close)(void *socket);  /* soon; then vo_connection_free                      */
    void (*ring)(void *bell);     /* any thread: have vo_connections_leave called soon  */
} vo_socket_calls;

typedef enum {
    VO_TIMER_NONE,
    VO_TIMER_HEAD,
    VO_TIMER_BODY,
    VO_TIMER_IDLE,
    VO_TIMER_WRITE,
    VO_TIMER_PING,
    VO_TIMER_PONG,
    VO_TIMER_ENDED, /* the client has said its end, and waits for its answer */
    VO_TIMER_LINGER,
    VO_TIMERS
} vo_timer;

typedef enum {
    VO_CONNECTION_HEAD,
    VO_CONNECTION_BODY,
    VO_CONNECTION_COMPUTING,
    VO_CONNECTION_ANSWER,
    VO_CONNECTION_PEER,
    VO_CONNECTION_LINGER
} vo_connection_state;

typedef struct vo_connection vo_connection;

struct vo_peer {
    vo_connection *connection;
    void *user;
    char *message; /* fragments so far */
    size_t message_len;
    bool in_message;
    unsigned n_frames; /* of this message so far */
    int ends_with;     /* a close code, after the frame that is being written */
    bool ready;        /* in the list of those with something to say */
    struct vo_peer *ready_prev, *ready_next;
};

struct vo_connection {
    struct vo_connections *all;
    void *socket;
    vo_connection *prev, *next; /* of its timer's list */
    double due_s;
    uint8_t timer, state;
    bool closing; /* the socket is told to close */
    bool paused, chunked;
    bool old;        /* HTTP/1.0: it must be told that the connection stays */
    bool ends_after; /* the answer under way                                */
    bool unread;     /* the client may still be sending what nobody wants   */
    bool ended;      /* the client has sent all it will: nothing is read    */
    char from[VO_CONNECTION_FROM];
    char *in; /* received, not used yet */
    size_t in_len, in_cap, seen;
    vo_exchange *x;
    uint64_t body_left;
    vo_chunks chunks;
    double answer_since_s; /* when the answer under way began to be written */
    const char *out;       /* the rest of what is being written */
    size_t out_left;
    vo_peer *peer;
    vo_connection *all_prev, *all_next;
};

typedef struct vo_connections {
    vo_transport_settings s;
    vo_handler h;
    void *ctx;
    vo_socket_calls io;
    void *bell;
    double now_s, wait_s[VO_TIMERS];
    vo_connection *first[VO_TIMERS], *last[VO_TIMERS];
    vo_connection *every;
    size_t computing; /* exchanges that others hold */
    size_t held;      /* bytes that clients have sent and that are not done with */
    vo_peer *ready_first, *ready_last;
    char *scratch; /* [VO_CONNECTION_PIECE] */
    char date[48];
    int64_t date_s;
    bool stopping;
    double grace_end_s; /* stopping: until then who is idle may still ask */
    _Atomic(vo_exchange *) replies;
    atomic_bool awake; /* the loop will look at the replies before it sleeps */
    atomic_bool woken; /* vo_transport_wake was called                       */
    atomic_size_t connections, peers;
    _Atomic uint64_t accepted, timed_out, refused;
} vo_connections;

vo_status vo_connections_init(vo_connections *a, const vo_transport_settings *s,
                              const vo_handler *h, void *ctx, const vo_socket_calls *io,
                              void *bell, vo_error *err);
/* Every connection is freed before, and every exchange has come back; those that came last are
 * handed to `done` here. */
void vo_connections_fini(vo_connections *a);

/* Around whatever the loop was woken for: the time; then replies and peers with news. */
void vo_connections_enter(vo_connections *a);
void vo_connections_leave(vo_connections *a);
void vo_connections_tick(vo_connections *a);  /* time-outs; about every 100 ms */
void vo_connections_drain(vo_connections *a); /* no further requests */
void vo_connections_stop(vo_connections *a);  /* besides, peers are told to go */
void vo_connections_abort(vo_connections *a); /* closes all */
void vo_connections_reply(vo_connections *a, vo_exchange *x); /* any thread */
void vo_connections_wake(vo_connections *a);                  /* any thread */

/* There are as many connections as may be, and one more wants in: closes that which has been idle
 * longest between requests, else the one whose head is longest on its way, for a second at least.
 * false: all are at work. */
bool vo_connections_make_room(vo_connections *a);

/* A connection was accepted. NULL: no memory. */
vo_connection *vo_connection_create(vo_connections *a, void *socket, const char *from);
void vo_connection_receive(vo_connection *c, const char *bytes, size_t n);
void vo_connection_writable(vo_connection *c);
/* Does a client who says its end now wait for an answer? Then `socket` is what to write to from now
 * on; it is not read any more. */
bool vo_connection_waits(const vo_connection *c);
void vo_connection_ended(vo_connection *c, void *socket);
void vo_connection_free(vo_connection *c); /* its socket is closed; accepts NULL */

/* ---- between connection*.c ----------------------------------------------------------------- */
void vo_connection_time(vo_connection *c, vo_timer kind);
/* The account of what clients have sent: `more` bytes beside the `have` that this one holds. false:
 * there is no room. The last eighth is for those who hold little. */
bool vo_connections_hold(vo_connections *a, size_t have, size_t more);
void vo_connections_let_go(vo_connections *a, size_t bytes);
void vo_connection_close(vo_connection *c);
/* At most VO_CONNECTION_PIECE; false: it is closing. */
bool vo_connection_write(vo_connection *c, const char *bytes, size_t n);
void vo_connection_linger(vo_connection *c); /* no more will be said; let the client read it */
void vo_connection_refuse(vo_connection *c, int status, const char *why);
/* Writes on while the socket takes it; true: nothing is left. */
bool vo_connection_push(vo_connection *c);
void vo_connection_answer(vo_connection *c); /* c->x is answered: write it */
void vo_connection_resume(vo_connection *c); /* with what had been sent ahead */
void vo_connection_done(vo_connection *c);   /* hands c->x back and frees it  */

void vo_peer_begin(vo_connection *c, const char *proof);
/* Uses up what it can of bytes[0, n), returns how much. */
size_t vo_peer_receive(vo_connection *c, const char *bytes, size_t n);
void vo_peer_pump(vo_connection *c);
void vo_peer_end(vo_connection *c, int code); /* a close frame, then the connection ends */
void vo_peer_timeout(vo_connection *c, vo_timer kind);
void vo_peer_free(vo_connection *c);

#endif
