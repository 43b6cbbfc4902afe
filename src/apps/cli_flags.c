/* cli_flags.c -- one table of flags; what is given becomes the fields of a request.
 *
 * The engine checks values, so that a flag and the field behind it refuse the same things in
 * the same words. Here only what is no number, or no file, is refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/cli.h"
#include "base/text.h"
#include "port/file.h"
#include "port/terminal.h"

typedef enum {
    TEXT,   /* a string                                  */
    NUMBER, /* must read as a number                     */
    EITHER, /* a number if it reads as one, else a name  */
    YES,    /* a flag without a value                    */
    SPECIAL /* has its own code, by name                 */
} flag_kind;

typedef enum { PRICES, SITE, METHOD, OUTPUT, N_GROUPS } flag_group; /* sections of the help */

typedef struct {
    const char *name;
    flag_kind kind;
    flag_group group;
    unsigned commands;
    const char *field; /* of the request */
    const char *value; /* what the help calls it */
    const char *help;
} flag;

// clang-format off
static const flag flags[] = {
    {"prices", TEXT, PRICES, CLI_PRICED, "prices_file", "FILE", "any file of prices: timestamp,price or a known format"},
    {"tariff", TEXT, PRICES, CLI_PLANS, "tariff", "FILE,...", "what a household pays, instead of prices: config/tariffs"},
    {"home", TEXT, SITE, CLI_PLANS, "home", "NODE", "with --tariff: load and PV of a home of the lake"},
    {"battery", SPECIAL, SITE, CLI_PLANS | CLI_BATTERY, NULL, "FILE", "JSON: {\"power_mw\": 2, \"capacity_mwh\": 4, ...}"},
    {"request", SPECIAL, PRICES, CLI_PRICED | CLI_SIMULATE, NULL, "FILE|-", "a whole request as JSON, instead of other options"},
    {"market", SPECIAL, PRICES, CLI_PRICED, NULL, "NAME", "prices from the lake: its market (MEM)"},
    {"process", SPECIAL, PRICES, CLI_PRICED, NULL, "NAME", "MDA, MTR, DAM, ..."},
    {"node", SPECIAL, PRICES, CLI_PRICED, NULL, "NAME", "zone or node of the lake, or of a file with several"},
    {"from", SPECIAL, PRICES, CLI_PRICED, NULL, "DATE", "first local day"},
    {"to", SPECIAL, PRICES, CLI_PRICED, NULL, "DATE", "last local day, included"},
    {"price-column", TEXT, PRICES, CLI_PRICED, "price_column", "NAME", "the file's price column"},
    {"time-column", TEXT, PRICES, CLI_PRICED | CLI_IMPORT, "time_column", "NAME", "the file's time column (found by itself)"},
    {"node-column", TEXT, PRICES, CLI_PRICED, "node_column", "NAME", "the file's column of nodes (found by itself)"},
    {"date-order", TEXT, PRICES, CLI_PRICED | CLI_IMPORT, "date_order", "WHICH", "year (default), day or month first"},
    {"stamps-at-end", YES, PRICES, CLI_PRICED | CLI_IMPORT, "stamps_at_end", NULL, "stamps name the end of an interval"},
    {"interval-minutes", NUMBER, PRICES, CLI_PRICED | CLI_IMPORT, "interval_minutes", "N", "step, where the file has only prices"},
    {"interval-minutes", NUMBER, METHOD, CLI_SYNTH, "interval_minutes", "N", "a divisor of 60 (60; homes 30, aemo 5)"},
    {"start", TEXT, PRICES, CLI_PRICED, "start", "TIME", "first interval, where the file has only prices"},
    {"tz", TEXT, PRICES, CLI_PRICED | CLI_IMPORT | CLI_FETCH | CLI_SYNTH, "tz", "ZONE", "IANA zone of days and of bare time stamps"},
    {"currency", TEXT, PRICES, CLI_PRICED | CLI_IMPORT | CLI_SYNTH, "currency", "CODE", "for people"},
    {"repair", TEXT, PRICES, CLI_PRICED | CLI_IMPORT | CLI_FETCH, "repair", "HOW", "none, clean or uneven: gaps, duplicates, disorder"},
    {"synthetic", YES, PRICES, CLI_PRICED, "synthetic", NULL, "say that the prices are made up"},
    {"export-price", EITHER, SITE, CLI_PLANS, "export_price", "COLUMN|NUMBER", "what exports are paid"},
    {"export-price-known", YES, SITE, CLI_TABLES | CLI_DECIDE, "export_price_known", NULL, "it is a tariff known ahead"},
    {"fee", NUMBER, SITE, CLI_PLANS, "fee_per_mwh", "NUMBER", "per MWh through the meter"},
    {"load", EITHER, SITE, CLI_PLANS, "load_mw", "COLUMN|NUMBER", "MW of demand behind the meter"},
    {"pv", EITHER, SITE, CLI_PLANS, "pv_mw", "COLUMN|NUMBER", "MW of generation behind the meter"},
    {"curtailable", YES, SITE, CLI_PLANS, "curtailable", NULL, "PV may be turned down"},
    {"import-limit", EITHER, SITE, CLI_PLANS, "import_limit_mw", "COLUMN|NUMBER", "MW"},
    {"export-limit", EITHER, SITE, CLI_PLANS, "export_limit_mw", "COLUMN|NUMBER", "MW"},
    {"charge-limit", EITHER, SITE, CLI_PLANS, "charge_limit_mw", "COLUMN|NUMBER", "MW, e.g. outages"},
    {"discharge-limit", EITHER, SITE, CLI_PLANS, "discharge_limit_mw", "COLUMN|NUMBER", "MW, e.g. outages"},
    {"carbon", EITHER, SITE, CLI_PLANS, "carbon_kg_per_mwh", "COLUMN|NUMBER", "of imports"},
    {"carbon-price", NUMBER, SITE, CLI_PLANS, "carbon_price_per_t", "NUMBER", "per tonne"},
    {"demand-charge", NUMBER, SITE, CLI_PLANS, "demand_charge_per_mw", "NUMBER", "per MW of the largest import"},
    {"demand-period", TEXT, SITE, CLI_PLANS, "demand_period", "NAME", "horizon, month or day"},
    {"ramp", NUMBER, SITE, CLI_PLANS, "ramp_mw_per_h", "NUMBER", "largest change of power, MW/h"},
    {"low-percentile", NUMBER, METHOD, CLI_PLANS, "low_percentile", "P", "of the threshold rule (25)"},
    {"high-percentile", NUMBER, METHOD, CLI_PLANS, "high_percentile", "P", "of the threshold rule (75)"},
    {"method", TEXT, METHOD, CLI_OPTIMIZE, "method", "NAME", "auto, exact, lp, threshold, spread, cycle"},
    {"horizon", TEXT, METHOD, CLI_OPTIMIZE, "horizon", "all|day", "day: each local day alone"},
    {"explain", YES, OUTPUT, CLI_OPTIMIZE, "explain", NULL, "a sentence of reasons per interval"},
    {"time-limit", NUMBER, METHOD, CLI_OPTIMIZE, "time_limit_s", "SECONDS", "of each search by lp (20)"},
    {"policies", TEXT, METHOD, CLI_TABLES, "policies", "LIST|all", "e.g. perfect,spread,mpc:naive_day"},
    {"protocol", TEXT, METHOD, CLI_TABLES, "protocol", "NAME", "planned (a day ahead) or rolling"},
    {"forecast", TEXT, METHOD, CLI_TABLES, "forecasts_file", "FILE", "published forecasts, a policy per column"},
    {"days-alone", YES, METHOD, CLI_TABLES, "days_alone", NULL, "each day from initial to final SOC"},
    {"skip-days", NUMBER, METHOD, CLI_TABLES, "skip_days", "N", "first days are history only"},
    {"train-until", TEXT, METHOD, CLI_TABLES, "train_until", "DATE", "train what learns on what lies before, play what lies after"},
    {"train-days", NUMBER, METHOD, CLI_TABLES, "train_days", "N", "train on the last N days before that date (all)"},
    {"recalibrate-days", NUMBER, METHOD, CLI_TABLES, "recalibrate_days", "N", "refit after N days played (28); 0 never"},
    {"lookahead", NUMBER, METHOD, CLI_TABLES, "lookahead_h", "HOURS", "of the rolling protocol"},
    {"policy", TEXT, METHOD, CLI_DECIDE, "policy", "NAME", "threshold, spread, cycle, mpc (default), mpc:FORECASTER, q_learning=ID, ..."},
    {"soc", NUMBER, METHOD, CLI_DECIDE, "soc", "FRACTION", "how full the battery is now (its initial_soc)"},
    {"at", TEXT, METHOD, CLI_DECIDE, "at", "TIME", "now (the interval of the last known price)"},
    {"known", NUMBER, METHOD, CLI_DECIDE, "known", "N", "only the first N prices are known yet (all)"},
    {"forecast-error", NUMBER, METHOD, CLI_DECIDE, "forecast_error", "NUMBER", "how far forecasts are off, root mean square"},
    {"lookahead", NUMBER, METHOD, CLI_DECIDE, "lookahead_h", "HOURS", "how far to plan (what is known, or two days)"},
    {"discharged-today", NUMBER, METHOD, CLI_DECIDE, "day_discharged_mwh", "MWH", "until now, for max_cycles_per_day"},
    {"discharged", NUMBER, METHOD, CLI_DECIDE, "discharged_mwh", "MWH", "in all until now, for max_cycles"},
    {"show-forecast", YES, OUTPUT, CLI_DECIDE, "show_forecast", NULL, "with the prices it was planned on"},
    {"seed", NUMBER, METHOD, CLI_TABLES | CLI_SYNTH, "seed", "N", "of chance"},
    {"resamples", NUMBER, METHOD, CLI_TABLES, "resamples", "N", "of days, for the interval of the capture"},
    {"report", SPECIAL, OUTPUT, CLI_TABLES | CLI_EVALUATE | CLI_SIMULATE, NULL, "FILE.html", "charts in one file"},
    {"market", TEXT, PRICES, CLI_IMPORT, "market", "NAME", "where the file does not say (LOCAL)"},
    {"process", TEXT, PRICES, CLI_IMPORT, "process", "NAME", "where the file does not say (DA)"},
    {"node", TEXT, PRICES, CLI_IMPORT, "node", "NAME", "where the file does not say (its name)"},
    {"only-node", TEXT, PRICES, CLI_IMPORT, "only_node", "NAME", "of a file with several"},
    {"only-process", TEXT, PRICES, CLI_IMPORT, "only_process", "NAME", "MDA, MTR, DA-2, ...: only these"},
    {"price-column", TEXT, PRICES, CLI_IMPORT, "price_column", "NAME", "found by itself"},
    {"node-column", TEXT, PRICES, CLI_IMPORT, "node_column", "NAME", "one series per value"},
    {"period-column", TEXT, PRICES, CLI_IMPORT, "period_column", "NAME", "periods 1.. of the day that the time column names"},
    {"period-minutes", NUMBER, PRICES, CLI_IMPORT, "period_minutes", "N", "length of such a period"},
    {"rows-path", TEXT, PRICES, CLI_IMPORT, "rows_path", "PATH", "where JSON has its rows: data.items"},
    {"mapping", TEXT, PRICES, CLI_IMPORT, "mapping", "NAME|FILE", "how columns are read: aemo, elexon, ... or a file"},
    {"columns", TEXT, PRICES, CLI_IMPORT, "columns", "LIST", "NAME=COLUMN[*FACTOR],...: all that is read"},
    {"kind", TEXT, PRICES, CLI_IMPORT, "kind", "KIND", "prices (default), load, weather, carbon, ..."},
    {"unit", TEXT, PRICES, CLI_IMPORT, "unit", "TEXT", "of the first column"},
    {"price-unit", TEXT, PRICES, CLI_IMPORT, "price_unit", "UNIT", "mwh (default) or kwh: what prices are per"},
    {"start", TEXT, PRICES, CLI_IMPORT, "start", "TIME", "first interval, where the file has no stamps"},
    {"table", TEXT, PRICES, CLI_IMPORT, "table", "NAME", "of the database that FILE names (postgres://...)"},
    {"tariffs", TEXT, OUTPUT, CLI_IMPORT, "tariffs", "DIR", "folder for tariffs (config/tariffs)"},
    {"spike-iqr", NUMBER, PRICES, CLI_IMPORT, "spike_iqr", "N", "a spike lies N interquartile ranges away (6)"},
    {"replace", YES, PRICES, CLI_IMPORT | CLI_FETCH, "replace", NULL, "stored rows between the first and the last new one go"},
    {"zero", TEXT, PRICES, CLI_IMPORT, "zero", "HOW", "prices of 0: source, keep or missing"},
    {"max-fill-hours", NUMBER, PRICES, CLI_IMPORT | CLI_FETCH, "max_fill_h", "H", "longest gap that is filled (192)"},
    {"max-touched", NUMBER, OUTPUT, CLI_IMPORT | CLI_FETCH, "max_touched", "N", "values listed; 0: all (100)"},
    {"what", TEXT, METHOD, CLI_SYNTH, "what", "WHICH", "prices (default), weather or home"},
    {"preset", TEXT, METHOD, CLI_SYNTH, "preset", "NAME", "prices: default, mem, caiso or aemo"},
    {"real-time", YES, METHOD, CLI_SYNTH, "real_time", NULL, "real-time (MTR) prices instead of day-ahead"},
    {"pv-dip", NUMBER, METHOD, CLI_SYNTH, "pv_dip", "SHARE", "what PV takes off midday (0.25)"},
    {"latitude", NUMBER, METHOD, CLI_SYNTH, "latitude", "DEGREES", "of the place (19.43)"},
    {"longitude", NUMBER, METHOD, CLI_SYNTH, "longitude", "DEGREES", "of the place (-99.13)"},
    {"elevation-m", NUMBER, METHOD, CLI_SYNTH, "elevation_m", "M", "weather, home: of the place (2240)"},
    {"mean-temperature", NUMBER, METHOD, CLI_SYNTH, "mean_temperature_c", "C", "weather, home: of the year (by place)"},
    {"cloudiness", NUMBER, METHOD, CLI_SYNTH, "cloudiness", "SHARE", "weather, home: mean cloud cover (0.45)"},
    {"pv-share", NUMBER, METHOD, CLI_SYNTH, "pv_share", "SHARE", "of homes (0.5)"},
    {"ev-share", NUMBER, METHOD, CLI_SYNTH, "ev_share", "SHARE", "of homes (0.4)"},
    {"cooling-share", NUMBER, METHOD, CLI_SYNTH, "cooling_share", "SHARE", "of homes (0.6)"},
    {"heating-share", NUMBER, METHOD, CLI_SYNTH, "heating_share", "SHARE", "of homes (0.4)"},
    {"charger-kw", NUMBER, METHOD, CLI_SYNTH, "charger_kw", "KW", "of electric cars (7.2)"},
    {"sessions", YES, OUTPUT, CLI_SYNTH, "sessions", NULL, "the cars' stays in the answer"},
    {"compare", TEXT, OUTPUT, CLI_SYNTH, "compare", "FILE|lake:M/P/N", "a real series to compare moments with"},
    {"column", TEXT, OUTPUT, CLI_SYNTH, "column", "NAME", "compared (the first)"},
    {"compare-column", TEXT, OUTPUT, CLI_SYNTH, "compare_column", "NAME", "of the real series"},
    {"year", NUMBER, METHOD, CLI_SYNTH, "year", "YEAR", "2025"},
    {"days", NUMBER, METHOD, CLI_SYNTH, "days", "N", "from 1 January; 0: the whole year"},
    {"level", NUMBER, METHOD, CLI_SYNTH, "level", "NUMBER", "typical price (900)"},
    {"noise", NUMBER, METHOD, CLI_SYNTH, "noise", "NUMBER", "standard deviation / level (0.12)"},
    {"spike-per-day", NUMBER, METHOD, CLI_SYNTH, "spike_per_day", "NUMBER", "0.15"},
    {"negative-midday", NUMBER, METHOD, CLI_SYNTH, "negative_midday", "SHARE", "of days (0.25)"},
    {"congested-share", NUMBER, METHOD, CLI_SYNTH, "congested_share", "SHARE", "of time (0.10)"},
    {"nodes", NUMBER, METHOD, CLI_SYNTH, "nodes", "N", "nodes, places or homes, into the lake (1)"},
    {"first-node", NUMBER, METHOD, CLI_SYNTH, "first_node", "N", "0"},
    {"out", TEXT, OUTPUT, CLI_SYNTH, "out", "FILE", "file to write: .csv, .json or .parquet"},
    {"market", TEXT, OUTPUT, CLI_SYNTH, "market", "NAME", "into the lake, as this market"},
    {"nodes", TEXT, PRICES, CLI_FETCH, "nodes", "LIST", "names, with commas"},
    {"zones", TEXT, PRICES, CLI_FETCH, "zones", "LIST", "load zones of cenace, EIC codes of entsoe"},
    {"system", TEXT, PRICES, CLI_FETCH, "system", "NAME", "cenace: SIN (default), BCA or BCS"},
    {"process", TEXT, PRICES, CLI_FETCH, "process", "NAME", "MDA or MTR; caiso: DAM, RTM, RTPD, HASP"},
    {"from", TEXT, PRICES, CLI_FETCH, "from", "DATE", "first local day"},
    {"to", TEXT, PRICES, CLI_FETCH, "to", "DATE", "last local day, included (the first)"},
    {"latitude", NUMBER, PRICES, CLI_FETCH, "latitude", "DEGREES", "open_meteo: of the place"},
    {"longitude", NUMBER, PRICES, CLI_FETCH, "longitude", "DEGREES", "open_meteo: of the place"},
    {"variables", TEXT, PRICES, CLI_FETCH, "variables", "LIST", "open_meteo: hourly variables, with commas"},
    {"mapping", TEXT, PRICES, CLI_FETCH, "mapping", "NAME|FILE", "batu: how to ask and how to read"},
    {"base-url", TEXT, METHOD, CLI_FETCH, "base_url", "URL", "another address in place of the service's"},
    {"proxy", TEXT, METHOD, CLI_FETCH, "proxy", "URL", "none unless given here"},
    {"ca-file", TEXT, METHOD, CLI_FETCH, "ca_file", "FILE", "certificates to trust in place of the system's"},
    {"timeout", NUMBER, METHOD, CLI_FETCH, "timeout_s", "SECONDS", "of one request (60)"},
    {"retries", NUMBER, METHOD, CLI_FETCH, "retries", "N", "times a request is sent again (5)"},
    {"parallel", NUMBER, METHOD, CLI_FETCH, "parallel", "N", "requests at once, 1 to 4"},
    {"requests-per-minute", NUMBER, METHOD, CLI_FETCH, "requests_per_minute", "N", "the service's own politeness"},
    {"cache", TEXT, METHOD, CLI_FETCH, "cache", "DIR|none", "kept replies (LAKE.replies)"},
    {"refresh", YES, METHOD, CLI_FETCH, "refresh", NULL, "ask anew, replacing kept replies"},
    {"dry-run", YES, OUTPUT, CLI_FETCH, "dry_run", NULL, "list what would be asked and ask nothing"},
    {"kind", TEXT, PRICES, CLI_LAKE, "kind", "KIND", "prices, load, weather, carbon, ..."},
    {"market", TEXT, PRICES, CLI_LAKE, "market", "NAME", "MEM, CAISO, ENTSOE, ..."},
    {"process", TEXT, PRICES, CLI_LAKE, "process", "NAME", "MDA, MTR, DAM, ..."},
    {"node", TEXT, PRICES, CLI_LAKE, "node", "NAME", "node, zone, meter or place"},
    {"from", TEXT, PRICES, CLI_SHOW | CLI_EXPORT | CLI_REMOVE, "from", "DATE", "first local day"},
    {"to", TEXT, PRICES, CLI_SHOW | CLI_EXPORT | CLI_REMOVE, "to", "DATE", "last local day, included"},
    {"out", TEXT, OUTPUT, CLI_EXPORT, "out", "FILE", ".csv, .json or .parquet; -: CSV on standard output"},
    {"raw", YES, OUTPUT, CLI_EXPORT, "raw", NULL, "as the source wrote it, before cleaning"},
    {"changes", YES, OUTPUT, CLI_EXPORT, "changes", NULL, "what cleaning changed, instead"},
    {"max-touched", NUMBER, OUTPUT, CLI_SHOW, "max_touched", "N", "changes listed; 0: all (20)"},
    {"tariff", TEXT, PRICES, CLI_SHOW | CLI_EXPORT, "tariff", "FILE", "a tariff of config/tariffs, instead of a series"},
    {"yes", YES, OUTPUT, CLI_REMOVE, "yes", NULL, "remove it; without, say what would go"},
    {"mend", YES, METHOD, CLI_CARE, "mend", NULL, "put right what is found"},
    {"lake", SPECIAL, PRICES, CLI_ALL & ~(CLI_REGISTRY | CLI_SIMULATE), NULL, "DIR", "folder of the lake (VOLTEO_LAKE, else ./lake)"},
    {"models", SPECIAL, METHOD, CLI_TABLES | CLI_LEARNS | CLI_REGISTRY | CLI_DECIDE | CLI_PREDICT | CLI_SIMULATE | CLI_TRAIN_LOAD, NULL, "DIR", "folder of trained models (VOLTEO_MODELS, else ./models)"},
    {"epf", TEXT, PRICES, CLI_EVALUATE, "epf", "FILE", "a benchmark file: Date,Price,exogenous..., 24 hours a day"},
    {"published", TEXT, METHOD, CLI_EVALUATE, "published", "FILE", "forecasts of others, a column each, to stand beside"},
    {"method", TEXT, METHOD, CLI_EVALUATE, "method", "LIST", "our forecasters: ensemble (default), lear, gbt, naive_day, ..."},
    {"test-days", NUMBER, METHOD, CLI_EVALUATE, "test_days", "N", "judged are the last N days (728)"},
    {"recalibrate-days", NUMBER, METHOD, CLI_EVALUATE, "recalibrate_days", "N", "models are refitted every N days (1); 0: never"},
    {"level", NUMBER, METHOD, CLI_EVALUATE, "level", "SHARE", "of the interval that is judged (0.9)"},
    {"method", TEXT, METHOD, CLI_TRAIN_PRICE, "method", "NAME", "gbt (default: any horizon), lear or ensemble (day-ahead)"},
    {"method", TEXT, METHOD, CLI_RETRAIN, "method", "NAME", "gbt, lear, ensemble or q_learning (the champion's, else gbt)"},
    {"horizons", TEXT, METHOD, CLI_TRAIN_PRICE | CLI_RETRAIN, "horizons", "LIST", "gbt: minutes ahead, e.g. 15,60; 1 to 24 h, or 1,5,15,60"},
    {"id", TEXT, METHOD, CLI_TRAIN_PRICE, "id", "ID", "of the model in the registry (price_prediction, ...)"},
    {"id", TEXT, METHOD, CLI_TRAIN_Q, "id", "ID", "of the model in the registry (battery_policy)"},
    {"id", TEXT, METHOD, CLI_RETRAIN, "id", "ID", "of the model in the registry (as train names it)"},
    {"train-until", TEXT, METHOD, CLI_TRAIN_PRICE | CLI_TRAIN_Q, "train_until", "DATE", "learn only from what lies before"},
    {"quantiles", TEXT, METHOD, CLI_TRAIN_PRICE | CLI_RETRAIN, "quantiles", "LIST", "gbt: levels (0.05,0.25,0.5,0.75,0.95)"},
    {"quantiles", TEXT, METHOD, CLI_FORECAST, "quantiles", "LIST", "levels, e.g. 0.05,0.5,0.95 (none)"},
    {"split", TEXT, METHOD, CLI_TRAIN_PRICE | CLI_RETRAIN, "split", "NAME", "gbt: shares (default) or days: of the last 10 learn from 7, stop by 1.5, test on 1.5"},
    {"trees", NUMBER, METHOD, CLI_TRAIN_PRICE | CLI_RETRAIN, "trees", "N", "gbt: at most N per model (200); fewer are quicker"},
    {"depth", NUMBER, METHOD, CLI_TRAIN_PRICE | CLI_RETRAIN, "depth", "N", "gbt: of a tree (6)"},
    {"rate", NUMBER, METHOD, CLI_TRAIN_PRICE | CLI_RETRAIN, "rate", "NUMBER", "gbt: learning rate (0.1)"},
    {"search", NUMBER, METHOD, CLI_TRAIN_PRICE | CLI_RETRAIN, "search", "N", "gbt: try N settings by cross-validation in time"},
    {"episodes", NUMBER, METHOD, CLI_TRAIN_Q | CLI_RETRAIN, "episodes", "N", "of each environment (1000)"},
    {"environments", NUMBER, METHOD, CLI_TRAIN_Q | CLI_RETRAIN, "environments", "N", "side by side (4096)"},
    {"max-steps", NUMBER, METHOD, CLI_TRAIN_Q | CLI_RETRAIN, "max_steps", "N", "of an episode (14400)"},
    {"alias", TEXT, METHOD, CLI_TRAIN_PRICE | CLI_TRAIN_Q | CLI_TRAIN_LOAD, "alias", "NAME", "champion or challenger (the first is champion)"},
    {"reason", TEXT, METHOD, CLI_TRAIN_PRICE | CLI_TRAIN_Q | CLI_TRAIN_LOAD, "reason", "TEXT", "for the log of promotions"},
    {"model", TEXT, METHOD, CLI_FORECAST, "model", "ID[@WHICH]", "of the registry; WHICH: champion, latest, a version"},
    {"method", TEXT, METHOD, CLI_FORECAST, "method", "NAME", "instead of a model: naive_day, epf_naive, ..."},
    {"horizon", NUMBER, METHOD, CLI_FORECAST, "horizon", "MINUTES", "how far ahead (60)"},
    {"at", TEXT, METHOD, CLI_FORECAST, "at", "TIME", "forecast as if it were then"},
    {"versions", TEXT, METHOD, CLI_MODELS_COMPARE, "versions", "A,B", "versions or aliases (champion,challenger)"},
    {"backtest-days", NUMBER, METHOD, CLI_RETRAIN | CLI_MODELS_COMPARE, "backtest_days", "N", "judged are the last N days (30)"},
    {"protocol", TEXT, METHOD, CLI_RETRAIN | CLI_MODELS_COMPARE, "protocol", "NAME", "planned (default: a day ahead) or rolling"},
    {"dry-run", YES, OUTPUT, CLI_RETRAIN, "dry_run", NULL, "compare, and change nothing"},
    {"seed", NUMBER, METHOD, CLI_LEARNS & ~CLI_MODELS_COMPARE, "seed", "N", "of chance"},
    {"id", TEXT, METHOD, CLI_MODELS_LIST | CLI_MODELS_PRUNE, "id", "ID", "only this model"},
    {"alias", TEXT, METHOD, CLI_MODELS_PROMOTE, "alias", "NAME", "champion (default) or challenger"},
    {"reason", TEXT, METHOD, CLI_DECIDES, "reason", "TEXT", "why, for the log of promotions"},
    {"automatic", YES, METHOD, CLI_DECIDES, "automatic", NULL, "decided by a program: the log says so"},
    {"keep", NUMBER, METHOD, CLI_MODELS_PRUNE, "keep", "N", "so many newest versions of each model (5)"},
    {"dry-run", YES, OUTPUT, CLI_MODELS_PRUNE, "dry_run", NULL, "say what would go, and change nothing"},
    {"mend", YES, METHOD, CLI_MODELS_DOCTOR, "mend", NULL, "put right what is found"},
    {"key", TEXT, METHOD, CLI_TRAINS, "key", "TEXT", "the same key again: the version it made, and no work"},
    {"timestamp", TEXT, METHOD, CLI_PREDICT, "timestamp", "TIME", "prices before it are known (all)"},
    {"horizon", NUMBER, METHOD, CLI_PREDICT, "horizon", "MINUTES", "how far ahead (the model's first)"},
    {"quantiles", TEXT, METHOD, CLI_PREDICT, "quantiles", "LIST", "levels, e.g. 0.05,0.95"},
    {"charge-level", NUMBER, METHOD, CLI_PREDICT, "charge_level", "FRACTION", "tables: of what the battery may use"},
    {"current-price", NUMBER, METHOD, CLI_PREDICT, "current_price", "NUMBER", "tables: now (the last price)"},
    {"hour", NUMBER, METHOD, CLI_PREDICT, "hour", "N", "tables: local, 0..23 (of the last price)"},
    {"id", TEXT, METHOD, CLI_TRAIN_LOAD, "id", "ID", "of the model in the registry (load)"},
    {"days", NUMBER, METHOD, CLI_TRAIN_LOAD, "days", "N", "learned from (60)"},
    {"from", TEXT, METHOD, CLI_TRAIN_LOAD, "from", "DATE", "first local day (2026-03-01; of files the first)"},
    {"homes", NUMBER, SITE, CLI_SIMULATE | CLI_TRAIN_LOAD, "homes", "N", "how many (10; of files all)"},
    {"homes-from", TEXT, SITE, CLI_SIMULATE | CLI_TRAIN_LOAD, "homes_from", "DIR", "homes of files instead: Building_*.csv as CityLearn's"},
    {"days", NUMBER, METHOD, CLI_SIMULATE, "days", "N", "how long (1)"},
    {"history-days", NUMBER, METHOD, CLI_SIMULATE, "history_days", "N", "known before the first day (28; 7 or 3 for many homes)"},
    {"from", TEXT, METHOD, CLI_SIMULATE, "from", "DATE", "first local day (2026-07-01; of files the first)"},
    {"seed", NUMBER, METHOD, CLI_SIMULATE | CLI_TRAIN_LOAD, "seed", "N", "of homes and weather (1)"},
    {"scenario", TEXT, METHOD, CLI_SIMULATE, "scenario", "NAME|FILE", "base, heat_wave, high_solar, winter, ev_heavy, outage, price_spike, one_liar, drop_out"},
    {"tariff", TEXT, PRICES, CLI_SIMULATE, "tariff", "NAME|FILE", "of config/tariffs (pge_e_tou_c), or a file"},
    {"territory", TEXT, PRICES, CLI_SIMULATE, "territory", "NAME", "baseline territory of the bills (X)"},
    {"interval-minutes", NUMBER, METHOD, CLI_SIMULATE | CLI_TRAIN_LOAD, "interval_minutes", "N", "a divisor of 60 (30)"},
    {"pv-share", NUMBER, SITE, CLI_SIMULATE, "pv_share", "SHARE", "of generated homes with panels (0.6)"},
    {"battery-kwh", NUMBER, SITE, CLI_SIMULATE, "battery_kwh", "KWH", "of every home (13.5; of files their own); 0: none"},
    {"battery-kw", NUMBER, SITE, CLI_SIMULATE, "battery_kw", "KW", "both ways (5)"},
    {"efficiency", NUMBER, SITE, CLI_SIMULATE, "efficiency", "FRACTION", "round trip (0.9)"},
    {"min-soc", NUMBER, SITE, CLI_SIMULATE, "min_soc", "FRACTION", "reserve for outages (0.1)"},
    {"max-soc", NUMBER, SITE, CLI_SIMULATE, "max_soc", "FRACTION", "highest charge (0.8)"},
    {"initial-soc", NUMBER, SITE, CLI_SIMULATE, "initial_soc", "FRACTION", "at the start, and at least so at the end (0.45)"},
    {"import-limit", NUMBER, SITE, CLI_SIMULATE, "import_limit_kwh", "KWH", "of a home and interval from the grid (10)"},
    {"export-limit", NUMBER, SITE, CLI_SIMULATE, "export_limit_kwh", "KWH", "of a home and interval into the grid (4)"},
    {"feeder", NUMBER, SITE, CLI_SIMULATE, "feeder_kwh", "KWH", "of all meters together and interval (no limit)"},
    {"matching", TEXT, METHOD, CLI_SIMULATE, "matching", "KIND", "signal, pay_as_bid, pay_as_clear (default), pay_as_offer"},
    {"loss", NUMBER, METHOD, CLI_SIMULATE, "loss", "SHARE", "of what is traded, on its way (0.05)"},
    {"fee", NUMBER, METHOD, CLI_SIMULATE, "fee", "NUMBER", "the operator's, per kWh (0)"},
    {"least-price", NUMBER, METHOD, CLI_SIMULATE, "least_price", "NUMBER", "lowest per kWh (0.10)"},
    {"most-price", NUMBER, METHOD, CLI_SIMULATE, "most_price", "NUMBER", "highest per kWh (1.00)"},
    {"most-trade", NUMBER, METHOD, CLI_SIMULATE, "most_trade_kwh", "KWH", "a home may buy or sell in an interval (2)"},
    {"most-sold-daily", NUMBER, METHOD, CLI_SIMULATE, "most_sold_daily_kwh", "KWH", "a home may sell in a day (10)"},
    {"price-point", NUMBER, METHOD, CLI_SIMULATE, "price_point", "SHARE", "of the equilibrium interval, of pay_as_clear (0.5)"},
    {"no-rules", YES, METHOD, CLI_SIMULATE, "no_rules", NULL, "no limit of price, trade or day"},
    {"keep-peak", YES, METHOD, CLI_SIMULATE, "keep_peak", NULL, "batteries do not raise the highest draw of all together"},
    {"forecaster", TEXT, METHOD, CLI_SIMULATE, "forecaster", "SPEC", "profile (default), naive_day, naive_week, load_gbt[=MODEL], perfect"},
    {"horizon", NUMBER, METHOD, CLI_SIMULATE, "horizon", "N", "intervals planned ahead (a day)"},
    {"replan-every", NUMBER, METHOD, CLI_SIMULATE, "replan_every", "N", "intervals from plan to plan (1)"},
    {"load-cases", NUMBER, METHOD, CLI_SIMULATE, "load_cases", "N", "net loads planned for at once (3)"},
    {"bounds", TEXT, OUTPUT, CLI_SIMULATE, "bounds", "auto|on|off", "bounds, and the parts of savings and gap"},
    {"timeline", YES, OUTPUT, CLI_SIMULATE, "timeline", NULL, "with what every home does in every interval"},
    {"households", YES, OUTPUT, CLI_SIMULATE, "households", NULL, "homes one by one, however many"},
    {"max-trades", NUMBER, OUTPUT, CLI_SIMULATE, "max_trades", "N", "trades listed, the first ones (5000)"},
    {"parquet", TEXT, OUTPUT, CLI_SIMULATE, "parquet", "DIR", "intervals, trades and households as Parquet files"},
    {"threads", SPECIAL, METHOD, CLI_TABLES | CLI_LEARNS | CLI_DECIDE | CLI_SIMULATE | CLI_TRAIN_LOAD, NULL, "N", "0: all cores"},
    {"json", SPECIAL, OUTPUT, CLI_ALL | CLI_TRAIN_LOAD, NULL, NULL, "one JSON document and nothing else"},
};
// clang-format on
enum { N_FLAGS = sizeof flags / sizeof flags[0] };

