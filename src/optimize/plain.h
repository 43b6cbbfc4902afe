/* plain.h -- the exact optimum where it is simplest: one battery alone at its meter, no
 * self-discharge, charging never cheaper than discharging earns, stored energy never a burden.
 * Every V is concave then, and rises.
 *
 * back:  one sweep of the ladder (ladder.h), which leaves per interval the two energies between
 *        which the battery holds: below to_charge it charges, above to_discharge it discharges.
 * walk:  next = clamp of the stored energy towards the two. For the values of stored energy and
 *        the flip prices a second sweep looks up the slopes of V along the walk.
 *
 * Values: the price lambda of stored energy is constant except where the store is full (it may
 *        rise) or empty (it may fall), and every action allows a range of it: charging in part
 *        at price c says lambda = c, in full lambda >= c, and so on. Forward, the ranges that
 *        this and all earlier actions agree on are intersected; backward, one path is picked.
 */
#ifndef VO_OPTIMIZE_PLAIN_H
#define VO_OPTIMIZE_PLAIN_H

#include "optimize/ladder.h"

/* Where a walk writes; indexes are the problem's. value, below, above may be NULL together
 * (then worth, too). */
typedef struct {
    double *power_mw;   /* [n]                                                           */
    double *stored_mwh; /* [n + 1]; [t0] is set to the start                             */
    double *value, *below, *above;
    bool no_flips; /* below and above are then only used on the way */
    double *worth; /* [n] V's slope at the energy stored after t, as marginal.h says; or NULL */
} vo_sweep_path;

typedef struct {
    double profit;         /* cash less wear, extra wear included                       */
    double discharged_mwh; /* at the terminals                                          */
} vo_sweep_sums;

typedef struct {
    const vo_alloc *alloc;
    vo_ladder ladder;
    vo_reward_rates rates;
    double *block;           /* V at the range's end, then the targets                     */
    double *first_block;     /* V at its beginning                                         */
    size_t size, first_size; /* doubles                                                */
    vo_value first, last;
    double *to_charge, *to_discharge; /* [t1 - t0] */
    size_t t0, t1;
} vo_plain;

void vo_plain_init(vo_plain *p, const vo_alloc *alloc);
void vo_plain_fini(vo_plain *p);

/* Leaves V at t0 in p->first. *suits false: the range is not of this kind, and p is as before a
 * back. VO_ENOMEM. */
vo_status vo_plain_back(vo_plain *p, const vo_reward_source *s, size_t t0, size_t t1,
                        const vo_value *last, bool *suits, vo_error *err);

/* Walks `steps` intervals from t0, after back. VO_ENOMEM. */
vo_status vo_plain_walk(vo_plain *p, const vo_reward_source *s, double stored_mwh, size_t steps,
                        const vo_sweep_path *path, vo_sweep_sums *sums, vo_error *err);

#endif
