/* fuzz_data_request.c -- any bytes as a request of the data commands: refused in words or
 * answered with a document. The last byte chooses the command. Nothing outside is touched: the
 * file to import is not there, a lake cannot have this name, what is fetched is a dry run, and
 * files of the machine may be named only where they are refused. */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <volteo/engine.h>

#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef vo_status call(vo_engine *e, const char *request, char **response, vo_error *err);

enum { IMPORT, FETCH, SYNTH, LIST, SHOW, EXPORT, CALLS };

static call *const calls[CALLS] = {
    [IMPORT] = vo_engine_data_import, [FETCH] = vo_engine_data_fetch,
    [SYNTH] = vo_engine_data_synth,   [LIST] = vo_engine_data_list,
    [SHOW] = vo_engine_data_show,     [EXPORT] = vo_engine_data_export};

static const char *text_at(const vo_json *root, const char *key) {
    const vo_json *v = vo_json_get(root, key);
    return v && vo_json_kind_of(v) == VO_JSON_STRING ? vo_json_string(v) : NULL;
}

/* A mapping by name, not by path. */
static bool is_preset(const char *name) {
    for (; name && *name; name++)
        if (!isalnum((unsigned char)*name) && *name != '-') return false;
    return true;
}

/* Does a sound request of this command stay inside, and short? */
static bool is_harmless(int which, const vo_json *root) {
    const char *file = text_at(root, "file");
    const vo_json *dry = vo_json_get(root, "dry_run"), *days = vo_json_get(root, "days");
    if (which == IMPORT)
        return (!file || strcmp(file, "not/there.csv") == 0) &&
               is_preset(text_at(root, "mapping"));
    if (which == FETCH)
        return dry && vo_json_kind_of(dry) == VO_JSON_BOOL && vo_json_bool(dry) &&
               is_preset(text_at(root, "mapping"));
    if (which == SYNTH)
        return days && vo_json_kind_of(days) == VO_JSON_NUMBER && vo_json_number(days) >= 1 &&
               vo_json_number(days) <= 2;
    return true;
}

static int32_t patience(void *ctx, const char *phase, double fraction) {
    (void)phase, (void)fraction;
    return ++*(int *)ctx > 4;
}

static void run(int which, const char *text) {
    int told = 0;
    vo_engine_options o = vo_engine_options_default();
    o.lake = "*"; /* refused before a database is opened, which takes 0.3 s */
    o.threads = 1;
    o.allow_files = which == IMPORT;
    o.progress = patience, o.progress_ctx = &told;
    vo_engine *e = NULL;
    vo_error err = {0};
    char *response = NULL;
    vo_json *root = NULL;
    if (vo_engine_open(&o, &e, &err) != VO_OK) abort();
    if (calls[which](e, text, &response, &err) != VO_OK) {
        if (response || !err.msg[0]) abort();
    } else if (which == IMPORT || which == SHOW || which == EXPORT || !response ||
               vo_json_parse(response, strlen(response), &root, &err) != VO_OK) {
        abort();
    }
    vo_json_free(root);
    vo_text_free(response);
    vo_engine_close(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1 || size > 4096) return 0;
    const int which = data[size - 1] % CALLS;
    char *text = malloc(size);
    vo_json *root = NULL;
    if (!text) return 0;
    memcpy(text, data, size - 1);
    text[size - 1] = '\0';
    const vo_status s = vo_json_parse(text, strlen(text), &root, NULL);
    if (s != VO_OK || is_harmless(which, root)) run(which, text);
    vo_json_free(root);
    free(text);
    return 0;
}