typedef struct {
    const cli_command *command;
    char *value[N_FLAGS]; /* owned */
    gboolean yes[N_FLAGS];
} given;

static int usage(const cli_command *c, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
static int usage(const cli_command *c, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    fprintf(stderr, "volteo %s: ", c->name);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
    return CLI_USAGE;
}

static const char *value_of(const given *g, const char *name) {
    for (size_t i = 0; i < N_FLAGS; i++)
        if ((flags[i].commands & g->command->bit) && strcmp(flags[i].name, name) == 0)
            return g->value[i];
    return NULL;
}

/* ---- reading the command line ------------------------------------------------------- */

static gboolean without_value(const flag *f) { return f->value == NULL; }

static int unknown_flag(const cli_command *c, const char *message) {
    const char *names[N_FLAGS];
    size_t n = 0;
    for (size_t i = 0; i < N_FLAGS; i++)
        if (flags[i].commands & c->bit) names[n++] = flags[i].name;
    const char *dashes = strstr(message, "--");
    const char *near = dashes ? vo_text_nearest(dashes + 2, names, n) : NULL;
    return usage(c, "%s%s%s%s `volteo %s --help` lists the options.", message,
                 near ? "; did you mean --" : ".", near ? near : "", near ? "?" : "", c->name);
}

/* GLib would print its help in the charset of the locale; ours is UTF-8 in every locale. */
static int print_help(GOptionContext *context) {
    char *text = g_option_context_get_help(context, FALSE, NULL);
    fputs(text, stdout);
    g_free(text);
    return CLI_HELPED;
}

static GOptionEntry entry_of(given *g, size_t i) {
    const flag *f = &flags[i];
    const gboolean bare = without_value(f);
    return (GOptionEntry){.long_name = f->name,
                          .arg = bare ? G_OPTION_ARG_NONE : G_OPTION_ARG_FILENAME,
                          .arg_data = bare ? (gpointer)&g->yes[i] : (gpointer)&g->value[i],
                          .description = f->help,
                          .arg_description = f->value};
}

/* The command's flags in sections; a command with few of them has one list. */
static void add_flags(GOptionContext *context, given *g) {
    static const char *const title[N_GROUPS] = {"Prices", "Battery and site", "Method",
                                                "Output"};
    const bool sections =
        (g->command->bit & (CLI_LAKE | CLI_CARE | CLI_COMPACT | CLI_DOCTOR | CLI_REGISTRY)) ==
        0;
    for (flag_group k = 0; k < N_GROUPS; k++) {
        GOptionEntry entries[N_FLAGS + 1] = {0};
        char heading[40];
        size_t n = 0;
        for (size_t i = 0; i < N_FLAGS; i++)
            if ((flags[i].commands & g->command->bit) && flags[i].group == k)
                entries[n++] = entry_of(g, i);
        if (n == 0) continue;
        snprintf(heading, sizeof heading, "%s:", title[k]);
        GOptionGroup *group = g_option_group_new(title[k], heading, title[k], NULL, NULL);
        g_option_group_add_entries(group, entries);
        if (sections)
            g_option_context_add_group(context, group);
        else {
            g_option_context_add_main_entries(context, entries, NULL);
            g_option_group_unref(group);
        }
    }
}

static int read_arguments(given *g, int argc, char **argv, char ***rest) {
    gboolean help = FALSE;
    const GOptionEntry entries[] = {{.long_name = "help",
                                     .short_name = 'h',
                                     .arg = G_OPTION_ARG_NONE,
                                     .arg_data = &help,
                                     .description = "this text"},
                                    {.long_name = G_OPTION_REMAINING,
                                     .arg = G_OPTION_ARG_FILENAME_ARRAY,
                                     .arg_data = rest,
                                     .arg_description = g->command->argument},
                                    {0}};
    char *summary =
        g_strdup_printf("%s\n\nExample:\n  %s", g->command->summary, g->command->example);
    char *program = g_strdup_printf("volteo %s", g->command->name);
    g_set_prgname(program);
    GOptionContext *context = g_option_context_new(NULL);
    g_option_context_add_main_entries(context, entries, NULL);
    add_flags(context, g);
    g_option_context_set_summary(context, summary);
    g_option_context_set_help_enabled(context, FALSE);
    GError *error = NULL;
    int code = CLI_DONE;
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        code = unknown_flag(g->command, error->message);
        g_error_free(error);
    } else if (help) {
        code = print_help(context);
    }
    g_option_context_free(context);
    g_free(program);
    g_free(summary);
    return code;
}

