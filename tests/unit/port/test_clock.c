/* test_clock.c -- each test states one promise of clock.h. */
#include "port/clock.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdbool.h>

Test(clock, monotonic_time_never_goes_back_and_moves) {
    const double first = vo_clock_monotonic_s();
    double last = first;
    bool fraction = false;
    for (int i = 0; i < 100000 || last == first; i++) {
        const double now = vo_clock_monotonic_s();
        cr_assert_geq(now, last);
        last = now;
        if (now != floor(now)) fraction = true;
    }
    cr_assert_gt(last, first);
    cr_assert(fraction); /* finer than a second */
    cr_assert_lt(last - first, 60.0);
}

Test(clock, wall_time_is_of_this_age_and_goes_on) {
    const int64_t first = vo_clock_utc_s();
    cr_assert_gt(first, 1700000000); /* 2023-11-14 */
    cr_assert_lt(first, 7258118400); /* 2200-01-01 */
    cr_assert_geq(vo_clock_utc_s(), first);
}
