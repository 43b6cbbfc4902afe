/* schedule.h -- the battery problem, its plan and the proof that goes with it.
 *
 * Units:  MW, MWh, hours, currency per MWh. All arrays have one element per interval; the
 *         interval t starts where t-1 ended. NULL means "not part of this problem".
 * Signs:  power > 0 discharges; site flows: import_mw, export_mw, curtailed_mw >= 0 with
 *             export - import = power + pv - curtailed - load.
 * Money:  profit = sum over t of (sell_t * exported - buy_t * imported) - wear - demand charge
 *         (+ final value), where
 *             buy_t  = price_t + fee + carbon_kg_per_mwh_t / 1000 * carbon_price_per_t
 *             sell_t = export_price_t (price_t if NULL) - fee
 */
#ifndef VOLTEO_SCHEDULE_H
#define VOLTEO_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>

#include <volteo/battery.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VO_MAX_INTERVALS 10000000u /* 95 years of 5-minute intervals */
#define VO_MAX_BATTERIES 64u

typedef struct {
    size_t n;                         /* 1..VO_MAX_INTERVALS                              */
    double interval_h;                /* > 0; every interval's length unless dt_h         */
    const double *dt_h;               /* [n] > 0 or NULL                                  */
    const double *price;              /* [n] finite; what an imported MWh costs           */
    const double *export_price;       /* [n] or NULL: same as price                       */
    const int32_t *day;               /* [n] local-day number, non-decreasing, or NULL:   */
                                      /* all one day; used by max_cycles_per_day and      */
                                      /* by the day-ahead rules                           */
    const double *charge_limit_mw;    /* [n] >= 0 or NULL; caps battery 0 only (outages)  */
    const double *discharge_limit_mw; /* [n] >= 0 or NULL                                 */
    const double *load_mw;            /* [n] >= 0 or NULL: 0, behind the same meter       */
    const double *pv_mw;              /* [n] >= 0 or NULL: 0                              */
    const double *import_limit_mw;    /* [n] >= 0 or NULL: none                           */
    const double *export_limit_mw;    /* [n] >= 0 or NULL: none                           */
    const double *carbon_kg_per_mwh;  /* [n] or NULL: 0; of imported energy               */
    double carbon_price_per_t;        /* >= 0                                             */
    double fee_per_mwh;               /* >= 0, on every MWh through the meter             */
    int32_t curtailable;              /* 1: pv may be turned down at no cost              */
    int32_t reserved;                 /* 0                                                */
    double demand_charge_per_mw;      /* >= 0, on the largest import of each period       */
    const int32_t *demand_period;     /* [n] non-decreasing, or NULL: one period          */
    double ramp_mw_per_h;             /* > 0 or INFINITY: |dP| <= ramp * dt between       */
                                      /* neighbours, for the sum over batteries           */
    const vo_battery *battery;        /* [n_batteries], all behind the same meter         */
    size_t n_batteries;               /* 1..VO_MAX_BATTERIES                              */
} vo_problem;

/* Everything optional off: interval_h 1, ramp INFINITY, one battery. */
vo_problem vo_problem_default(void);

/* VO_EINVAL, naming field, interval, value and remedy of the first thing wrong. */
vo_status vo_problem_check(const vo_problem *p, vo_error *err);

/* What the solver can say of its answer; errors are vo_status, not verdicts. */
typedef enum {
    VO_VERDICT_OPTIMAL = 0,        /* no plan earns more                                      */
    VO_VERDICT_FEASIBLE = 1,       /* keeps every limit; a rule, or stopped at a gap          */
    VO_VERDICT_LEAST_VIOLATING = 2 /* the limits contradict each other: see violations     */
} vo_verdict;

