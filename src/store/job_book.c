/* job_book.c -- see job_book.h. One table; every change of state is one transaction that reads
 * the row, decides, writes it and adds the event, so that there is no state without its event
 * nor an event without its state.
 *
 * due_ms is the instant from which silence is suspicious: when it became ready, or was last
 * heard of while running.
 */
#include "store/job_book.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "port/entropy.h"
#include "store/event_log.h"

#define ATTEMPTS 3
#define MAX_ATTEMPTS 100
#define MAX_REQUEST ((size_t)64 << 20)
#define MAX_ERROR 500
#define AHEAD_MS (INT64_C(7) * 24 * 3600 * 1000)
#define RANK 26 /* letters of an id that count time and chance */

static const char *const steps[] = {
    "CREATE TABLE vo_job (id TEXT PRIMARY KEY, kind TEXT NOT NULL, state TEXT NOT NULL,"
    " request TEXT NOT NULL, response TEXT, error TEXT, idem_key TEXT, owner TEXT NOT NULL,"
    " phase TEXT NOT NULL, metrics TEXT, progress DOUBLE PRECISION NOT NULL,"
    " attempt INTEGER NOT NULL, max_attempts INTEGER NOT NULL, fence INTEGER NOT NULL,"
    " cancel_asked INTEGER NOT NULL, created_ms BIGINT NOT NULL, started_ms BIGINT NOT NULL,"
    " ended_ms BIGINT NOT NULL, beat_ms BIGINT NOT NULL, due_ms BIGINT NOT NULL);"
    "CREATE UNIQUE INDEX vo_job_key ON vo_job (owner, idem_key);" /* NULL keys differ */
    "CREATE INDEX vo_job_state ON vo_job (state, due_ms);",
    "ALTER TABLE vo_job ADD COLUMN losses INTEGER NOT NULL DEFAULT 0",
};

vo_status vo_job_book_migrate(vo_database *db, vo_error *err) {
    const vo_status st = vo_event_log_migrate(db, err);
    if (st != VO_OK) return st;
    return vo_database_migrate(db, "job_book", steps, sizeof steps / sizeof *steps, err);
}

/* ---- states ------------------------------------------------------------------------------- */

static const char *const state_name[VO_JOB_STATES] = {
#define X(name, text, over) text,
    VO_JOB_STATE_MAP(X)
#undef X
};

const char *vo_job_state_name(vo_job_state s) {
    return (size_t)s < VO_JOB_STATES ? state_name[s] : "?";
}

bool vo_job_state_over(vo_job_state s) {
    static const bool is_over[VO_JOB_STATES] = {
#define X(name, text, over) over,
        VO_JOB_STATE_MAP(X)
#undef X
    };
    return (size_t)s < VO_JOB_STATES && is_over[s];
}

vo_status vo_job_state_parse(const char *name, vo_job_state *out, vo_error *err) {
    for (size_t i = 0; i < VO_JOB_STATES; i++)
        if (strcmp(name, state_name[i]) == 0) {
            *out = (vo_job_state)i;
            return VO_OK;
        }
    char list[160];
    vo_text t = vo_text_over(list, sizeof list);
    vo_text_append_names(&t, state_name, VO_JOB_STATES);
    return vo_fail(err, VO_EINVAL, "state = \"%.60s\" is none of %s", name, list);
}

/* ---- rows --------------------------------------------------------------------------------- */

// clang-format off
#define COLUMNS_BRIEF "id, kind, state, error, idem_key, owner, phase, metrics, progress,"      \
    " attempt, max_attempts, fence, cancel_asked, created_ms, started_ms, ended_ms, beat_ms,"   \
    " losses"
// clang-format on
#define COLUMNS_WHOLE COLUMNS_BRIEF ", request, response"
#define N_BRIEF 18

static const char *text_or_null(const vo_db_value *v) {
    return v->kind == VO_DB_TEXT ? v->bytes : NULL;
}

static void copy_text(char *to, size_t size, const vo_db_value *v) {
    snprintf(to, size, "%s", v->kind == VO_DB_TEXT ? (const char *)v->bytes : "");
}

static double as_real(const vo_db_value *v) {
    return v->kind == VO_DB_REAL ? v->real : (double)v->integer;
}

