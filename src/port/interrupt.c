/* interrupt.c -- see interrupt.h.
 *
 * The flag is the one mutable global of the program: a signal handler has no other argument. It is
 * an atomic because other threads read it; C11 allows a handler those that need no lock.
 * SA_RESETHAND restores the default action, so that the second signal is never swallowed.
 */
#include "port/interrupt.h"

#include <assert.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

static_assert(ATOMIC_INT_LOCK_FREE == 2, "a signal handler may not wait for a lock");

static atomic_int seen;

static void note(int number) {
    (void)number;
    atomic_store(&seen, 1);
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

bool vo_interrupt_seen(void) { return atomic_load(&seen) != 0; }
