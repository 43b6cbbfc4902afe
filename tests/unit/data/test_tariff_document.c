/* test_tariff_document.c -- each test states one promise of tariff_document.h. */
#include "data/tariff_document.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/toml.h"
#include "base/yaml.h"

#define H24(x)                                                                                 \
    "[" x "," x "," x "," x "," x "," x "," x "," x "," x "," x "," x "," x "," x "," x "," x  \
    "," x "," x "," x "," x "," x "," x "," x "," x "," x "]"

static const char PLAIN[] =
    "kind: tariff\n"
    "utility: us\n"
    "schedule: S\n"
    "currency: MXN\n"
    "zone: UTC\n"
    "effective: \"2026-01-01\"\n"
    "until: \"2027-01-01\"\n"
    "seasons:\n"
    "  year: [[\"01-01\", \"12-31\"]]\n"
    "rates:\n"
    "  - {name: day, per_kwh: 2.5, components: {a: 2, b: 0.5}}\n"
    "hours: {year: {weekday: " H24("0") ", weekend: " H24(
        "0") "}}\n"
             "tiers_per: day\n"
             "baseline: {credit_per_kwh: 0.1, quantities: {basic: {X: {year: 9}}}}\n"
             "fixed: [{name: base, option: one, amount: 3, per: month}]\n"
             "minimum: {amount: 4, per: day}\n"
             "other_supply: {drop: [a], pcia: {2020: 0.1}}\n"
             "export: {method: fixed, per_kwh: 0.7, adder_per_kwh: 0.1}\n"
             "holidays: [\"2026-07-04\", \"2026-12-25\"]\n";

static vo_status read_text(const char *yaml, vo_tariff **out, vo_error *err) {
    vo_json *root = NULL;
    vo_error inner = {0};
    cr_assert_eq(vo_yaml_parse(yaml, strlen(yaml), &root, &inner), VO_OK, "%s\n%s", inner.msg,
                 yaml);
    const vo_status st = vo_tariff_from_document(root, "file", out, err);
    vo_json_free(root);
    return st;
}

Test(tariff_document, every_member_becomes_part_of_the_value) {
    vo_tariff *t = NULL;
    vo_error err = {0};
    cr_assert_eq(read_text(PLAIN, &t, &err), VO_OK, "%s", err.msg);
    cr_expect_str_eq(t->utility, "us");
    cr_expect_str_eq(t->schedule, "S");
    cr_expect_str_eq(t->currency, "MXN");
    cr_expect_str_eq(vo_zone_name(t->zone), "UTC");
    cr_expect_eq(t->effective_day, vo_civil_days(2026, 1, 1));
    cr_expect_eq(t->until_day, vo_civil_days(2027, 1, 1));
    cr_expect_eq(t->rate[0].tier[0].price, 2.5);
    cr_expect_eq(t->n_components, 2);
    cr_expect_eq(t->tiers_per, VO_TARIFF_PER_DAY);
    cr_expect(t->has_baseline && t->baseline_credit > 0.09);
    cr_expect_eq(t->territory[0].kwh_per_day[0], 9);
    cr_expect_str_eq(t->fixed[0].option, "one");
    cr_expect_eq(t->minimum, 4);
    cr_expect(t->dropped[0] && !t->dropped[1]);
    cr_expect_eq(t->pcia[0].year, 2020);
    cr_expect_eq(t->export_method, VO_TARIFF_EXPORT_FIXED);
    cr_expect_eq(t->export_adder, 0.1);
    cr_expect_eq(t->holiday[1], vo_civil_days(2026, 12, 25));
    vo_tariff_free(t);
}

/* PLAIN with its first `from` replaced by `to`. */
static void refused(const char *from, const char *to, const char *says) {
    char text[4096];
    const char *where = strstr(PLAIN, from);
    cr_assert(where, "%s", from);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(where - PLAIN), PLAIN, to,
             where + strlen(from));
    vo_tariff *t = NULL;
    vo_error err = {0};
    cr_expect_neq(read_text(text, &t, &err), VO_OK, "%s -> %s", from, to);
    cr_expect(strstr(err.msg, says) && strncmp(err.msg, "file: ", 6) == 0, "%s -> %s: %s", from,
              to, err.msg);
    cr_expect_null(t);
}

