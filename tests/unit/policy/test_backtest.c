/* test_backtest.c -- the loop is honest: with money, with energy, with time. */
#include "policy/backtest.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "base/zone.h"
#include "learn/forecaster.h"
#include "optimize/threshold.h"
#include "support/fault_alloc.h"
#include "support/local_hours.h"

static const char *const every[] = {
#define X(name, create, flags, help) #name,
    VO_POLICY_MAP(X)
#undef X
};
#define EVERY (sizeof every / sizeof every[0])

/* What may learn: mpc and the policies of the list on every forecaster that does. NULL: not. */
static const char *const learner[] = {
#define X(name, create, flags, help) (flags) & VO_FORECASTER_LEARNS ? "mpc:" #name : NULL,
    VO_FORECASTER_MAP(X)
#undef X
#define X(name, create, flags, help) (flags) & VO_POLICY_LEARNS ? #name : NULL,
        VO_POLICY_MAP(X)
#undef X
};
#define LEARNERS (sizeof learner / sizeof learner[0])

typedef struct {
    vo_series *s;
    double *price;
    vo_battery battery;
    vo_problem p;
    vo_backtest_settings settings;
} bench;

/* A daily shape with noise and, at night, some prices below zero. */
static void set_up(bench *x, const char *zone, int month, int day, int days) {
    x->s = local_hours(zone, 2016, month, day, days, "guess");
    x->price = x->s->column[0].value;
    vo_random g = vo_random_seed(5, 0);
    for (size_t t = 0; t < x->s->n; t++) {
        const double h = (double)(x->s->start[t].s / 3600 % 24);
        x->price[t] =
            30 - 28 * cos(h * 0.2618) + 12 * sin(h * 0.5236 + 1) + 8 * vo_random_normal(&g);
        x->s->column[1].value[t] = x->price[t] + 5 * vo_random_normal(&g);
    }
    x->battery = vo_battery_default();
    x->p = vo_problem_default();
    x->p.n = x->s->n;
    x->p.price = x->price;
    x->p.battery = &x->battery;
    x->settings = vo_backtest_settings_default();
    x->settings.resamples = 200;
}

static vo_backtest_result *run(const bench *x, const char *policy) {
    vo_backtest_result *r = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_backtest_run(&x->p, x->s, policy, &x->settings, &r, &err), VO_OK, "%s: %s",
                 policy, err.msg);
    return r;
}

/* Energy, money and hours of a result, added up anew. */
static void check_books(const bench *x, const vo_backtest_result *r) {
    const vo_battery *b = &x->battery;
    double profit = 0, days = 0, out = 0, stored = b->initial_soc * b->capacity_mwh;
    for (size_t i = 0; i < r->n; i++) {
        const double mw = r->power_mw[i], price = x->price[r->first + i];
        stored += mw > 0 ? -mw / b->discharge_efficiency : -mw * b->charge_efficiency;
        cr_assert_float_eq(r->stored_mwh[i + 1], stored, 1e-9);
        cr_assert(stored > -1e-9 && stored < b->capacity_mwh + 1e-9);
        cr_assert(fabs(mw) <= b->charge_mw + 1e-12);
        profit += price * mw - b->wear_cost_per_mwh * fmax(mw, 0);
        out += fmax(mw, 0);
    }
    for (size_t k = 0; k < r->n_days; k++) days += r->day_profit[k];
    cr_assert_float_eq(r->profit, profit, 1e-7);
    cr_assert_float_eq(r->profit, days, 1e-9);
    cr_assert_float_eq(r->cycles, out / b->capacity_mwh, 1e-9);
    cr_assert_float_eq(r->charging_h + r->discharging_h + r->idle_h, (double)r->n, 1e-9);
    cr_assert_eq(r->violations, 0, "%s", r->policy);
    cr_assert_eq(r->certified, 1, "%s", r->policy);
}

