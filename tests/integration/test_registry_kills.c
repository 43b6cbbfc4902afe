/* test_registry_kills.c -- kill -9 at every instant of every change of the registry.
 *
 * A child makes the change under ptrace and is killed before its n-th system call, for every n
 * there is: between any two of them nothing of the folder can change, so these are all the
 * states a kill can leave. After each the registry must be the old one or the new one, the log
 * what it was or one line more, the next change must work, and the doctor must find it healthy
 * after one round.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "port/file.h"
#include "port/folder.h"
#include "store/registry.h"
#include "support/data_folder.h"
#include "support/model_folder.h"

static char base[DATA_PATH], work[DATA_PATH];

/* ---- a folder like another, quickly --------------------------------------------------- */

typedef struct {
    const char *from, *to;
} copying;

static void copy_folder(const char *from, const char *to);

static vo_status copy_one(void *ctx, const char *name, bool is_folder, vo_error *err) {
    const copying *c = ctx;
    char from[DATA_PATH], to[DATA_PATH], *text = NULL;
    size_t len = 0;
    snprintf(from, sizeof from, "%.500s/%.255s", c->from, name);
    snprintf(to, sizeof to, "%.500s/%.255s", c->to, name);
    if (is_folder) {
        copy_folder(from, to);
        return VO_OK;
    }
    vo_status st = vo_file_read(from, 1 << 20, &text, &len, err);
    if (st == VO_OK) st = vo_file_put(to, text, len, err);
    free(text);
    return st;
}

static void copy_folder(const char *from, const char *to) {
    copying c = {from, to};
    vo_error err = {0};
    cr_assert_eq(vo_file_make_folders(to, NULL), VO_OK);
    cr_assert_eq(vo_folder_list(from, copy_one, &c, &err), VO_OK, "%s", err.msg);
}

/* ---- changes ---------------------------------------------------------------------------- */

typedef vo_status (*change)(const vo_registry *r);

static vo_status do_register(const vo_registry *r) {
    const vo_registry_draft d = model_draft("gbt", 9);
    char version[VO_REGISTRY_NAME];
    return vo_registry_register(r, &d, version, NULL);
}

static vo_status do_first(const vo_registry *r) { /* of a new model */
    const vo_registry_draft d = model_draft("lear", 9);
    char version[VO_REGISTRY_NAME];
    return vo_registry_register(r, &d, version, NULL);
}

static vo_status do_keyed(const vo_registry *r) { /* of a request that may be sent again */
    vo_registry_draft d = model_draft("gbt", 9);
    char version[VO_REGISTRY_NAME];
    bool existed = false;
    d.key = "job 9";
    return vo_registry_register_once(r, &d, version, &existed, NULL);
}

static vo_status do_promote(const vo_registry *r) {
    const vo_registry_decision why = model_why("better");
    return vo_registry_promote(r, "gbt", "latest", VO_REGISTRY_CHAMPION, &why, NULL);
}

static vo_status do_rollback(const vo_registry *r) {
    const vo_registry_decision why = model_why("worse");
    char to[VO_REGISTRY_NAME];
    return vo_registry_rollback(r, "gbt", &why, to, NULL);
}

static vo_status do_prune(const vo_registry *r) {
    const vo_registry_decision why = {true, "enough", NULL, MODEL_START_S};
    return vo_registry_prune(r, NULL, 1, false, &why, NULL, NULL, NULL);
}

/* Six versions; champion 1, which 0 was before; challenger 2. */
static void begin(void) {
    char root[DATA_PATH];
    cr_assert(temporary_folder(root));
    snprintf(base, sizeof base, "%.900s/base", root);
    snprintf(work, sizeof work, "%.900s/work", root);
    vo_registry *r = model_folder_open(base);
    for (int i = 0; i < 6; i++) model_register(r, "gbt", i);
    model_promote(r, "gbt", "v20260211_134500", VO_REGISTRY_CHAMPION);
    model_promote(r, "gbt", "v20260211_134501", VO_REGISTRY_CHAMPION);
    model_promote(r, "gbt", "v20260211_134502", VO_REGISTRY_CHALLENGER);
    vo_registry_close(r);
}

static void end(void) {
    *strrchr(base, '/') = '\0';
    temporary_folder_remove(base);
}

static void start_over(void) {
    temporary_folder_remove(work);
    copy_folder(base, work);
}

/* ---- a child that is killed ------------------------------------------------------------- */

/* Runs the change in a child until before its n-th system call; true if it came so far, false
 * if it was done before. */
