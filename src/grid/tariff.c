/* tariff.c -- see tariff.h for the contract; bills are in tariff_bill.c.
 *
 * All the time in a tariff is local: an instant is turned into date and hour once
 * (vo_tariff_at), the rest are tables.
 */
#include "grid/tariff.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "grid/tariff_export.h"

#define MAX_PER_KWH 100.0 /* beyond it the price is surely per MWh */
#define MAX_AMOUNT 1e6
#define COMPONENTS_OFF 1.0001e-5 /* published in five decimals, so may be one of them off */
#define NO_SEASON 0xFF
#define MAX_INTERVAL_H (366.0 * 24)

vo_status vo_tariff_create(const char *zone, vo_tariff **out, vo_error *err) {
    vo_tariff *t = calloc(1, sizeof *t);
    if (!t) return vo_fail(err, VO_ENOMEM, "a tariff");
    const vo_status st = vo_zone_open(zone, &t->zone, err);
    if (st != VO_OK) {
        free(t);
        return st;
    }
    strcpy(t->currency, "USD");
    t->effective_day = INT32_MIN;
    t->until_day = INT32_MAX;
    *out = t;
    return VO_OK;
}

vo_status vo_tariff_copy(const vo_tariff *t, vo_tariff **out, vo_error *err) {
    vo_tariff *copy = NULL;
    vo_export_table *table = NULL;
    vo_status st = vo_tariff_create(vo_zone_name(t->zone), &copy, err);
    if (st == VO_OK && t->own_table) st = vo_export_table_copy(t->own_table, &table, err);
    if (st != VO_OK || !copy) {
        vo_tariff_free(copy);
        return st;
    }
    vo_zone *zone = copy->zone;
    *copy = *t;
    copy->zone = zone;
    copy->own_table = table;
    if (t->own_table && t->export_table == t->own_table) copy->export_table = table;
    *out = copy;
    return VO_OK;
}

void vo_tariff_free(vo_tariff *t) {
    if (!t) return;
    vo_zone_close(t->zone);
    vo_export_table_free(t->own_table);
    free(t);
}

/* ---- checks ------------------------------------------------------------------ */

static const int days_of[12] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

static bool is_month_day(int32_t month, int32_t day) {
    return month >= 1 && month <= 12 && day >= 1 && day <= days_of[month - 1];
}

/* Marks the days of one range as belonging to season s. */
static vo_status fill_range(vo_tariff *t, size_t s, const vo_tariff_range *r, vo_error *err) {
    const char *name = t->season[s].name;
    if (!is_month_day(r->from_month, r->from_day) || !is_month_day(r->to_month, r->to_day))
        return vo_fail(err, VO_EINVAL,
                       "seasons.%.60s: %02d-%02d to %02d-%02d; months are 1..12 and days those "
                       "of the month",
                       name, r->from_month, r->from_day, r->to_month, r->to_day);
    int32_t month = r->from_month, day = r->from_day;
    for (;;) {
        uint8_t *at = &t->season_of[month - 1][day - 1];
        if (*at != NO_SEASON)
            return vo_fail(err, VO_EINVAL, "seasons: %02d-%02d is in %.60s and in %.60s", month,
                           day, t->season[*at].name, name);
        *at = (uint8_t)s;
        if (month == r->to_month && day == r->to_day) return VO_OK;
        if (++day > days_of[month - 1]) {
            day = 1;
            month = month % 12 + 1;
        }
    }
}

static vo_status check_seasons(vo_tariff *t, vo_error *err) {
    if (t->n_seasons < 1 || t->n_seasons > VO_TARIFF_SEASONS)
        return vo_fail(err, VO_EINVAL, "seasons: %zu; there must be 1 to %d", t->n_seasons,
                       VO_TARIFF_SEASONS);
    memset(t->season_of, NO_SEASON, sizeof t->season_of);
    for (size_t s = 0; s < t->n_seasons; s++)
        for (size_t k = 0; k < t->season[s].n_ranges; k++) {
            const vo_status st = fill_range(t, s, &t->season[s].range[k], err);
            if (st != VO_OK) return st;
        }
    for (int m = 0; m < 12; m++)
        for (int d = 0; d < days_of[m]; d++)
            if (t->season_of[m][d] == NO_SEASON)
                return vo_fail(err, VO_EINVAL, "seasons: %02d-%02d is in none: extend one",
                               m + 1, d + 1);
    return VO_OK;
}

