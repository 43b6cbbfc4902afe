/* registry_log.h -- models/promotions.log: one JSON line per decision about what is in
 * production, oldest first; lines are only ever added.
 *
 *     {"seq", "after", "when", "action", "id", "alias", "from", "to", "versions", "by", "reason",
 *      "metrics", "state": {"champion", "challenger", "former"}}
 *
 * A line is written before registry.json, which then names it by its number ("log"): a line that
 * registry.json does not follow from, going back by "after", is an intention that was not
 * carried out: its writer died in between. `state` is what the model's aliases are after it.
 *
 * Threads: one owner per log.
 */
#ifndef VO_STORE_REGISTRY_LOG_H
#define VO_STORE_REGISTRY_LOG_H

#include "store/registry_book.h"

typedef struct {
    bool automatic;      /* decided by the program, not by a user    */
    const char *reason;  /* why, in words: not empty                 */
    const char *metrics; /* a JSON object as text, or NULL           */
    int64_t when_s;      /* seconds since 1970 UTC                   */
} vo_registry_decision;

typedef struct {
    vo_json *root; /* the line; the texts are its own, "" if absent */
    uint64_t seq, after;
    const char *when, *action, *id, *alias, *from, *to, *by, *reason;
    bool done; /* false: an intention that was not carried out */
} vo_registry_line;

typedef struct {
    vo_registry_line *line; /* [n], oldest first                          */
    size_t n, skipped;      /* lines that are none: cut or damaged        */
    uint64_t last;          /* the largest number, carried out or not     */
    char *text;             /* the file, which the next lines go behind   */
    size_t len;
    const vo_alloc *alloc;
} vo_registry_log;

/* An absent file has no lines. `done`: the last line carried out, by registry.json;
 * UINT64_MAX: registry.json is lost, and the log's last line is taken for it. */
vo_status vo_registry_log_load(const char *path, uint64_t done, const vo_alloc *alloc,
                               vo_registry_log *out, vo_error *err);
void vo_registry_log_fini(vo_registry_log *log); /* accepts a zeroed one */

/* Was this version pruned, by a line that was carried out? */
bool vo_registry_log_pruned(const vo_registry_log *log, const char *id, const char *version);

/* Gives a model the aliases of its last line that was carried out, as far as it still has those
 * versions. For a registry that is rebuilt. */
void vo_registry_log_restore(const vo_registry_log *log, vo_registry_model *m);

/* What one line says. from, to, alias and versions may be NULL. */
typedef struct {
    const char *action; /* "promote", "rollback", "prune", "mend" */
    const char *from, *to, *alias;
    const char *const *versions; /* [n_versions] */
    size_t n_versions;
    const vo_registry_model *model; /* as it is after it */
    const vo_registry_decision *why;
} vo_registry_note;

/* Words, and not too many of them. VO_EINVAL. */
vo_status vo_registry_check_reason(const char *reason, vo_error *err);

/* Writes the log with one more line for each note (at least one); the first follows line
 * `after`, each other the one before it. *seq is the number of the last. VO_EINVAL: a reason is
 * missing, metrics are no JSON object. */
vo_status vo_registry_log_add(const vo_registry_log *log, const char *path, uint64_t after,
                              const vo_registry_note *note, size_t n, uint64_t *seq,
                              vo_error *err);

#endif
