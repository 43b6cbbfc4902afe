/* test_access_log.c -- lines are read back as JSON; a pipe that nobody reads stands for a slow
 * reader, /dev/full for a disk without room. */
#include "serve/access_log.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "port/clock.h"
#include "port/file.h"
#include "port/task.h"
#include "support/data_folder.h"

static char folder[DATA_PATH], path[DATA_PATH + 16];
static vo_access_log *l;

static void begin(void) {
    cr_assert(temporary_folder(folder));
    snprintf(path, sizeof path, "%s/log", folder);
}
static void end(void) { temporary_folder_remove(folder); }

static void open_log(const char *to, vo_log_level level, bool requests) {
    vo_error err = {0};
    cr_assert_eq(vo_access_log_open(to, level, requests, &l, &err), VO_OK, "%s", err.msg);
}

/* The lines of a text, parsed; n of them. */
static size_t parse(const char *text, size_t len, vo_json *line[], size_t most) {
    size_t n = 0;
    while (len > 0) {
        const char *end = memchr(text, '\n', len);
        vo_error err = {0};
        cr_assert_not_null(end, "the last line is whole");
        cr_assert_lt(n, most);
        const vo_status s = vo_json_parse(text, (size_t)(end - text), &line[n++], &err);
        cr_assert_eq(s, VO_OK, "%s: %.*s", err.msg, (int)(end - text), text);
        len -= (size_t)(end - text) + 1;
        text = end + 1;
    }
    return n;
}

static size_t lines_of(const char *file, vo_json *line[], size_t most) {
    char *text = NULL;
    size_t len = 0;
    vo_error err = {0};
    cr_assert_eq(vo_file_read(file, 1 << 26, &text, &len, &err), VO_OK, "%s", err.msg);
    const size_t n = parse(text, len, line, most);
    free(text);
    return n;
}

static const char *text_of(const vo_json *line, const char *name) {
    const vo_json *v = vo_json_get(line, name);
    return v && vo_json_kind_of(v) == VO_JSON_STRING ? vo_json_string(v) : "(none)";
}
static double number_of(const vo_json *line, const char *name) {
    const vo_json *v = vo_json_get(line, name);
    return v && vo_json_kind_of(v) == VO_JSON_NUMBER ? vo_json_number(v) : -1;
}

static vo_exchange request(const char *p) {
    vo_exchange x = {.method = "GET", .path = p, .peer = "127.0.0.1", .status = 200};
    snprintf(x.id, sizeof x.id, "r1");
    snprintf(x.key_id, sizeof x.key_id, "Ab3dE6gH");
    x.answer_len = 77;
    return x;
}

Test(access_log, a_line_is_one_json_object_with_time_level_and_message, .init = begin,
     .fini = end) {
    vo_json *line[4];
    open_log(path, VO_LOG_INFO, true);
    vo_access_log_say(l, VO_LOG_INFO, "it listens", "\"port\":80");
    vo_access_log_say(l, VO_LOG_DEBUG, "not at this level", NULL);
    vo_access_log_close(l);
    cr_assert_eq(lines_of(path, line, 4), 1u);
    cr_expect_str_eq(text_of(line[0], "msg"), "it listens");
    cr_expect_str_eq(text_of(line[0], "level"), "info");
    cr_expect_eq(number_of(line[0], "port"), 80.0);
    const char *t = text_of(line[0], "time");
    int part[7];
    cr_expect_eq(sscanf(t, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ", part, part + 1, part + 2, part + 3,
                        part + 4, part + 5, part + 6),
                 7, "%s", t);
    cr_expect_eq(strlen(t), 24u);
    vo_json_free(line[0]);
}

