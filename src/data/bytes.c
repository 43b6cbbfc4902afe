/* bytes.c -- see bytes.h. Two layers: raw bytes come from memory, a file or a pipe (which is
 * kept in a temporary file while it may still be rewound); over them one of four ways to
 * produce the next bytes: copy, ZSTD_decompressStream (RFC 8878), inflate (RFC 1952),
 * libarchive's zip. */
#include "data/bytes.h"

#include <archive.h>
#include <archive_entry.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define ZLIB_CONST /* inflate reads its input through a pointer to const */
#include <zlib.h>
#include <zstd.h>

#include "port/stream.h"

#define RAW ((size_t)1 << 17) /* one read of the system */
#define MAX_ENTRIES 100000u   /* of a zip */
#define NAME 600

enum kind { PLAIN, ZSTD, GZIP, ZIP };

struct vo_bytes {
    enum kind kind;
    char name[NAME], entry_name[NAME]; /* of the file; of the stream in a zip */
    vo_bytes_stop stop;
    void *stop_ctx;
    bool stopped;
    /* raw bytes */
    const char *data;   /* memory; NULL: `in` */
    size_t len, at;     /* of memory */
    vo_stream in, kept; /* kept: what a pipe has given so far */
    int64_t n_kept, raw_at;
    bool keep;
    char *raw; /* [RAW] */
    const char *next;
    size_t left; /* unused raw bytes at `next` */
    /* decompression */
    ZSTD_DStream *zstd;
    z_stream gzip;
    bool gzip_ready;
    bool mid_frame; /* the input may not end here */
    struct archive *zip;
    unsigned entry; /* files of the zip begun, from 1 */
    size_t made;    /* of the whole file, all entries of a zip */
    /* the first bytes of the stream, and how many of them were taken */
    bool headed;
    size_t n_head, head_at;
    char head[VO_BYTES_HEAD];
};

/* ---- raw bytes ------------------------------------------------------------------------- */

static vo_status named(const vo_bytes *b, vo_status st, const vo_error *why, vo_error *err) {
    return vo_fail(err, st, "%s: %.400s", b->name, why->msg);
}

static double share(const vo_bytes *b) {
    const int64_t all = b->data ? (int64_t)b->len : b->in.size;
    return all > 0 ? (b->raw_at < all ? (double)b->raw_at / (double)all : 1) : -1;
}

static bool must_stop(void *ctx) {
    const vo_bytes *b = ctx;
    return b->stop && b->stop(b->stop_ctx, share(b));
}

/* The next raw bytes of a pipe: first again what was kept, then new ones. */
static vo_status read_pipe(vo_bytes *b, size_t *got, vo_error *err) {
    if (b->raw_at < b->n_kept)
        return vo_stream_read_at(&b->kept, b->raw_at, b->raw, RAW, got, err);
    vo_status st = vo_stream_read(&b->in, b->raw, RAW, got, must_stop, b, err);
    if (st != VO_OK || !b->keep || *got == 0) return st;
    if (b->kept.fd < 0) st = vo_stream_temporary(NULL, &b->kept, err);
    if (st == VO_OK) st = vo_stream_write_at(&b->kept, b->n_kept, b->raw, *got, err);
    if (st == VO_OK) b->n_kept += (int64_t)*got;
    return st;
}

/* Makes b->next, b->left the next raw bytes; b->left = 0: there are no more. */
static vo_status more_raw(vo_bytes *b, vo_error *err) {
    vo_error why = {0};
    vo_status st = VO_OK;
    if (b->left) return VO_OK;
    if (must_stop(b)) {
        b->stopped = true;
        return vo_fail(err, VO_ECANCELED, "%s: stopped while reading", b->name);
    }
    if (b->data) {
        b->next = b->data + b->at;
        b->left = b->len - b->at < RAW ? b->len - b->at : RAW;
        b->at += b->left;
        b->raw_at += (int64_t)b->left;
        return VO_OK;
    }
    size_t got = 0;
    if (b->in.seekable)
        st = vo_stream_read(&b->in, b->raw, RAW, &got, NULL, NULL, &why);
    else
        st = read_pipe(b, &got, &why);
    if (st != VO_OK) return named(b, st, &why, err);
    b->next = b->raw;
    b->left = got;
    b->raw_at += (int64_t)got;
    return VO_OK;
}

