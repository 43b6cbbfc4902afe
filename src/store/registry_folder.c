/* registry_folder.c -- see registry_folder.h. */
#include "store/registry_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/folder.h"

#define MAX_REGISTRY ((size_t)256 << 20)

void vo_registry_path(const vo_registry *r, const char *a, const char *b,
                      char out[VO_REGISTRY_PATH]) {
    const bool deeper = b && *b;
    snprintf(out, VO_REGISTRY_PATH, "%s/%.300s%s%.300s", r->folder, a, deeper ? "/" : "",
             deeper ? b : "");
}

void vo_registry_list_path(const vo_registry *r, char out[VO_REGISTRY_PATH]) {
    vo_registry_path(r, "registry.json", NULL, out);
}

void vo_registry_log_path(const vo_registry *r, char out[VO_REGISTRY_PATH]) {
    vo_registry_path(r, "promotions.log", NULL, out);
}

/* No list is an empty one, unless decisions were made about what it listed. */
static vo_status read_absent(const vo_registry *r, const char *path, vo_registry_book **out,
                             vo_error *err) {
    char log[VO_REGISTRY_PATH];
    vo_registry_log_path(r, log);
    if (!vo_file_exists(log)) return vo_registry_book_create(r->alloc, out, err);
    return vo_fail(err, VO_EINVAL,
                   "\"%.200s\" is gone, though promotions.log is there; `volteo models doctor "
                   "--mend` rebuilds it",
                   path);
}

vo_status vo_registry_read(const vo_registry *r, vo_registry_book **out, vo_error *err) {
    char path[VO_REGISTRY_PATH], *text = NULL;
    vo_error why = {0};
    size_t len = 0;
    if (vo_file_is_regular(r->folder))
        return vo_fail(err, VO_EINVAL,
                       "models = \"%.200s\" is a file: name a folder for trained models",
                       r->folder);
    vo_registry_list_path(r, path);
    vo_status st = vo_file_read(path, MAX_REGISTRY, &text, &len, &why);
    if (st == VO_ENOTFOUND && !vo_file_exists(path)) return read_absent(r, path, out, err);
    if (st != VO_OK) return vo_fail(err, st, "%s", why.msg);
    st = vo_registry_book_parse(text, len, path, r->alloc, out, &why);
    free(text);
    if (st != VO_OK)
        vo_fail(err, st, "%s%s", why.msg,
                st == VO_EINVAL ? "; `volteo models doctor --mend` rebuilds it" : "");
    return st;
}

vo_status vo_registry_write(const vo_registry *r, const vo_registry_book *b, vo_error *err) {
    char path[VO_REGISTRY_PATH], *text = NULL;
    size_t len = 0;
    vo_registry_list_path(r, path);
    vo_status st = vo_registry_book_text(b, &text, &len, err);
    if (st == VO_OK) st = vo_file_replace(path, text, len, err);
    free(text);
    return st;
}

vo_status vo_registry_lock(const vo_registry *r, vo_file_lock *out, vo_error *err) {
    char path[VO_REGISTRY_PATH];
    vo_registry_path(r, ".lock", NULL, path);
    const vo_status st = vo_file_make_folders(r->folder, err);
    return st == VO_OK ? vo_file_lock_take(path, out, err) : st;
}

typedef struct {
    const char *folder;
} remover;

static vo_status remove_one(void *ctx, const char *name, bool is_folder, vo_error *err) {
    char path[VO_REGISTRY_PATH + 256];
    if (is_folder) return VO_OK; /* not ours: the folder stays, and is told */
    snprintf(path, sizeof path, "%s/%.255s", ((const remover *)ctx)->folder, name);
    return vo_file_remove(path, err);
}

vo_status vo_registry_remove(const vo_registry *r, const char *id, const char *name,
                             vo_error *err) {
    char folder[VO_REGISTRY_PATH];
    vo_registry_path(r, id, name, folder);
    remover ctx = {folder};
    const vo_status st = vo_folder_list(folder, remove_one, &ctx, err);
    if (st != VO_OK || !vo_file_exists(folder) || vo_folder_remove_empty(folder)) return st;
    return vo_fail(err, VO_EIO, "\"%.300s\" cannot be removed: is something of others in it?",
                   folder);
}

vo_status vo_registry_retire(const vo_registry *r, const char *id, const char *version,
                             vo_error *err) {
    char name[VO_REGISTRY_NAME + 8], from[VO_REGISTRY_PATH], to[VO_REGISTRY_PATH];
    snprintf(name, sizeof name, VO_REGISTRY_OLD "%.63s", version);
    vo_registry_path(r, id, version, from);
    if (!vo_file_exists(from)) return VO_OK;
    vo_status st = vo_registry_remove(r, id, name, err); /* of another crash */
    if (st != VO_OK) return st;
    vo_registry_path(r, id, name, to);
    st = vo_file_move(from, to, err);
    return st == VO_OK ? vo_registry_remove(r, id, name, err) : st;
}
