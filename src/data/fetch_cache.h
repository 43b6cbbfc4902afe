/* fetch_cache.h -- replies of web services kept on disk, so that nothing is asked twice.
 *
 * One file per request: FOLDER/<16 hex digits>.reply, the digits being a hash of the request's
 * name (its address without the key). The file opens with magic, version, lengths and a
 * checksum and repeats the name, so that a damaged file, a half-written one or another request
 * of the same hash is told and counts as absent. Files are written beside themselves and
 * renamed. Threads and processes: any number of them on one folder.
 */
#ifndef VO_DATA_FETCH_CACHE_H
#define VO_DATA_FETCH_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include <volteo/status.h>

#define VO_FETCH_CACHE_MAX_NAME 8192u
#define VO_FETCH_CACHE_MAX_BODY ((size_t)256 << 20)

/* The reply kept under `name`; *body is malloc'ed and NUL-terminated: free(). *fetched_s is
 * when it came (Unix seconds). VO_ENOTFOUND: none, or none that is whole. VO_ENOMEM. */
vo_status vo_fetch_cache_load(const char *folder, const char *name, char **body, size_t *len,
                              double *fetched_s, vo_error *err);

/* Keeps a reply in place of an older one; the folder is made. VO_EIO. */
vo_status vo_fetch_cache_save(const char *folder, const char *name, const char *body,
                              size_t len, double fetched_s, vo_error *err);

/* What is kept under `name` is so no more; none is fine. VO_EIO. */
vo_status vo_fetch_cache_remove(const char *folder, const char *name, vo_error *err);

/* ---- the file's form, for its test ------------------------------------------------------ */

/* Is `data` a whole file of `name`? Then *body points into it. VO_EINVAL with what is wrong. */
vo_status vo_fetch_cache_decode(const char *data, size_t size, const char *name,
                                const char **body, size_t *len, double *fetched_s,
                                vo_error *err);

void vo_fetch_cache_path(const char *folder, const char *name, char *out, size_t size);

#endif