/* ---- writing the request --------------------------------------------------------------- */

static int write_value(const given *g, size_t i, vo_json_out *w) {
    const flag *f = &flags[i];
    double number = 0;
    const gboolean is_number =
        g->value[i] && vo_text_number(g->value[i], strlen(g->value[i]), &number);
    if (f->kind == NUMBER && !is_number)
        return usage(g->command, "--%s = \"%s\" is not a number", f->name, g->value[i]);
    if (!g_utf8_validate(g->value[i], -1, NULL))
        return usage(g->command, "--%s is not UTF-8 text", f->name);
    vo_json_out_key(w, f->field);
    if (f->kind != TEXT && is_number)
        vo_json_out_number(w, number);
    else
        vo_json_out_string(w, g->value[i]);
    return CLI_DONE;
}

static int write_battery(const given *g, vo_json_out *w) {
    const char *path = value_of(g, "battery");
    if (!path)
        return usage(g->command, "which battery? --battery FILE with {\"power_mw\": 2, "
                                 "\"capacity_mwh\": 4}, or --request FILE");
    vo_error err = {0};
    char *text = NULL;
    size_t len = 0;
    vo_json *root = NULL;
    if (vo_file_read(path, 1u << 20, &text, &len, &err) != VO_OK)
        return usage(g->command, "--battery: %s", err.msg);
    const vo_status s = vo_json_parse(text, len, &root, &err);
    free(text);
    if (s != VO_OK) return usage(g->command, "--battery %s: %s", path, err.msg);
    vo_json_out_key(w, vo_json_kind_of(root) == VO_JSON_ARRAY ? "batteries" : "battery_params");
    vo_json_out_value(w, root);
    vo_json_free(root);
    return CLI_DONE;
}

