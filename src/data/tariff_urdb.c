/* tariff_urdb.c -- a rate of OpenEI's Utility Rate Database in the words of tariff_document.h.
 *
 * There, each month has 24 numbers of periods for weekdays and 24 for weekends, a period has
 * tiers (rate + adj per kWh up to max, sell for what is exported), and demand charges are built
 * alike (https://openei.org/services/doc/rest/util_rates, version 7). Months with the same
 * hours become one season.
 */
#include "data/tariff_document.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define YEAR_2200_S 7258118400.0

typedef struct {
    const vo_json *p;
    int season[12]; /* of each month */
    int first[12];  /* month of each season */
    int n_seasons;
} urdb;

static bool is_kind(const vo_json *v, vo_json_kind k) { return v && vo_json_kind_of(v) == k; }

static const char *const MONTHS[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                     "jul", "aug", "sep", "oct", "nov", "dec"};
static const char *const SCHEDULES[] = {"energyweekdayschedule", "energyweekendschedule",
                                        "demandweekdayschedule", "demandweekendschedule"};

/* ---- seasons ----------------------------------------------------------------- */

static vo_status check_schedule(const vo_json *v, const char *name, vo_error *err) {
    if (!is_kind(v, VO_JSON_ARRAY) || vo_json_size(v) != 12)
        return vo_fail(err, VO_EINVAL, "%s: a list of 12 months is needed", name);
    for (size_t m = 0; m < 12; m++) {
        const vo_json *hours = vo_json_at(v, m);
        if (!is_kind(hours, VO_JSON_ARRAY) || vo_json_size(hours) != 24)
            return vo_fail(err, VO_EINVAL, "%s[%zu]: a list of 24 hours is needed", name, m);
        for (size_t h = 0; h < 24; h++)
            if (!is_kind(vo_json_at(hours, h), VO_JSON_NUMBER))
                return vo_fail(err, VO_EINVAL, "%s[%zu][%zu]: the number of a period", name, m,
                               h);
    }
    return VO_OK;
}

static double hour_of(const vo_json *schedule, int month, size_t h) {
    return vo_json_number(vo_json_at(vo_json_at(schedule, (size_t)month), h));
}

static bool differ(double a, double b) { return a < b || a > b; }

static bool same_month(const urdb *u, int a, int b) {
    for (int k = 0; k < 4; k++) {
        const vo_json *v = vo_json_get(u->p, SCHEDULES[k]);
        for (size_t h = 0; v && h < 24; h++)
            if (differ(hour_of(v, a, h), hour_of(v, b, h))) return false;
    }
    const vo_json *flat = vo_json_get(u->p, "flatdemandmonths");
    return !flat || !differ(vo_json_number(vo_json_at(flat, (size_t)a)),
                            vo_json_number(vo_json_at(flat, (size_t)b)));
}

static vo_status find_seasons(urdb *u, vo_error *err) {
    const vo_json *flat = vo_json_get(u->p, "flatdemandmonths");
    for (int k = 0; k < 4; k++) {
        const vo_json *v = vo_json_get(u->p, SCHEDULES[k]);
        if (!v && k >= 2) continue;
        const vo_status st = check_schedule(v, SCHEDULES[k], err);
        if (st != VO_OK) return st;
    }
    for (size_t m = 0; flat && m < 12; m++)
        if (vo_json_size(flat) != 12 || !is_kind(vo_json_at(flat, m), VO_JSON_NUMBER))
            return vo_fail(err, VO_EINVAL,
                           "flatdemandmonths: 12 numbers of periods are needed");
    for (int m = 0; m < 12; m++) {
        int s = 0;
        while (s < u->n_seasons && !same_month(u, m, u->first[s])) s++;
        if (s == u->n_seasons) u->first[u->n_seasons++] = m;
        u->season[m] = s;
    }
    return VO_OK;
}

/* "jan-apr nov-dec" */
static void season_name(const urdb *u, int s, char out[VO_TARIFF_NAME]) {
    size_t len = 0;
    out[0] = '\0';
    for (int m = 0; m < 12; m++) {
        if (u->season[m] != s) continue;
        int to = m;
        while (to + 1 < 12 && u->season[to + 1] == s) to++;
        len += (size_t)snprintf(out + len, VO_TARIFF_NAME - len, "%s%s%s%s", len ? " " : "",
                                MONTHS[m], to > m ? "-" : "", to > m ? MONTHS[to] : "");
        m = to;
    }
}

