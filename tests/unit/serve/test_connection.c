/* A connection over memory: what a socket makes rare is made certain here. */
#include "serve/connection.h"

#include "support/memory_socket.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char requests[] =
    "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nfirst"
    "POST /b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
    "chunked\r\n\r\n3\r\nsec\r\n3\r\nond\r\n0\r\n\r\n"
    "GET /no HTTP/1.1\r\nHost: h\r\n\r\n"
    "HEAD /c HTTP/1.1\r\nHost: h\r\n\r\n"
    "POST /d HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 4\r\n\r\nlast";

/* What follows the Date header of each answer, so that seconds may pass. */
static char *without_dates(const char *out) {
    char *kept = calloc(1, strlen(out) + 1);
    cr_assert(kept != NULL);
    for (const char *at = out; *at;) {
        if (strncmp(at, "Date: ", 6) == 0)
            at = strstr(at, "\r\n") + 2;
        else
            strncat(kept, at++, 1);
    }
    return kept;
}

static char *play(size_t step, bool holds, bool chokes) {
    memory_socket m;
    const vo_transport_settings s = vo_transport_settings_default();
    memory_socket_open(&m, &s);
    m.holds = holds;
    m.choke_each_write = chokes;
    const size_t n = sizeof requests - 1;
    for (size_t at = 0; at < n; at += step)
        memory_socket_feed(&m, requests + at, n - at < step ? n - at : step);
    for (int i = 0; i < 20; i++) {
        memory_socket_answer(&m);
        memory_socket_feed(&m, "", 0); /* the loop turns */
        memory_socket_drain(&m);
    }
    cr_assert_eq((int)m.requests, 4);
    cr_assert_eq((int)m.done, 5);
    cr_assert(m.finished);
    char *kept = without_dates(m.out);
    memory_socket_close(&m);
    return kept;
}

Test(connection, the_answers_are_the_same_however_requests_are_cut_and_whenever_sockets_choke) {
    char *want = play(sizeof requests, false, false);
    static const char *const bodies[] = {"first", "second", "none", "last"};
    const char *at = want;
    for (size_t i = 0; i < 4; i++) cr_assert((at = strstr(at, bodies[i])) != NULL);
    for (size_t step = 1; step < sizeof requests; step++)
        for (int how = 0; how < 4; how++) {
            char *got = play(step, how & 1, how & 2);
            cr_assert_str_eq(got, want, "step %zu, how %d", step, how);
            free(got);
        }
    free(want);
}

Test(connection, one_who_sends_ahead_without_end_is_not_read_until_answered) {
    memory_socket m;
    const vo_transport_settings s = vo_transport_settings_default();
    memory_socket_open(&m, &s);
    m.holds = true;
    const char *get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
    size_t fed = 0;
    while (!m.paused && fed < 1 << 20) {
        memory_socket_feed(&m, get, strlen(get));
        fed += strlen(get);
    }
    cr_assert_lt(fed, s.max_head + 100);
    cr_assert_eq((int)m.requests, 1);
    for (int i = 0; i < 2000; i++) {
        memory_socket_answer(&m);
        memory_socket_feed(&m, "", 0);
    }
    cr_assert_not(m.paused);
    cr_assert_eq(m.requests, fed / strlen(get));
    memory_socket_close(&m);
}

Test(connection, one_who_does_not_read_is_not_read_either_and_pings_are_not_heaped_up) {
    memory_socket m;
    const vo_transport_settings s = vo_transport_settings_default();
    memory_socket_open(&m, &s);
    const char *shake =
        "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
        "dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    memory_socket_feed(&m, shake, strlen(shake));
    cr_assert_eq((int)m.opened, 1);
    const size_t before = m.out_len;
    m.choked = m.wants_writable = true;
    for (int i = 0; i < 1000; i++) memory_socket_feed(&m, "\x89\x80\0\0\0\0", 6);
    cr_assert_eq(m.out_len, before);
    memory_socket_drain(&m);
    memory_socket_feed(&m, "\x89\x80\0\0\0\0", 6);
    cr_assert_eq(m.out_len, before + 2);
    memory_socket_close(&m);
}

