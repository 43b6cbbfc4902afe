/* event_log.c -- see event_log.h. Two tables: the events, and one row that counts them.
 *
 * The number is taken by writing that row inside the event's own transaction, so writers follow
 * one another from there to their commit: numbers become visible in their order. A column that
 * counts by itself would not promise that in every database, nor keep its count when all rows
 * are gone.
 */
#include "store/event_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/json.h"

#define MAX_DOCUMENT ((size_t)1 << 20)

static const char *const steps[] = {
    "CREATE TABLE vo_event (id BIGINT PRIMARY KEY, time_ms BIGINT NOT NULL,"
    " event TEXT NOT NULL, about TEXT NOT NULL, document TEXT NOT NULL);"
    "CREATE TABLE vo_event_count (one INTEGER PRIMARY KEY, last BIGINT NOT NULL);"
    "INSERT INTO vo_event_count (one, last) VALUES (1, 0);",
};

vo_status vo_event_log_migrate(vo_database *db, vo_error *err) {
    return vo_database_migrate(db, "event_log", steps, sizeof steps / sizeof *steps, err);
}

/* ---- adding ------------------------------------------------------------------------------- */

static bool name_is_decent(const char *s) {
    const size_t n = strlen(s);
    return n > 0 && n < VO_EVENT_NAME &&
           strspn(s, "abcdefghijklmnopqrstvuwxyz0123456789_.-") == n;
}

/* A reader must be able to trust every line: what is no object is refused here, once. */
static vo_status check_document(const char *event, const char *document, vo_error *err) {
    static const char *const ours[] = {"id", "event", "time"};
    const size_t len = strlen(document);
    vo_json *root = NULL;
    vo_error why = {0};
    if (len > MAX_DOCUMENT)
        return vo_fail(err, VO_EINVAL, "event \"%s\": its document has %zu bytes, at most %zu",
                       event, len, MAX_DOCUMENT);
    vo_status st = vo_json_parse(document, len, &root, &why);
    if (st != VO_OK)
        return vo_fail(err, st, "event \"%s\": its document is no JSON: %.200s", event,
                       why.msg);
    if (vo_json_kind_of(root) != VO_JSON_OBJECT)
        st = vo_fail(err, VO_EINVAL, "event \"%s\": its document is a JSON %s, not an object",
                     event, vo_json_kind_name(vo_json_kind_of(root)));
    for (size_t i = 0; st == VO_OK && i < sizeof ours / sizeof *ours; i++)
        if (vo_json_get(root, ours[i]))
            st = vo_fail(err, VO_EINVAL, "event \"%s\": \"%s\" is set by the log: leave it out",
                         event, ours[i]);
    vo_json_free(root);
    return st;
}

typedef struct {
    const char *event, *about, *document;
    int64_t now_ms, id;
} addition;

static vo_status add(void *ctx, vo_database *db, vo_error *err) {
    addition *a = ctx;
    vo_status st = vo_database_run(db, "UPDATE vo_event_count SET last = last + 1", NULL, 0,
                                   NULL, NULL, NULL, err);
    if (st == VO_OK)
        st = vo_database_run(db, "SELECT last FROM vo_event_count", NULL, 0, vo_db_take_integer,
                             &a->id, NULL, err);
    const vo_db_value arg[] = {vo_db_integer(a->id), vo_db_integer(a->now_ms),
                               vo_db_text(a->event), vo_db_text(a->about),
                               vo_db_text(a->document)};
    if (st == VO_OK)
        st = vo_database_run(db,
                             "INSERT INTO vo_event (id, time_ms, event, about, document)"
                             " VALUES (?, ?, ?, ?, ?)",
                             arg, 5, NULL, NULL, NULL, err);
    return st;
}