static void write_seasons(const urdb *u, vo_json_out *w) {
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    vo_json_out_key(w, "seasons");
    vo_json_out_object(w);
    for (int s = 0; s < u->n_seasons; s++) {
        char name[VO_TARIFF_NAME], day[32];
        season_name(u, s, name);
        vo_json_out_key(w, name);
        vo_json_out_array(w);
        for (int m = 0; m < 12; m++) {
            if (u->season[m] != s) continue;
            vo_json_out_array(w);
            snprintf(day, sizeof day, "%02d-01", m + 1);
            vo_json_out_string(w, day);
            snprintf(day, sizeof day, "%02d-%02d", m + 1, days[m]);
            vo_json_out_string(w, day);
            vo_json_out_end(w);
        }
        vo_json_out_end(w);
    }
    vo_json_out_end(w);
}

static void write_hours(const urdb *u, const char *member, int schedule, vo_json_out *w) {
    vo_json_out_key(w, member);
    vo_json_out_object(w);
    for (int s = 0; s < u->n_seasons; s++) {
        char name[VO_TARIFF_NAME];
        season_name(u, s, name);
        vo_json_out_key(w, name);
        vo_json_out_object(w);
        for (int k = 0; k < 2; k++) {
            const vo_json *v = vo_json_get(u->p, SCHEDULES[schedule + k]);
            vo_json_out_key(w, k == 0 ? "weekday" : "weekend");
            vo_json_out_value(w, vo_json_at(v, (size_t)u->first[s]));
        }
        vo_json_out_end(w);
    }
    vo_json_out_end(w);
}

/* ---- rates ------------------------------------------------------------------- */

typedef struct {
    bool daily, monthly, sells; /* what the tiers of all periods say */
} tier_facts;

static vo_status optional_number(const vo_json *o, const char *path, const char *key,
                                 double *out, vo_error *err) {
    *out = 0;
    const vo_json *v = vo_json_get(o, key);
    if (!v || vo_json_kind_of(v) == VO_JSON_NULL) return VO_OK;
    return vo_tariff_get_number(o, path, key, out, err);
}

static vo_status check_unit(const vo_json *tier, const char *path, const char *unit, bool last,
                            tier_facts *facts, vo_error *err) {
    const vo_json *v = vo_json_get(tier, "unit");
    const char *text = is_kind(v, VO_JSON_STRING) ? vo_json_string(v) : unit;
    const bool energy = strcmp(unit, "kWh") == 0;
    const bool daily = energy && strcmp(text, "kWh daily") == 0;
    if (!daily && strcmp(text, unit) != 0)
        return vo_fail(err, VO_EUNSUPPORTED, "%s.unit: \"%.40s\"; \"%s\"%s is understood", path,
                       text, unit, energy ? " or \"kWh daily\"" : "");
    if (energy && !last) *(daily ? &facts->daily : &facts->monthly) = true;
    return VO_OK;
}

static vo_status write_tier(const vo_json *tier, const char *path, const char *unit, bool last,
                            tier_facts *facts, vo_json_out *w, vo_error *err) {
    const bool energy = strcmp(unit, "kWh") == 0;
    double rate = 0, adjustment = 0, sell = 0, max = 0;
    vo_status st = check_unit(tier, path, unit, last, facts, err);
    if (st == VO_OK) st = optional_number(tier, path, "rate", &rate, err);
    if (st == VO_OK) st = optional_number(tier, path, "adj", &adjustment, err);
    if (st == VO_OK && energy) st = optional_number(tier, path, "sell", &sell, err);
    if (st == VO_OK && !last) st = vo_tariff_get_number(tier, path, "max", &max, err);
    if (st != VO_OK) return st;
    vo_json_out_object(w);
    if (!last) {
        vo_json_out_key(w, energy ? "up_to_kwh" : "up_to_kw");
        vo_json_out_number(w, max);
    }
    vo_json_out_key(w, energy ? "per_kwh" : "per_kw");
    vo_json_out_number(w, rate + adjustment);
    if (vo_json_get(tier, "sell") && energy) {
        facts->sells = true;
        vo_json_out_key(w, "sell_per_kwh");
        vo_json_out_number(w, sell);
    }
    vo_json_out_end(w);
    return VO_OK;
}

