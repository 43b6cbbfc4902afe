/* test_import_big.c -- files larger than the memory that import may take; imports that are
 * stopped, killed, or fed through a pipe. Nodes are cleaned and written by several threads. */
#define _DEFAULT_SOURCE /* wait4 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/civil.h"
#include "data/import.h"
#include "support/data_folder.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

static char folder[DATA_PATH], file[DATA_PATH + 32], root[2][DATA_PATH + 16];

static void begin(void) {
    cr_assert(temporary_folder(folder));
    snprintf(file, sizeof file, "%s/prices.csv", folder);
    for (int i = 0; i < 2; i++) snprintf(root[i], sizeof root[i], "%s/lake%d", folder, i);
}
static void end(void) { temporary_folder_remove(folder); }

/* Hour by hour, all nodes of an hour one after the other. */
static void write_rows(FILE *f, int nodes, int hours) {
    fputs("node,timestamp,price,energy,loss,congestion,a,b,c,d\n", f);
    for (int t = 0; t < hours; t++) {
        const vo_civil c = vo_civil_from_seconds(1577836800 + (int64_t)t * 3600);
        char stamp[40];
        vo_civil_format(&c, stamp);
        for (int k = 0; k < nodes; k++)
            fprintf(f, "N%d,%s,%d,%d,0,0,%d,5,6,7\n", k, stamp, k + t % 99, k + t % 99, t);
    }
}

static void write_file(int nodes, int hours) {
    FILE *f = fopen(file, "w");
    cr_assert_not_null(f);
    write_rows(f, nodes, hours);
    cr_assert_eq(fclose(f), 0);
}

static const vo_source_options options = {.node_column = "node", .market = "M"};

static vo_status import_into(const char *into, const char *path, vo_import_progress progress,
                             void *ctx, vo_import_summary *sum, vo_error *err) {
    vo_lake *lake = NULL;
    vo_status st = vo_lake_open(into, &lake, err);
    if (st == VO_OK) st = vo_import(lake, path, &options, NULL, progress, ctx, sum, err);
    vo_lake_close(lake);
    return st;
}

static vo_status everything(vo_lake *lake, const char *node, vo_series **s) {
    const vo_lake_key key = {"M", "DA", node, NULL};
    return vo_lake_read(lake, &key, (vo_time){0}, (vo_time){INT64_C(4000000000)}, s, NULL);
}

static void must_be_same_lakes(int nodes, size_t hours) {
    vo_lake *lake[2] = {NULL};
    for (int i = 0; i < 2; i++) cr_assert_eq(vo_lake_open(root[i], &lake[i], NULL), VO_OK);
    for (int k = 0; k < nodes; k++) {
        vo_series *s[2] = {NULL};
        char node[16];
        snprintf(node, sizeof node, "N%d", k);
        for (int i = 0; i < 2; i++)
            cr_assert_eq(everything(lake[i], node, &s[i]), VO_OK, "%s of lake %d", node, i);
        cr_assert(s[0]->n == hours && s[1]->n == hours && s[0]->n_columns == 8);
        for (size_t c = 0; c < 8; c++)
            cr_assert_eq(memcmp(s[0]->column[c].value, s[1]->column[c].value, 8 * hours), 0);
        cr_assert_eq(s[0]->column[0].value[5], k + 5);
        vo_series_free(s[0]);
        vo_series_free(s[1]);
    }
    vo_lake_close(lake[0]);
    vo_lake_close(lake[1]);
}

static bool spill_is_empty(const char *lake) {
    char path[DATA_PATH + 32];
    size_t n = 0;
    snprintf(path, sizeof path, "%s/.spill", lake);
    DIR *d = opendir(path);
    if (!d) return true;
    for (const struct dirent *e; (e = readdir(d));) n += e->d_name[0] != '.';
    closedir(d);
    return n == 0;
}

