/* bytes.c -- see bytes.h. Three ways to produce the next bytes behind one read function: copy,
 * ZSTD_decompressStream (RFC 8878) and inflate (RFC 1952). */
#include "data/bytes.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#define ZLIB_CONST /* inflate reads its input through a pointer to const */
#include <zlib.h>
#include <zstd.h>

enum kind { PLAIN, ZSTD, GZIP };

struct vo_bytes {
    enum kind kind;
    const char *name, *data;
    size_t len, at, made;
    ZSTD_DStream *zstd;
    z_stream gzip;
    bool gzip_ready;
    bool mid_frame; /* the input may not end here */
};

static enum kind kind_of(const char *data, size_t len) {
    if (len >= 4 && memcmp(data, "\x28\xb5\x2f\xfd", 4) == 0) return ZSTD;
    if (len >= 2 && memcmp(data, "\x1f\x8b", 2) == 0) return GZIP;
    return PLAIN;
}

vo_status vo_bytes_open(const char *name, const char *data, size_t len, vo_bytes **out,
                        vo_error *err) {
    vo_bytes *b = calloc(1, sizeof *b);
    if (!b) return vo_fail(err, VO_ENOMEM, "%s: no memory to read it", name);
    b->kind = kind_of(data, len);
    b->name = name;
    b->data = data;
    b->len = len;
    if (b->kind == ZSTD && !(b->zstd = ZSTD_createDStream())) goto fail;
    if (b->kind == GZIP) {
        if (inflateInit2(&b->gzip, 15 + 16) != Z_OK) goto fail;
        b->gzip_ready = true;
    }
    *out = b;
    return VO_OK;
fail:
    vo_bytes_close(b);
    return vo_fail(err, VO_ENOMEM, "%s: no memory to decompress it", name);
}

void vo_bytes_close(vo_bytes *b) {
    if (!b) return;
    ZSTD_freeDStream(b->zstd);
    if (b->gzip_ready) inflateEnd(&b->gzip);
    free(b);
}

static vo_status damaged(const vo_bytes *b, const char *what, vo_error *err) {
    return vo_fail(err, VO_EINVAL,
                   "%s: the %s data are damaged near byte %zu (%s); fetch it again", b->name,
                   b->kind == ZSTD ? "zstd" : "gzip", b->at, what);
}

static void read_plain(vo_bytes *b, char *into, size_t cap, size_t *got) {
    const size_t left = b->len - b->at;
    *got = left < cap ? left : cap;
    if (*got) memcpy(into, b->data + b->at, *got);
    b->at += *got;
}

static vo_status read_zstd(vo_bytes *b, char *into, size_t cap, size_t *got, vo_error *err) {
    ZSTD_outBuffer o = {into, cap, 0};
    while (o.pos == 0) {
        ZSTD_inBuffer in = {b->data, b->len, b->at};
        if (in.pos == in.size && !b->mid_frame) break;
        const size_t rc = ZSTD_decompressStream(b->zstd, &o, &in);
        if (ZSTD_isError(rc)) return damaged(b, ZSTD_getErrorName(rc), err);
        if (in.pos == b->at && o.pos == 0) return damaged(b, "it ends in mid-frame", err);
        b->at = in.pos;
        b->mid_frame = rc != 0;
    }
    *got = o.pos;
    return VO_OK;
}

static vo_status read_gzip(vo_bytes *b, char *into, size_t cap, size_t *got, vo_error *err) {
    z_stream *z = &b->gzip;
    *got = 0;
    while (*got == 0) {
        if (b->at == b->len && !b->mid_frame) break;
        const size_t left = b->len - b->at;
        const uInt give = left < UINT_MAX ? (uInt)left : UINT_MAX;
        const uInt room = cap < UINT_MAX ? (uInt)cap : UINT_MAX;
        z->next_in = (const Bytef *)(b->data + b->at);
        z->avail_in = give;
        z->next_out = (Bytef *)into;
        z->avail_out = room;
        const int rc = inflate(z, Z_NO_FLUSH);
        b->at += give - z->avail_in;
        *got = room - z->avail_out;
        if (rc == Z_STREAM_END) { /* another member may follow */
            b->mid_frame = false;
            if (inflateReset(z) != Z_OK) return damaged(b, "reset", err);
        } else if (rc == Z_OK) {
            b->mid_frame = true;
        } else {
            return damaged(b, rc == Z_BUF_ERROR ? "it ends in mid-member" : "inflate", err);
        }
    }
    return VO_OK;
}

vo_status vo_bytes_read(vo_bytes *b, char *into, size_t cap, size_t *got, vo_error *err) {
    vo_status st = VO_OK;
    switch (b->kind) {
    case PLAIN:
        read_plain(b, into, cap, got);
        break;
    case ZSTD:
        st = read_zstd(b, into, cap, got, err);
        break;
    case GZIP:
        st = read_gzip(b, into, cap, got, err);
        break;
    }
    if (st != VO_OK) return st;
    b->made += *got;
    if (b->made > VO_BYTES_MAX_OUT)
        return vo_fail(err, VO_EINVAL, "%s unpacks to more than %zu GiB; split it", b->name,
                       VO_BYTES_MAX_OUT >> 30);
    return VO_OK;
}

vo_status vo_bytes_all(const char *name, const char *data, size_t len, size_t max, char **text,
                       size_t *text_len, vo_error *err) {
    vo_bytes *b = NULL;
    char *buf = NULL;
    size_t n = 0, cap = len < 65536 ? 65536 : len;
    vo_status st = vo_bytes_open(name, data, len, &b, err);
    if (st != VO_OK) return st;
    for (size_t got = 1; got > 0; n += got) {
        if (!buf || n + 1 >= cap) {
            if (buf) cap *= 2;
            char *bigger = realloc(buf, cap);
            st = bigger ? VO_OK : vo_fail(err, VO_ENOMEM, "%s: %zu bytes", name, cap);
            if (st != VO_OK) goto fail;
            buf = bigger;
        }
        if ((st = vo_bytes_read(b, buf + n, cap - n - 1, &got, err)) != VO_OK) goto fail;
        if (n + got > max) {
            st = vo_fail(err, VO_EINVAL, "%s is longer than %zu bytes; split it", name, max);
            goto fail;
        }
    }
    buf[n] = '\0';
    vo_bytes_close(b);
    *text = buf;
    *text_len = n;
    return VO_OK;
fail:
    vo_bytes_close(b);
    free(buf);
    return st;
}
