/* database_sqlite.c -- the state database as one SQLite file in WAL mode.
 *
 * Durable: synchronous = FULL syncs the log at every commit; what was not committed when the
 * process died is not replayed. A handle is one connection behind a recursive mutex, so what
 * a transaction calls on its own thread passes, and others wait. Writers of other processes are
 * waited for in small irregular steps until busy_s is over.
 * The file says whose it is: application_id "Vlto", user_version the layout of this file's own
 * table (vo_part: versions of the parts of the schema).
 */
#include "store/database.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "base/text.h"
#include "port/clock.h"
#include "port/private_file.h"

#define APPLICATION 0x566c746f /* "Vlto" */
#define LAYOUT 1
#define KEPT 64 /* prepared statements */
#define COLUMNS 40
#define MAX_PATH 1024
#define BUSY_S 10.0

typedef struct {
    char *sql;
    sqlite3_stmt *stmt;
    bool in_use;
    uint64_t used; /* when last, by the handle's count */
} kept;

struct vo_database {
    sqlite3 *lite;
    sqlite3_mutex *turn; /* recursive */
    char path[MAX_PATH];
    double busy_s, busy_until_s;
    int depth; /* of transactions */
    kept kept[KEPT];
    uint64_t uses;
};

vo_status vo_db_take_integer(void *ctx, const vo_db_value *value, size_t n, vo_error *err) {
    (void)n;
    (void)err;
    *(int64_t *)ctx = value[0].integer;
    return VO_OK;
}

vo_db_value vo_db_text(const char *s) {
    return s ? (vo_db_value){.kind = VO_DB_TEXT, .bytes = s, .len = strlen(s)}
             : (vo_db_value){.kind = VO_DB_NULL};
}

/* ---- errors ------------------------------------------------------------------------------- */

static const char *remedy(int code) {
    switch (code & 0xff) {
    case SQLITE_FULL:
        return ": free some space on its disk";
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return ": make the file and its folder writable";
    case SQLITE_CANTOPEN:
        return ": is its folder there, and may it be written to?";
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
        return ": name another file, or bring this one back from a copy";
    default:
        return "";
    }
}

static vo_status status_of(int code) {
    switch (code & 0xff) {
    case SQLITE_NOMEM:
        return VO_ENOMEM;
    case SQLITE_NOTADB:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
    case SQLITE_TOOBIG:
    case SQLITE_ERROR:
        return VO_EINVAL;
    default:
        return VO_EIO;
    }
}

/* What SQLite said last, in words. */
static vo_status refuse(vo_database *db, const char *doing, int code, vo_error *err) {
    if ((code & 0xff) == SQLITE_BUSY)
        return vo_fail(err, VO_EIO,
                       "database \"%.200s\" has been locked by another for more than %g s: try "
                       "again",
                       db->path, db->busy_s);
    return vo_fail(err, status_of(code), "database \"%.200s\": %.100s: %s%s", db->path, doing,
                   sqlite3_errmsg(db->lite), remedy(code));
}

/* ---- waiting for other writers ------------------------------------------------------------ */

/* 1, 2, 4, 8, 8, ... ms and a little that differs between handles: nobody keeps step. */
static int wait_a_little(void *arg, int times) {
    vo_database *db = arg;
    const double now_s = vo_clock_monotonic_s();
    if (times == 0) db->busy_until_s = now_s + db->busy_s;
    if (now_s >= db->busy_until_s) return 0;
    const int odd = (int)((((uintptr_t)db >> 6) + (unsigned)times * 7u) % 5u);
    sqlite3_sleep((times < 3 ? 1 << times : 8) + odd);
    return 1;
}

/* ---- statements ---------------------------------------------------------------------------- */

static void forget(kept *k) {
    sqlite3_finalize(k->stmt);
    free(k->sql);
    *k = (kept){0};
}

/* One that is kept and free, or NULL; *place: where to keep a new one, or NULL. */
static kept *find_kept(vo_database *db, const char *sql, kept **place) {
    *place = NULL;
    for (size_t i = 0; i < KEPT; i++) {
        kept *k = &db->kept[i];
        if (k->in_use) continue;
        if (k->sql && strcmp(k->sql, sql) == 0) return k;
        if (!*place || k->used < (*place)->used) *place = k;
    }
    return NULL;
}

