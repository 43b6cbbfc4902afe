/* test_tariff_source.c -- each test states one promise of tariff_source.h, on files made here.
 */
#include "data/tariff_source.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/file.h"
#include "support/data_folder.h"

static const char SCHEDULE[] =
    "# made for a test\nschema = 1\nutility = \"pacific_gas_and_electric\"\ntariff = \"T-1\"\n"
    "effective = \"2026-01-01\"\ncurrency = \"USD/kWh\"\nextra = [1, {kept = true}]\n"
    "[seasons]\nsummer_start = \"06-01\"\nsummer_end = \"09-30\"\n[periods]\npeak = [[16, "
    "21]]\n"
    "[energy.summer.peak]\ngeneration = 0.3\n[energy.summer.off_peak]\ngeneration = 0.2\n"
    "[energy.winter.peak]\ngeneration = 0.15\n[energy.winter.off_peak]\ngeneration = 0.1\n";

static char folder[DATA_PATH];

static const char *save(const char *name, const char *text) {
    static char path[DATA_PATH + 64];
    vo_error err = {0};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    cr_assert_eq(vo_file_write(path, text, strlen(text), &err), VO_OK, "%s", err.msg);
    return path;
}

static bool is(const char *text) { return vo_tariff_is(text, strlen(text)); }

Test(tariff_source, is_told_from_the_content) {
    cr_expect(is(SCHEDULE));
    cr_expect(is("# c\n\n  # d\nschema = 1\nprogram = \"x\"\n"));
    cr_expect(is("[holidays]\n2024 = []\n"));
    cr_expect(is(" {\"energyratestructure\": []}"));
    cr_expect(is("{\"data\":{\"2026\":{\"delivery\":[[[0.1"));
    cr_expect(is("{\"archive_sha256\": \"x\", \"vintages\": {}}"));
    cr_expect_not(is(""));
    cr_expect_not(is("   "));
    cr_expect_not(is("timestamp,price\n2024-01-01,3\n"));
    cr_expect_not(is("{\"data\": [{\"price\": 3}]}"));
    cr_expect_not(is("schema = 1\nname = \"x\"\n"));
    cr_expect_not(is("# schema = 1\n"));
    cr_expect_not(is("<?xml version=\"1.0\"?>"));
}

Test(tariff_source, a_schedule_is_stored_once_found_by_day_and_exported_whole) {
    cr_assert(temporary_folder(folder));
    char lake[DATA_PATH + 16], path[VO_TARIFF_PATH], *json = NULL;
    vo_tariff_imported done = {0};
    vo_error err = {0};
    snprintf(lake, sizeof lake, "%s/tariffs", folder);
    const char *file = save("t.toml", SCHEDULE);
    cr_assert_eq(vo_tariff_import(file, lake, NULL, &done, &err), VO_OK, "%s", err.msg);
    cr_expect_eq(done.written, 1);
    cr_expect_str_eq(done.kind, "tariff");
    cr_expect_str_eq(done.name, "pacific_gas_and_electric T-1 2026-01-01");
    cr_expect(strstr(done.path, "tariffs/pacific_gas_and_electric_t-1_2026-01-01.yaml"), "%s",
              done.path);
    cr_assert_eq(vo_tariff_import(file, lake, NULL, &done, &err), VO_OK, "%s", err.msg);
    cr_expect_eq(done.written, 0);
    cr_assert_eq(vo_tariff_find(lake, "t-1", (int32_t)vo_civil_days(2026, 5, 1), path, &err),
                 VO_OK, "%s", err.msg);
    cr_expect_str_eq(path, done.path);
    cr_expect_eq(vo_tariff_find(lake, "T-1", 0, path, &err), VO_ENOTFOUND);
    cr_assert_eq(vo_tariff_export(path, &json, &err), VO_OK, "%s", err.msg);
    cr_expect(strstr(json, "\"kept\": true"), "%s", json);
    free(json);
    cr_expect_eq(vo_tariff_find("no/such/folder", "T-1", 0, path, &err), VO_ENOTFOUND);
    temporary_folder_remove(folder);
}

