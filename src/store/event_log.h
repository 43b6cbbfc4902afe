/* event_log.h -- what happened, numbered: jobs, models, prices. Kept for a while so that
 * a reader who was away can go on where he stopped, over restarts and from other processes.
 *
 * Ids grow by one or more and are never used again; the order of ids is the order in which
 * changes came to be on disk, so that a reader who has seen n never misses one below n.
 * Threads: as the database.
 */
#ifndef VO_STORE_EVENT_LOG_H
#define VO_STORE_EVENT_LOG_H

#include "store/database.h"

#define VO_EVENT_NAME 48

vo_status vo_event_log_migrate(vo_database *db, vo_error *err);

/* `document` is one JSON object without "id", "event", "time", which are put in front when it is
 * told. Part of the transaction under way, if there is one. `event`: small letters, digits, "_",
 * "." or "-". `about` (or NULL): what it is of (a job's id, a model's, a node's), for
 * subscriptions. *id may be NULL. VO_EINVAL: a name or document that is not so. */
vo_status vo_event_log_add(vo_database *db, const char *event, const char *about,
                           const char *document, int64_t now_ms, int64_t *id, vo_error *err);

typedef struct {
    int64_t id, time_ms;
    const char *event, *about; /* valid during the call, as the next */
    const char *document;      /* whole: {"id":1,"event":"job","time":"...Z","job":...} */
} vo_event;
typedef vo_status (*vo_event_told)(void *ctx, const vo_event *e, vo_error *err);

/* Those after `after`, oldest first, at most `most`. */
vo_status vo_event_log_after(vo_database *db, int64_t after, size_t most, vo_event_told told,
                             void *ctx, vo_error *err);
/* The oldest kept and the newest ever: first = last + 1 if none is kept; last 0: never any. */
vo_status vo_event_log_span(vo_database *db, int64_t *first, int64_t *last, vo_error *err);
/* Keeps the newest `keep`. */
vo_status vo_event_log_trim(vo_database *db, size_t keep, vo_error *err);

#endif