static vo_status write_rates(const urdb *u, const char *member, const char *structure,
                             const char *unit, tier_facts *facts, vo_json_out *w,
                             vo_error *err) {
    const vo_json *periods = vo_json_get(u->p, structure);
    if (!is_kind(periods, VO_JSON_ARRAY))
        return vo_fail(err, VO_EINVAL, "%s: a list of periods is needed", structure);
    vo_json_out_key(w, member);
    vo_json_out_array(w);
    for (size_t i = 0; i < vo_json_size(periods); i++) {
        const vo_json *tiers = vo_json_at(periods, i);
        char name[32], path[96];
        snprintf(name, sizeof name, "period %zu", i);
        if (!is_kind(tiers, VO_JSON_ARRAY) || vo_json_size(tiers) == 0)
            return vo_fail(err, VO_EINVAL, "%s[%zu]: a list of tiers is needed", structure, i);
        vo_json_out_object(w);
        vo_json_out_key(w, "name");
        vo_json_out_string(w, name);
        vo_json_out_key(w, "tiers");
        vo_json_out_array(w);
        for (size_t k = 0; k < vo_json_size(tiers); k++) {
            snprintf(path, sizeof path, "%s[%zu][%zu]", structure, i, k);
            const vo_status st = write_tier(vo_json_at(tiers, k), path, unit,
                                            k + 1 == vo_json_size(tiers), facts, w, err);
            if (st != VO_OK) return st;
        }
        vo_json_out_end(w);
        vo_json_out_end(w);
    }
    vo_json_out_end(w);
    return VO_OK;
}

static vo_status write_energy(const urdb *u, vo_json_out *w, vo_error *err) {
    tier_facts facts = {0};
    const vo_status st = write_rates(u, "rates", "energyratestructure", "kWh", &facts, w, err);
    if (st != VO_OK) return st;
    if (facts.daily && facts.monthly)
        return vo_fail(err, VO_EUNSUPPORTED,
                       "energyratestructure: tiers by day and by month in one rate");
    vo_json_out_key(w, "tiers_per");
    vo_json_out_string(w, facts.daily ? "day" : "month");
    write_hours(u, "hours", 0, w);
    const vo_json *rules = vo_json_get(u->p, "dgrules");
    const bool metering =
        is_kind(rules, VO_JSON_STRING) && strcmp(vo_json_string(rules), "Net Metering") == 0;
    vo_json_out_key(w, "export");
    vo_json_out_object(w);
    vo_json_out_key(w, "method");
    vo_json_out_string(w, facts.sells ? "rates" : metering ? "retail" : "none");
    vo_json_out_end(w);
    return VO_OK;
}

static vo_status write_demand(const urdb *u, vo_json_out *w, vo_error *err) {
    tier_facts facts = {0};
    vo_status st = VO_OK;
    if (vo_json_get(u->p, "demandratestructure")) {
        if (!vo_json_get(u->p, SCHEDULES[2]) || !vo_json_get(u->p, SCHEDULES[3]))
            return vo_fail(err, VO_EINVAL, "demandratestructure: without %s and %s",
                           SCHEDULES[2], SCHEDULES[3]);
        st = write_rates(u, "demand_rates", "demandratestructure", "kW", &facts, w, err);
        if (st != VO_OK) return st;
        write_hours(u, "demand_hours", 2, w);
    }
    if (!vo_json_get(u->p, "flatdemandstructure")) return VO_OK;
    const vo_json *months = vo_json_get(u->p, "flatdemandmonths");
    if (!months)
        return vo_fail(err, VO_EINVAL, "flatdemandstructure: without flatdemandmonths");
    st = write_rates(u, "flat_demand_rates", "flatdemandstructure", "kW", &facts, w, err);
    if (st != VO_OK) return st;
    vo_json_out_key(w, "flat_demand");
    vo_json_out_object(w);
    for (int s = 0; s < u->n_seasons; s++) {
        char name[VO_TARIFF_NAME];
        season_name(u, s, name);
        vo_json_out_key(w, name);
        vo_json_out_value(w, vo_json_at(months, (size_t)u->first[s]));
    }
    vo_json_out_end(w);
    return VO_OK;
}

/* ---- charges ----------------------------------------------------------------- */

/* "$/month", "$/day", "$/year" as amount and month or day. */
static vo_status charge(const urdb *u, const char *key, const char *unit_key,
                        const char *default_unit, double *amount, const char **per,
                        vo_error *err) {
    const vo_json *v = vo_json_get(u->p, unit_key);
    const char *unit = is_kind(v, VO_JSON_STRING) ? vo_json_string(v) : default_unit;
    const vo_status st = vo_tariff_get_number(u->p, "rate", key, amount, err);
    if (st != VO_OK) return st;
    if (strcmp(unit, "$/year") == 0) *amount /= 12;
    *per = strcmp(unit, "$/day") == 0 ? "day" : "month";
    if (strcmp(unit, "$/day") != 0 && strcmp(unit, "$/month") != 0 &&
        strcmp(unit, "$/year") != 0)
        return vo_fail(err, VO_EUNSUPPORTED,
                       "%s: \"%.40s\"; $/day, $/month and $/year are understood", unit_key,
                       unit);
    return VO_OK;
}

