/* request.h -- the request documents: which fields there are, and reading them.
 *
 * The X-macros below are the only list of fields: they give the indexes, the tables that read
 * and check, and docs/api.md is tested against them.
 * Domains are wide enough for any battery on earth and narrow enough that no sum overflows.
 */
#ifndef VO_ENGINE_REQUEST_H
#define VO_ENGINE_REQUEST_H

#include <volteo/schedule.h>

#include "engine/fields.h"

// clang-format off
/* X(name, kind, lo, hi, unit, help) */
#define VO_BATTERY_FIELD_MAP(X)                                                                 \
    X(name,                 TEXT,   0, 0,     "",     "what to call it")                        \
    X(power_mw,             NUMBER, 0, 1e6,   "MW",   "largest power both ways")                \
    X(charge_mw,            NUMBER, 0, 1e6,   "MW",   "largest charging power")                 \
    X(discharge_mw,         NUMBER, 0, 1e6,   "MW",   "largest discharging power")              \
    X(capacity_mwh,         ABOVE,  0, 1e8,   "MWh",  "energy between SOC 0 and 1")             \
    X(capacity_mw,          ABOVE,  0, 1e6,   "MW",   "the power, with duration_hours")         \
    X(duration_hours,       ABOVE,  0, 1e5,   "h",    "hours at full power from SOC 1 to 0")    \
    X(efficiency,           RATIO,  0, 1,     "",     "round trip, split evenly each way")      \
    X(charge_efficiency,    RATIO,  0, 1,     "",     "MWh stored per MWh drawn")               \
    X(discharge_efficiency, RATIO,  0, 1,     "",     "MWh delivered per MWh taken out")        \
    X(self_discharge_per_h, PART,   0, 0.999, "",     "fraction lost in an hour")               \
    X(min_soc,              PART,   0, 1,     "",     "lowest SOC allowed")                     \
    X(max_soc,              PART,   0, 1,     "",     "highest SOC allowed")                    \
    X(initial_soc,          PART,   0, 1,     "",     "SOC at the start; default min_soc")      \
    X(final_soc,            ANY,    0, 0,     "",     "what must be left at the end")           \
    X(max_cycles_per_day,   NUMBER, 0, 1e6,   "",     "discharged / usable MWh per local day")  \
    X(max_cycles,           NUMBER, 0, 1e9,   "",     "the same over the whole horizon")        \
    X(wear_cost_per_mwh,    NUMBER, 0, 1e8,   "currency/MWh", "per MWh discharged")

#define VO_MARKET_FIELD_MAP(X)                                                                  \
    X(zone,       TEXT, 0, 0, "", "zone or node of the lake")                                   \
    X(node,       TEXT, 0, 0, "", "the same as zone")                                           \
    X(market,     TEXT, 0, 0, "", "default MEM")                                                \
    X(process,    TEXT, 0, 0, "", "default MDA")                                                \
    X(start_date, TEXT, 0, 0, "", "first local day or instant")                                 \
    X(end_date,   TEXT, 0, 0, "", "last local day, included, or instant")

/* Series that are a number, a column of the prices' source, or an array. X(name, lo, help) */
#define VO_SITE_FIELD_MAP(X)                                                                    \
    X(export_price,       -1e8, "currency/MWh", "paid for exports, if not the price")           \
    X(load_mw,            0,    "MW", "demand behind the same meter")                           \
    X(pv_mw,              0,    "MW", "generation behind the same meter")                       \
    X(import_limit_mw,    0,    "MW", "of the meter")                                           \
    X(export_limit_mw,    0,    "MW", "of the meter")                                           \
    X(charge_limit_mw,    0,    "MW", "of the first battery: outages")                          \
    X(discharge_limit_mw, 0,    "MW", "of the first battery: outages")                          \
    X(carbon_kg_per_mwh,  -1e6, "kg/MWh", "of imported energy")

