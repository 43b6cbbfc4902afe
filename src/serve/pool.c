/* pool.c -- see pool.h for the contract.
 *
 * The line is a ring under one lock, which is held for a few instructions; a thread is woken only
 * if one sleeps, so that under load a hand-over costs no system call.
 */
#include "serve/pool.h"

#include <stdlib.h>

#include "port/clock.h"
#include "port/task.h"

typedef struct {
    void *item;
    double since_s;
} place;

typedef struct {
    vo_pool *pool;
    size_t index;
    vo_task *task;
} hand;

struct vo_pool {
    vo_pool_work work;
    void *ctx;
    double deadline_s;
    vo_lock *lock;
    hand *hands; /* [n_hands] */
    size_t n_hands;
    place *line; /* [size], a ring */
    size_t size, first, waiting, busy, asleep;
    bool ending;
};

/* Holding the lock: the next item, or false when the pool ends and the line is empty. */
static bool next(vo_pool *p, place *out) {
    while (p->waiting == 0) {
        if (p->ending) return false;
        p->asleep++;
        vo_lock_wait(p->lock, -1);
        p->asleep--;
    }
    *out = p->line[p->first];
    p->first = (p->first + 1) % p->size;
    p->waiting--;
    return true;
}

static void serve(void *ctx) {
    const hand *h = ctx;
    vo_pool *p = h->pool;
    place at;
    vo_lock_take(p->lock);
    while (next(p, &at)) {
        p->busy++;
        vo_lock_release(p->lock);
        const bool late = vo_clock_monotonic_s() - at.since_s > p->deadline_s;
        p->work(p->ctx, at.item, h->index, late);
        vo_lock_take(p->lock);
        p->busy--;
    }
    vo_lock_release(p->lock);
}

vo_status vo_pool_create(size_t threads, size_t line, double deadline_s, vo_pool_work work,
                         void *ctx, vo_pool **out, vo_error *err) {
    if (threads < 1 || threads > 1024)
        return vo_fail(err, VO_EINVAL, "threads = %zu: must be in 1..1024", threads);
    if (line < 1 || line > 1000000)
        return vo_fail(err, VO_EINVAL, "line = %zu: must be in 1..1000000", line);
    vo_status s = VO_ENOMEM;
    vo_pool *p = calloc(1, sizeof *p);
    if (!p) return vo_fail(err, s, "a pool of threads");
    *p = (vo_pool){.work = work, .ctx = ctx, .deadline_s = deadline_s, .size = line};
    p->hands = calloc(threads, sizeof *p->hands);
    p->line = calloc(line, sizeof *p->line);
    if (!p->hands || !p->line) {
        vo_fail(err, s, "a pool of %zu threads with %zu waiting", threads, line);
        goto fail;
    }
    s = vo_lock_create(&p->lock, err);
    for (size_t i = 0; i < threads && s == VO_OK; i++) {
        p->hands[i] = (hand){.pool = p, .index = i};
        s = vo_task_start(serve, &p->hands[i], &p->hands[i].task, err);
        if (s == VO_OK) p->n_hands++;
    }
    if (s != VO_OK) goto fail;
    *out = p;
    return VO_OK;
fail:
    vo_pool_free(p);
    return s;
}

bool vo_pool_submit(vo_pool *p, void *item) {
    vo_lock_take(p->lock);
    const bool room = p->waiting < p->size && !p->ending;
    if (room) {
        p->line[(p->first + p->waiting) % p->size] = (place){item, vo_clock_monotonic_s()};
        p->waiting++;
        if (p->asleep > 0) vo_lock_wake_one(p->lock);
    }
    vo_lock_release(p->lock);
    return room;
}

size_t vo_pool_waiting(const vo_pool *p) {
    vo_lock_take(p->lock);
    const size_t n = p->waiting;
    vo_lock_release(p->lock);
    return n;
}

size_t vo_pool_busy(const vo_pool *p) {
    vo_lock_take(p->lock);
    const size_t n = p->busy;
    vo_lock_release(p->lock);
    return n;
}

void vo_pool_free(vo_pool *p) {
    if (!p) return;
    if (p->lock) {
        vo_lock_take(p->lock);
        p->ending = true;
        vo_lock_wake_all(p->lock);
        vo_lock_release(p->lock);
    }
    for (size_t i = 0; i < p->n_hands; i++) vo_task_join(p->hands[i].task);
    vo_lock_free(p->lock);
    free(p->line);
    free(p->hands);
    free(p);
}
