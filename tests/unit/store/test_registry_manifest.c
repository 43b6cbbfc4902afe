/* test_registry_manifest.c -- what a version is survives in its manifest, and its files are
 * those that were registered or are refused by path and both checksums. */
#include "store/registry_manifest.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/file.h"
#include "store/sha256.h"
#include "support/data_folder.h"
#include "support/model_folder.h"

static char folder[DATA_PATH];

static void begin(void) { cr_assert(temporary_folder(folder)); }
static void end(void) { temporary_folder_remove(folder); }

static void write_file(const char *name, const void *data, size_t len) {
    char path[DATA_PATH + 64];
    vo_error err = {0};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    cr_assert_eq(vo_file_write(path, data, len, &err), VO_OK, "%s", err.msg);
}

static void write_version(const vo_registry_draft *d) {
    char *text = NULL;
    size_t len = 0;
    vo_error err = {0};
    cr_assert_eq(vo_manifest_text(d, "v1", &text, &len, &err), VO_OK, "%s", err.msg);
    write_file(VO_MANIFEST_NAME, text, len);
    for (size_t i = 0; i < d->n_files; i++)
        write_file(d->file[i].name, d->file[i].data, d->file[i].len);
    free(text);
}

static vo_manifest load(void) {
    vo_manifest m = {0};
    vo_error err = {0};
    cr_assert_eq(vo_manifest_load(folder, "gbt", "v1", &m, &err), VO_OK, "%s", err.msg);
    return m;
}

static const char *text_at(const vo_json *v, const char *key) {
    return vo_json_string(vo_json_get(v, key));
}

Test(registry_manifest, says_all_that_was_said_of_the_version, .init = begin, .fini = end) {
    vo_registry_draft d = model_draft("gbt", 1);
    d.parent = "v0";
    d.note = "first";
    write_version(&d);
    vo_manifest m = load();
    const vo_json *data = vo_json_get(m.root, "data");
    cr_assert_str_eq(m.type, "price_prediction");
    cr_assert_str_eq(text_at(m.root, "id"), "gbt");
    cr_assert_str_eq(text_at(m.root, "parent"), "v0");
    cr_assert_str_eq(text_at(m.root, "note"), "first");
    cr_assert_str_eq(text_at(m.root, "code_version"), "0.1.0");
    cr_assert_str_eq(text_at(data, "market"), "MEM");
    cr_assert_str_eq(text_at(data, "from"), "2026-02-10T13:45:00Z");
    cr_assert_str_eq(text_at(data, "hash"), "fnv1a:0123");
    cr_assert_eq(vo_json_number(vo_json_get(data, "rows")), 24);
    cr_assert_eq(vo_json_size(vo_json_get(m.root, "features")), 2u);
    cr_assert_eq(vo_json_number(vo_json_get(vo_json_get(m.root, "settings"), "trees")), 200);
    cr_assert_eq(vo_json_number(vo_json_get(vo_json_get(m.root, "metrics"), "rmse")), 4.5);
    cr_assert_str_eq(m.entry.version, "v1");
    cr_assert_str_eq(m.entry.created, "2026-02-11T13:45:01Z");
    cr_assert_str_eq(m.entry.node, "APATZINGAN");
    cr_assert_str_eq(m.entry.metric, "mae");
    cr_assert(m.entry.value == 3.25 && m.entry.bytes == d.file[0].len + 4 && m.n_files == 2);
    char hex[VO_SHA256_HEX];
    vo_sha256_of("more", 4, hex);
    cr_assert_str_eq(vo_manifest_file_at(&m, 1).sha256, hex);
    vo_manifest_fini(&m);
}

Test(registry_manifest, files_are_read_whole, .init = begin, .fini = end) {
    const vo_registry_draft d = model_draft("gbt", 1);
    void *bytes = NULL;
    size_t len = 0;
    vo_error err = {0};
    write_version(&d);
    vo_manifest m = load();
    cr_assert_eq(vo_manifest_verify(&m, folder, NULL), VO_OK);
    cr_assert_eq(vo_manifest_read(&m, folder, NULL, &bytes, &len, NULL), VO_OK);
    cr_assert(len == d.file[0].len && memcmp(bytes, d.file[0].data, len) == 0);
    free(bytes);
    cr_assert_eq(vo_manifest_read(&m, folder, "more.txt", &bytes, &len, NULL), VO_OK);
    cr_assert(len == 4 && memcmp(bytes, "more", 4) == 0);
    free(bytes);
    cr_assert_eq(vo_manifest_read(&m, folder, "none", &bytes, &len, &err), VO_ENOTFOUND);
    cr_assert(strstr(err.msg, "none"), "%s", err.msg);
    vo_manifest_fini(&m);
}

