/* test_registry_doctor.c -- what a crash, a fault of the disk or a hand left is found, told and
 * put right, and nothing of anyone else's is touched. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/file.h"
#include "port/folder.h"
#include "store/registry.h"
#include "store/registry_folder.h"
#include "support/data_folder.h"
#include "support/model_folder.h"

static char folder[DATA_PATH];
static vo_registry *r;
static char told[4000];

static void begin(void) {
    cr_assert(temporary_folder(folder));
    r = model_folder_open(folder);
    for (int i = 0; i < 4; i++) model_register(r, "gbt", i);
    model_register(r, "lear", 4);
    model_promote(r, "gbt", "v20260211_134500", VO_REGISTRY_CHAMPION);
    model_promote(r, "gbt", "v20260211_134501", VO_REGISTRY_CHAMPION);
    model_promote(r, "gbt", "v20260211_134502", VO_REGISTRY_CHALLENGER);
}
static void end(void) {
    vo_registry_close(r);
    temporary_folder_remove(folder);
}

static vo_status note(void *ctx, const vo_registry_finding *f, vo_error *err) {
    (void)ctx, (void)err;
    const size_t n = strlen(told);
    snprintf(told + n, sizeof told - n, "%s%s %s: %s\n", f->mended ? "mended " : "",
             vo_registry_ill_name(f->ill), f->path, f->what);
    return VO_OK;
}

/* The findings as lines "ill path: what". */
static vo_registry_health look(bool mend) {
    vo_registry_health health = {0};
    vo_error err = {0};
    told[0] = '\0';
    cr_assert_eq(vo_registry_doctor(r, mend, MODEL_START_S, note, NULL, &health, &err), VO_OK,
                 "%s", err.msg);
    return health;
}

static void path_in(const char *name, char out[DATA_PATH + 128]) {
    snprintf(out, DATA_PATH + 128, "%s/%s", folder, name);
}

static void put(const char *name, const char *text) {
    char path[DATA_PATH + 128];
    path_in(name, path);
    cr_assert_eq(vo_file_write(path, text, strlen(text), NULL), VO_OK);
}

static char *read_all(const char *name) {
    char path[DATA_PATH + 128], *text = NULL;
    size_t len = 0;
    path_in(name, path);
    cr_assert_eq(vo_file_read(path, 1 << 20, &text, &len, NULL), VO_OK);
    return text;
}

static bool there(const char *name) {
    char path[DATA_PATH + 128];
    path_in(name, path);
    return vo_file_exists(path);
}

Test(registry_doctor, finds_nothing_in_a_healthy_registry, .init = begin, .fini = end) {
    const vo_registry_health h = look(true);
    cr_assert(h.models == 2 && h.versions == 5 && h.findings == 0, "%s", told);
}

Test(registry_doctor, a_whole_version_that_is_not_listed_is_adopted_in_its_place, .init = begin,
     .fini = end) {
    vo_registry_book *b = NULL;
    cr_assert_eq(vo_registry_read(r, &b, NULL), VO_OK);
    vo_registry_model_drop(&b->model[0], "v20260211_134502");
    vo_registry_model_promote(&b->model[0], NULL, VO_REGISTRY_CHALLENGER);
    cr_assert_eq(vo_registry_write(r, b, NULL), VO_OK); /* as if its writer had died */
    vo_registry_book_free(b);
    look(false);
    cr_assert(strstr(told, "orphan gbt/v20260211_134502") && !strstr(told, "mended"), "%s",
              told);
    cr_assert(!model_is(r, "gbt@v20260211_134502", 2));
    const vo_registry_health h = look(true);
    cr_assert(h.findings == 1 && h.mended == 1 && strstr(told, "mended orphan"), "%s", told);
    cr_assert(model_is(r, "gbt@v20260211_134502", 2) && model_is(r, "gbt@latest", 3));
    cr_assert_eq(vo_registry_list(r, &b, NULL), VO_OK);
    cr_assert_str_eq(b->model[0].version[1].version, "v20260211_134502");
    vo_registry_book_free(b);
    model_folder_healthy(r);
}

