/* served.c -- see served.h. */
#define _XOPEN_SOURCE 700
#include "support/served.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "port/clock.h"
#include "port/file.h"
#include "port/pause.h"

enum { MOST_ARGUMENTS = 64 };
static const double PATIENCE_S = 60;

/* ---- processes -------------------------------------------------------------------------- */

static pid_t run(const char *const *argument, const char *log) {
    char *copy[MOST_ARGUMENTS + 1] = {0};
    for (size_t i = 0; argument[i] && i < MOST_ARGUMENTS; i++) copy[i] = strdup(argument[i]);
    const pid_t pid = fork();
    if (pid == 0) {
        const int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
        if (fd >= 0) {
            dup2(fd, 1);
            dup2(fd, 2);
        }
        execv(copy[0], copy);
        _exit(127);
    }
    for (size_t i = 0; copy[i]; i++) free(copy[i]);
    return pid;
}

static void place(const served *s, const char *name, char out[DATA_PATH + 32]) {
    snprintf(out, DATA_PATH + 32, "%s/%s", s->folder, name);
}

pid_t served_run(const served *s, const char *program, const char *const *argument,
                 const char *log) {
    char state[DATA_PATH + 32], lake[DATA_PATH + 32], models[DATA_PATH + 32],
        out[DATA_PATH + 32];
    place(s, "state.db", state);
    place(s, "lake", lake);
    place(s, "models", models);
    place(s, log, out);
    const char *all[MOST_ARGUMENTS + 1] = {program,  argument[0], "--state",  state,
                                           "--lake", lake,        "--models", models};
    size_t n = 8;
    for (size_t i = 1; argument[i] && n < MOST_ARGUMENTS; i++) all[n++] = argument[i];
    return run(all, out);
}

bool served_start(served *s, const char *program, const char *const *flag) {
    char port_file[DATA_PATH + 32], *text = NULL;
    if (!s->folder[0] && !temporary_folder(s->folder)) return false;
    snprintf(port_file, sizeof port_file, "%s/port", s->folder);
    remove(port_file);
    const char *argument[MOST_ARGUMENTS + 1] = {"serve", "--port-file", port_file};
    size_t n = 3;
    bool listens = false;
    for (size_t i = 0; flag && flag[i] && n < MOST_ARGUMENTS; i++) {
        listens |= strcmp(flag[i], "--listen") == 0;
        argument[n++] = flag[i];
    }
    if (!listens) {
        argument[n++] = "--listen";
        argument[n++] = "127.0.0.1:0";
    }
    s->pid = served_run(s, program, argument, "log");
    const double until_s = vo_clock_monotonic_s() + PATIENCE_S;
    size_t len = 0;
    while (vo_clock_monotonic_s() < until_s) { /* the file appears whole, by a rename */
        if (vo_file_exists(port_file) &&
            vo_file_read(port_file, 200, &text, &len, NULL) == VO_OK) {
            s->port = atoi(strrchr(text, ':') + 1);
            free(text);
            return true;
        }
        if (waitpid(s->pid, NULL, WNOHANG) == s->pid) return false;
        vo_pause_s(0.01);
    }
    return false;
}

int served_end(pid_t pid, int signal) {
    int status = 0;
    if (signal) kill(pid, signal);
    if (waitpid(pid, &status, 0) != pid) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int served_stop(served *s, int signal) {
    const pid_t pid = s->pid;
    s->pid = 0;
    return pid > 0 ? served_end(pid, signal) : -1;
}

void served_remove(served *s) {
    if (s->folder[0]) temporary_folder_remove(s->folder);
    s->folder[0] = '\0';
}

char *served_log(const served *s) {
    char path[DATA_PATH + 32], *text = NULL;
    size_t len = 0;
    place(s, "log", path);
    return vo_file_read(path, (size_t)64 << 20, &text, &len, NULL) == VO_OK ? text : strdup("");
}

/* ---- requests --------------------------------------------------------------------------- */

static int connect_to(const served *s) {
    const struct sockaddr_in at = {.sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)s->port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof at) == 0) return fd;
    if (fd >= 0) close(fd);
    return -1;
}

