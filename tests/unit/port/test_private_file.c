/* test_private_file.c -- a private file is its owner's alone and is never emptied. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "port/file.h"
#include "port/private_file.h"
#include "support/data_folder.h"

static char folder[DATA_PATH], path[DATA_PATH + 16];

static void begin(void) {
    cr_assert(temporary_folder(folder));
    snprintf(path, sizeof path, "%.1000s/secret", folder);
}

static void end(void) { temporary_folder_remove(folder); }

Test(private_file, only_its_owner_may_read_or_write_it, .init = begin, .fini = end) {
    bool made = false;
    struct stat s;
    umask(0);
    cr_assert_eq(vo_private_file_make(path, &made, NULL), VO_OK);
    cr_assert(made);
    cr_assert_eq(stat(path, &s), 0);
    cr_assert_eq((int)(s.st_mode & 07777), 0600);
    cr_assert_eq((int)s.st_size, 0);
}

Test(private_file, what_is_there_stays, .init = begin, .fini = end) {
    bool made = true;
    char *text = NULL;
    size_t len = 0;
    cr_assert_eq(vo_file_write(path, "kept", 4, NULL), VO_OK);
    cr_assert_eq(vo_private_file_make(path, &made, NULL), VO_OK);
    cr_assert_not(made);
    cr_assert_eq(vo_file_read(path, 100, &text, &len, NULL), VO_OK);
    cr_assert_str_eq(text, "kept");
    free(text);
}

Test(private_file, a_folder_that_is_missing_is_named_with_its_remedy, .init = begin,
     .fini = end) {
    char deep[DATA_PATH + 32];
    vo_error err = {0};
    snprintf(deep, sizeof deep, "%s/none/secret", folder);
    cr_assert_eq(vo_private_file_make(deep, NULL, &err), VO_EIO);
    cr_assert(strstr(err.msg, "none/secret") && strstr(err.msg, "make its folder"), "%s",
              err.msg);
}
