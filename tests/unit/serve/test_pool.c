/* test_pool.c -- each test states one promise of pool.h; all of it is about threads. */
#include "serve/pool.h"

#include <criterion/criterion.h>
#include <stdatomic.h>
#include <stdint.h>

#include "port/task.h"

enum { FIRST_LIGHT = 5 }; /* where a test has heavy items at all */

/* Items are positions of `done`; a gate lets the test hold the pool's threads. */
typedef struct {
    vo_lock *lock;
    bool open;
    atomic_int begun, begun_light, late, wrong_worker;
    atomic_int done[2000];
    size_t threads;
} desk;

static void work(void *ctx, void *item, size_t worker, bool late) {
    desk *d = ctx;
    if ((uintptr_t)item - 1 >= FIRST_LIGHT) atomic_fetch_add(&d->begun_light, 1);
    atomic_fetch_add(&d->begun, 1);
    vo_lock_take(d->lock);
    while (!d->open) vo_lock_wait(d->lock, -1);
    vo_lock_release(d->lock);
    if (worker >= d->threads) atomic_fetch_add(&d->wrong_worker, 1);
    if (late) atomic_fetch_add(&d->late, 1);
    atomic_fetch_add(&d->done[(uintptr_t)item - 1], 1);
}

static void *item(size_t i) { return (void *)(uintptr_t)(i + 1); }

static vo_pool *open_pool(desk *d, size_t threads, size_t line, double deadline_s, bool open) {
    vo_pool *p = NULL;
    d->threads = threads;
    d->open = open;
    cr_assert_eq(vo_lock_create(&d->lock, NULL), VO_OK);
    cr_assert_eq(vo_pool_create(threads, line, deadline_s, work, d, &p, NULL), VO_OK);
    return p;
}

static void open_gate(desk *d) {
    vo_lock_take(d->lock);
    d->open = true;
    vo_lock_wake_all(d->lock);
    vo_lock_release(d->lock);
}

static desk at; /* large, and zeroed: each test is a process of its own */

Test(pool, every_item_is_done_exactly_once) {
    vo_pool *p = open_pool(&at, 4, 2000, 60, true);
    for (size_t i = 0; i < 2000; i++) cr_assert(vo_pool_submit(p, item(i), false));
    vo_pool_free(p);
    for (size_t i = 0; i < 2000; i++) cr_expect_eq(atomic_load(&at.done[i]), 1, "item %zu", i);
    cr_expect_eq(atomic_load(&at.wrong_worker), 0);
    cr_expect_eq(atomic_load(&at.late), 0);
    vo_lock_free(at.lock);
}

Test(pool, says_at_once_when_the_line_is_full) {
    vo_pool *p = open_pool(&at, 1, 3, 60, false);
    cr_assert(vo_pool_submit(p, item(0), false));
    while (atomic_load(&at.begun) == 0) { /* the thread has taken it and stands at the gate */
    }
    for (size_t i = 1; i <= 3; i++) cr_assert(vo_pool_submit(p, item(i), false));
    cr_expect_eq((int)vo_pool_waiting(p), 3);
    cr_expect_eq((int)vo_pool_busy(p), 1);
    cr_expect_not(vo_pool_submit(p, item(4), false));
    open_gate(&at);
    vo_pool_free(p);
    for (size_t i = 0; i < 4; i++) cr_expect_eq(atomic_load(&at.done[i]), 1);
    cr_expect_eq(atomic_load(&at.done[4]), 0);
    vo_lock_free(at.lock);
}

Test(pool, what_waited_longer_than_its_deadline_is_marked_late) {
    vo_pool *p = open_pool(&at, 1, 10, 0, true); /* whatever waits at all */
    for (size_t i = 0; i < 10; i++) cr_assert(vo_pool_submit(p, item(i), false));
    vo_pool_free(p);
    cr_expect_eq(atomic_load(&at.late), 10);
    vo_lock_free(at.lock);
}

Test(pool, threads_work_at_the_same_time) {
    vo_pool *p = open_pool(&at, 3, 10, 60, false);
    for (size_t i = 0; i < 3; i++) cr_assert(vo_pool_submit(p, item(i), false));
    while (atomic_load(&at.begun) <
           3) { /* all three stand at the gate: none waits for another */
    }
    cr_expect_eq((int)vo_pool_busy(p), 3);
    open_gate(&at);
    vo_pool_free(p);
    vo_lock_free(at.lock);
}

