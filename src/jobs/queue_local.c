/* queue_local.c -- the queue as a table of the state database.
 *
 * A message is a row: ready from ready_ms, leased until lease_ms (0: not leased). Taking is one
 * transaction, so no two takers get the same row. token counts all deliveries there ever were:
 * who still has an older one has lost its lease, even if the message went and came back since.
 * Looking for work when there is none only reads: what is ready, and then what a clock that was
 * ahead has put beyond the hour (queue.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jobs/queue_back.h"

typedef struct {
    vo_queue q;
    vo_database *db;
} local;

static const char *const steps[] = {
    "CREATE TABLE vo_queue (id TEXT PRIMARY KEY, ready_ms BIGINT NOT NULL,"
    " lease_ms BIGINT NOT NULL, token BIGINT NOT NULL, deliveries INTEGER NOT NULL,"
    " worker TEXT NOT NULL);"
    "CREATE TABLE vo_queue_count (one INTEGER PRIMARY KEY, last BIGINT NOT NULL);"
    "INSERT INTO vo_queue_count (one, last) VALUES (1, 0);"
    "CREATE INDEX vo_queue_ready ON vo_queue (ready_ms, id);",
};

/* The seam's handle is the first member of ours. */
static const local *of(const vo_queue *q) { return (const local *)(const void *)q; }

static void close_local(vo_queue *q) { free(q); }

static bool joins(const vo_queue *q, const vo_database *db) { return of(q)->db == db; }

static vo_status push(vo_queue *q, const char *id, int64_t ready_ms, vo_error *err) {
    const vo_db_value arg[] = {vo_db_text(id), vo_db_integer(ready_ms)};
    return vo_database_run(of(q)->db,
                           "INSERT INTO vo_queue (id, ready_ms, lease_ms, token, deliveries,"
                           " worker) VALUES (?, ?, 0, 0, 0, '') ON CONFLICT (id) DO UPDATE"
                           " SET ready_ms = excluded.ready_ms WHERE vo_queue.lease_ms = 0"
                           " AND vo_queue.ready_ms > excluded.ready_ms",
                           arg, 2, NULL, NULL, NULL, err);
}

/* ---- taking ------------------------------------------------------------------------------- */

typedef struct {
    const char *worker;
    int64_t now_ms, until_ms;
    vo_delivery d;
    bool any;
} taking;

static vo_status keep(void *ctx, const vo_db_value *value, size_t n, vo_error *err) {
    (void)n;
    (void)err;
    taking *t = ctx;
    t->any = true;
    snprintf(t->d.id, sizeof t->d.id, "%s", (const char *)value[0].bytes);
    t->d.deliveries = (int32_t)value[1].integer + 1;
    return VO_OK;
}

/* Beyond here nothing is but by a clock that was ahead. */
static int64_t ahead(int64_t now_ms, int64_t most_ms) {
    return now_ms > INT64_MAX - most_ms ? INT64_MAX : now_ms + most_ms;
}

static vo_status look(vo_database *db, taking *t, vo_error *err) {
    const int64_t now_ms = t->now_ms, lease_ms = ahead(now_ms, VO_QUEUE_LEASE_MS);
    const vo_db_value arg[] = {vo_db_integer(now_ms), vo_db_integer(now_ms),
                               vo_db_integer(lease_ms)};
    const vo_db_value far[] = {vo_db_integer(ahead(now_ms, VO_QUEUE_DELAY_MS)),
                               vo_db_integer(now_ms), vo_db_integer(lease_ms)};
    t->any = false;
    const vo_status st =
        vo_database_run(db,
                        "SELECT id, deliveries FROM vo_queue WHERE ready_ms <= ?"
                        " AND (lease_ms <= ? OR lease_ms > ?) ORDER BY ready_ms, id LIMIT 1",
                        arg, 3, keep, t, NULL, err);
    if (st != VO_OK || t->any) return st;
    return vo_database_run(db,
                           "SELECT id, deliveries FROM vo_queue WHERE ready_ms > ?"
                           " AND (lease_ms <= ? OR lease_ms > ?) ORDER BY ready_ms, id LIMIT 1",
                           far, 3, keep, t, NULL, err);
}

static vo_status look_and_lease(void *ctx, vo_database *db, vo_error *err) {
    taking *t = ctx;
    vo_status st = look(db, t, err); /* another may have been quicker */
    if (st != VO_OK || !t->any) return st;
    st = vo_database_run(db, "UPDATE vo_queue_count SET last = last + 1", NULL, 0, NULL, NULL,
                         NULL, err);
    if (st == VO_OK)
        st = vo_database_run(db, "SELECT last FROM vo_queue_count", NULL, 0, vo_db_take_integer,
                             &t->d.token, NULL, err);
    const vo_db_value arg[] = {vo_db_integer(t->until_ms), vo_db_integer(t->d.token),
                               vo_db_text(t->worker), vo_db_text(t->d.id)};
    if (st == VO_OK)
        st = vo_database_run(db,
                             "UPDATE vo_queue SET lease_ms = ?, token = ?, worker = ?,"
                             " deliveries = deliveries + 1 WHERE id = ?",
                             arg, 4, NULL, NULL, NULL, err);
    return st;
}