static vo_status check_hours(const vo_tariff *t, vo_error *err) {
    for (size_t s = 0; s < t->n_seasons; s++) {
        const vo_tariff_season *season = &t->season[s];
        for (int h = 0; h < 48; h++) {
            const char *kind = h < 24 ? "weekday" : "weekend";
            if (season->hour[h / 24][h % 24] >= t->n_rates)
                return vo_fail(err, VO_EINVAL,
                               "hours.%.60s.%s[%d]: rate %d of %zu; they are counted from 0",
                               season->name, kind, h % 24, season->hour[h / 24][h % 24],
                               t->n_rates);
            if (t->n_demand_rates > 0 &&
                season->demand_hour[h / 24][h % 24] >= t->n_demand_rates)
                return vo_fail(err, VO_EINVAL,
                               "demand_hours.%.60s.%s[%d]: demand rate %d of %zu; they are "
                               "counted from 0",
                               season->name, kind, h % 24, season->demand_hour[h / 24][h % 24],
                               t->n_demand_rates);
        }
        if (t->n_flat_demand_rates > 0 && season->flat_demand >= t->n_flat_demand_rates)
            return vo_fail(err, VO_EINVAL, "flat_demand.%.60s: rate %d of %zu", season->name,
                           season->flat_demand, t->n_flat_demand_rates);
    }
    return VO_OK;
}

static vo_status check_rate(const vo_tariff_rate *r, const char *list, double limit,
                            vo_error *err) {
    if (r->n_tiers < 1 || r->n_tiers > VO_TARIFF_TIERS)
        return vo_fail(err, VO_EINVAL, "%s, %.60s: %zu tiers; there must be 1 to %d", list,
                       r->name, r->n_tiers, VO_TARIFF_TIERS);
    double below = 0;
    for (size_t k = 0; k < r->n_tiers; k++) {
        const vo_tariff_tier *tier = &r->tier[k];
        if (!(fabs(tier->price) <= limit) || !(fabs(tier->sell) <= limit))
            return vo_fail(err, VO_EINVAL,
                           "%s, %.60s, tier %zu: price %g, sell %g; at most %g either way: "
                           "prices are per kWh",
                           list, r->name, k + 1, tier->price, tier->sell, limit);
        if (k + 1 == r->n_tiers ? !isinf(tier->up_to) : !isfinite(tier->up_to))
            return vo_fail(err, VO_EINVAL,
                           "%s, %.60s, tier %zu: up to %g; every tier but the last ends", list,
                           r->name, k + 1, tier->up_to);
        if (!(tier->up_to > below))
            return vo_fail(err, VO_EINVAL,
                           "%s, %.60s, tier %zu: up to %g, which is not above %g", list,
                           r->name, k + 1, tier->up_to, below);
        below = tier->up_to;
    }
    return VO_OK;
}

static vo_status check_components(const vo_tariff *t, vo_error *err) {
    for (size_t r = 0; r < t->n_rates && t->n_components > 0; r++) {
        double sum = 0;
        for (size_t c = 0; c < t->n_components; c++) {
            const double part = t->rate[r].component[c];
            if (!(fabs(part) <= MAX_PER_KWH))
                return vo_fail(err, VO_EINVAL, "rates, %.60s, %.60s: %g per kWh",
                               t->rate[r].name, t->component_name[c], part);
            sum += part;
        }
        if (!(fabs(sum - t->rate[r].tier[0].price) <= COMPONENTS_OFF))
            return vo_fail(
                err, VO_EINVAL,
                "rates, %.60s: the components sum to %.6f, the price is %.6f: one of "
                "them is wrong",
                t->rate[r].name, sum, t->rate[r].tier[0].price);
    }
    return VO_OK;
}

static vo_status check_rates(const vo_tariff *t, vo_error *err) {
    if (t->n_rates < 1 || t->n_rates > VO_TARIFF_RATES)
        return vo_fail(err, VO_EINVAL, "rates: %zu; there must be 1 to %d", t->n_rates,
                       VO_TARIFF_RATES);
    vo_status st = VO_OK;
    for (size_t r = 0; st == VO_OK && r < t->n_rates; r++)
        st = check_rate(&t->rate[r], "rates", MAX_PER_KWH, err);
    for (size_t r = 0; st == VO_OK && r < t->n_demand_rates; r++)
        st = check_rate(&t->demand_rate[r], "demand_rates", 1e4, err);
    for (size_t r = 0; st == VO_OK && r < t->n_flat_demand_rates; r++)
        st = check_rate(&t->flat_demand_rate[r], "flat_demand_rates", 1e4, err);
    return st == VO_OK ? check_components(t, err) : st;
}

