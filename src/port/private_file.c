/* private_file.c -- see private_file.h. O_EXCL makes "is it there" and "make it" one step, so a
 * file that another process has begun to fill is never emptied. */
#include "port/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

vo_status vo_private_file_make(const char *path, bool *made, vo_error *err) {
    int fd;
    do fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600);
    while (fd < 0 && errno == EINTR);
    if (fd < 0 && errno != EEXIST) {
        const int e = errno;
        char why[128];
        if (strerror_r(e, why, sizeof why) != 0) snprintf(why, sizeof why, "error %d", e);
        return vo_fail(err, VO_EIO, "cannot make \"%.300s\": %s%s", path, why,
                       e == ENOENT ? ": make its folder first" : "");
    }
    if (made) *made = fd >= 0;
    if (fd >= 0) close(fd);
    return VO_OK;
}
