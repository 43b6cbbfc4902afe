/* clock.h -- the only place that asks the machine for the time. */
#ifndef VO_PORT_CLOCK_H
#define VO_PORT_CLOCK_H

#include <stdint.h>

double vo_clock_monotonic_s(void); /* for durations */
int64_t vo_clock_utc_s(void);  /* seconds since 1970-01-01T00:00:00Z: when something was made */
int64_t vo_clock_utc_ms(void); /* the same in milliseconds: for jobs, leases and events       */

#endif
