/* load_forecast.c -- forecasts of homes' loads, PV and net loads, beside yesterday and last week.
 *
 *     bench_load_forecast [--quick] [--markdown]
 *
 * Homes: ten in California with PV, one in Australia with PV, one in France (real ones, in
 * $VOLTEO_DATA or ../shared/data, hours as two half-hours) and twenty of the generator. From the
 * 61st day to the last, every seventh half-hour (--quick: every 97th, 150 days), each of the 48
 * half-hours ahead is forecast from what lies before, and compared with what came. Learners fit
 * on the days before the first forecast, and again every 30 days. WAPE = sum |e| / sum |y|; of net
 * load the sum is that of the load. Then what it costs: nanoseconds of the light kernel, seconds to
 * train on 10 homes x 60 days.
 */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "community/home_forecast.h"
#include "data/csv.h"
#include "data/synth_home.h"
#include "learn/load_model.h"
#include "learn/load_profile.h"
#include "port/clock.h"

enum { S = 48, FIRST = 60 * S, HOMES = 24, SPECS = 4, SERIES = 3, REFIT_DAYS = 30 };
static const char *const spec_name[SPECS] = {"profile", "load_gbt", "naive_day", "naive_week"};
static const char *const series_name[SERIES] = {"load", "pv", "net"};
static const int told_lead[] = {1, 6, 24, 48};
enum { TOLD = sizeof told_lead / sizeof *told_lead };

static const char *data = "../shared/data";
static bool quick, markdown;

typedef struct {
    const char *name;
    size_t homes, steps;
    float *load, *pv; /* [homes][steps] */
    bool has_pv;
    int64_t start_s;
} set;

static void stop(const char *what) {
    fprintf(stderr, "load_forecast: %s\n", what);
    exit(1);
}

static void check(vo_status st, const vo_error *err) {
    if (st != VO_OK) stop(err->msg);
}

static void *room(size_t n, size_t size) {
    void *p = calloc(n, size);
    if (!p) stop("out of memory");
    return p;
}

/* ---- homes ---------------------------------------------------------------------------------- */

/* Column `column` of a file from row `skip` on, each value `repeat` times, times `factor`. Its
 * length, 0 where there is no such file. */
static size_t read_column(const char *relative, const char *column, size_t skip, size_t repeat,
                          double factor, float *out, size_t most) {
    char path[1024];
    vo_bytes *in = NULL;
    vo_csv *csv = NULL;
    vo_error err = {0};
    bool more = true;
    size_t at = 0, n = 0;
    snprintf(path, sizeof path, "%s/%s", data, relative);
    if (vo_bytes_open_file(path, &in, &err) != VO_OK) return 0;
    check(vo_csv_open(in, ',', &csv, &err), &err);
    check(vo_csv_next(csv, &more, &err), &err);
    while (at < vo_csv_count(csv) && !vo_field_is(vo_csv_at(csv, at), column)) at++;
    if (at == vo_csv_count(csv)) stop("a file has not the column it should have");
    for (size_t row = 0; n + repeat <= most; row++) {
        double v = 0;
        check(vo_csv_next(csv, &more, &err), &err);
        if (!more) break;
        if (row < skip) continue;
        const vo_csv_field f = vo_csv_at(csv, at);
        if (!vo_number_parse(f.text, f.len, false, &v)) v = 0;
        for (size_t k = 0; k < repeat; k++) out[n++] = (float)(factor * v);
    }
    vo_csv_close(csv);
    vo_bytes_close(in);
    return n;
}

static int64_t at_midnight(int32_t year, int32_t month, int32_t day) {
    return 86400 * vo_civil_days(year, month, day);
}

static set new_set(const char *name, size_t homes, size_t steps, int64_t start_s) {
    set s = {name, homes, steps, NULL, NULL, true, start_s};
    s.load = room(homes * steps, sizeof *s.load);
    s.pv = room(homes * steps, sizeof *s.pv);
    return s;
}

/* Each home at its own length first; then all at the shortest. */
static void shorten(set *s, size_t steps) {
    for (size_t i = 0; i < s->homes; i++) {
        memmove(s->load + i * steps, s->load + i * s->steps, steps * sizeof *s->load);
        memmove(s->pv + i * steps, s->pv + i * s->steps, steps * sizeof *s->pv);
    }
    s->steps = steps;
}