static vo_status rewind_raw(vo_bytes *b, vo_error *err) {
    vo_error why = {0};
    if (!b->data && !b->in.seekable && b->raw_at > b->n_kept)
        return vo_fail(err, VO_EUNSUPPORTED, "%s cannot be read twice; save it to a file",
                       b->name);
    const vo_status st = !b->data && b->in.seekable ? vo_stream_seek(&b->in, 0, &why) : VO_OK;
    if (st != VO_OK) return named(b, st, &why, err);
    b->at = b->left = 0;
    b->raw_at = 0;
    return VO_OK;
}

/* A zip is read from its end: of a pipe all is kept first, and from then on it is a file. */
static vo_status make_seekable(vo_bytes *b, vo_error *err) {
    vo_error why = {0};
    if (b->data || b->in.seekable) return VO_OK;
    size_t got = 1;
    b->raw_at = b->n_kept;
    while (got > 0) {
        const vo_status st = read_pipe(b, &got, &why);
        if (st != VO_OK) return named(b, st, &why, err);
        b->raw_at = b->n_kept;
        if ((size_t)b->n_kept > VO_BYTES_MAX_OUT)
            return vo_fail(err, VO_EINVAL, "%s has more than %zu GiB; split it", b->name,
                           VO_BYTES_MAX_OUT >> 30);
    }
    vo_stream_close(&b->in);
    b->in = b->kept;
    b->in.size = b->n_kept;
    b->kept = VO_STREAM_NONE;
    b->n_kept = 0;
    return rewind_raw(b, err);
}

/* ---- opening --------------------------------------------------------------------------- */

static vo_status damaged(const vo_bytes *b, const char *what, vo_error *err) {
    static const char *const of[] = {"plain", "zstd", "gzip", "zip"};
    return vo_fail(err, VO_EINVAL,
                   "%s: the %s data are damaged near byte %lld (%s); fetch it again", b->name,
                   of[b->kind], (long long)(b->raw_at - (int64_t)b->left), what);
}

static bool begins(const char *data, size_t len, const char *with, size_t n) {
    return len >= n && memcmp(data, with, n) == 0;
}

static enum kind kind_of(const char *data, size_t len) {
    if (begins(data, len, "\x28\xb5\x2f\xfd", 4)) return ZSTD;
    if (begins(data, len, "\x1f\x8b", 2)) return GZIP;
    if (begins(data, len, "PK\x03\x04", 4) || begins(data, len, "PK\x05\x06", 4)) return ZIP;
    return PLAIN;
}

static vo_status open_zip(vo_bytes *b, vo_error *err);
static vo_status next_entry(vo_bytes *b, bool *more, vo_error *err);

static vo_status start(vo_bytes *b, vo_error *err) {
    vo_status st = VO_OK;
    if (!b->data && !(b->raw = malloc(RAW)))
        return vo_fail(err, VO_ENOMEM, "%s: no memory to read it", b->name);
    if ((st = more_raw(b, err)) != VO_OK) return st;
    char first[4];
    size_t n = 0; /* a pipe may give one byte at a time */
    while (n < 4 && b->left) {
        const size_t take = b->left < 4 - n ? b->left : 4 - n;
        memcpy(first + n, b->next, take);
        n += take;
        if (n == 4) break;
        b->left = 0;
        if ((st = more_raw(b, err)) != VO_OK) return st;
    }
    b->kind = kind_of(first, n);
    if (begins(first, n, "\xd0\xcf\x11\xe0", 4))
        return vo_fail(err, VO_EUNSUPPORTED,
                       "%s is an Excel workbook (.xls); save the sheet as CSV", b->name);
    if ((st = rewind_raw(b, err)) != VO_OK) return st;
    if (b->kind == ZSTD && !(b->zstd = ZSTD_createDStream())) goto nomem;
    if (b->kind == GZIP) {
        if (inflateInit2(&b->gzip, 15 + 16) != Z_OK) goto nomem;
        b->gzip_ready = true;
    }
    if (b->kind != ZIP) return VO_OK;
    bool more = false;
    if (first[2] == '\x05') /* nothing but the end of a directory */
        return vo_fail(err, VO_EINVAL, "%s: the zip has no file in it", b->name);
    if ((st = make_seekable(b, err)) != VO_OK || (st = open_zip(b, err)) != VO_OK) return st;
    if ((st = next_entry(b, &more, err)) != VO_OK || more) return st;
    return vo_fail(err, VO_EINVAL, "%s: the zip has no file in it", b->name);
nomem:
    return vo_fail(err, VO_ENOMEM, "%s: no memory to decompress it", b->name);
}

