/* test_attempt.c -- one delivery after the other, with the test's own clock and no threads.
 *
 * Most tests run twice: with the queue in the book's database, and with one that lives elsewhere.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jobs/accept.h"
#include "jobs/attempt.h"
#include "support/memory_queue.h"
#include "support/state_file.h"

#define NOW INT64_C(1770817500000)

typedef struct {
    vo_status end;
    const char *response;
    int runs;
    bool went_on; /* what `told` said last */
    void (*meanwhile)(const vo_job_run *run);
} script;

static state_file f;
static vo_queue *q;
static int64_t now_ms;
static script play;
static vo_worker_settings s;
static vo_attempt *a;

static int64_t read_clock(void *ctx) {
    (void)ctx;
    return now_ms;
}

static vo_status work(void *ctx, const vo_job_run *run, char **response, vo_error *err) {
    (void)ctx;
    play.runs++;
    if (play.meanwhile) play.meanwhile(run);
    play.went_on = run->told(run->told_ctx, "working", 0.5, "{\"step\":1}");
    if (!play.went_on) return vo_fail(err, VO_ECANCELED, "asked to stop");
    if (play.response) *response = strdup(play.response);
    return play.end == VO_OK ? VO_OK : vo_fail(err, play.end, "it broke");
}

static void open_all(bool local) {
    vo_error err = {0};
    state_file_make(&f);
    if (local)
        cr_assert_eq(vo_queue_open("local", f.db, &q, &err), VO_OK, "%s", err.msg);
    else
        q = memory_queue_open();
    now_ms = NOW;
    play = (script){.end = VO_OK, .response = "{\"answer\":42}"};
    s = vo_worker_settings_default();
    s.db = f.db;
    s.queue = q;
    s.work = work;
    s.now_ms = read_clock;
    cr_assert_eq(vo_attempt_create(&s, &a, NULL), VO_OK);
}

static void close_all(void) {
    vo_attempt_free(a);
    vo_queue_close(q);
    state_file_remove(&f);
}

#define EACH_QUEUE(name)                                                                       \
    static void name##_of(void);                                                               \
    Test(attempt, name, .timeout = 60) {                                                       \
        for (int i = 0; i < 2; i++) {                                                          \
            open_all(i == 0);                                                                  \
            name##_of();                                                                       \
            close_all();                                                                       \
        }                                                                                      \
    }                                                                                          \
    static void name##_of(void)

static const char *add_job(void) {
    static char id[VO_JOB_ID];
    const vo_job_order o = {.kind = "train", .request = "{}"};
    vo_error err = {0};
    cr_assert_eq(vo_accept_job(f.db, q, &o, now_ms, id, NULL, &err), VO_OK, "%s", err.msg);
    return id;
}

static vo_attempt_found take(vo_attempt *who) {
    vo_attempt_found found = VO_ATTEMPT_NOTHING;
    vo_error err = {0};
    cr_assert_eq(vo_attempt_take(who, &found, &err), VO_OK, "%s", err.msg);
    return found;
}

static void run(vo_attempt *who) {
    vo_error err = {0};
    cr_assert_eq(vo_attempt_run(who, &err), VO_OK, "%s", err.msg);
}

static bool queue_is_empty(void) {
    int64_t ready = -1, leased = -1;
    cr_assert_eq(vo_queue_depth(q, INT64_MAX / 2, &ready, &leased, NULL), VO_OK);
    return ready == 0 && leased == 0;
}

EACH_QUEUE(a_job_is_run_once_and_its_message_is_gone) {
    const char *id = add_job();
    cr_assert_eq(take(a), VO_ATTEMPT_BEGUN);
    run(a);
    const vo_job j = state_job(f.db, id);
    cr_assert_eq(j.state, VO_JOB_DONE);
    cr_assert_str_eq(j.response, "{\"answer\":42}");
    cr_assert_eq(state_events(f.db, "job_progress", id, "\"metrics\":{\"step\":1}"), 1);
    now_ms += 1000000;
    cr_assert_eq(take(a), VO_ATTEMPT_NOTHING);
    cr_assert(play.runs == 1 && queue_is_empty());
}

