/* simulation_run.h -- a run in progress, shared by the files of the simulation and by nobody else.
 *
 * Phases of an interval, each over blocks of homes on the crew, between them what needs all homes:
 *     foresee   predictions (when it is time to plan), sums for the central model
 *     (signal)  one price path, kept for homes that will not hear the next one
 *     plan      V at the interval's end, orders into the home's own slots
 *     (match)
 *     dispatch  the truth, the battery, the grid; again with less grid where the feeder is full
 *     settle    sums, audits, what the forecasters see
 *     (book)    the ledger
 * Blocks depend on the number of homes alone and are added up in order: same bits for any crew.
 */
#ifndef VO_COMMUNITY_SIMULATION_RUN_H
#define VO_COMMUNITY_SIMULATION_RUN_H

#include "community/central.h"
#include "community/simulation.h"

/* Of a block of homes, per interval ahead; then of all. */
typedef enum { VO_SUM_LOAD = 0, VO_SUM_PV, VO_SUMS } vo_run_sum;

/* Of a block of homes, of the interval as it happened. */
typedef struct {
    double stored_kwh; /* before it                  */
    double import_kwh, export_kwh;
    double residual_kwh; /* largest                    */
} vo_run_block;

typedef struct {
    const vo_homes *h;
    const vo_home_series *series;
    const vo_simulation_options *o;
    vo_simulation *out;
    const vo_alloc *alloc;
    vo_crew crew; /* the homes' own, where there is enough for it to do */
    bool plans, trades;
    size_t horizon, every, blocks;
    vo_home_store pool; /* all batteries, and what they should hold at the end */
    double goal_kwh;
    double node[VO_HOME_SCENARIOS], weight[VO_HOME_SCENARIOS]; /* scenarios, in spreads */

    vo_home_forecasts *forecasts;
    vo_market *market;
    vo_ledger *ledger;

    /* [homes], SoA */
    double *stored;
    int64_t *sold_today; /* micro-kWh injected                                     */
    uint32_t *heard;     /* step of the last signal that came, less first, plus 1  */
    double *allowance;   /* what a kWh of what may be sold on the day planned on is worth   */
    vo_home_value *anchor, *value; /* V where the plan in hand begins; at this interval's end */
    float *net;                    /* [homes][horizon] as predicted when planned             */
    float *soon_load, *soon_pv;    /* [homes][every]                                  */
    vo_order *order;               /* [homes][VO_NODE_ORDERS]                                */
    uint8_t *orders;               /* how many                                               */
    int64_t *bought, *sold;        /* micro-kWh: as it arrives, as injected               */
    vo_node_result *result;
    double *import_limit, *export_limit; /* where the feeder is full; else NULL      */

    vo_order *book;                /* all orders, by home                                    */
    float *scratch;                /* [workers][2][horizon]                                  */
    vo_home_prices *scratch_price; /* [workers][horizon]                           */
    vo_home_value *scratch_value;  /* [workers][horizon + 1]                       */
    double *block_sum;             /* [blocks][VO_SUMS][horizon]                             */
    double *sum;                   /* [VO_SUMS][horizon], predicted at `planned`             */
    vo_run_block *block;           /* [blocks]                                               */
    double *path;                  /* [horizon][horizon]: signals, by step % horizon         */
    uint32_t *path_n;              /* [horizon] their lengths                                */
    float *told;                   /* arrays of the view, [8][homes], or NULL                */
    uint8_t *told_small;           /* [2][homes]                                             */
    vo_profitability *told_score;

    double
        usual_kwh; /* most that the homes drew together without batteries, so far: keep_peak */
    size_t t, planned, ahead; /* step; when last predicted; how many intervals then */
    vo_match match;
} vo_run;

/* Homes of a block. */
size_t vo_run_from(const vo_run *r, size_t block);

bool vo_run_down(const vo_run *r, size_t t);

/* The price path a home goes by at r->t, of length *n; NULL: it knows none. */
const double *vo_run_path(const vo_run *r, size_t home, size_t *n);

vo_node_view vo_run_view(const vo_run *r, size_t home);

/* Work for the crew: arg is the run. */
vo_status vo_run_foresee(void *arg, size_t block, size_t worker, vo_error *err);
vo_status vo_run_plan(void *arg, size_t block, size_t worker, vo_error *err);
vo_status vo_run_dispatch(void *arg, size_t block, size_t worker, vo_error *err);
vo_status vo_run_settle(void *arg, size_t block, size_t worker, vo_error *err);

/* Serial. Trades keep the rules and add up: VO_ENUMERIC, or VO_OK. */
vo_status vo_run_audit_trades(const vo_run *r, vo_error *err);
/* Of a home whose interval is over: balance (its residual), limits of meter and battery. */
vo_status vo_run_audit_home(const vo_run *r, size_t home, double *residual, vo_error *err);

#endif
