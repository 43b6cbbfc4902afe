/* appender.c -- see appender.h. A regular file takes whole buffers. Anything else is asked first
 * whether it takes bytes, and then given no more than PIPE_BUF of them, which a pipe that says so
 * takes without waiting: standard error is often shared, so it is not made non-blocking.
 */
#include "port/appender.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "port/clock.h"

enum { PIECE = 4096, ASK_MS = 100 }; /* PIECE: PIPE_BUF of Linux; POSIX promises 512 */

struct vo_appender {
    int fd;
    char *path; /* NULL: standard error */
    bool regular;
    dev_t device;
    ino_t inode;
    double looked_s;
};

static vo_status open_file(const char *path, vo_appender *a, vo_error *err) {
    /* Without O_NONBLOCK the open of a pipe that nobody reads would wait. */
    const int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                        S_IRUSR | S_IWUSR | S_IRGRP);
    struct stat is;
    if (fd < 0 || fstat(fd, &is) != 0) {
        const int e = errno;
        if (fd >= 0) close(fd);
        if (e == EISDIR) return vo_fail(err, VO_EINVAL, "%s is a folder: name a file", path);
        return vo_fail(err, VO_EIO, "%s cannot be opened for writing: %s", path, strerror(e));
    }
    if (a->fd >= 0) close(a->fd);
    a->fd = fd;
    a->regular = S_ISREG(is.st_mode);
    a->device = is.st_dev;
    a->inode = is.st_ino;
    return VO_OK;
}

vo_status vo_appender_open(const char *path, vo_appender **out, vo_error *err) {
    vo_appender *a = calloc(1, sizeof *a);
    if (!a) return vo_fail(err, VO_ENOMEM, "a log");
    a->fd = -1;
    vo_status s = VO_OK;
    if (!path) {
        struct stat is;
        a->fd = STDERR_FILENO;
        a->regular = fstat(a->fd, &is) == 0 && S_ISREG(is.st_mode);
    } else if (!(a->path = strdup(path)))
        s = vo_fail(err, VO_ENOMEM, "a log");
    else
        s = open_file(path, a, err);
    if (s != VO_OK) {
        vo_appender_close(a);
        return s;
    }
    a->looked_s = vo_clock_monotonic_s();
    *out = a;
    return VO_OK;
}

void vo_appender_close(vo_appender *a) {
    if (!a) return;
    if (a->path && a->fd >= 0) close(a->fd);
    free(a->path);
    free(a);
}

/* If the name means another file by now, or none, that one is written from here on. Where it
 * cannot be opened the old one is kept: better a log under another name than none. */
static void follow(vo_appender *a) {
    const double now_s = vo_clock_monotonic_s();
    if (!a->path || !a->regular || now_s - a->looked_s < 1) return;
    a->looked_s = now_s;
    struct stat is;
    if (stat(a->path, &is) == 0 && is.st_dev == a->device && is.st_ino == a->inode) return;
    (void)open_file(a->path, a, NULL);
}

static vo_status wait_for_room(vo_appender *a, bool (*stop)(void *ctx), void *ctx,
                               vo_error *err) {
    for (;;) {
        struct pollfd p = {.fd = a->fd, .events = POLLOUT};
        const int n = poll(&p, 1, ASK_MS);
        if (n > 0) return VO_OK; /* or an error, which write will tell */
        if (n < 0 && errno != EINTR)
            return vo_fail(err, VO_EIO, "the log cannot be waited for: %s", strerror(errno));
        if (stop && stop(ctx)) return vo_fail(err, VO_ECANCELED, "nobody reads the log");
    }
}

vo_status vo_appender_put(vo_appender *a, const char *data, size_t len, size_t *written,
                          bool (*stop)(void *ctx), void *ctx, vo_error *err) {
    *written = 0;
    if (len == 0) return VO_OK;
    follow(a);
    for (;;) {
        if (!a->regular) {
            const vo_status s = wait_for_room(a, stop, ctx, err);
            if (s != VO_OK) return s;
        }
        const ssize_t n = write(a->fd, data, a->regular || len < PIECE ? len : PIECE);
        if (n > 0) {
            *written = (size_t)n;
            return VO_OK;
        }
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return vo_fail(err, VO_EIO, "%s: cannot be written to: %s",
                           a->path ? a->path : "standard error", strerror(errno));
    }
}
