/* test_entropy.c -- bytes that nobody can foresee: different every time, every bit used. */
#include "port/entropy.h"

#include <criterion/criterion.h>
#include <string.h>

Test(entropy, two_draws_differ_and_every_bit_is_sometimes_set_and_sometimes_not) {
    unsigned char a[4096], b[4096], any = 0, all = 0xff;
    cr_assert_eq(vo_entropy_fill(a, sizeof a, NULL), VO_OK);
    cr_assert_eq(vo_entropy_fill(b, sizeof b, NULL), VO_OK);
    cr_assert_neq(memcmp(a, b, sizeof a), 0);
    for (size_t i = 0; i < sizeof a; i++) {
        any |= a[i];
        all &= a[i];
    }
    cr_assert_eq(any, 0xff);
    cr_assert_eq(all, 0);
}
