/* tariff_schedule.c -- a published rate schedule (unbundled, as in the TOML files of
 * Californian tariffs) in the words of tariff_document.h.
 *
 * The publication has one summer by first and last day, periods as ranges of hours (what they
 * leave is off_peak), the season's and period's own components under `energy`, flat ones under
 * `adders`, and the published total under `totals`: the price.
 */
#include "data/tariff_document.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const char *const SEASONS[] = {"summer", "winter"};

static bool is_kind(const vo_json *v, vo_json_kind k) { return v && vo_json_kind_of(v) == k; }

/* The zone of utilities whose files do not name one. */
static const char *zone_of(const char *utility) {
    static const char *const pacific[] = {
        "pacific_gas_and_electric", "southern_california_edison", "san_diego_gas_and_electric"};
    for (size_t i = 0; i < sizeof pacific / sizeof *pacific; i++)
        if (strcmp(utility, pacific[i]) == 0) return "America/Los_Angeles";
    return NULL;
}

static vo_status write_head(const vo_json *p, const char *zone, vo_json_out *w, vo_error *err) {
    const char *utility, *schedule, *effective, *currency = "";
    vo_status st = vo_tariff_get_text(p, "schedule", "utility", &utility, err);
    if (st == VO_OK) st = vo_tariff_get_text(p, "schedule", "tariff", &schedule, err);
    if (st == VO_OK) st = vo_tariff_get_text(p, "schedule", "effective", &effective, err);
    if (st == VO_OK) st = vo_tariff_get_text(p, "schedule", "currency", &currency, err);
    if (st != VO_OK) return st;
    const size_t len = strlen(currency);
    if (len < 5 || len > 12 || strcmp(currency + len - 4, "/kWh") != 0)
        return vo_fail(err, VO_EINVAL, "currency: \"%.40s\"; \"USD/kWh\" is understood",
                       currency);
    if (!zone) zone = zone_of(utility);
    if (!zone)
        return vo_fail(err, VO_EINVAL,
                       "utility: the time zone of \"%.60s\" is not known: give it (zone)",
                       utility);
    char money[16] = "";
    memcpy(money, currency, len - 4);
    vo_json_out_key(w, "utility");
    vo_json_out_string(w, utility);
    vo_json_out_key(w, "schedule");
    vo_json_out_string(w, schedule);
    vo_json_out_key(w, "currency");
    vo_json_out_string(w, money);
    vo_json_out_key(w, "zone");
    vo_json_out_string(w, zone);
    vo_json_out_key(w, "effective");
    vo_json_out_string(w, effective);
    return VO_OK;
}

/* ---- seasons ----------------------------------------------------------------- */

static void write_range(vo_json_out *w, const char *from, const char *to) {
    vo_json_out_array(w);
    vo_json_out_array(w);
    vo_json_out_string(w, from);
    vo_json_out_string(w, to);
    vo_json_out_end(w);
    vo_json_out_end(w);
}

static void next_to(int32_t month, int32_t day, int step, char out[8]) {
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    day += step;
    if (day < 1) {
        month = month == 1 ? 12 : month - 1;
        day = days[month - 1];
    } else if (day > days[month - 1]) {
        month = month == 12 ? 1 : month + 1;
        day = 1;
    }
    snprintf(out, 8, "%02d-%02d", month % 100, day % 100);
}

static vo_status write_seasons(const vo_json *p, vo_json_out *w, vo_error *err) {
    const vo_json *s = vo_json_get(p, "seasons");
    const char *from, *to;
    int32_t month[2], day[2];
    vo_status st = vo_tariff_get_text(s, "seasons", "summer_start", &from, err);
    if (st == VO_OK) st = vo_tariff_get_text(s, "seasons", "summer_end", &to, err);
    if (st != VO_OK) return st;
    if (!vo_tariff_month_day(from, &month[0], &day[0]) ||
        !vo_tariff_month_day(to, &month[1], &day[1]))
        return vo_fail(err, VO_EINVAL,
                       "seasons: summer from \"%.20s\" to \"%.20s\"; days are \"06-01\"", from,
                       to);
    char before[8], after[8];
    next_to(month[0], day[0], -1, before);
    next_to(month[1], day[1], 1, after);
    vo_json_out_key(w, "seasons");
    vo_json_out_object(w);
    vo_json_out_key(w, "summer");
    write_range(w, from, to);
    vo_json_out_key(w, "winter");
    write_range(w, after, before);
    vo_json_out_end(w);
    return VO_OK;
}

/* ---- rates ------------------------------------------------------------------- */

static vo_status write_parts(const vo_json *parts, const char *path, vo_json_out *w,
                             double *sum, vo_error *err) {
    const char *key;
    const vo_json *v;
    for (size_t i = 0; vo_json_member(parts, i, &key, &v); i++) {
        if (!is_kind(v, VO_JSON_NUMBER))
            return vo_fail(err, VO_EINVAL, "%s.%.60s: it must be a number", path, key);
        vo_json_out_key(w, key);
        vo_json_out_number(w, vo_json_number(v));
        *sum += vo_json_number(v);
    }
    return VO_OK;
}

