/* train_load.h -- training one model of homes' loads (learn/load_model.h) into the registry.
 *
 * Behind `volteo train load`, for `volteo simulate --forecaster load_gbt=ID`. Homes are generated or
 * read from files, as for simulate.h; all their days are learned from, so that a simulation which
 * is judged by it must play later ones, or other homes.
 */
#ifndef VO_ENGINE_TRAIN_LOAD_H
#define VO_ENGINE_TRAIN_LOAD_H

#include <volteo/engine.h>

#include "base/json.h"
#include "engine/fields.h"

// clang-format off
/* X(name, kind, lo, hi, unit, help) */
#define VO_TRAIN_LOAD_FIELD_MAP(X)                                                               \
    X(what,             TEXT,    0, 0,     "",    "load")                                        \
    X(id,               TEXT,    0, 0,     "",    "the model's id in the registry (load)")       \
    X(homes,            INTEGER, 1, 1000,  "",    "how many (10; of files all)")                 \
    X(days,             INTEGER, 10, 366,  "d",   "learned from (60)")                           \
    X(from,             TEXT,    0, 0,     "",    "first local day (2026-03-01; of files the first)") \
    X(homes_from,       TEXT,    0, 0,     "",    "folder of Building_*.csv in CityLearn's layout, instead of generated homes") \
    X(interval_minutes, INTEGER, 5, 60,    "min", "a divisor of 60 (30)")                        \
    X(seed,             INTEGER, 0, 9e15,  "",    "of homes, weather and chance (1)")            \
    X(alias,            TEXT,    0, 0,     "",    "champion or challenger; the first version is champion") \
    X(reason,           TEXT,    0, 0,     "",    "for the log of promotions")
// clang-format on

/* The table, for the test of the documentation. */
const vo_field *vo_train_load_fields(size_t *n);

/* Is it about loads, "what": "load"? Anything that is no such document is not. */
bool vo_train_load_asked(const char *request);

vo_status vo_train_load_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                            vo_error *err);

/* Would it begin to learn? Reads the request and learns nothing. */
vo_status vo_train_load_check(const vo_engine_options *o, const char *request, vo_error *err);

#endif
