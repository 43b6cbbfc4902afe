/* test_import_tariffs.c -- PG&E's real tariffs, export values and OpenEI's format: in, priced,
 * out again equal. Expected figures are those of the data's own table and of rows sampled from
 * the utility's files, read here by plain code. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "data/tariff_source.h"
#include "support/data_folder.h"
#include "support/instant.h"

#define FOLDER "pge_tariffs/"

static const char *const FILES[] = {"tariff/pge/etouc/2025-01-01.toml",
                                    "tariff/pge/etouc/2025-03-01.toml",
                                    "tariff/pge/etouc/2025-09-01.toml",
                                    "tariff/pge/etouc/2026-01-01.toml",
                                    "tariff/pge/etouc/2026-03-01.toml",
                                    "tariff/pge/e1/2026-03-01.toml",
                                    "tariff/pge/eelec/2025-01-01.toml",
                                    "tariff/pge/eelec/2025-03-01.toml",
                                    "tariff/pge/eelec/2025-09-01.toml",
                                    "tariff/pge/eelec/2026-01-01.toml",
                                    "tariff/pge/eelec/2026-03-01.toml",
                                    "tariff/pge/etoud/2026-03-01.toml",
                                    "tariff/pge/ev2a/2025-01-01.toml",
                                    "tariff/pge/ev2a/2025-03-01.toml",
                                    "tariff/pge/ev2a/2025-09-01.toml",
                                    "tariff/pge/ev2a/2026-01-01.toml",
                                    "tariff/pge/ev2a/2026-03-01.toml",
                                    "tariff/pge/program/dcare/2025-01-01.toml",
                                    "tariff/pge/program/dmedical/2026-03-01.toml",
                                    "tariff/pge/program/ersmart/2022-05-01.toml",
                                    "tariff/pge/program/medicalbaseline/2023-03-23.toml",
                                    "cca/mce/2023-01-01.toml",
                                    "cca/mce/2026-04-01.toml",
                                    "export/pge/acc_plus/2023-04-15.toml",
                                    "export/pge/nbt00.json.gz",
                                    "export/pge/nbt23.json.gz",
                                    "export/pge/nbt24.json.gz",
                                    "export/pge/nbt25.json.gz",
                                    "export/pge/nbt26.json.gz",
                                    "holidays.toml",
                                    "manifest.json",
                                    "nsc/pge.toml",
                                    "tax/ca_energy_resources/2025-01-01.toml",
                                    "tax/ca_energy_resources/2026-01-01.toml",
                                    "urdb_multi_tier_response_REopt.json"};
#define N_FILES (sizeof FILES / sizeof *FILES)

static char folder[DATA_PATH];
static char stored[N_FILES][VO_TARIFF_PATH]; /* where each file went */