EACH_QUEUE(a_refusal_is_not_tried_again) {
    const char *id = add_job();
    play.end = VO_EINVAL;
    cr_assert_eq(take(a), VO_ATTEMPT_BEGUN);
    run(a);
    cr_assert_eq(state_job(f.db, id).state, VO_JOB_FAILED);
    cr_assert_str_eq(state_job(f.db, id).error, "it broke");
    cr_assert(queue_is_empty());
}

EACH_QUEUE(a_passing_failure_comes_again_after_its_back_off_and_dies_in_the_end) {
    const char *id = add_job();
    play.end = VO_EIO;
    for (int32_t attempt = 1; attempt <= 3; attempt++) {
        cr_assert_eq(take(a), VO_ATTEMPT_BEGUN);
        run(a);
        const int64_t wait_ms = vo_attempt_backoff_ms(s.backoff_ms, id, attempt);
        now_ms += wait_ms - 1;
        cr_assert_eq(take(a), VO_ATTEMPT_NOTHING);
        now_ms += 1;
    }
    cr_assert_eq(state_job(f.db, id).state, VO_JOB_DEAD);
    cr_assert_eq(take(a), VO_ATTEMPT_NOTHING);
    cr_assert(play.runs == 3 && queue_is_empty());
    play.end = VO_OK;
    cr_assert_eq(vo_accept_again(f.db, q, id, now_ms, NULL), VO_OK);
    cr_assert_eq(take(a), VO_ATTEMPT_BEGUN);
    run(a);
    cr_assert_eq(state_job(f.db, id).state, VO_JOB_DONE);
}

Test(attempt, the_back_off_doubles_with_a_jitter_and_ends_at_an_hour) {
    double sum = 0;
    for (int i = 0; i < 500; i++) {
        char id[16];
        snprintf(id, sizeof id, "j_%d", i);
        for (int32_t attempt = 1; attempt < 6; attempt++) {
            const double unit = (double)vo_attempt_backoff_ms(1000, id, attempt) /
                                (1000 * (double)(1 << (attempt - 1)));
            cr_assert(unit >= 0.499 && unit <= 1.5, "%g", unit);
            sum += unit / 2500;
        }
        cr_assert_eq(vo_attempt_backoff_ms(1000, id, 100), 3600000);
    }
    cr_assert(sum > 0.97 && sum < 1.03, "%g", sum);
    cr_assert_eq(vo_attempt_backoff_ms(1000, "j_1", 2), vo_attempt_backoff_ms(1000, "j_1", 2));
}

/* ---- cancelled, stopped, lost ------------------------------------------------------------- */

EACH_QUEUE(a_job_that_was_cancelled_while_queued_is_never_run) {
    const char *id = add_job();
    cr_assert_eq(vo_job_book_cancel(f.db, id, now_ms, NULL, NULL), VO_OK);
    cr_assert_eq(take(a), VO_ATTEMPT_DROPPED);
    cr_assert(play.runs == 0 && queue_is_empty());
}

static void cancel_it(const vo_job_run *r) {
    cr_assert_eq(vo_job_book_cancel(f.db, r->id, now_ms, NULL, NULL), VO_OK);
}

EACH_QUEUE(a_running_job_is_told_that_it_is_cancelled) {
    const char *id = add_job();
    play.meanwhile = cancel_it;
    cr_assert_eq(take(a), VO_ATTEMPT_BEGUN);
    run(a);
    cr_assert_not(play.went_on);
    cr_assert_eq(state_job(f.db, id).state, VO_JOB_CANCELLED);
    cr_assert(queue_is_empty());
}

static void stop_it(const vo_job_run *r) {
    (void)r;
    vo_attempt_ask_to_stop(a);
}

