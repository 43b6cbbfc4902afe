/* features_battery.c -- see features_battery.h. */
#include "learn/features_battery.h"

#include <assert.h>
#include <math.h>

vo_cycle_clock vo_cycle_clock_start(double usable) {
    assert(usable > 0);
    return (vo_cycle_clock){usable, (double)NAN, 0, (double)NAN};
}

double vo_cycle_clock_step(vo_cycle_clock *c, double soc, double dt_h) {
    const double fall = c->soc - soc; /* NAN at the first step and where SOC is missing */
    c->hours += dt_h;
    if (fall > 0) c->fallen += fall;
    if (!isnan(soc)) c->soc = soc;
    /* Falls are rounded: ten of a tenth make a cycle. */
    if (c->fallen >= c->usable * (1 - 1e-9)) {
        c->fallen = fmax(fmod(c->fallen, c->usable), 0);
        if (c->fallen >= c->usable * (1 - 1e-9)) c->fallen = 0;
        c->hours = 0;
    }
    return c->hours;
}

void vo_cycle_hours(const double *soc, size_t n, double usable, double dt_h, double *out) {
    vo_cycle_clock c = vo_cycle_clock_start(usable);
    for (size_t t = 0; t < n; t++) out[t] = vo_cycle_clock_step(&c, soc[t], dt_h);
}
