/* frames.c -- see frames.h. SHA-1 (RFC 3174) is here because the handshake wants it and nobody
 * else does: it proves that the server has read the key, and protects nothing. */
#include "serve/frames.h"

#include <string.h>

int vo_frame_read(const char *bytes, size_t n, vo_frame *f) {
    if (n < 2) return 0;
    const uint8_t a = (uint8_t)bytes[0], b = (uint8_t)bytes[1];
    if ((a & 0x70) != 0 || (b & 0x80) == 0) return -1;
    f->last = (a & 0x80) != 0;
    f->kind = a & 0x0f;
    if ((f->kind > VO_FRAME_BINARY && f->kind < VO_FRAME_CLOSE) || f->kind > VO_FRAME_PONG)
        return -1;
    const size_t extra = (b & 0x7f) == 126 ? 2 : (b & 0x7f) == 127 ? 8 : 0;
    if (f->kind >= VO_FRAME_CLOSE && (!f->last || extra)) return -1;
    f->head = 2 + extra + 4;
    if (n < f->head) return 0;
    f->len = extra ? 0 : b & 0x7f;
    for (size_t i = 0; i < extra; i++) f->len = f->len << 8 | (uint8_t)bytes[2 + i];
    if (f->len >> 63) return -1;
    memcpy(f->mask, bytes + 2 + extra, 4);
    return 1;
}

void vo_frame_unmask(const vo_frame *f, const char *from, char *to, size_t n) {
    for (size_t i = 0; i < n; i++) to[i] = (char)((uint8_t)from[i] ^ f->mask[i % 4]);
}

size_t vo_frame_write(int kind, size_t n, char to[10]) {
    to[0] = (char)(0x80 | kind);
    const size_t bytes = n < 126 ? 0 : n < 65536 ? 2 : 8;
    to[1] = (char)(bytes == 0 ? n : bytes == 2 ? 126 : 127);
    for (size_t i = 0; i < bytes; i++) to[2 + i] = (char)((uint64_t)n >> 8 * (bytes - 1 - i));
    return 2 + bytes;
}

bool vo_frame_close_code(int code) {
    return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
           (code >= 3000 && code <= 4999);
}

static uint32_t rotate(uint32_t x, int by) { return x << by | x >> (32 - by); }

static void sha1_block(uint32_t h[5], const uint8_t *p) {
    uint32_t w[80], s[5];
    for (size_t i = 0; i < 16; i++)
        w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 |
               (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
    for (size_t i = 16; i < 80; i++)
        w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    memcpy(s, h, sizeof s);
    for (size_t i = 0; i < 80; i++) {
        const uint32_t f = i < 20   ? ((s[1] & s[2]) | (~s[1] & s[3])) + 0x5a827999u
                           : i < 40 ? (s[1] ^ s[2] ^ s[3]) + 0x6ed9eba1u
                           : i < 60
                               ? ((s[1] & s[2]) | (s[1] & s[3]) | (s[2] & s[3])) + 0x8f1bbcdcu
                               : (s[1] ^ s[2] ^ s[3]) + 0xca62c1d6u;
        const uint32_t t = rotate(s[0], 5) + f + s[4] + w[i];
        s[4] = s[3];
        s[3] = s[2];
        s[2] = rotate(s[1], 30);
        s[1] = s[0];
        s[0] = t;
    }
    for (size_t i = 0; i < 5; i++) h[i] += s[i];
}

/* Of at most 119 bytes: two blocks. */
static void sha1_short(const char *text, size_t n, uint8_t out[20]) {
    uint32_t h[5] = {0x67452301u, 0xefcdab89u, 0x98badcfeu, 0x10325476u, 0xc3d2e1f0u};
    uint8_t block[128] = {0};
    memcpy(block, text, n);
    block[n] = 0x80;
    const size_t total = n + 9 <= 64 ? 64 : 128;
    block[total - 1] = (uint8_t)(8 * n);
    block[total - 2] = (uint8_t)(8 * n >> 8);
    for (size_t at = 0; at < total; at += 64) sha1_block(h, block + at);
    for (size_t i = 0; i < 20; i++) out[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
}

static const char letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static bool is_key(const char *key) {
    return strlen(key) == 24 && strspn(key, letters) == 22 && strcmp(key + 22, "==") == 0;
}

bool vo_frame_accept(const char *key, char out[29]) {
    if (!is_key(key)) return false;
    char text[61];
    memcpy(text, key, 24);
    memcpy(text + 24, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", 37);
    uint8_t d[21] = {0};
    sha1_short(text, 60, d);
    for (size_t i = 0; i < 7; i++) {
        const uint32_t v =
            (uint32_t)d[3 * i] << 16 | (uint32_t)d[3 * i + 1] << 8 | (uint32_t)d[3 * i + 2];
        for (size_t k = 0; k < 4; k++) out[4 * i + k] = letters[v >> (18 - 6 * k) & 63];
    }
    out[27] = '=';
    out[28] = '\0';
    return true;
}
