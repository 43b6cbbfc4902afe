/* test_registry.c -- each test states one promise of registry.h; kills are in
 * integration/test_registry_kills.c. */
#include "store/registry.h"

#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "port/file.h"
#include "port/thread.h"
#include "support/data_folder.h"
#include "support/fault_alloc.h"
#include "support/model_folder.h"

static char folder[DATA_PATH];
static vo_registry *r;

static void begin(void) {
    cr_assert(temporary_folder(folder));
    r = model_folder_open(folder);
}
static void end(void) {
    vo_registry_close(r);
    temporary_folder_remove(folder);
}

static vo_registry_book *list(void) {
    vo_registry_book *b = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_registry_list(r, &b, &err), VO_OK, "%s", err.msg);
    return b;
}

static void rollback_to(const char *want) {
    const vo_registry_decision why = model_why("it was worse");
    char to[VO_REGISTRY_NAME];
    vo_error err = {0};
    cr_assert_eq(vo_registry_rollback(r, "gbt", &why, to, &err), VO_OK, "%s", err.msg);
    cr_assert_str_eq(to, want);
}

/* What a reference means; "" if it means nothing. */
static const char *version_of(const char *reference) {
    static vo_registry_found found;
    found.version[0] = '\0';
    vo_registry_get(r, reference, &found, NULL);
    return found.version;
}

Test(registry, an_absent_folder_is_an_empty_registry_and_is_not_made, .init = begin,
     .fini = end) {
    char path[DATA_PATH + 16];
    vo_registry *none = NULL;
    vo_registry_book *b = NULL;
    vo_registry_health health;
    snprintf(path, sizeof path, "%s/none", folder);
    cr_assert_eq(vo_registry_open(path, NULL, &none, NULL), VO_OK);
    cr_assert_eq(vo_registry_list(none, &b, NULL), VO_OK);
    cr_assert_eq(b->n, 0u);
    cr_assert_eq(vo_registry_doctor(none, true, 0, NULL, NULL, &health, NULL), VO_OK);
    cr_assert(health.findings == 0 && !vo_file_exists(path));
    vo_registry_book_free(b);
    vo_registry_close(none);
}

Test(registry, what_is_registered_is_listed_and_loaded, .init = begin, .fini = end) {
    cr_assert_str_eq(model_register(r, "gbt", 0), "v20260211_134500");
    cr_assert_str_eq(model_register(r, "gbt", 1), "v20260211_134501");
    cr_assert_str_eq(model_register(r, "lear", 2), "v20260211_134502");
    vo_registry_book *b = list();
    cr_assert_eq(b->n, 2u);
    const vo_registry_model *m = vo_registry_book_find(b, "gbt");
    cr_assert_str_eq(m->type, "price_prediction");
    cr_assert_str_eq(m->latest, "v20260211_134501");
    cr_assert_str_eq(m->version[1].version, "v20260211_134500");
    cr_assert_str_eq(m->version[0].created, "2026-02-11T13:45:01Z");
    cr_assert_str_eq(m->version[0].metric, "mae");
    vo_registry_book_free(b);
    cr_assert(model_is(r, "gbt@v20260211_134500", 0));
    cr_assert(model_is(r, "gbt@latest", 1) && model_is(r, "gbt", 1) && model_is(r, "lear", 2));
    void *bytes = NULL;
    size_t len = 0;
    vo_registry_found found;
    cr_assert_eq(vo_registry_load(r, "gbt", "more.txt", &bytes, &len, &found, NULL), VO_OK);
    cr_assert(len == 4 && memcmp(bytes, "more", 4) == 0);
    cr_assert_str_eq(found.version, "v20260211_134501");
    free(bytes);
    model_folder_healthy(r);
}

