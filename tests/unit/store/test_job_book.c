/* test_job_book.c -- a job is made once, begun by one, and ends once; every change is an event. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "port/thread.h"
#include "support/state_file.h"

static state_file f;

static void begin(void) { state_file_make(&f); }
static void end(void) { state_file_remove(&f); }

#define NOW INT64_C(1770817500000)

static char *add_order(const vo_job_order *o, int64_t now_ms) {
    static char id[VO_JOB_ID];
    vo_error err = {0};
    cr_assert_eq(vo_job_book_add(f.db, o, now_ms, NULL, NULL, id, NULL, &err), VO_OK, "%s",
                 err.msg);
    return id;
}

static char *add_job(int32_t max_attempts) {
    const vo_job_order o = {.kind = "train", .request = "{}", .max_attempts = max_attempts};
    return add_order(&o, NOW);
}

static int32_t begin_job(const char *id) {
    bool go = false;
    int32_t fence = -1;
    vo_error err = {0};
    cr_assert_eq(vo_job_book_begin(f.db, id, NOW + 1, &go, &fence, NULL, NULL, &err), VO_OK,
                 "%s", err.msg);
    return go ? fence : -1;
}

static bool finish(const char *id, int32_t fence, vo_job_state how) {
    bool current = false;
    vo_error err = {0};
    cr_assert_eq(vo_job_book_finish(f.db, id, fence, how, "{\"x\":1}", "it was wrong", NOW + 2,
                                    &current, &err),
                 VO_OK, "%s", err.msg);
    return current;
}

static bool fail(const char *id, int32_t fence, bool *again) {
    bool current = false;
    vo_error err = {0};
    cr_assert_eq(vo_job_book_fail(f.db, id, fence, "no network", NOW + 3, NOW + 1000, &current,
                                  again, &err),
                 VO_OK, "%s", err.msg);
    return current;
}

static vo_job_state cancel(const char *id) {
    vo_job_state s = VO_JOB_QUEUED;
    vo_error err = {0};
    cr_assert_eq(vo_job_book_cancel(f.db, id, NOW + 4, &s, &err), VO_OK, "%s", err.msg);
    return s;
}

static int64_t told(const char *id, const char *state) {
    char says[64];
    snprintf(says, sizeof says, "\"state\":\"%s\"", state);
    return state_events(f.db, "job", id, says);
}

/* ---- adding ------------------------------------------------------------------------------- */

Test(job_book, a_job_is_as_it_was_asked, .init = begin, .fini = end) {
    const vo_job_order o = {.kind = "backtest",
                            .request = "{\"node\":\"ñ\"}",
                            .key = "k1",
                            .owner = "key_7",
                            .max_attempts = 5};
    const char *id = add_order(&o, NOW);
    const vo_job j = state_job(f.db, id);
    cr_assert_str_eq(j.id, id);
    cr_assert_str_eq(j.kind, "backtest");
    cr_assert_str_eq(j.request, "{\"node\":\"ñ\"}");
    cr_assert_str_eq(j.key, "k1");
    cr_assert(j.state == VO_JOB_QUEUED && j.attempt == 0 && j.max_attempts == 5);
    cr_assert(j.created_ms == NOW && j.started_ms == 0 && j.ended_ms == 0 && !j.response &&
              !j.error);
    cr_assert_eq(told(id, "queued"), 1);
    cr_assert_eq(state_events(f.db, "job", id, "\"owner\":\"key_7\""), 1);
}

Test(job_book, ids_are_in_the_order_of_acceptance_whatever_the_clock_does, .init = begin,
     .fini = end) {
    static const int64_t clock_ms[] = {NOW, NOW, NOW, NOW + 1, NOW - 5000, NOW + 7, NOW + 7};
    char before[VO_JOB_ID] = "";
    for (size_t i = 0; i < sizeof clock_ms / sizeof *clock_ms; i++) {
        const vo_job_order o = {.kind = "train", .request = "{}"};
        const char *id = add_order(&o, clock_ms[i]);
        cr_assert_eq(strlen(id), 28u);
        cr_assert_gt(strcmp(id, before), 0, "%s after %s", id, before);
        snprintf(before, sizeof before, "%s", id);
    }
}