static vo_status read_row(const vo_db_value *v, size_t n, vo_job *j, vo_error *err) {
    *j = (vo_job){0};
    copy_text(j->id, sizeof j->id, &v[0]);
    copy_text(j->kind, sizeof j->kind, &v[1]);
    const char *state = text_or_null(&v[2]);
    const vo_status st = vo_job_state_parse(state ? state : "", &j->state, err);
    if (st != VO_OK) return st;
    j->error = text_or_null(&v[3]);
    j->key = text_or_null(&v[4]);
    j->owner = text_or_null(&v[5]);
    j->phase = text_or_null(&v[6]);
    j->metrics = text_or_null(&v[7]);
    j->progress = as_real(&v[8]);
    j->attempt = (int32_t)v[9].integer;
    j->max_attempts = (int32_t)v[10].integer;
    j->fence = (int32_t)v[11].integer;
    j->cancel_asked = v[12].integer != 0;
    j->created_ms = v[13].integer;
    j->started_ms = v[14].integer;
    j->ended_ms = v[15].integer;
    j->beat_ms = v[16].integer;
    j->losses = (int32_t)v[17].integer;
    if (n > N_BRIEF) {
        j->request = text_or_null(&v[N_BRIEF]);
        j->response = text_or_null(&v[N_BRIEF + 1]);
    }
    return VO_OK;
}

typedef struct {
    vo_job_told told;
    void *ctx;
    size_t n;
} telling;

static vo_status tell(void *ctx, const vo_db_value *value, size_t n, vo_error *err) {
    telling *t = ctx;
    vo_job j;
    const vo_status st = read_row(value, n, &j, err);
    t->n++;
    if (st != VO_OK || !t->told) return st;
    return t->told(t->ctx, &j, err);
}

static vo_status no_such(const char *id, vo_error *err) {
    return vo_fail(
        err, VO_ENOTFOUND,
        "job \"%.60s\" is not there: it was never accepted, or has been removed since", id);
}

vo_status vo_job_book_get(vo_database *db, const char *id, vo_job_told told, void *ctx,
                          vo_error *err) {
    telling t = {told, ctx, 0};
    const vo_db_value arg = vo_db_text(id);
    const vo_status st = vo_database_run(
        db, "SELECT " COLUMNS_WHOLE " FROM vo_job WHERE id = ?", &arg, 1, tell, &t, NULL, err);
    return st == VO_OK && t.n == 0 ? no_such(id, err) : st;
}

/* The numbers of a row and its kind and owner, to decide by. */
typedef struct {
    vo_job job; /* its pointers are not valid */
    char owner[VO_JOB_KEY];
    bool found;
} brief;

static vo_status keep_brief(void *ctx, const vo_db_value *value, size_t n, vo_error *err) {
    brief *b = ctx;
    b->found = true;
    const vo_status st = read_row(value, n, &b->job, err);
    copy_text(b->owner, sizeof b->owner, &value[5]);
    return st;
}

static vo_status read_brief(vo_database *db, const char *id, brief *b, vo_error *err) {
    const vo_db_value arg = vo_db_text(id);
    b->found = false;
    return vo_database_run(db, "SELECT " COLUMNS_BRIEF " FROM vo_job WHERE id = ?", &arg, 1,
                           keep_brief, b, NULL, err);
}

/* ---- events ------------------------------------------------------------------------------- */

static vo_status take_and_log(vo_database *db, vo_json_out *w, const char *event,
                              const char *id, int64_t now_ms, vo_error *err) {
    char *text = NULL;
    size_t len = 0;
    vo_json_out_end(w);
    vo_status st = vo_json_out_take(w, &text, &len, err);
    if (st == VO_OK) st = vo_event_log_add(db, event, id, text, now_ms, NULL, err);
    free(text);
    vo_json_out_free(w);
    return st;
}

static vo_status log_state(vo_database *db, const brief *b, vo_job_state state, int32_t attempt,
                           const char *error, int64_t now_ms, vo_error *err) {
    vo_json_out *w = NULL;
    const vo_status st = vo_json_out_create(&w, err);
    if (st != VO_OK) return st;
    vo_json_out_object(w);
    vo_json_out_key(w, "job"), vo_json_out_string(w, b->job.id);
    vo_json_out_key(w, "kind"), vo_json_out_string(w, b->job.kind);
    vo_json_out_key(w, "state"), vo_json_out_string(w, vo_job_state_name(state));
    vo_json_out_key(w, "attempt"), vo_json_out_integer(w, attempt);
    if (b->owner[0]) vo_json_out_key(w, "owner"), vo_json_out_string(w, b->owner);
    if (error) vo_json_out_key(w, "error"), vo_json_out_string(w, error);
    return take_and_log(db, w, "job", b->job.id, now_ms, err);
}

