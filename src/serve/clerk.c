/* clerk.c -- see clerk.h for the contract. */
#include "serve/clerk.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "port/clock.h"
#include "port/task.h"
#include "store/event_log.h"
#include "store/job_book.h"

#define ROUND_S 1.0
#define WRITE_EVERY_S                                                                          \
    10.0 /* while it goes well; else each round, so that its end is seen soon */
#define TRIM_EVERY_S 3600.0

struct vo_clerk {
    vo_clerk_settings s;
    vo_scheduler *scheduler;
    vo_lock *lock; /* of `stopping` */
    bool stopping;
    vo_task *task;
    double written_s, trimmed_s;
    _Atomic(const char *) trouble;
};

const char *vo_clerk_trouble(const vo_clerk *c) { return atomic_load(&c->trouble); }

static void try_writing(vo_clerk *c, double now_s) {
    vo_error err = {0};
    if (!vo_clerk_trouble(c) && now_s - c->written_s < WRITE_EVERY_S) return;
    const vo_status s = vo_database_try_writing(c->s.db, &err);
    c->written_s = now_s;
    atomic_store(&c->trouble, s == VO_OK ? NULL
                                         : "nothing can be written to the state database: see "
                                           "the log");
    if (s != VO_OK) c->s.trouble(c->s.ctx, VO_CLERK_WRITING, &err);
}

static void step_schedules(vo_clerk *c) {
    vo_error err = {0};
    size_t made = 0;
    if (!c->scheduler) return;
    if (vo_scheduler_step(c->scheduler, vo_clock_utc_ms(), &made, &err) != VO_OK)
        c->s.trouble(c->s.ctx, VO_CLERK_SCHEDULES, &err);
    if (made > 0) c->s.made(c->s.ctx);
}

static void trim(vo_clerk *c, double now_s) {
    vo_error err = {0};
    int64_t n = 0;
    if (now_s - c->trimmed_s < TRIM_EVERY_S) return;
    const int64_t before_ms = vo_clock_utc_ms() - c->s.keep_jobs_ms;
    if (vo_event_log_trim(c->s.db, c->s.keep_events, &err) == VO_OK &&
        vo_job_book_trim(c->s.db, before_ms, &n, &err) == VO_OK)
        c->trimmed_s = now_s;
    else
        c->s.trouble(c->s.ctx, VO_CLERK_OLD, &err);
}

static void work(void *ctx) {
    vo_clerk *c = ctx;
    for (bool go = true; go;) {
        const double now_s = vo_clock_monotonic_s();
        try_writing(c, now_s);
        if (!vo_clerk_trouble(c)) {
            step_schedules(c);
            trim(c, now_s);
        }
        vo_lock_take(c->lock);
        if (!c->stopping) vo_lock_wait(c->lock, ROUND_S);
        go = !c->stopping;
        vo_lock_release(c->lock);
    }
}

vo_status vo_clerk_start(const vo_clerk_settings *s, vo_clerk **out, vo_error *err) {
    vo_clerk *c = calloc(1, sizeof *c);
    if (!c) return vo_fail(err, VO_ENOMEM, "a clerk");
    c->s = *s;
    c->written_s = c->trimmed_s = vo_clock_monotonic_s() - TRIM_EVERY_S;
    vo_status r = vo_lock_create(&c->lock, err);
    if (r == VO_OK && s->timetable)
        r = vo_scheduler_open(s->db, s->queue, s->timetable, vo_clock_utc_ms(), &c->scheduler,
                              err);
    if (r == VO_OK) r = vo_task_start(work, c, &c->task, err);
    if (r != VO_OK) {
        vo_clerk_free(c);
        return r;
    }
    *out = c;
    return VO_OK;
}

void vo_clerk_ask_to_stop(vo_clerk *c) {
    vo_lock_take(c->lock);
    c->stopping = true;
    vo_lock_wake_all(c->lock);
    vo_lock_release(c->lock);
}

void vo_clerk_free(vo_clerk *c) {
    if (!c) return;
    if (c->lock) vo_clerk_ask_to_stop(c);
    vo_task_join(c->task);
    vo_scheduler_close(c->scheduler);
    vo_lock_free(c->lock);
    free(c);
}
