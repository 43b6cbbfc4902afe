/* simulate_runs.h -- the same homes played in several ways, and what each way cost.
 *
 * grid_only -> pv_only -> alone_naive -> alone -> community: the differences are what PV, time
 * shifting (batteries that know yesterday), forecasting and trading save. community ->
 * community_perfect -> community_free -> community_plain -> pooled bound: what forecasts, rules, the
 * world that no bound knows of (feeder, lies, lost messages) and matching leave.
 * Every run pays for what its batteries lack at the end (simulate_refill.h).
 * Money is in micro-units: parts add up exactly.
 */
#ifndef VO_ENGINE_SIMULATE_RUNS_H
#define VO_ENGINE_SIMULATE_RUNS_H

#include "community/bound.h"
#include "engine/simulate_case.h"

// clang-format off
/* X(name, kind of run, words for the progress) */
#define VO_SIMULATE_RUN_MAP(X)                                        \
    X(grid_only,         GRID_ONLY, "grid only")                      \
    X(pv_only,           PV_ONLY,   "with PV")                        \
    X(greedy,            GREEDY,    "greedy batteries")               \
    X(alone_naive,       ALONE,     "alone, as yesterday")            \
    X(alone,             ALONE,     "alone, with forecasts")          \
    X(community,         COMMUNITY, "community")                      \
    X(community_perfect, COMMUNITY, "community, perfect forecasts")   \
    X(community_free,    COMMUNITY, "the same without rules")         \
    X(community_plain,   COMMUNITY, "the same, nobody lies, no feeder")
// clang-format on

typedef enum {
#define X(name, kind, words) VO_SIMULATE_##name,
    VO_SIMULATE_RUN_MAP(X)
#undef X
        VO_SIMULATE_RUNS
} vo_simulate_run_id;

/* One home's run, beyond its cost. */
typedef struct {
    int64_t refill, weighed; /* as below */
    double short_kwh;
} vo_simulate_more;

typedef struct {
    bool made;
    int64_t *home_cost;     /* [homes] micro-units                            */
    vo_simulate_more *more; /* [homes], or NULL where homes are not listed    */
    int64_t cost;           /* of all, refill included                        */
    int64_t refill;         /* of cost: energy missing at the end             */
    double peak_import_kw, mean_import_kw;
    double short_kwh; /* load not served: nobody paid for it                  */
    int64_t
        weighed; /* cost, and VO_HOME_SHORT_PER_KWH of each kWh not served or sold and not */
                 /* delivered: what plans and bounds weigh, and so what runs are compared by */
} vo_simulate_outcome;

typedef struct {
    vo_simulate_outcome of[VO_SIMULATE_RUNS];
    vo_simulation community; /* in full                                          */
    const char *naive;       /* forecaster of alone_naive                        */
    bool bounded;
    vo_bounds bounds;
    int64_t *alone_bound; /* [homes] micro-units, NULL unless bounded         */
    int64_t alone_bound_sum, pooled_bound, lossless_bound;
    int made, all; /* runs done, and how many there are: for the progress */
} vo_simulate_runs;

/* All runs that the case asks for; `tell` hears of each interval of the community's. */
vo_status vo_simulate_runs_make(vo_simulate_case *c,
                                vo_status (*tell)(void *ctx, const vo_interval_view *v,
                                                  vo_error *err),
                                void *tell_ctx, vo_simulate_runs *out, vo_error *err);
void vo_simulate_runs_fini(vo_simulate_runs *r); /* accepts a zeroed one */

/* What a home's account comes to, micro-units: > 0 was paid. */
int64_t vo_simulate_cost(const vo_account *a);

#endif
