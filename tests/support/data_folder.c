#define _XOPEN_SOURCE 700 /* nftw */
#include "support/data_folder.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool data_path(const char *relative, char out[DATA_PATH]) {
    const char *root = getenv("VOLTEO_DATA");
    snprintf(out, DATA_PATH, "%s/%s", root && root[0] ? root : "../shared/data", relative);
    if (access(out, R_OK) != 0) return false;
    char *whole = realpath(out, NULL); /* for programs that run in a folder of their own */
    if (whole && strlen(whole) < DATA_PATH) strcpy(out, whole);
    free(whole);
    return true;
}

static struct {
    size_t root; /* letters of the path before what is relative */
    void (*each)(const char *relative);
} walk;

static int tell_one(const char *path, const struct stat *s, int kind, struct FTW *at) {
    (void)s;
    (void)at;
    if (kind == FTW_F) walk.each(path + walk.root);
    return 0;
}

bool data_each(const char *folder, void (*each)(const char *relative)) {
    char root[DATA_PATH], path[2 * DATA_PATH];
    if (!data_path("", root)) return false;
    snprintf(path, sizeof path, "%s/%s", root, folder);
    walk.root = strlen(root) + 1;
    walk.each = each;
    return nftw(path, tell_one, 16, FTW_PHYS) == 0;
}

bool temporary_folder(char out[DATA_PATH]) {
    const char *root = getenv("TMPDIR");
    snprintf(out, DATA_PATH, "%s/volteo-test-XXXXXX", root && root[0] ? root : "/tmp");
    return mkdtemp(out) != NULL;
}

static int remove_one(const char *path, const struct stat *s, int kind, struct FTW *at) {
    (void)s;
    (void)kind;
    (void)at;
    return remove(path);
}

void temporary_folder_remove(const char *path) {
    if (strstr(path, "volteo-test-")) nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
