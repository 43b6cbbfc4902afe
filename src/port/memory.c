/* memory.c -- see memory.h: glibc's mallopt. */
#include "port/memory.h"

#include <limits.h>
#include <malloc.h>

#define LARGEST_KEPT (16 << 20) /* glibc takes at most 32 MiB */

bool vo_memory_keep(size_t bytes) {
    const int most = bytes < INT_MAX ? (int)bytes : INT_MAX;
    return mallopt(M_MMAP_THRESHOLD, LARGEST_KEPT) == 1 && mallopt(M_TRIM_THRESHOLD, most) == 1;
}
