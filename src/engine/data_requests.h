/* data_requests.h -- import, list and synth: files and the lake, as documents. */
#ifndef VO_ENGINE_DATA_REQUESTS_H
#define VO_ENGINE_DATA_REQUESTS_H

#include <volteo/engine.h>

#include "base/json.h"
#include "engine/fields.h"

// clang-format off
/* X(name, kind, lo, hi, unit, help) */
#define VO_IMPORT_FIELD_MAP(X)                                                                  \
    X(file,             TEXT,   0, 0, "",  "what to read: CSV, Parquet, CENACE, EPF, ...")      \
    X(market,           TEXT,   0, 0, "",  "where the file does not say; LOCAL")          \
    X(process,          TEXT,   0, 0, "",  "where the file does not say; DA")                   \
    X(node,             TEXT,   0, 0, "",  "where the file does not say")                       \
    X(only_node,        TEXT,   0, 0, "",  "only this one of a file with several")              \
    X(only_process,     TEXT,   0, 0, "",  "only MDA or MTR")                                   \
    X(tz,               TEXT,   0, 0, "",  "of stamps without an offset, and of days")          \
    X(currency,         TEXT,   0, 0, "",  "where the file does not say")                       \
    X(time_column,      TEXT,   0, 0, "",  "its name; found by itself")                         \
    X(price_column,     TEXT,   0, 0, "",  "its name; found by itself")                         \
    X(node_column,      TEXT,   0, 0, "",  "one series per value of this column")               \
    X(date_order,       TEXT,   0, 0, "",  "year (default), day or month first")                \
    X(stamps_at_end,    BOOL,   0, 0, "",  "stamps name the end of their interval")             \
    X(interval_minutes, ABOVE,  0, 527040, "min", "where the file has only prices")             \
    X(zero,             TEXT,   0, 0, "",  "prices of 0: source (default), keep or missing")    \
    X(repair,           TEXT,   0, 0, "",  "clean (default), none or uneven")                   \
    X(max_fill_h,       NUMBER, 0, 8784, "h", "longest gap that is filled; default 192")        \
    X(max_touched,      INTEGER, 0, 1e7, "", "values listed per series; 0: all; default 100")

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

/* The tables, for the test of the documentation. */
const vo_field *vo_data_import_fields(size_t *n);
const vo_field *vo_data_synth_fields(size_t *n);

vo_status vo_data_import_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                             vo_error *err);
vo_status vo_data_list_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                           vo_error *err);
vo_status vo_data_synth_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                            vo_error *err);

#endif
