/* test_lake_crash.c -- writers that are killed at any moment, that find the disk full, a folder
 * of others or a file where the lake should be: nothing is lost, nothing is half. */
#include <criterion/criterion.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/civil.h"
#include "data/lake_changes.h"
#include "support/data_folder.h"
#include "support/lake_rounds.h"

static char root[DATA_PATH];

static void begin(void) { cr_assert(temporary_folder(root)); }
static void end(void) { temporary_folder_remove(root); }

typedef struct {
    uint64_t sum;
    vo_lake *lake;
} digest;

static vo_status add_file(void *ctx, const vo_lake_place *p, vo_error *err) {
    static const char *const name[] = {"part.parquet", "changes.parquet"};
    digest *d = ctx;
    for (size_t i = 0; i < 2; i++) {
        char path[VO_LAKE_PATH + 32];
        vo_lake_head head;
        snprintf(path, sizeof path, "%s/%s", p->folder, name[i]);
        const vo_status st = vo_lake_head_load(d->lake, path, &head, err);
        if (st != VO_OK) return st;
        cr_assert_neq(head.state, VO_LAKE_BAD, "%s: %s", path, head.why);
        d->sum = d->sum * 1000003 + head.sum;
    }
    return VO_OK;
}

static vo_status no_other(void *ctx, const char *path, vo_error *err) {
    (void)ctx;
    return vo_fail(err, VO_EIO, "left behind: %s", path);
}

/* All files' bytes by their sums, and nothing else in the lake. */
static uint64_t contents(vo_lake *lake) {
    digest d = {0, lake};
    const vo_lake_visitor visitor = {&d, add_file, no_other};
    vo_error err = {0};
    cr_assert_eq(vo_lake_walk(lake, &visitor, &err), VO_OK, "%s", err.msg);
    return d.sum;
}

/* What a version's lake is like when nobody was ever killed. */
static void learn(uint64_t sum[3]) {
    for (int k = 0; k < 3; k++) {
        char other[DATA_PATH];
        cr_assert(temporary_folder(other));
        vo_lake *lake = lake_at(other);
        cr_assert_eq(lake_put_version(lake, k + 1, NULL), VO_OK);
        sum[k] = contents(lake);
        vo_lake_close(lake);
        temporary_folder_remove(other);
    }
}

/* ---- kills ------------------------------------------------------------------------------ */

static pid_t start_writer(int *told) {
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    const pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        close(ends[0]);
        lake_write_versions(root, ends[1]);
    }
    close(ends[1]);
    *told = ends[0];
    return child;
}

/* Waits until the writer has a temporary file there: it is in the middle of an upsert. */
static void wait_for(pid_t child, int year, const char *name) {
    char path[DATA_PATH + 100];
    snprintf(path, sizeof path, "%s/prices/market=MEM/process=MDA/node=N/year=%d/%s", root,
             year, name);
    while (access(path, F_OK) != 0) {
        cr_assert_eq(waitpid(child, NULL, WNOHANG), 0, "the writer ended by itself");
        sched_yield();
    }
}

/* A few upserts, and into one: as it begins, or while it writes one file or another. Each has
 * been begun before the kill, whatever the machine is busy with. */
static void kill_in_the_middle(int round) {
    static const struct {
        int year;
        const char *name;
    } file[] = {{2024, ".part.tmp"},
                {2024, ".changes.tmp"},
                {2025, ".part.tmp"},
                {2025, ".changes.tmp"}};
    int told = -1;
    char byte;
    const pid_t child = start_writer(&told);
    for (int i = rand() % 3; i >= 0; i--) cr_assert_eq(read(told, &byte, 1), 1);
    const int k = round % 5;
    if (k < 4) wait_for(child, file[k].year, file[k].name);
    cr_assert_eq(waitpid(child, NULL, WNOHANG), 0, "the writer ended by itself");
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(told);
}

