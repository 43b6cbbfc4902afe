/* worker.h -- threads that take jobs from the queue and run them until told to stop.
 *
 * A running job's lease is extended by a thread of its own (a third of the lease), whether or not
 * the work says anything. A worker that is killed loses its lease; the job is then begun again by
 * whoever takes it, which counts as a loss and not as an attempt (job_book.h). Passing failures (VO_EIO, VO_ENOMEM) are tried again after
 * backoff_ms * 2^(attempt-1) with jitter, at most an hour; others are refusals. The same thread
 * sweeps: a job whose message the queue has lost is put into it again.
 * What happens to one delivery is attempt.h.
 */
#ifndef VO_JOBS_WORKER_H
#define VO_JOBS_WORKER_H

#include "jobs/queue.h"

/* What a job does. `told` is to be called now and then from any thread: metrics is a JSON object
 * or NULL; false: stop with VO_ECANCELED (cancelled, lease lost, or the worker stops). It is cheap
 * to call often: what is told within 250 ms of the last is not written down. The job's id is the
 * key under which lasting effects are to be made once: an earlier attempt may have been cut off
 * at any point, or still be about to notice that it has lost its lease. *response is malloc'ed
 * JSON; NULL stands for null. */
typedef struct {
    const char *id, *kind, *request;
    int32_t attempt; /* from 1 */
    bool (*told)(void *ctx, const char *phase, double fraction, const char *metrics);
    void *told_ctx;
} vo_job_run;
typedef vo_status (*vo_job_work)(void *ctx, const vo_job_run *run, char **response,
                                 vo_error *err);

typedef struct {
    vo_database *db; /* the job book; borrowed, as the queue */
    vo_queue *queue;
    vo_job_work work;
    void *work_ctx;
    int32_t threads;              /* 1; 0..256: with 0 the caller runs attempts himself */
    int64_t lease_ms;             /* 30 000 */
    int64_t backoff_ms;           /* 2 000  */
    int64_t poll_ms;              /* 500: how often the queue is looked at without a wake */
    int64_t sweep_ms;             /* 60 000: how often for lost messages, and how long a silence
                                     beyond two leases makes one */
    const char *name;             /* of this worker, for people; NULL: made up; borrowed */
    int64_t (*now_ms)(void *ctx); /* NULL: the machine's clock */
    void *now_ctx;
    /* After every change that others may want to hear of (an event was added); any thread. */
    void (*changed)(void *ctx);
    void *changed_ctx;
    /* The database or the queue refused, or an effect could not be written down (or NULL); any
     * thread. The worker goes on by itself. */
    void (*trouble)(void *ctx, const vo_error *err);
    void *trouble_ctx;
} vo_worker_settings;

vo_worker_settings vo_worker_settings_default(void);

typedef struct vo_worker vo_worker;
/* Settings are copied. VO_EINVAL: names the setting. */
vo_status vo_worker_start(const vo_worker_settings *s, vo_worker **out, vo_error *err);
void vo_worker_wake(vo_worker *w); /* a job was pushed here */
/* Takes no more; running jobs are asked to stop after grace_s and go back to the queue without
 * losing an attempt. Returns when all threads have ended. */
void vo_worker_stop(vo_worker *w, double grace_s);
void vo_worker_free(vo_worker *w); /* accepts NULL; stops it first */

#endif
