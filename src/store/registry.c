/* registry.c -- see registry.h for the order of writes and the contract. Every change is one
 * `change`: the lock, the book as it is, and the one write that makes it true. */
#include "store/registry.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/text.h"
#include "port/folder.h"
#include "store/registry_folder.h"

/* ---- the handle -------------------------------------------------------------- */

vo_status vo_registry_open(const char *folder, const vo_alloc *alloc, vo_registry **out,
                           vo_error *err) {
    const vo_alloc *a = alloc ? alloc : &vo_alloc_libc;
    const size_t len = folder ? strlen(folder) : 0;
    if (len == 0 || len >= sizeof((vo_registry *)0)->folder)
        return vo_fail(err, VO_EINVAL, "models: a folder name of %zu characters; 1..%zu", len,
                       sizeof((vo_registry *)0)->folder - 1);
    vo_registry *r = a->zalloc(a->ctx, sizeof *r);
    if (!r) return vo_fail(err, VO_ENOMEM, "no memory for the registry of models");
    r->alloc = a;
    memcpy(r->folder, folder, len + 1);
    *out = r;
    return VO_OK;
}

void vo_registry_close(vo_registry *r) {
    if (r) r->alloc->free(r->alloc->ctx, r);
}

/* ---- reading ----------------------------------------------------------------- */

vo_status vo_registry_list(const vo_registry *r, vo_registry_book **out, vo_error *err) {
    return vo_registry_read(r, out, err);
}

/* "; did you mean \"...\"?" */
static void hint(const char *wrong, const char *const *names, size_t n, char out[100]) {
    const char *near = vo_text_nearest(wrong, names, n);
    out[0] = '\0';
    if (near) snprintf(out, 100, "; did you mean \"%.63s\"?", near);
}

static vo_status no_model(const vo_registry *r, const vo_registry_book *b, const char *id,
                          vo_error *err) {
    const char *names[64];
    char also[100];
    size_t n = 0;
    for (; n < b->n && n < 64; n++) names[n] = b->model[n].id;
    hint(id, names, n, also);
    return vo_fail(err, VO_ENOTFOUND, "no model \"%.63s\" in \"%.200s\" (it has %zu)%s", id,
                   r->folder, b->n, also);
}

static vo_status no_version(const vo_registry_model *m, const char *version, vo_error *err) {
    const char *names[64];
    char also[100];
    size_t n = 0;
    for (; n < m->n && n < 64; n++) names[n] = m->version[n].version;
    hint(version, names, n, also);
    return vo_fail(err, VO_ENOTFOUND,
                   "%s has no version \"%.63s\" (it has %zu, the latest %s)%s", m->id, version,
                   m->n, m->latest ? m->latest : "none", also);
}

/* What "latest", an alias or a version means; "": the champion, or the latest. */
static vo_status resolve(const vo_registry_model *m, const char *word, const char **out,
                         vo_error *err) {
    const char *found = NULL;
    for (int a = 0; a < VO_REGISTRY_ALIASES; a++) {
        if (strcmp(word, vo_alias_name((vo_alias)a)) != 0) continue;
        if (!m->alias[a])
            return vo_fail(err, VO_ENOTFOUND, "%s has no %s: promote a version first", m->id,
                           word);
        found = m->alias[a];
    }
    if (!*word) found = m->alias[VO_REGISTRY_CHAMPION];
    if (!found && (!*word || strcmp(word, "latest") == 0)) found = m->latest;
    const vo_registry_version *v = vo_registry_model_find(m, found ? found : word);
    if (!v) return no_version(m, word, err);
    *out = v->version;
    return VO_OK;
}

static vo_status split(const char *reference, char id[VO_REGISTRY_NAME],
                       char word[VO_REGISTRY_NAME], vo_error *err) {
    const char *at = reference ? strchr(reference, '@') : NULL;
    const size_t n = at ? (size_t)(at - reference) : reference ? strlen(reference) : 0;
    const size_t m = at ? strlen(at + 1) : 0;
    if (n == 0 || n >= VO_REGISTRY_NAME || m >= VO_REGISTRY_NAME || (at && m == 0))
        return vo_fail(err, VO_EINVAL,
                       "\"%.100s\" is no model: ID, ID@latest, ID@champion or ID@VERSION",
                       reference ? reference : "");
    memcpy(id, reference, n);
    id[n] = '\0';
    memcpy(word, at ? at + 1 : "", m + 1);
    const vo_status st = vo_registry_check_name(id, "id", err);
    return st == VO_OK && m ? vo_registry_check_name(word, "version", err) : st;
}

