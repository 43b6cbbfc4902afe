/* attempt.h -- one delivery, from taking it to giving it back; and the sweep for lost messages.
 *
 * Where the queue lives in the job book's database, taking and beginning are one transaction, and
 * so are closing and giving back: fewer syncs, and no instant between. Nothing depends on it: with
 * any other queue they follow one another, and whatever a crash leaves between them is put right by
 * the next delivery (a job that is over is only acknowledged) or by the sweep.
 *
 * Threads: an attempt is run by one; beat, and the work's `told`, may come from others.
 */
#ifndef VO_JOBS_ATTEMPT_H
#define VO_JOBS_ATTEMPT_H

#include "jobs/worker.h"

typedef struct vo_attempt vo_attempt;

/* For the life of a thread: one at a time is under way. The settings are borrowed. */
vo_status vo_attempt_create(const vo_worker_settings *s, vo_attempt **out, vo_error *err);
void vo_attempt_free(vo_attempt *a); /* accepts NULL */

typedef enum {
    VO_ATTEMPT_NOTHING, /* the queue has nothing ready                                   */
    VO_ATTEMPT_DROPPED, /* a delivery without work: over, cancelled, dead, or unknown    */
    VO_ATTEMPT_BEGUN    /* to be run                                                     */
} vo_attempt_found;

/* A delivery whose id is not in the book is acknowledged and told as event "job_unknown". */
vo_status vo_attempt_take(vo_attempt *a, vo_attempt_found *found, vo_error *err);

/* Runs what was begun and closes it. Failing to write down how it ended (VO_EIO, after some
 * tries): the lease runs out, and the job is begun again. */
vo_status vo_attempt_run(vo_attempt *a, vo_error *err);

/* Extends the lease of the one under way, and hears whether it is cancelled or lost. */
vo_status vo_attempt_beat(vo_attempt *a, vo_error *err);

void vo_attempt_ask_to_stop(vo_attempt *a); /* the worker stops: hand it back */

/* backoff * 2^(attempt-1), half to one and a half of it by chance that id and attempt decide, at
 * most an hour. */
int64_t vo_attempt_backoff_ms(int64_t backoff_ms, const char *id, int32_t attempt);

/* Puts messages of silent jobs into the queue again; *n: how many jobs. */
vo_status vo_attempt_sweep(const vo_worker_settings *s, size_t *n, vo_error *err);

#endif
