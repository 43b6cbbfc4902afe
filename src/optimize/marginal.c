/* marginal.c -- see marginal.h. */
#include "optimize/marginal.h"

#include <math.h>

#define INF ((double)INFINITY)

/* Energies that differ by rounding are the same. */
static double noise_of(const vo_reward_source *s) { return 1e-9 * s->p->battery->capacity_mwh; }

/* The two slopes of a battery alone at its meter, without building the function. */
static void simple_slopes(const vo_reward_source *s, size_t t, double z, double *right,
                          double *left) {
    const vo_reward_simple r = vo_reward_simple_at(s, t);
    const double noise = noise_of(s), cost = r.buy / r.gain, earns = r.sell / r.drain;
    *right = z < -noise ? cost : r.discharge_z > z + noise ? earns : -INF;
    *left = z > noise ? earns : -r.charge_z < z - noise ? cost : INF;
}

void vo_marginal_slopes(const vo_reward_source *s, size_t t, double z, double *right,
                        double *left) {
    if (s->simple) {
        simple_slopes(s, t, z, right, left);
        return;
    }
    double x[VO_REWARD_MAX_PIECES + 1], m[VO_REWARD_MAX_PIECES];
    vo_value q = {.x = x, .m = m};
    const double noise = noise_of(s);
    *right = -INF;
    *left = INF;
    if (!vo_reward_at(s, t, &q)) return;
    for (size_t i = 0; i < q.n; i++) {
        if (q.x[i] < z - noise) *left = q.m[i];
        if (q.x[i + 1] > z + noise) {
            *right = q.m[i];
            break;
        }
    }
}

/* The end: what the final rule pays for more, and what less would break. */
static void end_slopes(const vo_battery *b, double stored_mwh, double lo, double noise,
                       double *right, double *left) {
    const double pays = b->final_kind == VO_FINAL_VALUE ? b->final_value_per_mwh : 0;
    double least = lo;
    if (b->final_kind == VO_FINAL_AT_LEAST_INITIAL)
        least = fmax(lo, b->initial_soc * b->capacity_mwh);
    if (b->final_kind == VO_FINAL_AT_LEAST) least = fmax(lo, b->final_soc * b->capacity_mwh);
    const bool exact = b->final_kind == VO_FINAL_EXACT;
    *right = exact ? -INF : pays;
    *left = exact || stored_mwh <= least + noise ? INF : pays;
}

void vo_marginal_values(const vo_reward_source *s, const double *stored_mwh, const double *dual,
                        double *value) {
    const size_t n = s->p->n;
    const double noise = noise_of(s);
    double more, less, right, left;
    end_slopes(s->p->battery, stored_mwh[n], s->lo_mwh, noise, &more, &less);
    for (size_t t = n; t-- > 0;) {
        const double after = stored_mwh[t + 1];
        const bool full = after >= s->hi_mwh - noise, empty = after <= s->lo_mwh + noise;
        double worth = full ? less : more;
        if (!isfinite(worth)) worth = isfinite(more) ? more : isfinite(less) ? less : dual[t];
        value[t] = worth;
        const double keep = vo_reward_over(s, t).keep;
        vo_marginal_slopes(s, t, keep * stored_mwh[t] - after, &right, &left);
        more = keep * fmax(right, full ? -INF : more);
        less = keep * fmin(left, empty ? INF : less);
    }
}
