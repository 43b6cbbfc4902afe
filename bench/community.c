/* community.c -- the community at scale and beside its bounds.
 *
 * scale: generated homes, one day, the way the program plays many (profile, two scenarios, a plan every four intervals):
 *     seconds of filling the series and of playing the day, and memory; growth from one size to the
 *     next (peer: ours at the smaller size, times the sizes' ratio; 1 is linear).
 * real:  the ten homes of citylearn_2022 (skipped where the data are not), a year without history:
 *     what is saved of what could be, each home alone and as a community. Peer: the bound.
 * --quick: up to 10 000 homes and no year; --full: a million homes, too.
 */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "community/bound.h"
#include "community/simulation.h"
#include "engine/community_world.h"
#include "port/clock.h"

static void check(vo_status st, const vo_error *err) {
    if (st == VO_OK) return;
    fprintf(stderr, "community: %s\n", err->msg);
    exit(1);
}

static void line(const char *claim, const char *metric, double ours, double peer,
                 const char *unit) {
    printf("%s,%s,%.6g,%.6g,%.4g,%s\n", claim, metric, ours, peer, ours / peer, unit);
    fflush(stdout);
}

static double peak_mib(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)u.ru_maxrss / 1024;
}

static double cpu_s(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

/* ---- scale ------------------------------------------------------------------------------- */

static vo_simulation_options light(void) {
    vo_simulation_options o = vo_simulation_options_default();
    o.scenarios = 2;
    o.replan_every = 4;
    return o;
}

/* Seconds of a day of `homes` homes, everything included but making the world's weather. */
static double day_of(int32_t homes, size_t threads, double *fill_s, double *cost) {
    vo_world_request r = vo_world_request_default();
    vo_error err = {0};
    vo_world *w = NULL;
    vo_home_series series = {0};
    vo_simulation s = {0};
    const vo_simulation_options o = light();
    r.homes = homes;
    r.threads = threads;
    check(vo_world_create(&r, &w, &err), &err);
    const vo_homes *h = vo_world_homes(w);
    const double begin = vo_clock_monotonic_s();
    check(vo_home_series_fill(h, &series, &err), &err);
    *fill_s = vo_clock_monotonic_s() - begin;
    check(vo_simulation_run(h, &series, &o, &s, &err), &err);
    const double seconds = vo_clock_monotonic_s() - begin;
    *cost = s.cost;
    vo_simulation_fini(&s);
    vo_home_series_fini(&series);
    vo_world_free(w);
    return seconds;
}

static void scale(int32_t most) {
    double before = 0;
    int32_t fewer = 0;
    for (int32_t homes = 1000; homes <= most; homes *= 10) {
        char name[64];
        double fill = 0, cost = 0;
        const double cpu = cpu_s(), seconds = day_of(homes, 0, &fill, &cost);
        const double busy = cpu_s() - cpu;
        snprintf(name, sizeof name, "homes_%d_day", (int)homes);
        line(name, "seconds", seconds, fewer ? before * homes / fewer : seconds, "s");
        line(name, "of which series", fill, seconds, "s");
        line(name, "of the processors", busy, seconds, "s");
        line(name, "per home and interval", seconds / homes / 48 * 1e6,
             seconds / homes / 48 * 1e6, "us");
        line(name, "peak memory", peak_mib(), homes == 1000000 ? 8192 : peak_mib(), "MiB");
        before = seconds;
        fewer = homes;
    }
}

static void same_bits(void) {
    double fill = 0, one = 0, two = 0;
    day_of(5000, 1, &fill, &one);
    day_of(5000, 2, &fill, &two);
    if (memcmp(&one, &two, sizeof one) != 0) {
        fprintf(stderr, "community: one thread says %.17g, two say %.17g\n", one, two);
        exit(1);
    }
    line("homes_5000_day", "cost on one and two threads", one, two, "currency");
}

/* ---- the real homes ---------------------------------------------------------------------- */

typedef struct {
    const vo_homes *h;
    const vo_home_series *series;
} year;

static double cost_of(const year *y, vo_run_kind kind, const char *forecaster, bool rules,
                      double *seconds) {
    vo_simulation_options o = vo_simulation_options_default();
    vo_simulation s = {0};
    vo_error err = {0};
    o.kind = (int32_t)kind;
    o.forecaster = forecaster;
    if (strcmp(forecaster, "perfect") == 0) o.scenarios = 1;
    if (!rules) o.rules = vo_market_rules_none();
    const double begin = vo_clock_monotonic_s();
    check(vo_simulation_run(y->h, y->series, &o, &s, &err), &err);
    *seconds = vo_clock_monotonic_s() - begin;
    const double cost = s.cost;
    vo_simulation_fini(&s);
    return cost;
}

static void real(const char *folder) {
    vo_world_request r = vo_world_request_default();
    vo_error err = {0};
    vo_world *w = NULL;
    vo_home_series series = {0};
    r.homes_from = folder;
    r.homes = 0;
    r.days = 0;
    r.history_days = 0;
    r.allow_files = true;
    if (vo_world_create(&r, &w, &err) != VO_OK) {
        fprintf(stderr, "community: the real homes are skipped: %s\n", err.msg);
        return;
    }
    const vo_homes *h = vo_world_homes(w);
    check(vo_home_series_fill(h, &series, &err), &err);
    const year y = {h, &series};
    double *alone = calloc(h->homes, sizeof *alone), s = 0;
    vo_bounds b = {.alone = alone};
    const vo_bound_options o = {.loss = 0.05, .rounds = 500, .tolerance = 1e-6};
    const double begin = vo_clock_monotonic_s();
    check(vo_bounds_find(h, series.load_kwh, series.pv_kwh, &o, NULL, NULL, &b, &err), &err);
    const double bound_s = vo_clock_monotonic_s() - begin;
    line("real_year", "seconds of the bounds", bound_s, 20, "s");
    const double pv = cost_of(&y, VO_RUN_PV_ONLY, "profile", true, &s);
    const double best = pv - b.pooled;
    line("real_year", "saved alone", pv - cost_of(&y, VO_RUN_ALONE, "profile", true, &s),
         pv - b.alone_sum, "USD");
    line("real_year", "saved as a community",
         pv - cost_of(&y, VO_RUN_COMMUNITY, "profile", true, &s), best, "USD");
    line("real_year", "seconds of that year", s, s, "s");
    line("real_year", "saved with perfect forecasts",
         pv - cost_of(&y, VO_RUN_COMMUNITY, "perfect", true, &s), best, "USD");
    line("real_year", "saved so and without rules",
         pv - cost_of(&y, VO_RUN_COMMUNITY, "perfect", false, &s), best, "USD");
    free(alone);
    vo_home_series_fini(&series);
    vo_world_free(w);
}

int main(int argc, char **argv) {
    const bool quick = argc > 1 && strcmp(argv[1], "--quick") == 0;
    const bool full = argc > 1 && strcmp(argv[1], "--full") == 0;
    const char *data = getenv("VOLTEO_DATA");
    char folder[1024];
    printf("claim,metric,ours,peer,ratio,unit\n");
    scale(quick ? 10000 : full ? 1000000 : 100000);
    same_bits();
    snprintf(folder, sizeof folder, "%s/citylearn_2022",
             data && data[0] ? data : "../shared/data");
    if (!quick) real(folder);
    return 0;
}
