/* scheduler.h -- jobs that are made by the clock: prices hourly, a retraining monthly.
 *
 * A timetable is a YAML file (config/schedules.yaml is the commented example):
 *     schedules:
 *       - name: prices
 *         cron: "25 * * * *"
 *         tz: UTC                      # IANA; default UTC
 *         kind: fetch                  # of the job
 *         request: {client: cenace, nodes: [APATZINGAN], from: "${today-2}", to: "${today}"}
 *         enabled: true                # default
 * Texts of a request may contain ${today}, ${today-7}, ${today+1}: dates of the schedule's zone
 * at the instant of the firing, "2024-01-31".
 *
 * What has been fired is kept in the state database, and a job has the idempotency key
 * "schedule:NAME:INSTANT": any number of schedulers on one database make one job of a firing.
 * After downtime the latest of the missed firings is made up for, the others are dropped. While
 * the job of an earlier firing is not over, a firing is skipped. What becomes of each firing is an
 * event "schedule" about NAME:
 *     {"schedule","instant","action":"made"|"skipped"|"refused"|"reset","job","missed","detail"}
 * (`missed`: firings before it that were dropped, counted up to 1000.) A firing that was dealt with
 * more than a minute after now is one of a clock that was ahead: the schedule begins anew at now,
 * which is told as "reset".
 * A schedule that is new, was disabled, or whose cron or tz changed, begins at that moment: it has
 * missed nothing. Of two schedulers with different timetables, the one opened last is right.
 *
 * Threads: one owner per scheduler.
 */
#ifndef VO_JOBS_SCHEDULER_H
#define VO_JOBS_SCHEDULER_H

#include "jobs/cron.h"
#include "jobs/queue.h"

typedef struct vo_timetable vo_timetable;

typedef struct {
    const char *name, *cron, *tz, *kind;
    const char *request; /* JSON object, before substitution */
    bool enabled;
    const vo_cron *when; /* of cron and tz */
    const vo_zone *zone;
} vo_timetable_row; /* all of it is the timetable's */

#define VO_TIMETABLE_MOST 1000 /* schedules */

/* *out is the caller's: vo_timetable_free. VO_EINVAL with line and column (YAML), or the path
 * ("schedules[1].cron"), the value and the remedy. */
vo_status vo_timetable_read(const char *text, size_t len, vo_timetable **out, vo_error *err);
void vo_timetable_free(vo_timetable *t); /* accepts NULL */
size_t vo_timetable_count(const vo_timetable *t);
vo_timetable_row vo_timetable_at(const vo_timetable *t, size_t i);

/* The request of row i as it is for a firing: *json is malloc'ed. To check requests at start. */
vo_status vo_timetable_request(const vo_timetable *t, size_t i, int64_t instant_s, char **json,
                               vo_error *err);

typedef struct vo_scheduler vo_scheduler;

/* Makes its table (the job book and event log must have theirs). db, queue and t are borrowed. */
vo_status vo_scheduler_open(vo_database *db, vo_queue *queue, const vo_timetable *t,
                            int64_t now_ms, vo_scheduler **out, vo_error *err);
void vo_scheduler_close(vo_scheduler *s); /* accepts NULL */

/* Makes the jobs that are due: to be called about each second. *made (or NULL): how many. VO_EIO: the
 * database does not answer, the rest is left for the next time. */
vo_status vo_scheduler_step(vo_scheduler *s, int64_t now_ms, size_t *made, vo_error *err);

/* Of row i: the next firing after now_ms; INT64_MAX: none, or it is disabled. */
int64_t vo_scheduler_next_ms(const vo_scheduler *s, size_t i, int64_t now_ms);

#endif
