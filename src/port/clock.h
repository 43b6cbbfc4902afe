/* clock.h -- the only place that asks the machine for the time. */
#ifndef VO_PORT_CLOCK_H
#define VO_PORT_CLOCK_H

double vo_clock_monotonic_s(void); /* for durations */

#endif
