/* test_trouble.c -- failures at times that are made up here. */
#include "serve/trouble.h"

#include <criterion/criterion.h>

static bool met(vo_trouble *t, double now_s, uint64_t wanted_unsaid) {
    uint64_t unsaid = 0;
    const bool say = vo_trouble_met(t, now_s, &unsaid);
    if (say) cr_expect_eq(unsaid, wanted_unsaid, "at %g: %d", now_s, (int)unsaid);
    return say;
}

Test(trouble, the_first_failure_is_said_and_those_of_half_a_minute_are_one_line) {
    vo_trouble t = {0};
    cr_expect(met(&t, 100, 0));
    for (int i = 1; i < 30; i++) cr_expect_not(met(&t, 100 + i, 0), "%d", i);
    cr_expect(met(&t, 130, 29));
    cr_expect_not(met(&t, 131, 0));
    cr_expect(met(&t, 160, 1));
}

Test(trouble, the_first_failure_is_said_at_whatever_time_it_comes) {
    vo_trouble early = {0}, late = {0};
    cr_expect(met(&early, 0, 0));
    cr_expect(met(&late, 1e6, 0));
}

Test(trouble, one_that_comes_and_goes_is_not_said_each_time) {
    vo_trouble t = {0};
    int said = 0;
    for (int i = 0; i < 60; i++) {
        uint64_t unsaid;
        said += vo_trouble_met(&t, 7.0 * i, &unsaid);
    }
    cr_expect_leq(said, 60 * 7 / 30 + 1);
    cr_expect_geq(said, 60 * 7 / 35);
}

Test(trouble, it_lasts_when_failures_go_on_and_is_over_when_they_stop) {
    vo_trouble t = {0};
    cr_expect_not(vo_trouble_lasts(&t, 50));
    for (int i = 0; i < 5; i++) {
        met(&t, 100 + i, 0);
        cr_expect_not(vo_trouble_lasts(&t, 100 + i), "%d", i);
    }
    met(&t, 105, 0);
    cr_expect(vo_trouble_lasts(&t, 105));
    cr_expect(vo_trouble_lasts(&t, 110));
    cr_expect_not(vo_trouble_lasts(&t, 110.1));
    met(&t, 120, 0); /* another one, of which nobody knows yet whether it lasts */
    cr_expect_not(vo_trouble_lasts(&t, 120));
}

Test(trouble, one_failure_now_and_then_does_not_last) {
    vo_trouble t = {0};
    for (int i = 0; i < 20; i++) {
        uint64_t unsaid;
        vo_trouble_met(&t, 6.0 * i, &unsaid);
        cr_expect_not(vo_trouble_lasts(&t, 6.0 * i));
    }
}