/* An error is one sentence: what is longer is cut, not at half a letter. */
static const char *sentence(const char *error, char out[MAX_ERROR + 1]) {
    if (!error) return NULL;
    snprintf(out, MAX_ERROR + 1, "%s", error);
    out[vo_text_utf8_fault(out, strlen(out))] = '\0';
    return out;
}

/* ---- ids ---------------------------------------------------------------------------------- */

static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz"; /* in the order of ASCII */

/* "j_", ten letters of milliseconds, sixteen of chance: 48 and 80 bits. */
static vo_status make_id(int64_t now_ms, char id[VO_JOB_ID], vo_error *err) {
    uint8_t chance[RANK - 10];
    const vo_status st = vo_entropy_fill(chance, sizeof chance, err);
    if (st != VO_OK) return st;
    memcpy(id, "j_", 2);
    uint64_t t = now_ms > 0 ? (uint64_t)now_ms : 0;
    for (int i = 9; i >= 0; i--, t >>= 5) id[2 + i] = digits[t & 31];
    for (size_t i = 0; i < sizeof chance; i++) id[12 + i] = digits[chance[i] & 31];
    id[2 + RANK] = '\0';
    return VO_OK;
}

/* The next id after one of this millisecond, or of a clock that was ahead. */
static void follow(const char *before, char id[VO_JOB_ID]) {
    snprintf(id, VO_JOB_ID, "%s", before);
    for (size_t i = 1 + RANK; i > 1; i--) {
        const char *at = strchr(digits, id[i]);
        if (at && at[1]) {
            id[i] = at[1];
            return;
        }
        id[i] = digits[0];
    }
}

static vo_status take_id(void *ctx, const vo_db_value *value, size_t n, vo_error *err) {
    (void)n;
    (void)err;
    copy_text(ctx, VO_JOB_ID, &value[0]);
    return VO_OK;
}

static vo_status next_id(vo_database *db, int64_t now_ms, char id[VO_JOB_ID], vo_error *err) {
    char newest[VO_JOB_ID] = "";
    vo_status st = make_id(now_ms, id, err);
    if (st == VO_OK)
        st = vo_database_run(db, "SELECT max(id) FROM vo_job", NULL, 0, take_id, newest, NULL,
                             err);
    if (st == VO_OK && strlen(newest) == 2 + RANK && strcmp(id, newest) <= 0)
        follow(newest, id);
    return st;
}

/* ---- adding ------------------------------------------------------------------------------- */

typedef struct {
    const vo_job_order *order;
    int64_t now_ms;
    vo_status (*push)(void *ctx, const char *id, vo_error *err);
    void *push_ctx;
    char id[VO_JOB_ID];
    bool existed, same;
} addition;

static vo_status check_order(const vo_job_order *o, vo_error *err) {
    const size_t kind = strlen(o->kind), key = o->key ? strlen(o->key) : 1;
    if (kind == 0 || kind >= VO_JOB_KIND ||
        strspn(o->kind, "abcdefghijklmnopqrstuvwxyz0123456789_-") != kind)
        return vo_fail(err, VO_EINVAL,
                       "kind = \"%.60s\": 1 to %d small letters, digits, _ or -", o->kind,
                       VO_JOB_KIND - 1);
    if (key == 0 || key >= VO_JOB_KEY)
        return vo_fail(err, VO_EINVAL, "key: 1 to %d letters, not %zu", VO_JOB_KEY - 1, key);
    if (o->owner && strlen(o->owner) >= VO_JOB_KEY)
        return vo_fail(err, VO_EINVAL, "owner: at most %d letters", VO_JOB_KEY - 1);
    if (strlen(o->request) > MAX_REQUEST)
        return vo_fail(err, VO_EINVAL, "request: %zu bytes, at most %zu", strlen(o->request),
                       MAX_REQUEST);
    if (o->max_attempts < 0 || o->max_attempts > MAX_ATTEMPTS)
        return vo_fail(err, VO_EINVAL, "max_attempts = %d is outside 0 (the default) to %d",
                       o->max_attempts, MAX_ATTEMPTS);
    return VO_OK;
}