/* *own receives the place it is kept in, or NULL: then it is to be finalized. */
static vo_status prepare(vo_database *db, const char *sql, sqlite3_stmt **out, kept **own,
                         vo_error *err) {
    kept *place = NULL;
    *own = find_kept(db, sql, &place);
    if (!*own) {
        const char *tail = "";
        sqlite3_stmt *stmt = NULL;
        const int code =
            sqlite3_prepare_v3(db->lite, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, &tail);
        if (code != SQLITE_OK) return refuse(db, sql, code, err);
        size_t rest = strlen(tail);
        vo_text_trim(tail, &rest);
        if (!stmt || rest > 0) {
            sqlite3_finalize(stmt);
            return vo_fail(err, VO_EINVAL, "\"%.200s\" is not one statement", sql);
        }
        char *copy = place ? strdup(sql) : NULL;
        if (copy) {
            forget(place);
            *place = (kept){.sql = copy, .stmt = stmt};
            *own = place;
        } else {
            *out = stmt;
            return VO_OK;
        }
    }
    (*own)->in_use = true;
    (*own)->used = ++db->uses;
    *out = (*own)->stmt;
    return VO_OK;
}

static void put_back(sqlite3_stmt *stmt, kept *own) {
    if (!own) {
        sqlite3_finalize(stmt);
        return;
    }
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
    own->in_use = false;
}

static int bind_one(sqlite3_stmt *stmt, int at, const vo_db_value *v) {
    switch (v->kind) {
    case VO_DB_INTEGER:
        return sqlite3_bind_int64(stmt, at, v->integer);
    case VO_DB_REAL:
        return sqlite3_bind_double(stmt, at, v->real);
    case VO_DB_TEXT:
        return sqlite3_bind_text64(stmt, at, v->bytes, v->len, SQLITE_STATIC, SQLITE_UTF8);
    case VO_DB_BLOB:
        return sqlite3_bind_blob64(stmt, at, v->bytes, v->len, SQLITE_STATIC);
    case VO_DB_NULL:
        break;
    }
    return sqlite3_bind_null(stmt, at);
}

static vo_db_value value_at(sqlite3_stmt *stmt, int at) {
    vo_db_value v = {.kind = VO_DB_NULL};
    switch (sqlite3_column_type(stmt, at)) {
    case SQLITE_INTEGER:
        v = vo_db_integer(sqlite3_column_int64(stmt, at));
        break;
    case SQLITE_FLOAT:
        v = vo_db_real(sqlite3_column_double(stmt, at));
        break;
    case SQLITE_TEXT:
        v.kind = VO_DB_TEXT;
        v.bytes = sqlite3_column_text(stmt, at); /* NUL-terminated */
        v.len = (size_t)sqlite3_column_bytes(stmt, at);
        break;
    case SQLITE_BLOB:
        v.kind = VO_DB_BLOB;
        v.bytes = sqlite3_column_blob(stmt, at);
        v.len = (size_t)sqlite3_column_bytes(stmt, at);
        break;
    default:
        break;
    }
    return v;
}

static vo_status hand_over(sqlite3_stmt *stmt, vo_db_row row, void *ctx, vo_error *err) {
    vo_db_value value[COLUMNS] = {{.kind = VO_DB_NULL}};
    const int n = sqlite3_column_count(stmt);
    for (int i = 0; i < n; i++) value[i] = value_at(stmt, i);
    return row(ctx, value, (size_t)n, err);
}

static vo_status step_all(vo_database *db, sqlite3_stmt *stmt, vo_db_row row, void *ctx,
                          int64_t *changed, vo_error *err) {
    const sqlite3_int64 before = sqlite3_total_changes64(db->lite);
    for (;;) {
        const int code = sqlite3_step(stmt);
        if (code == SQLITE_DONE) {
            if (changed) *changed = sqlite3_total_changes64(db->lite) - before;
            return VO_OK;
        }
        if (code != SQLITE_ROW) return refuse(db, sqlite3_sql(stmt), code, err);
        const vo_status st = row ? hand_over(stmt, row, ctx, err) : VO_OK;
        if (st != VO_OK) return st;
    }
}