static void write_text(vo_json_out *w, const char *key, const char *v) {
    if (!v) return;
    vo_json_out_key(w, key);
    vo_json_out_string(w, v);
}

/* --market, --node ...: from the lake, or with --prices, which part of the file. */
static int write_source(const given *g, vo_json_out *w) {
    const char *node = value_of(g, "node"), *market = value_of(g, "market");
    const char *from = value_of(g, "from"), *to = value_of(g, "to");
    if (value_of(g, "tariff") && !value_of(g, "prices") && !node && !market) {
        write_text(w, "from", from);
        write_text(w, "to", to);
        return CLI_DONE;
    }
    if (value_of(g, "epf")) {
        if (value_of(g, "prices") || node || market)
            return usage(g->command, "--epf names a file of prices: drop --%s",
                         node     ? "node"
                         : market ? "market"
                                  : "prices");
        write_text(w, "from", from);
        write_text(w, "to", to);
        return CLI_DONE;
    }
    if (value_of(g, "prices")) {
        if (market)
            return usage(g->command, "--market is for the lake, --prices names a file: "
                                     "drop one");
        write_text(w, "node", node);
        write_text(w, "process", value_of(g, "process"));
        write_text(w, "from", from);
        write_text(w, "to", to);
        return CLI_DONE;
    }
    if (!node)
        return usage(g->command,
                     "no prices: give --prices FILE, %sor --market MEM --node NAME "
                     "(`volteo data list` shows them)",
                     g->command->bit == CLI_EVALUATE      ? "--epf FILE, "
                     : (g->command->bit & CLI_PLANS) != 0 ? "--tariff FILE, "
                                                          : "");
    vo_json_out_key(w, "market_params");
    vo_json_out_object(w);
    write_text(w, "zone", node);
    write_text(w, "market", market);
    write_text(w, "process", value_of(g, "process"));
    write_text(w, "start_date", from);
    write_text(w, "end_date", to);
    vo_json_out_end(w);
    return CLI_DONE;
}