Test(job_book, the_same_key_is_the_same_job, .init = begin, .fini = end) {
    vo_job_order o = {.kind = "train", .request = "{}", .key = "k", .owner = "a"};
    char first[VO_JOB_ID], id[VO_JOB_ID];
    bool existed = true;
    vo_error err = {0};
    cr_assert_eq(vo_job_book_add(f.db, &o, NOW, NULL, NULL, first, &existed, NULL), VO_OK);
    cr_assert_not(existed);
    cr_assert_eq(vo_job_book_add(f.db, &o, NOW + 9, NULL, NULL, id, &existed, NULL), VO_OK);
    cr_assert(existed && strcmp(id, first) == 0);
    cr_assert_eq(told(first, "queued"), 1);
    o.request = "{\"other\":1}";
    cr_assert_eq(vo_job_book_add(f.db, &o, NOW, NULL, NULL, id, &existed, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "asks something else") && strstr(err.msg, first), "%s", err.msg);
    o.owner = "b"; /* another's key is another key */
    cr_assert_eq(vo_job_book_add(f.db, &o, NOW, NULL, NULL, id, &existed, NULL), VO_OK);
    cr_assert(!existed && strcmp(id, first) != 0);
    o.key = NULL;
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(vo_job_book_add(f.db, &o, NOW, NULL, NULL, id, &existed, NULL), VO_OK);
        cr_assert_not(existed);
    }
    cr_assert_eq(state_integer(f.db, "SELECT count(*) FROM vo_job"), 4);
}

static vo_status refuse_push(void *ctx, const char *id, vo_error *err) {
    cr_assert_eq(strlen(id), 28u);
    ++*(int *)ctx;
    return vo_fail(err, VO_EIO, "the queue is full");
}

Test(job_book, a_job_whose_message_was_refused_was_not_accepted, .init = begin, .fini = end) {
    const vo_job_order o = {.kind = "train", .request = "{}"};
    char id[VO_JOB_ID] = "untouched";
    int pushes = 0;
    vo_error err = {0};
    cr_assert_eq(vo_job_book_add(f.db, &o, NOW, refuse_push, &pushes, id, NULL, &err), VO_EIO);
    cr_assert_str_eq(err.msg, "the queue is full");
    cr_assert_str_eq(id, "untouched");
    cr_assert_eq(pushes, 1);
    cr_assert_eq(state_integer(f.db, "SELECT count(*) FROM vo_job"), 0);
    cr_assert_eq(state_integer(f.db, "SELECT count(*) FROM vo_event"), 0);
}

