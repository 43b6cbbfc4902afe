/* lake_requests.h -- list, show, export, remove, doctor and compact: the lake, as documents. */
#ifndef VO_ENGINE_LAKE_REQUESTS_H
#define VO_ENGINE_LAKE_REQUESTS_H

#include <volteo/engine.h>

#include "base/json.h"
#include "engine/fields.h"

// clang-format off
/* X(name, kind, lo, hi, unit, help): which series of the lake, and which part of it */
#define VO_LAKE_FIELD_MAP(X)                                                                    \
    X(kind,        TEXT,    0, 0,   "", "prices (default), load, weather, carbon, ...")         \
    X(market,      TEXT,    0, 0,   "", "the only one there is, else MEM")                      \
    X(process,     TEXT,    0, 0,   "", "the only one there is, else MDA")                      \
    X(node,        TEXT,    0, 0,   "", "node, zone, meter or place")                           \
    X(from,        TEXT,    0, 0,   "", "first local day; the first there is")                  \
    X(to,          TEXT,    0, 0,   "", "last local day, included; the last there is")          \
    X(out,         TEXT,    0, 0,   "", "file to write: .csv, .json or .parquet; - is CSV on standard output") \
    X(raw,         BOOL,    0, 0,   "", "as the source wrote it, before cleaning")              \
    X(changes,     BOOL,    0, 0,   "", "what cleaning changed, instead of the series")         \
    X(max_touched, INTEGER, 0, 1e7, "", "changes listed; 0: all; default 20")                   \
    X(tariff,      TEXT,    0, 0,   "", "a tariff file of config/tariffs, instead of a series")  \
    X(mend,        BOOL,    0, 0,   "", "put right what is found")                              \
    X(yes,         BOOL,    0, 0,   "", "remove it; without, it is only told what would go")
// clang-format on

/* The table, for the test of the documentation. */
const vo_field *vo_lake_request_fields(size_t *n);

/* {kind?, market?} -> the series there are. */
vo_status vo_data_list_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                           vo_error *err);
/* {node, kind?, market?, process?, from?, to?, max_touched?} -> figures, curve, changes. */
vo_status vo_data_show_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                           vo_error *err);
/* {node, out, ..., raw? | changes?} -> a file. */
vo_status vo_data_export_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                             vo_error *err);
/* {node, kind?, market?, process?, from?, to?, yes?} -> what was removed, or would be. */
vo_status vo_data_remove_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                             vo_error *err);
/* {mend?} -> findings. */
vo_status vo_data_doctor_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                             vo_error *err);
/* {} -> bytes before and after. */
vo_status vo_data_compact_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                              vo_error *err);

#endif
