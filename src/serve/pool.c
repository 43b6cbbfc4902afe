/* pool.c -- see pool.h for the contract.
 *
 * The lines are rings under one lock, which is held for a few instructions; a thread is woken only
 * if one sleeps, so that under load a hand-over costs no system call. Between the lines it goes
 * by who came first, where heavy items may be begun at all.
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
    place *at; /* [size], a ring */
    size_t size, first, waiting;
} line;

enum { LIGHT, HEAVY, LINES };

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
    line lines[LINES];
    size_t busy, busy_heavy, most_heavy, asleep;
    bool ending;
};

static place take(line *l) {
    const place p = l->at[l->first];
    l->first = (l->first + 1) % l->size;
    l->waiting--;
    return p;
}

/* Holding the lock: of which line the next one is, or LINES: none may be begun. */
static int choose(const vo_pool *p) {
    const line *light = &p->lines[LIGHT], *heavy = &p->lines[HEAVY];
    if (heavy->waiting == 0 || p->busy_heavy >= p->most_heavy)
        return light->waiting > 0 ? LIGHT : LINES;
    if (light->waiting == 0) return HEAVY;
    if (p->n_hands == 1) return LIGHT;
    return light->at[light->first].since_s <= heavy->at[heavy->first].since_s ? LIGHT : HEAVY;
}

/* Holding the lock: the next item, or false when the pool ends and nothing is left to begin (what
 * heavy ones still wait for is a thread that is at one, and takes them after it). */
static bool next(vo_pool *p, place *out, bool *heavy) {
    int from;
    while ((from = choose(p)) == LINES) {
        if (p->ending) return false;
        p->asleep++;
        vo_lock_wait(p->lock, -1);
        p->asleep--;
    }
    *out = take(&p->lines[from]);
    *heavy = from == HEAVY;
    return true;
}

static void serve(void *ctx) {
    const hand *h = ctx;
    vo_pool *p = h->pool;
    place at;
    bool heavy = false;
    vo_lock_take(p->lock);
    while (next(p, &at, &heavy)) {
        p->busy++;
        p->busy_heavy += heavy;
        vo_lock_release(p->lock);
        const bool late = vo_clock_monotonic_s() - at.since_s > p->deadline_s;
        p->work(p->ctx, at.item, h->index, late);
        vo_lock_take(p->lock);
        p->busy--;
        p->busy_heavy -= heavy;
    }
    vo_lock_release(p->lock);
}

/* The threads that are there already look at the count. */
static void begun(vo_pool *p, size_t i, vo_task *task) {
    p->hands[i].task = task;
    vo_lock_take(p->lock);
    p->n_hands++;
    vo_lock_release(p->lock);
}

vo_status vo_pool_create(size_t threads, size_t size, double deadline_s, vo_pool_work work,
                         void *ctx, vo_pool **out, vo_error *err) {
    if (threads < 1 || threads > 1024)
        return vo_fail(err, VO_EINVAL, "threads = %zu: must be in 1..1024", threads);
    if (size < 1 || size > 1000000)
        return vo_fail(err, VO_EINVAL, "line = %zu: must be in 1..1000000", size);
    vo_status s = VO_ENOMEM;
    vo_pool *p = calloc(1, sizeof *p);
    if (!p) return vo_fail(err, s, "a pool of threads");
    *p = (vo_pool){.work = work, .ctx = ctx, .deadline_s = deadline_s};
    p->most_heavy = threads > 1 ? threads - 1 : 1;
    p->hands = calloc(threads, sizeof *p->hands);
    for (int i = 0; i < LINES; i++)
        p->lines[i] = (line){.at = calloc(size, sizeof(place)), .size = size};
    if (!p->hands || !p->lines[LIGHT].at || !p->lines[HEAVY].at) {
        vo_fail(err, s, "a pool of %zu threads with %zu waiting", threads, size);
        goto fail;
    }
    s = vo_lock_create(&p->lock, err);
    for (size_t i = 0; i < threads && s == VO_OK; i++) {
        p->hands[i] = (hand){.pool = p, .index = i};
        vo_task *task = NULL;
        s = vo_task_start(serve, &p->hands[i], &task, err);
        if (s == VO_OK) begun(p, i, task);
    }
    if (s != VO_OK) goto fail;
    *out = p;
    return VO_OK;
fail:
    vo_pool_free(p);
    return s;
}

bool vo_pool_submit(vo_pool *p, void *item, bool heavy) {
    vo_lock_take(p->lock);
    line *l = &p->lines[heavy ? HEAVY : LIGHT];
    const bool room = l->waiting < l->size && !p->ending;
    if (room) {
        l->at[(l->first + l->waiting) % l->size] = (place){item, vo_clock_monotonic_s()};
        l->waiting++;
        if (p->asleep > 0) vo_lock_wake_one(p->lock);
    }
    vo_lock_release(p->lock);
    return room;
}

void *vo_pool_overdue(vo_pool *p) {
    void *item = NULL;
    const double now_s = vo_clock_monotonic_s();
    vo_lock_take(p->lock);
    for (int i = 0; i < LINES && !item; i++) {
        line *l = &p->lines[i];
        if (l->waiting > 0 && now_s - l->at[l->first].since_s > p->deadline_s)
            item = take(l).item;
    }
    vo_lock_release(p->lock);
    return item;
}

size_t vo_pool_waiting(const vo_pool *p) {
    vo_lock_take(p->lock);
    const size_t n = p->lines[LIGHT].waiting + p->lines[HEAVY].waiting;
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
    for (int i = 0; i < LINES; i++) free(p->lines[i].at);
    free(p->hands);
    free(p);
}
