/* test_home_forecast.c -- what homes think they will use and make: nothing of what is to come is
 * known, errors are those that were made, and threads change nothing. */
#include "community/home_forecast.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/zone.h"
#include "support/fault_alloc.h"
#include "support/village.h"

enum { S = 48, HOMES = 4, DAYS = 20, FIRST = 14 * S, N = 60 };

static village *make(size_t homes, size_t days) {
    village *v = calloc(1, sizeof *v);
    village_make(v, 3, homes, days, FIRST / S, 0.5);
    return v;
}

static void done(village *v) {
    village_free(v);
    free(v);
}

static vo_home_forecasts *open(const char *spec, const village *v, const float *load,
                               const float *pv) {
    vo_home_forecasts *f = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_home_forecasts_create(spec, &v->h, load, pv, N, NULL, &f, &err), VO_OK,
                 "%s: %s", spec, err.msg);
    return f;
}

static float load_at(const village *v, size_t home, size_t t) {
    return v->load[home * v->steps + t];
}
static float pv_at(const village *v, size_t home, size_t t) {
    return v->pv[home * v->steps + t];
}

static void observe(vo_home_forecasts *f, const village *v, uint32_t home, size_t t) {
    vo_home_forecasts_observe(f, home, t, (double)load_at(v, home, t),
                              (double)pv_at(v, home, t));
}

static void ask(vo_home_forecasts *f, uint32_t home, size_t t, size_t n, float *load,
                float *pv) {
    vo_error err = {0};
    cr_assert_eq(vo_home_forecasts_predict(f, home, t, n, 0, load, pv, &err), VO_OK, "%s",
                 err.msg);
}

static void predict(vo_home_forecasts *f, uint32_t home, size_t t, float *load, float *pv) {
    ask(f, home, t, N, load, pv);
}

static void new_day(vo_home_forecasts *f, const village *v, size_t t) {
    vo_error err = {0};
    if (t >= FIRST && (t == FIRST || v->day[t] != v->day[t - 1]))
        cr_assert_eq(vo_home_forecasts_new_day(f, t, &err), VO_OK, "%s", err.msg);
}

static const char *const specs[] = {"profile", "naive_day", "naive_week", "load_gbt"};
enum { SPECS = sizeof specs / sizeof *specs };

/* All arrays that were handed in are poisoned from the step on that is predicted. */
Test(home_forecast, nothing_to_come_is_known) {
    for (size_t k = 0; k < SPECS; k++) {
        village *v = make(HOMES, DAYS);
        const size_t bytes = HOMES * v->steps * sizeof(float);
        float *load = malloc(bytes), *pv = malloc(bytes);
        memcpy(load, v->load, bytes);
        memcpy(pv, v->pv, bytes);
        vo_home_forecasts *a = open(specs[k], v, v->load, v->pv);
        vo_home_forecasts *b = open(specs[k], v, load, pv);
        for (size_t i = 0; i < HOMES; i++)
            for (size_t t = FIRST; t < v->steps; t++) {
                load[i * v->steps + t] = 1e6F;
                pv[i * v->steps + t] = -1e6F;
            }
        for (size_t t = 0; t < FIRST + 2 * S; t++) {
            new_day(a, v, t);
            new_day(b, v, t);
            for (uint32_t i = 0; i < HOMES; i++) {
                float x[2][N], y[2][N];
                if (t >= FIRST && t % 5 == 0) {
                    predict(a, i, t, x[0], x[1]);
                    predict(b, i, t, y[0], y[1]);
                    cr_assert_eq(memcmp(x, y, sizeof x), 0, "%s at %zu", specs[k], t);
                    for (size_t n = 0; n < N; n++)
                        cr_assert(x[0][n] >= 0 && x[1][n] >= 0 && x[0][n] < 100);
                }
                observe(a, v, i, t);
                observe(b, v, i, t);
            }
        }
        vo_home_forecasts_free(a);
        vo_home_forecasts_free(b);
        free(load);
        free(pv);
        done(v);
    }
}

