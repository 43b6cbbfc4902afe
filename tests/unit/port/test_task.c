/* test_task.c -- each test states one promise of task.h. */
#include "port/task.h"

#include <criterion/criterion.h>
#include <stdatomic.h>

#include "port/clock.h"

typedef struct {
    vo_lock *lock;
    int turn, rounds;
} table;

static void other_side(void *ctx) {
    table *t = ctx;
    vo_lock_take(t->lock);
    for (int i = 0; i < 1000; i++) {
        while (t->turn != 1) vo_lock_wait(t->lock, -1);
        t->turn = 0;
        t->rounds++;
        vo_lock_wake_all(t->lock);
    }
    vo_lock_release(t->lock);
}

Test(task, two_threads_take_turns_at_a_lock) {
    table t = {0};
    vo_task *task = NULL;
    cr_assert_eq(vo_lock_create(&t.lock, NULL), VO_OK);
    cr_assert_eq(vo_task_start(other_side, &t, &task, NULL), VO_OK);
    vo_lock_take(t.lock);
    for (int i = 0; i < 1000; i++) {
        t.turn = 1;
        vo_lock_wake_one(t.lock);
        while (t.turn != 0) vo_lock_wait(t.lock, -1);
    }
    vo_lock_release(t.lock);
    vo_task_join(task);
    cr_assert_eq(t.rounds, 1000);
    vo_lock_free(t.lock);
}

Test(task, waiting_ends_when_the_time_is_up_and_not_before) {
    vo_lock *lock = NULL;
    cr_assert_eq(vo_lock_create(&lock, NULL), VO_OK);
    vo_lock_take(lock);
    const double began = vo_clock_monotonic_s();
    while (vo_lock_wait(lock, 0.02) && vo_clock_monotonic_s() - began < 10) {
    }
    cr_assert_geq(vo_clock_monotonic_s() - began, 0.019);
    cr_assert_not(vo_lock_wait(lock, 0));
    vo_lock_release(lock);
    vo_lock_free(lock);
}

Test(task, nothing_is_freed_quietly) {
    vo_task_join(NULL);
    vo_lock_free(NULL);
}