static vo_status compare(void *ctx, const vo_db_value *value, size_t n, vo_error *err) {
    (void)n;
    (void)err;
    addition *a = ctx;
    a->existed = true;
    copy_text(a->id, sizeof a->id, &value[0]);
    a->same = strcmp(value[1].bytes, a->order->kind) == 0 &&
              strcmp(value[2].bytes, a->order->request) == 0;
    return VO_OK;
}

static vo_status look_for_key(vo_database *db, addition *a, vo_error *err) {
    const vo_job_order *o = a->order;
    const vo_db_value arg[] = {vo_db_text(o->owner ? o->owner : ""), vo_db_text(o->key)};
    vo_status st = vo_database_run(
        db, "SELECT id, kind, request FROM vo_job WHERE owner = ? AND idem_key = ?", arg, 2,
        compare, a, NULL, err);
    if (st == VO_OK && a->existed && !a->same)
        st = vo_fail(err, VO_EINVAL,
                     "key \"%.100s\" is that of job %s, which asks something else: repeat its "
                     "request, or give another key",
                     o->key, a->id);
    return st;
}

static vo_status insert(vo_database *db, const addition *a, vo_error *err) {
    const vo_job_order *o = a->order;
    const vo_db_value arg[] = {
        vo_db_text(a->id),
        vo_db_text(o->kind),
        vo_db_text(state_name[VO_JOB_QUEUED]),
        vo_db_text(o->request),
        vo_db_text(o->key),
        vo_db_text(o->owner ? o->owner : ""),
        vo_db_integer(o->max_attempts > 0 ? o->max_attempts : ATTEMPTS),
        vo_db_integer(a->now_ms),
        vo_db_integer(a->now_ms),
    };
    return vo_database_run(
        db,
        "INSERT INTO vo_job (id, kind, state, request, idem_key, owner, max_attempts,"
        " created_ms, due_ms, phase, progress, attempt, fence, cancel_asked, started_ms,"
        " ended_ms, beat_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '', 0, 0, 0, 0, 0, 0, 0)",
        arg, sizeof arg / sizeof *arg, NULL, NULL, NULL, err);
}

static vo_status add(void *ctx, vo_database *db, vo_error *err) {
    addition *a = ctx;
    vo_status st = a->order->key ? look_for_key(db, a, err) : VO_OK;
    if (st != VO_OK || a->existed) return st;
    if ((st = next_id(db, a->now_ms, a->id, err)) != VO_OK) return st;
    if ((st = insert(db, a, err)) != VO_OK) return st;
    brief b = {0};
    memcpy(b.job.id, a->id, sizeof b.job.id);
    snprintf(b.job.kind, sizeof b.job.kind, "%s", a->order->kind);
    snprintf(b.owner, sizeof b.owner, "%s", a->order->owner ? a->order->owner : "");
    st = log_state(db, &b, VO_JOB_QUEUED, 0, NULL, a->now_ms, err);
    if (st == VO_OK && a->push) st = a->push(a->push_ctx, a->id, err);
    return st;
}

vo_status vo_job_book_add(vo_database *db, const vo_job_order *o, int64_t now_ms,
                          vo_status (*push)(void *ctx, const char *id, vo_error *err),
                          void *ctx, char id[VO_JOB_ID], bool *existed, vo_error *err) {
    vo_status st = check_order(o, err);
    if (st != VO_OK) return st;
    addition a = {.order = o, .now_ms = now_ms, .push = push, .push_ctx = ctx};
    st = vo_database_transact(db, add, &a, err);
    if (st != VO_OK) return st;
    memcpy(id, a.id, sizeof a.id);
    if (existed) *existed = a.existed;
    return VO_OK;
}

/* ---- lists -------------------------------------------------------------------------------- */

vo_status vo_job_book_list(vo_database *db, const vo_job_query *q, vo_job_told told, void *ctx,
                           vo_error *err) {
    char sql[640];
    vo_text t = vo_text_over(sql, sizeof sql);
    vo_db_value arg[5];
    size_t n = 0;
    vo_text_append(&t, "SELECT %s FROM vo_job WHERE 1 = 1",
                   q->whole ? COLUMNS_WHOLE : COLUMNS_BRIEF);
    if (q->kind) vo_text_append(&t, " AND kind = ?"), arg[n++] = vo_db_text(q->kind);
    if (q->owner) vo_text_append(&t, " AND owner = ?"), arg[n++] = vo_db_text(q->owner);
    if (q->before) vo_text_append(&t, " AND id < ?"), arg[n++] = vo_db_text(q->before);
    if (q->state >= 0) {
        assert(q->state < (int32_t)VO_JOB_STATES);
        vo_text_append(&t, " AND state = ?");
        arg[n++] = vo_db_text(state_name[q->state]);
    }
    vo_text_append(&t, " ORDER BY id DESC LIMIT ?");
    arg[n++] = vo_db_integer(q->most > INT32_MAX ? INT32_MAX : (int64_t)q->most);
    telling g = {told, ctx, 0};
    return vo_database_run(db, sql, arg, n, tell, &g, NULL, err);
}

