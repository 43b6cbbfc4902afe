/* duel.h -- trained versions over the same last days of the same prices, by vo_backtest_run.
 *
 * Behind `volteo models compare` and `volteo retrain`.
 */
#ifndef VO_ENGINE_DUEL_H
#define VO_ENGINE_DUEL_H

#include "engine/inputs.h"
#include "engine/learn_world.h"
#include "policy/backtest.h"
#include "store/registry.h"

typedef struct {
    const vo_inputs *in;
    vo_battery battery;
    int32_t protocol; /* a vo_protocol                                     */
    size_t first;     /* interval from which days are played                */
} vo_duel;

/* The last `days` local days of the prices (or what from and to of the request ask for), with the
 * request's battery or, without one, `battery`. VO_EINVAL: fewer days than that, with a day of
 * history; a price is missing. */
vo_status vo_duel_init(const vo_inputs *in, const vo_battery *battery, const char *protocol,
                       int32_t days, vo_duel *out, vo_error *err);

/* The policy that plays a model of this type: "mpc:gbt=REFERENCE", "q_learning=REFERENCE". `bytes`
 * are the model's own. VO_EINVAL: no such kind of model. */
vo_status vo_duel_spec(const void *bytes, size_t len, const char *reference,
                       char out[VO_POLICY_SPEC_MAX], vo_error *err);

/* *out is the caller's: vo_backtest_free. */
vo_status vo_duel_play(const vo_duel *d, const char *spec, const vo_learning *learning,
                       vo_backtest_result **out, vo_error *err);

/* Members of the open object: profit, capture, its interval, cycles, violations. */
void vo_duel_write(const vo_backtest_result *r, vo_json_out *w);

/* Days of prices[first..] that lie within the data that a registered version learned from. */
vo_status vo_days_seen(const vo_series *prices, size_t first, const vo_registry *registry,
                       const vo_registry_found *found, double *out, vo_error *err);

/* How many of the days played a registered version has learned from, by its manifest: what it
 * earns on them is flattered. */
vo_status vo_duel_days_seen(const vo_duel *d, const vo_registry *registry,
                            const vo_registry_found *found, double *out, vo_error *err);

/* Member "backtest": the days played and the battery. */
void vo_duel_write_days(const vo_duel *d, const vo_backtest_result *r, vo_json_out *w);

/* The document of `volteo models compare`. */
vo_status vo_models_compare_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                                vo_error *err);

#endif