/* Every policy, both protocols, with wear, an initial charge and a cycle limit. */
Test(backtest, energy_and_money_add_up_for_every_policy) {
    bench x;
    set_up(&x, "UTC", 2, 1, 35);
    x.settings.first = x.settings.train_until = 21 * 24;
    for (int kind = 0; kind < 6; kind++) {
        x.settings.protocol = kind % 2;
        x.battery.initial_soc = kind / 2 == 1 ? 0.5 : 0;
        x.battery.wear_cost_per_mwh = kind / 2 == 1 ? 3 : 0;
        x.battery.max_cycles_per_day = kind / 2 == 2 ? 1 : (double)INFINITY;
        for (size_t k = 0; k < EVERY; k++) {
            vo_backtest_result *r = run(&x, every[k]);
            check_books(&x, r);
            cr_assert(r->capture <= 1 + 1e-9, "%s captures %g", every[k], r->capture);
            cr_assert(r->capture_low <= r->capture && r->capture <= r->capture_high);
            cr_assert(r->stored_mwh[r->n] >= x.battery.initial_soc * 2 - 1e-9);
            if (strcmp(every[k], "perfect") == 0) cr_assert(r->capture == 1.0);
            vo_backtest_free(r);
        }
    }
    vo_series_free(x.s);
}

/* Day 1 is planned on the guess 10, 50 / 20, 60 and paid at the real prices. */
Test(backtest, a_planned_day_is_paid_at_real_prices) {
    bench x;
    set_up(&x, "UTC", 2, 1, 2);
    x.battery.capacity_mwh = 1;
    x.battery.charge_efficiency = x.battery.discharge_efficiency = 1;
    for (size_t t = 0; t < 48; t++) x.price[t] = 30, x.s->column[1].value[t] = 30;
    x.s->column[1].value[24 + 3] = 10; /* believed cheapest: really 25 */
    x.s->column[1].value[24 + 9] = 50; /* believed dearest: really 33  */
    x.price[24 + 3] = 25;
    x.price[24 + 9] = 33;
    x.price[24 + 12] = 5; /* the real chance, 5 -> 30, is missed */
    x.settings.first = 24;
    x.settings.days_alone = 1;
    vo_backtest_result *r = run(&x, "mpc:column=guess");
    cr_assert_float_eq(r->profit, 8, 1e-9);
    cr_assert_float_eq(r->power_mw[3], -1, 1e-9);
    cr_assert_float_eq(r->power_mw[9], 1, 1e-9);
    cr_assert_float_eq(r->perfect_profit, 8 + 25, 1e-9); /* 25 -> 33 and 5 -> 30 */
    cr_assert_float_eq(r->capture, 8.0 / 33, 1e-12);
    cr_assert_float_eq(r->idle_h, 22, 0);
    cr_assert_str_eq(r->worst_date, "2016-02-02");
    cr_assert_eq(r->n_days, 1);
    vo_backtest_free(r);
    vo_series_free(x.s);
}

/* A column that holds the real prices is perfect foresight of each day. */
Test(backtest, the_right_forecast_captures_everything_when_days_stand_alone) {
    bench x;
    set_up(&x, "Europe/Paris", 3, 20, 14);
    memcpy(x.s->column[1].value, x.price, x.s->n * sizeof(double));
    x.settings.days_alone = 1;
    vo_backtest_result *r = run(&x, "mpc:column=guess");
    cr_assert_float_eq(r->capture, 1, 1e-9);
    cr_assert_eq(r->filled, 0);
    vo_backtest_free(r);
    vo_series_free(x.s);
}

/* Prices that depend on the local hour alone: yesterday's are right, also after the clock
 * changed. A map by intervals would be an hour off on 28 March and 31 October. */
