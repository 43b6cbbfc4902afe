/* test_bytes.c -- plain, zstd and gzip give the same bytes; damage is refused in words. */
#include "data/bytes.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define N 300000
static char text[N];

static void make_text(void) {
    for (size_t i = 0; i < N; i++) text[i] = (char)('a' + (i * i / 7 + i) % 26);
}

static size_t zstd(char *to, size_t cap) { return ZSTD_compress(to, cap, text, N, 3); }

static size_t gzip(char *to, size_t cap, size_t from, size_t n) {
    z_stream z;
    memset(&z, 0, sizeof z);
    cr_assert_eq(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)text + from;
    z.avail_in = (uInt)n;
    z.next_out = (Bytef *)to;
    z.avail_out = (uInt)cap;
    cr_assert_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    const size_t made = z.total_out;
    deflateEnd(&z);
    return made;
}

static vo_status all(const char *name, const char *data, size_t len, size_t max, char **out,
                     size_t *n, vo_error *err) {
    vo_bytes *b = NULL;
    vo_status st = vo_bytes_open(name, data, len, &b, err);
    if (st == VO_OK) st = vo_bytes_all(b, max, out, n, err);
    vo_bytes_close(b);
    return st;
}

static void must_read(const char *data, size_t len) {
    char *out = NULL;
    size_t n = 0;
    vo_error err = {0};
    cr_assert_eq(all("x", data, len, 2 * N, &out, &n, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(n, (size_t)N);
    cr_assert_eq(memcmp(out, text, N), 0);
    free(out);
}

Test(bytes, plain_zstd_and_gzip_give_the_same_bytes) {
    static char packed[2 * N];
    make_text();
    must_read(text, N);
    must_read(packed, zstd(packed, sizeof packed));
    must_read(packed, gzip(packed, sizeof packed, 0, N));
}

Test(bytes, concatenated_frames_and_members_are_read_through) {
    static char packed[4 * N];
    make_text();
    size_t n = gzip(packed, sizeof packed, 0, 1000);
    n += gzip(packed + n, sizeof packed - n, 1000, N - 1000);
    must_read(packed, n);
    n = ZSTD_compress(packed, sizeof packed, text, 1000, 3);
    n += ZSTD_compress(packed + n, sizeof packed - n, text + 1000, N - 1000, 3);
    must_read(packed, n);
}

/* Every truncation of either must end in an error or in the whole text, never in a part of it.
 */
Test(bytes, a_truncated_file_is_refused) {
    static char packed[2 * N];
    make_text();
    for (int kind = 0; kind < 2; kind++) {
        const size_t n = kind ? zstd(packed, sizeof packed) : gzip(packed, sizeof packed, 0, N);
        for (size_t cut = 5; cut < n; cut += n / 37 + 1) {
            char *out = NULL;
            size_t len = 0;
            vo_error err = {0};
            cr_assert_eq(all("cut.zst", packed, cut, 2 * N, &out, &len, &err), VO_EINVAL);
            cr_assert(strstr(err.msg, "cut.zst") && strstr(err.msg, "damaged"), "%s", err.msg);
            cr_assert_null(out);
        }
    }
}

Test(bytes, more_than_the_limit_is_refused) {
    char *out = NULL;
    size_t n = 0;
    make_text();
    cr_assert_eq(all("x", text, N, N - 1, &out, &n, NULL), VO_EINVAL);
    cr_assert_eq(all("x", text, N, N, &out, &n, NULL), VO_OK);
    free(out);
}

Test(bytes, nothing_is_nothing) {
    char *out = NULL;
    size_t n = 1;
    cr_assert_eq(all("x", "", 0, 10, &out, &n, NULL), VO_OK);
    cr_assert(n == 0 && out[0] == '\0');
    free(out);
}