vo_status vo_registry_get(const vo_registry *r, const char *reference, vo_registry_found *out,
                          vo_error *err) {
    char id[VO_REGISTRY_NAME], word[VO_REGISTRY_NAME];
    vo_registry_book *b = NULL;
    vo_status st = split(reference, id, word, err);
    if (st == VO_OK) st = vo_registry_list(r, &b, err);
    if (st != VO_OK) return st;
    const vo_registry_model *m = vo_registry_book_find(b, id);
    const char *version = NULL;
    st = m ? resolve(m, word, &version, err) : no_model(r, b, id, err);
    if (st == VO_OK) {
        memcpy(out->id, id, sizeof id);
        snprintf(out->version, sizeof out->version, "%s", version);
        vo_registry_path(r, id, version, out->folder);
    }
    vo_registry_book_free(b);
    return st;
}

vo_status vo_registry_manifest(const vo_registry *r, const vo_registry_found *found,
                               vo_manifest *out, vo_error *err) {
    (void)r;
    return vo_manifest_load(found->folder, found->id, found->version, out, err);
}

vo_status vo_registry_load(const vo_registry *r, const char *reference, const char *file,
                           void **bytes, size_t *len, vo_registry_found *found, vo_error *err) {
    vo_registry_found is;
    vo_manifest m = {0};
    vo_status st = vo_registry_get(r, reference, &is, err);
    if (st == VO_OK) st = vo_registry_manifest(r, &is, &m, err);
    if (st != VO_OK) return st;
    st = vo_manifest_read(&m, is.folder, file, bytes, len, err);
    vo_manifest_fini(&m);
    if (st == VO_OK && found) *found = is;
    return st;
}

vo_status vo_registry_history(const vo_registry *r, vo_registry_log *out, vo_error *err) {
    char path[VO_REGISTRY_PATH];
    vo_registry_book *b = NULL;
    vo_registry_log_path(r, path);
    vo_status st = vo_registry_list(r, &b, err);
    if (st != VO_OK) return st;
    st = vo_registry_log_load(path, b->log, r->alloc, out, err);
    vo_registry_book_free(b);
    return st;
}

/* ---- one change -------------------------------------------------------------- */

typedef struct {
    const vo_registry *r;
    vo_file_lock lock;
    vo_registry_book *book;
    vo_registry_log log;
} change;

static void end(change *c) {
    vo_registry_log_fini(&c->log);
    vo_registry_book_free(c->book);
    vo_file_lock_drop(&c->lock);
}

static vo_status begin(const vo_registry *r, bool decides, change *c, vo_error *err) {
    char path[VO_REGISTRY_PATH];
    *c = (change){.r = r, .lock = {-1}};
    vo_registry_log_path(r, path);
    vo_status st = vo_registry_lock(r, &c->lock, err);
    if (st == VO_OK) st = vo_registry_read(r, &c->book, err);
    if (st == VO_OK && decides)
        st = vo_registry_log_load(path, c->book->log, r->alloc, &c->log, err);
    if (st != VO_OK) end(c);
    return st;
}

/* The intention, then the deed. */
static vo_status carry_out(change *c, const vo_registry_note *note, size_t n, vo_error *err) {
    char path[VO_REGISTRY_PATH];
    vo_registry_log_path(c->r, path);
    const vo_status st =
        vo_registry_log_add(&c->log, path, c->book->log, note, n, &c->book->log, err);
    return st == VO_OK ? vo_registry_write(c->r, c->book, err) : st;
}

/* ---- register ---------------------------------------------------------------- */

static bool reserved(const char *version) {
    bool is = strcmp(version, "latest") == 0;
    for (int a = 0; a < VO_REGISTRY_ALIASES; a++)
        is |= strcmp(version, vo_alias_name((vo_alias)a)) == 0;
    return is;
}