/* due_ms lies at most an hour after now, and now at most some days after older_than: what is heard
 * of later still was written by a clock that was ahead. */
vo_status vo_job_book_waiting(vo_database *db, int64_t older_than_ms, size_t most,
                              vo_job_told told, void *ctx, vo_error *err) {
    telling g = {told, ctx, 0};
    const int64_t ahead_ms =
        older_than_ms > INT64_MAX - AHEAD_MS ? INT64_MAX : older_than_ms + AHEAD_MS;
    const vo_db_value arg[] = {vo_db_text(state_name[VO_JOB_QUEUED]),
                               vo_db_text(state_name[VO_JOB_RUNNING]),
                               vo_db_integer(older_than_ms), vo_db_integer(ahead_ms),
                               vo_db_integer(most > INT32_MAX ? INT32_MAX : (int64_t)most)};
    return vo_database_run(db,
                           "SELECT " COLUMNS_BRIEF " FROM vo_job WHERE state IN (?, ?)"
                           " AND (due_ms < ? OR due_ms > ?) ORDER BY id LIMIT ?",
                           arg, 5, tell, &g, NULL, err);
}

vo_status vo_job_book_pushed(vo_database *db, const char *id, int64_t now_ms, vo_error *err) {
    const vo_db_value arg[] = {vo_db_integer(now_ms), vo_db_text(id)};
    return vo_database_run(db, "UPDATE vo_job SET due_ms = ? WHERE id = ? AND ended_ms = 0",
                           arg, 2, NULL, NULL, NULL, err);
}

static vo_status take_count(void *ctx, const vo_db_value *value, size_t n, vo_error *err) {
    (void)n;
    int64_t *count = ctx;
    vo_job_state s = VO_JOB_QUEUED;
    const char *name = text_or_null(&value[0]);
    const vo_status st = vo_job_state_parse(name ? name : "", &s, err);
    if (st == VO_OK) count[s] = value[1].integer;
    return st;
}

vo_status vo_job_book_counts(vo_database *db, int64_t count[VO_JOB_STATES], vo_error *err) {
    int64_t c[VO_JOB_STATES] = {0};
    const vo_status st =
        vo_database_run(db, "SELECT state, count(*) FROM vo_job GROUP BY state", NULL, 0,
                        take_count, c, NULL, err);
    if (st == VO_OK) memcpy(count, c, sizeof c);
    return st;
}

vo_status vo_job_book_trim(vo_database *db, int64_t ended_before_ms, int64_t *n,
                           vo_error *err) {
    const vo_db_value arg = vo_db_integer(ended_before_ms);
    return vo_database_run(db, "DELETE FROM vo_job WHERE ended_ms > 0 AND ended_ms < ?", &arg,
                           1, NULL, NULL, n, err);
}

/* ---- changes of state --------------------------------------------------------------------- */

/* What a change may want to know and say. */
typedef struct {
    const char *id, *response, *error;
    int32_t fence;
    vo_job_state end;
    int64_t now_ms, ready_ms;
    const char *phase, *metrics;
    double progress;
    vo_status (*push)(void *ctx, const char *id, vo_error *err);
    vo_job_told told;
    void *ctx;
    bool go, current, again, cancel_asked;
    vo_job_state state;
    int32_t new_fence;
    brief b;
} change;

/* Over: with its time, and what it has to say. */
static vo_status close_row(vo_database *db, change *c, vo_job_state end, vo_error *err) {
    const vo_db_value arg[] = {
        vo_db_text(state_name[end]), vo_db_text(c->response),
        vo_db_text(c->error),        vo_db_real(end == VO_JOB_DONE ? 1 : c->b.job.progress),
        vo_db_integer(c->now_ms),    vo_db_integer(c->now_ms),
        vo_db_text(c->id),
    };
    const vo_status st = vo_database_run(db,
                                         "UPDATE vo_job SET state = ?, response = ?, error = ?,"
                                         " progress = ?, ended_ms = ?, due_ms = ? WHERE id = ?",
                                         arg, 7, NULL, NULL, NULL, err);
    c->state = end;
    if (st != VO_OK) return st;
    return log_state(db, &c->b, end, c->b.job.attempt, c->error, c->now_ms, err);
}

