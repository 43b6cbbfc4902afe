/* Tests of port/pause.c. */
#include <criterion/criterion.h>
#include <math.h>
#include <time.h>

#include "port/clock.h"
#include "port/pause.h"

Test(pause, the_time_of_day_is_that_of_the_c_library) {
    const double before = (double)time(NULL);
    const double now = vo_pause_now_s();
    cr_assert(now >= before - 1 && now <= before + 60, "%f, not %f", now, before);
}

Test(pause, a_wait_lasts_as_long_as_asked_and_no_time_at_all_if_that_means_nothing) {
    const double start = vo_clock_monotonic_s();
    vo_pause_s(0.05);
    const double waited = vo_clock_monotonic_s() - start;
    cr_assert(waited >= 0.049 && waited < 5, "%f", waited);
    vo_pause_s(0);
    vo_pause_s(-1);
    vo_pause_s((double)NAN);
    cr_assert(vo_clock_monotonic_s() - start < 5);
}