Test(access_log, a_request_tells_who_asked_what_and_how_it_ended, .init = begin, .fini = end) {
    vo_json *line[4];
    open_log(path, VO_LOG_INFO, true);
    const vo_exchange x = request("/api/v1/jobs/j_1");
    vo_access_log_request(l, &x, "getJob", 1.5);
    vo_access_log_close(l);
    cr_assert_eq(lines_of(path, line, 4), 1u);
    cr_expect_str_eq(text_of(line[0], "request_id"), "r1");
    cr_expect_str_eq(text_of(line[0], "method"), "GET");
    cr_expect_str_eq(text_of(line[0], "route"), "getJob");
    cr_expect_str_eq(text_of(line[0], "path"), "/api/v1/jobs/j_1");
    cr_expect_str_eq(text_of(line[0], "key"), "Ab3dE6gH");
    cr_expect_str_eq(text_of(line[0], "peer"), "127.0.0.1");
    cr_expect_eq(number_of(line[0], "status"), 200.0);
    cr_expect_eq(number_of(line[0], "ms"), 1.5);
    cr_expect_eq(number_of(line[0], "bytes"), 77.0);
    vo_json_free(line[0]);
}

Test(access_log, without_request_lines_failures_are_still_told, .init = begin, .fini = end) {
    vo_json *line[4];
    open_log(path, VO_LOG_INFO, false);
    vo_exchange x = request("/");
    vo_access_log_request(l, &x, "r", 1);
    x.status = 500;
    vo_access_log_request(l, &x, "r", 1);
    vo_access_log_close(l);
    cr_assert_eq(lines_of(path, line, 4), 1u);
    cr_expect_eq(number_of(line[0], "status"), 500.0);
    cr_expect_str_eq(text_of(line[0], "level"), "warn");
    vo_json_free(line[0]);
}

Test(access_log, nothing_from_outside_ends_a_line_or_a_string, .init = begin, .fini = end) {
    vo_json *line[300];
    char p[600];
    size_t n = 0;
    open_log(path, VO_LOG_INFO, true);
    for (int c = 1; c < 256; c++) {
        snprintf(p, sizeof p, "/a%cb", c);
        const vo_exchange x = request(p);
        vo_access_log_request(l, &x, "r", 1);
    }
    memset(p, 0xc3, sizeof p - 1);
    p[0] = '/';
    p[sizeof p - 1] = '\0';
    vo_exchange x = request(p);
    vo_access_log_request(l, &x, "r", 1);
    vo_access_log_say(l, VO_LOG_INFO,
                      "quote \" back \\ line\nend \x1b[31m \xc2\x9b caf\xc3\xa9", NULL);
    vo_access_log_close(l);
    n = lines_of(path, line, 300);
    cr_assert_eq(n, 257u);
    cr_expect_str_eq(text_of(line['"' - 1], "path"), "/a\"b");
    cr_expect_str_eq(text_of(line['\n' - 1], "path"), "/a\nb");
    cr_expect_str_eq(text_of(line[0xff - 1], "path"), "/a\xef\xbf\xbd"
                                                      "b");
    cr_expect_leq(strlen(text_of(line[255], "path")), 3u * 200u);
    cr_expect_not_null(strstr(text_of(line[256], "msg"), "caf\xc3\xa9"));
    for (size_t i = 0; i < n; i++) vo_json_free(line[i]);
    char *text = NULL;
    size_t len = 0;
    cr_assert_eq(vo_file_read(path, 1 << 20, &text, &len, NULL), VO_OK);
    for (size_t i = 0; i < len; i++)
        cr_assert(text[i] == '\n' || ((unsigned char)text[i] >= 0x20 && text[i] != 0x7f));
    cr_expect_null(strstr(text, "\xc2\x9b"), "a control character of some terminals");
    free(text);
}

