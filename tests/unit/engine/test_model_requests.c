/* test_model_requests.c -- the registry of models through documents. */
#include "engine/model_requests.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/file.h"
#include "store/registry.h"
#include "support/data_folder.h"
#include "support/model_folder.h"

static char folder[DATA_PATH];
static vo_engine *e;

/* gbt: versions ..00 to ..07, champion ..01, before it ..00, challenger ..02; lear: one. */
static void begin(void) {
    cr_assert(temporary_folder(folder));
    vo_registry *r = model_folder_open(folder);
    for (int i = 0; i < 7; i++) model_register(r, "gbt", i);
    vo_registry_draft d = model_draft("gbt", 7);
    char version[VO_REGISTRY_NAME];
    d.parent = "v20260211_134506";
    cr_assert_eq(vo_registry_register(r, &d, version, NULL), VO_OK);
    model_register(r, "lear", 8);
    model_promote(r, "gbt", "v20260211_134500", VO_REGISTRY_CHAMPION);
    model_promote(r, "gbt", "v20260211_134501", VO_REGISTRY_CHAMPION);
    model_promote(r, "gbt", "v20260211_134502", VO_REGISTRY_CHALLENGER);
    vo_registry_close(r);
    vo_engine_options o = vo_engine_options_default();
    o.models = folder;
    o.allow_files = 1;
    cr_assert_eq(vo_engine_open(&o, &e, NULL), VO_OK);
}

static void end(void) {
    vo_engine_close(e);
    temporary_folder_remove(folder);
}

typedef vo_status call(vo_engine *e, const char *request, char **response, vo_error *err);

static vo_json *ask(call *f, const char *request) {
    vo_error err = {0};
    char *text = NULL;
    vo_json *root = NULL;
    cr_assert_eq(f(e, request, &text, &err), VO_OK, "%s: %s", request, err.msg);
    cr_assert_eq(vo_json_parse(text, strlen(text), &root, &err), VO_OK, "%s", err.msg);
    vo_text_free(text);
    return root;
}

static const vo_json *at(const vo_json *v, const char *key, size_t i) {
    const vo_json *found = vo_json_at(vo_json_get(v, key), i);
    cr_assert(found, "%s[%zu]", key, i);
    return found;
}

static const char *text(const vo_json *v, const char *key) {
    const vo_json *t = vo_json_get(v, key);
    cr_assert(t, "%s", key);
    return vo_json_kind_of(t) == VO_JSON_NULL ? "" : vo_json_string(t);
}

static double number(const vo_json *v, const char *key) {
    return vo_json_number(vo_json_get(v, key));
}

/* For the service a path of its machine is nobody's business. */
Test(model_requests, folders_are_told_only_to_those_who_may_read_files, .init = begin,
     .fini = end) {
    vo_engine_options o = vo_engine_options_default();
    vo_json *with = ask(vo_engine_models_show, "{\"model\": \"gbt\"}");
    cr_expect(vo_json_get(with, "models") && vo_json_get(with, "folder"));
    vo_json_free(with);
    vo_engine_close(e);
    o.models = folder;
    cr_assert_eq(vo_engine_open(&o, &e, NULL), VO_OK);
    vo_json *list = ask(vo_engine_models_list, "{}");
    vo_json *shown = ask(vo_engine_models_show, "{\"model\": \"gbt\"}");
    cr_expect(!vo_json_get(list, "models") && vo_json_get(list, "registered"));
    cr_expect(!vo_json_get(shown, "models") && !vo_json_get(shown, "folder"));
    cr_expect_str_eq(text(shown, "id"), "gbt");
    vo_json_free(list);
    vo_json_free(shown);
}

Test(model_requests, list_has_every_version_and_what_it_is, .init = begin, .fini = end) {
    vo_json *r = ask(vo_engine_models_list, "{}");
    cr_assert_str_eq(text(r, "models"), folder);
    cr_assert_eq(vo_json_size(vo_json_get(r, "registered")), 2u);
    const vo_json *m = at(r, "registered", 0), *v = at(m, "versions", 7);
    cr_assert_str_eq(text(m, "id"), "gbt");
    cr_assert_str_eq(text(m, "type"), "price_prediction");
    cr_assert_str_eq(text(m, "champion"), "v20260211_134501");
    cr_assert_str_eq(text(m, "challenger"), "v20260211_134502");
    cr_assert_str_eq(text(m, "latest"), "v20260211_134507");
    cr_assert_str_eq(text(v, "version"), "v20260211_134500");
    cr_assert_str_eq(vo_json_string(at(v, "is", 0)), "rollback");
    cr_assert_str_eq(text(v, "metric"), "mae");
    cr_assert_eq(number(v, "value"), 3.25);
    cr_assert_str_eq(text(at(r, "registered", 1), "champion"), "");
    vo_json_free(r);
    r = ask(vo_engine_models_list, "{\"id\": \"lear\"}");
    cr_assert_eq(vo_json_size(vo_json_get(r, "registered")), 1u);
    vo_json_free(r);
}