Test(home_forecast, the_naive_ones_say_what_was_a_day_and_a_week_before) {
    for (int week = 0; week < 2; week++) {
        village *v = make(2, DAYS);
        vo_home_forecasts *f = open(week ? "naive_week" : "naive_day", v, v->load, v->pv);
        const size_t back = week ? 7 * S : S;
        float load[N], pv[N];
        for (size_t t = 0; t < v->steps; t++) {
            if (t >= FIRST && t % 11 == 0) {
                predict(f, 1, t, load, pv);
                for (size_t n = 0; n < S && t + n < v->steps; n++) {
                    cr_assert_float_eq((double)load[n], (double)load_at(v, 1, t + n - back), 0);
                    cr_assert_float_eq((double)pv[n], (double)pv_at(v, 1, t + n - back), 0);
                }
            }
            observe(f, v, 0, t);
            observe(f, v, 1, t);
        }
        vo_home_forecasts_free(f);
        done(v);
    }
}

Test(home_forecast, perfect_is_the_truth_and_behind_its_end_the_day_before) {
    village *v = make(2, DAYS);
    vo_home_forecasts *f = open("perfect", v, v->load, v->pv);
    vo_forecast_error error[VO_FORECAST_LEADS];
    float load[N], pv[N];
    for (size_t t = 0; t < v->steps; t++) {
        if (t >= FIRST) {
            predict(f, 1, t, load, pv);
            for (size_t n = 0; n < N; n++) {
                size_t at = t + n;
                while (at >= v->steps) at -= S;
                cr_assert_float_eq((double)load[n], (double)load_at(v, 1, at), 0);
                cr_assert_float_eq((double)pv[n], (double)pv_at(v, 1, at), 0);
            }
            cr_assert_float_eq(vo_home_forecasts_spread(f, 1, t, 3), 0, 0);
        }
        observe(f, v, 0, t);
        observe(f, v, 1, t);
    }
    vo_home_forecasts_errors(f, false, error);
    for (size_t k = 0; k < VO_FORECAST_LEADS; k++) {
        cr_assert_float_eq(error[k].mae_kwh, 0, 0);
        cr_assert_eq(error[k].count, v->steps - FIRST - k);
    }
    vo_home_forecasts_free(f);
    done(v);
}

typedef struct {
    double error, real, share;
    size_t n, n_share;
} tally;

static void add(tally *s, double said, double real) {
    s->error += fabs(said - real);
    s->real += real;
    s->n++;
    if (real > 0.05) s->share += fabs(said - real) / real, s->n_share++;
}

static void same(const vo_forecast_error *e, const tally *s, const char *what, size_t lead) {
    cr_assert_eq(e->count, s->n, "%s, lead %zu", what, lead + 1);
    cr_assert_float_eq(e->mae_kwh, s->error / (double)s->n, 1e-12, "%s", what);
    cr_assert_float_eq(e->wape_percent, 100 * s->error / s->real, 1e-9, "%s", what);
    cr_assert_float_eq(e->mape_percent, 100 * s->share / (double)s->n_share, 1e-9, "%s", what);
}

/* Asked at every fifth step, twice, and not always as far; told anew from what was said and came. */
Test(home_forecast, errors_by_lead_are_those_that_were_made) {
    village *v = make(HOMES, DAYS);
    vo_home_forecasts *f = open("profile", v, v->load, v->pv);
    static tally want[2][VO_FORECAST_LEADS];
    vo_forecast_error error[VO_FORECAST_LEADS];
    for (size_t t = 0; t < v->steps; t++)
        for (uint32_t i = 0; i < HOMES; i++) {
            float load[N], pv[N];
            const bool asked = t >= FIRST && t % 5 == i;
            const size_t far = t % 2 ? 20 : N;
            for (int twice = 0; asked && twice < 2; twice++) ask(f, i, t, far, load, pv);
            for (size_t n = 0; asked && n < VO_FORECAST_LEADS && n < far; n++) {
                if (t + n >= v->steps) break;
                add(&want[0][n], (double)load[n], (double)load_at(v, i, t + n));
                add(&want[1][n], (double)pv[n], (double)pv_at(v, i, t + n));
            }
            observe(f, v, i, t);
        }
    for (int k = 0; k < 2; k++) {
        vo_home_forecasts_errors(f, k == 1, error);
        for (size_t n = 0; n < VO_FORECAST_LEADS; n++)
            same(&error[n], &want[k][n], k ? "pv" : "load", n);
    }
    vo_home_forecasts_free(f);
    done(v);
}

