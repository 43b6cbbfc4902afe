/* policy.h -- the seam "given what is known now, what should the battery do?".
 *
 * A policy plans a window of intervals and hands back powers; who calls it (backtest.h, later
 * a server) plays the first of them or all. What it may know is in the view and nowhere else:
 * prices are NAN from `known` on, physically. Only a policy with VO_POLICY_SEES_FUTURE finds
 * the real ones in `future`; it measures the others and trades nowhere.
 * Load, PV, limits and carbon intensity are taken as known ahead, a forecast column as known
 * for the whole window. Where the current price is known, forecasts are corrected by the error
 * they make now (policy_forecast.c).
 *
 * Spec:   KIND or KIND:FORECASTER, e.g. "perfect", "threshold", "mpc:epf_naive",
 *         "mpc:column=DNN Ensemble". Without a forecaster: epf_naive.
 *
 * To add one: write policy_NAME.c with a vo_policy_ops and its create function, add a line to
 * VO_POLICY_MAP; tests/unit/policy/test_backtest.c runs over the whole list.
 *
 * Threads: one owner at a time. plan of a policy that learns nothing allocates nothing.
 */
#ifndef VO_POLICY_POLICY_H
#define VO_POLICY_POLICY_H

#include <stdbool.h>

#include <volteo/schedule.h>

#include "grid/series.h"
#include "learn/learning.h"

enum {
    VO_POLICY_SEES_FUTURE = 1u, /* handed the real prices                              */
    VO_POLICY_FORECASTS = 2u,   /* takes a forecaster after the colon                  */
    VO_POLICY_LEARNS = 4u       /* must be fitted first, or names a trained model      */
};

/* name, create function, flags, what people read. */
// clang-format off
#define VO_POLICY_MAP(X)                                                                       \
    X(perfect,   vo_policy_create_perfect,   VO_POLICY_SEES_FUTURE, "exact plan on the real prices: the yardstick") \
    X(threshold, vo_policy_create_threshold, VO_POLICY_FORECASTS,   "percentiles of the prices so far") \
    X(spread,    vo_policy_create_spread,    VO_POLICY_FORECASTS,   "cheapest and dearest hours of the forecast day") \
    X(cycle,     vo_policy_create_cycle,     VO_POLICY_FORECASTS,   "best charge-discharge pairs of the forecast day") \
    X(mpc,       vo_policy_create_mpc,       VO_POLICY_FORECASTS,   "exact plan on a forecast, re-planned") \
    X(q_learning, vo_policy_create_q_learning, VO_POLICY_LEARNS,   "q_learning[=MODEL]: a learned table of charge, price and hour") \
    X(stochastic, vo_policy_create_stochastic, VO_POLICY_FORECASTS, "best action on what the forecast may be off by")
// clang-format on

/* What does not change while a policy lives. All borrowed; must outlive the policy. */
typedef struct {
    const vo_problem *site;    /* one battery, limits, fees, load, PV; prices are NOT read */
    const vo_series *calendar; /* [site->n] starts, days, zone; forecast columns           */
    size_t longest;            /* the longest window that will be asked for, intervals     */
    double low_percentile, high_percentile; /* threshold, 0..100                            */
    int32_t export_price_known;  /* 1: site->export_price is a tariff known ahead            */
    int32_t levels_of_all_known; /* 1: threshold's levels are of all prices known, also this */
                                 /*    day's; 0: of those known when the local day began     */
    const vo_alloc *alloc;       /* NULL: libc                                               */
    const vo_learning *learning; /* for what learns; NULL: defaults                    */
} vo_policy_world;

/* What is known at one moment. */
typedef struct {
    size_t from, to;             /* plan intervals from..to-1; to - from <= longest         */
    size_t known;                /* from: planned ahead; from + 1: the current price is in  */
    const double *price;         /* [n] real up to known, then NAN                          */
    const double *export_price;  /* the same, or NULL: same as price                        */
    const double *future;        /* [n] real prices, or NULL: not for this policy           */
    const double *future_export; /* [n] or NULL                                             */
    double stored_mwh;           /* at the start of `from`                                  */
    double day_left_mwh;         /* MWh that may still be discharged on this local day      */
    double span_left_mwh;        /* and in all; INFINITY: no limit                          */
    int32_t final_kind;          /* rule for the window's end, a vo_final_kind, ...         */
    int32_t only_first;          /* 1: nothing but power_mw[0] will be played               */
    double final_soc;            /* ... already absolute: never AT_LEAST_INITIAL            */
} vo_policy_view;

