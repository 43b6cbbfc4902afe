/* simulate_refill.h -- what a battery that ends with less than it began with pays, in every run alike.
 *
 * Bounds end with at least the energy they began with; a run that does not has bought less, and would
 * seem to beat them. It buys back what is missing at the dearest price of the span's last intervals, as
 * few of them as the meter and the battery need to fill it up from the least it may hold. Why no less:
 * take what the run did and let it charge more there, where there was room: a plan that ends as it
 * should and costs at most that much more. So cost + refill is no less than the bound, of a home and
 * of all together. And no more: where nights are cheap, it is what the night would have asked.
 * Where the span has no room for it (a meter that is always full, an outage to the end), it could
 * only have come from load: runs are compared with it as with load that was not served.
 */
#ifndef VO_ENGINE_SIMULATE_REFILL_H
#define VO_ENGINE_SIMULATE_REFILL_H

#include "community/homes.h"

/* Currency per kWh missing in the store. */
typedef struct {
    double paid;    /* in costs                                              */
    double weighed; /* where runs are compared with bounds: no less */
} vo_refill_price;

/* Of home i; load, pv: [steps] of it. */
vo_refill_price vo_simulate_refill_price(const vo_homes *h, size_t i, const float *load_kwh,
                                         const float *pv_kwh);

#endif