Test(registry, versions_of_one_second_are_told_apart, .init = begin, .fini = end) {
    static const char *const want[] = {"v20260211_134500", "v20260211_134500_2",
                                       "v20260211_134500_3"};
    for (int i = 0; i < 3; i++) {
        char version[VO_REGISTRY_NAME];
        vo_registry_draft d = model_draft("gbt", i);
        d.created_s = MODEL_START_S;
        cr_assert_eq(vo_registry_register(r, &d, version, NULL), VO_OK);
        cr_assert_str_eq(version, want[i]);
    }
    cr_assert_str_eq(version_of("gbt@latest"), want[2]);
}

Test(registry, references_mean_champion_latest_alias_or_version, .init = begin, .fini = end) {
    model_register(r, "gbt", 0);
    model_register(r, "gbt", 1);
    model_register(r, "gbt", 2);
    cr_assert_str_eq(version_of("gbt"), "v20260211_134502", "the latest without a champion");
    cr_assert_str_eq(version_of("gbt@champion"), "");
    model_promote(r, "gbt", "v20260211_134500", VO_REGISTRY_CHAMPION);
    model_promote(r, "gbt", "v20260211_134501", VO_REGISTRY_CHALLENGER);
    cr_assert_str_eq(version_of("gbt"), "v20260211_134500");
    cr_assert_str_eq(version_of("gbt@champion"), "v20260211_134500");
    cr_assert_str_eq(version_of("gbt@challenger"), "v20260211_134501");
    cr_assert_str_eq(version_of("gbt@latest"), "v20260211_134502");
    model_promote(r, "gbt", "challenger", VO_REGISTRY_CHAMPION);
    cr_assert_str_eq(version_of("gbt"), "v20260211_134501");
    cr_assert_str_eq(version_of("gbt@challenger"), "");
}

Test(registry, what_is_no_reference_or_means_nothing_is_refused_in_words, .init = begin,
     .fini = end) {
    static const struct {
        const char *reference, *says;
        vo_status status;
    } bad[] = {{"", "ID@champion", VO_EINVAL},
               {"@v1", "ID@champion", VO_EINVAL},
               {"gbt@", "ID@champion", VO_EINVAL},
               {"../gbt", "id", VO_EINVAL},
               {"gbt@../x", "version", VO_EINVAL},
               {"gbt@v1@v2", "version", VO_EINVAL},
               {"gbx", "did you mean", VO_ENOTFOUND},
               {"gbt@champion", "promote", VO_ENOTFOUND},
               {"gbt@v20260211_134509", "did you mean", VO_ENOTFOUND}};
    model_register(r, "gbt", 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        vo_registry_found found;
        vo_error err = {0};
        cr_assert_eq(vo_registry_get(r, bad[i].reference, &found, &err), bad[i].status, "%s",
                     bad[i].reference);
        cr_assert(strstr(err.msg, bad[i].says), "%s: %s", bad[i].reference, err.msg);
    }
    vo_registry_found found;
    cr_assert_eq(vo_registry_get(r, NULL, &found, NULL), VO_EINVAL);
}

Test(registry, drafts_that_cannot_be_leave_no_trace, .init = begin, .fini = end) {
    model_register(r, "gbt", 0);
    for (int i = 0; i < 6; i++) {
        static const char *const says[] = {"id", "type", "taken", "taken", "settings", "years"};
        vo_registry_draft d = model_draft("gbt", 1);
        char version[VO_REGISTRY_NAME] = "before";
        vo_error err = {0};
        if (i == 0) d.id = "../gbt";
        if (i == 1) d.type = "rl_battery";
        if (i == 2) d.version = "latest";
        if (i == 3) d.version = "v20260211_134500";
        if (i == 4) d.settings = "{";
        if (i == 5) d.created_s = -1;
        cr_assert_eq(vo_registry_register(r, &d, version, &err), VO_EINVAL, "%d", i);
        cr_assert(strstr(err.msg, says[i]), "%s", err.msg);
        cr_assert_str_eq(version, "before");
    }
    model_folder_healthy(r);
    vo_registry_book *b = list();
    cr_assert(b->n == 1 && b->model[0].n == 1);
    vo_registry_book_free(b);
}

