/* The commands about trained models as a user runs them: what they say, and how they end. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "port/file.h"
#include "support/data_folder.h"
#include "support/model_folder.h"

static char folder[DATA_PATH];

/* models/: gbt with versions ..00 to ..06, champion ..01 and before it ..00. */
static void begin(void) {
    char models[DATA_PATH + 16];
    cr_assert(temporary_folder(folder));
    snprintf(models, sizeof models, "%s/models", folder);
    vo_registry *r = model_folder_open(models);
    for (int i = 0; i < 7; i++) model_register(r, "gbt", i);
    model_promote(r, "gbt", "v20260211_134500", VO_REGISTRY_CHAMPION);
    model_promote(r, "gbt", "v20260211_134501", VO_REGISTRY_CHAMPION);
    vo_registry_close(r);
}
static void end(void) { temporary_folder_remove(folder); }

static char *slurp(const char *name) {
    char path[DATA_PATH + 16], *text = NULL;
    size_t len = 0;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    cr_assert_eq(vo_file_read(path, 1u << 26, &text, &len, NULL), VO_OK);
    return text;
}

/* Standard output, or standard error with code 2; free(). */
static char *run(const char *arguments, int code) {
    char command[3 * DATA_PATH + 2048];
    snprintf(command, sizeof command,
             "cd '%s' && unset VOLTEO_MODELS && ( '%s' %s ) >.out 2>.err", folder,
             VOLTEO_PROGRAM, arguments);
    const int status = system(command);
    char *text = slurp(code == 2 ? ".err" : ".out");
    cr_assert_eq((status >> 8) & 255, code, "%s: %d: %s", arguments, (status >> 8) & 255, text);
    return text;
}

static void says(const char *arguments, int code, const char *says) {
    char *text = run(arguments, code);
    cr_expect(strstr(text, says), "%s: \"%s\" is not in:\n%s", arguments, says, text);
    free(text);
}

Test(cli_models, a_model_is_listed_shown_promoted_and_rolled_back, .init = begin, .fini = end) {
    says("models list", 0, "v20260211_134501");
    says("models list", 0, "mae 3.2500");
    says("models show gbt", 0, "gbt@v20260211_134501");
    says("models show gbt", 0,
         "MEM APATZINGAN, 2026-02-10T13:45 to 2026-02-11T13:45 UTC, 24 rows");
    says("models show gbt@latest", 0, "lag_1, lag_24");
    says("models promote gbt --reason 'more data'", 0,
         "gbt: champion is v20260211_134506, was v20260211_134501");
    says("models show gbt", 0, "more data");
    says("models rollback gbt --reason worse", 0, "gbt: champion is v20260211_134501, was");
    says("models list --models none", 0, "none: no models yet");
}

Test(cli_models, with_json_there_is_one_document_and_nothing_else, .init = begin, .fini = end) {
    static const char *const commands[] = {"models list --json",
                                           "models show gbt --json",
                                           "models promote gbt@latest --reason r --json",
                                           "models rollback gbt --reason r --json",
                                           "models prune --dry-run --json",
                                           "models doctor --json"};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        vo_json *root = NULL;
        vo_error err = {0};
        char *text = run(commands[i], 0);
        cr_assert_eq(vo_json_parse(text, strlen(text), &root, &err), VO_OK, "%s: %s",
                     commands[i], err.msg);
        cr_assert_str_eq(vo_json_string(vo_json_get(root, "models")), "models");
        vo_json_free(root);
        free(text);
        text = slurp(".err");
        cr_assert_str_empty(text, "%s: %s", commands[i], text);
        free(text);
    }
}

Test(cli_models, prune_says_what_goes, .init = begin, .fini = end) {
    says("models prune --keep 2 --dry-run", 0, "3 versions");
    says("models prune --keep 2 --dry-run", 0, "nothing is changed");
    says("models prune --id gbt --keep 2", 0, "gbt@v20260211_134502");
    says("models prune --keep 2", 0, "0 versions, 0 B, gone");
}

Test(cli_models, doctor_exits_with_1_until_all_is_mended, .init = begin, .fini = end) {
    char path[DATA_PATH + 32];
    says("models doctor", 0, "1 model, 7 versions; all is well");
    snprintf(path, sizeof path, "%s/models/registry.json", folder);
    cr_assert_eq(vo_file_write(path, "{}", 2, NULL), VO_OK);
    says("models list", 2, "`volteo models doctor --mend` rebuilds it");
    says("models doctor", 1, "puts right what can be");
    says("models doctor --mend", 0, "all is well");
    says("models show gbt", 0, "gbt@v20260211_134501");
}

Test(cli_models, messages_name_options, .init = begin, .fini = end) {
    says("models promote gbt", 2, "--reason is missing: say why");
    says("models rollback gbt", 2, "--reason is missing");
    says("models rollback", 2, "give one ID");
    says("models promote gbt --alias boss --reason r", 2, "--alias boss");
    says("models prune --keep 0", 2, "--keep");
    says("models show gbx", 2, "did you mean \"gbt\"?");
    says("models show gbt@v9", 2, "no version \"v9\"");
    says("models lst", 2, "did you mean \"models list\"?");
}