/* The first row is the hour that ends at midnight before 2016-08-01, a Monday. 4 kW of PV. */
static set california(void) {
    set s = new_set("california", 10, 2 * 8760, at_midnight(2016, 8, 1));
    size_t n = 0;
    for (size_t i = 0; i < s.homes; i++) {
        char file[64];
        snprintf(file, sizeof file, "citylearn_2022/Building_%zu.csv", i + 1);
        n = read_column(file, "non_shiftable_load", 1, 2, 0.5, s.load + i * s.steps, s.steps);
        read_column(file, "solar_generation", 1, 2, 0.5 * 4 / 1000, s.pv + i * s.steps,
                    s.steps);
    }
    shorten(&s, n);
    return s;
}

static set australia(void) {
    set s = new_set("australia", 1, 17568, at_midnight(2011, 7, 1));
    static const char file[] = "ausgrid_solarhome_bench/data_2011-2012.csv";
    const size_t n = read_column(file, "GC", 0, 1, 0.5, s.load, s.steps);
    read_column(file, "GG", 0, 1, 0.5 * 4 / 1.04, s.pv, s.steps);
    shorten(&s, n);
    return s;
}

/* Begins at 18:00; sums of 60 minutes' kW, of four years. */
static set france(void) {
    set s = new_set("france", 1, 2 * 34943, at_midnight(2006, 12, 17));
    shorten(&s, read_column("uci_household_hourly/uci_household_hourly_sums.csv.zst",
                            "Global_active_power", 6, 2, 0.5 / 60, s.load, s.steps));
    s.has_pv = false;
    return s;
}

static set generated(void) {
    vo_synth_home_options o = vo_synth_home_options_default();
    vo_error err = {0};
    o.weather.zone = "UTC"; /* its clock is the sun's: no hours are shifted */
    o.weather.latitude = 37.3;
    o.weather.longitude = 0;
    o.weather.seed = 11;
    set s = new_set("generated", 20, 365 * S, at_midnight(o.weather.year, 1, 1));
    for (uint32_t i = 0; i < s.homes; i++) {
        vo_series *home = NULL;
        check(vo_synth_home(&o, i, &home, &err), &err);
        const double *load = vo_series_find(home, "load_kw"),
                     *pv = vo_series_find(home, "pv_kw");
        for (size_t t = 0; t < s.steps && t < home->n; t++) {
            s.load[i * s.steps + t] = (float)(0.5 * load[t]);
            s.pv[i * s.steps + t] = (float)(0.5 * pv[t]);
        }
        vo_series_free(home);
    }
    return s;
}

/* ---- forecasts against what came ------------------------------------------------------------ */

typedef struct {
    double error[SERIES][S], real[SERIES][S];
    size_t n;
} sums;

static void compare(const set *s, size_t home, size_t t, const float *load, const float *pv,
                    sums *out) {
    for (size_t i = 0; i < S && t + i < s->steps; i++) {
        const size_t at = home * s->steps + t + i;
        const double y[2] = {(double)s->load[at], (double)s->pv[at]};
        const double e[2] = {(double)load[i] - y[0], (double)pv[i] - y[1]};
        for (int k = 0; k < 2; k++) {
            out->error[k][i] += fabs(e[k]);
            out->real[k][i] += y[k];
        }
        out->error[2][i] += fabs(e[0] - e[1]);
        out->real[2][i] += y[0];
    }
    out->n++;
}