/* Each year is one version whole. */
static void expect_whole(vo_lake *lake) {
    vo_series *s = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_lake_read(lake, &lake_node, LAKE_ALL, &s, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(s->n, 48u);
    for (size_t t = 1; t < 48; t++) {
        const double version = s->column[0].value[t] / (double)t;
        cr_assert(version == 1 || version == 2 || version == 3);
        if (t != 1 && t != 24) /* the year's end is one too */
            cr_assert_eq(version, s->column[0].value[t - 1] / (double)(t - 1));
    }
    vo_series_free(s);
}

static vo_status count_leftovers(void *ctx, size_t done, size_t parts,
                                 const vo_lake_finding *finding, vo_error *err) {
    (void)done, (void)parts, (void)err;
    if (finding && finding->ill == VO_LAKE_LEFTOVER) ++*(size_t *)ctx;
    return VO_OK;
}

/* Every part is one version whole; the doctor finds at most changes of another version and what
 * the dead were writing; and the import that is run again leaves what an import that was never
 * stopped leaves. */
Test(lake_crash, a_kill_at_any_moment_leaves_old_or_new_and_a_second_run_makes_it_good,
     .init = begin, .fini = end, .timeout = 300) {
    uint64_t clean[3];
    size_t interrupted = 0;
    learn(clean);
    vo_lake *lake = lake_at(root);
    cr_assert_eq(lake_put_version(lake, 3, NULL), VO_OK);
    cr_assert_eq(contents(lake), clean[2]);
    srand(7);
    for (int round = 0; round < 40; round++) {
        vo_lake_health health;
        vo_error err = {0};
        size_t leftovers = 0;
        kill_in_the_middle(round);
        expect_whole(lake);
        cr_assert_eq(vo_lake_doctor(lake, false, count_leftovers, &leftovers, &health, &err),
                     VO_OK, "%s", err.msg);
        interrupted += leftovers > 0;
        const int version = round % 3 + 1;
        cr_assert_eq(lake_put_version(lake, version, &err), VO_OK, "%s", err.msg);
        cr_assert_eq(contents(lake), clean[version - 1], "round %d", round);
        cr_assert_eq(vo_lake_doctor(lake, false, NULL, NULL, &health, &err), VO_OK);
        cr_assert_eq(health.findings, 0u);
    }
    cr_assert_gt(interrupted, 0u, "no kill hit an upsert");
    vo_lake_close(lake);
}

/* A limit on file sizes stands for a full disk: writes fail halfway. */
Test(lake_crash, a_full_disk_leaves_the_old_part, .init = begin, .fini = end) {
    vo_lake *lake = lake_at(root);
    cr_assert_eq(lake_put_version(lake, 1, NULL), VO_OK);
    const uint64_t before = contents(lake);
    for (rlim_t limit = 0; limit <= 4000; limit += 500) {
        const pid_t child = fork();
        cr_assert_geq(child, 0);
        if (child == 0) {
            vo_lake *mine = NULL;
            vo_error err = {0};
            const struct rlimit small = {limit, limit};
            signal(SIGXFSZ, SIG_IGN);
            vo_series *s = lake_hours(0, 8000, 1.37);
            for (size_t t = 0; t < s->n; t++) s->column[0].value[t] = sin((double)t);
            if (vo_lake_open(root, &mine, NULL) != VO_OK ||
                setrlimit(RLIMIT_FSIZE, &small) != 0)
                _exit(9);
            const vo_status st = vo_lake_upsert(mine, &lake_node, s, NULL, NULL, &err);
            _exit(st == VO_EIO && strstr(err.msg, "cannot write") && strstr(err.msg, "full") &&
                          !strstr(err.msg, "DuckDB")
                      ? 0
                      : 1);
        }
        int status = 1;
        waitpid(child, &status, 0);
        cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "limit %d: %d", (int)limit,
                  WEXITSTATUS(status));
        cr_assert_eq(contents(lake), before, "limit %d", (int)limit);
    }
    vo_lake_close(lake);
}

