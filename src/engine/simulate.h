/* simulate.h -- a community of homes that trade: what each pays, what it would pay without, how much
 * of the saving is whose, and what nobody could beat.
 *
 * Homes are generated (SYNTHETIC) or read from files; the community is played in virtual time
 * (community/simulation.h). The same homes are played again without PV, without batteries, by a rule,
 * alone, with perfect forecasts and without market rules: the differences are what PV, time
 * shifting, forecasting and trading save, and what is left to the bounds. All money is counted in
 * micro-units, so that the parts add up exactly.
 */
#ifndef VO_ENGINE_SIMULATE_H
#define VO_ENGINE_SIMULATE_H

#include <volteo/engine.h>

#include "base/json.h"
#include "engine/fields.h"

// clang-format off
/* X(name, kind, lo, hi, unit, help) */
#define VO_SIMULATE_FIELD_MAP(X)                                                                 \
    X(homes,               INTEGER, 1, 1000000, "",    "how many (10; of files all)")            \
    X(days,                INTEGER, 1, 366,     "d",   "how long (1)")                           \
    X(history_days,        INTEGER, 0, 365,     "d",   "known before the first day; forecasts learn from them (28; 7 or 3 for many homes)") \
    X(from,                TEXT,    0, 0,       "",    "first local day (2026-07-01; of files the first)") \
    X(seed,                INTEGER, 0, 9e15,    "",    "of homes and weather (1)")               \
    X(scenario,            TEXT,    0, 0,       "",    "what happens: base, heat_wave, ...; where allowed a file") \
    X(homes_from,          TEXT,    0, 0,       "",    "folder of Building_*.csv in CityLearn's layout, instead of generated homes") \
    X(tariff,              TEXT,    0, 0,       "",    "its name, with or without its date; where allowed a file (pge_e_tou_c)") \
    X(territory,           TEXT,    0, 0,       "",    "baseline territory of the bills (X, where the tariff has it)") \
    X(interval_minutes,    INTEGER, 5, 60,      "min", "a divisor of 60 (30)")                   \
    X(pv_share,            PART,    0, 1,       "",    "of generated homes with panels (0.6)")   \
    X(battery_kwh,         NUMBER,  0, 1e5,     "kWh", "of every home (13.5; of files their own); 0: none") \
    X(battery_kw,          ABOVE,   0, 1e5,     "kW",  "both ways (5)")                          \
    X(efficiency,          RATIO,   0, 1,       "",    "round trip (0.9)")                       \
    X(min_soc,             PART,    0, 1,       "",    "reserve kept for outages (0.1)")         \
    X(max_soc,             RATIO,   0, 1,       "",    "highest charge (0.8)")                   \
    X(initial_soc,         PART,    0, 1,       "",    "at the start, and at least so at the end (0.45)") \
    X(import_limit_kwh,    ABOVE,   0, 1e5,     "kWh", "of a home and interval from the grid (10)") \
    X(export_limit_kwh,    NUMBER,  0, 1e5,     "kWh", "of a home and interval into the grid (4)") \
    X(feeder_kwh,          ABOVE,   0, 1e12,    "kWh", "of all meters together and interval (no limit)") \
    X(matching,            TEXT,    0, 0,       "",    "signal, pay_as_bid, pay_as_clear (default) or pay_as_offer") \
    X(loss,                PART,    0, 0.5,     "",    "of what is traded, on its way (0.05)")   \
    X(fee,                 NUMBER,  0, 10,      "",    "the operator's, per kWh, paid by the buyer (0)") \
    X(least_price,         NUMBER,  0, 1000,    "",    "lowest price per kWh (0.10)")            \
    X(most_price,          ABOVE,   0, 1000,    "",    "highest price per kWh (1.00)")           \
    X(most_trade_kwh,      ABOVE,   0, 1e6,     "kWh", "a home may buy or sell in an interval (2)") \
    X(most_sold_daily_kwh, NUMBER,  0, 1e6,     "kWh", "a home may sell in a day (10)")          \
    X(price_point,         PART,    0, 1,       "",    "where in the equilibrium interval pay_as_clear's price lies (0.5)") \
    X(no_rules,            BOOL,    0, 0,       "",    "no limit of price, trade or day; losses and fee stay") \
    X(keep_peak,           BOOL,    0, 0,       "",    "batteries do not raise the highest draw of all meters together") \
    X(forecaster,          TEXT,    0, 0,       "",    "profile (default), naive_day, naive_week, load_gbt, load_gbt=MODEL, perfect") \
    X(horizon,             INTEGER, 1, 288,     "",    "intervals planned ahead (a day)")        \
    X(replan_every,        INTEGER, 1, 288,     "",    "intervals from plan to plan (1; 4 for more than 1000 homes)") \
    X(load_cases,          INTEGER, 1, 8,       "",    "net loads planned for at once (3; 2 for more than 1000 homes)") \
    X(bounds,              TEXT,    0, 0,       "",    "auto (default: up to 1000 homes and 31 days), on or off: bounds and the parts of savings and gap") \
    X(timeline,            BOOL,    0, 0,       "",    "adds what every home does in every interval") \
    X(households,          BOOL,    0, 0,       "",    "lists homes one by one beyond 1000, too") \
    X(max_trades,          INTEGER, 0, 1000000, "",    "trades listed, the first ones (5000)")   \
    X(parquet,             TEXT,    0, 0,       "",    "folder for intervals, trades and households as Parquet files")
// clang-format on

/* Beyond so many homes they are not listed one by one, planning is lighter, and bounds are for
 * those who ask. */
#define VO_SIMULATE_FEW 1000u

/* The table, for the test of the documentation. */
const vo_field *vo_simulate_request_fields(size_t *n);

/* Would it begin? Fields, names, files; for those who accept work that is done later. */
vo_status vo_simulate_check(const vo_engine_options *o, const char *request, vo_error *err);

vo_status vo_simulate_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                          vo_error *err);

#endif