static void play(const set *s, const char *spec, sums *out) {
    vo_time *start = room(s->steps, sizeof *start);
    int32_t *day = room(s->steps, sizeof *day);
    for (size_t t = 0; t < s->steps; t++) {
        start[t].s = s->start_s + (int64_t)t * 1800;
        day[t] = (int32_t)(t / S);
    }
    const vo_homes homes = {.homes = s->homes,
                            .steps = s->steps,
                            .first = FIRST,
                            .dt_h = 0.5,
                            .start = start,
                            .day = day,
                            .zone = "UTC"};
    const vo_learning world = {.seed = 42, .recalibrate_days = REFIT_DAYS};
    const size_t every = quick ? 97 : 7;
    vo_home_forecasts *f = NULL;
    vo_error err = {0};
    float load[S], pv[S];
    check(vo_home_forecasts_create(spec, &homes, s->load, s->pv, S, &world, &f, &err), &err);
    const size_t end = quick && s->steps > 150 * S ? 150 * S : s->steps;
    for (size_t t = 0; t < end; t++) {
        if (t >= FIRST && t % S == 0) check(vo_home_forecasts_new_day(f, t, &err), &err);
        for (uint32_t i = 0; i < s->homes; i++) {
            if (t >= FIRST && t % every == 0) {
                check(vo_home_forecasts_predict(f, i, t, S, 0, load, pv, &err), &err);
                compare(s, i, t, load, pv, out);
            }
            const size_t at = i * s->steps + t;
            vo_home_forecasts_observe(f, i, t, (double)s->load[at], (double)s->pv[at]);
        }
    }
    vo_home_forecasts_free(f);
    free(start);
    free(day);
}

static double wape(const sums *s, int series, int lead) {
    if (lead > 0) return 100 * s->error[series][lead - 1] / s->real[series][lead - 1];
    double error = 0, real = 0;
    for (int i = 0; i < S; i++) {
        error += s->error[series][i];
        real += s->real[series][i];
    }
    return 100 * error / real;
}

static double mae(const sums *s, const set *of, int series) {
    double error = 0;
    for (int i = 0; i < S; i++) error += s->error[series][i];
    (void)of;
    return error / ((double)s->n * S);
}

static void tell(const set *s, const sums by[SPECS]) {
    for (int k = 0; k < SERIES; k++) {
        if (k > 0 && !s->has_pv) continue;
        for (int m = 0; m < SPECS && markdown; m++) {
            printf("| %s | %s | %s |", s->name, series_name[k], spec_name[m]);
            for (int j = 0; j < TOLD; j++) printf(" %.1f |", wape(&by[m], k, told_lead[j]));
            printf(" %.1f | %.3f |\n", wape(&by[m], k, 0), mae(&by[m], s, k));
        }
        for (int m = 0; m < 2 && !markdown; m++)
            for (int j = -1; j < TOLD; j++) {
                const int lead = j < 0 ? 0 : told_lead[j];
                const double ours = wape(&by[m], k, lead);
                const double peer = fmin(wape(&by[2], k, lead), wape(&by[3], k, lead));
                printf("%s %s %s,wape ", s->name, series_name[k], spec_name[m]);
                printf(lead ? "lead %d" : "leads 1-48", lead);
                printf(",%.4g,%.4g,%.4g,%%\n", ours, peer, ours / peer);
            }
    }
    fflush(stdout);
}

/* ---- what it costs -------------------------------------------------------------------------- */

static void cost(const char *what, double value, const char *unit) {
    if (markdown)
        printf("| %s | %.3g %s |\n", what, value, unit);
    else
        printf("load forecast,%s,%.4g,,,%s\n", what, value, unit);
}

static void time_kernel(void) {
    enum { N = 20000, DAYS = 10, ASKED = 20 };
    const vo_profile_shape shape[2] = {{S, true, VO_PROFILE_LOAD}, {S, false, VO_PROFILE_PV}};
    uint16_t slot[2 * S];
    uint8_t weekend[2 * S] = {0};
    float out[S], sum = 0;
    for (size_t i = 0; i < 2 * S; i++) slot[i] = (uint16_t)(i % S);
    for (int k = 0; k < 2; k++) {
        const size_t floats = vo_profile_floats(&shape[k]);
        float *state = room(N * floats, sizeof *state);
        double began = vo_clock_monotonic_s();
        for (size_t t = 0; t < DAYS * S; t++)
            for (size_t i = 0; i < N; i++)
                vo_profile_observe(&shape[k], state + i * floats, t % S, t / S % 7 >= 5,
                                   0.1 + 0.03 * (double)((7 * t + i) % 13));
        const double observing = vo_clock_monotonic_s() - began;
        began = vo_clock_monotonic_s();
        for (size_t a = 0; a < ASKED; a++)
            for (size_t i = 0; i < N; i++) {
                vo_profile_predict(&shape[k], state + i * floats, slot + a, weekend, S, out);
                sum += out[i % S];
            }
        const double asking = vo_clock_monotonic_s() - began;
        cost(k ? "PV observed" : "load observed", 1e9 * observing / (DAYS * S * (double)N),
             "ns");
        cost(k ? "PV, 48 intervals" : "load, 48 intervals", 1e9 * asking / (ASKED * (double)N),
             "ns");
        cost(k ? "state of PV" : "state of a load", (double)(4 * floats), "B");
        free(state);
    }
    if (!(sum >= 0)) stop("a forecast is no number");
}

