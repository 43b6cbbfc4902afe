/* scheduler.c -- see scheduler.h. A row per schedule says up to which instant firings are dealt
 * with. Who finds one due takes the row, the job and the event into one transaction: of any number
 * of schedulers one is first, and the others find nothing left to do.
 */
#include "jobs/scheduler.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "jobs/accept.h"
#include "store/event_log.h"

#define MOST_COUNTED 1000 /* missed firings */
#define MAX_DETAIL 400
#define AHEAD_MS 60000 /* clocks are put right by less all the time */

static const char *const steps[] = {
    "CREATE TABLE vo_schedule (name TEXT PRIMARY KEY, cron TEXT NOT NULL, tz TEXT NOT NULL,"
    " seen_ms BIGINT NOT NULL, job TEXT);",
};

struct vo_scheduler {
    vo_database *db;
    vo_queue *queue;
    const vo_timetable *table;
    int64_t *due_ms;   /* [n] before it there is nothing to do */
    int64_t newest_ms; /* that a step has seen */
};

static int64_t next_ms(const vo_timetable_row *r, int64_t now_ms) {
    const int64_t at_s = r->enabled ? vo_cron_next(r->when, r->zone, now_ms / 1000) : INT64_MAX;
    return at_s > INT64_MAX / 1000 ? INT64_MAX : at_s * 1000;
}

/* ---- the row ------------------------------------------------------------------------------- */

typedef struct {
    bool there;
    char cron[256], tz[64], job[VO_JOB_ID];
    int64_t seen_ms;
} stored;

static void copy_text(char *to, size_t size, const vo_db_value *v) {
    snprintf(to, size, "%.*s", v->kind == VO_DB_TEXT ? (int)v->len : 0,
             v->kind == VO_DB_TEXT ? (const char *)v->bytes : "");
}

static vo_status take_row(void *ctx, const vo_db_value *value, size_t n, vo_error *err) {
    stored *s = ctx;
    (void)n, (void)err;
    copy_text(s->cron, sizeof s->cron, &value[0]);
    copy_text(s->tz, sizeof s->tz, &value[1]);
    s->seen_ms = value[2].integer;
    copy_text(s->job, sizeof s->job, &value[3]);
    s->there = true;
    return VO_OK;
}

static vo_status load(vo_database *db, const char *name, stored *out, vo_error *err) {
    const vo_db_value arg[] = {vo_db_text(name)};
    *out = (stored){.there = false};
    return vo_database_run(db, "SELECT cron, tz, seen_ms, job FROM vo_schedule WHERE name = ?",
                           arg, 1, take_row, out, NULL, err);
}

static vo_status save(vo_database *db, const vo_timetable_row *r, const stored *s,
                      vo_error *err) {
    const vo_db_value arg[] = {vo_db_text(s->cron), vo_db_text(s->tz),
                               vo_db_integer(s->seen_ms), vo_db_text(*s->job ? s->job : NULL),
                               vo_db_text(r->name)};
    return vo_database_run(
        db,
        s->there
            ? "UPDATE vo_schedule SET cron = ?, tz = ?, seen_ms = ?, job = ? WHERE name = ?"
            : "INSERT INTO vo_schedule (cron, tz, seen_ms, job, name) VALUES (?, ?, ?, ?, ?)",
        arg, 5, NULL, NULL, NULL, err);
}

static bool is_mine(const stored *s, const vo_timetable_row *r) {
    return s->there && strcmp(s->cron, r->cron) == 0 && strcmp(s->tz, r->tz) == 0;
}

/* ---- opening --------------------------------------------------------------------------------- */

typedef struct {
    const vo_timetable *table;
    int64_t now_ms;
} opening;

/* All rows say nothing of when, but those of the timetable that are as they were. */
static vo_status settle(void *ctx, vo_database *db, vo_error *err) {
    const opening *o = ctx;
    stored kept[1];
    vo_status st = vo_database_run(db, "UPDATE vo_schedule SET tz = '~' || tz", NULL, 0, NULL,
                                   NULL, NULL, err);
    for (size_t i = 0; st == VO_OK && i < vo_timetable_count(o->table); i++) {
        const vo_timetable_row r = vo_timetable_at(o->table, i);
        st = load(db, r.name, kept, err);
        if (st != VO_OK) break;
        const bool same = kept->there && strcmp(kept->cron, r.cron) == 0 &&
                          kept->tz[0] == '~' && strcmp(kept->tz + 1, r.tz) == 0;
        if (!r.enabled) {
            kept->cron[0] = '\0';
        } else if (!same) {
            snprintf(kept->cron, sizeof kept->cron, "%s", r.cron);
            kept->seen_ms = o->now_ms;
        }
        snprintf(kept->tz, sizeof kept->tz, "%s", r.tz);
        st = save(db, &r, kept, err);
    }
    return st == VO_OK ? vo_database_run(db,
                                         "UPDATE vo_schedule SET cron = '', tz = '' WHERE tz "
                                         "LIKE '~%'",
                                         NULL, 0, NULL, NULL, NULL, err)
                       : st;
}