Test(connection, time_that_passes_ends_what_does_not_go_on) {
    memory_socket m;
    vo_transport_settings s = vo_transport_settings_default();
    s.head_timeout_s = 5;
    memory_socket_open(&m, &s);
    memory_socket_feed(&m, "GET / HT", 8);
    m.all.now_s += 4.9;
    vo_connections_tick(&m.all);
    cr_assert_eq((int)m.refusals, 0);
    m.all.now_s += 0.2;
    vo_connections_tick(&m.all);
    cr_assert_eq((int)m.refusals, 1);
    cr_assert_eq(strncmp(m.out, "HTTP/1.1 408 ", 13), 0);
    cr_assert(m.finished && !m.closed); /* lingers, so that the answer can be read */
    m.all.now_s += 2.1;
    vo_connections_tick(&m.all);
    cr_assert(m.closed);
    memory_socket_close(&m);
}

/* ---- what all clients together may hold --------------------------------------------------------- */

enum { CROWD = 40 };

/* Sockets [0, n) of one transport. */
static void crowd_open(memory_socket *m, int n, const vo_transport_settings *s) {
    memset(m, 0, (size_t)n * sizeof *m);
    memory_socket_open(&m[0], s);
    for (int i = 1; i < n; i++) {
        m[i].connection = vo_connection_create(&m[0].all, &m[i], "192.0.2.2");
        cr_assert(m[i].connection != NULL);
    }
}

static void crowd_close(memory_socket *m, int n) {
    for (int i = 1; i < n; i++) {
        vo_connection_free(m[i].connection);
        free(m[i].out);
    }
    const size_t own = m[0].all.held;
    vo_connection_free(m[0].connection);
    cr_assert_eq((int)m[0].all.held, 0, "%zu, %zu", m[0].all.held, own);
    m[0].connection = NULL;
    memory_socket_close(&m[0]);
}

static void say(memory_socket *m, const char *bytes, size_t n) {
    if (m->closed || m->finished) return;
    vo_connection_receive(m->connection, bytes, n);
}

Test(connection, unfinished_bodies_are_bounded_in_all_and_those_beyond_are_503_for_now) {
    static memory_socket m[CROWD];
    static char half[1 << 19];
    vo_transport_settings s = vo_transport_settings_default();
    s.max_body = 1 << 20;
    s.max_held = 8 << 20;
    crowd_open(m, CROWD, &s);
    memset(half, 'x', sizeof half);
    const char *head = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n";
    for (int i = 0; i < CROWD; i++) say(&m[i], head, strlen(head));
    cr_expect_eq((int)m[0].all.held, 0, "an announcement alone holds nothing");
    int refused = 0;
    size_t most = 0;
    for (int part = 0; part < 3; part++)
        for (int i = 0; i < CROWD; i++) {
            say(&m[i], half, part < 2 ? sizeof half / 2 : 1000);
            if (m[0].all.held > most) most = m[0].all.held;
        }
    for (int i = 0; i < CROWD; i++) {
        if (!m[i].out) continue;
        refused++;
        cr_assert_eq(strncmp(m[i].out, "HTTP/1.1 503 ", 13), 0);
        cr_assert_not_null(strstr(m[i].out, "\r\nRetry-After: 5\r\n"));
    }
    cr_expect_leq(most, s.max_held - s.max_held / 8);
    cr_expect_geq(most, s.max_held / 2);
    cr_expect(refused >= CROWD - 16 && refused < CROWD, "%d", refused);
    cr_expect_eq((int)m[0].requests, 0);
    crowd_close(m, CROWD);
}