/* What every request about a battery may say. */
#define VO_REQUEST_FIELD_MAP(X)                                                                 \
    X(battery_params,       ANY,     0, 0,    "",    "one battery")                             \
    X(batteries,            ANY,     0, 0,    "",    "several, behind one connection")          \
    X(market_params,        ANY,     0, 0,    "",    "prices from the lake")                    \
    X(prices,               ANY,     0, 0,    "",    "prices in the request itself")            \
    X(prices_file,          TEXT,    0, 0,    "",    "a file of prices, where allowed")      \
    X(tariff,               TEXT,    0, 0,    "",    "tariffs by name instead of prices; where allowed files") \
    X(home,                 TEXT,    0, 0,    "",    "its load and PV: a node of the lake's loads") \
    X(price_column,         TEXT,    0, 0,    "",    "its column; default price")               \
    X(time_column,          TEXT,    0, 0,    "",    "its column of time; found by itself")     \
    X(node_column,          TEXT,    0, 0,    "",    "its column of nodes; found by itself")    \
    X(date_order,           TEXT,    0, 0,    "",    "year (default), day or month first")      \
    X(stamps_at_end,        BOOL,    0, 0,    "",    "stamps name the end of their interval")   \
    X(from,                 TEXT,    0, 0,    "",    "first local day or instant used")         \
    X(to,                   TEXT,    0, 0,    "",    "last local day, included, or instant")    \
    X(start,                TEXT,    0, 0,    "",    "first interval of bare price numbers")    \
    X(interval_minutes,     ABOVE,   0, 527040, "min", "step of bare price numbers; default 60") \
    X(tz,                   TEXT,    0, 0,    "",    "time zone of days and bare time stamps")  \
    X(currency,             TEXT,    0, 0,    "",    "for people; not converted")               \
    X(node,                 TEXT,    0, 0,    "",    "which one of a file with several")        \
    X(process,              TEXT,    0, 0,    "",    "which one: MDA, MTR, DAM")                   \
    X(synthetic,            BOOL,    0, 0,    "",    "the prices are made up: say so")          \
    X(repair,               TEXT,    0, 0,    "",    "none (default), clean or uneven")         \
    X(fee_per_mwh,          NUMBER,  0, 1e8,  "currency/MWh", "on every MWh through the meter") \
    X(carbon_price_per_t,   NUMBER,  0, 1e8,  "currency/t", "on carbon_kg_per_mwh")             \
    X(curtailable,          BOOL,    0, 0,    "",    "PV may be turned down")                   \
    X(demand_charge_per_mw, NUMBER,  0, 1e9,  "currency/MW", "on the largest import")           \
    X(demand_period,        TEXT,    0, 0,    "",    "horizon (default), month or day")         \
    X(ramp_mw_per_h,        ABOVE,   0, 1e9,  "MW/h", "largest change of power")                \
    X(low_percentile,       NUMBER,  0, 100,  "%",   "threshold: charge at or below")           \
    X(high_percentile,      NUMBER,  0, 100,  "%",   "threshold: discharge at or above")

#define VO_OPTIMIZE_FIELD_MAP(X)                                                                \
    X(method,               TEXT,    0, 0,    "",    "auto, exact, lp, threshold, spread, cycle") \
    X(horizon,              TEXT,    0, 0,    "",    "all (default), or day: each day alone")   \
    X(explain,              BOOL,    0, 0,    "",    "a sentence of reasons per interval")      \
    X(timing,               BOOL,    0, 0,    "",    "adds solve_ms, which differs every time") \
    X(time_limit_s,         ABOVE,   0, 1e9,  "s",   "for lp")

#define VO_COMPARE_FIELD_MAP(X)                                                                 \
    X(policies,             ANY,     0, 0,    "",    "names; default all")                      \
    X(protocol,             TEXT,    0, 0,    "",    "planned (default) or rolling")            \
    X(days_alone,           BOOL,    0, 0,    "",    "each day from initial to final SOC")      \
    X(forecasts_file,       TEXT,    0, 0,    "",    "columns of published forecasts")          \
    X(skip_days,            INTEGER, 0, 36600, "d",  "first days settled by nobody")            \
    X(train_until,          TEXT,    0, 0,    "",    "what learns is trained on the prices before it") \
    X(train_days,           INTEGER, 1, 36600, "d",  "and only on so many days; default all")   \
    X(recalibrate_days,     INTEGER, 0, 36600, "d",  "refits after so many; 0 never, default 28") \
    X(lookahead_h,          ABOVE,   0, 1440, "h",   "rolling; default: end of the next day")   \
    X(export_price_known,   BOOL,    0, 0,    "",    "export_price is a tariff known ahead")    \
    X(seed,                 INTEGER, 0, 9e15, "",    "of the bootstrap interval")               \
    X(resamples,            INTEGER, 100, 1e6, "",   "of days for the bootstrap interval")      \
    X(curves,               BOOL,    0, 0,    "",    "prices and actions, for a report")