static bool taken(const change *c, const char *id, const char *version) {
    char path[VO_REGISTRY_PATH];
    const vo_registry_model *m = vo_registry_book_find(c->book, id);
    vo_registry_path(c->r, id, version, path);
    return (m && vo_registry_model_find(m, version)) || vo_file_exists(path);
}

/* "v20260211_134500", "v20260211_134500_2", ... */
static vo_status name_version(const change *c, const vo_registry_draft *d,
                              char out[VO_REGISTRY_NAME], vo_error *err) {
    if (d->version) {
        const vo_status st = vo_registry_check_name(d->version, "version", err);
        if (st != VO_OK) return st;
        if (reserved(d->version) || taken(c, d->id, d->version))
            return vo_fail(err, VO_EINVAL, "version = \"%s\": the name is taken", d->version);
        snprintf(out, VO_REGISTRY_NAME, "%s", d->version);
        return VO_OK;
    }
    if (d->created_s < 0 || d->created_s > INT64_C(253402300799))
        return vo_fail(err, VO_EINVAL, "created_s = %lld: must be in the years 1970 to 9999",
                       (long long)d->created_s);
    const vo_civil t = vo_civil_from_seconds(d->created_s);
    for (int k = 1;; k++) {
        const int n = snprintf(out, VO_REGISTRY_NAME, "v%04d%02d%02d_%02d%02d%02d", t.year,
                               t.month, t.day, t.hour, t.minute, t.second);
        if (k > 1) snprintf(out + n, VO_REGISTRY_NAME - (size_t)n, "_%d", k);
        if (!taken(c, d->id, out)) return VO_OK;
    }
}

static vo_status write_in(const change *c, const char *id, const char *name, const void *data,
                          size_t len, vo_error *err) {
    char folder[VO_REGISTRY_PATH], path[VO_REGISTRY_PATH + VO_REGISTRY_NAME];
    vo_registry_path(c->r, id, VO_REGISTRY_NEW, folder);
    snprintf(path, sizeof path, "%s/%.63s", folder, name);
    return vo_file_replace(path, data, len, err);
}

/* All files of the version in ID/.new, flushed, then renamed to its name. */
static vo_status write_version(const change *c, const vo_registry_draft *d, const char *version,
                               const char *manifest, size_t len, vo_error *err) {
    char from[VO_REGISTRY_PATH], to[VO_REGISTRY_PATH];
    vo_registry_path(c->r, d->id, VO_REGISTRY_NEW, from);
    vo_registry_path(c->r, d->id, version, to);
    vo_status st = vo_registry_remove(c->r, d->id, VO_REGISTRY_NEW, err); /* of a crash */
    if (st == VO_OK) st = vo_file_make_folders(from, err);
    for (size_t i = 0; i < d->n_files && st == VO_OK; i++)
        st = write_in(c, d->id, d->file[i].name, d->file[i].data, d->file[i].len, err);
    if (st == VO_OK) st = write_in(c, d->id, VO_MANIFEST_NAME, manifest, len, err);
    if (st == VO_OK) st = vo_file_move(from, to, err);
    if (st != VO_OK) vo_registry_remove(c->r, d->id, VO_REGISTRY_NEW, NULL);
    return st;
}

/* Into the book; `created` is where the text of the time lives. */
static vo_status list_version(change *c, const vo_registry_draft *d, const char *version,
                              char created[32], vo_error *err) {
    vo_registry_version v = {.version = version,
                             .created = vo_civil_format_utc(d->created_s, created),
                             .node = d->node ? d->node : "",
                             .metric = ""};
    for (size_t i = 0; i < d->n_files; i++) v.bytes += d->file[i].len;
    if (d->n_metrics && isfinite(d->metric[0].value)) {
        v.metric = d->metric[0].name;
        v.value = d->metric[0].value;
    }
    return vo_registry_book_add(c->book, d->id, d->type, &v, err);
}

/* The files of a version that could not be listed, unless it is listed all the same: the list
 * may have been replaced and only its flushing failed. */
static void take_back(const vo_registry *r, const char *id, const char *version) {
    vo_registry_book *b = NULL;
    if (vo_registry_read(r, &b, NULL) != VO_OK) return; /* the doctor will find it */
    const vo_registry_model *m = vo_registry_book_find(b, id);
    if (!m || !vo_registry_model_find(m, version)) vo_registry_retire(r, id, version, NULL);
    vo_registry_book_free(b);
}

