/* hub_topics.h -- what a client of the hub wants to hear of, and the messages that say so.
 *
 *   {"subscribe": ["job*", "price"], "about": ["j_..."]}   "about" absent: of anything;
 *                                                         "subscribe" absent: any event
 *   {"unsubscribe": ["price"]}                             with "about": only of those
 *   {"ping": 1}
 *
 * A topic is the name of an event, or its beginning with '*' after it; one subscription is a
 * topic and what it is about (or anything). Who never said anything hears all; after the first
 * message about subscriptions only those count, be they none ({"unsubscribe": ["*"]}: silence).
 */
#ifndef VO_SERVE_HUB_TOPICS_H
#define VO_SERVE_HUB_TOPICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <volteo/status.h>

enum { VO_HUB_MESSAGE = 16384 }; /* longest message that is read */

typedef struct vo_topics vo_topics; /* NULL: all */

void vo_topics_free(vo_topics *t); /* accepts NULL */
size_t vo_topics_count(const vo_topics *t);
bool vo_topics_want(const vo_topics *t, const char *event, const char *about);

/* Applies a client's message, wholly or not at all, to *t. *reply is malloc'ed JSON:
 * {"event":"subscribed","subscriptions":n,"last_id":..} or {"event":"pong","ping":..,"last_id":..}.
 * VO_EINVAL: what is wrong with it, in words; VO_ENOMEM. */
vo_status vo_topics_message(vo_topics **t, size_t most, const char *text, size_t len,
                            int64_t last_id, char **reply, vo_error *err);

#endif
