/* peer.c -- a connection that has become a WebSocket (RFC 6455).
 *
 * Messages of a client are put together up to max_message. What is said to it is pulled from
 * the handler one text at a time, only while its socket takes it: there is no queue here.
 */
#include "serve/connection.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void forget_ready(vo_connections *a, vo_peer *p) {
    if (!p->ready) return;
    p->ready = false;
    if (p->ready_prev)
        p->ready_prev->ready_next = p->ready_next;
    else
        a->ready_first = p->ready_next;
    if (p->ready_next)
        p->ready_next->ready_prev = p->ready_prev;
    else
        a->ready_last = p->ready_prev;
    p->ready_prev = p->ready_next = NULL;
}

void vo_peer_ready(vo_peer *p) {
    vo_connections *a = p->connection->all;
    if (p->ready) return;
    p->ready = true;
    p->ready_prev = a->ready_last;
    if (a->ready_last)
        a->ready_last->ready_next = p;
    else
        a->ready_first = p;
    a->ready_last = p;
}

static bool say(vo_connection *c, int kind, const char *bytes, size_t n) {
    char frame[10 + 125];
    const size_t head = vo_frame_write(kind, n, frame);
    memcpy(frame + head, bytes, n);
    return vo_connection_write(c, frame, head + n);
}

/* The 101 answer with the headers that the handler gave it. */
static size_t greeting(const vo_exchange *x, const char *proof, char *out, size_t size) {
    size_t n = (size_t)snprintf(out, size,
                                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n",
                                proof);
    for (size_t i = 0; i < x->n_headers; i++)
        n += (size_t)snprintf(out + n, size - n, "%s: %s\r\n", x->header[i].name,
                              x->header[i].value);
    return n + (size_t)snprintf(out + n, size - n, "\r\n");
}

/* Greets or refuses: `proof` is Sec-WebSocket-Accept. */
void vo_peer_begin(vo_connection *c, const char *proof) {
    vo_connections *a = c->all;
    vo_peer *p = calloc(1, sizeof *p);
    if (!p) {
        vo_connection_refuse(c, 503, "no memory for a WebSocket");
        return;
    }
    p->connection = c;
    if (!a->h.peer_open(a->ctx, c->x, p, &p->user)) {
        forget_ready(a, p);
        free(p);
        c->ends_after = c->unread = true;
        vo_connection_answer(c);
        return;
    }
    c->peer = p;
    c->state = VO_CONNECTION_PEER;
    atomic_fetch_add(&a->peers, 1);
    c->x->status = 101;
    char answer[160 + sizeof c->x->header];
    const size_t n = greeting(c->x, proof, answer, sizeof answer);
    vo_connection_done(c);
    vo_connection_time(c, VO_TIMER_PING);
    if (vo_connection_write(c, answer, n)) vo_peer_ready(p);
}

void vo_peer_free(vo_connection *c) {
    vo_connections *a = c->all;
    vo_peer *p = c->peer;
    c->peer = NULL;
    c->out = NULL;
    c->out_left = 0;
    forget_ready(a, p);
    atomic_fetch_sub(&a->peers, 1);
    if (a->h.peer_closed) a->h.peer_closed(a->ctx, p->user);
    vo_connections_let_go(a, p->message_len);
    free(p->message);
    free(p);
}

void vo_peer_end(vo_connection *c, int code) {
    const char bytes[2] = {(char)(code >> 8), (char)(code & 0xff)};
    if (c->closing || !c->peer) return;
    const bool whole = c->out_left == 0; /* not in the middle of a frame */
    vo_peer_free(c);
    if (whole && !say(c, VO_FRAME_CLOSE, bytes, 2)) return;
    vo_connection_linger(c);
}

/* ---- what it says --------------------------------------------------------------------------- */

static void take_message(vo_connection *c) {
    vo_connections *a = c->all;
    vo_peer *p = c->peer;
    char *text = p->message;
    const size_t n = p->message_len;
    p->message = NULL;
    p->message_len = 0;
    p->in_message = false;
    p->n_frames = 0;
    vo_connections_let_go(a, n);
    bool goes_on = true;
    if (vo_text_utf8_fault(text ? text : "", n) < n) {
        vo_peer_end(c, 1007);
    } else {
        if (a->h.peer_message)
            goes_on = a->h.peer_message(a->ctx, p->user, text ? text : "", n);
        if (!goes_on) vo_peer_end(c, 1008);
    }
    free(text);
}

static void take_data(vo_connection *c, const vo_frame *f, const char *bytes) {
    vo_peer *p = c->peer;
    const size_t n = (size_t)f->len;
    const bool room = vo_connections_hold(c->all, p->message_len, n);
    char *more = room ? realloc(p->message, p->message_len + n + 1) : NULL;
    if (!more) {
        if (room) vo_connections_let_go(c->all, n);
        vo_peer_end(c, room ? 1011 : 1013); /* try again later */
        return;
    }
    p->message = more;
    vo_frame_unmask(f, bytes, more + p->message_len, n);
    p->message_len += n;
    more[p->message_len] = '\0';
    p->in_message = true;
    p->n_frames++;
    if (f->last) take_message(c);
}

