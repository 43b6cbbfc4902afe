/* marginal.c -- see marginal.h. */
#include "optimize/marginal.h"

#include <math.h>

#define INF ((double)INFINITY)

static double noise_of(const vo_reward_source *s) { return 1e-9 * s->p->battery->capacity_mwh; }

/* A battery alone at its meter: two slopes, no function to build. */
static vo_slopes simple_slopes(const vo_reward_source *s, size_t t, double z) {
    const vo_reward_simple r = vo_reward_simple_at(s, t);
    const double noise = noise_of(s), cost = r.buy / r.gain, earns = r.sell / r.drain;
    return (vo_slopes){.right = z < -noise                  ? cost
                                : r.discharge_z > z + noise ? earns
                                                            : -INF,
                       .left = z > noise                 ? earns
                               : -r.charge_z < z - noise ? cost
                                                         : INF};
}

vo_slopes vo_marginal_reward(const vo_reward_source *s, size_t t, double z) {
    if (s->simple) return simple_slopes(s, t, z);
    double x[VO_REWARD_MAX_PIECES + 1], m[VO_REWARD_MAX_PIECES];
    vo_value q = {.x = x, .m = m};
    if (!vo_reward_at(s, t, &q)) return (vo_slopes){-INF, INF};
    return vo_value_slopes(&q, z, noise_of(s));
}

double vo_marginal_duals(const vo_reward_source *s, size_t t0, size_t t1, vo_slopes end,
                         double worth, const double *stored_mwh, double *low, double *high,
                         double *dual) {
    const double noise = noise_of(s);
    double lo = end.right, hi = end.left;
    for (size_t t = t1; t-- > t0;) {
        const double after = stored_mwh[t + 1], keep = vo_reward_over(s, t).keep;
        if (t + 1 < t1 && after >= s->hi_mwh - noise) lo = -INF;
        if (t + 1 < t1 && after <= s->lo_mwh + noise) hi = INF;
        const vo_slopes action = vo_marginal_reward(s, t, keep * stored_mwh[t] - after);
        low[t - t0] = fmax(action.right, lo);
        high[t - t0] = fmin(action.left, hi);
        lo = keep * low[t - t0];
        hi = keep * high[t - t0];
    }
    for (size_t t = t0; t < t1; t++) {
        worth /= vo_reward_over(s, t).keep;
        if (isnan(worth))
            worth = isfinite(low[t - t0])    ? low[t - t0]
                    : isfinite(high[t - t0]) ? high[t - t0]
                                             : 0;
        dual[t] = worth = fmax(fmin(worth, high[t - t0]), low[t - t0]);
    }
    return worth;
}

void vo_marginal_values(const vo_reward_source *s, size_t t0, size_t t1, vo_slopes end,
                        const double *stored_mwh, const double *dual, double *value) {
    const double noise = noise_of(s);
    vo_slopes v = end;
    for (size_t t = t1; t-- > t0;) {
        const double after = stored_mwh[t + 1];
        const bool full = after >= s->hi_mwh - noise, empty = after <= s->lo_mwh + noise;
        const double keep = vo_reward_over(s, t).keep;
        value[t] = isfinite(full ? v.left : v.right) ? (full ? v.left : v.right)
                   : isfinite(v.right)               ? v.right
                   : isfinite(v.left)                ? v.left
                                                     : dual[t];
        const vo_slopes q = vo_marginal_reward(s, t, keep * stored_mwh[t] - after);
        v.right = keep * fmax(q.right, full ? -INF : v.right);
        v.left = keep * fmin(q.left, empty ? INF : v.left);
    }
}