static vo_status write_rate(const vo_json *p, const char *season, const char *period,
                            const vo_json *parts, vo_json_out *w, vo_error *err) {
    char name[2 * VO_TARIFF_NAME], path[192];
    const vo_json *totals = vo_json_get(p, "totals");
    const vo_json *adders = vo_json_get(p, "adders");
    const vo_json *of_season = totals ? vo_json_get(totals, season) : NULL;
    double sum = 0, price;
    snprintf(name, sizeof name, "%.20s %.60s", season, period);
    vo_json_out_object(w);
    vo_json_out_key(w, "name");
    vo_json_out_string(w, name);
    vo_json_out_key(w, "components");
    vo_json_out_object(w);
    snprintf(path, sizeof path, "energy.%.20s.%.60s", season, period);
    vo_status st = write_parts(parts, path, w, &sum, err);
    if (st == VO_OK) st = write_parts(adders, "adders", w, &sum, err);
    if (st != VO_OK) return st;
    vo_json_out_end(w);
    price = round(sum * 1e5) / 1e5;
    snprintf(path, sizeof path, "totals.%.20s", season);
    if (totals) st = vo_tariff_get_number(of_season, path, period, &price, err);
    vo_json_out_key(w, "per_kwh");
    vo_json_out_number(w, price);
    vo_json_out_end(w);
    return st;
}

static vo_status write_rates(const vo_json *p, vo_json_out *w, vo_error *err) {
    const vo_json *energy = vo_json_get(p, "energy");
    vo_json_out_key(w, "rates");
    vo_json_out_array(w);
    for (int s = 0; s < 2; s++) {
        const vo_json *periods = energy ? vo_json_get(energy, SEASONS[s]) : NULL;
        const char *period;
        const vo_json *parts;
        if (!is_kind(periods, VO_JSON_OBJECT) || vo_json_size(periods) == 0)
            return vo_fail(err, VO_EINVAL, "energy.%s: there must be periods with components",
                           SEASONS[s]);
        for (size_t i = 0; vo_json_member(periods, i, &period, &parts); i++) {
            const vo_status st = write_rate(p, SEASONS[s], period, parts, w, err);
            if (st != VO_OK) return st;
        }
    }
    vo_json_out_end(w);
    return VO_OK;
}

/* ---- hours ------------------------------------------------------------------- */

/* The place of a period among those of its season: -1 if it has none. */
static int period_index(const vo_json *periods, const char *name) {
    const char *key;
    const vo_json *v;
    for (size_t i = 0; vo_json_member(periods, i, &key, &v); i++)
        if (strcmp(key, name) == 0) return (int)i;
    return -1;
}

/* Sets the hours of one period's ranges; two periods may not share one. */
static vo_status fill_period(const vo_json *ranges, const char *name, int rate, int other,
                             int hour[24], vo_error *err) {
    for (size_t k = 0; k < vo_json_size(ranges); k++) {
        const vo_json *range = vo_json_at(ranges, k);
        int from, to;
        if (!is_kind(range, VO_JSON_ARRAY) || vo_json_size(range) != 2 ||
            !vo_tariff_whole(vo_json_at(range, 0), 24, &from) ||
            !vo_tariff_whole(vo_json_at(range, 1), 24, &to) || from >= to)
            return vo_fail(err, VO_EINVAL,
                           "periods.%.60s[%zu]: hours from and to, 0..24, as [16, 21]", name,
                           k);
        if (rate < 0)
            return vo_fail(err, VO_EINVAL, "periods.%.60s: no rate of that name in `energy`",
                           name);
        for (int h = from; h < to; h++) {
            if (hour[h] != other && hour[h] != rate)
                return vo_fail(err, VO_EINVAL, "periods.%.60s: hour %d is in another, too",
                               name, h);
            hour[h] = rate;
        }
    }
    return VO_OK;
}

static bool on_weekdays_only(const vo_json *periods, const char *name) {
    char key[96];
    snprintf(key, sizeof key, "%.60s_weekdays_only", name);
    const vo_json *v = vo_json_get(periods, key);
    return is_kind(v, VO_JSON_BOOL) && vo_json_bool(v);
}

static vo_status write_day(const vo_json *periods, const vo_json *rates, bool weekend,
                           int first, vo_json_out *w, vo_error *err) {
    int hour[24];
    const int other = period_index(rates, "off_peak");
    const char *name;
    const vo_json *v;
    if (other < 0)
        return vo_fail(err, VO_EINVAL,
                       "energy: a season without \"off_peak\", the other hours");
    for (int h = 0; h < 24; h++) hour[h] = other;
    for (size_t i = 0; vo_json_member(periods, i, &name, &v); i++) {
        if (is_kind(v, VO_JSON_BOOL)) continue; /* ..._weekdays_only */
        if (!is_kind(v, VO_JSON_ARRAY))
            return vo_fail(err, VO_EINVAL, "periods.%.60s: a list of hours from and to", name);
        if (weekend && on_weekdays_only(periods, name)) continue;
        const vo_status st = fill_period(v, name, period_index(rates, name), other, hour, err);
        if (st != VO_OK) return st;
    }
    vo_json_out_array(w);
    for (int h = 0; h < 24; h++) vo_json_out_integer(w, first + hour[h]);
    vo_json_out_end(w);
    return VO_OK;
}

