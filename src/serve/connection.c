/* connection.c -- a connection from its first byte to its last: requests in, answers out. See
 * connection.h for the machine. Answers are in answer.c, WebSockets in peer.c, time and all
 * connections together in connections.c. */
#include "serve/connection.h"

#include <stdlib.h>
#include <string.h>

/* An exchange as it is made here: with room for what its strings point into. */
typedef struct {
    vo_exchange x;
    vo_http_framing framing;
    char from[VO_CONNECTION_FROM];
    char *body;
    size_t body_cap; /* bytes of it that are held in the account */
    char text[];     /* the head */
} request;

static request *request_of(vo_exchange *x) { return (request *)(void *)x; }

static request *request_make(vo_connection *c, const char *head, size_t n) {
    request *r = malloc(sizeof *r + n + 1);
    if (!r) return NULL;
    memset(r, 0,
           offsetof(vo_exchange, header)); /* not the 8 KiB of headers: they are counted */
    r->x.n_headers = 0;
    r->x.next = NULL;
    memset(&r->framing, 0, sizeof r->framing);
    r->body = NULL;
    r->body_cap = 0;
    if (n) memcpy(r->text, head, n);
    r->text[n] = '\0';
    memcpy(r->from, c->from, sizeof r->from);
    vo_exchange *x = &r->x;
    x->method = x->path = x->query = x->body = "";
#define X(member, header) x->member = "";
    VO_EXCHANGE_HEADER_MAP(X)
#undef X
    x->peer = r->from;
    x->tls = c->all->s.tls_certificate != NULL;
    x->came_s = c->all->now_s;
    x->connection = c;
    atomic_init(&x->gone, false);
    return r;
}

static void drop_body(vo_connections *a, request *r) {
    vo_connections_let_go(a, r->body_cap);
    free(r->body);
    r->body = NULL;
    r->body_cap = 0;
    r->x.body = "";
}

static void exchange_free(vo_connections *a, vo_exchange *x) {
    if (a->h.done) a->h.done(a->ctx, x);
    drop_body(a, request_of(x));
    free(x->answer);
    free(x);
}

void vo_connection_done(vo_connection *c) {
    vo_exchange *x = c->x;
    c->x = NULL;
    if (x) exchange_free(c->all, x);
}

vo_connection *vo_connection_create(vo_connections *a, void *socket, const char *from) {
    vo_connection *c = calloc(1, sizeof *c);
    if (!c) return NULL;
    c->all = a;
    c->socket = socket;
    strncpy(c->from, from, sizeof c->from - 1);
    c->all_next = a->every;
    if (a->every) a->every->all_prev = c;
    a->every = c;
    atomic_fetch_add(&a->connections, 1);
    atomic_fetch_add(&a->accepted, 1);
    vo_connection_time(c, VO_TIMER_HEAD);
    return c;
}

static void drop_input(vo_connection *c) {
    vo_connections_let_go(c->all, c->in_cap);
    free(c->in);
    c->in = NULL;
    c->in_cap = 0;
}

void vo_connection_free(vo_connection *c) {
    if (!c) return;
    vo_connections *a = c->all;
    vo_connection_time(c, VO_TIMER_NONE);
    if (c->all_prev)
        c->all_prev->all_next = c->all_next;
    else
        a->every = c->all_next;
    if (c->all_next) c->all_next->all_prev = c->all_prev;
    if (c->peer) vo_peer_free(c);
    if (c->x && c->state == VO_CONNECTION_COMPUTING) {
        c->x->connection = NULL; /* it comes back as a reply; freed there */
        atomic_store(&c->x->gone, true);
    } else if (c->x) {
        atomic_store(&c->x->gone, true);
        vo_connection_done(c);
    }
    atomic_fetch_sub(&a->connections, 1);
    drop_input(c);
    free(c);
}

void vo_connection_close(vo_connection *c) {
    if (c->closing) return;
    c->closing = true;
    vo_connection_time(c, VO_TIMER_NONE);
    c->all->io.close(c->socket);
}

/* Closing with bytes unread would have the system reset the connection, and the client lose the
 * answer; so its bytes are read over until it closes, for a moment. */
void vo_connection_linger(vo_connection *c) {
    c->state = VO_CONNECTION_LINGER;
    c->in_len = 0;
    vo_connection_time(c, VO_TIMER_LINGER);
    if (c->ended) { /* nothing is left to be read over */
        vo_connection_close(c);
        return;
    }
    if (c->paused) c->all->io.pause(c->socket, false);
    c->paused = false;
    c->all->io.finish(c->socket);
}

