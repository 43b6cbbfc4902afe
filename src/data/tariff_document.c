/* tariff_document.c -- see tariff_document.h: a document of our vocabulary becomes a value.
 *
 * One function per member of the document; each names the member, what stands there and what
 * should. What holds between members (every hour a rate, ...) vo_tariff_check looks at.
 */
#include "data/tariff_document.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* ---- members ----------------------------------------------------------------- */

static bool is_kind(const vo_json *v, vo_json_kind k) { return v && vo_json_kind_of(v) == k; }

static const char *kind_name(const vo_json *v) {
    return v ? vo_json_kind_name(vo_json_kind_of(v)) : "nothing";
}

vo_status vo_tariff_get_number(const vo_json *o, const char *path, const char *key, double *out,
                               vo_error *err) {
    const vo_json *v = is_kind(o, VO_JSON_OBJECT) ? vo_json_get(o, key) : NULL;
    if (!is_kind(v, VO_JSON_NUMBER))
        return vo_fail(err, VO_EINVAL, "%s.%.60s: %s; it must be a number", path, key,
                       kind_name(v));
    *out = vo_json_number(v);
    return VO_OK;
}

vo_status vo_tariff_get_text(const vo_json *o, const char *path, const char *key,
                             const char **out, vo_error *err) {
    const vo_json *v = is_kind(o, VO_JSON_OBJECT) ? vo_json_get(o, key) : NULL;
    if (!is_kind(v, VO_JSON_STRING))
        return vo_fail(err, VO_EINVAL, "%s.%.60s: %s; it must be text", path, key,
                       kind_name(v));
    *out = vo_json_string(v);
    return VO_OK;
}

/* Copies a name that must fit and not be empty. */
static vo_status copy_name(char *out, size_t size, const char *text, const char *path,
                           vo_error *err) {
    const size_t len = strlen(text);
    if (len == 0 || len >= size)
        return vo_fail(err, VO_EINVAL, "%s: \"%.80s\"; 1 to %zu characters", path, text,
                       size - 1);
    memcpy(out, text, len + 1);
    return VO_OK;
}

static vo_status get_name(const vo_json *o, const char *path, const char *key, char *out,
                          size_t size, vo_error *err) {
    const char *text = NULL;
    char whole[160];
    const vo_status st = vo_tariff_get_text(o, path, key, &text, err);
    if (st != VO_OK) return st;
    snprintf(whole, sizeof whole, "%s.%.60s", path, key);
    return copy_name(out, size, text, whole, err);
}

bool vo_tariff_month_day(const char *text, int32_t *month, int32_t *day) {
    int64_t m, d;
    if (strlen(text) != 5 || text[2] != '-' || !vo_text_integer(text, 2, &m) ||
        !vo_text_integer(text + 3, 2, &d))
        return false;
    *month = (int32_t)m;
    *day = (int32_t)d;
    return m >= 1 && m <= 12 && d >= 1 && d <= 31;
}

bool vo_tariff_date(const char *text, int32_t *days) {
    vo_civil c;
    bool has_offset;
    int32_t offset;
    if (strlen(text) != 10 || vo_civil_parse(text, 10, &c, &has_offset, &offset, NULL) != VO_OK)
        return false;
    *days = (int32_t)vo_civil_days(c.year, c.month, c.day);
    return true;
}

static vo_status get_date(const vo_json *o, const char *key, int32_t *out, vo_error *err) {
    const char *text = NULL;
    const vo_status st = vo_tariff_get_text(o, "tariff", key, &text, err);
    if (st != VO_OK) return st;
    if (!vo_tariff_date(text, out))
        return vo_fail(err, VO_EINVAL, "%s: \"%.40s\" is no date; write \"2026-03-01\"", key,
                       text);
    return VO_OK;
}

/* ---- seasons and hours ------------------------------------------------------- */