static vo_status open_any(const char *name, vo_bytes *b, vo_bytes **out, vo_error *err) {
    snprintf(b->name, sizeof b->name, "%s", name);
    b->keep = true;
    const vo_status st = start(b, err);
    if (st == VO_OK)
        *out = b;
    else
        vo_bytes_close(b);
    return st;
}

vo_status vo_bytes_open(const char *name, const char *data, size_t len, vo_bytes **out,
                        vo_error *err) {
    vo_bytes *b = calloc(1, sizeof *b);
    if (!b) return vo_fail(err, VO_ENOMEM, "%s: no memory to read it", name);
    b->in = b->kept = VO_STREAM_NONE;
    b->data = data;
    b->len = len;
    return open_any(name, b, out, err);
}

vo_status vo_bytes_open_file(const char *path, vo_bytes **out, vo_error *err) {
    return vo_bytes_open_watched(path, NULL, NULL, out, err);
}

vo_status vo_bytes_open_watched(const char *path, vo_bytes_stop stop, void *ctx, vo_bytes **out,
                                vo_error *err) {
    vo_stream in = VO_STREAM_NONE;
    const vo_status st = vo_stream_open(path, &in, err);
    if (st != VO_OK) return st;
    vo_bytes *b = calloc(1, sizeof *b);
    if (!b) {
        vo_stream_close(&in);
        return vo_fail(err, VO_ENOMEM, "%s: no memory to read it", path);
    }
    b->in = in;
    b->kept = VO_STREAM_NONE;
    b->stop = stop;
    b->stop_ctx = ctx;
    return open_any(strcmp(path, "-") == 0 ? "standard input" : path, b, out, err);
}

void vo_bytes_close(vo_bytes *b) {
    if (!b) return;
    ZSTD_freeDStream(b->zstd);
    if (b->gzip_ready) inflateEnd(&b->gzip);
    if (b->zip) archive_read_free(b->zip);
    vo_stream_close(&b->in);
    vo_stream_close(&b->kept);
    free(b->raw);
    free(b);
}

const char *vo_bytes_name(const vo_bytes *b) {
    return b->kind == ZIP && b->entry_name[0] ? b->entry_name : b->name;
}

void vo_bytes_settle(vo_bytes *b) { b->keep = false; }

/* ---- zip ------------------------------------------------------------------------------- */

static la_ssize_t zip_read(struct archive *a, void *ctx, const void **out) {
    vo_bytes *b = ctx;
    vo_error why = {0};
    b->left = 0;
    if (more_raw(b, &why) != VO_OK) {
        archive_set_error(a, -1, "%s", why.msg);
        return -1;
    }
    *out = b->next;
    return (la_ssize_t)b->left;
}

static la_int64_t zip_seek(struct archive *a, void *ctx, la_int64_t offset, int whence) {
    vo_bytes *b = ctx;
    const int64_t all = b->data ? (int64_t)b->len : b->in.size;
    int64_t at = offset;
    if (whence == 1) at += b->raw_at; /* SEEK_CUR */
    if (whence == 2) at += all;       /* SEEK_END */
    (void)a;
    if (at < 0) at = 0;
    if (at > all) at = all;
    if (b->data)
        b->at = (size_t)at;
    else if (vo_stream_seek(&b->in, at, NULL) != VO_OK)
        return ARCHIVE_FATAL;
    b->left = 0;
    b->raw_at = at;
    return at;
}

static vo_status zip_damaged(const vo_bytes *b, vo_error *err) {
    const char *why = archive_error_string(b->zip);
    if (b->stopped) return vo_fail(err, VO_ECANCELED, "%s: stopped while reading", b->name);
    return damaged(b, why ? why : "no reason given", err);
}

/* What a zip of a spreadsheet begins with. */
static bool is_workbook(const char *name) {
    return name && (strcmp(name, "[Content_Types].xml") == 0 || strncmp(name, "xl/", 3) == 0 ||
                    strcmp(name, "_rels/.rels") == 0 || strcmp(name, "mimetype") == 0);
}

static vo_status open_zip(vo_bytes *b, vo_error *err) {
    if (b->zip) archive_read_free(b->zip);
    b->entry = 0;
    b->zip = archive_read_new();
    if (!b->zip) return vo_fail(err, VO_ENOMEM, "%s: no memory to unpack it", b->name);
    archive_read_support_format_zip_seekable(b->zip);
    archive_read_set_read_callback(b->zip, zip_read);
    archive_read_set_seek_callback(b->zip, zip_seek);
    archive_read_set_callback_data(b->zip, b);
    return archive_read_open1(b->zip) == ARCHIVE_OK ? VO_OK : zip_damaged(b, err);
}

