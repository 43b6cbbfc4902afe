/* registry_manifest.c -- see registry_manifest.h. The document:
 *
 *     {"format": 1, "id", "version", "type", "created", "parent", "code_version", "note",
 *      "data": {"market", "node", "from", "to", "rows", "hash"}, "features": [...],
 *      "settings": ..., "metrics": {...}, "files": [{"name", "bytes", "sha256"}], "sha256"}
 */
#include "store/registry_manifest.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "port/file.h"
#include "store/json_get.h"
#include "store/seal.h"
#include "store/sha256.h"

#define MAX_MANIFEST ((size_t)16 << 20)
#define MAX_FILE ((size_t)1 << 31)

/* ---- writing ----------------------------------------------------------------- */

static vo_status check_files(const vo_registry_draft *d, vo_error *err) {
    if (d->n_files < 1 || d->n_files > VO_REGISTRY_FILES_MAX)
        return vo_fail(err, VO_EINVAL, "a model of %zu files; 1..%d", d->n_files,
                       VO_REGISTRY_FILES_MAX);
    for (size_t i = 0; i < d->n_files; i++) {
        const vo_status st = vo_registry_check_name(d->file[i].name, "file", err);
        if (st != VO_OK) return st;
        bool taken = strcmp(d->file[i].name, VO_MANIFEST_NAME) == 0;
        for (size_t k = 0; k < i; k++) taken |= strcmp(d->file[i].name, d->file[k].name) == 0;
        if (taken)
            return vo_fail(err, VO_EINVAL, "file = \"%s\": the name is taken", d->file[i].name);
        if (d->file[i].len > MAX_FILE)
            return vo_fail(err, VO_EINVAL, "file \"%s\" has %zu bytes; at most %zu",
                           d->file[i].name, d->file[i].len, MAX_FILE);
    }
    return VO_OK;
}

static void put_text(vo_json_out *w, const char *key, const char *v) {
    vo_json_out_key(w, key);
    vo_json_out_string(w, v && *v ? v : NULL);
}

static void put_utc(vo_json_out *w, const char *key, int64_t s) {
    char text[32];
    put_text(w, key, vo_civil_format_utc(s, text));
}

static void put_data(const vo_registry_draft *d, vo_json_out *w) {
    vo_json_out_key(w, "data");
    if (d->rows == 0) {
        vo_json_out_null(w);
        return;
    }
    vo_json_out_object(w);
    put_text(w, "market", d->market);
    put_text(w, "node", d->node);
    put_utc(w, "from", d->from_s);
    put_utc(w, "to", d->to_s);
    vo_json_out_key(w, "rows");
    vo_json_out_integer(w, (long long)d->rows);
    put_text(w, "hash", d->data_hash);
    vo_json_out_end(w);
}

static void put_metrics(const vo_registry_draft *d, vo_json_out *w) {
    vo_json_out_key(w, "metrics");
    vo_json_out_object(w);
    for (size_t i = 0; i < d->n_metrics; i++) {
        vo_json_out_key(w, d->metric[i].name);
        vo_json_out_number(w, d->metric[i].value);
    }
    vo_json_out_end(w);
}

static void put_files(const vo_registry_draft *d, vo_json_out *w) {
    vo_json_out_key(w, "files");
    vo_json_out_array(w);
    for (size_t i = 0; i < d->n_files; i++) {
        char hex[VO_SHA256_HEX];
        vo_sha256_of(d->file[i].data, d->file[i].len, hex);
        vo_json_out_object(w);
        put_text(w, "name", d->file[i].name);
        vo_json_out_key(w, "bytes");
        vo_json_out_integer(w, (long long)d->file[i].len);
        put_text(w, "sha256", hex);
        vo_json_out_end(w);
    }
    vo_json_out_end(w);
}

static void put_draft(const vo_registry_draft *d, const char *version, const vo_json *settings,
                      vo_json_out *w) {
    vo_json_out_indent(w, true);
    vo_json_out_object(w);
    vo_json_out_key(w, "format");
    vo_json_out_integer(w, 1);
    put_text(w, "id", d->id);
    put_text(w, "version", version);
    put_text(w, "type", d->type);
    put_utc(w, "created", d->created_s);
    put_text(w, "parent", d->parent);
    put_text(w, "code_version", d->code_version);
    put_text(w, "note", d->note);
    if (d->key) put_text(w, "key", d->key);
    put_data(d, w);
    vo_json_out_key(w, "features");
    vo_json_out_array(w);
    for (size_t i = 0; i < d->n_features; i++) vo_json_out_string(w, d->feature[i]);
    vo_json_out_end(w);
    vo_json_out_key(w, "settings");
    if (settings)
        vo_json_out_value(w, settings);
    else
        vo_json_out_null(w);
    put_metrics(d, w);
    put_files(d, w);
    vo_json_out_end(w);
}