/* What training says, whether by train or by retrain. */
#define VO_TRAINING_FIELD_MAP(X)                                                                \
    X(method,               TEXT,    0, 0,    "",    "gbt (default), lear or ensemble; retrain: or q_learning") \
    X(id,                   TEXT,    0, 0,    "",    "the model's id in the registry")          \
    X(horizons,             ANY,     0, 0,    "min", "gbt: minutes ahead, e.g. [1, 5, 15, 60]") \
    X(train_until,          TEXT,    0, 0,    "",    "only what lies before it is learned from") \
    X(quantiles,            ANY,     0, 0,    "",    "gbt: levels, e.g. [0.05, 0.5, 0.95]")     \
    X(split,                TEXT,    0, 0,    "",    "gbt: shares (default) or days: the last 7 + 1.5 + 1.5") \
    X(trees,                INTEGER, 1, 10000, "",   "gbt: at most so many (200)")              \
    X(depth,                INTEGER, 1, 16,   "",    "gbt: of a tree (6)")                      \
    X(rate,                 RATIO,   0, 1,    "",    "gbt: learning rate (0.1)")                \
    X(search,               INTEGER, 0, 200,  "",    "gbt: settings tried by cross-validation") \
    X(episodes,             INTEGER, 1, 1e6,  "",    "q: per environment (1000)")               \
    X(environments,         INTEGER, 1, 1e6,  "",    "q: in parallel (4096)")                   \
    X(max_steps,            INTEGER, 1, 1e7,  "",    "q: steps of an episode (14400)")          \
    X(key,                  TEXT,    0, 0,    "",    "the same key again: the version it made")  \
    X(seed,                 INTEGER, 0, 9e15, "",    "of chance")

#define VO_TRAIN_FIELD_MAP(X)                                                                   \
    VO_TRAINING_FIELD_MAP(X)                                                                    \
    X(what,                 TEXT,    0, 0,    "",    "price (default) or q")                    \
    X(alias,                TEXT,    0, 0,    "",    "champion or challenger (default)")        \
    X(reason,               TEXT,    0, 0,    "",    "for the log of promotions")

#define VO_FORECAST_FIELD_MAP(X)                                                                \
    X(model,                TEXT,    0, 0,    "",    "ID, ID@VERSION or ID@champion")           \
    X(method,               TEXT,    0, 0,    "",    "without a model: a forecaster's name")    \
    X(horizon,              ABOVE,   0, 20160, "min", "how far ahead (60)")                     \
    X(quantiles,            ANY,     0, 0,    "",    "levels, e.g. [0.05, 0.5, 0.95]")          \
    X(at,                   TEXT,    0, 0,    "",    "prices before it are known; default: all") \
    X(seed,                 INTEGER, 0, 9e15, "",    "of chance")

#define VO_DECIDE_FIELD_MAP(X)                                                                  \
    X(policy,               TEXT,    0, 0,    "",    "any but perfect; default mpc")            \
    X(soc,                  PART,    0, 1,    "",    "now; default initial_soc")                \
    X(at,                   TEXT,    0, 0,    "",    "now; default: the last known price's interval") \
    X(known,                INTEGER, 1, 1e7,  "",    "so many of the prices are known; default all") \
    X(forecast,             ANY,     0, 0,    "currency/MWh", "prices to come, instead of a forecaster's") \
    X(forecast_error,       NUMBER,  0, 1e9,  "currency/MWh", "how far forecasts are off, root mean square") \
    X(lookahead_h,          ABOVE,   0, 1440, "h",   "default: what is known, or the end of the next day") \
    X(day_discharged_mwh,   NUMBER,  0, 1e9,  "MWh", "today until now, for max_cycles_per_day") \
    X(discharged_mwh,       NUMBER,  0, 1e12, "MWh", "in all until now, for max_cycles")        \
    X(export_price_known,   BOOL,    0, 0,    "",    "export_price is a tariff known ahead")    \
    X(show_forecast,        BOOL,    0, 0,    "",    "adds the prices it was planned on")

