/* signals.c -- see signals.h. */
#include "port/signals.h"

#include <signal.h>
#include <stdlib.h>

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGSEGV, SIGFPE};
enum { COUNT = sizeof numbers / sizeof *numbers };

struct vo_signals {
    struct sigaction action[COUNT];
};

vo_signals *vo_signals_keep(void) {
    vo_signals *k = calloc(1, sizeof *k);
    for (int i = 0; k && i < COUNT; i++) sigaction(numbers[i], NULL, &k->action[i]);
    return k;
}

void vo_signals_put_back(vo_signals *k) {
    if (!k) return;
    for (int i = 0; i < COUNT; i++) sigaction(numbers[i], &k->action[i], NULL);
    free(k);
}