void vo_connection_refuse(vo_connection *c, int status, const char *why) {
    vo_connections *a = c->all;
    atomic_fetch_add(&a->refused, 1);
    c->ends_after = c->unread = true;
    if (!c->x) {
        request *r = request_make(c, NULL, 0);
        if (!r) {
            vo_connection_close(c);
            return;
        }
        c->x = &r->x;
    }
    drop_body(a, request_of(c->x));
    if (status == 503) vo_exchange_header(c->x, "Retry-After", "5");
    c->x->status = status;
    if (a->h.refuse) a->h.refuse(a->ctx, c->x, status, why);
    vo_connection_answer(c);
}

/* ---- heads ----------------------------------------------------------------------------------- */

static void hand_over(vo_connection *c) {
    vo_connections *a = c->all;
    request *r = request_of(c->x);
    if (r->body) {
        r->body[c->x->body_len] = '\0';
        c->x->body = r->body;
    }
    c->state = VO_CONNECTION_COMPUTING;
    vo_connection_time(c, c->ended ? VO_TIMER_ENDED : VO_TIMER_NONE);
    a->computing++;
    a->h.request(a->ctx, c->x);
}

static void open_peer(vo_connection *c, const vo_http_framing *f) {
    vo_connections *a = c->all;
    char proof[29];
    if (strcmp(f->version, "13") != 0) {
        vo_exchange_header(c->x, "Sec-WebSocket-Version", "13");
        vo_connection_refuse(c, 426, "Sec-WebSocket-Version must be 13");
    } else if (!vo_frame_accept(f->key, proof)) {
        vo_connection_refuse(c, 400, "Sec-WebSocket-Key is not 16 bytes in base64");
    } else if (f->chunked || f->length) {
        vo_connection_refuse(c, 400, "a WebSocket handshake has no body");
    } else if (!a->h.peer_open) {
        vo_connection_refuse(c, 400, "there are no WebSockets here");
    } else {
        vo_peer_begin(c, proof);
    }
}

#define TOO_MUCH "too much is being sent to this server already: ask again soon"

/* The body begins, if there is one. */
static void begin_body(vo_connection *c, const vo_http_framing *f, bool more_is_here) {
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    if (f->length > c->all->s.max_body) {
        vo_connection_refuse(c, 413, "the body is larger than what is taken here");
        return;
    }
    if (!vo_connections_hold(c->all, 0, (size_t)f->length)) {
        vo_connection_refuse(c, 503, TOO_MUCH);
        return;
    }
    vo_connections_let_go(c->all, (size_t)f->length); /* it was a question */
    c->body_left = f->length;
    c->chunked = f->chunked;
    memset(&c->chunks, 0, sizeof c->chunks);
    if (!f->chunked && f->length == 0) {
        hand_over(c);
        return;
    }
    c->state = VO_CONNECTION_BODY;
    vo_connection_time(c, VO_TIMER_BODY);
    if (f->expects_continue && !more_is_here) vo_connection_write(c, go_on, sizeof go_on - 1);
}

static void take_head(vo_connection *c, const char *head, size_t n, bool more_is_here) {
    vo_connections *a = c->all;
    request *r = request_make(c, head, n);
    if (!r) {
        vo_connection_close(c);
        return;
    }
    c->x = &r->x;
    const char *why = "";
    const int status = vo_http_head_parse(r->text, n, &r->x, &r->framing, &why);
    const vo_http_framing *f = &r->framing;
    c->ends_after = !f->keep_alive;
    c->old = f->http10;
    if (status != 0) {
        vo_connection_refuse(c, status, why);
    } else if (a->h.head && !a->h.head(a->ctx, c->x)) {
        /* A body that is announced would be taken for the next request. */
        c->unread = f->chunked || f->length || r->x.upgrade;
        c->ends_after |= c->unread;
        vo_connection_answer(c);
    } else if (r->x.upgrade) {
        open_peer(c, f);
    } else {
        begin_body(c, f, more_is_here);
    }
}

