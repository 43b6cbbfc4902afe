/* q_environment.h -- thousands of batteries at once, each at its own time of some price history.
 *
 * Energy is in shares of the capacity, money in mean prices of the market times capacity, so
 * that a table does not depend on either. One interval, with y = keep * soc:
 *     charge     c = min(in, (hi - y) / gain)       soc' = y + gain c
 *     discharge  d = min(out, (y - lo) / drain)     soc' = y - drain d
 *     reward     sell d - buy c + par (soc' - soc), times reward_scale
 * par is the mean price of the last par_h hours: stored energy is booked at it. Over a run
 * the bookings add up to the energy left at prices of the day, but each single reward says
 * whether the trade was better than average. With a discount of 0.95 an hour and bare cash, a
 * purchase would have to be sold within hours at half as much again (cf. the potentials of Ng,
 * Harada and Russell, ICML 1999, which also move a reward along the way it is earned).
 *
 * Shape: struct of arrays, [n] each. Precision: float; the same bits on every machine.
 * Threads: a history is read-only once made and may be shared; environments have one owner.
 */
#ifndef VO_LEARN_Q_ENVIRONMENT_H
#define VO_LEARN_Q_ENVIRONMENT_H

#include <volteo/battery.h>
#include <volteo/schedule.h>

#include "grid/series.h"
#include "learn/q_table.h"

/* ---- prices ------------------------------------------------------------------------------ */

/* One node's history; borrowed for the call. */
typedef struct {
    size_t n;
    const double *price;          /* [n] NAN: missing                                        */
    const double *export_price;   /* [n] or NULL: same as price                              */
    const double *carbon_per_mwh; /* [n] or NULL: 0; cost on top of each imported MWh        */
    const uint8_t *hour;          /* [n] local hour, 0..23                                   */
    double interval_h;            /* of every interval                                       */
    double fee_per_mwh;           /* >= 0 */
} vo_q_market;

/* Local hour of every interval into hour[series->n]. VO_ENOTFOUND: no such zone. */
vo_status vo_q_hours(const vo_series *series, uint8_t *hour, vo_error *err);

#define VO_Q_LEAST_DAYS 7 /* of known prices, to learn a table from */

/* Are there that many among price[0..until)? VO_EINVAL saying how many there are. */
vo_status vo_q_check_history(const double *price, size_t until, double interval_h,
                             vo_error *err);

/* What a site's carbon costs an imported MWh: *out[n], the caller's (alloc), or NULL where it
 * costs nothing. VO_ENOMEM. */
vo_status vo_q_carbon(const vo_problem *site, size_t n, const vo_alloc *alloc, double **out,
                      vo_error *err);

/* The signal (q_table.h) of `price` given the prices before[n], the last of them one interval
 * earlier; NAN if less than half of the window is known. */
double vo_q_signal(const vo_q_axes *axes, double interval_h, const double *before, size_t n,
                   double price);

/* Intervals of a window of `hours`, at least 1. */
size_t vo_q_window(double hours, double interval_h);

#define VO_Q_LAST UINT32_C(0x80000000)

typedef struct {
    float buy, sell,
        par;       /* per share of the capacity, see above                              */
    uint32_t cell; /* first state of its hour and price bins; VO_Q_LAST: the history   */
                   /*   ends or is broken after it                                      */
} vo_q_step;

typedef struct {
    const vo_alloc *alloc;
    size_t n;
    vo_q_step *step; /* [n] all markets in turn */
} vo_q_history;

/* Cuts the signals of all markets at their quantiles into table->edge and lays the steps out.
 * Intervals without a price or a signal are left out and break the history. VO_EINVAL: markets
 * of different or bad interval_h, or fewer than two steps; VO_ENOMEM. *out is the caller's. */
vo_status vo_q_history_create(vo_q_table *table, double wear_cost_per_mwh,
                              const vo_q_market *market, size_t n_markets, double reward_scale,
                              const vo_alloc *alloc, vo_q_history **out, vo_error *err);