static vo_status read_range(const vo_json *v, const char *path, vo_tariff_range *out,
                            vo_error *err) {
    const vo_json *from = is_kind(v, VO_JSON_ARRAY) ? vo_json_at(v, 0) : NULL;
    const vo_json *to = from ? vo_json_at(v, 1) : NULL;
    if (!is_kind(from, VO_JSON_STRING) || !is_kind(to, VO_JSON_STRING) ||
        vo_json_size(v) != 2 ||
        !vo_tariff_month_day(vo_json_string(from), &out->from_month, &out->from_day) ||
        !vo_tariff_month_day(vo_json_string(to), &out->to_month, &out->to_day))
        return vo_fail(err, VO_EINVAL,
                       "%s: a range is two days, both included: [\"06-01\", \"09-30\"]", path);
    return VO_OK;
}

static vo_status read_seasons(const vo_json *v, vo_tariff *t, vo_error *err) {
    if (!is_kind(v, VO_JSON_OBJECT))
        return vo_fail(err, VO_EINVAL, "seasons: %s; names with their ranges of days",
                       kind_name(v));
    if (vo_json_size(v) > VO_TARIFF_SEASONS)
        return vo_fail(err, VO_EINVAL, "seasons: %zu; at most %d", vo_json_size(v),
                       VO_TARIFF_SEASONS);
    const char *key;
    const vo_json *ranges;
    for (size_t s = 0; vo_json_member(v, s, &key, &ranges); s++, t->n_seasons++) {
        vo_tariff_season *season = &t->season[s];
        char path[96];
        snprintf(path, sizeof path, "seasons.%.60s", key);
        vo_status st = copy_name(season->name, sizeof season->name, key, "seasons", err);
        if (st != VO_OK) return st;
        if (!is_kind(ranges, VO_JSON_ARRAY) || vo_json_size(ranges) > VO_TARIFF_RANGES)
            return vo_fail(err, VO_EINVAL, "%s: a list of at most %d ranges of days", path,
                           VO_TARIFF_RANGES);
        for (size_t k = 0; k < vo_json_size(ranges); k++, season->n_ranges++) {
            st = read_range(vo_json_at(ranges, k), path, &season->range[k], err);
            if (st != VO_OK) return st;
        }
    }
    return VO_OK;
}

bool vo_tariff_whole(const vo_json *v, int most, int *out) {
    if (!is_kind(v, VO_JSON_NUMBER)) return false;
    const double x = vo_json_number(v);
    if (!(x >= 0 && x <= most) || floor(x) < x) return false;
    *out = (int)x;
    return true;
}

static bool read_index(const vo_json *v, uint8_t *out) {
    int i = 0;
    if (!vo_tariff_whole(v, 254, &i)) return false;
    *out = (uint8_t)i;
    return true;
}

static vo_status read_day_hours(const vo_json *v, const char *path, uint8_t hour[24],
                                vo_error *err) {
    if (!is_kind(v, VO_JSON_ARRAY) || vo_json_size(v) != 24)
        return vo_fail(err, VO_EINVAL, "%s: 24 numbers of rates, one for each hour", path);
    for (size_t h = 0; h < 24; h++)
        if (!read_index(vo_json_at(v, h), &hour[h]))
            return vo_fail(err, VO_EINVAL, "%s[%zu]: it must be the number of a rate, from 0",
                           path, h);
    return VO_OK;
}

