/* access_log.h -- one JSON object per line, to a file descriptor or a file, by a thread of its
 * own: a slow disk or a full pipe never blocks the loop; lines are dropped and counted instead.
 * Secrets never get here: the log knows request ids, key ids, routes, not headers or bodies.
 */
#ifndef VO_SERVE_ACCESS_LOG_H
#define VO_SERVE_ACCESS_LOG_H

#include <stdint.h>

#include "serve/exchange.h"

typedef enum { VO_LOG_ERROR, VO_LOG_WARN, VO_LOG_INFO, VO_LOG_DEBUG } vo_log_level;
typedef struct vo_access_log vo_access_log;

/* path NULL: standard error. `requests` false: no line per request. */
vo_status vo_access_log_open(const char *path, vo_log_level level, bool requests,
                             vo_access_log **out, vo_error *err);
void vo_access_log_close(vo_access_log *l); /* what is queued is written; accepts NULL */
/* {"time","level","msg", ...}; `more` is further members without braces ("\"port\":80"), or NULL. */
void vo_access_log_say(vo_access_log *l, vo_log_level level, const char *msg, const char *more);
void vo_access_log_request(vo_access_log *l, const vo_exchange *x, const char *route,
                           double ms);
uint64_t vo_access_log_dropped(const vo_access_log *l);

#endif
