/* test_tariff_shipped.c -- tariffs by name, wherever the program runs. Each test is in a process of
 * its own, so it may go into another folder. */
#include "data/tariff_shipped.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "port/file.h"
#include "port/folder.h"
#include "support/data_folder.h"

static char away[DATA_PATH];

static void go_away(void) {
    cr_assert(temporary_folder(away));
    cr_assert_eq(chdir(away), 0);
}

static void come_back(void) {
    cr_assert_eq(chdir("/"), 0);
    temporary_folder_remove(away);
}

static vo_status look(void *ctx, const char *name, bool is_folder, vo_error *err) {
    int *n = ctx;
    char stem[256], path[DATA_PATH];
    vo_tariff *a = NULL, *b = NULL;
    const size_t len = strlen(name);
    if (is_folder || len < 6 || len > 200 || strcmp(name + len - 5, ".yaml") != 0) return VO_OK;
    snprintf(stem, sizeof stem, "%.*s", (int)len - 5, name);
    snprintf(path, sizeof path, VOLTEO_SOURCE_DIR "/config/tariffs/%s", name);
    vo_status s = vo_tariff_open(stem, false, &a, err);
    if (s == VO_OK) s = vo_tariff_load(path, &b, err);
    cr_assert_eq(s, VO_OK, "%s: %s", name, err->msg);
    cr_expect_str_eq(a->schedule, b->schedule);
    cr_expect_eq(a->effective_day, b->effective_day);
    cr_assert_eq(a->n_rates, b->n_rates);
    for (size_t i = 0; i < a->n_rates; i++)
        cr_expect_eq(a->rate[i].tier[0].price, b->rate[i].tier[0].price);
    vo_tariff_free(a);
    vo_tariff_free(b);
    ++*n;
    return VO_OK;
}

Test(tariff_shipped, every_file_of_the_folder_is_known_by_name_from_any_folder, .init = go_away,
     .fini = come_back) {
    int n = 0;
    vo_error err = {0};
    cr_assert_eq(vo_folder_list(VOLTEO_SOURCE_DIR "/config/tariffs", look, &n, &err), VO_OK,
                 "%s", err.msg);
    cr_expect_geq(n, 6);
}

static void refused(const char *text, bool files, vo_status status, const char *says) {
    vo_tariff *t = NULL;
    vo_error err = {0};
    cr_expect_eq(vo_tariff_open(text, files, &t, &err), status, "%s: %s", text, err.msg);
    cr_expect(strstr(err.msg, says) && strstr(err.msg, text), "%s: %s", text, err.msg);
    cr_expect_null(t);
}

Test(tariff_shipped, an_unknown_name_is_answered_with_those_there_are, .init = go_away,
     .fini = come_back) {
    refused("e_tou_z", false, VO_ENOTFOUND, "flat_peak_off_peak, pge_e_tou_c_2025-01-01");
    refused("e_tou_z", true, VO_ENOTFOUND, "pge_e_tou_c_2026-03-01; or give the path");
}

Test(tariff_shipped, a_path_is_for_those_who_may_read_files, .init = go_away,
     .fini = come_back) {
    static const char path[] = VOLTEO_SOURCE_DIR "/config/tariffs/flat_peak_off_peak.yaml";
    vo_tariff *t = NULL;
    refused(path, false, VO_EINVAL, "not read here");
    refused("..", false, VO_EINVAL, "not read here");
    refused("../x", false, VO_EINVAL, "flat_peak_off_peak");
    refused("./none.yaml", true, VO_ENOTFOUND, "cannot open");
    cr_assert_eq(vo_tariff_open(path, true, &t, NULL), VO_OK);
    vo_tariff_free(t);
}

/* What was imported lies in config/tariffs of the working folder. */
Test(tariff_shipped, an_imported_one_has_a_name_too, .init = go_away, .fini = come_back) {
    char *text = NULL;
    size_t len = 0;
    vo_tariff *t = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_file_read(VOLTEO_SOURCE_DIR "/config/tariffs/flat_peak_off_peak.yaml",
                              1 << 20, &text, &len, NULL),
                 VO_OK);
    cr_assert_eq(vo_file_make_folders("config/tariffs", NULL), VO_OK);
    cr_assert_eq(vo_file_put("config/tariffs/ours.yaml", text, len, NULL), VO_OK);
    refused("ours", false, VO_ENOTFOUND, "there are");
    cr_assert_eq(vo_tariff_open("ours", true, &t, &err), VO_OK, "%s", err.msg);
    vo_tariff_free(t);
    free(text);
}