static vo_status read_hours(const vo_json *v, const char *member, vo_tariff *t, bool demand,
                            vo_error *err) {
    for (size_t s = 0; s < t->n_seasons; s++) {
        vo_tariff_season *season = &t->season[s];
        const vo_json *days = is_kind(v, VO_JSON_OBJECT) ? vo_json_get(v, season->name) : NULL;
        if (!is_kind(days, VO_JSON_OBJECT))
            return vo_fail(err, VO_EINVAL, "%s.%.60s: %s; weekday and weekend, 24 numbers each",
                           member, season->name, kind_name(days));
        for (int k = 0; k < 2; k++) {
            const char *name = k == VO_TARIFF_WEEKDAY ? "weekday" : "weekend";
            char path[128];
            snprintf(path, sizeof path, "%s.%.60s.%s", member, season->name, name);
            const vo_status st =
                read_day_hours(vo_json_get(days, name), path,
                               demand ? season->demand_hour[k] : season->hour[k], err);
            if (st != VO_OK) return st;
        }
    }
    if (vo_json_size(v) != t->n_seasons)
        return vo_fail(err, VO_EINVAL, "%s: %zu members for %zu seasons", member,
                       vo_json_size(v), t->n_seasons);
    return VO_OK;
}

static vo_status read_flat_demand(const vo_json *v, vo_tariff *t, vo_error *err) {
    for (size_t s = 0; s < t->n_seasons; s++) {
        const vo_json *i =
            is_kind(v, VO_JSON_OBJECT) ? vo_json_get(v, t->season[s].name) : NULL;
        if (!i || !read_index(i, &t->season[s].flat_demand))
            return vo_fail(err, VO_EINVAL,
                           "flat_demand.%.60s: %s; the number of a rate, from 0",
                           t->season[s].name, kind_name(i));
    }
    return VO_OK;
}

/* ---- rates ------------------------------------------------------------------- */

static vo_status read_tier(const vo_json *v, const char *path, const char *unit, bool last,
                           vo_tariff_tier *out, vo_error *err) {
    char up_to[16], per[16];
    snprintf(up_to, sizeof up_to, "up_to_%s", unit);
    snprintf(per, sizeof per, "per_%s", unit);
    out->up_to = (double)INFINITY;
    vo_status st = vo_tariff_get_number(v, path, per, &out->price, err);
    if (st == VO_OK && vo_json_get(v, "sell_per_kwh"))
        st = vo_tariff_get_number(v, path, "sell_per_kwh", &out->sell, err);
    if (st == VO_OK && !last) st = vo_tariff_get_number(v, path, up_to, &out->up_to, err);
    if (st == VO_OK && last && vo_json_get(v, up_to))
        return vo_fail(err, VO_EINVAL, "%s.%s: the last tier has no end", path, up_to);
    return st;
}

/* The number of a component's name, a new one if need be. */
static vo_status component_index(vo_tariff *t, const char *name, size_t *out, vo_error *err) {
    for (*out = 0; *out < t->n_components; (*out)++)
        if (strcmp(t->component_name[*out], name) == 0) return VO_OK;
    if (t->n_components == VO_TARIFF_COMPONENTS)
        return vo_fail(err, VO_EINVAL, "rates: more than %d different components",
                       VO_TARIFF_COMPONENTS);
    return copy_name(t->component_name[t->n_components++], VO_TARIFF_NAME, name,
                     "rates.components", err);
}

static vo_status read_components(const vo_json *v, const char *path, vo_tariff *t,
                                 vo_tariff_rate *r, vo_error *err) {
    const char *key;
    const vo_json *value;
    for (size_t i = 0; vo_json_member(v, i, &key, &value); i++) {
        size_t c;
        const vo_status st = component_index(t, key, &c, err);
        if (st != VO_OK) return st;
        if (!is_kind(value, VO_JSON_NUMBER))
            return vo_fail(err, VO_EINVAL, "%s.components.%.60s: %s; it must be a number", path,
                           key, kind_name(value));
        r->component[c] = vo_json_number(value);
    }
    return VO_OK;
}

