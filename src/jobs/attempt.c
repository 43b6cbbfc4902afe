/* attempt.c -- see attempt.h.
 *
 * Three flags tell the work to stop, in falling order of what they mean for the job: lost (it
 * is another's now: say nothing), cancelled (close it), stopping (hand it back). They are set
 * by whoever learns of them and never cleared while the attempt is under way.
 */
#include "jobs/attempt.h"

#include <assert.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/random.h"
#include "port/clock.h"
#include "port/task.h"
#include "store/event_log.h"

#define TOLD_MS 250    /* between two lines of progress */
#define CLOSE_TRIES 12 /* 0.05 s, 0.1 s, ... 4 s between them: half a minute ...     */
#define HURRY_TRIES 3  /* ... but when the worker stops; the next one finds it then  */
#define CLOSE_PAUSE_S 4
#define SWEEP_MOST 200 /* messages of one sweep */
#define WORKER_NAME 64

struct vo_attempt {
    const vo_worker_settings *s;
    char worker[WORKER_NAME];
    vo_lock *lock; /* of what is below, but for the flags */
    bool under_way;
    vo_delivery d;
    int32_t fence, attempt;
    char kind[VO_JOB_KIND];
    char *request;
    int64_t told_ms; /* when progress was written last; 0: never */
    atomic_bool lost, cancelled, stopping;
};

static int64_t now_of(const vo_worker_settings *s) {
    return s->now_ms ? s->now_ms(s->now_ctx) : vo_clock_utc_ms();
}

static void changed(const vo_worker_settings *s) {
    if (s->changed) s->changed(s->changed_ctx);
}

vo_status vo_attempt_create(const vo_worker_settings *s, vo_attempt **out, vo_error *err) {
    vo_attempt *a = calloc(1, sizeof *a);
    if (!a) return vo_fail(err, VO_ENOMEM, "an attempt");
    a->s = s;
    snprintf(a->worker, sizeof a->worker, "%s", s->name ? s->name : "worker");
    const vo_status st = vo_lock_create(&a->lock, err);
    if (st != VO_OK) {
        free(a);
        return st;
    }
    *out = a;
    return VO_OK;
}

void vo_attempt_free(vo_attempt *a) {
    if (!a) return;
    vo_lock_free(a->lock);
    free(a->request);
    free(a);
}

void vo_attempt_ask_to_stop(vo_attempt *a) { atomic_store(&a->stopping, true); }

/* ---- taking ------------------------------------------------------------------------------- */

/* Begins and keeps what is needed of the job. */
static vo_status keep(void *ctx, const vo_job *j, vo_error *err) {
    vo_attempt *a = ctx;
    free(a->request);
    a->request = strdup(j->request);
    if (!a->request) return vo_fail(err, VO_ENOMEM, "the request of job %s", j->id);
    snprintf(a->kind, sizeof a->kind, "%s", j->kind);
    a->attempt = j->attempt;
    return VO_OK;
}

/* Somebody put it there who did not ask the book first, or the job has been removed. */
static vo_status tell_unknown(const vo_attempt *a, int64_t now_ms, vo_error *err) {
    vo_json_out *w = NULL;
    char *text = NULL;
    size_t len = 0;
    vo_status st = vo_json_out_create(&w, err);
    if (st != VO_OK) return st;
    vo_json_out_object(w);
    vo_json_out_key(w, "job"), vo_json_out_string(w, a->d.id);
    vo_json_out_key(w, "detail");
    vo_json_out_string(w, "a message of the queue without a job in the book: dropped");
    vo_json_out_end(w);
    st = vo_json_out_take(w, &text, &len, err);
    if (st == VO_OK)
        st = vo_event_log_add(a->s->db, "job_unknown", a->d.id, text, now_ms, NULL, err);
    free(text);
    vo_json_out_free(w);
    return st;
}

typedef struct {
    vo_attempt *a;
    int64_t now_ms;
    vo_attempt_found found;
    int32_t fence;
} taking;