/* The limits a plan may have to break. Appended only. */
// clang-format off
#define VO_LIMIT_MAP(X)                                                         \
    X(FINAL_SOC,          0, "final_soc",          "MWh")                       \
    X(MIN_SOC,            1, "min_soc",            "MWh")                       \
    X(MAX_SOC,            2, "max_soc",            "MWh")                       \
    X(IMPORT_LIMIT,       3, "import_limit_mw",    "MWh")                       \
    X(EXPORT_LIMIT,       4, "export_limit_mw",    "MWh")                       \
    X(CYCLES_PER_DAY,     5, "max_cycles_per_day", "MWh")                       \
    X(CYCLES,             6, "max_cycles",         "MWh")                       \
    X(CHARGE_POWER,       7, "charge_mw",          "MWh")                       \
    X(DISCHARGE_POWER,    8, "discharge_mw",       "MWh")                       \
    X(ENERGY_BALANCE,     9, "energy_balance",     "MWh")                       \
    X(ONE_DIRECTION,     10, "one_direction",      "MWh")                       \
    X(CURTAILMENT,       11, "curtailment",        "MWh")                       \
    X(RAMP,              12, "ramp_mw_per_h",      "MW")
// clang-format on

typedef enum {
#define X(name, value, text, unit) VO_LIMIT_##name = (value),
    VO_LIMIT_MAP(X)
#undef X
        VO_LIMIT_COUNT
} vo_limit;

const char *vo_limit_name(int32_t limit);     /* "final_soc", ...; "?" if unknown */
const char *vo_verdict_name(int32_t verdict); /* "optimal", "feasible", "least_violating" */

/* A limit that no plan can keep, by how much it is broken, and what one more MWh of it would
 * earn: the profit gained per unit if the limit were loosened further. */
typedef struct {
    int32_t limit;       /* a vo_limit                                              */
    int32_t reserved;    /* 0                                                       */
    int64_t interval;    /* first interval where it is broken; -1: not of one       */
    double amount;       /* how much in all, in the limit's unit, > 0               */
    double shadow_price; /* currency per unit, >= 0                              */
} vo_violation;

/* A plan: one action per interval. All arrays are owned by the plan, in one block.
 * Per-battery arrays are battery-major: battery k's part starts at k * n (k * (n+1) for
 * stored_mwh). Prices that do not exist (no flip) are NAN. */
typedef struct {
    size_t n, n_batteries;
    double *power_mw;            /* [B, n] + discharge, - charge                          */
    double *stored_mwh;          /* [B, n+1] at interval starts, and at the end           */
    double *curtailed_mw;        /* [n]                                                   */
    double *import_mw;           /* [n]                                                   */
    double *export_mw;           /* [n]                                                   */
    double *value_of_stored_mwh; /* [B, n] what one more MWh at the interval's end earns; */
                                 /*   when full, what the last one is worth               */
    double *dual_per_mwh;        /* [B, n] one path of prices of stored energy that       */
                                 /*   supports the whole plan: for the certificate        */
    double *flip_below;          /* [B, n] a market price below this would make the       */
                                 /*   battery charge (or stop discharging), NAN if none;  */
                                 /*   load, PV, curtailment and the energy stored before  */
                                 /*   staying as they are                                 */
    double *flip_above;          /* [B, n] above this: discharge (or stop charging)       */
    double profit;               /* currency, unrounded                                   */
    double bound;                /* no plan earns more than this; NAN if not known        */
    int32_t verdict;             /* a vo_verdict                                          */
    int32_t n_violations;
    vo_violation violation[16]; /* the largest, at most 16                               */
    char method[16];            /* which method made it: "exact", "lp", ...              */
} vo_plan;

/* Zeroed plan for n intervals and b batteries; *out is the caller's: vo_plan_free. */
vo_status vo_plan_create(size_t n, size_t n_batteries, vo_plan **out, vo_error *err);
void vo_plan_free(vo_plan *plan); /* accepts NULL */

/* The independent check of a plan. Re-computed from problem and plan by code that shares
 * nothing with any solver. */
