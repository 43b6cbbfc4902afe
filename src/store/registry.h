/* registry.h -- trained models in a folder: which there are, which is in production, why, and
 * how to go back.
 *
 *     models/registry.json           the list (registry_book.h)
 *     models/promotions.log          every decision, oldest first (registry_log.h)
 *     models/ID/VERSION/...          a version's files and its manifest.json (…_manifest.h)
 *     models/.lock                   held by who changes any of it
 *
 * A crash at any instant leaves the old registry or the new one. A version's files and manifest
 * are written and flushed in ID/.new, which is renamed; then registry.json is replaced. A
 * decision is logged first, then registry.json is replaced and names the log's line; files of a
 * pruned version go last. What a crash leaves behind the doctor finds: it adopts a whole version
 * that is not listed, and removes what was being written.
 *
 * References: "ID" is the champion, or the latest where there is none; "ID@latest",
 * "ID@champion", "ID@challenger", "ID@VERSION".
 *
 * Times are the caller's: seconds since 1970 UTC. Threads: a handle may be shared; writers of
 * any thread and process wait for one another, readers never wait (find_key may: it adopts).
 */
#ifndef VO_STORE_REGISTRY_H
#define VO_STORE_REGISTRY_H

#include "store/registry_log.h"
#include "store/registry_manifest.h"

#define VO_REGISTRY_BACKUPS 5 /* versions that prune keeps */

typedef struct vo_registry vo_registry;

/* Opens nothing yet: an absent folder is an empty registry, and made by the first register.
 * alloc NULL: the C library's. *out is the caller's: vo_registry_close. */
vo_status vo_registry_open(const char *folder, const vo_alloc *alloc, vo_registry **out,
                           vo_error *err);
void vo_registry_close(vo_registry *r); /* accepts NULL */

/* Everything, in the order of first registration: vo_registry_book_free. VO_EINVAL: registry.json
 * is damaged (the doctor rebuilds it). */
vo_status vo_registry_list(const vo_registry *r, vo_registry_book **out, vo_error *err);

typedef struct {
    char id[VO_REGISTRY_NAME], version[VO_REGISTRY_NAME];
    char folder[VO_REGISTRY_PATH]; /* of its files */
} vo_registry_found;

/* What a reference means now. VO_EINVAL: no reference; VO_ENOTFOUND: no such model, version or
 * alias, naming the nearest there is. */
vo_status vo_registry_get(const vo_registry *r, const char *reference, vo_registry_found *out,
                          vo_error *err);

/* Its manifest: vo_manifest_fini. */
vo_status vo_registry_manifest(const vo_registry *r, const vo_registry_found *found,
                               vo_manifest *out, vo_error *err);

/* A file's bytes, whole and unchanged since they were registered, malloc'ed: free(). file NULL:
 * the first. found may be NULL. VO_EINVAL: damaged, with path and both checksums. */
vo_status vo_registry_load(const vo_registry *r, const char *reference, const char *file,
                           void **bytes, size_t *len, vo_registry_found *found, vo_error *err);

/* A new version, the latest of its model; no alias changes. `version` receives its name: that of
 * the draft, or made from the time and told apart by "_2", "_3" within a second. */
vo_status vo_registry_register(const vo_registry *r, const vo_registry_draft *d,
                               char version[VO_REGISTRY_NAME], vo_error *err);

/* The version of a model that was registered with this key, or "" if there is none (any more). One
 * whose writer died before it was listed is adopted, as the doctor does, so that it is not made
 * again. */
vo_status vo_registry_find_key(const vo_registry *r, const char *id, const char *key,
                               char version[VO_REGISTRY_NAME], vo_error *err);

/* register, unless a version with the draft's key is there: then `version` is that one and *existed
 * is set. Looked at under the lock, and adopted as above: of several callers with one key, and of
 * one that dies and asks again, one version comes. */
vo_status vo_registry_register_once(const vo_registry *r, const vo_registry_draft *d,
                                    char version[VO_REGISTRY_NAME], bool *existed,
                                    vo_error *err);

/* version: a name, "latest" or an alias. VO_EINVAL: it has the alias already. */
vo_status vo_registry_promote(const vo_registry *r, const char *id, const char *version,
                              vo_alias alias, const vo_registry_decision *why, vo_error *err);

/* The same, if nobody else has decided meanwhile: only while the alias belongs to `holder` (NULL:
 * to no version), which is looked at under the lock. *done says whether it was; where not, nothing
 * is changed and the call is VO_OK all the same. */
vo_status vo_registry_promote_if(const vo_registry *r, const char *id, const char *version,
                                 vo_alias alias, const char *holder,
                                 const vo_registry_decision *why, bool *done, vo_error *err);

/* The champion before the present one is champion again; `to` receives it. VO_ENOTFOUND: there
 * was none, or it is pruned. */
vo_status vo_registry_rollback(const vo_registry *r, const char *id,
                               const vo_registry_decision *why, char to[VO_REGISTRY_NAME],
                               vo_error *err);

/* Keeps the `keep` (>= 1) newest versions of a model (id NULL: of each), and always champion,
 * challenger, latest and the one rollback would go to. `told` (or NULL) hears of each that goes,
 * before it does; what it returns but VO_OK ends the call with nothing changed. dry: nothing is
 * changed. */
typedef vo_status (*vo_registry_told)(void *ctx, const char *id, const vo_registry_version *v,
                                      vo_error *err);
vo_status vo_registry_prune(const vo_registry *r, const char *id, size_t keep, bool dry,
                            const vo_registry_decision *why, vo_registry_told told, void *ctx,
                            vo_error *err);

/* The log of promotions: vo_registry_log_fini. */
vo_status vo_registry_history(const vo_registry *r, vo_registry_log *out, vo_error *err);

/* ---- the doctor -------------------------------------------------------------------------- */

// clang-format off
#define VO_REGISTRY_ILL_MAP(X)                                                                  \
    X(REGISTRY, "registry", "registry.json is damaged; mended: rebuilt from manifests and log") \
    X(ORPHAN,   "orphan",   "a whole version that is not listed; mended: adopted")              \
    X(HALF,     "half",     "a folder that is no whole version; look, and remove it by hand")   \
    X(LEFTOVER, "leftover", "what a writer that died left; mended: removed")                    \
    X(MISSING,  "missing",  "a listed version is gone; mended: no longer listed")               \
    X(DAMAGED,  "damaged",  "files of a listed version changed; restore them, or roll back")    \
    X(LOG,      "log",      "lines of the log that are none; they are skipped")
// clang-format on

typedef enum {
#define X(name, text, meaning) VO_REGISTRY_##name,
    VO_REGISTRY_ILL_MAP(X) VO_REGISTRY_ILLS
#undef X
} vo_registry_ill;
const char *vo_registry_ill_name(vo_registry_ill ill);

typedef struct {
    vo_registry_ill ill;
    bool mended;
    const char *path; /* within the folder of models */
    const char *what; /* in words */
} vo_registry_finding;

typedef struct {
    size_t models, versions, findings, mended;
} vo_registry_health;

/* Reads every file; `told` (or NULL) hears of each finding. A version with an alias is not taken
 * off the list: promote another first. VO_OK whatever is found. */
typedef vo_status (*vo_registry_told_ill)(void *ctx, const vo_registry_finding *f,
                                          vo_error *err);
vo_status vo_registry_doctor(const vo_registry *r, bool mend, int64_t now_s,
                             vo_registry_told_ill told, void *ctx, vo_registry_health *out,
                             vo_error *err);

#endif