EACH_QUEUE(a_worker_that_stops_hands_the_job_back_whole) {
    const char *id = add_job();
    vo_attempt *other = NULL;
    play.meanwhile = stop_it;
    cr_assert_eq(take(a), VO_ATTEMPT_BEGUN);
    run(a);
    cr_assert_eq(state_job(f.db, id).state, VO_JOB_QUEUED);
    cr_assert_eq(state_job(f.db, id).attempt, 0);
    play.meanwhile = NULL;
    cr_assert_eq(vo_attempt_create(&s, &other, NULL), VO_OK);
    cr_assert_eq(take(other), VO_ATTEMPT_BEGUN); /* at once */
    run(other);
    cr_assert_eq(state_job(f.db, id).state, VO_JOB_DONE);
    vo_attempt_free(other);
}

static vo_attempt *second;

/* The first sleeps through its lease; the second does the job; the first wakes up. */
static void be_overtaken(const vo_job_run *r) {
    (void)r;
    play.meanwhile = NULL;
    now_ms += s.lease_ms;
    cr_assert_eq(take(second), VO_ATTEMPT_BEGUN);
    play.response = "{\"answer\":\"the second's\"}";
    run(second);
    play.response = "{\"answer\":\"the first's\"}";
}

EACH_QUEUE(who_lost_his_lease_is_told_to_stop_and_his_result_is_refused) {
    const char *id = add_job();
    cr_assert_eq(vo_attempt_create(&s, &second, NULL), VO_OK);
    play.meanwhile = be_overtaken;
    cr_assert_eq(take(a), VO_ATTEMPT_BEGUN);
    run(a);
    cr_assert_not(play.went_on);
    cr_assert_str_eq(state_job(f.db, id).response, "{\"answer\":\"the second's\"}");
    cr_assert_eq(state_events(f.db, "job", id, "\"state\":\"done\""), 1);
    cr_assert(play.runs == 2 && queue_is_empty());
    vo_attempt_free(second);
}

static void beat_for_long(const vo_job_run *r) {
    (void)r;
    for (int i = 0; i < 10; i++) {
        now_ms += s.lease_ms / 2;
        cr_assert_eq(vo_attempt_beat(a, NULL), VO_OK);
        cr_assert_eq(take(second), VO_ATTEMPT_NOTHING);
    }
}

EACH_QUEUE(a_job_that_takes_longer_than_its_lease_keeps_it_by_beats) {
    const char *id = add_job();
    cr_assert_eq(vo_attempt_create(&s, &second, NULL), VO_OK);
    play.meanwhile = beat_for_long;
    cr_assert_eq(take(a), VO_ATTEMPT_BEGUN);
    run(a);
    cr_assert_eq(state_job(f.db, id).state, VO_JOB_DONE);
    cr_assert_eq(state_job(f.db, id).attempt, 1);
    vo_attempt_free(second);
}

/* ---- what a queue may do ------------------------------------------------------------------ */

EACH_QUEUE(a_message_without_a_job_is_dropped_and_told) {
    cr_assert_eq(vo_queue_push(q, "j_\"poison\"", now_ms, NULL), VO_OK);
    cr_assert_eq(take(a), VO_ATTEMPT_DROPPED);
    cr_assert(play.runs == 0 && queue_is_empty());
    cr_assert_eq(state_events(f.db, "job_unknown", "j_\"poison\"", "without a job"), 1);
}

EACH_QUEUE(a_second_delivery_of_a_job_that_is_over_is_forgotten) {
    const char *id = add_job();
    cr_assert_eq(take(a), VO_ATTEMPT_BEGUN);
    run(a);
    cr_assert_eq(vo_queue_push(q, id, now_ms, NULL), VO_OK);
    cr_assert_eq(take(a), VO_ATTEMPT_DROPPED);
    cr_assert(play.runs == 1 && queue_is_empty());
    cr_assert_eq(state_events(f.db, "job", id, "\"state\":\"done\""), 1);
}