void vo_q_history_free(vo_q_history *h); /* accepts NULL */

/* ---- batteries ------------------------------------------------------------------------- */

typedef struct {
    float keep, gain, drain;   /* over one interval                          */
    float per_gain, per_drain; /* 1 / gain, 1 / drain                        */
    float in, out;             /* at most at the terminals in one interval   */
    float lo, hi;              /* limits of the stored share                 */
    float bins_per_soc;        /* charge bins / (hi - lo)                    */
    float top_bin;             /* charge bins - 1                            */
} vo_q_battery;

/* 1 MW, 2 MWh, 90 % round trip, a reserve of 10 % and at most 90 %. */
vo_battery vo_q_battery_default(void);

vo_q_battery vo_q_battery_of(const vo_battery *b, double interval_h, int32_t charge_bins);

static inline float vo_q_least(float a, float b) { return a < b ? a : b; }
static inline float vo_q_most(float a, float b) { return a > b ? a : b; }

static inline uint32_t vo_q_charge_bin(const vo_q_battery *b, float soc) {
    const float x = (soc - b->lo) * b->bins_per_soc;
    return (uint32_t)(int32_t)vo_q_least(vo_q_most(x, 0), b->top_bin);
}

/* One interval of one battery: the stored share after it, and the reward. */
static inline float vo_q_play(const vo_q_battery *b, float buy, float sell, float par,
                              int32_t action, float soc, float *reward) {
    const float y = b->keep * soc;
    const float room = vo_q_most(b->hi - y, 0) * b->per_gain;
    const float left = vo_q_most(y - b->lo, 0) * b->per_drain;
    const float in = (float)(action == VO_Q_CHARGE) * vo_q_least(b->in, room);
    const float out = (float)(action == VO_Q_DISCHARGE) * vo_q_least(b->out, left);
    float after = vo_q_least(y + b->gain * in, vo_q_most(y, b->hi)); /* rounding */
    after = vo_q_most(after - b->drain * out, vo_q_least(y, b->lo));
    *reward = sell * out - buy * in + par * (after - soc);
    return after;
}

typedef struct {
    const vo_alloc *alloc;
    size_t n;
    uint32_t *at;            /* step of the history                                    */
    uint32_t *cell;          /* of that step, and its prices                           */
    float *buy, *sell, *par; /*                                                        */
    float *soc;
    uint32_t *state;             /* row of the table                                   */
    int32_t *action;             /* a vo_q_action: what play will do                   */
    float *reward;               /* of the last play                                   */
    uint32_t *fresh;             /* 1: started anew by the last play; 0                */
    uint32_t *chance;            /* a xorshift each (Marsaglia 2003), never 0          */
    float start_low, start_high; /* SOC at a start, shares of lo..hi                   */
    void *block;                 /* all the arrays                                     */
} vo_q_envs;

/* n environments at places and charges drawn from (seed, stream). *out is the caller's. */
vo_status vo_q_envs_create(size_t n, uint64_t seed, uint64_t stream, float start_low,
                           float start_high, const vo_q_history *history,
                           const vo_q_battery *battery, const vo_alloc *alloc, vo_q_envs **out,
                           vo_error *err);
void vo_q_envs_free(vo_q_envs *e); /* accepts NULL */

/* Greedy action of each environment's state, or with probability epsilon any of the three, all
 * from q[n_states][VO_Q_ROW]; value[n] gets the worth of the greedy one, also if another was
 * drawn. */
void vo_q_envs_choose(vo_q_envs *e, const float *q, float epsilon, float *value);

/* Puts environment i somewhere in the history, with some charge, both drawn. */
void vo_q_envs_start(vo_q_envs *e, size_t i, const vo_q_history *h, const vo_q_battery *b);

/* Plays one interval everywhere. Environments at the end of a history start somewhere else. */
void vo_q_envs_play(vo_q_envs *e, const vo_q_history *history, const vo_q_battery *battery);

#endif