static size_t receive_head(vo_connection *c, const char *bytes, size_t n) {
    size_t skipped = 0;
    /* Empty lines before a request are allowed. */
    while (n - skipped >= 2 && memcmp(bytes + skipped, "\r\n", 2) == 0) {
        skipped += 2;
        c->seen = 0;
    }
    if (skipped == n) return n;
    if (c->timer != VO_TIMER_HEAD) vo_connection_time(c, VO_TIMER_HEAD);
    bytes += skipped;
    n -= skipped;
    const size_t most = c->all->s.max_head;
    const bool foreign = c->seen == 0 && *bytes != '\r' && (*bytes < '!' || *bytes > '~');
    const int64_t end = foreign ? -1 : vo_http_head_end(bytes, n, &c->seen);
    if (end < 0) {
        vo_connection_refuse(
            c, 400, "this is not a request of HTTP/1.1 with lines that end with CR LF");
    } else if (end > (int64_t)most || (end == 0 && n > most)) {
        const bool in_line = !memchr(bytes, '\n', n < most ? n : most);
        vo_connection_refuse(c, in_line ? 414 : 431,
                             in_line ? "the target is longer than what is taken here"
                                     : "the headers are larger than what is taken here");
    } else if (end > 0) {
        c->seen = 0;
        take_head(c, bytes, (size_t)end, n > (size_t)end);
        return skipped + (size_t)end;
    } else {
        return skipped; /* wait for the rest */
    }
    return skipped + n; /* refused: nothing after it means anything */
}

/* ---- bodies ---------------------------------------------------------------------------------- */

/* With what came, not with what the client says will come. */
static bool widen_body(vo_connection *c, request *r, size_t n) {
    const size_t need = r->x.body_len + n;
    const size_t whole = c->chunked ? c->all->s.max_body : r->x.body_len + (size_t)c->body_left;
    size_t cap = 2 * r->body_cap > 4096 ? 2 * r->body_cap : 4096;
    if (cap < need) cap = need;
    if (cap > whole) cap = whole;
    if (!vo_connections_hold(c->all, r->body_cap, cap - r->body_cap)) {
        vo_connection_refuse(c, 503, TOO_MUCH);
        return false;
    }
    char *more = realloc(r->body, cap + 1);
    if (!more) {
        vo_connections_let_go(c->all, cap - r->body_cap);
        vo_connection_refuse(c, 503, "no memory for the body");
        return false;
    }
    r->body = more;
    r->body_cap = cap;
    return true;
}

static bool keep_body(vo_connection *c, const char *bytes, size_t n) {
    request *r = request_of(c->x);
    const size_t need = r->x.body_len + n;
    if (need > c->all->s.max_body) {
        vo_connection_refuse(c, 413, "the body is larger than what is taken here");
        return false;
    }
    if (need > r->body_cap && !widen_body(c, r, n)) return false;
    memcpy(r->body + r->x.body_len, bytes, n);
    r->x.body_len = need;
    return true;
}

static size_t receive_sized(vo_connection *c, const char *bytes, size_t n) {
    const size_t part = n < c->body_left ? n : (size_t)c->body_left;
    if (part && !keep_body(c, bytes, part)) return n;
    c->body_left -= part;
    if (c->body_left == 0) hand_over(c);
    return part;
}

static size_t receive_chunks(vo_connection *c, const char *bytes, size_t n) {
    size_t used = 0;
    while (used < n) {
        size_t part = 0, len = 0;
        const char *data = NULL;
        const vo_chunks_said said =
            vo_chunks_read(&c->chunks, bytes + used, n - used, &part, &data, &len);
        used += part;
        if (said == VO_CHUNKS_BAD) {
            vo_connection_refuse(c, 400, "the body's chunks are malformed");
            return n;
        }
        if (said == VO_CHUNKS_DATA && !keep_body(c, data, len)) return n;
        if (said == VO_CHUNKS_END) {
            hand_over(c);
            break;
        }
    }
    return used;
}

/* ---- bytes ----------------------------------------------------------------------------------- */

/* What may be used now of bytes[0, n). */
static size_t receive_some(vo_connection *c, const char *bytes, size_t n) {
    size_t used = 0;
    while (used < n && !c->closing) {
        const uint8_t before = c->state;
        size_t part = 0;
        if (before == VO_CONNECTION_HEAD)
            part = receive_head(c, bytes + used, n - used);
        else if (before == VO_CONNECTION_BODY)
            part = c->chunked ? receive_chunks(c, bytes + used, n - used)
                              : receive_sized(c, bytes + used, n - used);
        else if (before == VO_CONNECTION_PEER)
            part = vo_peer_receive(c, bytes + used, n - used);
        else if (before == VO_CONNECTION_LINGER)
            return n;
        used += part;
        if (part == 0 && c->state == before) break;
    }
    return used;
}

