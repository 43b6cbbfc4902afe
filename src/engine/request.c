/* request.c -- see request.h.
 *
 * A battery may be described by any two of power, energy and duration; what is left out and
 * what contradicts is refused here, in the request's own words, before vo_battery_check has
 * the last look.
 */
#include "engine/request.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define X(name, kind, lo, hi, unit, help) {#name, VO_FIELD_##kind, lo, hi, unit, help},
#define SITE(name, lo, unit, help) {#name, VO_FIELD_ANY, lo, 1e9, unit, help},
static const vo_field battery_fields[] = {VO_BATTERY_FIELD_MAP(X)};
static const vo_field market_fields[] = {VO_MARKET_FIELD_MAP(X)};
static const vo_field optimize_fields[] = {VO_REQUEST_FIELD_MAP(X) VO_SITE_FIELD_MAP(SITE)
                                               VO_OPTIMIZE_FIELD_MAP(X)};
static const vo_field compare_fields[] = {VO_REQUEST_FIELD_MAP(X) VO_SITE_FIELD_MAP(SITE)
                                              VO_COMPARE_FIELD_MAP(X)};
#define FIELDS(map)                                                                            \
    { VO_REQUEST_FIELD_MAP(X) VO_SITE_FIELD_MAP(SITE) map(X) }
static const vo_field train_fields[] = FIELDS(VO_TRAIN_FIELD_MAP);
static const vo_field forecast_fields[] = FIELDS(VO_FORECAST_FIELD_MAP);
static const vo_field evaluate_fields[] = FIELDS(VO_EVALUATE_FIELD_MAP);
static const vo_field retrain_fields[] = FIELDS(VO_RETRAIN_FIELD_MAP);
static const vo_field models_compare_fields[] = FIELDS(VO_MODELS_COMPARE_FIELD_MAP);
static const vo_field decide_fields[] = FIELDS(VO_DECIDE_FIELD_MAP);
static const vo_field predict_fields[] = FIELDS(VO_PREDICT_FIELD_MAP);
#undef FIELDS
#undef X
#undef SITE

/* What a request must say beside its own fields. */
enum { BATTERY = 1, PRICES = 2 };

static const struct {
    const vo_field *field;
    size_t n;
    unsigned needs;
} kinds[VO_REQUEST_KINDS] = {
    [VO_REQUEST_OPTIMIZE] = {optimize_fields, VO_OPTIMIZE_FIELDS, BATTERY | PRICES},
    [VO_REQUEST_COMPARE] = {compare_fields, VO_COMPARE_FIELDS, BATTERY | PRICES},
    [VO_REQUEST_TRAIN] = {train_fields, VO_TRAIN_FIELDS, PRICES},
    [VO_REQUEST_FORECAST] = {forecast_fields, VO_FORECAST_FIELDS, PRICES},
    [VO_REQUEST_EVALUATE] = {evaluate_fields, VO_EVALUATE_FIELDS, 0},
    [VO_REQUEST_RETRAIN] = {retrain_fields, VO_RETRAIN_FIELDS, PRICES},
    [VO_REQUEST_MODELS_COMPARE] = {models_compare_fields, VO_MODELS_COMPARE_FIELDS, PRICES},
    [VO_REQUEST_PREDICT] = {predict_fields, VO_PREDICT_FIELDS, 0},
    [VO_REQUEST_DECIDE] = {decide_fields, VO_DECIDE_FIELDS, BATTERY | PRICES},
};

_Static_assert((int)VO_OPTIMIZE_FIELDS <= (int)VO_REQUEST_FIELDS_MAX, "room for optimize");
_Static_assert((int)VO_COMPARE_FIELDS <= (int)VO_REQUEST_FIELDS_MAX, "room for compare");
_Static_assert((int)VO_TRAIN_FIELDS <= (int)VO_REQUEST_FIELDS_MAX, "room for train");
_Static_assert((int)VO_RETRAIN_FIELDS <= (int)VO_REQUEST_FIELDS_MAX, "room for retrain");
_Static_assert((int)VO_DECIDE_FIELDS <= (int)VO_REQUEST_FIELDS_MAX, "room for decide");
_Static_assert((int)VO_PREDICT_FIELDS <= (int)VO_REQUEST_FIELDS_MAX, "room for predict");
_Static_assert((int)VO_EVALUATE_FIELDS <= (int)VO_REQUEST_FIELDS_MAX, "room for evaluate");

