/* data_fetch.h -- web services into the lake: the request of `volteo data fetch`.
 *
 * The response lists the series stored, with what cleaning did to each (as data import does),
 * and what was asked: calls planned, requests sent, replies taken from the cache, requests sent
 * again, replies that were empty, names that nothing came for, days that did not come of the
 * others. What came and was not asked for is left out, and the note says so; a reply with
 * nothing else is refused and not kept. With dry_run it lists the addresses instead, keys hidden, and asks nothing. docs/live.md is the user's page.
 *
 * Fields by client (others are refused):
 *   cenace      nodes or zones; system SIN (default), BCA, BCS; process MDA (default), MTR
 *   batu        nodes; mapping (file or name) and/or base_url; key
 *   caiso       nodes; process DAM (default), RTM, RTPD, HASP
 *   entsoe      zones (EIC codes); key; tz (default Europe/Brussels)
 *   open_meteo  latitude, longitude, variables; nodes (one name for the place); key; tz (UTC)
 * The program passes `key` from the environment variable that vo_live_service_of names; the
 * library reads none.
 */
#ifndef VO_ENGINE_DATA_FETCH_H
#define VO_ENGINE_DATA_FETCH_H

#include <volteo/engine.h>

#include "base/json.h"
#include "engine/fields.h"

// clang-format off
/* X(name, kind, lo, hi, unit, help) */
#define VO_FETCH_FIELD_MAP(X)                                                                   \
    X(client,           TEXT,    0, 0, "",  "cenace, batu, caiso, entsoe or open_meteo")        \
    X(nodes,            ANY,     0, 0, "",  "names: an array, or one text with commas")         \
    X(zones,            ANY,     0, 0, "",  "load zones of cenace, EIC codes of entsoe")        \
    X(system,           TEXT,    0, 0, "",  "cenace: SIN (default), BCA or BCS")                \
    X(process,          TEXT,    0, 0, "",  "MDA or MTR; DAM, RTM, RTPD, HASP; DA")             \
    X(from,             TEXT,    0, 0, "",  "first local day")                                  \
    X(to,               TEXT,    0, 0, "",  "last local day, included; default from")           \
    X(tz,               TEXT,    0, 0, "",  "of the days, where the service has several")       \
    X(latitude,         NUMBER,  -90, 90, "degrees", "open_meteo: of the place")                \
    X(longitude,        NUMBER,  -180, 180, "degrees", "open_meteo: of the place")              \
    X(variables,        TEXT,    0, 0, "",  "open_meteo: hourly variables, with commas")        \
    X(mapping,          TEXT,    0, 0, "",  "batu: file that says how to ask and to read")      \
    X(base_url,         TEXT,    0, 0, "",  "another address in place of the service's")        \
    X(key,              TEXT,    0, 0, "",  "of the service; never shown again")                \
    X(proxy,            TEXT,    0, 0, "",  "address of a proxy; default none")                 \
    X(ca_file,          TEXT,    0, 0, "",  "certificates to trust in place of the system's")   \
    X(timeout_s,        ABOVE,   0, 86400, "s", "of one request; default 60")                   \
    X(retries,          INTEGER, 0, 20,  "",  "times a request is sent again; default 5")       \
    X(parallel,         INTEGER, 1, 4,   "",  "requests at once; default the service's")        \
    X(requests_per_minute, ABOVE, 0, 1e6, "", "default the service's")                          \
    X(cache,            TEXT,    0, 0, "",  "folder of kept replies, or none; LAKE.replies")    \
    X(refresh,          BOOL,    0, 0, "",  "ask anew, replacing the replies that are kept")    \
    X(repair,           TEXT,    0, 0, "",  "clean (default), none or uneven")                  \
    X(max_fill_h,       NUMBER,  0, 8784, "h", "longest gap that is filled; default 192")       \
    X(max_touched,      INTEGER, 0, 1e7, "", "values listed per series; 0: all; default 100")   \
    X(replace,          BOOL,    0, 0, "",  "stored rows from the first to the last new one go") \
    X(dry_run,          BOOL,    0, 0, "",  "list what would be asked and ask nothing")
// clang-format on

/* The table, for the test of the documentation. */
const vo_field *vo_data_fetch_fields(size_t *n);

/* VO_EINVAL: the request, with its field, or the service refuses; VO_EIO: no usable reply;
 * VO_ENOTFOUND: the service has nothing; VO_ECANCELED. What came before a failure is kept in
 * the cache: the same request goes on where it was. */
vo_status vo_data_fetch_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                            vo_error *err);

/* The same with at most `rows_bytes` of rows in memory, in place of 48 MiB; the others wait in
 * LAKE/.spill until all replies are there. */
vo_status vo_data_fetch_within(const vo_engine_options *o, const char *request,
                               size_t rows_bytes, vo_json_out *w, vo_error *err);

#endif
