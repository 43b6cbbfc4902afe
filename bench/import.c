/* import.c -- data in: rows/s and rows per CPU-second of vo_import (read, clean, write Parquet
 * by node and year, flushed to disk), beside DuckDB on the same file in the same run. Then the
 * time to read one node-year back.
 *
 *     bench_import [--quick] [--rounds=N] [nodes|minutes|mem]...
 *                              10 000 000 rows each, 3 rounds; --quick: 1 000 000 rows
 *       nodes    node,timestamp,price,energy,loss,congestion: 1 142 nodes x 8 756 hours, node
 *                after node
 *       minutes  timestamp,price: one series of minutes
 *       mem      CENACE's normalised layout, the nodes as above
 *
 * Peers, all DuckDB with as many threads as there are cores:
 *     sum    SELECT count(*), sum(price) FROM read_csv: converts one column, keeps nothing
 *     table  CREATE TEMP TABLE AS SELECT * FROM read_csv: converts and keeps every column
 *     copy   COPY (SELECT ... FROM read_csv) TO Parquet, partitioned alike; not flushed to disk
 * None of them resolves local hours, checks, sorts or fills anything. Every measurement is a
 * process of its own, so that time and memory are its own; rounds take turns, medians count.
 * CPU time (user and system, all threads) is the steadier figure on a machine that others use
 * too.
 */
#define _GNU_SOURCE /* nftw, wait4 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/random.h"
#include "base/zone.h"
#include "data/import.h"
#include "data/lake_duckdb.h"
#include "data/synth.h"
#include "port/clock.h"
#include "port/thread.h"

#define MAX_ROUNDS 31
#define HOURS 8757 /* of a node, about */
#define BASES 16u  /* series that the generator makes; others are near them */
#define TARGET 0.6
#define TARGET_MIB 300.0

typedef struct {
    const char *name, *select, *partition;
    const char *node_column;
    void (*make)(FILE *f, size_t rows);
} shape;

typedef struct {
    double seconds, cpu_s, peak_mib;
    size_t rows;
} measured;

typedef struct {
    bool quick;
    int rounds;
} settings;

static char folder[256], file[300];

static void check(vo_status st, const vo_error *err) {
    if (st == VO_OK) return;
    fprintf(stderr, "import: %s\n", err->msg);
    exit(1);
}

/* ---- files ---------------------------------------------------------------------------- */

static vo_series *base[BASES];

static void make_bases(void) {
    const vo_synth_options o = vo_synth_options_default();
    vo_error err = {0};
    for (uint32_t k = 0; k < BASES && !base[k]; k++)
        check(vo_synth_series(&o, k, &base[k], &err), &err);
}

static double value(size_t node, size_t t, size_t column, vo_random *r) {
    const vo_series *s = base[node % BASES];
    return s->column[column].value[t % s->n] + 0.01 * (double)vo_random_below(r, 500);
}

static void put_stamp(FILE *f, int64_t utc_s) {
    char text[40];
    const vo_civil c = vo_civil_from_seconds(utc_s);
    vo_civil_format(&c, text);
    fputs(text, f);
}

static void make_nodes(FILE *f, size_t rows) {
    vo_random r = vo_random_seed(1, 0);
    const size_t nodes = (rows + HOURS - 1) / HOURS, hours = rows / nodes;
    fputs("node,timestamp,price,energy,loss,congestion\n", f);
    for (size_t k = 0; k < nodes; k++)
        for (size_t t = 0; t < hours; t++) {
            const double e = value(k, t, 1, &r), l = value(k, t, 2, &r), c = value(k, t, 3, &r);
            fprintf(f, "NODE%04zu,", k);
            put_stamp(f, 1704067200 + (int64_t)t * 3600);
            fprintf(f, ",%.2f,%.2f,%.2f,%.2f\n", e + l + c, e, l, c);
        }
}

static void make_minutes(FILE *f, size_t rows) {
    vo_random r = vo_random_seed(2, 0);
    fputs("timestamp,price\n", f);
    for (size_t t = 0; t < rows; t++) {
        put_stamp(f, 1262304000 + (int64_t)t * 60);
        fprintf(f, ",%.2f\n", value(0, t / 60, 0, &r));
    }
}

static void make_mem(FILE *f, size_t rows) {
    vo_random r = vo_random_seed(3, 0);
    const size_t nodes = (rows + HOURS - 1) / HOURS, hours = rows / nodes;
    fputs("sistema,mercado,tipo,clave,fecha,hora,precio,c_energia,c_perdidas,c_congestion\n",
          f);
    for (size_t k = 0; k < nodes; k++)
        for (size_t t = 0; t < hours; t++) {
            const double e = value(k, t, 1, &r), l = value(k, t, 2, &r), c = value(k, t, 3, &r);
            vo_civil day;
            vo_civil_from_days(19723 + (int64_t)t / 24, &day);
            fprintf(f, "SIN,MDA,PND,NODE%04zu,%04d-%02d-%02d,%zu,%.2f,%.2f,%.2f,%.2f\n", k,
                    day.year, day.month, day.day, t % 24 + 1, e + l + c, e, l, c);
        }
}

