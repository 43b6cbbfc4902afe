/* test_lake_writers.c -- writers and readers that meet, and one that is killed among them:
 * nothing is lost, nothing is half. */
#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "data/lake.h"
#include "port/thread.h"
#include "support/data_folder.h"
#include "support/lake_rounds.h"

static char root[DATA_PATH];

static void begin(void) { cr_assert(temporary_folder(root)); }
static void end(void) { temporary_folder_remove(root); }

static vo_status write_own_node(void *ctx, size_t i, size_t worker, vo_error *err) {
    (void)ctx;
    (void)worker;
    vo_lake *lake = NULL;
    vo_status st = vo_lake_open(root, &lake, err);
    for (int k = 0; k < 6 && st == VO_OK; k++) { /* its own node, and one that all share */
        char node[16];
        snprintf(node, sizeof node, "N%zu", i);
        vo_series *s = lake_hours((int)i * 4 + k * 16, 4, 1);
        st = vo_lake_upsert(lake, &(vo_lake_key){"MEM", "MDA", node, NULL}, s, NULL, NULL, err);
        if (st == VO_OK) st = vo_lake_upsert(lake, &lake_node, s, NULL, NULL, err);
        vo_series_free(s);
    }
    vo_lake_close(lake);
    return st;
}

Test(lake_writers, two_processes_and_two_threads_lose_nothing, .init = begin, .fini = end,
     .timeout = 120) {
    const pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0)
        _exit(write_own_node(NULL, 2, 0, NULL) == VO_OK &&
                      write_own_node(NULL, 3, 0, NULL) == VO_OK
                  ? 0
                  : 1);
    vo_error err = {0};
    cr_assert_eq(vo_thread_for(2, 2, write_own_node, NULL, &err), VO_OK, "%s", err.msg);
    int status = 1;
    waitpid(child, &status, 0);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    vo_lake *lake = lake_at(root);
    vo_series *s = NULL;
    cr_assert_eq(vo_lake_read(lake, &lake_node, LAKE_ALL, &s, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(s->n, 96u);
    for (int t = 0; t < 96; t++) cr_assert_eq(s->column[0].value[t], t);
    vo_series_free(s);
    vo_lake_entry *entry = NULL;
    size_t n = 0;
    cr_assert_eq(vo_lake_list(lake, &entry, &n, NULL), VO_OK);
    cr_assert_eq(n, 5u);
    for (size_t i = 1; i < 5; i++) cr_assert_eq(entry[i].rows, 24);
    free(entry);
    vo_lake_health health;
    cr_assert_eq(vo_lake_doctor(lake, false, NULL, NULL, &health, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(health.findings, 0u);
    vo_lake_close(lake);
}

/* While another process replaces the part all the time, each read is one version whole. */
Test(lake_writers, who_reads_while_others_write_sees_one_version, .init = begin, .fini = end,
     .timeout = 120) {
    vo_lake *lake = lake_at(root);
    cr_assert_eq(lake_put_version(lake, 1, NULL), VO_OK);
    const pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) lake_write_versions(root, -1);
    size_t seen[4] = {0};
    for (int k = 0; k < 300; k++) {
        vo_series *s = NULL;
        vo_error err = {0};
        cr_assert_eq(vo_lake_read(lake, &lake_node, (vo_time){LAKE_START_S},
                                  (vo_time){LAKE_START_S + 86400}, &s, &err),
                     VO_OK, "%s", err.msg);
        const double version = s->column[0].value[1];
        for (size_t t = 0; t < 24; t++)
            cr_assert_eq(s->column[0].value[t], version * (double)t);
        seen[(size_t)version]++;
        vo_series_free(s);
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    cr_assert((seen[1] > 0) + (seen[2] > 0) + (seen[3] > 0) > 1,
              "nothing was written meanwhile");
    vo_lake_close(lake);
}

/* ---- a kill among writers ---------------------------------------------------------------- */

enum { SLICE = 4, SLICES = 12 }; /* hours of an upsert; upserts of a writer */

/* A writer's slice k of the node: those of the two lie between each other. */
static vo_status put_slice(vo_lake *lake, int writer, int k, vo_error *err) {
    vo_series *s = lake_hours((2 * k + writer) * SLICE, SLICE, 1);
    const vo_status st = vo_lake_upsert(lake, &lake_node, s, NULL, NULL, err);
    vo_series_free(s);
    return st;
}

static void say(int fd, const char *byte) {
    if (write(fd, byte, 1) != 1) _exit(3);
}

static int frozen_tell;

/* No byte more may be written: the writer stands still where it is. */
static void freeze(int signal_number) {
    (void)signal_number;
    if (write(frozen_tell, "f", 1) != 1) _exit(3);
    for (;;) pause();
}

/* Puts some slices and then stands still in the middle of a file, after `limit` bytes of it, as
 * it holds the node's lock. */
static _Noreturn void write_and_freeze(int slices, rlim_t limit, int tell) {
    const struct rlimit small = {limit, RLIM_INFINITY};
    vo_lake *mine = NULL;
    if (vo_lake_open(root, &mine, NULL) != VO_OK) _exit(1);
    for (int k = 0; k < slices; k++)
        if (put_slice(mine, 0, k, NULL) != VO_OK) _exit(2);
    frozen_tell = tell;
    if (signal(SIGXFSZ, freeze) == SIG_ERR || setrlimit(RLIMIT_FSIZE, &small) != 0) _exit(1);
    put_slice(mine, 0, slices, NULL);
    _exit(4); /* it was not stopped */
}

static _Noreturn void write_all(int from, int tell) {
    vo_lake *mine = NULL;
    if (vo_lake_open(root, &mine, NULL) != VO_OK) _exit(1);
    say(tell, "b");
    for (int k = from; k < SLICES; k++)
        if (put_slice(mine, 1, k, NULL) != VO_OK) _exit(2);
    say(tell, "e");
    _exit(0);
}

/* As fork; the child has the end that it tells into, the parent the end that it hears. A child
 * that the test's end leaves alone does not live on. */
static pid_t start_telling(int *told) {
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    const pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) alarm(120);
    *told = ends[child == 0];
    close(ends[child != 0]);
    return child;
}

static void hear(int fd, char expected) {
    char byte = '?';
    cr_assert_eq(read(fd, &byte, 1), 1, "a writer ended by itself");
    cr_assert_eq(byte, expected);
}

/* The node's rows as they are, gaps and all, are the slices 0..n-1 of each writer: every hour
 * once, with its value. */
static void expect_slices(vo_lake *lake, int of_first, int of_second) {
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_lake_read_raw(lake, &lake_node, LAKE_ALL, &set, &err), VO_OK, "%s",
                 err.msg);
    const vo_readings *r = set->item[0];
    cr_assert_eq(r->n, (size_t)(of_first + of_second) * SLICE);
    size_t at = 0;
    for (int h = 0; h < 2 * SLICES * SLICE; h++) {
        const int k = h / SLICE / 2;
        if (k >= (h / SLICE % 2 ? of_second : of_first)) continue;
        cr_assert_eq(r->start_s[at], LAKE_START_S + h * 3600);
        cr_assert_eq(r->column[0].value[at], h);
        at++;
    }
    cr_assert_eq(at, r->n);
    vo_readings_set_free(set);
}

static vo_status only_leftovers(void *ctx, size_t done, size_t parts,
                                const vo_lake_finding *finding, vo_error *err) {
    (void)ctx, (void)done, (void)parts;
    if (!finding || (finding->ill == VO_LAKE_LEFTOVER && finding->mended)) return VO_OK;
    return vo_fail(err, VO_EIO, "%s: %s", finding->path, finding->what);
}

static void kill_one_of_two(int slices, rlim_t limit, bool other_began) {
    int first_told = -1, second_told = -1, status = 1;
    vo_lake *lake = lake_at(root);
    vo_error err = {0};
    if (other_began) cr_assert_eq(put_slice(lake, 1, 0, &err), VO_OK, "%s", err.msg);
    const pid_t first = start_telling(&first_told);
    if (first == 0) write_and_freeze(slices, limit, first_told);
    hear(first_told, 'f');
    const pid_t second = start_telling(&second_told);
    if (second == 0) write_all(other_began, second_told);
    hear(second_told, 'b');
    for (int i = 0; i < 20 && slices + other_began > 0; i++) /* readers need not wait */
        expect_slices(lake, slices, other_began);
    struct pollfd end = {.fd = second_told, .events = POLLIN};
    cr_assert_eq(poll(&end, 1, 0), 0, "the second did not wait for the lock");
    cr_assert_eq(kill(first, SIGKILL), 0);
    waitpid(first, &status, 0);
    cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    hear(second_told, 'e');
    waitpid(second, &status, 0);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    expect_slices(lake, slices, SLICES);
    vo_lake_health health;
    cr_assert_eq(vo_lake_doctor(lake, true, only_leftovers, NULL, &health, &err), VO_OK, "%s",
                 err.msg);
    for (int k = 0; k < SLICES; k++) /* what was killed is run again, from its beginning */
        cr_assert_eq(put_slice(lake, 0, k, &err), VO_OK, "%s", err.msg);
    expect_slices(lake, SLICES, SLICES);
    cr_assert_eq(vo_lake_doctor(lake, false, NULL, NULL, &health, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(health.findings, 0u);
    vo_lake_close(lake);
    close(first_told);
    close(second_told);
}

/* Two write hours of one node. One is killed in the middle of a file, as it holds the lock: the
 * other goes on, and loses nothing. */
Test(lake_writers, a_writer_killed_with_the_lock_leaves_the_other_to_go_on, .timeout = 120) {
    static const struct {
        int slices;
        rlim_t limit;
        bool other_began;
    } rounds[] = {{0, 0, false}, {1, 100, false}, {5, 400, true}, {SLICES - 1, 0, true}};
    for (size_t i = 0; i < sizeof rounds / sizeof rounds[0]; i++) {
        begin();
        kill_one_of_two(rounds[i].slices, rounds[i].limit, rounds[i].other_began);
        end();
    }
}
