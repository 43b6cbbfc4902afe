/* walk.h -- forward along the value functions: what to do, and when it flips.
 *
 * At interval t, with y = keep * stored, the best z maximises q_t(z) + V_{t+1}(y - z). The
 * choice flips where the market price (buying and selling price moved together) would make
 * another direction the best one: charging pays while price < gain * V'(y+) less costs,
 * discharging while price > drain * V'(y-) plus costs, for concave V; best ratios over all
 * pieces if not.
 */
#ifndef VO_OPTIMIZE_WALK_H
#define VO_OPTIMIZE_WALK_H

#include "optimize/sweep.h"

typedef struct {
    const vo_reward_source *source;
    vo_sweep_path path;
    double stored_mwh;
    double profit, profit_low; /* a compensated sum                              */
    double discharged_mwh;
    size_t hint; /* the piece of V where the stored energy was last               */
} vo_walker;

/* Intervals from..to-1. value[t - from] is V_{t+1}, but V_end is `at_end` for t + 1 == end. */
void vo_walk_range(vo_walker *w, size_t from, size_t to, const vo_value *value,
                   const vo_value *at_end, size_t end);

#endif
