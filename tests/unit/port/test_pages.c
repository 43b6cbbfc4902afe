/* Tests of port/pages.c: whatever the size, memory is zero, aligned, all there and given back. */
#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "port/pages.h"

/* kB that the system says are mapped by this process; 0 where it does not say. */
static size_t mapped_kb(void) {
    char line[200];
    size_t kb = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "VmSize: %zu", &kb) == 1) break;
    if (f) fclose(f);
    return kb;
}

static bool is(const unsigned char *p, size_t n, unsigned char value) {
    return n == 0 || (p[0] == value && memcmp(p, p + 1, n - 1) == 0);
}

Test(pages, memory_of_any_size_is_zero_aligned_and_may_be_written_to_its_end) {
    const size_t large = (size_t)2 << 20;
    const size_t sizes[] = {0,
                            1,
                            63,
                            64,
                            65,
                            4096,
                            VO_PAGES_LEAST - 1,
                            VO_PAGES_LEAST,
                            VO_PAGES_LEAST + 1,
                            3 * large - 64,
                            3 * large - 63,
                            3 * large};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        unsigned char *p = vo_pages.zalloc(vo_pages.ctx, sizes[i]);
        cr_assert_not_null(p, "%zu bytes", sizes[i]);
        cr_expect_eq((uintptr_t)p % 64, 0, "%zu bytes at %p", sizes[i], (void *)p);
        cr_expect(is(p, sizes[i], 0), "%zu bytes", sizes[i]);
        memset(p, 0xa5, sizes[i]);
        cr_expect(is(p, sizes[i], 0xa5), "%zu bytes", sizes[i]);
        vo_pages.free(vo_pages.ctx, p);
    }
    vo_pages.free(vo_pages.ctx, NULL);
}

Test(pages, big_arrays_do_not_overlap_and_are_zero_again_after_another_had_the_memory) {
    enum { MANY = 8 };
    const size_t n = VO_PAGES_LEAST + 12345;
    unsigned char *p[MANY];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < MANY; i++) {
            p[i] = vo_pages.zalloc(vo_pages.ctx, n);
            cr_assert_not_null(p[i]);
            cr_assert(is(p[i], n, 0));
            memset(p[i], i + 1, n);
        }
        for (int i = 0; i < MANY; i++) {
            cr_assert(is(p[i], n, (unsigned char)(i + 1)));
            vo_pages.free(vo_pages.ctx, p[i]);
        }
    }
}

Test(pages, what_is_freed_goes_back_to_the_system_whole) {
    vo_pages.free(vo_pages.ctx, vo_pages.zalloc(vo_pages.ctx, VO_PAGES_LEAST));
    const size_t before = mapped_kb();
    if (!before) cr_skip_test("no /proc/self/status");
    void *p = vo_pages.zalloc(vo_pages.ctx, 64 * VO_PAGES_LEAST);
    cr_assert_not_null(p);
    cr_expect_geq(mapped_kb(), before + 64 * VO_PAGES_LEAST / 1024);
    vo_pages.free(vo_pages.ctx, p);
    cr_expect_eq(mapped_kb(), before);
}

Test(pages, too_much_is_refused) {
    cr_expect_null(vo_pages.zalloc(vo_pages.ctx, SIZE_MAX));
    cr_expect_null(vo_pages.zalloc(vo_pages.ctx, SIZE_MAX - 64));
    cr_expect_null(vo_pages.zalloc(vo_pages.ctx, SIZE_MAX / 2));
}

Test(pages, a_callers_own_allocator_stays) {
    const vo_alloc own = vo_alloc_libc;
    cr_expect_eq(vo_pages_for(NULL), &vo_pages);
    cr_expect_eq(vo_pages_for(&vo_alloc_libc), &vo_pages);
    cr_expect_eq(vo_pages_for(&own), &own);
}