Test(backtest, local_hours_survive_the_change_of_the_clock) {
    const int begin[2][2] = {{3, 22}, {10, 25}};
    for (int k = 0; k < 2; k++) {
        bench x;
        set_up(&x, "Europe/Paris", begin[k][0], begin[k][1], 12);
        vo_zone *z = NULL;
        cr_assert_eq(vo_zone_open("Europe/Paris", &z, NULL), VO_OK);
        for (size_t t = 0; t < x.s->n; t++) {
            const int64_t local = x.s->start[t].s + vo_zone_offset(z, x.s->start[t].s);
            const int64_t h = local % 86400 / 3600;
            x.price[t] = h == 5 ? 5 : h == 6 ? 90 : h == 15 ? 2 : h == 20 ? 70 : 40;
        }
        vo_zone_close(z);
        x.settings.first = 24;
        x.settings.days_alone = 1;
        vo_backtest_result *r = run(&x, "mpc:naive_day");
        cr_assert_eq(r->n_days, 11);
        cr_assert_eq(r->n, x.s->n - 24);
        cr_assert_eq(x.s->n, (size_t)(12 * 24 + (k == 0 ? -1 : 1)));
        cr_assert_float_eq(r->capture, 1, 1e-9);
        cr_assert_eq(r->violations, 0);
        vo_backtest_free(r);
        x.settings.days_alone = 0;
        x.settings.protocol = VO_PROTOCOL_ROLLING;
        r = run(&x, "mpc:naive_day");
        cr_assert_float_eq(r->capture, 1, 1e-9);
        vo_backtest_free(r);
        vo_series_free(x.s);
    }
}

/* The future is scrambled from one moment on; what was decided before must be the same, bit for
 * bit. perfect, which is told the future, shows that the test can fail. */
Test(backtest, no_decision_depends_on_prices_to_come) {
    static const char *const spec[] = {"threshold",     "spread",           "cycle",
                                       "mpc",           "mpc:naive_day",    "mpc:naive_week",
                                       "mpc:epf_naive", "mpc:column=guess", "perfect"};
    for (int protocol = 0; protocol < 2; protocol++) {
        for (size_t k = 0; k < sizeof spec / sizeof spec[0]; k++) {
            bench x;
            set_up(&x, "Europe/Paris", 3, 15, 21);
            x.settings.protocol = protocol;
            vo_backtest_result *before = run(&x, spec[k]);
            size_t cut = 15 * 24 + 7; /* a morning */
            for (size_t t = cut; t < x.s->n; t++) x.price[t] = 200 - 3 * x.price[t];
            vo_backtest_result *after = run(&x, spec[k]);
            if (protocol == VO_PROTOCOL_PLANNED) /* the whole day was planned before */
                while (x.s->day[cut] == x.s->day[cut - 1]) cut++;
            const bool same =
                memcmp(before->power_mw, after->power_mw, cut * sizeof(double)) == 0;
            cr_assert_eq(same, strcmp(spec[k], "perfect") != 0, "%s, %s", spec[k],
                         vo_protocol_name(protocol));
            cr_assert(before->profit != after->profit);
            vo_backtest_free(before);
            vo_backtest_free(after);
            vo_series_free(x.s);
        }
    }
}

/* The rule, played by hand with levels from another piece of code. */
Test(backtest, threshold_acts_on_percentiles_of_the_days_before) {
    bench x;
    set_up(&x, "Europe/Paris", 3, 15, 21);
    x.battery.final_kind = VO_FINAL_FREE;
    x.battery.charge_efficiency = x.battery.discharge_efficiency = 1;
    x.settings.protocol = VO_PROTOCOL_ROLLING;
    x.settings.low_percentile = 20;
    x.settings.high_percentile = 70;
    vo_backtest_result *r = run(&x, "threshold");
    double *scratch = malloc(x.s->n * sizeof *scratch), stored = 0, low = 0, high = 0;
    bool known = false;
    for (size_t t = 0; t < x.s->n; t++) {
        if (t > 0 && x.s->day[t] != x.s->day[t - 1])
            known = vo_threshold_levels(x.price, t, 20, 70, scratch, &low, &high);
        const bool cheap = known && x.price[t] <= low, dear = known && x.price[t] >= high;
        const double mw = cheap ? -fmin(1, 2 - stored) : dear ? fmin(1, stored) : 0;
        stored -= mw;
        cr_assert_float_eq(r->power_mw[t], mw, 1e-9, "hour %zu: %g, not %g", t, r->power_mw[t],
                           mw);
    }
    cr_assert(r->discharged_mwh > 10);
    free(scratch);
    vo_backtest_free(r);
    vo_series_free(x.s);
}

