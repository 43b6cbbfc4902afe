/* sha256.c -- see sha256.h; the arithmetic is libsodium's. Its state is copied in and out of
 * ours, so that no other file needs its header. */
#include "store/sha256.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "port/stream.h"

_Static_assert(sizeof(crypto_hash_sha256_state) <= sizeof(vo_sha256), "the state has room");

void vo_sha256_init(vo_sha256 *h) {
    crypto_hash_sha256_state s;
    crypto_hash_sha256_init(&s);
    memcpy(h, &s, sizeof s);
}

void vo_sha256_add(vo_sha256 *h, const void *data, size_t len) {
    crypto_hash_sha256_state s;
    if (len == 0) return;
    memcpy(&s, h, sizeof s);
    crypto_hash_sha256_update(&s, data, len);
    memcpy(h, &s, sizeof s);
}

void vo_sha256_end(vo_sha256 *h, char hex[VO_SHA256_HEX]) {
    crypto_hash_sha256_state s;
    unsigned char digest[crypto_hash_sha256_BYTES];
    memcpy(&s, h, sizeof s);
    crypto_hash_sha256_final(&s, digest);
    sodium_bin2hex(hex, VO_SHA256_HEX, digest, sizeof digest);
}

void vo_sha256_of(const void *data, size_t len, char hex[VO_SHA256_HEX]) {
    vo_sha256 h;
    vo_sha256_init(&h);
    vo_sha256_add(&h, data, len);
    vo_sha256_end(&h, hex);
}

void vo_sha256_backend(char out[VO_SHA256_BACKEND]) {
    snprintf(out, VO_SHA256_BACKEND, "libsodium %.20s", sodium_version_string());
}

vo_status vo_sha256_file(const char *path, char hex[VO_SHA256_HEX], uint64_t *size,
                         vo_error *err) {
    char piece[1 << 16];
    vo_stream in = VO_STREAM_NONE;
    vo_sha256 h;
    uint64_t total = 0;
    size_t got = 0;
    vo_status st = vo_stream_open(path, &in, err);
    if (st != VO_OK) return st;
    vo_sha256_init(&h);
    do {
        st = vo_stream_read(&in, piece, sizeof piece, &got, NULL, NULL, err);
        if (st != VO_OK) break;
        vo_sha256_add(&h, piece, got);
        total += got;
    } while (got > 0);
    vo_stream_close(&in);
    if (st != VO_OK) return st;
    vo_sha256_end(&h, hex);
    *size = total;
    return VO_OK;
}