/* Homes in another order, as threads would take them. */
Test(home_forecast, the_order_of_homes_changes_no_bit) {
    village *v = make(HOMES, DAYS);
    vo_home_forecasts *f[2] = {open("load_gbt", v, v->load, v->pv),
                               open("load_gbt", v, v->load, v->pv)};
    float said[2][HOMES][2][N];
    vo_forecast_error error[2][VO_FORECAST_LEADS];
    for (size_t t = 0; t < FIRST + S; t++)
        for (int k = 0; k < 2; k++) {
            new_day(f[k], v, t);
            for (uint32_t j = 0; j < HOMES; j++) {
                const uint32_t i = k ? HOMES - 1 - j : j;
                if (t >= FIRST) predict(f[k], i, t, said[k][i][0], said[k][i][1]);
                observe(f[k], v, i, t);
            }
            if (k == 1 && t >= FIRST) cr_assert_eq(memcmp(said[0], said[1], sizeof said[0]), 0);
        }
    for (int k = 0; k < 2; k++) vo_home_forecasts_errors(f[k], false, error[k]);
    cr_assert_eq(memcmp(error[0], error[1], sizeof error[0]), 0);
    for (int k = 0; k < 2; k++) vo_home_forecasts_free(f[k]);
    done(v);
}

Test(home_forecast, the_spread_is_of_the_size_of_the_errors_that_follow) {
    for (size_t k = 0; k < SPECS; k++) {
        village *v = make(HOMES, 40);
        vo_home_forecasts *f = open(specs[k], v, v->load, v->pv);
        double expected = 0, made = 0;
        float load[N], pv[N];
        for (size_t t = 0; t < v->steps; t++) {
            new_day(f, v, t);
            for (uint32_t i = 0; i < HOMES; i++) {
                if (t >= FIRST && t + S <= v->steps && t % 6 == 0) {
                    predict(f, i, t, load, pv);
                    for (size_t n = 12; n < S; n++) {
                        const double s = vo_home_forecasts_spread(f, i, t, n);
                        const double e = (double)load[n] - (double)pv[n] -
                                         (double)load_at(v, i, t + n) +
                                         (double)pv_at(v, i, t + n);
                        expected += s * s;
                        made += e * e;
                    }
                }
                observe(f, v, i, t);
            }
        }
        cr_assert_float_eq(sqrt(expected / made), 1, 0.4, "%s: %g", specs[k],
                           sqrt(expected / made));
        vo_home_forecasts_free(f);
        done(v);
    }
}

/* A load that follows the wall clock, across the night of 2026-11-01 in Los Angeles. */
Test(home_forecast, the_slot_is_the_wall_clocks_when_clocks_change) {
    village *v = make(1, DAYS);
    vo_zone *zone = NULL;
    v->h.zone = "America/Los_Angeles";
    cr_assert_eq(vo_zone_open(v->h.zone, &zone, NULL), VO_OK);
    for (size_t t = 0; t < v->steps; t++) {
        v->start[t].s = 1792825200 + 1800 * (int64_t)t; /* 2026-10-24 00:00 there */
        const int64_t local = v->start[t].s + vo_zone_offset(zone, v->start[t].s);
        v->load[t] = local % 86400 / 3600 == 18 ? 2.0F : 0.5F;
    }
    vo_zone_close(zone);
    vo_home_forecasts *f = open("profile", v, v->load, v->pv);
    float load[N], pv[N];
    for (size_t t = 0; t < v->steps; t++) {
        if (t >= 2 * S && t + N <= v->steps) {
            predict(f, 0, t, load, pv);
            for (size_t n = 0; n < N; n++)
                cr_assert_float_eq((double)load[n], (double)v->load[t + n], 1e-4, "%zu + %zu",
                                   t, n);
        }
        observe(f, v, 0, t);
    }
    vo_home_forecasts_free(f);
    done(v);
}

