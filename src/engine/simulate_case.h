/* simulate_case.h -- what a request of `simulate` asks for, read, checked and opened: homes, rules of
 * the market, and how the homes think.
 *
 * Must not move while it is open (the learning world in it points into itself).
 */
#ifndef VO_ENGINE_SIMULATE_CASE_H
#define VO_ENGINE_SIMULATE_CASE_H

#include <volteo/engine.h>

#include "base/json.h"
#include "community/simulation.h"
#include "engine/community_world.h"
#include "engine/learn_world.h"

typedef struct {
    const vo_engine_options *o;
    vo_json *root;          /* the request: texts below are its        */
    vo_world_request asked; /* of the world                            */
    vo_world *world;
    const vo_homes *homes; /* the world's                             */
    size_t played;         /* intervals after the history             */
    vo_learn_world learn;
    vo_simulation_options options;                 /* of the community's run          */
    bool few;                                      /* at most VO_SIMULATE_FEW homes   */
    bool free_market;                              /* without rules                   */
    bool bounds, timeline, listed;                 /* what is to be told              */
    bool bounds_wanted, bounds_auto;               /* asked for by name; left to us   */
    bool replan_wanted, cases_wanted, list_wanted; /* so were these   */
    double days_seen; /* of those played, in the training of the model named; NAN: none is */
    size_t max_trades;
    int32_t days; /* local ones that are played              */
    const char *parquet, *territory;
} vo_simulate_case;

/* Reads and checks the request alone. On failure nothing is open. */
vo_status vo_simulate_case_read(const vo_engine_options *o, const char *request,
                                vo_simulate_case *c, vo_error *err);
/* Is there what it names: scenario, tariff, model of loads? */
vo_status vo_simulate_case_check_names(const vo_simulate_case *c, vo_error *err);
/* Opens the world of a case that was read. */
vo_status vo_simulate_case_open(vo_simulate_case *c, vo_error *err);
void vo_simulate_case_close(vo_simulate_case *c); /* accepts a zeroed one */

#endif
