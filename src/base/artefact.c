/* artefact.c -- see artefact.h for the contract.
 *
 *     "VOLTEO\0" kind[8] version:u32 length:u64 | body[length] | FNV-1a of all before:u64
 *     a section of the body: tag[4] length:u64 values[length]
 *
 * Numbers are little-endian, byte by byte: no alignment, no host order; a double is the u64 of
 * its bits. Writing grows one buffer and patches lengths when a section ends; reading is a
 * position and a stack of section ends, and no get moves it unless it succeeds.
 */
#include "base/artefact.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

#define MAGIC "VOLTEO" /* with its NUL */
#define KIND 8
#define TAG 4
#define AT_KIND sizeof MAGIC
#define AT_VERSION (AT_KIND + KIND)
#define AT_LENGTH (AT_VERSION + 4)
#define HEAD (AT_LENGTH + 8)
#define SECTION_HEAD ((size_t)TAG + 8)
#define CHECKSUM 8
#define MAX_DEPTH 32

static void store_u32(uint8_t *to, uint32_t v) {
    for (int i = 0; i < 4; i++) to[i] = (uint8_t)(v >> 8 * i);
}

static void store_u64(uint8_t *to, uint64_t v) {
    for (int i = 0; i < 8; i++) to[i] = (uint8_t)(v >> 8 * i);
}

static uint32_t fetch_u32(const uint8_t *from) {
    uint32_t v = 0;
    for (int i = 0; i < 4; i++) v |= (uint32_t)from[i] << 8 * i;
    return v;
}

static uint64_t fetch_u64(const uint8_t *from) {
    uint64_t v = 0;
    for (int i = 0; i < 8; i++) v |= (uint64_t)from[i] << 8 * i;
    return v;
}

/* A shorter kind or tag is filled up with NULs. */
static void store_letters(uint8_t *to, const char *letters, size_t size) {
    const size_t n = strlen(letters);
    assert(n >= 1 && n <= size);
    memset(to, 0, size);
    memcpy(to, letters, n);
}

static bool same_letters(const uint8_t *at, const char *letters, size_t size) {
    uint8_t want[KIND];
    store_letters(want, letters, size);
    return memcmp(at, want, size) == 0;
}

/* ---- writing ----------------------------------------------------------------- */

struct vo_artefact_out {
    uint8_t *data;
    size_t len, size;
    size_t begun[MAX_DEPTH]; /* where the values of each open section begin */
    size_t depth;
    vo_status fault; /* the first thing that went wrong */
};

/* Room for n more bytes, or NULL and the fault is remembered. */
static uint8_t *extend(vo_artefact_out *w, size_t n) {
    if (w->fault != VO_OK) return NULL;
    if (n > w->size - w->len) {
        size_t size = w->size;
        while (size - w->len < n && size <= SIZE_MAX / 2) size *= 2;
        uint8_t *more = size - w->len < n ? NULL : realloc(w->data, size);
        if (!more) {
            w->fault = VO_ENOMEM;
            return NULL;
        }
        w->data = more;
        w->size = size;
    }
    uint8_t *at = w->data + w->len;
    w->len += n;
    return at;
}

vo_status vo_artefact_out_create(const char *kind, uint32_t version, vo_artefact_out **out,
                                 vo_error *err) {
    vo_artefact_out *w = calloc(1, sizeof *w);
    if (w) w->data = malloc(w->size = 4096);
    if (!w || !w->data) {
        vo_artefact_out_free(w);
        return vo_fail(err, VO_ENOMEM, "no memory to write a model of kind %.8s", kind);
    }
    memcpy(w->data, MAGIC, sizeof MAGIC);
    store_letters(w->data + AT_KIND, kind, KIND);
    store_u32(w->data + AT_VERSION, version);
    w->len = HEAD; /* the length is known when it is taken */
    *out = w;
    return VO_OK;
}

void vo_artefact_out_free(vo_artefact_out *w) {
    if (!w) return;
    free(w->data);
    free(w);
}

void vo_artefact_begin(vo_artefact_out *w, const char *tag) {
    assert(w->depth < MAX_DEPTH);
    uint8_t *at = extend(w, SECTION_HEAD);
    if (at) store_letters(at, tag, TAG);
    w->begun[w->depth++] = w->len;
}

