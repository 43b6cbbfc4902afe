/* queue_back.h -- what a queue's back-end gives: for queue_NAME.c and for doubles in tests.
 *
 * A back-end's handle begins with a vo_queue; each function gets it back as `q`. What they do is
 * told in queue.h. */
#ifndef VO_JOBS_QUEUE_BACK_H
#define VO_JOBS_QUEUE_BACK_H

#include "jobs/queue.h"

typedef struct {
    void (*close)(vo_queue *q);
    bool (*joins)(const vo_queue *q, const vo_database *db);
    vo_status (*push)(vo_queue *q, const char *id, int64_t ready_ms, vo_error *err);
    vo_status (*take)(vo_queue *q, const char *worker, int64_t now_ms, int64_t lease_ms,
                      vo_delivery *out, bool *any, vo_error *err);
    vo_status (*extend)(vo_queue *q, const vo_delivery *d, int64_t now_ms, int64_t lease_ms,
                        bool *held, vo_error *err);
    vo_status (*ack)(vo_queue *q, const vo_delivery *d, vo_error *err);
    vo_status (*retry)(vo_queue *q, const vo_delivery *d, int64_t ready_ms, vo_error *err);
    vo_status (*depth)(vo_queue *q, int64_t now_ms, int64_t *ready, int64_t *leased,
                       vo_error *err);
} vo_queue_back;

struct vo_queue {
    const vo_queue_back *back;
};

vo_status vo_queue_local_open(vo_database *db, vo_queue **out, vo_error *err);

#endif