Test(registry_doctor, what_writers_left_is_removed, .init = begin, .fini = end) {
    char path[DATA_PATH + 128];
    path_in("gbt/.new", path);
    cr_assert_eq(vo_file_make_folders(path, NULL), VO_OK);
    put("gbt/.new/model.vo", "half");
    path_in("gbt/.old-v1", path);
    cr_assert_eq(vo_file_make_folders(path, NULL), VO_OK);
    put("registry.json.17.0.tmp", "{");
    put("promotions.log.17.0.tmp", "{");
    cr_assert_eq(look(false).findings, 4u, "%s", told);
    cr_assert(there("gbt/.new/model.vo"));
    const vo_registry_health h = look(true);
    cr_assert(h.findings == 4 && h.mended == 4, "%s", told);
    cr_assert(!there("gbt/.new") && !there("gbt/.old-v1") && !there("registry.json.17.0.tmp"));
    model_folder_healthy(r);
}

Test(registry_doctor, others_files_are_let_alone, .init = begin, .fini = end) {
    char path[DATA_PATH + 128];
    path_in("notes/drafts", path);
    cr_assert_eq(vo_file_make_folders(path, NULL), VO_OK);
    put("notes/drafts/a.txt", "mine");
    put("README.md", "mine");
    path_in(".git", path);
    cr_assert_eq(vo_file_make_folders(path, NULL), VO_OK);
    path_in("gbt/by-hand", path);
    cr_assert_eq(vo_file_make_folders(path, NULL), VO_OK);
    put("gbt/by-hand/model.pkl", "mine");
    const vo_registry_health h = look(true);
    cr_assert(h.findings == 1 && h.mended == 0 && strstr(told, "half gbt/by-hand"), "%s", told);
    cr_assert(there("notes/drafts/a.txt") && there("README.md") && there(".git") &&
              there("gbt/by-hand/model.pkl"));
}

Test(registry_doctor, damage_is_told_with_path_and_both_checksums, .init = begin, .fini = end) {
    model_folder_spoil(folder, "gbt/v20260211_134501/more.txt", 0, 1);
    model_folder_spoil(folder, "lear/v20260211_134504/manifest.json", 9, 1);
    const vo_registry_health h = look(true);
    cr_assert(h.findings == 2 && h.mended == 0 && h.versions == 5, "%s", told);
    cr_assert(strstr(told, "damaged gbt/v20260211_134501") && strstr(told, "more.txt") &&
                  strstr(told, "damaged lear/v20260211_134504"),
              "%s", told);
}

Test(registry_doctor, a_version_that_is_gone_is_taken_off_the_list_unless_it_has_an_alias,
     .init = begin, .fini = end) {
    const vo_registry_decision why = model_why("it is gone");
    char to[VO_REGISTRY_NAME];
    vo_error err = {0};
    cr_assert_eq(vo_registry_remove(r, "gbt", "v20260211_134503", NULL), VO_OK);
    cr_assert_eq(vo_registry_remove(r, "gbt", "v20260211_134501", NULL), VO_OK);
    vo_registry_health h = look(true);
    cr_assert(h.findings == 2 && h.mended == 1, "%s", told);
    cr_assert(strstr(told, "mended missing gbt/v20260211_134503") &&
                  strstr(told, "\nmissing gbt/v20260211_134501"),
              "%s", told);
    cr_assert_eq(vo_registry_rollback(r, "gbt", &why, to, &err), VO_OK, "%s", err.msg);
    h = look(true);
    cr_assert(h.findings == 1 && h.mended == 1, "%s", told);
    model_folder_healthy(r);
    vo_registry_log log = {0};
    cr_assert_eq(vo_registry_history(r, &log, NULL), VO_OK);
    cr_assert_str_eq(log.line[log.n - 1].action, "mend");
    cr_assert(log.line[log.n - 1].done && log.n == 6);
    vo_registry_log_fini(&log);
}

