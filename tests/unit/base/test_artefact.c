/* test_artefact.c -- each test states one promise of artefact.h. The module is compiled into
 * the test, so that any of its allocations can be made to fail. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static long left = -1; /* allocations that succeed; < 0: all */

static bool refused(void) { return left == 0 || (left > 0 && left-- == 0); }
static void *maybe_malloc(size_t size) { return refused() ? NULL : malloc(size); }
static void *maybe_calloc(size_t n, size_t size) { return refused() ? NULL : calloc(n, size); }
static void *maybe_realloc(void *p, size_t size) { return refused() ? NULL : realloc(p, size); }

#define malloc maybe_malloc
#define calloc maybe_calloc
#define realloc maybe_realloc
#include "base/artefact.c" /* NOLINT(bugprone-suspicious-include) */
#undef malloc
#undef calloc
#undef realloc

static const double weights[] = {1.5, -0.0, 5e-324, 1.7976931348623157e308};
static const float small[] = {0.25f, -3.0f, 1e-45f};

/* A model as one would be saved: nested sections, every kind of value. */
static vo_status write_model(void **bytes, size_t *len, vo_error *err) {
    vo_artefact_out *w = NULL;
    vo_status st = vo_artefact_out_create("TESTER", 3, &w, err);
    if (st != VO_OK) return st;
    vo_artefact_begin(w, "HEAD");
    vo_artefact_put_u32(w, 0xdeadbeefu);
    vo_artefact_put_u64(w, UINT64_C(0x0123456789abcdef));
    vo_artefact_put_double(w, -0.1);
    vo_artefact_put_text(w, "precio marginal");
    vo_artefact_end(w);
    vo_artefact_begin(w, "BODY");
    vo_artefact_begin(w, "IN");
    vo_artefact_put_doubles(w, weights, 4);
    vo_artefact_end(w);
    vo_artefact_begin(w, "OUT");
    vo_artefact_put_floats(w, small, 3);
    vo_artefact_put_bytes(w, "\0\1\2", 3);
    vo_artefact_end(w);
    vo_artefact_end(w);
    vo_artefact_begin(w, "BIG");
    static double many[5000];
    vo_artefact_put_doubles(w, many, 5000);
    vo_artefact_end(w);
    st = vo_artefact_out_take(w, bytes, len, err);
    vo_artefact_out_free(w);
    return st;
}

static void *model(size_t *len) {
    void *bytes = NULL;
    vo_error err = {0};
    cr_assert_eq(write_model(&bytes, len, &err), VO_OK, "%s", err.msg);
    return bytes;
}

static vo_artefact *reader(const void *bytes, size_t len) {
    vo_artefact *r = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_artefact_open(bytes, len, "TESTER", 3, "m.vo", &r, &err), VO_OK, "%s",
                 err.msg);
    return r;
}

Test(artefact, what_was_put_is_got_bit_for_bit) {
    size_t len = 0, n = 0;
    void *bytes = model(&len);
    vo_artefact *r = reader(bytes, len);
    uint32_t a = 0;
    uint64_t b = 0;
    double c = 0, d[4];
    float f[3];
    char text[16];
    const void *raw = NULL;
    cr_assert_eq(vo_artefact_enter(r, "HEAD", NULL), VO_OK);
    cr_assert_eq(vo_artefact_get_u32(r, &a, NULL), VO_OK);
    cr_assert_eq(vo_artefact_get_u64(r, &b, NULL), VO_OK);
    cr_assert_eq(vo_artefact_get_double(r, &c, NULL), VO_OK);
    cr_assert_eq(vo_artefact_get_text(r, text, sizeof text, NULL), VO_OK);
    cr_assert(a == 0xdeadbeefu && b == UINT64_C(0x0123456789abcdef) && c == -0.1);
    cr_assert_str_eq(text, "precio marginal");
    vo_artefact_leave(r);
    cr_assert_eq(vo_artefact_enter(r, "BODY", NULL), VO_OK);
    cr_assert_eq(vo_artefact_enter(r, "IN", NULL), VO_OK);
    cr_assert_eq(vo_artefact_count(r), 4u);
    cr_assert_eq(vo_artefact_get_doubles(r, d, 4, NULL), VO_OK);
    cr_assert_eq(memcmp(d, weights, sizeof d), 0);
    vo_artefact_leave(r);
    cr_assert_eq(vo_artefact_enter(r, "OUT", NULL), VO_OK);
    cr_assert_eq(vo_artefact_get_floats(r, f, 3, NULL), VO_OK);
    cr_assert_eq(memcmp(f, small, sizeof f), 0);
    cr_assert_eq(vo_artefact_get_bytes(r, &raw, &n, NULL), VO_OK);
    cr_assert(n == 3 && memcmp(raw, "\0\1\2", 3) == 0);
    cr_assert_eq(vo_artefact_count(r), 0u);
    vo_artefact_close(r);
    free(bytes);
}

