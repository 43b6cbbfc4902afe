/* queue.c -- which back-end a URL means, and the way to it. */
#include "jobs/queue.h"

#include <string.h>

#include "jobs/queue_back.h"

vo_status vo_queue_open(const char *url, vo_database *db, vo_queue **out, vo_error *err) {
    if (strcmp(url, "local") == 0) return vo_queue_local_open(db, out, err);
    return vo_fail(err, VO_EUNSUPPORTED,
                   "queue \"%.200s\": this build has \"local\" (in the state database) only",
                   url);
}

void vo_queue_close(vo_queue *q) {
    if (q) q->back->close(q);
}

bool vo_queue_joins(const vo_queue *q, const vo_database *db) { return q->back->joins(q, db); }

vo_status vo_queue_push(vo_queue *q, const char *id, int64_t ready_ms, vo_error *err) {
    return q->back->push(q, id, ready_ms, err);
}

vo_status vo_queue_take(vo_queue *q, const char *worker, int64_t now_ms, int64_t lease_ms,
                        vo_delivery *out, bool *any, vo_error *err) {
    return q->back->take(q, worker, now_ms, lease_ms, out, any, err);
}

vo_status vo_queue_extend(vo_queue *q, const vo_delivery *d, int64_t now_ms, int64_t lease_ms,
                          bool *held, vo_error *err) {
    return q->back->extend(q, d, now_ms, lease_ms, held, err);
}

vo_status vo_queue_ack(vo_queue *q, const vo_delivery *d, vo_error *err) {
    return q->back->ack(q, d, err);
}

vo_status vo_queue_retry(vo_queue *q, const vo_delivery *d, int64_t ready_ms, vo_error *err) {
    return q->back->retry(q, d, ready_ms, err);
}

vo_status vo_queue_depth(vo_queue *q, int64_t now_ms, int64_t *ready, int64_t *leased,
                         vo_error *err) {
    return q->back->depth(q, now_ms, ready, leased, err);
}