static void take_control(vo_connection *c, const vo_frame *f, const char *bytes) {
    char payload[125];
    const size_t n = (size_t)f->len;
    vo_frame_unmask(f, bytes, payload, n);
    if (f->kind == VO_FRAME_PONG) {
        if (c->timer == VO_TIMER_PONG) vo_connection_time(c, VO_TIMER_PING);
    } else if (f->kind == VO_FRAME_PING) {
        /* Whoever does not read need not be answered; never into the middle of a frame. */
        if (!c->all->io.choked(c->socket) && c->out_left == 0)
            say(c, VO_FRAME_PONG, payload, n);
    } else {
        const int code = n < 2 ? 1000 : (uint8_t)payload[0] << 8 | (uint8_t)payload[1];
        const bool fine = n == 0 || (n >= 2 && vo_frame_close_code(code) &&
                                     vo_text_utf8_fault(payload + 2, n - 2) == n - 2);
        vo_peer_end(c, fine ? code : 1002);
    }
}

#define MOST_FRAMES 1000 /* of one message */

/* Why a frame's head alone ends it, 0: it does not. */
static int misfit(const vo_connection *c, const vo_frame *f) {
    const vo_peer *p = c->peer;
    if (f->kind >= VO_FRAME_CLOSE) return f->len > 125 ? 1002 : 0;
    if (f->kind == VO_FRAME_BINARY) return 1003;
    if ((f->kind == VO_FRAME_MORE) != p->in_message) return 1002;
    if (p->n_frames >= MOST_FRAMES) return 1009; /* empty ones too */
    return f->len > c->all->s.max_message - p->message_len ? 1009 : 0;
}

size_t vo_peer_receive(vo_connection *c, const char *bytes, size_t n) {
    vo_frame f;
    memset(&f, 0, sizeof f);
    const int said = vo_frame_read(bytes, n, &f);
    if (said == 0) return 0;
    const int code = said < 0 ? 1002 : misfit(c, &f);
    if (code) {
        vo_peer_end(c, code);
        return n;
    }
    if (n - f.head < f.len) return 0;
    if (c->timer == VO_TIMER_PONG && f.kind != VO_FRAME_PONG)
        vo_connection_time(c, VO_TIMER_PING); /* it lives, whatever it says */
    if (f.kind >= VO_FRAME_CLOSE)
        take_control(c, &f, bytes + f.head);
    else
        take_data(c, &f, bytes + f.head);
    return f.head + (size_t)f.len;
}

/* ---- what is said to it --------------------------------------------------------------------- */

/* One frame; false: nothing more for now. */
static bool say_next(vo_connection *c) {
    vo_connections *a = c->all;
    size_t n = 0;
    int close_with = 0;
    const char *text =
        a->h.peer_next ? a->h.peer_next(a->ctx, c->peer->user, &n, &close_with) : NULL;
    if (text) {
        const size_t head = vo_frame_write(VO_FRAME_TEXT, n, a->scratch);
        const size_t room = VO_CONNECTION_PIECE - head, with = n < room ? n : room;
        memcpy(a->scratch + head, text, with);
        c->out = text + with;
        c->out_left = n - with;
        if (!vo_connection_write(c, a->scratch, head + with)) return false;
        if (!vo_connection_push(c)) {
            if (c->peer) c->peer->ends_with = close_with;
            return false;
        }
    }
    if (close_with) vo_peer_end(c, close_with);
    return text && !close_with;
}

void vo_peer_pump(vo_connection *c) {
    enum { TURN = 32 };
    if (c->closing || !c->peer || !vo_connection_push(c)) return;
    if (c->peer->ends_with) {
        vo_peer_end(c, c->peer->ends_with);
        return;
    }
    if (c->timer == VO_TIMER_WRITE) vo_connection_time(c, VO_TIMER_PING);
    for (int i = 0; i < TURN; i++)
        if (!say_next(c)) {
            if (c->peer && !c->closing && c->all->io.choked(c->socket) &&
                c->timer != VO_TIMER_WRITE)
                vo_connection_time(c, VO_TIMER_WRITE);
            return;
        }
    vo_peer_ready(c->peer);
}

void vo_peer_timeout(vo_connection *c, vo_timer kind) {
    if (kind != VO_TIMER_PING) {
        vo_connection_close(c); /* no pong, or no progress of what is written */
        return;
    }
    vo_connection_time(c, VO_TIMER_PONG);
    if (!c->all->io.choked(c->socket) && c->out_left == 0) say(c, VO_FRAME_PING, "", 0);
}