/* Written out by hand from the description of the format; the checksum from another program
 * (FNV-1a of 64 bits of the first 43 bytes). */
Test(artefact, the_bytes_are_those_of_the_format) {
    static const uint8_t want[] = {
        'V', 'O', 'L', 'T', 'E', 'O', 0, 'Q',  0,    0,    0,    0,    0,    0,    0,   2, 0, 0,
        0,   16,  0,   0,   0,   0,   0, 0,    0,    'T',  'A',  'G',  0,    4,    0,   0, 0, 0,
        0,   0,   0,   7,   0,   0,   0, 0xa6, 0x70, 0x13, 0xa9, 0xbd, 0x67, 0x5b, 0xda};
    vo_artefact_out *w = NULL;
    void *bytes = NULL;
    size_t len = 0;
    cr_assert_eq(vo_artefact_out_create("Q", 2, &w, NULL), VO_OK);
    vo_artefact_begin(w, "TAG");
    vo_artefact_put_u32(w, 7);
    vo_artefact_end(w);
    cr_assert_eq(vo_artefact_out_take(w, &bytes, &len, NULL), VO_OK);
    cr_assert_eq(len, sizeof want);
    cr_assert_eq(memcmp(bytes, want, len), 0);
    vo_artefact_out_free(w);
    free(bytes);
}

Test(artefact, a_section_that_is_not_known_is_skipped_and_one_that_is_missing_is_named) {
    size_t len = 0;
    void *bytes = model(&len);
    vo_artefact *r = reader(bytes, len);
    vo_error err = {0};
    cr_assert(vo_artefact_has(r, "BIG"));
    cr_assert(!vo_artefact_has(r, "IN"), "it lies deeper");
    cr_assert_eq(vo_artefact_enter(r, "NONE", &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "m.vo") && strstr(err.msg, "NONE"), "%s", err.msg);
    cr_assert_eq(vo_artefact_enter(r, "BIG", NULL), VO_OK, "a failed enter stays where it was");
    vo_artefact_leave(r);
    cr_assert(!vo_artefact_has(r, "HEAD"), "it lies behind");
    vo_artefact_close(r);
    free(bytes);
}

Test(artefact, every_changed_bit_and_every_cut_is_refused_by_name) {
    size_t len = 0;
    uint8_t *bytes = model(&len);
    vo_artefact *r = NULL;
    for (size_t i = 0; i < len; i += i < 300 || i + 100 > len ? 1 : 97)
        for (int bit = 0; bit < 8; bit++) {
            vo_error err = {0};
            bytes[i] ^= (uint8_t)(1u << bit);
            cr_assert_eq(vo_artefact_open(bytes, len, "TESTER", 3, "a/m.vo", &r, &err),
                         VO_EINVAL, "byte %zu", i);
            cr_assert(strstr(err.msg, "a/m.vo"), "%s", err.msg);
            bytes[i] ^= (uint8_t)(1u << bit);
        }
    for (size_t cut = 0; cut < len; cut += cut < 300 ? 1 : 97) {
        vo_error err = {0};
        uint8_t *part = malloc(cut + 1);
        memcpy(part, bytes, cut);
        cr_assert_eq(vo_artefact_open(part, cut, "TESTER", 3, "a/m.vo", &r, &err), VO_EINVAL);
        cr_assert(strstr(err.msg, "a/m.vo") && strstr(err.msg, "cut"), "%s", err.msg);
        free(part);
    }
    free(bytes);
}

