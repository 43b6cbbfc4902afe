/* file.c -- see file.h for the contract.
 *
 * An atomic write: a new name in the same folder, all bytes, fsync, rename over the old name,
 * fsync of the folder. Devices and pipes cannot be replaced by a rename: they are written to.
 */
#define _XOPEN_SOURCE 700 /* realpath */
#include "port/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK ((size_t)1 << 30) /* of one read or write call */
#define MAX_PATH 4096

static vo_status refuse(vo_error *err, const char *doing, const char *path) {
    const int e = errno;
    char why[128];
    if (strerror_r(e, why, sizeof why) != 0) snprintf(why, sizeof why, "error %d", e);
    const vo_status st = e == ENOENT || e == ENOTDIR ? VO_ENOTFOUND
                         : e == ENOMEM               ? VO_ENOMEM
                                                     : VO_EIO;
    return vo_fail(err, st, "cannot %s \"%.300s\": %s", doing, path, why);
}

/* Opening a pipe waits for its other end, and a signal may come in between. */
static int open_file(const char *path, int flags, mode_t mode) {
    for (;;) {
        const int fd = open(path, flags | O_CLOEXEC | O_NOCTTY, mode);
        if (fd >= 0 || errno != EINTR) return fd;
    }
}

static bool is_dash(const char *path) { return strcmp(path, "-") == 0; }

/* ---- reading ----------------------------------------------------------------- */

static ssize_t read_some(int fd, char *to, size_t n) {
    for (;;) {
        const ssize_t got = read(fd, to, n < CHUNK ? n : CHUNK);
        if (got >= 0) return got;
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            struct pollfd p = {.fd = fd, .events = POLLIN};
            poll(&p, 1, -1);
        } else if (errno != EINTR) {
            return -1;
        }
    }
}

/* Reads to the end; a size known beforehand is only a hint. */
static vo_status read_all(int fd, const char *path, size_t hint, size_t max, char **text,
                          size_t *len, vo_error *err) {
    vo_status st = VO_OK;
    size_t size = (hint < max ? hint : max) + 2, n = 0; /* room for one byte too many, NUL */
    char *buffer = malloc(size);
    while (buffer) {
        if (n + 1 == size) {
            size = size > max / 2 ? max + 2 : size * 2;
            char *more = realloc(buffer, size);
            if (!more) break;
            buffer = more;
        }
        const ssize_t got = read_some(fd, buffer + n, size - 1 - n);
        if (got < 0) {
            st = refuse(err, "read", path);
            goto fail;
        }
        n += (size_t)got;
        if (n > max) {
            st = vo_fail(err, VO_EINVAL, "\"%.300s\" is larger than %zu bytes: split it", path,
                         max);
            goto fail;
        }
        if (got == 0) {
            buffer[n] = '\0';
            *text = buffer;
            *len = n;
            return VO_OK;
        }
    }
    st = vo_fail(err, VO_ENOMEM, "reading \"%.300s\"", path);
fail:
    free(buffer);
    return st;
}

vo_status vo_file_read(const char *path, size_t max, char **text, size_t *len, vo_error *err) {
    if (max > SIZE_MAX / 4) max = SIZE_MAX / 4;
    if (is_dash(path))
        return read_all(STDIN_FILENO, "standard input", 65536, max, text, len, err);

    const int fd = open_file(path, O_RDONLY, 0);
    if (fd < 0) return refuse(err, "open", path);
    struct stat s;
    vo_status st;
    if (fstat(fd, &s) != 0)
        st = refuse(err, "read", path);
    else if (S_ISDIR(s.st_mode))
        st = vo_fail(err, VO_EINVAL, "\"%.300s\" is a folder: name a file", path);
    else if (S_ISREG(s.st_mode) && s.st_size > 0 && (uintmax_t)s.st_size > max)
        st = vo_fail(err, VO_EINVAL, "\"%.300s\" has %jd bytes, more than %zu: split it", path,
                     (intmax_t)s.st_size, max);
    else
        st = read_all(fd, path, s.st_size > 0 ? (size_t)s.st_size : 65536, max, text, len, err);
    close(fd);
    return st;
}

/* ---- writing ----------------------------------------------------------------- */

static bool write_all(int fd, const char *data, size_t len) {
    while (len > 0) {
        const ssize_t put = write(fd, data, len < CHUNK ? len : CHUNK);
        if (put > 0) {
            data += put;
            len -= (size_t)put;
        } else if (put < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            struct pollfd p = {.fd = fd, .events = POLLOUT};
            poll(&p, 1, -1);
        } else if (put == 0 || errno != EINTR) {
            return false;
        }
    }
    return true;
}

