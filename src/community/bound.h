/* bound.h -- what nobody can beat on the same data: each home alone, and all of them pooled.
 *
 * Alone:  each home's optimum with everything known ahead (home_value.h back and forth), the same
 *         start, and at least that energy at the end.
 * Pooled: all homes' plans together, every kWh shared losing `loss`, no other market rule. With
 *         prices pi_t >= 0 of energy at the hub, the Lagrangian separates:
 *             cost >= sum over homes of min over its plans [ grid cost + pi_t (received/(1-loss) - given) ]
 *         for any pi: each evaluation is a valid bound, the best pi is found by ascent from the pool's
 *         own prices. Deterministic; stops at a relative improvement below `tolerance`.
 * Units: currency for the played span. Threads: through the crew, same bits.
 */
#ifndef VO_COMMUNITY_BOUND_H
#define VO_COMMUNITY_BOUND_H

#include "base/alloc.h"
#include "community/homes.h"

typedef struct {
    double loss;           /* of shared energy         */
    size_t rounds;         /* of the ascent, at most; 0: alone only (pooled NAN)   */
    double tolerance;      /* 1e-5                     */
    const vo_alloc *alloc; /* NULL: libc          */
} vo_bound_options;

typedef struct {
    double *alone; /* [homes] least cost of each, the caller's array                          */
    double alone_sum;
    double pooled; /* no plan of all together costs less                                      */
    double
        lossless;  /* the same with sharing for free: one aggregated home, a cross-check     */
    size_t rounds; /* made                                                                    */
} vo_bounds;

/* load, pv: [homes][steps] as played (history is skipped). stop: asked now and then, by the
 * crew's worker 0, which is the calling thread; or NULL.
 * VO_ENOMEM; VO_ECANCELED. */
vo_status vo_bounds_find(const vo_homes *h, const float *load, const float *pv,
                         const vo_bound_options *o, bool (*stop)(void *ctx), void *stop_ctx,
                         vo_bounds *out, vo_error *err);

#endif
