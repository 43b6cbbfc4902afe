/* test_worker.c -- the threads: many jobs at once, a wake, the beats, the end.
 *
 * Nothing here waits for a time to pass: a test waits for what it expects to happen, and a limit
 * on the whole test ends it if that does not come.
 */
#include <criterion/criterion.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jobs/accept.h"
#include "jobs/worker.h"
#include "port/clock.h"
#include "port/task.h"
#include "support/memory_queue.h"
#include "support/state_file.h"

static state_file f;
static vo_queue *q;
static vo_worker_settings s;
static vo_lock *lock; /* tells of every change */
static atomic_int runs;
static atomic_bool hold; /* work waits while this is so */

static void changed(void *ctx) {
    (void)ctx;
    vo_lock_take(lock);
    vo_lock_wake_all(lock);
    vo_lock_release(lock);
}

static void wait_a_moment(void) {
    vo_lock_take(lock);
    vo_lock_wait(lock, 0.005);
    vo_lock_release(lock);
}

static vo_status work(void *ctx, const vo_job_run *run, char **response, vo_error *err) {
    (void)ctx;
    atomic_fetch_add(&runs, 1);
    changed(NULL);
    do
        if (!run->told(run->told_ctx, "working", 0.5, NULL))
            return vo_fail(err, VO_ECANCELED, "asked to stop");
    while (atomic_load(&hold) && (wait_a_moment(), true));
    *response = strdup("{}");
    return VO_OK;
}

static void begin(void) {
    state_file_make(&f);
    cr_assert_eq(vo_queue_open("local", f.db, &q, NULL), VO_OK);
    cr_assert_eq(vo_lock_create(&lock, NULL), VO_OK);
    atomic_store(&runs, 0);
    atomic_store(&hold, false);
    s = vo_worker_settings_default();
    s.db = f.db;
    s.queue = q;
    s.work = work;
    s.changed = changed;
    s.poll_ms = 20;
}

static void end(void) {
    vo_queue_close(q);
    vo_lock_free(lock);
    state_file_remove(&f);
}

static vo_worker *start(void) {
    vo_worker *w = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_worker_start(&s, &w, &err), VO_OK, "%s", err.msg);
    return w;
}

static void add_job(char id[VO_JOB_ID]) {
    const vo_job_order o = {.kind = "train", .request = "{}"};
    vo_error err = {0};
    cr_assert_eq(vo_accept_job(f.db, q, &o, vo_clock_utc_ms(), id, NULL, &err), VO_OK, "%s",
                 err.msg);
}

static int64_t in_state(vo_job_state state) {
    int64_t count[VO_JOB_STATES];
    cr_assert_eq(vo_job_book_counts(f.db, count, NULL), VO_OK);
    return count[state];
}

static void wait_for(vo_job_state state, int64_t n) {
    while (in_state(state) != n) wait_a_moment();
}

static void wait_for_runs(int n) {
    while (atomic_load(&runs) < n) wait_a_moment();
}

#define JOBS 40

Test(worker, four_threads_run_each_job_once, .init = begin, .fini = end, .timeout = 60) {
    char id[JOBS][VO_JOB_ID];
    for (int i = 0; i < JOBS / 2; i++) add_job(id[i]);
    s.threads = 4;
    vo_worker *w = start();
    for (int i = JOBS / 2; i < JOBS; i++) { /* and while it runs */
        add_job(id[i]);
        vo_worker_wake(w);
    }
    wait_for(VO_JOB_DONE, JOBS);
    vo_worker_stop(w, 10);
    vo_worker_free(w);
    cr_assert_eq(atomic_load(&runs), JOBS);
    for (int i = 0; i < JOBS; i++)
        cr_assert_eq(state_events(f.db, "job", id[i], "\"state\":\"done\""), 1);
    cr_assert_eq(state_integer(f.db, "SELECT count(*) FROM vo_queue"), 0);
}

Test(worker, a_wake_is_enough_when_the_queue_is_hardly_looked_at, .init = begin, .fini = end,
     .timeout = 60) {
    char id[VO_JOB_ID];
    s.poll_ms = 3600000;
    s.sweep_ms = 3600000;
    vo_worker *w = start();
    for (int i = 1; i <= 5; i++) {
        add_job(id);
        vo_worker_wake(w);
        wait_for(VO_JOB_DONE, i);
    }
    vo_worker_free(w);
}

Test(worker, at_the_end_what_runs_may_finish, .init = begin, .fini = end, .timeout = 60) {
    char id[VO_JOB_ID];
    add_job(id);
    vo_worker *w = start();
    wait_for_runs(1);
    vo_worker_stop(w, 3600);
    vo_worker_free(w);
    cr_assert_eq(state_job(f.db, id).state, VO_JOB_DONE);
}