/* Sent ahead while an answer is due: kept, and when it is much, not read further. Nor is who
 * does not read us. */
static void maybe_pause(vo_connection *c) {
    if (c->closing || c->ended) return;
    const bool busy = c->state == VO_CONNECTION_COMPUTING || c->state == VO_CONNECTION_ANSWER;
    const bool pause =
        c->all->io.choked(c->socket) || (busy && c->in_len >= c->all->s.max_head);
    if (pause == c->paused) return;
    c->paused = pause;
    c->all->io.pause(c->socket, pause);
}

bool vo_connection_write(vo_connection *c, const char *bytes, size_t n) {
    vo_connections *a = c->all;
    if (c->closing) return false;
    if (!a->io.write(c->socket, bytes, n)) {
        vo_connection_close(c);
        return false;
    }
    if (!a->io.choked(c->socket)) return true;
    a->io.ask_writable(c->socket);
    maybe_pause(c);
    return true;
}

static bool keep_input(vo_connection *c, const char *bytes, size_t n) {
    if (c->in_len + n > c->in_cap) {
        const size_t cap = c->in_len + n + (c->in_len ? c->in_len : 0);
        if (!vo_connections_hold(c->all, c->in_cap, cap - c->in_cap)) return false;
        char *more = realloc(c->in, cap);
        if (!more) {
            vo_connections_let_go(c->all, cap - c->in_cap);
            return false;
        }
        c->in = more;
        c->in_cap = cap;
    }
    memcpy(c->in + c->in_len, bytes, n);
    c->in_len += n;
    return true;
}

/* Uses what is kept. An idle connection keeps no memory for it. */
static void use_input(vo_connection *c) {
    const size_t used = receive_some(c, c->in, c->in_len);
    if (c->in_len < used) return; /* a refusal has dropped it all */
    c->in_len -= used;
    if (c->in_len) memmove(c->in, c->in + used, c->in_len);
    if (c->in_len == 0) drop_input(c);
}

void vo_connection_receive(vo_connection *c, const char *bytes, size_t n) {
    if (c->closing || c->state == VO_CONNECTION_LINGER) return;
    if (c->in_len == 0) {
        const size_t used = receive_some(c, bytes, n);
        if (used < n && c->state != VO_CONNECTION_LINGER &&
            !keep_input(c, bytes + used, n - used))
            vo_connection_close(c);
    } else if (!keep_input(c, bytes, n)) {
        vo_connection_close(c);
    } else {
        use_input(c);
    }
    maybe_pause(c);
}

void vo_connection_resume(vo_connection *c) {
    if (c->in_len && !c->closing) use_input(c);
    const bool waits = c->state == VO_CONNECTION_HEAD || c->state == VO_CONNECTION_BODY;
    if (c->ended && waits) vo_connection_close(c); /* the rest of it will not come */
    maybe_pause(c);
}

bool vo_connection_waits(const vo_connection *c) {
    const bool asked = c->state == VO_CONNECTION_COMPUTING || c->state == VO_CONNECTION_ANSWER;
    return asked && !c->closing && !c->ended && c->all->s.ended_timeout_s > 0;
}

void vo_connection_ended(vo_connection *c, void *socket) {
    c->socket = socket;
    c->ended = true;
    if (c->state == VO_CONNECTION_COMPUTING)
        vo_connection_time(c, VO_TIMER_ENDED);
    else
        c->all->io.ask_writable(socket);
}

/* Has it taken less than it must have since its answer began? */
static bool takes_too_little(const vo_connection *c) {
    const vo_transport_settings *s = &c->all->s;
    const double since_s = c->all->now_s - c->answer_since_s - s->write_timeout_s;
    const double taken = (double)(c->x->answer_len - c->out_left);
    return since_s > 0 && taken < since_s * s->min_write_per_s;
}

void vo_connection_writable(vo_connection *c) {
    if (c->closing) return;
    if (c->state == VO_CONNECTION_PEER) {
        vo_peer_pump(c);
    } else if (c->state == VO_CONNECTION_ANSWER) {
        if (c->out_left && takes_too_little(c)) {
            atomic_fetch_add(&c->all->timed_out, 1);
            vo_connection_close(c);
            return;
        }
        vo_connection_time(c, VO_TIMER_WRITE);
        vo_connection_push(c);
    }
    vo_connection_resume(c);
}
