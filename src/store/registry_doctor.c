/* registry_doctor.c -- vo_registry_doctor of registry.h: the list against the folders, under the
 * lock, so that what looks unfinished is nobody's work in progress.
 *
 * First the list itself (rebuilt, if it is damaged, from manifests and log), then what lies in
 * the folders and is not listed, then what is listed and its files. Nothing of a user's is
 * removed: only names that writers of the registry give to what is unfinished.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/folder.h"
#include "store/registry_folder.h"

#define TOLD_PATH 520 /* ID/NAME, as folders may be called */

const char *vo_registry_ill_name(vo_registry_ill ill) {
    static const char *const name[] = {
#define X(tag, text, meaning) [VO_REGISTRY_##tag] = text,
        VO_REGISTRY_ILL_MAP(X)
#undef X
    };
    return (size_t)ill < VO_REGISTRY_ILLS ? name[ill] : "?";
}

typedef struct {
    const vo_registry *r;
    bool mend, changed;
    int64_t now_s;
    vo_registry_told_ill told;
    void *ctx;
    vo_registry_health health;
    vo_registry_book *book;
    vo_registry_log log;
    const char *id;       /* the folder that is being looked into */
    vo_manifest *adopted; /* [n]: their texts are in the book */
    size_t n, capacity;
} round_of;

static vo_status find_ill(round_of *d, vo_registry_ill ill, bool mended, const char *path,
                          const char *what, vo_error *err) {
    const vo_registry_finding f = {ill, mended, path, what};
    d->health.findings++;
    d->health.mended += mended;
    return d->told ? d->told(d->ctx, &f, err) : VO_OK;
}

static void path_of(const char *id, const char *name, char out[TOLD_PATH]) {
    snprintf(out, TOLD_PATH, "%.255s/%.255s", id, name);
}

/* ---- what lies in the folders ---------------------------------------------------------- */

static bool keep_manifest(round_of *d, const vo_manifest *m) {
    if (d->n == d->capacity) {
        const vo_alloc *a = d->r->alloc;
        const size_t capacity = d->capacity ? 2 * d->capacity : 16;
        vo_manifest *more = a->zalloc(a->ctx, capacity * sizeof *more);
        if (!more) return false;
        if (d->n) memcpy(more, d->adopted, d->n * sizeof *more);
        a->free(a->ctx, d->adopted);
        d->adopted = more;
        d->capacity = capacity;
    }
    d->adopted[d->n++] = *m;
    return true;
}

/* Into the list, with the manifest's own texts; the manifest is taken over. */
static vo_status adopt(round_of *d, vo_manifest *m, vo_error *err) {
    const char *id = vo_json_string(vo_json_get(m->root, "id"));
    if (!keep_manifest(d, m)) {
        vo_manifest_fini(m);
        return vo_fail(err, VO_ENOMEM, "no memory to mend the registry of models");
    }
    const vo_status st = vo_registry_book_add(d->book, id, m->type, &m->entry, err);
    if (st != VO_OK) return st;
    vo_registry_model_sort(vo_registry_book_find(d->book, id));
    d->changed = true;
    return VO_OK;
}

/* Is the folder a whole version? A model has one type: an orphan of another is nobody's version.
 * *m is the caller's either way: vo_manifest_fini. */
static vo_status open_orphan(const vo_registry_book *b, const char *id, const char *name,
                             const char *folder, vo_manifest *m, vo_error *why) {
    const vo_registry_model *is = vo_registry_book_find(b, id);
    vo_status st = vo_manifest_load(folder, id, name, m, why);
    if (st == VO_OK) st = vo_manifest_verify(m, folder, why);
    if (st == VO_OK && is && strcmp(is->type, m->type) != 0)
        st = vo_fail(why, VO_EINVAL, "it is of type %.63s, others of its id are not", m->type);
    return st;
}

