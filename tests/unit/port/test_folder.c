/* test_folder.c -- listings are sorted and whole; files change places whole. */
#include "port/folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/file.h"
#include "support/data_folder.h"

static char root[DATA_PATH];

static void begin(void) { cr_assert(temporary_folder(root)); }
static void end(void) { temporary_folder_remove(root); }

static const char *below(const char *name) {
    static char path[2 * DATA_PATH];
    snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

static vo_status take(void *ctx, const char *name, bool is_folder, vo_error *err) {
    char *seen = ctx;
    if (strcmp(name, "stop") == 0) return vo_fail(err, VO_ECANCELED, "enough");
    strcat(seen, name);
    strcat(seen, is_folder ? "/ " : " ");
    return VO_OK;
}

Test(folder, names_come_sorted_and_folders_are_told, .init = begin, .fini = end) {
    char seen[200] = "";
    vo_error err = {0};
    cr_assert_eq(vo_folder_list(root, take, seen, &err), VO_OK);
    cr_assert_str_eq(seen, "");
    cr_assert_eq(vo_file_write(below("b"), "x", 1, NULL), VO_OK);
    cr_assert_eq(vo_file_make_folders(below("c"), NULL), VO_OK);
    cr_assert_eq(vo_file_write(below(".a"), "x", 1, NULL), VO_OK);
    cr_assert_eq(vo_folder_list(root, take, seen, &err), VO_OK);
    cr_assert_str_eq(seen, ".a b c/ ");
    cr_assert_eq(vo_file_write(below("stop"), "x", 1, NULL), VO_OK);
    cr_assert_eq(vo_folder_list(root, take, seen, &err), VO_ECANCELED);
    cr_assert_str_eq(err.msg, "enough");
    cr_assert_eq(vo_folder_list(below("absent"), take, seen, &err), VO_OK);
    cr_assert_eq(vo_folder_list(below("b"), take, seen, &err), VO_EIO);
    cr_assert(strstr(err.msg, "/b\""), "%s", err.msg);
}

Test(folder, only_empty_folders_go, .init = begin, .fini = end) {
    cr_assert_eq(vo_file_make_folders(below("a/b"), NULL), VO_OK);
    cr_assert_not(vo_folder_remove_empty(below("a")));
    cr_assert(vo_folder_remove_empty(below("a/b")));
    cr_assert(vo_folder_remove_empty(below("a")));
    cr_assert_not(vo_file_exists(below("a")));
}

Test(folder, a_move_replaces_and_a_patch_changes_its_bytes_only, .init = begin, .fini = end) {
    char to[2 * DATA_PATH], *text = NULL;
    size_t len = 0;
    vo_error err = {0};
    snprintf(to, sizeof to, "%s/to", root);
    cr_assert_eq(vo_file_write(to, "old", 3, NULL), VO_OK);
    cr_assert_eq(vo_file_move(below("absent"), to, &err), VO_EIO);
    cr_assert_eq(vo_file_write(below("from"), "new text", 8, NULL), VO_OK);
    cr_assert_eq(vo_file_patch(below("from"), 4, "TE", 2, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_file_move(below("from"), to, &err), VO_OK, "%s", err.msg);
    cr_assert_not(vo_file_exists(below("from")));
    cr_assert_eq(vo_file_read(to, 100, &text, &len, NULL), VO_OK);
    cr_assert_str_eq(text, "new TExt");
    free(text);
    cr_assert_eq(vo_file_write(below("from"), "x", 1, NULL), VO_OK);
    cr_assert_eq(vo_file_move(below("from"), "/nowhere/at/all", &err), VO_EIO);
    cr_assert(vo_file_exists(below("from")));
    cr_assert_eq(vo_file_patch(below("absent"), 0, "x", 1, &err), VO_EIO);
}
