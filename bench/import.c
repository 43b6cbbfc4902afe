/* import.c -- prices in: rows/s of parsing and of filling the lake, ms of one node-year, beside
 * DuckDB's own CSV reader and Parquet writer on the same file in the same run.
 *
 * The file is made here: synthetic prices in CENACE's normalised layout, 100 nodes x 8 760
 * hours
 * (--quick: 20 nodes). DuckDB's side neither resolves local hours nor checks anything.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/zone.h"
#include "data/import.h"
#include "data/lake_duckdb.h"
#include "data/synth.h"
#include "port/clock.h"
#include "port/file.h"

#define MAX_TEXT ((size_t)100 << 20)

static char folder[256];

static void check(vo_status st, const vo_error *err) {
    if (st == VO_OK) return;
    fprintf(stderr, "import: %s\n", err->msg);
    exit(1);
}

static void line(const char *metric, double ours, double peer, const char *unit) {
    printf("import,%s,%.6g,%.6g,%.4g,%s\n", metric, ours, peer, ours / peer, unit);
    fflush(stdout);
}

/* sistema,mercado,tipo,clave,fecha,hora,precio,c_energia,c_perdidas,c_congestion */
static size_t put_node(char *to, uint32_t node, vo_error *err) {
    const vo_synth_options o = vo_synth_options_default();
    vo_series *s = NULL;
    vo_zone *zone = NULL;
    size_t n = 0;
    check(vo_synth_series(&o, node, &s, err), err);
    check(vo_zone_open(s->zone, &zone, err), err);
    for (size_t t = 0; t < s->n; t++) {
        vo_civil day;
        const int64_t local = vo_zone_local_day(zone, s->start[t].s);
        vo_civil_from_days(local, &day);
        n += (size_t)sprintf(to + n,
                             "SIN,MDA,PND,NODE%03u,%04d-%02d-%02d,%d,%.2f,%.2f,%.2f,%.2f\n",
                             node, day.year, day.month, day.day,
                             (int)((s->start[t].s - vo_zone_day_start(zone, local)) / 3600) + 1,
                             s->column[0].value[t], s->column[1].value[t],
                             s->column[2].value[t], s->column[3].value[t]);
    }
    vo_zone_close(zone);
    vo_series_free(s);
    return n;
}

static void make_file(const char *path, uint32_t nodes, vo_error *err) {
    char *text = malloc(MAX_TEXT);
    if (!text) exit(1);
    size_t n = (size_t)sprintf(text, "sistema,mercado,tipo,clave,fecha,hora,precio,c_energia,"
                                     "c_perdidas,c_congestion\n");
    for (uint32_t k = 0; k < nodes; k++) n += put_node(text + n, k, err);
    check(vo_file_write(path, text, n, err), err);
    free(text);
}

static double sql_s(vo_duck *d, const char *sql, vo_duck_take take, vo_error *err) {
    const double from = vo_clock_monotonic_s();
    check(vo_duck_query(d, sql, take, NULL, err), err);
    return vo_clock_monotonic_s() - from;
}

static vo_status nothing(void *ctx, const vo_duck_rows *rows, vo_error *err) {
    (void)ctx;
    (void)rows;
    (void)err;
    return VO_OK;
}

static void parse(const char *path, vo_duck *d, vo_error *err) {
    char sql[512];
    vo_readings_set *set = NULL;
    double ours_s = 1e9, peer_s = 1e9;
    size_t rows = 0;
    snprintf(sql, sizeof sql, "CREATE OR REPLACE TABLE t AS SELECT * FROM read_csv('%s')",
             path);
    for (int i = 0; i < 3; i++) {
        const double from = vo_clock_monotonic_s();
        check(vo_source_read(path, NULL, &set, err), err);
        const double s = vo_clock_monotonic_s() - from;
        if (s < ours_s) ours_s = s;
        rows = set->rows;
        vo_readings_set_free(set);
        const double p = sql_s(d, sql, NULL, err);
        if (p < peer_s) peer_s = p;
    }
    line("csv_rows_per_s", (double)rows / ours_s, (double)rows / peer_s, "rows/s");
}

static void fill(const char *path, vo_lake *lake, vo_duck *d, vo_error *err) {
    char sql[1024];
    vo_import_summary sum = {0};
    const double from = vo_clock_monotonic_s();
    check(vo_import(lake, path, NULL, NULL, NULL, NULL, &sum, err), err);
    const double ours_s = vo_clock_monotonic_s() - from;
    snprintf(sql, sizeof sql,
             "COPY (SELECT *, year(fecha) AS year FROM read_csv('%s')) TO '%s/peer' (FORMAT "
             "parquet, PARTITION_BY (mercado, clave, year))",
             path, folder);
    const double peer_s = sql_s(d, sql, NULL, err);
    line("lake_rows_per_s", (double)sum.rows / ours_s, (double)sum.rows / peer_s, "rows/s");
}

static void look_up(vo_lake *lake, vo_duck *d, vo_error *err) {
    char sql[1024];
    double ours_s = 1e9, peer_s = 1e9;
    const vo_lake_key key = {"MEM", "MDA", "NODE007", NULL};
    snprintf(sql, sizeof sql,
             "SELECT * FROM read_parquet('%s/peer/**/*.parquet', hive_partitioning=true) WHERE "
             "mercado = 'MDA' AND clave = 'NODE007' ORDER BY fecha, hora",
             folder);
    for (int i = 0; i < 30; i++) {
        vo_series *s = NULL;
        const double from = vo_clock_monotonic_s();
        check(vo_lake_read(lake, &key, (vo_time){INT64_MIN}, (vo_time){INT64_MAX}, &s, err),
              err);
        const double took = vo_clock_monotonic_s() - from;
        if (took < ours_s) ours_s = took;
        vo_series_free(s);
        const double p = sql_s(d, sql, nothing, err);
        if (p < peer_s) peer_s = p;
    }
    line("node_year_warm", ours_s * 1e3, peer_s * 1e3, "ms");
}

int main(int argc, char **argv) {
    char path[300], root[300];
    vo_error err = {0};
    vo_lake *lake = NULL;
    vo_duck *d = NULL;
    const bool quick = argc > 1 && strcmp(argv[1], "--quick") == 0;
    snprintf(folder, sizeof folder, "/tmp/volteo-bench-XXXXXX");
    if (!mkdtemp(folder)) return 1;
    snprintf(path, sizeof path, "%s/prices.csv", folder);
    snprintf(root, sizeof root, "%s/lake", folder);
    make_file(path, quick ? 20 : 100, &err);
    check(vo_duck_open(&d, &err), &err);
    check(vo_lake_open(root, &lake, &err), &err);
    puts("claim,metric,ours,peer,ratio,unit");
    parse(path, d, &err);
    fill(path, lake, d, &err);
    look_up(lake, d, &err);
    vo_lake_close(lake);
    vo_duck_close(d);
    fprintf(stderr, "import: files are left in %s\n", folder);
    return 0;
}
