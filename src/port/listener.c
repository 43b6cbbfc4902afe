/* listener.c -- see listener.h.
 *
 * A spare descriptor is kept: when accept finds none left, it is given up to take the waiting
 * connection and close it. Otherwise that one would stay in the queue and keep a
 * level-triggered loop spinning.
 */
#include "port/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 4096 };

struct vo_listener {
    int fd, spare;
    int32_t port;
};

static bool prepare(int fd) {
    const int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
           fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

static int32_t port_of(int fd) {
    struct sockaddr_storage a;
    socklen_t len = sizeof a;
    char text[16];
    if (getsockname(fd, (struct sockaddr *)&a, &len) != 0 ||
        getnameinfo((struct sockaddr *)&a, len, NULL, 0, text, sizeof text, NI_NUMERICSERV) !=
            0)
        return 0;
    return (int32_t)strtol(text, NULL, 10);
}

static vo_status listen_at(const struct addrinfo *a, const char *host, int32_t port, int *out,
                           vo_error *err) {
    const int fd = socket(a->ai_family, SOCK_STREAM, 0), one = 1;
    if (fd < 0) return vo_fail(err, VO_EIO, "no socket can be made: %s", strerror(errno));
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (prepare(fd) && bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0) {
        *out = fd;
        return VO_OK;
    }
    const int e = errno;
    close(fd);
    if (e == EADDRINUSE)
        return vo_fail(err, VO_EIO,
                       "port %d of %s is taken by another program: choose another, or 0 for "
                       "a free one",
                       (int)port, host);
    if (e == EADDRNOTAVAIL)
        return vo_fail(err, VO_EINVAL, "host = \"%s\" is not an address of this machine", host);
    return vo_fail(err, VO_EIO, "cannot listen at port %d of %s: %s", (int)port, host,
                   strerror(e));
}

vo_status vo_listener_open(const char *host, int32_t port, vo_listener **out, vo_error *err) {
    if (port < 0 || port > 65535)
        return vo_fail(err, VO_EINVAL, "port = %d is not in 0..65535", (int)port);
    char service[16];
    snprintf(service, sizeof service, "%d", (int)port);
    struct addrinfo hints, *found = NULL;
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
    if (getaddrinfo(host, service, &hints, &found) != 0 || !found)
        return vo_fail(err, VO_EINVAL,
                       "host = \"%.100s\" is not a numeric address such as 127.0.0.1 or ::1",
                       host);
    vo_listener *l = calloc(1, sizeof *l);
    vo_status s = l ? VO_OK : vo_fail(err, VO_ENOMEM, "a listening socket");
    if (s == VO_OK) s = listen_at(found, host, port, &l->fd, err);
    freeaddrinfo(found);
    if (s != VO_OK) {
        free(l);
        return s;
    }
    l->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    l->port = port_of(l->fd);
    *out = l;
    return VO_OK;
}

void vo_listener_close(vo_listener *l) {
    if (!l) return;
    shutdown(l->fd, SHUT_RDWR); /* of every descriptor of it: nobody may come any more */
    close(l->fd);
    if (l->spare >= 0) close(l->spare);
    free(l);
}

int vo_listener_file(const vo_listener *l) {
    const int fd = dup(l->fd);
    if (fd >= 0) fcntl(fd, F_SETFD, FD_CLOEXEC);
    return fd;
}

int32_t vo_listener_port(const vo_listener *l) { return l->port; }

static vo_accepted turn_away(vo_listener *l) {
    if (l->spare >= 0) close(l->spare);
    const int fd = accept(l->fd, NULL, NULL);
    if (fd >= 0) close(fd);
    l->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return fd >= 0 ? VO_ACCEPT_TURNED : VO_ACCEPT_NONE;
}

vo_accepted vo_listener_accept(vo_listener *l, int *fd, char from[VO_ADDRESS_TEXT]) {
    struct sockaddr_storage a;
    for (int attempt = 0; attempt < 100; attempt++) {
        socklen_t len = sizeof a;
        const int got = accept(l->fd, (struct sockaddr *)&a, &len);
        if (got >= 0) {
            const int one = 1;
            setsockopt(got, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            if (!prepare(got) || getnameinfo((struct sockaddr *)&a, len, from, VO_ADDRESS_TEXT,
                                             NULL, 0, NI_NUMERICHOST) != 0) {
                close(got);
                continue;
            }
            *fd = got;
            return VO_ACCEPTED;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            return turn_away(l);
        if (errno == EAGAIN || errno == EWOULDBLOCK) break;
        /* ECONNABORTED, EINTR and network errors of that one connection: the next */
    }
    return VO_ACCEPT_NONE;
}

void vo_socket_finish(int fd) { shutdown(fd, SHUT_WR); }

int vo_socket_ended(int fd) {
    char byte;
    if (recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0) return -1; /* reset, or not ended */
    return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

void vo_socket_close(int fd) { close(fd); }
