/* thread.c -- see thread.h for the contract.
 *
 * Threads take the next index from one counter. An index is taken only while nothing has
 * failed, and once taken it is worked on: so every index below a failed one has been worked on
 * too, and the failure with the smallest index is the same however the threads were timed.
 */
#define _GNU_SOURCE /* sched_getaffinity: the cores that a container or taskset left us */
#include "port/thread.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#define MAX_THREADS 256

/* A control group may grant less time than there are cores. 0: no such limit. */
static size_t quota_cores(void) {
    long long quota, period;
    FILE *f = fopen("/sys/fs/cgroup/cpu.max", "re");
    if (!f) return 0;
    const int fields = fscanf(f, "%lld %lld", &quota, &period);
    fclose(f);
    if (fields != 2 || quota <= 0 || period <= 0) return 0;
    return (size_t)((quota + period - 1) / period);
}

size_t vo_thread_count(void) {
    cpu_set_t set;
    long cores = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set)
                                                             : sysconf(_SC_NPROCESSORS_ONLN);
    if (cores < 1) cores = 1;
    const size_t quota = quota_cores();
    return quota > 0 && quota < (size_t)cores ? quota : (size_t)cores;
}

typedef struct {
    size_t n;
    vo_thread_work work;
    void *ctx;
    atomic_size_t next;
    atomic_bool failed;
    pthread_mutex_t lock; /* guards what follows */
    size_t failed_index;
    vo_status status;
    vo_error error;
} job;

typedef struct {
    job *job;
    size_t worker;
    pthread_t thread;
} seat;

static void record(job *j, size_t i, vo_status st, const vo_error *e) {
    pthread_mutex_lock(&j->lock);
    if (j->status == VO_OK || i < j->failed_index) {
        j->failed_index = i;
        j->status = st;
        j->error = *e;
    }
    pthread_mutex_unlock(&j->lock);
    atomic_store(&j->failed, true);
}

static void *run(void *arg) {
    const seat *s = arg;
    job *j = s->job;
    while (!atomic_load(&j->failed)) {
        const size_t i = atomic_fetch_add(&j->next, 1);
        if (i >= j->n) break;
        vo_error e = {0};
        const vo_status st = j->work(j->ctx, i, s->worker, &e);
        if (st != VO_OK) record(j, i, st, &e);
    }
    return NULL;
}

vo_status vo_thread_for(size_t n, size_t threads, vo_thread_work work, void *ctx,
                        vo_error *err) {
    if (threads == 0) threads = vo_thread_count();
    if (threads > n) threads = n;
    if (threads > MAX_THREADS) threads = MAX_THREADS;
    if (n == 0) return VO_OK;

    job j = {.n = n, .work = work, .ctx = ctx, .status = VO_OK};
    atomic_init(&j.next, 0);
    atomic_init(&j.failed, false);
    pthread_mutex_init(&j.lock, NULL);

    /* The caller is worker 0. A thread that cannot be had leaves its share to the others. */
    seat seats[MAX_THREADS];
    size_t started = 1;
    seats[0] = (seat){.job = &j};
    for (; started < threads; started++) {
        seats[started] = (seat){.job = &j, .worker = started};
        if (pthread_create(&seats[started].thread, NULL, run, &seats[started]) != 0) break;
    }
    run(&seats[0]);
    for (size_t k = 1; k < started; k++) pthread_join(seats[k].thread, NULL);
    pthread_mutex_destroy(&j.lock);

    if (j.status != VO_OK && err) *err = j.error;
    return j.status;
}