static void import_one(size_t i) {
    char relative[256], path[DATA_PATH];
    vo_tariff_imported done = {0};
    vo_error err = {0};
    snprintf(relative, sizeof relative, FOLDER "%s", FILES[i]);
    cr_assert(data_path(relative, path), "%s", relative);
    cr_assert_eq(vo_tariff_import(path, folder, NULL, &done, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(done.files, 1);
    strcpy(stored[i], done.path);
}

static const char *import_named(const char *name) {
    for (size_t i = 0; i < N_FILES; i++)
        if (strcmp(FILES[i], name) == 0) {
            import_one(i);
            return stored[i];
        }
    cr_assert(false, "%s is not listed", name);
    return NULL;
}

#define NEED_TARIFFS()                                                                         \
    do {                                                                                       \
        char there[DATA_PATH];                                                                 \
        NEED_DATA(FOLDER "holidays.toml", there);                                              \
        cr_assert(temporary_folder(folder));                                                   \
    } while (0)

static vo_tariff *load(const char *path) {
    vo_tariff *t = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_tariff_load(path, &t, &err), VO_OK, "%s", err.msg);
    return t;
}

/* ---- out again equal ---------------------------------------------------------- */

static const char ORACLE[] =
    "import sys, json, tomllib, gzip\n"
    "bad = n = 0\n"
    "for line in open(sys.argv[1]):\n"
    "    source, ours = line.rstrip('\\n').split('\\t')\n"
    "    raw = open(source, 'rb').read()\n"
    "    if source.endswith('.gz'): raw = gzip.decompress(raw)\n"
    "    text = raw.decode('utf-8')\n"
    "    want = tomllib.loads(text) if source.endswith('.toml') else json.loads(text)\n"
    "    def plain(v):\n"
    "        if isinstance(v, dict): return {k: plain(x) for k, x in v.items()}\n"
    "        if isinstance(v, list): return [plain(x) for x in v]\n"
    "        if isinstance(v, bool) or v is None or isinstance(v, str): return v\n"
    "        return float(v)\n"
    "    n += 1\n"
    "    if plain(json.load(open(ours))) != plain(want):\n"
    "        bad += 1\n"
    "        print('differs:', source, file=sys.stderr)\n"
    "sys.exit(1 if bad or n != int(sys.argv[2]) else 0)\n";

static FILE *create(const char *name, char path[DATA_PATH + 64]) {
    snprintf(path, DATA_PATH + 64, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    cr_assert(f, "%s", path);
    return f;
}

Test(import_tariffs, every_file_comes_out_again_equal_in_every_value, .timeout = 120) {
    NEED_TARIFFS();
    if (system("python3 -c 'import tomllib' 2>/dev/null") != 0)
        cr_skip_test("no python3 with tomllib (3.11 or later) here: nothing to compare with");
    char list_path[DATA_PATH + 64], script[DATA_PATH + 64], out[DATA_PATH + 64], name[32];
    char command[3 * DATA_PATH];
    FILE *list = create("list", list_path);
    for (size_t i = 0; i < N_FILES; i++) {
        char relative[256], source[DATA_PATH], *json = NULL;
        vo_error err = {0};
        import_one(i);
        cr_assert_eq(vo_tariff_export(stored[i], &json, &err), VO_OK, "%s", err.msg);
        snprintf(name, sizeof name, "%zu.json", i);
        FILE *f = create(name, out);
        fputs(json, f);
        fclose(f);
        free(json);
        snprintf(relative, sizeof relative, FOLDER "%s", FILES[i]);
        cr_assert(data_path(relative, source));
        fprintf(list, "%s\t%s\n", source, out);
        for (size_t k = 0; k < i; k++) cr_assert_str_neq(stored[i], stored[k]);
    }
    fclose(list);
    FILE *f = create("oracle.py", script);
    fputs(ORACLE, f);
    fclose(f);
    snprintf(command, sizeof command, "python3 '%s' '%s' %zu", script, list_path, N_FILES);
    cr_expect_eq(system(command), 0);
    temporary_folder_remove(folder);
}

Test(import_tariffs, importing_again_changes_nothing_and_an_edited_file_is_kept) {
    NEED_TARIFFS();
    char path[DATA_PATH], text[65536], *json = NULL;
    vo_tariff_imported done = {0};
    vo_error err = {0};
    const char *to = import_named("tariff/pge/etouc/2026-03-01.toml");
    cr_assert(strstr(to, "/pacific_gas_and_electric_e-tou-c_2026-03-01.yaml"), "%s", to);
    cr_assert(data_path(FOLDER "tariff/pge/etouc/2026-03-01.toml", path));
    cr_assert_eq(vo_tariff_import(path, folder, NULL, &done, &err), VO_OK, "%s", err.msg);
    cr_expect_eq(done.files, 1);
    cr_expect_eq(done.written, 0);
    FILE *f = fopen(to, "r");
    cr_assert(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    char *digit = strstr(text, "per_kwh: 0.5224");
    cr_assert(digit);
    memcpy(digit, "per_kwh: 0.5225", 15); /* no longer their sum */
    f = fopen(to, "w");
    cr_assert(f);
    fputs(text, f);
    fclose(f);
    cr_expect_eq(vo_tariff_export(to, &json, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "edited since its import"), "%s", err.msg);
    cr_expect_eq(vo_tariff_import(path, folder, NULL, &done, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "edited since its import"), "%s", err.msg);
    vo_tariff *t = NULL;
    cr_expect_eq(vo_tariff_load(to, &t, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "components sum to 0.522400"), "%s", err.msg);
    temporary_folder_remove(folder);
}

/* Every file there is one of FILES, or is read by name below, or explains the others. */
static void look_up(const char *relative) {
    static const char *const others[] = {"SOURCE.md", "LICENSE_",
                                         "fixtures/nbt_golden_rows.jsonl",
                                         "fixtures/statements/synthetic_cca_ratechange.txt"};
    const char *name = relative + strlen(FOLDER);
    for (size_t i = 0; i < N_FILES; i++)
        if (strcmp(name, FILES[i]) == 0) return;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strncmp(name, others[i], strlen(others[i])) == 0) return;
    cr_expect(false, "%s is in no list", relative);
}

Test(import_tariffs, no_file_is_forgotten) {
    char path[DATA_PATH];
    NEED_DATA(FOLDER "holidays.toml", path);
    cr_assert(data_each("pge_tariffs", look_up));
}

/* ---- E-TOU-C ------------------------------------------------------------------ */

static const struct {
    const char *day;
    double summer_peak, summer_off, winter_peak, winter_off, credit, base;
} TABLE[] = {{"2025-01-01", 0.60729, 0.50429, 0.49312, 0.46312, 0.10135, 0},
             {"2025-03-01", 0.62569, 0.50269, 0.50086, 0.47086, 0.10301, 0},
             {"2025-09-01", 0.61457, 0.49157, 0.48974, 0.45974, 0.10084, 0},
             {"2026-01-01", 0.58943, 0.46643, 0.46460, 0.43460, 0.09566, 0},
             {"2026-03-01", 0.52240, 0.39940, 0.39757, 0.36757, 0.08140, 0.79343}};

Test(import_tariffs, e_tou_c_has_the_published_prices_on_its_five_dates) {
    NEED_TARIFFS();
    for (size_t i = 0; i < 5; i++) {
        vo_tariff *t = load(import_named(FILES[i]));
        /* local hours in summer are UTC-7, in winter UTC-8; peak is 16:00 to 21:00 every day */
        const vo_time summer_peak = at("2026-07-04T16:00:00-07:00");
        cr_expect_eq(vo_tariff_import_price(t, summer_peak, 0, true), TABLE[i].summer_peak);
        cr_expect_eq(vo_tariff_import_price(t, (vo_time){summer_peak.s - 1}, 0, true),
                     TABLE[i].summer_off);
        cr_expect_eq(vo_tariff_import_price(t, at("2026-09-30T20:59:59-07:00"), 0, true),
                     TABLE[i].summer_peak);
        cr_expect_eq(vo_tariff_import_price(t, at("2026-10-01T20:59:59-07:00"), 0, true),
                     TABLE[i].winter_peak);
        cr_expect_eq(vo_tariff_import_price(t, at("2026-05-31T23:59:59-07:00"), 0, true),
                     TABLE[i].winter_off);
        cr_expect_eq(vo_tariff_import_price(t, at("2026-06-01T00:00:00-07:00"), 0, true),
                     TABLE[i].summer_off);
        cr_expect_eq(vo_tariff_import_price(t, at("2026-01-15T16:00:00-08:00"), 0, true),
                     TABLE[i].winter_peak);
        cr_expect_float_eq(vo_tariff_import_price(t, at("2026-01-15T12:00:00-08:00"), 0, false),
                           TABLE[i].winter_off - TABLE[i].credit, 1e-15);
        cr_expect_eq(t->baseline_credit, TABLE[i].credit);
        cr_expect_eq(t->n_fixed, TABLE[i].base > 0 ? 3 : 0);
        if (TABLE[i].base > 0) cr_expect_eq(t->fixed[2].amount, TABLE[i].base);
        vo_tariff_free(t);
    }
    temporary_folder_remove(folder);
}

Test(import_tariffs, components_sum_to_the_published_totals_on_every_schedule) {
    NEED_TARIFFS();
    size_t rates = 0;
    for (size_t i = 0; i < 17; i++) {
        vo_tariff *t = load(import_named(FILES[i]));
        for (size_t r = 0; r < t->n_rates; r++, rates++) {
            double sum = 0;
            for (size_t c = 0; c < t->n_components; c++) sum += t->rate[r].component[c];
            cr_expect_float_eq(sum, t->rate[r].tier[0].price, 1.0001e-5, "%s %s", FILES[i],
                               t->rate[r].name);
        }
        vo_tariff_free(t);
    }
    cr_expect_eq(rates, 5 * 4 + 2 + 5 * 6 + 4 + 5 * 6);
    temporary_folder_remove(folder);
}

Test(import_tariffs, versions_change_at_local_midnight_to_the_second) {
    NEED_TARIFFS();
    for (size_t i = 0; i < 5; i++) import_one(i);
    vo_tariff **list = NULL;
    size_t n = 0;
    vo_error err = {0};
    cr_assert_eq(vo_tariff_load_all(folder, "e-tou-c", &list, &n, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(n, 5);
    const vo_tariff *const *v = (const vo_tariff *const *)list;
    for (size_t i = 0; i < 5; i++) {
        char midnight[40];
        snprintf(midnight, sizeof midnight, "%sT00:00:00-0%d:00", TABLE[i].day, i == 2 ? 7 : 8);
        const vo_time edge = at(midnight);
        cr_expect_eq(vo_tariff_choose(v, n, edge), list[i]);
        cr_expect_eq(vo_tariff_choose(v, n, (vo_time){edge.s - 1}), i ? list[i - 1] : NULL);
    }
    /* two hours around the change of 2026-03-01: half of each version */
    const vo_time start = {at("2026-03-01T00:00:00-08:00").s - 3600};
    const double dt = 2;
    double buy = 0, sell = 1;
    cr_assert_eq(vo_tariff_prices(v, n, &start, &dt, 1, &buy, &sell, &err), VO_OK, "%s",
                 err.msg);
    cr_expect_float_eq(buy, (0.43460 + 0.36757) / 2, 1e-12);
    cr_expect_eq(sell, 0);
    const vo_time before = at("2024-12-31T12:00:00-08:00");
    cr_expect_eq(vo_tariff_prices(v, n, &before, &dt, 1, &buy, &sell, &err), VO_ENOTFOUND);
    cr_expect(strstr(err.msg, "2024-12-31T20:00:00Z"), "%s", err.msg);
    vo_tariff_free_all(list, n);

    char path[VO_TARIFF_PATH];
    int32_t day = (int32_t)vo_civil_days(2025, 8, 31);
    cr_assert_eq(vo_tariff_find(folder, "E-TOU-C", day, path, &err), VO_OK, "%s", err.msg);
    cr_expect(strstr(path, "2025-03-01.yaml"), "%s", path);
    cr_assert_eq(vo_tariff_find(folder, "E-TOU-C", day + 1, path, &err), VO_OK);
    cr_expect(strstr(path, "2025-09-01.yaml"), "%s", path);
    cr_expect_eq(vo_tariff_find(folder, "E-TOU-C", 0, path, &err), VO_ENOTFOUND);
    cr_expect(strstr(err.msg, "1970-01-01"), "%s", err.msg);
    cr_expect_eq(vo_tariff_find(folder, "E-9", day, path, &err), VO_ENOTFOUND);
    cr_expect(strstr(err.msg, "there: E-TOU-C"), "%s", err.msg);
    temporary_folder_remove(folder);
}

Test(import_tariffs, days_of_23_and_25_hours_have_five_hours_of_peak) {
    NEED_TARIFFS();
    vo_tariff *t = load(import_named("tariff/pge/etouc/2026-03-01.toml"));
    static const struct {
        int month, day, hours;
    } days[] = {{3, 7, 24}, {3, 8, 23}, {3, 9, 24}, {10, 31, 24}, {11, 1, 25}, {11, 2, 24}};
    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        const int64_t from =
            vo_zone_day_start(t->zone, vo_civil_days(2026, days[i].month, days[i].day));
        const int64_t to =
            vo_zone_day_start(t->zone, vo_civil_days(2026, days[i].month, days[i].day + 1));
        int peak = 0, hours = 0;
        for (int64_t s = from; s < to; s += 3600, hours++)
            peak += strstr(vo_tariff_rate_at(t, (vo_time){s})->name, " peak") != NULL;
        cr_expect_eq(hours, days[i].hours);
        cr_expect_eq(peak, 5);
    }
    vo_tariff_free(t);
    temporary_folder_remove(folder);
}

Test(import_tariffs, schedules_differ_in_periods_and_kinds_of_day) {
    NEED_TARIFFS();
    vo_tariff *d = load(import_named("tariff/pge/etoud/2026-03-01.toml"));
    /* 2026-07-10 is a Friday; peak 17:00 to 20:00 on weekdays only */
    cr_expect_eq(vo_tariff_import_price(d, at("2026-07-10T17:00:00-07:00"), 0, true), 0.47708);
    cr_expect_eq(vo_tariff_import_price(d, at("2026-07-10T20:00:00-07:00"), 0, true), 0.34212);
    cr_expect_eq(vo_tariff_import_price(d, at("2026-07-11T17:00:00-07:00"), 0, true), 0.34212);
    d->holiday[d->n_holidays++] = (int32_t)vo_civil_days(2026, 7, 10);
    cr_expect_eq(vo_tariff_import_price(d, at("2026-07-10T17:00:00-07:00"), 0, true), 0.34212);
    vo_tariff_free(d);
    vo_tariff *e = load(import_named("tariff/pge/ev2a/2026-03-01.toml"));
    cr_expect_eq(vo_tariff_import_price(e, at("2026-07-11T15:30:00-07:00"), 0, true), 0.4276);
    cr_expect_eq(vo_tariff_import_price(e, at("2026-07-11T16:00:00-07:00"), 0, true), 0.53809);
    cr_expect_eq(vo_tariff_import_price(e, at("2026-01-11T23:59:59-08:00"), 0, true), 0.39428);
    cr_expect_eq(vo_tariff_import_price(e, at("2026-01-12T00:00:00-08:00"), 0, true), 0.22558);
    vo_tariff_free(e);
    vo_tariff *one = load(import_named("tariff/pge/e1/2026-03-01.toml"));
    cr_expect_eq(vo_tariff_import_price(one, at("2026-07-11T18:00:00-07:00"), 0, true),
                 0.40702);
    vo_tariff_free(one);
    temporary_folder_remove(folder);
}

/* ---- programmes, suppliers, adders --------------------------------------------- */

Test(import_tariffs, care_a_supplier_and_a_tax_change_the_price_as_published) {
    NEED_TARIFFS();
    vo_error err = {0};
    vo_tariff *t = load(import_named("tariff/pge/etouc/2026-03-01.toml")), *care = NULL;
    vo_tariff_programme p = {0};
    const char *exempt[VO_TARIFF_PROGRAMME_NAMES];
    cr_assert_eq(vo_tariff_load_programme(
                     import_named("tariff/pge/program/dcare/2025-01-01.toml"), &p, &err),
                 VO_OK, "%s", err.msg);
    cr_assert_eq(p.n_exempt, 4);
    cr_assert_eq(p.n_schedules, 5);
    for (size_t i = 0; i < p.n_exempt; i++) exempt[i] = p.exempt[i];
    cr_assert_eq(vo_tariff_with_programme(t, p.discount, exempt, p.n_exempt, &care, &err),
                 VO_OK, "%s", err.msg);
    const vo_time peak = at("2026-07-04T18:00:00-07:00");
    cr_expect_float_eq(vo_tariff_import_price(care, peak, 0, true),
                       (0.5224 - 0.00591 - 0.00391) * 0.65, 1e-12);
    cr_expect_float_eq(care->baseline_credit, 0.0814 * 0.65, 1e-15);
    vo_tariff_free(care);

    double mce[VO_TARIFF_RATES], tax = 0;
    const char *card = import_named("cca/mce/2026-04-01.toml");
    const int32_t day = (int32_t)vo_civil_days(2026, 12, 31);
    cr_assert_eq(vo_tariff_load_supplier(card, t, "deep_green", day, mce, &err), VO_OK, "%s",
                 err.msg);
    vo_tariff *cca = NULL, *taxed = NULL;
    cr_assert_eq(vo_tariff_with_supplier(t, mce, 2011, &cca, &err), VO_OK, "%s", err.msg);
    cr_expect_float_eq(
        vo_tariff_import_price(cca, peak, 0, true),
        0.5224 - 0.20782 + 0.01011 + (0.20782 + 0.0125 - 0.0062) + 0.03492 + 0.0006, 1e-12);
    cr_assert_eq(vo_tariff_load_supplier(card, t, NULL, day + 1, mce, &err), VO_OK);
    cr_expect_eq(mce[0], 0.20782, "the credit has run out, and light green costs nothing more");
    cr_expect_eq(vo_tariff_load_supplier(card, t, "gold", day, mce, &err), VO_ENOTFOUND);
    cr_expect_eq(vo_tariff_with_supplier(t, mce, 2008, &taxed, &err), VO_ENOTFOUND);
    cr_expect(strstr(err.msg, "2009 to 2026"), "%s", err.msg);
    cr_assert_eq(
        vo_tariff_published_number(import_named("tax/ca_energy_resources/2025-01-01.toml"),
                                   "rate", &tax, &err),
        VO_OK);
    cr_assert_eq(vo_tariff_with_adder(cca, "tax", tax, &taxed, &err), VO_OK);
    cr_expect_float_eq(vo_tariff_import_price(taxed, peak, 0, true),
                       vo_tariff_import_price(cca, peak, 0, true) + 0.0003, 1e-12);
    cr_assert_eq(
        vo_tariff_published_number(import_named("nsc/pge.toml"), "rates/2026-08", &tax, &err),
        VO_OK);
    cr_expect_eq(tax, 0.02684);
    cr_assert_eq(vo_tariff_published_number(import_named("export/pge/acc_plus/2023-04-15.toml"),
                                            "residential/2026", &tax, &err),
                 VO_OK);
    cr_expect_eq(tax, 0.0088);
    vo_tariff_free(t);
    vo_tariff_free(cca);
    vo_tariff_free(taxed);
    temporary_folder_remove(folder);
}

/* ---- export values -------------------------------------------------------------- */

static const char *field(const vo_json *row, const char *key) {
    const vo_json *v = vo_json_get(row, key);
    cr_assert(v && vo_json_kind_of(v) == VO_JSON_STRING, "%s", key);
    return vo_json_string(v);
}

/* True if the row's year is one that the table holds exactly. */
static bool compare_row(const char *line, vo_export_table *const *table,
                        const char *const *name) {
    vo_json *row = NULL;
    int month, day, year, hour, minute, second;
    cr_assert_eq(vo_json_parse(line, strlen(line), &row, NULL), VO_OK, "%s", line);
    cr_assert_eq(sscanf(field(row, "date_start"), "%d/%d/%d", &month, &day, &year), 3);
    cr_assert_eq(sscanf(field(row, "time_start"), "%d:%d:%d", &hour, &minute, &second), 3);
    const vo_civil c = {year, month, day, hour, minute, second};
    size_t k = 0;
    while (k < 5 && strcmp(name[k], field(row, "vintage")) != 0) k++;
    cr_assert(k < 5, "%s", line);
    /* USCA-XXPG is generation, USCA-PGXX is delivery */
    const char *part =
        strncmp(field(row, "rin"), "USCA-XX", 7) == 0 ? "generation" : "delivery";
    size_t p = 0;
    while (p < table[k]->n_parts && strcmp(table[k]->part_name[p], part) != 0) p++;
    double value = 0;
    vo_error err = {0};
    cr_assert_eq(
        vo_export_table_value(table[k], p, (vo_time){vo_civil_seconds(&c)}, &value, &err),
        VO_OK, "%s\n%s", err.msg, line);
    const bool exact = year <= table[k]->exact_through;
    if (exact) cr_expect_eq(value, strtod(field(row, "value"), NULL), "%g: %s", value, line);
    vo_json_free(row);
    return exact;
}

Test(import_tariffs, export_values_equal_every_row_sampled_from_the_utility, .timeout = 120) {
    NEED_TARIFFS();
    static const char *const name[] = {"NBT00", "NBT23", "NBT24", "NBT25", "NBT26"};
    vo_export_table *table[5] = {0};
    char path[DATA_PATH], line[1024];
    vo_error err = {0};
    for (size_t k = 0; k < 5; k++) {
        char file[64];
        snprintf(file, sizeof file, "export/pge/nbt%s.json.gz", name[k] + 3);
        cr_assert_eq(vo_tariff_load_export_values(import_named(file), &table[k], &err), VO_OK,
                     "%s", err.msg);
        cr_expect_str_eq(table[k]->name, name[k]);
    }
    NEED_DATA(FOLDER "fixtures/nbt_golden_rows.jsonl", path);
    FILE *f = fopen(path, "r");
    cr_assert(f);
    size_t rows = 0, exact = 0;
    for (; fgets(line, sizeof line, f); rows++) exact += compare_row(line, table, name);
    fclose(f);
    cr_expect_eq(rows, 2120);
    cr_expect_eq(exact, 2120 - 117, "the other 117 are of years beyond exact_through");

    /* a tariff that pays exports by the table, with an adder */
    vo_tariff *t = load(import_named("tariff/pge/etouc/2026-03-01.toml"));
    const vo_time when = at("2026-08-20T19:00:00-07:00");
    double price = 0, value = 0;
    t->export_method = VO_TARIFF_EXPORT_TABLE;
    cr_expect_eq(vo_tariff_export_price(t, when, &price, &err), VO_ENOTFOUND);
    t->export_table = table[4];
    t->export_adder = 0.0088;
    cr_assert_eq(vo_export_table_value(table[4], table[4]->n_parts, when, &value, NULL), VO_OK);
    cr_assert_eq(vo_tariff_export_price(t, when, &price, &err), VO_OK, "%s", err.msg);
    cr_expect_float_eq(price, value + 0.0088, 1e-15);
    cr_expect(value > 0);
    cr_expect_eq(vo_tariff_export_price(t, at("2046-06-01T12:00:00Z"), &price, &err),
                 VO_ENOTFOUND);
    cr_expect(strstr(err.msg, "2026 to 2045, not 2046"), "%s", err.msg);
    vo_tariff_free(t);
    for (size_t k = 0; k < 5; k++) vo_export_table_free(table[k]);
    temporary_folder_remove(folder);
}

/* ---- what is shipped ------------------------------------------------------------ */

static bool is_rest_day(const vo_export_table *x, int32_t day) {
    for (size_t i = 0; i < x->n_holidays; i++)
        if (x->holiday[i] == day) return true;
    return vo_civil_weekday(day) >= 5;
}

/* The mean value of a year's local hours, 24 a day, in which a rate is in force. */
static double mean_export(const vo_tariff *t, const vo_export_table *x, int year, size_t rate) {
    double sum = 0;
    size_t hours = 0;
    for (int32_t d = (int32_t)vo_civil_days(year, 1, 1); d < vo_civil_days(year + 1, 1, 1);
         d++) {
        const vo_tariff_day kind = is_rest_day(x, d) ? VO_TARIFF_WEEKEND : VO_TARIFF_WEEKDAY;
        vo_civil c;
        vo_civil_from_days(d, &c);
        const size_t month = (size_t)c.month - 1;
        const vo_tariff_season *s = &t->season[t->season_of[month][c.day - 1]];
        for (size_t h = 0; h < 24; h++) {
            if (s->hour[kind][h] != rate) continue;
            for (size_t p = 0; p < x->n_parts; p++)
                sum +=
                    vo_export_table_hours(x, (size_t)(year - x->first_year), p, month, kind)[h];
            hours++;
        }
    }
    return sum / (double)hours;
}

/* Prices, credit and quantities to the digit; exports as their mean, rounded to five places. */
static void compare_shipped(const vo_tariff *ours, const vo_tariff *theirs,
                            const vo_export_table *x, int year) {
    cr_expect_eq(ours->effective_day, theirs->effective_day);
    cr_expect_eq(ours->baseline_credit, theirs->baseline_credit);
    for (size_t i = 0; i < 2; i++) {
        const vo_time july = at(i ? "2026-07-01T18:00:00-07:00" : "2026-07-01T01:00:00-07:00");
        const vo_time may = at(i ? "2026-05-01T18:00:00-07:00" : "2026-05-01T01:00:00-07:00");
        cr_expect_eq(vo_tariff_import_price(ours, july, 0, true),
                     vo_tariff_import_price(theirs, july, 0, true));
        cr_expect_eq(vo_tariff_import_price(ours, may, 0, false),
                     vo_tariff_import_price(theirs, may, 0, false));
    }
    cr_assert_eq(ours->n_territories, 20u);
    cr_assert_eq(theirs->n_territories, 20u);
    for (size_t i = 0; i < 20; i++) {
        const vo_tariff_territory *a = &ours->territory[i], *b = a;
        for (size_t k = 0; k < 20; k++)
            if (!strcmp(theirs->territory[k].code, a->code) &&
                !strcmp(theirs->territory[k].class_name, a->class_name))
                b = &theirs->territory[k];
        cr_assert_neq(a, b, "%s %s is published", a->class_name, a->code);
        for (size_t s = 0; s < 2; s++)
            cr_expect_eq(a->kwh_per_day[s], b->kwh_per_day[s], "%s %s", a->class_name, a->code);
    }
    cr_assert(ours->n_rates == 4 && ours->export_method == VO_TARIFF_EXPORT_RATES);
    for (size_t r = 0; r < 4; r++) {
        const double mean = mean_export(ours, x, year, r);
        cr_expect_float_eq(ours->rate[r].tier[0].sell, mean, 5.0001e-6, "%s %g",
                           ours->rate[r].name, mean);
    }
}

Test(import_tariffs, the_shipped_versions_are_the_publications_and_exports_their_means,
     .timeout = 120) {
    NEED_TARIFFS();
    vo_error err = {0};
    for (size_t i = 0; i < 5; i++) {
        char path[600];
        const int year = atoi(TABLE[i].day);
        vo_export_table *x = NULL;
        snprintf(path, sizeof path, VOLTEO_SOURCE_DIR "/config/tariffs/pge_e_tou_c_%s.yaml",
                 TABLE[i].day);
        cr_assert_eq(vo_tariff_load_export_values(
                         import_named(year == 2025 ? "export/pge/nbt25.json.gz"
                                                   : "export/pge/nbt26.json.gz"),
                         &x, &err),
                     VO_OK, "%s", err.msg);
        vo_tariff *ours = load(path), *theirs = load(import_named(FILES[i]));
        compare_shipped(ours, theirs, x, year);
        vo_tariff_free(ours);
        vo_tariff_free(theirs);
        vo_export_table_free(x);
    }
    temporary_folder_remove(folder);
}

/* ---- the Utility Rate Database --------------------------------------------------- */

Test(import_tariffs, the_rate_database_gives_tiers_demand_and_a_daily_charge) {
    NEED_TARIFFS();
    enum { DAYS = 30, N = 24 * DAYS };
    static vo_time start[N];
    static double dt[N], kwh[N];
    vo_tariff *t = load(import_named("urdb_multi_tier_response_REopt.json"));
    cr_expect_str_eq(t->schedule, "urdb_multi_tier_response_REopt");
    cr_expect_eq(t->n_seasons, 3, "January differs from February in its demand charges only");
    for (size_t i = 0; i < N; i++) {
        start[i] = (vo_time){at("2026-06-01T00:00:00Z").s + (int64_t)i * 3600};
        dt[i] = 1;
        kwh[i] = i == 100 ? 150 : 50;
    }
    vo_tariff_bill b;
    vo_error err = {0};
    const vo_tariff_customer c = {0};
    cr_assert_eq(vo_tariff_bill_month(t, &c, start, dt, kwh, NULL, N, &b, &err), VO_OK, "%s",
                 err.msg);
    const double used = 50.0 * N + 100;
    cr_expect_float_eq(b.total,
                       20000 * 0.078891 + (used - 20000) * 0.06 + 100 * 24.368 + 50 * 17.031 +
                           30 * 3.298,
                       1e-8);
    vo_tariff_free(t);
    temporary_folder_remove(folder);
}

/* ---- a statement ------------------------------------------------------------------ */

Test(import_tariffs, the_energy_lines_of_a_statement_are_reproduced) {
    NEED_TARIFFS();
    char path[DATA_PATH], text[16384];
    NEED_DATA(FOLDER "fixtures/statements/synthetic_cca_ratechange.txt", path);
    FILE *f = fopen(path, "r");
    cr_assert(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    /* the first part of the statement: two days, 20 kWh of peak, 50 off peak, 40 of baseline */
    cr_assert(
        strstr(text, "Peak                        20.000000        kWh        @   $0.50000"));
    cr_assert(
        strstr(text, "Off Peak                    50.000000        kWh        @   $0.40000"));
    cr_assert(strstr(text, "40.00       kWh          (2 days       20.0 kWh/day)"));
    cr_assert(
        strstr(text, "Baseline Credit               40.00        kWh        @   -$0.05000"));
    vo_tariff *t = load(import_named("tariff/pge/etouc/2025-09-01.toml"));
    for (size_t r = 0; r < t->n_rates; r++)
        t->rate[r].tier[0].price = strstr(t->rate[r].name, " peak") ? 0.5 : 0.4;
    t->baseline_credit = 0.05;
    for (size_t k = 0; k < t->n_territories; k++) t->territory[k].kwh_per_day[1] = 20;
    vo_time start[48];
    double dt[48], kwh[48];
    for (size_t i = 0; i < 48; i++) {
        start[i] = (vo_time){at("2025-12-30T00:00:00-08:00").s + (int64_t)i * 3600};
        dt[i] = 1;
        kwh[i] = i % 24 >= 16 && i % 24 < 21 ? 2 : 25.0 / 19;
    }
    const vo_tariff_customer c = {.territory = "X"};
    vo_tariff_bill b;
    vo_error err = {0};
    cr_assert_eq(vo_tariff_bill_month(t, &c, start, dt, kwh, NULL, 48, &b, &err), VO_OK, "%s",
                 err.msg);
    cr_expect_eq(b.days, 2);
    cr_expect_float_eq(b.baseline_kwh, 40, 1e-12);
    cr_expect_eq(b.n_items, 3);
    cr_expect_float_eq(b.item[0].amount, 10.00, 1e-12, "%s", b.item[0].name);
    cr_expect_float_eq(b.item[1].amount, 20.00, 1e-12, "%s", b.item[1].name);
    cr_expect_float_eq(b.item[2].amount, -2.00, 1e-12, "%s", b.item[2].name);
    vo_tariff_free(t);
    temporary_folder_remove(folder);
}