Test(backtest, the_cycle_limits_hold_however_often_it_is_planned_anew) {
    bench x;
    set_up(&x, "UTC", 2, 1, 35);
    x.battery.max_cycles_per_day = 0.4;
    x.battery.max_cycles = 3;
    x.settings.first = x.settings.train_until = 21 * 24;
    for (int protocol = 0; protocol < 2; protocol++) {
        x.settings.protocol = protocol;
        for (size_t k = 0; k < EVERY; k++) {
            vo_backtest_result *r = run(&x, every[k]);
            double all = 0;
            for (size_t d = 0; d < 14; d++) {
                double out = 0;
                for (size_t h = 0; h < 24; h++) out += fmax(r->power_mw[24 * d + h], 0);
                cr_assert(out <= 0.4 * 2 + 1e-9, "%s day %zu: %g", every[k], d, out);
                all += out;
            }
            cr_assert(all <= 6 + 1e-9);
            cr_assert_eq(r->violations, 0);
            vo_backtest_free(r);
        }
    }
    vo_series_free(x.s);
}

/* Load, PV, a meter limit and a feed-in tariff known ahead. */
Test(backtest, behind_the_meter_no_limit_is_broken) {
    bench x;
    set_up(&x, "UTC", 2, 1, 31);
    x.settings.first = x.settings.train_until = 21 * 24;
    double *load = calloc(x.s->n, sizeof *load), *pv = calloc(x.s->n, sizeof *pv);
    double *feed_in = calloc(x.s->n, sizeof *feed_in), *limit = calloc(x.s->n, sizeof *limit);
    for (size_t t = 0; t < x.s->n; t++) {
        load[t] = 0.3 + 0.2 * (t % 24 > 17);
        pv[t] = t % 24 > 8 && t % 24 < 16 ? 1.1 : 0;
        feed_in[t] = 4;
        limit[t] = 0.9;
        x.price[t] = fabs(x.price[t]) + 5;
    }
    x.p.load_mw = load;
    x.p.pv_mw = pv;
    x.p.export_price = feed_in;
    x.p.import_limit_mw = limit;
    for (int kind = 0; kind < 4; kind++) {
        x.settings.protocol = kind % 2;
        x.settings.export_price_known = kind / 2;
        for (size_t k = 0; k < EVERY; k++) {
            vo_backtest_result *r = run(&x, every[k]);
            cr_assert_eq(r->violations, 0, "%s", every[k]);
            cr_assert_eq(r->certified, 1, "%s", every[k]);
            vo_backtest_free(r);
        }
    }
    free(load), free(pv), free(feed_in), free(limit);
    vo_series_free(x.s);
}

Test(backtest, the_same_run_gives_the_same_bits) {
    bench x;
    set_up(&x, "UTC", 2, 1, 12);
    x.settings.protocol = VO_PROTOCOL_ROLLING;
    vo_backtest_result *a = run(&x, "mpc"), *b = run(&x, "mpc");
    cr_assert_eq(memcmp(a->power_mw, b->power_mw, a->n * sizeof(double)), 0);
    cr_assert(a->profit == b->profit && a->capture == b->capture &&
              a->capture_low == b->capture_low && a->capture_high == b->capture_high);
    vo_backtest_free(a);
    vo_backtest_free(b);
    vo_series_free(x.s);
}

static double ticking(void *ctx) {
    double *now = ctx;
    return *now += 3e-6;
}

