/* data_requests.h -- import: files into the lake, as documents. */
#ifndef VO_ENGINE_DATA_REQUESTS_H
#define VO_ENGINE_DATA_REQUESTS_H

#include <volteo/engine.h>

#include "base/json.h"
#include "data/import.h"
#include "engine/fields.h"

// clang-format off
/* X(name, kind, lo, hi, unit, help) */
#define VO_IMPORT_FIELD_MAP(X)                                                                  \
    X(file,             TEXT,   0, 0, "",  "what to read: a file, - for standard input, or a database")      \
    X(mapping,          TEXT,   0, 0, "",  "how its columns are read: a name (aemo, ...) or a file") \
    X(columns,          TEXT,   0, 0, "",  "NAME=COLUMN[*FACTOR],...: all that is read, the main one first") \
    X(kind,             TEXT,   0, 0, "",  "prices (default), load, weather, carbon, ...")      \
    X(unit,             TEXT,   0, 0, "",  "of the first column")                               \
    X(price_unit,       TEXT,   0, 0, "",  "mwh (default) or kwh: what prices are per")         \
    X(start,            TEXT,   0, 0, "",  "first interval, where the file has no stamps")      \
    X(table,            TEXT,   0, 0, "",  "of the database that file names (postgres://...)")  \
    X(tariffs,          TEXT,   0, 0, "",  "folder for tariffs; config/tariffs")                \
    X(spike_iqr,        NUMBER, 0, 1e6, "", "a spike lies so many interquartile ranges from the median; 6; 0: none") \
    X(market,           TEXT,   0, 0, "",  "where the file does not say; LOCAL")          \
    X(process,          TEXT,   0, 0, "",  "where the file does not say; DA")                   \
    X(node,             TEXT,   0, 0, "",  "where the file does not say")                       \
    X(only_node,        TEXT,   0, 0, "",  "only this one of a file with several")              \
    X(only_process,     TEXT,   0, 0, "",  "only MDA, MTR, DA-2, ...")                           \
    X(tz,               TEXT,   0, 0, "",  "of stamps without an offset, and of days")          \
    X(currency,         TEXT,   0, 0, "",  "where the file does not say")                       \
    X(time_column,      TEXT,   0, 0, "",  "its name; found by itself")                         \
    X(price_column,     TEXT,   0, 0, "",  "its name; found by itself")                         \
    X(node_column,      TEXT,   0, 0, "",  "one series per value of this column")               \
    X(period_column,    TEXT,   0, 0, "",  "numbers of periods of the day that the time column names") \
    X(period_minutes,   ABOVE,  0, 1440, "min", "length of such a period")                      \
    X(rows_path,        TEXT,   0, 0, "",  "where JSON has its rows: data.items")               \
    X(date_order,       TEXT,   0, 0, "",  "year (default), day or month first")                \
    X(stamps_at_end,    BOOL,   0, 0, "",  "stamps name the end of their interval")             \
    X(interval_minutes, ABOVE,  0, 527040, "min", "where the file has only prices")             \
    X(zero,             TEXT,   0, 0, "",  "prices of 0: source (default), keep or missing")    \
    X(replace,          BOOL,   0, 0, "",  "stored rows from the first to the last new one go")  \
    X(repair,           TEXT,   0, 0, "",  "clean (default), none or uneven")                   \
    X(max_fill_h,       NUMBER, 0, 8784, "h", "longest gap that is filled; default 192")        \
    X(max_touched,      INTEGER, 0, 1e7, "", "values listed per series; 0: all; default 100")
// clang-format on

/* The tables, for the test of the documentation. */
const vo_field *vo_data_import_fields(size_t *n);

vo_status vo_data_import_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                             vo_error *err);

/* ---- shared with data_fetch ------------------------------------------------------- */

/* Does the market's name say that its data are made up? Such markets begin with SYNTH, and no
 * others do: data synth writes nowhere else, data import never there. */
bool vo_data_is_synthetic(const char *market);

/* One series stored (or refused: report NULL) with what cleaning did to it. */
void vo_data_write_stored(vo_json_out *w, const vo_lake_key *key, const vo_clean_report *report,
                          size_t max_touched);

/* Members of the open object: rows, intervals, stored, refused, first_refusal. */
void vo_data_write_summary(vo_json_out *w, const vo_import_summary *sum);

#endif