const vo_field *vo_request_fields(vo_request_kind kind, size_t *n) {
    *n = kinds[kind].n;
    return kinds[kind].field;
}

const vo_field *vo_request_battery_fields(size_t *n) {
    *n = VO_BATTERY_FIELDS;
    return battery_fields;
}

const vo_field *vo_request_market_fields(size_t *n) {
    *n = VO_MARKET_FIELDS;
    return market_fields;
}

/* ---- one battery -------------------------------------------------------------- */

static vo_status read_final(const vo_json *v, const char *path, vo_battery *b, vo_error *err) {
    static const vo_field at_least = {"at_least", VO_FIELD_PART, 0, 1, "", ""};
    static const vo_field value[] = {{"at_least", VO_FIELD_PART, 0, 1, "", ""},
                                     {"value_per_mwh", VO_FIELD_NUMBER, -1e8, 1e8, "", ""}};
    char at[160];
    snprintf(at, sizeof at, "%s.final_soc", path);
    vo_field_value f[2] = {{0}, {0}};
    const vo_json_kind kind = vo_json_kind_of(v);
    if (kind == VO_JSON_NUMBER) {
        const vo_status s = vo_fields_check(v, at, &at_least, &f[0], err);
        b->final_kind = VO_FINAL_EXACT;
        b->final_soc = f[0].number;
        return s;
    }
    if (kind == VO_JSON_STRING && strcmp(vo_json_string(v), "initial") == 0) {
        b->final_kind = VO_FINAL_AT_LEAST_INITIAL;
        return VO_OK;
    }
    if (kind == VO_JSON_STRING && strcmp(vo_json_string(v), "free") == 0) {
        b->final_kind = VO_FINAL_FREE;
        return VO_OK;
    }
    if (kind == VO_JSON_OBJECT && vo_json_size(v) == 1) {
        const vo_status s = vo_fields_read(v, at, value, 2, f, err);
        b->final_kind = f[0].json ? VO_FINAL_AT_LEAST : VO_FINAL_VALUE;
        b->final_soc = f[0].number;
        b->final_value_per_mwh = f[1].number;
        if (s != VO_OK || f[0].json || f[1].json) return s;
    }
    return vo_fail(err, VO_EINVAL,
                   "%s is none of: a number (exactly that SOC), \"initial\" (at least the "
                   "initial), {\"at_least\": 0.2}, \"free\", {\"value_per_mwh\": 50}",
                   at);
}

static vo_status conflict(const char *path, const char *a, double x, const char *b, double y,
                          vo_error *err) {
    return vo_fail(err, VO_EINVAL, "%s.%s = %g contradicts %s, which makes it %g: drop one",
                   path, a, x, b, y);
}

static bool differ(double a, double b) { return fabs(a - b) > 1e-9 * fmax(fabs(a), fabs(b)); }