Test(backtest, time_per_decision_is_that_of_the_clock_it_is_given) {
    bench x;
    set_up(&x, "UTC", 2, 1, 5);
    double now = 0;
    vo_backtest_result *r = run(&x, "cycle");
    cr_assert(isnan(r->us_per_decision));
    vo_backtest_free(r);
    x.settings.clock_s = ticking;
    x.settings.clock_ctx = &now;
    r = run(&x, "cycle");
    cr_assert_float_eq(r->us_per_decision, 3, 1e-6);
    cr_assert_eq(r->decisions, 5);
    vo_backtest_free(r);
    x.settings.protocol = VO_PROTOCOL_ROLLING;
    r = run(&x, "cycle");
    cr_assert_eq(r->decisions, 120);
    vo_backtest_free(r);
    vo_series_free(x.s);
}

typedef struct {
    double last;
    int calls, stop_after;
} watcher;

static bool watch(void *ctx, double fraction) {
    watcher *w = ctx;
    cr_assert(fraction > w->last && fraction <= 1);
    w->last = fraction;
    return ++w->calls != w->stop_after;
}

Test(backtest, progress_rises_to_one_and_can_stop_the_run) {
    bench x;
    set_up(&x, "UTC", 2, 1, 6);
    watcher w = {.last = -1, .stop_after = -1};
    x.settings.progress = watch;
    x.settings.progress_ctx = &w;
    vo_backtest_free(run(&x, "spread"));
    cr_assert_eq(w.calls, 7, "0 when the span begins, then a call per day");
    cr_assert_float_eq(w.last, 1, 0);
    w = (watcher){.last = -1, .stop_after = 2};
    vo_backtest_result *r = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_backtest_run(&x.p, x.s, "spread", &x.settings, &r, &err), VO_ECANCELED);
    cr_assert_null(r);
    cr_assert_eq(w.calls, 2);
    vo_series_free(x.s);
}

/* ---- training ----------------------------------------------------------------------- */

Test(backtest, what_learns_is_refused_without_anything_to_learn_from) {
    bench x;
    set_up(&x, "UTC", 2, 1, 5);
    for (size_t k = 0; k < LEARNERS; k++) {
        if (!learner[k]) continue;
        cr_assert(vo_policy_learns(learner[k]), "%s", learner[k]);
        vo_backtest_result *r = NULL;
        vo_error err = {0};
        cr_assert_eq(vo_backtest_run(&x.p, x.s, learner[k], &x.settings, &r, &err), VO_EINVAL);
        cr_assert(strstr(err.msg, learner[k]) && strstr(err.msg, "(train_until)") &&
                      strstr(err.msg, "=ID@champion"),
                  "%s", err.msg);
    }
    vo_series_free(x.s);
}

Test(backtest, a_training_span_that_reaches_into_what_is_played_is_refused) {
    bench x;
    set_up(&x, "UTC", 2, 1, 5);
    vo_backtest_result *r = NULL;
    vo_error err = {0};
    x.settings.first = 48;
    x.settings.train_until = 49;
    cr_assert_eq(vo_backtest_run(&x.p, x.s, "mpc", &x.settings, &r, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "train_until = 49 is behind first = 48"), "%s", err.msg);
    x.settings.train_until = x.settings.train_from = 48;
    cr_assert_eq(vo_backtest_run(&x.p, x.s, "mpc", &x.settings, &r, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "train_from = 48"), "%s", err.msg);
    vo_series_free(x.s);
}