#define VO_PREDICT_FIELD_MAP(X)                                                                 \
    X(model_id,             TEXT,    0, 0,    "",    "ID, ID@VERSION, ID@champion, ...")        \
    X(timestamp,            TEXT,    0, 0,    "",    "prices before it are known; default: all") \
    X(features,             ANY,     0, 0,    "",    "gbt: by name, instead of prices")         \
    X(horizon,              ABOVE,   0, 20160, "min", "how far ahead; default: the model's first") \
    X(quantiles,            ANY,     0, 0,    "",    "levels, e.g. [0.05, 0.95]")               \
    X(charge_level,         PART,    0, 1,    "",    "tables: 0..1 of what the battery may use") \
    X(current_price,        NUMBER,  -1e9, 1e9, "currency/MWh", "tables: now; default: the last price") \
    X(price_forecast_1m,    NUMBER,  -1e9, 1e9, "currency/MWh", "not read by the tables there are") \
    X(price_forecast_5m,    NUMBER,  -1e9, 1e9, "currency/MWh", "the same")                     \
    X(price_forecast_15m,   NUMBER,  -1e9, 1e9, "currency/MWh", "the same")                     \
    X(hour,                 INTEGER, 0, 23,   "h",   "tables: local; default: of timestamp")

#define VO_EVALUATE_FIELD_MAP(X)                                                                \
    X(epf,                  TEXT,    0, 0,    "",    "a benchmark file: date, price, exogenous") \
    X(published,            TEXT,    0, 0,    "",    "a file of forecasts to stand beside")     \
    X(method,               TEXT,    0, 0,    "",    "forecasters, with commas (ensemble)")     \
    X(test_days,            INTEGER, 1, 36600, "d",  "judged: the last ones (728)")             \
    X(recalibrate_days,     INTEGER, 0, 36600, "d",  "models are refitted every so many (1)")   \
    X(level,                RATIO,   0, 0.999, "",   "of the interval judged (0.9)")            \
    X(seed,                 INTEGER, 0, 9e15, "",    "of chance")                               \
    X(curves,               BOOL,    0, 0,    "",    "every forecast, for a report")

#define VO_RETRAIN_FIELD_MAP(X)                                                                 \
    VO_TRAINING_FIELD_MAP(X)                                                                    \
    X(backtest_days,        INTEGER, 1, 3660, "d",   "judged: the last ones (30)")              \
    X(protocol,             TEXT,    0, 0,    "",    "planned (default) or rolling")            \
    X(dry_run,              BOOL,    0, 0,    "",    "compare, and change nothing")

#define VO_MODELS_COMPARE_FIELD_MAP(X)                                                          \
    X(id,                   TEXT,    0, 0,    "",    "the model's id in the registry")          \
    X(versions,             ANY,     0, 0,    "",    "two: versions or aliases")                \
    X(protocol,             TEXT,    0, 0,    "",    "planned (default) or rolling")            \
    X(backtest_days,        INTEGER, 1, 3660, "d",   "judged: the last ones (30)")
// clang-format on

