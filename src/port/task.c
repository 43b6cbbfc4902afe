/* task.c -- POSIX threads. Waiting is by the monotonic clock, so that nobody sleeps longer
 * because the time of day was set. */
#include "port/task.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct vo_task {
    pthread_t thread;
    void (*run)(void *ctx);
    void *ctx;
};

static void *begin(void *arg) {
    const vo_task *t = arg;
    t->run(t->ctx);
    return NULL;
}

vo_status vo_task_start(void (*run)(void *ctx), void *ctx, vo_task **out, vo_error *err) {
    vo_task *t = calloc(1, sizeof *t);
    if (!t) return vo_fail(err, VO_ENOMEM, "a thread");
    t->run = run;
    t->ctx = ctx;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    const int e = pthread_create(&t->thread, NULL, begin, t);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (e != 0) {
        free(t);
        return vo_fail(err, VO_EIO, "a thread cannot be started: %s", strerror(e));
    }
    *out = t;
    return VO_OK;
}

void vo_task_join(vo_task *t) {
    if (!t) return;
    pthread_join(t->thread, NULL);
    free(t);
}

struct vo_lock {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
};

vo_status vo_lock_create(vo_lock **out, vo_error *err) {
    vo_lock *l = calloc(1, sizeof *l);
    if (!l) return vo_fail(err, VO_ENOMEM, "a lock");
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&l->mutex, NULL);
    pthread_cond_init(&l->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    *out = l;
    return VO_OK;
}

void vo_lock_free(vo_lock *l) {
    if (!l) return;
    pthread_cond_destroy(&l->changed);
    pthread_mutex_destroy(&l->mutex);
    free(l);
}

void vo_lock_take(vo_lock *l) { pthread_mutex_lock(&l->mutex); }
void vo_lock_release(vo_lock *l) { pthread_mutex_unlock(&l->mutex); }
void vo_lock_wake_one(vo_lock *l) { pthread_cond_signal(&l->changed); }
void vo_lock_wake_all(vo_lock *l) { pthread_cond_broadcast(&l->changed); }

bool vo_lock_wait(vo_lock *l, double seconds) {
    if (!(seconds >= 0)) {
        pthread_cond_wait(&l->changed, &l->mutex);
        return true;
    }
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    const double whole = floor(fmin(seconds, 1e9));
    until.tv_sec += (time_t)whole;
    until.tv_nsec += (long)((fmin(seconds, 1e9) - whole) * 1e9);
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    return pthread_cond_timedwait(&l->changed, &l->mutex, &until) != ETIMEDOUT;
}
