/* folder.c -- see folder.h. Names are gathered before any is told, so that what is told may
 * change the folder. */
#include "port/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_PATH 4096

static vo_status refuse(vo_error *err, const char *doing, const char *path) {
    const int e = errno;
    char why[128];
    if (strerror_r(e, why, sizeof why) != 0) snprintf(why, sizeof why, "error %d", e);
    return vo_fail(err, e == ENOMEM ? VO_ENOMEM : VO_EIO, "cannot %s \"%.300s\": %s", doing,
                   path, why);
}

typedef struct {
    char *name;
    bool is_folder;
} found;

typedef struct {
    size_t n, capacity;
    found *item;
} names;

static void names_fini(names *l) {
    for (size_t i = 0; i < l->n; i++) free(l->item[i].name);
    free(l->item);
}

static bool add(names *l, const char *name, bool is_folder) {
    if (l->n == l->capacity) {
        const size_t capacity = l->capacity ? l->capacity * 2 : 16;
        found *more = realloc(l->item, capacity * sizeof *more);
        if (!more) return false;
        l->item = more;
        l->capacity = capacity;
    }
    char *copy = strdup(name);
    if (!copy) return false;
    l->item[l->n++] = (found){copy, is_folder};
    return true;
}

static bool is_folder_at(int fd, const char *name) {
    struct stat s;
    return fstatat(fd, name, &s, 0) == 0 && S_ISDIR(s.st_mode);
}

static vo_status gather(DIR *dir, const char *path, names *l, vo_error *err) {
    for (;;) {
        errno = 0;
        const struct dirent *e = readdir(dir);
        if (!e) return errno ? refuse(err, "list", path) : VO_OK;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        if (!add(l, e->d_name, is_folder_at(dirfd(dir), e->d_name)))
            return vo_fail(err, VO_ENOMEM, "no memory to list \"%.300s\"", path);
    }
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const found *)a)->name, ((const found *)b)->name);
}

vo_status vo_folder_list(const char *path, vo_folder_take take, void *ctx, vo_error *err) {
    names l = {.n = 0};
    DIR *dir = opendir(path);
    if (!dir) return errno == ENOENT ? VO_OK : refuse(err, "list", path);
    vo_status st = gather(dir, path, &l, err);
    closedir(dir);
    if (st == VO_OK && l.n > 1) qsort(l.item, l.n, sizeof *l.item, by_name);
    for (size_t i = 0; i < l.n && st == VO_OK; i++)
        st = take(ctx, l.item[i].name, l.item[i].is_folder, err);
    names_fini(&l);
    return st;
}

bool vo_folder_remove_empty(const char *path) { return rmdir(path) == 0; }

static bool flush(const char *path, int flags) {
    const int fd = open(path, flags | O_CLOEXEC);
    if (fd < 0) return errno == EACCES && (flags & O_DIRECTORY); /* may write in it, not read */
    const bool ok = fsync(fd) == 0 || errno == EINVAL;
    const int e = errno;
    close(fd);
    errno = e;
    return ok;
}

vo_status vo_file_move(const char *from, const char *to, vo_error *err) {
    char folder[MAX_PATH];
    const char *slash = strrchr(to, '/');
    const size_t len = !slash ? 1 : slash == to ? 1 : (size_t)(slash - to);
    if (len >= sizeof folder)
        return vo_fail(err, VO_EINVAL, "a folder name of %zu characters; at most %d", len,
                       MAX_PATH - 1);
    memcpy(folder, slash ? to : ".", len);
    folder[len] = '\0';
    if (!flush(from, O_RDONLY)) return refuse(err, "flush", from);
    if (rename(from, to) != 0) return refuse(err, "replace", to);
    return flush(folder, O_RDONLY | O_DIRECTORY) ? VO_OK : refuse(err, "flush", folder);
}

static vo_status write_at(const char *path, int flags, int64_t at, const void *data, size_t len,
                          vo_error *err) {
    const int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0666);
    if (fd < 0) return refuse(err, "open", path);
    vo_status st = VO_OK;
    for (size_t done = 0; done < len && st == VO_OK;) {
        const ssize_t put =
            pwrite(fd, (const char *)data + done, len - done, (off_t)(at + (int64_t)done));
        if (put > 0)
            done += (size_t)put;
        else if (put == 0 || errno != EINTR)
            st = refuse(err, "write", path);
    }
    if (close(fd) != 0 && st == VO_OK) st = refuse(err, "write", path);
    return st;
}

vo_status vo_file_put(const char *path, const void *data, size_t len, vo_error *err) {
    return write_at(path, O_CREAT | O_TRUNC, 0, data, len, err);
}

vo_status vo_file_patch(const char *path, int64_t at, const void *data, size_t len,
                        vo_error *err) {
    return write_at(path, 0, at, data, len, err);
}
