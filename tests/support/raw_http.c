/* raw_http.c -- see raw_http.h. */
#include "support/raw_http.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

int raw_try_connect(int32_t port) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    const struct timeval wait = {.tv_sec = 20};
    struct sockaddr_in a;
    memset(&a, 0, sizeof a);
    a.sin_family = AF_INET;
    a.sin_port = htons((uint16_t)port);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    cr_assert(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    if (connect(fd, (const struct sockaddr *)(const void *)&a, sizeof a) == 0) return fd;
    close(fd);
    return -1;
}

int raw_connect(int32_t port) {
    const int fd = raw_try_connect(port);
    cr_assert(fd >= 0, "nobody listens at port %d", (int)port);
    return fd;
}

void raw_send(int fd, const void *bytes, size_t n) {
    for (size_t at = 0; at < n;) {
        const ssize_t sent = send(fd, (const char *)bytes + at, n - at, MSG_NOSIGNAL);
        if (sent <= 0) return; /* the other side has gone: what it said is to be judged */
        at += (size_t)sent;
    }
}

void raw_say(int fd, const char *text) { raw_send(fd, text, strlen(text)); }

size_t raw_read(int fd, char *to, size_t n) {
    size_t at = 0;
    while (at < n) {
        const ssize_t got = recv(fd, to + at, n - at, 0);
        if (got <= 0) break;
        at += (size_t)got;
    }
    return at;
}

bool raw_ended(int fd) {
    char byte;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, 20000) == 1 && recv(fd, &byte, 1, 0) <= 0;
}

bool raw_silent(int fd, int ms) {
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, ms) == 0;
}

const char *raw_header(const raw_answer *a, const char *name) {
    static char value[512];
    const size_t n = strlen(name);
    value[0] = '\0';
    for (const char *line = strstr(a->head, "\r\n"); line; line = strstr(line + 2, "\r\n"))
        if (strncasecmp(line + 2, name, n) == 0 && strncmp(line + 2 + n, ": ", 2) == 0)
            snprintf(value, sizeof value, "%.*s", (int)strcspn(line + n + 4, "\r"),
                     line + n + 4);
    return value;
}

raw_answer raw_receive_head(int fd) {
    raw_answer a;
    memset(&a, 0, sizeof a);
    size_t at = 0;
    while (at < sizeof a.head - 1 && raw_read(fd, a.head + at, 1) == 1)
        if (++at >= 4 && memcmp(a.head + at - 4, "\r\n\r\n", 4) == 0) break;
    a.head[at] = '\0';
    if (at >= 12 && strncmp(a.head, "HTTP/1.1 ", 9) == 0) a.status = atoi(a.head + 9);
    return a;
}

raw_answer raw_receive(int fd) {
    raw_answer a = raw_receive_head(fd);
    const size_t n = (size_t)strtoul(raw_header(&a, "Content-Length"), NULL, 10);
    a.body = calloc(1, n + 1);
    cr_assert(a.body != NULL);
    a.len = raw_read(fd, a.body, n);
    return a;
}

void raw_free(raw_answer *a) { free(a->body); }

int raw_status(int32_t port, const char *request) {
    const int fd = raw_connect(port);
    raw_say(fd, request);
    raw_answer a = raw_receive(fd);
    raw_free(&a);
    close(fd);
    return a.status;
}

int raw_upgrade(int fd, const char *path) {
    char text[512];
    snprintf(text, sizeof text,
             "GET %.200s HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\n"
             "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
             path);
    raw_say(fd, text);
    raw_answer a = raw_receive_head(fd);
    if (a.status == 101) /* the example of RFC 6455, 1.3 */
        cr_assert_str_eq(raw_header(&a, "Sec-WebSocket-Accept"),
                         "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    return a.status;
}

void raw_frame(int fd, int first_byte, const void *bytes, size_t n) {
    static const uint8_t mask[4] = {0x11, 0x80, 0xfe, 0x37};
    uint8_t *f = malloc(n + 14);
    cr_assert(f != NULL);
    size_t at = 0;
    f[at++] = (uint8_t)first_byte;
    const size_t extra = n < 126 ? 0 : n < 65536 ? 2 : 8;
    f[at++] = (uint8_t)(0x80 | (extra == 0 ? n : extra == 2 ? 126 : 127));
    for (size_t i = 0; i < extra; i++) f[at++] = (uint8_t)((uint64_t)n >> 8 * (extra - 1 - i));
    memcpy(f + at, mask, 4);
    at += 4;
    for (size_t i = 0; i < n; i++)
        f[at++] = (uint8_t)(((const uint8_t *)bytes)[i] ^ mask[i % 4]);
    raw_send(fd, f, at);
    free(f);
}

int raw_frame_in(int fd, char *to, size_t room, size_t *n) {
    uint8_t h[2], more[8];
    if (raw_read(fd, (char *)h, 2) != 2) return -1;
    cr_assert((h[1] & 0x80) == 0, "a server's frame is masked");
    uint64_t len = h[1];
    const size_t extra = len == 126 ? 2 : len == 127 ? 8 : 0;
    if (extra) len = 0;
    cr_assert(raw_read(fd, (char *)more, extra) == extra);
    for (size_t i = 0; i < extra; i++) len = len << 8 | more[i];
    cr_assert(len < room, "a frame of %zu bytes", (size_t)len);
    *n = raw_read(fd, to, (size_t)len);
    to[*n] = '\0';
    return h[0];
}

int raw_close_code(int fd) {
    static char bytes[1 << 17];
    size_t n = 0;
    for (;;) {
        const int kind = raw_frame_in(fd, bytes, sizeof bytes, &n);
        if (kind < 0) return -1;
        if (kind == 0x88) return n < 2 ? 0 : (uint8_t)bytes[0] << 8 | (uint8_t)bytes[1];
    }
}