Test(model_requests, show_has_the_manifest_the_lineage_and_the_log, .init = begin,
     .fini = end) {
    vo_json *r = ask(vo_engine_models_show, "{\"model\": \"gbt@latest\"}");
    const vo_json *m = vo_json_get(r, "manifest");
    cr_assert_str_eq(text(r, "version"), "v20260211_134507");
    cr_assert(vo_json_bool(vo_json_get(r, "whole")));
    cr_assert_str_eq(text(r, "damage"), "");
    cr_assert_str_eq(text(m, "parent"), "v20260211_134506");
    cr_assert_str_eq(text(vo_json_get(m, "data"), "node"), "APATZINGAN");
    cr_assert_eq(vo_json_size(vo_json_get(m, "features")), 2u);
    cr_assert_eq(vo_json_size(vo_json_get(r, "lineage")), 2u);
    cr_assert_str_eq(text(at(r, "lineage", 1), "version"), "v20260211_134506");
    cr_assert_eq(vo_json_size(vo_json_get(r, "log")), 3u);
    cr_assert_str_eq(text(at(r, "log", 1), "from"), "v20260211_134500");
    cr_assert_str_eq(text(at(r, "log", 1), "reason"), "better on the last month");
    cr_assert(vo_json_bool(vo_json_get(at(r, "log", 1), "carried_out")));
    vo_json_free(r);
    model_folder_spoil(folder, "gbt/v20260211_134507/more.txt", 1, 1);
    r = ask(vo_engine_models_show, "{\"model\": \"gbt@latest\"}");
    cr_assert(!vo_json_bool(vo_json_get(r, "whole")));
    cr_assert(strstr(text(r, "damage"), "more.txt"));
    vo_json_free(r);
}

Test(model_requests, promote_and_rollback_say_what_was_before, .init = begin, .fini = end) {
    vo_json *r = ask(vo_engine_models_promote,
                     "{\"model\": \"gbt@challenger\", \"reason\": \"better\"}");
    cr_assert_str_eq(text(r, "version"), "v20260211_134502");
    cr_assert_str_eq(text(r, "alias"), "champion");
    cr_assert_str_eq(text(r, "before"), "v20260211_134501");
    vo_json_free(r);
    r = ask(vo_engine_models_promote, "{\"model\": \"gbt\", \"alias\": \"challenger\", "
                                      "\"reason\": \"r\", \"automatic\": true, \"metrics\": "
                                      "{\"mae\": 1.5}}");
    cr_assert_str_eq(text(r, "version"), "v20260211_134507", "a bare id is its latest");
    cr_assert_str_eq(text(r, "before"), "");
    vo_json_free(r);
    r = ask(vo_engine_models_rollback, "{\"id\": \"gbt\", \"reason\": \"worse\"}");
    cr_assert_str_eq(text(r, "version"), "v20260211_134501");
    cr_assert_str_eq(text(r, "before"), "v20260211_134502");
    vo_json_free(r);
    r = ask(vo_engine_models_show, "{\"model\": \"gbt\"}");
    cr_assert_str_eq(text(r, "version"), "v20260211_134501");
    cr_assert_eq(number(vo_json_get(at(r, "log", 3), "metrics"), "rmse"), 4.5,
                 "the version's own figures, where none were given");
    cr_assert_eq(number(vo_json_get(at(r, "log", 4), "metrics"), "mae"), 1.5);
    cr_assert_str_eq(text(at(r, "log", 3), "by"), "user");
    cr_assert_str_eq(text(at(r, "log", 4), "by"), "automatic");
    cr_assert_str_eq(text(at(r, "log", 5), "action"), "rollback");
    vo_json_free(r);
}

Test(model_requests, prune_keeps_what_is_in_use, .init = begin, .fini = end) {
    vo_json *r = ask(vo_engine_models_prune, "{\"keep\": 2, \"dry_run\": true}");
    cr_assert_eq(vo_json_size(vo_json_get(r, "pruned")), 3u);
    vo_json_free(r);
    r = ask(vo_engine_models_prune, "{\"id\": \"lear\", \"keep\": 1}");
    cr_assert_eq(vo_json_size(vo_json_get(r, "pruned")), 0u);
    vo_json_free(r);
    r = ask(vo_engine_models_prune, "{}");
    cr_assert_eq(vo_json_size(vo_json_get(r, "pruned")), 0u, "5 newest and 3 in use");
    cr_assert_eq(number(r, "keep"), 5);
    vo_json_free(r);
    r = ask(vo_engine_models_prune, "{\"keep\": 2, \"reason\": \"room\"}");
    cr_assert_eq(vo_json_size(vo_json_get(r, "pruned")), 3u);
    cr_assert_gt(number(r, "bytes"), 0);
    vo_json_free(r);
    r = ask(vo_engine_models_list, "{\"id\": \"gbt\"}");
    cr_assert_eq(vo_json_size(vo_json_get(at(r, "registered", 0), "versions")), 5u);
    vo_json_free(r);
}

