/* test_job_kills.c -- kill -9 at any instant, restart: every accepted job ends exactly once.
 *
 * Two ways to kill. By count: a child takes and runs a job under ptrace and is killed before its
 * n-th system call, for many n (between two of them nothing on disk changes). By chance: a child
 * adds jobs and runs a real worker with threads, and is killed after so many were accepted and an
 * instant drawn at random, again and again; a last one finishes what is left. The lasting effect
 * of a job is a file named by its id: it can be made once only, however often the job is run.
 * VOLTEO_KILLS=full: before every system call, and some hundred random kills.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/random.h"
#include "jobs/accept.h"
#include "jobs/attempt.h"
#include "port/clock.h"
#include "port/file.h"
#include "port/pause.h"
#include "support/state_file.h"

static char folder[DATA_PATH], path[DATA_PATH + 16];

static bool in_full(void) {
    const char *v = getenv("VOLTEO_KILLS");
    return v && strcmp(v, "full") == 0;
}

static void begin(void) {
    cr_assert(temporary_folder(folder));
    snprintf(path, sizeof path, "%.1000s/state.db", folder);
}

static void end(void) { temporary_folder_remove(folder); }

typedef struct {
    vo_database *db;
    vo_queue *q;
} state;

/* Without asserts: children use it too. */
static bool state_open(state *s) {
    *s = (state){0};
    return vo_database_open(path, &s->db, NULL) == VO_OK &&
           vo_job_book_migrate(s->db, NULL) == VO_OK &&
           vo_queue_open("local", s->db, &s->q, NULL) == VO_OK;
}

static void state_close(state *s) {
    vo_queue_close(s->q);
    vo_database_close(s->db);
}

/* ---- the work ----------------------------------------------------------------------------- */

/* The effect is keyed by the job: the file is there or it is not. */
static vo_status make_effect(void *ctx, const vo_job_run *run, char **response, vo_error *err) {
    (void)ctx;
    char name[2 * DATA_PATH];
    snprintf(name, sizeof name, "%s/effect-%s", folder, run->id);
    if (!run->told(run->told_ctx, "making", 0.1, NULL)) return VO_ECANCELED;
    const int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0 && errno != EEXIST) return vo_fail(err, VO_EIO, "%s", name);
    if (fd >= 0) close(fd);
    *response = strdup("{\"made\":true}");
    return *response ? VO_OK : VO_ENOMEM;
}

static vo_worker_settings settings(const state *s) {
    vo_worker_settings w = vo_worker_settings_default();
    w.db = s->db;
    w.queue = s->q;
    w.work = make_effect;
    w.lease_ms = 60; /* what a killed one held is free again soon */
    w.poll_ms = 5;
    w.backoff_ms = 1;
    w.sweep_ms = 100;
    w.threads = 2;
    return w;
}

static bool effect_is_there(const char *id) {
    char name[2 * DATA_PATH];
    snprintf(name, sizeof name, "%s/effect-%s", folder, id);
    return vo_file_exists(name);
}

/* Everything that must be true of a job that is done. */
static void check_done(vo_database *db, const char *id) {
    const vo_job j = state_job(db, id);
    cr_assert_eq(j.state, VO_JOB_DONE, "%s is %s", id, vo_job_state_name(j.state));
    cr_assert_str_eq(j.response, "{\"made\":true}");
    cr_assert(effect_is_there(id));
    cr_assert_eq(state_events(db, "job", id, "\"state\":\"queued\""), 1);
    cr_assert_eq(state_events(db, "job", id, "\"state\":\"done\""), 1);
    cr_assert_eq(state_events(db, "job", id, "\"state\":\"running\""), 1 + j.losses);
    cr_assert_eq(j.attempt, 1); /* a kill is no failure */
}

static void check_sound(vo_database *db) {
    cr_assert_eq(state_integer(db, "SELECT count(*) FROM pragma_integrity_check"
                                   " WHERE integrity_check <> 'ok'"),
                 0);
}