static const shape shapes[] = {
    {"nodes", "count(*), sum(price)", "*, year(timestamp) AS year|node, year", "node",
     make_nodes},
    {"minutes", "count(*), sum(price)", "*, year(timestamp) AS year|year", NULL, make_minutes},
    {"mem", "count(*), sum(precio)", "*, year(fecha) AS year|mercado, clave, year", NULL,
     make_mem},
};

/* ---- measuring ------------------------------------------------------------------------- */

static void import_it(const shape *s, size_t *rows) {
    vo_source_options o = vo_source_options_default();
    vo_import_summary sum = {0};
    vo_error err = {0};
    vo_lake *lake = NULL;
    char root[300];
    snprintf(root, sizeof root, "%s/lake", folder);
    o.node_column = s->node_column;
    o.market = s->node_column ? "BENCH" : NULL;
    check(vo_lake_open(root, &lake, &err), &err);
    check(vo_import(lake, file, &o, NULL, NULL, NULL, &sum, &err), &err);
    vo_lake_close(lake);
    if (sum.refused)
        fprintf(stderr, "import: %zu refused: %s\n", sum.refused, sum.first_refusal.msg);
    *rows = sum.rows;
}

static void read_it(const shape *s, size_t *rows) {
    vo_source_options o = vo_source_options_default();
    vo_readings_set *set = NULL;
    vo_error err = {0};
    char spill[300];
    snprintf(spill, sizeof spill, "%s/spill", folder);
    o.node_column = s->node_column;
    check(vo_readings_set_create_spilling(spill, (size_t)48 << 20, &set, &err), &err);
    check(vo_source_stream(file, &o, set, &err), &err);
    *rows = set->rows;
    vo_readings_set_free(set);
}

static void query(const char *sql) {
    vo_duck *d = NULL;
    vo_error err = {0};
    char threads[64];
    snprintf(threads, sizeof threads, "SET threads = %zu", vo_thread_count());
    check(vo_duck_open(&d, &err), &err);
    check(vo_duck_query(d, threads, NULL, NULL, &err), &err);
    check(vo_duck_query(d, sql, NULL, NULL, &err), &err);
    vo_duck_close(d);
}

static void peer_sum(const shape *s, size_t *rows) {
    char sql[1024];
    snprintf(sql, sizeof sql, "SELECT %s FROM read_csv('%s')", s->select, file);
    query(sql);
    *rows = 0;
}

static void peer_table(const shape *s, size_t *rows) {
    char sql[1024];
    (void)s;
    snprintf(sql, sizeof sql, "CREATE OR REPLACE TEMP TABLE t AS SELECT * FROM read_csv('%s')",
             file);
    query(sql);
    *rows = 0;
}

static void peer_copy(const shape *s, size_t *rows) {
    char sql[1024];
    const char *bar = strchr(s->partition, '|');
    snprintf(
        sql, sizeof sql,
        "COPY (SELECT %.*s FROM read_csv('%s')) TO '%s/peer' (FORMAT parquet, PARTITION_BY "
        "(%s))",
        (int)(bar - s->partition), s->partition, file, folder, bar + 1);
    query(sql);
    *rows = 0;
}

static double seconds_of(struct timeval t) {
    return (double)t.tv_sec + 1e-6 * (double)t.tv_usec;
}

static measured in_child(void (*what)(const shape *s, size_t *rows), const shape *s) {
    measured m = {0};
    struct rusage use;
    int ends[2], status = 0;
    if (pipe(ends) != 0) exit(1);
    const double from = vo_clock_monotonic_s();
    const pid_t child = fork();
    if (child == 0) {
        size_t rows = 0;
        what(s, &rows);
        _exit(write(ends[1], &rows, sizeof rows) == sizeof rows ? 0 : 1);
    }
    if (child < 0 || wait4(child, &status, 0, &use) != child || status != 0) exit(1);
    m.seconds = vo_clock_monotonic_s() - from;
    m.cpu_s = seconds_of(use.ru_utime) + seconds_of(use.ru_stime);
    m.peak_mib = (double)use.ru_maxrss / 1024;
    if (read(ends[0], &m.rows, sizeof m.rows) != sizeof m.rows) exit(1);
    close(ends[0]);
    close(ends[1]);
    return m;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at) {
    (void)st, (void)kind, (void)at;
    return remove(path);
}