Test(job_book, orders_out_of_bounds_are_refused_by_field, .init = begin, .fini = end) {
    char long_key[300];
    memset(long_key, 'k', sizeof long_key - 1);
    long_key[sizeof long_key - 1] = '\0';
    const struct {
        vo_job_order o;
        const char *says;
    } wrong[] = {
        {{.kind = "", .request = "{}"}, "kind = \"\""},
        {{.kind = "Train", .request = "{}"}, "kind = \"Train\""},
        {{.kind = "a_kind_of_more_than_23_l", .request = "{}"}, "kind = "},
        {{.kind = "train", .request = "{}", .key = ""}, "key: "},
        {{.kind = "train", .request = "{}", .key = long_key}, "key: "},
        {{.kind = "train", .request = "{}", .owner = long_key}, "owner: "},
        {{.kind = "train", .request = "{}", .max_attempts = -1}, "max_attempts = -1"},
        {{.kind = "train", .request = "{}", .max_attempts = 101}, "max_attempts = 101"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char id[VO_JOB_ID];
        vo_error err = {0};
        cr_assert_eq(vo_job_book_add(f.db, &wrong[i].o, NOW, NULL, NULL, id, NULL, &err),
                     VO_EINVAL);
        cr_assert(strstr(err.msg, wrong[i].says), "%s", err.msg);
    }
}

/* ---- the way of a job --------------------------------------------------------------------- */

Test(job_book, a_job_runs_tells_and_is_done, .init = begin, .fini = end) {
    const char *id = add_job(0);
    const int32_t fence = begin_job(id);
    bool current = false, cancel_asked = true;
    cr_assert_eq(vo_job_book_progress(f.db, id, fence, "fitting", 0.5, "{\"loss\":0.25}",
                                      NOW + 2, &current, &cancel_asked, NULL),
                 VO_OK);
    cr_assert(current && !cancel_asked);
    vo_job j = state_job(f.db, id);
    cr_assert(j.state == VO_JOB_RUNNING && j.attempt == 1 && j.max_attempts == 3 &&
              j.progress == 0.5 && j.beat_ms == NOW + 2 && j.started_ms == NOW + 1);
    cr_assert_str_eq(j.phase, "fitting");
    cr_assert_str_eq(j.metrics, "{\"loss\":0.25}");
    cr_assert_eq(state_events(f.db, "job_progress", id,
                              "\"progress\":0.5,\"phase\":\"fitting\",\"metrics\":{\"loss\":0."
                              "25}"),
                 1);
    cr_assert(finish(id, fence, VO_JOB_DONE));
    j = state_job(f.db, id);
    cr_assert(j.state == VO_JOB_DONE && j.progress == 1 && j.ended_ms == NOW + 2 && !j.error);
    cr_assert_str_eq(j.response, "{\"x\":1}");
    cr_assert(told(id, "queued") == 1 && told(id, "running") == 1 && told(id, "done") == 1);
}

Test(job_book, only_the_current_beginning_may_speak, .init = begin, .fini = end) {
    const char *id = add_job(0);
    const int32_t old = begin_job(id), new = begin_job(id); /* the first one lost its lease */
    bool current = true, again = true;
    cr_assert_gt(new, old);
    cr_assert_not(finish(id, old, VO_JOB_DONE));
    cr_assert_not(fail(id, old, &again));
    cr_assert_eq(vo_job_book_progress(f.db, id, old, "x", 0.9, NULL, NOW, &current, NULL, NULL),
                 VO_OK);
    cr_assert_not(current);
    current = true;
    cr_assert_eq(vo_job_book_beat(f.db, id, old, NOW, &current, NULL, NULL), VO_OK);
    cr_assert_not(current);
    current = true;
    cr_assert_eq(vo_job_book_release(f.db, id, old, NOW, &current, &again, NULL), VO_OK);
    cr_assert_not(current);
    cr_assert(state_job(f.db, id).state == VO_JOB_RUNNING && state_job(f.db, id).progress == 0);
    cr_assert(finish(id, new, VO_JOB_DONE));
    cr_assert_not(finish(id, new, VO_JOB_FAILED)); /* over is over */
    cr_assert_eq(begin_job(id), -1);
    cr_assert_eq(told(id, "done"), 1);
    cr_assert_eq(told(id, "failed"), 0);
}

Test(job_book, a_passing_failure_is_tried_again_until_it_is_dead, .init = begin, .fini = end) {
    const char *id = add_job(2);
    bool again = false;
    cr_assert(fail(id, begin_job(id), &again));
    cr_assert(again && state_job(f.db, id).state == VO_JOB_QUEUED);
    cr_assert(fail(id, begin_job(id), &again));
    cr_assert(!again && state_job(f.db, id).state == VO_JOB_DEAD);
    cr_assert_str_eq(state_job(f.db, id).error, "no network");
    cr_assert_eq(begin_job(id), -1);
    cr_assert(told(id, "dead") == 1 && told(id, "queued") == 2);
}

Test(job_book, workers_that_are_lost_cost_no_attempt, .init = begin, .fini = end) {
    const char *id = add_job(2);
    bool again = false;
    for (int32_t i = 0; i < 10; i++) {
        cr_assert_gt(begin_job(id), 0);
        const vo_job j = state_job(f.db, id);
        cr_assert(j.attempt == 1 && j.losses == i && j.state == VO_JOB_RUNNING);
    }
    cr_assert(fail(id, begin_job(id), &again) && again);
    cr_assert(state_job(f.db, id).attempt == 1 && state_job(f.db, id).losses == 10);
    cr_assert(fail(id, begin_job(id), &again) && !again);
    cr_assert_eq(state_job(f.db, id).state, VO_JOB_DEAD); /* of its two failures */
    cr_assert_eq(state_job(f.db, id).attempt, 2);
}

Test(job_book, workers_that_are_lost_each_time_make_it_dead, .init = begin, .fini = end) {
    const char *id = add_job(1);
    for (int32_t i = 0; i < VO_JOB_LOSSES; i++) cr_assert_gt(begin_job(id), 0);
    cr_assert_eq(begin_job(id), -1);
    cr_assert_eq(state_job(f.db, id).state, VO_JOB_DEAD);
    cr_assert(strstr(state_job(f.db, id).error, "lost"), "%s", state_job(f.db, id).error);
    cr_assert_eq(told(id, "running"), VO_JOB_LOSSES);
    cr_assert_eq(vo_job_book_requeue(f.db, id, NOW, NULL, NULL, NULL), VO_OK);
    cr_assert_eq(state_job(f.db, id).losses, 0);
    cr_assert_gt(begin_job(id), 0);
}

Test(job_book, handing_back_costs_no_attempt, .init = begin, .fini = end) {
    const char *id = add_job(1);
    for (int i = 0; i < 5; i++) {
        const int32_t fence = begin_job(id);
        bool current = false, again = false;
        cr_assert_gt(fence, 0);
        cr_assert_eq(vo_job_book_release(f.db, id, fence, NOW, &current, &again, NULL), VO_OK);
        cr_assert(current && again);
        cr_assert_not(finish(id, fence, VO_JOB_DONE)); /* it is nobody's now */
    }
    cr_assert(finish(id, begin_job(id), VO_JOB_DONE));
    cr_assert_eq(state_job(f.db, id).attempt, 1);
}

Test(job_book, a_refused_one_is_over_with_its_reason, .init = begin, .fini = end) {
    const char *id = add_job(0);
    cr_assert(finish(id, begin_job(id), VO_JOB_FAILED));
    const vo_job j = state_job(f.db, id);
    cr_assert(j.state == VO_JOB_FAILED && !j.response);
    cr_assert_str_eq(j.error, "it was wrong");
    cr_assert_eq(state_events(f.db, "job", id, "\"error\":\"it was wrong\""), 1);
}

/* ---- by people ---------------------------------------------------------------------------- */

Test(job_book, a_queued_job_is_cancelled_at_once, .init = begin, .fini = end) {
    const char *id = add_job(0);
    cr_assert_eq(cancel(id), VO_JOB_CANCELLED);
    cr_assert_eq(begin_job(id), -1);
    cr_assert_eq(cancel(id), VO_JOB_CANCELLED);
    cr_assert_eq(told(id, "cancelled"), 1);
    cr_assert_eq(told(id, "running"), 0);
}

Test(job_book, a_running_job_hears_that_it_is_cancelled, .init = begin, .fini = end) {
    const char *id = add_job(0);
    const int32_t fence = begin_job(id);
    bool cancel_asked = false, current = false;
    cr_assert_eq(cancel(id), VO_JOB_RUNNING);
    cr_assert_eq(vo_job_book_beat(f.db, id, fence, NOW + 5, &current, &cancel_asked, NULL),
                 VO_OK);
    cr_assert(current && cancel_asked);
    cr_assert(finish(id, fence, VO_JOB_CANCELLED));
    cr_assert_eq(state_job(f.db, id).state, VO_JOB_CANCELLED);
    cr_assert_eq(cancel(id), VO_JOB_CANCELLED);
}

Test(job_book, a_cancelled_job_is_not_begun_again_after_its_worker_was_lost, .init = begin,
     .fini = end) {
    const char *id = add_job(0);
    bool again = true;
    cr_assert_gt(begin_job(id), 0);
    cr_assert_eq(cancel(id), VO_JOB_RUNNING);
    cr_assert_eq(begin_job(id), -1);
    cr_assert_eq(state_job(f.db, id).state, VO_JOB_CANCELLED);
    id = add_job(0); /* nor after a passing failure */
    const int32_t fence = begin_job(id);
    cancel(id);
    cr_assert(fail(id, fence, &again));
    cr_assert(!again && state_job(f.db, id).state == VO_JOB_CANCELLED);
}

Test(job_book, one_that_is_over_badly_can_be_queued_again_with_all_its_attempts, .init = begin,
     .fini = end) {
    const char *id = add_job(1);
    bool again = true;
    vo_error err = {0};
    const int32_t old = begin_job(id);
    cr_assert_eq(vo_job_book_requeue(f.db, id, NOW, NULL, NULL, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "is running"), "%s", err.msg);
    cr_assert(fail(id, old, &again) && !again);
    cr_assert_eq(vo_job_book_requeue(f.db, id, NOW, NULL, NULL, &err), VO_OK, "%s", err.msg);
    vo_job j = state_job(f.db, id);
    cr_assert(j.state == VO_JOB_QUEUED && j.attempt == 0 && j.ended_ms == 0 && !j.error);
    const int32_t new = begin_job(id);
    cr_assert_gt(new, old); /* a straggler of before stays shut out */
    cr_assert_not(finish(id, old, VO_JOB_DONE));
    cr_assert(finish(id, new, VO_JOB_DONE));
    cr_assert_eq(vo_job_book_requeue(f.db, id, NOW, NULL, NULL, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "is done"), "%s", err.msg);
}

Test(job_book, what_is_not_there_is_said, .init = begin, .fini = end) {
    vo_error err = {0};
    bool go = true;
    int32_t fence = 0;
    cr_assert_eq(vo_job_book_get(f.db, "j_none", NULL, NULL, &err), VO_ENOTFOUND);
    cr_assert(strstr(err.msg, "j_none"), "%s", err.msg);
    cr_assert_eq(vo_job_book_begin(f.db, "j_none", NOW, &go, &fence, NULL, NULL, NULL),
                 VO_ENOTFOUND);
    cr_assert_eq(vo_job_book_cancel(f.db, "j_none", NOW, NULL, NULL), VO_ENOTFOUND);
    cr_assert_eq(vo_job_book_requeue(f.db, "j_none", NOW, NULL, NULL, NULL), VO_ENOTFOUND);
    cr_assert_not(finish("j_none", 1, VO_JOB_DONE));
}

Test(job_book, progress_is_a_fraction_and_metrics_an_object, .init = begin, .fini = end) {
    static const struct {
        double told, kept;
    } row[] = {{-1, 0}, {(double)NAN, 0}, {0.25, 0.25}, {7, 1}, {(double)INFINITY, 1}};
    const char *id = add_job(0);
    const int32_t fence = begin_job(id);
    vo_error err = {0};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        cr_assert_eq(vo_job_book_progress(f.db, id, fence, NULL, row[i].told, NULL, NOW, NULL,
                                          NULL, NULL),
                     VO_OK);
        cr_assert_eq(state_job(f.db, id).progress, row[i].kept);
    }
    cr_assert_eq(
        vo_job_book_progress(f.db, id, fence, "late", 0.5, "[1]", NOW, NULL, NULL, &err),
        VO_EINVAL);
    cr_assert(strstr(err.msg, "not an object"), "%s", err.msg);
    cr_assert_str_eq(state_job(f.db, id).phase, ""); /* nothing of it */
}

