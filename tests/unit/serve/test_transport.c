/* Suite over a transport: real sockets of loopback, a server on a thread of its own, and a handler
 * whose answers say what it was given. */
#include "serve/transport.h"

#include "port/clock.h"
#include "port/task.h"
#include "support/raw_http.h"
#include "support/replay_server.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LARGE = 20 << 20, HELD = 64 };

typedef struct {
    vo_transport *transport;
    vo_task *loop;
    int32_t port;
    atomic_int heads, requests, done, gone, opened, closed, woken, ticks;
    vo_lock *lock; /* of what follows */
    vo_exchange *held[HELD];
    size_t n_held;
    vo_peer *talker;
    char *large;
} server;

/* A peer of the test: says its own messages back, and after "flood" 200 texts of 1000 bytes. */
typedef struct {
    server *s;
    vo_peer *peer;
    char *say;
    size_t len;
    int flood, close_with;
    char flooded[1001];
} talk;

static void answer(vo_exchange *x, int status, const char *text) {
    x->status = status;
    x->type = "text/plain";
    x->answer_len = strlen(text);
    x->answer = malloc(x->answer_len + 1);
    cr_assert(x->answer != NULL);
    memcpy(x->answer, text, x->answer_len + 1);
}

static bool on_head(void *ctx, vo_exchange *x) {
    server *s = ctx;
    atomic_fetch_add(&s->heads, 1);
    if (strcmp(x->path, "/forbidden") != 0) return true;
    answer(x, 401, "no");
    return false;
}

static void on_request(void *ctx, vo_exchange *x) {
    server *s = ctx;
    atomic_fetch_add(&s->requests, 1);
    if (strcmp(x->path, "/hold") == 0) {
        vo_lock_take(s->lock);
        if (s->n_held < HELD) s->held[s->n_held++] = x;
        vo_lock_wake_all(s->lock);
        vo_lock_release(s->lock);
        return;
    }
    if (strcmp(x->path, "/large") == 0) {
        x->status = 200;
        x->type = "application/octet-stream";
        x->still = s->large;
        x->answer_len = LARGE;
    } else if (strcmp(x->path, "/empty") == 0) {
        x->status = 204;
    } else {
        char text[400];
        unsigned sum = 0;
        for (size_t i = 0; i < x->body_len; i++) sum = sum * 31 + (unsigned char)x->body[i];
        snprintf(text, sizeof text, "%s %.100s?%.100s %zu %u %s", x->method, x->path, x->query,
                 x->body_len, sum, x->peer);
        answer(x, 200, text);
        vo_exchange_header(x, "X-Test", "%s", x->content_type);
    }
    vo_transport_reply(s->transport, x);
}

static void on_refuse(void *ctx, vo_exchange *x, int status, const char *why) {
    (void)ctx;
    answer(x, status, why);
}

static void on_done(void *ctx, vo_exchange *x) {
    server *s = ctx;
    if (atomic_load(&x->gone)) atomic_fetch_add(&s->gone, 1);
    atomic_fetch_add(&s->done, 1);
}

static bool on_open(void *ctx, vo_exchange *x, vo_peer *p, void **user) {
    server *s = ctx;
    if (strcmp(x->path, "/closed") == 0) {
        answer(x, 403, "not here");
        return false;
    }
    talk *t = calloc(1, sizeof *t);
    cr_assert(t != NULL);
    t->s = s;
    t->peer = p;
    *user = t;
    if (x->ws_protocol[0]) vo_exchange_header(x, "Sec-WebSocket-Protocol", "b");
    atomic_fetch_add(&s->opened, 1);
    return true;
}

static bool on_message(void *ctx, void *user, const char *text, size_t len) {
    (void)ctx;
    talk *t = user;
    if (strcmp(text, "bad") == 0) return false;
    if (strcmp(text, "flood") == 0)
        t->flood = 200;
    else if (strcmp(text, "bye") == 0)
        t->close_with = 4001;
    else {
        free(t->say);
        t->say = malloc(len + 1);
        cr_assert(t->say != NULL);
        memcpy(t->say, text, len + 1);
        t->len = len;
    }
    vo_peer_ready(t->peer);
    return true;
}

static const char *on_next(void *ctx, void *user, size_t *len, int *close_with) {
    (void)ctx;
    talk *t = user;
    *close_with = t->close_with;
    if (t->flood > 0) {
        memset(t->flooded, '0' + t->flood % 10, 1000);
        t->flood--;
        *len = 1000;
        return t->flooded;
    }
    if (!t->len) return NULL;
    *len = t->len;
    t->len = 0;
    return t->say;
}

static void on_closed(void *ctx, void *user) {
    server *s = ctx;
    talk *t = user;
    atomic_fetch_add(&s->closed, 1);
    free(t->say);
    free(t);
}

static void on_woken(void *ctx) {
    server *s = ctx;
    atomic_fetch_add(&s->woken, 1);
}

static void on_tick(void *ctx) {
    server *s = ctx;
    atomic_fetch_add(&s->ticks, 1);
}

static void serve(void *ctx) {
    server *s = ctx;
    vo_error err;
    cr_assert_eq(vo_transport_run(s->transport, &err), VO_OK, "%s", err.msg);
}

static vo_transport_settings settings(void) {
    vo_transport_settings s = vo_transport_settings_default();
    s.max_head = 4096;
    s.max_body = 1 << 20;
    s.max_connections = 4000;
    return s;
}

