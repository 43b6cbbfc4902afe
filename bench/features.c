/* features.c -- a year of one-minute prices to features, beside the same features by pandas.
 *
 *     bench_features --python=PROGRAM [--quick] [--rounds=N]
 *                              525 600 rows, 5 rounds; --quick: a month, 3 rounds
 *
 * Prices have gaps (0.1 %); local time is America/Los_Angeles with both changes of the clock; all
 * default features, horizon 15; one thread. Ours: create, fill, free; into rows that are kept
 * (one horizon after another) and into rows allocated each time (port/pages.h), whose first
 * touch the system makes us pay for. pandas (bench/peers/features_pandas.py): from a Series
 * with its index to a matrix of float32, one thread as pandas has it. Rounds take turns in
 * blocks: ours, pandas, ours; the least and the median are given, of time and, steadier on a
 * machine that others use too, of CPU time. The matrices must agree within float32, NAN in the
 * same places, or the bench fails.
 */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/order.h"
#include "base/random.h"
#include "learn/features.h"
#include "learn/holidays.h"
#include "port/clock.h"
#include "port/pages.h"

enum { MINUTES = 525600, MONTH = 43200, HORIZON = 15, MAX_ROUNDS = 99 };
static const char zone[] = "America/Los_Angeles";

static size_t n = MINUTES, rounds = 5;
static const char *python;
static char folder[] = "/tmp/volteo_features_XXXXXX";

static void stop(const char *what) {
    fprintf(stderr, "features: %s\n", what);
    exit(1);
}

static void check(vo_status st, const vo_error *err) {
    if (st != VO_OK) stop(err->msg);
}

static void line(const char *claim, const char *metric, double ours, double peer, double ratio,
                 const char *unit) {
    printf("%s,%s,%.6g,%.6g,%.4g,%s\n", claim, metric, ours, peer, ratio, unit);
    fflush(stdout);
}

/* ---- prices ------------------------------------------------------------------------------ */

static vo_series *make_series(void) {
    static const char *const names[] = {"price"};
    vo_error err = {0};
    vo_series *s = NULL;
    check(vo_series_create(n, names, 1, NULL, &s, &err), &err);
    vo_random r = vo_random_seed(1, 2);
    double *price = s->column[0].value, rest = 0;
    for (size_t t = 0; t < n; t++) {
        s->start[t].s = 1672560000 + 60 * (int64_t)t; /* 2023-01-01 in Los Angeles */
        s->dt_h[t] = 1.0 / 60;
        rest = 0.98 * rest + 2 * vo_random_normal(&r);
        price[t] = 45 + 25 * sin((double)t / 1440 * 6.2831853) + rest;
        if (vo_random_below(&r, 500) == 0) price[t] += 900;
        if (vo_random_below(&r, 1000) == 0) price[t] = (double)NAN;
    }
    memcpy(s->zone, zone, sizeof zone);
    return s;
}

/* ---- ours ---------------------------------------------------------------------------------- */

/* Bytes asked for and not given back, at their most. */
static struct { size_t now, most; } memory;

static void *counted(void *ctx, size_t size) {
    (void)ctx;
    size_t *p = calloc(1, size + 16);
    if (!p) return NULL;
    p[0] = size;
    memory.now += size;
    if (memory.now > memory.most) memory.most = memory.now;
    return (char *)p + 16;
}

static void give(void *ctx, void *p) {
    (void)ctx;
    if (!p) return;
    size_t *head = (size_t *)(void *)((char *)p - 16);
    memory.now -= head[0];
    free(head);
}

static const vo_alloc counting = {counted, give, NULL};

typedef struct {
    double wall_s, cpu_s;
} spent;

static spent now(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (spent){vo_clock_monotonic_s(), (double)t.tv_sec + 1e-9 * (double)t.tv_nsec};
}

/* One round into rows that are there, or, where NULL is given, into new ones. */
static spent ours(const vo_series *s, float *rows) {
    const vo_features_settings c = vo_features_settings_default();
    const vo_features_input in = {.price = s->column[0].value};
    vo_error err = {0};
    vo_features *f = NULL;
    const spent from = now();
    check(vo_features_create(s, &c, &counting, &f, &err), &err);
    const size_t bytes = n * vo_features_count(f) * sizeof(float);
    float *out = rows ? rows : vo_pages.zalloc(vo_pages.ctx, bytes);
    if (!out) stop("no memory");
    check(vo_features_fill(f, &in, 1, n + 1, HORIZON, out, &err), &err);
    vo_features_free(f);
    if (!rows) vo_pages.free(vo_pages.ctx, out);
    const spent to = now();
    return (spent){to.wall_s - from.wall_s, to.cpu_s - from.cpu_s};
}

