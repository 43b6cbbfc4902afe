/* test_file.c -- each test states one promise of file.h, in a folder of its own under /tmp.
 *
 * Nothing outside that folder is ever written to, whatever is broken: run as root, a write that
 * wrongly replaces its target would replace a device. That rule is tested on a pipe. */
#define _XOPEN_SOURCE 700 /* mkdtemp, nftw */
#include "port/file.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];

static void enter(void) {
    strcpy(folder, "/tmp/volteo-file-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    cr_assert_eq(chdir(folder), 0);
}

static int remove_one(const char *path, const struct stat *s, int kind, struct FTW *at) {
    (void)s, (void)kind, (void)at;
    return remove(path);
}

static void leave(void) {
    cr_assert_eq(chdir("/"), 0);
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

TestSuite(file, .init = enter, .fini = leave);

static void expect_content(const char *path, const char *content) {
    char *text = NULL;
    size_t len = 0;
    vo_error err = {0};
    cr_assert_eq(vo_file_read(path, 1 << 20, &text, &len, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(len, strlen(content));
    cr_assert_str_eq(text, content);
    free(text);
}

static int entries(void) { /* of the folder, but . and .. */
    int n = -2;
    DIR *d = opendir(".");
    while (readdir(d)) n++;
    closedir(d);
    return n;
}

Test(file, what_is_written_is_read) {
    vo_error err = {0};
    cr_assert_eq(vo_file_write("a.txt", "hello", 5, &err), VO_OK, "%s", err.msg);
    expect_content("a.txt", "hello");
    cr_assert_eq(vo_file_write("a.txt", "", 0, &err), VO_OK);
    expect_content("a.txt", "");
    cr_assert_eq(entries(), 1); /* no temporary name is left */

    const size_t n = 3000001; /* more than one buffer, with NULs inside */
    unsigned char *big = malloc(n);
    for (size_t i = 0; i < n; i++) big[i] = (unsigned char)(i * 7);
    cr_assert_eq(vo_file_write("big", big, n, &err), VO_OK);
    char *text;
    size_t len;
    cr_assert_eq(vo_file_read("big", n, &text, &len, &err), VO_OK);
    cr_assert(len == n && memcmp(text, big, n) == 0 && text[n] == '\0');
    free(text);
    free(big);
}

Test(file, reading_is_bounded) {
    char *text = NULL;
    size_t len = 77;
    vo_error err = {0};
    vo_file_write("ten", "0123456789", 10, NULL);
    cr_assert_eq(vo_file_read("ten", 10, &text, &len, &err), VO_OK);
    free(text);
    text = NULL;
    len = 77;
    cr_assert_eq(vo_file_read("ten", 9, &text, &len, &err), VO_EINVAL);
    cr_assert_not_null(strstr(err.msg, "\"ten\" has 10 bytes"), "%s", err.msg);
    cr_assert_eq(vo_file_read("/dev/zero", 100000, &text, &len, &err), VO_EINVAL);
    cr_assert_not_null(strstr(err.msg, "100000"), "%s", err.msg);
    cr_assert(text == NULL && len == 77);
    cr_assert_eq(vo_file_read("ten", SIZE_MAX, &text, &len, &err), VO_OK);
    free(text);
    cr_assert_eq(vo_file_read("/dev/null", 0, &text, &len, &err), VO_OK);
    cr_assert_eq(len, 0u);
    free(text);
    /* Special files that say size 0 and have content. */
    cr_assert_eq(vo_file_read("/proc/self/status", 1 << 20, &text, &len, &err), VO_OK);
    cr_assert_gt(len, 100u);
    free(text);
}

Test(file, absent_files_and_folders_are_refused_by_name) {
    char *text = NULL;
    size_t len;
    vo_error err = {0};
    cr_assert_eq(vo_file_read("absent", 100, &text, &len, &err), VO_ENOTFOUND);
    cr_assert_not_null(strstr(err.msg, "absent"));
    cr_assert_eq(vo_file_read(".", 100, &text, &len, &err), VO_EINVAL);
    cr_assert_not_null(strstr(err.msg, "folder"));
    cr_assert_eq(vo_file_write(".", "x", 1, &err), VO_EINVAL);
    cr_assert_eq(vo_file_write("absent/x", "x", 1, &err), VO_ENOTFOUND);
    cr_assert_eq(vo_file_write("", "x", 1, &err), VO_ENOTFOUND);
    char name[5000];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    cr_assert_eq(vo_file_write(name, "x", 1, &err), VO_EIO);
    cr_assert_null(text);
}

Test(file, standard_input_and_output_are_a_dash) {
    int in[2], out[2];
    cr_assert_eq(pipe(in), 0);
    cr_assert_eq(pipe(out), 0);
    cr_assert_eq(write(in[1], "from a pipe", 11), 11);
    close(in[1]);
    const int old_in = dup(0), old_out = dup(1);
    dup2(in[0], 0);
    dup2(out[1], 1);
    char *text = NULL;
    size_t len = 0;
    const vo_status got = vo_file_read("-", 11, &text, &len, NULL);
    const vo_status put = vo_file_write("-", "to a pipe", 9, NULL);
    dup2(old_in, 0);
    dup2(old_out, 1);
    char back[16] = {0};
    cr_assert_eq(got, VO_OK);
    cr_assert_str_eq(text, "from a pipe");
    cr_assert_eq(put, VO_OK);
    cr_assert_eq(read(out[0], back, sizeof back), 9);
    cr_assert_str_eq(back, "to a pipe");
    cr_assert_not(vo_file_exists("-"));
    free(text);
}

static int tick[2]; /* a pipe: one byte per interruption of the writer */
static void on_alarm(int number) {
    (void)number;
    const int e = errno;
    const ssize_t put = write(tick[1], "", 1); /* full: there are enough of them */
    (void)put;
    errno = e;
}

/* Reads only after the writer, blocked in open or behind a full pipe, was interrupted twice. */
static void read_slowly(const char *data, size_t total) {
    char piece[65536], ticks[2];
    alarm(30); /* a writer that never comes ends the wait, and the test fails */
    close(tick[1]);
    if (read(tick[0], ticks, 2) < 0) _exit(3);
    const int fd = open("fifo", O_RDONLY);
    size_t at = 0;
    for (;;) {
        for (int k = 0; k < 2 && at < total / 2; k++)
            if (read(tick[0], ticks, 1) < 0) _exit(4);
        const ssize_t n = read(fd, piece, sizeof piece);
        if (n <= 0) break;
        if (at + (size_t)n > total || memcmp(piece, data + at, (size_t)n) != 0) _exit(1);
        at += (size_t)n;
    }
    _exit(at == total ? 0 : 2);
}

Test(file, partial_writes_and_interruptions_lose_nothing) {
    enum { TOTAL = 3000000 };
    char *data = malloc(TOTAL);
    for (int i = 0; i < TOTAL; i++) data[i] = (char)(i % 251);
    cr_assert_eq(mkfifo("fifo", 0600), 0);
    cr_assert_eq(pipe(tick), 0);
    const pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) read_slowly(data, TOTAL);
    fcntl(tick[1], F_SETFL, O_NONBLOCK);
    struct sigaction action = {.sa_handler = on_alarm}; /* without SA_RESTART */
    sigaction(SIGALRM, &action, NULL);
    const struct itimerval often = {{0, 2000}, {0, 2000}}, never = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &often, NULL);
    vo_error err = {0};
    const vo_status st = vo_file_write("fifo", data, TOTAL, &err);
    setitimer(ITIMER_REAL, &never, NULL);
    close(tick[1]);
    int status = -1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    cr_assert_eq(st, VO_OK, "%s", err.msg);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    struct stat s;
    cr_assert(stat("fifo", &s) == 0 && S_ISFIFO(s.st_mode)); /* it was not replaced */
    free(data);
}

Test(file, a_failed_write_leaves_the_old_file_whole_and_nothing_beside_it) {
    cr_assert_eq(vo_file_write("keep", "old", 3, NULL), VO_OK);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = {1000, RLIM_INFINITY}, old;
    getrlimit(RLIMIT_FSIZE, &old);
    limit.rlim_max = old.rlim_max;
    setrlimit(RLIMIT_FSIZE, &limit); /* the disk is full after 1000 bytes */
    char data[5000] = {0};
    vo_error err = {0};
    const vo_status st = vo_file_write("keep", data, sizeof data, &err);
    setrlimit(RLIMIT_FSIZE, &old);
    cr_assert_eq(st, VO_EIO);
    cr_assert_not_null(strstr(err.msg, "keep"), "%s", err.msg);
    expect_content("keep", "old");
    cr_assert_eq(entries(), 1);
}

/* A reader that opens at any moment sees one of the versions, never a part. */
static atomic_bool writing;
static void *rewrite(void *arg) {
    char data[4096];
    (void)arg;
    for (int i = 0; i < 300; i++) {
        memset(data, 'a' + i % 26, sizeof data);
        vo_file_write("shared", data, sizeof data, NULL);
    }
    atomic_store(&writing, false);
    return NULL;
}

Test(file, writes_are_atomic) {
    char data[4096];
    memset(data, 'a', sizeof data);
    cr_assert_eq(vo_file_write("shared", data, sizeof data, NULL), VO_OK);
    atomic_store(&writing, true);
    pthread_t writer;
    cr_assert_eq(pthread_create(&writer, NULL, rewrite, NULL), 0);
    while (atomic_load(&writing)) {
        char *text;
        size_t len;
        cr_assert_eq(vo_file_read("shared", 1 << 20, &text, &len, NULL), VO_OK);
        cr_assert_eq(len, sizeof data);
        for (size_t i = 1; i < len; i++) cr_assert_eq(text[i], text[0]);
        free(text);
    }
    pthread_join(writer, NULL);
}

Test(file, a_file_written_in_pieces_is_seen_when_it_is_whole_or_never) {
    vo_error err = {0};
    vo_file_writer *w = NULL;
    static char large[100000];
    memset(large, 'x', sizeof large - 1);
    cr_assert_eq(vo_file_write("a", "old", 3, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_file_writer_open("a", &w, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_file_writer_put(w, "one ", 4, &err), VO_OK);
    cr_assert_eq(vo_file_writer_put(w, large, sizeof large - 1, &err), VO_OK);
    expect_content("a", "old");
    vo_file_writer_abandon(w);
    expect_content("a", "old");
    cr_assert_eq(entries(), 1);
    cr_assert_eq(vo_file_writer_open("a", &w, &err), VO_OK, "%s", err.msg);
    for (int i = 0; i < 30000; i++)
        cr_assert_eq(vo_file_writer_put(w, "12345", 5, &err), VO_OK);
    cr_assert_eq(vo_file_writer_commit(w, &err), VO_OK, "%s", err.msg);
    char *text = NULL;
    size_t len = 0;
    cr_assert_eq(vo_file_read("a", 1 << 20, &text, &len, &err), VO_OK);
    cr_assert_eq(len, 150000);
    for (size_t i = 0; i < len; i++) cr_assert_eq(text[i], "12345"[i % 5]);
    free(text);
    cr_assert_eq(entries(), 1);
}

Test(file, mode_and_links_survive_a_write) {
    struct stat s;
    cr_assert_eq(vo_file_write("real", "1", 1, NULL), VO_OK);
    cr_assert_eq(chmod("real", 0640), 0);
    cr_assert_eq(symlink("real", "link"), 0);
    cr_assert_eq(vo_file_write("link", "22", 2, NULL), VO_OK);
    expect_content("real", "22");
    cr_assert(lstat("link", &s) == 0 && S_ISLNK(s.st_mode));
    cr_assert(stat("real", &s) == 0 && (s.st_mode & 07777) == 0640);
}

Test(file, in_its_own_folders_a_link_is_replaced_and_not_followed) {
    vo_error err = {0};
    cr_assert_eq(vo_file_write("precious", "old", 3, &err), VO_OK);
    cr_assert_eq(symlink("precious", "link"), 0);
    cr_assert_eq(vo_file_replace("link", "new", 3, &err), VO_OK, "%s", err.msg);
    expect_content("precious", "old");
    expect_content("link", "new");
    cr_assert_eq(vo_file_replace("fresh", "new", 3, &err), VO_OK, "%s", err.msg);
    cr_assert(vo_file_is_regular("fresh") && !vo_file_is_regular(".") &&
              !vo_file_is_regular("absent"));
}

Test(file, folders_are_made_with_their_parents_and_again_without_complaint) {
    vo_error err = {0};
    cr_assert_eq(vo_file_make_folders("a/b//c/", &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_file_make_folders("a/b/c", &err), VO_OK);
    cr_assert(vo_file_exists("a/b/c"));
    cr_assert_eq(vo_file_make_folders("/", &err), VO_OK);
    vo_file_write("a/file", "x", 1, NULL);
    cr_assert_eq(vo_file_make_folders("a/file/d", &err), VO_EIO);
    cr_assert_not_null(strstr(err.msg, "a/file"), "%s", err.msg);
    cr_assert_eq(vo_file_make_folders("", &err), VO_EINVAL);
}

Test(file, names_of_one_file_are_the_same) {
    vo_file_write("x", "1", 1, NULL);
    vo_file_write("y", "1", 1, NULL);
    cr_assert_eq(symlink("x", "z"), 0);
    cr_assert(vo_file_same("x", "./x") && vo_file_same("x", "z"));
    cr_assert_not(vo_file_same("x", "y"));
    cr_assert_not(vo_file_same("nothing", "nothing"));
}

Test(file, remove) {
    vo_error err = {0};
    vo_file_write("y", "2", 1, NULL);
    cr_assert_eq(vo_file_remove("y", &err), VO_OK);
    cr_assert_eq(vo_file_remove("y", &err), VO_OK); /* already gone */
    cr_assert_not(vo_file_exists("y"));
    mkdir("folder", 0700);
    cr_assert_eq(vo_file_remove("folder", &err), VO_EIO);
}

/* Without the lock the unprotected count loses additions. */
static int shared_count;
static atomic_int failures;
static void *add_under_lock(void *arg) {
    (void)arg;
    for (int i = 0; i < 200; i++) {
        vo_file_lock lock;
        if (vo_file_lock_take("lock", &lock, NULL) != VO_OK) {
            atomic_fetch_add(&failures, 1);
            continue;
        }
        const int n = *(volatile int *)&shared_count;
        sched_yield();
        *(volatile int *)&shared_count = n + 1;
        vo_file_lock_drop(&lock);
        vo_file_lock_drop(&lock); /* a second drop does nothing */
    }
    return NULL;
}

Test(file, a_lock_lets_one_holder_in_at_a_time) {
    /* The kernel orders what the lock separates, unseen by ThreadSanitizer: processes, then. */
    pid_t child[3];
    vo_file_write("count", "0", 1, NULL);
    for (int k = 0; k < 3; k++) {
        child[k] = fork();
        cr_assert_geq(child[k], 0);
        if (child[k] != 0) continue;
        for (int i = 0; i < 50; i++) {
            vo_file_lock lock;
            char *text, line[16];
            size_t len;
            if (vo_file_lock_take("lock", &lock, NULL) != VO_OK) _exit(1);
            if (vo_file_read("count", 100, &text, &len, NULL) != VO_OK) _exit(2);
            const int n = snprintf(line, sizeof line, "%d", atoi(text) + 1);
            free(text);
            if (vo_file_write("count", line, (size_t)n, NULL) != VO_OK) _exit(3);
            vo_file_lock_drop(&lock);
        }
        _exit(0);
    }
    for (int k = 0; k < 3; k++) {
        int status = -1;
        cr_assert_eq(waitpid(child[k], &status, 0), child[k]);
        cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    expect_content("count", "150");
}

Test(file, a_lock_also_separates_threads) {
#ifdef __SANITIZE_THREAD__
    leave(); /* a skipped test is not cleaned up after */
    cr_skip_test("ThreadSanitizer does not see the order that flock gives");
#endif
    pthread_t thread[3];
    for (int k = 0; k < 3; k++) pthread_create(&thread[k], NULL, add_under_lock, NULL);
    for (int k = 0; k < 3; k++) pthread_join(thread[k], NULL);
    cr_assert_eq(atomic_load(&failures), 0);
    cr_assert_eq(shared_count, 600);
    vo_error err = {0};
    vo_file_lock lock;
    cr_assert_eq(vo_file_lock_take("no/such/folder", &lock, &err), VO_ENOTFOUND);
}
