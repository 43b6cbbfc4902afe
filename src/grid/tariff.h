/* tariff.h -- what a household pays for a kWh and is paid for one, as values and pure
 * functions.
 *
 * A tariff gives each hour of a local day a rate, by season (month-day ranges) and kind of day
 * (weekday; weekend or holiday); a rate has one price, or several by how much has been used
 * (tiers). Around it: baseline credit, charges per day or month, demand charges, a minimum
 * bill, and what exported energy earns (tariff_export.h holds hourly tables). Programmes and
 * other suppliers are functions from a tariff to a tariff.
 *
 * Units:  kWh, kW, currency/kWh; money as double in the tariff's currency, before taxes that
 * are not in it. Import and export are both >= 0. Time:   UTC instants; hours and days are
 * local, of the tariff's zone: a day has 23, 24 or 25 hours. `effective` and `until` are local
 * days: in force from 00:00 of the first to 00:00 of the second. Threads: read-only after it is
 * built; may then be shared.
 */
#ifndef VO_GRID_TARIFF_H
#define VO_GRID_TARIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <volteo/status.h>

#include "base/zone.h"
#include "grid/series.h"

#define VO_TARIFF_SEASONS 12
#define VO_TARIFF_RANGES 12
#define VO_TARIFF_RATES 96
#define VO_TARIFF_TIERS 8
#define VO_TARIFF_COMPONENTS 40
#define VO_TARIFF_TERRITORIES 64
#define VO_TARIFF_FIXED 16
#define VO_TARIFF_VINTAGES 64
#define VO_TARIFF_HOLIDAYS 512
#define VO_TARIFF_NAME 64

typedef enum { VO_TARIFF_WEEKDAY = 0, VO_TARIFF_WEEKEND = 1 } vo_tariff_day;
typedef enum { VO_TARIFF_PER_MONTH = 0, VO_TARIFF_PER_DAY = 1 } vo_tariff_per;

/* What an exported kWh earns. */
typedef enum {
    VO_TARIFF_EXPORT_NONE = 0, /* nothing                             */
    VO_TARIFF_EXPORT_RETAIL,   /* the import price, above baseline    */
    VO_TARIFF_EXPORT_FIXED,    /* export_per_kwh                      */
    VO_TARIFF_EXPORT_RATES,    /* the sell price of the rate in force */
    VO_TARIFF_EXPORT_TABLE     /* export_table's value                */
} vo_tariff_export_method;

typedef struct {
    double up_to; /* end of the tier, kWh (kW of a demand rate); the last: INFINITY    */
    double price; /* currency per kWh (per kW)                                         */
    double sell;  /* currency per exported kWh; 0 if none                              */
} vo_tariff_tier;

typedef struct {
    char name[VO_TARIFF_NAME]; /* "summer peak"                                        */
    size_t n_tiers;
    vo_tariff_tier tier[VO_TARIFF_TIERS];
    double component[VO_TARIFF_COMPONENTS]; /* of tier 0; they sum to its price        */
} vo_tariff_rate;

typedef struct {
    int32_t from_month, from_day, to_month, to_day; /* both included; may pass the year's end */
} vo_tariff_range;

typedef struct {
    char name[VO_TARIFF_NAME];
    size_t n_ranges;
    vo_tariff_range range[VO_TARIFF_RANGES];
    uint8_t hour[2][24];        /* [vo_tariff_day][local hour] index of a rate          */
    uint8_t demand_hour[2][24]; /* index of a demand rate, if there are any             */
    uint8_t flat_demand;        /* index of a flat demand rate, if there are any        */
} vo_tariff_season;

typedef struct {
    char class_name[VO_TARIFF_NAME]; /* "basic", "all_electric"                         */
    char code[16];                   /* "X"                                             */
    double kwh_per_day[VO_TARIFF_SEASONS];
} vo_tariff_territory;

typedef struct {
    char name[VO_TARIFF_NAME];
    char option[VO_TARIFF_NAME]; /* "": always paid; else one of the options of this name */
    double amount;
    vo_tariff_per per;
} vo_tariff_fixed;

typedef struct {
    int32_t year; /* other supply began */
    double per_kwh;
} vo_tariff_vintage;

