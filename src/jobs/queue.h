/* queue.h -- the seam to whatever hands out work: at least once, one worker at a time.
 *
 * It carries ids, nothing else; what they stand for is in the job book, which also makes an
 * attempt current or not. That is what NATS JetStream can do, and no more is asked:
 *     push = publish with Nats-Msg-Id; take = pull one; extend = in progress; ack; retry = nak
 *     with delay; drop = term.
 * queue_local.c: a table in the state database. What a back-end looks like: queue_back.h.
 *
 * Threads and processes: a handle may be shared; any number of processes may take.
 * Times: milliseconds since 1970 UTC, the caller's. A clock that was ahead and is put right leaves
 * instants that lie too far ahead: nothing is made ready more than VO_QUEUE_DELAY_MS from now, nor
 * leased for more than VO_QUEUE_LEASE_MS, so what says so is ready, and its lease over.
 *
 * To add one: write queue_NAME.c with these functions, add it to vo_queue_open's list;
 * tests/suite/test_queue.c runs over it.
 */
#ifndef VO_JOBS_QUEUE_H
#define VO_JOBS_QUEUE_H

#include "store/job_book.h"

typedef struct vo_queue vo_queue;

#define VO_QUEUE_DELAY_MS INT64_C(3600000)  /* an hour */
#define VO_QUEUE_LEASE_MS INT64_C(86400000) /* a day   */

typedef struct {
    char id[VO_JOB_ID];
    int64_t token;      /* of this delivery; later ones have others */
    int32_t deliveries; /* this is the n-th, from 1                 */
} vo_delivery;

/* "local": in `db`, borrowed. VO_EUNSUPPORTED: another URL. */
vo_status vo_queue_open(const char *url, vo_database *db, vo_queue **out, vo_error *err);
void vo_queue_close(vo_queue *q); /* accepts NULL */

/* It lives in `db`: what is called inside a transaction of db is part of it. That is a gain in
 * speed where it is so; nobody may need it. */
bool vo_queue_joins(const vo_queue *q, const vo_database *db);

/* Ready at ready_ms. An id that waits already is not put twice: it is ready at the earlier of the
 * two instants (a job that backs off and is asked for again need not wait on). One that is leased is
 * left as it is. A back-end that cannot bring a message forward may deliver it twice instead. */
vo_status vo_queue_push(vo_queue *q, const char *id, int64_t ready_ms, vo_error *err);

/* The oldest ready one, whose lease (if it had any) is over; ours until now + lease. *any false:
 * nothing is ready. Does not wait. */
vo_status vo_queue_take(vo_queue *q, const char *worker, int64_t now_ms, int64_t lease_ms,
                        vo_delivery *out, bool *any, vo_error *err);

/* *held false: the lease was lost to another (nothing is changed). */
vo_status vo_queue_extend(vo_queue *q, const vo_delivery *d, int64_t now_ms, int64_t lease_ms,
                          bool *held, vo_error *err);
/* Done: away with it. One whose lease was lost changes nothing; the same is true of retry. */
vo_status vo_queue_ack(vo_queue *q, const vo_delivery *d, vo_error *err);
vo_status vo_queue_retry(vo_queue *q, const vo_delivery *d, int64_t ready_ms, vo_error *err);
vo_status vo_queue_depth(vo_queue *q, int64_t now_ms, int64_t *ready, int64_t *leased,
                         vo_error *err);

#endif
