/* test_thread.c -- each test states one promise of thread.h. */
#include "port/thread.h"

#include <criterion/criterion.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define N 20000

typedef struct {
    atomic_int times[N];
    atomic_int busy[64]; /* per worker: 1 while it works */
    size_t threads;
    atomic_bool bad_worker;
} census;

static vo_status count(void *ctx, size_t i, size_t worker, vo_error *err) {
    census *c = ctx;
    (void)err;
    if (worker >= c->threads || atomic_exchange(&c->busy[worker], 1) != 0)
        atomic_store(&c->bad_worker, true);
    atomic_fetch_add(&c->times[i], 1);
    atomic_store(&c->busy[worker], 0);
    return VO_OK;
}

/* And no two calls share a worker number at one time: its workspace is its own. */
Test(thread, every_index_is_worked_on_exactly_once) {
    for (size_t threads = 1; threads <= 8; threads++) {
        census *c = calloc(1, sizeof *c);
        c->threads = threads;
        cr_assert_eq(vo_thread_for(N, threads, count, c, NULL), VO_OK);
        for (size_t i = 0; i < N; i++) cr_assert_eq(atomic_load(&c->times[i]), 1);
        cr_assert_not(atomic_load(&c->bad_worker));
        free(c);
    }
}

Test(thread, no_work_is_no_error_and_zero_threads_means_all_cores) {
    census *c = calloc(1, sizeof *c);
    c->threads = 64;
    cr_assert_eq(vo_thread_for(0, 4, count, c, NULL), VO_OK);
    cr_assert_eq(atomic_load(&c->times[0]), 0);
    cr_assert_eq(vo_thread_for(3, 0, count, c, NULL), VO_OK);
    cr_assert_eq(atomic_load(&c->times[2]), 1);
    cr_assert_eq(atomic_load(&c->times[3]), 0);
    cr_assert_geq(vo_thread_count(), 1u);
    free(c);
}

/* Every call waits until all have begun: so each has a thread of its own. */
typedef struct {
    size_t n;
    atomic_size_t begun;
    atomic_int seen[16];
} meeting;

static vo_status meet(void *ctx, size_t i, size_t worker, vo_error *err) {
    meeting *m = ctx;
    (void)i;
    (void)err;
    if (worker < 16) atomic_fetch_add(&m->seen[worker], 1);
    atomic_fetch_add(&m->begun, 1);
    while (atomic_load(&m->begun) < m->n) sched_yield();
    return VO_OK;
}

Test(thread, as_many_threads_as_asked_for_are_numbered_from_zero) {
    meeting m = {.n = 6};
    cr_assert_eq(vo_thread_for(6, 6, meet, &m, NULL), VO_OK);
    for (int k = 0; k < 16; k++) cr_assert_eq(atomic_load(&m.seen[k]), k < 6);
}

/* Plain writes of the workers are seen by the caller: ThreadSanitizer checks it. */
static vo_status square(void *ctx, size_t i, size_t worker, vo_error *err) {
    (void)worker;
    (void)err;
    ((size_t *)ctx)[i] = i * i;
    return VO_OK;
}

Test(thread, results_do_not_depend_on_the_number_of_threads) {
    size_t *one = calloc(N, sizeof *one), *four = calloc(N, sizeof *four);
    cr_assert_eq(vo_thread_for(N, 1, square, one, NULL), VO_OK);
    cr_assert_eq(vo_thread_for(N, 4, square, four, NULL), VO_OK);
    cr_assert_eq(memcmp(one, four, N * sizeof *one), 0);
    cr_assert_eq(one[N - 1], (size_t)(N - 1) * (N - 1));
    free(one);
    free(four);
}

/* A calls for failures spread over the indexes; later ones come in sooner. */
static vo_status fail_some(void *ctx, size_t i, size_t worker, vo_error *err) {
    atomic_int *begun = ctx;
    (void)worker;
    atomic_fetch_add(begun, 1);
    if (i < 500) return VO_OK;
    if (i == 500) /* the first is slow: others fail before it does */
        for (volatile int k = 0; k < 200000; k++) continue;
    return vo_fail(err, i % 2 ? VO_EIO : VO_ENUMERIC, "item %zu", i);
}

Test(thread, the_failure_with_the_smallest_index_is_returned) {
    for (int round = 0; round < 200; round++) {
        atomic_int begun = 0;
        vo_error err = {0};
        cr_assert_eq(vo_thread_for(N, 4, fail_some, &begun, &err), VO_ENUMERIC);
        cr_assert_str_eq(err.msg, "item 500");
        cr_assert_eq(err.code, (int32_t)VO_ENUMERIC);
        cr_assert(begun >= 501 && begun < N, "%d begun", begun); /* the rest is skipped */
        cr_assert_eq(vo_thread_for(N, 4, fail_some, &begun, NULL), VO_ENUMERIC);
    }
}