Test(artefact, a_changed_body_is_refused_with_both_checksums) {
    size_t len = 0;
    uint8_t *bytes = model(&len);
    vo_artefact *r = NULL;
    vo_error err = {0};
    char says[20], is[20];
    bytes[HEAD + 20] ^= 1;
    snprintf(says, sizeof says, "%016llx", (unsigned long long)fetch_u64(bytes + len - 8));
    snprintf(is, sizeof is, "%016llx",
             (unsigned long long)vo_hash_bytes(VO_HASH_START, bytes, len - 8));
    cr_assert_eq(vo_artefact_open(bytes, len, "TESTER", 3, "m.vo", &r, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, says) && strstr(err.msg, is), "%s", err.msg);
    free(bytes);
}

Test(artefact, another_kind_and_a_newer_format_are_refused_in_words) {
    size_t len = 0;
    void *bytes = model(&len);
    vo_artefact *r = NULL;
    vo_error err = {0};
    char kind[9];
    cr_assert_eq(vo_artefact_open(bytes, len, "TESTERS", 3, "m", &r, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "\"TESTER\"") && strstr(err.msg, "\"TESTERS\""), "%s", err.msg);
    cr_assert_eq(vo_artefact_open(bytes, len, "TESTER", 2, "m", &r, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "format 3") && strstr(err.msg, "up to 2"), "%s", err.msg);
    cr_assert_eq(vo_artefact_open(bytes, len, "TESTER", 9, "m", &r, &err), VO_OK);
    vo_artefact_close(r);
    cr_assert(vo_artefact_kind(bytes, len, kind));
    cr_assert_str_eq(kind, "TESTER");
    cr_assert(!vo_artefact_kind("VOLTEO", 6, kind));
    free(bytes);
}

Test(artefact, a_get_past_its_section_or_of_another_count_changes_nothing) {
    size_t len = 0;
    void *bytes = model(&len);
    vo_artefact *r = reader(bytes, len);
    double v[5] = {7, 7, 7, 7, 7};
    float f[8] = {7};
    char text[16] = "before";
    uint64_t u = 7;
    cr_assert_eq(vo_artefact_enter(r, "BODY", NULL), VO_OK);
    cr_assert_eq(vo_artefact_enter(r, "IN", NULL), VO_OK);
    cr_assert_eq(vo_artefact_get_doubles(r, v, 3, NULL), VO_EINVAL);
    cr_assert_eq(vo_artefact_get_doubles(r, v, 5, NULL), VO_EINVAL);
    cr_assert_eq(vo_artefact_get_text(r, text, sizeof text, NULL), VO_EINVAL, "has NULs");
    cr_assert_eq(vo_artefact_get_text(r, text, 4, NULL), VO_EINVAL, "has no room");
    cr_assert(v[0] == 7 && v[4] == 7 && strcmp(text, "before") == 0);
    cr_assert_eq(vo_artefact_get_doubles(r, v, 4, NULL), VO_OK, "the place is as it was");
    cr_assert_eq(vo_artefact_get_u64(r, &u, NULL), VO_EINVAL);
    cr_assert_eq(vo_artefact_get_u32(r, &(uint32_t){0}, NULL), VO_EINVAL);
    cr_assert_eq(vo_artefact_get_doubles(r, v, 0, NULL), VO_EINVAL);
    cr_assert_eq(u, 7u);
    vo_artefact_leave(r);
    cr_assert_eq(vo_artefact_enter(r, "OUT", NULL), VO_OK);
    cr_assert_eq(vo_artefact_get_floats(r, f, 8, NULL), VO_EINVAL);
    cr_assert_eq(f[0], 7.0f);
    vo_artefact_close(r);
    free(bytes);
}

