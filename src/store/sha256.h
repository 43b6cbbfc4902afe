/* sha256.h -- SHA-256 (FIPS 180-4), in pieces, of memory and of files, as 64 hex digits.
 *
 * Threads: one owner per state.
 */
#ifndef VO_STORE_SHA256_H
#define VO_STORE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#include <volteo/status.h>

#define VO_SHA256_HEX 65 /* digits and NUL */

typedef struct {
    uint64_t opaque[16];
} vo_sha256;

void vo_sha256_init(vo_sha256 *h);
void vo_sha256_add(vo_sha256 *h, const void *data, size_t len);
void vo_sha256_end(vo_sha256 *h, char hex[VO_SHA256_HEX]); /* init again before the next */

void vo_sha256_of(const void *data, size_t len, char hex[VO_SHA256_HEX]);

/* Who computes, with his version: "libsodium 1.0.18". */
#define VO_SHA256_BACKEND 32
void vo_sha256_backend(char out[VO_SHA256_BACKEND]);

/* Reads the file piece by piece. VO_ENOTFOUND, VO_EIO; VO_EINVAL: a folder. */
vo_status vo_sha256_file(const char *path, char hex[VO_SHA256_HEX], uint64_t *size,
                         vo_error *err);

#endif
