/* test_tariff_requests.c -- tariffs as documents: what is published comes back, and what a
 * tariff does not have is null. */
#include "engine/tariff_requests.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <volteo/engine.h>

#include "port/file.h"

#define TARIFFS VOLTEO_SOURCE_DIR "/config/tariffs/"

static vo_json *shown(const char *path) {
    vo_json_out *w = NULL;
    vo_json *root = NULL;
    vo_error err = {0};
    char *text = NULL;
    size_t len = 0;
    cr_assert_eq(vo_json_out_create(&w, NULL), VO_OK);
    cr_assert_eq(vo_tariff_show(path, w, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_json_out_take(w, &text, &len, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_json_parse(text, len, &root, &err), VO_OK, "%s", err.msg);
    vo_json_out_free(w);
    free(text);
    return root;
}

static vo_json_kind kind(const vo_json *r, const char *key) {
    return vo_json_kind_of(vo_json_get(r, key));
}

static double hour(const vo_json *season, const char *days, size_t h) {
    return vo_json_number(vo_json_at(vo_json_get(season, days), h));
}

Test(tariff_requests, a_tariff_without_dates_has_none) {
    vo_json *r = shown(TARIFFS "flat_peak_off_peak.yaml");
    cr_expect_eq(kind(r, "effective"), VO_JSON_NULL);
    cr_expect_eq(kind(r, "until"), VO_JSON_NULL);
    cr_expect_eq(kind(r, "baseline_credit_per_kwh"), VO_JSON_NULL);
    cr_expect_eq(vo_json_number(vo_json_get(r, "territories")), 0);
    const vo_json *year = vo_json_at(vo_json_get(r, "seasons"), 0);
    static const char *const days[] = {"weekday", "weekend"};
    for (int d = 0; d < 2; d++)
        for (size_t h = 0; h < 24; h++)
            cr_expect_eq(hour(year, days[d], h), h >= 16 && h < 20 ? 0.51 : 0.28);
    vo_json_free(r);
}

Test(tariff_requests, a_published_tariff_has_its_first_day_and_its_charges) {
    vo_json *r = shown(TARIFFS "pge_e_tou_c_2026-03-01.yaml");
    cr_expect_str_eq(vo_json_string(vo_json_get(r, "effective")), "2026-03-01");
    cr_expect_eq(kind(r, "until"), VO_JSON_NULL);
    cr_expect_str_eq(vo_json_string(vo_json_get(r, "tz")), "America/Los_Angeles");
    cr_expect_gt(vo_json_number(vo_json_get(r, "baseline_credit_per_kwh")), 0);
    cr_expect_eq(vo_json_number(vo_json_get(r, "territories")), 10, "for two classes each");
    cr_expect_eq(vo_json_size(vo_json_get(r, "seasons")), 2u);
    const vo_json *season = vo_json_at(vo_json_get(r, "seasons"), 0);
    cr_expect_gt(hour(season, "weekday", 17), hour(season, "weekday", 3), "peak is from 16");
    cr_expect_geq(vo_json_size(vo_json_get(r, "fixed")), 1u);
    vo_json_free(r);
}

Test(tariff_requests, what_is_no_tariff_is_refused_by_its_name) {
    vo_json_out *w = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_json_out_create(&w, NULL), VO_OK);
    cr_expect_eq(vo_tariff_show("nowhere.yaml", w, &err), VO_ENOTFOUND);
    cr_expect(strstr(err.msg, "nowhere.yaml"), "%s", err.msg);
    cr_expect_eq(vo_tariff_show(VOLTEO_SOURCE_DIR "/config/sources/batu.yaml", w, &err),
                 VO_EINVAL);
    cr_expect(strstr(err.msg, "batu.yaml"), "%s", err.msg);
    vo_json_out_free(w);
}

/* Imported, shown and exported, as the program does it. */
Test(tariff_requests, the_publication_comes_back) {
    static const char toml[] =
        "schema = 1\nutility = \"example_power\"\ntariff = \"TOU-EXAMPLE\"\n"
        "effective = \"2026-01-01\"\ncurrency = \"USD/kWh\"\n[seasons]\n"
        "summer_start = \"06-01\"\nsummer_end = \"09-30\"\n[periods]\npeak = [[16, 21]]\n"
        "[energy.summer.peak]\ngeneration = 0.30\n[energy.summer.off_peak]\n"
        "generation = 0.20\n[energy.winter.peak]\ngeneration = 0.15\n"
        "[energy.winter.off_peak]\ngeneration = 0.10\n";
    static const char folder[] = VOLTEO_BINARY_DIR "/tests/tariff_requests";
    char request[1500], path[600], *text = NULL;
    vo_error err = {0};
    vo_engine *e = NULL;
    vo_engine_options o = vo_engine_options_default();
    size_t len = 0;
    o.allow_files = 1;
    cr_assert_eq(system("rm -rf '" VOLTEO_BINARY_DIR "/tests/tariff_requests'"), 0);
    cr_assert_eq(vo_file_make_folders(folder, &err), VO_OK);
    cr_assert_eq(vo_engine_open(&o, &e, &err), VO_OK);
    snprintf(path, sizeof path, "%s/rate.toml", folder);
    cr_assert_eq(vo_file_write(path, toml, sizeof toml - 1, &err), VO_OK);
    snprintf(request, sizeof request,
             "{\"file\": \"%s\", \"tz\": \"America/Los_Angeles\", \"tariffs\": \"%s\"}", path,
             folder);
    cr_assert_eq(vo_engine_data_import(e, request, &text, &err), VO_OK, "%s", err.msg);
    vo_text_free(text);
    snprintf(path, sizeof path, "%s/example_power_tou-example_2026-01-01.yaml", folder);
    vo_json *r = shown(path);
    cr_expect_str_eq(vo_json_string(vo_json_get(r, "effective")), "2026-01-01");
    vo_json_free(r);
    snprintf(request, sizeof request, "{\"tariff\": \"%s\", \"out\": \"%s/out.json\"}", path,
             folder);
    cr_assert_eq(vo_engine_data_export(e, request, &text, &err), VO_OK, "%s", err.msg);
    vo_text_free(text);
    snprintf(path, sizeof path, "%s/out.json", folder);
    cr_assert_eq(vo_file_read(path, 1 << 20, &text, &len, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_json_parse(text, len, &r, &err), VO_OK, "%s", err.msg);
    cr_expect_str_eq(vo_json_string(vo_json_get(r, "tariff")), "TOU-EXAMPLE");
    const vo_json *energy = vo_json_get(vo_json_get(r, "energy"), "summer");
    cr_expect_eq(vo_json_number(vo_json_get(vo_json_get(energy, "peak"), "generation")), 0.3);
    vo_json_free(r);
    free(text);
    vo_engine_close(e);
}