static vo_status run_locked(vo_database *db, const char *sql, const vo_db_value *arg, size_t n,
                            vo_db_row row, void *ctx, int64_t *changed, vo_error *err) {
    /* A full disk or a lack of memory may have rolled the transaction back under us: what would
     * follow must not be committed one by one. */
    if (db->depth > 0 && sqlite3_get_autocommit(db->lite))
        return vo_fail(err, VO_EIO, "database \"%.200s\": the transaction has been undone",
                       db->path);
    sqlite3_stmt *stmt = NULL;
    kept *own = NULL;
    vo_status st = prepare(db, sql, &stmt, &own, err);
    if (st != VO_OK) return st;
    int code = SQLITE_OK;
    if ((size_t)sqlite3_bind_parameter_count(stmt) != n || sqlite3_column_count(stmt) > COLUMNS)
        st = vo_fail(err, VO_EINVAL,
                     "\"%.200s\" takes %d arguments, not %zu, and gives %d of "
                     "at most %d columns",
                     sql, sqlite3_bind_parameter_count(stmt), n, sqlite3_column_count(stmt),
                     COLUMNS);
    for (size_t i = 0; st == VO_OK && i < n; i++)
        if ((code = bind_one(stmt, (int)i + 1, &arg[i])) != SQLITE_OK)
            st = refuse(db, sql, code, err);
    if (st == VO_OK) st = step_all(db, stmt, row, ctx, changed, err);
    put_back(stmt, own);
    return st;
}

vo_status vo_database_run(vo_database *db, const char *sql, const vo_db_value *arg, size_t n,
                          vo_db_row row, void *ctx, int64_t *changed, vo_error *err) {
    sqlite3_mutex_enter(db->turn);
    const vo_status st = run_locked(db, sql, arg, n, row, ctx, changed, err);
    sqlite3_mutex_leave(db->turn);
    return st;
}

/* ---- transactions -------------------------------------------------------------------------- */

static vo_status simple(vo_database *db, const char *sql, vo_error *err) {
    return run_locked(db, sql, NULL, 0, NULL, NULL, NULL, err);
}

/* The words of an undoing that fails would hide why it was undone: they are not wanted. */
static void undo(vo_database *db, const char *sql) {
    if (!sqlite3_get_autocommit(db->lite)) (void)sqlite3_exec(db->lite, sql, NULL, NULL, NULL);
}

static vo_status outermost(vo_database *db, vo_db_work work, void *ctx, vo_error *err) {
    vo_status st = simple(db, "BEGIN IMMEDIATE", err);
    if (st != VO_OK) return st;
    db->depth = 1;
    st = work(ctx, db, err);
    if (st == VO_OK) st = simple(db, "COMMIT", err);
    if (st != VO_OK) undo(db, "ROLLBACK");
    db->depth = 0;
    return st;
}

static vo_status inner(vo_database *db, vo_db_work work, void *ctx, vo_error *err) {
    vo_status st = simple(db, "SAVEPOINT inner", err);
    if (st != VO_OK) return st;
    db->depth++;
    st = work(ctx, db, err);
    if (st == VO_OK) st = simple(db, "RELEASE inner", err); /* the innermost of that name */
    if (st != VO_OK) undo(db, "ROLLBACK TO inner; RELEASE inner");
    db->depth--;
    return st;
}

vo_status vo_database_transact(vo_database *db, vo_db_work work, void *ctx, vo_error *err) {
    sqlite3_mutex_enter(db->turn);
    const vo_status st =
        db->depth == 0 ? outermost(db, work, ctx, err) : inner(db, work, ctx, err);
    sqlite3_mutex_leave(db->turn);
    return st;
}

/* ---- schema -------------------------------------------------------------------------------- */

static vo_status ask_integer(vo_database *db, const char *sql, int64_t *out, vo_error *err) {
    return vo_database_run(db, sql, NULL, 0, vo_db_take_integer, out, NULL, err);
}

typedef struct {
    const char *part;
    const char *const *steps;
    size_t n;
} migration;

