/* hub.h -- events to WebSocket clients: GET /api/v1/events.
 *
 * The last events stand in one ring, each as the text that is sent, once for all; a client is a
 * cursor into it and a list of what it wants. Nothing is queued per client: who falls so far
 * behind that his place in the ring is overwritten is closed (4408 "too slow"), and may come back
 * with the last id he has seen. On connecting with ?last_event_id=N (or the header Last-Event-ID)
 * he gets what came after, from the ring or, a piece at a time, the log of events; if that is
 * gone, first: {"event":"gap","missed_from":..,"next":..}. An id that the log never had:
 * {"event":"gap","missed_from":0,"next":..}, and what comes from now on.
 *
 * Every connection gets its events in the order of their ids and each at most once.
 *
 * Client to server: {"subscribe": ["job*", "price"], "about": ["j_..."]}, {"unsubscribe": [...]},
 * {"ping": 1}; see hub_topics.h. Without a subscription all events come. Server: the events,
 * {"id":123,"event":"job","time":"...","...":...}; answers to the messages;
 * {"event":"error","detail":"..."} for bad ones. Whoever sends more than 64 messages without
 * reading the answers is closed. "model_training_progress" has "model_id", "progress", "epoch" and
 * "metrics".
 *
 * Threads: the loop, except vo_hub_tail (one other thread), which reads the log of events, and
 * vo_hub_count (any).
 */
#ifndef VO_SERVE_HUB_H
#define VO_SERVE_HUB_H

#include "serve/transport.h"
#include "store/event_log.h"

typedef struct vo_hub vo_hub;

/* Codes of its own that it closes with. */
enum { VO_HUB_KEY_GONE = 4401, VO_HUB_TOO_SLOW = 4408 };

typedef struct {
    vo_database *db;    /* of the event log; NULL: only what vo_hub_publish is given */
    size_t ring;        /* events; 4096  */
    size_t ring_bytes;  /* and together; 8 MiB */
    size_t most_topics; /* a client's subscriptions; 64 */
    /* On the loop: somebody waits for old events; have vo_hub_tail called soon. NULL: he waits
     * until it is called anyway. */
    void (*wanted)(void *ctx);
    void *wanted_ctx;
} vo_hub_settings;
vo_hub_settings vo_hub_settings_default(void);

/* The log of events must have been migrated. VO_EINVAL, VO_ENOMEM, VO_EIO. */
vo_status vo_hub_create(const vo_hub_settings *s, vo_hub **out, vo_error *err);
void vo_hub_free(vo_hub *h); /* accepts NULL; when neither transport nor tail use it any more */

/* Not the loop: reads new rows of the log, and old ones for who asked; true: there is something
 * for vo_hub_flush to spread. *err (code not 0): the log could not be read; call again later. */
bool vo_hub_tail(vo_hub *h, vo_error *err);
void vo_hub_flush(vo_hub *h); /* the loop: has clients' peer_next called */
/* The loop, only without a database: an event with the next id. VO_ENOMEM. */
vo_status vo_hub_publish(vo_hub *h, const char *event, const char *about, const char *document,
                         int64_t now_ms, vo_error *err);

/* The transport's peer callbacks. last: what he has seen, < 0: only what comes from now on. */
bool vo_hub_open(vo_hub *h, vo_peer *p, int64_t last, void **user);
bool vo_hub_message(vo_hub *h, void *user, const char *text, size_t len);
const char *vo_hub_next(vo_hub *h, void *user, size_t *len, int *close);
void vo_hub_closed(vo_hub *h, void *user);

/* He came with this key: for vo_hub_expel. Who came without stays. */
void vo_hub_name(vo_hub *h, void *user, const char *key_id);
/* Closes those whose key no longer holds (4401): nothing more is sent to them. */
void vo_hub_expel(vo_hub *h, bool (*holds)(void *ctx, const char *key_id), void *ctx);
/* From now on whoever has had all there is is closed (1001, "going away"). */
void vo_hub_farewell(vo_hub *h);

typedef struct {
    size_t clients;
    uint64_t sent, dropped_clients, events;
} vo_hub_counts;
vo_hub_counts vo_hub_count(const vo_hub *h);

#endif