Test(pool, a_thread_that_sleeps_is_woken, .timeout = 60) {
    vo_pool *p = open_pool(&at, 1, 10, 60, true);
    for (size_t i = 0; i < 200; i++) { /* it has time to fall asleep between them */
        cr_assert(vo_pool_submit(p, item(i), false));
        while (atomic_load(&at.done[i]) == 0 || vo_pool_busy(p) > 0) {
        }
    }
    vo_pool_free(p);
    vo_lock_free(at.lock);
}

static bool submit(vo_pool *p, size_t i) { return vo_pool_submit(p, item(i), i < FIRST_LIGHT); }

Test(pool, heavy_items_leave_one_thread_to_the_light_ones, .timeout = 20) {
    vo_pool *p = open_pool(&at, 3, 10, 60, false);
    for (size_t i = 0; i < 5; i++) cr_assert(submit(p, i));
    while (atomic_load(&at.begun) < 2) {
    }
    for (size_t i = 5; i < 10; i++) cr_assert(submit(p, i));
    while (atomic_load(&at.begun_light) < 1 || atomic_load(&at.begun) < 3) {
    } /* though heavy ones came before it */
    cr_expect_eq(atomic_load(&at.begun), 3);
    cr_expect_eq((int)vo_pool_waiting(p), 3 + 4);
    open_gate(&at);
    vo_pool_free(p);
    for (size_t i = 0; i < 10; i++) cr_expect_eq(atomic_load(&at.done[i]), 1);
    vo_lock_free(at.lock);
}

static void note_order(void *ctx, void *which, size_t worker, bool late) {
    desk *d = ctx;
    static atomic_int n;
    vo_lock_take(d->lock);
    while (!d->open) vo_lock_wait(d->lock, -1);
    vo_lock_release(d->lock);
    (void)worker;
    (void)late;
    atomic_store(&d->done[(uintptr_t)which - 1], atomic_fetch_add(&n, 1) + 1);
}

Test(pool, of_a_single_thread_the_light_ones_have_the_first_word) {
    vo_pool *p = NULL;
    cr_assert_eq(vo_lock_create(&at.lock, NULL), VO_OK);
    cr_assert_eq(vo_pool_create(1, 10, 60, note_order, &at, &p, NULL), VO_OK);
    cr_assert(submit(p, 5));
    while (vo_pool_busy(p) == 0) {
    }
    for (size_t i = 0; i < 2; i++) cr_assert(submit(p, i));
    for (size_t i = 6; i < 8; i++) cr_assert(submit(p, i));
    open_gate(&at);
    vo_pool_free(p);
    static const int order[] = {4, 5, 0, 0, 0, 1, 2, 3};
    for (size_t i = 0; i < 8; i++) cr_expect_eq(atomic_load(&at.done[i]), order[i], "%zu", i);
    vo_lock_free(at.lock);
}

Test(pool, what_waits_too_long_can_be_taken_out_of_either_line_and_is_not_done) {
    vo_pool *p = open_pool(&at, 1, 3, 0, false);
    cr_assert(submit(p, 5));
    while (atomic_load(&at.begun) == 0) {
    }
    cr_assert(submit(p, 6) && submit(p, 7) && submit(p, 0));
    int taken = 0;
    while (taken < 3) { /* a deadline of 0 is over as soon as the clock has moved */
        const void *late = vo_pool_overdue(p);
        taken += late != NULL;
        cr_expect(!late || late == item(6) || late == item(7) || late == item(0));
    }
    cr_expect_null(vo_pool_overdue(p));
    cr_expect_eq((int)vo_pool_waiting(p), 0);
    open_gate(&at);
    vo_pool_free(p);
    cr_expect_eq(atomic_load(&at.begun), 1);
    vo_lock_free(at.lock);
}

Test(pool, nothing_is_overdue_before_its_time) {
    vo_pool *p = open_pool(&at, 1, 3, 3600, false);
    cr_assert(submit(p, 5) && submit(p, 6) && submit(p, 0));
    cr_expect_null(vo_pool_overdue(p));
    open_gate(&at);
    vo_pool_free(p);
    cr_expect_eq(atomic_load(&at.begun), 3);
    vo_lock_free(at.lock);
}

Test(pool, refuses_sizes_outside_their_bounds) {
    vo_pool *p = NULL;
    vo_error err = {0};
    cr_expect_eq(vo_pool_create(0, 1, 1, work, NULL, &p, &err), VO_EINVAL);
    cr_expect_str_eq(err.msg, "threads = 0: must be in 1..1024");
    cr_expect_eq(vo_pool_create(1, 0, 1, work, NULL, &p, &err), VO_EINVAL);
    cr_expect_str_eq(err.msg, "line = 0: must be in 1..1000000");
    cr_expect_null(p);
    vo_pool_free(NULL);
}