static const vo_handler handler = {.head = on_head,
                                   .request = on_request,
                                   .refuse = on_refuse,
                                   .done = on_done,
                                   .peer_open = on_open,
                                   .peer_message = on_message,
                                   .peer_next = on_next,
                                   .peer_closed = on_closed,
                                   .woken = on_woken,
                                   .tick = on_tick};

static server *start(const vo_transport_settings *settings_or_null) {
    const vo_transport_settings use = settings_or_null ? *settings_or_null : settings();
    vo_error err;
    server *s = calloc(1, sizeof *s);
    cr_assert(s != NULL);
    s->large = calloc(1, LARGE);
    cr_assert(s->large != NULL);
    cr_assert_eq(vo_lock_create(&s->lock, &err), VO_OK);
    cr_assert_eq(vo_transport_open(&use, &handler, s, &s->transport, &err), VO_OK, "%s",
                 err.msg);
    s->port = vo_transport_port(s->transport);
    cr_assert_gt(s->port, 0);
    cr_assert_eq(vo_task_start(serve, s, &s->loop, &err), VO_OK);
    return s;
}

/* Everything that was begun has ended when the server has. */
static void stop(server *s) {
    vo_transport_stop(s->transport, 5);
    vo_task_join(s->loop);
    const vo_transport_counts n = vo_transport_count(s->transport);
    cr_assert_eq((int)n.connections, 0);
    cr_assert_eq((int)n.peers, 0);
    cr_assert_eq(atomic_load(&s->opened), atomic_load(&s->closed));
    vo_transport_close(s->transport);
    vo_lock_free(s->lock);
    free(s->large);
    free(s);
}

/* Waits till so many requests are held. */
static void await_held(server *s, size_t n) {
    vo_lock_take(s->lock);
    while (s->n_held < n)
        if (!vo_lock_wait(s->lock, 20)) break;
    cr_assert_eq((int)s->n_held, (int)n);
    vo_lock_release(s->lock);
}

/* Looks again every 10 ms; 20 s at most. */
static void look_again(server *s) {
    vo_lock_take(s->lock);
    vo_lock_wait(s->lock, 0.01);
    vo_lock_release(s->lock);
}

