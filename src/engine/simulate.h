/* simulate.h -- homes with panels and batteries on a tariff: what each pays, and what it would pay
 * without.
 *
 * Homes are the project's generator's (SYNTHETIC); every battery is planned by the exact method on
 * its own home's load, sun and tariff, all known ahead, and the plan is certified. Homes do not
 * trade with each other yet, and the answer says so.
 */
#ifndef VO_ENGINE_SIMULATE_H
#define VO_ENGINE_SIMULATE_H

#include <volteo/engine.h>

#include "base/json.h"
#include "engine/fields.h"

// clang-format off
/* X(name, kind, lo, hi, unit, help) */
#define VO_SIMULATE_FIELD_MAP(X)                                                                 \
    X(homes,            INTEGER, 1, 1000,     "",    "how many (10)")                            \
    X(days,             INTEGER, 1, 366,      "d",   "how long (1)")                             \
    X(from,             TEXT,    0, 0,        "",    "first local day (2026-07-01)")             \
    X(seed,             INTEGER, 0, 9e15,     "",    "of homes and weather (1)")                 \
    X(tariff,           TEXT,    0, 0,        "",    "its name; where allowed a file")         \
    X(interval_minutes, INTEGER, 5, 60,       "min", "a divisor of 60 (30)")                     \
    X(battery_kwh,      ABOVE,   0, 1e5,      "kWh", "of every home (13.5)")                     \
    X(battery_kw,       ABOVE,   0, 1e5,      "kW",  "both ways (5)")                            \
    X(efficiency,       RATIO,   0, 1,        "",    "round trip (0.9)")                         \
    X(timeline,         BOOL,    0, 0,        "",    "adds what every home does in every interval")
// clang-format on

/* The table, for the test of the documentation. */
const vo_field *vo_simulate_request_fields(size_t *n);

vo_status vo_simulate_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                          vo_error *err);

#endif