/* ---- lists -------------------------------------------------------------------------------- */

typedef struct {
    char id[32][VO_JOB_ID];
    size_t n;
    bool whole;
} listed;

static vo_status list_one(void *ctx, const vo_job *j, vo_error *err) {
    (void)err;
    listed *l = ctx;
    l->whole = j->request != NULL;
    snprintf(l->id[l->n++ % 32], VO_JOB_ID, "%s", j->id);
    return VO_OK;
}

static listed list(vo_job_query q) {
    listed l = {.n = 0};
    vo_error err = {0};
    cr_assert_eq(vo_job_book_list(f.db, &q, list_one, &l, &err), VO_OK, "%s", err.msg);
    return l;
}

Test(job_book, lists_are_newest_first_by_page_and_by_what_is_asked, .init = begin,
     .fini = end) {
    char id[9][VO_JOB_ID];
    for (int i = 0; i < 9; i++) {
        const vo_job_order o = {
            .kind = i % 3 ? "train" : "backtest", .request = "{}", .owner = i < 4 ? "a" : "b"};
        memcpy(id[i], add_order(&o, NOW + i), VO_JOB_ID);
    }
    cancel(id[4]);
    listed l = list((vo_job_query){.state = -1, .most = 4});
    cr_assert(l.n == 4 && !l.whole && strcmp(l.id[0], id[8]) == 0);
    l = list((vo_job_query){.state = -1, .most = 100, .before = l.id[3], .whole = true});
    cr_assert(l.n == 5 && l.whole && strcmp(l.id[4], id[0]) == 0);
    cr_assert_eq(list((vo_job_query){.state = -1, .most = 9, .kind = "backtest"}).n, 3u);
    cr_assert_eq(list((vo_job_query){.state = -1, .most = 9, .owner = "a"}).n, 4u);
    cr_assert_eq(list((vo_job_query){.state = VO_JOB_CANCELLED, .most = 9}).n, 1u);
    cr_assert_eq(
        list((vo_job_query){.state = VO_JOB_QUEUED, .most = 9, .kind = "train", .owner = "b"})
            .n,
        3u);
    cr_assert_eq(list((vo_job_query){.state = -1, .most = 0}).n, 0u);
    int64_t count[VO_JOB_STATES];
    cr_assert_eq(vo_job_book_counts(f.db, count, NULL), VO_OK);
    cr_assert(count[VO_JOB_QUEUED] == 8 && count[VO_JOB_CANCELLED] == 1 &&
              count[VO_JOB_DONE] == 0);
}

