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

static vo_status write_through(const char *path, const void *data, size_t len, vo_error *err) {
    const int fd = open_file(path, O_WRONLY, 0);
    if (fd < 0) return refuse(err, "open", path);
    vo_status st = VO_OK;
    if (!write_all(fd, data, len)) st = refuse(err, "write", path);
    close(fd);
    return st;
}

static vo_status replace(const char *path, const struct stat *old, const void *data, size_t len,
                         vo_error *err) {
    char name[MAX_PATH];
    const int fd = open_beside(path, 0666, name, sizeof name);
    if (fd < 0) return refuse(err, "create a file beside", path);
    vo_status st = VO_OK;
    bool ok = !old || fchmod(fd, old->st_mode & 07777) == 0;
    ok = ok && write_all(fd, data, len) && fsync(fd) == 0;
    if (!ok) st = refuse(err, "write", path);
    if (close(fd) != 0 && errno != EINTR && ok) st = refuse(err, "write", path);
    if (st == VO_OK && rename(name, path) != 0) st = refuse(err, "replace", path);
    if (st != VO_OK) {
        unlink(name);
        return st;
    }
    return sync_folder_of(path) ? VO_OK : refuse(err, "flush the folder of", path);
}

vo_status vo_file_write(const char *path, const void *data, size_t len, vo_error *err) {
    if (is_dash(path))
        return write_all(STDOUT_FILENO, data, len) ? VO_OK
                                                   : refuse(err, "write", "standard output");
    struct stat s;
    if (stat(path, &s) != 0) {
        if (errno != ENOENT) return refuse(err, "write", path);
        return replace(path, NULL, data, len, err);
    }
    if (S_ISDIR(s.st_mode))
        return vo_fail(err, VO_EINVAL, "\"%.300s\" is a folder: name a file", path);
    if (!S_ISREG(s.st_mode)) return write_through(path, data, len, err);

    char *target = realpath(path, NULL); /* a link stays a link */
    if (!target) return refuse(err, "write", path);
    const vo_status st = replace(target, &s, data, len, err);
    free(target);
    return st;
}

/* ---- names ------------------------------------------------------------------- */

bool vo_file_exists(const char *path) {
    struct stat s;
    return stat(path, &s) == 0;
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