/* For any damage, or none left: versions from the manifests, aliases from the log. */
Test(registry_doctor, a_damaged_or_lost_list_is_rebuilt_as_it_was, .init = begin, .fini = end) {
    char path[DATA_PATH + 128];
    path_in("registry.json", path);
    char *before = read_all("registry.json");
    const size_t len = strlen(before);
    for (size_t i = 0; i < len + 3; i += 7) {
        if (i < len)
            model_folder_spoil(folder, "registry.json", i, 1);
        else
            cr_assert_eq(vo_file_remove(path, NULL), VO_OK);
        look(false);
        cr_assert(strncmp(told, "registry registry.json: ", 24) == 0, "%s", told);
        const vo_registry_health h = look(true);
        cr_assert(h.findings == 1 && h.mended == 1 && h.versions == 5, "%s", told);
        char *after = read_all("registry.json");
        cr_assert_str_eq(before, after);
        free(after);
        model_folder_healthy(r);
    }
    cr_assert(there("registry.json.damaged"));
    free(before);
}

Test(registry_doctor, pruned_versions_do_not_come_back, .init = begin, .fini = end) {
    const vo_registry_decision why = model_why("enough");
    vo_registry_found found;
    cr_assert_eq(vo_registry_get(r, "lear", &found, NULL), VO_OK);
    for (int i = 10; i < 12; i++) model_register(r, "lear", i);
    char path[DATA_PATH + 128];
    path_in("aside", path);
    cr_assert_eq(vo_file_move(found.folder, path, NULL),
                 VO_OK); /* prune does not find it ... */
    cr_assert_eq(vo_registry_prune(r, "lear", 2, false, &why, NULL, NULL, NULL), VO_OK);
    cr_assert_eq(vo_file_move(path, found.folder, NULL), VO_OK); /* ... as if it had died */
    vo_registry_health h = look(true);
    cr_assert(h.findings == 1 && h.mended == 1 && strstr(told, "leftover lear/v2026"), "%s",
              told);
    cr_assert(!vo_file_exists(found.folder));
    model_folder_healthy(r);
    put("registry.json", "");
    h = look(true);
    cr_assert_eq(h.versions, 6u, "%s", told);
}

Test(registry_doctor, a_damaged_log_is_told_and_what_is_left_of_it_serves, .init = begin,
     .fini = end) {
    char *text = read_all("promotions.log");
    char *more = malloc(strlen(text) + 20);
    sprintf(more, "%s{\"seq\": 4, \"af", text);
    put("promotions.log", more);
    const vo_registry_health h = look(true);
    cr_assert(h.findings == 1 && h.mended == 0 && strstr(told, "log promotions.log: 1 lines"),
              "%s", told);
    model_promote(r, "gbt", "latest", VO_REGISTRY_CHAMPION);
    vo_registry_log log = {0};
    cr_assert_eq(vo_registry_history(r, &log, NULL), VO_OK);
    cr_assert(log.n == 4 && log.skipped == 1 && log.line[3].done && log.line[0].done);
    vo_registry_log_fini(&log);
    free(text);
    free(more);
}

Test(registry_doctor, an_orphan_of_another_type_is_told_and_not_adopted, .init = begin,
     .fini = end) {
    vo_registry_book *b = NULL;
    cr_assert_eq(vo_registry_read(r, &b, NULL), VO_OK);
    b->model[1].type = "other_type";
    b->n = 2;
    vo_registry_version v = b->model[1].version[0];
    v.version = "v20260211_134509";
    b->model[1].version[0] = v;
    b->model[1].latest = v.version;
    cr_assert_eq(vo_registry_write(r, b, NULL), VO_OK);
    vo_registry_book_free(b);
    const vo_registry_health h = look(true);
    cr_assert(strstr(told, "half lear/v20260211_134504") && strstr(told, "price_prediction"),
              "%s", told);
    cr_assert_eq(h.mended, 1u, "the one that is gone");
}
