/* day_members.c -- how far members of the day-ahead ensemble are from real prices: daily
 * recalibration over a stretch of days, each member alone and their mean, beside forecasts that
 * others published for the same hours.
 *
 *     bench_day_members [options] PRICES.csv[.zst] SPEC [SPEC ...]
 *       --days=N          days that are forecast (728)
 *       --leave=N         days left out behind them (0): --leave=728 --days=364 validates
 *       --step=N          every N-th of these days only (1)
 *       --every=N         refit once in N forecast days (1)
 *       --columns=A,B     only these exogenous columns
 *       --published=FILE  forecasts by column, for the same hours
 *       --out=FILE        all forecasts: start,price,SPEC,...
 *
 * Lines: member,MAE,rMAE,sMAPE %,core-seconds per day (of all threads). rMAE is against the
 * price a week before.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/civil.h"
#include "data/clean.h"
#include "data/source.h"
#include "learn/day_member.h"

enum { H = VO_DAY_HOURS, MAX_MEMBERS = 64 };

typedef struct {
    size_t days, leave, step, every;
    const char *columns, *published, *out, *prices;
    const char *spec[MAX_MEMBERS];
    size_t n;
} settings;

static void check(vo_status st, const vo_error *err) {
    if (st == VO_OK) return;
    fprintf(stderr, "day_members: %s\n", err->msg);
    exit(1);
}

static void *allocate(size_t n, size_t size) {
    void *p = calloc(n, size);
    if (p) return p;
    fprintf(stderr, "day_members: out of memory\n");
    exit(1);
}

static bool option(const char *arg, const char *name, const char **value) {
    const size_t len = strlen(name);
    if (strncmp(arg, name, len) != 0 || arg[len] != '=') return false;
    *value = arg + len + 1;
    return true;
}

static settings read_arguments(int argc, char **argv) {
    settings s = {.days = 728, .step = 1, .every = 1};
    for (int i = 1; i < argc; i++) {
        const char *v = NULL;
        size_t *number = option(argv[i], "--days", &v)    ? &s.days
                         : option(argv[i], "--leave", &v) ? &s.leave
                         : option(argv[i], "--step", &v)  ? &s.step
                         : option(argv[i], "--every", &v) ? &s.every
                                                          : NULL;
        if (number) {
            *number = strtoull(v, NULL, 10);
            continue;
        }
        if (option(argv[i], "--columns", &s.columns) ||
            option(argv[i], "--published", &s.published) || option(argv[i], "--out", &s.out))
            continue;
        if (!s.prices)
            s.prices = argv[i];
        else if (s.n < MAX_MEMBERS)
            s.spec[s.n++] = argv[i];
    }
    if (s.n == 0 || s.days == 0 || s.step == 0 || s.every == 0) {
        fprintf(stderr, "usage: bench_day_members [--days=N] [--leave=N] [--step=N] "
                        "[--every=N] [--columns=A,B] [--published=FILE] [--out=FILE] "
                        "PRICES.csv SPEC ...\n");
        exit(2);
    }
    return s;
}

/* ---- data ------------------------------------------------------------------------------- */

static vo_series *read_series(const char *path) {
    vo_readings_set *set = NULL;
    const vo_readings *r = NULL;
    vo_series *s = NULL;
    vo_error err = {0};
    vo_source_options o = vo_source_options_default();
    vo_clean_options c = vo_clean_options_default();
    check(vo_source_read(path, &o, &set, &err), &err);
    check(vo_readings_set_find(set, NULL, NULL, &r, &err), &err);
    check(vo_clean(r, &c, &s, NULL, &err), &err);
    vo_readings_set_free(set);
    return s;
}

/* Is the name one of "A,B,C"? */
static bool listed(const char *list, const char *name) {
    for (const char *w = list; *w;) {
        const size_t len = strcspn(w, ",");
        if (strlen(name) == len && strncmp(w, name, len) == 0) return true;
        w += len + (w[len] != '\0');
    }
    return false;
}

/* Only the columns asked for; in files of ENTSO-E's columns a load of 0 MW says "missing". */
static void choose_columns(vo_series *s, const char *list) {
    for (size_t k = 1; k < s->n_columns; k++) {
        const bool wanted = !list || listed(list, s->column[k].name);
        const bool load = strstr(s->column[k].name, "load") != NULL;
        for (size_t i = 0; i < s->n; i++)
            if (!wanted || (load && s->column[k].value[i] == 0))
                s->column[k].value[i] = (double)NAN;
    }
}

/* ---- the run ----------------------------------------------------------------------------- */

typedef struct {
    const vo_series *series;
    vo_day_table *table;
    size_t *day, n_days; /* the days forecast            */
    double *forecast;    /* [members][n_days][24]        */
    double seconds[MAX_MEMBERS];
} run;

static void choose_days(run *r, const settings *s) {
    const size_t all = r->table->n_days;
    if (s->leave + s->days > all) {
        fprintf(stderr, "day_members: there are only %zu days\n", all);
        exit(1);
    }
    const size_t first = all - s->leave - s->days;
    r->day = allocate(s->days, sizeof *r->day);
    for (size_t d = 0; d < s->days; d += s->step) r->day[r->n_days++] = first + d;
}