/* Queued again, with what counts so far. */
static vo_status queue_row(vo_database *db, change *c, int32_t attempt, int64_t ready_ms,
                           vo_error *err) {
    const vo_db_value arg[] = {
        vo_db_text(state_name[VO_JOB_QUEUED]),
        vo_db_text(c->error),
        vo_db_integer(attempt),
        vo_db_integer(ready_ms),
        vo_db_text(c->id),
    };
    const vo_status st =
        vo_database_run(db,
                        "UPDATE vo_job SET state = ?, error = ?, attempt = ?, due_ms = ?,"
                        " ended_ms = 0, cancel_asked = 0, response = NULL WHERE id = ?",
                        arg, 5, NULL, NULL, NULL, err);
    c->state = VO_JOB_QUEUED;
    if (st != VO_OK) return st;
    return log_state(db, &c->b, VO_JOB_QUEUED, attempt, c->error, c->now_ms, err);
}

static vo_status begin(void *ctx, vo_database *db, vo_error *err) {
    static const char lost[] =
        "its worker was lost too often: killed, or out of memory? Look at the log, then "
        "`volteo jobs retry`";
    change *c = ctx;
    vo_status st = read_brief(db, c->id, &c->b, err);
    if (st != VO_OK) return st;
    if (!c->b.found) return no_such(c->id, err);
    const vo_job *j = &c->b.job;
    if (vo_job_state_over(j->state)) return VO_OK;
    if (j->cancel_asked) return close_row(db, c, VO_JOB_CANCELLED, err);
    const bool is_lost = j->state == VO_JOB_RUNNING;
    const int32_t losses = j->losses + is_lost, attempt = j->attempt + !is_lost;
    if (losses >= VO_JOB_LOSSES) {
        c->error = lost;
        return close_row(db, c, VO_JOB_DEAD, err);
    }
    c->new_fence = j->fence + 1;
    const vo_db_value arg[] = {vo_db_text(state_name[VO_JOB_RUNNING]),
                               vo_db_integer(attempt),
                               vo_db_integer(losses),
                               vo_db_integer(c->new_fence),
                               vo_db_integer(c->now_ms),
                               vo_db_integer(c->now_ms),
                               vo_db_integer(c->now_ms),
                               vo_db_text(c->id)};
    st = vo_database_run(db,
                         "UPDATE vo_job SET state = ?, attempt = ?, losses = ?, fence = ?,"
                         " started_ms = ?, beat_ms = ?, due_ms = ?, progress = 0, phase = '',"
                         " metrics = NULL WHERE id = ?",
                         arg, 8, NULL, NULL, NULL, err);
    if (st == VO_OK) st = log_state(db, &c->b, VO_JOB_RUNNING, attempt, NULL, c->now_ms, err);
    if (st == VO_OK && c->told) st = vo_job_book_get(db, c->id, c->told, c->ctx, err);
    c->go = st == VO_OK;
    return st;
}

vo_status vo_job_book_begin(vo_database *db, const char *id, int64_t now_ms, bool *go,
                            int32_t *fence, vo_job_told told, void *ctx, vo_error *err) {
    change c = {.id = id, .now_ms = now_ms, .told = told, .ctx = ctx};
    const vo_status st = vo_database_transact(db, begin, &c, err);
    if (st != VO_OK) return st;
    *go = c.go;
    if (c.go) *fence = c.new_fence;
    return VO_OK;
}

/* The fence: is this beginning the one that counts? */
static vo_status pass(vo_database *db, change *c, vo_error *err) {
    const vo_status st = read_brief(db, c->id, &c->b, err);
    c->current = st == VO_OK && c->b.found && c->b.job.state == VO_JOB_RUNNING &&
                 c->b.job.fence == c->fence;
    c->cancel_asked = c->current && c->b.job.cancel_asked;
    return st;
}