vo_status vo_event_log_add(vo_database *db, const char *event, const char *about,
                           const char *document, int64_t now_ms, int64_t *id, vo_error *err) {
    if (!name_is_decent(event))
        return vo_fail(err, VO_EINVAL,
                       "event \"%.60s\": a name is 1 to %d small letters, digits, _ . or -",
                       event, VO_EVENT_NAME - 1);
    vo_status st = check_document(event, document, err);
    if (st != VO_OK) return st;
    addition a = {event, about ? about : "", document, now_ms, 0};
    st = vo_database_transact(db, add, &a, err);
    if (st == VO_OK && id) *id = a.id;
    return st;
}

/* ---- reading ------------------------------------------------------------------------------ */

typedef struct {
    vo_event_told told;
    void *ctx;
} telling;

/* {"id":7,"event":"job","time":"2026-02-11T13:45:00.250Z" and what follows the brace. */
static vo_status tell(void *ctx, const vo_db_value *value, size_t n, vo_error *err) {
    (void)n;
    const telling *t = ctx;
    vo_event e = {.id = value[0].integer,
                  .time_ms = value[1].integer,
                  .event = value[2].bytes,
                  .about = value[3].bytes};
    const char *rest = value[4].bytes;
    rest += strspn(rest, " \t\r\n");
    rest += 1 + strspn(rest + 1, " \t\r\n"); /* after '{' */
    char stamp[32];
    int64_t s = e.time_ms / 1000, ms = e.time_ms % 1000;
    if (ms < 0) ms += 1000, s--;
    vo_civil_format_utc(s, stamp);
    stamp[strcspn(stamp, "Z")] = '\0';
    const size_t size = value[4].len + 128 + VO_EVENT_NAME;
    char *text = malloc(size);
    if (!text) return vo_fail(err, VO_ENOMEM, "an event");
    snprintf(text, size, "{\"id\":%lld,\"event\":\"%s\",\"time\":\"%s.%03dZ\"%s%s",
             (long long)e.id, e.event, stamp, (int)ms, *rest == '}' ? "" : ",", rest);
    e.document = text;
    const vo_status st = t->told(t->ctx, &e, err);
    free(text);
    return st;
}

vo_status vo_event_log_after(vo_database *db, int64_t after, size_t most, vo_event_told told,
                             void *ctx, vo_error *err) {
    telling t = {told, ctx};
    const vo_db_value arg[] = {vo_db_integer(after),
                               vo_db_integer(most > INT32_MAX ? INT32_MAX : (int64_t)most)};
    return vo_database_run(db,
                           "SELECT id, time_ms, event, about, document FROM vo_event"
                           " WHERE id > ? ORDER BY id LIMIT ?",
                           arg, 2, tell, &t, NULL, err);
}

static vo_status take_span(void *ctx, const vo_db_value *value, size_t n, vo_error *err) {
    (void)n;
    (void)err;
    int64_t *span = ctx;
    span[1] = value[0].integer;
    span[0] = value[1].kind == VO_DB_NULL ? span[1] + 1 : value[1].integer;
    return VO_OK;
}

vo_status vo_event_log_span(vo_database *db, int64_t *first, int64_t *last, vo_error *err) {
    int64_t span[2] = {1, 0};
    const vo_status st =
        vo_database_run(db, "SELECT last, (SELECT min(id) FROM vo_event) FROM vo_event_count",
                        NULL, 0, take_span, span, NULL, err);
    if (st != VO_OK) return st;
    *first = span[0];
    *last = span[1];
    return VO_OK;
}

/* Numbers have no gaps (a number that was not committed is given again): counting is
 * subtracting. */
vo_status vo_event_log_trim(vo_database *db, size_t keep, vo_error *err) {
    const vo_db_value arg = vo_db_integer(keep > INT64_MAX / 2 ? INT64_MAX / 2 : (int64_t)keep);
    return vo_database_run(
        db, "DELETE FROM vo_event WHERE id <= (SELECT last FROM vo_event_count) - ?", &arg, 1,
        NULL, NULL, NULL, err);
}
