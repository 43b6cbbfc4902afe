/* registry_manifest.h -- models/ID/VERSION/manifest.json: what a trained version is, what it was
 * made from, and size and SHA-256 of each of its files. Sealed (seal.h).
 *
 * Threads: no state of its own.
 */
#ifndef VO_STORE_REGISTRY_MANIFEST_H
#define VO_STORE_REGISTRY_MANIFEST_H

#include "store/registry_book.h"

#define VO_MANIFEST_NAME "manifest.json"
enum { VO_REGISTRY_PATH = 2048, VO_REGISTRY_FILES_MAX = 64 };

typedef struct {
    const char *name; /* within the version's folder */
    const void *data;
    size_t len;
} vo_registry_file;

typedef struct {
    const char *name;
    double value; /* NaN is written as null */
} vo_registry_metric;

/* What is registered. Texts may be NULL where "or NULL" stands; all is borrowed. */
typedef struct {
    const char *id, *type;        /* names: letters, digits, "._-"                          */
    const char *version;          /* or NULL: made from created_s, "v20260211_134500"       */
    int64_t created_s;            /* seconds since 1970 UTC                                 */
    const vo_registry_file *file; /* [n_files], the first is what load takes by default     */
    size_t n_files;
    const vo_registry_metric *metric; /* [n_metrics], the first is listed                   */
    size_t n_metrics;
    const char *market, *node;  /* the data it was trained on, or NULL                    */
    int64_t from_s, to_s;       /* their first interval, and the end of their last        */
    uint64_t rows;              /* 0: no data were used: the fingerprint is left out      */
    const char *data_hash;      /* of the values, any text, or NULL                       */
    const char *const *feature; /* [n_features]                                           */
    size_t n_features;
    const char *settings;     /* a JSON value as text, or NULL                          */
    const char *code_version; /* or NULL                                                */
    const char *parent;       /* the version it was trained from or against, or NULL    */
    const char *note;         /* for people, or NULL                                    */
    const char *key;          /* of the request that made it, <= 256 bytes, or NULL     */
} vo_registry_draft;

enum { VO_REGISTRY_KEY = 256 };

/* The sealed text, malloc'ed: free(). VO_EINVAL naming the field that is wrong. */
vo_status vo_manifest_text(const vo_registry_draft *d, const char *version, char **text,
                           size_t *len, vo_error *err);

typedef struct {
    vo_json *root; /* the document; texts below are its own */
    const char *type;
    vo_registry_version entry; /* as the registry lists it */
    size_t n_files;
} vo_manifest;

typedef struct {
    const char *name, *sha256;
    uint64_t bytes;
} vo_manifest_file;

/* The manifest of `folder`, which must be that of this id and version. VO_ENOTFOUND; VO_EINVAL
 * naming the path: damaged (with both checksums), of another version. vo_manifest_fini. */
vo_status vo_manifest_load(const char *folder, const char *id, const char *version,
                           vo_manifest *out, vo_error *err);
vo_status vo_manifest_parse(const char *text, size_t len, const char *path, const char *id,
                            const char *version, vo_manifest *out, vo_error *err);
void vo_manifest_fini(vo_manifest *m); /* accepts a zeroed one */

vo_manifest_file vo_manifest_file_at(const vo_manifest *m, size_t i);

/* One file's bytes (name NULL: the first), malloc'ed: free(). VO_ENOTFOUND: there is none, or it
 * is gone; VO_EINVAL: its size or checksum is another; with the path and both. */
vo_status vo_manifest_read(const vo_manifest *m, const char *folder, const char *name,
                           void **bytes, size_t *len, vo_error *err);

/* The same of every file, piece by piece. */
vo_status vo_manifest_verify(const vo_manifest *m, const char *folder, vo_error *err);

#endif