void vo_artefact_end(vo_artefact_out *w) {
    assert(w->depth > 0);
    const size_t begun = w->begun[--w->depth];
    if (w->fault == VO_OK) store_u64(w->data + begun - 8, w->len - begun);
}

void vo_artefact_put_u32(vo_artefact_out *w, uint32_t v) {
    uint8_t *at = extend(w, 4);
    if (at) store_u32(at, v);
}

void vo_artefact_put_u64(vo_artefact_out *w, uint64_t v) {
    uint8_t *at = extend(w, 8);
    if (at) store_u64(at, v);
}

static uint64_t bits_of_double(double v) {
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

static uint32_t bits_of_float(float v) {
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

void vo_artefact_put_double(vo_artefact_out *w, double v) {
    vo_artefact_put_u64(w, bits_of_double(v));
}

void vo_artefact_put_text(vo_artefact_out *w, const char *s) {
    vo_artefact_put_bytes(w, s, strlen(s));
}

void vo_artefact_put_bytes(vo_artefact_out *w, const void *data, size_t len) {
    vo_artefact_put_u64(w, len);
    uint8_t *at = extend(w, len);
    if (at && len) memcpy(at, data, len);
}

/* Counted values of `width` bytes each; room for them, or NULL. */
static uint8_t *put_count(vo_artefact_out *w, size_t n, size_t width) {
    if (n > SIZE_MAX / width && w->fault == VO_OK) w->fault = VO_ENOMEM;
    vo_artefact_put_u64(w, n);
    return extend(w, n * width);
}

/* What no reader will accept is not written. */
static void check_finite(vo_artefact_out *w, bool finite) {
    if (!finite && w->fault == VO_OK) w->fault = VO_ENUMERIC;
}

void vo_artefact_put_doubles(vo_artefact_out *w, const double *v, size_t n) {
    uint8_t *at = put_count(w, n, 8);
    for (size_t i = 0; at && i < n; i++) {
        store_u64(at + 8 * i, bits_of_double(v[i]));
        check_finite(w, isfinite(v[i]));
    }
}

void vo_artefact_put_floats(vo_artefact_out *w, const float *v, size_t n) {
    uint8_t *at = put_count(w, n, 4);
    for (size_t i = 0; at && i < n; i++) {
        store_u32(at + 4 * i, bits_of_float(v[i]));
        check_finite(w, isfinite(v[i]));
    }
}

vo_status vo_artefact_out_take(vo_artefact_out *w, void **bytes, size_t *len, vo_error *err) {
    if (w->depth > 0 && w->fault == VO_OK)
        return vo_fail(err, VO_EINVAL, "%zu sections of the model are still open", w->depth);
    uint8_t *sum = extend(w, CHECKSUM);
    if (w->fault == VO_ENUMERIC)
        return vo_fail(err, VO_ENUMERIC,
                       "the model has values that are not finite: it cannot be saved");
    if (!sum)
        return vo_fail(err, VO_ENOMEM, "no memory for a model of more than %zu bytes", w->len);
    const size_t before = w->len - CHECKSUM;
    store_u64(w->data + AT_LENGTH, before - HEAD);
    store_u64(sum, vo_hash_bytes(VO_HASH_START, w->data, before));
    *bytes = w->data;
    *len = w->len;
    w->data = NULL; /* further puts find no room */
    w->len = w->size = 0;
    w->fault = VO_EINVAL;
    return VO_OK;
}

/* ---- reading ----------------------------------------------------------------- */

struct vo_artefact {
    const uint8_t *data;
    size_t at, end;              /* the next byte; behind the present section */
    size_t outer_end[MAX_DEPTH]; /* of the sections around it */
    size_t depth;
    char name[256];
};

bool vo_artefact_kind(const void *bytes, size_t len, char out[9]) {
    const uint8_t *data = bytes;
    if (len < HEAD || memcmp(data, MAGIC, sizeof MAGIC) != 0) return false;
    memcpy(out, data + AT_KIND, KIND);
    out[KIND] = '\0';
    for (const char *c = out; *c; c++)
        if (*c < ' ' || *c > '~') return false;
    return true;
}

static vo_status check_head(const uint8_t *data, size_t len, const char *kind, uint32_t version,
                            const char *name, vo_error *err) {
    char is[9];
    if (!vo_artefact_kind(data, len, is))
        return vo_fail(
            err, VO_EINVAL,
            "\"%.200s\" is no model of Volteo, or is cut: its %zu bytes do not begin "
            "with the head of one",
            name, len);
    if (!same_letters(data + AT_KIND, kind, KIND))
        return vo_fail(err, VO_EINVAL, "\"%.200s\" holds a model of kind \"%s\", not \"%s\"",
                       name, is, kind);
    if (fetch_u32(data + AT_VERSION) > version)
        return vo_fail(err, VO_EINVAL,
                       "\"%.200s\" has format %u of kind \"%s\"; this program reads up to %u: "
                       "use a newer one, or train again",
                       name, (unsigned)fetch_u32(data + AT_VERSION), kind, (unsigned)version);
    return VO_OK;
}

static vo_status check_body(const uint8_t *data, size_t len, const char *name, vo_error *err) {
    const uint64_t body = fetch_u64(data + AT_LENGTH);
    if (len < HEAD + CHECKSUM || body != len - HEAD - CHECKSUM)
        return vo_fail(err, VO_EINVAL,
                       "\"%.200s\" is cut or was added to: %zu bytes, and its head says that "
                       "%llu of them are values (head and checksum are %zu)",
                       name, len, (unsigned long long)body, HEAD + CHECKSUM);
    const uint64_t says = fetch_u64(data + len - CHECKSUM);
    const uint64_t is = vo_hash_bytes(VO_HASH_START, data, len - CHECKSUM);
    if (says != is)
        return vo_fail(err, VO_EINVAL,
                       "\"%.200s\" was changed: its checksum is %016llx, its bytes have "
                       "%016llx; restore it or train again",
                       name, (unsigned long long)says, (unsigned long long)is);
    return VO_OK;
}

vo_status vo_artefact_open(const void *bytes, size_t len, const char *kind, uint32_t version,
                           const char *name, vo_artefact **out, vo_error *err) {
    vo_status st = check_head(bytes, len, kind, version, name, err);
    if (st == VO_OK) st = check_body(bytes, len, name, err);
    if (st != VO_OK) return st;
    vo_artefact *r = calloc(1, sizeof *r);
    if (!r) return vo_fail(err, VO_ENOMEM, "no memory to read \"%.200s\"", name);
    r->data = bytes;
    r->at = HEAD;
    r->end = len - CHECKSUM;
    strncpy(r->name, name, sizeof r->name - 1);
    *out = r;
    return VO_OK;
}

void vo_artefact_close(vo_artefact *r) { free(r); }

static vo_status short_of(const vo_artefact *r, const char *what, vo_error *err) {
    return vo_fail(err, VO_EINVAL, "\"%.200s\": the section ends at byte %zu, before %s",
                   r->name, r->end, what);
}

/* Where the values of the next section of that tag begin and how many bytes they are. */
static bool find_section(const vo_artefact *r, const char *tag, size_t *at, size_t *len) {
    size_t p = r->at;
    while (r->end - p >= SECTION_HEAD) {
        const uint64_t n = fetch_u64(r->data + p + TAG);
        if (n > r->end - p - SECTION_HEAD) return false;
        if (same_letters(r->data + p, tag, TAG)) {
            *at = p + SECTION_HEAD;
            *len = (size_t)n;
            return true;
        }
        p += SECTION_HEAD + (size_t)n;
    }
    return false;
}

bool vo_artefact_has(const vo_artefact *r, const char *tag) {
    size_t at, len;
    return r->depth < MAX_DEPTH && find_section(r, tag, &at, &len);
}

vo_status vo_artefact_enter(vo_artefact *r, const char *tag, vo_error *err) {
    size_t at = 0, len = 0;
    if (r->depth == MAX_DEPTH || !find_section(r, tag, &at, &len))
        return vo_fail(err, VO_EINVAL, "\"%.200s\" has no section \"%.4s\" behind byte %zu",
                       r->name, tag, r->at);
    r->outer_end[r->depth++] = r->end;
    r->at = at;
    r->end = at + len;
    return VO_OK;
}

void vo_artefact_leave(vo_artefact *r) {
    assert(r->depth > 0);
    r->at = r->end;
    r->end = r->outer_end[--r->depth];
}

vo_status vo_artefact_get_u32(vo_artefact *r, uint32_t *out, vo_error *err) {
    if (r->end - r->at < 4) return short_of(r, "a number", err);
    *out = fetch_u32(r->data + r->at);
    r->at += 4;
    return VO_OK;
}

vo_status vo_artefact_get_u64(vo_artefact *r, uint64_t *out, vo_error *err) {
    if (r->end - r->at < 8) return short_of(r, "a number", err);
    *out = fetch_u64(r->data + r->at);
    r->at += 8;
    return VO_OK;
}

static double double_of_bits(uint64_t bits) {
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static float float_of_bits(uint32_t bits) {
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

vo_status vo_artefact_get_double(vo_artefact *r, double *out, vo_error *err) {
    uint64_t bits = 0;
    const vo_status st = vo_artefact_get_u64(r, &bits, err);
    if (st == VO_OK) *out = double_of_bits(bits);
    return st;
}

size_t vo_artefact_count(const vo_artefact *r) {
    if (r->end - r->at < 8) return 0;
    const uint64_t n = fetch_u64(r->data + r->at);
    return n <= r->end - r->at - 8 ? (size_t)n : 0;
}

/* The n values of `width` bytes behind their count, all within the section; the position
 * stays. */
static vo_status look_at_counted(const vo_artefact *r, size_t n, size_t width,
                                 const uint8_t **out, vo_error *err) {
    if (r->end - r->at < 8) return short_of(r, "a count", err);
    const uint64_t count = fetch_u64(r->data + r->at);
    if (count != n)
        return vo_fail(err, VO_EINVAL, "\"%.200s\", byte %zu: %llu values where %zu belong",
                       r->name, r->at, (unsigned long long)count, n);
    if (n > (r->end - r->at - 8) / width) return short_of(r, "all values", err);
    *out = r->data + r->at + 8;
    return VO_OK;
}

vo_status vo_artefact_get_bytes(vo_artefact *r, const void **out, size_t *len, vo_error *err) {
    if (r->end - r->at < 8) return short_of(r, "a count", err);
    const uint64_t n = fetch_u64(r->data + r->at);
    if (n > r->end - r->at - 8) return short_of(r, "all bytes", err);
    *out = r->data + r->at + 8;
    *len = (size_t)n;
    r->at += 8 + (size_t)n;
    return VO_OK;
}

vo_status vo_artefact_get_text(vo_artefact *r, char *out, size_t size, vo_error *err) {
    const size_t begun = r->at;
    const void *text = NULL;
    size_t n = 0;
    const vo_status st = vo_artefact_get_bytes(r, &text, &n, err);
    if (st != VO_OK) return st;
    if (n >= size || (n > 0 && memchr(text, '\0', n))) {
        r->at = begun;
        return vo_fail(err, VO_EINVAL,
                       "\"%.200s\", byte %zu: a text of %zu bytes; at most %zu, without NUL",
                       r->name, begun, n, size - 1);
    }
    memcpy(out, text, n);
    out[n] = '\0';
    return VO_OK;
}

static vo_status not_finite(const vo_artefact *r, size_t i, vo_error *err) {
    return vo_fail(err, VO_EINVAL, "\"%.200s\", byte %zu: value %zu is not finite", r->name,
                   r->at, i);
}

vo_status vo_artefact_get_doubles(vo_artefact *r, double *out, size_t n, vo_error *err) {
    const uint8_t *from = NULL;
    const vo_status st = look_at_counted(r, n, 8, &from, err);
    if (st != VO_OK) return st;
    for (size_t i = 0; i < n; i++)
        if (!isfinite(double_of_bits(fetch_u64(from + 8 * i)))) return not_finite(r, i, err);
    for (size_t i = 0; i < n; i++) out[i] = double_of_bits(fetch_u64(from + 8 * i));
    r->at += 8 + 8 * n;
    return VO_OK;
}

vo_status vo_artefact_get_floats(vo_artefact *r, float *out, size_t n, vo_error *err) {
    const uint8_t *from = NULL;
    const vo_status st = look_at_counted(r, n, 4, &from, err);
    if (st != VO_OK) return st;
    for (size_t i = 0; i < n; i++)
        if (!isfinite(float_of_bits(fetch_u32(from + 4 * i)))) return not_finite(r, i, err);
    for (size_t i = 0; i < n; i++) out[i] = float_of_bits(fetch_u32(from + 4 * i));
    r->at += 8 + 4 * n;
    return VO_OK;
}