/* Power and energy from any two of power, energy and duration. */
static vo_status read_size(const vo_field_value *f, const char *path, vo_battery *b,
                           vo_error *err) {
    const bool both_ways = f[VO_BAT_charge_mw].json && f[VO_BAT_discharge_mw].json;
    const bool has_hours = f[VO_BAT_duration_hours].json != NULL;
    bool has_mw = f[VO_BAT_power_mw].json || f[VO_BAT_capacity_mw].json;
    bool has_mwh = f[VO_BAT_capacity_mwh].json != NULL;
    double mw =
        f[VO_BAT_power_mw].json ? f[VO_BAT_power_mw].number : f[VO_BAT_capacity_mw].number;
    double mwh = f[VO_BAT_capacity_mwh].number;
    const double hours = f[VO_BAT_duration_hours].number;
    if (f[VO_BAT_power_mw].json && f[VO_BAT_capacity_mw].json &&
        differ(mw, f[VO_BAT_capacity_mw].number))
        return conflict(path, "power_mw", mw, "capacity_mw", f[VO_BAT_capacity_mw].number, err);
    if (has_mw && has_hours && has_mwh && differ(mw * hours, mwh))
        return conflict(path, "capacity_mwh", mwh, "power times duration_hours", mw * hours,
                        err);
    if (!has_mwh && has_mw && has_hours) mwh = mw * hours, has_mwh = true;
    if (!has_mw && has_mwh && has_hours) mw = mwh / hours, has_mw = true;
    if (!has_mwh || !(has_mw || both_ways))
        return vo_fail(err, VO_EINVAL,
                       "%s does not say how large the battery is (%s missing): give power_mw "
                       "and capacity_mwh, or capacity_mw and duration_hours",
                       path, has_mwh ? "its power is" : "its energy is");
    if (!(mwh > 0))
        return vo_fail(err, VO_EINVAL,
                       "%s: power times duration_hours = %g MWh: must be "
                       "above 0",
                       path, mwh);
    b->capacity_mwh = mwh;
    b->charge_mw = f[VO_BAT_charge_mw].json ? f[VO_BAT_charge_mw].number : mw;
    b->discharge_mw = f[VO_BAT_discharge_mw].json ? f[VO_BAT_discharge_mw].number : mw;
    return VO_OK;
}

static void read_efficiency(const vo_field_value *f, vo_battery *b) {
    if (f[VO_BAT_efficiency].json)
        b->charge_efficiency = b->discharge_efficiency = sqrt(f[VO_BAT_efficiency].number);
    if (f[VO_BAT_charge_efficiency].json)
        b->charge_efficiency = f[VO_BAT_charge_efficiency].number;
    if (f[VO_BAT_discharge_efficiency].json)
        b->discharge_efficiency = f[VO_BAT_discharge_efficiency].number;
}

static void set_if_given(double *to, const vo_field_value *f) {
    if (f->json) *to = f->number;
}

vo_status vo_request_battery(const vo_json *v, const char *path, vo_battery *out,
                             const char **name, vo_error *err) {
    vo_field_value f[VO_BATTERY_FIELDS];
    vo_status s = vo_fields_read(v, path, battery_fields, VO_BATTERY_FIELDS, f, err);
    if (s != VO_OK) return s;
    vo_battery b = vo_battery_default();
    b.min_soc = 0, b.max_soc = 1;
    b.max_cycles_per_day = b.max_cycles = (double)INFINITY;
    if ((s = read_size(f, path, &b, err)) != VO_OK) return s;
    read_efficiency(f, &b);
    set_if_given(&b.min_soc, &f[VO_BAT_min_soc]);
    set_if_given(&b.max_soc, &f[VO_BAT_max_soc]);
    if (b.min_soc > b.max_soc)
        return vo_fail(err, VO_EINVAL, "%s.min_soc = %g is above max_soc = %g: swap them", path,
                       b.min_soc, b.max_soc);
    b.initial_soc = b.min_soc;
    set_if_given(&b.initial_soc, &f[VO_BAT_initial_soc]);
    set_if_given(&b.self_discharge_per_h, &f[VO_BAT_self_discharge_per_h]);
    set_if_given(&b.max_cycles_per_day, &f[VO_BAT_max_cycles_per_day]);
    set_if_given(&b.max_cycles, &f[VO_BAT_max_cycles]);
    set_if_given(&b.wear_cost_per_mwh, &f[VO_BAT_wear_cost_per_mwh]);
    if (f[VO_BAT_final_soc].json &&
        (s = read_final(f[VO_BAT_final_soc].json, path, &b, err)) != VO_OK)
        return s;
    vo_error inner = {0};
    if ((s = vo_battery_check(&b, &inner)) != VO_OK)
        return vo_fail(err, s, "%s.%s", path, inner.msg);
    *out = b;
    *name = f[VO_BAT_name].text ? f[VO_BAT_name].text : "";
    return VO_OK;
}

/* ---- the request --------------------------------------------------------------- */