/* The first day of the span is planned before any of it is known. */
Test(backtest, the_span_played_does_not_reach_the_training) {
    bench x, y;
    const size_t days = 63, first = 60 * 24;
    set_up(&x, "UTC", 2, 1, (int)days);
    set_up(&y, "UTC", 2, 1, (int)days);
    x.settings.first = x.settings.train_until = y.settings.first = y.settings.train_until =
        first;
    for (size_t t = first; t < y.s->n; t++) y.price[t] = 900 - 3 * y.price[t];
    for (size_t k = 0; k < EVERY + LEARNERS; k++) {
        const char *spec = k < EVERY ? every[k] : learner[k - EVERY];
        if (!spec || strcmp(spec, "perfect") == 0) continue;
        vo_backtest_result *a = run(&x, spec), *b = run(&y, spec);
        cr_assert_eq(memcmp(a->power_mw, b->power_mw, 24 * sizeof(double)), 0, "%s", spec);
        vo_backtest_free(a);
        vo_backtest_free(b);
    }
    vo_series_free(x.s);
    vo_series_free(y.s);
}

Test(backtest, training_is_timed_apart_from_deciding) {
    bench x;
    set_up(&x, "UTC", 2, 1, 62);
    double now = 0;
    x.settings.first = x.settings.train_until = 60 * 24;
    vo_backtest_result *r = run(&x, "cycle");
    cr_assert(isnan(r->train_s), "no clock");
    vo_backtest_free(r);
    x.settings.clock_s = ticking;
    x.settings.clock_ctx = &now;
    r = run(&x, "cycle");
    cr_assert(r->train_s == 0, "it learns nothing");
    vo_backtest_free(r);
    for (size_t k = 0; k < LEARNERS; k++) {
        if (!learner[k]) continue;
        r = run(&x, learner[k]);
        cr_assert_float_eq(r->train_s, 3e-6, 1e-12, "%s", learner[k]);
        cr_assert_float_eq(r->us_per_decision, 3, 1e-6, "%s", learner[k]);
        vo_backtest_free(r);
    }
    vo_series_free(x.s);
}

/* The guess says the opposite of the truth on day 2: that day loses most. */
Test(backtest, the_worst_day_is_named_by_its_local_date) {
    bench x;
    set_up(&x, "America/Mexico_City", 2, 27, 5);
    for (size_t t = 0; t < x.s->n; t++) {
        x.price[t] = t % 24 < 12 ? 10 : 90;
        x.s->column[1].value[t] = t / 24 == 2 ? 100 - x.price[t] : x.price[t];
    }
    for (size_t t = 48; t < 72; t++) x.price[t] = t % 24 == 20 ? 5 : 60 - (double)(t % 24);
    for (size_t t = 48; t < 72; t++) x.s->column[1].value[t] = -x.price[t];
    vo_backtest_result *r = run(&x, "mpc:column=guess");
    cr_assert_eq(r->worst_day, 2);
    cr_assert_str_eq(r->worst_date, "2016-02-29");
    cr_assert(r->worst_profit < 0);
    cr_assert_float_eq(r->worst_profit, r->day_profit[2], 0);
    vo_backtest_free(r);
    vo_series_free(x.s);
}

/* Ends with more in store than it began with: the yardstick ends there too. */
Test(backtest, the_yardstick_ends_with_the_same_energy) {
    bench x;
    set_up(&x, "UTC", 2, 1, 29);
    x.battery.final_kind = VO_FINAL_FREE;
    x.battery.initial_soc = 0.5;
    x.settings.first = x.settings.train_until = 21 * 24;
    for (int protocol = 0; protocol < 2; protocol++) {
        x.settings.protocol = protocol;
        for (size_t k = 0; k < EVERY; k++) {
            vo_backtest_result *r = run(&x, every[k]);
            cr_assert(r->capture <= 1 + 1e-9, "%s %g", every[k], r->capture);
            vo_backtest_free(r);
        }
    }
    vo_series_free(x.s);
}

/* Levels 10 and 40 from the first day. On the second the rule buys at 6, sells at 40 and buys
 * at 5 in the last hour. Nobody who ends full can earn more, so it captures all. */