/* Each bit, each length: refused with the path and both checksums. */
Test(registry_manifest, a_changed_or_cut_file_is_refused_with_path_and_both_checksums,
     .init = begin, .fini = end) {
    const vo_registry_draft d = model_draft("gbt", 1);
    write_version(&d);
    vo_manifest m = load();
    char path[DATA_PATH + 64], right[VO_SHA256_HEX];
    vo_sha256_of(d.file[0].data, d.file[0].len, right);
    snprintf(path, sizeof path, "%s/model.vo", folder);
    char spoilt[64];
    for (size_t i = 0; i < d.file[0].len * 9; i++) {
        size_t n = d.file[0].len;
        memcpy(spoilt, d.file[0].data, n);
        if (i < 8 * n)
            spoilt[i / 8] = (char)(spoilt[i / 8] ^ (1 << i % 8));
        else
            n = i - 8 * n; /* cut to so many bytes */
        char is[VO_SHA256_HEX];
        void *bytes = NULL;
        size_t len = 0;
        vo_error err = {0};
        vo_sha256_of(spoilt, n, is);
        write_file("model.vo", spoilt, n);
        cr_assert_eq(vo_manifest_read(&m, folder, NULL, &bytes, &len, &err), VO_EINVAL);
        cr_assert(strstr(err.msg, path) && strstr(err.msg, is) && strstr(err.msg, right), "%s",
                  err.msg);
        cr_assert_eq(vo_manifest_verify(&m, folder, &err), VO_EINVAL);
        cr_assert(!bytes && strstr(err.msg, path), "%s", err.msg);
    }
    vo_error err = {0};
    void *bytes = NULL;
    size_t len = 0;
    cr_assert_eq(vo_file_remove(path, NULL), VO_OK);
    cr_assert_eq(vo_manifest_read(&m, folder, NULL, &bytes, &len, &err), VO_ENOTFOUND);
    cr_assert(strstr(err.msg, path), "%s", err.msg);
    cr_assert_eq(vo_manifest_verify(&m, folder, &err), VO_ENOTFOUND);
    vo_manifest_fini(&m);
}

Test(registry_manifest, a_changed_bit_or_a_cut_of_the_manifest_itself_is_refused) {
    const vo_registry_draft d = model_draft("gbt", 1);
    char *text = NULL;
    size_t len = 0;
    vo_manifest m = {0};
    cr_assert_eq(vo_manifest_text(&d, "v1", &text, &len, NULL), VO_OK);
    for (size_t i = 0; i < len * 9; i++) {
        vo_error err = {0};
        const size_t n = i < 8 * len ? len : i - 8 * len;
        if (i < 8 * len) text[i / 8] = (char)(text[i / 8] ^ (1 << i % 8));
        cr_assert_eq(vo_manifest_parse(text, n, "p/manifest.json", "gbt", "v1", &m, &err),
                     VO_EINVAL);
        cr_assert(strstr(err.msg, "p/manifest.json"), "%s", err.msg);
        if (i < 8 * len) text[i / 8] = (char)(text[i / 8] ^ (1 << i % 8));
    }
    cr_assert_null(m.root);
    free(text);
}

Test(registry_manifest, that_of_another_version_is_refused) {
    const vo_registry_draft d = model_draft("gbt", 1);
    char *text = NULL;
    size_t len = 0;
    vo_manifest m = {0};
    vo_error err = {0};
    cr_assert_eq(vo_manifest_text(&d, "v1", &text, &len, NULL), VO_OK);
    cr_assert_eq(vo_manifest_parse(text, len, "p", "gbt", "v2", &m, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "gbt@v1"), "%s", err.msg);
    cr_assert_eq(vo_manifest_parse(text, len, "p", "lear", "v1", &m, &err), VO_EINVAL);
    free(text);
}

Test(registry_manifest, a_draft_that_cannot_be_is_refused_by_field) {
    static const vo_registry_file twice[] = {{"a", "1", 1}, {"a", "2", 1}};
    static const vo_registry_file own[] = {{"manifest.json", "1", 1}};
    static const vo_registry_file outside[] = {{"../a", "1", 1}};
    for (int i = 0; i < 9; i++) {
        static const char *const says[] = {"id",   "type",     "1..64",  "file",   "file",
                                           "file", "settings", "parent", "version"};
        vo_registry_draft d = model_draft("gbt", 1);
        const char *version = "v1";
        char *text = NULL;
        size_t len = 0;
        vo_error err = {0};
        if (i == 0) d.id = "a/b";
        if (i == 1) d.type = "";
        if (i == 2) d.n_files = 0;
        if (i == 3) d.file = twice;
        if (i == 4) d.file = own, d.n_files = 1;
        if (i == 5) d.file = outside, d.n_files = 1;
        if (i == 6) d.settings = "{";
        if (i == 7) d.parent = "..";
        if (i == 8) version = "";
        cr_assert_eq(vo_manifest_text(&d, version, &text, &len, &err), VO_EINVAL, "%d", i);
        cr_assert(strstr(err.msg, says[i]), "%s", err.msg);
        cr_assert_null(text);
    }
}

Test(registry_manifest, what_is_not_known_is_null, .init = begin, .fini = end) {
    static const vo_registry_file file[] = {{"q.vo", "", 0}};
    static const vo_registry_metric metric[] = {{"mae", (double)NAN}};
    const vo_registry_draft d = {
        .id = "gbt", .type = "t", .file = file, .n_files = 1, .metric = metric, .n_metrics = 1};
    write_version(&d);
    vo_manifest m = load();
    cr_assert_eq(vo_json_kind_of(vo_json_get(m.root, "data")), VO_JSON_NULL);
    cr_assert_eq(vo_json_kind_of(vo_json_get(m.root, "parent")), VO_JSON_NULL);
    cr_assert_str_eq(m.entry.metric, "");
    cr_assert_str_eq(m.entry.node, "");
    cr_assert_eq(m.entry.bytes, 0u);
    vo_manifest_fini(&m);
}