static vo_status check_baseline(const vo_tariff *t, vo_error *err) {
    if (!t->has_baseline) return VO_OK;
    if (!(fabs(t->baseline_credit) <= MAX_PER_KWH))
        return vo_fail(err, VO_EINVAL, "baseline.credit_per_kwh: %g; at most %g either way",
                       t->baseline_credit, MAX_PER_KWH);
    for (size_t k = 0; k < t->n_territories; k++)
        for (size_t s = 0; s < t->n_seasons; s++) {
            const double q = t->territory[k].kwh_per_day[s];
            if (!(q >= 0 && q <= 1000))
                return vo_fail(
                    err, VO_EINVAL, "baseline.quantities.%.60s.%s.%.60s: %g kWh/day; 0 to 1000",
                    t->territory[k].class_name, t->territory[k].code, t->season[s].name, q);
        }
    return VO_OK;
}

static vo_status check_amounts(const vo_tariff *t, vo_error *err) {
    for (size_t k = 0; k < t->n_fixed; k++)
        if (!(fabs(t->fixed[k].amount) <= MAX_AMOUNT))
            return vo_fail(err, VO_EINVAL, "fixed, %.60s %.60s: %g; at most %g either way",
                           t->fixed[k].name, t->fixed[k].option, t->fixed[k].amount,
                           MAX_AMOUNT);
    if (!(t->minimum >= 0 && t->minimum <= MAX_AMOUNT))
        return vo_fail(err, VO_EINVAL, "minimum.amount: %g; 0 to %g", t->minimum, MAX_AMOUNT);
    if (!(fabs(t->export_per_kwh) <= MAX_PER_KWH && fabs(t->export_adder) <= MAX_PER_KWH))
        return vo_fail(err, VO_EINVAL, "export: %g + %g per kWh; at most %g either way",
                       t->export_per_kwh, t->export_adder, MAX_PER_KWH);
    if (t->until_day <= t->effective_day)
        return vo_fail(err, VO_EINVAL, "until: not after `effective`");
    for (size_t k = 1; k < t->n_holidays; k++)
        if (t->holiday[k] <= t->holiday[k - 1])
            return vo_fail(err, VO_EINVAL, "holidays[%zu]: not after the one before it", k);
    return VO_OK;
}

vo_status vo_tariff_check(vo_tariff *t, vo_error *err) {
    vo_status st = check_seasons(t, err);
    if (st == VO_OK) st = check_rates(t, err);
    if (st == VO_OK) st = check_hours(t, err);
    if (st == VO_OK) st = check_baseline(t, err);
    if (st == VO_OK) st = check_amounts(t, err);
    return st;
}

/* ---- when -------------------------------------------------------------------- */

vo_tariff_moment vo_tariff_at(const vo_tariff *t, vo_time when) {
    const int64_t local = when.s + vo_zone_offset(t->zone, when.s);
    const vo_civil c = vo_civil_from_seconds(local);
    const int32_t day = (int32_t)vo_civil_days(c.year, c.month, c.day);
    const bool rest = vo_civil_weekday(day) >= 5 ||
                      (t->n_holidays > 0 &&
                       bsearch(&day, t->holiday, t->n_holidays, sizeof day, vo_order_int32));
    return (vo_tariff_moment){.day = day,
                              .hour = c.hour,
                              .season = t->season_of[c.month - 1][c.day - 1],
                              .kind = rest ? VO_TARIFF_WEEKEND : VO_TARIFF_WEEKDAY,
                              .hour_ends = when.s + 3600 - c.minute * 60 - c.second};
}

bool vo_tariff_in_force(const vo_tariff *t, vo_time when) {
    const int64_t day = vo_zone_local_day(t->zone, when.s);
    return day >= t->effective_day && day < t->until_day;
}

const vo_tariff *vo_tariff_choose(const vo_tariff *const *version, size_t n, vo_time when) {
    const vo_tariff *best = NULL;
    for (size_t i = 0; i < n; i++)
        if (vo_tariff_in_force(version[i], when) &&
            (!best || version[i]->effective_day > best->effective_day))
            best = version[i];
    return best;
}

/* ---- prices ------------------------------------------------------------------ */

const vo_tariff_rate *vo_tariff_rate_at(const vo_tariff *t, vo_time when) {
    const vo_tariff_moment m = vo_tariff_at(t, when);
    return &t->rate[t->season[m.season].hour[m.kind][m.hour]];
}

double vo_tariff_import_price(const vo_tariff *t, vo_time when, double used_kwh,
                              bool above_baseline) {
    const vo_tariff_rate *r = vo_tariff_rate_at(t, when);
    size_t k = 0;
    while (k + 1 < r->n_tiers && used_kwh >= r->tier[k].up_to) k++;
    return r->tier[k].price - (t->has_baseline && !above_baseline ? t->baseline_credit : 0);
}