static vo_status take_and_begin(void *ctx, vo_database *db, vo_error *err) {
    taking *t = ctx;
    vo_attempt *a = t->a;
    bool any = false, go = false;
    vo_status st =
        vo_queue_take(a->s->queue, a->worker, t->now_ms, a->s->lease_ms, &a->d, &any, err);
    t->found = VO_ATTEMPT_NOTHING;
    if (st != VO_OK || !any) return st;
    st = vo_job_book_begin(db, a->d.id, t->now_ms, &go, &t->fence, keep, a, err);
    if (st == VO_ENOTFOUND) st = tell_unknown(a, t->now_ms, err);
    if (st != VO_OK) return st;
    t->found = go ? VO_ATTEMPT_BEGUN : VO_ATTEMPT_DROPPED;
    return go ? VO_OK : vo_queue_ack(a->s->queue, &a->d, err);
}

vo_status vo_attempt_take(vo_attempt *a, vo_attempt_found *found, vo_error *err) {
    assert(!a->under_way);
    const vo_worker_settings *s = a->s;
    taking t = {.a = a, .now_ms = now_of(s)};
    const vo_status st = vo_queue_joins(s->queue, s->db)
                             ? vo_database_transact(s->db, take_and_begin, &t, err)
                             : take_and_begin(&t, s->db, err);
    if (st != VO_OK) return st;
    *found = t.found;
    if (t.found == VO_ATTEMPT_BEGUN) {
        vo_lock_take(a->lock);
        a->under_way = true;
        a->fence = t.fence;
        a->told_ms = 0;
        atomic_store(&a->lost, false);
        atomic_store(&a->cancelled, false);
        vo_lock_release(a->lock);
    }
    if (t.found != VO_ATTEMPT_NOTHING) changed(s);
    return VO_OK;
}

/* ---- while it runs ------------------------------------------------------------------------ */

static bool may_go_on(vo_attempt *a) {
    return !atomic_load(&a->lost) && !atomic_load(&a->cancelled) && !atomic_load(&a->stopping);
}

static void hear(vo_attempt *a, bool current, bool cancel_asked) {
    if (!current) atomic_store(&a->lost, true);
    if (cancel_asked) atomic_store(&a->cancelled, true);
}

/* What the work says. Progress that cannot be written down is no reason to end the work. */
static bool told(void *ctx, const char *phase, double fraction, const char *metrics) {
    vo_attempt *a = ctx;
    const vo_worker_settings *s = a->s;
    if (!may_go_on(a)) return false;
    vo_lock_take(a->lock);
    const int64_t now_ms = now_of(s);
    const bool write = a->told_ms == 0 || now_ms - a->told_ms >= TOLD_MS || now_ms < a->told_ms;
    if (write) {
        bool current = true, cancel_asked = false;
        vo_error err = {0};
        a->told_ms = now_ms;
        vo_status st = vo_job_book_progress(s->db, a->d.id, a->fence, phase, fraction, metrics,
                                            now_ms, &current, &cancel_asked, &err);
        if (st == VO_EINVAL) /* metrics that are no object */
            st = vo_job_book_progress(s->db, a->d.id, a->fence, phase, fraction, NULL, now_ms,
                                      &current, &cancel_asked, &err);
        if (st == VO_OK)
            hear(a, current, cancel_asked);
        else if (s->trouble)
            s->trouble(s->trouble_ctx, &err);
    }
    vo_lock_release(a->lock);
    if (write) changed(s);
    return may_go_on(a);
}

typedef struct {
    vo_attempt *a;
    int64_t now_ms;
    bool held, current, cancel_asked;
} beating;

static vo_status beat_both(void *ctx, vo_database *db, vo_error *err) {
    beating *b = ctx;
    vo_attempt *a = b->a;
    const vo_status st =
        vo_queue_extend(a->s->queue, &a->d, b->now_ms, a->s->lease_ms, &b->held, err);
    if (st != VO_OK) return st;
    return vo_job_book_beat(db, a->d.id, a->fence, b->now_ms, &b->current, &b->cancel_asked,
                            err);
}