Test(tariff_document, refuses_each_wrong_member_by_its_name) {
    refused("kind: tariff", "kind: tax", "kind: \"tax\"");
    refused("utility: us", "utility: 3", "tariff.utility: number; it must be text");
    refused("schedule: S", "schedule: \"\"", "tariff.schedule: \"\"; 1 to 63");
    refused("schedule: S", "schedul: S", "did you mean \"schedule\"");
    refused("zone: UTC", "zone: Mars", "Mars");
    refused("\"2026-01-01\"", "soon", "effective: \"soon\" is no date");
    refused("\"2026-01-01\"", "\"2026-02-30\"", "is no date");
    refused("seasons:\n  year: [[\"01-01\", \"12-31\"]]", "seasons: 4", "seasons: number");
    refused("[[\"01-01\", \"12-31\"]]", "[[\"01-01\"]]", "seasons.year: a range is two days");
    refused("[[\"01-01\", \"12-31\"]]", "[[\"01-01\", \"12-30\"]]", "12-31 is in none");
    refused("per_kwh: 2.5", "per_mwh: 2.5", "rates[0].per_kwh: nothing");
    refused("per_kwh: 2.5", "per_kwh: 2.6", "components sum to 2.500000");
    refused("b: 0.5", "b: x", "rates[0].components.b: string");
    refused("weekday: [0,", "weekday: [0.5,", "hours.year.weekday[0]");
    refused("weekday: [0,", "weekday: [1,", "hours.year.weekday[0]: rate 1 of 1");
    refused("weekday: [0,0,", "weekday: [0,", "hours.year.weekday: 24 numbers");
    refused("{year: {weekday", "{month: {weekday", "hours.year: nothing");
    refused("tiers_per: day", "tiers_per: week", "tariff.tiers_per: \"week\"; month or day");
    refused("credit_per_kwh", "credit", "baseline.credit_per_kwh: nothing");
    refused("{X: {year: 9}}", "{X: {yea: 9}}", "baseline.quantities.basic.X.year: nothing");
    refused("basic: {X: {year: 9}}", "basic: 3", "baseline.quantities.basic: number");
    refused("amount: 3", "amount: much", "fixed[0].amount: string");
    refused("drop: [a]", "drop: [z]", "other_supply.drop[0]");
    refused("2020: 0.1", "soon: 0.1", "other_supply.pcia.soon");
    refused("method: fixed", "method: dear", "export.method: \"dear\"");
    refused("method: fixed, per_kwh: 0.7", "method: fixed", "export.per_kwh: nothing");
    refused("\"2026-07-04\"", "\"2026-12-26\"", "holidays[1]");
    refused("\"2026-07-04\"", "3", "holidays[0]: no date");
    refused("until: \"2027-01-01\"", "until: \"2025-01-01\"", "until");
}

/* ---- published forms ------------------------------------------------------------- */

typedef vo_status (*writer)(const vo_json *published, vo_json_out *w, vo_error *err);

static vo_status as_schedule(const vo_json *p, vo_json_out *w, vo_error *err) {
    return vo_tariff_write_schedule(p, NULL, w, err);
}

static vo_status as_urdb(const vo_json *p, vo_json_out *w, vo_error *err) {
    return vo_tariff_write_urdb(p, "America/Denver", "stem", w, NULL, err);
}

static vo_status translate(const vo_json *published, writer write, vo_tariff **out,
                           vo_error *err) {
    vo_json_out *w = NULL;
    char *text = NULL;
    size_t len = 0;
    vo_json *root = NULL;
    cr_assert_eq(vo_json_out_create(&w, NULL), VO_OK);
    vo_json_out_object(w);
    vo_json_out_key(w, "kind");
    vo_json_out_string(w, "tariff");
    vo_status st = write(published, w, err);
    if (st == VO_OK) {
        vo_json_out_end(w);
        cr_assert_eq(vo_json_out_take(w, &text, &len, NULL), VO_OK);
        cr_assert_eq(vo_json_parse(text, len, &root, NULL), VO_OK, "%s", text);
        st = vo_tariff_from_document(root, "file", out, err);
    }
    vo_json_out_free(w);
    vo_json_free(root);
    free(text);
    return st;
}