vo_status vo_tariff_export_price(const vo_tariff *t, vo_time when, double *out, vo_error *err) {
    switch (t->export_method) {
    case VO_TARIFF_EXPORT_NONE:
        *out = 0;
        return VO_OK;
    case VO_TARIFF_EXPORT_RETAIL:
        *out = vo_tariff_import_price(t, when, 0, true);
        return VO_OK;
    case VO_TARIFF_EXPORT_FIXED:
        *out = t->export_per_kwh + t->export_adder;
        return VO_OK;
    case VO_TARIFF_EXPORT_RATES:
        *out = vo_tariff_rate_at(t, when)->tier[0].sell + t->export_adder;
        return VO_OK;
    case VO_TARIFF_EXPORT_TABLE:
        break;
    }
    if (!t->export_table)
        return vo_fail(err, VO_ENOTFOUND,
                       "%.60s pays exports by an hourly table, and none was given: import one "
                       "and name its file in export.values",
                       t->schedule);
    double value;
    const vo_status st =
        vo_export_table_value(t->export_table, t->export_table->n_parts, when, &value, err);
    if (st == VO_OK) *out = value + t->export_adder;
    return st;
}

vo_status vo_tariff_component(const vo_tariff *t, vo_time when, const char *name, double *out,
                              vo_error *err) {
    for (size_t c = 0; c < t->n_components; c++)
        if (strcmp(t->component_name[c], name) == 0) {
            *out = vo_tariff_rate_at(t, when)->component[c];
            return VO_OK;
        }
    return vo_fail(err, VO_ENOTFOUND, "%.60s has no component \"%.60s\"", t->schedule, name);
}

/* Buying and selling at one instant, by the version in force. */
static vo_status price_at(const vo_tariff *const *version, size_t n, vo_time when, double *buy,
                          double *sell, int64_t *until, vo_error *err) {
    const vo_tariff *t = vo_tariff_choose(version, n, when);
    if (!t) {
        char stamp[32];
        return vo_fail(err, VO_ENOTFOUND, "no version of the tariff is in force at %s",
                       vo_civil_format_utc(when.s, stamp));
    }
    *buy = vo_tariff_import_price(t, when, 0, true);
    *until = vo_tariff_at(t, when).hour_ends;
    return vo_tariff_export_price(t, when, sell, err);
}

vo_status vo_tariff_prices(const vo_tariff *const *version, size_t n_versions,
                           const vo_time *start, const double *dt_h, size_t n, double *buy,
                           double *sell, vo_error *err) {
    for (size_t i = 0; i < n; i++) {
        if (!(dt_h[i] * 3600 >= 1 && dt_h[i] <= MAX_INTERVAL_H))
            return vo_fail(err, VO_EINVAL, "interval %zu: %g h long; 1 second to %g h", i,
                           dt_h[i], MAX_INTERVAL_H);
        const int64_t end = start[i].s + llround(dt_h[i] * 3600);
        double bought = 0, sold = 0;
        for (int64_t at = start[i].s; at < end;) {
            double b = 0, s = 0;
            int64_t until = end;
            const vo_status st =
                price_at(version, n_versions, (vo_time){at}, &b, &s, &until, err);
            if (st != VO_OK) return st;
            if (at == start[i].s && until >= end) { /* the usual case, without rounding */
                bought = b;
                sold = s;
                break;
            }
            const int64_t to = until < end ? until : end;
            bought += b * (double)(to - at) / (double)(end - start[i].s);
            sold += s * (double)(to - at) / (double)(end - start[i].s);
            at = to;
        }
        buy[i] = bought;
        sell[i] = sold;
    }
    return VO_OK;
}

/* ---- a tariff from a tariff -------------------------------------------------- */

/* One more component: `per_kwh` on each rate and tier. */
static vo_status add_component(vo_tariff *t, const char *name, const double *per_kwh,
                               vo_error *err) {
    if (t->n_components >= VO_TARIFF_COMPONENTS)
        return vo_fail(err, VO_EINVAL, "%.60s: more than %d components", name,
                       VO_TARIFF_COMPONENTS);
    if (t->n_components == 0) { /* what there was so far, as one of them */
        strcpy(t->component_name[t->n_components++], "energy");
        for (size_t r = 0; r < t->n_rates; r++)
            t->rate[r].component[0] = t->rate[r].tier[0].price;
    }
    const size_t c = t->n_components++;
    t->component_name[c][0] = '\0';
    strncat(t->component_name[c], name, VO_TARIFF_NAME - 1);
    for (size_t r = 0; r < t->n_rates; r++) {
        t->rate[r].component[c] = per_kwh[r];
        for (size_t k = 0; k < t->rate[r].n_tiers; k++) t->rate[r].tier[k].price += per_kwh[r];
    }
    return VO_OK;
}