/* One model of ten homes' loads over 60 days, and a day forecast by it. */
static void time_training(const set *s) {
    static const char *const names[] = {"load"};
    vo_series *series[HOMES] = {0};
    vo_load_history history[HOMES];
    vo_load_settings settings = vo_load_settings_default();
    vo_load_model *m = NULL;
    vo_load_eye e = {0};
    vo_error err = {0};
    const size_t homes = s->homes < 10 ? s->homes : 10, n = FIRST + S;
    for (size_t i = 0; i < homes; i++) {
        check(vo_series_create(n, names, 1, NULL, &series[i], &err), &err);
        for (size_t t = 0; t < n; t++) {
            series[i]->start[t].s = s->start_s + (int64_t)t * 1800;
            series[i]->dt_h[t] = 0.5;
            series[i]->day[t] = (int32_t)(t / S);
            series[i]->column[0].value[t] = (double)s->load[i * s->steps + t];
        }
        snprintf(series[i]->zone, sizeof series[i]->zone, "UTC");
        history[i] = (vo_load_history){series[i], series[i]->column[0].value, FIRST};
    }
    double began = vo_clock_monotonic_s();
    check(vo_load_model_train(history, homes, &settings, NULL, &m, &err), &err);
    cost("training, 10 homes x 60 days", vo_clock_monotonic_s() - began, "s");
    cost("rows", (double)vo_load_model_score(m).rows, "");
    cost("trees", (double)vo_load_model_score(m).trees, "");
    check(vo_load_eye_init(&e, series[0], &vo_alloc_libc, &err), &err);
    double sum = 0, seconds = 0;
    for (size_t t = 30 * S; t < FIRST; t++) {
        vo_profile_track_to(&e.track, series[0]->column[0].value, t);
        began = vo_clock_monotonic_s();
        vo_load_eye_to(&e, series[0]->column[0].value, t, S);
        for (size_t i = 0; i < S; i++) sum += vo_load_model_predict(m, &e, t + i);
        seconds += vo_clock_monotonic_s() - began;
    }
    cost("load_gbt, 48 intervals", 1e6 * seconds / (30 * S), "us");
    if (!(sum >= 0)) stop("a forecast is no number");
    vo_load_eye_fini(&e);
    vo_load_model_free(m);
    for (size_t i = 0; i < homes; i++) vo_series_free(series[i]);
}

int main(int argc, char **argv) {
    if (getenv("VOLTEO_DATA")) data = getenv("VOLTEO_DATA");
    for (int i = 1; i < argc; i++) {
        quick = quick || strcmp(argv[i], "--quick") == 0;
        markdown = markdown || strcmp(argv[i], "--markdown") == 0;
    }
    puts(markdown ? "| homes | series | forecaster | lead 1 | 6 | 24 | 48 | 1-48 | MAE, kWh |\n"
                    "|---|---|---|---|---|---|---|---|---|"
                  : "claim,metric,ours,peer,ratio,unit");
    set sets[] = {california(), australia(), france(), generated()};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        static sums by[SPECS];
        memset(by, 0, sizeof by);
        if (sets[i].steps <= FIRST) {
            fprintf(stderr, "load_forecast: no data of %s here (set VOLTEO_DATA)\n",
                    sets[i].name);
            continue;
        }
        for (int m = 0; m < SPECS; m++) play(&sets[i], spec_name[m], &by[m]);
        tell(&sets[i], by);
    }
    if (markdown) puts("\n| cost | |\n|---|---|");
    time_kernel();
    time_training(&sets[3]);
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        free(sets[i].load);
        free(sets[i].pv);
    }
    return 0;
}
