/* appender.h -- text that is added to the end of a file, or of standard error: logs.
 *
 * A file that was moved away or removed (by a rotation of logs) is made anew: looked at before a
 * write, at most once a second. A reader that is slow (a pipe) is waited for, as long as `stop`
 * does not say otherwise. Threads: one owner.
 */
#ifndef VO_PORT_APPENDER_H
#define VO_PORT_APPENDER_H

#include <stdbool.h>
#include <stddef.h>

#include <volteo/status.h>

typedef struct vo_appender vo_appender;

/* NULL: standard error. *out is the caller's: vo_appender_close. VO_EINVAL: a folder; VO_EIO. */
vo_status vo_appender_open(const char *path, vo_appender **out, vo_error *err);
void vo_appender_close(vo_appender *a); /* accepts NULL */

/* Some of `data`, at least a byte, in *written (0 on failure). VO_ECANCELED: stop(ctx), asked
 * about ten times a second while the reader takes nothing, said so. VO_EIO: the disk is full... */
vo_status vo_appender_put(vo_appender *a, const char *data, size_t len, size_t *written,
                          bool (*stop)(void *ctx), void *ctx, vo_error *err);

#endif
