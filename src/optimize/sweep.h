/* sweep.h -- the backward sweep of value functions over a range of intervals, and the walk
 * forward along them. What exact.c and cycle_limits.c are made of.
 *
 * back:  V_t(s) = max over z of q_t(z) + V_{t+1}(keep_t s - z), from t1 - 1 down to t0.
 * walk:  from the energy stored at t0, take the best z of every interval.
 *
 * Ties:  the smallest action wins, so nothing moves for nothing.
 * Memory: see exact.h. A walk must follow the back of the same source and range.
 */
#ifndef VO_OPTIMIZE_SWEEP_H
#define VO_OPTIMIZE_SWEEP_H

#include "optimize/plain.h"
#include "optimize/reward.h"
#include "optimize/value.h"

typedef struct {
    size_t begin, end; /* V of intervals begin..end-1 can be held at once          */
    size_t offset;     /* of V_end in `mark`                                       */
    size_t n;          /* its pieces                                               */
    bool concave;      /* as of a vo_value                                         */
} vo_sweep_block;

typedef struct {
    const vo_alloc *alloc;
    double *arena; /* the value functions of one block, one after another  */
    size_t arena_size;
    vo_value *held; /* [held_size] V_begin.. of the block in the arena      */
    size_t held_size;
    size_t held_limit; /* a block's intervals, about; may be changed before the first back   */
    vo_sweep_block *block; /* [n_blocks] from the last in time to the first      */
    size_t n_blocks, blocks_size;
    double *mark; /* V at each block's end: x, then m                     */
    size_t mark_used, mark_size;
    size_t in_arena; /* index of the block that the arena holds              */
    size_t t0, t1;
    vo_value_scratch scratch;
    double *ranges; /* [2 * (t1 - t0)] of vo_marginal_duals                     */
    size_t ranges_size;
    vo_plain plain; /* does it all where it can */
    bool is_plain;
} vo_sweep;

void vo_sweep_init(vo_sweep *w, const vo_alloc *alloc);
void vo_sweep_fini(vo_sweep *w);

/* `last` is V at the end of interval t1 - 1. *empty true: from no stored energy at t0 can the
 * range be crossed within the limits. VO_ENOMEM. */
vo_status vo_sweep_back(vo_sweep *w, const vo_reward_source *s, size_t t0, size_t t1,
                        const vo_value *last, bool *empty, vo_error *err);

/* V at the start of t0. Valid after back, until the walk. */
vo_value vo_sweep_first(const vo_sweep *w);

/* Walks `steps` intervals from t0 (or all of the range if fewer are left). */
vo_status vo_sweep_walk(vo_sweep *w, const vo_reward_source *s, double stored_mwh, size_t steps,
                        const vo_sweep_path *path, vo_sweep_sums *sums, vo_error *err);

#endif
