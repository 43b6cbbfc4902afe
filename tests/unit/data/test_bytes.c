/* test_bytes.c -- plain, zstd, gzip and zip give the same bytes, from memory, files and pipes;
 * damage, bombs and packing inside packing are refused in words. */
#include "data/bytes.h"

#include <archive.h>
#include <archive_entry.h>
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "port/file.h"
#include "support/data_folder.h"

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

/* ---- zip --------------------------------------------------------------------------------- */

typedef struct {
    const char *name, *text;
    size_t len;
} member;

static size_t zip(char *to, size_t cap, const member *m, size_t n, const char *password) {
    struct archive *a = archive_write_new();
    size_t used = 0;
    archive_write_set_format_zip(a);
    if (password) {
        cr_assert_eq(archive_write_set_options(a, "zip:encryption=traditional"), ARCHIVE_OK);
        archive_write_set_passphrase(a, password);
    }
    cr_assert_eq(archive_write_open_memory(a, to, cap, &used), ARCHIVE_OK);
    for (size_t i = 0; i < n; i++) {
        struct archive_entry *e = archive_entry_new();
        archive_entry_set_pathname(e, m[i].name);
        archive_entry_set_size(e, (la_int64_t)m[i].len);
        archive_entry_set_filetype(e, m[i].text ? AE_IFREG : AE_IFDIR);
        archive_entry_set_perm(e, 0644);
        cr_assert_eq(archive_write_header(a, e), ARCHIVE_OK);
        if (m[i].len)
            cr_assert_eq(archive_write_data(a, m[i].text, m[i].len), (la_ssize_t)m[i].len);
        archive_entry_free(e);
    }
    cr_assert_eq(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
    return used;
}

static void must_be_next(vo_bytes *b, const char *name, const char *want, size_t len) {
    const char *head = NULL;
    char *got = NULL;
    size_t n = 0;
    vo_error err = {0};
    cr_assert_str_eq(vo_bytes_name(b), name);
    cr_assert_eq(vo_bytes_head(b, &head, &n, &err), VO_OK, "%s", err.msg);
    cr_assert(n == (len < VO_BYTES_HEAD ? len : VO_BYTES_HEAD) && memcmp(head, want, n) == 0);
    for (int again = 0; again < 2; again++) {
        cr_assert_eq(vo_bytes_all(b, 2 * N, &got, &n, &err), VO_OK, "%s", err.msg);
        cr_assert(n == len && memcmp(got, want, n) == 0);
        free(got);
        if (!again) cr_assert_eq(vo_bytes_rewind(b, &err), VO_OK, "%s", err.msg);
    }
}

static char packed[4 * N];

/* Two files, one of them empty, a folder and what macOS adds: two streams, each twice. */
static void must_be_two_files(vo_bytes *b, const char *name) {
    char shown[300];
    bool more = false;
    snprintf(shown, sizeof shown, "%s:a/one.csv", name);
    must_be_next(b, shown, text, N);
    cr_assert(vo_bytes_next(b, &more, NULL) == VO_OK && more);
    snprintf(shown, sizeof shown, "%s:two.csv", name);
    must_be_next(b, shown, "x", 1);
    cr_assert(vo_bytes_next(b, &more, NULL) == VO_OK && more);
    snprintf(shown, sizeof shown, "%s:empty", name);
    must_be_next(b, shown, "", 0);
    cr_assert(vo_bytes_next(b, &more, NULL) == VO_OK && !more);
}

static size_t two_files(void) {
    const member m[] = {{"a/", NULL, 0},
                        {"a/one.csv", text, N},
                        {"__MACOSX/a/._one.csv", "junk", 4},
                        {"two.csv", "x", 1},
                        {"empty", "", 0}};
    make_text();
    return zip(packed, sizeof packed, m, 5, NULL);
}

Test(bytes, the_files_of_a_zip_are_streams_one_after_the_other) {
    vo_bytes *b = NULL;
    vo_error err = {0};
    const size_t n = two_files();
    cr_assert_eq(vo_bytes_open("p.zip", packed, n, &b, &err), VO_OK, "%s", err.msg);
    must_be_two_files(b, "p.zip");
    vo_bytes_close(b);
}

Test(bytes, a_zip_in_a_file_and_through_a_pipe_is_the_same) {
    char folder[DATA_PATH], path[DATA_PATH + 16];
    vo_bytes *b = NULL;
    vo_error err = {0};
    const size_t n = two_files();
    cr_assert(temporary_folder(folder));
    snprintf(path, sizeof path, "%s/p.zip", folder);
    cr_assert_eq(vo_file_write(path, packed, n, NULL), VO_OK);
    cr_assert_eq(vo_bytes_open_file(path, &b, &err), VO_OK, "%s", err.msg);
    must_be_two_files(b, path);
    vo_bytes_close(b);
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        for (size_t at = 0; at < n;) {
            const ssize_t put = write(ends[1], packed + at, n - at < 777 ? n - at : 777);
            if (put <= 0) _exit(1);
            at += (size_t)put;
        }
        _exit(0);
    }
    close(ends[1]);
    cr_assert_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    cr_assert_eq(vo_bytes_open_file("-", &b, &err), VO_OK, "%s", err.msg);
    must_be_two_files(b, "standard input");
    vo_bytes_close(b);
    waitpid(child, NULL, 0);
    temporary_folder_remove(folder);
}

