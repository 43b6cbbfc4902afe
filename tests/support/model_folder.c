/* model_folder.c -- see model_folder.h. */
#include "support/model_folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/file.h"
#include "port/folder.h"

static _Thread_local char bytes[64];
static _Thread_local vo_registry_file file[2];

vo_registry_draft model_draft(const char *id, int number) {
    static const char *const feature[] = {"lag_1", "lag_24"};
    static const vo_registry_metric metric[] = {{"mae", 3.25}, {"rmse", 4.5}};
    snprintf(bytes, sizeof bytes, "model number %d", number);
    file[0] = (vo_registry_file){"model.vo", bytes, strlen(bytes)};
    file[1] = (vo_registry_file){"more.txt", "more", 4};
    return (vo_registry_draft){.id = id,
                               .type = "price_prediction",
                               .created_s = MODEL_START_S + number,
                               .file = file,
                               .n_files = 2,
                               .metric = metric,
                               .n_metrics = 2,
                               .market = "MEM",
                               .node = "APATZINGAN",
                               .from_s = MODEL_START_S - 86400,
                               .to_s = MODEL_START_S,
                               .rows = 24,
                               .data_hash = "fnv1a:0123",
                               .feature = feature,
                               .n_features = 2,
                               .settings = "{\"trees\": 200}",
                               .code_version = "0.1.0"};
}

const char *model_register(const vo_registry *r, const char *id, int number) {
    static _Thread_local char version[VO_REGISTRY_NAME];
    const vo_registry_draft d = model_draft(id, number);
    vo_error err = {0};
    cr_assert_eq(vo_registry_register(r, &d, version, &err), VO_OK, "%s", err.msg);
    return version;
}

bool model_is(const vo_registry *r, const char *reference, int number) {
    char want[64];
    void *got = NULL;
    size_t len = 0;
    if (vo_registry_load(r, reference, NULL, &got, &len, NULL, NULL) != VO_OK) return false;
    snprintf(want, sizeof want, "model number %d", number);
    const bool is = len == strlen(want) && memcmp(got, want, len) == 0;
    free(got);
    return is;
}

vo_registry_decision model_why(const char *reason) {
    return (vo_registry_decision){
        .reason = reason, .metrics = "{\"mae\": 3.25}", .when_s = MODEL_START_S};
}

void model_promote(const vo_registry *r, const char *id, const char *version, vo_alias alias) {
    const vo_registry_decision why = model_why("better on the last month");
    vo_error err = {0};
    cr_assert_eq(vo_registry_promote(r, id, version, alias, &why, &err), VO_OK, "%s", err.msg);
}

vo_registry *model_folder_open(const char *folder) {
    vo_registry *r = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_registry_open(folder, NULL, &r, &err), VO_OK, "%s", err.msg);
    return r;
}

void model_folder_spoil(const char *folder, const char *path, size_t at, unsigned char bits) {
    char full[2048], *text = NULL;
    size_t len = 0;
    snprintf(full, sizeof full, "%s/%s", folder, path);
    cr_assert_eq(vo_file_read(full, 1 << 20, &text, &len, NULL), VO_OK);
    cr_assert_lt(at, len);
    const unsigned char byte = (unsigned char)text[at] ^ bits;
    cr_assert_eq(vo_file_patch(full, (int64_t)at, &byte, 1, NULL), VO_OK);
    free(text);
}

static vo_status say(void *ctx, const vo_registry_finding *f, vo_error *err) {
    (void)ctx;
    return vo_fail(err, VO_EIO, "found: %s %s: %s", vo_registry_ill_name(f->ill), f->path,
                   f->what);
}

void model_folder_healthy(const vo_registry *r) {
    vo_registry_health health;
    vo_error err = {0};
    cr_assert_eq(vo_registry_doctor(r, false, 0, say, NULL, &health, &err), VO_OK, "%s",
                 err.msg);
    cr_assert_eq(health.findings, 0u);
}