/* A rename is on disk when its folder is. Some file systems cannot sync a folder: EINVAL. */
static bool sync_folder_of(const char *path) {
    char folder[MAX_PATH];
    const char *slash = strrchr(path, '/');
    if (!slash)
        memcpy(folder, ".", 2);
    else if (slash == path)
        memcpy(folder, "/", 2);
    else
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
    const int fd = open_file(folder, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0) return errno == EACCES; /* may write in it but not read it */
    const bool ok = fsync(fd) == 0 || errno == EINVAL;
    close(fd);
    return ok;
}

/* A name beside `path` that nobody has; O_EXCL settles any race. */
static int open_beside(const char *path, mode_t mode, char *name, size_t size) {
    for (int i = 0; i < 1000; i++) {
        const int n = snprintf(name, size, "%s.%ld.%d.tmp", path, (long)getpid(), i);
        if (n < 0 || (size_t)n >= size) {
            errno = ENAMETOOLONG;
            return -1;
        }
        const int fd = open_file(name, O_WRONLY | O_CREAT | O_EXCL, mode);
        if (fd >= 0 || errno != EEXIST) return fd;
    }
    return -1;
}

struct vo_file_writer {
    int fd;
    bool borrowed;  /* standard output: not closed */
    char *target;   /* what `name` will replace, or NULL: bytes go straight to fd */
    size_t held;    /* bytes of `buffer` not yet written */
    char said[304]; /* the path, for messages */
    char name[MAX_PATH];
    char buffer[1 << 16];
};

/* A new file beside `path`, with the old one's rights. */
static vo_status begin_replacing(vo_file_writer *w, const char *path, const struct stat *old,
                                 bool follow, vo_error *err) {
    w->target = old && follow ? realpath(path, NULL) : strdup(path); /* a link stays a link */
    if (!w->target) return refuse(err, "write", path);
    w->fd = open_beside(w->target, 0666, w->name, sizeof w->name);
    if (w->fd < 0) return refuse(err, "create a file beside", path);
    return !old || fchmod(w->fd, old->st_mode & 07777) == 0 ? VO_OK
                                                            : refuse(err, "write", path);
}

static vo_status begin_writing(vo_file_writer *w, const char *path, bool follow,
                               vo_error *err) {
    struct stat s;
    if (!follow) return begin_replacing(w, path, NULL, false, err);
    if (is_dash(path)) {
        w->fd = STDOUT_FILENO;
        w->borrowed = true;
        return VO_OK;
    }
    if (stat(path, &s) != 0)
        return errno == ENOENT ? begin_replacing(w, path, NULL, true, err)
                               : refuse(err, "write", path);
    if (S_ISDIR(s.st_mode))
        return vo_fail(err, VO_EINVAL, "\"%.300s\" is a folder: name a file", path);
    if (S_ISREG(s.st_mode)) return begin_replacing(w, path, &s, true, err);
    w->fd = open_file(path, O_WRONLY, 0);
    return w->fd >= 0 ? VO_OK : refuse(err, "open", path);
}

static vo_status open_writer(const char *path, bool follow, vo_file_writer **out,
                             vo_error *err) {
    vo_file_writer *w = calloc(1, sizeof *w);
    if (!w) return vo_fail(err, VO_ENOMEM, "no memory to write \"%.300s\"", path);
    w->fd = -1;
    snprintf(w->said, sizeof w->said, "%s", is_dash(path) ? "standard output" : path);
    const vo_status st = begin_writing(w, path, follow, err);
    if (st != VO_OK) {
        vo_file_writer_abandon(w);
        return st;
    }
    *out = w;
    return VO_OK;
}

vo_status vo_file_writer_open(const char *path, vo_file_writer **out, vo_error *err) {
    return open_writer(path, true, out, err);
}

static vo_status drain(vo_file_writer *w, vo_error *err) {
    const size_t held = w->held;
    w->held = 0;
    return write_all(w->fd, w->buffer, held) ? VO_OK : refuse(err, "write", w->said);
}

vo_status vo_file_writer_put(vo_file_writer *w, const void *data, size_t len, vo_error *err) {
    if (w->held + len > sizeof w->buffer) {
        const vo_status st = drain(w, err);
        if (st != VO_OK) return st;
    }
    if (len > sizeof w->buffer)
        return write_all(w->fd, data, len) ? VO_OK : refuse(err, "write", w->said);
    if (len) memcpy(w->buffer + w->held, data, len);
    w->held += len;
    return VO_OK;
}

