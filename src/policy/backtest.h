/* backtest.h -- one loop that plays any policy over real prices and says what it earned.
 *
 * Protocols:
 *   planned  each local day is planned before it begins, on the forecast, and paid at the real
 *            prices. Stored energy is carried from day to day, the battery's final rule
 *            holds at the end of every day; with days_alone every day starts at initial_soc
 *            and ends exactly there (the published planned captures).
 *   rolling  re-planned every interval, the current price known, to the end of the next
 *            local day or horizon_h ahead; the first action is played.
 * "At least initial" means the span's initial SOC, also at the end of every window.
 *
 * Capture: profit / profit of perfect foresight on the same span, battery, start and end SOC.
 *          Its interval is a percentile bootstrap over local days: days are drawn with
 *          replacement, sum(profit) / sum(perfect profit) of each draw. For that, energy
 * carried over midnight is booked at the mean price of the two days, in both sums: a day that
 *          buys for the next is no loss. The bookings cancel over the span.
 * Training: a policy that learns does so once, before the span is played, on the prices of
 *          train_from..train_until-1 and nothing else; later prices reach it as they become known,
 *          and it may refit itself on those (vo_learning.recalibrate_days).
 * Chance:  same inputs and seed, same bits; nothing depends on threads or the clock but
 *          us_per_decision and train_s. Different policies may run on different threads at once.
 */
#ifndef VO_POLICY_BACKTEST_H
#define VO_POLICY_BACKTEST_H

#include "grid/series.h"
#include "policy/policy.h"

// clang-format off
#define VO_PROTOCOL_MAP(X)                                                     \
    X(PLANNED, 0, "planned", "each local day planned ahead, paid at real prices") \
    X(ROLLING, 1, "rolling", "re-planned every interval, current price known")
// clang-format on

typedef enum {
#define X(name, value, text, help) VO_PROTOCOL_##name = (value),
    VO_PROTOCOL_MAP(X)
#undef X
        VO_PROTOCOL_COUNT
} vo_protocol;

const char *vo_protocol_name(int32_t protocol); /* "planned"; "?" if unknown */
vo_status vo_protocol_parse(const char *name, vo_protocol *out, vo_error *err);

typedef struct {
    int32_t protocol;   /* a vo_protocol                                                 */
    int32_t days_alone; /* 1 (planned only): each day from initial_soc back to it exactly */
    int32_t export_price_known; /* 1: problem->export_price is a tariff known ahead          */
    int32_t resamples; /* of days for the capture interval; >= 100                      */
    uint64_t seed;
    double confidence;  /* 0.95                                                          */
    size_t first;       /* first interval played; what lies before is history. It must   */
                        /* begin a local day                                             */
    size_t train_until; /* what learns is fitted on prices before it; <= first; 0: not given  */
    size_t train_from;  /* and not on those before this one; < train_until                    */
    const vo_learning *learning; /* for what learns, borrowed; NULL: defaults                 */
    double horizon_h; /* rolling: look-ahead; 0: to the end of the next local day      */
    double low_percentile, high_percentile; /* threshold: of all prices known when the      */
    /* local day began; 25, 75                                       */
    double (*clock_s)(void *ctx); /* monotonic seconds, or NULL: times are NAN               */
    void *clock_ctx;
    /* Of the span played; 0 once training is done. false: stop with VO_ECANCELED; or NULL.   */
    bool (*progress)(void *ctx, double fraction);
    void *progress_ctx;
    const vo_alloc *alloc; /* NULL: libc                                                    */
} vo_backtest_settings;

vo_backtest_settings vo_backtest_settings_default(void); /* planned, 1000 resamples, 95 % */

#define VO_POLICY_SPEC_MAX 192

/* All arrays belong to the result. n intervals from `first`, n_days local days. Money is net
 * of wear and fees. */
typedef struct {
    const vo_alloc *alloc;
    char policy[VO_POLICY_SPEC_MAX];
    size_t first, n, n_days;
    double profit;         /* currency, sum of day_profit; energy left is not counted  */
    double perfect_profit; /* of perfect foresight to the same end                     */
    double capture;        /* fraction; NAN if perfect_profit <= 0                     */
    double capture_low, capture_high; /* bootstrap interval; NAN likewise                    */
    double cycles; /* discharged MWh / usable MWh                              */
    double charged_mwh, discharged_mwh;
    double charging_h, discharging_h, idle_h;
    size_t worst_day;    /* index of the day with the least profit                   */
    char worst_date[16]; /* its local date, "2016-02-29"                             */
    double worst_profit;
    int32_t violations;      /* limits broken by the executed plan, by vo_certify        */
    int32_t certified;       /* 1: vo_certify finds balance, limits and profit right     */
    double us_per_decision;  /* without training, with refits on the way; NAN: no clock  */
    double train_s;          /* 0: it learns nothing; NAN: no clock                      */
    size_t decisions;        /* windows planned                                          */
    size_t held;             /* windows left idle for want of a forecast                 */
    size_t filled;           /* forecast values from a fallback                          */
    double *day_profit;      /* [n_days]                                                 */
    double *day_perfect;     /* [n_days]                                                 */
    int32_t *day_date;       /* [n_days] local date, days since 1970-01-01               */
    double *power_mw;        /* [n] executed; + discharge                                */
    double *stored_mwh;      /* [n + 1]                                                  */
    double *interval_profit; /* [n]                                                      */
} vo_backtest_result;

/* Plays `policy` (a spec of policy.h) over p->price. `calendar` gives starts, days, zone and
 * forecast columns for the same intervals (calendar->n == p->n). *out is the caller's:
 * vo_backtest_free. VO_EINVAL: bad problem, settings or policy name, a policy that learns and
 * has nothing to learn from; VO_EUNSUPPORTED: demand
 * charge, ramp or several batteries; VO_ENOTFOUND: no such forecast column; VO_ENOMEM;
 * VO_ECANCELED. */
vo_status vo_backtest_run(const vo_problem *p, const vo_series *calendar, const char *policy,
                          const vo_backtest_settings *settings, vo_backtest_result **out,
                          vo_error *err);
void vo_backtest_free(vo_backtest_result *r); /* accepts NULL */

#endif
