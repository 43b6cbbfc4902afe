/* hash.h -- FNV-1a of 64 bits (Fowler, Noll, Vo; RFC 9923): h = (h ^ byte) * prime, from a
 * fixed start. For tables and names of files; who knows it can make texts that collide, so
 * nothing may rest on two hashes being equal. The bits are part of files that are kept.
 */
#ifndef VO_BASE_HASH_H
#define VO_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define VO_HASH_START UINT64_C(0xcbf29ce484222325)

static inline uint64_t vo_hash_byte(uint64_t h, uint8_t byte) {
    return (h ^ byte) * UINT64_C(0x100000001b3);
}

/* The hash of some bytes, or, given the hash of what stands before them, of both. */
static inline uint64_t vo_hash_bytes(uint64_t h, const void *data, size_t n) {
    const uint8_t *p = data;
    for (size_t i = 0; i < n; i++) h = vo_hash_byte(h, p[i]);
    return h;
}

#endif
