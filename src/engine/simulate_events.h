/* simulate_events.h -- what a simulation tells its listeners while it runs: one event "trade" per
 * interval in which something was traded, with sums and the largest trades.
 */
#ifndef VO_ENGINE_SIMULATE_EVENTS_H
#define VO_ENGINE_SIMULATE_EVENTS_H

#include "engine/simulate_case.h"

#define VO_EVENT_TRADES 10      /* of an event, the largest                            */
#define VO_EVENT_INTERVALS 2000 /* of a simulation; beyond, every so many are told     */

vo_status vo_simulate_event(const vo_simulate_case *c, const vo_interval_view *v,
                            vo_error *err);

#endif
