/* The limit of open files goes up as far as it may, and down and back. */
#include "port/limits.h"

#include <criterion/criterion.h>
#include <sys/resource.h>

Test(limits, files_are_raised_to_what_is_asked_or_to_the_hard_limit_and_never_lowered) {
    struct rlimit r;
    cr_assert(getrlimit(RLIMIT_NOFILE, &r) == 0);
    const size_t hard = (size_t)r.rlim_max, asked = hard < 500 ? hard + 100 : 500;
    r.rlim_cur = 100;
    cr_assert(setrlimit(RLIMIT_NOFILE, &r) == 0);
    const size_t got = vo_limit_files(asked);
    cr_assert_eq(got, hard < asked ? hard : asked);
    cr_assert_eq(vo_limit_files(50), got);
    cr_assert(getrlimit(RLIMIT_NOFILE, &r) == 0);
    cr_assert_eq((size_t)r.rlim_cur, got);
}

Test(limits, lowering_says_what_it_was_so_that_it_can_be_put_back) {
    struct rlimit r;
    cr_assert(getrlimit(RLIMIT_NOFILE, &r) == 0);
    r.rlim_cur = 200;
    cr_assert(setrlimit(RLIMIT_NOFILE, &r) == 0);
    cr_assert_eq(vo_limit_files_lower(150), (size_t)200);
    cr_assert(getrlimit(RLIMIT_NOFILE, &r) == 0);
    cr_assert_eq((size_t)r.rlim_cur, (size_t)150);
    cr_assert_eq(vo_limit_files_lower(180), (size_t)150);
    cr_assert_eq(vo_limit_files(200), (size_t)200);
}
