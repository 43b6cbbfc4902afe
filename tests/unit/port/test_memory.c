/* test_memory.c -- the promise of memory.h, counted in page faults. */
#include "port/memory.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { BLOCK = 300000, BLOCKS = 8, ROUNDS = 50 };

/* Page faults of taking and filling some blocks and freeing them all, that many times. */
static long faults_of_rounds(void) {
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    for (int i = 0; i < ROUNDS; i++) {
        char *block[BLOCKS];
        for (int k = 0; k < BLOCKS; k++) {
            cr_assert_not_null(block[k] = malloc(BLOCK));
            memset(block[k], i, BLOCK);
            cr_assert_eq(block[k][BLOCK - 1], (char)i);
        }
        for (int k = 0; k < BLOCKS; k++) free(block[k]);
    }
    getrusage(RUSAGE_SELF, &after);
    return after.ru_minflt - before.ru_minflt;
}

Test(memory, what_was_freed_is_there_for_the_next) {
    if (!vo_memory_keep((size_t)64 << 20)) cr_skip_test("this allocator takes no such wish");
    faults_of_rounds(); /* the first of them makes the pages */
    const long faults = faults_of_rounds();
    cr_assert_lt(faults, (long)ROUNDS, "%ld page faults in %d rounds", faults, ROUNDS);
}

Test(memory, any_number_of_bytes_is_a_wish_that_can_be_made) {
    const bool taken = vo_memory_keep(0);
    cr_assert_eq(vo_memory_keep((size_t)-1), taken);
    char *block = malloc(BLOCK);
    cr_assert_not_null(block);
    free(block);
}
