/* serve_client.h -- clients for bench/serve.c, on one epoll each: requests at a fixed rate however
 * slowly they are answered, WebSockets that wait, and connections that never finish their head.
 *
 * Latency is counted from when a request was due, not from when it could be sent: a server that
 * stalls is not spared the requests that would have come meanwhile.
 */
#ifndef VO_BENCH_SERVE_CLIENT_H
#define VO_BENCH_SERVE_CLIENT_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

__attribute__((format(printf, 1, 2), noreturn)) static void die(const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    fputs("serve: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    exit(1);
}

static void *room(size_t n, size_t size) {
    void *p = calloc(n, size);
    if (!p) die("no memory for %zu times %zu bytes", n, size);
    return p;
}

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* A connection to this machine's port; it is there when this returns. */
static int dial(int port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) die("a socket: %s (raise `ulimit -n`)", strerror(errno));
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, (const struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS)
        die("port %d: %s", port, strerror(errno));
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    if (poll(&ready, 1, 10000) != 1) die("port %d: no connection in 10 s", port);
    return fd;
}

static void watch(int epoll, int fd, uint32_t events, uint64_t tag) {
    struct epoll_event e = {.events = events, .data.u64 = tag};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) != 0) die("epoll: %s", strerror(errno));
}

static int by_size(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(double *x, size_t n, double q) {
    if (n == 0) return 0;
    qsort(x, n, sizeof *x, by_size);
    const size_t i = (size_t)(q * (double)n);
    return x[i < n ? i : n - 1];
}

/* ---- one request, one answer ------------------------------------------------------------ */

/* Head and body of a POST, or a GET if body is NULL; malloc'ed. */
static char *request_text(const char *path, const char *body, size_t *len) {
    const size_t n = body ? strlen(body) : 0;
    char *text = room(1, n + 300);
    const int head = snprintf(text, 300,
                              "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                              "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                              body ? "POST" : "GET", path, n);
    memcpy(text + head, body ? body : "", n);
    *len = (size_t)head + n;
    return text;
}

static void send_all(int fd, const char *text, size_t len) {
    for (size_t sent = 0; sent < len;) {
        const ssize_t n = send(fd, text + sent, len - sent, MSG_NOSIGNAL);
        if (n > 0) {
            sent += (size_t)n;
        } else if (errno == EAGAIN) {
            struct pollfd ready = {.fd = fd, .events = POLLOUT};
            poll(&ready, 1, 10000);
        } else {
            die("a request was not taken: %s", strerror(errno));
        }
    }
}

/* What of an answer has been seen. */
typedef struct {
    char head[2048];
    size_t head_len, body_left;
    bool in_body;
    int status;
} answer_state;

static void read_head(answer_state *a) {
    a->head[a->head_len] = '\0';
    a->status = atoi(a->head + 9);
    for (const char *line = a->head; (line = strstr(line, "\r\n")); line += 2)
        if (strncasecmp(line + 2, "content-length:", 15) == 0)
            a->body_left = (size_t)strtoull(line + 17, NULL, 10);
    a->in_body = true;
}

/* Takes n bytes; true when the answer is whole. */
static bool take_bytes(answer_state *a, const char *bytes, size_t n) {
    size_t i = 0;
    for (; !a->in_body && i < n; i++) {
        if (a->head_len + 1 == sizeof a->head) die("an answer's head of more than 2 KiB");
        a->head[a->head_len++] = bytes[i];
        if (bytes[i] == '\n' && a->head_len >= 4 &&
            memcmp(a->head + a->head_len - 4, "\r\n\r\n", 4) == 0)
            read_head(a);
    }
    if (!a->in_body) return false;
    a->body_left -= n - i < a->body_left ? n - i : a->body_left;
    return a->body_left == 0;
}

/* The status of one request, on a connection of its own; the answer into text[size] if wanted. */
static int ask_once(int port, const char *path, const char *body, char *text, size_t size) {
    size_t len = 0, kept = 0;
    char *request = request_text(path, body, &len), piece[16384];
    const int fd = dial(port);
    send_all(fd, request, len);
    free(request);
    answer_state a = {.head_len = 0};
    for (bool whole = false; !whole;) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (poll(&ready, 1, 60000) != 1) die("POST %s: no answer in 60 s", path);
        const ssize_t n = recv(fd, piece, sizeof piece, 0);
        if (n <= 0) die("POST %s: closed before its answer was whole", path);
        whole = take_bytes(&a, piece, (size_t)n);
        const size_t fits = kept + (size_t)n < size ? (size_t)n : 0;
        if (text && fits) memcpy(text + kept, piece, fits), kept += fits;
    }
    if (text) text[kept] = '\0';
    close(fd);
    return a.status;
}

