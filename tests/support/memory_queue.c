/* memory_queue.c -- see memory_queue.h. Written to be obviously right: one list, one lock. */
#include "support/memory_queue.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jobs/queue_back.h"
#include "port/task.h"

#define MOST 512

typedef struct {
    vo_delivery d;
    int64_t ready_ms, lease_ms;
} message;

typedef struct {
    vo_queue q;
    vo_lock *lock;
    message m[MOST];
    size_t n;
    int64_t tokens;
    int lose, refuse;
} memory;

static memory *of(const vo_queue *q) {
    union {
        const vo_queue *from;
        memory *to;
    } cast = {q};
    return cast.to;
}

static message *find(memory *m, const char *id) {
    for (size_t i = 0; i < m->n; i++)
        if (strcmp(m->m[i].d.id, id) == 0) return &m->m[i];
    return NULL;
}

/* Still this delivery's? */
static message *held(memory *m, const vo_delivery *d) {
    message *x = find(m, d->id);
    return x && x->d.token == d->token && x->lease_ms > 0 ? x : NULL;
}

static vo_status enter(memory *m, vo_error *err) {
    vo_lock_take(m->lock);
    if (m->refuse == 0) return VO_OK;
    m->refuse--;
    vo_lock_release(m->lock);
    return vo_fail(err, VO_EIO, "the queue does not answer");
}

static void close_memory(vo_queue *q) {
    vo_lock_free(of(q)->lock);
    free(q);
}

static bool joins(const vo_queue *q, const vo_database *db) { return q == NULL && db == NULL; }

static vo_status push(vo_queue *q, const char *id, int64_t ready_ms, vo_error *err) {
    memory *m = of(q);
    const vo_status st = enter(m, err);
    if (st != VO_OK) return st;
    message *old = find(m, id);
    if (m->lose > 0) {
        m->lose--;
    } else if (old) {
        if (old->lease_ms == 0 && ready_ms < old->ready_ms) old->ready_ms = ready_ms;
    } else {
        cr_assert_lt(m->n, (size_t)MOST);
        message *x = &m->m[m->n++];
        *x = (message){.ready_ms = ready_ms};
        snprintf(x->d.id, sizeof x->d.id, "%s", id);
    }
    vo_lock_release(m->lock);
    return VO_OK;
}

static vo_status take(vo_queue *q, const char *worker, int64_t now_ms, int64_t lease_ms,
                      vo_delivery *out, bool *any, vo_error *err) {
    (void)worker;
    memory *m = of(q);
    const vo_status st = enter(m, err);
    if (st != VO_OK) return st;
    message *best = NULL;
    for (size_t i = 0; i < m->n; i++) {
        message *x = &m->m[i];
        if (x->ready_ms > now_ms || x->lease_ms > now_ms) continue;
        if (!best || x->ready_ms < best->ready_ms ||
            (x->ready_ms == best->ready_ms && strcmp(x->d.id, best->d.id) < 0))
            best = x;
    }
    *any = best != NULL;
    if (best) {
        best->lease_ms = now_ms + lease_ms;
        best->d.token = ++m->tokens;
        best->d.deliveries++;
        *out = best->d;
    }
    vo_lock_release(m->lock);
    return VO_OK;
}

static vo_status extend(vo_queue *q, const vo_delivery *d, int64_t now_ms, int64_t lease_ms,
                        bool *is_held, vo_error *err) {
    memory *m = of(q);
    const vo_status st = enter(m, err);
    if (st != VO_OK) return st;
    message *x = held(m, d);
    *is_held = x != NULL;
    if (x) x->lease_ms = now_ms + lease_ms;
    vo_lock_release(m->lock);
    return VO_OK;
}

static vo_status ack(vo_queue *q, const vo_delivery *d, vo_error *err) {
    memory *m = of(q);
    const vo_status st = enter(m, err);
    if (st != VO_OK) return st;
    message *x = held(m, d);
    if (x) *x = m->m[--m->n];
    vo_lock_release(m->lock);
    return VO_OK;
}

static vo_status retry(vo_queue *q, const vo_delivery *d, int64_t ready_ms, vo_error *err) {
    memory *m = of(q);
    const vo_status st = enter(m, err);
    if (st != VO_OK) return st;
    message *x = held(m, d);
    if (x) {
        x->ready_ms = ready_ms;
        x->lease_ms = 0;
    }
    vo_lock_release(m->lock);
    return VO_OK;
}

static vo_status depth(vo_queue *q, int64_t now_ms, int64_t *ready, int64_t *leased,
                       vo_error *err) {
    memory *m = of(q);
    const vo_status st = enter(m, err);
    if (st != VO_OK) return st;
    *ready = *leased = 0;
    for (size_t i = 0; i < m->n; i++) {
        *leased += m->m[i].lease_ms > now_ms;
        *ready += m->m[i].lease_ms <= now_ms && m->m[i].ready_ms <= now_ms;
    }
    vo_lock_release(m->lock);
    return VO_OK;
}

vo_queue *memory_queue_open(void) {
    static const vo_queue_back back = {close_memory, joins, push,  take,
                                       extend,       ack,   retry, depth};
    memory *m = calloc(1, sizeof *m);
    cr_assert_not_null(m);
    cr_assert_eq(vo_lock_create(&m->lock, NULL), VO_OK);
    m->q.back = &back;
    return &m->q;
}

void memory_queue_lose(vo_queue *q, int pushes) { of(q)->lose = pushes; }
void memory_queue_refuse(vo_queue *q, int calls) { of(q)->refuse = calls; }