static vo_status read_batteries(vo_request *r, vo_error *err) {
    const vo_json *one = r->value[VO_REQ_battery_params].json;
    const vo_json *many = r->value[VO_REQ_batteries].json;
    if (!one && !many && !(kinds[r->kind].needs & BATTERY)) return VO_OK;
    if (!one == !many)
        return vo_fail(err, VO_EINVAL,
                       one ? "battery_params and batteries: give one of them"
                           : "battery_params is missing: which battery? e.g. "
                             "{\"power_mw\": 2, \"capacity_mwh\": 4}");
    if (many && vo_json_kind_of(many) != VO_JSON_ARRAY)
        return vo_fail(err, VO_EINVAL, "batteries is %s: must be an array of batteries",
                       vo_fields_kind(many));
    const size_t n = many ? vo_json_size(many) : 1;
    if (n < 1 || n > VO_MAX_BATTERIES)
        return vo_fail(err, VO_EINVAL, "batteries has %zu elements: must have 1 to %u", n,
                       VO_MAX_BATTERIES);
    r->battery = calloc(n, sizeof *r->battery);
    r->battery_name = calloc(n, sizeof *r->battery_name);
    if (!r->battery || !r->battery_name)
        return vo_fail(err, VO_ENOMEM, "room for %zu batteries", n);
    r->n_batteries = n;
    for (size_t i = 0; i < n; i++) {
        char path[40] = "battery_params";
        if (many) snprintf(path, sizeof path, "batteries[%zu]", i);
        const vo_status s = vo_request_battery(many ? vo_json_at(many, i) : one, path,
                                               &r->battery[i], &r->battery_name[i], err);
        if (s != VO_OK) return s;
    }
    return VO_OK;
}

static vo_status check_sources(const vo_request *r, vo_error *err) {
    const bool lake = r->value[VO_REQ_market_params].json != NULL;
    const bool inlined = r->value[VO_REQ_prices].json != NULL;
    const bool file = r->value[VO_REQ_prices_file].json != NULL;
    const bool tariff = r->value[VO_REQ_tariff].json != NULL;
    const int n = lake + inlined + file + tariff;
    if (r->value[VO_REQ_home].json && !tariff)
        return vo_fail(err, VO_EINVAL, "home = \"%.60s\" goes with tariff: give one",
                       r->value[VO_REQ_home].text);
    if (n == 1 || (n == 0 && !(kinds[r->kind].needs & PRICES))) return VO_OK;
    if (n > 1)
        return vo_fail(
            err, VO_EINVAL,
            "prices, prices_file, market_params and tariff: give one of them, not %d", n);
    return vo_fail(err, VO_EINVAL,
                   "no prices: give prices (an array) or market_params "
                   "{zone, start_date, end_date}");
}

vo_status vo_request_read(const char *text, vo_request_kind kind, vo_request *out,
                          vo_error *err) {
    vo_request r = {.kind = kind};
    size_t n = 0;
    const vo_field *fields = vo_request_fields(kind, &n);
    vo_status s = vo_json_parse(text, strlen(text), &r.root, err);
    if (s == VO_OK) s = vo_fields_read(r.root, "", fields, n, r.value, err);
    if (s == VO_OK) s = read_batteries(&r, err);
    if (s == VO_OK) s = check_sources(&r, err);
    if (s == VO_OK && r.value[VO_REQ_market_params].json)
        s = vo_fields_read(r.value[VO_REQ_market_params].json, "market_params", market_fields,
                           VO_MARKET_FIELDS, r.market, err);
    if (s != VO_OK) {
        vo_request_fini(&r);
        return s;
    }
    *out = r;
    return VO_OK;
}

void vo_request_fini(vo_request *r) {
    vo_json_free(r->root);
    free(r->battery);
    free(r->battery_name);
    *r = (vo_request){0};
}

const char *vo_request_text(const vo_request *r, int field, const char *absent) {
    return r->value[field].text ? r->value[field].text : absent;
}

double vo_request_number(const vo_request *r, int field, double absent) {
    return r->value[field].json ? r->value[field].number : absent;
}

vo_status vo_request_choice(const vo_request *r, int field, const char *path,
                            const char *const *names, size_t n, size_t absent, size_t *out,
                            vo_error *err) {
    const vo_field_value *v = &r->value[field];
    if (v->text) return vo_fields_choice(v, path, names, n, out, err);
    *out = absent;
    return VO_OK;
}