/* A key comes from the environment: on the command line everybody on the machine would see it.
 */
static void write_key(const char *client, vo_json_out *w) {
    const char *variable = vo_engine_key_variable(client);
    if (variable) write_text(w, "key", vo_environment(variable));
}

static int write_request(const given *g, const cli_options *o, char **rest, vo_json_out *w) {
    const unsigned bit = g->command->bit;
    int code = CLI_DONE;
    vo_json_out_object(w);
    if ((bit & CLI_PLANS) || value_of(g, "battery")) code = write_battery(g, w);
    if (code == CLI_DONE && (bit & CLI_PRICED)) code = write_source(g, w);
    for (size_t i = 0; code == CLI_DONE && i < N_FLAGS; i++) {
        if (flags[i].kind == SPECIAL) continue;
        if (g->value[i]) code = write_value(g, i, w);
        if (!g->yes[i]) continue;
        vo_json_out_key(w, flags[i].field);
        vo_json_out_bool(w, true);
    }
    if (o->report && bit != CLI_SIMULATE) {
        vo_json_out_key(w, "curves");
        vo_json_out_bool(w, true);
    }
    if (g->command->bit == CLI_OPTIMIZE &&
        !o->json) { /* people want to know how quick it was */
        vo_json_out_key(w, "timing");
        vo_json_out_bool(w, true);
    }
    if (bit == CLI_TRAIN_Q) write_text(w, "what", "q");
    if (bit == CLI_TRAIN_LOAD) write_text(w, "what", "load");
    if (g->command->argument && rest) write_text(w, g->command->field, rest[0]);
    if (g->command->bit == CLI_FETCH && rest) write_key(rest[0], w);
    vo_json_out_end(w);
    return code;
}

