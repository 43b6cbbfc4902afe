/* task.h -- threads that live, and locks to wait at. Work of a known size is thread.h's. */
#ifndef VO_PORT_TASK_H
#define VO_PORT_TASK_H

#include <stdbool.h>

#include <volteo/status.h>

typedef struct vo_task vo_task;

/* Runs `run(ctx)` on a thread of its own, with all signals blocked. */
vo_status vo_task_start(void (*run)(void *ctx), void *ctx, vo_task **out, vo_error *err);
void vo_task_join(vo_task *t); /* waits for its end and frees it; accepts NULL */

/* A mutex with one condition. */
typedef struct vo_lock vo_lock;
vo_status vo_lock_create(vo_lock **out, vo_error *err);
void vo_lock_free(vo_lock *l); /* accepts NULL */
void vo_lock_take(vo_lock *l);
void vo_lock_release(vo_lock *l);
/* Holding it: lets go, waits for a wake (or seconds; < 0: for ever; wakes may be spurious), takes
 * it again. false: the time was up. */
bool vo_lock_wait(vo_lock *l, double seconds);
void vo_lock_wake_one(vo_lock *l);
void vo_lock_wake_all(vo_lock *l);

#endif
