/* connections.c -- all connections together: time, replies, the end. See connection.h. */
#include "serve/connection.h"

#include "port/clock.h"

#include <stdlib.h>
#include <string.h>

#define GRACE_S 0.5 /* for requests that are on their way when we begin to stop */

vo_transport_settings vo_transport_settings_default(void) {
    return (vo_transport_settings){.host = "127.0.0.1",
                                   .max_head = 16 << 10,
                                   .max_body = 8 << 20,
                                   .max_message = 64 << 10,
                                   .max_held = (size_t)256 << 20,
                                   .max_connections = 12000,
                                   .head_timeout_s = 10,
                                   .body_timeout_s = 30,
                                   .idle_timeout_s = 60,
                                   .write_timeout_s = 30,
                                   .min_write_per_s = 16 << 10,
                                   .ended_timeout_s = 10,
                                   .ping_s = 30};
}

vo_status vo_connections_init(vo_connections *a, const vo_transport_settings *s,
                              const vo_handler *h, void *ctx, const vo_socket_calls *io,
                              void *bell, vo_error *err) {
    memset(a, 0, sizeof *a);
    a->scratch = malloc(VO_CONNECTION_PIECE);
    if (!a->scratch) return vo_fail(err, VO_ENOMEM, "the connections' memory");
    a->s = *s;
    a->h = *h;
    a->ctx = ctx;
    a->io = *io;
    a->bell = bell;
    a->wait_s[VO_TIMER_HEAD] = s->head_timeout_s;
    a->wait_s[VO_TIMER_BODY] = s->body_timeout_s;
    a->wait_s[VO_TIMER_IDLE] = s->idle_timeout_s;
    a->wait_s[VO_TIMER_WRITE] = s->write_timeout_s;
    a->wait_s[VO_TIMER_PING] = a->wait_s[VO_TIMER_PONG] = s->ping_s;
    a->wait_s[VO_TIMER_LINGER] = 2;
    a->wait_s[VO_TIMER_ENDED] = s->ended_timeout_s;
    a->now_s = vo_clock_monotonic_s();
    a->date_s = -1;
    atomic_init(&a->replies, NULL);
    return VO_OK;
}

/* ---- what all of them hold ------------------------------------------------------------------- */

bool vo_connections_hold(vo_connections *a, size_t have, size_t more) {
    enum { LITTLE = 65536 };
    const size_t most =
        have + more <= LITTLE ? a->s.max_held : a->s.max_held - a->s.max_held / 8;
    if (more > most || a->held > most - more) return false;
    a->held += more;
    return true;
}

void vo_connections_let_go(vo_connections *a, size_t bytes) { a->held -= bytes; }

bool vo_connections_make_room(vo_connections *a) {
    const double soon_s = 1;
    vo_connection *c = a->first[VO_TIMER_IDLE];
    if (!c) c = a->first[VO_TIMER_HEAD];
    if (!c) return false;
    const bool new = a->now_s - (c->due_s - a->wait_s[VO_TIMER_HEAD]) < soon_s;
    if (c->timer == VO_TIMER_HEAD && new) return false;
    vo_connection_close(c);
    return true;
}

/* ---- time ------------------------------------------------------------------------------------ */

void vo_connection_time(vo_connection *c, vo_timer kind) {
    vo_connections *a = c->all;
    if (c->timer != VO_TIMER_NONE) {
        if (c->prev)
            c->prev->next = c->next;
        else
            a->first[c->timer] = c->next;
        if (c->next)
            c->next->prev = c->prev;
        else
            a->last[c->timer] = c->prev;
    }
    c->prev = c->next = NULL;
    c->timer = (uint8_t)kind;
    if (kind == VO_TIMER_NONE) return;
    c->due_s = a->now_s + a->wait_s[kind];
    c->prev = a->last[kind];
    if (c->prev)
        c->prev->next = c;
    else
        a->first[kind] = c;
    a->last[kind] = c;
}

static void time_out(vo_connection *c, vo_timer kind) {
    if (kind != VO_TIMER_LINGER && kind != VO_TIMER_PING && kind != VO_TIMER_IDLE &&
        kind != VO_TIMER_ENDED)
        atomic_fetch_add(&c->all->timed_out, 1);
    if (c->peer)
        vo_peer_timeout(c, kind);
    else if (kind == VO_TIMER_BODY || (kind == VO_TIMER_HEAD && c->in_len))
        vo_connection_refuse(c, 408, "the request did not arrive in time");
    else
        vo_connection_close(c);
}

static void close_idle(vo_connections *a);

