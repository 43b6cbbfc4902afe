/* accept.c -- see accept.h. */
#include "jobs/accept.h"

typedef struct {
    vo_queue *q;
    int64_t now_ms;
} pushing;

static vo_status push(void *ctx, const char *id, vo_error *err) {
    const pushing *p = ctx;
    return vo_queue_push(p->q, id, p->now_ms, err);
}

vo_status vo_accept_job(vo_database *db, vo_queue *q, const vo_job_order *o, int64_t now_ms,
                        char id[VO_JOB_ID], bool *existed, vo_error *err) {
    pushing p = {q, now_ms};
    bool was = false;
    const bool one = vo_queue_joins(q, db);
    const vo_status st = vo_job_book_add(db, o, now_ms, one ? push : NULL, &p, id, &was, err);
    if (st != VO_OK) return st;
    if (!one && !was) (void)vo_queue_push(q, id, now_ms, NULL); /* lost: swept up later */
    if (existed) *existed = was;
    return VO_OK;
}

vo_status vo_accept_again(vo_database *db, vo_queue *q, const char *id, int64_t now_ms,
                          vo_error *err) {
    pushing p = {q, now_ms};
    const bool one = vo_queue_joins(q, db);
    const vo_status st = vo_job_book_requeue(db, id, now_ms, one ? push : NULL, &p, err);
    if (st == VO_OK && !one) (void)vo_queue_push(q, id, now_ms, NULL);
    return st;
}