static vo_status write_charges(const urdb *u, vo_json_out *w, vo_error *err) {
    const bool first = vo_json_get(u->p, "fixedchargefirstmeter");
    const bool monthly = !first && vo_json_get(u->p, "fixedmonthlycharge");
    double amount;
    const char *per;
    vo_status st = VO_OK;
    if (first || monthly) {
        st = charge(u, first ? "fixedchargefirstmeter" : "fixedmonthlycharge",
                    "fixedchargeunits", "$/month", &amount, &per, err);
        if (st != VO_OK) return st;
        vo_json_out_key(w, "fixed");
        vo_json_out_array(w);
        vo_json_out_object(w);
        vo_json_out_key(w, "name");
        vo_json_out_string(w, "fixed charge");
        vo_json_out_key(w, "amount");
        vo_json_out_number(w, amount);
        vo_json_out_key(w, "per");
        vo_json_out_string(w, per);
        vo_json_out_end(w);
        vo_json_out_end(w);
    }
    if (!vo_json_get(u->p, "mincharge")) return VO_OK;
    st = charge(u, "mincharge", "minchargeunits", "$/month", &amount, &per, err);
    if (st != VO_OK) return st;
    vo_json_out_key(w, "minimum");
    vo_json_out_object(w);
    vo_json_out_key(w, "amount");
    vo_json_out_number(w, amount);
    vo_json_out_key(w, "per");
    vo_json_out_string(w, per);
    vo_json_out_end(w);
    return VO_OK;
}

/* ---- the head ---------------------------------------------------------------- */

static void write_name(const vo_json *p, const char *key, const char *member,
                       const char *otherwise, vo_json_out *w) {
    const vo_json *v = vo_json_get(p, key);
    const char *text =
        is_kind(v, VO_JSON_STRING) && vo_json_string(v)[0] ? vo_json_string(v) : otherwise;
    char name[VO_TARIFF_NAME];
    size_t n = strlen(text) < sizeof name ? strlen(text) : sizeof name - 1;
    while (n > 0 && n < strlen(text) && ((unsigned char)text[n] & 0xC0) == 0x80) n--;
    memcpy(name, text, n);
    name[n] = '\0';
    vo_json_out_key(w, member);
    vo_json_out_string(w, name);
}

/* A day from Unix seconds. */
static vo_status write_day(const vo_json *p, const char *key, const char *member,
                           vo_json_out *w, vo_error *err) {
    double s;
    char day[16];
    const vo_json *v = vo_json_get(p, key);
    if (!v || vo_json_kind_of(v) == VO_JSON_NULL) return VO_OK;
    const vo_status st = vo_tariff_get_number(p, "rate", key, &s, err);
    if (st != VO_OK) return st;
    if (!(s >= 0 && s <= YEAR_2200_S))
        return vo_fail(err, VO_EINVAL, "%s: %g; Unix seconds until the year 2200", key, s);
    const vo_civil c = vo_civil_from_seconds((int64_t)s);
    vo_civil_format_date(&c, day);
    vo_json_out_key(w, member);
    vo_json_out_string(w, day);
    return VO_OK;
}

static void note_what_stays(const vo_json *p, const char *zone, char *note) {
    static const char *const left[] = {"coincidentratestructure",
                                       "demandratchetpercentage",
                                       "lookbackMonths",
                                       "fueladjustmentsmonthly",
                                       "demandreactivepowercharge",
                                       "annualmincharge",
                                       "energyattrs",
                                       "demandattrs"};
    size_t len = 0;
    if (!note) return;
    note[0] = '\0';
    if (!zone)
        len +=
            (size_t)snprintf(note, 256, "no time zone in the file: UTC was put in, edit zone");
    for (size_t i = 0; i < sizeof left / sizeof *left; i++)
        if (vo_json_get(p, left[i]) && len < 200)
            len += (size_t)snprintf(note + len, 256 - len, "%s%s is only kept", len ? "; " : "",
                                    left[i]);
}

vo_status vo_tariff_write_urdb(const vo_json *p, const char *zone, const char *stem,
                               vo_json_out *w, char *note, vo_error *err) {
    urdb u = {.p = p};
    vo_status st = find_seasons(&u, err);
    if (st != VO_OK) return st;
    write_name(p, "utility", "utility", "unknown utility", w);
    write_name(p, "name", "schedule", stem, w);
    vo_json_out_key(w, "currency");
    vo_json_out_string(w, "USD");
    vo_json_out_key(w, "zone");
    vo_json_out_string(w, zone ? zone : "UTC");
    st = write_day(p, "startdate", "effective", w, err);
    if (st == VO_OK) st = write_day(p, "enddate", "until", w, err);
    if (st != VO_OK) return st;
    write_seasons(&u, w);
    st = write_energy(&u, w, err);
    if (st == VO_OK) st = write_demand(&u, w, err);
    if (st == VO_OK) st = write_charges(&u, w, err);
    if (st == VO_OK) note_what_stays(p, zone, note);
    return st;
}
