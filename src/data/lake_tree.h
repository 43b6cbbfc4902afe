/* lake_tree.h -- names and paths of a lake: which folder a series lies in, which years it has,
 * and a walk over all there is. Inside of the lake: only lake*.c include it.
 *
 * Threads: as the lake that is given.
 */
#ifndef VO_DATA_LAKE_TREE_H
#define VO_DATA_LAKE_TREE_H

#include "data/lake.h"
#include "data/lake_duckdb.h"
#include "data/parquet.h"
#include "port/file.h"

#define VO_LAKE_ROOT 2048
#define VO_LAKE_PATH 4096 /* a root, a partition of at most 450 bytes, a file's name */
#define VO_LAKE_SQL 65536

struct vo_lake {
    char root[VO_LAKE_ROOT];
    vo_duck *duck;
    vo_parquet *parquet;
    char *sql; /* [VO_LAKE_SQL] the query under construction */
};

/* A query under construction, and its run. VO_EINVAL if it was cut; else as vo_duck_query. */
vo_text vo_lake_query(vo_lake *lake);
vo_status vo_lake_run(vo_lake *lake, const vo_text *sql, vo_duck_take take, void *ctx,
                      vo_error *err);

/* What is neither a letter, digit, '_', '-' nor an inner '.' becomes %XX; and back. Decoding is
 * false for what encoding never writes, or too long. */
void vo_lake_put_encoded(vo_text *to, const char *name);
bool vo_lake_decode(const char *text, char *out, size_t size);

const char *vo_lake_kind(const vo_lake_key *key); /* NULL and "" mean prices */

/* VO_EINVAL naming what is absent, too long or has control characters. */
vo_status vo_lake_key_check(const vo_lake_key *key, bool process_too, vo_error *err);

/* ROOT/KIND/market=M/process=P/node=N and its year=Y. */
void vo_lake_node_folder(const vo_lake *lake, const vo_lake_key *key, char out[VO_LAKE_PATH]);
void vo_lake_year_folder(const vo_lake *lake, const vo_lake_key *key, int32_t year,
                         char out[VO_LAKE_PATH]);

/* Waits for whoever else writes this node (or one that shares its lock). */
vo_status vo_lake_lock(const vo_lake *lake, const vo_lake_key *key, vo_file_lock *out,
                       vo_error *err);

/* The years of a series, rising. `process` is the key's, or the first there is. */
typedef struct {
    char process[32];
    size_t n, capacity;
    int32_t *year;
} vo_lake_years;

/* n = 0 if there is nothing. `years` is zeroed by the caller, who frees it by _fini. */
vo_status vo_lake_find_years(vo_lake *lake, const vo_lake_key *key, vo_lake_years *years,
                             vo_error *err);
void vo_lake_years_fini(vo_lake_years *years);

/* VO_ENOTFOUND with the name that is most like the wanted one and some of those there are. */
vo_status vo_lake_not_there(vo_lake *lake, const vo_lake_key *key, vo_error *err);

/* One folder of a year. */
typedef struct {
    vo_lake_key key;
    int32_t year;
    const char *folder;
    bool part, changes; /* which files are there */
} vo_lake_place;

typedef struct {
    void *ctx;
    vo_status (*place)(void *ctx, const vo_lake_place *place, vo_error *err);
    vo_status (*other)(void *ctx, const char *path, vo_error *err); /* NULL: not wanted */
} vo_lake_visitor;

/* Every year of every series, sorted by the names of the folders; `other` is told of what the
 * lake did not write. Both may change the folder that they are told of. */
vo_status vo_lake_walk(vo_lake *lake, const vo_lake_visitor *visitor, vo_error *err);

/* ---- lake.c lends ----------------------------------------------------------------- */

/* Checked arguments go in, by one who holds the node's lock. `replace`: stored rows from the
 * first to the last start of `s` go. `zone`: that its parts get; NULL: that of `s`. */
vo_status vo_lake_upsert_locked(vo_lake *lake, const vo_lake_key *key, const vo_series *s,
                                const vo_clean_report *report, const char *source, bool replace,
                                const char *zone, vo_error *err);

/* The rows that start in [first_s, last_s] go, and what is told of them. */
vo_status vo_lake_cut_locked(vo_lake *lake, const vo_lake_key *key, int64_t first_s,
                             int64_t last_s, vo_error *err);

/* The rows of a span with whatever holes there are; NULL if there are none. `key` has its
 * process. */
vo_status vo_lake_read_rows(vo_lake *lake, const vo_lake_key *key, const vo_lake_years *years,
                            vo_time from, vo_time to, vo_series **out, vo_error *err);

/* Checks key and span; VO_ENOTFOUND if the lake has nothing of the key. */
vo_status vo_lake_find(vo_lake *lake, const vo_lake_key *key, vo_time from, vo_time to,
                       vo_lake_years *years, vo_error *err);

/* FOLDER/.changes.tmp and .part.tmp become changes.parquet and part.parquet; without `changes`
 * those there are removed. */
vo_status vo_lake_put_in_place(const char *folder, bool part, bool changes, vo_error *err);

/* Removes temporary files of a year's folder; under the lock they are a dead writer's. */
vo_status vo_lake_sweep(const char *folder, vo_error *err);

#endif
