/* simulation.h -- a community of homes in virtual time, interval by interval.
 *
 *   central signal -> every home: predict, plan, post -> match -> dispatch on the truth -> ledger
 *
 * Every sum is audited: energy of each home to 1e-9 kWh, money to the unit, limits and rules of every
 * transaction; a breach is an error of the program (VO_ENUMERIC), never a result.
 * Same homes, options and seed: the same bits, however many workers the crew has.
 */
#ifndef VO_COMMUNITY_SIMULATION_H
#define VO_COMMUNITY_SIMULATION_H

#include "community/home_forecast.h"
#include "community/ledger.h"
#include "community/node.h"

typedef enum {
    VO_RUN_COMMUNITY = 0, /* batteries planned, homes trade                            */
    VO_RUN_ALONE,         /* batteries planned, nobody trades                          */
    VO_RUN_GREEDY,        /* vo_node_greedy                                            */
    VO_RUN_PV_ONLY,       /* no battery                                                */
    VO_RUN_GRID_ONLY      /* neither PV nor battery                                    */
} vo_run_kind;

/* One interval as it happened, arrays [homes]; valid during the call. NULL where the kind of run has
 * no such thing. */
typedef struct {
    size_t step;
    const float *load_kwh, *pv_kwh, *predicted_load_kwh, *predicted_pv_kwh;
    const vo_node_result *result;
    const float *bought_kwh, *sold_kwh;    /* as it arrives; as injected                      */
    const uint8_t *action, *need;          /* vo_node_action at the signal's price, vo_need   */
    const float *order_kwh, *order_price;  /* of that action: in all, limit of its first step */
    const vo_profitability *profitability; /* or NULL unless options.score                  */
    const double *signal;                  /* [horizon] the central path                      */
    size_t n_signal;
    const vo_match *match;
    vo_ledger_sums ledger; /* of this interval */
} vo_interval_view;

typedef struct {
    int32_t kind;     /* a vo_run_kind            */
    int32_t matching; /* a vo_matching            */
    vo_market_rules rules;
    const char *forecaster; /* see home_forecast.h: "profile"                             */
    size_t horizon;         /* intervals planned ahead: 48                                */
    size_t
        replan_every; /* intervals between plans, 1..horizon: 1; V of those between are kept */
    size_t scenarios; /* of net load, 1..VO_HOME_SCENARIOS: 3 (1: the mean alone)   */
    bool score;       /* tell profitability                                         */
    bool
        keep_peak; /* of a community: batteries charge from the grid only as far as all meters */
    /* together stay within what the homes drew at most without batteries, as   */
    /* far as that is known, or will by their forecasts; load comes first       */
    const vo_learning *learning;
    /* Each interval, in order, from the calling thread; not VO_OK ends the run. Or NULL. */
    vo_status (*tell)(void *ctx, const vo_interval_view *v, vo_error *err);
    void *tell_ctx;
    bool (*stop)(void *ctx); /* asked each interval; or NULL */
    void *stop_ctx;
} vo_simulation_options;

vo_simulation_options vo_simulation_options_default(void);
vo_status vo_simulation_options_check(const vo_simulation_options *o, vo_error *err);

/* Sums of a home over the span. */
typedef struct {
    double load_kwh, pv_kwh, imported_kwh, exported_kwh, bought_kwh, sold_kwh;
    double charged_kwh, discharged_kwh, curtailed_kwh, short_kwh, undelivered_kwh;
    double first_kwh, last_kwh; /* stored                                              */
    double cost; /* grid charges - credits + paid - received, from the ledger's account */
    vo_account account;
} vo_home_sums;

typedef struct {
    const vo_alloc *alloc; /* of what follows */
    vo_home_sums *home;    /* [homes] */
    double cost;           /* of all */
    vo_ledger_sums ledger;
    size_t trades;
    double traded_kwh;                     /* as injected */
    double peak_import_kw, mean_import_kw; /* of all meters together */
    double largest_residual_kwh;           /* of any home's balance */
    vo_forecast_error load_error[VO_FORECAST_LEADS], pv_error[VO_FORECAST_LEADS];
} vo_simulation;

/* What the source gives, filled once and shared by several runs over the same homes. */
typedef struct {
    float *load_kwh, *pv_kwh; /* [homes][steps] */
} vo_home_series;
vo_status vo_home_series_fill(const vo_homes *h, vo_home_series *out, vo_error *err);
void vo_home_series_fini(vo_home_series *s);

/* *out: vo_simulation_fini. VO_EINVAL, VO_ENOMEM, VO_ECANCELED, VO_ENUMERIC. */
vo_status vo_simulation_run(const vo_homes *h, const vo_home_series *series,
                            const vo_simulation_options *o, vo_simulation *out, vo_error *err);
void vo_simulation_fini(vo_simulation *s);

#endif
