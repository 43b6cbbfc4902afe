/* pause.c -- see pause.h. */
#include "port/pause.h"

#include <time.h>

double vo_pause_now_s(void) {
    struct timespec t = {0};
    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void vo_pause_s(double seconds) {
    if (!(seconds > 0)) return;
    if (seconds > 3600) seconds = 3600;
    const struct timespec t = {.tv_sec = (time_t)seconds,
                               .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&t, NULL);
}
