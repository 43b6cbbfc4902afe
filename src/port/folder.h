/* folder.h -- what lies in a folder, and files that change places.
 *
 * Threads: no state of its own.
 */
#ifndef VO_PORT_FOLDER_H
#define VO_PORT_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <volteo/status.h>

/* Names in a folder but "." and "..", sorted by bytes; `name` is borrowed for the call.
 * Anything but VO_OK ends the listing and is passed on. An absent folder has no names. VO_EIO
 * naming the path; VO_ENOMEM. */
typedef vo_status (*vo_folder_take)(void *ctx, const char *name, bool is_folder, vo_error *err);
vo_status vo_folder_list(const char *path, vo_folder_take take, void *ctx, vo_error *err);

bool vo_folder_remove_empty(const char *path); /* false if it is not empty, or not ours */

/* Flushes `from`, renames it over `to` (same file system) and flushes the folder: whoever opens
 * `to` finds the old file or the new one, whole. `from` stays if that fails. */
vo_status vo_file_move(const char *from, const char *to, vo_error *err);

/* Writes a file of `len` bytes, over one of that name; vo_file_move flushes it. */
vo_status vo_file_put(const char *path, const void *data, size_t len, vo_error *err);

/* Writes `len` bytes at position `at` of a file that is there. */
vo_status vo_file_patch(const char *path, int64_t at, const void *data, size_t len,
                        vo_error *err);

#endif
