/* access_log.h -- one JSON object per line, to standard error or a file, by a thread of its own:
 * a slow disk or a full pipe never blocks who says something; lines are dropped and counted
 * instead, and the log itself tells how many, once it goes on. A file that was moved away
 * (rotation) is made anew within a second or two.
 *
 * Secrets never get here: the log knows request ids, key ids, routes, not headers or bodies.
 * Whatever came from outside is escaped, so that a line is a line and a terminal stays sane.
 *
 * Threads: open and close on one; the rest on any.
 */
#ifndef VO_SERVE_ACCESS_LOG_H
#define VO_SERVE_ACCESS_LOG_H

#include <stdint.h>

#include "serve/exchange.h"

/* X(NAME, text) */
// clang-format off
#define VO_LOG_LEVEL_MAP(X)                                                                     \
    X(ERROR, "error")                                                                           \
    X(WARN,  "warn")                                                                            \
    X(INFO,  "info")                                                                            \
    X(DEBUG, "debug")
// clang-format on

typedef enum {
#define X(name, text) VO_LOG_##name,
    VO_LOG_LEVEL_MAP(X) VO_LOG_LEVELS
#undef X
} vo_log_level;
vo_status vo_log_level_parse(const char *name, vo_log_level *out, vo_error *err);

typedef struct vo_access_log vo_access_log;

/* path NULL: standard error. `requests` false: no line per request but those answered 5xx. */
vo_status vo_access_log_open(const char *path, vo_log_level level, bool requests,
                             vo_access_log **out, vo_error *err);
/* What is queued is written; whoever takes nothing for two seconds does not get it. Accepts NULL. */
void vo_access_log_close(vo_access_log *l);

/* {"time","level","msg", ...}; `more` is further members without braces ("\"port\":80"), or NULL. */
void vo_access_log_say(vo_access_log *l, vo_log_level level, const char *msg, const char *more);
void vo_access_log_request(vo_access_log *l, const vo_exchange *x, const char *route,
                           double ms);
uint64_t vo_access_log_dropped(const vo_access_log *l);

#endif
