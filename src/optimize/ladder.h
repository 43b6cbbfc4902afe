/* ladder.h -- a concave value function as rungs of falling slope, and its steps back in time.
 *
 * For a battery alone at its meter, with reward q(z) = c z for charging (-charge_z <= z < 0)
 * and e z for discharging (0 < z <= discharge_z), c >= e, one step of dynamic programming
 * slides the rungs steeper than c down by charge_z and those flatter than e up by discharge_z,
 * and puts the rungs (c, charge_z) and (e, discharge_z) into the two gaps. So the rungs are
 * kept in three parts, parted at the gaps:
 *
 *     low:  steeper than c, a stack with its top at the gap, ends relative to one offset;
 *     mid:  between, a queue open at both ends, that does not move;
 *     high: flatter than e, a stack with its top at the gap, relative to another offset.
 *
 * A step changes two offsets, carries the few rungs that the price has passed over the gaps,
 * and puts one on each stack: its cost does not grow with the rungs. What may not be stored is
 * a rung of infinite slope, so the domain is always lo..hi; rungs pushed over an end are
 * dropped later.
 *
 * Threads: a ladder has one owner at a time. Memory: grows with the rungs, kept until fini.
 */
#ifndef VO_OPTIMIZE_LADDER_H
#define VO_OPTIMIZE_LADDER_H

#include "optimize/reward.h"
#include "optimize/value.h"

typedef struct {
    double m, x; /* slope, and upper end, which is where the next rung begins */
} vo_rung;

typedef struct {
    const vo_alloc *alloc;
    vo_rung *block; /* what alloc gave                                                */
    vo_rung *low;   /* [room] low[0] and low[-1] stand for "none": slope INFINITY     */
    vo_rung *high;  /* [room] high[0], high[-1] likewise: slope -INFINITY             */
    vo_rung *mid;   /* [3 room]                                                       */
    size_t low_top, high_top; /* index of the rung at the gap; 0: none                   */
    size_t mid_from, mid_to;  /* mid[mid_from..mid_to-1]                                 */
    size_t room;
    double low_off, high_off; /* a rung ends at low.x - low_off, high.x + high_off       */
    double lo, hi;
} vo_ladder;

void vo_ladder_init(vo_ladder *l, const vo_alloc *alloc);
void vo_ladder_fini(vo_ladder *l);

/* Sets the function to concave v, whose domain lies within lo..hi. VO_ENOMEM. */
vo_status vo_ladder_set(vo_ladder *l, const vo_value *v, double lo, double hi, vo_error *err);

/* Rungs at most, of those that vo_ladder_get gives. */
size_t vo_ladder_size(const vo_ladder *l);

/* The function as a vo_value without infinite or empty pieces, neighbours of equal slope
 * joined; v->x needs room for vo_ladder_size + 1, v->m for vo_ladder_size. */
void vo_ladder_get(const vo_ladder *l, vo_value *v);

/* Steps back over all of r, last interval first. Before the step of interval k, with V the
 * value at its end, charging pays up to to_charge[k] MWh stored, discharging down to
 * to_discharge[k]: where the slope of V falls to c and to e; -INFINITY and INFINITY where the
 * direction is shut. VO_ENOMEM. */
vo_status vo_ladder_back(vo_ladder *l, const vo_reward_rates *r, double *to_charge,
                         double *to_discharge, vo_error *err);

/* The same steps along a walk, stored[0..n]. Before that of interval k, sets right[k] to the
 * slope of V above stored[k] if the walk rises there, and left[k] to that below it if it falls;
 * others are left alone. Knots closer than `noise` count as one. VO_ENOMEM. */
vo_status vo_ladder_back_along(vo_ladder *l, const vo_reward_rates *r, const double *stored,
                               double noise, double *right, double *left, vo_error *err);

#endif
