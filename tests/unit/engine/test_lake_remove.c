/* test_lake_remove.c -- the request that takes a series, or a span of it, out of the lake. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <volteo/engine.h>

#include "base/json.h"
#include "port/file.h"

static char folder[400];

static vo_engine *engine(const char *name, bool files) {
    char command[900], lake[450];
    snprintf(folder, sizeof folder, "%s/tests/lake_remove_%s", VOLTEO_BINARY_DIR, name);
    snprintf(command, sizeof command, "mkdir -p '%s'", folder);
    if (files)
        snprintf(command, sizeof command, "rm -rf '%s' && mkdir -p '%s'", folder, folder);
    cr_assert_eq(system(command), 0);
    snprintf(lake, sizeof lake, "%s/lake", folder);
    vo_engine_options o = vo_engine_options_default();
    o.lake = lake;
    o.allow_files = files;
    vo_engine *e = NULL;
    cr_assert_eq(vo_engine_open(&o, &e, NULL), VO_OK);
    return e;
}

typedef vo_status call(vo_engine *e, const char *request, char **response, vo_error *err);

static vo_json *ask(vo_engine *e, call *f, const char *request) {
    vo_error err = {0};
    char *text = NULL;
    vo_json *root = NULL;
    cr_assert_eq(f(e, request, &text, &err), VO_OK, "%s: %s", request, err.msg);
    cr_assert_eq(vo_json_parse(text, strlen(text), &root, &err), VO_OK, "%s", err.msg);
    vo_text_free(text);
    return root;
}

static void refuses(vo_engine *e, const char *request, const char *says) {
    vo_error err = {0};
    char *text = NULL;
    const vo_status s = vo_engine_data_remove(e, request, &text, &err);
    cr_expect(s == VO_EINVAL || s == VO_ENOTFOUND, "%s", request);
    cr_expect(!text && strstr(err.msg, says), "\"%s\" is not in: %s", says, err.msg);
    vo_text_free(text);
}

/* Three local days of 24 hours from 2025-01-01, Madrid (UTC+1). */
static void import(vo_engine *e, const char *process, const char *node) {
    char csv[4096] = "timestamp,price\n", path[450], request[700];
    for (int h = 0; h < 72; h++) {
        char line[64];
        snprintf(line, sizeof line, "2025-01-%02dT%02d:00:00+01:00,%d\n", 1 + h / 24, h % 24,
                 100 + h);
        strcat(csv, line);
    }
    snprintf(path, sizeof path, "%s/in.csv", folder);
    cr_assert_eq(vo_file_write(path, csv, strlen(csv), NULL), VO_OK);
    snprintf(request, sizeof request,
             "{\"file\": \"%s\", \"market\": \"M\", \"process\": \"%s\", \"node\": \"%s\", "
             "\"tz\": \"Europe/Madrid\"}",
             path, process, node);
    vo_json_free(ask(e, vo_engine_data_import, request));
}

static double number(const vo_json *r, const char *key) {
    return vo_json_number(vo_json_get(r, key));
}

static void expect_rows(vo_engine *e, size_t series, double rows_of_first) {
    vo_json *r = ask(e, vo_engine_data_list, "{}");
    const vo_json *list = vo_json_get(r, "series");
    cr_expect_eq(vo_json_size(list), series);
    if (vo_json_size(list)) cr_expect_eq(number(vo_json_at(list, 0), "rows"), rows_of_first);
    vo_json_free(r);
}

Test(lake_remove, nothing_goes_without_yes_and_only_the_span_with_it) {
    vo_engine *e = engine("span", true);
    import(e, "MDA", "A");
    import(e, "MDA", "B");
    const char *dry = "{\"market\": \"M\", \"node\": \"A\", \"from\": \"2025-01-02\", "
                      "\"to\": \"2025-01-02\"}";
    vo_json *r = ask(e, vo_engine_data_remove, dry);
    const vo_json *gone = vo_json_get(r, "gone");
    cr_expect(!vo_json_bool(vo_json_get(r, "removed")) && number(gone, "rows") == 24);
    cr_expect_str_eq(vo_json_string(vo_json_get(gone, "first")), "2025-01-01T23:00:00Z");
    vo_json_free(r);
    expect_rows(e, 2, 72);
    r = ask(e, vo_engine_data_remove,
            "{\"market\": \"M\", \"node\": \"A\", \"from\": \"2025-01-02\", "
            "\"to\": \"2025-01-02\", \"yes\": true}");
    cr_expect(vo_json_bool(vo_json_get(r, "removed")));
    vo_json_free(r);
    expect_rows(e, 2, 48);
    refuses(e, dry, "in that span");
    vo_json_free(
        ask(e, vo_engine_data_remove, "{\"market\": \"M\", \"node\": \"A\", \"yes\": true}"));
    expect_rows(e, 1, 72);
    r = ask(e, vo_engine_data_doctor, "{}");
    cr_expect(vo_json_bool(vo_json_get(r, "ok")));
    vo_json_free(r);
    vo_engine_close(e);
}

Test(lake_remove, what_goes_is_named_and_not_guessed) {
    vo_engine *e = engine("named", true);
    import(e, "MDA", "A");
    import(e, "MTR", "A");
    refuses(e, "{\"market\": \"M\", \"node\": \"A\", \"yes\": true}", "MTR");
    refuses(e, "{\"node\": \"A\", \"process\": \"MDA\", \"yes\": true}", "market is missing");
    refuses(e, "{\"market\": \"M\", \"process\": \"MDA\", \"yes\": true}", "node is missing");
    refuses(e, "{\"market\": \"M\", \"node\": \"C\", \"yes\": true}", "no such series");
    refuses(e, "{\"market\": \"M\", \"node\": \"A\", \"process\": \"MTR\", \"mend\": true}",
            "mend is not for this request");
    expect_rows(e, 2, 72);
    vo_json_free(ask(e, vo_engine_data_remove,
                     "{\"market\": \"M\", \"node\": \"A\", \"process\": \"MTR\", \"yes\": "
                     "true}"));
    expect_rows(e, 1, 72);
    vo_engine_close(e);
    e = engine("named", false);
    refuses(e, "{\"market\": \"M\", \"node\": \"A\", \"yes\": true}", "nothing is removed");
    vo_engine_close(e);
}
