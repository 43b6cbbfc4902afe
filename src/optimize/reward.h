/* reward.h -- what one interval pays for the energy taken out of the store.
 *
 * q(z): z MWh leave the store during the interval (z < 0: enter). Piecewise linear, with kinks
 * where the battery changes direction and where the meter changes direction or reaches a limit.
 * Slopes are exact sums of prices, not differences of rounded values.
 */
#ifndef VO_OPTIMIZE_REWARD_H
#define VO_OPTIMIZE_REWARD_H

#include <volteo/schedule.h>

#include "optimize/value.h"

#define VO_REWARD_MAX_PIECES 24

/* The problem of one battery as the recursion sees it. `extra_wear` is a cost per MWh
 * discharged on top of the battery's own: the multipliers of the cycle limits. */
typedef struct {
    const vo_problem *p;
    vo_battery_interval over; /* of interval_h, when lengths are even  */
    double lo_mwh, hi_mwh;    /* SOC limits                            */
    const double *extra_wear; /* [n] or NULL                           */
    bool alone;               /* neither load, PV nor meter limits     */
    bool hull;                /* rewards are their concave envelopes   */
    bool simple;              /* alone and not hull                    */
} vo_reward_source;

vo_reward_source vo_reward_open(const vo_problem *p);

/* The same with every reward replaced by its concave envelope: no plan earns less in it, and a
 * plan that earns no more in it is optimal in both. */
vo_reward_source vo_reward_hull(const vo_reward_source *s);

/* One interval of a simple source: prices, limits and losses, nothing else. */
typedef struct {
    double keep, gain, drain;
    double buy, sell;   /* per MWh at the terminals; sell is after wear  */
    double charge_z;    /* most that may enter the store, MWh, >= 0      */
    double discharge_z; /* most that may leave                           */
    double dt_h;
} vo_reward_simple;

static inline vo_battery_interval vo_reward_over(const vo_reward_source *s, size_t t) {
    return s->p->dt_h ? vo_battery_over(s->p->battery, s->p->dt_h[t]) : s->over;
}

static inline vo_reward_simple vo_reward_simple_at(const vo_reward_source *s, size_t t) {
    const vo_problem *p = s->p;
    const vo_battery *b = p->battery;
    const vo_battery_interval over = vo_reward_over(s, t);
    vo_reward_simple r = {.keep = over.keep, .gain = over.gain, .drain = over.drain};
    r.dt_h = p->dt_h ? p->dt_h[t] : p->interval_h;
    double in_mw = b->charge_mw, out_mw = b->discharge_mw;
    if (p->charge_limit_mw && p->charge_limit_mw[t] < in_mw) in_mw = p->charge_limit_mw[t];
    if (p->discharge_limit_mw && p->discharge_limit_mw[t] < out_mw)
        out_mw = p->discharge_limit_mw[t];
    r.charge_z = in_mw * r.dt_h * over.gain;
    r.discharge_z = out_mw * r.dt_h * over.drain;
    r.buy = p->price[t] + p->fee_per_mwh;
    if (p->carbon_kg_per_mwh) r.buy += p->carbon_kg_per_mwh[t] * 1e-3 * p->carbon_price_per_t;
    r.sell = (p->export_price ? p->export_price[t] : p->price[t]) - p->fee_per_mwh -
             b->wear_cost_per_mwh;
    if (s->extra_wear) r.sell -= s->extra_wear[t];
    return r;
}

/* Whether charging costs at least what discharging earns, per MWh stored: then q is concave. */
static inline bool vo_reward_is_concave(const vo_reward_simple *r) {
    return r->buy * r->drain >= r->sell * r->gain || !(r->charge_z > 0) ||
           !(r->discharge_z > 0);
}

/* q of a simple source's interval; room for two pieces. */
static inline void vo_reward_of_simple(const vo_reward_simple *r, vo_value *q) {
    q->n = 0;
    q->x[0] = -r->charge_z;
    if (r->charge_z > 0) {
        q->m[0] = r->buy / r->gain;
        q->x[++q->n] = 0;
    }
    if (r->discharge_z > 0) {
        q->m[q->n] = r->sell / r->drain;
        q->x[++q->n] = r->discharge_z;
    }
}

/* The same for many neighbouring intervals, laid out for loops. */
enum { VO_REWARD_RATES = 128 };
typedef struct {
    size_t n;
    size_t same; /* sizes of so many intervals are those of any; 0 for another source      */
    double charge[VO_REWARD_RATES];    /* slope of q for charging, per MWh stored: buy / gain */
    double discharge[VO_REWARD_RATES]; /* slope for discharging: sell / drain                 */
    double charge_z[VO_REWARD_RATES], discharge_z[VO_REWARD_RATES];
    double buy[VO_REWARD_RATES], sell[VO_REWARD_RATES], dt_h[VO_REWARD_RATES];
} vo_reward_rates;

/* Intervals t..t+n-1, n <= VO_REWARD_RATES, of a simple source without self-discharge. false:
 * in one of them q is not concave. discharge <= charge always, if need be by giving a direction
 * that is shut the price of the other. */
bool vo_reward_rates_at(const vo_reward_source *s, size_t t, size_t n, vo_reward_rates *r);

/* Money for `u` MWh at the terminals, less wear. `r` is the same interval's. */
double vo_reward_cash(const vo_reward_source *s, size_t t, const vo_reward_simple *r, double u);

/* Fills q (arrays with room for VO_REWARD_MAX_PIECES (+1)) for interval t of any source.
 * false: no battery action keeps the meter within its limits. */
bool vo_reward_at(const vo_reward_source *s, size_t t, vo_value *q);

/* In how many intervals the reward is not concave: where it is in all, no multiplier leaves a
 * gap. */
size_t vo_reward_count_bent(const vo_reward_source *s);

#endif