static vo_status from_toml(const char *toml, vo_tariff **out, vo_error *err) {
    vo_json *p = NULL;
    vo_error inner = {0};
    cr_assert_eq(vo_toml_parse(toml, strlen(toml), &p, &inner), VO_OK, "%s", inner.msg);
    const vo_status st = translate(p, as_schedule, out, err);
    vo_json_free(p);
    return st;
}

#define HEAD                                                                                   \
    "utility = \"pacific_gas_and_electric\"\ntariff = \"T\"\neffective = \"2026-01-01\"\n"     \
    "currency = \"USD/kWh\"\n[seasons]\nsummer_start = \"05-01\"\nsummer_end = \"10-31\"\n"
#define ENERGY                                                                                 \
    "[energy.summer.peak]\ngeneration = 0.2\n[energy.summer.off_peak]\ngeneration = 0.1\n"     \
    "[energy.winter.off_peak]\ngeneration = 0.05\n[adders]\nwires = 0.01\n"

Test(tariff_document, a_published_schedule_fills_hours_seasons_and_prices) {
    vo_tariff *t = NULL;
    vo_error err = {0};
    cr_assert_eq(from_toml(HEAD "[periods]\npeak = []\n" ENERGY, &t, &err), VO_OK, "%s",
                 err.msg);
    cr_expect_eq(t->season_of[3][29], 1);
    cr_expect_eq(t->season_of[4][0], 0);
    cr_expect_eq(t->season_of[9][30], 0);
    cr_expect_eq(t->season_of[10][0], 1);
    cr_expect_float_eq(t->rate[0].tier[0].price, 0.21, 1e-12,
                       "the sum, where there is no total");
    cr_expect_eq(t->season[1].hour[0][18], 2);
    vo_tariff_free(t);
    t = NULL;
    cr_assert_neq(from_toml(HEAD "[periods]\npeak = [[16, 21]]\n" ENERGY, &t, &err), VO_OK);
    cr_expect(strstr(err.msg, "periods.peak: no rate of that name"), "%s", err.msg);
    cr_assert_neq(from_toml(HEAD "[periods]\npeak = [[21, 16]]\n" ENERGY, &t, &err), VO_OK);
    cr_expect(strstr(err.msg, "periods.peak[0]: hours from and to"), "%s", err.msg);
    cr_assert_neq(from_toml(HEAD ENERGY, &t, &err), VO_OK);
    cr_expect(strstr(err.msg, "periods: there must be some"), "%s", err.msg);
    cr_assert_neq(
        from_toml("utility = \"x\"\ntariff = \"T\"\neffective = \"e\"\ncurrency = \"USD/kWh\"",
                  &t, &err),
        VO_OK);
    cr_expect(strstr(err.msg, "time zone of \"x\" is not known"), "%s", err.msg);
    cr_assert_neq(from_toml(HEAD "[periods]\npeak = []\n" ENERGY
                                 "[totals.summer]\npeak = 0.22\noff_peak = 0.11\n"
                                 "[totals.winter]\noff_peak = 0.06\n",
                            &t, &err),
                  VO_OK);
    cr_expect(strstr(err.msg, "components sum to 0.210000, the price is 0.220000"), "%s",
              err.msg);
}

#define M12(x) "[" x "," x "," x "," x "," x "," x "," x "," x "," x "," x "," x "," x "]"

static vo_status from_urdb(const char *json, vo_tariff **out, vo_error *err) {
    vo_json *p = NULL;
    vo_error inner = {0};
    cr_assert_eq(vo_json_parse(json, strlen(json), &p, &inner), VO_OK, "%s", inner.msg);
    const vo_status st = translate(p, as_urdb, out, err);
    vo_json_free(p);
    return st;
}

#define DAYS                                                                                   \
    "\"energyweekdayschedule\":" M12(H24("0")) ",\"energyweekendschedule\":" M12(H24("1"))