const char *vo_registry_key_of(const vo_manifest *m) {
    const vo_json *v = vo_json_get(m->root, "key");
    return v && vo_json_kind_of(v) == VO_JSON_STRING ? vo_json_string(v) : "";
}

/* The newest version of a model whose manifest has this key; a damaged one has none. */
static void find_key(const vo_registry *r, const vo_registry_book *b, const char *id,
                     const char *key, char version[VO_REGISTRY_NAME]) {
    const vo_registry_model *m = vo_registry_book_find(b, id);
    version[0] = '\0';
    for (size_t i = 0; m && i < m->n && !version[0]; i++) {
        char folder[VO_REGISTRY_PATH];
        vo_manifest found = {0};
        vo_registry_path(r, id, m->version[i].version, folder);
        if (vo_manifest_load(folder, id, m->version[i].version, &found, NULL) != VO_OK)
            continue;
        if (strcmp(vo_registry_key_of(&found), key) == 0)
            snprintf(version, VO_REGISTRY_NAME, "%s", m->version[i].version);
        vo_manifest_fini(&found);
    }
}

/* The same under the lock, where a version that its writer left unlisted is listed now. */
static vo_status claim_key(change *c, const char *id, const char *key,
                           char version[VO_REGISTRY_NAME], vo_error *err) {
    vo_manifest adopted = {0};
    find_key(c->r, c->book, id, key, version);
    if (*version) return VO_OK;
    vo_status st = vo_registry_adopt_key(c->r, c->book, id, key, &adopted, version, err);
    if (st == VO_OK && *version) {
        st = vo_registry_write(c->r, c->book, err);
        vo_registry_book_free(c->book); /* it has texts of the manifest */
        c->book = NULL;
    }
    vo_manifest_fini(&adopted);
    return st;
}

vo_status vo_registry_find_key(const vo_registry *r, const char *id, const char *key,
                               char version[VO_REGISTRY_NAME], vo_error *err) {
    char folder[VO_REGISTRY_PATH], name[VO_REGISTRY_NAME] = "";
    vo_registry_book *b = NULL;
    change c;
    vo_status st = vo_registry_check_name(id, "id", err);
    if (st == VO_OK) st = vo_registry_list(r, &b, err);
    if (st != VO_OK) return st;
    find_key(r, b, id, key, name);
    vo_registry_book_free(b);
    vo_registry_path(r, id, NULL, folder);
    if (!*name && vo_file_exists(folder)) { /* without it there is nothing to adopt */
        st = begin(r, false, &c, err);
        if (st != VO_OK) return st;
        st = claim_key(&c, id, key, name, err);
        end(&c);
    }
    if (st == VO_OK) memcpy(version, name, sizeof name);
    return st;
}

vo_status vo_registry_register(const vo_registry *r, const vo_registry_draft *d,
                               char version[VO_REGISTRY_NAME], vo_error *err) {
    bool existed = false;
    return vo_registry_register_once(r, d, version, &existed, err);
}

vo_status vo_registry_register_once(const vo_registry *r, const vo_registry_draft *d,
                                    char version[VO_REGISTRY_NAME], bool *existed,
                                    vo_error *err) {
    char name[VO_REGISTRY_NAME] = "", created[32], *manifest = NULL;
    size_t len = 0;
    change c;
    *existed = false;
    vo_status st = vo_registry_check_name(d->id, "id", err);
    if (st == VO_OK) st = vo_registry_check_name(d->type, "type", err);
    if (st == VO_OK) st = begin(r, false, &c, err);
    if (st != VO_OK) return st;
    if (d->key) st = claim_key(&c, d->id, d->key, name, err);
    if (st != VO_OK || *name) {
        if (st == VO_OK) memcpy(version, name, sizeof name);
        *existed = st == VO_OK;
        end(&c);
        return st;
    }
    st = name_version(&c, d, name, err);
    if (st == VO_OK) st = vo_manifest_text(d, name, &manifest, &len, err);
    if (st == VO_OK) st = list_version(&c, d, name, created, err);
    if (st == VO_OK) st = write_version(&c, d, name, manifest, len, err);
    if (st == VO_OK) {
        st = vo_registry_write(r, c.book, err);
        if (st != VO_OK) take_back(r, d->id, name);
    }
    if (st == VO_OK) memcpy(version, name, sizeof name);
    free(manifest);
    end(&c);
    return st;
}