/* ---- requests at a fixed rate ------------------------------------------------------------- */

typedef struct {
    size_t answered, refused; /* refused: not 200                   */
    size_t reopened;          /* kept connections the server closed */
    double p50_ms, p99_ms, most_ms, per_s;
    double late_p99_ms; /* how late requests left, though a connection was free */
} load_result;

typedef struct {
    int fd;
    bool busy;
    double due_s;
    answer_state answer;
} load_line;

typedef struct {
    int port, epoll, timer;
    const char *request;
    size_t request_len, lines, n, done, sent, turn;
    load_line *line;
    double *latency_ms, *late_ms;
    bool choked; /* the last time no connection was free: lateness is not the machine's */
    double begin_s, step_s;
    load_result result;
} load_run;

/* What is due and has a free connection leaves. The lines take turns: one that never sends a
 * request is closed by the server when the time for its first head is over. */
static void send_due(load_run *r) {
    bool up_to_date = false;
    for (size_t i = 0; i < r->lines && r->sent < r->n;
         i++, r->turn = (r->turn + 1) % r->lines) {
        load_line *l = &r->line[r->turn];
        const double due_s = r->begin_s + (double)r->sent * r->step_s;
        if (l->busy) continue;
        const double now = now_s();
        up_to_date = due_s > now;
        if (up_to_date) break;
        l->busy = true;
        l->due_s = due_s;
        l->answer = (answer_state){.head_len = 0};
        r->late_ms[r->sent++] = r->choked ? 0 : (now - due_s) * 1e3;
        send_all(l->fd, r->request, r->request_len);
    }
    r->choked = !up_to_date;
    const double next_s = r->begin_s + (double)r->sent * r->step_s;
    const struct itimerspec at = {
        .it_value = {.tv_sec = (time_t)next_s,
                     .tv_nsec = (long)((next_s - (double)(time_t)next_s) * 1e9)}};
    timerfd_settime(r->timer, TFD_TIMER_ABSTIME, &at, NULL);
}

/* The server closes what has been idle for long, perhaps as a request leaves: as any client with
 * kept connections does, it is sent again on a new one. Its latency counts on. */
static void reopen(load_run *r, load_line *l) {
    if (l->answer.head_len > 0 && l->busy) die("an answer under load was broken off");
    r->result.reopened++;
    close(l->fd);
    watch(r->epoll, l->fd = dial(r->port), EPOLLIN, (uint64_t)(l - r->line));
    if (l->busy) send_all(l->fd, r->request, r->request_len);
}

static void receive(load_run *r, load_line *l) {
    static char piece[1 << 18];
    const ssize_t n = recv(l->fd, piece, sizeof piece, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
        reopen(r, l);
        return;
    }
    if (!take_bytes(&l->answer, piece, (size_t)n)) return;
    if (l->answer.status == 200)
        r->latency_ms[r->result.answered++] = (now_s() - l->due_s) * 1e3;
    else
        r->result.refused++;
    r->done++;
    l->busy = false;
}

static load_result offer(int port, const char *path, const char *body, double rate,
                         double seconds, size_t lines) {
    load_run r = {
        .port = port, .lines = lines, .n = (size_t)(rate * seconds), .step_s = 1 / rate};
    if (r.n == 0) die("no request in %g s at %g/s", seconds, rate);
    char *request = request_text(path, body, &r.request_len);
    r.request = request;
    r.line = room(lines, sizeof *r.line);
    r.latency_ms = room(r.n, sizeof *r.latency_ms);
    r.late_ms = room(r.n, sizeof *r.late_ms);
    r.epoll = epoll_create1(EPOLL_CLOEXEC);
    r.timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    watch(r.epoll, r.timer, EPOLLIN | EPOLLET, UINT64_MAX);
    for (size_t i = 0; i < lines; i++) watch(r.epoll, r.line[i].fd = dial(port), EPOLLIN, i);
    r.begin_s = now_s() + 0.01;
    while (r.done < r.n) {
        struct epoll_event e[64];
        send_due(&r);
        const int n = epoll_wait(r.epoll, e, 64, 60000);
        if (n == 0) die("%s: no answer in 60 s", path);
        for (int i = 0; i < n; i++)
            if (e[i].data.u64 != UINT64_MAX) receive(&r, &r.line[e[i].data.u64]);
    }
    r.result.per_s = (double)r.result.answered / (now_s() - r.begin_s);
    r.result.p50_ms = quantile(r.latency_ms, r.result.answered, 0.5);
    r.result.p99_ms = quantile(r.latency_ms, r.result.answered, 0.99);
    r.result.late_p99_ms = quantile(r.late_ms, r.n, 0.99);
    r.result.most_ms = quantile(r.latency_ms, r.result.answered, 1);
    for (size_t i = 0; i < lines; i++) close(r.line[i].fd);
    close(r.epoll);
    close(r.timer);
    free(r.line);
    free(r.latency_ms);
    free(r.late_ms);
    free(request);
    return r.result;
}