Test(access_log, a_pipe_that_nobody_reads_blocks_nobody_and_the_loss_is_told, .init = begin,
     .fini = end) {
    enum { MANY = 40000 };
    cr_assert_eq(mkfifo(path, 0600), 0);
    const int fd = open(path, O_RDONLY | O_NONBLOCK);
    cr_assert_geq(fd, 0);
    open_log(path, VO_LOG_INFO, true);
    const vo_exchange x = request("/some/path/that/is/not/so/short");
    double longest_s = 0;
    for (int i = 0; i < MANY; i++) {
        const double from_s = vo_clock_monotonic_s();
        vo_access_log_request(l, &x, "r", i);
        const double took_s = vo_clock_monotonic_s() - from_s;
        if (took_s > longest_s) longest_s = took_s;
    }
    const uint64_t dropped = vo_access_log_dropped(l);
    cr_expect_gt(dropped, 0u, "the pipe and two buffers hold less than that");
    cr_expect_lt(longest_s, 1.0);
    /* Now it is read, to the end of what there is, until the log has told what it lost. */
    fcntl(fd, F_SETFL, 0);
    static char text[16 << 20];
    size_t len = 0;
    while (len < sizeof text - 1 && !(len > 0 && strstr(text, "\"dropped\":"))) {
        const ssize_t got = read(fd, text + len, sizeof text - 1 - len);
        cr_assert_gt(got, 0);
        len += (size_t)got;
    }
    vo_access_log_close(l);
    for (ssize_t got; (got = read(fd, text + len, sizeof text - len)) > 0;) len += (size_t)got;
    close(fd);
    static vo_json *line[MANY + 2];
    const size_t n = parse(text, len, line, MANY + 2);
    double told = 0, before = -1;
    for (size_t i = 0; i < n; i++) {
        if (number_of(line[i], "dropped") > 0)
            told += number_of(line[i], "dropped");
        else {
            cr_assert_gt(number_of(line[i], "ms"), before, "in order");
            before = number_of(line[i], "ms");
        }
        vo_json_free(line[i]);
    }
    cr_expect_eq(told, (double)dropped);
    cr_expect_eq(n - 1 + dropped, (uint64_t)MANY, "every line was written or counted");
}

Test(access_log, closing_does_not_wait_for_ever_for_a_reader, .init = begin, .fini = end) {
    cr_assert_eq(mkfifo(path, 0600), 0);
    const int fd = open(path, O_RDONLY | O_NONBLOCK);
    open_log(path, VO_LOG_INFO, true);
    const vo_exchange x = request("/");
    for (int i = 0; i < 2000; i++) vo_access_log_request(l, &x, "r", i);
    const double from_s = vo_clock_monotonic_s();
    vo_access_log_close(l);
    cr_expect_lt(vo_clock_monotonic_s() - from_s, 20.0);
    close(fd);
}

Test(access_log, lines_that_a_full_disk_refuses_are_counted) {
    open_log("/dev/full", VO_LOG_INFO, true);
    for (int i = 0; i < 10; i++) vo_access_log_say(l, VO_LOG_ERROR, "lost", NULL);
    while (vo_access_log_dropped(l) < 10) vo_access_log_say(l, VO_LOG_DEBUG, "", NULL);
    cr_expect_eq(vo_access_log_dropped(l), 10u);
    vo_access_log_close(l);
}

Test(access_log, a_place_that_cannot_be_written_to_is_refused_by_name, .init = begin,
     .fini = end) {
    vo_error err = {0};
    l = NULL;
    cr_expect_eq(vo_access_log_open(folder, VO_LOG_INFO, true, &l, &err), VO_EINVAL);
    cr_expect_not_null(strstr(err.msg, folder));
    strcat(path, "/x/y");
    cr_expect_eq(vo_access_log_open(path, VO_LOG_INFO, true, &l, &err), VO_EIO);
    cr_expect_not_null(strstr(err.msg, path));
    cr_expect_null(l);
    vo_access_log_close(NULL);
}

Test(access_log, levels_have_names) {
    vo_log_level level = VO_LOG_INFO;
    vo_error err = {0};
    cr_expect_eq(vo_log_level_parse("debug", &level, &err), VO_OK);
    cr_expect_eq((int)level, (int)VO_LOG_DEBUG);
    cr_expect_eq(vo_log_level_parse("loud", &level, &err), VO_EINVAL);
    cr_expect_not_null(strstr(err.msg, "\"loud\""));
}

static void talk(void *ctx) {
    const vo_exchange x = request("/");
    for (int i = 0; i < 500; i++) vo_access_log_request(ctx, &x, "r", i);
}

Test(access_log, lines_of_several_threads_do_not_mix, .init = begin, .fini = end) {
    vo_task *t[3];
    static vo_json *line[1600];
    open_log(path, VO_LOG_INFO, true);
    for (int i = 0; i < 3; i++) cr_assert_eq(vo_task_start(talk, l, &t[i], NULL), VO_OK);
    for (int i = 0; i < 3; i++) vo_task_join(t[i]);
    vo_access_log_close(l);
    const size_t n = lines_of(path, line, 1600);
    cr_expect_eq(n, 1500u);
    for (size_t i = 0; i < n; i++) vo_json_free(line[i]);
}
