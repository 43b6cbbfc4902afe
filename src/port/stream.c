/* stream.c -- see stream.h. Reads of pipes go through poll, so that a signal is noticed while
 * nothing comes; temporary files are unlinked before anything is written to them. */
#define _XOPEN_SOURCE 700 /* mkstemp */
#include "port/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "port/file.h"

#define MAX_PATH 4096
#define WAIT_MS 200 /* between looks at `stop`: a signal may come just before the wait */

static vo_status refuse(vo_error *err, const char *doing, const char *path) {
    const int e = errno;
    char why[128];
    if (strerror_r(e, why, sizeof why) != 0) snprintf(why, sizeof why, "error %d", e);
    return vo_fail(err, e == ENOENT || e == ENOTDIR ? VO_ENOTFOUND : VO_EIO,
                   "cannot %s \"%.300s\": %s", doing, path, why);
}

vo_status vo_stream_open(const char *path, vo_stream *out, vo_error *err) {
    const bool dash = strcmp(path, "-") == 0;
    struct stat s;
    int fd = dash ? STDIN_FILENO : -1;
    while (fd < 0) {
        /* Not waiting here for the other end of a pipe: reading does, and can be stopped. */
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0 && errno != EINTR) return refuse(err, "open", path);
    }
    vo_status st = VO_OK;
    if (fstat(fd, &s) != 0)
        st = refuse(err, "read", path);
    else if (S_ISDIR(s.st_mode))
        st = vo_fail(err, VO_EINVAL, "\"%.300s\" is a folder: name a file", path);
    if (st != VO_OK) {
        if (!dash) close(fd);
        return st;
    }
    const bool regular = S_ISREG(s.st_mode) && lseek(fd, 0, SEEK_CUR) == 0;
    *out = (vo_stream){fd, dash, regular, regular ? (int64_t)s.st_size : 0};
    return VO_OK;
}

vo_status vo_stream_temporary(const char *folder, vo_stream *out, vo_error *err) {
    char name[MAX_PATH];
    int fd = -1;
    if (!folder) {
        FILE *f = tmpfile();
        if (f) fd = fcntl(fileno(f), F_DUPFD_CLOEXEC, 0);
        const int e = errno;
        if (f) fclose(f);
        errno = e;
        if (fd < 0) return refuse(err, "make", "a temporary file");
    } else {
        const vo_status st = vo_file_make_folders(folder, err);
        if (st != VO_OK) return st;
        if (snprintf(name, sizeof name, "%s/XXXXXX", folder) >= (int)sizeof name)
            return vo_fail(err, VO_EINVAL, "\"%.60s...\": too long a folder name", folder);
        if ((fd = mkstemp(name)) < 0) return refuse(err, "make a temporary file in", folder);
        unlink(name);
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
    *out = (vo_stream){fd, false, true, 0};
    return VO_OK;
}

void vo_stream_close(vo_stream *s) {
    if (s->fd >= 0 && !s->borrowed) close(s->fd);
    *s = VO_STREAM_NONE;
}

/* Waits until something can be read. A file always can. */
static vo_status wait_for(const vo_stream *s, vo_stream_stop stop, void *ctx, vo_error *err) {
    for (;;) {
        struct pollfd p = {.fd = s->fd, .events = POLLIN};
        if (stop && stop(ctx)) return vo_fail(err, VO_ECANCELED, "stopped while reading");
        const int n = poll(&p, 1, WAIT_MS);
        if (n > 0 || (n < 0 && errno != EINTR)) return VO_OK;
    }
}

vo_status vo_stream_read(vo_stream *s, void *into, size_t cap, size_t *got, vo_stream_stop stop,
                         void *ctx, vo_error *err) {
    for (;;) {
        const vo_status st = s->seekable ? VO_OK : wait_for(s, stop, ctx, err);
        if (st != VO_OK) return st;
        const ssize_t n = read(s->fd, into, cap);
        if (n >= 0) {
            *got = (size_t)n;
            return VO_OK;
        }
        if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK)
            return refuse(err, "read", "the file");
    }
}

vo_status vo_stream_read_at(const vo_stream *s, int64_t at, void *into, size_t len, size_t *got,
                            vo_error *err) {
    size_t have = 0;
    while (have < len) {
        const ssize_t n =
            pread(s->fd, (char *)into + have, len - have, (off_t)(at + (int64_t)have));
        if (n == 0) break;
        if (n < 0 && errno != EINTR) return refuse(err, "read", "the file");
        if (n > 0) have += (size_t)n;
    }
    *got = have;
    return VO_OK;
}

vo_status vo_stream_write_at(const vo_stream *s, int64_t at, const void *data, size_t len,
                             vo_error *err) {
    for (size_t done = 0; done < len;) {
        const ssize_t n =
            pwrite(s->fd, (const char *)data + done, len - done, (off_t)(at + (int64_t)done));
        if (n < 0 && errno != EINTR) return refuse(err, "write", "a temporary file");
        if (n > 0) done += (size_t)n;
    }
    return VO_OK;
}

vo_status vo_stream_seek(vo_stream *s, int64_t at, vo_error *err) {
    return lseek(s->fd, (off_t)at, SEEK_SET) >= 0 ? VO_OK : refuse(err, "rewind", "the file");
}
