/* Tests of data/fetch_cache.c. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/fetch_cache.h"
#include "port/file.h"
#include "support/data_folder.h"

#define NAME "https://service/prices?node=A&token=***"

static char *whole(const char *folder, size_t *size) {
    char path[DATA_PATH], *data = NULL;
    vo_fetch_cache_path(folder, NAME, path, sizeof path);
    cr_assert_eq(vo_file_read(path, 1 << 20, &data, size, NULL), VO_OK);
    return data;
}

Test(fetch_cache, what_is_saved_is_loaded_with_its_time) {
    char folder[DATA_PATH], *body = NULL;
    static const char bytes[] = "zip\0\xff\n";
    size_t len = 0;
    double when = 0;
    cr_assert(temporary_folder(folder));
    cr_assert_eq(vo_fetch_cache_load(folder, NAME, &body, &len, &when, NULL), VO_ENOTFOUND);
    cr_assert_eq(vo_fetch_cache_save(folder, NAME, bytes, sizeof bytes, 1.75e9 + 0.25, NULL),
                 VO_OK);
    cr_assert_eq(vo_fetch_cache_load(folder, NAME, &body, &len, &when, NULL), VO_OK);
    cr_assert_eq(len, sizeof bytes);
    cr_assert_arr_eq(body, bytes, sizeof bytes);
    cr_assert_eq(body[len], '\0');
    cr_assert_eq(when, 1.75e9 + 0.25);
    free(body);
    cr_assert_eq(vo_fetch_cache_save(folder, NAME, "", 0, 5, NULL), VO_OK, "replaced");
    cr_assert_eq(vo_fetch_cache_load(folder, NAME, &body, &len, &when, NULL), VO_OK);
    cr_assert_eq(len, 0);
    cr_assert_eq(when, 5);
    free(body);
    cr_assert_eq(vo_fetch_cache_load(folder, NAME "x", &body, &len, &when, NULL), VO_ENOTFOUND);
    cr_assert_eq(vo_fetch_cache_remove(folder, NAME, NULL), VO_OK);
    cr_assert_eq(vo_fetch_cache_load(folder, NAME, &body, &len, &when, NULL), VO_ENOTFOUND);
    cr_assert_eq(vo_fetch_cache_remove(folder, NAME, NULL), VO_OK, "gone already");
    temporary_folder_remove(folder);
}

Test(fetch_cache, any_changed_byte_and_any_missing_end_makes_it_absent) {
    char folder[DATA_PATH];
    const char *body = NULL;
    size_t size = 0, len = 0;
    double when = 0;
    cr_assert(temporary_folder(folder));
    cr_assert_eq(vo_fetch_cache_save(folder, NAME, "a reply", 7, 1e9, NULL), VO_OK);
    char *data = whole(folder, &size);
    cr_assert_eq(vo_fetch_cache_decode(data, size, NAME, &body, &len, &when, NULL), VO_OK);
    for (size_t i = 0; i < size; i++) {
        vo_error err = {0};
        data[i] = (char)(data[i] ^ 1);
        cr_assert_eq(vo_fetch_cache_decode(data, size, NAME, &body, &len, &when, &err),
                     VO_EINVAL, "byte %zu", i);
        cr_assert(err.msg[0] != '\0');
        data[i] = (char)(data[i] ^ 1);
        char *cut = malloc(i + 1); /* of its own, so that reading on is seen */
        memcpy(cut, data, i + 1);
        cr_assert_eq(vo_fetch_cache_decode(cut, i, NAME, &body, &len, &when, NULL), VO_EINVAL);
        free(cut);
    }
    free(data);
    temporary_folder_remove(folder);
}

Test(fetch_cache, the_file_of_another_request_is_not_taken) {
    char folder[DATA_PATH], path[DATA_PATH], *body = NULL;
    size_t size = 0, len = 0;
    double when = 0;
    cr_assert(temporary_folder(folder));
    cr_assert_eq(vo_fetch_cache_save(folder, NAME, "a reply", 7, 1e9, NULL), VO_OK);
    char *data = whole(folder, &size);
    vo_fetch_cache_path(folder, "other", path, sizeof path); /* as if the hashes were equal */
    cr_assert_eq(vo_file_write(path, data, size, NULL), VO_OK);
    cr_assert_eq(vo_fetch_cache_load(folder, "other", &body, &len, &when, NULL), VO_ENOTFOUND);
    free(data);
    temporary_folder_remove(folder);
}

Test(fetch_cache, a_folder_that_cannot_be_is_told) {
    char folder[DATA_PATH], below[DATA_PATH + 16];
    vo_error err = {0};
    cr_assert(temporary_folder(folder));
    snprintf(below, sizeof below, "%s/file", folder);
    cr_assert_eq(vo_file_write(below, "x", 1, NULL), VO_OK);
    snprintf(below, sizeof below, "%s/file/cache", folder);
    cr_assert_eq(vo_fetch_cache_save(below, NAME, "x", 1, 1, &err), VO_EIO, "%s", err.msg);
    cr_assert(err.msg[0] != '\0');
    temporary_folder_remove(folder);
}