Test(registry, a_version_may_be_named, .init = begin, .fini = end) {
    vo_registry_draft d = model_draft("gbt", 1);
    char version[VO_REGISTRY_NAME];
    d.version = "trial-7";
    cr_assert_eq(vo_registry_register(r, &d, version, NULL), VO_OK);
    cr_assert_str_eq(version, "trial-7");
    cr_assert(model_is(r, "gbt@trial-7", 1));
}

Test(registry, rollback_goes_to_the_champion_before_and_further, .init = begin, .fini = end) {
    const vo_registry_decision why = model_why("it was worse");
    char to[VO_REGISTRY_NAME] = "before";
    vo_error err = {0};
    for (int i = 0; i < 3; i++) model_register(r, "gbt", i);
    cr_assert_eq(vo_registry_rollback(r, "gbt", &why, to, &err), VO_ENOTFOUND);
    model_promote(r, "gbt", "v20260211_134500", VO_REGISTRY_CHAMPION);
    model_promote(r, "gbt", "v20260211_134501", VO_REGISTRY_CHAMPION);
    model_promote(r, "gbt", "v20260211_134502", VO_REGISTRY_CHAMPION);
    rollback_to("v20260211_134501");
    cr_assert(model_is(r, "gbt", 1));
    rollback_to("v20260211_134500");
    cr_assert_eq(vo_registry_rollback(r, "gbt", &why, to, &err), VO_ENOTFOUND);
    cr_assert(strstr(err.msg, "no former champion") && strcmp(to, "before") == 0, "%s",
              err.msg);
    vo_registry_log log = {0};
    cr_assert_eq(vo_registry_history(r, &log, NULL), VO_OK);
    cr_assert_eq(log.n, 5u);
    for (size_t i = 0; i < log.n; i++) cr_assert(log.line[i].done);
    cr_assert_str_eq(log.line[3].action, "rollback");
    cr_assert_str_eq(log.line[3].from, "v20260211_134502");
    cr_assert_str_eq(log.line[3].to, "v20260211_134501");
    cr_assert_str_eq(log.line[3].reason, "it was worse");
    vo_registry_log_fini(&log);
    model_folder_healthy(r);
}

Test(registry, promotions_that_cannot_be_change_nothing, .init = begin, .fini = end) {
    static const struct {
        const char *id, *version, *reason;
        vo_status status;
    } bad[] = {{"lear", "v1", "r", VO_ENOTFOUND},
               {"gbt", "v1", "r", VO_ENOTFOUND},
               {"gbt", "champion", "r", VO_EINVAL}, /* is it already */
               {"gbt", "v20260211_134501", "", VO_EINVAL},
               {"g/t", "v1", "r", VO_EINVAL}};
    model_register(r, "gbt", 0);
    model_register(r, "gbt", 1);
    model_promote(r, "gbt", "v20260211_134500", VO_REGISTRY_CHAMPION);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const vo_registry_decision why = {.reason = bad[i].reason};
        vo_error err = {0};
        cr_assert_eq(
            vo_registry_promote(r, bad[i].id, bad[i].version, VO_REGISTRY_CHAMPION, &why, &err),
            bad[i].status, "%zu: %s", i, err.msg);
        cr_assert_str_eq(version_of("gbt@champion"), "v20260211_134500");
    }
    vo_registry_log log = {0};
    cr_assert_eq(vo_registry_history(r, &log, NULL), VO_OK);
    cr_assert_eq(log.n, 1u);
    vo_registry_log_fini(&log);
}

Test(registry, what_is_damaged_is_neither_loaded_nor_promoted, .init = begin, .fini = end) {
    static const char path[] = "gbt/v20260211_134500/model.vo";
    const vo_registry_decision why = model_why("r");
    void *bytes = NULL;
    size_t len = 0;
    vo_error err = {0};
    model_register(r, "gbt", 0);
    model_folder_spoil(folder, path, 3, 1);
    cr_assert_eq(vo_registry_load(r, "gbt", NULL, &bytes, &len, NULL, &err), VO_EINVAL);
    cr_assert(!bytes && strstr(err.msg, path) && strstr(err.msg, "sha256"), "%s", err.msg);
    cr_assert_eq(vo_registry_promote(r, "gbt", "latest", VO_REGISTRY_CHAMPION, &why, &err),
                 VO_EINVAL);
    cr_assert(strstr(err.msg, path), "%s", err.msg);
    model_folder_spoil(folder, path, 3, 1);
    cr_assert(model_is(r, "gbt", 0));
    model_promote(r, "gbt", "latest", VO_REGISTRY_CHAMPION);
}