static int build_request(const given *g, char **rest, cli_options *o) {
    vo_json_out *w = NULL;
    vo_error err = {0};
    size_t len = 0;
    if (vo_json_out_create(&w, &err) != VO_OK) return usage(g->command, "%s", err.msg);
    int code = write_request(g, o, rest, w);
    if (code == CLI_DONE && vo_json_out_take(w, &o->request, &len, &err) != VO_OK)
        code = usage(g->command, "%s", err.msg);
    vo_json_out_free(w);
    return code;
}

/* Where things are and how the answer is to look: never in a request. */
static bool stands_beside(const flag *f) {
    static const char *const name[] = {"request", "lake",    "models",
                                       "report",  "threads", "json"};
    for (size_t i = 0; f->kind == SPECIAL && i < sizeof name / sizeof name[0]; i++)
        if (strcmp(f->name, name[i]) == 0) return true;
    return false;
}

/* A document for train says itself what is to be learned; the command must not say otherwise. */
static int check_what(const given *g, const char *request) {
    const bool q = g->command->bit == CLI_TRAIN_Q;
    vo_json *root = NULL;
    if (!q && g->command->bit != CLI_TRAIN_PRICE) return CLI_DONE;
    if (vo_json_parse(request, strlen(request), &root, NULL) != VO_OK)
        return CLI_DONE; /* the engine says what is wrong with it */
    const vo_json *what =
        vo_json_kind_of(root) == VO_JSON_OBJECT ? vo_json_get(root, "what") : NULL;
    const char *says =
        what && vo_json_kind_of(what) == VO_JSON_STRING ? vo_json_string(what) : "price";
    const bool other = strcmp(says, q ? "price" : "q") == 0;
    vo_json_free(root);
    return other ? usage(g->command, "--request: %s in it, for `volteo train q`",
                         q ? "write \"what\": \"q\"" : "\"what\" is \"q\"")
                 : CLI_DONE;
}