/* ---- killed before the n-th system call --------------------------------------------------- */

typedef int (*act)(const state *s);

/* False if the child had ended by itself before; *may: this machine lets us trace. */
static bool killed_before(act what, long n, bool *may) {
    int status = 0;
    const pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        state s;
        if (!state_open(&s)) _exit(3);
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) _exit(4);
        raise(SIGSTOP);
        _exit(what(&s));
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    *may = !(WIFEXITED(status) && WEXITSTATUS(status) == 4);
    if (!*may) return false;
    cr_assert(WIFSTOPPED(status), "%x", (unsigned)status);
    for (long stops = 0;; stops++) { /* one as a call is entered, one as it is left */
        cr_assert_eq(ptrace(PTRACE_SYSCALL, child, NULL, NULL), 0, "%s", strerror(errno));
        cr_assert_eq(waitpid(child, &status, 0), child);
        if (WIFEXITED(status)) {
            cr_assert_eq(WEXITSTATUS(status), 0);
            return false;
        }
        if (stops == 2 * n) break;
    }
    kill(child, SIGKILL);
    while (waitpid(child, &status, 0) == child && !WIFSIGNALED(status)) continue;
    return true;
}

/* Adds one with a key, and says its id through a file only when it was accepted. */
static int add_one(const state *s) {
    const vo_job_order o = {.kind = "train", .request = "{\"n\":1}", .key = "once"};
    char id[VO_JOB_ID], name[2 * DATA_PATH];
    if (vo_accept_job(s->db, s->q, &o, vo_clock_utc_ms(), id, NULL, NULL) != VO_OK) return 5;
    snprintf(name, sizeof name, "%s/accepted", folder);
    const int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const bool said = fd >= 0 && write(fd, id, VO_JOB_ID) == VO_JOB_ID;
    return said ? 0 : 6;
}

static void start_over(void) {
    temporary_folder_remove(folder);
    cr_assert_eq(vo_file_make_folders(folder, NULL), VO_OK);
}

static bool read_accepted(char id[VO_JOB_ID]) {
    char name[2 * DATA_PATH], *text = NULL;
    size_t len = 0;
    snprintf(name, sizeof name, "%s/accepted", folder);
    const bool is = vo_file_read(name, 100, &text, &len, NULL) == VO_OK && len == VO_JOB_ID;
    if (is) memcpy(id, text, VO_JOB_ID);
    free(text);
    return is;
}

/* What is on disk is a whole job or none; asking again gives one job. */
static void look_after_add(long seen[3]) {
    state s;
    char told[VO_JOB_ID] = "", id[VO_JOB_ID];
    bool existed = false;
    cr_assert(state_open(&s));
    check_sound(s.db);
    const int64_t n = state_integer(s.db, "SELECT count(*) FROM vo_job");
    const bool accepted = read_accepted(told);
    cr_assert(n == 1 || (n == 0 && !accepted));
    cr_assert_eq(state_integer(s.db, "SELECT count(*) FROM vo_queue"), n);
    cr_assert_eq(state_events(s.db, "job", NULL, "queued"), n);
    const vo_job_order o = {.kind = "train", .request = "{\"n\":1}", .key = "once"};
    cr_assert_eq(vo_accept_job(s.db, s.q, &o, vo_clock_utc_ms(), id, &existed, NULL), VO_OK);
    cr_assert_eq(existed, n == 1);
    cr_assert(!accepted || strcmp(told, id) == 0);
    cr_assert_eq(state_integer(s.db, "SELECT count(*) FROM vo_job"), 1);
    seen[n == 0 ? 0 : accepted ? 2 : 1]++;
    state_close(&s);
}

