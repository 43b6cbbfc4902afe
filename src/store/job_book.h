/* job_book.h -- a row per job: what was asked, how far it is, what came of it.
 *
 * The queue (jobs/queue.h) delivers at least once; this book makes it once: every beginning is
 * numbered (the fence, which never falls), and only the one that is current may tell progress or
 * finish. A job with an idempotency key that exists is the one that exists.
 *
 *   queued -> running -> done | failed (refused: bad input, nothing to retry)
 *      |         |-> queued (a passing failure, until max_attempts; then dead)
 *      |         |-> queued (handed back by a worker that stops: costs no attempt)
 *      |         |-> running (its worker was lost: killed, or cut off from the lease. That says
 *      |         |            nothing against the job, so it costs no attempt; but one that
 *      |         |            takes its worker with it each time must end: VO_JOB_LOSSES, dead)
 *      |         '-> cancelled
 *      '-> cancelled
 *
 * Every change of state is also an event (event_log.h), in the same transaction:
 *   "job"          {"job", "kind", "state", "attempt", and where known "owner", "error"}
 *   "job_progress" {"job", "kind", "progress", "phase", "metrics"}
 * Times: milliseconds since 1970 UTC, the caller's.
 */
#ifndef VO_STORE_JOB_BOOK_H
#define VO_STORE_JOB_BOOK_H

#include "store/database.h"

#define VO_JOB_ID 40 /* "j_" and 26 letters that sort by time */
#define VO_JOB_KIND 24
#define VO_JOB_KEY 256   /* idempotency key */
#define VO_JOB_LOSSES 20 /* so many lost workers are a job's own doing */

// clang-format off
#define VO_JOB_STATE_MAP(X)                                                                     \
    X(QUEUED,    "queued",    false)                                                            \
    X(RUNNING,   "running",   false)                                                            \
    X(DONE,      "done",      true)                                                             \
    X(FAILED,    "failed",    true)  /* refused: the request is wrong                        */ \
    X(DEAD,      "dead",      true)  /* failed in passing max_attempts times, or lost too many workers */ \
    X(CANCELLED, "cancelled", true)
// clang-format on

typedef enum {
#define X(name, text, over) VO_JOB_##name,
    VO_JOB_STATE_MAP(X) VO_JOB_STATES
#undef X
} vo_job_state;
const char *vo_job_state_name(vo_job_state s);
vo_status vo_job_state_parse(const char *name, vo_job_state *out, vo_error *err);
bool vo_job_state_over(vo_job_state s);

/* Strings of a job that was read are valid during the call that hands it over. */
typedef struct {
    char id[VO_JOB_ID], kind[VO_JOB_KIND];
    vo_job_state state;
    const char *request;           /* the document                          */
    const char *response;          /* of a done one, else NULL              */
    const char *error;             /* a sentence, or NULL                   */
    const char *key;               /* idempotency key, or NULL              */
    const char *owner;             /* API key id, "" without                */
    const char *phase;             /* what it is doing, "" not known        */
    const char *metrics;           /* JSON object of the last progress, or NULL */
    double progress;               /* 0..1 */
    int32_t attempt, max_attempts; /* attempt: of those that count, from 1; 0: none yet */
    int32_t losses;                /* workers lost at it */
    int32_t fence;                 /* of the beginning that is current                  */
    bool cancel_asked;
    int64_t created_ms, started_ms, ended_ms, beat_ms; /* 0: not yet */
} vo_job;

vo_status vo_job_book_migrate(vo_database *db, vo_error *err);

typedef struct {
    const char *kind, *request, *key, *owner; /* key NULL: none */
    int32_t max_attempts;                     /* 0: 3           */
} vo_job_order;

/* Accepted when it returns VO_OK. *existed: there was one with this key and owner, whose id is
 * given; VO_EINVAL if that one's kind or request is another. `push` (or NULL) is called in the
 * same transaction for a new one: where the queue lives in this database, that makes both one.
 * (jobs/accept.h does it right for any queue.) Ids are in the order of acceptance. */
vo_status vo_job_book_add(vo_database *db, const vo_job_order *o, int64_t now_ms,
                          vo_status (*push)(void *ctx, const char *id, vo_error *err),
                          void *ctx, char id[VO_JOB_ID], bool *existed, vo_error *err);