static size_t waiting(int64_t older_than_ms) {
    listed l = {.n = 0};
    cr_assert_eq(vo_job_book_waiting(f.db, older_than_ms, 32, list_one, &l, NULL), VO_OK);
    return l.n;
}

Test(job_book, silence_is_counted_from_when_a_job_was_ready_or_last_heard_of, .init = begin,
     .fini = end) {
    bool again = false;
    const char *id = add_job(0); /* at NOW */
    cr_assert_eq(waiting(NOW), 0u);
    cr_assert_eq(waiting(NOW + 1), 1u);
    cr_assert_eq(vo_job_book_pushed(f.db, id, NOW + 10, NULL), VO_OK);
    cr_assert(waiting(NOW + 10) == 0 && waiting(NOW + 11) == 1);
    const int32_t fence = begin_job(id);
    cr_assert_eq(vo_job_book_beat(f.db, id, fence, NOW + 500, NULL, NULL, NULL), VO_OK);
    cr_assert(waiting(NOW + 500) == 0 && waiting(NOW + 501) == 1);
    cr_assert(fail(id, fence, &again) && again); /* ready at NOW + 1000 */
    cr_assert(waiting(NOW + 1000) == 0 && waiting(NOW + 1001) == 1);
    cr_assert(finish(id, begin_job(id), VO_JOB_DONE));
    cr_assert_eq(waiting(INT64_MAX), 0u);
}

