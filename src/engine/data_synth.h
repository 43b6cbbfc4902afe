/* data_synth.h -- SYNTHETIC data on request: prices, weather or homes, into a file, the lake or
 * the answer; and how near it comes to a real series. */
#ifndef VO_ENGINE_DATA_SYNTH_H
#define VO_ENGINE_DATA_SYNTH_H

#include <volteo/engine.h>

#include "base/json.h"
#include "engine/fields.h"

// clang-format off
/* X(name, kind, lo, hi, unit, help) */
#define VO_SYNTH_FIELD_MAP(X)                                                                   \
    X(what,             TEXT,   0, 0,   "",   "prices (default), weather or home")              \
    X(preset,           TEXT,   0, 0,   "",   "prices: default, mem, caiso or aemo")            \
    X(seed,             INTEGER, 0, 9e15, "", "default 1")                                      \
    X(year,             INTEGER, 1970, 2200, "", "default 2025")                                \
    X(days,             INTEGER, 0, 366, "d", "0 (default): the whole year")                    \
    X(interval_minutes, ABOVE,  0, 60,  "min", "a divisor of 60; default 60, homes 30, aemo 5") \
    X(tz,               TEXT,   0, 0,   "",   "default America/Mexico_City")                    \
    X(currency,         TEXT,   0, 0,   "",   "default MXN")                                    \
    X(real_time,        BOOL,   0, 0,   "",   "prices: real-time (MTR), not day-ahead (MDA)")   \
    X(level,            ABOVE,  0, 1e6, "currency/MWh", "typical price; default 900")           \
    X(noise,            NUMBER, 0, 2,   "",   "of hours, log; default 0.12")                    \
    X(spike_per_day,    NUMBER, 0, 24,  "",   "default 0.15")                                   \
    X(negative_midday,  PART,   0, 1,   "",   "share of days; default 0.25")                    \
    X(pv_dip,           PART,   0, 0.9, "",   "what PV takes off other middays; default 0.25")  \
    X(congested_share,  PART,   0, 0.9, "",   "share of time; default 0.10")                    \
    X(latitude,         NUMBER, -90, 90, "deg", "north; default 19.43")                         \
    X(longitude,        NUMBER, -180, 180, "deg", "east; default -99.13")                       \
    X(elevation_m,      NUMBER, -500, 6000, "m", "weather, home; default 2240")                 \
    X(mean_temperature_c, NUMBER, -40, 45, "C", "weather, home; default by place")              \
    X(cloudiness,       PART,   0, 1,   "",   "weather, home: mean cloud cover; default 0.45")  \
    X(pv_share,         PART,   0, 1,   "",   "of homes with PV; default 0.5")                  \
    X(ev_share,         PART,   0, 1,   "",   "of homes with an electric car; default 0.4")     \
    X(cooling_share,    PART,   0, 1,   "",   "of homes with air conditioning; default 0.6")    \
    X(heating_share,    PART,   0, 1,   "",   "of homes with a heat pump; default 0.4")         \
    X(charger_kw,       NUMBER, 1, 350, "kW", "of electric cars; default 7.2")                  \
    X(sessions,         BOOL,   0, 0,   "",   "homes: the cars' stays in the answer")           \
    X(first_node,       INTEGER, 0, 1e6, "",  "first node, site or home; default 0")            \
    X(nodes,            INTEGER, 1, 10000, "", "how many nodes, sites or homes; default 1")     \
    X(out,              TEXT,   0, 0,   "",   "file to write: .csv, .json or .parquet; one series") \
    X(market,           TEXT,   0, 0,   "",   "into the lake, as this market")                  \
    X(compare,          TEXT,   0, 0,   "",   "real series: a file, or lake:MARKET/PROCESS/NODE") \
    X(column,           TEXT,   0, 0,   "",   "compared: default the first")                    \
    X(compare_column,   TEXT,   0, 0,   "",   "of the real series; default the same, else its first")
// clang-format on

/* The table, for the test of the documentation. */
const vo_field *vo_data_synth_fields(size_t *n);

vo_status vo_data_synth_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                            vo_error *err);

#endif