typedef vo_status (*vo_job_told)(void *ctx, const vo_job *j, vo_error *err);
vo_status vo_job_book_get(vo_database *db, const char *id, vo_job_told told, void *ctx,
                          vo_error *err); /* VO_ENOTFOUND */

typedef struct {
    const char *kind, *owner; /* NULL: all */
    int32_t state;            /* < 0: all  */
    const char *before;       /* id: older than this one; NULL: from the newest */
    size_t most;
    bool whole; /* with request and response, else those are NULL */
} vo_job_query;
vo_status vo_job_book_list(vo_database *db, const vo_job_query *q, vo_job_told told, void *ctx,
                           vo_error *err);

/* A delivery begins: the next attempt, or, where it is running already, the same once more: its
 * worker is taken for lost. *go false: nothing to do (it is over; or it is closed here: cancelled,
 * or dead of VO_JOB_LOSSES); true: *fence is its number, and `told` (or NULL) is handed the job.
 * VO_ENOTFOUND: not in the book. */
vo_status vo_job_book_begin(vo_database *db, const char *id, int64_t now_ms, bool *go,
                            int32_t *fence, vo_job_told told, void *ctx, vo_error *err);

/* All of these: *current false (and nothing changed) if `fence` is no longer the current one,
 * or the job is not running. Outputs may be NULL. progress: 0..1; metrics: a JSON object or NULL
 * (as it was). */
vo_status vo_job_book_progress(vo_database *db, const char *id, int32_t fence,
                               const char *phase, double progress, const char *metrics,
                               int64_t now_ms, bool *current, bool *cancel_asked,
                               vo_error *err);
/* It is still being worked at: no event. */
vo_status vo_job_book_beat(vo_database *db, const char *id, int32_t fence, int64_t now_ms,
                           bool *current, bool *cancel_asked, vo_error *err);
/* end: DONE (response), FAILED (error) or CANCELLED. */
vo_status vo_job_book_finish(vo_database *db, const char *id, int32_t fence, vo_job_state end,
                             const char *response, const char *error, int64_t now_ms,
                             bool *current, vo_error *err);
/* A passing failure: queued again for ready_ms, or dead (cancelled, if that was asked); *again
 * says whether it is queued. */
vo_status vo_job_book_fail(vo_database *db, const char *id, int32_t fence, const char *error,
                           int64_t now_ms, int64_t ready_ms, bool *current, bool *again,
                           vo_error *err);
/* Handed back unfinished by a worker that stops: queued (cancelled, if that was asked), and the
 * attempt does not count. */
vo_status vo_job_book_release(vo_database *db, const char *id, int32_t fence, int64_t now_ms,
                              bool *current, bool *again, vo_error *err);

/* A queued one is cancelled at once, a running one is asked to stop. *state: as it is now.
 * VO_ENOTFOUND. */
vo_status vo_job_book_cancel(vo_database *db, const char *id, int64_t now_ms,
                             vo_job_state *state, vo_error *err);
/* A dead, failed or cancelled one is queued again with its attempts and losses at 0. VO_EINVAL: it is not
 * over, or done. */
vo_status vo_job_book_requeue(vo_database *db, const char *id, int64_t now_ms,
                              vo_status (*push)(void *ctx, const char *id, vo_error *err),
                              void *ctx, vo_error *err);
vo_status vo_job_book_counts(vo_database *db, int64_t count[VO_JOB_STATES], vo_error *err);
/* Those not over of which nothing was heard since then although they were ready or running:
 * their message may be lost (a queue that lives elsewhere). `told` each, at most `most`. */
vo_status vo_job_book_waiting(vo_database *db, int64_t older_than_ms, size_t most,
                              vo_job_told told, void *ctx, vo_error *err);
/* Its message was put into the queue once more: silence counts from now. */
vo_status vo_job_book_pushed(vo_database *db, const char *id, int64_t now_ms, vo_error *err);
/* Removes those over since before then. *n of them. */
vo_status vo_job_book_trim(vo_database *db, int64_t ended_before_ms, int64_t *n, vo_error *err);

#endif
