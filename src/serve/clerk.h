/* clerk.h -- what a server writes of its own accord: the jobs of schedules, old rows removed, and a
 * row now and then to know that writing is possible at all.
 *
 * A thread with a connection of its own: whoever else holds the state database keeps only this thread
 * waiting, and not those who look after keys, events and the wish to stop.
 */
#ifndef VO_SERVE_CLERK_H
#define VO_SERVE_CLERK_H

#include "jobs/scheduler.h"

typedef enum {
    VO_CLERK_WRITING,   /* nothing can be written         */
    VO_CLERK_SCHEDULES, /* what was due could not be made */
    VO_CLERK_OLD        /* old rows stay                  */
} vo_clerk_duty;

typedef struct {
    vo_database *db; /* the clerk's own, with all tables; borrowed, as all below */
    vo_queue *queue;
    const vo_timetable *timetable; /* or NULL */
    int64_t keep_jobs_ms;          /* that are over */
    size_t keep_events;
    /* From the clerk's thread. */
    void (*made)(void *ctx); /* jobs were added */
    void (*trouble)(void *ctx, vo_clerk_duty duty, const vo_error *err);
    void *ctx;
} vo_clerk_settings;

typedef struct vo_clerk vo_clerk;

/* Begins at once. What a timetable cannot begin with is said here. */
vo_status vo_clerk_start(const vo_clerk_settings *s, vo_clerk **out, vo_error *err);
void vo_clerk_ask_to_stop(vo_clerk *c); /* does not wait */
void vo_clerk_free(vo_clerk *c);        /* accepts NULL; waits for what it is at */

/* Why nothing can be written, as a literal, or NULL. Any thread. */
const char *vo_clerk_trouble(const vo_clerk *c);

#endif