static vo_status take(vo_queue *q, const char *worker, int64_t now_ms, int64_t lease_ms,
                      vo_delivery *out, bool *any, vo_error *err) {
    taking t = {
        .worker = worker ? worker : "", .now_ms = now_ms, .until_ms = now_ms + lease_ms};
    vo_database *db = of(q)->db;
    vo_status st = look(db, &t, err);
    if (st == VO_OK && t.any) st = vo_database_transact(db, look_and_lease, &t, err);
    if (st != VO_OK) return st;
    *any = t.any;
    if (t.any) *out = t.d;
    return VO_OK;
}

/* ---- afterwards --------------------------------------------------------------------------- */

static vo_status extend(vo_queue *q, const vo_delivery *d, int64_t now_ms, int64_t lease_ms,
                        bool *held, vo_error *err) {
    int64_t changed = 0;
    const vo_db_value arg[] = {vo_db_integer(now_ms + lease_ms), vo_db_text(d->id),
                               vo_db_integer(d->token)};
    const vo_status st =
        vo_database_run(of(q)->db,
                        "UPDATE vo_queue SET lease_ms = ? WHERE id = ? AND token = ?"
                        " AND lease_ms > 0",
                        arg, 3, NULL, NULL, &changed, err);
    if (st == VO_OK) *held = changed > 0;
    return st;
}

static vo_status ack(vo_queue *q, const vo_delivery *d, vo_error *err) {
    const vo_db_value arg[] = {vo_db_text(d->id), vo_db_integer(d->token)};
    return vo_database_run(of(q)->db,
                           "DELETE FROM vo_queue WHERE id = ? AND token = ? AND lease_ms > 0",
                           arg, 2, NULL, NULL, NULL, err);
}

static vo_status retry(vo_queue *q, const vo_delivery *d, int64_t ready_ms, vo_error *err) {
    const vo_db_value arg[] = {vo_db_integer(ready_ms), vo_db_text(d->id),
                               vo_db_integer(d->token)};
    return vo_database_run(of(q)->db,
                           "UPDATE vo_queue SET ready_ms = ?, lease_ms = 0, worker = ''"
                           " WHERE id = ? AND token = ? AND lease_ms > 0",
                           arg, 3, NULL, NULL, NULL, err);
}

static vo_status take_two(void *ctx, const vo_db_value *value, size_t n, vo_error *err) {
    (void)n;
    (void)err;
    int64_t *two = ctx;
    two[0] = value[0].integer;
    two[1] = value[1].integer;
    return VO_OK;
}

static vo_status depth(vo_queue *q, int64_t now_ms, int64_t *ready, int64_t *leased,
                       vo_error *err) {
    const int64_t far_ms = ahead(now_ms, VO_QUEUE_DELAY_MS),
                  lease_ms = ahead(now_ms, VO_QUEUE_LEASE_MS);
    const vo_db_value arg[] = {vo_db_integer(now_ms), vo_db_integer(far_ms),
                               vo_db_integer(now_ms), vo_db_integer(lease_ms),
                               vo_db_integer(now_ms), vo_db_integer(lease_ms)};
    int64_t two[2] = {0, 0};
    const vo_status st = vo_database_run(
        of(q)->db,
        "SELECT coalesce(sum(CASE WHEN (ready_ms <= ? OR ready_ms > ?)"
        " AND (lease_ms <= ? OR lease_ms > ?) THEN 1 ELSE 0 END), 0),"
        " coalesce(sum(CASE WHEN lease_ms > ? AND lease_ms <= ? THEN 1 ELSE 0 END), 0)"
        " FROM vo_queue",
        arg, 6, take_two, two, NULL, err);
    if (st != VO_OK) return st;
    *ready = two[0];
    *leased = two[1];
    return VO_OK;
}

static const vo_queue_back back = {.close = close_local,
                                   .joins = joins,
                                   .push = push,
                                   .take = take,
                                   .extend = extend,
                                   .ack = ack,
                                   .retry = retry,
                                   .depth = depth};

vo_status vo_queue_local_open(vo_database *db, vo_queue **out, vo_error *err) {
    const vo_status st =
        vo_database_migrate(db, "queue_local", steps, sizeof steps / sizeof *steps, err);
    if (st != VO_OK) return st;
    local *l = calloc(1, sizeof *l);
    if (!l) return vo_fail(err, VO_ENOMEM, "a queue");
    l->q.back = &back;
    l->db = db;
    *out = &l->q;
    return VO_OK;
}