static vo_status look_at_stranger(round_of *d, const char *name, const char *folder,
                                  const char *path, vo_error *err) {
    char manifest[VO_REGISTRY_PATH + 32];
    vo_manifest m = {0};
    vo_error why = {0};
    if (vo_registry_log_pruned(&d->log, d->id, name)) {
        if (d->mend && vo_registry_retire(d->r, d->id, name, err) != VO_OK) return VO_EIO;
        return find_ill(d, VO_REGISTRY_LEFTOVER, d->mend, path, "it was pruned", err);
    }
    snprintf(manifest, sizeof manifest, "%s/%s", folder, VO_MANIFEST_NAME);
    if (!vo_file_exists(manifest) && !vo_registry_book_find(d->book, d->id)) return VO_OK;
    vo_status st = open_orphan(d->book, d->id, name, folder, &m, &why);
    if (st == VO_ENOMEM) vo_fail(err, st, "%s", why.msg);
    if (st != VO_OK) {
        vo_manifest_fini(&m);
        return st == VO_ENOMEM ? st : find_ill(d, VO_REGISTRY_HALF, false, path, why.msg, err);
    }
    if (d->mend)
        st = adopt(d, &m, err);
    else
        vo_manifest_fini(&m);
    return st == VO_OK ? find_ill(d, VO_REGISTRY_ORPHAN, d->mend, path,
                                  "whole, but not listed: its writer died before", err)
                       : st;
}

static bool begins(const char *text, const char *with) {
    return strncmp(text, with, strlen(with)) == 0;
}

static vo_status look_at_entry(void *ctx, const char *name, bool is_folder, vo_error *err) {
    round_of *d = ctx;
    char path[TOLD_PATH], folder[VO_REGISTRY_PATH];
    if (!is_folder) return VO_OK;
    path_of(d->id, name, path);
    if (strcmp(name, VO_REGISTRY_NEW) == 0 || begins(name, VO_REGISTRY_OLD)) {
        if (d->mend && vo_registry_remove(d->r, d->id, name, err) != VO_OK) return VO_EIO;
        return find_ill(d, VO_REGISTRY_LEFTOVER, d->mend, path, "its writer died", err);
    }
    if (vo_registry_check_name(name, "version", NULL) != VO_OK) return VO_OK;
    const vo_registry_model *m = vo_registry_book_find(d->book, d->id);
    if (m && vo_registry_model_find(m, name)) return VO_OK;
    vo_registry_path(d->r, d->id, name, folder);
    return look_at_stranger(d, name, folder, path, err);
}

static bool is_temporary(const char *name) {
    const size_t n = strlen(name);
    return n > 4 && strcmp(name + n - 4, ".tmp") == 0 &&
           (begins(name, "registry.json.") || begins(name, "promotions.log."));
}

static vo_status look_at_id(void *ctx, const char *name, bool is_folder, vo_error *err) {
    round_of *d = ctx;
    char path[VO_REGISTRY_PATH];
    if (!is_folder && is_temporary(name)) {
        vo_registry_path(d->r, name, NULL, path);
        if (d->mend && vo_file_remove(path, err) != VO_OK) return VO_EIO;
        return find_ill(d, VO_REGISTRY_LEFTOVER, d->mend, name, "its writer died", err);
    }
    if (!is_folder || vo_registry_check_name(name, "id", NULL) != VO_OK) return VO_OK;
    d->id = name;
    vo_registry_path(d->r, name, NULL, path);
    return vo_folder_list(path, look_at_entry, d, err);
}

/* ---- one version of a key ------------------------------------------------------------------ */

typedef struct {
    const vo_registry *r;
    const vo_registry_book *book;
    const char *id, *key;
    vo_registry_log log;
    vo_manifest found; /* of the newest so far */
    char version[VO_REGISTRY_NAME];
} key_search;

static vo_status look_for_key(void *ctx, const char *name, bool is_folder, vo_error *err) {
    key_search *s = ctx;
    char folder[VO_REGISTRY_PATH];
    vo_manifest m = {0};
    vo_error why = {0};
    const vo_registry_model *is = vo_registry_book_find(s->book, s->id);
    if (!is_folder || vo_registry_check_name(name, "version", NULL) != VO_OK ||
        (is && vo_registry_model_find(is, name)) || strcmp(name, s->version) < 0 ||
        vo_registry_log_pruned(&s->log, s->id, name))
        return VO_OK;
    vo_registry_path(s->r, s->id, name, folder);
    const vo_status st = open_orphan(s->book, s->id, name, folder, &m, &why);
    if (st != VO_OK || strcmp(vo_registry_key_of(&m), s->key) != 0) {
        vo_manifest_fini(&m); /* not whole: for the doctor to tell of */
        return st == VO_ENOMEM ? vo_fail(err, st, "%s", why.msg) : VO_OK;
    }
    vo_manifest_fini(&s->found);
    s->found = m;
    snprintf(s->version, sizeof s->version, "%s", name);
    return VO_OK;
}

