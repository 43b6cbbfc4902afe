/* limits.c -- see limits.h. */
#include "port/limits.h"

#include <stdint.h>
#include <sys/resource.h>

size_t vo_limit_files(size_t wanted) {
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) != 0) return 256; /* what POSIX systems have at least */
    if (r.rlim_cur < wanted) {
        struct rlimit more = r;
        more.rlim_cur = r.rlim_max < wanted ? r.rlim_max : (rlim_t)wanted;
        if (setrlimit(RLIMIT_NOFILE, &more) == 0) r = more;
    }
    return r.rlim_cur > SIZE_MAX / 2 ? SIZE_MAX / 2 : (size_t)r.rlim_cur;
}

size_t vo_limit_files_lower(size_t most) {
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) != 0) return most;
    const size_t was = r.rlim_cur > SIZE_MAX / 2 ? SIZE_MAX / 2 : (size_t)r.rlim_cur;
    if (was > most) {
        r.rlim_cur = (rlim_t)most;
        (void)setrlimit(RLIMIT_NOFILE, &r); /* refused: nothing is lost */
    }
    return was;
}