Test(connection, a_little_body_is_taken_though_large_ones_have_filled_their_part) {
    static memory_socket m[CROWD];
    static char half[1 << 19];
    vo_transport_settings s = vo_transport_settings_default();
    s.max_body = 1 << 20;
    s.max_held = 8 << 20;
    crowd_open(m, CROWD, &s);
    const char *large = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n";
    const char *little = "POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi";
    for (int i = 0; i + 2 < CROWD; i++) {
        say(&m[i], large, strlen(large));
        say(&m[i], half, sizeof half);
    }
    say(&m[CROWD - 2], large, strlen(large)); /* at its head: it would not fit */
    cr_assert_not_null(m[CROWD - 2].out);
    cr_assert_eq(strncmp(m[CROWD - 2].out, "HTTP/1.1 503 ", 13), 0);
    say(&m[CROWD - 1], little, strlen(little));
    vo_connections_enter(&m[0].all);
    vo_connections_leave(&m[0].all);
    cr_assert_eq((int)m[0].requests, 1);
    cr_assert_not_null(m[CROWD - 1].out);
    cr_assert_eq(strncmp(m[CROWD - 1].out, "HTTP/1.1 200 ", 13), 0);
    crowd_close(m, CROWD);
}

Test(connection, parts_of_heads_and_messages_count_too_and_are_given_back) {
    static memory_socket m[2];
    const vo_transport_settings s = vo_transport_settings_default();
    static const char shake[] =
        "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    static const char part[] = "\x01\x85\0\0\0\0hello", rest[] = "\x80\x81\0\0\0\0!";
    crowd_open(m, 2, &s);
    say(&m[0], "GET / HTTP/1.1\r\nHost: ", 22);
    cr_expect_eq((int)m[0].all.held, 22);
    say(&m[1], shake, sizeof shake - 1);
    say(&m[1], part, sizeof part - 1);
    cr_expect_eq((int)m[0].all.held, 22 + 5);
    say(&m[1], rest, sizeof rest - 1);
    cr_expect_eq((int)m[0].all.held, 22);
    cr_expect_eq((int)m[0].messages, 1);
    say(&m[0], "h\r\n\r\n", 5);
    cr_expect_eq((int)m[0].all.held, 0);
    crowd_close(m, 2);
}

/* ---- how fast an answer must be taken ----------------------------------------------------------- */

/* Takes a piece of an answer of 2 MB every `pause_s`: whether it got all. */
static bool takes_all(double pause_s) {
    static char body[2 << 20];
    memory_socket m;
    vo_transport_settings s = vo_transport_settings_default();
    s.write_timeout_s = 5;
    s.min_write_per_s = 65536;
    memory_socket_open(&m, &s);
    memset(body, 'x', sizeof body);
    char head[100];
    snprintf(head, sizeof head, "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n",
             sizeof body);
    m.choke_each_write = true;
    memory_socket_feed(&m, head, strlen(head));
    memory_socket_feed(&m, body, sizeof body);
    for (int i = 0; i < 40 && m.choked && !m.closed; i++) {
        m.all.now_s += pause_s;
        vo_connections_tick(&m.all);
        m.choked = m.wants_writable = false;
        if (!m.closed) vo_connection_writable(m.connection);
    }
    const bool all = m.out_len > sizeof body && !m.closed;
    cr_expect_eq(atomic_load(&m.all.timed_out), all ? 0u : 1u);
    memory_socket_close(&m);
    return all;
}

Test(connection, an_answer_taken_drop_by_drop_is_given_up_and_one_taken_steadily_is_not) {
    cr_expect(takes_all(0.1));
    cr_expect(takes_all(0.99)); /* 64 KiB in a bit less than a second */
    cr_expect_not(takes_all(1.5));
    cr_expect_not(takes_all(4.9)); /* each piece in time, all of it never */
    cr_expect_not(takes_all(5.1)); /* no progress */
}

Test(connection, an_exchange_that_comes_back_after_its_loop_has_failed_is_freed) {
    memory_socket m;
    const vo_transport_settings s = vo_transport_settings_default();
    memory_socket_open(&m, &s);
    m.holds = true;
    const char *get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
    memory_socket_feed(&m, get, strlen(get));
    vo_connection_free(m.connection);
    memory_socket_answer(&m); /* and no turn of the loop after it */
    vo_connections_fini(&m.all);
    cr_expect_eq((int)m.done, 1);
    free(m.out);
}