/* Its rows alone would take 77 bytes each. */
Test(import_big, a_file_larger_than_the_memory_goes_through, .init = begin, .fini = end,
     .timeout = 300) {
    const int nodes = SANITIZED ? 40 : 250, hours = 10000;
    struct rusage use;
    int status = 1;
    write_file(nodes, hours);
    const pid_t child = fork();
    if (child == 0) {
        vo_import_summary sum = {0};
        vo_error err = {0};
        if (import_into(root[0], file, NULL, NULL, &sum, &err) != VO_OK) _exit(1);
        _exit(sum.rows == (size_t)nodes * (size_t)hours && sum.nodes == (size_t)nodes ? 0 : 2);
    }
    cr_assert_eq(wait4(child, &status, 0, &use), child);
    cr_assert_eq(status, 0);
    cr_assert(spill_is_empty(root[0]));
    if (SANITIZED) cr_skip_test("memory is not measured under a sanitizer");
    cr_assert_lt(use.ru_maxrss / 1024, 170, "%ld MiB", use.ru_maxrss / 1024);
}

static vo_status after_five(void *ctx, size_t done, size_t nodes, const vo_lake_key *key,
                            const vo_clean_report *report, vo_error *err) {
    (void)nodes;
    (void)report;
    (void)err;
    if (key && done == 5) {
        if (write(*(int *)ctx, "5", 1) != 1) return VO_EIO;
    }
    return VO_OK;
}

/* The child is killed at some point while it writes; what it leaves is no obstacle. */
Test(import_big, an_import_that_was_killed_is_run_again_and_nothing_is_lost, .init = begin,
     .fini = end, .timeout = 300) {
    const int nodes = 150, hours = 9000;
    vo_import_summary sum = {0};
    vo_error err = {0};
    int ends[2], status = 0;
    char byte = 0;
    write_file(nodes, hours);
    cr_assert_eq(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        (void)import_into(root[0], file, after_five, &ends[1], &sum, &err);
        _exit(0);
    }
    close(ends[1]);
    cr_assert_eq(read(ends[0], &byte, 1), 1);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    cr_assert(WIFSIGNALED(status), "it was done before it could be killed");
    cr_assert(spill_is_empty(root[0]));
    cr_assert_eq(import_into(root[0], file, NULL, NULL, &sum, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(import_into(root[1], file, NULL, NULL, &sum, &err), VO_OK, "%s", err.msg);
    must_be_same_lakes(nodes, (size_t)hours);
}

typedef struct {
    size_t told, reading;
    bool in_order;
} log_of_progress;

static vo_status note(void *ctx, size_t done, size_t nodes, const vo_lake_key *key,
                      const vo_clean_report *report, vo_error *err) {
    log_of_progress *log = ctx;
    (void)nodes;
    (void)report;
    (void)err;
    if (!key) {
        log->reading++;
    } else {
        char node[16];
        snprintf(node, sizeof node, "N%zu", log->told++);
        log->in_order = log->in_order && done == log->told && strcmp(key->node, node) == 0;
    }
    return VO_OK;
}

Test(import_big, a_pipe_is_imported_like_the_file_and_nodes_are_told_in_order, .init = begin,
     .fini = end, .timeout = 300) {
    vo_import_summary sum = {0};
    vo_error err = {0};
    log_of_progress log = {.in_order = true};
    int ends[2];
    write_file(90, 3000);
    cr_assert_eq(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        FILE *f = fdopen(ends[1], "w");
        if (f) write_rows(f, 90, 3000);
        _exit(f && fclose(f) == 0 ? 0 : 1);
    }
    close(ends[1]);
    cr_assert_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    cr_assert_eq(import_into(root[0], "-", note, &log, &sum, &err), VO_OK, "%s", err.msg);
    waitpid(child, NULL, 0);
    cr_assert(log.told == 90 && log.in_order && log.reading > 10);
    cr_assert_eq(import_into(root[1], file, NULL, NULL, &sum, &err), VO_OK, "%s", err.msg);
    must_be_same_lakes(90, 3000);
}

static vo_status stop_soon(void *ctx, size_t done, size_t nodes, const vo_lake_key *key,
                           const vo_clean_report *report, vo_error *err) {
    (void)done;
    (void)nodes;
    (void)key;
    (void)report;
    return ++*(int *)ctx < 3 ? VO_OK : vo_fail(err, VO_ECANCELED, "enough");
}

/* Nobody writes to the pipe: only the callback can end this. */
Test(import_big, a_wait_for_a_pipe_is_stopped_by_the_callback, .init = begin, .fini = end,
     .timeout = 60) {
    vo_import_summary sum = {0};
    vo_error err = {0};
    int ends[2], asked = 0;
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    cr_assert_eq(import_into(root[0], "-", stop_soon, &asked, &sum, &err), VO_ECANCELED);
    cr_assert_str_eq(err.msg, "enough");
}
