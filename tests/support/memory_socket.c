/* memory_socket.c -- see memory_socket.h. */
#include "support/memory_socket.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool take(void *socket, const void *bytes, size_t n) {
    memory_socket *m = socket;
    assert(n <= VO_CONNECTION_PIECE && !m->closed && !m->finished);
    if (m->out_len + n + 1 > m->out_cap) {
        m->out_cap = 2 * (m->out_len + n + 1);
        m->out = realloc(m->out, m->out_cap);
        if (!m->out) abort();
    }
    memcpy(m->out + m->out_len, bytes, n);
    m->out_len += n;
    m->out[m->out_len] = '\0';
    if (m->choke_each_write) m->choked = true;
    return true;
}

static bool is_choked(void *socket) { return ((memory_socket *)socket)->choked; }
static void ask(void *socket) { ((memory_socket *)socket)->wants_writable = true; }
static void pause_it(void *socket, bool on) { ((memory_socket *)socket)->paused = on; }
static void finish(void *socket) { ((memory_socket *)socket)->finished = true; }
static void close_it(void *socket) { ((memory_socket *)socket)->closed = true; }
static void ring(void *bell) { (void)bell; }

static void text(vo_exchange *x, int status, const char *words) {
    x->status = status;
    x->type = "text/plain";
    x->answer_len = strlen(words);
    x->answer = malloc(x->answer_len + 1);
    if (!x->answer) abort();
    memcpy(x->answer, words, x->answer_len + 1);
}

static bool on_head(void *ctx, vo_exchange *x) {
    memory_socket *m = ctx;
    m->heads++;
    assert(x->path[0] == '/' || strcmp(x->path, "*") == 0);
    assert(strlen(x->method) <= 15 && x->method[0]);
    if (strncmp(x->path, "/no", 3) != 0) return true;
    text(x, 404, "none");
    return false;
}

static void on_request(void *ctx, vo_exchange *x) {
    memory_socket *m = ctx;
    assert(strlen(x->body) <= x->body_len && x->body_len <= m->all.s.max_body);
    assert(!m->held);
    m->requests++;
    snprintf(m->last_body, sizeof m->last_body, "%s", x->body);
    m->held = x;
    if (!m->holds) memory_socket_answer(m);
}

static void on_refuse(void *ctx, vo_exchange *x, int status, const char *why) {
    memory_socket *m = ctx;
    m->refusals++;
    assert(status >= 400 && status < 600 && *why);
    text(x, status, why);
}

static void on_done(void *ctx, vo_exchange *x) {
    (void)x;
    ((memory_socket *)ctx)->done++;
}

static bool on_open(void *ctx, vo_exchange *x, vo_peer *p, void **user) {
    (void)x;
    (void)p;
    *user = ctx;
    ((memory_socket *)ctx)->opened++;
    return true;
}

static bool on_message(void *ctx, void *user, const char *message, size_t n) {
    memory_socket *m = user;
    (void)ctx;
    assert(message[n] == '\0' && n <= m->all.s.max_message);
    m->messages++;
    return true;
}

static void on_closed(void *ctx, void *user) {
    (void)ctx;
    ((memory_socket *)user)->ended++;
}

void memory_socket_open(memory_socket *m, const vo_transport_settings *s) {
    static const vo_socket_calls calls = {.write = take,
                                          .choked = is_choked,
                                          .ask_writable = ask,
                                          .pause = pause_it,
                                          .finish = finish,
                                          .close = close_it,
                                          .ring = ring};
    static const vo_handler handler = {.head = on_head,
                                       .request = on_request,
                                       .refuse = on_refuse,
                                       .done = on_done,
                                       .peer_open = on_open,
                                       .peer_message = on_message,
                                       .peer_closed = on_closed};
    memset(m, 0, sizeof *m);
    if (vo_connections_init(&m->all, s, &handler, m, &calls, m, NULL) != VO_OK) abort();
    m->connection = vo_connection_create(&m->all, m, "192.0.2.1");
    if (!m->connection) abort();
}

void memory_socket_feed(memory_socket *m, const char *bytes, size_t n) {
    if (m->closed) return;
    char *own = malloc(n ? n : 1); /* of exactly its size, so that reading past it is seen */
    if (!own) abort();
    memcpy(own, bytes, n);
    vo_connections_enter(&m->all);
    vo_connection_receive(m->connection, own, n);
    vo_connections_leave(&m->all);
    free(own);
}

void memory_socket_drain(memory_socket *m) {
    for (int i = 0; i < 100000 && m->choked && !m->closed; i++) {
        assert(m->wants_writable); /* else it would wait for ever */
        m->choked = m->wants_writable = false;
        vo_connections_enter(&m->all);
        vo_connection_writable(m->connection);
        vo_connections_leave(&m->all);
    }
}

void memory_socket_answer(memory_socket *m) {
    vo_exchange *x = m->held;
    if (!x) return;
    m->held = NULL;
    text(x, 200, x->body);
    vo_connections_reply(&m->all, x);
}

void memory_socket_close(memory_socket *m) {
    vo_connection_free(m->connection);
    memory_socket_answer(m);
    vo_connections_enter(&m->all);
    vo_connections_leave(&m->all);
    assert(m->opened == m->ended && m->all.computing == 0 && !m->all.every);
    assert(atomic_load(&m->all.connections) == 0 && atomic_load(&m->all.peers) == 0);
    vo_connections_fini(&m->all);
    free(m->out);
}
