/* test_alloc.c -- the default allocator keeps the promises that every user of the seam needs.
 */
#include "base/alloc.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

Test(alloc, memory_comes_zeroed_even_when_it_was_used_before) {
    const vo_alloc *a = &vo_alloc_libc;
    for (int round = 0; round < 100; round++) {
        unsigned char *p = a->zalloc(a->ctx, 1000);
        cr_assert_not_null(p);
        for (size_t i = 0; i < 1000; i++) cr_assert_eq(p[i], 0);
        memset(p, 0xAB, 1000);
        a->free(a->ctx, p);
    }
    a->free(a->ctx, NULL);
}

Test(alloc, what_cannot_be_had_is_null) {
    /* A size that no address space holds; volatile keeps the compiler from knowing it. */
    volatile size_t size = SIZE_MAX / 4;
#ifndef __SANITIZE_ADDRESS__
    cr_assert_null(vo_alloc_libc.zalloc(vo_alloc_libc.ctx, size));
#else
    (void)size;
    cr_skip_test("the address sanitizer ends the process instead of returning NULL");
#endif
}