static vo_status add_flat_component(vo_tariff *t, const char *name, double per_kwh,
                                    vo_error *err) {
    double same[VO_TARIFF_RATES];
    for (size_t r = 0; r < t->n_rates; r++) same[r] = per_kwh;
    return add_component(t, name, same, err);
}

static vo_status finish_copy(vo_tariff *copy, vo_status st, vo_tariff **out, vo_error *err) {
    if (st == VO_OK) st = vo_tariff_check(copy, err);
    if (st == VO_OK)
        *out = copy;
    else
        vo_tariff_free(copy);
    return st;
}

vo_status vo_tariff_with_adder(const vo_tariff *t, const char *name, double per_kwh,
                               vo_tariff **out, vo_error *err) {
    vo_tariff *copy = NULL;
    const vo_status st = vo_tariff_copy(t, &copy, err);
    if (st != VO_OK) return st;
    return finish_copy(copy, add_flat_component(copy, name, per_kwh, err), out, err);
}

static void drop_component(vo_tariff *t, size_t c) {
    for (size_t r = 0; r < t->n_rates; r++) {
        for (size_t k = 0; k < t->rate[r].n_tiers; k++)
            t->rate[r].tier[k].price -= t->rate[r].component[c];
        t->rate[r].component[c] = 0;
    }
}

vo_status vo_tariff_with_programme(const vo_tariff *t, double discount,
                                   const char *const *exempt, size_t n_exempt, vo_tariff **out,
                                   vo_error *err) {
    if (!(discount >= 0 && discount < 1))
        return vo_fail(err, VO_EINVAL,
                       "discount: %g; a fraction in [0, 1): 35 per cent is 0.35", discount);
    if (n_exempt > 0 && t->n_components == 0)
        return vo_fail(err, VO_EINVAL, "%.60s has no components, so \"%.60s\" cannot be exempt",
                       t->schedule, exempt[0]);
    vo_tariff *copy = NULL;
    const vo_status st = vo_tariff_copy(t, &copy, err);
    if (st != VO_OK) return st;
    for (size_t c = 0; c < t->n_components; c++)
        for (size_t k = 0; k < n_exempt; k++)
            if (strcmp(exempt[k], t->component_name[c]) == 0) drop_component(copy, c);
    for (size_t r = 0; r < copy->n_rates; r++) {
        for (size_t k = 0; k < copy->rate[r].n_tiers; k++)
            copy->rate[r].tier[k].price *= 1 - discount;
        for (size_t c = 0; c < copy->n_components; c++)
            copy->rate[r].component[c] *= 1 - discount;
    }
    copy->baseline_credit *= 1 - discount;
    return finish_copy(copy, VO_OK, out, err);
}

static vo_status find_vintage(const vo_tariff_vintage *list, size_t n, int32_t year,
                              double *out, vo_error *err) {
    for (size_t i = 0; i < n; i++)
        if (list[i].year == year) {
            *out = list[i].per_kwh;
            return VO_OK;
        }
    if (n == 0)
        return vo_fail(err, VO_ENOTFOUND,
                       "the tariff has no charges for customers of other suppliers");
    return vo_fail(err, VO_ENOTFOUND, "vintage %d: the tariff has %d to %d", year, list[0].year,
                   list[n - 1].year);
}

vo_status vo_tariff_with_supplier(const vo_tariff *t, const double *per_kwh, int32_t vintage,
                                  vo_tariff **out, vo_error *err) {
    double pcia = 0, franchise = 0;
    vo_status st = find_vintage(t->pcia, t->n_pcia, vintage, &pcia, err);
    if (st == VO_OK && t->n_franchise > 0)
        st = find_vintage(t->franchise, t->n_franchise, vintage, &franchise, err);
    vo_tariff *copy = NULL;
    if (st == VO_OK) st = vo_tariff_copy(t, &copy, err);
    if (st != VO_OK) return st;
    for (size_t c = 0; c < t->n_components; c++)
        if (t->dropped[c]) drop_component(copy, c);
    st = add_component(copy, "supplier_generation", per_kwh, err);
    if (st == VO_OK) st = add_flat_component(copy, "pcia", pcia, err);
    if (st == VO_OK) st = add_flat_component(copy, "franchise_fee", franchise, err);
    copy->n_pcia = copy->n_franchise = 0; /* a supplier is changed once */
    return finish_copy(copy, st, out, err);
}
