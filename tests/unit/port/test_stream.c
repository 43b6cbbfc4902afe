/* test_stream.c -- pieces of a file, a pipe that is slow, temporary files without a name. */
#include "port/stream.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "port/file.h"
#include "support/data_folder.h"

static char folder[DATA_PATH], path[DATA_PATH + 16];

static void begin(void) {
    cr_assert(temporary_folder(folder));
    snprintf(path, sizeof path, "%s/f", folder);
}
static void end(void) { temporary_folder_remove(folder); }

Test(stream, a_file_is_read_in_pieces_and_again, .init = begin, .fini = end) {
    vo_stream s = VO_STREAM_NONE;
    char got[8] = "";
    size_t n = 0;
    cr_assert_eq(vo_file_write(path, "abcdef", 6, NULL), VO_OK);
    cr_assert_eq(vo_stream_open(path, &s, NULL), VO_OK);
    cr_assert(s.seekable && s.size == 6);
    cr_assert_eq(vo_stream_read(&s, got, 4, &n, NULL, NULL, NULL), VO_OK);
    cr_assert(n == 4 && memcmp(got, "abcd", 4) == 0);
    cr_assert_eq(vo_stream_read_at(&s, 1, got, 8, &n, NULL), VO_OK);
    cr_assert(n == 5 && memcmp(got, "bcdef", 5) == 0);
    cr_assert_eq(vo_stream_read(&s, got, 4, &n, NULL, NULL, NULL), VO_OK);
    cr_assert(n == 2 && memcmp(got, "ef", 2) == 0);
    cr_assert_eq(vo_stream_read(&s, got, 4, &n, NULL, NULL, NULL), VO_OK);
    cr_assert_eq(n, 0u);
    cr_assert_eq(vo_stream_seek(&s, 5, NULL), VO_OK);
    cr_assert_eq(vo_stream_read(&s, got, 4, &n, NULL, NULL, NULL), VO_OK);
    cr_assert(n == 1 && got[0] == 'f');
    vo_stream_close(&s);
    vo_stream_close(&s);
}

Test(stream, folders_and_what_is_not_there_are_refused, .init = begin, .fini = end) {
    vo_stream s = VO_STREAM_NONE;
    vo_error err = {0};
    cr_assert_eq(vo_stream_open(folder, &s, &err), VO_EINVAL);
    cr_assert_eq(vo_stream_open(path, &s, &err), VO_ENOTFOUND);
    cr_assert(strstr(err.msg, path), "%s", err.msg);
    cr_assert_eq(s.fd, -1);
}

Test(stream, a_temporary_file_has_no_name, .init = begin, .fini = end) {
    vo_stream s = VO_STREAM_NONE;
    char got[4] = "", sub[DATA_PATH + 16];
    size_t n = 0;
    snprintf(sub, sizeof sub, "%s/a/b", folder);
    cr_assert_eq(vo_stream_temporary(sub, &s, NULL), VO_OK);
    cr_assert_eq(vo_stream_write_at(&s, 2, "xy", 2, NULL), VO_OK);
    cr_assert_eq(vo_stream_read_at(&s, 0, got, 4, &n, NULL), VO_OK);
    cr_assert(n == 4 && memcmp(got, "\0\0xy", 4) == 0);
    cr_assert_eq(rmdir(sub), 0, "something is left in it");
    vo_stream_close(&s);
    cr_assert_eq(vo_stream_temporary(NULL, &s, NULL), VO_OK);
    vo_stream_close(&s);
}

static bool third_time(void *ctx) { return ++*(int *)ctx == 3; }

/* Nobody ever writes: the wait ends because `stop` is asked now and then. */
Test(stream, a_wait_for_a_pipe_can_be_stopped, .timeout = 20) {
    int ends[2], asked = 0;
    char got[4];
    size_t n = 0;
    cr_assert_eq(pipe(ends), 0);
    vo_stream s = {ends[0], false, false, 0};
    cr_assert_eq(vo_stream_read(&s, got, 4, &n, third_time, &asked, NULL), VO_ECANCELED);
    cr_assert_eq(write(ends[1], "ab", 2), 2);
    cr_assert_eq(vo_stream_read(&s, got, 4, &n, third_time, &asked, NULL), VO_OK);
    cr_assert(n == 2 && memcmp(got, "ab", 2) == 0);
    close(ends[1]);
    cr_assert_eq(vo_stream_read(&s, got, 4, &n, NULL, NULL, NULL), VO_OK);
    cr_assert_eq(n, 0u);
    vo_stream_close(&s);
}

/* Nobody has opened the other end yet: neither opening nor reading hangs for good. */
Test(stream, a_named_pipe_without_a_writer_can_be_left, .init = begin, .fini = end,
     .timeout = 20) {
    vo_stream s = VO_STREAM_NONE;
    char got[4];
    size_t n = 0;
    int asked = 0;
    cr_assert_eq(mkfifo(path, 0600), 0);
    cr_assert_eq(vo_stream_open(path, &s, NULL), VO_OK);
    cr_assert_not(s.seekable);
    cr_assert_eq(vo_stream_read(&s, got, 4, &n, third_time, &asked, NULL), VO_ECANCELED);
    const int writer = open(path, O_WRONLY);
    cr_assert_eq(write(writer, "ab", 2), 2);
    cr_assert_eq(vo_stream_read(&s, got, 4, &n, NULL, NULL, NULL), VO_OK);
    cr_assert(n == 2 && memcmp(got, "ab", 2) == 0);
    close(writer);
    cr_assert_eq(vo_stream_read(&s, got, 4, &n, NULL, NULL, NULL), VO_OK);
    cr_assert_eq(n, 0u);
    vo_stream_close(&s);
}
