/* price_requests.h -- market data over the service: markets, nodes, prices out and in.
 *
 * Names are those of the lake; what a name may not have ('/', '\', a leading '.') is refused in
 * requests that write, and simply not there in those that read. No file is named, so all of this
 * works without allow_files.
 */
#ifndef VO_ENGINE_PRICE_REQUESTS_H
#define VO_ENGINE_PRICE_REQUESTS_H

#include <volteo/engine.h>

#include "base/json.h"
#include "engine/fields.h"
#include "engine/price_desk.h"

#define VO_PRICES_MOST_VALUES 2000000u /* of one answer: rows times columns */
#define VO_PRICES_MOST_ROWS 1000000u   /* of one request that adds          */
#define VO_PRICES_MOST_LIMIT 100000    /* rows of one page of JSON          */
#define VO_NODES_MOST_LIMIT 10000

// clang-format off
/* X(name, kind, lo, hi, unit, help) */
#define VO_NODES_FIELD_MAP(X)                                                                   \
    X(market,  TEXT,    0, 0, "", "only this market")                                           \
    X(process, TEXT,    0, 0, "", "only MDA, MTR, DA, ...")                                     \
    X(kind,    TEXT,    0, 0, "", "only prices, load, weather, carbon, ...")                    \
    X(prefix,  TEXT,    0, 0, "", "nodes whose names begin so, in any case")                    \
    X(limit,   INTEGER, 1, VO_NODES_MOST_LIMIT, "", "of one page; default 1000")                \
    X(after,   TEXT,    0, 0, "", "`next` of the page before")

#define VO_PRICES_FIELD_MAP(X)                                                                  \
    X(market,     TEXT,    0, 0, "", "whose")                                                   \
    X(process,    TEXT,    0, 0, "", "the only one there is, else MDA")                         \
    X(node,       TEXT,    0, 0, "", "node, zone, meter or place")                              \
    X(kind,       TEXT,    0, 0, "", "prices (default), load, weather, carbon, ...")            \
    X(from,       TEXT,    0, 0, "", "first local day, or an instant; the first there is")      \
    X(to,         TEXT,    0, 0, "", "last local day, or an instant, included; the last there is") \
    X(resolution, ANY,     0, 0, "", "raw (default), minutes that divide a day, 15m, PT15M, 1h, 1d, 1w, 1mo") \
    X(statistic,  TEXT,    0, 0, "", "of a coarser step: mean (default), min, max, first, last") \
    X(columns,    ANY,     0, 0, "", "names: an array, or one text with commas; all there are") \
    X(format,     TEXT,    0, 0, "", "json (default), csv, parquet, arrow")                     \
    X(limit,      INTEGER, 1, VO_PRICES_MOST_LIMIT, "", "rows of one page of json; all")        \
    X(after,      TEXT,    0, 0, "", "`next` of the page before")

#define VO_PRICES_ADD_FIELD_MAP(X)                                                              \
    X(market,           TEXT,   0, 0, "", "whose")                                              \
    X(process,          TEXT,   0, 0, "", "DA")                                                 \
    X(node,             TEXT,   0, 0, "", "node, zone, meter or place")                         \
    X(kind,             TEXT,   0, 0, "", "prices (default), load, weather, carbon, ...")       \
    X(prices,           ANY,    0, 0, "", "numbers, {timestamp, price}, or {timestamps, prices}") \
    X(csv,              TEXT,   0, 0, "", "the same as a table with a header, instead of prices") \
    X(start,            TEXT,   0, 0, "", "first interval, where prices or csv have no stamps") \
    X(interval_minutes, ABOVE,  0, 527040, "min", "from the stamps; of numbers alone 60")       \
    X(tz,               TEXT,   0, 0, "", "of stamps without an offset, and of days; UTC")      \
    X(currency,         TEXT,   0, 0, "", "MXN, EUR, ...")                                      \
    X(unit,             TEXT,   0, 0, "", "of the first column; MWh")                           \
    X(time_column,      TEXT,   0, 0, "", "of csv: its name; found by itself")                  \
    X(date_order,       TEXT,   0, 0, "", "year (default), day or month first")                 \
    X(replace,          BOOL,   0, 0, "", "stored rows from the first to the last new one go")  \
    X(repair,           TEXT,   0, 0, "", "clean (default), none or uneven")                    \
    X(max_fill_h,       NUMBER, 0, 8784, "h", "longest gap that is filled; default 192")        \
    X(max_touched,      INTEGER, 0, 1e5, "", "values listed; default 100")
// clang-format on

/* The tables, for the tests of the documentation and of the schema. */
const vo_field *vo_nodes_fields(size_t *n);
const vo_field *vo_prices_fields(size_t *n);
const vo_field *vo_prices_add_fields(size_t *n);

/* {} -> {"markets": [{market, processes, nodes, kinds, from, to, currency, tz,
 * interval_minutes}]} */
vo_status vo_markets_run(const vo_engine_options *o, vo_price_desk *desk, const char *request,
                         vo_json_out *w, vo_error *err);
vo_status vo_nodes_run(const vo_engine_options *o, vo_price_desk *desk, const char *request,
                       vo_json_out *w, vo_error *err);
vo_status vo_prices_run(const vo_engine_options *o, vo_price_desk *desk, const char *request,
                        vo_document *out, vo_error *err);
vo_status vo_prices_add_run(const vo_engine_options *o, vo_price_desk *desk,
                            const char *request, vo_json_out *w, vo_error *err);

#endif