/* Counted over the policy's life. */
typedef struct {
    size_t plans;  /* windows planned                                                  */
    size_t held;   /* windows left idle because nothing could be forecast             */
    size_t filled; /* forecast values that came from a fallback                       */
} vo_policy_counts;

typedef struct vo_policy vo_policy;

/* Why the first action of the last plan is what it is; NAN where there is nothing to tell. */
typedef struct {
    double flip_below,
        flip_above;       /* as vo_plan's of the first interval, what is believed of   */
                          /* later prices staying as it is                             */
    double value_per_mwh; /* what one more MWh at the interval's end earns             */
    double low, high;     /* threshold: charges at or below, discharges at or above    */
    double q[3];          /* q_learning: worth of charge, hold, discharge              */
    double confidence;    /* q_learning: of the table (q_table.h)                      */
    const double *price;  /* [to - from] believed; valid until the next call; or NULL  */
    bool by_lp;           /* planned by the linear program, which knows no flip prices */
} vo_policy_why;

typedef struct {
    vo_status (*plan)(vo_policy *p, const vo_policy_view *view, double *power_mw,
                      vo_error *err);
    void (*free)(vo_policy *p); /* accepts half-built objects */
    /* See vo_policy_fit; NULL: learns nothing. */
    vo_status (*fit)(vo_policy *p, const double *price, const double *export_price,
                     size_t until, vo_error *err);
    /* See vo_policy_explain; NULL: cannot say. */
    vo_status (*explain)(vo_policy *p, const vo_policy_view *view, double power_mw,
                         vo_policy_why *out, vo_error *err);
} vo_policy_ops;

/* A back-end puts this first in its own struct. */
struct vo_policy {
    const vo_policy_ops *ops;
    const vo_alloc *alloc;
    uint32_t flags;
    vo_policy_counts counts;
};

/* *out is the caller's: vo_policy_free. VO_EINVAL lists the names there are; VO_EUNSUPPORTED
 * names what of the site no policy can do (several batteries, demand charge, ramp). */
vo_status vo_policy_create(const char *spec, const vo_policy_world *world, vo_policy **out,
                           vo_error *err);
void vo_policy_free(vo_policy *p); /* accepts NULL */

/* Learns from the prices of intervals 0..until-1 (NAN: missing; export_price or NULL: the same).
 * Does nothing for one that learns nothing, or was created with a trained model. VO_EINVAL: too
 * short a history, with how much is needed. */
vo_status vo_policy_fit(vo_policy *p, const double *price, const double *export_price,
                        size_t until, vo_error *err);

/* Must it be fitted: does the policy, or the forecaster that it names, learn, and is no trained
 * model named? False for unknown names. */
bool vo_policy_learns(const char *spec);

/* Fills power_mw[to - from]. VO_EINVAL: it learns, and was neither fitted nor given a model. */
vo_status vo_policy_plan(vo_policy *p, const vo_policy_view *view, double *power_mw,
                         vo_error *err);

/* Why: right after vo_policy_plan of the same view with only_first, whose first power was
 * `power_mw`, the present price being known. */
vo_status vo_policy_explain(vo_policy *p, const vo_policy_view *view, double power_mw,
                            vo_policy_why *out, vo_error *err);

uint32_t vo_policy_flags(const vo_policy *p);
vo_policy_counts vo_policy_count(const vo_policy *p);

/* "perfect, threshold, ..." for messages and help. */
const char *vo_policy_names(void);

/* The constructors of the list: argument is the text after ':', or NULL. */
typedef vo_status vo_policy_maker(const char *argument, const vo_policy_world *world,
                                  vo_policy **out, vo_error *err);
#define X(name, create, flags, help) vo_policy_maker create;
VO_POLICY_MAP(X)
#undef X

#endif