Test(backtest, energy_left_over_is_no_loss) {
    bench x;
    set_up(&x, "UTC", 2, 1, 2);
    x.battery.capacity_mwh = 1;
    x.battery.charge_efficiency = x.battery.discharge_efficiency = 1;
    for (size_t t = 0; t < 48; t++) x.price[t] = t < 8 ? 10 : 40;
    x.price[24 + 3] = 6;
    x.price[24 + 23] = 5;
    x.settings.first = 24;
    x.settings.protocol = VO_PROTOCOL_ROLLING;
    vo_backtest_result *r = run(&x, "threshold");
    cr_assert_float_eq(r->stored_mwh[24], 1, 1e-12);
    cr_assert_float_eq(r->profit, 40 - 6 - 5, 1e-12);
    cr_assert_float_eq(r->perfect_profit, 29, 1e-9);
    cr_assert_float_eq(r->capture, 1, 1e-9);
    vo_backtest_free(r);
    vo_series_free(x.s);
}

Test(backtest, what_cannot_be_played_is_refused_by_name) {
    bench x;
    set_up(&x, "UTC", 2, 1, 3);
    const vo_backtest_settings ok = x.settings;
    vo_backtest_settings bad[] = {ok, ok, ok, ok, ok, ok, ok, ok};
    bad[0].protocol = 7;
    bad[1].first = 5;
    bad[2].first = 72;
    bad[3].horizon_h = -1;
    bad[4].low_percentile = 90;
    bad[5].resamples = 10;
    bad[6].confidence = 95;
    bad[7].days_alone = 1, bad[7].protocol = VO_PROTOCOL_ROLLING;
    const char *field[] = {"protocol",       "first",     "first",      "horizon_h",
                           "low_percentile", "resamples", "confidence", "days_alone"};
    vo_backtest_result *r = NULL;
    for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
        vo_error err = {0};
        cr_assert_eq(vo_backtest_run(&x.p, x.s, "mpc", &bad[k], &r, &err), VO_EINVAL, "%s",
                     field[k]);
        cr_assert(strstr(err.msg, field[k]), "%s", err.msg);
    }
    vo_error err = {0};
    x.price[7] = (double)NAN;
    cr_assert_eq(vo_backtest_run(&x.p, x.s, "mpc", &ok, &r, &err), VO_EINVAL);
    x.price[7] = 1;
    x.p.demand_charge_per_mw = 3;
    cr_assert_eq(vo_backtest_run(&x.p, x.s, "mpc", &ok, &r, &err), VO_EUNSUPPORTED);
    cr_assert(strstr(err.msg, "demand_charge_per_mw"));
    x.p.demand_charge_per_mw = 0;
    x.p.n--;
    cr_assert_eq(vo_backtest_run(&x.p, x.s, "mpc", &ok, &r, &err), VO_EINVAL);
    cr_assert_null(r);
    vo_protocol protocol;
    cr_assert_eq(vo_protocol_parse("rolling", &protocol, NULL), VO_OK);
    cr_assert_eq(protocol, VO_PROTOCOL_ROLLING);
    cr_assert_eq(vo_protocol_parse("live", &protocol, &err), VO_EINVAL);
    vo_series_free(x.s);
}

Test(backtest, out_of_memory_leaks_nothing) {
    bench x;
    set_up(&x, "UTC", 2, 1, 4);
    for (int budget = 0;; budget++) {
        fault ft = {.left = budget};
        const vo_alloc alloc = fault_alloc(&ft);
        x.settings.alloc = &alloc;
        vo_backtest_result *r = NULL;
        const vo_status st = vo_backtest_run(&x.p, x.s, "mpc", &x.settings, &r, NULL);
        if (st != VO_OK) {
            cr_assert_eq(st, VO_ENOMEM);
            cr_assert_null(r);
            cr_assert_eq(ft.live, 0, "leak after %d", budget);
            continue;
        }
        vo_backtest_free(r);
        cr_assert_eq(ft.live, 0);
        cr_assert(budget > 20);
        break;
    }
    vo_series_free(x.s);
}