static vo_status log_progress(vo_database *db, const change *c, vo_error *err) {
    vo_json_out *w = NULL;
    vo_json *metrics = NULL;
    vo_status st = VO_OK;
    if (c->metrics && (st = vo_json_parse(c->metrics, strlen(c->metrics), &metrics, err)))
        return st;
    if (metrics && vo_json_kind_of(metrics) != VO_JSON_OBJECT)
        st = vo_fail(err, VO_EINVAL, "job %s: metrics are a JSON %s, not an object", c->id,
                     vo_json_kind_name(vo_json_kind_of(metrics)));
    if (st == VO_OK) st = vo_json_out_create(&w, err);
    if (st == VO_OK) {
        vo_json_out_object(w);
        vo_json_out_key(w, "job"), vo_json_out_string(w, c->id);
        vo_json_out_key(w, "kind"), vo_json_out_string(w, c->b.job.kind);
        vo_json_out_key(w, "progress"), vo_json_out_number(w, c->progress);
        vo_json_out_key(w, "phase"), vo_json_out_string(w, c->phase);
        if (metrics) vo_json_out_key(w, "metrics"), vo_json_out_value(w, metrics);
        st = take_and_log(db, w, "job_progress", c->id, c->now_ms, err);
    }
    vo_json_free(metrics);
    return st;
}

static vo_status progress(void *ctx, vo_database *db, vo_error *err) {
    change *c = ctx;
    vo_status st = pass(db, c, err);
    if (st != VO_OK || !c->current) return st;
    const vo_db_value arg[] = {vo_db_text(c->phase),     vo_db_real(c->progress),
                               vo_db_text(c->metrics),   vo_db_integer(c->now_ms),
                               vo_db_integer(c->now_ms), vo_db_text(c->id)};
    st = vo_database_run(db,
                         "UPDATE vo_job SET phase = ?, progress = ?,"
                         " metrics = coalesce(?, metrics), beat_ms = ?, due_ms = ?"
                         " WHERE id = ?",
                         arg, 6, NULL, NULL, NULL, err);
    return st == VO_OK ? log_progress(db, c, err) : st;
}

static void say(const change *c, bool *current, bool *cancel_asked) {
    if (current) *current = c->current;
    if (cancel_asked) *cancel_asked = c->cancel_asked;
}

vo_status vo_job_book_progress(vo_database *db, const char *id, int32_t fence,
                               const char *phase, double fraction, const char *metrics,
                               int64_t now_ms, bool *current, bool *cancel_asked,
                               vo_error *err) {
    change c = {.id = id,
                .fence = fence,
                .phase = phase ? phase : "",
                .progress = fraction > 0 ? fmin(fraction, 1) : 0, /* NaN: 0 */
                .metrics = metrics,
                .now_ms = now_ms};
    const vo_status st = vo_database_transact(db, progress, &c, err);
    if (st == VO_OK) say(&c, current, cancel_asked);
    return st;
}

static vo_status beat(void *ctx, vo_database *db, vo_error *err) {
    change *c = ctx;
    const vo_status st = pass(db, c, err);
    if (st != VO_OK || !c->current) return st;
    const vo_db_value arg[] = {vo_db_integer(c->now_ms), vo_db_integer(c->now_ms),
                               vo_db_text(c->id)};
    return vo_database_run(db, "UPDATE vo_job SET beat_ms = ?, due_ms = ? WHERE id = ?", arg, 3,
                           NULL, NULL, NULL, err);
}

vo_status vo_job_book_beat(vo_database *db, const char *id, int32_t fence, int64_t now_ms,
                           bool *current, bool *cancel_asked, vo_error *err) {
    change c = {.id = id, .fence = fence, .now_ms = now_ms};
    const vo_status st = vo_database_transact(db, beat, &c, err);
    if (st == VO_OK) say(&c, current, cancel_asked);
    return st;
}

static vo_status finish(void *ctx, vo_database *db, vo_error *err) {
    change *c = ctx;
    const vo_status st = pass(db, c, err);
    return st == VO_OK && c->current ? close_row(db, c, c->end, err) : st;
}

vo_status vo_job_book_finish(vo_database *db, const char *id, int32_t fence, vo_job_state end,
                             const char *response, const char *error, int64_t now_ms,
                             bool *current, vo_error *err) {
    assert(end == VO_JOB_DONE || end == VO_JOB_FAILED || end == VO_JOB_CANCELLED);
    char words[MAX_ERROR + 1];
    change c = {.id = id,
                .fence = fence,
                .end = end,
                .response = end == VO_JOB_DONE ? response : NULL,
                .error = end == VO_JOB_DONE ? NULL : sentence(error, words),
                .now_ms = now_ms};
    const vo_status st = vo_database_transact(db, finish, &c, err);
    if (st == VO_OK) say(&c, current, NULL);
    return st;
}

