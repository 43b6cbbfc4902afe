/* pages.h -- memory for arrays of many megabytes, in large pages where the system has them.
 *
 * New memory costs a fault at the first touch of every page. Page by page of 4 KiB, that takes
 * longer than computing a year of minutes' features; a page of 2 MiB is one fault for 512 of
 * those. Systems that have no large pages, or do not give them, give ordinary ones: nothing
 * else changes.
 *
 * Threads: any.
 */
#ifndef VO_PORT_PAGES_H
#define VO_PORT_PAGES_H

#include "base/alloc.h"

/* As vo_alloc_libc, for a few big arrays: from VO_PAGES_LEAST bytes on it is memory of the
 * system's own, given back to it when freed; smaller arrays are the C library's. Aligned to 64
 * bytes, for vectors. */
#define VO_PAGES_LEAST ((size_t)4 << 20)
extern const vo_alloc vo_pages;

/* Where the big arrays of an object with this allocator come from: pages instead of the C
 * library's (also NULL); a caller's own allocator stays, since it is told of all memory. */
const vo_alloc *vo_pages_for(const vo_alloc *alloc);

#endif
