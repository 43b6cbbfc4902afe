/* file.h -- files: read whole, write atomically, make folders, lock. */
#ifndef VO_PORT_FILE_H
#define VO_PORT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <volteo/status.h>

/* Reads at most `max` bytes; NUL is appended and not counted. *text is malloc'ed: free().
 * "-" is standard input. VO_ENOTFOUND, VO_EIO; VO_EINVAL if larger than max or a folder. */
vo_status vo_file_read(const char *path, size_t max, char **text, size_t *len, vo_error *err);

/* Writes to a temporary name beside `path`, flushes to disk, renames. The old file stays
 * whole if anything fails. "-" is standard output. */
vo_status vo_file_write(const char *path, const void *data, size_t len, vo_error *err);

/* The same in folders that are the program's own: whatever has the name is replaced, a link
 * too, and never followed. */
vo_status vo_file_replace(const char *path, const void *data, size_t len, vo_error *err);

/* vo_file_write piece by piece: nothing is seen at `path` before commit, which also frees; abandon
 * (accepts NULL) frees and leaves the old file as it was. */
typedef struct vo_file_writer vo_file_writer;
vo_status vo_file_writer_open(const char *path, vo_file_writer **out, vo_error *err);
vo_status vo_file_writer_put(vo_file_writer *w, const void *data, size_t len, vo_error *err);
vo_status vo_file_writer_commit(vo_file_writer *w, vo_error *err);
void vo_file_writer_abandon(vo_file_writer *w);

bool vo_file_exists(const char *path);
bool vo_file_is_regular(const char *path); /* no folder, pipe or device; links are followed */
/* Changes when the file does: when it was written, how long it is and which one it is; 0: absent. */
uint64_t vo_file_mark(const char *path);
/* Which file it is, whatever it holds; 0: absent, or shorter than `least` bytes. */
uint64_t vo_file_identity(const char *path, int64_t least);
bool vo_file_same(const char *a, const char *b); /* both are there, and are one file */
vo_status vo_file_make_folders(const char *path, vo_error *err); /* mkdir -p */
vo_status vo_file_remove(const char *path, vo_error *err);       /* absent: VO_OK */

/* An advisory lock on `path` (created if absent), held until unlocked or the process ends. */
typedef struct {
    int fd;
} vo_file_lock;
vo_status vo_file_lock_take(const char *path, vo_file_lock *out, vo_error *err); /* waits */
void vo_file_lock_drop(vo_file_lock *lock);

#endif
