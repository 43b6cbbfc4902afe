/* Handlers come back as they were. */
#include "port/signals.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

static void mine(int number) { (void)number; }

Test(signals, what_another_has_set_meanwhile_is_undone) {
    struct sigaction a;
    memset(&a, 0, sizeof a);
    a.sa_handler = mine;
    a.sa_flags = (int)SA_RESETHAND;
    sigaction(SIGTERM, &a, NULL);
    vo_signals *kept = vo_signals_keep();
    a.sa_handler = SIG_IGN;
    a.sa_flags = 0;
    sigaction(SIGTERM, &a, NULL);
    vo_signals_put_back(kept);
    sigaction(SIGTERM, NULL, &a);
    cr_assert(a.sa_handler == mine && (a.sa_flags & (int)SA_RESETHAND) != 0);
    vo_signals_put_back(NULL);
}