static vo_status read_rate(const vo_json *v, const char *path, const char *unit, vo_tariff *t,
                           vo_tariff_rate *r, vo_error *err) {
    vo_status st = get_name(v, path, "name", r->name, sizeof r->name, err);
    if (st != VO_OK) return st;
    const vo_json *tiers = vo_json_get(v, "tiers");
    if (!tiers) {
        r->n_tiers = 1;
        st = read_tier(v, path, unit, true, &r->tier[0], err);
    } else if (!is_kind(tiers, VO_JSON_ARRAY) || vo_json_size(tiers) > VO_TARIFF_TIERS) {
        return vo_fail(err, VO_EINVAL, "%s.tiers: a list of at most %d tiers", path,
                       VO_TARIFF_TIERS);
    } else {
        for (size_t k = 0; st == VO_OK && k < vo_json_size(tiers); k++, r->n_tiers++)
            st = read_tier(vo_json_at(tiers, k), path, unit, k + 1 == vo_json_size(tiers),
                           &r->tier[k], err);
    }
    const vo_json *parts = vo_json_get(v, "components");
    return st == VO_OK && parts ? read_components(parts, path, t, r, err) : st;
}

static vo_status read_rates(const vo_json *v, const char *member, const char *unit, size_t most,
                            vo_tariff *t, vo_tariff_rate *rate, size_t *n, vo_error *err) {
    if (!is_kind(v, VO_JSON_ARRAY) || vo_json_size(v) > most)
        return vo_fail(err, VO_EINVAL, "%s: %s; a list of at most %zu rates", member,
                       kind_name(v), most);
    for (size_t i = 0; i < vo_json_size(v); i++, (*n)++) {
        char path[64];
        snprintf(path, sizeof path, "%s[%zu]", member, i);
        const vo_status st = read_rate(vo_json_at(v, i), path, unit, t, &rate[i], err);
        if (st != VO_OK) return st;
    }
    return VO_OK;
}

/* ---- what stands around ------------------------------------------------------ */

static vo_status read_per(const vo_json *o, const char *path, const char *key,
                          vo_tariff_per *out, vo_error *err) {
    const char *text = NULL;
    const vo_status st = vo_tariff_get_text(o, path, key, &text, err);
    if (st != VO_OK) return st;
    if (strcmp(text, "month") != 0 && strcmp(text, "day") != 0)
        return vo_fail(err, VO_EINVAL, "%s.%s: \"%.40s\"; month or day", path, key, text);
    *out = text[0] == 'd' ? VO_TARIFF_PER_DAY : VO_TARIFF_PER_MONTH;
    return VO_OK;
}

static vo_status read_territory(const vo_json *v, const char *class_name, const char *code,
                                vo_tariff *t, vo_error *err) {
    if (t->n_territories == VO_TARIFF_TERRITORIES)
        return vo_fail(err, VO_EINVAL, "baseline.quantities: more than %d of them",
                       VO_TARIFF_TERRITORIES);
    vo_tariff_territory *q = &t->territory[t->n_territories++];
    char path[160];
    snprintf(path, sizeof path, "baseline.quantities.%.60s.%.20s", class_name, code);
    vo_status st = copy_name(q->class_name, sizeof q->class_name, class_name, path, err);
    if (st == VO_OK) st = copy_name(q->code, sizeof q->code, code, path, err);
    for (size_t s = 0; st == VO_OK && s < t->n_seasons; s++)
        st = vo_tariff_get_number(v, path, t->season[s].name, &q->kwh_per_day[s], err);
    return st;
}

static vo_status read_baseline(const vo_json *v, vo_tariff *t, vo_error *err) {
    const char *class_name, *code;
    const vo_json *codes, *quantities;
    vo_status st =
        vo_tariff_get_number(v, "baseline", "credit_per_kwh", &t->baseline_credit, err);
    if (st != VO_OK) return st;
    t->has_baseline = true;
    const vo_json *all = vo_json_get(v, "quantities");
    if (!is_kind(all, VO_JSON_OBJECT))
        return vo_fail(err, VO_EINVAL,
                       "baseline.quantities: %s; classes of territories of seasons",
                       kind_name(all));
    for (size_t i = 0; vo_json_member(all, i, &class_name, &codes); i++) {
        if (!is_kind(codes, VO_JSON_OBJECT))
            return vo_fail(err, VO_EINVAL,
                           "baseline.quantities.%.60s: %s; territories of seasons", class_name,
                           kind_name(codes));
        for (size_t k = 0; vo_json_member(codes, k, &code, &quantities); k++) {
            st = read_territory(quantities, class_name, code, t, err);
            if (st != VO_OK) return st;
        }
    }
    return VO_OK;
}