void vo_connections_tick(vo_connections *a) {
    for (int kind = VO_TIMER_HEAD; kind < VO_TIMERS; kind++)
        while (a->first[kind] && a->first[kind]->due_s <= a->now_s)
            time_out(a->first[kind], (vo_timer)kind);
    if (a->stopping && a->now_s >= a->grace_end_s) close_idle(a);
    if (a->h.tick) a->h.tick(a->ctx);
}

/* ---- replies --------------------------------------------------------------------------------- */

static void ring(vo_connections *a) {
    if (!atomic_exchange(&a->awake, true)) a->io.ring(a->bell);
}

void vo_connections_reply(vo_connections *a, vo_exchange *x) {
    vo_exchange *head = atomic_load(&a->replies);
    do x->next = head;
    while (!atomic_compare_exchange_weak(&a->replies, &head, x));
    ring(a);
}

void vo_connections_wake(vo_connections *a) {
    atomic_store(&a->woken, true);
    ring(a);
}

/* A reply whose client has left is only handed back. */
static void take_reply(vo_connections *a, vo_exchange *x) {
    vo_connection *c = x->connection;
    a->computing--;
    if (!c) {
        vo_connection orphan;
        memset(&orphan, 0, sizeof orphan);
        orphan.all = a;
        orphan.x = x;
        vo_connection_done(&orphan);
    } else if (!c->closing) {
        vo_connection_answer(c);
        vo_connection_resume(c);
    } else {
        c->state = VO_CONNECTION_LINGER; /* it is closing: nobody will read this */
        atomic_store(&x->gone, true);
        vo_connection_done(c);
    }
}

static bool take_replies(vo_connections *a) {
    vo_exchange *last_first = atomic_exchange(&a->replies, NULL), *list = NULL;
    if (!last_first) return false;
    while (last_first) { /* in the order in which they came */
        vo_exchange *next = last_first->next;
        last_first->next = list;
        list = last_first;
        last_first = next;
    }
    while (list) {
        vo_exchange *x = list;
        list = x->next;
        x->next = NULL;
        take_reply(a, x);
    }
    return true;
}

void vo_connections_enter(vo_connections *a) {
    a->now_s = vo_clock_monotonic_s();
    atomic_store(&a->awake, true);
}

/* Peers with news get their turn in portions, so that telling thousands of them does not keep a
 * request waiting. */
static void pump_peers(vo_connections *a) {
    enum { PORTION = 256 };
    for (int i = 0; i < PORTION && a->ready_first; i++) {
        vo_peer *p = a->ready_first;
        a->ready_first = p->ready_next;
        if (a->ready_first)
            a->ready_first->ready_prev = NULL;
        else
            a->ready_last = NULL;
        p->ready_next = p->ready_prev = NULL;
        p->ready = false;
        vo_connection *c = p->connection;
        vo_peer_pump(c);
        vo_connection_resume(c);
    }
}

void vo_connections_leave(vo_connections *a) {
    for (bool pumped = false;;) {
        if (atomic_exchange(&a->woken, false) && a->h.woken) a->h.woken(a->ctx);
        if (take_replies(a)) continue;
        if (a->ready_first && pumped) {
            a->io.ring(a->bell); /* and come back; awake stays true, for this was the ring */
            return;
        }
        if (a->ready_first) {
            pumped = true;
            pump_peers(a);
            continue;
        }
        atomic_store(&a->awake, false);
        if (!atomic_load(&a->replies) && !atomic_load(&a->woken)) return;
        atomic_store(&a->awake, true);
    }
}

/* ---- the end --------------------------------------------------------------------------------- */

/* A request may be on its way while we begin to stop, and its sender has not been told to close:
 * idle connections are closed after a moment in which it is still read and answered. */
void vo_connections_drain(vo_connections *a) {
    if (!a->stopping) a->grace_end_s = vo_clock_monotonic_s() + GRACE_S;
    a->stopping = true;
}

static void close_idle(vo_connections *a) {
    for (vo_connection *c = a->every, *next; c; c = next) {
        next = c->all_next; /* nothing below frees one */
        if (c->state == VO_CONNECTION_HEAD) vo_connection_close(c);
    }
}

void vo_connections_stop(vo_connections *a) {
    vo_connections_drain(a);
    for (vo_connection *c = a->every, *next; c; c = next) {
        next = c->all_next;
        if (c->peer) vo_peer_end(c, 1001);
    }
}

void vo_connections_abort(vo_connections *a) {
    for (vo_connection *c = a->every, *next; c; c = next) {
        next = c->all_next;
        vo_connection_close(c);
    }
}

void vo_connections_fini(vo_connections *a) {
    take_replies(a); /* of a loop that has failed */
    free(a->scratch);
    a->scratch = NULL;
}