static void await(server *s, const atomic_int *count, int n) {
    for (int i = 0; i < 2000 && atomic_load(count) < n; i++) look_again(s);
    cr_assert_geq(atomic_load(count), n);
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"

/* ---- requests and answers -------------------------------------------------------------------- */

Test(transport, a_request_is_handed_over_and_its_answer_comes_back_whole) {
    server *s = start(NULL);
    const int fd = raw_connect(s->port);
    raw_say(fd, "POST /a/b?x=1&y=%20 HTTP/1.1\r\nHost: h\r\nContent-Type: text/csv\r\n"
                "Content-Length: 3\r\n\r\nabc");
    raw_answer a = raw_receive(fd);
    cr_assert_eq(a.status, 200);
    cr_assert_str_eq(a.body, "POST /a/b?x=1&y=%20 3 96354 127.0.0.1"); /* 97*961+98*31+99 */
    cr_assert_str_eq(raw_header(&a, "Content-Type"), "text/plain");
    cr_assert_str_eq(raw_header(&a, "X-Test"), "text/csv");
    cr_assert_eq((int)strlen(raw_header(&a, "Date")), 29);
    raw_free(&a);
    close(fd);
    stop(s);
}

Test(transport, requests_of_one_connection_are_answered_in_their_order_even_sent_at_once) {
    server *s = start(NULL);
    const int fd = raw_connect(s->port);
    for (int i = 0; i < 50; i++) raw_say(fd, i % 2 ? GET("/b") : GET("/a"));
    for (int i = 0; i < 50; i++) {
        raw_answer a = raw_receive(fd);
        cr_assert_str_eq(a.body, i % 2 ? "GET /b? 0 0 127.0.0.1" : "GET /a? 0 0 127.0.0.1");
        raw_free(&a);
    }
    close(fd);
    stop(s);
}

Test(transport, a_request_that_arrives_byte_by_byte_is_the_same_request) {
    server *s = start(NULL);
    const int fd = raw_connect(s->port);
    const char *text =
        "\r\nPOST /slow HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        "2;a=b\r\nab\r\n1\r\nc\r\n0\r\nX-Trailer: 1\r\n\r\n";
    for (const char *c = text; *c; c++) raw_send(fd, c, 1);
    raw_answer a = raw_receive(fd);
    cr_assert_str_eq(a.body, "POST /slow? 3 96354 127.0.0.1");
    raw_free(&a);
    close(fd);
    stop(s);
}

Test(transport, the_answer_to_head_is_the_head_alone) {
    server *s = start(NULL);
    const int fd = raw_connect(s->port);
    raw_say(fd, "HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n" GET("/empty") GET("/b"));
    raw_answer a = raw_receive_head(fd);
    cr_assert_str_eq(raw_header(&a, "Content-Length"), "22");
    a = raw_receive_head(fd);
    cr_assert_eq(a.status, 204);
    cr_assert_str_eq(raw_header(&a, "Content-Length"), "");
    a = raw_receive(fd);
    cr_assert_str_eq(a.body, "GET /b? 0 0 127.0.0.1");
    raw_free(&a);
    close(fd);
    stop(s);
}

Test(transport, a_client_that_expects_100_is_told_to_go_on) {
    server *s = start(NULL);
    const int fd = raw_connect(s->port);
    raw_say(fd,
            "POST /e HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    raw_answer a = raw_receive_head(fd);
    cr_assert_eq(a.status, 100);
    raw_say(fd, "abc");
    a = raw_receive(fd);
    cr_assert_eq(a.status, 200);
    raw_free(&a);
    close(fd);
    stop(s);
}

Test(transport, a_connection_ends_when_its_client_says_so_and_with_http_1_0) {
    server *s = start(NULL);
    static const char *const ends[] = {
        "GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "GET /a HTTP/1.0\r\n\r\n"};
    for (size_t i = 0; i < 2; i++) {
        const int fd = raw_connect(s->port);
        raw_say(fd, ends[i]);
        raw_answer a = raw_receive(fd);
        cr_assert_eq(a.status, 200);
        cr_assert_str_eq(raw_header(&a, "Connection"), "close");
        cr_assert(raw_ended(fd));
        raw_free(&a);
        close(fd);
    }
    const int fd = raw_connect(s->port);
    for (int i = 0; i < 2; i++) {
        raw_say(fd, "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        raw_answer a = raw_receive(fd);
        cr_assert_str_eq(raw_header(&a, "Connection"), "keep-alive");
        raw_free(&a);
    }
    close(fd);
    stop(s);
}

Test(transport, methods_nobody_knows_reach_the_handler) {
    server *s = start(NULL);
    static const char *const methods[] = {"TRACE", "FOO", "QUERY", "DELETE", "PATCH"};
    for (size_t i = 0; i < 5; i++) {
        char text[100], want[100];
        snprintf(text, sizeof text, "%s /m HTTP/1.1\r\nHost: h\r\n\r\n", methods[i]);
        snprintf(want, sizeof want, "%s /m? 0 0 127.0.0.1", methods[i]);
        const int fd = raw_connect(s->port);
        raw_say(fd, text);
        raw_answer a = raw_receive(fd);
        cr_assert_str_eq(a.body, want);
        raw_free(&a);
        close(fd);
    }
    stop(s);
}

Test(transport, an_answer_of_megabytes_arrives_whole_at_a_slow_reader) {
    server *s = start(NULL);
    char *got = malloc(LARGE);
    cr_assert(got != NULL);
    for (size_t i = 0; i < LARGE; i++) s->large[i] = (char)(i * 2654435761u >> 24);
    const int fd = raw_connect(s->port), other = raw_connect(s->port);
    raw_say(fd, GET("/large") GET("/after"));
    raw_answer a = raw_receive_head(fd);
    cr_assert_eq(strtol(raw_header(&a, "Content-Length"), NULL, 10), LARGE);
    /* While that one does not read, another is served. */
    raw_say(other, GET("/other"));
    raw_answer b = raw_receive(other);
    cr_assert_eq(b.status, 200);
    raw_free(&b);
    cr_assert_eq((int)raw_read(fd, got, LARGE), LARGE);
    cr_assert(memcmp(got, s->large, LARGE) == 0);
    b = raw_receive(fd);
    cr_assert_str_eq(b.body, "GET /after? 0 0 127.0.0.1");
    raw_free(&b);
    free(got);
    close(fd);
    close(other);
    stop(s);
}

/* ---- refusals -------------------------------------------------------------------------------- */

Test(transport, what_two_programs_could_read_differently_is_refused_with_400) {
    static const char *const bad[] = {
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: "
        "chunked\r\n\r\na",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +1\r\n\r\na",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1, 1\r\n\r\na",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\na",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\nabc",
        "GET / HTTP/1.1\r\nHost: h\r\n X: folded\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nX: a\x01"
        "b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n",
        "GET / HTTP/1.1\n\n",
        "GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.1 \r\nHost: h\r\n\r\n",
        "GET /\r\nHost: h\r\n\r\n",
        "CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /a%00b HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /a%4 HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /a\x7f HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n",
        "G(T / HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n",
        "\x16\x03\x01\x02"};
    server *s = start(NULL);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const int fd = raw_connect(s->port);
        raw_say(fd, bad[i]);
        raw_answer a = raw_receive(fd);
        cr_assert_eq(a.status, 400, "%d to: %s", a.status, bad[i]);
        cr_assert(a.len > 10 && raw_ended(fd));
        raw_free(&a);
        close(fd);
    }
    const int fd = raw_connect(s->port);
    raw_send(fd, "GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n", 36);
    raw_answer a = raw_receive(fd);
    cr_assert_eq(a.status, 400);
    raw_free(&a);
    close(fd);
    cr_assert_eq(raw_status(s->port, "GET / HTTP/2.0\r\nHost: h\r\n\r\n"), 505);
    cr_assert_eq(raw_status(s->port, "ABCDEFGHIJKLMNOP / HTTP/1.1\r\nHost: h\r\n\r\n"), 501);
    cr_assert_eq(raw_status(s->port, "GET / HTTP/1.1\r\nHost: h\r\nExpect: tea\r\n\r\n"), 417);
    cr_assert_eq(atomic_load(&s->requests), 0);
    stop(s);
}

static int status_of_long(int32_t port, const char *before, size_t n, const char *after) {
    const int fd = raw_connect(port);
    char *many = malloc(n);
    cr_assert(many != NULL);
    memset(many, 'a', n);
    raw_say(fd, before);
    raw_send(fd, many, n);
    raw_say(fd, after);
    raw_answer a = raw_receive(fd);
    raw_free(&a);
    free(many);
    close(fd);
    return a.status;
}

Test(transport, heads_and_bodies_are_bounded) {
    server *s = start(NULL);
    const char *end = " HTTP/1.1\r\nHost: h\r\n\r\n";
    cr_assert_eq(status_of_long(s->port, "GET /", 3000, end), 200);
    cr_assert_eq(status_of_long(s->port, "GET /", 5000, end), 414);
    cr_assert_eq(status_of_long(s->port, "GET /", 300000, end), 414);
    cr_assert_eq(status_of_long(s->port, "GET / HTTP/1.1\r\nHost: h\r\nX: ", 5000, "\r\n\r\n"),
                 431);
    char text[200];
    const int most = 1 << 20;
    for (int over = 0; over < 2; over++) {
        snprintf(text, sizeof text, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n",
                 most + over);
        cr_assert_eq(status_of_long(s->port, text, (size_t)(most + over), ""),
                     over ? 413 : 200);
        snprintf(text, sizeof text,
                 "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n",
                 (unsigned)(most + over));
        cr_assert_eq(status_of_long(s->port, text, (size_t)(most + over), "\r\n0\r\n\r\n"),
                     over ? 413 : 200);
    }
    stop(s);
}

Test(transport, a_refused_head_is_answered_without_reading_the_body) {
    server *s = start(NULL);
    int fd = raw_connect(s->port);
    raw_say(fd, "POST /forbidden HTTP/1.1\r\nHost: h\r\nContent-Length: 900000\r\n\r\n");
    raw_answer a = raw_receive(fd);
    cr_assert_eq(a.status, 401);
    cr_assert_str_eq(raw_header(&a, "Connection"), "close");
    raw_free(&a);
    cr_assert(raw_ended(fd));
    close(fd);
    fd = raw_connect(s->port); /* without a body the connection can go on */
    raw_say(fd, GET("/forbidden") GET("/b"));
    a = raw_receive(fd);
    cr_assert_eq(a.status, 401);
    raw_free(&a);
    a = raw_receive(fd);
    cr_assert_eq(a.status, 200);
    raw_free(&a);
    close(fd);
    stop(s);
}

/* ---- threads --------------------------------------------------------------------------------- */

static void reply_all(server *s, size_t n) {
    await_held(s, n);
    for (size_t i = 0; i < n; i++) {
        answer(s->held[i], 200, "late");
        vo_transport_reply(s->transport, s->held[i]);
    }
    s->n_held = 0;
}

Test(transport, answers_may_come_from_other_threads_in_any_order) {
    server *s = start(NULL);
    int fd[HELD];
    for (size_t round = 0; round < 5; round++) {
        for (size_t i = 0; i < HELD; i++) {
            if (round == 0) fd[i] = raw_connect(s->port);
            raw_say(fd[i], GET("/hold"));
        }
        reply_all(s, HELD);
        for (size_t i = 0; i < HELD; i++) {
            raw_answer a = raw_receive(fd[i]);
            cr_assert_str_eq(a.body, "late");
            raw_free(&a);
        }
    }
    for (size_t i = 0; i < HELD; i++) close(fd[i]);
    stop(s);
}

Test(transport, an_answer_from_another_thread_wakes_the_loop_and_does_not_wait_for_its_tick) {
    server *s = start(NULL);
    const int fd = raw_connect(s->port);
    const double began_s = vo_clock_monotonic_s();
    for (int i = 0; i < 40; i++) {
        raw_say(fd, GET("/hold"));
        reply_all(s, 1);
        raw_answer a = raw_receive(fd);
        cr_assert_str_eq(a.body, "late");
        raw_free(&a);
    }
    cr_assert_lt(vo_clock_monotonic_s() - began_s, 2); /* 4 by ticks of 100 ms */
    close(fd);
    stop(s);
}

Test(transport, a_client_that_leaves_is_noticed_and_its_exchange_lives_until_the_reply) {
    vo_transport_settings t = settings();
    t.ended_timeout_s = 0.2;
    server *s = start(&t);
    const int fd = raw_connect(s->port);
    raw_say(fd, GET("/hold"));
    await_held(s, 1);
    vo_exchange *x = s->held[0];
    close(fd);
    for (int i = 0; i < 2000 && !atomic_load(&x->gone); i++) look_again(s);
    cr_assert(atomic_load(&x->gone));
    cr_assert_str_eq(x->path, "/hold");
    cr_assert_eq(atomic_load(&s->done), 0);
    reply_all(s, 1);
    await(s, &s->gone, 1);
    stop(s);
}

Test(transport, wakes_and_ticks_arrive_on_the_loop) {
    server *s = start(NULL);
    for (int i = 0; i < 100; i++) vo_transport_wake(s->transport);
    await(s, &s->woken, 1);
    await(s, &s->ticks, 2);
    cr_assert_leq(atomic_load(&s->woken), 100);
    stop(s);
}

Test(transport, stopping_answers_what_is_under_way_and_takes_no_more) {
    server *s = start(NULL);
    const int busy = raw_connect(s->port), idle = raw_connect(s->port);
    raw_say(idle, GET("/a"));
    raw_answer a = raw_receive(idle);
    raw_free(&a);
    raw_say(busy, GET("/hold"));
    await_held(s, 1);
    vo_transport_stop(s->transport, 20);
    cr_assert(raw_ended(idle));
    cr_assert_eq(raw_try_connect(s->port), -1);
    cr_assert(raw_silent(busy, 50));
    reply_all(s, 1);
    a = raw_receive(busy);
    cr_assert_str_eq(a.body, "late");
    cr_assert_str_eq(raw_header(&a, "Connection"), "close");
    raw_free(&a);
    close(busy);
    close(idle);
    stop(s);
}

/* Nobody told the client to close before it asked: the request must not be lost. */
Test(transport, who_asks_on_a_kept_connection_while_stopping_begins_is_answered_and_told) {
    server *s = start(NULL);
    const int kept = raw_connect(s->port), silent = raw_connect(s->port);
    raw_say(kept, GET("/a"));
    raw_answer a = raw_receive(kept);
    raw_free(&a);
    vo_transport_drain(s->transport);
    for (int fd; (fd = raw_try_connect(s->port)) >= 0;) close(fd); /* until it has begun */
    raw_say(kept, GET("/a"));
    a = raw_receive(kept);
    cr_assert_eq(a.status, 200);
    cr_assert_str_eq(raw_header(&a, "Connection"), "close");
    raw_free(&a);
    cr_assert(raw_ended(kept));
    cr_assert(raw_ended(silent), "an idle one does not keep us");
    close(kept);
    close(silent);
    stop(s);
}

/* ---- slow clients ---------------------------------------------------------------------------- */

static vo_transport_settings impatient(void) {
    vo_transport_settings t = settings();
    t.head_timeout_s = t.body_timeout_s = 0.4;
    t.idle_timeout_s = t.write_timeout_s = 0.4;
    t.ping_s = 0.3;
    return t;
}

Test(transport, slow_heads_and_bodies_are_given_up_with_408_and_idle_connections_closed) {
    const vo_transport_settings t = impatient();
    server *s = start(&t);
    const int silent = raw_connect(s->port), head = raw_connect(s->port),
              body = raw_connect(s->port), idle = raw_connect(s->port);
    raw_say(head, "GET / HTTP/1.1\r\nHo");
    raw_say(body, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab");
    raw_say(idle, GET("/a"));
    raw_answer a = raw_receive(idle);
    cr_assert_eq(a.status, 200);
    raw_free(&a);
    a = raw_receive(head);
    cr_assert_eq(a.status, 408);
    raw_free(&a);
    a = raw_receive(body);
    cr_assert_eq(a.status, 408);
    raw_free(&a);
    cr_assert(raw_ended(silent) && raw_ended(idle));
    close(silent), close(head), close(body), close(idle);
    stop(s);
}

Test(transport, who_does_not_read_an_answer_is_given_up) {
    const vo_transport_settings t = impatient();
    server *s = start(&t);
    const int fd = raw_connect(s->port);
    raw_say(fd, GET("/large"));
    await(s, &s->done, 1);
    cr_assert_eq(atomic_load(&s->gone), 1);
    close(fd);
    stop(s);
}

Test(transport, two_thousand_half_open_connections_do_not_keep_others_out) {
    enum { MANY = 2000 };
    struct rlimit r;
    cr_assert(getrlimit(RLIMIT_NOFILE, &r) == 0);
    r.rlim_cur = r.rlim_max < 10000 ? r.rlim_max : 10000;
    setrlimit(RLIMIT_NOFILE, &r);
    if (r.rlim_cur < 2 * MANY + 300) return; /* this machine cannot hold both ends */
    server *s = start(NULL);
    static int fd[MANY];
    for (int i = 0; i < MANY; i++) {
        fd[i] = raw_connect(s->port);
        raw_say(fd[i], i % 2 ? "GET / HTTP/1.1\r\nX-Slow: " : "");
    }
    for (int i = 0; i < 20; i++) cr_assert_eq(raw_status(s->port, GET("/a")), 200);
    cr_assert_geq((int)vo_transport_count(s->transport).connections, MANY);
    for (int i = 0; i < MANY; i++) close(fd[i]);
    stop(s);
}

Test(transport, connections_beyond_the_most_are_turned_away_while_all_are_at_work) {
    vo_transport_settings t = settings();
    t.max_connections = 2;
    server *s = start(&t);
    const int a = raw_connect(s->port), b = raw_connect(s->port);
    raw_say(a, GET("/hold"));
    raw_say(b, GET("/hold"));
    await_held(s, 2);
    const int c = raw_connect(s->port);
    cr_assert(raw_ended(c));
    reply_all(s, 2);
    raw_answer one = raw_receive(a), two = raw_receive(b);
    cr_assert_eq(one.status + two.status, 400);
    raw_free(&one);
    raw_free(&two);
    close(a), close(b), close(c);
    stop(s);
}

Test(transport, when_it_is_full_the_one_who_is_idle_longest_makes_room) {
    vo_transport_settings t = settings();
    t.max_connections = 2;
    server *s = start(&t);
    const int a = raw_connect(s->port), b = raw_connect(s->port);
    raw_say(a, GET("/a"));
    raw_answer got = raw_receive(a);
    raw_free(&got);
    raw_say(b, GET("/a"));
    got = raw_receive(b);
    raw_free(&got);
    const int c = raw_connect(s->port);
    raw_say(c, GET("/c"));
    got = raw_receive(c);
    cr_assert_eq(got.status, 200);
    raw_free(&got);
    cr_assert(raw_ended(a));
    raw_say(b, GET("/b")); /* the other stays */
    got = raw_receive(b);
    cr_assert_eq(got.status, 200);
    raw_free(&got);
    close(a), close(b), close(c);
    stop(s);
}

Test(transport, when_it_is_full_of_silent_ones_the_eldest_makes_room) {
    enum { FEW = 20 };
    vo_transport_settings t = settings();
    t.max_connections = FEW;
    server *s = start(&t);
    int fd[FEW], status = 0;
    for (int i = 0; i < FEW; i++) {
        fd[i] = raw_connect(s->port);
        if (i % 2) raw_say(fd[i], "GET / HT");
    }
    for (int i = 0; i < 2000 && status != 200; i++) {
        status = raw_status(s->port, GET("/a"));
        look_again(s);
    }
    cr_assert_eq(status, 200); /* after a second: new ones get that long to speak */
    cr_assert(raw_ended(fd[0]));
    for (int i = 0; i < FEW; i++) close(fd[i]);
    stop(s);
}

/* ---- who has said all --------------------------------------------------------------------------- */

Test(transport, one_who_ends_its_side_after_its_requests_gets_their_answers) {
    server *s = start(NULL);
    const int fd = raw_connect(s->port);
    raw_say(fd, GET("/hold") GET("/second"));
    cr_assert_eq(shutdown(fd, SHUT_WR), 0);
    await_held(s, 1);
    for (int i = 0; i < 20; i++) look_again(s); /* its end has been seen */
    cr_assert_not(atomic_load(&s->held[0]->gone));
    reply_all(s, 1);
    raw_answer a = raw_receive(fd);
    cr_assert_str_eq(a.body, "late");
    raw_free(&a);
    a = raw_receive(fd);
    cr_assert_str_eq(a.body, "GET /second? 0 0 127.0.0.1");
    raw_free(&a);
    cr_assert(raw_ended(fd)); /* and then it is closed */
    cr_assert_eq(atomic_load(&s->gone), 0);
    close(fd);
    stop(s);
}

Test(transport, one_who_has_ended_its_side_gets_megabytes_too) {
    server *s = start(NULL);
    char *got = malloc(LARGE);
    cr_assert(got != NULL);
    for (size_t i = 0; i < LARGE; i++) s->large[i] = (char)(i * 2654435761u >> 24);
    for (int when = 0; when < 2; when++) {
        const int fd = raw_connect(s->port);
        raw_say(fd, GET("/large"));
        if (when == 0) cr_assert_eq(shutdown(fd, SHUT_WR), 0);
        raw_answer a = raw_receive_head(fd);
        cr_assert_eq(a.status, 200);
        if (when == 1) cr_assert_eq(shutdown(fd, SHUT_WR), 0);
        cr_assert_eq((int)raw_read(fd, got, LARGE), LARGE);
        cr_assert(memcmp(got, s->large, LARGE) == 0);
        cr_assert(raw_ended(fd));
        close(fd);
    }
    free(got);
    stop(s);
}

Test(transport, one_who_ends_in_the_middle_of_a_request_is_closed) {
    server *s = start(NULL);
    static const char *const texts[] = {
        "GET / HT", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab",
        GET("/hold") "GET / HT"};
    for (size_t i = 0; i < 3; i++) {
        const int fd = raw_connect(s->port);
        raw_say(fd, texts[i]);
        cr_assert_eq(shutdown(fd, SHUT_WR), 0);
        if (i == 2) reply_all(s, 1);
        if (i == 2) {
            raw_answer a = raw_receive(fd);
            cr_assert_str_eq(a.body, "late");
            raw_free(&a);
        }
        cr_assert(raw_ended(fd));
        close(fd);
    }
    stop(s);
}

/* ---- WebSockets ------------------------------------------------------------------------------ */

Test(transport, messages_go_to_and_fro_whole_however_they_are_cut) {
    static char in[1 << 17], out[60000];
    server *s = start(NULL);
    const int fd = raw_connect(s->port);
    size_t n = 0;
    cr_assert_eq(raw_upgrade(fd, "/ws"), 101);
    raw_frame(fd, 0x81, "hello", 5);
    cr_assert_eq(raw_frame_in(fd, in, sizeof in, &n), 0x81);
    cr_assert_str_eq(in, "hello");
    memset(out, 'x', sizeof out);
    raw_frame(fd, 0x01, out, 30000);
    raw_frame(fd, 0x89, "ping", 4); /* in between, as is allowed */
    raw_frame(fd, 0x00, out, 20000);
    raw_frame(fd, 0x80, out, 10000);
    cr_assert_eq(raw_frame_in(fd, in, sizeof in, &n), 0x8a);
    cr_assert_str_eq(in, "ping");
    cr_assert_eq(raw_frame_in(fd, in, sizeof in, &n), 0x81);
    cr_assert(n == sizeof out && memcmp(in, out, n) == 0);
    raw_frame(fd, 0x81, "flood", 5);
    for (int i = 200; i > 0; i--) {
        cr_assert_eq(raw_frame_in(fd, in, sizeof in, &n), 0x81);
        cr_assert(n == 1000 && in[999] == '0' + i % 10);
    }
    raw_frame(fd, 0x88, "\x03\xe8", 2);
    cr_assert_eq(raw_close_code(fd), 1000);
    cr_assert(raw_ended(fd));
    close(fd);
    stop(s);
}

static int code_after(server *s, int first_byte, const char *bytes, size_t n) {
    const int fd = raw_connect(s->port);
    cr_assert_eq(raw_upgrade(fd, "/ws"), 101);
    raw_frame(fd, first_byte, bytes, n);
    const int code = raw_close_code(fd);
    cr_assert(raw_ended(fd));
    close(fd);
    return code;
}

Test(transport, what_a_websocket_may_not_say_ends_it_with_the_code_for_it) {
    static char large[70000];
    memset(large, 'x', sizeof large);
    server *s = start(NULL);
    cr_assert_eq(code_after(s, 0x82, "b", 1), 1003);
    cr_assert_eq(code_after(s, 0x81, large, sizeof large), 1009);
    cr_assert_eq(code_after(s, 0x81, "\xc3(", 2), 1007);
    cr_assert_eq(code_after(s, 0x81, "\xed\xa0\x80", 3), 1007); /* a surrogate */
    cr_assert_eq(code_after(s, 0x80, "x", 1), 1002);            /* goes on with nothing */
    cr_assert_eq(code_after(s, 0xc1, "x", 1), 1002);            /* a reserved bit */
    cr_assert_eq(code_after(s, 0x83, "x", 1), 1002);            /* a kind that is not */
    cr_assert_eq(code_after(s, 0x09, "x", 1), 1002);            /* half a ping */
    cr_assert_eq(code_after(s, 0x88, "\x03\xed", 2), 1002);     /* 1005 is never sent */
    cr_assert_eq(code_after(s, 0x88, "", 0), 1000);
    cr_assert_eq(code_after(s, 0x81, "bad", 3), 1008);
    cr_assert_eq(code_after(s, 0x81, "bye", 3), 4001);
    const int fd = raw_connect(s->port);
    cr_assert_eq(raw_upgrade(fd, "/ws"), 101);
    raw_send(fd, "\x81\x01x", 3); /* not masked */
    cr_assert_eq(raw_close_code(fd), 1002);
    close(fd);
    stop(s);
}

Test(transport, a_message_of_endless_empty_pieces_is_ended) {
    server *s = start(NULL);
    const int fd = raw_connect(s->port);
    cr_assert_eq(raw_upgrade(fd, "/ws"), 101);
    raw_frame(fd, 0x01, "", 0);
    for (int i = 0; i < 1000; i++) raw_frame(fd, 0x00, "", 0);
    cr_assert_eq(raw_close_code(fd), 1009);
    close(fd);
    stop(s);
}

Test(transport, headers_that_the_handler_adds_are_in_the_answer_to_a_handshake) {
    server *s = start(NULL);
    int fd = raw_connect(s->port);
    raw_say(fd, "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                "Sec-WebSocket-Protocol: a, b\r\n\r\n");
    raw_answer a = raw_receive_head(fd);
    cr_assert_eq(a.status, 101);
    cr_assert_str_eq(raw_header(&a, "Sec-WebSocket-Protocol"), "b");
    cr_assert_str_eq(raw_header(&a, "Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    raw_free(&a);
    close(fd);
    stop(s);
}

Test(transport, refused_handshakes_are_answered_as_http) {
    server *s = start(NULL);
    static const char *const path[] = {"/forbidden", "/closed"};
    static const int status[] = {401, 403};
    for (size_t i = 0; i < 2; i++) {
        const int fd = raw_connect(s->port);
        cr_assert_eq(raw_upgrade(fd, path[i]), status[i]);
        close(fd);
    }
    cr_assert_eq(raw_status(s->port, "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\n"
                                     "Upgrade: websocket\r\nSec-WebSocket-Version: 8\r\n\r\n"),
                 426);
    cr_assert_eq(raw_status(s->port, "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\n"
                                     "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                                     "Sec-WebSocket-Key: short\r\n\r\n"),
                 400);
    cr_assert_eq(raw_status(s->port, "GET /h2c HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\n"
                                     "Connection: Upgrade, HTTP2-Settings\r\n\r\n"),
                 200); /* not upgraded: plain HTTP/1.1 goes on */
    stop(s);
}

Test(transport, websockets_are_pinged_and_the_dead_ones_closed) {
    const vo_transport_settings t = impatient();
    server *s = start(&t);
    const int lives = raw_connect(s->port), dead = raw_connect(s->port);
    char in[200];
    size_t n = 0;
    cr_assert_eq(raw_upgrade(lives, "/ws"), 101);
    cr_assert_eq(raw_upgrade(dead, "/ws"), 101);
    for (int i = 0; i < 5; i++) {
        cr_assert_eq(raw_frame_in(lives, in, sizeof in, &n), 0x89);
        raw_frame(lives, 0x8a, in, n);
    }
    cr_assert_eq(atomic_load(&s->closed), 1);
    vo_transport_stop(s->transport, 5);
    cr_assert_eq(raw_close_code(lives), 1001);
    close(lives);
    close(dead);
    stop(s);
}

/* ---- TLS and settings ------------------------------------------------------------------------ */

Test(transport, tls_serves_and_refuses_old_versions) {
    char folder[] = "/tmp/volteo_tls_XXXXXX", base[100], pem[120], key[120], command[600];
    cr_assert(mkdtemp(folder) != NULL);
    snprintf(base, sizeof base, "%s/c", folder);
    if (!replay_certificate(base)) return; /* no openssl on this machine */
    snprintf(pem, sizeof pem, "%s.pem", base);
    snprintf(key, sizeof key, "%s.key", base);
    vo_transport_settings t = settings();
    t.tls_certificate = pem;
    t.tls_key = key;
    server *s = start(&t);
    snprintf(command, sizeof command,
             "test \"$(curl -s --cacert %s --resolve localhost:%d:127.0.0.1 "
             "https://localhost:%d/large | wc -c)\" = %d",
             pem, (int)s->port, (int)s->port, LARGE);
    cr_assert_eq(system(command), 0);
    snprintf(command, sizeof command,
             "head -c 900000 /dev/zero | curl -sf --cacert %s --resolve localhost:%d:127.0.0.1 "
             "--data-binary @- https://localhost:%d/up | grep -q 900000",
             pem, (int)s->port, (int)s->port);
    cr_assert_eq(system(command), 0);
    snprintf(command, sizeof command,
             "echo | openssl s_client -tls1_1 -cipher DEFAULT:@SECLEVEL=0 -connect "
             "127.0.0.1:%d 2>&1 | grep -qi 'alert protocol version'",
             (int)s->port);
    cr_assert_eq(system(command), 0);
    stop(s);
    vo_error err;
    vo_transport *none = NULL;
    t.tls_key = pem; /* a certificate is no key */
    cr_assert_eq(vo_transport_open(&t, &handler, NULL, &none, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "tls_key") != NULL);
    t.tls_key = "/nowhere/key.pem";
    cr_assert_eq(vo_transport_open(&t, &handler, NULL, &none, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "/nowhere/key.pem") != NULL);
    t.tls_key = NULL;
    cr_assert_eq(vo_transport_open(&t, &handler, NULL, &none, &err), VO_EINVAL);
    cr_assert(none == NULL);
    snprintf(command, sizeof command, "rm -r %s", folder);
    cr_assert_eq(system(command), 0);
}

Test(transport, a_tls_connection_outlives_the_time_given_to_its_handshake) {
    char folder[] = "/tmp/volteo_tls_XXXXXX", base[100], pem[120], key[120], command[900];
    cr_assert(mkdtemp(folder) != NULL);
    snprintf(base, sizeof base, "%s/c", folder);
    if (!replay_certificate(base)) return; /* no openssl on this machine */
    snprintf(pem, sizeof pem, "%s.pem", base);
    snprintf(key, sizeof key, "%s.key", base);
    vo_transport_settings t = settings();
    t.head_timeout_s = 0.9;
    t.tls_certificate = pem;
    t.tls_key = key;
    server *s = start(&t);
    snprintf(command, sizeof command,
             "(printf 'GET /a HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n'; sleep 2.5; printf "
             "'GET /b HTTP/1.1\\r\\nHost: h\\r\\nConnection: close\\r\\n\\r\\n') | "
             "openssl s_client -quiet -ign_eof -connect 127.0.0.1:%d 2>/dev/null | "
             "grep -c 'HTTP/1.1 200' | grep -qx 2",
             (int)s->port);
    cr_assert_eq(system(command), 0);
    stop(s);
    snprintf(command, sizeof command, "rm -r %s", folder);
    cr_assert_eq(system(command), 0);
}

Test(transport, settings_that_cannot_be_are_refused_in_words) {
    vo_transport_settings t = settings();
    vo_transport *first = NULL, *none = NULL;
    vo_error err;
    cr_assert_eq(vo_transport_open(&t, &handler, NULL, &first, &err), VO_OK);
    t.port = vo_transport_port(first);
    cr_assert_eq(vo_transport_open(&t, &handler, NULL, &none, &err), VO_EIO);
    cr_assert(strstr(err.msg, "is taken") != NULL);
    vo_transport_close(first);
    t.port = 70000;
    cr_assert_eq(vo_transport_open(&t, &handler, NULL, &none, &err), VO_EINVAL);
    t = settings();
    t.host = "localhost";
    cr_assert_eq(vo_transport_open(&t, &handler, NULL, &none, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "numeric address") != NULL);
    t.host = "192.0.2.1"; /* of documentation, nobody's */
    cr_assert_eq(vo_transport_open(&t, &handler, NULL, &none, &err), VO_EINVAL);
    t = settings();
    t.idle_timeout_s = 0;
    cr_assert_eq(vo_transport_open(&t, &handler, NULL, &none, &err), VO_EINVAL);
    t = settings();
    t.max_held = t.max_body - 1;
    cr_assert_eq(vo_transport_open(&t, &handler, NULL, &none, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "less than max_body") != NULL);
    t = settings();
    t.min_write_per_s = -1;
    cr_assert_eq(vo_transport_open(&t, &handler, NULL, &none, &err), VO_EINVAL);
    t = settings();
    t.ended_timeout_s = -1;
    cr_assert_eq(vo_transport_open(&t, &handler, NULL, &none, &err), VO_EINVAL);
}

static void mine(int number) { (void)number; }

Test(transport, the_programs_signal_handlers_stay_its_own) {
    struct sigaction a;
    memset(&a, 0, sizeof a);
    a.sa_handler = mine;
    sigaction(SIGINT, &a, NULL);
    sigaction(SIGTERM, &a, NULL);
    stop(start(NULL));
    server *s = start(NULL);
    static const int numbers[] = {SIGINT, SIGTERM};
    for (size_t i = 0; i < 2; i++) {
        sigaction(numbers[i], NULL, &a);
        cr_assert(a.sa_handler == mine);
    }
    stop(s);
    sigaction(SIGINT, NULL, &a);
    cr_assert(a.sa_handler == mine);
}