/* Lengths and counts that lie, behind a checksum that is right: as an enemy would write. */
Test(artefact, counts_are_bounded_by_what_is_left) {
    static const uint64_t lie[] = {UINT64_MAX, UINT64_MAX / 8, UINT64_MAX / 8 + 1, 1000, 3};
    for (size_t i = 0; i < 5; i++) {
        vo_artefact_out *w = NULL;
        vo_artefact *r = NULL;
        void *bytes = NULL;
        size_t len = 0, n = 0;
        const void *raw = NULL;
        cr_assert_eq(vo_artefact_out_create("LIAR", 1, &w, NULL), VO_OK);
        vo_artefact_begin(w, "DATA");
        vo_artefact_put_u64(w, lie[i]);
        vo_artefact_put_u32(w, 0);
        vo_artefact_end(w);
        cr_assert_eq(vo_artefact_out_take(w, &bytes, &len, NULL), VO_OK);
        cr_assert_eq(vo_artefact_open(bytes, len, "LIAR", 1, "m", &r, NULL), VO_OK);
        cr_assert_eq(vo_artefact_enter(r, "DATA", NULL), VO_OK);
        cr_assert_eq(vo_artefact_count(r), lie[i] == 3 ? 3u : 0u);
        double *v = malloc(sizeof *v);
        cr_assert_eq(vo_artefact_get_doubles(r, v, (size_t)lie[i], NULL), VO_EINVAL);
        cr_assert_eq(vo_artefact_get_floats(r, (float *)v, (size_t)lie[i], NULL), VO_EINVAL);
        if (lie[i] != 3) cr_assert_eq(vo_artefact_get_bytes(r, &raw, &n, NULL), VO_EINVAL);
        vo_artefact_close(r);
        vo_artefact_out_free(w);
        free(bytes);
        free(v);
    }
}

Test(artefact, values_that_are_not_finite_are_neither_saved_nor_read) {
    const double bad[] = {1, (double)NAN};
    vo_artefact_out *w = NULL;
    vo_artefact *r = NULL;
    void *bytes = NULL;
    size_t len = 0;
    vo_error err = {0};
    cr_assert_eq(vo_artefact_out_create("T", 1, &w, NULL), VO_OK);
    vo_artefact_put_doubles(w, bad, 2);
    cr_assert_eq(vo_artefact_out_take(w, &bytes, &len, &err), VO_ENUMERIC);
    cr_assert_null(bytes);
    vo_artefact_out_free(w);
    cr_assert_eq(vo_artefact_out_create("T", 1, &w, NULL), VO_OK);
    vo_artefact_put_u64(w, 2);
    vo_artefact_put_double(w, 1);
    vo_artefact_put_double(w, (double)INFINITY);
    cr_assert_eq(vo_artefact_out_take(w, &bytes, &len, &err), VO_OK);
    cr_assert_eq(vo_artefact_open(bytes, len, "T", 1, "m", &r, NULL), VO_OK);
    double v[2] = {7, 7};
    cr_assert_eq(vo_artefact_get_doubles(r, v, 2, &err), VO_EINVAL);
    cr_assert(v[0] == 7 && strstr(err.msg, "value 1 is not finite"), "%s", err.msg);
    vo_artefact_close(r);
    vo_artefact_out_free(w);
    free(bytes);
}

Test(artefact, an_open_section_is_not_taken) {
    vo_artefact_out *w = NULL;
    void *bytes = NULL;
    size_t len = 0;
    cr_assert_eq(vo_artefact_out_create("T", 1, &w, NULL), VO_OK);
    vo_artefact_begin(w, "A");
    cr_assert_eq(vo_artefact_out_take(w, &bytes, &len, NULL), VO_EINVAL);
    vo_artefact_end(w);
    cr_assert_eq(vo_artefact_out_take(w, &bytes, &len, NULL), VO_OK);
    vo_artefact_out_free(w);
    free(bytes);
}

Test(artefact, any_allocation_may_fail_and_nothing_leaks) {
    long n = 0;
    for (;; n++) {
        void *bytes = NULL;
        size_t len = 0;
        vo_artefact *r = NULL;
        left = n;
        vo_status st = write_model(&bytes, &len, NULL);
        cr_assert(st == VO_OK || (st == VO_ENOMEM && !bytes));
        if (st == VO_OK) st = vo_artefact_open(bytes, len, "TESTER", 3, "m", &r, NULL);
        cr_assert(st == VO_OK || (st == VO_ENOMEM && !r));
        vo_artefact_close(r);
        free(bytes);
        if (st == VO_OK) break;
    }
    cr_assert_geq(n, 4);
}
