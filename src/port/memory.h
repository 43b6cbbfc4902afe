/* memory.h -- what the process does with memory that was freed. */
#ifndef VO_PORT_MEMORY_H
#define VO_PORT_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Keeps up to about `bytes` of freed memory (per arena of the allocator) for the next allocations,
 * blocks of up to 16 MiB among them, instead of handing every large one back to the system and
 * having its pages made anew: an answer of 200 KB costs fifty page faults otherwise. For programs
 * that answer many requests; call it once, before threads. false: this allocator takes no such
 * wish (not glibc's, or a sanitizer's), and all stays as it was. */
bool vo_memory_keep(size_t bytes);

#endif