/* ---- promote and roll back ----------------------------------------------------- */

/* Begins a change and finds the model; on failure nothing is held. */
static vo_status begin_model(const vo_registry *r, const char *id, change *c,
                             vo_registry_model **out, vo_error *err) {
    vo_status st = vo_registry_check_name(id, "id", err);
    if (st == VO_OK) st = begin(r, true, c, err);
    if (st != VO_OK) return st;
    *out = vo_registry_book_find(c->book, id);
    if (*out) return VO_OK;
    no_model(r, c->book, id, err);
    end(c);
    return VO_ENOTFOUND;
}

/* What goes into production is whole. */
static vo_status check_whole(const vo_registry *r, const char *id, const char *version,
                             vo_error *err) {
    char folder[VO_REGISTRY_PATH];
    vo_manifest m = {0};
    vo_registry_path(r, id, version, folder);
    vo_status st = vo_manifest_load(folder, id, version, &m, err);
    if (st != VO_OK) return st;
    st = vo_manifest_verify(&m, folder, err);
    vo_manifest_fini(&m);
    return st;
}

/* The change is begun and ended by the caller. */
static vo_status promote(const vo_registry *r, change *c, vo_registry_model *m,
                         const char *version, vo_alias alias, const vo_registry_decision *why,
                         vo_error *err) {
    const char *const from = m->alias[alias], *to = NULL;
    vo_status st = resolve(m, version, &to, err);
    if (st == VO_OK && from && strcmp(from, to) == 0)
        st = vo_fail(err, VO_EINVAL, "%s@%s is %s already", m->id, to, vo_alias_name(alias));
    if (st == VO_OK) st = check_whole(r, m->id, to, err);
    if (st != VO_OK) return st;
    vo_registry_model_promote(m, to, alias);
    const vo_registry_note note = {.action = "promote",
                                   .from = from,
                                   .to = to,
                                   .alias = vo_alias_name(alias),
                                   .model = m,
                                   .why = why};
    return carry_out(c, &note, 1, err);
}

vo_status vo_registry_promote(const vo_registry *r, const char *id, const char *version,
                              vo_alias alias, const vo_registry_decision *why, vo_error *err) {
    change c;
    vo_registry_model *m = NULL;
    vo_status st = begin_model(r, id, &c, &m, err);
    if (st != VO_OK) return st;
    st = promote(r, &c, m, version, alias, why, err);
    end(&c);
    return st;
}

vo_status vo_registry_promote_if(const vo_registry *r, const char *id, const char *version,
                                 vo_alias alias, const char *holder,
                                 const vo_registry_decision *why, bool *done, vo_error *err) {
    change c;
    vo_registry_model *m = NULL;
    vo_status st = begin_model(r, id, &c, &m, err);
    if (st != VO_OK) return st;
    const char *now = m->alias[alias];
    const bool still = now && holder ? strcmp(now, holder) == 0 : now == holder;
    if (still) st = promote(r, &c, m, version, alias, why, err);
    end(&c);
    if (st == VO_OK) *done = still;
    return st;
}

vo_status vo_registry_rollback(const vo_registry *r, const char *id,
                               const vo_registry_decision *why, char to[VO_REGISTRY_NAME],
                               vo_error *err) {
    change c;
    vo_registry_model *m = NULL;
    vo_status st = begin_model(r, id, &c, &m, err);
    if (st != VO_OK) return st;
    const char *from = m->alias[VO_REGISTRY_CHAMPION];
    const char *back = m->n_former ? m->former[0] : NULL;
    st = back ? check_whole(r, id, back, err)
              : vo_fail(err, VO_ENOTFOUND,
                        "%s has no former champion to go back to: promote a version", id);
    if (st == VO_OK) {
        vo_registry_model_roll_back(m);
        const vo_registry_note note = {.action = "rollback",
                                       .from = from,
                                       .to = back,
                                       .alias = vo_alias_name(VO_REGISTRY_CHAMPION),
                                       .model = m,
                                       .why = why};
        st = carry_out(&c, &note, 1, err);
    }
    if (st == VO_OK) snprintf(to, VO_REGISTRY_NAME, "%s", back);
    end(&c);
    return st;
}