Test(tariff_source, refuses_broken_files_by_name_and_writes_nothing) {
    cr_assert(temporary_folder(folder));
    static const struct {
        const char *text, *says;
    } bad[] = {{"schema = ", "line 1"},
               {"schema = 1\nname = \"x\"\n", "it is neither a rate schedule"},
               {"{\"items\": []}", "items: there are none"},
               {"{\"energyratestructure\": []}", "energyweekdayschedule"},
               {"{\"data\":{\"2026\":{\"delivery\":[]}},\"vintage\":\"V\"}",
                "data.2026.delivery: 12 months"},
               {"{\"data\":{\"x\":{}},\"vintage\":\"V\"}", "data: years"},
               {"program = \"p\"\ndiscount = \"much\"\n", "programme.discount: string"},
               {"[1]", "it is neither"}};
    char lake[DATA_PATH + 16];
    snprintf(lake, sizeof lake, "%s/tariffs", folder);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        vo_tariff_imported done = {0};
        vo_error err = {0};
        cr_expect_eq(vo_tariff_import(save("b.txt", bad[i].text), lake, NULL, &done, &err),
                     VO_EINVAL, "%s", bad[i].text);
        cr_expect(strstr(err.msg, bad[i].says) && strstr(err.msg, "b.txt"), "%s: %s",
                  bad[i].text, err.msg);
        cr_expect_eq(done.files, 0);
    }
    cr_expect_not(vo_file_exists(lake));
    vo_tariff_imported done = {0};
    vo_error err = {0};
    cr_expect_eq(vo_tariff_import("no/such.toml", lake, NULL, &done, &err), VO_ENOTFOUND);
    temporary_folder_remove(folder);
}