/* A lease that was lost in the queue is not the end: the fence decides who is current, and it
 * rises only when another begins. */
vo_status vo_attempt_beat(vo_attempt *a, vo_error *err) {
    const vo_worker_settings *s = a->s;
    vo_lock_take(a->lock);
    vo_status st = VO_OK;
    if (a->under_way) {
        beating b = {.a = a, .now_ms = now_of(s)};
        st = vo_queue_joins(s->queue, s->db) ? vo_database_transact(s->db, beat_both, &b, err)
                                             : beat_both(&b, s->db, err);
        if (st == VO_OK) hear(a, b.current, b.cancel_asked);
    }
    vo_lock_release(a->lock);
    return st;
}

/* ---- the end ------------------------------------------------------------------------------ */

int64_t vo_attempt_backoff_ms(int64_t backoff_ms, const char *id, int32_t attempt) {
    vo_random r =
        vo_random_seed(vo_hash_bytes(VO_HASH_START, id, strlen(id)), (uint64_t)attempt);
    double ms = (double)backoff_ms * vo_random_between(&r, 0.5, 1.5);
    for (int32_t i = 1; i < attempt && ms < (double)VO_QUEUE_DELAY_MS; i++) ms *= 2;
    return ms < (double)VO_QUEUE_DELAY_MS ? (int64_t)ms : VO_QUEUE_DELAY_MS;
}

typedef struct {
    vo_attempt *a;
    vo_status how;
    const char *response, *error;
    int64_t now_ms, ready_ms;
    bool current;
} closing;

/* How it ended, into the book; *again: its message is to come once more. */
static vo_status close_book(closing *c, vo_database *db, bool *again, vo_error *err) {
    vo_attempt *a = c->a;
    const char *id = a->d.id;
    if (c->how == VO_OK)
        return vo_job_book_finish(db, id, a->fence, VO_JOB_DONE, c->response, NULL, c->now_ms,
                                  &c->current, err);
    if (c->how == VO_ECANCELED && atomic_load(&a->cancelled))
        return vo_job_book_finish(db, id, a->fence, VO_JOB_CANCELLED, NULL, NULL, c->now_ms,
                                  &c->current, err);
    if (c->how == VO_ECANCELED && atomic_load(&a->stopping))
        return vo_job_book_release(db, id, a->fence, c->now_ms, &c->current, again, err);
    if (c->how == VO_EIO || c->how == VO_ENOMEM)
        return vo_job_book_fail(db, id, a->fence, c->error, c->now_ms, c->ready_ms, &c->current,
                                again, err);
    return vo_job_book_finish(db, id, a->fence, VO_JOB_FAILED, NULL, c->error, c->now_ms,
                              &c->current, err);
}

/* Of a lost one nothing is said; giving back a delivery that is another's changes nothing. */
static vo_status close_both(void *ctx, vo_database *db, vo_error *err) {
    closing *c = ctx;
    vo_attempt *a = c->a;
    bool again = false;
    const vo_status st = close_book(c, db, &again, err);
    if (st != VO_OK || !c->current) return st;
    return again ? vo_queue_retry(a->s->queue, &a->d, c->ready_ms, err)
                 : vo_queue_ack(a->s->queue, &a->d, err);
}

static vo_status close_once(closing *c, vo_error *err) {
    const vo_worker_settings *s = c->a->s;
    c->now_ms = now_of(s);
    c->ready_ms = c->now_ms;
    if (c->how == VO_EIO || c->how == VO_ENOMEM)
        c->ready_ms += vo_attempt_backoff_ms(s->backoff_ms, c->a->d.id, c->a->attempt);
    return vo_queue_joins(s->queue, s->db) ? vo_database_transact(s->db, close_both, c, err)
                                           : close_both(c, s->db, err);
}