/* To the next file in the zip; folders and what macOS puts beside files are passed over. */
static vo_status next_entry(vo_bytes *b, bool *more, vo_error *err) {
    struct archive_entry *e = NULL;
    for (unsigned seen = 0;; seen++) {
        const int rc = archive_read_next_header(b->zip, &e);
        *more = rc == ARCHIVE_OK;
        if (rc == ARCHIVE_EOF) return VO_OK;
        if (rc != ARCHIVE_OK) return zip_damaged(b, err);
        if (seen > MAX_ENTRIES)
            return vo_fail(err, VO_EINVAL, "%s: more than %u entries in the zip", b->name,
                           MAX_ENTRIES);
        const char *name = archive_entry_pathname_utf8(e);
        if (archive_entry_filetype(e) == AE_IFDIR ||
            (name && strncmp(name, "__MACOSX/", 9) == 0))
            continue;
        b->entry++;
        if (b->entry == 1 && is_workbook(name))
            return vo_fail(err, VO_EUNSUPPORTED,
                           "%s is an Excel workbook or another office document; save the sheet "
                           "as CSV",
                           b->name);
        if (name)
            snprintf(b->entry_name, sizeof b->entry_name, "%.340s:%.240s", b->name, name);
        else
            snprintf(b->entry_name, sizeof b->entry_name, "%.340s:file %u", b->name, b->entry);
        break;
    }
    if (archive_entry_is_encrypted(e))
        return vo_fail(err, VO_EINVAL, "%s is encrypted; unpack it with its password first",
                       b->entry_name);
    b->headed = false;
    b->n_head = b->head_at = 0;
    return VO_OK;
}

/* ---- producing ------------------------------------------------------------------------- */

static vo_status read_plain(vo_bytes *b, char *into, size_t cap, size_t *got, vo_error *err) {
    const vo_status st = more_raw(b, err);
    if (st != VO_OK) return st;
    *got = b->left < cap ? b->left : cap;
    if (*got) memcpy(into, b->next, *got);
    b->next += *got;
    b->left -= *got;
    return VO_OK;
}

static vo_status read_zstd(vo_bytes *b, char *into, size_t cap, size_t *got, vo_error *err) {
    ZSTD_outBuffer o = {into, cap, 0};
    while (o.pos == 0) {
        const vo_status st = more_raw(b, err);
        if (st != VO_OK) return st;
        if (b->left == 0 && !b->mid_frame) break;
        ZSTD_inBuffer in = {b->next, b->left, 0};
        const size_t rc = ZSTD_decompressStream(b->zstd, &o, &in);
        if (ZSTD_isError(rc)) return damaged(b, ZSTD_getErrorName(rc), err);
        if (in.pos == 0 && o.pos == 0) return damaged(b, "it ends in mid-frame", err);
        b->next += in.pos;
        b->left -= in.pos;
        b->mid_frame = rc != 0;
    }
    *got = o.pos;
    return VO_OK;
}