Test(job_kills, a_kill_while_a_job_is_accepted_leaves_it_whole_or_absent, .init = begin,
     .fini = end, .timeout = 600) {
    long seen[3] = {0}; /* absent, there but not told, told */
    bool may = true;
    for (long n = 0; may; n++) {
        state s;
        start_over();
        cr_assert(state_open(&s)); /* the tables */
        state_close(&s);
        if (!killed_before(add_one, n, &may)) break;
        look_after_add(seen);
    }
    if (!may) cr_skip_test("this machine lets no process be traced");
    cr_assert(seen[0] > 3 && seen[1] > 0, "%ld, %ld, %ld", seen[0], seen[1], seen[2]);
}

static int take_and_run(const state *s) {
    const vo_worker_settings w = settings(s);
    vo_attempt *a = NULL;
    vo_attempt_found found = VO_ATTEMPT_NOTHING;
    if (vo_attempt_create(&w, &a, NULL) != VO_OK) return 5;
    if (vo_attempt_take(a, &found, NULL) != VO_OK || found != VO_ATTEMPT_BEGUN) return 6;
    return vo_attempt_run(a, NULL) == VO_OK ? 0 : 7;
}

/* Whoever comes next, when the lease is over, by a clock that is ahead of it. */
static int64_t an_hour_later(void *ctx) {
    (void)ctx;
    return vo_clock_utc_ms() + 3600000;
}

static void finish_what_is_left(const state *s) {
    vo_worker_settings w = settings(s);
    vo_attempt *a = NULL;
    vo_attempt_found found = VO_ATTEMPT_BEGUN;
    w.now_ms = an_hour_later;
    cr_assert_eq(vo_attempt_create(&w, &a, NULL), VO_OK);
    for (;;) {
        cr_assert_eq(vo_attempt_take(a, &found, NULL), VO_OK);
        if (found == VO_ATTEMPT_NOTHING) break;
        if (found == VO_ATTEMPT_BEGUN) cr_assert_eq(vo_attempt_run(a, NULL), VO_OK);
    }
    vo_attempt_free(a);
}

Test(job_kills, a_kill_while_a_job_is_run_loses_nothing_and_repeats_no_effect, .init = begin,
     .fini = end, .timeout = 600) {
    long before[VO_JOB_STATES] = {0};
    const long step = in_full() ? 1 : 2;
    bool may = true;
    for (long n = 0; may; n += step) {
        const vo_job_order o = {.kind = "train", .request = "{}"};
        char id[VO_JOB_ID];
        state s;
        start_over();
        cr_assert(state_open(&s));
        cr_assert_eq(vo_accept_job(s.db, s.q, &o, vo_clock_utc_ms(), id, NULL, NULL), VO_OK);
        state_close(&s);
        if (!killed_before(take_and_run, n, &may)) break;
        cr_assert(state_open(&s));
        check_sound(s.db);
        before[state_job(s.db, id).state]++;
        finish_what_is_left(&s);
        check_done(s.db, id);
        cr_assert_eq(state_integer(s.db, "SELECT count(*) FROM vo_queue"), 0);
        state_close(&s);
    }
    if (!may) cr_skip_test("this machine lets no process be traced");
    cr_assert(before[VO_JOB_QUEUED] > 3 && before[VO_JOB_RUNNING] > 3);
}

/* ---- killed at random --------------------------------------------------------------------- */

/* The first jobs of the life before are asked for again with their keys, as a client would that
 * heard no answer. */
static void add_for_ever(const state *s, vo_worker *w, int to, int life) {
    for (int i = 0;; i++) {
        char key[32], id[VO_JOB_ID];
        snprintf(key, sizeof key, "life %d job %d", i < 3 ? life - 1 : life, i < 3 ? i + 3 : i);
        const vo_job_order o = {
            .kind = "train", .request = "{}", .key = key, .max_attempts = 1};
        if (vo_accept_job(s->db, s->q, &o, vo_clock_utc_ms(), id, NULL, NULL) != VO_OK)
            _exit(5);
        if (write(to, id, VO_JOB_ID) != VO_JOB_ID) _exit(6);
        vo_worker_wake(w);
    }
}