static vo_status read_fixed(const vo_json *v, vo_tariff *t, vo_error *err) {
    if (!is_kind(v, VO_JSON_ARRAY) || vo_json_size(v) > VO_TARIFF_FIXED)
        return vo_fail(err, VO_EINVAL, "fixed: %s; a list of at most %d charges", kind_name(v),
                       VO_TARIFF_FIXED);
    for (size_t i = 0; i < vo_json_size(v); i++, t->n_fixed++) {
        const vo_json *f = vo_json_at(v, i);
        vo_tariff_fixed *out = &t->fixed[i];
        char path[32];
        snprintf(path, sizeof path, "fixed[%zu]", i);
        vo_status st = get_name(f, path, "name", out->name, sizeof out->name, err);
        if (st == VO_OK && vo_json_get(f, "option"))
            st = get_name(f, path, "option", out->option, sizeof out->option, err);
        if (st == VO_OK) st = vo_tariff_get_number(f, path, "amount", &out->amount, err);
        if (st == VO_OK) st = read_per(f, path, "per", &out->per, err);
        if (st != VO_OK) return st;
    }
    return VO_OK;
}

static vo_status read_vintages(const vo_json *o, const char *key, vo_tariff_vintage *list,
                               size_t *n, vo_error *err) {
    const vo_json *v = vo_json_get(o, key);
    const char *year;
    const vo_json *value;
    if (v && (!is_kind(v, VO_JSON_OBJECT) || vo_json_size(v) > VO_TARIFF_VINTAGES))
        return vo_fail(err, VO_EINVAL,
                       "other_supply.%s: %s; at most %d years with their charge", key,
                       kind_name(v), VO_TARIFF_VINTAGES);
    for (size_t i = 0; v && vo_json_member(v, i, &year, &value); i++, (*n)++) {
        int64_t y;
        if (!vo_text_integer(year, strlen(year), &y) || y < 1900 || y > 2200 ||
            !is_kind(value, VO_JSON_NUMBER))
            return vo_fail(err, VO_EINVAL,
                           "other_supply.%s.%.40s: %s; a year and a number per kWh", key, year,
                           kind_name(value));
        list[i] = (vo_tariff_vintage){(int32_t)y, vo_json_number(value)};
    }
    return VO_OK;
}

static vo_status read_other_supply(const vo_json *v, vo_tariff *t, vo_error *err) {
    if (!is_kind(v, VO_JSON_OBJECT))
        return vo_fail(err, VO_EINVAL, "other_supply: %s; drop, pcia, franchise_fee",
                       kind_name(v));
    const vo_json *drop = vo_json_get(v, "drop");
    if (!is_kind(drop, VO_JSON_ARRAY))
        return vo_fail(err, VO_EINVAL, "other_supply.drop: %s; a list of components",
                       kind_name(drop));
    for (size_t i = 0; i < vo_json_size(drop); i++) {
        const vo_json *name = vo_json_at(drop, i);
        size_t c = 0;
        while (is_kind(name, VO_JSON_STRING) && c < t->n_components &&
               strcmp(t->component_name[c], vo_json_string(name)) != 0)
            c++;
        if (!is_kind(name, VO_JSON_STRING) || c == t->n_components)
            return vo_fail(err, VO_EINVAL, "other_supply.drop[%zu]: no component of a rate", i);
        t->dropped[c] = true;
    }
    const vo_status st = read_vintages(v, "pcia", t->pcia, &t->n_pcia, err);
    return st == VO_OK ? read_vintages(v, "franchise_fee", t->franchise, &t->n_franchise, err)
                       : st;
}

