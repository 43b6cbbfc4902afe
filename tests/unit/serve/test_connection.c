/* A connection over memory: what a socket makes rare is made certain here. */
#include "serve/connection.h"

#include "support/memory_socket.h"

#include <criterion/criterion.h>
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