static vo_status version_of(vo_database *db, const migration *m, int64_t *version,
                            vo_error *err) {
    const vo_db_value part = vo_db_text(m->part);
    *version = 0;
    const vo_status st = vo_database_run(db, "SELECT version FROM vo_part WHERE name = ?",
                                         &part, 1, vo_db_take_integer, version, NULL, err);
    if (st == VO_OK && (*version < 0 || (uint64_t)*version > m->n))
        return vo_fail(
            err, VO_EINVAL,
            "database \"%.200s\": part \"%s\" is of version %lld, this program knows "
            "up to %zu: use the newer program, or another file",
            db->path, m->part, (long long)*version, m->n);
    return st;
}

static vo_status migrate(void *ctx, vo_database *db, vo_error *err) {
    const migration *m = ctx;
    int64_t version = 0;
    vo_status st = version_of(db, m, &version, err);
    for (size_t i = (size_t)version; st == VO_OK && i < m->n; i++) {
        const int code = sqlite3_exec(db->lite, m->steps[i], NULL, NULL, NULL);
        if (code != SQLITE_OK) return refuse(db, m->part, code, err);
    }
    const vo_db_value arg[2] = {vo_db_text(m->part), vo_db_integer((int64_t)m->n)};
    if (st == VO_OK)
        st = vo_database_run(db,
                             "INSERT INTO vo_part (name, version) VALUES (?, ?) "
                             "ON CONFLICT (name) DO UPDATE SET version = excluded.version",
                             arg, 2, NULL, NULL, NULL, err);
    return st;
}

vo_status vo_database_migrate(vo_database *db, const char *part, const char *const *steps,
                              size_t n, vo_error *err) {
    migration m = {part, steps, n};
    int64_t version = 0;
    const vo_status st = version_of(db, &m, &version, err); /* most often nothing to do */
    if (st != VO_OK || (uint64_t)version == n) return st;
    return vo_database_transact(db, migrate, &m, err);
}

vo_status vo_database_try_writing(vo_database *db, vo_error *err) {
    char sql[48];
    snprintf(sql, sizeof sql, "PRAGMA user_version = %d", LAYOUT); /* as it is */
    return vo_database_run(db, sql, NULL, 0, NULL, NULL, NULL, err);
}

/* ---- opening ------------------------------------------------------------------------------- */

static vo_status take_url(vo_database *db, const char *url, vo_error *err) {
    static const char head[] = "sqlite:", option[] = "busy_s=";
    const char *path = url;
    size_t len = strlen(url);
    if (strncmp(url, head, sizeof head - 1) == 0) {
        path = url + sizeof head - 1;
        len = strcspn(path, "?");
        const char *o = path + len + (path[len] == '?');
        if (*o && (strncmp(o, option, sizeof option - 1) != 0 ||
                   !vo_text_number(o + sizeof option - 1, strlen(o + sizeof option - 1),
                                   &db->busy_s) ||
                   db->busy_s < 0 || db->busy_s > 3600))
            return vo_fail(err, VO_EINVAL,
                           "database \"%.200s\": \"%.60s\" is not busy_s=SECONDS of 0 to 3600",
                           url, o);
    } else if (strstr(url, "://")) {
        return vo_fail(err, VO_EUNSUPPORTED,
                       "database \"%.200s\": this build keeps its state in a SQLite file: "
                       "sqlite:FILE",
                       url);
    }
    if (len == 0 || path[0] == ':' || len >= sizeof db->path)
        return vo_fail(err, VO_EINVAL,
                       "database \"%.200s\": a file's name of 1 to %d letters is needed", url,
                       MAX_PATH - 1);
    memcpy(db->path, path, len);
    db->path[len] = '\0';
    return VO_OK;
}

typedef struct {
    int64_t application, layout, tables;
} mark;

/* The three belong together: another process may be making the file at this moment. */
static vo_status read_at_once(vo_database *db, mark *m, vo_error *err) {
    vo_status st = simple(db, "SAVEPOINT mark", err);
    if (st != VO_OK) return st;
    st = ask_integer(db, "PRAGMA application_id", &m->application, err);
    if (st == VO_OK) st = ask_integer(db, "PRAGMA user_version", &m->layout, err);
    if (st == VO_OK)
        st = ask_integer(db, "SELECT count(*) FROM sqlite_master", &m->tables, err);
    if (st == VO_OK) return simple(db, "RELEASE mark", err);
    undo(db, "ROLLBACK TO mark; RELEASE mark");
    return st;
}