static vo_status commit(vo_file_writer *w, vo_error *err) {
    vo_status st = drain(w, err);
    if (st != VO_OK || w->borrowed) return st;
    if (w->target && fsync(w->fd) != 0) return refuse(err, "write", w->said);
    const int fd = w->fd;
    w->fd = -1;
    if (close(fd) != 0 && errno != EINTR) return refuse(err, "write", w->said);
    if (!w->target) return VO_OK;
    if (rename(w->name, w->target) != 0) return refuse(err, "replace", w->said);
    w->name[0] = '\0';
    return sync_folder_of(w->target) ? VO_OK : refuse(err, "flush the folder of", w->said);
}

vo_status vo_file_writer_commit(vo_file_writer *w, vo_error *err) {
    const vo_status st = commit(w, err);
    vo_file_writer_abandon(w);
    return st;
}

void vo_file_writer_abandon(vo_file_writer *w) {
    if (!w) return;
    if (w->fd >= 0 && !w->borrowed) close(w->fd);
    if (w->name[0]) unlink(w->name);
    free(w->target);
    free(w);
}

static vo_status write_whole(const char *path, bool follow, const void *data, size_t len,
                             vo_error *err) {
    vo_file_writer *w = NULL;
    vo_status st = open_writer(path, follow, &w, err);
    if (st != VO_OK) return st;
    if ((st = vo_file_writer_put(w, data, len, err)) == VO_OK)
        return vo_file_writer_commit(w, err);
    vo_file_writer_abandon(w);
    return st;
}

vo_status vo_file_write(const char *path, const void *data, size_t len, vo_error *err) {
    return write_whole(path, true, data, len, err);
}

vo_status vo_file_replace(const char *path, const void *data, size_t len, vo_error *err) {
    return write_whole(path, false, data, len, err);
}

/* ---- names ------------------------------------------------------------------- */

bool vo_file_exists(const char *path) {
    struct stat s;
    return stat(path, &s) == 0;
}

bool vo_file_is_regular(const char *path) {
    struct stat s;
    return stat(path, &s) == 0 && S_ISREG(s.st_mode);
}

uint64_t vo_file_mark(const char *path) {
    struct stat s;
    if (stat(path, &s) != 0) return 0;
    uint64_t h =
        (uint64_t)s.st_mtim.tv_sec * UINT64_C(1000000000) + (uint64_t)s.st_mtim.tv_nsec;
    h = (h ^ (uint64_t)s.st_ino) * UINT64_C(0x9e3779b97f4a7c15);
    h = (h ^ (uint64_t)s.st_size) * UINT64_C(0x9e3779b97f4a7c15);
    return h ? h : 1;
}

uint64_t vo_file_identity(const char *path, int64_t least) {
    struct stat s;
    if (stat(path, &s) != 0 || (int64_t)s.st_size < least) return 0;
    const uint64_t h = ((uint64_t)s.st_dev * UINT64_C(0x9e3779b97f4a7c15)) ^ (uint64_t)s.st_ino;
    return h ? h : 1;
}

bool vo_file_same(const char *a, const char *b) {
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static bool make_folder(const char *path) {
    struct stat s;
    if (mkdir(path, 0777) == 0) return true;
    if (stat(path, &s) != 0) return false;
    if (S_ISDIR(s.st_mode)) return true;
    errno = EEXIST;
    return false;
}

vo_status vo_file_make_folders(const char *path, vo_error *err) {
    char prefix[MAX_PATH];
    const size_t len = strlen(path);
    if (len == 0 || len >= sizeof prefix)
        return vo_fail(err, VO_EINVAL, "a folder name of %zu characters; 1..%d", len,
                       MAX_PATH - 1);
    memcpy(prefix, path, len + 1);
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0') continue;
        prefix[i] = '\0';
        if (!make_folder(prefix)) {
            if (errno == ENOENT) errno = EACCES; /* a dangling link: not "absent" */
            return refuse(err, "make the folder", prefix);
        }
        prefix[i] = path[i];
    }
    return VO_OK;
}

vo_status vo_file_remove(const char *path, vo_error *err) {
    return unlink(path) == 0 || errno == ENOENT ? VO_OK : refuse(err, "remove", path);
}

/* flock, not fcntl: it also holds between two threads of one process. */
vo_status vo_file_lock_take(const char *path, vo_file_lock *out, vo_error *err) {
    const int fd = open_file(path, O_RDWR | O_CREAT, 0666);
    if (fd < 0) return refuse(err, "open", path);
    while (flock(fd, LOCK_EX) != 0) {
        if (errno == EINTR) continue;
        const vo_status st = refuse(err, "lock", path);
        close(fd);
        return st;
    }
    out->fd = fd;
    return VO_OK;
}

void vo_file_lock_drop(vo_file_lock *lock) {
    if (lock->fd >= 0) close(lock->fd);
    lock->fd = -1;
}