struct vo_export_table;

typedef struct {
    char utility[VO_TARIFF_NAME], schedule[VO_TARIFF_NAME], currency[16];
    vo_zone *zone;         /* owned                                                    */
    int32_t effective_day; /* days since 1970-01-01                                    */
    int32_t until_day;     /* INT32_MAX: not known                                     */
    size_t n_seasons;
    vo_tariff_season season[VO_TARIFF_SEASONS];
    uint8_t season_of[12][31]; /* by month and day; vo_tariff_check fills it            */
    size_t n_components;
    char component_name[VO_TARIFF_COMPONENTS][VO_TARIFF_NAME];
    size_t n_rates;
    vo_tariff_rate rate[VO_TARIFF_RATES];
    vo_tariff_per tiers_per; /* kWh are counted per billing month or per local day      */
    bool has_baseline;
    double baseline_credit; /* taken off each kWh below the baseline quantity           */
    size_t n_territories;
    vo_tariff_territory territory[VO_TARIFF_TERRITORIES];
    size_t n_fixed;
    vo_tariff_fixed fixed[VO_TARIFF_FIXED];
    double minimum; /* of a bill's charges; 0: none                                     */
    vo_tariff_per minimum_per;
    size_t n_demand_rates, n_flat_demand_rates;
    vo_tariff_rate demand_rate[VO_TARIFF_SEASONS + 4];
    vo_tariff_rate flat_demand_rate[VO_TARIFF_SEASONS + 4];
    /* What a customer of another supplier does not pay, and pays instead, by vintage: */
    bool dropped[VO_TARIFF_COMPONENTS];
    size_t n_pcia, n_franchise;
    vo_tariff_vintage pcia[VO_TARIFF_VINTAGES], franchise[VO_TARIFF_VINTAGES];
    vo_tariff_export_method export_method;
    double export_per_kwh; /* of EXPORT_FIXED                                         */
    double export_adder;   /* on top of EXPORT_FIXED, EXPORT_RATES and EXPORT_TABLE   */
    const struct vo_export_table *export_table; /* borrowed, or own_table               */
    struct vo_export_table *own_table; /* owned: a table named by the tariff, or NULL     */
    size_t n_holidays;
    int32_t holiday[VO_TARIFF_HOLIDAYS]; /* days since 1970-01-01, ascending            */
} vo_tariff;

#define VO_TARIFF_DEMAND_RATES (VO_TARIFF_SEASONS + 4)

/* An empty tariff in an IANA zone, currency "USD", in force always. *out is the caller's. */
vo_status vo_tariff_create(const char *zone, vo_tariff **out, vo_error *err);
vo_status vo_tariff_copy(const vo_tariff *t, vo_tariff **out, vo_error *err);
void vo_tariff_free(vo_tariff *t); /* accepts NULL */

/* VO_EINVAL naming the field, its value and the remedy: every day in exactly one season, every
 * hour a rate, tiers ascending, prices within -100..100, components summing to the price within
 * 0.00001, ... Fills season_of. A tariff is used only after it. */
vo_status vo_tariff_check(vo_tariff *t, vo_error *err);

/* ---- when ---------------------------------------------------------------------- */

typedef struct {
    int32_t day; /* days since 1970-01-01 of the local date */
    int32_t hour;
    size_t season;
    vo_tariff_day kind;
    int64_t hour_ends; /* UTC instant of the next local hour */
} vo_tariff_moment;

vo_tariff_moment vo_tariff_at(const vo_tariff *t, vo_time when);
bool vo_tariff_in_force(const vo_tariff *t, vo_time when);

/* The one of `version` in force at an instant (the latest begun, where several are), or NULL.
 */
const vo_tariff *vo_tariff_choose(const vo_tariff *const *version, size_t n, vo_time when);

/* ---- prices -------------------------------------------------------------------- */

const vo_tariff_rate *vo_tariff_rate_at(const vo_tariff *t, vo_time when);

/* Price of the next kWh after `used_kwh` in the tiers' month or day; below the baseline
 * quantity (above_baseline false) the credit is taken off. */
