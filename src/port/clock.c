#include "port/clock.h"

#include <time.h>

double vo_clock_monotonic_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int64_t vo_clock_utc_s(void) { return vo_clock_utc_ms() / 1000; }

int64_t vo_clock_utc_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
