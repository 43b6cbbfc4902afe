/* entropy.c -- the kernel's generator. */
#include "port/entropy.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

vo_status vo_entropy_fill(void *out, size_t n, vo_error *err) {
    unsigned char *p = out;
    while (n > 0) {
        const ssize_t got = getrandom(p, n, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0)
            return vo_fail(err, VO_EIO, "the system gives no random bytes: %s",
                           strerror(errno));
        p += got;
        n -= (size_t)got;
    }
    return VO_OK;
}
