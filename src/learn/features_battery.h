/* features_battery.h -- hours since a battery's last cycle, from its state of charge.
 *
 * A cycle is complete when the falls of SOC since the last one add up to the usable range.
 * Threads: a plain value.
 */
#ifndef VO_LEARN_FEATURES_BATTERY_H
#define VO_LEARN_FEATURES_BATTERY_H

#include <stddef.h>

typedef struct {
    double usable; /* fraction of the capacity that a cycle discharges, > 0: max - min SOC */
    double soc;    /* at the last step; NAN before the first                               */
    double fallen; /* since the last cycle, < usable                                       */
    double hours;  /* since the last cycle; NAN before the first                           */
} vo_cycle_clock;

vo_cycle_clock vo_cycle_clock_start(double usable);

/* The SOC at the end of an interval of dt_h. A missing SOC (NAN) lets time pass. Returns hours:
 * 0 at the interval in which a cycle ends, NAN before the first. */
double vo_cycle_clock_step(vo_cycle_clock *c, double soc, double dt_h);

/* The same over arrays, for vo_features_input. */
void vo_cycle_hours(const double *soc, size_t n, double usable, double dt_h, double *out);

#endif
