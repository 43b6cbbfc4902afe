/* test_q_mem.c -- the learned table beside the rules on Mexico's zonal
 * day-ahead prices.
 *
 * Protocol: rolling, the present price known, 1 MW, 90 % round trip, from and
 * to empty. The year is cut at 2016-10-01. "zones": one table learned on every
 * other zone before the cut. "own": each zone learns from its own prices before
 * the cut. Played: every sixteenth zone that no table "zones" saw, after the cut
 * (later) and before it (same months, other zones). Every rule plans on
 * epf_naive. VOLTEO_Q_MEM_EVERY=1 plays all 41 zones and prints the table of
 * docs/models/q_learning.md.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"
#include "data/clean.h"
#include "data/source.h"
#include "learn/q_training.h"
#include "policy/backtest.h"
#include "support/data_folder.h"

#define MAX_ZONES 128

static const char *const spec[] = {"threshold", "spread",           "cycle",
                                   "mpc",       "q_learning=zones", "q_learning"};
enum { RULES = 3, MPC = 3, ZONES = 4, OWN = 5, SPECS = 6 };

typedef struct {
    vo_series *zone[MAX_ZONES];
    size_t n;
    vo_battery battery;
    vo_time cut;
    void *bytes; /* the table "zones" */
    size_t len;
} mem;

static vo_status fetch(void *ctx, const char *name, const void **bytes, size_t *len,
                       vo_error *err) {
    const mem *x = ctx;
    (void)name, (void)err;
    *bytes = x->bytes;
    *len = x->len;
    return VO_OK;
}

static void read_zones(mem *x) {
    char path[DATA_PATH];
    NEED_DATA("mx_cenace_pml/sin_zonal_mda.csv.zst", path);
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_source_read(path, NULL, &set, &err), VO_OK, "%s", err.msg);
    const vo_clean_options o = vo_clean_options_default();
    x->n = set->n;
    cr_assert(x->n >= 82 && x->n <= MAX_ZONES);
    for (size_t z = 0; z < x->n; z++)
        cr_assert_eq(vo_clean(set->item[z], &o, &x->zone[z], NULL, &err), VO_OK, "%s", err.msg);
    vo_readings_set_free(set);
    const int64_t six_h = 6 * 3600; /* local midnight is 05:00 or 06:00 UTC */
    x->cut.s = vo_civil_days(2016, 10, 1) * 86400 + six_h - 3600;
}

static vo_series *part(const vo_series *s, int64_t from_s, int64_t to_s) {
    vo_series *out = NULL;
    vo_error err = {0};
    const vo_time from = {from_s}, to = {to_s};
    cr_assert_eq(vo_series_slice(s, from, to, &out, &err), VO_OK, "%s", err.msg);
    return out;
}

/* The table of every other zone's prices before the cut. */
static void train_zones(mem *x, int32_t absolute) {
    static vo_q_market market[MAX_ZONES];
    static vo_series *s[MAX_ZONES];
    size_t n = 0;
    for (size_t z = 0; z < x->n; z += 2, n++) {
        s[n] = part(x->zone[z], 0, x->cut.s);
        uint8_t *hour = malloc(s[n]->n);
        cr_assert_eq(vo_q_hours(s[n], hour, NULL), VO_OK);
        market[n] = (vo_q_market){.n = s[n]->n,
                                  .price = vo_series_find(s[n], "price"),
                                  .hour = hour,
                                  .interval_h = 1};
    }
    vo_q_settings settings = vo_q_settings_for(1);
    const char *discount = getenv("VOLTEO_Q_MEM_DISCOUNT"); /* of the table "zones" */
    if (discount) settings.discount = strtod(discount, NULL);
    settings.axes.absolute = absolute;
    vo_q_table *t = NULL;
    vo_artefact_out *w = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_q_train(&settings, &x->battery, market, n, NULL, &t, NULL, &err), VO_OK,
                 "%s", err.msg);
    free(x->bytes);
    cr_assert_eq(vo_artefact_out_create(VO_Q_KIND, VO_Q_VERSION, &w, NULL), VO_OK);
    cr_assert_eq(vo_q_table_save(t, w, NULL), VO_OK);
    cr_assert_eq(vo_artefact_out_take(w, &x->bytes, &x->len, NULL), VO_OK);
    vo_artefact_out_free(w);
    vo_q_table_free(t);
    for (size_t k = 0; k < n; k++) {
        union {
            const uint8_t *c;
            uint8_t *m;
        } hour = {market[k].hour};
        free(hour.m);
        vo_series_free(s[k]);
    }
}