Test(job_book, what_a_clock_that_was_ahead_wrote_is_silent, .init = begin, .fini = end) {
    const int64_t day = 86400000;
    const vo_job_order o = {.kind = "train", .request = "{}"};
    const char *id = add_order(&o, NOW + 365 * day);
    cr_assert_eq(waiting(NOW), 1u);
    cr_assert_eq(waiting(NOW + 365 * day), 0u);
    cr_assert_eq(vo_job_book_pushed(f.db, id, NOW, NULL), VO_OK);
    cr_assert(waiting(NOW) == 0 && waiting(NOW + 1) == 1);
}

Test(job_book, only_what_is_over_for_long_is_removed, .init = begin, .fini = end) {
    int64_t n = -1;
    const char *id = add_job(0);
    char old[VO_JOB_ID];
    memcpy(old, id, sizeof old);
    cr_assert(finish(old, begin_job(old), VO_JOB_DONE)); /* at NOW + 2 */
    begin_job(add_job(0));
    cr_assert_eq(vo_job_book_trim(f.db, NOW + 2, &n, NULL), VO_OK);
    cr_assert_eq(n, 0);
    cr_assert_eq(vo_job_book_trim(f.db, NOW + 3, &n, NULL), VO_OK);
    cr_assert_eq(n, 1);
    cr_assert_eq(vo_job_book_get(f.db, old, list_one, NULL, NULL), VO_ENOTFOUND);
    cr_assert_eq(state_integer(f.db, "SELECT count(*) FROM vo_job"), 1);
}