static bool killed_before(change what, long n, bool *may) {
    *may = true;
    const pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        vo_registry *r = NULL;
        if (vo_registry_open(work, NULL, &r, NULL) != VO_OK) _exit(3);
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) _exit(4);
        raise(SIGSTOP);
        _exit(what(r) == VO_OK ? 0 : 5);
    }
    int status = 0;
    cr_assert_eq(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 4) {
        *may = false;
        return false;
    }
    cr_assert(WIFSTOPPED(status), "%x", (unsigned)status);
    long stops = 0; /* one as a call is entered, one as it is left */
    for (;;) {
        cr_assert_eq(ptrace(PTRACE_SYSCALL, child, NULL, NULL), 0, "%s", strerror(errno));
        cr_assert_eq(waitpid(child, &status, 0), child);
        if (WIFEXITED(status)) {
            cr_assert_eq(WEXITSTATUS(status), 0, "the change failed");
            return false;
        }
        if (stops++ == 2 * n) break;
    }
    kill(child, SIGKILL);
    while (waitpid(child, &status, 0) == child && !WIFSIGNALED(status)) continue;
    return true;
}

/* ---- what must be true afterwards ------------------------------------------------------- */

static char *text_of(const char *folder) {
    vo_registry *r = model_folder_open(folder);
    vo_registry_book *b = NULL;
    vo_error err = {0};
    char *text = NULL;
    size_t len = 0;
    cr_assert_eq(vo_registry_list(r, &b, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_registry_book_text(b, &text, &len, NULL), VO_OK);
    vo_registry_book_free(b);
    vo_registry_close(r);
    return text;
}

static char *log_of(const char *folder) {
    char path[DATA_PATH + 32], *text = NULL;
    size_t len = 0;
    snprintf(path, sizeof path, "%s/promotions.log", folder);
    cr_assert_eq(vo_file_read(path, 1 << 20, &text, &len, NULL), VO_OK);
    return text;
}

/* Every listed version loads, whole. */
static void all_load(const vo_registry *r) {
    vo_registry_book *b = NULL;
    cr_assert_eq(vo_registry_list(r, &b, NULL), VO_OK);
    for (size_t i = 0; i < b->n; i++)
        for (size_t k = 0; k < b->model[i].n; k++) {
            char reference[2 * VO_REGISTRY_NAME];
            const char *version = b->model[i].version[k].version;
            snprintf(reference, sizeof reference, "%s@%s", b->model[i].id, version);
            cr_assert(model_is(r, reference, version[15] - '0'), "%s",
                      reference); /* its second */
        }
    vo_registry_book_free(b);
}

typedef struct {
    char *old_list, *new_list, *old_log, *new_log;
    long old_seen, new_seen, intentions; /* how often each state was met */
} states;

static void look_at_log(const vo_registry *r, bool is_new, states *s) {
    char *log = log_of(work);
    const bool longer = strcmp(log, s->old_log) != 0;
    cr_assert(!longer || strcmp(log, s->new_log) == 0, "a half log: %s", log);
    cr_assert(!is_new || longer || strcmp(s->old_log, s->new_log) == 0);
    vo_registry_log lines = {0};
    cr_assert_eq(vo_registry_history(r, &lines, NULL), VO_OK);
    cr_assert_eq(lines.skipped, 0u);
    for (size_t i = 0; i < lines.n; i++)
        cr_assert_eq(lines.line[i].done, i < 3 || is_new, "line %zu", i);
    s->intentions += longer && !is_new;
    vo_registry_log_fini(&lines);
    free(log);
}

static void look(states *s) {
    vo_registry *r = model_folder_open(work);
    char *list = text_of(work);
    const bool is_new = strcmp(list, s->new_list) == 0;
    cr_assert(is_new || strcmp(list, s->old_list) == 0, "neither old nor new: %s", list);
    s->old_seen += !is_new;
    s->new_seen += is_new;
    look_at_log(r, is_new, s);
    all_load(r);
    free(list);
    vo_registry_close(r);
}

/* What is left behind is put right in one round; what was adopted is a whole version. */
static void mend(void) {
    vo_registry *r = model_folder_open(work);
    vo_registry_health health;
    vo_error err = {0};
    cr_assert_eq(vo_registry_doctor(r, true, 0, NULL, NULL, &health, &err), VO_OK, "%s",
                 err.msg);
    cr_assert_eq(health.findings, health.mended);
    model_folder_healthy(r);
    all_load(r);
    vo_registry_close(r);
}

/* The change is made again by somebody who knows nothing of the crash. */
static void again(change what, bool is_new) {
    vo_registry *r = model_folder_open(work);
    const vo_status st = what(r);
    cr_assert(st == VO_OK || is_new, "%s", vo_status_name(st));
    all_load(r);
    vo_registry_close(r);
}

/* Listed versions of the key; the doctor adds none. */
static void one_of_the_key(const vo_registry *r) {
    vo_registry_book *b = NULL;
    char version[VO_REGISTRY_NAME] = "";
    cr_assert_eq(vo_registry_list(r, &b, NULL), VO_OK);
    const vo_registry_model *m = vo_registry_book_find(b, "gbt");
    cr_expect_eq(m->n, 7u, "six were there, and one was asked for: %zu", m->n);
    cr_expect_str_eq(m->latest, "v20260211_134509");
    vo_registry_book_free(b);
    cr_assert_eq(vo_registry_find_key(r, "gbt", "job 9", version, NULL), VO_OK);
    cr_expect_str_eq(version, "v20260211_134509");
    all_load(r);
}

/* The request comes again after the crash: by turns what it made is looked for first, as a training
 * does before it begins, or only when it is registered. */
static void ask_again(long n) {
    char version[VO_REGISTRY_NAME];
    vo_registry_health health;
    vo_registry *r = model_folder_open(work);
    if (n % 2) cr_assert_eq(vo_registry_find_key(r, "gbt", "job 9", version, NULL), VO_OK);
    cr_assert_eq(do_keyed(r), VO_OK);
    one_of_the_key(r);
    cr_assert_eq(vo_registry_doctor(r, true, 0, NULL, NULL, &health, NULL), VO_OK);
    cr_expect_eq(health.findings, health.mended);
    one_of_the_key(r);
    model_folder_healthy(r);
    vo_registry_close(r);
}

/* The log and the list are the same bytes whenever the change is made: times are given. */
static void learn(change what, states *s) {
    s->old_list = text_of(base);
    s->old_log = log_of(base);
    start_over();
    vo_registry *r = model_folder_open(work);
    cr_assert_eq(what(r), VO_OK);
    vo_registry_close(r);
    s->new_list = text_of(work);
    s->new_log = log_of(work);
    cr_assert_str_neq(s->old_list, s->new_list);
}

static void kill_everywhere(change what) {
    states s = {0};
    bool may = true;
    learn(what, &s);
    for (long n = 0; may; n++) {
        start_over();
        if (!killed_before(what, n, &may)) break;
        look(&s);
        const bool is_new = s.new_seen > 0;
        if (n % 2)
            mend();
        else
            again(what, is_new);
    }
    free(s.old_list);
    free(s.new_list);
    const bool logged = strcmp(s.old_log, s.new_log) != 0;
    free(s.old_log);
    free(s.new_log);
    if (!may) cr_skip_test("this machine lets no process be traced");
    cr_assert_gt(s.old_seen, 20);
    cr_assert_gt(s.new_seen, 0);
    cr_assert_eq(s.intentions > 0, logged, "the instant between log and list was met");
    cr_log_info("%ld kills: %ld old, %ld new, %ld with an intention", s.old_seen + s.new_seen,
                s.old_seen, s.new_seen, s.intentions);
}

Test(registry_kills, register_leaves_the_old_or_the_new, .init = begin, .fini = end,
     .timeout = 300) {
    kill_everywhere(do_register);
}

Test(registry_kills, the_first_version_of_a_model_leaves_the_old_or_the_new, .init = begin,
     .fini = end, .timeout = 300) {
    kill_everywhere(do_first);
}

Test(registry_kills, promote_leaves_the_old_or_the_new, .init = begin, .fini = end,
     .timeout = 300) {
    kill_everywhere(do_promote);
}

Test(registry_kills, rollback_leaves_the_old_or_the_new, .init = begin, .fini = end,
     .timeout = 300) {
    kill_everywhere(do_rollback);
}

Test(registry_kills, prune_leaves_the_old_or_the_new, .init = begin, .fini = end,
     .timeout = 300) {
    kill_everywhere(do_prune);
}

Test(registry_kills, one_version_comes_of_a_key_that_is_asked_for_until_it_is_there,
     .init = begin, .fini = end, .timeout = 300) {
    bool may = true;
    long n = 0, orphans = 0;
    for (; may; n++) {
        char path[DATA_PATH + 64], *list = NULL;
        start_over();
        if (!killed_before(do_keyed, n, &may)) break;
        snprintf(path, sizeof path, "%s/gbt/v20260211_134509", work);
        list = text_of(work);
        orphans += vo_file_exists(path) && !strstr(list, "v20260211_134509");
        free(list);
        ask_again(n);
    }
    if (!may) cr_skip_test("this machine lets no process be traced");
    cr_expect_gt(n, 20);
    cr_expect_gt(orphans, 0, "the instants between folder and list were met");
}