/* One policy on one zone, before or after the cut, with two weeks or all before
 * as history. */
static void play(mem *x, size_t z, bool later, const char *policy, double *profit,
                 double *perfect) {
    const bool own = vo_policy_learns(policy);
    const int64_t week_s = 7 * 86400;
    vo_series *s = part(x->zone[z], later && !own ? x->cut.s - 2 * week_s : 0,
                        later ? INT64_MAX : x->cut.s);
    vo_problem p = vo_problem_default();
    p.n = s->n;
    p.price = vo_series_find(s, "price");
    p.battery = &x->battery;
    const vo_learning learning = {.model = fetch, .model_ctx = x};
    vo_backtest_settings set = vo_backtest_settings_default();
    set.protocol = VO_PROTOCOL_ROLLING;
    set.resamples = 100;
    set.learning = &learning;
    set.first = vo_series_lower_bound(s, (vo_time){later ? x->cut.s : s->start[0].s + week_s});
    if (own) set.train_until = set.first;
    vo_backtest_result *r = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_backtest_run(&p, s, policy, &set, &r, &err), VO_OK, "%s", err.msg);
    cr_expect(r->violations == 0 && r->certified == 1, "%s: %d", policy, r->violations);
    *profit += r->profit;
    *perfect += r->perfect_profit;
    vo_backtest_free(r);
    vo_series_free(s);
}

/* Captures over all zones played: profits over perfect profits. */
static void compare(mem *x, bool later, double capture[SPECS]) {
    const char *every = getenv("VOLTEO_Q_MEM_EVERY");
    const size_t step = every && every[0] == '1' ? 2 : 32;
    for (size_t k = 0; k < SPECS; k++) {
        double profit = 0, perfect = 0;
        if (k == OWN && !later) continue;
        for (size_t z = 1; z < x->n; z += step) play(x, z, later, spec[k], &profit, &perfect);
        capture[k] = profit / perfect;
    }
    (void)printf("%.0f MWh, %s, zones %zu apart:", x->battery.capacity_mwh,
                 later ? "later months" : "same months", step);
    for (size_t k = 0; k < SPECS; k++) (void)printf(" %s %.1f", spec[k], 100 * capture[k]);
    (void)printf("\n");
}

static void expect_ahead_of_every_rule(double capacity_mwh) {
    mem x = {.battery = vo_battery_default()};
    x.battery.capacity_mwh = capacity_mwh;
    read_zones(&x);
    train_zones(&x, 0);
    for (int later = 0; later < 2; later++) {
        double capture[SPECS] = {0};
        compare(&x, later, capture);
        for (size_t k = 0; k < RULES; k++) {
            cr_expect_gt(capture[ZONES], capture[k], "%s %g, zones %g", spec[k], capture[k],
                         capture[ZONES]);
            if (later)
                cr_expect_gt(capture[OWN], capture[k], "%s %g, own %g", spec[k], capture[k],
                             capture[OWN]);
        }
    }
    free(x.bytes);
    for (size_t z = 0; z < x.n; z++) vo_series_free(x.zone[z]);
}

Test(q_mem, two_hours_of_storage_earn_more_than_by_any_rule, .timeout = 300) {
    expect_ahead_of_every_rule(2);
}

Test(q_mem, four_hours_of_storage_earn_more_than_by_any_rule, .timeout = 300) {
    expect_ahead_of_every_rule(4);
}

/* The price beside those of the day before carries over; the price itself does
 * not. */
Test(q_mem, a_relative_price_carries_over_better_than_the_price_itself, .timeout = 300) {
    mem x = {.battery = vo_battery_default()};
    read_zones(&x);
    double capture[2] = {0};
    for (int absolute = 0; absolute < 2; absolute++) {
        train_zones(&x, absolute);
        double profit = 0, perfect = 0;
        for (size_t z = 1; z < x.n; z += 16) play(&x, z, true, spec[ZONES], &profit, &perfect);
        capture[absolute] = profit / perfect;
    }
    (void)printf("relative %.1f, absolute %.1f\n", 100 * capture[0], 100 * capture[1]);
    cr_expect_gt(capture[0], capture[1] + 0.03);
    free(x.bytes);
    for (size_t z = 0; z < x.n; z++) vo_series_free(x.zone[z]);
}