static vo_status read_export(const vo_json *v, vo_tariff *t, vo_error *err) {
    static const char *const names[] = {"none", "retail", "fixed", "rates", "table"};
    const char *method;
    vo_status st = vo_tariff_get_text(v, "export", "method", &method, err);
    if (st != VO_OK) return st;
    size_t k = 0;
    while (k < 5 && strcmp(names[k], method) != 0) k++;
    if (k == 5)
        return vo_fail(err, VO_EINVAL,
                       "export.method: \"%.40s\"; none, retail, fixed, rates or table", method);
    t->export_method = (vo_tariff_export_method)k;
    if (t->export_method == VO_TARIFF_EXPORT_FIXED)
        st = vo_tariff_get_number(v, "export", "per_kwh", &t->export_per_kwh, err);
    const char *values;
    if (st == VO_OK && vo_json_get(v, "values")) {
        st = vo_tariff_get_text(v, "export", "values", &values, err);
        if (st == VO_OK && t->export_method != VO_TARIFF_EXPORT_TABLE)
            st = vo_fail(err, VO_EINVAL,
                         "export.values: \"%.80s\" with method %s; values are for method table",
                         values, method);
    }
    if (st == VO_OK && vo_json_get(v, "adder_per_kwh"))
        st = vo_tariff_get_number(v, "export", "adder_per_kwh", &t->export_adder, err);
    return st;
}

static vo_status read_holidays(const vo_json *v, vo_tariff *t, vo_error *err) {
    if (!is_kind(v, VO_JSON_ARRAY) || vo_json_size(v) > VO_TARIFF_HOLIDAYS)
        return vo_fail(err, VO_EINVAL, "holidays: %s; a list of at most %d dates", kind_name(v),
                       VO_TARIFF_HOLIDAYS);
    for (size_t i = 0; i < vo_json_size(v); i++, t->n_holidays++) {
        const vo_json *day = vo_json_at(v, i);
        if (!is_kind(day, VO_JSON_STRING) ||
            !vo_tariff_date(vo_json_string(day), &t->holiday[i]))
            return vo_fail(err, VO_EINVAL, "holidays[%zu]: no date; write \"2026-07-04\"", i);
    }
    return VO_OK;
}

/* ---- the document ------------------------------------------------------------ */

static vo_status check_members(const vo_json *root, vo_error *err) {
    static const char *const known[] = {"kind",         "utility",      "schedule",
                                        "currency",     "zone",         "effective",
                                        "until",        "about",        "seasons",
                                        "rates",        "hours",        "tiers_per",
                                        "baseline",     "fixed",        "minimum",
                                        "demand_rates", "demand_hours", "flat_demand_rates",
                                        "flat_demand",  "other_supply", "export",
                                        "holidays",     "source"};
    const size_t n = sizeof known / sizeof *known;
    const char *key;
    const vo_json *value;
    for (size_t i = 0; vo_json_member(root, i, &key, &value); i++) {
        size_t k = 0;
        while (k < n && strcmp(known[k], key) != 0) k++;
        const char *near = vo_text_nearest(key, known, n);
        if (k == n)
            return vo_fail(err, VO_EINVAL, "\"%.60s\" is no member of a tariff%s%s%s", key,
                           near ? "; did you mean \"" : "", near ? near : "", near ? "\"" : "");
    }
    return VO_OK;
}

static vo_status read_head(const vo_json *root, vo_tariff *t, vo_error *err) {
    vo_status st = get_name(root, "tariff", "utility", t->utility, sizeof t->utility, err);
    if (st == VO_OK)
        st = get_name(root, "tariff", "schedule", t->schedule, sizeof t->schedule, err);
    if (st == VO_OK)
        st = get_name(root, "tariff", "currency", t->currency, sizeof t->currency, err);
    if (st == VO_OK && vo_json_get(root, "effective"))
        st = get_date(root, "effective", &t->effective_day, err);
    if (st == VO_OK && vo_json_get(root, "until"))
        st = get_date(root, "until", &t->until_day, err);
    return st;
}

