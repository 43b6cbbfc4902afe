/* accept.h -- a job comes into the book and its message into the queue, whatever queue it is.
 *
 * Accepted is what the book has on disk. A queue in the same database gets the message in the same
 * transaction; one elsewhere after it, and if that fails the worker's sweep puts it right: the
 * job is accepted all the same.
 */
#ifndef VO_JOBS_ACCEPT_H
#define VO_JOBS_ACCEPT_H

#include "jobs/queue.h"

/* As vo_job_book_add and vo_job_book_requeue. */
vo_status vo_accept_job(vo_database *db, vo_queue *q, const vo_job_order *o, int64_t now_ms,
                        char id[VO_JOB_ID], bool *existed, vo_error *err);
vo_status vo_accept_again(vo_database *db, vo_queue *q, const char *id, int64_t now_ms,
                          vo_error *err);

#endif