/* ---- pandas -------------------------------------------------------------------------------- */

static FILE *open_file(const char *name, const char *mode) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, mode);
    if (!f) stop(path);
    return f;
}

static void remove_files(void) {
    static const char *const names[] = {"prices", "names", "holidays", "rows"};
    char path[128];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

static void write_files(const vo_series *s, const vo_features *f) {
    FILE *prices = open_file("prices", "wb"), *names = open_file("names", "w");
    FILE *holidays = open_file("holidays", "w");
    if (fwrite(s->column[0].value, sizeof(double), n, prices) != n) stop("cannot write prices");
    for (size_t i = 0; i < vo_features_count(f); i++)
        fprintf(names, "%s\n", vo_features_names(f)[i]);
    const int64_t first = s->start[0].s / 86400 - 1, last = s->start[n - 1].s / 86400 + 1;
    for (int64_t d = first; d <= last; d++) {
        vo_civil c;
        char text[16];
        vo_civil_from_days(d, &c);
        vo_civil_format_date(&c, text);
        if (vo_holiday(vo_holiday_market_of_zone(zone), d)) fprintf(holidays, "%s\n", text);
    }
    if (fclose(prices) || fclose(names) || fclose(holidays)) stop("cannot write files");
}

typedef struct {
    double wall[2 * MAX_ROUNDS], cpu[2 * MAX_ROUNDS];
    size_t count;
} times;

static void note(times *t, spent one) {
    t->wall[t->count] = one.wall_s;
    t->cpu[t->count++] = one.cpu_s;
}

/* Seconds of each round, MB at most, rows into the file "rows". */
static void ask_pandas(const vo_series *s, times *peer, double *megabytes) {
    char command[1024];
    snprintf(command, sizeof command,
             "'%s' '%s/bench/peers/features_pandas.py' '%s' %lld 60 %s %d %zu", python,
             VOLTEO_SOURCE_DIR, folder, (long long)s->start[0].s, zone, HORIZON, rounds);
    FILE *answer = popen(command, "r");
    if (!answer) stop("cannot start python");
    for (size_t i = 0; i < rounds; i++) {
        spent one;
        if (fscanf(answer, "%lf %lf", &one.wall_s, &one.cpu_s) != 2)
            stop("pandas gave no time");
        note(peer, one);
    }
    if (fscanf(answer, "%lf", megabytes) != 1 || pclose(answer) != 0) stop("pandas failed");
}

static void must_agree(const float *mine, const vo_features *f) {
    const size_t count = vo_features_count(f);
    float *row = malloc(count * sizeof *row);
    FILE *rows = open_file("rows", "rb");
    size_t missing = 0;
    if (!row) stop("no memory");
    for (size_t t = 0; t < n; t++) {
        if (fread(row, sizeof *row, count, rows) != count) stop("pandas gave too few rows");
        for (size_t i = 0; i < count; i++) {
            const double a = (double)mine[t * count + i], b = (double)row[i];
            missing += isnan(a) != 0;
            /* pandas adds and takes away as the window moves: its deviations carry the spikes'
             * rounding on. */
            const double allowed = 2e-6 * fmax(1, fabs(b));
            if ((isnan(a) && isnan(b)) || fabs(a - b) <= allowed) continue;
            fprintf(stderr, "features: row %zu, %s: %.9g, pandas says %.9g\n", t,
                    vo_features_names(f)[i], a, b);
            exit(1);
        }
    }
    fprintf(stderr, "features: %zu rows of %zu agree; %.2f %% missing in both\n", n, count,
            100 * (double)missing / (double)(n * count));
    fclose(rows);
    free(row);
}

/* ---- claims --------------------------------------------------------------------------------- */

/* Sorts. */
static void compare_times(const char *claim, const char *const metric[2], double *mine,
                          size_t n_mine, double *peer, size_t n_peer) {
    qsort(mine, n_mine, sizeof *mine, vo_order_double);
    qsort(peer, n_peer, sizeof *peer, vo_order_double);
    const double m = vo_order_quantile(mine, n_mine, 0.5);
    const double p = vo_order_quantile(peer, n_peer, 0.5);
    line(claim, metric[0], mine[0] * 1e3, peer[0] * 1e3, peer[0] / mine[0], "ms");
    line(claim, metric[1], m * 1e3, p * 1e3, p / m, "ms");
}

static void compare(const char *claim, times *mine, times *peer) {
    static const char *const wall[] = {"least", "median"}, *const cpu[] = {"cpu_least",
                                                                           "cpu_median"};
    compare_times(claim, wall, mine->wall, mine->count, peer->wall, peer->count);
    compare_times(claim, cpu, mine->cpu, mine->count, peer->cpu, peer->count);
}

static void take_turns(const vo_series *s, float *rows, times *kept, times *fresh) {
    for (size_t i = 0; i < rounds; i++) {
        note(kept, ours(s, rows));
        note(fresh, ours(s, NULL));
    }
}

static void batch(const vo_series *s, const vo_features *f) {
    times kept = {.count = 0}, fresh = {.count = 0}, peer = {.count = 0};
    double megabytes = 0;
    const double out_mb = (double)(n * vo_features_count(f) * sizeof(float)) / 1e6;
    float *rows = vo_pages.zalloc(vo_pages.ctx, n * vo_features_count(f) * sizeof *rows);
    if (!rows) stop("no memory");
    ours(s, rows); /* not counted, as the first of pandas is the slowest: pages and caches */
    take_turns(s, rows, &kept, &fresh);
    ask_pandas(s, &peer, &megabytes);
    take_turns(s, rows, &kept, &fresh);
    must_agree(rows, f);
    vo_pages.free(vo_pages.ctx, rows);
    compare("rows_kept", &kept, &peer);
    compare("rows_allocated", &fresh, &peer);
    const double mb = out_mb + (double)memory.most / 1e6;
    line("memory", "rows_and_workspace", mb, megabytes, megabytes / mb, "MB");
    line("memory", "workspace_vs_rows", mb - out_mb, out_mb, (mb - out_mb) / out_mb, "MB");
}

static void stream(const vo_series *s, const vo_features *f) {
    vo_error err = {0};
    vo_features_stream *st = NULL;
    double *us = malloc(n * sizeof *us);
    float *row = malloc(vo_features_count(f) * sizeof *row);
    if (!us || !row) stop("no memory");
    check(vo_features_stream_create(f, 0, NULL, &st, &err), &err);
    for (size_t t = 0; t < n; t++) {
        const double from = vo_clock_monotonic_s();
        vo_features_stream_push(st, &(vo_features_now){.price = s->column[0].value[t]});
        vo_features_stream_get(st, HORIZON, row);
        us[t] = (vo_clock_monotonic_s() - from) * 1e6;
    }
    qsort(us, n, sizeof *us, vo_order_double);
    const double p50 = vo_order_quantile(us, n, 0.5), p99 = vo_order_quantile(us, n, 0.99);
    line("stream", "push_and_get_p50", p50, (double)NAN, (double)NAN, "us");
    line("stream", "push_and_get_p99", p99, 200, p99 / 200, "us");
    vo_features_stream_free(st);
    free(us);
    free(row);
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        if (!strncmp(argv[i], "--python=", 9))
            python = argv[i] + 9;
        else if (!strncmp(argv[i], "--rounds=", 9))
            rounds = (size_t)strtoul(argv[i] + 9, NULL, 10);
        else if (!strcmp(argv[i], "--quick"))
            n = MONTH, rounds = 3;
        else
            stop("options are --python=PROGRAM, --quick and --rounds=N");
    }
    if (!python || rounds < 1 || rounds > MAX_ROUNDS)
        stop("give --python=PROGRAM that has pandas, and 1 to 99 rounds");
    if (!mkdtemp(folder)) stop("cannot make a folder in /tmp");
    atexit(remove_files);
    const vo_features_settings c = vo_features_settings_default();
    vo_error err = {0};
    vo_features *f = NULL;
    vo_series *s = make_series();
    check(vo_features_create(s, &c, NULL, &f, &err), &err);
    write_files(s, f);
    puts("claim,metric,ours,peer,ratio,unit");
    batch(s, f);
    stream(s, f);
    vo_features_free(f);
    vo_series_free(s);
    return 0;
}