typedef struct {
    double energy_residual_mwh; /* largest |balance error| of any interval              */
    double limit_excess[VO_LIMIT_COUNT]; /* largest excess over each limit, unit of limit    */
    double profit;            /* re-computed from the plan's actions                  */
    double profit_claimed;    /* as the solver said                                   */
    double bound;             /* upper bound on any plan's profit, re-computed from   */
                              /* the values of stored energy; NAN without them        */
    double gap;               /* bound - profit; NAN without a bound                  */
    double gap_relative;      /* gap / max(1, |bound|, sum |cash|)                    */
    int32_t n_violations;     /* limits with excess above tolerance                   */
    int32_t valid;            /* 1: balance, limits, direction and profit all hold    */
    int32_t bound_recomputed; /* 1: bound is the certifier's own; 0: the solver's     */
    int32_t proved;           /* 1: valid, and gap_relative <= 1e-7: nothing earns more */
} vo_certificate;

/* Fills *cert for a plan of any origin. Tolerances are relative to the battery's size.
 * VO_EINVAL if plan and problem differ in size or the problem is bad; VO_ENOMEM. */
vo_status vo_certify(const vo_problem *p, const vo_plan *plan, vo_certificate *cert,
                     vo_error *err);

/* One list of methods; names are what CLI and JSON say. */
// clang-format off
#define VO_METHOD_MAP(X)                                                                  \
    X(AUTO,      0, "auto",      "exact where it can, lp for what couples intervals")     \
    X(EXACT,     1, "exact",     "dynamic programming on piecewise-linear values")        \
    X(LP,        2, "lp",        "linear or mixed-integer program through HiGHS")         \
    X(THRESHOLD, 3, "threshold", "static price percentiles")                              \
    X(SPREAD,    4, "spread",    "cheapest and dearest hours of the day")                 \
    X(CYCLE,     5, "cycle",     "best charge-discharge pairs under a cycle limit")
// clang-format on

typedef enum {
#define X(name, value, text, help) VO_METHOD_##name = (value),
    VO_METHOD_MAP(X)
#undef X
        VO_METHOD_COUNT
} vo_method;

const char *vo_method_name(int32_t method);
/* VO_EINVAL with the list of names if `name` is none of them. */
vo_status vo_method_parse(const char *name, vo_method *out, vo_error *err);

/* How much of the plan is wanted; what is not is NAN. */
typedef enum {
    VO_DETAIL_ALL = 0,    /* actions, values of stored energy, duals, flip prices */
    VO_DETAIL_VALUES = 1, /* all but the flip prices                              */
    VO_DETAIL_PLAN = 2    /* the actions alone                                    */
} vo_detail;

typedef struct {
    int32_t method;         /* a vo_method                                              */
    int32_t detail;         /* a vo_detail                                              */
    double time_limit_s;    /* for lp; INFINITY                                         */
    double low_percentile;  /* threshold: charge at or below, 0..100                    */
    double high_percentile; /* threshold: discharge at or above                         */
    int32_t (*stop)(
        void *ctx);        /* or NULL; asked often by lp, from the calling thread: not 0   */
                           /* ends the work with VO_ECANCELED                           */
    void *stop_ctx;        /* passed to it                                              */
    int64_t most_lp_steps; /* intervals times batteries of a linear program; 0: any         */
} vo_schedule_options;

vo_schedule_options
vo_schedule_options_default(void); /* auto, full, no limit, 25, 75, no stop */

/* Solves p into *plan, which must have been created for p's sizes. A contradiction among the
 * limits is not an error: the plan is the least violating one, with its violations listed.
 * VO_EINVAL: bad problem. VO_EUNSUPPORTED: the method cannot do what p asks (says which field
 * and which method can). VO_ENOMEM. VO_ENUMERIC: back-end lost its accuracy. VO_ECANCELED: stop
 * said so. */
vo_status vo_schedule(const vo_problem *p, const vo_schedule_options *o, vo_plan *plan,
                      vo_error *err);

#ifdef __cplusplus
}
#endif
#endif