vo_status vo_manifest_text(const vo_registry_draft *d, const char *version, char **text,
                           size_t *len, vo_error *err) {
    vo_json_out *w = NULL;
    vo_json *settings = NULL;
    vo_error why = {0};
    vo_status st = vo_registry_check_name(d->id, "id", err);
    if (st == VO_OK) st = vo_registry_check_name(d->type, "type", err);
    if (st == VO_OK) st = vo_registry_check_name(version, "version", err);
    if (st == VO_OK && d->parent) st = vo_registry_check_name(d->parent, "parent", err);
    if (st == VO_OK) st = check_files(d, err);
    if (st == VO_OK && d->key && strlen(d->key) > VO_REGISTRY_KEY)
        st = vo_fail(err, VO_EINVAL, "key has %zu bytes: at most %d", strlen(d->key),
                     VO_REGISTRY_KEY);
    if (st != VO_OK) return st;
    if (d->settings) {
        st = vo_json_parse(d->settings, strlen(d->settings), &settings, &why);
        if (st != VO_OK) return vo_fail(err, st, "settings: %.300s", why.msg);
    }
    st = vo_json_out_create(&w, err);
    if (st == VO_OK) {
        put_draft(d, version, settings, w);
        st = vo_seal_take(w, text, len, err);
    }
    vo_json_out_free(w);
    vo_json_free(settings);
    return st;
}

/* ---- reading ----------------------------------------------------------------- */

static bool is_size(const vo_json *v) {
    return v && vo_json_number(v) >= 0 && vo_json_number(v) <= (double)MAX_FILE &&
           vo_json_number(v) == floor(vo_json_number(v));
}

vo_manifest_file vo_manifest_file_at(const vo_manifest *m, size_t i) {
    const vo_json *f = vo_json_at(vo_json_get(m->root, "files"), i);
    assert(f);
    return (vo_manifest_file){vo_json_get_text(f, "name"), vo_json_get_text(f, "sha256"),
                              (uint64_t)vo_json_number(vo_json_get(f, "bytes"))};
}

static bool read_files(vo_manifest *m) {
    const vo_json *files = vo_json_get_kind(m->root, "files", VO_JSON_ARRAY);
    m->n_files = files ? vo_json_size(files) : 0;
    if (m->n_files < 1 || m->n_files > VO_REGISTRY_FILES_MAX) return false;
    for (size_t i = 0; i < m->n_files; i++) {
        const vo_json *f = vo_json_at(files, i);
        if (vo_json_kind_of(f) != VO_JSON_OBJECT ||
            vo_registry_check_name(vo_json_get_text(f, "name"), "file", NULL) != VO_OK ||
            strlen(vo_json_get_text(f, "sha256")) != VO_SHA256_HEX - 1 ||
            !is_size(vo_json_get_kind(f, "bytes", VO_JSON_NUMBER)))
            return false;
        m->entry.bytes += vo_manifest_file_at(m, i).bytes;
    }
    return true;
}

static void read_entry(vo_manifest *m) {
    const vo_json *metrics = vo_json_get_kind(m->root, "metrics", VO_JSON_OBJECT), *v = NULL;
    m->type = vo_json_get_text(m->root, "type");
    m->entry.version = vo_json_get_text(m->root, "version");
    m->entry.created = vo_json_get_text(m->root, "created");
    m->entry.node = vo_json_get_text(vo_json_get_kind(m->root, "data", VO_JSON_OBJECT), "node");
    m->entry.metric = "";
    const char *name = NULL;
    if (metrics && vo_json_member(metrics, 0, &name, &v) &&
        vo_json_kind_of(v) == VO_JSON_NUMBER) {
        m->entry.metric = name;
        m->entry.value = vo_json_number(v);
    }
}

static vo_status read_manifest(vo_manifest *m, const char *path, const char *id,
                               const char *version, vo_error *err) {
    if (vo_json_kind_of(m->root) != VO_JSON_OBJECT || !read_files(m))
        return vo_fail(err, VO_EINVAL, "\"%.200s\" is no manifest of a model", path);
    read_entry(m);
    if (vo_registry_check_name(m->type, "type", NULL) != VO_OK)
        return vo_fail(err, VO_EINVAL, "\"%.200s\" has no type", path);
    if (strcmp(vo_json_get_text(m->root, "id"), id) != 0 ||
        strcmp(m->entry.version, version) != 0)
        return vo_fail(err, VO_EINVAL, "\"%.200s\" is the manifest of %.63s@%.63s: moved?",
                       path, vo_json_get_text(m->root, "id"), m->entry.version);
    return VO_OK;
}

