/* interrupt.c -- see interrupt.h.
 *
 * The flag is the one mutable global of the program: a signal handler has no other argument.
 * SA_RESETHAND restores the default action, so that the second signal is never swallowed.
 */
#include "port/interrupt.h"

#include <signal.h>
#include <string.h>

static volatile sig_atomic_t seen;

static void note(int number) {
    (void)number;
    seen = 1;
}

void vo_interrupt_watch(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = note;
    action.sa_flags = (int)SA_RESETHAND;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool vo_interrupt_seen(void) { return seen != 0; }