static size_t sweep(void) {
    size_t n = 99;
    vo_error err = {0};
    cr_assert_eq(vo_attempt_sweep(&s, &n, &err), VO_OK, "%s", err.msg);
    return n;
}

Test(attempt, a_message_that_was_lost_is_put_again_by_the_sweep) {
    open_all(false);
    memory_queue_lose(q, 1);
    const char *id = add_job();
    cr_assert_eq(take(a), VO_ATTEMPT_NOTHING);
    now_ms += s.sweep_ms + 2 * s.lease_ms;
    cr_assert_eq(sweep(), 0u); /* not yet silent for longer than that */
    now_ms += 1;
    memory_queue_lose(q, 1); /* and lost once more */
    cr_assert_eq(sweep(), 1u);
    cr_assert_eq(sweep(), 0u); /* not at every sweep */
    cr_assert_eq(take(a), VO_ATTEMPT_NOTHING);
    now_ms += s.sweep_ms + 2 * s.lease_ms + 1;
    cr_assert_eq(sweep(), 1u);
    cr_assert_eq(take(a), VO_ATTEMPT_BEGUN);
    run(a);
    cr_assert_eq(state_job(f.db, id).state, VO_JOB_DONE);
    now_ms += 10 * s.sweep_ms;
    cr_assert_eq(sweep(), 0u);
    close_all();
}

Test(attempt, a_job_is_accepted_even_while_the_queue_is_away) {
    open_all(false);
    memory_queue_refuse(q, 1);
    const char *id = add_job();
    now_ms += s.sweep_ms + 2 * s.lease_ms + 1;
    cr_assert_eq(sweep(), 1u);
    cr_assert_eq(take(a), VO_ATTEMPT_BEGUN);
    run(a);
    cr_assert_eq(state_job(f.db, id).state, VO_JOB_DONE);
    close_all();
}

Test(attempt, an_acknowledgement_that_fails_is_made_up_by_the_next_delivery, .timeout = 60) {
    open_all(false);
    const char *id = add_job();
    cr_assert_eq(take(a), VO_ATTEMPT_BEGUN);
    memory_queue_refuse(q, 100);
    cr_assert_eq(vo_attempt_run(a, NULL), VO_OK); /* the book says that it is over: enough */
    memory_queue_refuse(q, 0);
    cr_assert_eq(state_job(f.db, id).state, VO_JOB_DONE);
    now_ms += s.lease_ms;
    cr_assert_eq(take(a), VO_ATTEMPT_DROPPED);
    cr_assert(play.runs == 1 && queue_is_empty());
    close_all();
}

/* ---- telling ------------------------------------------------------------------------------ */

static void tell_often(const vo_job_run *r) {
    for (int i = 0; i < 100; i++) {
        now_ms += 10;
        cr_assert(r->told(r->told_ctx, "fitting", i / 100.0, NULL));
    }
}

EACH_QUEUE(progress_is_written_four_times_a_second_at_most) {
    const char *id = add_job();
    play.meanwhile = tell_often;
    cr_assert_eq(take(a), VO_ATTEMPT_BEGUN);
    run(a);
    cr_assert_eq(state_events(f.db, "job_progress", id, "fitting"), 4);
}

static void tell_nonsense(const vo_job_run *r) {
    cr_assert(r->told(r->told_ctx, "fitting", 0.25, "[not an object"));
    cr_assert_eq(state_job(f.db, r->id).progress, 0.25);
}

EACH_QUEUE(metrics_that_are_no_object_do_not_end_the_work) {
    const char *id = add_job();
    play.meanwhile = tell_nonsense;
    cr_assert_eq(take(a), VO_ATTEMPT_BEGUN);
    run(a);
    cr_assert_eq(state_job(f.db, id).state, VO_JOB_DONE);
}