vo_status vo_registry_adopt_key(const vo_registry *r, vo_registry_book *b, const char *id,
                                const char *key, vo_manifest *adopted,
                                char version[VO_REGISTRY_NAME], vo_error *err) {
    char path[VO_REGISTRY_PATH], log[VO_REGISTRY_PATH];
    key_search s = {.r = r, .book = b, .id = id, .key = key};
    version[0] = '\0';
    vo_registry_path(r, id, NULL, path);
    if (!vo_file_exists(path)) return VO_OK;
    vo_registry_log_path(r, log);
    vo_status st = vo_registry_log_load(log, b->log, r->alloc, &s.log, err);
    if (st == VO_OK) st = vo_folder_list(path, look_for_key, &s, err);
    if (st == VO_OK && *s.version) {
        st = vo_registry_book_add(b, id, s.found.type, &s.found.entry, err);
        if (st == VO_OK) vo_registry_model_sort(vo_registry_book_find(b, id));
    }
    vo_registry_log_fini(&s.log);
    if (st == VO_OK) {
        memcpy(version, s.version, sizeof s.version);
        *adopted = s.found;
    } else {
        vo_manifest_fini(&s.found);
    }
    return st;
}

/* ---- the list ---------------------------------------------------------------------------- */

/* The damaged file is kept beside; what the folders hold is found as orphans are, and the log
 * says what was in production. */
static vo_status rebuild(round_of *d, vo_error *err) {
    char path[VO_REGISTRY_PATH], log[VO_REGISTRY_PATH], aside[VO_REGISTRY_PATH], *text = NULL;
    size_t len = 0;
    vo_registry_list_path(d->r, path);
    vo_registry_log_path(d->r, log);
    vo_registry_path(d->r, "registry.json.damaged", NULL, aside);
    vo_status st = VO_OK;
    if (vo_file_exists(path)) {
        st = vo_file_read(path, (size_t)1 << 30, &text, &len, err);
        if (st == VO_OK) st = vo_file_replace(aside, text, len, err);
        free(text);
    }
    if (st == VO_OK) st = vo_registry_book_create(d->r->alloc, &d->book, err);
    if (st == VO_OK) st = vo_registry_log_load(log, UINT64_MAX, d->r->alloc, &d->log, err);
    vo_registry_told_ill told = d->told;
    const vo_registry_health health = d->health;
    d->told = NULL; /* each version found is no finding of its own */
    if (st == VO_OK) st = vo_folder_list(d->r->folder, look_at_id, d, err);
    d->told = told;
    d->health = health;
    if (st != VO_OK) return st;
    for (size_t i = 0; i < d->book->n; i++)
        vo_registry_log_restore(&d->log, &d->book->model[i]);
    d->book->log = d->log.last;
    d->changed = true;
    return VO_OK;
}

static vo_status look_at_list(round_of *d, vo_error *err) {
    vo_error why = {0};
    char log[VO_REGISTRY_PATH];
    vo_registry_log_path(d->r, log);
    vo_status st = vo_registry_read(d->r, &d->book, &why);
    if (st == VO_OK) st = vo_registry_log_load(log, d->book->log, d->r->alloc, &d->log, &why);
    if (st == VO_OK) return VO_OK;
    if (st != VO_EINVAL || d->book) return vo_fail(err, st, "%s", why.msg);
    if (d->mend && (st = rebuild(d, err)) != VO_OK) return st;
    return find_ill(d, VO_REGISTRY_REGISTRY, d->mend, "registry.json", why.msg, err);
}

static bool has_alias(const vo_registry_model *m, const char *version) {
    bool is = false;
    for (int a = 0; a < VO_REGISTRY_ALIASES; a++)
        is |= m->alias[a] && strcmp(m->alias[a], version) == 0;
    return is;
}

