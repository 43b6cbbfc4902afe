/* test_keys.c -- `volteo keys` as a user runs it, and a running server that follows. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "port/clock.h"
#include "port/file.h"
#include "support/served.h"

static served s;

static void begin(void) {
    s = (served){0};
    cr_assert(temporary_folder(s.folder));
}
static void end(void) { served_remove(&s); }

/* Standard output, or standard error with another code than 0; free(). */
static char *run(const char *arguments, int code) {
    char command[3 * DATA_PATH + 512], path[DATA_PATH + 16], *text = NULL;
    size_t len = 0;
    snprintf(command, sizeof command,
             "cd '%s' && unset VOLTEO_STATE && '%s' keys %s >.out 2>.err", s.folder,
             VOLTEO_PROGRAM, arguments);
    const int status = system(command);
    snprintf(path, sizeof path, "%s/%s", s.folder, code ? ".err" : ".out");
    cr_assert_eq(vo_file_read(path, 1 << 20, &text, &len, NULL), VO_OK);
    cr_assert_eq((status >> 8) & 255, code, "%s: %d: %s", arguments, (status >> 8) & 255, text);
    return text;
}

static void says(const char *arguments, int code, const char *words) {
    char *text = run(arguments, code);
    cr_expect_not_null(strstr(text, words), "%s: \"%s\" is not in: %s", arguments, words, text);
    free(text);
}

static void make(const char *flags, char key[80], char id[16]) {
    char arguments[200];
    vo_json *root = NULL;
    snprintf(arguments, sizeof arguments, "create --json %s", flags);
    char *text = run(arguments, 0);
    cr_assert_eq(vo_json_parse(text, strlen(text), &root, NULL), VO_OK, "%s", text);
    snprintf(key, 80, "%s", vo_json_string(vo_json_get(root, "key")));
    snprintf(id, 16, "%s", vo_json_string(vo_json_get(root, "id")));
    vo_json_free(root);
    free(text);
}

static int ask(const char *method, const char *target, const char *key) {
    char header[160] = "";
    if (key) snprintf(header, sizeof header, "Authorization: Bearer %s\r\n", key);
    reply r = served_ask(&s, method, target, header, NULL);
    const int status = r.status;
    reply_drop(&r);
    return status;
}

/* A running server reads the keys about once a second. */
static bool becomes(const char *key, int status) {
    const double until_s = vo_clock_monotonic_s() + 20;
    while (vo_clock_monotonic_s() < until_s)
        if (ask("GET", "/api/v1/jobs", key) == status) return true;
    return false;
}

Test(keys, a_key_is_made_listed_without_its_secret_and_revoked, .init = begin, .fini = end) {
    char key[80], id[16], path[DATA_PATH + 16], arguments[64];
    struct stat is;
    make("--name desk --scope trade --rate 5 --days 2", key, id);
    snprintf(path, sizeof path, "%s/state.db", s.folder);
    cr_assert_eq(stat(path, &is), 0);
    cr_expect_eq(is.st_mode & 0777, 0600u);
    char *list = run("list", 0), *json = run("list --json", 0);
    cr_expect(strstr(list, id) && strstr(list, "desk") && strstr(list, "trade"), "%s", list);
    cr_expect_null(strstr(list, key + 12));
    cr_expect_null(strstr(json, key + 12));
    cr_expect_not_null(strstr(json, "\"rate_per_s\":5"), "%s", json);
    free(list);
    free(json);
    snprintf(arguments, sizeof arguments, "revoke %s", id);
    says(arguments, 0, "is revoked");
    says("list", 0, "revoked");
}

Test(keys, mistakes_are_told_with_the_remedy_and_leave_nothing_behind, .init = begin,
     .fini = end) {
    char path[DATA_PATH + 16];
    says("list", 2, "there is no state database state.db");
    says("revoke nobody", 2, "there is no state database");
    says("create --scope read", 2, "--name is missing");
    says("create --name a", 2, "--scope is missing");
    says("create --name a --scope root", 2, "give read, trade or admin");
    says("create --name a --scope read --days 0", 2, "--days = \"0\"");
    says("create --name a --scope read --rate fast", 2, "--rate = \"fast\"");
    says("create extra --name a --scope read", 2, "takes options only");
    says("revoke", 2, "give one key's id");
    says("make", 2, "volteo keys create");
    says("", 2, "volteo keys list");
    snprintf(path, sizeof path, "%s/state.db", s.folder);
    cr_expect_not(vo_file_exists(path));
    says("create --name a --scope read --state x/y.db", 1, "x/y.db");
}

Test(keys, a_running_server_follows_what_is_made_and_revoked, .init = begin, .fini = end) {
    static const char *const flags[] = {"--auth", "on", NULL};
    char reader[80], trader[80], id[16], other[16], arguments[64];
    make("--name early --scope trade", trader, other);
    cr_assert(served_start(&s, VOLTEO_PROGRAM, flags));
    cr_expect_eq(ask("GET", "/healthz", NULL), 200);
    cr_expect_eq(ask("GET", "/api/v1/jobs", NULL), 401);
    cr_expect_eq(ask("GET", "/api/v1/jobs", trader), 200);
    make("--name late --scope read", reader, id);
    cr_expect(becomes(reader, 200));
    cr_expect_eq(ask("DELETE", "/api/v1/jobs/j_none", reader), 403);
    snprintf(arguments, sizeof arguments, "revoke %s", id);
    says(arguments, 0, "is revoked");
    cr_expect(becomes(reader, 401));
    cr_expect_eq(ask("GET", "/api/v1/jobs", trader), 200, "others are not touched");
    char *log = served_log(&s);
    cr_expect_null(strstr(log, trader + 12), "no key in the log");
    cr_expect_not_null(strstr(log, other), "but its id");
    free(log);
    cr_expect_eq(served_stop(&s, 15), 0);
}