/* --request takes everything from the document. */
static int read_request(const given *g, const char *path, cli_options *o) {
    for (size_t i = 0; i < N_FLAGS; i++)
        if ((g->value[i] || g->yes[i]) && !stands_beside(&flags[i]))
            return usage(g->command,
                         "--request holds the whole request: put %s into it and "
                         "drop --%s",
                         flags[i].field ? flags[i].field : flags[i].name, flags[i].name);
    vo_error err = {0};
    size_t len = 0;
    if (vo_file_read(path, (size_t)256 << 20, &o->request, &len, &err) != VO_OK)
        return usage(g->command, "--request: %s", err.msg);
    if (strlen(o->request) != len)
        return usage(g->command, "--request %s: a NUL byte is in it: is it JSON?", path);
    return check_what(g, o->request);
}

static int check_rest(const given *g, char **rest) {
    const guint n = rest ? g_strv_length(rest) : 0;
    const bool whole = value_of(g, "request") != NULL;
    if (g->command->argument && whole && n != 0)
        return usage(g->command,
                     "--request holds the whole request: put %s into it and drop %s",
                     g->command->field, rest[0]);
    if (g->command->argument && !whole && n != 1)
        return usage(g->command, "give one %s, not %u", g->command->argument, n);
    if (!g->command->argument && n != 0)
        return usage(g->command, "\"%s\" is one word too many: options begin with --", rest[0]);
    return CLI_DONE;
}

