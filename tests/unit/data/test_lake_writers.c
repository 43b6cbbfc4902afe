/* test_lake_writers.c -- writers and readers that meet: nothing is lost, nothing is half. */
#define _DEFAULT_SOURCE 1 /* kill */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "data/lake.h"
#include "port/thread.h"
#include "support/data_folder.h"

#define DEC31 INT64_C(1735603200) /* 2024-12-31T00:00Z */
#define ALL ((vo_time){INT64_MIN}), ((vo_time){INT64_MAX})

static char root[DATA_PATH];
static const vo_lake_key key = {"MEM", "MDA", "N", NULL};

static void begin(void) { cr_assert(temporary_folder(root)); }
static void end(void) { temporary_folder_remove(root); }

static vo_lake *open_at(const char *where) {
    vo_lake *lake = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_lake_open(where, &lake, &err), VO_OK, "%s", err.msg);
    return lake;
}

static vo_series *make(int first, size_t n, double factor) {
    static const char *const names[] = {"price"};
    vo_series *s = NULL;
    cr_assert_eq(vo_series_create(n, names, 1, NULL, &s, NULL), VO_OK);
    for (size_t t = 0; t < n; t++) {
        s->start[t].s = DEC31 + (first + (int64_t)t) * 3600;
        s->dt_h[t] = 1;
        s->column[0].value[t] = factor * (first + (double)t);
    }
    return s;
}

static vo_status put_version(vo_lake *lake, int version, vo_error *err) {
    vo_series *s = make(0, 48, version);
    const vo_status st = vo_lake_upsert(lake, &key, s, NULL, NULL, err);
    vo_series_free(s);
    return st;
}

static void write_forever(void) {
    vo_lake *mine = NULL;
    if (vo_lake_open(root, &mine, NULL) != VO_OK) _exit(1);
    for (int k = 0;; k++)
        if (put_version(mine, k % 3 + 1, NULL) != VO_OK) _exit(2);
}

static vo_status write_own_node(void *ctx, size_t i, size_t worker, vo_error *err) {
    (void)ctx;
    (void)worker;
    vo_lake *lake = NULL;
    vo_status st = vo_lake_open(root, &lake, err);
    for (int k = 0; k < 6 && st == VO_OK; k++) { /* its own node, and one that all share */
        char node[16];
        snprintf(node, sizeof node, "N%zu", i);
        vo_series *s = make((int)i * 4 + k * 16, 4, 1);
        st = vo_lake_upsert(lake, &(vo_lake_key){"MEM", "MDA", node, NULL}, s, NULL, NULL, err);
        if (st == VO_OK) st = vo_lake_upsert(lake, &key, s, NULL, NULL, err);
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
    vo_lake *lake = open_at(root);
    vo_series *s = NULL;
    cr_assert_eq(vo_lake_read(lake, &key, ALL, &s, &err), VO_OK, "%s", err.msg);
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
    vo_lake *lake = open_at(root);
    cr_assert_eq(put_version(lake, 1, NULL), VO_OK);
    const pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) write_forever();
    size_t seen[4] = {0};
    for (int k = 0; k < 300; k++) {
        vo_series *s = NULL;
        vo_error err = {0};
        cr_assert_eq(
            vo_lake_read(lake, &key, (vo_time){DEC31}, (vo_time){DEC31 + 86400}, &s, &err),
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