static void must_refuse(const char *data, size_t n, const char *says) {
    vo_bytes *b = NULL;
    char *got = NULL;
    size_t len = 0;
    vo_error err = {0};
    vo_status st = vo_bytes_open("p.zip", data, n, &b, &err);
    if (st == VO_OK) st = vo_bytes_all(b, 2 * N, &got, &len, &err);
    cr_assert_eq(st, VO_EINVAL, "%s is taken", says);
    cr_assert(strstr(err.msg, says) && strstr(err.msg, "p.zip"), "%s: %s", says, err.msg);
    vo_bytes_close(b);
}

Test(bytes, a_damaged_zip_is_refused) {
    const size_t n = two_files();
    for (size_t cut = 5; cut < n; cut += n / 23 + 1) must_refuse(packed, cut, "damaged");
    packed[n / 2] ^= 1; /* within the first file: its checksum tells */
    must_refuse(packed, n, "damaged");
}

Test(bytes, packed_inside_packed_encrypted_and_empty_zips_are_refused) {
    static char inner[1000];
    const member plain = {"x.csv", "time,price\n", 11};
    member outer = {"inner.zip", inner, zip(inner, sizeof inner, &plain, 1, NULL)};
    must_refuse(packed, zip(packed, sizeof packed, &outer, 1, NULL),
                "zip file inside a zip file");
    outer.len = ZSTD_compress(inner, sizeof inner, "abc", 3, 1);
    must_refuse(packed, zip(packed, sizeof packed, &outer, 1, NULL),
                "zstd file inside a zip file");
    must_refuse(packed, zip(packed, sizeof packed, &plain, 1, "secret"), "encrypted");
    must_refuse(packed, zip(packed, sizeof packed, &plain, 0, NULL), "no file in it");
}

/* 200 MB of zeros in 200 kB: refused at the reader's own limit. */
Test(bytes, a_bomb_ends_at_the_limit_of_whoever_reads_it) {
    const size_t big = (size_t)200 << 20;
    char *zeros = calloc(1, big);
    const member m = {"zeros", zeros, big};
    const size_t n = zip(packed, sizeof packed, &m, 1, NULL);
    free(zeros);
    const pid_t child = fork();
    if (child == 0) {
        vo_bytes *b = NULL;
        char *got = NULL;
        size_t len = 0;
        vo_status st = vo_bytes_open("bomb.zip", packed, n, &b, NULL);
        if (st == VO_OK) st = vo_bytes_all(b, 1 << 20, &got, &len, NULL);
        vo_bytes_close(b);
        _exit(st == VO_EINVAL && !got ? 0 : 1);
    }
    int status = 1;
    waitpid(child, &status, 0);
    cr_assert_eq(status, 0);
}

/* ---- pipes ------------------------------------------------------------------------ */

static void *write_slowly(void *arg) {
    const int fd = *(int *)arg;
    for (size_t at = 0; at < N; at += 1000)
        if (write(fd, text + at, 1000) != 1000) break;
    close(fd);
    return NULL;
}

Test(bytes, what_came_through_a_pipe_can_be_read_again_until_nobody_will) {
    int ends[2];
    pthread_t writer;
    vo_bytes *b = NULL;
    char got[5000];
    size_t n = 0, len = 0;
    char *all_of_it = NULL;
    vo_error err = {0};
    make_text();
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(pthread_create(&writer, NULL, write_slowly, &ends[1]), 0);
    cr_assert_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    cr_assert_eq(vo_bytes_open_file("-", &b, &err), VO_OK, "%s", err.msg);
    for (int i = 0; i < 20; i++) cr_assert_eq(vo_bytes_read(b, got, 4999, &n, &err), VO_OK);
    cr_assert_eq(vo_bytes_rewind(b, &err), VO_OK, "%s", err.msg);
    vo_bytes_settle(b);
    cr_assert_eq(vo_bytes_all(b, N, &all_of_it, &len, &err), VO_OK, "%s", err.msg);
    cr_assert(len == N && memcmp(all_of_it, text, N) == 0);
    free(all_of_it);
    cr_assert_eq(vo_bytes_rewind(b, &err), VO_EUNSUPPORTED);
    cr_assert(strstr(err.msg, "standard input"), "%s", err.msg);
    vo_bytes_close(b);
    pthread_join(writer, NULL);
}

static bool after_some(void *ctx, double share) {
    cr_assert(share <= 1);
    return ++*(int *)ctx > 3;
}

Test(bytes, reading_stops_when_it_is_told_to, .timeout = 20) {
    int ends[2], asked = 0;
    vo_bytes *b = NULL;
    vo_error err = {0};
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    cr_assert_eq(vo_bytes_open_watched("-", after_some, &asked, &b, &err), VO_ECANCELED);
    cr_assert_null(b);
}

Test(bytes, an_old_workbook_is_refused_by_its_name) {
    vo_bytes *in = NULL;
    vo_error err = {0};
    cr_expect_eq(vo_bytes_open("a.xls", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8, &in, &err),
                 VO_EUNSUPPORTED);
    cr_expect(strstr(err.msg, "Excel") && strstr(err.msg, "CSV"), "%s", err.msg);
}
