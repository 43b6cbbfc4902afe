/* flips.h -- at which present price would a policy do something else?
 *
 * A direction (charge, hold, discharge) flips where another one begins; the policy is asked again
 * at other prices, all else staying as it is. Powers below 1e-9 MW count as none.
 */
#ifndef VO_POLICY_FLIPS_H
#define VO_POLICY_FLIPS_H

#include <stddef.h>

#include <volteo/status.h>

/* The power of the present interval at another price. */
typedef vo_status vo_flip_try(void *ctx, double price, double *power_mw, vo_error *err);

/* The first of candidate[n] above `price` (side 1; ascending) or below it (side -1; descending)
 * behind which the direction is not that of `power_mw`; what lies just behind candidate i is
 * probe[i]. Untouched if there is none. */
vo_status vo_flips_among(vo_flip_try *ask, void *ctx, double price, int side, double power_mw,
                         const double *candidate, const double *probe, size_t n, double *flip,
                         vo_error *err);

/* For policies of which nothing is known but that they can be asked: from believed[0], the present
 * price, outward past all of believed[n], in steps that grow from 1/64 of their range; then by
 * halving to 1e-9 of it. What flips and flips back within a step may be missed. */
vo_status vo_flips_search(vo_flip_try *ask, void *ctx, const double *believed, size_t n,
                          double power_mw, double *below, double *above, vo_error *err);

#endif