/* ---- prune ------------------------------------------------------------------------------- */

static vo_status count_gone(void *ctx, const char *id, const vo_registry_version *v,
                            vo_error *err) {
    (void)id, (void)v, (void)err;
    ++*(size_t *)ctx;
    return VO_OK;
}

static size_t prune(const char *id, size_t keep, bool dry) {
    const vo_registry_decision why = {true, "more than enough", NULL, MODEL_START_S};
    size_t n = 0;
    vo_error err = {0};
    cr_assert_eq(vo_registry_prune(r, id, keep, dry, &why, count_gone, &n, &err), VO_OK, "%s",
                 err.msg);
    return n;
}

Test(registry, prune_keeps_the_newest_and_all_that_is_in_use, .init = begin, .fini = end) {
    for (int i = 0; i < 20; i++) model_register(r, "gbt", i);
    for (int i = 0; i < 3; i++) model_register(r, "lear", 30 + i);
    model_promote(r, "gbt", "v20260211_134501", VO_REGISTRY_CHAMPION);
    model_promote(r, "gbt", "v20260211_134502", VO_REGISTRY_CHAMPION); /* 01: rollback */
    model_promote(r, "gbt", "v20260211_134503", VO_REGISTRY_CHALLENGER);
    cr_assert_eq(prune("gbt", 5, true), 12u);
    vo_registry_book *b = list();
    cr_assert_eq(b->model[0].n, 20u, "a dry run changes nothing");
    vo_registry_book_free(b);
    cr_assert_eq(prune(NULL, 5, false), 12u);
    b = list();
    cr_assert(b->model[0].n == 8 && b->model[1].n == 3);
    vo_registry_book_free(b);
    static const int stays[] = {1, 2, 3, 15, 16, 17, 18, 19};
    size_t k = 0;
    for (int i = 0; i < 20; i++) {
        char reference[64], path[DATA_PATH + 64];
        const bool kept = k < 8 && stays[k] == i;
        k += kept;
        snprintf(reference, sizeof reference, "gbt@v20260211_1345%02d", i);
        snprintf(path, sizeof path, "%s/gbt/v20260211_1345%02d", folder, i);
        cr_assert_eq(model_is(r, reference, i), kept, "%d", i);
        cr_assert_eq(vo_file_exists(path), kept);
    }
    cr_assert_eq(prune(NULL, 5, false), 0u);
    rollback_to("v20260211_134501");
    cr_assert_eq(prune("gbt", 1, false), 5u, "02 is champion no more, 15..18 are old");
    cr_assert(model_is(r, "gbt", 1) && model_is(r, "gbt@latest", 19) &&
              model_is(r, "gbt@challenger", 3));
    model_folder_healthy(r);
}

static vo_status refuse(void *ctx, const char *id, const vo_registry_version *v,
                        vo_error *err) {
    (void)ctx, (void)id, (void)v;
    return vo_fail(err, VO_ECANCELED, "no");
}

Test(registry, prune_may_be_stopped_and_keeps_at_least_one, .init = begin, .fini = end) {
    const vo_registry_decision why = model_why("r");
    vo_error err = {0};
    for (int i = 0; i < 3; i++) model_register(r, "gbt", i);
    cr_assert_eq(vo_registry_prune(r, "gbt", 1, false, &why, refuse, NULL, &err), VO_ECANCELED);
    cr_assert_eq(vo_registry_prune(r, "gbt", 0, false, &why, NULL, NULL, &err), VO_EINVAL);
    cr_assert_eq(vo_registry_prune(r, "none", 1, false, &why, NULL, NULL, &err), VO_ENOTFOUND);
    vo_registry_book *b = list();
    cr_assert_eq(b->model[0].n, 3u);
    vo_registry_book_free(b);
}