Test(tariff_source, a_reply_of_the_database_may_hold_several_rates) {
    cr_assert(temporary_folder(folder));
    char text[8192] = "{\"items\": [", month[256] = "[";
    for (int h = 0; h < 24; h++) strcat(month, h ? ",0" : "0");
    strcat(month, "]");
    for (int i = 0; i < 2; i++) {
        const size_t len = strlen(text);
        snprintf(text + len, sizeof text - len,
                 "%s{\"name\": \"R%d\", \"utility\": \"U\", \"energyratestructure\": "
                 "[[{\"rate\": 0.%d}]]",
                 i ? "," : "", i, i + 1);
        for (int k = 0; k < 2; k++) {
            strcat(text, k ? ",\"energyweekendschedule\":[" : ",\"energyweekdayschedule\":[");
            for (int m = 0; m < 12; m++) {
                if (m) strcat(text, ",");
                strcat(text, month);
            }
            strcat(text, "]");
        }
        strcat(text, "}");
    }
    strcat(text, "]}");
    vo_tariff_imported done = {0};
    vo_error err = {0};
    cr_assert_eq(vo_tariff_import(save("r.json", text), folder, NULL, &done, &err), VO_OK, "%s",
                 err.msg);
    cr_expect_eq(done.files, 2);
    cr_expect(strstr(done.note, "UTC was put in"), "%s", done.note);
    vo_tariff **list = NULL;
    size_t n = 0;
    cr_assert_eq(vo_tariff_load_all(folder, "R1", &list, &n, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(n, 1);
    cr_expect_eq(list[0]->rate[0].tier[0].price, 0.2);
    vo_tariff_free_all(list, n);
    temporary_folder_remove(folder);
}

Test(tariff_source, the_tariffs_that_are_shipped_load) {
    const char *shipped = VOLTEO_SOURCE_DIR "/config/tariffs";
    vo_tariff **list = NULL;
    size_t n = 0;
    vo_error err = {0};
    cr_assert_eq(vo_tariff_load_all(shipped, "E-TOU-C", &list, &n, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(n, 5);
    const vo_time peak = {1783292400 + 0}; /* 2026-07-05T23:00:00Z, 16:00 in California */
    cr_expect_eq(vo_tariff_import_price(list[4], peak, 0, true), 0.5224);
    cr_expect_eq(vo_tariff_choose((const vo_tariff *const *)list, n, peak), list[4]);
    for (size_t i = 0; i + 1 < n; i++)
        cr_expect_eq(list[i]->until_day, list[i + 1]->effective_day);
    vo_tariff_free_all(list, n);
    cr_assert_eq(vo_tariff_load_all(shipped, "flat_peak_off_peak", &list, &n, &err), VO_OK,
                 "%s", err.msg);
    cr_expect_eq(vo_tariff_import_price(list[0], peak, 0, true), 0.51);
    cr_expect_eq(vo_tariff_import_price(list[0], (vo_time){peak.s - 1}, 0, true), 0.28);
    vo_tariff_free_all(list, n);
}

/* SCHEDULE with another name for "T-1", as long. */
static const char *named(const char *file, const char *name) {
    static char text[sizeof SCHEDULE];
    memcpy(text, SCHEDULE, sizeof SCHEDULE);
    memcpy(strstr(text, "T-1"), name, 3);
    return save(file, text);
}

Test(tariff_source, names_that_differ_only_in_signs_do_not_replace_each_other) {
    cr_assert(temporary_folder(folder));
    char place[DATA_PATH + 16];
    vo_tariff_imported done = {0};
    vo_error err = {0};
    snprintf(place, sizeof place, "%s/tariffs", folder);
    cr_assert_eq(vo_tariff_import(named("a.toml", "A/B"), place, NULL, &done, &err), VO_OK,
                 "%s", err.msg);
    cr_expect_eq(vo_tariff_import(named("b.toml", "A_B"), place, NULL, &done, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "holds another tariff"), "%s", err.msg);
    cr_expect_eq(vo_tariff_import(named("c.toml", "A/B"), place, NULL, &done, &err), VO_OK,
                 "%s", err.msg);
    temporary_folder_remove(folder);
}

/* A publication of export values: month / 100, of hour 17 one more. */
static const char *published_values(void) {
    static char text[16384];
    int n =
        snprintf(text, sizeof text,
                 "{\"vintage\": \"NBT26\", \"schema\": 1, \"data\": {\"2026\": {\"all\": [");
    for (int m = 1; m <= 12; m++)
        for (int k = 0; k < 2; k++) {
            n += snprintf(text + n, sizeof text - (size_t)n, "%s[", k ? ", " : "[");
            for (int h = 0; h < 24; h++)
                n += snprintf(text + n, sizeof text - (size_t)n, "%s%d.%02d", h ? ", " : "",
                              h == 17, m);
            n += snprintf(text + n, sizeof text - (size_t)n, "]%s",
                          k == 0   ? ""
                          : m < 12 ? "], "
                                   : "]");
        }
    snprintf(text + n, sizeof text - (size_t)n, "]}}, \"holidays\": {\"2026\": []}}");
    return save("nbt26.json", text);
}

#define FOUR_HOURS "0, 0, 0, 0, "
#define DAY "[" FOUR_HOURS FOUR_HOURS FOUR_HOURS FOUR_HOURS FOUR_HOURS "0, 0, 0, 0]"

static const char *tariff_with(const char *exports) {
    char text[2000];
    snprintf(text, sizeof text,
             "kind: tariff\nutility: u\nschedule: S-1\ncurrency: USD\n"
             "zone: America/Los_Angeles\nseasons:\n  year: [[\"01-01\", \"12-31\"]]\n"
             "rates:\n  - {name: all, per_kwh: 0.3}\nhours:\n  year:\n"
             "    weekday: " DAY "\n    weekend: " DAY "\nexport:\n%s",
             exports);
    return save("tariffs/ours.yaml", text);
}

static void refuse_exports(const char *exports, vo_status status, const char *says) {
    vo_tariff *t = NULL;
    vo_error err = {0};
    cr_expect_eq(vo_tariff_load(tariff_with(exports), &t, &err), status, "%s", err.msg);
    cr_expect(strstr(err.msg, says), "%s", err.msg);
    cr_expect_null(t);
}

Test(tariff_source, a_tariff_names_the_table_that_pays_its_exports) {
    cr_assert(temporary_folder(folder));
    char place[DATA_PATH + 16], exports[VO_TARIFF_PATH + 64];
    vo_tariff_imported done = {0};
    vo_tariff *t = NULL, *copy = NULL, **list = NULL;
    size_t n = 0;
    double price = 0;
    vo_error err = {0};
    snprintf(place, sizeof place, "%s/tariffs", folder);
    cr_assert_eq(vo_tariff_import(published_values(), place, NULL, &done, &err), VO_OK, "%s",
                 err.msg);
    cr_expect_str_eq(done.kind, "export_values");
    snprintf(exports, sizeof exports, "  {method: table, adder_per_kwh: 0.5, values: \"%s\"}\n",
             strrchr(done.path, '/') + 1);
    cr_assert_eq(vo_tariff_load(tariff_with(exports), &t, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_tariff_copy(t, &copy, &err), VO_OK, "%s", err.msg);
    vo_tariff_free(t);                    /* the copy has a table of its own */
    const vo_time july_17 = {1782864000}; /* 2026-07-01T00:00:00Z, 17:00 of 30 June there */
    cr_assert_eq(vo_tariff_export_price(copy, july_17, &price, &err), VO_OK, "%s", err.msg);
    cr_expect_float_eq(price, 1.56, 1e-12);
    cr_assert_eq(vo_tariff_export_price(copy, (vo_time){july_17.s + 7 * 3600}, &price, &err),
                 VO_OK);
    cr_expect_float_eq(price, 0.57, 1e-12, "midnight, of July by now");
    vo_tariff_free(copy);
    cr_assert_eq(vo_tariff_load_all(place, "S-1", &list, &n, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(n, 1u);
    cr_expect_eq(vo_tariff_export_price(list[0], july_17, &price, &err), VO_OK, "%s", err.msg);
    vo_tariff_free_all(list, n);
    snprintf(exports, sizeof exports, "  {method: table, values: \"%s\"}\n", done.path);
    cr_assert_eq(vo_tariff_load(tariff_with(exports), &t, &err), VO_OK, "%s", err.msg);
    vo_tariff_free(t);
    refuse_exports("  {method: table, values: none.yaml}\n", VO_ENOTFOUND, "tariffs/none.yaml");
    refuse_exports("  {method: table, values: ours.yaml}\n", VO_EINVAL, "export_values");
    refuse_exports("  {method: rates, values: ours.yaml}\n", VO_EINVAL, "for method table");
    refuse_exports("  {method: table, values: 3}\n", VO_EINVAL, "export.values");
    temporary_folder_remove(folder);
}