static vo_status fail_again(void *ctx, vo_database *db, vo_error *err) {
    change *c = ctx;
    const vo_status st = pass(db, c, err);
    if (st != VO_OK || !c->current) return st;
    if (c->cancel_asked) return close_row(db, c, VO_JOB_CANCELLED, err);
    if (c->b.job.attempt >= c->b.job.max_attempts) return close_row(db, c, VO_JOB_DEAD, err);
    c->again = true;
    return queue_row(db, c, c->b.job.attempt, c->ready_ms, err);
}

vo_status vo_job_book_fail(vo_database *db, const char *id, int32_t fence, const char *error,
                           int64_t now_ms, int64_t ready_ms, bool *current, bool *again,
                           vo_error *err) {
    char words[MAX_ERROR + 1];
    change c = {.id = id,
                .fence = fence,
                .error = sentence(error, words),
                .now_ms = now_ms,
                .ready_ms = ready_ms};
    const vo_status st = vo_database_transact(db, fail_again, &c, err);
    if (st == VO_OK) say(&c, current, NULL);
    if (st == VO_OK && again) *again = c.again;
    return st;
}

static vo_status release(void *ctx, vo_database *db, vo_error *err) {
    change *c = ctx;
    const vo_status st = pass(db, c, err);
    if (st != VO_OK || !c->current) return st;
    if (c->cancel_asked) return close_row(db, c, VO_JOB_CANCELLED, err);
    c->again = true;
    return queue_row(db, c, c->b.job.attempt - 1, c->now_ms, err);
}

vo_status vo_job_book_release(vo_database *db, const char *id, int32_t fence, int64_t now_ms,
                              bool *current, bool *again, vo_error *err) {
    change c = {.id = id, .fence = fence, .now_ms = now_ms};
    const vo_status st = vo_database_transact(db, release, &c, err);
    if (st == VO_OK) say(&c, current, NULL);
    if (st == VO_OK && again) *again = c.again;
    return st;
}

/* ---- by people ---------------------------------------------------------------------------- */

static vo_status cancel(void *ctx, vo_database *db, vo_error *err) {
    change *c = ctx;
    const vo_status st = read_brief(db, c->id, &c->b, err);
    if (st != VO_OK) return st;
    if (!c->b.found) return no_such(c->id, err);
    c->state = c->b.job.state;
    if (c->state == VO_JOB_QUEUED) return close_row(db, c, VO_JOB_CANCELLED, err);
    if (c->state != VO_JOB_RUNNING) return VO_OK;
    const vo_db_value arg = vo_db_text(c->id);
    return vo_database_run(db, "UPDATE vo_job SET cancel_asked = 1 WHERE id = ?", &arg, 1, NULL,
                           NULL, NULL, err);
}

vo_status vo_job_book_cancel(vo_database *db, const char *id, int64_t now_ms,
                             vo_job_state *state, vo_error *err) {
    change c = {.id = id, .now_ms = now_ms};
    const vo_status st = vo_database_transact(db, cancel, &c, err);
    if (st == VO_OK && state) *state = c.state;
    return st;
}

static vo_status requeue(void *ctx, vo_database *db, vo_error *err) {
    change *c = ctx;
    vo_status st = read_brief(db, c->id, &c->b, err);
    if (st != VO_OK) return st;
    if (!c->b.found) return no_such(c->id, err);
    const vo_job_state s = c->b.job.state;
    if (s == VO_JOB_DONE || !vo_job_state_over(s))
        return vo_fail(err, VO_EINVAL,
                       "job %s is %s: only one that is dead, failed or cancelled can be tried "
                       "again",
                       c->id, vo_job_state_name(s));
    st = queue_row(db, c, 0, c->now_ms, err);
    const vo_db_value id = vo_db_text(c->id);
    if (st == VO_OK)
        st = vo_database_run(db, "UPDATE vo_job SET losses = 0 WHERE id = ?", &id, 1, NULL,
                             NULL, NULL, err);
    if (st == VO_OK && c->push) st = c->push(c->ctx, c->id, err);
    return st;
}

vo_status vo_job_book_requeue(vo_database *db, const char *id, int64_t now_ms,
                              vo_status (*push)(void *ctx, const char *id, vo_error *err),
                              void *ctx, vo_error *err) {
    change c = {.id = id, .now_ms = now_ms, .push = push, .ctx = ctx};
    return vo_database_transact(db, requeue, &c, err);
}