/* ---- prune ------------------------------------------------------------------- */

typedef struct {
    size_t n_notes, n_gone;
    vo_registry_note *note; /* one per model that loses versions */
    const char **gone;      /* [n_gone] versions, the notes' own in a row */
} pruning;

static bool same(const char *a, const char *b) { return a && b && strcmp(a, b) == 0; }

static bool kept(const vo_registry_model *m, size_t i, size_t keep) {
    const char *v = m->version[i].version;
    bool is = i < keep || same(v, m->latest) || (m->n_former && same(v, m->former[0]));
    for (int a = 0; a < VO_REGISTRY_ALIASES; a++) is |= same(v, m->alias[a]);
    return is;
}

static vo_status choose(vo_registry_model *m, size_t keep, const vo_registry_decision *why,
                        vo_registry_told told, void *ctx, pruning *p, vo_error *err) {
    const char **begin_at = p->gone + p->n_gone;
    size_t n = 0;
    vo_status st = VO_OK;
    for (size_t i = 0; i < m->n && st == VO_OK; i++) {
        if (kept(m, i, keep)) continue;
        begin_at[n++] = m->version[i].version;
        if (told) st = told(ctx, m->id, &m->version[i], err);
    }
    if (st != VO_OK || n == 0) return st;
    p->n_gone += n;
    p->note[p->n_notes++] = (vo_registry_note){
        .action = "prune", .versions = begin_at, .n_versions = n, .model = m, .why = why};
    return VO_OK;
}

/* Out of the list, then out of the folder: what a crash leaves the log knows to be pruned. */
static vo_status drop_chosen(change *c, const pruning *p, vo_error *err) {
    for (size_t k = 0; k < p->n_notes; k++) {
        vo_registry_model *m = vo_registry_book_find(c->book, p->note[k].model->id);
        for (size_t i = 0; i < p->note[k].n_versions; i++)
            vo_registry_model_drop(m, p->note[k].versions[i]);
    }
    vo_status st = carry_out(c, p->note, p->n_notes, err);
    for (size_t k = 0; k < p->n_notes; k++)
        for (size_t i = 0; i < p->note[k].n_versions && st == VO_OK; i++)
            st = vo_registry_retire(c->r, p->note[k].model->id, p->note[k].versions[i], err);
    return st;
}

static vo_status prune(change *c, const char *id, size_t keep, bool dry,
                       const vo_registry_decision *why, vo_registry_told told, void *ctx,
                       pruning *p, vo_error *err) {
    vo_registry_model *only = id ? vo_registry_book_find(c->book, id) : NULL;
    if (id && !only) return no_model(c->r, c->book, id, err);
    vo_status st = VO_OK;
    for (size_t i = 0; i < c->book->n && st == VO_OK; i++)
        if (!id || &c->book->model[i] == only)
            st = choose(&c->book->model[i], keep, why, told, ctx, p, err);
    return st == VO_OK && !dry && p->n_notes > 0 ? drop_chosen(c, p, err) : st;
}

vo_status vo_registry_prune(const vo_registry *r, const char *id, size_t keep, bool dry,
                            const vo_registry_decision *why, vo_registry_told told, void *ctx,
                            vo_error *err) {
    const vo_alloc *a = r->alloc;
    change c;
    pruning p = {0};
    size_t versions = 0;
    vo_status st = id ? vo_registry_check_name(id, "id", err) : VO_OK;
    if (st == VO_OK && keep < 1)
        st = vo_fail(err, VO_EINVAL, "keep = 0: at least one version stays");
    if (st == VO_OK) st = begin(r, true, &c, err);
    if (st != VO_OK) return st;
    for (size_t i = 0; i < c.book->n; i++) versions += c.book->model[i].n;
    p.note = a->zalloc(a->ctx, (c.book->n + 1) * sizeof *p.note);
    p.gone = a->zalloc(a->ctx, (versions + 1) * sizeof *p.gone);
    st = p.note && p.gone
             ? prune(&c, id, keep, dry, why, told, ctx, &p, err)
             : vo_fail(err, VO_ENOMEM, "no memory to prune %zu versions", versions);
    a->free(a->ctx, p.note);
    a->free(a->ctx, p.gone);
    end(&c);
    return st;
}