Test(home_forecast, what_cannot_be_is_refused_in_words) {
    village *v = make(2, DAYS);
    vo_home_forecasts *f = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_home_forecasts_create("oracle", &v->h, v->load, v->pv, N, NULL, &f, &err),
                 VO_EINVAL);
    cr_assert(strstr(err.msg, "\"oracle\"") && strstr(err.msg, "naive_day"), "%s", err.msg);
    cr_assert_eq(
        vo_home_forecasts_create("load_gbt=mine", &v->h, v->load, v->pv, N, NULL, &f, &err),
        VO_ENOTFOUND);
    cr_assert(strstr(err.msg, "mine"), "%s", err.msg);
    v->h.dt_h = 0.7;
    cr_assert_eq(vo_home_forecasts_create("profile", &v->h, v->load, v->pv, N, NULL, &f, &err),
                 VO_EINVAL);
    cr_assert(strstr(err.msg, "dt_h = 0.7"), "%s", err.msg);
    v->h.dt_h = 0.5;
    v->h.homes = VO_FORECAST_SEAM_HOMES + 1;
    cr_assert_eq(
        vo_home_forecasts_create("naive_day", &v->h, v->load, v->pv, N, NULL, &f, &err),
        VO_EINVAL);
    cr_assert(strstr(err.msg, "1001"), "%s", err.msg);
    v->h.homes = 2;
    cr_assert_null(f);
    vo_home_forecasts_free(NULL);
    done(v);
}

Test(home_forecast, a_learner_without_history_says_how_much_it_needs) {
    village *v = calloc(1, sizeof *v);
    village_make(v, 3, 2, 10, 5, 0.5);
    vo_home_forecasts *f = open("load_gbt", v, v->load, v->pv);
    vo_error err = {0};
    for (size_t t = 0; t < 5 * S; t++)
        for (uint32_t i = 0; i < 2; i++) observe(f, v, i, t);
    cr_assert_eq(vo_home_forecasts_new_day(f, 5 * S, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "5 days") && strstr(err.msg, "7 days"), "%s", err.msg);
    vo_home_forecasts_free(f);
    done(v);
}

Test(home_forecast, out_of_memory_leaks_nothing) {
    village *v = make(2, DAYS);
    for (size_t k = 0; k < SPECS; k++)
        for (long budget = 0;; budget++) {
            fault ft = {.left = budget};
            const vo_alloc alloc = fault_alloc(&ft);
            const vo_learning world = {.alloc = &alloc};
            vo_home_forecasts *f = NULL;
            const vo_status st =
                vo_home_forecasts_create(specs[k], &v->h, v->load, v->pv, N, &world, &f, NULL);
            vo_home_forecasts_free(f);
            cr_assert_eq(ft.live, 0, "%s %ld", specs[k], budget);
            if (st == VO_OK) break;
            cr_assert_eq(st, VO_ENOMEM);
            cr_assert_lt(budget, 200);
        }
    done(v);
}

/* At quarters of an hour a day has 96 intervals: every second is a lead, up to the 96th; with a
 * horizon of 48 each of them. */
Test(home_forecast, errors_are_told_up_to_a_day_ahead_at_any_step) {
    enum { Q = 96, AHEAD = 100 };
    for (int brief = 0; brief < 2; brief++) {
        const size_t horizon = brief ? 48 : AHEAD, apart = brief ? 1 : 2;
        village v;
        village_make(&v, 3, 2, 6, 3, 0.25);
        vo_home_forecasts *f = NULL;
        vo_error err = {0};
        static tally want[VO_FORECAST_LEADS];
        vo_forecast_error error[VO_FORECAST_LEADS];
        memset(want, 0, sizeof want);
        cr_assert_eq(
            vo_home_forecasts_create("profile", &v.h, v.load, v.pv, horizon, NULL, &f, &err),
            VO_OK, "%s", err.msg);
        for (size_t t = 0; t < v.steps; t++)
            for (uint32_t i = 0; i < 2; i++) {
                float load[AHEAD], pv[AHEAD];
                if (t >= 3 * Q) ask(f, i, t, horizon, load, pv);
                for (size_t k = 0; t >= 3 * Q && k < VO_FORECAST_LEADS; k++) {
                    const size_t n = (k + 1) * apart - 1;
                    if (t + n < v.steps)
                        add(&want[k], (double)load[n], (double)load_at(&v, i, t + n));
                }
                observe(f, &v, i, t);
            }
        vo_home_forecasts_errors(f, false, error);
        for (size_t k = 0; k < VO_FORECAST_LEADS; k++) {
            cr_assert_eq(error[k].lead, (k + 1) * apart);
            same(&error[k], &want[k], "load", k);
        }
        cr_expect_eq(error[VO_FORECAST_LEADS - 1].lead, brief ? (size_t)48 : (size_t)Q);
        vo_home_forecasts_free(f);
        village_free(&v);
    }
}
