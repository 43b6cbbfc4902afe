/* test_registry_folder.c -- the folder under the registry: names, lock, what may be removed. */
#include "store/registry_folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "support/data_folder.h"
#include "support/model_folder.h"

static char folder[DATA_PATH];
static vo_registry *r;

static void begin(void) {
    cr_assert(temporary_folder(folder));
    r = model_folder_open(folder);
}
static void end(void) {
    vo_registry_close(r);
    temporary_folder_remove(folder);
}

static void put(const char *a, const char *b, const char *text) {
    char path[VO_REGISTRY_PATH];
    vo_registry_path(r, a, NULL, path);
    if (b) cr_assert_eq(vo_file_make_folders(path, NULL), VO_OK);
    vo_registry_path(r, a, b, path);
    cr_assert_eq(vo_file_write(path, text, strlen(text), NULL), VO_OK);
}

static bool there(const char *a, const char *b) {
    char path[VO_REGISTRY_PATH];
    vo_registry_path(r, a, b, path);
    return vo_file_exists(path);
}

Test(registry_folder, names_are_put_together, .init = begin, .fini = end) {
    char path[VO_REGISTRY_PATH], want[VO_REGISTRY_PATH + 32];
    vo_registry_path(r, "gbt", "v1", path);
    snprintf(want, sizeof want, "%s/gbt/v1", folder);
    cr_assert_str_eq(path, want);
    vo_registry_path(r, "gbt", "", path);
    snprintf(want, sizeof want, "%s/gbt", folder);
    cr_assert_str_eq(path, want);
    vo_registry_list_path(r, path);
    cr_assert(strstr(path, "/registry.json"));
    vo_registry_log_path(r, path);
    cr_assert(strstr(path, "/promotions.log"));
}

Test(registry_folder, no_list_is_an_empty_one_unless_there_is_a_log, .init = begin,
     .fini = end) {
    vo_registry_book *b = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_registry_read(r, &b, NULL), VO_OK);
    cr_assert_eq(b->n, 0u);
    vo_registry_book_free(b);
    put("promotions.log", NULL, "");
    b = NULL;
    cr_assert_eq(vo_registry_read(r, &b, &err), VO_EINVAL);
    cr_assert(!b && strstr(err.msg, "registry.json") && strstr(err.msg, "doctor"), "%s",
              err.msg);
}

Test(registry_folder, a_folder_with_anothers_folder_in_it_stays, .init = begin, .fini = end) {
    vo_error err = {0};
    put("gbt/v1", "model.vo", "x");
    put("gbt/v2/mine", "notes", "y");
    cr_assert_eq(vo_registry_remove(r, "gbt", "v1", NULL), VO_OK);
    cr_assert(!there("gbt", "v1"));
    cr_assert_eq(vo_registry_remove(r, "gbt", "v1", NULL), VO_OK, "it is gone already");
    cr_assert_eq(vo_registry_remove(r, "gbt", "v2", &err), VO_EIO);
    cr_assert(strstr(err.msg, "gbt/v2"), "%s", err.msg);
    cr_assert(there("gbt/v2/mine", "notes"));
}

Test(registry_folder, who_retires_is_gone_even_where_another_was_half_retired, .init = begin,
     .fini = end) {
    put("gbt/v1", "model.vo", "x");
    put("gbt/.old-v1", "model.vo", "x");
    cr_assert_eq(vo_registry_retire(r, "gbt", "v1", NULL), VO_OK);
    cr_assert(!there("gbt", "v1") && !there("gbt", ".old-v1"));
    cr_assert_eq(vo_registry_retire(r, "gbt", "v1", NULL), VO_OK);
}

Test(registry_folder, a_lock_makes_the_folder_and_keeps_others_out, .init = begin,
     .fini = end) {
    char deep[DATA_PATH + 16];
    vo_file_lock lock = {-1};
    vo_registry *d = NULL;
    snprintf(deep, sizeof deep, "%s/a/models", folder);
    cr_assert_eq(vo_registry_open(deep, NULL, &d, NULL), VO_OK);
    cr_assert_eq(vo_registry_lock(d, &lock, NULL), VO_OK);
    cr_assert(there("a/models", ".lock"));
    vo_file_lock_drop(&lock);
    cr_assert_eq(vo_registry_lock(d, &lock, NULL), VO_OK, "who drops lets the next one in");
    vo_file_lock_drop(&lock);
    vo_registry_close(d);
}
