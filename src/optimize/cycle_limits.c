#include "optimize/cycle_limits.h"
vo_status vo_cycle_limits_create(const vo_alloc *alloc, vo_cycle_limits **out, vo_error *err) {(void)alloc;(void)err;*out=0;return VO_OK;}
void vo_cycle_limits_free(vo_cycle_limits *c) {(void)c;}
vo_status vo_cycle_limits_solve(vo_cycle_limits *c, const vo_reward_source *s,
                                const vo_value *last, const vo_sweep_path *path,
                                double *profit, bool *feasible, bool *gap_closed,
                                vo_error *err) {(void)c;(void)s;(void)last;(void)path;(void)profit;(void)feasible;(void)err;*gap_closed=false;return VO_OK;}
