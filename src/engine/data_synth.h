/* data_synth.h -- SYNTHETIC data on request: into a file, the lake or the answer. */
#ifndef VO_ENGINE_DATA_SYNTH_H
#define VO_ENGINE_DATA_SYNTH_H

#include <volteo/engine.h>

#include "base/json.h"
#include "engine/fields.h"

// clang-format off
/* X(name, kind, lo, hi, unit, help) */
#define VO_SYNTH_FIELD_MAP(X)                                                                   \
    X(seed,             INTEGER, 0, 9e15, "", "default 1")                                      \
    X(year,             INTEGER, 1900, 2200, "", "default 2025")                                \
    X(days,             INTEGER, 0, 366, "d", "0 (default): the whole year")                    \
    X(interval_minutes, ABOVE,  0, 60,  "min", "a divisor of 60; default 60")                   \
    X(tz,               TEXT,   0, 0,   "",   "default America/Mexico_City")                    \
    X(currency,         TEXT,   0, 0,   "",   "default MXN")                                    \
    X(level,            ABOVE,  0, 1e6, "currency/MWh", "typical price; default 900")           \
    X(noise,            NUMBER, 0, 10,  "",   "standard deviation / level; default 0.12")       \
    X(spike_per_day,    NUMBER, 0, 24,  "",   "default 0.15")                                   \
    X(negative_midday,  PART,   0, 1,   "",   "share of days; default 0.25")                    \
    X(congested_share,  PART,   0, 1,   "",   "share of time; default 0.10")                    \
    X(first_node,       INTEGER, 0, 1e6, "",  "default 0")                                      \
    X(nodes,            INTEGER, 1, 10000, "", "how many; default 1")                           \
    X(out,              TEXT,   0, 0,   "",   "CSV file to write; one node")                    \
    X(market,           TEXT,   0, 0,   "",   "into the lake, as this market")
// clang-format on

/* The table, for the test of the documentation. */
const vo_field *vo_data_synth_fields(size_t *n);

vo_status vo_data_synth_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                            vo_error *err);

#endif