Test(lake_crash, a_root_that_is_a_file_or_may_not_be_written_is_named, .init = begin,
     .fini = end) {
    char path[DATA_PATH + 16];
    vo_error err = {0};
    snprintf(path, sizeof path, "%s/file", root);
    cr_assert_eq(vo_file_write(path, "x", 1, NULL), VO_OK);
    vo_lake *lake = lake_at(path);
    vo_series *s = lake_hours(0, 5, 1), *back = NULL;
    cr_assert_eq(vo_lake_upsert(lake, &lake_node, s, NULL, NULL, &err), VO_EIO, "%d", err.code);
    cr_assert(strstr(err.msg, path), "%s", err.msg);
    vo_lake_entry *entry = NULL;
    size_t n = 0;
    cr_assert_eq(vo_lake_list(lake, &entry, &n, &err), VO_EIO);
    cr_assert(strstr(err.msg, path), "%s", err.msg);
    cr_assert_neq(vo_lake_read(lake, &lake_node, LAKE_ALL, &back, &err), VO_OK);
    vo_lake_close(lake);
    snprintf(path, sizeof path, "%s/closed", root);
    cr_assert_eq(mkdir(path, 0555), 0);
    if (geteuid() != 0) { /* who is root may write anywhere */
        lake = lake_at(path);
        cr_assert_eq(vo_lake_upsert(lake, &lake_node, s, NULL, NULL, &err), VO_EIO);
        cr_assert(strstr(err.msg, path), "%s", err.msg);
        vo_lake_close(lake);
    }
    lake = lake_at("/proc/volteo-lake"); /* nobody may write there */
    cr_assert_neq(vo_lake_upsert(lake, &lake_node, s, NULL, NULL, &err), VO_OK);
    cr_assert(strstr(err.msg, "/proc/volteo-lake"), "%s", err.msg);
    vo_lake_close(lake);
    vo_series_free(s);
}

Test(lake_crash, stamps_that_the_lake_cannot_hold_are_refused, .init = begin, .fini = end) {
    vo_lake *lake = lake_at(root);
    const vo_civil last = {.year = 9999, .month = 12, .day = 31, .hour = 23};
    const vo_civil first = {.year = 1, .month = 1, .day = 1};
    static const int64_t far[] = {INT64_MAX - 10000, INT64_MIN / 2, INT64_C(1) << 43};
    vo_error err = {0};
    vo_series *s = lake_hours(0, 2, 1), *back = NULL;
    for (size_t i = 0; i < 3; i++) {
        s->start[0].s = far[i];
        s->start[1].s = far[i] + 3600;
        cr_assert_eq(vo_lake_upsert(lake, &lake_node, s, NULL, NULL, &err), VO_EINVAL);
        cr_assert(strstr(err.msg, "9999"), "%s", err.msg);
    }
    s->start[0].s = vo_civil_seconds(&last);
    s->start[1].s = s->start[0].s + 3600; /* the year 10000 */
    cr_assert_eq(vo_lake_upsert(lake, &lake_node, s, NULL, NULL, &err), VO_EINVAL);
    s->start[1].s = s->start[0].s + 1800;
    s->dt_h[0] = 0.5;
    cr_assert_eq(vo_lake_upsert(lake, &lake_node, s, NULL, NULL, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_lake_read(lake, &lake_node, LAKE_ALL, &back, &err), VO_OK, "%s", err.msg);
    cr_assert(back->n == 2 && back->start[0].s == vo_civil_seconds(&last));
    vo_series_free(back);
    s->dt_h[0] = 1;
    s->start[0].s = vo_civil_seconds(&first);
    s->start[1].s = s->start[0].s + 3600;
    cr_assert_eq(
        vo_lake_upsert(lake, &(vo_lake_key){"M", "P", "Old", NULL}, s, NULL, NULL, &err), VO_OK,
        "%s", err.msg);
    cr_assert_eq(
        vo_lake_read(lake, &(vo_lake_key){"M", "P", "Old", NULL}, LAKE_ALL, &back, &err), VO_OK,
        "%s", err.msg);
    cr_assert_eq(back->start[0].s, vo_civil_seconds(&first));
    vo_series_free(back);
    vo_touch touch = {.start_s = INT64_C(1) << 43, .rule = VO_CLEAN_TRIMMED, .column = -1};
    const vo_clean_report report = {.n = 1, .touch = &touch};
    cr_assert_eq(vo_lake_upsert(lake, &lake_node, s, &report, NULL, &err), VO_EINVAL);
    vo_series_free(s);
    vo_lake_close(lake);
}
