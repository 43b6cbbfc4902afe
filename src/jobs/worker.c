/* worker.c -- see worker.h: the threads around attempts.
 *
 * One lock with one condition: takers wait at it for a wake, the keeper (beats and sweeps) for
 * its next round, who stops for the number of busy ones to come to nought.
 */
#include "jobs/worker.h"

#include <stdio.h>
#include <stdlib.h>

#include "jobs/attempt.h"
#include "port/clock.h"
#include "port/entropy.h"
#include "port/task.h"

#define MOST_THREADS 256
#define AFTER_TROUBLE_S 1.0

typedef struct {
    vo_worker *w;
    vo_attempt *attempt;
    vo_task *task;
} taker;

struct vo_worker {
    vo_worker_settings s;
    char name[32];
    vo_lock *lock;
    taker *taker; /* [s.threads] */
    vo_task *keeper;
    uint64_t wakes;
    int32_t busy;
    bool stopping, ended; /* ended: all takers have, the keeper may */
};

vo_worker_settings vo_worker_settings_default(void) {
    return (vo_worker_settings){
        .threads = 1, .lease_ms = 30000, .backoff_ms = 2000, .poll_ms = 500, .sweep_ms = 60000};
}

static void tell_trouble(const vo_worker *w, const vo_error *err) {
    if (w->s.trouble) w->s.trouble(w->s.trouble_ctx, err);
}

/* ---- takers ------------------------------------------------------------------------------- */

/* Until there is reason to look again: a wake since `seen`, the time, or the end. */
static void wait_for_work(vo_worker *w, uint64_t *seen, double seconds) {
    vo_lock_take(w->lock);
    const double until_s = vo_clock_monotonic_s() + seconds;
    while (!w->stopping && w->wakes == *seen) {
        const double left_s = until_s - vo_clock_monotonic_s();
        if (left_s <= 0 || !vo_lock_wait(w->lock, left_s)) break;
    }
    *seen = w->wakes;
    vo_lock_release(w->lock);
}

/* Becomes busy, unless the end has come. */
static bool turn_to(vo_worker *w) {
    vo_lock_take(w->lock);
    const bool go = !w->stopping;
    if (go) w->busy++;
    vo_lock_release(w->lock);
    return go;
}

static void turn_away(vo_worker *w) {
    vo_lock_take(w->lock);
    w->busy--;
    if (w->stopping) vo_lock_wake_all(w->lock);
    vo_lock_release(w->lock);
}

static void take_and_run(void *ctx) {
    taker *t = ctx;
    vo_worker *w = t->w;
    uint64_t seen = 0;
    while (turn_to(w)) {
        vo_attempt_found found = VO_ATTEMPT_NOTHING;
        vo_error err = {0};
        vo_status st = vo_attempt_take(t->attempt, &found, &err);
        if (st == VO_OK && found == VO_ATTEMPT_BEGUN) st = vo_attempt_run(t->attempt, &err);
        turn_away(w);
        if (st != VO_OK) {
            tell_trouble(w, &err);
            wait_for_work(w, &seen, AFTER_TROUBLE_S);
        } else if (found == VO_ATTEMPT_NOTHING) {
            wait_for_work(w, &seen, (double)w->s.poll_ms / 1000);
        }
    }
}

/* ---- the keeper --------------------------------------------------------------------------- */

static bool pause_keeper(vo_worker *w, double until_s) {
    vo_lock_take(w->lock);
    while (!w->ended) {
        const double left_s = until_s - vo_clock_monotonic_s();
        if (left_s <= 0 || !vo_lock_wait(w->lock, left_s)) break;
    }
    const bool go = !w->ended;
    vo_lock_release(w->lock);
    return go;
}

static void keep(void *ctx) {
    vo_worker *w = ctx;
    const double beat_s = (double)w->s.lease_ms / 3000, sweep_s = (double)w->s.sweep_ms / 1000;
    double next_beat_s = vo_clock_monotonic_s() + beat_s, next_sweep_s = 0;
    while (pause_keeper(w, next_beat_s)) {
        const double now_s = vo_clock_monotonic_s();
        next_beat_s = now_s + beat_s;
        vo_error err = {0};
        for (int32_t i = 0; i < w->s.threads; i++)
            if (vo_attempt_beat(w->taker[i].attempt, &err) != VO_OK) tell_trouble(w, &err);
        if (now_s < next_sweep_s) continue;
        next_sweep_s = now_s + sweep_s;
        size_t n = 0;
        if (vo_attempt_sweep(&w->s, &n, &err) != VO_OK) tell_trouble(w, &err);
        if (n > 0) vo_worker_wake(w);
    }
}

/* ---- life --------------------------------------------------------------------------------- */