Test(tariff_document, a_rate_of_the_database_keeps_tiers_adjustments_and_sales) {
    vo_tariff *t = NULL;
    vo_error err = {0};
    static const char rate[] =
        "{\"name\":\"R\",\"utility\":\"U\",\"startdate\":1767225600,"
        "\"energyratestructure\":[[{\"rate\":0.1,\"adj\":0.02,\"max\":10,"
        "\"unit\":\"kWh daily\"},{\"rate\":0.3,\"sell\":0.04}],[{\"rate\":0.2}]],"
        "\"mincharge\":120,\"minchargeunits\":\"$/year\","
        "\"flatdemandstructure\":[[{\"rate\":3}],[{\"rate\":4}]],"
        "\"flatdemandmonths\":[0,0,0,0,0,0,1,1,0,0,0,0]," DAYS "}";
    cr_assert_eq(from_urdb(rate, &t, &err), VO_OK, "%s", err.msg);
    cr_expect_str_eq(t->utility, "U");
    cr_expect_eq(t->effective_day, vo_civil_days(2026, 1, 1));
    cr_expect_eq(t->n_seasons, 2);
    cr_expect_str_eq(t->season[0].name, "jan-jun sep-dec");
    cr_expect_str_eq(t->season[1].name, "jul-aug");
    cr_expect_float_eq(t->rate[0].tier[0].price, 0.12, 1e-15);
    cr_expect_eq(t->rate[0].tier[0].up_to, 10);
    cr_expect_eq(t->tiers_per, VO_TARIFF_PER_DAY);
    cr_expect_eq(t->export_method, VO_TARIFF_EXPORT_RATES);
    cr_expect_eq(t->rate[0].tier[1].sell, 0.04);
    cr_expect_eq(t->season[1].hour[VO_TARIFF_WEEKEND][5], 1);
    cr_expect_eq(t->season[1].flat_demand, 1);
    cr_expect_eq(t->minimum, 10);
    vo_tariff_free(t);
}

Test(tariff_document, a_rate_of_the_database_is_refused_by_the_field) {
    static const struct {
        const char *json, *says;
    } bad[] = {
        {"{\"energyratestructure\":[[{\"rate\":0.1}]]}", "energyweekdayschedule: a list of 12"},
        {"{" DAYS "}", "energyratestructure: a list of periods"},
        {"{\"energyratestructure\":[[{\"rate\":0.1}]]," DAYS "}", "rate 1 of 1"},
        {"{\"energyratestructure\":[[],[]]," DAYS "}",
         "energyratestructure[0]: a list of tiers"},
        {"{\"energyratestructure\":[[{\"rate\":1},{\"rate\":2}],[{\"rate\":1}]]," DAYS "}",
         "energyratestructure[0][0].max: nothing"},
        {"{\"energyratestructure\":[[{\"rate\":1,\"unit\":\"kWh/kW\"}]]," DAYS "}",
         "energyratestructure[0][0].unit: \"kWh/kW\""},
        {"{\"energyratestructure\":[[{\"rate\":\"x\"}]]," DAYS "}",
         "energyratestructure[0][0].rate: string"},
        {"{\"energyratestructure\":[[{\"rate\":1}],[{\"rate\":1}]],\"mincharge\":1,"
         "\"minchargeunits\":\"$/hour\"," DAYS "}",
         "minchargeunits: \"$/hour\""}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        vo_tariff *t = NULL;
        vo_error err = {0};
        cr_expect_neq(from_urdb(bad[i].json, &t, &err), VO_OK, "%s", bad[i].says);
        cr_expect(strstr(err.msg, bad[i].says), "%s: %s", bad[i].says, err.msg);
    }
}

Test(tariff_document, whole_numbers_lie_within_their_bound) {
    vo_json *list = NULL;
    static const char text[] = "[0, 24, 25, -1, 2.5, \"3\", null]";
    cr_assert_eq(vo_json_parse(text, sizeof text - 1, &list, NULL), VO_OK);
    int v = 7;
    cr_expect(vo_tariff_whole(vo_json_at(list, 0), 24, &v) && v == 0);
    cr_expect(vo_tariff_whole(vo_json_at(list, 1), 24, &v) && v == 24);
    for (size_t i = 2; i < vo_json_size(list); i++)
        cr_expect_not(vo_tariff_whole(vo_json_at(list, i), 24, &v), "%zu", i);
    cr_expect_not(vo_tariff_whole(NULL, 24, &v));
    cr_expect_eq(v, 24, "refusals leave it alone");
    vo_json_free(list);
}