/* A full disk or a lock may pass; meanwhile the lease is kept by the beats. What the work has found
 * out is worth some patience, unless everybody waits for this worker to end. */
static vo_status close_with_patience(closing *c, vo_error *err) {
    double pause_s = 0.05;
    for (int i = 1;; i++, pause_s = fmin(2 * pause_s, CLOSE_PAUSE_S)) {
        const vo_status st = close_once(c, err);
        if (st == VO_EINVAL && c->how == VO_OK) { /* a response the book does not take */
            c->how = VO_EINVAL;
            c->error = err->msg;
        } else if ((st != VO_EIO && st != VO_ENOMEM) || i >= CLOSE_TRIES ||
                   (i >= HURRY_TRIES && atomic_load(&c->a->stopping))) {
            return st;
        } else {
            vo_lock_take(c->a->lock);
            vo_lock_wait(c->a->lock, pause_s);
            vo_lock_release(c->a->lock);
        }
    }
}

vo_status vo_attempt_run(vo_attempt *a, vo_error *err) {
    assert(a->under_way);
    const vo_worker_settings *s = a->s;
    const vo_job_run run = {.id = a->d.id,
                            .kind = a->kind,
                            .request = a->request,
                            .attempt = a->attempt,
                            .told = told,
                            .told_ctx = a};
    char *response = NULL;
    vo_error why = {0}, own = {0};
    const vo_status how = s->work(s->work_ctx, &run, &response, &why);
    closing c = {.a = a,
                 .how = how,
                 .response = response ? response : "null",
                 .error = why.msg[0] ? why.msg : vo_status_name(how)};
    const vo_status st = close_with_patience(&c, &own);
    vo_lock_take(a->lock);
    a->under_way = false;
    vo_lock_release(a->lock);
    free(response);
    changed(s);
    if (st != VO_OK && err) *err = own;
    return st;
}

/* ---- the sweep ---------------------------------------------------------------------------- */

typedef struct {
    vo_queue *queue;
    int64_t now_ms;
    char id[SWEEP_MOST][VO_JOB_ID];
    size_t n;
} silent;

static vo_status note(void *ctx, const vo_job *j, vo_error *err) {
    (void)err;
    silent *l = ctx;
    if (l->n < SWEEP_MOST) memcpy(l->id[l->n++], j->id, VO_JOB_ID);
    return VO_OK;
}

static vo_status mark_all(void *ctx, vo_database *db, vo_error *err) {
    const silent *l = ctx;
    vo_status st = VO_OK;
    for (size_t i = 0; st == VO_OK && i < l->n; i++)
        st = vo_job_book_pushed(db, l->id[i], l->now_ms, err);
    return st;
}

/* One sync for all of them, not one each. */
static vo_status push_all(void *ctx, vo_database *db, vo_error *err) {
    silent *l = ctx;
    vo_status st = VO_OK;
    for (size_t i = 0; st == VO_OK && i < l->n; i++)
        st = vo_queue_push(l->queue, l->id[i], l->now_ms, err);
    return st == VO_OK ? vo_database_transact(db, mark_all, l, err) : st;
}

vo_status vo_attempt_sweep(const vo_worker_settings *s, size_t *n, vo_error *err) {
    silent *l = calloc(1, sizeof *l);
    if (!l) return vo_fail(err, VO_ENOMEM, "a list of jobs");
    l->queue = s->queue;
    l->now_ms = now_of(s);
    vo_status st = vo_job_book_waiting(s->db, l->now_ms - s->sweep_ms - 2 * s->lease_ms,
                                       SWEEP_MOST, note, l, err);
    if (st == VO_OK && l->n > 0)
        st = vo_queue_joins(s->queue, s->db) ? vo_database_transact(s->db, push_all, l, err)
                                             : push_all(l, s->db, err);
    if (st == VO_OK && n) *n = l->n;
    free(l);
    return st;
}