vo_status vo_scheduler_open(vo_database *db, vo_queue *queue, const vo_timetable *t,
                            int64_t now_ms, vo_scheduler **out, vo_error *err) {
    opening o = {t, now_ms};
    const size_t n = vo_timetable_count(t);
    vo_scheduler *s = calloc(1, sizeof *s);
    if (s) s->due_ms = calloc(n + 1, sizeof *s->due_ms);
    vo_status st =
        s && s->due_ms ? VO_OK : vo_fail(err, VO_ENOMEM, "no memory for a scheduler");
    if (st == VO_OK) st = vo_database_migrate(db, "schedules", steps, 1, err);
    if (st == VO_OK) st = vo_database_transact(db, settle, &o, err);
    if (st != VO_OK) {
        vo_scheduler_close(s);
        return st;
    }
    s->db = db;
    s->queue = queue;
    s->table = t;
    *out = s;
    return VO_OK;
}

void vo_scheduler_close(vo_scheduler *s) {
    if (!s) return;
    free(s->due_ms);
    free(s);
}

/* ---- a firing -------------------------------------------------------------------------------- */

typedef struct {
    vo_scheduler *s;
    size_t i;
    vo_timetable_row row;
    int64_t now_ms;
    bool refuse; /* the job could not be made: say so and go on */
    vo_error why;
    bool made;
} firing;

static vo_status take_over(void *ctx, const vo_job *j, vo_error *err) {
    bool *is_over = ctx;
    (void)err;
    *is_over = vo_job_state_over(j->state);
    return VO_OK;
}

/* A job that is no longer in the book is over. */
static vo_status last_is_over(vo_database *db, const char *job, bool *is_over, vo_error *err) {
    *is_over = true;
    if (!*job) return VO_OK;
    const vo_status s = vo_job_book_get(db, job, take_over, is_over, err);
    return s == VO_ENOTFOUND ? VO_OK : s;
}

static int64_t count_missed(const vo_timetable_row *r, int64_t after_s, int64_t at_s) {
    int64_t n = 0;
    for (int64_t t = after_s; n < MOST_COUNTED; n++)
        if ((t = vo_cron_next(r->when, r->zone, t)) >= at_s) break;
    return n;
}

static vo_status tell(const firing *f, const char *action, const char *job, int64_t at_s,
                      int64_t missed, const char *detail, vo_error *err) {
    vo_json_out *w = NULL;
    char *text = NULL, stamp[32];
    size_t len = 0;
    int64_t id = 0;
    vo_status s = vo_json_out_create(&w, err);
    if (s != VO_OK) return s;
    vo_json_out_object(w);
    vo_json_out_key(w, "schedule");
    vo_json_out_string(w, f->row.name);
    vo_json_out_key(w, "instant");
    vo_json_out_string(w, vo_civil_format_utc(at_s, stamp));
    vo_json_out_key(w, "action");
    vo_json_out_string(w, action);
    vo_json_out_key(w, "job");
    vo_json_out_string(w, *job ? job : NULL);
    vo_json_out_key(w, "missed");
    vo_json_out_integer(w, missed);
    vo_json_out_key(w, "detail");
    vo_json_out_string(w, detail);
    vo_json_out_end(w);
    s = vo_json_out_take(w, &text, &len, err);
    vo_json_out_free(w);
    if (s == VO_OK)
        s = vo_event_log_add(f->s->db, "schedule", f->row.name, text, f->now_ms, &id, err);
    free(text);
    return s;
}

/* The clock was ahead, and is right now: nothing has been missed. */
static vo_status begin_anew(firing *f, vo_database *db, stored *row, vo_error *err) {
    char detail[MAX_DETAIL], stamp[32];
    snprintf(detail, sizeof detail,
             "the last firing was at %s, which is yet to come: the clock has been set back",
             vo_civil_format_utc(row->seen_ms / 1000, stamp));
    row->seen_ms = f->now_ms;
    const vo_status s = tell(f, "reset", row->job, f->now_ms / 1000, 0, detail, err);
    return s == VO_OK ? save(db, &f->row, row, err) : s;
}

