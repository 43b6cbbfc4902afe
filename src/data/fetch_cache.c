/* fetch_cache.c -- see fetch_cache.h.
 *
 * The file, little-endian:
 *     0  "VOREPLY\n"   8  version 1     12  bytes of the name   16  fetched, Unix microseconds
 *    24  bytes of the body             32  checksum           40  name, body
 * The checksum is FNV-1a (64 bits) of bytes 0..31 and of all bytes from 40.
 */
#include "data/fetch_cache.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "port/file.h"

#define HEAD 40u
#define VERSION 1u
#define PATH 1200

static const char magic[] = "VOREPLY\n";

static void put(unsigned char *at, uint64_t v, size_t n) {
    for (size_t i = 0; i < n; i++) at[i] = (unsigned char)(v >> (8 * i));
}

static uint64_t get(const char *at, size_t n) {
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++) v |= (uint64_t)(unsigned char)at[i] << (8 * i);
    return v;
}

void vo_fetch_cache_path(const char *folder, const char *name, char *out, size_t size) {
    snprintf(out, size, "%.1000s/%016" PRIx64 ".reply", folder,
             vo_hash_bytes(VO_HASH_START, name, strlen(name)));
}

static uint64_t checksum(const char *data, size_t size) {
    return vo_hash_bytes(vo_hash_bytes(VO_HASH_START, data, 32), data + HEAD, size - HEAD);
}

vo_status vo_fetch_cache_decode(const char *data, size_t size, const char *name,
                                const char **body, size_t *len, double *fetched_s,
                                vo_error *err) {
    if (size < HEAD || memcmp(data, magic, 8) != 0)
        return vo_fail(err, VO_EINVAL, "no kept reply: it does not begin with VOREPLY");
    if (get(data + 8, 4) != VERSION)
        return vo_fail(err, VO_EINVAL, "a kept reply of version %u; this program reads %u",
                       (unsigned)get(data + 8, 4), VERSION);
    const uint64_t named = get(data + 12, 4), held = get(data + 24, 8);
    if (named > size - HEAD || held != size - HEAD - named)
        return vo_fail(err, VO_EINVAL, "a kept reply cut short: %zu bytes", size);
    if (get(data + 32, 8) != checksum(data, size))
        return vo_fail(err, VO_EINVAL, "a damaged kept reply: its checksum is wrong");
    if (named != strlen(name) || memcmp(data + HEAD, name, (size_t)named) != 0)
        return vo_fail(err, VO_EINVAL, "the kept reply of another request");
    *body = data + HEAD + named;
    *len = (size_t)held;
    *fetched_s = (double)(int64_t)get(data + 16, 8) * 1e-6;
    return VO_OK;
}

vo_status vo_fetch_cache_load(const char *folder, const char *name, char **body, size_t *len,
                              double *fetched_s, vo_error *err) {
    char path[PATH], *text = NULL;
    const char *at = NULL;
    size_t size = 0, n = 0;
    vo_fetch_cache_path(folder, name, path, sizeof path);
    vo_status s = vo_file_read(path, VO_FETCH_CACHE_MAX_BODY + VO_FETCH_CACHE_MAX_NAME + HEAD,
                               &text, &size, err);
    if (s == VO_ENOMEM) return s;
    if (s != VO_OK) return vo_fail(err, VO_ENOTFOUND, "nothing is kept");
    s = vo_fetch_cache_decode(text, size, name, &at, &n, fetched_s, err);
    if (s != VO_OK) {
        free(text);
        return vo_fail(err, VO_ENOTFOUND, "nothing whole is kept");
    }
    memmove(text, at, n); /* a body's own block begins with it */
    text[n] = '\0';
    *body = text;
    *len = n;
    return VO_OK;
}

vo_status vo_fetch_cache_save(const char *folder, const char *name, const char *body,
                              size_t len, double fetched_s, vo_error *err) {
    const size_t named = strlen(name);
    char path[PATH];
    if (named > VO_FETCH_CACHE_MAX_NAME || len > VO_FETCH_CACHE_MAX_BODY)
        return vo_fail(err, VO_EINVAL, "a reply of %zu bytes is too large to keep", len);
    vo_status s = vo_file_make_folders(folder, err);
    if (s != VO_OK) return s;
    unsigned char *data = malloc(HEAD + named + len);
    if (!data) return vo_fail(err, VO_ENOMEM, "no memory to keep a reply");
    memcpy(data, magic, 8);
    put(data + 8, VERSION, 4);
    put(data + 12, named, 4);
    put(data + 16, (uint64_t)(int64_t)llround(fetched_s * 1e6), 8);
    put(data + 24, len, 8);
    memcpy(data + HEAD, name, named);
    if (len) memcpy(data + HEAD + named, body, len);
    put(data + 32, checksum((const char *)data, HEAD + named + len), 8);
    vo_fetch_cache_path(folder, name, path, sizeof path);
    s = vo_file_replace(path, data, HEAD + named + len, err);
    free(data);
    return s;
}

vo_status vo_fetch_cache_remove(const char *folder, const char *name, vo_error *err) {
    char path[PATH];
    vo_fetch_cache_path(folder, name, path, sizeof path);
    return vo_file_remove(path, err);
}