Test(job_book, every_state_has_one_name, .init = begin, .fini = end) {
    vo_job_state s = VO_JOB_QUEUED;
    vo_error err = {0};
    for (int i = 0; i < VO_JOB_STATES; i++) {
        cr_assert_eq(vo_job_state_parse(vo_job_state_name((vo_job_state)i), &s, NULL), VO_OK);
        cr_assert_eq((int)s, i);
    }
    cr_assert_eq(vo_job_state_parse("finished", &s, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "queued, running, done, failed, dead, cancelled"), "%s", err.msg);
}

/* ---- anything in any order ---------------------------------------------------------------- */

/* Four beginnings that all believe in themselves do what they like; the book must keep to its
 * diagram: at most one end, and each "done" event with a fence that was current. */
Test(job_book, whatever_is_called_in_whatever_order_a_job_ends_at_most_once, .init = begin,
     .fini = end, .timeout = 60) {
    vo_random r = vo_random_seed(4, 0);
    for (int round = 0; round < 12; round++) {
        const char *id = add_job(1 + round % 3);
        int32_t fence[4] = {1, 1, 1, 1}, newest = 0;
        bool over = false;
        for (int i = 0; i < 25; i++) {
            const size_t who = vo_random_below(&r, 4);
            const vo_job_state was = state_job(f.db, id).state;
            const bool holds = was == VO_JOB_RUNNING && fence[who] == newest;
            bool again = false, current = false;
            switch (vo_random_below(&r, 5)) {
            case 0: {
                const int32_t got = begin_job(id);
                cr_assert(got < 0 || (!over && got > newest));
                if (got > 0) newest = fence[who] = got;
                break;
            }
            case 1:
                cr_assert_eq(finish(id, fence[who], VO_JOB_DONE), holds);
                break;
            case 2:
                cr_assert_eq(fail(id, fence[who], &again), holds);
                break;
            case 3:
                if (vo_random_unit(&r) < 0.2) cancel(id);
                break;
            default:
                cr_assert_eq(
                    vo_job_book_release(f.db, id, fence[who], NOW, &current, NULL, NULL),
                    VO_OK);
                cr_assert_eq(current, holds);
            }
            const vo_job_state is = state_job(f.db, id).state;
            cr_assert(!over || is == was, "%d became %d", (int)was, (int)is);
            over = vo_job_state_over(is);
        }
        cr_assert_eq(told(id, "done") + told(id, "failed") + told(id, "dead") +
                         told(id, "cancelled"),
                     over ? 1 : 0);
    }
}

/* ---- many at once ------------------------------------------------------------------------- */

static vo_status add_same_key(void *ctx, size_t i, size_t worker, vo_error *err) {
    (void)worker;
    vo_database *db = state_file_open(f.path);
    char(*id)[VO_JOB_ID] = ctx;
    const vo_job_order o = {.kind = "train", .request = "{}", .key = "once"};
    const vo_status st = vo_job_book_add(db, &o, NOW, NULL, NULL, id[i], NULL, err);
    vo_database_close(db);
    return st;
}

Test(job_book, threads_that_add_with_one_key_get_one_job, .init = begin, .fini = end,
     .timeout = 60) {
    char id[4][VO_JOB_ID];
    vo_error err = {0};
    cr_assert_eq(vo_thread_for(4, 4, add_same_key, id, &err), VO_OK, "%s", err.msg);
    for (int i = 1; i < 4; i++) cr_assert_str_eq(id[i], id[0]);
    cr_assert_eq(state_integer(f.db, "SELECT count(*) FROM vo_job"), 1);
}