#define X(name, kind, lo, hi, unit, help) VO_BAT_##name,
enum { VO_BATTERY_FIELD_MAP(X) VO_BATTERY_FIELDS };
#undef X
#define X(name, kind, lo, hi, unit, help) VO_MKT_##name,
enum { VO_MARKET_FIELD_MAP(X) VO_MARKET_FIELDS };
#undef X
#define X(name, lo, unit, help) VO_SITE_##name,
enum { VO_SITE_FIELD_MAP(X) VO_SITE_FIELDS };
#undef X
/* Fields of a request: the common ones, the site's, then those of the call. */
#define X(name, kind, lo, hi, unit, help) VO_REQ_##name,
enum { VO_REQUEST_FIELD_MAP(X) VO_REQ_SITE, VO_REQ_CALL = VO_REQ_SITE + VO_SITE_FIELDS };
#undef X
#define X(name, kind, lo, hi, unit, help) VO_OPT_##name,
enum { VO_OPT_BEFORE = VO_REQ_CALL - 1, VO_OPTIMIZE_FIELD_MAP(X) VO_OPTIMIZE_FIELDS };
#undef X
#define X(name, kind, lo, hi, unit, help) VO_CMP_##name,
enum { VO_CMP_BEFORE = VO_REQ_CALL - 1, VO_COMPARE_FIELD_MAP(X) VO_COMPARE_FIELDS };
#undef X
#define X(name, kind, lo, hi, unit, help) VO_TRN_##name,
enum { VO_TRN_BEFORE = VO_REQ_CALL - 1, VO_TRAIN_FIELD_MAP(X) VO_TRAIN_FIELDS };
#undef X
#define X(name, kind, lo, hi, unit, help) VO_FOR_##name,
enum { VO_FOR_BEFORE = VO_REQ_CALL - 1, VO_FORECAST_FIELD_MAP(X) VO_FORECAST_FIELDS };
#undef X
#define X(name, kind, lo, hi, unit, help) VO_DEC_##name,
enum { VO_DEC_BEFORE = VO_REQ_CALL - 1, VO_DECIDE_FIELD_MAP(X) VO_DECIDE_FIELDS };
#undef X
#define X(name, kind, lo, hi, unit, help) VO_PRE_##name,
enum { VO_PRE_BEFORE = VO_REQ_CALL - 1, VO_PREDICT_FIELD_MAP(X) VO_PREDICT_FIELDS };
#undef X
#define X(name, kind, lo, hi, unit, help) VO_EVA_##name,
enum { VO_EVA_BEFORE = VO_REQ_CALL - 1, VO_EVALUATE_FIELD_MAP(X) VO_EVALUATE_FIELDS };
#undef X
#define X(name, kind, lo, hi, unit, help) VO_RET_##name,
enum { VO_RET_BEFORE = VO_REQ_CALL - 1, VO_RETRAIN_FIELD_MAP(X) VO_RETRAIN_FIELDS };
#undef X
#define X(name, kind, lo, hi, unit, help) VO_MOC_##name,
enum {
    VO_MOC_BEFORE = VO_REQ_CALL - 1,
    VO_MODELS_COMPARE_FIELD_MAP(X) VO_MODELS_COMPARE_FIELDS
};
#undef X
enum { VO_REQUEST_FIELDS_MAX = 64 };

typedef enum {
    VO_REQUEST_OPTIMIZE,
    VO_REQUEST_COMPARE,
    VO_REQUEST_TRAIN,
    VO_REQUEST_FORECAST,
    VO_REQUEST_EVALUATE,
    VO_REQUEST_RETRAIN,
    VO_REQUEST_MODELS_COMPARE,
    VO_REQUEST_DECIDE,
    VO_REQUEST_PREDICT,
    VO_REQUEST_KINDS
} vo_request_kind;

/* A request, read: each field checked against its own domain, batteries resolved. Everything
 * borrowed from `root`, which the request owns. */
typedef struct {
    vo_request_kind kind;
    vo_json *root;
    vo_field_value value[VO_REQUEST_FIELDS_MAX]; /* by VO_REQ_, VO_OPT_, ... index         */
    vo_field_value market[VO_MARKET_FIELDS];     /* by VO_MKT_; zeroed without market_params */
    vo_battery *battery;                         /* [n_batteries], owned                   */
    const char **battery_name;                   /* [n_batteries], "" if it has none       */
    size_t n_batteries;                          /* 0: none given, where none is needed    */
} vo_request;

/* The tables, for readers and for the test of the documentation. */
const vo_field *vo_request_fields(vo_request_kind kind, size_t *n);
const vo_field *vo_request_battery_fields(size_t *n);
const vo_field *vo_request_market_fields(size_t *n);

/* Fills *r; VO_EINVAL with the path of the field. vo_request_fini releases it. */
vo_status vo_request_read(const char *text, vo_request_kind kind, vo_request *r, vo_error *err);
void vo_request_fini(vo_request *r); /* accepts a zeroed one */

/* One battery object at `path`. */
vo_status vo_request_battery(const vo_json *v, const char *path, vo_battery *out,
                             const char **name, vo_error *err);

/* The text of a field, or `absent`. */
const char *vo_request_text(const vo_request *r, int field, const char *absent);
double vo_request_number(const vo_request *r, int field, double absent);

/* Index of a text field's value among `names`, refused with the nearest name otherwise. */
vo_status vo_request_choice(const vo_request *r, int field, const char *path,
                            const char *const *names, size_t n, size_t absent, size_t *out,
                            vo_error *err);

#endif