static vo_status read_demand(const vo_json *root, vo_tariff *t, vo_error *err) {
    const vo_json *rates = vo_json_get(root, "demand_rates");
    const vo_json *flat = vo_json_get(root, "flat_demand_rates");
    vo_status st = VO_OK;
    if (rates)
        st = read_rates(rates, "demand_rates", "kw", VO_TARIFF_DEMAND_RATES, t, t->demand_rate,
                        &t->n_demand_rates, err);
    if (st == VO_OK && rates)
        st = read_hours(vo_json_get(root, "demand_hours"), "demand_hours", t, true, err);
    if (st == VO_OK && flat)
        st = read_rates(flat, "flat_demand_rates", "kw", VO_TARIFF_DEMAND_RATES, t,
                        t->flat_demand_rate, &t->n_flat_demand_rates, err);
    if (st == VO_OK && flat) st = read_flat_demand(vo_json_get(root, "flat_demand"), t, err);
    return st;
}

static vo_status read_all(const vo_json *root, vo_tariff *t, vo_error *err) {
    const vo_json *v;
    vo_status st = check_members(root, err);
    if (st == VO_OK) st = read_head(root, t, err);
    if (st == VO_OK) st = read_seasons(vo_json_get(root, "seasons"), t, err);
    if (st == VO_OK)
        st = read_rates(vo_json_get(root, "rates"), "rates", "kwh", VO_TARIFF_RATES, t, t->rate,
                        &t->n_rates, err);
    if (st == VO_OK) st = read_hours(vo_json_get(root, "hours"), "hours", t, false, err);
    if (st == VO_OK && vo_json_get(root, "tiers_per"))
        st = read_per(root, "tariff", "tiers_per", &t->tiers_per, err);
    if (st == VO_OK && (v = vo_json_get(root, "baseline"))) st = read_baseline(v, t, err);
    if (st == VO_OK && (v = vo_json_get(root, "fixed"))) st = read_fixed(v, t, err);
    if (st == VO_OK && (v = vo_json_get(root, "minimum"))) {
        st = vo_tariff_get_number(v, "minimum", "amount", &t->minimum, err);
        if (st == VO_OK) st = read_per(v, "minimum", "per", &t->minimum_per, err);
    }
    if (st == VO_OK) st = read_demand(root, t, err);
    if (st == VO_OK && (v = vo_json_get(root, "other_supply")))
        st = read_other_supply(v, t, err);
    if (st == VO_OK && (v = vo_json_get(root, "export"))) st = read_export(v, t, err);
    if (st == VO_OK && (v = vo_json_get(root, "holidays"))) st = read_holidays(v, t, err);
    return st == VO_OK ? vo_tariff_check(t, err) : st;
}

vo_status vo_tariff_from_document(const vo_json *root, const char *name, vo_tariff **out,
                                  vo_error *err) {
    vo_error inner = {0};
    const char *kind = NULL, *zone = NULL;
    vo_tariff *t = NULL;
    vo_status st = vo_tariff_get_text(root, "tariff", "kind", &kind, &inner);
    if (st == VO_OK && strcmp(kind, "tariff") != 0)
        st = vo_fail(&inner, VO_EINVAL, "kind: \"%.40s\"; here a \"tariff\" is needed", kind);
    if (st == VO_OK) st = vo_tariff_get_text(root, "tariff", "zone", &zone, &inner);
    if (st == VO_OK) st = vo_tariff_create(zone, &t, &inner);
    if (st == VO_OK) st = read_all(root, t, &inner);
    if (st != VO_OK) {
        vo_tariff_free(t);
        return vo_fail(err, st, "%.200s: %s", name, inner.msg);
    }
    *out = t;
    return VO_OK;
}
