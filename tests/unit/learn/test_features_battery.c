/* test_features_battery.c -- when a battery's cycle ends. */
#include "learn/features_battery.h"

#include <criterion/criterion.h>
#include <math.h>

Test(features_battery, hours_count_from_the_interval_in_which_a_cycle_ended) {
    /* Usable 0.8: falls of 0.4, 0.4 (a cycle), 0.2, 0.6 (a cycle). */
    static const double soc[] = {0.9, 0.5, 0.7, 0.3, 0.9, 0.7, (double)NAN, 0.1, 0.1};
    static const double want[] = {(double)NAN, (double)NAN, (double)NAN, 0,  0.5,
                                  1,           1.5,         0,           0.5};
    double got[9];
    vo_cycle_hours(soc, 9, 0.8, 0.5, got);
    for (size_t t = 0; t < 9; t++)
        cr_expect((isnan(want[t]) && isnan(got[t])) || got[t] == want[t], "%zu: %g", t, got[t]);
}

Test(features_battery, many_small_falls_make_as_many_cycles_as_their_sum) {
    vo_cycle_clock c = vo_cycle_clock_start(1);
    int cycles = 0;
    vo_cycle_clock_step(&c, 1, 1);
    for (int t = 0; t < 1000; t++) {
        vo_cycle_clock_step(&c, 1, 1);
        const double hours = vo_cycle_clock_step(&c, 0.9, 1);
        cycles += hours == 0;
    }
    cr_expect_eq(cycles, 100);
}

Test(features_battery, what_is_left_of_a_fall_counts_to_the_next_cycle) {
    vo_cycle_clock c = vo_cycle_clock_start(0.5);
    vo_cycle_clock_step(&c, 1, 1);
    cr_expect_eq(vo_cycle_clock_step(&c, 0.2, 1), 0); /* 0.8: one cycle and 0.3 */
    vo_cycle_clock_step(&c, 0.4, 1);
    cr_expect_eq(vo_cycle_clock_step(&c, 0.2, 1), 0); /* 0.5 */
}