/* ---- WebSockets that wait ----------------------------------------------------------------- */

typedef struct {
    int epoll, *fd;
    size_t n;
    unsigned *round; /* of the last event each has got */
} sockets;

static const char upgrade[] = "GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                              "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                              "Sec-WebSocket-Version: 13\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/* Waits for the 101 of the connections from..to. */
static void await_upgrades(sockets *s, size_t from, size_t to) {
    for (size_t i = from; i < to; i++) {
        char text[1024];
        struct pollfd ready = {.fd = s->fd[i], .events = POLLIN};
        if (poll(&ready, 1, 10000) != 1) die("WebSocket %zu: no answer in 10 s", i + 1);
        const ssize_t n = recv(s->fd[i], text, sizeof text, 0);
        if (n < 12 || memcmp(text, "HTTP/1.1 101", 12) != 0)
            die("WebSocket %zu was refused: %.*s", i + 1, n > 0 ? (int)n : 0, text);
        watch(s->epoll, s->fd[i], EPOLLIN, i);
    }
}

static sockets open_sockets(int port, size_t n) {
    enum { AT_ONCE = 100 };
    sockets s = {.epoll = epoll_create1(EPOLL_CLOEXEC), .n = n};
    s.fd = room(n, sizeof *s.fd);
    s.round = room(n, sizeof *s.round);
    for (size_t from = 0; from < n; from += AT_ONCE) {
        const size_t to = from + AT_ONCE < n ? from + AT_ONCE : n;
        for (size_t i = from; i < to; i++) {
            s.fd[i] = dial(port);
            send_all(s.fd[i], upgrade, sizeof upgrade - 1);
        }
        await_upgrades(&s, from, to);
    }
    return s;
}

/* Reads what comes until each has got something in this round, or until nothing has come for
 * `quiet_ms`; how many have. */
static size_t await_event(sockets *s, unsigned round, int quiet_ms, bool to_the_end) {
    size_t reached = 0;
    while (to_the_end || reached < s->n) {
        struct epoll_event e[256];
        const int n = epoll_wait(s->epoll, e, 256, quiet_ms);
        if (n == 0) break;
        for (int i = 0; i < n; i++) {
            char text[4096];
            const uint64_t k = e[i].data.u64;
            if (recv(s->fd[k], text, sizeof text, 0) <= 0) die("a WebSocket was closed");
            if (s->round[k] == round) continue;
            s->round[k] = round;
            reached++;
        }
    }
    return reached;
}

static void close_sockets(sockets *s) {
    for (size_t i = 0; i < s->n; i++) close(s->fd[i]);
    close(s->epoll);
    free(s->fd);
    free(s->round);
}

/* ---- connections that never finish their head ------------------------------------------------ */

typedef struct {
    int port;
    size_t n;
    atomic_bool stop;
    atomic_size_t held; /* open now */
    size_t reopened;
    pthread_t thread;
} flood;

/* Half do nothing after a part of a head; the other half send a byte a second. */
static void *run_flood(void *arg) {
    static const char part[] = "POST /optimize HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ";
    flood *f = arg;
    int *fd = room(f->n, sizeof *fd);
    for (size_t i = 0; i < f->n; i++) {
        fd[i] = dial(f->port);
        send(fd[i], part, sizeof part - 1, MSG_NOSIGNAL);
        atomic_fetch_add(&f->held, 1);
    }
    const struct timespec tick = {.tv_nsec = 10000000};
    for (size_t at = 0; !atomic_load(&f->stop); nanosleep(&tick, NULL)) {
        for (size_t k = 0; k < f->n / 100 + 1; k++, at = (at + 1) % f->n) {
            char byte;
            const ssize_t seen = recv(fd[at], &byte, 1, MSG_DONTWAIT);
            const bool closed = seen == 0 || (seen < 0 && errno != EAGAIN) || seen > 0;
            if (!closed && (at % 2 == 0 || send(fd[at], "a", 1, MSG_NOSIGNAL) == 1)) continue;
            close(fd[at]);
            fd[at] = dial(f->port);
            send(fd[at], part, sizeof part - 1, MSG_NOSIGNAL);
            f->reopened++;
        }
    }
    for (size_t i = 0; i < f->n; i++) close(fd[i]);
    free(fd);
    return NULL;
}

#endif
