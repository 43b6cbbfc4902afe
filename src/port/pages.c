/* pages.c -- see pages.h for the contract.
 *
 * What the system maps need not begin at a multiple of 2 MiB, and only whole, aligned large pages
 * are large: 2 MiB more are mapped and what lies outside is given back. The array begins one
 * cache line after that, behind a note of what to give back.
 */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, madvise */
#include "port/pages.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LARGE ((size_t)2 << 20)
#define LINE 64

typedef struct {
    size_t mapped; /* bytes from this note on; 0: the C library's */
} note;

_Static_assert(sizeof(note) <= LINE, "a note fits before the array");

static size_t round_up(size_t n, size_t to) { return (n + to - 1) / to * to; }

static void *map(size_t bytes) {
    const size_t all = bytes + LARGE;
    unsigned char *p =
        mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return NULL;
    const size_t before = round_up((uintptr_t)p, LARGE) - (uintptr_t)p;
    if (before) munmap(p, before);
    if (before < LARGE) munmap(p + before + bytes, LARGE - before);
#ifdef MADV_HUGEPAGE
    madvise(p + before, bytes, MADV_HUGEPAGE); /* refused: ordinary pages */
#endif
    return p + before;
}

static void *take(void *ctx, size_t size) {
    (void)ctx;
    if (size > SIZE_MAX / 2) return NULL;
    const size_t small = round_up(size + LINE, LINE);
    const size_t mapped = size >= VO_PAGES_LEAST ? round_up(size + LINE, LARGE) : 0;
    unsigned char *p = mapped ? map(mapped) : aligned_alloc(LINE, small);
    if (!p) return NULL;
    if (!mapped) memset(p, 0, small);
    memcpy(p, &(note){mapped}, sizeof(note));
    return p + LINE;
}

static void give_back(void *ctx, void *ptr) {
    (void)ctx;
    if (!ptr) return;
    unsigned char *p = (unsigned char *)ptr - LINE;
    note n;
    memcpy(&n, p, sizeof n);
    if (n.mapped)
        munmap(p, n.mapped);
    else
        free(p);
}

const vo_alloc vo_pages = {.zalloc = take, .free = give_back};

const vo_alloc *vo_pages_for(const vo_alloc *alloc) {
    return !alloc || alloc == &vo_alloc_libc ? &vo_pages : alloc;
}