/* A report must not take the place of what it is made from. */
static int check_report(const given *g) {
    static const char *const input[] = {"prices",  "battery", "forecast",
                                        "request", "epf",     "published"};
    const char *report = value_of(g, "report");
    for (size_t i = 0; report && i < G_N_ELEMENTS(input); i++) {
        const char *path = value_of(g, input[i]);
        if (path && vo_file_same(report, path))
            return usage(g->command, "--report %s is the file of --%s: name another", report,
                         input[i]);
    }
    return CLI_DONE;
}

/* Standard output holds one thing. */
static int check_output(const given *g) {
    const char *out = value_of(g, "out");
    for (size_t i = 0; i < N_FLAGS; i++)
        if (out && strcmp(out, "-") == 0 && g->yes[i] && strcmp(flags[i].name, "json") == 0)
            return usage(g->command, "--out - writes the file to standard output, --json a "
                                     "document: choose one");
    return CLI_DONE;
}

static int read_threads(const given *g, cli_options *o) {
    const char *text = value_of(g, "threads");
    int64_t n = 0;
    if (!text) return CLI_DONE;
    if (!vo_text_integer(text, strlen(text), &n) || n < 0 || n > 4096)
        return usage(g->command, "--threads = \"%s\": must be a whole number, 0 to 4096", text);
    o->threads = (int)n;
    return CLI_DONE;
}

int cli_parse(const cli_command *command, int argc, char **argv, cli_options *o) {
    given g = {.command = command};
    char **rest = NULL;
    *o = (cli_options){.command = command};
    int code = read_arguments(&g, argc, argv, &rest);
    if (code == CLI_DONE) code = check_rest(&g, rest);
    if (code == CLI_DONE) code = check_report(&g);
    if (code == CLI_DONE) code = check_output(&g);
    if (code == CLI_DONE) code = read_threads(&g, o);
    if (code == CLI_DONE) {
        const char *request = value_of(&g, "request");
        o->lake = g_strdup(value_of(&g, "lake"));
        o->models = g_strdup(value_of(&g, "models"));
        o->report = g_strdup(value_of(&g, "report"));
        o->battery = g_strdup(value_of(&g, "battery"));
        o->mapping = g_strdup(value_of(&g, "mapping"));
        o->tariff = g_strdup(value_of(&g, "tariff"));
        for (size_t i = 0; i < N_FLAGS; i++)
            if (strcmp(flags[i].name, "json") == 0) o->json = g.yes[i];
        o->whole_request = request != NULL;
        code = request ? read_request(&g, request, o) : build_request(&g, rest, o);
    }
    for (size_t i = 0; i < N_FLAGS; i++) g_free(g.value[i]);
    g_strfreev(rest);
    return code;
}

void cli_options_fini(cli_options *o) {
    free(o->request);
    g_free(o->lake);
    g_free(o->models);
    g_free(o->report);
    g_free(o->battery);
    g_free(o->mapping);
    g_free(o->tariff);
}

/* ---- fields in messages become flags --------------------------------------------------- */

/* Where a flag fills a field that the table does not name. */
static const struct {
    const char *field, *flag;
} also[] = {{"market_params.zone", "node"},
            {"market_params.start_date", "from"},
            {"market_params.end_date", "to"},
            {"node", "node"},
            {"process", "process"},
            {"from", "from"},
            {"to", "to"}};

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "0123456789_.-/";

static const char *flag_of(const cli_command *c, const char *word, size_t len) {
    for (size_t i = 0; i < N_FLAGS; i++)
        if ((flags[i].commands & c->bit) && flags[i].field &&
            vo_text_same_span(word, len, flags[i].field))
            return flags[i].name;
    for (size_t i = 0; (c->bit & CLI_PRICED) && i < sizeof also / sizeof also[0]; i++)
        if (vo_text_same_span(word, len, also[i].field)) return also[i].flag;
    return NULL;
}

static bool begins(const char *text, const char *with) {
    return strncmp(text, with, strlen(with)) == 0;
}

/* What is said of a mapping or a tariff begins with its name and speaks of its own keys. */
static bool speaks_of(const char *file, const char *message) {
    const size_t len = file ? strlen(file) : 0;
    return len && begins(message, file) && strchr(": ,", message[len]);
}

/* A field is a word with an underscore, one that " = " or " is missing" follows, or the
 * message's first word if that is its subject: "from" elsewhere is English. */
static bool is_field(const char *message, const char *at, size_t len) {
    static const char *const subject[] = {": ", " is ", " or ", " means "};
    if (len == 0 || (at > message && at[-1] == '"')) return false;
    if (begins(at + len, " = ") || begins(at + len, " is missing") || memchr(at, '_', len))
        return true;
    for (size_t i = 0; at == message && i < G_N_ELEMENTS(subject); i++)
        if (begins(at + len, subject[i])) return true;
    return false;
}

/* After `--name`: " = \"clean\"" becomes " clean", unless a shell would need the quotes.
 * Returns how much of `from` it took. */
static size_t give_value(const char *from, GString *out) {
    if (!begins(from, " = ")) return 0;
    if (begins(from, " = true")) return strlen(" = true"); /* a flag without a value */
    g_string_append_c(out, ' ');
    const size_t len = from[3] == '"' ? strspn(from + 4, letters) : 0;
    if (len == 0 || from[4 + len] != '"') return 3;
    g_string_append_len(out, from + 4, (gssize)len);
    return len + 5;
}

char *cli_say_flags(const cli_options *o, const char *message) {
    if (o->whole_request || speaks_of(o->mapping, message) || speaks_of(o->tariff, message))
        return g_strdup(message);
    GString *out = g_string_new(NULL);
    for (const char *p = message; *p;) {
        const size_t len = strspn(p, letters);
        const char *name = is_field(message, p, len) ? flag_of(o->command, p, len) : NULL;
        if (name) {
            g_string_append_printf(out, "--%s", name);
            p += len;
            p += give_value(p, out);
        } else {
            g_string_append_len(out, p, (gssize)(len ? len : 1));
            p += len ? len : 1;
        }
    }
    return g_string_free(out, FALSE);
}
