/* The commands about jobs as a user runs them: what they say, and how they end. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "jobs/queue.h"
#include "port/file.h"
#include "support/data_folder.h"
#include "support/state_file.h"

static state_file f; /* its folder is where the program runs, its database state.db */

static void begin(void) {
    char path[DATA_PATH + 16];
    state_file_make(&f);
    snprintf(path, sizeof path, "%.1000s/a.json", f.folder);
    cr_assert_eq(vo_file_write(path, "{ \"a\" : 1.0 }\n", 14, NULL), VO_OK);
}
static void end(void) { state_file_remove(&f); }

static char *slurp(const char *name) {
    char path[DATA_PATH + 16], *text = NULL;
    size_t len = 0;
    snprintf(path, sizeof path, "%.1000s/%s", f.folder, name);
    cr_assert_eq(vo_file_read(path, 1u << 26, &text, &len, NULL), VO_OK);
    return text;
}

/* Standard output, or standard error with code 2; free(). */
static char *run(const char *arguments, int code) {
    char command[3 * DATA_PATH + 2048];
    snprintf(command, sizeof command,
             "cd '%s' && unset VOLTEO_STATE && ( '%s' jobs %s ) >.out 2>.err", f.folder,
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

/* The member of the one document that the command prints. */
static void prints(const char *arguments, const char *member, const char *value) {
    char *text = run(arguments, 0);
    vo_json *root = NULL;
    cr_assert_eq(vo_json_parse(text, strlen(text), &root, NULL), VO_OK, "%s", text);
    const vo_json *v = vo_json_get(root, member);
    cr_assert(v && vo_json_kind_of(v) == VO_JSON_STRING, "%s", text);
    cr_expect_str_eq(vo_json_string(v), value);
    vo_json_free(root);
    free(text);
}

/* "show" and the id of the only job there is. */
static const char *with_id(const char *verb, const char *rest) {
    static char line[128];
    char id[VO_JOB_ID] = "";
    char *text = run("list --json", 0);
    const char *at = strstr(text, "j_");
    cr_assert_not_null(at, "%s", text);
    snprintf(id, 29, "%s", at);
    snprintf(line, sizeof line, "%s %s%s", verb, id, rest);
    free(text);
    return line;
}

Test(cli_jobs, a_job_is_added_listed_shown_cancelled_and_tried_again, .init = begin,
     .fini = end) {
    says("list", 0, "No such jobs");
    says("add train --request a.json --key k", 0, "is queued");
    says("add train --request a.json --key k", 0, "is there already");
    says("list", 0, "train");
    says("list --in done", 0, "No such jobs");
    says(with_id("show", ""), 0, "{\"a\":1}");
    prints(with_id("show", " --json"), "state", "queued");
    says(with_id("retry", ""), 2, "is queued: only one that is dead");
    says(with_id("cancel", ""), 0, "is cancelled");
    prints(with_id("show", " --json"), "state", "cancelled");
    says(with_id("retry", ""), 0, "queued again");
    prints(with_id("show", " --json"), "key", "k");
    cr_assert_eq(state_integer(f.db, "SELECT count(*) FROM vo_job"), 1);
    cr_assert_eq(state_integer(f.db, "SELECT count(*) FROM vo_queue"), 1);
}

Test(cli_jobs, the_dead_letters_are_listed_with_their_reason_and_remedy, .init = begin,
     .fini = end) {
    char id[VO_JOB_ID];
    int32_t fence = 0;
    bool go = false, again = true;
    const vo_job_order o = {.kind = "fetch", .request = "{}", .max_attempts = 1};
    cr_assert_eq(vo_job_book_add(f.db, &o, 1, NULL, NULL, id, NULL, NULL), VO_OK);
    cr_assert_eq(vo_job_book_begin(f.db, id, 2, &go, &fence, NULL, NULL, NULL), VO_OK);
    cr_assert_eq(vo_job_book_fail(f.db, id, fence, "no network", 3, 3, NULL, &again, NULL),
                 VO_OK);
    cr_assert(go && !again);
    says("dead", 0, "no network");
    says("dead", 0, "volteo jobs retry j_");
    says("list --in dead --json", 0, "\"error\":\"no network\"");
    says(with_id("cancel", ""), 2, "is over (dead)");
    says(with_id("retry", ""), 0, "queued again");
    says("dead", 0, "No such jobs");
}

Test(cli_jobs, what_is_wrong_is_said_with_the_remedy_and_leaves_no_file, .init = begin,
     .fini = end) {
    static const struct {
        const char *arguments, *says;
    } wrong[] = {
        {"", "Which of these?"},
        {"frob", "no \"frob\""},
        {"show", "give one job's id"},
        {"show j_none", "\"j_none\" is not there"},
        {"list --in finished", "none of queued, running"},
        {"list --most 0", "--most = 0"},
        {"list extra", "options only"},
        {"list --state none.db", "no state database none.db"},
        {"list --state a.json", "not a database"},
        {"add train --state new.db", "--request is missing"},
        {"add trian --request a.json --state new.db", "did you mean train?"},
        {"add train --request none.json --state new.db", "none.json"},
        {"add train --request a.json --attempts 0 --state new.db", "--attempts"},
        {"add train --request /dev/null --state new.db", "/dev/null"},
    };
    char path[DATA_PATH + 16];
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        says(wrong[i].arguments, 2, wrong[i].says);
    snprintf(path, sizeof path, "%.1000s/new.db", f.folder);
    cr_assert_not(vo_file_exists(path));
}