vo_status vo_manifest_parse(const char *text, size_t len, const char *path, const char *id,
                            const char *version, vo_manifest *out, vo_error *err) {
    vo_manifest m = {0};
    vo_error why = {0};
    bool sealed = false;
    vo_status st = vo_seal_check(text, len, path, &sealed, err);
    if (st != VO_OK) return st;
    if (!sealed)
        return vo_fail(err, VO_EINVAL, "\"%.200s\" is cut or damaged: no checksum at its end",
                       path);
    st = vo_json_parse(text, len, &m.root, &why);
    if (st != VO_OK) return vo_fail(err, st, "\"%.200s\": %.250s", path, why.msg);
    st = read_manifest(&m, path, id, version, err);
    if (st == VO_OK)
        *out = m;
    else
        vo_json_free(m.root);
    return st;
}

static void path_in(const char *folder, const char *name, char out[VO_REGISTRY_PATH]) {
    snprintf(out, VO_REGISTRY_PATH, "%s/%s", folder, name);
}

vo_status vo_manifest_load(const char *folder, const char *id, const char *version,
                           vo_manifest *out, vo_error *err) {
    char path[VO_REGISTRY_PATH], *text = NULL;
    size_t len = 0;
    path_in(folder, VO_MANIFEST_NAME, path);
    vo_status st = vo_file_read(path, MAX_MANIFEST, &text, &len, err);
    if (st == VO_OK) st = vo_manifest_parse(text, len, path, id, version, out, err);
    free(text);
    return st;
}

void vo_manifest_fini(vo_manifest *m) {
    vo_json_free(m->root);
    *m = (vo_manifest){0};
}

/* ---- the files --------------------------------------------------------------- */

static vo_status compare(const vo_manifest_file *f, const char *path, uint64_t bytes,
                         const char *hex, vo_error *err) {
    if (bytes == f->bytes && strcmp(hex, f->sha256) == 0) return VO_OK;
    return vo_fail(err, VO_EINVAL,
                   "\"%.200s\" is damaged: sha256 %s of %llu bytes; its manifest says %s of "
                   "%llu; restore it or use another version",
                   path, hex, (unsigned long long)bytes, f->sha256,
                   (unsigned long long)f->bytes);
}

static vo_status gone(const char *path, vo_error *err) {
    return vo_fail(err, VO_ENOTFOUND,
                   "\"%.200s\" is not there, though its manifest names it: restore it or use "
                   "another version",
                   path);
}

vo_status vo_manifest_read(const vo_manifest *m, const char *folder, const char *name,
                           void **bytes, size_t *len, vo_error *err) {
    char path[VO_REGISTRY_PATH], hex[VO_SHA256_HEX], *text = NULL;
    size_t i = 0, n = 0;
    while (name && i < m->n_files && strcmp(vo_manifest_file_at(m, i).name, name) != 0) i++;
    if (i == m->n_files)
        return vo_fail(err, VO_ENOTFOUND, "\"%.200s\" has no file \"%.63s\"", folder, name);
    const vo_manifest_file f = vo_manifest_file_at(m, i);
    path_in(folder, f.name, path);
    vo_status st = vo_file_read(path, MAX_FILE, &text, &n, err);
    if (st == VO_ENOTFOUND) return gone(path, err);
    if (st != VO_OK) return st;
    vo_sha256_of(text, n, hex);
    st = compare(&f, path, n, hex, err);
    if (st != VO_OK) {
        free(text);
        return st;
    }
    *bytes = text;
    *len = n;
    return VO_OK;
}

vo_status vo_manifest_verify(const vo_manifest *m, const char *folder, vo_error *err) {
    vo_status st = VO_OK;
    for (size_t i = 0; i < m->n_files && st == VO_OK; i++) {
        char path[VO_REGISTRY_PATH], hex[VO_SHA256_HEX];
        uint64_t size = 0;
        const vo_manifest_file f = vo_manifest_file_at(m, i);
        path_in(folder, f.name, path);
        st = vo_sha256_file(path, hex, &size, err);
        if (st == VO_ENOTFOUND) return gone(path, err);
        if (st == VO_OK) st = compare(&f, path, size, hex, err);
    }
    return st;
}