double vo_tariff_import_price(const vo_tariff *t, vo_time when, double used_kwh,
                              bool above_baseline);

/* VO_ENOTFOUND: EXPORT_TABLE without a table, or a year that is not in it. */
vo_status vo_tariff_export_price(const vo_tariff *t, vo_time when, double *out, vo_error *err);

/* The sum of the named component over the rate in force, or VO_ENOTFOUND. */
vo_status vo_tariff_component(const vo_tariff *t, vo_time when, const char *name, double *out,
                              vo_error *err);

/* buy[n] and sell[n], currency/kWh (times 1000: per MWh, which the optimiser takes), of
 * intervals that begin at start[i] and last dt_h[i] hours: means over the local hours they
 * touch, in the first tier, above baseline. VO_ENOTFOUND if no version is in force at some
 * instant. */
vo_status vo_tariff_prices(const vo_tariff *const *version, size_t n_versions,
                           const vo_time *start, const double *dt_h, size_t n, double *buy,
                           double *sell, vo_error *err);

/* ---- other suppliers, programmes, adders: a tariff from a tariff ----------------- */

/* A flat adder per imported kWh (a tax), as one more component. */
vo_status vo_tariff_with_adder(const vo_tariff *t, const char *name, double per_kwh,
                               vo_tariff **out, vo_error *err);

/* A programme: the exempt components (names) are not paid, the rest of every price and the
 * baseline credit is reduced by `discount` (fraction). Charges per day and month stay: their
 * options have the programme's amounts. Needs a tariff with components where any is exempt;
 * exempt names the tariff does not have are passed over. */
vo_status vo_tariff_with_programme(const vo_tariff *t, double discount,
                                   const char *const *exempt, size_t n_exempt, vo_tariff **out,
                                   vo_error *err);

/* Another supplier (a CCA): per_kwh[n_rates] replaces the dropped components, the vintage's
 * indifference charge and franchise fee are added as "pcia" and "franchise_fee". */
vo_status vo_tariff_with_supplier(const vo_tariff *t, const double *per_kwh, int32_t vintage,
                                  vo_tariff **out, vo_error *err);

/* ---- bills --------------------------------------------------------------------- */

typedef struct {
    const char *territory;    /* "X"; NULL: no baseline quantity                       */
    const char *class_name;   /* "basic"; NULL: the first of that territory            */
    const char *fixed_option; /* "tier_1"; NULL: the last option of each charge        */
    double extra_kwh_per_day; /* added to the baseline quantity (medical baseline)     */
} vo_tariff_customer;

#define VO_TARIFF_ITEMS 256

typedef struct {
    char name[2 * VO_TARIFF_NAME]; /* "summer peak", "baseline credit summer", ...      */
    double quantity;               /* kWh, kW, days or months                           */
    double price;                  /* per quantity; an average where it varied          */
    double amount;                 /* > 0 charges the customer                          */
} vo_tariff_item;

typedef struct {
    size_t n_items;
    vo_tariff_item item[VO_TARIFF_ITEMS];
    int32_t days; /* local days touched */
    double import_kwh, export_kwh;
    double baseline_kwh;  /* below the baseline quantity                                 */
    double charges;       /* all items > 0 and credits of the baseline                   */
    double export_credit; /* >= 0 as a rule; subtracted                                 */
    double minimum_added; /* what lifts the charges to the minimum bill                 */
    double total;         /* charges + minimum_added - export_credit                    */
} vo_tariff_bill;

/* The bill of one billing month: intervals start[i], dt_h[i] (at most an hour), kWh imported
 * and exported in each; export_kwh may be NULL. Tiers by month count from the first interval
 * on. Baseline quantities are counted per season: days in it times kWh per day. Charges per
 * month count once. Each interval is priced as it begins; a month in which the version changes
 * is two calls. VO_EINVAL names the interval; VO_ENOTFOUND the territory, class or option. */
vo_status vo_tariff_bill_month(const vo_tariff *t, const vo_tariff_customer *c,
                               const vo_time *start, const double *dt_h,
                               const double *import_kwh, const double *export_kwh, size_t n,
                               vo_tariff_bill *out, vo_error *err);

#endif
