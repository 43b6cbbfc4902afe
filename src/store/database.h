/* database.h -- the seam to the store of small state: jobs, events, API keys, schedules.
 *
 * SQL with '?' placeholders that SQLite and PostgreSQL both understand (no vendor functions;
 * times and ids come from the caller). database_sqlite.c: a file in WAL mode; a commit is on disk
 * when it returns (synchronous = FULL), so what was acknowledged survives a power cut.
 *
 * Threads and processes: a handle may be shared (calls take turns; a transaction holds it);
 *          other processes may use the same file; who waits for them longer than busy_s gets
 *          VO_EIO.
 *
 * To add one: write database_NAME.c with these functions; tests/suite/test_database.c runs over
 * it.
 */
#ifndef VO_STORE_DATABASE_H
#define VO_STORE_DATABASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <volteo/status.h>

typedef struct vo_database vo_database;

typedef enum { VO_DB_NULL, VO_DB_INTEGER, VO_DB_REAL, VO_DB_TEXT, VO_DB_BLOB } vo_db_kind;

typedef struct {
    vo_db_kind kind;
    int64_t integer;
    double real;
    const void
        *bytes; /* of text and blob; borrowed for the call or, in a row, until the next */
    size_t len;
} vo_db_value;

static inline vo_db_value vo_db_integer(int64_t v) {
    return (vo_db_value){.kind = VO_DB_INTEGER, .integer = v};
}
static inline vo_db_value vo_db_real(double v) {
    return (vo_db_value){.kind = VO_DB_REAL, .real = v};
}
vo_db_value vo_db_text(const char *s); /* NULL: NULL */
static inline vo_db_value vo_db_blob(const void *bytes, size_t len) {
    return (vo_db_value){.kind = VO_DB_BLOB, .bytes = bytes, .len = len};
}

/* "state.db", "sqlite:state.db" or "sqlite:state.db?busy_s=0.5" (10 without): made (readable by
 * its owner only) where it is not, in a folder that is there. *out is the caller's:
 * vo_database_close. VO_EINVAL: not a database, another program's, or of a newer version; VO_EIO;
 * VO_EUNSUPPORTED: another kind of URL. */
vo_status vo_database_open(const char *url, vo_database **out, vo_error *err);
void vo_database_close(vo_database *db); /* accepts NULL */

/* One statement. `row` (or NULL) is called per row; what it returns but VO_OK ends it and is
 * returned; it may run statements too, but changes only inside a transaction. *changed (or NULL):
 * rows inserted, updated or deleted. Statements are prepared once and kept. VO_EINVAL: the
 * statement, its arguments, or a constraint of the schema; VO_EIO. */
typedef vo_status (*vo_db_row)(void *ctx, const vo_db_value *value, size_t n, vo_error *err);
vo_status vo_database_run(vo_database *db, const char *sql, const vo_db_value *arg, size_t n,
                          vo_db_row row, void *ctx, int64_t *changed, vo_error *err);

/* A vo_db_row for one number: into the int64_t that ctx is. */
vo_status vo_db_take_integer(void *ctx, const vo_db_value *value, size_t n, vo_error *err);

/* From now on others are waited for so long at most (0 to 3600 s), if the URL did not say less. For
 * those who rather hear "locked" than wait. Before the handle is shared. */
void vo_database_hurry(vo_database *db, double busy_s);

/* Writes something again as it is: VO_EIO where nothing can be written (disk full, read-only, locked
 * by another), although reading may still do. */
vo_status vo_database_try_writing(vo_database *db, vo_error *err);

/* Calls work between BEGIN IMMEDIATE and COMMIT: all of it, or (any failure) nothing. May be
 * nested: an inner one that fails leaves nothing of its own, and its caller decides whether to go
 * on; what an inner one did is on disk when the outermost has returned VO_OK. */
typedef vo_status (*vo_db_work)(void *ctx, vo_database *db, vo_error *err);
vo_status vo_database_transact(vo_database *db, vo_db_work work, void *ctx, vo_error *err);

/* Brings the schema to the newest version: steps[i] (several statements, ';' between) takes
 * version i to i + 1 of `part`, each once, each whole. VO_EINVAL: the file is of a newer one. */
vo_status vo_database_migrate(vo_database *db, const char *part, const char *const *steps,
                              size_t n, vo_error *err);

#endif