Test(model_requests, doctor_tells_and_mends, .init = begin, .fini = end) {
    char path[DATA_PATH + 64];
    vo_json *r = ask(vo_engine_models_doctor, "{}");
    cr_assert(vo_json_bool(vo_json_get(r, "ok")));
    cr_assert(number(r, "ids") == 2 && number(r, "versions") == 9);
    vo_json_free(r);
    snprintf(path, sizeof path, "%s/registry.json", folder);
    cr_assert_eq(vo_file_write(path, "{", 1, NULL), VO_OK);
    r = ask(vo_engine_models_doctor, "{}");
    cr_assert(!vo_json_bool(vo_json_get(r, "ok")));
    cr_assert_str_eq(text(at(r, "findings", 0), "ill"), "registry");
    vo_json_free(r);
    r = ask(vo_engine_models_doctor, "{\"mend\": true}");
    cr_assert(vo_json_bool(vo_json_get(r, "ok")));
    vo_json_free(r);
    r = ask(vo_engine_models_show, "{\"model\": \"gbt@champion\"}");
    cr_assert_str_eq(text(r, "version"), "v20260211_134501");
    vo_json_free(r);
}

Test(model_requests, bad_requests_are_refused_by_field, .init = begin, .fini = end) {
    static const struct {
        call *f;
        const char *request, *says;
    } bad[] = {{vo_engine_models_list, "{\"model\": \"gbt\"}", "model is not for this request"},
               {vo_engine_models_list, "{\"id\": \"gbx\"}", "did you mean \"gbt\"?"},
               {vo_engine_models_list, "{\"id\": \"../gbt\"}", "id = "},
               {vo_engine_models_list, "{\"ids\": \"gbt\"}", "ids: no such field"},
               {vo_engine_models_list, "[]", "object"},
               {vo_engine_models_show, "{}", "model is missing"},
               {vo_engine_models_show, "{\"model\": \"gbt@v1\"}", "no version \"v1\""},
               {vo_engine_models_promote, "{\"reason\": \"r\"}", "model is missing"},
               {vo_engine_models_promote, "{\"model\": \"gbt\"}", "reason is missing"},
               {vo_engine_models_promote,
                "{\"model\": \"gbt\", \"reason\": \"r\", \"alias\": \"boss\"}", "alias"},
               {vo_engine_models_promote, "{\"model\": \"gbt@champion\", \"reason\": \"r\"}",
                "already"},
               {vo_engine_models_promote,
                "{\"model\": \"gbt\", \"reason\": \"r\", \"metrics\": 1}",
                "metrics must be an object"},
               {vo_engine_models_rollback, "{\"reason\": \"r\"}", "id is missing"},
               {vo_engine_models_rollback, "{\"id\": \"gbt\"}", "reason is missing"},
               {vo_engine_models_rollback, "{\"id\": \"lear\", \"reason\": \"r\"}",
                "no former champion"},
               {vo_engine_models_prune, "{\"keep\": 0}", "keep"},
               {vo_engine_models_doctor, "{\"keep\": 1}", "keep is not for this request"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        vo_error err = {0};
        char *answer = NULL;
        const vo_status s = bad[i].f(e, bad[i].request, &answer, &err);
        cr_expect(s == VO_EINVAL || s == VO_ENOTFOUND, "%s", bad[i].request);
        cr_expect(!answer && strstr(err.msg, bad[i].says), "%s: %s", bad[i].request, err.msg);
        vo_text_free(answer);
    }
}

Test(model_requests, every_field_stands_in_the_documentation) {
    char *doc = NULL;
    size_t len = 0, n = 0;
    const vo_field *f = vo_models_request_fields(&n);
    cr_assert_eq(vo_file_read(VOLTEO_SOURCE_DIR "/docs/api.md", 1u << 20, &doc, &len, NULL),
                 VO_OK);
    for (size_t i = 0; i < n; i++) {
        char quoted[80];
        snprintf(quoted, sizeof quoted, "| `%s` |", f[i].name);
        cr_expect(strstr(doc, quoted), "docs/api.md says nothing of %s", f[i].name);
    }
    free(doc);
}