static vo_status check(const vo_worker_settings *s, vo_error *err) {
    static const int64_t day_ms = 86400000;
    if (!s->db || !s->queue || !s->work)
        return vo_fail(err, VO_EINVAL, "a worker needs a database, a queue and work");
    if (s->threads < 0 || s->threads > MOST_THREADS)
        return vo_fail(err, VO_EINVAL, "threads = %d is outside 0 to %d", s->threads,
                       MOST_THREADS);
    if (s->lease_ms < 30 || s->lease_ms > VO_QUEUE_LEASE_MS / 2)
        return vo_fail(err, VO_EINVAL, "lease_ms = %lld is outside 30 to %lld",
                       (long long)s->lease_ms, (long long)VO_QUEUE_LEASE_MS / 2);
    if (s->backoff_ms < 0 || s->backoff_ms > day_ms)
        return vo_fail(err, VO_EINVAL, "backoff_ms = %lld is outside 0 to %lld",
                       (long long)s->backoff_ms, (long long)day_ms);
    if (s->poll_ms < 1 || s->poll_ms > day_ms)
        return vo_fail(err, VO_EINVAL, "poll_ms = %lld is outside 1 to %lld",
                       (long long)s->poll_ms, (long long)day_ms);
    if (s->sweep_ms < 1 || s->sweep_ms > day_ms)
        return vo_fail(err, VO_EINVAL, "sweep_ms = %lld is outside 1 to %lld",
                       (long long)s->sweep_ms, (long long)day_ms);
    return VO_OK;
}

static vo_status make_name(vo_worker *w, vo_error *err) {
    unsigned char chance[4];
    if (w->s.name) return VO_OK;
    const vo_status st = vo_entropy_fill(chance, sizeof chance, err);
    if (st != VO_OK) return st;
    snprintf(w->name, sizeof w->name, "worker-%02x%02x%02x%02x", chance[0], chance[1],
             chance[2], chance[3]);
    w->s.name = w->name;
    return VO_OK;
}

static vo_status start_threads(vo_worker *w, vo_error *err) {
    vo_status st = VO_OK;
    for (int32_t i = 0; st == VO_OK && i < w->s.threads; i++) {
        w->taker[i].w = w;
        st = vo_attempt_create(&w->s, &w->taker[i].attempt, err);
    }
    if (st == VO_OK) st = vo_task_start(keep, w, &w->keeper, err);
    for (int32_t i = 0; st == VO_OK && i < w->s.threads; i++)
        st = vo_task_start(take_and_run, &w->taker[i], &w->taker[i].task, err);
    return st;
}

vo_status vo_worker_start(const vo_worker_settings *s, vo_worker **out, vo_error *err) {
    vo_status st = check(s, err);
    if (st != VO_OK) return st;
    vo_worker *w = calloc(1, sizeof *w);
    if (!w) return vo_fail(err, VO_ENOMEM, "a worker");
    w->s = *s;
    if ((st = make_name(w, err)) != VO_OK) goto fail;
    if ((st = vo_lock_create(&w->lock, err)) != VO_OK) goto fail;
    w->taker = calloc((size_t)s->threads + 1, sizeof *w->taker);
    st = w->taker ? start_threads(w, err) : vo_fail(err, VO_ENOMEM, "a worker's threads");
    if (st != VO_OK) goto fail;
    *out = w;
    return VO_OK;
fail:
    vo_worker_free(w);
    return st;
}

void vo_worker_wake(vo_worker *w) {
    vo_lock_take(w->lock);
    w->wakes++;
    vo_lock_wake_all(w->lock);
    vo_lock_release(w->lock);
}

static void wait_for_the_busy(vo_worker *w, double grace_s) {
    vo_lock_take(w->lock);
    w->stopping = true;
    vo_lock_wake_all(w->lock);
    const double until_s = vo_clock_monotonic_s() + grace_s;
    while (w->busy > 0) {
        const double left_s = until_s - vo_clock_monotonic_s();
        if (left_s <= 0 || !vo_lock_wait(w->lock, left_s)) break;
    }
    vo_lock_release(w->lock);
}

void vo_worker_stop(vo_worker *w, double grace_s) {
    wait_for_the_busy(w, grace_s);
    for (int32_t i = 0; i < w->s.threads; i++)
        if (w->taker[i].attempt) vo_attempt_ask_to_stop(w->taker[i].attempt);
    for (int32_t i = 0; i < w->s.threads; i++) {
        vo_task_join(w->taker[i].task);
        w->taker[i].task = NULL;
    }
    vo_lock_take(w->lock);
    w->ended = true; /* beats go on until here: what ends late still holds its lease */
    vo_lock_wake_all(w->lock);
    vo_lock_release(w->lock);
    vo_task_join(w->keeper);
    w->keeper = NULL;
}

void vo_worker_free(vo_worker *w) {
    if (!w) return;
    if (w->lock && w->taker) vo_worker_stop(w, 0);
    for (int32_t i = 0; w->taker && i < w->s.threads; i++) vo_attempt_free(w->taker[i].attempt);
    free(w->taker);
    vo_lock_free(w->lock);
    free(w);
}