static bool send_all(int fd, const char *bytes, size_t len) {
    while (len > 0) {
        const ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0) return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

int served_send(const served *s, const char *method, const char *target, const char *headers,
                const char *body) {
    const size_t len = body ? strlen(body) : 0;
    char head[4096], type[100] = "";
    if (body && (!headers || !strstr(headers, "Content-Type")))
        snprintf(type, sizeof type, "Content-Type: application/json\r\n");
    const int n = snprintf(head, sizeof head,
                           "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n%s%s"
                           "Content-Length: %zu\r\n\r\n",
                           method, target, s->port, headers ? headers : "", type, len);
    const int fd = connect_to(s);
    if (fd < 0) return -1;
    /* A server that refuses at the head may close before it has read the body. */
    if (n > 0 && send_all(fd, head, (size_t)n) && body) send_all(fd, body, len);
    return fd;
}

/* What comes until the other side closes; NULL after PATIENCE_S without. */
static char *receive_all(int fd, size_t *len) {
    size_t room = 1 << 16, n = 0;
    char *text = malloc(room + 1);
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (!text || poll(&p, 1, (int)(PATIENCE_S * 1000)) <= 0) break;
        const ssize_t got = recv(fd, text + n, room - n, 0);
        if (got <= 0) {
            text[n] = '\0';
            *len = n;
            return text;
        }
        n += (size_t)got;
        if (n == room) text = realloc(text, (room *= 2) + 1);
    }
    free(text);
    return NULL;
}

reply served_receive(int fd) {
    reply r = {0};
    size_t len = 0;
    if (fd < 0) return r;
    r.text = receive_all(fd, &len);
    close(fd);
    const char *end = r.text ? strstr(r.text, "\r\n\r\n") : NULL;
    if (end && strncmp(r.text, "HTTP/1.1 ", 9) == 0) {
        r.status = atoi(r.text + 9);
        r.body = end + 4;
        r.len = len - (size_t)(r.body - r.text);
    }
    return r;
}

reply served_ask(const served *s, const char *method, const char *target, const char *headers,
                 const char *body) {
    return served_receive(served_send(s, method, target, headers, body));
}

void reply_drop(reply *r) {
    free(r->text);
    *r = (reply){0};
}

const char *reply_header(const reply *r, const char *name) {
    static char value[1000];
    const size_t len = strlen(name);
    value[0] = '\0';
    for (const char *line = r->text; line && line < r->body; line = strstr(line, "\r\n")) {
        line += line != r->text ? 2 : 0;
        if (strncasecmp(line, name, len) != 0 || line[len] != ':') continue;
        const char *from = line + len + 1 + strspn(line + len + 1, " ");
        snprintf(value, sizeof value, "%.*s", (int)strcspn(from, "\r"), from);
        break;
    }
    return value;
}

/* ---- WebSocket ---------------------------------------------------------------------------- */

static bool receive_exactly(int fd, void *out, size_t len, double until_s) {
    char *to = out;
    while (len > 0) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        const double left_s = until_s - vo_clock_monotonic_s();
        if (left_s <= 0 || poll(&p, 1, (int)(left_s * 1000) + 1) <= 0) return false;
        const ssize_t got = recv(fd, to, len, 0);
        if (got <= 0) return false;
        to += got;
        len -= (size_t)got;
    }
    return true;
}

int served_listen(const served *s, const char *target, const char *headers, int *fd) {
    char head[4096];
    *fd = connect_to(s);
    if (*fd < 0) return 0;
    const int n = snprintf(head, sizeof head,
                           "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: Upgrade\r\n"
                           "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n",
                           target, s->port, headers ? headers : "");
    size_t at = 0;
    const double until_s = vo_clock_monotonic_s() + PATIENCE_S;
    if (n <= 0 || !send_all(*fd, head, (size_t)n)) return 0;
    while (at + 1 < sizeof head && receive_exactly(*fd, head + at, 1, until_s)) {
        head[++at] = '\0';
        if (at >= 4 && strcmp(head + at - 4, "\r\n\r\n") == 0) return atoi(head + 9);
    }
    return 0;
}

bool served_say(int fd, const char *text) {
    const size_t len = strlen(text);
    unsigned char frame[140] = {0x81, (unsigned char)(0x80 | len), 1, 2, 3, 4};
    if (len >= 126) return false;
    for (size_t i = 0; i < len; i++)
        frame[6 + i] = (unsigned char)((unsigned char)text[i] ^ frame[2 + i % 4]);
    return send_all(fd, (const char *)frame, 6 + len);
}

char *served_hear(int fd, double seconds, int *code) {
    const double until_s = vo_clock_monotonic_s() + seconds;
    unsigned char head[8];
    *code = 0;
    for (;;) {
        if (!receive_exactly(fd, head, 2, until_s)) return NULL;
        const int kind = head[0] & 15;
        size_t len = head[1] & 127u;
        const size_t more = len == 126 ? 2 : len == 127 ? 8 : 0;
        if (more && !receive_exactly(fd, head, more, until_s)) return NULL;
        if (more) len = 0;
        for (size_t i = 0; i < more; i++) len = len << 8 | head[i];
        char *text = calloc(1, len + 1);
        if (!text || !receive_exactly(fd, text, len, until_s)) {
            free(text);
            return NULL;
        }
        if (kind == 1) return text;
        if (kind == 8 && len >= 2) *code = (unsigned char)text[0] << 8 | (unsigned char)text[1];
        free(text);
        if (kind == 8) return NULL;
    }
}