static vo_status read_mark(vo_database *db, mark *m, vo_error *err) {
    const vo_status st = read_at_once(db, m, err);
    if (st != VO_OK) return st;
    if (m->application != APPLICATION && (m->application || m->layout || m->tables))
        return vo_fail(err, VO_EINVAL,
                       "\"%.200s\" is another program's database: name a file of volteo's own, "
                       "or one that is not there yet",
                       db->path);
    if (m->layout > LAYOUT)
        return vo_fail(
            err, VO_EINVAL,
            "database \"%.200s\" is of layout %lld, this program knows up to %d: use "
            "the newer program, or another file",
            db->path, (long long)m->layout, LAYOUT);
    return VO_OK;
}

static vo_status put_mark(void *ctx, vo_database *db, vo_error *err) {
    (void)ctx;
    mark m = {0};
    const vo_status st = read_mark(db, &m, err); /* another process may have been first */
    if (st != VO_OK || m.application == APPLICATION) return st;
    char sql[256];
    snprintf(sql, sizeof sql,
             "CREATE TABLE vo_part (name TEXT PRIMARY KEY, version INTEGER NOT NULL);"
             "PRAGMA application_id = %d; PRAGMA user_version = %d",
             APPLICATION, LAYOUT);
    const int code = sqlite3_exec(db->lite, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? VO_OK : refuse(db, "a new file", code, err);
}

/* Going over to WAL needs the file alone for an instant, and SQLite does not wait for that. */
static vo_status set_modes(vo_database *db, vo_error *err) {
    static const char modes[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                                "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;"
                                "PRAGMA journal_size_limit = 67108864";
    for (int times = 0;; times++) {
        const int code = sqlite3_exec(db->lite, modes, NULL, NULL, NULL);
        if (code == SQLITE_OK) return VO_OK;
        if ((code & 0xff) != SQLITE_BUSY || !wait_a_little(db, times))
            return refuse(db, "WAL mode", code, err);
    }
}

static vo_status open_file(vo_database *db, vo_error *err) {
    const vo_status st = vo_private_file_make(db->path, NULL, err);
    if (st != VO_OK) return st;
    const int code =
        sqlite3_open_v2(db->path, &db->lite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (!db->lite) return vo_fail(err, VO_ENOMEM, "database \"%.200s\"", db->path);
    if (code != SQLITE_OK) return refuse(db, "opening", code, err);
    sqlite3_extended_result_codes(db->lite, 1);
    sqlite3_busy_handler(db->lite, wait_a_little, db);
    if (sqlite3_db_readonly(db->lite, "main") == 1)
        return vo_fail(
            err, VO_EIO,
            "database \"%.200s\" is read-only: make the file and its folder writable",
            db->path);
    return VO_OK;
}

vo_status vo_database_open(const char *url, vo_database **out, vo_error *err) {
    assert(url && out);
    vo_database *db = calloc(1, sizeof *db);
    if (!db) return vo_fail(err, VO_ENOMEM, "a database handle");
    db->busy_s = BUSY_S;
    mark m = {0};
    vo_status st = take_url(db, url, err);
    if (st != VO_OK) goto fail;
    db->turn = sqlite3_mutex_alloc(SQLITE_MUTEX_RECURSIVE);
    if (!db->turn) {
        st = vo_fail(err, VO_EUNSUPPORTED, "this SQLite was built without threads");
        goto fail;
    }
    st = open_file(db, err);
    if (st == VO_OK) st = read_mark(db, &m, err); /* before anything of it is changed */
    if (st == VO_OK) st = set_modes(db, err);
    if (st == VO_OK && m.application != APPLICATION)
        st = vo_database_transact(db, put_mark, NULL, err);
    if (st != VO_OK) goto fail;
    *out = db;
    return VO_OK;
fail:
    vo_database_close(db);
    return st;
}

void vo_database_hurry(vo_database *db, double busy_s) {
    if (busy_s < db->busy_s) db->busy_s = busy_s;
}

void vo_database_close(vo_database *db) {
    if (!db) return;
    assert(db->depth == 0);
    for (size_t i = 0; i < KEPT; i++) forget(&db->kept[i]);
    sqlite3_close_v2(db->lite);
    sqlite3_mutex_free(db->turn);
    free(db);
}