/* Damaged or gone; a version that is gone and has no alias is marked by *missing. */
static vo_status look_at_version(round_of *d, const vo_registry_model *m, const char *version,
                                 bool *missing, vo_error *err) {
    char folder[VO_REGISTRY_PATH], path[TOLD_PATH];
    vo_manifest is = {0};
    vo_error why = {0};
    vo_registry_path(d->r, m->id, version, folder);
    path_of(m->id, version, path);
    vo_status st = vo_manifest_load(folder, m->id, version, &is, &why);
    if (st == VO_OK) {
        st = vo_manifest_verify(&is, folder, &why);
        vo_manifest_fini(&is);
    }
    if (st == VO_OK) return VO_OK;
    if (st == VO_ENOMEM) return vo_fail(err, st, "%s", why.msg);
    if (vo_file_exists(folder))
        return find_ill(d, VO_REGISTRY_DAMAGED, false, path, why.msg, err);
    *missing = !has_alias(m, version);
    return find_ill(d, VO_REGISTRY_MISSING, d->mend && *missing, path,
                    *missing ? "its folder is gone"
                             : "its folder is gone, and it has an alias: promote another, or "
                               "roll back",
                    err);
}

/* Looks at a model's versions; what is gone is dropped, with a line of the log. */
static vo_status look_at_model(round_of *d, vo_registry_model *m, vo_error *err) {
    const vo_alloc *a = d->r->alloc;
    const char **gone = a->zalloc(a->ctx, (m->n + 1) * sizeof *gone);
    size_t n = 0;
    vo_status st = gone ? VO_OK : vo_fail(err, VO_ENOMEM, "no memory to look at %s", m->id);
    for (size_t i = 0; i < m->n && st == VO_OK; i++) {
        bool missing = false;
        st = look_at_version(d, m, m->version[i].version, &missing, err);
        if (missing) gone[n++] = m->version[i].version;
    }
    if (st == VO_OK && d->mend && n > 0) {
        char path[VO_REGISTRY_PATH];
        const vo_registry_decision why = {true, "their folders are gone", NULL, d->now_s};
        const vo_registry_note note = {
            .action = "mend", .versions = gone, .n_versions = n, .model = m, .why = &why};
        for (size_t i = 0; i < n; i++) vo_registry_model_drop(m, gone[i]);
        vo_registry_log_path(d->r, path);
        st = vo_registry_log_add(&d->log, path, d->book->log, &note, 1, &d->book->log, err);
        if (st == VO_OK) st = vo_registry_write(d->r, d->book, err);
        vo_registry_log_fini(&d->log); /* it has grown */
        if (st == VO_OK)
            st = vo_registry_log_load(path, d->book->log, d->r->alloc, &d->log, err);
    }
    a->free(a->ctx, gone);
    return st;
}

/* ---- the round --------------------------------------------------------------------------- */

static vo_status look_at_all(round_of *d, vo_error *err) {
    char what[80];
    vo_status st = look_at_list(d, err);
    if (st != VO_OK || !d->book) return st;
    if (d->log.skipped) {
        snprintf(what, sizeof what, "%zu lines are none", d->log.skipped);
        st = find_ill(d, VO_REGISTRY_LOG, false, "promotions.log", what, err);
    }
    if (st == VO_OK) st = vo_folder_list(d->r->folder, look_at_id, d, err);
    if (st == VO_OK && d->changed) st = vo_registry_write(d->r, d->book, err);
    for (size_t i = 0; i < d->book->n && st == VO_OK; i++) {
        d->health.models++;
        st = look_at_model(d, &d->book->model[i], err);
        d->health.versions += d->book->model[i].n;
    }
    return st;
}

vo_status vo_registry_doctor(const vo_registry *r, bool mend, int64_t now_s,
                             vo_registry_told_ill told, void *ctx, vo_registry_health *out,
                             vo_error *err) {
    round_of d = {.r = r, .mend = mend, .now_s = now_s, .told = told, .ctx = ctx};
    vo_file_lock lock = {-1};
    vo_status st = VO_OK;
    if (vo_file_exists(r->folder)) { /* else there is nothing to be ill */
        st = vo_registry_lock(r, &lock, err);
        if (st == VO_OK) st = look_at_all(&d, err);
    }
    vo_registry_log_fini(&d.log);
    vo_registry_book_free(d.book);
    for (size_t i = 0; i < d.n; i++) vo_manifest_fini(&d.adopted[i]);
    r->alloc->free(r->alloc->ctx, d.adopted);
    vo_file_lock_drop(&lock);
    if (st == VO_OK) *out = d.health;
    return st;
}