static void run_members(run *r, const settings *s) {
    const vo_learning world = {.alloc = &vo_alloc_libc, .seed = 1, .threads = 1};
    vo_error err = {0};
    r->forecast = allocate(s->n * r->n_days * H, sizeof(double));
    for (size_t k = 0; k < s->n; k++) {
        vo_day_member *m = NULL;
        const clock_t start = clock();
        vo_day_table_reveal(r->table, r->series->column[0].value, 0);
        check(vo_day_member_create(s->spec[k], r->table, &world, &m, &err), &err);
        for (size_t i = 0; i < r->n_days; i++) {
            const size_t day = r->day[i];
            vo_day_table_reveal(r->table, r->series->column[0].value, r->table->first[day]);
            if (i % s->every == 0) check(vo_day_member_fit(m, r->table, day, &err), &err);
            check(vo_day_member_predict(m, r->table, day, r->forecast + (k * r->n_days + i) * H,
                                        &err),
                  &err);
        }
        vo_day_member_free(m);
        r->seconds[k] = (double)(clock() - start) / CLOCKS_PER_SEC / (double)r->n_days;
        fprintf(stderr, "%s: %.3f s per day\n", s->spec[k], r->seconds[k]);
    }
    vo_day_table_reveal(r->table, r->series->column[0].value, r->series->n);
}

/* ---- what came of it --------------------------------------------------------------------- */

static const double *price_of(const run *r, size_t i) {
    return r->table->price + r->day[i] * H;
}

/* `forecast` [n_days][24]; NAN of either is left out and counted. */
static void line(const run *r, const char *name, const double *forecast, double seconds) {
    double sum = 0, naive = 0, smape = 0;
    size_t n = 0, left_out = 0;
    for (size_t i = 0; i < r->n_days; i++)
        for (size_t h = 0; h < H; h++) {
            const double p = price_of(r, i)[h], f = forecast[i * H + h];
            const double week = r->day[i] < 7 ? (double)NAN : (price_of(r, i) - 7 * H)[h];
            if (isnan(p) || isnan(f) || isnan(week)) {
                left_out++;
                continue;
            }
            n++;
            sum += fabs(p - f);
            naive += fabs(p - week);
            smape += fabs(p) + fabs(f) > 0 ? 200 * fabs(p - f) / (fabs(p) + fabs(f)) : 0;
        }
    printf("%s,%.4f,%.4f,%.3f,%.4f", name, sum / (double)n, sum / naive, smape / (double)n,
           seconds);
    printf(left_out ? ",%zu hours left out\n" : "\n", left_out);
}

static void print_mean(const run *r, const settings *s) {
    double *mean = allocate(r->n_days * H, sizeof *mean), seconds = 0;
    for (size_t k = 0; k < s->n; k++) {
        seconds += r->seconds[k];
        for (size_t j = 0; j < r->n_days * H; j++)
            mean[j] += r->forecast[k * r->n_days * H + j] / (double)s->n;
    }
    line(r, "mean of these", mean, seconds);
    free(mean);
}

static void print_published(const run *r, const char *path) {
    vo_series *p = read_series(path);
    double *row = allocate(r->n_days * H, sizeof *row);
    for (size_t k = 1; k < p->n_columns; k++) {
        for (size_t i = 0; i < r->n_days; i++)
            for (size_t h = 0; h < H; h++) {
                const vo_time at = r->series->start[r->table->first[r->day[i]] + h];
                const size_t t = vo_series_lower_bound(p, at);
                const bool there = t < p->n && p->start[t].s == at.s;
                row[i * H + h] = there ? p->column[k].value[t] : (double)NAN;
            }
        char name[96];
        snprintf(name, sizeof name, "published %.64s", p->column[k].name);
        if (isfinite(row[0])) line(r, name, row, 0);
    }
    free(row);
    vo_series_free(p);
}

static void write_forecasts(const run *r, const settings *s) {
    FILE *f = fopen(s->out, "w");
    if (!f) {
        fprintf(stderr, "day_members: cannot write %s\n", s->out);
        exit(1);
    }
    fprintf(f, "start,price");
    for (size_t k = 0; k < s->n; k++) fprintf(f, ",\"%s\"", s->spec[k]);
    for (size_t j = 0; j < r->n_days * H; j++) {
        vo_civil c;
        char date[16];
        vo_civil_from_days(r->table->date[r->day[j / H]], &c);
        vo_civil_format_date(&c, date);
        fprintf(f, "\n%s %02zu:00:00,%.10g", date, j % H, price_of(r, j / H)[j % H]);
        for (size_t k = 0; k < s->n; k++)
            fprintf(f, ",%.10g", r->forecast[k * r->n_days * H + j]);
    }
    fprintf(f, "\n");
    fclose(f);
}

int main(int argc, char **argv) {
    const settings s = read_arguments(argc, argv);
    run r = {0};
    vo_error err = {0};
    vo_series *series = read_series(s.prices);
    choose_columns(series, s.columns);
    r.series = series;
    check(vo_day_table_create(series, NULL, &r.table, &err), &err);
    choose_days(&r, &s);
    run_members(&r, &s);
    printf("member,MAE,rMAE,sMAPE_percent,seconds_per_day\n");
    for (size_t k = 0; k < s.n; k++)
        line(&r, s.spec[k], r.forecast + k * r.n_days * H, r.seconds[k]);
    if (s.n > 1) print_mean(&r, &s);
    if (s.published) print_published(&r, s.published);
    if (s.out) write_forecasts(&r, &s);
    free(r.day);
    free(r.forecast);
    vo_day_table_free(r.table);
    vo_series_free(series);
    return 0;
}
