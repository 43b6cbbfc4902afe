/* A signal becomes a flag; nothing else ends. */
#include <criterion/criterion.h>
#include <signal.h>

#include "port/interrupt.h"

Test(interrupt, nothing_is_seen_before_a_signal) {
    vo_interrupt_watch();
    cr_assert_not(vo_interrupt_seen());
}

Test(interrupt, the_first_ctrl_c_sets_the_flag_and_the_process_lives) {
    vo_interrupt_watch();
    raise(SIGINT);
    cr_assert(vo_interrupt_seen());
}

Test(interrupt, a_second_ctrl_c_ends_the_process, .signal = SIGINT) {
    vo_interrupt_watch();
    raise(SIGINT);
    raise(SIGINT);
    cr_assert_fail("the second signal was swallowed");
}