static vo_status write_hours(const vo_json *p, vo_json_out *w, vo_error *err) {
    const vo_json *periods = vo_json_get(p, "periods");
    const vo_json *energy = vo_json_get(p, "energy");
    int first = 0;
    vo_status st = VO_OK;
    if (!is_kind(periods, VO_JSON_OBJECT))
        return vo_fail(err, VO_EINVAL, "periods: there must be some, as peak = [[16, 21]]");
    vo_json_out_key(w, "hours");
    vo_json_out_object(w);
    for (int s = 0; s < 2 && st == VO_OK; s++) {
        const vo_json *rates = vo_json_get(energy, SEASONS[s]);
        vo_json_out_key(w, SEASONS[s]);
        vo_json_out_object(w);
        vo_json_out_key(w, "weekday");
        st = write_day(periods, rates, false, first, w, err);
        if (st != VO_OK) return st;
        vo_json_out_key(w, "weekend");
        st = write_day(periods, rates, true, first, w, err);
        if (st != VO_OK) return st;
        vo_json_out_end(w);
        first += (int)vo_json_size(rates);
    }
    vo_json_out_end(w);
    return st;
}

/* ---- what stands around ------------------------------------------------------ */

static vo_status write_baseline(const vo_json *p, vo_json_out *w, vo_error *err) {
    const vo_json *b = vo_json_get(p, "baseline");
    double credit;
    if (!b) return VO_OK;
    const vo_status st = vo_tariff_get_number(b, "baseline", "credit", &credit, err);
    if (st != VO_OK) return st;
    const vo_json *quantities = vo_json_get(b, "quantities");
    if (!quantities) return vo_fail(err, VO_EINVAL, "baseline.quantities: they are missing");
    vo_json_out_key(w, "baseline");
    vo_json_out_object(w);
    vo_json_out_key(w, "credit_per_kwh");
    vo_json_out_number(w, credit);
    vo_json_out_key(w, "quantities");
    vo_json_out_value(w, quantities);
    vo_json_out_end(w);
    return VO_OK;
}

static vo_status write_fixed(const vo_json *p, vo_json_out *w, vo_error *err) {
    const vo_json *b = vo_json_get(p, "base_services_charge");
    const char *unit, *key;
    const vo_json *v;
    if (!b) return VO_OK;
    const vo_status st = vo_tariff_get_text(b, "base_services_charge", "unit", &unit, err);
    if (st != VO_OK) return st;
    const char *slash = strchr(unit, '/');
    if (!slash || (strcmp(slash, "/day") != 0 && strcmp(slash, "/month") != 0))
        return vo_fail(
            err, VO_EINVAL,
            "base_services_charge.unit: \"%.40s\"; \"USD/day\" and \"USD/month\" are "
            "understood",
            unit);
    vo_json_out_key(w, "fixed");
    vo_json_out_array(w);
    for (size_t i = 0; vo_json_member(b, i, &key, &v); i++) {
        if (!is_kind(v, VO_JSON_NUMBER)) continue; /* the unit */
        vo_json_out_object(w);
        vo_json_out_key(w, "name");
        vo_json_out_string(w, "base_services_charge");
        vo_json_out_key(w, "option");
        vo_json_out_string(w, key);
        vo_json_out_key(w, "amount");
        vo_json_out_number(w, vo_json_number(v));
        vo_json_out_key(w, "per");
        vo_json_out_string(w, slash + 1);
        vo_json_out_end(w);
    }
    vo_json_out_end(w);
    return VO_OK;
}

static vo_status write_other_supply(const vo_json *p, vo_json_out *w, vo_error *err) {
    static const char *const names[][2] = {{"drop", "drop_components"},
                                           {"pcia", "pcia_vintages"},
                                           {"franchise_fee", "franchise_fee_vintages"}};
    const vo_json *c = vo_json_get(p, "cca");
    if (!c) return VO_OK;
    vo_json_out_key(w, "other_supply");
    vo_json_out_object(w);
    for (int i = 0; i < 3; i++) {
        const vo_json *v = vo_json_get(c, names[i][1]);
        if (!v && i == 0)
            return vo_fail(err, VO_EINVAL, "cca.drop_components: they are missing");
        if (!v) continue;
        vo_json_out_key(w, names[i][0]);
        vo_json_out_value(w, v);
    }
    vo_json_out_end(w);
    return VO_OK;
}

vo_status vo_tariff_write_schedule(const vo_json *p, const char *zone, vo_json_out *w,
                                   vo_error *err) {
    vo_status st = write_head(p, zone, w, err);
    if (st == VO_OK) st = write_seasons(p, w, err);
    if (st == VO_OK) st = write_rates(p, w, err);
    if (st == VO_OK) st = write_hours(p, w, err);
    if (st == VO_OK) st = write_baseline(p, w, err);
    if (st == VO_OK) st = write_fixed(p, w, err);
    return st == VO_OK ? write_other_supply(p, w, err) : st;
}