/* ---- others at the same time --------------------------------------------------------------- */

enum { WRITERS = 3, THREADS = 3, EACH = 6 };

typedef struct {
    int process;
    const vo_registry *r;
} crowd;

static vo_status register_some(void *ctx, size_t i, size_t worker, vo_error *err) {
    const crowd *c = ctx;
    (void)worker;
    for (int k = 0; k < EACH; k++) {
        char version[VO_REGISTRY_NAME];
        vo_registry_draft d = model_draft(k % 2 ? "gbt" : "lear", k);
        d.created_s = MODEL_START_S; /* all in one second */
        const vo_status st = vo_registry_register(c->r, &d, version, err);
        if (st != VO_OK) return st;
        if (i == 0 && k == EACH - 1) {
            const vo_registry_decision why = model_why("r");
            vo_registry_promote(c->r, "gbt", version, VO_REGISTRY_CHAMPION, &why, NULL);
        }
    }
    return VO_OK;
}

Test(registry, processes_with_threads_registering_at_once_lose_nothing, .init = begin,
     .fini = end, .timeout = 120) {
    pid_t child[WRITERS];
    for (int p = 0; p < WRITERS; p++) {
        child[p] = fork();
        cr_assert_geq(child[p], 0);
        if (child[p] == 0) {
            vo_registry *mine = NULL;
            if (vo_registry_open(folder, NULL, &mine, NULL) != VO_OK) _exit(2);
            crowd c = {p, mine};
            _exit(vo_thread_for(THREADS, THREADS, register_some, &c, NULL) == VO_OK ? 0 : 1);
        }
    }
    for (int p = 0; p < WRITERS; p++) {
        int status = -1;
        waitpid(child[p], &status, 0);
        cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    vo_registry_book *b = list();
    cr_assert_eq(b->n, 2u);
    for (size_t i = 0; i < 2; i++) {
        cr_assert_eq(b->model[i].n, (size_t)(WRITERS * THREADS * EACH / 2));
        for (size_t k = 0; k < b->model[i].n; k++)
            for (size_t l = 0; l < k; l++)
                cr_assert_str_neq(b->model[i].version[k].version,
                                  b->model[i].version[l].version);
    }
    vo_registry_book_free(b);
    model_folder_healthy(r);
}

/* ---- the world refuses ------------------------------------------------------------------- */

/* A limit on file sizes stands for a full disk: each write fails at another place. */
Test(registry, a_full_disk_leaves_the_registry_as_it_was, .init = begin, .fini = end) {
    for (int i = 0; i < 4; i++) model_register(r, "gbt", i);
    model_promote(r, "gbt", "v20260211_134500", VO_REGISTRY_CHAMPION);
    vo_registry_book *b = list();
    char *before = NULL, *after = NULL;
    size_t len = 0;
    cr_assert_eq(vo_registry_book_text(b, &before, &len, NULL), VO_OK);
    vo_registry_book_free(b);
    int failed = 0;
    for (rlim_t limit = 0; limit < 1400; limit += 50) {
        const pid_t child = fork();
        cr_assert_geq(child, 0);
        if (child == 0) {
            const struct rlimit small = {limit, limit};
            const vo_registry_decision why = model_why("r");
            const vo_registry_draft d = model_draft("gbt", 9);
            char version[VO_REGISTRY_NAME];
            signal(SIGXFSZ, SIG_IGN);
            if (setrlimit(RLIMIT_FSIZE, &small) != 0) _exit(9);
            const vo_status a = vo_registry_register(r, &d, version, NULL);
            const vo_status p =
                vo_registry_promote(r, "gbt", "latest", VO_REGISTRY_CHAMPION, &why, NULL);
            const vo_status q = vo_registry_prune(r, NULL, 1, false, &why, NULL, NULL, NULL);
            _exit(a == VO_EIO && p == VO_EIO && q == VO_EIO ? 0 : 1);
        }
        int status = -1;
        waitpid(child, &status, 0);
        cr_assert(WIFEXITED(status) && WEXITSTATUS(status) != 9);
        if (WEXITSTATUS(status) != 0) break; /* there was room for one of them */
        failed++;
        b = list();
        cr_assert_eq(vo_registry_book_text(b, &after, &len, NULL), VO_OK);
        cr_assert_str_eq(before, after, "limit %d", (int)limit);
        vo_registry_book_free(b);
        free(after);
        model_folder_healthy(r);
    }
    cr_assert_gt(failed, 3);
    free(before);
}

Test(registry, a_folder_that_is_a_file_or_may_not_be_written_is_named, .init = begin,
     .fini = end) {
    const vo_registry_draft d = model_draft("gbt", 0);
    char path[DATA_PATH + 16], version[VO_REGISTRY_NAME];
    vo_registry *bad = NULL;
    vo_error err = {0};
    snprintf(path, sizeof path, "%s/file", folder);
    cr_assert_eq(vo_file_write(path, "x", 1, NULL), VO_OK);
    bad = model_folder_open(path);
    cr_assert_neq(vo_registry_register(bad, &d, version, &err), VO_OK);
    cr_assert(strstr(err.msg, path), "%s", err.msg);
    vo_registry_close(bad);
    if (geteuid() != 0) { /* who is root may write anywhere */
        snprintf(path, sizeof path, "%s/closed", folder);
        cr_assert_eq(mkdir(path, 0555), 0);
        bad = model_folder_open(path);
        cr_assert_eq(vo_registry_register(bad, &d, version, &err), VO_EIO);
        cr_assert(strstr(err.msg, path), "%s", err.msg);
        vo_registry_close(bad);
    }
    bad = model_folder_open("/proc/volteo-models"); /* nobody may write there */
    cr_assert_neq(vo_registry_register(bad, &d, version, &err), VO_OK);
    cr_assert(strstr(err.msg, "/proc/volteo-models"), "%s", err.msg);
    vo_registry_close(bad);
    cr_assert_eq(vo_registry_open("", NULL, &bad, NULL), VO_EINVAL);
    cr_assert_eq(vo_registry_open(NULL, NULL, &bad, NULL), VO_EINVAL);
}

/* Every byte of the list on disk: no reader and no writer goes on with it. */
Test(registry, a_changed_bit_of_the_list_is_refused_by_every_call, .init = begin, .fini = end) {
    const vo_registry_draft d = model_draft("gbt", 9);
    const vo_registry_decision why = model_why("r");
    char path[DATA_PATH + 32], *text = NULL, version[VO_REGISTRY_NAME];
    size_t len = 0;
    model_register(r, "gbt", 0);
    snprintf(path, sizeof path, "%s/registry.json", folder);
    cr_assert_eq(vo_file_read(path, 1 << 20, &text, &len, NULL), VO_OK);
    for (size_t i = 0; i < len; i++) {
        vo_registry_book *b = NULL;
        vo_error err = {0};
        model_folder_spoil(folder, "registry.json", i, (unsigned char)(1 << i % 8));
        cr_assert_eq(vo_registry_list(r, &b, &err), VO_EINVAL, "byte %zu", i);
        cr_assert(strstr(err.msg, path) && strstr(err.msg, "doctor"), "%s", err.msg);
        cr_assert_eq(vo_registry_register(r, &d, version, NULL), VO_EINVAL);
        cr_assert_eq(vo_registry_promote(r, "gbt", "latest", VO_REGISTRY_CHAMPION, &why, NULL),
                     VO_EINVAL);
        cr_assert_eq(vo_registry_prune(r, NULL, 1, false, &why, NULL, NULL, NULL), VO_EINVAL);
        model_folder_spoil(folder, "registry.json", i, (unsigned char)(1 << i % 8));
    }
    model_folder_healthy(r);
    free(text);
}

static const char *const call_name[] = {"register", "promote", "rollback", "prune",
                                        "doctor",   "history", "load"};
enum { CALLS = sizeof call_name / sizeof call_name[0] };

static vo_status call(const vo_registry *mine, int which, vo_error *err) {
    const vo_registry_decision why = model_why("r");
    const vo_registry_draft d = model_draft("x", 5);
    char version[VO_REGISTRY_NAME];
    vo_registry_health health;
    vo_registry_log log = {0};
    void *bytes = NULL;
    size_t len = 0;
    vo_status st = VO_OK;
    switch (which) {
    case 0:
        return vo_registry_register(mine, &d, version, err);
    case 1:
        return vo_registry_promote(mine, "gbt", "v20260211_134502", VO_REGISTRY_CHAMPION, &why,
                                   err);
    case 2:
        return vo_registry_rollback(mine, "gbt", &why, version, err);
    case 3:
        return vo_registry_prune(mine, "gbt", 1, false, &why, NULL, NULL, err);
    case 4:
        return vo_registry_doctor(mine, true, 0, NULL, NULL, &health, err);
    case 5:
        st = vo_registry_history(mine, &log, err);
        if (st == VO_OK) vo_registry_log_fini(&log);
        return st;
    default:
        st = vo_registry_load(mine, "gbt", NULL, &bytes, &len, NULL, err);
        free(bytes);
        return st;
    }
}

Test(registry, a_conditional_promotion_happens_only_while_the_alias_is_where_it_was,
     .init = begin, .fini = end) {
    const vo_registry_decision why = model_why("first");
    const char *const v[] = {"v20260211_134500", "v20260211_134501"};
    vo_error err = {0};
    bool done = false;
    for (int i = 0; i < 2; i++) model_register(r, "gbt", i);
    cr_assert_eq(
        vo_registry_promote_if(r, "gbt", v[0], VO_REGISTRY_CHAMPION, NULL, &why, &done, &err),
        VO_OK, "%s", err.msg);
    cr_expect(done);
    const char *const wrong[] = {NULL, v[1]};
    for (size_t i = 0; i < 2; i++) {
        done = true;
        cr_assert_eq(vo_registry_promote_if(r, "gbt", v[1], VO_REGISTRY_CHAMPION, wrong[i],
                                            &why, &done, &err),
                     VO_OK, "%s", err.msg);
        cr_expect_not(done);
        cr_expect_str_eq(version_of("gbt@champion"), v[0]);
    }
    vo_registry_log log;
    cr_assert_eq(vo_registry_history(r, &log, &err), VO_OK, "%s", err.msg);
    cr_expect_eq(log.n, 1);
    vo_registry_log_fini(&log);
    cr_assert_eq(
        vo_registry_promote_if(r, "gbt", v[1], VO_REGISTRY_CHAMPION, v[0], &why, &done, &err),
        VO_OK, "%s", err.msg);
    cr_expect(done);
    cr_expect_str_eq(version_of("gbt@champion"), v[1]);
}

Test(registry, any_allocation_may_fail_and_the_registry_is_whole, .init = begin, .fini = end) {
    for (int i = 0; i < 4; i++) model_register(r, "gbt", i);
    model_promote(r, "gbt", "v20260211_134501", VO_REGISTRY_CHAMPION);
    fault f = {-1, 0};
    const vo_alloc a = fault_alloc(&f);
    vo_registry *mine = NULL;
    cr_assert_eq(vo_registry_open(folder, &a, &mine, NULL), VO_OK);
    for (int which = 0; which < CALLS; which++) {
        long n = 0;
        for (;; n++) {
            vo_error err = {0};
            f.left = n;
            const vo_status st = call(mine, which, &err);
            cr_assert_eq(f.live, 1, "%s: more than the handle", call_name[which]);
            model_folder_healthy(r);
            if (st == VO_OK) break;
            cr_assert_eq(st, VO_ENOMEM, "%s: %s", call_name[which], err.msg);
        }
        cr_assert_gt(n, 2, "%s", call_name[which]);
    }
    vo_registry_close(mine);
    cr_assert_eq(f.live, 0);
}