Test(worker, what_does_not_finish_goes_back_without_losing_an_attempt, .init = begin,
     .fini = end, .timeout = 60) {
    char id[VO_JOB_ID], waiting[VO_JOB_ID];
    atomic_store(&hold, true);
    add_job(id);
    add_job(waiting);
    vo_worker *w = start();
    wait_for_runs(1);
    vo_worker_stop(w, 0);
    cr_assert_eq(atomic_load(&runs), 1); /* it took no more */
    vo_worker_free(w);
    const vo_job j = state_job(f.db, id);
    cr_assert(j.state == VO_JOB_QUEUED && j.attempt == 0);
    atomic_store(&hold, false);
    w = start();
    wait_for(VO_JOB_DONE, 2);
    vo_worker_free(w);
}

Test(worker, beats_keep_the_lease_while_threads_of_another_worker_wait, .init = begin,
     .fini = end, .timeout = 60) {
    char id[VO_JOB_ID];
    atomic_store(&hold, true);
    s.lease_ms = 600;
    add_job(id);
    vo_worker *first = start(), *second = start();
    wait_for_runs(1);
    const int64_t begun_ms = state_job(f.db, id).started_ms;
    while (state_job(f.db, id).beat_ms < begun_ms + 3 * s.lease_ms) wait_a_moment();
    cr_assert_eq(atomic_load(&runs), 1);
    atomic_store(&hold, false);
    wait_for(VO_JOB_DONE, 1);
    vo_worker_free(first);
    vo_worker_free(second);
    cr_assert_eq(state_job(f.db, id).attempt, 1);
}

Test(worker, a_message_that_was_lost_is_found_while_it_runs, .init = begin, .fini = end,
     .timeout = 60) {
    vo_queue *away = memory_queue_open();
    char id[VO_JOB_ID];
    const vo_job_order o = {.kind = "train", .request = "{}"};
    memory_queue_lose(away, 1);
    cr_assert_eq(vo_accept_job(f.db, away, &o, 1, id, NULL, NULL), VO_OK); /* long ago */
    s.queue = away;
    s.lease_ms = 90;
    vo_worker *w = start();
    wait_for(VO_JOB_DONE, 1);
    vo_worker_free(w);
    vo_queue_close(away);
}

static void count_trouble(void *ctx, const vo_error *err) {
    cr_assert(strstr(err->msg, "does not answer"), "%s", err->msg);
    atomic_fetch_add((atomic_int *)ctx, 1);
    changed(NULL);
}

Test(worker, trouble_is_told_and_the_worker_goes_on, .init = begin, .fini = end,
     .timeout = 60) {
    vo_queue *away = memory_queue_open();
    atomic_int troubles = 0;
    char id[VO_JOB_ID];
    const vo_job_order o = {.kind = "train", .request = "{}"};
    cr_assert_eq(vo_accept_job(f.db, away, &o, 1, id, NULL, NULL), VO_OK);
    memory_queue_refuse(away, 1);
    s.queue = away;
    s.trouble = count_trouble;
    s.trouble_ctx = &troubles;
    vo_worker *w = start();
    while (atomic_load(&troubles) == 0) wait_a_moment();
    vo_worker_wake(w);
    wait_for(VO_JOB_DONE, 1);
    vo_worker_free(w);
    vo_queue_close(away);
}

Test(worker, settings_out_of_bounds_are_refused_by_name, .init = begin, .fini = end) {
    static const struct {
        size_t at;
        int64_t value;
        const char *says;
    } wrong[] = {
        {offsetof(vo_worker_settings, lease_ms), 0, "lease_ms = 0"},
        {offsetof(vo_worker_settings, backoff_ms), -1, "backoff_ms = -1"},
        {offsetof(vo_worker_settings, poll_ms), 0, "poll_ms = 0"},
        {offsetof(vo_worker_settings, sweep_ms), 999999999, "sweep_ms = 999999999"},
    };
    vo_worker *w = NULL;
    vo_error err = {0};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        vo_worker_settings bad = s;
        memcpy((char *)&bad + wrong[i].at, &wrong[i].value, sizeof wrong[i].value);
        cr_assert_eq(vo_worker_start(&bad, &w, &err), VO_EINVAL);
        cr_assert(strstr(err.msg, wrong[i].says), "%s", err.msg);
    }
    s.threads = 257;
    cr_assert_eq(vo_worker_start(&s, &w, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "threads = 257"), "%s", err.msg);
    s.threads = 1;
    s.work = NULL;
    cr_assert_eq(vo_worker_start(&s, &w, &err), VO_EINVAL);
    cr_assert_null(w);
}