static vo_status make_job(firing *f, int64_t at_s, stored *row, vo_error *err) {
    char key[VO_JOB_KEY], stamp[32], *request = NULL;
    bool existed = false;
    snprintf(key, sizeof key, "schedule:%s:%s", f->row.name, vo_civil_format_utc(at_s, stamp));
    vo_status s = vo_timetable_request(f->s->table, f->i, at_s, &request, err);
    const vo_job_order order = {
        .kind = f->row.kind, .request = request, .key = key, .owner = ""};
    if (s == VO_OK)
        s = vo_accept_job(f->s->db, f->s->queue, &order, f->now_ms, row->job, &existed, err);
    free(request);
    f->made = s == VO_OK && !existed;
    return s;
}

/* Only a clock that was set back comes to an instant twice. */
static vo_status tell_made(const firing *f, const char *job, int64_t at_s, int64_t missed,
                           vo_error *err) {
    return tell(f, f->made ? "made" : "skipped", job, at_s, missed,
                f->made ? NULL : "its job was made already", err);
}

static vo_status fire(void *ctx, vo_database *db, vo_error *err) {
    firing *f = ctx;
    stored row;
    bool is_over = true;
    char detail[MAX_DETAIL];
    f->made = false;
    vo_status s = load(db, f->row.name, &row, err);
    if (s != VO_OK || !is_mine(&row, &f->row)) return s;
    if (row.seen_ms > f->now_ms + AHEAD_MS) return begin_anew(f, db, &row, err);
    const int64_t after_s = row.seen_ms / 1000;
    const int64_t at_s = vo_cron_last(f->row.when, f->row.zone, after_s, f->now_ms / 1000);
    if (at_s == INT64_MIN) return VO_OK;
    const int64_t missed = count_missed(&f->row, after_s, at_s);
    row.seen_ms = at_s * 1000;
    if (f->refuse) {
        s = tell(f, "refused", "", at_s, missed, f->why.msg, err);
    } else if ((s = last_is_over(db, row.job, &is_over, err)) == VO_OK && !is_over) {
        snprintf(detail, sizeof detail, "the job %s of an earlier firing is not over", row.job);
        s = tell(f, "skipped", row.job, at_s, missed, detail, err);
    } else if (s == VO_OK) {
        s = make_job(f, at_s, &row, err);
        if (s == VO_OK) s = tell_made(f, row.job, at_s, missed, err);
    }
    return s == VO_OK ? save(db, &f->row, &row, err) : s;
}

/* What is refused once is refused the next second too: it is told and left behind. */
static vo_status deal_with(firing *f, vo_error *err) {
    vo_status s = vo_database_transact(f->s->db, fire, f, &f->why);
    if (s == VO_EINVAL || s == VO_EUNSUPPORTED) {
        f->refuse = true;
        return vo_database_transact(f->s->db, fire, f, err);
    }
    return s == VO_OK ? s : vo_fail(err, s, "schedule %s: %.400s", f->row.name, f->why.msg);
}

vo_status vo_scheduler_step(vo_scheduler *s, int64_t now_ms, size_t *made, vo_error *err) {
    size_t n = 0;
    vo_status st = VO_OK;
    const bool back = now_ms < s->newest_ms - AHEAD_MS;
    s->newest_ms = back || now_ms > s->newest_ms ? now_ms : s->newest_ms;
    if (back) memset(s->due_ms, 0, vo_timetable_count(s->table) * sizeof *s->due_ms);
    for (size_t i = 0; i < vo_timetable_count(s->table) && st != VO_EIO; i++) {
        vo_error why = {0};
        firing f = {.s = s, .i = i, .row = vo_timetable_at(s->table, i), .now_ms = now_ms};
        if (!f.row.enabled || now_ms < s->due_ms[i]) continue;
        const vo_status one = deal_with(&f, &why);
        n += one == VO_OK && f.made;
        if (one == VO_OK)
            s->due_ms[i] = next_ms(&f.row, now_ms);
        else if (st == VO_OK)
            st = vo_fail(err, one, "%s", why.msg);
    }
    if (made) *made = n;
    return st;
}

int64_t vo_scheduler_next_ms(const vo_scheduler *s, size_t i, int64_t now_ms) {
    const vo_timetable_row r = vo_timetable_at(s->table, i);
    return next_ms(&r, now_ms);
}
