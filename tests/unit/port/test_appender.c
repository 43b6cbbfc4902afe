/* test_appender.c -- each test states one promise of appender.h. */
#include "port/appender.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "port/clock.h"
#include "port/file.h"
#include "support/data_folder.h"

static char folder[DATA_PATH], path[DATA_PATH + 16], moved[DATA_PATH + 16];
static vo_appender *a;

static void begin(void) {
    vo_error err = {0};
    cr_assert(temporary_folder(folder));
    snprintf(path, sizeof path, "%s/log", folder);
    snprintf(moved, sizeof moved, "%s/log.1", folder);
    cr_assert_eq(vo_appender_open(path, &a, &err), VO_OK, "%s", err.msg);
}
static void end(void) {
    vo_appender_close(a);
    temporary_folder_remove(folder);
}

static void put(const char *text) {
    size_t n = 0;
    vo_error err = {0};
    cr_assert_eq(vo_appender_put(a, text, strlen(text), &n, NULL, NULL, &err), VO_OK, "%s",
                 err.msg);
    cr_assert_eq(n, strlen(text));
}

static void holds(const char *file, const char *want) {
    char *text = NULL;
    size_t len = 0;
    cr_assert_eq(vo_file_read(file, 1000, &text, &len, NULL), VO_OK, "%s", file);
    cr_expect_str_eq(text, want);
    free(text);
}

Test(appender, what_was_there_stays_and_others_may_not_write, .init = begin, .fini = end) {
    struct stat is;
    put("one\n");
    vo_appender_close(a);
    cr_assert_eq(vo_appender_open(path, &a, NULL), VO_OK);
    put("two\n");
    holds(path, "one\ntwo\n");
    cr_assert_eq(stat(path, &is), 0);
    cr_expect_eq(is.st_mode & 0137, 0u);
}

Test(appender, a_file_that_was_moved_away_is_made_anew, .init = begin, .fini = end) {
    put("old\n");
    cr_assert_eq(rename(path, moved), 0);
    const double from_s = vo_clock_monotonic_s();
    do put("x\n");
    while (!vo_file_exists(path) && vo_clock_monotonic_s() - from_s < 30);
    char *text = NULL;
    size_t len = 0;
    cr_assert_eq(vo_file_read(path, 1000, &text, &len, NULL), VO_OK);
    cr_expect_str_eq(text, "x\n");
    free(text);
    vo_appender_close(a);
    a = NULL;
    cr_assert_eq(vo_file_read(moved, 1 << 28, &text, &len, NULL), VO_OK);
    cr_expect_eq(strncmp(text, "old\nx\n", 6), 0, "until then the old one was written");
    free(text);
}

static bool at_once(void *ctx) {
    (void)ctx;
    return true;
}

Test(appender, a_full_pipe_is_waited_for_until_told_to_stop) {
    char text[8192] = {0};
    cr_assert(temporary_folder(folder));
    snprintf(path, sizeof path, "%s/pipe", folder);
    cr_assert_eq(mkfifo(path, 0600), 0);
    const int fd = open(path, O_RDONLY | O_NONBLOCK);
    cr_assert_eq(vo_appender_open(path, &a, NULL), VO_OK);
    vo_status s = VO_OK;
    size_t n = 0, total = 0;
    while (s == VO_OK) {
        s = vo_appender_put(a, text, sizeof text, &n, at_once, NULL, NULL);
        total += n;
    }
    cr_expect_eq(s, VO_ECANCELED);
    cr_expect_eq(n, 0u);
    cr_expect_gt(total, 4095u);
    size_t read_back = 0;
    for (ssize_t got; (got = read(fd, text, sizeof text)) > 0;) read_back += (size_t)got;
    cr_expect_eq(read_back, total, "what was said to be written is there");
    cr_expect_eq(vo_appender_put(a, "x", 1, &n, at_once, NULL, NULL), VO_OK);
    vo_appender_close(a);
    close(fd);
    temporary_folder_remove(folder);
}

Test(appender, a_disk_without_room_is_an_error_with_the_name) {
    size_t n = 9;
    vo_error err = {0};
    cr_assert_eq(vo_appender_open("/dev/full", &a, NULL), VO_OK);
    cr_expect_eq(vo_appender_put(a, "x", 1, &n, NULL, NULL, &err), VO_EIO);
    cr_expect_eq(n, 0u);
    cr_expect_not_null(strstr(err.msg, "/dev/full"));
    vo_appender_close(a);
}