static void remove_tree(const char *name) {
    char path[300];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- rounds ---------------------------------------------------------------------------- */

enum { SUM, TABLE, COPY, READ, IMPORT, N_MEASURED };

static int by_size(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *x, int n) {
    qsort(x, (size_t)n, sizeof *x, by_size);
    return n % 2 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

static void measure(const shape *s, int rounds, measured out[N_MEASURED]) {
    static void (*const what[])(const shape *s, size_t *rows) = {peer_sum, peer_table,
                                                                 peer_copy, read_it, import_it};
    double wall[N_MEASURED][MAX_ROUNDS], cpu[N_MEASURED][MAX_ROUNDS];
    double peak[N_MEASURED][MAX_ROUNDS];
    in_child(peer_sum, s); /* warms the cache, counts for nothing */
    for (int i = 0; i < rounds; i++)
        for (int k = 0; k < N_MEASURED; k++) {
            if (k == COPY) remove_tree("peer");
            if (k == IMPORT) remove_tree("lake");
            const measured m = in_child(what[k], s);
            wall[k][i] = m.seconds, cpu[k][i] = m.cpu_s, peak[k][i] = m.peak_mib;
            out[k].rows = m.rows;
        }
    for (int k = 0; k < N_MEASURED; k++) {
        out[k].seconds = median(wall[k], rounds);
        out[k].cpu_s = median(cpu[k], rounds);
        out[k].peak_mib = median(peak[k], rounds);
    }
}

static void line(const char *name, const char *metric, double ours, double peer,
                 const char *unit, const char *verdict) {
    printf("import,%s_%s,%.6g,%.6g,%.4g,%s,%s\n", name, metric, ours, peer, ours / peer, unit,
           verdict);
    fflush(stdout);
}

static const char *said(bool reached) { return reached ? "target reached" : "TARGET MISSED"; }

static void against(const shape *s, const char *metric, const measured *ours,
                    const measured *peer, double n, bool is_target) {
    char name[64];
    const bool reached = peer->seconds / ours->seconds >= TARGET;
    line(s->name, metric, n / ours->seconds, n / peer->seconds, "rows/s",
         is_target ? said(reached) : "");
    snprintf(name, sizeof name, "%s_cpu", metric);
    line(s->name, name, n / ours->cpu_s, n / peer->cpu_s, "rows/CPU-s", "");
}

static void run(const shape *s, const settings *o) {
    measured m[N_MEASURED];
    FILE *f = fopen(file, "w");
    if (!f) exit(1);
    setvbuf(f, NULL, _IOFBF, 1 << 20);
    make_bases();
    s->make(f, o->quick ? 1000000 : 10000000);
    if (fclose(f) != 0) exit(1);
    measure(s, o->rounds, m);
    const double n = (double)m[IMPORT].rows;
    against(s, "read_against_table", &m[READ], &m[TABLE], n, false);
    against(s, "import_against_sum", &m[IMPORT], &m[SUM], n, true);
    against(s, "import_against_table", &m[IMPORT], &m[TABLE], n, true);
    against(s, "import_against_copy", &m[IMPORT], &m[COPY], n, true);
    line(s->name, "peak_mib", m[IMPORT].peak_mib, m[COPY].peak_mib, "MiB",
         said(m[IMPORT].peak_mib < TARGET_MIB));
}

/* ---- one node-year back ------------------------------------------------------------------ */

static void look_up(void) {
    vo_error err = {0};
    vo_lake *lake = NULL;
    char root[300];
    double best_s = 1e9;
    const vo_lake_key key = {"BENCH", "DA", "NODE0007", NULL};
    snprintf(root, sizeof root, "%s/lake", folder);
    check(vo_lake_open(root, &lake, &err), &err);
    for (int i = 0; i < 30; i++) {
        vo_series *s = NULL;
        const double from = vo_clock_monotonic_s();
        check(vo_lake_read(lake, &key, (vo_time){INT64_MIN}, (vo_time){INT64_MAX}, &s, &err),
              &err);
        const double took = vo_clock_monotonic_s() - from;
        if (took < best_s) best_s = took;
        vo_series_free(s);
    }
    vo_lake_close(lake);
    printf("import,node_year_warm,%.4g,3,%.4g,ms,%s\n", best_s * 1e3, best_s * 1e3 / 3,
           said(best_s < 3e-3));
}

static bool is_wanted(int argc, char **argv, const char *name) {
    bool any = false;
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-') continue;
        any = true;
        if (strcmp(argv[i], name) == 0) return true;
    }
    return !any;
}

int main(int argc, char **argv) {
    settings o = {.rounds = 3};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0) o.quick = true;
        if (strncmp(argv[i], "--rounds=", 9) == 0) o.rounds = atoi(argv[i] + 9);
    }
    if (o.rounds < 1 || o.rounds > MAX_ROUNDS) o.rounds = 3;
    snprintf(folder, sizeof folder, "volteo-bench-XXXXXX");
    if (!mkdtemp(folder)) return 1;
    snprintf(file, sizeof file, "%s/prices.csv", folder);
    puts("claim,metric,ours,peer,ratio,unit,verdict");
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        if (!is_wanted(argc, argv, shapes[i].name)) continue;
        run(&shapes[i], &o);
        if (shapes[i].make == make_nodes) look_up();
    }
    fprintf(stderr, "import: files are left in %s\n", folder);
    return 0;
}
