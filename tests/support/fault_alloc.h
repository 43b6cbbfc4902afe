/* fault_alloc.h -- memory of which the n-th allocation fails, and which counts its blocks. */
#ifndef TESTS_SUPPORT_FAULT_ALLOC_H
#define TESTS_SUPPORT_FAULT_ALLOC_H

#include <stdlib.h>

#include "base/alloc.h"

typedef struct {
    long left; /* allocations that succeed; < 0: all do */
    long live; /* blocks that are not freed             */
} fault;

static inline void *fault_zalloc(void *ctx, size_t size) {
    fault *f = ctx;
    if (f->left == 0) return NULL;
    if (f->left > 0) f->left--;
    void *p = calloc(1, size);
    f->live += p != NULL;
    return p;
}

static inline void fault_free(void *ctx, void *p) {
    fault *f = ctx;
    f->live -= p != NULL;
    free(p);
}

static inline vo_alloc fault_alloc(fault *f) { return (vo_alloc){fault_zalloc, fault_free, f}; }

#endif