static vo_status read_gzip(vo_bytes *b, char *into, size_t cap, size_t *got, vo_error *err) {
    z_stream *z = &b->gzip;
    *got = 0;
    while (*got == 0) {
        const vo_status st = more_raw(b, err);
        if (st != VO_OK) return st;
        if (b->left == 0 && !b->mid_frame) break;
        const uInt room = cap < UINT_MAX ? (uInt)cap : UINT_MAX;
        z->next_in = (const Bytef *)b->next;
        z->avail_in = (uInt)b->left;
        z->next_out = (Bytef *)into;
        z->avail_out = room;
        const int rc = inflate(z, Z_NO_FLUSH);
        b->next += b->left - z->avail_in;
        b->left = z->avail_in;
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

static vo_status read_zip(vo_bytes *b, char *into, size_t cap, size_t *got, vo_error *err) {
    const la_ssize_t n = archive_read_data(b->zip, into, cap);
    if (n < 0) return zip_damaged(b, err);
    *got = (size_t)n;
    return VO_OK;
}

static vo_status produce(vo_bytes *b, char *into, size_t cap, size_t *got, vo_error *err) {
    vo_status st = VO_OK;
    switch (b->kind) {
    case PLAIN:
        st = read_plain(b, into, cap, got, err);
        break;
    case ZSTD:
        st = read_zstd(b, into, cap, got, err);
        break;
    case GZIP:
        st = read_gzip(b, into, cap, got, err);
        break;
    case ZIP:
        st = read_zip(b, into, cap, got, err);
        break;
    }
    if (st != VO_OK) return st;
    b->made += *got;
    if (b->made > VO_BYTES_MAX_OUT)
        return vo_fail(err, VO_EINVAL, "%s unpacks to more than %zu GiB; split it", b->name,
                       VO_BYTES_MAX_OUT >> 30);
    return VO_OK;
}

/* ---- the stream ------------------------------------------------------------------------ */

/* Packed twice is refused: who does that to a price file is after our memory or our time. */
static vo_status take_head(vo_bytes *b, vo_error *err) {
    static const char *const what[] = {"plain", "zstd", "gzip", "zip"};
    size_t got = 1;
    b->n_head = b->head_at = 0;
    while (b->n_head < VO_BYTES_HEAD && got > 0) {
        const vo_status st =
            produce(b, b->head + b->n_head, VO_BYTES_HEAD - b->n_head, &got, err);
        if (st != VO_OK) return st;
        b->n_head += got;
    }
    const enum kind inner = kind_of(b->head, b->n_head);
    if (b->kind != PLAIN && inner != PLAIN)
        return vo_fail(err, VO_EINVAL, "%s is a %s file inside a %s file; unpack it first",
                       vo_bytes_name(b), what[inner], what[b->kind]);
    if (begins(b->head, b->n_head, "\xef\xbb\xbf", 3)) {
        b->n_head -= 3;
        memmove(b->head, b->head + 3, b->n_head);
    }
    b->headed = true;
    return VO_OK;
}

vo_status vo_bytes_head(vo_bytes *b, const char **head, size_t *n, vo_error *err) {
    const vo_status st = b->headed ? VO_OK : take_head(b, err);
    if (st != VO_OK) return st;
    *head = b->head;
    *n = b->n_head;
    return VO_OK;
}

vo_status vo_bytes_read(vo_bytes *b, char *into, size_t cap, size_t *got, vo_error *err) {
    const vo_status st = b->headed ? VO_OK : take_head(b, err);
    if (st != VO_OK) return st;
    const size_t left = b->n_head - b->head_at;
    if (left == 0) return produce(b, into, cap, got, err);
    *got = left < cap ? left : cap;
    memcpy(into, b->head + b->head_at, *got);
    b->head_at += *got;
    return VO_OK;
}

vo_status vo_bytes_rewind(vo_bytes *b, vo_error *err) {
    b->headed = false;
    b->mid_frame = false;
    if (b->zstd) ZSTD_initDStream(b->zstd);
    if (b->gzip_ready && inflateReset(&b->gzip) != Z_OK) return damaged(b, "reset", err);
    vo_status st = rewind_raw(b, err);
    if (st != VO_OK || b->kind != ZIP) return st;
    const unsigned entry = b->entry;
    bool more = true;
    if ((st = open_zip(b, err)) != VO_OK) return st;
    while (b->entry < entry && more && st == VO_OK) st = next_entry(b, &more, err);
    return st;
}

vo_status vo_bytes_next(vo_bytes *b, bool *more, vo_error *err) {
    *more = false;
    return b->kind == ZIP ? next_entry(b, more, err) : VO_OK;
}

vo_status vo_bytes_all(vo_bytes *b, size_t max, char **text, size_t *len, vo_error *err) {
    char *buf = NULL;
    size_t n = 0, cap = 65536;
    vo_status st = VO_OK;
    for (size_t got = 1; got > 0; n += got) {
        if (!buf || n + 1 >= cap) {
            if (buf) cap *= 2;
            char *bigger = realloc(buf, cap);
            st = bigger ? VO_OK
                        : vo_fail(err, VO_ENOMEM, "%s: no memory for %zu bytes",
                                  vo_bytes_name(b), cap);
            if (st != VO_OK) goto fail;
            buf = bigger;
        }
        if ((st = vo_bytes_read(b, buf + n, cap - n - 1, &got, err)) != VO_OK) goto fail;
        if (n + got > max) {
            st = vo_fail(err, VO_EINVAL, "%s is longer than %zu bytes; split it",
                         vo_bytes_name(b), max);
            goto fail;
        }
    }
    buf[n] = '\0';
    *text = buf;
    *len = n;
    return VO_OK;
fail:
    free(buf);
    return st;
}