/* Two threads run jobs while this one adds more and more, until it is killed; in the last life
 * (life < 0) none is added, and it ends when none is left. */
static void live(int to, int life) {
    state s;
    vo_worker *w = NULL;
    int64_t count[VO_JOB_STATES] = {1};
    if (!state_open(&s)) _exit(3);
    const vo_worker_settings how = settings(&s);
    if (vo_worker_start(&how, &w, NULL) != VO_OK) _exit(4);
    if (life >= 0) add_for_ever(&s, w, to, life);
    while (count[VO_JOB_QUEUED] + count[VO_JOB_RUNNING] > 0) {
        if (vo_job_book_counts(s.db, count, NULL) != VO_OK) _exit(7);
        vo_pause_s(0.005);
    }
    vo_worker_free(w);
    state_close(&s);
    _exit(0);
}

#define TOLD 50000
static char told_id[TOLD][VO_JOB_ID];

/* What it said was accepted is added to told_id[*n]. */
static void live_and_die(vo_random *r, int life, size_t *n) {
    int pipes[2], status = 0;
    char told[VO_JOB_ID];
    cr_assert_eq(pipe(pipes), 0);
    const pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        close(pipes[0]);
        live(pipes[1], life);
    }
    close(pipes[1]);
    uint64_t left = life >= 0 ? vo_random_below(r, 12) : TOLD;
    const double then_s = vo_random_between(r, 0, 0.03);
    for (bool alive = life >= 0;; left--) {
        if (alive && left == 0) {
            vo_pause_s(then_s);
            kill(child, SIGKILL);
            alive = false;
        }
        if (read(pipes[0], told, sizeof told) != sizeof told) break;
        if (*n < TOLD) memcpy(told_id[(*n)++], told, sizeof told);
    }
    close(pipes[0]);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(life >= 0 ? WIFSIGNALED(status) : WIFEXITED(status) && WEXITSTATUS(status) == 0,
              "%x", (unsigned)status);
}

#define STATE_OF(word) "document LIKE '%\"state\":\"" word "\"%'"
#define EVENTS "FROM vo_event WHERE event = 'job' AND "

Test(job_kills, kills_at_random_of_a_worker_with_threads_lose_nothing, .init = begin,
     .fini = end, .timeout = 900) {
    const int lives = in_full() ? 300 : 15;
    vo_random r = vo_random_seed(17, 0);
    size_t n = 0;
    for (int i = 0; i < lives; i++) live_and_die(&r, i, &n);
    live_and_die(&r, -1, &n);
    state s;
    cr_assert(state_open(&s));
    check_sound(s.db);
    const int64_t jobs = state_integer(s.db, "SELECT count(*) FROM vo_job");
    cr_assert_geq(jobs, lives / 2);
    cr_assert_eq(state_integer(s.db, "SELECT count(*) FROM vo_job WHERE state = 'done'"), jobs);
    cr_assert_eq(state_integer(s.db, "SELECT count(*) FROM vo_queue"), 0);
    cr_assert_eq(state_integer(s.db, "SELECT count(*) " EVENTS STATE_OF("done")), jobs);
    cr_assert_eq(state_integer(s.db, "SELECT count(DISTINCT about) " EVENTS STATE_OF("done")),
                 jobs);
    cr_assert_eq(state_integer(s.db, "SELECT count(*) " EVENTS STATE_OF("running")),
                 state_integer(s.db, "SELECT sum(attempt + losses) FROM vo_job"));
    if (in_full()) /* some were cut off in the middle */
        cr_assert_gt(state_integer(s.db, "SELECT sum(losses) FROM vo_job"), 0);
    for (size_t i = 0; i < n; i++) {
        cr_assert_eq(state_job(s.db, told_id[i]).state, VO_JOB_DONE); /* none is lost */
        cr_assert(effect_is_there(told_id[i]));
        if (i % 100 == 0) check_done(s.db, told_id[i]);
    }
    state_close(&s);
}
